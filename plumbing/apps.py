"""Teach the form, filter and API layers what an exact number is, once, before any of them reads a model."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class PlumbingConfig(AppConfig):
    name = "plumbing"

    def ready(self) -> None:
        import django_filters
        import django_filters.rest_framework
        from rest_framework import serializers

        from plumbing.numbers import ExactDecimal, Money
        from plumbing.serializer_fields import ExactNumberField

        for kind in (ExactDecimal, Money):
            serializers.ModelSerializer.serializer_field_mapping[kind] = ExactNumberField
            for filterset in (django_filters.FilterSet, django_filters.rest_framework.FilterSet):
                filterset.FILTER_DEFAULTS[kind] = {"filter_class": django_filters.NumberFilter, "extra": _as_the_field}


def _as_the_field(field: Any) -> dict[str, int]:
    """Without these a seventh decimal in a filter is a server error instead of a message."""
    return {"max_digits": field.max_digits, "decimal_places": field.decimal_places}
