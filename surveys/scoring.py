"""Scores of answers, exactly: frozen definitions and answers in, frozen scores out.

Pure arithmetic without tables, so that an app with encrypted answers scores them by the same rules (domain/surveys.md sections 1
and 2). Fractions inside; one rounding at the end, half-even, to four places; bands are taken on that stored value. A missing answer
is never a zero: too few answers give no score, with the reason as a code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from typing import Literal

from plumbing.numbers import rounded

Rule = Literal["mean", "index", "bad_index", "capacity", "any"]
Scheme = Literal["domain", "composite"]
Kind = Literal["answer", "missing", "not_applicable"]

PLACES = 4
Z = Decimal("1.96")
WEAK_BELOW = 5  # an interval of a share says little where n*p or n*(1-p) is below it
_ROOTS = Context(prec=40)
_EXACT = Context(prec=100, traps=[Inexact])  # refuses to round

TOO_FEW, DOMAIN_NOT_SCORED, NOTHING_APPLICABLE, UNKNOWN = "too_few_answers", "domain_not_scored", "nothing_applicable", "unknown"
REASONS = (TOO_FEW, DOMAIN_NOT_SCORED, NOTHING_APPLICABLE, UNKNOWN)


@dataclass(frozen=True)
class Choice:
    """An option of an item. ``score`` is None for what is not scored, "don't know" and "not applicable"."""

    code: str
    score: Decimal | None = None
    kind: Kind = "answer"
    favourable: bool = False


@dataclass(frozen=True)
class Question:
    """An item. ``shown_if``: (item, option) pairs of earlier items, of which one must hold; empty: always asked."""

    code: str
    domain: str
    choices: Mapping[str, Choice]
    is_scored: bool = True
    weight: Decimal = Decimal(1)
    composite_weight: Decimal = Decimal(1)
    shown_if: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Part:
    """A domain; ``weight`` is its share W of a bad index."""

    code: str
    weight: Decimal = Decimal(1)


@dataclass(frozen=True)
class BandLine:
    scheme: Scheme
    purpose: str
    code: str
    lower: Decimal


@dataclass(frozen=True)
class Definition:
    """What one version of an instrument says about scoring. ``key`` tells versions apart; only within one is there a change."""

    key: str
    rule: Rule
    questions: tuple[Question, ...]
    parts: tuple[Part, ...]
    bands: tuple[BandLine, ...] = ()
    scale_min: Decimal = Decimal(0)
    scale_max: Decimal = Decimal(1)
    min_answered: int = 2
    min_applicable: int = 3

    @property
    def has_composite(self) -> bool:
        return self.rule != "any" or len(self.parts) > 0

    @property
    def range(self) -> tuple[Decimal, Decimal]:
        """The lowest and highest possible score."""
        return score_range(self.rule, self.scale_min, self.scale_max)


@dataclass(frozen=True)
class Value:
    """One score. ``value`` None has its ``reason``; ``bands`` maps a purpose to the code of the band the stored value lies in."""

    scheme: Scheme
    domain: str
    value: Decimal | None
    answered: int
    applicable: int
    reason: str = ""
    bands: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scored:
    domains: tuple[Value, ...]
    composite: Value

    @property
    def values(self) -> tuple[Value, ...]:
        return (*self.domains, self.composite)

    def domain(self, code: str) -> Value:
        return next(value for value in self.domains if value.domain == code)


def score(definition: Definition, answers: Mapping[str, str]) -> Scored:
    """Score one set of answers (item code to option code).

    Answers to items that the skip rules hide do not count. Raises KeyError for an option that the item does not offer.
    """
    asked = {question.code for question in applicable(definition, answers)}
    gathered = [_gather(definition, part, asked, answers) for part in definition.parts]
    if definition.rule == "any":
        return _any(gathered)
    exact = {one.part.code: _of_domain(definition, one) for one in gathered if not _too_few(definition, one)}
    domains = tuple(_domain(definition, one, exact.get(one.part.code)) for one in gathered)
    return Scored(domains, _composite(definition, gathered, domains, exact))


def applicable(definition: Definition, answers: Mapping[str, str]) -> list[Question]:
    """The items that are asked, given these answers: skip rules hold. A hidden item hides what depends on it."""
    asked: dict[str, Question] = {}
    for question in definition.questions:
        if not question.shown_if or any(item in asked and answers.get(item) == option for item, option in question.shown_if):
            asked[question.code] = question
    return list(asked.values())


def score_range(rule: str, scale_min: Decimal, scale_max: Decimal) -> tuple[Decimal, Decimal]:
    if rule == "mean":
        return scale_min, scale_max
    return Decimal(0), Decimal(1) if rule == "any" else Decimal(100)


def band_of(bands: Iterable[BandLine], *, scheme: str, value: Decimal | None) -> dict[str, str]:
    """The band of each purpose: the highest lower bound, inclusive, that the stored value reaches. No value has no band."""
    if value is None:
        return {}
    found: dict[str, BandLine] = {}
    for band in bands:
        if band.scheme != scheme or band.lower > value:
            continue
        if band.purpose not in found or band.lower > found[band.purpose].lower:
            found[band.purpose] = band
    return {purpose: band.code for purpose, band in found.items()}


# One domain, and all of them


@dataclass(frozen=True)
class _Gathered:
    part: Part
    applicable: int
    answered: tuple[tuple[Question, Decimal], ...]


def _gather(definition: Definition, part: Part, asked: set[str], answers: Mapping[str, str]) -> _Gathered:
    counted, found = 0, []
    for question in definition.questions:
        if question.domain != part.code or not question.is_scored or question.code not in asked:
            continue
        given = answers.get(question.code)
        choice = question.choices[given] if given else None
        if choice is not None and choice.kind == "not_applicable":
            continue
        counted += 1
        if choice is not None and choice.kind == "answer" and choice.score is not None:
            found.append((question, choice.score))
    return _Gathered(part, counted, tuple(found))


def _domain(definition: Definition, one: _Gathered, exact: Fraction | None) -> Value:
    answered = len(one.answered)
    if exact is None:
        return Value("domain", one.part.code, None, answered, one.applicable, _too_few(definition, one))
    value = rounded(exact, PLACES)
    return Value("domain", one.part.code, value, answered, one.applicable, "", band_of(definition.bands, scheme="domain", value=value))


def _too_few(definition: Definition, one: _Gathered) -> str:
    if not one.applicable:
        return NOTHING_APPLICABLE
    if not one.answered or len(one.answered) * definition.min_applicable < one.applicable * definition.min_answered:
        return TOO_FEW
    return ""


def _of_domain(definition: Definition, one: _Gathered) -> Fraction:
    if definition.rule == "capacity":
        return _of_range(definition, [score for _question, score in one.answered])
    mean = _mean((question.weight, score) for question, score in one.answered)
    if definition.rule == "index":
        return 100 * mean
    return 100 * (1 - mean) if definition.rule == "bad_index" else mean


def _composite(definition: Definition, gathered: Sequence[_Gathered], domains: Sequence[Value], exact_of: Mapping[str, Fraction]) -> Value:
    answered, counted = sum(value.answered for value in domains), sum(value.applicable for value in domains)
    # In a capacity scale what does not apply leaves n; everywhere else a composite needs every domain.
    leaves = {NOTHING_APPLICABLE} if definition.rule == "capacity" else set()
    if not counted:
        return Value("composite", "", None, answered, counted, NOTHING_APPLICABLE)
    if any(value.value is None and value.reason not in leaves for value in domains):
        return Value("composite", "", None, answered, counted, DOMAIN_NOT_SCORED)
    if definition.rule == "capacity":
        exact = _of_range(definition, [score for one in gathered for _question, score in one.answered])
    elif definition.rule == "bad_index":
        exact = sum((Fraction(one.part.weight) * exact_of[one.part.code] for one in gathered), Fraction(0))
    elif definition.rule == "index":  # the mean of the domain indices, so that a domain of one item counts like one of three
        exact = _weighted((Fraction(one.part.weight), exact_of[one.part.code]) for one in gathered)
    else:
        exact = _mean((question.composite_weight, score) for one in gathered for question, score in one.answered)
    value = rounded(exact, PLACES)
    return Value("composite", "", value, answered, counted, "", band_of(definition.bands, scheme="composite", value=value))


def _any(gathered: Sequence[_Gathered]) -> Scored:
    """Yes where one answer says yes; no where every item was answered and none does; else unknown (Washington Group)."""
    answered, counted = sum(len(one.answered) for one in gathered), sum(one.applicable for one in gathered)
    scores = [score for one in gathered for _question, score in one.answered]
    if any(score >= 1 for score in scores):
        return Scored((), Value("composite", "", Decimal("1.0000"), answered, counted))
    if counted and answered == counted:
        return Scored((), Value("composite", "", Decimal("0.0000"), answered, counted))
    return Scored((), Value("composite", "", None, answered, counted, UNKNOWN))


def _weighted(pairs: Iterable[tuple[Fraction, Fraction]]) -> Fraction:
    listed = list(pairs)
    total = sum((weight for weight, _score in listed), Fraction(0))
    if not total:  # tabled weights may be 0; where all answered ones are, there is nothing to weigh by
        return sum((score for _weight, score in listed), Fraction(0)) / len(listed)
    return sum((weight * score for weight, score in listed), Fraction(0)) / total


def _mean(pairs: Iterable[tuple[Decimal, Decimal]]) -> Fraction:
    """``_weighted`` of weights and scores as they are stored: added up as decimals, which is exact too and a tenth of the time."""
    listed = list(pairs)
    total = top = plain = Decimal(0)
    for weight, score in listed:
        total = _EXACT.add(total, weight)
        top = _EXACT.add(top, _EXACT.multiply(weight, score))
        plain = _EXACT.add(plain, score)
    return Fraction(top) / Fraction(total) if total else Fraction(plain) / len(listed)


def _of_range(definition: Definition, scores: Sequence[Decimal]) -> Fraction:
    """The share of the possible range, in percent: 100 x (sum - n*min) / (n*(max - min))."""
    low, high, n = Fraction(definition.scale_min), Fraction(definition.scale_max), len(scores)
    return 100 * (sum(map(Fraction, scores), Fraction(0)) - n * low) / (n * (high - low))


# Many responses


@dataclass(frozen=True)
class Summary:
    """The scores of one scheme and domain over all responses of a round.

    ``n`` were scored, ``not_scored`` were not (with how many for which reason). ``low`` and ``high`` bound the mean at 95 %, the
    design effect in it; None where there is no sample (fewer than two scores, or not a probability sample).
    """

    key: str
    scheme: Scheme
    domain: str
    mean: Decimal | None
    n: int
    not_scored: int
    low: Decimal | None = None
    high: Decimal | None = None
    variance: Fraction | None = None  # of the mean, the design effect in it
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def half_width(self) -> Decimal | None:
        return None if self.variance is None else margin(self.variance)


@dataclass(frozen=True)
class Share:
    """A proportion with its numerator and n; ``low`` and ``high`` in [0, 1]. ``is_weak``: n*p or n*(1-p) is below 5."""

    numerator: int
    denominator: int
    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    is_weak: bool = False


@dataclass(frozen=True)
class Change:
    """From one round to a later one of the same version, or why there is none.

    ``lost`` is how many fewer were scored later (attrition), ``lost_share`` of those of the earlier round. ``is_clear``: the
    interval of the difference does not hold 0. Not comparable: ``reason`` says why and everything else is None.
    """

    value: Decimal | None
    low: Decimal | None
    high: Decimal | None
    earlier_n: int
    later_n: int
    lost: int
    lost_share: Decimal | None
    reason: str = ""

    @property
    def is_clear(self) -> bool | None:
        return None if self.low is None or self.high is None else self.low > 0 or self.high < 0


def summarize(
    key: str, scheme: Scheme, domain: str, scores: Mapping[tuple[Decimal | None, str], int], *, design_effect: Decimal | None = None,
    is_sample: bool = True, bounds: tuple[Decimal, Decimal] | None = None,
) -> Summary:  # fmt: skip
    """The mean of the valid scores with its 95 % interval: mean ± 1.96 × sqrt(variance / n) × sqrt(design effect).

    ``scores`` say how many responses have which value, or none for which reason.
    """
    valid = [(Fraction(value), number) for (value, _reason), number in scores.items() if value is not None]
    counted: dict[str, int] = {}
    for (_value, reason), number in scores.items():
        if reason:
            counted[reason] = counted.get(reason, 0) + number
    n = sum(number for _value, number in valid)
    missing = sum(scores.values()) - n
    if not n:
        return Summary(key, scheme, domain, None, 0, missing, reasons=counted)
    exact = sum((value * number for value, number in valid), Fraction(0)) / n
    mean = rounded(exact, PLACES)
    if n < 2 or not is_sample:
        return Summary(key, scheme, domain, mean, n, missing, reasons=counted)
    spread = sum(((value - exact) ** 2 * number for value, number in valid), Fraction(0)) / (n - 1)
    variance = spread / n * Fraction(design_effect if design_effect is not None else 1)
    half = margin(variance)
    low, high = mean - half, mean + half
    if bounds is not None:
        low, high = max(low, bounds[0]), min(high, bounds[1])
    return Summary(key, scheme, domain, mean, n, missing, low, high, variance, counted)


def share(numerator: int, denominator: int, *, design_effect: Decimal | None = None, is_sample: bool = True) -> Share:
    """A proportion and its interval p ± 1.96 × sqrt(p(1-p)/n) × sqrt(deff), clipped to [0, 1]. No n, no proportion."""
    if not 0 <= numerator <= denominator:
        raise ValueError("a numerator lies between 0 and its denominator")
    if not denominator:
        return Share(0, 0, None)
    exact = Fraction(numerator, denominator)
    value = rounded(exact, PLACES)
    weak = min(numerator, denominator - numerator) < WEAK_BELOW
    if not is_sample:
        return Share(numerator, denominator, value, is_weak=False)
    half = margin(exact * (1 - exact) / denominator * Fraction(design_effect if design_effect is not None else 1))
    return Share(numerator, denominator, value, max(value - half, Decimal(0)), min(value + half, Decimal(1)), weak)


def change(earlier: Summary, later: Summary) -> Change:
    """The difference of two rounds of one version, whose samples are independent; with attrition and a 95 % interval.

    Another version, scheme or domain is not comparable; nor is a round without a score.
    """
    reason = ""
    if (earlier.key, earlier.scheme, earlier.domain) != (later.key, later.scheme, later.domain):
        reason = "not_comparable"
    elif earlier.mean is None or later.mean is None:
        reason = "not_scored"
    lost = max(earlier.n - later.n, 0)
    part = rounded(Fraction(lost, earlier.n), PLACES) if earlier.n else None
    if reason:
        return Change(None, None, None, earlier.n, later.n, lost, part, reason)
    assert earlier.mean is not None
    assert later.mean is not None
    value = later.mean - earlier.mean
    if earlier.variance is None or later.variance is None:
        return Change(value, None, None, earlier.n, later.n, lost, part)
    half = margin(earlier.variance + later.variance)
    return Change(value, value - half, value + half, earlier.n, later.n, lost, part)


def paired_change(key: str, later_key: str, pairs: Iterable[tuple[Decimal | None, Decimal | None]]) -> Change:
    """The mean change of the same people or units, measured twice; who has no second score is attrition.

    ``pairs`` are (earlier, later) scores; ``key`` and ``later_key`` name the versions.
    """
    listed = [pair for pair in pairs if pair[0] is not None]
    both = [Fraction(later) - Fraction(earlier) for earlier, later in listed if earlier is not None and later is not None]
    lost = len(listed) - len(both)
    part = rounded(Fraction(lost, len(listed)), PLACES) if listed else None
    if key != later_key or not both:
        return Change(None, None, None, len(listed), len(both), lost, part, "not_comparable" if key != later_key else "not_scored")
    exact = sum(both, Fraction(0)) / len(both)
    value = rounded(exact, PLACES)
    if len(both) < 2:
        return Change(value, None, None, len(listed), len(both), lost, part)
    half = margin(sum(((one - exact) ** 2 for one in both), Fraction(0)) / (len(both) - 1) / len(both))
    return Change(value, value - half, value + half, len(listed), len(both), lost, part)


def margin(variance: Fraction) -> Decimal:
    """1.96 times the root of a variance, to four places."""
    root = _ROOTS.sqrt(_ROOTS.divide(Decimal(variance.numerator), Decimal(variance.denominator)))
    return rounded(Fraction(_ROOTS.multiply(Z, root)), PLACES)
