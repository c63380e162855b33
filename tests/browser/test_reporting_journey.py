"""One reporting period as people do it: a framework comes in, a partner reports on a phone, one figure is returned and corrected,
the report is accepted, the total is right and the donor's document holds it."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from io import BytesIO, StringIO

import openpyxl
import pytest
import xlsxwriter
from django.core.management import call_command
from django.urls import reverse
from docx import Document

from accounts.models import ApiKey, AuditEvent
from accounts.roles import Role
from exchange import workbook_sheets
from programs import framework, grants, tasks
from programs.models import Grant, ReportingPeriod, ReportRequirement
from reporting import donor_report, report_files, rollup, submissions
from reporting.models import Figure, Submission
from tests import callers, factories
from tests.browser.reporting import accept, return_one, send

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(tmp_path):
    """A project whose framework lives in a spreadsheet; beat has opened the quarter."""
    made = factories.world("PPS-01")
    call_command("load_library", stdout=StringIO())
    made.project.manager = made.manager
    made.project.save()
    file = tmp_path / "framework.xlsx"
    book = xlsxwriter.Workbook(file)
    sheet = book.add_worksheet("Logframe")
    rows = [
        ("Result", "Indicator", "Unit", "Baseline", "Target"),
        ("Outcome 1: Young people have a livelihood", "Completed vocational training", "number", 0, 240),
        ("Outcome 1: Young people have a livelihood", "Members of savings groups", "number", 0, 320),
    ]
    for line, row in enumerate(rows):
        sheet.write_row(line, 0, row)
    book.close()
    call_command("import_framework", str(file), project="PPS-01", confirm=True, level="individual", stdout=StringIO())
    for indicator in made.project.indicators.all():
        framework.assign(indicator, by=made.manager, partner=made.partner, places=[made.place])
    ReportingPeriod.objects.filter(project=made.project).update(opened_at=None)
    tasks.open_periods()
    made.periods = list(made.project.periods.filter(opened_at__isnull=False).order_by("ends_on"))
    return made


def report_of(world):
    return ["PPS-01", world.period.code, world.partner.pk]


def address(world, name="report"):
    return reverse(name, args=report_of(world))


def total_field(world, code):
    indicator = world.project.indicators.get(definition__code=code)
    return f"f:{indicator.pk}:{world.place.pk}:"


def type_and_send(page, world, figures):
    page.goto(address(world))
    for code, value in figures.items():
        page.locator(f"[name='{total_field(world, code)}']").fill(value)
    page.locator("[data-saved]").get_by_text(re.compile("draft version")).wait_for()
    page.wait_for_timeout(1200)
    send(page, sentence="Counted from the signed sheets.")


def test_a_period_from_a_spreadsheet_framework_to_the_donors_document(world, visit, axe):
    reporter = visit(world.reporter, phone=True)
    reporter.goto(address(world))
    assert axe(reporter) == []
    type_and_send(reporter, world, {"LIV-2": "41", "LIV-5": "64"})

    mande = visit(world.mande)
    mande.goto(address(world, "review"))
    assert axe(mande) == []
    return_one(mande, report_of(world), figure="Completed vocational training", comment="Attendance sheets show 31. Which is right?")

    reporter.goto(address(world))
    reporter.get_by_text("Attendance sheets show 31. Which is right?").first.wait_for()
    type_and_send(reporter, world, {"LIV-2": "31"})

    accept(mande, report_of(world))

    assert set(Figure.objects.counting().values_list("indicator__code", "value")) == {("LIV-2", Decimal(31)), ("LIV-5", Decimal(64))}
    assert "31" in _donors_document(world)
    told = list(AuditEvent.objects.filter(event__startswith="submission.").order_by("id").values_list("event", flat=True))
    steps = [e for e in told if e in {"submission.started", "submission.submitted", "submission.returned", "submission.accepted"}]
    assert steps == ["submission.started", "submission.submitted", "submission.returned", "submission.submitted", "submission.accepted"]


def test_the_same_road_by_workbook_adds_to_what_was_reached_before(world, visit, tmp_path):
    reporter = visit(world.reporter)
    type_and_send(reporter, world, {"LIV-2": "30", "LIV-5": "12"})
    submissions.accept(Submission.objects.get(period=world.period), by=world.mande)
    world.periods.pop(0)

    upload(reporter, filled_workbook(reporter, world, tmp_path / "back.xlsx", {"LIV-2": 41, "LIV-5": 64}))
    reporter.get_by_role("button", name="Take over 2 figures").click()
    type_and_send(reporter, world, {})

    mande = visit(world.mande)
    accept(mande, report_of(world))
    assert total_on_overview(mande, "Completed vocational training") == "71"
    (running,) = rollup.progress(world.project.indicators.filter(definition__code="LIV-5"), through=world.period.ends_on)
    assert total_on_overview(mande, "Members of savings groups") == str(int(running.progress.value)) == "64"
    assert "71" in _donors_document(world)


def test_a_report_by_workbook_alone_corrected_by_a_workbook_through_the_api(world, visit, chromium, live_server, tmp_path):
    reporter = visit(world.reporter)
    upload(reporter, filled_workbook(reporter, world, tmp_path / "first.xlsx", {"LIV-2": 41, "LIV-5": 64}))
    change = reporter.locator("tr", has=reporter.get_by_text("LIV-2"))
    assert change.locator("td").last.inner_text() == "41"
    assert not Figure.objects.exists()  # the difference is read before anything is written
    reporter.get_by_role("button", name="Take over 2 figures").click()
    reporter.wait_for_load_state()
    reporter.goto(address(world))
    send(reporter, sentence="Counted from the signed sheets.")

    mande = visit(world.mande)
    return_one(mande, report_of(world), figure="Completed vocational training", comment="Attendance sheets show 31. Which is right?")

    corrected = filled_workbook(reporter, world, tmp_path / "second.xlsx", {"LIV-2": 31})
    key = callers.key_of(world.partner, by=factories.member(Role.PARTNER_MANAGER, organization=world.partner))
    api = chromium.new_context(base_url=live_server.url, extra_http_headers={"Authorization": f"Bearer {key}"}).request
    sent = {"name": corrected.name, "mimeType": "application/octet-stream", "buffer": corrected.read_bytes()}
    difference = api.post("/api/v1/imports/", multipart={"file": sent, "kind": "workbook"}, headers={"Idempotency-Key": "upload"}).json()
    assert [(one["code"], one["old"], one["new"]) for one in difference["changes"]] == [("LIV-2", "41", "31")]
    written = api.post(
        f"/api/v1/imports/{difference['id']}/confirm/", data={"version": difference["version"]}, headers={"Idempotency-Key": "w"}
    )
    assert written.status == 200, written.text()
    submission = Submission.objects.get(period=world.period)
    again = api.post(f"/api/v1/submissions/{submission.public_id}/submit/", headers={"Idempotency-Key": "submit"})
    assert again.status == 200, again.text()

    accept(mande, report_of(world))
    assert set(Figure.objects.counting().values_list("indicator__code", "value", "source")) == {
        ("LIV-2", Decimal(31), "workbook"),
        ("LIV-5", Decimal(64), "workbook"),
    }
    assert total_on_overview(mande, "Completed vocational training") == "31"
    assert "31" in _donors_document(world)
    told = AuditEvent.objects.filter(event__in=["submission.submitted", "submission.returned", "submission.accepted"])
    mine, key_user = f"user:{world.mande.pk}", f"user:{ApiKey.objects.get().service_user_id}"
    assert list(told.order_by("id").values_list("event", "actor")) == [
        ("submission.submitted", f"user:{world.reporter.pk}"),
        ("submission.returned", mine),
        ("submission.submitted", key_user),
        ("submission.accepted", mine),
    ]


def filled_workbook(reporter, world, file, figures):
    """The workbook as the report's page hands it out, with these totals typed in."""
    reporter.goto(address(world))
    with reporter.expect_download() as handed_out:
        reporter.get_by_role("link", name="Workbook").click()
    handed_out.value.save_as(file)
    fill_workbook(file, figures)
    return file


def upload(reporter, file):
    reporter.goto(reverse("workbook_new"))
    reporter.locator("input[type=file]").set_input_files(file)
    reporter.get_by_role("button", name="Check the workbook").click()
    reporter.get_by_role("heading", name="What will change").wait_for()


def fill_workbook(file, figures):
    """Type totals into the sheet of figures, as a person does in a spreadsheet."""
    book = openpyxl.load_workbook(file)
    sheet = book["Figures"]
    names = {cell.value: cell.column for cell in sheet[1]}
    for row in range(workbook_sheets.FIRST_ROW, sheet.max_row + 1):
        code, _place, *cell = str(sheet.cell(row, names["key"]).value).split("|")
        if code in figures and not any(cell):
            sheet.cell(row, names["value"]).value = figures[code]
    book.save(file)


def total_on_overview(page, title):
    page.goto(reverse("overview"))
    row = page.locator("tr", has=page.get_by_role("link", name=title))
    row.wait_for()
    return row.locator("td").nth(1).inner_text().strip()


def test_what_was_typed_without_a_connection_is_sent_when_it_is_back(world, visit):
    page = visit(world.reporter, phone=True)
    page.goto(address(world))
    page.context.set_offline(True)
    page.locator(f"[name='{total_field(world, 'LIV-2')}']").fill("17")
    page.get_by_text("No connection: kept on this device").wait_for()
    assert not Submission.objects.exists()
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.locator("[data-saved]").get_by_text(re.compile("draft version")).wait_for()
    assert Figure.objects.get(indicator__code="LIV-2").value == 17


def test_arrow_keys_enter_and_paste_work_as_in_a_spreadsheet(world, visit):
    page = visit(world.reporter)
    page.goto(address(world))
    first = page.locator("tr[data-row] input[data-cell]").first
    first.focus()
    page.evaluate(
        """() => { const data = new DataTransfer(); data.setData('text', '3\\t4\\n5\\t6');
        document.activeElement.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); }"""
    )
    rows = page.locator("tr[data-row]")
    assert rows.nth(0).locator("input[data-cell]").nth(1).input_value() == "4"
    assert rows.nth(1).locator("input[data-cell]").nth(0).input_value() == "5"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.value") == "5"
    page.keyboard.press("Shift+Enter")
    assert page.evaluate("document.activeElement.value") == "3"


def _donors_document(world) -> str:
    """The DOCX of a report frozen from the accepted figures, as text."""
    grant = Grant.objects.create(
        donor=factories.donor(), reference="PBF-1", title="Youth", currency="USD", amount=Decimal(1000),
        starts_on=world.project.starts_on, ends_on=world.project.ends_on,
    )  # fmt: skip
    grants.approve(grant, project=world.project, amount=Decimal(1000), by=world.manager)
    through = world.period.ends_on
    asked = ReportRequirement.objects.create(
        grant=grant, kind="quarterly", title="Quarterly report", covers_from=world.period.starts_on, covers_through=through,
        cut_off_on=through + timedelta(days=30), due_on=through + timedelta(days=45),
    )  # fmt: skip
    report = donor_report.start(asked, by=world.mande)
    donor_report.freeze(report, by=world.mande)
    report.refresh_from_db()
    file = report_files.ask_for(report, kind="docx", by=world.mande)
    assert report_files.build(file)
    file.refresh_from_db()
    content = b"".join(report_files.files.read(file.path, key_id="", purpose=report_files.PURPOSE, owner_id=str(file.pk)))
    document = Document(BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])
