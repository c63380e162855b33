"""From evidence to figures: what the tallies count goes into a draft, with a link to how it was counted, and stays a proposal.

A draft that nobody has touched is the portal's: it follows the records. From the first time a person opens or saves it, nothing in
it changes by itself. Then the count only stands beside the figure: as drift where the records changed since it was filled in, or as
an offer where a person was first. Taking the number is a person's act, and submitting always is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from locations.models import PlaceTree
from plumbing import formats
from plumbing.refusals import Refused
from plumbing.shipped_names import shipped_name
from programs import calendar, disaggregations, tally
from programs.models import (
    Category,
    DefinitionBreakdown,
    DefinitionOption,
    ExpectedReport,
    Indicator,
    IndicatorDefinition,
    ReportingAssignment,
)
from programs.tally import Asked, Count, Empty, Measure, Part, Tally
from reporting import drafts
from reporting.drafts import FigureInput, Owed
from reporting.models import Prefill, PrefillCell, RecordsCheck, Submission

EVERY = timedelta(hours=1)
LEASE = timedelta(minutes=5)
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Number:
    """A value, a numerator and denominator, or the code of an answer with its words; all none: nothing."""

    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    option: str = ""
    label: str = field(default="", compare=False)

    @property
    def says_nothing(self) -> bool:
        return self.value is None and self.numerator is None and not self.option

    def __str__(self) -> str:
        """As people write it; a dash for nothing."""
        if self.option:
            return self.label
        if self.numerator is not None:
            return f"{formats.number(self.numerator)} / {formats.number(self.denominator)}"
        return formats.number(self.value)


NOTHING = Number()
Told = tuple[Count, Sequence[str]]  # what a tally says by one of the breakdowns, and the keys of its cells
Folded = tuple[dict[str, Number], str, str]  # cells by their key, the digest of what was counted, and why there is none


@dataclass(frozen=True)
class Counted:
    """What the records say for one indicator at one place: the total (empty key) and cells by their key; none, and why."""

    indicator: Indicator
    place_id: int
    place_code: str
    tally: Tally
    cells: Mapping[str, Number]
    digest: str
    why_nothing: str = ""

    def inputs(self) -> list[FigureInput]:
        return [
            FigureInput(
                self.indicator.code, self.place_code, cell=disaggregations.cell_of(key), value=number.value, numerator=number.numerator,
                denominator=number.denominator, option=number.option, source_detail=self.digest[:12],
            )
            for key, number in self.cells.items()
        ]  # fmt: skip


def sweep(*, now: datetime | None = None, limit: int = 100) -> int:
    """Count the records for expected reports whose time has come; returns how many. Running it again at once counts nothing.

    Whoever claims a row has it for a lease; a worker that dies leaves it to the next. One count that fails must not stop the others:
    it is kept on its row, where the report's own page shows it.
    """
    moment = now or timezone.now()
    done = 0
    for expected in _waiting(moment)[:limit]:
        if not _claim(expected, moment):
            continue
        problem = ""
        try:
            refresh(expected, now=moment)
        except Exception as wrong:
            problem = f"{type(wrong).__name__}: {wrong}"[:200]
            log.exception("records_not_counted", expected=expected.pk)
        RecordsCheck.objects.filter(expected=expected).update(
            checked_at=moment, due_at=moment + EVERY, lease_until=None, problem=problem
        )  # fmt: skip
        done += 1
    return done


def refresh(expected: ExpectedReport, *, now: datetime | None = None) -> list[Prefill]:
    """Count the records for one expected report and keep what they say: in the portal's own draft, else beside a person's."""
    moment = now or timezone.now()
    counted = count(expected, now=moment)
    submission = _newest(expected)
    if submission is None:
        if not any(one.cells for one in counted):
            return []
        submission = drafts.start(expected.project, expected.partner, expected.period, by=None)
    if submission.state not in Submission.OPEN:
        return []
    submission.project, submission.partner, submission.period = expected.project, expected.partner, expected.period
    return _keep(submission, counted, moment)


def count(expected: ExpectedReport, *, now: datetime | None = None) -> list[Counted]:
    """What the tallies say for everything that this report owes, as of now, or why they say nothing. Nothing is written."""
    bound = [(one, by) for one in drafts.owed(expected.project, expected.partner, expected.period) if (by := _tally_of(one))]
    roots: dict[str, set[int]] = defaultdict(set)
    assigned: dict[int, set[int]] = defaultdict(set)
    for one, by in bound:
        roots[by.key].add(one.place.pk)
        assigned[one.indicator.pk].add(one.place.pk)
    offered = _offered([one for one, _by in bound])
    ends_on = min(expected.period.ends_on, calendar.today_at(expected.project, now))
    answers: dict[tuple[str, tuple[str, ...], int | None], Count] = {}
    asked = []
    for one, by in bound:
        breakdowns = offered[one.indicator.definition_id]
        own = one.indicator.pk if by.by_indicator else None
        told: list[Told] = []
        for breakdown in by.breakdowns_for(breakdowns):
            if (by.key, breakdown, own) not in answers:
                places = tuple(sorted(roots[by.key]))
                question = Asked(expected.project, expected.partner, expected.period.starts_on, ends_on, places, breakdown, own)
                answers[by.key, breakdown, own] = by.function(question)
            told.append((answers[by.key, breakdown, own], breakdowns.get(breakdown, [])))
        asked.append((one, by, told))
    places_counted = {part.place for answer in answers.values() for part in answer.parts} | {
        place for answer in answers.values() for place in answer.empty
    }
    nearest = {places: _nearest(places, places_counted) for places in {frozenset(ids) for ids in assigned.values()}}
    return [
        Counted(one.indicator, one.place.pk, one.place.code, by, *_folded(one, told, nearest[frozenset(assigned[one.indicator.pk])]))
        for one, by, told in asked
    ]


def take(prefill: Prefill, *, by: User, version: int | None = None) -> Submission:
    """Put what the records say now into the draft, in the place of what stands there; this person answers for it.

    Raises Refused where the records say nothing, Stale where somebody saved in between, and whatever writing a draft raises.
    """
    submission = prefill.submission
    drafts.may_write(submission, by=by)
    expected = ExpectedReport.objects.select_related("project", "partner", "period").get(
        project=submission.project_id, partner=submission.partner_id, period=submission.period_id
    )
    now = next((c for c in count(expected) if (c.indicator.pk, c.place_id) == (prefill.indicator_id, prefill.place_id)), None)
    if now is None or not now.cells:
        raise Refused(_("The records say nothing here now, so there is nothing to take."))
    there = submission.figures.filter(indicator=prefill.indicator_id, place=prefill.place_id)
    gone = set(there.values_list("disaggregation__key", flat=True)) - set(now.cells)
    emptied = [FigureInput(now.indicator.code, now.place_code, cell=disaggregations.cell_of(key)) for key in sorted(gone)]
    with transaction.atomic():
        drafts.write_figures(submission, [*now.inputs(), *emptied], by=by, version=version, source="records")
        _write(submission, [(prefill, now)], timezone.now(), filled=True, person=by)
    return submission


def drifted(submission: Submission) -> int:
    """How many figures of this report the records see otherwise by now."""
    return submission.prefills.filter(has_drifted=True).count()


def of(submission: Submission) -> list[Prefill]:
    """What was counted for a report, with cells. Two queries."""
    rows = submission.prefills.select_related("indicator__definition", "indicator__result", "place", "person")
    return list(rows.prefetch_related(Prefetch("cells", PrefillCell.objects.select_related("disaggregation", "option", "latest_option"))))


@dataclass(frozen=True)
class Compared:
    """One cell, or the total (no label): as filled in, as the records say now, and as it stands in the report."""

    label: str
    filled: Number
    latest: Number
    stands: Number

    @property
    def differs(self) -> bool:
        return self.stands != self.latest


@dataclass(frozen=True)
class Comparison:
    """A prefill beside the report: ``cells`` begins with the total."""

    prefill: Prefill
    tally: Tally | None
    cells: list[Compared]

    @property
    def total(self) -> Compared:
        return self.cells[0]

    @property
    def may_be_taken(self) -> bool:
        return not self.total.latest.says_nothing and any(cell.differs for cell in self.cells)


def compare(submission: Submission) -> list[Comparison]:
    """What the records said, say now, and what stands in the report, figure by figure. Four queries."""
    stands: dict[tuple[int, int, str], Number] = {}
    rows = of(submission)
    figures = submission.figures.filter(indicator__in={row.indicator_id for row in rows})
    columns = ("indicator_id", "place_id", "disaggregation__key", "value", "numerator", "denominator", "option__code", "option__label")
    for indicator, place, key, value, numerator, denominator, option, label in figures.values_list(*columns):
        stands[indicator, place, key] = Number(value, numerator, denominator, option or "", shipped_name(label or ""))
    names = {(c.dimension.code, c.code): str(c) for c in Category.objects.select_related("dimension").order_by("dimension__order", "order")}
    order = {key: position for position, key in enumerate(names)}
    known, found = tally.known(), []
    for row in rows:
        cells = {cell.disaggregation.key: cell for cell in row.cells.all()}
        keys = {disaggregations.TOTAL, *cells, *(key for at, place, key in stands if (at, place) == (row.indicator_id, row.place_id))}
        inside = {key: list(disaggregations.cell_of(key).items()) for key in keys}
        compared = []
        for key in sorted(keys, key=lambda k: [order.get(part, 0) for part in inside[k]]):
            cell = cells.get(key)
            then, now = (filled(cell), latest(cell)) if cell is not None else (NOTHING, NOTHING)
            label = ", ".join(names.get(part, part[1]) for part in inside[key])
            compared.append(Compared(label, then, now, stands.get((row.indicator_id, row.place_id, key), NOTHING)))
        found.append(Comparison(row, known.get(row.tally), compared))
    return found


def filled(cell: PrefillCell) -> Number:
    return Number(cell.value, cell.numerator, cell.denominator, *_words_of(cell.option))


def latest(cell: PrefillCell) -> Number:
    return Number(cell.latest_value, cell.latest_numerator, cell.latest_denominator, *_words_of(cell.latest_option))


def _words_of(option: DefinitionOption | None) -> tuple[str, str]:
    return (option.code, str(option)) if option is not None else ("", "")


def _tally_of(one: Owed) -> Tally | None:
    """The tally that computes a figure; none where its rules no longer fit the definition's, as the system check says."""
    definition = one.indicator.definition
    found = tally.known().get(definition.computed_by) if definition.computed_by else None
    return found if found is not None and not found.misfit(definition) else None


def _offered(owed: Sequence[Owed]) -> dict[int, dict[tuple[str, ...], list[str]]]:
    """By definition: the cell keys of each of its breakdowns."""
    rows = DefinitionBreakdown.objects.filter(definition__in={one.indicator.definition_id for one in owed})
    found: dict[int, dict[tuple[str, ...], list[str]]] = {one.indicator.definition_id: {} for one in owed}
    for row in rows.prefetch_related("parts__dimension__categories"):
        found[row.definition_id][tuple(part.dimension.code for part in row.parts.all())] = disaggregations.cells_of(row)
    return found


def _waiting(moment: datetime) -> QuerySet[ExpectedReport]:
    """Expected reports of open periods with something to count, whose time has come; the longest waiting first."""
    same = {"project": OuterRef("project"), "partner": OuterRef("partner"), "period": OuterRef("period")}
    sent = Submission.objects.filter(**same, state=Submission.State.ACCEPTED)
    bound = ReportingAssignment.objects.filter(
        indicator__project=OuterRef("project"), partner=OuterRef("partner"), indicator__is_retired=False
    ).exclude(indicator__definition__computed_by="")  # fmt: skip
    return (
        ExpectedReport.objects.expected()
        .filter(period__opened_at__isnull=False, period__locked_at__isnull=True, period__is_past=False)
        .filter(Q(records_check__isnull=True) | Q(records_check__due_at__lte=moment))
        .filter(Q(records_check__lease_until__isnull=True) | Q(records_check__lease_until__lte=moment))
        .filter(Exists(bound))
        .filter(~Exists(sent) | Exists(Submission.objects.open().filter(**same)))
        .select_related("project", "partner", "period")
        .order_by(F("records_check__due_at").asc(nulls_first=True), "pk")
    )


def _claim(expected: ExpectedReport, moment: datetime) -> bool:
    RecordsCheck.objects.get_or_create(expected=expected, defaults={"due_at": moment})
    free = RecordsCheck.objects.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=moment), expected=expected, due_at__lte=moment)
    return bool(free.update(lease_until=moment + LEASE))


def _newest(expected: ExpectedReport) -> Submission | None:
    rows = Submission.objects.filter(project=expected.project_id, partner=expected.partner_id, period=expected.period_id)
    return rows.order_by("-revision").first()


def _nearest(roots: Collection[int], places: set[int]) -> dict[int, int]:
    """For every place counted: the assigned place it counts for, the nearest at or above it."""
    rows = PlaceTree.objects.filter(ancestor__in=roots, descendant__in=places).order_by("-depth")
    return dict(rows.values_list("descendant_id", "ancestor_id"))  # the last one, with the smallest depth, stays


def _folded(one: Owed, told: Sequence[Told], nearest: Mapping[int, int]) -> Folded:
    """The parts at an assigned place and below it as total and cells, with the digest of what they were counted from; or why none.

    ``told``: the same count by each breakdown. The total and the digest are the same in all.
    """
    definition, answer = one.indicator.definition, told[0][0]
    mine = _of_place(one, answer, nearest)
    if not mine:
        known = {why for place, why in answer.empty.items() if nearest.get(place) == one.place.pk}
        return {}, "", next((why for why in Empty if why in known), Empty.NOTHING_RECORDED)
    total = _agreed(mine, definition) if definition.measure == Measure.ORDINAL else _added(mine, definition)
    if total.says_nothing:
        return {}, "", Empty.SEVERAL_ANSWERS
    if total.denominator is not None and total.denominator == 0:
        return {}, "", Empty.NOTHING_TO_DIVIDE
    cells = {disaggregations.TOTAL: total}
    for by_one, offered in told:
        cells |= _cells_of(_of_place(one, by_one, nearest), definition, offered)
    places = sorted({part.place for part in mine})
    return cells, tally.digest(f"{place} {answer.digests.get(place, '')}" for place in places), ""


def _of_place(one: Owed, answer: Count, nearest: Mapping[int, int]) -> list[Part]:
    return [part for part in answer.parts if nearest.get(part.place) == one.place.pk]


def _cells_of(parts: Sequence[Part], definition: IndicatorDefinition, offered: Sequence[str]) -> dict[str, Number]:
    """The cells of one breakdown. Where everybody is in a cell, the others of it are zero; else nobody can say."""
    by_cell: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        key = disaggregations.key_of(part.cell)
        by_cell[key if key in offered else disaggregations.TOTAL].append(part)
    rest = by_cell.pop(disaggregations.TOTAL, [])
    cells = {key: _added(inside, definition) for key, inside in sorted(by_cell.items())}
    if not definition.is_ratio and all(part.value == 0 for part in rest):
        cells = {key: cells.get(key, Number(value=Decimal(0))) for key in offered}
    return cells


def _agreed(parts: Sequence[Part], definition: IndicatorDefinition) -> Number:
    """The one answer that all parts give; nothing where they differ, or where the definition does not offer it."""
    given = {part.option for part in parts}
    offered = {option.code: str(option) for option in definition.options.all()}
    code = given.pop()
    return Number(option=code, label=offered[code]) if not given and code in offered else NOTHING


def _added(parts: Sequence[Part], definition: IndicatorDefinition) -> Number:
    if definition.is_ratio:
        return Number(
            numerator=_exact(sum(Decimal(p.value) for p in parts), 6), denominator=_exact(sum(Decimal(p.of or 0) for p in parts), 6)
        )
    return Number(value=_exact(sum(Decimal(p.value) for p in parts), definition.decimals))


def _exact(number: Decimal | int, decimals: int) -> Decimal:
    return Decimal(number).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)


def _keep(submission: Submission, counted: Sequence[Counted], moment: datetime) -> list[Prefill]:
    """Fill the portal's own draft, or keep beside a person's draft what the records say."""
    kept = {(row.indicator_id, row.place_id): row for row in of(submission)}
    with transaction.atomic():
        mine = submission.is_the_portals
        if mine and _differs(kept, counted):
            mine = drafts.fill(submission, [one for c in counted for one in c.inputs()])
        said: dict[tuple[int, int], Counted] = {(c.indicator.pk, c.place_id): c for c in counted}
        pairs: list[tuple[Prefill, Counted | None]] = [(row, said.get(key)) for key, row in kept.items()]
        new = [c for key, c in said.items() if key not in kept]
        made = Prefill.objects.bulk_create(
            Prefill(submission=submission, indicator=c.indicator, place_id=c.place_id, tally=c.tally.key, definition=str(c.tally.definition), latest_at=moment)
            for c in new
        )  # fmt: skip
        pairs += zip(made, new, strict=True)
        _write(submission, pairs, moment, filled=mine)
    return [row for row, _counted in pairs]


def _differs(kept: Mapping[tuple[int, int], Prefill], counted: Sequence[Counted]) -> bool:
    """Whether the portal's draft holds something else than what was counted now."""
    stands = {key: (_cells(row), row.digest) for key, row in kept.items() if row.filled_at is not None}
    return stands != {(c.indicator.pk, c.place_id): (dict(c.cells), c.digest) for c in counted if c.cells}


def _write(
    submission: Submission, pairs: Sequence[tuple[Prefill, Counted | None]], moment: datetime, *, filled: bool, person: User | None = None
) -> None:
    """Keep what was counted: as filled in and latest, or as latest only; drift is where the two differ."""
    cells: list[tuple[Prefill, str, Number, Number]] = []
    for row, found in pairs:
        now = found if found is not None and found.cells else None
        row.why_nothing = found.why_nothing if found is not None else ""
        last = dict(now.cells) if now is not None else {}
        then = last if filled else _cells(row)
        row.latest_at, row.latest_digest = moment, now.digest if now is not None else ""
        if filled:
            row.filled_at, row.person, row.digest = (None, None, "") if now is None else (moment, person, now.digest)
            row.definition = row.definition if now is None else str(now.tally.definition)
            row.tally = row.tally if now is None else now.tally.key
        row.has_drifted = row.filled_at is not None and then != last
        cells += [(row, key, then.get(key, NOTHING), last.get(key, NOTHING)) for key in then.keys() | last.keys()]
    ids = disaggregations.ensure({key for _row, key, _then, _last in cells})
    answers = _answers(cells)
    PrefillCell.objects.filter(prefill__in=[row for row, _now in pairs]).delete()
    PrefillCell.objects.bulk_create(
        [
            PrefillCell(
                prefill=row, disaggregation_id=ids[key], value=then.value, numerator=then.numerator, denominator=then.denominator,
                option_id=answers.get((row.indicator.definition_id, then.option)),
                latest_option_id=answers.get((row.indicator.definition_id, last.option)),
                latest_value=last.value, latest_numerator=last.numerator, latest_denominator=last.denominator,
            )
            for row, key, then, last in cells
        ],
        batch_size=200,
    )  # fmt: skip
    fields = ["tally", "filled_at", "person", "digest", "definition", "latest_at", "latest_digest", "why_nothing", "has_drifted"]
    Prefill.objects.bulk_update([row for row, _now in pairs], fields, batch_size=100)


def _answers(cells: Sequence[tuple[Prefill, str, Number, Number]]) -> dict[tuple[int, str], int]:
    """The keys of the answers among the cells, by definition and code; no query where there is none."""
    wanted = {row.indicator.definition_id for row, _key, then, last in cells if then.option or last.option}
    if not wanted:
        return {}
    rows = DefinitionOption.objects.filter(definition__in=wanted).values_list("definition_id", "code", "pk")
    return {(definition, code): pk for definition, code, pk in rows}


def _cells(row: Prefill) -> dict[str, Number]:
    """What was filled in, by the cells' keys; needs ``cells__disaggregation`` prefetched."""
    if row.filled_at is None:
        return {}
    numbers = {cell.disaggregation.key: filled(cell) for cell in row.cells.all()}
    return {key: number for key, number in numbers.items() if not number.says_nothing}
