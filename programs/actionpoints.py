"""The one list for everything owed: raise, hand on, finish, verify."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import audit, outbox, practice
from accounts.models import Organization, User
from accounts.roles import Permission
from plumbing import formats
from plumbing.refusals import Invalid, Problem, Refused
from programs import access
from programs.models import ActionPoint, Project


class AlreadyDone(Refused):
    def __init__(self) -> None:
        super().__init__(_("This action point is already done. Open it again first."))


class NotDone(Refused):
    def __init__(self) -> None:
        super().__init__(_("This action point is not done yet."))


class OwnWork(Refused):
    def __init__(self) -> None:
        super().__init__(_("Somebody other than the person who finished it verifies an action point."))


class OwnerCannotSee(Invalid):
    """An action point nobody reads at the other end would never be done."""

    def __init__(self, owner: User) -> None:
        text = _("%(owner)s has left or has no role here and would not see it.") % {"owner": owner}
        super().__init__([Problem("owner", text, "owner_cannot_see")])


def raise_point(
    *, text: str, owner: User, due_on: date, by: User, project: Project | None = None, partner: Organization | None = None,
    origin: str = "", origin_path: str = "",
) -> ActionPoint:  # fmt: skip
    """Owe something to somebody until a date. ``origin`` says in words where it comes from, ``origin_path`` leads there."""
    _may_edit(by, project, partner)
    _can_own(owner)
    point = ActionPoint(
        text=text, owner=owner, due_on=due_on, project=project, partner=partner, origin=origin, origin_path=origin_path, raised_by=by
    )
    point.full_clean()
    with transaction.atomic():
        point.save()
        _tell(point, by=by)
        audit.record("action_point.raised", _subjects(point), by=by, due=str(due_on))
    return point


def finish(point: ActionPoint, *, note: str, by: User) -> ActionPoint:
    """The owner, or who may edit action points there, says what was done."""
    with transaction.atomic():
        _lock(point)
        _own_or_edit(point, by)
        if point.done_at is not None:
            raise AlreadyDone()
        point.done_at, point.done_by, point.done_note = timezone.now(), by, note.strip()
        point.full_clean()
        point.save(update_fields=["done_at", "done_by", "done_note", "updated_at"])
        audit.record("action_point.done", _subjects(point), by=by)
    return point


def verify(point: ActionPoint, *, by: User) -> ActionPoint:
    """Somebody looked and it is done. A second person, unless the portal's setting lets a small mission do without."""
    with transaction.atomic():
        _lock(point)
        _may_edit(by, point.project, point.partner)
        if point.done_at is None:
            raise NotDone()
        if point.done_by_id == by.pk and practice.whole("action-point-second-person"):
            raise OwnWork()
        point.verified_at, point.verified_by = timezone.now(), by
        point.save(update_fields=["verified_at", "verified_by", "updated_at"])
        audit.record("action_point.verified", _subjects(point), by=by)
    return point


def reopen(point: ActionPoint, *, reason: str, by: User) -> ActionPoint:
    """What was called done is not: the owner owes it again, and the note keeps both."""
    with transaction.atomic():
        _lock(point)
        _may_edit(by, point.project, point.partner)
        if point.done_at is None:
            raise NotDone()
        point.done_note = f"{point.done_note}\n— {reason.strip()}"
        point.done_at = point.done_by = point.verified_at = point.verified_by = None
        point.save(update_fields=["done_at", "done_by", "done_note", "verified_at", "verified_by", "updated_at"])
        _tell(point, by=by, step=f"reopened-{timezone.now():%Y%m%d%H%M%S}")
        audit.record("action_point.reopened", _subjects(point), by=by)
    return point


def reassign(point: ActionPoint, *, owner: User, by: User, due_on: date | None = None) -> ActionPoint:
    """Hand an open action point to somebody else, with a new date if need be."""
    with transaction.atomic():
        _lock(point)
        _own_or_edit(point, by)
        if point.done_at is not None:
            raise AlreadyDone()
        _can_own(owner)
        before = point.owner_id
        point.owner, point.due_on = owner, due_on or point.due_on
        point.full_clean()
        point.save(update_fields=["owner", "due_on", "updated_at"])
        if before != owner.pk:
            _tell(point, by=by, step=f"handed-{timezone.now():%Y%m%d%H%M%S}")
        audit.record("action_point.reassigned", [*_subjects(point), owner], by=by, due=str(point.due_on))
    return point


def _lock(point: ActionPoint) -> None:
    """Hold the row as it is now: since the page was opened, somebody may have done it, reopened it or handed it on."""
    point.refresh_from_db(from_queryset=ActionPoint.objects.select_for_update())


def _may_edit(by: User, project: Project | None, partner: Organization | None) -> None:
    """Without a project the point belongs to no scope: whoever may edit action points anywhere may raise it."""
    if project is None and Permission.EDIT_ACTION_POINTS in access.words(by):
        return
    access.require(by, Permission.EDIT_ACTION_POINTS, project=project, partner=partner)


def _own_or_edit(point: ActionPoint, by: User) -> None:
    if by.pk != point.owner_id:
        _may_edit(by, point.project, point.partner)


def _can_own(owner: User) -> None:
    if not owner.is_active or owner.is_service or not access.held(owner):
        raise OwnerCannotSee(owner)


def _tell(point: ActionPoint, *, by: User, step: str = "raised") -> None:
    """A line in the owner's next digest; nobody is told what they did themselves."""
    if point.owner_id == by.pk:
        return
    with translation.override(point.owner.language):
        line = _("You owe by %(day)s: %(what)s") % {"day": formats.day(point.due_on), "what": point.text}
    outbox.post(point.owner, outbox.Line(f"action_point:{point.pk}", step, line, path=f"/action-points/{point.pk}/"))


def _subjects(point: ActionPoint) -> list[ActionPoint | Project]:
    return [point] if point.project is None else [point, point.project]


MORNING = 7  # o'clock where the reader is


def remind(*, now: datetime | None = None) -> int:
    """One line a week for whoever owns overdue action points: how many and how late, never what; returns how many lines are new."""
    moment = now or timezone.now()
    # Tomorrow somewhere is the last day that can have passed anywhere; each owner's own day decides below.
    rows = ActionPoint.objects.open().filter(due_on__lte=moment.date(), owner__is_active=True, owner__is_service=False)
    owed: dict[User, list[date]] = defaultdict(list)
    for point in rows.select_related("owner").order_by("due_on", "pk"):
        owed[point.owner].append(point.due_on)
    written = 0
    for owner, days in owed.items():
        there = moment.astimezone(ZoneInfo(owner.time_zone or "UTC"))
        late = [(there.date() - day).days for day in days if day < there.date()]
        if late and there.hour >= MORNING:
            written += outbox.post(owner, _overdue(owner, late, there.date()))
    return written


def _overdue(owner: User, late: list[int], today: date) -> outbox.Line:
    year, week, _day = today.isocalendar()
    with translation.override(owner.language):
        text = ngettext(
            "You have %(number)s overdue action point, by %(days)s days.", "You have %(number)s overdue action points, the oldest by %(days)s days.",
            len(late),
        ) % {"number": len(late), "days": max(late)}  # fmt: skip
    return outbox.Line("action_points:overdue", f"{year}-W{week:02d}", text, path="/action-points/?state=overdue&whose=mine")
