from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import keys
from accounts.models import ApiKey, AuditEvent, Organization, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner() -> Organization:
    return Organization.objects.create(name="Nile Youth Initiative", short_name="NYI", kind="partner", iati_type="22")


@pytest.fixture
def manager(partner) -> User:
    return User.objects.create_user("manager@nyi.example", name="Partner manager", organization=partner)


def _issue(partner: Organization, manager: User, **more: object) -> keys.Issued:
    return keys.create(organization=partner, name="NYI sync", expires_at=timezone.now() + timedelta(days=90), by=manager, **more)


def test_a_key_signs_in_as_its_own_service_user(partner, manager, django_assert_num_queries):
    issued = _issue(partner, manager, may_write=True)
    keys.authenticate(issued.secret)

    with django_assert_num_queries(1):
        key = keys.authenticate(issued.secret)
        assert key.service_user.api_key == key == issued.key
        assert key.organization == partner
    assert key.service_user.is_service
    assert not key.service_user.has_usable_password()


def test_the_secret_is_kept_nowhere(partner, manager):
    issued = _issue(partner, manager)

    assert issued.secret not in str(ApiKey.objects.values().get())
    assert not any(issued.secret.rpartition("_")[2] in event.detail for event in AuditEvent.objects.all())


@pytest.mark.parametrize("spoil", ["last letter", "prefix", "empty", "nul", "other scheme", "long"])
def test_what_is_not_the_secret_signs_nobody_in(partner, manager, spoil):
    secret = _issue(partner, manager).secret
    wrong = {
        "last letter": secret[:-1] + ("A" if secret[-1] != "A" else "B"),
        "prefix": "pb_zzzzzzzz_" + secret[12:],
        "empty": "",
        "nul": secret + "\x00",
        "other scheme": secret.replace("pb_", "xx_"),
        "long": secret * 1000,
    }[spoil]

    assert keys.authenticate(wrong) is None


def test_a_revoked_key_stops_at_once_and_says_who_ended_it(partner, manager):
    issued = _issue(partner, manager)
    keys.revoke(issued.key, by=manager)
    keys.revoke(issued.key, by=manager)

    assert keys.authenticate(issued.secret) is None
    assert issued.key.revoked_by == manager
    assert AuditEvent.objects.filter(event="key.revoked").count() == 1


def test_a_key_past_its_end_signs_nobody_in(partner, manager, time_machine):
    issued = _issue(partner, manager)
    time_machine.move_to(timezone.now() + timedelta(days=91))

    assert keys.authenticate(issued.secret) is None


def test_a_key_of_an_organization_that_is_switched_off_signs_nobody_in(partner, manager):
    issued = _issue(partner, manager)
    Organization.objects.update(is_active=False)

    assert keys.authenticate(issued.secret) is None


@pytest.mark.parametrize("days", [-1, 0, 400])
def test_an_end_within_a_year_is_required(partner, manager, days):
    with pytest.raises(keys.KeyRefused):
        keys.create(organization=partner, name="x", expires_at=timezone.now() + timedelta(days=days), by=manager)


def test_a_key_that_submits_must_write(partner, manager):
    with pytest.raises(ValidationError):
        _issue(partner, manager, may_submit=True)
    assert not User.objects.filter(is_service=True).exists()


def test_a_key_makes_no_key(partner, manager):
    service = _issue(partner, manager).key.service_user

    with pytest.raises(keys.KeyRefused):
        _issue(partner, service)


def test_use_is_noted_once_a_day(partner, manager):
    issued = _issue(partner, manager)
    keys.authenticate(issued.secret)

    issued.key.refresh_from_db()
    assert issued.key.last_used_on == timezone.localdate()
