"""A copy of somebody's workbook with what is wrong written into the cells: values, order and widths as they were, notes added.

The copy is written anew, so nothing that could be executed survives: a text that begins like a formula stays a text.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter

from exchange.sheet_xml import place_of
from exchange.spreadsheets import Sheet, Value, Workbook, shown

WIDEST = 48
LONGEST = 2_000  # characters in one note
TINTS = {"blocking": "#f8d7d3", "warning": "#fbe8c8"}


@dataclass(frozen=True)
class Note:
    """What is wrong with one cell and what to do; ``kind`` is blocking or warning."""

    cell: str
    text: str
    kind: str = "blocking"


def copy(book: Workbook, notes: Mapping[str, Iterable[Note]]) -> bytes:
    """The visible sheets of a workbook as .xlsx; ``notes`` are by the name of the sheet."""
    target = io.BytesIO()
    out = xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    formats = {
        (kind, percent): out.add_format({**({"bg_color": TINTS[kind]} if kind else {}), **({"num_format": "0.##%"} if percent else {})})
        for kind in ("", *TINTS)
        for percent in (False, True)
    }
    days = {kind: out.add_format({"num_format": "yyyy-mm-dd", **({"bg_color": TINTS[kind]} if kind else {})}) for kind in ("", *TINTS)}
    for sheet in book.sheets:
        if sheet.visible:
            _sheet(out.add_worksheet(sheet.name[:31]), sheet, _by_place(notes.get(sheet.name, ())), formats, days)
    out.close()
    return target.getvalue()


def _by_place(notes: Iterable[Note]) -> dict[tuple[int, int], list[Note]]:
    found: dict[tuple[int, int], list[Note]] = {}
    for note in notes:
        place = place_of(note.cell)
        if place is not None:
            found.setdefault(place, []).append(note)
    return found


def _sheet(page, sheet: Sheet, notes, formats, days) -> None:  # type: ignore[no-untyped-def]
    for index in range(1, sheet.width + 1):
        longest = max((len(sheet.text(row, index)) for row in range(1, sheet.height + 1)), default=8)
        page.set_column(index - 1, index - 1, min(max(longest + 2, 8), WIDEST))
    for (top, left), (bottom, right) in sheet.merged:
        page.merge_range(top - 1, left - 1, bottom - 1, right - 1, "")
    for row in range(1, max(sheet.height, *(place[0] for place in notes), 0) + 1 if notes else sheet.height + 1):
        for column in range(1, max(sheet.width, *(place[1] for place in notes), 0) + 1 if notes else sheet.width + 1):
            place = (row, column)
            kind = _worst(notes.get(place, ()))
            value: Value = sheet.errors.get(place) or sheet.value(row, column)
            _cell(page, place, value, formats[kind, place in sheet.percent], days[kind])
    for (row, column), written in notes.items():
        text = "\n\n".join(note.text for note in written)[:LONGEST]
        page.write_comment(row - 1, column - 1, text, {"x_scale": 2.2, "y_scale": 1.6})


def _worst(notes: Iterable[Note]) -> str:
    kinds = {note.kind for note in notes}
    return "blocking" if "blocking" in kinds else "warning" if kinds else ""


def _cell(page, place: tuple[int, int], value: Value, style, day) -> None:  # type: ignore[no-untyped-def]
    row, column = place[0] - 1, place[1] - 1
    if value is None:
        page.write_blank(row, column, None, style)
    elif isinstance(value, bool):
        page.write_boolean(row, column, value, style)
    elif isinstance(value, Decimal):
        page.write_number(row, column, value, style)
    elif isinstance(value, datetime | date):
        page.write_datetime(row, column, value, day)
    else:
        page.write_string(row, column, value if isinstance(value, str) else shown(value), style)
