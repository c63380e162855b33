"""Every tally over something of each kind in one county: it honours place, the days asked for and every breakdown that it knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from communities import commitments, disputes, forums, incidents, local_projects, registry
from communities.models import EarlyWarning
from institutions import complaints, profiles, reform, support
from institutions.models import ReformStage
from programs import activities, disaggregations
from programs.models import ActivityRecord, Disaggregation, EvidenceFile
from programs.tally import Asked, Count, OverTime
from reintegration.models import Assessment, AssessmentScore, ChildHandover, FollowUpOutcome, Plan, ServiceGiven, Transition
from reporting import tallies
from surveys import instruments, rounds
from tests import factories
from tests.communities.peace import Peace, ago, make_peace
from tests.reintegration import making as people
from tests.surveys import making as asking

pytestmark = pytest.mark.django_db
BY_KEY = {one.key: one for one in tallies.TALLIES}
# Counted by whole months in a state and nothing more exact: they have a test of their own below.
BY_MONTH_AND_STATE = {"institutions.complaints.received", "institutions.complaints.closed", "institutions.complaints.answered"}
DIMENSIONS = {
    "sex": ("female", "male", "unknown"), "age": ("18-24", "25-35", "36-59", "60+", "unknown"), "disability": ("yes", "no", "unknown"),
    "status": ("host", "idp", "returnee", "unknown"), "category": ("XC", "unknown"), "rank": ("senior", "middle", "junior", "unknown"),
    "project-type": ("commercial", "infrastructure"), "incident-type": ("battle", "civilian-attack", "unknown"),
}  # fmt: skip


@pytest.fixture
def place():
    """The state in which everything happened in one county, and another county of it in which nothing did."""
    for code, categories in DIMENSIONS.items():
        factories.dimension(code, *categories)
    peace = make_peace()
    county = factories.place(parent=peace.world.place)
    inside = Peace(replace(peace.world, place=county), peace.officer, peace.stranger)
    for happens in (_activities, _cases, _communities, _forums, _disputes, _projects, _institutions, _surveys):
        happens(inside)
    return inside, peace.world.place, factories.place(parent=peace.world.place)


def _one(key: str) -> Disaggregation:
    return Disaggregation.objects.get(pk=disaggregations.ensure([key])[key])


def _activities(at: Peace) -> None:
    world = at.world
    for kind in ActivityRecord.Kind.values:
        cells = {_one("sex=female"): 3, _one("age=18-24"): 3, _one("disability=no"): 3, _one("status=idp"): 3}
        for cell, number in cells.items():
            activities.record(
                project=world.project, partner=world.partner, kind=kind, happened_on=ago(9), place=world.place, people_present=3,
                cells={cell: number}, by=world.reporter,
            )  # fmt: skip


def _cases(at: Peace) -> None:
    world = at.world
    worker = factories.member(Role.CASEWORKER, organization=world.partner)
    done = people.case(world, worker, category="XC", state="completed", completed_on=ago(5))
    people.steps(done, ("identified", 60), ("screened", 50), ("eligible", 40), ("planned", 30), ("active", 20), ("completed", 5))
    Transition.objects.create(
        case=done, number=8, to_state="verified", verified_by_method="witness", happened_on=ago(4), by=worker
    )  # fmt: skip
    on = people.case(world, worker, category="XC")
    people.steps(on, ("identified", 60), ("eligible", 40), ("planned", 30), ("active", 20))
    Plan.objects.create(
        case=on, version=1, state="in_force", agreed_on=ago(31), written_by=worker, approved_by=factories.user(), approved_at=timezone.now()
    )
    ServiceGiven.objects.create(
        case=on, kind="legal", strand="social", starts_on=ago(30), ends_on=ago(3), is_completed=True, recorded_by=worker
    )
    people.referral(on, world.partner, answer_in_days=-3)
    for row, lost in ((done, False), (on, True)):
        wave = people.wave(row, 6, in_days=-9, state="missed" if lost else "done", settled_on=ago(5))
        FollowUpOutcome.objects.create(follow_up=wave, was_reached=not lost, livelihood="" if lost else "employed", recorded_by=worker)
    for value, day in (("0.4", 60), ("0.7", 5)):
        held = Assessment.objects.create(case=done, instrument="RSS-1", held_on=ago(day), is_complete=True, recorded_by=worker)
        AssessmentScore.objects.create(assessment=held, dimension="all", value=Decimal(value), answered=30, items=30)
    ChildHandover.objects.create(**at.where(), girls=2, identified_at=timezone.now() - timedelta(days=9))


def _communities(at: Peace) -> None:
    world = at.world
    community = factories.community(world, monitors=4)
    registry.count_population(community, people={"host": 9000}, observed_on=ago(40), source="county", by=at.officer)
    told = factories.incident(world, community=community, type="battle", event_date=ago(9))
    incidents.verify(told, by=world.manager, reliability="B", credibility=1)
    seen = timezone.now() - timedelta(days=9)
    for decision in ("watched", "false_alarm"):
        EarlyWarning.objects.create(
            community=community, rule="person", signal="Weapons", raised_by=at.officer, first_seen=seen,
            due_at=seen + timedelta(hours=48), acknowledged_at=seen + timedelta(hours=60), acknowledged_by=at.officer,
            decided_at=seen + timedelta(hours=70), decided_by=at.officer, decision=decision,
            reason="It was a wedding" if decision == "false_alarm" else "",
        )  # fmt: skip
    EarlyWarning.objects.create(
        community=community, rule="person", signal="Lorries", raised_by=at.officer, first_seen=seen, due_at=seen + timedelta(hours=48)
    )


def _forums(at: Peace) -> None:
    for kind in ("committee", "police", "council", "youth"):
        forum = at.forum(kind=kind, started_on=ago(400))
        forums.seat(forum, since=ago(20), seats=10, lines=[forums.Seats("women", 4), forums.Seats("youth", 2)], by=at.officer)
        for days in (30, 23, 16, 9, 2, 0) if kind == "committee" else (9,):
            met = forums.meet(forum, happened_on=ago(days), people_present=9, by=at.officer)
            EvidenceFile.objects.create(
                activity=met.activity, title="Minutes", holds_names=False, path=f"x{met.pk}", content_type="text/plain", size=1,
                digest="0" * 64, uploaded_by=at.officer,
            )  # fmt: skip
        forums.decide(forum, text="Patrol", decided_on=ago(9), by=at.officer)
    commitments.keep(at.promise(due_on=ago(9)), on=ago(9), source="visit", by=at.officer)
    for days, women in ((9, 2), (370, 1)):
        agreed = forums.agree(
            title=f"Corridor {days}", signed_on=ago(days), parties="farmers\nherders", mediator="committee", dispute_kind="land",
            stage="SubPar", signatories_female=women, forum=None, by=at.officer, **at.where(),
        )  # fmt: skip
        promised = at.promise(agreement=agreed, due_on=ago(days - 4))
    for source in ("police post", "monitor"):
        commitments.report_breach(promised, on=ago(9), source=source, by=at.officer)


def _disputes(at: Peace) -> None:
    at.settled(days_ago=9, opened_on=ago(40))
    book = at.forum(kind="youth")
    at.dispute(forum=book, opened_on=ago(30))
    disputes.settle(at.dispute(forum=book, opened_on=ago(35)), terms="Agreed", on=ago(9), by=at.officer)


def _projects(at: Peace) -> None:
    at.handed_over(days_ago=200)
    at.handed_over(days_ago=20)
    row = at.local_project(ends_on=ago(9), kind="business", benefits_women=True)
    local_projects.decide(row, decision="approved", on=ago(28), approved=Decimal(5), by=at.officer)
    local_projects.start(row, on=ago(27), by=at.officer)
    local_projects.complete(row, on=ago(12), people_served=5, by=at.officer)


def _institutions(at: Peace) -> None:
    world = at.world
    officer = factories.member(Role.INSTITUTION_OFFICER, program=world.project.program)
    police = factories.Organization.objects.create(name="Police of the county", kind="authority", iati_type="10")
    station = profiles.record(
        project=world.project, partner=world.partner, kind="police_station", place=world.place, organization=police, by=officer
    )
    for cells in ({"rank=junior|sex=female": 12}, {"rank=middle|sex=male": 9}):
        support.record(
            institution=station, project=world.project, partner=world.partner, kind="training", title="Community policing",
            happened_on=ago(9), place=world.place, people=sum(cells.values()), cells=cells, by=officer,
        )  # fmt: skip
    profiles.count_staff(
        station, counted_on=ago(9), total=40, source="List", cells={"rank=junior|sex=female": 10, "rank=junior|sex=male": 30}, by=officer
    )
    law = reform.begin(institution=station, project=world.project, kind="law", title="Police law", by=officer)
    for stage in ReformStage.Stage:
        reform.reach(law, stage=stage.value, reached_on=ago(40 - 5 * stage.value), evidence="Paper", by=officer)


def _surveys(at: Peace) -> None:
    world, admin = at.world, asking.administrator()
    respondents = [_one(key) for key in ("sex=female", "age=18-24", "disability=no", "status=idp")]
    for code in ("social-cohesion", "perception-of-police", "sdg-16-1-4", "sdg-16-3-3"):
        version = asking.shipped(code, active=False)
        if code.startswith("sdg"):
            texts = {item.code: f"Official question {item.code}" for item in version.items.all()}
            instruments.supply_text(version, language="en", texts=texts, by=admin)
        if version.status == "draft":
            version = instruments.activate(version, by=admin)
        row = asking.opened(world, version, held_on=ago(9))
        favourable = {"sdg-16-1-4": {"S01": "fairly_safe"}, "sdg-16-3-3": {"J01": "yes", "J02": "informal"}}.get(code)
        questions = rounds.Sheet(row.version).definition.questions
        answers = favourable or {
            q.code: next(c.code for c in q.choices.values() if c.score == Decimal("0.75")) for q in questions if q.is_scored
        }
        rounds.respond_many(row, responses=[rounds.Given(answers, respondent=who) for who in respondents], by=world.mande)
        rounds.close(row, by=world.mande)
        rounds.approve(row, by=world.manager)
    version, office = asking.shipped("police-capacity"), factories.partner()
    codes = [item.code for item in version.items.all()]
    for level, day in (("2", 40), ("3", 9)):
        row = asking.opened(
            world, version, subject="institution", organization=office, method="", assessor="moderated", held_on=ago(day)
        )  # fmt: skip
        rounds.respond(row, answers=dict.fromkeys(codes, level), evidence=dict.fromkeys(codes, "Seen"), by=world.mande)
        rounds.close(row, by=world.mande)
        rounds.approve(row, by=world.manager)


def _amount(found: Count) -> tuple[Any, Any, list[str]]:
    """Value, denominator, answers."""
    return sum(p.value for p in found.parts), sum(p.of or 0 for p in found.parts), sorted({p.option for p in found.parts if p.option})


def test_every_tally_honours_place_time_and_breakdown(place):
    at, state, empty_county = place
    wrong = []
    for key, one in BY_KEY.items():
        if key in BY_MONTH_AND_STATE:
            continue

        def count(*roots: Any, since: int = 30, until: int = 0, by: tuple[str, ...] = (), one: Any = one) -> Count:
            ids = tuple(root.pk for root in roots)
            return one.function(Asked(at.world.project, at.world.partner, ago(since), ago(until), ids, by))

        whole = count(state)
        if not any(_amount(whole)):
            wrong.append(f"{key}: nothing is counted of what happened below the state")
        if _amount(count(at.world.place)) != _amount(whole):
            wrong.append(f"{key}: the county says {_amount(count(at.world.place))}, its state {_amount(whole)}")
        if count(empty_county).parts:
            wrong.append(f"{key}: something is counted where nothing happened")
        if any(_amount(count(state, since=1500, until=1400))[:2]):
            wrong.append(f"{key}: something is counted of days on which nothing had happened yet")
        if one.over_time == OverTime.PER_PERIOD and any(_amount(count(state, since=-30, until=-60))[:2]):
            wrong.append(f"{key}: something is counted of days to come")
        for dimension in one.dimensions:
            broken = count(state, by=(dimension,))
            if _amount(broken)[:2] != _amount(whole)[:2]:
                wrong.append(f"{key} by {dimension}: {_amount(broken)} instead of {_amount(whole)}")
            if not {part.cell.get(dimension) for part in broken.parts} - {None}:
                wrong.append(f"{key} by {dimension}: nobody is in a cell")
            if any(set(part.cell) - {dimension} for part in broken.parts):
                wrong.append(f"{key} by {dimension}: broken down by more than was asked for")
    assert not wrong, "\n".join(wrong)


def test_a_definition_page_opens_for_every_tally(client):
    client.force_login(factories.member(Role.DONOR_VIEWER, organization=factories.partner()))
    for key, one in BY_KEY.items():
        page = client.get(reverse("tally", args=[key]))
        assert page.status_code == 200, key
        assert str(one.title) in page.content.decode().replace("&#x27;", "'"), key


def test_complaints_are_counted_in_whole_months_in_their_state(place):
    at, state, empty_county = place
    world, officer = at.world, factories.member(Role.INSTITUTION_OFFICER, program=at.world.project.program)
    board = factories.Organization.objects.create(name="Complaints board", kind="authority", iati_type="10")
    body = profiles.record(
        project=world.project, partner=world.partner, kind="oversight_body", place=state, organization=board, by=officer
    )  # fmt: skip
    for month, received in ((4, 5), (5, 7), (6, 0)):
        complaints.count_month(
            register=body, service="police", place=state, year=2026, month=month, received=received, closed=received, due=received,
            in_time=2 if received else 0, source="Sheet", by=officer,
        )  # fmt: skip
    second_quarter = (date(2026, 4, 1), date(2026, 6, 30))
    for key, whole in zip(sorted(BY_MONTH_AND_STATE), ((4, 12, []), (12, 0, []), (12, 0, [])), strict=True):

        def count(root: Any, days: tuple[date, date], key: str = key) -> Any:
            return _amount(BY_KEY[key].function(Asked(world.project, world.partner, *days, (root.pk,), ())))

        assert count(state, second_quarter) == whole
        assert count(state, (date(2026, 1, 1), date(2026, 3, 31))) == count(state, (date(2026, 7, 1), date(2026, 9, 30))) == (0, 0, [])
        assert count(state, (date(2026, 4, 15), date(2026, 6, 30))) == (0, 0, [])  # cuts a counted month
        assert count(world.place, second_quarter) == count(empty_county, second_quarter) == (0, 0, [])
