"""The annexes as XLSX: every number of the report as a number, one row each, with its status beside it.

A hidden number is an empty cell with the status ``suppressed``; it is never 0 and never in a formula or a note.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.utils import translation
from django.utils.translation import gettext as _

from plumbing.exports import EXACT_IN_EXCEL
from reporting.documents.content import Number, ReportContent, Status
from reporting.documents.outline import figures_through
from reporting.documents.pdf import link_to

Row = tuple[Any, ...]
WIDEST = 48  # characters of a column
LINE = 15  # points


def render(content: ReportContent, *, trace: str = "") -> bytes:
    """The XLSX of ``content``. Text is never read as a formula; numbers beyond 15 digits are written as text, exactly."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties(
        {"title": content.title, "author": content.program, "subject": content.reference, "created": content.frozen_at.replace(tzinfo=None)}
    )
    with translation.override(content.language):
        sheets = _Sheets(book, content)
        sheets.add(_("About"), (_("Item"), _("Entry")), _about(content))
        sheets.add(_("Indicators"), _indicator_headings(), _indicators(content, trace))
        sheets.add(
            _("Breakdowns"),
            (_("Code"), _("Indicator"), _("Breakdown"), _("Row"), _("Column"), _("Value"), _("Unit"), _("Status")),
            _breakdowns(content),
        )
        sheets.add(
            _("Money"),
            (_("Section"), _("Part"), _("Currency"), _("Approved"), _("Spent"), _("Spent of approved, %"), _("Note")),
            _money(content),
        )
        sheets.add(_("Charts"), (_("Code"), _("Figure"), _("Period"), _("Reached"), _("Plan"), _("Complete"), _("Unit")), _charts(content))
        sheets.add(
            _("Changes"),
            (_("Code"), _("Indicator"), _("Before"), _("Status before"), _("Now"), _("Status now"), _("Why")),
            _changes(content),
        )
    book.close()
    return out.getvalue()


class _Sheets:
    """Sheets of one look: a frozen, filtered header row and columns wide enough to read; printed, as wide as the page."""

    def __init__(self, book: xlsxwriter.Workbook, content: ReportContent) -> None:
        self._book, self._right_to_left = book, content.right_to_left
        self._foot = "&L&8" + _("Content hash %(hash)s") % {"hash": content.content_hash} + "&R&8&P / &N"
        self._head = book.add_format({"bold": True, "bg_color": "#F3F5F6", "bottom": 1, "text_wrap": True, "valign": "top"})
        self._text = book.add_format({"text_wrap": True, "valign": "top"})
        self._formats: dict[int, Any] = {}

    def add(self, name: str, headings: tuple[str, ...], rows: Iterable[Row]) -> None:
        """A sheet without rows is left out: an empty annex says nothing."""
        rows = list(rows)
        if not rows:
            return
        sheet = self._book.add_worksheet(name[:31])
        if self._right_to_left:
            sheet.right_to_left()
        sheet.write_row(0, 0, headings, self._head)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows), len(headings) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_footer(self._foot)
        for at, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                self._write(sheet, at, column, value)
            lines = max(len(_letters(value)) // WIDEST for value in row) + 1
            if lines > 1:  # LibreOffice does not grow a row by itself
                sheet.set_row(at, LINE * lines)
        for column in range(len(headings)):
            longest = max(len(_letters(row[column])) for row in rows)
            sheet.set_column(column, column, min(max(longest, len(headings[column]), 8) + 2, WIDEST))

    def _write(self, sheet: Any, row: int, column: int, value: Any) -> None:
        """A ``Number`` keeps its exact value and shows as many decimals as the report does."""
        if isinstance(value, Number) and value.value is not None and len(value.value.normalize().as_tuple().digits) <= EXACT_IN_EXCEL:
            sheet.write_number(row, column, value.value, self._number(value.decimals))
            return
        value = value.value if isinstance(value, Number) else value
        if value is None:
            return
        if isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) <= EXACT_IN_EXCEL:
            sheet.write_number(row, column, value, self._number(max(-int(value.normalize().as_tuple().exponent), 0)))
        else:
            sheet.write_string(row, column, format(value, "f") if isinstance(value, Decimal) else str(value), self._text)

    def _number(self, decimals: int) -> Any:
        if decimals not in self._formats:
            pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
            self._formats[decimals] = self._book.add_format({"num_format": pattern, "valign": "top"})
        return self._formats[decimals]


def _letters(value: Any) -> str:
    """What a cell shows, for the width of its column; a column of numbers gets that of its longest."""
    if isinstance(value, Number):
        return "" if value.value is None else f"{value.value:,.{value.decimals}f}"
    return "" if value is None else str(value)


def _about(content: ReportContent) -> Iterable[Row]:
    yield _("Report"), content.title
    yield _("Grant"), content.reference
    yield _("Donor"), content.donor
    yield _("Standing"), content.standing
    yield _("Content hash"), content.content_hash
    yield _("Figures"), figures_through(content)
    yield _("Through"), content.through.isoformat()
    for line in content.coverage:
        yield _("How complete"), line
    yield _("Status: shown"), _("the number")
    yield _("Status: suppressed"), _("hidden to protect people; a total can be hidden with it")
    yield _("Status: held"), _("the number published last; the new one is held until it differs by enough people")


def _indicator_headings() -> tuple[str, ...]:
    pairs = [
        heading
        for name in (_("Baseline"), _("Milestone"), _("Target"), _("Reached"))
        for heading in (name, _("%(name)s, status") % {"name": name})
    ]
    return (
        _("Section"),
        _("Code"),
        _("Indicator"),
        _("Unit"),
        *pairs,
        _("Detail"),
        _("Against the milestone, %"),
        _("Reason"),
        _("Note"),
        _("Submissions behind it"),
    )


def _indicators(content: ReportContent, trace: str) -> Iterable[Row]:
    for section in content.sections:
        for row in section.results.rows if section.results is not None else ():
            numbers = (row.baseline, row.milestone, row.target, row.reached)
            unit = next((number.unit for number in reversed(numbers) if number.unit), "")
            yield (
                section.heading,
                row.code,
                row.label,
                unit,
                *(part for number in numbers for part in _pair(number)),
                row.reached.detail,
                row.variance,
                row.reason,
                "; ".join(row.notes),
                link_to(row.code, trace) if row.reached.value is not None else "",
            )


def _breakdowns(content: ReportContent) -> Iterable[Row]:
    for section in content.sections:
        for breakdown in section.breakdowns:
            for row in breakdown.rows:
                for heading, number in zip(breakdown.columns, row.cells, strict=True):
                    value, status = _pair(number)
                    yield breakdown.code, breakdown.label, breakdown.row_heading, row.label, heading, value, number.unit, status


def _money(content: ReportContent) -> Iterable[Row]:
    for section in content.sections:
        for table in section.money:
            for row in (*table.rows, table.total):
                yield section.heading, row.label, table.currency, row.approved, row.spent, row.share, "; ".join(row.notes)


def _charts(content: ReportContent) -> Iterable[Row]:
    for section in content.sections:
        for chart in section.charts:
            for point in chart.points:
                complete = "" if point.reached is None else _("partly") if point.partial else _("yes")
                numbers = (None if value is None else Number(value, chart.decimals, chart.unit) for value in (point.reached, point.plan))
                yield chart.code, chart.caption, point.label, *numbers, complete, chart.unit


def _changes(content: ReportContent) -> Iterable[Row]:
    for change in content.changes:
        yield change.code, change.label, *_pair(change.old), *_pair(change.new), change.why


def _pair(number: Number) -> tuple[Number, str]:
    return number, Status(number.status).value
