"""The only way to an account: an invitation by e-mail, which names the role that is given when it is accepted."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from smtplib import SMTPException

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import audit, practice
from accounts.models import Organization, User
from accounts.roles import Role
from locations.models import Place
from programs import access
from programs.models import Invitation, Membership, Program, Project


class InvitationClosed(Exception):
    """Unknown, used, withdrawn or past its date; which of these is not told to who holds the link."""


class InvitationNotSent(Exception):
    """The mail could not be handed over; the invitation is withdrawn again."""


def invite(
    *, email: str, name: str, role: Role | str, employer: Organization, by: User, organization: Organization | None = None,
    program: Program | None = None, project: Project | None = None, place: Place | None = None, language: str = "",
) -> Invitation:  # fmt: skip
    """Send somebody a link. A new invitation to the same address takes the place of the open one.

    Raises access.NotAllowed where the inviter could not give the role himself, InvitationNotSent where the mail fails.
    """
    token = secrets.token_urlsafe(32)
    row = Invitation(
        email=email.strip().lower(), name=name, role=Role(role), employer=employer, organization=organization, program=program,
        project=project, place=place, language=language or employer.language, token_hash=_hashed(token), invited_by=by,
        expires_at=timezone.now() + timedelta(days=practice.whole("invitation-days")),
    )  # fmt: skip
    access.require_to_give(by, _membership(row))
    with transaction.atomic():
        Invitation.objects.filter(email=row.email, accepted_at__isnull=True, withdrawn_at__isnull=True).update(withdrawn_at=timezone.now())
        row.full_clean()
        _membership(row).full_clean(exclude=["user"])
        row.save()
        audit.record("invitation.sent", [row, employer], by=by, role=row.role)
    try:
        _send(row, token)
    except (SMTPException, OSError) as problem:
        withdraw(row, by=by)
        raise InvitationNotSent(_("The mail could not be sent. Try again later, or tell whoever runs the portal.")) from problem
    return row


def withdraw(invitation: Invitation, *, by: User) -> None:
    """Close an open invitation; one that was accepted stays as it is."""
    if by.pk != invitation.invited_by_id:
        access.require_to_give(by, _membership(invitation))
    with transaction.atomic():
        if Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, withdrawn_at__isnull=True).update(
            withdrawn_at=timezone.now()
        ):
            audit.record("invitation.withdrawn", [invitation], by=by)
    invitation.refresh_from_db()


def find(token: str) -> Invitation:
    """The open invitation behind a link. Raises InvitationClosed."""
    row = Invitation.objects.open().select_related("employer", "organization", "invited_by").filter(token_hash=_hashed(token)).first()
    if row is None or not row.invited_by.is_active or not access.may_give(row.invited_by, _membership(row)):
        raise InvitationClosed(_("This invitation is not open any more. Ask for a new one."))
    return row


def account_of(invitation: Invitation) -> User | None:
    """The account that already has the invited address; its owner signs in to accept."""
    return User.objects.filter(email__iexact=invitation.email).first()


def accept(token: str, *, name: str, password: str, time_zone: str = "UTC", language: str = "") -> User:
    """Make the account and give the role. Following the link proves the address. Raises InvitationClosed, ValidationError."""
    with transaction.atomic():
        row = _locked(token)
        if account_of(row) is not None:
            raise ValidationError(_("This address has an account already. Sign in with it to accept."))
        user = User.objects.create_user(
            row.email, password, name=name, organization=row.employer, language=language or row.language, time_zone=time_zone
        )
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        _close(row, user)
    return user


def accept_as(token: str, user: User) -> User:
    """Give the role to somebody who has an account already; only the owner of the invited address may."""
    with transaction.atomic():
        row = _locked(token)
        if user.email.lower() != row.email or not user.is_active:
            raise InvitationClosed(_("This invitation is for another address."))
        _close(row, user)
    return user


def _close(row: Invitation, user: User) -> None:
    row.accepted_at, row.accepted_by = timezone.now(), user
    row.save(update_fields=["accepted_at", "accepted_by"])
    audit.record("invitation.accepted", [row, user], by=user, role=row.role)
    access.give(
        user=user,
        role=row.role,
        by=row.invited_by,
        organization=row.organization,
        program=row.program,
        project=row.project,
        place=row.place,
    )


def _locked(token: str) -> Invitation:
    """The open invitation, held until the end of the transaction: two browsers with one link make one account."""
    row = find(token)
    locked = Invitation.objects.select_for_update(of=("self",)).select_related("invited_by", "employer").filter(pk=row.pk).first()
    if locked is None or locked.accepted_at is not None or locked.withdrawn_at is not None:
        raise InvitationClosed(_("This invitation is not open any more. Ask for a new one."))
    return locked


def _membership(row: Invitation) -> Membership:
    return Membership(
        role=row.role, organization=row.organization, program=row.program, project=row.project, place=row.place, given_by=row.invited_by
    )


def _send(row: Invitation, token: str) -> None:
    link = settings.PORTAL_ADDRESS.rstrip("/") + reverse("invitation", args=[token])
    with translation.override(row.language):
        text = render_to_string("programs/invitation.txt", {"invitation": row, "link": link})
        EmailMessage(gettext("An account for you"), text, to=[row.email]).send()


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
