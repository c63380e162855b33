"""Who may do what, where: memberships turned into conditions on rows, and into yes or no for an act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import GIVES, GRANTS, SECOND_FACTOR, Permission, Role, clash
from locations.models import Place, PlaceTree
from programs.models import Membership, Program, Project, ProjectPartner, ProjectPlace
from programs.scope import Held, forget, held, roles, scope_of, words

if TYPE_CHECKING:
    from accounts.models import Actor

__all__ = ["Held", "forget", "held", "roles", "words"]


class NotAllowed(PermissionDenied):
    """The actor does not hold the permission there."""


class RoleClash(Exception):
    """Two roles that nobody may hold together within one scope."""


class LastAdministrator(Exception):
    """Without an administrator nobody could set the portal up any more."""


def needs_second_factor(user: Actor) -> bool:
    return bool(roles(user) & SECOND_FACTOR)


def allows(
    user: Actor,
    permission: Permission,
    *,
    project: Project | None = None,
    partner: Organization | int | None = None,
    place: Place | None = None,
) -> bool:
    """Whether a membership with this word covers the project, partner and place named."""
    return any(permission in one.words and _covers(one.scope, project, partner, place) for one in held(user))


def require(
    user: Actor,
    permission: Permission,
    *,
    project: Project | None = None,
    partner: Organization | int | None = None,
    place: Place | None = None,
) -> None:
    """Refuse with NotAllowed where no membership covers it; else note for the audit log on whose behalf the permission is used.

    A person's own membership comes first: only what deputizing alone allows is done for the absent colleague.
    """
    covering = [one for one in held(user) if permission in one.words and _covers(one.scope, project, partner, place)]
    if not covering:
        raise NotAllowed(_("You may not do this here: it needs the permission to %(what)s.") % {"what": Permission(permission).label})
    if isinstance(user, User):
        user.acting_for_id = None if any(one.deputy_for is None for one in covering) else covering[0].deputy_for


def require_word(user: Actor, permission: Permission) -> None:
    """For what belongs to no project, such as the indicator library: the word, held anywhere, is enough."""
    if permission not in words(user):
        raise NotAllowed(_("You may not do this: it needs the permission to %(what)s.") % {"what": Permission(permission).label})


def acts_for(user: User) -> frozenset[int]:
    """The people whose deputy this person is today."""
    return frozenset(one.deputy_for for one in held(user) if one.deputy_for is not None)


def behind(user: User) -> frozenset[int]:
    """Who answers for what this caller does: the person, whoever they are the deputy of today, or who issued the key."""
    issuer = {user.api_key.created_by_id} if user.is_service and hasattr(user, "api_key") else set()
    return frozenset({user.pk, *issuer} | acts_for(user))


def holders() -> list[Membership]:
    """Every live membership of an active person: what ``people_who`` is asked of when it is asked many times."""
    return list(
        Membership.objects.live().filter(user__is_active=True, user__is_service=False).select_related("user__organization", "organization")
    )


def people_who(
    permission: Permission,
    *,
    project: Project,
    partner: Organization | None = None,
    among: Iterable[Role] | None = None,
    of: Iterable[Membership] | None = None,
) -> list[User]:
    """Active people whose membership covers the project (and partner) with this word: who is reminded, who may decide."""
    allowed = {Role(role) for role in (among or Role) if permission in GRANTS[Role(role)]}
    rows = (row for row in (holders() if of is None else of) if row.role in allowed)
    found = {row.user_id: row.user for row in rows if _covers(scope_of(row), project, partner, None)}
    return [found[key] for key in sorted(found)]


# Acts


def give(
    *, user: User, role: Role | str, by: User | None, organization: Organization | None = None, program: Program | None = None,
    project: Project | None = None, place: Place | None = None, starts_on: date | None = None, ends_on: date | None = None,
) -> Membership:  # fmt: skip
    """Give a role; ``by`` is None for what runs from the command line.

    Raises NotAllowed where the giver may not give this role in this scope, RoleClash for what nobody may hold together.
    """
    row = Membership(
        user=user, role=Role(role), organization=organization, program=program, project=project, place=place,
        starts_on=starts_on or timezone.localdate(), ends_on=ends_on, given_by=by,
    )  # fmt: skip
    if by is not None:
        require_to_give(by, row)
    return keep(row, by=by)


def end(membership: Membership, *, by: User, on: date | None = None) -> None:
    """End a membership: from the day after ``on`` (default: yesterday, so at once) it gives nothing.

    Whoever may give it may end it, and so may the person who holds it and the colleague whom a deputy stands in for.
    """
    if by.pk not in {membership.user_id, membership.deputy_for_id}:
        require_to_give(by, membership)
    last = on or timezone.localdate() - timedelta(days=1)
    with transaction.atomic():
        if membership.role == Role.ADMINISTRATOR:
            _keep_an_administrator(membership)
        audit.record("membership.ended", [membership, membership.user], by=by, role=membership.role, on=last.isoformat())
        if last < membership.starts_on:
            membership.delete()
        else:
            membership.ends_on = last
            membership.save(update_fields=["ends_on"])
    forget(membership.user)


def deputize(*, absent: User, deputy: User, until: date, by: User, starts_on: date | None = None) -> list[Membership]:
    """Let somebody act for a colleague until a date, with the colleague's roles and scopes.

    A person may name a colleague of the same organization; anybody else is named by who may give all of the roles.
    """
    own = _own_roles(absent)
    if not own:
        raise NotAllowed(_("%(person)s holds no role that somebody could stand in for.") % {"person": absent})
    if not deputy.is_active or deputy.is_service:
        raise NotAllowed(_("%(person)s cannot sign in.") % {"person": deputy})
    if not (by == absent and absent.organization_id is not None and deputy.organization_id == absent.organization_id):
        for row in own:
            require_to_give(by, row)
    if by == deputy:
        raise NotAllowed(_("Nobody gives a role to himself or herself."))
    with transaction.atomic():
        return [
            keep(
                Membership(
                    user=deputy, role=row.role, organization=row.organization, program=row.program, project=row.project, place=row.place,
                    starts_on=starts_on or timezone.localdate(), ends_on=min(until, row.ends_on or until), deputy_for=absent, given_by=by,
                ),
                by=by,
            )
            for row in own
        ]  # fmt: skip


def keep(row: Membership, *, by: User | None) -> Membership:
    """Write a membership that a caller of this app has decided on; still refuses what nobody may hold together."""
    row.full_clean()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=row.user_id)  # two givers at once must not make a clash between them
        beside = Membership.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=row.starts_on), user=row.user)
        if row.ends_on is not None:
            beside = beside.filter(starts_on__lte=row.ends_on)
        for other in beside.select_related("organization", "project"):
            if clash(Role(row.role), Role(other.role)) and _overlap(row, other):
                raise RoleClash(
                    _("%(one)s and %(other)s are never held together for the same data.")
                    % {"one": row.get_role_display(), "other": other.get_role_display()}
                )
        row.save()
        audit.record("membership.given", [row, row.user], by=by, role=row.role, deputy=row.deputy_for_id is not None)
    forget(row.user)
    return row


def may_give(by: User, row: Membership) -> bool:
    """Whether ``by`` holds a membership that may give this role, and whose own scope holds the scope of ``row``."""
    if by.is_service or by.pk == row.user_id:
        return False
    return any(
        Permission.INVITE in one.words and Role(row.role) in GIVES.get(one.role, frozenset()) and _within(row, one.scope)
        for one in held(by)
    )


def require_to_give(by: User, row: Membership) -> None:
    if not may_give(by, row):
        raise NotAllowed(_("You may not give or end the role %(role)s there.") % {"role": row.get_role_display()})


def roles_to_give(by: User) -> list[Role]:
    """The roles that a form offers; whether the scope fits is decided when one is given."""
    offered = {role for one in held(by) if Permission.INVITE in one.words for role in GIVES.get(one.role, frozenset())}
    return [role for role in Role if role in offered]


def appoint_administrator(user: User, *, by: User | None = None) -> Membership:
    """The first administrator of a fresh portal is appointed from the command line."""
    return give(user=user, role=Role.ADMINISTRATOR, by=by)


class RolesBackend:
    """Answers Django's own permission questions (the admin asks them) from memberships; signs nobody in."""

    def authenticate(self, request: Any, **credentials: Any) -> None:
        return None

    def has_perm(self, user: Any, perm: str, obj: object = None) -> bool:
        return self._settled(user, Permission(perm) if perm in Permission.values else Permission.SET_UP)

    def has_module_perms(self, user: Any, app_label: str) -> bool:
        return self._settled(user, Permission.SET_UP)

    def _settled(self, user: Any, word: Permission) -> bool:
        """Memberships settle it: raising ends the question, so that no later backend looks into Django's own tables."""
        if word not in words(user):
            raise PermissionDenied
        return True


def _own_roles(person: User) -> list[Membership]:
    rows = Membership.objects.live().filter(user=person, deputy_for__isnull=True)
    return list(rows.select_related("organization", "program", "project", "place", "user"))


def _keep_an_administrator(leaving: Membership) -> None:
    """Refuse where nobody else would hold the role for as long as this membership gives it. All of them are locked first, so that
    two administrators who end each other's role at the same moment do not both find the other one there."""
    list(Membership.objects.select_for_update().filter(role=Role.ADMINISTRATOR).order_by("pk"))
    rows = Membership.objects.live().filter(role=Role.ADMINISTRATOR, deputy_for__isnull=True, user__is_active=True)
    as_long = Q(ends_on__isnull=True)
    if leaving.ends_on is not None:
        as_long |= Q(ends_on__gte=leaving.ends_on)
    if not rows.filter(as_long).exclude(pk=leaving.pk).exists():
        raise LastAdministrator(_("This is the last administrator. Give the role to somebody else first."))


def _within(row: Membership, scope: Mapping[str, int]) -> bool:
    """Whether the scope of a membership lies inside another one: each filled field of the wider one is met."""
    for field, key in scope.items():
        if field == "program" and key != _program_of(row):
            return False
        if field == "project" and key != row.project_id:
            return False
        if field in {"partner", "donor"} and key != row.organization_id:
            return False
        if field == "place" and (row.place is None or not _place_covers(key, None, row.place)):
            return False
    return True


def _covers(filled: Mapping[str, int], project: Project | None, partner: Organization | int | None, place: Place | None) -> bool:
    partner_id = partner.pk if isinstance(partner, Organization) else partner
    for field, key in filled.items():
        if field == "project" and (project is None or project.pk != key):
            return False
        if field == "program" and (project is None or project.program_id != key):
            return False
        if field == "partner" and not _partner_covers(key, project, partner_id):
            return False
        if field == "place" and not _place_covers(key, project, place):
            return False
        if field == "donor":
            return False
    return True


def _partner_covers(key: int, project: Project | None, partner_id: int | None) -> bool:
    if partner_id is not None:
        return partner_id == key
    return project is not None and ProjectPartner.objects.filter(project=project, organization_id=key).exists()


def _place_covers(key: int, project: Project | None, place: Place | None) -> bool:
    if place is not None:
        return PlaceTree.objects.filter(ancestor_id=key, descendant=place).exists()
    return project is not None and ProjectPlace.objects.filter(project=project, place__above__ancestor_id=key).exists()


def _overlap(one: Membership, other: Membership) -> bool:
    """Two scopes overlap unless they name two different programs, projects or partners."""
    for first, second in ((_program_of(one), _program_of(other)), (one.project_id, other.project_id)):
        if first is not None and second is not None and first != second:
            return False
    mine_partner, their_partner = scope_of(one).get("partner"), scope_of(other).get("partner")
    return mine_partner is None or their_partner is None or mine_partner == their_partner


def _program_of(row: Membership) -> int | None:
    return row.project.program_id if row.project is not None else row.program_id
