"""What is due in communities: promises whose day comes, settlements to ask about, local projects to look at again.

Reminders hold counts only: a mail leaves the portal, and what was promised or disputed stays inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import outbox, practice
from accounts.models import User
from accounts.roles import Permission, holding
from communities.models import Commitment, Concern, DisputeFollowUp, LocalProject
from programs.models import Membership

if TYPE_CHECKING:
    from communities.models.disputes import FollowUpQuerySet
    from communities.models.forums import CommitmentQuerySet, ConcernQuerySet
    from communities.models.projects import LocalProjectQuerySet

MORNING = 7  # o'clock where the reader is
P = Permission


@dataclass(frozen=True)
class Due:
    """What one person has to see to, as far as that person may record it."""

    commitments: CommitmentQuerySet
    follow_ups: FollowUpQuerySet
    checks: LocalProjectQuerySet
    concerns: ConcernQuerySet


def for_person(user: User, today: date) -> Due:
    """Promises due within the days of the practice setting; questions and looks whose day has come; concerns nobody took on."""
    soon = today + timedelta(days=practice.whole("community-due-days"))
    return Due(
        Commitment.objects.visible_to(user, P.RECORD_FORUMS).due_until(soon).with_standing(today).order_by("due_on", "id"),
        DisputeFollowUp.objects.visible_to(user, P.RECORD_COMMUNITIES).due_until(today).order_by("due_on", "id"),
        LocalProject.objects.visible_to(user, P.RECORD_COMMUNITIES).checks_due_until(today).order_by("check_due_on", "id"),
        Concern.objects.visible_to(user, P.RECORD_FORUMS).open().filter(assigned_on__isnull=True).order_by("raised_on", "id"),
    )


def remind(*, now: datetime | None = None) -> int:
    """One line a week for each person who records communities or forums and has something due; returns how many are new."""
    moment = now or timezone.now()
    roles = {*holding(P.RECORD_COMMUNITIES), *holding(P.RECORD_FORUMS)}
    rows = Membership.objects.live().filter(role__in=roles, user__is_active=True, user__is_service=False)
    written = 0
    for person in User.objects.filter(pk__in=rows.values("user")).order_by("pk"):
        there = moment.astimezone(ZoneInfo(person.time_zone or "UTC"))
        if there.hour >= MORNING:
            written += _tell(person, there.date())
    return written


def _tell(person: User, today: date) -> bool:
    due = for_person(person, today)
    counted = [due.commitments.filter(due_on__lte=today).count(), due.follow_ups.count(), due.checks.count()]
    if not any(counted):
        return False
    year, week, _day = today.isocalendar()
    with translation.override(person.language):
        parts = [words % {"number": number} for words, number in zip(_words(counted), counted, strict=True) if number]
        line = _("In communities: %(due)s.") % {"due": ", ".join(parts)}
    return outbox.post(person, outbox.Line("communities:due", f"{year}-W{week:02d}", line, path="/communities/due/"))


def _words(counted: list[int]) -> list[str]:
    commitments, follow_ups, checks = counted
    return [
        ngettext("%(number)s commitment is due", "%(number)s commitments are due", commitments),
        ngettext("%(number)s settlement to ask about", "%(number)s settlements to ask about", follow_ups),
        ngettext("%(number)s local project to look at again", "%(number)s local projects to look at again", checks),
    ]
