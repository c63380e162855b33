"""What lists of communities, incidents and early warnings can be asked for. Strict incidents are found by their admin 1 only."""

from __future__ import annotations

from typing import Any

from django_filters import rest_framework as filters

from communities import masking
from communities.models import Community, EarlyWarning, Incident, ViolationCount
from locations.gazetteer import code_of
from programs.api.filters import DayFilter, IdFilter, OneOf, PlaceBelow


class CommunityFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project_links__project__code", label="A project's code.")
    partner = IdFilter(field_name="partner_id", label="An organization's id.")
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code.")

    class Meta:
        model = Community
        fields: list[str] = []


class IncidentFilters(filters.FilterSet):
    partner = IdFilter(field_name="organization_id", label="An organization's id.")
    community = IdFilter(method="in_community", label="A community's id; strict incidents are left out.")
    type = OneOf(field_name="type", choices=Incident.Type.choices, label="One or more, separated by commas.")
    area = filters.CharFilter(method="in_area", label="Shown at or below the area with this P-code.")
    verified = filters.BooleanFilter(field_name="verified_at", lookup_expr="isnull", exclude=True, label="`true`: verified ones.")
    happened_from = DayFilter(field_name="event_date", lookup_expr="gte", label="On this day or later.")
    happened_to = DayFilter(field_name="event_date", lookup_expr="lte", label="On this day or earlier.")

    class Meta:
        model = Incident
        fields: list[str] = []

    def in_community(self, rows: Any, name: str, value: int) -> Any:
        return masking.placed_for(rows).filter(community=value)

    def in_area(self, rows: Any, name: str, value: str) -> Any:
        """By the area that is shown: admin 2, or the admin 1 above it where the class is strict."""
        return rows.filter(masking.shown_below(code_of(value)))


class ViolationFilters(filters.FilterSet):
    kind = OneOf(field_name="kind", choices=ViolationCount.Kind.choices, label="One or more, separated by commas.")
    partner = IdFilter(field_name="organization_id", label="An organization's id.")
    area = PlaceBelow(field_name="area", label="At or below the place with this P-code.")
    starts_from = DayFilter(field_name="starts_on", lookup_expr="gte", label="A month or quarter that starts on this day or later.")
    starts_to = DayFilter(field_name="starts_on", lookup_expr="lte", label="A month or quarter that starts on this day or earlier.")

    class Meta:
        model = ViolationCount
        fields: list[str] = []


class WarningFilters(filters.FilterSet):
    community = IdFilter(field_name="community_id", label="A community's id.")
    rule = filters.ChoiceFilter(field_name="rule", choices=EarlyWarning.Rule.choices)
    open = filters.BooleanFilter(field_name="decided_at", lookup_expr="isnull", label="`true`: nobody decided on it yet.")
    due_before = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt", label="To be answered before this moment.")

    class Meta:
        model = EarlyWarning
        fields: list[str] = []
