"""Institutions and the decisions on support to them, in JSON. The assessments behind the decisions are not here."""

from __future__ import annotations

from rest_framework import serializers

from institutions.models import ComplaintKind, ComplaintMonth, Institution
from programs.models import SupportClearance


class StaffOut(serializers.Serializer):
    counted_on = serializers.DateField()
    total = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]


class InstitutionRow(serializers.Serializer):
    id = serializers.IntegerField()
    organization = serializers.IntegerField(source="organization_id", help_text="The organization's id, as in `supports` of an activity.")
    name = serializers.CharField(source="organization__name")
    kind = serializers.ChoiceField(Institution.Kind.choices)
    commands_forces = serializers.BooleanField(help_text="In command of a security force.")
    parent = serializers.IntegerField(source="parent_id", allow_null=True, help_text="The institution it answers to.")  # type: ignore[assignment]
    place = serializers.CharField(source="place__code", help_text="P-code.")
    posts = serializers.IntegerField(allow_null=True)
    projects = serializers.ListField(child=serializers.CharField(), help_text="Codes of your projects that work with it.")
    cleared_until = serializers.DateField(allow_null=True, help_text="Until when support to it may be planned; null: not now.")
    staff = StaffOut(allow_null=True, help_text="The last count of its staff.")
    updated_at = serializers.DateTimeField()


class ClearanceRow(serializers.Serializer):
    id = serializers.IntegerField()
    recipient = serializers.IntegerField(source="recipient_id", help_text="The organization's id.")
    recipient_name = serializers.CharField(source="recipient__name")
    institution = serializers.IntegerField(source="recipient__institution__id")
    scope = serializers.CharField(help_text="The support covered.")
    decision = serializers.ChoiceField(SupportClearance.Decision.choices)
    conditions = serializers.CharField()
    valid_from = serializers.DateField()
    valid_until = serializers.DateField()
    suspended = serializers.BooleanField(help_text="Taken back before its end: nothing can be planned under it.")
    suspended_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ComplaintKindOut(serializers.Serializer):
    kind = serializers.ChoiceField(ComplaintKind.Kind.choices)
    received = serializers.IntegerField()


class ComplaintMonthRow(serializers.Serializer):
    id = serializers.IntegerField()
    register = serializers.IntegerField(source="register_id", help_text="The id of the oversight body under `/institutions/`.")
    about = serializers.ChoiceField(ComplaintMonth.Service.choices, source="service", help_text="The service complained about.")
    place = serializers.CharField(source="place__code", help_text="P-code of the state (admin 1); nothing finer is kept.")
    year = serializers.IntegerField()
    month = serializers.IntegerField()
    received = serializers.IntegerField()
    closed = serializers.IntegerField(help_text="With an answer or as not traceable, whenever they came in.")
    due = serializers.IntegerField(allow_null=True, help_text="Whose 30 days for an answer ended in the month; null: not told.")
    in_time = serializers.IntegerField(allow_null=True, help_text="Of `due`, those that had an answer by then.")
    kinds = ComplaintKindOut(many=True, help_text="Of those received, as far as the register tells them apart.")
    source = serializers.CharField()  # type: ignore[assignment]
    updated_at = serializers.DateTimeField()
