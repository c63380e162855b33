"""Reform steps: the list, and moving one on."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Max
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from institutions import reform
from institutions.forms import ReformForm, StageForm
from institutions.models import ReformStage, ReformStep
from institutions.views.institutions import OfInstitution
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.models import Project
from programs.views.acts import FormPage


class ReformFilter(django_filters.FilterSet):
    words = django_filters.CharFilter(label=_("Title"), field_name="title", lookup_expr="icontains")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=ReformStep.Kind.choices)
    stage = django_filters.ChoiceFilter(label=_("Stage reached"), field_name="stage", choices=ReformStage.Stage.choices)
    project = django_filters.ModelChoiceFilter(label=_("Project"), queryset=lambda request: Project.objects.visible_to(request.user))

    class Meta:
        model = ReformStep
        fields: list[str] = []


class ReformList(ListPage):
    model = ReformStep
    filterset_class = ReformFilter
    template_name = "institutions/reform_steps.html"
    ordering = "title"
    related = ("institution__organization", "project")
    columns = (
        Column("title", _("Step"), order=["title"], export="title"),
        Column("kind", _("Kind"), order=["kind"], export="kind", words=ReformStep.Kind.choices),
        Column("institution", _("Institution"), order=["institution__organization__name"], export="institution__organization__name"),
        Column("project", _("Project"), order=["project__code"], export="project__code"),
        Column("stage", _("Stage reached"), order=["stage"], export="stage", words=ReformStage.Stage.choices),
        Column("since", _("Since"), order=["since"], export="since"),
        Column("indicator", _("Indicator"), export="indicator__code", hidden=True),
    )

    def rows(self) -> Any:
        """A later stage is never reached before an earlier one, so the last day belongs to the highest stage."""
        return super().rows().annotate(stage=Max("stages__stage"), since=Max("stages__reached_on"))

    def context(self, listing: Listing) -> dict[str, Any]:
        words = dict(ReformStage.Stage.choices)
        for row in listing.rows:
            row.stage_word = words.get(row.stage)
        return {}


class BeginReform(OfInstitution):
    title = _("Record a reform step")
    button = _("Record the step")
    done = _("The step is recorded. Add the stages it has reached.")

    def form(self, *data: Any) -> forms.Form:
        projects = Project.objects.visible_to(self.request.user, Permission.RECORD_INSTITUTIONS).filter(
            institutions__institution=self.institution
        )
        projects = projects.distinct()
        return ReformForm(*data, projects=projects, indicators=reform.indicators_of(projects), initial={"project": projects.first()})

    def act(self, form: forms.Form) -> ReformStep:
        return reform.begin(institution=self.institution, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class _OnStep(FormPage):
    def prepare(self) -> None:
        related = ("institution__organization", "institution__place", "project__program")
        self.step: ReformStep = get_object_or_404(
            ReformStep.objects.visible_to(self.request.user).select_related(*related), pk=self.kwargs["pk"]
        )
        access.require(self.request.user, Permission.RECORD_INSTITUTIONS, project=self.step.project, place=self.step.institution.place)

    def go_to(self, result: Any) -> str:
        return reverse("institution", args=[self.step.institution_id])

    def crumbs(self) -> Any:
        return [(self.step.institution, reverse("institution", args=[self.step.institution_id])), (self.step, ""), (self.title, "")]


class ChangeReform(_OnStep):
    title = _("Change a reform step")
    button = _("Save the step")
    done = _("The step is changed.")

    def form(self, *data: Any) -> forms.Form:
        step = self.step
        known = {name: getattr(step, name) for name in ("kind", "title", "summary", "indicator")}
        return ReformForm(*data, indicators=reform.indicators_of([step.project]), initial=known)

    def act(self, form: forms.Form) -> ReformStep:
        return reform.change(self.step, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class ReachStage(_OnStep):
    title = _("Record a stage")
    button = _("Record the stage")
    done = _("The stage is recorded.")

    def form(self, *data: Any) -> forms.Form:
        return StageForm(*data, step=self.step, initial={"reached_on": timezone.localdate()})

    def act(self, form: forms.Form) -> ReformStage:
        given = form.cleaned_data
        return reform.reach(self.step, by=self.request.user, **{**given, "stage": int(given["stage"])})  # type: ignore[arg-type]

    def context(self, form: forms.Form) -> dict[str, Any]:
        return {"lead": self.step}
