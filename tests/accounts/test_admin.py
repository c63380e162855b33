"""The admin: for those who set the portal up, and never a window on secrets or case files."""

import pytest
from django.contrib import admin

from accounts.models import PracticeValue
from accounts.roles import Role
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.PROGRAM_MANAGER, Role.PARTNER_MANAGER, Role.DONOR_VIEWER])
def test_only_those_who_set_the_portal_up_enter(client, role):
    scope = {} if role == Role.ADMINISTRATOR else {"organization": factories.partner()}
    client.force_login(factories.member(role, **scope))
    assert (client.get("/admin/").status_code == 200) == (role == Role.ADMINISTRATOR)


def test_nothing_that_shows_a_second_factor_or_a_session_is_registered():
    shown = {model._meta.label for model in admin.site._registry}
    assert not shown & {"mfa.Authenticator", "usersessions.UserSession", "account.EmailAddress", "account.EmailConfirmation"}


def test_practice_values_are_looked_up_here_and_changed_on_their_page(client):
    client.force_login(factories.member(Role.ADMINISTRATOR))
    row = PracticeValue.objects.get(key="jump-factor")
    assert client.get(f"/admin/accounts/practicevalue/{row.pk}/change/").status_code == 200
    assert client.post(f"/admin/accounts/practicevalue/{row.pk}/change/", {"value": "4"}).status_code == 403
    row.refresh_from_db()
    assert row.value == row.seeded
