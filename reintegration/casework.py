"""When work on a case begins and ends; who may do it stands in ``opening``."""

from __future__ import annotations

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from plumbing.refusals import Invalid, Problem, Refused
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


def require_open(case: Case) -> None:
    """What belongs to support is written between being admitted and being closed."""
    if case.state in NOT_ADMITTED:
        raise NotAdmitted()
    if case.state in ENDED:
        raise CaseEnded()


def not_in_future(name: str, day: date) -> None:
    if day > timezone.localdate():
        raise Invalid([Problem(name, _("The date lies in the future. Record it once it has happened."), "in_the_future")])
