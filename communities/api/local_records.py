"""Local agreements, rankings of needs and local projects: lists, new records, and the steps of a local project."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.idempotency import once
from accounts.api.lists import Listed, by_key
from accounts.roles import Permission
from communities import forums, local_projects, needs
from communities.api import local_shapes as shapes
from communities.api.forums import where_of
from communities.api.local_filters import AgreementFilters, LocalProjectFilters, RankingFilters
from communities.models import (
    Contribution,
    Forum,
    LocalAgreement,
    LocalProject,
    LocalProjectStep,
    NeedRank,
    NeedsRanking,
    Payment,
    RankingGroup,
    Satisfaction,
)
from plumbing.refusals import Invalid, Problem
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


class NeedsRankings(Listed):
    model = NeedsRanking
    serializer_class = shapes.RankingRow
    filterset_class = RankingFilters
    orderings = {"ends_on": "ends_on", "title": "title", "id": "id", "updated_at": "updated_at"}
    ordering = ("-ends_on", "-id")
    filled = ("groups", "needs")

    def fill(self, rows: list[dict[str, Any]]) -> None:
        ids = [row["id"] for row in rows]
        columns = ("need__ranking_id", "need__text", "group_id", "rank")
        ranks = list(NeedRank.objects.filter(need__ranking__in=ids).order_by("rank", "need_id").values_list(*columns))
        by_group = by_key((group, need) for _ranking, need, group, _rank in ranks)
        by_need = by_key(((ranking, need), rank) for ranking, need, _group, rank in ranks)
        apart = by_key((ranking, {"need": need, "apart": needs.apart(given)}) for (ranking, need), given in by_need.items())
        sat = RankingGroup.objects.filter(ranking__in=ids).order_by("id").values("id", "ranking_id", "group", "people")
        groups = by_key((one["ranking_id"], {**one, "needs": by_group.get(one["id"], [])}) for one in sat)
        for row in rows:
            row["groups"], row["needs"] = groups.get(row["id"], []), apart.get(row["id"], [])

    @extend_schema(
        summary="Record a ranking of needs",
        request=shapes.RankingIn,
        responses={201: shapes.RankingRow},
        examples=[
            OpenApiExample(
                "Two groups that sat apart",
                request_only=True,
                value={
                    "title": "August 2026",
                    "project": "CVR-01",
                    "place": "SS0704",
                    "starts_on": "2026-08-10",
                    "ends_on": "2026-08-14",
                    "groups_met": 6,
                    "groups": [
                        {"group": "women", "people": 34, "needs": ["Safe water", "Schools", "Cattle routes"]},
                        {"group": "men", "people": 31, "needs": ["Cattle routes", "Schools", "Safe water"]},
                    ],
                },
            )
        ],
    )
    @once
    def create(self, request: Any) -> Response:
        """Each group ranks needs, the most urgent first. A need is the same for two groups where only capitals and spaces differ."""
        given = taken(shapes.RankingIn, request.data)
        where = where_of(given, request.user, P.RECORD_COMMUNITIES)
        table, people = _table(given.pop("groups"))
        row = needs.rank(**where, **given, table=table, people=people, by=request.user)
        return self.created(row.pk)


class LocalProjects(Listed):
    """Money is in the local project's own currency. One local project also tells its steps; a step out of turn is 409."""

    model = LocalProject
    serializer_class = shapes.LocalProjectRow
    filterset_class = LocalProjectFilters
    orderings = {"title": "title", "proposed_on": "proposed_on", "state_on": "state_on", "id": "id", "updated_at": "updated_at"}
    ordering = ("title", "id")
    filled = ("contributions", "payments", "paid", "satisfaction")
    related = ("project", "partner", "place")

    def fill(self, rows: list[dict[str, Any]]) -> None:
        ids = [row["id"] for row in rows]
        given = Contribution.objects.filter(local_project__in=ids).order_by("id").values("local_project_id", "source", "amount", "in_kind")
        payments = Payment.objects.filter(local_project__in=ids).order_by("paid_on", "id")
        asked = Satisfaction.objects.filter(local_project__in=ids).order_by("-asked_on", "-id")
        for name, found in (
            ("contributions", given),
            ("payments", payments.values("local_project_id", "paid_on", "amount", "reference")),
            ("satisfaction", asked.values("local_project_id", "asked_on", "whom", "asked", "satisfied")),
        ):
            by_local_project = by_key((one.pop("local_project_id"), one) for one in found)
            for row in rows:
                row[name] = by_local_project.get(row["id"], [])
        for row in rows:
            row["paid"] = sum((one["amount"] for one in row["payments"]), Decimal(0))

    @extend_schema(summary="One local project with its steps", responses=shapes.LocalProjectOut)
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        row = dict(self.one(**self.lookup()))
        steps = LocalProjectStep.objects.filter(local_project=row["id"]).values("state", "on", "note")
        return Response(row | {"steps": shapes.LocalProjectStepOut(steps, many=True).data})

    @extend_schema(
        summary="Record a local project as proposed",
        request=shapes.LocalProjectIn,
        responses={201: shapes.LocalProjectRow},
        examples=[
            OpenApiExample(
                "A borehole",
                request_only=True,
                value={
                    "title": "Borehole of the north quarter",
                    "kind": "infrastructure",
                    "project": "CVR-01",
                    "place": "SS0704",
                    "committee": 7,
                    "proposed_on": "2026-03-02",
                    "minutes": "PSC-7",
                    "committee_women": 4,
                    "committee_men": 5,
                    "currency": "USD",
                    "asked": "20000",
                    "benefits_women": True,
                },
            )
        ],
    )
    @once
    def create(self, request: Any) -> Response:
        """A committee selects: its minutes are named, and where it is recorded as a forum, that is one of the same project."""
        given = taken(shapes.LocalProjectIn, request.data)
        where = where_of(given, request.user, P.RECORD_COMMUNITIES)
        given["committee"] = visible_record(Forum, given.get("committee"), request.user, "committee")
        row = local_projects.propose(**where, **given, by=request.user)
        return self.created(row.pk)

    @extend_schema(summary="Record the approval decision", request=shapes.LocalDecisionIn, responses=shapes.LocalProjectRow)
    @action(detail=True, methods=["post"])
    @once
    def decide(self, request: Any, id: str) -> Response:
        """Approved with an amount, with conditions, or refused."""
        local_projects.decide(self.found(), by=request.user, **taken(shapes.LocalDecisionIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="Work starts or goes on", request=shapes.StartIn, responses=shapes.LocalProjectRow)
    @action(detail=True, methods=["post"])
    @once
    def start(self, request: Any, id: str) -> Response:
        """Where land is needed, its paper comes first (409)."""
        local_projects.start(self.found(), by=request.user, **taken(shapes.StartIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="Put a local project on hold", request=shapes.BecauseIn, responses=shapes.LocalProjectRow)
    @action(detail=True, methods=["post"])
    @once
    def hold(self, request: Any, id: str) -> Response:
        local_projects.hold(self.found(), by=request.user, **taken(shapes.BecauseIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="Stop a local project for good", request=shapes.BecauseIn, responses=shapes.LocalProjectRow)
    @action(detail=True, methods=["post"])
    @once
    def stop(self, request: Any, id: str) -> Response:
        local_projects.stop(self.found(), by=request.user, **taken(shapes.BecauseIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="Record the completion", request=shapes.CompleteIn, responses=shapes.LocalProjectRow)
    @action(detail=True, methods=["post"])
    @once
    def complete(self, request: Any, id: str) -> Response:
        local_projects.complete(self.found(), by=request.user, **taken(shapes.CompleteIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="Record the hand-over", request=shapes.HandOverIn, responses=shapes.LocalProjectRow)
    @action(detail=True, methods=["post"], url_path="hand-over")
    @once
    def hand_over(self, request: Any, id: str) -> Response:
        """From this day somebody else keeps it running; `check_due_on` says when to look again."""
        local_projects.hand_over(self.found(), by=request.user, **taken(shapes.HandOverIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="Record the check after six months", request=shapes.CheckIn, responses=shapes.LocalProjectRow)
    @action(detail=True, methods=["post"])
    @once
    def check(self, request: Any, id: str) -> Response:
        """That it no longer works may be said at once; that it still does, not before its time has come (422)."""
        local_projects.check(self.found(), by=request.user, **taken(shapes.CheckIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="Add a contribution", request=shapes.ContributeIn, responses={201: shapes.LocalProjectRow})
    @action(detail=True, methods=["post"])
    @once
    def contribute(self, request: Any, id: str) -> Response:
        """Money, or work and goods in words. It has no reference: send an Idempotency-Key, or it is added twice."""
        local_projects.contribute(self.found(), by=request.user, **taken(shapes.ContributeIn, request.data))
        return Response(self.one(id=id), status=201)

    @extend_schema(summary="Record a payment", request=shapes.PayIn, responses={201: shapes.LocalProjectRow})
    @action(detail=True, methods=["post"])
    @once
    def pay(self, request: Any, id: str) -> Response:
        """Not more than was approved (409); the same `reference` is refused."""
        local_projects.pay(self.found(), by=request.user, **taken(shapes.PayIn, request.data))
        return Response(self.one(id=id), status=201)

    @extend_schema(summary="Record what users said", request=shapes.AskUsersIn, responses={201: shapes.LocalProjectRow})
    @action(detail=True, methods=["post"], url_path="ask-users")
    @once
    def ask_users(self, request: Any, id: str) -> Response:
        """How many of those asked are very or rather satisfied; once a day."""
        local_projects.ask_users(self.found(), by=request.user, **taken(shapes.AskUsersIn, request.data))
        return Response(self.one(id=id), status=201)


def _table(groups: Sequence[dict[str, Any]]) -> tuple[needs.Table, dict[str, int | None]]:
    """What the act takes: the rank by need and group, and how many people of each group took part. Raises Invalid with every repetition."""
    problems: list[Problem] = []
    people: dict[str, int | None] = {}
    table: dict[str, dict[str, int | None]] = {}
    first: dict[str, str] = {}  # a need as the first group wrote it
    for position, one in enumerate(groups):
        group = one["group"]
        if group in people:
            problems.append(Problem(f"groups/{position}/group", _("Give each group once."), "twice"))
            continue
        people[group] = one.get("people")
        for place, said in enumerate(one["needs"]):
            ranks = table.setdefault(first.setdefault(needs.spelled(said), " ".join(said.split())), {})
            if group in ranks:
                problems.append(Problem(f"groups/{position}/needs/{place}", _("Each group ranks a need once."), "twice"))
            ranks[group] = place + 1
    if problems:
        raise Invalid(problems)
    return table, people
