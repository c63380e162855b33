"""Its part of ``seed_scale``: many communities with three years of incidents, written beside the acts and their checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Organization, User
from accounts.roles import Role
from accounts.scale import ADDRESS
from communities.models import Community, CommunityProject, Incident
from locations.models import Place
from programs.models import Membership, Project

OWN = 40  # communities of one officer's project, however many there are in the portal
BATCH = 2000
DAYS = 3 * 365
# One in sixteen at most is mob violence, which asks about every community of its area.
KINDS = (
    "intercommunal", "civilian_attack", "property", "land_dispute", "threat", "displacement", "intercommunal", "battle", "abduction",
    "protest", "civilian_attack", "property", "threat", "land_dispute", "intercommunal",
)  # fmt: skip


def seed(
    communities: int, incidents: int, *, own: Project, rest: Project, partner: Organization, places: Sequence[Place]
) -> dict[str, User]:
    """Add communities and incidents until there are so many; the first forty belong to a project of their own.

    Gives the people that are measured: the officer of those forty, and the officer of the whole country.
    """
    country = Place.objects.get(below_me__descendant=places[0], level=Place.Level.COUNTRY)
    people = {"officer": _person("officer", project=own), "director": _person("director", place=country)}
    have = Community.objects.filter(partner=partner).count()
    while have < communities:
        some = range(have, min(have + BATCH, communities))
        rows = Community.objects.bulk_create(
            Community(
                name=f"Scale community {n:05d}", place=places[n % len(places)], partner=partner, monitors=n % 5, sensitivity=1 + n % 4
            )
            for n in some
        )
        CommunityProject.objects.bulk_create(
            CommunityProject(community=row, project=own if n < OWN else rest) for n, row in zip(some, rows, strict=True)
        )
        have += len(rows)
    _incidents(incidents, partner=partner, people=people)
    return people


def floors(own: Project) -> dict[str, Callable[[], Any]]:
    """The least that each page and the sweep have to read, by hand-written SQL."""

    def rows(sql: str, *params: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall()

    table, incident = Community._meta.db_table, Incident._meta.db_table
    listed = (
        f"SELECT c.id, c.name, p.name, q.name, o.name, c.monitors FROM {table} c JOIN locations_place p ON p.id = c.place_id "  # noqa: S608
        "LEFT JOIN locations_place q ON q.id = p.parent_id JOIN accounts_organization o ON o.id = c.partner_id "
    )
    of_own = f"c.id IN (SELECT community_id FROM {CommunityProject._meta.db_table} WHERE project_id = %s) "  # noqa: S608
    told = (
        f"SELECT i.id, i.event_date, i.type, p.name, c.name, i.source, i.verified_at FROM {incident} i "  # noqa: S608
        f"JOIN locations_place p ON p.id = i.area_id LEFT JOIN {table} c ON c.id = i.community_id ORDER BY event_date DESC, i.id DESC LIMIT 26"
    )
    counted = (
        f"SELECT i.area_id, i.sensitivity, c.sensitivity, i.verified_at IS NULL, COUNT(*) FROM {incident} i "  # noqa: S608
        f"LEFT JOIN {table} c ON c.id = i.community_id WHERE i.same_as_id IS NULL GROUP BY 1, 2, 3, 4"
    )
    today = timezone.localdate()
    year = (
        f"SELECT community_id, event_date, COUNT(*) FROM {incident} "  # noqa: S608
        "WHERE event_date > %s AND same_as_id IS NULL AND community_id IS NOT NULL GROUP BY 1, 2"
    )
    return {
        "own": lambda: rows(f"{listed} WHERE {of_own} ORDER BY c.name, c.id LIMIT 26", own.pk),
        "communities": lambda: rows(f"{listed} ORDER BY c.name, c.id LIMIT 26"),
        "incidents": lambda: (rows(told), rows(counted)),
        "sweep": lambda: rows(year, (today - timedelta(days=365 + 28)).isoformat()),
    }


def _incidents(wanted: int, *, partner: Organization, people: dict[str, User]) -> None:
    """Spread over three years and every community, as chance would and the same in every run; half are verified."""
    have = Incident.objects.filter(organization=partner).count()
    where = list(Community.objects.filter(partner=partner).order_by("pk").values_list("pk", "place_id"))
    today, now = timezone.localdate(), timezone.now()
    who = [person.pk for person in people.values()]
    for begun in range(have, wanted, BATCH):
        Incident.objects.bulk_create(
            _incident(n, *where[n % len(where)], partner.pk, who, today, now if n % 2 else None)
            for n in range(begun, min(begun + BATCH, wanted))
        )


def _incident(number: int, community: int, place: int, partner: int, who: list[int], today: date, verified: Any) -> Incident:
    mob = number % 160 == 0
    return Incident(
        organization_id=partner, community_id=community, place_id=place, area_id=place,
        event_date=today - timedelta(days=(number * 7919 + number // 977) % DAYS), type="mob" if mob else KINDS[number % len(KINDS)],
        source="community monitor", sensitivity=1 + number % 3, displaced=number % 90 if number % 15 == 5 else None,
        recorded_by_id=who[0], verified_at=verified, verified_by_id=who[1] if verified else None,
    )  # fmt: skip


def _person(name: str, **scope: Any) -> User:
    address = ADDRESS.format(role=name)
    found = User.objects.filter(email=address).first()
    if found is None:
        found = User.objects.create_user(address, name=f"Scale {name}")
    Membership.objects.get_or_create(user=found, role=Role.COMMUNITY_OFFICER, **scope)
    return found
