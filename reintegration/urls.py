"""Addresses of the reintegration pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from reintegration.views import children, offers

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
    path("opportunities/", offers.OpportunityList.as_view(), name="opportunities"),
    path("opportunities/new/", offers.RecordOpportunity.as_view(), name="record_opportunity"),
    path("opportunities/<int:pk>/", offers.opportunity, name="opportunity"),
    path("opportunities/<int:pk>/change/", offers.ChangeOpportunity.as_view(), name="change_opportunity"),
    path("opportunities/<int:pk>/verify/", offers.VerifyOpportunity.as_view(), name="verify_opportunity"),
    path("services/", offers.ServiceList.as_view(), name="mapped_services"),
    path("services/new/", offers.RecordService.as_view(), name="record_service"),
    path("services/<int:pk>/", offers.mapped_service, name="mapped_service"),
    path("services/<int:pk>/change/", offers.ChangeService.as_view(), name="change_service"),
    path("services/<int:pk>/verify/", offers.VerifyService.as_view(), name="verify_service"),
]
