"""The report as PDF/UA-1: data goes to typst as JSON, so no word of a report is ever read as instructions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from reporting.documents import charts
from reporting.documents.content import ReportContent
from reporting.documents.outline import Cell, Grid, Heading, Picture, Prose, figures_through, outline, running_head

SOURCE = Path(__file__).with_name("report.typ")


class DocumentNotBuilt(Exception):
    """The file would not be what it should be: a missing font or letter, a table without a header, a picture without words."""


def render(content: ReportContent, *, trace: str = "") -> bytes:
    """The PDF of ``content``; the same content gives the same bytes.

    ``trace`` is the address before a figure's code that opens the submissions behind it (empty: numbers are not links).
    Raises ``DocumentNotBuilt`` on anything typst warns of: it would fall back to another font without an error.
    """
    import typst

    with translation.override(content.language):
        data = json.dumps(_data(content, trace), ensure_ascii=False)
    try:
        pdf, warnings = typst.compile_with_warnings(  # type: ignore[call-overload]  # its stub wants fonts named as bytes too
            SOURCE.read_bytes(),
            font_paths=[str(fonts())],
            ignore_system_fonts=True,
            sys_inputs={"report": data},
            pdf_standards=["ua-1"],
            timestamp=int(content.frozen_at.timestamp()),
            format="pdf",
        )
    except typst.TypstError as refused:
        raise DocumentNotBuilt("; ".join([refused.message, *refused.hints])) from refused
    if warnings:
        raise DocumentNotBuilt("; ".join(warning.message for warning in warnings))
    return pdf


def fonts() -> Path:
    """DejaVu Sans as it comes with matplotlib: Latin and shaped Arabic, the same on every machine."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def _data(content: ReportContent, trace: str) -> dict[str, Any]:
    return {
        "title": content.title,
        "subtitle": " · ".join(part for part in (content.program, content.reference, content.donor) if part),
        "author": content.program,
        "reference": content.reference,
        "language": content.language.split("-")[0],
        "rtl": content.right_to_left,
        "running_head": running_head(content),
        "standing": content.standing,
        "figures_through": figures_through(content),
        "hash_line": _("Content hash %(hash)s") % {"hash": content.content_hash},
        "blocks": [_block(block, trace) for block in outline(content)],
    }


def _block(block: Heading | Prose | Grid | Picture, trace: str) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "level": block.level, "text": block.text}
    if isinstance(block, Prose):
        spans = [{"text": span.text, "figure": span.figure, "link": link_to(span.figure, trace)} for span in block.spans]
        return {"kind": "prose", "quiet": block.quiet, "spans": spans}
    if isinstance(block, Picture):
        return {
            "kind": "picture",
            "caption": block.caption,
            "alternative": block.chart.alternative,
            "note": bool(block.chart.note),
            "svg": charts.draw(block.chart, kind="svg").decode(),
        }
    return {
        "kind": "grid",
        "caption": block.caption,
        "columns": [{"heading": column.heading, "numeric": column.numeric, "share": column.share} for column in block.columns],
        "rows": [[_cell(cell, trace) for cell in row] for row in block.rows],
        "notes": list(block.notes),
        "total": block.total,
    }


def _cell(cell: Cell, trace: str) -> dict[str, Any]:
    return {"lines": list(cell.lines), "strong": cell.strong, "link": link_to(cell.figure, trace)}


def link_to(figure: str, trace: str) -> str:
    return f"{trace}{figure}/" if figure and trace else ""
