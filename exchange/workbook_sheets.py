"""The partner's workbook as a sheet: what it looks like, and how its cells are found again when it comes back.

A row is a figure: an indicator at a place, as a total or as one cell of a breakdown. The first row is hidden and names the columns
for the portal; a hidden column names each row. So a workbook may be sorted, translated or saved by another program and still be
understood. Nothing in it is a formula, and text is written as text: ``-5`` and ``+254…`` stay readable.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from exchange import written_numbers
from exchange.spreadsheets import Sheet, Workbook, address, letters, shown
from exchange.written_numbers import NotANumber
from plumbing.numbers import normal
from plumbing.refusals import Problem

PORTAL_SHEET, FORMAT = "_portal", "1"
COLUMNS = ("code", "indicator", "place", "cell", "previous", "target", "value", "numerator", "denominator", "answer", "reason", "key")
INPUTS = ("value", "numerator", "denominator", "answer", "reason")
WIDTHS = {"code": 11, "indicator": 46, "place": 20, "cell": 24, "previous": 14, "target": 14, "answer": 24, "reason": 28, "key": 4}
FIRST_ROW = 6  # of the figures, counted from 1; above: hidden names, title, two lines of help, headings


@dataclass(frozen=True)
class Line:
    """One figure of the workbook. ``kind`` says which columns are filled: value, ratio, option or text."""

    code: str
    indicator: str
    place_code: str
    place: str
    cell: str  # key of the disaggregation; empty for the total
    cell_label: str
    kind: str
    previous: str = ""
    target: str = ""
    help: str = ""
    options: tuple[tuple[str, str], ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)  # what the draft holds now, by column

    @property
    def key(self) -> str:
        return f"{self.code}|{self.place_code}|{self.cell}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns to fill in this row; a reason goes with the total alone."""
        own = {"value": ("value",), "ratio": ("value", "numerator", "denominator"), "option": ("answer",), "text": ("answer",)}[self.kind]
        return own if self.cell else (*own, "reason")


@dataclass(frozen=True)
class Handout:
    """Everything a workbook is made from."""

    identifier: str
    version: int
    title: str
    about: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Returned:
    """One row of a returned workbook: what stands in each input column, already read, and where."""

    key: str
    row: int
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    answer: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Reading:
    """A returned workbook: whose it is, its rows, and the cells that could not be read."""

    identifier: str
    version: int
    sheet: str
    rows: tuple[Returned, ...]
    problems: tuple[Problem, ...]
    columns: Mapping[str, int]

    def cell(self, row: int, column: str) -> str:
        return address(row, self.columns[column])


class NotOurs(Exception):
    """The file is no workbook of this portal; the message says how to get one."""


# Writing ----------------------------------------------------------------------------------------------------------------


def write(handout: Handout) -> bytes:
    """The workbook as .xlsx."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": handout.title})
    page = book.add_worksheet(_("Figures")[:31])
    lists = _portal_sheet(book, handout, page.get_name())
    styles = _styles(book)
    _head(page, handout, styles)
    places = {given: f"={PORTAL_SHEET}!${letters(2 * n + 6)}$2:${letters(2 * n + 6)}${len(given) + 1}" for n, given in enumerate(lists)}
    for offset, line in enumerate(handout.lines):
        _line(page, FIRST_ROW - 1 + offset, line, styles)
    _drop_downs(page, handout, places)
    page.freeze_panes(FIRST_ROW - 1, 2)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(FIRST_ROW - 2)
    page.protect("", {"format_columns": True, "format_rows": True, "format_cells": True, "select_locked_cells": True})
    book.close()
    return target.getvalue()


def _portal_sheet(book: Any, handout: Handout, figures: str) -> list[tuple[tuple[str, str], ...]]:
    """Whose workbook it is and the lists behind its drop-downs, each as words and code, so that any language comes back right."""
    page = book.add_worksheet(PORTAL_SHEET)
    for row, (name, value) in enumerate(
        (("format", FORMAT), ("identifier", handout.identifier), ("version", str(handout.version)), ("sheet", figures))
    ):
        page.write_string(row, 0, name)
        page.write_string(row, 1, value)
    lists = [handout.reasons, *sorted({line.options for line in handout.lines if line.options})]
    for number, given in enumerate(lists):
        page.write_string(0, 2 * number + 5, f"list {number}")
        for row, (code, label) in enumerate(given, start=1):
            page.write_string(row, 2 * number + 5, label)
            page.write_string(row, 2 * number + 6, code)
    page.very_hidden()
    return lists


def _styles(book: Any) -> dict[str, Any]:
    plain = {"valign": "top", "text_wrap": True, "border": 1, "border_color": "#d9dee2"}
    quiet = {**plain, "font_color": "#4a5560", "bg_color": "#f6f8f9"}
    entry = {**plain, "locked": False, "bg_color": "#fffdf3"}
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "help": book.add_format({"font_color": "#4a5560", "text_wrap": True, "valign": "top"}),
        "heading": book.add_format({**plain, "bold": True, "bg_color": "#e7eef3"}),
        "total": book.add_format({**quiet, "bold": True}),
        "quiet": book.add_format(quiet),
        "number": book.add_format({**entry, "num_format": "#,##0.######", "align": "right"}),
        "text": book.add_format({**entry, "num_format": "@"}),
        "none": book.add_format({**plain, "bg_color": "#eceff1"}),
        "right": book.add_format({**quiet, "align": "right"}),
    }


def _head(page: Any, handout: Handout, styles: Mapping[str, Any]) -> None:
    headings = (
        *(_("Code"), _("Indicator"), _("Place"), _("Which"), _("Last time"), _("Target"), _("Figure, or share in %")),
        *(_("Numerator"), _("Denominator"), _("Answer or text"), _("Why empty"), ""),
    )
    for column, name in enumerate(COLUMNS):
        page.write_string(0, column, name)
        page.set_column(column, column, WIDTHS.get(name, 13), None, {"hidden": name == "key"})
        page.write_string(FIRST_ROW - 2, column, headings[column], styles["heading"])
    page.set_row(0, None, None, {"hidden": True})
    page.write_string(1, 0, handout.title, styles["title"])
    page.merge_range(2, 0, 2, 10, " · ".join(f"{name}: {value}" for name, value in handout.about), styles["help"])
    page.merge_range(3, 0, 3, 10, "", styles["help"])
    page.write_string(3, 0, _help(), styles["help"])
    page.set_row(3, 48)


def _help() -> str:
    return _(
        "Fill the light cells. 0 means zero; an empty cell means not reported, and then “Why empty” needs a reason. A share is given as "
        "numerator and denominator; only where they are not known, give the share in percent. Cells of a breakdown add up to the total. "
        "Send the file back through the portal: every cell is checked, and nothing is taken over before you have seen the difference."
    )


def _line(page: Any, row: int, line: Line, styles: Mapping[str, Any]) -> None:
    quiet = styles["quiet" if line.cell else "total"]
    for column, text in enumerate((line.code, line.indicator, line.place, line.cell_label)):
        page.write_string(row, column, text, quiet)
    page.write_string(row, 4, line.previous, styles["right"])
    page.write_string(row, 5, line.target, styles["right"])
    if line.help and not line.cell:
        page.write_comment(row, 1, line.help[:1500], {"x_scale": 2.5, "y_scale": 2})
    for name in INPUTS:
        column = COLUMNS.index(name)
        given = line.given.get(name)
        if name not in line.inputs:
            page.write_blank(row, column, None, styles["none"])
        elif isinstance(given, Decimal):
            page.write_number(row, column, given, styles["number"])
        elif given:
            page.write_string(row, column, str(given), styles["text"])
        else:
            page.write_blank(row, column, None, styles["number" if name in ("value", "numerator", "denominator") else "text"])
    page.write_string(row, COLUMNS.index("key"), line.key)


def _drop_downs(page: Any, handout: Handout, places: Mapping[tuple[tuple[str, str], ...], str]) -> None:
    for offset, line in enumerate(handout.lines):
        row = FIRST_ROW - 1 + offset
        if "reason" in line.inputs:
            column = COLUMNS.index("reason")
            page.data_validation(
                row,
                column,
                row,
                column,
                {
                    "validate": "list",
                    "source": places[handout.reasons],
                    "error_title": _("Why empty"),
                    "error_message": _("Choose one of the reasons."),
                },
            )
        if line.kind == "option":
            column = COLUMNS.index("answer")
            page.data_validation(
                row,
                column,
                row,
                column,
                {"validate": "list", "source": places[line.options], "error_message": _("Choose one of the answers.")},
            )
        for name in ("value", "numerator", "denominator"):
            if name in line.inputs:
                column = COLUMNS.index(name)
                page.data_validation(
                    row, column, row, column,
                    {"validate": "decimal", "criteria": "between", "minimum": -99999999999, "maximum": 99999999999, "error_title": _("A number"), "error_message": _("Write digits only. Leave it empty where nothing was reported.")},
                )  # fmt: skip


# Reading ----------------------------------------------------------------------------------------------------------------


def is_workbook(book: Workbook) -> bool:
    return book.sheet(PORTAL_SHEET) is not None


def read(book: Workbook) -> Reading:
    """A returned workbook; raises ``NotOurs`` where the portal's own sheet or columns are gone."""
    portal = book.sheet(PORTAL_SHEET)
    if portal is None:
        raise NotOurs(_("This is not a workbook of the portal. Download one for the report and fill that."))
    about = {portal.text(row, 1): portal.text(row, 2) for row in range(1, 6)}
    sheet = book.sheet(about.get("sheet", ""))
    if about.get("format") != FORMAT or sheet is None or not about.get("version", "").isdigit():
        raise NotOurs(_("The workbook's own marks were changed. Download it again and copy your figures into it."))
    columns = {sheet.text(1, index): index for index in range(1, sheet.width + 1)}
    if not {"key", *INPUTS} <= set(columns):
        raise NotOurs(_("Columns of the workbook are missing. Download it again and copy your figures into it."))
    lists = list(_lists(portal))
    reader = _Reader(sheet, columns, lists)
    rows = tuple(reader.rows())
    return Reading(about.get("identifier", ""), int(about["version"]), sheet.name, rows, tuple(reader.problems), columns)


def _lists(portal: Sheet) -> Iterator[dict[str, str]]:
    """Words to codes, for each list; the first holds the reasons."""
    for column in range(6, portal.width + 1, 2):
        pairs = ((portal.text(row, column), portal.text(row, column + 1)) for row in range(2, portal.height + 1))
        yield {label: code for label, code in pairs if label and code}


class _Reader:
    def __init__(self, sheet: Sheet, columns: Mapping[str, int], lists: list[dict[str, str]]) -> None:
        self.sheet, self.columns = sheet, columns
        self.reasons = lists[0] if lists else {}
        self.answers = {label: code for given in lists[1:] for label, code in given.items()}
        self.problems: list[Problem] = []

    def rows(self) -> Iterator[Returned]:
        for row in range(2, self.sheet.height + 1):
            key = self.sheet.text(row, self.columns["key"])
            if key.count("|") < 2:
                continue
            value, numerator, denominator = (self._number(row, name) for name in ("value", "numerator", "denominator"))
            answer, reason = self._text(row, "answer"), self._text(row, "reason")
            if reason and reason not in self.reasons and reason not in self.reasons.values():
                self._problem(row, "reason", _("“%(text)s” is not one of the reasons. Choose one from the list.") % {"text": reason})
                reason = ""
            yield Returned(
                key=key,
                row=row,
                answer=self.answers.get(answer, answer),
                reason=self.reasons.get(reason, reason),
                value=value,
                numerator=numerator,
                denominator=denominator,
            )

    def _number(self, row: int, name: str) -> Decimal | None:
        place = (row, self.columns[name])
        if place in self.sheet.errors:
            return self._problem(
                row, name, _("The cell shows the error %(error)s. Write the number.") % {"error": self.sheet.errors[place]}
            )
        if place in self.sheet.uncomputed:
            return self._problem(row, name, _("The formula was never computed. Write the number instead."))
        value = self.sheet.value(*place)
        if value is None:
            return None
        if isinstance(value, Decimal):
            return normal(value * 100) if place in self.sheet.percent else value
        if not isinstance(value, str):
            return self._problem(row, name, _("“%(text)s” is not a number. Write digits only.") % {"text": shown(value)})
        return self._written(row, name, value)

    def _written(self, row: int, name: str, text: str) -> Decimal | None:
        try:
            written = written_numbers.read(text)
        except NotANumber:
            return self._problem(row, name, _("“%(text)s” is not a number. Write digits only.") % {"text": text})
        if written.numerator is not None:
            message = _("“%(text)s” is a share: write its two numbers under Numerator and Denominator.")
            return self._problem(row, name, message % {"text": text})
        if written.unsure is not None:
            message = _("“%(text)s” may mean %(one)s or %(two)s. Write it without a mark between thousands.")
            return self._problem(row, name, message % {"text": text, "one": f"{written.value:f}", "two": f"{written.unsure:f}"})
        return written.value

    def _text(self, row: int, name: str) -> str:
        place = (row, self.columns[name])
        if place in self.sheet.errors or place in self.sheet.uncomputed:
            self._problem(row, name, _("This cell holds a formula without a value. Write the text itself."))
            return ""
        value = self.sheet.value(*place)
        return value.strip() if isinstance(value, str) else shown(value)

    def _problem(self, row: int, name: str, message: str) -> Decimal | None:
        """Record what is wrong with a cell; gives the None that stands for it."""
        self.problems.append(Problem(address(row, self.columns[name]), message, "invalid"))
        return None
