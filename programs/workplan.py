"""The work plan of a project: lines are drafted, planned, carried out. Planning support waits for its clearance."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing.refusals import Invalid, Problem, Refused
from programs import access, gates
from programs.models import Project, ProjectPartner, Result, WorkPlanLine

Status = WorkPlanLine.Status
GATED = frozenset({Status.PLANNED, Status.UNDER_WAY})
# What may follow, the usual next step first.
MOVES: dict[str, tuple[str, ...]] = {
    Status.DRAFT: (Status.PLANNED, Status.CANCELLED),
    Status.PLANNED: (Status.UNDER_WAY, Status.DONE, Status.DRAFT, Status.CANCELLED),
    Status.UNDER_WAY: (Status.DONE, Status.PLANNED, Status.CANCELLED),
    Status.DONE: (Status.UNDER_WAY,),
    Status.CANCELLED: (Status.DRAFT,),
}


class NoSuchMove(Refused):
    field = "status"

    def __init__(self, line: WorkPlanLine, to: str) -> None:
        super().__init__(
            _("A line that is “%(now)s” cannot become “%(then)s”.") % {"now": line.get_status_display(), "then": Status(to).label}
        )


def add_line(
    *, project: Project, code: str, title: str, partner: Organization, starts_on: date, ends_on: date, by: User,
    result: Result | None = None, place: Place | None = None, supports: Organization | None = None, note: str = "",
) -> WorkPlanLine:  # fmt: skip
    """Draft a line; ``move`` plans it."""
    access.require(by, Permission.EDIT_FRAMEWORK, project=project)
    line = WorkPlanLine(
        project=project, code=code.strip(), title=title, partner=partner, starts_on=starts_on, ends_on=ends_on, result=result, place=place,
        supports=supports, note=note,
    )  # fmt: skip
    _check(line)
    with transaction.atomic():
        line.save()
        audit.record("plan_line.added", [line, project], by=by, code=line.code)
    return line


def change_line(line: WorkPlanLine, *, by: User, **fields: Any) -> WorkPlanLine:
    """Change what a line says. A planned line that now supports somebody passes the gate again."""
    access.require(by, Permission.EDIT_FRAMEWORK, project=line.project)
    unknown = fields.keys() - {"code", "title", "partner", "starts_on", "ends_on", "result", "place", "supports", "note"}
    if unknown:
        raise TypeError(f"a plan line has no {sorted(unknown)}")
    before = line.supports_id
    changed = sorted(name for name, value in fields.items() if getattr(line, name) != value)
    for name, value in fields.items():
        setattr(line, name, value)
    _check(line)
    if line.supports_id != before:
        _pass_gate(line)
    with transaction.atomic():
        line.save()
        audit.record("plan_line.changed", [line, line.project], by=by, code=line.code, changed=changed)
    return line


def move(line: WorkPlanLine, *, to: str, by: User) -> WorkPlanLine:
    """Move a line to another status. Raises ``ClearanceMissing`` where it would plan support that nobody cleared."""
    access.require(by, Permission.EDIT_FRAMEWORK, project=line.project)
    if to not in MOVES[line.status]:
        raise NoSuchMove(line, to)
    before, line.status = line.status, to
    try:
        _pass_gate(line)
        with transaction.atomic():
            if not WorkPlanLine.objects.filter(pk=line.pk, status=before).update(status=to, updated_at=timezone.now()):
                raise NoSuchMove(line, to)
            audit.record("plan_line.moved", [line, line.project], by=by, code=line.code, old=before, new=to)
    except Refused:
        line.status = before
        raise
    return line


def _pass_gate(line: WorkPlanLine) -> None:
    if line.status in GATED and line.supports is not None:
        gates.require_clearance(line.supports, first_day=line.starts_on, today=timezone.localdate())


def _check(line: WorkPlanLine) -> None:
    if line.result is not None and line.result.project_id != line.project_id:
        raise Invalid([Problem("result", _("This result belongs to another project."), "result_of_another_project")])
    if not ProjectPartner.objects.filter(project=line.project, organization=line.partner).exists():
        text = _("%(partner)s is not a partner of this project.") % {"partner": line.partner}
        raise Invalid([Problem("partner", text, "not_a_partner")])
    line.full_clean()
