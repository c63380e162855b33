import io
import zipfile
from dataclasses import replace
from decimal import Decimal

from python_calamine import CalamineWorkbook

from reporting.documents import annexes
from reporting.documents.content import Number
from tests.reporting.documents.example import example


def rows(sheet, **changes):
    book = CalamineWorkbook.from_filelike(io.BytesIO(annexes.render(example(**changes))))
    head, *body = book.get_sheet_by_name(sheet).to_python()
    return [dict(zip(head, row, strict=True)) for row in body]


def test_numbers_arrive_as_numbers_with_their_status():
    training = next(row for row in rows("Indicators") if row["Code"] == "LIV-2")

    assert (training["Reached"], training["Reached, status"], training["Target"]) == (1112.0, "shown", 1600.0)
    assert training["Note"] == "jointly funded"
    assert rows("Money")[0]["Approved"] == 1200000.5


def test_a_hidden_number_is_empty_with_its_status_and_a_missing_one_says_so():
    reached = {row["Code"]: (row["Reached"], row["Reached, status"]) for row in rows("Indicators")}

    assert reached["CON-9"] == ("", "suppressed")
    assert reached["SGB-1"] == ("", "not_reported")
    hidden = [row for row in rows("Breakdowns") if row["Status"] == "suppressed"]
    assert [row["Value"] for row in hidden] == [""] * 4


def test_every_cell_of_a_breakdown_has_its_row():
    assert len(rows("Breakdowns")) == 9
    total = rows("Breakdowns")[-1]
    assert (total["Row"], total["Column"], total["Value"]) == ("Total", "Total", 1112.0)


def test_text_that_looks_like_a_formula_stays_text():
    content = example(coverage=('=HYPERLINK("http://x")', "-5 of 3"))
    data = annexes.render(content)

    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert not any(b"<f>" in packed.read(name) for name in packed.namelist() if name.startswith("xl/worksheets"))
    about = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name("About").to_python()
    assert ["How complete", "-5 of 3"] in about


def test_a_sheet_without_rows_is_left_out():
    book = CalamineWorkbook.from_filelike(io.BytesIO(annexes.render(example(changes=()))))

    assert "Changes" not in book.sheet_names


def test_a_number_is_exact_and_shows_the_decimals_of_the_report():
    section = next(section for section in example().sections if section.results)
    row = replace(section.results.rows[0], milestone=Number(Decimal("34.803653"), unit="%"))
    one = replace(section, results=replace(section.results, rows=(row,)), charts=(), breakdowns=(), money=())

    assert rows("Indicators", sections=(one,))[0]["Milestone"] == 34.803653
    written = zipfile.ZipFile(io.BytesIO(annexes.render(example(sections=(one,)))))
    assert "0.000000" not in written.read("xl/styles.xml").decode()


def test_a_sheet_prints_as_wide_as_the_page_with_the_hash_below():
    written = zipfile.ZipFile(io.BytesIO(annexes.render(example())))
    sheets = [name for name in written.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) >= 5
    for name in sheets:
        sheet = written.read(name).decode()
        assert 'orientation="landscape"' in sheet
        assert 'fitToHeight="0"' in sheet
        assert example().content_hash in sheet
