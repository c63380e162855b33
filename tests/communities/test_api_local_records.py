"""Local agreements, rankings of needs and local projects over the API: by the pages' own acts, within one's own projects."""

from __future__ import annotations

from uuid import uuid4

import pytest

from accounts.roles import Role
from communities.models import (
    Commitment,
    Contribution,
    LocalAgreement,
    LocalProject,
    LocalProjectStep,
    Need,
    NeedsRanking,
    Payment,
    Satisfaction,
)
from programs.models import ProjectPartner
from tests import factories
from tests.callers import as_person, key_of, with_key
from tests.communities.peace import ago, make_peace
from tests.peacebuild import stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def peace():
    return make_peace("MINE")


@pytest.fixture
def world(peace):
    return peace.world


@pytest.fixture
def other():
    return make_peace("STRANGE")


@pytest.fixture
def key(world):
    return with_key(key_of(world.partner, by=factories.member(Role.PARTNER_MANAGER, organization=world.partner)))


def day(days_ago: int) -> str:
    return ago(days_ago).isoformat()


def paths(answer) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.content
    return [(one["path"], one["code"]) for one in answer.json()["errors"]]


def agreement(world, **more):
    given = {
        "title": "Renk corridor",
        "project": world.project.code,
        "place": world.place.code,
        "signed_on": day(20),
        "parties": "farmers\nherders",
    }
    return {**given, "mediator": "committee", "dispute_kind": "land", "stage": "SubPar", **more}


def test_an_agreement_is_recorded_once_and_groups_what_was_promised_in_it(peace, world, key):
    forum, further = peace.forum(community=factories.community(world)), factories.place("XA09")
    body = agreement(world, forum=forum.pk, also_in=[further.code], signatories_female=4, signatories_male=11, document="Shelf 3")
    once = {"Idempotency-Key": str(uuid4())}
    first, again = key.post("/agreements/", body, **once), key.post("/agreements/", body, **once)
    assert [answer.status_code for answer in (first, again)] == [201, 201], first.content
    assert (again["Idempotency-Replayed"], LocalAgreement.objects.count()) == ("true", 1)
    row, shown = LocalAgreement.objects.get(), first.json()
    assert first["Location"].endswith(f"/api/v1/agreements/{row.pk}/")
    assert {name: shown[name] for name in ("forum", "community", "also_in", "status", "is_written", "document", "witnesses")} == {
        "forum": forum.pk, "community": forum.community_id, "also_in": ["XA09"], "status": "multiparty", "is_written": True,
        "document": "Shelf 3", "witnesses": None,
    }  # fmt: skip
    assert (shown["signatories_female"], shown["signatories_male"], shown["parties"]) == (4, 11, "farmers\nherders")
    assert key.get(f"/agreements/{row.pk}/").json() == shown == key.get("/agreements/").json()["results"][0]
    promised = key.post("/commitments/", {"agreement": row.pk, "text": "Mark 3 routes", "who": "Land office", "due_on": day(-30)})
    assert (promised.status_code, promised.json()["agreement"], promised.json()["forum"]) == (201, row.pk, forum.pk)
    asked = ({"agreement": row.pk}, {"agreement": row.pk + 1})
    assert [len(key.get("/commitments/", one).json()["results"]) for one in asked] == [1, 0]
    filters = ({"forum": forum.pk}, {"stage": "Cea"}, {"dispute_kind": "land"}, {"signed_from": day(19)}, {"signed_to": day(20)})
    assert [len(key.get("/agreements/", one).json()["results"]) for one in filters] == [1, 0, 1, 0, 1]


def test_where_the_document_is_kept_is_told_to_who_records_there_only(peace, world, key):
    pk = key.post("/agreements/", agreement(world, document="Shelf 3")).json()["id"]
    manager = as_person(factories.member(Role.PROGRAM_MANAGER, program=world.project.program))
    assert [caller.get(f"/agreements/{pk}/").json()["document"] for caller in (key, as_person(peace.officer), manager)] == [
        "Shelf 3",
        "Shelf 3",
        "",
    ]
    assert manager.post("/agreements/", agreement(world, title="Another", partner=world.partner.pk)).status_code == 403


def test_who_records_reads_documents_with_one_query_more_however_many_there_are(peace, world, django_assert_num_queries):
    for _row in range(3):
        stock.agreements(world)
    officer = as_person(peace.officer)
    officer.get("/me/")
    for size in (1, 3):
        with django_assert_num_queries(7):
            shown = officer.get("/agreements/", {"page_size": size}).json()["results"]
        assert [row["document"] for row in shown] == ["MINE shelf 3"] * size


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"signed_on": day(-3)}, [("signed_on", "in_the_future")]),
        ({"place": "XA77"}, [("place", "unknown")]),
        ({"also_in": ["XA77"]}, [("also_in/0", "unknown")]),
        ({"project": "STRANGE"}, [("project", "unknown")]),
        ({"stage": "Maybe", "parties": " "}, [("parties", "blank"), ("stage", "invalid_choice")]),
        ({"forum": 99_999}, [("forum", "unknown")]),
    ],
)
def test_a_wrong_agreement_is_refused_in_words_and_leaves_nothing(wrong, said, world, other, key):
    assert paths(key.post("/agreements/", agreement(world, **wrong))) == said
    assert not LocalAgreement.objects.exists()


def test_an_agreement_stays_within_one_project(peace, world, other, key):
    theirs = stock.agreements(other.world)
    assert key.get(f"/agreements/{theirs.pk}/").status_code == key.get("/agreements/99999/").status_code == 404
    assert paths(key.post("/agreements/", agreement(world, forum=other.forum(community=None).pk))) == [("forum", "unknown")]
    promise = {"text": "Mark 3 routes", "who": "Land office"}
    for stranger in (theirs.pk, 99_999):
        assert paths(key.post("/commitments/", {**promise, "agreement": stranger})) == [("agreement", "unknown")]
    second = factories.project(program=world.project.program)
    ProjectPartner.objects.create(project=second, organization=world.partner)
    elsewhere = peace.forum(project=second)
    assert paths(key.post("/agreements/", agreement(world, forum=elsewhere.pk))) == [("forum", "another_project")]
    own = key.post("/agreements/", agreement(world)).json()["id"]
    assert paths(key.post("/commitments/", {**promise, "agreement": own, "forum": elsewhere.pk})) == [("agreement", "another_project")]
    assert (LocalAgreement.objects.filter(project=world.project).count(), Commitment.objects.count()) == (1, 0)
    again = key.post("/agreements/", agreement(world))
    assert (again.status_code, again.json()["errors"][0]["detail"]) == (422, "This agreement is already recorded.")


def ranking(world, **more):
    groups = [
        {"group": "women", "people": 34, "needs": ["Safe water", "Schools", "Cattle routes"]},
        {"group": "men", "people": 31, "needs": ["cattle  routes", "Schools", "safe water", "Work"]},
        {"group": "youth", "needs": ["Work"]},
    ]
    given = {"title": "August", "project": world.project.code, "place": world.place.code, "starts_on": day(40), "ends_on": day(36)}
    return {**given, "groups_met": 6, "groups": groups, **more}


def test_groups_rank_needs_apart_and_one_reads_how_far_apart_they_are(world, key):
    once = {"Idempotency-Key": str(uuid4())}
    first, again = (key.post("/needs-rankings/", ranking(world), **once) for _time in range(2))
    assert [answer.status_code for answer in (first, again)] == [201, 201], first.content
    assert (again["Idempotency-Replayed"], NeedsRanking.objects.count(), Need.objects.count()) == ("true", 1, 4)
    shown = first.json()
    assert shown["groups"] == [
        {"group": "women", "people": 34, "needs": ["Safe water", "Schools", "Cattle routes"]},
        {"group": "men", "people": 31, "needs": ["Cattle routes", "Schools", "Safe water", "Work"]},
        {"group": "youth", "people": None, "needs": ["Work"]},
    ]
    assert {one["need"]: one["apart"] for one in shown["needs"]} == {"Safe water": 2, "Schools": 0, "Cattle routes": 2, "Work": 3}
    assert key.get(f"/needs-rankings/{shown['id']}/").json() == shown == key.get("/needs-rankings/").json()["results"][0]
    filters = ({"project": world.project.code}, {"ended_from": day(35)}, {"ended_to": day(36)}, {"place": world.place.code})
    assert [len(key.get("/needs-rankings/", one).json()["results"]) for one in filters] == [1, 0, 1, 1]


TWO = ["Water", "Roads"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([{"group": "women", "needs": TWO}, {"group": "women", "needs": TWO}], {"groups/1/group": "Give each group once."}),
        ([{"group": "men", "needs": [*TWO, " water "]}], {"groups/0/needs/2": "Each group ranks a need once."}),
        (
            [{"group": "men", "needs": ["Water", "WATER"]}, {"group": "men", "needs": TWO}],
            {"groups/0/needs/1": "Each group ranks a need once.", "groups/1/group": "Give each group once."},
        ),
        ([{"group": "women", "needs": ["Water"]}], {"needs": "Rank at least two needs."}),
        ([{"group": "giants", "needs": TWO}], {"groups/0/group": "giants is not a valid choice."}),
        ([{"group": "women", "needs": []}], {"groups/0/needs": "Ensure this field has at least 1 elements."}),
        ([{"group": "women", "people": -1, "needs": TWO}], {"groups/0/people": "Ensure this value is greater than or equal to 0."}),
    ],
)
def test_a_group_or_need_given_twice_is_refused_in_words_and_leaves_nothing(wrong, said, world, key):
    answer = key.post("/needs-rankings/", ranking(world, groups=wrong))
    assert answer.status_code == 422
    assert {one["path"]: one["detail"].replace('"', "") for one in answer.json()["errors"]} == said
    assert not NeedsRanking.objects.exists()
    assert not Need.objects.exists()


def test_a_ranking_lies_behind_us_stands_once_and_is_no_strangers(world, other, key):
    for wrong, said in (
        ({"ends_on": day(-3)}, ("ends_on", "in_the_future")),
        ({"starts_on": day(30)}, ("", "invalid")),
        ({"community": 99_999}, ("community", "unknown")),
        ({"project": "STRANGE"}, ("project", "unknown")),
    ):
        assert paths(key.post("/needs-rankings/", ranking(world, **wrong))) == [said]
    assert not NeedsRanking.objects.exists()
    theirs = stock.needs_rankings(other.world)
    assert key.get(f"/needs-rankings/{theirs.pk}/").status_code == key.get("/needs-rankings/99999/").status_code == 404
    assert key.post("/needs-rankings/", ranking(world)).status_code == 201
    twice = key.post("/needs-rankings/", ranking(world))
    assert (twice.status_code, twice.json()["detail"]) == (422, "This cycle is already recorded for this place.")
    reader = as_person(factories.member(Role.INSTITUTION_OFFICER, program=world.project.program))
    assert reader.post("/needs-rankings/", ranking(world, title="September", partner=world.partner.pk)).status_code == 403
    assert NeedsRanking.objects.filter(project=world.project).count() == 1


def local_project(world, **more):
    given = {
        "title": "Borehole",
        "kind": "infrastructure",
        "project": world.project.code,
        "place": world.place.code,
        "proposed_on": day(300),
    }
    return {**given, "minutes": "PSC-7", "currency": "usd", "asked": "20000.50", **more}


def facts(answer, *names, status=200):
    assert answer.status_code == status, answer.content
    return tuple(answer.json()[name] for name in names)


def test_a_local_project_goes_from_its_minutes_to_the_check_after_six_months(peace, world, key):
    committee = peace.forum(kind="committee")
    once = {"Idempotency-Key": str(uuid4())}
    body = local_project(world, committee=committee.pk, committee_women=4, committee_men=5, needs_land=True, led_by_women=True)
    first, again = (key.post("/local-projects/", body, **once) for _time in range(2))
    assert facts(first, "state", "currency", "asked", "paid", "approved", "committee", "led_by_women", "committee_young", status=201) == (
        "proposed", "USD", "20000.5", "0", None, committee.pk, True, None
    )  # fmt: skip
    assert (again.status_code, again["Idempotency-Replayed"], LocalProject.objects.count()) == (201, "true", 1)
    at = f"/local-projects/{first.json()['id']}/"
    assert first["Location"].endswith(at)
    assert key.post(f"{at}start/", {"on": day(280)}).json()["code"] == "land_paper_missing"
    LocalProject.objects.update(needs_land=False)
    assert key.post(f"{at}start/", {"on": day(280)}).json()["code"] == "wrong_state"
    decided = key.post(f"{at}decide/", {"decision": "conditions", "on": day(290), "approved": "18000", "conditions": "A fence"})
    assert facts(decided, "state", "decision", "approved", "conditions") == ("approved", "conditions", "18000", "A fence")
    assert facts(key.post(f"{at}start/", {"on": day(280)}), "state", "starts_on") == ("under_way", day(280))
    assert facts(key.post(f"{at}hold/", {"on": day(270), "note": "Rain"}), "state", "state_note") == ("on_hold", "Rain")
    assert facts(key.post(f"{at}start/", {"on": day(260)}), "state", "starts_on") == ("under_way", day(280))
    served = {"on": day(240), "people_served": 2400, "served_words": "users a week"}
    assert facts(key.post(f"{at}complete/", served), "state", "completed_on", "people_served") == ("completed", day(240), 2400)
    over = key.post(f"{at}hand-over/", {"on": day(220), "to": "water committee"})
    assert facts(over, "state", "handed_over_to", "still_works") == ("handed_over", "water committee", None)
    due = over.json()["check_due_on"]
    assert [len(key.get("/local-projects/", {"check_due_before": one}).json()["results"]) for one in (due, day(0))] == [0, 1]
    checked = key.post(f"{at}check/", {"on": day(10), "works": True, "used": False})
    assert facts(checked, "state", "still_works", "still_used", "checked_on") == ("checked", True, False, day(10))
    told = key.get(at).json()
    states = ["proposed", "approved", "under_way", "on_hold", "under_way", "completed", "handed_over", "checked"]
    assert [one["state"] for one in told.pop("steps")] == states
    assert told == checked.json() == key.get("/local-projects/").json()["results"][0]
    filters = (
        {"state": "checked,stopped"},
        {"state": "proposed"},
        {"committee": committee.pk},
        {"led_by_women": "true"},
        {"kind": "social"},
    )
    assert [len(key.get("/local-projects/", one).json()["results"]) for one in filters] == [1, 0, 1, 1, 0]


def test_payments_contributions_and_answers_of_users_are_added_and_the_paid_are_summed(world, key):
    at = f"/local-projects/{key.post('/local-projects/', local_project(world)).json()['id']}/"
    pay = {"paid_on": day(200), "amount": "17999.50", "reference": "P1"}
    assert key.post(f"{at}pay/", pay).json()["code"] == "above_approved"
    key.post(f"{at}decide/", {"decision": "approved", "on": day(290), "approved": "18000"})
    once = {"Idempotency-Key": str(uuid4())}
    before = LocalProject.objects.get().updated_at
    assert [key.post(f"{at}pay/", pay, **once).status_code for _time in range(2)] == [201, 201]
    assert paths(key.post(f"{at}pay/", pay)) == [("", "invalid")]
    over = key.post(f"{at}pay/", {**pay, "amount": "0.51", "reference": "P2"})
    assert (over.status_code, over.json()["code"], Payment.objects.count()) == (409, "above_approved", 1)
    assert facts(key.post(f"{at}pay/", {**pay, "amount": "0.50", "reference": "P2"}), "paid", status=201) == ("18000",)
    for given in ({"source": "community", "in_kind": "40 days of work"}, {"source": "government", "amount": "250.25"}):
        assert key.post(f"{at}contribute/", given).status_code == 201
    said = key.post(f"{at}ask-users/", {"asked_on": day(9), "whom": "users", "asked": 118, "satisfied": 96})
    assert facts(said, "paid", "contributions", "payments", "satisfaction", status=201) == (
        "18000",
        [
            {"source": "community", "amount": None, "in_kind": "40 days of work"},
            {"source": "government", "amount": "250.25", "in_kind": ""},
        ],
        [{"paid_on": day(200), "amount": "17999.5", "reference": "P1"}, {"paid_on": day(200), "amount": "0.5", "reference": "P2"}],
        [{"asked_on": day(9), "whom": "users", "asked": 118, "satisfied": 96}],
    )
    assert LocalProject.objects.get().updated_at > before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"proposed_on": day(-3)}, [("proposed_on", "in_the_future")]),
        ({"minutes": " "}, [("minutes", "blank")]),
        ({"currency": "US1"}, [("currency", "invalid")]),
        ({"asked": "-1"}, [("asked", "min_value")]),
        ({"asked": "0.001"}, [("asked", "max_decimal_places")]),
        ({"starts_on": day(10), "ends_on": day(20)}, [("", "invalid")]),
        ({"committee": 99_999}, [("committee", "unknown")]),
        ({"project": "STRANGE"}, [("project", "unknown")]),
    ],
)
def test_a_wrong_local_project_is_refused_in_words_and_leaves_nothing(wrong, said, world, other, key):
    assert paths(key.post("/local-projects/", local_project(world, **wrong))) == said
    assert not LocalProject.objects.exists()
    assert not LocalProjectStep.objects.exists()


@pytest.mark.parametrize(
    ("step", "wrong", "said"),
    [
        ("decide", {"decision": "approved", "on": day(200)}, [("approved", "required")]),
        ("decide", {"decision": "conditions", "on": day(200), "approved": "5"}, [("conditions", "required")]),
        ("decide", {"decision": "", "on": day(200)}, [("decision", "invalid_choice")]),
        ("decide", {"decision": "refused", "on": day(-3)}, [("on", "in_the_future")]),
        ("decide", {"decision": "refused", "on": day(301)}, [("on", "before_last")]),
        ("hold", {"on": day(200), "note": " "}, [("note", "blank")]),
        ("hand-over", {"on": day(200)}, [("to", "required")]),
        ("check", {"on": day(200), "works": True}, [("used", "required")]),
        ("contribute", {"source": "community"}, [("", "invalid")]),
        ("contribute", {"source": "community", "amount": "0"}, [("amount", "min_value")]),
        ("pay", {"paid_on": day(-3), "amount": "5", "reference": "P1"}, [("paid_on", "in_the_future")]),
        ("ask-users", {"asked_on": day(9), "whom": "users", "asked": 9, "satisfied": 10}, [("", "invalid")]),
        ("ask-users", {"asked_on": day(-3), "whom": "users", "asked": 9, "satisfied": 8}, [("asked_on", "in_the_future")]),
    ],
)
def test_a_wrong_step_is_refused_in_words_and_leaves_nothing(step, wrong, said, world, key):
    at = f"/local-projects/{key.post('/local-projects/', local_project(world)).json()['id']}/"
    before = key.get(at).json()
    assert paths(key.post(f"{at}{step}/", wrong)) == said
    assert key.get(at).json() == before
    assert not any(model.objects.exists() for model in (Contribution, Payment, Satisfaction))


def test_a_local_project_and_its_committee_stay_within_one_project(peace, world, other, key):
    theirs = stock.local_projects(other.world)
    for step in ("", "decide/", "start/", "hold/", "stop/", "complete/", "hand-over/", "check/", "contribute/", "pay/", "ask-users/"):
        send = key.post if step else key.get
        stranger, missing = (send(f"/local-projects/{pk}/{step}") for pk in (theirs.pk, 99_999))
        assert stranger.status_code == missing.status_code == 404
        assert {**stranger.json(), "instance": ""} == {**missing.json(), "instance": ""}
    assert paths(key.post("/local-projects/", local_project(world, committee=other.forum().pk))) == [("committee", "unknown")]
    second = factories.project(program=world.project.program)
    ProjectPartner.objects.create(project=second, organization=world.partner)
    elsewhere = peace.forum(project=second, kind="committee")
    assert paths(key.post("/local-projects/", local_project(world, committee=elsewhere.pk))) == [("committee", "another_project")]
    assert list(LocalProject.objects.all()) == [theirs]
    reader = as_person(factories.member(Role.INSTITUTION_OFFICER, program=world.project.program))
    own = key.post("/local-projects/", local_project(world)).json()["id"]
    assert reader.get(f"/local-projects/{own}/").status_code == 200
    assert reader.post(f"/local-projects/{own}/stop/", {"on": day(9), "note": "No"}).status_code == 403
