"""Institutions are recorded within a project, once per organization, and seen by the projects that work with them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from institutions import profiles
from institutions.models import Institution, StaffCount
from plumbing.refusals import Invalid
from programs import access
from tests.institutions.making import soon


def court(post, **changes):
    given = {"project": post.project, "kind": "justice", "place": post.place, "name": "Renk County Court", "by": post.officer, **changes}
    return profiles.record(**given)


def test_a_new_name_makes_its_organization(post):
    row = court(post)
    assert (row.organization.name, row.organization.kind, row.needs_due_diligence) == ("Renk County Court", "authority", False)
    with pytest.raises(ValidationError):
        court(post)


def test_an_organization_has_one_profile(post):
    with pytest.raises(ValidationError):
        court(post, name="", organization=post.police)
    with pytest.raises(Invalid):
        court(post, organization=post.police)
    assert Institution.objects.count() == 1


@pytest.mark.parametrize(("kind", "applies"), [("army_unit", True), ("police_command", True), ("local_government", False)])
def test_forces_and_whoever_commands_them_fall_under_the_policy(post, kind, applies):
    assert court(post, kind=kind).needs_due_diligence is applies
    assert court(post, kind="local_government", name="Governor", commands_forces=True).needs_due_diligence


def test_only_projects_that_work_with_it_and_its_place_see_it(post):
    assert list(Institution.objects.visible_to(post.manager)) == [post.station]
    assert list(Institution.objects.visible_to(post.reporter)) == [post.station]
    assert not Institution.objects.visible_to(post.stranger).exists()
    assert not Institution.objects.visible_to(post.other_reporter).exists()
    assert not Institution.objects.visible_to(post.auditor).exists()
    access_before = Institution.objects.visible_to(post.stranger).count()
    with pytest.raises(access.NotAllowed):
        profiles.engage(post.station, project=post.other_project, by=post.officer)
    profiles.engage(post.station, project=post.other_project, by=post.stranger)
    assert Institution.objects.visible_to(post.stranger).count() == access_before + 1


def test_a_stranger_changes_nothing(post):
    with pytest.raises(access.NotAllowed):
        profiles.change(post.station, by=post.stranger, posts=4)
    with pytest.raises(access.NotAllowed):
        court(post, by=post.reporter)


def test_commands_do_not_stand_in_a_ring(post):
    below = court(post, kind="police_command", name="Upper command", parent=post.station)
    with pytest.raises(Invalid):
        profiles.change(post.station, by=post.officer, parent=below)


def test_staff_counts_stay_beside_each_other(post):
    cells = {"rank=junior|sex=female": 30, "rank=senior|sex=male": 0}
    profiles.count_staff(post.station, counted_on=soon(-200), total=180, source="List", by=post.officer)
    profiles.count_staff(post.station, counted_on=soon(-10), total=186, source="List of June", by=post.officer, cells=cells)
    assert list(StaffCount.objects.values_list("total", flat=True)) == [186, 180]
    assert dict(StaffCount.objects.get(total=186).cells.values_list("disaggregation__key", "number")) == cells
    with pytest.raises(Invalid):
        profiles.count_staff(post.station, counted_on=soon(-9), total=10, source="x", by=post.officer, cells=cells)
    with pytest.raises(Invalid):
        profiles.count_staff(post.station, counted_on=soon(1), total=10, source="x", by=post.officer)
