"""Local agreements, rankings of needs and local projects in JSON. Parties and committees are roles and groups, never names."""

from __future__ import annotations

from rest_framework import serializers

from communities.api.forum_shapes import MOST_PEOPLE
from communities.models import LocalAgreement
from communities.models.records import DisputeKind, Group, MediatorKind
from plumbing.serializer_fields import PlainTextField
from programs.api.serializers import day, key

MOST_SIGNING, MOST_NEEDS = 10_000, 50


def count(most: int, **more: object) -> serializers.IntegerField:
    return serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=most, **more)  # type: ignore[arg-type]


class AgreementRow(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    project = serializers.CharField(source="project__code")
    partner = serializers.IntegerField(source="partner_id")
    place = serializers.CharField(source="place__code")
    also_in = serializers.ListField(child=serializers.CharField(), help_text="P-codes of further places it was agreed for.")
    community = serializers.IntegerField(source="community_id", allow_null=True)
    forum = serializers.IntegerField(source="forum_id", allow_null=True)
    signed_on = serializers.DateField()
    parties = serializers.CharField(help_text="Categories of people, one a line.")
    signatories_female = serializers.IntegerField(allow_null=True)
    signatories_male = serializers.IntegerField(allow_null=True)
    mediator = serializers.ChoiceField(MediatorKind.choices)
    dispute_kind = serializers.ChoiceField(DisputeKind.choices)
    stage = serializers.ChoiceField(LocalAgreement.Stage.choices, help_text="A stage code of PA-X.")
    status = serializers.ChoiceField(LocalAgreement.Status.choices, help_text="A status code of PA-X.")
    is_written = serializers.BooleanField(help_text="False: agreed by word of mouth.")
    witnesses = serializers.IntegerField(allow_null=True)
    read_aloud_in = serializers.IntegerField(allow_null=True, help_text="In how many languages.")
    monitoring = serializers.CharField(help_text="Who watches over it, and how.")
    verified_by = serializers.CharField(help_text="A role.")
    document = serializers.CharField(help_text="Where it is kept; empty unless you record forums there.")
    updated_at = serializers.DateTimeField()


class AgreementIn(serializers.Serializer):
    title = PlainTextField(max_length=200, help_text="No names of people.")
    project = PlainTextField(max_length=30)
    partner = key(required=False, help_text="Needed where you record for several.")
    place = PlainTextField(max_length=32, help_text="P-code.")
    also_in = serializers.ListField(
        child=PlainTextField(max_length=32), required=False, max_length=20, help_text="P-codes of further places it was agreed for."
    )
    community = key(required=False, help_text="Left out: the forum's.")
    forum = key(required=False)
    signed_on = day()
    parties = PlainTextField(max_length=4000, help_text="Categories such as “farmers of the north quarter”, one a line. No names.")
    signatories_female = count(MOST_SIGNING)
    signatories_male = count(MOST_SIGNING)
    mediator = serializers.ChoiceField(MediatorKind.choices)
    dispute_kind = serializers.ChoiceField(DisputeKind.choices)
    stage = serializers.ChoiceField(LocalAgreement.Stage.choices, help_text="A stage code of PA-X.")
    status = serializers.ChoiceField(LocalAgreement.Status.choices, required=False, help_text="A status code of PA-X.")
    is_written = serializers.BooleanField(required=False, help_text="False: agreed by word of mouth.")
    witnesses = count(MOST_SIGNING)
    read_aloud_in = count(100, help_text="In how many languages.")
    monitoring = PlainTextField(max_length=300, required=False, allow_blank=True, help_text="Who watches over it, and how.")
    verified_by = PlainTextField(max_length=120, required=False, allow_blank=True, help_text="A role, never a name.")
    document = PlainTextField(max_length=200, required=False, allow_blank=True, help_text="Where it is kept.")


class RankedBy(serializers.Serializer):
    group = serializers.ChoiceField(Group.choices)
    people = count(MOST_PEOPLE, help_text="How many took part; null: nobody counted. A person can count in more than one group.")
    needs = serializers.ListField(
        child=PlainTextField(max_length=120), min_length=1, max_length=MOST_NEEDS, help_text="The most urgent first, each once."
    )


class NeedOut(serializers.Serializer):
    need = serializers.CharField()
    apart = serializers.IntegerField(allow_null=True, help_text="The highest rank minus the lowest; null: fewer than two groups ranked it.")


class RankingRow(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField(help_text="The cycle.")
    project = serializers.CharField(source="project__code")
    partner = serializers.IntegerField(source="partner_id")
    place = serializers.CharField(source="place__code")
    community = serializers.IntegerField(source="community_id", allow_null=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    groups_met = serializers.IntegerField(allow_null=True)
    method = serializers.CharField()
    groups = RankedBy(many=True)
    needs = NeedOut(many=True)
    updated_at = serializers.DateTimeField()


class RankingIn(serializers.Serializer):
    title = PlainTextField(max_length=120, help_text="The cycle, such as “August 2026”.")
    project = PlainTextField(max_length=30)
    partner = key(required=False, help_text="Needed where you record for several.")
    place = PlainTextField(max_length=32, help_text="P-code.")
    community = key(required=False)
    starts_on = day()
    ends_on = day()
    groups_met = count(10_000)
    method = PlainTextField(max_length=4000, required=False, allow_blank=True, help_text="How it was done. No names of people.")
    groups = RankedBy(many=True, allow_empty=False, max_length=len(Group))  # type: ignore[call-arg]
