"""A framework comes in all or nothing, twice changes nothing, and can be undone until something was built on it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.roles import Role
from exchange import framework_plan, imports, spreadsheets
from exchange.framework_plan import Chosen
from exchange.framework_words import Field
from exchange.frameworks import Answer
from exchange.models import ColumnMemory, Import, ImportedRow
from exchange.written_periods import Span
from plumbing.refusals import Invalid, Refused, Stale
from programs import framework
from programs.models import Grant, Indicator, IndicatorDefinition, ReportingPeriod, Result, Target
from reporting import drafts, rollup, submissions
from reporting.models import Figure, Submission
from tests import factories
from tests.exchange import sheets
from tests.factories import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return factories.world("PPS-03")


def received(world: World, content: bytes = sheets.SMALL, **chosen) -> Import:
    row = imports.receive(world.project, content=content, name="logframe.xlsx", by=world.mande)
    return imports.choose(row, chosen=replace(Chosen.load(row.choices), **chosen), by=world.mande)


def whose(world: World) -> dict:
    return {"partner": world.partner.pk, "place": world.place.pk}


def confirmed(world: World, content: bytes = sheets.SMALL, **chosen) -> Import:
    return imports.confirm(received(world, content, **whose(world), **chosen), by=world.mande)


def test_nothing_is_written_before_it_is_confirmed(world: World) -> None:
    source = received(world, **whose(world))
    plan = framework_plan.plan(source)
    assert (len(plan.new_results), len(plan.new_indicators), plan.new_figures) == (1, 3, 3)
    assert Indicator.objects.count() == 0
    assert source.state == Import.State.UPLOADED


def test_a_confirmed_framework_stands_as_in_the_file(world: World) -> None:
    source = confirmed(world)
    forums = Indicator.objects.get(code="F1")
    safe = Indicator.objects.get(code="F2")
    trained = Indicator.objects.get(code="F3")
    assert (forums.title, forums.baseline_value, forums.targets.get().value) == ("# of dialogue forums held", 0, 24)
    assert (safe.population, safe.baseline_share, safe.targets.get().share) == ("IDP", 52, 70)
    assert trained.baseline_value is None
    assert (trained.result.kind, trained.result.code, trained.result.parent) == ("output", "1.1", forums.result)
    assert json.loads(source.summary) == {"changed": 0, "figures": 3, "indicators": 3, "results": 1}
    assert source.rows.filter(kind="indicator").count() == 3
    assert AuditEvent.objects.filter(event="import.confirmed").count() == 1


def test_outcome_one_of_the_file_is_the_projects_outcome_one(world: World) -> None:
    """The project has an outcome 1 of other words: by its number it is the same one, and that is said."""
    plan = framework_plan.plan(received(world, **whose(world)))
    assert [(problem.kind, problem.cells) for problem in plan.problems] == [("warning", ("A2",))]
    confirmed(world)
    assert Result.objects.filter(project=world.project, kind="outcome").count() == 1


def test_a_definition_of_the_library_is_used_for_the_same_words_and_brings_its_rules(world: World) -> None:
    known = factories.definition("LIB-1", title="# of Dialogue forums held", over_time="running_total")
    confirmed(world, later_include=True)
    assert Indicator.objects.get(code="F1").definition == known


def test_a_definition_with_fewer_decimals_or_another_measure_is_not_used(world: World) -> None:
    factories.definition("LIB-1", title="# of dialogue forums held", decimals=0)
    factories.definition("LIB-2", title="% of households that feel safe")
    row = ("Outcome 1: A", "F1", "# of dialogue forums held", "number", None, "0.5", "24", None)
    plan = framework_plan.plan(received(world, sheets.xlsx(row, sheets.SAFE), **whose(world)))
    assert [one.definition for one in plan.indicators] == [None, None]
    assert plan.indicators[0].decimals == 1


def test_a_rule_left_open_adds_nothing_up_and_a_chosen_one_holds(world: World) -> None:
    plan = framework_plan.plan(received(world, **whose(world)))
    assert [one.to_choose for one in plan.indicators] == [True, False, True]
    confirmed(world, over_time={2: "per_period"}, across={2: "sum"})
    chosen, bare, left_open = (Indicator.objects.get(code=code).definition for code in ("F1", "F2", "F3"))
    assert (chosen.over_time, chosen.across) == ("per_period", "sum")
    assert (bare.measure, bare.across, bare.per) == ("percentage", "not_computable", 100)
    assert (left_open.across, left_open.project) == ("not_computable", world.project)


def test_rows_alike_for_two_groups_stay_two_indicators_of_one_definition(world: World) -> None:
    other = (*sheets.SAFE[:1], "F9", *sheets.SAFE[2:4], "Host community", *sheets.SAFE[5:])
    confirmed(world, sheets.xlsx(sheets.SAFE, other))
    rows = Indicator.objects.order_by("code")
    assert [row.population for row in rows] == ["IDP", "Host community"]
    assert rows[0].definition == rows[1].definition


def test_the_same_file_again_changes_nothing_and_points_to_the_first_import(world: World) -> None:
    first = confirmed(world)
    with pytest.raises(imports.ImportedBefore) as caught:
        imports.receive(world.project, content=sheets.SMALL, name="copy.xlsx", by=world.manager)
    assert caught.value.first == first
    assert Import.objects.count() == 1


def test_a_newer_file_shows_only_the_difference(world: World) -> None:
    confirmed(world)
    raised = (*sheets.FORUMS[:6], "30", "9")
    plan = framework_plan.plan(
        received(world, sheets.xlsx(raised, sheets.SAFE, sheets.TRAINED, headings=(*sheets.HEADINGS[:7], "2025")), **whose(world))
    )
    assert [(one.code, change.label, change.old, change.new) for one in plan.changed for change in one.changes] == [
        ("F1", "Target", "24", "30")
    ]
    assert (plan.new_results, plan.new_indicators, plan.new_figures, plan.gone) == ((), (), 0, ())


def test_what_the_file_no_longer_holds_stays_and_is_named(world: World) -> None:
    confirmed(world)
    plan = framework_plan.plan(received(world, sheets.xlsx(sheets.FORUMS), **whose(world)))
    assert {one.code for one in plan.gone} == {"F2", "F3"}


def test_a_blocking_problem_stops_everything_and_names_its_cell(world: World) -> None:
    ranged = (*sheets.FORUMS[:6], "12-15", "9")
    source = received(world, sheets.xlsx(ranged, sheets.SAFE), **whose(world))
    with pytest.raises(Invalid) as caught:
        imports.confirm(source, by=world.mande)
    assert [problem.path for problem in caught.value.problems] == ["G2"]
    assert Indicator.objects.count() == 0
    plan = framework_plan.plan(source)
    imports.choose(source, chosen=replace(plan.chosen, answers={"number:G2": Answer("take:15")}), by=world.mande)
    imports.confirm(source, by=world.mande)
    assert Indicator.objects.get(code="F1").targets.get().value == 15
    assert Indicator.objects.get(code="F1").baseline_note == "G2: 12-15"


def test_past_figures_ask_once_whose_they_are(world: World) -> None:
    plan = framework_plan.plan(received(world))
    assert {problem.key for problem in plan.blocking} == {"past:partner", "past:place"}


def test_past_figures_of_no_period_or_of_one_that_is_not_over_are_refused(world: World) -> None:
    source = received(world, sheets.xlsx(sheets.FORUMS, headings=(*sheets.HEADINGS[:7], "Actual")), **whose(world))
    assert [problem.key for problem in framework_plan.plan(source).blocking] == ["period:H"]
    late = Span(date(2099, 1, 1), date(2099, 12, 31))
    imports.choose(source, chosen=Chosen(**whose(world), periods={8: late}), by=world.mande)
    assert "not over" in framework_plan.plan(source).blocking[0].message
    imports.choose(source, chosen=Chosen(**whose(world), fields={8: Field.UNUSED}), by=world.mande)
    assert framework_plan.plan(source).blocking == ()


def test_past_figures_count_only_after_a_second_person_accepted_them(world: World) -> None:
    source = confirmed(world)
    report = Submission.objects.get(origin="past")
    assert (report.state, report.source_import, report.period.is_past, report.period.code) == (
        "submitted",
        f"import:{source.pk}",
        True,
        "2025",
    )
    figures = Figure.objects.filter(submission=report).order_by("indicator__code")
    assert [(row.value, row.share, row.counts, row.source, row.source_detail) for row in figures] == [
        (9, None, False, "past", "H2"),
        (None, 58, False, "past", "H3"),
        (12, None, False, "past", "H4"),
    ]
    with pytest.raises(submissions.OwnWork):
        submissions.accept(report, by=world.mande)
    submissions.accept(report, by=world.manager)
    assert Figure.objects.counting().count() == 3


def test_past_figures_are_reviewed_on_the_page_of_every_report(world: World, client: Client) -> None:
    confirmed(world)
    report = Submission.objects.get(origin="past")
    address = [report.project.code, report.period.code, report.partner_id]
    client.force_login(world.manager)
    for name in ("review", "report_history", "report_versions", "report_check", "report_records", "report_narrative"):
        assert client.get(reverse(name, args=address), follow=True).status_code == 200, name
    assert client.get(reverse("report_extend", args=address)).status_code == 404
    assert "The figures count from now on." in client.post(reverse("review_act", args=[*address, "accept"]), follow=True).content.decode()
    client.force_login(factories.member(Role.PARTNER_REPORTER, organization=factories.partner()))
    assert client.get(reverse("review", args=address)).status_code == 404


def test_planned_periods_give_way_to_past_ones_and_reported_ones_do_not(world: World) -> None:
    world.project.starts_on = date(2025, 1, 1)
    world.project.save()
    framework_calendar(world)
    confirmed(world)
    codes = list(ReportingPeriod.objects.filter(project=world.project).order_by("ends_on").values_list("code", flat=True))
    assert codes[:2] == ["2025", "2026-Q1"]


def test_past_figures_that_overlap_a_reported_period_are_refused(world: World) -> None:
    world.project.starts_on = date(2025, 1, 1)
    world.project.save()
    framework_calendar(world)
    quarter = world.project.periods.get(code="2025-Q1")
    ReportingPeriod.objects.filter(pk=quarter.pk).update(reported_at="2025-05-01T00:00:00Z")
    plan = framework_plan.plan(received(world, **whose(world)))
    assert [problem.key for problem in plan.blocking] == ["overlap:2025-Q1"]


def framework_calendar(world: World) -> None:
    from programs import calendar

    calendar.lay_out(world.project, by=world.manager)


def test_past_figures_oblige_the_partner_to_nothing_new(world: World) -> None:
    confirmed(world)
    from programs import calendar

    period = world.open(0)
    assert calendar.assignments_in(period) == []


def test_where_running_totals_start_again_the_later_ones_come_after_these(world: World) -> None:
    factories.definition("LIB-1", title="# of dialogue forums held", over_time="running_total")
    plan = framework_plan.plan(received(world, **whose(world)))
    assert [one.code for one in plan.running_totals] == ["F1"]
    assert [problem.key for problem in plan.blocking] == ["past:later"]
    confirmed(world, later_include=False)
    past, later = Indicator.objects.get(code="F1").assignments.order_by("starts_on")
    assert (later.takes_over_from, later.includes_predecessor, later.starts_on) == (past, False, date(2026, 1, 1))
    assert Indicator.objects.get(code="F3").assignments.count() == 1


def test_past_figures_that_differ_from_reported_ones_are_said_and_not_written(world: World) -> None:
    confirmed(world)
    other = (*sheets.FORUMS[:7], "11")
    plan = framework_plan.plan(received(world, sheets.xlsx(other, sheets.SAFE, sheets.TRAINED), **whose(world)))
    assert plan.new_figures == 0
    assert [problem.cells for problem in plan.problems] == [("A2",), ("H2",)]
    assert plan.changes_nothing


def test_an_undone_import_leaves_nothing_and_the_file_applies_anew(world: World) -> None:
    first = confirmed(world, later_include=False)
    imports.undo(first, by=world.mande)
    assert first.state == Import.State.UNDONE
    assert Indicator.objects.count() == Target.objects.count() == Submission.objects.count() == 0
    assert IndicatorDefinition.objects.filter(project=world.project).count() == 0
    assert not ReportingPeriod.objects.filter(is_past=True).exists()
    assert Result.objects.filter(project=world.project).count() == 1
    again = confirmed(world)
    assert again.pk != first.pk
    assert Indicator.objects.count() == 3


def test_undoing_an_update_brings_the_old_values_back(world: World) -> None:
    confirmed(world)
    raised = (*sheets.FORUMS[:2], "# of forums held in public", "number", None, "2", "30", "9")
    second = confirmed(world, sheets.xlsx(raised, sheets.SAFE, sheets.TRAINED))
    forums = Indicator.objects.get(code="F1")
    assert (forums.title, forums.baseline_value, forums.targets.get().value) == ("# of forums held in public", 2, 30)
    imports.undo(second, by=world.mande)
    forums.refresh_from_db()
    assert (forums.title, forums.baseline_value, forums.targets.get().value) == ("# of dialogue forums held", 0, 24)


def test_an_import_with_something_built_on_it_is_not_undone(world: World) -> None:
    source = confirmed(world)
    framework.assign(Indicator.objects.get(code="F3"), by=world.manager, partner=world.partner, places=[world.place])
    submissions.accept(Submission.objects.get(), by=world.manager)
    assert len(imports.why_not_undone(source)) == 2
    with pytest.raises(imports.BuiltUpon, match="assigned"):
        imports.undo(source, by=world.mande)
    assert Indicator.objects.count() == 3


def test_a_failure_half_way_writes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    source = received(world, **whose(world))

    def fail(*args, **kwargs):
        raise RuntimeError("disk full")

    monkeypatch.setattr(submissions, "submit", fail)
    with pytest.raises(RuntimeError):
        imports.confirm(source, by=world.mande)
    assert Indicator.objects.count() == ImportedRow.objects.count() == 0
    source.refresh_from_db()
    assert source.state == Import.State.UPLOADED


def test_two_people_at_one_import_see_each_other(world: World) -> None:
    source = received(world, **whose(world))
    imports.choose(source, chosen=Chosen(**whose(world)), by=world.manager, version=source.version)
    with pytest.raises(Stale):
        imports.confirm(source, by=world.mande, version=1)
    imports.confirm(source, by=world.mande)
    with pytest.raises(Refused, match="imported"):
        imports.confirm(source, by=world.manager)


def test_confirmed_headings_are_remembered_for_the_donor_alone(world: World) -> None:
    donor = factories.donor("European Union")
    grant = Grant.objects.create(
        donor=donor,
        reference="EU-1",
        title="Peace",
        currency="EUR",
        amount=Decimal(1),
        starts_on=date(2025, 1, 1),
        ends_on=date(2026, 1, 1),
    )
    grant.projects.create(project=world.project, approved=Decimal(1))
    content = sheets.xlsx(sheets.FORUMS, headings=(*sheets.HEADINGS[:4], "Beneficiary kind", *sheets.HEADINGS[5:]))
    confirmed(world, content, fields={5: Field.GROUP})
    assert ColumnMemory.objects.get(heading="beneficiary kind", donor=donor).field == "group"
    assert framework_plan.remembered(world.project)["beneficiary kind"] == Field.GROUP
    assert framework_plan.remembered(factories.project()) == {}


def test_only_who_may_import_in_this_project_does(world: World) -> None:
    stranger = factories.member(Role.MANDE_OFFICER, program=factories.project().program)
    for person in (stranger, world.reporter):
        with pytest.raises(PermissionDenied):
            imports.receive(world.project, content=sheets.SMALL, name="a.xlsx", by=person)
    source = received(world, **whose(world))
    for act in (imports.confirm, imports.undo, imports.drop):
        with pytest.raises(PermissionDenied):
            act(source, by=stranger)
    assert not Import.objects.visible_to(stranger).exists()


def test_a_file_that_is_no_framework_is_refused_and_not_kept(world: World) -> None:
    for content in (b"nonsense \x00", sheets.xlsx(("a", "b"), headings=("x", "y"))):
        with pytest.raises((spreadsheets.SpreadsheetRefused, imports.framework_columns.NoFramework)):
            imports.receive(world.project, content=content, name="a.xlsx", by=world.mande)
    assert Import.objects.count() == 0


@pytest.mark.parametrize("name", ["donor-mena-egy", "french-eur-grc", "tidy-ehgl-sdn"])
def test_a_real_framework_comes_in_whole_and_a_second_time_finds_nothing_to_do(shared_data: Path, world: World, name: str) -> None:
    folder = shared_data / "results" / "frameworks"
    expected = json.loads((folder / "EXPECTED.json").read_text())[f"{name}.xlsx"]
    content = (folder / f"{name}.xlsx").read_bytes()
    source = received(world, content, **whose(world))
    figures = framework_plan.plan(source).found.of(Field.FIGURE)[0]
    periods = {figures.index: Span(date(2020, 1, 1), date(2020, 12, 31))}
    imports.choose(source, chosen=Chosen(**whose(world), periods=periods), by=world.mande)
    imports.confirm(source, by=world.mande)
    indicators = Indicator.objects.filter(project=world.project)
    assert indicators.count() == expected["rows"]
    assert Target.objects.filter(indicator__in=indicators).count() == expected["targets"]
    stored = [row.value if row.value is not None else row.share for row in Figure.objects.all()]
    assert (len(stored), sum(stored)) == (expected["actuals"], Decimal(expected["sum_actuals"]))
    Import.objects.update(state=Import.State.UPLOADED, confirmed_at=None, confirmed_by=None)
    assert framework_plan.plan(Import.objects.get()).changes_nothing


@pytest.mark.parametrize(("include", "reported", "total"), [(True, "13", 13), (False, "4", 13)])
def test_later_running_totals_count_on_from_the_past_or_start_again(world: World, include: bool, reported: str, total: int) -> None:
    factories.definition("LIB-1", title="# of dialogue forums held", over_time="running_total")
    confirmed(world, sheets.xlsx(sheets.FORUMS), later_include=include)
    submissions.accept(Submission.objects.get(), by=world.manager)
    forums = Indicator.objects.get(code="F1")
    if include:
        framework.assign(forums, by=world.manager, partner=world.partner, places=[world.place])
    period = world.open(0)
    assert _total(forums, date(2025, 12, 31)) == 9
    draft = drafts.start(world.project, world.partner, period, by=world.reporter)
    drafts.write_figures(draft, [drafts.FigureInput("F1", world.place.code, value=reported)], by=world.reporter)
    Submission.objects.filter(pk=draft.pk).update(state="submitted", submitted_at="2026-04-01T00:00:00Z", submitted_by=world.reporter)
    draft.refresh_from_db()
    submissions.accept(draft, by=world.mande)
    assert _total(forums, period.ends_on) == total


def _total(indicator: Indicator, through: date) -> Decimal | None:
    (line,) = rollup.progress(Indicator.objects.filter(pk=indicator.pk), through=through)
    return line.progress.total.value
