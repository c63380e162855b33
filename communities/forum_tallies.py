"""Counts over disputes, forums, commitments and local projects that can prefill a figure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from communities.models import Commitment, Decision, Dispute, DisputeStep, ForumSession, LocalProject, SeatLine, Sitting
from communities.models.forums import JOINT
from communities.models.records import Group
from programs.tally import Asked, Count, Counting, Measure, OverTime, Part, Tally, digests

if TYPE_CHECKING:
    from django.db.models import QuerySet

State = Commitment.State


def disputes_settled_and_holding(asked: Asked) -> Count:
    """Disputes whose last step by the end of the period is a settlement."""
    rows = list(_within(Dispute.objects.all(), asked).values_list("pk", "place_id", "updated_at"))
    last: dict[int, str] = {}
    steps = DisputeStep.objects.filter(dispute__in=[pk for pk, _place, _at in rows], on__lte=asked.ends_on).order_by("on", "id")
    for dispute, state in steps.values_list("dispute_id", "state"):
        last[dispute] = state
    return _counted((place, pk, at) for pk, place, at in rows if last.get(pk) == Dispute.State.AGREED)


def commitments_kept_of_due(asked: Asked) -> Count:
    """Of the commitments that fell due in the period, those kept by its end. Withdrawn ones are in neither number."""
    rows = _within(Commitment.objects.exclude(state=State.WITHDRAWN), asked).filter(due_on__range=(asked.starts_on, asked.ends_on))
    return _share(
        (place, pk, at, state == State.KEPT and on <= asked.ends_on)
        for pk, place, at, state, on in rows.values_list("pk", "place_id", "updated_at", "state", "settled_on")
    )


def projects_working(asked: Asked) -> Count:
    """Of the local projects whose check fell due in the period, those found working and in use. Unchecked ones are in the denominator."""
    rows = _within(LocalProject.objects.all(), asked).filter(check_due_on__range=(asked.starts_on, asked.ends_on))
    return _share(
        (place, pk, at, bool(works and used) and checked is not None and checked <= asked.ends_on)
        for pk, place, at, works, used, checked in rows.values_list(
            "pk", "place_id", "updated_at", "still_works", "still_used", "checked_on"
        )
    )


def projects_handed_over(asked: Asked) -> Count:
    """Local projects handed over in the period."""
    rows = _within(LocalProject.objects.all(), asked).filter(handed_over_on__range=(asked.starts_on, asked.ends_on))
    return _counted(rows.values_list("place_id", "pk", "updated_at"))


def women_on_committees(asked: Asked) -> Count:
    """Seats held by women of all seats, in the sitting in force at the end of the period of forums that then meet."""
    meets = Q(forum__ended_on__isnull=True) | Q(forum__ended_on__gt=asked.ends_on)
    rows = Sitting.objects.filter(
        meets, forum__project=asked.project, forum__partner=asked.partner, forum__place__in=asked.places, since__lte=asked.ends_on
    )
    latest = {forum: (pk, place, seats, at) for forum, pk, place, seats, at in rows.order_by("since", "id").values_list(
        "forum_id", "pk", "forum__place_id", "seats", "forum__updated_at"
    )}  # fmt: skip
    held: dict[int, int] = dict(
        SeatLine.objects.filter(sitting__in=[pk for pk, *_rest in latest.values()], group=Group.WOMEN, words="", held__isnull=False)
        .values_list("sitting_id", "held")  # type: ignore[arg-type]
    )  # fmt: skip
    known = [(place, pk, at, held[pk], seats) for pk, place, seats, at in latest.values() if pk in held]
    parts = tuple(Part(place, women, of=seats) for place, _pk, _at, women, seats in known)
    return Count(parts, digests((place, f"{pk} {at}") for place, pk, at, _women, _seats in known))


def decisions_acted_on(asked: Asked) -> Count:
    """Of the decisions made in the period, those acted on by its end (INS-2)."""
    rows = Decision.objects.filter(_of_forum(asked), decided_on__range=(asked.starts_on, asked.ends_on))
    return _share(
        (place, pk, at, acted is not None and acted <= asked.ends_on)
        for pk, place, at, acted in rows.values_list("pk", "forum__place_id", "updated_at", "acted_on")
    )


def joint_forums_held(asked: Asked) -> Count:
    """Sessions in the period of forums in which communities and an institution sit together, with a decision made that day (INS-1)."""
    joint = Q(forum__kind__in=JOINT) | Q(forum__institution__isnull=False)
    rows = list(
        ForumSession.objects.filter(joint, _of_forum(asked), activity__happened_on__range=(asked.starts_on, asked.ends_on))
        .values_list("forum__place_id", "pk", "activity__updated_at", "forum_id", "activity__happened_on")
    )  # fmt: skip
    decided: set[tuple[int, date]] = set(
        Decision.objects.filter(forum__in={forum for *_rest, forum, _on in rows}).values_list("forum_id", "decided_on")
    )
    return _counted((place, pk, at) for place, pk, at, forum, on in rows if (forum, on) in decided)


def _within(rows: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
    return rows.filter(project=asked.project, partner=asked.partner, place__in=asked.places)


def _of_forum(asked: Asked) -> Q:
    return Q(forum__project=asked.project, forum__partner=asked.partner, forum__place__in=asked.places)


def _counted(rows: Iterable[tuple[int, int, Any]]) -> Count:
    found = list(rows)
    return Count(tuple(Part(place, 1) for place, _pk, _at in found), digests((place, f"{pk} {at}") for place, pk, at in found))


def _share(rows: Iterable[tuple[int, int, Any, bool]]) -> Count:
    found = list(rows)
    parts = tuple(Part(place, int(yes), of=1) for place, _pk, _at, yes in found)
    return Count(parts, digests((place, f"{pk} {at} {yes}") for place, pk, at, yes in found))


def _ratio(key: str, title: Any, definition: Any, function: Any, level: str = "community", *, snapshot: bool = False) -> Tally:
    over_time = OverTime.SNAPSHOT if snapshot else OverTime.PER_PERIOD
    return Tally(key, title, definition, over_time, Counting.THINGS, function, measure=Measure.PERCENTAGE, level=level)


TALLIES = (
    Tally(
        "communities.disputes.holding", _("Disputes settled whose settlement holds"),
        _("Disputes of this project and partner, at the place or below it, whose last recorded step by the end of the period is a settlement: neither relapsed nor referred to justice since."),
        OverTime.SNAPSHOT, Counting.THINGS, disputes_settled_and_holding, level="community",
    ),
    _ratio(
        "communities.commitments.kept", _("Commitments kept of those due"),
        _("Of the commitments that fell due in the period, those recorded as kept by its end. Commitments without a day and withdrawn ones are in neither number; a reported breach is not kept."),
        commitments_kept_of_due,
    ),
    _ratio(
        "communities.local_projects.working", _("Local projects still working and used after six months"),
        _("Of the local projects whose check fell due in the period, those that somebody looked at by its end and found both working and used. Projects nobody looked at are in the denominator."),
        projects_working,
    ),
    Tally(
        "communities.local_projects.handed_over", _("Local projects handed over"),
        _("Local projects of this project and partner handed over in the period, at the place or below it."),
        OverTime.PER_PERIOD, Counting.THINGS, projects_handed_over, level="community",
    ),
    _ratio(
        "communities.seats.women", _("Seats of forums held by women"),
        _("Seats held by women of all seats, in the last election or appointment by the end of the period, over forums that still meet. Forums whose women were not counted are in neither number."),
        women_on_committees, snapshot=True,
    ),
    _ratio(
        "forums.decisions.acted_on", _("Forum decisions acted on"),
        _("Of the decisions of forums made in the period, those acted on by its end (INS-2)."),
        decisions_acted_on, level="",
    ),
    Tally(
        "forums.joint.held", _("Joint problem-solving forums held"),
        _("Sessions in the period of forums in which communities sit with police, government or another institution, with at least one decision made on that day (INS-1)."),
        OverTime.PER_PERIOD, Counting.THINGS, joint_forums_held, level="",
    ),
)  # fmt: skip
