"""Who is told what, and when: one line per person, report and step; quiet when nothing is due or more time was given.

Days before the due date, on the day, then weekly; the partner's manager and later the program manager hear of what stays overdue.
The steps are practice values; the line is in the reader's language, the day is the day where the reader is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import audit, outbox, practice
from accounts.models import User
from accounts.outbox import Line
from accounts.roles import Permission, Role
from programs import access, gates
from programs.models import ExpectedReport, Membership
from reporting.models import Submission

MORNING = 7  # o'clock where the reader is


@dataclass(frozen=True)
class Due:
    """A report that waits for somebody, and for whom it waits."""

    expected: ExpectedReport
    state: str  # "", or the state of its open submission
    holders: Sequence[Membership] = ()  # everybody's live memberships, read once for all reports


def remind(*, now: datetime | None = None) -> int:
    """Write the lines that are due at this moment; returns how many are new. Running it again writes nothing."""
    moment = now or timezone.now()
    written = 0
    for due in waiting():
        for person, step in _who_and_step(due, moment):
            written += outbox.post(person, line_for(due, person, step, moment))
    for ending in gates.ending(timezone.localdate(moment)):
        written += outbox.post(ending.recipient, Line(ending.item, ending.step, ending.line, ending.path))
    return written


def remind_now(expected: Sequence[ExpectedReport], *, by: User, note: str = "") -> int:
    """A colleague reminds by hand, with a line of their own; whoever must act next gets it, one line a day and report."""
    chosen = {row.pk for row in expected}
    moment = timezone.now()
    written = 0
    for due in waiting():
        if due.expected.pk not in chosen:
            continue
        access.require(by, Permission.REVIEW_FIGURES, project=due.expected.project)
        with transaction.atomic():
            for person in who_acts_next(due):
                today = _today(person, moment)
                line = line_for(due, person, f"by-hand-{today}", moment)
                written += outbox.post(person, Line(line.item, line.step, line.text, line.path, note))
            audit.record("reminder.sent", [due.expected, due.expected.project], by=by)
    return written


def preview(expected: Sequence[ExpectedReport]) -> dict[User, list[Line]]:
    """The digests that ``remind_now`` would send, to be read first."""
    chosen, moment = {row.pk for row in expected}, timezone.now()
    found: dict[User, list[Line]] = {}
    for due in waiting():
        if due.expected.pk in chosen:
            for person in who_acts_next(due):
                found.setdefault(person, []).append(line_for(due, person, "by-hand", moment))
    return found


def waiting() -> list[Due]:
    """Every expected report of an open period that is neither exempt nor accepted."""
    same = Submission.objects.filter(project=OuterRef("project"), partner=OuterRef("partner"), period=OuterRef("period"))
    rows: QuerySet[ExpectedReport] = (
        ExpectedReport.objects.expected()
        .filter(period__opened_at__isnull=False, period__locked_at__isnull=True)
        .annotate(is_done=Exists(same.accepted()))
        .filter(is_done=False)
        .select_related("project__program", "project__manager", "partner", "period")
        .order_by("due_on", "pk")
    )
    open_ones = {
        (s.project_id, s.partner_id, s.period_id): s.state
        for s in Submission.objects.open().only("project_id", "partner_id", "period_id", "state")
    }
    holders = access.holders()
    return [Due(row, open_ones.get((row.project_id, row.partner_id, row.period_id), ""), holders) for row in rows]


def who_acts_next(due: Due) -> list[User]:
    """The reviewers while it is in review, else whoever reports for the partner (its manager where nobody does)."""
    if due.state == Submission.State.SUBMITTED:
        return _people(due, Permission.REVIEW_FIGURES, Role.MANDE_OFFICER) or _people(due, Permission.REVIEW_FIGURES)
    return _people(due, Permission.SUBMIT_FIGURES, Role.PARTNER_REPORTER) or _people(due, Permission.SUBMIT_FIGURES)


def _people(due: Due, permission: Permission, *among: Role) -> list[User]:
    """Who holds the word for this report; a reviewer for its project, the others for its partner."""
    partner = None if permission == Permission.REVIEW_FIGURES else due.expected.partner
    return access.people_who(permission, project=due.expected.project, partner=partner, among=among or None, of=due.holders)


def line_for(due: Due, person: User, step: str, moment: datetime) -> Line:
    """What this person reads about this report, in their language."""
    row = due.expected
    in_review = due.state == Submission.State.SUBMITTED
    until = row.review_due_on if in_review else row.due_on
    days = (until - _today(person, moment)).days
    with translation.override(person.language):
        words = {"project": row.project.code, "partner": str(row.partner), "period": row.period.code, "when": _when(days, until)}
        if in_review:
            text = _("Review: %(project)s of %(partner)s, %(period)s, %(when)s.") % words
        elif due.state == Submission.State.RETURNED:
            text = _("Correct: %(project)s of %(partner)s, %(period)s was returned to you, %(when)s.") % words
        else:
            text = _("Report: %(project)s of %(partner)s, %(period)s, %(when)s.") % words
    return Line(f"expected_report:{row.pk}", step, text, f"/reports/{row.project.code}/{row.period.code}/{row.partner_id}/")


def _when(days: int, until: date) -> str:
    day = formats.date_format(until, "j F")
    if days > 0:
        return ngettext("due tomorrow, %(day)s", "due in %(days)s days, on %(day)s", days) % {"days": days, "day": day}
    if days == 0:
        return _("due today")
    return ngettext("one day late", "%(days)s days late", -days) % {"days": -days}


def _who_and_step(due: Due, moment: datetime) -> Iterable[tuple[User, str]]:
    row = due.expected
    until = row.review_due_on if due.state == Submission.State.SUBMITTED else row.due_on
    told: set[int] = set()
    for person in who_acts_next(due):
        step = _step(until, _today(person, moment), person, moment)
        if step:
            told.add(person.pk)
            yield person, f"{due.state or 'owed'}-{until}-{step}"
    if due.state == Submission.State.SUBMITTED:
        return
    for person, after in _escalation(due):
        late = (_today(person, moment) - row.due_on).days
        step = _step(row.due_on, _today(person, moment), person, moment)
        if late >= after and step and person.pk not in told:
            told.add(person.pk)
            yield person, f"escalated-{row.due_on}-{step}"


def _escalation(due: Due) -> Iterable[tuple[User, int]]:
    for person in _people(due, Permission.SIGN_OFF_FIGURES, Role.PARTNER_MANAGER):
        yield person, practice.whole("escalate-to-partner-manager-after")
    for person in _people(due, Permission.REVIEW_FIGURES, Role.PROGRAM_MANAGER):
        yield person, practice.whole("escalate-to-program-manager-after")


def _step(until: date, today: date, person: User, moment: datetime) -> str:
    """The reminder that is in force today, or nothing. A missed day is made up for once, by the nearest step passed."""
    if moment.astimezone(_zone(person)).hour < MORNING:
        return ""
    left = (until - today).days
    if left < 0:
        return f"overdue-{(-left - 1) // practice.whole('overdue-reminder-every')}"
    reached = [days for days in practice.numbers("reminder-days") if left <= days]
    return f"due-{min(reached)}" if reached else ""


def _today(person: User, moment: datetime) -> date:
    return moment.astimezone(_zone(person)).date()


def _zone(person: User) -> ZoneInfo:
    return ZoneInfo(person.time_zone or "UTC")
