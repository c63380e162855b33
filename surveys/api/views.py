"""Instruments to ask with, rounds to answer and what came out of them. Single responses come in and are never given out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.api.idempotency import once
from accounts.api.lists import Listed
from accounts.models import Organization
from accounts.roles import Permission
from plumbing.refusals import Invalid, Problem
from programs import access, disaggregations
from programs.api.partners import visible_project, writing_for
from programs.api.views import place_at, taken
from programs.forms import supported
from programs.models import Disaggregation
from surveys import instruments, results, rounds
from surveys.api import shapes
from surveys.api.filters import InstrumentFilters, RoundFilters
from surveys.models import InstrumentVersion, Item, ItemText, SurveyRound

WHO = {"sex", "age"}


class Instruments(Listed):
    """The versions in force: what to ask, in which languages, and which answers there are."""

    model = InstrumentVersion
    serializer_class = shapes.InstrumentRow
    filterset_class = InstrumentFilters
    orderings = {"code": "instrument__code", "id": "id", "updated_at": "updated_at"}
    ordering = ("instrument__code",)
    filled = ("items", "languages")

    def get_queryset(self) -> Any:
        return super().get_queryset().active()

    def fill(self, rows: list[dict[str, Any]]) -> None:
        ids = [row["id"] for row in rows]
        items: dict[int, set[int]] = defaultdict(set)
        for version, item in Item.objects.filter(version__in=ids).values_list("version_id", "pk"):
            items[version].add(item)
        worded: dict[tuple[int, str], set[int]] = defaultdict(set)
        for version, language, item in ItemText.objects.filter(item__version__in=ids).values_list(
            "item__version_id", "language", "item_id"
        ):
            worded[version, language].add(item)
        for row in rows:
            own = items[row["id"]]
            whole = [language for (version, language), said in worded.items() if version == row["id"] and said == own]
            row["items"], row["languages"] = len(own), sorted(whole, key=lambda language: (language != "en", language))

    @extend_schema(summary="One instrument with its questions and answers", responses=shapes.InstrumentOut)
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        row = dict(self.one(**self.lookup()))
        version = instruments.whole(self.found())
        domains = {one.pk: one for one in version.domains.all()}
        answers = {
            options.pk: [
                {"code": one.code, "label": one.label, "texts": _texts(one), "kind": one.kind} for one in options.options.all()
            ]
            for options in version.option_sets.all()
        }  # fmt: skip
        questions = [
            {
                "code": item.code, "domain": domains[item.domain_id].code, "texts": _texts(item), "is_required": item.is_required,
                "is_scored": item.is_scored, "answers": answers[item.option_set_id],
                "asked_if": [{"item": rule.other.code, "answer": rule.option.code} for rule in item.shown_if.all()],
            }
            for item in version.items.all()
        ]  # fmt: skip
        told = [{"code": one.code, "label": one.label} for one in domains.values()]
        return Response(row | {"domains": shapes.DomainOut(told, many=True).data, "questions": shapes.ItemOut(questions, many=True).data})


class SurveyRounds(Listed):
    model = SurveyRound
    serializer_class = shapes.RoundRow
    filterset_class = RoundFilters
    orderings = {"held_on": "held_on", "id": "id", "updated_at": "updated_at"}
    ordering = ("-held_on", "-id")
    filled = ("result",)
    related = ("version__instrument", "project", "partner", "place")

    def fill(self, rows: list[dict[str, Any]]) -> None:
        raw = SurveyRound.objects.visible_to(self.request.user, Permission.READ_RAW).filter(pk=OuterRef("pk"))
        found = SurveyRound.objects.filter(pk__in=[row["id"] for row in rows]).annotate(raw=Exists(raw))
        held = list(found.select_related("version__instrument", "project"))
        seen = {row.pk for row in held if row.raw}
        lines = results.headlines(held, reader=self.request.user, raw=seen)
        for row in rows:
            row["result"] = lines[row["id"]]

    @extend_schema(
        summary="Plan a round",
        request=shapes.RoundIn,
        responses={201: shapes.RoundRow},
        examples=[
            OpenApiExample(
                "A sample of people",
                request_only=True,
                value={
                    "instrument": "perception-of-police", "project": "INS-01", "place": "SS0703", "stage": "midline", "held_on": "2026-09-14",
                    "method": "cluster", "frame": "Households of 15 clusters", "planned_n": 150, "design_effect": "1.3",
                },
            )
        ],
    )  # fmt: skip
    @once
    def create(self, request: Any) -> Response:
        """With the version in force. It is planned, then opened, closed and approved, as on its page."""
        access.require_word(request.user, Permission.RECORD_SURVEYS)
        given = taken(shapes.RoundIn, request.data)
        project = visible_project(given.pop("project"), request.user)
        partner = writing_for(request.user, Permission.RECORD_SURVEYS, project=project, partner=given.pop("partner", None))
        row = rounds.plan(
            version=_in_force(given.pop("instrument")), project=project, partner=partner, place=place_at(given.pop("place")),
            organization=_assessed(given.pop("institution", None)), by=request.user, **given,
        )  # fmt: skip
        address = reverse("api:survey-rounds-detail", [row.pk], request=request)
        return Response(self.one(id=row.pk), status=201, headers={"Location": address})

    @extend_schema(summary="Change what was planned", request=shapes.RoundChangeIn, responses=shapes.RoundRow)
    def partial_update(self, request: Any, id: str) -> Response:
        """Until the round is approved: sampling fields are often known only afterwards."""
        row = self.found()
        rounds.require(row, request.user)
        rounds.change(row, by=request.user, **taken(shapes.RoundChangeIn, request.data))
        return Response(self.one(id=id))

    @extend_schema(summary="Open a round for entry", request=None, responses=shapes.RoundRow)
    @action(detail=True, methods=["post"])
    @once
    def open(self, request: Any, id: str) -> Response:
        """A planned one, or a closed one again while it is not approved."""
        rounds.open(self.found(), by=request.user)
        return Response(self.one(id=id))

    @extend_schema(summary="End entry", request=None, responses=shapes.RoundRow)
    @action(detail=True, methods=["post"])
    @once
    def close(self, request: Any, id: str) -> Response:
        """A round without responses, or a verified capacity score without its evidence note, is refused (422)."""
        rounds.close(self.found(), by=request.user)
        return Response(self.one(id=id))

    @extend_schema(summary="Approve a closed round", request=None, responses=shapes.RoundRow)
    @action(detail=True, methods=["post"])
    @once
    def approve(self, request: Any, id: str) -> Response:
        """Somebody else than who closed it, or whose key did; from then on no answer changes."""
        rounds.approve(self.found(), by=request.user)
        return Response(self.one(id=id))

    @extend_schema(summary="What came out of a round, by domain and item", responses=shapes.ResultsOut)
    @action(detail=True, methods=["get"], url_path="results")
    def results(self, request: Any, id: str) -> Response:
        """As you may see it: small numbers of people are hidden from whoever holds no raw figures there."""
        found = results.of(self.found(), reader=request.user)
        is_official = found.survey_round.version.is_official_scoring
        return Response(
            shapes.ResultsOut(
                {"is_official_scoring": is_official, "n": found.n, "lines": found.lines, "shares": [asdict(one) for one in found.shares]}
            ).data
        )

    @extend_schema(
        summary="Send a response into an open round",
        request=shapes.SurveyResponseIn,
        responses={200: shapes.SurveyResponseOut, 201: shapes.SurveyResponseOut},
        examples=[
            OpenApiExample(
                "One respondent of a sample",
                request_only=True,
                value={
                    "external_id": "6f1e1f0a-3a55-4a3e-9f5d-2c1b0c6f7a11", "answers": {"P01": "agree", "P02": "strongly_agree"},
                    "respondent": {"sex": "female", "age": "25-35"},
                },
            ),
            OpenApiExample("Taken", response_only=True, value={
                "survey_round": 12, "external_id": "6f1e1f0a-3a55-4a3e-9f5d-2c1b0c6f7a11", "number": 41, "is_new": True,
            }),
        ],
    )  # fmt: skip
    @action(detail=True, methods=["post"])
    @once
    def responses(self, request: Any, id: str) -> Response:
        """The same `external_id` again is the same response (200). A round that is not open takes none (409)."""
        survey_round = self.found()
        rounds.require(survey_round, request.user)
        given = taken(shapes.SurveyResponseIn, request.data)
        who = _respondent(survey_round, given.pop("respondent", {}))
        done = rounds.respond(survey_round, by=request.user, respondent=who, **given)
        told = {
            "survey_round": survey_round.pk, "external_id": given["external_id"], "number": done.response.number, "is_new": done.is_new,
        }  # fmt: skip
        return Response(shapes.SurveyResponseOut(told).data, status=201 if done.is_new else 200)

    @extend_schema(
        summary="Correct a response that you sent",
        request=shapes.SurveyAnswersIn,
        responses=shapes.SurveyCorrectionOut,
        parameters=[OpenApiParameter("external_id", UUID, OpenApiParameter.PATH, description="Your own id of the response.")],
        examples=[
            OpenApiExample(
                "The whole response, as it should have been",
                request_only=True,
                value={"answers": {"P01": "disagree", "P02": "strongly_agree"}, "respondent": {"sex": "female", "age": "25-35"}},
            ),
            OpenApiExample("Corrected", response_only=True, value={
                "survey_round": 12, "external_id": "6f1e1f0a-3a55-4a3e-9f5d-2c1b0c6f7a11", "number": 41, "changed": ["P01"],
            }),
        ],
    )  # fmt: skip
    @action(detail=True, methods=["put"], url_path="responses/(?P<external_id>[0-9a-fA-F-]{36})", url_name="response")
    def correct(self, request: Any, id: str, external_id: str) -> Response:
        """The whole response is given anew, while its round is open (else 409), by the organization that sent it (else 404).

        Sent again it changes nothing. Who corrected what, as codes of items, is kept in the audit log; the answers before are not.
        """
        survey_round = self.found()
        rounds.require(survey_round, request.user)
        response = rounds.sent_by(survey_round, _uuid(external_id), request.user)
        if response is None:
            raise Http404
        given = taken(shapes.SurveyAnswersIn, request.data)
        who = _respondent(survey_round, given.pop("respondent", {}))
        changed = rounds.correct(response, by=request.user, respondent=who, **given)
        told = {
            "survey_round": survey_round.pk, "external_id": response.external_id, "number": response.number, "changed": list(changed),
        }  # fmt: skip
        return Response(shapes.SurveyCorrectionOut(told).data)


def _in_force(instrument: str) -> InstrumentVersion:
    found = InstrumentVersion.objects.active().filter(instrument__code=instrument).select_related("instrument").first()
    if found is None:
        text = _("There is no instrument “%(code)s” with a version in force.") % {"code": instrument}
        raise Invalid([Problem("instrument", text, "unknown")])
    return found


def _assessed(organization: int | None) -> Organization | None:
    if organization is None:
        return None
    found: Organization | None = supported().filter(pk=organization).first()
    if found is None:
        raise Invalid([Problem("institution", _("There is no authority with this id."), "unknown")])
    return found


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as malformed:
        raise Http404 from malformed


def _texts(row: Any) -> dict[str, str]:
    return {one.language: one.text for one in row.texts.all()}


def _respondent(survey_round: SurveyRound, cell: dict[str, str]) -> Disaggregation | None:
    """The categories that the page asks for, of somebody in a sample; nothing else is kept of whoever answers."""
    if not cell:
        return None
    if survey_round.subject != SurveyRound.Subject.SAMPLE or not cell.keys() <= WHO:
        text = _("Say at most %(categories)s, and of the people of a sample only.") % {"categories": ", ".join(sorted(WHO))}
        raise Invalid([Problem("respondent", text, "not_kept")])
    key = disaggregations.key_of(cell)
    try:
        return Disaggregation.objects.get(pk=disaggregations.ensure([key])[key])
    except KeyError as unknown:
        raise Invalid([Problem("respondent", _("There is no category like this."), "unknown")]) from unknown
