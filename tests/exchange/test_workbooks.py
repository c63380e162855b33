"""The partner's workbook goes out filled, comes back checked, and writes through the act of the entry page."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.utils import translation

from accounts.roles import Role
from exchange import imports, spreadsheets, workbook_sheets, workbooks
from exchange.models import Import, Workbook
from plumbing.refusals import Invalid, Refused, Stale
from programs import access, framework
from programs.models import DefinitionOption
from reporting import drafts, submissions
from reporting.drafts import FigureInput
from reporting.models import Figure, Submission
from tests import factories
from tests.factories import World

pytestmark = pytest.mark.django_db
FIGURES = "Figures"


@pytest.fixture
def world() -> World:
    """People trained by sex, a share, a ranked answer and a text, owed by one partner in an open quarter."""
    factories.dimension("sex", "female", "male", "unknown")
    made = factories.world("PPS-03")
    trained = factories.definition("TR", title="People trained", counting="people_per_period", breakdowns=(("sex",),))
    made.indicator(trained, title="# of people trained")
    made.indicator(factories.ratio("SH", title="Feel safe"))
    ranked = factories.definition("OP", title="Readiness", measure="ordinal", across="not_computable")
    DefinitionOption.objects.create(definition=ranked, code="low", label="Low, =1+1", order=1)
    DefinitionOption.objects.create(definition=ranked, code="high", label="High", order=2)
    made.indicator(ranked)
    made.indicator(factories.definition("TX", title="Law", measure="text", across="not_computable"))
    made.open(0)
    return made


def handed_out(world: World, by=None) -> bytes:
    return workbooks.hand_out(world.project, world.partner, world.period, by=by or world.reporter)[1]


def filled(content: bytes, change: Callable[[dict], None]) -> bytes:
    """The workbook with cells changed as a person would: ``change`` gets a dict of (line key, column) to openpyxl cells."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book[FIGURES]
    names = {cell.value: cell.column for cell in sheet[1]}
    cells = {}
    for row in range(workbook_sheets.FIRST_ROW, sheet.max_row + 1):
        key = sheet.cell(row, names["key"]).value
        cells |= {(key, name): sheet.cell(row, column) for name, column in names.items()}
    change(cells)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def setting(world: World, **values) -> Callable[[dict], None]:
    """Fill cells named ``CODE_column`` or ``CODE_cell_column`` (cell: female, male)."""

    def change(cells: dict) -> None:
        for name, value in values.items():
            code, *cell, column = name.split("_")
            key = f"{code}|{world.place.code}|{f'sex={cell[0]}' if cell else ''}"
            cells[key, column].value = value

    return change


def returned(world: World, content: bytes, *, by=None, name: str = "report.xlsx") -> Import:
    return workbooks.receive(content=content, name=name, by=by or world.reporter)


def whole(world: World) -> bytes:
    values = {
        "TR_value": 12, "TR_female_value": 7, "TR_male_value": 5, "SH_numerator": 30, "SH_denominator": "60", "OP_answer": "High",
        "TX_reason": "No access to the place",
    }  # fmt: skip
    return filled(handed_out(world), setting(world, **values))


def test_the_workbook_holds_what_is_owed_with_notes_lists_and_locked_headings(world: World) -> None:
    book = openpyxl.load_workbook(io.BytesIO(handed_out(world)))
    sheet = book[FIGURES]
    rows = [[cell.value for cell in row][:4] for row in sheet.iter_rows(min_row=workbook_sheets.FIRST_ROW)]
    assert [row[0] for row in rows] == ["TR", "TR", "TR", "TR", "SH", "OP", "TX"]
    assert [row[3] for row in rows[:4]] == ["Total", "Female", "Male", "Unknown"]
    assert sheet.protection.sheet
    assert sheet["A5"].protection.locked
    assert not sheet.cell(workbook_sheets.FIRST_ROW, 7).protection.locked
    assert book["_portal"].sheet_state == "veryHidden"
    assert sheet.cell(workbook_sheets.FIRST_ROW, 2).comment is not None
    assert {validation.type for validation in sheet.data_validations.dataValidation} == {"list", "decimal"}
    assert Workbook.objects.get().issued_by == world.reporter


def test_nothing_in_the_workbook_is_a_formula_and_odd_text_stays_readable(world: World) -> None:
    odd = ("=1+1", "-5", "+254700", "@SUM(A1)")
    for number, title in enumerate(odd):
        world.indicator(factories.definition(f"ODD{number}", title="odd"), title=title)
    content = handed_out(world)
    parts = zipfile.ZipFile(io.BytesIO(content))
    assert not any(b"<f>" in parts.read(name) for name in parts.namelist() if "worksheets/sheet" in name)
    sheet = spreadsheets.read(content).sheet(FIGURES)
    wordings = [sheet.value(row, 2) for row in range(1, sheet.height + 1)]
    assert set(odd) <= set(wordings)


def test_a_filled_workbook_writes_the_draft_through_the_entry_act(world: World) -> None:
    source = returned(world, whole(world))
    found = workbooks.compare(source, by=world.reporter)
    assert found.problems == ()
    assert [(one.code, one.which, one.old, one.new) for one in found.changes] == [
        ("TR", "Total", "–", "12"),
        ("TR", "sex=female", "–", "7"),
        ("TR", "sex=male", "–", "5"),
        ("SH", "Total", "–", "30 / 60"),
        ("OP", "Total", "–", "high"),
        ("TX", "Total", "–", "No access to the place"),
    ]
    assert Submission.objects.count() == Figure.objects.count() == 0
    workbooks.confirm(source, by=world.reporter, version=found.version)
    report = Submission.objects.get()
    assert (report.origin, report.state, report.created_by) == ("partner", "draft", world.reporter)
    figures = {(row.indicator.code, row.disaggregation.key): row for row in Figure.objects.select_related("indicator", "disaggregation")}
    assert figures["TR", ""].value == 12
    assert figures["TR", "sex=female"].value == 7
    assert (figures["SH", ""].numerator, figures["SH", ""].denominator) == (30, 60)
    assert figures["OP", ""].option.code == "high"
    assert figures["TX", ""].reason == "access_denied"
    assert {row.source for row in figures.values()} == {"workbook"}
    assert figures["TR", ""].source_detail == "G6"
    submissions.submit(report, by=world.reporter)


def test_zero_is_zero_and_an_emptied_cell_takes_the_figure_out(world: World) -> None:
    draft = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    place = world.place.code
    drafts.write_figures(draft, [FigureInput("TR", place, value="4"), FigureInput("SH", place, share="35")], by=world.reporter)
    source = returned(world, filled(handed_out(world), setting(world, TR_value=0, SH_value=None)))
    found = workbooks.compare(source, by=world.reporter)
    assert [(one.code, one.old, one.new) for one in found.changes] == [("TR", "4", "0"), ("SH", "35 %", "–")]
    assert found.emptied == 1
    workbooks.confirm(source, by=world.reporter, version=found.version)
    assert Figure.objects.get().value == 0


def test_a_workbook_that_nobody_filled_changes_nothing(world: World) -> None:
    draft = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    drafts.write_figures(draft, [FigureInput("SH", world.place.code, share="35")], by=world.reporter)
    version = draft.draft_version
    source = returned(world, handed_out(world))
    found = workbooks.compare(source, by=world.reporter)
    assert (found.changes, found.unchanged, found.problems) == ((), 1, ())
    workbooks.confirm(source, by=world.reporter)
    draft.refresh_from_db()
    assert draft.draft_version == version


@pytest.mark.parametrize(
    ("values", "cell", "words"),
    [
        ({"TR_value": "12-15"}, "G6", "not a number"),
        ({"TR_value": "1,490"}, "G6", "may mean"),
        ({"TR_value": "12.5"}, "G6", "decimals"),
        ({"TR_value": -3}, "G6", "below zero"),
        ({"SH_denominator": None}, "H10", "numerator and denominator"),
        ({"SH_numerator": "3 of 4"}, "H10", "two numbers"),
        ({"OP_answer": "middle"}, "J11", "Choose one of"),
        ({"TR_reason": "lost the list", "TR_value": None}, "K6", "not one of the reasons"),
        ({"TR_reason": "No access to the place", "TR_value": 4}, "G6", "either"),
        ({"TR_value": "=6/0"}, "G6", "never computed"),
    ],
)
def test_everything_wrong_is_named_with_its_cell_and_nothing_is_written(world: World, values: dict, cell: str, words: str) -> None:
    source = returned(world, filled(whole(world), setting(world, **values)))
    found = workbooks.compare(source, by=world.reporter)
    assert [problem.path for problem in found.problems] == [cell]
    assert words in found.problems[0].message
    with pytest.raises(Invalid):
        workbooks.confirm(source, by=world.reporter)
    assert Figure.objects.count() == Submission.objects.count() == 0


def test_all_problems_come_at_once_and_stand_in_the_annotated_copy(world: World) -> None:
    source = returned(world, filled(whole(world), setting(world, TR_value="many", SH_denominator="-")))
    found = workbooks.compare(source, by=world.reporter)
    assert {problem.path for problem in found.problems} == {"G6", "H10"}
    book = openpyxl.load_workbook(io.BytesIO(workbooks.annotated(source, by=world.reporter)))
    assert "not a number" in book[FIGURES]["G6"].comment.text
    assert book[FIGURES]["G6"].value == "many"
    assert "_portal" not in book.sheetnames


def test_the_same_file_again_points_to_the_first_time(world: World) -> None:
    content = whole(world)
    first = workbooks.confirm(returned(world, content), by=world.reporter)
    with pytest.raises(imports.ImportedBefore) as caught:
        returned(world, content)
    assert caught.value.first == first


def test_a_draft_that_moved_on_is_never_overwritten_unseen(world: World) -> None:
    source = returned(world, whole(world))
    seen = workbooks.compare(source, by=world.reporter)
    draft = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    drafts.write_figures(draft, [FigureInput("TR", world.place.code, value="40")], by=world.reporter)
    with pytest.raises(Stale):
        workbooks.confirm(source, by=world.reporter, version=seen.version)
    now = workbooks.compare(source, by=world.reporter)
    assert now.moved_on
    assert ("TR", "40", "12") in [(one.code, one.old, one.new) for one in now.changes]


def test_a_report_in_review_takes_no_workbook(world: World) -> None:
    content = whole(world)
    workbooks.confirm(returned(world, content), by=world.reporter)
    late = filled(handed_out(world), setting(world, TR_value=99))
    submissions.submit(Submission.objects.get(), by=world.reporter)
    with pytest.raises(Refused, match="cannot be changed"):
        workbooks.compare(returned(world, late), by=world.reporter)


def test_a_previous_value_and_the_target_stand_beside_the_cell(world: World) -> None:
    trained = world.project.indicators.get(code="TR")
    framework.set_target(trained, by=world.manager, value=Decimal("40"))
    workbooks.confirm(returned(world, whole(world)), by=world.reporter)
    report = submissions.submit(Submission.objects.get(), by=world.reporter)
    submissions.accept(report, by=world.mande)
    world.open(1)
    content = workbooks.hand_out(world.project, world.partner, world.periods[1], by=world.reporter)[1]
    sheet = spreadsheets.read(content).sheet(FIGURES)
    assert [sheet.text(6, column) for column in (5, 6)] == ["12 (2026-Q1)", "40"]
    assert sheet.text(7, 5) == "7 (2026-Q1)"


def test_a_stranger_neither_gets_nor_returns_a_workbook(world: World) -> None:
    other = factories.partner()
    stranger = factories.member(Role.PARTNER_REPORTER, organization=other)
    world.project.partners.create(organization=other)
    with pytest.raises(PermissionDenied):
        handed_out(world, by=stranger)
    with pytest.raises(workbook_sheets.NotOurs):
        returned(world, whole(world), by=stranger)
    source = returned(world, whole(world))
    assert not Import.objects.visible_to(stranger).exists()
    assert Import.objects.visible_to(world.reporter).get() == source
    with pytest.raises(workbook_sheets.NotOurs):
        workbooks.compare(source, by=stranger)


def test_staff_may_return_it_on_the_partners_behalf(world: World) -> None:
    source = returned(world, filled(handed_out(world, by=world.mande), setting(world, TR_value=3)), by=world.mande)
    workbooks.confirm(source, by=world.mande)
    assert Submission.objects.get().origin == "on_behalf"


def test_another_file_or_one_without_its_marks_is_refused(world: World) -> None:
    from tests.exchange import sheets

    book = openpyxl.load_workbook(io.BytesIO(handed_out(world)))
    book["_portal"]["B2"].value = "0"
    target = io.BytesIO()
    book.save(target)
    for content in (sheets.SMALL, target.getvalue()):
        with pytest.raises(workbook_sheets.NotOurs):
            returned(world, content)
    assert Import.objects.count() == 0


def test_a_workbook_survives_being_sorted_and_saved_by_another_program(world: World, tmp_path: Path) -> None:
    if shutil.which("soffice") is None:
        pytest.skip("needs LibreOffice")
    path = tmp_path / "report.xlsx"
    path.write_bytes(whole(world))
    for kind in ("ods", "xlsx"):
        out = tmp_path / kind
        command = [
            "soffice",
            "--headless",
            f"-env:UserInstallation=file://{tmp_path}/profile",
            "--convert-to",
            kind,
            "--outdir",
            str(out),
            str(path),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        found = workbooks.compare(returned(world, next(out.iterdir()).read_bytes(), name=f"report.{kind}"), by=world.reporter)
        assert (found.problems, len(found.changes)) == ((), 6), kind


def test_deputies_and_keys_are_remembered_behind_the_figures(world: World) -> None:
    """The act of the entry page writes who stands behind a figure; the workbook is no way around it."""
    deputy = factories.user(organization=world.partner)
    access.deputize(absent=world.reporter, deputy=deputy, until=world.period.ends_on.replace(year=2099), by=world.reporter)
    source = returned(world, whole(world), by=deputy)
    workbooks.confirm(source, by=deputy)
    assert set(Figure.objects.values_list("entered_by", "entered_behind")) == {(deputy.pk, world.reporter.pk)}


def test_the_workbook_says_shipped_names_in_the_language_of_who_takes_it_and_reads_them_back(world, french):
    french({"Female": "Femmes", "High": "Élevé"})
    with translation.override("fr"):
        content = handed_out(world)
    book = openpyxl.load_workbook(io.BytesIO(content))
    column = {cell.value: cell.column for cell in book[FIGURES][1]}["cell"]
    assert "Femmes" in {row[column - 1] for row in book[FIGURES].iter_rows(values_only=True)}
    source = returned(world, filled(content, setting(world, OP_answer="Élevé")))
    assert [(one.code, one.new) for one in workbooks.compare(source, by=world.reporter).changes] == [("OP", "high")]
