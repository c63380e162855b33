"""A worry told to the supervisor. It is erased by itself and is never a label on the person."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import User
from plumbing.refusals import Invalid, Problem
from reintegration import casework, opening
from reintegration.models import Case, Concern, Pathway, Profile

FACTORS = ("push", "pull", "protective")


def raise_concern(case: Case, *, note: str, by: User) -> Concern:
    """Tell the supervisor; the note is gone after the days that the setting gives.

    Raises ``NotAdmitted`` before the decision: then a worry is told by word of mouth, and the page says to whom.
    """
    opening.require_work(case, by)
    casework.require_admitted(case)
    if not note.strip():
        raise Invalid([Problem("note", _("Say what worries you."), "required")])
    until = timezone.localdate() + timedelta(days=practice.whole("concern-days"))
    row = Concern(case=case, note=note.strip(), raised_by=by, expires_on=until)
    with transaction.atomic():
        row.save()
        audit.record("concern.raised", [case], by=by)
    return row


def read(case: Case, *, by: User, today: date | None = None) -> list[Concern]:
    """Who raised it and the supervisor read it; what has expired is shown to nobody, swept or not."""
    rows = Concern.objects.filter(case=case, expires_on__gte=today or timezone.localdate()).select_related("raised_by")
    return list(rows if opening.may_supervise(case, by) else rows.filter(raised_by=by))


def erase_expired(*, today: date | None = None) -> int:
    gone, _rows = Concern.objects.filter(expires_on__lt=today or timezone.localdate()).delete()
    if gone:
        audit.record("concern.erased", by=None, count=gone)
    return gone


def set_factors(case: Case, *, push: str, pull: str, protective: str, by: User) -> Profile:
    """What pushes and pulls a person at risk, and what protects: words for the plan beside the profile's codes, never a score."""
    opening.require_work(case, by)
    casework.require_open(case)
    if case.pathway != Pathway.PREVENTION:
        raise Invalid([Problem("push", _("These factors belong to the prevention pathway."), "pathway")])
    given = dict(zip(FACTORS, (push.strip(), pull.strip(), protective.strip()), strict=True))
    with transaction.atomic():
        profile = Profile.objects.filter(case=case).first() or Profile(case=case)
        profile.factors, profile.updated_by = {**(profile.factors or {}), "words": given}, by
        profile.save()
        audit.record("case.factors_set", [case], by=by)
    return profile
