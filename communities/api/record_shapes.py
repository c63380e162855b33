"""Communities, incidents and early warnings in JSON. Incidents go out by area and kind, and what was told in words only comes in."""

from __future__ import annotations

from rest_framework import serializers

from communities.api.forum_shapes import MOST_PEOPLE
from communities.incidents import LONGEST
from communities.models import EarlyWarning, Harm, Incident, PopulationCount, ViolationCount
from plumbing.serializer_fields import PlainTextField
from programs.api.serializers import day, key
from programs.models.projects import Sensitivity

DECISIONS = EarlyWarning.Decision.choices[1:]


def number(**more: object) -> serializers.IntegerField:
    return serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_PEOPLE, **more)  # type: ignore[arg-type]


class CommunityRow(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    place = serializers.CharField(source="place__code")
    partner = serializers.IntegerField(source="partner_id", help_text="Who keeps the record.")
    projects = serializers.ListField(child=serializers.CharField(), help_text="Codes of the projects that work there.")
    languages = serializers.CharField()
    monitors = serializers.IntegerField(allow_null=True)
    sensitivity = serializers.ChoiceField(Sensitivity.choices)
    people = serializers.IntegerField(allow_null=True, help_text="By the newest count; null: nobody counted.")
    people_counted_on = serializers.DateField(allow_null=True)
    people_source = serializers.CharField()
    updated_at = serializers.DateTimeField()


class CommunityIn(serializers.Serializer):
    name = PlainTextField(max_length=120)
    place = PlainTextField(max_length=32, help_text="P-code.")
    projects = serializers.ListField(child=PlainTextField(max_length=30), min_length=1, max_length=20)
    partner = key(required=False, help_text="Needed where you record for several.")
    languages = PlainTextField(max_length=200, required=False, allow_blank=True)
    monitors = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10_000)
    sensitivity = serializers.ChoiceField(Sensitivity.choices, required=False)


class PeopleIn(serializers.Serializer):
    observed_on = day()
    source = PlainTextField(max_length=200, help_text="Who counted and how.")  # type: ignore[assignment]
    people = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=100_000_000), allow_empty=False,
        help_text=f"By group: {', '.join(PopulationCount.Group.values)}.",
    )  # fmt: skip


class IncidentRow(serializers.Serializer):
    id = serializers.IntegerField()
    partner = serializers.IntegerField(source="organization_id", help_text="In whose book it stands.")
    event_date = serializers.DateField()
    date_precision = serializers.ChoiceField(Incident.DatePrecision.choices)
    type = serializers.ChoiceField(Incident.Type.choices)
    sub_type = serializers.CharField()
    acled = serializers.CharField(help_text="ACLED's event type; empty where there is none.")
    area = serializers.CharField(help_text="P-code of the admin 2, of the admin 1 where the class is strict. Never closer.")
    community = serializers.IntegerField(allow_null=True, help_text="Null where the class is strict.")
    actor_1 = serializers.ChoiceField(Incident.Actor.choices, allow_null=True)
    actor_2 = serializers.ChoiceField(Incident.Actor.choices, allow_null=True)
    fatalities_low = serializers.IntegerField(allow_null=True)
    fatalities_best = serializers.IntegerField(allow_null=True)
    fatalities_high = serializers.IntegerField(allow_null=True)
    civilians_targeted = serializers.BooleanField()
    displaced = serializers.IntegerField(allow_null=True)
    source = serializers.CharField(help_text="Its kind.")  # type: ignore[assignment]
    source_ref = serializers.CharField(help_text="The source's own number; empty unless you record or verify there.")
    reliability = serializers.ChoiceField(Incident.Reliability.choices)
    credibility = serializers.ChoiceField(Incident.Credibility.choices)
    sensitivity = serializers.ChoiceField(Sensitivity.choices)
    verified = serializers.BooleanField()
    same_as = serializers.IntegerField(source="same_as_id", allow_null=True, help_text="Told twice: the one that counts.")
    updated_at = serializers.DateTimeField()


class HarmIn(serializers.Serializer):
    what = serializers.ChoiceField(Harm.What.choices)
    sex = serializers.ChoiceField(Harm.Sex.choices)
    band = serializers.ChoiceField(Harm.Band.choices, help_text="Adults only; `adult`: not known closer.")
    number = serializers.IntegerField(min_value=1, max_value=100_000)


class IncidentIn(serializers.Serializer):
    type = serializers.ChoiceField(Incident.Type.choices, help_text="Sexual violence has no row: see violation-counts.")
    sub_type = PlainTextField(max_length=60, required=False, allow_blank=True)
    event_date = day()
    date_precision = serializers.ChoiceField(Incident.DatePrecision.choices, required=False)
    place = PlainTextField(max_length=32, help_text="P-code.")
    geo_precision = serializers.ChoiceField(Incident.GeoPrecision.choices, required=False)
    partner = key(required=False, help_text="Needed where you record for several.")
    community = key(required=False)
    actor_1 = serializers.ChoiceField(Incident.Actor.choices, required=False, allow_null=True)
    actor_2 = serializers.ChoiceField(Incident.Actor.choices, required=False, allow_null=True)
    fatalities_low = number()
    fatalities_best = number()
    fatalities_high = number()
    civilians_targeted = serializers.BooleanField(required=False)
    displaced = number()
    displaced_from = PlainTextField(max_length=32, required=False, help_text="P-code.")
    displaced_to = PlainTextField(max_length=32, required=False, help_text="P-code.")
    harm = HarmIn(many=True, required=False, max_length=48)  # type: ignore[call-arg]
    source = PlainTextField(max_length=120, help_text="Its kind, never its name.")  # type: ignore[assignment]
    source_ref = PlainTextField(max_length=80, required=False, allow_blank=True)
    reliability = serializers.ChoiceField(Incident.Reliability.choices, required=False)
    credibility = serializers.ChoiceField(Incident.Credibility.choices, required=False)
    sensitivity = serializers.ChoiceField(Sensitivity.choices, required=False)
    text = PlainTextField(max_length=LONGEST, required=False, allow_blank=True, help_text="No names. Encrypted, and never given out again.")
    source_detail = PlainTextField(max_length=LONGEST, required=False, allow_blank=True, help_text="Like `text`.")


class VerifyIn(serializers.Serializer):
    reliability = serializers.ChoiceField(Incident.Reliability.choices)
    credibility = serializers.ChoiceField(Incident.Credibility.choices)


class ViolationShape(serializers.Serializer):
    kind = serializers.ChoiceField(ViolationCount.Kind.choices)
    area = PlainTextField(max_length=32, help_text="P-code of an admin 1.")
    starts_on = day(help_text="The first day of the month; of the quarter for sexual violence.")
    number = serializers.IntegerField(min_value=0, max_value=100_000)
    source = PlainTextField(max_length=120)  # type: ignore[assignment]
    partner = key(required=False, help_text="Needed where you record for several.")


class ViolationRow(serializers.Serializer):
    """A number for an admin 1. A small one is hidden from readers without raw figures, and so is a zero."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(ViolationCount.Kind.choices)
    area = serializers.CharField(source="area__code", help_text="P-code of an admin 1.")
    starts_on = serializers.DateField(help_text="The first day of the month; of the quarter for sexual violence.")
    number = serializers.IntegerField(allow_null=True, help_text="Null where it is hidden.")
    is_hidden = serializers.BooleanField(help_text="The number is small, or zero, and you may not see raw figures there.")
    source = serializers.CharField()  # type: ignore[assignment]
    partner = serializers.IntegerField(source="organization_id")
    updated_at = serializers.DateTimeField()


class WarningRow(serializers.Serializer):
    id = serializers.IntegerField()
    community = serializers.IntegerField(source="community_id")
    rule = serializers.ChoiceField(EarlyWarning.Rule.choices)
    severity = serializers.ChoiceField(EarlyWarning.Severity.choices)
    signal = serializers.CharField(help_text="What was signalled; empty where a rule raised it.")
    now = serializers.IntegerField(allow_null=True, help_text="Incidents, or people displaced, in the window.")
    usual = serializers.DecimalField(9, 2, allow_null=True)
    line = serializers.DecimalField(9, 2, allow_null=True, help_text="The community's alarm line.")
    first_seen = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="When it is to be answered.")
    escalated_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    responded_at = serializers.DateTimeField(allow_null=True)
    response = serializers.CharField()
    decision = serializers.ChoiceField(EarlyWarning.Decision.choices, allow_blank=True)
    reason = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


class WarningIn(serializers.Serializer):
    community = key()
    signal = PlainTextField(max_length=4000, help_text="What was seen. No names.")
    severity = serializers.ChoiceField(EarlyWarning.Severity.choices)
    responder = PlainTextField(max_length=254, required=False, help_text="Who answers: an e-mail address of a person of the projects.")


class ResponseIn(serializers.Serializer):
    response = PlainTextField(max_length=4000, help_text="Who did what, when. Roles, no names.")


class DecisionIn(serializers.Serializer):
    decision = serializers.ChoiceField(DECISIONS)
    reason = PlainTextField(max_length=4000, required=False, allow_blank=True, help_text="Needed for a false alarm.")
