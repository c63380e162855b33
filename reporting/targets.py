"""Targets, milestones, baselines and progress (docs/rollup.md section 4), without a database.

Targets follow the two rules of their definition, so they are brought together by the functions that bring figures together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from plumbing.numbers import rounded
from reporting.rules import MILLION, Amount, Figure, Reason, Row, Rules, across, added, alone

WATCH_WITHIN = Decimal("0.10")  # practice: up to ten points below what was due is "watch", more is "behind"


class Aim(NamedTuple):
    """A target as stored, numbers in millionths. Without a period's dates it is *the* target."""

    indicator: int
    partner: int | None
    place: int | None
    end: date | None
    start: date | None
    value: int | None
    numerator: int | None
    denominator: int | None
    share: int | None


class Start(NamedTuple):
    """A baseline as stored, numbers in millionths; all empty: not stated. A stated 0 is a baseline."""

    value: int | None = None
    numerator: int | None = None
    denominator: int | None = None
    share: int | None = None


class Track(TextChoices):
    ON_TRACK = "on_track", _("On track")
    WATCH = "watch", _("Watch")
    BEHIND = "behind", _("Behind")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a number stands against what was promised. ``progress`` and ``due`` are ratios: 1 is the target reached."""

    baseline: Amount
    target: Amount
    milestone: Amount
    milestone_is_linear: bool  # no milestone was agreed: drawn straight from baseline to target
    progress: Decimal | None
    due: Decimal | None
    variance: Decimal | None  # actual less milestone
    reason: Reason | None  # why there is no progress
    track: Track | None


def standing(
    actual: Amount,
    *,
    rules: Rules,
    indicators: Iterable[int],
    aims: Iterable[Aim],
    starts: Mapping[int, Start],
    spans: Mapping[int, tuple[date, date]],
    through: date,
    ascending: bool = True,
    partner: int | None = None,
    watch_within: Decimal = WATCH_WITHIN,
) -> Standing:
    """Compare a number as of ``through`` with target and milestone.

    ``indicators`` are all that the number is about: a target that only some of them have is no target of the whole.
    ``aims`` are those of ``partner`` (None: the indicators' own; partners' targets are never summed into them).
    ``spans`` say from when to when each indicator's project runs, for the straight line.
    """
    of: dict[int, list[Aim]] = defaultdict(list)
    for aim in aims:
        if aim.partner == partner:
            of[aim.indicator].append(aim)
    targets: list[Amount] = []
    milestones: list[Amount] = []
    baselines: list[Amount] = []
    linear = False
    for indicator in indicators:
        baseline = _stated(starts.get(indicator, Start()), rules=rules)
        target = _target(of[indicator], rules=rules)
        milestone = _milestone(of[indicator], through, rules=rules)
        if milestone is None:
            milestone = _on_the_line(baseline, target, through=through, span=spans.get(indicator), rules=rules)
            linear = linear or milestone.exact is not None
        for kept, amount in ((baselines, baseline), (targets, target), (milestones, milestone)):
            kept.append(amount)
    return _compare(
        actual,
        baseline=_pooled(baselines, rules=rules, missing=Reason.NO_BASELINE),
        target=_pooled(targets, rules=rules, missing=Reason.NO_TARGET),
        milestone=_pooled(milestones, rules=rules, missing=Reason.NO_MILESTONE),
        linear=linear,
        from_zero=rules.over_time != "snapshot",
        ascending=ascending,
        watch_within=watch_within,
    )


def of_period(aims: Iterable[Aim], *, rules: Rules, end: date, partner: int | None = None, place: int | None = None) -> Amount:
    """The period's own target, which review compares the period's figure with."""
    own = [aim for aim in aims if aim.partner == partner and aim.place == place and aim.end == end]
    return alone(_row(own[0]), per=rules.per) if own else Amount(reason=Reason.NO_TARGET)


def _target(aims: Sequence[Aim], *, rules: Rules) -> Amount:
    """*The* target where one is given, never with period targets added; else the period targets through the last one."""
    final = [aim for aim in aims if aim.end is None]
    streams = _by_place(final or aims)
    return across((_rolled(stream, rules=rules) for stream in streams), rules=rules) if streams else Amount(reason=Reason.NO_TARGET)


def _milestone(aims: Sequence[Aim], through: date, *, rules: Rules) -> Amount | None:
    """The period targets through the date; None where the indicator, or one of its places, has none up to then."""
    reached = _by_place([aim for aim in aims if aim.end is not None and aim.end <= through])
    of_places = {aim.place for aim in aims if aim.place is not None}
    if not reached or (reached[0][0].place is not None and len(reached) < len(of_places)):
        return None
    return across((_rolled(stream, rules=rules) for stream in reached), rules=rules)


def _by_place(aims: Iterable[Aim]) -> list[list[Aim]]:
    """One list per place; a target without a place covers them all and stands alone."""
    places: dict[int | None, list[Aim]] = defaultdict(list)
    for aim in aims:
        places[aim.place].append(aim)
    return [places[None]] if None in places else [places[place] for place in sorted(places, key=lambda place: place or 0)]


def _rolled(aims: Sequence[Aim], *, rules: Rules) -> Row:
    """Targets of one place over time: added up per period, else the latest."""
    rows = [_row(aim) for aim in sorted(aims, key=lambda aim: aim.end or date.min)]
    return added(rows) if rules.over_time == "per_period" else rows[-1]


def _on_the_line(baseline: Amount, target: Amount, *, through: date, span: tuple[date, date] | None, rules: Rules) -> Amount:
    """Straight from baseline to target by days. What is counted up from nothing starts at 0 where no baseline is stated."""
    start = 0 if baseline.exact is None and rules.over_time != "snapshot" else baseline.exact
    if start is None or target.exact is None or span is None:
        return Amount(reason=Reason.NO_MILESTONE)
    first, last = span
    gone = min(max(Fraction((through - first).days + 1, (last - first).days + 1), Fraction(0)), Fraction(1))
    exact = start + (target.exact - start) * gone
    if target.bottom is None:
        return Amount(exact=exact)
    return Amount(exact=exact, top=exact * target.bottom / (rules.per * MILLION), bottom=target.bottom)


def _stated(start: Start, *, rules: Rules) -> Amount:
    amount = alone(Figure(0, 0, 0, 0, date.min, date.min, *start), per=rules.per)
    return Amount(reason=Reason.NO_BASELINE) if start == Start() else amount


def _pooled(amounts: Sequence[Amount], *, rules: Rules, missing: Reason) -> Amount:
    """The rule across, over indicators: one without a number leaves the whole without one."""
    if len(amounts) == 1:
        return amounts[0]
    if not amounts or any(amount.exact is None for amount in amounts):
        return Amount(reason=missing)
    return across((_as_row(amount, rules=rules) for amount in amounts), rules=rules)


def _compare(
    actual: Amount,
    *,
    baseline: Amount,
    target: Amount,
    milestone: Amount,
    linear: bool,
    from_zero: bool,
    ascending: bool,
    watch_within: Decimal,
) -> Standing:
    start = 0 if baseline.exact is None and from_zero else baseline.exact
    way = None if start is None or target.exact is None or target.exact == start else Fraction(target.exact - start)
    reason = next(
        (why for amount, why in ((actual, actual.reason), (baseline, baseline.reason), (target, target.reason)) if amount.exact is None),
        None,
    )
    if reason is None and way is None:
        reason = Reason.TARGET_IS_BASELINE
    progress = due = variance = track = None
    if reason is None and way is not None and actual.exact is not None and start is not None:
        progress = rounded((actual.exact - start) / way)
    if milestone.exact is not None and way is not None:
        due = rounded((milestone.exact - start) / way)  # type: ignore[operator]
    if milestone.exact is not None and actual.exact is not None:
        ahead = Fraction(actual.exact - milestone.exact)
        variance = rounded(ahead / MILLION)
        track = _track(ahead if (ascending if way is None else way > 0) else -ahead, way, watch_within)
    return Standing(baseline, target, milestone, linear, progress, due, variance, reason, track)


def _track(ahead: Fraction, way: Fraction | None, watch_within: Decimal) -> Track:
    """On track at the milestone or past it; else by how much of the whole way is missing."""
    if ahead >= 0:
        return Track.ON_TRACK
    return Track.WATCH if way is not None and -ahead / abs(way) <= Fraction(watch_within) else Track.BEHIND


def _row(aim: Aim) -> Row:
    day = (aim.end or date.min, aim.start or date.min)
    return Figure(aim.indicator, 0, 0, aim.place or 0, *day, aim.value, aim.numerator, aim.denominator, aim.share)


def _as_row(amount: Amount, *, rules: Rules) -> Row:
    ratio = amount.bottom is not None
    value = None if ratio or rules.measure == "percentage" else amount.exact
    share = None if ratio or value is not None else amount.exact
    return Figure(0, 0, 0, 0, date.min, date.min, value, amount.top, amount.bottom, share)  # type: ignore[arg-type]
