"""What a project promises and who owes which figure: results, indicators, targets, assignments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing.refusals import Refused
from programs import access
from programs.models import (
    AssignmentPlace,
    FrameworkChange,
    Indicator,
    IndicatorDefinition,
    Project,
    ReportingAssignment,
    ReportingPeriod,
    Result,
    Target,
)


def add_result(
    project: Project, *, by: User, kind: str, code: str, title: str, level: str, parent: Result | None = None, **fields: Any
) -> Result:
    access.require(by, Permission.EDIT_FRAMEWORK, project=project)
    order = fields.pop("order", project.results.count())
    result = Result(project=project, kind=kind, code=code, title=title, level=level, parent=parent, order=order, **fields)
    result.full_clean()
    with transaction.atomic():
        result.save()
        note_change(project, by=by, what=_("result added: %(result)s") % {"result": result}, new=str(result))
        audit.record("result.added", [result, project], by=by, code=code)
    return result


def add_indicator(
    result: Result, *, by: User, definition: IndicatorDefinition, code: str = "", title: str = "", **fields: Any
) -> Indicator:
    """Apply a definition to a result. The code is the project's own (default: the definition's) and is never given twice."""
    project = result.project
    access.require(by, Permission.EDIT_FRAMEWORK, project=project)
    order = fields.pop("order", project.indicators.count())
    indicator = Indicator(
        project=project, result=result, definition=definition, code=code or definition.code, title=title, order=order, **fields
    )
    indicator.full_clean()
    with transaction.atomic():
        indicator.save()
        note_change(project, by=by, what=_("indicator added: %(code)s") % {"code": indicator.code}, new=indicator.wording)
        audit.record("indicator.added", [indicator, project], by=by, code=indicator.code)
    return indicator


def set_target(
    indicator: Indicator, *, by: User, partner: Organization | None = None, place: Place | None = None,
    period: ReportingPeriod | None = None, **number: Any,
) -> Target:  # fmt: skip
    """State what is aimed at; a target for the same partner, place and period is replaced."""
    access.require(by, Permission.EDIT_FRAMEWORK, project=indicator.project)
    with transaction.atomic():
        old = Target.objects.filter(indicator=indicator, partner=partner, place=place, period=period).first()
        target = old or Target(indicator=indicator, partner=partner, place=place, period=period)
        before = stated(target) if old else ""
        for name in ("value", "numerator", "denominator", "share", "note"):
            setattr(target, name, number.get(name, "" if name == "note" else None))
        target.full_clean()
        target.save()
        note_change(
            indicator.project,
            by=by,
            what=_("target of %(code)s") % {"code": indicator.code},
            old=before,
            new=stated(target),
            reason=number.get("reason", ""),
        )
        audit.record("target.set", [target, indicator, indicator.project], by=by)
    return target


def assign(
    indicator: Indicator, *, by: User, partner: Organization, places: Iterable[Place], collected: str = "every_period",
    starts_on: date | None = None, ends_on: date | None = None, periods: Iterable[ReportingPeriod] = (),
    takes_over_from: ReportingAssignment | None = None, includes_predecessor: bool | None = None,
) -> ReportingAssignment:  # fmt: skip
    """Say that a partner owes an indicator at these places."""
    access.require(by, Permission.EDIT_FRAMEWORK, project=indicator.project)
    where = list(places)
    if not where:
        raise Refused(_("Name at least one place where the figure is collected."))
    if not indicator.project.partners.filter(organization=partner).exists():
        raise Refused(_("%(partner)s is not a partner of this project yet: add it first.") % {"partner": partner})
    row = ReportingAssignment(
        indicator=indicator, partner=partner, collected=collected, starts_on=starts_on, ends_on=ends_on,
        takes_over_from=takes_over_from, includes_predecessor=includes_predecessor,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        row.periods.set(periods)
        AssignmentPlace.objects.bulk_create(AssignmentPlace(assignment=row, place=place) for place in where)
        note_change(
            indicator.project,
            by=by,
            what=_("%(code)s: reported by %(partner)s") % {"code": indicator.code, "partner": partner},
            new=", ".join(place.name for place in where),
        )
        audit.record("assignment.made", [row, indicator, partner], by=by, places=len(where))
    return row


def note_change(project: Project, *, by: User, what: str, old: str = "", new: str = "", reason: str = "") -> None:
    """Once a framework is agreed, every edit is kept for the partners to see."""
    if project.framework_agreed_on is not None:
        FrameworkChange.objects.create(project=project, what=what[:200], old=old, new=new, reason=reason, by=by)


def stated(row: Target) -> str:
    """A target as a person would write it."""
    if row.value is not None:
        return str(row.value)
    if row.numerator is not None:
        return f"{row.numerator} / {row.denominator}"
    return f"{row.share} %"
