"""Support that was given, its details, and the checks that follow."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from institutions import support
from institutions.forms import CheckForm, DetailForm, RankGrid, SupportForm
from institutions.models import FollowUpCheck, Institution, SupportDetail
from institutions.views.institutions import support_pairs
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.models import Project
from programs.views.acts import FormPage, chosen


class RecordSupport(FormPage):
    template_name = "institutions/record_support.html"
    title = _("Record support")
    button = _("Record the support")
    done = _("The support is recorded.")

    def prepare(self) -> None:
        user = self.request.user
        rows = Institution.objects.visible_to(user).select_related("organization", "place")
        self.institution: Institution = get_object_or_404(rows, pk=self.kwargs["pk"])
        access.require_word(user, Permission.RECORD_ACTIVITIES)
        self.pairs = support_pairs(user, self.institution)
        if not self.pairs:
            raise PermissionDenied
        self.project, self.partner = chosen(self.pairs, self.request.POST.get("for") or self.request.GET.get("for", ""))

    def form(self, *data: Any) -> forms.Form:
        return SupportForm(
            *data, project=self.project, partner=self.partner, grid=RankGrid(),
            initial={"place": self.institution.place, "happened_on": timezone.localdate()},
        )  # fmt: skip

    def act(self, form: SupportForm) -> SupportDetail:
        given = {name: value for name, value in form.cleaned_data.items() if name not in form.grid.keys}
        return support.record(
            institution=self.institution, project=self.project, partner=self.partner, by=self.request.user, cells=form.cells, **given  # type: ignore[arg-type]
        )  # fmt: skip

    def go_to(self, result: Any) -> str:
        return reverse("institution", args=[self.institution.pk])

    def crumbs(self) -> Any:
        return [
            (_("Institutions"), reverse("institutions")),
            (self.institution, reverse("institution", args=[self.institution.pk])),
            (self.title, ""),
        ]

    def context(self, form: forms.Form) -> dict[str, Any]:
        current = self.institution.organization.clearances.current(timezone.localdate()).exists()
        return {
            "institution": self.institution, "pairs": self.pairs, "project": self.project, "partner": self.partner, "cleared": current,
            "cells_caption": _("People by sex and rank band"),
        }  # fmt: skip


class ChangeSupport(FormPage):
    title = _("Complete the details")
    button = _("Save the details")
    done = _("The details are saved.")

    def prepare(self) -> None:
        related = ("activity__project", "activity__partner", "activity__place", "institution__organization")
        rows = SupportDetail.objects.visible_to(self.request.user).select_related(*related)
        self.support: SupportDetail = get_object_or_404(rows, pk=self.kwargs["pk"])
        _may_record(self.request, self.support)

    def form(self, *data: Any) -> forms.Form:
        return DetailForm(*data, support=self.support, initial=forms.model_to_dict(self.support))

    def act(self, form: forms.Form) -> SupportDetail:
        return support.change(self.support, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def go_to(self, result: Any) -> str:
        return reverse("institution", args=[self.support.institution_id])

    def crumbs(self) -> Any:
        return [
            (self.support.institution, reverse("institution", args=[self.support.institution_id])),
            (self.support, ""),
            (self.title, ""),
        ]


class RecordCheck(FormPage):
    title = _("Record a check")
    button = _("Keep what was found")
    done = _("The check is kept.")

    def prepare(self) -> None:
        related = (
            "support__activity__project",
            "support__activity__partner",
            "support__activity__place",
            "support__institution__organization",
        )
        rows = FollowUpCheck.objects.visible_to(self.request.user).select_related(*related)
        self.check: FollowUpCheck = get_object_or_404(rows, pk=self.kwargs["pk"])
        _may_record(self.request, self.check.support)

    def form(self, *data: Any) -> forms.Form:
        return CheckForm(*data, initial={"checked_on": timezone.localdate()})

    def act(self, form: forms.Form) -> FollowUpCheck:
        return support.check(self.check, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def go_to(self, result: Any) -> str:
        return reverse("institution", args=[self.check.support.institution_id])

    def crumbs(self) -> Any:
        row = self.check.support
        return [(row.institution, reverse("institution", args=[row.institution_id])), (row, ""), (self.title, "")]

    def context(self, form: forms.Form) -> dict[str, Any]:
        return {"lead": self.check}


class CheckFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label=_("State"), method="by_state", choices=[("open", _("Open")), ("done", _("Done"))])
    kind = django_filters.ChoiceFilter(label=_("Check"), choices=FollowUpCheck.Kind.choices)
    project = django_filters.ModelChoiceFilter(
        label=_("Project"), field_name="support__activity__project", queryset=lambda request: Project.objects.visible_to(request.user)
    )

    class Meta:
        model = FollowUpCheck
        fields: list[str] = []

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(done_at__isnull=value == "open")


class CheckList(ListPage):
    """Everything that is to be looked at again, and what was found."""

    model = FollowUpCheck
    filterset_class = CheckFilter
    template_name = "institutions/checks.html"
    ordering = "due"
    related = ("support__institution__organization", "support__activity__project")
    columns = (
        Column("due", _("Due on"), order=["due_on"], export="due_on"),
        Column("check", _("Check"), export="kind", words=FollowUpCheck.Kind.choices),
        Column("support", _("Support"), export="support__title"),
        Column(
            "institution",
            _("Institution"),
            order=["support__institution__organization__name"],
            export="support__institution__organization__name",
        ),
        Column("project", _("Project"), order=["support__activity__project__code"], export="support__activity__project__code"),
        Column("done", _("Checked on"), order=["checked_on"], export="checked_on"),
        Column("seen", _("Asked or seen"), export="looked_at", hidden=True),
        Column("used", _("Used as meant"), export="in_use", hidden=True),
        Column("findings", _("Findings"), export="findings", hidden=True),
    )

    def rows(self) -> QuerySet[FollowUpCheck]:
        return super().rows()  # type: ignore[no-any-return]

    def context(self, listing: Listing) -> dict[str, Any]:
        return {"today": timezone.localdate(), "may_record": Permission.RECORD_ACTIVITIES in access.words(self.request.user)}


def _may_record(request: HttpRequest, row: SupportDetail) -> None:
    activity = row.activity
    access.require(request.user, Permission.RECORD_ACTIVITIES, project=activity.project, partner=activity.partner, place=activity.place)
