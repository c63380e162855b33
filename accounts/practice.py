"""Values that are practice and therefore settings: shipped with a source, changed by an administrator, never constants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import PracticeValue, User
from accounts.roles import Permission


@dataclass(frozen=True)
class Shipped:
    value: str
    label: object
    source: str


SHIPPED: dict[str, Shipped] = {
    "suppression-threshold": Shipped(
        "5", _("Smallest number of people shown outside the circle of raw figures"), "data-protection, section 5"
    ),
    "suppression-threshold-sensitive": Shipped("10", _("The same for confidential and strict data"), "data-protection, section 5"),
    "jump-factor": Shipped("3", _("Flag a figure that is so many times the previous one"), "review practice"),
    "reminder-days": Shipped("21 14 7 1 0", _("Days before the due date on which reminders go out"), "reporting practice"),
    "overdue-reminder-every": Shipped("7", _("Days between reminders once a report is overdue"), "reporting practice"),
    "escalate-to-partner-manager-after": Shipped(
        "1", _("Days overdue after which the partner's manager hears of it"), "reporting practice"
    ),
    "escalate-to-program-manager-after": Shipped("7", _("Days overdue after which the program manager hears of it"), "reporting practice"),
    "watch-within-points": Shipped(
        "10", _("Points of the way to the target by which an indicator may lag its milestone before it is behind"), "monitoring practice"
    ),
    "gewe-marker-3": Shipped(
        "80", _("Percent of the budget that gender marker 3 asks for"), "PBF guidance, not confirmed by a published text"
    ),
    "gewe-marker-2": Shipped(
        "30", _("Percent of the budget that gender marker 2 asks for"), "PBF guidance, not confirmed by a published text"
    ),
    "outcome-ratings": Shipped(
        "off track; on track; on track with significant peacebuilding results",
        _("Ratings of an outcome in a donor report, parted by semicolons"),
        "PBF template, not confirmed by a published text",
    ),
    "clearance-reminder-days": Shipped("30", _("Days before a clearance ends on which its owner is reminded"), "due diligence practice"),
    "clearance-months": Shipped("12", _("Months for which a clearance of support is valid at most"), "institutions, section 2"),
    "due-diligence-medium-from": Shipped(
        "5", _("Likelihood × severity from which the risk of support is medium"), "institutions, section 2; practice"
    ),
    "due-diligence-high-from": Shipped("13", _("Likelihood × severity from which it is high"), "institutions, section 2; practice"),
    "training-check-months": Shipped("6", _("Months after a training until it is asked what is used at work"), "institutions practice"),
    "end-use-check-months": Shipped("3", _("Months between checks of how equipment that was handed over is used"), "institutions practice"),
    "sensitivity-review-months": Shipped(
        "12", _("Months for which a conflict-sensitivity review is valid at most; 6 in active conflict"), "communities, section 2"
    ),
    "sensitivity-gate-override": Shipped(
        "0", _("1: a second person may let a project start without a valid review, with a reason"), "communities, section 2"
    ),
    "dispute-follow-up-months": Shipped(
        "3 6", _("Months after a settlement in which somebody asks whether it holds"), "mediation practice"
    ),
    "local-project-check-months": Shipped(
        "6", _("Months after the hand-over of a local project in which somebody looks again"), "violence-reduction practice"
    ),
    "local-project-women-quota": Shipped(
        "30", _("Percent of local projects for and led by women, and of committee seats held by women"), "IDDRS 2.30"
    ),
    "community-due-days": Shipped("14", _("Days ahead for which commitments stand on the list of what is due"), "house rule"),
    "action-point-second-person": Shipped("1", _("1: who finished an action point does not verify it"), "house rule"),
    "survey-second-person": Shipped("1", _("1: who closed a survey round does not approve it"), "house rule"),
    "import-undo-days": Shipped("7", _("Days within which an import can be undone"), "house rule"),
    "oversee-case-minutes": Shipped("60", _("Minutes for which a case stays open for a stated purpose"), "house rule"),
    "intake-draft-days": Shipped("14", _("Days after which an intake that was left is erased"), "house rule"),
    "consent-months": Shipped("12", _("Months after which a consent ends"), "data-protection, section 4"),
    "appeal-days": Shipped("30", _("Days for an appeal against a decision on eligibility"), "reintegration, section 5"),
    "reinsertion-months": Shipped("12", _("Months that reinsertion lasts at most"), "IDDRS 2.10, 4.20"),
    "follow-up-months": Shipped("3 6 12", _("Months after completion at which people are followed up"), "reintegration, section 3"),
    "erase-child-hours": Shipped("24", _("Hours within which a sealed case is erased"), "reintegration, section 8"),
    "invitation-days": Shipped("14", _("Days for which an invitation is open"), "house rule"),
    "child-handover-hours": Shipped(
        "48", _("Hours within which identified children are handed over to child protection"), "IDDRS 5.20: at most 48 hours"
    ),
    "offer-stale-days": Shipped("60", _("Days after which an opportunity or service is to be verified again"), "house rule"),
    "referral-answer-days": Shipped("7", _("Days after which a referral without an answer is late"), "data-protection, section 4"),
    "referral-expiry-days": Shipped("90", _("Days after which an open referral ends by itself"), "data-protection, section 4"),
    "plan-behind-points": Shipped("25", _("Points by which a goal may lag the time gone before it is behind"), "house rule"),
    "concern-days": Shipped("30", _("Days after which a concern note is erased"), "house rule"),
    "report-abuse-phone": Shipped("–", _("Telephone on which abuse or misconduct is reported, shown to everybody; – for none"), "mission"),
    "report-abuse-mail": Shipped("–", _("Mail address for the same; – for none"), "mission"),
    "report-abuse-office": Shipped("–", _("Office or person for the same, and when they can be met; – for none"), "mission"),
    "caseload-agreed": Shipped("40", _("Open cases that one caseworker has at most, as agreed"), "case management practice"),
    "caseload-silent-days": Shipped("30", _("Days without a contact after which a case is silent"), "case management practice"),
    "handed-over-read-days": Shipped(
        "14", _("Days for which a caseworker still reads the cases that were handed over; 0: not at all"), "house rule"
    ),
    "warning-window-days": Shipped("28", _("Days of a window in which incidents are counted for early warning"), "communities, section 4"),
    "warning-minimum": Shipped("3", _("Incidents in a window that an early warning needs at least"), "communities, section 4"),
    "warning-spread": Shipped("2", _("Standard deviations above the usual at which the alarm line lies"), "communities, section 4"),
    "warning-quiet-months": Shipped("6", _("Quiet months after which new violence is an early warning"), "communities, section 4"),
    "warning-displaced": Shipped("100", _("People displaced in a window above which a warning opens"), "communities, section 4"),
    "warning-answer-hours": Shipped("48", _("Hours within which an early warning is answered"), "communities, section 4"),
    "leftover-file-days": Shipped("7", _("Days after which a stored file that no record names is removed"), "house rule"),
    "attachment-megabytes": Shipped("10", _("Largest attachment in megabytes"), "house rule"),
}


def label_of(row: PracticeValue) -> object:
    """What the value decides, in the reader's language; rows that are shipped no more keep what they were called."""
    return SHIPPED[row.key].label if row.key in SHIPPED else row.label


def text(key: str) -> str:
    """The value in force, as text; the shipped one until somebody changes it."""
    return texts(key)[0]


def texts(*keys: str) -> list[str]:
    """Several values, read at once."""
    kept: dict[str, str] | None = cache.get("practice")
    if kept is None:
        kept = dict(PracticeValue.objects.values_list("key", "value"))
        cache.set("practice", kept, 300)
    return [kept.get(key, SHIPPED[key].value) for key in keys]


def number(key: str) -> Decimal:
    return Decimal(text(key))


def whole(key: str) -> int:
    return int(text(key))


def numbers(key: str) -> list[int]:
    return [int(word) for word in text(key).replace(",", " ").split()]


def seed() -> int:
    """Make a row for every shipped value that has none; changed rows stay. Returns how many were made."""
    have = set(PracticeValue.objects.values_list("key", flat=True))
    new = [
        PracticeValue(key=key, label=str(s.label), value=s.value, seeded=s.value, source=s.source)
        for key, s in SHIPPED.items()
        if key not in have
    ]
    PracticeValue.objects.bulk_create(new)
    return len(new)


class NotAValue(ValueError):
    """The text does not read as the kind of value that was shipped."""


def change(
    setting: PracticeValue, *, value: str, by: User, verified: bool = False, verified_against: str = "", verified_on: date | None = None
) -> None:
    """Change a value, or say against what it was verified; the old and the new value stand in the audit log.

    Raises PermissionDenied, NotAValue where numbers are expected and something else comes, ValidationError.
    """
    if not by.has_perm(Permission.SET_UP):
        raise PermissionDenied(_("Practice values are changed by who sets the portal up."))
    value = " ".join(value.replace(",", " ").split()) if _is_numbers(setting.seeded) else value.strip()
    if _is_numbers(setting.seeded) and (not _is_numbers(value) or (" " in value and " " not in setting.seeded)):
        raise NotAValue(_("Write it as “%(example)s” is written: numbers from 0 up.") % {"example": setting.seeded})
    with transaction.atomic():
        row = PracticeValue.objects.select_for_update().get(pk=setting.pk)
        old = row.value
        row.value, row.changed_at, row.changed_by = value, timezone.now(), by
        row.verified, row.verified_against, row.verified_on = verified, verified_against, verified_on
        row.full_clean()
        row.save()
        audit.record("practice_value.changed", [("practicevalue", row.key)], by=by, old=old, new=value, verified=verified)
        cache.delete("practice")
        # Again once it is committed: another process may have read the old value in between.
        transaction.on_commit(lambda: cache.delete("practice"))
    setting.refresh_from_db()


def _is_numbers(text: str) -> bool:
    return bool(re.fullmatch(r"\d{1,6}(\.\d{1,6})?( \d{1,6}(\.\d{1,6})?)*", text))
