"""Sharing a little of a case with another organization: with consent, under an agreement, for as long as the referral is open.

    sent -> accepted, declined (with reason), expired, withdrawn
    accepted -> completed, expired, withdrawn

The receiver sees code, service, urgency and the way to the referring office. Every final state ends that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import audit, outbox, practice
from accounts.models import Organization, User
from accounts.outbox import Line
from accounts.roles import Permission, Role
from plumbing.refusals import Invalid, Problem, Refused
from programs import access
from programs.models import Membership
from reintegration import casework, opening
from reintegration.models import Case, Consent, Goal, OverrideRequest, Referral, SharingAgreement

OPEN = (Referral.State.SENT, Referral.State.ACCEPTED)
State = Referral.State


class ConsentMissing(Refused):
    """Both are asked for: consent to services, and to sharing with this organization or for this kind of service."""

    field = "to_organization"


class NoAgreement(Refused):
    field = "to_organization"


class NotOpen(Refused):
    """The referral has moved on: the act fits another state."""


def send(
    case: Case, *, to: Organization, service: str, contact_route: str, by: User, urgency: str = Referral.Urgency.NORMAL, reason: str = "",
    goal: Goal | None = None,
) -> Referral:  # fmt: skip
    """Send a referral. Raises ``ConsentMissing``, ``NoAgreement``, ``Invalid``, ``ValidationError``."""
    with transaction.atomic():
        _hold(case)
        _check(case, to, by, contact_route)
        consent = consent_for(case, to=to, service=service)
        if consent is None:
            raise ConsentMissing(_missing(case, to, service))
        row = _new(case, to, service, urgency, contact_route, by)
        row.reason, row.goal, row.consent = reason.strip(), goal, consent
        return _keep(row, by, without_consent=False)


def ask_override(
    case: Case, *, to: Organization, service: str, contact_route: str, reason: str, by: User, urgency: str = Referral.Urgency.AT_ONCE
) -> OverrideRequest:
    """Ask a second person to let a referral go without consent for a vital interest. After a withdrawal nobody may."""
    _check(case, to, by, contact_route)
    _refuse_after_withdrawal(case)
    if not reason.strip():
        raise Invalid([Problem("reason", _("Say which vital interest is at stake."), "required")])
    row = OverrideRequest(
        case=case, to_organization=to, service=service, urgency=urgency, contact_route=contact_route.strip(), reason=reason.strip(),
        asked_by=by,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("referral.override_asked", [row, case], by=by, service=service)
    return row


def decide_override(request: OverrideRequest, *, grant: bool, by: User) -> Referral | None:
    """The second person decides. Granted, the referral is sent at once in the name of who asked."""
    case = request.case
    opening.require_supervision(case, by)
    if by.pk == request.asked_by_id:
        raise Refused(_("A second person decides that a vital interest stands above consent."))
    sent = None
    with transaction.atomic():
        _hold(case)
        if grant:
            casework.require_open(case)
        _refuse_after_withdrawal(case)
        decided = {"decision": "granted" if grant else "refused", "decided_at": timezone.now(), "decided_by": by}
        if not OverrideRequest.objects.filter(pk=request.pk, decision="").update(**decided):
            raise NotOpen(_("This is decided already."))
        if grant:
            _require_agreement(case, request.to_organization)
            sent = _new(case, request.to_organization, request.service, request.urgency, request.contact_route, request.asked_by)
            sent.override_reason, sent.overridden_at, sent.overridden_by = request.reason, timezone.now(), by
            _keep(sent, by, without_consent=True)
            OverrideRequest.objects.filter(pk=request.pk).update(referral=sent)
        else:
            audit.record("referral.override_refused", [request, case], by=by)
    request.refresh_from_db()
    return sent


def accept(referral: Referral, *, by: User) -> Referral:
    _require_receiver(referral, by)
    return _move(referral, [State.SENT], "accepted", by, state=State.ACCEPTED, answered_at=timezone.now(), answered_by=by)


def decline(referral: Referral, *, reason: str, by: User) -> Referral:
    """Only while it is sent, and with a reason from the list. The receiver's access ends."""
    _require_receiver(referral, by)
    if reason not in Referral.Decline.values:
        raise Invalid([Problem("reason", _("Say why it is declined."), "required")])
    now = timezone.now()
    return _move(
        referral, [State.SENT], "declined", by, state=State.DECLINED, decline_reason=reason, answered_at=now, answered_by=by, ended_at=now
    )


def complete(referral: Referral, *, outcome: str, by: User, note: str = "") -> Referral:
    """After it was accepted: by the receiver, or by who works on the case once the answer came another way."""
    if not is_receiver(referral, by):
        opening.require_work(referral.case, by)
        casework.require_admitted(referral.case)
    if outcome not in Referral.Outcome.values:
        raise Invalid([Problem("outcome", _("Say what came of it."), "required")])
    with transaction.atomic():
        _move(referral, [State.ACCEPTED], "completed", by, state=State.COMPLETED, outcome=outcome, ended_at=timezone.now())
        if note.strip():
            referral.outcome_note = note.strip()
            referral.save(update_fields=["outcome_note"])
    return referral


def note_answer(referral: Referral, *, accepted: bool, by: User, reason: str = "") -> Referral:
    """The receiver answered by telephone or on paper: the caseworker notes it."""
    opening.require_work(referral.case, by)
    now = timezone.now()
    if accepted:
        return _move(referral, [State.SENT], "accepted", by, state=State.ACCEPTED, answered_at=now, answered_by=by)
    if reason not in Referral.Decline.values:
        raise Invalid([Problem("reason", _("Say why it is declined."), "required")])
    return _move(
        referral, [State.SENT], "declined", by, state=State.DECLINED, decline_reason=reason, answered_at=now, answered_by=by, ended_at=now
    )


def withdraw(referral: Referral, *, by: User) -> Referral:
    """The caseworker takes it back: the receiver sees it no longer and is asked to delete what it kept."""
    opening.require_work(referral.case, by)
    now = timezone.now()
    _move(referral, list(OPEN), "withdrawn", by, state=State.WITHDRAWN, ended_at=now, deletion_asked_at=now)
    _tell_receiver(referral, "withdrawn", _deletion_words)
    return referral


def end_open(case: Case, which: Q | None = None) -> int:
    """End the open referrals of a case, or ``which`` of them, with the receivers' access: what they stood on is gone."""
    rows = list(case.referrals.open().filter(which or Q()).select_related("to_organization"))
    now = timezone.now()
    ended: int = Referral.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=State.WITHDRAWN, ended_at=now, deletion_asked_at=now, updated_at=now
    )
    ask_to_delete(rows)
    return ended


def ask_to_delete(ended: Iterable[Referral]) -> int:
    """Consent to sharing ended and open referrals with it: each receiver is asked to delete what it kept."""
    return sum(_tell_receiver(referral, "withdrawn", _deletion_words) for referral in ended)


def remind(referral: Referral, *, by: User) -> int:
    """Remind the receiver's people, once a day. The mail holds neither code nor service."""
    opening.require_work(referral.case, by)
    if referral.state != State.SENT:
        raise NotOpen(_("Only a referral without an answer is reminded of."))
    with transaction.atomic():
        told = _tell_receiver(referral, f"by-hand-{timezone.localdate()}", _waiting_words)
        audit.record("referral.reminded", [referral, referral.case], by=by)
    return told


def sweep(*, today: date | None = None) -> int:
    """End what ran out by itself or has no agreement in force any more, and remind once of each answer that is overdue.

    Running it again changes nothing.
    """
    day = today or timezone.localdate()
    changed = _end_without_agreement(Q(), day, None)
    for referral in Referral.objects.open().filter(expires_on__lt=day).select_related("case", "to_organization"):
        _move(referral, list(OPEN), "expired", None, state=State.EXPIRED, ended_at=timezone.now())
        changed += 1
    for referral in Referral.objects.filter(state=State.SENT, answer_due_on__lt=day).select_related("case", "to_organization"):
        changed += _tell_receiver(referral, "overdue", _waiting_words)
    return changed


def record_agreement(
    *, partner: Organization, receiver: Organization, reference: str, starts_on: date, ends_on: date, by: User
) -> SharingAgreement:
    """An agreement on how shared cases are kept; by who sets the portal up."""
    access.require_word(by, Permission.SET_UP)
    row = SharingAgreement(
        partner=partner, receiver=receiver, reference=reference.strip(), starts_on=starts_on, ends_on=ends_on, recorded_by=by
    )
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("sharing_agreement.recorded", [row, partner, receiver], by=by)
    return row


def end_agreement(agreement: SharingAgreement, *, by: User) -> SharingAgreement:
    """End an agreement before its day: nothing new is sent under it, and what is open ends where no other one is in force.

    The receiver's access ends with it and the receiver is asked to delete; the caseworker finds it among what is to be done.
    """
    access.require_word(by, Permission.SET_UP)
    now = timezone.now()
    with transaction.atomic():
        if not SharingAgreement.objects.filter(pk=agreement.pk, ended_at__isnull=True).update(ended_at=now, ended_by=by):
            raise NotOpen(_("This agreement has ended already."))
        between = Q(case__partner=agreement.partner_id, to_organization=agreement.receiver_id)
        ended = _end_without_agreement(between, timezone.localdate(), by)
        about = [agreement, agreement.partner, agreement.receiver]
        audit.record("sharing_agreement.ended", about, by=by, referrals_ended=ended)
    agreement.refresh_from_db()
    return agreement


def _end_without_agreement(which: Q, day: date, by: User | None) -> int:
    agreed = SharingAgreement.objects.in_force(day).filter(partner=OuterRef("case__partner"), receiver=OuterRef("to_organization"))
    rows = Referral.objects.open().filter(which, ~Exists(agreed)).select_related("case", "to_organization")
    now, ended = timezone.now(), list(rows)
    for referral in ended:
        _move(referral, list(OPEN), "withdrawn", by, state=State.WITHDRAWN, ended_at=now, deletion_asked_at=now, lost_agreement=True)
    ask_to_delete(ended)
    return len(ended)


# Reading


def consent_for(case: Case, *, to: Organization, service: str) -> Consent | None:
    """The consent to sharing that covers it, where there is consent to services as well."""
    rows = list(case.consents.in_force().filter(purpose__in=[Consent.Purpose.SERVICES, Consent.Purpose.SHARING]))
    if not any(row.purpose == Consent.Purpose.SERVICES for row in rows):
        return None
    fitting = [
        row
        for row in rows
        if row.purpose == Consent.Purpose.SHARING
        and (row.organization_id == to.pk or (row.organization_id is None and row.service == service))
    ]
    return fitting[0] if fitting else None


def receiving(user: User) -> QuerySet[Referral]:
    """Open referrals to the organizations that this person works for: what the receiver sees, and only while it is open."""
    return Referral.objects.open().filter(to_organization__in=_offices(user), case__sealed_at__isnull=True)


@dataclass(frozen=True)
class Package:
    """All that a receiver is given."""

    code: str
    service: str
    urgency: str
    contact_route: str


def package(referral: Referral) -> Package:
    return Package(str(referral.case), referral.get_service_display(), referral.get_urgency_display(), referral.contact_route)


def open_package(referral: Referral, *, by: User) -> Package:
    """The receiver looks at a referral: an event like every look into a file."""
    _require_receiver(referral, by)
    audit.record("referral.read", [referral, referral.case], by=by)
    return package(referral)


def is_receiver(referral: Referral, user: User) -> bool:
    return referral.to_organization_id in _offices(user)


def _offices(user: User) -> set[int]:
    """Organizations whose incoming referrals one answers: where one records for exactly that organization.

    A key answers them only where it was made for cases.
    """
    word = Permission.WORK_CASES if user.is_service else Permission.RECORD_ACTIVITIES
    held = [one for one in access.held(user) if word in one.words]
    return {one.scope["partner"] for one in held if "partner" in one.scope}


def _people(office: Organization) -> list[User]:
    roles = [role for role in Role if role not in (Role.DONOR_VIEWER, Role.AUDITOR)]
    rows = Membership.objects.live().filter(organization=office, role__in=roles, user__is_active=True, user__is_service=False)
    return sorted({row.user for row in rows.select_related("user")}, key=lambda person: person.pk)


# Sending


def _hold(case: Case) -> None:
    """Hold the case from the look at its consents until the referral is kept. A withdrawal holds it too: it then either comes first,
    or finds the referral and ends it."""
    case.refresh_from_db(fields=["state"], from_queryset=Case.objects.select_for_update())


def _check(case: Case, to: Organization, by: User, contact_route: str) -> None:
    opening.require_work(case, by)
    casework.require_open(case)
    if to.pk == case.partner_id:
        raise Invalid([Problem("to_organization", _("What your own organization does is a service, not a referral."), "own")])
    if not contact_route.strip():
        raise Invalid([Problem("contact_route", _("Say how the receiver reaches your office."), "required")])
    _require_agreement(case, to)


def _require_agreement(case: Case, to: Organization) -> None:
    agreed = SharingAgreement.objects.in_force(timezone.localdate()).filter(partner=case.partner_id, receiver=to)
    if not to.is_active or not agreed.exists():
        raise NoAgreement(_("There is no agreement in force with %(office)s on how shared cases are kept.") % {"office": to})


def _refuse_after_withdrawal(case: Case) -> None:
    asked = (Consent.Purpose.SERVICES, Consent.Purpose.SHARING)
    if case.consents.filter(purpose__in=asked, withdrawn_at__isnull=False).exists():
        raise ConsentMissing(_("The person withdrew consent. Nobody may set that aside."))


def _missing(case: Case, to: Organization, service: str) -> str:
    if not case.consents.in_force().filter(purpose=Consent.Purpose.SERVICES).exists():
        return _("The person has not agreed to services, or no longer does. Ask first.")
    return _("The person has not agreed that %(office)s or this kind of service is told. Ask first.") % {"office": to}


def _new(case: Case, to: Organization, service: str, urgency: str, contact_route: str, by: User) -> Referral:
    today = timezone.localdate()
    return Referral(
        case=case, to_organization=to, service=service, urgency=urgency, contact_route=contact_route.strip(), sent_by=by,
        answer_due_on=today + timedelta(days=practice.whole("referral-answer-days")),
        expires_on=today + timedelta(days=practice.whole("referral-expiry-days")),
    )  # fmt: skip


def _keep(row: Referral, by: User, *, without_consent: bool) -> Referral:
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record(
            "referral.sent", [row, row.case, row.to_organization], by=by, service=row.service, urgency=row.urgency, override=without_consent
        )
        _tell_receiver(row, "sent", _waiting_words)
    return row


def _require_receiver(referral: Referral, by: User) -> None:
    if not is_receiver(referral, by):
        raise access.NotAllowed(_("Only the organization that it was sent to answers a referral."))


def _move(referral: Referral, states: Sequence[Any], event: str, by: User | None, **changes: Any) -> Referral:
    """Compare and swap on the state, with its event."""
    with transaction.atomic():
        changed = Referral.objects.filter(Q(state__in=states), pk=referral.pk).update(updated_at=timezone.now(), **changes)
        if not changed:
            raise NotOpen(_("This referral has moved on in the meantime. Look at it again."))
        audit.record(f"referral.{event}", [referral, referral.case], by=by, state=str(changes["state"]))
    referral.refresh_from_db()
    return referral


def _tell_receiver(referral: Referral, step: str, words: Any) -> int:
    told = 0
    for person in _people(referral.to_organization):
        with translation.override(person.language):
            line = Line(f"referral:{referral.pk}", step, words(), "/referrals/received/")
        told += outbox.post(person, line)
    return told


def _waiting_words() -> str:
    return _("A referral waits for your answer.")


def _deletion_words() -> str:
    return _("A referral was withdrawn. Delete what you kept of it.")
