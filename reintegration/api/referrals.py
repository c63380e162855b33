"""Referrals in JSON: the sender's own, and what the receiver is told of the open ones. The same gates as on the pages."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts import audit
from accounts.api.idempotency import once
from accounts.models import Organization, User
from plumbing.refusals import Invalid, Problem
from plumbing.serializer_fields import PlainTextField
from programs.api.filters import IdFilter
from programs.api.views import taken
from reintegration import referrals
from reintegration.api.guarded import UUID, Guarded
from reintegration.models import Case, Referral, ServiceKind

OPEN_STATES = [(state.value, state.label) for state in referrals.OPEN]
SENT = {
    "case": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "to_organization": 4,
    "service": "vocational",
    "urgency": "normal",
    "contact_route": "Case desk, Monday to Friday, +211 900 000 000",
}


class ReferralRow(serializers.Serializer):
    id = serializers.UUIDField()
    case = serializers.UUIDField(source="case_id")
    code = serializers.CharField(source="case__code")
    to_organization = serializers.IntegerField(source="to_organization_id")
    service = serializers.ChoiceField(ServiceKind.choices)
    urgency = serializers.ChoiceField(Referral.Urgency.choices)
    contact_route = serializers.CharField(help_text="How the receiver reaches your office; never the person.")
    state = serializers.ChoiceField(Referral.State.choices)
    sent_at = serializers.DateTimeField()
    answer_due_on = serializers.DateField()
    expires_on = serializers.DateField(help_text="An open referral ends by itself after this day.")
    answered_at = serializers.DateTimeField(allow_null=True)
    decline_reason = serializers.ChoiceField([("", ""), *Referral.Decline.choices])
    outcome = serializers.ChoiceField([("", ""), *Referral.Outcome.choices])
    ended_at = serializers.DateTimeField(allow_null=True)
    deletion_asked_at = serializers.DateTimeField(allow_null=True, help_text="When the receiver was asked to delete what it kept.")
    updated_at = serializers.DateTimeField()


class ReferralIn(serializers.Serializer):
    case = serializers.UUIDField(help_text="The `id` of a case of yours.")
    to_organization = serializers.IntegerField(min_value=1, max_value=2**31, help_text="The receiver: an agreement with it is in force.")
    service = serializers.ChoiceField(ServiceKind.choices)
    urgency = serializers.ChoiceField(Referral.Urgency.choices, required=False, default="normal")
    contact_route = PlainTextField(max_length=200, help_text="The referring office, never the person.")
    reason = PlainTextField(
        max_length=500, required=False, allow_blank=True, default="", help_text="As little as needed; kept encrypted, not sent."
    )


class ReceivedRow(serializers.Serializer):
    """All that a receiver is told, and only while the referral is open."""

    id = serializers.UUIDField()
    code = serializers.CharField(source="case__code", help_text="Ask the referring office for the person by this code.")
    service = serializers.ChoiceField(ServiceKind.choices)
    urgency = serializers.ChoiceField(Referral.Urgency.choices)
    contact_route = serializers.CharField(help_text="How to reach the referring office.")
    state = serializers.ChoiceField(OPEN_STATES)
    answer_due_on = serializers.DateField()
    updated_at = serializers.DateTimeField()


class EndedRow(serializers.Serializer):
    """What is left once the receiver's access has ended."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(Referral.State.choices)


class DeclineIn(serializers.Serializer):
    reason = serializers.ChoiceField(Referral.Decline.choices)


class OutcomeIn(serializers.Serializer):
    outcome = serializers.ChoiceField(Referral.Outcome.choices)
    note = PlainTextField(max_length=500, required=False, allow_blank=True, default="", help_text="Kept encrypted; nothing medical.")


class ReferralFilters(filters.FilterSet):
    case = filters.UUIDFilter(field_name="case_id", label="One case's id.")
    state = filters.ChoiceFilter(field_name="state", choices=Referral.State.choices)
    service = filters.ChoiceFilter(field_name="service", choices=ServiceKind.choices)
    to_organization = IdFilter(field_name="to_organization_id", label="The receiver's id.")

    class Meta:
        model = Referral
        fields: list[str] = []


class ReceivedFilters(filters.FilterSet):
    state = filters.ChoiceFilter(field_name="state", choices=OPEN_STATES)
    service = filters.ChoiceFilter(field_name="service", choices=ServiceKind.choices)

    class Meta:
        model = Referral
        fields: list[str] = []


class _Referrals(Guarded):
    model = Referral
    lookup_value_regex = UUID
    related = ("case__project", "case__partner", "case__place", "to_organization")
    orderings = {"sent_at": "sent_at", "answer_due_on": "answer_due_on", "updated_at": "updated_at"}
    ordering = ("-sent_at",)

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        answer = super().list(request, *args, **kwargs)
        audit.record("referrals.listed", by=request.user, rows=len(answer.data["results"]))
        return answer


class Referrals(_Referrals):
    """Referrals that your organization sent."""

    serializer_class = ReferralRow
    filterset_class = ReferralFilters

    def mine(self, user: User) -> QuerySet[Referral]:
        return Referral.objects.filter(case__in=Case.objects.visible_to(user))

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        shown = self.one(**self.lookup())
        audit.record("referral.read", [("referral", str(shown["id"])), ("case", str(shown["case"]))], by=request.user)
        return Response(shown)

    @extend_schema(
        summary="Send a referral",
        request=ReferralIn,
        responses={201: ReferralRow},
        examples=[OpenApiExample("To a vocational centre", request_only=True, value=SENT)],
    )
    @once
    def create(self, request: Any) -> Response:
        """With consent to services and to sharing with this receiver or for this kind of service (else 409, `consent_missing`), and
        under an agreement in force (else 409, `no_agreement`). The receiver is told code, service, urgency and contact route.
        """
        user = self.writing()
        given = taken(ReferralIn, request.data)
        case = Case.objects.visible_to(user).select_related("project", "partner", "place").filter(pk=given.pop("case")).first()
        if case is None:
            raise Invalid([Problem("case", _("There is no case with this id."), "unknown")])
        office = Organization.objects.filter(pk=given.pop("to_organization"), is_active=True).first()
        if office is None:
            raise Invalid([Problem("to_organization", _("There is no organization with this id."), "unknown")])
        made = referrals.send(case, to=office, by=user, **given)
        return self.created(made.pk)

    @extend_schema(summary="Withdraw a referral", request=None, responses=ReferralRow)
    @action(detail=True, methods=["post"])
    @once
    def withdraw(self, request: Any, id: str) -> Response:
        """While it is open. The receiver sees it no longer and is asked to delete what it kept."""
        referrals.withdraw(self.found(), by=self.writing())
        return Response(self.one(id=id))

    @extend_schema(summary="Say what came of a referral that was accepted", request=OutcomeIn, responses=ReferralRow)
    @action(detail=True, methods=["post"])
    @once
    def complete(self, request: Any, id: str) -> Response:
        """Where the answer came another way than through the receiver."""
        row = self.found()
        referrals.complete(row, by=self.writing(), **taken(OutcomeIn, request.data))
        return Response(self.one(id=id))


class ReceivedReferrals(_Referrals):
    """Open referrals to your organization."""

    serializer_class = ReceivedRow
    filterset_class = ReceivedFilters

    def mine(self, user: User) -> QuerySet[Referral]:
        return referrals.receiving(user)

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        shown = self.row(**self.lookup())
        referrals.open_package(self.found(), by=request.user)
        return Response(self.shown([shown])[0])

    @extend_schema(summary="Accept a referral", request=None, responses=ReceivedRow)
    @action(detail=True, methods=["post"])
    @once
    def accept(self, request: Any, id: str) -> Response:
        referrals.accept(self.found(), by=self.writing())
        return Response(self.one(id=id))

    @extend_schema(
        summary="Decline a referral",
        request=DeclineIn,
        responses=EndedRow,
        examples=[OpenApiExample("No free place", request_only=True, value={"reason": "no_place"})],
    )
    @action(detail=True, methods=["post"])
    @once
    def decline(self, request: Any, id: str) -> Response:
        """Only while it is sent, with a reason from the list. Your access ends with it."""
        row = self.found()
        referrals.decline(row, by=self.writing(), **taken(DeclineIn, request.data))
        return Response(EndedRow(row).data)

    @extend_schema(
        summary="Complete a referral",
        request=OutcomeIn,
        responses=EndedRow,
        examples=[OpenApiExample("Service received", request_only=True, value={"outcome": "received"})],
    )
    @action(detail=True, methods=["post"])
    @once
    def complete(self, request: Any, id: str) -> Response:
        """After it was accepted. Your access ends with it: delete what you kept."""
        row = self.found()
        referrals.complete(row, by=self.writing(), **taken(OutcomeIn, request.data))
        return Response(EndedRow(row).data)

    def answer_again(self, kept: Any) -> Response:
        """A repeated request: the row while it is open, else only that it has ended."""
        row = Referral.objects.filter(pk=json.loads(kept.body)["id"]).first()
        if row is None or row.state in referrals.OPEN:
            return super().answer_again(kept)
        return Response(EndedRow(row).data, status=kept.status, headers={"Idempotency-Replayed": "true"})
