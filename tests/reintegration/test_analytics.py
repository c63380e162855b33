from __future__ import annotations

import random
from datetime import timedelta
from itertools import combinations, product

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from reintegration import analytics
from reintegration.models import AgeBand, Case, FollowUpOutcome, Pathway, Sex
from tests import factories
from tests.reintegration import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world("PPS-01")


@pytest.fixture
def worker(world):
    return factories.member(Role.CASEWORKER, organization=world.partner)


def numbers(cut):
    return {str(label): [cell.value for cell in cells] for label, cells, _total in cut.rows}


def test_outcomes_add_up_in_every_breakdown_and_place_goes_up_to_admin_1(world, worker):
    county = factories.place("XX0107", parent=world.place)
    done = {"state": "completed", "completed_on": timezone.localdate()}
    making.case(world, worker, place=county)
    making.case(world, worker, sex="male", birth_year=timezone.localdate().year - 70, age_band=None, **done)
    making.case(world, worker, sex="male", state="closed", closed_on=timezone.localdate(), exit_reason="withdrew")
    making.case(world, worker, sealed_at=timezone.now(), sealed_by=worker, erase_by=timezone.now())
    cuts = {cut.key: cut for cut in analytics.outcomes(analytics.read(analytics.cases_for(world.mande)), raw=True)}
    assert numbers(cuts["sex"]) == {"Female": [1, 0, 0], "Male": [0, 1, 1]}
    assert numbers(cuts["age"]) == {"25–35": [1, 0, 1], "60 and over": [0, 1, 0]}
    assert numbers(cuts["place"]) == {world.place.name: [1, 1, 1]}
    assert {cut.total.value for cut in cuts.values()} == {3}


def test_a_reader_without_raw_figures_gets_no_breakdown_that_gives_a_small_group_away(world, worker):
    for number in range(24):
        making.case(world, worker, sex="female" if number < 22 else "male")
    cuts = {cut.key: cut for cut in analytics.outcomes(analytics.read(Case.objects.all()), raw=False)}
    assert all(cut.dropped and not cut.rows for cut in cuts.values()), "zeros of completed and ended are hidden in strict data"
    assert {cut.total.value for cut in cuts.values()} == {24}
    assert [row[3:] for row in analytics.as_rows(cuts.values())] == [(24, "shown")] * 4


def test_the_median_is_over_the_days_since_the_step_before(world, worker):
    for days in (3, 5, 40):
        making.steps(making.case(world, worker), ("identified", 60), ("screened", 60 - days))
    steps = {step.state: (step.people.value, step.median_days) for step in analytics.funnel(analytics.read(Case.objects.all()), raw=True)}
    assert steps == {"identified": (3, None), "screened": (3, 5)}
    hidden = analytics.funnel(analytics.read(Case.objects.all()), raw=False)
    assert {(step.people.value, step.median_days) for step in hidden} == {(None, None)}


def test_a_step_reached_again_counts_its_person_once_and_its_days_each_time(world, worker):
    row = making.case(world, worker)
    making.steps(row, ("identified", 60), ("active", 50), ("completed", 40), ("closed", 30), ("active", 20), ("completed", 19))
    making.steps(making.case(world, worker), *((state, 90 - day) for day, state in enumerate(["identified", "screened"] * 6)))
    found = analytics.read(Case.objects.all())
    assert found.days["reintegration", "completed"] == {10: 1, 1: 1}
    assert sum(found.days["reintegration", "screened"].values()) == 6, "more than nine steps stay in their order"
    steps = {step.state: step.people.value for step in analytics.funnel(found, raw=True)}
    assert steps == {"identified": 2, "screened": 1, "active": 1, "completed": 1, "closed": 1}


def shown(world, worker, **people):
    """The funnel as a reader without raw figures sees it; ``people``: pathway -> how many reached each step."""
    for pathway, (names, numbers) in people.items():
        for at in range(numbers[0]):
            walked = [(name, 90 - step) for step, (name, number) in enumerate(zip(names, numbers, strict=True)) if at < number]
            making.steps(making.case(world, worker, pathway=pathway), *walked)
    return {(step.pathway, step.state): step.people.value for step in analytics.funnel(analytics.read(Case.objects.all()), raw=False)}


def test_a_step_is_hidden_where_its_difference_to_another_would_be_a_small_group(world, worker):
    found = shown(world, worker, reintegration=(("identified", "screened", "eligible", "completed"), (32, 31, 22, 11)))
    assert list(found.values()) == [32, None, 22, 11], "one person of 32 was not screened; ten left between the other steps"


def test_a_pathway_is_not_known_by_taking_the_others_from_the_total(world, worker):
    found = shown(world, worker, reintegration=(("identified", "eligible"), (26, 20)), prevention=(("identified", "accepted"), (8, 8)))
    assert found == {
        ("prevention", "identified"): None, ("prevention", "accepted"): None,
        ("reintegration", "identified"): None, ("reintegration", "eligible"): 20,
    }  # fmt: skip


def test_who_is_due_later_is_hidden_where_few_were_due_only_before(world, worker):
    for number in range(25):
        row = making.case(world, worker)
        making.wave(row, 3, in_days=-9)
        if number < 20:
            making.wave(row, 6, in_days=-1)
        if number < 12:
            making.wave(row, 12, in_days=-1)
    assert [wave.due.value for wave in analytics.livelihoods(Case.objects.all(), raw=True)] == [25, 20, 12]
    assert [wave.due.value for wave in analytics.livelihoods(Case.objects.all(), raw=False)] == [25, None, 12]


def counted(page):
    """Every number that the page shows, with whether it counts a person: (sex, age, pathway, steps, outcome, months since completion)."""
    places = {"sex": 0, "age": 1, "pathway": 2}
    for cut in page.cuts:
        yield cut.total, lambda who: True
        for outcome, cell in zip(analytics.OUTCOMES, cut.totals, strict=True):
            if not cut.dropped:
                yield cell, lambda who, outcome=outcome: who[4] == outcome
        for label, cells, total in cut.rows:
            at = places.get(cut.key)
            stands = (lambda who: True) if at is None else lambda who, at=at, label=label: who[at] == label
            yield total, stands
            for outcome, cell in zip(analytics.OUTCOMES, cells, strict=True):
                yield cell, lambda who, stands=stands, outcome=outcome: stands(who) and who[4] == outcome
    for step in page.steps:
        yield step.people, lambda who, step=step: who[2] == Pathway(step.pathway).label and step.state in who[3]
    for wave in page.waves:
        yield wave.due, lambda who, wave=wave: who[5] >= wave.months


@pytest.mark.parametrize("seed", range(4))
def test_no_sum_or_difference_of_numbers_on_the_page_is_a_small_group(world, worker, seed):
    """Up to three shown numbers and the total, added or taken away, against everybody there is or could be."""
    chance = random.Random(seed)
    ways = {
        "reintegration": [["identified"], ["identified", "screened"], ["identified", "screened", "eligible", "completed"]],
        "prevention": [["identified"], ["identified", "accepted"], ["identified", "accepted", "completed"]],
    }
    people = []
    for _number in range(chance.choice((70, 160))):
        pathway = "reintegration" if chance.random() < 0.7 else "prevention"
        steps, sex, age = chance.choice(ways[pathway]), chance.choice(["female", "male"]), chance.choice(["18-24", "25-35"])
        done, ended = "completed" in steps, chance.random() < 0.3
        months = chance.choice([0, 3, 3, 6]) if done else -1
        row = making.case(
            world, worker, pathway=pathway, sex=sex, age_band=age, completed_on=timezone.localdate() if done else None,
            **{"state": "closed", "closed_on": timezone.localdate(), "exit_reason": "withdrew"} if ended else {},
        )  # fmt: skip
        making.steps(row, *((step, 90 - at) for at, step in enumerate([*steps, *(["closed"] if ended else [])])))
        for wave in (3, 6):
            if months >= wave:
                making.wave(row, wave, in_days=-1)
        steps = (*steps, *(["closed"] if ended else []))
        outcome = "completed" if done else "ended" if ended else "open"
        people.append((Sex(sex).label, AgeBand(age).label, Pathway(pathway).label, steps, outcome, months))
    page = analytics.counts(Case.objects.all(), raw=False)
    sexes, ages, gone = {who[0] for who in people}, {who[1] for who in people}, {who[2:5] for who in people}
    possible = [
        (sex, age, *way, months)
        for sex, age, way in product(sexes, ages, gone)
        for months in ((0, 3, 6) if way[2] == "completed" else (-1,))
    ]
    shown = {}
    for cell, counts in counted(page):
        if cell.value is not None:
            assert cell.value == sum(map(counts, people))
            shown[tuple(int(counts(who)) for who in possible)] = cell.value
    for some in combinations(shown, 3):
        rows = set(zip(*some, strict=True))
        for factors in product((-1, 0, 1), repeat=4):
            group = [sum(f * one for f, one in zip(factors, (1, *row), strict=True)) for row in rows]
            if min(group) >= 0 and any(group):
                number = sum(f * one for f, one in zip(factors, (len(people), *(shown[one] for one in some)), strict=True))
                assert number >= 10, (factors, [shown[one] for one in some])
    assert len(shown) > 3, "big numbers stay"


def test_livelihood_says_who_was_due_reached_and_lost(world, worker):
    for livelihood in ("employed", "casual", "unknown", ""):
        wave = making.wave(
            making.case(world, worker), 6, in_days=-9, state="done" if livelihood else "missed", settled_on=timezone.localdate()
        )
        FollowUpOutcome.objects.create(follow_up=wave, was_reached=bool(livelihood), livelihood=livelihood, recorded_by=worker)
    making.wave(making.case(world, worker), 6, in_days=-1)
    making.wave(making.case(world, worker), 6, in_days=9)
    _three, six, _twelve = analytics.livelihoods(Case.objects.all(), raw=True)
    assert [one.value for one in (six.due, six.reached, six.lost, six.said, six.in_work)] == [5, 3, 1, 2, 1]
    assert six.percent == 50
    hidden = analytics.livelihoods(Case.objects.all(), raw=False)[1]
    assert {one.value for one in (hidden.due, hidden.reached, hidden.lost, hidden.said, hidden.in_work)} == {None}
    assert hidden.percent is None


def test_the_page_counts_what_its_reader_may_count_and_its_file_holds_no_more(client, world, worker):
    row = making.case(world, worker)
    making.case(factories.world("PPS-02"), worker, opened_on=timezone.localdate() - timedelta(days=3))
    for person, sees in ((world.mande, True), (factories.member(Role.CASE_SUPERVISOR, organization=world.partner), False)):
        client.force_login(person)
        text = client.get(reverse("case_analytics")).content.decode()
        told = client.get(reverse("case_analytics"), {"export": "csv"}).content.decode()
        assert ("Female,In progress,1,shown" in told) is sees
        assert ("hidden-cell" in text) is not sees
        assert row.code not in text + told
        assert str(row) not in text + told
    client.force_login(worker)
    assert client.get(reverse("case_analytics")).status_code == 404


def test_the_page_takes_as_many_queries_with_three_cases_as_with_one(client, world, worker, django_assert_num_queries):
    client.force_login(world.mande)
    client.get(reverse("case_analytics"))
    for number in range(3):
        making.steps(making.case(world, worker), ("identified", 60), ("screened", 50))
        if number in (0, 2):
            with django_assert_num_queries(10):
                client.get(reverse("case_analytics"))
