"""A community's quarter as people live it: incidents raise an early warning, it is answered, a forum decides, a commitment is kept, a
dispute stays settled, and the figures of all that land in the partner's report and are accepted."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message
from accounts.roles import Role
from communities import early_warnings, forums
from communities.models import Commitment, Dispute, EarlyWarning, Incident
from reporting import prefill
from reporting.models import Figure
from tests import factories
from tests.browser.reporting import send_and_accept

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BOUND = {
    "EW-1": "communities.warnings.answered_in_time",
    "CO-1": "communities.commitments.kept",
    "DI-1": "communities.disputes.holding",
}


def ago(days: int) -> str:
    return (timezone.localdate() - timedelta(days=days)).isoformat()


@pytest.fixture
def world():
    """A project whose period of these days is open, with a community that has its own alarm line and somebody who answers."""
    today = timezone.localdate()
    factories.dimension("sex", "female", "male", "unknown")
    made = factories.world("DIA-01", starts_on=today - timedelta(days=120), ends_on=today + timedelta(days=250), time_zone="UTC")
    made.periods = [period for period in made.periods if period.ends_on >= today]
    made.project.manager = made.manager
    made.project.save()
    made.indicator(factories.ratio("EW-1", title="Warnings answered in time", over_time="per_period", computed_by=BOUND["EW-1"]))
    made.indicator(factories.ratio("CO-1", title="Commitments kept", over_time="per_period", computed_by=BOUND["CO-1"]))
    made.indicator(factories.definition("DI-1", title="Settlements that hold", over_time="snapshot", computed_by=BOUND["DI-1"]))
    made.open()
    made.officer = factories.member(Role.COMMUNITY_OFFICER, program=made.project.program)
    made.responder = factories.member(Role.COMMUNITY_OFFICER, program=made.project.program)
    made.community = factories.community(made, name="Renk town", monitors=3)
    early_warnings.set_threshold(made.community, by=made.officer, minimum=2, responder=made.responder)
    made.forum = forums.start_forum(
        name="Renk peace committee", kind="committee", started_on=today - timedelta(days=100), project=made.project, partner=made.partner,
        place=made.place, community=made.community, by=made.officer,
    )  # fmt: skip
    return made


def fill(page, button: str, **values: str) -> None:
    """Fill a form by the names of its fields and send it."""
    for name, value in values.items():
        field = page.locator(f"[name='{name}']")
        if field.first.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        elif field.first.get_attribute("type") in {"radio", "checkbox"}:
            page.locator(f"[name='{name}'][value='{value}']").check()
        else:
            field.fill(value)
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_load_state()


def test_from_an_incident_to_an_accepted_figure(world, visit, axe):
    an_alert_is_raised_and_answered(world, visit, axe)
    a_forum_decides_and_a_commitment_is_kept(world, visit)
    a_dispute_is_settled_and_still_holds(world, visit)
    the_figures_land_in_the_report(world, visit)
    rows = Figure.objects.counting().values_list("indicator__code", "value", "numerator", "denominator")
    one = Decimal(1)
    assert set(rows) == {("DI-1", one, None, None), ("EW-1", None, one, one), ("CO-1", None, one, one)}


def an_alert_is_raised_and_answered(world, visit, axe):
    monitor = visit(world.reporter, phone=True)
    for days, kind in ((2, "threat"), (1, "property")):
        monitor.goto(f"{reverse('record_incident')}?community={world.community.pk}")
        monitor.get_by_text("Adults harmed, by sex and age").click()
        facts = {"type": kind, "event_date": ago(days), "source": "community monitor", "text": "Two herders were hurt at the north point"}
        fill(monitor, "Save the incident", **facts, **{"harm_injured_male_18-29": "2"})
        monitor.get_by_text("The incident is saved.").wait_for()
    assert (Incident.objects.count(), Incident.objects.first().harm.get().number) == (2, 2)
    assert early_warnings.sweep() == 1
    assert Message.objects.get(recipient=world.responder).line == "An early warning waits for an answer."

    responder = visit(world.responder, phone=True)
    responder.goto(reverse("community", args=[world.community.pk]))
    responder.get_by_text("Open, nobody has answered").wait_for()
    responder.get_by_text("Moving together is not proof of cause.").wait_for()
    assert axe(responder) == []
    responder.get_by_role("button", name="Acknowledge").click()
    responder.get_by_text("You have acknowledged the warning.").wait_for()
    responder.get_by_role("link", name="Record a response").click()
    fill(responder, "Save the response", response="The committee met both sides at the north point.")
    responder.get_by_text("The response is saved.").wait_for()
    responder.goto(reverse("decide_warning", args=[EarlyWarning.objects.get().pk]))
    fill(responder, "Close the warning", decision="acted")
    responder.get_by_text("The warning is closed.").wait_for()


def a_forum_decides_and_a_commitment_is_kept(world, visit):
    officer, own = visit(world.officer), [world.forum.pk]
    officer.goto(reverse("record_session", args=own))
    fill(officer, "Record the session", happened_on=ago(1), topic="The north water point", people_present="14", women="5", men="9")
    officer.goto(reverse("record_decision", args=own))
    fill(officer, "Record the decision", text="Both sides use the north point on set days", decided_on=ago(1))
    officer.goto(reverse("promise_in_forum", args=own))
    fill(officer, "Record the commitment", text="Mark the way to the north point", who="County land office", due_on=ago(0))
    commitment = Commitment.objects.get()
    officer.goto(reverse("keep_commitment", args=[commitment.pk]))
    fill(officer, "Record that it was kept", on=ago(0), source="visit report", text="Stones stand along the way")
    officer.get_by_text("Recorded as kept.").wait_for()
    commitment.refresh_from_db()
    assert (commitment.state, commitment.evidence.get().text) == ("kept", "Stones stand along the way")


def a_dispute_is_settled_and_still_holds(world, visit):
    officer = visit(world.officer)
    officer.goto(reverse("open_dispute"))
    where = {"for": f"{world.project.pk}:{world.partner.pk}", "place": world.place.code, "community": str(world.community.pk)}
    said = {"title": "A herd in the crops", "kind": "land", "opened_on": ago(118), "role_1": "farmers", "women_1": "4", "role_2": "herders"}
    fill(officer, "Record the dispute", **where, **said)
    officer.get_by_text("The dispute is recorded.").wait_for()
    row = Dispute.objects.get()
    officer.goto(reverse("mediate_dispute", args=[row.pk]))
    fill(officer, "Record the mediation", on=ago(110), kind="chiefs", women="1", men="3")
    officer.goto(reverse("settle_dispute", args=[row.pk]))
    fill(officer, "Record the settlement", on=ago(100), terms="The herd stays off the farms until the harvest ends.")
    officer.goto(reverse("community_due"))
    officer.get_by_role("link", name=re.compile("A herd in the crops")).first.click()
    officer.get_by_text("The herd stays off the farms until the harvest ends.").wait_for()
    fill(officer, "Record the answer", on=ago(0), holds="yes")
    officer.get_by_text("The answer is recorded.").wait_for()
    row.refresh_from_db()
    assert (row.state, row.follow_ups.get(checked_on__isnull=False).holds) == ("agreed", True)


def the_figures_land_in_the_report(world, visit):
    assert prefill.sweep() >= 1
    reporter = visit(world.reporter)
    report = [world.project.code, world.period.code, world.partner.pk]
    reporter.goto(reverse("report", args=report))
    total = reporter.locator(f"[name='f:{world.project.indicators.get(code='DI-1').pk}:{world.place.pk}:']")
    assert total.input_value() == "1"
    send_and_accept(reporter, visit(world.mande), report, sentence="Counted from the records.")
