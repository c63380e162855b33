"""What was promised and what happened, in JSON. Organizations are named by id, places by P-code, the rest by code."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from plumbing.serializer_fields import ExactNumberField, PlainTextField
from programs.api.filters import in_our_time
from programs.models import (
    ActivityRecord,
    IndicatorDefinition,
    Level,
    ReportingAssignment,
    ReportingPeriod,
    Result,
    Sensitivity,
)
from programs.models.projects import ActivityStatus

LARGEST_COUNT = 10_000_000  # people at one activity; far below what a column holds


def day(**more: object) -> serializers.DateField:
    return serializers.DateField(validators=[in_our_time], **more)  # type: ignore[arg-type]


def key(**more: object) -> serializers.IntegerField:
    """The id of a record."""
    return serializers.IntegerField(min_value=1, max_value=2**31, **more)  # type: ignore[arg-type]


class ProgramRow(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    status = serializers.ChoiceField(ActivityStatus.choices, help_text="IATI ActivityStatus.")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    organization = serializers.CharField(source="organization__name")
    updated_at = serializers.DateTimeField()


class ProjectRow(serializers.Serializer):
    code = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    program = serializers.CharField(source="program__code")
    status = serializers.ChoiceField(ActivityStatus.choices, help_text="IATI ActivityStatus.")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    time_zone = serializers.CharField()
    sensitivity = serializers.ChoiceField(Sensitivity.choices)
    framework_agreed_on = serializers.DateField(allow_null=True)
    levels = serializers.ListField(child=serializers.ChoiceField(Level.choices))
    themes = serializers.ListField(child=serializers.CharField())
    updated_at = serializers.DateTimeField()


class StatedNumber(serializers.Serializer):
    """A baseline or a target: a number, a numerator with its denominator, or a bare share; what does not apply is null."""

    value = ExactNumberField(max_digits=17, decimal_places=6, allow_null=True)
    numerator = ExactNumberField(max_digits=17, decimal_places=6, allow_null=True)
    denominator = ExactNumberField(max_digits=17, decimal_places=6, allow_null=True)
    share = ExactNumberField(max_digits=17, decimal_places=6, allow_null=True)
    note = serializers.CharField(help_text="As written in the project document.")


class BaselineOut(StatedNumber):
    on = serializers.DateField(allow_null=True)


class TargetOut(StatedNumber):
    partner = serializers.IntegerField(allow_null=True, help_text="Null: the whole indicator's.")
    place = serializers.CharField(allow_null=True)
    period = serializers.CharField(allow_null=True, help_text="Null: the target of the whole project.")


class OptionOut(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class DimensionOut(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    categories = OptionOut(many=True)


class ResultOut(serializers.Serializer):
    id = serializers.IntegerField()
    parent = serializers.IntegerField(allow_null=True)  # type: ignore[assignment]
    kind = serializers.ChoiceField(Result.Kind.choices)
    level = serializers.ChoiceField(Level.choices)
    code = serializers.CharField()
    title = serializers.CharField()


class IndicatorOut(serializers.Serializer):
    code = serializers.CharField(help_text="Within the project: what figures name.")
    title = serializers.CharField(help_text="The donor's wording where there is one.")
    definition = serializers.CharField(help_text="The code of its definition.")
    result = serializers.IntegerField(help_text="The id of the result it hangs on.")
    unit = serializers.CharField()
    measure = serializers.ChoiceField(IndicatorDefinition.Measure.choices)
    over_time = serializers.ChoiceField(IndicatorDefinition.OverTime.choices)
    across = serializers.ChoiceField(IndicatorDefinition.Across.choices)
    counting = serializers.ChoiceField(IndicatorDefinition.Counting.choices)
    decimals = serializers.IntegerField()
    per = serializers.IntegerField()
    ascending = serializers.BooleanField(help_text="More is better.")
    breakdowns = serializers.ListField(child=serializers.ListField(child=serializers.CharField()), help_text="Each a set of dimensions.")
    options = OptionOut(many=True)
    baseline = BaselineOut(allow_null=True)
    targets = TargetOut(many=True)
    is_retired = serializers.BooleanField()


class FrameworkOut(serializers.Serializer):
    project = serializers.CharField()
    title = serializers.CharField()
    agreed_on = serializers.DateField(allow_null=True)
    results = ResultOut(many=True)
    indicators = IndicatorOut(many=True)
    dimensions = DimensionOut(many=True)


class AssignmentRow(serializers.Serializer):
    id = serializers.IntegerField()
    project = serializers.CharField(source="indicator__project__code")
    indicator = serializers.CharField(source="indicator__code")
    partner = serializers.IntegerField(source="partner_id")
    partner_name = serializers.CharField(source="partner__name")
    places = serializers.ListField(child=serializers.CharField(), help_text="P-codes.")
    collected = serializers.ChoiceField(ReportingAssignment.Collected.choices)
    periods = serializers.ListField(child=serializers.CharField(), help_text="Where it is collected in named periods only.")
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    updated_at = serializers.DateTimeField()


class ExpectedOut(serializers.Serializer):
    partner = serializers.IntegerField()
    due_on = serializers.DateField(help_text="With an extension: the new date.")
    review_due_on = serializers.DateField()
    is_exempt = serializers.BooleanField()


class PeriodRow(serializers.Serializer):
    id = serializers.IntegerField()
    project = serializers.CharField(source="project__code")
    code = serializers.CharField()
    state = serializers.ChoiceField(ReportingPeriod.State.choices)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    opens_on = serializers.DateField()
    due_on = serializers.DateField()
    review_due_on = serializers.DateField()
    expected = ExpectedOut(many=True, help_text="The reports expected, as far as they are yours to see.")
    updated_at = serializers.DateTimeField()


class DefinitionRow(serializers.Serializer):
    id = serializers.IntegerField()
    code = serializers.CharField()
    project = serializers.CharField(source="project__code", allow_null=True, help_text="Null: in the library, for every project.")
    title = serializers.CharField()
    definition = serializers.CharField()
    level = serializers.ChoiceField(Level.choices)
    theme = serializers.CharField()
    unit = serializers.CharField()
    measure = serializers.ChoiceField(IndicatorDefinition.Measure.choices)
    over_time = serializers.ChoiceField(IndicatorDefinition.OverTime.choices)
    across = serializers.ChoiceField(IndicatorDefinition.Across.choices)
    counting = serializers.ChoiceField(IndicatorDefinition.Counting.choices)
    decimals = serializers.IntegerField()
    per = serializers.IntegerField()
    ascending = serializers.BooleanField()
    sensitivity = serializers.ChoiceField(Sensitivity.choices)
    method = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    sdg_target = serializers.CharField()
    status = serializers.ChoiceField(IndicatorDefinition.Status.choices)
    replaces = serializers.CharField(source="replaces__code", allow_null=True)
    breakdowns = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    options = OptionOut(many=True)
    updated_at = serializers.DateTimeField()


class Attendance(serializers.Serializer):
    disaggregation = serializers.DictField(child=PlainTextField(max_length=40), help_text='Such as `{"sex": "female"}`.')
    number = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)


class ActivityRow(serializers.Serializer):
    id = serializers.IntegerField()
    external_id = serializers.UUIDField()
    project = serializers.CharField(source="project__code")
    partner = serializers.IntegerField(source="partner_id")
    partner_name = serializers.CharField(source="partner__name")
    line = serializers.CharField(source="line__code", allow_null=True)
    kind = serializers.ChoiceField(ActivityRecord.Kind.choices)
    happened_on = serializers.DateField()
    place = serializers.CharField(source="place__code")
    supports = serializers.IntegerField(source="supports_id", allow_null=True)
    people_present = serializers.IntegerField(allow_null=True)
    children_present = serializers.IntegerField(allow_null=True)
    attendance = Attendance(many=True)
    sheet_number = serializers.CharField()
    note = serializers.CharField()
    flag = serializers.ChoiceField(ActivityRecord.Flag.choices, allow_blank=True)
    recorded_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ActivityIn(serializers.Serializer):
    external_id = serializers.UUIDField(required=False, help_text="Your own id of the record: sent twice, it stays one.")
    project = PlainTextField(max_length=30)
    partner = serializers.IntegerField(required=False, min_value=1, max_value=2**31, help_text="Needed where you record for several.")
    line = PlainTextField(max_length=30, required=False, help_text="The number of the work-plan line.")
    kind = serializers.ChoiceField(ActivityRecord.Kind.choices)
    happened_on = serializers.DateField(validators=[in_our_time])
    place = PlainTextField(max_length=32, help_text="P-code.")
    supports = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31, help_text="The security force or authority supported."
    )
    people_present = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=LARGEST_COUNT)
    children_present = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=LARGEST_COUNT)
    attendance = Attendance(many=True, required=False, max_length=200)  # type: ignore[call-arg]
    sheet_number = PlainTextField(max_length=40, required=False, allow_blank=True)
    sheet_repeats = serializers.BooleanField(required=False, default=False, help_text="It is another sheet with the same number.")
    note = PlainTextField(max_length=4000, required=False, allow_blank=True, help_text="No names of people at risk.")


class ActionPointRow(serializers.Serializer):
    id = serializers.IntegerField()
    text = serializers.CharField()
    owner = serializers.CharField(source="owner__name")
    project = serializers.CharField(source="project__code", allow_null=True)
    partner = serializers.IntegerField(source="partner_id", allow_null=True)
    due_on = serializers.DateField()
    origin = serializers.CharField()
    raised_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)
    done_note = serializers.CharField()
    verified_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


class ActionPointIn(serializers.Serializer):
    text = PlainTextField(max_length=500)
    owner = serializers.EmailField(max_length=254, help_text="The e-mail address of a colleague who will do it.")
    due_on = serializers.DateField(validators=[in_our_time])
    project = PlainTextField(max_length=30)
    partner = serializers.IntegerField(required=False, min_value=1, max_value=2**31)
    origin = PlainTextField(max_length=200, required=False, allow_blank=True)


class DoneIn(serializers.Serializer):
    note = PlainTextField(max_length=4000, help_text=_("What was done."))


class OrganizationOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class KeyOut(serializers.Serializer):
    name = serializers.CharField()
    prefix = serializers.CharField()
    expires_at = serializers.DateTimeField()
    may_write = serializers.BooleanField()
    may_submit = serializers.BooleanField()


class RoleOut(serializers.Serializer):
    role = serializers.CharField()
    organization = serializers.IntegerField(allow_null=True)
    program = serializers.CharField(allow_null=True)
    project = serializers.CharField(allow_null=True)
    place = serializers.CharField(allow_null=True)
    until = serializers.DateField(allow_null=True)


class MeOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField([("key", "An organization's key"), ("person", "A person")])
    organization = OrganizationOut(allow_null=True)
    key = KeyOut(allow_null=True)
    roles = RoleOut(many=True)
    permissions = serializers.ListField(child=serializers.CharField(), help_text="What you may do somewhere.")


def stated(row: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The four number columns of a row under the names of ``StatedNumber``."""
    return {name: row[f"{prefix}{name}"] for name in ("value", "numerator", "denominator", "share", "note")}
