"""Counts over approved rounds that prefill figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest

from programs import disaggregations
from programs.models import Category, Dimension, Disaggregation
from programs.tally import Asked
from surveys import instruments, rounds, tallies
from tests import factories
from tests.surveys import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world()


def asked(world, *, roots=None, until=date(2026, 12, 31), breakdown=()):
    roots = tuple(place.pk for place in roots or [world.place])
    return Asked(world.project, world.partner, date(2026, 1, 1), until, roots, breakdown)


def counted(key, question):
    return next(one for one in tallies.TALLIES if one.key == key).function(question)


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
    found = counted("surveys.police.trust", asked(world, breakdown=("sex",)))
    assert {(part.value, part.of, part.cell.get("sex")) for part in found.parts} == {(1, 2, "female"), (1, 1, None)}
    assert sum(part.value for part in counted("surveys.police.trust", asked(world)).parts) == 2


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


def test_shares_of_the_cohesion_block_are_read_from_one_item_each(world):
    row = making.opened(world, making.shipped("social-cohesion"))
    answers = [{"C01": "agree", "C12": "disagree"}, {"C01": "neither", "C12": "strongly_agree"}, {"C01": "dont_know", "C12": "agree"}]
    rounds.respond_many(row, responses=[rounds.Given(one) for one in answers], by=world.mande)
    settle(world, row)
    for key, share in (("surveys.cohesion.trust_neighbours", (1, 2)), ("surveys.cohesion.accept_returning", (2, 3))):
        assert [(part.value, part.of) for part in counted(key, asked(world)).parts] == [share]


@pytest.mark.parametrize(
    ("code", "key", "answers"),
    [
        ("sdg-16-1-4", "surveys.sdg.safe_after_dark", [{"S01": "fairly_safe"}, {"S01": "bit_unsafe"}, {"S01": "refused"}]),
        (
            "sdg-16-3-3", "surveys.sdg.used_mechanism",
            [{"J01": "yes", "J02": "informal"}, {"J01": "yes", "J02": "none"}, {"J01": "no"}],
        ),
    ],
)  # fmt: skip
def test_a_companion_counts_those_asked_once_its_official_text_is_there(world, code, key, answers):
    by = making.administrator()
    version = making.shipped(code, active=False)
    texts = {item.code: f"Official question {item.code}" for item in version.items.all()}
    instruments.supply_text(version, language="en", texts=texts, by=by)
    row = making.opened(world, instruments.activate(version, by=by))
    rounds.respond_many(row, responses=[rounds.Given(one) for one in answers], by=world.mande)
    settle(world, row)
    assert [(part.value, part.of) for part in counted(key, asked(world)).parts] == [(1, 2)]
