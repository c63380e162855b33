"""Reported figures for readers without raw figures, and for whatever leaves the portal: the one place that gives them.

    for line in published.table(asked, reader=request.user, through=date(2026, 9, 30)):
        line.amount.value, line.status, line.of

Counts and ratios of people come from the register, where each number was checked against those published before it
(docs/small-numbers.md); counts of things, and everything for readers entitled to raw figures, come from the roll-up as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from django.db import transaction
from django.db.models import QuerySet

from accounts import practice
from accounts.models import Actor
from accounts.roles import Permission
from locations.models import PlaceTree
from plumbing.numbers import to_units
from privacy import suppression
from programs.models import Category, Dimension, Indicator, IndicatorDefinition, Project, Sensitivity
from programs.scope import held
from reporting import rollup
from reporting.models import PublishedNumber
from reporting.promises import Promised, promised, rules_of
from reporting.rules import (
    CELL,
    END,
    INDICATOR,
    PLACE,
    Amount,
    Coverage,
    Expectation,
    Figure,
    Mark,
    Parts,
    Reason,
    Row,
    Rules,
    across,
    roll_up,
)
from reporting.targets import Standing, standing

Status = PublishedNumber.Status


@dataclass(frozen=True)
class PublishedPoint:
    end: date
    amount: Amount
    status: Status


@dataclass(frozen=True)
class PublishedCell:
    """The part of one category; ``category`` None: what is not broken down."""

    category: int | None
    amount: Amount
    status: Status


@dataclass(frozen=True)
class PublishedLine:
    """One definition or indicator as its reader may see it. ``of``: the period end the number is of, earlier when it is held."""

    definition: IndicatorDefinition
    indicators: tuple[Indicator, ...]
    amount: Amount
    status: Status
    of: date | None
    coverage: Coverage
    marks: frozenset[Mark]
    standing: Standing
    series: tuple[PublishedPoint, ...] = ()
    breakdown: tuple[PublishedCell, ...] = ()

    @property
    def value(self) -> Decimal | None:
        return self.amount.value


def is_protected(definition: IndicatorDefinition, projects: Iterable[Project]) -> bool:
    """Counts and ratios of people always; counts of things only in strict data."""
    return definition.counts_people or _class_of(definition, projects) == Sensitivity.STRICT


def table(
    asked: Promised | QuerySet[Indicator],
    *,
    reader: Actor | None,
    through: date,
    by: Dimension | None = None,
    each: Literal["definition", "indicator"] = "definition",
    with_series: bool = False,
) -> list[PublishedLine]:
    """What ``reader`` may see as of a date (None: the public). Protected numbers are those of whole indicators at period ends.

    A partner's or a place's part of a protected number, and pooled breakdowns, are not among the tables agreed for publication:
    they are suppressed.
    """
    asked = asked if isinstance(asked, Promised) else promised(asked)
    raw = raw_projects(reader, asked)
    lines = rollup.progress(asked, through=through, by=by, each=each, with_series=with_series)
    closed = {
        one.pk
        for line in lines
        if is_protected(line.definition, [one.project for one in line.indicators])
        for one in line.indicators
        if not {other.project_id for other in line.indicators} <= raw
    }
    register = _register(closed, through)
    return [
        _closed(line, asked, register, through=through, by=by, with_series=with_series) if line.indicators[0].pk in closed else _open(line)
        for line in lines
    ]


def register(indicators: Iterable[int]) -> int:
    """Decide what is shown of protected indicators as of each period end; called where ``counts`` moves, under the project's lock.

    Returns how many rows were written or changed. Rows whose number has not changed enough stay as they are.
    """
    asked = promised(Indicator.objects.filter(pk__in=set(indicators)))
    watched = {key: row for key, row in asked.indicators.items() if is_protected(row.definition, [row.project])}
    latest = max((span.end for spans in asked.periods.values() for span in spans), default=None)
    if not watched or latest is None:
        return 0
    asked = replace(asked, queryset=Indicator.objects.filter(pk__in=watched).order_by())
    figures: dict[int, list[Row]] = defaultdict(list)
    for row in rollup.fetch(asked, through=latest, with_cells=True):
        figures[row[INDICATOR]].append(row)
    dimensions = _dimensions_of({row.definition_id for row in watched.values()})
    parts = rollup.parts_of()
    names = dict(Category.objects.values_list("pk", "code"))
    kept: dict[int, dict[tuple[date, str], PublishedNumber]] = defaultdict(dict)
    for number in PublishedNumber.objects.filter(indicator__in=watched):
        kept[number.indicator_id][number.period_end, number.cell] = number
    new, changed = [], []
    for key, indicator in watched.items():
        thread = _Thread(asked, indicator, figures.get(key, []), dimensions.get(indicator.definition_id, ()), parts, names, kept[key])
        for number in thread.numbers():
            old = kept[key].get((number.period_end, number.cell))
            if old is None:
                new.append(number)
            elif _content(old) != _content(number):
                number.pk = old.pk
                changed.append(number)
    PublishedNumber.objects.bulk_create(new)
    PublishedNumber.objects.bulk_update(changed, [*_NUMBERS, "status", "of_end", "registered_at"])
    return len(new) + len(changed)


def refresh(project: Project) -> int:
    """Write a project's kept rows and published numbers anew, under its lock. Returns how many changed.

    Acceptances keep both; assignments, hand-overs, exemptions and new periods also change what is carried and who was due.
    """
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        keys = list(Indicator.objects.filter(project=project).values_list("pk", flat=True))
        return rollup.keep(keys) + register(keys)


_NUMBERS = ("value", "numerator", "denominator", "share")


@dataclass
class _Thread:
    """One indicator's published numbers, period after period."""

    asked: Promised
    indicator: Indicator
    figures: list[Row]
    dimensions: Sequence[Dimension]
    parts: Mapping[int, Parts]
    names: Mapping[int, str]
    kept: Mapping[tuple[date, str], PublishedNumber]

    def numbers(self) -> Iterator[PublishedNumber]:
        if not self.figures:
            return
        rule = _Rule.of(self.indicator.definition, [self.indicator.project])
        rules = rules_of(self.indicator.definition)
        first, places = min(row[END] for row in self.figures), {row[PLACE] for row in self.figures}
        before: dict[str, PublishedNumber] = {}
        for span in self.asked.periods[self.indicator.project_id]:
            if span.end < first:
                continue
            around = self.asked.expectation([self.indicator.pk], span.end, places)
            totals = [row for row in self.figures if not self.parts.get(row[CELL])]
            amount = roll_up(totals, rules=rules, through=span.end, around=around).total
            shown = self._next(amount, span.end, "", before, rule)
            yield shown
            # Cells add up to the exact total: beside one that is held they would give it away.
            is_exact = shown.status == Status.SHOWN and amount.bottom is None and shown.value == amount.value
            cells = list(self._cells(span.end, rules, around, before, rule)) if is_exact and not rules.are_answers else []
            yield from cells
            told = {number.cell.partition("=")[0] for number in cells}
            for (end, cell), number in self.kept.items():
                if end == span.end and cell and cell.partition("=")[0] not in told:
                    yield self._row(end, cell, Status.HELD, _amount_of(number, self.indicator), number.of_end)

    def _cells(
        self, end: date, rules: Rules, around: Expectation, before: dict[str, PublishedNumber], rule: _Rule
    ) -> Iterator[PublishedNumber]:
        """Each dimension's cells as one system with the total; a dimension with a step too small to show is left out this time."""
        lines: list[dict[str, Amount]] = []
        for dimension in self.dimensions:
            found = roll_up(self.figures, rules=rules, through=end, around=around, by=dimension.pk, parts=self.parts).breakdown
            if found is None or not found.slices or found.not_broken_down is None:
                continue
            cells = {f"{dimension.code}={self.names[part.category]}": part.amount for part in found.slices}
            if found.not_broken_down.exact:
                cells[f"{dimension.code}="] = found.not_broken_down
            if all(amount.value is not None and amount.value >= 0 for amount in cells.values()):
                lines.append(cells)
        if not lines:
            return
        safe = suppression.protect_lines(
            [[_whole(amount) for amount in cells.values()] for cells in lines], threshold=rule.threshold, hide_zeros=rule.hide_zeros
        )
        for cells, line in zip(lines, safe, strict=True):
            if line.dropped or line.total.status != "shown":
                continue
            after = dict(before)
            numbers = [
                self._next(amount, end, cell, after, rule)
                if shown.status == "shown"
                else self._row(end, cell, Status.SUPPRESSED, Amount(), None)
                for (cell, amount), shown in zip(cells.items(), line.cells, strict=True)
            ]
            exact = {cell: amount.value for cell, amount in cells.items()}
            if all(number.status == Status.SUPPRESSED or number.value == exact[number.cell] for number in numbers):
                before |= after
                yield from numbers

    def _next(self, amount: Amount, end: date, cell: str, before: dict[str, PublishedNumber], rule: _Rule) -> PublishedNumber:
        """This period's number: shown, or held at the last one, or at what was already shown for this very period."""
        if amount.exact is None:
            return self._row(end, cell, Status.NONE, Amount(), None)
        if rule.hides(amount):
            return self._row(end, cell, Status.SUPPRESSED, Amount(), None)
        last, same = before.get(cell), self.kept.get((end, cell))
        same = same if same is not None and same.of_end == end else None
        steps = [number for number in (last, same) if number is not None]
        if all(rule.moves(amount, number) for number in steps) and (steps or rule.moves(amount, None)):
            number = self._row(end, cell, Status.SHOWN, amount, end)
        elif same is not None:
            number = self._row(end, cell, Status.SHOWN, _amount_of(same, self.indicator), end)
        elif last is not None:
            number = self._row(end, cell, Status.HELD, _amount_of(last, self.indicator), last.of_end)
        else:
            return self._row(end, cell, Status.SUPPRESSED, Amount(), None)
        before[cell] = number
        return number

    def _row(self, end: date, cell: str, status: Status, amount: Amount, of_end: date | None) -> PublishedNumber:
        ratio = amount.bottom is not None
        share = None if ratio or self.indicator.definition.measure != "percentage" else amount.value
        return PublishedNumber(
            indicator=self.indicator,
            period_end=end,
            cell=cell,
            status=status,
            of_end=of_end,
            value=None if ratio or share is not None else amount.value,
            numerator=amount.numerator,
            denominator=amount.denominator,
            share=share,
        )


@dataclass(frozen=True)
class _Rule:
    """The thresholds for one definition in these projects; the strictest class decides."""

    threshold: int
    hide_zeros: bool
    is_strict: bool

    @classmethod
    def of(cls, definition: IndicatorDefinition, projects: Iterable[Project]) -> _Rule:
        strictest = _class_of(definition, projects)
        sensitive = strictest >= Sensitivity.CONFIDENTIAL
        key = "suppression-threshold-sensitive" if sensitive else "suppression-threshold"
        return cls(practice.whole(key), sensitive, strictest == Sensitivity.STRICT)

    def hides(self, amount: Amount) -> bool:
        if self.is_strict:  # tables of strict data are for named roles only
            return True
        if amount.numerator is not None and amount.denominator is not None:
            return not suppression.may_show_percentage(
                amount.numerator, amount.denominator, threshold=self.threshold, hide_zeros=self.hide_zeros
            )
        return suppression.protect_total(_whole(amount), threshold=self.threshold, hide_zeros=self.hide_zeros).status != "shown"

    def moves(self, amount: Amount, last: PublishedNumber | None) -> bool:
        """Whether the step from the last published number may be shown; of a ratio, both sides."""
        pairs = (
            [(amount.value, last and (last.value if last.value is not None else last.share))]
            if amount.bottom is None
            else [(amount.numerator, last and last.numerator), (amount.denominator, last and last.denominator)]
        )
        return not any(
            suppression.release(now, then, threshold=self.threshold, hide_zeros=self.hide_zeros).held  # type: ignore[arg-type]
            for now, then in pairs
        )


def _closed(
    line: rollup.Line,
    asked: Promised,
    register: Mapping[int, Sequence[PublishedNumber]],
    *,
    through: date,
    by: Dimension | None,
    with_series: bool,
) -> PublishedLine:
    """A line out of the register: each indicator's published number, put together by the rule across."""
    rules = rules_of(line.definition)
    narrowed = asked.partner is not None or asked.place is not None
    totals = {one.pk: [number for number in register.get(one.pk, ()) if number.cell == ""] for one in line.indicators}
    latest = [numbers[-1] for numbers in totals.values() if numbers]
    amount, status = (Amount(), Status.SUPPRESSED) if narrowed and latest else _pooled(latest, rules=rules)
    alone = len(line.indicators) == 1 and not narrowed
    stands = standing(
        amount if amount.exact is not None or status == Status.NONE else Amount(reason=Reason.HIDDEN),
        rules=rules,
        through=through,
        ascending=line.definition.ascending,
        **asked.standing_input(one.pk for one in line.indicators),
    )
    return PublishedLine(
        definition=line.definition,
        indicators=line.indicators,
        amount=amount,
        status=status,
        of=max((number.of_end for number in latest if number.of_end is not None), default=None),
        coverage=line.progress.coverage,
        marks=line.progress.marks,
        standing=stands,
        series=tuple(_points(next(iter(totals.values())), rules)) if alone and with_series else (),
        breakdown=tuple(_published_cells(register.get(line.indicators[0].pk, ()), latest, by, rules)) if alone and by is not None else (),
    )


def _open(line: rollup.Line) -> PublishedLine:
    found = line.progress
    told = found.breakdown
    cells = [PublishedCell(part.category, part.amount, Status.SHOWN) for part in told.slices] if told is not None else []
    if told is not None and told.not_broken_down is not None and told.not_broken_down.exact:
        cells.append(PublishedCell(None, told.not_broken_down, Status.SHOWN))
    return PublishedLine(
        definition=line.definition,
        indicators=line.indicators,
        amount=found.total,
        status=Status.NONE if found.total.exact is None else Status.SHOWN,
        of=found.through,
        coverage=found.coverage,
        marks=found.marks,
        standing=line.standing,
        series=tuple(PublishedPoint(point.end, point.total, Status.SHOWN) for point in found.series),
        breakdown=tuple(cells),
    )


def _pooled(numbers: Sequence[PublishedNumber], *, rules: Rules) -> tuple[Amount, Status]:
    """One hidden number hides the sum: beside the others it would give the hidden one away."""
    told = [number for number in numbers if number.status != Status.NONE]
    if any(number.status == Status.SUPPRESSED for number in told):
        return Amount(), Status.SUPPRESSED
    amount = across((_as_row(number) for number in told), rules=rules)
    if amount.exact is None:
        return amount, Status.NONE
    return amount, Status.HELD if any(number.status == Status.HELD for number in told) else Status.SHOWN


def _points(numbers: Sequence[PublishedNumber], rules: Rules) -> Iterator[PublishedPoint]:
    for number in numbers:
        amount, status = _pooled([number], rules=rules)
        yield PublishedPoint(number.period_end, amount, status)


def _published_cells(
    numbers: Sequence[PublishedNumber], latest: Sequence[PublishedNumber], by: Dimension, rules: Rules
) -> Iterator[PublishedCell]:
    """The breakdown of the very period whose total is shown; none while the total is held or hidden."""
    if not latest or latest[0].status != Status.SHOWN:
        return
    mine = [number for number in numbers if number.period_end == latest[0].period_end and number.cell.startswith(f"{by.code}=")]
    if any(number.status == Status.HELD for number in mine):
        return
    categories = dict(Category.objects.filter(dimension=by).values_list("code", "pk"))
    for number in mine:
        amount, status = _pooled([number], rules=rules)
        yield PublishedCell(categories.get(number.cell.partition("=")[2]), amount, status)


def _register(indicators: set[int], through: date) -> dict[int, list[PublishedNumber]]:
    found: dict[int, list[PublishedNumber]] = defaultdict(list)
    rows = PublishedNumber.objects.filter(indicator__in=indicators, period_end__lte=through) if indicators else ()
    for number in sorted(rows, key=lambda number: (number.period_end, number.pk)):
        found[number.indicator_id].append(number)
    return found


def raw_projects(reader: Actor | None, asked: Promised) -> set[int]:
    """Projects whose raw figures the reader may see in this scope. A partner's role opens its own figures, not the whole."""
    projects = {row.project_id: row.project for row in asked.indicators.values()}
    found: set[int] = set()
    for one in held(reader) if reader is not None else ():
        fields = dict(one.scope)
        partner, place = fields.pop("partner", None), fields.pop("place", None)
        if Permission.READ_RAW not in one.words or "donor" in fields or (partner is not None and partner != asked.partner):
            continue
        if place is not None and not (
            asked.place is not None and PlaceTree.objects.filter(ancestor_id=place, descendant_id=asked.place).exists()
        ):
            continue
        found |= {
            key
            for key, project in projects.items()
            if fields.get("project", key) == key and fields.get("program", project.program_id) == project.program_id
        }
    return found


def _dimensions_of(definitions: set[int]) -> dict[int, list[Dimension]]:
    found: dict[int, list[Dimension]] = defaultdict(list)
    pairs = Dimension.objects.filter(breakdowns__definition__in=definitions).values_list("breakdowns__definition", "pk").distinct()
    rows = Dimension.objects.in_bulk([dimension for _definition, dimension in pairs])
    for definition, dimension in sorted(pairs):
        found[definition].append(rows[dimension])
    return found


def _class_of(definition: IndicatorDefinition, projects: Iterable[Project]) -> int:
    return max([definition.sensitivity, *(project.sensitivity for project in projects)])


def _amount_of(number: PublishedNumber, indicator: Indicator) -> Amount:
    return across([_as_row(number)], rules=rules_of(indicator.definition))


def _as_row(number: PublishedNumber) -> Row:
    units = [None if stored is None else to_units(stored, 6) for stored in (getattr(number, name) for name in _NUMBERS)]
    return Figure(number.indicator_id, 0, 0, 0, number.of_end or number.period_end, number.period_end, *units)


def _whole(amount: Amount) -> int:
    """People come in whole numbers; where a figure does not, it is compared as it is."""
    return amount.value  # type: ignore[return-value]


def _content(number: PublishedNumber) -> tuple[object, ...]:
    return (*(getattr(number, name) for name in _NUMBERS), number.status, number.of_end)
