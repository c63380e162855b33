"""Filling a Word template that a mission uploaded: text and pictures in named places, nothing that runs.

A placeholder is ``{{ name }}`` in the body, a table, a header or a footer; ``docs/word-templates.md`` lists the names. A table
row that holds names of a list is repeated once per entry. A name nobody knows stays as it was typed and is reported.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from docx import Document
from docx.document import Document as Docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.table import Table, _Row
from docx.text.paragraph import Paragraph

from plumbing import formats
from plumbing.shipped_names import shipped_name
from reporting.documents import charts
from reporting.documents.content import Chart, MoneyRow, Number, ReportContent, ResultRow, Section, measured, shown
from reporting.documents.outline import figures_through, variance_words
from reporting.documents.word import add_picture

PLACEHOLDER = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
LARGEST_FILE = 5 * 1024 * 1024
LARGEST_UNPACKED = 60 * 1024 * 1024

Names = Mapping[str, "str | Chart"]
Lists = Mapping[str, tuple[Names, ...]]


class NotATemplate(Exception):
    """The upload is no plain DOCX; the message says what to do."""


@dataclass(frozen=True)
class Filled:
    docx: bytes
    unknown: tuple[str, ...]


def check(template: bytes) -> tuple[str, ...]:
    """Refuse what is not a plain DOCX (macros, remote parts, oversize); return the placeholders it holds, in order."""
    return tuple(dict.fromkeys(name for paragraph in _everywhere(_open(template)) for name in PLACEHOLDER.findall(paragraph.text)))


def fill(template: bytes, content: ReportContent) -> Filled:
    """The template with the report in it. Raises ``NotATemplate``."""
    document = _open(template)
    unknown: dict[str, None] = {}
    with translation.override(content.language):
        names, lists = _names(content), _lists(content)
        for table in _tables(document):
            _repeat_rows(table, names, lists, unknown)
        for paragraph in list(_everywhere(document)):
            _fill_paragraph(paragraph, names, unknown)
    document.core_properties.title, document.core_properties.identifier = content.title, content.content_hash
    out = io.BytesIO()
    document.save(out)
    return Filled(out.getvalue(), tuple(unknown))


def _open(template: bytes) -> Docx:
    if len(template) > LARGEST_FILE:
        raise NotATemplate(_("The template is larger than 5 MB: make its pictures smaller."))
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST_UNPACKED:
                raise NotATemplate(_("The template unpacks to more than 60 MB: make its pictures smaller."))
            if any(part.filename.lower().endswith("vbaproject.bin") for part in packed.infolist()):
                raise NotATemplate(_("The template holds macros: save it as a Word document (.docx) without them."))
        document = Document(io.BytesIO(template))
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError) as wrong:
        raise NotATemplate(_("This is not a Word document (.docx): save it as one and try again.")) from wrong
    for part in document.part.package.iter_parts():
        for relation in part.rels.values():
            if relation.is_external and relation.reltype != RELATIONSHIP_TYPE.HYPERLINK:
                raise NotATemplate(_("The template loads parts from another place (%(what)s): embed them.") % {"what": relation.target_ref})
    return document


def _everywhere(document: Docx) -> Iterator[Paragraph]:
    yield from _paragraphs(document)
    for part in _frames(document):
        yield from _paragraphs(part)


def _frames(document: Docx) -> Iterator[Any]:
    """Headers and footers that a section has of its own; touching an inherited one would create it."""
    for section in document.sections:
        for name in ("header", "footer", "first_page_header", "first_page_footer", "even_page_header", "even_page_footer"):
            frame = getattr(section, name)
            if not frame.is_linked_to_previous:
                yield frame


def _paragraphs(part: Any) -> Iterator[Paragraph]:
    yield from part.paragraphs
    for table in part.tables:
        for row in table.rows:
            for cell in row.cells:
                yield from _paragraphs(cell)


def _tables(document: Docx) -> Iterator[Table]:
    for part in (document, *_frames(document)):
        for table in list(part.tables):
            yield table
            for row in table.rows:
                for cell in row.cells:
                    yield from cell.tables


def _repeat_rows(table: Table, names: Names, lists: Lists, unknown: dict[str, None]) -> None:
    for row in list(table.rows):
        held = [name for cell in row.cells for paragraph in cell.paragraphs for name in PLACEHOLDER.findall(paragraph.text)]
        name = next((stem for stem in (placeholder.rpartition(".")[0] for placeholder in held) if stem in lists), None)
        if name is None:
            continue
        for entry in lists[name]:
            copy = deepcopy(row._tr)
            row._tr.addprevious(copy)
            scoped = {**names, **{f"{name}.{key}": value for key, value in entry.items()}}
            for cell in _Row(copy, table).cells:
                for paragraph in list(cell.paragraphs):
                    _fill_paragraph(paragraph, scoped, unknown)
        table._tbl.remove(row._tr)


def _fill_paragraph(paragraph: Paragraph, names: Names, unknown: dict[str, None]) -> None:
    """Put the words into the run where a placeholder begins: Word splits one placeholder over several runs at will."""
    text = "".join(run.text for run in paragraph.runs)
    for match in reversed(list(PLACEHOLDER.finditer(text))):
        value = names.get(match[1])
        if value is None:
            unknown[match[1]] = None
        elif isinstance(value, Chart):
            _replace(paragraph, match.start(), match.end(), "")
            add_picture(paragraph, charts.draw(value, kind="png"), alternative=value.alternative)
        elif "\n" in value and match[0] == text.strip():
            _as_paragraphs(paragraph, match, value.split("\n"))
        else:
            _replace(paragraph, match.start(), match.end(), value)


def _as_paragraphs(paragraph: Paragraph, match: re.Match[str], lines: list[str]) -> None:
    """A placeholder alone in its paragraph becomes as many paragraphs of the same look as the text has."""
    for line in lines[:-1]:
        copy = deepcopy(paragraph._p)
        paragraph._p.addprevious(copy)
        _replace(Paragraph(copy, paragraph._parent), match.start(), match.end(), line)
    _replace(paragraph, match.start(), match.end(), lines[-1])


def _replace(paragraph: Paragraph, start: int, end: int, value: str) -> None:
    at = 0
    for run in paragraph.runs:
        run_start, run_end = at, at + len(run.text)
        at = run_end
        if run_end <= start or run_start >= end:
            continue
        head = run.text[: max(start - run_start, 0)]
        tail = run.text[max(end - run_start, 0) :] if run_end > end else ""
        run.text = head + (value if run_start <= start else "") + tail


def _names(content: ReportContent) -> Names:
    names: dict[str, str | Chart] = {
        "title": content.title,
        "reference": content.reference,
        "donor": content.donor,
        "program": content.program,
        "version": str(content.version),
        "standing": content.standing,
        "through": formats.day(content.through),
        "figures_through": figures_through(content),
        "hash": content.content_hash,
        "coverage": "\n".join(content.coverage),
    }
    names |= {f"cover.{fact.key}": fact.value for fact in content.cover}
    for section in content.sections:
        names |= {
            f"section.{section.key}.heading": section.heading,
            f"section.{section.key}.rating": shipped_name(section.rating),
            f"section.{section.key}.text": "\n".join("".join(span.text for span in paragraph) for paragraph in section.paragraphs),
        }
        names |= {f"chart.{chart.code}": chart for chart in section.charts}
        for row in section.results.rows if section.results is not None else ():
            names |= {f"figure.{row.code}.{key}": value for key, value in _result(row).items()}
    return names


def _lists(content: ReportContent) -> Lists:
    lists: dict[str, tuple[Names, ...]] = {
        "results": tuple(_result(row) for section in content.sections for row in _result_rows(section)),
        "money": tuple(_amounts(row, currency) for section in content.sections for row, currency in _money_rows(section)),
        "changes": tuple(
            {"code": change.code, "label": change.label, "old": shown(change.old), "new": shown(change.new), "why": change.why}
            for change in content.changes
        ),
        "cover": tuple({"label": fact.label, "value": fact.value} for fact in content.cover),
    }
    for section in content.sections:
        lists[f"{section.key}.results"] = tuple(_result(row) for row in _result_rows(section))
        lists[f"{section.key}.money"] = tuple(_amounts(row, currency) for row, currency in _money_rows(section))
    return lists


def _result_rows(section: Section) -> tuple[ResultRow, ...]:
    return section.results.rows if section.results is not None else ()


def _money_rows(section: Section) -> Iterator[tuple[MoneyRow, str]]:
    for table in section.money:
        for row in (*table.rows, table.total):
            yield row, table.currency


def _result(row: ResultRow) -> dict[str, str]:
    return {
        "code": row.code,
        "label": row.label,
        "baseline": _with_detail(row.baseline),
        "milestone": _with_detail(row.milestone),
        "target": _with_detail(row.target),
        "reached": _with_detail(row.reached),
        "unit": row.reached.unit,
        "variance": "" if row.variance is None else variance_words(row.variance),
        "reason": row.reason,
        "notes": "; ".join(row.notes),
    }


def _with_detail(number: Number) -> str:
    return f"{shown(number)} ({number.detail})" if number.detail else shown(number)


def _amounts(row: MoneyRow, currency: str) -> dict[str, str]:
    return {
        "label": row.label,
        "currency": currency,
        "approved": _("not set") if row.approved is None else measured(row.approved, 2),
        "spent": _("not reported") if row.spent is None else measured(row.spent, 2),
        "share": "" if row.share is None else measured(row.share, 2, "%"),
        "notes": "; ".join(row.notes),
    }
