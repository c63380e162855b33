import csv
import re
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.roles import Role
from programs import actionpoints
from programs.models import ActionPoint, Expenditure, Membership
from reporting.drafts import FigureInput
from reporting.models import Submission
from tests import factories
from tests.reporting.reported import Reported

pytestmark = pytest.mark.django_db
TODAY = date(2026, 4, 25)
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda value=None, timezone_=None: value.date() if value is not None else TODAY)


@pytest.fixture
def reported():
    found = Reported()
    found.quarter(0, 30, 5, 10)
    return found


def test_the_overview_says_what_holds_up_the_next_donor_report(client, reported):
    reported.world.open(1)
    Expenditure.objects.create(
        grant=reported.grant, project=reported.project, partner=reported.world.partner, period=reported.world.period,
        amount=Decimal(630), entered_by=reported.mande,
    )  # fmt: skip
    client.force_login(reported.mande)
    page = re.sub("</?bdi[^>]*>", "", client.get(reverse("overview")).content.decode())

    assert "One report holds up “Semi-annual report”" in page
    assert "2026-Q2" in page
    assert "63" in page
    assert "Accepted figures through 2026-Q1" in page


def test_delivery_shows_the_number_its_target_and_how_complete_it_is(client, reported):
    client.force_login(reported.mande)
    page = client.get(reverse("delivery"), **HTMX).content.decode()
    assert "Completed training" in page
    assert ">30<" in page
    assert ">400<" in page
    assert "1 of 1 reported" in page
    assert "Behind" in page
    assert "<html" not in page


def test_a_reader_without_raw_figures_sees_one_mark_for_a_small_number(client):
    small = Reported("PPS-02")
    small.quarter(0, 3, 1, 40)
    reader = factories.member(Role.COMMUNITY_OFFICER, program=small.project.program)
    client.force_login(small.mande)
    assert ">3<" in client.get(reverse("delivery")).content.decode()
    client.force_login(reader)
    page = client.get(reverse("delivery")).content.decode()
    assert "hidden-cell" in page
    assert ">3<" not in page


def test_delivery_is_sorted_within_its_levels_and_its_file_as_well(client, reported):
    def codes(ordering):
        text = b"".join(client.get(reverse("delivery"), {"export": "csv", "ordering": ordering}).streaming_content).decode("utf-8-sig")
        page = client.get(reverse("delivery"), {"ordering": ordering}).content.decode()
        rows = list(csv.DictReader(StringIO(text)))
        shown = [row["Code"] for row in rows]
        assert sorted(shown, key=page.index) == shown
        return [(row["Code"], row["Progress, %"]) for row in rows if row["Level"] == rows[0]["Level"]]

    client.force_login(reported.mande)
    forward, backward = codes("indicator"), codes("-indicator")
    assert len(forward) > 1
    assert backward == forward[::-1]
    reached = [float(number) for _code, number in codes("-progress") if number]
    assert reached == sorted(reached, reverse=True)
    assert [number for _code, number in codes("progress")][-1:] == [""] or all(number for _code, number in codes("progress"))
    assert 'aria-sort="descending"' in client.get(reverse("delivery"), {"ordering": "-status"}).content.decode()
    assert "aria-sort" not in client.get(reverse("delivery"), **HTMX).content.decode()


def test_delivery_leaves_as_a_file_with_what_is_hidden_left_out(client):
    small = Reported("PPS-02")
    small.quarter(0, 3, 1, 40)
    client.force_login(small.mande)
    assert "?export=csv" in client.get(reverse("delivery")).content.decode()

    def lines():
        text = b"".join(client.get(reverse("delivery"), {"export": "csv"}).streaming_content).decode("utf-8-sig")
        return {row["Indicator"]: row for row in csv.DictReader(StringIO(text))}

    own = lines()["Completed training"]
    assert (own["Reached"], own["Target"], own["Reports received"], own["Reports expected"], own["Note"]) == ("3", "400", "1", "1", "")
    client.force_login(factories.member(Role.COMMUNITY_OFFICER, program=small.project.program))
    hidden = lines()["Completed training"]
    assert (hidden["Reached"], hidden["Target"], hidden["Progress, %"], hidden["Note"]) == ("", "400", "", "hidden")
    book = load_workbook(BytesIO(b"".join(client.get(reverse("delivery"), {"export": "xlsx"}).streaming_content)))
    assert [cell.value for cell in book["About"]["A"]] == ["Written", "Through"]


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.COMMUNITY_OFFICER])
def test_pages_lead_nobody_to_a_board_that_is_closed_to_them(client, reported, role):
    reported.world.open(1)
    client.force_login(factories.member(role, **({} if role == Role.AUDITOR else {"program": reported.project.program})))
    for page in (
        client.get(reverse("overview")),
        client.get(reverse("project", args=["PPS-01"])),
        client.get(reverse("search"), {"q": reported.world.partner.name}),
    ):
        assert page.status_code == 200
        assert reverse("board") not in page.content.decode()
        assert reverse("report", args=["PPS-01", "2026-Q1", reported.world.partner.pk]) not in page.content.decode()


def test_someone_with_no_staff_role_lands_on_their_own_work(client, reported):
    client.force_login(reported.world.reporter)
    assert client.get(reverse("overview"))["Location"] == reverse("my_work")
    client.force_login(factories.user())
    assert client.get(reverse("overview"))["Location"] == reverse("my_work")
    client.force_login(factories.member(Role.DONOR_VIEWER, organization=reported.donor))
    assert client.get(reverse("overview"))["Location"] == reverse("donor_reports")


def test_work_gathers_what_waits_for_each_person(client, reported):
    reported.world.open(1)
    actionpoints.raise_point(
        text="Repair the well", owner=reported.mande, due_on=TODAY - timedelta(days=2), project=reported.project, by=reported.world.manager
    )
    client.force_login(reported.mande)
    page = client.get(reverse("my_work")).content.decode()
    assert "Repair the well" in page
    assert "2 days ago" in page
    assert "1" in client.get(reverse("waiting_counts")).content.decode()

    client.force_login(reported.world.reporter)
    assert "Repair the well" not in client.get(reverse("my_work")).content.decode()


def test_a_report_that_is_due_later_stands_on_my_work_without_being_counted(client, reported):
    reported.world.open(1)
    client.force_login(reported.world.reporter)
    page = client.get(reverse("my_work")).content.decode()
    assert "Open reports, due later" in page
    assert reverse("report", args=["PPS-01", "2026-Q2", reported.world.partner.pk]) in page
    assert "0 things wait for you." in page

    client.force_login(reported.mande)
    assert "Open reports, due later" not in client.get(reverse("my_work")).content.decode()


def test_a_returned_report_waits_for_its_answer_also_when_it_is_due_later(client, reported):
    reported.world.open(1)
    submission = reported.draft(1, [FigureInput("LIV-2", reported.world.place.code, value="5")])
    Submission.objects.filter(pk=submission.pk).update(state="returned")
    client.force_login(reported.world.reporter)

    page = client.get(reverse("my_work")).content.decode()

    assert "Open reports, due later" not in page
    assert "One thing waits for you." in page
    assert "1" in client.get(reverse("waiting_counts")).content.decode()


def test_the_counts_are_those_of_the_list(client, reported):
    from dashboard import waiting

    ActionPoint.objects.create(text="x", owner=reported.mande, due_on=TODAY, raised_by=reported.mande)
    draft = reported.draft(1, [])
    for person in (reported.mande, reported.world.reporter, reported.world.manager, factories.user()):
        assert sum(waiting.counts(person, TODAY).values()) == len(waiting.items(person, TODAY))
    assert draft.state == "draft"


def test_one_program_is_looked_at_at_a_time(client, reported):
    other = factories.world("OTH-1")
    other.indicator()
    other.open()
    Membership.objects.create(user=reported.mande, role=Role.MANDE_OFFICER, program=other.project.program, starts_on=TODAY)
    client.force_login(reported.mande)
    assert "OTH-1" in client.get(reverse("board")).content.decode()

    answer = client.post(reverse("scope"), {"program": reported.project.program_id, "next": "/board/"})
    assert answer["Location"] == "/board/"
    page = client.get(reverse("board")).content.decode()
    assert "OTH-1" not in page
    assert reported.project.program.name in page

    client.post(reverse("scope"), {"program": "", "next": "https://evil.example/"})
    assert "OTH-1" in client.get(reverse("board")).content.decode()


def test_a_program_that_one_may_not_see_is_not_chosen(client, reported):
    stranger = factories.project("ZZZ-1").program
    client.force_login(reported.mande)
    assert client.post(reverse("scope"), {"program": stranger.pk}).status_code == 404
    assert client.post(reverse("scope"), {"program": "x"}).status_code == 404
    assert stranger.name not in client.get(reverse("scope")).content.decode()


@pytest.mark.parametrize("quarters", [1, 3])
@pytest.mark.parametrize(
    ("name", "queries", "headers"),
    [("overview", 12, {}), ("delivery", 11, HTMX), ("my_work", 11, {}), ("waiting_counts", 5, {}), ("scope", 4, {})],
)
def test_pages_ask_the_same_number_of_questions(client, quarters, name, queries, headers, django_assert_num_queries):
    found = Reported()
    for quarter in range(quarters):
        found.quarter(quarter, 30 + 20 * quarter, 5, 10)
        ActionPoint.objects.create(text="x", owner=found.mande, due_on=TODAY, raised_by=found.mande)
        factories.project(program=found.project.program)
    client.force_login(found.mande)
    client.get(reverse(name), **headers)
    with django_assert_num_queries(queries):
        client.get(reverse(name), **headers)


def test_the_administrator_of_an_empty_portal_is_led_through_the_first_steps(client, django_assert_max_num_queries):
    client.force_login(factories.member(Role.ADMINISTRATOR))
    with django_assert_max_num_queries(12):
        page = client.get(reverse("overview")).content.decode()
    assert page.count('aria-label="to do"') == 5
    for name in ("organizations", "places", "library", "create_program", "invite"):
        address = reverse(name)
        assert f'href="{address}"' in page
        assert client.get(address).status_code == 200
    factories.partner()
    factories.definition("DDR-6")
    assert client.get(reverse("overview")).content.decode().count('aria-label="done"') == 2
    factories.world("PPS-01")
    assert "Delivery against target, by level" in client.get(reverse("overview")).content.decode()


def test_only_who_sets_up_is_led_through_the_first_steps(client):
    client.force_login(factories.member(Role.AUDITOR))
    assert "Set the portal up" not in client.get(reverse("overview"), follow=True).content.decode()
