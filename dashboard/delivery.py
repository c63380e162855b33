"""Numbers against their targets as a reader may see them: one line per definition or indicator, ready for a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor
from plumbing import formats
from plumbing.lists import Column
from programs.models import Indicator, IndicatorDefinition, Level
from reporting import published
from reporting.promises import Promised
from reporting.published import PublishedLine
from reporting.rules import Amount, Reason
from reporting.targets import Track
from reporting.wording import unit_of

PER_LEVEL = 5  # on the overview; all of them have a page of their own
TRACKS = {
    Track.ON_TRACK: ("ok", "check-lg"),
    Track.WATCH: ("wait", "exclamation-triangle"),
    Track.BEHIND: ("stop", "arrow-down-right"),
}
URGENCY = {Track.BEHIND: 0, Track.WATCH: 1, Track.ON_TRACK: 2, None: 3}
# rule over time -> words and icon; a rule across that gives no total is said instead
RULES: dict[str, tuple[str | Promise, str]] = {
    "per_period": (_("per period, summed"), "plus-slash-minus"),
    "running_total": (_("running total"), "plus-slash-minus"),
    "snapshot": (_("latest value"), "clock"),
}


@dataclass(frozen=True)
class Shown:
    """A line with everything a page says about it."""

    line: PublishedLine

    @property
    def definition(self) -> IndicatorDefinition:
        return self.line.definition

    @property
    def indicator(self) -> Indicator:
        return self.line.indicators[0]

    @property
    def level(self) -> str:
        return self.definition.level

    @property
    def unit(self) -> str:
        return unit_of(self.definition)

    @property
    def is_hidden(self) -> bool:
        return self.line.status == published.Status.SUPPRESSED

    @property
    def is_held(self) -> bool:
        """The number of an earlier period: the step since is too small to show."""
        return self.line.status == published.Status.HELD

    @property
    def value(self) -> str:
        return self.in_words(self.line.amount)

    @property
    def why_none(self) -> str | Promise:
        """Why there is no number; empty where there is one, or where it is hidden."""
        reason = self.line.amount.reason
        return "" if self.is_hidden or self.line.amount.value is not None or reason is None else Reason(reason).label

    @property
    def parts(self) -> tuple[Decimal, Decimal] | None:
        """What a ratio is made of."""
        amount = self.line.amount
        return (amount.numerator, amount.denominator) if amount.numerator is not None and amount.denominator is not None else None

    @property
    def baseline(self) -> str:
        return self.in_words(self.line.standing.baseline)

    @property
    def target(self) -> str:
        return self.in_words(self.line.standing.target)

    @property
    def progress(self) -> Decimal | None:
        """Of the way from baseline to target, in hundredths."""
        return None if self.line.standing.progress is None else self.line.standing.progress * 100

    @property
    def due(self) -> Decimal | None:
        return None if self.line.standing.due is None else self.line.standing.due * 100

    @property
    def why_no_progress(self) -> str | Promise:
        reason = self.line.standing.reason
        return "" if reason is None else Reason(reason).label

    @property
    def track(self) -> Track | None:
        return self.line.standing.track

    @property
    def look(self) -> tuple[str, str] | None:
        return None if self.track is None else TRACKS[self.track]

    @property
    def rule(self) -> tuple[str | Promise, str]:
        if self.definition.across == "not_computable":
            return _("cannot be added up"), "slash-circle"
        if self.definition.is_ratio:
            return _("share, pooled"), "percent"
        return RULES[self.definition.over_time]

    @property
    def series(self) -> list[Decimal | None]:
        return [point.amount.value for point in self.line.series]

    def rounded(self, amount: Amount) -> Decimal | None:
        return None if amount.value is None else round(amount.value, self.definition.decimals)

    def in_words(self, amount: Amount) -> str:
        """A number as its definition is written: with its decimals, a percentage as one."""
        if amount.value is None:
            return formats.NOT_REPORTED
        if self.definition.is_ratio and self.definition.per == 100:
            return formats.percent(amount.value, self.definition.decimals)
        return formats.number(amount.value, self.definition.decimals)


def last_ended(asked: Promised, today: date) -> date:
    """The end of the latest period that is over: through when numbers are shown."""
    return max((span.end for spans in asked.periods.values() for span in spans if span.end < today), default=today)


def by_definition(asked: Promised, *, reader: Actor, through: date) -> list[Shown]:
    return [Shown(line) for line in published.table(asked, reader=reader, through=through, with_series=True)]


def by_indicator(asked: Promised, *, reader: Actor, through: date) -> dict[int, Shown]:
    lines = published.table(asked, reader=reader, through=through, each="indicator", with_series=True)
    return {line.indicators[0].pk: Shown(line) for line in lines}


COLUMNS = (
    Column("indicator", _("Indicator"), order=["code"]), Column("reached", _("Reached"), number=True),
    Column("target", _("Target"), number=True), Column("progress", _("Progress, due mark"), order=["progress"]),
    Column("course", _("Over time")), Column("status", _("Status"), order=["track"]),
)  # fmt: skip


def sorted_lines(lines: Iterable[Shown], column: Column | None = None, backward: bool = False) -> list[Shown]:
    """By code; by progress or status where asked, with what has none last in either direction."""
    every = sorted(lines, key=lambda line: line.definition.code, reverse=backward and column is COLUMNS[0])
    if column is None or column is COLUMNS[0]:
        return every
    with_one = [(number, line) for line in every if (number := _number(line, column.name)) is not None]
    told = sorted(with_one, key=lambda pair: pair[0], reverse=backward)
    return [line for _of, line in told] + [line for line in every if _number(line, column.name) is None]


def _number(line: Shown, column: str) -> Decimal | None:
    if column == "progress":
        return line.progress
    return None if line.track is None else Decimal(URGENCY[line.track])


def by_level(lines: Iterable[Shown], *, most: int | None = None) -> list[tuple[str, Sequence[Shown]]]:
    """Lines under their level, in their order; those behind first when only some are shown."""
    every = list(lines)
    groups: list[tuple[str, Sequence[Shown]]] = []
    for level in Level.values:
        mine = [line for line in every if line.level == level]
        if most is not None:
            mine = sorted(mine, key=lambda line: URGENCY[line.track])[:most]
        if mine:
            groups.append((level, mine))
    return groups


FILE = (
    _("Level"), _("Code"), _("Indicator"), _("Unit"), _("Baseline"), _("Reached"), _("Target"), _("Progress, %"), _("Progress due, %"),
    _("Status"), _("Reports received"), _("Reports expected"), _("Note"),
)  # fmt: skip


def told(groups: Iterable[tuple[str, Sequence[Shown]]]) -> Iterator[tuple[object, ...]]:
    """One row per line for a file, under the headings of ``FILE``: numbers as numbers, and what is hidden stays so."""
    for level, lines in groups:
        for one in lines:
            standing, coverage = one.line.standing, one.line.coverage
            note = _("hidden") if one.is_hidden else one.why_none or (_("number of an earlier period") if one.is_held else "")
            yield (
                Level(level).label, one.definition.code, one.definition.title, one.unit, one.rounded(standing.baseline),
                None if one.is_hidden else one.rounded(one.line.amount), one.rounded(standing.target), _whole(one.progress), _whole(one.due),
                "" if one.track is None else str(one.track.label), coverage.reported, coverage.expected, str(note),
            )  # fmt: skip


def _whole(hundredths: Decimal | None) -> Decimal | None:
    return None if hundredths is None else round(hundredths, 1)


def incomplete(lines: Iterable[Shown]) -> list[Shown]:
    """Lines whose number lacks a report that was expected: said, never estimated."""
    return [line for line in lines if not line.line.coverage.is_complete]
