"""Counting children and handing them over to child protection. Nothing here knows a child: receipts and monthly counts only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing.refusals import Invalid, Problem, Refused
from programs import access
from programs.models import Project, ProjectPartner
from reintegration.models import ChildCount, ChildHandover, ChildMonth, GraveViolationCount

Cells = Mapping[tuple[str, str], int | None]
EARLIEST = MinValueValidator(datetime(1990, 1, 1, tzinfo=UTC))  # PostgreSQL keeps the year 1 and then cannot give it back in every zone


class AlreadyHandedOver(Refused):
    def __init__(self) -> None:
        super().__init__(_("These children are handed over already. Correct the receipt if it is wrong."))


def hours_allowed() -> int:
    """The hours between identification and handover above which a receipt is flagged; 48 as published in IDDRS 5.20."""
    return practice.whole("child-handover-hours")


def hand_over(
    *, project: Project, partner: Organization, place: Place, identified_at: datetime, by: User, girls: int = 0, boys: int = 0,
    sex_unknown: int = 0, handed_over_at: datetime | None = None, receiver: str = "",
) -> ChildHandover:  # fmt: skip
    """Write a receipt for children identified at a county; without ``handed_over_at`` it is open and its clock runs.

    Raises ``NotAllowed`` and ``Invalid``. The receipt keeps no word about who identified them: the event says who wrote it.
    """
    access.require(by, Permission.COUNT_CHILDREN, project=project, partner=partner, place=place)
    row = ChildHandover(
        project=project, partner=partner, place=place, identified_at=identified_at, girls=girls, boys=boys, sex_unknown=sex_unknown,
        handed_over_at=handed_over_at, receiver=receiver,
    )  # fmt: skip
    _check(row)
    with transaction.atomic():
        row.save()
        audit.record("children.identified" if row.is_open else "children.handed_over", [row, project, partner], by=by, **_late(row))
    return row


def close(receipt: ChildHandover, *, handed_over_at: datetime, receiver: str, by: User) -> ChildHandover:
    """Say when the children of an open receipt were handed over, and to whom. Raises ``AlreadyHandedOver``, ``Invalid``."""
    _require_for(receipt, by)
    with transaction.atomic():
        row = ChildHandover.objects.select_for_update().get(pk=receipt.pk)
        if not row.is_open:
            raise AlreadyHandedOver()
        row.handed_over_at, row.receiver = handed_over_at, receiver
        _check(row)
        row.save()
        audit.record("children.handed_over", [row, row.project, row.partner], by=by, **_late(row))
    receipt.refresh_from_db()
    return receipt


def correct(
    receipt: ChildHandover, *, place: Place, identified_at: datetime, by: User, girls: int = 0, boys: int = 0, sex_unknown: int = 0,
    handed_over_at: datetime | None = None, receiver: str = "",
) -> ChildHandover:  # fmt: skip
    """Correct a receipt: its whole content is given anew. Raises ``NotAllowed``, ``Invalid``."""
    _require_for(receipt, by)
    access.require(by, Permission.COUNT_CHILDREN, project=receipt.project, partner=receipt.partner, place=place)
    with transaction.atomic():
        row = ChildHandover.objects.select_for_update().get(pk=receipt.pk)
        row.place, row.identified_at, row.girls, row.boys, row.sex_unknown = place, identified_at, girls, boys, sex_unknown
        row.handed_over_at, row.receiver = handed_over_at, receiver
        _check(row)
        row.save()
        audit.record("children.receipt_corrected", [row, row.project, row.partner], by=by, **_late(row))
    receipt.refresh_from_db()
    return receipt


def count_month(
    *, project: Project, partner: Organization, place: Place, year: int, month: int, kind: str, cells: Cells, by: User
) -> ChildMonth:
    """Set a month's count of children of one kind at admin 1; given again, it replaces what stood there.

    ``cells`` maps (sex, band) to a number; None or absent is "not counted", a zero is a count. Raises ``NotAllowed``, ``Invalid``.
    """
    access.require(by, Permission.COUNT_CHILDREN, project=project, partner=partner, place=place)
    counted = {key: number for key, number in cells.items() if number is not None}
    row = ChildMonth(project=project, partner=partner, place=place, year=year, month=month, kind=kind)
    problems = [*_partner_problems(project, partner), *_admin_1(place), *_not_ahead(project, year, month)]
    if not counted:
        problems.append(Problem("cells", _("Fill at least one cell; write 0 where you counted and found none."), "empty"))
    if problems:
        raise Invalid(problems)
    row.full_clean(validate_unique=False, validate_constraints=False)
    with transaction.atomic():
        named: dict[str, Any] = {"project": project, "partner": partner, "place": place, "year": year, "month": month, "kind": kind}
        kept, is_new = ChildMonth.objects.select_for_update().get_or_create(**named)
        kept.cells.all().delete()
        rows = [ChildCount(of=kept, sex=sex, band=band, number=number) for (sex, band), number in counted.items()]
        for cell in rows:
            cell.full_clean(exclude=["of"], validate_unique=False)
        ChildCount.objects.bulk_create(rows)
        kept.save(update_fields=["updated_at"])
        audit.record("children.counted", [kept, project, partner], by=by, kind=kind, month=f"{year}-{month:02}", is_new=is_new)
    return kept


def count_violations(
    *, project: Project, partner: Organization, place: Place, year: int, month: int, number: int, by: User
) -> GraveViolationCount:
    """Set how many grave violations against children were heard of in a month at admin 1: a number and nothing else."""
    access.require(by, Permission.COUNT_CHILDREN, project=project, partner=partner, place=place)
    problems = [*_partner_problems(project, partner), *_admin_1(place), *_not_ahead(project, year, month)]
    if problems:
        raise Invalid(problems)
    with transaction.atomic():
        named: dict[str, Any] = {"project": project, "partner": partner, "place": place, "year": year, "month": month}
        row = GraveViolationCount.objects.select_for_update().filter(**named).first() or GraveViolationCount(**named)
        row.number = number
        row.full_clean()
        row.save()
        audit.record("children.violations_counted", [row, project, partner], by=by, month=f"{year}-{month:02}")
    return row


def _require_for(receipt: ChildHandover, by: User) -> None:
    access.require(by, Permission.COUNT_CHILDREN, project=receipt.project, partner=receipt.partner, place=receipt.place)


def _check(row: ChildHandover) -> None:
    problems = _partner_problems(row.project, row.partner)
    if row.place.level not in (Place.Level.ADMIN_1, Place.Level.ADMIN_2):
        problems.append(Problem("place", _("Choose the county (admin 2): nothing more exact is kept about children."), "too_exact"))
    now = timezone.now()
    for name in ("identified_at", "handed_over_at"):
        at = getattr(row, name)
        if at is not None and at > now:
            problems.append(Problem(name, _("This lies in the future. Record it once it has happened."), "in_the_future"))
    try:
        EARLIEST(row.identified_at)
    except ValidationError as wrong:
        problems.append(Problem("identified_at", wrong.messages[0], "too_early"))
    if problems:
        raise Invalid(problems)
    row.full_clean()


def _partner_problems(project: Project, partner: Organization) -> list[Problem]:
    if ProjectPartner.objects.filter(project=project, organization=partner).exists():
        return []
    text = _("%(partner)s is not a partner of %(project)s.") % {"partner": partner, "project": project.code}
    return [Problem("partner", text, "not_a_partner")]


def _admin_1(place: Place) -> list[Problem]:
    if place.level == Place.Level.ADMIN_1:
        return []
    return [Problem("place", _("Choose the state or province (admin 1): counts of children are kept no finer."), "too_exact")]


def _not_ahead(project: Project, year: int, month: int) -> list[Problem]:
    today = timezone.now().astimezone(ZoneInfo(project.time_zone)).date()
    if (year, month) <= (today.year, today.month):
        return []
    return [Problem("month", _("This month lies in the future."), "in_the_future")]


def _late(row: ChildHandover) -> dict[str, Any]:
    return {"hours": row.hours, "late": row.is_later_than(hours_allowed())}
