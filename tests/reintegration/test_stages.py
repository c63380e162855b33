"""The machine: one step after the other, each with its gate, rows that are only added."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from plumbing.refusals import Invalid
from programs.access import NotAllowed
from reintegration import casework, consents, intake, profile, stages
from reintegration.models import (
    Case,
    Concern,
    FollowUp,
    Goal,
    Plan,
    Profile,
    ProgramPathway,
    Referral,
    SkippedState,
    StepProposal,
    Transition,
)
from reintegration.stages import Facts
from tests import cases, factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)
ELIGIBLE = Facts(deciding_body="National commission", decision_code="D-17", category="ASSOC")


@pytest.fixture
def case(world, worker):
    return cases.case(world, caseworker=worker)


def fresh(case):
    return Case.objects.get(pk=case.pk)


def whole_profile(case, by):
    answers = {q.key: q.choices[0][0] for q in profile.questions() if q.choices}
    return profile.save(fresh(case), answers=answers, by=by)


def agreed_plan(case, by, second):
    plan = Plan.objects.create(
        case=case, version=1, state="in_force", agreed_on=DAY, written_by=by, approved_by=second, approved_at=timezone.now()
    )
    Goal.objects.create(plan=plan, strand="economic", title="Finish the course")
    return plan


def at(case, state, worker, supervisor):
    """Walk the reintegration pathway up to a step."""
    stages.advance(case, to="screened", on=DAY, by=worker, facts=Facts(interviewer="same_sex"))
    stages.confirm(case, by=supervisor)
    for step in ("eligible", "profiled", "planned", "active", "completed"):
        if fresh(case).state == state:
            break
        if step == "profiled":
            whole_profile(case, worker)
        if step == "planned":
            agreed_plan(case, worker, supervisor)
        stages.advance(fresh(case), to=step, on=DAY, by=worker, facts=ELIGIBLE if step == "eligible" else stages.NONE)
    return fresh(case)


def test_the_whole_way_leaves_a_row_per_step_and_waves_that_count_from_completion(case, worker, supervisor):
    done = at(case, "", worker, supervisor)

    assert [t.to_state for t in done.transitions.all()] == ["screened", "eligible", "profiled", "planned", "active", "completed"]
    assert done.completed_on == DAY
    assert list(FollowUp.objects.values_list("wave", "due_on")) == [(3, date(2026, 6, 1)), (6, date(2026, 9, 1)), (12, date(2027, 3, 1))]


def test_screening_is_recorded_by_two_people(case, worker, supervisor):
    stages.advance(case, to="screened", on=DAY, by=worker, facts=Facts(interviewer="declined"))

    assert fresh(case).state == "identified"
    with pytest.raises(intake.SecondPersonNeeded):
        stages.confirm(case, by=worker)
    stages.confirm(case, by=supervisor)
    row = Transition.objects.get(case=case)
    assert (row.by, row.second, row.interviewer) == (worker, supervisor, "declined")
    assert not StepProposal.objects.exists()


def test_an_incomplete_profile_says_which_questions_stand_open(case, worker, supervisor):
    at(case, "eligible", worker, supervisor)
    asked = {q.key: q for q in profile.questions() if q.choices}
    answers = {key: question.choices[0][0] for key, question in asked.items() if key not in ("reads", "debt")}
    profile.save(fresh(case), answers=answers, by=worker)
    with pytest.raises(Invalid) as refusal:
        stages.advance(fresh(case), to="profiled", on=DAY, by=worker)
    assert f"Not answered yet: {asked['reads'].label}, {asked['debt'].label}." in str(refusal.value)


def test_a_waiting_step_can_be_taken_back_and_holds_the_others_up(case, worker):
    stages.advance(case, to="screened", on=DAY, by=worker, facts=Facts(interviewer="same_sex"))

    with pytest.raises(stages.StepWaiting):
        stages.ask_to_close(case, exit_reason="withdrew", on=DAY, by=worker)
    stages.take_back(case, by=worker)
    assert not StepProposal.objects.exists()


def test_steps_are_not_jumped_over_and_gates_say_everything_that_is_missing(case, worker, supervisor):
    with pytest.raises(stages.StepNotPossible):
        stages.advance(case, to="eligible", on=DAY, by=worker, facts=ELIGIBLE)
    with pytest.raises(Invalid):
        stages.advance(case, to="screened", on=DAY, by=worker)
    at(case, "screened", worker, supervisor)
    with pytest.raises(Invalid) as refusal:
        stages.advance(case, to="eligible", on=timezone.localdate() + timedelta(days=1), by=worker)
    assert {p.path for p in refusal.value.problems} == {"on", "deciding_body", "decision_code", "category"}


def test_nothing_more_is_written_before_the_decision(case, worker):
    given = {"answer": "yes", "notice": cases.notice(), "method": "oral", "given_on": timezone.localdate(), "by": worker}
    with pytest.raises(casework.NotAdmitted):
        profile.save(case, answers={}, by=worker)
    with pytest.raises(casework.NotAdmitted):
        consents.record(case, purpose="services", **given)
    assert not case.consents.exists()


@pytest.mark.parametrize("decide", [stages.refuse, stages.defer])
def test_consent_follows_the_decision_that_grants_and_no_other(client, case, worker, supervisor, decide):
    given = {"answer": "yes", "notice": cases.notice(), "method": "oral", "given_on": timezone.localdate(), "by": worker}
    client.force_login(worker)
    page = reverse("case", args=[case.code])
    at(case, "screened", worker, supervisor)
    decide(case, on=DAY, by=worker, facts=ELIGIBLE)
    with pytest.raises(casework.NotAdmitted):
        consents.record(case, purpose="services", **given)
    assert "Record consent" not in client.get(page).content.decode()
    if decide is stages.defer:
        stages.resume(case, on=DAY, by=worker, reason="Known now")
    else:
        stages.appeal(case, on=DAY, by=worker, reason="Heard", decision_code="A-1")
    stages.advance(fresh(case), to="eligible", on=DAY, by=worker, facts=ELIGIBLE)
    consents.record(case, purpose="services", **given)
    assert "Record consent" in client.get(page).content.decode()
    stages.close(case, exit_reason="relocated", on=DAY, by=supervisor)
    consents.record(case, purpose="follow_up", **given)
    assert case.consents.in_force().count() == 2


def test_a_plan_and_a_profile_are_asked_for(case, worker, supervisor):
    at(case, "eligible", worker, supervisor)

    with pytest.raises(Invalid, match="profile"):
        stages.advance(case, to="profiled", on=DAY, by=worker)
    profile.save(fresh(case), answers={"reads": "yes"}, by=worker)
    with pytest.raises(Invalid, match="profile"):
        stages.advance(case, to="profiled", on=DAY, by=worker)
    whole_profile(case, worker)
    stages.advance(case, to="profiled", on=DAY, by=worker)
    with pytest.raises(Invalid, match="plan"):
        stages.advance(case, to="planned", on=DAY, by=worker)


def test_a_deferred_case_returns_to_the_step_before(case, worker, supervisor):
    at(case, "screened", worker, supervisor)
    stages.defer(case, on=DAY, by=worker, facts=Facts(deciding_body="Commission", decision_code="W-1"))

    with pytest.raises(Invalid):
        stages.resume(case, on=DAY, by=worker, reason=" ")
    stages.resume(case, on=DAY, by=worker, reason="The answer came")
    assert fresh(case).state == "screened"


def test_an_appeal_counts_within_its_window_only(case, worker, supervisor):
    at(case, "screened", worker, supervisor)
    stages.refuse(case, on=DAY, by=worker, facts=Facts(deciding_body="Commission", decision_code="N-1"))

    assert fresh(case).appeal_until == DAY + timedelta(days=30)
    with pytest.raises(Invalid, match="over"):
        stages.appeal(case, on=DAY + timedelta(days=31), by=worker, reason="Wrong person", decision_code="A-1")
    stages.appeal(case, on=DAY + timedelta(days=30), by=worker, reason="Wrong person", decision_code="A-1")
    assert fresh(case).state == "screened"


def test_a_step_back_needs_a_reason_and_forgets_what_was_decided(case, worker, supervisor):
    at(case, "eligible", worker, supervisor)

    with pytest.raises(Invalid):
        stages.back(case, to="screened", on=DAY, by=worker, reason="")
    stages.back(case, to="screened", on=DAY, by=worker, reason="The roster was wrong")
    assert (fresh(case).state, fresh(case).category) == ("screened", "")
    assert Transition.objects.filter(case=case).count() == 3


def test_a_supervisor_who_is_not_the_caseworker_closes(case, worker, supervisor):
    with pytest.raises(NotAllowed):
        stages.close(case, exit_reason="relocated", on=DAY, by=worker)
    stages.ask_to_close(case, exit_reason="relocated", on=DAY, by=worker)
    with pytest.raises((intake.SecondPersonNeeded, NotAllowed)):
        stages.confirm(case, by=worker)
    stages.confirm(case, by=supervisor)

    closed = fresh(case)
    assert (closed.state, closed.exit_reason, closed.closed_on) == ("closed", "relocated", DAY)


def test_only_what_was_completed_is_closed_as_completed(case, supervisor):
    with pytest.raises(Invalid, match="Completed"):
        stages.close(case, exit_reason="completed", on=DAY, by=supervisor)


def test_a_second_supervisor_reopens_to_the_step_before(world, case, worker, supervisor):
    at(case, "active", worker, supervisor)
    stages.close(case, exit_reason="lost_contact", on=DAY, by=supervisor)

    with pytest.raises(intake.SecondPersonNeeded):
        stages.reopen(case, on=DAY, by=supervisor, reason="Came back")
    with pytest.raises(NotAllowed):
        stages.reopen(case, on=DAY, by=worker, reason="Came back")
    with pytest.raises(Invalid):
        stages.reopen(case, on=DAY, by=cases.supervisor(world), reason=" ")
    stages.reopen(case, on=DAY, by=cases.supervisor(world), reason="Came back")
    assert (fresh(case).state, fresh(case).closed_on, fresh(case).exit_reason) == ("active", None, "")


def test_the_caseworker_asks_to_reopen_and_a_supervisor_approves(client, case, worker, supervisor):
    at(case, "active", worker, supervisor)
    with pytest.raises(stages.StepNotPossible):
        stages.ask_to_reopen(case, on=DAY, by=worker, reason="Came back")
    stages.close(case, exit_reason="lost_contact", on=DAY, by=supervisor)
    client.force_login(worker)
    assert "Ask to reopen" in client.get(reverse("case", args=[case.code])).content.decode()
    body = {"on": DAY.isoformat(), "reason": "Came back"}
    assert client.post(reverse("case_act", args=[case.code, "ask-to-reopen"]), body).status_code == 303
    assert fresh(case).state == "closed"
    client.force_login(supervisor)
    assert "Steps waiting for a second person" in client.get(reverse("cases")).content.decode()
    with pytest.raises(intake.SecondPersonNeeded):
        stages.confirm(case, by=worker)
    stages.confirm(case, by=supervisor)
    last = fresh(case).transitions.latest("number")
    assert (fresh(case).state, last.reason, last.by, last.second) == ("active", "Came back", worker, supervisor)
    assert AuditEvent.objects.filter(event="case.reopened", subjects__key=str(case.pk)).count() == 1


def test_the_authority_revokes_what_was_granted_and_there_is_no_way_back(case, worker, supervisor):
    given = {"on": DAY, "decision_code": "R-9", "deciding_body": "High court"}
    with pytest.raises(stages.StepNotPossible):
        stages.revoke(case, by=supervisor, **given)
    at(case, "profiled", worker, supervisor)
    with pytest.raises(NotAllowed):
        stages.revoke(case, by=worker, **given)
    stages.revoke(case, by=supervisor, **given)

    assert fresh(case).state == "revoked"
    with pytest.raises(stages.StepNotPossible):
        stages.reopen(case, on=DAY, by=supervisor, reason="x")
    with pytest.raises(stages.StepNotPossible):
        stages.back(case, to="screened", on=DAY, by=worker, reason="x")


def test_a_program_leaves_steps_out_only_by_its_settings(world, case, worker):
    offered = ProgramPathway.objects.create(program=world.project.program, pathway="reintegration")
    SkippedState.objects.create(offered=offered, state="screened")

    stages.advance(case, to="eligible", on=DAY, by=worker, facts=ELIGIBLE)

    assert fresh(case).state == "eligible"


def test_prevention_has_its_own_way_without_verification(world, worker, supervisor):
    case = cases.case(world, caseworker=worker, pathway="prevention")

    with pytest.raises(Invalid):
        stages.advance(case, to="accepted", on=DAY, by=worker, facts=Facts(category="XC"))
    stages.advance(case, to="accepted", on=DAY, by=worker, facts=Facts(category="ATRISK_A"))
    agreed_plan(case, worker, supervisor)
    for step in ("planned", "active", "completed"):
        stages.advance(fresh(case), to=step, on=DAY, by=worker)
    assert fresh(case).state == "completed"


def test_the_way_with_a_site_asks_for_consent_terms_health_card_and_county(client, world, worker, supervisor):
    case = cases.case(world, caseworker=worker, pathway="ddr_site", basis="consent")
    at(case, "screened", worker, supervisor)
    with pytest.raises(Invalid):
        stages.advance(case, to="verified", on=DAY, by=worker)
    stages.advance(case, to="verified", on=DAY, by=worker, facts=Facts(verified_by_method="witness"))
    stages.advance(case, to="eligible", on=DAY, by=worker, facts=ELIGIBLE)
    with pytest.raises(Invalid, match="Consent is missing"):
        stages.advance(case, to="registered", on=DAY, by=worker)
    for purpose in ("services", "follow_up"):
        consents.record(case, purpose=purpose, answer="yes", notice=cases.notice(), method="oral", given_on=timezone.localdate(), by=worker)
    stages.advance(case, to="registered", on=DAY, by=worker)
    stages.advance(case, to="terms_signed", on=DAY, by=worker, facts=Facts(form_version="2", form_language="Nuer"))
    whole_profile(case, worker)
    stages.advance(case, to="profiled", on=DAY, by=worker)
    with pytest.raises(Invalid, match="health service"):
        stages.advance(case, to="health_screened", on=DAY, by=worker)
    client.force_login(worker)
    step = reverse("case_act", args=[case.code, "step"])
    assert client.post(step, {"on": DAY.isoformat()}).status_code == 422
    assert client.post(step, {"on": DAY.isoformat(), "health_referral": "yes"}).status_code == 303
    kept = Profile.objects.get(case=case)
    assert (fresh(case).state, kept.answers["needs_health_referral"], kept.completed_at is not None) == ("health_screened", "yes", True)
    with pytest.raises(Invalid, match="armed group"):
        stages.advance(case, to="documented", on=DAY, by=worker)
    stages.advance(case, to="documented", on=DAY, by=worker, facts=Facts(card_without_group=True))
    stages.advance(case, to="discharged", on=DAY, by=worker, facts=Facts(destination=world.place))
    agreed_plan(case, worker, supervisor)
    stages.advance(case, to="planned", on=DAY, by=worker)
    with pytest.raises(Invalid, match="within a year"):
        stages.advance(case, to="active", on=DAY, by=worker, facts=Facts(reinsertion_from=DAY, reinsertion_until=date(2027, 3, 2)))
    stages.advance(case, to="active", on=DAY, by=worker, facts=Facts(reinsertion_from=DAY, reinsertion_until=date(2027, 3, 1)))
    assert fresh(case).reinsertion_until == date(2027, 3, 1)


def test_rows_of_steps_are_never_changed(case, worker, supervisor):
    at(case, "screened", worker, supervisor)

    with pytest.raises(TypeError):
        Transition.objects.filter(case=case).update(to_state="eligible")
    with pytest.raises(TypeError):
        Transition.objects.all().delete()


def test_withdrawal_ends_sharing_and_reminders_at_once(world, worker):
    case = cases.case(world, caseworker=worker, state="eligible", category="ASSOC")
    today = timezone.localdate()
    given = {"notice": cases.notice(), "method": "oral_witness", "given_on": today, "by": worker}
    sharing = consents.record(case, purpose="sharing", answer="yes", service="vocational", **given)
    consents.record(case, purpose="follow_up", answer="yes", **given)
    FollowUp.objects.create(case=case, wave=3, due_on=today)
    referral = Referral.objects.create(
        case=case, to_organization=factories.partner(), service="vocational", contact_route="office", consent=sharing, sent_by=worker,
        answer_due_on=today, expires_on=today,
    )  # fmt: skip

    assert consents.withdraw(case, by=worker) == 1

    referral.refresh_from_db()
    assert (referral.state, referral.deletion_asked_at is not None) == ("withdrawn", True)
    assert FollowUp.objects.get().state == "cancelled"
    assert not case.consents.in_force().exists()
    assert AuditEvent.objects.filter(event="consent.withdrawn").count() == 1
    with pytest.raises(consents.NothingToWithdraw):
        consents.withdraw(case, by=worker)
    assert not Concern.objects.exists()


def test_a_consent_that_ran_out_is_not_in_force(world, worker):
    case = cases.case(world, caseworker=worker, state="eligible", category="ASSOC")
    consents.record(case, purpose="services", answer="yes", notice=cases.notice(), method="oral", given_on=date(2025, 2, 28), by=worker)

    assert not case.consents.in_force().exists()


@pytest.mark.parametrize("decide", [stages.refuse, stages.defer])
def test_a_case_of_a_site_returns_to_verified_as_it_was_verified_before(world, worker, decide):
    case = cases.case(world, caseworker=worker, pathway="ddr_site", state="verified")
    Transition.objects.create(case=case, number=1, to_state="verified", verified_by_method="witness", happened_on=DAY, by=worker)
    decide(case, on=DAY, by=worker, facts=ELIGIBLE)
    if decide is stages.defer:
        again = stages.resume(case, on=DAY, by=worker, reason="Known now")
    else:
        again = stages.appeal(case, on=DAY, by=worker, reason="Heard", decision_code="A-1")
    assert (again.to_state, again.verified_by_method) == ("verified", "witness")
