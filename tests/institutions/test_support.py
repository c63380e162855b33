"""Support is an activity record with details; what was given is looked at again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from institutions import page, support
from institutions.models import FollowUpCheck
from plumbing.dates import months_after
from plumbing.refusals import Invalid
from programs import access
from programs.models import ActivityRecord
from tests.institutions.making import cleared, soon, trained


def radios(post, **changes):
    return trained(post, **{"kind": "equipment", "title": "14 radios", "people": None, "cells": None, "quantity": 14, **changes})


def test_a_training_is_an_activity_with_trainees_by_sex_and_rank(post):
    row = trained(post, test_before=Decimal(48), test_after=Decimal(71), tested=41)
    activity = ActivityRecord.objects.get()
    assert (activity.kind, activity.supports, activity.people_present) == ("training", post.station.organization, 42)
    assert dict(activity.attendance.values_list("disaggregation__key", "number"))["rank=junior|sex=female"] == 12
    check = row.checks.get()
    assert (check.kind, check.due_on) == ("at_work", months_after(activity.happened_on, 6))


def test_support_without_a_clearance_is_kept_and_flagged(post):
    assert trained(post).activity.flag == "without_clearance"
    cleared(post)
    assert trained(post, happened_on=soon(0)).activity.flag == ""


def test_tests_come_in_pairs_and_only_with_trainings(post):
    with pytest.raises(ValidationError):
        trained(post, test_before=Decimal(48))
    with pytest.raises(ValidationError):
        radios(post, test_before=Decimal(48), test_after=Decimal(50), tested=3)
    with pytest.raises(Invalid):
        trained(post, test_before=Decimal(48), test_after=Decimal(50), tested=43)
    with pytest.raises(ValidationError):
        trained(post, test_before=Decimal(48), test_after=Decimal(101), tested=3)
    assert not ActivityRecord.objects.exists()


def test_equipment_is_checked_again_and_again_after_its_hand_over(post):
    row = radios(post)
    assert not row.checks.exists()
    support.change(row, by=post.officer, handed_over_on=soon(-5), handed_over_to="Station commander")
    first = row.checks.get()
    assert first.due_on == months_after(soon(-5), 3)
    support.check(first, checked_on=soon(0), looked_at=14, in_use=13, findings="One in repair", by=post.officer)
    assert list(row.checks.filter(done_at__isnull=True).values_list("due_on", flat=True)) == [months_after(soon(0), 3)]
    with pytest.raises(support.CheckDone):
        support.check(FollowUpCheck.objects.get(pk=first.pk), checked_on=soon(0), looked_at=1, in_use=1, findings="x", by=post.officer)


def test_no_more_in_use_than_were_seen(post):
    row = radios(post, handed_over_on=soon(-5), handed_over_to="Commander")
    with pytest.raises(ValidationError):
        support.check(row.checks.get(), checked_on=soon(0), looked_at=5, in_use=6, findings="x", by=post.officer)
    with pytest.raises(Invalid):
        support.check(row.checks.get(), checked_on=soon(1), looked_at=5, in_use=5, findings="x", by=post.officer)


def test_an_activity_of_another_recipient_is_not_described_here(post):
    activity = trained(post).activity
    activity.supports = None
    with pytest.raises(Invalid):
        support.describe(activity, institution=post.station, kind="training", title="x", by=post.officer)
    with pytest.raises(access.NotAllowed):
        trained(post, by=post.stranger)


@pytest.mark.django_db
def test_small_numbers_are_hidden_from_who_sees_no_raw_figures():
    cells = {"rank=junior|sex=female": 2, "rank=junior|sex=male": 28, "rank=senior|sex=male": 10}
    seen = page.people_of(40, cells, raw=True, sensitivity=2)
    assert [one.value for one in seen.by_sex] == [2, 38]
    assert [one.value for one in seen.by_rank] == [10, 0, 30]
    hidden = page.people_of(40, cells, raw=False, sensitivity=2)
    assert [one.value for one in hidden.by_sex] == [None, None]
    assert [one.value for one in hidden.by_rank] == [10, 0, 30]
    assert hidden.total.value == 40
