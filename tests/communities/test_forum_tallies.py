"""What the tallies count over forums, disputes and local projects, and what they leave out."""

from __future__ import annotations

from datetime import date

import pytest

from communities import commitments, disputes, forum_tallies, forums, local_projects
from communities.forums import Seats
from locations.models import Place
from programs.models import EvidenceFile
from programs.tally import Asked, Count
from tests import factories
from tests.communities.peace import ago, make_peace

pytestmark = pytest.mark.django_db
BY_KEY = {one.key: one for one in forum_tallies.TALLIES}


@pytest.fixture
def peace():
    return make_peace()


def count(peace, key: str, *, since: int = 90, until: int = 0, world=None, by: tuple[str, ...] = ()) -> Count:
    world = world or peace.world
    asked = Asked(world.project, world.partner, ago(since), ago(until), (world.place.pk,), by)
    return BY_KEY[key].function(asked)


def total(found: Count) -> tuple[int, int | None]:
    of = [part.of for part in found.parts if part.of is not None]
    return sum(part.value for part in found.parts), sum(of) if of else None


def test_a_relapsed_dispute_holds_only_on_the_days_before(peace):
    row = peace.settled(days_ago=100)
    peace.dispute()
    disputes.relapse(row, on=ago(20), note="Back", by=peace.officer)
    assert total(count(peace, "communities.disputes.holding", until=30)) == (1, None)
    assert total(count(peace, "communities.disputes.holding")) == (0, None)


def test_kept_is_counted_of_what_fell_due_and_a_reported_breach_is_not_kept(peace):
    forum = peace.forum()
    kept, reported, gone, _open = (peace.promise(forum=forum, due_on=ago(n)) for n in (30, 20, 15, 10))
    peace.promise(forum=forum, due_on=ago(-5))
    peace.promise(forum=forum, due_on=None, since=ago(60))
    commitments.keep(kept, on=ago(25), source="visit", by=peace.officer)
    commitments.report_breach(reported, on=ago(20), source="monitor", by=peace.officer)
    commitments.withdraw(gone, on=ago(16), source="minutes", text="Moved", by=peace.officer)
    assert total(count(peace, "communities.commitments.kept")) == (1, 3)


def test_a_local_project_nobody_looked_at_is_in_the_denominator(peace):
    looked, _not_looked = peace.handed_over(days_ago=200), peace.handed_over(days_ago=210)
    local_projects.check(looked, on=ago(2), works=True, used=True, by=peace.officer)
    assert total(count(peace, "communities.local_projects.working")) == (1, 2)
    assert total(count(peace, "communities.local_projects.handed_over", since=205)) == (1, None)


def test_women_on_seats_are_those_of_the_last_sitting(peace):
    forum, uncounted = peace.forum(kind="committee"), peace.forum(kind="committee")
    forums.seat(forum, since=ago(300), seats=12, lines=[Seats("women", 2)], by=peace.officer)
    forums.seat(forum, since=ago(10), seats=14, lines=[Seats("women", 5), Seats("women", 1, words="Young women")], by=peace.officer)
    forums.seat(uncounted, since=ago(10), seats=10, lines=[Seats("women", None, 30)], by=peace.officer)
    assert total(count(peace, "communities.seats.women")) == (5, 14)
    assert total(count(peace, "communities.seats.women", until=20)) == (2, 12)


def test_a_decision_acted_on_later_was_not_acted_on_in_the_period(peace):
    forum = peace.forum()
    early, _late = (forums.decide(forum, text=f"D{n}", decided_on=ago(n), by=peace.officer) for n in (60, 50))
    forums.act_on(early, acted_on=ago(10), evidence="seen", by=peace.officer)
    assert total(count(peace, "forums.decisions.acted_on")) == (1, 2)
    assert total(count(peace, "forums.decisions.acted_on", until=30)) == (0, 2)


def test_a_joint_forum_counts_when_it_decided(peace):
    joint, alone = peace.forum(kind="police"), peace.forum(kind="dialogue")
    for forum in (joint, alone):
        for day in (40, 20):
            forums.meet(forum, happened_on=ago(day), people_present=9, by=peace.officer)
        forums.decide(forum, text="Patrol", decided_on=ago(20), by=peace.officer)
    assert total(count(peace, "forums.joint.held")) == (1, None)


def test_nothing_of_another_project_is_counted(peace):
    other = make_peace()
    peace.promise(due_on=ago(5))
    assert count(peace, "communities.commitments.kept", world=other.world).parts == ()


def test_a_dispute_settled_later_counts_when_it_is_settled_in_both_numbers(peace):
    peace.settled(days_ago=20)
    peace.dispute(opened_on=ago(30))
    peace.dispute(opened_on=ago(300))
    assert total(count(peace, "communities.disputes.settled_of_brought")) == (1, 2)


def test_projects_count_when_approved_and_when_completed_by_their_type(peace):
    peace.handed_over(days_ago=60)
    women = peace.local_project(benefits_women=True, kind="business")
    local_projects.decide(women, decision="conditions", on=ago(10), approved=5, conditions="Land paper", by=peace.officer)
    refused = peace.local_project(benefits_women=True)
    local_projects.decide(refused, decision="refused", on=ago(10), by=peace.officer)
    found = count(peace, "communities.local_projects.approved", by=("project-type",))
    assert [(part.value, part.cell) for part in found.parts] == [(1, {"project-type": "commercial"})]
    assert total(count(peace, "communities.local_projects.completed")) == (1, None)
    assert total(count(peace, "communities.local_projects.for_women", since=500)) == (1, 2)


def agreed(peace, days_ago: int, women: int | None = None, **more):
    given = {
        "title": f"Corridor {days_ago}", "signed_on": ago(days_ago), "parties": "farmers\nherders", "mediator": "committee",
        "dispute_kind": "land", "stage": "SubPar", "signatories_female": women, "forum": None, **peace.where(), **more,
    }  # fmt: skip
    return forums.agree(by=peace.officer, **given)


def test_an_agreement_counts_with_commitments_and_is_kept_when_all_due_within_a_year_were(peace):
    kept, broken = agreed(peace, 380, 2), agreed(peace, 390, 0)
    for row in (kept, broken):
        commitments.keep(peace.promise(agreement=row, due_on=ago(200)), on=ago(190), source="visit", by=peace.officer)
    late = peace.promise(agreement=broken, due_on=ago(100))
    commitments.keep(late, on=ago(5), source="visit", by=peace.officer)
    agreed(peace, 370)  # without a commitment
    assert total(count(peace, "communities.agreements.kept_a_year")) == (1, 2)
    assert total(count(peace, "communities.agreements.kept_a_year", since=20)) == (1, 1)
    assert total(count(peace, "communities.agreements.signed", since=400)) == (2, None)
    assert total(count(peace, "communities.agreements.women_signed", since=400)) == (1, 2)


def test_a_breach_counts_with_its_second_source(peace):
    row = peace.promise(agreement=agreed(peace, 100), due_on=ago(50))
    commitments.report_breach(row, on=ago(40), source="police post", by=peace.officer)
    assert total(count(peace, "communities.agreements.breaches")) == (0, None)
    commitments.report_breach(row, on=ago(40), source="monitor", by=peace.officer)
    assert total(count(peace, "communities.agreements.breaches")) == (1, None)


def test_seats_are_those_of_peace_committees_or_of_young_people(peace):
    committee, council = peace.forum(kind="committee"), peace.forum(kind="council")
    forums.seat(committee, since=ago(10), seats=10, lines=[Seats("women", 4), Seats("youth", 3)], by=peace.officer)
    forums.seat(council, since=ago(10), seats=20, lines=[Seats("women", 1), Seats("youth", 1)], by=peace.officer)
    assert total(count(peace, "communities.committees.women")) == (4, 10)
    assert total(count(peace, "communities.seats.young")) == (4, 30)


def test_disputes_of_a_youth_committees_book_are_counted_when_brought_and_when_settled(peace):
    young, elders = peace.forum(kind="youth"), peace.forum(kind="committee")
    for forum in (young, elders):
        peace.dispute(forum=forum, opened_on=ago(30))
        peace.settled(days_ago=20, forum=forum, opened_on=ago(200))
    again = peace.settled(days_ago=60, forum=young, opened_on=ago(100))
    disputes.relapse(again, on=ago(50), note="Back", by=peace.officer)
    disputes.settle(again, on=ago(40), terms="Again", by=peace.officer)
    assert total(count(peace, "communities.disputes.brought_to_youth")) == (1, None)
    assert total(count(peace, "communities.disputes.settled_by_youth")) == (2, None)


def met(peace, forum, on, *, minutes: bool = True) -> None:
    session = forums.meet(forum, happened_on=on, people_present=9, by=peace.officer)
    if minutes:
        EvidenceFile.objects.create(
            activity=session.activity, title="Minutes", holds_names=False, path="x", content_type="text/plain", size=1, digest="0" * 64,
            uploaded_by=peace.officer,
        )  # fmt: skip


def test_a_committee_meets_every_month_when_minutes_stand_behind_each(peace):
    since = date(ago(0).year - 1, 3, 1)
    kept, without, gap, dialogue = (
        peace.forum(kind=kind, started_on=since) for kind in ("committee", "youth", "safety", "dialogue")
    )  # fmt: skip
    for month in (4, 5, 6):
        for forum in (kept, dialogue):
            met(peace, forum, date(since.year, month, 12))
        met(peace, without, date(since.year, month, 12), minutes=month != 5)
    for month in (4, 6):
        met(peace, gap, date(since.year, month, 12))
    asked = Asked(
        peace.world.project, peace.world.partner, date(since.year, 4, 1), date(since.year, 6, 30), (peace.world.place.pk,)
    )  # fmt: skip
    found = BY_KEY["communities.committees.meeting"].function(asked)
    assert (total(found), len(found.parts)) == ((1, None), 3)


def test_women_in_councils_are_those_of_counties(peace):
    county = factories.place(parent=peace.world.place)
    assert county.level == Place.Level.ADMIN_2
    for place, women in ((county, 4), (factories.place(parent=county), 7)):
        council = peace.forum(kind="council", place=place)
        forums.seat(council, since=ago(10), seats=20, lines=[Seats("women", women)], by=peace.officer)
    found = count(peace, "communities.councils.women")
    assert (total(found), set(found.digests)) == ((4, None), {county.pk})


def test_a_local_project_is_on_time_when_completed_by_its_last_day(peace):
    for last_day, done in ((30, 40), (30, 20), (30, None), (None, 20)):
        row = peace.local_project(ends_on=None if last_day is None else ago(last_day))
        local_projects.decide(row, decision="approved", on=ago(400), approved=5, by=peace.officer)
        local_projects.start(row, on=ago(390), by=peace.officer)
        if done:
            local_projects.complete(row, on=ago(done), people_served=5, by=peace.officer)
    peace.local_project(ends_on=ago(30))  # nobody approved it
    assert total(count(peace, "communities.local_projects.on_time")) == (1, 3)
