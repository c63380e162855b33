"""The page of one place: who works there and what was recorded, and beside it the three levels over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.roles import Permission
from dashboard import place as places
from dashboard.board import State
from dashboard.views.board import LOOKS
from dashboard.views.overview import user_of
from locations.models import Place, PlaceTree
from plumbing import exports
from programs import access
from programs.models import Level


@login_required
@require_GET
def place_page(request: HttpRequest, code: str) -> HttpResponse:
    """Who does what here, activities by quarter and money; the levels are brought in beside."""
    user, today = user_of(request), timezone.localdate()
    place = _place(code)
    rows = places.work(place, reader=user, today=today)
    projects = list({row.project.pk: row.project for row in rows}.values())
    above = PlaceTree.objects.filter(descendant=place, depth__gt=0).order_by("-depth").values_list("ancestor__name", "ancestor__code")
    context = {
        "place": place,
        "work": [(row, _look(row.state)) for row in rows],
        "held": places.held(place, reader=user, today=today),
        "quarters": places.quarters(today),
        "spent": places.spent(projects, reader=user) if Permission.READ_MONEY in access.words(user) else None,
        "crumbs": [(_("Places"), reverse("places")), *((name, reverse("place_page", args=[key])) for name, key in above), (place.name, "")],
    }
    return render(request, "dashboard/place.html", context)


@login_required
@require_GET
def place_levels(request: HttpRequest, code: str) -> HttpResponseBase:
    """The three levels over eight quarters: a page of its own, the table that the place page brings in, or a file."""
    user, today = user_of(request), timezone.localdate()
    place = _place(code)
    groups, spans = places.levels(place, reader=user, today=today), places.quarters(today)
    if request.GET.get("export") == "csv":
        return _file(place, groups, spans)
    context = {
        "place": place,
        "groups": groups,
        "quarters": spans,
        "crumbs": [(_("Places"), reverse("places")), (place.name, reverse("place_page", args=[code])), (_("Three levels"), "")],
    }
    part = bool(request.headers.get("HX-Request"))
    return render(request, "dashboard/_place_levels.html" if part else "dashboard/place_levels.html", context)


def _look(state: str) -> tuple[str, str, Any] | None:
    """Tone, icon and word of a report's state; the board's own tones are plain here."""
    if not state:
        return None
    tone, icon = LOOKS[State(state)]
    return (tone if tone in {"ok", "info", "wait", "stop"} else "", icon, State(state).label)


def _place(code: str) -> Place:
    place: Place = get_object_or_404(Place.objects.select_related("parent"), code=code)
    return place


@dataclass(frozen=True)
class _Rows:
    """What a file is written from: rows that are at hand, asked like a queryset."""

    rows: list[tuple[Any, ...]]

    def values_list(self, *paths: str) -> _Rows:
        return self

    def iterator(self, chunk_size: int) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows)


def _file(place: Place, groups: Any, spans: Any) -> HttpResponseBase:
    """One line per indicator; what is hidden says so, what was not reported stays empty."""
    rows = [
        (
            Level(level).label, line.shown.definition.code, line.shown.definition.title, str(line.shown.rule[0]),
            *(_("hidden") if hidden else "" if words == "–" else words for words, hidden in line.told),
        )
        for level, lines in groups
        for line in lines
    ]  # fmt: skip
    headings = [_("Level"), _("Indicator"), _("Title"), _("Rule"), *(one.code for one in spans)]
    fields = [exports.Field(heading, f"column_{at}") for at, heading in enumerate(headings)]
    return exports.as_csv(_Rows(rows), fields, name=f"place-{place.code}-{timezone.localdate():%Y-%m-%d}")  # type: ignore[arg-type]
