"""What was delivered, in JSON. A figure names its indicator by the code within the project and its place by P-code."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from plumbing.serializer_fields import ExactNumberField, PlainTextField
from programs.api.filters import in_our_time
from programs.tally import Empty
from reporting.models import PublishedNumber, Submission
from reporting.models.figures import EmptyReason
from reporting.rules import Mark, Reason
from reporting.targets import Track


class SubmissionRow(serializers.Serializer):
    id = serializers.UUIDField(source="public_id")
    project = serializers.CharField(source="project__code")
    partner = serializers.IntegerField(source="partner_id")
    partner_name = serializers.CharField(source="partner__name")
    period = serializers.CharField(source="period__code")
    revision = serializers.IntegerField(help_text="Goes up after an acceptance, with a reopening or a hold.")
    state = serializers.ChoiceField(Submission.State.choices)
    origin = serializers.ChoiceField(Submission.Origin.choices)
    draft_version = serializers.IntegerField(help_text="Goes up with every save; the ETag.")
    is_nil = serializers.BooleanField()
    nil_reason = serializers.CharField()
    challenges = serializers.CharField()
    return_note = serializers.CharField()
    created_at = serializers.DateTimeField()
    signed_off_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    returned_at = serializers.DateTimeField(allow_null=True)
    accepted_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


@extend_schema_serializer(component_name="Figure")
class FigureShape(serializers.Serializer):
    """Exactly one of value, numerator with denominator, share, option, text, or the reason why it is empty."""

    indicator = PlainTextField(max_length=30, help_text="The code within the project.")
    place = PlainTextField(max_length=32, help_text="P-code.")
    disaggregation = serializers.DictField(
        child=PlainTextField(max_length=40), required=False, help_text='Such as `{"sex": "female", "age": "18-24"}`; empty: the total.'
    )
    value = ExactNumberField(max_digits=17, decimal_places=6, required=False)
    numerator = ExactNumberField(max_digits=17, decimal_places=6, required=False)
    denominator = ExactNumberField(max_digits=17, decimal_places=6, required=False)
    share = ExactNumberField(max_digits=17, decimal_places=6, required=False, help_text="0–100, where no numerator is known.")
    option = PlainTextField(max_length=40, required=False)
    text = PlainTextField(max_length=20_000, required=False)
    reason = serializers.ChoiceField(EmptyReason.choices, required=False)


class FiguresIn(serializers.Serializer):
    """All figures: what is left out becomes empty."""

    figures = FigureShape(many=True)


class AnswerOut(serializers.Serializer):
    question = serializers.IntegerField()
    heading = serializers.CharField()
    is_required = serializers.BooleanField()
    limit = serializers.IntegerField(help_text="Longest answer, in characters.")
    text = serializers.CharField()


class CommentOut(serializers.Serializer):
    indicator = serializers.CharField()
    place = serializers.CharField()
    text = serializers.CharField()
    written_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)


class CountOut(serializers.Serializer):
    value = ExactNumberField(max_digits=17, decimal_places=6, required=False)
    numerator = ExactNumberField(max_digits=17, decimal_places=6, required=False)
    denominator = ExactNumberField(max_digits=17, decimal_places=6, required=False)
    option = serializers.CharField(required=False, help_text="The code of the answer, of a ranked answer.")


class RecordsOut(serializers.Serializer):
    """A figure that the portal counts from its own records: as filled in, and as the records say now (totals)."""

    indicator = serializers.CharField()
    place = serializers.CharField()
    tally = serializers.CharField(help_text="Which count; its page says what it counts.")
    definition = serializers.CharField(help_text="What it said it counts when it was filled in or first offered.")
    filled_at = serializers.DateTimeField(allow_null=True, help_text="Null: a person was first, the number is only offered.")
    taken_by_a_person = serializers.BooleanField(help_text="False: the portal filled it in.")
    digest = serializers.CharField(help_text="SHA-256 of what was counted when it was filled in.")
    filled = CountOut()
    latest_at = serializers.DateTimeField()
    latest = CountOut(help_text="Empty: the records say nothing now.")
    why_nothing = serializers.ChoiceField(
        Empty.choices, allow_blank=True, help_text="Why the records say nothing now; empty where they do."
    )
    has_drifted = serializers.BooleanField(help_text="The records changed since it was filled in.")


class TakeRecordsIn(serializers.Serializer):
    indicator = PlainTextField(max_length=30)
    place = PlainTextField(max_length=32)


class SubmissionOut(SubmissionRow):
    figures = FigureShape(many=True)
    records = RecordsOut(many=True, help_text="Figures that a tally counts.")
    narrative = AnswerOut(many=True)
    comments = CommentOut(many=True, help_text="What the reviewer wrote on single figures.")


class SubmissionIn(serializers.Serializer):
    project = PlainTextField(max_length=30)
    period = PlainTextField(max_length=20, help_text="Such as 2026-Q3.")
    partner = serializers.IntegerField(required=False, min_value=1, max_value=2**31, help_text="Needed where you report for several.")
    on_behalf = serializers.BooleanField(required=False, default=False, help_text="Staff type the partner's figures for it.")


class NarrativeIn(serializers.Serializer):
    answers = serializers.DictField(child=PlainTextField(max_length=20_000, allow_blank=True), required=False, help_text="By question id.")
    challenges = PlainTextField(max_length=20_000, required=False, allow_blank=True)


class NilIn(serializers.Serializer):
    reason = PlainTextField(
        max_length=2_000, allow_blank=True, help_text="Why there is nothing to report; empty: it is no nil report after all."
    )


class ExplanationIn(serializers.Serializer):
    indicator = PlainTextField(max_length=30)
    place = PlainTextField(max_length=32)
    flag = PlainTextField(max_length=30, help_text="From the checklist.")
    sentence = PlainTextField(max_length=2_000, allow_blank=True, help_text="Empty takes it back.")


class CommentIn(serializers.Serializer):
    indicator = PlainTextField(max_length=30)
    place = PlainTextField(max_length=32)
    text = PlainTextField(max_length=4_000)


class ReturnIn(serializers.Serializer):
    note = PlainTextField(max_length=4_000, required=False, allow_blank=True)
    comments = CommentIn(many=True, required=False, max_length=500)  # type: ignore[call-arg]


class AcceptIn(serializers.Serializer):
    holds = serializers.ListField(
        child=PlainTextField(max_length=30), required=False, max_length=500, help_text="Indicators to accept later."
    )
    hold_reason = PlainTextField(max_length=2_000, required=False, allow_blank=True)
    counts_at = serializers.ListField(
        child=PlainTextField(max_length=32), required=False, max_length=500, help_text="Where a place and one below it are both reported."
    )


class ReopenIn(serializers.Serializer):
    indicators = serializers.ListField(child=PlainTextField(max_length=30), min_length=1, max_length=500)
    reason = PlainTextField(max_length=2_000)


class BlockOut(serializers.Serializer):
    path = serializers.CharField()
    detail = serializers.CharField()
    code = serializers.CharField()


class FlagOut(serializers.Serializer):
    indicator = serializers.CharField()
    place = serializers.CharField()
    flag = serializers.CharField()
    detail = serializers.CharField()
    sentence = serializers.CharField(help_text="Yours; empty while it is still owed.")


class ChecklistOut(serializers.Serializer):
    may_submit = serializers.BooleanField()
    reported = serializers.IntegerField()
    owed = serializers.IntegerField()
    blocks = BlockOut(many=True, help_text="To be solved before it can be submitted.")
    flags = FlagOut(many=True, help_text="Odd, and to be explained in a sentence.")


class ProgressQuery(serializers.Serializer):
    """What a total is asked of. Codes that are not yours to see find nothing."""

    indicator = PlainTextField(max_length=30, required=False, help_text="A definition's code.")
    project = PlainTextField(max_length=30, required=False)
    program = PlainTextField(max_length=30, required=False)
    partner = serializers.IntegerField(required=False, min_value=1, max_value=2**31, help_text="An organization's id: its part alone.")
    place = PlainTextField(max_length=32, required=False, help_text="P-code: the place and everything under it.")
    through = serializers.DateField(required=False, validators=[in_our_time], help_text="As of this day; without it, today.")
    by = PlainTextField(
        max_length=30, required=False, help_text="`partner`, `place`, `project`, `period`, or the code of a dimension such as `sex`."
    )
    each = serializers.ChoiceField(
        [("definition", "one line a definition"), ("indicator", "one line an indicator")], required=False, default="definition"
    )


class AmountOut(serializers.Serializer):
    value = ExactNumberField(max_digits=38, decimal_places=6, allow_null=True)
    numerator = ExactNumberField(max_digits=38, decimal_places=6, allow_null=True)
    denominator = ExactNumberField(max_digits=38, decimal_places=6, allow_null=True)
    reason = serializers.ChoiceField(Reason.choices, allow_null=True, help_text="Why there is no number.")


class PartOut(AmountOut):
    key = serializers.CharField(allow_null=True, help_text="An id, P-code, code or period end; null: what is not broken down.")
    status = serializers.ChoiceField(PublishedNumber.Status.choices)


class StandingOut(serializers.Serializer):
    baseline = AmountOut()
    target = AmountOut()
    milestone = AmountOut()
    milestone_is_linear = serializers.BooleanField(help_text="No milestone was agreed: drawn straight from baseline to target.")
    progress = ExactNumberField(max_digits=38, decimal_places=6, allow_null=True, help_text="1 is the target reached.")
    due = ExactNumberField(max_digits=38, decimal_places=6, allow_null=True)
    track = serializers.ChoiceField(Track.choices, allow_null=True)


class TotalledOut(serializers.Serializer):
    project = serializers.CharField()
    code = serializers.CharField()


class CoverageOut(serializers.Serializer):
    reported = serializers.IntegerField()
    expected = serializers.IntegerField()


class ProgressLine(AmountOut):
    indicator = serializers.CharField(help_text="The definition's code.")
    title = serializers.CharField()
    unit = serializers.CharField()
    indicators = TotalledOut(many=True, help_text="What the line is made of.")
    status = serializers.ChoiceField(
        PublishedNumber.Status.choices, help_text="`suppressed`: a small number of people; `held`: the last number that could be shown."
    )
    of = serializers.DateField(allow_null=True, help_text="The period end the number is of, earlier when it is held.")
    marks = serializers.ListField(child=serializers.ChoiceField(Mark.choices))
    coverage = CoverageOut()
    standing = StandingOut()
    parts = PartOut(many=True, help_text="With `by`. Parts of what is added up make the whole; others need not.")


class ProgressOut(serializers.Serializer):
    through = serializers.DateField()
    results = ProgressLine(many=True)
