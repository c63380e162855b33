"""What imports can be asked for."""

from django_filters import rest_framework as filters

from exchange.models import Import
from programs.api.filters import IdFilter, OneOf


class ImportFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    partner = IdFilter(field_name="partner_id", label="An organization's id.")
    kind = filters.ChoiceFilter(field_name="kind", choices=Import.Kind.choices)
    state = OneOf(field_name="state", choices=Import.State.choices, label="One or more, separated by commas.")

    class Meta:
        model = Import
        fields: list[str] = []
