"""A tally: a named count over the portal's own records that can prefill a figure. Its shape, and those on offer.

Each level's app keeps its own in ``tallies.py`` (a tuple ``TALLIES``); reporting gathers them and offers them here, so that the
library can say which tally computes a definition without knowing the apps above it.

A tally answers with *parts*: an amount at a place in one cell of the breakdown that was asked for, or in none (then it is "not
broken down"). The figure of an assigned place is the sum of the parts at it and below. A place without a part stays empty: that
nothing was recorded is not a zero. Where a level knows that it is none, it gives a part of 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from locations.models import PlaceTree
from plumbing.refusals import Invalid, Problem
from programs.models import IndicatorDefinition, Level

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import Organization
    from programs.models import Project

Measure = IndicatorDefinition.Measure
OverTime = IndicatorDefinition.OverTime
Counting = IndicatorDefinition.Counting
Words = str | Promise


class Empty(TextChoices):
    """Why a tally says nothing at a place; where several hold, the one that stands first here."""

    NO_POPULATION = "no_population", gettext_lazy("No community here has a population count: record one, then the rate can be computed.")
    NO_PEOPLE = "no_people", gettext_lazy("Nobody lived here on the day of the count, so there is nothing to divide by.")
    NOBODY_WATCHES = (
        "nobody_watches",
        gettext_lazy("Nobody watches here: no community of this project has monitors or told of an incident before."),
    )
    NOT_COUNTED = "not_counted", gettext_lazy("There are records here, but nobody counted this group in them.")
    SEVERAL_ANSWERS = "several_answers", gettext_lazy("The records here give several answers, and these are never added.")
    MONTHS_MISSING = (
        "months_missing",
        gettext_lazy("This is counted by whole months: one of this time is not there yet, or the time begins or ends within one."),
    )
    NOTHING_TO_DIVIDE = "nothing_to_divide", gettext_lazy("Nothing to divide by: none of the records here counts in the denominator.")
    NOTHING_RECORDED = "nothing_recorded", gettext_lazy("Nothing of this kind was recorded here in this time.")


@dataclass(frozen=True)
class Asked:
    """Whose records, of which days, where, and broken down by what.

    ``ends_on`` is never in the future: a snapshot is as of that day. A running total counts everything through it, whatever
    ``starts_on`` says. ``breakdown`` holds codes of dimensions, such as ``("sex", "age")``; empty: totals only.
    """

    project: Project
    partner: Organization
    starts_on: date
    ends_on: date
    roots: tuple[int, ...]
    breakdown: tuple[str, ...] = ()
    indicator: int | None = None  # for which indicator, where the tally counts ``by_indicator``

    @property
    def places(self) -> QuerySet[PlaceTree, Any]:
        """The places asked for and all below them, as a subquery: ``.filter(place__in=asked.places)``."""
        return PlaceTree.objects.filter(ancestor__in=self.roots).values("descendant")

    def narrowed(self, cell: Mapping[str, str]) -> dict[str, str]:
        """A record's own categories as the breakdown asked for; empty (not broken down) where it lacks one of its dimensions."""
        if any(dimension not in cell for dimension in self.breakdown):
            return {}
        return {dimension: cell[dimension] for dimension in self.breakdown}


@dataclass(frozen=True)
class Part:
    """An amount at one place: ``value`` of a number, ``value`` (numerator) and ``of`` (denominator) of a ratio.

    Of a ranked answer: ``option``, the code of the answer. Answers are never added: where the parts of a place say different ones,
    the figure stays empty.
    """

    place: int
    value: Decimal | int = 0
    of: Decimal | int | None = None
    option: str = ""
    cell: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Count:
    """What a tally found. ``digests``: by place, what was counted there as one hash (``digest``), never as names or codes.

    ``empty``: why a place, or whatever lies in it, has no part, where the tally knows more than that nothing was recorded.
    """

    parts: tuple[Part, ...]
    digests: Mapping[int, str]
    empty: Mapping[int, Empty] = field(default_factory=dict)


@dataclass(frozen=True)
class Tally:
    """``key`` is kept in definitions and figures and never changes its meaning; ``definition`` is what a reader can open."""

    key: str
    title: Words
    definition: Words
    over_time: OverTime
    counting: Counting
    function: Callable[[Asked], Count]
    measure: Measure = Measure.UNIT
    dimensions: tuple[str, ...] = ()
    level: str = ""  # empty: at whatever level
    of_communities: bool = False  # a community that works with two projects is counted for each of them
    by_indicator: bool = False  # records say which indicator they are for: it is asked once for each

    @property
    def is_of_people_by_code(self) -> bool:
        """Counted from case files, where one person is one code; seats and answers are counted without knowing who."""
        return self.level == Level.INDIVIDUAL

    def misfit(self, definition: IndicatorDefinition) -> str:
        """Why this tally cannot compute a definition, in words; empty where it can."""
        for name, label in (
            ("measure", pgettext("what is measured", "measure")),
            ("over_time", _("rule over time")),
            ("counting", _("what is counted")),
        ):
            theirs, ours = getattr(definition, name), getattr(self, name)
            if theirs != ours:
                return _("%(tally)s has another %(rule)s: %(ours)s. The definition says %(theirs)s.") % {
                    "tally": self.title, "rule": label, "ours": ours.label, "theirs": type(ours)(theirs).label,
                }  # fmt: skip
        return ""

    def breakdowns_for(self, offered: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Those of the breakdowns offered whose dimensions this tally knows; none of them: totals only, ``[()]``."""
        return [tuple(codes) for codes in offered if set(codes) <= set(self.dimensions)] or [()]


_offered: dict[str, Tally] = {}


def offer(tallies: Iterable[Tally]) -> None:
    """Put the gathered tallies on offer; called once, when the portal starts."""
    _offered.clear()
    _offered.update({one.key: one for one in tallies})


def known() -> dict[str, Tally]:
    """Every tally on offer by its key."""
    return dict(_offered)


def of(definition: IndicatorDefinition) -> Tally | None:
    """The tally that a definition names; none where it names none, or one that is no longer on offer."""
    return _offered.get(definition.computed_by)


def guard(definition: IndicatorDefinition) -> None:
    """Refuse a definition bound to a tally that does not exist or that adds up by other rules."""
    if not definition.computed_by:
        return
    found = of(definition)
    if found is None:
        text = _("There is no tally “%(key)s”.") % {"key": definition.computed_by}
        raise Invalid([Problem("computed_by", text, "unknown")])
    misfit = found.misfit(definition)
    if misfit:
        raise Invalid([Problem("computed_by", misfit, "misfit")])


def digest(counted: Iterable[str]) -> str:
    """One hash over what was counted, whatever its order; each as key and version, such as ``"17 2026-08-01T09:30:00+00:00"``."""
    return hashlib.sha256("\n".join(sorted(counted)).encode()).hexdigest()


def digests(counted: Iterable[tuple[int, str]]) -> dict[int, str]:
    """The digest of each place from pairs of place and what was counted there."""
    by_place: dict[int, list[str]] = {}
    for place, what in counted:
        by_place.setdefault(place, []).append(what)
    return {place: digest(parts) for place, parts in by_place.items()}
