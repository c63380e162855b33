"""Who sits, who came, what was decided and agreed, which concerns were raised."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent
from communities import forums
from communities.forums import Seats
from communities.models import Concern, Decision, Forum, SeatLine, Sitting
from plumbing.refusals import Invalid
from programs import access, activities
from programs.models import ActivityRecord
from tests.communities.peace import ago, make_peace

pytestmark = pytest.mark.django_db


@pytest.fixture
def peace():
    return make_peace()


def test_a_stranger_neither_sees_nor_records(peace):
    forum = peace.forum()
    assert not Forum.objects.visible_to(peace.stranger).exists()
    with pytest.raises(access.NotAllowed):
        forums.decide(forum, text="Meet weekly", decided_on=ago(1), by=peace.stranger)
    assert not Decision.objects.exists()


def test_the_evaluator_reads_forums_and_records_none(peace):
    forum = peace.forum()
    assert Forum.objects.visible_to(peace.world.mande).get() == forum
    with pytest.raises(access.NotAllowed):
        forums.decide(forum, text="Meet weekly", decided_on=ago(1), by=peace.world.mande)


def test_an_organization_outside_the_project_holds_no_forum(peace):
    other = make_peace()
    with pytest.raises(Invalid) as refused:
        peace.forum(partner=other.world.partner)
    assert refused.value.problems[0].code == "not_a_partner"


def test_quotas_are_met_by_whole_seats(peace):
    forum = peace.forum(kind="committee")
    lines = [
        Seats("women", 5, 30),
        Seats("youth", 4, 25),
        Seats("uprooted", 5, 33),
        Seats("herders", 1, 14),
        Seats("men", None, 20),
        Seats("elders", 2),
    ]
    sitting = forums.seat(forum, since=ago(30), seats=14, lines=lines, by=peace.officer)
    found = forums.quotas(sitting, sitting.lines.all())
    assert [one.short for one in found] == [0, 0, 0, 1, None, None]
    assert [one.percent for one in found] == [36, 29, 36, 7, None, 14]


def test_a_group_holds_no_more_seats_than_there_are(peace):
    forum = peace.forum(kind="committee")
    for lines in ([Seats("women", 15, 30)], [Seats("women", 8), Seats("men", 7)], []):
        with pytest.raises(Invalid):
            forums.seat(forum, since=ago(30), seats=14, lines=lines, by=peace.officer)
    assert not Sitting.objects.exists()


def test_earlier_seats_are_kept(peace):
    forum = peace.forum(kind="committee")
    forums.seat(forum, since=ago(300), seats=12, lines=[Seats("women", 2)], by=peace.officer)
    forums.seat(forum, since=ago(30), seats=14, lines=[Seats("women", 5)], by=peace.officer)
    assert SeatLine.objects.count() == 2
    assert forum.sittings.first().seats == 14


def test_a_session_is_an_activity_and_counts_women_where_the_sheet_says(peace):
    forum = peace.forum()
    forums.meet(forum, happened_on=ago(90), people_present=48, women=20, men=28, by=peace.officer)
    forums.meet(forum, happened_on=ago(60), people_present=42, women=0, men=42, by=peace.officer)
    forums.meet(forum, happened_on=ago(30), people_present=40, by=peace.officer)
    found = forums.attendance(forum)
    assert [one.number for one in found.sessions] == [1, 2, 3]
    assert [one.share for one in found.sessions] == [42, 0, None]
    assert (found.people, found.women, found.counted, found.share) == (130, 20, 90, 22)
    assert set(ActivityRecord.objects.values_list("kind", flat=True)) == {"dialogue"}


def test_a_committee_meets_as_a_committee(peace):
    session = forums.meet(peace.forum(kind="committee"), happened_on=ago(3), people_present=9, by=peace.officer)
    assert session.activity.kind == "committee"


def test_an_activity_is_the_session_of_one_forum_only(peace):
    one, other = peace.forum(), peace.forum()
    session = forums.meet(one, happened_on=ago(3), people_present=9, by=peace.officer)
    assert forums.link(one, activity=session.activity, by=peace.officer) == session
    with pytest.raises(forums.SessionOfAnother):
        forums.link(other, activity=session.activity, by=peace.officer)


def test_an_activity_of_another_project_is_no_session(peace):
    other = make_peace()
    foreign = activities.record(kind="dialogue", happened_on=ago(3), by=other.officer, **other.where()).activity
    with pytest.raises(Invalid):
        forums.link(peace.forum(), activity=foreign, by=peace.officer)


def test_an_ended_forum_meets_no_more(peace):
    forum = peace.forum()
    forums.change_forum(forum, name=forum.name, kind=forum.kind, started_on=forum.started_on, ended_on=ago(10), by=peace.officer)
    with pytest.raises(forums.ForumEnded):
        forums.meet(forum, happened_on=ago(3), people_present=9, by=peace.officer)
    assert not ActivityRecord.objects.exists()


def test_a_planned_session_that_was_held_is_no_longer_next(peace):
    forum = peace.forum()
    forums.change_forum(forum, name=forum.name, kind=forum.kind, started_on=forum.started_on, next_session_on=ago(2), next_session_note="earlier", by=peace.officer)  # fmt: skip
    forums.meet(forum, happened_on=ago(2), people_present=9, by=peace.officer)
    forum.refresh_from_db()
    assert (forum.next_session_on, forum.next_session_note) == (None, "")


def test_a_decision_acted_on_says_how_one_can_see_it(peace):
    decision = forums.decide(peace.forum(), text="Close the market at six", decided_on=ago(20), by=peace.officer)
    with pytest.raises(ValidationError):
        forums.act_on(decision, acted_on=ago(2), evidence=" ", by=peace.officer)
    forums.act_on(decision, acted_on=ago(2), evidence="visit report", by=peace.officer)
    with pytest.raises(forums.AlreadyActedOn):
        forums.act_on(decision, acted_on=ago(1), evidence="again", by=peace.officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(acted_on=ago(40))


def test_a_concern_is_assigned_resolved_and_timed(peace):
    concern = forums.raise_concern(
        peace.forum(), group="women", about="safety", text="The road is dark", raised_on=ago(20), by=peace.officer
    )
    forums.assign(concern, to="Police post", on=ago(18), by=peace.officer)
    forums.resolve(concern, how="Patrols after dusk", on=ago(5), by=peace.officer)
    assert concern.days_open == 15
    with pytest.raises(forums.AlreadyResolved):
        forums.assign(concern, to="Chief", on=ago(1), by=peace.officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Concern.objects.filter(pk=concern.pk).update(resolution=None)


def test_a_day_to_come_is_no_fact(peace):
    with pytest.raises(Invalid) as refused:
        forums.raise_concern(peace.forum(), group="women", about="safety", text="x", raised_on=ago(-1), by=peace.officer)
    assert refused.value.problems[0].path == "raised_on"


def test_an_agreement_keeps_its_codes_and_its_event(peace):
    row = forums.agree(
        title="Corridor agreement", signed_on=ago(200), parties="farmers\nherders", mediator="committee", dispute_kind="land", stage="SubPar",
        forum=peace.forum(), signatories_female=3, signatories_male=11, also_in=[peace.world.place], by=peace.officer, **peace.where(),
    )  # fmt: skip
    assert (row.stage, row.also_in.get()) == ("SubPar", peace.world.place)
    assert AuditEvent.objects.filter(event="agreement.recorded").count() == 1
