"""When work on a case begins and ends; who may do it stands in ``opening``."""

from __future__ import annotations

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from plumbing.refusals import Invalid, Problem, Refused
from reintegration.models import Case
from reintegration.models.cases import ENDED


class NotAdmitted(Refused):
    """Before the decision, or after a case that ended without one. Steps, the safe-contact rule and ending the case stay possible."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Nothing more is written down until the person is eligible or accepted: record that decision first. "
                "Where somebody is in danger, speak with the supervisor now and write nothing here."
            )
        )


class CaseEnded(Refused):
    def __init__(self) -> None:
        super().__init__(_("This case is closed. Reopen it first."))


def require_admitted(case: Case) -> None:
    """What follow-up writes: from the decision on, also after the case was closed."""
    if not case.is_admitted:
        raise NotAdmitted()


def require_open(case: Case) -> None:
    """What belongs to support is written between being admitted and being closed."""
    require_admitted(case)
    if case.state in ENDED:
        raise CaseEnded()


def is_open(case: Case) -> bool:
    return case.is_admitted and case.state not in ENDED


def not_in_future(name: str, day: date) -> None:
    if day > timezone.localdate():
        raise Invalid([Problem(name, _("The date lies in the future. Record it once it has happened."), "in_the_future")])
