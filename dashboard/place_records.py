"""What was recorded at a place, on the same quarters as its reported figures: needs, incidents, cohesion, promises, capacity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from accounts.models import User
from communities import masking, needs
from communities.models import Commitment, Community, Forum, Incident, NeedsRanking
from dashboard.place import Quarter, below
from institutions.models import Institution
from institutions.page import with_clearance
from locations.models import Place
from plumbing import formats
from programs.models import Level
from surveys import results
from surveys.models import SurveyRound
from surveys.tallies import COHESION

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from communities.needs import Ranked

SHOWN = 8  # rounds' lines, forums, communities and institutions; the lists hold all
ROUNDS = 200


@dataclass(frozen=True)
class Cell:
    """What stands in a quarter; ``value`` None is a gap in the course."""

    words: str = "–"
    value: Decimal | None = None
    is_hidden: bool = False


@dataclass(frozen=True)
class Line:
    level: str
    title: str
    says: str
    cells: tuple[Cell, ...]
    round: int | None = None  # the latest survey round behind it

    @property
    def values(self) -> list[Decimal | None]:
        return [cell.value for cell in self.cells]


@dataclass(frozen=True)
class Records:
    groups: list[tuple[str, list[Line]]]
    ranked: Ranked | None
    forums: list[Forum]
    further: int = 0  # lines of rounds that are not shown
    is_below_admin_2: bool = False


@dataclass
class Standing:
    """Commitments that fell due in a quarter and how many of them were kept."""

    due: int = 0
    kept: int = 0


@dataclass(frozen=True)
class Inside:
    """Whom the portal knows at a place; the first few, and how many there are."""

    communities: list[Community] = field(default_factory=list)
    institutions: list[Institution] = field(default_factory=list)


def records(place: Place, *, reader: User, spans: Sequence[Quarter], today: date) -> Records:
    """Everything that the reader may see of a place and what lies in it, in a fixed number of queries."""
    inside = below(place)
    rounds, further = _rounds(inside, reader, spans)
    lines = [*_incidents(place, reader, spans), *rounds, *_commitments(inside, reader, spans, today)]
    grouped = [(level, mine) for level in Level.values if (mine := [line for line in lines if line.level == level])]
    return Records(
        groups=grouped,
        ranked=needs.last(NeedsRanking.objects.visible_to(reader).filter(place__in=inside)),
        forums=_forums(inside, reader, today),
        further=further,
        is_below_admin_2=place.level > masking.ADMIN_2,
    )


def inside(place: Place, *, reader: User) -> Inside:
    """Communities with their open alerts and institutions with their clearance."""
    here = below(place)
    alerts = Count("warnings", filter=Q(warnings__decided_at__isnull=True))
    communities = Community.objects.visible_to(reader).filter(place__in=here).annotate(alerts=alerts)
    institutions = with_clearance(Institution.objects.visible_to(reader).filter(place__in=here)).select_related("organization")
    return Inside(list(communities.order_by("-alerts", "name")[:SHOWN]), list(institutions.order_by("organization__name", "pk")[:SHOWN]))


def _incidents(place: Place, reader: User, spans: Sequence[Quarter]) -> list[Line]:
    """Counts by quarter, never closer than admin 2; a quarter without one is a zero where any are known."""
    known = masking.within(Incident.objects.visible_to(reader), place)
    counted = masking.months(known.filter(event_date__gte=spans[0].starts_on, event_date__lte=spans[-1].ends_on))
    if not counted:
        return []
    every = [sum(n for (day, _is), n in counted.items() if one.starts_on <= day <= one.ends_on) for one in spans]
    verified = [sum(n for (day, is_), n in counted.items() if is_ and one.starts_on <= day <= one.ends_on) for one in spans]
    return [
        Line(Level.COMMUNITY, title, says, tuple(Cell(formats.number(n), Decimal(n)) for n in numbers))
        for title, says, numbers in (
            (_("Incidents"), _("recorded, in the quarter"), every),
            (_("Incidents, verified"), _("by a second person, in the quarter"), verified),
        )
    ]


def _rounds(inside: Any, reader: User, spans: Sequence[Quarter]) -> tuple[list[Line], int]:
    """Cohesion by place and capacity by institution and whose score: one line each, only rounds of the version used last."""
    kinds = Q(version__instrument__code=COHESION) | Q(version__rule="capacity", organization__isnull=False)
    held: QuerySet[SurveyRound] = (
        SurveyRound.objects.visible_to(reader)
        .approved()
        .filter(kinds, place__in=inside, held_on__range=(spans[0].starts_on, spans[-1].ends_on))
        .select_related("version__instrument", "project", "place", "organization")
        .order_by("-held_on", "-pk")
    )
    lines: dict[tuple[Any, ...], list[SurveyRound]] = defaultdict(list)
    for row in held[:ROUNDS]:
        of = (row.organization_id, row.assessor) if row.organization_id else (row.place_id, None)
        mine = lines[row.organization_id is not None, *of]
        if not mine or mine[0].version_id == row.version_id:
            mine.append(row)
    shown = list(lines.values())[:SHOWN]
    seen = results.headlines([row for rows in shown for row in rows], reader=reader) if shown else {}
    found = [_line(rows, seen, spans) for rows in shown]
    return sorted(found, key=lambda line: line.title), len(lines) - len(shown)


def _line(rows: Sequence[SurveyRound], seen: dict[int, results.SchemeResult], spans: Sequence[Quarter]) -> Line:
    last = rows[0]
    cells = []
    for one in spans:
        row = next((row for row in rows if one.starts_on <= row.held_on <= one.ends_on), None)
        cells.append(Cell() if row is None else _cell(seen[row.pk]))
    if last.organization is not None:
        title, says = last.organization.name, _("capacity, %(whose)s, percent of the range") % {"whose": last.get_assessor_display()}
        return Line(Level.INSTITUTION, title, says, tuple(cells), last.pk)
    title = _("Social cohesion, %(place)s") % {"place": last.place.name}
    return Line(Level.COMMUNITY, title, _("0 to 100, interval at 95 in 100"), tuple(cells), last.pk)


def _cell(line: results.SchemeResult) -> Cell:
    if line.reason == "hidden":
        return Cell("", is_hidden=True)
    if line.mean is None:
        return Cell()
    words = formats.number(line.mean, 1)
    if line.half_width is not None:
        words += f" ± {formats.number(line.half_width, 1)}"
    return Cell(words, line.mean) if line.n is None else Cell(_("%(mean)s, n %(n)s") % {"mean": words, "n": line.n}, line.mean)


def _commitments(inside: Any, reader: User, spans: Sequence[Quarter], today: date) -> list[Line]:
    """Kept of due, by the quarter in which they fell due; withdrawn ones and those without a day are in neither number."""
    rows = Commitment.objects.visible_to(reader).filter(place__in=inside, due_on__range=(spans[0].starts_on, today))
    found: dict[date, Standing] = defaultdict(Standing)
    for due_on, state in rows.exclude(state=Commitment.State.WITHDRAWN).values_list("due_on", "state"):
        standing = found[next(one.starts_on for one in spans if due_on is not None and due_on <= one.ends_on)]
        standing.due += 1
        standing.kept += state == Commitment.State.KEPT
    if not found:
        return []
    cells = tuple(
        Cell(_("%(kept)s of %(due)s") % {"kept": one.kept, "due": one.due}, (Decimal(100) * one.kept / one.due).quantize(Decimal(1)))
        if (one := found.get(span.starts_on))
        else Cell()
        for span in spans
    )
    return [Line(Level.COMMUNITY, _("Commitments kept"), _("of those that fell due in the quarter"), cells)]


def _forums(inside: Any, reader: User, today: date) -> list[Forum]:
    """Forums that meet, with their commitments: kept, broken, and open past their day."""
    Commitments, said = Commitment.State, "commitments"
    return list(
        Forum.objects.visible_to(reader)
        .filter(place__in=inside)
        .meeting()
        .annotate(
            kept=Count(said, filter=Q(commitments__state=Commitments.KEPT)),
            broken=Count(said, filter=Q(commitments__state=Commitments.BREACHED)),
            overdue=Count(said, filter=Q(commitments__state=Commitments.OPEN, commitments__due_on__lt=today)),
            waiting=Count(said, filter=Q(commitments__state=Commitments.OPEN) & ~Q(commitments__due_on__lt=today)),
        )
        .order_by("name", "pk")[:SHOWN]
    )


def texts(groups: Iterable[tuple[str, list[Line]]]) -> Iterable[tuple[str, ...]]:
    """One row per line for a file: level, title, what it says, and each quarter in words."""
    for level, lines in groups:
        for line in lines:
            words = (_("hidden") if cell.is_hidden else "" if cell.words == "–" else cell.words for cell in line.cells)
            yield (str(Level(level).label), "", line.title, line.says, *words)
