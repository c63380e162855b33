from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, User
from accounts.roles import Permission, Role
from programs import access
from programs.models import Membership
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def administrator() -> User:
    return factories.member(Role.ADMINISTRATOR)


def _colleague(**fields: object) -> User:
    return factories.user(organization=factories.agency(), **fields)


def test_a_program_manager_gives_roles_within_the_own_program_only(world, administrator):
    manager = factories.member(Role.PROGRAM_MANAGER, program=world.project.program)
    elsewhere = factories.world().project

    row = access.give(user=_colleague(), role=Role.MANDE_OFFICER, project=world.project, by=manager)
    assert row.given_by == manager
    for scope in ({"project": elsewhere}, {"program": elsewhere.program}, {}):
        with pytest.raises((access.NotAllowed, ValidationError)):
            access.give(user=_colleague(), role=Role.MANDE_OFFICER, by=manager, **scope)


def test_a_partners_manager_gives_the_partners_own_roles_for_the_own_partner_only(world):
    manager = factories.member(Role.PARTNER_MANAGER, organization=world.partner)

    access.give(user=factories.user(), role=Role.PARTNER_REPORTER, organization=world.partner, by=manager)
    for role, scope in (
        (Role.PARTNER_REPORTER, {"organization": factories.partner()}),
        (Role.MANDE_OFFICER, {"organization": world.partner}),
        (Role.MANDE_OFFICER, {"project": world.project}),
        (Role.ADMINISTRATOR, {}),
    ):
        with pytest.raises(access.NotAllowed):
            access.give(user=factories.user(), role=role, by=manager, **scope)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_only_an_administrator_makes_administrators_and_auditors(world, administrator, role):
    manager = factories.member(Role.PROGRAM_MANAGER, program=world.project.program)

    with pytest.raises(access.NotAllowed):
        access.give(user=_colleague(), role=role, program=world.project.program, by=manager)
    assert access.give(user=_colleague(), role=role, by=administrator).role == role


def test_nobody_gives_a_role_to_himself(world, administrator):
    with pytest.raises(access.NotAllowed):
        access.give(user=administrator, role=Role.CASEWORKER, project=world.project, by=administrator)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR, Role.PROGRAM_MANAGER, Role.PARTNER_MANAGER}))
def test_other_roles_give_none(world, role):
    giver = factories.member(role, organization=world.partner if "partner" in role else factories.donor(), program=world.project.program)

    with pytest.raises(access.NotAllowed):
        access.give(user=factories.user(), role=Role.PARTNER_REPORTER, organization=world.partner, by=giver)


def test_roles_that_check_each_other_are_not_held_together_for_the_same_data(world, administrator):
    reporter = factories.member(Role.PARTNER_REPORTER, organization=world.partner)

    with pytest.raises(access.RoleClash):
        access.give(user=reporter, role=Role.MANDE_OFFICER, project=world.project, by=administrator)
    with pytest.raises(access.RoleClash):
        access.give(user=reporter, role=Role.AUDITOR, by=administrator)


def test_the_same_roles_in_two_programs_do_not_clash(administrator):
    here, there = factories.world().project, factories.world().project
    person = factories.member(Role.CASEWORKER, project=here)

    access.give(user=person, role=Role.CASE_SUPERVISOR, program=there.program, by=administrator)
    with pytest.raises(access.RoleClash):
        access.give(user=person, role=Role.CASE_SUPERVISOR, program=here.program, by=administrator)


def test_a_role_that_begins_later_clashes_already_today(world, administrator):
    reporter = factories.user()
    later = timezone.localdate() + timedelta(days=30)
    access.give(user=reporter, role=Role.PARTNER_REPORTER, organization=world.partner, starts_on=later, by=administrator)

    access.give(user=reporter, role=Role.MANDE_OFFICER, project=world.project, ends_on=later - timedelta(days=1), by=administrator)
    with pytest.raises(access.RoleClash):
        access.give(user=reporter, role=Role.MANDE_OFFICER, project=world.project, by=administrator)


def test_an_ended_role_gives_nothing_from_the_same_moment(world, administrator):
    person = factories.member(Role.MANDE_OFFICER, project=world.project)
    assert access.allows(person, Permission.REVIEW_FIGURES, project=world.project)

    access.end(person.memberships.get(), by=administrator)

    assert not access.allows(User.objects.get(pk=person.pk), Permission.REVIEW_FIGURES, project=world.project)
    assert AuditEvent.objects.filter(event="membership.ended").count() == 1


def test_a_stranger_ends_no_role_and_the_holder_may(world):
    person = factories.member(Role.MANDE_OFFICER, project=world.project)
    stranger = factories.member(Role.PROGRAM_MANAGER, program=factories.world().project.program)

    with pytest.raises(access.NotAllowed):
        access.end(person.memberships.get(), by=stranger)
    access.end(person.memberships.get(), by=person)
    assert not access.held(User.objects.get(pk=person.pk))


def test_the_last_administrator_stays(administrator):
    with pytest.raises(access.LastAdministrator):
        access.end(administrator.memberships.get(), by=administrator)
    other = factories.member(Role.ADMINISTRATOR)
    access.end(administrator.memberships.get(), by=other)
    assert Membership.objects.live().filter(role=Role.ADMINISTRATOR).get().user == other


def test_an_administrator_whose_role_ends_sooner_is_no_reason_to_end_the_others(administrator):
    factories.member(Role.ADMINISTRATOR, ends_on=timezone.localdate() + timedelta(days=2))
    with pytest.raises(access.LastAdministrator):
        access.end(administrator.memberships.get(), by=administrator)


def test_a_deputy_holds_the_colleagues_roles_until_the_date_and_the_log_says_for_whom(world):
    agency = factories.agency()
    absent, deputy = factories.user(organization=agency), factories.user(organization=agency)
    access.give(user=absent, role=Role.MANDE_OFFICER, project=world.project, by=None)
    today = timezone.localdate()

    (row,) = access.deputize(absent=absent, deputy=deputy, until=today + timedelta(days=7), by=absent)
    access.require(deputy, Permission.REVIEW_FIGURES, project=world.project)

    assert access.acts_for(deputy) == {absent.pk}
    assert audit.record("thing.done", by=deputy).behind == f"user:{absent.pk}"
    assert not Membership.objects.live(row.ends_on + timedelta(days=1)).filter(user=deputy).exists()


def test_what_a_deputy_may_do_anyway_is_not_done_for_the_colleague(world):
    agency = factories.agency()
    absent, deputy = factories.user(organization=agency), factories.user(organization=agency)
    access.give(user=absent, role=Role.PROGRAM_MANAGER, project=world.project, by=None)
    access.give(user=deputy, role=Role.MANDE_OFFICER, project=world.project, by=None)
    access.deputize(absent=absent, deputy=deputy, until=timezone.localdate(), by=absent)

    access.require(deputy, Permission.SIGN_OFF_REPORT, project=world.project)
    assert audit.record("report.signed_off", by=deputy).behind == f"user:{absent.pk}"
    access.require(deputy, Permission.REVIEW_FIGURES, project=world.project)
    assert audit.record("submission.accepted", by=deputy).behind == ""


def test_a_person_names_a_deputy_of_the_same_organization_only(world):
    absent = factories.user(organization=factories.agency())
    access.give(user=absent, role=Role.MANDE_OFFICER, project=world.project, by=None)

    with pytest.raises(access.NotAllowed):
        access.deputize(absent=absent, deputy=factories.user(organization=world.partner), until=timezone.localdate(), by=absent)


def test_nobody_makes_himself_a_deputy(world, administrator):
    absent = factories.member(Role.MANDE_OFFICER, project=world.project)

    with pytest.raises(access.NotAllowed):
        access.deputize(absent=absent, deputy=administrator, until=timezone.localdate(), by=administrator)


def test_a_deputys_days_cannot_be_handed_on(world, administrator):
    first, second, third = _colleague(), _colleague(), _colleague()
    access.give(user=first, role=Role.MANDE_OFFICER, project=world.project, by=None)
    access.deputize(absent=first, deputy=second, until=timezone.localdate(), by=first)

    with pytest.raises(access.NotAllowed):
        access.deputize(absent=second, deputy=third, until=timezone.localdate(), by=second)


def test_a_deputy_ends_with_the_role_that_was_lent(world, administrator):
    absent, deputy = _colleague(), _colleague()
    last = timezone.localdate() + timedelta(days=3)
    access.give(user=absent, role=Role.MANDE_OFFICER, project=world.project, ends_on=last, by=None)

    (row,) = access.deputize(absent=absent, deputy=deputy, until=last + timedelta(days=30), by=administrator)
    assert row.ends_on == last
