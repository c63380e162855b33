"""What was promised and what happened: programs, projects and their frameworks, periods, activities, action points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.idempotency import once
from accounts.api.lists import Listed, by_key
from accounts.models import Organization, User
from accounts.roles import Permission
from locations.gazetteer import code_of
from locations.models import Place
from plumbing.refusals import Invalid, Problem
from programs import access, actionpoints, activities, disaggregations
from programs.api import serializers as shapes
from programs.api.filters import (
    ActionPointFilters,
    ActivityFilters,
    AssignmentFilters,
    DefinitionFilters,
    PeriodFilters,
    ProgramFilters,
    ProjectFilters,
)
from programs.api.partners import authority, visible_project, writing_for
from programs.models import (
    ActionPoint,
    ActivityAttendance,
    ActivityRecord,
    AssignmentPlace,
    BreakdownDimension,
    DefinitionOption,
    Dimension,
    Disaggregation,
    ExpectedReport,
    Indicator,
    IndicatorDefinition,
    Program,
    Project,
    ProjectLevel,
    ProjectTheme,
    ReportingAssignment,
    ReportingPeriod,
    Result,
    Target,
    WorkPlanLine,
)
from programs.scope import is_staff_reader, words

CODE = r"[^/]{1,30}"


class Programs(Listed):
    model = Program
    serializer_class = shapes.ProgramRow
    filterset_class = ProgramFilters
    orderings = {"code": "code", "name": "name", "starts_on": "starts_on", "updated_at": "updated_at"}
    ordering = ("code",)
    lookup_field, lookup_value_regex = "code", CODE


class Projects(Listed):
    model = Project
    serializer_class = shapes.ProjectRow
    filterset_class = ProjectFilters
    orderings = {"code": "code", "title": "title", "starts_on": "starts_on", "ends_on": "ends_on", "updated_at": "updated_at"}
    ordering = ("code",)
    filled = ("levels", "themes")
    lookup_field, lookup_value_regex = "code", CODE

    def fill(self, rows: list[dict[str, Any]]) -> None:
        ids = [row["id"] for row in rows]
        levels = by_key(ProjectLevel.objects.filter(project__in=ids).order_by("id").values_list("project_id", "level"))
        themes = by_key(ProjectTheme.objects.filter(project__in=ids).order_by("id").values_list("project_id", "theme__code"))
        for row in rows:
            row["levels"], row["themes"] = levels.get(row["id"], []), themes.get(row["id"], [])

    @extend_schema(summary="A project's results framework", responses=shapes.FrameworkOut)
    @action(detail=True)
    def framework(self, request: Any, code: str) -> Response:
        """Results, indicators with their rules, baselines and targets, and the categories that figures are broken down by."""
        return Response(shapes.FrameworkOut(framework_of(self.found(), request.user)).data)


class Assignments(Listed):
    model = ReportingAssignment
    serializer_class = shapes.AssignmentRow
    filterset_class = AssignmentFilters
    orderings = {
        "project": "indicator__project__code",
        "indicator": "indicator__code",
        "starts_on": "starts_on",
        "id": "id",
        "updated_at": "updated_at",
    }
    ordering = ("id",)
    filled = ("places", "periods")

    def fill(self, rows: list[dict[str, Any]]) -> None:
        ids = [row["id"] for row in rows]
        places = by_key(
            AssignmentPlace.objects.filter(assignment__in=ids).order_by("place__code").values_list("assignment_id", "place__code")
        )
        named = ReportingAssignment.periods.through.objects.filter(reportingassignment__in=ids)
        periods = by_key(named.order_by("reportingperiod__ends_on").values_list("reportingassignment_id", "reportingperiod__code"))
        for row in rows:
            row["places"], row["periods"] = places.get(row["id"], []), periods.get(row["id"], [])


class Periods(Listed):
    model = ReportingPeriod
    serializer_class = shapes.PeriodRow
    filterset_class = PeriodFilters
    orderings = {"ends_on": "ends_on", "due_on": "due_on", "project": "project__code", "code": "code", "updated_at": "updated_at"}
    ordering = ("ends_on", "project__code")
    filled = ("expected",)

    def get_queryset(self) -> QuerySet[ReportingPeriod]:
        return super().get_queryset().with_state(timezone.localdate())

    def fill(self, rows: list[dict[str, Any]]) -> None:
        due = ExpectedReport.objects.visible_to(self.request.user).filter(period__in=[row["id"] for row in rows]).order_by("id")
        expected = by_key(
            (key, {"partner": partner, "due_on": day, "review_due_on": review, "is_exempt": exempted is not None})
            for key, partner, day, review, exempted in due.values_list("period_id", "partner_id", "due_on", "review_due_on", "exempted_at")
        )
        for row in rows:
            row["expected"] = expected.get(row["id"], [])


class Definitions(Listed):
    model = IndicatorDefinition
    serializer_class = shapes.DefinitionRow
    filterset_class = DefinitionFilters
    orderings = {"code": "code", "title": "title", "updated_at": "updated_at"}
    ordering = ("code",)
    filled = ("breakdowns", "options")

    def fill(self, rows: list[dict[str, Any]]) -> None:
        ids = [row["id"] for row in rows]
        breakdowns, options = breakdowns_of(ids), options_of(ids)
        for row in rows:
            row["breakdowns"], row["options"] = breakdowns.get(row["id"], []), options.get(row["id"], [])


class Activities(Listed):
    model = ActivityRecord
    serializer_class = shapes.ActivityRow
    filterset_class = ActivityFilters
    orderings = {"happened_on": "happened_on", "recorded_at": "recorded_at", "id": "id", "updated_at": "updated_at"}
    ordering = ("-happened_on", "-id")
    filled = ("attendance",)

    def fill(self, rows: list[dict[str, Any]]) -> None:
        cells = ActivityAttendance.objects.filter(activity__in=[row["id"] for row in rows]).order_by("disaggregation__key")
        attendance = by_key(
            (key, {"disaggregation": disaggregations.cell_of(cell), "number": number})
            for key, cell, number in cells.values_list("activity_id", "disaggregation__key", "number")
        )
        for row in rows:
            row["attendance"] = attendance.get(row["id"], [])

    @extend_schema(
        summary="Record an activity",
        request=shapes.ActivityIn,
        responses={201: shapes.ActivityRow, 200: shapes.ActivityRow},
        examples=[
            OpenApiExample(
                "A dialogue session",
                request_only=True,
                value={
                    "external_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
                    "project": "PPS-01",
                    "kind": "dialogue",
                    "happened_on": "2026-09-14",
                    "place": "SS0703",
                    "people_present": 22,
                    "attendance": [{"disaggregation": {"sex": "female"}, "number": 12}],
                },
            )
        ],
    )
    @once
    def create(self, request: Any) -> Response:
        """Recorded once per partner and `external_id`: the same record again is 200 and changes nothing."""
        given = taken(shapes.ActivityIn, request.data)
        user: User = request.user
        project = visible_project(given["project"], user)
        partner = writing_for(user, Permission.RECORD_ACTIVITIES, project=project, partner=given.get("partner"))
        recorded = activities.record(
            project=project,
            partner=partner,
            kind=given["kind"],
            happened_on=given["happened_on"],
            place=place_at(given["place"]),
            line=_line(project, given.get("line")),
            supports=authority(given.get("supports"), "supports"),
            people_present=given.get("people_present"),
            children_present=given.get("children_present"),
            cells=_cells(given.get("attendance", [])),
            sheet_number=given.get("sheet_number", ""),
            sheet_repeats=given["sheet_repeats"],
            note=given.get("note", ""),
            external_id=given.get("external_id"),
            by=user,
        )
        return self.created(recorded.activity.pk, is_new=recorded.is_new)


class ActionPoints(Listed):
    model = ActionPoint
    serializer_class = shapes.ActionPointRow
    filterset_class = ActionPointFilters
    orderings = {"due_on": "due_on", "raised_at": "raised_at", "id": "id", "updated_at": "updated_at"}
    ordering = ("due_on", "id")

    @extend_schema(
        summary="Raise an action point",
        request=shapes.ActionPointIn,
        responses={201: shapes.ActionPointRow},
        examples=[
            OpenApiExample(
                "A missing sheet",
                request_only=True,
                value={"text": "Send the sheet of 14 September", "owner": "mary@nyi.example", "due_on": "2026-10-05", "project": "PPS-01"},
            )
        ],
    )
    @once
    def create(self, request: Any) -> Response:
        given = taken(shapes.ActionPointIn, request.data)
        user: User = request.user
        project = visible_project(given["project"], user)
        partner = (
            writing_for(user, Permission.EDIT_ACTION_POINTS, project=project, partner=given["partner"]) if "partner" in given else None
        )
        point = actionpoints.raise_point(
            text=given["text"],
            owner=_colleague(given["owner"], project),
            due_on=given["due_on"],
            project=project,
            partner=partner or _own_partner(user, project),
            origin=given.get("origin", ""),
            by=user,
        )
        return self.created(point.pk)

    @extend_schema(summary="Say that an action point is done", request=shapes.DoneIn, responses=shapes.ActionPointRow)
    @action(detail=True, methods=["post"])
    @once
    def done(self, request: Any, id: str) -> Response:
        point = self.found()
        actionpoints.finish(point, note=taken(shapes.DoneIn, request.data)["note"], by=request.user)
        return Response(self.one(id=id))


class Me(APIView):
    """Who this key or session is, and what it may do."""

    @extend_schema(summary="Who am I", responses=shapes.MeOut)
    def get(self, request: Any) -> Response:
        user: User = request.user
        key = getattr(user, "api_key", None) if user.is_service else None
        office = user.organization
        rows = user.memberships.live().order_by("id")
        return Response(
            shapes.MeOut(
                {
                    "id": user.pk,
                    "name": user.name,
                    "kind": "key" if user.is_service else "person",
                    "organization": {"id": office.pk, "name": office.name} if office else None,
                    "key": key,
                    "roles": [
                        dict(zip(("role", "organization", "program", "project", "place", "until"), row, strict=True))
                        for row in rows.values_list("role", "organization_id", "program__code", "project__code", "place__code", "ends_on")
                    ],
                    "permissions": sorted(words(user)),
                }
            ).data
        )


def taken(shape: type[Any], data: Any) -> dict[str, Any]:
    """What a request's body says, checked; everything that is wrong at once (422)."""
    form = shape(data=data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def place_at(code: str, path: str = "place") -> Place:
    place = Place.objects.filter(code=code_of(code)).first()
    if place is None:
        raise Invalid([Problem(path, _("There is no place with the P-code “%(code)s”.") % {"code": code}, "unknown")])
    return place


def framework_of(project: Project, user: User) -> dict[str, Any]:
    """The framework as ``FrameworkOut`` shows it, in eight queries whatever its size. Other partners' targets stay with them."""
    results = Result.objects.filter(project=project).values("id", "parent", "kind", "level", "code", "title")
    indicators = list(Indicator.objects.filter(project=project).select_related("definition").order_by("result__order", "order", "id"))
    definitions = {one.definition_id for one in indicators}
    breakdowns, options = breakdowns_of(definitions), options_of(definitions)
    targets = _targets(project, user)
    return {
        "project": project.code,
        "title": project.title,
        "agreed_on": project.framework_agreed_on,
        "results": list(results),
        "indicators": [
            {
                "code": one.code,
                "title": one.wording,
                "definition": one.definition.code,
                "result": one.result_id,
                "baseline": _baseline(one),
                "targets": targets.get(one.pk, []),
                "breakdowns": breakdowns.get(one.definition_id, []),
                "options": options.get(one.definition_id, []),
                "is_retired": one.is_retired,
                **{
                    name: getattr(one.definition, name)
                    for name in ("unit", "measure", "over_time", "across", "counting", "decimals", "per", "ascending")
                },
            }
            for one in indicators
        ],
        "dimensions": _dimensions({code for sets in breakdowns.values() for one in sets for code in one}),
    }


def breakdowns_of(definitions: Iterable[int]) -> Mapping[int, list[list[str]]]:
    """The breakdowns of each definition, each a list of dimension codes. One query."""
    parts = BreakdownDimension.objects.filter(breakdown__definition__in=definitions).order_by(
        "breakdown__order", "breakdown_id", "order", "id"
    )
    found: dict[int, dict[int, list[str]]] = {}
    for definition, breakdown, code in parts.values_list("breakdown__definition_id", "breakdown_id", "dimension__code"):
        found.setdefault(definition, {}).setdefault(breakdown, []).append(code)
    return {definition: list(sets.values()) for definition, sets in found.items()}


def options_of(definitions: Iterable[int]) -> Mapping[int, list[dict[str, str]]]:
    rows = DefinitionOption.objects.filter(definition__in=definitions).values_list("definition_id", "code", "label")
    return by_key((definition, {"code": code, "label": label}) for definition, code, label in rows)


def _targets(project: Project, user: User) -> Mapping[int, list[dict[str, Any]]]:
    rows = Target.objects.filter(indicator__project=project)
    if not is_staff_reader(user):
        own = {one.scope["partner"] for one in access.held(user) if "partner" in one.scope}
        rows = rows.filter(Q(partner__isnull=True) | Q(partner__in=own))
    columns = ("indicator_id", "partner_id", "place__code", "period__code", "value", "numerator", "denominator", "share", "note")
    return by_key(
        (
            row["indicator_id"],
            shapes.stated(row) | {"partner": row["partner_id"], "place": row["place__code"], "period": row["period__code"]},
        )
        for row in rows.order_by("period__ends_on", "id").values(*columns)
    )


def _baseline(one: Indicator) -> dict[str, Any] | None:
    numbers = {name: getattr(one, f"baseline_{name}") for name in ("value", "numerator", "denominator", "share", "note")}
    if all(numbers[name] is None for name in ("value", "numerator", "denominator", "share")) and not one.baseline_note:
        return None
    return numbers | {"on": one.baseline_on}


def _dimensions(codes: set[str]) -> list[dict[str, Any]]:
    rows = Dimension.objects.filter(code__in=codes).prefetch_related("categories")
    return [
        {
            "code": row.code,
            "name": row.name,
            "categories": [{"code": c.code, "label": c.name} for c in row.categories.all() if not c.is_retired],
        }
        for row in rows
    ]


def _line(project: Project, code: str | None) -> WorkPlanLine | None:
    if code is None:
        return None
    line = WorkPlanLine.objects.filter(project=project, code=code).first()
    if line is None:
        raise Invalid([Problem("line", _("This project has no work-plan line “%(code)s”.") % {"code": code}, "unknown")])
    return line


def _cells(attendance: list[dict[str, Any]]) -> dict[Disaggregation, int]:
    keys = [disaggregations.key_of(one["disaggregation"]) for one in attendance]
    if len(set(keys)) != len(keys):
        raise Invalid([Problem("attendance", _("A cell is given twice."), "twice")])
    if any("=" in part or "|" in part for one in attendance for pair in one["disaggregation"].items() for part in pair):
        raise Invalid([Problem("attendance", _("There is no such dimension or category."), "unknown")])
    try:
        ids = disaggregations.ensure(keys)
    except KeyError as wrong:
        raise Invalid([Problem("attendance", _("There is no such dimension or category."), "unknown")]) from wrong
    rows = Disaggregation.objects.in_bulk(ids.values())
    return {rows[ids[key]]: one["number"] for key, one in zip(keys, attendance, strict=True)}


def _colleague(address: str, project: Project) -> User:
    """Somebody who works on the project. Who does not, or is not there at all, gives the same answer."""
    found = User.objects.filter(email=address.lower(), is_active=True, is_service=False).first()
    if found is None or not Project.objects.visible_to(found).filter(pk=project.pk).exists():
        raise Invalid([Problem("owner", _("Nobody with this address works on %(project)s.") % {"project": project.code}, "unknown")])
    return found


def _own_partner(user: User, project: Project) -> Organization | None:
    own = {one.scope["partner"] for one in access.held(user) if "partner" in one.scope}
    mine = list(Organization.objects.filter(pk__in=own, project_roles__project=project).distinct()[:2])
    return mine[0] if len(mine) == 1 else None
