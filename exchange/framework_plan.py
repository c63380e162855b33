"""What an import would change: the framework of a file held against the project, the library and the calendar.

Reading only. The page shows it before anything is written, ``imports.confirm`` writes exactly it, and a second look at the same
file finds nothing to change.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process

from exchange import framework_columns, frameworks, spreadsheets
from exchange.framework_columns import Found
from exchange.framework_words import Field, plain
from exchange.frameworks import BLOCKING, Answer, Choice, Framework, IndicatorRow, Problem, Quantity, ResultRow
from exchange.models import ColumnMemory, Import
from exchange.written_periods import Span
from locations.models import Place, PlaceTree
from plumbing.numbers import normal
from privacy import files
from programs import calendar
from programs.models import Indicator, IndicatorDefinition, Project, ReportingPeriod, Result, Target
from reporting.models import Figure, Submission

FILE_PURPOSE = "import"
LIKE_TITLE = 82  # resemblance (0–100) from which a definition of the library is worth showing as a suggestion
SUGGESTIONS = 5
NEW = "new"
PLACEHOLDER = "placeholder"
Measure, OverTime, Across = IndicatorDefinition.Measure, IndicatorDefinition.OverTime, IndicatorDefinition.Across


@dataclass(frozen=True)
class Chosen:
    """What the person chose so far, as kept in ``Import.choices``; keys are column numbers, rows and result positions."""

    sheet: str = ""
    header_row: int = 0
    fields: Mapping[int, Field] = field(default_factory=dict)
    periods: Mapping[int, Span | None] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    definitions: Mapping[int, str] = field(default_factory=dict)
    over_time: Mapping[int, str] = field(default_factory=dict)
    across: Mapping[int, str] = field(default_factory=dict)
    level: str = ""
    levels: Mapping[int, str] = field(default_factory=dict)
    partner: int | None = None
    place: int | None = None
    later_include: bool | None = None
    remember: bool = True

    @classmethod
    def load(cls, text: str) -> Chosen:
        kept = json.loads(text) if text else {}
        spans = {int(key): Span(*map(date.fromisoformat, span)) if span else None for key, span in kept.pop("periods", {}).items()}
        numbered: dict[str, Any] = {name: {int(key): value for key, value in kept.pop(name, {}).items()} for name in _NUMBERED}
        fields = {int(key): Field(value) for key, value in kept.pop("fields", {}).items()}
        answers = {key: Answer(**value) for key, value in kept.pop("answers", {}).items()}
        return cls(fields=fields, periods=spans, answers=answers, **numbered, **kept)

    def dump(self) -> str:
        spans = {key: [span.start.isoformat(), span.end.isoformat()] if span else None for key, span in self.periods.items()}
        answers = {key: {"choice": one.choice, "text": one.text} for key, one in self.answers.items()}
        kept = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps({**kept, "periods": spans, "answers": answers}, sort_keys=True, ensure_ascii=False)


_NUMBERED = ("definitions", "over_time", "across", "levels")


@dataclass(frozen=True)
class PlannedResult:
    """A result of the file beside the one of the project it stands for; ``existing`` is None where it will be made."""

    row: ResultRow
    position: int
    existing: Result | None
    code: str
    level: str
    parent: int | None  # position of the result above; -1: the outcome for outputs that the file puts under none


@dataclass(frozen=True)
class Change:
    """One value that differs: from what the project holds to what the file says."""

    name: str
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class PlannedIndicator:
    """An indicator of the file, the project's one it stands for, and the definition that will say how it adds up.

    ``definition`` is None where a project-only one will be made under ``shared``, the key that rows with the same words share.
    """

    row: IndicatorRow
    existing: Indicator | None
    code: str
    definition: IndicatorDefinition | None
    why: str
    shared: str
    over_time: str
    across: str
    decimals: int
    changes: tuple[Change, ...] = ()
    suggestions: tuple[IndicatorDefinition, ...] = ()

    @property
    def is_new(self) -> bool:
        return self.existing is None

    @property
    def to_choose(self) -> bool:
        """A definition will be made and its rule over time is left open."""
        return self.is_new and self.definition is None and not self.over_time and self.row.measure != "text"


@dataclass(frozen=True)
class PastFigure:
    indicator: PlannedIndicator
    quantity: Quantity
    known: Figure | None  # the same stream's figure in the portal


@dataclass(frozen=True)
class PastPeriod:
    """The past figures of one period: those to be written, those the portal holds already, and those that differ from accepted ones."""

    span: Span
    period: ReportingPeriod | None
    figures: tuple[PastFigure, ...]

    @property
    def new(self) -> tuple[PastFigure, ...]:
        return tuple(one for one in self.figures if one.known is None)

    @property
    def differing(self) -> tuple[PastFigure, ...]:
        return tuple(one for one in self.figures if one.known is not None and not same_number(one.known, one.quantity))


@dataclass(frozen=True)
class Plan:
    source: Import
    chosen: Chosen
    found: Found
    framework: Framework
    results: tuple[PlannedResult, ...]
    indicators: tuple[PlannedIndicator, ...]
    past: tuple[PastPeriod, ...]
    problems: tuple[Problem, ...]
    gone: tuple[Indicator, ...]
    partner: Any = None
    place: Place | None = None

    @property
    def blocking(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.open)

    @property
    def new_results(self) -> tuple[PlannedResult, ...]:
        return tuple(one for one in self.results if one.existing is None)

    @property
    def new_indicators(self) -> tuple[PlannedIndicator, ...]:
        return tuple(one for one in self.indicators if one.is_new)

    @property
    def changed(self) -> tuple[PlannedIndicator, ...]:
        return tuple(one for one in self.indicators if one.changes)

    @property
    def new_figures(self) -> int:
        return sum(len(period.new) for period in self.past)

    @property
    def running_totals(self) -> tuple[PlannedIndicator, ...]:
        """Indicators with past figures whose rule is the running total: for them it must be said what later totals include."""
        with_past = {id(one.indicator): one.indicator for period in self.past for one in period.new}
        return tuple(one for one in with_past.values() if rule_over_time(one) == OverTime.RUNNING_TOTAL)

    @property
    def changes_nothing(self) -> bool:
        return not (self.new_results or self.new_indicators or self.changed or self.new_figures)


def plan(source: Import) -> Plan:
    """Read the kept file again with what was chosen, and hold it against the project.

    Raises ``spreadsheets.SpreadsheetRefused`` and ``framework_columns.NoFramework``.
    """
    chosen = Chosen.load(source.choices)
    book = spreadsheets.read(content(source), name=source.file_name)
    found = framework_columns.find(book, remembered=remembered(source.project), sheet=chosen.sheet, header_row=chosen.header_row)
    found = found.with_fields(chosen.fields, chosen.periods)
    sheet = book.sheet(found.sheet)
    assert sheet is not None
    framework = frameworks.read(sheet, found, answers=chosen.answers)
    return _Planner(source, chosen, found, framework).plan()


def content(source: Import) -> bytes:
    return b"".join(files.read(source.path, key_id="", purpose=FILE_PURPOSE, owner_id=""))


def remembered(project: Project) -> dict[str, Field]:
    """Headings confirmed before for this project's donor."""
    donor = donor_of(project)
    rows = ColumnMemory.objects.filter(donor=donor).values_list("heading", "field")
    return {heading: Field(name) for heading, name in rows if name in set(Field)}


def donor_of(project: Project) -> Any:
    """The donor whose file it is: the one of the project's first grant."""
    grant = project.grants.select_related("grant__donor").order_by("grant__starts_on", "pk").first()
    return grant.grant.donor if grant else None


def rule_over_time(one: PlannedIndicator) -> str:
    return one.definition.over_time if one.definition is not None else one.over_time or OverTime.SNAPSHOT


def same_number(row: Any, quantity: Quantity, prefix: str = "") -> bool:
    """Whether a figure, target or baseline (fields ``prefix`` + value, numerator, denominator, share) says what the file says."""
    stated = tuple(getattr(row, f"{prefix}{name}") for name in ("value", "numerator", "denominator", "share"))
    return stated == (quantity.value, quantity.numerator, quantity.denominator, quantity.share)


def written(quantity: Quantity | None) -> str:
    """A number as the file means it: ``1490``, ``6 / 21`` or ``58 %``; a dash where nothing is reported."""
    if quantity is None:
        return "–"
    if quantity.numerator is not None and quantity.denominator is not None:
        return f"{normal(quantity.numerator):f} / {normal(quantity.denominator):f}"
    if quantity.share is not None:
        return f"{normal(quantity.share):f} %"
    return f"{normal(quantity.amount):f}"


def code_of(span: Span) -> str:
    """``2024``, ``2024-H1``, ``2024-Q3``, ``2024-07``, else the months it covers."""
    months = (span.end.year - span.start.year) * 12 + span.end.month - span.start.month + 1
    whole = span.start.day == 1 and calendar.months.monthrange(span.end.year, span.end.month)[1] == span.end.day
    if whole and span.start.year == span.end.year:
        first = span.start.month
        if months == 12:
            return str(span.start.year)
        if months == 6 and first in (1, 7):
            return f"{span.start.year}-H{(first + 5) // 6}"
        if months == 3 and first % 3 == 1:
            return f"{span.start.year}-Q{(first + 2) // 3}"
        if months == 1:
            return f"{span.start:%Y-%m}"
    return f"{span.start:%Y-%m}/{span.end:%Y-%m}" if whole else f"{span.start:%y%m%d}/{span.end:%y%m%d}"


class _Planner:
    """Holds what is read once: the project's results and indicators, the library, the calendar."""

    def __init__(self, source: Import, chosen: Chosen, found: Found, framework: Framework) -> None:
        self.source, self.chosen, self.found, self.framework = source, chosen, found, framework
        self.project: Project = source.project
        self.problems: list[Problem] = list(framework.problems)
        own = Q(project__isnull=True) | Q(project=self.project)
        self.definitions = list(IndicatorDefinition.objects.in_force().filter(own).select_related("project"))
        self.have_results = list(self.project.results.all())
        self.have = list(self.project.indicators.select_related("definition", "result").prefetch_related("targets"))
        self.partner = next((p.organization for p in self._partners() if p.organization_id == chosen.partner), None)
        self.place = Place.objects.filter(pk=chosen.place).first() if chosen.place else None

    def plan(self) -> Plan:
        results = tuple(self._results())
        indicators = tuple(self._indicators(results))
        past = tuple(self._past(indicators))
        self._milestones(indicators)
        matched = {one.existing.pk for one in indicators if one.existing is not None}
        gone = tuple(one for one in self.have if one.pk not in matched and not one.is_retired)
        plan = Plan(
            source=self.source, chosen=self.chosen, found=self.found, framework=self.framework, results=results, indicators=indicators,
            past=past, problems=(), gone=gone, partner=self.partner, place=self.place,
        )  # fmt: skip
        if plan.running_totals and self.chosen.later_include is None:
            codes = ", ".join(one.code for one in plan.running_totals)
            message = _("Do later running totals include the past figures? (%(codes)s)") % {"codes": codes}
            why = _("Say it in step 2: they count on from the past figures, or they start at 0 again.")
            self.problems.append(Problem("past:later", (), BLOCKING, "", message, why))
        return replace(plan, problems=tuple(sorted(self.problems, key=lambda one: one.kind != BLOCKING)))

    # Results --------------------------------------------------------------------------------------------------------------

    def _results(self) -> Iterator[PlannedResult]:
        taken = {(one.kind, one.code) for one in self.have_results}
        level = self.chosen.level or self._usual_level()
        for position, row in enumerate(self.framework.results):
            existing = self._same_result(row)
            if existing is not None and plain(existing.title) != plain(row.title):
                self._other_words(row, existing)
            parent = row.parent if row.kind != "output" or row.parent is not None else -1
            code = existing.code if existing else self._result_code(row, taken)
            taken.add((row.kind, code))
            chosen = self.chosen.levels.get(position, level)
            yield PlannedResult(row, position, existing, code, existing.level if existing else chosen, parent)

    def _other_words(self, row: ResultRow, existing: Result) -> None:
        message = _("%(kind)s %(code)s has other words in the portal: “%(title)s”") % {
            "kind": existing.get_kind_display(),
            "code": existing.code,
            "title": existing.title,
        }
        why = _("By its number it is the same result. Its title in the portal stays.")
        keep = (Choice("keep", _("Keep the portal's title")),)
        self.problems.append(
            Problem(f"result:{existing.pk}", (row.cell,), frameworks.WARNING, row.title, message, why, keep, Answer("keep"))
        )

    def _same_result(self, row: ResultRow) -> Result | None:
        alike = [one for one in self.have_results if one.kind == row.kind]
        by_words = [one for one in alike if plain(one.title) == plain(row.title)]
        by_number = [one for one in alike if row.number and one.code == row.number]
        both = [one for one in by_words if one in by_number]
        found = both or by_number or by_words
        return found[0] if found else None

    def _result_code(self, row: ResultRow, taken: set[tuple[str, str]]) -> str:
        if row.number and (row.kind, row.number[:30]) not in taken:
            return row.number[:30]
        number = 1
        while (row.kind, str(number)) in taken:
            number += 1
        return str(number)

    def _usual_level(self) -> str:
        shares = self.project.levels.order_by("-share", "pk").values_list("level", flat=True)
        return shares[0] if shares else "community"

    # Indicators -----------------------------------------------------------------------------------------------------------

    def _indicators(self, results: tuple[PlannedResult, ...]) -> Iterator[PlannedIndicator]:
        free = list(self.have)
        codes = {one.code for one in self.have}
        decimals: dict[str, int] = defaultdict(int)
        rows = self.framework.indicators
        for row in rows:
            decimals[_shared_key(row)] = max(decimals[_shared_key(row)], _decimals(row))
        counts: dict[int, int] = defaultdict(int)
        for row in rows:
            counts[row.result] += 1
            existing = self._same_indicator(row, results[row.result], free)
            if existing is not None:
                free.remove(existing)
                yield self._known(row, existing)
                continue
            definition, why, suggestions = self._definition(row, decimals[_shared_key(row)])
            code = self._code(row, definition, results[row.result], counts[row.result], codes)
            codes.add(code)
            over_time, across = self._rules(row)
            yield PlannedIndicator(
                row=row, existing=None, code=code, definition=definition, why=why, shared=_shared_key(row), over_time=over_time,
                across=across, decimals=decimals[_shared_key(row)], suggestions=suggestions,
            )  # fmt: skip

    def _same_indicator(self, row: IndicatorRow, result: PlannedResult, free: list[Indicator]) -> Indicator | None:
        """The project's own one: by the donor's code, else by result, wording and population group, each taken once."""
        if row.code:
            coded = [one for one in free if one.code == row.code]
            if coded:
                return coded[0]
        if result.existing is None:
            return None
        for one in free:
            same = plain(one.wording) == plain(row.name) and plain(one.population) == plain(row.group)
            if same and one.result_id == result.existing.pk:
                return one
        return None

    def _known(self, row: IndicatorRow, existing: Indicator) -> PlannedIndicator:
        definition = existing.definition
        return PlannedIndicator(
            row=row, existing=existing, code=existing.code, definition=definition, why=_("in the project"), shared="",
            over_time=definition.over_time, across=definition.across, decimals=definition.decimals,
            changes=tuple(self._changes(row, existing)),
        )  # fmt: skip

    def _changes(self, row: IndicatorRow, existing: Indicator) -> Iterator[Change]:
        """Values that the file states otherwise. What the file leaves empty never takes anything away."""
        if row.name != existing.wording:
            yield Change("title", _("Wording"), existing.wording, row.name)
        if row.baseline is not None and not same_number(existing, row.baseline, "baseline_"):
            old = _stated(existing, "baseline_")
            yield Change("baseline", _("Baseline"), old, written(row.baseline))
        if row.target is not None:
            whole = next((one for one in existing.targets.all() if one.partner_id is one.place_id is one.period_id is None), None)
            if whole is None or not same_number(whole, row.target):
                yield Change("target", _("Target"), _stated(whole, "") if whole else "–", written(row.target))
        if row.source and row.source[:500] != existing.source_of_data:
            yield Change("source_of_data", _("Means of verification"), existing.source_of_data, row.source[:500])

    def _definition(self, row: IndicatorRow, decimals: int) -> tuple[IndicatorDefinition | None, str, tuple[IndicatorDefinition, ...]]:
        """The definition chosen or found by code or words, why, and others that resemble it."""
        fitting = [one for one in self.definitions if one.measure == row.measure and (row.measure != "unit" or one.decimals >= decimals)]
        choice = self.chosen.definitions.get(row.row)
        titles = {index: plain(one.title) for index, one in enumerate(fitting)}
        alike = process.extract(plain(row.name), titles, scorer=fuzz.token_sort_ratio, limit=SUGGESTIONS, score_cutoff=LIKE_TITLE)
        suggestions = tuple(fitting[index] for _title, _score, index in alike)
        if choice == NEW:
            return None, _("chosen by you"), suggestions
        if choice:
            picked = next((one for one in self.definitions if str(one.pk) == choice), None)
            if picked is not None and picked in fitting:
                return picked, _("chosen by you"), suggestions
            if picked is not None:
                self._does_not_fit(row, picked)
            return None, _("does not fit"), suggestions
        for one in fitting:
            if row.code and one.code == row.code:
                return one, _("same code"), suggestions
        for one in fitting:
            if plain(one.title) == plain(row.name):
                return one, _("same words"), suggestions
        return None, _("no like words in the library") if not suggestions else _("like words in the library"), suggestions

    def _does_not_fit(self, row: IndicatorRow, picked: IndicatorDefinition) -> None:
        message = _("%(code)s cannot be used for row %(row)s") % {"code": picked.code, "row": row.row}
        why = _("Its measure is %(measure)s with %(decimals)s decimals; the file says otherwise. Choose another or a new one.") % {
            "measure": picked.get_measure_display(),
            "decimals": picked.decimals,
        }
        self.problems.append(Problem(f"definition:{row.row}", (row.cell,), BLOCKING, row.name[:80], message, why))

    def _code(self, row: IndicatorRow, definition: IndicatorDefinition | None, result: PlannedResult, number: int, taken: set[str]) -> str:
        """The donor's code, else the definition's, else one made from the result; a used one gets a letter."""
        letter = {"impact": "IM", "outcome": "OC", "output": "OP"}.get(result.row.kind, "R")
        wanted = (row.code or (definition.code if definition else "") or f"{letter}{result.code}-{number}")[:27]
        candidate, turn = wanted, 1
        while candidate in taken:
            turn += 1
            candidate = f"{wanted}-{turn}"[:30]
        return candidate

    def _rules(self, row: IndicatorRow) -> tuple[str, str]:
        """The rules for a definition that will be made: as chosen; a percentage is pooled where the file gives numerators."""
        over_time = self.chosen.over_time.get(row.row, "")
        across = self.chosen.across.get(row.row, "")
        if row.measure == "percentage":
            numbers = [row.baseline, row.target, *(figure.quantity for figure in row.figures)]
            pooled = any(one is not None and one.numerator is not None for one in numbers)
            allowed = (Across.WEIGHTED_RATIO, Across.NOT_COMPUTABLE)
            across = across if across in allowed else Across.WEIGHTED_RATIO if pooled else Across.NOT_COMPUTABLE
            return over_time or OverTime.SNAPSHOT, across
        if row.measure == "text":
            return OverTime.SNAPSHOT, Across.NOT_COMPUTABLE
        return over_time, across if across != Across.WEIGHTED_RATIO else ""

    # Past figures ---------------------------------------------------------------------------------------------------------

    def _past(self, indicators: tuple[PlannedIndicator, ...]) -> Iterator[PastPeriod]:
        columns = [one for one in self.found.columns if one.field in (Field.FIGURE, Field.MILESTONE)]
        spans: dict[Span, list[PastFigure]] = defaultdict(list)
        figures = [(one, figure) for one in indicators for figure in one.row.figures]
        for column in columns:
            filled = any(figure.column == column.letter for _one, figure in figures)
            if column.field == Field.FIGURE and filled:
                self._check_column(column.letter, column.heading, column.period, [other.period for other in columns if other is not column])
        known = self._known_figures(indicators)
        for one, figure in figures:
            if figure.period is not None:
                at = (one.existing.pk if one.existing else 0, figure.period.end)
                spans[figure.period].append(PastFigure(one, figure.quantity, known.get(at)))
        for span in sorted(spans):
            period = self._period(span)
            past = PastPeriod(span, period, tuple(spans[span]))
            self._check_period(past)
            yield past
        if any(one.known is None for each in spans.values() for one in each):
            self._check_whose()

    def _milestones(self, indicators: tuple[PlannedIndicator, ...]) -> None:
        """A milestone needs a period of the project that ends when it does; others are said, not dropped in silence."""
        ends = set(self.project.periods.values_list("ends_on", flat=True))
        lost = [each for one in indicators for each in one.row.milestones if each.period is None or each.period.end not in ends]
        if lost:
            message = _("%(count)s milestones belong to no period of the project and are left out") % {"count": len(lost)}
            cells = tuple(each.quantity.cell for each in lost[:12])
            keep = (Choice("keep", _("Leave them out")),)
            self.problems.append(Problem("milestones", cells, frameworks.WARNING, "", message, "", keep, Answer("keep")))

    def _known_figures(self, indicators: Iterable[PlannedIndicator]) -> dict[tuple[int, date], Figure]:
        """Figures that the portal holds for the partner and place of this file; waiting ones count as known, accepted ones first."""
        if self.partner is None or self.place is None:
            return {}
        states = (*Submission.OPEN, Submission.State.ACCEPTED)
        rows = Figure.objects.filter(
            indicator__in=[one.existing.pk for one in indicators if one.existing], partner=self.partner, place=self.place,
            disaggregation__key="", submission__state__in=states,
        )  # fmt: skip
        return {(row.indicator_id, row.period_end): row for row in rows.order_by("counts", "pk")}

    def _check_column(self, letter: str, heading: str, span: Span | None, others: list[Span | None]) -> None:
        cell = f"{letter}{self.found.first_row - 1}"
        if span is None:
            message = _("Column %(letter)s holds past figures, but of which period?") % {"letter": letter}
            why = _("Give its first and last day in step 1, or choose “not used”.")
            self.problems.append(Problem(f"period:{letter}", (cell,), BLOCKING, heading, message, why))
        elif span in others:
            message = _("Two columns hold figures of the same period")
            self.problems.append(Problem(f"period:{letter}", (cell,), BLOCKING, heading, message, _("Choose “not used” for one of them.")))
        elif span.end >= calendar.today_at(self.project):
            message = _("The period of column %(letter)s is not over yet") % {"letter": letter}
            why = _("Past figures belong to periods that have ended. Choose “not used” for this column.")
            self.problems.append(Problem(f"period:{letter}", (cell,), BLOCKING, heading, message, why))

    def _period(self, span: Span) -> ReportingPeriod | None:
        return self.project.periods.filter(starts_on=span.start, ends_on=span.end).first()

    def _check_period(self, past: PastPeriod) -> None:
        if past.period is None:
            clash = reported_within(self.project, past.span).first()
            if clash is not None:
                message = _("The past figures of %(code)s overlap %(other)s, which has a report") % {
                    "code": code_of(past.span),
                    "other": clash.code,
                }
                why = _("Periods of a project never overlap. Choose “not used” for the column.")
                self.problems.append(Problem(f"overlap:{clash.code}", (), BLOCKING, "", message, why))
        elif past.new and self.partner is not None:
            report = Submission.objects.filter(project=self.project, partner=self.partner, period=past.period)
            if report.exclude(state=Submission.State.WITHDRAWN).exists():
                message = _("%(partner)s already has a report for %(code)s") % {"partner": self.partner, "code": past.period.code}
                why = _("New past figures cannot be added beside it. Reopen it, or choose “not used” for the column.")
                self.problems.append(Problem(f"report:{past.period.code}", (), BLOCKING, "", message, why))
        if past.differing:
            codes = ", ".join(one.indicator.code for one in past.differing[:8])
            message = _("%(count)s past figures differ from what the portal holds: %(codes)s") % {
                "count": len(past.differing),
                "codes": codes,
            }
            why = _("An import never overwrites a report. Return or reopen it to correct the figures.")
            keep = (Choice("keep", _("Keep what the portal holds")),)
            self.problems.append(
                Problem(
                    f"differs:{past.span.end}",
                    tuple(one.quantity.cell for one in past.differing),
                    frameworks.WARNING,
                    "",
                    message,
                    why,
                    keep,
                    Answer("keep"),
                )
            )

    def _check_whose(self) -> None:
        for missing, key, message in (
            (self.partner is None, "partner", _("Whose past figures are these? Choose the partner.")),
            (self.place is None, "place", _("Where do the past figures belong? Choose the place.")),
        ):
            if missing:
                why = _("The file does not say it; it is asked once for all past figures.")
                self.problems.append(Problem(f"past:{key}", (), BLOCKING, "", message, why))

    def _partners(self) -> Any:
        return self.project.partners.select_related("organization")


def reported_within(project: Project, span: Span) -> Any:
    """Periods of the project that overlap the span and never move: reported on, past, or with a draft."""
    overlapping = project.periods.filter(starts_on__lte=span.end, ends_on__gte=span.start)
    return overlapping.filter(Q(reported_at__isnull=False) | Q(is_past=True) | Q(submissions__isnull=False)).distinct()


def places_for(project: Project) -> list[Place]:
    """Where past figures may belong: the project's places and those above them, for figures that are not split."""
    rows = Place.objects.filter(Q(projects__project=project) | Q(pk__in=_above(project))).distinct()
    return sorted(rows, key=lambda one: (-one.level, one.name))


def _above(project: Project) -> Any:
    return PlaceTree.objects.filter(descendant__projects__project=project).values("ancestor_id")


def _shared_key(row: IndicatorRow) -> str:
    return f"{row.measure}|{plain(row.unit)}|{plain(row.name)}"


def _decimals(row: IndicatorRow) -> int:
    """The decimals that the file uses for an indicator counted in units."""
    numbers = [row.baseline, row.target, *(one.quantity for one in (*row.figures, *row.milestones))]
    values = [one.value for one in numbers if one is not None and one.value is not None]
    return max((_places(value) for value in values), default=0)


def _places(value: Decimal) -> int:
    exponent = normal(value).as_tuple().exponent
    return max(0, -int(exponent))


def _stated(row: Indicator | Target, prefix: str) -> str:
    value, numerator, denominator, share = (getattr(row, f"{prefix}{name}") for name in ("value", "numerator", "denominator", "share"))
    if value is numerator is share is None:
        return "–"
    return written(Quantity(value, numerator, denominator, share))
