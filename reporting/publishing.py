"""Published lines in the shape that a donor report prints; what may be shown is decided in ``published.py`` alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from plumbing import formats
from programs.models import Category, Dimension
from reporting.documents.content import Number, ReportContent, Status
from reporting.models import DonorReport, PublishedNumber
from reporting.published import PublishedLine
from reporting.rules import Amount, Reason
from reporting.wording import unit_of

Shown = PublishedNumber.Status


def number_of(line: PublishedLine) -> Number:
    """The line's number as it may be printed: itself with its parts, held at an earlier one, hidden, or why there is none."""
    definition, amount = line.definition, line.amount
    unit = unit_of(definition)
    if line.status == Shown.SUPPRESSED:
        return Number(status=Status.SUPPRESSED, decimals=definition.decimals, unit=unit)
    if amount.value is None:
        missing = amount.reason in (None, Reason.NOT_REPORTED)
        return Number(status=Status.NOT_REPORTED if missing else Status.NOT_COMPUTABLE, unit=unit)
    if line.status == Shown.HELD:
        held = _("as of %(day)s") % {"day": formats.day(line.of)} if line.of is not None else ""
        return Number(amount.value, definition.decimals, unit, Status.HELD, held)
    return Number(amount.value, definition.decimals, unit, detail=_parts(amount))


def points_of(line: PublishedLine) -> list[tuple[date, Decimal | None]]:
    """The line over time as it may be drawn; what is hidden leaves a gap."""
    return [(point.end, None if point.status == Shown.SUPPRESSED else point.amount.value) for point in line.series]


def cells_of(line: PublishedLine, dimension: Dimension, total: Number) -> list[tuple[str, Number]]:
    """One indicator by one dimension with its total below; empty where no breakdown may be shown or nobody gave one."""
    if total.status != Status.SHOWN or not line.breakdown:
        return []
    names = {category.pk: str(category) for category in Category.objects.filter(dimension=dimension)}
    rows = []
    for cell in line.breakdown:
        name = names[cell.category] if cell.category is not None else _("not broken down")
        if cell.status == Shown.SUPPRESSED:
            rows.append((name, Number(status=Status.SUPPRESSED)))
        elif cell.amount.value is None:
            rows.append((name, Number(status=Status.NOT_REPORTED)))
        elif cell.category is not None or cell.amount.value != 0:
            rows.append((name, Number(cell.amount.value, total.decimals, total.unit)))
    return [*rows, (_("Total"), total)]


def numbers_of(report: DonorReport) -> dict[str, Number]:
    """The published numbers of a frozen version, per code."""
    if not report.published:
        return {}
    content = ReportContent.from_json(report.published)
    return {row.code: row.reached for section in content.sections if section.results is not None for row in section.results.rows}


def _parts(amount: Amount) -> str:
    if amount.numerator is None or amount.denominator is None:
        return ""
    return _("%(part)s of %(whole)s") % {"part": formats.number(amount.numerator), "whole": formats.number(amount.denominator)}
