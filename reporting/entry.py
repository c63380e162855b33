"""The entry page as data: sheets of rows and cells, built from what is owed and what is there, in few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby, product

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Organization
from locations.models import Place
from plumbing import formats
from plumbing.numbers import divide
from plumbing.shipped_names import shipped_name
from programs import disaggregations
from programs.models import BreakdownDimension, Indicator, IndicatorDefinition, Project, ReportingPeriod, Target
from reporting import drafts, typed
from reporting.drafts import FigureInput
from reporting.models import Figure, FigureDecision, FigureNote, FlagReason, Submission
from reporting.models.figures import EmptyReason

Measure = IndicatorDefinition.Measure


@dataclass(frozen=True)
class Column:
    """One cell of a breakdown: its key and the labels over it, outermost first."""

    key: str
    labels: tuple[str, ...]

    @property
    def label(self) -> str:
        return " ".join(self.labels)


@dataclass
class Cell:
    name: str
    text: str
    label: str
    heading: str = ""


@dataclass
class Row:
    indicator: Indicator
    place: Place
    kind: str  # number, ratio, option, text
    total: Cell
    cells: list[Cell] = field(default_factory=list)
    previous: str = ""
    previous_period: str = ""
    target: str = ""
    target_number: Decimal | None = None  # where this period alone can be held against it
    reason: str = ""
    source: str = ""
    tally: str = ""
    records_say: str = ""
    notes: list[FigureNote] = field(default_factory=list)
    sentences: dict[str, str] = field(default_factory=dict)
    options: list[tuple[str, str]] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.indicator.pk}:{self.place.pk}"

    @property
    def rule(self) -> str:
        return str(self.indicator.definition.get_over_time_display()).lower()

    is_marked: bool = False  # the reviewer marked it to be returned, and the report was

    @property
    def is_returned(self) -> bool:
        return self.is_marked or any(note.answered_at is None for note in self.notes)


@dataclass
class Sheet:
    """Rows of one result at one place that share their columns."""

    title: str
    columns: list[Column]
    rows: list[Row]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """The outer heading over the columns: (label, how many); empty for a breakdown of one dimension."""
        if not self.columns or len(self.columns[0].labels) < 2:
            return []
        return [(label, len(list(run))) for label, run in groupby(self.columns, key=lambda c: c.labels[0])]


@dataclass
class Page:
    """The sheets, and the figures behind them: ``now`` by indicator, place and cell key; ``before`` the latest counting total."""

    sheets: list[Sheet]
    now: Mapping[tuple[int, int], Mapping[str, Figure]]
    before: Mapping[tuple[int, int], Figure]

    @property
    def rows(self) -> list[Row]:
        return [row for sheet in self.sheets for row in sheet.rows]


def page(project: Project, partner: Organization, period: ReportingPeriod, submission: Submission | None) -> Page:
    """Everything the partner owes for the period, as sheets in the framework's order. Five queries and those of ``owed``."""
    owed = drafts.owed_by(submission) if submission is not None else drafts.owed(project, partner, period)
    indicators = {one.indicator.pk: one.indicator for one in owed}
    mine = Q(submission=submission) if submission is not None else Q(pk__in=[])
    now, before = _split(mine | _before(indicators, partner, period), submission)
    made = _page(owed + _elsewhere(owed, now), now, before, partner, period)
    notes, sentences = _words(submission)
    marked = _marked(submission)
    for row in made.rows:
        key = (row.indicator.pk, row.place.pk)
        row.notes, row.sentences, row.is_marked = notes.get(key, []), sentences.get(key, {}), key in marked
    return made


def sent_page(submission: Submission) -> Page:
    """What a report that was sent holds, as the same sheets: every figure owed is there, or the reason why it is empty."""
    now, _none = _split(Q(submission=submission), submission)
    given = [drafts.Owed(f.indicator, f.place) for cells in now.values() for f in [next(iter(cells.values()))]]
    given.sort(key=lambda one: (one.indicator.result.order, one.indicator.order, one.indicator.pk, one.place.name))
    _now, before = _split(_before({one.indicator.pk for one in given}, submission.partner, submission.period), None)
    return _page(given, now, before, submission.partner, submission.period)


def read(project: Project, data: Mapping[str, str]) -> tuple[list[FigureInput], dict[str, str]]:
    """Turn posted fields into inputs; the second part holds what could not be read, by field name.

    Names: ``f:<indicator>:<place>:<cell key>`` for a cell (the total has an empty key) and ``r:<indicator>:<place>`` for a reason.
    """
    names = [name for name in data if name.startswith(("f:", "r:"))]
    keys = {tuple(name.split(":", 3)[1:3]) for name in names}
    indicators = {
        str(i.pk): i for i in project.indicators.filter(pk__in=[k[0] for k in keys if k[0].isdigit()]).select_related("definition")
    }
    places = {str(p.pk): p for p in Place.objects.filter(pk__in=[k[1] for k in keys if len(k) > 1 and k[1].isdigit()])}
    inputs: list[FigureInput] = []
    wrong: dict[str, str] = {}
    for name in names:
        kind, indicator_key, place_key, *cell = [*name.split(":", 3), ""][:4]
        indicator, place = indicators.get(indicator_key), places.get(place_key)
        if indicator is None or place is None:
            wrong[name] = _("This field does not belong to the report.")
            continue
        if kind == "r":
            if data[name] and not data.get(f"f:{indicator_key}:{place_key}:", "").strip():
                inputs.append(FigureInput(indicator.code, place.code, reason=data[name], path=name))
            continue
        if not data[name].strip() and data.get(f"r:{indicator_key}:{place_key}") and not cell[0]:
            continue
        try:
            inputs.append(_input(indicator, place, cell[0], data[name], name))
        except typed.NotANumber as problem:
            wrong[name] = str(problem)
    return inputs, wrong


def as_text(row: Figure) -> str:
    """A figure as people write it."""
    if row.numerator is not None:
        return f"{formats.number(row.numerator)} / {formats.number(row.denominator)}"
    if row.share is not None:
        return f"{formats.number(row.share)} %"
    if row.value is not None:
        return formats.number(row.value)
    if row.option_id is not None:
        return str(row.option)
    return row.text or str(EmptyReason(row.reason).label)


def _page(
    owed: list[drafts.Owed], now: Mapping[tuple[int, int], dict[str, Figure]], before: Mapping[tuple[int, int], Figure],
    partner: Organization, period: ReportingPeriod,
) -> Page:  # fmt: skip
    indicators = {one.indicator.pk: one.indicator for one in owed}
    columns = _columns({i.definition_id for i in indicators.values()}, now)
    targets = _targets(indicators, partner, period)
    options = _options(indicators.values())
    rows = []
    for one in owed:
        row = _row(one.indicator, one.place, now.get((one.indicator.pk, one.place.pk), {}), columns.get(one.indicator.definition_id, []))
        previous = before.get((one.indicator.pk, one.place.pk))
        if previous is not None:
            row.previous, row.previous_period = as_text(previous), previous.period.code
        aim = targets.get(one.indicator.pk)
        if aim is not None:
            row.target = _stated(aim)
            row.target_number = _as_one_number(aim, one.indicator.definition.per) if _one_period_answers(aim, one.indicator) else None
        row.options = options.get(one.indicator.definition_id, [])
        rows.append(row)
    return Page(_grouped(rows, columns), now, before)


def _before(indicators: Iterable[int], partner: Organization, period: ReportingPeriod) -> Q:
    return Q(counts=True, indicator__in=list(indicators), partner=partner, period_end__lt=period.ends_on, disaggregation__key="")


def _split(wanted: Q, submission: Submission | None) -> tuple[dict[tuple[int, int], dict[str, Figure]], dict[tuple[int, int], Figure]]:
    """Figures of the submission by indicator, place and cell; and of the others the latest total of each stream."""
    now: dict[tuple[int, int], dict[str, Figure]] = defaultdict(dict)
    before: dict[tuple[int, int], Figure] = {}
    rows = Figure.objects.filter(wanted).select_related(
        "disaggregation", "period", "option", "place", "indicator__definition", "indicator__result"
    )
    if submission is not None:
        rows = rows.with_records()
    for row in rows.order_by("period_end", "id"):
        if submission is not None and row.submission_id == submission.pk:
            now[row.indicator_id, row.place_id][row.disaggregation.key] = row
        else:
            before[row.indicator_id, row.place_id] = row
    return now, before


def _elsewhere(owed: list[drafts.Owed], now: Mapping[tuple[int, int], dict[str, Figure]]) -> list[drafts.Owed]:
    """Figures given at places that are not themselves assigned: shown too, so that nothing typed is out of sight."""
    known = {(one.indicator.pk, one.place.pk) for one in owed}
    return [drafts.Owed(f.indicator, f.place) for key, cells in now.items() if key not in known for f in [next(iter(cells.values()))]]


def _columns(definitions: Iterable[int], now: Mapping[tuple[int, int], dict[str, Figure]]) -> dict[int, list[Column]]:
    """The breakdown shown per definition: the one already used, else the one with the most cells. One query."""
    parts = (
        BreakdownDimension.objects.filter(breakdown__definition__in=definitions, dimension__categories__is_retired=False)
        .order_by("breakdown__order", "breakdown", "order", "id", "dimension__categories__order", "dimension__categories__code")
        .values_list("breakdown__definition", "breakdown", "dimension__code", "dimension__categories__code", "dimension__categories__name")
    )
    found: dict[int, dict[int, dict[str, list[tuple[str, str]]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for definition, breakdown, dimension, code, name in parts:
        found[definition][breakdown][dimension].append((code, shipped_name(name)))
    used: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    for cells in now.values():
        for key, figure in cells.items():
            if key:
                used[figure.indicator.definition_id].add(tuple(sorted(disaggregations.cell_of(key))))
    answer = {}
    for definition, breakdowns in found.items():
        every = sorted((_cells(dimensions) for dimensions in breakdowns.values()), key=len, reverse=True)
        taken = [c for c in every if tuple(sorted(disaggregations.cell_of(c[0].key))) in used[definition]]
        answer[definition] = (taken or every)[0]
    return answer


def _cells(dimensions: Mapping[str, list[tuple[str, str]]]) -> list[Column]:
    names = list(dimensions)
    return [
        Column(
            disaggregations.key_of({d: code for d, (code, _n) in zip(names, combination, strict=True)}), tuple(n for _c, n in combination)
        )
        for combination in product(*dimensions.values())
    ]


def _targets(indicators: Mapping[int, Indicator], partner: Organization, period: ReportingPeriod) -> dict[int, Target]:
    """The target beside the figure: the partner's own for this period, else its own, the period's, the indicator's."""
    rows = Target.objects.filter(
        Q(partner=partner) | Q(partner__isnull=True), Q(period=period) | Q(period__isnull=True), indicator__in=indicators
    )
    best: dict[int, Target] = {}
    for row in sorted(rows.filter(place__isnull=True), key=lambda t: (t.period_id is not None, t.partner_id is not None)):
        best[row.indicator_id] = row
    return best


def _stated(row: Target) -> str:
    if row.numerator is not None and row.denominator is not None:
        return f"{formats.number(row.numerator)} / {formats.number(row.denominator)}"
    return formats.number(row.value) if row.value is not None else f"{formats.number(row.share)} %"


def _one_period_answers(row: Target, indicator: Indicator) -> bool:
    """A number per period is a part of a target for the whole project: its share of that would read as far behind."""
    definition = indicator.definition
    is_added_up = definition.over_time == IndicatorDefinition.OverTime.PER_PERIOD and row.value is not None
    return row.period_id is not None or not is_added_up


def _as_one_number(row: Target, per: int) -> Decimal | None:
    if row.numerator is not None and row.denominator is not None:
        return divide(row.numerator, row.denominator, per=per) if row.denominator != 0 else None
    return row.value if row.value is not None else row.share


def _words(
    submission: Submission | None,
) -> tuple[dict[tuple[int, int], list[FigureNote]], dict[tuple[int, int], dict[str, str]]]:
    notes: dict[tuple[int, int], list[FigureNote]] = defaultdict(list)
    sentences: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    if submission is None:
        return notes, sentences
    for note in FigureNote.objects.filter(submission=submission, is_internal=False, sent_at__isnull=False).select_related("written_by"):
        notes[note.indicator_id, note.place_id].append(note)
    for reason in FlagReason.objects.filter(submission=submission):
        sentences[reason.indicator_id, reason.place_id][reason.flag] = reason.sentence
    return notes, sentences


def _marked(submission: Submission | None) -> set[tuple[int, int]]:
    """The figures that the reviewer sent back; nothing is asked while the report is not returned."""
    if submission is None or submission.state != Submission.State.RETURNED:
        return set()
    sent_back = submission.decisions.filter(decision=FigureDecision.Decision.RETURN)
    return set(sent_back.values_list("indicator_id", "place_id"))


def _options(indicators: Iterable[Indicator]) -> dict[int, list[tuple[str, str]]]:
    asked = {i.definition_id: i.definition for i in indicators if i.definition.measure in (Measure.ORDINAL, Measure.NOMINAL)}
    return {key: [(o.code, str(o)) for o in definition.options.all()] for key, definition in asked.items()}


def _row(indicator: Indicator, place: Place, cells: Mapping[str, Figure], columns: list[Column]) -> Row:
    measure = indicator.definition.measure
    kind = {Measure.PERCENTAGE: "ratio", Measure.TEXT: "text", Measure.ORDINAL: "option", Measure.NOMINAL: "option"}.get(
        Measure(measure), "number"
    )
    total = cells.get(disaggregations.TOTAL)
    where = f"{indicator.wording}, {place.name}"
    name = f"f:{indicator.pk}:{place.pk}:"
    row = Row(indicator, place, kind, Cell(name, _typed_text(total), where, _("Total")))
    row.cells = [Cell(name + c.key, _typed_text(cells.get(c.key)), f"{where}, {c.label}", c.label) for c in columns]
    row.reason = total.reason if total is not None else ""
    row.source = _source(total)
    if total is not None and total.source == Figure.Source.RECORDS:
        row.tally = indicator.definition.computed_by
    row.records_say = _records_say(total)
    return row


def _source(total: Figure | None) -> str:
    """Where a figure came from, in words; typed ones say nothing."""
    if total is None or total.source == Figure.Source.TYPED:
        return ""
    if total.source == Figure.Source.RECORDS:
        return _("counted from the records, %(at)s") % {"at": formats.moment(total.entered_at)}
    return f"{total.get_source_display()} {total.source_detail}".strip()


def _records_say(total: Figure | None) -> str:
    """What the records say by now, where that is not what stands in the report; empty where it is, or where no tally counts it."""
    if total is None or getattr(total, "records_at", None) is None:
        return ""
    now = (total.records_value, total.records_numerator, total.records_denominator)  # type: ignore[attr-defined]
    if now == (total.value, total.numerator, total.denominator):
        return ""
    return as_number(*now) or _("nothing")


def as_number(value: Decimal | None, numerator: Decimal | None, denominator: Decimal | None) -> str:
    """A count, or numerator and denominator, as people write it; empty for none."""
    if numerator is not None:
        return f"{formats.number(numerator)} / {formats.number(denominator)}"
    return "" if value is None else formats.number(value)


def _typed_text(row: Figure | None) -> str:
    """A figure as it stands in an input: exact, without thousands separators, so that it reads back as itself."""
    if row is None or row.is_empty:
        return ""
    if row.numerator is not None:
        return f"{_plain(row.numerator)} / {_plain(row.denominator)}"
    if row.share is not None:
        return f"{_plain(row.share)} %"
    if row.option_id is not None:
        return str(row.option.code) if row.option is not None else ""
    return _plain(row.value) if row.value is not None else row.text


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


def _grouped(rows: list[Row], columns: Mapping[int, list[Column]]) -> list[Sheet]:
    made: dict[tuple[int, int, tuple[str, ...]], Sheet] = {}
    for row in rows:
        shape = columns.get(row.indicator.definition_id, [])
        key = (row.place.pk, row.indicator.result_id, tuple(c.key for c in shape))
        if key not in made:
            made[key] = Sheet(f"{row.place.name} · {row.indicator.result}", shape, [])
        made[key].rows.append(row)
    return list(made.values())


def _input(indicator: Indicator, place: Place, cell: str, text: str, name: str) -> FigureInput:
    where = {"indicator": indicator.code, "place": place.code, "cell": disaggregations.cell_of(cell), "path": name}
    measure = indicator.definition.measure
    if measure == Measure.TEXT:
        return FigureInput(**where, text=text.strip())  # type: ignore[arg-type]
    if measure in (Measure.ORDINAL, Measure.NOMINAL):
        return FigureInput(**where, option=text.strip())  # type: ignore[arg-type]
    if measure == Measure.PERCENTAGE:
        share = typed.ratio(text)
        return FigureInput(**where, numerator=share.numerator, denominator=share.denominator, share=share.share)  # type: ignore[arg-type]
    return FigureInput(**where, value=typed.number(text))  # type: ignore[arg-type]
