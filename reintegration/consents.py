"""Consent per purpose, and its withdrawal, which ends at once what stood on it."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import Organization, User
from plumbing.dates import months_after
from plumbing.refusals import Refused
from reintegration import casework, opening, referrals
from reintegration.models import Case, CaseContact, Consent, FollowUp, Notice

P = Consent.Purpose


class NothingToWithdraw(Refused):
    def __init__(self) -> None:
        super().__init__(_("There is no consent in force that could be withdrawn."))


def record(
    case: Case, *, purpose: str, answer: str, notice: Notice, method: str, given_on: date, by: User, until: date | None = None,
    organization: Organization | None = None, service: str = "",
) -> Consent:  # fmt: skip
    """Write down what the person answered. A later "no" to the same purpose and receiver withdraws the earlier "yes".

    Raises ``NotAdmitted`` before the decision.
    """
    opening.require_work(case, by)
    row = Consent(
        case=case, purpose=purpose, answer=answer, notice=notice, method=method, given_on=given_on, recorded_by=by,
        until=until or months_after(given_on, practice.whole("consent-months")), organization=organization, service=service,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        casework.require_admitted(Case.objects.select_for_update().get(pk=case.pk))
        row.save()
        ended = 0
        if answer != Consent.Answer.YES:
            earlier = case.consents.in_force().filter(purpose=purpose)
            if organization is not None or service:
                earlier = earlier.filter(organization=organization, service=service)
            ended = _withdraw(case, earlier, by=by)
        audit.record("consent.recorded", [case, case.project, case.partner], by=by, purpose=purpose, answer=answer, referrals_ended=ended)
    return row


def withdraw(case: Case, *, by: User, purpose: str = "") -> int:
    """Withdraw one purpose, or everything. Sharing stops at once: returns how many referrals ended.

    Every sent or accepted referral that stood on it ends with the receiver's access, which is asked to delete; with follow-up
    every wave that is due and every next step ends, so that nobody is reminded.
    """
    opening.require_work(case, by)
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=case.pk)
        rows = case.consents.filter(answer__in=["yes", "ask"], withdrawn_at__isnull=True)
        rows = rows.filter(purpose=purpose) if purpose else rows
        if not rows.exists():
            raise NothingToWithdraw()
        ended = _withdraw(case, rows, by=by, everything=not purpose)
        audit.record("consent.withdrawn", [case, case.project, case.partner], by=by, purpose=purpose or "everything", referrals_ended=ended)
    return ended


def _withdraw(case: Case, rows: object, *, by: User, everything: bool = False) -> int:
    now = timezone.now()
    found = list(rows)  # type: ignore[call-overload]
    purposes = {row.purpose for row in found}
    Consent.objects.filter(pk__in=[row.pk for row in found]).update(withdrawn_at=now, withdrawn_by=by)
    stood = Q(consent__in=[row.pk for row in found])
    ended = referrals.end_open(case, None if everything or P.SERVICES in purposes else stood)
    if everything or P.FOLLOW_UP in purposes:
        today = timezone.localdate()
        FollowUp.objects.filter(case=case, state=FollowUp.State.DUE).update(state=FollowUp.State.CANCELLED, settled_on=today)
        CaseContact.objects.filter(case=case, next_on__isnull=False, next_done_at__isnull=True).update(next_on=None, next_step="")
    return ended
