from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Message
from accounts.roles import Role
from programs import calendar, framework
from programs.models import ExpectedReport, ProjectPartner
from reporting import checks, drafts, submissions
from reporting.drafts import FigureInput
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = date(2026, 4, 25)  # the first quarter ended, its reports were due on 15 April


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda value=None, timezone_=None: value.date() if value is not None else TODAY)


def project_of_three(partners=3, code="PPS-01"):
    """A project with several partners, one report each for the first quarter: accepted, in review, nothing."""
    world = factories.world(code)
    world.project.levels.create(level="community", share=100)
    offices = [world.partner]
    for number in range(partners - 1):
        office = factories.partner(f"Office {number}")
        ProjectPartner.objects.create(project=world.project, organization=office)
        offices.append(office)
    indicator = world.indicator(factories.definition("CVR-1", counting="things"))
    for office in offices[1:]:
        framework.assign(indicator, by=world.manager, partner=office, places=[world.place])
    world.open()
    for office, state in zip(offices, ["accepted", "submitted", ""], strict=False):
        if state:
            reporter = factories.member(Role.PARTNER_REPORTER, organization=office)
            draft = drafts.start(world.project, office, world.period, by=reporter)
            drafts.write_figures(draft, [FigureInput("CVR-1", world.place.code, value="7")], by=reporter)
            submissions.submit(draft, by=reporter)
            if state == "accepted":
                submissions.accept(draft, by=world.mande)
    return world, offices


def test_each_report_stands_in_its_column_with_its_state(client):
    world, _offices = project_of_three()
    client.force_login(world.mande)
    page = client.get(reverse("board")).content.decode()

    assert "2026-Q1" in page
    assert "10 days" in page  # the third partner is late
    assert page.count("In review") == 4  # lead, filter, cell, legend
    assert ">1</b> / 3" in page


def test_a_phone_leaves_out_the_older_columns_with_their_cells(client, monkeypatch):
    world, _offices = project_of_three()
    monkeypatch.setattr(timezone, "localdate", lambda value=None, timezone_=None: value.date() if value is not None else date(2026, 12, 1))
    for quarter in range(1, 4):
        world.open(quarter)
    client.force_login(world.mande)
    page = client.get(reverse("board"))
    heads = [head["css"] for head in page.context["columns"]]
    assert ["bd-old" in css for css in heads] == [True, False, False, False]
    for group in page.context["groups"]:
        for line in group["rows"]:
            assert [head["css"] for head, _cell in line["cells"]] == heads
    assert "The last three periods are shown here" in page.content.decode()


def test_an_exempt_report_is_not_expected(client):
    world, offices = project_of_three()
    report = ExpectedReport.objects.get(partner=offices[2])
    client.force_login(world.mande)
    address = reverse("board_report", args=[report.pk])
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "Floods closed the county"}).status_code == 302
    page = client.get(reverse("board")).content.decode()
    assert "Floods closed the county" in page
    assert ">1</b> / 2" in page

    client.post(address)
    assert ExpectedReport.objects.get(pk=report.pk).exempted_at is None


def test_the_digest_is_read_before_it_is_sent_and_goes_to_whoever_must_act(client):
    world, offices = project_of_three()
    late = factories.member(Role.PARTNER_REPORTER, organization=offices[2])
    client.force_login(world.mande)
    rows = [f"{world.project.pk}-{office.pk}" for office in offices]
    preview = client.get(reverse("board_remind"), {"row": rows}).content.decode()

    assert late.name in preview
    assert world.mande.name in preview  # reviews the second partner's report
    assert not Message.objects.exists()

    client.post(reverse("board_remind"), {"row": rows, "note": "If the road is closed, tell me."})
    assert set(Message.objects.values_list("recipient", "note")) == {
        (late.pk, "If the road is closed, tell me."),
        (world.mande.pk, "If the road is closed, tell me."),
    }
    assert AuditEvent.objects.filter(event="reminder.sent").count() == 2
    client.post(reverse("board_remind"), {"row": rows})
    assert Message.objects.count() == 2


def test_the_digest_of_many_reports_costs_what_that_of_few_costs(client, django_assert_num_queries):
    world, _offices = project_of_three()
    for _number in range(22):
        office = factories.partner()
        factories.member(Role.PARTNER_REPORTER, organization=office)
        ExpectedReport.objects.create(
            project=world.project, period=world.period, partner=office, due_on=world.period.due_on, review_due_on=world.period.review_due_on
        )
    reports = ExpectedReport.objects.filter(period=world.period).order_by("pk")
    assert reports.count() == 25
    client.force_login(world.mande)
    client.get(reverse("board"))
    for chosen in (reports[:3], reports):
        rows = [f"{row.project_id}-{row.partner_id}" for row in chosen]
        with django_assert_num_queries(7):
            assert client.get(reverse("board_remind"), {"row": rows}).status_code == 200


def test_rows_that_are_not_numbers_lead_back_to_the_board(client):
    world, _offices = project_of_three()
    client.force_login(world.mande)
    for row in ("x", "1-", "-", "1-2-3", "²-1"):
        assert client.get(reverse("board_remind"), {"row": row}).status_code == 302


def test_a_period_is_locked_for_every_project_that_has_it(client):
    world, _offices = project_of_three()
    client.force_login(world.manager)
    client.post(reverse("board_lock"), {"period": "2026-Q1", "what": "lock", "reason": ""})
    world.period.refresh_from_db()
    assert world.period.locked_at is None

    client.post(reverse("board_lock"), {"period": "2026-Q1", "what": "lock", "reason": "The donor report went out"})
    world.period.refresh_from_db()
    assert world.period.locked_by == world.manager
    page = client.get(reverse("board")).content.decode()
    assert "Not reported" in page

    client.post(reverse("board_lock"), {"period": "2026-Q1", "what": "unlock", "reason": "Double sheet"})
    world.period.refresh_from_db()
    assert world.period.locked_at is None


def test_filters_keep_what_they_say(client):
    world, offices = project_of_three()
    client.force_login(world.mande)

    def rows(**query):
        return [row.partner_id for row in client.get(reverse("board"), query).context["list"].rows]

    assert rows(partner=offices[1].pk) == [offices[1].pk]
    assert rows(state="submitted") == [offices[1].pk]
    assert set(rows(waits="on")) == {offices[1].pk, offices[2].pk}
    assert rows(level="individual") == []
    assert len(rows(level="community")) == 3
    assert len(rows(place=world.place.pk)) == 3


def test_partners_are_punctual_by_their_first_sending(client):
    world, offices = project_of_three()
    client.force_login(world.mande)
    lines = {line.partner: line for line in client.get(reverse("board")).context["timeliness"]}
    accepted = lines[offices[0].name]
    assert accepted.days == Decimal((submissions.Submission.objects.get(partner=offices[0]).accepted_at.date() - date(2026, 3, 31)).days)
    assert (lines[""].accepted, lines[""].due) == (1, 3)


def test_the_board_leaves_as_a_table_with_one_line_per_report(client):
    world, offices = project_of_three()
    client.force_login(world.mande)
    answer = client.get(reverse("board"), {"export": "csv"})
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 4
    assert any("Accepted" in line and offices[0].name in line for line in lines[1:])


def test_a_partner_sees_its_own_row_and_nothing_to_remind(client):
    world, offices = project_of_three()
    client.force_login(world.reporter)
    page = client.get(reverse("board"))
    assert [row.partner_id for row in page.context["list"].rows] == [offices[0].pk]
    assert offices[1].name not in page.content.decode()
    assert 'name="row"' not in page.content.decode()
    report = ExpectedReport.objects.get(partner=offices[0])
    assert client.get(reverse("board_report", args=[report.pk])).status_code == 404
    assert client.get(reverse("board_remind")).status_code == 403
    client.post(reverse("board_lock"), {"period": "2026-Q1", "what": "lock", "reason": "x"})
    world.period.refresh_from_db()
    assert world.period.locked_at is None


def test_a_stranger_finds_no_report_and_a_donor_viewer_no_board(client):
    world, offices = project_of_three()
    report = ExpectedReport.objects.get(partner=offices[0])
    client.force_login(factories.world("ZZZ-9").mande)
    assert client.get(reverse("board_report", args=[report.pk])).status_code == 404
    assert world.project.code not in client.get(reverse("board")).content.decode()
    assert client.get(reverse("board_remind"), {"row": f"{world.project.pk}-{offices[2].pk}"}).status_code == 302
    assert not Message.objects.exists()

    client.force_login(factories.member(Role.DONOR_VIEWER, organization=factories.donor()))
    assert client.get(reverse("board")).status_code == 403


@pytest.mark.parametrize("partners", [1, 3])
def test_the_board_asks_the_same_number_of_questions(client, partners, django_assert_num_queries):
    world, _offices = project_of_three(partners)
    client.force_login(world.mande)
    client.get(reverse("board"))
    with django_assert_num_queries(QUERIES):
        client.get(reverse("board"))


QUERIES = 9


def test_a_draft_says_how_far_it_is_as_its_checklist_counts(client):
    """A reason answers for a figure; a cell without its total, and what is not assigned, do not count."""
    world, offices = project_of_three()
    beside = factories.place(parent=world.place)
    for code, collected in (("CVR-2", "every_period"), ("CVR-3", "baseline_endline"), ("CVR-4", "yearly"), ("CVR-5", "every_period")):
        framework.assign(
            world.indicator(factories.definition(code, counting="things"), assigned=False),
            by=world.manager, partner=offices[2], places=[world.place, beside], collected=collected,
        )  # fmt: skip
    world.result.indicators.filter(code="CVR-5").update(is_retired=True)
    draft = a_draft(world, offices[2], [
        FigureInput("CVR-1", world.place.code, value="0"),
        FigureInput("CVR-2", beside.code, reason="access_denied"),
        FigureInput("CVR-1", beside.code, value="4"),
    ])  # fmt: skip
    checklist = checks.check(draft)
    assert (checklist.reported, checklist.owed) == (2, 5)

    client.force_login(world.mande)
    page = client.get(reverse("board")).content.decode()
    assert "Draft<small>2 of 5</small>" in page


def a_draft(world, office, figures, *, late=False):
    """A draft of the first quarter's report."""
    report = ExpectedReport.objects.get(partner=office, period=world.period)
    if report.due_on < TODAY and not late:
        calendar.extend(report, to=date(2026, 5, 1), reason="Floods", by=world.mande)
    reporter = factories.member(Role.PARTNER_REPORTER, organization=office)
    draft = drafts.start(world.project, office, world.period, by=reporter)
    drafts.write_figures(draft, figures, by=reporter)
    return draft


@pytest.mark.parametrize("written", [1, 3])
def test_drafts_cost_the_board_three_questions_however_many(client, written, django_assert_num_queries):
    world, offices = project_of_three(5)
    for office in offices[2 : 2 + written]:
        a_draft(world, office, [FigureInput("CVR-1", world.place.code, value="7")])
    client.force_login(world.mande)
    assert client.get(reverse("board")).content.decode().count("<small>1 of 1</small>") == written
    with django_assert_num_queries(QUERIES + 3):
        client.get(reverse("board"))


def test_a_late_draft_says_how_far_and_how_late_it_is(client, django_assert_num_queries):
    world, offices = project_of_three()
    beside = factories.place(parent=world.place)
    schools = world.indicator(factories.definition("CVR-2", counting="things"), assigned=False)
    framework.assign(schools, by=world.manager, partner=offices[2], places=[world.place, beside])
    a_draft(world, offices[2], [FigureInput("CVR-1", world.place.code, value="7")], late=True)
    client.force_login(world.mande)
    page = client.get(reverse("board")).content.decode()
    assert "Late<small>1 of 3 · 10 days late</small>" in page
    with django_assert_num_queries(QUERIES + 3):
        client.get(reverse("board"))


def test_a_prepared_draft_that_nobody_touched_says_only_how_late_it_is(client):
    world, offices = project_of_three()
    drafts.start(world.project, offices[2], world.period, by=factories.member(Role.PARTNER_REPORTER, organization=offices[2]))
    client.force_login(world.mande)
    page = client.get(reverse("board")).content.decode()
    assert "Late<small>10 days</small>" in page


def test_extended_reports_are_not_late(client):
    world, offices = project_of_three()
    report = ExpectedReport.objects.get(partner=offices[2])
    calendar.extend(report, to=date(2026, 5, 1), reason="Floods", by=world.mande)
    client.force_login(world.mande)
    page = client.get(reverse("board")).content.decode()
    assert "by 1 May" in page
