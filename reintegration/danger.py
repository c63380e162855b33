"""Before the decision nothing is written down: whom to turn to instead, by word of mouth, where somebody is in danger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from accounts.roles import Permission, Role
from locations.models import PlaceTree
from plumbing import together
from programs import access
from programs.models import Membership
from reintegration import pathways
from reintegration.models import Case, MappedService, ProtectionContact, ServiceKind, State

# Help that cannot wait for a decision; the person is told of it and goes by herself or himself.
URGENT = (ServiceKind.PROTECTION, ServiceKind.HEALTH, ServiceKind.PSYCHOSOCIAL, ServiceKind.LEGAL)
SHOWN = 6


@dataclass(frozen=True)
class Help:
    """``offices``: child protection, for who may be a child after all. ``next``: the step ahead, where there is one."""

    supervisors: Sequence[User]
    services: Sequence[MappedService]
    offices: Sequence[ProtectionContact]
    next: State | None


def whom_to_turn_to(case: Case) -> Help | None:
    """The supervisors of the case, help near it that takes people, child protection. None once the person is admitted. One query."""
    if case.is_admitted:
        return None
    holders = (
        Membership.objects.live().filter(role=Role.CASE_SUPERVISOR, user__is_active=True, user__is_service=False).select_related("user")
    )
    near = PlaceTree.objects.filter(ancestor=case.place_id, descendant=OuterRef("place"))
    services = MappedService.objects.filter(program=case.project.program_id, status=MappedService.Status.OPEN, kind__in=URGENT)
    services = services.select_related("place").annotate(is_near=Exists(near)).order_by("-is_near", "kind", "provider")[:SHOWN]
    around = PlaceTree.objects.filter(descendant=case.place_id).values("ancestor")
    offices = ProtectionContact.objects.filter(Q(place__isnull=True) | Q(place__in=around)).select_related("place")
    left_out = pathways.left_out(case)
    together.fetch(holders, services, offices, left_out)
    case.left_out = frozenset(left_out)  # type: ignore[attr-defined]  # for ``pathways.steps_of``
    people = access.people_who(Permission.SUPERVISE_CASES, project=case.project, partner=case.partner, of=holders)
    return Help(people, list(services), list(offices), pathways.next_step(case))
