"""What the tallies count over incidents and early warnings, and what they leave out."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.roles import Role
from communities import incident_tallies, incidents, population, registry, trend
from communities.models import EarlyWarning, Incident
from programs.models import ProjectPartner
from programs.tally import Asked, Count
from tests import factories
from tests.communities.peace import ago

pytestmark = pytest.mark.django_db
BY_KEY = {one.key: one for one in incident_tallies.TALLIES}


@pytest.fixture
def world():
    made = factories.world()
    made.officer = factories.member(Role.COMMUNITY_OFFICER, program=made.project.program)
    made.community = factories.community(made, monitors=4)
    return made


def count(world, key: str, *, since: int = 90, until: int = 0, by: tuple[str, ...] = ()) -> Count:
    asked = Asked(world.project, world.partner, ago(since), ago(until), (world.place.pk,), by)
    return BY_KEY[f"communities.{key}"].function(asked)


def total(found: Count) -> tuple[Decimal | int, Decimal | int | None]:
    of = [part.of for part in found.parts if part.of is not None]
    return sum(part.value for part in found.parts), sum(of) if of else None


def told(world, days: int = 10, *, credibility: int = 2, verified: bool = True, **more) -> Incident:
    row = factories.incident(world, **{"community": world.community, "type": "battle", "event_date": ago(days), **more})
    return incidents.verify(row, by=world.manager, reliability="B", credibility=credibility) if verified else row


def warned(
    world, hours_ago: float, *, answered: float | None = None, decided: float | None = None, decision: str = "watched"
) -> EarlyWarning:
    """First seen so many hours ago and due 48 hours later; answered and decided so many hours after it was seen."""
    seen = timezone.now() - timedelta(hours=hours_ago)
    at = {name: None if hours is None else seen + timedelta(hours=hours) for name, hours in (("a", answered), ("d", decided))}
    return EarlyWarning.objects.create(
        community=world.community, rule="person", signal="Weapons", raised_by=world.officer, first_seen=seen,
        due_at=seen + timedelta(hours=48), acknowledged_at=at["a"], acknowledged_by=world.officer if at["a"] else None,
        decided_at=at["d"], decided_by=world.officer if at["d"] else None, decision=decision if at["d"] else "",
        reason="It was a wedding" if decision == "false_alarm" else "",
    )  # fmt: skip


def test_the_rate_takes_verified_violence_of_a_year_over_the_newest_count(world):
    registry.count_population(world.community, people={"host": 9000}, observed_on=ago(300), source="county", by=world.officer)
    registry.count_population(world.community, people={"host": 9000, "idp": 6000}, observed_on=ago(40), source="county", by=world.officer)
    told(world)
    told(world, 350)
    first = told(world, 20)
    told(world, 20, same_as=first, verified=False)
    for other in ({"verified": False}, {"credibility": 5}, {"type": "threat"}, {"days": 400}, {"source": "ACLED"}):
        told(world, **other)
    another = factories.partner()
    ProjectPartner.objects.create(project=world.project, organization=another)
    told(world, organization=another)
    assert total(count(world, "incidents.per_10_000")) == (3, 15000)
    assert total(count(world, "incidents.per_10_000", until=60)) == (2, 9000)
    people = population.on([world.community.pk], ago(0)).get(world.community.pk)
    rate = population.rate(trend.of(world.community, ago(0)).violent, people)
    assert (rate.incidents, rate.value, rate.people.observed_on) == (3, Decimal("2.00"), ago(40))


def test_without_a_count_of_people_or_somebody_who_watches_there_is_no_rate(world):
    told(world)
    assert count(world, "incidents.per_10_000").parts == ()
    rate = population.rate(trend.of(world.community, ago(0)).violent, None)
    assert (rate.incidents, rate.value, rate.why) == (1, None, "No population count")
    unwatched = factories.community(world)
    registry.count_population(unwatched, people={"host": 500}, observed_on=ago(5), source="county", by=world.officer)
    assert count(world, "incidents.per_10_000").parts == ()
    told(world, 5, community=unwatched, type="threat", verified=False)
    assert total(count(world, "incidents.per_10_000")) == (0, 500)


def test_two_sources_confirm_and_the_kind_is_the_cell(world):
    factories.dimension("incident-type", "battle", "civilian-attack", "unknown")
    told(world, credibility=1, type="civilian_attack")
    first = told(world, 20, credibility=2)
    told(world, 20, same_as=first, source="chief", verified=False)
    again = told(world, 30, credibility=2)
    told(world, 30, same_as=again, verified=False)  # the same source twice confirms nothing
    told(world, 8, credibility=1, type="force_on_protest")
    found = count(world, "incidents.confirmed", by=("incident-type",))
    assert total(found) == (3, None)
    assert sorted(part.cell.get("incident-type", "-") for part in found.parts if part.value) == ["-", "battle", "civilian-attack"]
    assert total(count(world, "incidents.confirmed", since=4)) == (0, None)


def test_answered_in_time_leaves_out_what_is_not_due_and_keeps_what_nobody_answered(world):
    warned(world, 200, answered=3)
    warned(world, 200, answered=60)
    warned(world, 100)
    warned(world, 5)
    assert total(count(world, "warnings.answered_in_time")) == (1, 3)
    assert total(count(world, "warnings.unanswered")) == (1, None)
    assert total(count(world, "warnings.raised")) == (4, None)
    assert total(count(world, "warnings.raised", until=30)) == (0, None)


def test_decisions_are_measured_without_the_false_alarms(world):
    warned(world, 300, answered=1, decided=10)
    warned(world, 300, answered=1, decided=90)
    warned(world, 300, answered=1, decided=5, decision="false_alarm")
    warned(world, 100)
    warned(world, 20)
    assert total(count(world, "warnings.decided_in_72_hours")) == (1, 3)
    assert total(count(world, "warnings.false_alarms")) == (1, 3)
    (part,) = count(world, "warnings.hours_to_decision").parts
    assert (part.place, part.value) == (world.place.pk, Decimal(50))


def test_nothing_of_another_project_or_partner_is_counted(world):
    registry.count_population(world.community, people={"host": 900}, observed_on=ago(5), source="county", by=world.officer)
    told(world, credibility=1)
    warned(world, 100)
    other = factories.world()
    for key in BY_KEY:
        asked = Asked(other.project, other.partner, ago(90), ago(0), (world.place.pk,))
        assert BY_KEY[key].function(asked).parts == (), key
