"""Language and time zone: what a person chose counts in every browser; before signing in, the browser's language does."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.models import User


class PreferencesMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User) and not user.is_authenticated:
            return self.get_response(request)
        translation.activate(user.language)
        request.LANGUAGE_CODE = translation.get_language() or user.language
        with timezone.override(_zone(user.time_zone)):
            return self.get_response(request)


def change(user: User, *, name: str, language: str, time_zone: str) -> None:
    """Keep what a person chose for himself."""
    user.name, user.language, user.time_zone = name, language, time_zone
    user.full_clean(exclude=["password"])
    user.save(update_fields=["name", "language", "time_zone"])


def zones() -> list[tuple[str, str]]:
    """Time zones as a list to choose from, in the order of their names."""
    return [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones()) if "/" in name or name == "UTC"]


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
