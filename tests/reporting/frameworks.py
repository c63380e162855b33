"""Random frameworks: projects with calendars of different length, partners, places, empties, zeros, shares and hand-overs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import strategies as some

from reporting.rules import Figure, Rules

SEX, AGE = 1, 2
WOMEN, MEN, UNKNOWN, YOUNG, OLD = 11, 12, 13, 21, 22
TOTAL = 100
PARTS = {
    TOTAL: frozenset(),
    101: frozenset({(SEX, WOMEN)}),
    102: frozenset({(SEX, MEN)}),
    103: frozenset({(SEX, UNKNOWN)}),
    111: frozenset({(AGE, YOUNG)}),
    112: frozenset({(AGE, OLD)}),
    121: frozenset({(SEX, WOMEN), (AGE, YOUNG)}),
    122: frozenset({(SEX, WOMEN), (AGE, OLD)}),
    123: frozenset({(SEX, MEN), (AGE, YOUNG)}),
}
BREAKDOWNS = [(), (), (101, 102, 103), (111, 112), (121, 122, 123)]
UNIT_RULES = [(t, a) for t in ("per_period", "running_total", "snapshot") for a in ("sum", "max", "latest", "not_computable")]
SHARE_RULES = [(t, a) for t in ("per_period", "running_total", "snapshot") for a in ("weighted_ratio", "not_computable")]
FIRST_DAY = date(2025, 1, 1)


@dataclass
class Framework:
    """One definition, everything reported on it, and the question asked."""

    rules: Rules
    figures: list[Figure]
    through: date
    since: date | None
    stops: dict[tuple[int, int, int], date]
    calendars: dict[int, list[tuple[date, date]]]

    @property
    def current(self) -> dict[int, date]:
        return {
            i: max(end for _start, end in spans if end <= self.through)
            for i, spans in self.calendars.items()
            if spans[0][1] <= self.through
        }


def calendar(months: int, periods: int = 12) -> list[tuple[date, date]]:
    """Spans of that many months from the first day on, for one year."""
    months_on = [date(2025 + k // 12, k % 12 + 1, 1) for k in range(0, periods + 1, months)]
    return [(start, end - timedelta(days=1)) for start, end in pairwise(months_on)]


numbers = some.one_of(some.just(0), some.integers(-5, 40).map(lambda n: n * 10**6), some.integers(-(10**9), 10**10))
counts = some.one_of(some.just(0), some.integers(0, 40).map(lambda n: n * 10**6), some.integers(0, 10**10))


@some.composite
def shapes(draw, *, share: bool):
    """(value, numerator, denominator, share) of a number, a ratio, a bare share, or all empty for a reason only."""
    kind = draw(
        some.sampled_from(
            ["number", "number", "number", "number", "reason"] if not share else ["ratio", "ratio", "ratio", "share", "reason"]
        )
    )
    if kind == "number":
        return draw(numbers), None, None, None
    if kind == "ratio":
        return None, draw(counts), draw(counts), None
    if kind == "share":
        return None, None, None, draw(some.integers(0, 100 * 10**6))
    return None, None, None, None


@some.composite
def frameworks(draw):
    share = draw(some.booleans())
    over_time, across = draw(some.sampled_from(SHARE_RULES if share else UNIT_RULES))
    rules = Rules(over_time, across, per=draw(some.sampled_from([100, 10_000])) if share else 1, measure="percentage" if share else "unit")
    calendars = {indicator: calendar(draw(some.sampled_from([1, 3, 6, 12]))) for indicator in range(1, draw(some.integers(1, 3)) + 1)}
    figures, stops = [], {}
    for indicator, spans in calendars.items():
        for partner, place in draw(some.sets(some.tuples(some.integers(1, 2), some.integers(1, 2)), min_size=1, max_size=3)):
            for start, end in draw(some.lists(some.sampled_from(spans), unique=True, max_size=5)):
                shape = draw(shapes(share=share))
                figures.append(Figure(indicator, TOTAL, partner, place, end, start, *shape))
                for cell in draw(some.sampled_from(BREAKDOWNS)):
                    figures.append(Figure(indicator, cell, partner, place, end, start, *draw(shapes(share=share))))
            if draw(some.booleans()):
                stops[indicator, partner, place] = draw(some.sampled_from(spans))[1]
    days = some.integers(0, 380).map(lambda n: FIRST_DAY + timedelta(days=n))
    through, since = draw(days), draw(some.none() | days)
    figures = draw(some.permutations(figures))
    return Framework(rules, figures, through, None if since and since > through else since, stops, calendars)
