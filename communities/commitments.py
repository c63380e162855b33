"""What was promised: kept, due, or breached with evidence. One source reports a breach; only a second one makes it count."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.roles import Permission
from communities import belonging
from communities.models import Commitment, CommitmentEvidence, Dispute, Forum, LocalAgreement
from plumbing.refusals import Invalid, Problem, Refused

if TYPE_CHECKING:
    from communities.models.records import LocalRecord

SOURCES_THAT_COUNT = 2
State, Says = Commitment.State, CommitmentEvidence.Says


class NotStanding(Refused):
    """The commitment was withdrawn: nothing can be kept or broken any more."""

    def __init__(self) -> None:
        super().__init__(_("This commitment was withdrawn."))


class NothingReported(Refused):
    def __init__(self) -> None:
        super().__init__(_("No breach of this commitment is reported."))


def promise(
    *, text: str, who: str, by: User, forum: Forum | None = None, agreement: LocalAgreement | None = None, dispute: Dispute | None = None,
    due_on: date | None = None, since: date | None = None, topic: str = "",
) -> Commitment:  # fmt: skip
    """Record who promised what by when. It belongs to the project, partner and place of the forum, agreement or dispute it is made in."""
    made_in: LocalRecord | None = forum or agreement or dispute
    if made_in is None:
        raise Invalid([Problem("forum", _("A commitment is made in a forum, an agreement or the settlement of a dispute."), "required")])
    belonging.require_on(made_in, by, Permission.RECORD_FORUMS)
    if any(other is not None and other.project_id != made_in.project_id for other in (forum, agreement, dispute)):
        raise Invalid([Problem("agreement", _("Forum, agreement and dispute belong to one project."), "another_project")])
    row = Commitment(
        text=text.strip(), who=who.strip(), forum=forum or (agreement.forum if agreement else None), agreement=agreement, dispute=dispute,
        due_on=due_on, since=since, topic=topic, project=made_in.project, partner=made_in.partner, place=made_in.place,
        community=made_in.community, recorded_by=by,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("commitment.promised", [row, row.project, row.partner], by=by, due=str(due_on or ""))
    return row


def keep(commitment: Commitment, *, on: date, source: str, by: User, outcome: str = "", text: str = "") -> Commitment:
    """It was kept, or is still being kept on that day; ``outcome`` says more, such as "47 of 52 days". Earlier reports stay."""
    with transaction.atomic():
        row = _open(commitment, by, on)
        _hear(row, Says.KEPT, on, source, text, by)
        row.evidence.filter(says=Says.BREACH).update(is_set_aside=True)
        row.state, row.settled_on, row.outcome, row.breach_sources = State.KEPT, on, outcome.strip(), 0
        return _save(row, commitment, "commitment.kept", by)


def report_breach(commitment: Commitment, *, on: date, source: str, by: User, text: str = "") -> Commitment:
    """A source says that it was broken. With the first it is reported, with a second, different one it is breached.

    Raises ValidationError where the same source reports again.
    """
    with transaction.atomic():
        row = _open(commitment, by, on)
        _hear(row, Says.BREACH, on, source, text, by)
        heard = row.evidence.filter(says=Says.BREACH, is_set_aside=False).order_by("happened_on")
        row.breach_sources = heard.count()
        first = heard.first()
        assert first is not None
        row.settled_on, row.outcome = first.happened_on, ""
        row.state = State.BREACHED if row.breach_sources >= SOURCES_THAT_COUNT else State.BREACH_REPORTED
        return _save(row, commitment, "commitment.breach_reported", by, sources=row.breach_sources)


def set_breach_aside(commitment: Commitment, *, on: date, source: str, text: str, by: User) -> Commitment:
    """Somebody looked: there was no breach. The reports are kept and no longer count; the commitment is open again."""
    with transaction.atomic():
        row = _open(commitment, by, on)
        if row.state not in (State.BREACH_REPORTED, State.BREACHED):
            raise NothingReported()
        if not text.strip():
            raise Invalid([Problem("text", _("Say in a few words why it was no breach."), "required")])
        _hear(row, Says.NO_BREACH, on, source, text, by)
        row.evidence.filter(says=Says.BREACH).update(is_set_aside=True)
        row.state, row.settled_on, row.outcome, row.breach_sources = State.OPEN, None, "", 0
        return _save(row, commitment, "commitment.breach_set_aside", by)


def withdraw(commitment: Commitment, *, on: date, source: str, text: str, by: User) -> Commitment:
    """Those who made it let it go. It counts in no share any more."""
    with transaction.atomic():
        row = _open(commitment, by, on)
        if not text.strip():
            raise Invalid([Problem("text", _("Say in a few words why it was withdrawn."), "required")])
        _hear(row, Says.WITHDRAWN, on, source, text, by)
        row.state, row.settled_on, row.outcome = State.WITHDRAWN, on, ""
        return _save(row, commitment, "commitment.withdrawn", by)


def _open(commitment: Commitment, by: User, on: date) -> Commitment:
    """The row under a lock, so that two sources heard at the same moment are two."""
    belonging.require_on(commitment, by, Permission.RECORD_FORUMS)
    belonging.has_come(commitment.project, happened_on=on)
    row = Commitment.objects.select_for_update().get(pk=commitment.pk)
    if row.state == State.WITHDRAWN:
        raise NotStanding()
    return row


def _hear(row: Commitment, says: str, on: date, source: str, text: str, by: User) -> None:
    words = " ".join(source.split())
    if says == Says.BREACH and row.evidence.filter(says=says, is_set_aside=False, source__iexact=words).exists():
        raise ValidationError({"source": _("This source already reported the breach. A second source makes it count.")}, code="same_source")
    said = CommitmentEvidence(commitment=row, says=says, happened_on=on, source=words, text=text.strip(), recorded_by=by)
    said.full_clean()
    said.save()


def _save(row: Commitment, commitment: Commitment, event: str, by: User, **detail: Any) -> Commitment:
    row.full_clean()
    row.save()
    audit.record(event, [row, row.project, row.partner], by=by, state=row.state, **detail)
    commitment.refresh_from_db()
    return commitment
