"""Recording institutions: who they are, which projects work with them, and how they are staffed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from institutions.models import Engagement, Institution, StaffCell, StaffCount
from locations.models import Place
from plumbing.refusals import Invalid, Problem
from programs import access, disaggregations
from programs.models import Project, ProjectPartner

Kind = Institution.Kind
Cells = Mapping[str, int]
FIELDS = frozenset({"kind", "commands_forces", "parent", "place", "posts", "note"})
# IATI organisation type of an institution that is recorded by name; government where nothing else is said.
IATI_TYPES = {Kind.LOCAL_GOVERNMENT: "11", Kind.OVERSIGHT_BODY: "15", Kind.CIVIL_SOCIETY: "22"}


def require(by: User, institution: Institution, word: Permission = Permission.RECORD_INSTITUTIONS) -> None:
    """Refuse who does not hold the word for one of the projects that work with it, or for its place."""
    for one in institution.engagements.select_related("project", "partner"):
        where: dict[str, Any] = {"project": one.project, "partner": one.partner, "place": institution.place}
        if access.allows(by, word, **where):
            return access.require(by, word, **where)
    access.require(by, word, place=institution.place)


def record(
    *, project: Project, kind: str, place: Place, by: User, organization: Organization | None = None, name: str = "",
    partner: Organization | None = None, **fields: Any,
) -> Institution:  # fmt: skip
    """Record an institution: of an organization that is known, or of a new one with this name."""
    access.require(by, Permission.RECORD_INSTITUTIONS, project=project, partner=partner, place=place)
    _check_fields(fields)
    if (organization is None) == (not name.strip()):
        raise Invalid([Problem("name", _("Choose an organization from the list, or give the name of a new one."), "one_of_two")])
    _check_partner(project, partner)
    with transaction.atomic():
        if organization is None:
            iati_type = IATI_TYPES.get(Kind(kind), "10")
            organization = Organization(name=name.strip(), kind=Organization.Kind.AUTHORITY, iati_type=iati_type)
            organization.full_clean()
            organization.save()
        row = Institution(organization=organization, kind=kind, place=place, recorded_by=by, **fields)
        row.full_clean()
        row.save()
        Engagement.objects.create(institution=row, project=project, partner=partner)
        audit.record("institution.recorded", [row, organization, project], by=by, kind=kind)
    return row


def change(institution: Institution, *, by: User, **fields: Any) -> Institution:
    """Change the profile. Its name is changed with the organization."""
    require(by, institution)
    _check_fields(fields)
    changed = sorted(name for name, value in fields.items() if getattr(institution, name) != value)
    for name, value in fields.items():
        setattr(institution, name, value)
    _check_line(institution)
    institution.full_clean()
    with transaction.atomic():
        institution.save()
        audit.record("institution.changed", [institution, institution.organization], by=by, changed=changed)
    return institution


def engage(institution: Institution, *, project: Project, by: User, partner: Organization | None = None) -> Engagement:
    """Another project, or another partner of it, works with the institution from now on and sees it."""
    access.require(by, Permission.RECORD_INSTITUTIONS, project=project, partner=partner, place=institution.place)
    _check_partner(project, partner)
    row = Engagement(institution=institution, project=project, partner=partner)
    row.full_clean()
    with transaction.atomic():
        row.save()
        Institution.objects.filter(pk=institution.pk).update(updated_at=timezone.now())
        audit.record("institution.engaged", [institution, project], by=by)
    return row


def count_staff(institution: Institution, *, counted_on: date, total: int, source: str, by: User, cells: Cells | None = None) -> StaffCount:
    """Keep a count of the staff. ``cells`` are numbers by key, such as ``rank=senior|sex=female``; the rest is not broken down."""
    require(by, institution)
    problems = []
    if counted_on > timezone.localdate():
        problems.append(Problem("counted_on", _("The day lies in the future."), "in_the_future"))
    known = {key: number for key, number in (cells or {}).items() if number is not None}
    if sum(known.values()) > total:
        text = _("The cells hold %(cells)s, the total says %(total)s. Correct one of them.")
        problems.append(Problem("total", text % {"cells": sum(known.values()), "total": total}, "cells_above_total"))
    if problems:
        raise Invalid(problems)
    row = StaffCount(institution=institution, counted_on=counted_on, total=total, source=source, recorded_by=by)
    row.full_clean()
    ids = disaggregations.ensure(known)
    with transaction.atomic():
        row.save()
        StaffCell.objects.bulk_create(StaffCell(count=row, disaggregation_id=ids[key], number=known[key]) for key in sorted(known))
        Institution.objects.filter(pk=institution.pk).update(updated_at=timezone.now())
        audit.record("institution.staff_counted", [institution], by=by, on=str(counted_on))
    return row


def _check_fields(fields: Mapping[str, Any]) -> None:
    unknown = fields.keys() - FIELDS
    if unknown:
        raise TypeError(f"an institution has no {sorted(unknown)}")


def _check_partner(project: Project, partner: Organization | None) -> None:
    if partner is not None and not ProjectPartner.objects.filter(project=project, organization=partner).exists():
        text = _("%(partner)s is not a partner of %(project)s.") % {"partner": partner, "project": project.code}
        raise Invalid([Problem("partner", text, "not_a_partner")])


def _check_line(institution: Institution) -> None:
    """No ring of commands: whoever it answers to does not answer to it."""
    above, seen = institution.parent, {institution.pk}
    while above is not None:
        if above.pk in seen:
            raise Invalid([Problem("parent", _("These would answer to each other in a ring."), "ring")])
        seen.add(above.pk)
        above = above.parent
