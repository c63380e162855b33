"""What lists of forums, commitments and disputes can be asked for."""

from __future__ import annotations

from django_filters import rest_framework as filters

from communities.models import Commitment, Dispute, Forum
from communities.models.records import DisputeKind
from programs.api.filters import DayFilter, IdFilter, OneOf, PlaceBelow


class ForumFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    partner = IdFilter(field_name="partner_id", label="An organization's id.")
    community = IdFilter(field_name="community_id", label="A community's id.")
    institution = IdFilter(field_name="institution_id", label="The id of the authority that meets people there.")
    kind = filters.ChoiceFilter(field_name="kind", choices=Forum.Kind.choices)
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code.")
    meeting = filters.BooleanFilter(field_name="ended_on", lookup_expr="isnull", label="`true`: those that still meet.")

    class Meta:
        model = Forum
        fields: list[str] = []


class CommitmentFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    partner = IdFilter(field_name="partner_id", label="An organization's id.")
    forum = IdFilter(field_name="forum_id", label="A forum's id.")
    agreement = IdFilter(field_name="agreement_id", label="A local agreement's id.")
    dispute = IdFilter(field_name="dispute_id", label="A dispute's id.")
    state = OneOf(field_name="state", choices=Commitment.State.choices, label="One or more, separated by commas.")
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code.")
    due_before = DayFilter(field_name="due_on", lookup_expr="lt", label="Due before this day.")

    class Meta:
        model = Commitment
        fields: list[str] = []


class DisputeFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    partner = IdFilter(field_name="partner_id", label="An organization's id.")
    community = IdFilter(field_name="community_id", label="A community's id.")
    kind = filters.ChoiceFilter(field_name="kind", choices=DisputeKind.choices)
    state = OneOf(field_name="state", choices=Dispute.State.choices, label="One or more, separated by commas.")
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code.")
    opened_from = DayFilter(field_name="opened_on", lookup_expr="gte", label="Opened on this day or later.")
    opened_to = DayFilter(field_name="opened_on", lookup_expr="lte", label="Opened on this day or earlier.")

    class Meta:
        model = Dispute
        fields: list[str] = []
