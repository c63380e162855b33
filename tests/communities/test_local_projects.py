"""A local project goes from minutes to hand-over, and is looked at again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from communities import local_projects
from communities.models import LocalProject
from plumbing.dates import months_after
from plumbing.refusals import Invalid
from programs import access
from tests.communities.peace import ago, make_peace

pytestmark = pytest.mark.django_db


@pytest.fixture
def peace():
    return make_peace()


def test_a_project_without_minutes_was_selected_by_nobody(peace):
    with pytest.raises(ValidationError):
        peace.local_project(minutes=" ")


def test_the_committee_that_selects_is_one_of_the_same_project(peace):
    own = peace.forum(kind="committee")
    elsewhere = make_peace().forum(kind="committee")
    row = peace.local_project(committee=own)
    for act in (
        lambda: peace.local_project(committee=elsewhere),
        lambda: local_projects.change(row, committee=elsewhere, by=peace.officer),
    ):
        with pytest.raises(Invalid) as refused:
            act()
        assert [(one.path, one.code) for one in refused.value.problems] == [("committee", "another_project")]
    row.refresh_from_db()
    assert (row.committee, LocalProject.objects.count()) == (own, 1)


def test_nothing_starts_unapproved(peace):
    row = peace.local_project()
    with pytest.raises(local_projects.WrongState):
        local_projects.start(row, on=ago(10), by=peace.officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        LocalProject.objects.filter(pk=row.pk).update(state="under_way")


def test_conditions_and_amounts_are_said(peace):
    row = peace.local_project()
    with pytest.raises(Invalid):
        local_projects.decide(row, decision="approved", on=ago(10), by=peace.officer)
    with pytest.raises(Invalid):
        local_projects.decide(row, decision="conditions", on=ago(10), approved=Decimal(5), by=peace.officer)
    local_projects.decide(row, decision="refused", on=ago(10), by=peace.officer)
    assert (row.state, row.approved) == ("refused", None)


def test_land_paper_comes_before_work(peace):
    row = peace.local_project(needs_land=True)
    local_projects.decide(row, decision="approved", on=ago(100), approved=Decimal(5), by=peace.officer)
    with pytest.raises(local_projects.LandPaperMissing):
        local_projects.start(row, on=ago(90), by=peace.officer)
    local_projects.change(row, land_paper="Land board 14/2026", by=peace.officer)
    assert local_projects.start(row, on=ago(90), by=peace.officer).state == "under_way"


def test_the_check_falls_due_six_months_after_the_hand_over(peace):
    row = peace.handed_over(days_ago=200)
    assert row.check_due_on == months_after(ago(200), 6)
    assert list(LocalProject.objects.checks_due_until(ago(0))) == [row]
    local_projects.check(row, on=ago(2), works=True, used=False, by=peace.officer)
    assert (row.state, row.still_works, row.still_used) == ("checked", True, False)
    assert not LocalProject.objects.checks_due_until(ago(0)).exists()
    assert [step.state for step in row.steps.all()] == ["proposed", "approved", "under_way", "completed", "handed_over", "checked"]


def test_that_it_still_works_is_not_said_before_its_time_and_that_it_broke_at_once(peace):
    fine, broken = peace.handed_over(days_ago=60), peace.handed_over(days_ago=60, title="Grinding mill")
    with pytest.raises(Invalid) as refused:
        local_projects.check(fine, on=ago(1), works=True, used=True, by=peace.officer)
    assert refused.value.problems[0].code == "too_early"
    local_projects.check(broken, on=ago(1), works=False, used=False, by=peace.officer)
    assert [(row.state, row.still_works) for row in (fine, broken)] == [("handed_over", None), ("checked", False)]
    due = fine.check_due_on
    LocalProject.objects.filter(pk=fine.pk).update(check_due_on=ago(-14))
    fine.refresh_from_db()
    assert local_projects.check(fine, on=ago(0), works=True, used=True, by=peace.officer).still_used, f"two weeks before {due}"


def test_incidents_and_complaints_that_nobody_counted_are_no_zero(peace, client):
    row = peace.local_project()
    assert (row.incidents, row.complaints) == (None, None)
    client.force_login(peace.officer)
    where = f"/communities/local-projects/{row.pk}/"
    assert "– incidents, – complaints" in client.get(where).content.decode()
    local_projects.change(row, incidents=0, complaints=2, by=peace.officer)
    assert "0 incidents, 2 complaints" in client.get(where).content.decode()


def test_a_hold_says_why_and_ends(peace):
    row = peace.local_project()
    local_projects.decide(row, decision="approved", on=ago(100), approved=Decimal(5), by=peace.officer)
    local_projects.start(row, on=ago(90), by=peace.officer)
    with pytest.raises(Invalid):
        local_projects.hold(row, on=ago(50), note=" ", by=peace.officer)
    local_projects.hold(row, on=ago(50), note="Waits for the alert", by=peace.officer)
    assert local_projects.start(row, on=ago(20), by=peace.officer).starts_on == ago(90)


def test_no_more_is_paid_than_was_approved(peace):
    row = peace.handed_over()
    local_projects.pay(row, on=ago(90), amount=Decimal("17999.50"), reference="P1", by=peace.officer)
    with pytest.raises(local_projects.AboveApproved):
        local_projects.pay(row, on=ago(80), amount=Decimal("0.51"), reference="P2", by=peace.officer)
    local_projects.pay(row, on=ago(80), amount=Decimal("0.50"), reference="P2", by=peace.officer)
    assert LocalProject.objects.with_paid().get().paid == Decimal(18000)


def test_work_and_goods_are_contributions_too(peace):
    row = peace.local_project()
    local_projects.contribute(row, source="community", in_kind="40 days of work", by=peace.officer)
    with pytest.raises(ValidationError):
        local_projects.contribute(row, source="government", by=peace.officer)


def test_the_interval_of_the_satisfied(peace):
    row = peace.handed_over()
    said = local_projects.ask_users(row, on=ago(9), whom="users", asked=118, satisfied=96, by=peace.officer)
    found = local_projects.satisfied(said)
    assert (found.percent, found.margin, found.asked) == (81, 7, 118)


def test_quota_shares_name_their_parts_and_leave_out_what_was_not_approved(peace):
    first = peace.local_project(benefits_women=True, committee_women=3, committee_men=7)
    second = peace.local_project(led_by_women=True, committee_women=4)
    peace.local_project(benefits_women=True)
    for row in (first, second):
        local_projects.decide(row, decision="approved", on=ago(10), approved=Decimal(5), by=peace.officer)
    found = local_projects.quota_shares(LocalProject.objects.all())
    assert [(one.part, one.whole) for one in found] == [(1, 2), (1, 2), (3, 10)]
    assert [one.is_met for one in found] == [True, True, True]


def test_amounts_of_two_currencies_are_never_added(peace):
    for currency in ("USD", "SSP"):
        row = peace.local_project(currency=currency)
        local_projects.decide(row, decision="approved", on=ago(10), approved=Decimal(100), by=peace.officer)
    local_projects.pay(row, on=ago(9), amount=Decimal(40), reference="P1", by=peace.officer)
    found = [(one["currency"], one["approved"], one["paid"], one["percent"]) for one in local_projects.money(LocalProject.objects.all())]
    assert found == [("SSP", 100, 40, 40), ("USD", 100, 0, 0)]


def test_a_stranger_decides_nothing(peace):
    row = peace.local_project()
    with pytest.raises(access.NotAllowed):
        local_projects.decide(row, decision="approved", on=ago(10), approved=Decimal(5), by=peace.stranger)
    assert not LocalProject.objects.visible_to(peace.stranger).exists()
