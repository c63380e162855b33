"""Doing an act at another time, so that the demo's history has its own dates. Used by the demo alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest import mock

from django.apps import apps
from django.db.models import Field
from django.utils import timezone

REAL = timezone.now


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """While this lasts ``timezone.now()`` says ``moment``, also where it is the default of a column."""

    def now() -> datetime:
        return moment

    columns = [f for model in apps.get_models() for f in model._meta.local_fields if f.default is REAL]
    with mock.patch.object(timezone, "now", now):
        _default(columns, now)
        try:
            yield
        finally:
            _default(columns, REAL)


def _default(columns: list[Field], value: object) -> None:  # type: ignore[type-arg]
    for column in columns:
        column.default = value
        column.__dict__.pop("_get_default", None)
