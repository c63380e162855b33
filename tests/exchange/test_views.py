"""The import pages: what they show, what they keep, and who sees them."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from accounts.roles import Role
from exchange import imports
from exchange.models import Import
from programs.models import Indicator
from reporting import submissions
from reporting.models import Figure, Submission
from tests import factories
from tests.exchange import sheets
from tests.factories import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return factories.world("PPS-03")


@pytest.fixture
def officer(world: World, client: Client) -> Client:
    client.force_login(world.mande)
    return client


def upload(client: Client, content: bytes, *, name: str = "logframe.xlsx", code: str = "PPS-03"):
    return client.post(reverse("framework_new", args=[code]), {"file": SimpleUploadedFile(name, content)})


def page_of(response) -> str:
    return " ".join(response.content.decode().split())


def choices(world: World, **more) -> dict:
    return {"remember": "on", "partner": world.partner.pk, "place": world.place.pk, "over_time-2": "per_period", "across-2": "sum", **more}


def test_a_framework_goes_from_the_file_to_the_project_by_page(officer: Client, world: World) -> None:
    response = upload(officer, sheets.SMALL)
    source = Import.objects.get()
    assert (response.status_code, response["Location"]) == (303, reverse("import", args=[source.pk]))
    page = page_of(officer.get(response["Location"]))
    for words in ("# of dialogue forums held", "Past figure", "same words", "52 %", "Whose past figures are these?"):
        assert words in page
    kept = officer.post(reverse("import", args=[source.pk]), choices(world, version=source.version))
    assert kept.status_code == 303
    assert Indicator.objects.count() == 0
    source.refresh_from_db()
    done = officer.post(reverse("import", args=[source.pk]), choices(world, version=source.version, confirm="1"), follow=True)
    assert Indicator.objects.get(code="F1").definition.over_time == "per_period"
    past = Submission.objects.get()
    assert past.state == "submitted"
    assert "What it wrote" in page_of(done)
    review = reverse("review", args=["PPS-03", past.period.code, past.partner_id])
    assert "1 report of past figures waits for a second person." in page_of(done)
    assert f'href="{review}"' in page_of(done)
    submissions.accept(past, by=factories.member(Role.MANDE_OFFICER, project=world.project))
    assert "waits for a second person" not in page_of(officer.get(reverse("import", args=[source.pk])))


def test_a_blocking_problem_is_answered_on_the_page(officer: Client, world: World) -> None:
    upload(officer, sheets.xlsx((*sheets.FORUMS[:6], "12-15", None)))
    source = Import.objects.get()
    address = reverse("import", args=[source.pk])
    refused = officer.post(address, {"confirm": "1", "version": source.version})
    assert refused.status_code == 422
    assert "Nothing was written" in page_of(refused)
    source.refresh_from_db()
    answer = {"problem-0": "number:G2", "choice-0": "other", "text-0-other": "13"}
    officer.post(address, {"confirm": "1", "version": source.version, **answer})
    assert Indicator.objects.get().targets.get().value == 13


def test_a_column_can_be_given_another_field_and_a_period(officer: Client, world: World) -> None:
    upload(officer, sheets.xlsx(sheets.FORUMS, headings=(*sheets.HEADINGS[:7], "Stand")))
    source = Import.objects.get()
    address = reverse("import", args=[source.pk])
    fields = {"field-8": "figure"}
    officer.post(address, {"version": source.version, **fields})
    source.refresh_from_db()
    officer.post(address, {"version": source.version, **fields, "from-8": "2024-07-01", "to-8": "2024-12-31"})
    assert "2024-H2" in page_of(officer.get(address))


def test_a_framework_that_nobody_saw_is_not_written(officer: Client, world: World) -> None:
    """Other columns and the main button in one go: the difference is shown first."""
    upload(officer, sheets.SMALL)
    source = Import.objects.get()
    address = reverse("import", args=[source.pk])
    unseen = choices(world, version=source.version, confirm="1", **{"field-8": "unused"})
    response = officer.post(address, unseen, follow=True)
    assert "confirm again" in page_of(response)
    assert Indicator.objects.count() == 0


def test_another_sheet_starts_the_columns_anew_and_one_without_headings_leads_back(officer: Client, world: World) -> None:
    upload(officer, sheets.SMALL)
    source = Import.objects.get()
    address = reverse("import", args=[source.pk])
    response = officer.post(address, {"version": source.version, "sheet": "Logframe", "header_row": "99"}, follow=True)
    assert response.status_code == 200
    source.refresh_from_db()
    response = officer.post(address, {"version": source.version, "sheet": "Nowhere", "header_row": "1"}, follow=True)
    assert "No sheet has the headings" in page_of(response)


def test_the_same_file_leads_to_its_first_import(officer: Client, world: World) -> None:
    upload(officer, sheets.SMALL)
    source = Import.objects.get()
    officer.post(reverse("import", args=[source.pk]), choices(world, version=source.version, confirm="1"))
    response = upload(officer, sheets.SMALL, name="again.xlsx")
    assert response["Location"] == reverse("import", args=[source.pk])
    assert "changes nothing" in page_of(officer.get(response["Location"]))


def test_an_import_is_undone_from_its_page_while_nothing_stands_on_it(officer: Client, world: World) -> None:
    upload(officer, sheets.SMALL)
    source = Import.objects.get()
    officer.post(reverse("import", args=[source.pk]), choices(world, version=source.version, confirm="1"))
    assert "Undo this import" in page_of(officer.get(reverse("import", args=[source.pk])))
    officer.post(reverse("import_undo", args=[source.pk]))
    assert Indicator.objects.count() == 0


def test_a_refused_file_is_said_at_its_field(officer: Client, world: World) -> None:
    response = upload(officer, b"%PDF-1.7\x00", name="logframe.xlsx")
    assert response.status_code == 422
    assert "not a spreadsheet" in page_of(response)


def test_the_copy_with_notes_holds_each_problem_in_its_cell(officer: Client, world: World) -> None:
    upload(officer, sheets.xlsx((*sheets.FORUMS[:6], "12-15", None), ("=1+1", "-5", "+254", None, None, None, "3", None)))
    source = Import.objects.get()
    response = officer.get(reverse("import_annotated", args=[source.pk]))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_index(0).to_python()
    assert rows[2][:3] == ["=1+1", "-5", "+254"]
    assert "attachment" in response["Content-Disposition"]
    parts = zipfile.ZipFile(io.BytesIO(response.content))
    notes = "".join(parts.read(name).decode() for name in parts.namelist() if "comments" in name)
    assert "12-15" in notes
    assert "<f>" not in parts.read("xl/worksheets/sheet1.xml").decode()


def test_a_strangers_import_is_not_there(world: World, client: Client) -> None:
    source = imports.receive(world.project, content=sheets.SMALL, name="a.xlsx", by=world.mande)
    stranger = factories.member(Role.MANDE_OFFICER, program=factories.project().program)
    client.force_login(stranger)
    for name in ("import", "import_file", "import_annotated"):
        assert client.get(reverse(name, args=[source.pk])).status_code == 404
    for name in ("import_undo", "import_drop"):
        assert client.post(reverse(name, args=[source.pk])).status_code == 404
    assert upload(client, sheets.SMALL).status_code == 404
    assert b"a.xlsx" not in client.get(reverse("imports")).content


def test_a_partner_sees_that_something_was_imported_and_may_not_touch_it(world: World, client: Client) -> None:
    source = imports.receive(world.project, content=sheets.SMALL, name="a.xlsx", by=world.mande)
    client.force_login(world.reporter)
    assert client.get(reverse("import", args=[source.pk])).status_code == 403
    assert client.get(reverse("import_file", args=[source.pk])).status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_imports_costs_the_same_at_any_length(officer: Client, world: World, django_assert_num_queries, rows: int) -> None:
    for number in range(rows):
        content = sheets.xlsx((*sheets.FORUMS[:6], str(number), None))
        imports.receive(world.project, content=content, name=f"{number}.xlsx", by=world.mande)
    with django_assert_num_queries(4):
        assert officer.get(reverse("imports")).status_code == 200


# A partner's workbook


@pytest.fixture
def reporter(client: Client) -> tuple[Client, World]:
    made = factories.world("PPS-04")
    made.indicator(factories.definition("TR", title="People trained"))
    made.open(0)
    client.force_login(made.reporter)
    return client, made


def workbook_of(client: Client, world: World) -> bytes:
    response = client.get(reverse("workbook", args=["PPS-04", world.period.code, world.partner.pk]))
    assert response.status_code == 200
    assert response["X-Content-Type-Options"] == "nosniff"
    return response.content


def with_figure(content: bytes, value: object) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content))
    book["Figures"].cell(6, 7).value = value
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def sent_back(client: Client, content: bytes):
    return client.post(reverse("workbook_new"), {"file": SimpleUploadedFile("report.xlsx", content)}, follow=True)


def test_a_workbook_goes_out_and_comes_back_by_page(reporter: tuple[Client, World]) -> None:
    client, world = reporter
    page = page_of(sent_back(client, with_figure(workbook_of(client, world), 12)))
    assert "Take over 1 figure" in page
    source = Import.objects.get()
    assert Figure.objects.count() == 0
    done = client.post(reverse("import", args=[source.pk]), {"version": "0"}, follow=True)
    assert Figure.objects.get().value == 12
    assert "The figures are in the report" in page_of(done)


def test_a_wrong_cell_is_shown_with_the_way_to_a_copy_with_notes(reporter: tuple[Client, World]) -> None:
    client, world = reporter
    page = page_of(sent_back(client, with_figure(workbook_of(client, world), "twelve")))
    source = Import.objects.get()
    assert "<b>G6</b>" in page
    assert reverse("import_annotated", args=[source.pk]) in page
    assert client.post(reverse("import", args=[source.pk]), {"version": "0"}).status_code == 422
    copy = client.get(reverse("import_annotated", args=[source.pk]))
    assert openpyxl.load_workbook(io.BytesIO(copy.content))["Figures"]["G6"].comment is not None
    assert Figure.objects.count() == 0


def test_a_file_that_is_no_workbook_is_said_at_its_field(reporter: tuple[Client, World]) -> None:
    client, _world = reporter
    response = sent_back(client, sheets.SMALL)
    assert response.status_code == 422
    assert "not a workbook of the portal" in page_of(response)


def test_a_stranger_neither_downloads_nor_sees_a_workbook(reporter: tuple[Client, World]) -> None:
    client, world = reporter
    sent_back(client, with_figure(workbook_of(client, world), 12))
    source = Import.objects.get()
    other = factories.partner()
    world.project.partners.create(organization=other)
    client.force_login(factories.member(Role.PARTNER_REPORTER, organization=other))
    assert client.get(reverse("workbook", args=["PPS-04", world.period.code, world.partner.pk])).status_code == 404
    for name in ("import", "import_file", "import_annotated"):
        assert client.get(reverse(name, args=[source.pk])).status_code == 404
    assert b"report.xlsx" not in client.get(reverse("imports")).content


def test_a_dropped_workbook_is_gone(reporter: tuple[Client, World]) -> None:
    client, world = reporter
    sent_back(client, with_figure(workbook_of(client, world), 12))
    source = Import.objects.get()
    assert client.post(reverse("import_drop", args=[source.pk])).status_code == 303
    assert client.get(reverse("import_annotated", args=[source.pk])).status_code == 404
    assert "Dropped" in page_of(client.get(reverse("import", args=[source.pk])))
