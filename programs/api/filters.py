"""What lists of promised and done things can be asked for. A code that is not yours to see finds nothing, like one that is not there."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from locations.gazetteer import code_of
from programs.models import (
    ActionPoint,
    ActivityRecord,
    IndicatorDefinition,
    Level,
    Program,
    Project,
    ReportingAssignment,
    ReportingPeriod,
)
from programs.models.projects import ActivityStatus

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9000, 1, 1)


def in_our_time(day: date) -> None:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValidationError(_("This day is out of reach."), code="invalid")


class DayFilter(filters.DateFilter):
    """A day in years that every database holds."""

    field_class = forms.DateField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"validators": [in_our_time], "input_formats": ["%Y-%m-%d"], **kwargs})


class IdFilter(filters.NumberFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"min_value": 1, "max_value": 2**53, "decimal_places": 0, **kwargs})


class OneOf(filters.BaseInFilter, filters.ChoiceFilter):
    """``?state=due,overdue``."""


class PlaceBelow(filters.CharFilter):
    """A P-code: the place and everything under it."""

    def filter(self, rows: Any, value: str) -> Any:
        return rows.filter(**{f"{self.field_name}__above__ancestor__code": code_of(value)}) if value else rows


class ProgramFilters(filters.FilterSet):
    code = filters.CharFilter(field_name="code")
    status = filters.ChoiceFilter(field_name="status", choices=ActivityStatus.choices)

    class Meta:
        model = Program
        fields: list[str] = []


class ProjectFilters(filters.FilterSet):
    code = filters.CharFilter(field_name="code")
    program = filters.CharFilter(field_name="program__code", label="A program's code.")
    status = filters.ChoiceFilter(field_name="status", choices=ActivityStatus.choices)

    class Meta:
        model = Project
        fields: list[str] = []


class AssignmentFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="indicator__project__code", label="A project's code.")
    indicator = filters.CharFilter(field_name="indicator__code", label="The indicator's code within its project.")
    partner = IdFilter(field_name="partner_id", label="An organization's id.")
    on = DayFilter(method="live_on", label="In force on this day.")

    class Meta:
        model = ReportingAssignment
        fields: list[str] = []

    def live_on(self, rows: Any, name: str, value: date) -> Any:
        return rows.on(value)


class PeriodFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    code = filters.CharFilter(field_name="code", label="Such as 2026-Q3.")
    state = OneOf(field_name="state", choices=ReportingPeriod.State.choices, label="One or more, separated by commas.")
    due_before = DayFilter(field_name="due_on", lookup_expr="lt", label="Due before this day.")

    class Meta:
        model = ReportingPeriod
        fields: list[str] = []


class DefinitionFilters(filters.FilterSet):
    code = filters.CharFilter(field_name="code")
    project = filters.CharFilter(field_name="project__code", label="Definitions of this project alone.")
    level = filters.ChoiceFilter(field_name="level", choices=Level.choices)
    status = filters.ChoiceFilter(field_name="status", choices=IndicatorDefinition.Status.choices)
    sdg_target = filters.CharFilter(field_name="sdg_target", label="Such as 16.1.")

    class Meta:
        model = IndicatorDefinition
        fields: list[str] = []


class ActivityFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    partner = IdFilter(field_name="partner_id", label="An organization's id.")
    kind = filters.ChoiceFilter(field_name="kind", choices=ActivityRecord.Kind.choices)
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code.")
    happened_from = DayFilter(field_name="happened_on", lookup_expr="gte", label="On this day or later.")
    happened_to = DayFilter(field_name="happened_on", lookup_expr="lte", label="On this day or earlier.")
    external_id = filters.UUIDFilter(field_name="external_id", label="Your own id of a record.")

    class Meta:
        model = ActivityRecord
        fields: list[str] = []


class ActionPointFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    partner = IdFilter(field_name="partner_id", label="An organization's id.")
    done = filters.BooleanFilter(
        field_name="done_at", lookup_expr="isnull", exclude=True, label="`true`: only what is done; `false`: what is open."
    )
    due_before = DayFilter(field_name="due_on", lookup_expr="lt", label="Due before this day.")

    class Meta:
        model = ActionPoint
        fields: list[str] = []
