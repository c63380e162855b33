"""Teach the form, filter and API layers what an exact number is, once, before any of them reads a model."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.apps import AppConfig


class PlumbingConfig(AppConfig):
    name = "plumbing"

    def ready(self) -> None:
        _remember_dates()
        import django_filters
        import django_filters.rest_framework
        from rest_framework import serializers

        from plumbing.numbers import ExactDecimal, Money
        from plumbing.serializer_fields import ExactNumberField

        for kind in (ExactDecimal, Money):
            serializers.ModelSerializer.serializer_field_mapping[kind] = ExactNumberField
            for filterset in (django_filters.FilterSet, django_filters.rest_framework.FilterSet):
                filterset.FILTER_DEFAULTS[kind] = {"filter_class": django_filters.NumberFilter, "extra": _as_the_field}


def _remember_dates() -> None:
    """SQLite gives a date as text and Django parses each one; the ends of periods come again and again in a long read."""
    from django.db import connection

    if connection.vendor == "sqlite":
        import sqlite3

        from django.utils.dateparse import parse_date

        @lru_cache(maxsize=4096)
        def parsed(text: bytes) -> Any:
            return parse_date(text.decode())

        sqlite3.register_converter("date", parsed)


def _as_the_field(field: Any) -> dict[str, int]:
    """Without these a seventh decimal in a filter is a server error instead of a message."""
    return {"max_digits": field.max_digits, "decimal_places": field.decimal_places}
