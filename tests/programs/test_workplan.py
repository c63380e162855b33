"""Work-plan lines move along allowed steps only."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from plumbing.refusals import Invalid
from programs import access, workplan
from programs.models import Result
from tests.programs.test_gates import support_line


def test_a_line_moves_step_by_step(field):
    line = support_line(field, supports=None)
    with pytest.raises(workplan.NoSuchMove):
        workplan.move(line, to="done", by=field.manager)
    for step in ("planned", "under_way", "done"):
        workplan.move(line, to=step, by=field.manager)
    line.refresh_from_db()
    assert line.status == "done"


def test_two_people_moving_the_same_line_do_not_overwrite_each_other(field):
    line = support_line(field, supports=None)
    stale = type(line).objects.get(pk=line.pk)
    workplan.move(line, to="cancelled", by=field.manager)
    with pytest.raises(workplan.NoSuchMove):
        workplan.move(stale, to="planned", by=field.manager)
    assert stale.status == "draft"


def test_a_line_number_is_given_once_per_project(field):
    support_line(field)
    with pytest.raises(ValidationError):
        support_line(field)


def test_who_carries_out_a_line_is_a_partner_of_the_project(field):
    with pytest.raises(Invalid) as refused:
        support_line(field, partner=field.stranger)
    assert refused.value.problems[0].path == "partner"


def test_a_result_of_another_project_is_refused(field):
    foreign = Result.objects.create(project=field.other_project, kind="outcome", level="community", code="1", title="Elsewhere")
    with pytest.raises(Invalid) as refused:
        support_line(field, result=foreign)
    assert refused.value.problems[0].path == "result"


def test_a_partner_reads_but_does_not_edit_the_plan(field):
    line = support_line(field)
    assert list(type(line).objects.visible_to(field.reporter)) == [line]
    with pytest.raises(access.NotAllowed):
        workplan.move(line, to="cancelled", by=field.reporter)


def test_a_line_ends_after_it_begins(field):
    with pytest.raises(ValidationError):
        support_line(field, ends_on=timezone.localdate().replace(year=2020))
