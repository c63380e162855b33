"""The prose of a donor report: paragraphs in which ``{DDR-6}`` stands for a frozen number.

``{DDR-6}`` is what was reached, ``{DDR-6 target}``, ``{DDR-6 milestone}`` and ``{DDR-6 baseline}`` the plan. A number that is
written this way changes with the figures, is spelled in the report's language and opens the submissions behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.utils import translation
from django.utils.translation import gettext as _

from plumbing import formats
from reporting.documents.content import Number, Paragraph, ReportContent, ResultRow, Section, Span, shown
from reporting.models import DonorReport, DonorReportSection

TOKEN = re.compile(r"\{([^{}\s]+)(?: (target|milestone|baseline))?\}")


def content_of(report: DonorReport) -> ReportContent:
    """The frozen numbers with the prose, ratings and reasons as they are now: what the files and the preview show."""
    frozen = ReportContent.from_json(report.published)
    sections = {section.key: section for section in report.sections.all()}
    reasons = {line.code: line.variance_reason for line in report.figures.all()}
    rows = rows_of(frozen)
    with translation.override(report.language):
        merged = tuple(_merged(part, sections[part.key], reasons, rows) for part in frozen.sections if part.key in sections)
        return replace(frozen, sections=merged, signed_off=signed_off_words(report))


def signed_off_words(report: DonorReport) -> str:
    """Who signed it off and when, as every page of the files says it."""
    if report.signed_off_at is None:
        return ""
    return _("signed off by %(person)s on %(day)s") % {"person": report.signed_off_by, "day": formats.day(report.signed_off_at)}


def rows_of(content: ReportContent) -> dict[str, ResultRow]:
    return {row.code: row for section in content.sections if section.results is not None for row in section.results.rows}


def paragraphs(text: str, rows: Mapping[str, ResultRow]) -> tuple[Paragraph, ...]:
    """Text as typed, one paragraph a line, with its numbers filled in; a name nobody knows stays as it was typed."""
    return tuple(tuple(_spans(line.strip(), rows)) for line in text.splitlines() if line.strip())


def unknown_names(text: str, codes: Iterable[str]) -> list[str]:
    """The names in braces that are no number of the report."""
    known = set(codes)
    return [match[1] for match in TOKEN.finditer(text) if match[1] not in known]


def _merged(part: Section, section: DonorReportSection, reasons: Mapping[str, str], rows: Mapping[str, ResultRow]) -> Section:
    results = part.results
    if results is not None:
        results = replace(results, rows=tuple(replace(row, reason=reasons.get(row.code, "")) for row in results.rows))
    return replace(part, paragraphs=paragraphs(section.text, rows), rating=section.rating, results=results)


def _spans(line: str, rows: Mapping[str, ResultRow]) -> Iterable[Span]:
    at = 0
    for match in TOKEN.finditer(line):
        row = rows.get(match[1])
        if row is None:
            continue
        number: Number = getattr(row, match[2] or "reached")
        if match.start() > at:
            yield Span(line[at : match.start()])
        yield Span(shown(number), figure=row.code if match[2] is None and number.value is not None else "")
        at = match.end()
    if at < len(line):
        yield Span(line[at:])
