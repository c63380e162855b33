"""Who may work on a case, when work on it begins and ends, and that every look into it is an event."""

from __future__ import annotations

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.roles import Permission
from plumbing.refusals import Invalid, Problem, Refused
from programs import access
from reintegration.models import Case, State

# Until somebody is eligible or accepted, nothing but the intake is kept.
NOT_ADMITTED = frozenset({State.IDENTIFIED, State.SCREENED, State.VERIFIED, State.INELIGIBLE, State.DEFERRED})
ENDED = frozenset({State.CLOSED, State.REVOKED})


class NotAdmitted(Refused):
    def __init__(self) -> None:
        super().__init__(_("Nothing more is written down until the person is eligible or accepted."))


class CaseEnded(Refused):
    def __init__(self) -> None:
        super().__init__(_("This case is closed. Reopen it first."))


def may_work(case: Case, user: User) -> bool:
    """The caseworker of the case, a deputy, or a supervisor of it. Whoever opened it for a purpose only reads."""
    words = (Permission.WORK_CASES, Permission.SUPERVISE_CASES)
    return any(Case.objects.visible_to(user, word).filter(pk=case.pk).exists() for word in words if word in access.words(user))


def may_supervise(case: Case, user: User) -> bool:
    return Case.objects.visible_to(user, Permission.SUPERVISE_CASES).filter(pk=case.pk).exists()


def require_worker(case: Case, *, by: User) -> None:
    """Raises ``NotAllowed``; notes for the audit log on whose behalf a deputy acts."""
    word = Permission.WORK_CASES
    if not Case.objects.visible_to(by, word).filter(pk=case.pk).exists():
        word = Permission.SUPERVISE_CASES
        _refuse_unless(Case.objects.visible_to(by, word).filter(pk=case.pk).exists())
    access.require(by, word, project=case.project, partner=case.partner, place=case.place)


def require_supervisor(case: Case, *, by: User) -> None:
    _refuse_unless(may_supervise(case, by))
    access.require(by, Permission.SUPERVISE_CASES, project=case.project, partner=case.partner, place=case.place)


def require_open(case: Case) -> None:
    """What belongs to support is written between being admitted and being closed."""
    if case.state in NOT_ADMITTED:
        raise NotAdmitted()
    if case.state in ENDED:
        raise CaseEnded()


def read(case: Case, part: str, *, by: User) -> None:
    """Somebody looked into the file: who, when and which part. Pages call it before they show anything."""
    is_own = case.caseworker_id == by.pk or case.caseworker_id in access.acts_for(by)
    audit.record("case.read", [case], by=by, purpose="casework" if is_own else "supervision", part=part)


def not_in_future(name: str, day: date) -> None:
    if day > timezone.localdate():
        raise Invalid([Problem(name, _("The date lies in the future. Record it once it has happened."), "in_the_future")])


def _refuse_unless(allowed: bool) -> None:
    if not allowed:
        raise access.NotAllowed(_("Only the caseworker of this case and the supervisor write in it."))
