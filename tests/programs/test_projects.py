"""Setting projects up: shares of 100, markers with reasons, gates before implementation."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import practice
from accounts.models import PracticeValue
from plumbing.refusals import Invalid, Refused
from programs import access, gates, projects
from programs.models import Marker, Project, Theme
from tests.programs.test_activities import record
from tests.programs.test_gates import review


@pytest.fixture
def themes(field):
    other = Theme.objects.create(code="youth", name="Youth")
    return Theme.objects.get(code="dialogue"), other


def new(field, two, **changes):
    today = timezone.localdate()
    given = {
        "program": field.program, "by": field.manager, "code": "YTH-01", "title": "Youth in peace", "starts_on": today,
        "ends_on": today + timedelta(days=300), "time_zone": "Africa/Juba", "themes": {two[0]: 60, two[1]: 40},
        "levels": {"community": 100}, **changes,
    }  # fmt: skip
    return projects.create_project(**given)


def test_a_new_project_starts_in_the_pipeline_with_its_shares(field, themes):
    project = new(field, themes)
    assert project.status == "1"
    assert sorted(project.themes.values_list("share", flat=True)) == [40, 60]
    assert list(project.levels.values_list("level", "share")) == [("community", 100)]


@pytest.mark.parametrize("shares", [99, 101])
def test_shares_that_are_not_a_whole_are_refused_with_their_sum(field, themes, shares):
    with pytest.raises(projects.SharesNotWhole, match=str(shares)):
        new(field, themes, themes={themes[0]: shares - 40, themes[1]: 40})
    assert not Project.objects.filter(code="YTH-01").exists()


def test_at_least_one_theme_and_one_level(field, themes):
    for path in ("themes", "levels"):
        with pytest.raises(Invalid) as refused:
            new(field, themes, **{path: {}})
        assert refused.value.problems[0].path == path


def test_a_year_mistyped_does_not_lay_out_thousands_of_periods(field, themes):
    with pytest.raises(Invalid, match="at most 50 years"):
        new(field, themes, ends_on=date(9206, 12, 31))


def test_a_time_zone_that_does_not_exist_is_refused(field, themes):
    with pytest.raises(Invalid, match="Juba/Africa"):
        new(field, themes, time_zone="Juba/Africa")


def test_implementation_waits_for_the_review(field, themes):
    project = new(field, themes)
    with pytest.raises(gates.ReviewMissing):
        projects.change_status(project, to="2", by=field.manager)
    assert Project.objects.get(pk=project.pk).status == "1"
    review(field, project=project)
    assert projects.change_status(project, to="2", by=field.manager).status == "2"


def test_a_review_that_did_not_pass_opens_nothing(field, themes):
    project = new(field, themes)
    review(field, project=project, decision="not_passed")
    with pytest.raises(gates.ReviewMissing):
        projects.change_status(project, to="2", by=field.manager)


def test_the_setting_lets_a_second_person_override_with_a_reason(field, themes):
    project = new(field, themes)
    with pytest.raises(gates.ReviewMissing):
        projects.change_status(project, to="2", by=field.officer, override_reason="Flood response")
    practice.seed()
    practice.change(PracticeValue.objects.get(key="sensitivity-gate-override"), value="1", by=field.administrator)
    projects.change_project(project, by=field.manager, manager=field.manager)
    with pytest.raises(gates.ReviewMissing):
        projects.change_status(project, to="2", by=field.manager, override_reason="Flood response")
    assert projects.change_status(project, to="2", by=field.officer, override_reason="Flood response").status == "2"


def test_closing_needs_no_review(field):
    assert projects.change_status(field.project, to="4", by=field.manager).status == "4"


def test_a_score_replaces_the_score_of_its_scheme(field):
    projects.set_marker(field.project, scheme="pbf_gender", value="1", justification="Some contribution", by=field.manager)
    projects.set_marker(field.project, scheme="pbf_gender", value="2", justification="Women lead two outputs", by=field.manager)
    marker = Marker.objects.get()
    assert (marker.value, marker.screened_by) == ("2", field.manager)


def test_targets_of_the_sdg_stand_side_by_side(field):
    for value in ("16.1", "16.a"):
        projects.set_marker(field.project, scheme="sdg_target", value=value, justification="Named in the document", by=field.manager)
    assert Marker.objects.count() == 2


@pytest.mark.parametrize(("scheme", "value"), [("pbf_gender", "4"), ("dac_1", "3"), ("sdg_target", "17.1")])
def test_a_value_outside_its_scheme_is_refused(field, scheme, value):
    with pytest.raises(ValidationError):
        projects.set_marker(field.project, scheme=scheme, value=value, justification="No", by=field.manager)


def test_a_marker_needs_its_justification(field):
    with pytest.raises(ValidationError):
        projects.set_marker(field.project, scheme="pbf_risk", value="1", justification="", by=field.manager)


def test_nexus_pillars_are_one_hundred_together(field):
    with pytest.raises(projects.SharesNotWhole):
        projects.set_nexus(field.project, shares={"H": 20, "D": 30, "P": 40}, justification="Budget lines", by=field.manager)
    assert not Marker.objects.exists()
    projects.set_nexus(field.project, shares={"H": 0, "D": 30, "P": 70}, justification="Budget lines", by=field.manager)
    projects.set_nexus(field.project, shares={"P": 100}, justification="Budget lines", by=field.manager)
    assert list(Marker.objects.values_list("value", "share")) == [("P", 100)]


def test_a_partner_with_work_here_is_ended_not_removed(field):
    record(field)
    row = field.project.partners.get()
    with pytest.raises(Refused):
        projects.remove_partner(row, by=field.manager)
    added = projects.add_partner(field.project, organization=field.stranger, by=field.manager)
    projects.remove_partner(added, by=field.manager)
    assert field.project.partners.count() == 1


def test_only_who_edits_the_whole_program_sets_projects_up(field, themes):
    for person in (field.reporter, field.auditor, field.decider):
        with pytest.raises(access.NotAllowed):
            new(field, themes, by=person)
    with pytest.raises(access.NotAllowed):
        projects.create_program(by=field.manager, code="X", name="X")


def test_an_extended_end_is_not_before_the_first_one(field):
    with pytest.raises(ValidationError):
        projects.change_project(field.project, by=field.manager, first_ends_on=field.project.ends_on + timedelta(days=1))
