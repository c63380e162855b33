"""The program that a person looks at: kept in the session, asked of every page that gathers."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from programs.models import Program

Row = TypeVar("Row", bound=Model)


def chosen(request: HttpRequest) -> int | None:
    """The program's key, or None for all of them. What one may see is decided elsewhere: this only narrows."""
    return request.session.get("scope")


def narrow(rows: QuerySet[Row], request: HttpRequest, path: str) -> QuerySet[Row]:
    key = chosen(request)
    return rows if key is None else rows.filter(**{path: key})


def choose(request: HttpRequest, program: Program | None) -> None:
    kept: dict[str, Any] = {"scope": program and program.pk, "scope_name": program and program.name}
    for name, value in kept.items():
        if value is None:
            request.session.pop(name, None)
        else:
            request.session[name] = value
