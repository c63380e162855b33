"""Imports in JSON."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from exchange.models import Import
from plumbing.serializer_fields import PlainTextField


@extend_schema_field({"type": ["object", "null"]})
class SummaryField(serializers.JSONField):
    """What was written, as counts; kept as text."""

    def to_representation(self, value: Any) -> Any:
        return json.loads(value) if value else None


class ImportRow(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(Import.Kind.choices)
    state = serializers.ChoiceField(Import.State.choices)
    project = serializers.CharField(source="project__code")
    partner = serializers.IntegerField(source="partner_id", allow_null=True)
    period = serializers.CharField(source="period__code", allow_null=True)
    file_name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    uploaded_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    undone_at = serializers.DateTimeField(allow_null=True)
    summary = SummaryField(help_text="Once confirmed: what was written, as counts.")
    updated_at = serializers.DateTimeField()


class CellProblem(serializers.Serializer):
    path = serializers.CharField(help_text="The cell, such as D7.")
    detail = serializers.CharField()
    code = serializers.CharField()


class DifferenceOut(serializers.Serializer):
    cell = serializers.CharField()
    code = serializers.CharField()
    place = serializers.CharField()
    which = serializers.CharField()
    old = serializers.CharField()
    new = serializers.CharField()


class ImportOut(ImportRow):
    version = serializers.IntegerField(
        allow_null=True, help_text="Give it back when confirming: of the draft for a workbook, else of the import."
    )
    problems = CellProblem(many=True, help_text="Everything that is wrong; nothing is written while there is anything.")
    changes = DifferenceOut(many=True, help_text="What a workbook would change in the draft.")
    unchanged = serializers.IntegerField(allow_null=True)


class ImportIn(serializers.Serializer):
    file = serializers.FileField(max_length=200)
    kind = serializers.ChoiceField(Import.Kind.choices, required=False, default=Import.Kind.WORKBOOK)
    project = PlainTextField(max_length=30, required=False, help_text="For a framework; a workbook says itself where it belongs.")


class ConfirmIn(serializers.Serializer):
    version = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="As the difference was shown; 412 when it moved on."
    )
