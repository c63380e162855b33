"""The page of one place: who works there and what was recorded, and beside it the three levels over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.roles import Permission
from dashboard import place as places
from dashboard import place_records as evidence
from dashboard.board import State
from dashboard.views.board import LOOKS
from dashboard.views.overview import user_of
from locations.models import Place
from plumbing import exports
from programs import access
from programs.models import Level


@login_required
@require_GET
def place_page(request: HttpRequest, code: str) -> HttpResponse:
    """Who does what here, activities by quarter and money; the levels and what was recorded are brought in beside."""
    user, today = user_of(request), timezone.localdate()
    chain = places.chain(code)
    if not chain:
        raise Http404
    place = chain[-1]
    rows = places.work(place, reader=user, today=today)
    projects = list({row.project.pk: row.project for row in rows}.values())
    context = {
        "place": place,
        "today": today,
        "inside": evidence.inside(place, reader=user),
        "work": [(row, _look(row.state)) for row in rows],
        "held": places.held(place, reader=user, today=today),
        "quarters": places.quarters(today),
        "spent": places.spent(projects, reader=user) if Permission.READ_MONEY in access.words(user) else None,
        "crumbs": [
            (_("Places"), reverse("places")),
            *((one.label, reverse("place_page", args=[one.code])) for one in chain[:-1]),
            (place.label, ""),
        ],
    }
    return render(request, "dashboard/place.html", context)


@login_required
@require_GET
def place_levels(request: HttpRequest, code: str) -> HttpResponseBase:
    """The three levels over eight quarters: a page of its own, the table that the place page brings in, or a file."""
    user, today = user_of(request), timezone.localdate()
    place = places.whole(code)
    if place is None:
        raise Http404
    groups, spans = places.levels(place, reader=user, today=today), places.quarters(today)
    if request.GET.get("export") == "csv":
        return _file(f"place-{place.code}", _told(groups), spans)
    context = {"place": place, "groups": groups, "quarters": spans, "crumbs": _crumbs(place, _("Three levels"))}
    return _page_or_part(request, "dashboard/place_levels.html", "dashboard/_place_levels.html", context)


@login_required
@require_GET
def place_records(request: HttpRequest, code: str) -> HttpResponseBase:
    """Needs, incidents, cohesion, promises and capacity on the same quarters: a page, the part of the place page, or a file."""
    user, today = user_of(request), timezone.localdate()
    place: Place = get_object_or_404(Place, code=code)
    spans = places.quarters(today)
    found = evidence.records(place, reader=user, spans=spans, today=today)
    if request.GET.get("export") == "csv":
        return _file(f"records-{place.code}", evidence.texts(found.groups), spans)
    context = {"place": place, "found": found, "quarters": spans, "crumbs": _crumbs(place, _("What was recorded"))}
    return _page_or_part(request, "dashboard/place_records.html", "dashboard/_place_records.html", context)


@login_required
@require_GET
def place_disputes(request: HttpRequest, code: str) -> HttpResponseBase:
    """Disputes and whether their settlements hold, with what people say of safety and justice: a page, a part of the place page, or a file."""
    user, today = user_of(request), timezone.localdate()
    place: Place = get_object_or_404(Place, code=code)
    spans = places.quarters(today)
    groups = evidence.disputes(place, reader=user, spans=spans, today=today)
    if request.GET.get("export") == "csv":
        return _file(f"disputes-{place.code}", evidence.texts(groups), spans)
    context = {"place": place, "groups": groups, "quarters": spans, "crumbs": _crumbs(place, _("Disputes and justice"))}
    return _page_or_part(request, "dashboard/place_disputes.html", "dashboard/_place_disputes.html", context)


def _crumbs(place: Place | places.Whole, words: str) -> list[tuple[str, str]]:
    return [(_("Places"), reverse("places")), (place.name, reverse("place_page", args=[place.code])), (words, "")]


def _look(state: str) -> tuple[str, str, Any] | None:
    """Tone, icon and word of a report's state; the board's own tones are plain here."""
    if not state:
        return None
    tone, icon = LOOKS[State(state)]
    return (tone if tone in {"ok", "info", "wait", "stop"} else "", icon, State(state).label)


def _told(groups: Any) -> Iterator[tuple[str, ...]]:
    """One line per indicator; what is hidden says so, what was not reported stays empty."""
    for level, lines in groups:
        for line in lines:
            words = (_("hidden") if hidden else "" if words == "–" else words for words, hidden in line.told)
            yield (Level(level).label, line.shown.definition.code, line.shown.definition.title, str(line.shown.rule[0]), *words)


def _file(name: str, rows: Iterable[tuple[str, ...]], spans: list[places.Quarter]) -> HttpResponseBase:
    headings = [_("Level"), _("Indicator"), _("Title"), _("Rule"), *(one.code for one in spans)]
    fields = [exports.Field(heading, f"column_{at}") for at, heading in enumerate(headings)]
    return exports.as_csv(exports.AtHand(list(rows)), fields, name=f"{name}-{timezone.localdate():%Y-%m-%d}")


def _page_or_part(request: HttpRequest, page: str, part: str, context: dict[str, Any]) -> HttpResponse:
    """A page of its own, or the part that the place page brings in."""
    return render(request, part if request.headers.get("HX-Request") else page, context)
