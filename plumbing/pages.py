"""Keyset pages: a list is cut where the last row stood, never by counting rows.

A page costs the same at row 20 and at row 1,000,000, and a row that arrives meanwhile moves nothing. Rows without a value
come last in both directions, on both databases alike. The order always ends in the primary key, so that no two rows are equal.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _

ROWS = 25
LARGEST_CURSOR = 2000  # characters; a real one is below 300
EARLIEST, LATEST = 1000, 9998  # years that both databases and every time zone can hold


class CursorError(ValueError):
    """The address holds a page mark that no page of this list gave out."""


@dataclass(frozen=True)
class Key:
    """One column of the order. ``backward`` is descending; rows without a value come last either way."""

    name: str
    backward: bool = False

    def opposite(self) -> Key:
        return Key(self.name, not self.backward)


@dataclass(frozen=True)
class Page:
    """``rows`` as the queryset gave them (instances, dicts or tuples); the marks are None at the ends."""

    rows: list[Any]
    next: str | None
    previous: str | None
    size: int = field(default=ROWS)

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def keys(ordering: Sequence[str], *, unique: str = "pk") -> tuple[Key, ...]:
    """``["-due", "project__code"]`` as keys that end in a unique column."""
    made = [Key(name.removeprefix("-"), name.startswith("-")) for name in ordering]
    if unique not in {key.name for key in made}:
        made.append(Key(unique, made[-1].backward if made else False))
    return tuple(made)


def page(rows: QuerySet[Any], order: Sequence[Key], *, cursor: str | None = None, size: int = ROWS) -> Page:
    """One page of ``rows`` in ``order``, after or before the row that ``cursor`` marks. One query.

    Works on instances and on ``.values()`` rows that include the order's columns. Raises ``CursorError`` on a mark that is
    not of this order.
    """
    back, values = read_mark(cursor, order, rows.model) if cursor else (False, None)
    way = tuple(_turned(order)) if back else tuple((key, True) for key in order)
    wanted = rows.order_by(*(_order_by(key, nulls_last, rows.model) for key, nulls_last in way))
    if values is not None:
        wanted = wanted.filter(_after(way, values))
    found = list(wanted[: size + 1])
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    if not found:
        return Page([], None, None, size)
    has_next = back or more
    has_previous = more if back else values is not None
    return Page(
        found,
        mark(found[-1], order) if has_next else None,
        mark(found[0], order, back=True) if has_previous else None,
        size,
    )


def order_by(order: Sequence[Key]) -> list[Any]:
    """The same order without pages, for a file of the whole list."""
    return [_order_by(key, nulls_last=True) for key in order]


def mark(row: Any, order: Sequence[Key], *, back: bool = False) -> str:
    """Where ``row`` stands in ``order``, as text for an address; it holds the row's own values and nothing secret."""
    values = [_written(_value(row, key.name)) for key in order]
    text = json.dumps([1 if back else 0, *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_mark(cursor: str, order: Sequence[Key], model: Any) -> tuple[bool, list[Any]]:
    """The direction and the values of a mark, each checked against its column."""
    if len(cursor) > LARGEST_CURSOR:
        raise CursorError(_("This page mark is too long."))
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        parts = json.loads(text, parse_float=_no_float)
    except (binascii.Error, ValueError, RecursionError) as wrong:
        raise CursorError(_("This page mark is damaged.")) from wrong
    if not isinstance(parts, list) or len(parts) != len(order) + 1 or parts[0] not in (0, 1) or isinstance(parts[0], bool):
        raise CursorError(_("This page mark belongs to another list."))
    return parts[0] == 1, [_checked(value, key.name, model) for value, key in zip(parts[1:], order, strict=True)]


def _turned(order: Sequence[Key]) -> list[tuple[Key, bool]]:
    return [(key.opposite(), False) for key in order]


def _order_by(key: Key, nulls_last: bool, model: Any = None) -> Any:
    column = F(key.name)
    if _is_never_empty(model, key.name):
        return column.desc() if key.backward else column.asc()  # PostgreSQL walks an index only in the very order it was made in
    ends = {"nulls_last": True} if nulls_last else {"nulls_first": True}
    return column.desc(**ends) if key.backward else column.asc(**ends)


def _is_never_empty(model: Any, name: str) -> bool:
    """A column of the listed model itself that holds no NULL."""
    if model is None:
        return False
    own = model._meta.pk if name == "pk" else next((one for one in model._meta.concrete_fields if name in (one.name, one.attname)), None)
    return own is not None and not own.null


def _after(way: Sequence[tuple[Key, bool]], values: Sequence[Any]) -> Q:
    """Rows behind ``values``: equal in the first columns and further in the next one."""
    behind, equal = Q(pk__in=[]), Q()
    for (key, nulls_last), value in zip(way, values, strict=True):
        further = _further(key, nulls_last, value)
        if further is not None:
            behind |= equal & further
        equal &= Q(**{f"{key.name}__isnull": True}) if value is None else Q(**{key.name: value})
    return behind


def _further(key: Key, nulls_last: bool, value: Any) -> Q | None:
    if value is None:
        return None if nulls_last else Q(**{f"{key.name}__isnull": False})
    beyond = Q(**{f"{key.name}__{'lt' if key.backward else 'gt'}": value})
    return beyond | Q(**{f"{key.name}__isnull": True}) if nulls_last else beyond


def _value(row: Any, name: str) -> Any:
    if isinstance(row, dict):
        return row["id"] if name == "pk" and "pk" not in row else row[name]
    for part in name.split("__"):
        row = getattr(row, part) if row is not None else None
    return row


def _written(value: Any) -> Any:
    if value is None or (isinstance(value, (int, str)) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)


def _checked(value: Any, name: str, model: Any) -> Any:
    """A value from an address as its column reads it; garbage, NUL and impossible dates are refused here, not by the database."""
    if value is None:
        return None
    if isinstance(value, (list, dict, bool)) or (isinstance(value, str) and "\x00" in value):
        raise CursorError(_("This page mark is damaged."))
    column = _column(model, name)
    if column is None:
        return value
    try:
        if column.get_internal_type() in {"DateTimeField", "DateField"}:
            moment = (parse_datetime if column.get_internal_type() == "DateTimeField" else parse_date)(str(value))
            if moment is None or not EARLIEST < moment.year < LATEST:
                raise CursorError(_("This page mark is damaged."))
            return moment
        if "Integer" in column.get_internal_type() or "AutoField" in column.get_internal_type():
            number = int(value)
            if abs(number) >= 2**63:
                raise CursorError(_("This page mark is damaged."))
            return number
        return column.to_python(Decimal(value) if isinstance(value, int) and hasattr(column, "decimal_places") else value)
    except (ValidationError, ValueError, TypeError, OverflowError) as wrong:
        raise CursorError(_("This page mark is damaged.")) from wrong


def _column(model: Any, name: str) -> Any:
    """The model field behind an order key, through relations; None for an annotation."""
    column = None
    for part in name.split("__"):
        if model is None:
            return None
        found = (
            model._meta.pk
            if part == "pk"
            else next((f for f in model._meta.get_fields() if f.name == part or getattr(f, "attname", "") == part), None)
        )
        if found is None:
            return None
        column, model = found, getattr(found, "related_model", None)
    return getattr(column, "target_field", column) if column is not None and column.is_relation else column


def _no_float(text: str) -> Any:
    raise ValueError(f"{text} is not in any page mark")
