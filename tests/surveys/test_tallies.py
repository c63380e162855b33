"""Counts over approved rounds that prefill figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest

from programs import disaggregations
from programs.models import Category, Dimension, Disaggregation
from programs.tally import Asked
from surveys import rounds, tallies
from tests import factories
from tests.surveys import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world()


def asked(world, *, roots=None, until=date(2026, 12, 31), breakdown=()):
    roots = tuple(place.pk for place in roots or [world.place])
    return Asked(world.project, world.partner, date(2026, 1, 1), until, roots, breakdown)


def settle(world, row):
    rounds.close(row, by=world.mande)
    rounds.approve(row, by=world.manager)
    return row


def cohesion(world, version, score, **fields):
    row = making.opened(world, version, **fields)
    definition = rounds.Sheet(row.version).definition
    wish = {q.code: next(c.code for c in q.choices.values() if c.score == D(score)) for q in definition.questions if q.is_scored}
    rounds.respond(row, answers=wish, by=world.mande)
    return settle(world, row)


def test_the_index_of_the_latest_approved_round_counts(world):
    version = making.shipped("social-cohesion")
    cohesion(world, version, "0.25")
    cohesion(world, version, "0.75", stage="endline", held_on=date(2026, 8, 1))
    making.opened(world, version, stage="midline", held_on=date(2026, 9, 1))  # not approved
    assert [(part.place, part.value) for part in tallies.cohesion(asked(world)).parts] == [(world.place.pk, D("75.0000"))]
    assert [part.value for part in tallies.cohesion(asked(world, until=date(2026, 6, 30))).parts] == [D("25.0000")]


def test_a_mean_is_never_added_over_places(world):
    version = making.shipped("social-cohesion")
    county = factories.place(parent=world.place)
    other = factories.place(parent=world.place)
    for place, score in ((county, "0.25"), (other, "0.75")):
        row = rounds.plan(
            version=version, project=world.project, partner=world.partner, place=place, stage="baseline", held_on=date(2026, 3, 1),
            method="random", by=world.mande,
        )  # fmt: skip
        rounds.open(row, by=world.mande)
        definition = rounds.Sheet(row.version).definition
        wish = {q.code: next(c.code for c in q.choices.values() if c.score == D(score)) for q in definition.questions if q.is_scored}
        rounds.respond(row, answers=wish, by=world.mande)
        settle(world, row)
    assert tallies.cohesion(asked(world)).parts == ()
    assert [part.value for part in tallies.cohesion(asked(world, roots=[county])).parts] == [D("25.0000")]


def test_trust_in_the_police_carries_numerator_denominator_and_who_answered(world):
    dimension = Dimension.objects.create(code="sex", name="Sex")
    Category.objects.create(dimension=dimension, code="female", name="Women")
    women = Disaggregation.objects.get(pk=disaggregations.ensure(["sex=female"])["sex=female"])
    row = making.opened(world, making.shipped("perception-of-police"))
    rounds.respond_many(
        row,
        responses=[
            rounds.Given({"P01": "agree"}, respondent=women),
            rounds.Given({"P01": "disagree"}, respondent=women),
            rounds.Given({"P01": "strongly_agree"}),
            rounds.Given({"P01": "dont_know"}),
        ],
        by=world.mande,
    )
    settle(world, row)
    found = tallies.police_trust(asked(world, breakdown=("sex",)))
    assert {(part.value, part.of, part.cell.get("sex")) for part in found.parts} == {(1, 2, "female"), (1, 1, None)}
    assert sum(part.value for part in tallies.police_trust(asked(world)).parts) == 2


def test_only_moderated_scores_of_one_institution_count_and_their_change(world):
    version = making.shipped("police-capacity")
    office = factories.partner()
    codes = [item.code for item in version.items.all()]
    for assessor, level, day in (("moderated", "2", 1), ("self", "4", 2), ("moderated", "3", 3)):
        row = making.opened(
            world, version, subject="institution", organization=office, method="", assessor=assessor, held_on=date(2026, 3, day)
        )
        rounds.respond(row, answers=dict.fromkeys(codes, level), evidence=dict.fromkeys(codes, "Seen"), by=world.mande)
        settle(world, row)
    assert [part.value for part in tallies.capacity(asked(world)).parts] == [D("66.6667")]
    assert [part.value for part in tallies.capacity_change(asked(world)).parts] == [D("33.3334")]
