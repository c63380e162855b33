"""Action points, visits, work plan and gates as pages: who sees, who may, how many questions to the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from programs import actionpoints
from programs.models import ActionPoint, ConflictSensitivityReview, MonitoringVisit, SupportClearance, WorkPlanLine
from tests.programs.test_actionpoints import owe
from tests.programs.test_activities import clear
from tests.programs.test_gates import review, support_line
from tests.programs.test_visits import visit


def soon(days=10):
    return (timezone.localdate() + timedelta(days=days)).isoformat()


@pytest.fixture
def visitor(client, field):
    def sign_in(who):
        client.force_login(getattr(field, who))
        return client

    return sign_in


PAGES = {
    "/action-points/": ("reporter", 5),
    "/visits/": ("officer", 6),
    "/projects/DIA-01/plan/": ("manager", 6),
    "/clearances/": ("manager", 5),
}


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("address", PAGES)
def test_lists_ask_the_same_few_times(visitor, field, address, rows, django_assert_num_queries):
    for number in range(rows):
        owe(field)
        visit(field)
        support_line(field, code=f"2.{number}")
        clear(field)
    who, queries = PAGES[address]
    client = visitor(who)
    with django_assert_num_queries(queries):
        assert client.get(address).status_code == 200


def test_an_action_point_goes_from_raised_to_verified(visitor, field):
    given = {"text": "Mark the routes", "project": field.project.pk, "owner": field.reporter.pk, "due_on": soon(), "partner": ""}
    assert visitor("officer").post("/action-points/new/", given).status_code == 303
    point = ActionPoint.objects.get()
    assert visitor("reporter").post(f"/action-points/{point.pk}/done/", {"note": ""}).status_code == 422
    assert visitor("reporter").post(f"/action-points/{point.pk}/done/", {"note": "Marked"}).status_code == 303
    visitor("officer").post(f"/action-points/{point.pk}/verify/")
    point.refresh_from_db()
    assert point.verified_by == field.officer
    page = visitor("officer").get(f"/action-points/{point.pk}/").content.decode()
    assert "Verified" in page


def test_my_list_is_mine(visitor, field):
    owe(field, text="For the reporter")
    owe(field, text="For the manager", owner=field.manager)
    page = visitor("reporter").get("/action-points/?whose=mine").content.decode()
    assert "For the reporter" in page
    assert "For the manager" not in page


def test_an_overdue_point_is_found_by_its_state(visitor, field):
    point = owe(field, text="Late one")
    ActionPoint.objects.filter(pk=point.pk).update(due_on=timezone.localdate() - timedelta(days=1))
    assert "Late one" in visitor("reporter").get("/action-points/?state=overdue").content.decode()
    assert "Late one" not in visitor("reporter").get("/action-points/?state=open").content.decode()


def test_an_export_of_action_points_names_offices_not_people(visitor, field):
    owe(field)
    text = b"".join(visitor("officer").get("/action-points/?export=csv").streaming_content).decode()
    assert "Bridges for Dialogue" in text
    assert field.reporter.name not in text


def test_handing_over_and_reopening_work_on_their_pages(visitor, field):
    point = owe(field)
    answer = visitor("officer").post(f"/action-points/{point.pk}/owner/", {"owner": field.manager.pk, "due_on": soon(20)})
    assert answer.status_code == 303
    point.refresh_from_db()
    assert point.owner == field.manager
    actionpoints.finish(point, note="Done", by=field.manager)
    assert visitor("officer").post(f"/action-points/{point.pk}/reopen/", {"reason": "Not seen"}).status_code == 303
    point.refresh_from_db()
    assert point.done_at is None


def test_a_stranger_finds_neither_point_nor_visit_nor_plan(visitor, field):
    point, row, line = owe(field), visit(field), support_line(field)
    client = visitor("other_reporter")
    for address in (f"/action-points/{point.pk}/", f"/visits/{row.pk}/", "/projects/DIA-01/plan/", f"/plan-lines/{line.pk}/"):
        assert client.get(address).status_code == 404
    assert client.post(f"/plan-lines/{line.pk}/move/", {"to": "planned"}).status_code == 404


def test_a_visit_with_a_finding_that_somebody_owes(visitor, field):
    given = {
        "visited_on": timezone.localdate().isoformat(), "place": "Renk", "partner": field.partner.pk, "purpose": "See the routes",
        "findings-TOTAL_FORMS": "3", "findings-INITIAL_FORMS": "0", "findings-0-text": "Route 3 is not marked",
        "findings-0-weight": "major", "findings-0-owner": field.reporter.pk, "findings-0-due_on": soon(),
    }  # fmt: skip
    client = visitor("officer")
    assert client.get("/projects/DIA-01/visits/new/").status_code == 200
    assert client.post("/projects/DIA-01/visits/new/", given).status_code == 303
    row = MonitoringVisit.objects.get()
    page = client.get(f"/visits/{row.pk}/").content.decode()
    assert f"/action-points/{ActionPoint.objects.get().pk}/" in page
    assert client.post(f"/visits/{row.pk}/findings/", {"text": "Good talks", "weight": "good"}).status_code == 303
    assert row.findings.count() == 2


def test_what_must_change_without_an_owner_is_asked_for(visitor, field):
    given = {
        "visited_on": timezone.localdate().isoformat(), "place": "Renk", "purpose": "See the routes", "findings-TOTAL_FORMS": "3",
        "findings-INITIAL_FORMS": "0", "findings-0-text": "Route 3 is not marked", "findings-0-weight": "major",
    }  # fmt: skip
    answer = visitor("officer").post("/projects/DIA-01/visits/new/", given)
    assert answer.status_code == 422
    assert "Name who changes this" in answer.content.decode()
    assert not MonitoringVisit.objects.exists()


def test_planning_support_without_clearance_is_refused_in_words(visitor, field):
    line = support_line(field)
    client = visitor("manager")
    answer = client.post(f"/plan-lines/{line.pk}/move/", {"to": "planned"}, follow=True)
    assert "is not cleared" in answer.content.decode()
    assert WorkPlanLine.objects.get().status == "draft"
    clear(field)
    client.post(f"/plan-lines/{line.pk}/move/", {"to": "planned"})
    assert WorkPlanLine.objects.get().status == "planned"


def test_a_line_is_added_and_changed_by_page(visitor, field):
    given = {
        "code": "1.3", "title": "Neighbourhood dialogue", "partner": field.partner.pk, "starts_on": soon(0), "ends_on": soon(90), "place": "SS0703",
    }  # fmt: skip
    client = visitor("manager")
    assert client.post("/projects/DIA-01/plan/new/", given).status_code == 303
    line = WorkPlanLine.objects.get()
    assert line.place == field.place
    assert 'value="Renk (SS0703)"' in client.get(f"/plan-lines/{line.pk}/").content.decode()
    assert client.post(f"/plan-lines/{line.pk}/", {**given, "title": "Dialogue in the quarter"}).status_code == 303
    line.refresh_from_db()
    assert line.title == "Dialogue in the quarter"
    assert client.post("/projects/DIA-01/plan/new/", given).status_code == 422


def test_a_partner_reads_the_plan_without_buttons(visitor, field):
    support_line(field, title="Police meetings")
    page = visitor("reporter").get("/projects/DIA-01/plan/").content.decode()
    assert "Police meetings" in page
    assert "/move/" not in page
    assert visitor("reporter").get("/projects/DIA-01/plan/new/").status_code == 403


def test_the_decider_decides_and_suspends(visitor, field):
    client = visitor("decider")
    given = {
        "recipient": field.police.pk, "scope": "Training", "reason": "Human rights law only", "valid_from": soon(0),
        "valid_until": soon(100), "owner": field.manager.pk,
    }  # fmt: skip
    assert client.post("/clearances/new/", {**given, "valid_until": soon(800)}).status_code == 422
    assert client.post("/clearances/new/", given).status_code == 303
    assert client.post("/clearances/new/", {**given, "reason": " ", "decision": "proceed"}).status_code == 422
    row = SupportClearance.objects.get()
    assert row.decision == "out_of_scope"
    assert client.post(f"/clearances/{row.pk}/suspend/", {"reason": "Inquiry opened"}).status_code == 303
    assert "Suspended" in client.get("/clearances/").content.decode()


def test_clearances_are_read_by_staff_and_decided_by_the_decider_only(visitor, field):
    clear(field)
    assert "Malakal Police" in visitor("manager").get("/clearances/").content.decode()
    assert visitor("manager").get("/clearances/new/").status_code == 403
    assert "Training in community policing" not in visitor("reporter").get("/clearances/").content.decode()


def test_a_review_is_recorded_and_shown_with_what_it_lets_pass(visitor, field):
    assert "No review is in force" in visitor("reporter").get("/projects/DIA-01/sensitivity-reviews/").content.decode()
    given = {"decision": "passed_with_conditions", "decided_on": soon(0), "valid_until": soon(100), "dividers": "Water"}
    client = visitor("decider")
    assert client.post("/projects/DIA-01/sensitivity-reviews/new/", given).status_code == 422
    assert (
        client.post("/projects/DIA-01/sensitivity-reviews/new/", {**given, "conditions": "Both groups on every committee"}).status_code
        == 303
    )
    assert ConflictSensitivityReview.objects.count() == 1
    assert "A review is in force" in client.get("/projects/DIA-01/sensitivity-reviews/").content.decode()


def test_the_paths_that_reminders_lead_to_exist(visitor, field):
    from programs import gates

    review(field)
    clear(field)
    line = support_line(field)
    WorkPlanLine.objects.filter(pk=line.pk).update(status="planned")
    client = visitor("manager")
    paths = {one.path for one in gates.ending(timezone.localdate() + timedelta(days=300))}
    assert paths == {"/clearances/", "/projects/DIA-01/sensitivity-reviews/"}
    for path in paths:
        assert client.get(path).status_code == 200
