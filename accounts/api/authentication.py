"""Who calls: an organization's key in the Authorization header, or a session in the browser."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from accounts import keys
from accounts.models import ApiKey, User


class BearerKey(BaseAuthentication):
    """``Authorization: Bearer <key>``. First in the list, so that whoever is not signed in gets 401 and not 403."""

    def authenticate(self, request: Any) -> tuple[User, ApiKey] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        secret = words[1].decode("latin-1") if len(words) == 2 else ""
        key = keys.authenticate(secret)
        if key is None:
            raise AuthenticationFailed(_("This key is not known here, was revoked, or has ended."))
        return key.service_user, key

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="api"'


class Session(SessionAuthentication):
    """The browser's own session, with the CSRF token on every write."""
