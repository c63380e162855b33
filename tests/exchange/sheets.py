"""Workbooks for tests, written as a field office would."""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter

HEADINGS = ("Result", "Code", "Indicator", "Unit", "Group", "Baseline", "Target", "Actual 2025")


def xlsx(*rows: tuple[Any, ...], headings: tuple[Any, ...] = HEADINGS, name: str = "Logframe") -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"strings_to_formulas": False, "strings_to_numbers": False})
    sheet = book.add_worksheet(name)
    for number, row in enumerate((headings, *rows)):
        sheet.write_row(number, 0, row)
    book.close()
    return target.getvalue()


FORUMS = ("Outcome 1: People settle disputes", "F1", "# of dialogue forums held", "number", None, "0", "24", "9")
SAFE = ("Outcome 1: People settle disputes", "F2", "% of households that feel safe", "%", "IDP", "52 %", "70 %", "58 %")
TRAINED = ("Output 1.1: Mediators are trained", "F3", "# of mediators trained", "people", None, "n/a", "40", "12")
SMALL_ROWS = (FORUMS, SAFE, TRAINED)
SMALL = xlsx(*SMALL_ROWS)
