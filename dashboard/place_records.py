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
from django.utils.translation import ngettext

from accounts.models import User
from communities import masking, needs
from communities.models import Commitment, Community, Dispute, DisputeFollowUp, DisputeStep, Forum, Incident, NeedsRanking
from dashboard.place import Quarter, below
from institutions.models import Institution
from institutions.page import with_clearance
from locations.models import Place
from plumbing import formats
from programs.models import Level
from surveys import results
from surveys.models import SurveyRound
from surveys.tallies import ACCEPT_RETURNING, COHESION, SAFE_AFTER_DARK, USED_MECHANISM

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
        ranked=_ranked(inside, reader),
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
        Line(Level.COMMUNITY, title, says, tuple(_number(n) for n in numbers))
        for title, says, numbers in (
            (_("Incidents"), _("recorded, in the quarter"), every),
            (_("Incidents, verified"), _("by a second person, in the quarter"), verified),
        )
    ]


def disputes(place: Place, *, reader: User, spans: Sequence[Quarter], today: date) -> list[tuple[str, list[Line]]]:
    """Disputes open, settled and asked about again, and what people say of safety and justice in the official words. Four queries."""
    within = below(place)
    lines = [*_disputes(within, reader, spans, today), *_companions(within, reader, spans)]
    return [(level, mine) for level in Level.values if (mine := [line for line in lines if line.level == level])]


def _disputes(within: Any, reader: User, spans: Sequence[Quarter], today: date) -> list[Line]:
    """What stands at each quarter's end, or today; a quarter before the first dispute has nothing to say."""
    seen = Dispute.objects.visible_to(reader).filter(place__in=within)
    steps = DisputeStep.objects.filter(dispute__in=seen.order_by().values("pk"), on__lte=today).order_by("on", "id")
    taken = list(steps.values_list("dispute_id", "state", "on"))
    if not taken:
        return []
    standing: dict[int, str] = {}
    still_open, settled, at = [], [], 0
    for one in spans:
        agreed = 0
        while at < len(taken) and taken[at][2] <= one.ends_on:
            dispute, state, on = taken[at]
            standing[dispute] = state
            agreed += state == Dispute.State.AGREED and on >= one.starts_on
            at += 1
        still_open.append(_number(sum(state in Dispute.UNSETTLED for state in standing.values())) if standing else Cell())
        settled.append(_number(agreed) if standing else Cell())
    return [
        Line(Level.COMMUNITY, _("Disputes open"), _("not settled and not with justice, at the quarter’s end"), tuple(still_open)),
        Line(Level.COMMUNITY, _("Disputes settled"), _("by an agreement, in the quarter"), tuple(settled)),
        *_holding(seen, spans, today),
    ]


def _holding(seen: QuerySet[Dispute], spans: Sequence[Quarter], today: date) -> Iterable[Line]:
    """Of the settlements asked about again in a quarter, those that held: a line for each number of months."""
    asked = DisputeFollowUp.objects.filter(dispute__in=seen.order_by().values("pk"), checked_on__range=(spans[0].starts_on, today))
    found: dict[int, dict[date, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for months, on, holds in asked.order_by().values_list("months", "checked_on", "holds"):
        found[months][next(one.starts_on for one in spans if on is not None and on <= one.ends_on)].append(bool(holds))
    for months, by_quarter in sorted(found.items()):
        cells = tuple(_share_of(sum(told), len(told)) if (told := by_quarter.get(one.starts_on)) else Cell() for one in spans)
        title = ngettext("Settlements that hold after %(n)s month", "Settlements that hold after %(n)s months", months) % {"n": months}
        yield Line(Level.COMMUNITY, title, _("of those asked about in the quarter"), cells)


def _companions(within: Any, reader: User, spans: Sequence[Quarter]) -> list[Line]:
    """Returning people accepted, and the official questions: the share of the latest round of each quarter, with its interval."""
    asked = {
        COHESION: (_("Accept returning former combatants, %(place)s"), _("cohesion block, C12, share of those who answered")),
        "sdg-16-1-4": (_("Feel safe walking alone after dark, %(place)s"), _("SDG 16.1.4, share of those who answered")),
        "sdg-16-3-3": (_("Used a mechanism for a dispute, %(place)s"), _("SDG 16.3.3, share of those who had one")),
    }
    held = (
        SurveyRound.objects.visible_to(reader)
        .approved()
        .saying_raw(reader)
        .filter(version__instrument__code__in=asked, place__in=within, held_on__range=(spans[0].starts_on, spans[-1].ends_on))
        .select_related("version__instrument", "project", "place")
        .order_by("-held_on", "-pk")
    )
    rows = list(held[:ROUNDS])
    items = {**ACCEPT_RETURNING, **SAFE_AFTER_DARK, **USED_MECHANISM}
    shares = results.shares_of(rows, items, reader=reader, raw={row.pk for row in rows if row.is_raw}) if rows else {}
    lines: dict[tuple[str, int], list[SurveyRound]] = defaultdict(list)
    for row in rows:
        lines[row.version.instrument.code, row.place_id].append(row)
    found = []
    for (code, _place), mine in sorted(lines.items())[:SHOWN]:
        title, says = asked[code]
        last = {one.starts_on: next((row for row in mine if one.starts_on <= row.held_on <= one.ends_on), None) for one in spans}
        cells = tuple(Cell() if (held_then := last[one.starts_on]) is None else _said(shares[held_then.pk]) for one in spans)
        if any(cell != Cell() for cell in cells):  # a round may have left the question out
            found.append(Line(Level.COMMUNITY, title % {"place": mine[0].place.name}, says, cells, mine[0].pk))
    return found


def _said(share: results.ItemShare) -> Cell:
    if share.is_hidden:
        return Cell("", is_hidden=True)
    if share.value is None:
        return Cell()
    percent = share.value * 100
    words = f"{formats.number(percent, 0)} %"
    if share.low is not None and share.high is not None:
        words += f" ({formats.number(share.low * 100, 0)}–{formats.number(share.high * 100, 0)})"
    return Cell(_("%(mean)s, n %(n)s") % {"mean": words, "n": share.denominator}, percent)


def _number(number: int) -> Cell:
    return Cell(formats.number(number), Decimal(number))


def _share_of(part: int, whole: int) -> Cell:
    return Cell(_("%(kept)s of %(due)s") % {"kept": part, "due": whole}, (Decimal(100) * part / whole).quantize(Decimal(1)))


def _rounds(inside: Any, reader: User, spans: Sequence[Quarter]) -> tuple[list[Line], int]:
    """Cohesion by place and capacity by institution and whose score: one line each, only rounds of the version used last."""
    kinds = Q(version__instrument__code=COHESION) | Q(version__rule="capacity", organization__isnull=False)
    held = (
        SurveyRound.objects.visible_to(reader)
        .approved()
        .saying_raw(reader)
        .filter(kinds, place__in=inside, held_on__range=(spans[0].starts_on, spans[-1].ends_on))
        .select_related("version__instrument", "project", "place", "organization")
        .order_by("-held_on", "-pk")
    )
    lines: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in held[:ROUNDS]:
        of = (row.organization_id, row.assessor) if row.organization_id else (row.place_id, None)
        mine = lines[row.organization_id is not None, *of]
        if not mine or mine[0].version_id == row.version_id:
            mine.append(row)
    shown = list(lines.values())[:SHOWN]
    every = [row for rows in shown for row in rows]
    seen = results.headlines(every, reader=reader, raw={row.pk for row in every if row.is_raw}) if shown else {}
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
        return Line(Level.INSTITUTION, title, _named(last, says), tuple(cells), last.pk)
    title = _("Social cohesion, %(place)s") % {"place": last.place.name}
    return Line(Level.COMMUNITY, title, _named(last, _("0 to 100, interval at 95 in 100")), tuple(cells), last.pk)


def _named(row: SurveyRound, says: str) -> str:
    """With the word that stands wherever a score is not an official one."""
    return f"{says}, {_('adaptation')}" if row.version.is_adaptation else says


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
    cells = tuple(_share_of(one.kept, one.due) if (one := found.get(span.starts_on)) else Cell() for span in spans)
    return [Line(Level.COMMUNITY, _("Commitments kept"), _("of those that fell due in the quarter"), cells)]


def _ranked(inside: Any, reader: User) -> Ranked | None:
    """The latest cycle here with how each group moved each need since the cycle before. Two queries."""
    rankings = NeedsRanking.objects.visible_to(reader)
    last = needs.last(rankings.filter(place__in=inside))
    return None if last is None else needs.moved(last, rankings)


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
