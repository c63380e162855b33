"""Forums: who sits in them, when they met, what they decided and agreed, which concerns were raised and how they ended."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from communities import belonging
from communities.models import Concern, Decision, Forum, ForumSession, LocalAgreement, SeatLine, Sitting
from locations.models import Place
from plumbing.refusals import Invalid, Problem, Refused
from programs import activities, disaggregations
from programs.models import ActivityAttendance, ActivityRecord, Disaggregation, Project

if TYPE_CHECKING:
    from communities.models import Community

COMMITTEES = (Forum.Kind.COMMITTEE, Forum.Kind.YOUTH, Forum.Kind.SAFETY)
KINDS = dict.fromkeys(COMMITTEES, ActivityRecord.Kind.COMMITTEE)  # every other forum's meeting is a dialogue session


class ForumEnded(Refused):
    def __init__(self) -> None:
        super().__init__(_("This forum has ended. What happened afterwards belongs to another one."))


class SessionOfAnother(Refused):
    field = "activity"

    def __init__(self) -> None:
        super().__init__(_("This activity already is the session of a forum."))


class AlreadyActedOn(Refused):
    def __init__(self) -> None:
        super().__init__(_("It is already recorded that this decision was acted on."))


class AlreadyResolved(Refused):
    def __init__(self) -> None:
        super().__init__(_("This concern is already resolved. A new worry is a new concern."))


@dataclass(frozen=True)
class Seats:
    """What one group holds and what was agreed for it, in percent; ``words`` is the group in its own words."""

    group: str
    held: int | None
    agreed: int | None = None
    words: str = ""


def start_forum(
    *, name: str, kind: str, project: Project, partner: Organization, place: Place, started_on: date, by: User,
    community: Community | None = None, institution: Organization | None = None, purpose: str = "",
) -> Forum:  # fmt: skip
    """Raises NotAllowed, Invalid, ValidationError."""
    belonging.require(by, Permission.RECORD_FORUMS, project=project, partner=partner, place=place)
    row = Forum(
        name=name.strip(), kind=kind, project=project, partner=partner, place=place, community=community, institution=institution,
        purpose=purpose, started_on=started_on, recorded_by=by,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("forum.started", [row, project, partner], by=by, kind=kind)
    return row


def change_forum(
    forum: Forum, *, name: str, kind: str, started_on: date, by: User, community: Community | None = None,
    institution: Organization | None = None, purpose: str = "", ended_on: date | None = None, next_session_on: date | None = None,
    next_session_note: str = "",
) -> Forum:  # fmt: skip
    """The whole content is given anew; where and for whom it meets stays."""
    belonging.require_on(forum, by, Permission.RECORD_FORUMS)
    belonging.has_come(forum.project, ended_on=ended_on)
    forum.name, forum.kind, forum.started_on, forum.ended_on = name.strip(), kind, started_on, ended_on
    forum.community, forum.institution, forum.purpose = community, institution, purpose
    forum.next_session_on, forum.next_session_note = next_session_on, next_session_note
    forum.full_clean()
    with transaction.atomic():
        forum.save()
        audit.record("forum.changed", [forum, forum.project], by=by)
    return forum


def seat(forum: Forum, *, since: date, seats: int, lines: Iterable[Seats], by: User, note: str = "") -> Sitting:
    """Who sits since an election or appointment; earlier sittings stay. Raises Invalid where a group holds more than there are seats."""
    belonging.require_on(forum, by, Permission.RECORD_FORUMS)
    belonging.has_come(forum.project, since=since)
    given = list(lines)
    if not given:
        raise Invalid([Problem("group_1", _("Say for at least one group how many seats it holds."), "required")])
    if any(one.held is not None and one.held > seats for one in given):
        raise Invalid([Problem("seats", _("A group holds more seats than there are: correct one of the numbers."), "above_total")])
    women, men = (next((one.held for one in given if one.group == sex), None) for sex in ("women", "men"))
    if women is not None and men is not None and women + men > seats:
        raise Invalid([Problem("seats", _("Women and men together hold more seats than there are."), "above_total")])
    sitting = Sitting(forum=forum, since=since, seats=seats, note=note, recorded_by=by)
    sitting.full_clean()
    with transaction.atomic():
        sitting.save()
        for one in given:
            line = SeatLine(sitting=sitting, group=one.group, held=one.held, agreed=one.agreed, words=one.words.strip())
            line.full_clean()
            line.save()
        _touch(forum)
        audit.record("forum.seats", [forum, forum.project], by=by, seats=seats)
    return sitting


def meet(
    forum: Forum, *, happened_on: date, by: User, people_present: int | None = None, women: int | None = None, men: int | None = None,
    children_present: int | None = None, topic: str = "", sheet_number: str = "", note: str = "", external_id: uuid.UUID | None = None,
) -> ForumSession:  # fmt: skip
    """Record a session as an activity of the forum's partner. Raises what ``activities.record`` raises."""
    belonging.require_on(forum, by, Permission.RECORD_FORUMS)
    _still_meets(forum, happened_on)
    cells = {"sex=female": women, "sex=male": men}
    try:
        ids = disaggregations.ensure([key for key, number in cells.items() if number is not None])
    except KeyError as unknown:
        raise Invalid([Problem("women", _("This portal has no breakdown by sex yet: load the library first."), "unknown")]) from unknown
    rows = Disaggregation.objects.in_bulk(ids.values())
    with transaction.atomic():
        recorded = activities.record(
            project=forum.project, partner=forum.partner, kind=KINDS.get(Forum.Kind(forum.kind), ActivityRecord.Kind.DIALOGUE),
            happened_on=happened_on, place=forum.place, by=by, people_present=people_present, children_present=children_present,
            cells={rows[ids[key]]: number for key, number in cells.items() if number is not None}, sheet_number=sheet_number, note=note,
            external_id=external_id,
        )  # fmt: skip
        return link(forum, activity=recorded.activity, by=by, topic=topic)


def link(forum: Forum, *, activity: ActivityRecord, by: User, topic: str = "") -> ForumSession:
    """Say that an activity that is already recorded was a session of this forum."""
    belonging.require_on(forum, by, Permission.RECORD_FORUMS)
    _still_meets(forum, activity.happened_on)
    if activity.project_id != forum.project_id:
        raise Invalid([Problem("activity", _("This activity belongs to another project."), "another_project")])
    before = ForumSession.objects.filter(activity=activity).first()
    if before is not None and before.forum_id == forum.pk:
        return before
    row = ForumSession(forum=forum, activity=activity, topic=topic.strip())
    try:
        with transaction.atomic():
            row.save()
            if forum.next_session_on is not None and forum.next_session_on <= activity.happened_on:
                forum.next_session_on, forum.next_session_note = None, ""
            _touch(forum)
            audit.record("forum.met", [forum, activity, forum.project], by=by)
    except IntegrityError as taken:
        raise SessionOfAnother() from taken
    return row


def decide(forum: Forum, *, text: str, decided_on: date, by: User, session: ForumSession | None = None) -> Decision:
    belonging.require_on(forum, by, Permission.RECORD_FORUMS)
    belonging.has_come(forum.project, decided_on=decided_on)
    _own_session(forum, session)
    row = Decision(forum=forum, session=session, text=text.strip(), decided_on=decided_on, recorded_by=by)
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("forum.decided", [row, forum, forum.project], by=by)
    return row


def act_on(decision: Decision, *, acted_on: date, evidence: str, by: User) -> Decision:
    """A decision was acted on, and one can see it."""
    forum = decision.forum
    belonging.require_on(forum, by, Permission.RECORD_FORUMS)
    belonging.has_come(forum.project, acted_on=acted_on)
    with transaction.atomic():
        row = Decision.objects.select_for_update().get(pk=decision.pk)
        if row.acted_on is not None:
            raise AlreadyActedOn()
        row.acted_on, row.evidence = acted_on, evidence.strip()
        row.full_clean()
        row.save()
        audit.record("forum.decision_acted_on", [row, forum, forum.project], by=by)
    decision.refresh_from_db()
    return decision


def agree(
    *, title: str, signed_on: date, parties: str, mediator: str, dispute_kind: str, stage: str, project: Project, partner: Organization,
    place: Place, by: User, forum: Forum | None = None, community: Community | None = None, also_in: Iterable[Place] = (), **more: object,
) -> LocalAgreement:  # fmt: skip
    """Record a local agreement. ``more``: status, is_written, signatories_female, signatories_male, witnesses, read_aloud_in,
    monitoring, verified_by, document."""
    belonging.require(by, Permission.RECORD_FORUMS, project=project, partner=partner, place=place)
    belonging.has_come(project, signed_on=signed_on)
    if forum is not None and forum.project_id != project.pk:
        raise Invalid([Problem("forum", _("This forum belongs to another project."), "another_project")])
    row = LocalAgreement(
        title=title.strip(), signed_on=signed_on, parties=parties.strip(), mediator=mediator, dispute_kind=dispute_kind, stage=stage,
        project=project, partner=partner, place=place, forum=forum, community=community or (forum.community if forum else None),
        recorded_by=by, **more,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        row.also_in.set(also_in)
        audit.record("agreement.recorded", [row, project, partner], by=by, stage=stage)
    return row


def raise_concern(
    forum: Forum, *, group: str, about: str, text: str, raised_on: date, by: User, session: ForumSession | None = None
) -> Concern:
    belonging.require_on(forum, by, Permission.RECORD_FORUMS)
    belonging.has_come(forum.project, raised_on=raised_on)
    _own_session(forum, session)
    row = Concern(forum=forum, session=session, group=group, about=about, text=text.strip(), raised_on=raised_on, recorded_by=by)
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("concern.raised", [row, forum, forum.project], by=by, about=about)
    return row


def assign(concern: Concern, *, to: str, on: date, by: User) -> Concern:
    """Somebody (a role) takes the concern on; it can be handed to another until it is resolved."""
    return _carry_on(concern, by, "assigned", assigned_to=to.strip(), assigned_on=on)


def resolve(concern: Concern, *, how: str, on: date, by: User) -> Concern:
    return _carry_on(concern, by, "resolved", resolution=how.strip(), resolved_on=on)


def _carry_on(concern: Concern, by: User, event: str, **changes: str | date) -> Concern:
    forum = concern.forum
    belonging.require_on(forum, by, Permission.RECORD_FORUMS)
    belonging.has_come(forum.project, **{name: day for name, day in changes.items() if isinstance(day, date)})
    empty = [name for name, text in changes.items() if text == ""]
    if empty:
        raise Invalid([Problem(name, _("Say it in a few words."), "required") for name in empty])
    with transaction.atomic():
        row = Concern.objects.select_for_update().get(pk=concern.pk)
        if row.resolved_on is not None:
            raise AlreadyResolved()
        for name, value in changes.items():
            setattr(row, name, value)
        row.full_clean()
        row.save()
        audit.record(f"concern.{event}", [row, forum, forum.project], by=by)
    concern.refresh_from_db()
    return concern


# What a forum's page shows


@dataclass(frozen=True)
class Quota:
    """Seats of a group beside what was agreed. ``short`` is none where nothing was agreed or the seats are not known."""

    label: str
    held: int | None
    seats: int
    agreed: int | None
    short: int | None

    @property
    def percent(self) -> int | None:
        return None if self.held is None else round(Fraction(100 * self.held, self.seats))


def quotas(sitting: Sitting, lines: Iterable[SeatLine]) -> list[Quota]:
    """Each line against its agreed share. 14 % of 14 seats is 1.96: a share is met by whole seats, so 2 are needed."""
    found = []
    for line in lines:
        short = None
        if line.agreed is not None and line.held is not None:
            short = max(ceil(Fraction(line.agreed * sitting.seats, 100)) - line.held, 0)
        found.append(Quota(str(line), line.held, sitting.seats, line.agreed, short))
    return found


@dataclass(frozen=True)
class Session:
    """A session with its people: ``women`` is none where the sheet was not broken down by sex."""

    number: int
    session: ForumSession
    happened_on: date
    people: int | None
    women: int | None

    @property
    def share(self) -> int | None:
        return round(Fraction(100 * self.women, self.people)) if self.people and self.women is not None else None


@dataclass(frozen=True)
class Attendance:
    """All sessions of a forum. ``women`` of ``counted`` people at the sessions whose sheet was broken down by sex.

    Who comes twice counts twice: these are attendances, not people.
    """

    sessions: tuple[Session, ...]

    @property
    def people(self) -> int:
        return sum(one.people for one in self.sessions if one.people is not None)

    @property
    def counted(self) -> int:
        return sum(one.people for one in self.sessions if one.people is not None and one.women is not None)

    @property
    def women(self) -> int:
        return sum(one.women for one in self.sessions if one.people is not None and one.women is not None)

    @property
    def share(self) -> int | None:
        return round(Fraction(100 * self.women, self.counted)) if self.counted else None


def attendance(forum: Forum) -> Attendance:
    """The forum's sessions in order with people and women present, in two queries."""
    rows = list(ForumSession.objects.filter(forum=forum).select_related("activity").order_by("activity__happened_on", "id"))
    women = women_at(row.activity_id for row in rows)
    return Attendance(
        tuple(
            Session(number, row, row.activity.happened_on, row.activity.people_present, women.get(row.activity_id))
            for number, row in enumerate(rows, 1)
        )
    )


def women_at(activity_ids: Iterable[int]) -> Mapping[int, int]:
    """Women present by activity, over whatever breakdown holds sex; activities whose cells do not say are left out. One query."""
    female = Q(disaggregation__key="sex=female") | Q(disaggregation__key__endswith="|sex=female")
    female |= Q(disaggregation__key__startswith="sex=female|") | Q(disaggregation__key__contains="|sex=female|")
    cells = ActivityAttendance.objects.filter(activity__in=list(activity_ids))
    said = cells.filter(Q(disaggregation__key__startswith="sex=") | Q(disaggregation__key__contains="|sex=")).order_by()
    return {
        key: number or 0
        for key, number in said.values("activity").annotate(women=Sum("number", filter=female)).values_list("activity", "women")
    }


def _still_meets(forum: Forum, day: date) -> None:
    if forum.ended_on is not None and day > forum.ended_on:
        raise ForumEnded()
    if day < forum.started_on:
        raise Invalid([Problem("happened_on", _("The forum meets only since a later day."), "before_start")])


def _own_session(forum: Forum, session: ForumSession | None) -> None:
    if session is not None and session.forum_id != forum.pk:
        raise Invalid([Problem("session", _("This session belongs to another forum."), "another_forum")])


def _touch(forum: Forum) -> None:
    """What hangs on a forum changes what the API shows of it."""
    forum.save(update_fields=["next_session_on", "next_session_note", "updated_at"])
