from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.roles import Role
from programs.tally import Asked
from reintegration.models import Assessment, AssessmentScore, Case, ChildHandover, FollowUpOutcome, Plan, ServiceGiven
from reintegration.tallies import TALLIES
from tests import factories
from tests.reintegration import making

pytestmark = pytest.mark.django_db
BY_KEY = {one.key: one for one in TALLIES}


@pytest.fixture
def world():
    return factories.world("PPS-01")


@pytest.fixture
def worker(world):
    return factories.member(Role.CASEWORKER, organization=world.partner)


def ago(days: int):
    return timezone.localdate() - timedelta(days=days)


def count(key: str, world: Any, *breakdown: str, since: int = 90, until: int = 0) -> tuple[Any, Any, dict[Any, Any]]:
    """Sum, sum of what it is of, and the cells, over the last ``since`` days."""
    asked = Asked(world.project, world.partner, ago(since), ago(until), (world.place.pk,), breakdown)
    found = BY_KEY[key].function(asked)
    cells: Counter[Any] = Counter()
    for part in found.parts:
        cells[tuple(part.cell.values())] += part.value
    assert set(found.digests) == {part.place for part in found.parts}
    return sum(part.value for part in found.parts), sum(part.of or 0 for part in found.parts), dict(cells)


def test_registered_counts_each_person_once_by_the_step_of_the_pathway_and_never_a_sealed_case(world, worker):
    one = making.case(world, worker, birth_year=ago(0).year - 30, age_band=None)
    making.steps(one, ("identified", 50), ("eligible", 40), ("registered", 30))
    later = making.case(world, worker, sex="male")
    making.steps(later, ("identified", 5), ("accepted", 0))
    sealed = making.case(world, worker, sealed_at=timezone.now(), sealed_by=worker, erase_by=timezone.now())
    making.steps(sealed, ("accepted", 40))
    strange = factories.world("PPS-02")
    making.steps(making.case(strange, worker), ("accepted", 40))
    assert count("cases.registered", world, "sex", "age")[2] == {("female", "25-35"): 1, ("male", "25-35"): 1}
    assert count("cases.registered", world, until=1)[0] == 1
    assert count("cases.screened", world)[0] == 0


def test_women_registered_are_of_former_combatants_and_associated_adults_alone(world, worker):
    for sex, category in (("female", "XC"), ("male", "XC"), ("unknown", "ASSOC"), ("female", "ATRISK_A"), ("female", "")):
        # Whoever has no category was registered before it was asked for, and ended since.
        ended = {} if category else {"state": "closed", "closed_on": ago(1), "exit_reason": "withdrew"}
        making.steps(making.case(world, worker, sex=sex, category=category, **ended), ("identified", 50), ("eligible", 40))
    making.case(world, worker, category="XC")  # not registered
    assert count("cases.women_registered", world, "category") == (1, 3, {("XC",): 1, ("ASSOC",): 0})
    assert count("cases.women_registered", world, until=45)[:2] == (0, 0)


def test_a_plan_is_active_on_a_day_by_the_step_then_and_the_approval_before(world, worker):
    row = making.case(world, worker)
    making.steps(row, ("identified", 60), ("planned", 40), ("active", 30), ("completed", 10))
    second = factories.user()
    Plan.objects.create(
        case=row, version=1, state="in_force", agreed_on=ago(41), written_by=worker, approved_by=second,
        approved_at=timezone.now() - timedelta(days=40),
    )  # fmt: skip
    making.steps(making.case(world, worker), ("planned", 30))
    assert [count("cases.plans_active", world, until=day)[0] for day in (50, 35, 20, 5)] == [0, 1, 1, 0]
    assert count("cases.completed", world)[0] == 1
    assert count("cases.completed", world, until=11)[0] == 0


def test_services_and_referrals_count_when_they_end_and_when_their_answer_is_due(world, worker):
    row = making.case(world, worker)
    for done, ended in ((True, 10), (True, 200), (False, 10)):
        ServiceGiven.objects.create(
            case=row, kind="legal", strand="social", starts_on=ago(300), ends_on=ago(ended), is_completed=done, recorded_by=worker
        )
    assert count("cases.services_completed", world)[0] == 1
    answered = {"state": "accepted", "answered_by": worker}
    making.referral(row, world.partner, answer_in_days=-10, answered_at=timezone.now() - timedelta(days=12), **answered)
    making.referral(row, world.partner, answer_in_days=-10, answered_at=timezone.now() - timedelta(days=2), **answered)
    making.referral(row, world.partner, answer_in_days=-10)
    making.referral(row, world.partner, answer_in_days=10)
    assert count("cases.referrals_in_time", world)[:2] == (1, 3)


def test_in_work_is_of_those_who_said_and_due_and_lost_stand_beside_it(world, worker):
    for livelihood, sex in (("employed", "female"), ("self_employed", "male"), ("casual", "male"), ("unknown", "male"), ("", "female")):
        wave = making.wave(
            making.case(world, worker, sex=sex), 6, in_days=-20, state="done" if livelihood else "missed", settled_on=ago(15)
        )
        FollowUpOutcome.objects.create(follow_up=wave, was_reached=bool(livelihood), livelihood=livelihood, recorded_by=worker)
    making.wave(making.case(world, worker), 6, in_days=-20)
    making.wave(making.case(world, worker), 3, in_days=-20)
    numerator, denominator, cells = count("cases.in_work_6_months", world, "sex")
    assert (numerator, denominator, cells) == (2, 3, {("female",): 1, ("male",): 1})
    assert count("cases.follow_ups_6_months_due", world)[0] == 6
    assert count("cases.follow_ups_6_months_lost", world)[0] == 1


def test_mean_change_is_latest_less_first_of_people_with_both(world, worker):
    for scores in ((("0.4", 80), ("0.9", 60), ("0.7", 10)), (("0.5", 80), ("0.4", 10)), (("0.9", 10),), (("0.1", 300), ("0.9", 200))):
        row = making.case(world, worker)
        for value, day in scores:
            held = Assessment.objects.create(case=row, instrument="RSS-1", held_on=ago(day), is_complete=True, recorded_by=worker)
            AssessmentScore.objects.create(assessment=held, dimension="all", value=Decimal(value), answered=30, items=30)
    change, people, _cells = count("cases.mean_change", world)
    assert (change, people) == (Decimal("0.2"), 2)


def test_children_handed_over_in_time_are_of_all_identified(world, worker):
    now = timezone.now()
    given = {"project": world.project, "partner": world.partner, "place": world.place}
    for girls, hours in ((3, 10), (2, 60), (1, None)):
        identified = now - timedelta(days=10)
        handed = {} if hours is None else {"handed_over_at": identified + timedelta(hours=hours), "receiver": "family"}
        ChildHandover.objects.create(**given, girls=girls, boys=1, identified_at=identified, **handed)
    assert count("children.handed_over_in_time", world, "sex") == (4, 9, {("female",): 3, ("male",): 1})


def test_counts_read_cases_in_a_handful_of_queries_whatever_their_number(world, worker, django_assert_max_num_queries):
    for _n in range(3):
        making.steps(making.case(world, worker), ("accepted", 20), ("completed", 5))
    assert Case.objects.count() == 3
    with django_assert_max_num_queries(4 * len(TALLIES)):
        for key in BY_KEY:
            count(key, world, "sex")
