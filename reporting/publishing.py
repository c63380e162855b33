"""What of a donor report's numbers may leave the portal: the raw number comes in, the published one goes out.

Rules of domain/data-protection.md section 5 as far as a named donor's report needs them: totals, shares, one-way tables and lines
over time of one indicator. The thresholds are practice values.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts import practice
from plumbing import formats
from programs.models import Category, Dimension, IndicatorDefinition, Project, Sensitivity
from reporting.documents.content import Number, ReportContent, Status
from reporting.models import DonorReport
from reporting.rules import Amount, Progress, Reason
from reporting.wording import unit_of


def last_sent(report: DonorReport) -> dict[str, Number]:
    """What the grant's last sent report showed, per code: an increase too small to show is measured against it."""
    sent = DonorReport.objects.filter(requirement__grant=report.requirement.grant, sent_at__isnull=False).order_by("-sent_at").first()
    return numbers_of(sent) if sent is not None else {}


def numbers_of(report: DonorReport) -> dict[str, Number]:
    """The published numbers of a frozen version, per code."""
    if not report.published:
        return {}
    content = ReportContent.from_json(report.published)
    return {row.code: row.reached for section in content.sections if section.results is not None for row in section.results.rows}


def publish(progress: Progress, definition: IndicatorDefinition, *, projects: Iterable[Project], before: Number | None = None) -> Number:
    """The number as it may be printed: itself, hidden, or held at what was printed last."""
    unit, total = unit_of(definition), progress.total
    if total.value is None:
        return Number(status=Status.NOT_REPORTED if total.reason == Reason.NOT_REPORTED else Status.NOT_COMPUTABLE, unit=unit)
    rule = _Rule(definition, projects)
    number = Number(total.value, definition.decimals, unit, detail=_parts(total))
    if rule.hides(total):
        return Number(status=Status.SUPPRESSED, decimals=definition.decimals, unit=unit)
    if before is not None and before.value is not None and rule.holds(total, before.value):
        return replace(number, value=before.value, status=Status.HELD, detail="")
    return number


def series(progress: Progress, definition: IndicatorDefinition, *, projects: Iterable[Project]) -> list[tuple[date, Decimal | None]]:
    """The line over time as it may be drawn: a step too small to show stays at the number before it."""
    rule = _Rule(definition, projects)
    points: list[tuple[date, Decimal | None]] = []
    last: Decimal | None = None
    for point in progress.series:
        amount = point.total
        shown = None if amount.value is None or rule.hides(amount) else amount.value
        if shown is not None and last is not None and rule.holds(amount, last):
            shown = last
        last = shown if shown is not None else last
        points.append((point.end, shown))
    return points


def breakdown(
    progress: Progress, definition: IndicatorDefinition, dimension: Dimension, total: Number, *, projects: Iterable[Project]
) -> list[tuple[str, Number]]:
    """One indicator by one dimension with its total; empty where the breakdown cannot be shown safely or nobody gave one."""
    if progress.breakdown is None or total.status != Status.SHOWN or not progress.breakdown.slices:
        return []
    names = dict(Category.objects.filter(dimension=dimension).values_list("pk", "name"))
    cells = [(names[one.category], one.amount.value) for one in progress.breakdown.slices]
    rest = progress.breakdown.not_broken_down
    if rest is not None and rest.value:
        cells.append((_("not broken down"), rest.value))
    hidden = _Rule(definition, projects).hidden_cells([value for _name, value in cells])
    if hidden is None:
        return []
    rows = [(name, Number(status=Status.SUPPRESSED) if at in hidden else _cell(value, total)) for at, (name, value) in enumerate(cells)]
    return [*rows, (_("Total"), total)]


class _Rule:
    """The thresholds for one definition in these projects; the strictest class of all decides."""

    def __init__(self, definition: IndicatorDefinition, projects: Iterable[Project]) -> None:
        strictest = max([definition.sensitivity, *(project.sensitivity for project in projects)])
        self.sensitive = strictest >= Sensitivity.CONFIDENTIAL
        self.applies = definition.counts_people or strictest == Sensitivity.STRICT
        self.least = practice.whole("suppression-threshold-sensitive" if self.sensitive else "suppression-threshold")

    def small(self, value: Decimal) -> bool:
        return 0 < value < self.least or (self.sensitive and value == 0)

    def hides(self, amount: Amount) -> bool:
        if not self.applies or amount.value is None:
            return False
        if amount.numerator is None or amount.denominator is None:
            return self.small(amount.value)
        top, bottom = amount.numerator, amount.denominator
        if bottom < 2 * self.least or self.small(top) or self.small(bottom - top):
            return True
        return top in (0, bottom) and (self.sensitive or bottom < 4 * self.least)

    def holds(self, amount: Amount, before: Decimal) -> bool:
        """A count of people moves in print only when it moved by enough of them."""
        if not self.applies or amount.value is None or amount.numerator is not None:
            return False
        step = abs(amount.value - before)
        return 0 < step < self.least or (self.sensitive and step == 0)

    def hidden_cells(self, values: Sequence[Decimal | None]) -> frozenset[int] | None:
        """Which cells of one line to hide beside its printed total; None where no choice protects the small ones."""
        if not self.applies:
            return frozenset()
        hidden = {at for at, value in enumerate(values) if value is not None and self.small(value)}
        while hidden and (len(hidden) == 1 or sum((values[at] or Decimal(0) for at in hidden), Decimal(0)) < self.least):
            left = [(value, at) for at, value in enumerate(values) if at not in hidden and value is not None and value > 0]
            if not left:
                return None
            hidden.add(min(left)[1])
        return frozenset(hidden)


def _cell(value: Decimal | None, total: Number) -> Number:
    return Number(status=Status.NOT_REPORTED) if value is None else Number(value, total.decimals, total.unit)


def _parts(amount: Amount) -> str:
    if amount.numerator is None or amount.denominator is None:
        return ""
    return _("%(part)s of %(whole)s") % {"part": formats.number(amount.numerator), "whole": formats.number(amount.denominator)}
