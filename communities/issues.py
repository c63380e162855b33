"""A community's analysis of its conflicts: a new version begins with what the last one said."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.roles import Permission
from communities import registry, taxonomy
from communities.models import Community, ConflictAnalysis, ConflictIssue, Incident, PeaceFactor
from plumbing.refusals import Invalid, Problem, Refused


class NotTheLastVersion(Refused):
    """An earlier version stays as it was; the newest one is edited."""


def latest(community: Community) -> ConflictAnalysis | None:
    """The newest version, with ``violent_on``: the first violent day after it."""
    violent = Incident.objects.counting().filter(
        community=OuterRef("community"), type__in=taxonomy.VIOLENT, event_date__gt=OuterRef("analysed_on")
    )
    first = Subquery(violent.order_by("event_date").values("event_date")[:1])
    return community.analyses.annotate(violent_on=first).order_by("-analysed_on", "-id").first()


def begin(
    community: Community, *, analysed_on: date, groups: int, review_on: date, by: User, women: int | None = None, men: int | None = None,
    young: int | None = None, note: str = "",
) -> ConflictAnalysis:  # fmt: skip
    """Begin a version: who took part, as numbers. Issues, dividers and connectors of the last version are carried over."""
    registry.require(by, Permission.RECORD_COMMUNITIES, community)
    if analysed_on > timezone.localdate():
        raise Invalid([Problem("analysed_on", _("The date lies in the future. Record it once it has happened."), "in_the_future")])
    before = latest(community)
    row = ConflictAnalysis(
        community=community, analysed_on=analysed_on, groups=groups, women=women, men=men, young=young, review_on=review_on, note=note,
        recorded_by=by,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        if before is not None and before.analysed_on <= analysed_on:
            _carry_over(before, row)
        audit.record("analysis.begun", [row, community], by=by)
    return row


def put_issue(analysis: ConflictAnalysis, *, by: User, issue: ConflictIssue | None = None, **said: Any) -> ConflictIssue:
    """Add an issue to the newest version, or say it anew."""
    _may_edit(analysis, by)
    row = issue or ConflictIssue(analysis=analysis)
    for name, value in said.items():
        setattr(row, name, value)
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("issue.put", [row, analysis, analysis.community], by=by, kind=row.kind)
    return row


def put_factor(analysis: ConflictAnalysis, *, by: User, factor: PeaceFactor | None = None, **said: Any) -> PeaceFactor:
    """Add a divider or connector to the newest version, or say it anew."""
    _may_edit(analysis, by)
    row = factor or PeaceFactor(analysis=analysis)
    for name, value in said.items():
        setattr(row, name, value)
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("factor.put", [row, analysis, analysis.community], by=by, kind=row.kind)
    return row


def remove(row: ConflictIssue | PeaceFactor, *, by: User) -> None:
    """Take an issue or factor out of the newest version; earlier versions keep it."""
    _may_edit(row.analysis, by)
    with transaction.atomic():
        audit.record(f"{row._meta.model_name}.removed", [row, row.analysis.community], by=by)
        row.delete()


def review_due(analysis: ConflictAnalysis | None) -> date | None:
    """Since when the analysis, as ``latest`` gave it, waits for another look: its own day came, or violence came after it."""
    if analysis is None:
        return None
    passed = analysis.review_on if analysis.review_on <= timezone.localdate() else None
    days = [day for day in (getattr(analysis, "violent_on", None), passed) if day is not None]
    return min(days) if days else None


def _may_edit(analysis: ConflictAnalysis, by: User) -> None:
    registry.require(by, Permission.RECORD_COMMUNITIES, analysis.community)
    if latest(analysis.community) != analysis:
        raise NotTheLastVersion(_("There is a newer analysis: change that one."))


def _carry_over(before: ConflictAnalysis, now: ConflictAnalysis) -> None:
    for row in [*before.issues.all(), *before.factors.all()]:
        row.pk, row.analysis = None, now
        row._state.adding = True
        row.save()
