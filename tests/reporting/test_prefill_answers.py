"""A ranked answer comes from the records as one answer, or not at all: answers are never added or averaged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from programs import tally
from programs.models import DefinitionOption
from programs.tally import Count, Counting, Measure, OverTime, Part, Tally, digests
from reporting import prefill, tallies
from reporting.models import Figure, Prefill, Submission
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def world():
    """A project whose one indicator is a stage; ``found`` is what the records say, as stages at its place."""
    with time_machine.travel(NOW, tick=False):
        made = factories.world()
        definition = factories.definition(
            "LAW-1", measure="ordinal", over_time="snapshot", across="not_computable", computed_by="law.stage"
        )
        for order, code in enumerate(["drafted", "adopted"]):
            DefinitionOption.objects.create(definition=definition, code=code, label=code.title(), order=order)
        made.law = made.indicator(definition)
        made.found = ["drafted"]
        made.open()

        def stages(asked):
            parts = tuple(Part(made.place.pk, option=code) for code in made.found)
            return Count(parts, digests((made.place.pk, code) for code in made.found))

        law = Tally("law.stage", "Stage", "The stage of the law.", OverTime.SNAPSHOT, Counting.THINGS, stages, measure=Measure.ORDINAL)
        tally.offer([*tallies.TALLIES, law])
        yield made
        tally.offer(tallies.TALLIES)


def test_the_answer_is_filled_in_and_drifts_when_the_records_move_on(world):
    prefill.sweep(now=NOW)
    assert Figure.objects.get(indicator=world.law).option.code == "drafted"
    world.found = ["adopted"]
    submission = Submission.objects.get()
    Submission.objects.update(edited_by=world.reporter, edited_at=NOW)  # from now on it is a person's
    prefill.sweep(now=NOW + timedelta(hours=2))
    assert Figure.objects.get(indicator=world.law).option.code == "drafted"
    row = Prefill.objects.get()
    assert row.has_drifted
    (compared,) = prefill.compare(submission)
    assert [str(compared.total.filled), str(compared.total.latest), str(compared.total.stands)] == ["Drafted", "Adopted", "Drafted"]
    assert compared.may_be_taken
    prefill.take(row, by=world.reporter)
    assert Figure.objects.get(indicator=world.law).option.code == "adopted"
    assert not Prefill.objects.get().has_drifted


@pytest.mark.parametrize("found", [["drafted", "adopted"], ["unheard-of"], []])
def test_several_answers_an_unknown_one_or_none_fill_nothing_in(world, found):
    world.found = found
    prefill.sweep(now=NOW)
    assert not Figure.objects.exists()


def test_two_records_that_agree_are_one_answer(world):
    world.found = ["adopted", "adopted"]
    prefill.sweep(now=NOW)
    assert Figure.objects.get(indicator=world.law).option.code == "adopted"


def test_a_tally_that_knows_whose_record_is_whose_is_asked_for_each_indicator(world):
    other = world.indicator(world.law.definition, code="1.9")
    answers = {world.law.pk: "drafted", other.pk: "adopted"}

    def stages(asked):
        return Count((Part(world.place.pk, option=answers[asked.indicator]),), digests([(world.place.pk, str(asked.indicator))]))

    tally.offer([
        Tally(
            "law.stage", "Stage", "The stage of the law.", OverTime.SNAPSHOT, Counting.THINGS, stages, measure=Measure.ORDINAL, by_indicator=True
        )
    ])  # fmt: skip
    prefill.sweep(now=NOW)
    assert {one.indicator_id: one.option.code for one in Figure.objects.select_related("option")} == answers
