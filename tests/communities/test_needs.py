"""Groups rank the same needs apart; the table shows how far apart they are."""

from __future__ import annotations

import pytest
from django.urls import reverse

from communities import needs
from communities.models import NeedsRanking
from plumbing.refusals import Invalid
from tests.communities.peace import ago, make_peace

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


def test_a_cycle_shows_by_how_many_ranks_each_group_moved_a_need_since_the_one_before(peace, client):
    table = {"safe water": {"women": 3, "men": 1}, "Schools": {"women": 1, "men": 2}, "Cattle routes": {"women": 2, "men": 3}}
    peace.ranking(title="March", starts_on=ago(240), ends_on=ago(236), table=table)
    peace.ranking(title="January", starts_on=ago(300), ends_on=ago(296))
    table = {
        "Safe water": {"women": 1, "men": 3, "youth": 1}, "Schools": {"women": 3, "men": 2, "youth": 2},
        "Work": {"women": 2, "men": 1, "youth": 3},
    }  # fmt: skip
    row = peace.ranking(title="August", table=table, people={"women": 30, "men": 31, "youth": 9})
    found = needs.moved(needs.ranked(row), NeedsRanking.objects.all())
    assert {line.need: [(cell.move, cell.is_new) for cell in line.cells] for line in found.lines} == {
        "Safe water": [(2, False), (-2, False), (None, False)],
        "Schools": [(-2, False), (0, False), (None, False)],
        "Work": [(None, True), (None, True), (None, False)],
    }, "young people did not sit in March"
    assert (found.before.title, found.before.gone) == ("March", ("Cattle routes",))
    assert needs.moved(needs.ranked(row), NeedsRanking.objects.exclude(title__in=["March", "January"])).before is None
    client.force_login(peace.officer)
    page = client.get(reverse("needs_ranking", args=[row.pk])).content.decode()
    assert "more urgent than before" in page
    assert "No longer ranked: Cattle routes." in page


def test_a_cycle_stands_once_per_place(peace):
    from django.core.exceptions import ValidationError

    peace.ranking(title="August")
    with pytest.raises(ValidationError):
        peace.ranking(title="August")


def test_the_page_drops_no_rank_without_a_word(peace, client):
    client.force_login(peace.officer)
    address = reverse("rank_needs")
    given = {
        "for": f"{peace.world.project.pk}:{peace.world.partner.pk}", "place": peace.world.place.code, "title": "August",
        "starts_on": ago(9).isoformat(), "ends_on": ago(8).isoformat(), "method": "x", "people_women": 5,
        "need_1": "Water", "rank_1_women": 1, "need_2": " water ", "rank_2_women": 2, "rank_3_women": 3,
    }  # fmt: skip
    refused = client.post(address, given)
    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"need_2", "need_3"})
    assert not NeedsRanking.objects.exists()
    taken = client.post(address, given | {"need_2": "Schools", "need_3": "Roads"})
    assert (taken.status_code, NeedsRanking.objects.get().needs.count()) == (303, 3)
