"""Addresses of the reintegration pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from reintegration.views import children

urlpatterns: list[URLPattern] = [
    path("children/", children.Handovers.as_view(), name="child_handovers"),
    path("children/new/", children.HandOver.as_view(), name="hand_over_children"),
    path("children/<int:pk>/handed-over/", children.CloseHandover.as_view(), name="close_child_handover"),
    path("children/<int:pk>/correct/", children.CorrectHandover.as_view(), name="correct_child_handover"),
    path("children/counts/", children.ChildCounts.as_view(), name="child_counts"),
    path("children/counts/new/", children.CountChildren.as_view(), name="count_children"),
    path("children/counts/<int:pk>/", children.RecountChildren.as_view(), name="recount_children"),
    path("children/violations/", children.Violations.as_view(), name="child_violations"),
    path("children/violations/new/", children.CountViolations.as_view(), name="count_violations"),
]
