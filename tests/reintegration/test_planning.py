"""The plan: versions agreed with the person, approved by somebody else, and how far each goal has come."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import AuditEvent
from plumbing.refusals import Invalid
from reintegration import casework, planning
from reintegration.models import Plan
from tests import cases, factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def case(world):
    return cases.case(world, state="profiled")


@pytest.fixture
def supervisor(world):
    return cases.supervisor(world)


def write(plan, title="Finish the welding course", **fields):
    values = {"strand": "economic", "roles": [("She", "attends")], "target": Decimal(12), "unit": "weeks", **fields}
    return planning.set_goal(plan, title=title, by=plan.case.caseworker, **values)


def approved(case, supervisor, *titles):
    plan = planning.start(case, by=case.caseworker)
    for title in titles or ("Finish the welding course",):
        write(plan, title)
    planning.propose(plan, agreed_on=timezone.localdate(), by=case.caseworker)
    return planning.approve(plan, by=supervisor)


def test_a_plan_is_in_force_once_the_person_agreed_and_the_supervisor_approved(case, supervisor):
    plan = approved(case, supervisor)
    assert (plan.version, plan.state, plan.approved_by, plan.agreed_on) == (1, "in_force", supervisor, timezone.localdate())
    assert planning.in_force(case) == plan
    assert list(AuditEvent.objects.filter(event__startswith="plan.").order_by("id").values_list("event", flat=True)) == [
        "plan.started", "plan.goal_written", "plan.proposed", "plan.approved",
    ]  # fmt: skip


def test_a_page_opened_before_the_supervisor_decided_changes_nothing_any_more(case, supervisor):
    plan = planning.start(case, by=case.caseworker)
    write(plan)
    as_draft = Plan.objects.get()
    planning.propose(plan, agreed_on=timezone.localdate(), by=case.caseworker)
    as_proposed = Plan.objects.get()
    planning.approve(plan, by=supervisor)

    with pytest.raises(planning.PlanNotOpen):
        planning.send_back(as_proposed, note="Add a social goal", by=supervisor)
    with pytest.raises(planning.PlanNotOpen):
        write(as_draft, "Another goal")
    with pytest.raises(planning.PlanNotOpen):
        planning.drop(as_draft, by=case.caseworker)
    assert (planning.in_force(case), Plan.objects.get().goals.count()) == (plan, 1)


def test_whoever_wrote_the_plan_never_approves_it(world, case, supervisor):
    plan = planning.start(case, by=supervisor)
    planning.set_goal(plan, strand="social", title="Have a document", roles=[("She", "applies")], by=supervisor)
    planning.propose(plan, agreed_on=timezone.localdate(), by=supervisor)
    with pytest.raises(planning.OwnPlan):
        planning.approve(plan, by=supervisor)
    with pytest.raises(PermissionDenied):
        planning.approve(plan, by=case.caseworker)
    assert planning.approve(plan, by=cases.supervisor(world)).state == "in_force"


def test_the_version_in_force_stays_until_its_successor_is_approved(case, supervisor):
    first = approved(case, supervisor)
    second = planning.start(case, by=case.caseworker)
    write(second, "Save in a group", due_on=date(2027, 1, 31))
    planning.propose(second, agreed_on=timezone.localdate(), by=case.caseworker)
    assert planning.in_force(case) == first
    planning.approve(second, by=supervisor)
    first.refresh_from_db()
    assert (first.state, planning.in_force(case)) == ("replaced", second)


def test_a_new_version_begins_with_the_old_goals_and_is_compared_with_it(case, supervisor):
    first = approved(case, supervisor, "Finish the welding course", "Have a document")
    second = planning.start(case, by=case.caseworker)
    kept, changed = second.goals.order_by("order")
    planning.set_goal(
        second, goal=changed, strand="social", title="Have a document", roles=[("She", "applies"), ("We", "go along")], by=case.caseworker
    )
    write(second, "Save in a group")
    found = {change.goal.title: (change.kind, change.fields) for change in planning.compare(first, second)}
    assert found == {
        "Finish the welding course": ("same", ()),
        "Have a document": ("changed", ("strand", "roles", "target", "unit")),
        "Save in a group": ("new", ()),
    }
    planning.remove_goal(kept, by=case.caseworker)
    assert [change.kind for change in planning.compare(first, second)].count("gone") == 1


def test_only_one_version_is_written_at_a_time(case):
    planning.start(case, by=case.caseworker)
    with pytest.raises(planning.PlanNotOpen):
        planning.start(case, by=case.caseworker)


def test_a_plan_without_a_goal_or_a_goal_without_who_does_what_is_refused(case):
    plan = planning.start(case, by=case.caseworker)
    with pytest.raises(Invalid):
        planning.propose(plan, agreed_on=timezone.localdate(), by=case.caseworker)
    with pytest.raises(Invalid):
        write(plan, roles=[("She", "")])
    write(plan)
    with pytest.raises(Invalid):
        planning.propose(plan, agreed_on=timezone.localdate() + timedelta(days=1), by=case.caseworker)


def test_a_plan_sent_back_is_a_draft_again_with_the_sentence(case, supervisor):
    plan = planning.start(case, by=case.caseworker)
    write(plan)
    planning.propose(plan, agreed_on=timezone.localdate(), by=case.caseworker)
    with pytest.raises(Invalid):
        planning.send_back(plan, note=" ", by=supervisor)
    planning.send_back(plan, note="Add child care.", by=supervisor)
    assert (plan.state, Plan.objects.get(pk=plan.pk).note) == ("draft", "Add child care.")


def test_approving_twice_is_refused(case, supervisor):
    plan = approved(case, supervisor)
    with pytest.raises(planning.PlanNotOpen):
        planning.approve(plan, by=supervisor)


def test_progress_stays_with_the_goal_over_versions(case, supervisor):
    plan = approved(case, supervisor)
    goal = plan.goals.get()
    planning.note_progress(goal, noted_on=timezone.localdate(), value=Decimal(3), by=case.caseworker)
    planning.note_progress(goal, noted_on=timezone.localdate(), value=Decimal(6), note="Half way", by=case.caseworker)
    second = planning.start(case, by=case.caseworker)
    (strand,) = planning.lines(second, today=timezone.localdate(), before=plan)
    (line,) = strand.lines
    assert (line.share, line.progress.value, line.standing, line.is_new) == (50, Decimal(6), "waiting", False)


def test_a_goal_that_is_reached_stays_reached_in_the_version_being_written(case, supervisor):
    plan = approved(case, supervisor)
    second = planning.start(case, by=case.caseworker)
    planning.note_progress(plan.goals.get(), noted_on=timezone.localdate(), by=case.caseworker, state="reached")
    assert second.goals.get().state == "reached"
    assert planning.lines(plan, today=timezone.localdate())[0].reached == 1


@pytest.mark.parametrize(
    ("due", "value", "standing"),
    [(-1, 3, "late"), (10, 1, "behind"), (10, 11, "on_track"), (300, 0, "on_track")],
)
def test_a_goal_is_late_after_its_day_and_behind_where_progress_lags_the_time_gone(case, supervisor, due, value, standing):
    plan = approved(case, supervisor)
    today = timezone.localdate()
    Plan.objects.filter(pk=plan.pk).update(agreed_on=today - timedelta(days=90))
    plan.refresh_from_db()
    goal = plan.goals.get()
    goal.due_on = today + timedelta(days=due)
    goal.save()
    planning.note_progress(goal, noted_on=today, value=Decimal(value), by=case.caseworker)
    assert planning.lines(plan, today=today)[0].lines[0].standing == standing


@pytest.mark.parametrize("state", ["identified", "screened", "deferred"])
def test_nothing_is_planned_before_the_person_is_admitted(world, state):
    case = cases.case(world, state=state)
    with pytest.raises(casework.NotAdmitted):
        planning.start(case, by=case.caseworker)


def test_nobody_plans_in_a_case_that_is_not_theirs_or_is_sealed(world, case, supervisor):
    with pytest.raises(PermissionDenied):
        planning.start(case, by=cases.caseworker(world))
    case.sealed_at, case.sealed_by = timezone.now(), supervisor
    case.erase_by = timezone.now()
    case.save()
    with pytest.raises(PermissionDenied):
        planning.start(case, by=case.caseworker)
