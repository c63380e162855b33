"""What the page of an institution says: clearance first, then support, reform; numbers of people as the reader may see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, F, IntegerField, Max, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import practice
from accounts.models import Actor
from accounts.roles import Permission
from institutions.models import Engagement, FollowUpCheck, HrddpAssessment, Institution, ReformStage, ReformStep, SupportDetail
from privacy import suppression
from privacy.suppression import Shown
from programs import access
from programs.disaggregations import cell_of
from programs.models import ActivityAttendance, ActivityRecord, Sensitivity, SupportClearance, WorkPlanLine

ROWS = 12
SEXES, RANKS = ("female", "male"), ("senior", "middle", "junior")


@dataclass(frozen=True)
class People:
    """Who took part in one activity, as the reader may see it. None stands where nobody counted."""

    total: Shown
    by_sex: tuple[Shown, ...] = ()
    by_rank: tuple[Shown, ...] = ()


@dataclass
class Given:
    """One activity that supported the institution, with its details where somebody wrote them."""

    activity: ActivityRecord
    detail: SupportDetail | None
    people: People
    checks: list[FollowUpCheck] = field(default_factory=list)

    @property
    def open_check(self) -> FollowUpCheck | None:
        return next((one for one in self.checks if one.done_at is None), None)

    @property
    def last_check(self) -> FollowUpCheck | None:
        return next((one for one in reversed(self.checks) if one.done_at is not None), None)


@dataclass(frozen=True)
class Step:
    """A reform step with its five stages in order, each reached or not."""

    step: ReformStep
    stages: tuple[tuple[str, ReformStage | None], ...]
    now: ReformStage | None


def with_clearance(rows: QuerySet[Institution]) -> QuerySet[Institution]:
    """Annotate ``cleared_until`` (of a positive decision in force today) and ``flagged``: support that nobody cleared."""
    current = SupportClearance.objects.current(timezone.localdate()).filter(recipient=OuterRef("organization"))
    open_flags = ActivityRecord.objects.without_clearance().filter(supports=OuterRef("organization"))
    counted = open_flags.order_by().values("supports").annotate(n=Count("pk")).values("n")
    return rows.annotate(
        cleared_until=Subquery(current.order_by().values("recipient").annotate(last=Max("valid_until")).values("last")),
        flagged=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
    )


def covers(user: Actor, word: Permission, institution: Institution, engagements: Iterable[Engagement]) -> bool:
    """Whether the person holds the word for a project that works with it, or for its place."""
    if word not in access.words(user):
        return False
    return any(
        access.allows(user, word, project=one.project, partner=one.partner, place=institution.place) for one in engagements
    ) or access.allows(user, word, place=institution.place)


def shows_people(user: Actor) -> bool:
    """Numbers of people are raw figures: for those who record activities and those who see raw figures."""
    return bool({Permission.READ_RAW, Permission.RECORD_ACTIVITIES} & access.words(user))


def clearance(institution: Institution, user: Actor, today: date) -> dict[str, Any]:
    """The decision in force and the plans that wait for it or stop when it ends. The reasons are never here."""
    decisions = list(institution.organization.clearances.select_related("decided_by", "owner").order_by("-valid_until", "-id")[:ROWS])
    current = next((row for row in decisions if _in_force(row, today)), None)
    plans = WorkPlanLine.objects.visible_to(user).filter(supports=institution.organization, status__in=["draft", "planned", "under_way"])
    lines = list(plans.select_related("project").order_by("starts_on", "id")[:ROWS])
    ends = current is not None and current.valid_until <= today + timedelta(days=practice.whole("clearance-reminder-days"))
    found: dict[str, Any] = {
        "current": current, "decisions": decisions, "lines": lines, "ends_soon": ends, "assessments": [],
        "stops": [line for line in lines if current is not None and line.status != "draft" and line.ends_on > current.valid_until],
    }  # fmt: skip
    if {Permission.ASSESS_CLEARANCE, Permission.DECIDE_CLEARANCE} & access.words(user):
        rows = HrddpAssessment.objects.visible_to(user).filter(institution=institution)
        found["assessments"] = list(rows.only("id", "state", "support", "valid_until", "prepared_at", "institution", "decision"))[:ROWS]
    return found


def support(institution: Institution, user: Actor, today: date) -> dict[str, Any]:
    """Activities that supported it, newest first, with trainees and checks."""
    rows = ActivityRecord.objects.visible_to(user).filter(supports=institution.organization)
    rows = rows.select_related("project", "partner", "place", "support_detail").prefetch_related(
        Prefetch("attendance", ActivityAttendance.objects.select_related("disaggregation")), "support_detail__checks"
    )
    raw = shows_people(user)
    given = [_given(row, raw=raw) for row in rows.order_by("-happened_on", "-id")[:ROWS]]
    due = [one for one in given if one.open_check is not None and one.open_check.due_on <= today]
    return {
        "trainings": [one for one in given if one.activity.kind == ActivityRecord.Kind.TRAINING],
        "other_support": [one for one in given if one.activity.kind != ActivityRecord.Kind.TRAINING],
        "uncleared": [one for one in given if one.activity.flag and one.activity.cured_at is None],
        "checks_due": due,
        "supported": bool(given),
    }


def reform(institution: Institution, user: Actor) -> list[Step]:
    """Steps with their stages, in one query: a row per stage, or one for a step that has none."""
    columns = {name: F(f"stages__{name}") for name in ("stage", "reached_on", "evidence", "women_consulted", "men_consulted")}
    rows = ReformStep.objects.visible_to(user).filter(institution=institution).select_related("project", "indicator").annotate(**columns)
    steps: dict[int, tuple[ReformStep, list[ReformStage]]] = {}
    for row in rows:
        _step, stages = steps.setdefault(row.pk, (row, []))
        values: dict[str, Any] = {name: getattr(row, name) for name in columns}
        if values["stage"] is not None:
            stages.append(ReformStage(step=row, **values))
    return [step_of(step, stages) for step, stages in steps.values()]


def step_of(step: ReformStep, stages: Iterable[ReformStage]) -> Step:
    reached = {one.stage: one for one in stages}
    return Step(
        step=step,
        stages=tuple((str(label), reached.get(value)) for value, label in ReformStage.Stage.choices),
        now=reached[max(reached)] if reached else None,
    )


def people_of(total: int | None, cells: Mapping[str, int], *, raw: bool, sensitivity: int) -> People:
    """One number by sex and by rank band. Without raw figures small numbers are hidden in both tables alike."""
    if total is None:
        return People(Shown(None))
    lines = [_line(cells, "sex", SEXES, total), _line(cells, "rank", RANKS, total)]
    if raw:
        return People(Shown(total), *(tuple(Shown(number) for number in line[:-1]) for line in lines))
    sensitive = sensitivity >= Sensitivity.CONFIDENTIAL
    threshold = practice.whole("suppression-threshold-sensitive" if sensitive else "suppression-threshold")
    safe = suppression.protect_lines(lines, threshold=threshold, hide_zeros=sensitive)
    return People(safe[0].total, *(one.cells[:-1] for one in safe))


def _line(cells: Mapping[str, int], dimension: str, categories: Sequence[str], total: int) -> list[int]:
    """The numbers of the categories, and last what is in none of them."""
    found = dict.fromkeys(categories, 0)
    for key, number in cells.items():
        category = cell_of(key).get(dimension, "")
        if category in found:
            found[category] += number
    return [*found.values(), total - sum(found.values())]


def _given(row: ActivityRecord, *, raw: bool) -> Given:
    detail: SupportDetail | None = getattr(row, "support_detail", None)
    cells = {cell.disaggregation.key: cell.number for cell in row.attendance.all()}
    people = people_of(row.people_present, cells, raw=raw, sensitivity=row.project.sensitivity)
    return Given(row, detail, people, list(detail.checks.all()) if detail is not None else [])


def _in_force(row: SupportClearance, day: date) -> bool:
    return row.decision in SupportClearance.POSITIVE and row.suspended_at is None and row.valid_from <= day <= row.valid_until


def uncleared(user: Actor) -> QuerySet[ActivityRecord]:
    """Support that happened without a clearance, open until one cures it: what the overview counts."""
    return ActivityRecord.objects.visible_to(user).filter(Q(supports__isnull=False)).without_clearance()
