"""Places in JSON."""

from rest_framework import serializers


class PlaceRow(serializers.Serializer):
    code = serializers.CharField(help_text="The P-code: text, with its leading zeros.")
    name = serializers.CharField()
    level = serializers.IntegerField(help_text="0 country, 1 to 4 administrative levels, 5 a settlement or site.")
    parent = serializers.CharField(source="parent__code", allow_null=True, help_text="The P-code of what it lies in.")  # type: ignore[assignment]
    country = serializers.CharField()
    latitude = serializers.DecimalField(max_digits=8, decimal_places=5, allow_null=True)
    longitude = serializers.DecimalField(max_digits=8, decimal_places=5, allow_null=True)
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True, help_text="Retired from then on; places are never deleted.")
    updated_at = serializers.DateTimeField()
