"""Which rows a person may see: memberships read once per request and turned into one condition per list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.apps import apps
from django.db import models
from django.db.models import Q

from accounts.models import Organization, User
from accounts.roles import GRANTS, PARTNER_ROLES, Permission, Role

if TYPE_CHECKING:
    from accounts.models import Actor
    from programs.models.access import Membership

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Held:
    """One live membership, reduced to what decides: its words and its filled fields."""

    id: int
    role: Role
    words: frozenset[Permission]
    scope: Mapping[str, int]
    organization: int | None
    deputy_for: int | None


@dataclass(frozen=True)
class Via:
    """A scope field reached over a table with many rows per object: asked as a sub-select, so that no row comes twice."""

    anchor: str  # path from the listed model to what the table hangs on; "pk" for the model itself
    model: str  # such as "programs.ProjectPartner"
    key: str  # the table's key back to the anchor
    target: str  # the table's key to the scope object


PROJECT_PARTNER = Via("project", "programs.ProjectPartner", "project", "organization")
PROJECT_PLACE = Via("project", "programs.ProjectPlace", "project", "place")


class ScopedQuerySet(models.QuerySet[Row]):
    """``scope_paths`` says how to reach project, program, partner and place from the model; ``read_permission`` which word reads it."""

    scope_paths: ClassVar[Mapping[str, str | Via]] = {}
    read_permission: ClassVar[Permission] = Permission.READ_PROGRAM

    def visible_to(self, user: Actor, permission: Permission | None = None) -> Self:
        """Rows within the memberships of ``user`` that hold ``permission`` (default: the model's reading permission)."""
        return self.filter(scope(user, self.scope_paths, permission or self.read_permission))

    def narrowed_to(self, program: int) -> Self:
        """Of these the rows of one program (``plumbing.narrowing``); what belongs to none is not among them."""
        return self.filter(within("program", self.scope_paths["program"], [program]))


def held(user: Actor) -> tuple[Held, ...]:
    """The live memberships of a person, read once per request (kept on the user object)."""
    if not isinstance(user, User) or not user.is_active:
        return ()
    kept: tuple[Held, ...] | None = user.__dict__.get("_held")
    if kept is None:
        kept = user.__dict__["_held"] = tuple(_read(user))
    return kept


def forget(user: User) -> None:
    """Read the memberships again at the next question."""
    user.__dict__.pop("_held", None)


def words(user: Actor) -> frozenset[Permission]:
    """Every word the person holds somewhere: what the navigation shows."""
    return frozenset().union(*(one.words for one in held(user)))


def roles(user: Actor) -> frozenset[Role]:
    return frozenset(one.role for one in held(user))


def scope(user: Actor, paths: Mapping[str, str | Via], permission: Permission) -> Q:
    """The condition for rows within the memberships that hold ``permission``.

    Memberships are grouped by which fields are filled: single fields become one IN each, composites AND terms, all ORed.
    A field the model has no path for cannot be checked and therefore gives nothing.
    """
    singles: dict[str, set[int]] = defaultdict(set)
    condition = Q(pk__in=[])
    for one in held(user):
        if permission not in one.words:
            continue
        if not one.scope:
            return Q()
        if not set(one.scope) <= set(paths):
            continue
        if len(one.scope) == 1:
            ((field, key),) = one.scope.items()
            singles[field].add(key)
            continue
        term = Q()
        for field, key in one.scope.items():
            term &= within(field, paths[field], [key])
        condition |= term
    for field, ids in singles.items():
        condition |= within(field, paths[field], sorted(ids))
    return condition


def program_scope(user: Actor) -> Q:
    """Programs held whole, and those with a project one may read."""
    own: set[int] = set()
    for one in held(user):
        if Permission.READ_PROGRAM not in one.words:
            continue
        if not one.scope:
            return Q()
        if set(one.scope) == {"program"}:
            own.add(one.scope["program"])
    return Q(pk__in=own) | Q(pk__in=apps.get_model("programs.Project").objects.visible_to(user).values("program"))


def grant_scope(user: Actor) -> Q:
    """Grants of projects whose money one reads, and a donor viewer's own."""
    donors = [one.organization for one in held(user) if one.role == Role.DONOR_VIEWER and one.organization is not None]
    projects = apps.get_model("programs.Project").objects.visible_to(user, Permission.READ_MONEY)
    whole = any(not one.scope and Permission.READ_MONEY in one.words for one in held(user))
    if whole:
        return Q()
    granted = apps.get_model("programs.GrantProject").objects.filter(project__in=projects)
    return Q(donor__in=donors) | Q(pk__in=granted.values("grant"))


def is_staff_reader(user: Actor) -> bool:
    """Holds a reading role of the agency, not only a partner's or a donor's."""
    return any(Permission.READ_PROGRAM in one.words and one.role not in PARTNER_ROLES for one in held(user))


def within(field: str, path: str | Via, ids: Collection[int]) -> Q:
    """The condition "this row's ``field`` is one of ``ids``"; a place takes everything below it."""
    if isinstance(path, Via):
        table = apps.get_model(path.model)
        rows = table._default_manager.filter(within(field, path.target, ids)).values(path.key)
        return Q(**{f"{path.anchor}__in": rows})
    if field == "place":
        tree = apps.get_model("locations.PlaceTree")
        return Q(**{f"{path}__in": tree._default_manager.filter(ancestor__in=ids).values("descendant")})
    return Q(**{f"{path}__in": list(ids)})


def _read(user: User) -> Iterable[Held]:
    key = getattr(user, "api_key", None) if user.is_service else None
    for row in apps.get_model("programs.Membership").objects.live().filter(user=user).select_related("organization").order_by("id"):
        role = Role(row.role)
        granted = GRANTS[role]
        if user.is_service:
            granted = _of_key(granted, key, role)
        yield Held(row.pk, role, granted, scope_of(row), row.organization_id, row.deputy_for_id)


def _of_key(granted: frozenset[Permission], key: Any, role: Role) -> frozenset[Permission]:
    """What a key may do of what its role holds: read; write and submit only where the key says so; never decide."""
    if key is None or not key.is_live:
        return frozenset()
    reading = {word for word in granted if word.value.startswith("read_")}
    if key.may_write:
        reading |= granted & {
            Permission.ENTER_FIGURES,
            Permission.RECORD_ACTIVITIES,
            Permission.RECORD_SURVEYS,
            Permission.EDIT_ACTION_POINTS,
            Permission.EDIT_MONEY,
            Permission.RECORD_COMMUNITIES,
            Permission.RECORD_FORUMS,
        }
    if key.may_submit:
        reading |= granted & {Permission.SUBMIT_FIGURES}
    if key.may_work_cases and role in PARTNER_ROLES:
        # A partner's own cases, by a key that was made for them; the endpoints ask for ``may_write`` before they write.
        reading |= {Permission.WORK_CASES, Permission.COUNT_CHILDREN}
    return frozenset(reading)


def scope_of(row: Membership) -> dict[str, int]:
    """The filled fields. The agency's own root organization does not narrow: its data is the portal's."""
    found = {"project": row.project_id, "program": row.program_id, "place": row.place_id}
    if row.organization_id is not None:
        office = row.organization
        assert office is not None
        if row.role == Role.DONOR_VIEWER:
            found["donor"] = row.organization_id
        elif office.kind != Organization.Kind.AGENCY or office.parent_id is not None:
            found["partner"] = row.organization_id
    return {field: key for field, key in found.items() if key is not None}
