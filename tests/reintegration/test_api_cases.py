from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, StoredResponse
from accounts.roles import Role
from reintegration import casework, followup
from reintegration.models import Case, Transition
from surveys import instruments
from surveys.models import InstrumentVersion
from tests import factories
from tests.callers import as_person, key_of, with_key
from tests.reintegration import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world("MINE")


@pytest.fixture
def strange():
    return factories.world("STRANGE")


@pytest.fixture
def worker(world):
    return factories.member(Role.CASEWORKER, organization=world.partner)


def caller_of(world, **given):
    manager = factories.member(Role.PARTNER_MANAGER, organization=world.partner)
    return with_key(key_of(world.partner, by=manager, **{"may_work_cases": True, **given}))


def body(world, **given):
    notice, today = making.notice(), timezone.localdate()
    return {
        "external_reference": str(uuid4()), "project": "MINE", "place": world.place.code, "pathway": "reintegration", "source": "community",
        "sex": "female", "adult_beyond_doubt": True, "age_band": "25-35", "notice_version": notice.version,
        "notice_language": notice.language, "notice_given_on": today.isoformat(), "notice_method": "oral", "basis": "public_interest",
        "safe_contact": {"may_call": True, "visit": False, "call_when": "After 18:00", "never_mention": "the programme"}, **given,
    }  # fmt: skip


def test_a_case_is_opened_once_per_reference_and_never_cached(world):
    caller, sent = caller_of(world), body(world)
    first = caller.post("/cases/", sent)
    again = caller.post("/cases/", {**sent, "safe_contact": {"may_call": False, "visit": False}})
    assert (first.status_code, again.status_code) == (201, 200), first.content
    assert first["Cache-Control"] == "no-store"
    case = Case.objects.get()
    assert first.json()["code"] == case.code
    assert case.safe_contact == {"may_call": False, "visit": False}
    assert "18:00" not in first.content.decode() + again.content.decode()


@pytest.mark.parametrize(
    "doubt", [{"adult_beyond_doubt": False}, {"age_band": "15-17"}, {"age_band": None}, {"birth_year": timezone.localdate().year - 18}]
)
def test_who_may_be_a_child_is_refused_with_the_words_of_the_page_before_anything_is_written(doubt, world):
    answer = caller_of(world).post("/cases/", body(world, **doubt))
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["code"] == "may_be_child"
    assert "call child protection now" in answer.json()["detail"]
    assert not Case.objects.exists()


@pytest.mark.parametrize("missing", ["basis", "notice_version", "notice_given_on", "external_reference", "safe_contact"])
def test_notice_basis_and_reference_are_required(missing, world):
    sent = body(world)
    del sent[missing]
    answer = caller_of(world).post("/cases/", sent)
    assert (answer.status_code, [one["path"] for one in answer.json()["errors"]]) == (422, [missing])


def test_a_repeated_request_gets_the_row_and_only_status_and_id_were_stored(world):
    caller, sent = caller_of(world), body(world)
    first = caller.post("/cases/", sent, **{"Idempotency-Key": "k1"})
    again = caller.post("/cases/", sent, **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (201, first.json(), "true")
    kept = StoredResponse.objects.get()
    assert kept.body == f'{{"id": "{first.json()["id"]}"}}'
    assert not kept.headers
    assert first.json()["code"] not in kept.body


def test_steps_go_through_the_same_gates(world):
    caller = caller_of(world)
    id = caller.post("/cases/", body(world)).json()["id"]
    today = timezone.localdate().isoformat()
    jumped = caller.post(f"/cases/{id}/advance/", {"to": "planned", "on": today})
    assert (jumped.status_code, jumped.json()["code"]) == (409, "step_not_possible")
    gated = caller.post(f"/cases/{id}/advance/", {"to": "screened", "on": today})
    taken = caller.post(f"/cases/{id}/advance/", {"to": "screened", "on": today, "interviewer": "same_sex"})
    assert gated.status_code in (200, 422)
    assert taken.status_code in (200, 409)
    assert Transition.objects.count() == 1, "screening waits for a second person"
    assert caller.get(f"/cases/{id}/").json()["waits_for_second_person"] is True


def test_a_key_that_only_reads_or_was_not_made_for_cases_writes_nothing(world, worker):
    making.case(world, worker)
    reading = caller_of(world, may_write=False, may_submit=False)
    assert len(reading.get("/cases/").json()["results"]) == 1
    assert reading.post("/cases/", body(world)).status_code == 403
    other = caller_of(world, may_work_cases=False)
    assert other.get("/cases/").json()["results"] == []
    assert other.post("/cases/", body(world)).status_code == 403
    assert Case.objects.count() == 1


def test_people_read_cases_on_the_pages_where_each_reading_states_its_purpose(world, worker):
    row = making.case(world, worker)
    for person in (worker, factories.member(Role.CASE_SUPERVISOR, organization=world.partner)):
        caller = as_person(person)
        assert caller.get("/cases/").json()["results"] == []
        assert caller.get(f"/cases/{row.pk}/").status_code == 404
        assert caller.post("/cases/", body(world)).status_code == 403


def test_a_foreign_case_answers_like_none_in_status_body_headers_and_queries(world, strange, worker):
    foreign = making.case(strange, factories.member(Role.CASEWORKER, organization=strange.partner), external_id=uuid4())
    making.case(world, worker)
    caller = caller_of(world)
    caller.get("/me/")
    seen = []
    for id in (foreign.pk, uuid4()):
        for send in (lambda path: caller.get(path), lambda path: caller.post(f"{path}advance/", {"to": "screened", "on": "2026-01-01"})):
            with CaptureQueriesContext(connection) as asked:
                answer = send(f"/cases/{id}/")
            headers = {name: value for name, value in answer.headers.items() if name not in ("X-Request-Id", "X-Request-ID", "Date")}
            seen.append((answer.status_code, answer.content.decode().replace(str(id), "ID"), headers, len(asked)))
    assert seen[0] == seen[2]
    assert seen[1] == seen[3]
    assert seen[0][0] == seen[1][0] == 404
    assert foreign.code not in caller.get("/cases/").content.decode()
    filtered = caller.get("/cases/", {"external_reference": str(foreign.external_id)})
    assert filtered.json()["results"] == []
    assert caller.post("/cases/", body(world, external_reference=str(foreign.external_id))).status_code == 201, "no word that it exists"


def test_the_list_takes_as_many_queries_at_25_rows_as_at_one_and_every_reading_is_an_event(world, worker, django_assert_num_queries):
    for _n in range(26):
        making.case(world, worker)
    caller = caller_of(world)
    caller.get("/me/")
    for size in (1, 3, 25):
        with django_assert_num_queries(7):
            answer = caller.get(reverse("api:cases-list"), {"page_size": size})
        assert len(answer.json()["results"]) == size
    assert AuditEvent.objects.filter(event="cases.listed").count() == 3
    walked, page = [], caller.get("/cases/", {"page_size": 10}).json()
    while True:
        walked += page["results"]
        if page["next"] is None:
            break
        page = caller.get(page["next"]).json()
    assert len({row["id"] for row in walked}) == 26


def test_filters_and_orders(world, worker):
    row = making.case(world, worker, external_id=uuid4(), pathway="prevention")
    making.case(world, worker, opened_on=timezone.localdate() - timedelta(days=400))
    caller = caller_of(world)
    for asked in (
        {"external_reference": str(row.external_id)}, {"pathway": "prevention"}, {"opened_from": str(row.opened_on)},
    ):  # fmt: skip
        assert [one["id"] for one in caller.get("/cases/", asked).json()["results"]] == [str(row.pk)], asked
    for order in ("code", "-opened_on", "state_since", "-updated_at"):
        assert len(caller.get("/cases/", {"ordering": order}).json()["results"]) == 2
    for wrong in ({"ordering": "sex"}, {"sex": "female"}, {"state": ""}):
        assert caller.get("/cases/", wrong).status_code == 422


@pytest.fixture
def survey():
    instruments.load_shipped()
    version = InstrumentVersion.objects.get(instrument__code=followup.INSTRUMENT)
    return instruments.activate(version, by=factories.member(Role.ADMINISTRATOR))


def followed(world, worker):
    done = timezone.localdate() - timedelta(days=190)
    case = making.case(world, worker, state="completed", completed_on=done)
    making.wave(case, 6, in_days=-7)
    return case


def test_a_follow_up_is_held_once_with_its_survey_and_no_answer_comes_back(world, worker, survey):
    case, caller, today = followed(world, worker), caller_of(world), timezone.localdate()
    answers = {code: next(iter(question.choices)) for code, question in followup.sheet().questions.items()} | {"R28": "yes"}
    sent = {
        "wave": 6, "survey": {"held_on": today.isoformat(), "answers": answers, "safety": {"feels_safe": "no"}},
        "outcome": {"on": today.isoformat(), "was_reached": True, "livelihood": "casual", "movement": "within", "has_left": True},
    }  # fmt: skip
    key = {"Idempotency-Key": str(uuid4())}
    first = caller.post(f"/cases/{case.pk}/follow-ups/", sent, **key)
    again = caller.post(f"/cases/{case.pk}/follow-ups/", sent, **key)
    assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (200, 200, "true"), first.content
    assert (first.json()["offer_support"], first["Cache-Control"]) == (True, "no-store")
    wave = case.follow_ups.get(wave=6)
    assert (wave.state, wave.outcome.livelihood, wave.outcome.movement, wave.outcome.has_left) == ("done", "casual", "within", True)
    assert (wave.assessment.safety, wave.assessment.scores.count()) == ({"feels_safe": "no"}, 4)
    assert json.loads(StoredResponse.objects.get().body) == {"id": str(case.pk)}
    before = AuditEvent.objects.filter(event="case.read", subjects__key=str(case.pk)).count()
    listed = caller.get(f"/cases/{case.pk}/follow-ups/")
    assert listed.json() == [
        {
            "wave": 6, "due_on": wave.due_on.isoformat(), "state": "done", "settled_on": today.isoformat(),
            "survey_held_on": today.isoformat(), "survey_is_complete": wave.assessment.is_complete,
        }
    ]  # fmt: skip
    assert AuditEvent.objects.filter(event="case.read", subjects__key=str(case.pk)).count() == before + 1


def test_not_found_the_baseline_and_what_a_follow_up_refuses(world, worker, survey):
    case, caller, today = followed(world, worker), caller_of(world), timezone.localdate().isoformat()
    lost = {"on": today, "was_reached": False, "livelihood": "casual"}
    for wrong, code in (
        ({"wave": 3, "outcome": lost}, "unknown"), ({"wave": 6, "outcome": lost}, "not_reached"), ({"wave": 6}, "required"),
        ({"wave": 6, "survey": {"held_on": today, "answers": {"R01": "perhaps"}}}, "unknown"),
    ):  # fmt: skip
        answer = caller.post(f"/cases/{case.pk}/follow-ups/", wrong)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code), answer.content
    both = {"wave": 6, "survey": {"held_on": today, "answers": {}}, "outcome": lost}
    assert caller.post(f"/cases/{case.pk}/follow-ups/", both).status_code == 422
    assert not case.assessments.exists(), "both parts or neither"
    assert caller.post(f"/cases/{case.pk}/follow-ups/", {"wave": 6, "outcome": {"on": today, "was_reached": False}}).status_code == 200
    assert case.follow_ups.get(wave=6).state == "missed"
    assert caller.post(f"/cases/{case.pk}/follow-ups/", {"wave": 0}).status_code == 200
    assert case.follow_ups.get(wave=0).state == "due"
    early = making.case(world, worker, state="screened")
    refused = caller.post(f"/cases/{early.pk}/follow-ups/", {"wave": 0})
    assert (refused.status_code, refused.json()["detail"]) == (409, str(casework.NotAdmitted()))


@pytest.mark.parametrize("rows", [1, 3])
def test_the_follow_ups_of_a_case_take_the_same_few_queries(world, worker, rows, django_assert_num_queries):
    case, caller = making.case(world, worker), caller_of(world)
    for number in range(rows):
        making.wave(case, 3 * number, in_days=0)
    caller.get("/me/")
    with django_assert_num_queries(8):
        assert len(caller.get(f"/cases/{case.pk}/follow-ups/").json()) == rows
