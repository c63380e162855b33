"""A project's results framework: the tree, indicators with targets and who owes them, and what changed since it was agreed."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from plumbing.lists import Column, Listing, ListPage
from programs import access, framework
from programs.forms import AssignmentForm, HandOverForm, IndicatorForm, ReasonForm, ResultForm, TargetForm
from programs.models import FrameworkChange, Indicator, Project, ReportingAssignment, Result, Target
from programs.views.acts import FormPage, press, project_of


@login_required
def framework_page(request: HttpRequest, code: str) -> HttpResponse:
    project = project_of(request, code)
    indicators = Indicator.objects.select_related("definition").prefetch_related(
        Prefetch("targets", Target.objects.filter(partner__isnull=True, place__isnull=True, period__isnull=True)),
        Prefetch("assignments", ReportingAssignment.objects.select_related("partner").prefetch_related("places__place")),
    )
    results = list(project.results.prefetch_related(Prefetch("indicators", indicators)))
    shown = {
        "project": project,
        "rows": _in_tree_order(results),
        "may_edit": access.allows(request.user, Permission.EDIT_FRAMEWORK, project=project),
        "crumbs": [(project.code, reverse("project_setup", args=[project.code])), (_("Results framework"), "")],
    }
    return render(request, "programs/framework.html", shown)


def _in_tree_order(results: list[Result]) -> list[tuple[int, Result]]:
    """Each result with how deep it stands, parents before their children."""
    below: dict[int | None, list[Result]] = {}
    for result in results:
        below.setdefault(result.parent_id, []).append(result)

    def walk(parent: int | None, depth: int) -> list[tuple[int, Result]]:
        return [row for result in below.get(parent, []) for row in [(depth, result), *walk(result.pk, depth + 1)]]

    return walk(None, 0)


class ChangeFilter(django_filters.FilterSet):
    words = django_filters.CharFilter(label=_("Words"), method="with_words")

    class Meta:
        model = FrameworkChange
        fields: list[str] = []

    def with_words(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(Q(what__icontains=value) | Q(old__icontains=value) | Q(new__icontains=value) | Q(reason__icontains=value))


class WhatChanged(ListPage):
    """Partners read here what was edited since the framework was agreed."""

    model = FrameworkChange
    filterset_class = ChangeFilter
    template_name = "programs/what_changed.html"
    ordering = "-at"
    related = ("by",)
    columns = (
        Column("at", _("When"), order=["at"], export="at"),
        Column("what", _("What"), export="what"),
        Column("old", _("Before"), export="old"),
        Column("new", _("Now"), export="new"),
        Column("reason", _("Why"), export="reason"),
    )

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.user.is_authenticated:
            self.project = project_of(request, kwargs["code"])

    def rows(self) -> Any:
        return FrameworkChange.objects.filter(project=self.project)

    def context(self, listing: Listing) -> dict[str, Any]:
        crumbs = [(self.project.code, reverse("framework", args=[self.project.code])), (_("What changed"), "")]
        return {"project": self.project, "crumbs": crumbs}


class _OnFramework(FormPage):
    project: Project

    def prepare(self) -> None:
        self.project = project_of(self.request, self.kwargs["code"], Permission.EDIT_FRAMEWORK)

    def go_to(self, result: Any) -> str:
        return reverse("framework", args=[self.project.code])

    def crumbs(self) -> Any:
        return [(_("Results framework"), reverse("framework", args=[self.project.code])), (self.title, "")]


class AddResult(_OnFramework):
    title = _("Add a result")
    button = _("Add the result")
    done = _("The result is added.")

    def form(self, *data: Any) -> forms.Form:
        return ResultForm(*data, project=self.project, initial={"parent": self.request.GET.get("under")})

    def act(self, form: forms.Form) -> Result:
        return framework.add_result(self.project, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class ChangeResult(_OnFramework):
    title = _("Change a result")
    button = _("Save the result")
    done = _("The result is saved.")

    def prepare(self) -> None:
        rows = Result.objects.visible_to(self.request.user).select_related("project__program", "parent")
        self.result: Result = get_object_or_404(rows, pk=self.kwargs["pk"])
        self.project = self.result.project
        access.require(self.request.user, Permission.EDIT_FRAMEWORK, project=self.project)

    def form(self, *data: Any) -> forms.Form:
        return ResultForm(*data, project=self.project, result=self.result, initial=forms.model_to_dict(self.result))

    def act(self, form: forms.Form) -> Result:
        return framework.change_result(self.result, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


@login_required
@require_POST
def remove_result(request: HttpRequest, pk: int) -> HttpResponse:
    result = get_object_or_404(Result.objects.visible_to(request.user).select_related("project__program"), pk=pk)
    then = reverse("framework", args=[result.project.code])
    return press(request, lambda: framework.remove_result(result, by=request.user), done=_("The result is taken out."), then=then)  # type: ignore[arg-type]


class AddIndicator(_OnFramework):
    title = _("Add an indicator")
    button = _("Add the indicator")
    done = _("The indicator is added. Say who owes it.")

    def form(self, *data: Any) -> forms.Form:
        asked = self.request.GET
        return IndicatorForm(*data, project=self.project, initial={"result": asked.get("under"), "definition": asked.get("definition")})

    def act(self, form: forms.Form) -> Indicator:
        given = dict(form.cleaned_data)
        return framework.add_indicator(given.pop("result"), by=self.request.user, **given)  # type: ignore[arg-type]

    def go_to(self, result: Indicator) -> str:
        return reverse("indicator", args=[result.pk])


@login_required
def indicator(request: HttpRequest, pk: int) -> HttpResponse:
    row = _indicator(request, pk)
    shown = {
        "indicator": row,
        "definition": row.definition,
        "targets": row.targets.select_related("partner", "place", "period").order_by("period__ends_on", "partner__name"),
        "assignments": row.assignments.select_related("partner", "takes_over_from__partner").prefetch_related("places__place", "periods"),
        "may_edit": access.allows(request.user, Permission.EDIT_FRAMEWORK, project=row.project),
        "crumbs": [(_("Results framework"), reverse("framework", args=[row.project.code])), (row.code, "")],
    }
    return render(request, "programs/indicator.html", shown)


class _OnIndicator(FormPage):
    indicator: Indicator

    def prepare(self) -> None:
        self.hold(_indicator(self.request, self.kwargs["pk"]))

    def hold(self, indicator: Indicator) -> None:
        self.indicator, self.project = indicator, indicator.project
        access.require(self.request.user, Permission.EDIT_FRAMEWORK, project=self.project)

    def go_to(self, result: Any) -> str:
        return reverse("indicator", args=[self.indicator.pk])

    def crumbs(self) -> Any:
        return [
            (_("Results framework"), reverse("framework", args=[self.project.code])),
            (self.indicator.code, reverse("indicator", args=[self.indicator.pk])),
            (self.title, ""),
        ]


class ChangeIndicator(_OnIndicator):
    title = _("Change an indicator")
    button = _("Save the indicator")
    done = _("The indicator is saved.")

    def form(self, *data: Any) -> forms.Form:
        return IndicatorForm(*data, project=self.project, indicator=self.indicator, initial=forms.model_to_dict(self.indicator))

    def act(self, form: forms.Form) -> Indicator:
        return framework.change_indicator(self.indicator, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class RetireIndicator(_OnIndicator):
    title = _("Report it no longer")
    button = _("Report it no longer")
    done = _("No more figures are asked for. What was accepted stays.")

    def form(self, *data: Any) -> forms.Form:
        return ReasonForm(*data)

    def act(self, form: forms.Form) -> Indicator:
        reason = form.cleaned_data["reason"]
        return framework.retire_indicator(self.indicator, reason=reason, retired=not self.indicator.is_retired, by=self.request.user)  # type: ignore[arg-type]


class SetTarget(_OnIndicator):
    title = _("Set a target")
    button = _("Save the target")
    done = _("The target is saved.")

    def form(self, *data: Any) -> forms.Form:
        return TargetForm(*data, project=self.project)

    def act(self, form: forms.Form) -> Target:
        return framework.set_target(self.indicator, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class RemoveTarget(_OnIndicator):
    title = _("Take a target out")
    button = _("Take it out")
    done = _("The target is taken out.")

    def prepare(self) -> None:
        visible = Indicator.objects.visible_to(self.request.user)
        rows = Target.objects.filter(indicator__in=visible).select_related("indicator__project__program")
        self.target: Target = get_object_or_404(rows, pk=self.kwargs["pk"])
        self.hold(self.target.indicator)

    def form(self, *data: Any) -> forms.Form:
        return ReasonForm(*data)

    def act(self, form: forms.Form) -> None:
        framework.remove_target(self.target, reason=form.cleaned_data["reason"], by=self.request.user)  # type: ignore[arg-type]


class Assign(_OnIndicator):
    title = _("Say who owes it")
    button = _("Save")
    done = _("Saved: the partner owes this indicator.")

    def form(self, *data: Any) -> forms.Form:
        places = [row.place for row in self.project.places.select_related("place")]
        return AssignmentForm(*data, project=self.project, initial={"places": places, "starts_on": self.project.starts_on})

    def act(self, form: forms.Form) -> ReportingAssignment:
        return framework.assign(self.indicator, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class ChangeAssignment(_OnIndicator):
    title = _("Change who owes it where and when")
    button = _("Save")
    done = _("Saved.")

    def prepare(self) -> None:
        visible = Indicator.objects.visible_to(self.request.user)
        rows = ReportingAssignment.objects.filter(indicator__in=visible).select_related("indicator__project__program", "partner")
        self.assignment: ReportingAssignment = get_object_or_404(rows, pk=self.kwargs["pk"])
        self.hold(self.assignment.indicator)

    def form(self, *data: Any) -> forms.Form:
        row = self.assignment
        first = {
            "collected": row.collected, "starts_on": row.starts_on, "ends_on": row.ends_on, "periods": row.periods.all(),
            "places": [one.place for one in row.places.select_related("place")],
        }  # fmt: skip
        return AssignmentForm(*data, project=self.project, assignment=row, initial=first)

    def act(self, form: forms.Form) -> ReportingAssignment:
        return framework.change_assignment(self.assignment, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def context(self, form: forms.Form) -> dict[str, Any]:
        return {"lead": self.assignment.partner}


class HandOver(ChangeAssignment):
    title = _("Hand over to another partner")
    button = _("Hand over")
    done = _("Handed over.")

    def form(self, *data: Any) -> forms.Form:
        return HandOverForm(*data, project=self.project, initial={"on": timezone.localdate()})

    def act(self, form: forms.Form) -> ReportingAssignment:
        return framework.hand_over(self.assignment, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


def _indicator(request: HttpRequest, pk: int) -> Indicator:
    related = ("project__program", "result", "definition")
    row: Indicator = get_object_or_404(Indicator.objects.visible_to(request.user).select_related(*related), pk=pk)
    return row
