"""Counts over cases and over children handed over: exact, for prefilling figures. Suppression comes later, where a table leaves.

Sealed cases never count. A case counts at its place; sex and age are the case's own. Digests hold row keys and times, no code.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from programs.models import IndicatorDefinition
from programs.tally import Asked, Count, Counting, OverTime, Part, Tally, digests
from reintegration import breakdowns, children
from reintegration.models import (
    AssessmentScore,
    Case,
    Category,
    ChildHandover,
    FollowUp,
    FollowUpOutcome,
    Livelihood,
    Plan,
    Referral,
    ServiceGiven,
    Sex,
    Transition,
)

Measure = IndicatorDefinition.Measure
SIX_MONTHS = 6
REGISTERED = ("registered", "eligible", "accepted")  # by pathway: at a site, for reintegration, for prevention
_OF_CASE = tuple(f"case__{name}" for name in breakdowns.COLUMNS)


def reached(asked: Asked, *, states: tuple[str, ...]) -> Count:
    """One per person whose case had reached one of these steps by the last day, whatever became of it later."""
    first = Transition.objects.filter(case=OuterRef("pk"), to_state__in=states).order_by("number").values("happened_on")[:1]
    rows = _cases(asked).annotate(reached=Subquery(first)).filter(reached__lte=asked.ends_on)
    return _people(asked, rows, at="reached")


def women_registered(asked: Asked) -> Count:
    """Of the former combatants and associated adults registered by the last day, the women (DDR-2)."""
    steps = Transition.objects.filter(case=OuterRef("pk"), to_state__in=REGISTERED, happened_on__lte=asked.ends_on)
    rows = _cases(asked).filter(Exists(steps), category__in=[Category.XC, Category.ASSOC])
    parts, seen = [], []
    for pk, *person in rows.values_list("pk", *breakdowns.COLUMNS):
        place, cell = breakdowns.of(person)
        parts.append(Part(place, int(cell["sex"] == Sex.FEMALE), of=1, cell=asked.narrowed(cell)))
        seen.append((place, f"{pk} {cell['sex']}"))
    return Count(tuple(parts), digests(seen))


def plans_active(asked: Asked) -> Count:
    """In force on the last day: the case was active then (its last step up to that day says so) and had a plan approved by then."""
    last = Transition.objects.filter(case=OuterRef("pk"), happened_on__lte=asked.ends_on).order_by("-number").values("to_state")[:1]
    planned = Plan.objects.filter(approved_at__date__lte=asked.ends_on, state__in=["in_force", "replaced"]).values("case")
    rows = _cases(asked).annotate(then=Subquery(last)).filter(then__in=["planned", "active"], pk__in=planned)
    return _people(asked, rows, at="opened_on")


def completed(asked: Asked) -> Count:
    """One per person whose case first reached COMPLETED in the period."""
    first = Transition.objects.filter(case=OuterRef("pk"), to_state="completed").order_by("number").values("happened_on")[:1]
    rows = _cases(asked).annotate(reached=Subquery(first)).filter(reached__range=(asked.starts_on, asked.ends_on))
    return _people(asked, rows, at="reached")


def services_completed(asked: Asked) -> Count:
    given = ServiceGiven.objects.filter(case__in=_cases(asked), is_completed=True, ends_on__range=(asked.starts_on, asked.ends_on))
    parts, seen = [], []
    for pk, day, *person in given.values_list("pk", "ends_on", *_OF_CASE):
        place, cell = breakdowns.of(person)
        parts.append(Part(place, 1, cell=asked.narrowed(cell)))
        seen.append((place, f"{pk} {day}"))
    return Count(tuple(parts), digests(seen))


def referrals_in_time(asked: Asked) -> Count:
    """Of the referrals whose answer was due in the period, those answered by that day."""
    sent = Referral.objects.filter(case__in=_cases(asked), answer_due_on__range=(asked.starts_on, asked.ends_on))
    parts, seen = [], []
    for pk, due, answered, at, *person in sent.values_list("pk", "answer_due_on", "answered_at__date", "updated_at", *_OF_CASE):
        place, cell = breakdowns.of(person)
        parts.append(Part(place, int(answered is not None and answered <= due), of=1, cell=asked.narrowed(cell)))
        seen.append((place, f"{pk} {at}"))
    return Count(tuple(parts), digests(seen))


def in_work(asked: Asked, *, months: int = SIX_MONTHS) -> Count:
    """Of the people reached at their follow-up after so many months who said how they live, those employed or self-employed."""
    rows = (
        FollowUpOutcome.objects.filter(
            follow_up__case__in=_cases(asked), follow_up__wave=months, follow_up__settled_on__range=(asked.starts_on, asked.ends_on),
            was_reached=True,
        )
        .exclude(livelihood=Livelihood.UNKNOWN)
        .values_list("pk", "recorded_at", "livelihood", *(f"follow_up__case__{name}" for name in breakdowns.COLUMNS))
    )  # fmt: skip
    parts, seen = [], []
    for pk, at, livelihood, *person in rows:
        place, cell = breakdowns.of(person)
        parts.append(Part(place, int(livelihood in Livelihood.working()), of=1, cell=asked.narrowed(cell)))
        seen.append((place, f"{pk} {at}"))
    return Count(tuple(parts), digests(seen))


def follow_ups(asked: Asked, *, lost: bool, months: int = SIX_MONTHS) -> Count:
    """People whose follow-up after so many months was due in the period; with ``lost`` those who were not found at it."""
    rows = FollowUp.objects.filter(case__in=_cases(asked), wave=months, due_on__range=(asked.starts_on, asked.ends_on))
    rows = rows.filter(outcome__was_reached=False) if lost else rows.exclude(state=FollowUp.State.CANCELLED)
    return _people(asked, _cases(asked).filter(pk__in=rows.values("case")), at="opened_on")


def mean_change(asked: Asked) -> Count:
    """Last score minus baseline score, of people with both, whose last assessment was held in the period; pooled as sum over people."""
    scores = AssessmentScore.objects.filter(
        assessment__case__in=_cases(asked), dimension="all", value__isnull=False, assessment__is_complete=True,
        assessment__held_on__lte=asked.ends_on,
    )  # fmt: skip
    held: dict[Any, list[tuple[Any, Decimal]]] = {}
    people: dict[Any, list[Any]] = {}
    rows = scores.order_by("assessment__held_on", "assessment__recorded_at").values_list(
        "assessment__case", "assessment__held_on", "value", *(f"assessment__case__{name}" for name in breakdowns.COLUMNS)
    )
    for case, day, value, *person in rows:
        held.setdefault(case, []).append((day, value))
        people[case] = person
    parts, seen = [], []
    for case, found in held.items():
        if len(found) < 2 or found[-1][0] < asked.starts_on:
            continue
        place, cell = breakdowns.of(people[case])
        parts.append(Part(place, found[-1][1] - found[0][1], of=1, cell=asked.narrowed(cell)))
        seen.append((place, f"{case} {found[-1][0]} {found[-1][1]} {found[0][1]}"))
    return Count(tuple(parts), digests(seen))


def children_in_time(asked: Asked) -> Count:
    """Of the children identified in the period, those handed over within the hours of the setting. Open receipts count as not."""
    hours = children.hours_allowed()
    rows = ChildHandover.objects.filter(
        project=asked.project, partner=asked.partner, place__in=asked.places, identified_at__date__range=(asked.starts_on, asked.ends_on)
    )
    parts = []
    for row in rows:
        in_time = not row.is_open and not row.is_later_than(hours)
        for sex, number in (("female", row.girls), ("male", row.boys), ("unknown", row.sex_unknown)):
            if number:
                parts.append(Part(row.place_id, number if in_time else 0, of=number, cell=asked.narrowed({"sex": sex})))
    return Count(tuple(parts), digests((row.place_id, f"{row.pk} {row.updated_at}") for row in rows))


def _cases(asked: Asked) -> QuerySet[Case]:
    return Case.objects.filter(project=asked.project, partner=asked.partner, place__in=asked.places, sealed_at__isnull=True).order_by()


def _people(asked: Asked, rows: QuerySet[Case], *, at: str) -> Count:
    found = list(rows.values_list("pk", at, *breakdowns.COLUMNS))
    parts, seen = [], []
    for pk, day, *person in found:
        place, cell = breakdowns.of(person)
        parts.append(Part(place, 1, cell=asked.narrowed(cell)))
        seen.append((place, f"{pk} {day}"))
    return Count(tuple(parts), digests(seen))


_OWN = _("Only cases of this project and partner at the place or below it; a case that was sealed never counts.")


def _tally(key: str, title: Any, says: Any, function: Callable[[Asked], Count], **given: Any) -> Tally:
    values = {
        "over_time": OverTime.PER_PERIOD, "counting": Counting.PEOPLE_PER_PERIOD, "dimensions": ("sex", "age", "category"),
        "level": "individual",
    }  # fmt: skip
    return Tally(key=key, title=title, definition=format_lazy("{} {}", says, _OWN), function=function, **{**values, **given})


EVER: dict[str, Any] = {"over_time": OverTime.RUNNING_TOTAL, "counting": Counting.PEOPLE_EVER}
RATIO: dict[str, Any] = {"measure": Measure.PERCENTAGE}

TALLIES = (
    _tally(
        "cases.screened", _("People screened"),
        _("Each person once whose case has reached the step “screened”, recorded by two people, up to the last day of the period."),
        partial(reached, states=("screened",)), **EVER,
    ),
    _tally(
        "cases.verified", _("People verified"),
        _("Each person once whose case has reached the step “verified” up to the last day of the period."),
        partial(reached, states=("verified",)), **EVER,
    ),
    _tally(
        "cases.registered", _("Participants registered"),
        _(
            "Each person once, up to the last day of the period, who was registered at a site, found eligible for "
            "reintegration or accepted for prevention; also who has left since."
        ),
        partial(reached, states=REGISTERED), **EVER,
    ),
    _tally(
        "cases.women_registered", _("Women among people registered"),
        _(
            "Of the former combatants and associated adults counted as registered up to the last day of the period, the women. "
            "People of other categories, or of none yet, are in neither number (DDR-2)."
        ),
        women_registered, over_time=OverTime.SNAPSHOT, dimensions=("category",), **RATIO,
    ),
    _tally(
        "cases.plans_active", _("Participants with an active plan"),
        _(
            "People whose case stood at “planned” or “active” at the end of the last day of the period, and whose plan had "
            "been approved by then."
        ),
        plans_active, over_time=OverTime.SNAPSHOT,
    ),
    _tally(
        "cases.completed", _("People who completed their plan"),
        _(
            "Each person once, in the period in which the case first reached “completed”; who goes on to follow-up or is "
            "closed later still counts."
        ),
        completed,
    ),
    _tally(
        "cases.services_completed", _("Services completed"),
        _("Services given to participants that ended in the period and are marked as completed. One person may count several times."),
        services_completed, counting=Counting.THINGS,
    ),
    _tally(
        "cases.referrals_in_time", _("Referrals answered in time"),
        _(
            "Numerator: referrals that the receiver answered on or before the day the answer was due. Denominator: all "
            "referrals whose answer was due in the period, also those never answered."
        ),
        referrals_in_time, counting=Counting.THINGS, **RATIO,
    ),
    _tally(
        "cases.in_work_6_months", _("In work six months after completion"),
        _(
            "Numerator: employed or self-employed. Denominator: people reached at their six-month follow-up in the period who "
            "said how they make a living. Who was not found or did not say is in neither: read it beside the follow-ups due "
            "and lost."
        ),
        in_work, **RATIO,
    ),
    _tally(
        "cases.follow_ups_6_months_due", _("Six-month follow-ups due"),
        _("People whose six-month follow-up fell due in the period, whether it was held or not; cancelled ones are left out."),
        partial(follow_ups, lost=False),
    ),
    _tally(
        "cases.follow_ups_6_months_lost", _("Not found at the six-month follow-up"),
        _("People whose six-month follow-up fell due in the period and who were not found."),
        partial(follow_ups, lost=True),
    ),
    _tally(
        "cases.mean_change", _("Mean change in the index"),
        _(
            "Numerator: for each person with two or more complete assessments, the latest one held in the period, the latest "
            "score less the first, added up. Denominator: these people. The index runs from 0 to 1; a fall is negative."
        ),
        mean_change, **RATIO,
    ),
    Tally(
        key="children.handed_over_in_time", title=_("Children handed over in time"),
        definition=_(
            "Numerator: children handed over to child protection within the hours of the setting (48 as shipped). Denominator: "
            "all children identified in the period according to the receipts of this project and partner at the place or below "
            "it; a receipt that is still open counts as not handed over."
        ),
        over_time=OverTime.PER_PERIOD, counting=Counting.PEOPLE_PER_PERIOD, measure=Measure.PERCENTAGE, dimensions=("sex",),
        level="individual", function=children_in_time,
    ),
)  # fmt: skip
