"""When a project reports: periods laid out from its calendar, opened in time, moved only while nobody has reported on them."""

from __future__ import annotations

import calendar as months
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Prefetch, Q, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from plumbing.refusals import Refused
from programs import access
from programs.models import AssignmentPlace, ExpectedReport, Project, ReportingAssignment, ReportingCalendar, ReportingPeriod

LEASE = timedelta(seconds=60)  # for which one worker has a period to open
STEP = {"monthly": 1, "quarterly": 3, "semiannual": 6, "annual": 12}


class PeriodClosed(Refused):
    """The period is not open for what was asked: planned, or locked."""


@dataclass(frozen=True)
class Span:
    code: str
    starts_on: date
    ends_on: date


def spans(calendar: ReportingCalendar, *, first: date, last: date) -> list[Span]:
    """The periods between two days, clipped to them: calendar months, quarters, halves or years, or spans between fixed dates."""
    whole = (
        _between_fixed_dates(calendar.fixed_dates, first, last)
        if calendar.frequency == "fixed"
        else _steps(calendar.frequency, first, last)
    )
    return [Span(code, max(start, first), min(end, last)) for code, start, end in whole if start <= last and end >= first]


def lay_out(project: Project, *, by: User | None) -> list[ReportingPeriod]:
    """Lay periods out for the project's whole life. Reported and past ones never move; the others follow calendar and end date.

    Returns every period of the project afterwards. Running it again changes nothing.
    """
    calendar, _made = ReportingCalendar.objects.get_or_create(project=project)
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        kept = list(project.periods.filter(Q(reported_at__isnull=False) | Q(is_past=True) | Q(submissions__isnull=False)).distinct())
        wanted = [s for span in spans(calendar, first=project.starts_on, last=project.ends_on) for s in _outside(span, kept)]
        movable = {p.code: p for p in project.periods.exclude(pk__in=[p.pk for p in kept])}
        taken = {p.code for p in kept}
        changed = 0
        for span in wanted:
            code = _free_code(span.code, taken)
            taken.add(code)
            changed += _place(project, calendar, movable.pop(code, None), Span(code, span.starts_on, span.ends_on))
        for left_over in movable.values():
            left_over.delete()
            changed += 1
        if changed:
            audit.record("periods.laid_out", [project], by=by, changed=changed)
    return list(project.periods.order_by("ends_on"))


def open_due(*, now: datetime | None = None, limit: int = 500) -> list[ReportingPeriod]:
    """Open every period whose opening day has come where the project is; each exactly once, however many workers run this."""
    moment = now or timezone.now()
    latest = (moment + timedelta(days=1)).date()
    opened = []
    waiting = ReportingPeriod.objects.to_open(latest).filter(is_past=False).exclude(lease_until__gt=moment).select_related("project")
    for period in waiting.order_by("opens_on", "pk")[:limit]:
        if period.opens_on <= today_at(period.project, moment) and _open(period, moment):
            opened.append(period)
    return opened


def _open(period: ReportingPeriod, moment: datetime) -> bool:
    claimed = (
        ReportingPeriod.objects.filter(pk=period.pk, opened_at__isnull=True)
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lte=moment))
        .update(lease_until=moment + LEASE)
    )
    if not claimed:
        return False
    with transaction.atomic():
        done = ReportingPeriod.objects.filter(pk=period.pk, opened_at__isnull=True).update(opened_at=moment, lease_until=None)
        if done:
            period.opened_at = moment
            expect(period)
            audit.record("period.opened", [period, period.project], by=None)
    return bool(done)


def expect(period: ReportingPeriod) -> list[ExpectedReport]:
    """Write down which partner owes a report for the period; those already written stay."""
    have = set(ExpectedReport.objects.filter(period=period).values_list("partner_id", flat=True))
    owing = sorted({a.partner_id for a in assignments_in(period)} - have)
    return ExpectedReport.objects.bulk_create(
        ExpectedReport(
            project_id=period.project_id, period=period, partner_id=key, due_on=period.due_on, review_due_on=period.review_due_on
        )
        for key in owing
    )


def assignments_in(period: ReportingPeriod, *, partner: Organization | None = None) -> list[ReportingAssignment]:
    """The assignments that ask for a figure in this period: live, of an indicator in use, and collected now.

    Entry page, checklist, board, digest and coverage all read this one.
    """
    rows = (
        ReportingAssignment.objects.filter(indicator__project=period.project_id, indicator__is_retired=False)
        .filter(Q(starts_on__isnull=True) | Q(starts_on__lte=period.ends_on), Q(ends_on__isnull=True) | Q(ends_on__gte=period.starts_on))
        .select_related("indicator__definition", "indicator__result", "partner")
        .prefetch_related(Prefetch("places", AssignmentPlace.objects.select_related("place")))
    )
    if partner is not None:
        rows = rows.filter(partner=partner)
    every = list(rows.order_by("indicator__result__order", "indicator__order", "pk"))
    kinds, collected = {row.collected for row in every}, ReportingAssignment.Collected
    if collected.DATES in kinds:
        prefetch_related_objects(every, "periods")
    periods = []
    if kinds & {collected.BASELINE_ENDLINE, collected.YEARLY}:
        periods = list(ReportingPeriod.objects.filter(project=period.project_id).order_by("ends_on").values_list("pk", "ends_on"))
    return [
        row
        for row in every
        if collected_in(
            row.collected,
            period.pk,
            named={n.pk for n in row.periods.all()} if row.collected == collected.DATES else set(),
            periods=periods,
        )
    ]


def mark_reported(period: ReportingPeriod) -> None:
    """Somebody has submitted on this period: from now on it never moves."""
    ReportingPeriod.objects.filter(pk=period.pk, reported_at__isnull=True).update(reported_at=timezone.now())


def extend(expected: ExpectedReport, *, to: date, reason: str, by: User) -> None:
    """Give a partner more time for one report, with the reason; reminders count from the new date."""
    access.require(by, Permission.REVIEW_FIGURES, project=expected.project)
    if to <= expected.due_on:
        raise Refused(_("The new date must be after %(due)s.") % {"due": expected.due_on})
    later = to - expected.due_on
    old = expected.due_on
    expected.due_on, expected.review_due_on = to, expected.review_due_on + later
    expected.extended_at, expected.extended_by, expected.extension_reason = timezone.now(), by, reason
    _save(expected, "expected_report.extended", by=by, old=str(old), new=str(to))


def exempt(expected: ExpectedReport, *, reason: str, by: User) -> None:
    """No report is expected: it leaves the count of what is owed, with the reason."""
    access.require(by, Permission.REVIEW_FIGURES, project=expected.project)
    expected.exempted_at, expected.exempted_by, expected.exemption_reason = timezone.now(), by, reason
    _save(expected, "expected_report.exempted", by=by)


def expect_again(expected: ExpectedReport, *, by: User) -> None:
    """Take an exemption back."""
    access.require(by, Permission.REVIEW_FIGURES, project=expected.project)
    expected.exempted_at = expected.exempted_by = None
    expected.exemption_reason = ""
    _save(expected, "expected_report.expected_again", by=by)


def lock(period: ReportingPeriod, *, reason: str, by: User) -> None:
    """Lock a period: its figures can only be restated after unlocking."""
    access.require(by, Permission.REOPEN_FIGURES, project=period.project)
    if not reason.strip():
        raise Refused(_("Say why the period is locked: all partners read it."))
    with transaction.atomic():
        if not ReportingPeriod.objects.filter(pk=period.pk, locked_at__isnull=True, opened_at__isnull=False).update(
            locked_at=timezone.now(), locked_by=by, lock_reason=reason
        ):
            raise PeriodClosed(_("Only an open period can be locked."))
        audit.record("period.locked", [period, period.project], by=by)
    period.refresh_from_db()


def unlock(period: ReportingPeriod, *, reason: str, by: User) -> None:
    """Unlock a period. This edits nothing: a reopening does, with its own reason."""
    access.require(by, Permission.REOPEN_FIGURES, project=period.project)
    if not reason.strip():
        raise Refused(_("Say why the period is unlocked: all partners read it."))
    with transaction.atomic():
        if not ReportingPeriod.objects.filter(pk=period.pk, locked_at__isnull=False).update(
            locked_at=None, locked_by=None, lock_reason=reason
        ):
            raise PeriodClosed(_("This period is not locked."))
        audit.record("period.unlocked", [period, period.project], by=by)
    period.refresh_from_db()


def today_at(project: Project, moment: datetime | None = None) -> date:
    """What day it is where the project is."""
    return (moment or timezone.now()).astimezone(ZoneInfo(project.time_zone)).date()


def collected_in(collected: str, period: int, *, named: Collection[int], periods: Sequence[tuple[int, date]]) -> bool:
    """Does an assignment ask for a figure in this period? ``periods``: key and end of all the project's, in order of end."""
    kinds = ReportingAssignment.Collected
    if collected == kinds.BASELINE_ENDLINE:
        return bool(periods) and period in (periods[0][0], periods[-1][0])
    if collected == kinds.YEARLY:
        return period in {end.year: key for key, end in periods}.values()  # the last one of each calendar year
    if collected == kinds.DATES:
        return period in named
    return True


def _steps(frequency: str, first: date, last: date) -> Iterator[tuple[str, date, date]]:
    size = STEP[frequency]
    year, month = first.year, (first.month - 1) // size * size + 1
    while date(year, month, 1) <= last:
        end_month = month + size - 1
        end = date(year, end_month, months.monthrange(year, end_month)[1])
        yield _code(frequency, year, month), date(year, month, 1), end
        year, month = (year, month + size) if month + size <= 12 else (year + 1, 1)


def _code(frequency: str, year: int, month: int) -> str:
    return {
        "monthly": f"{year}-{month:02d}",
        "quarterly": f"{year}-Q{(month + 2) // 3}",
        "semiannual": f"{year}-H{1 if month == 1 else 2}",
        "annual": str(year),
    }[frequency]


def _between_fixed_dates(fixed: str, first: date, last: date) -> Iterator[tuple[str, date, date]]:
    days = sorted(tuple(int(n) for n in word.split("-")) for word in fixed.replace(",", " ").split())
    start = first
    for year in range(first.year, last.year + 2):
        for month, day in days:
            end = date(year, month, min(day, months.monthrange(year, month)[1]))
            if end < first:
                continue
            yield f"{year}-{end:%m-%d}", start, end
            start = end + timedelta(days=1)


def _outside(span: Span, kept: list[ReportingPeriod]) -> list[Span]:
    """What is left of a span beside the periods that never move."""
    pieces = [(span.starts_on, span.ends_on)]
    for period in kept:
        rest = []
        for start, end in pieces:
            if period.ends_on < start or period.starts_on > end:
                rest.append((start, end))
                continue
            if start < period.starts_on:
                rest.append((start, period.starts_on - timedelta(days=1)))
            if end > period.ends_on:
                rest.append((period.ends_on + timedelta(days=1), end))
        pieces = rest
    return [Span(span.code, start, end) for start, end in pieces]


def _free_code(code: str, taken: set[str]) -> str:
    return next(candidate for candidate in (code, *(f"{code}{letter}" for letter in "bcdefgh")) if candidate not in taken)


def _place(project: Project, calendar: ReportingCalendar, period: ReportingPeriod | None, span: Span) -> int:
    due = span.ends_on + timedelta(days=calendar.due_after_days)
    dates = {
        "starts_on": span.starts_on,
        "ends_on": span.ends_on,
        "opens_on": span.starts_on + timedelta(days=calendar.opens_after_days),
        "due_on": due,
        "review_due_on": due + timedelta(days=calendar.review_after_days),
    }
    if period is None:
        ReportingPeriod.objects.create(project=project, code=span.code, **dates)
        return 1
    if all(getattr(period, name) == value for name, value in dates.items()):
        return 0
    ReportingPeriod.objects.filter(pk=period.pk).update(**dates)
    ExpectedReport.objects.filter(period=period, extended_at__isnull=True).update(due_on=due, review_due_on=dates["review_due_on"])
    return 1


def _save(expected: ExpectedReport, event: str, *, by: User, **detail: str) -> None:
    expected.full_clean(validate_unique=False)
    with transaction.atomic():
        expected.save()
        audit.record(event, [expected, expected.project], by=by, **detail)
