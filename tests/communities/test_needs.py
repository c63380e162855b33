"""Groups rank the same needs apart; the table shows how far apart they are."""

from __future__ import annotations

import pytest

from communities import needs
from communities.models import NeedsRanking
from plumbing.refusals import Invalid
from tests.communities.peace import make_peace

pytestmark = pytest.mark.django_db


@pytest.fixture
def peace():
    return make_peace()


def test_apart_is_the_highest_rank_minus_the_lowest(peace):
    found = needs.ranked(peace.ranking())
    assert [(line.need, line.ranks, line.apart) for line in found.lines] == [
        ("Safe water", (1, 3), 2), ("Schools", (2, 2), 0), ("Cattle routes", (3, 1), 2)
    ]  # fmt: skip


def test_a_group_that_did_not_rank_a_need_leaves_a_gap(peace):
    table = {"Water": {"women": 1, "men": 1}, "Roads": {"women": 2, "men": None}}
    found = needs.ranked(peace.ranking(table=table))
    assert [(line.ranks, line.apart) for line in found.lines] == [((1, 1), 0), ((2, None), None)]


@pytest.mark.parametrize(
    "table",
    [
        {"Water": {"women": 1}},
        {"Water": {"women": 1}, "Roads": {"women": 1}},
        {"Water": {"women": 1}, "Roads": {"women": 3}},
        {"Water": {"women": 1}, "Roads": {"women": None}},
        {"Water": {"women": 1, "youth": 1}, "Roads": {"women": 2, "youth": 2}},
    ],
)
def test_ranks_that_are_no_order_are_refused(peace, table):
    with pytest.raises(Invalid):
        peace.ranking(table=table, people={"women": 9})
    assert not NeedsRanking.objects.exists()


def test_a_cycle_stands_once_per_place(peace):
    from django.core.exceptions import ValidationError

    peace.ranking(title="August")
    with pytest.raises(ValidationError):
        peace.ranking(title="August")
