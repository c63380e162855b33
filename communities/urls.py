"""Addresses of the communities pages."""

from __future__ import annotations

from django.urls import path

from communities.views import communities

urlpatterns = [
    path("communities/", communities.CommunityList.as_view(), name="communities"),
    path("communities/new/", communities.AddCommunity.as_view(), name="add_community"),
    path("communities/<int:pk>/", communities.community, name="community"),
    path("communities/<int:pk>/change/", communities.ChangeCommunity.as_view(), name="change_community"),
    path("communities/<int:pk>/population/", communities.CountPopulation.as_view(), name="count_population"),
    path("communities/<int:pk>/access/", communities.CheckAccess.as_view(), name="check_access"),
]
