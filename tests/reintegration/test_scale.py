"""Data for measuring are true data: they add up on the pages that are measured."""

from __future__ import annotations

import pytest
from django.urls import reverse

from reintegration import analytics, scale
from reintegration.models import Case
from tests import factories

pytestmark = pytest.mark.django_db


def test_seeded_cases_add_up_and_seeding_again_goes_on_where_it_stopped(client):
    world = factories.world("SCALE-1")
    given = {"project": world.project, "partner": world.partner, "places": [world.place]}
    people = scale.seed(50, **given)
    assert scale.seed(50, **given) == people
    scale.seed(90, **given)
    assert Case.objects.count() == 90
    assert Case.objects.filter(caseworker=people["worker"]).count() == scale.EACH
    steps = {step.state: step.people.value for step in analytics.funnel(analytics.read(Case.objects.all()), raw=True)}
    assert steps["identified"] == 90
    for floor in scale.floors(people["supervisor"], people["worker"], world.project).values():
        assert floor()
    client.force_login(people["worker"])
    assert len(client.get(reverse("cases")).context["list"].rows) == 25
