"""Which colleagues and organizations a person keeps: their accounts, roles and keys."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Actor, Organization, User
from accounts.roles import Permission
from programs import access
from programs.models import Membership


def visible_to(user: Actor) -> QuerySet[User]:
    """People (no service users) whose accounts this person keeps; always oneself.

    Whoever invites for the agency or sets up sees everybody; a partner's manager sees who works for the partner or holds a role
    for its data.
    """
    everybody = User.objects.filter(is_service=False)
    partners = _kept_partners(user)
    if partners is None:
        return everybody
    found = Q(organization__in=partners) | Q(pk__in=Membership.objects.live().filter(organization__in=partners).values("user"))
    return everybody.filter(found | Q(pk=getattr(user, "pk", None)))


def organizations_visible_to(user: Actor) -> QuerySet[Organization]:
    partners = _kept_partners(user)
    return Organization.objects.all() if partners is None else Organization.objects.filter(Q(pk__in=partners) | Q(parent__in=partners))


def roles_of(person: User, *, seen_by: Actor) -> QuerySet[Membership]:
    """The person's live and coming roles; a partner's manager sees those for the partner's data only, everybody sees their own."""
    rows = (
        Membership.objects.current().filter(user=person).select_related("organization", "program", "project", "place", "deputy_for", "user")
    )
    partners = _kept_partners(seen_by)
    return rows if partners is None or person == seen_by else rows.filter(organization__in=partners)


def save_organization(organization: Organization, *, by: User) -> None:
    """Write a new or changed organization: whoever sets up writes any, a partner's manager corrects its own."""
    own = organization.pk is not None and organization.pk in (_kept_partners(by) or [])
    if not own and Permission.SET_UP not in access.words(by):
        raise access.NotAllowed(_("You may not change this organization."))
    organization.full_clean()
    with transaction.atomic():
        fresh = organization.pk is None
        organization.save()
        audit.record("organization.made" if fresh else "organization.changed", [organization], by=by)


def _kept_partners(user: Actor) -> list[int] | None:
    """The partners whose people this person keeps; None: everybody's."""
    partners: list[int] = []
    for one in access.held(user):
        if Permission.SET_UP in one.words:
            return None
        if Permission.INVITE not in one.words:
            continue
        if "partner" not in one.scope:
            return None
        partners.append(one.scope["partner"])
    return partners
