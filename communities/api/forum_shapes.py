"""Forums, commitments and disputes in JSON. Organizations are named by id, places by P-code, parties by role and never by name."""

from __future__ import annotations

from rest_framework import serializers

from communities.models import Commitment, CommitmentEvidence, Dispute, Forum
from communities.models.records import DisputeKind, Group, MediatorKind
from plumbing.serializer_fields import PlainTextField
from programs.api.serializers import day, key

MOST_PEOPLE = 1_000_000


class SeatOut(serializers.Serializer):
    group = serializers.ChoiceField(Group.choices)
    words = serializers.CharField(help_text="The group in its own words.")
    held = serializers.IntegerField(allow_null=True, help_text="Null: not known.")
    agreed = serializers.IntegerField(allow_null=True, help_text="The agreed share in percent.")


class ForumRow(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Forum.Kind.choices)
    project = serializers.CharField(source="project__code")
    partner = serializers.IntegerField(source="partner_id")
    place = serializers.CharField(source="place__code")
    community = serializers.IntegerField(source="community_id", allow_null=True)
    institution = serializers.IntegerField(source="institution_id", allow_null=True)
    purpose = serializers.CharField()
    started_on = serializers.DateField()
    ended_on = serializers.DateField(allow_null=True)
    next_session_on = serializers.DateField(allow_null=True)
    seats_since = serializers.DateField(allow_null=True)
    seats = serializers.IntegerField(allow_null=True, help_text="Null: a forum without seats.")
    seats_by_group = SeatOut(many=True, help_text="A person can count in more than one line.")
    sessions = serializers.ListField(child=serializers.IntegerField(), help_text="Ids under `/activities/`, oldest first.")
    updated_at = serializers.DateTimeField()


class ForumIn(serializers.Serializer):
    name = PlainTextField(max_length=200)
    kind = serializers.ChoiceField(Forum.Kind.choices)
    project = PlainTextField(max_length=30)
    partner = key(required=False, help_text="Needed where you record for several.")
    place = PlainTextField(max_length=32, help_text="P-code.")
    community = key(required=False)
    institution = key(required=False, help_text="The authority that meets people here.")
    purpose = PlainTextField(max_length=4000, required=False, allow_blank=True)
    started_on = day()


class SessionIn(serializers.Serializer):
    external_id = serializers.UUIDField(required=False, help_text="Your own id of the record: sent twice, it stays one.")
    happened_on = day()
    topic = PlainTextField(max_length=300, required=False, allow_blank=True)
    people_present = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_PEOPLE)
    women = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_PEOPLE)
    men = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_PEOPLE)
    sheet_number = PlainTextField(max_length=40, required=False, allow_blank=True)


class EvidenceOut(serializers.Serializer):
    says = serializers.ChoiceField(CommitmentEvidence.Says.choices)
    happened_on = serializers.DateField()
    source = serializers.CharField()  # type: ignore[assignment]
    text = serializers.CharField()
    is_set_aside = serializers.BooleanField(help_text="It no longer counts.")


class CommitmentRow(serializers.Serializer):
    id = serializers.IntegerField()
    text = serializers.CharField()
    who = serializers.CharField(help_text="A role or group.")
    project = serializers.CharField(source="project__code")
    partner = serializers.IntegerField(source="partner_id")
    place = serializers.CharField(source="place__code")
    forum = serializers.IntegerField(source="forum_id", allow_null=True)
    agreement = serializers.IntegerField(source="agreement_id", allow_null=True)
    dispute = serializers.IntegerField(source="dispute_id", allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    since = serializers.DateField(allow_null=True, help_text="Holds from this day on, without an end.")
    topic = serializers.ChoiceField(Commitment.Topic.choices, allow_blank=True, help_text="A topic code of PA-X.")
    state = serializers.ChoiceField(Commitment.State.choices)
    settled_on = serializers.DateField(allow_null=True)
    outcome = serializers.CharField()
    breach_sources = serializers.IntegerField(help_text="A breach counts with two.")
    evidence = EvidenceOut(many=True)
    updated_at = serializers.DateTimeField()


class CommitmentIn(serializers.Serializer):
    forum = key(required=False)
    agreement = key(required=False)
    dispute = key(required=False)
    text = PlainTextField(max_length=300)
    who = PlainTextField(max_length=120, help_text="A role or group, never a name.")
    due_on = day(required=False)
    since = day(required=False)
    topic = serializers.ChoiceField(Commitment.Topic.choices, required=False, allow_blank=True)


class HeardIn(serializers.Serializer):
    on = day()
    source = PlainTextField(max_length=120, help_text="A role or a document, never a name.")  # type: ignore[assignment]
    text = PlainTextField(max_length=300, required=False, allow_blank=True)


class KeptIn(HeardIn):
    outcome = PlainTextField(max_length=120, required=False, allow_blank=True, help_text="Such as “47 of 52 days”.")


class WhyIn(HeardIn):
    text = PlainTextField(max_length=300, help_text="Why.")


class PartyShape(serializers.Serializer):
    role = PlainTextField(max_length=120, help_text="A role or group, never a name.")
    women = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_PEOPLE)
    men = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_PEOPLE)
    young = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_PEOPLE, help_text="18 to 29.")


class MediatorShape(serializers.Serializer):
    kind = serializers.ChoiceField(MediatorKind.choices)
    women = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10_000)
    men = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10_000)


class StepOut(serializers.Serializer):
    state = serializers.ChoiceField(Dispute.State.choices)
    on = serializers.DateField()
    note = serializers.CharField()


class DisputeRow(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(DisputeKind.choices)
    project = serializers.CharField(source="project__code")
    partner = serializers.IntegerField(source="partner_id")
    place = serializers.CharField(source="place__code")
    community = serializers.IntegerField(source="community_id", allow_null=True)
    forum = serializers.IntegerField(source="forum_id", allow_null=True)
    agreement = serializers.IntegerField(source="agreement_id", allow_null=True)
    opened_on = serializers.DateField()
    state = serializers.ChoiceField(Dispute.State.choices)
    state_on = serializers.DateField()
    agreed_on = serializers.DateField(allow_null=True)
    terms = serializers.CharField()
    note = serializers.CharField()
    parties = PartyShape(many=True)
    mediators = MediatorShape(many=True)
    steps = StepOut(many=True)
    updated_at = serializers.DateTimeField()


class DisputeIn(serializers.Serializer):
    title = PlainTextField(max_length=200, help_text="No names of people.")
    kind = serializers.ChoiceField(DisputeKind.choices)
    project = PlainTextField(max_length=30)
    partner = key(required=False, help_text="Needed where you record for several.")
    place = PlainTextField(max_length=32, help_text="P-code.")
    community = key(required=False)
    forum = key(required=False)
    opened_on = day()
    parties = PartyShape(many=True, max_length=20)  # type: ignore[call-arg]
    note = PlainTextField(max_length=4000, required=False, allow_blank=True)


class MediateIn(serializers.Serializer):
    on = day()
    mediators = MediatorShape(many=True, max_length=12)  # type: ignore[call-arg]
    note = PlainTextField(max_length=300, required=False, allow_blank=True)


class SettleIn(serializers.Serializer):
    on = day()
    terms = PlainTextField(max_length=4000, help_text="No names of people.")


class RelapseIn(serializers.Serializer):
    on = day()
    note = PlainTextField(max_length=300)


class ReferIn(serializers.Serializer):
    on = day()
    to = PlainTextField(max_length=300, help_text="A court or another body, as a role.")
