"""Lists as CSV and XLSX, written while they are read, so that memory stays flat however long the list is.

Rows come as tuples from ``values_list().iterator()`` in chunks. Text that a spreadsheet would run as a formula stays text;
"-5" and "+254 700 000000" stay readable.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any
from uuid import UUID

import xlsxwriter
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from plumbing.cursor_rows import raw_chunks

CHUNK = 1000
ROWS_PER_SHEET = 1_000_000  # Excel holds 1,048,576
EXACT_IN_EXCEL = 15  # significant digits; a longer number is written as text, to the last digit
FORMULA = re.compile(r"^[\s\x00]*[=@＝＠]|^[\t\r\n]|^[\s\x00]*[+\-＋－](?![\d\s().,/-]*$)")
NEEDS_QUOTES = re.compile('[,"\\r\\n]').search
PLAIN_START = re.compile(r"^[\w(\[«“\"']", re.UNICODE)
Words = Mapping[Any, Any]


@dataclass(frozen=True)
class Field:
    """One column of a file: its heading, the path it is read from, and words for coded values."""

    heading: str
    path: str
    words: Words | None = None


@dataclass(frozen=True)
class AtHand:
    """What a file is written from: rows that are at hand, asked like a queryset."""

    rows: Sequence[tuple[Any, ...]]

    def values_list(self, *paths: str) -> AtHand:
        return self

    def iterator(self, chunk_size: int) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows)


@lru_cache(maxsize=4096)  # codes and names come again and again
def harmless(text: str) -> str:
    """Text as a spreadsheet may open it: what would run as a formula gets a leading apostrophe."""
    if not text or PLAIN_START.match(text) or not FORMULA.search(text):
        return text
    return "'" + text


def chunks(rows: QuerySet[Any] | AtHand, fields: Sequence[Field]) -> Iterator[list[tuple[Any, ...]]]:
    """Tuples of plain values, a thousand at a time: a generator step per row would cost more than the row."""
    for columns in _columns(rows, fields, finish=None):
        yield list(zip(*columns, strict=True))


def _columns(
    rows: QuerySet[Any] | AtHand, fields: Sequence[Field], *, finish: Callable[[Any], Any] | None
) -> Iterator[list[Sequence[Any]]]:
    paths = [field.path for field in fields]
    if isinstance(rows, QuerySet):
        converters, found = raw_chunks(rows.values_list(*paths), CHUNK)
    else:  # rows that are at hand, asked like a queryset
        converters, found = [None for _path in paths], _by_thousands(rows.values_list(*paths).iterator(chunk_size=CHUNK))
    writers = [_writer(field, convert, finish) for field, convert in zip(fields, converters, strict=True)]
    for chunk in found:
        yield [write(column) for write, column in zip(writers, zip(*chunk, strict=True), strict=True)]


def _by_thousands(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def as_csv(rows: QuerySet[Any] | AtHand, fields: Sequence[Field], *, name: str) -> HttpResponseBase:
    answer = StreamingHttpResponse(csv_lines(rows, fields), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def csv_lines(rows: QuerySet[Any] | AtHand, fields: Sequence[Field]) -> Iterator[str]:
    """The bytes of ``csv.writer``, put together by columns in half its time. The byte order mark lets Excel read Arabic and accents."""
    yield "\ufeff" + _lines([[_cell(harmless(field.heading))] for field in fields])
    for columns in _columns(rows, fields, finish=_cell):
        yield _lines(columns)


def _lines(columns: Sequence[Sequence[str]]) -> str:
    if len(columns) == 1:  # an empty line would be no row
        columns = [[text or '""' for text in columns[0]]]
    return "\r\n".join([*map(",".join, zip(*columns, strict=True)), ""])


def _cell(value: Any) -> str:
    """One value as ``csv.writer`` writes it."""
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if NEEDS_QUOTES(text) else text


def as_xlsx(rows: QuerySet[Any] | AtHand, fields: Sequence[Field], *, name: str, about: Sequence[tuple[str, str]] = ()) -> HttpResponseBase:
    """A workbook in a temporary file that goes when it has been sent; ``about`` (filters, date) stands on its last sheet."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (FileResponse closes it)
    write_xlsx(file, rows, fields, about=about)
    file.seek(0)
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"{name}.xlsx",
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


def write_xlsx(file: Any, rows: QuerySet[Any] | AtHand, fields: Sequence[Field], *, about: Sequence[tuple[str, str]] = ()) -> None:
    book = xlsxwriter.Workbook(
        file,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    formats = {
        "bold": book.add_format({"bold": True}),
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    }
    sheet, line = None, 0
    for chunk in chunks(rows, fields):
        for row in chunk:
            if sheet is None or line > ROWS_PER_SHEET:
                sheet, line = _sheet(book, fields, formats["bold"]), 1
            for column, value in enumerate(row):
                _write(sheet, line, column, value, formats)
            line += 1
    if sheet is None:
        _sheet(book, fields, formats["bold"])
    if about:
        notes = book.add_worksheet(gettext("About")[:31])
        for line, (word, value) in enumerate(about):
            notes.write_string(line, 0, word, formats["bold"])
            notes.write_string(line, 1, value)
    book.close()


def _sheet(book: Any, fields: Sequence[Field], bold: Any) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(fields) - 1, 0), 18)
    for column, field in enumerate(fields):
        sheet.write_string(0, column, field.heading, bold)
    return sheet


def _write(sheet: Any, line: int, column: int, value: Any, formats: Mapping[Any, Any]) -> None:
    if value is None or value == "":
        return
    if isinstance(value, (datetime, date)):
        sheet.write_datetime(line, column, value, formats[type(value)])
    elif isinstance(value, (int, Decimal)) and not isinstance(value, bool) and len(Decimal(value).as_tuple().digits) <= EXACT_IN_EXCEL:
        sheet.write_number(line, column, value)
    else:
        sheet.write_string(line, column, str(value)[:32767])


_AS_THEY_ARE = {int, Decimal, date, bool, type(None)}
_ALIKE_WHEN_EQUAL: set[type] = {str, int, bool, date, datetime, UUID}  # not Decimal: 1.0 and 1.00 are equal and written apart
_NONE = {type(None)}


def _writer(field: Field, convert: Callable[[Any], Any] | None, finish: Callable[[Any], Any] | None) -> Callable[[Any], Sequence[Any]]:
    """How a chunk of one column's values becomes plain ones, decided once per file and looked at once per chunk: numbers, dates
    and codes come again and again, so that each different value is converted once and not once per row."""
    words = None if field.words is None else {code: harmless(str(word)) for code, word in field.words.items()}
    zone = timezone.get_current_timezone()

    def plain(value: Any) -> Any:
        if convert is not None:
            value = convert(value)
        if words is not None:
            value = words.get(value, "" if value is None else value)
        elif value.__class__ is str:
            value = harmless(value)
        elif value.__class__ is datetime and value.tzinfo is not None:
            value = value.astimezone(zone).replace(tzinfo=None)
        return value if finish is None else finish(value)

    def write(column: tuple[Any, ...]) -> Sequence[Any]:
        kinds = set(map(type, column))
        if convert is words is finish is None and kinds <= _AS_THEY_ARE:
            return column
        if kinds <= _NONE:
            return [plain(None)] * len(column)
        kinds -= _NONE
        if len(kinds) == 1 and kinds <= _ALIKE_WHEN_EQUAL:
            told = {value: plain(value) for value in set(column)}
            return [told[value] for value in column]
        return list(map(plain, column))

    return write
