"""Reports by program: each endpoint is scope, shape and one act."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, PolymorphicProxySerializer, extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.api.idempotency import once
from accounts.api.lists import Listed
from accounts.roles import Permission
from locations.gazetteer import code_of
from locations.models import Place
from plumbing.addresses import number_in
from plumbing.refusals import Invalid, Problem, Stale
from programs.api.partners import visible_project, writing_for
from programs.api.views import taken
from programs.models import Indicator, Project, ReportingPeriod
from reporting import checks, drafts, prefill, submissions
from reporting.api import serializers as shapes
from reporting.api.figures import incoming, outgoing, rows_of
from reporting.api.filters import SubmissionFilters
from reporting.models import Figure, FigureNote, NarrativeAnswer, PrefillCell, Submission

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

FIGURES = OpenApiExample(
    "Figures",
    value={
        "figures": [
            {"indicator": "DDR-6", "place": "SS0703", "value": "41"},
            {"indicator": "DDR-6", "place": "SS0703", "disaggregation": {"sex": "female", "age": "18-24"}, "value": "22"},
            {"indicator": "DDR-9", "place": "SS0703", "numerator": "30", "denominator": "41"},
            {"indicator": "CVR-2", "place": "SS0704", "reason": "access_denied"},
        ]
    },
)


def act(summary: str, request: Any = None) -> Callable[[Any], Any]:
    """One act on the submission that the address names, POSTed, at most once per Idempotency-Key."""

    def wrap(method: Any) -> Any:
        described = extend_schema(summary=summary, request=request, responses=shapes.SubmissionOut)
        path = method.__name__.rstrip("_").replace("_", "-")
        return described(action(detail=True, methods=["post"], url_path=path, url_name=path)(once(method)))

    return wrap


class Submissions(Listed):
    model = Submission
    serializer_class = shapes.SubmissionRow
    filterset_class = SubmissionFilters
    orderings = {
        "period": "period__ends_on",
        "project": "project__code",
        "submitted_at": "submitted_at",
        "created_at": "created_at",
        "updated_at": "updated_at",
    }
    ordering = ("-created_at", "-id")
    related = ("project__program", "partner", "period", "reopening")
    lookup_field, lookup_url_kwarg, lookup_value_regex = "public_id", "id", UUID
    refusals = {drafts.AlreadyOpen: lambda error, request: {"submission": address_of(error.submission, request)}}
    guarded = ("figures", "narrative", "nil", "submit", "take_records")
    tagged = (
        "retrieve",
        "create",
        "figures",
        "narrative",
        "nil",
        "submit",
        "recall",
        "sign_off",
        "return_",
        "accept",
        "reopen",
        "explain",
        "take_records",
    )

    @extend_schema(
        summary="Open a report",
        request=shapes.SubmissionIn,
        responses={201: shapes.SubmissionOut},
        examples=[OpenApiExample("A quarter", request_only=True, value={"project": "PPS-01", "period": "2026-Q3"})],
    )
    @once
    def create(self, request: Any) -> Response:
        """One report per project, partner and period is open at a time: a second is 409 with the address of the first."""
        given = taken(shapes.SubmissionIn, request.data)
        project = visible_project(given["project"], request.user)
        period = _period(project, given["period"])
        permission = Permission.ENTER_ON_BEHALF if given["on_behalf"] else Permission.ENTER_FIGURES
        partner = writing_for(request.user, permission, project=project, partner=given.get("partner"))
        origin = Submission.Origin.ON_BEHALF if given["on_behalf"] else Submission.Origin.PARTNER
        try:
            submission = drafts.start(project, partner, period, by=request.user, origin=origin)
        except drafts.NotAssigned as wrong:
            raise Invalid([Problem("period", str(wrong), "not_assigned")]) from wrong
        return self._answer(submission, status=201)

    @extend_schema(summary="One report with its figures", responses=shapes.SubmissionOut)
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return self._answer(self.found())

    @extend_schema(
        methods=["PUT"],
        summary="Write all figures",
        request=PolymorphicProxySerializer("FiguresOrList", [shapes.FiguresIn, shapes.FigureShape(many=True)], None, many=False),
        responses=shapes.SubmissionOut,
        examples=[FIGURES],
    )
    @extend_schema(methods=["GET"], summary="The figures alone", responses=shapes.FiguresIn)
    @action(detail=True, methods=["get", "put"])
    def figures(self, request: Any, id: str) -> Response:
        """PUT gives all figures: what is left out becomes empty. The same again changes nothing. Any error: nothing is written."""
        submission = self.found()
        if request.method == "GET":
            return Response({"figures": outgoing(rows_of(submission.pk))}, headers=_tag(submission))
        inputs, problems = incoming(request.data)
        source = Figure.Source.API if request.user.is_service else Figure.Source.TYPED
        with transaction.atomic():
            try:
                drafts.write_figures(
                    submission, inputs, by=request.user, version=version_of(request, submission), source=source, replace_all=True
                )
            except Invalid as more:
                raise Invalid([*problems, *more.problems]) from more
            if problems:
                raise Invalid(problems)
        return self._answer(submission)

    @extend_schema(summary="Write the narrative", request=shapes.NarrativeIn, responses=shapes.SubmissionOut)
    @action(detail=True, methods=["put"])
    def narrative(self, request: Any, id: str) -> Response:
        """Answers by question id; questions left out keep their answer."""
        submission = self.found()
        given = taken(shapes.NarrativeIn, request.data)
        answers = {_question(key): text for key, text in given.get("answers", {}).items()}
        drafts.write_narrative(
            submission, by=request.user, answers=answers, challenges=given.get("challenges"), version=version_of(request, submission)
        )
        return self._answer(submission)

    @extend_schema(summary="What still blocks submitting", responses=shapes.ChecklistOut)
    @action(detail=True)
    def checklist(self, request: Any, id: str) -> Response:
        return Response(shapes.ChecklistOut(_listed(checks.check(self.found()))).data)

    @act("Make it a nil report", shapes.NilIn)
    def nil(self, request: Any, id: str) -> Response:
        submission = self.found()
        reason = taken(shapes.NilIn, request.data)["reason"]
        return self._answer(drafts.set_nil(submission, by=request.user, reason=reason, version=version_of(request, submission)))

    @act("Explain a flag", shapes.ExplanationIn)
    def explain(self, request: Any, id: str) -> Response:
        submission = self.found()
        given = taken(shapes.ExplanationIn, request.data)
        (indicator,), (place,) = _indicators(submission.project, [given["indicator"]]), _places([given["place"]])
        submissions.explain(submission, indicator=indicator, place=place, flag=given["flag"], sentence=given["sentence"], by=request.user)
        return self._answer(submission)

    @act("Take the number of the records", shapes.TakeRecordsIn)
    def take_records(self, request: Any, id: str) -> Response:
        """Puts what the records say now in the place of what stands in the draft; If-Match guards as with figures."""
        submission = self.found()
        drafts.may_write(submission, by=request.user)
        given = taken(shapes.TakeRecordsIn, request.data)
        row = next(
            (r for r in prefill.of(submission) if (r.indicator.code, r.place.code) == (given["indicator"], code_of(given["place"]))), None
        )
        if row is None:
            raise Invalid([Problem("indicator", _("No tally counts this figure."), "not_counted")])
        row.submission = submission
        prefill.take(row, by=request.user, version=version_of(request, submission))
        return self._answer(submission)

    @act("Sign off for the partner")
    def sign_off(self, request: Any, id: str) -> Response:
        return self._answer(submissions.sign_off(self.found(), by=request.user))

    @act("Submit to review")
    def submit(self, request: Any, id: str) -> Response:
        """422 with everything that still blocks it; `GET …/checklist/` says the same beforehand."""
        submission = self.found()
        version = version_of(request, submission)
        with transaction.atomic():
            if version is not None:
                current = Submission.objects.select_for_update().get(pk=submission.pk).draft_version
                if current != version:
                    raise Stale(_("Somebody else saved this report in the meantime. Look at it before you submit."), current=current)
            submissions.submit(submission, by=request.user)
        return self._answer(submission)

    @act("Recall before the review has begun")
    def recall(self, request: Any, id: str) -> Response:
        return self._answer(submissions.recall(self.found(), by=request.user))

    @act("Return for revision", shapes.ReturnIn)
    def return_(self, request: Any, id: str) -> Response:
        submission = self.found()
        given = taken(shapes.ReturnIn, request.data)
        rows = given.get("comments", [])
        about = _indicators(submission.project, [row["indicator"] for row in rows])
        places = _places([row["place"] for row in rows])
        comments = [submissions.Comment(indicator, place, row["text"]) for indicator, place, row in zip(about, places, rows, strict=True)]
        return self._answer(submissions.return_for_revision(submission, by=request.user, comments=comments, note=given.get("note", "")))

    @act("Accept", shapes.AcceptIn)
    def accept(self, request: Any, id: str) -> Response:
        """Its figures count from now on. With `holds`, those indicators are accepted later and reopened at once."""
        submission = self.found()
        given = taken(shapes.AcceptIn, request.data)
        submissions.accept(
            submission,
            by=request.user,
            holds=_indicators(submission.project, given.get("holds", []), "holds"),
            hold_reason=given.get("hold_reason", ""),
            counts_at=_places(given.get("counts_at", []), "counts_at"),
        )
        return self._answer(submission)

    @act("Reopen accepted figures", shapes.ReopenIn)
    def reopen(self, request: Any, id: str) -> Response:
        """A new revision, filled with the present figures of the indicators named; the old count until it is accepted."""
        submission = self.found()
        given = taken(shapes.ReopenIn, request.data)
        chosen = _indicators(submission.project, given["indicators"], "indicators")
        revision = submissions.reopen(
            submission.project, submission.partner, submission.period, indicators=chosen, reason=given["reason"], by=request.user
        )
        return self._answer(revision)

    def _answer(self, submission: Submission, status: int = 200) -> Response:
        row = self.row(id=submission.pk)
        row |= {"figures": outgoing(rows_of(submission.pk)), "narrative": _narrative(submission), "comments": _comments(submission)}
        row["records"] = _records(submission)
        body = dict(shapes.SubmissionRow(row).data) | {name: row[name] for name in ("figures", "records", "narrative", "comments")}
        headers = {"ETag": f'"{row["draft_version"]}"', "Location": address_of(submission, self.request)}
        return Response(body, status=status, headers=headers)


def address_of(submission: Submission, request: Any) -> str:
    return reverse("api:submissions-detail", [submission.public_id], request=request)


def version_of(request: Any, submission: Submission) -> int | None:
    """The draft version named in If-Match; None without it or with ``*``. What is no version of ours matches nothing (412)."""
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return None
    version = number_in(given.strip().removeprefix('"').removesuffix('"'))
    if version is None:
        raise Stale(_("This If-Match names no version of the report."), current=submission.draft_version)
    return version


def _tag(submission: Submission) -> dict[str, str]:
    return {"ETag": f'"{submission.draft_version}"'}


def _period(project: Project, code: str) -> ReportingPeriod:
    period = ReportingPeriod.objects.filter(project=project, code=code).first()
    if period is None:
        raise Invalid([Problem("period", _("%(project)s has no period “%(code)s”.") % {"project": project.code, "code": code}, "unknown")])
    return period


def _question(key: str) -> int:
    number = number_in(key)
    if number is None:
        raise Invalid([Problem(f"answers/{key}", _("Name a question by its id."), "unknown")])
    return number


def _indicators(project: Project, codes: Iterable[str], path: str = "comments") -> list[Indicator]:
    wanted = list(codes)
    found = {row.code: row for row in Indicator.objects.filter(project=project, code__in=wanted)}
    missing = [code for code in wanted if code not in found]
    if missing:
        raise Invalid(Problem(path, _("This project has no indicator “%(code)s”.") % {"code": code}, "unknown") for code in missing)
    return [found[code] for code in wanted]


def _places(codes: Iterable[str], path: str = "comments") -> list[Place]:
    wanted = [code_of(code) for code in codes]
    found = {row.code: row for row in Place.objects.filter(code__in=wanted)}
    missing = [code for code in wanted if code not in found]
    if missing:
        raise Invalid(Problem(path, _("There is no place with the P-code “%(code)s”.") % {"code": code}, "unknown") for code in missing)
    return [found[code] for code in wanted]


def _narrative(submission: Submission) -> list[dict[str, Any]]:
    given = dict(NarrativeAnswer.objects.filter(submission=submission).values_list("question_id", "text"))
    return [
        {"question": q.pk, "heading": q.heading, "is_required": q.is_required, "limit": q.limit, "text": given.get(q.pk, "")}
        for q in drafts.questions_for(submission.project)
    ]


def _comments(submission: Submission) -> list[dict[str, Any]]:
    rows = FigureNote.objects.filter(submission=submission, is_internal=False, sent_at__isnull=False)
    return [
        {"indicator": code, "place": place, "text": text, "written_at": written, "answered_at": answered}
        for code, place, text, written, answered in rows.values_list("indicator__code", "place__code", "text", "written_at", "answered_at")
    ]


def _records(submission: Submission) -> list[dict[str, Any]]:
    return [
        {
            "indicator": row.indicator.code, "place": row.place.code, "tally": row.tally, "definition": row.definition,
            "filled_at": row.filled_at, "taken_by_a_person": row.person_id is not None, "digest": row.digest,
            "filled": _count(total, prefill.filled), "latest_at": row.latest_at, "latest": _count(total, prefill.latest),
            "why_nothing": row.why_nothing, "has_drifted": row.has_drifted,
        }
        for row in prefill.of(submission)
        for total in [next((cell for cell in row.cells.all() if not cell.disaggregation.key), None)]
    ]  # fmt: skip


def _count(cell: PrefillCell | None, read: Callable[[PrefillCell], prefill.Number]) -> dict[str, str]:
    number = read(cell) if cell is not None else prefill.NOTHING
    said = {name: f"{part:f}" for name in ("value", "numerator", "denominator") if (part := getattr(number, name)) is not None}
    return {**said, "option": number.option} if number.option else said


def _listed(found: checks.Checklist) -> dict[str, Any]:
    return {
        "may_submit": found.may_submit,
        "reported": found.reported,
        "owed": found.owed,
        "blocks": [{"path": block.path, "detail": block.message, "code": block.code} for block in found.blocks],
        "flags": [
            {"indicator": f.indicator.code, "place": f.place.code, "flag": f.kind, "detail": f.message, "sentence": f.sentence}
            for f in found.flags
        ],
    }
