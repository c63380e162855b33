"""One place as far as this portal knows it: the three levels beside each other over time, who works there, and what was spent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncQuarter

from accounts.models import User
from dashboard import board, delivery
from dashboard.delivery import Shown
from locations.models import Place, PlaceTree
from plumbing.dates import months_after
from programs.models import ActivityRecord, AssignmentPlace, ExpectedReport, Expenditure, Level, Project, ProjectPlace
from reporting import promises
from reporting.published import PublishedPoint, Status

QUARTERS = 8


@dataclass(frozen=True)
class Quarter:
    starts_on: date

    @property
    def ends_on(self) -> date:
        return months_after(self.starts_on, 3) - timedelta(days=1)

    @property
    def code(self) -> str:
        return f"{self.starts_on.year}-Q{(self.starts_on.month + 2) // 3}"


@dataclass(frozen=True)
class Line:
    """A reported indicator through the quarters: each cell as it may be shown, none where nothing was reported yet."""

    shown: Shown
    cells: list[PublishedPoint | None]

    @property
    def values(self) -> list[Decimal | None]:
        return [None if cell is None or cell.status == Status.SUPPRESSED else cell.amount.value for cell in self.cells]

    @property
    def told(self) -> list[tuple[str, bool]]:
        """Each quarter in words, and whether it is hidden."""
        words = self.shown.in_words
        return [("", True) if cell is not None and cell.status == Status.SUPPRESSED else (words(cell.amount) if cell else "–", False) for cell in self.cells]  # fmt: skip


@dataclass
class Work:
    """What one partner does here for one project."""

    project: Project
    partner: str
    places: set[str] = field(default_factory=set)
    levels: set[str] = field(default_factory=set)
    state: str = ""
    period: str = ""

    @property
    def where(self) -> str:
        return ", ".join(sorted(self.places))

    @property
    def what(self) -> list[str]:
        return [level for level in Level.values if level in self.levels]


def quarters(today: date, count: int = QUARTERS) -> list[Quarter]:
    """The last quarters, the running one last."""
    start = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    found = [Quarter(start)]
    while len(found) < count:
        before = found[0].starts_on - timedelta(days=1)
        found.insert(0, Quarter(date(before.year, (before.month - 1) // 3 * 3 + 1, 1)))
    return found


def below(place: Place | int) -> QuerySet[PlaceTree, Any]:
    return PlaceTree.objects.filter(ancestor=place).values("descendant")


@dataclass(frozen=True)
class Whole:
    """A place and the keys of everything in it."""

    pk: int
    code: str
    name: str
    within: frozenset[int]


def whole(code: str) -> Whole | None:
    """The place of a code with what lies in it, in one query; None where there is no such place."""
    rows = list(PlaceTree.objects.filter(ancestor__code=code).values_list("descendant_id", "ancestor_id", "ancestor__name"))
    return Whole(rows[0][1], code, rows[0][2], frozenset(row[0] for row in rows)) if rows else None


def chain(code: str) -> list[Place]:
    """The place of a code and what it lies in, the country first, with their names; empty where there is no such place."""
    rows = PlaceTree.objects.filter(descendant__code=code).select_related("ancestor").prefetch_related("ancestor__names").order_by("-depth")
    return [row.ancestor for row in rows]


def levels(place: Whole, *, reader: User, today: date) -> list[tuple[str, list[Line]]]:
    """Reported figures of the place and everything in it, by level, as this reader may see them."""
    here = AssignmentPlace.objects.filter(place__in=below(place.pk)).values("assignment__indicator")
    indicators = promises.indicators(reader).filter(is_retired=False, pk__in=here)
    asked = promises.promised(indicators, place=place.pk, within=place.within)
    spans = quarters(today)
    groups = delivery.by_level(delivery.sorted_lines(delivery.by_definition(asked, reader=reader, through=today)))
    return [(level, [Line(shown, _in_quarters(shown.line.series, spans)) for shown in lines]) for level, lines in groups]


def work(place: Place, *, reader: User, today: date) -> list[Work]:
    """Who does what where: partners with something to report here, and projects that work here without."""
    inside = below(place)
    projects = Project.objects.visible_to(reader)
    found: dict[tuple[int, int | None], Work] = {}
    columns = ["assignment__indicator__project", "assignment__partner", "assignment__partner__name", "place__name"]
    assigned = AssignmentPlace.objects.filter(place__in=inside, assignment__indicator__project__in=projects).order_by()
    rows = list(assigned.values_list(*columns, "assignment__indicator__result__level").distinct())  # ten indicators say the same
    working = list(ProjectPlace.objects.filter(place__in=inside, project__in=projects).select_related("place", "project__program"))
    named = {one.project_id: one.project for one in working}
    if elsewhere := {key for key, *_rest in rows} - named.keys():  # owes figures here and is not said to work here
        named |= projects.select_related("program").in_bulk(elsewhere)
    for key, office, partner, where, level in rows:
        line = found.setdefault((key, office), Work(named[key], partner))
        line.places.add(where)
        line.levels.add(level)
    busy = {project for project, _partner in found}
    for one in working:
        if one.project_id not in busy:
            found.setdefault((one.project_id, None), Work(one.project, "")).places.add(one.place.name)
    reports = ExpectedReport.objects.visible_to(reader).filter(project__in={p for p, _o in found}, period__ends_on__lt=today)
    for project, office, state, code in (
        board.with_state(reports, today).order_by("period__ends_on").values_list("project", "partner", "state", "period__code")  # type: ignore[misc]
    ):
        if (project, office) in found:
            found[project, office].state, found[project, office].period = state, code
    return sorted(found.values(), key=lambda one: (one.project.program.name, one.project.code, one.partner))


def spent(projects: Sequence[Project], *, reader: User) -> list[tuple[str, str, Decimal]]:
    """Project, currency and what it spent so far, whole: money is not split by place. Currencies are never added."""
    rows = Expenditure.objects.visible_to(reader).filter(project__in=projects).values_list("project__code", "grant__currency")
    return list(rows.annotate(all=Sum("amount")).order_by("project__code", "grant__currency"))


def held(place: Place, *, reader: User, today: date) -> list[tuple[Any, list[int]]]:
    """Activities by kind and quarter: things, not people. Kinds of which none was recorded are left out."""
    spans = quarters(today)
    rows = (
        ActivityRecord.objects.visible_to(reader)
        .filter(place__in=below(place), happened_on__range=(spans[0].starts_on, today))
        .order_by()
        .values_list("kind", TruncQuarter("happened_on"))
        .annotate(n=Count("pk"))
    )
    counted: dict[str, dict[date, int]] = defaultdict(dict)
    for kind, start, n in rows:
        counted[kind][start] = n
    return [
        (label, [counted[kind].get(one.starts_on, 0) for one in spans]) for kind, label in ActivityRecord.Kind.choices if kind in counted
    ]


def _in_quarters(series: Sequence[PublishedPoint], spans: Sequence[Quarter]) -> list[PublishedPoint | None]:
    """For each quarter the point of the last period that ended in it; a quarter in which none ended has none."""
    found: list[PublishedPoint | None] = []
    for one in spans:
        inside = [point for point in series if one.starts_on <= point.end <= one.ends_on]
        found.append(inside[-1] if inside else None)
    return found
