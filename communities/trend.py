"""A community over two years: incidents by month, told and verified, beside the cohesion rounds of the same months."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models.functions import ExtractMonth, ExtractYear

from communities.models import Community

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
    months: tuple[Month, ...]

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


def of(community: Community, today: date) -> Trend:
    """The last 24 months, this one included; a month without an incident is a zero. One query."""
    index = today.year * 12 + today.month - 1
    first = _month(index - MONTHS + 1)
    rows = community.incidents.counting().filter(event_date__gte=first).order_by()
    found: Counter[tuple[int, int, bool]] = Counter(
        (year, month, verified_at is not None)
        for year, month, verified_at in rows.annotate(y=ExtractYear("event_date"), m=ExtractMonth("event_date")).values_list(
            "y", "m", "verified_at"
        )
    )
    days = [_month(n) for n in range(index - MONTHS + 1, index + 1)]
    return Trend(tuple(Month(day, found[day.year, day.month, True], found[day.year, day.month, False]) for day in days))


def _month(index: int) -> date:
    return date(index // 12, index % 12 + 1, 1)
