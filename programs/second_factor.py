"""A second factor where a person's role asks for one: set up at the first sign-in, shown in every session, never taken off."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.internal.flows import login
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _

from programs import access

# What stays open until the second factor is shown: what is needed to show it, to leave, and to read the page at all.
OPEN = frozenset(
    {
        "account_login", "account_logout", "account_reauthenticate", "mfa_reauthenticate", "mfa_authenticate", "mfa_activate_totp",
        "set_language", "favicon", "invitation",
    }
)  # fmt: skip


class SecondFactorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if request.headers.get("HX-Request") and not request.user.is_authenticated and _leads_to_sign_in(answer):
            return _for_a_part(request, answer["Location"])
        return answer

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        user = request.user
        if not user.is_authenticated or (match is not None and match.view_name in OPEN):
            return None
        if not access.needs_second_factor(user) or shown(request):
            return None
        if request.path.startswith("/api/"):
            words = _("Your role asks for a second factor. Sign in with it in the browser first.")
            return JsonResponse(
                {"type": "about:blank", "title": _("Second factor missing"), "status": 403, "detail": words},
                status=403,
                content_type="application/problem+json",
            )
        has_one = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists()
        page = "mfa_reauthenticate" if has_one else "mfa_activate_totp"
        after = urlencode({"next": request.get_full_path()}) if request.method == "GET" and has_one else ""
        address = reverse(page) + (f"?{after}" if after else "")
        if request.headers.get("HX-Request"):
            return _for_a_part(request, address)
        return HttpResponseRedirect(resolve_url(address))


def _leads_to_sign_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and urlsplit(answer["Location"]).path == resolve_url(settings.LOGIN_URL)


def _for_a_part(request: HttpRequest, address: str) -> HttpResponse:
    """A page asks for its parts by itself, so the answer leaves the page as it is, with what was typed in it; an act leads to signing in."""
    if request.method == "GET":
        return HttpResponse(status=401)
    return HttpResponse(status=204, headers={"HX-Redirect": address})


def shown(request: HttpRequest) -> bool:
    """Whether a second factor was shown in this session."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def show(session: SessionBase, user: Any) -> None:
    """Mark a session that a program made, for measuring or testing, as one that showed the second factor."""
    session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time()}]
    session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = login.user_id_to_str(user)
    session.save()


@receiver(authenticator_added)
def _count_the_set_up_as_shown(request: HttpRequest, user: Any, authenticator: Authenticator, **kwargs: Any) -> None:
    """Whoever just proved the new factor with a code has shown it; allauth itself makes no such record."""
    if authenticator.type == Authenticator.Type.TOTP:
        record_authentication(request, user, method="mfa", id=authenticator.pk, type=authenticator.type)


class SecondFactorAdapter(DefaultMFAAdapter):
    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """A role that asks for a second factor keeps it."""
        return not access.needs_second_factor(authenticator.user)
