"""API keys of an organization: the key, its service user and what it may reach, made in one act."""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import keys
from accounts.models import Actor, ApiKey, Organization, User
from accounts.roles import Permission, Role
from programs import access
from programs.models import Membership, Project

ROLE_OF_KEY = {
    Organization.Kind.PARTNER: Role.PARTNER_REPORTER,
    Organization.Kind.AUTHORITY: Role.PARTNER_REPORTER,
    Organization.Kind.AGENCY: Role.MANDE_OFFICER,
    Organization.Kind.DONOR: Role.DONOR_VIEWER,
}


def visible_to(user: Actor) -> models.QuerySet[ApiKey]:
    """The keys of the organizations whose keys this person keeps."""
    condition = Q(pk__in=[])
    for one in access.held(user):
        if Permission.MANAGE_KEYS not in one.words:
            continue
        if not one.scope:
            return ApiKey.objects.all()
        if "partner" in one.scope:
            condition |= Q(organization=one.scope["partner"])
    return ApiKey.objects.filter(condition)


def organizations_for(user: Actor) -> models.QuerySet[Organization]:
    """The organizations for which this person may make a key."""
    condition = Q(pk__in=[])
    for one in access.held(user):
        if Permission.MANAGE_KEYS not in one.words:
            continue
        if not one.scope:
            return Organization.objects.filter(is_active=True)
        if "partner" in one.scope:
            condition |= Q(pk=one.scope["partner"])
    return Organization.objects.filter(condition, is_active=True)


def issue(
    *, organization: Organization, name: str, expires_at: datetime, by: User, may_write: bool = False, may_submit: bool = False,
    may_work_cases: bool = False,    project: Project | None = None,
) -> keys.Issued:  # fmt: skip
    """Make a key that reaches the organization's data, or of it one project's. It never decides: it reads, writes and submits.

    Raises access.NotAllowed for an organization that is not the issuer's to keep keys for, keys.KeyRefused for a wrong end.
    """
    if not organizations_for(by).filter(pk=organization.pk).exists():
        raise access.NotAllowed(_("You may not make keys for %(organization)s.") % {"organization": organization})
    with transaction.atomic():
        issued = keys.create(
            organization=organization, name=name, expires_at=expires_at, by=by, may_write=may_write, may_submit=may_submit,
            may_work_cases=may_work_cases,
        )  # fmt: skip
        reach = Membership(
            user=issued.key.service_user, role=ROLE_OF_KEY[Organization.Kind(organization.kind)], organization=organization, project=project,
            ends_on=expires_at.date(), given_by=by,
        )  # fmt: skip
        access.keep(reach, by=by)
    return issued


def revoke(key: ApiKey, *, by: User) -> None:
    if not visible_to(by).filter(pk=key.pk).exists():
        raise access.NotAllowed(_("You may not revoke keys of %(organization)s.") % {"organization": key.organization})
    keys.revoke(key, by=by)
