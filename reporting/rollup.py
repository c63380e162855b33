"""Totals, computed when asked: one covering SELECT brings the counting figures, ``rules`` and ``targets`` say what they come to.

    asked = promises.promised(promises.indicators(user, project=project))
    for line in rollup.progress(asked, through=date(2026, 9, 30)):
        line.progress.value, line.progress.coverage, line.standing.progress

Raw figures come out: whoever may not see them gets ``reporting.published`` instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import Any, Literal

from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery

from plumbing.cursor_rows import raw_rows
from programs.models import Dimension, DisaggregationCategory, Indicator, IndicatorDefinition, Project
from reporting.models import RollupRow
from reporting.promises import Promised, promised, rules_of
from reporting.rules import (
    END,
    INDICATOR,
    PLACE,
    START,
    Amount,
    Coverage,
    Expectation,
    Parts,
    Progress,
    Reason,
    Row,
    Stream,
    alone,
    roll_up,
    roll_up_streams,
    stream_of,
)
from reporting.targets import Standing, standing

By = Literal["partner", "place", "project", "period"]
_KEPT = ("value", "numerator", "denominator", "share", "why_none", "present", "reported", "expected")
KEYS = ("partner", "place", "project")
STREAM_ORDER = "indicator_id, disaggregation_id, partner_id, place_id, period_end"
COLUMNS = f"{STREAM_ORDER}, NULL, value, numerator, denominator, share, option_id"  # in the order of rules.Figure


@dataclass(frozen=True)
class Part:
    """The number of one partner, place, project (its key) or period (its end) within a line."""

    key: int | date
    progress: Progress


@dataclass(frozen=True)
class Line:
    """One definition, or one indicator, with its number and how it stands."""

    definition: IndicatorDefinition
    indicators: tuple[Indicator, ...]
    progress: Progress
    asked: Promised = field(repr=False, compare=False)
    parts: tuple[Part, ...] = field(default=())

    @cached_property
    def standing(self) -> Standing:
        """Against target, milestone and baseline; computed when a page shows it."""
        return standing(
            self.progress.total,
            rules=rules_of(self.definition),
            through=self.progress.through,
            ascending=self.definition.ascending,
            **self.asked.standing_input(one.pk for one in self.indicators),
        )


def progress(
    asked: Promised | QuerySet[Indicator],
    *,
    through: date,
    since: date | None = None,
    by: By | Dimension | None = None,
    each: Literal["definition", "indicator"] = "definition",
    with_series: bool = False,
) -> list[Line]:
    """Roll up every definition (or every indicator) of a scope as of a date, with one SELECT over the figures.

    ``by`` splits each line by partner, place, project or period, or by a dimension (``line.progress.breakdown``).
    ``each`` "definition": the indicators of one definition are pooled; "indicator": each stands alone.
    """
    asked = asked if isinstance(asked, Promised) else promised(asked)
    dimension = by if isinstance(by, Dimension) else None
    parts = parts_of() if dimension is not None else None
    rows = fetch(asked, through=through, with_cells=dimension is not None)
    key_of = asked.definition_of if each == "definition" else {key: key for key in asked.indicators}
    groups: dict[int, dict[Stream, list[Row]]] = defaultdict(dict)
    for stream, figures in groupby(rows, stream_of):
        streams = groups[key_of[stream[0]]]
        if stream in streams:  # with cells a stream comes once per disaggregation
            streams[stream] += figures
        else:
            streams[stream] = list(figures)
    members: dict[int, list[Indicator]] = defaultdict(list)
    for key, indicator in asked.indicators.items():
        members[key_of[key]].append(indicator)
    question = _Question(asked, through, since, dimension, parts, with_series or by == "period")
    return [question.line(of, groups.get(key, {}), by=by) for key, of in members.items()]


def fetch(asked: Promised, *, through: date, with_cells: bool = False) -> list[Row]:
    """The one SELECT: counting figures of the scope in stream order, out of one covering index, in millionths."""
    if not asked.indicators:  # the reader may see none: there is no such SELECT
        return []
    sql, params = select(asked, through=through, with_cells=with_cells)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def select(asked: Promised, *, through: date, with_cells: bool = False) -> tuple[str, list[Any]]:
    """The text is the same on both databases. By hand: building it from a queryset costs more than a single indicator's rows.

    The start of a period is not in the index; only one rule asks for it, and ``Promised`` knows it.
    """
    scope, scope_params = asked.scope_sql
    where, params = [f"counts AND indicator_id IN ({scope})", "period_end <= %s"], [*scope_params, through.isoformat()]
    if not with_cells:
        where.append("disaggregation_id = (SELECT id FROM programs_disaggregation WHERE key = '')")
    if asked.partner is not None:
        where.append("partner_id = %s")
        params.append(asked.partner)
    if asked.place is not None:
        where.append("place_id IN (SELECT descendant_id FROM locations_placetree WHERE ancestor_id = %s)")
        params.append(asked.place)
    return f"SELECT {COLUMNS} FROM reporting_figure WHERE {' AND '.join(where)} ORDER BY {STREAM_ORDER}", params  # noqa: S608


def keep(indicators: Iterable[int]) -> int:
    """Write the rows of the whole-portfolio page anew: per indicator and period, the number through the period's end.

    Call it where ``counts`` moves, in that transaction and under the project's lock: a later period's row depends on an
    earlier period's figures. Returns how many rows were written or taken away.
    """
    keys = set(indicators)
    have = {(row.indicator_id, row.period_id): row for row in RollupRow.objects.filter(indicator__in=keys)}
    wanted = {(row.indicator_id, row.period_id): row for row in _rollup_rows(Indicator.objects.filter(pk__in=keys))}
    changed = [(have[at], row) for at, row in wanted.items() if at in have and _content(have[at]) != _content(row)]
    for old, new in changed:
        new.pk = old.pk
    RollupRow.objects.bulk_update([new for _old, new in changed], ["period_end", *_KEPT])
    gone, _detail = RollupRow.objects.filter(pk__in=[row.pk for at, row in have.items() if at not in wanted]).delete()
    made = RollupRow.objects.bulk_create(row for at, row in wanted.items() if at not in have)
    return len(changed) + gone + len(made)


def keep_safely(project: Project, indicators: Iterable[int]) -> int:
    """``keep`` for callers that hold no lock: takes the project's, as an acceptance does."""
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        return keep(indicators)


def differences(indicators: QuerySet[Indicator]) -> Iterator[tuple[Indicator, date, str, str]]:
    """Where a kept row is not what the figures come to: indicator, period end, kept, computed. Nothing is the proof."""
    have = {(row.indicator_id, row.period_id): row for row in RollupRow.objects.filter(indicator__in=indicators.order_by().values("pk"))}
    wanted = {(row.indicator_id, row.period_id): row for row in _rollup_rows(indicators)}
    of = {row.pk: row for row in indicators}
    for at in sorted(have.keys() | wanted.keys()):
        kept, computed = have.get(at), wanted.get(at)
        if kept is None or computed is None or _content(kept) != _content(computed):
            end = (kept or computed).period_end  # type: ignore[union-attr]
            yield of[at[0]], end, _words(kept), _words(computed)


def kept(indicators: QuerySet[Indicator], *, through: date) -> dict[int, tuple[Amount, Coverage]]:
    """The kept number and coverage of every indicator as of a date, for pages over the whole portfolio. One SELECT.

    An indicator that nobody reported yet is not in the answer. Equal to ``progress`` by ``verify_rollups``.
    """
    rows = RollupRow.objects.filter(indicator=OuterRef("pk"), period_end__lte=through).order_by("-period_end")
    latest = indicators.order_by().annotate(latest=Subquery(rows.values("pk")[:1])).values("latest")
    columns = (
        "indicator_id",
        "value",
        "numerator",
        "denominator",
        "share",
        "why_none",
        "reported",
        "expected",
        "indicator__definition__per",
    )
    found = {}
    for key, value, top, bottom, share, why_none, reported, expected, per in raw_rows(
        RollupRow.objects.filter(pk__in=latest).values_list(*columns)
    ):
        if why_none:
            amount = Amount(top=top, bottom=bottom, reason=Reason(why_none))
        else:
            amount = alone((key, 0, 0, 0, through, through, value, top, bottom, share, None), per=per)
        found[key] = (amount, Coverage(reported, expected))
    return found


def _rollup_rows(indicators: QuerySet[Indicator]) -> list[RollupRow]:
    """One row per indicator and period that has begun to be reported: from the first figure to the last period laid out."""
    asked = promised(indicators)
    latest = max((span.end for spans in asked.periods.values() for span in spans), default=None)
    if latest is None:
        return []
    figures: dict[int, list[Row]] = defaultdict(list)
    for row in fetch(asked, through=latest):
        figures[row[INDICATOR]].append(row)
    return [row for key, rows in figures.items() for row in _rows_of(asked, key, rows)]


def _rows_of(asked: Promised, key: int, figures: list[Row]) -> Iterator[RollupRow]:
    indicator = asked.indicators[key]
    first = min(row[END] for row in figures)
    places = {row[PLACE] for row in figures}
    for span in asked.periods[indicator.project_id]:
        if span.end < first:
            continue
        found = roll_up(figures, rules=rules_of(indicator.definition), through=span.end, around=asked.expectation([key], span.end, places))
        ratio = found.total.bottom is not None
        share = None if ratio or indicator.definition.measure != "percentage" else found.value
        yield RollupRow(
            indicator_id=key,
            period_id=span.id,
            period_end=span.end,
            value=None if ratio or share is not None else found.value,
            numerator=found.numerator,
            denominator=found.denominator,
            share=share,
            why_none=found.reason or "",
            present=found.streams,
            reported=found.coverage.reported,
            expected=found.coverage.expected,
        )


def _content(row: RollupRow) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _KEPT)


def _words(row: RollupRow | None) -> str:
    return "no row" if row is None else ", ".join(f"{name} {getattr(row, name)}" for name in _KEPT if getattr(row, name) not in (None, ""))


def parts_of() -> dict[int, Parts]:
    """The dimensions and categories of every disaggregation; the total has none and is left out."""
    pairs: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for key, of, category in DisaggregationCategory.objects.values_list("disaggregation_id", "dimension_id", "category_id"):
        pairs[key].add((of, category))
    return {key: frozenset(found) for key, found in pairs.items()}


@dataclass(frozen=True)
class _Question:
    """What is the same for every line of one answer."""

    asked: Promised
    through: date
    since: date | None
    dimension: Dimension | None
    parts: dict[int, Parts] | None
    with_series: bool

    def line(self, members: Sequence[Indicator], streams: dict[Stream, list[Row]], *, by: By | Dimension | None) -> Line:
        definition = members[0].definition
        rules = rules_of(definition)
        if definition.across == "latest":  # the only rule that asks when a period began
            streams = {key: [self._dated(row) for row in rows] for key, rows in streams.items()}
        around = self.asked.expectation([one.pk for one in members], self.through, {place for _indicator, _partner, place in streams})
        options: dict[str, Any] = {"rules": rules, "through": self.through, "since": self.since, "with_series": self.with_series}
        if self.dimension is None:
            found = roll_up_streams(streams, around=around, **options)
        else:
            figures = [row for rows in streams.values() for row in rows]
            found = roll_up(figures, around=around, by=self.dimension.pk, parts=self.parts, **options)
        return Line(definition, tuple(members), found, self.asked, tuple(self._split(streams, found, by, around=around, **options)))

    def _split(self, streams: dict[Stream, list[Row]], found: Progress, by: Any, *, around: Expectation, **options: Any) -> Iterator[Part]:
        """Each part rolled up by itself: parts of what is added up make the whole, other parts need not."""
        if by == "period":
            for point in found.series:
                yield Part(point.end, replace(found, total=point.own, through=point.end, series=(), carried=(), coverage=Coverage()))
        if by not in KEYS:
            return
        groups: dict[Any, dict[Stream, list[Row]]] = defaultdict(dict)
        for stream, rows in streams.items():
            groups[self._key(by, *stream)][stream] = rows
        for key in sorted(groups):
            of_part = replace(around, expected={due for due in around.expected if self._key(by, *due) == key})
            yield Part(key, roll_up_streams(groups[key], around=of_part, **options))

    def _key(self, by: str, indicator: int, partner: int, place: int | None) -> int | None:
        return self.asked.project_of[indicator] if by == "project" else {"partner": partner, "place": place}[by]

    def _dated(self, row: Row) -> Row:
        return (*row[:START], self.asked.start_of(row[INDICATOR], row[END]), *row[START + 1 :])
