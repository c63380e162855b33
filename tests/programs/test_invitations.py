from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from programs import access, invitations
from programs.models import Invitation
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "seven green boats went north"


@pytest.fixture
def partner():
    return factories.partner("Nile Youth Initiative")


@pytest.fixture
def manager(partner) -> User:
    return factories.member(Role.PARTNER_MANAGER, organization=partner)


def _invite(partner, manager, **more: object) -> tuple[Invitation, str]:
    values = {"email": "Ayen@nyi.example", "name": "Ayen", "role": Role.PARTNER_REPORTER, "organization": partner, **more}
    row = invitations.invite(employer=partner, by=manager, **values)
    return row, re.search(r"/invitation/([\w-]+)/", mail.outbox[-1].body)[1]


def test_an_invitation_makes_an_account_with_a_proven_address_and_the_role(partner, manager):
    _row, token = _invite(partner, manager)
    user = invitations.accept(token, name="Ayen D.", password=PASSWORD, time_zone="Africa/Juba")

    assert mail.outbox[-1].to == ["ayen@nyi.example"]
    assert (user.email, user.organization, user.time_zone) == ("ayen@nyi.example", partner, "Africa/Juba")
    assert user.emailaddress_set.get().verified
    assert access.roles(user) == {Role.PARTNER_REPORTER}
    assert user.memberships.get().given_by == manager
    assert token not in str(Invitation.objects.values().get())


def test_a_link_works_once(partner, manager):
    _row, token = _invite(partner, manager)
    invitations.accept(token, name="Ayen", password=PASSWORD)

    with pytest.raises(invitations.InvitationClosed):
        invitations.accept(token, name="Somebody else", password=PASSWORD)
    with pytest.raises(invitations.InvitationClosed):
        invitations.find(token)


@pytest.mark.parametrize("why", ["past its date", "withdrawn", "inviter gone", "inviter without the right", "wrong link", "invited again"])
def test_a_closed_invitation_opens_no_account(partner, manager, why):
    row, token = _invite(partner, manager)
    if why == "past its date":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif why == "withdrawn":
        invitations.withdraw(row, by=manager)
    elif why == "inviter gone":
        User.objects.filter(pk=manager.pk).update(is_active=False)
    elif why == "inviter without the right":
        manager.memberships.all().delete()
    elif why == "invited again":
        _invite(partner, manager)
    else:
        token = token[:-1] + ("a" if token[-1] != "a" else "b")

    with pytest.raises(invitations.InvitationClosed):
        invitations.accept(token, name="Ayen", password=PASSWORD)
    assert not User.objects.filter(email="ayen@nyi.example").exists()


def test_nobody_invites_to_a_role_that_he_could_not_give(partner, manager):
    for more in ({"role": Role.ADMINISTRATOR, "organization": None}, {"organization": factories.partner()}):
        with pytest.raises(access.NotAllowed):
            _invite(partner, manager, **more)
    assert not mail.outbox
    assert not Invitation.objects.exists()


def test_a_role_without_its_scope_is_refused_when_inviting(partner):
    with pytest.raises(ValidationError):
        _invite(partner, factories.member(Role.ADMINISTRATOR), role=Role.DONOR_VIEWER, organization=None)


def test_a_mail_that_cannot_be_sent_leaves_no_open_door(partner, manager, monkeypatch):
    monkeypatch.setattr("programs.invitations.EmailMessage.send", lambda self: (_ for _ in ()).throw(OSError("refused")))

    with pytest.raises(invitations.InvitationNotSent):
        _invite(partner, manager)
    assert not Invitation.objects.open().exists()


def test_somebody_with_an_account_signs_in_to_accept(partner, manager):
    known = factories.user()
    _row, token = _invite(partner, manager, email=known.email)

    with pytest.raises(ValidationError):
        invitations.accept(token, name="Thief", password=PASSWORD)
    with pytest.raises(invitations.InvitationClosed):
        invitations.accept_as(token, factories.user())
    invitations.accept_as(token, known)
    assert access.roles(known) == {Role.PARTNER_REPORTER}


def test_the_mail_speaks_the_language_of_the_invited(partner, manager):
    _invite(partner, manager, language="fr")

    assert Invitation.objects.get().language == "fr"
