"""Monitoring visits: what was found on the spot, and what has to change because of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing import formats
from plumbing.refusals import Invalid, Problem
from programs import access, actionpoints
from programs.models import Finding, MonitoringVisit, Project


@dataclass(frozen=True)
class Found:
    """One finding; with ``owner`` and ``due_on`` it becomes an action point."""

    text: str
    weight: str
    owner: User | None = None
    due_on: date | None = None


class OwnerMissing(Invalid):
    def __init__(self) -> None:
        text = _("Name who changes this and by when: what must change becomes an action point.")
        super().__init__([Problem("owner", text, "owner_missing")])


def record_visit(
    *, project: Project, place: Place, visited_on: date, purpose: str, by: User, partner: Organization | None = None, summary: str = "",
    findings: Sequence[Found] = (),
) -> MonitoringVisit:  # fmt: skip
    """Record a visit with its findings. Raises ``OwnerMissing`` where something must change and nobody owes it."""
    access.require(by, Permission.RECORD_ACTIVITIES, project=project, partner=partner, place=place)
    if visited_on > timezone.now().astimezone(ZoneInfo(project.time_zone)).date():
        text = _("The visit lies in the future. Record it once it has taken place.")
        raise Invalid([Problem("visited_on", text, "in_the_future")])
    visit = MonitoringVisit(
        project=project, partner=partner, place=place, visited_on=visited_on, purpose=purpose, summary=summary, recorded_by=by
    )
    visit.full_clean()
    with transaction.atomic():
        visit.save()
        for found in findings:
            _add(visit, found, by=by)
        audit.record("visit.recorded", [visit, project], by=by, findings=len(findings))
    return visit


def add_finding(visit: MonitoringVisit, found: Found, *, by: User) -> Finding:
    access.require(by, Permission.RECORD_ACTIVITIES, project=visit.project, partner=visit.partner, place=visit.place)
    with transaction.atomic():
        finding = _add(visit, found, by=by)
        audit.record("visit.finding_added", [visit, visit.project], by=by, weight=finding.weight)
    return finding


def _add(visit: MonitoringVisit, found: Found, *, by: User) -> Finding:
    owed = found.owner is not None or found.due_on is not None
    if (found.weight == Finding.Weight.MAJOR or owed) and (found.owner is None or found.due_on is None):
        raise OwnerMissing()
    finding = Finding(visit=visit, text=found.text, weight=found.weight)
    finding.full_clean(exclude=["action_point"])
    if found.owner is not None and found.due_on is not None:
        where = _("Visit to %(place)s, %(day)s") % {"place": visit.place.name, "day": formats.day(visit.visited_on)}
        finding.action_point = actionpoints.raise_point(
            text=found.text, owner=found.owner, due_on=found.due_on, by=by, project=visit.project, partner=visit.partner,
            origin=where, origin_path=f"/visits/{visit.pk}/",
        )  # fmt: skip
    finding.save()
    return finding
