"""A report laid out as a list of blocks, worded once: the DOCX, the PDF and the page on the screen draw the same blocks.

Call it with the report's own language active (``django.utils.translation.override``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from django.utils.translation import gettext as _

from plumbing import formats
from plumbing.shipped_names import shipped_name
from reporting.documents.content import (
    HIDDEN_MARK,
    Breakdown,
    Chart,
    MoneyRow,
    MoneyTable,
    Number,
    Paragraph,
    ReportContent,
    ResultRow,
    ResultsTable,
    Section,
    Span,
    Status,
    measured,
    shown,
)


@dataclass(frozen=True)
class Heading:
    level: int  # 1 is a section, 2 inside it; the title is apart
    text: str
    key: str = ""


@dataclass(frozen=True)
class Prose:
    spans: Paragraph
    quiet: bool = False


@dataclass(frozen=True)
class Cell:
    """Lines under each other; the first is the weighty one. ``figure`` names the reported number that the first line shows."""

    lines: tuple[str, ...]
    figure: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Column:
    heading: str
    numeric: bool = False
    share: int = 2  # of the width, against the other columns


@dataclass(frozen=True)
class Grid:
    """A table with a header row that repeats on every page it reaches, and a header cell at the start of each row."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    total: bool = False  # the last row is the total


@dataclass(frozen=True)
class Picture:
    caption: str
    chart: Chart


Block = Heading | Prose | Grid | Picture


class _Numbering:
    """Table 1, Table 2 … and Figure 1 … through the whole report."""

    def __init__(self) -> None:
        self._tables, self._figures = count(1), count(1)

    def table(self, caption: str) -> str:
        return _("Table %(number)s. %(caption)s") % {"number": next(self._tables), "caption": caption}

    def figure(self, caption: str) -> str:
        return _("Figure %(number)s. %(caption)s") % {"number": next(self._figures), "caption": caption}


def outline(content: ReportContent) -> tuple[Block, ...]:
    """The blocks after the title, in reading order: cover, coverage, changes, then the sections."""
    numbering = _Numbering()
    blocks: list[Block] = []
    if content.cover:
        columns = (Column(_("Item"), share=2), Column(_("Entry"), share=4))
        rows = tuple((Cell((fact.label,), strong=True), Cell((fact.value,))) for fact in content.cover)
        blocks += [Heading(1, _("Key data"), "cover"), Grid(numbering.table(_("Key data of the grant")), columns, rows)]
    if content.coverage:
        blocks.append(Heading(1, _("How complete the numbers are"), "coverage"))
        blocks += [Prose((Span(line),)) for line in content.coverage]
    if content.changes:
        blocks += _changes(content, numbering)
    for section in content.sections:
        blocks += _section(section, numbering)
    return tuple(blocks)


def running_head(content: ReportContent) -> str:
    return " · ".join(part for part in (content.program, content.reference, content.title) if part)


def figures_through(content: ReportContent) -> str:
    return _("Figures through %(through)s, frozen on %(frozen)s.") % {
        "through": formats.day(content.through),
        "frozen": formats.day(content.frozen_at),
    }


def _changes(content: ReportContent, numbering: _Numbering) -> list[Block]:
    columns = (
        Column(_("Indicator"), share=4),
        Column(_("Version %(version)s") % {"version": content.version - 1}, numeric=True),
        Column(_("Version %(version)s") % {"version": content.version}, numeric=True),
        Column(_("Why"), share=4),
    )
    rows = tuple(
        (Cell((change.label, change.code)), _number(change.old), _number(change.new, figure=change.code, strong=True), Cell((change.why,)))
        for change in content.changes
    )
    heading = Heading(1, _("What changed since version %(version)s") % {"version": content.version - 1}, "changes")
    return [heading, Grid(numbering.table(_("Changed numbers")), columns, rows, notes=_footnotes(rows))]


def _section(section: Section, numbering: _Numbering) -> Iterator[Block]:
    yield Heading(1, section.heading, section.key)
    if section.rating:
        yield Prose((Span(_("Rating: %(rating)s") % {"rating": shipped_name(section.rating)}),))
    for paragraph in section.paragraphs:
        yield Prose(paragraph)
    if section.results is not None:
        yield _results(section.results, numbering)
    for money in section.money:
        yield _money(money, numbering)
    for chart in section.charts:
        yield Picture(numbering.figure(chart.caption), chart)
        if chart.note:
            yield Prose((Span(chart.note),), quiet=True)
    for breakdown in section.breakdowns:
        yield _breakdown(breakdown, numbering)


def _results(table: ResultsTable, numbering: _Numbering) -> Grid:
    columns = (
        Column(_("Indicator"), share=10),
        Column(table.baseline_heading or _("Baseline"), numeric=True, share=5),
        Column(table.milestone_heading or _("Milestone"), numeric=True, share=5),
        Column(table.target_heading or _("Target"), numeric=True, share=5),
        Column(_("Reached"), numeric=True, share=6),
        Column(_("Reason for variance"), share=10),
    )
    rows = tuple(
        (
            Cell((row.label, row.code, *row.notes)),
            _number(row.baseline),
            _number(row.milestone),
            _number(row.target),
            _number(row.reached, figure=row.code, strong=True, unit_below=True),
            Cell(_reason(row)),
        )
        for row in table.rows
    )
    return Grid(numbering.table(table.caption), columns, rows, notes=_footnotes(rows))


def variance_words(variance: Decimal) -> str:
    """“12 % below”, against the milestone; a difference that rounds to nothing is “as planned”."""
    rounded = variance.quantize(Decimal(1))
    if rounded == 0:
        return _("as planned")
    size = measured(abs(rounded), 0, "%")
    return _("%(size)s below") % {"size": size} if rounded < 0 else _("%(size)s above") % {"size": size}


def _reason(row: ResultRow) -> tuple[str, ...]:
    first = () if row.variance is None else (variance_words(row.variance),)
    return (*first, *((row.reason,) if row.reason else ())) or ("",)


def _money(table: MoneyTable, numbering: _Numbering) -> Grid:
    columns = (
        Column(_("Part"), share=5),
        Column(_("Approved, %(currency)s") % {"currency": table.currency}, numeric=True, share=3),
        Column(_("Spent, %(currency)s") % {"currency": table.currency}, numeric=True, share=3),
        Column(_("Spent of approved"), numeric=True),
    )
    rows = tuple(_money_row(row) for row in (*table.rows, table.total))
    return Grid(numbering.table(table.caption), columns, rows, total=True)


def _money_row(row: MoneyRow) -> tuple[Cell, ...]:
    return (
        Cell((row.label, *row.notes)),
        Cell((_("not set") if row.approved is None else measured(row.approved, 2),)),
        Cell((_("not reported") if row.spent is None else measured(row.spent, 2),)),
        Cell(("" if row.share is None else measured(row.share, 2, "%"),)),
    )


def _breakdown(breakdown: Breakdown, numbering: _Numbering) -> Grid:
    columns = (Column(breakdown.row_heading, share=3), *(Column(heading, numeric=True) for heading in breakdown.columns))
    rows = tuple((Cell((row.label,)), *(_number(cell) for cell in row.cells)) for row in breakdown.rows)
    caption = f"{breakdown.caption} ({breakdown.code})"
    return Grid(numbering.table(caption), columns, rows, notes=(*breakdown.notes, *_footnotes(rows)))


def _number(number: Number, *, figure: str = "", strong: bool = False, unit_below: bool = False) -> Cell:
    lines = [shown(number)]
    if number.detail:
        lines.append(number.detail)
    elif unit_below and number.value is not None and number.unit not in ("", "%"):
        lines.append(number.unit)
    if number.status == Status.HELD and not number.detail:
        lines.append(_("last published"))
    return Cell(tuple(lines), figure=figure if number.value is not None else "", strong=strong and number.value is not None)


def _footnotes(rows: tuple[tuple[Cell, ...], ...]) -> tuple[str, ...]:
    if any(cell.lines[:1] == (HIDDEN_MARK,) for row in rows for cell in row):
        return (_("%(mark)s The number is hidden to protect people; a total can be hidden with it.") % {"mark": HIDDEN_MARK},)
    return ()
