"""Communities, incidents and early warnings: lists, new records, and what is done about them."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.idempotency import once
from accounts.api.lists import Listed, by_key
from accounts.models import Organization, User
from accounts.roles import Permission
from communities import early_warnings, incidents, masking, population, registry, taxonomy
from communities.api import record_shapes as shapes
from communities.api.record_filters import CommunityFilters, IncidentFilters, ViolationFilters, WarningFilters
from communities.forms import answerers
from communities.models import Community, CommunityProject, EarlyWarning, Incident, ViolationCount
from plumbing.refusals import Invalid, Problem
from programs import access
from programs.api.partners import visible_project, visible_record
from programs.api.views import place_at, taken

P = Permission


class Communities(Listed):
    model = Community
    serializer_class = shapes.CommunityRow
    filterset_class = CommunityFilters
    orderings = {"name": "name", "id": "id", "updated_at": "updated_at"}
    ordering = ("name", "id")
    filled = ("projects", "people", "people_counted_on", "people_source")
    related = ("place", "partner")

    def fill(self, rows: list[dict[str, Any]]) -> None:
        ids = [row["id"] for row in rows]
        links = CommunityProject.objects.filter(community__in=ids).order_by("project__code")
        codes, people = by_key(links.values_list("community_id", "project__code")), population.on(ids)
        for row in rows:
            row["projects"], told = codes.get(row["id"], []), people.get(row["id"])
            row["people"], row["people_counted_on"], row["people_source"] = (
                (told.number, told.observed_on, told.source) if told is not None else (None, None, "")
            )

    @extend_schema(
        summary="Record a community",
        request=shapes.CommunityIn,
        responses={201: shapes.CommunityRow},
        examples=[
            OpenApiExample(
                "A town",
                request_only=True,
                value={"name": "Renk town", "place": "SS0704", "projects": ["DIA-01"], "languages": "Arabic, Dinka", "monitors": 3},
            )
        ],
    )
    @once
    def create(self, request: Any) -> Response:
        access.require_word(request.user, P.RECORD_COMMUNITIES)
        given = taken(shapes.CommunityIn, request.data)
        projects = [visible_project(code, request.user) for code in given.pop("projects")]
        partner, place = _organization(request.user, given.pop("partner", None)), place_at(given.pop("place"))
        row = registry.add(**given, projects=projects, partner=partner, place=place, by=request.user)
        return self.created(row.pk)

    @extend_schema(
        summary="Record how many people live there",
        request=shapes.PeopleIn,
        responses={201: shapes.CommunityRow},
        examples=[
            OpenApiExample(
                "A count by group",
                request_only=True,
                value={"observed_on": "2026-08-20", "source": "rapid count by the county", "people": {"host": 9000, "idp": 6000}},
            )
        ],
    )
    @action(detail=True, methods=["post"])
    @once
    def population(self, request: Any, id: str) -> Response:
        """Groups are named; one that is left out is not known. The newest count is shown, earlier ones stay."""
        registry.count_population(self.found(), by=request.user, **taken(shapes.PeopleIn, request.data))
        return Response(self.one(id=id), status=201)


class Incidents(Listed):
    """Rows are masked by their class: an area (admin 2, admin 1 where strict), never a place, and nothing that was told in words."""

    model = Incident
    serializer_class = shapes.IncidentRow
    filterset_class = IncidentFilters
    orderings = {"event_date": "event_date", "id": "id", "updated_at": "updated_at"}
    ordering = ("-event_date", "-id")
    filled = ("area", "community", "acled", "verified", "source_ref")
    related = ("place", "community", "organization")

    def fill(self, rows: list[dict[str, Any]]) -> None:
        ids = [row["id"] for row in rows]
        circle = Q(pk__in=Incident.objects.visible_to(self.request.user, P.RECORD_COMMUNITIES).values("pk"))
        circle |= Q(pk__in=Incident.objects.visible_to(self.request.user, P.VERIFY_INCIDENTS).values("pk"))
        told = {row["pk"]: row for row in masking.rows(Incident.objects.filter(pk__in=ids))}
        references = dict(Incident.objects.filter(circle, pk__in=ids).values_list("pk", "source_ref"))
        for row in rows:
            one = told[row["id"]]
            row["area"], row["acled"] = masking.area_of(one)[0], taxonomy.BY_TYPE[row["type"]].acled
            row["community"] = None if masking.is_strict(one) else one["community_id"]
            row["verified"], row["source_ref"] = one["verified_at"] is not None, references.get(row["id"], "")

    @extend_schema(
        summary="Record an incident",
        request=shapes.IncidentIn,
        responses={200: shapes.IncidentRow, 201: shapes.IncidentRow},
        examples=[
            OpenApiExample(
                "A cattle raid",
                request_only=True,
                value={
                    "type": "intercommunal",
                    "sub_type": "Cattle raid",
                    "event_date": "2026-09-01",
                    "place": "SS0704",
                    "actor_1": 4,
                    "actor_2": 7,
                    "fatalities_low": 0,
                    "fatalities_best": 1,
                    "fatalities_high": 2,
                    "harm": [{"what": "injured", "sex": "male", "band": "18-29", "number": 3}],
                    "source": "community monitor",
                    "source_ref": "M-77",
                },
            )
        ],
    )
    @once
    def create(self, request: Any) -> Response:
        """The same `source_ref` of one source again is found, not doubled (200). Sexual violence and children have no row: count them."""
        access.require_word(request.user, P.RECORD_COMMUNITIES)
        given = taken(shapes.IncidentIn, request.data)
        for name in ("displaced_from", "displaced_to"):
            if given.get(name):
                given[name] = place_at(given[name])
        given["harm"] = {(one["what"], one["sex"], one["band"]): one["number"] for one in given.pop("harm", [])}
        community = visible_record(Community, given.pop("community", None), request.user, "community")
        done = incidents.record(
            organization=_organization(request.user, given.pop("partner", None)), place=place_at(given.pop("place")), community=community,
            by=request.user, **given,
        )  # fmt: skip
        return self.created(done.incident.pk, is_new=done.is_new)

    @extend_schema(summary="Verify an incident", request=shapes.VerifyIn, responses=shapes.IncidentRow)
    @action(detail=True, methods=["post"])
    @once
    def verify(self, request: Any, id: str) -> Response:
        """Who recorded it does not verify it; from then on nothing changes."""
        incidents.verify(self.found(), by=request.user, **taken(shapes.VerifyIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(
        summary="Count violations by area",
        request=shapes.ViolationShape,
        responses={201: shapes.ViolationShape},
        examples=[
            OpenApiExample(
                "A quarter of an admin 1",
                request_only=True,
                value={"kind": "sexual_violence", "area": "SS07", "starts_on": "2026-07-01", "number": 4, "source": "protection cluster"},
            )
        ],
    )
    @action(detail=False, methods=["post"], url_path="violation-counts")
    @once
    def count_violations(self, request: Any) -> Response:
        """Sexual violence by quarter and grave violations against children by month: a number for an admin 1. Given again, it is replaced."""
        access.require_word(request.user, P.RECORD_COMMUNITIES)
        given = taken(shapes.ViolationShape, request.data)
        partner, area = _organization(request.user, given.pop("partner", None)), place_at(given.pop("area"))
        row = incidents.count_violations(**given, organization=partner, area=area, by=request.user)
        shown = {"kind": row.kind, "area": area.code, "starts_on": row.starts_on, "number": row.number, "source": row.source}
        return Response(shapes.ViolationShape({**shown, "partner": partner.pk}).data, status=201)


class ViolationCounts(Listed):
    """Sexual violence and grave violations against children: numbers for an admin 1, for those who verify or recorded them."""

    model = ViolationCount
    serializer_class = shapes.ViolationRow
    filterset_class = ViolationFilters
    orderings = {"starts_on": "starts_on", "id": "id", "updated_at": "updated_at"}
    ordering = ("-starts_on", "-id")
    filled = ("number", "is_hidden")

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return ViolationCount.objects.readable_by(self.request.user)

    def fill(self, rows: list[dict[str, Any]]) -> None:
        shown = incidents.shown_counts([row["id"] for row in rows], reader=self.request.user)
        for row in rows:
            row["number"], row["is_hidden"] = shown[row["id"]].value, shown[row["id"]].status == "suppressed"


class EarlyWarnings(Listed):
    model = EarlyWarning
    serializer_class = shapes.WarningRow
    filterset_class = WarningFilters
    orderings = {"first_seen": "first_seen", "due_at": "due_at", "id": "id", "updated_at": "updated_at"}
    ordering = ("-first_seen", "-id")
    related = ("community",)

    @extend_schema(
        summary="Raise an early warning",
        request=shapes.WarningIn,
        responses={201: shapes.WarningRow},
        examples=[
            OpenApiExample(
                "Armed men at the market",
                request_only=True,
                value={"community": 7, "signal": "Armed men at the cattle market, two days in a row", "severity": 3},
            )
        ],
    )
    @once
    def create(self, request: Any) -> Response:
        """The responder named, or the community's own, is told at once."""
        access.require_word(request.user, P.RECORD_COMMUNITIES)
        given = taken(shapes.WarningIn, request.data)
        community = visible_record(Community, given.pop("community"), request.user, "community")
        responder = _responder(given.pop("responder", ""), community)
        row = early_warnings.raise_warning(community=community, responder=responder, by=request.user, **given)
        return self.created(row.pk)

    @extend_schema(summary="Acknowledge an early warning", request=None, responses=shapes.WarningRow)
    @action(detail=True, methods=["post"])
    @once
    def acknowledge(self, request: Any, id: str) -> Response:
        early_warnings.acknowledge(self.found(), by=request.user)
        return Response(self.one(id=id))

    @extend_schema(summary="Record what was done about an early warning", request=shapes.ResponseIn, responses=shapes.WarningRow)
    @action(detail=True, methods=["post"])
    @once
    def respond(self, request: Any, id: str) -> Response:
        early_warnings.respond(self.found(), by=request.user, **taken(shapes.ResponseIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="Decide on an early warning", request=shapes.DecisionIn, responses=shapes.WarningRow)
    @action(detail=True, methods=["post"])
    @once
    def decide(self, request: Any, id: str) -> Response:
        """Acted upon (after a response), watched, or a false alarm with its reason. It is closed; a new signal is a new warning."""
        early_warnings.decide(self.found(), by=request.user, **taken(shapes.DecisionIn, request.data))
        return Response(self.one(id=id))


def _organization(user: User, pk: int | None) -> Organization:
    """For whom the caller records: the organization named, or the only one there is. A stranger's reads like one that is not there."""
    mine = registry.keepers(user, P.RECORD_COMMUNITIES)
    found = list((mine.filter(pk=pk) if pk is not None else mine)[:2])
    if len(found) == 1:
        return found[0]
    if pk is not None:
        raise Invalid([Problem("partner", _("There is no organization with this id that you may record for."), "unknown")])
    raise Invalid([Problem("partner", _("Say for which organization: give its id as “partner”."), "required")])


def _responder(email: str, community: Community) -> User | None:
    if not email:
        return None
    found = answerers(community).filter(email__iexact=email).first()
    if found is None:
        raise Invalid([Problem("responder", _("Nobody with this address works in the community’s projects."), "unknown")])
    return found
