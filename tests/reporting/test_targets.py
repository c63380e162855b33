"""Targets, milestones and progress: the same two rules, never added up twice, never compared with what is missing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from reporting.rules import Amount, Reason, Rules
from reporting.targets import Aim, Start, Track, of_period, standing

Q1, Q2, Q3, Q4 = date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30), date(2026, 12, 31)
YEAR = (date(2026, 1, 1), Q4)
COUNTED = Rules("per_period", "sum")
RUNNING = Rules("running_total", "sum")
SHARE = Rules("snapshot", "weighted_ratio", per=100, measure="percentage")


def units(number):
    return None if number is None else int(Decimal(str(number)) * 10**6)


def aim(value=None, end=None, *, of=None, share=None, partner=None, place=None, indicator=1):
    value, numerator = (None, value) if of is not None else (value, None)
    return Aim(indicator, partner, place, end, end and end.replace(day=1), units(value), units(numerator), units(of), units(share))


def starts(*values):
    return {indicator: Start(units(value)) for indicator, value in enumerate(values, start=1) if value is not None}


def stand(actual, aims, baseline=None, *, rules=COUNTED, through=Q2, **options):
    amount = Amount(units(actual)) if actual is not None else Amount(reason=Reason.NOT_REPORTED)
    settings = {"indicators": [1], "starts": starts(baseline), "spans": dict.fromkeys((1, 2), YEAR)} | options
    return standing(amount, rules=rules, aims=aims, through=through, **settings)


def test_progress_is_the_way_from_baseline_to_target_whichever_way_it_goes():
    assert stand(25, [aim(10)], 40).progress == Decimal("0.5")
    assert stand(45, [aim(10)], 40).progress == Decimal("-0.166667")
    assert stand(130, [aim(100)], 0).progress == Decimal("1.3")


@pytest.mark.parametrize(
    ("actual", "aims", "baseline", "reason"),
    [
        (None, [aim(10)], 0, Reason.NOT_REPORTED),
        (5, [aim(10)], None, Reason.NO_BASELINE),
        (5, [], 0, Reason.NO_TARGET),
        (5, [aim(10)], 10, Reason.TARGET_IS_BASELINE),
    ],
)
def test_there_is_no_progress_without_all_three_numbers_and_the_reason_is_said(actual, aims, baseline, reason):
    answer = stand(actual, aims, baseline)
    assert (answer.progress, answer.reason) == (None, reason)


def test_a_baseline_stated_as_zero_is_a_baseline():
    assert stand(5, [aim(10)], 0).progress == Decimal("0.5")


def test_period_targets_are_never_added_to_the_target():
    answer = stand(30, [aim(100), aim(20, Q1), aim(30, Q2), aim(25, Q3)], 0)
    assert (answer.target.value, answer.milestone.value, answer.milestone_is_linear) == (100, 50, False)


def test_without_a_target_the_period_targets_through_the_last_one_are_it():
    assert stand(30, [aim(20, Q1), aim(30, Q2), aim(25, Q3)], 0).target.value == 75
    assert stand(30, [aim(20, Q1), aim(90, Q3), aim(50, Q2)], 0, rules=RUNNING).target.value == 90


def test_the_milestone_of_a_running_total_is_the_latest_agreed_one():
    assert stand(30, [aim(100), aim(20, Q1), aim(90, Q3)], 0, rules=RUNNING).milestone.value == 20


def test_without_a_milestone_it_is_drawn_straight_by_days_and_labelled():
    answer = stand(40, [aim(100)], 0, through=Q2)
    assert answer.milestone_is_linear
    assert answer.milestone.exact == Fraction(units(100) * 181, 365)
    assert stand(40, [aim(100)], 20, through=Q4).milestone.value == 100
    assert stand(40, [aim(100)], 20, through=date(2025, 12, 31)).milestone.value == 20


def test_a_partners_targets_are_its_own():
    aims = [aim(100), aim(60, partner=7), aim(70, partner=8)]
    assert stand(30, aims, 0).target.value == 100
    assert stand(30, aims[1:], 0).target.reason == Reason.NO_TARGET
    assert stand(30, aims, 0, partner=7).target.value == 60


def test_targets_of_places_add_up_unless_one_covers_them_all():
    places = [aim(40, place=1), aim(50, place=2)]
    assert stand(30, places, 0).target.value == 90
    assert stand(30, [*places, aim(100)], 0).target.value == 100


def test_a_milestone_that_one_place_lacks_is_no_milestone():
    aims = [aim(40, place=1), aim(50, place=2), aim(10, Q1, place=1)]
    assert stand(30, aims, 0).milestone_is_linear
    assert stand(30, [*aims, aim(15, Q1, place=2)], 0).milestone.value == 25


def test_targets_of_contributing_projects_follow_the_rule_across():
    answer = stand(30, [aim(40), aim(50, indicator=2)], indicators=[1, 2], starts=starts(0, 10))
    assert (answer.target.value, answer.baseline.value, answer.progress) == (90, 10, Decimal("0.25"))
    shares = [aim(30, of=60), aim(5, of=40, indicator=2)]
    pooled = stand(None, shares, rules=SHARE, indicators=[1, 2])
    assert (pooled.target.numerator, pooled.target.denominator, pooled.target.value) == (35, 100, 35)


def test_a_target_that_one_project_lacks_is_no_target_of_the_whole():
    answer = stand(30, [aim(40)], indicators=[1, 2], starts=starts(0, 0))
    assert (answer.target.reason, answer.progress) == (Reason.NO_TARGET, None)


def test_a_bare_share_target_is_compared_but_not_pooled():
    assert stand(47, [aim(share=60)], rules=SHARE, starts={1: Start(share=units(32))}).progress == Decimal("0.535714")
    two = stand(47, [aim(share=60), aim(share=50, indicator=2)], rules=SHARE, indicators=[1, 2])
    assert two.target.reason == Reason.BARE_SHARE


def test_progress_of_a_ratio_is_rounded_once():
    third = Amount(exact=Amount(units(100)).exact * 1 // 3)
    assert stand(None, [], rules=SHARE).progress is None
    answer = standing(third, rules=SHARE, indicators=[1], aims=[aim(share=100)], starts={1: Start(share=0)}, spans={}, through=Q2)
    assert answer.progress == Decimal("0.333333")


@pytest.mark.parametrize(
    ("actual", "baseline", "target", "due", "track"),
    [
        (50, 0, 100, 50, Track.ON_TRACK),
        (40, 0, 100, 50, Track.WATCH),
        (39, 0, 100, 50, Track.BEHIND),
        (25, 40, 10, 25, Track.ON_TRACK),
        (27, 40, 10, 25, Track.WATCH),
        (38, 40, 10, 25, Track.BEHIND),
    ],
)
def test_the_mark_compares_with_what_was_due_in_either_direction(actual, baseline, target, due, track):
    answer = stand(actual, [aim(target), aim(due, Q2)], baseline, rules=RUNNING)
    assert (answer.track, answer.variance) == (track, actual - due)


def test_a_count_without_baseline_has_a_mark_but_no_progress():
    answer = stand(10, [aim(100), aim(50, Q2)])
    assert (answer.progress, answer.reason, answer.track) == (None, Reason.NO_BASELINE, Track.BEHIND)


def test_review_compares_with_the_periods_own_target():
    aims = [aim(100), aim(20, Q1), aim(30, Q2), aim(12, Q2, place=4), aim(15, Q2, partner=7)]
    assert of_period(aims, rules=COUNTED, end=Q2).value == 30
    assert of_period(aims, rules=COUNTED, end=Q2, place=4).value == 12
    assert of_period(aims, rules=COUNTED, end=Q2, partner=7).value == 15
    assert of_period(aims, rules=COUNTED, end=Q3).reason == Reason.NO_TARGET
