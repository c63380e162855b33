"""What a round shows: means with intervals, shares of items, bands, and the difference from an earlier round of the same version."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Count, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from accounts import practice
from accounts.roles import Permission
from privacy import suppression
from programs import access, disaggregations
from programs.models import Sensitivity
from surveys import instruments, scoring
from surveys.models import Answer, Domain, InstrumentVersion, Score, SurveyResponse, SurveyRound

if TYPE_CHECKING:
    from accounts.models import Actor

KEY_INFORMANTS_SHOWN_FROM = 3
SEXES = ("female", "male")
# How many responses have a value, or none for a reason: few different ones, however many responses.
Scores = Counter[tuple[Decimal | None, str]]


@dataclass(frozen=True)
class BandCount:
    purpose: str
    code: str
    label: str
    count: int | None  # None: hidden


@dataclass(frozen=True)
class SchemeResult:
    """One line of results: a domain, or the composite (``domain`` empty).

    ``reason`` is "" or why there is no mean: "no_responses", a reason of scoring that holds for most, or "hidden" for readers without
    raw figures. ``low`` and ``high`` bound the mean at 95 %, where the round is a probability sample.
    """

    scheme: str
    domain: str
    label: str
    mean: Decimal | None
    n: int | None
    not_scored: int | None
    low: Decimal | None
    high: Decimal | None
    reason: str
    bands: tuple[BandCount, ...] = ()
    summary: scoring.Summary | None = field(default=None, compare=False)

    @property
    def half_width(self) -> Decimal | None:
        return self.summary.half_width if self.summary is not None and self.low is not None else None


@dataclass(frozen=True)
class ItemShare:
    """The share of favourable answers to one item, of those who gave an answer. None in a number: hidden."""

    item: str
    text: str
    domain: str
    numerator: int | None
    denominator: int | None
    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    is_weak: bool = False
    is_hidden: bool = False
    by_sex: Mapping[str, ItemShare] = field(default_factory=dict)  # "female" and "male", by ``shares_of`` alone


@dataclass(frozen=True)
class Results:
    """Everything of one round. ``n`` responses; ``lines`` by domain and last the composite; ``shares`` by item."""

    survey_round: SurveyRound
    n: int | None
    lines: tuple[SchemeResult, ...]
    shares: tuple[ItemShare, ...]
    is_suppressed: bool

    def line(self, domain: str = "") -> SchemeResult | None:
        """The line of a domain; without one the composite."""
        return next((line for line in self.lines if line.domain == domain), None)

    @property
    def composite(self) -> SchemeResult | None:
        return self.line()

    def share(self, item: str) -> ItemShare | None:
        return next((share for share in self.shares if share.item == item), None)


@dataclass(frozen=True)
class Comparison:
    """Line by line from an earlier to a later round; ``reason`` says why they are not comparable, and then there are no lines."""

    earlier: Results
    later: Results
    lines: tuple[tuple[SchemeResult, SchemeResult, scoring.Change], ...]
    reason: str = ""

    @property
    def is_comparable(self) -> bool:
        return not self.reason


def of(survey_round: SurveyRound, *, reader: Actor | None = None) -> Results:
    """The results of a round in a fixed number of queries.

    Without ``reader`` they are exact: for acts, tallies and entry. With one, small numbers of people are hidden unless the reader
    holds raw figures there; key informants are hidden below three for everybody (domain/communities.md section 1).
    """
    version = instruments.whole(survey_round.version)
    n = SurveyResponse.objects.filter(survey_round=survey_round).count()
    results = Results(survey_round, n, _lines(survey_round, version), _shares(survey_round, version), is_suppressed=False)
    if reader is None:
        return results
    if survey_round.method == SurveyRound.Method.KEY_INFORMANTS and 0 < n < KEY_INFORMANTS_SHOWN_FROM:
        return _hidden(results)
    return results if sees_raw(survey_round, reader) else _suppressed(results)


def of_many(survey_rounds: Sequence[SurveyRound], *, domain: str = "") -> dict[int, scoring.Summary]:
    """The exact summary of one line (default: the composite) of many rounds, by round, in one query."""
    rows = Score.objects.filter(response__survey_round__in=survey_rounds)
    rows = rows.filter(domain__code=domain) if domain else rows.filter(domain__isnull=True)
    values: dict[int, Scores] = defaultdict(Counter)
    for key, value, reason, number in rows.order_by().values_list("response__survey_round_id", "value", "reason").annotate(Count("pk")):
        values[key][value, reason] += number
    return {row.pk: _summary(row, row.version, "domain" if domain else "composite", domain, values[row.pk]) for row in survey_rounds}


def smallest_shown() -> tuple[int, int]:
    """The smallest number of people shown to readers without raw figures: ordinary, and confidential or strict."""
    ordinary, sensitive = practice.texts("suppression-threshold", "suppression-threshold-sensitive")
    return int(ordinary), int(sensitive)


def headlines(
    survey_rounds: Sequence[SurveyRound], *, reader: Actor, raw: Collection[int] | None = None, smallest: tuple[int, int] | None = None
) -> dict[int, SchemeResult]:
    """The composite of many rounds, without bands, as the reader may see it: protected as on each round's own page, in a fixed number of queries.

    Needs ``version__instrument`` and ``project`` fetched. ``raw``: of which rounds the reader holds raw figures, ``smallest``: ``smallest_shown()``,
    where these are known.
    """
    exact = of_many(survey_rounds)
    if raw is None:
        raw = set(SurveyRound.objects.filter(pk__in=exact).visible_to(reader, Permission.READ_RAW).values_list("pk", flat=True))
    ordinary, sensitive = smallest or smallest_shown()
    found = {}
    for row in survey_rounds:
        one = exact[row.pk]
        label = str(row.version.instrument)
        line = SchemeResult("composite", "", label, one.mean, one.n, one.not_scored, one.low, one.high, _reason_of(one), (), one)
        if row.method == SurveyRound.Method.KEY_INFORMANTS and 0 < one.n + one.not_scored < KEY_INFORMANTS_SHOWN_FROM:
            line = _without(line)
        elif row.pk not in raw and not _is_no_count_of_people(row):
            is_sensitive = row.project.sensitivity >= Sensitivity.CONFIDENTIAL
            line = _protected_line(line, sensitive if is_sensitive else ordinary, is_sensitive)
        found[row.pk] = line
    return found


def of_domains(survey_rounds: Sequence[SurveyRound]) -> tuple[dict[tuple[int, str], scoring.Summary], dict[str, Domain]]:
    """The exact summary of every line of many rounds, by round and domain ("": the composite), and the domains; in one query."""
    rows = Score.objects.filter(response__survey_round__in=survey_rounds).select_related("domain", "response")
    values: dict[tuple[int, str], Scores] = defaultdict(Counter)
    domains: dict[str, Domain] = {}
    for row in rows:
        code = row.domain.code if row.domain is not None else ""
        values[row.response.survey_round_id, code][row.value, row.reason] += 1
        if row.domain is not None:
            domains[code] = row.domain
    known = {row.pk: row for row in survey_rounds}
    return {
        (key, code): _summary(known[key], known[key].version, "domain" if code else "composite", code, found)
        for (key, code), found in values.items()
    }, domains


def shares_of(
    survey_rounds: Sequence[SurveyRound], items: Mapping[str, str], *, reader: Actor, raw: Collection[int] | None = None,
    smallest: tuple[int, int] | None = None,
) -> dict[int, ItemShare]:  # fmt: skip
    """The favourable share of one item of each round, women and men apart too, as the reader may see it; ``items`` by instrument.

    Hidden where the round's own page hides it, so that no two pages tell together what each keeps. One query, and one for the
    smallest number shown; ``raw`` and ``smallest`` as for ``headlines``. Without ``raw`` each round is looked up where a membership of
    the reader's is bound to a place.
    """
    wanted = Q(pk__in=[])
    for code, item in items.items():
        wanted |= Q(item__code=item, response__survey_round__version__instrument__code=code)
    asked = SurveyResponse.objects.filter(survey_round=OuterRef("response__survey_round_id")).order_by().values("survey_round")
    asked = asked.values_list(Count("pk"))
    rows = (
        Answer.objects.filter(wanted, response__survey_round__in=survey_rounds, option__kind="answer")
        .values_list("response__survey_round_id", "response__respondent__key")
        .annotate(n=Count("id"), good=Count("id", filter=Q(option__is_favourable=True)), asked=Subquery(asked))
    )
    counted: dict[int, dict[str, tuple[int, int]]] = defaultdict(dict)
    responses: dict[int, int] = {}
    for row_id, key, n, good, number in rows.order_by():
        responses[row_id] = number
        sex = disaggregations.cell_of(key or "").get("sex", "")
        before = counted[row_id].get(sex, (0, 0))
        counted[row_id][sex] = (before[0] + good, before[1] + n)
    found: dict[int, ItemShare] = {}
    for row in survey_rounds:
        item = items[row.version.instrument.code]
        share = _split(row, item, counted[row.pk])
        if row.method == SurveyRound.Method.KEY_INFORMANTS and 0 < (share.denominator or 0) < KEY_INFORMANTS_SHOWN_FROM:
            share = _unseen(share)
        elif not (sees_raw(row, reader) if raw is None else row.pk in raw or _is_no_count_of_people(row)):
            smallest = smallest or smallest_shown()
            is_sensitive = row.project.sensitivity >= Sensitivity.CONFIDENTIAL
            share = _protected_split(share, responses.get(row.pk, 0), smallest[is_sensitive], is_sensitive)
        found[row.pk] = share
    return found


def change(earlier: SurveyRound, later: SurveyRound, *, reader: Actor | None = None) -> Comparison:
    """From an earlier round to a later one: only within one version, with attrition and the interval of each difference."""
    before, after = of(earlier, reader=reader), of(later, reader=reader)
    reason = not_comparable(earlier, later)
    if reason:
        return Comparison(before, after, (), reason)
    lines = []
    for line in before.lines:
        other = after.line(line.domain)
        if other is None or line.summary is None or other.summary is None:
            continue
        if "hidden" in {line.reason, other.reason}:
            difference = scoring.Change(None, None, None, 0, 0, 0, None, "hidden")
        else:
            difference = scoring.change(line.summary, other.summary)
        lines.append((line, other, difference))
    return Comparison(before, after, tuple(lines))


def not_comparable(earlier: SurveyRound, later: SurveyRound) -> str:
    """Why two rounds cannot be compared, in words; empty where they can."""
    if earlier.version_id != later.version_id:
        return _("They use different versions of an instrument, so they are not comparable.")
    if earlier.assessor != later.assessor:
        return _("One is not the same kind of score as the other: self, facilitator and moderated scores are kept apart.")
    if earlier.organization_id != later.organization_id:
        return _("They assess different institutions. Institutions are not ranked against each other.")
    if earlier.subject != later.subject:
        return _("They ask different kinds of people, so they are not comparable.")
    return ""


def sees_raw(survey_round: SurveyRound, reader: Actor) -> bool:
    """An institution's capacity is no count of people; everything else is raw figures of people."""
    return _is_no_count_of_people(survey_round) or access.allows(
        reader, Permission.READ_RAW, project=survey_round.project, partner=survey_round.partner_id, place=survey_round.place
    )


def _is_no_count_of_people(survey_round: SurveyRound) -> bool:
    return survey_round.subject == SurveyRound.Subject.INSTITUTION and survey_round.version.rule == InstrumentVersion.Rule.CAPACITY


# Exact


def _lines(survey_round: SurveyRound, version: InstrumentVersion) -> tuple[SchemeResult, ...]:
    gathered: dict[str, Scores] = defaultdict(Counter)
    rows = Score.objects.filter(response__survey_round=survey_round).order_by().values_list("domain__code", "value", "reason")
    for domain, value, reason, number in rows.annotate(Count("pk")):
        gathered[domain or ""][value, reason] += number
    places = [] if version.rule == InstrumentVersion.Rule.ANY else [(d.code, d.worded()) for d in version.domains.all()]
    places.append(("", _("All domains") if places else str(version.instrument)))
    labels = {(band.scheme, band.purpose, band.code): band.label for band in version.bands.all()}
    definition = instruments.definition_of(version)
    lines = []
    for code, label in places:
        scheme = "domain" if code else "composite"
        summary = _summary(survey_round, version, scheme, code, gathered[code])
        counts = _banded(definition, scheme, gathered[code], labels)
        lines.append(
            SchemeResult(
                scheme, code, label, summary.mean, summary.n, summary.not_scored, summary.low, summary.high, _reason_of(summary), counts, summary
            )
        )  # fmt: skip
    return tuple(lines)


def _summary(survey_round: SurveyRound, version: InstrumentVersion, scheme: str, domain: str, scores: Scores) -> scoring.Summary:
    return scoring.summarize(
        f"{version.instrument.code}/{version.version}", scheme, domain, scores,  # type: ignore[arg-type]
        design_effect=survey_round.design_effect, is_sample=survey_round.is_probability_sample,
        bounds=scoring.score_range(version.rule, version.scale_min, version.scale_max),
    )  # fmt: skip


def _reason_of(summary: scoring.Summary) -> str:
    if summary.mean is not None:
        return ""
    return max(summary.reasons, key=lambda reason: summary.reasons[reason]) if summary.reasons else "no_responses"


def _banded(
    definition: scoring.Definition, scheme: str, scores: Scores, labels: Mapping[tuple[str, str, str], str]
) -> tuple[BandCount, ...]:
    """How many valid scores lie in each band, in the order of the scale."""
    counted: dict[tuple[str, str], int] = {}
    for (value, _reason), number in scores.items():
        for purpose, code in scoring.band_of(definition.bands, scheme=scheme, value=value).items():
            counted[purpose, code] = counted.get((purpose, code), 0) + number
    lines = sorted((band for band in definition.bands if band.scheme == scheme), key=lambda band: (band.purpose, band.lower))
    return tuple(
        BandCount(band.purpose, band.code, labels[band.scheme, band.purpose, band.code], counted.get((band.purpose, band.code), 0))
        for band in lines
    )


def _shares(survey_round: SurveyRound, version: InstrumentVersion) -> tuple[ItemShare, ...]:
    """The share of favourable answers by item, of whoever gave an answer: missing and "does not apply" are not in n."""
    if version.rule in {InstrumentVersion.Rule.CAPACITY, InstrumentVersion.Rule.ANY}:
        return ()
    rows = (
        Answer.objects.filter(response__survey_round=survey_round, option__kind="answer")
        .values_list("item_id")
        .annotate(n=Count("id"), good=Count("id", filter=Q(option__is_favourable=True)))
    )
    counted = {item: (good, n) for item, n, good in rows}
    labels = {domain.pk: domain.worded() for domain in version.domains.all()}
    favourable = {options.pk for options in version.option_sets.all() if any(option.is_favourable for option in options.options.all())}
    found = []
    for item in version.items.all():
        if item.option_set_id not in favourable:
            continue
        good, n = counted.get(item.pk, (0, 0))
        one = scoring.share(good, n, design_effect=survey_round.design_effect, is_sample=survey_round.is_probability_sample)
        found.append(ItemShare(item.code, item.worded(), labels[item.domain_id], good, n, one.value, one.low, one.high, one.is_weak))
    return tuple(found)


def _split(survey_round: SurveyRound, item: str, counted: Mapping[str, tuple[int, int]]) -> ItemShare:
    """The share of everybody, with those of women and of men where anybody said which; ``counted`` as (favourable, n) by sex."""

    def of_these(rows: Collection[tuple[int, int]], by_sex: Mapping[str, ItemShare]) -> ItemShare:
        good, n = sum(one for one, _n in rows), sum(n for _good, n in rows)
        one = scoring.share(good, n, design_effect=survey_round.design_effect, is_sample=survey_round.is_probability_sample)
        return ItemShare(item, "", "", good, n, one.value, one.low, one.high, one.is_weak, by_sex=by_sex)

    known = any(counted.get(sex, (0, 0))[1] for sex in SEXES)
    apart = {sex: of_these([counted.get(sex, (0, 0))], {}) for sex in SEXES} if known else {}
    return of_these(counted.values(), apart)


# For readers without raw figures


def _suppressed(results: Results) -> Results:
    threshold, hide_zeros = thresholds(results.survey_round)
    assert results.n is not None
    if suppression.protect_total(results.n, threshold=threshold, hide_zeros=hide_zeros).status != "shown":
        return _hidden(results)
    lines = tuple(_protected_line(line, threshold, hide_zeros) for line in results.lines)
    shares = tuple(_protected_share(share, results.n, threshold, hide_zeros) for share in results.shares)
    return Results(results.survey_round, results.n, lines, shares, is_suppressed=True)


def _protected_line(line: SchemeResult, threshold: int, hide_zeros: bool) -> SchemeResult:
    """A mean of few people is hidden; so is how many were not scored, where that is few; bands are one-way tables.

    Bands add up to who was scored: where few were not, they would be known by taking the bands from all.
    """
    if line.n is None or line.n < 2 * threshold:
        return _without(line)
    counts = suppression.protect_line([line.n, line.not_scored], threshold=threshold, hide_zeros=hide_zeros)
    bands: list[BandCount] = []
    for purpose in dict.fromkeys(band.purpose for band in line.bands):
        own = [band for band in line.bands if band.purpose == purpose]
        safe = suppression.protect_line([band.count for band in own], threshold=threshold, hide_zeros=hide_zeros)
        few_left = 0 < (line.not_scored or 0) < threshold
        bands += [
            BandCount(band.purpose, band.code, band.label, None if few_left else cell.value)
            for band, cell in zip(own, safe.cells, strict=True)
        ]
    n, not_scored = (cell.value for cell in counts.cells)
    return SchemeResult(
        line.scheme, line.domain, line.label, line.mean, n, not_scored, line.low, line.high, line.reason, tuple(bands), line.summary
    )


def _protected_share(share: ItemShare, asked: int, threshold: int, hide_zeros: bool) -> ItemShare:
    """A share of few people is hidden, and one that tells, beside how many were asked, that few did not answer."""
    assert share.numerator is not None
    assert share.denominator is not None
    tells_who_kept_silent = 0 < asked - share.denominator < threshold
    if not tells_who_kept_silent and suppression.may_show_percentage(
        share.numerator, share.denominator, threshold=threshold, hide_zeros=hide_zeros
    ):
        return share
    return _unseen(share)


def _protected_split(share: ItemShare, asked: int, threshold: int, hide_zeros: bool) -> ItemShare:
    """Women and men apart are one table with the whole, which stands: where a cell of it is small, the two are hidden together."""
    whole = _protected_share(share, asked, threshold, hide_zeros)
    if whole.is_hidden:
        return _unseen(share)
    cells = [(one.numerator or 0, (one.denominator or 0) - (one.numerator or 0)) for one in share.by_sex.values()]
    if not cells:
        return whole
    rest = ((share.numerator or 0) - sum(good for good, _bad in cells), (share.denominator or 0) - sum(sum(pair) for pair in cells))
    unsaid = [(rest[0], rest[1] - rest[0])] if rest[1] else []
    table = suppression.protect_table([*cells, *unsaid], threshold=threshold, hide_zeros=hide_zeros)
    apart = {sex: _protected_share(one, one.denominator or 0, threshold, hide_zeros) for sex, one in share.by_sex.items()}
    shown = all(cell.status == "shown" for row in table.rows for cell in row) and not any(one.is_hidden for one in apart.values())
    return whole if shown else replace(whole, by_sex={sex: _unseen(one) for sex, one in apart.items()})


def _unseen(share: ItemShare) -> ItemShare:
    by_sex = {sex: _unseen(one) for sex, one in share.by_sex.items()}
    return ItemShare(share.item, share.text, share.domain, None, None, None, is_hidden=True, by_sex=by_sex)


def _hidden(results: Results) -> Results:
    shares = tuple(_unseen(share) for share in results.shares)
    return Results(results.survey_round, None, tuple(_without(line) for line in results.lines), shares, is_suppressed=True)


def _without(line: SchemeResult) -> SchemeResult:
    return SchemeResult(line.scheme, line.domain, line.label, None, None, None, None, None, "hidden", (), line.summary)


def thresholds(survey_round: SurveyRound) -> tuple[int, bool]:
    """The smallest number shown, and whether zeros are hidden: the project's class decides (public and internal: 5)."""
    is_sensitive = survey_round.project.sensitivity >= Sensitivity.CONFIDENTIAL
    return practice.whole("suppression-threshold-sensitive" if is_sensitive else "suppression-threshold"), is_sensitive
