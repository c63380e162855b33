"""Counts over approved survey rounds: the cohesion index, shares of answers to one item, capacity and its change.

Only approved rounds count, each place by its latest one on or before the day asked for. A mean is never added over places: where an
assigned place holds several surveyed places and no round of its own, it stays empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Count as Counted
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from locations.models import PlaceTree
from programs import disaggregations
from programs.tally import Asked, Count, Counting, Empty, Measure, OverTime, Part, Tally, digests
from surveys import results
from surveys.models import Answer, SurveyRound
from surveys.models.rounds import RoundQuerySet

COHESION = "social-cohesion"
TRUST_ITEMS = {"perception-of-police": "P01", COHESION: "C03"}
ACCEPT_RETURNING = {COHESION: "C12"}
SAFE_AFTER_DARK = {"sdg-16-1-4": "S01"}
USED_MECHANISM = {"sdg-16-3-3": "J02"}
CAPACITY = ("police-capacity", "institution-capacity")


def cohesion(asked: Asked) -> Count:
    """The mean composite of the latest approved cohesion round."""
    rounds = _latest(_rounds(asked).of_kind(COHESION), key=lambda row: (row.place_id,))
    means = {row.pk: summary.mean for row in rounds if (summary := results.of_many([row])[row.pk]).mean is not None}
    return _single(asked, [(row, mean) for row in rounds if (mean := means.get(row.pk)) is not None])


def favourable(asked: Asked, *, items: Mapping[str, str]) -> Count:
    """Favourable answers to one item, of those who answered it; numerators and denominators add up. ``items`` by instrument."""
    rounds = _latest(_rounds(asked).filter(version__instrument__code__in=items), key=lambda row: (row.place_id,))
    wanted = Q(pk__in=[])
    for code, item in items.items():
        wanted |= Q(item__code=item, response__survey_round__version__instrument__code=code)
    rows = (
        Answer.objects.filter(wanted, response__survey_round__in=rounds, option__kind="answer")
        .values_list("response__survey_round__place_id", "response__respondent__key")
        .annotate(n=Counted("id"), good=Counted("id", filter=Q(option__is_favourable=True)))
        .order_by("response__survey_round__place_id", "response__respondent__key")
    )
    parts = tuple(Part(place, good, of=n, cell=_cell(asked, key)) for place, key, n, good in rows)
    return Count(parts, digests((row.place_id, f"{row.pk} {row.updated_at}") for row in rounds))


def capacity(asked: Asked) -> Count:
    """The moderated score of the latest approved capacity round, in percent of the possible range."""
    rounds = _latest(_moderated(asked), key=lambda row: (row.organization_id,))
    return _single(asked, [(row, mean) for row in rounds if (mean := results.of_many([row])[row.pk].mean) is not None])


def capacity_change(asked: Asked) -> Count:
    """Points from the first to the latest approved moderated score of an institution with the same version."""
    by_office: dict[int | None, list[SurveyRound]] = defaultdict(list)
    for row in _moderated(asked).order_by("held_on", "pk"):
        by_office[row.organization_id].append(row)
    found: list[tuple[SurveyRound, Decimal]] = []
    for rows in by_office.values():
        last = rows[-1]
        first = next(row for row in rows if row.version_id == last.version_id)
        means = results.of_many([first, last])
        before, after = means[first.pk].mean, means[last.pk].mean
        if first.pk != last.pk and before is not None and after is not None:
            found.append((last, after - before))
    return _single(asked, found)


def _rounds(asked: Asked) -> RoundQuerySet:
    rows = SurveyRound.objects.approved().filter(project=asked.project, partner=asked.partner, held_on__lte=asked.ends_on)
    return rows.filter(place__in=asked.places).select_related("version__instrument").order_by("held_on", "pk")


def _moderated(asked: Asked) -> RoundQuerySet:
    return _rounds(asked).filter(version__instrument__code__in=CAPACITY, assessor=SurveyRound.Assessor.MODERATED)


def _latest(rows: Iterable[SurveyRound], *, key: Callable[[SurveyRound], tuple[int | None, ...]]) -> list[SurveyRound]:
    """The last round per key; ``rows`` come in the order of their dates."""
    return list({key(row): row for row in rows}.values())


def _single(asked: Asked, found: list[tuple[SurveyRound, Decimal]]) -> Count:
    """Parts that are never added: one per assigned place, its own round first, else the only one below it."""
    above = defaultdict(set)
    pairs = PlaceTree.objects.filter(ancestor__in=asked.roots, descendant__in=[row.place_id for row, _value in found])
    for root, place in pairs.values_list("ancestor_id", "descendant_id"):
        above[root].add(place)
    kept: dict[int, tuple[SurveyRound, Decimal]] = {}
    several: dict[int, Empty] = {}
    for root, places in above.items():
        here = [pair for pair in found if pair[0].place_id == root] or [pair for pair in found if pair[0].place_id in places]
        if len(here) == 1:
            kept[here[0][0].pk] = here[0]
        else:
            several[root] = Empty.SEVERAL_ANSWERS
    return Count(
        tuple(Part(row.place_id, value) for row, value in kept.values()),
        digests((row.place_id, f"{row.pk} {row.updated_at}") for row, _value in kept.values()),
        several,
    )


def _cell(asked: Asked, key: str | None) -> dict[str, str]:
    return asked.narrowed(disaggregations.cell_of(key or "")) if asked.breakdown else {}


def _answered(key: str, title: Any, definition: Any, items: Mapping[str, str], **more: Any) -> Tally:
    """A share of favourable answers to one item."""
    return Tally(
        key=key, title=title, definition=definition, over_time=OverTime.SNAPSHOT, counting=Counting.PEOPLE_PER_PERIOD,
        function=partial(favourable, items=items), measure=Measure.PERCENTAGE, **more,
    )  # fmt: skip


_WHO = ("sex", "age", "disability", "status")
TALLIES = (
    Tally(
        key="surveys.cohesion.index",
        title=_("Social cohesion index of the latest round"),
        definition=_(
            "Mean over the respondents of the latest approved round of the social cohesion block at the place, on or before the last day of the "
            "period; each respondent's index is the mean of the five domain indices, 0 to 100. Respondents with a domain that has too few answers "
            "are left out. Never added over places: with several surveyed places below and no round of its own a place stays empty."
        ),
        over_time=OverTime.SNAPSHOT,
        counting=Counting.THINGS,
        function=cohesion,
        level="community",
    ),
    _answered(
        "surveys.police.trust", _("People who trust the police"),
        _(
            "Respondents who agree or strongly agree that they trust the police (P01 of the perception of the police, else C03 of the cohesion "
            "block), of those who answered that item, in the latest approved round of each place on or before the last day of the period."
        ),
        TRUST_ITEMS, dimensions=_WHO,
    ),
    _answered(
        "surveys.cohesion.trust_neighbours", _("People who trust neighbours of other groups"),
        _(
            "Respondents who agree or strongly agree that they trust neighbours from other groups (C01 of the cohesion block), of those who "
            "answered that item, in the latest approved round of each place on or before the last day of the period (COH-2)."
        ),
        {COHESION: "C01"}, dimensions=_WHO, level="community",
    ),
    _answered(
        "surveys.cohesion.accept_returning", _("People who accept returning former combatants"),
        _(
            "Respondents who agree or strongly agree that returning former combatants can live here in peace (C12 of the cohesion block), of "
            "those who answered that item, in the latest approved round of each place on or before the last day of the period (DDR-9)."
        ),
        ACCEPT_RETURNING, dimensions=_WHO, level="community",
    ),
    _answered(
        "surveys.sdg.safe_after_dark", _("People who feel safe walking alone after dark"),
        _(
            "Respondents who feel very or fairly safe, of those who answered the official question (SDG 16.1.4), in the latest approved "
            "round of each place on or before the last day of the period. The cohesion block asks in other words and is not counted."
        ),
        SAFE_AFTER_DARK, dimensions=_WHO, level="community",
    ),
    _answered(
        "surveys.sdg.used_mechanism", _("People with a dispute who used a mechanism to settle it"),
        _(
            "Respondents who used a formal or an informal mechanism, of those who had a dispute in the last two years and answered the "
            "official question (SDG 16.3.3), in the latest approved round of each place on or before the last day of the period."
        ),
        USED_MECHANISM, dimensions=_WHO, level="community",
    ),
    Tally(
        key="surveys.capacity.moderated",
        title=_("Moderated capacity score"),
        definition=_(
            "Moderated score of the latest approved capacity round of the institution, in percent of the possible range. Self-scores and "
            "facilitators' scores do not count. Institutions are not added up: with several at a place it stays empty."
        ),
        over_time=OverTime.SNAPSHOT,
        counting=Counting.THINGS,
        function=capacity,
        level="institution",
    ),
    Tally(
        key="surveys.capacity.change",
        title=_("Change of the moderated capacity score"),
        definition=_(
            "Points between the first and the latest approved moderated score of the institution with the same version of the same scale, "
            "on or before the last day of the period."
        ),
        over_time=OverTime.SNAPSHOT,
        counting=Counting.THINGS,
        function=capacity_change,
        level="institution",
    ),
)  # fmt: skip
