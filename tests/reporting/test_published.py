"""Readers without raw figures: small numbers stay hidden, small steps are held, and what was shown is remembered."""

from __future__ import annotations

from datetime import date

import pytest

from programs.disaggregations import ensure
from programs.models import Category, Indicator, Project
from reporting import promises, published, rollup, tasks
from reporting.models import Figure, PublishedNumber, RollupRow
from tests import factories
from tests.reporting.test_rollup import Scene
from tests.reporting.test_rollup import scene as _scene

scene = _scene
THROUGH = date(2026, 12, 31)


@pytest.fixture
def outsider(scene):
    return factories.member("auditor")


def see(scene: Scene, reader, *, quarter: int = 4, partner=None, **options):
    published.register([scene.indicator.pk, scene.second.pk])
    asked = promises.promised(promises.indicators(scene.world.mande, project=options.pop("project", scene.world.project)), partner=partner)
    (line,) = published.table(asked, reader=reader, through=scene.world.periods[quarter - 1].ends_on, **options)
    return line


def test_a_small_number_is_hidden_from_readers_without_raw_figures_only(scene, outsider):
    scene.say(scene.world, 1, 3)
    hidden = see(scene, outsider)
    assert (hidden.value, hidden.status, hidden.standing.progress) == (None, "suppressed", None)
    assert see(scene, scene.world.mande).value == 3
    assert see(scene, None).value is None


def test_a_partner_sees_its_own_figures_raw_and_the_whole_only_as_published(scene):
    second = factories.partner()
    scene.say(scene.world, 1, 3)
    scene.say(scene.world, 1, 1, partner=second)
    assert see(scene, scene.world.reporter, partner=scene.world.partner).value == 3
    assert see(scene, scene.world.reporter, partner=second).value is None
    assert see(scene, scene.world.reporter).value is None


def test_counts_of_things_are_shown_unless_strict(scene, outsider):
    definition = scene.indicator.definition
    type(definition).objects.filter(pk=definition.pk).update(counting="things")
    scene.say(scene.world, 1, 3)
    assert see(scene, outsider).value == 3
    Project.objects.filter(pk=scene.world.project.pk).update(sensitivity=4)
    assert see(scene, outsider).status == "suppressed"


def test_an_increase_is_held_until_it_is_large_enough(scene, outsider):
    for quarter, number in ((1, 40), (2, 2), (3, 3), (4, 0)):
        scene.say(scene.world, quarter, number)
    seen = [see(scene, outsider, quarter=quarter) for quarter in (1, 2, 3, 4)]
    assert [(line.value, line.status) for line in seen] == [(40, "shown"), (40, "held"), (45, "shown"), (45, "shown")]
    assert seen[1].of == scene.world.periods[0].ends_on
    points = see(scene, outsider, with_series=True).series
    assert [point.amount.value for point in points] == [40, 40, 45, 45]


def test_a_correction_by_little_is_held_at_what_was_published(scene, outsider):
    figure = scene.say(scene.world, 1, 40)
    assert see(scene, outsider).value == 40
    Figure.objects.filter(pk=figure.pk).update(value=38)
    assert see(scene, outsider).value == 40
    Figure.objects.filter(pk=figure.pk).update(value=35)
    assert see(scene, outsider).value == 35


def test_confidential_data_have_the_higher_threshold_and_hide_zero(scene, outsider):
    Project.objects.filter(pk=scene.world.project.pk).update(sensitivity=3)
    figure = scene.say(scene.world, 1, 8)
    assert see(scene, outsider).status == "suppressed"
    Figure.objects.filter(pk=figure.pk).update(value=0)
    assert see(scene, outsider).status == "suppressed"
    Figure.objects.filter(pk=figure.pk).update(value=10)
    assert see(scene, outsider).value == 10


def test_one_hidden_project_hides_the_sum_of_the_program(scene, outsider):
    scene.say(scene.world, 1, 30)
    scene.say(scene.other, 1, 2)
    published.register([scene.indicator.pk, scene.second.pk])
    asked = promises.promised(promises.indicators(scene.world.mande, program=scene.world.project.program))
    (line,) = published.table(asked, reader=outsider, through=THROUGH)
    assert (line.value, line.status) == (None, "suppressed")
    assert [one.value for one in published.table(asked, reader=outsider, through=THROUGH, each="indicator")] == [30, None]


def test_a_share_of_few_people_is_hidden(scene, outsider):
    asked_of = scene.world.indicator(factories.ratio("SAFE", counting="contacts"), code="SAFE")
    figure = scene.say(scene.world, 1, None, numerator=3, denominator=40, indicator=asked_of)
    published.register([asked_of.pk])

    def line():
        published.register([asked_of.pk])
        asked = promises.promised(promises.indicators(scene.world.mande, definition="SAFE"))
        return published.table(asked, reader=outsider, through=THROUGH)[0]

    assert line().status == "suppressed"
    Figure.objects.filter(pk=figure.pk).update(numerator=20)
    assert (line().value, line().status) == (50, "shown")


@pytest.fixture
def by_sex(scene):
    sex = factories.dimension("sex", "female", "male", "unknown")
    breakdown = scene.indicator.definition.breakdowns.create()
    breakdown.parts.create(dimension=sex)
    cells = ensure(["sex=female", "sex=male"])

    def say(quarter, women, men, total):
        scene.say(scene.world, quarter, total)
        for key, number in (("sex=female", women), ("sex=male", men)):
            scene.say(scene.world, quarter, number, disaggregation_id=cells[key])

    return sex, say


def cells_of(line):
    names = dict(Category.objects.values_list("pk", "code")) | {None: "rest"}
    return {names[cell.category]: (cell.amount.value, cell.status) for cell in line.breakdown}


def test_a_breakdown_hides_small_cells_with_a_complement(scene, outsider, by_sex):
    sex, say = by_sex
    say(1, 12, 3, 40)
    line = see(scene, outsider, by=sex)
    assert (line.value, cells_of(line)) == (40, {"female": (None, "suppressed"), "male": (None, "suppressed"), "rest": (25, "shown")})
    assert cells_of(see(scene, scene.world.mande, by=sex)) == {"female": (12, "shown"), "male": (3, "shown"), "rest": (25, "shown")}
    assert not PublishedNumber.objects.filter(value=3).exists()


def test_no_breakdown_stands_under_a_held_total_or_after_a_small_step_of_one_cell(scene, outsider, by_sex):
    sex, say = by_sex
    say(1, 20, 20, 40)
    say(2, 1, 1, 2)
    held = see(scene, outsider, quarter=2, by=sex)
    assert (held.value, held.status, cells_of(held)) == (40, "held", {})
    say(3, 1, 10, 11)
    moved = see(scene, outsider, quarter=3, by=sex)
    assert (moved.value, moved.status, cells_of(moved)) == (53, "shown", {})  # women moved by 2 since they were shown last
    say(4, 10, 10, 20)
    assert cells_of(see(scene, outsider, by=sex)) == {"female": (32, "shown"), "male": (41, "shown")}


def test_a_corrected_cell_does_not_stand_beside_an_older_total(scene, outsider, by_sex):
    sex, say = by_sex
    say(1, 20, 20, 40)
    assert cells_of(see(scene, outsider, by=sex)) == {"female": (20, "shown"), "male": (20, "shown")}
    women = Figure.objects.get(disaggregation__key="sex=female")
    Figure.objects.filter(disaggregation__key="").update(value=42)
    Figure.objects.filter(pk=women.pk).update(value=22)
    line = see(scene, outsider, quarter=1, by=sex)
    assert (line.value, cells_of(line)) == (40, {})


def test_acceptance_registers_what_is_published(scene, outsider):
    scene.say(scene.world, 1, 40)
    published.register([scene.indicator.pk])
    assert PublishedNumber.objects.filter(indicator=scene.indicator, cell="", status="shown").count() == 4
    assert published.register([scene.indicator.pk]) == 0


def test_a_hand_over_reaches_the_kept_rows_with_the_nightly_task(scene):
    rules = type(scene.indicator.definition).objects.filter(pk=scene.indicator.definition_id)
    rules.update(over_time="snapshot")
    scene.say(scene.world, 1, 40)
    published.refresh(scene.world.project)
    scene.indicator.assignments.update(ends_on=date(2026, 4, 30))
    tasks.keep_totals()
    assert list(rollup.differences(Indicator.objects.all())) == []
    assert [str(row.value) for row in RollupRow.objects.filter(indicator=scene.indicator).order_by("period_end")] == [
        "40",
        "None",
        "None",
        "None",
    ]
    assert published.refresh(scene.world.project) == 0
