"""A reform step goes from stage to stage, each with a day and what proves it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from institutions import page, reform
from plumbing.refusals import Invalid
from programs import access
from tests.institutions.making import soon


def step(post, **changes):
    given = {"institution": post.station, "project": post.project, "kind": "policy", "title": "Community policing", "by": post.officer}
    return reform.begin(**{**given, **changes})


def reach(post, row, stage, days, **changes):
    return reform.reach(row, stage=stage, reached_on=soon(days), evidence="Signed order", by=post.officer, **changes)


def test_stages_follow_each_other_in_time_and_are_not_repeated(post):
    row = step(post)
    reach(post, row, 1, -300)
    reach(post, row, 3, -100)
    with pytest.raises(Invalid):
        reach(post, row, 2, -50)
    with pytest.raises(Invalid):
        reach(post, row, 4, -150)
    with pytest.raises(Invalid):
        reach(post, row, 4, 1)
    with pytest.raises(ValidationError):
        reach(post, row, 3, -90)
    (shown,) = page.reform(post.station, post.officer)
    assert shown.now.stage == 3
    assert [stage is not None for _label, stage in shown.stages] == [True, False, True, False, False]


def test_a_stage_without_evidence_does_not_count(post):
    with pytest.raises(ValidationError):
        reform.reach(step(post), stage=1, reached_on=soon(-3), evidence=" ", by=post.officer)


def test_transitional_justice_says_how_many_victims_were_consulted(post):
    row = step(post, kind="truth", title="Truth commission")
    with pytest.raises(Invalid):
        reach(post, row, 2, -3)
    stage = reach(post, row, 2, -3, women_consulted=0, men_consulted=31)
    assert (stage.women_consulted, stage.men_consulted) == (0, 31)
    with pytest.raises(ValidationError):
        reach(post, row, 3, -2, women_consulted=3)


def test_only_a_project_that_works_with_it_records_a_step(post):
    with pytest.raises(access.NotAllowed):
        step(post, by=post.stranger)
    with pytest.raises(Invalid):
        step(post, project=post.other_project, by=post.stranger)
