"""Database constraints that several apps word alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from django.db.models import BigIntegerField, CheckConstraint, DateField, F, Field, Model, Q, UniqueConstraint, Value
from django.db.models.functions import Coalesce
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

M = TypeVar("M", bound=Model)


def both_or_neither(first: str, second: str, *, name: str) -> CheckConstraint:
    """Two fields that travel together, such as when and by whom: both filled or both empty."""
    together = Q(**{f"{first}__isnull": True, f"{second}__isnull": True}) | Q(**{f"{first}__isnull": False, f"{second}__isnull": False})
    return CheckConstraint(
        condition=together,
        name=name,
        violation_error_message=format_lazy(_("{first} and {second} go together: give both or neither."), first=first, second=second),
    )


def choices_held(*fields: str) -> Callable[[type[M]], type[M]]:
    """Class decorator: the database, too, refuses what is not on the list of choices of these fields.

    A ``Meta`` class cannot see the ``TextChoices`` beside it, so the constraints are added once the model stands.
    """

    def add(model: type[M]) -> type[M]:
        options = model._meta
        held = [
            CheckConstraint(
                condition=Q(**{f"{name}__in": _values(options.get_field(name))}),
                name=f"{options.model_name}_{name}_listed",
                violation_error_message=format_lazy(_("{field} has a value that is not on its list."), field=name),
            )
            for name in fields
        ]
        options.constraints = [*options.constraints, *held]
        options.original_attrs.setdefault("constraints", options.constraints)
        return model

    return add


def _values(field: Any) -> list[Any]:
    listed = [value for value, _label in field.flatchoices]
    return listed if not field.blank or field.null or "" in listed else ["", *listed]


def once(*fields: str, empty: dict[str, Any], name: str, message: Any = None) -> UniqueConstraint:
    """Unique with empty counted as a value like any other, on every database.

    ``empty`` maps each field that may be NULL to what stands for it in the index: 0 for a relation, ``date.min`` for a date.
    ``nulls_distinct=False`` would say the same, but SQLite then creates no constraint at all.
    """
    expressions = [
        Coalesce(F(field), Value(empty[field], _plain(empty[field])), output_field=_plain(empty[field])) if field in empty else F(field)
        for field in fields
    ]
    words = {"violation_error_message": message} if message is not None else {}
    return UniqueConstraint(*expressions, name=name, **words)


def _plain(value: Any) -> Field[Any, Any]:
    return DateField() if isinstance(value, date) else BigIntegerField()


def in_order(earlier: str, later: str, *, name: str) -> CheckConstraint:
    """A span of dates ends on or after it begins; an open end passes."""
    return CheckConstraint(
        condition=Q(**{f"{later}__isnull": True}) | Q(**{f"{earlier}__isnull": True}) | Q(**{f"{later}__gte": F(earlier)}),
        name=name,
        violation_error_message=format_lazy(_("{later} must not be before {earlier}."), earlier=earlier, later=later),
    )
