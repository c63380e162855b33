"""Counts over the institutional level that can prefill a figure."""

from __future__ import annotations

from institutions import reform
from institutions.tallies import cleared, reached, trained
from programs.tally import Asked
from tests.institutions import making


def asked(post, *, breakdown=()):
    return Asked(post.project, post.partner, making.soon(-60), making.soon(0), (post.place.pk,), breakdown)


def test_support_under_a_clearance_keeps_numerator_and_denominator(post):
    making.trained(post)
    assert [(part.value, part.of) for part in cleared(asked(post)).parts] == [(0, 1)]
    making.cleared(post)
    making.trained(post, happened_on=making.soon(0))
    assert [(part.value, part.of) for part in cleared(asked(post)).parts] == [(1, 1), (1, 1)]


def test_people_trained_by_sex_and_rank_with_the_rest_not_broken_down(post):
    making.trained(post, people=45)
    parts = {tuple(sorted(part.cell.items())): part.value for part in trained(asked(post, breakdown=("rank", "sex"))).parts}
    assert parts[(("rank", "junior"), ("sex", "female"))] == 12
    assert parts[()] == 3
    assert sum(parts.values()) == 45


def test_reform_steps_count_from_the_day_they_reached_the_stage(post):
    row = reform.begin(institution=post.station, project=post.project, kind="law", title="Police law", by=post.officer)
    reform.reach(row, stage=1, reached_on=making.soon(-30), evidence="Draft", by=post.officer)
    assert [part.value for part in reached(asked(post), stage=3).parts] == [0]
    reform.reach(row, stage=3, reached_on=making.soon(-3), evidence="Signed", by=post.officer)
    assert [part.value for part in reached(asked(post), stage=3).parts] == [1]
