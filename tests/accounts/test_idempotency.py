"""A write sent twice happens once, however parallel the two are."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from accounts.models import StoredResponse
from accounts.roles import Role
from programs.models import ActivityRecord
from reporting.models import Submission
from tests import factories
from tests.callers import key_of, with_key

KEY = {"Idempotency-Key": "5f1d1c52-0d6e-4b83-b1f5-5c1b6d7c6f0a"}


def world_and_secret():
    world = factories.world("PPS-01")
    world.indicator()
    world.open()
    return world, key_of(world.partner, by=factories.member(Role.PARTNER_MANAGER, organization=world.partner))


def activity(world, note=""):
    return {"project": "PPS-01", "kind": "training", "happened_on": "2026-02-03", "place": world.place.code, "note": note}


@pytest.mark.django_db
def test_the_same_write_again_gets_the_stored_answer():
    world, secret = world_and_secret()
    caller = with_key(secret)
    first = caller.post("/activities/", activity(world), **KEY)
    again = caller.post("/activities/", activity(world), **KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (again["Location"], again["Idempotency-Replayed"]) == (first["Location"], "true")
    assert "Idempotency-Replayed" not in first
    assert ActivityRecord.objects.count() == 1


@pytest.mark.django_db
def test_a_key_used_for_another_request_is_refused():
    world, secret = world_and_secret()
    caller = with_key(secret)
    caller.post("/activities/", activity(world), **KEY)
    for other in (
        caller.post("/activities/", activity(world, "another"), **KEY),
        caller.post("/submissions/", {"project": "PPS-01", "period": world.period.code}, **KEY),
    ):
        assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert ActivityRecord.objects.count() == 1


@pytest.mark.django_db
def test_two_callers_may_use_the_same_key():
    world, secret = world_and_secret()
    manager = factories.member(Role.PARTNER_MANAGER, organization=world.partner)
    for one in (secret, key_of(world.partner, by=manager)):
        assert with_key(one).post("/activities/", activity(world), **KEY).status_code == 201
    assert ActivityRecord.objects.count() == 2


@pytest.mark.django_db
def test_what_failed_is_not_kept_and_can_be_tried_again():
    world, secret = world_and_secret()
    caller = with_key(secret)
    wrong = {**activity(world), "place": "NOWHERE"}
    assert caller.post("/activities/", wrong, **KEY).status_code == 422
    assert not StoredResponse.objects.exists()
    assert caller.post("/activities/", activity(world), **KEY).status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 101, "tab\tbed"])
def test_a_key_that_is_no_key_is_refused(key):
    world, secret = world_and_secret()
    answer = with_key(secret).post("/activities/", activity(world), **{"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "Idempotency-Key")
    assert not ActivityRecord.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_header", [True, False])
def test_parallel_identical_posts_make_one_report_and_one_answer(with_header):
    world, secret = world_and_secret()
    bodies, start = [], threading.Barrier(12)

    def post() -> None:
        caller = with_key(secret)
        start.wait()
        headers = KEY if with_header else {}
        answer = caller.post("/submissions/", {"project": "PPS-01", "period": world.period.code}, **headers)
        bodies.append((answer.status_code, answer.content))
        connection.close()

    threads = [threading.Thread(target=post) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Submission.objects.count() == 1
    if with_header:
        assert len(bodies) == 12
        assert len(set(bodies)) == 1
        assert bodies[0][0] == 201
    else:
        assert sorted(status for status, _body in bodies) == [201] + [409] * 11
