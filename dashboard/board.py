"""The reporting board: which report of which partner stands where, period by period, and how punctual partners are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from statistics import median

from django.db import models, transaction
from django.db.models import Case, Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from plumbing.refusals import Refused
from programs import calendar
from programs.models import ExpectedReport, Level, ProjectLevel, ReportingPeriod
from reporting import promises
from reporting.models import Figure, FigureNote, Submission, SubmissionSnapshot

COLUMNS = 8
LATELY = 4  # periods over which punctuality is looked at


class State(models.TextChoices):
    """How a report stands. The first four are the submission's; the others are said where there is none to speak of."""

    ACCEPTED = "accepted", _("Accepted")
    SUBMITTED = "submitted", _("In review")
    RETURNED = "returned", _("Returned")
    DRAFT = "draft", _("Draft")
    LATE = "late", _("Late")
    DUE = "due", _("Due")
    EXEMPT = "exempt", _("Exempt")
    MISSING = "missing", _("Not reported")


WAITS = (State.SUBMITTED, State.RETURNED, State.LATE)


def with_state(reports: QuerySet[ExpectedReport], today: date) -> QuerySet[ExpectedReport]:
    """Annotate ``state`` and when each report was first sent, last sent, returned and accepted.

    A prepared draft that nobody has touched is still due; one that is touched but past its date is late.
    """
    same = Submission.objects.filter(project=OuterRef("project"), partner=OuterRef("partner"), period=OuterRef("period"))
    going = same.open().order_by()
    same_sent = {f"submission__{name}": OuterRef(name) for name in ("project", "partner", "period")}
    comments = FigureNote.objects.filter(
        **same_sent, submission__state=Submission.State.RETURNED, is_internal=False, sent_at__isnull=False, answered_at__isnull=True
    )
    return reports.annotate(
        accepted_at=Subquery(same.accepted().order_by("revision").values("accepted_at")[:1]),
        going=Subquery(going.values("state")[:1]),
        touched_at=Subquery(going.values("edited_at")[:1]),
        sent_at=Subquery(going.values("submitted_at")[:1]),
        returned_at=Subquery(going.values("returned_at")[:1]),
        first_sent_at=Subquery(SubmissionSnapshot.objects.filter(**same_sent).order_by("taken_at").values("taken_at")[:1]),
        comments=Subquery(comments.order_by().values("submission").annotate(n=Count("pk")).values("n")[:1]),
        state=Case(
            When(exempted_at__isnull=False, then=Value(State.EXEMPT)),
            When(Q(accepted_at__isnull=False), then=Value(State.ACCEPTED)),
            When(going__in=[State.SUBMITTED, State.RETURNED], then=F("going")),
            When(period__locked_at__isnull=False, then=Value(State.MISSING)),
            When(due_on__lt=today, then=Value(State.LATE)),
            When(going=State.DRAFT, touched_at__isnull=False, then=Value(State.DRAFT)),
            default=Value(State.DUE),
            output_field=models.CharField(),
        ),
    )


def rows(reports: QuerySet[ExpectedReport]) -> QuerySet[ExpectedReport]:
    """One report per project and partner, to stand for its row: annotated with the level on which most of the money is spent."""
    newest = reports.order_by().values("project", "partner").annotate(newest=Max("pk")).values("newest")
    level = ProjectLevel.objects.filter(project=OuterRef("project")).order_by("-share", "level").values("level")[:1]
    return ExpectedReport.objects.filter(pk__in=newest).annotate(
        level=Subquery(level),
        level_order=Case(*(When(level=name, then=Value(at)) for at, name in enumerate(Level.values)), default=Value(9)),
    )


def in_state(reports: QuerySet[ExpectedReport], states: Iterable[str], today: date) -> QuerySet[ExpectedReport]:
    """The reports of rows in which some report stands in one of these states."""
    some = with_state(ExpectedReport.objects.all(), today).filter(
        project=OuterRef("project"), partner=OuterRef("partner"), state__in=list(states), period__opened_at__isnull=False
    )
    return reports.filter(Exists(some))


@dataclass(frozen=True)
class Column:
    """One period code; projects with the same calendar share it."""

    code: str
    starts_on: date
    ends_on: date
    due_on: date
    periods: int
    opened: int
    locked: int

    @property
    def is_locked(self) -> bool:
        return self.locked == self.periods


def columns(reports: QuerySet[ExpectedReport], today: date, *, through: str = "") -> tuple[list[Column], bool, bool]:
    """The window of periods to show (the last is the first one still to come), and whether there are earlier and later ones."""
    found = (
        ReportingPeriod.objects.filter(project__in=reports.order_by().values("project"))
        .order_by()
        .values("code")
        .annotate(
            first=Min("starts_on"),
            last=Max("ends_on"),
            due=Max("due_on"),
            n=Count("pk"),
            opened=Count("opened_at"),
            locked=Count("locked_at"),
        )
        .values_list("code", "first", "last", "due", "n", "opened", "locked")
    )
    every = sorted((Column(*row) for row in found), key=lambda column: (column.ends_on, column.code))
    codes = [column.code for column in every]
    end = (
        codes.index(through) + 1 if through in codes else next((at + 1 for at, one in enumerate(every) if one.ends_on >= today), len(every))
    )
    start = max(end - COLUMNS, 0)
    return every[start:end], start > 0, end < len(every)


@dataclass(frozen=True, slots=True)
class Report:
    """What the board knows of one expected report."""

    key: int
    project: int
    partner: int
    partner_name: str
    code: str
    ends_on: date
    locked: bool
    due_on: date
    review_due_on: date
    extended: bool
    reason: str
    state: str
    accepted_at: datetime | None
    going: str | None
    touched_at: datetime | None
    sent_at: datetime | None
    returned_at: datetime | None
    first_sent_at: datetime | None
    comments: int | None

    @property
    def is_being_written(self) -> bool:
        return self.state == State.DRAFT or (self.state == State.LATE and self.going == State.DRAFT and self.touched_at is not None)


def read(reports: QuerySet[ExpectedReport], shown: Sequence[Column], today: date) -> list[Report]:
    """Every report of the window: for its cells, its counts and the partners' punctuality."""
    found = with_state(reports, today).filter(period__code__in=[one.code for one in shown], period__opened_at__isnull=False)
    return [
        Report(*row[:6], row[6] is not None, *row[7:9], row[9] is not None, *row[10:])
        for row in found.order_by("period__ends_on", "pk").values_list(
            *("pk", "project", "partner", "partner__name", "period__code", "period__ends_on", "period__locked_at"),
            *("due_on", "review_due_on", "extended_at", "exemption_reason"),
            *("state", "accepted_at", "going", "touched_at", "sent_at", "returned_at", "first_sent_at", "comments"),
        )
    ]


@dataclass(frozen=True)
class LaidOut:
    """The periods of the projects on a page: per project in order of end, and by project and code."""

    of: dict[int, list[promises.Span]]
    named: dict[tuple[int, str], promises.Span]


def laid_out(projects: Iterable[int]) -> LaidOut:
    found = LaidOut(defaultdict(list), {})
    rows_ = ReportingPeriod.objects.filter(project__in=set(projects)).order_by("ends_on", "pk")
    for project, code, *span in rows_.values_list("project_id", "code", "pk", "starts_on", "ends_on"):
        found.named[project, code] = promises.Span(*span)
        found.of[project].append(found.named[project, code])
    return found


def how_far(reports: Sequence[Report], periods: LaidOut) -> dict[int, Tally]:
    """Of each draft among the reports how many of the figures it owes are entered, as its checklist counts them: a reason is an
    answer too. Three queries, or none where nobody is drafting.
    """
    drafts = {(one.partner, periods.named[one.project, one.code].id): one.key for one in reports if one.is_being_written}
    if not drafts:
        return {}
    projects = {one.project for one in reports if one.is_being_written}
    owed = promises.streams_owed({key: periods.of[key] for key in projects}, {period for _partner, period in drafts})
    written: dict[tuple[int, int], set[tuple[int, int]]] = defaultdict(set)
    asked = Submission.objects.open().filter(partner__in={partner for partner, _p in drafts}, period__in={period for _p, period in drafts})
    totals = Figure.objects.totals().filter(submission__in=asked.order_by().values("pk"))
    for partner, period, indicator, place in totals.values_list("partner_id", "period_id", "indicator_id", "place_id"):
        written[partner, period].add((indicator, place))
    return {key: Tally(len(written[of] & owed[of]), len(owed[of])) for of, key in drafts.items()}


@dataclass(frozen=True)
class Tally:
    """So many of so many: reports accepted of those expected, figures entered of those owed."""

    done: int
    of: int


def counts(reports: Iterable[Report]) -> dict[str, Tally]:
    """Accepted and expected per period; exempt reports are not expected."""
    found: dict[str, list[bool]] = defaultdict(list)
    for one in reports:
        if one.state != State.EXEMPT:
            found[one.code].append(one.state == State.ACCEPTED)
    return {code: Tally(sum(done), len(done)) for code, done in found.items()}


@dataclass(frozen=True)
class Timeliness:
    """``days``: the median from a period's end to acceptance, of accepted reports; ``on_time`` of ``due``: first sent by the due date."""

    partner: str
    days: Decimal | None
    accepted: int
    on_time: int
    due: int


def timeliness(reports: Iterable[Report], shown: Sequence[Column], today: date) -> list[Timeliness]:
    """Per partner over the last ended periods of the window, and all together at the end."""
    lately = [one.code for one in shown if one.ends_on < today][-LATELY:]
    of: dict[str, list[Report]] = defaultdict(list)
    for one in reports:
        if one.code in lately and one.state != State.EXEMPT:
            of[one.partner_name].append(one)
    lines = sorted(
        (_timeliness(name, rows_, today) for name, rows_ in of.items()), key=lambda line: (line.days is None, line.days, line.partner)
    )
    if len(lines) > 1:
        lines.append(_timeliness("", [one for rows_ in of.values() for one in rows_], today))
    return lines


def _timeliness(partner: str, reports: Sequence[Report], today: date) -> Timeliness:
    days = [Decimal((one.accepted_at.date() - one.ends_on).days) for one in reports if one.accepted_at is not None]
    due = [one for one in reports if one.due_on < today or one.first_sent_at is not None]
    sent = [one for one in due if one.first_sent_at is not None and one.first_sent_at.date() <= one.due_on]
    return Timeliness(partner, median(days) if days else None, len(days), len(sent), len(due))


def to_remind(reports: QuerySet[ExpectedReport], picked: Iterable[tuple[int, int]], today: date) -> list[ExpectedReport]:
    """Of the picked rows (project, partner) the reports of ended periods that somebody has to act on."""
    which = Q(pk__in=[])
    for project, partner in picked:
        which |= Q(project=project, partner=partner)
    waiting = [*WAITS, State.DRAFT, State.DUE]
    return list(
        with_state(reports.filter(which, period__ends_on__lt=today, period__opened_at__isnull=False), today)
        .filter(state__in=waiting)
        .select_related("project", "partner", "period")
    )


# Acts


def lock(periods: QuerySet[ReportingPeriod], *, unlock: bool, reason: str, by: User) -> int:
    """Lock (or unlock) one period for every project given, all or none; returns for how many."""
    found = [one for one in periods.select_related("project") if (one.locked_at is not None) == unlock and one.opened_at is not None]
    if not found:
        raise Refused(_("Nothing to unlock: this period is open.") if unlock else _("Nothing to lock: no open period has this code."))
    with transaction.atomic():
        for period in found:
            (calendar.unlock if unlock else calendar.lock)(period, reason=reason, by=by)
    return len(found)
