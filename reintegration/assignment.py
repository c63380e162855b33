"""Who works on a case: handing cases over from one caseworker to another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import User
from accounts.roles import Permission, Role
from plumbing.refusals import Invalid, Problem, Refused
from programs import access, leaving
from reintegration.models import Case, CaseAccess, CaseAssignment, CaseQuerySet, IntakeDraft, OpenPurpose


class NothingToHandOver(Refused):
    def __init__(self) -> None:
        super().__init__(_("None of these cases is there to be handed over: they are closed, or with this colleague already."))


def people_for(cases: Iterable[Case]) -> list[User]:
    """The caseworkers who could work on all of these cases."""
    pairs = {(case.project_id, case.partner_id): (case.project, case.partner) for case in cases}
    found: list[set[User]] = [
        {
            person
            for person in access.people_who(Permission.WORK_CASES, project=project, partner=partner, among=[Role.CASEWORKER])
            if access.allows(person, Permission.WORK_CASES, project=project, partner=partner)
        }
        for project, partner in pairs.values()
    ]
    return sorted(set.intersection(*found), key=str) if found else []


def hand_over(cases: CaseQuerySet, *, to: User, reason: str, by: User) -> list[Case]:
    """Give these cases to another caseworker of the partner; all of them or none. Only who supervises them hands them over.

    Whoever had a case keeps reading it for the days of the setting, unless the reason is that he or she left; then it ends at
    once. Raises ``NotAllowed``, ``Invalid`` where ``to`` may not work on one of them, ``NothingToHandOver``.
    """
    with transaction.atomic():
        wanted = cases.in_progress().exclude(caseworker=to).order_by("pk").values("pk")
        moved = list(_locked(wanted))
        if not moved:
            raise NothingToHandOver()
        for case in moved:
            access.require(by, Permission.SUPERVISE_CASES, project=case.project, partner=case.partner, place=case.place)
        if not all(_may_work(to, case) for case in moved):
            text = _("%(person)s may not work on all of these cases.") % {"person": to}
            raise Invalid([Problem("to", text, "may_not_work_there")])
        _give(moved, to=to, reason=reason, by=by)
    return moved


@leaving.moves("cases")
def follow_the_role(person: User, to: User, by: User) -> int:
    """The open cases and begun intakes of somebody who leaves go to whoever got the role. Nobody looks into them for that.

    Cases on which the successor may not work, because the role had ended before, stay for their supervisor to hand over.
    """
    moved = [case for case in _locked(Case.objects.in_progress().filter(caseworker=person).values("pk")) if _may_work(to, case)]
    if moved:
        _give(moved, to=to, reason=CaseAssignment.Reason.LEFT, by=by)
    IntakeDraft.objects.filter(started_by=person).update(started_by=to)
    return len(moved)


def _locked(keys: Any) -> CaseQuerySet:
    return Case.objects.select_for_update(of=("self",)).filter(pk__in=keys).select_related("project", "partner", "place").order_by("pk")


def _may_work(person: User, case: Case) -> bool:
    return access.allows(person, Permission.WORK_CASES, project=case.project, partner=case.partner, place=case.place)


def _give(cases: list[Case], *, to: User, reason: str, by: User) -> None:
    days = 0 if reason == CaseAssignment.Reason.LEFT else practice.whole("handed-over-read-days")
    now = timezone.now()
    keys = [case.pk for case in cases]
    CaseAccess.objects.filter(case__in=keys, purpose=OpenPurpose.CASEWORK, ends_at__gt=now).update(ends_at=now)
    rows = [CaseAssignment(case=case, caseworker=to, assigned_at=now, assigned_by=by, reason=reason) for case in cases]
    for row in rows[:1]:
        row.full_clean(exclude=["case", "caseworker", "assigned_by"])
    CaseAssignment.objects.bulk_create(rows)
    if days:
        CaseAccess.objects.bulk_create(
            CaseAccess(case=case, person_id=case.caseworker_id, purpose=OpenPurpose.CASEWORK, ends_at=now + timedelta(days=days))
            for case in cases
        )
    Case.objects.filter(pk__in=keys).update(caseworker=to, version=F("version") + 1, updated_at=now)
    audit.record("cases.handed_over", [*cases, to], by=by, cases=len(cases), reason=reason, reads_on_for_days=days)
