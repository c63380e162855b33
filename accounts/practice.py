"""Values that are practice and therefore settings: shipped with a source, changed by an administrator, never constants."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import PracticeValue, User


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
    "sensitivity-review-months": Shipped(
        "12", _("Months for which a conflict-sensitivity review is valid at most; 6 in active conflict"), "communities, section 2"
    ),
    "sensitivity-gate-override": Shipped(
        "0", _("1: a second person may let a project start without a valid review, with a reason"), "communities, section 2"
    ),
    "action-point-second-person": Shipped("1", _("1: who finished an action point does not verify it"), "house rule"),
    "import-undo-days": Shipped("7", _("Days within which an import can be undone"), "house rule"),
    "invitation-days": Shipped("14", _("Days for which an invitation is open"), "house rule"),
    "attachment-megabytes": Shipped("10", _("Largest attachment in megabytes"), "house rule"),
}


def text(key: str) -> str:
    """The value in force, as text; the shipped one until somebody changes it."""
    kept: dict[str, str] | None = cache.get("practice")
    if kept is None:
        kept = dict(PracticeValue.objects.values_list("key", "value"))
        cache.set("practice", kept, 300)
    return kept.get(key, SHIPPED[key].value)


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


def change(setting: PracticeValue, *, value: str, by: User) -> None:
    """Change a value; the old and the new one stand in the audit log."""
    old, setting.value, setting.changed_at, setting.changed_by = setting.value, value, timezone.now(), by
    setting.full_clean()
    setting.save()
    audit.record("practice_value.changed", [("practicevalue", setting.key)], by=by, old=old, new=value)
    cache.delete("practice")
