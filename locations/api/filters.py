"""What places can be asked for."""

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from locations.gazetteer import code_of, fold
from locations.models import Place


class PlaceFilters(filters.FilterSet):
    code = filters.CharFilter(method="with_code", label="One P-code.")
    country = filters.CharFilter(field_name="country", label="ISO 3166-1 alpha-3, such as SSD.")
    level = filters.NumberFilter(field_name="level", min_value=0, max_value=9, decimal_places=0, label="0 to 5.")
    below = filters.CharFilter(method="lying_below", label="The place with this P-code and everything under it.")
    name = filters.CharFilter(method="called", label="Part of a name or other name, in any script.")

    class Meta:
        model = Place
        fields: list[str] = []

    def with_code(self, places: QuerySet[Place], name: str, value: str) -> QuerySet[Place]:
        return places.filter(code=code_of(value))

    def lying_below(self, places: QuerySet[Place], name: str, value: str) -> QuerySet[Place]:
        return places.filter(above__ancestor__code=code_of(value))

    def called(self, places: QuerySet[Place], name: str, value: str) -> QuerySet[Place]:
        part = fold(value)
        return places.filter(Q(folded__contains=part) | Q(names__folded__contains=part)).distinct()
