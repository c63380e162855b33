"""Places: the gazetteer, to find the P-codes that figures are reported at."""

from typing import Any

from accounts.api.lists import Listed
from locations.api.filters import PlaceFilters
from locations.api.serializers import PlaceRow
from locations.gazetteer import code_of
from locations.models import Place


class Places(Listed):
    model = Place
    serializer_class = PlaceRow
    filterset_class = PlaceFilters
    orderings = {"code": "code", "name": "name", "level": "level", "updated_at": "updated_at"}
    ordering = ("code",)
    lookup_field = "code"
    lookup_value_regex = r"[^/]{1,32}"

    def lookup(self) -> dict[str, Any]:
        return {"code": code_of(self.kwargs["code"])}
