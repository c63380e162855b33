"""Doing an act at another time, so that the demo's history has its own dates, and doing thousands of them quickly. For the demo alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from unittest import mock

from django.apps import apps
from django.db.models import CheckConstraint, Field
from django.utils import timezone

REAL = timezone.now


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """While this lasts ``timezone.now()`` says ``moment``, also where it is the default of a column."""

    def now() -> datetime:
        return moment

    with mock.patch.object(timezone, "now", now):
        _default(now)
        try:
            yield
        finally:
            _default(REAL)


@contextmanager
def left_to_the_database() -> Iterator[None]:
    """While this lasts check constraints are checked by the database alone and not in words beforehand: half of the loading time."""
    with mock.patch.object(CheckConstraint, "validate", return_value=None):
        yield


@cache
def _columns() -> list[Field]:  # type: ignore[type-arg]
    return [f for model in apps.get_models() for f in model._meta.local_fields if f.default is REAL]


def _default(value: object) -> None:
    for column in _columns():
        column.default = value
        column.__dict__.pop("_get_default", None)
