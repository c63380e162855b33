"""The parts of a case: who opens them, what they show, and what their forms do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from programs import access
from reintegration import followup, offers, planning, profile, todo
from reintegration.models import Referral, SharingAgreement
from tests import cases, factories
from tests.reintegration.filling import fill, in_force

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
PARTS = ("case_plan", "case_received", "case_referrals", "case_contacts", "case_follow_ups", "case_offers")


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def case(world):
    rule = {"may_call": True, "call_when": "after 18:00", "visit": False, "never_mention": "why you call"}
    return cases.case(world, state="active", safe_contact=rule)


@pytest.fixture
def worker(client, case):
    client.force_login(case.caseworker)
    return client


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("name", PARTS)
def test_a_part_takes_the_same_few_queries_at_one_and_at_three_rows(worker, case, world, name, rows, django_assert_max_num_queries):
    fill(case, world, rows)
    worker.get(reverse(name, args=[case.code]))  # settings are read once in some minutes
    with django_assert_max_num_queries(12):
        page = worker.get(reverse(name, args=[case.code]))
    assert page.status_code == 200


@pytest.mark.parametrize("name", PARTS)
def test_every_part_shows_the_safe_contact_rule_and_leaves_one_event(worker, case, name):
    page = worker.get(reverse(name, args=[case.code]))
    assert "After 18:00" in page.content.decode().replace("after", "After")
    assert "Never mention: why you call" in page.content.decode()
    assert [event.detail for event in AuditEvent.objects.filter(event="case.read")] == ['{"purpose":"casework"}']


@pytest.mark.parametrize(
    "name",
    [
        *PARTS,
        "case",
        "record_contact",
        "send_referral",
        "write_goal",
        "case_openings",
        "cases",
        "child_check",
        "referrals_received",
        "my_work",
    ],
)
def test_no_browser_keeps_a_page_about_people(worker, case, world, name):
    plan = planning.start(case, by=case.caseworker)
    keys = {"cases": (), "child_check": (), "referrals_received": (), "my_work": (), "write_goal": (case.code, plan.pk)}.get(
        name, (case.code,)
    )
    answer = worker.get(reverse(name, args=keys))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_colleagues_administrators_and_strangers_are_told_that_there_is_no_case(client, case, world):
    others = [
        cases.caseworker(world), factories.member(Role.ADMINISTRATOR), factories.member(Role.FOCAL_POINT), world.manager, world.reporter,
        cases.supervisor(factories.world()),
    ]  # fmt: skip
    for person in others:
        client.force_login(person)
        for name in (*PARTS, "record_contact", "send_referral"):
            assert client.get(reverse(name, args=[case.code])).status_code == 404
    assert not AuditEvent.objects.filter(event="case.read").exists()


def test_a_deputy_stands_in_and_the_supervisor_reads(client, case, world):
    deputy = factories.user(organization=world.partner)
    access.deputize(absent=case.caseworker, deputy=deputy, until=TODAY + timedelta(days=5), by=world_admin())
    for person in (deputy, cases.supervisor(world)):
        client.force_login(person)
        assert client.get(reverse("case_plan", args=[case.code])).status_code == 200


def world_admin():
    return factories.member(Role.ADMINISTRATOR)


def test_a_plan_is_written_proposed_and_approved_on_its_pages(client, case, world):
    client.force_login(case.caseworker)
    part = reverse("case_plan", args=[case.code])
    assert client.post(reverse("start_plan", args=[case.code])).status_code == 303
    plan = case.plans.get()
    goal = {"strand": "economic", "title": "Save in a group", "roles": "She: saves each week\nWomenLead: runs the group", "target": "60000"}
    assert client.post(reverse("write_goal", args=[case.code, plan.pk]), goal).status_code == 303
    assert client.post(reverse("propose_plan", args=[case.code, plan.pk]), {"agreed_on": TODAY.isoformat()}).status_code == 303
    page = client.get(part).content.decode()
    assert "waits for approval" in page
    assert "Approve this version" not in page
    client.force_login(cases.supervisor(world))
    assert "Approve this version" in client.get(part).content.decode()
    client.post(reverse("approve_plan", args=[case.code, plan.pk]))
    plan.refresh_from_db()
    assert plan.state == "in_force"
    assert plan.goals.get().roles == [["She", "saves each week"], ["WomenLead", "runs the group"]]


def test_the_new_version_is_compared_with_the_one_in_force(worker, case, world):
    in_force(case, cases.supervisor(world))
    second = planning.start(case, by=case.caseworker)
    planning.set_goal(second, strand="social", title="Have a document", roles=[("She", "applies")], by=case.caseworker)
    page = worker.get(reverse("case_plan", args=[case.code]), {"compare": ""}).content.decode()
    assert "Compared with the version in force" in page
    assert page.count("as before") == 1


def test_a_referral_without_consent_comes_back_with_what_to_do(worker, case, world):
    office = factories.partner("Legal Aid")
    SharingAgreement.objects.create(
        partner=world.partner, receiver=office, reference="A", starts_on=TODAY, ends_on=TODAY, recorded_by=world.manager
    )
    typed = {"to_organization": office.pk, "service": "legal", "urgency": "normal", "contact_route": "Our office"}
    answer = worker.post(reverse("send_referral", args=[case.code]), typed)
    assert answer.status_code == 422
    assert "Ask first" in answer.content.decode()
    cases.consent(case, "services")
    cases.consent(case, "sharing", organization=office)
    assert worker.post(reverse("send_referral", args=[case.code]), typed).status_code == 303
    assert Referral.objects.get().state == "sent"


def test_the_receiver_answers_on_its_own_page_and_then_sees_it_no_longer(client, case):
    office = factories.partner()
    row = cases.referral(case, office, reason="She needs child care")
    receiver = factories.member(Role.PARTNER_REPORTER, organization=office)
    client.force_login(receiver)
    own = reverse("received_referral", args=[row.pk])
    page = client.get(own).content.decode()
    assert str(case) in page
    for hidden in ("She needs child care", case.place.name, "Female", "after 18:00"):
        assert hidden not in page
    assert client.get(reverse("case_plan", args=[case.code])).status_code == 404
    client.post(reverse("accept_referral", args=[row.pk]))
    assert client.post(reverse("complete_received", args=[row.pk]), {"outcome": "received"}).status_code == 303
    assert client.get(own).status_code == 404
    row.refresh_from_db()
    assert row.state == "completed"


def test_a_contact_is_recorded_and_its_next_step_waits_in_my_work(worker, case):
    typed = {
        "happened_on": TODAY.isoformat(), "kind": "phone", "result": "not_found", "next_step": "contact", "next_on": TODAY.isoformat(),
        "note": "Rang twice",
    }  # fmt: skip
    assert worker.post(reverse("record_contact", args=[case.code]), typed).status_code == 303
    (due,) = todo.due_for(case.caseworker)
    assert (due.code, due.act, due.day, due.is_late) == (str(case), "Contact again", TODAY, False)
    assert "You may call." in due.rule
    later = typed | {"result": "done", "next_step": "", "next_on": ""}
    worker.post(reverse("record_contact", args=[case.code]), later)
    assert todo.due_for(case.caseworker) == []


def test_a_profile_that_is_saved_says_which_questions_still_stand_open(worker, case):
    asked = {question.key: question for question in profile.questions() if question.choices}
    typed = {key: question.choices[0][0] for key, question in asked.items()}
    address = reverse("case_profile", args=[case.code])
    said = worker.post(address, {key: value for key, value in typed.items() if key not in ("reads", "debt")}, follow=True).content.decode()
    assert f"needed before the profile is complete: {asked['reads'].label}, {asked['debt'].label}." in said
    assert "Saved. The profile is complete." in worker.post(address, typed, follow=True).content.decode()


def test_an_offer_shows_why_it_fits(worker, case, world):
    offers.record(
        program=world.project.program, kept_by=world.partner, by=case.caseworker, title="Welding", sector="metal", kind="training",
        provider="Centre", place=world.place, for_women="no",
    )  # fmt: skip
    page = worker.get(reverse("case_offers", args=[case.code])).content.decode()
    assert "in the same area" in page
    assert "not open to women" in page
    assert "Does not fit now" in page


def test_without_a_survey_in_force_the_page_says_so(worker, case):
    wave = followup.baseline(case, by=case.caseworker)
    answer = worker.get(reverse("assess", args=[case.code, wave.pk]), follow=True)
    assert "No version of the reintegration survey is in force" in answer.content.decode()
