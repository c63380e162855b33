"""What lists of local agreements, rankings of needs and local projects can be asked for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django_filters import rest_framework as filters

from communities.models import LocalAgreement, LocalProject, NeedsRanking
from communities.models.records import DisputeKind
from programs.api.filters import DayFilter, IdFilter, OneOf, PlaceBelow


class AgreementFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    partner = IdFilter(field_name="partner_id", label="An organization's id.")
    community = IdFilter(field_name="community_id", label="A community's id.")
    forum = IdFilter(field_name="forum_id", label="A forum's id.")
    dispute_kind = filters.ChoiceFilter(field_name="dispute_kind", choices=DisputeKind.choices)
    stage = filters.ChoiceFilter(field_name="stage", choices=LocalAgreement.Stage.choices)
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code; further places do not count.")
    signed_from = DayFilter(field_name="signed_on", lookup_expr="gte", label="Signed on this day or later.")
    signed_to = DayFilter(field_name="signed_on", lookup_expr="lte", label="Signed on this day or earlier.")

    class Meta:
        model = LocalAgreement
        fields: list[str] = []


class RankingFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    partner = IdFilter(field_name="partner_id", label="An organization's id.")
    community = IdFilter(field_name="community_id", label="A community's id.")
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code.")
    ended_from = DayFilter(field_name="ends_on", lookup_expr="gte", label="Ended on this day or later.")
    ended_to = DayFilter(field_name="ends_on", lookup_expr="lte", label="Ended on this day or earlier.")

    class Meta:
        model = NeedsRanking
        fields: list[str] = []


class LocalProjectFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    partner = IdFilter(field_name="partner_id", label="An organization's id.")
    community = IdFilter(field_name="community_id", label="A community's id.")
    committee = IdFilter(field_name="committee_id", label="The id of the forum that selected them.")
    kind = filters.ChoiceFilter(field_name="kind", choices=LocalProject.Kind.choices)
    state = OneOf(field_name="state", choices=LocalProject.State.choices, label="One or more, separated by commas.")
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code.")
    led_by_women = filters.BooleanFilter(field_name="led_by_women")
    benefits_women = filters.BooleanFilter(field_name="benefits_women")
    check_due_before = DayFilter(method="to_check_before", label="Handed over, not checked yet, and the check is due before this day.")

    class Meta:
        model = LocalProject
        fields: list[str] = []

    def to_check_before(self, rows: Any, name: str, value: date) -> Any:
        return rows.checks_due_until(value - timedelta(days=1))
