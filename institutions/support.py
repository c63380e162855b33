"""Support to an institution: an activity record with its details, and the checks that follow it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import Organization, User
from accounts.roles import Permission
from institutions.models import FollowUpCheck, Institution, SupportDetail
from locations.models import Place
from plumbing.dates import months_after
from plumbing.refusals import Invalid, Problem, Refused
from programs import access, activities, disaggregations
from programs.models import ActivityRecord, Disaggregation, Project, WorkPlanLine

Kind = SupportDetail.Kind
# The kind of activity record that each kind of support is.
RECORDED_AS = {
    Kind.TRAINING: ActivityRecord.Kind.TRAINING, Kind.EQUIPMENT: ActivityRecord.Kind.EQUIPMENT,
    Kind.INFRASTRUCTURE: ActivityRecord.Kind.WORKS, Kind.ADVICE: ActivityRecord.Kind.ADVICE,
}  # fmt: skip
DETAILS = frozenset({"test_before", "test_after", "tested", "quantity", "handed_over_on", "handed_over_to"})


class CheckDone(Refused):
    def __init__(self) -> None:
        super().__init__(_("This check is done already."))


def record(
    *, institution: Institution, project: Project, partner: Organization, kind: str, title: str, happened_on: date, place: Place, by: User,
    line: WorkPlanLine | None = None, people: int | None = None, cells: Mapping[str, int] | None = None, note: str = "", **details: Any,
) -> SupportDetail:  # fmt: skip
    """Record support that happened. It is always recordable: without a clearance on that day it is flagged until one cures it.

    ``cells`` are the trainees by key, such as ``rank=junior|sex=female``. Raises what ``activities.record`` raises.
    """
    with transaction.atomic():
        ids = disaggregations.ensure(cells or {})
        rows = Disaggregation.objects.in_bulk(list(ids.values()))
        recorded = activities.record(
            project=project, partner=partner, kind=RECORDED_AS[Kind(kind)], happened_on=happened_on, place=place, by=by, line=line,
            supports=institution.organization, people_present=people, note=note,
            cells={rows[ids[key]]: number for key, number in (cells or {}).items()},
        )  # fmt: skip
        return describe(recorded.activity, institution=institution, kind=kind, title=title, by=by, **details)


def describe(
    activity: ActivityRecord, *, institution: Institution, kind: str, title: str, by: User, test_before: Decimal | None = None,
    test_after: Decimal | None = None, tested: int | None = None, quantity: int | None = None, handed_over_on: date | None = None,
    handed_over_to: str = "",
) -> SupportDetail:  # fmt: skip
    """Say more about an activity that supported an institution, and plan its first check."""
    access.require(by, Permission.RECORD_ACTIVITIES, project=activity.project, partner=activity.partner, place=activity.place)
    if activity.supports_id != institution.organization_id:
        raise Invalid([Problem("institution", _("The activity did not support this institution."), "another_recipient")])
    row = SupportDetail(
        activity=activity, institution=institution, kind=kind, title=title, test_before=test_before, test_after=test_after, tested=tested,
        quantity=quantity, handed_over_on=handed_over_on, handed_over_to=handed_over_to,
    )  # fmt: skip
    _check(row)
    with transaction.atomic():
        row.save()
        _plan(row, _first_day(row))
        audit.record("support.described", [row, activity, institution], by=by, kind=kind)
    return row


def change(support: SupportDetail, *, by: User, **fields: Any) -> SupportDetail:
    """Complete the details: the test after a course, the hand-over that came later."""
    activity = support.activity
    access.require(by, Permission.RECORD_ACTIVITIES, project=activity.project, partner=activity.partner, place=activity.place)
    unknown = fields.keys() - DETAILS - {"title"}
    if unknown:
        raise TypeError(f"support has no {sorted(unknown)}")
    for name, value in fields.items():
        setattr(support, name, value)
    _check(support)
    with transaction.atomic():
        support.save()
        if not support.checks.exists():
            _plan(support, _first_day(support))
        audit.record("support.changed", [support, support.institution], by=by, changed=sorted(fields))
    return support


def check(
    row: FollowUpCheck, *, checked_on: date, looked_at: int, in_use: int, findings: str, by: User, not_reached: int | None = None
) -> FollowUpCheck:
    """Keep what a check found. Equipment is looked at again after the months that the setting names."""
    support = row.support
    activity = support.activity
    access.require(by, Permission.RECORD_ACTIVITIES, project=activity.project, partner=activity.partner, place=activity.place)
    if row.done_at is not None:
        raise CheckDone()
    if not activity.happened_on <= checked_on <= timezone.localdate():
        raise Invalid([Problem("checked_on", _("A check lies after the support and not in the future."), "out_of_order")])
    row.checked_on, row.looked_at, row.in_use, row.not_reached, row.findings = checked_on, looked_at, in_use, not_reached, findings.strip()
    row.done_at, row.done_by = timezone.now(), by
    row.full_clean()
    with transaction.atomic():
        found = {
            name: getattr(row, name) for name in ("checked_on", "looked_at", "in_use", "not_reached", "findings", "done_at", "done_by")
        }
        if not FollowUpCheck.objects.filter(pk=row.pk, done_at__isnull=True).update(**found):
            raise CheckDone()
        if row.kind == FollowUpCheck.Kind.END_USE:
            _plan(support, months_after(checked_on, practice.whole("end-use-check-months")))
        SupportDetail.objects.filter(pk=support.pk).update(updated_at=timezone.now())
        audit.record("support.checked", [row, support, support.institution], by=by, kind=row.kind)
    return row


def _first_day(row: SupportDetail) -> date | None:
    """When it is first looked at: a training months after it, things months after they were handed over, advice never."""
    if row.kind == Kind.TRAINING:
        return months_after(row.activity.happened_on, practice.whole("training-check-months"))
    if row.kind in (Kind.EQUIPMENT, Kind.INFRASTRUCTURE) and row.handed_over_on is not None:
        return months_after(row.handed_over_on, practice.whole("end-use-check-months"))
    return None


def _plan(row: SupportDetail, day: date | None) -> None:
    if day is not None:
        kind = FollowUpCheck.Kind.AT_WORK if row.kind == Kind.TRAINING else FollowUpCheck.Kind.END_USE
        FollowUpCheck.objects.create(support=row, kind=kind, due_on=day)


def _check(row: SupportDetail) -> None:
    problems = []
    if row.handed_over_on is not None and row.handed_over_on > timezone.localdate():
        problems.append(Problem("handed_over_on", _("The day lies in the future."), "in_the_future"))
    present = row.activity.people_present
    if row.tested is not None and present is not None and row.tested > present:
        text = _("%(tested)s were tested, but only %(present)s were there.") % {"tested": row.tested, "present": present}
        problems.append(Problem("tested", text, "more_than_present"))
    if problems:
        raise Invalid(problems)
    row.full_clean()
