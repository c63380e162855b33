"""Gates stop plans, are decided by somebody else, and remind before they end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard import waiting
from programs import access, gates, workplan
from programs.models import SupportClearance, WorkPlanLine
from programs.models.projects import ActivityStatus
from tests.programs.test_activities import clear


def review(field, **changes):
    today = timezone.localdate()
    given = {
        "project": field.project, "decision": "passed", "decided_on": today, "valid_until": today + timedelta(days=180),
        "by": field.decider, **changes,
    }  # fmt: skip
    return gates.record_review(**given)


def support_line(field, **changes):
    today = timezone.localdate()
    given = {
        "project": field.project, "code": "2.4", "title": "Police meetings", "partner": field.partner, "starts_on": today,
        "ends_on": today + timedelta(days=60), "supports": field.police, "by": field.manager, **changes,
    }  # fmt: skip
    return workplan.add_line(**given)


def test_support_cannot_be_planned_without_a_clearance(field):
    line = support_line(field)
    with pytest.raises(gates.ClearanceMissing) as refused:
        workplan.move(line, to="planned", by=field.manager)
    assert refused.value.field == "supports"
    assert line.status == "draft"
    assert WorkPlanLine.objects.get().status == "draft"


@pytest.mark.parametrize(
    ("decision", "conditions"), [("proceed", ""), ("proceed_with_mitigation", "Human rights trainer in every course"), ("out_of_scope", "")]
)
def test_a_positive_decision_lets_the_plan_pass(field, decision, conditions):
    clear(field, decision=decision, conditions=conditions)
    line = workplan.move(support_line(field), to="planned", by=field.manager)
    assert line.status == "planned"


def test_a_decision_already_taken_for_the_first_day_is_enough(field):
    today = timezone.localdate()
    clear(field, valid_from=today + timedelta(days=10), valid_until=today + timedelta(days=90))
    line = support_line(field, starts_on=today + timedelta(days=20))
    assert workplan.move(line, to="planned", by=field.manager).status == "planned"


def test_a_suspended_clearance_stops_new_plans(field):
    clearance = clear(field)
    gates.suspend(clearance, reason="Allegation under inquiry", by=field.decider)
    with pytest.raises(gates.ClearanceMissing):
        workplan.move(support_line(field), to="planned", by=field.manager)


def test_a_planned_line_that_now_supports_a_force_passes_the_gate_again(field):
    line = workplan.move(support_line(field, supports=None), to="planned", by=field.manager)
    with pytest.raises(gates.ClearanceMissing):
        workplan.change_line(line, supports=field.police, by=field.manager)


def test_only_the_decider_decides(field):
    with pytest.raises(access.NotAllowed):
        clear(field, by=field.manager)
    with pytest.raises(access.NotAllowed):
        review(field, by=field.officer)


def test_whoever_manages_the_project_does_not_decide_about_it(field):
    support_line(field)
    field.project.manager = field.decider
    field.project.save()
    with pytest.raises(gates.OwnProject):
        clear(field)
    with pytest.raises(gates.OwnProject):
        review(field)


def test_a_clearance_lasts_a_year_at_most(field):
    today = timezone.localdate()
    with pytest.raises(gates.ValidTooLong) as refused:
        clear(field, valid_until=today + timedelta(days=367))
    assert refused.value.problems[0].path == "valid_until"
    assert not SupportClearance.objects.exists()


def test_nobody_is_reminded_while_nothing_is_near_its_end(field):
    clear(field)
    workplan.move(support_line(field), to="planned", by=field.manager)
    assert list(gates.ending(timezone.localdate())) == []


def test_the_owner_is_reminded_before_a_clearance_in_use_ends(field):
    clearance = clear(field)
    workplan.move(support_line(field), to="planned", by=field.manager)
    (line,) = gates.ending(clearance.valid_until - timedelta(days=30))
    assert (line.recipient, line.item, line.step) == (field.manager, f"support_clearance:{clearance.pk}", "ending")
    assert "Malakal Police" in line.line


def test_after_the_end_the_step_is_another_one(field):
    clearance = clear(field)
    workplan.move(support_line(field), to="planned", by=field.manager)
    (line,) = gates.ending(clearance.valid_until + timedelta(days=1))
    assert line.step == "ended"


def test_a_renewed_clearance_is_not_reminded_of(field):
    clearance = clear(field)
    workplan.move(support_line(field), to="planned", by=field.manager)
    clear(field, valid_until=timezone.localdate() + timedelta(days=300))
    assert list(gates.ending(clearance.valid_until)) == []


def test_a_review_of_a_running_project_reminds_whoever_answers_for_it(field):
    row = review(field)
    lines = list(gates.ending(row.valid_until - timedelta(days=5)))
    assert {line.recipient for line in lines} == {field.manager}
    field.project.manager = field.officer
    field.project.save()
    assert [line.recipient for line in gates.ending(row.valid_until)] == [field.officer]


def test_the_reminder_speaks_the_recipients_language(field):
    row = review(field)
    field.manager.language = "fr"
    field.manager.save()
    (line,) = gates.ending(row.valid_until)
    assert field.project.code in line.line


def test_what_ends_soon_waits_for_whoever_answers_for_it(field):
    today = timezone.localdate()
    field.police.short_name = "SSNPS"
    field.police.save()
    field.project.manager, field.project.status = field.manager, ActivityStatus.IMPLEMENTATION
    field.project.save()
    clear(field, valid_until=today + timedelta(days=5))
    review(field, valid_until=today + timedelta(days=3))
    found = [(item.words, item.when) for item in waiting.items(field.manager, today) if str(item.kind) == "Renew"]
    assert found == [
        (f"Conflict-sensitivity review of {field.project.code}", today + timedelta(days=3)),
        ("Clearance of support to SSNPS", today + timedelta(days=5)),
    ]
    assert not [item for item in waiting.items(field.decider, today) if str(item.kind) == "Renew"]
