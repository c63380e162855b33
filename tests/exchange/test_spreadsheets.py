"""Spreadsheets that other people wrote are read safely."""

from __future__ import annotations

import datetime
import io
import zipfile
from decimal import Decimal

import pytest
import xlsxwriter

from exchange import spreadsheets
from exchange.spreadsheets import SpreadsheetRefused


def workbook(fill, sheet: str = "Data") -> bytes:
    """An .xlsx of one sheet, filled by ``fill(worksheet, book)``."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    fill(book.add_worksheet(sheet), book)
    book.close()
    return target.getvalue()


def repacked(content: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """The same archive with a piece of one part replaced."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            data = source.read(name)
            assert name != part or old in data
            copy.writestr(name, data.replace(old, new) if name == part else data)
    return target.getvalue()


def test_cells_keep_their_place_and_their_kind() -> None:
    def fill(sheet, book):
        sheet.write("B3", "  text ")
        sheet.write("C3", 0.1 + 0.2)
        sheet.write_datetime("D3", datetime.datetime(2025, 1, 2), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_boolean("E3", True)
        sheet.write_string("F3", "-5")

    sheet = spreadsheets.read(workbook(fill)).sheets[0]
    assert sheet.value(1, 1) is None
    assert sheet.value(3, 2) == "  text "
    assert sheet.value(3, 3) == Decimal("0.3")
    assert sheet.value(3, 4) == datetime.date(2025, 1, 2)
    assert sheet.value(3, 5) is True
    assert sheet.text(3, 6) == "-5"
    assert sheet.value(99, 99) is None


def test_an_error_and_a_formula_without_value_are_told_apart_from_empty() -> None:
    def fill(sheet, book):
        sheet.write_formula("A1", "=1/0", None, "#DIV/0!")
        sheet.write_formula("B1", "=1+1", None, 2)
        sheet.write_formula("C1", "=2+2", None, "")

    content = repacked(workbook(fill), "xl/worksheets/sheet1.xml", b"<f>2+2</f><v></v>", b"<f>2+2</f>")
    sheet = spreadsheets.read(content).sheets[0]
    assert sheet.errors == {(1, 1): "#DIV/0!"}
    assert sheet.value(1, 2) == 2
    assert sheet.uncomputed == {(1, 3)}


def test_a_percent_format_is_seen_as_the_reader_sees_it() -> None:
    def fill(sheet, book):
        sheet.write("A1", 0.85, book.add_format({"num_format": "0%"}))
        sheet.write("B1", 0.856, book.add_format({"num_format": "0.0 %"}))
        sheet.write("C1", 0.85, book.add_format({"num_format": '0.00 "%"'}))

    sheet = spreadsheets.read(workbook(fill)).sheets[0]
    assert [sheet.text(1, column) for column in (1, 2, 3)] == ["85%", "85.6%", "0.85"]


def test_a_merged_range_speaks_for_its_cells() -> None:
    sheet = spreadsheets.read(workbook(lambda sheet, book: sheet.merge_range("B2:C4", "Outcome 1"))).sheets[0]
    assert sheet.spread(4, 3) == "Outcome 1"
    assert sheet.anchor(4, 3) == (2, 2)
    assert sheet.value(4, 3) is None


def test_hidden_sheets_are_read_and_marked() -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    book.add_worksheet("Shown")
    hidden = book.add_worksheet("_portal")
    hidden.write("A1", "identifier")
    hidden.very_hidden()
    book.close()
    sheets = spreadsheets.read(target.getvalue())
    assert [(sheet.name, sheet.visible) for sheet in sheets.sheets] == [("Shown", True), ("_portal", False)]


def test_one_far_cell_in_a_small_file_is_refused_before_it_takes_memory() -> None:
    content = workbook(lambda sheet, book: sheet.write("XFD1048576", "x"))
    with pytest.raises(SpreadsheetRefused, match="XFD1048576"):
        spreadsheets.read(content)


def test_a_file_that_unpacks_to_far_more_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * (spreadsheets.LARGEST_UNPACKED + 1))
    with pytest.raises(SpreadsheetRefused, match="unpacks"):
        spreadsheets.read(target.getvalue())


def test_an_entity_in_the_xml_is_refused() -> None:
    content = workbook(lambda sheet, book: sheet.write("A1", 1))
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]><worksheet'
    with pytest.raises(SpreadsheetRefused, match="damaged"):
        spreadsheets.read(repacked(content, "xl/worksheets/sheet1.xml", b"<worksheet", bomb))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "xls"),
        (b"PK\x03\x04 not really", "damaged"),
        (b"%PDF-1.7\x00\x01", "not a spreadsheet"),
        (b"x" * (spreadsheets.LARGEST_FILE + 1), "larger"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_with_what_to_do(content: bytes, words: str) -> None:
    with pytest.raises(SpreadsheetRefused, match=words):
        spreadsheets.read(content)


def test_a_zip_that_is_no_spreadsheet_and_one_with_macros_are_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    with pytest.raises(SpreadsheetRefused, match="not a spreadsheet"):
        spreadsheets.read(target.getvalue())
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    with pytest.raises(SpreadsheetRefused, match="macros"):
        spreadsheets.read(target.getvalue())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_text_file_is_read_in_its_separator_and_encoding(encoding: str) -> None:
    text = "Résultat;Indicateur;Cible\nEffet;“a;b”;45 %\n".replace("“", '"').replace("”", '"')
    sheet = spreadsheets.read(text.encode(encoding), name="cadre.csv").sheets[0]
    assert sheet.rows == (("Résultat", "Indicateur", "Cible"), ("Effet", "a;b", "45 %"))
    assert sheet.name == "cadre"


def test_an_open_document_sheet_gives_the_same_cells() -> None:
    sheet = spreadsheets.read(ods(ODS_ROWS)).sheets[0]
    assert sheet.text(1, 2) == "85%"
    assert sheet.errors == {(1, 3): "#DIV/0!"}
    assert sheet.uncomputed == {(1, 4)}
    assert sheet.spread(3, 1) == "Outcome 1"
    assert sheet.value(5, 2) == Decimal("7")
    assert (sheet.height, sheet.width) == (5, 3)


def test_repeated_cells_of_an_open_document_are_counted_before_they_are_laid_out() -> None:
    rows = '<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/></table:table-row>'
    with pytest.raises(SpreadsheetRefused, match="reaches"):
        spreadsheets.read(ods(rows))


ODS_ROWS = """
<table:table-row><table:table-cell office:value-type="string"><text:p>Result</text:p></table:table-cell>
<table:table-cell office:value-type="percentage" office:value="0.85"><text:p>85%</text:p></table:table-cell>
<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" calcext:value-type="error">
<text:p>#DIV/0!</text:p></table:table-cell><table:table-cell table:formula="of:=2+2"/></table:table-row>
<table:table-row><table:table-cell table:number-rows-spanned="2" table:number-columns-spanned="1" office:value-type="string">
<text:p>Outcome 1</text:p></table:table-cell></table:table-row>
<table:table-row><table:covered-table-cell/></table:table-row>
<table:table-row><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
<table:table-row><table:table-cell/><table:table-cell office:value-type="float" office:value="7"><text:p>7</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="1048571"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
"""


def ods(rows: str) -> bytes:
    """An .ods of one sheet whose rows are given as XML."""
    names = {
        "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
        "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
        "calcext": "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
    }
    spaces = " ".join(f'xmlns:{key}="{value}"' for key, value in names.items())
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        packed = rows.replace("\n", "")  # spreadsheet programs write no line breaks between cells
        body = f'<table:table table:name="Log">{packed}</table:table>'
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>",
        )
    return target.getvalue()
