"""What a project promises and who owes which figure: results, indicators, targets, assignments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing.refusals import Invalid, Problem, Refused
from programs import access, calendar
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

INDICATOR_FIELDS = {
    "title", "population", "source_of_data", "order", "result", "baseline_value", "baseline_numerator", "baseline_denominator",
    "baseline_share", "baseline_on", "baseline_note",
}  # fmt: skip


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
    _usable(definition, project)
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
        raise Invalid([Problem("places", _("Name at least one place where the figure is collected."), "no_place")])
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
        _expect(indicator.project)
    return row


def change_result(result: Result, *, by: User, reason: str = "", **fields: Any) -> Result:
    """Word a result better, number it anew, hang it elsewhere. Partners see the change once the framework is agreed."""
    access.require(by, Permission.EDIT_FRAMEWORK, project=result.project)
    parent = fields.get("parent", result.parent)
    if parent is not None and (parent.project_id != result.project_id or parent.pk == result.pk or _hangs_under(parent, result)):
        raise Invalid([Problem("parent", _("A result hangs under another result of the same project, never under itself."), "parent")])
    before = str(result)
    _fill(result, fields, {"kind", "level", "code", "title", "description", "parent", "order"})
    result.full_clean()
    with transaction.atomic():
        result.save()
        note_change(
            result.project, by=by, what=_("result changed: %(code)s") % {"code": result.code}, old=before, new=str(result), reason=reason
        )
        audit.record("result.changed", [result, result.project], by=by, code=result.code)
    return result


def remove_result(result: Result, *, by: User, reason: str = "") -> None:
    """Take out a result on which nothing was built."""
    project = result.project
    access.require(by, Permission.EDIT_FRAMEWORK, project=project)
    if result.children.exists() or result.indicators.exists() or result.plan_lines.exists():
        raise Refused(_("%(result)s has results, indicators or plan lines under it: move or retire those first.") % {"result": result})
    with transaction.atomic():
        note_change(project, by=by, what=_("result removed: %(code)s") % {"code": result.code}, old=str(result), reason=reason)
        audit.record("result.removed", [project], by=by, code=result.code)
        result.delete()


def change_indicator(indicator: Indicator, *, by: User, reason: str = "", **fields: Any) -> Indicator:
    """Change wording, baseline, source or place in the tree. The code stays: figures, files and partners know it."""
    access.require(by, Permission.EDIT_FRAMEWORK, project=indicator.project)
    result = fields.get("result", indicator.result)
    if result.project_id != indicator.project_id:
        raise Invalid([Problem("result", _("This result belongs to another project."), "result_of_another_project")])
    changed = [name for name, value in fields.items() if getattr(indicator, name) != value]
    old = "; ".join(f"{_label(indicator, name)}: {_shown(getattr(indicator, name))}" for name in changed)
    _fill(indicator, fields, INDICATOR_FIELDS)
    indicator.full_clean()
    with transaction.atomic():
        indicator.save(update_fields=[*fields, "updated_at"])
        new = "; ".join(f"{_label(indicator, name)}: {_shown(getattr(indicator, name))}" for name in changed)
        if changed:
            note_change(
                indicator.project, by=by, what=_("indicator changed: %(code)s") % {"code": indicator.code}, old=old, new=new, reason=reason
            )
        audit.record("indicator.changed", [indicator, indicator.project], by=by, code=indicator.code, changed=sorted(changed))
    return indicator


def retire_indicator(indicator: Indicator, *, by: User, reason: str, retired: bool = True) -> Indicator:
    """Ask for no more figures of an indicator; what was accepted stays. ``retired=False`` takes it up again."""
    access.require(by, Permission.EDIT_FRAMEWORK, project=indicator.project)
    indicator.is_retired = retired
    what = _("no longer reported: %(code)s") if retired else _("reported again: %(code)s")
    with transaction.atomic():
        indicator.save(update_fields=["is_retired", "updated_at"])
        note_change(indicator.project, by=by, what=what % {"code": indicator.code}, reason=reason)
        audit.record("indicator.retired" if retired else "indicator.taken_up", [indicator, indicator.project], by=by, code=indicator.code)
    return indicator


def remove_target(target: Target, *, by: User, reason: str = "") -> None:
    indicator = target.indicator
    access.require(by, Permission.EDIT_FRAMEWORK, project=indicator.project)
    with transaction.atomic():
        what = _("target of %(code)s taken out") % {"code": indicator.code}
        note_change(indicator.project, by=by, what=what, old=stated(target), reason=reason)
        audit.record("target.removed", [indicator, indicator.project], by=by)
        target.delete()


def change_assignment(
    assignment: ReportingAssignment, *, by: User, places: Iterable[Place], collected: str, starts_on: date | None, ends_on: date | None,
    periods: Iterable[ReportingPeriod] = (), reason: str = "",
) -> ReportingAssignment:  # fmt: skip
    """Change where, when or how often a partner owes an indicator. What was reported stays."""
    indicator = assignment.indicator
    access.require(by, Permission.EDIT_FRAMEWORK, project=indicator.project)
    where = list(places)
    if not where:
        raise Invalid([Problem("places", _("Name at least one place where the figure is collected."), "no_place")])
    before = owed(assignment)
    assignment.collected, assignment.starts_on, assignment.ends_on = collected, starts_on, ends_on
    assignment.full_clean()
    with transaction.atomic():
        assignment.save()
        assignment.periods.set(periods)
        assignment.places.exclude(place__in=where).delete()
        have = set(assignment.places.values_list("place_id", flat=True))
        AssignmentPlace.objects.bulk_create(AssignmentPlace(assignment=assignment, place=place) for place in where if place.pk not in have)
        what = _("%(code)s: reported by %(partner)s") % {"code": indicator.code, "partner": assignment.partner}
        note_change(indicator.project, by=by, what=what, old=before, new=owed(assignment), reason=reason)
        audit.record("assignment.changed", [assignment, indicator, assignment.partner], by=by, places=len(where))
        _expect(indicator.project)
    return assignment


def hand_over(
    assignment: ReportingAssignment, *, to: Organization, on: date, includes_predecessor: bool, by: User, reason: str = ""
) -> ReportingAssignment:
    """From ``on`` another partner owes the indicator at the same places; the predecessor's assignment ends the day before.

    ``includes_predecessor`` says whether the successor's running total goes on from the predecessor's.
    """
    indicator = assignment.indicator
    access.require(by, Permission.EDIT_FRAMEWORK, project=indicator.project)
    if to.pk == assignment.partner_id:
        raise Invalid([Problem("to", _("Hand over to another partner."), "same_partner")])
    if on <= (assignment.starts_on or date.min):
        raise Invalid([Problem("on", _("The hand-over comes after the first day of the assignment."), "too_early")])
    last = on - timedelta(days=1)
    with transaction.atomic():
        assignment.ends_on, ends_on = last, assignment.ends_on
        assignment.save(update_fields=["ends_on"])
        new = assign(
            indicator, by=by, partner=to, places=[row.place for row in assignment.places.select_related("place")],
            collected=assignment.collected, starts_on=on, ends_on=ends_on, periods=assignment.periods.all(), takes_over_from=assignment,
            includes_predecessor=includes_predecessor,
        )  # fmt: skip
        what = _("%(code)s: handed over to %(partner)s") % {"code": indicator.code, "partner": to}
        note_change(indicator.project, by=by, what=what, old=str(assignment.partner), new=str(to), reason=reason)
        audit.record("assignment.handed_over", [assignment, new, indicator], by=by, on=str(on), includes=includes_predecessor)
    return new


def agree(project: Project, *, on: date, by: User) -> Project:
    """From this day every edit of the framework is kept with old and new and shown to the partners."""
    access.require(by, Permission.EDIT_FRAMEWORK, project=project)
    if project.framework_agreed_on is not None:
        raise Refused(_("The framework was agreed on %(day)s.") % {"day": project.framework_agreed_on})
    project.framework_agreed_on = on
    with transaction.atomic():
        project.save(update_fields=["framework_agreed_on", "updated_at"])
        audit.record("framework.agreed", [project], by=by, on=str(on))
    return project


def owed(assignment: ReportingAssignment) -> str:
    """An assignment as a person would say it."""
    places = ", ".join(row.place.name for row in assignment.places.select_related("place"))
    span = " – ".join(str(day) for day in (assignment.starts_on, assignment.ends_on) if day is not None)
    return " · ".join(part for part in (places, assignment.get_collected_display(), span) if part)


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


def _usable(definition: IndicatorDefinition, project: Project) -> None:
    if definition.project_id not in (None, project.pk):
        text = _("%(code)s is another project's own definition.") % {"code": definition.code}
        raise Invalid([Problem("definition", text, "definition_of_another_project")])
    if definition.status != IndicatorDefinition.Status.APPROVED:
        text = _("%(code)s is %(status)s: choose a definition that is in force.") % {
            "code": definition.code,
            "status": definition.get_status_display(),
        }
        raise Invalid([Problem("definition", text, "definition_not_in_force")])


def _hangs_under(result: Result | None, top: Result) -> bool:
    while result is not None:
        if result.pk == top.pk:
            return True
        result = result.parent
    return False


def _expect(project: Project) -> None:
    """Reports newly owed for periods that are already open are expected from now on."""
    for period in project.periods.filter(opened_at__isnull=False, locked_at__isnull=True):
        calendar.expect(period)


def _fill(row: Result | Indicator, fields: dict[str, Any], known: set[str]) -> None:
    unknown = fields.keys() - known
    if unknown:
        raise TypeError(f"{sorted(unknown)} is not changed here")
    for name, value in fields.items():
        setattr(row, name, value)


def _label(indicator: Indicator, name: str) -> str:
    return str(getattr(indicator._meta.get_field(name), "verbose_name", name))


def _shown(value: Any) -> str:
    return "–" if value is None or value == "" else str(value)
