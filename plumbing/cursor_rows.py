"""Rows straight from the cursor, for computations over very many of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.db.models.sql.constants import MULTI


def raw_rows(rows: QuerySet[Any]) -> list[tuple[Any, ...]]:
    """The rows of a ``values_list`` without its converters: exact numbers come as whole units, dates as dates.

    A Decimal per number costs more than the query that reads it.
    """
    connection = connections[rows.db]
    try:
        sql, params = rows.query.get_compiler(rows.db).as_sql()
    except EmptyResultSet:  # a scope in which nothing can be
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def raw_chunks(rows: QuerySet[Any], size: int) -> tuple[list[Callable[[Any], Any] | None], Iterator[list[tuple[Any, ...]]]]:
    """The rows of a ``values_list``, ``size`` at a time and before its converters, and the converter of each column.

    Django converts row by row and value by value; who takes a chunk by columns converts each different value once.
    """
    compiler = rows.query.get_compiler(rows.db)
    at_once = connections[rows.db].settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")
    chunks = compiler.execute_sql(MULTI, chunked_fetch=not at_once, chunk_size=size)
    found = compiler.get_converters([expression for expression, _sql, _alias in compiler.select[: compiler.col_count]])
    return [_converter(compiler.connection, *found[at]) if at in found else None for at in range(compiler.col_count)], chunks


def _converter(connection: Any, steps: list[Callable[..., Any]], expression: Any) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        for step in steps:
            value = step(value, expression, connection)
        return value

    return convert
