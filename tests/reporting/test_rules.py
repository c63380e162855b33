"""The roll-up rules: the worked example, each rule by itself, and random frameworks against a slow computation."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from reporting.rules import Amount, Carried, Coverage, Expectation, Figure, Mark, Reason, Rules, roll_up
from tests.reporting import slow
from tests.reporting.frameworks import AGE, MEN, PARTS, SEX, TOTAL, UNKNOWN, WOMEN, YOUNG, frameworks

Q1, Q2, Q3, Q4 = date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30), date(2026, 12, 31)
STARTS = {Q1: date(2026, 1, 1), Q2: date(2026, 4, 1), Q3: date(2026, 7, 1), Q4: date(2026, 10, 1)}
A, B, C = 1, 2, 3


def units(number):
    return None if number is None else int(Decimal(str(number)) * 10**6)


def said(partner, end, value=None, *, of=None, share=None, place=None, indicator=1, cell=TOTAL, start=None):
    """One figure; ``said(A, Q1, 30, of=60)`` is a numerator with its denominator."""
    value, numerator = (None, value) if of is not None else (value, None)
    shape = (units(value), units(numerator), units(of), units(share))
    return Figure(indicator, cell, partner, place or partner, end, start or STARTS[end], *shape)


def rolled(figures, over_time="per_period", across="sum", *, through=Q3, **others):
    rules = Rules(
        over_time,
        across,
        **{key: others.pop(key) for key in ("per", "measure", "counting", "from_registers", "of_communities") if key in others},
    )
    return roll_up(figures, rules=rules, through=through, **others)


class TestWorkedExample:
    """docs/rollup.md section 8."""

    trained = [said(A, Q1, 10), said(A, Q2), said(A, Q3, 0), said(B, Q2, 7)]
    around = Expectation(current={1: Q3}, expected=[(1, A, A), (1, B, B)])

    def test_per_period(self):
        answer = rolled(self.trained, around=self.around)
        assert (answer.value, answer.coverage, answer.carried) == (17, Coverage(reported=1, expected=2), ())

    def test_per_period_within_dates(self):
        assert rolled(self.trained, since=STARTS[Q2]).value == 7
        assert rolled(self.trained[:3], since=STARTS[Q2]).value == 0

    def test_running_total_restated_to_zero_and_carried(self):
        answer = rolled(self.trained, "running_total", around=self.around)
        assert (answer.value, answer.carried, answer.marks) == (7, (Carried(1, B, B, Q2),), {Mark.CARRIED})

    def test_snapshot_with_max(self):
        assert rolled(self.trained, "snapshot", "max").value == 7

    def test_share_is_pooled_not_averaged(self):
        safe = [said(A, Q1, 30, of=60), said(B, Q1, 5, of=40)]
        answer = rolled(safe, "snapshot", "weighted_ratio", per=100, measure="percentage")
        assert (answer.numerator, answer.denominator, answer.value) == (35, 100, 35)


class TestOverTime:
    def test_nothing_reported_is_no_number_and_zero_is_one(self):
        assert rolled([]).reason == Reason.NOT_REPORTED
        assert rolled([said(A, Q1)]).reason == Reason.NOT_REPORTED
        assert rolled([said(A, Q1, 0)]).value == 0

    def test_a_period_counts_once_it_has_ended(self):
        assert rolled([said(A, Q3, 5)], through=date(2026, 9, 29)).reason == Reason.NOT_REPORTED
        assert rolled([said(A, Q3, 5)], through=Q3).value == 5

    def test_a_row_with_only_a_reason_is_never_the_latest_value(self):
        assert rolled([said(A, Q1, 4), said(A, Q2)], "running_total", through=Q2).value == 4

    def test_a_ratio_per_period_adds_both_sides(self):
        answer = rolled([said(A, Q1, 1, of=2), said(A, Q2, 3, of=10)], across="weighted_ratio", per=100, measure="percentage")
        assert (answer.value, answer.numerator, answer.denominator) == (Decimal("33.333333"), 4, 12)

    def test_two_bare_shares_do_not_add_up_over_time(self):
        shares = [said(A, Q1, share=40), said(A, Q2, share=50)]
        assert rolled(shares, across="weighted_ratio", per=100, measure="percentage").reason == Reason.BARE_SHARE
        assert rolled(shares[:1], across="weighted_ratio", per=100, measure="percentage").value == 40
        assert rolled(shares, "snapshot", "weighted_ratio", per=100, measure="percentage").value == 50

    def test_running_total_ignores_the_first_date_but_knows_what_was_added(self):
        figures = [said(A, Q1, 10), said(A, Q3, 25), said(B, Q3, 4)]
        answer = rolled(figures, "running_total", since=STARTS[Q2])
        assert (answer.value, answer.change.value) == (29, 19)

    def test_a_fallen_running_total_gives_a_negative_change(self):
        assert rolled([said(A, Q1, 10), said(A, Q2, 8)], "running_total", since=STARTS[Q2], through=Q2).change.value == -2

    def test_snapshot_shows_first_and_last_and_no_change(self):
        answer = rolled([said(A, Q1, 9), said(A, Q2, 5), said(A, Q3, 6)], "snapshot", since=STARTS[Q2])
        assert (answer.first.value, answer.last.value, answer.change) == (5, 6, None)

    def test_a_snapshot_is_not_carried_beyond_its_assignment(self):
        figures = [said(A, Q1, 20), said(B, Q1, 5)]
        ended = Expectation(stops={(1, A, A): Q3})
        assert rolled(figures, "snapshot", around=ended, through=Q2).value == 25
        assert rolled(figures, "snapshot", around=ended, through=Q3).value == 5
        assert rolled([*figures, said(A, Q3, 18)], "snapshot", around=ended, through=Q3).value == 23  # reported in its last period

    def test_a_running_total_outlives_its_assignment_but_not_a_successor_that_includes_it(self):
        figures = [said(A, Q1, 20), said(A, Q2, 30), said(B, Q3, 41, place=A)]
        included = Expectation(stops={(1, A, A): Q3})
        assert rolled(figures, "running_total").value == 71
        answer = rolled(figures, "running_total", around=included, since=STARTS[Q3])
        assert (answer.value, answer.change.value) == (41, 11)
        assert rolled(figures, "running_total", around=included, through=Q2).value == 30

    def test_the_series_holds_each_periods_own_number_and_the_number_as_of_it(self):
        answer = rolled([said(A, Q1, 10), said(A, Q3, 25), said(B, Q2, 4)], "running_total", with_series=True)
        assert [(point.end, point.own.value, point.total.value) for point in answer.series] == [(Q1, 10, 10), (Q2, 4, 14), (Q3, 25, 29)]
        answer = rolled([said(A, Q1, 10), said(A, Q3, 0), said(B, Q2, 4)], with_series=True)
        assert [(point.own.value, point.total.value) for point in answer.series] == [(10, 10), (4, 14), (0, 14)]


class TestAcross:
    def test_nothing_to_divide_by(self):
        answer = rolled([said(A, Q1, 0, of=0), said(B, Q1, 0, of=0)], "snapshot", "weighted_ratio", per=100, measure="percentage")
        assert (answer.value, answer.reason, answer.denominator) == (None, Reason.NOTHING_TO_DIVIDE_BY, 0)

    def test_a_rate_is_per_ten_thousand(self):
        rates = [said(A, Q1, 3, of=40_000), said(B, Q1, 1, of=10_000)]
        assert rolled(rates, "snapshot", "weighted_ratio", per=10_000, measure="percentage").value == Decimal("0.8")

    def test_one_bare_share_among_several_streams_spoils_the_pool_and_alone_is_shown(self):
        figures = [said(A, Q1, share="31.25"), said(B, Q1, 5, of=40)]
        options = {"per": 100, "measure": "percentage"}
        assert rolled(figures, "snapshot", "weighted_ratio", **options).reason == Reason.BARE_SHARE
        assert rolled(figures[:1], "snapshot", "weighted_ratio", **options).value == Decimal("31.25")

    def test_largest(self):
        assert rolled([said(A, Q1, -3), said(B, Q2, -8)], "snapshot", "max").value == -3

    def test_latest_takes_the_latest_period_and_refuses_two_different_ones(self):
        assert rolled([said(A, Q1, 9), said(B, Q2, 3)], "snapshot", "latest").value == 3
        assert rolled([said(A, Q2, 3), said(B, Q2, 3)], "snapshot", "latest").value == 3
        assert rolled([said(A, Q2, 9), said(B, Q2, 3)], "snapshot", "latest").reason == Reason.SEVERAL_LATEST

    def test_of_two_periods_with_one_end_the_one_that_starts_later_is_later(self):
        half_year = said(A, Q2, 9, indicator=2, start=date(2026, 1, 1))
        assert rolled([half_year, said(B, Q2, 3)], "snapshot", "latest").value == 3

    def test_what_cannot_be_added_up_shows_a_single_stream_only(self):
        assert rolled([said(A, Q1, 57)], "snapshot", "not_computable").value == 57
        assert rolled([said(A, Q1, 57), said(B, Q1, 61)], "snapshot", "not_computable").reason == Reason.NOT_ADDABLE

    def test_calendars_of_different_length_add_up_by_their_ends(self):
        half_year = said(B, Q2, 7, indicator=2, start=date(2026, 1, 1))
        assert rolled([said(A, Q1, 1), said(A, Q2, 2), half_year], through=Q2).value == 10
        assert rolled([said(A, Q1, 1), said(A, Q2, 2), half_year], through=date(2026, 6, 29)).value == 1

    def test_answers_are_a_distribution(self):
        figures = [said(partner, Q1)._replace(option=option) for partner, option in ((A, 5), (B, 5), (C, 7))]
        answer = rolled(figures, "snapshot", "latest", measure="ordinal")
        assert (answer.value, answer.reason, answer.total.answers) == (None, Reason.ANSWERS, ((5, 2), (7, 1)))


class TestSlices:
    def cells(self, partner, end, women, men, total, **others):
        return [
            said(partner, end, total, **others),
            said(partner, end, women, cell=101, **others),
            said(partner, end, men, cell=102, **others),
        ]

    def slices(self, answer):
        return {part.category: part.amount.value for part in answer.breakdown.slices}

    def test_the_rest_is_not_broken_down(self):
        figures = [*self.cells(A, Q1, 4, 5, 12), said(B, Q1, 8)]
        answer = rolled(figures, by=SEX, parts=PARTS)
        assert (answer.value, self.slices(answer), answer.breakdown.not_broken_down.value) == (20, {WOMEN: 4, MEN: 5}, 11)

    def test_older_cells_are_not_carried_under_a_newer_total_without_them(self):
        figures = [*self.cells(A, Q1, 4, 5, 9), said(A, Q2, 15)]
        answer = rolled(figures, "running_total", by=SEX, parts=PARTS)
        assert (self.slices(answer), answer.breakdown.not_broken_down.value) == ({}, 15)
        assert self.slices(rolled(figures, "running_total", through=Q1, by=SEX, parts=PARTS)) == {WOMEN: 4, MEN: 5}

    def test_the_smallest_breakdown_that_has_the_dimension_is_used(self):
        crossed = [said(B, Q1, 6), said(B, Q1, 1, cell=121), said(B, Q1, 2, cell=122), said(B, Q1, 3, cell=123)]
        answer = rolled([*self.cells(A, Q1, 4, 5, 9), *crossed], by=SEX, parts=PARTS)
        assert (self.slices(answer), answer.breakdown.not_broken_down.value) == ({WOMEN: 7, MEN: 8}, 0)
        answer = rolled([*self.cells(A, Q1, 4, 5, 9), *crossed], by=AGE, parts=PARTS)
        assert (self.slices(answer)[YOUNG], answer.breakdown.not_broken_down.value) == (4, 9)

    def test_shares_are_pooled_per_category(self):
        figures = [said(A, Q1, 30, of=60), said(A, Q1, 20, of=30, cell=101), said(B, Q1, 5, of=40), said(B, Q1, 1, of=10, cell=101)]
        answer = rolled(figures, "snapshot", "weighted_ratio", per=100, measure="percentage", by=SEX, parts=PARTS)
        assert self.slices(answer) == {WOMEN: Decimal("52.5")}
        rest = answer.breakdown.not_broken_down
        assert (rest.numerator, rest.denominator) == (14, 60)

    def test_unknown_is_a_category_of_its_own(self):
        figures = [said(A, Q1, 5), said(A, Q1, 2, cell=103), said(A, Q1, 3, cell=101)]
        assert self.slices(rolled(figures, by=SEX, parts=PARTS)) == {WOMEN: 3, UNKNOWN: 2}

    def test_no_rest_is_claimed_where_streams_are_not_added(self):
        answer = rolled([*self.cells(A, Q1, 4, 5, 9), *self.cells(B, Q1, 6, 1, 7)], "snapshot", "max", by=SEX, parts=PARTS)
        assert (self.slices(answer), answer.breakdown.not_broken_down) == ({WOMEN: 6, MEN: 5}, None)


class TestCoverage:
    def test_a_figure_below_an_assigned_place_counts_for_it(self):
        around = Expectation(current={1: Q3}, expected=[(1, A, 90), (1, B, B)], above={A: [90, 99]})
        assert rolled([said(A, Q3, 1)], around=around).coverage == Coverage(1, 2)

    def test_an_earlier_period_does_not_count(self):
        around = Expectation(current={1: Q3}, expected=[(1, A, A)])
        assert rolled([said(A, Q2, 1)], around=around).coverage == Coverage(0, 1)

    def test_two_figures_below_one_assigned_place_are_one_stream_reported(self):
        around = Expectation(current={1: Q3}, expected=[(1, A, 90), (1, B, B)], above={4: [90], 5: [90]})
        assert rolled([said(A, Q3, 1, place=4), said(A, Q3, 1, place=5)], around=around).coverage == Coverage(1, 2)


class TestPeople:
    @pytest.mark.parametrize(
        ("figures", "options", "marked"),
        [
            ([said(A, Q1, 5)], {"counting": "people_per_period"}, False),
            ([said(A, Q1, 5), said(A, Q2, 5)], {"counting": "people_per_period"}, True),
            ([said(A, Q1, 5), said(A, Q2, 5)], {"counting": "people_per_period", "from_registers": True}, True),
            ([said(A, Q1, 5), said(B, Q1, 5)], {"counting": "people_per_period"}, True),
            ([said(A, Q1, 5), said(B, Q1, 5)], {"counting": "people_per_period", "from_registers": True}, False),
            ([said(A, Q1, 5), said(A, Q1, 5, place=9)], {"counting": "people_per_period"}, False),
            ([said(A, Q1, 5), said(A, Q1, 5, indicator=2)], {"counting": "people_per_period"}, True),
            ([said(A, Q1, 5), said(B, Q1, 5)], {"counting": "people_ever", "over_time": "running_total"}, True),
            ([said(A, Q1, 5), said(A, Q2, 5)], {"counting": "people_ever", "over_time": "running_total"}, False),
            ([said(A, Q1, 5), said(B, Q2, 5)], {"counting": "contacts"}, False),
            ([said(A, Q1, 5), said(B, Q2, 5)], {"counting": "things"}, False),
        ],
    )
    def test_who_may_be_counted_twice_is_said(self, figures, options, marked):
        assert (Mark.SAME_PERSON_TWICE in rolled(figures, **options).marks) == marked

    def test_a_community_may_be_counted_twice_where_a_partner_reports_it_for_two_projects(self):
        def marks(*figures, **options):
            return rolled(list(figures), of_communities=True, **options).marks

        one, same = said(A, Q1, 5), said(A, Q1, 5, indicator=2)
        assert marks(one, same) == {Mark.SAME_COMMUNITY_TWICE}
        assert marks(one, said(B, Q1, 5, indicator=2)) == frozenset(), "another partner keeps other communities"
        assert marks(one, said(A, Q1, 5, place=9)) == frozenset(), "one project counts each once"
        assert marks(one, same, across="not_computable") == frozenset(), "nothing is added up"


def seen(amount):
    """(value, reason) of an amount as exact fractions of plain numbers."""
    return (None if amount.exact is None else Fraction(amount.exact) / 10**6), amount.reason


def agree(amount: Amount, expected) -> bool:
    value, reason = seen(amount)
    return value == expected[0] and (reason == expected[1] or (expected[1] == "any" and reason is not None))


@settings(max_examples=400, deadline=None)
@given(frameworks())
def test_any_framework_rolls_up_as_the_slow_computation_says(framework):
    question = {"rules": framework.rules, "through": framework.through}
    around = Expectation(stops=framework.stops, current=framework.current)
    answer = roll_up(framework.figures, **question, since=framework.since, around=around, by=SEX, parts=PARTS, with_series=True)
    context = {"stops": framework.stops, "parts": PARTS}
    assert agree(answer.total, slow.total(framework.figures, **question, since=framework.since, **context))
    assert {(c.indicator, c.partner, c.place, c.end) for c in answer.carried} == slow.carried(
        framework.figures, **question, **context, current=framework.current
    )
    slices, rest = slow.slices(framework.figures, **question, since=framework.since, **context, by=SEX)
    assert {part.category for part in answer.breakdown.slices} == set(slices)
    assert all(agree(part.amount, slices[part.category]) for part in answer.breakdown.slices)
    assert (answer.breakdown.not_broken_down is None) == (rest is None)
    assert rest is None or agree(answer.breakdown.not_broken_down, rest)
    if framework.since is not None and framework.rules.over_time == "running_total":
        assert agree(answer.change, slow.change(framework.figures, **question, since=framework.since, **context))
    for point in answer.series:
        assert agree(point.total, slow.total(framework.figures, rules=framework.rules, through=point.end, since=framework.since, **context))


@settings(max_examples=100, deadline=None)
@given(frameworks(), some.randoms(use_true_random=False))
def test_the_order_of_figures_changes_nothing(framework, shuffle: random.Random):
    mixed = list(framework.figures)
    shuffle.shuffle(mixed)
    options = {
        "rules": framework.rules,
        "through": framework.through,
        "since": framework.since,
        "by": AGE,
        "parts": PARTS,
        "with_series": True,
    }
    around = Expectation(stops=framework.stops, current=framework.current)
    assert roll_up(framework.figures, around=around, **options) == roll_up(mixed, around=around, **options)


@settings(max_examples=100, deadline=None)
@given(frameworks())
def test_slices_and_the_rest_make_the_total_again(framework):
    answer = roll_up(framework.figures, rules=framework.rules, through=framework.through, since=framework.since, by=SEX, parts=PARTS)
    rest = answer.breakdown.not_broken_down
    if (
        framework.rules.across == "sum"
        and answer.total.exact is not None
        and all(p.amount.exact is not None for p in answer.breakdown.slices)
    ):
        assert rest is not None
        assert sum(part.amount.exact for part in answer.breakdown.slices) + rest.exact == answer.total.exact
