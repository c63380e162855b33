"""The roll-up rules (docs/rollup.md), once and without a database.

Everything runs on whole millionths, so that sums are exact and a quotient is rounded once, at the end. First each stream
(the figures of one indicator, partner and place) is brought to a date by the rule over time; then the streams are put
together by the rule across. A figure is a plain tuple in the order of ``Figure``, because a portfolio brings a million of
them from a cursor; their order does not matter.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from plumbing.numbers import from_units

MILLION = 10**6
OverTime = Literal["per_period", "running_total", "snapshot"]
Across = Literal["sum", "weighted_ratio", "max", "latest", "not_computable"]
Stream = tuple[int, int, int]  # indicator, partner, place
Due = tuple[int, int, int | None]  # a stream that should report; without a place: wherever it does
Parts = frozenset[tuple[int, int]]  # the (dimension, category) pairs of a cell; empty for the total


class Figure(NamedTuple):
    """One accepted figure that counts, numbers in millionths. NULL everywhere: only a reason was given, nothing reported."""

    indicator: int
    disaggregation: int
    partner: int
    place: int
    end: date
    start: date
    value: int | None
    numerator: int | None
    denominator: int | None
    share: int | None
    option: int | None = None


INDICATOR, CELL, PARTNER, PLACE, END, START, VALUE, NUMERATOR, DENOMINATOR, SHARE, OPTION = range(11)
Row = Sequence[Any]  # a Figure, or a tuple of the same order
_Present = tuple[Stream, list[Row], Row]  # a stream that has a number, its figures, and the row that says it
stream_of = itemgetter(INDICATOR, PARTNER, PLACE)
_end_of = itemgetter(END)
_latest_of = itemgetter(END, START)


class Reason(TextChoices):
    """Why there is no number. A wrong total is never shown instead."""

    NOT_REPORTED = "not_reported", _("not reported")
    NOTHING_TO_DIVIDE_BY = "nothing_to_divide_by", _("nothing to divide by")
    SEVERAL_LATEST = "several_latest", _("several latest values")
    NOT_ADDABLE = "not_addable", _("cannot be added up")
    BARE_SHARE = "bare_share", _("a share without numerator cannot be pooled")
    ANSWERS = "answers", _("answers are shown as a distribution")
    HIDDEN = "hidden", _("hidden, because small numbers of people could be worked out")
    NO_BASELINE = "no_baseline", _("no baseline")
    NO_TARGET = "no_target", _("no target")
    NO_MILESTONE = "no_milestone", _("no milestone")
    TARGET_IS_BASELINE = "target_is_baseline", _("the target equals the baseline")


class Mark(TextChoices):
    """What a reader must know about a number that is shown."""

    SAME_PERSON_TWICE = "same_person_twice", _("may include the same person twice")
    SAME_COMMUNITY_TWICE = "same_community_twice", _("may include the same community twice")
    CARRIED = "carried", _("includes numbers of an earlier period")


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one definition; the words are those of ``IndicatorDefinition``."""

    over_time: OverTime
    across: Across
    per: int = 1
    measure: Literal["unit", "percentage", "ordinal", "nominal", "text"] = "unit"
    counting: Literal["things", "contacts", "people_per_period", "people_ever"] = "things"
    from_registers: bool = False  # computed from the portal's own case files, where one person is one code
    of_communities: bool = False  # computed from records of communities, which count for each project they work with

    @property
    def are_answers(self) -> bool:
        return self.measure in ("ordinal", "nominal", "text")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number, or why there is none. ``exact`` is in millionths and unrounded; ``value`` is what is shown."""

    exact: int | Fraction | None = None
    top: int | Fraction | None = None
    bottom: int | Fraction | None = None
    reason: Reason | None = None
    answers: tuple[tuple[int, int], ...] = ()  # option and how many streams gave it, for ordinal and nominal measures

    @property
    def value(self) -> Decimal | None:
        """Rounded half-even to six places: the one rounding."""
        return None if self.exact is None else from_units(round(self.exact), 6)

    @property
    def numerator(self) -> Decimal | None:
        return None if self.top is None else from_units(round(self.top), 6)

    @property
    def denominator(self) -> Decimal | None:
        return None if self.bottom is None else from_units(round(self.bottom), 6)


@dataclass(frozen=True, slots=True, order=True)
class Carried:
    """A stream whose number comes from an earlier period than the one asked for."""

    indicator: int
    partner: int
    place: int
    end: date


@dataclass(frozen=True, slots=True)
class Point:
    """One period end of the scope: what was reported for it, and the number as of it."""

    end: date
    own: Amount
    total: Amount


@dataclass(frozen=True, slots=True)
class Slice:
    """The part of one category."""

    category: int
    amount: Amount


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A slice by one dimension: its categories, and what the total holds beyond them (None where that has no meaning)."""

    dimension: int
    slices: tuple[Slice, ...]
    not_broken_down: Amount | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the streams that were expected to report the period did."""

    reported: int = 0
    expected: int = 0

    @property
    def is_complete(self) -> bool:
        return self.reported >= self.expected


@dataclass(frozen=True, slots=True)
class Progress:
    """A number as of a date, with everything that must be said beside it."""

    total: Amount
    through: date
    since: date | None = None
    change: Amount | None = None  # within since..through; never for a snapshot
    first: Amount | None = None  # a snapshot's first and last within since..through
    last: Amount | None = None
    streams: int = 0  # present
    coverage: Coverage = field(default_factory=Coverage)
    carried: tuple[Carried, ...] = ()
    marks: frozenset[Mark] = frozenset()
    series: tuple[Point, ...] = ()
    breakdown: Breakdown | None = None

    @property
    def value(self) -> Decimal | None:
        return self.total.value

    @property
    def numerator(self) -> Decimal | None:
        return self.total.numerator

    @property
    def denominator(self) -> Decimal | None:
        return self.total.denominator

    @property
    def reason(self) -> Reason | None:
        return self.total.reason


@dataclass(frozen=True, slots=True)
class Expectation:
    """What surrounds the figures: which streams end, which period is asked about, which streams should have reported it.

    ``stops``: from the end of this period on, the stream has ended (a snapshot with its assignment: nothing is carried;
    a running total whose successor includes it: it is gone). ``restarts``: from this period on a running total counts from 0
    again, and what stood before is added to it. ``current``: per indicator the end of its project's last
    period within the date asked. ``expected``: the streams due then. ``above``: the assigned places a place lies in.
    """

    stops: Mapping[Stream, date] = field(default_factory=dict)
    restarts: Mapping[Stream, date] = field(default_factory=dict)
    current: Mapping[int, date] = field(default_factory=dict)
    expected: Collection[Due] = ()
    above: Mapping[int, Collection[int]] = field(default_factory=dict)


class _Course(NamedTuple):
    """One stream brought through time: from ``ends[n]`` on its number is ``steps[n]``, a row of the same shape as a figure."""

    key: Stream
    rows: list[Row]
    ends: Sequence[date]
    steps: Sequence[Row]
    stops: date | None
    carries: bool  # a stopped snapshot keeps what was reported at or after its stop; a stopped running total is gone

    def as_of(self, day: date) -> Row | None:
        """The stream's number on a day; None where it is absent: nothing reported yet, or ended."""
        at = bisect_right(self.ends, day)
        if at == 0:
            return None
        found = self.steps[at - 1]
        if self.stops is not None and self.stops <= day and (not self.carries or found[END] < self.stops):
            return None
        return found


def roll_up(
    figures: Iterable[Row],
    *,
    rules: Rules,
    through: date,
    since: date | None = None,
    around: Expectation | None = None,
    by: int | None = None,
    parts: Mapping[int, Parts] | None = None,
    with_series: bool = False,
) -> Progress:
    """Bring the figures of one definition to a date (docs/rollup.md sections 2, 3 and 6).

    ``figures`` are totals and cells in any order; ``parts`` says which disaggregation is which (needed only with cells);
    ``by`` asks for a slice by that dimension. A period is within ``since``..``through`` when its end is.
    """
    totals, cells = _sorted_out(figures, through, parts or {}, rules=rules)
    found = roll_up_streams(totals, rules=rules, through=through, since=since, around=around, with_series=with_series)
    if by is None:
        return found
    present = _present(totals, rules=rules, through=through, since=since, around=around or Expectation())
    return replace(found, breakdown=_breakdown(present, cells, parts or {}, by=by, rules=rules))


def roll_up_streams(
    totals: Mapping[Stream, list[Row]],
    *,
    rules: Rules,
    through: date,
    since: date | None = None,
    around: Expectation | None = None,
    with_series: bool = False,
) -> Progress:
    """``roll_up`` for totals that already stand in streams: only reported ones within the date, each stream in order of time."""
    around = around or Expectation()
    if with_series or since is not None:
        courses = _courses(totals, rules=rules, since=since, around=around, whole=True)
        present = _as_of(courses, through)
    else:
        courses, present = [], _present(totals, rules=rules, through=through, since=None, around=around)
    carried = _carried(present, rules=rules, current=around.current)
    marks = _marks(present, rules=rules)
    total = across([row for _key, _rows, row in present], rules=rules)
    first = last = change = None
    if since is not None:
        change = _change(courses, total, rules=rules, since=since, through=through)
        if rules.over_time == "snapshot":
            within = [inside for course in courses if (inside := [row for row in course.rows if since <= row[END]])]
            first, last = (across((rows[at] for rows in within), rules=rules) for at in (0, -1))
    return Progress(
        total=total,
        through=through,
        since=since,
        change=change,
        first=first,
        last=last,
        streams=len(present),
        coverage=_coverage(totals, around),
        carried=carried,
        marks=marks | {Mark.CARRIED} if carried else marks,
        series=_series(courses, rules=rules, since=since) if with_series else (),
    )


def across(rows: Iterable[Row | None], *, rules: Rules) -> Amount:
    """Put the present streams together (docs/rollup.md section 3)."""
    present = [row for row in rows if row is not None]
    if not present:
        return Amount(reason=Reason.NOT_REPORTED)
    if rules.are_answers:
        given = Counter(option for row in present for option in _options(row))
        return Amount(reason=Reason.ANSWERS, answers=tuple(sorted(given.items())))
    if len(present) == 1:
        return alone(present[0], per=rules.per)
    return _ACROSS[rules.across](present, rules)


def alone(row: Row, *, per: int) -> Amount:
    """What one stream says: its number, its quotient or its bare share."""
    if row[VALUE] is not None:
        return Amount(exact=row[VALUE])
    if row[NUMERATOR] is not None:
        return _quotient(row[NUMERATOR], row[DENOMINATOR], per)
    if row[SHARE] is not None:
        return Amount(exact=row[SHARE])
    return Amount(reason=Reason.BARE_SHARE)  # several bare shares over time


def _sum(present: Sequence[Row], rules: Rules) -> Amount:
    values = [row[VALUE] for row in present]
    return Amount(reason=Reason.NOT_ADDABLE) if None in values else Amount(exact=sum(values))


def _weighted_ratio(present: Sequence[Row], rules: Rules) -> Amount:
    tops = [row[NUMERATOR] for row in present]
    return Amount(reason=Reason.BARE_SHARE) if None in tops else _quotient(sum(tops), sum(row[DENOMINATOR] for row in present), rules.per)


def _max(present: Sequence[Row], rules: Rules) -> Amount:
    return max((alone(row, per=rules.per) for row in present), key=lambda amount: (amount.exact is not None, amount.exact or 0))


def _latest(present: Sequence[Row], rules: Rules) -> Amount:
    latest = max(map(_latest_of, present))
    amounts = {alone(row, per=rules.per) for row in present if _latest_of(row) == latest}
    same = {amount.exact for amount in amounts}
    return min(amounts, key=repr) if len(same) == 1 else Amount(reason=Reason.SEVERAL_LATEST)


def _not_computable(present: Sequence[Row], rules: Rules) -> Amount:
    return Amount(reason=Reason.NOT_ADDABLE)


_ACROSS: dict[str, Callable[[Sequence[Row], Rules], Amount]] = {
    "sum": _sum,
    "weighted_ratio": _weighted_ratio,
    "max": _max,
    "latest": _latest,
    "not_computable": _not_computable,
}


def _quotient(top: int | Fraction, bottom: int | Fraction, per: int) -> Amount:
    if bottom == 0:
        return Amount(top=top, bottom=bottom, reason=Reason.NOTHING_TO_DIVIDE_BY)
    return Amount(exact=Fraction(per * MILLION * top, bottom), top=top, bottom=bottom)


def added(rows: Sequence[Row]) -> Row:
    """Several numbers of one stream as one row: values, numerators and denominators add up, two bare shares do not."""
    if len(rows) == 1:
        return rows[0]
    first, last = rows[0], rows[-1]
    stands = (*first[:END], last[END], last[START])
    if first[VALUE] is not None:
        return (*stands, _total(rows, VALUE), None, None, None, None)
    if first[NUMERATOR] is not None:
        return (*stands, None, _total(rows, NUMERATOR), _total(rows, DENOMINATOR), None, None)
    return (*stands, None, None, None, None, tuple(option for row in rows for option in _options(row)) or None)


def _total(rows: Sequence[Row], column: int) -> int | None:
    try:
        return sum([row[column] for row in rows])
    except TypeError:  # one of them has no such number
        return None


def _sums_so_far(rows: list[Row]) -> list[Row]:
    """``added(rows[:1])``, ``added(rows[:2])`` … in one pass where every row has the same shape, which is nearly always."""
    if len(rows) < 2:
        return rows
    if _total(rows, VALUE) is not None:
        values = accumulate(map(itemgetter(VALUE), rows))
        return [(*row[:VALUE], value, None, None, None, None) for row, value in zip(rows, values, strict=True)]
    if _total(rows, NUMERATOR) is not None:
        pairs = zip(accumulate(map(itemgetter(NUMERATOR), rows)), accumulate(map(itemgetter(DENOMINATOR), rows)), strict=True)
        return [(*row[:VALUE], None, top, bottom, None, None) for row, (top, bottom) in zip(rows, pairs, strict=True)]
    return list(accumulate(rows, lambda before, row: added((before, row))))


def _sorted_out(
    figures: Iterable[Row], through: date, parts: Mapping[int, Parts], *, rules: Rules
) -> tuple[dict[Stream, list[Row]], dict[tuple[Stream, date], list[Row]]]:
    """Totals per stream in order of time, and the cells of each stream and period."""
    totals: dict[Stream, list[Row]] = defaultdict(list)
    cells: dict[tuple[Stream, date], list[Row]] = defaultdict(list)
    in_words = rules.measure == "text"
    for row in figures:
        if row[END] > through or not (in_words or _says(row)):
            continue
        if parts.get(row[CELL]):
            cells[stream_of(row), row[END]].append(row)
        else:
            totals[stream_of(row)].append(row)
    for rows in totals.values():
        rows.sort(key=_end_of)
    return totals, cells


def _says(row: Row) -> bool:
    return row[VALUE] is not None or row[NUMERATOR] is not None or row[SHARE] is not None or row[OPTION] is not None


def _courses(totals: Mapping[Stream, list[Row]], *, rules: Rules, since: date | None, around: Expectation, whole: bool) -> list[_Course]:
    return [_course(key, rows, rules=rules, since=since, around=around, whole=whole) for key, rows in totals.items()]


def _as_of(courses: Iterable[_Course], through: date) -> list[_Present]:
    return [(course.key, course.rows, row) for course in courses if (row := course.as_of(through)) is not None]


def _present(totals: Mapping[Stream, list[Row]], *, rules: Rules, through: date, since: date | None, around: Expectation) -> list[_Present]:
    """The streams that have a number on the day, without the steps before it; where none ends or starts anew, that is the last row."""
    if since is None and rules.over_time == "per_period":
        return [(key, rows, added(rows)) for key, rows in totals.items()]
    if since is None and not around.stops and not around.restarts:
        return [(key, rows, rows[-1]) for key, rows in totals.items()]
    return _as_of(_courses(totals, rules=rules, since=since, around=around, whole=False), through)


def _course(key: Stream, rows: list[Row], *, rules: Rules, since: date | None, around: Expectation, whole: bool) -> _Course:
    """The rule over time (docs/rollup.md section 2): the only place where it stands. ``whole``: every step, not only the last."""
    if rules.over_time != "per_period":
        steps = rows if whole else rows[-1:]
        if key in around.restarts and rules.over_time == "running_total":
            steps = _counted_on(rows, steps, around.restarts[key])
        return _Course(key, rows, [row[END] for row in steps], steps, around.stops.get(key), carries=rules.over_time == "snapshot")
    within = rows if since is None else [row for row in rows if row[END] >= since]
    steps = _sums_so_far(within) if whole else [added(within)] if within else []
    return _Course(key, within, [row[END] for row in steps], steps, None, carries=True)


def _counted_on(rows: list[Row], steps: list[Row], restart: date) -> list[Row]:
    """Running totals that start at 0 again: the last one before is added to each that follows, where both are the same kind of number."""
    before = next((row for row in reversed(rows) if row[END] < restart), None)
    if before is None:
        return steps
    alike = {True: NUMERATOR, False: VALUE}[before[VALUE] is None]
    return [added((before, row)) if row[END] >= restart and row[alike] is not None and before[alike] is not None else row for row in steps]


def _carried(present: Sequence[_Present], *, rules: Rules, current: Mapping[int, date]) -> tuple[Carried, ...]:
    if rules.over_time == "per_period":
        return ()
    return tuple(sorted(Carried(*key, row[END]) for key, _rows, row in present if key[0] in current and row[END] < current[key[0]]))


def _marks(present: Sequence[_Present], *, rules: Rules) -> frozenset[Mark]:
    """People are only counted once within one partner and project, or where our own registers did the counting (section 6).

    A community is kept by one partner: it can be counted twice where that partner reports it for two projects.
    """
    pooled = rules.across in ("sum", "weighted_ratio")
    marks = set()
    if rules.counting in ("people_per_period", "people_ever"):
        across_streams = pooled and not rules.from_registers and _differ(key[:2] for key, _rows, _row in present)
        over_periods = rules.over_time == "per_period" and _differ(row[END] for _key, rows, _row in present for row in rows)
        if across_streams or over_periods:
            marks.add(Mark.SAME_PERSON_TWICE)
    if pooled and rules.of_communities:
        pairs = {key[:2] for key, _rows, _row in present}  # indicator and partner
        if len({partner for _indicator, partner in pairs}) < len(pairs):
            marks.add(Mark.SAME_COMMUNITY_TWICE)
    return frozenset(marks)


def _differ(values: Iterator[Any]) -> bool:
    first = next(values, None)
    return any(one != first for one in values)


def _change(courses: Sequence[_Course], total: Amount, *, rules: Rules, since: date, through: date) -> Amount | None:
    """What was added within the dates; the number before them is 0 where there was none."""
    if rules.over_time == "per_period":
        return total
    if rules.over_time == "snapshot":
        return None
    before = since - timedelta(days=1)
    pairs = ((course.as_of(through), course.as_of(before)) for course in courses)
    return across((_difference(now, then) for now, then in pairs), rules=rules)


def _difference(now: Row | None, then: Row | None) -> Row | None:
    """``now`` less ``then``; a stream that was handed over in between gives its number back."""
    if then is None:
        return now
    shape = list(then if now is None else now)
    for column in (VALUE, NUMERATOR, DENOMINATOR, SHARE):
        if now is None:
            shape[column] = None if then[column] is None else -then[column]
        else:
            shape[column] = None if now[column] is None or then[column] is None else now[column] - then[column]
    return shape


def _coverage(totals: Mapping[Stream, Sequence[Row]], around: Expectation) -> Coverage:
    """A figure at a place below an assigned one counts for the assigned place; an assignment without place takes any."""
    expected = around.expected if isinstance(around.expected, Set) else set(around.expected)
    if not expected:
        return Coverage()
    current = around.current.get
    reported: set[tuple[int, int, int | None]] = {key for key, rows in totals.items() if rows[-1][END] == current(key[0])}
    if any(place is None for _indicator, _partner, place in expected):
        reported.update([(indicator, partner, None) for indicator, partner, _place in reported])
    if around.above:
        above = around.above
        reported.update([(indicator, partner, up) for indicator, partner, at in reported if at is not None for up in above.get(at, ())])
    return Coverage(reported=len(expected & reported), expected=len(expected))


def _series(courses: Sequence[_Course], *, rules: Rules, since: date | None) -> tuple[Point, ...]:
    own: dict[date, list[Row]] = defaultdict(list)
    for course in courses:
        for row in course.rows:
            if since is None or since <= row[END]:
                own[row[END]].append(row)
    return tuple(
        Point(end, own=across(own[end], rules=rules), total=across((course.as_of(end) for course in courses), rules=rules))
        for end in sorted(own)
    )


def _breakdown(
    present: Sequence[_Present],
    cells: Mapping[tuple[Stream, date], list[Row]],
    parts: Mapping[int, Parts],
    *,
    by: int,
    rules: Rules,
) -> Breakdown:
    """Cells of the periods the total comes from; what the total holds beyond them stays apart (section 1)."""
    if rules.across == "latest" and present:
        latest = max(_latest_of(row) for _key, _rows, row in present)
        present = [one for one in present if _latest_of(one[2]) == latest]
    streams: dict[int, list[Row]] = defaultdict(list)
    told: list[Row] = []
    for key, rows, row in present:
        ends = [of[END] for of in rows] if rules.over_time == "per_period" else [row[END]]
        of_category: dict[int, list[Row]] = defaultdict(list)
        for end in ends:
            for category, cell in _cells_by(by, cells.get((key, end), ()), parts):
                of_category[category].append(cell)
        for category, given in of_category.items():
            streams[category].append(added(given))
            told += given
    slices = tuple(Slice(category, across(streams[category], rules=rules)) for category in sorted(streams))
    return Breakdown(by, slices, _not_broken_down([row for _key, _rows, row in present], told, rules=rules))


def _cells_by(by: int, cells: Iterable[Row], parts: Mapping[int, Parts]) -> Iterable[tuple[int, Row]]:
    """The cells of one figure that split it by a dimension, each with its category: of its smallest breakdown that has it."""
    breakdowns: dict[tuple[int, ...], list[tuple[int, Row]]] = defaultdict(list)
    for cell in cells:
        category_of = dict(parts[cell[CELL]])
        if by in category_of:
            breakdowns[tuple(sorted(category_of))].append((category_of[by], cell))
    return breakdowns[min(breakdowns, key=lambda dimensions: (len(dimensions), dimensions))] if breakdowns else ()


def _not_broken_down(totals: Sequence[Row], told: Sequence[Row], *, rules: Rules) -> Amount | None:
    if not totals or rules.are_answers or (len(totals) > 1 and rules.across not in ("sum", "weighted_ratio")):
        return None
    everything = (*totals, *told)

    def rest(column: int) -> int:
        return sum(row[column] for row in totals) - sum(row[column] for row in told)

    if all(row[VALUE] is not None for row in everything):
        return Amount(exact=rest(VALUE))
    if all(row[NUMERATOR] is not None for row in everything):
        return _quotient(rest(NUMERATOR), rest(DENOMINATOR), rules.per)
    return None


def _options(row: Row) -> tuple[int, ...]:
    option = row[OPTION]
    return () if option is None else option if isinstance(option, tuple) else (option,)
