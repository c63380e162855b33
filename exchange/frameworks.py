"""A results framework read from a sheet: results, indicators with the donor's wording, numbers, and every problem with its cell.

Reading changes nothing and asks nobody: what a cell cannot say by itself becomes a ``Problem`` with choices, and the same sheet
read again with the answers gives the framework as the person meant it. Empty, ``n/a`` and ``–`` are "not reported"; 0 is zero. A
percentage without numerator and denominator is a bare share and stays one. Pure: no database, no settings.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process

from exchange import written_numbers
from exchange.framework_columns import Column, Found
from exchange.framework_words import DEPTH, MEASURES, NUMBERS, RESULT_KINDS, SHARE_NAMES, TOTALS, Field, plain
from exchange.spreadsheets import Sheet, address, shown
from exchange.written_numbers import NotANumber, Written
from exchange.written_periods import Span
from plumbing.numbers import divide

LONGEST_NAME = 500
RESULT_START = re.compile(
    r"^\s*(?P<kind>[^\W\d_][^\W\d_ ]*(?: [^\W\d_]+)?)\s*(?P<number>\d+(?:[.\-]\d+)*[a-z]?\.?)?\s*(?:[:.)\-–—]+\s*|\s+(?=\S)|$)(?P<title>.*)$",
    re.S,
)
BLOCKING, WARNING = "blocking", "warning"


@dataclass(frozen=True)
class Choice:
    """One way to settle a problem; ``wants`` says what the person adds: ``text``, ``number`` or nothing."""

    key: str
    label: str
    wants: str = ""


@dataclass(frozen=True)
class Answer:
    choice: str
    text: str = ""


@dataclass(frozen=True)
class Problem:
    """What is wrong in which cells, and what to do. A blocking one without a valid answer stops the import."""

    key: str
    cells: tuple[str, ...]
    kind: str
    said: str
    message: str
    why: str = ""
    choices: tuple[Choice, ...] = ()
    answer: Answer | None = None

    @property
    def open(self) -> bool:
        return self.kind == BLOCKING and self.answer is None


@dataclass(frozen=True)
class Quantity:
    """A number of the file: a value, a numerator and denominator, or a bare share (0–100); exactly one of the three."""

    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    share: Decimal | None = None
    cell: str = ""

    @property
    def amount(self) -> Decimal:
        """The number as the file shows it: the value, or the share in percent."""
        if self.value is not None:
            return self.value
        if self.share is not None:
            return self.share
        assert self.numerator is not None
        assert self.denominator is not None
        return divide(self.numerator, self.denominator, per=100)


@dataclass(frozen=True)
class ResultRow:
    """One result of the file; ``parent`` is the position of the result above it, ``rows`` the rows that hang on it."""

    kind: str
    number: str
    title: str
    cell: str
    parent: int | None = None
    parent_why: str = ""
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A past figure; ``period`` is None while nobody said which one its column holds."""

    column: str
    period: Span | None
    quantity: Quantity


@dataclass(frozen=True)
class IndicatorRow:
    """One indicator of the file, with the donor's wording; ``result`` is the position of its result."""

    row: int
    result: int
    name: str
    code: str
    measure: str
    unit: str
    group: str
    baseline: Quantity | None
    baseline_year: str
    target: Quantity | None
    milestones: tuple[Figure, ...]
    figures: tuple[Figure, ...]
    source: str
    notes: tuple[str, ...]
    cell: str


@dataclass(frozen=True)
class Framework:
    results: tuple[ResultRow, ...]
    indicators: tuple[IndicatorRow, ...]
    problems: tuple[Problem, ...]
    notes: tuple[tuple[str, str], ...] = ()
    left_out: tuple[int, ...] = ()

    @property
    def blocking(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.open)

    @property
    def figures(self) -> int:
        return sum(len(indicator.figures) for indicator in self.indicators)


def read(sheet: Sheet, found: Found, *, answers: Mapping[str, Answer] | None = None) -> Framework:
    """The framework of a sheet with its columns confirmed; every problem at once, each with what was answered to it."""
    return _Reader(sheet, found, answers or {}).read()


@dataclass
class _Draft:
    """A result while the rows are walked."""

    kind: str
    number: str
    title: str
    cell: str
    above: int | None = None
    rows: list[int] = field(default_factory=list)


class _Reader:
    """One walk over the rows; ``problems`` and ``results`` fill as it goes."""

    def __init__(self, sheet: Sheet, found: Found, answers: Mapping[str, Answer]) -> None:
        self.sheet, self.found, self.answers = sheet, found, answers
        self.columns: dict[Field, Column] = {
            one.field: one for one in found.columns if one.field not in (Field.FIGURE, Field.MILESTONE, Field.UNUSED)
        }
        self.problems: list[Problem] = []
        self.results: list[_Draft] = []
        self.places: dict[tuple[str, str, str], int] = {}
        self.current: int | None = None
        self.notes: list[tuple[str, str]] = []
        self.left_out: list[int] = []
        self.mark = self._decimal_mark()

    def read(self) -> Framework:
        indicators = []
        last = self._last_indicator_row()
        for row in range(self.found.first_row, self.sheet.height + 1):
            if self._is_blank(row) or self._repeats_headings(row):
                continue
            indicator = self._row(row, after_last=row > last)
            if indicator is not None:
                indicators.append(indicator)
        self._twins(indicators)
        parents = self._parents()
        results = tuple(
            ResultRow(one.kind, one.number, one.title, one.cell, parent, why, tuple(one.rows))
            for one, (parent, why) in zip(self.results, parents, strict=True)
        )
        problems = sorted(self.problems, key=lambda one: one.kind != BLOCKING)
        return Framework(results, tuple(indicators), tuple(problems), tuple(self.notes), tuple(self.left_out))

    # Rows -----------------------------------------------------------------------------------------------------------------

    def _row(self, row: int, *, after_last: bool) -> IndicatorRow | None:
        name = self._text(row, Field.INDICATOR)
        if name:
            return self._indicator(row, name)
        first = next((text for column in range(1, self.sheet.width + 1) if (text := self.sheet.text(row, column))), "")
        if plain(first) in TOTALS or plain(first).startswith("total "):
            self._left_out(row, _("Row %(row)s is a total. It is not read: totals are computed here.") % {"row": row})
        elif self._has_numbers(row):
            return self._without_name(row)
        elif not self._heading(row, after_last=after_last):
            self.notes.append((address(row, self._first_column(row)), first))
        return None

    def _indicator(self, row: int, name: str) -> IndicatorRow | None:
        result = self._result_of(row)
        if result is None:
            result = self._without_result(row)
            if result is None:
                return None
        notes: list[str] = []
        unit = self._text(row, Field.MEASURE)
        cells = self._numbers(row, notes, wanted=MEASURES.get(plain(unit)) != "text")
        measure = self._measure(name, unit, cells.values())
        quantities = {letter: _quantity(written, measure, f"{letter}{row}") for letter, written in cells.items()}
        currency = next((one.currency for one in cells.values() if one and one.currency), "")
        if len(name) > LONGEST_NAME:
            notes.append(name)
            self._warn(
                row, Field.INDICATOR, "long", name[:60] + "…", _("The wording is cut after 500 characters; all of it is kept as a note.")
            )
        self.results[result].rows.append(row)
        return IndicatorRow(
            row=row,
            result=result,
            name=name[:LONGEST_NAME],
            code=self._text(row, Field.CODE),
            measure=measure,
            unit=currency or ("" if plain(unit) in MEASURES or plain(unit) in ("unit", "unite", "number", "nombre", "") else unit),
            group=self._text(row, Field.GROUP),
            baseline=self._single(quantities, Field.BASELINE),
            baseline_year=self._text(row, Field.BASELINE_YEAR),
            target=self._single(quantities, Field.TARGET),
            milestones=self._several(quantities, Field.MILESTONE),
            figures=self._several(quantities, Field.FIGURE),
            source=self._text(row, Field.SOURCE),
            notes=tuple(notes),
            cell=self._cell(row, Field.INDICATOR),
        )

    def _without_name(self, row: int) -> IndicatorRow | None:
        """Numbers without a name: the person names the indicator or leaves the row out."""
        column, text = next((one, text) for one in self._number_columns() if (text := self.sheet.text(row, one.index)))
        choices = (Choice("name", _("Name it"), "text"), Choice("leave_out", _("Leave row %(row)s out") % {"row": row}))
        message = _("Row %(row)s has a number (%(cell)s = %(text)s) but no indicator") % {
            "row": row,
            "cell": f"{column.letter}{row}",
            "text": text,
        }
        why = _("Without a name nobody can report on it.")
        answer = self._ask(f"no_indicator:{row}", (self._cell(row, Field.INDICATOR),), "", message, why, choices)
        if answer is not None and answer.choice == "name":
            return self._indicator(row, answer.text)
        self.left_out.append(row)
        return None

    def _heading(self, row: int, *, after_last: bool) -> bool:
        """A row that only names a result: ``Outcome 1: …`` across the sheet, or a result cell with nothing beside it."""
        typed = self._typed_result(row)
        if typed is not None:
            self.current = typed
            return True
        title = self._text(row, Field.RESULT)
        if title and not after_last and Field.KIND not in self.columns and self._filled(row) == 1:
            self.current = self._add_result("", "", title, row)
            return True
        return False

    def _typed_result(self, row: int) -> int | None:
        chain = self._chain(row)
        if chain is not None:
            return chain
        kind = self._kind_of(row)
        title = self._text(row, Field.RESULT)
        if kind and title:
            return self._add_result(*_split_title(kind, title), row)
        for column in range(1, self.sheet.width + 1):
            if text := self.sheet.text(row, column):
                split = split_result(text)
                return None if split is None else self._add_result(*split, row, column)
        return None

    def _is_blank(self, row: int) -> bool:
        return self._filled(row) == 0

    def _filled(self, row: int) -> int:
        return sum(1 for column in range(1, self.sheet.width + 1) if self.sheet.text(row, column))

    def _first_column(self, row: int) -> int:
        return next(column for column in range(1, self.sheet.width + 1) if self.sheet.text(row, column))

    def _repeats_headings(self, row: int) -> bool:
        """The headings again on a later page of the file, or the row of column numbers under them."""
        cells = [(self.sheet.text(row, one.index), one) for one in self.found.columns]
        filled = [(text, one) for text, one in cells if text]
        if len(filled) >= 3 and all(plain(text) in plain(one.heading) for text, one in filled):
            return True
        counted = [re.sub(r"[()\s]", "", text) for text, _one in filled]
        return len(counted) >= 4 and counted == [str(number) for number in range(1, len(counted) + 1)]

    def _last_indicator_row(self) -> int:
        return max((row for row in range(self.found.first_row, self.sheet.height + 1) if self._text(row, Field.INDICATOR)), default=0)

    # Results --------------------------------------------------------------------------------------------------------------

    def _result_of(self, row: int) -> int | None:
        """The result an indicator row names, or the one named above it."""
        chain = self._chain(row)
        if chain is not None:
            self.current = chain
            return chain
        title = self._text(row, Field.RESULT)
        if not title:
            return self.current
        kind = self._kind_of(row)
        split = _split_title(kind, title) if kind else split_result(title) or ("", "", title)
        self.current = self._add_result(*split, row)
        return self.current

    def _chain(self, row: int) -> int | None:
        """Results from a column per kind (impact, outcome, output): the deepest one named in this row."""
        above, found = None, None
        for kind_field, kind in ((Field.IMPACT, "impact"), (Field.OUTCOME, "outcome"), (Field.OUTPUT, "output")):
            if kind_field in self.columns:
                title = self._text(row, kind_field)
                if title:
                    _kind, number, words = split_result(title) or (kind, "", title)
                    above = found = self._add_result(kind, number, words, row, self.columns[kind_field].index, above)
                elif self.current is not None and (carried := self._ancestor(self.current, kind)) is not None:
                    above = carried
        return found

    def _ancestor(self, result: int | None, kind: str) -> int | None:
        while result is not None:
            if self.results[result].kind == kind:
                return result
            result = self.results[result].above
        return None

    def _kind_of(self, row: int) -> str:
        """The kind named in its own column; a word that is no kind is asked once."""
        text = self._text(row, Field.KIND)
        if not text:
            return ""
        words = plain(text)
        kind = RESULT_KINDS.get(words) or RESULT_KINDS.get(words.rstrip("s")) or RESULT_KINDS.get(re.sub(r" ?[\d. ]+$", "", words))
        if kind:
            return kind
        answer = self._ask_once(
            f"kind:{words}",
            self._cell(row, Field.KIND),
            text,
            _("“%(text)s” is no kind of result") % {"text": text},
            _("A result is an impact, an outcome or an output."),
            _kind_choices(),
        )
        return answer.choice if answer else "?"

    def _add_result(self, kind: str, number: str, title: str, row: int, column: int = 0, above: int | None = None) -> int:
        title = " ".join(title.split()) or number
        index = column or (self.columns[Field.RESULT].index if Field.RESULT in self.columns else self._first_column(row))
        cell = address(*self.sheet.anchor(row, index))
        if not kind:
            kind = self._ask_kind(title, cell)
        place = (kind, number, plain(title) or title)
        if place not in self.places:
            self.places[place] = len(self.results)
            self.results.append(_Draft(kind if kind != "?" else "", number, title, cell, above))
        return self.places[place]

    def _ask_kind(self, title: str, cell: str) -> str:
        message = _("The file does not say what kind of result this is")
        answer = self._ask_once(f"kind_of:{plain(title)[:80]}", cell, title, message, "", _kind_choices())
        return answer.choice if answer else "?"

    def _without_result(self, row: int) -> int | None:
        choices = (
            Choice("name", _("Name the outcome"), "text"),
            Choice("leave_out", _("Leave row %(row)s out") % {"row": row}),
        )
        message = _("Row %(row)s has an indicator but no result") % {"row": row}
        cell = self._cell(row, Field.RESULT) if Field.RESULT in self.columns else self._cell(row, Field.INDICATOR)
        answer = self._ask(f"no_result:{row}", (cell,), "", message, _("Every indicator hangs on a result."), choices)
        if answer is not None and answer.choice == "name":
            self.current = self._add_result("outcome", "", answer.text, row)
            return self.current
        self.left_out.append(row)
        return None

    def _parents(self) -> list[tuple[int | None, str]]:
        """An output hangs under an outcome, by column, by number, by the same words, or by standing under it in the file."""
        return [self._parent(position, one) for position, one in enumerate(self.results)]

    def _parent(self, position: int, one: _Draft) -> tuple[int | None, str]:
        if one.kind not in ("outcome", "output"):
            return None, ""
        wanted = "impact" if one.kind == "outcome" else "outcome"
        above = [other for other, draft in enumerate(self.results) if draft.kind == wanted]
        if one.above is not None and self.results[one.above].kind == wanted:
            return one.above, "column"
        if one.number and (parent := self._numbered_parent(one.number, above)) is not None:
            return parent, "number"
        same = [other for other in above if plain(self.results[other].title) == plain(one.title)]
        if same:
            return same[0], "words"
        before = [other for other in above if other < position]
        if wanted == "impact":
            return (before[-1] if before else above[0], "above") if above else (None, "")
        if before and self._interleaved():
            return before[-1], "above"
        return self._ask_parent(one, above)

    def _numbered_parent(self, number: str, above: list[int]) -> int | None:
        start = re.split(r"[.\-]", number.rstrip("."))[:-1]
        wanted = ".".join(start)
        return next((other for other in above if wanted and self.results[other].number.rstrip(".") == wanted), None)

    def _interleaved(self) -> bool:
        """Outputs stand under their outcomes, rather than all outcomes first and all outputs after them."""
        kinds = [one.kind for one in self.results if one.kind in ("outcome", "output")]
        changes = sum(1 for first, second in itertools.pairwise(kinds) if first != second)
        return changes > 1 or kinds.count("outcome") == 1

    def _ask_parent(self, one: _Draft, above: list[int]) -> tuple[int | None, str]:
        """The file lists the output without its outcome: it may stand alone, and the person can say where it belongs."""
        titles = {str(other): self.results[other].title for other in above}
        if not titles:
            return None, ""
        like = process.extractOne(one.title, titles, scorer=fuzz.token_set_ratio)
        order = sorted(titles, key=lambda key: key != like[2]) if like else list(titles)
        choices = (Choice("none", _("Under no outcome yet")), *(Choice(key, titles[key]) for key in order))
        message = _("The file does not say under which outcome this output belongs")
        answer = self._tell(f"parent:{plain(one.title)[:80]}", (one.cell,), one.title, message, "", choices, default="none")
        return (None, "") if answer.choice == "none" else (int(answer.choice), "chosen")

    # Numbers --------------------------------------------------------------------------------------------------------------

    def _number_columns(self) -> list[Column]:
        return [one for one in self.found.columns if one.field in NUMBERS]

    def _numbers(self, row: int, notes: list[str], *, wanted: bool) -> dict[str, Written | None]:
        cells: dict[str, Written | None] = {}
        for column in self._number_columns():
            if wanted:
                cells[column.letter] = self._number(row, column, notes)
            elif text := self.sheet.text(row, column.index):
                notes.append(f"{column.heading}: {text}")
        return cells

    def _number(self, row: int, column: Column, notes: list[str]) -> Written | None:
        """One cell as a number; what it cannot say becomes a problem. None is "not reported"."""
        place, cell = (row, column.index), f"{column.letter}{row}"
        if place in self.sheet.errors:
            said = self.sheet.errors[place]
            return self._ask_number(cell, said, _("The cell shows the error %(error)s") % {"error": said}, (), notes)
        if place in self.sheet.uncomputed:
            message = _("The formula in this cell was never computed")
            why = _("Open the file in a spreadsheet program and save it, so that the cell holds its number.")
            return self._ask_number(cell, "=…", message, (), notes, why)
        value = self.sheet.value(*place)
        if value is None:
            return None
        if isinstance(value, Decimal):
            return self._plain_number(cell, value * 100 if place in self.sheet.percent else value, place in self.sheet.percent)
        if not isinstance(value, str):
            message = _("“%(text)s” is not a number") % {"text": shown(value)}
            return self._ask_number(
                cell, shown(value), message, (), notes, _("A spreadsheet program may have turned a number into a date.")
            )
        return self._written(cell, value, notes)

    def _plain_number(self, cell: str, value: Decimal, percent: bool) -> Written | None:
        try:
            short, rounded = written_numbers.limited(value)
        except NotANumber as wrong:
            return self._ask_number(cell, str(value), _reason(wrong), (), [])
        if rounded:
            self._rounded(cell, str(value), short)
        return Written(short, percent=percent)

    def _written(self, cell: str, text: str, notes: list[str]) -> Written | None:
        try:
            written = written_numbers.read(text, mark=self.mark)
        except NotANumber as wrong:
            return self._ask_number(cell, text, _reason(wrong), wrong.readings, notes)
        if written.rounded and written.value is not None:
            self._rounded(cell, text, written.value)
        if written.unsure is not None and written.value is not None:
            return self._unsure(cell, text, written)
        return None if written.value is None and written.numerator is None else written

    def _ask_number(
        self, cell: str, said: str, message: str, readings: tuple[Decimal, ...], notes: list[str], why: str = ""
    ) -> Written | None:
        labels = (_("%(number)s, the lower end"), _("%(number)s, the upper end")) if len(readings) == 2 else ("%(number)s",) * len(readings)
        choices = (
            *(Choice(f"take:{one:f}", label % {"number": f"{one:f}"}) for one, label in zip(readings, labels, strict=True)),
            Choice("other", _("Other"), "number"),
            Choice("empty", _("Leave it empty: not reported")),
        )
        answer = self._ask(f"number:{cell}", (cell,), said, message, why or _("What the cell says is kept as a note."), choices)
        notes.append(f"{cell}: {said}")
        if answer is None or answer.choice == "empty":
            return None
        number = answer.text if answer.choice == "other" else answer.choice.removeprefix("take:")
        mark = self.mark if answer.choice == "other" else "."
        return written_numbers.read(number, mark=mark)

    def _unsure(self, cell: str, text: str, written: Written) -> Written:
        assert written.value is not None
        assert written.unsure is not None
        choices = (Choice("first", f"{written.value:f}"), Choice("second", f"{written.unsure:f}"))
        message = _("“%(text)s” may be two numbers") % {"text": text}
        why = _("No other cell shows whether the comma or the point separates the decimals.")
        answer = self._tell(f"unsure:{cell}", (cell,), text, message, why, choices, default="first")
        return written if answer.choice == "first" else replace(written, value=written.unsure)

    def _rounded(self, cell: str, text: str, short: Decimal) -> None:
        message = _("The number has more than six decimals and is taken as %(number)s") % {"number": f"{short:f}"}
        self._tell(f"rounded:{cell}", (cell,), text, message, "", (Choice("keep", _("Keep the rounded number")),), default="keep")

    def _measure(self, name: str, unit: str, cells: Iterable[Written | None]) -> str:
        named = MEASURES.get(plain(unit)) or (plain(unit) and "unit")
        if named:
            return named
        if SHARE_NAMES.match(plain(name) + " ") or any(one.percent for one in cells if one):
            return "percentage"
        return "unit"

    def _single(self, quantities: Mapping[str, Quantity | None], wanted: Field) -> Quantity | None:
        column = self.columns.get(wanted)
        return quantities.get(column.letter) if column else None

    def _several(self, quantities: Mapping[str, Quantity | None], wanted: Field) -> tuple[Figure, ...]:
        columns = [one for one in self.found.columns if one.field == wanted]
        return tuple(Figure(one.letter, one.period, quantity) for one in columns if (quantity := quantities.get(one.letter)) is not None)

    def _has_numbers(self, row: int) -> bool:
        for column in self._number_columns():
            place = (row, column.index)
            text = self.sheet.text(*place)
            if place in self.sheet.errors or place in self.sheet.uncomputed:
                return True
            if text and any(character.isdigit() for character in text):
                return True
        return False

    def _decimal_mark(self) -> str | None:
        """The decimal mark that the number columns prove, else the one of the headings' language where that is French."""
        texts = [
            value
            for column in self._number_columns()
            for row in range(self.found.first_row, self.sheet.height + 1)
            if isinstance(value := self.sheet.value(row, column.index), str)
        ]
        return written_numbers.decimal_mark(texts)

    # Problems -------------------------------------------------------------------------------------------------------------

    def _twins(self, indicators: Iterable[IndicatorRow]) -> None:
        """Rows with the same words under one result stay two indicators; the person is told so."""
        alike: dict[tuple[int, str], list[IndicatorRow]] = defaultdict(list)
        codes: dict[str, list[IndicatorRow]] = defaultdict(list)
        for one in indicators:
            alike[one.result, plain(one.name)].append(one)
            if one.code:
                codes[one.code].append(one)
        for rows in alike.values():
            if len(rows) > 1:
                self._twin(rows)
        for code, rows in codes.items():
            if len(rows) > 1:
                message = _("The code %(code)s stands in %(count)s rows: the later ones get a number behind it") % {
                    "code": code,
                    "count": len(rows),
                }
                cells = tuple(self._cell(one.row, Field.CODE) for one in rows)
                self._tell(f"code:{code}", cells, code, message, "", (Choice("keep", _("Keep them all")),), default="keep")

    def _twin(self, rows: list[IndicatorRow]) -> None:
        groups = {one.group for one in rows}
        cells = tuple(one.cell for one in rows)
        choices = (Choice("keep", _("Separate indicators, as in the file")),)
        if len(groups) == len(rows):
            message = _("%(count)s rows alike for different population groups: they stay separate") % {"count": len(rows)}
            why = ", ".join(f"{self._cell(one.row, Field.GROUP)} {one.group}" for one in rows if one.group)
        else:
            message = _("%(count)s rows alike, some for the same population group: they stay separate") % {"count": len(rows)}
            why = _("If one of them is a copy, delete it in the file and read it again.")
        self._tell(f"twins:{rows[0].row}", cells, _("same words"), message, why, choices, default="keep")

    def _left_out(self, row: int, message: str) -> None:
        self.left_out.append(row)
        cell = address(row, self._first_column(row))
        choices = (Choice("keep", _("Leave it out")),)
        self._tell(f"total:{row}", (cell,), self.sheet.text(row, self._first_column(row)), message, "", choices, default="keep")

    def _warn(self, row: int, column: Field, code: str, said: str, message: str) -> None:
        self._tell(f"{code}:{row}", (self._cell(row, column),), said, message, "", (Choice("keep", _("Keep")),), default="keep")

    def _ask_once(self, key: str, cell: str, said: str, message: str, why: str, choices: tuple[Choice, ...]) -> Answer | None:
        for position, problem in enumerate(self.problems):
            if problem.key == key:
                if cell not in problem.cells:
                    self.problems[position] = replace(problem, cells=(*problem.cells, cell))
                return problem.answer
        return self._ask(key, (cell,), said, message, why, choices)

    def _ask(self, key: str, cells: tuple[str, ...], said: str, message: str, why: str, choices: tuple[Choice, ...]) -> Answer | None:
        """Record a blocking problem; returns the answer where it is one of the choices and holds what the choice wants."""
        answer = self._valid(self.answers.get(key), choices)
        self.problems.append(Problem(key, cells, BLOCKING, said, message, why, choices, answer))
        return answer

    def _tell(
        self, key: str, cells: tuple[str, ...], said: str, message: str, why: str, choices: tuple[Choice, ...], *, default: str
    ) -> Answer:
        """Record a warning; without an answer the default choice holds."""
        answer = self._valid(self.answers.get(key), choices) or Answer(default)
        self.problems.append(Problem(key, cells, WARNING, said, message, why, choices, answer))
        return answer

    def _valid(self, answer: Answer | None, choices: tuple[Choice, ...]) -> Answer | None:
        choice = next((one for one in choices if answer is not None and one.key == answer.choice), None)
        if answer is None or choice is None:
            return None
        text = " ".join(answer.text.split())
        if choice.wants and not text:
            return None
        if choice.wants == "number":
            try:
                written = written_numbers.read(text, mark=self.mark)
            except NotANumber:
                return None
            if written.value is None and written.numerator is None:
                return None
        return Answer(answer.choice, text)

    # Cells ----------------------------------------------------------------------------------------------------------------

    def _text(self, row: int, wanted: Field) -> str:
        """The text of a field's cell; a cell merged downwards speaks for its rows, one merged across only for its own column."""
        column = self.columns.get(wanted)
        if column is None:
            return ""
        top, left = self.sheet.anchor(row, column.index)
        return self.sheet.text(top, left) if left == column.index else ""

    def _cell(self, row: int, wanted: Field) -> str:
        column = self.columns.get(wanted)
        return address(row, column.index) if column else f"{row}:{row}"


def split_result(text: str) -> tuple[str, str, str] | None:
    """``Outcome 1.2: Young people …`` as kind, number and title; None where the text does not begin with a kind of result."""
    match = RESULT_START.match(text)
    if match is None:
        return None
    kind, title = RESULT_KINDS.get(plain(match["kind"])), " ".join(match["title"].split())
    marked = match["number"] or re.match(r"\s*[:.)\-–—]", text[match.end("kind") :])
    if kind is None or not marked or not title:
        return None  # "Outcome young people" is a title like any other: only a number or a mark makes the word a kind
    return kind, (match["number"] or "").rstrip("."), title


def _split_title(kind: str, title: str) -> tuple[str, str, str]:
    """A title whose kind stands in its own column may still begin with ``Outcome 1:`` or ``1.2``."""
    split = split_result(title)
    if split is not None:
        return kind, split[1], split[2]
    match = re.match(r"^(\d+(?:\.\d+)*)[.):\s]+\s*(\S.*)$", title)
    return (kind, match[1], match[2]) if match else (kind, "", title)


def _quantity(written: Written | None, measure: str, cell: str) -> Quantity | None:
    if written is None:
        return None
    if written.numerator is not None:
        if measure == "percentage":
            return Quantity(numerator=written.numerator, denominator=written.denominator, cell=cell)
        return Quantity(value=written.numerator, cell=cell)
    if measure == "percentage":
        return Quantity(share=written.value, cell=cell)
    return Quantity(value=written.value, cell=cell)


def _kind_choices() -> tuple[Choice, ...]:
    labels = {"impact": _("Impact"), "outcome": _("Outcome"), "output": _("Output")}
    return tuple(Choice(kind, labels[kind]) for kind in DEPTH)


def _reason(wrong: NotANumber) -> str:
    messages = {
        "range": _("“%(text)s” is two numbers"),
        "bound": _("“%(text)s” is a limit, not one number"),
        "words": _("“%(text)s” has words beside the number"),
        "too_large": _("“%(text)s” is too large to be kept"),
        "text": _("“%(text)s” is not a number"),
    }
    return messages[wrong.reason] % {"text": wrong.text}
