"""Signing in: nobody opens an account by himself, and who signs in or fails to is on record."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.signals import password_changed, password_reset, user_logged_out
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import audit
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """An account comes from an invitation (``programs/invitations.py``) and from nowhere else."""
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whoever must set up a second factor has just given the password: it is not asked again until there is one."""
        user = self.request.user
        if app == "allauth.mfa" and user.is_authenticated and not Authenticator.objects.filter(user_id=user.pk).exists():
            return False
        return super().is_reauthentication_required(app=app, **kwargs)


@receiver(user_logged_in)
def _signed_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    audit.record("sign_in.done", [user], by=user)


@receiver(user_logged_out)
def _signed_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        audit.record("sign_in.ended", [user], by=user)


@receiver(user_login_failed)
def _failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """The address that was tried stays out of the log unless it is an account's: people type passwords into the wrong field."""
    tried = str(credentials.get("email") or credentials.get("username") or "")
    user = User.objects.filter(email__iexact=tried).only("pk").first() if tried else None
    audit.record("sign_in.failed", [user] if user else [], by=AnonymousUser())


@receiver(authentication_failed)
def _second_factor_failed(sender: Any, user: User, **kwargs: Any) -> None:
    audit.record("second_factor.failed", [user], by=AnonymousUser())


@receiver(authenticator_added)
def _second_factor_added(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    audit.record("second_factor.added", [user], by=user, kind=authenticator.type)


@receiver(authenticator_removed)
def _second_factor_removed(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    audit.record("second_factor.removed", [user], by=user, kind=authenticator.type)


@receiver(authenticator_reset)
def _codes_made_anew(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    audit.record("second_factor.reset", [user], by=user, kind=authenticator.type)


@receiver(password_changed)
def _password_changed(sender: Any, user: User, **kwargs: Any) -> None:
    audit.record("password.changed", [user], by=user)


@receiver(password_reset)
def _password_reset(sender: Any, user: User, **kwargs: Any) -> None:
    audit.record("password.reset", [user], by=user)
