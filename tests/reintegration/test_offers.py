"""The map of opportunities and services, and why an offer fits somebody."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from plumbing.refusals import Invalid
from reintegration import offers, profile
from reintegration.models import MappedService, Opportunity, stale_before
from reintegration.offers import Reason, Wishes
from tests import cases, factories
from tests.callers import as_person, key_of, with_key

pytestmark = pytest.mark.django_db
TODAY = date(2026, 10, 24)


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def worker(world):
    return factories.member(Role.CASEWORKER, organization=world.partner)


def is_stale(row):
    return row.is_stale(stale_before(timezone.localdate()))


def welding(world, by, **fields):
    values = {
        "title": "Welding course", "sector": "metal", "kind": "training", "provider": "Vocational centre", "place": world.place,
        "free_places": 3, "child_care": "yes", "requirements": ["primary"], **fields,
    }  # fmt: skip
    return offers.record(program=world.project.program, kept_by=world.partner, by=by, **values)


def clinic(world, by, **fields):
    values = {"kind": "psychosocial", "provider": "Listening centre", "place": world.place, **fields}
    return offers.record_service(program=world.project.program, kept_by=world.partner, by=by, **values)


def test_whoever_records_an_offer_has_just_asked_so_it_is_verified_today(world, worker):
    row = welding(world, worker)
    assert (row.verified_on, row.verified_by) == (timezone.localdate(), worker)
    assert not is_stale(row)
    assert [one.fact for one in row.requirements.all()] == ["primary"]
    assert AuditEvent.objects.filter(event="opportunity.recorded").count() == 1


def test_an_offer_that_nobody_verified_lately_is_marked_and_verifying_clears_it(world, worker):
    row = welding(world, worker)
    Opportunity.objects.filter(pk=row.pk).update(verified_on=timezone.localdate() - timedelta(days=61))
    row.refresh_from_db()
    assert is_stale(row)
    assert list(Opportunity.objects.unchecked(timezone.localdate())) == [row]
    colleague = factories.member(Role.PARTNER_REPORTER, organization=world.partner)
    offers.verify(row, status="full", free_places=0, by=colleague)
    assert (row.status, row.free_places, row.verified_by, is_stale(row)) == ("full", 0, colleague, False)


def test_only_who_keeps_an_entry_changes_it_but_any_partner_of_the_program_verifies_it(world, worker):
    row = welding(world, worker)
    other = factories.partner()
    world.project.partners.create(organization=other)
    neighbour = factories.member(Role.CASEWORKER, organization=other)
    with pytest.raises(PermissionDenied):
        offers.change(row, title="Another course", by=neighbour)
    assert offers.verify(row, status="open", free_places=2, by=neighbour).free_places == 2
    assert offers.change(row, title="Welding, 12 weeks", requirements=[], by=worker).title == "Welding, 12 weeks"
    assert not row.requirements.exists()


def test_a_stranger_neither_sees_nor_changes_the_map_of_a_program(world, worker):
    row = welding(world, worker)
    stranger = factories.member(Role.CASEWORKER, organization=factories.world().partner)
    assert not Opportunity.objects.visible_to(stranger).exists()
    for act in (lambda: offers.verify(row, status="open", by=stranger), lambda: welding(world, stranger)):
        with pytest.raises(PermissionDenied):
            act()


def test_a_partner_of_another_program_keeps_nothing_here(world):
    manager = factories.member(Role.PROGRAM_MANAGER, program=world.project.program)
    with pytest.raises(Invalid):
        offers.record(
            program=world.project.program, kept_by=factories.partner(), by=manager, title="Course", sector="metal", kind="training",
            provider="Centre", place=world.place,
        )  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"cost": Decimal(10), "currency": ""},
        {"starts_on": date(2026, 5, 2), "ends_on": date(2026, 5, 1)},
        {"child_care": "perhaps"},
        {"requirements": ["is_brave"]},
    ],
)
def test_what_makes_no_sense_is_refused(world, worker, wrong):
    with pytest.raises((ValidationError, Invalid)):
        welding(world, worker, **wrong)
    assert not Opportunity.objects.exists()


def test_without_a_limit_no_places_are_counted(world, worker):
    assert welding(world, worker, has_no_limit=True, free_places=5).free_places is None


# Why it fits


def offer(**fields):
    values = {
        "title": "Welding",
        "sector": "metal",
        "kind": "training",
        "provider": "Centre",
        "child_care": "yes",
        "status": "open",
        **fields,
    }
    return Opportunity(**values)


def words(found, speaks):
    return [one.words for one in found if one.speaks == speaks]


def test_what_she_wants_what_she_has_and_where_she_lives_speak_for_an_offer():
    wishes = Wishes(sectors={"metal"}, facts={"primary": True}, needs_child_care=True)
    found = offers.reasons(wishes, offer(), ["primary"], is_near=True, today=TODAY)
    assert words(found, "for") == ["wants: Metal work and welding", "finished primary school", "in the same area", "child care is there"]
    assert offers.suits(found)


@pytest.mark.django_db
def test_what_the_profile_says_becomes_wishes_and_facts():
    asked = {"livelihood": "farming", "skill": "metal", "reads": "yes", "education": "some_primary", "land": "no", "child_care": "yes"}
    assert set(asked) <= {question.key for question in profile.questions()}
    wishes = offers.wishes_of(cases.case(age_band="18-24"), asked)
    assert wishes.sectors == {"farming", "livestock", "metal"}
    assert wishes.facts == {"reads_and_writes": True, "primary": False, "secondary": False, "land": False}
    assert (wishes.is_woman, wishes.is_young, wishes.needs_child_care, wishes.has_disability) == (True, True, True, None)


def test_another_place_without_housing_and_without_child_care_speaks_against_it():
    wishes = Wishes(sectors={"metal"}, needs_child_care=True)
    found = offers.reasons(wishes, offer(sector="energy", child_care="no", housing="no"), [], is_near=False, today=TODAY)
    assert words(found, "against") == ["elsewhere, no housing", "no child care"]
    assert not offers.suits(found)


def test_what_nobody_asked_yet_is_a_question_and_never_a_no():
    found = offers.reasons(Wishes(needs_child_care=True), offer(child_care="unknown"), ["saves"], is_near=True, today=TODAY)
    assert words(found, "ask") == ["ask whether: saves in a group", "child care: ask first"]
    assert offers.suits(found)


def test_what_is_known_to_be_missing_speaks_against_it():
    found = offers.reasons(Wishes(facts={"identity_document": False}), offer(), ["identity_document"], is_near=True, today=TODAY)
    assert words(found, "against") == ["asked for, not there yet: has an identity document"]


@pytest.mark.parametrize(
    ("wishes", "fields", "said"),
    [
        (Wishes(is_woman=True), {"for_women": "no"}, "not open to women"),
        (Wishes(is_young=True), {"for_youth": "no"}, "not open to youth"),
        (Wishes(has_disability=True), {"for_disabled": "no"}, "not open to people with disabilities"),
        (Wishes(), {"free_places": 0}, "no free place now"),
        (Wishes(), {"status": "paused"}, "not on offer now"),
        (Wishes(), {"ends_on": TODAY - timedelta(days=1)}, "not on offer now"),
    ],
)
def test_a_closed_door_speaks_against_an_offer(wishes, fields, said):
    found = offers.reasons(wishes, offer(**fields), [], is_near=True, today=TODAY)
    assert words(found, "against") == [said]


def test_a_door_closed_to_women_says_nothing_to_a_man():
    assert offers.suits(offers.reasons(Wishes(is_woman=False), offer(for_women="no"), [], is_near=True, today=TODAY))


def test_what_suits_comes_before_what_does_not_and_then_what_more_speaks_for():
    good, better, bad = [Reason("for", "a")], [Reason("for", "a"), Reason("for", "b")], [Reason("for", "a"), Reason("against", "c")]
    assert sorted([bad, good, better], key=offers.weight) == [better, good, bad]


# Pages and the API


@pytest.mark.parametrize("rows", [1, 3])
def test_the_lists_take_the_same_queries_at_one_and_at_three_rows(client, world, worker, rows, django_assert_num_queries):
    for number in range(rows):
        welding(world, worker, title=f"Course {number}")
        clinic(world, worker, provider=f"Centre {number}")
    client.force_login(worker)
    for name in ("opportunities", "mapped_services"):
        client.get(reverse(name))
        with django_assert_num_queries(5):
            page = client.get(reverse(name))
        assert page.status_code == 200


def test_the_list_is_filtered_and_leaves_as_a_file(client, world, worker):
    welding(world, worker)
    welding(world, worker, title="Tool loan", kind="loan", sector="trade")
    client.force_login(worker)
    page = client.get(reverse("opportunities"), {"kind": "loan"}).content.decode()
    assert "Tool loan" in page
    assert "Welding course" not in page
    file = b"".join(client.get(reverse("opportunities"), {"export": "csv", "sector": "metal"}).streaming_content).decode()
    assert "Welding course" in file
    assert "Tool loan" not in file


def test_an_offer_is_recorded_changed_and_verified_on_its_pages(client, world, worker):
    client.force_login(worker)
    typed = {
        "program": world.project.program.pk, "kept_by": world.partner.pk, "title": "Carpentry", "sector": "wood", "kind": "apprenticeship",
        "provider": "Workshop", "place": world.place.code, "status": "open", "free_places": "2", "for_women": "yes", "for_youth": "yes",
        "for_disabled": "unknown", "child_care": "no", "housing": "unknown", "demand": "high", "requirements": ["reads_and_writes"],
    }  # fmt: skip
    answer = client.post(reverse("record_opportunity"), typed)
    row = Opportunity.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, reverse("opportunity", args=[row.pk]))
    assert "reads and writes" in client.get(answer["Location"]).content.decode()
    assert client.post(reverse("change_opportunity", args=[row.pk]), typed | {"title": "Carpentry, 6 months"}).status_code == 303
    assert client.post(reverse("verify_opportunity", args=[row.pk]), {"status": "full", "free_places": "0"}).status_code == 303
    row.refresh_from_db()
    assert (row.title, row.status, row.free_places) == ("Carpentry, 6 months", "full", 0)


def test_a_service_is_recorded_once_per_provider_and_place(client, world, worker):
    clinic(world, worker)
    client.force_login(worker)
    typed = {
        "program": world.project.program.pk, "kept_by": world.partner.pk, "kind": "psychosocial", "provider": "Listening centre",
        "place": world.place.code, "status": "open",
    }  # fmt: skip
    answer = client.post(reverse("record_service"), typed)
    assert answer.status_code == 422
    assert "on the map there already" in answer.content.decode()
    assert MappedService.objects.count() == 1


def test_a_partners_key_keeps_its_own_offers_up_to_date(world):
    caller = with_key(key_of(world.partner, by=world.manager))
    body = {
        "program": world.project.program.code, "title": "Welding", "sector": "metal", "kind": "training", "provider": "Centre",
        "place": world.place.code, "free_places": 3, "cost": "0", "requirements": ["primary"],
    }  # fmt: skip
    made = caller.post("/opportunities/", body, **{"Idempotency-Key": "one"})
    again = caller.post("/opportunities/", body, **{"Idempotency-Key": "one"})
    assert (made.status_code, again.json()) == (201, made.json())
    assert Opportunity.objects.count() == 1
    shown = made.json()
    assert (shown["requirements"], shown["cost"], shown["kept_by"]) == (["primary"], "0", world.partner.pk)
    content = {name: value for name, value in body.items() if name != "program"}
    changed = caller.put(f"/opportunities/{shown['id']}/", content | {"free_places": 1})
    assert (changed.status_code, changed.json()["free_places"]) == (200, 1)
    full = caller.post(f"/opportunities/{shown['id']}/verify/", {"status": "full", "free_places": 0})
    assert full.json()["status"] == "full"


def test_another_partners_entry_is_read_but_not_changed_through_the_api(world, worker):
    row = welding(world, worker)
    other = factories.partner()
    world.project.partners.create(organization=other)
    caller = as_person(factories.member(Role.PARTNER_REPORTER, organization=other))
    assert caller.get(f"/opportunities/{row.pk}/").status_code == 200
    content = {"title": "Mine now", "sector": "metal", "kind": "training", "provider": "Centre", "place": world.place.code}
    assert caller.put(f"/opportunities/{row.pk}/", content).status_code == 403


def test_the_forms_about_an_entry_open_with_what_it_says(client, world, worker):
    row, service = welding(world, worker), clinic(world, worker)
    client.force_login(worker)
    for name, entry in (("change_opportunity", row), ("verify_opportunity", row), ("change_service", service), ("verify_service", service)):
        assert client.get(reverse(name, args=[entry.pk])).status_code == 200
