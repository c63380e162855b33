"""Whether a record may be written here: the word of permission, a partner of the project, a day that has come."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from plumbing.refusals import Invalid, Problem
from programs import access
from programs.models import ProjectPartner

if TYPE_CHECKING:
    from accounts.models import Organization, User
    from accounts.roles import Permission
    from communities.models.records import LocalRecord
    from locations.models import Place
    from programs.models import Project


EARLY = timedelta(days=14)  # so long before its day a look back may say that all is well


def require(by: User, word: Permission, *, project: Project, partner: Organization, place: Place) -> None:
    """For a new record. Raises NotAllowed; Invalid where the organization does not work in the project."""
    access.require(by, word, project=project, partner=partner, place=place)
    if not ProjectPartner.objects.filter(project=project, organization=partner).exists():
        text = _("%(partner)s is not a partner of %(project)s.") % {"partner": partner, "project": project.code}
        raise Invalid([Problem("partner", text, "not_a_partner")])


def require_on(row: LocalRecord, by: User, word: Permission) -> None:
    """For what happens to a record that is there."""
    access.require(by, word, project=row.project, partner=row.partner, place=row.place)


def has_come(project: Project, **days: date | None) -> None:
    """Facts lie in the past: refuse every day named that is still to come where the project is (Invalid, all at once)."""
    today = timezone.now().astimezone(ZoneInfo(project.time_zone)).date()
    late = [name for name, day in days.items() if day is not None and day > today]
    if late:
        text = _("This day lies in the future. Record it once it has happened.")
        raise Invalid([Problem(name, text, "in_the_future") for name in late])
