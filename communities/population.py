"""How many people live in a community: the newest count of a day and source; and incidents measured against them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from communities import taxonomy
from communities.models import Incident, PopulationCount
from plumbing.dates import months_after

if TYPE_CHECKING:
    from communities.models.incidents import IncidentQuerySet

PUBLISHED = Q(source__icontains="acled") | Q(source__icontains="ucdp")  # sets of their own, never added to what a partner tells


@dataclass(frozen=True)
class Told:
    """The people of a community by the groups of one day and source."""

    number: int
    observed_on: date
    source: str


@dataclass(frozen=True)
class Rate:
    """Violent incidents per 10,000 people; ``value`` is none where ``why`` says so."""

    incidents: int
    people: Told | None
    value: Decimal | None
    why: str = ""


def on(communities: Iterable[int], day: date | None = None) -> dict[int, Told]:
    """The newest count of each community (up to a day), its groups added; a community without one is left out. One query."""
    rows = PopulationCount.objects.filter(community__in=list(communities)).order_by("-observed_on", "-id")
    rows = rows if day is None else rows.filter(observed_on__lte=day)
    found: dict[int, Told] = {}
    for community, observed_on, source, people in rows.values_list("community_id", "observed_on", "source", "people"):
        before = found.setdefault(community, Told(0, observed_on, source))
        if (before.observed_on, before.source) == (observed_on, source):
            found[community] = Told(before.number + people, observed_on, source)
    return found


def year_before(day: date) -> date:
    """The first of the twelve months that end on a day."""
    return months_after(day, -12) + timedelta(days=1)


def is_violent(since: date, until: date, *, told_by: int) -> Q:
    """In one organization's own book, verified by a second person who did not find it doubtful or improbable."""
    doubted = Q(credibility__in=(Incident.Credibility.FOUR, Incident.Credibility.FIVE))
    kind = Q(organization=told_by, type__in=taxonomy.COUNTED_AS_VIOLENCE, event_date__range=(since, until), verified_at__isnull=False)
    return kind & ~doubted & ~PUBLISHED


def violent(since: date, until: date, *, told_by: int) -> IncidentQuerySet:
    """Violent incidents that count, each event once."""
    return Incident.objects.counting().filter(is_violent(since, until, told_by=told_by))


def rate(number: int, people: Told | None) -> Rate:
    """So many violent incidents of twelve months against the people counted."""
    if people is None:
        return Rate(number, None, None, _("No population count"))
    if people.number == 0:
        return Rate(number, people, None, _("Nobody lived there on the day of the count"))
    value = (Decimal(number) * 10_000 / people.number).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    return Rate(number, people, value)
