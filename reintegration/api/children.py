"""Monthly counts of children and receipts of their handover in JSON: numbers by sex and age, and nothing about any child."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts import audit
from accounts.api.idempotency import once
from accounts.api.lists import by_key
from accounts.models import User
from accounts.roles import Permission
from plumbing.refusals import Invalid, Problem
from plumbing.serializer_fields import PlainTextField
from programs.api.filters import PlaceBelow
from programs.api.partners import visible_project, writing_for
from programs.api.views import place_at, taken
from reintegration import children
from reintegration.api.guarded import Guarded
from reintegration.models import ChildBand, ChildCount, ChildHandover, ChildMonth, ChildSex, CountKind

LARGEST_COUNT = 100_000
WHOLE = {"min_value": 0, "max_value": LARGEST_COUNT}
MONTH = {
    "project": "PPS-01",
    "place": "SS07",
    "year": 2026,
    "month": 9,
    "kind": "associated",
    "cells": [{"sex": "girl", "band": "15-17", "number": 4}, {"sex": "boy", "band": "15-17", "number": 0}],
}
RECEIPT = {"project": "PPS-01", "place": "SS0703", "identified_at": "2026-10-12T07:30:00Z", "girls": 2, "boys": 1}
CLOSED = {"handed_over_at": "2026-10-13T10:00:00Z", "receiver": "child_protection"}


class Cell(serializers.Serializer):
    sex = serializers.ChoiceField(ChildSex.choices)
    band = serializers.ChoiceField(ChildBand.choices)
    number = serializers.IntegerField(**WHOLE, help_text="0: counted, and none found. A cell that is left out was not counted.")


class ChildMonthRow(serializers.Serializer):
    id = serializers.IntegerField()
    project = serializers.CharField(source="project__code")
    partner = serializers.IntegerField(source="partner_id")
    place = serializers.CharField(source="place__code")
    year = serializers.IntegerField()
    month = serializers.IntegerField()
    kind = serializers.ChoiceField(CountKind.choices)
    cells = Cell(many=True)
    updated_at = serializers.DateTimeField()


class ChildMonthIn(serializers.Serializer):
    project = PlainTextField(max_length=30)
    partner = serializers.IntegerField(required=False, min_value=1, max_value=2**31)
    place = PlainTextField(max_length=32, help_text="P-code of a state or province (admin 1), nothing finer.")
    year = serializers.IntegerField(min_value=2000, max_value=2100)
    month = serializers.IntegerField(min_value=1, max_value=12)
    kind = serializers.ChoiceField(CountKind.choices)
    cells = Cell(many=True, allow_empty=False, max_length=len(ChildSex) * len(ChildBand))


class HandoverRow(serializers.Serializer):
    id = serializers.IntegerField()
    project = serializers.CharField(source="project__code")
    partner = serializers.IntegerField(source="partner_id")
    place = serializers.CharField(source="place__code")
    girls = serializers.IntegerField()
    boys = serializers.IntegerField()
    sex_unknown = serializers.IntegerField()
    identified_at = serializers.DateTimeField()
    handed_over_at = serializers.DateTimeField(allow_null=True, help_text="Null: still with you, the clock runs.")
    receiver = serializers.ChoiceField([("", ""), *ChildHandover.Receiver.choices])
    hours = serializers.IntegerField(help_text="Whole hours between identification and handover; while it is open, until now.")
    is_late = serializers.BooleanField(help_text="More hours than the setting allows (48).")
    updated_at = serializers.DateTimeField()


class HandoverClosed(serializers.Serializer):
    handed_over_at = serializers.DateTimeField()
    receiver = serializers.ChoiceField(ChildHandover.Receiver.choices)


class HandoverContent(serializers.Serializer):
    """The whole content of a receipt; a correction gives it anew."""

    place = PlainTextField(max_length=32, help_text="P-code of the county (admin 2), nothing finer.")
    identified_at = serializers.DateTimeField()
    girls = serializers.IntegerField(required=False, default=0, **WHOLE)
    boys = serializers.IntegerField(required=False, default=0, **WHOLE)
    sex_unknown = serializers.IntegerField(required=False, default=0, **WHOLE)
    handed_over_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    receiver = serializers.ChoiceField(ChildHandover.Receiver.choices, required=False, allow_blank=True, default="")


class HandoverIn(HandoverContent):
    project = PlainTextField(max_length=30)
    partner = serializers.IntegerField(required=False, min_value=1, max_value=2**31)


class ChildMonthFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code.")
    kind = filters.ChoiceFilter(field_name="kind", choices=CountKind.choices)

    class Meta:
        model = ChildMonth
        fields: list[str] = []


class HandoverFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code.")
    open = filters.BooleanFilter(field_name="handed_over_at", lookup_expr="isnull", label="Not handed over yet.")

    class Meta:
        model = ChildHandover
        fields: list[str] = []


class _Counted(Guarded):
    related = ("project", "partner", "place")
    listed = ""

    def mine(self, user: User) -> QuerySet[Any]:
        return self.model.objects.visible_to(user, Permission.COUNT_CHILDREN)

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        answer = super().list(request, *args, **kwargs)
        audit.record(self.listed, by=request.user, rows=len(answer.data["results"]))
        return answer

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        shown = self.one(**self.lookup())
        audit.record(self.listed, [(self.model._meta.model_name, str(shown["id"]))], by=request.user, rows=1)
        return Response(shown)


class ChildCounts(_Counted):
    """Your organization's monthly counts of children."""

    model = ChildMonth
    listed = "children.counts_listed"
    serializer_class = ChildMonthRow
    filterset_class = ChildMonthFilters
    orderings = {"id": "id", "year": "year", "month": "month", "updated_at": "updated_at"}
    ordering = ("-year", "-month")
    filled = ("cells",)

    def fill(self, rows: list[dict[str, Any]]) -> None:
        cells = ChildCount.objects.filter(of__in=[row["id"] for row in rows]).order_by("sex", "band").values("of", "sex", "band", "number")
        found = by_key((cell.pop("of"), cell) for cell in cells)
        for row in rows:
            row["cells"] = found.get(row["id"], [])

    @extend_schema(
        summary="Set a month's count of children",
        request=ChildMonthIn,
        responses={201: ChildMonthRow, 200: ChildMonthRow},
        examples=[OpenApiExample("A month", request_only=True, value=MONTH)],
    )
    @once
    def create(self, request: Any) -> Response:
        """One count per project, partner, place, month and kind: sent again, it replaces what stood there (200)."""
        user = self.writing()
        given = taken(ChildMonthIn, request.data)
        project = visible_project(given.pop("project"), user)
        partner = writing_for(user, Permission.COUNT_CHILDREN, project=project, partner=given.pop("partner", None))
        place, cells = place_at(given.pop("place")), given.pop("cells")
        named = {(cell["sex"], cell["band"]): cell["number"] for cell in cells}
        if len(named) != len(cells):
            raise Invalid([Problem("cells", _("Give each cell once."), "twice")])
        is_new = not ChildMonth.objects.filter(project=project, partner=partner, place=place, **given).exists()
        kept = children.count_month(project=project, partner=partner, place=place, cells=named, by=user, **given)
        return self.created(kept.pk, is_new=is_new)


class ChildHandovers(_Counted):
    """Your organization's receipts of children handed over to child protection."""

    model = ChildHandover
    listed = "children.receipts_listed"
    serializer_class = HandoverRow
    filterset_class = HandoverFilters
    orderings = {"id": "id", "identified_at": "identified_at", "updated_at": "updated_at"}
    ordering = ("-identified_at",)
    filled = ("hours", "is_late")

    def fill(self, rows: list[dict[str, Any]]) -> None:
        allowed, now = children.hours_allowed(), timezone.now()
        for row in rows:
            receipt = ChildHandover(identified_at=row["identified_at"], handed_over_at=row["handed_over_at"] or now)
            row["hours"], row["is_late"] = receipt.hours, receipt.is_later_than(allowed)

    @extend_schema(
        summary="Write a handover receipt",
        request=HandoverIn,
        responses={201: HandoverRow},
        examples=[OpenApiExample("Identified, not handed over yet", request_only=True, value=RECEIPT)],
    )
    @once
    def create(self, request: Any) -> Response:
        """So many children were identified at a county. Without `handed_over_at` it is open and its clock runs: call child protection."""
        user = self.writing()
        given = taken(HandoverIn, request.data)
        project = visible_project(given.pop("project"), user)
        partner = writing_for(user, Permission.COUNT_CHILDREN, project=project, partner=given.pop("partner", None))
        made = children.hand_over(project=project, partner=partner, by=user, **given | {"place": place_at(given["place"])})
        return self.created(made.pk)

    @extend_schema(
        summary="Say that the children were handed over",
        request=HandoverClosed,
        responses=HandoverRow,
        examples=[OpenApiExample("To child protection", request_only=True, value=CLOSED)],
    )
    @action(detail=True, methods=["post"], url_path="handed-over")
    @once
    def handed_over(self, request: Any, id: str) -> Response:
        """Once: a receipt that is closed is corrected, not closed again (409)."""
        row = self.found()
        children.close(row, by=self.writing(), **taken(HandoverClosed, request.data))
        return Response(self.one(id=int(id)))

    @extend_schema(summary="Correct a handover receipt", request=HandoverContent, responses=HandoverRow)
    def update(self, request: Any, id: str) -> Response:
        """The whole content is given anew."""
        row = self.found()
        user = self.writing()
        given = taken(HandoverContent, request.data)
        children.correct(row, by=user, **given | {"place": place_at(given["place"])})
        return Response(self.one(id=int(id)))
