"""The pages of communities, incidents and warnings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from communities import early_warnings, forums, incidents, issues, masking, registry
from communities.models import ConflictAnalysis, EarlyWarning, Incident
from surveys import results, rounds
from tests import factories
from tests.communities.peace import Peace, ago, make_peace
from tests.surveys import making as surveying

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def officer(world, client):
    person = factories.member(Role.COMMUNITY_OFFICER, program=world.project.program)
    client.force_login(person)
    return person


@pytest.mark.parametrize("number", [1, 3])
def test_the_community_page_asks_the_same_whatever_stands_on_it(world, officer, client, django_assert_num_queries, number):
    community = factories.community(world, name="Renk town")
    analysis = issues.begin(community, analysed_on=ago(30), groups=9, review_on=ago(-30), by=officer)
    for one in range(number):
        for _more in range(4):
            factories.incident(world, community=community)
        early_warnings.raise_warning(community=community, signal="Weapons", severity=2, by=officer)
        registry.count_population(community, people={"host": 900, "idp": 60}, observed_on=ago(one), source="county", by=officer)
        registry.check_access(community, means="road", state="open", checked_on=ago(one), by=officer)
        issues.put_issue(analysis, by=officer, kind="land", title=f"Land {one}", direct="farmers, herders", trend="rising")
        issues.put_factor(analysis, by=officer, kind="divider", title=f"Weapons {one}", strength=4, trend="rising")
    early_warnings.sweep()
    client.get(f"/communities/{community.pk}/")
    with django_assert_num_queries(12):
        page = client.get(f"/communities/{community.pk}/").content.decode()
    assert f"Now {4 * number}, usual 0" in page
    assert ("Open, nobody has answered" in page, "Land 0" in page) == (True, True)


@pytest.mark.parametrize("number", [1, 3])
def test_over_time_stand_incidents_the_rate_cohesion_and_agreements(world, officer, client, django_assert_num_queries, number):
    community = factories.community(world, name="Renk town", monitors=2)
    registry.count_population(community, people={"host": 5000}, observed_on=ago(20), source="county", by=officer)
    cohesion = block()
    peace = Peace(world, officer, officer)
    for one in range(number):
        told = factories.incident(world, community=community, type="battle", event_date=ago(20 + one))
        incidents.verify(told, by=world.manager, reliability="B", credibility=2)
        stage = ("endline", "midline", "baseline")[one]
        asked_again(world, cohesion, ["agree"] * 15 + ["disagree"] * 10, held_on=ago(40 + 31 * one), stage=stage)
        peace.forum(community=community, name=f"Corridor talks {one}", started_on=ago(90))
        given = {"parties": "farmers", "mediator": "committee", "dispute_kind": "land", "stage": "SubPar", "signed_on": ago(30)}
        forums.agree(title=f"Agreement {one}", community=community, by=officer, **given, **peace.where())
    where = f"/communities/{community.pk}/over-time/"
    client.get(where)
    with django_assert_num_queries(12):
        page = client.get(where).content.decode()
    assert f"{number * 2:.2f}" in page
    for words in ("Corridor talks 0 begins", "Agreement 0, signed", "Social cohesion, 0 to 100", "Moving together is not proof of cause."):
        assert words in page
    assert page.count("data-low=") == 2 * number, "the index and the acceptance, each with its interval"
    assert "60\u00a0%</bdi> agree (15 of 25 who answered" in page
    client.force_login(world.manager)  # who holds raw figures
    client.get(where)
    with django_assert_num_queries(12):
        client.get(where)
    client.force_login(officer)
    part = client.get(where, headers={"HX-Request": "true"}).content.decode()
    assert ("<html" in part, "Agreement 0, signed" in part) == (False, True)


@pytest.mark.parametrize(("options", "silent"), [(["agree"] * 15 + ["disagree"] * 10, 2), (["agree"] * 23 + ["disagree"] * 2, 0)])
def test_acceptance_is_hidden_over_time_where_the_rounds_own_page_hides_it(world, officer, client, options, silent):
    """Few who kept silent beside how many were asked, or few who said no, tell of single people."""
    community = factories.community(world)
    row = asked_again(world, block(), options, silent=silent, held_on=ago(40))
    where, own = f"/communities/{community.pk}/over-time/", f"/surveys/{row.pk}/"
    told = results.of(row, reader=officer)
    assert (told.n, told.share("C12").is_hidden) == (25, True)
    page = client.get(where).content.decode()
    assert "Hidden to protect people in small groups" in page
    assert page.count("data-low=") == 1, "the index alone"
    assert " agree (" not in page
    client.force_login(world.manager)
    exact = client.get(where).content.decode()
    good = options[silent:].count("agree")
    assert f"({good} of {25 - silent} who answered" in exact
    assert client.get(own).status_code == 200


def test_a_version_that_does_not_ask_for_returning_people_says_nothing_of_them(world, officer, client):
    community = factories.community(world)
    asked_again(world, surveying.loaded(surveying.small("social-cohesion")), ["agree", "disagree"] * 10, held_on=ago(40))
    page = client.get(f"/communities/{community.pk}/over-time/").content.decode()
    assert ("Social cohesion, 0 to 100" in page, "Returning former combatants" in page, "Accept returning" in page) == (True, False, False)


def block():
    """A small block that asks for returning people too."""
    data = surveying.small("social-cohesion")
    asks = {"code": "C12", "domain": "trust", "set": "AGREE5", "en": "Returning former combatants can live here in peace."}
    return surveying.loaded({**data, "item": [*data["item"], asks]})


def asked_again(world, version, options, silent=0, **fields):
    """An approved round in which everybody gives one answer to all; the first few leave out the question on returning people."""
    row = surveying.opened(world, version, **fields)
    codes = [item.code for item in version.items.all()]
    responses = [
        rounds.Given({code: option for code in codes if code != "C12" or at >= silent}) for at, option in enumerate(options)
    ]  # fmt: skip
    rounds.respond_many(row, responses=responses, by=world.mande)
    rounds.close(row, by=world.mande)
    rounds.approve(row, by=world.manager)
    return row


def test_an_incident_is_recorded_from_the_form_and_verified_by_another(world, officer, client):
    given = {
        "event_date": timezone.localdate().isoformat(), "date_precision": 1, "type": "threat", "place": world.place.code, "geo_precision": 1,
        "organization": world.partner.pk, "source": "monitor", "reliability": "F", "credibility": 6, "sensitivity": 3,
        "harm_injured_female_18-29": 2, "harm_injured_female_60-plus": 1, "text": "Two came back hurt", "source_detail": "Saw it himself",
    }  # fmt: skip
    answer = client.post("/incidents/new/", given)
    assert answer.status_code == 303
    row = Incident.objects.get()
    assert set(row.harm.values_list("what", "sex", "band", "number")) == {
        ("injured", "female", "18-29", 2),
        ("injured", "female", "60+", 1),
    }
    page = client.get(f"/incidents/{row.pk}/").content.decode()
    assert ("Two came back hurt" in page, "Saw it himself" in page) == (True, True)
    given |= {"harm_injured_female_60-plus": "", "harm_killed_male_30-59": 1, "text": "Three came back hurt"}
    form = client.get(f"/incidents/{row.pk}/correct/").content.decode()
    assert ("Two came back hurt" in form, "Saw it himself" in form, "<details open" in form) == (True, True, True)
    assert client.post(f"/incidents/{row.pk}/correct/", given).status_code == 303
    assert set(row.harm.values_list("band", "number")) == {("18-29", 2), ("30-59", 1)}
    assert Incident.objects.get().told.text == "Three came back hurt"
    assert client.get(f"/incidents/{row.pk}/").status_code == 200
    assert AuditEvent.objects.filter(event="incident.read").count() == 2
    assert client.post(f"/incidents/{row.pk}/verify/", {"reliability": "B", "credibility": 2}).status_code == 422
    assert not Incident.objects.get().is_verified
    client.force_login(world.manager)
    assert client.post(f"/incidents/{row.pk}/verify/", {"reliability": "B", "credibility": 2}).status_code in (302, 303)
    assert (Incident.objects.get().is_verified, Incident.objects.get().verified_by) == (True, world.manager)


def test_who_neither_records_nor_verifies_reads_no_exact_place_and_no_words(world, officer, client):
    row = factories.incident(world, sensitivity=4, text="A word that may name people")
    reader = factories.member(Role.INSTITUTION_OFFICER, program=world.project.program)
    page = client.get(f"/incidents/{row.pk}/").content.decode()
    assert (row.place.name in page, row.told.text in page) == (True, True)

    client.force_login(reader)
    page = client.get(f"/incidents/{row.pk}/").content.decode()
    assert row.told.text not in page
    assert masking.shown_area(row).name in page
    assert f"{row.place}, {row.area}" not in page


def test_a_strict_incident_is_found_by_no_place_below_admin_1(world, officer, client):
    """Who records or verifies it places it; for everybody else, and in every file, no filter, order, count or link says where it was."""
    community, county = factories.community(world, name="Renk town"), factories.place("SS9904", parent=world.place, name="Renk county")
    at = {"community": community, "place": county, "area": county}
    row = factories.incident(world, **at, sensitivity=4, type="abduction", source="Strict source")
    plain = factories.incident(world, **at, type="threat", source="Plain source")
    warning = early_warnings.raise_warning(community=community, signal="Weapons", severity=2, by=officer)
    warning.incidents.set([row, plain])
    own = f"/communities/{community.pk}/"
    narrowed = [f"?community={community.pk}", "?community=renk", f"?area={row.area.code}", f"?area={row.area.name}"]
    assert all("Strict source" in client.get(page).content.decode() for page in (own, f"{own}over-time/", "/incidents/" + narrowed[0]))
    assert masking.shown_area(row) == row.area.parent

    for reader, closer in ((officer, True), (factories.member(Role.INSTITUTION_OFFICER, program=world.project.program), False)):
        client.force_login(reader)
        for page in (own, f"{own}over-time/"):
            told = client.get(page).content.decode()
            assert ("Plain source" in told, "Strict source" in told) == (True, closer), page
        for query in narrowed:
            told = b"".join(client.get(f"/incidents/{query}&export=csv")).decode()
            assert ("Threat" in told, "Abduction" in told) == (True, False), query
            told = client.get(f"/incidents/{query}").content.decode()
            assert "Plain source" in told
            assert ("Strict source" in told) == (closer and "community" in query), query
        assert "Strict source" in client.get(f"/incidents/?area={row.area.parent.code}").content.decode()
        assert (own in client.get(f"/incidents/{row.pk}/").content.decode()) == closer
    trend = client.get(f"{own}over-time/").content.decode()
    assert "1 incidents in 24 months" in trend
    assert "Strict incidents are counted at admin 1 and above only" in trend
    for order in ("area", "community"):  # where a strict one stands among the others would tell
        assert f"ordering={order}" not in client.get("/incidents/").content.decode()


def test_the_sub_types_of_incidents_are_said_in_the_readers_language_and_kept_as_the_code_book_has_them(world, officer, client, french):
    french({"Cattle raid": "Razzia de bétail"})
    row = factories.incident(world, type="intercommunal", sub_type="Cattle raid")
    officer.language = "fr"
    officer.save()
    assert "<dd>Razzia de bétail</dd>" in client.get(f"/incidents/{row.pk}/").content.decode()
    assert '<option value="Cattle raid">Razzia de bétail</option>' in client.get("/incidents/new/").content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_incidents_asks_the_same_whatever_its_length(world, officer, client, django_assert_num_queries, number):
    for _one in range(number):
        factories.incident(world)
    client.get("/incidents/")
    with django_assert_num_queries(7):
        client.get("/incidents/")


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_warnings_asks_the_same_whatever_its_length(world, officer, client, django_assert_num_queries, number):
    community = factories.community(world)
    for _one in range(number):
        early_warnings.raise_warning(community=community, signal="Weapons", severity=2, by=officer)
    client.get("/early-warnings/")
    with django_assert_num_queries(5):
        client.get("/early-warnings/")


def test_a_file_holds_counts_by_area_and_never_a_row(world, officer, client):
    town = factories.place("XB", parent=factories.place("XB0", parent=factories.place("XB00")), name="Secret quarter")
    area = town.parent
    world.project.places.create(place=town)
    factories.incident(world, place=town, area=area, text="A name", source_ref="REF-1")
    factories.incident(world, place=town, area=area)
    body = b"".join(client.get("/incidents/?export=csv").streaming_content).decode()
    assert area.code in body
    assert ",0,2" in body
    for secret in ("Secret quarter", "A name", "REF-1"):
        assert secret not in body


def test_a_warning_is_answered_and_closed_on_its_pages(world, officer, client):
    row = early_warnings.raise_warning(community=factories.community(world), signal="Weapons", severity=2, by=officer)
    assert client.post(f"/early-warnings/{row.pk}/acknowledge/").status_code == 303
    assert client.post(f"/early-warnings/{row.pk}/decision/", {"decision": "false_alarm", "reason": ""}).status_code == 422
    assert client.post(f"/early-warnings/{row.pk}/decision/", {"decision": "false_alarm", "reason": "It was a wedding"}).status_code == 303
    assert EarlyWarning.objects.get().decision == "false_alarm"


def test_a_new_analysis_begins_with_what_the_last_one_said(world, officer, client):
    community = factories.community(world)
    days = ["2026-01-05", "2026-06-05"]
    for day in days:
        given = {"analysed_on": day, "groups": 9, "women": 60, "men": 58, "review_on": "2026-12-01"}
        assert client.post(f"/communities/{community.pk}/analyses/new/", given).status_code == 303
        if day == days[0]:
            issue = {"kind": "land", "title": "Land at the corridor", "direct": "farmers, herders", "trend": "rising"}
            assert client.post(f"/communities/{community.pk}/issues/new/", issue).status_code == 303
            factor = {"kind": "divider", "title": "Weapons", "strength": 4, "trend": "rising"}
            assert client.post(f"/communities/{community.pk}/factors/new/", factor).status_code == 303
    assert [one.issues.count() for one in ConflictAnalysis.objects.all()] == [1, 1]
    assert "Land at the corridor" in client.get(f"/communities/{community.pk}/").content.decode()


# The lists of forums and what comes of them: address, what to make, and its number of queries.
LISTS = {
    "forums": ("/communities/forums/", lambda peace: peace.forum()),
    "commitments": ("/communities/commitments/", lambda peace: peace.promise()),
    "disputes": ("/communities/disputes/", lambda peace: peace.settled()),
    "needs": ("/communities/needs/", lambda peace: peace.ranking()),
    "local projects": ("/communities/local-projects/", lambda peace: peace.handed_over()),
    "due": ("/communities/due/", lambda peace: (peace.promise(due_on=ago(1)), peace.settled(), peace.handed_over(days_ago=250))),
}
QUERIES = {"forums": 5, "commitments": 5, "disputes": 5, "needs": 5, "local projects": 9, "due": 8}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_forums_and_promises_ask_the_same_at_one_row_and_at_three(world, client, django_assert_num_queries, name):
    peace, (where, make) = make_peace(), LISTS[name]
    client.force_login(peace.officer)
    for more in (1, 2):
        for _one in range(more):
            make(peace)
        client.get(where)
        with django_assert_num_queries(QUERIES[name]):
            client.get(where)


def test_a_warning_has_a_page_that_says_who_answered_and_how_fast_also_when_it_is_closed(world, officer, client):
    community = factories.community(world, name="Renk town")
    row = early_warnings.raise_warning(community=community, signal="Weapons at the market", severity=3, by=officer)
    EarlyWarning.objects.filter(pk=row.pk).update(
        first_seen=timezone.now() - timedelta(hours=60), due_at=timezone.now() - timedelta(hours=12)
    )
    assert early_warnings.escalate() == 1
    where = f"/early-warnings/{row.pk}/"
    page = client.get(where).content.decode()
    assert ("Escalated" in page, "overdue" in page, "Record a response" in page) == (True, True, True)
    answer = client.post(f"{where}response/", {"response": "The committee called both sides"})
    assert answer.headers["Location"] == where
    client.post(f"{where}decision/", {"decision": "false_alarm", "reason": "A wedding, not a raid"})
    row.refresh_from_db()
    assert (row.hours_to_answer.quantize(1), row.hours_to_decision.quantize(1), row.is_answered_late) == (60, 60, True)
    page = client.get(where).content.decode()
    for words in ("60.0 h", "The committee called both sides", "A wedding, not a raid", "Not an alert", "late"):
        assert words in page
    assert "Record a response" not in page
    listed = client.get("/early-warnings/").content.decode()
    assert where in listed
    assert listed.count("60.0 h") == 2
    file = b"".join(client.get("/early-warnings/?export=csv")).decode()
    assert "Acknowledged at" in file
    client.force_login(factories.member(Role.COMMUNITY_OFFICER, program=factories.world().project.program))
    assert client.get(where).status_code == client.get("/early-warnings/99999/").status_code == 404


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_of_a_warning_asks_the_same_however_many_incidents_it_has(world, officer, client, django_assert_num_queries, number):
    community = factories.community(world)
    row = early_warnings.raise_warning(community=community, signal="Weapons", severity=2, by=officer)
    row.incidents.set([factories.incident(world, community=community) for _one in range(number)])
    client.get(f"/early-warnings/{row.pk}/")
    with django_assert_num_queries(6):
        client.get(f"/early-warnings/{row.pk}/")
