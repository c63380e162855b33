"""How exact numbers and plain text look in JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class ExactNumberField(serializers.DecimalField):
    """A number as a string without trailing zeros; what is finer than the column is refused, never rounded."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"normalize_output": True, "coerce_to_string": True, **kwargs})

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or "_" in str(data):  # Python would read True as 1 and 1_000 as 1000
            self.fail("invalid")
        return super().to_internal_value(data)


class PlainTextField(serializers.CharField):
    """Text that must come as text: DRF's own field takes the number 12 for "12" without a word."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)
