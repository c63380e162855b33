"""The map of opportunities in JSON: partners read it, put entries on it and keep their own up to date. Nothing is about a person."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.idempotency import once
from accounts.api.lists import Listed, by_key
from accounts.models import Organization, User
from accounts.roles import Permission
from plumbing.refusals import Invalid, Problem
from plumbing.serializer_fields import ExactNumberField, PlainTextField
from programs import access
from programs.api.filters import DayFilter, IdFilter, PlaceBelow, in_our_time
from programs.api.partners import writing_for
from programs.api.views import place_at, taken
from programs.models import Program, Project
from reintegration import offers
from reintegration.models import Answer, Opportunity, Requirement, Sector

LARGEST_COUNT = 1_000_000
Money = {"max_digits": 15, "decimal_places": 2, "allow_null": True}


class OpportunityRow(serializers.Serializer):
    id = serializers.IntegerField()
    program = serializers.CharField(source="program__code")
    kept_by = serializers.IntegerField(source="kept_by_id", help_text="The id of the organization that keeps the entry up to date.")
    title = serializers.CharField()
    sector = serializers.ChoiceField(Sector.choices)
    kind = serializers.ChoiceField(Opportunity.Kind.choices)
    provider = serializers.CharField()
    organization = serializers.IntegerField(
        source="organization_id", allow_null=True, help_text="The provider, where it works in the portal."
    )
    place = serializers.CharField(source="place__code")
    starts_on = serializers.DateField(allow_null=True, help_text="Null: at any time.")
    ends_on = serializers.DateField(allow_null=True)
    free_places = serializers.IntegerField(allow_null=True, help_text="Null: not known, or no limit.")
    has_no_limit = serializers.BooleanField()
    cost = ExactNumberField(**Money, help_text="To the participant; null: not known.")
    currency = serializers.CharField()
    for_women = serializers.ChoiceField(Answer.choices)
    for_youth = serializers.ChoiceField(Answer.choices)
    for_disabled = serializers.ChoiceField(Answer.choices)
    child_care = serializers.ChoiceField(Answer.choices)
    housing = serializers.ChoiceField(Answer.choices)
    demand = serializers.ChoiceField(Opportunity.Demand.choices)
    requirements = serializers.ListField(child=serializers.ChoiceField(Requirement.Fact.choices))
    inputs = serializers.CharField()
    note = serializers.CharField()
    status = serializers.ChoiceField(Opportunity.Status.choices)
    verified_on = serializers.DateField(allow_null=True)
    updated_at = serializers.DateTimeField()


class OpportunityContent(serializers.Serializer):
    """What one says of an opportunity; a change gives the whole content anew."""

    title = PlainTextField(max_length=200)
    sector = serializers.ChoiceField(Sector.choices)
    kind = serializers.ChoiceField(Opportunity.Kind.choices)
    provider = PlainTextField(max_length=200, help_text="The name people know it by; no name of a person.")
    organization = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=2**31)
    place = PlainTextField(max_length=32, help_text="P-code.")
    starts_on = serializers.DateField(required=False, allow_null=True, default=None, validators=[in_our_time])
    ends_on = serializers.DateField(required=False, allow_null=True, default=None, validators=[in_our_time])
    free_places = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0, max_value=LARGEST_COUNT)
    has_no_limit = serializers.BooleanField(required=False, default=False)
    cost = ExactNumberField(**Money, required=False, default=None, min_value=0)
    currency = PlainTextField(max_length=3, required=False, allow_blank=True, default="")
    for_women = serializers.ChoiceField(Answer.choices, required=False, default="unknown")
    for_youth = serializers.ChoiceField(Answer.choices, required=False, default="unknown")
    for_disabled = serializers.ChoiceField(Answer.choices, required=False, default="unknown")
    child_care = serializers.ChoiceField(Answer.choices, required=False, default="unknown")
    housing = serializers.ChoiceField(Answer.choices, required=False, default="unknown")
    demand = serializers.ChoiceField(Opportunity.Demand.choices, required=False, default="unknown")
    requirements = serializers.ListField(
        child=serializers.ChoiceField(Requirement.Fact.choices), required=False, default=list, max_length=len(Requirement.Fact)
    )
    inputs = PlainTextField(max_length=300, required=False, allow_blank=True, default="")
    note = PlainTextField(max_length=500, required=False, allow_blank=True, default="", help_text="No names of people.")
    status = serializers.ChoiceField(Opportunity.Status.choices, required=False, default="open")


class OpportunityIn(OpportunityContent):
    program = PlainTextField(max_length=30, help_text="The program on whose map it stands.")
    kept_by = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31, help_text="Needed where you record for several organizations."
    )


class VerifiedIn(serializers.Serializer):
    status = serializers.ChoiceField(Opportunity.Status.choices)
    free_places = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0, max_value=LARGEST_COUNT)


class OpportunityFilters(filters.FilterSet):
    program = filters.CharFilter(field_name="program__code", label="A program's code.")
    place = PlaceBelow(field_name="place", label="A P-code: the place and everything below it.")
    sector = filters.ChoiceFilter(field_name="sector", choices=Sector.choices)
    kind = filters.ChoiceFilter(field_name="kind", choices=Opportunity.Kind.choices)
    status = filters.ChoiceFilter(field_name="status", choices=Opportunity.Status.choices)
    organization = IdFilter(field_name="organization_id", label="The provider's id.")
    starts_from = DayFilter(field_name="starts_on", lookup_expr="gte", label="Starts on or after this day.")
    for_women = filters.ChoiceFilter(field_name="for_women", choices=Answer.choices)
    child_care = filters.ChoiceFilter(field_name="child_care", choices=Answer.choices)
    stale = filters.BooleanFilter(method="is_stale", label="Nobody has verified it lately.")

    class Meta:
        model = Opportunity
        fields: list[str] = []

    def is_stale(self, rows: Any, name: str, value: bool) -> Any:
        stale = rows.unchecked(timezone.localdate())
        return stale if value else rows.exclude(pk__in=stale.values("pk"))


EXAMPLE = {
    "program": "PTP",
    "title": "Welding course, 12 weeks",
    "sector": "metal",
    "kind": "training",
    "provider": "Vocational centre",
    "place": "SS0703",
    "starts_on": "2026-11-04",
    "free_places": 3,
    "cost": "0",
    "for_women": "yes",
    "child_care": "yes",
    "requirements": ["primary"],
}


class Opportunities(Listed):
    model = Opportunity
    serializer_class = OpportunityRow
    filterset_class = OpportunityFilters
    orderings = {"id": "id", "starts_on": "starts_on", "title": "title", "verified_on": "verified_on", "updated_at": "updated_at"}
    ordering = ("id",)
    filled = ("requirements",)
    related = ("program", "kept_by")

    def fill(self, rows: list[dict[str, Any]]) -> None:
        facts = Requirement.objects.filter(opportunity__in=[row["id"] for row in rows]).order_by("fact")
        asked = by_key(facts.values_list("opportunity_id", "fact"))
        for row in rows:
            row["requirements"] = asked.get(row["id"], [])

    @extend_schema(
        summary="Record an opportunity",
        request=OpportunityIn,
        responses={201: OpportunityRow},
        examples=[OpenApiExample("A course", request_only=True, value=EXAMPLE)],
    )
    @once
    def create(self, request: Any) -> Response:
        """Put an opportunity on the program's map; whoever records it has just asked, so it counts as verified today."""
        given = taken(OpportunityIn, request.data)
        user: User = request.user
        program, project = _program(given.pop("program"), user)
        kept_by = writing_for(user, Permission.RECORD_ACTIVITIES, project=project, partner=given.pop("kept_by", None))
        made = offers.record(program=program, kept_by=kept_by, by=user, **_content(given))
        return self.created(made.pk)

    @extend_schema(summary="Change an opportunity", request=OpportunityContent, responses=OpportunityRow)
    def update(self, request: Any, id: str) -> Response:
        """The whole content is given anew. Only the organization that keeps the entry changes it."""
        row = self.found()
        offers.change(row, by=request.user, **_content(taken(OpportunityContent, request.data)))
        return Response(self.one(id=id))

    @extend_schema(summary="Verify an opportunity today", request=VerifiedIn, responses=OpportunityRow)
    @action(detail=True, methods=["post"])
    @once
    def verify(self, request: Any, id: str) -> Response:
        """Somebody asked the provider: the entry is right, with this status and these free places."""
        row = self.found()
        offers.verify(row, by=request.user, **taken(VerifiedIn, request.data))
        return Response(self.one(id=id))


def _program(code: str, user: User) -> tuple[Program, Project]:
    """The program and a project of it that the caller records for; one that is not the caller's reads like none (422)."""
    readable = Project.objects.visible_to(user).filter(program__code=code).select_related("program")
    any_project = readable.order_by("pk").first()
    if any_project is None:
        raise Invalid([Problem("program", _("There is no program “%(code)s”.") % {"code": code}, "unknown")])
    project = Project.objects.visible_to(user, Permission.RECORD_ACTIVITIES).filter(program=any_project.program).order_by("pk").first()
    if project is None:
        access.require(user, Permission.RECORD_ACTIVITIES, project=any_project)
    return any_project.program, project or any_project


def _content(given: dict[str, Any]) -> dict[str, Any]:
    key = given.pop("organization")
    office = None if key is None else Organization.objects.filter(pk=key, is_active=True).first()
    if key is not None and office is None:
        raise Invalid([Problem("organization", _("There is no organization with this id."), "unknown")])
    return given | {"place": place_at(given["place"]), "organization": office}
