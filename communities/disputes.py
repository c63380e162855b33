"""Disputes from opening to a settlement that holds: each change of state is dated and kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import Organization, User
from accounts.roles import Permission
from communities import belonging
from communities.models import Dispute, DisputeFollowUp, DisputeMediator, DisputeParty, DisputeStep, Forum, LocalAgreement
from locations.models import Place
from plumbing import formats
from plumbing.dates import months_after
from plumbing.refusals import Invalid, Problem, Refused
from programs.models import Project

if TYPE_CHECKING:
    from communities.models import Community

State = Dispute.State
# Where a dispute may go from where it stands.
MOVES = {
    State.OPENED: {State.MEDIATED, State.AGREED, State.REFERRED},
    State.MEDIATED: {State.AGREED, State.REFERRED},
    State.AGREED: {State.RELAPSED, State.REFERRED},
    State.RELAPSED: {State.MEDIATED, State.AGREED, State.REFERRED},
    State.REFERRED: {State.MEDIATED, State.AGREED},
}


class WrongState(Refused):
    def __init__(self, dispute: Dispute, to: State) -> None:
        words = {"state": dispute.get_state_display(), "to": to.label}
        super().__init__(_("This dispute is “%(state)s”: it cannot become “%(to)s”.") % words)


class AlreadyAsked(Refused):
    def __init__(self) -> None:
        super().__init__(_("This follow-up is already recorded, or the settlement it asks about is no longer the last word."))


@dataclass(frozen=True)
class Party:
    """One side as a role, with the people it speaks for; None is "not counted"."""

    role: str
    women: int | None = None
    men: int | None = None
    young: int | None = None


@dataclass(frozen=True)
class Mediator:
    kind: str
    women: int | None = None
    men: int | None = None


def open_dispute(
    *, title: str, kind: str, opened_on: date, project: Project, partner: Organization, place: Place, by: User, parties: Iterable[Party],
    community: Community | None = None, forum: Forum | None = None, note: str = "",
) -> Dispute:  # fmt: skip
    """Raises NotAllowed, Invalid (fewer than two parties), ValidationError."""
    belonging.require(by, Permission.RECORD_COMMUNITIES, project=project, partner=partner, place=place)
    belonging.has_come(project, opened_on=opened_on)
    sides = [one for one in parties if one.role.strip()]
    if len(sides) < 2:
        raise Invalid([Problem("parties", _("A dispute has at least two parties."), "two_parties")])
    if forum is not None and forum.project_id != project.pk:
        raise Invalid([Problem("forum", _("This forum belongs to another project."), "another_project")])
    row = Dispute(
        title=title.strip(), kind=kind, opened_on=opened_on, state_on=opened_on, project=project, partner=partner, place=place,
        community=community, forum=forum, note=note, recorded_by=by,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        for side in sides:
            party = DisputeParty(dispute=row, role=side.role.strip(), women=side.women, men=side.men, young=side.young)
            party.full_clean()
            party.save()
        _step(row, State.OPENED, opened_on, note, by)
        audit.record("dispute.opened", [row, project, partner], by=by, kind=kind)
    return row


def mediate(dispute: Dispute, *, on: date, mediators: Iterable[Mediator], by: User, note: str = "") -> Dispute:
    """Mediation begins, or begins again; who mediates is said by category."""
    given = list(mediators)
    if not given:
        raise Invalid([Problem("mediators", _("Say who mediates."), "required")])
    with transaction.atomic():
        row = _may_move(dispute, State.MEDIATED, on, by)
        for one in given:
            DisputeMediator.objects.update_or_create(dispute=row, kind=one.kind, defaults={"women": one.women, "men": one.men})
        return _move(row, dispute, State.MEDIATED, on, note, by)


def settle(dispute: Dispute, *, on: date, terms: str, by: User, agreement: LocalAgreement | None = None) -> Dispute:
    """The parties agreed. Follow-ups are laid out in the months that the practice setting names."""
    with transaction.atomic():
        row = _may_move(dispute, State.AGREED, on, by)
        if agreement is not None and agreement.project_id != row.project_id:
            raise Invalid([Problem("agreement", _("This agreement belongs to another project."), "another_project")])
        row.agreed_on, row.terms, row.agreement = on, terms.strip(), agreement or row.agreement
        moved = _move(row, dispute, State.AGREED, on, terms, by)
        asked_after = [
            DisputeFollowUp(dispute=row, agreed_on=on, months=months, due_on=months_after(on, months))
            for months in sorted(set(practice.numbers("dispute-follow-up-months")))
        ]
        DisputeFollowUp.objects.bulk_create(asked_after, ignore_conflicts=True)  # settled twice on one day: the questions are there
        return moved


def follow_up(follow: DisputeFollowUp, *, on: date, holds: bool, by: User, note: str = "") -> DisputeFollowUp:
    """Somebody asked whether the settlement holds. Where it does not, the dispute has relapsed that day."""
    dispute = follow.dispute
    belonging.require_on(dispute, by, Permission.RECORD_COMMUNITIES)
    belonging.has_come(dispute.project, on=on)
    with transaction.atomic():
        held = Dispute.objects.select_for_update().get(pk=dispute.pk)
        row = DisputeFollowUp.objects.select_for_update().get(pk=follow.pk)
        if row.checked_on is not None or held.state != State.AGREED or held.agreed_on != row.agreed_on:
            raise AlreadyAsked()
        if on < row.agreed_on:
            raise Invalid([Problem("on", _("This day lies before the settlement."), "before_settlement")])
        if holds and on < row.due_on - belonging.EARLY:
            words = _("It is too early to say that it holds: ask from %(day)s on. If the dispute is back, say so at once.")
            raise Invalid([Problem("on", words % {"day": formats.day(row.due_on - belonging.EARLY)}, "too_early")])
        row.checked_on, row.holds, row.note = on, holds, note.strip()
        row.full_clean()
        row.save()
        if not holds:
            _take(held, State.RELAPSED, on, note, by)
        else:
            held.save(update_fields=["updated_at"])
        audit.record("dispute.followed_up", [held, held.project, held.partner], by=by, months=row.months, holds=holds)
    follow.refresh_from_db()
    return follow


def relapse(dispute: Dispute, *, on: date, note: str, by: User) -> Dispute:
    """The settlement broke between two follow-ups."""
    with transaction.atomic():
        return _move(_may_move(dispute, State.RELAPSED, on, by), dispute, State.RELAPSED, on, note, by)


def refer(dispute: Dispute, *, on: date, to: str, by: User) -> Dispute:
    """It goes to a court or another body of justice; ``to`` says which, as a role."""
    with transaction.atomic():
        row = _may_move(dispute, State.REFERRED, on, by)
        if not to.strip():
            raise Invalid([Problem("to", _("Say where it was referred to."), "required")])
        return _move(row, dispute, State.REFERRED, on, to, by)


def _may_move(dispute: Dispute, to: State, on: date, by: User) -> Dispute:
    belonging.require_on(dispute, by, Permission.RECORD_COMMUNITIES)
    belonging.has_come(dispute.project, on=on)
    row = Dispute.objects.select_for_update().get(pk=dispute.pk)
    if to not in MOVES[State(row.state)]:
        raise WrongState(row, to)
    if on < row.state_on:
        raise Invalid([Problem("on", _("This day lies before what is recorded last."), "before_last")])
    return row


def _move(row: Dispute, dispute: Dispute, to: State, on: date, note: str, by: User) -> Dispute:
    _take(row, to, on, note, by)
    audit.record(f"dispute.{to}", [row, row.project, row.partner], by=by)
    dispute.refresh_from_db()
    return dispute


def _take(row: Dispute, to: State, on: date, note: str, by: User) -> None:
    row.state, row.state_on = to, on
    row.full_clean()
    row.save()
    _step(row, to, on, note, by)


def _step(row: Dispute, state: State, on: date, note: str, by: User) -> None:
    DisputeStep.objects.create(dispute=row, state=state, on=on, note=note.strip(), recorded_by=by)
