"""Counts of children and handover receipts by API: numbers, gates and who may read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from reintegration.models import ChildHandover, ChildMonth
from tests import factories
from tests.callers import as_person, key_of, with_key

pytestmark = pytest.mark.django_db


def caller_of(world, **given):
    manager = factories.member(Role.PARTNER_MANAGER, organization=world.partner)
    return with_key(key_of(world.partner, by=manager, **{"may_work_cases": True, **given}))


@pytest.fixture
def mine():
    return factories.world("MINE")


@pytest.fixture
def state(mine):
    return factories.place("SSMINE")


def month(state, **given):
    day = timezone.localdate()
    cells = [{"sex": "girl", "band": "15-17", "number": 4}, {"sex": "boy", "band": "12-14", "number": 0}]
    return {"project": "MINE", "place": state.code, "year": day.year, "month": day.month, "kind": "associated", "cells": cells, **given}


def receipt(world, **given):
    ago = timezone.now() - timedelta(hours=50)
    return {"project": "MINE", "place": world.place.code, "identified_at": ago.isoformat(), "girls": 2, "boys": 1, **given}


def test_a_month_is_set_and_set_again(mine, state):
    caller = caller_of(mine)
    first = caller.post("/child-counts/", month(state))
    assert first.status_code == 201, first.content
    assert first.json()["cells"] == month(state)["cells"][::-1]
    again = caller.post("/child-counts/", month(state, cells=[{"sex": "girl", "band": "15-17", "number": 5}]))
    assert (again.status_code, [cell["number"] for cell in again.json()["cells"]]) == (200, [5])
    assert ChildMonth.objects.count() == 1
    assert first["Cache-Control"] == "no-store"
    assert caller.get(f"/child-counts/{first.json()['id']}/").json()["cells"] == again.json()["cells"]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"cells": []}, "cells"),
        ({"cells": [{"sex": "girl", "band": "15-17", "number": 1}] * 2}, "cells"),
        ({"cells": [{"sex": "girl", "band": "18-24", "number": 1}]}, "cells/0/band"),
        ({"year": 2099}, "month"),
        ({"place": "fine"}, "place"),
        ({"project": "STRANGE"}, "project"),
    ],
)
def test_a_month_goes_through_the_gates_of_the_page(mine, state, wrong, path):
    factories.world("STRANGE")
    if wrong.get("place") == "fine":
        wrong = {"place": factories.place(parent=state).code}
    answer = caller_of(mine).post("/child-counts/", month(state, **wrong))
    assert (answer.status_code, [one["path"] for one in answer.json()["errors"]]) == (422, [path])
    assert not ChildMonth.objects.exists()


def test_a_receipt_runs_its_clock_and_is_closed_once_and_corrected(mine):
    caller = caller_of(mine)
    made = caller.post("/child-handovers/", receipt(mine)).json()
    assert (made["hours"], made["is_late"], made["handed_over_at"]) == (50, True, None)
    closed = {"handed_over_at": (timezone.now() - timedelta(hours=10)).isoformat(), "receiver": "child_protection"}
    done = caller.post(f"/child-handovers/{made['id']}/handed-over/", closed)
    assert (done.status_code, done.json()["hours"], done.json()["is_late"]) == (200, 40, False)
    twice = caller.post(f"/child-handovers/{made['id']}/handed-over/", closed)
    assert (twice.status_code, twice.json()["code"]) == (409, "already_handed_over")
    changed = receipt(mine, girls=3, **closed)
    del changed["project"]
    assert caller.put(f"/child-handovers/{made['id']}/", changed).json()["girls"] == 3
    assert caller.post("/child-handovers/", receipt(mine, girls=0, boys=0)).status_code == 422
    assert caller.post("/child-handovers/", receipt(mine, receiver="family")).status_code == 422


def test_sent_twice_with_one_key_it_is_one_receipt(mine):
    caller, sent = caller_of(mine), receipt(mine)
    answers = [caller.post("/child-handovers/", sent, **{"Idempotency-Key": "r1"}) for _n in range(2)]
    assert {answer.status_code for answer in answers} == {201}
    assert ChildHandover.objects.count() == 1


@pytest.mark.parametrize("name", ["child-counts", "child-handovers"])
def test_people_other_keys_and_strangers_find_nothing_and_write_nothing(mine, state, name):
    caller = caller_of(mine)
    body = month(state) if name == "child-counts" else receipt(mine)
    id = caller.post(f"/{name}/", body).json()["id"]
    counter = factories.member(Role.CASEWORKER, organization=mine.partner)
    for other in (
        caller_of(factories.world("STRANGE")),
        caller_of(mine, may_work_cases=False),
        as_person(counter),
        as_person(mine.manager),
    ):
        assert other.get(f"/{name}/").json()["results"] == []
        assert other.get(f"/{name}/{id}/").status_code == 404
        assert other.post(f"/{name}/", body).status_code in (403, 422)
    reading = caller_of(mine, may_write=False, may_submit=False)
    assert len(reading.get(f"/{name}/").json()["results"]) == 1
    assert reading.post(f"/{name}/", body).status_code == 403


@pytest.mark.parametrize(("name", "queries"), [("child-counts", 8), ("child-handovers", 8)])
def test_a_list_takes_as_many_queries_at_three_rows_as_at_one_and_every_reading_is_an_event(
    mine, state, name, queries, django_assert_num_queries
):
    caller = caller_of(mine)
    for number in range(3):
        sent = month(state, year=2025, month=number + 1) if name == "child-counts" else receipt(mine, girls=number + 1)
        assert caller.post(f"/{name}/", sent).status_code == 201
    caller.get(f"/{name}/")
    for size in (1, 3):
        with django_assert_num_queries(queries):
            answer = caller.get(reverse(f"api:{name}-list"), {"page_size": size})
        assert len(answer.json()["results"]) == size
    assert AuditEvent.objects.filter(event__in=["children.counts_listed", "children.receipts_listed"]).count() == 3
    for order in ("id", "-updated_at"):
        assert len(caller.get(f"/{name}/", {"ordering": order}).json()["results"]) == 3
    assert len(caller.get(f"/{name}/", {"project": "MINE"}).json()["results"]) == 3
    assert caller.get(f"/{name}/", {"girls": "1"}).status_code == 422
