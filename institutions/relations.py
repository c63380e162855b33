"""What people say of an institution and bring to it: rounds on trust, and its forums with their decisions, promises and concerns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from statistics import median
from typing import Any

from django.db.models import Count, F, Q, Window

from accounts.models import Actor
from communities.models import Commitment, Concern, Decision
from institutions.models import Institution
from plumbing.numbers import divide
from surveys import results
from surveys.models import SurveyRound
from surveys.results import ItemShare
from surveys.tallies import TRUST_ITEMS

ROWS = 8
POLICE = (Institution.Kind.POLICE_COMMAND, Institution.Kind.POLICE_STATION)


@dataclass(frozen=True)
class Perceived:
    """A round at the institution's place and the share who trust the police, as the reader may see it."""

    survey_round: SurveyRound
    share: ItemShare

    @property
    def by_sex(self) -> list[ItemShare]:
        """Women, then men; nothing where nobody said which."""
        return list(self.share.by_sex.values())

    @property
    def percent(self) -> Decimal | None:
        return _percent(self.share.value)

    @property
    def low(self) -> Decimal | None:
        return _percent(self.share.low)

    @property
    def high(self) -> Decimal | None:
        return _percent(self.share.high)


@dataclass
class Line:
    """The concerns of one group: each counts once. Days run from raised to resolved."""

    label: str
    raised: int = 0
    assigned: int = 0
    resolved: int = 0
    unassigned: int = 0
    days: list[int] = field(default_factory=list)

    @property
    def median(self) -> int | None:
        return round(median(self.days)) if self.days else None

    @property
    def share(self) -> Decimal | None:
        """Resolved, of those raised, in percent."""
        return divide(self.resolved, self.raised, per=100, places=0)


@dataclass(frozen=True)
class Brought:
    """Concerns brought to its forums: by group, all together, and those still open, the oldest first."""

    lines: tuple[Line, ...]
    total: Line
    waiting: tuple[Concern, ...]
    unassigned_since: date | None  # the day of the oldest one that nobody took on


def rounds_about(institution: Institution, reader: Actor) -> tuple[list[SurveyRound], list[SurveyRound]]:
    """Approved rounds that assess the institution, and those that asked people at its place whether they trust the police.

    Oldest first; only a police service is asked about by the latter. One query.
    """
    wanted = Q(organization=institution.organization, version__rule="capacity") & ~Q(assessor="")
    if institution.kind in POLICE:
        wanted |= Q(place=institution.place, version__instrument__code__in=TRUST_ITEMS, organization=None)
    rows = SurveyRound.objects.visible_to(reader).approved().filter(wanted)
    found = list(rows.select_related("version__instrument", "project", "partner", "place").order_by("held_on", "id"))
    return [row for row in found if row.assessor], [row for row in found if not row.assessor]


def perceived(survey_rounds: list[SurveyRound], reader: Actor) -> list[Perceived]:
    """Rounds of the instrument that was used last, so that the wording is the same in all of them."""
    same = [row for row in survey_rounds if row.version.instrument_id == survey_rounds[-1].version.instrument_id]
    if not same:
        return []
    shares = results.shares_of(same, TRUST_ITEMS, reader=reader)
    return [Perceived(row, shares[row.pk]) for row in same]


def decisions(institution: Institution, reader: Actor) -> list[Decision]:
    """The newest decisions of its forums, each with how many there are (``all_made``) and were acted on (``all_acted_on``)."""
    rows = Decision.objects.visible_to(reader).filter(forum__institution=institution.organization)
    rows = rows.annotate(all_made=Window(Count("pk")), all_acted_on=Window(Count("acted_on")))
    return list(rows.select_related("forum")[:ROWS])


def promises(institution: Institution, reader: Actor) -> list[Commitment]:
    """Commitments made in its forums: those still open first, by their day."""
    rows = Commitment.objects.visible_to(reader).filter(forum__institution=institution.organization).select_related("forum")
    return list(rows.order_by(F("settled_on").desc(nulls_first=True), "due_on", "id")[:ROWS])


def concerns(institution: Institution, reader: Actor) -> Brought:
    rows: Any = Concern.objects.visible_to(reader).filter(forum__institution=institution.organization)
    rows = rows.only("group", "raised_on", "assigned_on", "assigned_to", "resolved_on", "text", "forum").order_by("raised_on", "id")
    groups: dict[str, Line] = {}
    total, waiting = Line(""), []
    since: list[date] = []
    for row in rows:
        for line in (groups.setdefault(row.group, Line(row.get_group_display())), total):
            line.raised += 1
            line.assigned += row.assigned_on is not None
            line.resolved += row.resolved_on is not None
            line.unassigned += row.resolved_on is None and row.assigned_on is None
            if row.days_open is not None:
                line.days.append(row.days_open)
        if row.resolved_on is None:
            waiting.append(row)
            if row.assigned_on is None:
                since.append(row.raised_on)
    lines = tuple(sorted(groups.values(), key=lambda line: -line.raised))
    return Brought(lines, total, tuple(waiting[:ROWS]), min(since, default=None))


def _percent(share: Decimal | None) -> Decimal | None:
    return None if share is None else share * 100
