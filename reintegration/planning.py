"""The plan that person and caseworker agree on. A new version waits for somebody else's approval; the old one stays in force until then."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import User
from plumbing.refusals import Invalid, Problem, Refused
from reintegration import casework, opening
from reintegration.models import Case, Goal, Plan, Progress, Strand

STRANDS = (Strand.ECONOMIC, Strand.SOCIAL, Strand.PSYCHOSOCIAL, Strand.POLITICAL)


class PlanNotOpen(Refused):
    """The version is not a draft, or does not wait for approval."""


class OwnPlan(Refused):
    def __init__(self) -> None:
        super().__init__(_("Whoever wrote the plan does not approve it."))


def start(case: Case, *, by: User) -> Plan:
    """Begin a new version: the goals of the one in force stand in it already, each with its key."""
    opening.require_work(case, by)
    casework.require_open(case)
    current = in_force(case)
    if Plan.objects.filter(case=case, state__in=[Plan.State.DRAFT, Plan.State.PROPOSED]).exists():
        raise PlanNotOpen(_("A new version is already being written."))
    last = Plan.objects.filter(case=case).order_by("-version").first()
    with transaction.atomic():
        plan = Plan.objects.create(case=case, version=last.version + 1 if last else 1, written_by=by)
        for goal in current.goals.all() if current else ():
            Goal.objects.create(
                plan=plan, key=goal.key, strand=goal.strand, title=goal.title, roles=goal.roles, target=goal.target, unit=goal.unit,
                due_on=goal.due_on, state=goal.state, closed_on=goal.closed_on, order=goal.order,
            )  # fmt: skip
        audit.record("plan.started", [plan, case], by=by, version=plan.version)
    return plan


def set_goal(
    plan: Plan, *, by: User, strand: str, title: str, roles: Sequence[tuple[str, str]], due_on: date | None = None,
    target: Decimal | None = None, unit: str = "", goal: Goal | None = None,
) -> Goal:  # fmt: skip
    """Write a goal into a draft, or change one there. ``roles`` say who does what: the person first."""
    with transaction.atomic():
        _draft(plan, by)
        row = goal or Goal(plan=plan, key=uuid.uuid4(), order=plan.goals.count())
        if row.plan_id != plan.pk:
            raise PlanNotOpen(_("This goal stands in another version."))
        row.strand, row.title, row.due_on, row.target, row.unit = strand, title.strip(), due_on, target, unit.strip()
        row.roles = [[who.strip(), what.strip()] for who, what in roles if what.strip()]
        problems = []
        if not row.title:
            problems.append(Problem("title", _("Say what is to be reached."), "required"))
        if not row.roles:
            problems.append(Problem("roles", _("Say who does what, the person too."), "required"))
        if problems:
            raise Invalid(problems)
        row.full_clean()
        row.save()
        audit.record("plan.goal_written", [plan, plan.case], by=by, strand=strand, is_new=goal is None)
    return row


def remove_goal(goal: Goal, *, by: User) -> None:
    """Take a goal out of a draft. Versions that were in force keep theirs."""
    plan = goal.plan
    with transaction.atomic():
        _draft(plan, by)
        goal.delete()
        audit.record("plan.goal_removed", [plan, plan.case], by=by)


def propose(plan: Plan, *, agreed_on: date, by: User) -> Plan:
    """The person agreed on this day: the version waits for the supervisor."""
    with transaction.atomic():
        _draft(plan, by)
        casework.not_in_future("agreed_on", agreed_on)
        if not plan.goals.exists():
            raise Invalid([Problem("goals", _("A plan has at least one goal."), "required")])
        _move(plan, [Plan.State.DRAFT], state=Plan.State.PROPOSED, agreed_on=agreed_on, proposed_at=timezone.now())
        audit.record("plan.proposed", [plan, plan.case], by=by, version=plan.version)
    return plan


def approve(plan: Plan, *, by: User) -> Plan:
    """The supervisor puts the version in force; the one before is replaced. Never by its writer."""
    opening.require_supervision(plan.case, by)
    casework.require_open(plan.case)
    if plan.written_by_id == by.pk:
        raise OwnPlan()
    with transaction.atomic():
        Plan.objects.filter(case=plan.case, state=Plan.State.IN_FORCE).update(state=Plan.State.REPLACED)
        _move(plan, [Plan.State.PROPOSED], state=Plan.State.IN_FORCE, approved_at=timezone.now(), approved_by=by)
        audit.record("plan.approved", [plan, plan.case], by=by, version=plan.version)
    return plan


def send_back(plan: Plan, *, note: str, by: User) -> Plan:
    """The supervisor asks for a change, with a sentence; the writer goes on with the draft."""
    opening.require_supervision(plan.case, by)
    casework.require_open(plan.case)
    if not note.strip():
        raise Invalid([Problem("note", _("Say what is to be changed."), "required")])
    with transaction.atomic():
        if _held(plan) != Plan.State.PROPOSED:
            raise PlanNotOpen(_("This version does not wait for approval."))
        plan.state, plan.proposed_at, plan.note = Plan.State.DRAFT, None, note.strip()
        plan.save(update_fields=["state", "proposed_at", "note"])
        audit.record("plan.sent_back", [plan, plan.case], by=by, version=plan.version)
    return plan


def drop(plan: Plan, *, by: User) -> None:
    """Give a draft up; the version in force stays as it is."""
    case, version = plan.case, plan.version
    with transaction.atomic():
        _draft(plan, by)
        plan.delete()
        audit.record("plan.dropped", [case], by=by, version=version)


def note_progress(goal: Goal, *, by: User, noted_on: date, value: Decimal | None = None, note: str = "", state: str = "open") -> Progress:
    """How far a goal of the plan in force has come; with ``state`` it is reached or dropped, or open again."""
    case = goal.plan.case
    opening.require_work(case, by)
    casework.require_open(case)
    casework.not_in_future("noted_on", noted_on)
    if goal.plan.state != Plan.State.IN_FORCE:
        raise PlanNotOpen(_("Progress is noted on the plan in force."))
    if value is not None and value < 0:
        raise Invalid([Problem("value", _("Give 0 or more."), "negative")])
    row = Progress(goal=goal, noted_on=noted_on, value=value, note=note.strip(), recorded_by=by)
    closed_on = None if state == Goal.State.OPEN else noted_on
    with transaction.atomic():
        row.save()
        if (goal.state, goal.closed_on) != (state, closed_on):
            # The same goal in a version that is being written follows, or approving it would open the goal again.
            Goal.objects.filter(plan__case=case, key=goal.key, plan__state__in=["in_force", "draft", "proposed"]).update(
                state=state, closed_on=closed_on
            )
            goal.state, goal.closed_on = state, closed_on
        audit.record("plan.progress_noted", [goal.plan, case], by=by, strand=goal.strand, state=state)
    return row


# Reading


def in_force(case: Case) -> Plan | None:
    return Plan.objects.filter(case=case, state=Plan.State.IN_FORCE).first()


@dataclass(frozen=True)
class GoalLine:
    """A goal as a page shows it. ``share`` is percent of the target; ``standing``: reached, dropped, late, behind, on_track, waiting."""

    goal: Goal
    progress: Progress | None
    share: int | None
    standing: str
    is_new: bool = False


@dataclass(frozen=True)
class StrandLines:
    strand: Strand
    lines: tuple[GoalLine, ...]

    @property
    def reached(self) -> int:
        return sum(line.standing == "reached" for line in self.lines)


def lines(plan: Plan, *, today: date, before: Plan | None = None) -> list[StrandLines]:
    """The goals by strand, each with its latest progress; two queries. ``before`` marks what is new in this version."""
    goals = list(plan.goals.all())
    old = set(before.goals.values_list("key", flat=True)) if before is not None else None
    return arranged(plan, goals, progress_of(plan.case_id).filter(goal__key__in=[goal.key for goal in goals]), today=today, old=old)


def progress_of(case: Any) -> QuerySet[Progress]:
    """What was noted on the goals of a case, the latest last."""
    return Progress.objects.filter(goal__plan__case=case).select_related("goal").order_by("noted_on", "recorded_at")


def arranged(
    plan: Plan, goals: Iterable[Goal], progress: Iterable[Progress], *, today: date, old: Collection[uuid.UUID] | None = None
) -> list[StrandLines]:
    """The same of rows that were read already; ``old`` are the keys of the goals that stood in the version before."""
    rows, latest, lag = list(goals), {row.goal.key: row for row in progress}, practice.whole("plan-behind-points")
    found = []
    for strand in STRANDS:
        mine = tuple(
            _line(goal, latest.get(goal.key), plan, today, old is not None and goal.key not in old, lag)
            for goal in rows
            if goal.strand == strand
        )
        if mine:
            found.append(StrandLines(strand, mine))
    return found


@dataclass(frozen=True)
class Change:
    """What happened to one goal from one version to the next: new, changed (which fields), gone or same."""

    kind: str
    goal: Goal
    before: Goal | None = None
    fields: tuple[str, ...] = ()


def compare(old: Plan | None, new: Plan) -> list[Change]:
    before = {goal.key: goal for goal in old.goals.all()} if old is not None else {}
    after = {goal.key: goal for goal in new.goals.all()}
    found = []
    for key, goal in after.items():
        was = before.get(key)
        if was is None:
            found.append(Change("new", goal))
            continue
        names = tuple(
            name for name in ("strand", "title", "roles", "target", "unit", "due_on") if getattr(was, name) != getattr(goal, name)
        )
        found.append(Change("changed" if names else "same", goal, was, names))
    return found + [Change("gone", goal) for key, goal in before.items() if key not in after]


def _line(goal: Goal, progress: Progress | None, plan: Plan, today: date, is_new: bool, lag: int) -> GoalLine:
    share = None
    if goal.target is not None:
        value = progress.value if progress is not None and progress.value is not None else Decimal(0)
        share = int(min(Fraction(100), 100 * Fraction(value) / Fraction(goal.target)))
    return GoalLine(goal, progress, share, _standing(goal, share, plan, today, lag), is_new)


def _standing(goal: Goal, share: int | None, plan: Plan, today: date, lag: int) -> str:
    if goal.state != Goal.State.OPEN:
        return str(goal.state)
    if plan.state != Plan.State.IN_FORCE:
        return "waiting"
    if goal.due_on is not None and goal.due_on < today:
        return "late"
    if share is not None and goal.due_on is not None and plan.agreed_on is not None and goal.due_on > plan.agreed_on:
        gone = 100 * (today - plan.agreed_on).days // (goal.due_on - plan.agreed_on).days
        if gone - share > lag:
            return "behind"
    return "on_track"


def _draft(plan: Plan, by: User) -> None:
    opening.require_work(plan.case, by)
    casework.require_open(plan.case)
    if _held(plan) != Plan.State.DRAFT:
        raise PlanNotOpen(_("Only a draft is changed. Start a new version."))


def _held(plan: Plan) -> str | None:
    """The state of the version now, held until the act is done; None where somebody dropped it since the page was opened."""
    return Plan.objects.select_for_update().filter(pk=plan.pk).values_list("state", flat=True).first()


def _move(plan: Plan, states: Sequence[str], **changes: object) -> None:
    """Compare and swap: who comes second is told, and nothing happens twice."""
    if not Plan.objects.filter(pk=plan.pk, state__in=states).update(**changes):
        raise PlanNotOpen(_("This version has moved on in the meantime. Look at it again."))
    plan.refresh_from_db()
