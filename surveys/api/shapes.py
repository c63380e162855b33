"""Instruments, survey rounds and their results in JSON. A response is taken and never given out again."""

from __future__ import annotations

from rest_framework import serializers

from plumbing.serializer_fields import ExactNumberField, PlainTextField
from programs.api.serializers import day, key
from surveys.models import Instrument, InstrumentVersion, Option, SurveyRound

MOST_PEOPLE = 1_000_000
REASONS = "no_responses, too_few_answers, domain_not_scored, nothing_applicable, unknown, or hidden: too few people to be shown to you."


def worded() -> serializers.DictField:
    return serializers.DictField(child=serializers.CharField(), help_text="By language.")


def number(help_text: str) -> ExactNumberField:
    return ExactNumberField(max_digits=17, decimal_places=6, allow_null=True, help_text=help_text)


class InstrumentRow(serializers.Serializer):
    id = serializers.IntegerField()
    code = serializers.CharField(source="instrument__code")
    name = serializers.CharField(source="instrument__name")
    version = serializers.CharField()
    subject = serializers.ChoiceField(Instrument.Subject.choices, source="instrument__subject")
    orientation = serializers.ChoiceField(Instrument.Orientation.choices, source="instrument__orientation")
    rule = serializers.ChoiceField(InstrumentVersion.Rule.choices, help_text="How it is scored.")
    is_official_scoring = serializers.BooleanField(help_text="False: say “adaptation” wherever you show a score.")
    source_citation = serializers.CharField()
    effective_from = serializers.DateField(allow_null=True)
    items = serializers.IntegerField(help_text="How many questions it has; `/instruments/{id}/` holds them.")
    languages = serializers.ListField(child=serializers.CharField(), help_text="In which every item is worded.")
    updated_at = serializers.DateTimeField()


class DomainOut(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class AnswerOfferedOut(serializers.Serializer):
    code = serializers.CharField(help_text="What a response says.")
    label = serializers.CharField()  # type: ignore[assignment]
    texts = worded()
    kind = serializers.ChoiceField(Option.Kind.choices)


class ConditionOut(serializers.Serializer):
    item = serializers.CharField()
    answer = serializers.CharField()


class ItemOut(serializers.Serializer):
    code = serializers.CharField()
    domain = serializers.CharField()
    texts = worded()
    is_required = serializers.BooleanField()
    is_scored = serializers.BooleanField()
    asked_if = ConditionOut(many=True, help_text="Asked only after one of these answers; empty: always.")
    answers = AnswerOfferedOut(many=True)


class InstrumentOut(InstrumentRow):
    domains = DomainOut(many=True)
    questions = ItemOut(many=True)


class HeadlineOut(serializers.Serializer):
    """The one line of a round: over all domains, as you may see it."""

    mean = number("Null where `reason` says why.")
    low = number("Of the 95 % interval; null where people were not drawn at random.")
    high = number("Of the 95 % interval.")
    n = serializers.IntegerField(allow_null=True, help_text="Responses scored; null: hidden.")
    not_scored = serializers.IntegerField(allow_null=True, help_text="Responses with too few answers; null: hidden.")
    reason = serializers.CharField(help_text=f"Empty, or why there is no mean: {REASONS}")


class LineOut(HeadlineOut):
    domain = serializers.CharField(help_text="Empty: all domains together.")
    label = serializers.CharField()  # type: ignore[assignment]


class ShareOut(serializers.Serializer):
    item = serializers.CharField()
    value = number("Share of favourable answers, 0 to 1; null: nobody answered, or hidden.")
    low = number("Of the 95 % interval.")
    high = number("Of the 95 % interval.")
    numerator = serializers.IntegerField(allow_null=True)
    denominator = serializers.IntegerField(allow_null=True)
    is_weak = serializers.BooleanField(help_text="Too few answers of one kind for the interval to be relied on.")
    is_hidden = serializers.BooleanField()


class ResultsOut(serializers.Serializer):
    is_official_scoring = serializers.BooleanField(help_text="False: say “adaptation” wherever you show a score.")
    n = serializers.IntegerField(allow_null=True, help_text="Responses; null: hidden.")
    lines = LineOut(many=True)
    shares = ShareOut(many=True)


class RoundRow(serializers.Serializer):
    id = serializers.IntegerField()
    instrument = serializers.CharField(source="version__instrument__code")
    instrument_version = serializers.IntegerField(source="version_id", help_text="Its id under `/instruments/`.")
    is_official_scoring = serializers.BooleanField(
        source="version__is_official_scoring", help_text="False: say “adaptation” wherever you show a score."
    )
    project = serializers.CharField(source="project__code")
    partner = serializers.IntegerField(source="partner_id")
    place = serializers.CharField(source="place__code", help_text="P-code.")
    subject = serializers.ChoiceField(SurveyRound.Subject.choices)
    institution = serializers.IntegerField(source="organization_id", allow_null=True, help_text="The id of the organization assessed.")
    assessor = serializers.ChoiceField(SurveyRound.Assessor.choices)
    stage = serializers.ChoiceField(SurveyRound.Stage.choices)
    number = serializers.IntegerField(allow_null=True, help_text="Of a follow-up.")
    held_on = serializers.DateField()
    method = serializers.ChoiceField(SurveyRound.Method.choices)
    planned_n = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(SurveyRound.Status.choices)
    result = HeadlineOut(help_text="`/survey-rounds/{id}/results/` holds every domain and item.")
    updated_at = serializers.DateTimeField()


class RoundChangeIn(serializers.Serializer):
    """What may be changed until the round is approved; what is left out stays."""

    stage = serializers.ChoiceField(SurveyRound.Stage.choices, required=False)
    number = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=99, help_text="Of a follow-up, and only of one."
    )
    held_on = day(required=False)
    mode = serializers.ChoiceField(SurveyRound.Mode.choices, required=False)
    assessor = serializers.ChoiceField(
        SurveyRound.Assessor.choices, required=False, allow_blank=True, help_text="Whose score it is: for a capacity scale, and only there."
    )
    method = serializers.ChoiceField(
        SurveyRound.Method.choices, required=False, allow_blank=True, help_text="How people were chosen; needed for a sample."
    )
    frame = PlainTextField(max_length=300, required=False, allow_blank=True, help_text="The list or area that people were drawn from.")
    planned_n = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_PEOPLE)
    design_effect = ExactNumberField(required=False, allow_null=True, max_digits=5, decimal_places=2)
    approached = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_PEOPLE)
    note = PlainTextField(max_length=4000, required=False, allow_blank=True, help_text="How it went, without names.")


class RoundIn(RoundChangeIn):
    instrument = PlainTextField(max_length=60, help_text="The code of an instrument with a version in force.")
    project = PlainTextField(max_length=30)
    partner = key(required=False, help_text="Needed where you record for several.")
    place = PlainTextField(max_length=32, help_text="P-code.")
    subject = serializers.ChoiceField(SurveyRound.Subject.choices, required=False)
    institution = key(required=False, help_text="The id of the organization that is assessed.")
    stage = serializers.ChoiceField(SurveyRound.Stage.choices)
    held_on = day()


class SurveyAnswersIn(serializers.Serializer):
    answers = serializers.DictField(
        child=PlainTextField(max_length=40), allow_empty=False, help_text="Item code to answer code; leave out what was not answered."
    )
    evidence = serializers.DictField(
        child=PlainTextField(max_length=2000), required=False, help_text="By item, for a capacity scale only: what the score rests on."
    )
    respondent = serializers.DictField(
        child=PlainTextField(max_length=40), required=False, help_text="Categories at most, such as sex and age band. Never a name."
    )


class SurveyResponseIn(SurveyAnswersIn):
    external_id = serializers.UUIDField(help_text="Your own id of the response, made on the device: sent twice, it stays one.")


class SurveyCorrectionOut(serializers.Serializer):
    survey_round = serializers.IntegerField()
    external_id = serializers.UUIDField()
    number = serializers.IntegerField(help_text="Its number in the round.")
    changed = serializers.ListField(
        child=serializers.CharField(), help_text="Codes of the items that say something else now, and `respondent`; empty: nothing did."
    )


class SurveyResponseOut(serializers.Serializer):
    survey_round = serializers.IntegerField()
    external_id = serializers.UUIDField()
    number = serializers.IntegerField(help_text="Its number in the round.")
    is_new = serializers.BooleanField(help_text="False: it had come before and was left as it was.")
