"""Complaints against security personnel: counting a month of an oversight body's register, and what four quarters of it say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import Actor, User
from institutions import profiles
from institutions.models import ComplaintKind, ComplaintMonth, Institution
from locations.models import Place, PlaceTree
from plumbing.numbers import divide
from plumbing.refusals import Invalid, Problem
from privacy.suppression import HIDDEN, Shown, protect_total

Service = ComplaintMonth.Service
# Which service a force belongs to: its page shows the complaints about that service in its state.
SERVICE_OF = {
    Institution.Kind.POLICE_STATION: Service.POLICE, Institution.Kind.POLICE_COMMAND: Service.POLICE,
    Institution.Kind.ARMY_UNIT: Service.ARMY, Institution.Kind.CORRECTIONS: Service.CORRECTIONS,
}  # fmt: skip
QUARTERS = 4
Series = tuple[int, str, int]  # register, service, place


def count_month(
    *, register: Institution, service: str, place: Place, year: int, month: int, received: int, closed: int, source: str, by: User,
    due: int | None = None, in_time: int | None = None, kinds: Mapping[str, int | None] | None = None,
) -> ComplaintMonth:  # fmt: skip
    """Set what a register counted in a month that has ended; sent again, it replaces what stood there.

    ``due``: complaints whose 30 days for an answer ended in the month, ``in_time`` those of them that had one by then; None where the
    register does not say. ``kinds``: of those received, by kind of conduct; the rest is not told apart.
    """
    profiles.require(by, register)
    named: dict[str, Any] = {"register": register, "service": service, "place": place, "year": year, "month": month}
    counted: dict[str, Any] = {"received": received, "closed": closed, "due": due, "in_time": in_time, "source": source.strip()}
    known = {kind: number for kind, number in (kinds or {}).items() if number is not None}
    with transaction.atomic():
        kept = ComplaintMonth.objects.select_for_update().filter(**named).first()
        row = kept or ComplaintMonth(**named)
        for name, value in (counted | {"recorded_at": timezone.now(), "recorded_by": by}).items():
            setattr(row, name, value)
        problems = list(_wrong(row, known))
        if problems:
            raise Invalid(problems)
        row.full_clean()
        row.save()
        row.kinds.all().delete()
        rows = [ComplaintKind(of=row, kind=kind, received=number) for kind, number in sorted(known.items())]
        for one in rows:
            one.full_clean(exclude=["of"], validate_unique=False, validate_constraints=False)
        ComplaintKind.objects.bulk_create(rows)
        audit.record("complaints.counted", [row, register], by=by, service=service, month=f"{year}-{month:02}", is_new=kept is None)
    return row


@dataclass(frozen=True)
class Quarter:
    """Three months of the registers that are shown, as the reader may see them; ``months``: how many of the three are there."""

    year: int
    number: int
    months: int
    received: Shown
    closed: Shown


@dataclass(frozen=True)
class Complaints:
    """The last four quarters, the oldest first. Without raw figures there is no sum: a hidden quarter would follow from it."""

    quarters: tuple[Quarter, ...]
    places: tuple[Place, ...]
    registers: tuple[Institution, ...]
    is_raw: bool
    received: int | None = None
    closed: int | None = None
    due: int | None = None
    in_time: int | None = None
    kinds: tuple[tuple[str, int], ...] = ()  # those named, the largest first

    @property
    def in_time_share(self) -> Decimal | None:
        return divide(self.in_time or 0, self.due, per=100, places=0) if self.due else None

    @property
    def not_told_apart(self) -> int:
        return (self.received or 0) - sum(number for _kind, number in self.kinds)


def concerns(institution: Institution) -> bool:
    """Whether complaints are shown on its page: of a force those about its service, of an oversight body those it registered."""
    return institution.kind in SERVICE_OF or institution.kind == Institution.Kind.OVERSIGHT_BODY


def about(institution: Institution, reader: Actor) -> Complaints | None:
    """The last four quarters of counts for the page of an institution; None where nothing was counted yet. At most two queries."""
    rows = list(_of(institution, reader))
    if not rows:
        return None
    last = max(row.year * 4 + (row.month - 1) // 3 for row in rows)
    window = range(last - QUARTERS + 1, last + 1)
    shown = [row for row in rows if row.year * 4 + (row.month - 1) // 3 in window]
    is_raw = all(row.is_raw for row in shown)
    quarters = tuple(_quarter(number, rows, is_raw=is_raw) for number in window)
    found = Complaints(
        quarters, tuple({row.place_id: row.place for row in shown}.values()), tuple({row.register_id: row.register for row in shown}.values()),
        is_raw,
    )  # fmt: skip
    return _with_sums(found, shown) if is_raw else found


def series_from(rows: Iterable[tuple[Series, tuple[int, int]]]) -> dict[Series, set[tuple[int, int]]]:
    """The months that each register counted for a service in a state."""
    found: dict[Series, set[tuple[int, int]]] = {}
    for series, month in rows:
        found.setdefault(series, set()).add(month)
    return found


def lacks(counted: set[tuple[int, int]], expected: Sequence[tuple[int, int]]) -> bool:
    """Whether a register that had begun by the end of the expected months left one of them out."""
    return bool(expected) and min(counted) <= max(expected) and not counted.issuperset(expected)


def _of(institution: Institution, reader: Actor) -> Any:
    if institution.kind == Institution.Kind.OVERSIGHT_BODY:
        wanted = Q(register=institution)
    elif institution.kind in SERVICE_OF:
        above = PlaceTree.objects.filter(descendant=institution.place_id).values("ancestor")
        below = PlaceTree.objects.filter(ancestor=institution.place_id).values("descendant")
        wanted = Q(service=SERVICE_OF[Institution.Kind(institution.kind)]) & (Q(place__in=above) | Q(place__in=below))
    else:
        return []
    raw = ComplaintMonth.objects.visible_to(reader).filter(pk=OuterRef("pk"))
    rows = ComplaintMonth.objects.filter(wanted, register__in=Institution.objects.visible_to(reader)).annotate(is_raw=Exists(raw))
    return rows.select_related("place", "register__organization").order_by("year", "month", "pk")


def _quarter(number: int, rows: Sequence[Any], *, is_raw: bool) -> Quarter:
    year, quarter = divmod(number, 4)
    months = [(year, quarter * 3 + one) for one in (1, 2, 3)]
    inside = [row for row in rows if (row.year, row.month) in months]
    series = series_from(((row.register_id, row.service, row.place_id), (row.year, row.month)) for row in rows)
    is_whole = bool(inside) and not any(lacks(counted, months) for counted in series.values())
    received, closed = sum(row.received for row in inside), sum(row.closed for row in inside)
    there = min((len(counted & set(months)) for counted in series.values() if min(counted) <= months[-1]), default=0)
    if is_raw:
        return Quarter(year, quarter + 1, there, Shown(received if inside else None), Shown(closed if inside else None))
    # A quarter that is still growing would give its last month away by the difference.
    at = practice.whole("suppression-threshold-sensitive")
    safe = [protect_total(value, threshold=at, hide_zeros=True) if is_whole else HIDDEN for value in (received, closed)]
    return Quarter(year, quarter + 1, there, *safe)


def _with_sums(found: Complaints, rows: Sequence[Any]) -> Complaints:
    kinds = ComplaintKind.objects.filter(of__in=[row.pk for row in rows]).order_by().values_list("kind").annotate(n=Sum("received"))
    words = dict(ComplaintKind.Kind.choices)
    asked = [row for row in rows if row.due is not None]
    return Complaints(
        found.quarters, found.places, found.registers, found.is_raw,
        received=sum(row.received for row in rows), closed=sum(row.closed for row in rows),
        due=sum(row.due for row in asked) if asked else None, in_time=sum(row.in_time for row in asked) if asked else None,
        kinds=tuple(sorted(((str(words[kind]), n) for kind, n in kinds), key=lambda one: -one[1])),
    )  # fmt: skip


def _wrong(row: ComplaintMonth, kinds: Mapping[str, int]) -> Iterable[Problem]:
    today = timezone.localdate()
    if row.register.kind != Institution.Kind.OVERSIGHT_BODY:
        yield Problem("register", _("Complaints are counted from the register of an oversight body."), "not_a_register")
    if row.place.level != Place.Level.ADMIN_1:
        yield Problem("place", _("Choose the state or province (admin 1): complaints are counted no finer."), "too_exact")
    if (row.year, row.month) >= (today.year, today.month):
        yield Problem("month", _("This month has not ended. Count it once it is over."), "not_ended")
    if sum(kinds.values()) > row.received:
        text = _("The kinds hold %(kinds)s, received were %(received)s. Correct one of them.")
        yield Problem("received", text % {"kinds": sum(kinds.values()), "received": row.received}, "kinds_above_total")
