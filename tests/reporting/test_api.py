"""A partner's system reports: opened, written, submitted, returned, accepted; refused where it must be."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.models import AuditEvent
from reporting.models import Figure, Submission
from tests import factories
from tests.callers import as_person, key_of, with_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    world = factories.world("PPS-01")
    factories.dimension("sex", "female", "male", "unknown")
    world.people = world.indicator(factories.definition("DDR-6", breakdowns=(("sex",),), counting="contacts"))
    world.share = world.indicator(factories.ratio("DDR-9"))
    world.open()
    return world


@pytest.fixture
def partner(world):
    return with_key(key_of(world.partner, by=factories.member("partner_manager", organization=world.partner)))


@pytest.fixture
def reviewer(world):
    return as_person(world.mande)


def figures(world, *extra):
    return {
        "figures": [
            {"indicator": "DDR-6", "place": world.place.code, "value": "41"},
            {"indicator": "DDR-6", "place": world.place.code, "disaggregation": {"sex": "female"}, "value": "22"},
            {"indicator": "DDR-9", "place": world.place.code, "numerator": "30", "denominator": "41.5"},
            *extra,
        ]
    }


def opened(partner, world):
    answer = partner.post("/submissions/", {"project": "PPS-01", "period": world.period.code})
    assert answer.status_code == 201, answer.json()
    return answer


def test_a_report_travels_from_a_key_to_counting_figures(world, partner, reviewer):
    address = opened(partner, world)["Location"]
    written = partner.put(f"{address}figures/", figures(world))
    assert written.status_code == 200, written.json()
    flag = partner.get(f"{address}checklist/").json()["flags"]
    for one in flag:
        said = {"indicator": one["indicator"], "place": one["place"], "flag": one["flag"], "sentence": "The sheets of men are late."}
        assert partner.post(f"{address}explain/", said).status_code == 200
    submitted = partner.post(f"{address}submit/")
    assert (submitted.status_code, submitted.json()["state"]) == (200, "submitted")
    back = reviewer.post(
        f"{address}return/", {"comments": [{"indicator": "DDR-6", "place": world.place.code, "text": "The sheets show 31."}]}
    )
    assert (back.status_code, back.json()["state"]) == (200, "returned")
    assert partner.get(address).json()["comments"][0]["text"] == "The sheets show 31."
    corrected = figures(world)
    corrected["figures"][0]["value"] = "31"
    assert partner.put(f"{address}figures/", corrected).status_code == 200
    assert partner.post(f"{address}submit/").status_code == 200
    accepted = reviewer.post(f"{address}accept/")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert Figure.objects.counting().get(indicator=world.people, disaggregation__key="").value == Decimal(31)
    by_key = AuditEvent.objects.filter(event="submission.submitted").first()
    assert by_key is not None
    assert (by_key.via, by_key.behind.startswith("user:")) == ("api", True)


def test_figures_come_back_in_the_shape_in_which_they_were_sent(world, partner):
    address = opened(partner, world)["Location"]
    sent = figures(world)
    assert partner.put(f"{address}figures/", sent).status_code == 200
    want = [{"disaggregation": {}, **one} for one in sent["figures"]]
    assert partner.get(f"{address}figures/").json()["figures"] == want
    assert partner.put(f"{address}figures/", want).json()["figures"] == want


def test_what_a_put_leaves_out_becomes_empty(world, partner):
    address = opened(partner, world)["Location"]
    partner.put(f"{address}figures/", figures(world))
    partner.put(f"{address}figures/", {"figures": [{"indicator": "DDR-6", "place": world.place.code, "value": "0"}]})
    assert [(row.value, row.reason) for row in Figure.objects.all()] == [(Decimal(0), "")]


def test_a_second_open_report_is_refused_with_the_address_of_the_first(world, partner):
    first = opened(partner, world)["Location"]
    second = partner.post("/submissions/", {"project": "PPS-01", "period": world.period.code})
    assert second.status_code == 409
    assert second["Content-Type"] == "application/problem+json"
    assert (second.json()["code"], second.json()["submission"]) == ("already_open", first)


def test_a_stale_version_is_412_and_writes_nothing(world, partner):
    answer = opened(partner, world)
    address, tag = answer["Location"], answer["ETag"]
    fresh = partner.put(f"{address}figures/", figures(world), **{"If-Match": tag})
    assert fresh.status_code == 200
    assert fresh["ETag"] != tag
    stale = partner.put(f"{address}figures/", {"figures": []}, **{"If-Match": tag})
    assert (stale.status_code, stale.json()["current_version"]) == (412, int(fresh["ETag"].strip('"')))
    assert Figure.objects.count() == 3
    assert partner.post(f"{address}submit/", **{"If-Match": '"0"'}).status_code == 412
    assert partner.put(f"{address}figures/", figures(world), **{"If-Match": '"not ours"'}).status_code == 412


def test_every_wrong_figure_is_named_at_once_and_nothing_is_written(world, partner):
    address = opened(partner, world)["Location"]
    stranger = world.indicator(factories.definition("CVR-2"), assigned=False)
    place = world.place.code
    wrong = [
        {"indicator": "DDR-6", "place": place, "value": 7.5},
        {"indicator": "DDR-6", "place": "NOWHERE", "value": "1"},
        {"indicator": "DDR-6", "place": place, "disaggregation": {"sex": "other"}, "value": "1"},
        {"indicator": "DDR-9", "place": place, "numerator": "3"},
        {"indicator": stranger.code, "place": place, "value": "1"},
        {"indicator": "NONE", "place": place, "value": "1"},
        {"indicator": "DDR-6", "place": place, "value": "1_000"},
        {"indicator": "DDR-6", "place": place, "value": "twelve", "worth": 1},
        "DDR-6",
        {"place": place, "value": True},
        {"indicator": "DDR-9", "place": place, "share": "-1"},
    ]
    answer = partner.put(f"{address}figures/", {"figures": [*figures(world)["figures"], *wrong]})
    assert answer.status_code == 422
    paths = {one["path"] for one in answer.json()["errors"]}
    assert {
        "figures/3/value",
        "figures/4/place",
        "figures/5/disaggregation",
        "figures/6/denominator",
        "figures/7/indicator",
        "figures/8/indicator",
        "figures/9/value",
        "figures/10/value",
        "figures/10/worth",
        "figures/11",
        "figures/12/indicator",
        "figures/12/value",
        "figures/13/share",
    } <= paths
    assert not Figure.objects.exists()
    assert Submission.objects.get().draft_version == 1


def test_exact_numbers_come_back_to_the_last_decimal(world, partner):
    address = opened(partner, world)["Location"]
    one = {"indicator": "DDR-9", "place": world.place.code, "numerator": "12345678901.123456", "denominator": "99999999999.999999"}
    answer = partner.put(f"{address}figures/", {"figures": [one]})
    assert answer.json()["figures"] == [{**one, "disaggregation": {}}]


def test_a_reason_an_option_and_a_text_travel_as_such(world, partner):
    ranked = factories.definition("RANK", measure="ordinal", across="latest", over_time="snapshot")
    ranked.options.create(code="good", label="Good")
    world.indicator(ranked)
    world.indicator(factories.definition("WORDS", measure="text", across="not_computable", over_time="snapshot"))
    address = opened(partner, world)["Location"]
    sent = [
        {"indicator": "DDR-6", "place": world.place.code, "disaggregation": {}, "reason": "access_denied"},
        {"indicator": "RANK", "place": world.place.code, "disaggregation": {}, "option": "good"},
        {"indicator": "WORDS", "place": world.place.code, "disaggregation": {}, "text": "Quiet."},
        {"indicator": "DDR-9", "place": world.place.code, "disaggregation": {}, "share": "35.5"},
    ]
    answer = partner.put(f"{address}figures/", {"figures": sent})
    assert answer.status_code == 200, answer.json()
    assert sorted(answer.json()["figures"], key=str) == sorted(sent, key=str)


def test_submitting_says_everything_that_blocks_it(world, partner):
    address = opened(partner, world)["Location"]
    answer = partner.post(f"{address}submit/")
    assert answer.status_code == 422
    assert {one["code"] for one in answer.json()["errors"]} == {"missing"}
    assert len(answer.json()["errors"]) == 2


def test_a_nil_report_is_a_report(world, partner):
    address = opened(partner, world)["Location"]
    assert partner.post(f"{address}nil/", {"reason": "The road was closed all quarter."}).json()["is_nil"] is True
    assert partner.post(f"{address}submit/").json()["state"] == "submitted"
    assert partner.post(f"{address}recall/").json()["state"] == "draft"


def test_the_partner_cannot_accept_and_the_reviewer_cannot_write(world, partner, reviewer):
    address = opened(partner, world)["Location"]
    partner.put(f"{address}figures/", figures(world))
    assert partner.post(f"{address}accept/").status_code == 403
    outsider = as_person(factories.member("community_officer", project=world.project))
    assert outsider.put(f"{address}figures/", figures(world)).status_code == 404


def test_whoever_issued_the_key_cannot_accept_what_it_submitted(world):
    issuer = factories.member("program_manager", program=world.project.program)
    partner = with_key(key_of(world.partner, by=issuer))
    address = opened(partner, world)["Location"]
    partner.post(f"{address}nil/", {"reason": "Nothing happened."})
    partner.post(f"{address}submit/")
    refused = as_person(issuer).post(f"{address}accept/")
    assert (refused.status_code, refused.json()["code"]) == (409, "own_work")


def test_a_key_that_may_not_submit_or_write_is_told_so(world):
    manager = factories.member("partner_manager", organization=world.partner)
    writing = with_key(key_of(world.partner, by=manager, may_submit=False))
    address = opened(writing, world)["Location"]
    assert writing.post(f"{address}submit/").status_code == 403
    reading = with_key(key_of(world.partner, by=manager, may_write=False, may_submit=False))
    assert reading.get(address).status_code == 200
    assert reading.put(f"{address}figures/", figures(world)).status_code == 403


def test_a_strangers_report_reads_like_none(world, partner, django_assert_num_queries):
    address = opened(partner, world)["Location"]
    other = factories.partner()
    stranger = with_key(key_of(other, by=factories.member("partner_manager", organization=other)))
    nowhere = address.replace(address.split("/")[-2], "00000000-0000-4000-8000-000000000000")
    answers = []
    for asked in (address, nowhere):
        stranger.get("/me/")
        with django_assert_num_queries(3):
            answers.append(stranger.get(asked))
    one, none = answers
    assert (one.status_code, none.status_code) == (404, 404)
    same = {"instance"}
    assert {k: v for k, v in one.json().items() if k not in same} == {k: v for k, v in none.json().items() if k not in same}
    assert one.headers.keys() == none.headers.keys()
    for write in ("figures/", "submit/", "accept/"):
        method = stranger.put if write == "figures/" else stranger.post
        assert method(f"{address}{write}", {"figures": []}).status_code == 404


def test_a_project_or_period_that_is_not_there_is_a_wrong_value(world, partner):
    other = factories.world("FOREIGN")
    for project, period in (("FOREIGN", other.period.code), ("NONE", "2026-Q1")):
        answer = partner.post("/submissions/", {"project": project, "period": period})
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "project")
    answer = partner.post("/submissions/", {"project": "PPS-01", "period": "1999-Q1"})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "period")
    planned = world.periods[-1].code
    answer = partner.post("/submissions/", {"project": "PPS-01", "period": planned})
    assert (answer.status_code, answer.json()["code"]) == (409, "period_closed")


def test_reporting_for_another_partner_is_forbidden_whether_it_exists_or_not(world, partner):
    other = factories.partner()
    bodies = []
    for key in (other.pk, 10**9):
        answer = partner.post("/submissions/", {"project": "PPS-01", "period": world.period.code, "partner": key})
        assert answer.status_code == 403
        bodies.append(answer.json())
    assert bodies[0] == bodies[1]


def test_a_reopening_makes_a_new_revision(world, partner, reviewer):
    address = opened(partner, world)["Location"]
    partner.put(f"{address}figures/", figures(world))
    partner.post(
        f"{address}explain/", {"indicator": "DDR-6", "place": world.place.code, "flag": "cells", "sentence": "Men were not asked."}
    )
    assert partner.post(f"{address}submit/").status_code == 200
    assert reviewer.post(f"{address}accept/").status_code == 200
    again = reviewer.post(f"{address}reopen/", {"indicators": ["DDR-6"], "reason": "Two sheets were found."})
    assert (again.status_code, again.json()["revision"], again.json()["state"]) == (200, 2, "draft")
    assert again["Location"] != address
