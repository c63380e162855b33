"""Where the framework stands in a workbook, and what each of its columns fills: proposed here, confirmed by a person.

A sheet is recognised by its headings: the row (or two rows, the upper one often merged) in which most columns carry words of
``framework_words.py``. How sure a proposal is, is said with it; a heading that a person confirmed for the same donor before is
sure. Pure: no database, no settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process

from exchange import written_numbers, written_periods
from exchange.framework_words import NUMBERS, ONCE, WORDS, Field, plain
from exchange.spreadsheets import Sheet, Workbook, letters, shown
from exchange.written_periods import Span

DEEPEST_HEADING = 60  # rows searched for the headings
LIKE_WORDS = 88  # resemblance (0–100) from which a heading is likely a misspelling
PERIOD_WORDS = re.compile(r"period|year|annee|exercice")
SAMPLES = 3


class Certainty(StrEnum):
    SURE = "sure"
    LIKELY = "likely"
    CHECK = "check"
    UNUSED = "unused"


@dataclass(frozen=True)
class Column:
    """One column of the sheet: its heading, its first values, the field it fills and why we think so.

    ``period`` is the span a figure or milestone belongs to, None while nobody said it.
    """

    index: int
    heading: str
    field: Field
    certainty: Certainty
    why: str = ""
    period: Span | None = None
    samples: tuple[str, ...] = ()

    @property
    def letter(self) -> str:
        return letters(self.index)


@dataclass(frozen=True)
class Found:
    """The proposal for one workbook; ``header_rows`` is 1 or 2, ``header_row`` the upper one, counted from 1."""

    sheet: str
    header_row: int
    header_rows: int
    columns: tuple[Column, ...]
    sheets: tuple[str, ...]

    @property
    def first_row(self) -> int:
        return self.header_row + self.header_rows

    def of(self, field: Field) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.field == field)

    def with_fields(self, chosen: Mapping[int, Field], periods: Mapping[int, Span | None] | None = None) -> Found:
        """The proposal as a person confirmed it: by column number, the field and the period it belongs to."""
        spans = periods or {}
        columns = []
        for column in self.columns:
            field = chosen.get(column.index, column.field)
            period = spans.get(column.index, column.period)
            certainty = column.certainty if field == column.field else Certainty.SURE
            why = column.why if field == column.field else _("chosen by you")
            columns.append(replace(column, field=field, period=period, certainty=certainty, why=why))
        return replace(self, columns=tuple(columns))


class NoFramework(Exception):
    """No sheet has headings of a results framework; the message says which ones are looked for."""


def find(book: Workbook, *, remembered: Mapping[str, Field] | None = None, sheet: str = "", header_row: int = 0) -> Found:
    """Find the sheet and its headings, or propose columns for the sheet and row that a person named.

    ``remembered`` maps plain headings (``framework_words.plain``) to fields confirmed before for the same donor.
    Raises ``NoFramework``.
    """
    known = remembered or {}
    candidates = [one for one in book.sheets if one.name == sheet] if sheet else [one for one in book.sheets if one.visible]
    best: tuple[int, Sheet, int, int] | None = None
    for one in candidates:
        rows = [header_row] if header_row else range(1, min(one.height, DEEPEST_HEADING) + 1)
        for row in rows:
            for count in (1, 2):
                points = _points(one, row, count, known)
                if points and (best is None or points > best[0]):
                    best = (points, one, row, count)
    if best is None:
        if not (header_row and candidates):
            raise NoFramework(_no_headings())
        best = (0, candidates[0], header_row, 1)
    _points_of_best, chosen, row, count = best
    columns = propose(chosen, row, count, known)
    return Found(chosen.name, row, count, columns, tuple(one.name for one in book.sheets if one.visible))


def propose(sheet: Sheet, row: int, count: int, remembered: Mapping[str, Field]) -> tuple[Column, ...]:
    """A field for each column that has a heading or values."""
    columns = []
    for index in range(1, sheet.width + 1):
        samples = _samples(sheet, row + count, index)
        heading = _heading(sheet, row, count, index)
        if heading or samples:
            columns.append(replace(_proposal(sheet, row, count, index, remembered), samples=samples[:SAMPLES]))
    columns = _once_each(columns)
    columns = [_without_running_numbers(sheet, row + count, column) for column in columns]
    columns = _targets_apart(columns)
    return _with_title_period(sheet, row, tuple(columns))


def recognise(words: str, remembered: Mapping[str, Field]) -> tuple[Field, Certainty, str, int]:
    """The field for a heading in plain words, how sure, why, and points (0–100) to compare proposals by."""
    if words in remembered:
        return remembered[words], Certainty.SURE, _("remembered"), 101
    if words in WORDS:
        return WORDS[words], Certainty.SURE, _("same words"), 100
    like = process.extractOne(words, list(WORDS), scorer=fuzz.ratio, score_cutoff=LIKE_WORDS) if len(words) >= 5 else None
    if like:
        return WORDS[like[0]], Certainty.LIKELY, _("almost “%(words)s”") % {"words": like[0]}, int(like[1])
    inside = [known for known in WORDS if len(known) >= 5 and f" {known} " in f" {words} " and WORDS[known] != Field.UNUSED]
    if inside:
        longest = max(inside, key=len)
        return WORDS[longest], Certainty.CHECK, _("holds “%(words)s”") % {"words": longest}, 60
    return Field.UNUSED, Certainty.UNUSED, "", 0


def remembered_heading(heading: str) -> str:
    """The form in which a confirmed heading is kept: plain words, without the year or period in it."""
    named = written_periods.find(heading)
    return plain(named[1] if named else heading)


# Headings ---------------------------------------------------------------------------------------------------------------


def _points(sheet: Sheet, row: int, count: int, remembered: Mapping[str, Field]) -> int:
    """How much a row (or two) looks like the headings of a framework: 0 when it does not."""
    if count == 2 and not (row < sheet.height and _are_headings(sheet, row, known=1) and _are_headings(sheet, row + 1, known=2)):
        return 0
    points: dict[Field, int] = {}
    for index in range(1, sheet.width + 1):
        field, _certainty, _why, score = _best_words(sheet, row, count, index, remembered)
        points[field] = max(points.get(field, 0), score)
    points.pop(Field.UNUSED, None)
    if Field.INDICATOR not in points or points[Field.INDICATOR] < LIKE_WORDS or len(points) < 2:
        return 0
    return sum(points.values()) * 10 + count  # a second row that can be one tells the periods apart


def _are_headings(sheet: Sheet, row: int, *, known: int) -> bool:
    """Whether a row of a two-row heading can be one: two short words or more, no numbers, and so many that we know."""
    filled = recognised = 0
    for index in range(1, sheet.width + 1):
        value = sheet.value(row, index)
        if value is None:
            continue
        filled, words = filled + 1, shown(value)
        if len(words) > 60:
            return False
        if written_periods.find(words) or recognise(plain(words), {})[3] >= LIKE_WORDS:
            recognised += 1
        elif not isinstance(value, str) or _is_number(value):
            return False
    return filled >= 2 and recognised >= known


def _best_words(sheet: Sheet, row: int, count: int, index: int, remembered: Mapping[str, Field]) -> tuple[Field, Certainty, str, int]:
    """The best reading of a column's heading: the lower row, both rows together, the upper row."""
    best = (Field.UNUSED, Certainty.UNUSED, "", 0)
    for text in _readings(sheet, row, count, index):
        reading = recognise(remembered_heading(text), remembered)
        if reading[3] > best[3]:
            best = reading
    return best


def _readings(sheet: Sheet, row: int, count: int, index: int) -> list[str]:
    upper = _shown(sheet, row, index)
    if count == 1:
        return [upper]
    lower = _shown(sheet, row + 1, index)
    return [text for text in (lower, f"{upper} {lower}".strip(), upper) if text]


def _shown(sheet: Sheet, row: int, index: int) -> str:
    return sheet.text(*sheet.anchor(row, index))


def _heading(sheet: Sheet, row: int, count: int, index: int) -> str:
    texts = [sheet.text(row, index)] if count == 1 else [_shown(sheet, row, index), _shown(sheet, row + 1, index)]
    return " · ".join(dict.fromkeys(text for text in texts if text))


def _proposal(sheet: Sheet, row: int, count: int, index: int, remembered: Mapping[str, Field]) -> Column:
    heading = _heading(sheet, row, count, index)
    named = written_periods.find(heading) if heading else None
    field, certainty, why, _score = _best_words(sheet, row, count, index, remembered)
    if field == Field.UNUSED and certainty != Certainty.SURE and named and _mostly_numbers(sheet, row + count, index):
        field, certainty, why = Field.FIGURE, Certainty.LIKELY, _("date, then numbers")
    if field == Field.UNUSED:
        certainty, why = Certainty.UNUSED, why or _("heading not known")
    if field in NUMBERS and certainty != Certainty.SURE and not _mostly_numbers(sheet, row + count, index):
        certainty, why = Certainty.CHECK, _("mostly words below")
    period = named[0] if named and field in (Field.FIGURE, Field.TARGET, Field.MILESTONE, Field.BASELINE) else None
    return Column(index, heading, field, certainty, why, period)


# Columns against each other ---------------------------------------------------------------------------------------------


def _once_each(columns: Sequence[Column]) -> list[Column]:
    """A field that only one column can fill goes to the surest; the others are shown as not used."""
    order = list(Certainty)
    taken: dict[Field, Column] = {}
    for column in sorted(columns, key=lambda one: (order.index(one.certainty), one.index)):
        if column.field in ONCE and column.field != Field.TARGET:
            taken.setdefault(column.field, column)
    out = []
    for column in columns:
        first = taken.get(column.field)
        if first is not None and first.index != column.index:
            why = _("column %(letter)s fits better") % {"letter": first.letter}
            column = replace(column, field=Field.UNUSED, certainty=Certainty.CHECK, why=why)
        out.append(column)
    return out


def _targets_apart(columns: Sequence[Column]) -> list[Column]:
    """Of several targets the one without a period, else the one that ends last, is the target; the others are milestones."""
    targets = [column for column in columns if column.field == Field.TARGET]
    if len(targets) < 2:
        return list(columns)
    final = next((column for column in targets if column.period is None), None) or max(
        targets, key=lambda one: one.period or Span(date.min, date.min)
    )
    return [
        replace(column, field=Field.MILESTONE, certainty=Certainty.LIKELY, why=_("one of several targets"))
        if column in targets and column is not final
        else column
        for column in columns
    ]


def _without_running_numbers(sheet: Sheet, first_row: int, column: Column) -> Column:
    """``1, 2, 3 …`` counts the rows of the file; it is no code that anyone would use again."""
    if column.field != Field.CODE:
        return column
    values = [sheet.value(row, column.index) for row in range(first_row, sheet.height + 1)]
    numbers = [str(value) for value in values if value is not None]
    if numbers and numbers == [str(number) for number in range(1, len(numbers) + 1)]:
        return replace(column, field=Field.UNUSED, certainty=Certainty.UNUSED, why=_("counts the rows"))
    return column


def _with_title_period(sheet: Sheet, header_row: int, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Figures whose heading names no period take the one that a line above the table names ("Reporting period: …")."""
    span = None
    for row in range(1, header_row):
        for index in range(1, sheet.width + 1):
            text = sheet.text(row, index)
            if text and PERIOD_WORDS.search(plain(text)) and (named := written_periods.find(text)):
                span = named[0]
    if span is None:
        return columns
    return tuple(replace(one, period=span) if one.field == Field.FIGURE and one.period is None else one for one in columns)


# Values -----------------------------------------------------------------------------------------------------------------


def _samples(sheet: Sheet, first_row: int, index: int) -> tuple[str, ...]:
    texts = (sheet.text(row, index) for row in range(first_row, sheet.height + 1))
    return tuple(dict.fromkeys(text for text in texts if text))


def _mostly_numbers(sheet: Sheet, first_row: int, index: int) -> bool:
    texts = [sheet.text(row, index) for row in range(first_row, sheet.height + 1)]
    filled = [text for text in texts if text]
    return bool(filled) and sum(_is_number(text) for text in filled) * 2 >= len(filled)


def _is_number(value: object) -> bool:
    if isinstance(value, Decimal):
        return True
    try:
        written_numbers.read(str(value))
    except written_numbers.NotANumber as unclear:
        return bool(unclear.readings)
    return True


def _no_headings() -> str:
    return _(
        "No sheet has the headings of a results framework. One row must hold a heading such as “Indicator” and at least one of "
        "“Result”, “Baseline” or “Target”. Correct the headings, or name the sheet and the row yourself."
    )
