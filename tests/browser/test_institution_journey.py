"""Support to a police command as people do it: no plan before a second person has decided, and what happened without is seen everywhere."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from institutions import profiles
from programs import calendar, framework
from programs.models import ActivityRecord, IndicatorDefinition, SupportClearance, WorkPlanLine
from reporting import prefill
from reporting.models import Figure
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world():
    """A project that works with a command and a station below it, reports support under clearance, and has the present quarter open."""
    today = timezone.localdate()
    made = factories.world("INS-01", starts_on=date(today.year, 1, 1), ends_on=date(today.year, 12, 31))
    call_command("load_library", stdout=StringIO())
    definition = IndicatorDefinition.objects.library().get(code="INS-11")
    framework.assign(
        framework.add_indicator(made.result, by=made.manager, definition=definition),
        by=made.manager,
        partner=made.partner,
        places=[made.place],
    )
    made.project.manager = made.manager
    made.project.save()
    made.officer = factories.member(Role.INSTITUTION_OFFICER, project=made.project)
    made.decider = factories.member(Role.CLEARANCE_DECIDER)
    made.periods = [p for p in made.periods if p.starts_on <= today <= p.ends_on]
    calendar.open_due()
    where = {"project": made.project, "partner": made.partner, "place": made.place, "by": made.officer}
    made.command = profiles.record(kind="police_command", name="County Police Command", **where)
    made.station = profiles.record(kind="police_station", name="River Police Station", parent=made.command, **where)
    return made


def fill(page, **given):
    for name, value in given.items():
        field = page.locator(f"[name='{name}']").first
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(str(value))
        else:
            field.fill(str(value))


def test_support_is_planned_after_a_second_person_decided_and_flagged_where_nobody_did(world, visit, axe):
    today = timezone.localdate()
    # The manager drafts a training of the command; it cannot be planned.
    manager = visit(world.manager)
    manager.goto(reverse("add_line", args=["INS-01"]))
    fill(
        manager, code="1.1", title="Community policing training", partner=world.partner.pk, starts_on=today, ends_on=today + timedelta(days=20),
        supports=world.command.organization_id,
    )  # fmt: skip
    manager.locator("main form button[type=submit]").last.click()
    line = WorkPlanLine.objects.get(code="1.1")
    assert _move(manager, line) == "draft"
    manager.get_by_text("Not cleared").first.wait_for()

    # The officer prepares the due diligence on a phone and cannot decide it.
    officer = visit(world.officer, phone=True)
    officer.goto(reverse("institution", args=[world.command.pk]))
    officer.get_by_role("heading", name="Support is not cleared").wait_for()
    assert axe(officer) == []
    officer.get_by_role("link", name="Begin a due diligence").click()
    fill(
        officer, project=world.project.pk, support="Community policing training", support_kind="training", scope="in",
        scope_reason="It raises operational capability.", record="No case in two years.", command="One commander.", oversight="An inspector.",
        conduct="Two complaints.", ability_to_mitigate="Officers can be moved.", political="Calm.", likelihood=2, severity=3,
    )  # fmt: skip
    officer.locator("main form button[type=submit]").last.click()
    officer.get_by_role("link", name="Add a measure").click()
    fill(officer, text="Check the record of each trainee", owner=world.reporter.pk, due_on=today + timedelta(days=9))
    officer.locator("main form button[type=submit]").last.click()
    officer.get_by_role("button", name="Send to the decision").click()
    officer.get_by_role("button", name="Take it back").wait_for()
    assert officer.get_by_role("link", name="Decide").count() == 0
    assert _move(manager, line) == "draft", "sent is not decided"

    # Somebody who neither prepared it nor manages the project decides; then the plan passes.
    decider = visit(world.decider)
    decider.goto(reverse("due_diligence"))
    decider.locator("main").get_by_role("link", name="County Police Command").first.click()
    decider.get_by_role("link", name="Decide").click()
    decider.get_by_label("Proceed with mitigation").check()
    fill(decider, reason="The commander acts on complaints.", conditions="Trainees are screened.", valid_until=today + timedelta(days=100))
    decider.locator("main form button[type=submit]").last.click()
    decider.get_by_text("In force").first.wait_for()
    assert SupportClearance.objects.get().decided_by == world.decider
    assert _move(manager, line) == "planned"

    # At the station nobody asked: what was given is recorded all the same, and flagged.
    officer.goto(reverse("institution", args=[world.station.pk]))
    officer.get_by_role("link", name="Record support").first.click()
    fill(officer, kind="equipment", title="2 radios", happened_on=today, quantity=2)
    officer.locator("main form button[type=submit]").last.click()
    officer.get_by_text("1 support happened without clearance.").wait_for()
    officer.get_by_text("Without clearance").first.wait_for()
    assert axe(officer) == []
    officer.goto(reverse("record_support", args=[world.command.pk]))
    fill(officer, kind="training", title="Community policing I", happened_on=today, people=30, test_before=48, test_after=71, tested=29)
    officer.locator("main form button[type=submit]").last.click()
    officer.get_by_text("Community policing I").first.wait_for()
    assert officer.get_by_text("happened without clearance").count() == 0

    # The overview counts it, the list finds it, and the figure says one of two.
    manager.goto(reverse("overview"))
    manager.get_by_text("1 support to an institution happened without clearance and is not cured.").wait_for()
    manager.goto(reverse("institutions") + "?support=flagged")
    manager.get_by_role("link", name="River Police Station").first.wait_for()
    assert manager.get_by_role("link", name="County Police Command").count() == 0
    prefill.sweep()
    figure = Figure.objects.get(indicator__definition__code="INS-11", submission__period=world.period)
    assert (figure.numerator, figure.denominator, figure.source) == (Decimal(1), Decimal(2), "records")
    reporter = visit(world.reporter, phone=True)
    reporter.goto(reverse("report", args=["INS-01", world.period.code, world.partner.pk]))
    reporter.get_by_text(re.compile("counted from the records")).first.wait_for()

    assert ActivityRecord.objects.without_clearance().get().supports == world.station.organization
    told = set(AuditEvent.objects.filter(event__startswith="due_diligence.").values_list("event", flat=True))
    assert {"due_diligence.begun", "due_diligence.sent", "due_diligence.opened", "due_diligence.decided"} <= told


def _move(page, line):
    """Try to plan the line on the work plan; what it is afterwards."""
    page.goto(reverse("work_plan", args=[line.project.code]))
    page.locator(f"#move-{line.pk}").select_option("planned")
    page.get_by_role("button", name="Move").first.click()
    page.wait_for_load_state()
    line.refresh_from_db()
    return line.status
