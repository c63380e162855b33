"""Cases for a partner's own case management system: codes, steps and dates. No note, no answer, no contact rule goes out.

The same gates as on the pages. Only a key made for cases, or nobody, sees one here: people work on the pages, where each reading
states its purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts import audit
from accounts.api.idempotency import once
from accounts.models import User
from accounts.roles import Permission
from plumbing.refusals import Invalid, Problem
from plumbing.serializer_fields import PlainTextField
from programs.api.filters import DayFilter, PlaceBelow, in_our_time
from programs.api.partners import visible_project, writing_for
from programs.api.views import place_at, taken
from reintegration import intake, opening, stages
from reintegration.api import followups
from reintegration.api.guarded import UUID, Guarded
from reintegration.models import (
    AgeBand,
    Basis,
    Case,
    Category,
    Method,
    Notice,
    OpenPurpose,
    Pathway,
    Sex,
    Source,
    State,
    StepProposal,
    Transition,
)
from reintegration.models.cases import ADULT_BY_YEAR


class CaseRow(serializers.Serializer):
    id = serializers.UUIDField()
    code = serializers.CharField(help_text="The random code; it means nothing outside this portal.")
    external_reference = serializers.UUIDField(source="external_id", allow_null=True, help_text="Your own id of the case.")
    project = serializers.CharField(source="project__code")
    partner = serializers.IntegerField(source="partner_id")
    place = serializers.CharField(source="place__code")
    pathway = serializers.ChoiceField(Pathway.choices)
    state = serializers.ChoiceField(State.choices)
    state_since = serializers.DateField()
    opened_on = serializers.DateField()
    completed_on = serializers.DateField(allow_null=True)
    closed_on = serializers.DateField(allow_null=True)
    waits_for_second_person = serializers.BooleanField(help_text="A step is recorded and waits for somebody else to confirm it.")
    updated_at = serializers.DateTimeField()


class SafeContactIn(serializers.Serializer):
    may_call = serializers.BooleanField()
    call_when = PlainTextField(max_length=200, required=False, allow_blank=True)
    who_may_answer = PlainTextField(max_length=200, required=False, allow_blank=True)
    visit = serializers.BooleanField()
    visit_where = PlainTextField(max_length=200, required=False, allow_blank=True)
    unmarked_car = serializers.BooleanField(required=False)
    never_mention = PlainTextField(max_length=200, required=False, allow_blank=True)


class CaseIn(serializers.Serializer):
    external_reference = serializers.UUIDField(help_text="Your own id of the case, a UUID and never a name: sent twice, it stays one case.")
    project = PlainTextField(max_length=30)
    partner = serializers.IntegerField(required=False, min_value=1, max_value=2**31)
    place = PlainTextField(max_length=32, help_text="P-code, admin 2 at most.")
    pathway = serializers.ChoiceField(Pathway.choices)
    source = serializers.ChoiceField(Source.choices)
    sex = serializers.ChoiceField(Sex.choices)
    adult_beyond_doubt = serializers.BooleanField(help_text="Any doubt: false. Then nothing is written down (422, `may_be_child`).")
    birth_year = serializers.IntegerField(required=False, allow_null=True, min_value=1900, max_value=2100)
    age_band = PlainTextField(max_length=10, required=False, allow_null=True, help_text="18-24, 25-35, 36-59 or 60+.")
    notice_version = PlainTextField(max_length=20, help_text="The notice that was read to the person.")
    notice_language = PlainTextField(max_length=40)
    notice_given_on = serializers.DateField(validators=[in_our_time])
    notice_method = serializers.ChoiceField(Method.choices)
    basis = serializers.ChoiceField(Basis.choices)
    safe_contact = SafeContactIn()
    opened_on = serializers.DateField(required=False, validators=[in_our_time])


class StepIn(serializers.Serializer):
    to = serializers.ChoiceField(State.choices)
    on = serializers.DateField(validators=[in_our_time])
    interviewer = serializers.ChoiceField(Transition.Interviewer.choices, required=False)
    verified_by_method = serializers.ChoiceField(Transition.Verification.choices, required=False)
    deciding_body = PlainTextField(max_length=80, required=False)
    decision_code = PlainTextField(max_length=30, required=False)
    category = serializers.ChoiceField(Category.choices, required=False)
    is_foreign = serializers.BooleanField(required=False, allow_null=True)
    form_version = PlainTextField(max_length=20, required=False)
    form_language = PlainTextField(max_length=40, required=False)
    health_referral = serializers.BooleanField(
        required=False, allow_null=True, help_text="For `health_screened`: whether a health service is needed. Nothing medical is taken."
    )
    card_without_group = serializers.BooleanField(required=False, allow_null=True)
    destination = PlainTextField(max_length=32, required=False, help_text="P-code.")
    reinsertion_from = serializers.DateField(required=False, validators=[in_our_time])
    reinsertion_until = serializers.DateField(required=False, validators=[in_our_time])


class FollowedUp(CaseRow):
    offer_support = serializers.BooleanField(
        required=False, help_text="An answer says that a talk with a trained support worker should be offered now."
    )


class CaseFilters(filters.FilterSet):
    external_reference = filters.UUIDFilter(field_name="external_id", label="Your own id of a case.")
    project = filters.CharFilter(field_name="project__code", label="A project's code.")
    pathway = filters.ChoiceFilter(field_name="pathway", choices=Pathway.choices)
    state = filters.ChoiceFilter(field_name="state", choices=State.choices)
    place = PlaceBelow(field_name="place", label="At or below the place with this P-code.")
    opened_from = DayFilter(field_name="opened_on", lookup_expr="gte", label="On this day or later.")

    class Meta:
        model = Case
        fields: list[str] = []


class Cases(Guarded):
    model = Case
    serializer_class = CaseRow
    filterset_class = CaseFilters
    orderings = {"code": "code", "opened_on": "opened_on", "state_since": "state_since", "updated_at": "updated_at"}
    ordering = ("code",)
    related = ("project", "partner", "place", "caseworker")
    lookup_value_regex = UUID

    def mine(self, user: User) -> QuerySet[Case]:
        waits = Exists(StepProposal.objects.filter(case=OuterRef("pk")))
        return Case.objects.visible_to(user).annotate(waits_for_second_person=waits)

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        answer = super().list(request, *args, **kwargs)
        audit.record("cases.listed", by=request.user, rows=len(answer.data["results"]))
        return answer

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        shown = self.one(**self.lookup())
        audit.record(opening.READ, [("case", shown["id"])], by=request.user, purpose=OpenPurpose.CASEWORK)
        return Response(shown)

    @extend_schema(summary="Open a case", request=CaseIn, responses={201: CaseRow, 200: CaseRow})
    @once
    def create(self, request: Any) -> Response:
        """Once per partner and `external_reference`: sent again, the safe-contact rule is taken over (200) and nothing else changes.

        A person who may be under 18 is refused before anything is written (422, `may_be_child`).
        """
        user = self.writing()
        if _says_child(request.data):
            raise _may_be_child(intake.MayBeChild())
        given = taken(CaseIn, request.data)
        project = visible_project(given["project"], user)
        partner = writing_for(user, Permission.WORK_CASES, project=project, partner=given.get("partner"))
        aged = {"adult_beyond_doubt": given["adult_beyond_doubt"], "birth_year": given.get("birth_year"), "age_band": given.get("age_band")}
        try:
            intake.child_check(**aged, on=given.get("opened_on") or timezone.localdate())
            before = Case.objects.visible_to(user).filter(partner=partner, external_id=given["external_reference"]).first()
            if before is None:
                case = self._open(given, project=project, partner=partner, aged=aged, by=user)
            else:
                case = intake.change_safe_contact(before, safe_contact=given["safe_contact"], by=user)
        except intake.MayBeChild as child:
            raise _may_be_child(child) from child
        return self.created(case.pk, is_new=before is None)

    @extend_schema(summary="Take the next step of a case", request=StepIn, responses=CaseRow)
    @action(detail=True, methods=["post"])
    @once
    def advance(self, request: Any, id: str) -> Response:
        """With the gates of the pages. Screening waits for a second person: then `waits_for_second_person` is true."""
        case = self.found()
        user = self.writing()
        given = taken(StepIn, request.data)
        to, on = given.pop("to"), given.pop("on")
        if "destination" in given:
            given["destination"] = place_at(given["destination"], "destination")
        stages.advance(case, to=to, on=on, by=user, facts=stages.Facts(**given))
        return Response(self.one(id=id))

    @extend_schema(summary="The follow-ups of a case", responses=followups.FollowUpRow(many=True))
    @action(detail=True, methods=["get"], url_path="follow-ups", pagination_class=None, filter_backends=[])
    def follow_ups(self, request: Any, id: str) -> Response:
        """Baseline and waves with what is due; no answer and no score of a person goes out."""
        case = self.found()
        audit.record(opening.READ, [case], by=request.user, purpose=OpenPurpose.CASEWORK)
        return Response(followups.FollowUpRow(followups.rows_of(case), many=True).data)

    @extend_schema(
        summary="Hold a follow-up",
        request=followups.FollowUpIn,
        responses=FollowedUp,
        examples=[OpenApiExample("After six months", request_only=True, value=followups.FOUND)],
    )
    @follow_ups.mapping.post
    @once
    def hold_follow_up(self, request: Any, id: str) -> Response:
        """What the page takes: livelihood, dropping out, onward movement or not found, the survey, and safety and acceptance unscored.

        Both parts or neither is kept. `offer_support` stands in the first answer only: a repeated request shows the case.
        """
        case = self.found()
        user = self.writing()
        offers = followups.hold(case, taken(followups.FollowUpIn, request.data), by=user)
        return Response({**self.one(id=id), "offer_support": offers})

    def _open(self, given: dict[str, Any], *, aged: dict[str, Any], project: Any, partner: Any, by: User) -> Case:
        notice = Notice.objects.filter(version=given["notice_version"], language=given["notice_language"]).first()
        if notice is None:
            raise Invalid([Problem("notice_version", _("There is no such notice in this language."), "unknown")])
        return intake.open_case(
            project=project, partner=partner, place=place_at(given["place"]), notice=notice, external_id=given["external_reference"],
            opened_on=given.get("opened_on"), by=by, **aged,
            **{name: given[name] for name in ("pathway", "source", "sex", "notice_given_on", "notice_method", "basis", "safe_contact")},
        )  # fmt: skip


def _may_be_child(refused: intake.MayBeChild) -> Invalid:
    return Invalid([Problem("adult_beyond_doubt", str(refused), "may_be_child")])


def _says_child(sent: Any) -> bool:
    """Doubt about the age is answered before anything else is asked, also where the rest is missing or wrong."""
    if not isinstance(sent, Mapping):
        return False
    born, band = sent.get("birth_year"), sent.get("age_band")
    too_late = isinstance(born, int) and born > timezone.localdate().year - ADULT_BY_YEAR
    return sent.get("adult_beyond_doubt") is False or too_late or (isinstance(band, str) and band not in AgeBand.values)
