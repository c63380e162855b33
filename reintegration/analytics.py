"""What cases add up to: the way through the stages, outcomes by pre-approved breakdowns, livelihood after completion.

Few aggregate queries, whatever the number of cases. Readers outside the circle of raw figures get what suppression leaves: a
breakdown whose totals would be hidden is dropped whole, because the other breakdowns on the page share those totals.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import repeat
from operator import itemgetter, sub
from typing import TYPE_CHECKING, Any

from django.db.models import Aggregate, CharField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models import Case as Choose
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from locations.models import Place, PlaceTree
from privacy import suppression
from privacy.suppression import HIDDEN, Shown, may_show_percentage
from programs.scope import held, scope
from reintegration import breakdowns, small_counts
from reintegration.models import AgeBand, Case, CaseQuerySet, FollowUp, Livelihood, Pathway, Sex, State, Transition
from reintegration.models.cases import SCOPE

if TYPE_CHECKING:
    from accounts.models import Actor

WAVES = (3, 6, 12)
READ_AT_ONCE = 5000
OUTCOMES: dict[str, Any] = {"open": _("In progress"), "completed": _("Completed"), "ended": _("Ended before completion")}
DIMENSIONS: dict[str, Any] = {"sex": _("Sex"), "age": _("Age"), "pathway": _("Pathway"), "place": _("State or province")}


def cases_for(user: Actor) -> CaseQuerySet:
    """The cases that counts for this reader are made of; no row of them is ever shown."""
    return Case.objects.filter(scope(user, SCOPE, Permission.READ_CASE_COUNTS), sealed_at__isnull=True).order_by()


def sees_raw(user: Actor) -> bool:
    """Every membership through which the counts are read also holds raw figures."""
    counting = [one for one in held(user) if Permission.READ_CASE_COUNTS in one.words]
    return bool(counting) and all(Permission.READ_RAW in one.words for one in counting)


@dataclass(frozen=True)
class Step:
    pathway: str
    state: str
    people: Shown
    median_days: int | None  # since the step before; None: hidden, or nobody came from a step before


@dataclass(frozen=True)
class Cut:
    """Outcomes by one dimension: rows of label, cells and total; ``dropped`` where it cannot be shown safely."""

    key: str
    title: Any
    rows: tuple[tuple[Any, tuple[Shown, ...], Shown], ...]
    totals: tuple[Shown, ...]
    total: Shown
    dropped: bool


# How many people are counted by exactly these numbers: (pathway, step), an outcome, and (pathway, "as", outcome).
Ways = Counter[frozenset[Hashable]]


@dataclass(frozen=True)
class Wave:
    """Livelihood so many months after completion: due, reached, lost, said, and in work of those who said."""

    months: int
    due: Shown
    reached: Shown
    lost: Shown
    said: Shown
    in_work: Shown
    percent: int | None


@dataclass(frozen=True)
class Counts:
    cuts: list[Cut]
    steps: list[Step]
    waves: list[Wave]


def counts(cases: CaseQuerySet, *, raw: bool, at: int | None = None) -> Counts:
    """Everything that one page shows, each part knowing which numbers of the same people stand beside it."""
    least = small_counts.threshold() if at is None else at
    found = read(cases)
    cuts = outcomes(found, raw=raw, at=least)
    completed = sum(number for way, number in found.ways.items() if "completed" in way)
    return Counts(
        cuts,
        funnel(found, raw=raw, at=least, beside=cuts),
        livelihoods(cases, raw=raw, at=least, beside=[completed] if completed else []),
    )


@dataclass(frozen=True)
class Read:
    """What is counted of cases, gathered while reading each of them once: nothing here is of one case."""

    people: Counter[tuple[Any, ...]]  # ``breakdowns.COLUMNS``, pathway, outcome
    ways: Ways
    days: Mapping[tuple[str, str], Counter[int]]  # (pathway, step): days since the step before


def read(cases: CaseQuerySet, *, steps: bool = True) -> Read:
    """Read every case once, with its steps as one text. One query.

    Grouping the steps in SQL sorts all of them, for the days and for the ways; SQLite took three times as long for that. Rows come in
    pieces, so that memory does not follow the number of cases.
    """
    people: Counter[tuple[Any, ...]] = Counter()
    gone: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
    gaps: Counter[tuple[str, str, int]] = Counter()
    walk = Subquery(_walks().values("walk")) if steps else Value("")
    rows = cases.annotate(outcome=_OUTCOME, walk=walk).values_list(*breakdowns.COLUMNS, "pathway", "outcome", "walk")
    day = _Days()
    for *person, pathway, outcome, text in rows.iterator(chunk_size=READ_AT_ONCE):
        people[(*person, pathway, outcome)] += 1
        taken = sorted(text.split(",")) if text else ()
        states = tuple(map(_STATE, taken))
        gone[pathway, outcome, states] += 1
        days = [day[step[6:16]] for step in taken]
        gaps.update(zip(repeat(pathway), states[1:], map(sub, days[1:], days), strict=False))
    ways: Ways = Counter()
    for (pathway, outcome, states), number in gone.items():
        ways[frozenset({*((pathway, one) for one in states), outcome, (pathway, "as", outcome)})] += number
    between: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for (pathway, state, gap), number in gaps.items():
        between[pathway, state][gap] += number
    return Read(people, ways, between)


class _Days(dict[str, int]):
    """The number of a day by its text, each reckoned once."""

    def __missing__(self, text: str) -> int:
        self[text] = number = date.fromisoformat(text).toordinal()
        return number


def _walks() -> QuerySet[Any, Any]:
    """The steps of one case as one text, each its number plus 100000, its day, its state: "1000022026-03-01screened"."""
    walk = _Joined(F("number") + 100_000, _Day("happened_on"), "to_state")
    return Transition.objects.filter(case=OuterRef("pk")).order_by().values("case").annotate(walk=walk)


_STATE = itemgetter(slice(16, None))
_OUTCOME = Choose(
    When(completed_on__isnull=False, then=Value("completed")),
    When(state__in=[State.CLOSED, State.REVOKED], then=Value("ended")),
    default=Value("open"),
)


class _Day(Func):
    """A date as 2026-03-01, in whatever style the server writes dates."""

    function = "TO_CHAR"
    template = "%(function)s(%(expressions)s, 'YYYY-MM-DD')"
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s", **more)


class _Joined(Aggregate):
    """Several columns of each row as one text, with commas between rows, in no certain order."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, ',')"
    arg_joiner = " || "
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template="GROUP_CONCAT(%(expressions)s)", **more)


def funnel(found: Read, *, raw: bool, at: int | None = None, beside: Sequence[Cut] = ()) -> list[Step]:
    """Per pathway how many people ever reached each step, and the median of the days since the step before."""
    people = _in_order(_each(found.ways))
    least = small_counts.threshold() if at is None else at
    safe: Collection[Any] = people if raw else _safe_steps(found.ways, people, beside, least)
    return [
        Step(
            pathway,
            state,
            Shown(number) if (pathway, state) in safe else HIDDEN,
            median(found.days.get((pathway, state), {})) if (pathway, state) in safe else None,
        )
        for (pathway, state), number in people.items()
    ]


def _each(ways: Ways) -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for way, number in ways.items():
        for key in way:
            if isinstance(key, tuple) and len(key) == 2:
                found[key] += number
    return dict(found)


def _in_order(people: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    order = {state: number for number, state in enumerate(State.values)}
    return dict(sorted(people.items(), key=lambda row: (row[0][0], order[row[0][1]])))


def _safe_steps(ways: Ways, people: Mapping[tuple[str, str], int], beside: Sequence[Cut], least: int) -> set[Hashable]:
    """The steps that may be shown beside one another, beside the number of all cases and what the breakdowns show of the same people."""
    first: dict[str, tuple[str, str]] = {}
    for key in people:
        first.setdefault(key[0], key)
    shown = {cut.key for cut in beside if not cut.dropped}
    base: list[Hashable] = list(OUTCOMES) if shown else []
    known = set(base)
    if "pathway" in shown:
        base += [(pathway, "as", outcome) for pathway in first for outcome in OUTCOMES]
        known.update(base, first.values(), ((pathway, State.COMPLETED.value) for pathway in first))
    if len(first) == 1:
        known.update(first.values())
    order = [*base, *sorted(first.values(), key=lambda key: -people[key]), *(key for key in people if key not in first.values())]
    safe = suppression.show_together(ways, order, threshold=least, hide_zeros=True, known=known)
    left = [key for key in first.values() if key not in safe]
    if len(left) == 1 and len(first) > 1 and sum(people[key] for key in first.values()) == sum(ways.values()):
        safe.update(left)  # what the other pathways leave of all cases is known, and not small
    return safe


def median(counted: Mapping[int, int]) -> int | None:
    """The middle value, the lower of two."""
    half = (sum(counted.values()) + 1) // 2
    for value in sorted(counted):
        half -= counted[value]
        if half <= 0:
            return value
    return None


def outcomes(found: Read, *, raw: bool, at: int | None = None) -> list[Cut]:
    """How cases stand or ended, by each dimension apart. Two queries over places."""
    cells: dict[str, Counter[tuple[Any, str]]] = {key: Counter() for key in DIMENSIONS}
    for (*person, pathway, outcome), people in found.people.items():
        place, cell = breakdowns.of(person)
        for key, value in (("sex", cell["sex"]), ("age", cell["age"]), ("pathway", pathway), ("place", place)):
            cells[key][value, outcome] += people
    cells["place"], names = _at_admin_1(cells["place"])
    labels: dict[str, Callable[[Any], Any]] = {
        "sex": lambda value: Sex(value).label, "age": lambda value: AgeBand(value).label, "pathway": lambda value: Pathway(value).label,
        "place": lambda value: names.get(value, _("Elsewhere")),
    }  # fmt: skip
    return [_cut(key, cells[key], labels[key], raw=raw, at=at) for key in DIMENSIONS]


def apart(number: int, others: Iterable[int], least: int) -> bool:
    """Whether a count may stand beside counts that hold all of its people: it and each difference to them are large enough."""
    return number >= least and all(abs(number - other) >= least for other in others)


def livelihoods(cases: CaseQuerySet, *, raw: bool, at: int | None = None, beside: Iterable[int] = ()) -> list[Wave]:
    """For each wave who was due by now, reached, lost, and in work. One query. ``beside``: counts that hold everybody who is due."""
    working, said = Livelihood.working(), [value for value in Livelihood.values if value != Livelihood.UNKNOWN]
    rows = (
        FollowUp.objects.filter(Exists(cases.filter(pk=OuterRef("case"))), wave__in=WAVES)  # not IN: SQLite would list every case first
        .exclude(state=FollowUp.State.CANCELLED)
        .order_by()
        .values("wave")
        .annotate(
            due=Count("pk", filter=Q(due_on__lte=timezone.localdate()) | ~Q(state="due")),
            reached=Count("pk", filter=Q(outcome__was_reached=True)),
            lost=Count("pk", filter=Q(outcome__was_reached=False) | Q(state="missed", outcome__isnull=True)),
            said=Count("pk", filter=Q(outcome__livelihood__in=said)),
            in_work=Count("pk", filter=Q(outcome__livelihood__in=working)),
        )
    )
    by_wave: dict[int, Any] = {row["wave"]: row for row in rows}
    nobody = dict.fromkeys(("due", "reached", "lost", "said", "in_work"), 0)
    least = small_counts.threshold() if at is None else at
    found: list[Wave] = []
    seen = list(beside)
    for months in WAVES:
        row = by_wave.get(months, nobody)
        if not raw and not apart(row["due"], seen, least):  # who is due after six months was due after three
            row = nobody
        elif row["due"]:
            seen.append(row["due"])
        found.append(_wave(months, row, raw=raw, at=least))
    return found


def _wave(months: int, row: Mapping[str, int], *, raw: bool, at: int) -> Wave:
    """Due = reached + lost + open, said = in work + not: each is one line, and what a line hides stays hidden in the other."""
    still = max(0, row["due"] - row["reached"] - row["lost"])
    line = small_counts.line([row["reached"], row["lost"], still], raw=raw, at=at)
    work = small_counts.line([row["in_work"], row["said"] - row["in_work"], row["reached"] - row["said"]], raw=raw, at=at)
    reached = line.cells[0] if work.total.status == "shown" else work.total
    if reached.status != "shown" and not raw:
        work = small_counts.line([0, 0, 0], raw=False, at=at)
    shows = row["said"] > 0 and (
        raw
        or (
            work.cells[0].status == work.cells[1].status == "shown"
            and may_show_percentage(row["in_work"], row["said"], threshold=at, hide_zeros=True)
        )
    )
    said = Shown(row["said"]) if raw or work.cells[0].status == work.cells[1].status == "shown" else work.cells[0]
    return Wave(
        months=months, due=line.total, reached=reached, lost=line.cells[1], said=said, in_work=work.cells[0],
        percent=round(100 * row["in_work"] / row["said"]) if shows else None,
    )  # fmt: skip


def _cut(key: str, cells: Mapping[tuple[Any, str], int], label: Callable[[Any], Any], *, raw: bool, at: int | None) -> Cut:
    values = sorted({value for value, _outcome in cells}, key=lambda value: str(label(value)))
    numbers = [[cells.get((value, outcome), 0) for outcome in OUTCOMES] for value in values]
    safe = small_counts.table(numbers, raw=raw, at=at)
    hides_totals = any(cell.status != "shown" for cell in (*safe.column_totals, safe.total))
    # Steps count the people of a pathway again: its cells are shown only where none of them is hidden.
    hides_cells = key == "pathway" and any(cell.status != "shown" for row in safe.rows for cell in row)
    dropped = safe.dropped or ((hides_totals or hides_cells) and not raw)
    rows = () if dropped else tuple(zip(map(label, values), safe.rows, safe.row_totals, strict=True))
    return Cut(key, DIMENSIONS[key], rows, safe.column_totals, safe.total, dropped)


def _at_admin_1(cells: Mapping[tuple[Any, str], int]) -> tuple[Counter[tuple[Any, str]], dict[int, str]]:
    """The cells of places joined to those of their states, and the names of these. A place above admin 1 is "elsewhere"."""
    places = {place for place, _outcome in cells}
    rows = PlaceTree.objects.filter(descendant__in=places, ancestor__level=Place.Level.ADMIN_1)
    above = {place: (state, name) for place, state, name in rows.values_list("descendant", "ancestor", "ancestor__name")}
    found: Counter[tuple[Any, str]] = Counter()
    for (place, outcome), number in cells.items():
        found[above.get(place, (0, ""))[0], outcome] += number
    return found, dict(above.values())


def as_rows(cuts: Iterable[Cut]) -> Sequence[tuple[Any, Any, Any, int | None, str]]:
    """The tables for a file: breakdown, group, outcome, number (empty where hidden) and its status."""
    found = []
    for cut in cuts:
        for label, cells, total in cut.rows:
            for outcome, cell in zip((*OUTCOMES.values(), _("Total")), (*cells, total), strict=True):
                found.append((cut.title, label, outcome, cell.value, cell.status))
        if cut.dropped:
            found.append((cut.title, _("All"), _("Total"), cut.total.value, cut.total.status))
    return found
