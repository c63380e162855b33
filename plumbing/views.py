"""Addresses that belong to no part of the field."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static


def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers and admin pages ask for it whatever the page says."""
    return redirect(static("portal/favicon.svg"))
