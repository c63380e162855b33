"""Referrals by API: the sender's side, and the little that a receiver is told while a referral is open."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, StoredResponse
from accounts.roles import Role
from reintegration import consents
from reintegration.models import Referral, SharingAgreement
from tests import cases, factories
from tests.callers import as_person, key_of, with_key

pytestmark = pytest.mark.django_db
TOLD = {"id", "code", "service", "urgency", "contact_route", "state", "answer_due_on", "updated_at"}


def caller_of(partner, **given):
    manager = factories.member(Role.PARTNER_MANAGER, organization=partner)
    return with_key(key_of(partner, by=manager, **{"may_work_cases": True, **given}))


@pytest.fixture
def office():
    return factories.partner()


@pytest.fixture
def case(world, worker, office):
    today = timezone.localdate()
    SharingAgreement.objects.create(
        partner=world.partner, receiver=office, reference="A-1", starts_on=today, ends_on=today + timedelta(days=90), recorded_by=worker
    )
    row = cases.case(world, caseworker=worker, state="active", safe_contact={"may_call": True, "call_when": "CANARY"})
    cases.consent(row, "services")
    cases.consent(row, "sharing", organization=office)
    return row


@pytest.fixture
def sender(world):
    return caller_of(world.partner)


@pytest.fixture
def receiver(office):
    return caller_of(office)


def body(case, office, **given):
    return {"case": str(case.pk), "to_organization": office.pk, "service": "vocational", "contact_route": "Case desk", **given}


def sent(sender, case, office, **headers):
    answer = sender.post("/referrals/", body(case, office, reason="CANARY"), **headers)
    assert answer.status_code == 201, answer.content
    return answer


def test_a_referral_is_sent_accepted_and_completed_and_the_receivers_access_ends(sender, receiver, case, office):
    made = sent(sender, case, office)
    assert made["Cache-Control"] == "no-store"
    id = made.json()["id"]
    listed = receiver.get("/received-referrals/").json()["results"]
    assert [set(row) for row in listed] == [TOLD]
    assert (listed[0]["code"], listed[0]["contact_route"], listed[0]["state"]) == (case.code, "Case desk", "sent")
    read = receiver.get(f"/received-referrals/{id}/")
    for answer in (made, read, receiver.get("/received-referrals/")):
        assert "CANARY" not in answer.content.decode()
    assert str(case.pk) not in read.content.decode()

    assert receiver.post(f"/received-referrals/{id}/accept/").json()["state"] == "accepted"
    done = receiver.post(f"/received-referrals/{id}/complete/", {"outcome": "received", "note": "CANARY"})
    assert (done.status_code, done.json()) == (200, {"id": id, "state": "completed"})
    assert receiver.get(f"/received-referrals/{id}/").status_code == 404
    assert receiver.get("/received-referrals/").json()["results"] == []
    row = sender.get(f"/referrals/{id}/").json()
    assert (row["state"], row["outcome"]) == ("completed", "received")
    assert Referral.objects.get().outcome_note == "CANARY"


@pytest.mark.parametrize("missing", ["services", "sharing", "agreement", "withdrawn"])
def test_without_consent_or_agreement_nothing_is_sent(sender, receiver, case, office, worker, missing):
    if missing == "agreement":
        SharingAgreement.objects.all().delete()
    elif missing == "withdrawn":
        consents.withdraw(case, by=worker)
    else:
        case.consents.filter(purpose=missing).delete()
    answer = sender.post("/referrals/", body(case, office))
    assert (answer.status_code, answer.json()["code"]) == (409, "no_agreement" if missing == "agreement" else "consent_missing")
    assert receiver.get("/received-referrals/").json()["results"] == []


def test_declining_needs_a_reason_from_the_list_and_comes_only_while_it_is_sent(sender, receiver, case, office):
    id = sent(sender, case, office).json()["id"]
    assert receiver.post(f"/received-referrals/{id}/decline/", {"reason": "rude"}).status_code == 422
    assert receiver.post(f"/received-referrals/{id}/complete/", {"outcome": "received"}).status_code == 409
    declined = receiver.post(f"/received-referrals/{id}/decline/", {"reason": "no_place"}, **{"Idempotency-Key": "d1"})
    again = receiver.post(f"/received-referrals/{id}/decline/", {"reason": "no_place"}, **{"Idempotency-Key": "d1"})
    assert declined.json() == again.json() == {"id": id, "state": "declined"}
    assert again["Idempotency-Replayed"] == "true"
    assert receiver.post(f"/received-referrals/{id}/accept/").status_code == 404
    assert sender.get(f"/referrals/{id}/").json()["decline_reason"] == "no_place"


def test_what_is_withdrawn_is_gone_for_the_receiver_which_is_asked_to_delete(sender, receiver, case, office, worker):
    id = sent(sender, case, office).json()["id"]
    answer = sender.post(f"/referrals/{id}/withdraw/").json()
    assert (answer["state"], answer["deletion_asked_at"] is not None) == ("withdrawn", True)
    assert receiver.get(f"/received-referrals/{id}/").status_code == 404
    assert sender.post(f"/referrals/{id}/withdraw/").status_code == 409
    other = sent(sender, case, office).json()["id"]
    consents.withdraw(case, by=worker)
    assert receiver.get(f"/received-referrals/{other}/").status_code == 404


def test_sent_twice_with_one_key_it_is_one_referral_and_only_status_and_id_were_stored(sender, case, office):
    first, again = (sent(sender, case, office, **{"Idempotency-Key": "k1"}) for _n in range(2))
    assert first.json() == again.json()
    assert Referral.objects.count() == 1
    kept = StoredResponse.objects.get()
    assert (kept.body, kept.headers) == (f'{{"id": "{first.json()["id"]}"}}', "")


def test_a_stranger_finds_nothing_on_either_side(world, sender, receiver, case, office):
    id = sent(sender, case, office).json()["id"]
    stranger = caller_of(factories.world("STRANGE").partner)
    stranger.get("/me/")
    for path in (f"/referrals/{id}/", f"/received-referrals/{id}/", f"/referrals/{id}/withdraw/", f"/received-referrals/{id}/accept/"):
        seen = []
        for address in (path, path.replace(id, str(uuid4()))):
            with CaptureQueriesContext(connection) as asked:
                answer = stranger.post(address) if address.endswith(("withdraw/", "accept/")) else stranger.get(address)
            seen.append((answer.status_code, answer.content.decode().replace(address.split("/")[2], "ID"), len(asked)))
        assert seen[0] == seen[1]
        assert seen[0][0] == 404
    for name in ("referrals", "received-referrals"):
        assert stranger.get(f"/{name}/").json()["results"] == []
    assert receiver.get("/referrals/").json()["results"] == []
    assert sender.get("/received-referrals/").json()["results"] == []
    foreign = stranger.post("/referrals/", body(case, office))
    unknown = stranger.post("/referrals/", {**body(case, office), "case": str(uuid4())})
    assert (foreign.status_code, foreign.json()["errors"]) == (unknown.status_code, unknown.json()["errors"])
    assert foreign.status_code == 422


def test_people_and_keys_that_were_not_made_for_cases_find_nothing(world, worker, sender, case, office):
    id = sent(sender, case, office).json()["id"]
    reporter = factories.member(Role.PARTNER_REPORTER, organization=office)
    for caller in (
        as_person(worker),
        as_person(reporter),
        caller_of(world.partner, may_work_cases=False),
        caller_of(office, may_work_cases=False),
    ):
        for name in ("referrals", "received-referrals"):
            assert caller.get(f"/{name}/").json()["results"] == []
            assert caller.get(f"/{name}/{id}/").status_code == 404
        assert caller.post("/referrals/", body(case, office)).status_code == 403
    reading = caller_of(office, may_write=False, may_submit=False)
    assert len(reading.get("/received-referrals/").json()["results"]) == 1
    assert reading.post(f"/received-referrals/{id}/accept/").status_code == 403
    assert Referral.objects.get().state == "sent"


@pytest.mark.parametrize(("name", "queries"), [("referrals", 7), ("received-referrals", 7)])
def test_a_list_takes_as_many_queries_at_25_rows_as_at_one_and_every_reading_is_an_event(
    sender, receiver, case, office, name, queries, django_assert_num_queries
):
    consent = case.consents.get(purpose="sharing")
    for _n in range(25):
        cases.referral(case, office, consent=consent)
    caller = sender if name == "referrals" else receiver
    caller.get("/me/")
    for size in (1, 3, 25):
        with django_assert_num_queries(queries):
            answer = caller.get(reverse(f"api:{name}-list"), {"page_size": size})
        assert len(answer.json()["results"]) == size
    assert AuditEvent.objects.filter(event="referrals.listed").count() == 3
    caller.get(f"/{name}/{Referral.objects.first().pk}/")
    assert AuditEvent.objects.filter(event="referral.read", subjects__kind="case", subjects__key=str(case.pk)).count() == 1
    for order in ("sent_at", "-answer_due_on", "updated_at"):
        assert len(caller.get(f"/{name}/", {"ordering": order}).json()["results"]) == 25
    assert len(caller.get(f"/{name}/", {"state": "sent", "service": "legal"}).json()["results"]) == 25
    for wrong in ({"ordering": "service"}, {"state": ""}, {"code": case.code}):
        assert caller.get(f"/{name}/", wrong).status_code == 422
