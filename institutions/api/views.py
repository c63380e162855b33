"""Institutions, and what was decided on support to them."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.fields import BooleanField

from accounts.api.lists import Listed, by_key
from institutions.api import serializers as shapes
from institutions.api.filters import ClearanceFilters, ComplaintFilters, InstitutionFilters
from institutions.models import ComplaintKind, ComplaintMonth, Engagement, Institution, StaffCount
from institutions.page import with_clearance
from programs.models import Project, SupportClearance


class Institutions(Listed):
    """Institutions that your projects work with, or that lie at your places."""

    model = Institution
    serializer_class = shapes.InstitutionRow
    filterset_class = InstitutionFilters
    orderings = {"name": "organization__name", "kind": "kind", "id": "id", "updated_at": "updated_at"}
    ordering = ("organization__name",)
    filled = ("projects", "staff")

    def get_queryset(self) -> QuerySet[Institution]:
        rows = super().get_queryset()
        return rows if getattr(self, "swagger_fake_view", False) else with_clearance(rows)

    def fill(self, rows: list[dict[str, Any]]) -> None:
        ids = [row["id"] for row in rows]
        mine = Engagement.objects.filter(institution__in=ids, project__in=Project.objects.visible_to(self.request.user))
        projects = by_key(mine.order_by("project__code").values_list("institution_id", "project__code").distinct())
        counted = StaffCount.objects.filter(institution__in=ids).order_by("counted_on")
        staff = {row["institution_id"]: row for row in counted.values("institution_id", "counted_on", "total", "source")}
        for row in rows:
            row["projects"], row["staff"] = projects.get(row["id"], []), staff.get(row["id"])


class SupportClearances(Listed):
    """Decisions whether an institution may be supported: who, what, on which conditions, until when. Never why."""

    model = SupportClearance
    serializer_class = shapes.ClearanceRow
    filterset_class = ClearanceFilters
    orderings = {"valid_until": "valid_until", "decided_at": "decided_at", "id": "id", "updated_at": "updated_at"}
    ordering = ("-valid_until",)

    def get_queryset(self) -> QuerySet[SupportClearance]:
        """Of the institutions one may read: partners plan by them too."""
        if getattr(self, "swagger_fake_view", False):
            return SupportClearance.objects.none()
        rows = SupportClearance.objects.filter(recipient__institution__in=Institution.objects.visible_to(self.request.user))
        stopped = When(Q(suspended_at__isnull=False), then=Value(True))
        return rows.annotate(suspended=Case(stopped, default=Value(False), output_field=BooleanField()))


class ComplaintCounts(Listed):
    """Complaints against security personnel by month and state, from the registers of oversight bodies; strict: for raw figures only."""

    model = ComplaintMonth
    serializer_class = shapes.ComplaintMonthRow
    filterset_class = ComplaintFilters
    orderings = {"id": "id", "year": "year", "month": "month", "updated_at": "updated_at"}
    ordering = ("-year", "-month")
    filled = ("kinds",)

    def fill(self, rows: list[dict[str, Any]]) -> None:
        kinds = ComplaintKind.objects.filter(of__in=[row["id"] for row in rows]).order_by("kind").values("of", "kind", "received")
        found = by_key((kind.pop("of"), kind) for kind in kinds)
        for row in rows:
            row["kinds"] = found.get(row["id"], [])
