"""The page of one place: the three levels side by side, who works there, and nothing that a reader may not see."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from communities import disputes
from communities.models import Commitment, NeedsRanking
from dashboard import place as places
from dashboard import place_records as evidence
from programs.models import ActivityRecord, Expenditure, ProjectPlace, Sensitivity
from surveys import instruments, results, rounds
from surveys.models import InstrumentVersion
from tests import factories
from tests.communities.peace import Peace, make_peace
from tests.reporting.reported import Reported
from tests.surveys import making

pytestmark = pytest.mark.django_db
TODAY = date(2026, 8, 25)


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda value=None, timezone_=None: value.date() if value is not None else TODAY)


@pytest.fixture
def reported():
    found = Reported()
    found.quarter(0, 30, 5, 10)
    found.quarter(1, 12, 50, 80)
    world = found.world
    for day in (date(2026, 2, 3), date(2026, 8, 20), date(2026, 8, 21)):
        ActivityRecord.objects.create(
            project=world.project, partner=world.partner, place=world.place, kind="dialogue", happened_on=day, recorded_by=world.mande
        )
    Expenditure.objects.create(
        grant=found.grant, project=found.project, partner=world.partner, period=world.period, amount=Decimal(630), entered_by=found.mande
    )
    return found


def address(reported, name="place_page", at=None):
    return reverse(name, args=[(at or reported.world.place).code])


def test_quarters_end_with_the_running_one_and_cross_years():
    assert [one.code for one in places.quarters(date(2026, 2, 1), 3)] == ["2025-Q3", "2025-Q4", "2026-Q1"]
    assert [one.ends_on for one in places.quarters(date(2026, 2, 1), 3)] == [date(2025, 9, 30), date(2025, 12, 31), date(2026, 3, 31)]


def test_the_levels_stand_on_one_time_axis(client, reported):
    client.force_login(reported.mande)
    page = client.get(address(reported, "place_levels"), HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in page
    assert "2026-Q1" in page
    assert "Completed training" in page
    assert ">30<" in page, "as of the first quarter"
    assert ">42<" in page, "as of the second"
    assert "62\u00a0%" in page, "50 of 80"
    country = client.get(address(reported, "place_levels", factories.country())).content.decode()
    assert ">42<" in country, "a country takes everything below it"
    elsewhere = client.get(address(reported, "place_levels", factories.place("SS9901"))).content.decode()
    assert "Completed training" not in elsewhere


def test_people_at_a_single_place_are_hidden_from_readers_without_raw_figures(client, reported):
    reader = factories.member(Role.COMMUNITY_OFFICER, program=reported.project.program)
    client.force_login(reader)
    page = client.get(address(reported, "place_levels")).content.decode()
    assert "Hidden to protect people in small groups" in page
    assert ">30<" not in page
    file = b"".join(client.get(address(reported, "place_levels") + "?export=csv")).decode()
    assert "hidden" in file or "LIV-2" in file
    assert ",42" not in file


def test_the_file_holds_the_table(client, reported):
    client.force_login(reported.mande)
    lines = b"".join(client.get(address(reported, "place_levels") + "?export=csv")).decode().splitlines()
    assert lines[0].lstrip("\ufeff").endswith("2026-Q2,2026-Q3")
    training = next(line for line in lines if "LIV-2" in line)
    assert training.endswith("30,42,")


def test_the_page_says_who_does_what_where_when_and_what_was_spent(client, reported):
    client.force_login(reported.mande)
    page = client.get(address(reported)).content.decode()
    assert "Moving together is not proof of cause." in page
    assert reported.world.partner.name in page
    assert reported.project.code in page
    assert "Accepted" in page
    assert "Dialogue session" in page
    assert "USD" in page
    assert reverse("place_levels", args=[reported.world.place.code]) in page


def test_a_stranger_sees_neither_projects_nor_figures_nor_money(client, reported):
    stranger = factories.member(Role.PARTNER_REPORTER, organization=factories.partner())
    client.force_login(stranger)
    page = client.get(address(reported)).content.decode()
    assert reported.project.code not in page
    assert "Dialogue session" not in page
    assert "USD" not in page
    assert "Completed training" not in client.get(address(reported, "place_levels")).content.decode()


@pytest.mark.parametrize("partners", [1, 3])
def test_the_place_page_costs_the_same_however_much_happens_there(client, reported, django_assert_num_queries, partners):
    world = reported.world
    for number in range(partners):
        world.indicator(factories.definition(f"X-{number}"))
        factories.community(world)
        factories.incident(world, event_date=date(2026, 5, number + 1))
        cohesion(
            world,
            held_on=date(2026, 2, number + 1),
            place=world.place if number == 0 else factories.place(f"SS07{number}", parent=world.place),
        )
    peace = Peace(world, world.mande, world.mande)
    for month in range(5 - partners, 7):
        ranking(world, peace, month=month)
    officer = factories.member(Role.COMMUNITY_OFFICER, program=reported.project.program)
    for reader, whole, levels, recorded in (
        (reported.mande, 12, 11, 12),
        (officer, 11, 12, 12),
    ):  # money, or the register of published numbers
        client.force_login(reader)
        with django_assert_num_queries(whole):
            client.get(address(reported))
        for headers in ({}, {"HTTP_HX_REQUEST": "true"}):
            with django_assert_num_queries(levels):
                client.get(address(reported, "place_levels"), **headers)
            with django_assert_num_queries(recorded):
                client.get(address(reported, "place_records"), **headers)


# What was recorded


def cohesion(world, *, answers=10, place=None, **fields):
    version = InstrumentVersion.objects.filter(instrument__code="social-cohesion").first() or making.loaded(making.small("social-cohesion"))
    at = factories.World(**{**world.__dict__, "place": place or world.place})
    row = making.answered(at, version, ["agree"] * (answers - 1) + ["disagree"], **fields)
    settle(row, world)
    return row


def settle(row, world):
    """Closed by who entered, approved by another."""
    rounds.close(row, by=world.mande)
    rounds.approve(row, by=factories.member(Role.PROGRAM_MANAGER, program=world.project.program))


def records(client, place):
    return client.get(reverse("place_records", args=[place.code])).content.decode()


def test_incidents_cohesion_promises_and_needs_stand_on_the_same_quarters(client):
    peace = make_peace()
    world = peace.world
    factories.incident(world, event_date=date(2026, 5, 3))
    factories.incident(world, event_date=date(2026, 5, 4), verified_at=timezone.now(), verified_by=world.mande)
    round_ = cohesion(world, held_on=date(2026, 2, 10), answers=30)
    forum = peace.forum(name="Renk dialogue", started_on=date(2025, 1, 1))
    promise(world, peace, forum, date(2026, 4, 2), "kept")
    promise(world, peace, forum, date(2026, 5, 2), "open")
    promise(world, peace, forum, date(2026, 5, 5), "withdrawn")
    ranking(world, peace)
    client.force_login(world.manager)
    found = evidence.records(world.place, reader=world.manager, spans=places.quarters(TODAY), today=TODAY)
    lines = {line.title: line for _level, lines in found.groups for line in lines}
    assert [cell.words for cell in lines["Incidents"].cells][-3:] == ["0", "2", "0"]
    assert [cell.words for cell in lines["Incidents, verified"].cells][-3:] == ["0", "1", "0"]
    measured = lines[f"Social cohesion, {world.place.name}"].cells[-3]
    assert measured.words == f"{results.of(round_).composite.mean:.1f} ± {results.of(round_).composite.half_width:.1f}, n 30"
    assert [cell.words for cell in lines["Commitments kept"].cells][-3:] == ["–", "1 of 2", "–"]
    page = records(client, world.place)
    assert "Safe water" in page
    assert "Renk dialogue" in page
    assert "1 overdue" in page
    file = b"".join(client.get(reverse("place_records", args=[world.place.code]) + "?export=csv")).decode()
    assert "1 of 2" in file


def promise(world, peace, forum, due_on, state):
    fields = {"settled_on": due_on} if state in {"kept", "withdrawn"} else {}
    Commitment.objects.create(
        **peace.where(),
        forum=forum,
        text=f"Promise of {due_on}",
        who="chiefs",
        due_on=due_on,
        state=state,
        recorded_by=world.manager,
        **fields,
    )


def ranking(world, peace, month=6, needs=("Safe water", "Schools")):
    row = NeedsRanking.objects.create(
        **peace.where(), title=f"Month {month}", starts_on=date(2026, month, 1), ends_on=date(2026, month, 4), recorded_by=world.manager
    )
    women = row.groups.create(group="women", people=30)
    for rank, text in enumerate(needs, 1):
        row.needs.create(text=text).ranks.create(group=women, rank=rank)
    return row


def test_needs_of_a_place_move_since_the_cycle_before(client):
    peace = make_peace()
    world = peace.world
    before = ranking(world, peace, month=3, needs=("Schools", "Cattle routes", "Safe water"))
    ranking(world, peace, needs=("Safe water", "Schools", "Work"))
    client.force_login(peace.officer)
    page = records(client, world.place)
    assert reverse("needs_ranking", args=[before.pk]) in page
    assert "No longer ranked: Cattle routes." in page
    found = evidence.records(world.place, reader=peace.officer, spans=places.quarters(TODAY), today=TODAY).ranked
    assert {line.need: [(cell.move, cell.is_new) for cell in line.cells] for line in found.lines} == {
        "Safe water": [(2, False)], "Schools": [(-1, False)], "Work": [(None, True)],
    }  # fmt: skip
    assert "more urgent than before" in page


def test_disputes_stand_open_settled_and_asked_about_again_by_quarter(client):
    peace = make_peace()
    place = peace.world.place

    def settled(on, **more):
        row = peace.dispute(opened_on=date(2025, 11, 3), **more)
        return disputes.settle(row, on=on, terms="Herds stay off the farms.", by=peace.officer)

    kept, broken = settled(date(2026, 2, 10)), settled(date(2026, 3, 1))
    peace.dispute(opened_on=date(2026, 4, 2))
    for row, on, holds in ((kept, date(2026, 5, 12), True), (broken, date(2026, 6, 3), False)):
        disputes.follow_up(row.follow_ups.get(months=3), on=on, holds=holds, by=peace.officer)
    spans = places.quarters(TODAY)
    (group,) = evidence.disputes(place, reader=peace.officer, spans=spans, today=TODAY)
    told = {line.title: [cell.words for cell in line.cells][3:] for line in group[1]}
    assert told == {
        "Disputes open": ["–", "–", "2", "0", "2", "2"][1:], "Disputes settled": ["–", "–", "0", "2", "0", "0"][1:],
        "Settlements that hold after 3 months": ["–", "–", "–", "1 of 2", "–"],
    }  # fmt: skip
    client.force_login(peace.officer)
    page = client.get(reverse("place_disputes", args=[place.code]), headers={"HX-Request": "true"}).content.decode()
    assert "Settlements that hold after 3 months" in page
    assert "1 of 2" in page
    file = b"".join(client.get(reverse("place_disputes", args=[place.code]) + "?export=csv")).decode()
    assert "Disputes open" in file
    client.force_login(make_peace().officer)
    assert "Disputes open" not in client.get(reverse("place_disputes", args=[place.code])).content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_disputes_of_a_place_ask_the_same_however_many_there_are(client, django_assert_num_queries, number):
    peace = make_peace()
    for at in range(number):
        row = disputes.settle(
            peace.dispute(opened_on=date(2026, 1, 3)), on=date(2026, 2, 10 + at), terms="Off the farms.", by=peace.officer
        )
        disputes.follow_up(row.follow_ups.get(months=3), on=date(2026, 5, 12), holds=True, by=peace.officer)
        companion(peace.world, held_on=date(2026, 2, at + 1))
    client.force_login(peace.officer)
    with django_assert_num_queries(9):
        client.get(reverse("place_disputes", args=[peace.world.place.code]))


def companion(world, answers=12, **fields):
    """An approved round with the official question of SDG 16.1.4, a third of the people safe."""
    by = making.administrator()
    version = making.shipped("sdg-16-1-4", active=False)
    if version.status == "draft":
        instruments.supply_text(version, language="en", texts={"S01": "Official question"}, by=by)
        instruments.activate(version, by=by)
    row = making.opened(world, version, **fields)
    given = [rounds.Given({"S01": "fairly_safe" if at % 3 == 0 else "very_unsafe"}) for at in range(answers)]
    rounds.respond_many(row, responses=given, by=world.mande)
    return settle(row, world)


def test_feeling_safe_after_dark_stands_beside_disputes_where_the_official_question_was_asked(client):
    peace = make_peace()
    world = peace.world
    assert evidence.disputes(world.place, reader=world.mande, spans=places.quarters(TODAY), today=TODAY) == []
    companion(world, held_on=date(2026, 2, 1))
    (group,) = evidence.disputes(world.place, reader=world.mande, spans=places.quarters(TODAY), today=TODAY)
    (line,) = group[1]
    assert line.title == f"Feel safe walking alone after dark, {world.place.name}"
    assert [cell.words for cell in line.cells if cell.words != "–"] == ["33 % (7–60), n 12"]
    (group,) = evidence.disputes(world.place, reader=peace.officer, spans=places.quarters(TODAY), today=TODAY)
    assert [cell.is_hidden for cell in group[1][0].cells].count(True) == 1, "4 of 12 is too few without raw figures"


def test_the_acceptance_of_returning_people_stands_in_the_same_place(client):
    world = make_peace().world
    row = making.opened(world, making.shipped("social-cohesion"), held_on=date(2026, 5, 1))
    rounds.respond_many(row, responses=[rounds.Given({"C12": word}) for word in ("agree", "agree", "disagree", "neither")], by=world.mande)
    settle(row, world)
    (group,) = evidence.disputes(world.place, reader=world.mande, spans=places.quarters(TODAY), today=TODAY)
    (line,) = group[1]
    assert line.title == f"Accept returning former combatants, {world.place.name}"
    assert [cell.value for cell in line.cells if cell.value is not None] == [50]


def test_incidents_are_masked_by_their_class(client):
    world = factories.world()
    state = factories.place("SS07", parent=factories.country())
    county = factories.place("SS0799", parent=state)
    payam = factories.place("SS079901", parent=county)
    ProjectPlace.objects.create(project=world.project, place=state)
    kept_strict = factories.community(world, place=payam, sensitivity=Sensitivity.STRICT)
    at = {"event_date": date(2026, 8, 2), "place": payam, "area": county}
    factories.incident(world, **at)
    factories.incident(world, **at, sensitivity=Sensitivity.STRICT)
    factories.incident(world, **at, community=kept_strict)

    def number(place):
        found = evidence.records(place, reader=world.manager, spans=places.quarters(TODAY), today=TODAY)
        return next((line.cells[-1].words for _level, lines in found.groups for line in lines if line.title == "Incidents"), None)

    assert (number(state), number(county), number(payam)) == ("3", "1", None)
    client.force_login(world.manager)
    assert "never closer" in records(client, payam)


def test_few_answers_are_hidden_from_readers_without_raw_figures(client):
    peace = make_peace()
    cohesion(peace.world, held_on=date(2026, 2, 10), answers=8)
    client.force_login(peace.officer)
    page = records(client, peace.world.place)
    assert "Social cohesion" in page
    assert "Hidden to protect people in small groups" in page
    assert ", n 8" not in page
    client.force_login(peace.world.mande)
    assert ", n 8" in records(client, peace.world.place)


def test_capacity_rounds_stand_by_institution_and_whose_score(client):
    world = factories.world()
    version = making.shipped("police-capacity")
    row = making.capacity(world, version, assessor="moderated", held_on=date(2026, 2, 3))
    codes = [item.code for item in version.items.all()]
    option = version.option_sets.get().options.exclude(score=None).order_by("-score").first().code
    rounds.respond(row, answers=dict.fromkeys(codes, option), evidence=dict.fromkeys(codes, "seen"), by=world.mande)
    settle(row, world)
    found = evidence.records(world.place, reader=world.manager, spans=places.quarters(TODAY), today=TODAY)
    ((level, (line,)),) = found.groups
    assert (level, line.title) == ("institution", row.organization.name)
    assert "Moderated score" in line.says
    assert line.cells[-3].value == Decimal(100)
    client.force_login(world.manager)
    assert row.organization.name in records(client, world.place)


def test_a_stranger_sees_nothing_of_what_was_recorded(client):
    peace = make_peace()
    world = peace.world
    community = factories.community(world, name="Renk town")
    factories.incident(world, event_date=date(2026, 5, 3), community=community)
    cohesion(world, held_on=date(2026, 2, 10))
    peace.forum(name="Renk dialogue")
    ranking(world, peace)
    client.force_login(peace.stranger)
    page = records(client, world.place)
    for word in ("Incidents, verified", "Social cohesion, ", "Renk dialogue", "Safe water"):
        assert word not in page
    assert "Renk town" not in client.get(reverse("place_page", args=[world.place.code])).content.decode()
    client.force_login(peace.officer)
    assert "Renk town" in client.get(reverse("place_page", args=[world.place.code])).content.decode()
