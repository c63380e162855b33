"""The roll-up from the database: one SELECT, the same numbers as the slow computation, and rows that are proved equal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings

from accounts.models import Organization, User
from locations.models import Place
from plumbing.numbers import from_units
from programs.disaggregations import ensure
from programs.models import (
    AssignmentPlace,
    Dimension,
    Indicator,
    IndicatorDefinition,
    Program,
    Project,
    ReportingAssignment,
    ReportingPeriod,
    Result,
    Target,
)
from reporting import promises, rollup
from reporting.models import Figure, RollupRow, Submission
from reporting.rules import Coverage, Reason
from reporting.rules import Figure as Row
from tests import factories
from tests.reporting import slow
from tests.reporting.frameworks import MEN, OLD, PARTS, SEX, TOTAL, UNKNOWN, WOMEN, YOUNG, Framework, frameworks
from tests.reporting.test_rules import agree

KEYS = {
    TOTAL: "",
    101: "sex=female",
    102: "sex=male",
    103: "sex=unknown",
    111: "age=young",
    112: "age=old",
    121: "age=young|sex=female",
    122: "age=old|sex=female",
    123: "age=young|sex=male",
}


@dataclass
class Ground:
    """What every random framework stands on."""

    people: list[User]
    partners: dict[int, Organization]
    places: dict[int, Place]
    program: Program
    cells: dict[int, int]
    sex: Dimension
    category: dict[int, int]


@pytest.fixture
def ground(db) -> Ground:
    sex = factories.dimension("sex", "female", "male", "unknown")
    age = factories.dimension("age", "young", "old")
    ids = {c.code: c.pk for c in [*sex.categories.all(), *age.categories.all()]}
    made = ensure(KEYS.values())
    return Ground(
        people=[factories.user(), factories.user()],
        partners={n: factories.partner() for n in (1, 2, 3)},
        places={n: factories.place() for n in (1, 2)},
        program=factories.project().program,
        cells={key: made[name] for key, name in KEYS.items()},
        sex=sex,
        category={WOMEN: ids["female"], MEN: ids["male"], UNKNOWN: ids["unknown"], YOUNG: ids["young"], OLD: ids["old"]},
    )


def store(framework: Framework, ground: Ground) -> IndicatorDefinition:
    """Write a random framework down: a project per indicator, assignments and hand-overs that end its streams where it says."""
    rules = framework.rules
    definition = IndicatorDefinition.objects.create(
        code="RANDOM",
        title="Random",
        level="individual",
        measure=rules.measure,
        per=rules.per,
        over_time=rules.over_time,
        across=rules.across,
    )
    streams = {(f.indicator, f.partner, f.place) for f in framework.figures} | set(framework.stops)
    for number, spans in framework.calendars.items():
        project = Project.objects.create(
            program=ground.program, code=f"RND-{number}", title="Random", starts_on=spans[0][0], ends_on=spans[-1][1]
        )
        result = Result.objects.create(project=project, kind="outcome", level="individual", code="1", title="Random")
        indicator = Indicator.objects.create(project=project, result=result, definition=definition, code="RANDOM")
        periods = {
            end: ReportingPeriod.objects.create(
                project=project, code=str(end), starts_on=start, ends_on=end, opens_on=start, due_on=end, review_due_on=end
            )
            for start, end in spans
        }
        for stream in sorted(s for s in streams if s[0] == number):
            _assign(indicator, stream, ground, stop=framework.stops.get(stream), rule=rules.over_time)
        _figures([f for f in framework.figures if f.indicator == number], indicator, periods, ground)
    return definition


def _assign(indicator: Indicator, stream: tuple[int, int, int], ground: Ground, *, stop: date | None, rule: str) -> None:
    _number, partner, place = stream
    first = indicator.project.starts_on - timedelta(days=place)  # one assignment per place: different days keep them apart
    own = ReportingAssignment.objects.create(
        indicator=indicator,
        partner=ground.partners[partner],
        starts_on=first,
        ends_on=stop - timedelta(days=1) if stop and rule == "snapshot" else None,
    )
    AssignmentPlace.objects.create(assignment=own, place=ground.places[place])
    if stop and rule == "running_total":
        after = ReportingAssignment.objects.create(
            indicator=indicator,
            partner=ground.partners[3],
            starts_on=stop - timedelta(days=place + 3 * partner),
            takes_over_from=own,
            includes_predecessor=True,
        )
        AssignmentPlace.objects.create(assignment=after, place=ground.places[place])


def _figures(rows: list[Row], indicator: Indicator, periods: dict[date, ReportingPeriod], ground: Ground) -> None:
    now, (writer, reader) = timezone.now(), ground.people
    reports: dict[tuple[int, date], Submission] = {}
    made = []
    for row in rows:
        key = (row.partner, row.end)
        if key not in reports:
            reports[key] = Submission.objects.create(
                project=indicator.project,
                partner=ground.partners[row.partner],
                period=periods[row.end],
                state="accepted",
                submitted_at=now,
                submitted_by=writer,
                accepted_at=now,
                accepted_by=reader,
            )
        numbers = [None if number is None else from_units(number, 6) for number in row[6:10]]
        made.append(
            Figure(
                submission=reports[key],
                indicator=indicator,
                project=indicator.project,
                partner=ground.partners[row.partner],
                place=ground.places[row.place],
                period=periods[row.end],
                period_end=row.end,
                disaggregation_id=ground.cells[row.disaggregation],
                **dict(zip(("value", "numerator", "denominator", "share"), numbers, strict=True)),
                reason="" if slow.reported(row) else "data_late",
                counts=slow.reported(row),
            )
        )
    Figure.objects.bulk_create(made)


class Undo(Exception):
    pass


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(framework=frameworks())
def test_any_stored_framework_rolls_up_as_the_slow_computation_says(framework, ground):
    try:
        with transaction.atomic():
            definition = store(framework, ground)
            asked = promises.promised(Indicator.objects.filter(definition=definition))
            with CaptureQueriesContext(
                connection,
            ) as queries:
                (line,) = rollup.progress(asked, through=framework.through, since=framework.since)
            assert len(queries) == 1
            (sliced,) = rollup.progress(asked, through=framework.through, since=framework.since, by=ground.sex)
            assert sliced.progress.total == line.progress.total
            _agrees(framework, line, sliced, ground)
            rollup.keep(asked.indicators)
            assert list(rollup.differences(Indicator.objects.all())) == []
            raise Undo
    except Undo:
        pass


def _agrees(framework: Framework, line: rollup.Line, sliced: rollup.Line, ground: Ground) -> None:
    context = {"rules": framework.rules, "through": framework.through, "since": framework.since, "stops": framework.stops, "parts": PARTS}
    assert agree(line.progress.total, slow.total(framework.figures, **context))
    slices, rest = slow.slices(framework.figures, **context, by=SEX)
    found = {part.category: part.amount for part in sliced.progress.breakdown.slices}
    assert set(found) == {ground.category[key] for key in slices}
    assert all(agree(found[ground.category[key]], slices[key]) for key in slices)
    assert (rest is None) == (sliced.progress.breakdown.not_broken_down is None)
    assert rest is None or agree(sliced.progress.breakdown.not_broken_down, rest)
    numbers = {indicator.pk: int(indicator.project.code.removeprefix("RND-")) for indicator in line.indicators}
    partners, places = ({row.pk: n for n, row in rows.items()} for rows in (ground.partners, ground.places))
    without_dates = {key: value for key, value in context.items() if key != "since"}
    assert {(numbers[c.indicator], partners[c.partner], places[c.place], c.end) for c in line.progress.carried} == slow.carried(
        framework.figures, **without_dates, current=framework.current
    )


@dataclass
class Scene:
    """Two projects of one program that report one definition; figures are written down as accepted."""

    world: factories.World
    other: factories.World
    indicator: Indicator
    second: Indicator
    total: int

    def say(self, world: factories.World, quarter: int, value: object, **others: object) -> Figure:
        indicator = others.pop("indicator", self.indicator if world is self.world else self.second)
        office, period = others.pop("partner", world.partner), world.periods[quarter - 1]
        report, _made = Submission.objects.get_or_create(
            project=world.project,
            partner=office,
            period=period,
            defaults={
                "state": "accepted",
                "submitted_at": timezone.now(),
                "submitted_by": world.reporter,
                "accepted_at": timezone.now(),
                "accepted_by": world.mande,
            },
        )
        values = {"place": world.place, "disaggregation_id": self.total, "counts": True, "value": value, **others}
        return Figure.objects.create(
            submission=report,
            indicator=indicator,
            project=world.project,
            partner=office,
            period=period,
            period_end=period.ends_on,
            **values,
        )

    def ask(self, *, quarter: int = 3, partner=None, place=None, user=None, **options):
        scope = {key: options.pop(key) for key in ("definition", "program", "project", "result") if key in options}
        asked = promises.promised(promises.indicators(user or self.world.mande, **scope), partner=partner, place=place)
        return rollup.progress(asked, through=self.world.periods[quarter - 1].ends_on, **options)


@pytest.fixture
def scene(db) -> Scene:
    trained = factories.definition("TRAINED", counting="people_per_period")
    world = factories.world("ONE")
    other = factories.world("TWO", program=world.project.program)
    return Scene(world, other, world.indicator(trained), other.indicator(trained), ensure([""])[""])


def test_a_program_pools_the_indicators_of_one_definition_and_a_project_shows_its_own(scene):
    scene.say(scene.world, 1, 10)
    scene.say(scene.other, 2, 7)
    (line,) = scene.ask(program=scene.world.project.program)
    assert (line.progress.value, len(line.indicators)) == (17, 2)
    assert {one.indicators[0]: one.progress.value for one in scene.ask(each="indicator")} == {scene.indicator: 10, scene.second: 7}
    (line,) = scene.ask(project=scene.other.project)
    assert line.progress.value == 7
    (line,) = scene.ask(result=scene.world.result)
    assert line.progress.value == 10
    (line,) = scene.ask(definition="TRAINED")
    assert line.progress.value == 17


def test_only_figures_that_count_are_in_a_total_and_a_reason_is_no_figure(scene):
    scene.say(scene.world, 1, 10)
    scene.say(scene.world, 2, 99, counts=False)
    scene.say(scene.world, 3, None, reason="access_denied", counts=False)
    (line,) = scene.ask(project=scene.world.project)
    assert (line.progress.value, line.progress.coverage) == (10, Coverage(reported=0, expected=1))


def test_a_reason_cannot_count(scene):
    with pytest.raises(IntegrityError), transaction.atomic():
        scene.say(scene.world, 3, None, reason="access_denied")


def test_nothing_reported_is_a_line_with_a_reason(scene):
    (line,) = scene.ask(project=scene.world.project)
    assert (line.progress.value, line.progress.reason) == (None, Reason.NOT_REPORTED)


def test_a_stranger_asks_about_nothing(scene):
    scene.say(scene.world, 1, 10)
    stranger = factories.member("program_manager", program=factories.project().program)
    assert scene.ask(user=stranger, definition="TRAINED") == []


def test_a_place_takes_everything_below_it_and_its_own_targets(scene):
    below = factories.place(parent=scene.world.place)
    elsewhere = factories.place()
    scene.say(scene.world, 1, 4, place=below)
    scene.say(scene.world, 1, 5, place=elsewhere)
    Target.objects.create(indicator=scene.indicator, place=scene.world.place, value=8)
    Target.objects.create(indicator=scene.indicator, value=50)
    (line,) = scene.ask(project=scene.world.project, place=scene.world.place, quarter=1)
    assert (line.progress.value, line.standing.target.value) == (4, 8)
    assert line.progress.coverage == Coverage(reported=1, expected=1)  # a figure below the assigned place counts for it
    (line,) = scene.ask(project=scene.world.project, quarter=1)
    assert (line.progress.value, line.standing.target.value) == (9, 50)


def test_a_partner_sees_its_own_numbers_and_targets(scene):
    second = factories.partner()
    scene.say(scene.world, 1, 4)
    scene.say(scene.world, 1, 5, partner=second)
    Target.objects.create(indicator=scene.indicator, partner=second, value=20)
    (line,) = scene.ask(project=scene.world.project, partner=second, quarter=1)
    assert (line.progress.value, line.standing.target.value) == (5, 20)
    (line,) = scene.ask(project=scene.world.project, quarter=1, by="partner")
    assert {part.key: part.progress.value for part in line.parts} == {scene.world.partner.pk: 4, second.pk: 5}


def test_parts_by_place_project_and_period(scene):
    scene.say(scene.world, 1, 4)
    scene.say(scene.world, 2, 6)
    scene.say(scene.other, 2, 7)
    parts = {by: {part.key: part.progress.value for part in scene.ask(by=by)[0].parts} for by in ("place", "project", "period")}
    assert parts["place"] == {scene.world.place.pk: 10, scene.other.place.pk: 7}
    assert parts["project"] == {scene.world.project.pk: 10, scene.other.project.pk: 7}
    assert parts["period"] == {scene.world.periods[0].ends_on: 4, scene.world.periods[1].ends_on: 13}
    assert scene.ask(by="project")[0].parts[0].progress.coverage == Coverage(reported=0, expected=1)


def test_coverage_counts_streams_that_were_due_and_leaves_out_the_exempt(scene):
    scene.say(scene.world, 1, 4)
    assert scene.ask(quarter=1)[0].progress.coverage == Coverage(reported=1, expected=2)
    expected = scene.other.project.expected_reports.create(
        partner=scene.other.partner, period=scene.other.periods[0], due_on=date(2026, 4, 15), review_due_on=date(2026, 4, 30)
    )
    type(expected).objects.filter(pk=expected.pk).update(
        exempted_at=timezone.now(), exempted_by=scene.other.mande, exemption_reason="flood"
    )
    assert scene.ask(quarter=1)[0].progress.coverage == Coverage(reported=1, expected=1)
    scene.indicator.assignments.update(collected="yearly")
    assert scene.ask(quarter=1)[0].progress.coverage == Coverage(reported=0, expected=0)


def test_standing_uses_the_indicators_target_baseline_and_dates(scene):
    scene.say(scene.world, 1, 25)
    Target.objects.create(indicator=scene.indicator, value=100)
    Indicator.objects.filter(pk=scene.indicator.pk).update(baseline_value=Decimal(0))
    (line,) = scene.ask(project=scene.world.project, quarter=4)
    assert (line.standing.progress, line.standing.due, line.standing.track) == (Decimal("0.25"), 1, "behind")


@pytest.mark.parametrize("scope", ["definition", "program", "project", "result", "indicator", "place", "partner", "by"])
def test_every_scope_is_one_select(scene, scope, django_assert_num_queries):
    scene.say(scene.world, 1, 4)
    question = {
        "definition": {"definition": "TRAINED"},
        "program": {"program": scene.world.project.program},
        "project": {"project": scene.world.project},
        "result": {"result": scene.world.result},
    }.get(scope, {})
    narrowed = {"place": {"place": scene.world.place}, "partner": {"partner": scene.world.partner}}.get(scope, {})
    asked = promises.promised(promises.indicators(scene.world.mande, **question), **narrowed)
    with django_assert_num_queries(1):
        rollup.progress(asked, through=date(2026, 9, 30), by="partner" if scope == "by" else None, with_series=True)


def test_the_select_reads_one_covering_index_and_nothing_else(scene):
    asked = promises.promised(Indicator.objects.all())
    with CaptureQueriesContext(connection) as queries:
        rollup.fetch(asked, through=date(2026, 9, 30))
    if connection.vendor != "sqlite":
        pytest.skip("a planner with statistics reads an empty table as it likes; manage.py bench shows the plan at a million figures")
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + queries[0]["sql"])
        plan = [row[3] for row in cursor.fetchall()]
    assert any("COVERING INDEX figure_rollup" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


def test_one_figure_counts_per_indicator_partner_place_period_and_cell(scene):
    """Another tool's "a second update in the same period is refused"."""
    first = scene.say(scene.world, 1, 4)
    second = Submission.objects.create(project=scene.world.project, partner=scene.world.partner, period=scene.world.periods[0], revision=2)
    first.pk, first.submission = None, second
    with pytest.raises(IntegrityError), transaction.atomic():
        first.save(force_insert=True)


def test_numbers_keep_the_last_of_six_decimals(scene):
    scene.say(scene.world, 1, Decimal("99999999999.999998"))
    scene.say(scene.world, 2, Decimal("0.000001"))
    assert scene.ask(project=scene.world.project)[0].progress.value == Decimal("99999999999.999999")


def test_kept_rows_follow_a_correction_of_an_earlier_period_and_are_proved(scene):
    figure = scene.say(scene.world, 1, 10)
    scene.say(scene.world, 2, 5)
    assert rollup.keep([scene.indicator.pk, scene.second.pk]) == 4
    assert list(RollupRow.objects.order_by("period_end").values_list("value", flat=True)) == [10, 15, 15, 15]
    Figure.objects.filter(pk=figure.pk).update(value=12)
    wrong = list(rollup.differences(Indicator.objects.all()))
    assert [(indicator, end.month) for indicator, end, _kept, _computed in wrong] == [(scene.indicator, month) for month in (3, 6, 9, 12)]
    assert rollup.keep([scene.indicator.pk]) == 4
    assert list(rollup.differences(Indicator.objects.all())) == []
    Figure.objects.filter(pk=figure.pk).update(counts=False)
    with pytest.raises(CommandError, match="4 rows differ"):
        call_command("verify_rollups", stdout=StringIO())
    call_command("verify_rollups", "--repair", stdout=StringIO())
    call_command("verify_rollups", stdout=StringIO())
    assert RollupRow.objects.count() == 3  # the first quarter has no number any more
