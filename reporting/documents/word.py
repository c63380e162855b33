"""The report as DOCX: the numbers are frozen, the prose is finished in it.

Built on styles (headings, caption, table), so that an office can restyle it in one place; header rows repeat, pictures carry
their words, page numbers are fields.
"""

from __future__ import annotations

import io
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from docx import Document
from docx.document import Document as Docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Pt, RGBColor
from docx.text.paragraph import Paragraph

from reporting.documents import charts
from reporting.documents.content import ReportContent
from reporting.documents.outline import Cell, Grid, Heading, Picture, Prose, figures_through, outline, running_head
from reporting.documents.pdf import link_to

INK, QUIET = RGBColor(0x14, 0x20, 0x2A), RGBColor(0x4A, 0x58, 0x63)
TEXT_WIDTH = Cm(16.6)  # A4 without its margins


def render(content: ReportContent, *, trace: str = "") -> bytes:
    """The DOCX of ``content``; ``trace`` is the address before a figure's code (empty: numbers are not links)."""
    with translation.override(content.language):
        document = Document()
        _styles(document, content)
        _frame(document, content)
        document.add_paragraph(content.title, style="Title")
        document.add_paragraph(" · ".join(part for part in (content.program, content.reference, content.donor) if part), style="Subtitle")
        document.add_paragraph(f"{content.standing}. {figures_through(content)}")
        for block in outline(content):
            _add(document, block, trace)
        if content.right_to_left:
            _turn_right_to_left(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _styles(document: Docx, content: ReportContent) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    sizes = {"Normal": 10, "Title": 20, "Subtitle": 11, "Heading 1": 14, "Heading 2": 11, "Caption": 9.5, "Header": 8, "Footer": 8}
    for name, size in sizes.items():
        style = document.styles[name]
        style.font.name = "Arial"
        _size(style, size)
        style.font.color.rgb = QUIET if name in {"Subtitle", "Header", "Footer"} else INK
        style.font.italic = False
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:cs"), "Arial")
    document.styles["Caption"].paragraph_format.keep_with_next = True
    for name in ("Table text", "Quiet"):
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
        _size(style, 8.5)
        style.paragraph_format.space_after = Pt(0 if name == "Table text" else 6)
    document.styles["Quiet"].font.color.rgb = QUIET
    _quiet_lines(document)
    language = OxmlElement("w:lang")
    language.set(qn("w:bidi" if content.right_to_left else "w:val"), content.language)
    document.styles["Normal"].element.get_or_add_rPr().append(language)
    properties = document.core_properties
    properties.title, properties.author, properties.subject = content.title, content.program, content.reference
    properties.identifier, properties.language = content.content_hash, content.language
    properties.created = properties.modified = content.frozen_at
    properties.comments = ""


def _size(style: Any, points: float) -> None:
    """For letters of both kinds: python-docx sets the size of Latin ones only."""
    style.font.size = Pt(points)
    properties = style.element.get_or_add_rPr()
    for old in properties.findall(qn("w:szCs")):
        properties.remove(old)
    size = OxmlElement("w:szCs")
    size.set(qn("w:val"), str(round(points * 2)))
    properties.find(qn("w:sz")).addnext(size)


def _quiet_lines(document: Docx) -> None:
    """Tables have light lines, and air above and below what stands in a cell."""
    properties = document.styles["Table Grid"].element.find(qn("w:tblPr"))
    for line in properties.find(qn("w:tblBorders")):
        line.set(qn("w:color"), "C3CCD2")
    margins = properties.find(qn("w:tblCellMar"))
    for side, width in {"top": "40", "bottom": "40", "left": "80", "right": "80"}.items():  # twentieths of a point
        margins.find(qn(f"w:{side}")).set(qn("w:w"), width)


def _frame(document: Docx, content: ReportContent) -> None:
    """Running head with the standing, foot with the hash and the page number, the same on every page."""
    section = document.sections[0]
    section.header.paragraphs[0].text = f"{running_head(content)} · {content.standing}"
    foot = section.footer.paragraphs[0]
    foot.text = _("Content hash %(hash)s") % {"hash": content.content_hash} + " · "
    for part in ("PAGE", " / ", "NUMPAGES"):
        run = foot.add_run(part if part == " / " else "")
        if part != " / ":
            _field(run, part)


def _field(run: Any, instruction: str) -> None:
    for kind in ("begin", "instruction", "end"):
        if kind == "instruction":
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = instruction
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)


def _add(document: Docx, block: Heading | Prose | Grid | Picture, trace: str) -> None:
    if isinstance(block, Heading):
        document.add_heading(block.text, level=block.level)
    elif isinstance(block, Prose):
        paragraph = document.add_paragraph(style="Quiet" if block.quiet else "Normal")
        for span in block.spans:
            _text(paragraph, span.text, strong=bool(span.figure), address=link_to(span.figure, trace))
    elif isinstance(block, Picture):
        document.add_paragraph(block.caption, style="Caption")
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.keep_with_next = bool(block.chart.note)
        add_picture(paragraph, charts.draw(block.chart, kind="png"), alternative=block.chart.alternative)
    else:
        _table(document, block, trace)


def add_picture(paragraph: Paragraph, png: bytes, *, alternative: str) -> None:
    """A picture as wide as the text, with the words for someone who cannot see it."""
    shape = paragraph.add_run().add_picture(io.BytesIO(png), width=TEXT_WIDTH)
    shape._inline.docPr.set("descr", alternative)


def _table(document: Docx, grid: Grid, trace: str) -> None:
    document.add_paragraph(grid.caption, style="Caption")
    table = document.add_table(rows=1, cols=len(grid.columns), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    heading = table.rows[0]
    _mark_row(heading, "w:tblHeader")
    for cell, column in zip(heading.cells, grid.columns, strict=True):
        _fill(cell, Cell((column.heading,), strong=True), numeric=column.numeric, trace="", first=True)
    for number, row in enumerate(grid.rows):
        added = table.add_row()
        _mark_row(added, "w:cantSplit")
        last = grid.total and number == len(grid.rows) - 1
        for cell, said, column in zip(added.cells, row, grid.columns, strict=True):
            _fill(cell, said, numeric=column.numeric, trace=trace, first=last)
    whole = sum(column.share for column in grid.columns)
    for at, column in enumerate(grid.columns):
        width = Emu(int(TEXT_WIDTH * column.share / whole))
        table.columns[at].width = width  # LibreOffice reads the column's, Word the cell's
        for cell in table.columns[at].cells:
            cell.width = width
    description = OxmlElement("w:tblCaption")
    description.set(qn("w:val"), grid.caption)
    table._tbl.tblPr.append(description)
    for note in grid.notes or ("",):  # an empty paragraph keeps two tables apart
        document.add_paragraph(note, style="Quiet")


def _mark_row(row: Any, mark: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(mark))


def _fill(cell: Any, said: Cell, *, numeric: bool, trace: str, first: bool) -> None:
    """``first`` shades the header and the total row."""
    for at, line in enumerate(said.lines):
        paragraph = cell.paragraphs[0] if at == 0 else cell.add_paragraph()
        paragraph.style = "Table text"
        if numeric:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT  # Word reads it as "end" in a right-to-left paragraph
        run = _text(paragraph, line, strong=at == 0 and said.strong, address=link_to(said.figure, trace) if at == 0 else "")
        if at:
            run.font.color.rgb = QUIET
    if first:
        shade = OxmlElement("w:shd")
        for key, value in (("val", "clear"), ("color", "auto"), ("fill", "F3F5F6")):
            shade.set(qn(f"w:{key}"), value)
        cell._tc.get_or_add_tcPr().append(shade)


def _text(paragraph: Paragraph, text: str, *, strong: bool = False, address: str = "") -> Any:
    run = paragraph.add_run(text)
    run.bold = run.font.cs_bold = strong or None  # cs_: letters such as Arabic's have a weight and a size of their own
    if address:
        run.underline = True
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
        link.append(run._r)
        paragraph._p.append(link)
    return run


def _turn_right_to_left(document: Docx) -> None:
    """Paragraphs, runs and tables each carry their own mark; Word takes none of them from the language."""
    section = document.sections[0]
    for root in (document.element.body, section.header._element, section.footer._element):
        for paragraph in root.iter(qn("w:p")):
            paragraph.get_or_add_pPr().insert_element_before(OxmlElement("w:bidi"), *_AFTER_BIDI)
        for run in root.iter(qn("w:r")):
            properties = run.get_or_add_rPr()
            properties.append(OxmlElement("w:rtl"))
        for table in root.iter(qn("w:tbl")):
            table.tblPr.insert_element_before(OxmlElement("w:bidiVisual"), *_AFTER_BIDI_VISUAL)


_AFTER_BIDI = ("w:adjustRightInd", "w:snapToGrid", "w:spacing", "w:ind", "w:contextualSpacing", "w:jc", "w:outlineLvl", "w:rPr", "w:sectPr")
_AFTER_BIDI_VISUAL = ("w:tblStyleRowBandSize", "w:tblStyleColBandSize", "w:tblW", "w:jc", "w:tblLayout", "w:tblLook", "w:tblCaption")
