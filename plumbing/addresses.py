"""Addresses: how they are completed (pages get their last slash, the API does not), and the numbers that they name."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, QueryDict
from django.middleware import common

from plumbing.problems import is_for_programs

NUL = "\x00"


def number_in(text: str | None) -> int | None:
    """The number of a record or a version as an address or a form names it; None for what is no such number.

    ``str.isdigit`` takes "²" for a digit and then ``int`` fails; a number of more than 18 digits fails in the database.
    """
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else None


class CommonMiddleware(common.CommonMiddleware):
    """Django's own, without the redirect to the last slash under /api/: a redirected POST would lose its body."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return not is_for_programs(request) and super().should_redirect_with_slash(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """A NUL names nothing and no form sends one: SQLite looks for it and finds nothing, PostgreSQL fails. The API says which of
        its values holds one."""
        if NUL in request.path_info:
            raise Http404
        if not is_for_programs(request) and any(_holds_nul(values) for values in (request.GET, request.POST)):
            raise SuspiciousOperation("a NUL in what was sent")


def _holds_nul(values: QueryDict) -> bool:
    return any(NUL in text for name, given in values.lists() for text in (name, *given) if isinstance(text, str))
