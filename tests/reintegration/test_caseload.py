from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, PracticeValue, User
from accounts.roles import Permission, Role
from plumbing.refusals import Invalid
from programs import leaving
from programs.access import NotAllowed
from reintegration import assignment, caseload, opening, todo
from reintegration.models import Case, CaseAccess, CaseAssignment, OverrideRequest, StepProposal
from tests import cases, factories
from tests.reintegration import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world("PPS-01")


@pytest.fixture
def worker(world):
    return factories.member(Role.CASEWORKER, organization=world.partner)


@pytest.fixture
def colleague(world):
    return factories.member(Role.CASEWORKER, organization=world.partner)


@pytest.fixture
def supervisor(world):
    return factories.member(Role.CASE_SUPERVISOR, organization=world.partner)


def today():
    return timezone.localdate()


def flags(cases=None):
    rows = Case.objects.all() if cases is None else cases
    return {flag: set(caseload.flagged(rows, flag, today())) for flag in caseload.FLAGS}


def test_flags_are_about_our_work(world, worker):
    late, soon, silent, answered = (making.case(world, worker) for _n in range(4))
    making.next_step(late, in_days=-2)
    making.next_step(soon, in_days=3)
    making.contact(silent, days_ago=31)
    making.contact(silent, days_ago=1, result="not_found")
    making.wave(silent, 3, in_days=30)
    making.contact(answered, days_ago=30)
    making.referral(answered, world.partner, answer_in_days=-1)
    making.proposed_plan(answered)
    assert flags() == {
        "late": {late}, "week": {late, soon}, "silent": {silent}, "no_next": {answered}, "unanswered": {answered}, "approval": {answered},
        "undecided": set(),
    }  # fmt: skip


def test_a_step_that_was_done_is_no_next_step(world, worker):
    row = making.case(world, worker)
    step = making.next_step(row, in_days=-2)
    step.next_done_at = timezone.now()
    step.save()
    assert row in flags()["no_next"]
    assert not flags()["late"]


def test_today_holds_what_is_due_grouped_the_oldest_first_with_the_safe_contact_rule(world, worker):
    one, two, closed = making.case(world, worker), making.case(world, worker), making.case(world, worker)
    making.next_step(one, in_days=0)
    making.next_step(two, in_days=-4)
    making.next_step(closed, in_days=-9)
    making.wave(closed, 3, in_days=7)
    making.wave(two, 6, in_days=8)
    making.referral(one, world.partner, answer_in_days=-5, consent=making.consent(one, until=today() + timedelta(days=10)))
    making.proposed_plan(two)
    Case.objects.filter(pk=closed.pk).update(state="closed", closed_on=today(), exit_reason="withdrew")
    found = [[(due.kind, due.case, due.is_late) for due in things] for _label, things in caseload.today_list(Case.objects.all(), today())]
    assert found == [
        [("step", two, True), ("step", one, False)],
        [("wave", closed, False)],
        [("referral", one, True)],
        [("consent", one, False)],
        [("plan", two, False)],
    ]


def test_what_waits_for_a_second_person_stands_on_the_supervisors_list(client, world, worker):
    row, asked = making.case(world, worker, state="identified"), making.case(world, worker)
    StepProposal.objects.create(case=row, to_state="screened", happened_on=today(), interviewer="same_sex", by=worker)
    OverrideRequest.objects.create(
        case=asked, to_organization=world.partner, service="protection", urgency="at_once", contact_route="Office", reason="Threat", asked_by=worker
    )  # fmt: skip
    found = caseload.today_list(Case.objects.all(), today(), ("override", "confirm", "plan"))
    assert [(due.kind, due.case, due.contacts_person) for _label, things in found for due in things] == [
        ("override", asked, False), ("confirm", row, False)
    ]  # fmt: skip
    supervisor = cases.supervisor(world)
    client.force_login(supervisor)
    text = client.get(reverse("cases")).content.decode()
    assert "Step: Screened" in text
    assert "Steps waiting for a second person" in text
    assert [(one.kind, one.url) for one in todo.due_for(supervisor) if one.kind == "confirm"] == [
        ("confirm", reverse("case", args=[row.code]))
    ]


def test_who_has_completed_is_not_silent(world, worker):
    done = making.case(world, worker, state="completed", completed_on=today())
    making.wave(done, 3, in_days=40)
    assert not caseload.flagged(Case.objects.all(), "silent", today()).exists()


def test_the_page_shows_codes_steps_and_rules_and_no_label_and_records_that_it_was_read(client, world, worker):
    rule = {"may_call": False, "visit": True, "visit_where": "at the market", "never_mention": "the training"}
    row = making.case(world, worker, safe_contact=rule)
    making.next_step(row, in_days=-1)
    client.force_login(worker)
    text = client.get(reverse("cases")).content.decode()
    assert str(row) in text
    assert all(words in text for words in ("Do not call.", "Meet: at the market", "Never mention: the training"))
    assert "Late" in text
    event = AuditEvent.objects.get(event="cases.listed")
    assert event.actor == f"user:{worker.pk}"
    assert row.code not in event.detail


def test_filters_and_order_stand_in_the_address(client, world, worker):
    late, other = making.case(world, worker), making.case(world, worker, pathway="prevention", sex="male")
    making.next_step(late, in_days=-1)
    closed = making.case(world, worker, state="closed", closed_on=today(), exit_reason="withdrew")
    client.force_login(worker)

    def shown(**asked):
        return {row.pk for row in client.get(reverse("cases"), asked).context["list"].rows}

    assert shown() == {late.pk, other.pk}
    assert shown(flag="late") == {late.pk}
    assert shown(pathway="prevention") == {other.pk}
    assert shown(state="closed") == {closed.pk}
    assert shown(code=str(other)) == {other.pk}
    assert shown(place=world.place.pk, ordering="-last") == {late.pk, other.pk}
    assert client.get(reverse("cases"), {"export": "csv"}).status_code == 404


def test_a_caseworker_sees_only_own_cases_a_supervisor_the_partners_a_stranger_none(client, world, worker, colleague, supervisor):
    own, theirs = making.case(world, worker), making.case(world, colleague)
    elsewhere = factories.world("PPS-02")
    foreign = making.case(elsewhere, factories.member(Role.CASEWORKER, organization=elsewhere.partner))
    for person, seen in ((worker, {own}), (supervisor, {own, theirs}), (factories.member(Role.FOCAL_POINT), set())):
        client.force_login(person)
        assert set(client.get(reverse("cases")).context["list"].rows) == seen
        assert not client.get(reverse("cases"), {"code": str(foreign)}).context["list"].rows


def test_a_supervisor_of_the_whole_portal_sees_every_case_and_supervises_it(client, world, worker):
    elsewhere = factories.world("PPS-02")
    cases_ = {making.case(world, worker), making.case(elsewhere, factories.member(Role.CASEWORKER, organization=elsewhere.partner))}
    sealed = making.case(world, worker, sealed_at=timezone.now(), sealed_by=worker, erase_by=timezone.now())
    whole = factories.member(Role.CASE_SUPERVISOR, organization=factories.agency())  # its data is the portal's
    assert set(Case.objects.visible_to(whole)) == cases_
    assert set(Case.objects.visible_to(whole, Permission.SUPERVISE_CASES)) == cases_
    assert set(Case.objects.filter(Case.objects.held_by(whole, Permission.SUPERVISE_CASES))) == {*cases_, sealed}
    assert all(row.supervises for row in opening.readable(whole))
    assert set(Case.objects.visible_to(whole, Permission.OVERSEE_CASES)) == set()
    client.force_login(whole)
    assert set(client.get(reverse("cases")).context["list"].rows) == cases_


def test_cases_are_handed_over_and_the_one_who_had_them_reads_on_for_some_days(world, worker, colleague, supervisor):
    row = making.case(world, worker)
    assignment.hand_over(Case.objects.all(), to=colleague, reason="workload", by=supervisor)
    row.refresh_from_db()
    assert (row.caseworker, row.version) == (colleague, 2)
    assert CaseAssignment.objects.get().caseworker == colleague
    assert Case.objects.visible_to(worker).get() == row
    assert not Case.objects.visible_to(worker, "work_cases").exists()
    CaseAccess.objects.update(ends_at=timezone.now(), starts_at=timezone.now() - timedelta(days=1))
    assert not Case.objects.visible_to(worker).exists()
    assert AuditEvent.objects.filter(event="cases.handed_over").count() == 1


@pytest.mark.parametrize(("reason", "days"), [("left", "14"), ("workload", "0")])
def test_reading_ends_at_once_for_who_left_or_where_the_setting_says_so(reason, days, world, worker, colleague, supervisor):
    PracticeValue.objects.update_or_create(
        key="handed-over-read-days", defaults={"value": days, "seeded": "14", "label": "x", "source": "x"}
    )
    making.case(world, worker)
    assignment.hand_over(Case.objects.all(), to=colleague, reason=reason, by=supervisor)
    assert not Case.objects.visible_to(worker).exists()


def test_a_caseworkers_cases_are_found_by_their_keys_and_not_among_all_of_the_partner(world, worker):
    """An OR of two conditions, one of them a sub-select, makes PostgreSQL read every case."""
    asked = str(Case.objects.visible_to(worker).query)
    assert "UNION ALL" in asked
    assert " OR " not in asked


def test_only_a_supervisor_hands_over_and_only_to_who_may_work_there(world, worker, colleague, supervisor):
    making.case(world, worker)
    with pytest.raises(NotAllowed):
        assignment.hand_over(Case.objects.all(), to=colleague, reason="workload", by=worker)
    stranger = factories.member(Role.CASEWORKER, organization=factories.partner())
    with pytest.raises(Invalid):
        assignment.hand_over(Case.objects.all(), to=stranger, reason="workload", by=supervisor)
    with pytest.raises(assignment.NothingToHandOver):
        assignment.hand_over(Case.objects.all(), to=worker, reason="workload", by=supervisor)
    assert not CaseAssignment.objects.exists()


def test_the_page_hands_over_chosen_cases_and_a_whole_caseload(client, world, worker, colleague, supervisor):
    one, two = making.case(world, worker), making.case(world, worker)
    client.force_login(supervisor)
    page = client.get(reverse("hand_over_cases"), {"case": [one.pk]})
    assert "Hand over 1 case" in page.content.decode()
    sent = client.post(reverse("hand_over_cases"), {"case": [str(one.pk)], "to": colleague.pk, "reason": "workload"})
    assert sent.status_code == 303
    assert set(Case.objects.filter(caseworker=colleague)) == {one}
    sent = client.post(reverse("hand_over_cases"), {"from": worker.pk, "to": colleague.pk, "reason": "left"})
    assert sent.status_code == 303
    assert set(Case.objects.filter(caseworker=colleague)) == {one, two}
    assert client.get(reverse("hand_over_cases"), {"case": ["nonsense"]}).status_code == 400
    client.force_login(worker)
    assert client.get(reverse("hand_over_cases"), {"case": [one.pk]}).status_code == 404


def test_the_team_page_shows_load_and_quality_for_who_supervises(client, world, worker, colleague, supervisor):
    PracticeValue.objects.update_or_create(key="caseload-agreed", defaults={"value": "1", "seeded": "40", "label": "x", "source": "x"})
    late, quiet = making.case(world, worker), making.case(world, worker)
    making.next_step(late, in_days=-1)
    making.referral(quiet, world.partner, answer_in_days=-1)
    making.case(world, colleague)
    client.force_login(supervisor)
    loads = client.get(reverse("case_team")).context["loads"]
    assert [(one.person, one.open, one.over, one.late, one.unanswered, one.without_next, one.silent) for one in loads] == [
        (worker, 2, 1, 1, 1, 1, 1),
        (colleague, 1, 0, 0, 0, 1, 1),
    ]
    client.force_login(worker)
    assert client.get(reverse("case_team")).status_code == 404


@pytest.mark.parametrize(
    ("name", "role", "queries"),
    [("cases", Role.CASEWORKER, 12), ("cases", Role.CASE_SUPERVISOR, 12), ("case_team", Role.CASE_SUPERVISOR, 10)],
)
def test_the_pages_take_as_many_queries_with_three_cases_as_with_one(name, role, queries, client, world, django_assert_num_queries):
    person = factories.member(role, organization=world.partner)
    worker = person if role == Role.CASEWORKER else factories.member(Role.CASEWORKER, organization=world.partner)
    client.force_login(person)
    client.get(reverse(name))
    for number in range(3):
        row = making.case(world, worker)
        making.next_step(row, in_days=-1)
        making.referral(row, world.partner, answer_in_days=-1)
        making.proposed_plan(row)
        making.wave(row, 3, in_days=1)
        if number in (0, 2):
            with django_assert_num_queries(queries):
                client.get(reverse(name))


def test_open_cases_and_begun_intakes_follow_the_role_of_somebody_who_leaves(world, worker, supervisor):
    open_case = making.case(world, worker)
    closed = making.case(world, worker, state="closed", closed_on=today(), exit_reason="withdrew")
    elsewhere = making.case(factories.world("PPS-02"), worker)  # no role there any more: it stays for its supervisor
    successor = factories.user(organization=world.partner)

    leaving.hand_over(worker, to=successor, by=factories.member(Role.ADMINISTRATOR))

    assert set(Case.objects.filter(caseworker=successor)) == {open_case}
    assert set(Case.objects.filter(caseworker=worker)) == {closed, elsewhere}
    assert Case.objects.visible_to(User.objects.get(pk=successor.pk)).get() == open_case
    assert CaseAssignment.objects.get().reason == CaseAssignment.Reason.LEFT
    assert json.loads(AuditEvent.objects.get(event="cases.handed_over").detail)["cases"] == 1
    assert json.loads(AuditEvent.objects.get(event="person.handed_over").detail)["cases"] == 1
