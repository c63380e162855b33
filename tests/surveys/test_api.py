"""Surveys over the partner API: what to ask, a response that comes once, results without single answers."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal

import pytest

from accounts.models import AuditEvent
from accounts.roles import Role
from surveys import results, rounds
from surveys.models import Answer, SurveyResponse, SurveyRound
from tests import factories
from tests.callers import as_person, key_of, with_key
from tests.surveys import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    made = factories.world()
    factories.dimension("sex", "female", "male")
    return made


@pytest.fixture
def reporter(world):
    return as_person(world.reporter)


def test_a_device_finds_what_to_ask_in_every_language(reporter, django_assert_max_num_queries):
    version = making.shipped("perception-of-police")
    (row,) = reporter.get("/instruments/", {"code": "perception-of-police"}).json()["results"]
    assert (row["id"], row["items"], row["languages"][0], row["is_official_scoring"]) == (version.pk, 8, "en", False)
    reporter.get(f"/instruments/{row['id']}/")
    with django_assert_max_num_queries(8):
        told = reporter.get(f"/instruments/{row['id']}/").json()
    first = told["questions"][0]
    assert (first["code"], first["texts"]["en"]) == ("P01", "I trust the police.")
    assert next(one["code"] for one in first["answers"] if one["kind"] == "answer") == "strongly_agree"
    assert {one["code"] for one in told["domains"]} == {"trust", "fairness", "service"}


def test_a_draft_is_not_offered(reporter):
    making.shipped("perception-of-police", active=False)
    assert reporter.get("/instruments/", {"code": "perception-of-police"}).json()["results"] == []


def test_a_response_sent_twice_stays_one(world, reporter):
    row = making.opened(world, making.shipped("perception-of-police"))
    body = {"external_id": str(uuid.uuid4()), "answers": {"P01": "agree"}, "respondent": {"sex": "female"}}
    first, again = (reporter.post(f"/survey-rounds/{row.pk}/responses/", body, **{"Idempotency-Key": key}) for key in ("one", "two"))
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.json()["number"], again.json()["number"], again.json()["is_new"]) == (1, 1, False)
    kept = SurveyResponse.objects.get()
    assert (kept.entered_by, kept.respondent.key, Answer.objects.get().option.code) == (world.reporter, "sex=female", "agree")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"answers": {"P99": "agree"}}, "answers/P99"),
        ({"answers": {"P01": "purple"}}, "answers/P01"),
        ({"answers": {}}, "answers"),
        ({"respondent": {"sex": "purple"}}, "respondent"),
        ({"respondent": {"name": "Somebody"}}, "respondent"),
        ({"evidence": {"P01": "Her name is"}}, "answers/evidence"),
        ({"external_id": "12"}, "external_id"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_kept(world, reporter, changes, path):
    row = making.opened(world, making.shipped("perception-of-police"))
    answer = reporter.post(
        f"/survey-rounds/{row.pk}/responses/", {"external_id": str(uuid.uuid4()), "answers": {"P01": "agree"}, **changes}
    )
    assert answer.status_code == 422
    assert [one["path"] for one in answer.json()["errors"]] == [path]
    assert not SurveyResponse.objects.exists()


def test_what_was_sent_is_corrected_by_who_sent_it_and_the_event_names_items_only(world):
    version = making.loaded()
    row = making.opened(world, version)
    key = with_key(key_of(world.partner, by=factories.member(Role.PARTNER_MANAGER, organization=world.partner), project=world.project))
    sent = {"external_id": str(uuid.uuid4()), "answers": {"T1": "agree", "T2": "agree", "S1": "agree"}, "respondent": {"sex": "female"}}
    assert key.post(f"/survey-rounds/{row.pk}/responses/", sent).status_code == 201
    address = f"/survey-rounds/{row.pk}/responses/{sent['external_id']}/"
    anew = {"answers": {"T1": "strongly_agree", "T2": "agree", "T3": "agree"}}
    first, again = key.put(address, anew), key.put(address, anew)
    assert (first.status_code, first.json()["changed"]) == (200, ["S1", "T1", "T3", "respondent"])
    assert (again.status_code, again.json()["changed"]) == (200, [])
    response = SurveyResponse.objects.get()
    assert dict(response.answers.values_list("item__code", "option__code")) == anew["answers"]
    assert response.respondent is None
    (event,) = AuditEvent.objects.filter(event="survey_response.corrected")  # the second time nothing happened
    assert (event.via, json.loads(event.detail)) == ("api", {"number": 1, "changed": ["S1", "T1", "T3", "respondent"]})
    trust = response.scores.get(domain__code="trust")
    assert (trust.answered, trust.value) == (3, Decimal("83.3333"))


def test_a_correction_over_the_api_is_refused_where_the_response_is_not_the_callers(world):
    row = making.opened(world, making.loaded())
    theirs = rounds.respond(row, answers={"T1": "agree"}, by=world.mande, external_id=uuid.uuid4()).response
    reporter = as_person(world.reporter)  # of the partner; the agency entered it
    unknown, foreign = (
        reporter.put(f"/survey-rounds/{row.pk}/responses/{one}/", {"answers": {"T1": "disagree"}})
        for one in (uuid.uuid4(), theirs.external_id)
    )
    assert (unknown.status_code, foreign.status_code) == (404, 404)
    assert unknown.json()["detail"] == foreign.json()["detail"]
    stranger = as_person(factories.world().reporter)
    assert stranger.put(f"/survey-rounds/{row.pk}/responses/{theirs.external_id}/", {"answers": {"T1": "agree"}}).status_code == 404
    assert Answer.objects.get().option.code == "agree"


def test_a_correction_that_does_not_fit_or_comes_after_the_close_changes_nothing(world, reporter):
    row = making.opened(world, making.loaded())
    kept = rounds.respond(row, answers={"T1": "agree"}, by=world.reporter, external_id=uuid.uuid4()).response
    address = f"/survey-rounds/{row.pk}/responses/{kept.external_id}/"
    for answers, path in (({"T1": "purple"}, "answers/T1"), ({"Q1": "agree"}, "answers/Q1"), ({}, "answers")):
        refused = reporter.put(address, {"answers": answers})
        assert (refused.status_code, [one["path"] for one in refused.json()["errors"]]) == (422, [path])
    rounds.close(row, by=world.mande)
    late = reporter.put(address, {"answers": {"T1": "disagree"}})
    assert (late.status_code, late.json()["detail"]) == (409, "This round is closed: its answers stand.")
    assert Answer.objects.get().option.code == "agree"


def test_a_round_that_is_closed_takes_none(world, reporter):
    row = _answered(world, ["agree"] * 6)
    rounds.close(row, by=world.mande)
    answer = reporter.post(f"/survey-rounds/{row.pk}/responses/", {"external_id": str(uuid.uuid4()), "answers": {"P01": "agree"}})
    assert answer.status_code == 409
    assert SurveyResponse.objects.count() == 6


def test_results_stand_with_n_and_interval_and_too_few_are_said_or_hidden(world, reporter):
    row = _answered(world, ["agree"] * 30 + ["disagree"] * 30)
    (listed,) = reporter.get("/survey-rounds/").json()["results"]
    assert (listed["result"]["mean"], listed["result"]["n"], listed["result"]["not_scored"]) == (None, 0, 60)
    assert listed["result"]["reason"] == "domain_not_scored"  # one item of eight was answered
    told = reporter.get(f"/survey-rounds/{row.pk}/results/").json()
    share = next(one for one in told["shares"] if one["item"] == "P01")
    assert (told["n"], share["numerator"], share["denominator"], share["value"]) == (60, 30, 60, "0.5")
    assert share["low"] < share["value"] < share["high"]

    few = _answered(world, ["agree"] * 3, stage="midline")
    officer = as_person(factories.member(Role.INSTITUTION_OFFICER, project=world.project))  # holds no raw figures
    hidden = officer.get(f"/survey-rounds/{few.pk}/results/").json()
    assert hidden["n"] is None
    assert all(one["is_hidden"] and one["numerator"] is None for one in hidden["shares"])
    assert {one["result"]["reason"] for one in officer.get("/survey-rounds/", {"status": "open"}).json()["results"]} == {"hidden"}
    assert reporter.get(f"/survey-rounds/{few.pk}/results/").json()["n"] == 3


def test_who_was_not_scored_or_did_not_answer_is_not_known_by_subtraction(world):
    version = making.loaded()
    row = making.answered(world, version, ["agree"] * 30)
    answers = dict.fromkeys([item.code for item in version.items.all()], "disagree")
    rounds.respond_many(row, responses=[rounds.Given(answers), rounds.Given({"T1": "agree"})], by=world.mande)
    officer = factories.member(Role.INSTITUTION_OFFICER, project=world.project)
    exact, told = results.of(row), results.of(row, reader=officer)
    assert (exact.n, exact.lines[0].not_scored, exact.shares[1].denominator) == (32, 1, 31)
    assert (told.n, told.lines[0].n, told.lines[0].not_scored) == (32, None, None)
    assert {share.denominator for share in told.shares if share.item != "T1"} == {None}
    assert {band.count for line in told.lines for band in line.bands} <= {None}


def test_no_address_gives_out_a_single_response(world, reporter):
    row = _answered(world, ["agree"] * 3)
    assert reporter.get(f"/survey-rounds/{row.pk}/responses/").status_code == 405
    assert "agree" not in reporter.get(f"/survey-rounds/{row.pk}/").content.decode()


def test_a_strangers_round_is_like_none(world):
    row = _answered(world, ["agree"])
    stranger = as_person(factories.world().reporter)
    body = {"external_id": str(uuid.uuid4()), "answers": {"P01": "agree"}}
    for path in ("", "results/"):
        assert (
            stranger.get(f"/survey-rounds/{row.pk}/{path}").json()["detail"]
            == stranger.get(f"/survey-rounds/999999/{path}").json()["detail"]
        )
    assert stranger.post(f"/survey-rounds/{row.pk}/responses/", body).status_code == 404
    assert SurveyResponse.objects.count() == 1


def body(world, **changes):
    return {
        "instrument": "perception-of-police", "project": world.project.code, "partner": world.partner.pk, "place": world.place.code,
        "stage": "midline", "held_on": "2026-09-14", "method": "cluster", "design_effect": "1.3", **changes,
    }  # fmt: skip


def test_a_round_goes_from_plan_to_approval_over_the_api(world, reporter):
    making.shipped("perception-of-police")
    planned = reporter.post("/survey-rounds/", body(world))
    assert planned.status_code == 201
    told = planned.json()
    assert (told["status"], told["is_official_scoring"]) == ("planned", False)
    address = f"/survey-rounds/{told['id']}/"
    assert planned.headers["Location"].endswith(address)
    answer = {"external_id": str(uuid.uuid4()), "answers": {"P01": "agree"}}
    assert reporter.post(f"{address}responses/", answer).status_code == 409  # not open yet
    assert reporter.post(f"{address}close/").status_code == 422  # nothing in it
    assert reporter.post(f"{address}open/").json()["status"] == "open"
    assert reporter.post(f"{address}responses/", answer).status_code == 201
    assert reporter.patch(address, {"approached": 12}).status_code == 200
    assert reporter.post(f"{address}close/").json()["status"] == "closed"
    assert reporter.post(f"{address}close/").status_code == 409
    assert reporter.post(f"{address}approve/").status_code == 409  # a second person does
    assert as_person(world.manager).post(f"{address}approve/").json()["status"] == "approved"
    assert reporter.patch(address, {"approached": 13}).status_code == 409
    row = SurveyRound.objects.get()
    assert (row.approached, row.design_effect, row.closed_by, row.approved_by) == (12, Decimal("1.30"), world.reporter, world.manager)


def test_the_same_plan_sent_twice_with_one_key_is_one_round(world, reporter):
    making.shipped("perception-of-police")
    first, again = (reporter.post("/survey-rounds/", body(world), **{"Idempotency-Key": "plan"}) for _time in range(2))
    assert (first.status_code, again.json(), SurveyRound.objects.count()) == (201, first.json(), 1)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"instrument": "nothing"}, "instrument"),
        ({"project": "NO-01"}, "project"),
        ({"place": "XX99"}, "place"),
        ({"method": ""}, "method"),
        ({"held_on": "soon"}, "held_on"),
        ({"design_effect": "1.234"}, "design_effect"),
        ({"institution": 2_000_000}, "institution"),
        ({"stage": "followup"}, None),
        ({"assessor": "self"}, "assessor"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_and_none_is_made(world, reporter, changes, path):
    making.shipped("perception-of-police")
    answer = reporter.post("/survey-rounds/", body(world, **changes))
    assert answer.status_code == 422
    assert path is None or path in {one["path"] for one in answer.json()["errors"]}
    assert not SurveyRound.objects.exists()


def test_strangers_and_caseworkers_plan_nothing_and_close_nothing(world):
    making.shipped("perception-of-police")
    stranger, caseworker = as_person(factories.world().reporter), as_person(factories.member(Role.CASEWORKER, project=world.project))
    assert stranger.post("/survey-rounds/", body(world)).status_code == 422  # reads as a project that does not exist
    assert caseworker.post("/survey-rounds/", body(world)).status_code == 403
    row = _answered(world, ["agree"])
    for act in ("open", "close", "approve"):
        assert stranger.post(f"/survey-rounds/{row.pk}/{act}/").status_code == 404
        assert caseworker.post(f"/survey-rounds/{row.pk}/{act}/").status_code == 404
    row.refresh_from_db()
    assert row.status == "open"


def test_who_issued_the_key_that_closed_a_round_does_not_approve_it(world):
    row = _answered(world, ["agree"] * 6)
    issuer = factories.member(Role.PARTNER_MANAGER, organization=world.partner)
    secret = key_of(world.partner, by=issuer, project=world.project)
    assert with_key(secret).post(f"/survey-rounds/{row.pk}/close/").json()["status"] == "closed"
    own = as_person(issuer).post(f"/survey-rounds/{row.pk}/approve/")
    assert (own.status_code, SurveyRound.objects.get().status) == (409, "closed")
    assert as_person(world.mande).post(f"/survey-rounds/{row.pk}/approve/").json()["status"] == "approved"


def _answered(world, options, **fields):
    """An open round in which people answered P01 alone."""
    row = making.opened(world, making.shipped("perception-of-police"), **fields)
    rounds.respond_many(row, responses=[rounds.Given({"P01": option}) for option in options], by=world.mande)
    return row
