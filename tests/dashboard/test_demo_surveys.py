"""The demo's survey rounds say what the story says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest

from dashboard.demo import surveys
from programs.models import Membership
from surveys import results
from tests import factories
from tests.surveys import making


@pytest.mark.django_db
def test_the_rounds_come_out_at_the_storys_numbers():
    world = factories.world()
    factories.dimension("sex", "female", "male")
    administrator = making.administrator()
    Membership.objects.update(starts_on=date(2024, 1, 1))  # the rounds are held in the past
    where = (world.project, world.partner, world.place)
    held = surveys.build(
        today=date(2026, 11, 24), administrator=administrator, by=world.mande, approver=world.manager, cohesion=where, police=where
    )
    means = [results.of(row).composite.mean for row in held[:4]]
    assert [abs(mean - aim) < D("0.06") for mean, aim in zip(means, map(D, ("49.2", "50.6", "55.9", "57.3")), strict=True)] == [True] * 4
    assert [results.of(row).share("P01").numerator for row in held[4:]] == [46, 54, 62, 68]
    assert {row.status for row in held} == {"approved"}
