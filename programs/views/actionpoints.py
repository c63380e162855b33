"""Action points: what is owed to whom, everybody's and one's own."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.roles import Permission
from plumbing.addresses import number_in
from plumbing.lists import Column, Listing, ListPage
from programs import access, actionpoints
from programs.forms import ActionPointForm, Day, DoneForm, ReasonForm, ReassignForm
from programs.models import ActionPoint, Project
from programs.views.acts import FormPage, press


class ActionPointFilter(django_filters.FilterSet):
    whose = django_filters.ChoiceFilter(
        label=_("Whose"), method="of", choices=[("mine", _("Mine")), ("raised", _("Raised by me"))], empty_label=_("Everybody’s")
    )
    state = django_filters.ChoiceFilter(label=_("State"), choices=ActionPoint.State.choices)
    project = django_filters.ModelChoiceFilter(label=_("Project"), queryset=lambda request: Project.objects.visible_to(request.user))
    until = django_filters.DateFilter(label=_("Due until"), field_name="due_on", lookup_expr="lte", widget=Day())
    words = django_filters.CharFilter(label=_("Words"), field_name="text", lookup_expr="icontains")

    class Meta:
        model = ActionPoint
        fields: list[str] = []

    def of(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(owner=self.request.user) if value == "mine" else rows.filter(raised_by=self.request.user)


class ActionPointList(ListPage):
    model = ActionPoint
    filterset_class = ActionPointFilter
    template_name = "programs/action_points.html"
    ordering = "due"
    related = ("owner", "project", "partner")
    columns = (
        Column("what", _("What"), export="text"),
        Column("owner", _("Owner"), order=["owner__name"]),
        Column("owner_office", _("Owner’s organization"), export="owner__organization__name", hidden=True),
        Column("due", _("Due on"), order=["due_on"], export="due_on"),
        Column("project", _("Project"), order=["project__code"], export="project__code"),
        Column("origin", pgettext_lazy("where it came up", "From"), export="origin"),
        Column("state", _("State"), export="state", words=ActionPoint.State.choices),
        Column("done", _("Done at"), export="done_at", hidden=True),
        Column("note", _("What was done"), export="done_note", hidden=True),
        Column("verified", _("Verified at"), export="verified_at", hidden=True),
    )

    def rows(self) -> Any:
        return ActionPoint.objects.visible_to(self.request.user).with_state(timezone.localdate())

    def context(self, listing: Listing) -> dict[str, Any]:
        return {"may_raise": Permission.EDIT_ACTION_POINTS in access.words(self.request.user)}


@login_required
def action_point(request: HttpRequest, pk: int) -> HttpResponse:
    point = _visible(request, pk)
    may_edit = _may_edit(point, request.user)  # type: ignore[arg-type]
    shown = {
        "point": point,
        "may_edit": may_edit,
        "may_finish": point.done_at is None and (may_edit or point.owner_id == request.user.pk),
        "may_verify": point.done_at is not None and point.verified_at is None and may_edit,
        "done_form": DoneForm(),
        "reason_form": ReasonForm(),
        "crumbs": [(_("Action points"), reverse("action_points")), (point.text[:60], "")],
    }
    return render(request, "programs/action_point.html", shown)


class RaiseActionPoint(FormPage):
    title = _("Raise an action point")
    button = _("Raise it")
    done = _("The action point is raised.")

    def prepare(self) -> None:
        access.require_word(self.request.user, Permission.EDIT_ACTION_POINTS)
        self.projects = Project.objects.visible_to(self.request.user, Permission.EDIT_ACTION_POINTS)
        asked = self.request.POST.get("project") or self.request.GET.get("project", "")
        number = number_in(asked)
        rows = self.projects.filter(code=asked) if number is None else self.projects.filter(pk=number)
        self.project: Project | None = rows.first() if asked else None

    def form(self, *data: Any) -> ActionPointForm:
        return ActionPointForm(*data, project=self.project, projects=self.projects, initial={"project": self.project})

    def act(self, form: ActionPointForm) -> ActionPoint:
        return actionpoints.raise_point(by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def go_to(self, result: ActionPoint) -> str:
        return reverse("action_point", args=[result.pk])

    def crumbs(self) -> Any:
        return [(_("Action points"), reverse("action_points")), (self.title, "")]


class _OnPoint(FormPage):
    """A form about one action point; it ends on the point's page."""

    def prepare(self) -> None:
        self.point = _visible(self.request, self.kwargs["pk"])

    def go_to(self, result: Any) -> str:
        return reverse("action_point", args=[self.point.pk])

    def crumbs(self) -> Any:
        return [
            (_("Action points"), reverse("action_points")),
            (self.point.text[:60], reverse("action_point", args=[self.point.pk])),
            (self.title, ""),
        ]


class FinishActionPoint(_OnPoint):
    title = _("Say what was done")
    button = _("It is done")
    done = _("Marked as done. Somebody verifies it.")

    def form(self, *data: Any) -> forms.Form:
        return DoneForm(*data)

    def act(self, form: DoneForm) -> ActionPoint:
        return actionpoints.finish(self.point, note=form.cleaned_data["note"], by=self.request.user)  # type: ignore[arg-type]


class ReopenActionPoint(_OnPoint):
    title = _("Open it again")
    button = _("Open it again")
    done = _("The action point is open again.")

    def form(self, *data: Any) -> forms.Form:
        return ReasonForm(*data)

    def act(self, form: ReasonForm) -> ActionPoint:
        return actionpoints.reopen(self.point, reason=form.cleaned_data["reason"], by=self.request.user)  # type: ignore[arg-type]


class ReassignActionPoint(_OnPoint):
    title = _("Hand it to somebody else")
    button = _("Hand it over")
    done = _("Handed over; the new owner is told.")

    def form(self, *data: Any) -> forms.Form:
        day: date = max(self.point.due_on, timezone.localdate())
        return ReassignForm(*data, project=self.point.project, initial={"due_on": day})

    def act(self, form: ReassignForm) -> ActionPoint:
        given = form.cleaned_data
        return actionpoints.reassign(self.point, owner=given["owner"], due_on=given["due_on"], by=self.request.user)  # type: ignore[arg-type]


@login_required
@require_POST
def verify_action_point(request: HttpRequest, pk: int) -> HttpResponse:
    point = _visible(request, pk)
    return press(
        request,
        lambda: actionpoints.verify(point, by=request.user),  # type: ignore[arg-type]
        done=_("Verified."),
        then=reverse("action_point", args=[pk]),
    )


def _visible(request: HttpRequest, pk: int) -> ActionPoint:
    rows = ActionPoint.objects.visible_to(request.user).with_state(timezone.localdate())
    related = ("owner", "project__program", "partner", "raised_by", "done_by", "verified_by")
    point: ActionPoint = get_object_or_404(rows.select_related(*related), pk=pk)
    return point


def _may_edit(point: ActionPoint, user: User) -> bool:
    if point.project is None:
        return Permission.EDIT_ACTION_POINTS in access.words(user)
    return access.allows(user, Permission.EDIT_ACTION_POINTS, project=point.project, partner=point.partner)
