"""Local agreements, rankings of needs and local projects: lists, new records, and the steps of a local project."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.response import Response

from accounts.api.idempotency import once
from accounts.api.lists import Listed, by_key
from accounts.roles import Permission
from communities import forums
from communities.api import local_shapes as shapes
from communities.api.forums import where_of
from communities.api.local_filters import AgreementFilters
from communities.models import Forum, LocalAgreement
from programs.api.partners import visible_record
from programs.api.views import place_at, taken

P = Permission


class Agreements(Listed):
    """Where the document is kept is told only to those who record forums there, as on its page."""

    model = LocalAgreement
    serializer_class = shapes.AgreementRow
    filterset_class = AgreementFilters
    orderings = {"signed_on": "signed_on", "title": "title", "id": "id", "updated_at": "updated_at"}
    ordering = ("-signed_on", "-id")
    filled = ("also_in", "document")

    def fill(self, rows: list[dict[str, Any]]) -> None:
        ids = [row["id"] for row in rows]
        further = LocalAgreement.also_in.through.objects.filter(localagreement__in=ids).order_by("place__code")
        places = by_key(further.values_list("localagreement_id", "place__code"))
        recorded_here = LocalAgreement.objects.visible_to(self.request.user, P.RECORD_FORUMS)
        documents = dict(recorded_here.filter(pk__in=ids).values_list("pk", "document"))
        for row in rows:
            row["also_in"], row["document"] = places.get(row["id"], []), documents.get(row["id"], "")

    @extend_schema(
        summary="Record a local agreement",
        request=shapes.AgreementIn,
        responses={201: shapes.AgreementRow},
        examples=[
            OpenApiExample(
                "A cattle corridor",
                request_only=True,
                value={
                    "title": "Renk corridor agreement",
                    "project": "DIA-01",
                    "place": "SS0704",
                    "forum": 7,
                    "signed_on": "2026-05-14",
                    "parties": "farmers of the north quarter\nseasonal herders",
                    "signatories_female": 4,
                    "signatories_male": 11,
                    "mediator": "committee",
                    "dispute_kind": "land",
                    "stage": "SubPar",
                },
            )
        ],
    )
    @once
    def create(self, request: Any) -> Response:
        """Parties are categories of people, never names. What was promised in it goes to `/commitments/` with its id as `agreement`."""
        given = taken(shapes.AgreementIn, request.data)
        where = where_of(given, request.user, P.RECORD_FORUMS)
        forum = visible_record(Forum, given.pop("forum", None), request.user, "forum")
        also_in = [place_at(code, f"also_in/{position}") for position, code in enumerate(given.pop("also_in", []))]
        row = forums.agree(**where, **given, forum=forum, also_in=also_in, by=request.user)
        return self.created(row.pk)
