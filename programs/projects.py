"""Setting up programs and projects: what they are, how their money is shared out, who takes part and where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing.refusals import Invalid, Problem, Refused
from programs import access, framework, gates
from programs.models import Marker, Program, Project, ProjectLevel, ProjectPartner, ProjectPlace, ProjectTheme, Theme
from programs.models.projects import ActivityStatus

PROGRAM_FIELDS = frozenset({"code", "name", "description", "status", "starts_on", "ends_on", "organization"})
LONGEST_YEARS = 50  # a year mistyped as 9206 would lay out periods for all of them
PROJECT_FIELDS = frozenset(
    {"code", "title", "description", "starts_on", "ends_on", "first_ends_on", "time_zone", "sensitivity", "manager"}
)  # fmt: skip


class SharesNotWhole(Invalid):
    """Shares of a project's money add up to 100, so that each unit of money is counted once."""

    def __init__(self, path: str, total: int) -> None:
        text = _("The shares add up to %(total)s; make them 100.") % {"total": total}
        super().__init__([Problem(path, text, "shares_not_whole")])


def create_program(*, by: User, **fields: Any) -> Program:
    access.require(by, Permission.SET_UP)
    return _save_program(Program(), by, "program.created", fields)


def change_program(program: Program, *, by: User, **fields: Any) -> Program:
    _may_edit(program, by)
    return _save_program(program, by, "program.changed", fields)


def create_project(*, program: Program, by: User, themes: Mapping[Theme, int], levels: Mapping[str, int], **fields: Any) -> Project:
    """Set a project up in the pipeline; ``change_status`` moves it on once its review has passed."""
    _may_edit(program, by)
    project = Project(program=program, status=ActivityStatus.PIPELINE)
    _fill(project, fields, PROJECT_FIELDS)
    _check(project)
    with transaction.atomic():
        project.save()
        _write_shares(project, themes, levels)
        audit.record("project.created", [project, program], by=by, code=project.code)
    return project


def change_project(project: Project, *, by: User, **fields: Any) -> Project:
    access.require(by, Permission.EDIT_FRAMEWORK, project=project)
    changed = _fill(project, fields, PROJECT_FIELDS)
    _check(project)
    with transaction.atomic():
        project.save(update_fields=[*fields, "updated_at"])
        audit.record("project.changed", [project], by=by, changed=changed)
    return project


def change_status(project: Project, *, to: str, by: User, override_reason: str = "") -> Project:
    """Move a project on. Implementation waits for a conflict-sensitivity review in force.

    Where the portal's setting allows it, a person who does not manage the project may let it start with a reason instead.
    Raises ``gates.ReviewMissing``.
    """
    access.require(by, Permission.EDIT_FRAMEWORK, project=project)
    overridden = False
    if to == ActivityStatus.IMPLEMENTATION and project.status != to:
        try:
            gates.require_review(project, day=timezone.localdate())
        except gates.ReviewMissing:
            overridden = bool(override_reason.strip()) and _may_override(project, by)
            if not overridden:
                raise
    before = project.status
    with transaction.atomic():
        project.status = to
        project.full_clean(exclude=[f.name for f in project._meta.fields if f.name != "status"], validate_unique=False)
        project.save(update_fields=["status", "updated_at"])
        audit.record("project.status_changed", [project], by=by, old=before, new=to, overridden=overridden)
        if overridden:
            framework.note_change(project, by=by, what=_("started without a conflict-sensitivity review"), reason=override_reason.strip())
    return project


def set_shares(project: Project, *, themes: Mapping[Theme, int], levels: Mapping[str, int], by: User) -> None:
    """How the project's money is shared over themes and over levels: at least one of each, each together 100."""
    access.require(by, Permission.EDIT_FRAMEWORK, project=project)
    with transaction.atomic():
        _write_shares(project, themes, levels)
        audit.record("project.shares_set", [project], by=by, themes=len(themes), levels=len(levels))


def set_marker(
    project: Project, *, scheme: str, value: str, justification: str, by: User, share: int | None = None, screened_on: date | None = None
) -> Marker:
    """Give a project a marker with its justification. A scheme with one score replaces it; pillars and targets stand side by side."""
    access.require(by, Permission.EDIT_FRAMEWORK, project=project)
    several = scheme in {Marker.Scheme.SDG_TARGET, Marker.Scheme.NEXUS}
    with transaction.atomic():
        rows = Marker.objects.filter(project=project, scheme=scheme)
        marker = (rows.filter(value=value) if several else rows).first() or Marker(project=project, scheme=scheme)
        marker.value, marker.justification, marker.share = value, justification, share
        marker.screened_on, marker.screened_by = screened_on or timezone.localdate(), by
        marker.full_clean()
        marker.save()
        audit.record("project.marker_set", [project], by=by, scheme=scheme, value=value)
    return marker


def set_nexus(project: Project, *, shares: Mapping[str, int], justification: str, by: User) -> None:
    """How the budget is shared over the humanitarian, development and peace pillars; together 100."""
    access.require(by, Permission.EDIT_FRAMEWORK, project=project)
    given = {pillar: share for pillar, share in shares.items() if share}
    if sum(given.values()) != 100:
        raise SharesNotWhole("nexus", sum(given.values()))
    with transaction.atomic():
        Marker.objects.filter(project=project, scheme=Marker.Scheme.NEXUS).exclude(value__in=given).delete()
        for pillar, share in given.items():
            set_marker(project, scheme=Marker.Scheme.NEXUS, value=pillar, share=share, justification=justification, by=by)


def remove_marker(marker: Marker, *, by: User) -> None:
    access.require(by, Permission.EDIT_FRAMEWORK, project=marker.project)
    with transaction.atomic():
        audit.record("project.marker_removed", [marker.project], by=by, scheme=marker.scheme, value=marker.value)
        marker.delete()


def add_partner(
    project: Project, *, organization: Organization, by: User, role: str = ProjectPartner.Role.IMPLEMENTING, starts_on: date | None = None,
    ends_on: date | None = None,
) -> ProjectPartner:  # fmt: skip
    access.require(by, Permission.EDIT_FRAMEWORK, project=project)
    row = ProjectPartner(project=project, organization=organization, role=role, starts_on=starts_on, ends_on=ends_on)
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("project.partner_added", [project, organization], by=by, role=role)
    return row


def change_partner(row: ProjectPartner, *, by: User, role: str, starts_on: date | None, ends_on: date | None) -> ProjectPartner:
    access.require(by, Permission.EDIT_FRAMEWORK, project=row.project)
    row.role, row.starts_on, row.ends_on = role, starts_on, ends_on
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("project.partner_changed", [row.project, row.organization], by=by, role=role)
    return row


def remove_partner(row: ProjectPartner, *, by: User) -> None:
    """Only a partner that owes and recorded nothing here leaves no trace; any other is ended with a date."""
    project, organization = row.project, row.organization
    access.require(by, Permission.EDIT_FRAMEWORK, project=project)
    owes = organization.assignments.filter(indicator__project=project).exists()
    last = not project.partners.filter(organization=organization).exclude(pk=row.pk).exists()
    if last and (
        owes or organization.activities.filter(project=project).exists() or organization.plan_lines.filter(project=project).exists()
    ):
        raise Refused(_("%(partner)s has work or reports in this project: give its role an end date instead.") % {"partner": organization})
    with transaction.atomic():
        row.delete()
        audit.record("project.partner_removed", [project, organization], by=by)


def add_place(project: Project, *, place: Place, by: User) -> ProjectPlace:
    access.require(by, Permission.EDIT_FRAMEWORK, project=project)
    row = ProjectPlace(project=project, place=place)
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("project.place_added", [project], by=by, place=place.code)
    return row


def remove_place(row: ProjectPlace, *, by: User) -> None:
    access.require(by, Permission.EDIT_FRAMEWORK, project=row.project)
    with transaction.atomic():
        audit.record("project.place_removed", [row.project], by=by, place=row.place.code)
        row.delete()


def may_create_in(program: Program, user: User) -> bool:
    """Whoever edits frameworks in the whole program; a scope of one project, partner or place is not enough."""
    return any(
        Permission.EDIT_FRAMEWORK in one.words and (not one.scope or dict(one.scope) == {"program": program.pk})
        for one in access.held(user)
    )


def _may_edit(program: Program, by: User) -> None:
    if not may_create_in(program, by):
        raise access.NotAllowed(_("You may not do this here: it needs the permission to edit the whole program."))


def _may_override(project: Project, by: User) -> bool:
    return bool(practice.whole("sensitivity-gate-override")) and project.manager_id != by.pk


def _save_program(program: Program, by: User, event: str, fields: Mapping[str, Any]) -> Program:
    changed = _fill(program, fields, PROGRAM_FIELDS)
    program.full_clean()
    with transaction.atomic():
        program.save()
        audit.record(event, [program], by=by, code=program.code, changed=changed)
    return program


def _fill(row: models.Model, fields: Mapping[str, Any], known: frozenset[str]) -> list[str]:
    unknown = fields.keys() - known
    if unknown:
        raise TypeError(f"{sorted(unknown)} is not set here")
    changed = [name for name, value in fields.items() if getattr(row, name, None) != value]
    for name, value in fields.items():
        setattr(row, name, value)
    return sorted(changed)


def _check(project: Project) -> None:
    if project.time_zone not in available_timezones():
        text = _("“%(zone)s” is not a time zone; write it like Africa/Juba.") % {"zone": project.time_zone}
        raise Invalid([Problem("time_zone", text, "unknown_time_zone")])
    project.full_clean()
    if project.ends_on.year - project.starts_on.year > LONGEST_YEARS:
        text = _("A project lasts at most %(years)s years. Look at its dates again.") % {"years": LONGEST_YEARS}
        raise Invalid([Problem("ends_on", text, "too_long")])


def _write_shares(project: Project, themes: Mapping[Theme, int], levels: Mapping[str, int]) -> None:
    for path, shares in (("themes", themes), ("levels", levels)):
        if not shares:
            raise Invalid([Problem(path, _("Choose at least one, with its share of the money."), "none_chosen")])
        if sum(shares.values()) != 100:
            raise SharesNotWhole(path, sum(shares.values()))
    project.themes.all().delete()
    project.levels.all().delete()
    for theme, share in themes.items():
        row = ProjectTheme(project=project, theme=theme, share=share)
        row.full_clean()
        row.save()
    for level, share in levels.items():
        part = ProjectLevel(project=project, level=level, share=share)
        part.full_clean()
        part.save()
