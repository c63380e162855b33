"""Recording what happened. A fact is always recordable: what a gate should have stopped is flagged, never refused."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing.refusals import Invalid, Problem, Refused
from programs import access, gates
from programs.models import ActivityAttendance, ActivityRecord, Disaggregation, Project, ProjectPartner, WorkPlanLine

if TYPE_CHECKING:
    from collections.abc import Iterable

Cells = Mapping[Disaggregation, int]


class SheetRecordedBefore(Refused):
    """Not refused for good: the person is asked, and may say that it is another sheet with the same number."""

    field = "sheet_number"

    def __init__(self, earlier: ActivityRecord | None, number: str) -> None:
        self.earlier = earlier
        super().__init__(
            _("Sheet %(number)s is already recorded. If this is another sheet with the same number, say so and save again.")
            % {"number": number}
        )


class CellsAboveTotal(Invalid):
    def __init__(self, cells: int, total: int | None) -> None:
        text = (
            _("Give the total from the sheet: the cells hold %(cells)s.")
            if total is None
            else _("The cells hold %(cells)s, the total says %(total)s. Correct one of them.")
        )
        super().__init__([Problem("people_present", text % {"cells": cells, "total": total}, "cells_above_total")])


@dataclass(frozen=True)
class Recorded:
    """``is_new`` is false where the same record had come before; it is then left as it was."""

    activity: ActivityRecord
    is_new: bool


def record(
    *, project: Project, partner: Organization, kind: str, happened_on: date, place: Place, by: User, line: WorkPlanLine | None = None,
    supports: Organization | None = None, people_present: int | None = None, children_present: int | None = None,
    cells: Cells | None = None, sheet_number: str = "", sheet_repeats: bool = False, note: str = "", external_id: uuid.UUID | None = None,
) -> Recorded:  # fmt: skip
    """Record an activity once per partner and ``external_id``: the same record sent again is found, not doubled.

    ``cells`` count the people of one breakdown; what the total holds beyond them is "not broken down".
    Raises ``NotAllowed``, ``Invalid`` with every problem (``CellsAboveTotal`` among them), and ``SheetRecordedBefore``, which
    ``sheet_repeats=True`` answers.
    """
    access.require(by, Permission.RECORD_ACTIVITIES, project=project, partner=partner, place=place)
    if external_id is not None:
        before = ActivityRecord.objects.filter(partner=partner, external_id=external_id).first()
        if before is not None:
            return Recorded(before, is_new=False)
    row = ActivityRecord(
        project=project, partner=partner, kind=kind, happened_on=happened_on, place=place, line=line,
        supports=supports or (line.supports if line else None), people_present=people_present, children_present=children_present,
        sheet_number=sheet_number.strip(), sheet_repeats=bool(sheet_number.strip()) and sheet_repeats, note=note,
        external_id=external_id or uuid.uuid4(), recorded_by=by,
    )  # fmt: skip
    counted = _counted(cells)
    _check(row, counted)
    _flag(row)
    try:
        with transaction.atomic():
            row.save()
            _fill(row, counted)
            audit.record("activity.recorded", [row, project, partner], by=by, kind=kind, flag=row.flag)
    except IntegrityError:  # the same record or sheet was being saved at the same moment
        before = ActivityRecord.objects.filter(partner=partner, external_id=row.external_id).first()
        if before is None and not row.sheet_number:
            raise
        if before is None:
            raise SheetRecordedBefore(_same_sheet(row), row.sheet_number) from None
        return Recorded(before, is_new=False)
    return Recorded(row, is_new=True)


def correct(
    activity: ActivityRecord, *, kind: str, happened_on: date, place: Place, by: User, line: WorkPlanLine | None = None,
    supports: Organization | None = None, people_present: int | None = None, children_present: int | None = None,
    cells: Cells | None = None, sheet_number: str = "", sheet_repeats: bool = False, note: str = "",
) -> ActivityRecord:  # fmt: skip
    """Correct a record: the whole content is given anew. The flag is set again where recipient or date changed.

    Raises what ``record`` raises.
    """
    for spot in (activity.place, place):
        access.require(by, Permission.RECORD_ACTIVITIES, project=activity.project, partner=activity.partner, place=spot)
    before = (activity.supports_id, activity.happened_on)
    names = ["kind", "happened_on", "place_id", "line_id", "people_present", "children_present", "sheet_number", "note"]
    old = {name: getattr(activity, name) for name in names}
    activity.kind, activity.happened_on, activity.place, activity.line = kind, happened_on, place, line
    activity.supports = supports or (line.supports if line else None)
    activity.people_present, activity.children_present = people_present, children_present
    activity.sheet_number = sheet_number.strip()
    activity.sheet_repeats, activity.note = bool(activity.sheet_number) and sheet_repeats, note
    counted = _counted(cells)
    _check(activity, counted)
    if before != (activity.supports_id, activity.happened_on):
        _flag(activity)
    changed = sorted(name.removesuffix("_id") for name in names if old[name] != getattr(activity, name))
    with transaction.atomic():
        activity.save()
        activity.attendance.all().delete()
        _fill(activity, counted)
        audit.record("activity.corrected", [activity, activity.project, activity.partner], by=by, changed=changed)
    return activity


def not_broken_down(activity: ActivityRecord, cells: Iterable[int]) -> int | None:
    """How many of the people present are in no cell; none where nobody counted."""
    return None if activity.people_present is None else activity.people_present - sum(cells)


def _counted(cells: Cells | None) -> dict[Disaggregation, int]:
    """The cells somebody filled; an empty cell is "not broken down", a zero is a count."""
    return {cell: number for cell, number in (cells or {}).items() if number is not None}


def _check(row: ActivityRecord, cells: dict[Disaggregation, int]) -> None:
    problems = []
    if row.happened_on > timezone.now().astimezone(ZoneInfo(row.project.time_zone)).date():
        problems.append(Problem("happened_on", _("The date lies in the future. Record it once it has happened."), "in_the_future"))
    if not ProjectPartner.objects.filter(project=row.project, organization=row.partner).exists():
        text = _("%(partner)s is not a partner of %(project)s.") % {"partner": row.partner, "project": row.project.code}
        problems.append(Problem("partner", text, "not_a_partner"))
    if row.line is not None and row.line.project_id != row.project_id:
        problems.append(Problem("line", _("This work-plan line belongs to another project."), "line_of_another_project"))
    if len({_dimensions(cell) for cell in cells}) > 1 or any(not cell.key for cell in cells):
        text = _("All cells belong to one breakdown, such as sex × age, and name a category.")
        problems.append(Problem("cells", text, "mixed_breakdowns"))
    if problems:
        raise Invalid(problems)
    if cells and (row.people_present is None or sum(cells.values()) > row.people_present):
        raise CellsAboveTotal(sum(cells.values()), row.people_present)
    if row.sheet_number and not row.sheet_repeats:
        earlier = _same_sheet(row)
        if earlier is not None:
            raise SheetRecordedBefore(earlier, row.sheet_number)
    row.full_clean(validate_unique=False, validate_constraints=False)


def _dimensions(cell: Disaggregation) -> frozenset[str]:
    return frozenset(part.partition("=")[0] for part in cell.key.split("|"))


def _same_sheet(row: ActivityRecord) -> ActivityRecord | None:
    others = ActivityRecord.objects.filter(partner=row.partner, sheet_number=row.sheet_number, sheet_repeats=False)
    return others.exclude(pk=row.pk).first()


def _flag(row: ActivityRecord) -> None:
    """Support counts as cleared only by a positive decision in force on the day it happened."""
    missing = row.supports is not None and gates.clearance_of(row.supports, row.happened_on) is None
    row.flag = ActivityRecord.Flag.WITHOUT_CLEARANCE if missing else ActivityRecord.Flag.NONE
    row.cured_at, row.cured_by_clearance = None, None


def _fill(row: ActivityRecord, cells: dict[Disaggregation, int]) -> None:
    ActivityAttendance.objects.bulk_create(
        ActivityAttendance(activity=row, disaggregation=cell, number=number) for cell, number in cells.items()
    )
