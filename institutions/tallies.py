"""Counts over the institutional level: support under a clearance, people trained by sex and rank band, reform steps by stage."""

from __future__ import annotations

from functools import partial

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from institutions.models import ReformStage, ReformStep
from programs import disaggregations
from programs.models import ActivityAttendance, ActivityRecord, Level
from programs.tally import Asked, Count, Counting, Measure, OverTime, Part, Tally, digests


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
    steps = ReformStep.objects.filter(
        project=asked.project, institution__engagements__project=asked.project, institution__place__in=asked.places
    ).filter(Q(institution__engagements__partner=asked.partner) | Q(institution__engagements__partner__isnull=True))
    highest = Max("stages__stage", filter=Q(stages__reached_on__lte=asked.ends_on))
    rows = list(steps.annotate(highest=highest).values_list("institution__place_id", "pk", "highest").distinct())
    parts = tuple(Part(place, int(highest is not None and highest >= stage)) for place, _pk, highest in rows)
    return Count(parts, digests((place, f"{pk} {highest}") for place, pk, highest in rows))


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
)  # fmt: skip
