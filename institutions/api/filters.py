"""What institutions and clearances can be asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django_filters import rest_framework as filters

from institutions.models import ComplaintMonth, Institution
from programs.api.filters import DayFilter, IdFilter, PlaceBelow
from programs.models import SupportClearance


class InstitutionFilters(filters.FilterSet):
    kind = filters.ChoiceFilter(field_name="kind", choices=Institution.Kind.choices)
    project = filters.CharFilter(field_name="engagements__project__code", distinct=True, label="The code of a project that works with it.")
    organization = IdFilter(field_name="organization_id", label="An organization's id.")
    parent = IdFilter(field_name="parent_id", label="The id of the institution it answers to.")
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code.")

    class Meta:
        model = Institution
        fields: list[str] = []


class ClearanceFilters(filters.FilterSet):
    recipient = IdFilter(field_name="recipient_id", label="An organization's id.")
    decision = filters.ChoiceFilter(field_name="decision", choices=SupportClearance.Decision.choices)
    suspended = filters.BooleanFilter(
        field_name="suspended_at", lookup_expr="isnull", exclude=True, label="`true`: only what was taken back."
    )
    in_force_on = DayFilter(method="current", label="Positive decisions in force on this day.")

    class Meta:
        model = SupportClearance
        fields: list[str] = []

    def current(self, rows: Any, name: str, value: date) -> Any:
        return rows.current(value)


class ComplaintFilters(filters.FilterSet):
    about = filters.ChoiceFilter(field_name="service", choices=ComplaintMonth.Service.choices)
    register = IdFilter(field_name="register_id", label="The id of the institution that keeps the register.")
    project = filters.CharFilter(
        field_name="register__engagements__project__code", distinct=True, label="The code of a project that works with the register's body."
    )
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code.")
    year = IdFilter(field_name="year", label="A year.")

    class Meta:
        model = ComplaintMonth
        fields: list[str] = []
