"""What the codes and ids in a request name, and for which organization a caller writes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Organization, User
from accounts.roles import Permission
from plumbing.refusals import Invalid, Problem
from programs import access
from programs.models import Project


def visible_project(code: str, user: User) -> Project:
    """The project with this code; one that is not the caller's to see reads like one that is not there (422)."""
    project = Project.objects.visible_to(user).filter(code=code).first()
    if project is None:
        raise Invalid([Problem("project", _("There is no project “%(code)s”.") % {"code": code}, "unknown")])
    return project


def visible_record(model: Any, pk: int | None, user: User, name: str) -> Any:
    """The record with this id, None without an id; one that is not the caller's to see reads like one that is not there (422)."""
    found = None if pk is None else model.objects.visible_to(user).filter(pk=pk).first()
    if found is None and pk is not None:
        raise Invalid([Problem(name, _("There is nothing with this id that you may see."), "unknown")])
    return found


def authority(pk: int | None, name: str) -> Organization | None:
    """The authority with this id, None without an id."""
    found = None if pk is None else Organization.objects.filter(pk=pk, kind=Organization.Kind.AUTHORITY, is_active=True).first()
    if found is None and pk is not None:
        raise Invalid([Problem(name, _("There is no authority with this id."), "unknown")])
    return found


def writing_for(user: User, permission: Permission, *, project: Project, partner: int | None) -> Organization:
    """The partner named, or the only one the caller may write for here. A stranger's is refused like one that is not there (403)."""
    if partner is not None:
        access.require(user, permission, project=project, partner=partner)
        found = Organization.objects.filter(pk=partner, project_roles__project=project).distinct().first()
        if found is None:
            raise Invalid(
                [Problem("partner", _("This organization is not a partner of %(project)s.") % {"project": project.code}, "unknown")]
            )
        return found
    own = {one.scope["partner"] for one in access.held(user) if permission in one.words and "partner" in one.scope}
    mine = list(Organization.objects.filter(pk__in=own, project_roles__project=project).distinct()[:2])
    if len(mine) != 1:
        access.require(user, permission, project=project)
        raise Invalid([Problem("partner", _("Say for which organization: give its id as “partner”."), "required")])
    return mine[0]
