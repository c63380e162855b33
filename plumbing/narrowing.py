"""What a person looks at alone for a while: chosen in the top bar, kept in the session, asked where lists are made.

It only narrows. What one may see is decided elsewhere, and the API knows nothing of it.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

Rows = TypeVar("Rows", bound=QuerySet[Any])


def chosen(request: HttpRequest) -> int | None:
    return request.session.get("scope")


def choose(request: HttpRequest, key: int | None, name: str = "") -> None:
    """Look at one alone from now on; without a key at all of them again."""
    for kept in ("scope", "scope_name"):
        request.session.pop(kept, None)
    if key is not None:
        request.session["scope"], request.session["scope_name"] = key, name


def narrow(rows: Rows, request: HttpRequest) -> Rows:
    """The rows that belong to what was chosen, and the page says so; rows that can belong to none (``narrowed_to``) stay whole."""
    key = chosen(request)
    if key is None or not hasattr(rows, "narrowed_to"):
        return rows
    request.narrowed_to = request.session["scope_name"]  # type: ignore[attr-defined]
    narrowed: Rows = rows.narrowed_to(key)
    return narrowed


def offer(form: Any, request: HttpRequest) -> None:
    """Offer in the drop-downs of a list's filter only what belongs to what was chosen; what can belong to none is offered whole."""
    key = chosen(request)
    if key is None:
        return
    for field in form.fields.values():
        rows = getattr(field, "queryset", None)
        if rows is not None and hasattr(rows, "narrowed_to"):
            field.queryset = rows.narrowed_to(key)
            field.error_messages["invalid_choice"] = _(
                "Choose one of the list: it holds only what belongs to the program chosen at the top."
            )


def told(request: HttpRequest) -> str:
    """The name of what this page was narrowed to; empty where it shows everything."""
    return getattr(request, "narrowed_to", "")
