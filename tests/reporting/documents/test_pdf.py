import subprocess
from dataclasses import replace

import pytest

from reporting.documents import pdf
from reporting.documents.content import HIDDEN_MARK, Span
from tests.reporting.documents.example import RESULTS, arabic, example

TRACE = "https://portal.example.org/donor-reports/7/figures/"


@pytest.fixture
def text_of(tmp_path):
    """The words of a PDF as poppler reads them; where it is not installed these tests say so."""

    def read(data: bytes) -> str:
        path = tmp_path / "report.pdf"
        path.write_bytes(data)
        try:
            return subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True).stdout
        except FileNotFoundError:
            pytest.skip("pdftotext is not installed: apt-get install poppler-utils")

    return read


def test_the_pdf_holds_every_number_its_reason_and_the_hash(text_of):
    content = example()
    text = text_of(pdf.render(content)).replace("\N{NO-BREAK SPACE}", " ")

    for words in ("1,112", "57 %", "189 of 331", "12 % below", "not reported", "2,000,000.50"):
        assert words in text
    assert content.content_hash in text
    assert "Version 2, not signed off" in text
    assert "Not in: PPS-01, Nile Youth Initiative, 2026-Q3." in text
    assert "<script>alert(1)</script> #panic() stays text." in text
    assert HIDDEN_MARK in text


def test_equal_content_gives_equal_bytes():
    assert pdf.render(example(), trace=TRACE) == pdf.render(example(), trace=TRACE)


def test_reached_numbers_are_links_to_what_stands_behind_them_and_hidden_ones_are_not():
    with_links = pdf.render(example(), trace=TRACE)

    assert f"{TRACE}LIV-2/".encode() in with_links
    assert f"{TRACE}CON-9/".encode() not in with_links
    assert b"/URI" not in pdf.render(example())


def test_the_pdf_is_tagged_for_screen_readers_and_names_its_language():
    data = pdf.render(example(language="fr"))

    assert b"/MarkInfo" in data
    assert b"pdfuaid:part" in data
    assert b"/Lang(fr" in data.replace(b" ", b"")


def test_a_long_table_repeats_its_header_on_every_page(text_of):
    section = example().sections[0]
    rows = tuple(replace(RESULTS.rows[1], code=f"LIV-{number}") for number in range(120))
    text = text_of(pdf.render(example(sections=(replace(section, results=replace(RESULTS, rows=rows), charts=()),))))

    pages = [page for page in text.split("\f") if "LIV-" in page.replace("LIV-2 ", "")]
    assert len(pages) > 3
    assert all("Reason for variance" in page for page in pages[1:])


def test_arabic_is_drawn_with_the_one_font_and_no_letter_is_missing():
    assert len(pdf.render(arabic())) > 10_000


def test_a_letter_without_a_glyph_stops_the_file_instead_of_printing_a_box():
    section = replace(example().sections[0], paragraphs=((Span("ꦲ is not in the font"),),))

    with pytest.raises(pdf.DocumentNotBuilt):
        pdf.render(example(sections=(section,)))
