"""A community over two years: incidents by month, what people of its place say in cohesion rounds, and what was agreed when."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import BooleanField, Case, Exists, OuterRef, Value, When
from django.db.models.functions import ExtractMonth, ExtractYear
from django.urls import reverse
from django.utils.translation import gettext as _

from communities import masking, population
from communities.models import Community, Forum, LocalAgreement
from surveys import results
from surveys.models import Item, SurveyRound
from surveys.results import ItemShare, SchemeResult
from surveys.tallies import ACCEPT_RETURNING, COHESION

if TYPE_CHECKING:
    from accounts.models import Actor

MONTHS = 24


@dataclass(frozen=True)
class Month:
    first: date
    verified: int
    not_verified: int

    @property
    def number(self) -> int:
        return self.verified + self.not_verified


@dataclass(frozen=True)
class Trend:
    """``violent``: those of the last twelve months that the rate counts (``population.is_violent``)."""

    months: tuple[Month, ...]
    violent: int = 0

    @property
    def number(self) -> int:
        return sum(month.number for month in self.months)

    @property
    def not_verified(self) -> int:
        return sum(month.not_verified for month in self.months)

    @property
    def usual(self) -> Decimal:
        """The mean of the twelve months before this one."""
        return (Decimal(sum(month.number for month in self.months[-13:-1])) / 12).quantize(Decimal("0.1"))


@dataclass(frozen=True)
class Measured:
    """A cohesion round as the reader may see it: the index, and of those asked how many accept returning people (DDR-9)."""

    survey_round: SurveyRound
    line: SchemeResult
    accept: ItemShare | None  # None: this version of the block does not ask

    @property
    def month(self) -> date:
        return self.survey_round.held_on.replace(day=1)


@dataclass(frozen=True)
class Milestone:
    on: date
    words: str
    address: str


def since(today: date) -> date:
    """The first day that is shown."""
    return _month(today.year * 12 + today.month - MONTHS)


def cohesion(community: Community, today: date, *, reader: Actor) -> list[Measured]:
    """The approved cohesion rounds at the community's place with the version used last, oldest first. A few queries, however many.

    Both numbers of a round are protected as on its own page.
    """
    asks = Exists(Item.objects.filter(version=OuterRef("version"), code=ACCEPT_RETURNING[COHESION]))
    rows = SurveyRound.objects.visible_to(reader).approved().of_kind(COHESION)
    rows = rows.filter(place=community.place_id, held_on__range=(since(today), today)).select_related("version__instrument", "project")
    rows = rows.saying_raw(reader).annotate(asks=asks)
    held = list(rows.order_by("held_on", "pk"))
    held = [row for row in held if row.version_id == held[-1].version_id]
    if not held:
        return []
    raw = {row.pk for row in held if row.is_raw}
    smallest = results.smallest_shown()
    lines = results.headlines(held, reader=reader, raw=raw, smallest=smallest)
    shares = results.shares_of(held, ACCEPT_RETURNING, reader=reader, raw=raw, smallest=smallest)
    return [Measured(row, lines[row.pk], shares[row.pk] if row.asks else None) for row in held]


def milestones(community: Community, today: date, *, reader: Actor) -> list[Milestone]:
    """When dialogues began and agreements were signed, as far as the reader may see them. One query."""
    days = (since(today), today)
    begun = Forum.objects.visible_to(reader).filter(community=community, kind=Forum.Kind.DIALOGUE, started_on__range=days)
    signed = LocalAgreement.objects.visible_to(reader).filter(community=community, signed_on__range=days)
    words = {"forum": _("%(what)s begins"), "agreement": _("%(what)s, signed")}
    rows = begun.order_by().values_list("pk", "started_on", "name", Value("forum"))
    rows = rows.union(signed.order_by().values_list("pk", "signed_on", "title", Value("agreement")), all=True)
    found = [Milestone(on, words[page] % {"what": what}, reverse(page, args=[pk])) for pk, on, what, page in rows]
    return sorted(found, key=lambda one: (one.on, one.words))


def of(community: Community, today: date, *, with_strict: bool = True) -> Trend:
    """The last 24 months, this one included; a month without an incident is a zero. One query.

    ``with_strict``: for who records or verifies here; everybody else counts strict incidents at admin 1 and above only.
    """
    index = today.year * 12 + today.month - 1
    counts = population.is_violent(population.year_before(today), today, told_by=community.partner_id)
    known = community.incidents.counting() if with_strict else masking.placed_for(community.incidents.counting())
    rows = known.filter(event_date__gte=since(today)).order_by()
    of_rate = Case(When(counts, then=True), default=False, output_field=BooleanField())
    dated = rows.annotate(y=ExtractYear("event_date"), m=ExtractMonth("event_date"), of_rate=of_rate)
    found: Counter[tuple[int, int, bool]] = Counter()
    violent = 0
    for year, month, verified_at, is_violent in dated.values_list("y", "m", "verified_at", "of_rate"):
        found[year, month, verified_at is not None] += 1
        violent += is_violent
    days = [_month(n) for n in range(index - MONTHS + 1, index + 1)]
    return Trend(tuple(Month(day, found[day.year, day.month, True], found[day.year, day.month, False]) for day in days), violent)


def _month(index: int) -> date:
    return date(index // 12, index % 12 + 1, 1)
