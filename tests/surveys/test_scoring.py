"""The worked examples of the domain pages, and what must hold for any answers."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveys import scoring
from surveys.scoring import BandLine, Choice, Definition, Part, Question

FIVE = {code: Choice(code, D(score)) for code, score in (("a", "1"), ("b", "0.75"), ("c", "0.5"), ("d", "0.25"), ("e", "0"))}
FIVE |= {"dk": Choice("dk", None, "missing"), "na": Choice("na", None, "not_applicable")}
OUTCOME = (BandLine("composite", "outcome", "not_yet", D("0.0000")), BandLine("composite", "outcome", "satisfactory", D("0.5000")))
TRIAGE = tuple(BandLine("domain", "triage", code, D(low)) for code, low in (("high", "0"), ("medium", "0.3333"), ("low", "0.6667")))


def questions(domain: str, number: int, choices=FIVE, **fields) -> tuple[Question, ...]:
    return tuple(Question(f"{domain}{at}", domain, choices, **fields) for at in range(1, number + 1))


def mean(*domains: tuple[str, int], **fields) -> Definition:
    every = tuple(question for domain, number in domains for question in questions(domain, number))
    return Definition("test/1", "mean", every, tuple(Part(domain) for domain, _n in domains), bands=(*OUTCOME, *TRIAGE), **fields)


def in_order(domain: str, options: str) -> dict[str, str]:
    return {f"{domain}{at}": option for at, option in enumerate(options, start=1)}


def capacity(low: int, high: int, number: int) -> Definition:
    levels = {str(n): Choice(str(n), D(n)) for n in range(low, high + 1)} | {"na": Choice("na", None, "not_applicable")}
    return Definition("cap/1", "capacity", questions("K", number, levels), (Part("K"),), scale_min=D(low), scale_max=D(high))


def washington(*codes: str) -> scoring.Scored:
    options = {str(n): Choice(str(n), D(n > 2)) for n in (1, 2, 3, 4)}
    definition = Definition("wg/1", "any", questions("WG", 6, options), (Part("WG"),), min_answered=1, min_applicable=1)
    return scoring.score(definition, {f"WG{at}": code for at, code in enumerate(codes, start=1) if code != "-"})


# Worked examples


def test_one_of_each_answer_is_a_mean_of_a_half():
    assert scoring.score(mean(("E", 5)), in_order("E", "abcde")).domain("E").value == D("0.5000")


def test_a_half_way_place_is_rounded_to_the_even_digit():
    assert scoring.score(mean(("E", 9)), in_order("E", "aaaabeee")).domain("E").value == D("0.5938")  # 4.75 / 8 = .59375
    found = scoring.score(mean(("E", 9)), in_order("E", "aaaadeee")).domain("E")
    assert (found.value, found.answered, found.applicable) == (D("0.5312"), 8, 9)  # 4.25 / 8 = .53125


def test_the_composite_counts_items_not_dimensions():
    definition = mean(("E", 9), ("S", 10), ("P", 9))
    answers = in_order("E", "aaaadeee") | in_order("S", "aaaaaaceee") | in_order("P", "aaaeeee")  # 4.25 / 8, 6.50 / 10, 3.00 / 7
    scored = scoring.score(definition, answers)
    assert scored.domain("S").value == D("0.6500")
    assert scored.domain("P").value == D("0.4286")
    assert (scored.composite.value, scored.composite.answered) == (D("0.5500"), 25)  # 13.75 / 25
    assert scored.composite.bands == {"outcome": "satisfactory"}


def test_too_few_answers_give_no_score_and_say_why():
    definition = mean(("E", 9), ("P", 9))
    scored = scoring.score(definition, in_order("E", "a" * 9) | in_order("P", "aaaaa"))
    assert (scored.domain("P").value, scored.domain("P").reason) == (None, "too_few_answers")
    assert (scored.composite.value, scored.composite.reason) == (None, "domain_not_scored")
    assert scored.composite.bands == {}


def test_six_of_nine_answers_are_enough_and_seven_of_ten_are_needed():
    assert scoring.score(mean(("P", 9)), in_order("P", "aaaaaa")).domain("P").value == D(1)
    assert scoring.score(mean(("S", 10)), in_order("S", "aaaaaa")).domain("S").reason == "too_few_answers"
    assert scoring.score(mean(("S", 10)), in_order("S", "aaaaaaa")).domain("S").value == D(1)


def test_what_does_not_apply_leaves_the_applicable_items_and_what_is_not_known_does_not():
    found = scoring.score(mean(("S", 3)), {"S1": "a", "S2": "na", "S3": "na"}).domain("S")
    assert (found.value, found.answered, found.applicable) == (D(1), 1, 1)
    found = scoring.score(mean(("S", 3)), {"S1": "a", "S2": "dk", "S3": "dk"}).domain("S")
    assert (found.value, found.answered, found.applicable, found.reason) == (None, 1, 3, "too_few_answers")


def test_capacity_is_the_share_of_the_possible_range():
    assert scoring.score(capacity(1, 4, 4), in_order("K", "2341")).composite.value == D("50.0000")
    assert scoring.score(capacity(0, 3, 3), in_order("K", "330")).composite.value == D("66.6667")


def test_a_capacity_item_that_does_not_apply_leaves_n():
    assert scoring.score(capacity(1, 4, 3), {"K1": "4", "K2": "1", "K3": "na"}).composite.value == D("50.0000")


def test_washington_group_finds_one_difficulty_and_keeps_the_unknown_apart():
    assert washington("1", "2", "2", "1", "1", "1").composite.value == D(0)
    assert washington("1", "3", "-", "-", "-", "-").composite.value == D(1)
    unknown = washington("1", "1", "1", "1", "1", "-").composite
    assert (unknown.value, unknown.reason) == (None, "unknown")
    assert washington("4", "1", "1", "1", "1", "1").composite.value == D(1)


def test_an_index_is_a_hundred_times_the_mean():
    definition = Definition("c/1", "index", questions("T", 3), (Part("T"),))
    assert scoring.score(definition, in_order("T", "abd")).domain("T").value == D("66.6667")
    assert scoring.score(definition, in_order("T", "ab")).domain("T").value == D("87.5000")


def test_the_index_over_all_domains_is_the_mean_of_theirs():
    definition = Definition("c/1", "index", questions("T", 3) + questions("J", 1), (Part("T"), Part("J")))
    assert scoring.score(definition, in_order("T", "aaa") | in_order("J", "e")).composite.value == D("50.0000")


def test_a_bad_index_is_nought_where_every_condition_is_met():
    yes_no = {"yes": Choice("yes", D(1)), "no": Choice("no", D(0))}
    every = questions("L", 2, yes_no) + questions("S", 2, yes_no)
    definition = Definition("r/1", "bad_index", every, (Part("L", D("0.4")), Part("S", D("0.6"))))
    assert scoring.score(definition, {"L1": "yes", "L2": "yes", "S1": "yes", "S2": "yes"}).composite.value == D(0)
    assert scoring.score(definition, {"L1": "no", "L2": "no", "S1": "no", "S2": "no"}).composite.value == D(100)
    # 100 x (.4 x (1 - 1/2) + .6 x (1 - 0)) = 80
    assert scoring.score(definition, {"L1": "yes", "L2": "no", "S1": "no", "S2": "no"}).composite.value == D("80.0000")


def test_tabled_weights_are_renormalised_over_what_was_answered():
    choices = {"a": FIVE["a"], "e": FIVE["e"]}
    weights = (D("0.5"), D("0.3"), D("0.2"))
    every = tuple(Question(f"E{at}", "E", choices, weight=w, composite_weight=w) for at, w in enumerate(weights, start=1))
    definition = Definition("t/1", "mean", every, (Part("E"),))
    assert scoring.score(definition, {"E1": "a", "E2": "e"}).domain("E").value == D("0.6250")  # .5 / .8


def test_bands_are_taken_on_the_stored_value_and_their_lower_bound_is_inside():
    assert scoring.band_of(OUTCOME, scheme="composite", value=D("0.5000")) == {"outcome": "satisfactory"}
    assert scoring.band_of(OUTCOME, scheme="composite", value=D("0.4999")) == {"outcome": "not_yet"}  # shown as 0.50
    assert scoring.band_of(TRIAGE, scheme="domain", value=D("0.3333")) == {"triage": "medium"}
    assert scoring.band_of(TRIAGE, scheme="domain", value=D("0.6667")) == {"triage": "low"}
    assert scoring.band_of(TRIAGE, scheme="domain", value=None) == {}


def test_a_skipped_item_does_not_count_and_hides_what_depends_on_it():
    choices = {"yes": Choice("yes", D(1)), "no": Choice("no", D(0))}
    every = (
        Question("Q1", "E", choices),
        Question("Q2", "E", choices, shown_if=(("Q1", "yes"),)),
        Question("Q3", "E", choices, shown_if=(("Q2", "no"),)),
    )
    definition = Definition("s/1", "mean", every, (Part("E"),))
    found = scoring.score(definition, {"Q1": "no", "Q2": "no", "Q3": "yes"}).domain("E")
    assert (found.value, found.answered, found.applicable) == (D(0), 1, 1)


# Rounds


def summary(*values: str | None, key: str = "c/1", deff: str = "1"):
    scores = Counter((None, "too_few_answers") if value is None else (D(value), "") for value in values)
    return scoring.summarize(key, "domain", "T", scores, design_effect=D(deff))


def test_a_mean_carries_its_interval_and_how_many_were_not_scored():
    found = summary("40", "60", None)
    assert (found.mean, found.n, found.not_scored, found.reasons) == (D("50.0000"), 2, 1, {"too_few_answers": 1})
    assert summary("40", "40", "60", "60").variance == Fraction(100, 3)  # 400 / 3 of the values, by 4
    assert found.half_width == D("19.6000")  # sd 14.142 / sqrt 2 = 10
    assert summary("40", "60", deff="4").half_width == D("39.2000")


def test_nobody_scored_is_no_mean_rather_than_a_nought():
    assert (summary(None, None).mean, summary(None, None).not_scored) == (None, 2)


def test_a_change_needs_one_version_and_shows_attrition_and_its_interval():
    found = scoring.change(summary("40", "60", "50"), summary("60", "80"))
    assert (found.value, found.earlier_n, found.later_n, found.lost, found.lost_share) == (D("20.0000"), 3, 2, 1, D("0.3333"))
    assert found.low < found.value < found.high
    other = scoring.change(summary("40", "60"), summary("60", "80", key="c/2"))
    assert (other.value, other.reason) == (None, "not_comparable")


def test_a_difference_smaller_than_its_interval_is_not_clear():
    assert scoring.change(summary("10", "90"), summary("20", "90")).is_clear is False
    assert scoring.change(summary("10", "11", "12"), summary("80", "81", "82")).is_clear is True
    assert scoring.change(summary("10"), summary("80")).is_clear is None


def test_the_same_people_twice_are_compared_pair_by_pair():
    found = scoring.paired_change("r/1", "r/1", [(D("0.4"), D("0.6")), (D("0.5"), D("0.7")), (D("0.5"), None)])
    assert (found.value, found.lost, found.lost_share) == (D("0.2000"), 1, D("0.3333"))
    assert found.low == found.high == D("0.2000")
    assert scoring.paired_change("r/1", "r/2", [(D("0.4"), D("0.6"))]).reason == "not_comparable"


def test_a_share_has_the_interval_of_the_page_and_is_weak_where_few_answered_otherwise():
    found = scoring.share(68, 155)
    assert (found.value, found.is_weak) == (D("0.4387"), False)
    assert (found.high - found.low) / 2 == pytest.approx(D("0.0781"), abs=D("0.0001"))
    assert scoring.share(1, 20).is_weak is True
    assert scoring.share(0, 20).low == D(0)
    assert scoring.share(0, 0).value is None


# Whatever the answers


unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # other work on the machine is no failure
options = st.sampled_from(["a", "b", "c", "d", "e", "dk", "na", ""])


@unhurried
@given(st.lists(options, min_size=9, max_size=9), st.lists(options, min_size=10, max_size=10))
def test_scores_lie_on_the_scale_or_have_a_reason(first, second):
    definition = mean(("E", 9), ("S", 10))
    answers = {f"E{at}": o for at, o in enumerate(first, 1) if o} | {f"S{at}": o for at, o in enumerate(second, 1) if o}
    scored = scoring.score(definition, answers)
    for value in scored.values:
        assert (value.value is None) == bool(value.reason)
        assert value.answered <= value.applicable
        if value.value is not None:
            assert 0 <= value.value <= 1
            assert value.value.as_tuple().exponent == -4
            assert value.answered * 3 >= value.applicable * 2 or value.scheme == "composite"


@unhurried
@given(st.lists(st.decimals(0, 100, places=4), min_size=2, max_size=40), st.decimals("0.5", 4, places=2))
def test_a_larger_design_effect_never_narrows_the_interval(values, deff):
    scores = Counter((value, "") for value in values)
    plain = scoring.summarize("k", "domain", "T", scores)
    wide = scoring.summarize("k", "domain", "T", scores, design_effect=deff + 1)
    assert plain.half_width <= wide.half_width
    assert plain.low <= plain.mean <= plain.high


@unhurried
@given(st.integers(0, 400), st.integers(1, 400))
def test_a_share_stays_between_none_and_all(numerator, more):
    found = scoring.share(numerator, numerator + more - 1)
    if found.value is not None:
        assert 0 <= found.low <= found.value <= found.high <= 1
