"""Counts over activity records: activities held, and people present by disaggregation."""

from __future__ import annotations

from functools import partial

from django.db.models import QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from programs import disaggregations
from programs.models import ActivityAttendance, ActivityRecord
from programs.tally import Asked, Count, Counting, OverTime, Part, Tally, digests

Kind = ActivityRecord.Kind


def held(asked: Asked, *, kinds: tuple[str, ...]) -> Count:
    """One per activity record of these kinds dated in the period."""
    rows = list(_records(asked, kinds).values_list("place_id", "pk", "updated_at"))
    return Count(tuple(Part(place, 1) for place, _pk, _at in rows), digests((place, f"{pk} {at}") for place, pk, at in rows))


def people(asked: Asked, *, kinds: tuple[str, ...]) -> Count:
    """Adults present, added over activities; sheets where nobody was counted add nothing."""
    records = _records(asked, kinds).filter(people_present__isnull=False)
    rows = list(records.values_list("place_id", "pk", "updated_at", "people_present"))
    parts, broken_down = [], dict.fromkeys((pk for _place, pk, _at, _people in rows), 0)
    places = {pk: place for place, pk, _at, _people in rows}
    if asked.breakdown:
        cells = ActivityAttendance.objects.filter(activity__in=records).values_list("activity_id", "disaggregation__key", "number")
        for pk, key, number in cells:
            cell = asked.narrowed(disaggregations.cell_of(key))
            if cell and pk in broken_down:
                broken_down[pk] += number
                parts.append(Part(places[pk], number, cell=cell))
    parts += [Part(place, (present or 0) - broken_down[pk]) for place, pk, _at, present in rows]
    return Count(tuple(parts), digests((place, f"{pk} {at}") for place, pk, at, _people in rows))


def _records(asked: Asked, kinds: tuple[str, ...]) -> QuerySet[ActivityRecord]:
    return ActivityRecord.objects.filter(
        project=asked.project, partner=asked.partner, kind__in=kinds,
        happened_on__range=(asked.starts_on, asked.ends_on), place__in=asked.places,
    )  # fmt: skip


def _held(key: str, title: object, kinds: tuple[str, ...]) -> Tally:
    return Tally(
        key=f"activities.{key}.held",
        title=format_lazy("{}: {}", _("Activities held"), title),
        definition=format_lazy(
            "{} {}",
            _(
                "One for every activity record of this project and partner dated in the period, at the place or below it, whatever its flag. Plans do not count."
            ),
            format_lazy(_("Kind of activity: {kind}."), kind=title),
        ),
        over_time=OverTime.PER_PERIOD,
        counting=Counting.THINGS,
        function=partial(held, kinds=kinds),
    )


def _people(key: str, title: object, kinds: tuple[str, ...]) -> Tally:
    return Tally(
        key=f"activities.{key}.people",
        title=format_lazy("{}: {}", _("People present"), title),
        definition=format_lazy(
            "{} {}",
            _(
                "Adults present according to the activity records of this project and partner dated in the period, at the place or below it, "
                "added over activities: who comes twice counts twice. Children are not included. A record without a count adds nothing. "
                "People whom a sheet does not break down are in the total only."
            ),
            format_lazy(_("Kind of activity: {kind}."), kind=title),
        ),
        over_time=OverTime.PER_PERIOD,
        counting=Counting.CONTACTS,
        dimensions=("sex", "age", "disability", "status"),
        function=partial(people, kinds=kinds),
    )


_EVERY = ("any", _("any kind"), tuple(Kind.values))
_KINDS = [_EVERY, *((kind.value, kind.label, (kind.value,)) for kind in Kind)]

TALLIES = (*(_held(*one) for one in _KINDS), *(_people(*one) for one in _KINDS))
