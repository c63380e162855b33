"""Totals by program: what ``reporting.published`` says the caller may see, in JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from locations.models import Place
from plumbing.refusals import Invalid, Problem
from programs.api.views import place_at, taken
from programs.models import Category, Dimension, Indicator, Project
from reporting import promises, published, rollup
from reporting.api import serializers as shapes
from reporting.models import PublishedNumber
from reporting.promises import Promised
from reporting.rules import Amount
from reporting.targets import Standing

Status = PublishedNumber.Status
SPLITS = (*rollup.KEYS, "period")
Told = Mapping[tuple[int, ...], list[dict[str, Any]]]  # per line (the ids of its indicators), its parts


class ProgressOf(APIView):
    queried = ("get",)

    @extend_schema(summary="Totals", parameters=[shapes.ProgressQuery], responses=shapes.ProgressOut)
    def get(self, request: Any) -> Response:
        """Accepted figures rolled up by the rules of each definition, as of a day. Give at least an indicator, project or program.

        Counts of people are hidden where they are small and the caller is not entitled to raw figures.
        """
        given = _query(request.query_params)
        by = given.get("by")
        dimension = None if by is None or by in SPLITS else _dimension(by)
        through = given.get("through") or timezone.localdate()
        place = place_at(given["place"]).pk if "place" in given else None
        asked = promises.promised(_indicators(request.user, given), partner=given.get("partner"), place=place)
        lines = published.table(asked, reader=request.user, through=through, by=dimension, each=given["each"])
        told = _parts(asked, reader=request.user, through=through, by=by, each=given["each"]) if by in SPLITS else None
        names = _categories(dimension)
        body = {"through": through, "results": [_line(line, told, names) for line in lines]}
        return Response(shapes.ProgressOut(body).data)


def _query(params: Any) -> dict[str, Any]:
    unknown = sorted(set(params) - set(shapes.ProgressQuery().fields))
    twice = sorted(name for name, found in params.lists() if len(found) > 1)
    if unknown or twice:
        raise Invalid(
            [
                *(Problem(name, _("There is no such parameter here."), "unknown") for name in unknown),
                *(Problem(name, _("Give this parameter once."), "twice") for name in twice),
            ]
        )
    given = taken(shapes.ProgressQuery, params.dict())
    if not {"indicator", "project", "program"} & given.keys():
        raise Invalid([Problem("indicator", _("Give an indicator, a project or a program."), "required")])
    return given


def _indicators(user: User, given: Mapping[str, Any]) -> QuerySet[Indicator]:
    found = promises.indicators(user, definition=given.get("indicator"))
    if "project" in given:
        found = found.filter(project__code=given["project"])
    if "program" in given:
        found = found.filter(project__program__code=given["program"])
    return found


def _dimension(code: str) -> Dimension:
    found = Dimension.objects.filter(code=code).first()
    if found is None:
        known = ", ".join((*SPLITS, *Dimension.objects.values_list("code", flat=True)))
        raise Invalid([Problem("by", _("Split by one of: %(known)s.") % {"known": known}, "unknown")])
    return found


def _parts(asked: Promised, *, reader: User, through: date, by: Any, each: Any) -> Told:
    """Each line split. A part of a protected number is never shown to a reader without raw figures: it counts as suppressed."""
    raw = published.raw_projects(reader, asked)
    told = {}
    lines = rollup.progress(asked, through=through, by=by, each=each)
    name_of = _namer(by, (part.key for line in lines for part in line.parts))
    for line in lines:
        projects = [one.project for one in line.indicators]
        is_open = {one.pk for one in projects} <= raw or not published.is_protected(line.definition, projects)
        told[_key(line.indicators)] = [
            {
                "key": name_of(part.key),
                "status": _status(part.progress.total) if is_open else Status.SUPPRESSED,
                **_amount(part.progress.total if is_open else Amount()),
            }
            for part in line.parts
        ]
    return told


def _namer(by: str, keys: Iterable[Any]) -> Callable[[Any], str]:
    """Codes for what has one: places and projects; a partner keeps its id, a period its end."""
    if by in ("place", "project"):
        model: Any = Place if by == "place" else Project
        codes = dict(model.objects.filter(pk__in=set(keys)).values_list("pk", "code"))
        return lambda key: codes[key]
    return str


def _categories(dimension: Dimension | None) -> dict[int | None, str]:
    return {} if dimension is None else dict(Category.objects.filter(dimension=dimension).values_list("pk", "code"))


def _line(line: published.PublishedLine, told: Told | None, names: Mapping[int | None, str]) -> dict[str, Any]:
    cells = [{"key": names.get(cell.category), "status": cell.status, **_amount(cell.amount)} for cell in line.breakdown]
    return {
        "indicator": line.definition.code,
        "title": line.definition.title,
        "unit": line.definition.unit,
        "indicators": [{"project": one.project.code, "code": one.code} for one in line.indicators],
        "status": line.status,
        "of": line.of,
        "marks": sorted(line.marks),
        "coverage": line.coverage,
        "standing": _standing(line.standing),
        "parts": cells if told is None else told.get(_key(line.indicators), []),
        **_amount(line.amount),
    }


def _key(indicators: Iterable[Indicator]) -> tuple[int, ...]:
    return tuple(sorted(one.pk for one in indicators))


def _standing(standing: Standing) -> dict[str, Any]:
    amounts = {name: _amount(getattr(standing, name)) for name in ("baseline", "target", "milestone")}
    return amounts | {name: getattr(standing, name) for name in ("milestone_is_linear", "progress", "due", "track")}


def _amount(amount: Amount) -> dict[str, Any]:
    return {"value": amount.value, "numerator": amount.numerator, "denominator": amount.denominator, "reason": amount.reason}


def _status(amount: Amount) -> Status:
    return Status.NONE if amount.exact is None else Status.SHOWN
