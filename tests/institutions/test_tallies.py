"""Counts over the institutional level that can prefill a figure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from communities import forums
from institutions import profiles, reform
from institutions.tallies import cleared, reached, stage, trained, women_in_forums, women_in_police
from plumbing.refusals import Invalid
from programs import framework
from programs.tally import Asked
from tests import factories
from tests.institutions import making


def asked(post, *, breakdown=()):
    return Asked(post.project, post.partner, making.soon(-60), making.soon(0), (post.place.pk,), breakdown)


def test_support_under_a_clearance_keeps_numerator_and_denominator(post):
    making.trained(post)
    assert [(part.value, part.of) for part in cleared(asked(post)).parts] == [(0, 1)]
    making.cleared(post)
    making.trained(post, happened_on=making.soon(0))
    assert [(part.value, part.of) for part in cleared(asked(post)).parts] == [(1, 1), (1, 1)]


def test_people_trained_by_sex_and_rank_with_the_rest_not_broken_down(post):
    making.trained(post, people=45)
    parts = {tuple(sorted(part.cell.items())): part.value for part in trained(asked(post, breakdown=("rank", "sex"))).parts}
    assert parts[(("rank", "junior"), ("sex", "female"))] == 12
    assert parts[()] == 3
    assert sum(parts.values()) == 45


def test_reform_steps_count_from_the_day_they_reached_the_stage(post):
    row = reform.begin(institution=post.station, project=post.project, kind="law", title="Police law", by=post.officer)
    reform.reach(row, stage=1, reached_on=making.soon(-30), evidence="Draft", by=post.officer)
    assert [part.value for part in reached(asked(post), stage=3).parts] == [0]
    reform.reach(row, stage=3, reached_on=making.soon(-3), evidence="Signed", by=post.officer)
    assert [part.value for part in reached(asked(post), stage=3).parts] == [1]


def test_a_stage_is_the_latest_reached_and_plans_without_one_say_nothing(post):
    row = reform.begin(institution=post.station, project=post.project, kind="law", title="Police law", by=post.officer)
    assert stage(asked(post)).parts == ()
    reform.reach(row, stage=1, reached_on=making.soon(-30), evidence="Draft", by=post.officer)
    reform.reach(row, stage=3, reached_on=making.soon(-3), evidence="Signed", by=post.officer)
    assert [part.option for part in stage(asked(post)).parts] == ["adopted"]
    before = replace(asked(post), ends_on=making.soon(-5))
    assert [part.option for part in stage(before).parts] == ["drafted"]


def stage_definition():
    rules = {"measure": "ordinal", "over_time": "snapshot", "across": "not_computable", "level": "institution", "unit": ""}
    return factories.definition("STAGE", computed_by="institutions.reform.stage", **rules)


def reporting_indicators(post, *codes):
    """Indicators of the project that each report the stage of one law."""
    result = framework.add_result(post.project, by=post.manager, kind="outcome", code="9", title="Laws change", level="institution")
    definition = stage_definition()
    return [framework.add_indicator(result, by=post.manager, definition=definition, code=code, title=code) for code in codes]


def test_each_law_is_its_own_indicator_and_the_rest_stays_with_the_others(post):
    police, land = reporting_indicators(post, "9.1", "9.2")
    for title, indicator, stages in (("Police law", police, (1, 3)), ("Land law", None, (1,)), ("Oversight law", None, (1,))):
        row = reform.begin(institution=post.station, project=post.project, kind="law", title=title, indicator=indicator, by=post.officer)
        for number in stages:
            reform.reach(row, stage=number, reached_on=making.soon(number - 30), evidence="Paper", by=post.officer)

    def told(indicator):
        return [part.option for part in stage(replace(asked(post), indicator=indicator.pk)).parts]

    assert told(police) == ["adopted"]
    assert told(land) == ["drafted", "drafted"]  # no step names it: those that name none, which agree
    reform.change(row, kind="law", title="Oversight law", summary="", indicator=land, by=post.officer)
    reform.reach(row, stage=4, reached_on=making.soon(-3), evidence="Budget", by=post.officer)
    assert (told(police), told(land)) == (["adopted"], ["budgeted"])


def test_a_step_names_an_indicator_of_its_own_project_that_reports_a_stage(post):
    result = framework.add_result(post.project, by=post.manager, kind="outcome", code="9", title="Laws change", level="institution")
    number = framework.add_indicator(result, by=post.manager, definition=factories.definition("N"), code="9.1", title="A number")
    with pytest.raises(Invalid, match="reports the stage of a law"):
        reform.begin(institution=post.station, project=post.project, kind="law", title="Law", indicator=number, by=post.officer)
    elsewhere = framework.add_result(post.other_project, by=post.manager, kind="outcome", code="9", title="Laws", level="institution")
    stage_there = framework.add_indicator(elsewhere, by=post.manager, definition=stage_definition(), code="9.1", title="Theirs")
    with pytest.raises(Invalid, match="reports the stage of a law"):
        reform.begin(institution=post.station, project=post.project, kind="law", title="Law", indicator=stage_there, by=post.officer)


def test_women_in_the_police_by_the_last_count_and_only_where_sex_was_counted(post):
    cells = {"rank=junior|sex=female": 30, "rank=junior|sex=male": 156}
    for days, total, given in ((-50, 100, cells | {"rank=junior|sex=male": 70}), (-20, 186, cells)):
        profiles.count_staff(post.station, counted_on=making.soon(days), total=total, source="List", cells=given, by=post.officer)
    assert [(part.value, part.of) for part in women_in_police(asked(post)).parts] == [(30, 186)]
    profiles.count_staff(post.station, counted_on=making.soon(-2), total=190, source="List", by=post.officer)
    assert women_in_police(asked(post)).parts == ()


def test_women_in_security_forums_leave_committees_out(post):
    for name, kind, women in (("Police and people", "police", 6), ("Committee", "committee", 1)):
        forum = forums.start_forum(
            name=name, kind=kind, project=post.project, partner=post.partner, place=post.place, started_on=making.soon(-50), by=post.officer
        )
        forums.seat(forum, since=making.soon(-50), seats=16, lines=[forums.Seats("women", women)], by=post.officer)
    assert [(part.value, part.of) for part in women_in_forums(asked(post)).parts] == [(6, 16)]


def test_a_project_of_two_partners_counts_a_reform_step_once(post):
    profiles.engage(post.station, project=post.project, by=post.officer)
    reform.begin(institution=post.station, project=post.project, kind="law", title="Police law", by=post.officer)
    assert [part.value for part in reached(asked(post), stage=3).parts] == [0]
