"""Reminders count; they say nothing of what was promised or disputed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from accounts.models import Message
from communities import due, early_warnings
from dashboard import waiting
from tests import factories
from tests.communities.peace import ago, make_peace

pytestmark = pytest.mark.django_db


def test_who_records_there_reads_counts_once_a_week_and_nobody_else_does():
    peace = make_peace()
    peace.promise(text="Give back 46 cattle", due_on=ago(1))
    peace.settled(days_ago=120)
    peace.handed_over(days_ago=250)
    noon = datetime.combine(ago(0), datetime.min.time(), UTC).replace(hour=12)
    assert due.remind(now=noon) == 2
    assert due.remind(now=noon) == 0
    told = Message.objects.all()
    assert {line.recipient for line in told} == {peace.officer, peace.world.reporter}
    assert {line.line for line in told} == {
        "In communities: 1 commitment is due, 1 settlement to ask about, 1 local project to look at again."
    }


def test_nothing_due_is_not_told():
    make_peace().promise(due_on=ago(-3))
    assert due.remind() == 0


def test_the_list_looks_ahead_and_holds_concerns_that_nobody_took_on():
    from communities import forums

    peace = make_peace()
    forum = peace.forum()
    peace.promise(forum=forum, due_on=ago(-10))
    peace.promise(forum=forum, due_on=ago(-30))
    forums.raise_concern(forum, group="women", about="safety", text="Dark road", raised_on=ago(3), by=peace.officer)
    found = due.for_person(peace.officer, ago(0))
    assert (found.commitments.count(), found.concerns.count(), found.checks.count()) == (1, 1, 0)
    other = due.for_person(peace.stranger, ago(0))
    assert (other.commitments.count(), other.concerns.count()) == (0, 0)


def test_my_work_holds_warnings_that_name_me_and_commitments_that_are_due(client):
    peace = make_peace()
    peace.promise(text="Give back 46 cattle", due_on=ago(1))
    peace.promise(text="Mark the routes", due_on=ago(-3))
    community = factories.community(peace.world, name="Renk town")
    early_warnings.raise_warning(community=community, signal="Weapons", severity=2, by=peace.officer, responder=peace.officer)
    client.force_login(peace.officer)
    page = client.get(reverse("my_work")).content.decode()
    assert ("Give back 46 cattle" in page, "Mark the routes" in page, "Renk town" in page) == (True, False, True)
    for person in (peace.stranger, peace.world.reporter):
        client.force_login(person)
        page = client.get(reverse("my_work")).content.decode()
        assert ("Renk town" in page, "Give back 46 cattle" in page) == (False, person == peace.world.reporter)
    for person in (peace.officer, peace.world.reporter, peace.world.manager):
        assert sum(waiting.counts(person, ago(0)).values()) == len(waiting.items(person, ago(0)))
