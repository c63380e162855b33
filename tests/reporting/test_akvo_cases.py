"""Facts about another results tool's totals: each is met exactly, or the rule of ours that decides otherwise is named."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from reporting.rules import Figure, Progress, Reason, Rules, roll_up

DIMENSION, TOTAL = 1, 100
PERIODS = {1: (date(2025, 1, 1), date(2025, 3, 31)), 2: (date(2025, 4, 1), date(2025, 6, 30)), 3: (date(2025, 7, 1), date(2025, 9, 30))}

# What is not a matter of the roll-up, or is decided otherwise here; each line says which rule holds.
DECIDED_OTHERWISE = {
    "percent-second-update-refused": "one figure counts per indicator, partner, place, period and cell, by constraint",
    "cumulative-switch-command": "rules freeze with the first acceptance; a successor definition takes over, never a bulk switch",
    "iati-result-missing": "belongs to the check before an IATI export",
    "iati-period-missing-dates": "a period without dates cannot exist here: both columns are required",
    "iati-sector-single-50": "belongs to the check before an IATI export",
    "iati-sector-50-and-50-different-vocab": "belongs to the check before an IATI export",
    "iati-sector-codes": "belongs to the check before an IATI export",
    "period-locking-api": "locking a period is an act of programs/calendar.py with its own tests",
}


@pytest.fixture(scope="module")
def cases(shared_data):
    return {case["id"]: case for case in json.loads((shared_data / "results" / "akvo-rsr-cases.json").read_text())["cases"]}


def units(number) -> int | None:
    return None if number is None else int(Decimal(str(number)) * 10**6)


class Told:
    """Collects figures the way the other tool's updates come: each update of a period is another reporter's unless it says who."""

    def __init__(self) -> None:
        self.figures: dict[tuple, Figure] = {}
        self.categories: dict[str, int] = {}

    def update(self, update: dict, *, indicator: int = 1, reporter: int | None = None, period: int = 1) -> None:
        if update.get("status") == "pending" or update.get("deleted"):  # only accepted figures that count reach the roll-up
            return
        start, end = PERIODS[update.get("period", period)]
        partner = update.get("u", reporter) or 1000 + len(self.figures)
        cells = {**update.get("dis", {}), **update.get("amend", {})}
        for name, number in [("", self.total(update, cells)), *cells.items()]:
            if name:
                self.categories.setdefault(name, 200 + len(self.categories))
            cell = self.categories.get(name, TOTAL)
            numerator, denominator = number if isinstance(number, list | tuple) else (None, None)
            value = None if isinstance(number, list | tuple) else number
            # A percentage that came as one number without numerator is a bare share (rollup.md section 1).
            share, value = (value, None) if "num" in update and update["num"] is None else (None, value)
            shape = (units(value), units(numerator), units(denominator), units(share))
            self.figures[indicator, partner, end, cell] = Figure(indicator, cell, partner, 1, end, start, *shape)

    @staticmethod
    def total(update: dict, cells: dict):
        """The total is an input of its own here (section 1); where the other tool gave cells alone it is their sum."""
        if update.get("num") is not None:
            return update["num"], update["den"]
        if "v" in update or not cells:
            return update.get("v")
        numbers = list(cells.values())
        if isinstance(numbers[0], list):
            return sum(Decimal(str(n)) for n, _d in numbers), sum(Decimal(str(d)) for _n, d in numbers)
        return sum(numbers)

    def progress(self, *, over_time="per_period", period=3, since=1, indicators=None, percentage=False) -> Progress:
        rules = Rules(
            over_time,
            "weighted_ratio" if percentage else "sum",
            per=100 if percentage else 1,
            measure="percentage" if percentage else "unit",
        )
        parts = {TOTAL: frozenset()} | {key: frozenset({(DIMENSION, key)}) for key in self.categories.values()}
        figures = [f for f in self.figures.values() if indicators is None or f.indicator in indicators]
        return roll_up(figures, rules=rules, through=PERIODS[period][1], since=PERIODS[since][0], by=DIMENSION, parts=parts)

    def slices(self, answer: Progress, pick=lambda amount: amount.value) -> dict:
        names = {key: name for name, key in self.categories.items()}
        return {names[part.category]: pick(part.amount) for part in answer.breakdown.slices}


def told(*groups) -> Told:
    """One indicator of the same definition per group: contributing projects are simply more streams (section 3)."""
    book = Told()
    for indicator, updates in enumerate(groups, start=1):
        for update in updates:
            book.update(update, indicator=indicator)
    return book


def pair(amount):
    return [amount.numerator, amount.denominator]


def exactly(expected: dict) -> dict:
    return {key: [Decimal(str(x)) for x in value] if isinstance(value, list) else Decimal(str(value)) for key, value in expected.items()}


def test_every_case_is_met_or_names_the_rule_that_decides(cases):
    tested = {name for name in cases if name not in DECIDED_OTHERWISE}
    assert tested == set(SUMS) | set(RATIOS) | set(SLICED) | set(CUMULATIVE) | NAMED
    assert set(DECIDED_OTHERWISE) <= set(cases)


SUMS = ["sum-approved-updates", "decimals-two-approved", "child-replaces-parent-stored", "two-children-sum"]


@pytest.mark.parametrize("name", SUMS)
def test_reported_numbers_are_added_exactly(cases, name):
    case = cases[name]
    # A stored number of the parent is not added: the program level has no figures of its own, it is the roll-up.
    expected = case["expect"].get("actual", case["expect"].get("parent"))
    assert told(*(case.get("children") or [case["updates"]])).progress().value == Decimal(str(expected))


RATIOS = ["percent-child-copied", "percent-num-den-pooled-decimals"]


@pytest.mark.parametrize("name", RATIOS)
def test_percentages_are_pooled_from_both_sides(cases, name):
    case = cases[name]
    answer = told(*(case.get("children") or [case["updates"]])).progress(percentage=True)
    assert pair(answer) == [Decimal(str(case["expect"][side])) for side in ("num", "den")]
    if "parent" in case["expect"]:
        assert answer.value == Decimal(str(case["expect"]["parent"]))


NAMED = {
    "percent-agg-off",
    "percent-none-none-no-crash",
    "disagg-unapproved",
    "disagg-aggregate_children-off",
    "disagg-two-periods-separate",
    "delete-update-reaggregates",
}


def test_a_parent_that_does_not_aggregate_is_another_definition_and_keeps_its_own_figures(cases):
    case = cases["percent-agg-off"]
    book = told([case["parent_stored"]], *case["children"])
    answer = book.progress(percentage=True, indicators={1})
    assert (answer.value, *pair(answer)) == (Decimal(str(case["expect"]["parent"])), case["expect"]["num"], case["expect"]["den"])
    case = cases["disagg-aggregate_children-off"]
    book = told([], *case["children"])
    assert book.slices(book.progress(indicators={1})) == case["expect"]["parent_dis"]
    assert book.slices(book.progress(indicators={2})) == exactly(case["expect"]["child_dis"])


def test_a_percentage_without_numerator_is_shown_as_a_bare_share_and_breaks_nothing(cases):
    assert told(cases["percent-none-none-no-crash"]["updates"]).progress(percentage=True).value == 1


def test_what_is_not_accepted_is_in_no_total(cases):
    book = told(*cases["disagg-unapproved"]["children"])
    answer = book.progress()
    assert (answer.reason, book.slices(answer)) == (Reason.NOT_REPORTED, {})


def test_periods_stay_apart(cases):
    case = cases["disagg-two-periods-separate"]
    book = told(*case["children"])
    for period in (1, 2):
        assert book.slices(book.progress(period=period, since=period)) == exactly(case["expect"][f"parent_p{period}"])


def test_an_empty_project_adds_nothing_and_is_not_zero(cases):
    expect = cases["delete-update-reaggregates"]["expect"]
    book = told([{"v": 2, "dis": {"Male": 1, "Female": 1}}], [{"v": 3, "dis": {"Male": 2, "Female": 1}, "deleted": True}])
    assert book.progress(indicators={1}).value == expect["l2_1"]
    assert (book.progress(indicators={2}).value, expect["l2_2"]) == (None, "")
    assert {"v": book.progress().value, **book.slices(book.progress())} == exactly(expect["l1"]) == exactly(expect["lead"])


SLICED = ["disagg-percent", "disagg-amend-lowest", "disagg-delete-update", "disagg-percent-decimals", "three-level-value+gender"]


@pytest.mark.parametrize("name", SLICED)
def test_slices_are_added_per_category(cases, name):
    case = cases[name]
    groups = (
        [case["updates"]]
        if "updates" in case
        else [case[key] for key in case if key.startswith(("grandchild", "child1_", "child2_", "l2_"))]
    )
    percentage = case.get("measure") == "percentage"
    book = told(*groups)
    answer = book.progress(percentage=percentage)
    expect = case["expect"]
    wanted = next(expect[key] for key in ("dis", "parent_dis", "lead") if key in expect)
    found = book.slices(answer, pair if percentage else lambda amount: amount.value)
    if "v" in wanted:
        found = {"v": answer.value, **found}
        assert [book.progress(indicators={n}).value for n in (1, 2)] == [expect["l2_1"], expect["l2_2"]]
    assert found == exactly(wanted)
    if "child1_dis" in expect:
        assert book.slices(book.progress(indicators={1})) == exactly(expect["child1_dis"])


CUMULATIVE = {
    "cumulative-single-user": ["p1", "p2", "p3"],
    "cumulative-two-users": ["p1", "p2"],
    "cumulative-contributors": ["lead_p1", "lead_p2"],
}


@pytest.mark.parametrize("name", CUMULATIVE)
def test_running_totals_take_the_latest_of_each_reporter_and_carry_it(cases, name):
    case = cases[name]
    contributors = [case[key] for key in case if key.startswith("contrib")] or [case]
    book = Told()
    for indicator, contributor in enumerate(contributors, start=1):
        for period in (1, 2, 3):
            for update in contributor.get(f"p{period}", []):  # a second update of a period is a restatement: the later one counts
                book.update(update, indicator=indicator, period=period)
    for key in CUMULATIVE[name]:
        answer = book.progress(over_time="running_total", period=int(key[-1]))
        assert {"v": answer.value, **book.slices(answer)} == exactly(case["expect"][key])
