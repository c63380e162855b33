"""Forums, commitments and disputes: lists, new records, and what is heard of them."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.idempotency import once
from accounts.api.lists import Listed, by_key
from accounts.models import User
from accounts.roles import Permission
from communities import commitments, disputes, forums
from communities.api import forum_shapes as shapes
from communities.api.forum_filters import CommitmentFilters, DisputeFilters, ForumFilters
from communities.models import (
    Commitment,
    CommitmentEvidence,
    Community,
    Dispute,
    DisputeMediator,
    DisputeParty,
    DisputeStep,
    Forum,
    ForumSession,
    LocalAgreement,
    SeatLine,
    Sitting,
)
from programs import access
from programs.api.partners import authority, visible_project, visible_record, writing_for
from programs.api.views import place_at, taken

P = Permission


class Forums(Listed):
    model = Forum
    serializer_class = shapes.ForumRow
    filterset_class = ForumFilters
    orderings = {"name": "name", "started_on": "started_on", "id": "id", "updated_at": "updated_at"}
    ordering = ("name", "id")
    filled = ("seats_since", "seats", "seats_by_group", "sessions")
    related = ("project", "partner", "place")

    def fill(self, rows: list[dict[str, Any]]) -> None:
        ids = [row["id"] for row in rows]
        last = Sitting.objects.filter(forum=OuterRef("forum")).order_by("-since", "-id").values("pk")[:1]
        sittings = {
            forum: (pk, since, seats)
            for forum, pk, since, seats in Sitting.objects.filter(forum__in=ids, pk=Subquery(last)).values_list(
                "forum_id", "pk", "since", "seats"
            )
        }
        lines = SeatLine.objects.filter(sitting__in=[pk for pk, _since, _seats in sittings.values()]).order_by("id")
        by_sitting = by_key((one.pop("sitting_id"), one) for one in lines.values("sitting_id", "group", "words", "held", "agreed"))
        met = ForumSession.objects.filter(forum__in=ids).order_by("activity__happened_on", "id")
        sessions = by_key(met.values_list("forum_id", "activity_id"))
        for row in rows:
            pk, row["seats_since"], row["seats"] = sittings.get(row["id"], (None, None, None))
            row["seats_by_group"], row["sessions"] = by_sitting.get(pk, []), sessions.get(row["id"], [])

    @extend_schema(
        summary="Record a forum",
        request=shapes.ForumIn,
        responses={201: shapes.ForumRow},
        examples=[
            OpenApiExample(
                "A dialogue",
                request_only=True,
                value={"name": "Renk corridor", "kind": "dialogue", "project": "DIA-01", "place": "SS0704", "started_on": "2025-11-18"},
            )
        ],
    )
    @once
    def create(self, request: Any) -> Response:
        given = taken(shapes.ForumIn, request.data)
        where, institution = where_of(given, request.user, P.RECORD_FORUMS), authority(given.pop("institution", None), "institution")
        row = forums.start_forum(**where, **given, institution=institution, by=request.user)
        return self.created(row.pk)

    @extend_schema(summary="Record a session of a forum", request=shapes.SessionIn, responses={201: shapes.ForumRow})
    @action(detail=True, methods=["post"])
    @once
    def sessions(self, request: Any, id: str) -> Response:
        """The session is an activity of the forum's partner; the same `external_id` again changes nothing."""
        forums.meet(self.found(), by=request.user, **taken(shapes.SessionIn, request.data))
        return Response(self.one(id=id), status=201)


class Commitments(Listed):
    model = Commitment
    serializer_class = shapes.CommitmentRow
    filterset_class = CommitmentFilters
    orderings = {"due_on": "due_on", "settled_on": "settled_on", "id": "id", "updated_at": "updated_at"}
    ordering = ("due_on", "id")
    filled = ("evidence",)
    related = ("project", "partner", "place")

    def fill(self, rows: list[dict[str, Any]]) -> None:
        heard = CommitmentEvidence.objects.filter(commitment__in=[row["id"] for row in rows]).order_by("happened_on", "id")
        names = ("commitment_id", "says", "happened_on", "source", "text", "is_set_aside")
        evidence = by_key((one.pop("commitment_id"), one) for one in heard.values(*names))
        for row in rows:
            row["evidence"] = evidence.get(row["id"], [])

    @extend_schema(
        summary="Record a commitment",
        request=shapes.CommitmentIn,
        responses={201: shapes.CommitmentRow},
        examples=[
            OpenApiExample(
                "Made in a forum",
                request_only=True,
                value={"forum": 7, "text": "Mark the 3 cattle routes", "who": "County land office", "due_on": "2026-10-20"},
            )
        ],
    )
    @once
    def create(self, request: Any) -> Response:
        """It belongs to the project, partner and place of the forum, agreement or dispute it is made in."""
        access.require_word(request.user, P.RECORD_FORUMS)
        given = taken(shapes.CommitmentIn, request.data)
        for name, model in (("forum", Forum), ("agreement", LocalAgreement), ("dispute", Dispute)):
            given[name] = visible_record(model, given.get(name), request.user, name)
        row = commitments.promise(by=request.user, **given)
        return self.created(row.pk)

    @extend_schema(summary="Say that a commitment was kept", request=shapes.KeptIn, responses=shapes.CommitmentRow)
    @action(detail=True, methods=["post"])
    @once
    def kept(self, request: Any, id: str) -> Response:
        commitments.keep(self.found(), by=request.user, **taken(shapes.KeptIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="Report a breach", request=shapes.HeardIn, responses=shapes.CommitmentRow)
    @action(detail=True, methods=["post"])
    @once
    def breach(self, request: Any, id: str) -> Response:
        """One source reports it, a second, different one makes it count."""
        commitments.report_breach(self.found(), by=request.user, **taken(shapes.HeardIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="Say that there was no breach", request=shapes.WhyIn, responses=shapes.CommitmentRow)
    @action(detail=True, methods=["post"], url_path="no-breach")
    @once
    def no_breach(self, request: Any, id: str) -> Response:
        commitments.set_breach_aside(self.found(), by=request.user, **taken(shapes.WhyIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="Withdraw a commitment", request=shapes.WhyIn, responses=shapes.CommitmentRow)
    @action(detail=True, methods=["post"])
    @once
    def withdraw(self, request: Any, id: str) -> Response:
        commitments.withdraw(self.found(), by=request.user, **taken(shapes.WhyIn, request.data))
        return Response(self.one(id=id))


class Disputes(Listed):
    model = Dispute
    serializer_class = shapes.DisputeRow
    filterset_class = DisputeFilters
    orderings = {"opened_on": "opened_on", "state_on": "state_on", "id": "id", "updated_at": "updated_at"}
    ordering = ("-opened_on", "-id")
    filled = ("parties", "mediators", "steps")
    related = ("project", "partner", "place")

    def fill(self, rows: list[dict[str, Any]]) -> None:
        ids = [row["id"] for row in rows]
        for name, model, columns in (
            ("parties", DisputeParty, ("role", "women", "men", "young")),
            ("mediators", DisputeMediator, ("kind", "women", "men")),
            ("steps", DisputeStep, ("state", "on", "note")),
        ):
            found = model.objects.filter(dispute__in=ids).values("dispute_id", *columns)  # type: ignore[attr-defined]
            by_dispute = by_key((one.pop("dispute_id"), one) for one in found)
            for row in rows:
                row[name] = by_dispute.get(row["id"], [])

    @extend_schema(
        summary="Record a dispute",
        request=shapes.DisputeIn,
        responses={201: shapes.DisputeRow},
        examples=[
            OpenApiExample(
                "A herd in the crops",
                request_only=True,
                value={
                    "title": "Herd in standing crops",
                    "kind": "land",
                    "project": "DIA-01",
                    "place": "SS0704",
                    "opened_on": "2026-09-01",
                    "parties": [{"role": "farmers", "women": 12, "men": 20}, {"role": "seasonal herders"}],
                },
            )
        ],
    )
    @once
    def create(self, request: Any) -> Response:
        """Parties are roles with counts, never names."""
        given = taken(shapes.DisputeIn, request.data)
        where = where_of(given, request.user, P.RECORD_COMMUNITIES)
        forum = visible_record(Forum, given.pop("forum", None), request.user, "forum")
        parties = [disputes.Party(**one) for one in given.pop("parties")]
        row = disputes.open_dispute(**where, **given, forum=forum, parties=parties, by=request.user)
        return self.created(row.pk)

    @extend_schema(summary="Mediation begins", request=shapes.MediateIn, responses=shapes.DisputeRow)
    @action(detail=True, methods=["post"])
    @once
    def mediate(self, request: Any, id: str) -> Response:
        given = taken(shapes.MediateIn, request.data)
        given["mediators"] = [disputes.Mediator(**one) for one in given["mediators"]]
        disputes.mediate(self.found(), by=request.user, **given)
        return Response(self.one(id=id))

    @extend_schema(summary="The parties agreed", request=shapes.SettleIn, responses=shapes.DisputeRow)
    @action(detail=True, methods=["post"])
    @once
    def settle(self, request: Any, id: str) -> Response:
        disputes.settle(self.found(), by=request.user, **taken(shapes.SettleIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="The dispute is back", request=shapes.RelapseIn, responses=shapes.DisputeRow)
    @action(detail=True, methods=["post"])
    @once
    def relapse(self, request: Any, id: str) -> Response:
        disputes.relapse(self.found(), by=request.user, **taken(shapes.RelapseIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="Refer a dispute to justice", request=shapes.ReferIn, responses=shapes.DisputeRow)
    @action(detail=True, methods=["post"])
    @once
    def refer(self, request: Any, id: str) -> Response:
        disputes.refer(self.found(), by=request.user, **taken(shapes.ReferIn, request.data))
        return Response(self.one(id=id))


def where_of(given: dict[str, Any], user: User, word: Permission) -> dict[str, Any]:
    """Project, partner, place and community of a new record, taken out of what was given."""
    project = visible_project(given.pop("project"), user)
    partner = writing_for(user, word, project=project, partner=given.pop("partner", None))
    community = visible_record(Community, given.pop("community", None), user, "community")
    return {"project": project, "partner": partner, "place": place_at(given.pop("place")), "community": community}
