"""Counts over incidents and early warnings that can prefill a figure.

Incidents are those of one source, the partner's own book: what the agency or a published data set tells of the same place is never
added. They count once each, verified by a second person, and not where that person found them doubtful or improbable.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from communities import population, taxonomy
from communities.models import Community, EarlyWarning, Incident
from locations.models import PlaceTree
from programs.tally import Asked, Count, Counting, Empty, Measure, OverTime, Part, Tally, digests

if TYPE_CHECKING:
    from communities.models.incidents import IncidentQuerySet
    from communities.models.warnings import EarlyWarningQuerySet

DECIDED_WITHIN = timedelta(hours=72)  # EWR-1 says so
CATEGORIES = {kind: str(kind.value).replace("_", "-") for kind in taxonomy.COUNTED_AS_VIOLENCE - {Incident.Type.FORCE_ON_PROTEST}}


def per_10_000(asked: Asked) -> Count:
    """Violent incidents of the last twelve months in communities, over the people living there by the last count (CVR-3)."""
    places = _watched(asked)
    people = population.on(places, asked.ends_on)
    since = population.year_before(asked.ends_on)
    rows = population.violent(since, asked.ends_on, told_by=asked.partner.pk).filter(community__in=[pk for pk in places if pk in people])
    counted: Counter[int] = Counter()
    versions: dict[int, list[str]] = defaultdict(list)
    for pk, community, at in rows.values_list("pk", "community_id", "updated_at"):
        counted[community] += 1
        versions[community].append(f"{pk} {at}")
    known = [(pk, place, people[pk]) for pk, place in places.items() if pk in people and people[pk].number > 0]
    return Count(
        tuple(Part(place, counted[pk], of=told.number) for pk, place, told in known),
        digests((place, f"{pk} {told.number} {told.observed_on} {sorted(versions[pk])}") for pk, place, told in known),
        {
            **dict.fromkeys(asked.roots, Empty.NOBODY_WATCHES),
            **{place: Empty.NO_PEOPLE if pk in people else Empty.NO_POPULATION for pk, place in places.items()},
        },
    )


def confirmed(asked: Asked) -> Count:
    """Violent incidents of the period that two independent sources told of (IMP-1). A watched community without one is a zero."""
    twice = Incident.objects.filter(same_as=OuterRef("pk")).exclude(source=OuterRef("source"))
    rows = _violent(asked, asked.starts_on, asked.ends_on).filter(Q(credibility=Incident.Credibility.ONE) | Exists(twice))
    found = list(rows.values_list("place_id", "pk", "updated_at", "type"))
    parts = [Part(place, 0) for place in set(_watched(asked).values())]
    for place, _pk, _at, kind in found:
        category = CATEGORIES.get(Incident.Type(kind))
        parts.append(Part(place, 1, cell=asked.narrowed({"incident-type": category}) if category else {}))
    return Count(tuple(parts), digests((place, f"{pk} {at}") for place, pk, at, _kind in found))


def raised(asked: Asked) -> Count:
    """Early warnings raised in the period, by a person or a rule."""
    rows = list(_raised(asked).values_list("community__place_id", "pk", "updated_at"))
    return Count(tuple(Part(place, 1) for place, _pk, _at in rows), digests((place, f"{pk} {at}") for place, pk, at in rows))


def answered_in_time(asked: Asked) -> Count:
    """Of the warnings raised in the period, those that somebody answered by the hour they were due."""
    end = _bounds(asked)[1]
    rows = _raised(asked).values_list("community__place_id", "pk", "due_at", "acknowledged_at", "responded_at", "decided_at")
    found = []
    for place, pk, due, *moments in rows:
        first = min((moment for moment in moments if moment is not None and moment <= end), default=None)
        if first is not None or due <= end:
            found.append((place, pk, first is not None and first <= due))
    return _share(found)


def unanswered(asked: Asked) -> Count:
    """Warnings past their hour on the last day that nobody had answered by then."""
    end = _bounds(asked)[1]
    rows = _warnings(asked).filter(due_at__lte=end)
    late = [Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gt": end}) for name in ("acknowledged_at", "responded_at", "decided_at")]
    waiting = set(rows.filter(*late).values_list("pk", flat=True))
    due = list(rows.values_list("community__place_id", "pk", "updated_at"))
    parts = tuple(Part(place, int(pk in waiting)) for place, pk, _at in due)
    return Count(parts, digests((place, f"{pk} {at}") for place, pk, at in due))


def false_alarms(asked: Asked) -> Count:
    """Of the warnings decided on in the period, those found not to be an alert."""
    rows = _warnings(asked).filter(decided_at__range=_bounds(asked)).values_list("community__place_id", "pk", "decision")
    return _share((place, pk, decision == EarlyWarning.Decision.FALSE_ALARM) for place, pk, decision in rows)


def decided_in_72_hours(asked: Asked) -> Count:
    """Of the warnings of the period that did not prove false, those decided on within 72 hours of the first signal (EWR-1)."""
    end = _bounds(asked)[1]
    found = []
    for place, pk, first, decided in _true(asked).values_list("community__place_id", "pk", "first_seen", "decided_at"):
        decided = decided if decided is not None and decided <= end else None
        if decided is not None or first + DECIDED_WITHIN <= end:
            found.append((place, pk, decided is not None and decided - first <= DECIDED_WITHIN))
    return _share(found)


def hours_to_decision(asked: Asked) -> Count:
    """Median hours from the first signal to the decision (EWR-2). One part per place asked for: medians are not added."""
    rows = list(
        _true(asked).filter(decided_at__lte=_bounds(asked)[1]).values_list("community__place_id", "pk", "first_seen", "decided_at")
    )  # fmt: skip
    nearest = _nearest(asked.roots, {place for place, *_rest in rows})
    hours: dict[int, list[Decimal]] = defaultdict(list)
    for place, _pk, first, decided in rows:
        if decided is not None:
            hours[nearest[place]].append(Decimal((decided - first) // timedelta(seconds=1)) / 3600)
    parts = tuple(Part(place, median(found)) for place, found in sorted(hours.items()))
    return Count(parts, digests((nearest[place], f"{pk} {decided}") for place, pk, _first, decided in rows))


def _violent(asked: Asked, since: date, until: date) -> IncidentQuerySet:
    return population.violent(since, until, told_by=asked.partner.pk).filter(place__in=asked.places)


def _watched(asked: Asked) -> dict[int, int]:
    """The communities of this project and partner where somebody watches, each with its place: it has monitors or has told before."""
    told = Incident.objects.filter(community=OuterRef("pk"), organization=asked.partner, event_date__lte=asked.ends_on)
    rows = Community.objects.filter(project_links__project=asked.project, partner=asked.partner, place__in=asked.places)
    return dict(rows.filter(Q(monitors__gt=0) | Exists(told)).values_list("pk", "place_id"))


def _warnings(asked: Asked) -> EarlyWarningQuerySet:
    return EarlyWarning.objects.filter(
        community__project_links__project=asked.project, community__partner=asked.partner, community__place__in=asked.places
    )


def _raised(asked: Asked) -> EarlyWarningQuerySet:
    return _warnings(asked).filter(first_seen__range=_bounds(asked))


def _true(asked: Asked) -> EarlyWarningQuerySet:
    return _raised(asked).exclude(decision=EarlyWarning.Decision.FALSE_ALARM)


def _bounds(asked: Asked) -> tuple[datetime, datetime]:
    """The first and the last moment of the period where the project is."""
    zone = ZoneInfo(asked.project.time_zone)
    return datetime.combine(asked.starts_on, time.min, zone), datetime.combine(asked.ends_on, time.max, zone)


def _nearest(roots: Sequence[int], places: set[int]) -> dict[int, int]:
    rows = PlaceTree.objects.filter(ancestor__in=roots, descendant__in=places).order_by(F("depth").desc())
    return dict(rows.values_list("descendant_id", "ancestor_id"))  # the last one, with the smallest depth, stays


def _share(rows: Iterable[tuple[int, int, bool]]) -> Count:
    found = list(rows)
    parts = tuple(Part(place, int(yes), of=1) for place, _pk, yes in found)
    return Count(parts, digests((place, f"{pk} {yes}") for place, pk, yes in found))


def _tally(
    key: str, title: Any, definition: Any, function: Any, *, snapshot: bool = False, ratio: bool = False, by: tuple[str, ...] = ()
) -> Tally:
    over_time = OverTime.SNAPSHOT if snapshot else OverTime.PER_PERIOD
    measure = Measure.PERCENTAGE if ratio else Measure.UNIT
    return Tally(
        key, title, definition, over_time, Counting.THINGS, function, measure=measure, dimensions=by, level="community", of_communities=True
    )


TALLIES = (
    _tally(
        "communities.incidents.per_10_000", _("Violent incidents per 10,000 people, last 12 months"),
        _(
            "Verified violent incidents of the 12 months up to the last day in the communities of this project that the "
            "partner keeps, per 10,000 people living there by the newest population count up to that day (CVR-3). One source: "
            "the partner’s own book. An event told twice counts once; doubtful and improbable ones do not count. Communities "
            "without a population count, and those where nobody watches, are in neither number."
        ),
        per_10_000, snapshot=True, ratio=True,
    ),
    _tally(
        "communities.incidents.confirmed", _("Violent incidents that two sources told of"),
        _(
            "Verified violent incidents of the period at the place or below it, in the partner’s own book, that other sources "
            "confirmed: credibility 1, or told again by another source and found to be the same event (IMP-1). A watched "
            "community without one counts as zero."
        ),
        confirmed, snapshot=True, by=("incident-type",),
    ),
    _tally(
        "communities.warnings.raised", _("Early warnings raised"),
        _("Early warnings first seen in the period in communities of this project and partner, raised by a person or by a rule."),
        raised,
    ),
    _tally(
        "communities.warnings.answered_in_time", _("Early warnings answered in time"),
        _(
            "Of the early warnings raised in the period, those that somebody acknowledged, answered or decided on by the hour "
            "they were due. Warnings that are neither answered nor due by the last day are in neither number; due ones that "
            "nobody answered are in the denominator."
        ),
        answered_in_time, ratio=True,
    ),
    _tally(
        "communities.warnings.unanswered", _("Early warnings due and not answered"),
        _("Early warnings, whenever raised, whose hour had passed by the last day and that nobody had answered by then."),
        unanswered, snapshot=True,
    ),
    _tally(
        "communities.warnings.false_alarms", _("Early warnings that were false alarms"),
        _("Of the early warnings decided on in the period, those found not to be an alert."),
        false_alarms, ratio=True,
    ),
    _tally(
        "communities.warnings.decided_in_72_hours", _("Early warnings decided on within 72 hours"),
        _(
            "Of the early warnings first seen in the period, those with a decision within 72 hours (EWR-1). False alarms are "
            "in neither number; who was not decided on when 72 hours had passed is in the denominator."
        ),
        decided_in_72_hours, ratio=True,
    ),
    _tally(
        "communities.warnings.hours_to_decision", _("Hours from warning to decision, median"),
        _(
            "Median hours from the first signal to the decision, over the early warnings first seen in the period and decided "
            "on by its end; false alarms are left out (EWR-2)."
        ),
        hours_to_decision, snapshot=True,
    ),
)  # fmt: skip
