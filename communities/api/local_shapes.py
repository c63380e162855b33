"""Local agreements, rankings of needs and local projects in JSON. Parties and committees are roles and groups, never names."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from communities.api.forum_shapes import MOST_PEOPLE
from communities.models import Contribution, LocalAgreement, LocalProject
from communities.models.records import DisputeKind, Group, MediatorKind
from plumbing.serializer_fields import ExactNumberField, PlainTextField
from programs.api.serializers import day, key

MOST_SIGNING, MOST_NEEDS, MOST_SEATS = 10_000, 50, 1000
MONEY: dict[str, Any] = {"max_digits": 15, "decimal_places": 2}
CENT = Decimal("0.01")


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


class ContributionOut(serializers.Serializer):
    source = serializers.ChoiceField(Contribution.Source.choices)  # type: ignore[assignment]
    amount = ExactNumberField(**MONEY, allow_null=True, help_text="In the local project's currency.")
    in_kind = serializers.CharField(help_text="Work or goods, which are in no sum.")


class PaymentOut(serializers.Serializer):
    paid_on = serializers.DateField()
    amount = ExactNumberField(**MONEY)
    reference = serializers.CharField()


class SatisfactionOut(serializers.Serializer):
    asked_on = serializers.DateField()
    whom = serializers.CharField()
    asked = serializers.IntegerField()
    satisfied = serializers.IntegerField(help_text="Very or rather satisfied.")


class LocalProjectRow(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(LocalProject.Kind.choices)
    project = serializers.CharField(source="project__code")
    partner = serializers.IntegerField(source="partner_id")
    place = serializers.CharField(source="place__code")
    community = serializers.IntegerField(source="community_id", allow_null=True)
    committee = serializers.IntegerField(source="committee_id", allow_null=True, help_text="A forum's id.")
    proposed_on = serializers.DateField()
    minutes = serializers.CharField(help_text="Reference of the selection minutes.")
    committee_women = serializers.IntegerField(allow_null=True)
    committee_men = serializers.IntegerField(allow_null=True)
    committee_young = serializers.IntegerField(allow_null=True)
    benefits_women = serializers.BooleanField()
    led_by_women = serializers.BooleanField()
    is_about_weapons = serializers.BooleanField()
    participants_women = serializers.IntegerField(allow_null=True)
    participants_men = serializers.IntegerField(allow_null=True)
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    needs_land = serializers.BooleanField()
    land_paper = serializers.CharField(help_text="Its reference.")
    sustainability = serializers.CharField()
    currency = serializers.CharField(help_text="ISO 4217, for every amount here.")
    asked = ExactNumberField(**MONEY)
    state = serializers.ChoiceField(LocalProject.State.choices)
    state_on = serializers.DateField()
    state_note = serializers.CharField()
    decision = serializers.ChoiceField(LocalProject.Decision.choices, allow_blank=True)
    decided_on = serializers.DateField(allow_null=True)
    conditions = serializers.CharField()
    approved = ExactNumberField(**MONEY, allow_null=True)
    paid = ExactNumberField(**MONEY, help_text="The sum of the payments; contributions are not in it.")
    completed_on = serializers.DateField(allow_null=True)
    people_served = serializers.IntegerField(allow_null=True)
    served_words = serializers.CharField(help_text="Who is counted.")
    handed_over_on = serializers.DateField(allow_null=True)
    handed_over_to = serializers.CharField(allow_null=True)
    check_due_on = serializers.DateField(allow_null=True)
    checked_on = serializers.DateField(allow_null=True)
    still_works = serializers.BooleanField(allow_null=True)
    still_used = serializers.BooleanField(allow_null=True)
    incidents = serializers.IntegerField(allow_null=True, help_text="Null: nobody counted.")
    complaints = serializers.IntegerField(allow_null=True, help_text="Null: nobody counted.")
    contributions = ContributionOut(many=True)
    payments = PaymentOut(many=True)
    satisfaction = SatisfactionOut(many=True, help_text="The latest first.")
    updated_at = serializers.DateTimeField()


class LocalProjectStepOut(serializers.Serializer):
    state = serializers.ChoiceField(LocalProject.State.choices)
    on = serializers.DateField()
    note = serializers.CharField()


class LocalProjectOut(LocalProjectRow):
    steps = LocalProjectStepOut(many=True)


class LocalProjectIn(serializers.Serializer):
    title = PlainTextField(max_length=200)
    kind = serializers.ChoiceField(LocalProject.Kind.choices)
    project = PlainTextField(max_length=30)
    partner = key(required=False, help_text="Needed where you record for several.")
    place = PlainTextField(max_length=32, help_text="P-code.")
    community = key(required=False)
    committee = key(required=False, help_text="The id of the forum that selected it, of the same project.")
    proposed_on = day()
    minutes = PlainTextField(max_length=120, help_text="Reference of the selection minutes.")
    committee_women = count(MOST_SEATS)
    committee_men = count(MOST_SEATS)
    committee_young = count(MOST_SEATS)
    currency = PlainTextField(max_length=3, help_text="ISO 4217, such as USD.")
    asked = ExactNumberField(**MONEY, min_value=0)
    benefits_women = serializers.BooleanField(required=False)
    led_by_women = serializers.BooleanField(required=False)
    is_about_weapons = serializers.BooleanField(required=False)
    needs_land = serializers.BooleanField(required=False)
    land_paper = PlainTextField(max_length=120, required=False, allow_blank=True, help_text="Its reference; needed before work starts.")
    starts_on = day(required=False)
    ends_on = day(required=False)
    sustainability = PlainTextField(max_length=300, required=False, allow_blank=True, help_text="Who keeps it running, and how.")


class LocalDecisionIn(serializers.Serializer):
    decision = serializers.ChoiceField(LocalProject.Decision.choices[1:])
    on = day()
    approved = ExactNumberField(**MONEY, required=False, allow_null=True, min_value=0, help_text="Needed unless it is refused.")
    conditions = PlainTextField(max_length=4000, required=False, allow_blank=True, help_text="Needed where there are any.")


class StartIn(serializers.Serializer):
    on = day()
    note = PlainTextField(max_length=300, required=False, allow_blank=True)


class BecauseIn(serializers.Serializer):
    on = day()
    note = PlainTextField(max_length=300, help_text="Why. No names of people.")


class CompleteIn(serializers.Serializer):
    on = day()
    people_served = count(10_000_000)
    served_words = PlainTextField(max_length=60, required=False, allow_blank=True, help_text="Who is counted, such as “users a week”.")


class HandOverIn(serializers.Serializer):
    on = day()
    to = PlainTextField(max_length=120, help_text="A role or group, such as “water committee”. No names.")


class CheckIn(serializers.Serializer):
    on = day()
    works = serializers.BooleanField()
    used = serializers.BooleanField()
    note = PlainTextField(max_length=300, required=False, allow_blank=True)


class ContributeIn(serializers.Serializer):
    source = serializers.ChoiceField(Contribution.Source.choices)  # type: ignore[assignment]
    amount = ExactNumberField(**MONEY, required=False, allow_null=True, min_value=CENT, help_text="In the local project's currency.")
    in_kind = PlainTextField(max_length=200, required=False, allow_blank=True, help_text="Work or goods.")


class PayIn(serializers.Serializer):
    paid_on = day(source="on")
    amount = ExactNumberField(**MONEY, min_value=CENT, help_text="In the local project's currency.")
    reference = PlainTextField(max_length=60, help_text="Your own: each is recorded once.")


class AskUsersIn(serializers.Serializer):
    asked_on = day(source="on")
    whom = PlainTextField(max_length=60, help_text="Who was asked, such as “users”.")
    asked = serializers.IntegerField(min_value=1, max_value=MOST_PEOPLE)
    satisfied = serializers.IntegerField(min_value=0, max_value=MOST_PEOPLE, help_text="Very or rather satisfied.")
