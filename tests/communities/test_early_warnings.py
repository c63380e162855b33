"""Early warnings: the rules, one open at a time, answered in time or escalated."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Message
from accounts.roles import Role
from communities import early_warnings, incidents
from communities.models import EarlyWarning, Incident
from programs import leaving
from programs.access import NotAllowed
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def officer(world):
    return factories.member(Role.COMMUNITY_OFFICER, program=world.project.program)


@pytest.fixture
def community(world):
    return factories.community(world, name="Renk town")


def happens(world, by, *days_ago, type="threat", **facts):
    for number in days_ago:
        day = timezone.localdate() - timedelta(days=number)
        incidents.record(
            organization=world.partner, type=type, event_date=day, place=world.place, source="monitor", by=by, **facts
        )  # fmt: skip


def rules(**where):
    return sorted(EarlyWarning.objects.filter(**where).values_list("rule", flat=True))


def test_the_line_is_mean_and_two_spreads_of_end_to_end_windows():
    today = date(2026, 10, 24)
    window = timedelta(days=14)
    # 26 windows before: one incident in each of 13 of them, none in the others: mean 0.5, spread 0.5, line 1.5
    counts = [(today - timedelta(days=14 * (2 * n + 1)), 1) for n in range(13)] + [(today, 2), (today - timedelta(days=13), 1)]
    line = early_warnings.line_of(counts, today=today, window=window, minimum=3)
    assert (line.usual, line.spread, line.line, line.now) == (Decimal("0.50"), Decimal("0.50"), Decimal("1.50"), 3)
    assert line.is_crossed
    assert not early_warnings.line_of(counts, today=today, window=window, minimum=4).is_crossed
    assert line.starts_on == date(2026, 10, 11)


def test_more_than_usual_opens_one_warning_and_only_one(world, officer, community):
    happens(world, officer, 1, 2)
    assert early_warnings.sweep() == 0
    happens(world, officer, 3)
    assert early_warnings.sweep() == 1
    assert early_warnings.sweep() == 0
    row = EarlyWarning.objects.get()
    assert (row.rule, row.now, row.usual, row.community) == ("count", 3, 0, community)
    assert row.incidents.count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        EarlyWarning.objects.create(community=community, rule="count", due_at=timezone.now())


def test_what_was_decided_is_not_raised_again_until_something_new_happens(world, officer, community):
    happens(world, officer, 1, 2, 3)
    early_warnings.sweep()
    early_warnings.decide(EarlyWarning.objects.get(), decision="watched", by=officer)
    assert early_warnings.sweep() == 0
    happens(world, officer, 0)
    assert early_warnings.sweep() == 1


def test_a_community_has_its_own_line(world, officer, community):
    early_warnings.set_threshold(community, by=officer, minimum=5, window_days=14)
    happens(world, officer, 1, 2, 3)
    assert early_warnings.sweep() == 0
    happens(world, officer, 4, 5, 20)
    assert early_warnings.sweep() == 1
    assert EarlyWarning.objects.get().now == 5


def test_first_violence_after_quiet_months(world, officer, community):
    happens(world, officer, 300, 2, type="battle")
    early_warnings.sweep()
    assert rules() == ["first"]


def test_violence_three_months_ago_is_no_quiet_time(world, officer, community):
    happens(world, officer, 90, 2, type="battle")
    early_warnings.sweep()
    assert rules() == []


def test_recruitment_displacement_and_mobs_nearby(world, officer, community):
    happens(world, officer, 2, type="recruitment")
    happens(world, officer, 3, type="displacement", displaced=101)
    happens(world, officer, 4, type="mob")
    early_warnings.set_threshold(community, by=officer, minimum=9)
    early_warnings.sweep()
    assert rules() == ["displacement", "near", "recruitment"]


def test_what_is_the_same_event_counts_once(world, officer, community):
    happens(world, officer, 1, 2, 3)
    first, second = Incident.objects.order_by("pk")[:2]
    Incident.objects.filter(pk=second.pk).update(same_as=first)
    assert early_warnings.sweep() == 0


def test_the_responder_is_told_and_silence_escalates_once_without_content(world, officer, community):
    early_warnings.set_threshold(community, by=officer, responder=officer)
    happens(world, officer, 1, 2, 3)
    early_warnings.sweep()
    assert list(Message.objects.values_list("recipient", "step")) == [(officer.pk, "raised")]
    later = timezone.now() + timedelta(hours=49)
    assert early_warnings.escalate() == 0
    assert early_warnings.escalate(now=later) == 1
    assert early_warnings.escalate(now=later) == 0
    told = Message.objects.filter(step="escalated")
    assert set(told.values_list("recipient", flat=True)) == {officer.pk, world.manager.pk}
    assert {line.line for line in told} == {"An early warning waits for an answer."}
    assert "Renk" not in "".join(f"{one.line}{one.path}{one.note}" for one in Message.objects.all())


def test_an_acknowledged_warning_does_not_escalate(world, officer, community):
    happens(world, officer, 1, 2, 3)
    early_warnings.sweep()
    early_warnings.acknowledge(EarlyWarning.objects.get(), by=officer)
    assert early_warnings.escalate(now=timezone.now() + timedelta(days=5)) == 0


def test_a_false_alarm_says_why_and_an_act_has_a_response(world, officer, community):
    row = early_warnings.raise_warning(community=community, signal="Weapons seen at the market", severity=2, by=officer)
    for decision in ("false_alarm", "acted"):
        with pytest.raises(ValidationError):
            early_warnings.decide(row, decision=decision, by=officer)
    early_warnings.respond(row, response="The chiefs met both sides", by=officer)
    row = early_warnings.decide(row, decision="acted", by=officer)
    assert row.hours_to_answer is not None
    assert row.acknowledged_by == officer
    with pytest.raises(early_warnings.DecidedAlready):
        early_warnings.acknowledge(row, by=officer)


def test_a_stranger_answers_nothing(world, officer, community):
    row = early_warnings.raise_warning(community=community, signal="Weapons", severity=2, by=officer)
    with pytest.raises(NotAllowed):
        early_warnings.acknowledge(row, by=factories.world().reporter)


def test_the_sweep_asks_the_same_for_many_communities(world, officer, community, django_assert_max_num_queries):
    happens(world, officer, 1)
    for _one in range(3):
        factories.community(world)
    with django_assert_max_num_queries(17):
        early_warnings.sweep()


def test_open_warnings_follow_to_whoever_takes_over_from_somebody_who_leaves(world, officer, community):
    successor = factories.user()
    row = early_warnings.raise_warning(community=community, signal="Shots at night.", severity=2, by=officer, responder=officer)

    leaving.hand_over(officer, to=successor, by=factories.member(Role.ADMINISTRATOR))

    row.refresh_from_db()
    assert row.responder == successor
