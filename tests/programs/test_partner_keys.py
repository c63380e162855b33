from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import keys
from accounts.roles import Permission, Role
from programs import access, partner_keys
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def manager(world):
    return factories.member(Role.PARTNER_MANAGER, organization=world.partner)


def _issue(world, manager, **more: object) -> keys.Issued:
    until = timezone.now() + timedelta(days=30)
    return partner_keys.issue(organization=world.partner, name="sync", expires_at=until, by=manager, **more)


def _words(issued: keys.Issued) -> set[str]:
    return set(access.words(keys.authenticate(issued.secret).service_user))


def test_a_key_reads_the_partners_data_and_writes_only_where_it_says_so(world, manager):
    reading, writing = _words(_issue(world, manager)), _words(_issue(world, manager, may_write=True))
    submitting = _words(_issue(world, manager, may_write=True, may_submit=True))

    assert Permission.READ_RAW in reading
    assert all(word.startswith("read_") for word in reading)
    assert writing - reading >= {Permission.ENTER_FIGURES, Permission.RECORD_ACTIVITIES}
    assert submitting - writing == {Permission.SUBMIT_FIGURES}
    assert not submitting & {Permission.REVIEW_FIGURES, Permission.SIGN_OFF_FIGURES, Permission.INVITE, Permission.MANAGE_KEYS}


def test_a_key_can_be_kept_to_one_project(world, manager):
    user = keys.authenticate(_issue(world, manager, project=world.project).secret).service_user

    assert access.allows(user, Permission.READ_RAW, project=world.project, partner=world.partner)
    assert not access.allows(user, Permission.READ_RAW, project=factories.world().project, partner=world.partner)


def test_a_key_of_the_agency_never_reviews(world):
    issued = partner_keys.issue(
        organization=factories.agency(), name="warehouse", expires_at=timezone.now() + timedelta(days=9), may_write=True, may_submit=True,
        by=factories.member(Role.ADMINISTRATOR),
    )  # fmt: skip

    assert not _words(issued) & {Permission.REVIEW_FIGURES, Permission.REOPEN_FIGURES, Permission.EDIT_FRAMEWORK}


def test_a_manager_keeps_the_keys_of_the_own_organization_only(world, manager):
    other = factories.world()
    theirs = _issue(other, factories.member(Role.PARTNER_MANAGER, organization=other.partner)).key

    with pytest.raises(access.NotAllowed):
        _issue(other, manager)
    with pytest.raises(access.NotAllowed):
        partner_keys.revoke(theirs, by=manager)
    assert list(partner_keys.visible_to(manager)) == []
    assert list(partner_keys.visible_to(factories.member(Role.ADMINISTRATOR))) == [theirs]
    assert not partner_keys.visible_to(factories.member(Role.PARTNER_REPORTER, organization=other.partner)).exists()


def test_a_revoked_key_gives_nothing_to_who_still_holds_its_user(world, manager):
    issued = _issue(world, manager)
    user = keys.authenticate(issued.secret).service_user
    partner_keys.revoke(issued.key, by=manager)

    access.forget(user)
    assert keys.authenticate(issued.secret) is None
    assert not access.words(type(user).objects.get(pk=user.pk))
