"""Counts over the institutional level: support under a clearance, people trained, women who serve and sit, reform steps by stage."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.db.models import Max, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from communities import forum_tallies
from communities.models.forums import JOINT
from institutions import complaints
from institutions.models import ComplaintMonth, Engagement, Institution, ReformStage, ReformStep, StaffCount
from institutions.reform import STAGE_TALLY
from locations.models import PlaceTree
from programs import disaggregations
from programs.models import ActivityAttendance, ActivityRecord, Level
from programs.tally import Asked, Count, Counting, Empty, Measure, OverTime, Part, Tally, digests

POLICE = (Institution.Kind.POLICE_COMMAND, Institution.Kind.POLICE_STATION)
STAGES = {one.value: one.name.lower() for one in ReformStage.Stage}  # as the answers of the shipped definition are coded


def cleared(asked: Asked) -> Count:
    """Of the activities that supported an institution, those with a clearance in force that day or one that cured them since."""
    rows = list(_support(asked).values_list("place_id", "pk", "updated_at", "flag", "cured_at"))
    parts = tuple(Part(place, int(not flag or cured is not None), of=1) for place, _pk, _at, flag, cured in rows)
    return Count(parts, digests((place, f"{pk} {at}") for place, pk, at, _flag, _cured in rows))


def trained(asked: Asked) -> Count:
    """People at trainings of institutions; who comes to two trainings counts twice."""
    records = _support(asked).filter(kind=ActivityRecord.Kind.TRAINING, people_present__isnull=False)
    rows = list(records.values_list("place_id", "pk", "updated_at", "people_present"))
    places, rest = {pk: place for place, pk, _at, _n in rows}, {pk: present or 0 for _place, pk, _at, present in rows}
    parts = []
    if asked.breakdown:
        cells = ActivityAttendance.objects.filter(activity__in=records).values_list("activity_id", "disaggregation__key", "number")
        for pk, key, number in cells:
            cell = asked.narrowed(disaggregations.cell_of(key))
            if cell and pk in rest:
                rest[pk] -= number
                parts.append(Part(places[pk], number, cell=cell))
    parts += [Part(places[pk], number) for pk, number in rest.items()]
    return Count(tuple(parts), digests((place, f"{pk} {at}") for place, pk, at, _n in rows))


def reached(asked: Asked, *, stage: int) -> Count:
    """Reform steps that had reached a stage, or a later one, on the last day. Stages are counted, never averaged."""
    highest = Max("stages__stage", filter=Q(stages__reached_on__lte=asked.ends_on))
    rows = list(_steps(asked).annotate(highest=highest).values_list("institution__place_id", "pk", "highest"))
    parts = tuple(Part(place, int(highest is not None and highest >= stage)) for place, _pk, highest in rows)
    return Count(parts, digests((place, f"{pk} {highest}") for place, pk, highest in rows))


def stage(asked: Asked) -> Count:
    """The stage that the law or policy of this indicator had reached on the last day. Stages are never averaged: see ``Part``.

    It is the step that names the indicator; where none does, those that name no indicator.
    """
    highest = Max("stages__stage", filter=Q(stages__reached_on__lte=asked.ends_on))
    steps = _steps(asked)
    named = steps.filter(indicator=asked.indicator) if asked.indicator is not None else steps.none()
    steps = named if named.exists() else steps.filter(indicator__isnull=True)
    rows = [row for row in steps.annotate(highest=highest).values_list("institution__place_id", "pk", "highest") if row[2]]
    parts = tuple(Part(place, option=STAGES[highest]) for place, _pk, highest in rows)
    return Count(parts, digests((place, f"{pk} {highest}") for place, pk, highest in rows))


def women_in_police(asked: Asked) -> Count:
    """Women of all staff by the last count on or before the last day, over the police services that this project works with."""
    counts = StaffCount.objects.filter(
        _engaged(asked, "institution__"), institution__kind__in=POLICE, institution__place__in=asked.places, counted_on__lte=asked.ends_on
    )
    women = Sum("cells__number", filter=Q(cells__disaggregation__key__contains="sex=female"))
    rows = (
        counts.annotate(women=women)
        .order_by("counted_on", "pk")
        .values_list("institution_id", "institution__place_id", "pk", "women", "total")
    )
    last = {institution: row for institution, *row in rows}
    known = [row for row in last.values() if row[2] is not None]  # where sex was not written down nobody can say
    return Count(
        tuple(Part(place, women, of=total) for place, _pk, women, total in known), digests((place, str(pk)) for place, pk, _w, _t in known)
    )


def women_in_forums(asked: Asked) -> Count:
    """Seats held by women, of all seats of community–police forums and government–citizen meetings."""
    return forum_tallies.seats_of(asked, kinds=JOINT)


def received(asked: Asked) -> Count:
    """Complaints against security personnel that the registers took in, over the months of the period."""
    return _complaints(asked, lambda row: Part(row.place_id, row.received))


def closed(asked: Asked) -> Count:
    """Complaints that the registers closed in the months of the period, whenever they came in."""
    return _complaints(asked, lambda row: Part(row.place_id, row.closed))


def answered(asked: Asked) -> Count:
    """Of the complaints whose 30 days ended in the months of the period, those with an answer by then."""
    return _complaints(asked, lambda row: None if row.due is None else Part(row.place_id, row.in_time or 0, of=row.due))


def _complaints(asked: Asked, part: Callable[[ComplaintMonth], Part | None]) -> Count:
    """The months of the registers this project and partner work with. An assigned place whose months are not all there stays empty."""
    rows = ComplaintMonth.objects.filter(_engaged(asked, "register__"), place__in=asked.places)
    rows = rows.only("pk", "register", "service", "place", "year", "month", "received", "closed", "due", "in_time", "updated_at")
    expected = _whole_months(asked)
    by_series: dict[complaints.Series, list[ComplaintMonth]] = {}
    for row in rows:
        by_series.setdefault((row.register_id, row.service, row.place_id), []).append(row)
    parts, counted, missing = [], [], set()
    for series, months in by_series.items():
        there = {(row.year, row.month) for row in months}
        inside = [(row, part(row)) for row in months if (row.year, row.month) in expected]
        if _cuts_a_month(asked, there) or complaints.lacks(there, expected) or any(found is None for _row, found in inside):
            missing.add(series[2])
        parts += [found for _row, found in inside if found is not None]
        counted += [(row.place_id, f"{row.pk} {row.updated_at}") for row, _found in inside]
    shut = _with_everything_around(asked, missing)
    return Count(
        tuple(one for one in parts if one.place not in shut), digests(counted), dict.fromkeys(missing, Empty.MONTHS_MISSING)
    )  # fmt: skip


def _whole_months(asked: Asked) -> list[tuple[int, int]]:
    """The months that lie wholly in the time asked for, as (year, month)."""
    first = asked.starts_on if asked.starts_on.day == 1 else (asked.starts_on.replace(day=1) + timedelta(days=32)).replace(day=1)
    found = []
    while (last := first.replace(day=monthrange(first.year, first.month)[1])) <= asked.ends_on:
        found.append((first.year, first.month))
        first = last + timedelta(days=1)
    return found


def _cuts_a_month(asked: Asked, counted: set[tuple[int, int]]) -> bool:
    """Whether the time begins or ends within a month that was counted: nobody can say which part of it belongs here."""
    starts, ends = asked.starts_on, asked.ends_on
    edges = [starts] if starts.day > 1 else []
    edges += [ends] if ends.day < monthrange(ends.year, ends.month)[1] else []
    return any((day.year, day.month) in counted for day in edges)


def _with_everything_around(asked: Asked, missing: set[int]) -> set[int]:
    """These places and whatever shares an assigned place with one of them: a part of a sum is not the sum."""
    if not missing:
        return set()
    roots = PlaceTree.objects.filter(ancestor__in=asked.roots, descendant__in=missing).values("ancestor")
    return set(PlaceTree.objects.filter(ancestor__in=roots).values_list("descendant", flat=True))


def _steps(asked: Asked) -> QuerySet[ReformStep]:
    """Reform steps of the project at institutions that it works with, of this partner or of none in particular; each once."""
    engaged = Engagement.objects.filter(Q(partner=asked.partner) | Q(partner__isnull=True), project=asked.project)
    return ReformStep.objects.filter(
        project=asked.project, institution__in=engaged.values("institution"), institution__place__in=asked.places
    )


def _engaged(asked: Asked, path: str) -> Q:
    engaged = Engagement.objects.filter(Q(partner=asked.partner) | Q(partner__isnull=True), project=asked.project)
    return Q(**{f"{path}in": engaged.values("institution")})


def _support(asked: Asked) -> QuerySet[ActivityRecord]:
    return ActivityRecord.objects.filter(
        project=asked.project, partner=asked.partner, supports__isnull=False, happened_on__range=(asked.starts_on, asked.ends_on),
        place__in=asked.places,
    )  # fmt: skip


TALLIES = (
    Tally(
        key="institutions.support.cleared",
        title=_("Support to institutions under a clearance"),
        definition=_(
            "Of the activity records of this project and partner in the period that supported an institution, those with a positive decision "
            "in force on their day, or one that cured them since. Numerator and denominator are kept."
        ),
        over_time=OverTime.PER_PERIOD, counting=Counting.THINGS, measure=Measure.PERCENTAGE, function=cleared, level=Level.INSTITUTION,
    ),
    Tally(
        key="institutions.trained",
        title=_("People of institutions trained"),
        definition=_(
            "Adults at trainings that supported an institution, according to the activity records of this project and partner in the period, "
            "added over trainings: who comes twice counts twice. Sex and rank band as far as they were written down."
        ),
        over_time=OverTime.PER_PERIOD, counting=Counting.CONTACTS, dimensions=("sex", "rank"), function=trained, level=Level.INSTITUTION,
    ),
    Tally(
        key="institutions.reform.adopted",
        title=_("Reform steps adopted"),
        definition=_("Reform steps of this project that had reached adoption, or a later stage, by the last day; each with its evidence."),
        over_time=OverTime.SNAPSHOT, counting=Counting.THINGS, level=Level.INSTITUTION,
        function=partial(reached, stage=ReformStage.Stage.ADOPTED.value),
    ),
    Tally(
        key="institutions.reform.implemented",
        title=_("Reform steps implemented"),
        definition=_("Reform steps of this project that had reached implementation by the last day; each with its evidence."),
        over_time=OverTime.SNAPSHOT, counting=Counting.THINGS, level=Level.INSTITUTION,
        function=partial(reached, stage=ReformStage.Stage.IMPLEMENTED.value),
    ),
    Tally(
        key=STAGE_TALLY,
        title=_("Stage of a law or policy"),
        definition=_(
            "The latest stage that one law or policy had reached by the last day: the reform step of this project that names the indicator, at "
            "an institution that the partner works with; where no step names it, the steps that name no indicator. Stages are never averaged or "
            "added: where these steps stand at different stages at one place the figure stays empty."
        ),
        over_time=OverTime.SNAPSHOT, counting=Counting.THINGS, measure=Measure.ORDINAL, function=stage, level=Level.INSTITUTION,
        by_indicator=True,
    ),
    Tally(
        key="institutions.police.women",
        title=_("Women in the police"),
        definition=_(
            "Women, of all in service, in the last staff count on or before the last day, over the police stations and commands that this "
            "project and partner work with at the place or below it. Counts without sex are in neither number."
        ),
        over_time=OverTime.SNAPSHOT, counting=Counting.PEOPLE_PER_PERIOD, measure=Measure.PERCENTAGE, function=women_in_police,
        level=Level.INSTITUTION,
    ),
    Tally(
        key="institutions.forums.women",
        title=_("Women in security forums"),
        definition=_(
            "Seats held by women of all seats, in the last election or appointment by the last day, over community–police forums "
            "and government–citizen meetings that still meet. Forums whose women were not counted are in neither number."
        ),
        over_time=OverTime.SNAPSHOT, counting=Counting.PEOPLE_PER_PERIOD, measure=Measure.PERCENTAGE, function=women_in_forums,
        level=Level.INSTITUTION,
    ),
    Tally(
        key="institutions.complaints.received",
        title=_("Complaints against security personnel received"),
        definition=_(
            "Complaints that the registers of oversight bodies took in over the months of the period, added over services and states, for the "
            "bodies that this project and partner work with. Where a month is not counted yet the figure stays empty."
        ),
        over_time=OverTime.PER_PERIOD, counting=Counting.THINGS, function=received, level=Level.INSTITUTION,
    ),
    Tally(
        key="institutions.complaints.closed",
        title=_("Complaints against security personnel closed"),
        definition=_(
            "Complaints that these registers closed over the months of the period, with an answer to the person or as not traceable, whenever "
            "they came in. Where a month is not counted yet the figure stays empty."
        ),
        over_time=OverTime.PER_PERIOD, counting=Counting.THINGS, function=closed, level=Level.INSTITUTION,
    ),
    Tally(
        key="institutions.complaints.answered",
        title=_("Complaints answered within 30 days"),
        definition=_(
            "Of the complaints whose 30 days ended in the months of the period, those that had an answer by then, from the same registers. "
            "Numerator and denominator are kept. Where a month is not counted yet the figure stays empty."
        ),
        over_time=OverTime.PER_PERIOD, counting=Counting.THINGS, measure=Measure.PERCENTAGE, function=answered, level=Level.INSTITUTION,
    ),
)  # fmt: skip
