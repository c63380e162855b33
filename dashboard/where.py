"""Where projects work, as a small map drawn here: admin 2 and above, strict projects nowhere, no other host asked."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from locations import outlines
from locations.models import PlaceTree
from programs.models import Level, Project, ProjectLevel, ProjectPlace, Sensitivity

CLOSEST = 2  # admin 2
WIDTH, MARGIN, SIZE = 480, 24, 6  # units of the drawing
LETTER, LINE = 6.2, 12  # how much room a letter takes, about


@dataclass
class Spot:
    """A place with the projects that work in it or below, and their levels."""

    code: str
    name: str
    country: str
    longitude: float | None
    latitude: float | None
    projects: set[str] = field(default_factory=set)
    levels: set[str] = field(default_factory=set)
    is_here: bool = False  # the place whose page shows the map

    @property
    def shapes(self) -> list[str]:
        return [level for level in Level.values if level in self.levels]

    @property
    def has_point(self) -> bool:
        return self.longitude is not None and self.latitude is not None


@dataclass(frozen=True)
class Mark:
    level: str
    x: str
    y: str
    points: str  # of a triangle; empty for a circle or a square


@dataclass(frozen=True)
class Drawn:
    spot: Spot
    marks: tuple[Mark, ...]
    x: str
    y: str
    anchor: str
    at: tuple[str, str]


@dataclass(frozen=True)
class Map:
    width: int
    height: int
    outline: str  # the d of one path
    drawn: tuple[Drawn, ...]


def spots(projects: QuerySet[Project]) -> list[Spot]:
    """Where these projects work, by the closest place that may be named, in two queries."""
    shown = projects.filter(sensitivity__lt=Sensitivity.STRICT).order_by()
    above = "place__above__ancestor__"
    columns = [f"{above}{name}" for name in ("level", "code", "name", "country", "longitude", "latitude")]
    rows = ProjectPlace.objects.filter(project__in=shown.values("pk"), **{f"{above}level__lte": CLOSEST})
    levels: dict[str, set[str]] = defaultdict(set)
    for project, level in ProjectLevel.objects.filter(project__in=shown.values("pk")).values_list("project__code", "level"):
        levels[project].add(level)
    closest: dict[tuple[str, int], tuple[object, ...]] = {}
    for project, place, *row in rows.values_list("project__code", "place", *columns):
        if (project, place) not in closest or row[0] > closest[project, place][0]:
            closest[project, place] = tuple(row)
    found: dict[str, Spot] = {}
    for (project, _place), (_level, code, name, country, longitude, latitude) in closest.items():
        spot = found.setdefault(str(code), Spot(str(code), str(name), str(country), _degrees(longitude), _degrees(latitude)))
        spot.projects.add(project)
        spot.levels |= levels[project]
    return sorted(found.values(), key=lambda one: one.name)


def around(code: str, found: Sequence[Spot]) -> list[Spot]:
    """Of these spots those in a place, or the district that it lies in, and the place itself, marked. Two queries."""
    above = PlaceTree.objects.filter(descendant__code=code, ancestor__level__lte=CLOSEST).order_by("depth").select_related("ancestor")
    here = next((row.ancestor for row in above), None)
    if here is None:
        return []
    inside = set(PlaceTree.objects.filter(ancestor=here).values_list("descendant__code", flat=True))
    kept = [one for one in found if one.code in inside]
    mine = next((one for one in kept if one.code == here.code), None)
    if mine is None:
        mine = Spot(here.code, here.name, here.country, _degrees(here.longitude), _degrees(here.latitude))
        kept.insert(0, mine)
    mine.is_here = True
    return kept


def drawing(found: Sequence[Spot]) -> Map | None:
    """The map of those that have a point; none where none has."""
    pointed = [one for one in found if one.has_point]
    if not pointed:
        return None
    rings = [ring for country in sorted({one.country for one in pointed}) for ring in outlines.rings(country)]
    points = [(x, y) for ring in rings for x, y in ring] + [(one.longitude or 0.0, one.latitude or 0.0) for one in pointed]
    west, east = min(x for x, _y in points), max(x for x, _y in points)
    south, north = min(y for _x, y in points), max(y for _x, y in points)
    narrow = math.cos(math.radians((south + north) / 2))  # a degree of longitude is shorter away from the equator
    scale = (WIDTH - 2 * MARGIN) / max((east - west) * narrow, north - south, 0.5)

    def at(longitude: float, latitude: float) -> tuple[float, float]:
        return MARGIN + (longitude - west) * narrow * scale, MARGIN + (north - latitude) * scale

    path = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (at(*point) for point in ring)) + "Z" for ring in rings)
    height = round(2 * MARGIN + (north - south) * scale)
    return Map(WIDTH, height, path, tuple(_placed([(one, *at(one.longitude or 0.0, one.latitude or 0.0)) for one in pointed])))


def _placed(points: Sequence[tuple[Spot, float, float]]) -> Iterable[Drawn]:
    """Marks side by side, one for each level, and the name where it covers nothing yet: after, before, below or above them."""
    taken = [_box(x, y, SIZE * 2.4 * len(one.shapes or "x"), LINE) for one, x, y in points]
    for one, x, y in points:
        shapes = one.shapes or ([] if one.is_here else [Level.COMMUNITY.value])
        half, room = SIZE * 1.2 * len(shapes), LETTER * len(one.name)
        choices = (
            (x + half + 3, y + 4, "start", x + half + 3 + room / 2, y),
            (x - half - 3, y + 4, "end", x - half - 3 - room / 2, y),
            (x, y + SIZE + LINE, "middle", x, y + SIZE + LINE - 4),
            (x, y - SIZE - 5, "middle", x, y - SIZE - 9),
        )
        free = [
            choice
            for choice in choices
            if not any(_meet(_box(choice[3], choice[4], room, LINE), other) for other in taken)
            and choice[3] - room / 2 >= 0
            and choice[3] + room / 2 <= WIDTH
        ]
        text_x, text_y, anchor, middle_x, middle_y = (free or choices)[0]
        taken.append(_box(middle_x, middle_y, room, LINE))
        first = x - SIZE * 1.2 * (len(shapes) - 1)
        marks = tuple(_mark(level, first + SIZE * 2.4 * number, y) for number, level in enumerate(shapes))
        yield Drawn(one, marks, f"{text_x:.1f}", f"{text_y:.1f}", anchor, (f"{x:.1f}", f"{y:.1f}"))


def _mark(level: str, x: float, y: float) -> Mark:
    if level == Level.COMMUNITY:
        corners = ((x, y - SIZE), (x + SIZE, y + SIZE), (x - SIZE, y + SIZE))
        return Mark(level, "", "", " ".join(f"{a:.1f},{b:.1f}" for a, b in corners))
    if level == Level.INSTITUTION:
        return Mark(level, f"{x - SIZE + 1:.1f}", f"{y - SIZE + 1:.1f}", "")
    return Mark(level, f"{x:.1f}", f"{y:.1f}", "")


Box = tuple[float, float, float, float]


def _box(x: float, y: float, width: float, height: float) -> Box:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _degrees(value: object) -> float | None:
    return None if value is None else float(str(value))
