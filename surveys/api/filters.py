"""What instruments and survey rounds can be asked for."""

from __future__ import annotations

from django_filters import rest_framework as filters

from programs.api.filters import DayFilter, IdFilter, OneOf, PlaceBelow
from surveys.models import Instrument, InstrumentVersion, SurveyRound


class InstrumentFilters(filters.FilterSet):
    code = filters.CharFilter(field_name="instrument__code", label="The code of an instrument.")
    subject = filters.ChoiceFilter(field_name="instrument__subject", choices=Instrument.Subject.choices)

    class Meta:
        model = InstrumentVersion
        fields: list[str] = []


class RoundFilters(filters.FilterSet):
    instrument = filters.CharFilter(field_name="version__instrument__code", label="The code of an instrument.")
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    partner = IdFilter(field_name="partner_id", label="An organization's id.")
    institution = IdFilter(field_name="organization_id", label="The id of the organization that is assessed.")
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code.")
    status = OneOf(field_name="status", choices=SurveyRound.Status.choices, label="One or more, separated by commas.")
    held_after = DayFilter(field_name="held_on", lookup_expr="gt", label="Held after this day.")
    held_before = DayFilter(field_name="held_on", lookup_expr="lt", label="Held before this day.")

    class Meta:
        model = SurveyRound
        fields: list[str] = []
