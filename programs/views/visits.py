"""Monitoring visits with their findings."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from plumbing.lists import Column, Listing, ListPage
from programs import access, visits
from programs.forms import FindingForm, VisitForm, people_of
from programs.models import Finding, MonitoringVisit, Project
from programs.views.acts import FormPage, project_of

ROWS = 3


class VisitFilter(django_filters.FilterSet):
    project = django_filters.ModelChoiceFilter(label=_("Project"), queryset=lambda request: Project.objects.visible_to(request.user))
    purpose = django_filters.CharFilter(label=_("Words"), field_name="purpose", lookup_expr="icontains")

    class Meta:
        model = MonitoringVisit
        fields: list[str] = []


class VisitList(ListPage):
    model = MonitoringVisit
    filterset_class = VisitFilter
    template_name = "programs/visits.html"
    ordering = "-date"
    related = ("project", "partner", "place")
    columns = (
        Column("date", _("Date"), order=["visited_on"], export="visited_on"),
        Column("purpose", _("Purpose"), export="purpose"),
        Column("project", _("Project"), order=["project__code"], export="project__code"),
        Column("partner", _("Partner"), order=["partner__name"], export="partner__name"),
        Column("place", _("Place"), order=["place__name"], export="place__name"),
    )

    def context(self, listing: Listing) -> dict[str, Any]:
        projects = Project.objects.visible_to(self.request.user, Permission.RECORD_ACTIVITIES).running()
        return {"projects": projects.only("code", "title")[:20]}


class RecordVisit(FormPage):
    template_name = "programs/record_visit.html"
    title = _("Record a visit")
    button = _("Save the visit")
    done = _("The visit is saved.")

    def prepare(self) -> None:
        self.project = project_of(self.request, self.kwargs["code"])
        if not Project.objects.visible_to(self.request.user, Permission.RECORD_ACTIVITIES).filter(pk=self.project.pk).exists():
            access.require(self.request.user, Permission.RECORD_ACTIVITIES, project=self.project)

    def form(self, *data: Any) -> VisitForm:
        self.findings = _findings(self.project, *data)
        return VisitForm(*data, project=self.project, initial={"visited_on": timezone.localdate()})

    def act(self, form: VisitForm) -> MonitoringVisit:
        if not self.findings.is_valid():
            raise forms.ValidationError(_("Look at the findings below."))
        return visits.record_visit(project=self.project, by=self.request.user, findings=_found(self.findings), **form.cleaned_data)  # type: ignore[arg-type]

    def go_to(self, result: MonitoringVisit) -> str:
        return reverse("visit", args=[result.pk])

    def crumbs(self) -> Any:
        return [(_("Monitoring visits"), reverse("visits")), (self.project.code, ""), (self.title, "")]

    def context(self, form: VisitForm) -> dict[str, Any]:
        return {"project": self.project, "findings": self.findings}


@login_required
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    row = _visible(request, pk)
    shown = {
        "visit": row,
        "findings": row.findings.select_related("action_point__owner"),
        "may_add": access.allows(request.user, Permission.RECORD_ACTIVITIES, project=row.project, partner=row.partner, place=row.place),
        "crumbs": [(_("Monitoring visits"), reverse("visits")), (row.purpose, "")],
    }
    return render(request, "programs/visit.html", shown)


class AddFinding(FormPage):
    title = _("Add a finding")
    button = _("Add the finding")
    done = _("The finding is added.")

    def prepare(self) -> None:
        self.visit = row = _visible(self.request, self.kwargs["pk"])
        access.require(self.request.user, Permission.RECORD_ACTIVITIES, project=row.project, partner=row.partner, place=row.place)

    def form(self, *data: Any) -> FindingForm:
        form = FindingForm(*data, people=people_of(self.visit.project))
        form.fields["text"].required = form.fields["weight"].required = True
        return form

    def act(self, form: FindingForm) -> Finding:
        return visits.add_finding(self.visit, visits.Found(**form.cleaned_data), by=self.request.user)  # type: ignore[arg-type]

    def go_to(self, result: Finding) -> str:
        return reverse("visit", args=[self.visit.pk])

    def crumbs(self) -> Any:
        return [(_("Monitoring visits"), reverse("visits")), (self.visit.purpose, reverse("visit", args=[self.visit.pk])), (self.title, "")]


def _findings(project: Project, *data: Any) -> Any:
    made = forms.formset_factory(FindingForm, extra=ROWS, max_num=20)
    return made(*data[:1], prefix="findings", form_kwargs={"people": people_of(project)})  # type: ignore[misc]


def _found(findings: Any) -> list[visits.Found]:
    filled = [form.cleaned_data for form in findings if form.cleaned_data.get("text")]
    return [visits.Found(**{**one, "weight": one["weight"] or Finding.Weight.MINOR}) for one in filled]


def _visible(request: HttpRequest, pk: int) -> MonitoringVisit:
    rows = MonitoringVisit.objects.visible_to(request.user).select_related("project__program", "partner", "place", "recorded_by")
    row: MonitoringVisit = get_object_or_404(rows, pk=pk)
    return row
