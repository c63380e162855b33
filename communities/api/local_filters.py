"""What lists of local agreements, rankings of needs and local projects can be asked for."""

from __future__ import annotations

from django_filters import rest_framework as filters

from communities.models import LocalAgreement, NeedsRanking
from communities.models.records import DisputeKind
from programs.api.filters import DayFilter, IdFilter, PlaceBelow


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
