"""What still blocks a submission, and what a reviewer should look at: one list, read by entry page, API and review page.

A *block* must be solved before anything is submitted. A *flag* may pass with a sentence from the reporter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import practice
from locations.models import Place, PlaceTree
from programs import calendar, disaggregations
from programs.models import ExpectedReport, Indicator, IndicatorDefinition
from reporting import drafts
from reporting.models import Figure, FlagReason, Submission

Stream = tuple[int, int]  # indicator, place
OverTime = IndicatorDefinition.OverTime

# What each flag says; the words are filled in where it is read, in the reader's language.
FLAGS = {
    "fell": gettext_lazy("the running total fell from %(before)s to %(now)s"),
    "jump": gettext_lazy("jump from %(before)s to %(now)s"),
    "cells": gettext_lazy("the cells add up to %(sum)s of %(total)s"),
    "zero": gettext_lazy("zero after %(before)s"),
    "outside": gettext_lazy("%(place)s is outside the assignment"),
    "above_100": gettext_lazy("above 100 %%"),
    "late": gettext_lazy("late"),
    "same": gettext_lazy("the same as in %(period)s"),
    "parent_child": gettext_lazy("%(below)s lies in %(above)s: is it counted in both?"),
}


@dataclass(frozen=True)
class Block:
    """Something to solve before submitting: where and what to do."""

    path: str
    message: str
    code: str
    indicator: Indicator | None = None
    place: Place | None = None
    key: str = ""  # which question, or which kind of flag


@dataclass(frozen=True)
class Flag:
    """Something odd about one figure, in words, with the reporter's sentence where there is one."""

    kind: str
    words: Mapping[str, str]
    indicator: Indicator
    place: Place
    sentence: str = ""

    @property
    def message(self) -> str:
        if self.kind == "late":
            return ngettext("%(days)s day late", "%(days)s days late", int(self.words["days"])) % self.words
        return str(FLAGS[self.kind]) % self.words

    @property
    def is_explained(self) -> bool:
        return bool(self.sentence)


@dataclass(frozen=True)
class Checklist:
    blocks: tuple[Block, ...]
    flags: tuple[Flag, ...]
    reported: int = 0
    owed: int = 0
    previous: dict[Stream, Figure] = field(default_factory=dict, repr=False)

    @property
    def may_submit(self) -> bool:
        return not self.blocks

    def flags_of(self, indicator: int, place: int) -> list[Flag]:
        return [flag for flag in self.flags if (flag.indicator.pk, flag.place.pk) == (indicator, place)]


def check(submission: Submission) -> Checklist:
    """Read a submission once and say everything about it. About nine queries, whatever its size."""
    return _Checker(submission).run()


class _Checker:
    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.blocks: list[Block] = []
        self.flags: list[Flag] = []
        rows = submission.figures.select_related("indicator__definition", "place", "disaggregation").order_by(
            "indicator__order", "place__name", "id"
        )
        self.cells: dict[Stream, dict[str, Figure]] = defaultdict(dict)
        for row in rows:
            self.cells[row.indicator_id, row.place_id][row.disaggregation.key] = row
        self.owed = drafts.owed_by(submission)
        self.sentences = {(r.indicator_id, r.place_id, r.flag): r.sentence for r in FlagReason.objects.filter(submission=submission)}
        self.previous = _previous(submission, self.cells)

    def run(self) -> Checklist:
        if self.submission.is_nil:
            self._late()
            return self._answer()
        past = self.submission.origin == Submission.Origin.PAST
        if not past:
            self._missing()
            self._narrative()
            self._partners_file()
        for stream, cells in self.cells.items():
            self._cells_against_total(stream, cells)
            total = cells.get(disaggregations.TOTAL)
            if total is not None and not total.is_empty and not past:
                self._against_before(stream, total)
                self._place(total)
        self._parent_and_child()
        self._late()
        unexplained = [f for f in self.flags if not f.is_explained and f.kind != "late"]
        if not past:
            self.blocks += [
                Block(
                    f"flags/{f.indicator.code}",
                    _("%(code)s: %(what)s. Say why in a sentence.") % {"code": f.indicator.code, "what": f.message},
                    "flag",
                    f.indicator,
                    f.place,
                    f.kind,
                )
                for f in unexplained
            ]
        return self._answer()

    def _answer(self) -> Checklist:
        answered = sum(1 for one in self.owed if disaggregations.TOTAL in self.cells.get((one.indicator.pk, one.place.pk), {}))
        return Checklist(tuple(self.blocks), tuple(self.flags), answered, len(self.owed), self.previous)

    def _missing(self) -> None:
        for one in self.owed:
            below = (
                PlaceTree.objects.filter(ancestor=one.place).values_list("descendant_id", flat=True)
                if one.indicator.pk in self._moved
                else ()
            )
            here = self.cells.get((one.indicator.pk, one.place.pk), {})
            if disaggregations.TOTAL in here or any((one.indicator.pk, key) in self.cells for key in below):
                continue
            message = _("%(code)s at %(place)s is empty: give the figure, or the reason why not.") % {
                "code": one.indicator.code,
                "place": one.place.name,
            }
            self.blocks.append(Block(f"figures/{one.indicator.code}/{one.place.code}", message, "missing", one.indicator, one.place))

    @property
    def _moved(self) -> set[int]:
        """Indicators reported at a place that is not itself assigned: perhaps below one that is."""
        assigned = {(one.indicator.pk, one.place.pk) for one in self.owed}
        return {indicator for indicator, place in self.cells if (indicator, place) not in assigned}

    def _narrative(self) -> None:
        if self.submission.reopening_id is not None:
            return
        given = dict(self.submission.answers.values_list("question_id", "text"))
        for question in drafts.questions_for(self.submission.project):
            if question.is_required and not given.get(question.pk, "").strip():
                self.blocks.append(
                    Block(
                        f"narrative/{question.pk}",
                        _("Answer “%(question)s”.") % {"question": question.heading},
                        "narrative",
                        key=str(question.pk),
                    )
                )

    def _partners_file(self) -> None:
        if self.submission.origin == Submission.Origin.ON_BEHALF and not self.submission.attachments.filter(is_partners_file=True).exists():
            self.blocks.append(Block("attachments", _("Attach the partner's own file: you type on its behalf."), "partners_file"))

    def _cells_against_total(self, stream: Stream, cells: dict[str, Figure]) -> None:
        total = cells.get(disaggregations.TOTAL)
        broken = {key: f for key, f in cells.items() if key != disaggregations.TOTAL and not f.is_empty}
        if not broken:
            return
        some = next(iter(broken.values()))
        if total is None or total.is_empty:
            message = _("%(code)s has cells but no total: give the total too.") % {"code": some.indicator.code}
            self.blocks.append(Block(f"figures/{some.indicator.code}", message, "no_total", some.indicator, some.place))
            return
        by_breakdown: dict[tuple[str, ...], list[Figure]] = defaultdict(list)
        for key, figure in broken.items():
            by_breakdown[tuple(sorted(disaggregations.cell_of(key)))].append(figure)
        for dimensions, figures in by_breakdown.items():
            complete = len(figures) >= _size(total.indicator, dimensions)
            for part in ("numerator", "denominator") if total.numerator is not None else ("value",):
                self._compare(total, figures, part, complete)

    def _compare(self, total: Figure, figures: list[Figure], part: str, complete: bool) -> None:
        whole: Decimal | None = getattr(total, part)
        parts = [getattr(f, part) for f in figures if getattr(f, part) is not None]
        if whole is None or not parts:
            return
        sum_ = sum(parts, Decimal(0))
        words = {"code": total.indicator.code, "sum": f"{sum_:f}", "total": f"{whole:f}"}
        if sum_ > whole or (complete and sum_ != whole):
            message = _("%(code)s: the cells add up to %(sum)s, the total says %(total)s. Correct one of them.") % words
            self.blocks.append(Block(f"figures/{total.indicator.code}", message, "cells", total.indicator, total.place))
        elif sum_ < whole:
            self._flag("cells", words, total)

    def _against_before(self, stream: Stream, now: Figure) -> None:
        before = self.previous.get(stream)
        share = _percent(now)
        if share is not None and share > 100 and now.indicator.definition.per == 100:
            self._flag("above_100", {}, now)
        if before is None:
            return
        if now.value is not None and before.value is not None:
            self._numbers(now, before)
        if _said(now) == _said(before) and now.value != 0 and now.indicator.definition.over_time != OverTime.SNAPSHOT:
            self._flag("same", {"period": before.period.code}, now)

    def _numbers(self, now: Figure, before: Figure) -> None:
        assert now.value is not None
        assert before.value is not None
        words = {"before": f"{before.value:f}", "now": f"{now.value:f}"}
        rule = now.indicator.definition.over_time
        if rule == OverTime.RUNNING_TOTAL and now.value < before.value:
            self._flag("fell", words, now)
        elif now.value == 0 and before.value != 0 and rule != OverTime.RUNNING_TOTAL:
            self._flag("zero", words, now)
        elif before.value > 0 and now.value > before.value * practice.number("jump-factor"):
            self._flag("jump", words, now)

    def _place(self, row: Figure) -> None:
        assigned = {one.place.pk for one in self.owed if one.indicator.pk == row.indicator_id}
        if row.place_id not in assigned and drafts.outside(row.place, assigned):
            self._flag("outside", {"place": row.place.name}, row)

    def _parent_and_child(self) -> None:
        by_indicator: dict[int, dict[int, Figure]] = defaultdict(dict)
        for (indicator, place), cells in self.cells.items():
            total = cells.get(disaggregations.TOTAL)
            if total is not None and not total.is_empty:
                by_indicator[indicator][place] = total
        several = {place for places in by_indicator.values() if len(places) > 1 for place in places}
        if not several:
            return
        pairs = PlaceTree.objects.filter(ancestor__in=several, descendant__in=several, depth__gt=0).values_list(
            "ancestor_id", "descendant_id"
        )
        for above, below in pairs:
            for places in by_indicator.values():
                if above in places and below in places:
                    words = {"above": places[above].place.name, "below": places[below].place.name}
                    self._flag("parent_child", words, places[above])

    def _late(self) -> None:
        expected = ExpectedReport.objects.filter(
            project=self.submission.project_id, partner=self.submission.partner_id, period=self.submission.period_id
        ).first()
        day = calendar.today_at(self.submission.project, self.submission.submitted_at)
        if expected is None or day <= expected.due_on or not self.owed or self.submission.origin == Submission.Origin.PAST:
            return
        first = self.owed[0]
        days = (day - expected.due_on).days
        self.flags.append(Flag("late", {"days": str(days)}, first.indicator, first.place, sentence="–"))

    def _flag(self, kind: str, words: Mapping[str, str], row: Figure) -> None:
        sentence = self.sentences.get((row.indicator_id, row.place_id, kind), "")
        self.flags.append(Flag(kind, words, row.indicator, row.place, sentence))


def _previous(submission: Submission, streams: Iterable[Stream]) -> dict[Stream, Figure]:
    """The latest counting total of each stream before this period."""
    indicators = {indicator for indicator, _place in streams} | {one.indicator.pk for one in drafts.owed_by(submission)}
    rows = (
        Figure.objects.counting()
        .filter(indicator__in=indicators, partner=submission.partner_id, period_end__lt=submission.period.ends_on, disaggregation__key="")
        .select_related("period")
        .order_by("period_end", "id")
    )
    return {(row.indicator_id, row.place_id): row for row in rows}


def _size(indicator: Indicator, dimensions: tuple[str, ...]) -> int:
    """How many cells the breakdown of these dimensions has."""
    for breakdown in indicator.definition.breakdowns.prefetch_related("parts__dimension__categories"):
        if tuple(sorted(part.dimension.code for part in breakdown.parts.all())) == dimensions:
            return len(disaggregations.cells_of(breakdown))
    return 0


def _percent(row: Figure) -> Decimal | None:
    if row.share is not None:
        return row.share
    if row.numerator is None or row.denominator is None or row.denominator == 0:
        return None
    return 100 * row.numerator / row.denominator


def _said(row: Figure) -> tuple[object, ...]:
    return (row.value, row.numerator, row.denominator, row.share, row.option_id, row.text)
