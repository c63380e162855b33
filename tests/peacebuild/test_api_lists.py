"""Every list of the API, found by walking the router: scope, filters, order, cursor, checkpoint and the number of its queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts import audit, practice
from accounts.roles import Role
from peacebuild.api import router
from tests import factories
from tests.callers import as_person, key_of, with_key
from tests.peacebuild.stock import MAKERS, OWN_TESTS, make_many

pytestmark = pytest.mark.django_db

LISTS = {name: view for _prefix, view, name in router.registry if hasattr(view, "list") and name not in OWN_TESTS}

# Queries of one page for a person signed in in the browser: session, user, memberships, checkpoint, rows, and what hangs on rows.
QUERIES = {
    "programs": 5,
    "projects": 7,
    "assignments": 7,
    "periods": 6,
    "indicator-definitions": 7,
    "places": 5,
    "activities": 6,
    "action-points": 5,
    "opportunities": 6,
    "communities": 7,
    "incidents": 7,
    "violation-counts": 8,
    "early-warnings": 5,
    "forums": 8,
    "commitments": 6,
    "disputes": 8,
    "agreements": 6,
    "needs-rankings": 7,
    "local-projects": 8,
    "submissions": 5,
    "institutions": 7,
    "complaint-counts": 6,
    "support-clearances": 5,
    "instruments": 7,
    "survey-rounds": 8,
    "imports": 5,
}


@pytest.fixture
def director():
    """Somebody whose role covers the whole portal."""
    return as_person(factories.member(Role.PROGRAM_MANAGER, organization=factories.agency()))


def test_every_list_has_its_rows_and_its_number_of_queries_here():
    assert set(MAKERS) == set(QUERIES) == set(LISTS)
    assert max(QUERIES.values()) <= 8


@pytest.mark.parametrize("name", LISTS)
def test_a_page_takes_as_many_queries_at_25_rows_as_at_one(name, director, django_assert_num_queries):
    make_many(name, 25)
    address = reverse(f"api:{name}-list")
    director.get("/me/")
    practice.text("suppression-threshold")  # kept in the cache from now on, as on a portal that runs
    for size in (1, 3, 25):
        with django_assert_num_queries(QUERIES[name]):
            answer = director.get(address, {"page_size": size})
        assert (answer.status_code, len(answer.json()["results"])) == (200, size)


@pytest.mark.parametrize("name", LISTS)
def test_walking_the_cursor_gives_every_row_once_in_both_directions(name, director):
    make_many(name, 7)
    whole = director.get(reverse(f"api:{name}-list"), {"page_size": 500}).json()
    assert (whole["next"], whole["previous"]) == (None, None)
    forward, page = [], director.get(reverse(f"api:{name}-list"), {"page_size": 2}).json()
    checkpoints = {page["checkpoint"]}
    while True:
        forward += page["results"]
        if page["next"] is None:
            break
        page = director.get(page["next"]).json()
        checkpoints.add(page["checkpoint"])
    assert forward == whole["results"]
    assert len(checkpoints) == 1
    backward = [page["results"]]
    while page["previous"] is not None:
        page = director.get(page["previous"]).json()
        backward.append(page["results"])
    assert [row for rows in reversed(backward) for row in rows] == whole["results"]


@pytest.mark.parametrize("name", LISTS)
def test_every_order_that_is_offered_walks_through_every_row(name, director):
    make_many(name, 5)
    for order in LISTS[name].orderings:
        for way in (order, f"-{order}"):
            rows, page = [], director.get(reverse(f"api:{name}-list"), {"page_size": 2, "ordering": way}).json()
            while True:
                rows += page["results"]
                if page["next"] is None:
                    break
                page = director.get(page["next"]).json()
            keys = [str(row) for row in rows]
            assert len(keys) == len(set(keys)) >= 5


@pytest.mark.parametrize("name", LISTS)
def test_every_filter_takes_a_value_and_refuses_an_empty_one(name, director):
    make_many(name, 1)
    for parameter, one in LISTS[name].filterset_class.base_filters.items():
        address = reverse(f"api:{name}-list")
        assert director.get(address, {parameter: ""}).status_code == 422
        given = director.get(address, {parameter: _some(one)})
        assert given.status_code == 200, given.json()


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"page_size": "abc"},
        {"page_size": "0"},
        {"page_size": "501"},
        {"page_size": ""},
        {"cursor": "garbage"},
        {"cursor": "WzAsMV0"},
        {"cursor": "WzAsMV0~0.20260101T000000Z"},
        {"cursor": "~0.20260101T000000Z%00"},
        {"ordering": "password"},
        {"ordering": "updated_at,updated_at"},
        {"updated_since": "yesterday"},
        {"updated_since": "0001-01-01T00:00:00+14:00"},
        {"updated_since": "2026-01-01T00:00:00"},
        {"updated_since": "1.99999999T999999Z"},
        {"nonsense": "1"},
    ],
)
def test_a_mistyped_parameter_is_refused_and_never_ignored(name, wrong, director):
    answer = director.get(reverse(f"api:{name}-list"), wrong)
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["errors"][0]["path"] == next(iter(wrong))


@pytest.mark.parametrize("name", LISTS)
def test_a_checkpoint_leaves_out_what_did_not_change_and_nothing_else(name, director):
    with time_machine.travel(timezone.now() - timedelta(hours=1), tick=False):
        make_many(name, 3)
    audit.seal_all()
    read = director.get(reverse(f"api:{name}-list")).json()
    assert len(read["results"]) >= 3
    since = director.get(reverse(f"api:{name}-list"), {"updated_since": read["checkpoint"]}).json()
    assert since["results"] == []
    make_many(name, 1)
    since = director.get(reverse(f"api:{name}-list"), {"updated_since": read["checkpoint"]}).json()
    assert len(since["results"]) >= 1
    half_an_hour_ago = (timezone.now() - timedelta(minutes=30)).isoformat()
    by_time = director.get(reverse(f"api:{name}-list"), {"updated_since": half_an_hour_ago}).json()
    assert by_time["results"] == since["results"]


@pytest.mark.parametrize("name", sorted(set(LISTS) - {"places"}))
def test_a_key_sees_its_own_rows_and_no_strangers(name):
    mine, other = factories.world("MINE"), factories.world("STRANGE")
    MAKERS[name](mine)
    MAKERS[name](other)
    caller = with_key(key_of(mine.partner, by=factories.member(Role.PARTNER_MANAGER, organization=mine.partner)))
    text = caller.get(reverse(f"api:{name}-list")).content.decode()
    assert len(caller.get(reverse(f"api:{name}-list")).json()["results"]) >= 1
    assert "STRANGE" not in text
    assert other.project.program.code not in text
    assert f'"{other.partner.name}"' not in text


def _some(one) -> str:
    kind = type(one).__name__
    if hasattr(one, "extra") and "choices" in one.extra:
        return str(one.extra["choices"][0][0]) or "x"
    return {
        "DayFilter": "2026-01-01",
        "IdFilter": "1",
        "NumberFilter": "1",
        "IsoDateTimeFilter": "2026-01-01T00:00:00Z",
        "UUIDFilter": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "BooleanFilter": "true",
    }.get(kind, "PPS-01")
