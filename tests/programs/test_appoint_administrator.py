"""How the first person comes into a fresh portal."""

import io

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent, Organization, User
from accounts.roles import Role
from programs import access

pytestmark = pytest.mark.django_db
FIRST = ("appoint_administrator", "Amina@Example.org", "--name", "Amina K.", "--agency", "Migration Agency")


@pytest.fixture
def typed(monkeypatch):
    def answer(password):
        monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))

    return answer


def test_a_fresh_portal_gets_its_agency_and_an_administrator_who_can_sign_in(client, typed):
    typed("correct-horse-battery-9")
    call_command(*FIRST, stdout=io.StringIO())
    user = User.objects.get()
    assert (user.email, user.organization) == ("amina@example.org", Organization.objects.get(kind="agency"))
    assert access.roles(user) == {Role.ADMINISTRATOR}
    assert user.check_password("correct-horse-battery-9")
    assert EmailAddress.objects.get(user=user).verified
    assert AuditEvent.objects.filter(event="membership.given").count() == 1


def test_a_weak_password_leaves_nothing_behind(typed):
    typed("short")
    with pytest.raises(CommandError, match="too short"):
        call_command(*FIRST)
    assert not User.objects.exists()
    assert not Organization.objects.exists()


def test_what_is_missing_is_asked_for():
    with pytest.raises(CommandError, match="--agency"):
        call_command("appoint_administrator", "amina@example.org", "--name", "Amina K.")
