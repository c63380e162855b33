"""Human-rights due diligence: for those who prepare in their scope and those who decide. Opening one is an event."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from institutions import due_diligence
from institutions.forms import AssessmentForm, DecisionForm, EntryForm, MeasureForm
from institutions.models import HrddpAssessment, Institution
from institutions.views.institutions import OfInstitution
from plumbing.lists import Column, ListPage
from programs import access
from programs.models import ActionPoint, Project
from programs.views.acts import FormPage, press


class AssessmentFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label=_("State"), choices=HrddpAssessment.State.choices)
    institution = django_filters.ModelChoiceFilter(
        label=_("Recipient"), queryset=lambda request: Institution.objects.visible_to(request.user).select_related("organization")
    )

    class Meta:
        model = HrddpAssessment
        fields: list[str] = []


class AssessmentList(ListPage):
    """What is said on the clearance, and no more: an assessment is read on its own page, and never as a file."""

    model = HrddpAssessment
    filterset_class = AssessmentFilter
    template_name = "institutions/assessments.html"
    ordering = "-prepared"
    related = ("institution__organization", "project", "prepared_by")
    columns = (
        Column("recipient", _("Recipient"), order=["institution__organization__name"]),
        Column("support", _("Support planned")),
        Column("project", _("Project"), order=["project__code"]),
        Column("state", _("State"), order=["state"]),
        Column("decision", _("Decision")),
        Column("until", _("Valid until"), order=["valid_until"]),
        Column("prepared", _("Prepared"), order=["prepared_at"]),
    )

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.user.is_authenticated and not {Permission.ASSESS_CLEARANCE, Permission.DECIDE_CLEARANCE} & access.words(request.user):
            access.require_word(request.user, Permission.ASSESS_CLEARANCE)


@login_required
def assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = _visible(request, pk)
    user = request.user
    due_diligence.read(row, by=user)  # type: ignore[arg-type]
    points = ActionPoint.objects.with_state(timezone.localdate()).filter(hrddp_measure__assessment=row).select_related("owner")
    may_write = access.allows(user, Permission.ASSESS_CLEARANCE, project=row.project, place=row.institution.place)
    decides = access.allows(user, Permission.DECIDE_CLEARANCE, project=row.project)
    shown = {
        "assessment": row,
        "information": [(HrddpAssessment._meta.get_field(name).verbose_name, getattr(row, name)) for name in HrddpAssessment.INFORMATION],
        "points": points.order_by("due_on"),
        "entries": row.entries.select_related("recorded_by"),
        "may_write": may_write and row.state == HrddpAssessment.State.PREPARING,
        "may_take_back": may_write and row.state == HrddpAssessment.State.WAITING and not row.decision,
        "may_measure": may_write,
        "may_note": may_write or decides,
        "may_decide": due_diligence.may_decide(row, user),  # type: ignore[arg-type]
        "decides": decides,
        "may_renew": may_write and row.state in (HrddpAssessment.State.DECIDED, HrddpAssessment.State.REVIEW_DUE),
        "today": timezone.localdate(),
        "crumbs": [
            (_("Institutions"), reverse("institutions")),
            (row.institution, reverse("institution", args=[row.institution_id])),
            (_("Due diligence"), ""),
        ],
    }
    return render(request, "institutions/assessment.html", shown)


class PrepareAssessment(OfInstitution):
    word = Permission.ASSESS_CLEARANCE
    title = _("Begin a due diligence")
    button = _("Begin the assessment")
    done = _("The assessment is begun.")

    def prepare(self) -> None:
        super().prepare()
        self.renews: HrddpAssessment | None = None
        asked = self.request.GET.get("renews", "")
        if asked:
            rows = HrddpAssessment.objects.visible_to(self.request.user).filter(institution=self.institution)
            self.renews = get_object_or_404(rows.select_related("project", "institution"), pk=_uuid(asked))
            due_diligence.read(self.renews, by=self.request.user)  # type: ignore[arg-type]

    def form(self, *data: Any) -> forms.Form:
        projects = Project.objects.visible_to(self.request.user, Permission.ASSESS_CLEARANCE).filter(
            institutions__institution=self.institution
        )
        first: dict[str, Any] = {"project": projects.first()}
        if self.renews is not None:
            first |= {"project": self.renews.project, **{name: getattr(self.renews, name) for name in due_diligence.PREPARED}}
        return AssessmentForm(*data, projects=projects.distinct(), initial=first)

    def act(self, form: forms.Form) -> HrddpAssessment:
        return due_diligence.prepare(
            institution=self.institution, by=self.request.user, renews=self.renews, **form.cleaned_data  # type: ignore[arg-type]
        )  # fmt: skip

    def go_to(self, result: HrddpAssessment) -> str:
        return reverse("assessment", args=[result.pk])

    def context(self, form: forms.Form) -> dict[str, Any]:
        return {
            "lead": self.institution,
            "warning": _("Strict: read by named roles only, each opening is recorded. No names of victims or sources."),
        }


class _OnAssessment(FormPage):
    """A form about one assessment; it ends on its page. Showing what stands there is reading it."""

    def prepare(self) -> None:
        self.assessment = _visible(self.request, self.kwargs["pk"])

    def go_to(self, result: Any) -> str:
        return reverse("assessment", args=[self.assessment.pk])

    def crumbs(self) -> Any:
        return [
            (self.assessment.institution, reverse("institution", args=[self.assessment.institution_id])),
            (_("Due diligence"), reverse("assessment", args=[self.assessment.pk])),
            (self.title, ""),
        ]

    def _require_preparing(self) -> None:
        place = self.assessment.institution.place
        access.require(self.request.user, Permission.ASSESS_CLEARANCE, project=self.assessment.project, place=place)


class WriteAssessment(_OnAssessment):
    title = _("Write the assessment")
    button = _("Save the assessment")
    done = _("The assessment is saved.")

    def prepare(self) -> None:
        super().prepare()
        self._require_preparing()
        if self.request.method == "GET":
            due_diligence.read(self.assessment, by=self.request.user)  # type: ignore[arg-type]

    def form(self, *data: Any) -> forms.Form:
        return AssessmentForm(*data, initial={name: getattr(self.assessment, name) for name in due_diligence.PREPARED})

    def act(self, form: forms.Form) -> HrddpAssessment:
        return due_diligence.write(self.assessment, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class AddMeasure(_OnAssessment):
    title = _("Add a measure")
    button = _("Add the measure")
    done = _("The measure is added; its owner is told.")

    def prepare(self) -> None:
        super().prepare()
        self._require_preparing()

    def form(self, *data: Any) -> forms.Form:
        return MeasureForm(*data, project=self.assessment.project)

    def act(self, form: forms.Form) -> Any:
        return due_diligence.add_measure(self.assessment, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class NoteEntry(_OnAssessment):
    title = _("Write in the log")
    button = _("Write it in the log")
    done = _("Written. An allegation makes the review due and tells whoever decides.")

    def form(self, *data: Any) -> forms.Form:
        return EntryForm(*data, initial={"happened_on": timezone.localdate()})

    def act(self, form: forms.Form) -> Any:
        return due_diligence.note(self.assessment, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class DecideAssessment(_OnAssessment):
    title = _("Decide on the support")
    button = _("Record the decision")
    done = _("The decision is recorded.")

    def prepare(self) -> None:
        super().prepare()
        access.require(self.request.user, Permission.DECIDE_CLEARANCE, project=self.assessment.project)

    def form(self, *data: Any) -> forms.Form:
        return DecisionForm(*data, assessment=self.assessment)

    def act(self, form: forms.Form) -> HrddpAssessment:
        return due_diligence.decide(self.assessment, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def context(self, form: forms.Form) -> dict[str, Any]:
        return {"lead": self.assessment}


@login_required
@require_POST
def send_assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = _visible(request, pk)
    then = reverse("assessment", args=[pk])
    return press(request, lambda: due_diligence.send(row, by=request.user), done=_("Sent to the decision."), then=then)  # type: ignore[arg-type]


@login_required
@require_POST
def take_back_assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = _visible(request, pk)
    then = reverse("assessment", args=[pk])
    return press(request, lambda: due_diligence.take_back(row, by=request.user), done=_("Taken back."), then=then)  # type: ignore[arg-type]


def _visible(request: HttpRequest, pk: UUID) -> HrddpAssessment:
    related = (
        "institution__organization", "institution__place", "project__program", "prepared_by", "sent_by", "decided_by", "clearance",
    )  # fmt: skip
    row: HrddpAssessment = get_object_or_404(HrddpAssessment.objects.visible_to(request.user).select_related(*related), pk=pk)
    return row


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
