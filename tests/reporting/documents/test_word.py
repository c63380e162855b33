import io

from docx import Document
from docx.oxml.ns import qn

from reporting.documents import word
from reporting.documents.content import HIDDEN_MARK
from tests.reporting.documents.example import CHART, arabic, example

TRACE = "https://portal.example.org/donor-reports/7/figures/"


def opened(**changes):
    return Document(io.BytesIO(word.render(example(**changes), trace=TRACE)))


def cells(table, row):
    return [cell.text for cell in table.rows[row].cells]


def test_the_docx_holds_the_numbers_the_reasons_and_the_text():
    document = opened()
    results = document.tables[2]

    assert cells(results, 0) == ["Indicator", "Baseline 2024", "Milestone", "Target", "Reached", "Reason for variance"]
    first = cells(results, 1)
    assert first[0].splitlines() == ["Youth who would turn down recruitment", "OUT-1"]
    assert first[4].splitlines() == ["57\N{NO-BREAK SPACE}%", "189 of 331"]
    assert first[5].splitlines() == ["12\N{NO-BREAK SPACE}% below", "Lower in Nasir and Leer, where floods took work away."]
    assert cells(results, 3)[4] == HIDDEN_MARK
    assert cells(results, 4)[4] == "not reported"
    assert cells(document.tables[3], 3)[1:3] == ["2,000,000.50", "600,000.25"]
    assert any(paragraph.text.startswith("Since January 2025, 1,112 people") for paragraph in document.paragraphs)


def test_headings_and_captions_are_styles_and_header_rows_repeat():
    document = opened()

    headings = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 1"]
    assert headings[-3:] == ["2 Outcome 1: Young people at risk build a life outside armed groups", "9 Spending", "Annex B Who took part"]
    captions = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Caption"]
    assert captions[2:4] == ["Table 3. Results", "Figure 1. Completed training is ahead of the plan"]
    assert all(table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None for table in document.tables)


def test_the_chart_says_what_it_shows_to_someone_who_cannot_see_it():
    document = opened()

    assert [shape._inline.docPr.get("descr") for shape in document.inline_shapes] == [CHART.alternative]


def test_every_page_carries_standing_hash_and_page_number():
    content = example()
    section = opened().sections[0]
    foot = section.footer.paragraphs[0]

    assert section.header.paragraphs[0].text.endswith("Version 2, not signed off")
    assert content.content_hash in foot.text
    assert [element.text for element in foot._p.iter(qn("w:instrText"))] == ["PAGE", "NUMPAGES"]
    assert "signed off by R." in opened(signed_off="signed off by R.").sections[0].header.paragraphs[0].text


def test_reached_numbers_are_links_and_hidden_ones_are_not():
    targets = {relation.target_ref for relation in opened().part.rels.values() if relation.is_external}

    assert f"{TRACE}LIV-2/" in targets
    assert f"{TRACE}CON-9/" not in targets


def test_an_arabic_report_runs_from_right_to_left_in_text_and_tables():
    document = Document(io.BytesIO(word.render(arabic())))

    assert all(paragraph._p.pPr.find(qn("w:bidi")) is not None for paragraph in document.paragraphs)
    assert all(table._tbl.tblPr.find(qn("w:bidiVisual")) is not None for table in document.tables)


def test_a_table_has_its_widths_for_every_office_and_arabic_letters_their_size():
    document = opened(language="ar")
    for table in document.tables:
        by_column = [column.width for column in table.columns]
        assert by_column == [cell.width for cell in table.rows[-1].cells]
        assert abs(sum(by_column) - word.TEXT_WIDTH) < len(by_column) * 1000
    sizes = document.styles["Table text"].element.rPr
    assert sizes.find(qn("w:szCs")).get(qn("w:val")) == sizes.find(qn("w:sz")).get(qn("w:val")) == "17"
