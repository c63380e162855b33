"""Several querysets in one question to the database, for a page that shows a few rows of many tables.

    contacts, plans = case.contacts.select_related("recorded_by")[:5], case.plans.all()
    fetch(contacts, plans)        # one query; both are now evaluated and give the model instances they always give

Each queryset becomes one named subquery whose rows come back as JSON; Django's own converters and iterables then make of them what
they make of rows that came alone. ``prefetch_related`` is refused: it would ask again.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models import QuerySet

# Types whose JSON text PostgreSQL's driver would have given as an object of Python, which the field makes of the text as well.
AS_TEXT = frozenset({"DateField", "DateTimeField", "TimeField", "UUIDField"})


def fetch(*querysets: QuerySet[Any]) -> None:
    """Evaluate the querysets with one query; what is evaluated already, and what cannot have rows, is left as it is."""
    wanted = [rows for rows in querysets if rows._result_cache is None and not rows.query.is_empty()]
    for rows in wanted:
        if rows._prefetch_related_lookups:  # type: ignore[attr-defined]
            raise TypeError("together.fetch() prefetches nothing: fetch the related rows as a queryset of their own.")
    parts = [part for number, rows in enumerate(wanted) if (part := _part(rows, number)) is not None]
    if not parts:
        return
    sql = f"WITH {', '.join(part.named for part in parts)} SELECT {', '.join(part.gathered for part in parts)}"
    with parts[0].connection.cursor() as cursor:
        cursor.execute(sql, [param for part in parts for param in part.params])
        answer = cursor.fetchone()
    for part, given in zip(parts, answer, strict=True):
        part.give(json.loads(given) if isinstance(given, str) else given or [])


def _part(rows: QuerySet[Any], number: int) -> _Part | None:
    try:
        return _Part(rows, number, connections[rows.db])
    except EmptyResultSet:  # such as ``pk__in=[]``: Django would not ask either
        rows._result_cache = []
        return None


class _Part:
    """One queryset: its subquery, and how its rows become instances again."""

    def __init__(self, rows: QuerySet[Any], number: int, connection: Any) -> None:
        self.rows, self.connection, self.name = rows, connection, f"part_{number}"
        self.compiler = rows.query.get_compiler(connection=connection)
        self.sql, self.params = self.compiler.as_sql()
        self.fields = [column[0].output_field for column in self.compiler.select]

    @property
    def named(self) -> str:
        columns = ", ".join(f"c{place}" for place in range(len(self.fields)))
        return f"{self.name}({columns}) AS ({self.sql})"

    @property
    def gathered(self) -> str:
        columns = [self._as_json(f"c{place}", field) for place, field in enumerate(self.fields)]
        if self.connection.vendor == "postgresql":
            row = f"SELECT {', '.join(f'{column} AS c{place}' for place, column in enumerate(columns))} FROM {self.name}"  # noqa: S608 (names made here)
            return f"(SELECT json_agg(r)::text FROM ({row}) r)"  # noqa: S608
        return f"(SELECT json_group_array(json_array({', '.join(columns)})) FROM {self.name})"  # noqa: S608

    def give(self, rows: list[Any]) -> None:
        found = [self._of_driver(list(row.values()) if isinstance(row, dict) else row) for row in rows]
        query = self.rows.query
        compiler: Any = self.compiler
        given: Any = self.rows._iterable_class(self.rows)
        compiler.execute_sql = lambda *args, **named: [found]
        query.get_compiler = lambda *args, **named: compiler  # type: ignore[method-assign]
        try:
            self.rows._result_cache = list(given)
        finally:
            del query.get_compiler

    def _as_json(self, column: str, field: models.Field[Any, Any]) -> str:
        kind = field.get_internal_type()
        if kind == "BinaryField":
            return f"encode({column}, 'hex')" if self.connection.vendor == "postgresql" else f"iif({column} IS NULL, NULL, hex({column}))"
        if self.connection.vendor == "postgresql" and kind in {"JSONField", "DecimalField"}:
            return f"{column}::text"
        return column

    def _of_driver(self, row: list[Any]) -> list[Any]:
        """The row as the driver would have given it."""
        return [value if value is None else self._value(value, field) for value, field in zip(row, self.fields, strict=True)]

    def _value(self, value: Any, field: models.Field[Any, Any]) -> Any:
        kind = field.get_internal_type()
        if kind == "BinaryField":
            return bytes.fromhex(value)
        if self.connection.vendor == "postgresql":
            if kind == "DecimalField":
                return Decimal(value)
            if kind in AS_TEXT:
                return field.to_python(value)
        return value
