"""One person's way as two people keep it: child check, notice and consent, screening by two, profile, plan, service, baseline, completion,
the follow-up after six months with its survey, and the figure that comes of it, reported on a phone and accepted by somebody else."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from dashboard.demo.clock import at
from programs.models import IndicatorDefinition, Membership
from reintegration import groundwork, profile
from reintegration.models import Case, ChildHandover, IntakeDraft
from reporting import tasks
from reporting.models import Figure
from surveys import instruments
from surveys.models import InstrumentVersion
from tests import cases, factories
from tests.browser.conftest import at_rest
from tests.browser.reporting import send_and_accept

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TODAY = timezone.localdate()
BEGAN, COMPLETED = TODAY - timedelta(days=300), TODAY - timedelta(days=190)
# Everything that a caseworker chooses by hand; all other questions of the profile get their first answer.
PROFILE = {"reads": "yes", "skill": "metal", "livelihood": "craft"}


@pytest.fixture
def on(visit):
    """``with on(day)``: the portal's own clock stands at noon of that day, in the server's thread too. Before it moves on, every page is at
    rest: what a page still asks for would find that its session ended days ago."""

    @contextmanager
    def stand(day: date):
        with at(datetime.combine(day, time(12), UTC)):
            yield
            for page in visit.pages:
                at_rest(page)

    return stand


@pytest.fixture
def world():
    administrator = factories.member(Role.ADMINISTRATOR)
    starts = date(TODAY.year - 1, 1, 1)
    made = factories.world("PPS-01", starts_on=starts, ends_on=date(TODAY.year, 12, 31))
    call_command("load_library", stdout=StringIO())
    for code in ("DDR-7", "DDR-1c"):
        made.indicator(IndicatorDefinition.objects.library().get(code=code))
    now = next(number for number, period in enumerate(made.periods) if period.starts_on <= TODAY <= period.ends_on)
    made.periods = [made.open(now)]
    groundwork.put_notice(version="1", language="Nuer", text="We write a code, never your name.", by=administrator)
    groundwork.put_protection_contact(name="Child protection desk", place=made.place, phone="+211 900", by=administrator)
    instruments.load_shipped()
    instruments.activate(InstrumentVersion.objects.get(instrument__code="reintegration-equal-weights"), by=administrator)
    made.worker, made.supervisor = cases.caseworker(made), cases.supervisor(made)  # type: ignore[attr-defined]
    Membership.objects.update(starts_on=starts)  # they worked here before today
    return made


def fill(page, **given):
    """Type and choose by the names of the form's fields; what the page lacks fails."""
    for name, value in given.items():
        field = page.locator(f"[name='{name}']")
        kind = field.first.evaluate("one => one.tagName + ':' + one.type")
        if kind == "INPUT:radio":
            page.locator(f"[name='{name}'][value='{value}']").check()
        elif kind.startswith("SELECT"):
            field.select_option(value)
        else:
            field.fill(str(value))


def press(page, name):
    page.get_by_role("button", name=name, exact=True).first.click()
    page.wait_for_load_state()


def act(page, case, key, button, **given):
    page.goto(reverse("case_act", args=[case.code, key]))
    fill(page, **given)
    press(page, button)
    assert page.url.endswith(reverse("case", args=[case.code])), page.locator("main").inner_text()[:600]


def confirm(page, case):
    page.goto(reverse("case", args=[case.code]))
    press(page, "Confirm the step")


def intake(page, world, axe) -> Case:
    """On a phone: somebody who may be a child is sent to child protection, then an adult is taken in, in two sittings."""
    page.goto(reverse("child_check"))
    assert axe(page) == []
    fill(page, adult="no")
    press(page, "Begin the intake")
    page.get_by_text("Child protection desk").wait_for()
    assert not IntakeDraft.objects.exists()
    assert not ChildHandover.objects.exists()

    page.goto(reverse("child_check"))
    notice = page.locator("[name=notice] option").nth(1).get_attribute("value")
    fill(page, adult="yes", age_band="25-35", notice=notice, notice_method="oral_witness", basis="consent")
    press(page, "Begin the intake")
    assert axe(page) == []
    fill(page, sex="female", source="community", may_call="no")
    press(page, "Keep it and go on later")
    page.get_by_role("link", name=re.compile("^Begun")).click()
    assert page.locator("[name=may_call][value=no]").is_checked()
    fill(page, place=world.place.code, visit="yes", visit_where="at the market", never_mention="the training")
    press(page, "Open the case")
    page.get_by_text("Give the person the code.").wait_for()
    return Case.objects.get()


def answer_survey(page, better):
    """Every question gets its best answer but one, or its middle one; no sign of distress."""
    page.wait_for_load_state()  # a link leads here; a page that is not all there has not all its questions
    page.evaluate(
        """better => document.querySelectorAll('main fieldset').forEach(set => {
            const all = [...set.querySelectorAll('input[type=radio]')].filter(one => one.value);
            if (all.length) all[Math.min(all.length - 1, better ? 0 : 1)].checked = true; })""",
        better,
    )
    fill(page, R27="rarely", R28="no")
    press(page, "Keep the answers")


def test_from_intake_to_the_figure_in_an_accepted_report(world, visit, on, axe):
    with on(BEGAN):
        phone = visit(world.worker, phone=True)
        case = intake(phone, world, axe)
        act(phone, case, "step", "Record the step", interviewer="same_sex")
    with on(BEGAN + timedelta(days=1)):
        confirm(visit(world.supervisor), case)
    with on(BEGAN + timedelta(days=12)):
        phone = visit(world.worker, phone=True)  # who comes back after days signs in anew
        act(phone, case, "step", "Record the step", deciding_body="Commission", decision_code="E-7", category="ASSOC")
        for purpose in ("services", "follow_up"):
            act(phone, case, "consent", "Record the answer", purpose=purpose, answer="yes", notice=str(case.notice_id), method="oral_witness",
                until=TODAY + timedelta(days=90))  # fmt: skip
        phone.goto(reverse("case_profile", args=[case.code]))
        assert axe(phone) == []
        fill(phone, **{q.key: PROFILE.get(q.key, q.choices[0][0]) for q in profile.questions() if q.choices})
        press(phone, "Save the profile")
        act(phone, case, "step", "Record the step")
        plan(phone, case)
    with on(BEGAN + timedelta(days=14)):
        phone, supervisor = visit(world.worker, phone=True), visit(world.supervisor)
        supervisor.goto(reverse("case_plan", args=[case.code]))
        press(supervisor, "Approve this version")
        act(phone, case, "step", "Record the step")
        act(phone, case, "step", "Record the step")
        served(phone, case)
        phone.goto(reverse("case_follow_ups", args=[case.code]))
        press(phone, "Open the baseline")
        phone.get_by_role("link", name="Hold the survey").click()
        answer_survey(phone, better=False)
    with on(COMPLETED):
        act(visit(world.worker, phone=True), case, "step", "Record the step")
    case.refresh_from_db()
    assert (case.state, case.completed_on) == ("completed", COMPLETED)

    wide = visit(world.worker)
    wide.goto(reverse("cases"))
    wide.get_by_text("Follow-up at 6 months").first.wait_for()  # late by now, and on today's list
    wide.goto(reverse("case_follow_ups", args=[case.code]))
    assert axe(wide) == []
    row = wide.locator("tr", has=wide.get_by_text("6 months", exact=True))
    row.get_by_role("link", name="Hold the survey").click()
    answer_survey(wide, better=True)
    row.get_by_role("link", name="Settle").click()
    fill(wide, on=TODAY, livelihood="self_employed", movement="stayed")
    press(wide, "The person was reached")
    wide.get_by_text("Works on own account").wait_for()
    scores = wide.locator("tr", has=wide.get_by_text("All answers")).locator("td")
    assert float(scores.nth(1).inner_text()) > float(scores.nth(0).inner_text())

    reported(world, visit, case)


def plan(page, case):
    page.goto(reverse("case_plan", args=[case.code]))
    press(page, "Start the plan")
    page.get_by_role("link", name="Write a goal").click()
    fill(
        page,
        strand="economic",
        title="Welds on own account",
        roles="participant: attends the course\ncaseworker: visits",
        target="140",
        unit="hours",
    )
    press(page, "Keep the goal")
    page.get_by_role("link", name="Ask for approval").click()
    press(page, "Ask the supervisor")


def served(page, case):
    page.goto(reverse("give_service", args=[case.code]))
    fill(page, kind="vocational", strand="economic", starts_on=BEGAN + timedelta(days=14), dose="140", dose_unit="hours")
    press(page, "Record the service")
    assert case.services.count() == 1


def reported(world, visit, case):
    """The records fill the draft by themselves; a reporter submits it on a phone, somebody else accepts."""
    tasks.count_records()
    reporter = visit(world.reporter, phone=True)
    report = ["PPS-01", world.period.code, world.partner.pk]
    reporter.goto(reverse("report", args=report))
    ratio = world.project.indicators.get(definition__code="DDR-7")
    total = world.project.indicators.get(definition__code="DDR-1c")
    assert reporter.locator(f"[name='f:{total.pk}:{world.place.pk}:']").input_value() == "1"
    assert case.code not in reporter.content()
    send_and_accept(reporter, visit(world.mande), report, sentence="From the cases.")
    counting = Figure.objects.counting().filter(disaggregation__key="")
    assert set(counting.values_list("indicator", "value", "numerator", "denominator")) == {
        (total.pk, 1, None, None), (ratio.pk, None, 1, 1)
    }  # fmt: skip
    assert counting.first().submission.submitted_by != world.worker
    opened = AuditEvent.objects.filter(event="case.read", subjects__key=str(case.pk)).values_list("actor", flat=True)
    assert set(opened) == {f"user:{world.worker.pk}", f"user:{world.supervisor.pk}"}, "only the two who keep it opened the file"
