import io
import zipfile

import pytest
from docx import Document

from reporting.documents import word_template
from tests.reporting.documents.example import CHART, example


def saved(document):
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def filled(document, **changes):
    done = word_template.fill(saved(document), example(**changes))
    return Document(io.BytesIO(done.docx)), done.unknown


def test_a_name_that_word_split_over_runs_is_filled_in_the_look_of_its_first_letter():
    document = Document()
    paragraph = document.add_paragraph("Reached: ")
    paragraph.add_run("{{ fig").bold = True
    paragraph.add_run("ure.LIV-2")
    paragraph.add_run(".reached }} people")

    result, unknown = filled(document)

    assert result.paragraphs[0].text == "Reached: 1,112 people"
    assert next(run for run in result.paragraphs[0].runs if "1,112" in run.text).bold
    assert unknown == ()


def test_several_names_in_one_paragraph_and_in_header_and_footer_are_filled():
    document = Document()
    document.add_paragraph("{{title}} for {{ donor }}, {{ cover.gender_marker }}")
    document.sections[0].header.paragraphs[0].text = "{{ standing }}"
    document.sections[0].footer.paragraphs[0].text = "{{ hash }}"

    result, _unknown = filled(document)

    assert result.paragraphs[0].text == "Semi-annual report, November 2026 for UN Peacebuilding Fund, 2: significant aim"
    assert result.sections[0].header.paragraphs[0].text == "Version 2, not signed off"
    assert result.sections[0].footer.paragraphs[0].text == example().content_hash


def test_a_row_with_names_of_a_list_is_repeated_for_each_entry():
    document = Document()
    table = document.add_table(rows=2, cols=3)
    table.rows[0].cells[0].text = "Indicator"
    for cell, name in zip(table.rows[1].cells, ("label", "reached", "variance"), strict=True):
        cell.text = f"{{{{ outcome-1.results.{name} }}}}"

    result, unknown = filled(document)

    rows = [[cell.text for cell in row.cells] for row in result.tables[0].rows]
    assert len(rows) == 5
    assert rows[1] == ["Youth who would turn down recruitment", "57\N{NO-BREAK SPACE}% (189 of 331)", "12\N{NO-BREAK SPACE}% below"]
    assert rows[4][1] == "not reported"
    assert unknown == ()


def test_a_row_of_an_empty_list_goes_away():
    document = Document()
    table = document.add_table(rows=2, cols=1)
    table.rows[1].cells[0].text = "{{ changes.code }}"

    result, _unknown = filled(document, changes=())

    assert len(result.tables[0].rows) == 1


def test_a_text_of_two_paragraphs_becomes_two_paragraphs_of_the_same_style():
    document = Document()
    document.add_paragraph("{{ section.outcome-1.text }}", style="Quote")

    result, _unknown = filled(document)

    assert [paragraph.style.name for paragraph in result.paragraphs] == ["Quote", "Quote"]
    assert result.paragraphs[0].text.startswith("Since January 2025, 1,112")


def test_a_chart_becomes_a_picture_with_its_words():
    document = Document()
    document.add_paragraph("{{ chart.LIV-2 }}")

    result, _unknown = filled(document)

    assert [shape._inline.docPr.get("descr") for shape in result.inline_shapes] == [CHART.alternative]


def test_an_unknown_name_stays_as_typed_and_is_listed():
    document = Document()
    document.add_paragraph("{{ figure.XX-9.reached }} and {{ title }}")

    result, unknown = filled(document)

    assert result.paragraphs[0].text == "{{ figure.XX-9.reached }} and Semi-annual report, November 2026"
    assert unknown == ("figure.XX-9.reached",)


def test_nothing_in_a_template_is_run():
    document = Document()
    document.add_paragraph("{{ ''.__class__.__mro__ }} {% for x in y %} {{ title.__class__ }}")

    result, unknown = filled(document)

    assert result.paragraphs[0].text == "{{ ''.__class__.__mro__ }} {% for x in y %} {{ title.__class__ }}"
    assert unknown == ("title.__class__", "''.__class__.__mro__")


def test_a_hidden_number_is_only_its_mark_in_a_template():
    document = Document()
    document.add_paragraph("{{ figure.CON-9.reached }}")

    result, _unknown = filled(document)

    assert result.paragraphs[0].text == "•••"


def test_check_lists_the_names_of_a_template_once_each():
    document = Document()
    document.add_paragraph("{{ title }} {{ donor }} {{ title }}")

    assert word_template.check(saved(document)) == ("title", "donor")


def test_what_is_no_plain_docx_is_refused_with_what_to_do():
    with pytest.raises(word_template.NotATemplate, match="not a Word document"):
        word_template.check(b"%PDF-1.7")
    with pytest.raises(word_template.NotATemplate, match="larger than 5 MB"):
        word_template.check(b"0" * (word_template.LARGEST_FILE + 1))


def test_a_template_with_macros_is_refused():
    out = io.BytesIO(saved(Document()))
    with zipfile.ZipFile(out, "a") as packed:
        packed.writestr("word/vbaProject.bin", b"macro")

    with pytest.raises(word_template.NotATemplate, match="macros"):
        word_template.check(out.getvalue())


def test_a_template_that_loads_something_from_elsewhere_is_refused():
    document = Document()
    document.part.relate_to(
        "http://elsewhere.example/x.dotm",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate",
        is_external=True,
    )

    with pytest.raises(word_template.NotATemplate, match=r"http://elsewhere\.example"):
        word_template.check(saved(document))


def test_a_link_for_readers_is_allowed():
    document = Document()
    document.part.relate_to(
        "https://donor.example", "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink", is_external=True
    )

    assert word_template.check(saved(document)) == ()
