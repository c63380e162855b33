from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.roles import Role
from programs import access, leaving
from programs.models import ActionPoint, Membership
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def leaver(world) -> User:
    person = factories.member(Role.MANDE_OFFICER, project=world.project)
    today = timezone.localdate()
    for number in range(2):
        ActionPoint.objects.create(text=f"Task {number}", owner=person, due_on=today, raised_by=person)
    ActionPoint.objects.create(
        text="Done long ago", owner=person, due_on=today, raised_by=person, done_at=timezone.now(), done_by=person, done_note="Done."
    )
    world.project.manager = person
    world.project.save()
    return person


def test_everything_of_a_person_who_leaves_moves_in_one_act(world, leaver):
    administrator, successor = factories.member(Role.ADMINISTRATOR), factories.user()
    deputy = factories.user()
    access.deputize(absent=leaver, deputy=deputy, until=timezone.localdate() + timedelta(days=9), by=administrator)

    moved = leaving.hand_over(leaver, to=successor, by=administrator)

    assert (len(moved.roles), moved.action_points, moved.projects) == (1, 2, 1)
    assert access.roles(User.objects.get(pk=successor.pk)) == {Role.MANDE_OFFICER}
    assert not Membership.objects.live().filter(user__in=[leaver, deputy]).exists()
    assert set(ActionPoint.objects.filter(done_at=None).values_list("owner", flat=True)) == {successor.pk}
    assert ActionPoint.objects.get(text="Done long ago").owner == leaver
    world.project.refresh_from_db()
    assert world.project.manager == successor
    assert (leaver.is_active, leaver.left_on) == (False, timezone.localdate())
    assert AuditEvent.objects.filter(event="person.handed_over").count() == 1


def test_a_successor_who_may_not_hold_the_role_leaves_everything_as_it_was(world, leaver):
    reporter = factories.member(Role.PARTNER_REPORTER, organization=world.partner)

    with pytest.raises(access.RoleClash):
        leaving.hand_over(leaver, to=reporter, by=factories.member(Role.ADMINISTRATOR))
    assert ActionPoint.objects.filter(owner=leaver).count() == 3
    assert User.objects.get(pk=leaver.pk).is_active
    assert Membership.objects.live().filter(user=leaver).count() == 1


def test_a_role_that_the_successor_holds_already_is_not_given_twice(world, leaver):
    successor = factories.member(Role.MANDE_OFFICER, project=world.project)
    leaving.hand_over(leaver, to=successor, by=factories.member(Role.ADMINISTRATOR))

    assert Membership.objects.live().filter(user=successor).count() == 1


def test_the_last_administrator_can_hand_over_through_a_colleague(world):
    leaver, other = factories.member(Role.ADMINISTRATOR), factories.member(Role.ADMINISTRATOR)
    successor = factories.user()
    leaving.hand_over(leaver, to=successor, by=other)

    assert access.roles(User.objects.get(pk=successor.pk)) == {Role.ADMINISTRATOR}


@pytest.mark.parametrize("wrong", ["self", "inactive"])
def test_a_successor_must_be_somebody_else_who_can_sign_in(leaver, wrong):
    successor = leaver if wrong == "self" else factories.user(is_active=False)

    with pytest.raises(leaving.CannotTakeOver):
        leaving.hand_over(leaver, to=successor, by=factories.member(Role.ADMINISTRATOR))


def test_whoever_could_not_end_the_roles_closes_no_account(world, leaver):
    stranger = factories.member(Role.PARTNER_MANAGER, organization=world.partner)

    with pytest.raises(access.NotAllowed):
        leaving.hand_over(leaver, to=factories.user(), by=stranger)
    with pytest.raises(access.NotAllowed):
        leaving.hand_over(factories.user(), to=factories.user(), by=stranger)
    with pytest.raises(access.NotAllowed):
        leaving.hand_over(leaver, to=factories.user(), by=leaver)
