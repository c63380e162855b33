"""The one place that decides how closely an incident may be placed. Every map, file and list that leaves asks here.

Public, internal and confidential: counts at admin 2. Strict: counts at admin 1. Never a point (domain/data-protection.md, section 2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, Func, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Coalesce, ExtractMonth, ExtractYear

from accounts.roles import Permission
from communities.models import Incident
from locations.models import Place, PlaceTree
from programs.models.projects import Sensitivity

ADMIN_2 = 2


@dataclass(frozen=True)
class Cell:
    """Incidents of one kind, in one month, in one area: what may be drawn or handed out."""

    area: str
    area_name: str
    month: date
    type: str
    verified: int
    not_verified: int

    @property
    def number(self) -> int:
        return self.verified + self.not_verified


@dataclass(frozen=True)
class Area:
    code: str
    name: str
    verified: int
    not_verified: int

    @property
    def number(self) -> int:
        return self.verified + self.not_verified


def shown_area(incident: Incident) -> Any:
    """The place by which an incident is called outside its own page: its admin 2, or admin 1 where it is strict.

    Needs ``area``, ``area__parent`` and ``community`` fetched.
    """
    is_shown_higher = _class_of(incident) == Sensitivity.STRICT and incident.area.level > 1
    return incident.area.parent if is_shown_higher else incident.area


def shown_community(incident: Incident) -> Any:
    """The community by which it is called outside its own page; a strict one has none."""
    return None if _class_of(incident) == Sensitivity.STRICT else incident.community


# What makes an incident strict: its own class or that of its community.
STRICT = Q(sensitivity=Sensitivity.STRICT) | Q(community__isnull=False, community__sensitivity=Sensitivity.STRICT)


def placed_for(incidents: QuerySet[Incident], reader: Any = None) -> QuerySet[Incident]:
    """Those that may be looked for, or counted, by their community: not the strict ones, but for whom records or verifies them.

    Without ``reader``: for everybody, as in a file. To find an incident by a place that is not said of it would say it.
    """
    if reader is None:
        return incidents.exclude(STRICT)
    return incidents.filter(~STRICT | in_circle(reader))


def in_circle(reader: Any) -> Q:
    """The strict incidents of those who record or verify them."""
    strict = Incident.objects.filter(STRICT)
    words = (Permission.RECORD_COMMUNITIES, Permission.VERIFY_INCIDENTS)
    recorded, verified = (strict.filter(pk__in=Incident.objects.visible_to(reader, word).order_by().values("pk")) for word in words)
    return Q(pk__in=recorded.order_by().values("pk")) | Q(pk__in=verified.order_by().values("pk"))


def shown_below(code: str, *, named: str = "") -> Q:
    """Shown at or below the area with this P-code, or by a name with these letters: admin 2, or admin 1 where the class is strict."""
    below = PlaceTree.objects.filter(ancestor__code=code).values("descendant")
    higher, its_own = Q(area__parent__in=below), Q(area__in=below)
    if named:
        higher, its_own = higher | Q(area__parent__name__icontains=named), its_own | Q(area__name__icontains=named)
    shown_higher = STRICT & Q(area__level__gt=1)
    return (shown_higher & higher) | (~Q(shown_higher) & its_own)


_AREA = ("area__code", "area__name", "area__level", "area__parent__code", "area__parent__name", "sensitivity", "of_community")


def rows(incidents: QuerySet[Incident]) -> Iterable[dict[str, Any]]:
    """Incidents as rows that ``area_of`` and ``is_strict`` take, with their community and when they were verified. One query."""
    found = incidents.order_by().annotate(of_community=Coalesce(F("community__sensitivity"), Value(0)))
    return found.values("pk", "community_id", "verified_at", *_AREA)


def is_strict(row: dict[str, Any]) -> bool:
    return max(row["sensitivity"], row["of_community"]) == Sensitivity.STRICT


def cells(incidents: QuerySet[Incident]) -> list[Cell]:
    """The incidents that count, as numbers by area, month and kind. Two queries."""
    found: Counter[tuple[str, str, date, str, bool]] = Counter()
    for row in _grouped(incidents, year=ExtractYear("event_date"), month=ExtractMonth("event_date"), kind=F("type")):
        code, name = area_of(row)
        found[code, name, date(row["year"], row["month"], 1), row["kind"], row["is_verified"]] += row["number"]
    keys = sorted({key[:4] for key in found}, key=lambda key: (-key[2].toordinal(), key[1], key[3]))
    return [Cell(*key, found[(*key, True)], found[(*key, False)]) for key in keys]


def areas(incidents: QuerySet[Incident]) -> list[Area]:
    """How many incidents each area has, most first. Two queries."""
    found: Counter[tuple[str, str, bool]] = Counter()
    for row in _grouped(incidents):
        found[(*area_of(row), row["is_verified"])] += row["number"]
    keys = {key[:2] for key in found}
    every = [Area(*key, found[(*key, True)], found[(*key, False)]) for key in keys]
    return sorted(every, key=lambda area: (-area.number, area.name))


def within(incidents: QuerySet[Incident], place: Any) -> QuerySet[Incident]:
    """Those that may be counted at a place: of admin 2 and above, strict ones of admin 1 and above; below there is no number."""
    if place.level > ADMIN_2:
        return incidents.none()
    found = incidents.filter(area__in=PlaceTree.objects.filter(ancestor=place).values("descendant"))
    if place.level == ADMIN_2:
        found = found.exclude(sensitivity=Sensitivity.STRICT).exclude(community__sensitivity=Sensitivity.STRICT)
    return found


def months(incidents: QuerySet[Incident]) -> dict[tuple[date, bool], int]:
    """How many that count, by first day of the month and whether they are verified. One query."""
    return {
        (date(row["year"], row["month"], 1), bool(row["is_verified"])): row["number"]
        for row in _counted(incidents, "is_verified", year=ExtractYear("event_date"), month=ExtractMonth("event_date"))
    }


class Table:
    """Masked counts as the writers of files read a list: columns by name, in chunks."""

    def __init__(self, incidents: QuerySet[Incident], columns: Sequence[str] = ()) -> None:
        self.incidents, self.columns = incidents, columns

    def values_list(self, *columns: str) -> Table:
        return Table(self.incidents, columns)

    def iterator(self, chunk_size: int = 1000) -> Iterator[tuple[Any, ...]]:
        kinds = dict(Incident.Type.choices)
        for cell in cells(self.incidents):
            row = {**cell.__dict__, "kind": str(kinds[Incident.Type(cell.type)])}
            yield tuple(row[name] for name in self.columns)


def _class_of(incident: Incident) -> int:
    """The strictest of the incident and its community."""
    return max(incident.sensitivity, incident.community.sensitivity if incident.community else 0)


def _grouped(incidents: Any, **by: Any) -> Iterable[dict[str, Any]]:
    """By the area's key: to group hundreds of thousands of rows by the names of places costs five times as much."""
    of_community = Coalesce(F("community__sensitivity"), Value(0))
    grouped = list(_counted(incidents, "area", "sensitivity", "is_verified", of_community=of_community, **by))
    places = Place.objects.select_related("parent").in_bulk({row["area"] for row in grouped})
    for row in grouped:
        area = places[row["area"]]
        row |= {"area__code": area.code, "area__name": area.name, "area__level": area.level}
        if area.parent is not None:
            row |= {"area__parent__code": area.parent.code, "area__parent__name": area.parent.name}
    return grouped


def _counted(incidents: Any, *names: str, **by: Any) -> Iterable[dict[str, Any]]:
    is_verified = Func(F("verified_at"), template="(CASE WHEN %(expressions)s IS NULL THEN 0 ELSE 1 END)", output_field=IntegerField())
    rows = incidents.counting().order_by().annotate(**by, is_verified=is_verified)
    return rows.values(*names, *by).annotate(number=Count("pk"))


def area_of(row: dict[str, Any]) -> tuple[str, str]:
    """Code and name of the area that a row is shown by."""
    if is_strict(row) and row["area__level"] > 1:
        return row["area__parent__code"], row["area__parent__name"]
    return row["area__code"], row["area__name"]
