"""The gazetteer as a list, and the offers of the place picker."""

from __future__ import annotations

import django_filters
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from locations import search
from locations.forms import label
from locations.gazetteer import code_of, fold
from locations.models import Place, PlaceName
from plumbing.lists import Column, ListPage

OFFERED = 12


@login_required
def place_options(request: HttpRequest) -> HttpResponse:
    """The ``option`` elements for what is typed in the field that asks."""
    text = request.GET.get(request.GET.get("field", "q"), "")[:200]
    levels = [int(level) for level in request.GET.get("levels", "").split(",") if level in {"0", "1", "2", "3", "4", "5"}]
    found = search.search(text, country=request.GET.get("country", "")[:3], levels=levels, limit=OFFERED)
    offers = [(label(place), place.parent.name if place.parent else "") for place in found]
    return render(request, "locations/_place_options.html", {"offers": offers})


class PlaceFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("Name or P-code"), method="named")
    country = django_filters.ModelChoiceFilter(label=_("Country"), queryset=Place.objects.none(), to_field_name="code", method="in_country")
    level = django_filters.ChoiceFilter(label=_("Level"), choices=Place.Level.choices)
    retired = django_filters.ChoiceFilter(label=_("In use"), choices=[("no", _("In use")), ("yes", _("Retired"))], method="by_state")

    class Meta:
        model = Place
        fields = ["q", "country", "level", "retired"]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        inhabited = Place.objects.filter(level__gt=0).values("country")
        self.filters["country"].queryset = Place.objects.filter(level=0, code__in=inhabited)

    def named(self, rows: QuerySet[Place], name: str, value: str) -> QuerySet[Place]:
        folded = fold(value)
        if not folded:
            return rows.none()
        called = PlaceName.objects.filter(folded__contains=folded).values("place")
        return rows.filter(Q(code__startswith=code_of(value)) | Q(folded__contains=folded) | Q(pk__in=called))

    def in_country(self, rows: QuerySet[Place], name: str, value: Place) -> QuerySet[Place]:
        return rows.filter(country=value.code)

    def by_state(self, rows: QuerySet[Place], name: str, value: str) -> QuerySet[Place]:
        gone = Q(valid_to__lt=timezone.localdate())
        return rows.filter(gone) if value == "yes" else rows.exclude(gone)


class PlaceList(ListPage):
    model = Place
    filterset_class = PlaceFilter
    template_name = "locations/places.html"
    columns = [
        Column("name", _("Name"), order=["name"], export="name"),
        Column("code", _("P-code"), order=["code"], export="code"),
        Column("level", _("Level"), order=["level", "name"], export="level", words=Place.Level.choices),
        Column("parent", _("Lies in"), order=["parent__name", "name"], export="parent__name"),
        Column("parent_code", _("P-code of what it lies in"), export="parent__code", hidden=True),
        Column("country", _("Country"), order=["country", "name"], export="country"),
        Column("valid_to", _("Valid to"), order=["valid_to"], export="valid_to"),
    ]
    ordering = "name"
    related = ["parent"]
    prefetch = ["names"]
