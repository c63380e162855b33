"""The review page as data: each figure beside the one before, its target, its flags, where it came from and what was decided."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

from plumbing import formats
from plumbing.numbers import divide
from programs import disaggregations
from programs.models import Indicator, IndicatorDefinition, Result
from reporting import entry
from reporting.checks import Flag
from reporting.models import Figure, FigureDecision, FigureNote, Submission

SHOWN = ("all", "flagged", "unexplained", "undecided")


@dataclass
class Line:
    """One indicator at one place, as the reviewer sees it."""

    row: entry.Row
    total: Figure | None
    previous: Figure | None
    flags: list[Flag] = field(default_factory=list)
    notes: list[FigureNote] = field(default_factory=list)
    decision: str = ""
    target: Decimal | None = None

    @property
    def indicator(self) -> Indicator:
        return self.row.indicator

    @property
    def figure(self) -> str:
        """The figure in words: a share as its percentage, with numbers under it."""
        return _shown(self.total)

    @property
    def before(self) -> str:
        return _shown(self.previous)

    @property
    def change(self) -> str:
        """What changed since the figure before: a number, or points of a share."""
        now, then = _comparable(self.total), _comparable(self.previous)
        if now is None or then is None:
            return formats.NOT_REPORTED
        difference = now - then
        sign = "+" if difference > 0 else ""
        return f"{sign}{formats.number(difference, None if self.row.kind != 'ratio' else 0)}"

    @property
    def of_target(self) -> Decimal | None:
        """The share of the target reached by this figure alone, 0 to 100 and beyond; only for the rule that allows it."""
        now = _comparable(self.total)
        if now is None or self.target is None or self.target <= 0:
            return None
        return divide(now, self.target, per=100)

    @property
    def is_flagged(self) -> bool:
        return bool(self.flags)

    @property
    def is_unexplained(self) -> bool:
        return any(not flag.is_explained for flag in self.flags)

    @property
    def has_cells(self) -> bool:
        return any(cell.text for cell in self.row.cells)


@dataclass
class Group:
    result: Result
    lines: list[Line]


@dataclass
class Review:
    lines: list[Line]
    counts: dict[str, int]

    def groups(self, shown: str = "all") -> list[Group]:
        """Lines by result, in the framework's order; ``shown`` narrows to what is flagged, unexplained or undecided."""
        chosen = [line for line in self.lines if _is_shown(line, shown)]
        return [
            Group(lines[0].indicator.result, lines)
            for _key, run in groupby(chosen, key=lambda n: n.indicator.result_id)
            for lines in [list(run)]
        ]

    @property
    def returns(self) -> int:
        return sum(line.decision == FigureDecision.Decision.RETURN for line in self.lines)

    @property
    def holds(self) -> list[Indicator]:
        return list({n.indicator.pk: n.indicator for n in self.lines if n.decision == FigureDecision.Decision.HOLD}.values())


def review(submission: Submission) -> Review:
    """Read a submission for its reviewer."""
    page = entry.sent_page(submission)
    flags = flags_of(submission)
    decisions = {(d.indicator_id, d.place_id): d.decision for d in FigureDecision.objects.filter(submission=submission)}
    notes: dict[tuple[int, int], list[FigureNote]] = defaultdict(list)
    for note in FigureNote.objects.filter(submission=submission).select_related("written_by"):
        notes[note.indicator_id, note.place_id].append(note)
    lines = []
    for row in page.rows:
        key = (row.indicator.pk, row.place.pk)
        found = [
            Flag(kind, words, row.indicator, row.place, sentence)
            for kind, words, sentence in flags.get((row.indicator.code, row.place.code), [])
        ]
        lines.append(
            Line(
                row,
                page.now.get(key, {}).get(disaggregations.TOTAL),
                page.before.get(key),
                found,
                notes.get(key, []),
                decisions.get(key, ""),
                row.target_number,
            )
        )
    return Review(lines, {shown: sum(_is_shown(line, shown) for line in lines) for shown in SHOWN})


def flags_of(submission: Submission) -> dict[tuple[str, str], list[tuple[str, dict[str, str], str]]]:
    """The flags as they stood when the report was sent, by indicator and place code: (kind, words, sentence)."""
    content: str | None = getattr(submission, "last_sent", None)
    if content is None:
        content = submission.snapshots.order_by("-number").values_list("content", flat=True).first()
    found: dict[tuple[str, str], list[tuple[str, dict[str, str], str]]] = defaultdict(list)
    for indicator, place, kind, words, sentence in json.loads(content).get("flags", []) if content else []:
        found[indicator, place].append((kind, words, sentence))
    return found


def _is_shown(line: Line, shown: str) -> bool:
    if shown == "flagged":
        return line.is_flagged
    if shown == "unexplained":
        return line.is_unexplained
    return shown != "undecided" or not line.decision


def _comparable(row: Figure | None) -> Decimal | None:
    """A figure as one number: its value, or its share in percent (or per what its definition says)."""
    if row is None:
        return None
    if row.value is not None:
        return row.value
    if row.share is not None:
        return row.share
    if row.numerator is None or row.denominator is None or row.denominator == 0:
        return None
    return divide(row.numerator, row.denominator, per=row.indicator.definition.per)


def _shown(row: Figure | None) -> str:
    if row is None:
        return formats.NOT_REPORTED
    number = _comparable(row)
    if row.indicator.definition.measure == IndicatorDefinition.Measure.PERCENTAGE and number is not None:
        return formats.percent(number) if row.indicator.definition.per == 100 else formats.number(number, 1)
    return entry.as_text(row)
