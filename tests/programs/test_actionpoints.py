"""What is owed is done by somebody, verified by somebody else, and told to whoever owes it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import practice
from accounts.models import Message, PracticeValue
from programs import access, actionpoints
from programs.models import ActionPoint


def owe(field, **changes):
    given = {
        "text": "Mark the 3 cattle routes", "owner": field.reporter, "due_on": timezone.localdate() + timedelta(days=5),
        "project": field.project, "partner": field.partner, "by": field.officer, **changes,
    }  # fmt: skip
    return actionpoints.raise_point(**given)


def test_the_owner_is_told_once_and_the_raiser_is_not(field):
    owe(field)
    owe(field, owner=field.officer)
    (message,) = Message.objects.all()
    assert message.recipient == field.reporter
    assert "Mark the 3 cattle routes" in message.line


def test_done_needs_words(field):
    point = owe(field)
    with pytest.raises(ValidationError):
        actionpoints.finish(point, note="  ", by=field.reporter)
    assert ActionPoint.objects.get().done_at is None


def test_the_owner_finishes_and_somebody_else_verifies(field):
    point = actionpoints.finish(owe(field), note="Stones set at all three", by=field.reporter)
    with pytest.raises(actionpoints.OwnWork):
        actionpoints.verify(point, by=field.reporter)
    actionpoints.verify(point, by=field.officer)
    point.refresh_from_db()
    assert (point.done_by, point.verified_by) == (field.reporter, field.officer)


def test_a_mission_of_four_can_do_without_the_second_person(field):
    practice.seed()
    practice.change(PracticeValue.objects.get(key="action-point-second-person"), value="0", by=field.administrator)
    point = actionpoints.finish(owe(field, owner=field.officer), note="Done", by=field.officer)
    assert actionpoints.verify(point, by=field.officer).verified_by == field.officer


def test_only_what_is_done_is_verified(field):
    with pytest.raises(actionpoints.NotDone):
        actionpoints.verify(owe(field), by=field.officer)


def test_what_is_done_is_not_done_again_or_handed_on(field):
    point = actionpoints.finish(owe(field), note="Done", by=field.reporter)
    with pytest.raises(actionpoints.AlreadyDone):
        actionpoints.finish(point, note="Again", by=field.reporter)
    with pytest.raises(actionpoints.AlreadyDone):
        actionpoints.reassign(point, owner=field.officer, by=field.officer)


def test_a_page_opened_before_somebody_else_acted_changes_nothing_any_more(field):
    point = owe(field)
    as_opened = ActionPoint.objects.get()
    actionpoints.finish(point, note="Marked", by=field.reporter)
    with pytest.raises(actionpoints.AlreadyDone):
        actionpoints.reassign(as_opened, owner=field.officer, by=field.officer)
    as_done = ActionPoint.objects.get()
    actionpoints.reopen(point, reason="Only two are marked", by=field.officer)
    with pytest.raises(actionpoints.NotDone):
        actionpoints.verify(as_done, by=field.officer)
    kept = ActionPoint.objects.get()
    assert (kept.owner, kept.done_at, kept.verified_at) == (field.reporter, None, None)


def test_reopening_keeps_what_was_said_and_why(field):
    point = actionpoints.finish(owe(field), note="Stones set", by=field.reporter)
    actionpoints.reopen(point, reason="Route 3 is not marked", by=field.officer)
    point.refresh_from_db()
    assert point.done_at is None
    assert point.done_note == "Stones set\n— Route 3 is not marked"
    assert Message.objects.filter(recipient=field.reporter).count() == 2


def test_a_handed_on_point_tells_the_new_owner(field):
    point = actionpoints.reassign(owe(field), owner=field.manager, by=field.reporter)
    assert point.owner == field.manager
    assert Message.objects.filter(recipient=field.manager).count() == 1


def test_somebody_who_left_cannot_owe(field):
    field.reporter.is_active = False
    field.reporter.save()
    with pytest.raises(actionpoints.OwnerCannotSee):
        owe(field)


def test_a_stranger_cannot_raise_or_finish(field):
    point = owe(field)
    with pytest.raises(access.NotAllowed):
        owe(field, by=field.other_reporter)
    with pytest.raises(access.NotAllowed):
        actionpoints.finish(point, note="Done", by=field.other_reporter)
    assert not ActionPoint.objects.visible_to(field.other_reporter).exists()


def test_the_owner_sees_a_point_outside_any_project(field):
    point = owe(field, project=None, partner=None, owner=field.other_reporter)
    assert list(ActionPoint.objects.visible_to(field.other_reporter)) == [point]


def test_the_state_follows_the_day(field):
    point = owe(field)
    states = ActionPoint.objects.with_state(point.due_on + timedelta(days=1)).values_list("state", flat=True)
    assert list(states) == ["overdue"]
    assert ActionPoint.objects.with_state(point.due_on).get().state == "open"


def test_the_owner_hears_once_a_week_how_many_are_overdue_and_never_what(field, django_assert_max_num_queries):
    field.reporter.time_zone = "Africa/Juba"
    field.reporter.save()
    for number in range(3):
        owe(field, text=f"Secret {number}")
    actionpoints.finish(owe(field), note="Done", by=field.reporter)
    owe(field, owner=field.officer, due_on=timezone.localdate() + timedelta(days=40))
    Message.objects.all().delete()
    due = timezone.localdate() + timedelta(days=5)
    monday = due + timedelta(days=8 - due.isoweekday())  # of the week after

    def at(day, hour=9):
        return datetime.combine(day, time(hour), UTC)

    assert actionpoints.remind(now=at(due)) == 0, "on its day nothing is overdue"
    assert actionpoints.remind(now=at(monday, 4)) == 0, "six in the morning there"
    with django_assert_max_num_queries(6):
        assert actionpoints.remind(now=at(monday)) == 1
    assert actionpoints.remind(now=at(monday + timedelta(days=6))) == 0
    assert actionpoints.remind(now=at(monday + timedelta(days=7))) == 1
    first = Message.objects.order_by("pk").first()
    assert (first.recipient, first.path) == (field.reporter, "/action-points/?state=overdue&whose=mine")
    assert "3 overdue action points" in first.line
    assert f"the oldest by {(monday - due).days} days" in first.line
    assert "Secret" not in first.line
