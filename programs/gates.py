"""Decisions that a plan waits for: the conflict-sensitivity review of a project and the clearance of support.

A gate stops a *plan*. A fact that happened without it is recorded and flagged, and a later clearance cures the flag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import Organization, User
from accounts.roles import Permission, Role
from plumbing import formats
from plumbing.dates import months_after
from plumbing.refusals import Invalid, Problem, Refused
from programs import access
from programs.models import ActivityRecord, ConflictSensitivityReview, Project, SupportClearance, WorkPlanLine

if TYPE_CHECKING:
    from django.db.models import QuerySet


class ClearanceMissing(Refused):
    """Support to this recipient has no positive decision in force; the plan has to wait."""

    field = "supports"

    def __init__(self, recipient: Organization) -> None:
        self.recipient = recipient
        super().__init__(
            _("Support to %(recipient)s is not cleared. Ask for a clearance first; until then the line stays a draft.")
            % {"recipient": recipient}
        )


class ReviewMissing(Refused):
    """The project has no conflict-sensitivity review in force."""

    field = "status"

    def __init__(self, project: Project) -> None:
        self.project = project
        super().__init__(
            _("%(project)s has no valid conflict-sensitivity review. It needs one that passed before it is implemented.")
            % {"project": project.code}
        )


class OwnProject(Refused):
    """Whoever manages the project does not decide its gates."""

    def __init__(self) -> None:
        super().__init__(_("You manage a project that this decision is about: somebody else has to take it."))


class ValidTooLong(Invalid):
    def __init__(self, latest: date) -> None:
        text = _("This is valid until %(latest)s at most.") % {"latest": formats.day(latest)}
        super().__init__([Problem("valid_until", text, "valid_too_long")])


# Questions


def clearance_of(recipient: Organization | int, day: date) -> SupportClearance | None:
    """The positive decision in force for a recipient on a day; the one that lasts longest where there are several."""
    return SupportClearance.objects.filter(recipient=recipient).current(day).order_by("-valid_until", "-id").first()


def review_of(project: Project | int, day: date) -> ConflictSensitivityReview | None:
    return ConflictSensitivityReview.objects.filter(project=project).current(day).order_by("-valid_until", "-id").first()


def require_clearance(recipient: Organization, *, first_day: date, today: date) -> None:
    """A plan passes with a decision in force today, or with one already taken for the day on which the support begins."""
    if clearance_of(recipient, today) is None and clearance_of(recipient, max(first_day, today)) is None:
        raise ClearanceMissing(recipient)


def require_review(project: Project, *, day: date) -> None:
    if review_of(project, day) is None:
        raise ReviewMissing(project)


# Acts


def decide(
    *, recipient: Organization, scope: str, decision: str, valid_from: date, valid_until: date, owner: User, by: User, conditions: str = "",
) -> SupportClearance:  # fmt: skip
    """Decide whether a recipient may get support. A positive decision cures the flags of what happened without one.

    Within the human-rights policy the due diligence of the institutional level calls it, once an assessment is decided; pages and
    admin of this level call ``rule_out``. Raises ``OwnProject`` where the decider manages a project with support to this recipient or ``ValidTooLong``.
    """
    access.require(by, Permission.DECIDE_CLEARANCE)
    if _manages_support_to(recipient, by):
        raise OwnProject()
    _limit(valid_from, valid_until, practice.whole("clearance-months"))
    row = SupportClearance(
        recipient=recipient, scope=scope, decision=decision, conditions=conditions, valid_from=valid_from, valid_until=valid_until,
        owner=owner, decided_by=by,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        cured = _cure(row) if decision in SupportClearance.POSITIVE else 0
        audit.record("clearance.decided", [row, recipient], by=by, decision=decision, until=str(valid_until), cured=cured)
    return row


def rule_out(
    *, recipient: Organization, scope: str, reason: str, valid_from: date, valid_until: date, owner: User, by: User
) -> SupportClearance:  # fmt: skip
    """Clear support that the policy leaves out, such as training in human rights law, mediation or setting standards."""
    if not reason.strip():
        raise Invalid([Problem("reason", _("Say why this support is outside the policy."), "required")])
    return decide(
        recipient=recipient, scope=scope, decision=SupportClearance.Decision.OUT_OF_SCOPE, conditions=reason.strip(),
        valid_from=valid_from, valid_until=valid_until, owner=owner, by=by,
    )  # fmt: skip


def suspend(clearance: SupportClearance, *, reason: str, by: User) -> None:
    """Take a clearance back at once, on an allegation for example. Plans stop; records that it cured stay cured."""
    access.require(by, Permission.DECIDE_CLEARANCE)
    if _manages_support_to(clearance.recipient, by):
        raise OwnProject()
    clearance.suspended_at, clearance.suspended_by, clearance.suspension_reason = timezone.now(), by, reason
    clearance.full_clean()
    with transaction.atomic():
        changed = SupportClearance.objects.filter(pk=clearance.pk, suspended_at__isnull=True).update(
            suspended_at=clearance.suspended_at, suspended_by=by, suspension_reason=reason, updated_at=timezone.now()
        )
        if changed:
            audit.record("clearance.suspended", [clearance, clearance.recipient], by=by)


def record_review(
    *, project: Project, decision: str, decided_on: date, valid_until: date, by: User, dividers: str = "", connectors: str = "",
    conditions: str = "",
) -> ConflictSensitivityReview:  # fmt: skip
    """Record what the conflict-sensitivity review of a project decided; never by the project's own manager."""
    access.require(by, Permission.DECIDE_CLEARANCE, project=project)
    if project.manager_id == by.pk:
        raise OwnProject()
    _limit(decided_on, valid_until, practice.whole("sensitivity-review-months"))
    row = ConflictSensitivityReview(
        project=project, decision=decision, dividers=dividers, connectors=connectors, conditions=conditions, decided_on=decided_on,
        valid_until=valid_until, recorded_by=by,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("sensitivity_review.recorded", [row, project], by=by, decision=decision, until=str(valid_until))
    return row


# Reminders


def ask_for_review(projects: Iterable[Project], *, on: date) -> int:
    """Violence in the area: the newest review of each project, decided before that day, is due anew. It stays in force.

    Part of the act that learned of the violence, which records the event. Returns how many reviews it asks for.
    """
    asked = 0
    for project in projects:
        newest = project.sensitivity_reviews.order_by("-decided_on", "-id").first()
        if newest is not None and newest.due_since is None and newest.decided_on < on:
            asked += ConflictSensitivityReview.objects.filter(pk=newest.pk).update(due_since=on)
    return asked


@dataclass(frozen=True)
class Ending:
    """One line for one person: the outbox keeps it once per recipient, item and step."""

    recipient: User
    item: str
    step: str
    line: str
    path: str


def ending(today: date) -> Iterator[Ending]:
    """Clearances and reviews that end within the reminder's days, or have ended with nothing after them."""
    horizon = today + timedelta(days=practice.whole("clearance-reminder-days"))
    for clearance in _last_clearances().filter(valid_until__lte=horizon):
        step = "ended" if clearance.valid_until < today else "ending"
        with translation.override(clearance.owner.language):
            line = _clearance_line(clearance, step)
        yield Ending(clearance.owner, f"support_clearance:{clearance.pk}", step, line, "/clearances/")
    for review in _last_reviews().filter(valid_until__lte=horizon):
        step = "ended" if review.valid_until < today else "ending"
        for person in _answerable(review.project):
            with translation.override(person.language):
                line = _review_line(review, step)
            path = f"/projects/{review.project.code}/sensitivity-reviews/"
            yield Ending(person, f"sensitivity_review:{review.pk}", step, line, path)

    asked = ConflictSensitivityReview.objects.filter(due_since__isnull=False, project__in=Project.objects.running())
    for review in asked.select_related("project", "project__manager"):
        if review.project.sensitivity_reviews.filter(decided_on__gte=review.due_since).exists():
            continue
        for person in _answerable(review.project):
            with translation.override(person.language):
                line = _("The conflict-sensitivity review of %(project)s is due again: there was violence in its area.") % {
                    "project": review.project.code
                }
            yield Ending(person, f"sensitivity_review:{review.pk}", "due", line, f"/projects/{review.project.code}/sensitivity-reviews/")


def _last_clearances() -> QuerySet[SupportClearance]:
    """Positive, not suspended, and no other of the same recipient lasts longer; only where something is planned or under way."""
    later = SupportClearance.objects.filter(decision__in=SupportClearance.POSITIVE, suspended_at__isnull=True)
    live = WorkPlanLine.objects.filter(status__in=[WorkPlanLine.Status.PLANNED, WorkPlanLine.Status.UNDER_WAY], supports__isnull=False)
    newest: dict[int, int] = {}
    for pk, recipient in later.order_by("valid_until", "id").values_list("id", "recipient"):
        newest[recipient] = pk
    return SupportClearance.objects.filter(pk__in=newest.values(), recipient__in=live.values("supports")).select_related(
        "recipient", "owner"
    )


def _last_reviews() -> QuerySet[ConflictSensitivityReview]:
    passed = ConflictSensitivityReview.objects.filter(decision__in=["passed", "passed_with_conditions"])
    newest: dict[int, int] = {}
    for pk, project in passed.order_by("valid_until", "id").values_list("id", "project"):
        newest[project] = pk
    return ConflictSensitivityReview.objects.filter(
        pk__in=newest.values(), project__in=Project.objects.running()
    ).select_related("project", "project__manager")  # fmt: skip


def _clearance_line(clearance: SupportClearance, step: str) -> str:
    text = (
        _("The clearance of support to %(recipient)s ended on %(day)s: nothing new can be planned.")
        if step == "ended"
        else _("The clearance of support to %(recipient)s ends on %(day)s: ask for a new decision.")
    )
    return text % {"recipient": clearance.recipient, "day": formats.day(clearance.valid_until)}


def _review_line(review: ConflictSensitivityReview, step: str) -> str:
    text = (
        _("The conflict-sensitivity review of %(project)s ended on %(day)s: arrange a new one.")
        if step == "ended"
        else _("The conflict-sensitivity review of %(project)s ends on %(day)s: arrange a new one.")
    )
    return text % {"project": review.project.code, "day": formats.day(review.valid_until)}


def _answerable(project: Project) -> list[User]:
    if project.manager is not None and project.manager.is_active:
        return [project.manager]
    return access.people_who(Permission.EDIT_FRAMEWORK, project=project, among=[Role.PROGRAM_MANAGER])


def _manages_support_to(recipient: Organization, by: User) -> bool:
    mine = Project.objects.filter(manager=by)
    planned = WorkPlanLine.objects.filter(project__in=mine, supports=recipient)
    return planned.exists() or ActivityRecord.objects.filter(project__in=mine, supports=recipient).exists()


def _cure(clearance: SupportClearance) -> int:
    """Records until the day the clearance ends: the decider saw them flagged and decided."""
    return (
        ActivityRecord.objects.without_clearance()
        .filter(supports=clearance.recipient, happened_on__lte=clearance.valid_until)
        .update(cured_at=timezone.now(), cured_by_clearance=clearance, updated_at=timezone.now())
    )


def _limit(first: date, last: date, months: int) -> None:
    latest = months_after(first, months)
    if last > latest:
        raise ValidTooLong(latest)
