"""Who works on a case: handing cases over from one caseworker to another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import User
from accounts.roles import Permission, Role
from plumbing.refusals import Invalid, Problem, Refused
from programs import access
from reintegration.models import Case, CaseAccess, CaseAssignment, CaseQuerySet, OpenPurpose


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
    days = 0 if reason == CaseAssignment.Reason.LEFT else practice.whole("handed-over-read-days")
    now = timezone.now()
    with transaction.atomic():
        wanted = cases.in_progress().exclude(caseworker=to).order_by("pk").values("pk")
        moved = list(Case.objects.select_for_update(of=("self",)).filter(pk__in=wanted).select_related("project", "partner", "place"))
        if not moved:
            raise NothingToHandOver()
        _check(moved, to=to, by=by)
        keys = [case.pk for case in moved]
        CaseAccess.objects.filter(case__in=keys, purpose=OpenPurpose.CASEWORK, ends_at__gt=now).update(ends_at=now)
        rows = [CaseAssignment(case=case, caseworker=to, assigned_at=now, assigned_by=by, reason=reason) for case in moved]
        for row in rows[:1]:
            row.full_clean(exclude=["case", "caseworker", "assigned_by"])
        CaseAssignment.objects.bulk_create(rows)
        if days:
            CaseAccess.objects.bulk_create(
                CaseAccess(case=case, person_id=case.caseworker_id, purpose=OpenPurpose.CASEWORK, ends_at=now + timedelta(days=days))
                for case in moved
            )
        Case.objects.filter(pk__in=keys).update(caseworker=to, version=F("version") + 1, updated_at=now)
        audit.record("cases.handed_over", [*moved, to], by=by, cases=len(moved), reason=reason, reads_on_for_days=days)
    return moved


def _check(moved: list[Case], *, to: User, by: User) -> None:
    for case in moved:
        access.require(by, Permission.SUPERVISE_CASES, project=case.project, partner=case.partner, place=case.place)
        if not access.allows(to, Permission.WORK_CASES, project=case.project, partner=case.partner, place=case.place):
            text = _("%(person)s may not work on all of these cases.") % {"person": to}
            raise Invalid([Problem("to", text, "may_not_work_there")])
