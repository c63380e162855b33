"""What surrounds the figures when they are rolled up: indicators with their rules, periods, assignments, hand-overs, targets.

Read once per page and passed to ``rollup.progress`` for every date, partner or slice that the page asks about.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import FilteredRelation, Q, QuerySet

from accounts import practice
from accounts.models import Actor, Organization
from locations.models import Place, PlaceTree
from plumbing.cursor_rows import raw_rows
from plumbing.numbers import to_units
from programs import tally
from programs.calendar import collected_in
from programs.models import (
    Indicator,
    IndicatorDefinition,
    Program,
    Project,
    ReportingAssignment,
    ReportingPeriod,
    Result,
    Target,
)
from reporting.rules import Due, Expectation, Rules, Stream
from reporting.targets import WATCH_WITHIN, Aim, Start


@dataclass(frozen=True, slots=True)
class Owed:
    """One assignment: who owes an indicator where, from when until when, and after whom."""

    id: int
    indicator: int
    partner: int
    starts_on: date | None
    ends_on: date | None
    collected: str
    takes_over_from: int | None
    includes_predecessor: bool | None
    places: frozenset[int]
    named_periods: frozenset[int]


@dataclass(frozen=True, slots=True)
class Span:
    """One reporting period."""

    id: int
    start: date
    end: date


@dataclass
class Promised:
    """The scope of a question: indicators, narrowed to a partner and to a place with everything below it."""

    queryset: QuerySet[Indicator]
    indicators: dict[int, Indicator]
    partner: int | None = None
    place: int | None = None
    within: frozenset[int] | None = None  # the places of ``place``'s subtree; None: everywhere
    periods: Mapping[int, list[Span]] = field(default_factory=dict)  # per project, by end
    exempt: frozenset[tuple[int, int]] = frozenset()  # partner, period
    owed: Mapping[int, list[Owed]] = field(default_factory=dict)  # per indicator
    aims: Mapping[int, list[Aim]] = field(default_factory=dict)  # per indicator
    watch_within: Decimal = WATCH_WITHIN
    _above: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _last: tuple[date, dict[int, Span]] | None = None

    @cached_property
    def scope_sql(self) -> tuple[str, list[Any]]:
        """The indicators as a sub-select, compiled once."""
        sql, params = self.queryset.values("pk").query.get_compiler(self.queryset.db).as_sql()
        return sql, list(params)

    # Plain values: a key read from a thousand instances costs as much as their figures.
    @cached_property
    def project_of(self) -> dict[int, int]:
        return {key: row.project_id for key, row in self.indicators.items()}

    @cached_property
    def definition_of(self) -> dict[int, int]:
        return {key: row.definition_id for key, row in self.indicators.items()}

    @cached_property
    def retired(self) -> frozenset[int]:
        return frozenset(key for key, row in self.indicators.items() if row.is_retired)

    @cached_property
    def restarting(self) -> frozenset[int]:
        """Indicators with a running total that starts at 0 again."""
        return frozenset(key for key, owed in self.owed.items() if any(one.includes_predecessor is False for one in owed))

    @cached_property
    def ending(self) -> frozenset[int]:
        """Indicators with a stream that can end."""
        return frozenset(key for key, owed in self.owed.items() if any(one.ends_on is not None or one.includes_predecessor for one in owed))

    @cached_property
    def assigned_places(self) -> frozenset[int]:
        return frozenset(place for owed in self.owed.values() for one in owed for place in one.places)

    def period_of(self, indicator: int, through: date) -> Span | None:
        """The project's last period within the date."""
        return self._last_within(self.project_of[indicator], through)

    def start_of(self, indicator: int, end: date) -> date:
        spans = self.periods.get(self.project_of[indicator], [])
        at = bisect_left(spans, end, key=_end_of)
        return spans[at].start if at < len(spans) and spans[at].end == end else end

    def expectation(self, indicators: Iterable[int], through: date, places: Iterable[int]) -> Expectation:
        """Ends of streams, the period asked about and who was due then, for figures at ``places``."""
        indicators, found, last = list(indicators), set(places), self._last_spans(through)
        self._look_above(found - self.assigned_places)
        spans = [(key, span) for key in indicators if (span := last.get(self.project_of[key])) is not None]
        current = {key: span.end for key, span in spans}
        stops = {stream: end for key in self.ending.intersection(indicators) for stream, end in self._stops(key, found)}
        restarts = {stream: end for key in self.restarting.intersection(indicators) for stream, end in self._restarts(key, found)}
        return Expectation(stops=stops, restarts=restarts, current=current, expected=self._due(spans), above=self._above)

    def standing_input(self, indicators: Iterable[int]) -> dict[str, Any]:
        """Targets, baselines and spans as ``targets.standing`` takes them. A place's number is compared with that place's targets."""
        keys = list(indicators)
        return {
            "indicators": keys,
            "aims": [aim for key in keys for aim in self.aims.get(key, ()) if self.place is None or aim.place == self.place],
            "starts": {key: _baseline(self.indicators[key]) for key in keys} if self.place is None else {},
            "spans": {key: (self.indicators[key].project.starts_on, self.indicators[key].project.ends_on) for key in keys},
            "partner": self.partner,
            "watch_within": self.watch_within,
        }

    def _last_spans(self, through: date) -> dict[int, Span]:
        """The last period within the date of each project: asked anew for each definition of the same projects."""
        if self._last is None or self._last[0] != through:
            found = {project: self._last_within(project, through) for project in self.periods}
            self._last = through, {project: span for project, span in found.items() if span is not None}
        return self._last[1]

    def _last_within(self, project: int, through: date) -> Span | None:
        spans = self.periods.get(project, [])
        at = bisect_right(spans, through, key=_end_of)
        return spans[at - 1] if at else None

    def _due(self, spans: Iterable[tuple[int, Span]]) -> set[Due]:
        """The streams of indicators that were due to report a period."""
        only, within, exempt, retired, owed_by = self.partner, self.within, self.exempt, self.retired, self.owed
        found: set[Due] = set()
        for indicator, span in spans:
            if indicator in retired:
                continue
            for owed in owed_by.get(indicator, ()):
                partner = owed.partner
                if (only is not None and only != partner) or (exempt and (partner, span.id) in exempt):
                    continue
                if (owed.starts_on is not None and owed.starts_on > span.end) or (owed.ends_on is not None and owed.ends_on < span.start):
                    continue
                if owed.collected != "every_period" and not self._collects(owed, span):
                    continue
                if not owed.places and within is None:
                    found.add((indicator, partner, None))
                for place in owed.places:
                    if within is None or place in within:
                        found.add((indicator, partner, place))
        return found

    def _collects(self, owed: Owed, span: Span) -> bool:
        periods = [(one.id, one.end) for one in self.periods[self.project_of[owed.indicator]]]
        return collected_in(owed.collected, span.id, named=owed.named_periods, periods=periods)

    def _stops(self, indicator: int, places: set[int]) -> Iterable[tuple[Stream, date]]:
        """Where streams end (docs/rollup.md section 2): a snapshot with its assignment, a running total that a successor includes."""
        owed = self.owed.get(indicator, [])
        rule = self.indicators[indicator].definition.over_time
        if rule == "snapshot" and any(one.ends_on is not None for one in owed):
            for partner in {one.partner for one in owed}:
                for place in places | {place for one in owed for place in one.places}:
                    end = self._until([one for one in owed if one.partner == partner], place)
                    if end is not None and (stop := self._first_end(indicator, after=end)) is not None:
                        yield (indicator, partner, place), stop
        if rule == "running_total":
            by_id = {one.id: one for one in owed}
            for successor in owed:
                predecessor = by_id.get(successor.takes_over_from or 0)
                if predecessor is None or not successor.includes_predecessor or predecessor.partner == successor.partner:
                    continue
                began = successor.starts_on or predecessor.ends_on
                stop = self._first_end(indicator, from_day=began) if began is not None else None
                for place in places | predecessor.places if stop is not None else ():
                    if self._covers(successor, place) and self._covers(predecessor, place):
                        yield (indicator, predecessor.partner, place), stop  # type: ignore[misc]

    def _restarts(self, indicator: int, places: set[int]) -> Iterable[tuple[Stream, date]]:
        """Where a partner's running totals start at 0 again: it takes over from itself and does not include what stood before."""
        owed = self.owed.get(indicator, [])
        again = [one for one in owed if one.includes_predecessor is False]
        if not again or self.indicators[indicator].definition.over_time != "running_total":
            return
        by_id = {one.id: one for one in owed}
        for successor in again:
            predecessor = by_id.get(successor.takes_over_from or 0)
            if predecessor is None or predecessor.partner != successor.partner or successor.starts_on is None:
                continue
            end = self._first_end(indicator, from_day=successor.starts_on)
            for place in places | predecessor.places if end is not None else ():
                if self._covers(successor, place) and self._covers(predecessor, place):
                    yield (indicator, successor.partner, place), end  # type: ignore[misc]

    def _until(self, owed: list[Owed], place: int) -> date | None:
        """The last day on which a partner owed the indicator at a place; None while it goes on."""
        covering = [one for one in owed if self._covers(one, place)] or owed
        ends = [one.ends_on for one in covering]
        return None if None in ends else max(end for end in ends if end is not None)

    def _covers(self, owed: Owed, place: int) -> bool:
        return not owed.places or place in owed.places or any(above in owed.places for above in self._above.get(place, ()))

    def _first_end(self, indicator: int, *, after: date | None = None, from_day: date | None = None) -> date | None:
        ends = [span.end for span in self.periods.get(self.project_of[indicator], [])]
        at = bisect_right(ends, after) if after is not None else bisect_left(ends, from_day)  # type: ignore[type-var]
        return ends[at] if at < len(ends) else None

    def _look_above(self, places: set[int]) -> None:
        """What lies above places that nobody is assigned to: asked only where there are such figures, and once."""
        unknown = places - set(self._above)
        if unknown:
            pairs: dict[int, list[int]] = defaultdict(list)
            for place, above in PlaceTree.objects.filter(descendant__in=unknown, depth__gt=0).values_list("descendant_id", "ancestor_id"):
                pairs[place].append(above)
            self._above |= {place: tuple(pairs[place]) for place in unknown}


def indicators(
    user: Actor,
    *,
    definition: IndicatorDefinition | str | None = None,
    program: Program | None = None,
    project: Project | None = None,
    result: Result | None = None,
) -> QuerySet[Indicator]:
    """The indicators of a question that this person may see; a definition is named by its code or given itself."""
    found = Indicator.objects.visible_to(user)
    if definition is not None:
        found = found.filter(definition__code=definition) if isinstance(definition, str) else found.filter(definition=definition)
    if program is not None:
        found = found.filter(project__program=program)
    if project is not None:
        found = found.filter(project=project)
    if result is not None:
        below = Q(result=result) | Q(result__parent=result) | Q(result__parent__parent=result)
        found = found.filter(below)
    return found


def promised(
    queryset: QuerySet[Indicator],
    *,
    partner: Organization | int | None = None,
    place: Place | int | None = None,
    project: Project | None = None,
    within: frozenset[int] | None = None,
) -> Promised:
    """Read what surrounds the figures of these indicators. ``project``: where all are of one that is at hand, it is not read again;
    nor are the places below ``place`` where ``within`` names them.
    """
    scope = queryset.order_by()
    found = _with_shared_parents(scope, project, joined=place is not None)
    place_id = place.pk if isinstance(place, Place) else place
    if place_id is not None and within is None:
        within = frozenset(PlaceTree.objects.filter(ancestor=place_id).values_list("descendant_id", flat=True))
    periods: dict[int, list[Span]] = defaultdict(list)
    exempt: set[tuple[int, int]] = set()
    in_scope = ReportingPeriod.objects.filter(project__in=scope.values("project")).annotate(
        exempted=FilteredRelation("expected_reports", condition=Q(expected_reports__exempted_at__isnull=False))
    )
    columns = ["project_id", "pk", "starts_on", "ends_on", "exempted__partner_id"]
    for of, key, start, end, exempted in raw_rows(in_scope.order_by("ends_on", "pk").values_list(*columns)):
        if not periods[of] or periods[of][-1].id != key:
            periods[of].append(Span(key, start, end))
        if exempted is not None:
            exempt.add((exempted, key))
    return Promised(
        queryset=scope,
        indicators=found,
        partner=partner.pk if isinstance(partner, Organization) else partner,
        place=place_id,
        within=within,
        periods=periods,
        exempt=frozenset(exempt),
        owed=_owed(scope),
        aims=_aims(scope),
        watch_within=practice.number("watch-within-points") / 100,
    )


def streams_owed(periods: Mapping[int, list[Span]], wanted: Collection[int]) -> dict[tuple[int, int], set[tuple[int, int]]]:
    """By partner and period the streams (indicator, place) that many reports owe at once. Two queries.

    ``periods``: per project all of its periods, in order of end; ``wanted``: the keys of those asked about.
    """
    scope = Indicator.objects.filter(project__in=periods, is_retired=False).order_by()
    asked = Promised(queryset=scope, indicators=scope.in_bulk(), periods=periods, owed=_owed(scope))
    found: dict[tuple[int, int], set[tuple[int, int]]] = defaultdict(set)
    for key, project in asked.project_of.items():
        for span in periods[project]:
            if span.id in wanted:
                for indicator, partner, place in asked._due([(key, span)]):
                    if place is not None:
                        found[partner, span.id].add((indicator, place))
    return found


def rules_of(definition: IndicatorDefinition) -> Rules:
    computed = tally.of(definition)
    return Rules(
        over_time=definition.over_time,  # type: ignore[arg-type]
        across=definition.across,  # type: ignore[arg-type]
        per=definition.per,
        measure=definition.measure,  # type: ignore[arg-type]
        counting=definition.counting,  # type: ignore[arg-type]
        from_registers=computed is not None and computed.is_of_people_by_code,
        of_communities=computed is not None and computed.of_communities,
    )


def _with_shared_parents(scope: QuerySet[Indicator], project: Project | None, *, joined: bool) -> dict[int, Indicator]:
    """Indicators whose definition and project are one object each, not one per indicator.

    ``joined`` saves a query where indicators are few, such as those of a place; over a whole portfolio the join costs more.
    """
    found = list(scope.select_related("project") if joined and project is None else scope)
    definitions = IndicatorDefinition.objects.in_bulk({row.definition_id for row in found})
    if project is not None:
        projects = {project.pk: project}
    elif joined:
        projects = {row.project_id: row.project for row in found}
    else:
        projects = Project.objects.in_bulk({row.project_id for row in found})
    for row in found:
        row.definition, row.project = definitions[row.definition_id], projects[row.project_id]
    return {row.pk: row for row in found}


def _owed(scope: QuerySet[Indicator]) -> dict[int, list[Owed]]:
    places: dict[int, set[int]] = defaultdict(set)
    named: dict[int, set[int]] = defaultdict(set)
    rows: dict[int, tuple[Any, ...]] = {}
    columns = ["pk", "indicator_id", "partner_id", "starts_on", "ends_on", "collected", "takes_over_from_id", "includes_predecessor"]
    found = ReportingAssignment.objects.filter(indicator__in=scope.values("pk"))
    for *row, place, period in raw_rows(found.values_list(*columns, "places__place_id", "periods__pk")):
        rows[row[0]] = tuple(row)
        places[row[0]].add(place)
        named[row[0]].add(period)
    owed: dict[int, list[Owed]] = defaultdict(list)
    for key in sorted(rows):
        number, indicator, partner, start, end, collected, after, includes = rows[key]
        at, periods = frozenset(places[key] - {None}), frozenset(named[key] - {None})
        owed[indicator].append(Owed(number, indicator, partner, start, end, collected, after, includes, at, periods))
    return owed


def _aims(scope: QuerySet[Indicator]) -> dict[int, list[Aim]]:
    aims: dict[int, list[Aim]] = defaultdict(list)
    columns = ["partner_id", "place_id", "period__ends_on", "period__starts_on", "value", "numerator", "denominator", "share"]
    for row in raw_rows(Target.objects.filter(indicator__in=scope.values("pk")).values_list("indicator_id", *columns)):
        aims[row[0]].append(Aim(*row))
    return aims


def _baseline(indicator: Indicator) -> Start:
    stated = (indicator.baseline_value, indicator.baseline_numerator, indicator.baseline_denominator, indicator.baseline_share)
    return Start(*map(_units, stated))


def _units(number: Any) -> int | None:
    return None if number is None else to_units(number, 6)


def _end_of(span: Span) -> date:
    return span.end
