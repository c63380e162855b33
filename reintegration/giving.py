"""What a person received: services with their dose, goods against a receipt, and taking part in group activities."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from plumbing.refusals import Invalid, Problem
from programs.models import ActivityRecord
from reintegration import casework, opening
from reintegration.models import Case, Goal, ItemHandedOver, Participation, Plan, ServiceGiven


def give_service(
    case: Case, *, kind: str, strand: str, starts_on: date, by: User, ends_on: date | None = None, dose: Decimal | None = None,
    dose_unit: str = "", goal: Goal | None = None, provider: Organization | None = None, is_completed: bool = False, note: str = "",
) -> ServiceGiven:  # fmt: skip
    """Record a service from a day on; without an end it is still running. Raises ``Invalid``, ``ValidationError``."""
    _begin(case, by, "starts_on", starts_on, goal)
    row = ServiceGiven(
        case=case, kind=kind, strand=strand, starts_on=starts_on, ends_on=ends_on, dose=dose, dose_unit=dose_unit.strip(), goal=goal,
        provider=provider, is_completed=is_completed, note=note.strip(), recorded_by=by,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("service.given", [row, case], by=by, kind=kind, strand=strand)
    return row


def end_service(service: ServiceGiven, *, ends_on: date, is_completed: bool, by: User, dose: Decimal | None = None) -> ServiceGiven:
    """Say when a service ended and whether it was completed; the dose, where it is known only now."""
    opening.require_work(service.case, by)
    casework.require_admitted(service.case)
    casework.not_in_future("ends_on", ends_on)
    service.ends_on, service.is_completed = ends_on, is_completed
    if dose is not None:
        service.dose = dose
    service.full_clean()
    with transaction.atomic():
        service.save(update_fields=["ends_on", "is_completed", "dose"])
        audit.record("service.ended", [service, service.case], by=by, completed=is_completed)
    return service


def hand_over(
    case: Case, *, what: str, quantity: Decimal, receipt_number: str, handed_on: date, by: User, unit: str = "",
    amount: Decimal | None = None, currency: str = "",
) -> ItemHandedOver:  # fmt: skip
    """Goods or cash against a receipt from the partner's book: the same receipt is never recorded twice."""
    _begin(case, by, "handed_on", handed_on, None)
    row = ItemHandedOver(
        case=case, partner=case.partner, what=what.strip(), quantity=quantity, unit=unit.strip(), amount=amount,
        currency=currency.strip().upper(), handed_on=handed_on, receipt_number=receipt_number.strip(), recorded_by=by,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("item.handed_over", [row, case], by=by)
    return row


def take_part(case: Case, *, activity: ActivityRecord, by: User, goal: Goal | None = None) -> Participation:
    """The person took part in a group activity of the same project; the activity itself still only counts people."""
    _begin(case, by, "activity", activity.happened_on, goal)
    if activity.project_id != case.project_id:
        raise Invalid([Problem("activity", _("This activity belongs to another project."), "another_project")])
    row = Participation(case=case, activity=activity, goal=goal, recorded_by=by)
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("participation.recorded", [row, case], by=by)
    return row


def goals_of(case: Case) -> list[Goal]:
    """Open goals of the plan in force: what a service may be given for."""
    rows = Goal.objects.filter(plan__case=case, plan__state=Plan.State.IN_FORCE, state=Goal.State.OPEN)
    return list(rows)


def _begin(case: Case, by: User, name: str, day: date, goal: Goal | None) -> None:
    opening.require_work(case, by)
    casework.require_open(case)
    casework.not_in_future(name, day)
    if goal is not None and goal.plan.case_id != case.pk:
        raise Invalid([Problem("goal", _("This goal stands in the plan of another case."), "another_case")])
