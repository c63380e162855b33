"""Until somebody is eligible or accepted nothing but the identification is kept: by act, page, API and database; and what stays possible."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from programs.models import ActivityRecord
from reintegration import (
    casefile,
    caseload,
    casework,
    concerns,
    consents,
    contacts,
    danger,
    followup,
    giving,
    intake,
    planning,
    profile,
    referrals,
    stages,
    todo,
)
from reintegration.models import (
    Assessment,
    Case,
    CaseContact,
    Concern,
    Consent,
    FollowUp,
    FollowUpOutcome,
    ItemHandedOver,
    MappedService,
    OverrideRequest,
    Participation,
    Plan,
    Profile,
    ProtectionContact,
    Referral,
    ServiceGiven,
    Transition,
)
from tests import cases, factories
from tests.callers import key_of, with_key
from tests.reintegration import making

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
KEPT = (
    Assessment, CaseContact, Concern, Consent, FollowUp, FollowUpOutcome, ItemHandedOver, OverrideRequest, Participation, Plan, Profile,
    Referral, ServiceGiven,
)  # fmt: skip
UNDECIDED = ("identified", "screened", "verified", "deferred", "ineligible")


@pytest.fixture
def receiver():
    return factories.partner()


def undecided(world, state="identified", **given):
    return cases.case(world, state=state, **given)


def closed_undecided(world):
    return undecided(world, "closed", category="", closed_on=TODAY, exit_reason="withdrew")


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def acts(case, receiver, world):
    """Every act that writes into a case, by name."""
    by, sharing = case.caseworker, {"to": receiver, "service": "legal", "contact_route": "Office"}
    activity = ActivityRecord.objects.create(
        project=world.project, partner=world.partner, place=world.place, kind="training", happened_on=TODAY, recorded_by=world.reporter
    )
    return {
        "contact": lambda: contacts.record(case, happened_on=TODAY, kind="phone", result="done", by=by),
        "concern": lambda: concerns.raise_concern(case, note="Somebody waits at the gate", by=by),
        "factors": lambda: concerns.set_factors(case, push="a", pull="b", protective="c", by=by),
        "profile": lambda: profile.save(case, answers={}, by=by),
        "consent": lambda: consents.record(
            case, purpose="services", answer="yes", notice=case.notice, method="oral", given_on=TODAY, by=by
        ),
        "plan": lambda: planning.start(case, by=by),
        "service": lambda: giving.give_service(case, kind="legal", strand="social", starts_on=TODAY, by=by),
        "item": lambda: giving.hand_over(case, what="Kit", quantity=Decimal(1), receipt_number="R-1", handed_on=TODAY, by=by),
        "activity": lambda: giving.take_part(case, activity=activity, by=by),
        "referral": lambda: referrals.send(case, by=by, **sharing),
        "vital": lambda: referrals.ask_override(case, reason="Life at stake", by=by, **sharing),
        "baseline": lambda: followup.baseline(case, by=by),
    }


@pytest.mark.parametrize("state", [*UNDECIDED, "closed"])
def test_no_act_writes_anything_before_the_decision(world, receiver, state):
    case = closed_undecided(world) if state == "closed" else undecided(world, state, pathway="reintegration")
    for act in acts(case, receiver, world).values():
        with pytest.raises(casework.NotAdmitted):
            act()
    assert not any(model._base_manager.exists() for model in KEPT)
    assert not AuditEvent.objects.exclude(event__startswith="member").filter(subjects__kind="case").exists()


def admitted_then_back(world, supervisor):
    """A case with a next step, a wave, a running service, a draft and a sent referral that then went back behind the decision."""
    case = making.case(world, cases.caseworker(world), pathway="reintegration")
    rows = {
        "contact": making.next_step(case, in_days=-2), "wave": making.wave(case, 0, in_days=-1), "referral": making.referral(case, factories.partner()),
        "service": giving.give_service(case, kind="legal", strand="social", starts_on=TODAY, by=case.caseworker),
        "plan": making.proposed_plan(case),
    }  # fmt: skip
    making.steps(case, ("identified", 60), ("screened", 50), ("eligible", 40), ("active", 30))
    stages.back(case, to="screened", on=TODAY, by=case.caseworker, reason="The roster was wrong")
    case.refresh_from_db()
    for row in rows.values():
        row.refresh_from_db()
        row.case = case
    return case, rows


def test_what_was_begun_before_a_step_back_behind_the_decision_waits_and_nothing_stays_shared(world, supervisor):
    case, rows = admitted_then_back(world, supervisor)
    by = case.caseworker
    assert (rows["referral"].state, rows["referral"].deletion_asked_at is not None) == ("withdrawn", True)
    for act in (
        lambda: contacts.settle(rows["contact"], by=by),
        lambda: followup.settle(rows["wave"], on=TODAY, livelihood="none", by=by),
        lambda: followup.not_found(rows["wave"], on=TODAY, by=by),
        lambda: followup.assess(rows["wave"], answers={}, held_on=TODAY, by=by),
        lambda: giving.end_service(rows["service"], ends_on=TODAY, is_completed=True, by=by),
        lambda: planning.approve(rows["plan"], by=supervisor),
        lambda: planning.send_back(rows["plan"], note="Shorter", by=supervisor),
    ):
        with pytest.raises(casework.NotAdmitted):
            act()
    assert [one.kind for person in (by, supervisor) for one in todo.due_for(person)] == []
    assert caseload.today_list(Case.objects.all(), TODAY) == []
    assert casefile.CaseFile(case, today=TODAY).due == []
    stages.advance(case, to="eligible", on=TODAY, by=by, facts=stages.Facts(deciding_body="B", decision_code="C", category="XC"))
    case.refresh_from_db()
    assert {one.kind for one in todo.due_for(by)} == {"step", "wave"}, "admitted again, it goes on where it stood"


def test_a_step_back_forgets_what_only_the_admitted_have(world):
    case = making.case(world, cases.caseworker(world), is_foreign=True, reinsertion_from=TODAY, reinsertion_until=TODAY, pathway="ddr_site")
    making.steps(case, ("identified", 60))
    Transition.objects.create(case=case, number=2, to_state="verified", verified_by_method="roster", happened_on=TODAY, by=case.caseworker)
    stages.back(case, to="verified", on=TODAY, by=case.caseworker, reason="Anew")
    assert case.transitions.get(number=3).verified_by_method == "roster", "how it was verified still holds"
    case.refresh_from_db()
    assert (case.category, case.is_foreign, case.reinsertion_from, case.reinsertion_until) == ("", None, None, None)


def test_what_the_case_itself_keeps_is_held_by_the_database(world):
    case = undecided(world)
    for wrong in (
        {"category": "XC"}, {"is_foreign": False}, {"programme_modality": "CVR"}, {"reinsertion_until": TODAY}, {"completed_on": TODAY},
        {"state": "eligible"}, {"state": "deferred", "category": "XC"}, {"state": "ineligible", "category": "XC"},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(**wrong)


@pytest.mark.postgres
def test_the_database_too_takes_no_row_before_the_decision(world, receiver):
    case, other = undecided(world), closed_undecided(world)
    for one in (case, other):
        for write in (
            lambda: making.contact(one),  # noqa: B023
            lambda: making.wave(one, 0, in_days=0),  # noqa: B023
            lambda: making.consent(one),  # noqa: B023
            lambda: making.proposed_plan(one),  # noqa: B023
            lambda: Concern.objects.create(case=one, note="A word", raised_by=one.caseworker, expires_on=TODAY),  # noqa: B023
            lambda: Profile.objects.create(case=one, answers={}, updated_by=one.caseworker),  # noqa: B023
        ):
            with pytest.raises(DatabaseError, match="eligible or accepted"), transaction.atomic():
                write()
    making.contact(cases.admitted(case))


def test_every_table_that_hangs_from_a_case_is_guarded_or_belongs_to_the_steps():
    from importlib import import_module

    guarded = set(import_module("reintegration.migrations.0005_nothing_before_the_decision").TABLES)
    hanging = {one.related_model._meta.model_name for one in Case._meta.related_objects}
    assert hanging - guarded == {"transition", "stepproposal", "caseassignment", "caseaccess"}


PAGES = ("record_contact", "tell_concern", "set_factors", "give_service", "hand_over_item", "take_part", "send_referral", "ask_override")


@pytest.mark.parametrize("state", UNDECIDED)
def test_no_page_offers_or_takes_anything_before_the_decision(world, supervisor, state):
    case = undecided(world, state)
    client = signed_in(case.caseworker)
    addresses = [*(reverse(name, args=[case.code]) for name in (*PAGES, "case_profile")), reverse("case_act", args=[case.code, "consent"])]
    file = client.get(reverse("case", args=[case.code])).content.decode()
    parts = "".join(
        client.get(reverse(name, args=[case.code])).content.decode()
        for name in ("case_plan", "case_received", "case_referrals", "case_contacts", "case_follow_ups", "case_offers")
    )
    for address in (*addresses, reverse("start_plan", args=[case.code]), reverse("start_baseline", args=[case.code])):
        assert f'"{address}"' not in file + parts
    for address in addresses:
        for answer in (client.get(address), client.post(address, {"note": "Z-word", "happened_on": TODAY})):
            assert (answer.status_code, answer["Location"]) == (303, reverse("case", args=[case.code]))
    for name in ("start_plan", "start_baseline"):
        client.post(reverse(name, args=[case.code]))
    assert not any(model._base_manager.exists() for model in KEPT)
    said = client.get(reverse("case", args=[case.code])).content.decode()
    assert "record that decision first" in said
    assert str(supervisor) in said


def test_the_pages_say_why_what_to_do_and_whom_to_turn_to(world, supervisor):
    case = undecided(world)
    service = {"program": world.project.program, "kept_by": world.partner, "place": world.place, "recorded_by": case.caseworker}
    MappedService.objects.create(kind="protection", provider="Safe house desk", route="Ask at the clinic", **service)
    MappedService.objects.create(kind="protection", provider="Full house", status="full", **service)
    MappedService.objects.create(kind="savings", provider="Savers", **service)
    ProtectionContact.objects.create(name="Child desk", phone="+211 1")
    ProtectionContact.objects.create(name="Far desk", place=factories.place())
    for name in ("case", "case_contacts"):
        page = signed_in(case.caseworker).get(reverse(name, args=[case.code])).content.decode()
        for words in (
            "Before the decision nothing more is written down",
            str(supervisor),
            "Safe house desk",
            "Ask at the clinic",
            "Child desk",
        ):
            assert words in page
        for link in (*(reverse("case_act", args=[case.code, act]) for act in ("step", "ask-to-close", "seal")), reverse("report_abuse")):
            assert f'"{link}"' in page
        assert not any(words in page for words in ("Full house", "Savers", "Far desk"))
    page = signed_in(case.caseworker).get(reverse("case", args=[case.code])).content.decode()
    assert not any(f'id="{part}"' in page for part in ("plan", "referrals", "received", "offers", "contacts", "followups"))
    assert danger.whom_to_turn_to(cases.admitted(case)) is None
    assert "Before the decision" not in signed_in(case.caseworker).get(reverse("case", args=[case.code])).content.decode()


def test_what_stays_possible_before_the_decision(world, supervisor):
    case, other = undecided(world), undecided(world)
    by = case.caseworker
    intake.change_safe_contact(case, safe_contact={"may_call": False, "visit": True}, by=by)
    stages.advance(case, to="screened", on=TODAY, by=by, facts=stages.Facts(interviewer="same_sex"))
    stages.take_back(case, by=by)
    stages.ask_to_close(case, exit_reason="withdrew", on=TODAY, by=by)
    stages.confirm(case, by=supervisor)
    case.refresh_from_db()
    assert (case.state, case.exit_reason, case.category) == ("closed", "withdrew", "")
    intake.seal_possible_child(other, by=other.caseworker)
    assert not Case.objects.visible_to(other.caseworker).filter(pk=other.pk).exists()


def test_a_case_that_waits_long_for_its_decision_surfaces_and_is_asked_for_nothing_else(world, supervisor):
    worker = cases.caseworker(world)
    long_ago = TODAY - timedelta(days=caseload.silent_days() + 1)
    waits = undecided(world, caseworker=worker, opened_on=long_ago)
    undecided(world, caseworker=worker, opened_on=TODAY)
    found = {flag: list(caseload.flagged(Case.objects.all(), flag, TODAY)) for flag in caseload.FLAGS}
    assert {flag: rows for flag, rows in found.items() if rows} == {"undecided": [waits]}
    ((_label, (due,)),) = caseload.today_list(Case.objects.all(), TODAY)
    assert (due.kind, due.case, due.day, due.contacts_person) == ("undecided", waits, long_ago, False)
    (load,) = caseload.loads(Case.objects.all(), TODAY)
    assert (load.undecided, load.silent, load.without_next, load.late) == (1, 0, 0, 0)
    page = signed_in(supervisor).get(reverse("cases")).content.decode()
    assert (page.count("Waits for a decision"), "No next step</span>" in page) == (2, False), "the filter, and the flag of one case"


def test_who_was_just_decided_on_is_not_silent_for_the_days_before(world):
    long_ago = TODAY - timedelta(days=caseload.silent_days() + 1)
    case = cases.case(world, state="eligible", opened_on=long_ago, state_since=TODAY)
    assert not caseload.flagged(Case.objects.all(), "silent", TODAY)
    Case.objects.filter(pk=case.pk).update(state_since=long_ago)
    assert list(caseload.flagged(Case.objects.all(), "silent", TODAY)) == [case]


@pytest.mark.parametrize("name", ["case", "case_contacts", "case_plan", "case_offers"])
def test_the_pages_of_an_undecided_case_stay_within_twelve_queries(world, supervisor, name, django_assert_max_num_queries):
    case = undecided(world)
    for person in (case.caseworker, supervisor):
        client = signed_in(person)
        client.get(reverse(name, args=[case.code]))
        with django_assert_max_num_queries(12):
            client.get(reverse(name, args=[case.code]))


def test_a_key_meets_the_same_refusal(world, receiver):
    case = undecided(world)
    manager = factories.member(Role.PARTNER_MANAGER, organization=world.partner)
    key = with_key(key_of(world.partner, by=manager, may_work_cases=True))
    body = {"case": str(case.pk), "to_organization": receiver.pk, "service": "legal", "contact_route": "Office"}
    answer = key.post("/referrals/", body)
    assert (answer.status_code, answer.json()["detail"]) == (409, str(casework.NotAdmitted()))
    assert not Referral.objects.exists()
