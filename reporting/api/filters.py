"""What submissions can be asked for."""

from django_filters import rest_framework as filters

from programs.api.filters import IdFilter, OneOf
from reporting.models import Submission


class SubmissionFilters(filters.FilterSet):
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    period = filters.CharFilter(field_name="period__code", label="Such as 2026-Q3.")
    partner = IdFilter(field_name="partner_id", label="An organization's id.")
    state = OneOf(field_name="state", choices=Submission.State.choices, label="One or more, separated by commas.")

    class Meta:
        model = Submission
        fields: list[str] = []
