"""A dispute moves in dated steps; a settlement is asked about twice, and may break."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts import practice
from accounts.models import PracticeValue
from accounts.roles import Role
from communities import disputes
from communities.models import Dispute, DisputeFollowUp, DisputeParty
from plumbing.dates import months_after
from plumbing.refusals import Invalid
from programs import access
from tests import factories
from tests.communities.peace import ago, make_peace

pytestmark = pytest.mark.django_db


@pytest.fixture
def peace():
    return make_peace()


def test_parties_are_roles_with_counts_and_at_least_two(peace):
    row = peace.dispute()
    assert list(DisputeParty.objects.values_list("role", "women", "men", "young")) == [("farmers", 12, 20, 9), ("herders", None, 15, None)]
    with pytest.raises(Invalid):
        peace.dispute(parties=[disputes.Party("farmers"), disputes.Party(" ")])
    assert list(Dispute.objects.all()) == [row]


def test_each_step_is_dated_and_kept(peace):
    row = peace.settled()
    disputes.relapse(row, on=ago(10), note="A herd in the crops again", by=peace.officer)
    disputes.refer(row, on=ago(5), to="county court", by=peace.officer)
    assert list(row.steps.values_list("state", flat=True)) == ["opened", "mediated", "agreed", "relapsed", "referred"]
    assert row.state == "referred"


def test_a_step_goes_forward_in_time_and_along_the_road(peace):
    row = peace.dispute()
    with pytest.raises(disputes.WrongState):
        disputes.relapse(row, on=ago(5), note="x", by=peace.officer)
    disputes.mediate(row, on=ago(20), mediators=[disputes.Mediator("chiefs")], by=peace.officer)
    with pytest.raises(Invalid):
        disputes.settle(row, on=ago(30), terms="x", by=peace.officer)
    row.refresh_from_db()
    assert row.state == "mediated"


def test_a_settlement_is_asked_about_in_the_months_of_the_setting(peace):
    practice.seed()
    row = peace.settled(days_ago=120)
    assert list(row.follow_ups.values_list("months", "due_on")) == [(m, months_after(ago(120), m)) for m in (3, 6)]
    setting = PracticeValue.objects.get(key="dispute-follow-up-months")
    practice.change(setting, value="1", by=factories.member(Role.ADMINISTRATOR))
    assert [one.months for one in peace.settled().follow_ups.all()] == [1]


def test_what_does_not_hold_has_relapsed_and_is_asked_about_no_more(peace):
    row = peace.settled(days_ago=200)
    first, second = row.follow_ups.all()
    disputes.follow_up(first, on=ago(100), holds=True, by=peace.officer)
    disputes.follow_up(second, on=ago(10), holds=False, note="Fight at the pool", by=peace.officer)
    row.refresh_from_db()
    assert (row.state, row.state_on) == ("relapsed", ago(10))
    with pytest.raises(disputes.AlreadyAsked):
        disputes.follow_up(first, on=ago(5), holds=True, by=peace.officer)


def test_that_it_holds_is_said_when_its_time_has_come_and_a_relapse_at_once(peace):
    row = peace.settled(days_ago=20)
    first, second = row.follow_ups.all()
    with pytest.raises(Invalid) as refused:
        disputes.follow_up(first, on=ago(0), holds=True, by=peace.officer)
    assert [problem.code for problem in refused.value.problems] == ["too_early"]
    disputes.follow_up(second, on=ago(0), holds=False, note="Fight at the pool", by=peace.officer)
    row.refresh_from_db()
    assert row.state == "relapsed"


def test_a_new_settlement_has_its_own_questions(peace):
    row = peace.settled(days_ago=200)
    disputes.relapse(row, on=ago(50), note="Back", by=peace.officer)
    disputes.settle(row, on=ago(40), terms="Anew", by=peace.officer)
    assert row.follow_ups.count() == 4
    today = timezone.localdate()
    assert not DisputeFollowUp.objects.due_until(today).exists(), "the first settlement is no longer the last word"
    assert DisputeFollowUp.objects.due_until(months_after(ago(40), 3)).count() == 1


def test_the_last_day_of_a_short_month():
    from datetime import date

    assert months_after(date(2026, 11, 30), 3) == date(2027, 2, 28)


def test_a_stranger_opens_nothing(peace):
    row = peace.dispute()
    assert not Dispute.objects.visible_to(peace.stranger).exists()
    with pytest.raises(access.NotAllowed):
        disputes.settle(row, on=ago(1), terms="x", by=peace.stranger)
