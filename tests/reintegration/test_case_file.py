"""The case page and what leads to it: who sees it, what it leaves behind, and what a stranger learns."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from programs import access
from programs.models import ProjectPartner
from reintegration import casefile, intake, opening
from reintegration.models import Case, CaseContact, FollowUp, IntakeDraft, ProtectionContact, State, StepProposal
from tests import cases, factories
from tests.reintegration.filling import fill

pytestmark = pytest.mark.django_db


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def case(world, worker):
    return cases.case(
        world, caseworker=worker, note="Z-note", safe_contact={"may_call": True, "visit": False, "never_mention": "the group"}
    )


def reads(case) -> int:
    return AuditEvent.objects.filter(event="case.read", subjects__kind="case", subjects__key=str(case.pk)).count()


def test_the_caseworker_and_the_supervisor_open_it_and_each_showing_leaves_one_event(case, worker, supervisor):
    for person, purpose in ((worker, "casework"), (supervisor, "supervision")):
        before = reads(case)
        answer = signed_in(person).get(reverse("case", args=[case.code]))

        assert answer.status_code == 200
        assert str(case) in answer.content.decode()
        assert "the group" in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
        assert reads(case) == before + 1
        assert purpose in AuditEvent.objects.filter(event="case.read").latest("id").detail


def test_a_strangers_case_answers_like_none_at_all(world, case, worker):
    other = cases.caseworker(world)
    client = signed_in(other)
    client.get(reverse("case", args=["000000000"]))
    answers = []
    for key in (case.code, "000000000"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = client.get(reverse("case", args=[key]))
        body = answer.content.decode().replace(key, "KEY")
        kept = {name: value for name, value in answer.headers.items() if name not in {"X-Request-ID", "X-Request-Id", "Content-Length"}}
        answers.append((answer.status_code, body.count("\n"), sorted(kept), len(asked)))

    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert reads(case) == 0


@pytest.mark.parametrize("act", ["case", "case_openings", "case_profile", "open_for_purpose"])
def test_no_page_of_a_case_opens_for_who_has_nothing_to_do_with_it(world, case, act):
    for person in (
        world.manager, world.mande, world.reporter, factories.member(Role.ADMINISTRATOR), factories.member(Role.AUDITOR),
        cases.caseworker(world), factories.member(Role.CASE_SUPERVISOR, organization=factories.partner()),
    ):  # fmt: skip
        assert signed_in(person).get(reverse(act, args=[case.code])).status_code == 404
    assert reads(case) == 0


def test_the_focal_point_states_a_purpose_first_and_only_reads(world, case):
    focal = factories.member(Role.FOCAL_POINT)
    client = signed_in(focal)

    asked = client.get(reverse("case", args=[case.code]))
    assert (asked.status_code, asked["Location"]) == (302, reverse("open_for_purpose", args=[case.code]))
    assert reads(case) == 0
    client.post(asked["Location"], {"purpose": "protection_check"})
    answer = client.get(reverse("case", args=[case.code]))
    assert answer.status_code == 200
    assert "protection_check" in AuditEvent.objects.filter(event="case.read").latest("id").detail
    assert client.get(reverse("case_act", args=[case.code, "safe-contact"])).status_code == 403
    case.accesses.update(ends_at=timezone.now())
    assert client.get(reverse("case", args=[case.code])).status_code == 302


def test_a_deputy_opens_the_cases_of_the_absent_colleague(world, case, worker):
    deputy = factories.user(organization=world.partner)
    worker.organization = world.partner
    worker.save()
    access.deputize(absent=worker, deputy=deputy, until=timezone.localdate(), by=worker)

    assert signed_in(deputy).get(reverse("case", args=[case.code])).status_code == 200


def test_a_new_case_is_opened_where_the_newest_of_ones_own_cases_is(world, worker):
    first, other = factories.project("AAA-01"), factories.project("ZZZ-01")
    for row in (first, other):
        ProjectPartner.objects.create(project=row, organization=world.partner)
    cases.case(world, caseworker=worker, project=other, opened_on=date(2026, 5, 4))
    cases.case(world, caseworker=cases.caseworker(world), project=first, opened_on=date(2026, 6, 4))

    page = signed_in(worker).get(reverse("child_check"))

    assert [project.code for project, _partner in page.context["pairs"]] == ["ZZZ-01", "AAA-01", world.project.code]
    assert page.context["project"] == other


def test_doubt_about_the_age_writes_nothing_and_says_whom_to_call(world, worker):
    ProtectionContact.objects.create(name="Child protection desk", phone="+211 000 000")
    before = AuditEvent.objects.count()

    for given in ({"adult": "no"}, {"adult": "yes", "age_band": "under"}):
        answer = signed_in(worker).post(reverse("child_check"), given)

        page = answer.content.decode()
        assert answer.status_code == 409
        assert str(intake.MayBeChild()) in page
        assert "+211 000 000" in page
        assert reverse("hand_over_children") in page
    assert not IntakeDraft.objects.exists()
    assert not Case.objects.exists()
    assert AuditEvent.objects.filter(event__startswith="intake").count() == 0
    assert AuditEvent.objects.count() >= before


def test_from_the_check_over_an_intake_that_was_left_to_the_case(world, worker):
    client = signed_in(worker)
    begun = client.post(
        reverse("child_check"),
        {
            "adult": "yes", "age_band": "18-24", "pathway": "reintegration", "notice": cases.notice().pk, "notice_method": "oral",
            "notice_given_on": timezone.localdate().isoformat(), "basis": "public_interest",
        },
    )  # fmt: skip
    assert begun.status_code == 303, begun.context["form"].errors
    rest = {"source": "community", "sex": "female", "place": world.place.code, "may_call": "yes", "visit": "no", "who_may_answer": "sister"}
    left = client.post(begun["Location"], {**rest, "sex": "", "later": "1"})
    assert left.status_code == 303
    assert "sister" in client.get(begun["Location"]).content.decode()

    opened = client.post(begun["Location"], rest)

    case = Case.objects.get()
    assert (opened.status_code, opened["Location"]) == (303, reverse("case", args=[case.code]))
    assert case.safe_contact["who_may_answer"] == "sister"
    assert client.get(opened["Location"]).status_code == 200


def test_a_step_goes_over_the_page_and_its_second_person(case, worker, supervisor):
    address = reverse("case_act", args=[case.code, "step"])
    today = timezone.localdate().isoformat()

    refused = signed_in(worker).post(address, {"on": today})
    assert refused.status_code == 422
    assert signed_in(worker).post(address, {"on": today, "interviewer": "same_sex"}).status_code == 303
    assert StepProposal.objects.get().by == worker
    assert "waits for a second person" in signed_in(supervisor).get(reverse("case", args=[case.code])).content.decode()
    signed_in(supervisor).post(reverse("confirm_step", args=[case.code]))
    assert Case.objects.get().state == "screened"


@pytest.mark.parametrize("state", [s for s in State if s not in ("closed", "revoked")])
def test_every_offered_act_shows_its_form_in_every_state(world, worker, state):
    pathway = (
        "ddr_site"
        if state in ("verified", "registered", "terms_signed", "health_screened", "documented", "discharged")
        else "reintegration"
    )
    case = cases.case(world, caseworker=worker, pathway="prevention" if state == "accepted" else pathway, state=state)
    client = signed_in(worker)

    page = client.get(reverse("case", args=[case.code]))
    assert page.status_code == 200
    for one in page.context["acts"]:
        assert client.get(reverse("case_act", args=[case.code, one.key])).status_code == 200, one.key


def test_sealing_takes_the_case_away_and_shows_the_clock(case, worker, supervisor):
    signed_in(worker).post(reverse("case_act", args=[case.code, "seal"]), {"sure": "on"})

    assert signed_in(worker).get(reverse("case", args=[case.code])).status_code == 404
    listed = signed_in(supervisor).get(reverse("sealed_cases")).content.decode()
    assert reverse("erase_case", args=[case.pk]) in listed
    assert str(case) not in listed
    assert signed_in(supervisor).post(reverse("erase_case", args=[case.pk])).status_code == 303
    assert not Case.objects.exists()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_case_page_asks_the_database_eleven_times_however_much_is_in_it(world, case, worker, rows, django_assert_num_queries):
    fill(cases.admitted(case), world, rows)
    client = signed_in(worker)
    client.get(reverse("case", args=[case.code]))
    with django_assert_num_queries(11):
        page = client.get(reverse("case", args=[case.code])).content.decode()

    for words in (f"Goal {rows - 1}", f"R-{rows - 1}", f"Course {rows - 1}", "Legal aid and documents", "the group", str(worker)):
        assert words in page


@pytest.mark.parametrize("rows", [1, 3])
def test_the_supervisor_and_the_focal_point_cost_no_more(world, case, worker, supervisor, rows, django_assert_max_num_queries):
    fill(cases.admitted(case), world, rows)
    focal = factories.member(Role.FOCAL_POINT)
    opening.open_for(case, purpose="complaint", by=focal)
    for person, offered in ((supervisor, True), (focal, False)):
        client = signed_in(person)
        client.get(reverse("case", args=[case.code]))
        with django_assert_max_num_queries(11):
            page = client.get(reverse("case", args=[case.code])).content.decode()
        assert (reverse("record_contact", args=[case.code]) in page) is offered


def test_what_is_due_stands_first_with_the_rule_for_reaching_the_person(world, case, worker):
    today = timezone.localdate()
    cases.admitted(case)
    CaseContact.objects.create(
        case=case,
        happened_on=today,
        kind="phone",
        result="done",
        next_step="contact",
        next_on=today - timedelta(days=2),
        recorded_by=worker,
    )
    FollowUp.objects.create(case=case, wave=3, due_on=today + timedelta(days=4))
    cases.referral(case, factories.partner(), answer_due_on=today - timedelta(days=9))

    file = casefile.CaseFile(Case.objects.get(pk=case.pk), today=today)

    assert [(one.page, one.tone) for one in file.due] == [
        ("case_referrals", "stop"), ("case_contacts", "stop"), ("case_follow_ups", "info"),
    ]  # fmt: skip
    page = signed_in(worker).get(reverse("case", args=[case.code])).content.decode()
    assert page.count("Never mention: the group") == 3, "with each contact that is due, and in its own panel"


def test_rights_come_with_the_row_for_its_reader_only(world, case, worker, supervisor):
    mine = opening.readable(worker).get(pk=case.pk)
    others = cases.caseworker(world)

    assert (opening.may_work(mine, worker), opening.may_supervise(mine, worker)) == (True, False)
    assert (opening.may_work(mine, supervisor), opening.may_supervise(mine, supervisor)) == (True, True)
    assert (opening.may_work(mine, others), opening.may_supervise(mine, others)) == (False, False)
    theirs = opening.readable(supervisor).get(pk=case.pk)
    assert (opening.may_work(theirs, supervisor), opening.may_supervise(theirs, supervisor)) == (True, True)
    Case.objects.filter(pk=case.pk).update(caseworker=others)
    with pytest.raises(access.NotAllowed):
        opening.require_work(mine, worker)
