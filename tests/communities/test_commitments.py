"""A promise is kept, due, or breached: one source reports a breach, the second makes it count."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from communities import commitments
from communities.models import Commitment
from plumbing.refusals import Invalid
from programs import access
from tests.communities.peace import ago, make_peace

pytestmark = pytest.mark.django_db
State = Commitment.State


@pytest.fixture
def peace():
    return make_peace()


def test_a_promise_belongs_where_it_was_made(peace):
    row = peace.promise()
    assert (row.project, row.partner, row.place) == (peace.world.project, peace.world.partner, peace.world.place)
    with pytest.raises(Invalid):
        commitments.promise(text="x", who="y", due_on=ago(1), by=peace.officer)
    with pytest.raises(ValidationError):
        peace.promise(due_on=None)


def test_a_promise_is_not_made_in_two_projects_at_once(peace):
    other = make_peace()
    with pytest.raises(Invalid):
        commitments.promise(text="x", who="y", due_on=ago(1), forum=peace.forum(), dispute=other.dispute(), by=peace.officer)


def test_one_source_reports_and_the_second_makes_it_count(peace):
    row = peace.promise()
    commitments.report_breach(row, on=ago(9), source="police post", by=peace.officer)
    assert (row.state, row.breach_sources) == (State.BREACH_REPORTED, 1)
    commitments.report_breach(row, on=ago(8), source="community monitor", by=peace.officer)
    assert (row.state, row.breach_sources, row.settled_on) == (State.BREACHED, 2, ago(9))


def test_the_same_source_twice_is_one_source(peace):
    row = peace.promise()
    commitments.report_breach(row, on=ago(9), source="Police post", by=peace.officer)
    with pytest.raises(ValidationError):
        commitments.report_breach(row, on=ago(8), source=" police  POST ", by=peace.officer)
    row.refresh_from_db()
    assert row.state == State.BREACH_REPORTED


def test_the_database_holds_no_breach_with_one_source(peace):
    row = peace.promise()
    commitments.report_breach(row, on=ago(9), source="police post", by=peace.officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Commitment.objects.filter(pk=row.pk).update(state="breached")


def test_a_breach_set_aside_is_kept_as_heard_and_starts_again_from_none(peace):
    row = peace.promise()
    with pytest.raises(commitments.NothingReported):
        commitments.set_breach_aside(row, on=ago(7), source="visit", text="nothing there", by=peace.officer)
    commitments.report_breach(row, on=ago(9), source="phone call", by=peace.officer)
    commitments.set_breach_aside(row, on=ago(7), source="visit report", text="It was another herd", by=peace.officer)
    assert (row.state, row.breach_sources, row.settled_on) == (State.OPEN, 0, None)
    commitments.report_breach(row, on=ago(3), source="phone call", by=peace.officer)
    assert (row.state, row.breach_sources) == (State.BREACH_REPORTED, 1)
    assert row.evidence.count() == 3


def test_kept_late_is_kept_and_said_to_be_late(peace):
    row = peace.promise(due_on=ago(20))
    commitments.keep(row, on=ago(8), source="receipt signed by both sides", by=peace.officer)
    assert row.state == State.KEPT
    assert row.was_late


def test_kept_after_all_sets_the_reports_aside(peace):
    row = peace.promise()
    commitments.report_breach(row, on=ago(9), source="phone call", by=peace.officer)
    commitments.keep(row, on=ago(1), source="visit report", by=peace.officer)
    assert (row.state, row.breach_sources) == (State.KEPT, 0)
    assert row.evidence.filter(says="breach", is_set_aside=True).count() == 1


def test_a_withdrawn_promise_is_out_of_reach(peace):
    row = peace.promise()
    commitments.withdraw(row, on=ago(1), source="minutes", text="Both sides agree that the route moved", by=peace.officer)
    with pytest.raises(commitments.NotStanding):
        commitments.keep(row, on=ago(1), source="visit", by=peace.officer)


def test_a_stranger_hears_and_says_nothing(peace):
    row = peace.promise()
    assert not Commitment.objects.visible_to(peace.stranger).exists()
    with pytest.raises(access.NotAllowed):
        commitments.keep(row, on=ago(1), source="visit", by=peace.stranger)
    assert not row.evidence.exists()


def test_standing_tells_late_from_open(peace):
    forum = peace.forum()
    late, soon = peace.promise(forum=forum, due_on=ago(1)), peace.promise(forum=forum, due_on=ago(-1))
    standing = dict(Commitment.objects.with_standing(timezone.localdate()).values_list("pk", "standing"))
    assert standing == {late.pk: "overdue", soon.pk: "open"}
