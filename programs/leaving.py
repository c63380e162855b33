"""When somebody leaves: everything that hung on the person moves to another one, in one act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.usersessions.models import UserSession
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from accounts.roles import GRANTS, Permission, Role
from programs import access
from programs.models import ActionPoint, Membership, Project, SupportClearance


class CannotTakeOver(Exception):
    """The successor cannot hold what the leaver held."""


# (who leaves, successor, by) -> how many moved. Asked in the same transaction, after the roles.
Mover = Callable[[User, User, User], int]
_movers: dict[str, Mover] = {}


def moves(name: str) -> Callable[[Mover], Mover]:
    """Let an app above move what hangs on people there; ``name`` stands with the number in the event."""

    def keep(mover: Mover) -> Mover:
        _movers[name] = mover
        return mover

    return keep


@dataclass(frozen=True)
class Held:
    """What moves, counted; the page shows it before anything is done. How many cases somebody has is not told to who sees none."""

    roles: list[Membership]
    action_points: int
    projects: int
    clearances: int

    @property
    def works_cases(self) -> bool:
        return any(Permission.WORK_CASES in GRANTS[Role(row.role)] for row in self.roles)


def what_hangs_on(person: User) -> Held:
    return Held(
        roles=list(_roles(person)),
        action_points=ActionPoint.objects.filter(owner=person, done_at__isnull=True).count(),
        projects=Project.objects.filter(manager=person).count(),
        clearances=SupportClearance.objects.filter(owner=person, valid_until__gte=timezone.localdate()).count(),
    )


def hand_over(person: User, *, to: User, by: User) -> Held:
    """End what the person holds, give it to the successor and close the account. All of it, or nothing.

    What the person once did stays under the person's name. Decisions that wait for a role follow the role. Raises
    access.NotAllowed where ``by`` could not end every one of the roles, access.RoleClash where the successor may not hold one of
    them, CannotTakeOver for a successor who is gone or the same person.
    """
    if to == person or not to.is_active or to.is_service:
        raise CannotTakeOver(_("Choose a colleague who can sign in."))
    if by == person:
        raise access.NotAllowed(_("Somebody else hands over for you."))
    held = what_hangs_on(person)
    for row in held.roles:
        access.require_to_give(by, row)
    if not held.roles and not access.allows(by, Permission.SET_UP):
        raise access.NotAllowed(_("You may not close this account."))
    today = timezone.localdate()
    with transaction.atomic():
        _pass_on_roles(person, held.roles, to, by)
        ActionPoint.objects.filter(owner=person, done_at__isnull=True).update(owner=to, updated_at=timezone.now())
        Project.objects.filter(manager=person).update(manager=to, updated_at=timezone.now())
        SupportClearance.objects.filter(owner=person, valid_until__gte=today).update(owner=to, updated_at=timezone.now())
        access.forget(to)
        moved: dict[str, Any] = {name: mover(person, to, by) for name, mover in sorted(_movers.items())}
        User.objects.filter(pk=person.pk).update(is_active=False, left_on=today)
        audit.record(
            "person.handed_over", [person, to], by=by, roles=len(held.roles), action_points=held.action_points, projects=held.projects,
            clearances=held.clearances, **moved,
        )  # fmt: skip
        for session in UserSession.objects.filter(user=person):
            session.end()
    access.forget(person)
    person.refresh_from_db()
    return held


def _pass_on_roles(person: User, roles: list[Membership], to: User, by: User) -> None:
    """Given before they are ended, so that the last administrator can hand over too. A deputy's days are not handed on."""
    have = set(_roles(to).filter(deputy_for__isnull=True).values_list(*_SCOPE))
    for row in roles:
        if row.deputy_for_id is None and tuple(getattr(row, name) for name in _SCOPE) not in have:
            access.keep(
                Membership(
                    user=to, role=row.role, organization=row.organization, program=row.program, project=row.project, place=row.place,
                    ends_on=row.ends_on, given_by=by,
                ),
                by=by,
            )  # fmt: skip
    for row in [*Membership.objects.live().filter(deputy_for=person).select_related("user", "project", "place"), *roles]:
        access.end(row, by=by)


_SCOPE = ("role", "organization_id", "program_id", "project_id", "place_id")


def _roles(person: User) -> models.QuerySet[Membership]:
    rows = Membership.objects.live().filter(user=person).order_by("id")
    return rows.select_related("user", "organization", "program", "project", "place")
