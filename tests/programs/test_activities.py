"""Recording what happened: once, within its total, flagged where a gate was missing, never refused for it."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from plumbing.refusals import Invalid
from programs import access, activities, gates, workplan
from programs.models import ActivityRecord

TODAY = timezone.localdate


def record(field, **changes):
    given = {
        "project": field.project, "partner": field.partner, "kind": "dialogue", "happened_on": TODAY(), "place": field.place,
        "by": field.reporter, **changes,
    }  # fmt: skip
    return activities.record(**given)


def clear(field, **changes):
    today = TODAY()
    given = {
        "recipient": field.police, "scope": "Training in community policing", "decision": "proceed", "valid_from": today,
        "valid_until": today + timedelta(days=90), "owner": field.manager, "by": field.decider, **changes,
    }  # fmt: skip
    return gates.decide(**given)


def paths(refused):
    return [problem.path for problem in refused.value.problems]


def test_a_record_keeps_its_cells_and_says_what_is_not_broken_down(field, cells):
    numbers = cells({"age=18-24|sex=female": 6, "age=18-24|sex=male": 3, "age=25-35|sex=female": 0, "age=25-35|sex=male": None})
    done = record(field, people_present=34, cells=numbers, sheet_number=" R-0417 ")
    row = ActivityRecord.objects.get()
    kept = dict(row.attendance.values_list("disaggregation__key", "number"))
    assert kept == {"age=18-24|sex=female": 6, "age=18-24|sex=male": 3, "age=25-35|sex=female": 0}
    assert activities.not_broken_down(row, kept.values()) == 25
    assert done.is_new
    assert row.sheet_number == "R-0417"
    event = AuditEvent.objects.get(event="activity.recorded")
    assert "R-0417" not in event.detail


def test_nobody_counted_is_not_zero(field):
    row = record(field).activity
    assert row.people_present is None
    assert activities.not_broken_down(row, []) is None


def test_cells_above_the_total_are_refused_with_both_numbers(field, cells):
    with pytest.raises(activities.CellsAboveTotal) as refused:
        record(field, people_present=8, cells=cells({"sex=female": 6, "sex=male": 3}))
    assert paths(refused) == ["people_present"]
    assert "9" in str(refused.value)
    assert "8" in str(refused.value)
    assert not ActivityRecord.objects.exists()


def test_cells_without_a_total_are_refused(field, cells):
    with pytest.raises(activities.CellsAboveTotal):
        record(field, cells=cells({"sex=female": 1}))


def test_cells_of_two_breakdowns_are_refused(field, cells):
    with pytest.raises(Invalid) as refused:
        record(field, people_present=8, cells=cells({"sex=female": 2, "age=18-24": 3}))
    assert paths(refused) == ["cells"]


def test_every_problem_is_named_at_once(field):
    with pytest.raises(Invalid) as refused:
        record(field, happened_on=TODAY() + timedelta(days=2), partner=field.stranger, by=field.officer)
    assert paths(refused) == ["happened_on", "partner"]


def test_a_line_of_another_project_is_refused(field):
    today = TODAY()
    line = workplan.add_line(
        project=field.other_project, code="1.1", title="Talks", partner=field.stranger, starts_on=today, ends_on=today, by=field.manager
    )
    with pytest.raises(Invalid) as refused:
        record(field, line=line)
    assert paths(refused) == ["line"]


def test_the_same_record_sent_twice_stays_one(field):
    key = uuid.uuid4()
    first = record(field, external_id=key, people_present=5)
    again = record(field, external_id=key, people_present=7)
    assert again.activity.pk == first.activity.pk
    assert not again.is_new
    assert ActivityRecord.objects.get().people_present == 5
    assert AuditEvent.objects.filter(event="activity.recorded").count() == 1


def test_a_sheet_number_given_twice_is_asked_about_and_can_be_answered(field):
    first = record(field, sheet_number="R-0417").activity
    with pytest.raises(activities.SheetRecordedBefore) as asked:
        record(field, sheet_number="R-0417")
    assert asked.value.earlier == first
    second = record(field, sheet_number="R-0417", sheet_repeats=True).activity
    assert second.sheet_repeats
    assert ActivityRecord.objects.count() == 2


def test_another_partners_sheet_number_is_its_own(field):
    record(field, sheet_number="R-1")
    other = record(
        field, project=field.other_project, partner=field.stranger, place=field.elsewhere, by=field.other_reporter, sheet_number="R-1"
    )
    assert other.is_new


def test_a_partner_records_only_its_own_activities(field):
    with pytest.raises(access.NotAllowed):
        record(field, by=field.other_reporter)
    with pytest.raises(access.NotAllowed):
        record(field, by=field.auditor)


def test_support_without_clearance_is_recorded_and_flagged(field):
    row = record(field, supports=field.police, kind="training").activity
    assert row.flag == "without_clearance"
    assert list(ActivityRecord.objects.without_clearance()) == [row]


def test_support_under_a_clearance_is_not_flagged(field):
    clear(field)
    assert record(field, supports=field.police).activity.flag == ""


@pytest.mark.parametrize("decision", ["decline"])
def test_a_refused_clearance_clears_nothing(field, decision):
    clear(field, decision=decision)
    assert record(field, supports=field.police).activity.flag == "without_clearance"


def test_the_day_of_the_activity_decides_not_the_day_of_typing(field):
    clear(field)
    row = record(field, supports=field.police, happened_on=TODAY() - timedelta(days=3)).activity
    assert row.flag == "without_clearance"


def test_the_recipient_of_the_work_plan_line_counts(field):
    today = TODAY()
    line = workplan.add_line(
        project=field.project, code="2.4", title="Police meetings", partner=field.partner, starts_on=today, ends_on=today,
        supports=field.police, by=field.manager,
    )  # fmt: skip
    row = record(field, line=line).activity
    assert row.supports == field.police
    assert row.flag == "without_clearance"


def test_a_later_clearance_cures_the_flag_and_is_named(field):
    row = record(field, supports=field.police).activity
    decision = clear(field)
    row.refresh_from_db()
    assert row.flag == "without_clearance"
    assert row.cured_by_clearance == decision
    assert not ActivityRecord.objects.without_clearance().exists()


def test_a_decline_cures_nothing(field):
    record(field, supports=field.police)
    clear(field, decision="decline")
    assert ActivityRecord.objects.without_clearance().count() == 1


def test_correcting_a_record_replaces_its_cells_and_names_what_changed(field, cells):
    row = record(field, people_present=9, cells=cells({"sex=female": 4, "sex=male": 5}), sheet_number="R-1").activity
    activities.correct(
        row, kind="dialogue", happened_on=row.happened_on, place=field.place, by=field.reporter, people_present=8, sheet_number="R-1"
    )
    row.refresh_from_db()
    assert row.people_present == 8
    assert not row.attendance.exists()
    assert AuditEvent.objects.get(event="activity.corrected").detail == '{"changed":["people_present"]}'


def test_correcting_to_a_force_without_clearance_flags_the_record(field):
    row = record(field).activity
    activities.correct(row, kind="training", happened_on=row.happened_on, place=field.place, supports=field.police, by=field.reporter)
    assert row.flag == "without_clearance"


def test_a_partner_sees_its_own_records_only(field):
    mine = record(field).activity
    record(field, project=field.other_project, partner=field.stranger, place=field.elsewhere, by=field.other_reporter)
    assert list(ActivityRecord.objects.visible_to(field.reporter)) == [mine]
    assert ActivityRecord.objects.visible_to(field.manager).count() == 2
