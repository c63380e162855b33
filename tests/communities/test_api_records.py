"""Incidents and early warnings over the API: masked as lists are, recorded once, answered by the same acts."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import StoredResponse
from accounts.roles import Role
from communities.models import EarlyWarning, Incident, ViolationCount
from tests import factories
from tests.callers import as_person, key_of, with_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    made = factories.world()
    county = factories.place("XA0101", parent=factories.place("XA01", parent=factories.country()))
    made.place = factories.place("XA010101", parent=county, name="Renk town")
    made.project.places.create(place=made.place)
    made.officer = factories.member(Role.COMMUNITY_OFFICER, program=made.project.program, organization=factories.agency())
    return made


@pytest.fixture
def key(world):
    return with_key(key_of(world.partner, by=factories.member(Role.PARTNER_MANAGER, organization=world.partner)))


def body(world, **more):
    given = {"type": "battle", "event_date": timezone.localdate().isoformat(), "place": world.place.code, "source": "monitor"}
    return {**given, "text": "A word that may name people", "source_detail": "By phone", **more}


def test_a_key_records_an_incident_once_and_gets_back_an_area_and_no_words(world, key):
    harm = [{"what": "injured", "sex": "female", "band": "18-29", "number": 2}]
    once = {"Idempotency-Key": str(uuid4())}
    first = key.post("/incidents/", body(world, source_ref="M-7", harm=harm), **once)
    again = key.post("/incidents/", body(world, source_ref="M-7", harm=harm), **once)
    found = key.post("/incidents/", body(world, source_ref="M-7"))
    assert [answer.status_code for answer in (first, again, found)] == [201, 201, 200]
    assert again["Idempotency-Replayed"] == "true"
    row = Incident.objects.get()
    assert (row.harm.get().band, row.told.text) == ("18-29", "A word that may name people")
    shown = first.json()
    assert (shown["area"], shown["acled"], shown["source_ref"], shown["verified"]) == ("XA0101", "Battles", "M-7", False)
    for answer in (first, key.get("/incidents/"), key.get(f"/incidents/{row.pk}/")):
        told = answer.content.decode()
        assert [one for one in ("A word", "By phone", world.place.code) if one in told] == []
    assert "A word" not in str(list(StoredResponse.objects.values()))


def test_a_strict_incident_stands_at_admin_1_and_is_not_found_closer(world, key):
    community = factories.community(world, sensitivity=4)
    row = factories.incident(world, area=world.place.parent, community=community)
    shown = key.get(f"/incidents/{row.pk}/").json()
    assert (shown["area"], shown["community"]) == ("XA01", None)
    asked = [{"area": "XA01"}, {"area": "XA0101"}, {"community": community.pk}]
    assert [len(key.get("/incidents/", given).json()["results"]) for given in asked] == [1, 0, 0]
    reader = as_person(factories.member(Role.INSTITUTION_OFFICER, program=world.project.program))
    Incident.objects.update(source_ref="M-9")
    assert [caller.get(f"/incidents/{row.pk}/").json()["source_ref"] for caller in (key, reader)] == ["M-9", ""]


def test_sexual_violence_and_children_come_as_counts_only(world, key):
    for wrong in ({"type": "sexual_violence"}, {"type": "civilian_attack", "sub_type": "Sexual violence"}):
        assert key.post("/incidents/", body(world, **wrong)).status_code == 422
    band = [{"what": "injured", "sex": "male", "band": "12-17", "number": 1}]
    assert key.post("/incidents/", body(world, harm=band)).status_code == 422
    count = {"kind": "sexual_violence", "area": "XA01", "starts_on": "2026-01-01", "number": 4, "source": "cluster"}
    assert key.post("/incidents/violation-counts/", count).status_code == 201
    assert key.post("/incidents/violation-counts/", count | {"area": "XA0101"}).status_code == 422
    assert (ViolationCount.objects.get().number, Incident.objects.count()) == (4, 0)


def test_counts_of_violations_are_read_by_who_verifies_and_small_ones_are_hidden_from_them(world, key):
    given = {"area": "XA01", "starts_on": "2026-01-01", "source": "cluster"}
    for kind, number in (("sexual_violence", 4), ("child_killing", 25), ("aid_denied", 0)):
        assert key.post("/incidents/violation-counts/", {**given, "kind": kind, "number": number}).status_code == 201
    stranger = with_key(key_of(factories.partner(), by=factories.member(Role.PARTNER_MANAGER, organization=factories.partner())))
    reader = as_person(factories.member(Role.INSTITUTION_OFFICER, program=world.project.program))
    for nobody in (stranger, reader):
        assert nobody.get("/violation-counts/").json()["results"] == []
    manager = as_person(factories.member(Role.PROGRAM_MANAGER, program=world.project.program))
    officer = as_person(world.officer)

    def seen(caller):
        return {row["kind"]: (row["number"], row["is_hidden"]) for row in caller.get("/violation-counts/").json()["results"]}

    raw = {"sexual_violence": (4, False), "child_killing": (25, False), "aid_denied": (0, False)}
    assert seen(key) == seen(manager) == raw
    assert seen(officer) == raw | {"sexual_violence": (None, True), "aid_denied": (None, True)}
    hidden = ViolationCount.objects.get(kind="sexual_violence")
    assert officer.get(f"/violation-counts/{hidden.pk}/").json()["number"] is None
    assert [len(officer.get("/violation-counts/", {"area": code}).json()["results"]) for code in ("XA01", "XA0101")] == [3, 0]


def test_who_verifies_does_and_who_recorded_or_may_not_does_not(world, key):
    key.post("/incidents/", body(world))
    pk, said = Incident.objects.get().pk, {"reliability": "B", "credibility": 2}
    assert key.post(f"/incidents/{pk}/verify/", said).status_code == 403
    officer = as_person(world.officer)
    answer = officer.post(f"/incidents/{pk}/verify/", said)
    assert (answer.status_code, answer.json()["verified"]) == (200, True)
    assert officer.post(f"/incidents/{pk}/verify/", said).status_code == 409


def test_a_warning_is_raised_answered_and_closed_by_the_same_gates(world, key):
    community = factories.community(world)
    stranger = factories.community(factories.world())
    raised = key.post(
        "/early-warnings/", {"community": community.pk, "signal": "Armed men", "severity": 3, "responder": world.officer.email}
    )
    assert raised.status_code == 201, raised.content
    assert EarlyWarning.objects.get().responder == world.officer
    for wrong in ({"community": stranger.pk}, {"community": 99999}, {"responder": "nobody@example.org"}):
        given = {"community": community.pk, "signal": "Armed men", "severity": 3, **wrong}
        assert key.post("/early-warnings/", given).status_code == 422
    at = f"/early-warnings/{raised.json()['id']}/"
    officer = as_person(world.officer)
    assert officer.post(f"{at}acknowledge/").json()["acknowledged_at"]
    assert officer.post(f"{at}acknowledge/").status_code == 409
    assert officer.post(f"{at}decide/", {"decision": "acted"}).status_code == 422
    assert officer.post(f"{at}decide/", {"decision": "false_alarm"}).status_code == 422
    assert officer.post(f"{at}respond/", {"response": "The committee went to the market."}).status_code == 200
    assert officer.post(f"{at}decide/", {"decision": "acted"}).json()["decision"] == "acted"
    assert officer.post(f"{at}respond/", {"response": "Again."}).status_code == 409
    assert [len(key.get("/early-warnings/", {"open": value}).json()["results"]) for value in ("true", "false")] == [0, 1]


def test_a_community_is_recorded_and_shows_its_newest_count(world, key):
    given = {"name": "Renk town", "place": world.place.code, "projects": [world.project.code]}
    made = key.post("/communities/", given)
    assert (made.status_code, made.json()["people"], made.json()["projects"]) == (201, None, [world.project.code])
    at = f"/communities/{made.json()['id']}/"
    count = {"observed_on": "2026-02-01", "source": "county", "people": {"host": 900, "idp": 600}}
    answer = key.post(f"{at}population/", count)
    assert (answer.status_code, answer.json()["people"], answer.json()["people_source"]) == (201, 1500, "county")
    assert key.post(f"{at}population/", count | {"people": {"children": 4}}).status_code == 422
    assert key.post("/communities/", given | {"projects": ["NOT-THERE"]}).status_code == 422
