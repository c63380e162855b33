"""Counts over disputes, forums, commitments and local projects that can prefill a figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from communities import forums
from communities.models import (
    Commitment,
    Decision,
    Dispute,
    DisputeStep,
    Forum,
    ForumSession,
    LocalAgreement,
    LocalProject,
    SeatLine,
    Sitting,
)
from communities.models.forums import JOINT
from communities.models.records import Group
from locations.models import Place
from plumbing.dates import months_after
from programs.models import EvidenceFile
from programs.tally import Asked, Count, Counting, Empty, Measure, OverTime, Part, Tally, digests

if TYPE_CHECKING:
    from django.db.models import QuerySet

State = Commitment.State
APPROVED = (LocalProject.Decision.APPROVED, LocalProject.Decision.CONDITIONS)
TWO_YEARS = timedelta(days=731)
PROJECT_TYPES = {LocalProject.Kind.BUSINESS.value: "commercial", LocalProject.Kind.WEAPONS.value: "wam"}  # others are called alike


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


def seats_of(asked: Asked, *, group: str = Group.WOMEN, kinds: Sequence[str] = tuple(Forum.Kind.values)) -> Count:
    """Seats held by a group of all seats, in the sitting in force at the end of the period of forums that then meet."""
    meets = Q(forum__ended_on__isnull=True) | Q(forum__ended_on__gt=asked.ends_on)
    rows = Sitting.objects.filter(meets, _of_forum(asked), forum__kind__in=kinds, since__lte=asked.ends_on)
    latest = {forum: (pk, place, seats, at) for forum, pk, place, seats, at in rows.order_by("since", "id").values_list(
        "forum_id", "pk", "forum__place_id", "seats", "forum__updated_at"
    )}  # fmt: skip
    held: dict[int, int] = dict(
        SeatLine.objects.filter(sitting__in=[pk for pk, *_rest in latest.values()], group=group, words="", held__isnull=False)
        .values_list("sitting_id", "held")  # type: ignore[arg-type]
    )  # fmt: skip
    known = [(place, pk, at, held[pk], seats) for pk, place, seats, at in latest.values() if pk in held]
    parts = tuple(Part(place, theirs, of=seats) for place, _pk, _at, theirs, seats in known)
    uncounted = {place: Empty.NOT_COUNTED for pk, place, _seats, _at in latest.values() if pk not in held}
    return Count(parts, digests((place, f"{pk} {at}") for place, pk, at, _theirs, _seats in known), uncounted)


def disputes_settled_of_brought(asked: Asked) -> Count:
    """Disputes settled in the period, of those brought in it; one settled later than brought is in both numbers then (CON-2)."""
    during = (asked.starts_on, asked.ends_on)
    settled = set(DisputeStep.objects.filter(state=Dispute.State.AGREED, on__range=during).values_list("dispute_id", flat=True))
    rows = _within(Dispute.objects.all(), asked).filter(Q(opened_on__range=during) | Q(pk__in=settled))
    return _share((place, pk, at, pk in settled) for place, pk, at in rows.values_list("place_id", "pk", "updated_at"))


def disputes_brought_to_youth(asked: Asked) -> Count:
    """Disputes that a youth committee took into its book in the period (CON-4)."""
    rows = _within(Dispute.objects.all(), asked).filter(forum__kind=Forum.Kind.YOUTH, opened_on__range=(asked.starts_on, asked.ends_on))
    return _counted(rows.values_list("place_id", "pk", "updated_at"))


def disputes_settled_by_youth(asked: Asked) -> Count:
    """Disputes of a youth committee's book settled in the period, whenever they were brought; each once (CON-5)."""
    settled = DisputeStep.objects.filter(state=Dispute.State.AGREED, on__range=(asked.starts_on, asked.ends_on)).values("dispute")
    rows = _within(Dispute.objects.all(), asked).filter(forum__kind=Forum.Kind.YOUTH, pk__in=settled)
    return _counted(rows.values_list("place_id", "pk", "updated_at"))


def committees_that_meet(asked: Asked) -> Count:
    """Committees that met in each month of the period, with a file behind the session; one that did not is a zero (COM-1)."""
    months = _months(asked.starts_on, asked.ends_on)
    there = Forum.objects.filter(started_on__lte=asked.ends_on, kind__in=forums.COMMITTEES)
    rows = _within(there, asked).filter(Q(ended_on__isnull=True) | Q(ended_on__gt=asked.ends_on))
    committees = list(rows.values_list("pk", "place_id", "updated_at"))
    sessions = ForumSession.objects.filter(
        Exists(EvidenceFile.objects.filter(activity=OuterRef("activity"))), forum__in=[pk for pk, _place, _at in committees],
        activity__happened_on__range=(asked.starts_on, asked.ends_on),
    )  # fmt: skip
    met: dict[int, set[tuple[int, int]]] = {}
    for forum, on in sessions.values_list("forum_id", "activity__happened_on"):
        met.setdefault(forum, set()).add((on.year, on.month))
    found = [(place, pk, at, met.get(pk, set()) >= months) for pk, place, at in committees]
    parts = tuple(Part(place, int(always)) for place, _pk, _at, always in found)
    return Count(parts, digests((place, f"{pk} {at} {always}") for place, pk, at, always in found))


def women_in_councils(asked: Asked) -> Count:
    """Seats held by women in local councils of an admin 2 (GOV-2)."""
    found = seats_of(asked, kinds=(Forum.Kind.COUNCIL,))
    counties = set(
        Place.objects.filter(pk__in={part.place for part in found.parts}, level=Place.Level.ADMIN_2).values_list("pk", flat=True)
    )
    parts = tuple(Part(part.place, part.value) for part in found.parts if part.place in counties)
    return Count(parts, {place: what for place, what in found.digests.items() if place in counties}, found.empty)


def actions_on_time(asked: Asked) -> Count:
    """Of the approved local projects whose last day fell in the period, those completed by that day (CAP-1)."""
    rows = _within(LocalProject.objects.all(), asked).filter(
        decision__in=APPROVED, ends_on__range=(asked.starts_on, asked.ends_on), decided_on__lte=asked.ends_on
    )
    return _share(
        (place, pk, at, done is not None and due is not None and done <= due)
        for place, pk, at, due, done in rows.values_list("place_id", "pk", "updated_at", "ends_on", "completed_on")
    )


def projects_approved(asked: Asked) -> Count:
    """Local projects approved in the period (CVR-1b)."""
    return _projects(asked, _approved(asked))


def projects_completed(asked: Asked) -> Count:
    """Local projects completed in the period (CVR-1)."""
    return _projects(asked, _within(LocalProject.objects.all(), asked).filter(completed_on__range=(asked.starts_on, asked.ends_on)))


def projects_for_women(asked: Asked) -> Count:
    """Of the local projects approved in the period, those that benefit women directly (CVR-2)."""
    return _share(_approved(asked).values_list("place_id", "pk", "updated_at", "benefits_women"))


def agreements_signed(asked: Asked) -> Count:
    """Agreements between groups in the period, written or witnessed, with commitments (AGR-1)."""
    return _counted(_signed(asked).values_list("place_id", "pk", "updated_at"))


def agreements_signed_by_a_woman(asked: Asked) -> Count:
    """Of the agreements signed in the period, those that a woman signed. Where nobody counted it is in neither number (WPS-2)."""
    rows = _signed(asked).filter(signatories_female__isnull=False).values_list("place_id", "pk", "updated_at", "signatories_female")
    uncounted = _signed(asked).filter(signatories_female__isnull=True).values_list("place_id", flat=True)
    found = _share((place, pk, at, bool(women)) for place, pk, at, women in rows)
    return replace(found, empty=dict.fromkeys(uncounted, Empty.NOT_COUNTED))


def agreements_kept_a_year(asked: Asked) -> Count:
    """Of the agreements whose twelve months ended in the period, those of which every commitment due by then was kept by then (AGR-2)."""
    rows = _within(LocalAgreement.objects.all(), asked).filter(signed_on__range=(asked.starts_on - TWO_YEARS, asked.ends_on))
    ends = {pk: (place, at, months_after(day, 12)) for pk, place, at, day in rows.values_list("pk", "place_id", "updated_at", "signed_on")}
    ends = {pk: told for pk, told in ends.items() if asked.starts_on <= told[2] <= asked.ends_on}
    kept: dict[int, list[bool]] = {}
    promises = Commitment.objects.filter(agreement__in=list(ends), due_on__isnull=False).exclude(state=State.WITHDRAWN)
    for agreement, due, state, on in promises.values_list("agreement_id", "due_on", "state", "settled_on"):
        if agreement is not None and due is not None and due <= ends[agreement][2]:
            kept.setdefault(agreement, []).append(state == State.KEPT and on is not None and on <= ends[agreement][2])
    return _share((ends[pk][0], pk, ends[pk][1], all(said)) for pk, said in kept.items())


def breaches(asked: Asked) -> Count:
    """Commitments of agreements breached in the period, each with two sources; an agreement in force without one is a zero (AGR-3)."""
    agreements = _within(LocalAgreement.objects.all(), asked).filter(signed_on__lte=asked.ends_on)
    places = dict(agreements.values_list("pk", "place_id"))
    rows = Commitment.objects.filter(agreement__in=list(places), state=State.BREACHED, settled_on__range=(asked.starts_on, asked.ends_on))
    found = [(places[pk], commitment, at) for pk, commitment, at in rows.values_list("agreement_id", "pk", "updated_at") if pk]
    parts = [Part(place, 0) for place in sorted(set(places.values()))] + [Part(place, 1) for place, _pk, _at in found]
    return Count(tuple(parts), digests((place, f"{pk} {at}") for place, pk, at in found))


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


def _approved(asked: Asked) -> QuerySet[LocalProject]:
    return _within(LocalProject.objects.all(), asked).filter(decided_on__range=(asked.starts_on, asked.ends_on), decision__in=APPROVED)


def _projects(asked: Asked, rows: QuerySet[LocalProject]) -> Count:
    found = list(rows.values_list("place_id", "pk", "updated_at", "kind"))
    parts = (Part(place, 1, cell=asked.narrowed({"project-type": PROJECT_TYPES.get(kind, kind)})) for place, _pk, _at, kind in found)
    return Count(tuple(parts), digests((place, f"{pk} {at}") for place, pk, at, _kind in found))


def _signed(asked: Asked) -> QuerySet[LocalAgreement]:
    rows = _within(LocalAgreement.objects.all(), asked).filter(signed_on__range=(asked.starts_on, asked.ends_on))
    rows = rows.filter(Q(is_written=True) | Q(witnesses__gt=0), status=LocalAgreement.Status.SIGNED)
    return rows.filter(Exists(Commitment.objects.filter(agreement=OuterRef("pk"))))


def _months(since: date, until: date) -> set[tuple[int, int]]:
    first, last = since.year * 12 + since.month - 1, until.year * 12 + until.month - 1
    return {(index // 12, index % 12 + 1) for index in range(first, last + 1)}


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


def _seats(key: str, title: Any, definition: Any, function: Any) -> Tally:
    return Tally(
        key, title, definition, OverTime.SNAPSHOT, Counting.PEOPLE_PER_PERIOD, function, measure=Measure.PERCENTAGE, level="community"
    )


def _things(key: str, title: Any, definition: Any, function: Any, by: tuple[str, ...] = ()) -> Tally:
    return Tally(key, title, definition, OverTime.PER_PERIOD, Counting.THINGS, function, dimensions=by, level="community")


TALLIES = (
    Tally(
        "communities.disputes.holding", _("Disputes settled whose settlement holds"),
        _(
            "Disputes of this project and partner, at the place or below it, whose last recorded step by the end of the period "
            "is a settlement: neither relapsed nor referred to justice since."
        ),
        OverTime.SNAPSHOT, Counting.THINGS, disputes_settled_and_holding, level="community",
    ),
    _ratio(
        "communities.commitments.kept", _("Commitments kept of those due"),
        _(
            "Of the commitments that fell due in the period, those recorded as kept by its end. Commitments without a day and "
            "withdrawn ones are in neither number; a reported breach is not kept."
        ),
        commitments_kept_of_due,
    ),
    _ratio(
        "communities.local_projects.working", _("Local projects still working and used after six months"),
        _(
            "Of the local projects whose check fell due in the period, those that somebody looked at by its end and found both "
            "working and used. Projects nobody looked at are in the denominator."
        ),
        projects_working,
    ),
    Tally(
        "communities.local_projects.handed_over", _("Local projects handed over"),
        _("Local projects of this project and partner handed over in the period, at the place or below it."),
        OverTime.PER_PERIOD, Counting.THINGS, projects_handed_over, level="community",
    ),
    _ratio(
        "communities.seats.women", _("Seats of forums held by women"),
        _(
            "Seats held by women of all seats, in the last election or appointment by the end of the period, over forums that "
            "still meet. Forums whose women were not counted are in neither number."
        ),
        seats_of, snapshot=True,
    ),
    _ratio(
        "forums.decisions.acted_on", _("Forum decisions acted on"),
        _("Of the decisions of forums made in the period, those acted on by its end (INS-2)."),
        decisions_acted_on, level="",
    ),
    Tally(
        "forums.joint.held", _("Joint problem-solving forums held"),
        _(
            "Sessions in the period of forums in which communities sit with police, government or another institution, with at "
            "least one decision made on that day (INS-1)."
        ),
        OverTime.PER_PERIOD, Counting.THINGS, joint_forums_held, level="",
    ),
    _ratio(
        "communities.disputes.settled_of_brought", _("Disputes settled of those brought"),
        _(
            "Disputes settled by an agreement in the period, of those brought in it. A dispute settled later than it was "
            "brought counts in the period of the settlement, in both numbers (CON-2)."
        ),
        disputes_settled_of_brought,
    ),
    _things(
        "communities.local_projects.approved", _("Local projects approved"),
        _("Local projects of this project and partner approved in the period, with or without conditions, by type (CVR-1b)."),
        projects_approved, by=("project-type",),
    ),
    _things(
        "communities.local_projects.completed", _("Local projects completed"),
        _(
            "Approved local projects of this project and partner that somebody recorded as completed in the period, with the "
            "people served, by type (CVR-1)."
        ),
        projects_completed, by=("project-type",),
    ),
    _ratio(
        "communities.local_projects.for_women", _("Local projects that benefit women directly"),
        _("Of the local projects approved in the period, those marked as benefiting women directly (CVR-2)."),
        projects_for_women,
    ),
    _things(
        "communities.agreements.signed", _("Local agreements signed"),
        _("Agreements of several parties signed in the period, written or witnessed, with at least one commitment (AGR-1)."),
        agreements_signed,
    ),
    _ratio(
        "communities.agreements.women_signed", _("Local agreements that a woman signed"),
        _(
            "Of the agreements counted as signed in the period, those with at least one woman among the signatories. "
            "Agreements whose signatories were not counted by sex are in neither number (WPS-2)."
        ),
        agreements_signed_by_a_woman,
    ),
    _ratio(
        "communities.agreements.kept_a_year", _("Local agreements kept twelve months after signature"),
        _(
            "Of the agreements whose twelve months ended in the period, those of which every commitment due by that day was "
            "recorded as kept by that day. Agreements without a commitment due by then, and withdrawn commitments, are in "
            "neither number (AGR-2)."
        ),
        agreements_kept_a_year,
    ),
    _things(
        "communities.agreements.breaches", _("Breaches of local agreements"),
        _(
            "Commitments of agreements that were breached in the period according to two sources. Where agreements stand and "
            "none was breached it is zero (AGR-3)."
        ),
        breaches,
    ),
    _things(
        "communities.disputes.brought_to_youth", _("Disputes brought to youth committees"),
        _("Disputes of this project and partner that a youth committee took into its book in the period, by the day they were opened (CON-4)."),
        disputes_brought_to_youth,
    ),
    _things(
        "communities.disputes.settled_by_youth", _("Disputes settled by youth committees"),
        _("Disputes in the book of a youth committee that were settled by agreement in the period, whenever they were brought. One that is settled twice in a period counts once (CON-5)."),
        disputes_settled_by_youth,
    ),
    Tally(
        "communities.committees.meeting", _("Committees that meet every month"),
        _("Peace, youth and safety committees that still meet and met in each month of the period, with minutes: a file stands at the record of the session. In a running period the month of the count is one of them (COM-1)."),
        OverTime.SNAPSHOT, Counting.THINGS, committees_that_meet, level="community",
    ),
    _ratio(
        "communities.local_projects.on_time", _("Local projects completed on time"),
        _("Of the approved local projects of this project and partner whose last day by plan fell in the period, those recorded as completed by that day. Projects without a last day are in neither number (CAP-1)."),
        actions_on_time,
    ),
    Tally(
        "communities.councils.women", _("Women in county councils"),
        _("Seats held by women in the last election or appointment by the end of the period, over local councils at the place of a county (admin 2) that still meet. Councils whose women were not counted add nothing (GOV-2)."),
        OverTime.SNAPSHOT, Counting.PEOPLE_PER_PERIOD, women_in_councils,
    ),
    _seats(
        "communities.committees.women", _("Women in peace committees"),
        _(
            "Seats held by women of all seats, in the last election or appointment by the end of the period, over peace "
            "committees that still meet. Committees whose women were not counted are in neither number (WPS-1)."
        ),
        partial(seats_of, kinds=(Forum.Kind.COMMITTEE,)),
    ),
    _seats(
        "communities.seats.young", _("Young people on local bodies"),
        _(
            "Seats held by people of 18 to 29 of all seats, in the last election or appointment by the end of the period, over "
            "forums that still meet. Forums whose young people were not counted are in neither number (YPS-1)."
        ),
        partial(seats_of, group=Group.YOUTH),
    ),
)  # fmt: skip
