"""The partner API: one router, its root, its schema and the page that shows it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, re_path
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from communities.api.forums import Commitments, Disputes, Forums
from communities.api.local_records import Agreements, LocalProjects, NeedsRankings
from communities.api.records import Communities, EarlyWarnings, Incidents, ViolationCounts
from exchange.api.views import Imports
from institutions.api.views import ComplaintCounts, Institutions, SupportClearances
from locations.api.views import Places
from plumbing import problems
from programs.api.views import ActionPoints, Activities, Assignments, Definitions, Me, Periods, Programs, Projects
from reintegration.api.cases import Cases
from reintegration.api.children import ChildCounts, ChildHandovers
from reintegration.api.opportunities import Opportunities
from reintegration.api.referrals import ReceivedReferrals, Referrals
from reporting.api.progress import ProgressOf
from reporting.api.views import Submissions
from surveys.api.views import Instruments, SurveyRounds

router = SimpleRouter()
router.register("programs", Programs, "programs")
router.register("projects", Projects, "projects")
router.register("assignments", Assignments, "assignments")
router.register("periods", Periods, "periods")
router.register("indicator-definitions", Definitions, "indicator-definitions")
router.register("places", Places, "places")
router.register("activities", Activities, "activities")
router.register("action-points", ActionPoints, "action-points")
router.register("opportunities", Opportunities, "opportunities")
router.register("communities", Communities, "communities")
router.register("incidents", Incidents, "incidents")
router.register("violation-counts", ViolationCounts, "violation-counts")
router.register("early-warnings", EarlyWarnings, "early-warnings")
router.register("forums", Forums, "forums")
router.register("commitments", Commitments, "commitments")
router.register("disputes", Disputes, "disputes")
router.register("agreements", Agreements, "agreements")
router.register("needs-rankings", NeedsRankings, "needs-rankings")
router.register("local-projects", LocalProjects, "local-projects")
router.register("cases", Cases, "cases")
router.register("referrals", Referrals, "referrals")
router.register("received-referrals", ReceivedReferrals, "received-referrals")
router.register("child-counts", ChildCounts, "child-counts")
router.register("child-handovers", ChildHandovers, "child-handovers")
router.register("submissions", Submissions, "submissions")
router.register("institutions", Institutions, "institutions")
router.register("complaint-counts", ComplaintCounts, "complaint-counts")
router.register("support-clearances", SupportClearances, "support-clearances")
router.register("instruments", Instruments, "instruments")
router.register("survey-rounds", SurveyRounds, "survey-rounds")
router.register("imports", Imports, "imports")


class RootOut(serializers.Serializer):
    me = serializers.URLField()
    progress = serializers.URLField()
    schema = serializers.URLField()
    docs = serializers.URLField()
    lists = serializers.DictField(child=serializers.URLField())


class Root(APIView):
    @extend_schema(summary="Where everything is", responses=RootOut)
    def get(self, request: Any) -> Response:
        lists = {prefix: reverse(f"api:{name}-list", request=request) for prefix, _view, name in router.registry}
        around = {name: reverse(f"api:{name}", request=request) for name in ("me", "progress", "schema", "docs")}
        return Response(RootOut(around | {"lists": lists}).data)


class Schema(SpectacularAPIView):
    """The OpenAPI document: open to everyone, as it holds nothing of anybody's."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()


def docs(request: HttpRequest) -> HttpResponse:
    """The schema for people, with the viewer that this portal serves itself."""
    return render(request, "api/docs.html")


@csrf_exempt  # a key sends no cookie: a wrong address is a 404 for whatever method, not a page about cookies
def nothing_here(request: HttpRequest) -> HttpResponse:
    """404 for an address the API does not have; one without its last slash is told so, never redirected."""
    hint = "" if request.path.endswith("/") else "Addresses of this API end with a slash."
    return problems.plain(request, 404, hint)


urls = (
    [
        path("", Root.as_view(), name="root"),
        path("me/", Me.as_view(), name="me"),
        path("progress/", ProgressOf.as_view(), name="progress"),
        path("schema/", Schema.as_view(), name="schema"),
        path("docs/", docs, name="docs"),
        *router.urls,
        re_path(r"^.*$", nothing_here),
    ],
    "api",
)


# What Django answers by itself; the page templates stay as they are.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problems.plain(request, 400) if problems.is_for_programs(request) else defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problems.plain(request, 403) if problems.is_for_programs(request) else defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problems.plain(request, 404) if problems.is_for_programs(request) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    return problems.plain(request, 500) if problems.is_for_programs(request) else defaults.server_error(request)
