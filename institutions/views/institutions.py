"""Institutions: the list, one of them, and recording them."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from institutions import complaints, page, profiles
from institutions.forms import EngageForm, InstitutionForm, RankGrid, StaffForm
from institutions.models import FollowUpCheck, Institution, StaffCell, StaffCount
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.models import Project
from programs.views.acts import FormPage, recording_pairs

CLEARED = [("yes", _("Cleared")), ("no", _("Not cleared")), ("flagged", _("Supported without clearance"))]


class InstitutionFilter(django_filters.FilterSet):
    words = django_filters.CharFilter(label=_("Name"), field_name="organization__name", lookup_expr="icontains")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Institution.Kind.choices)
    project = django_filters.ModelChoiceFilter(
        label=_("Project"), field_name="engagements__project", queryset=lambda request: Project.objects.visible_to(request.user),
        distinct=True,
    )  # fmt: skip
    place = django_filters.CharFilter(label=_("Place"), method="in_place")
    support = django_filters.ChoiceFilter(label=_("Support"), method="by_clearance", choices=CLEARED)

    class Meta:
        model = Institution
        fields: list[str] = []

    def in_place(self, rows: Any, name: str, value: str) -> Any:
        """A code takes everything below it; a word, places called like it."""
        return rows.filter(Q(place__above__ancestor__code=value.strip().upper()) | Q(place__name__icontains=value.strip())).distinct()

    def by_clearance(self, rows: Any, name: str, value: str) -> Any:
        if value == "flagged":
            return rows.filter(flagged__gt=0)
        return rows.filter(cleared_until__isnull=value == "no")


class InstitutionList(ListPage):
    model = Institution
    filterset_class = InstitutionFilter
    template_name = "institutions/institutions.html"
    ordering = "name"
    related = ("organization", "place", "parent__organization")
    columns = (
        Column("name", _("Institution"), order=["organization__name"], export="organization__name"),
        Column("kind", _("Kind"), order=["kind"], export="kind", words=Institution.Kind.choices),
        Column("place", _("Place"), order=["place__name"], export="place__name"),
        Column("place_code", _("P-code"), export="place__code", hidden=True),
        Column("parent", _("Answers to"), order=["parent__organization__name"], export="parent__organization__name"),
        Column("cleared", _("Support cleared until"), order=["cleared_until"], export="cleared_until"),
        Column("flagged", _("Supported without clearance"), order=["flagged"], export="flagged", number=True),
    )

    def rows(self) -> Any:
        return page.with_clearance(super().rows())

    def context(self, listing: Listing) -> dict[str, Any]:
        words = access.words(self.request.user)
        return {
            "projects": recording_projects(self.request.user)[:25] if Permission.RECORD_INSTITUTIONS in words else [],
            "may_assess": bool({Permission.ASSESS_CLEARANCE, Permission.DECIDE_CLEARANCE} & words),
            "may_see_complaints": bool({Permission.RECORD_INSTITUTIONS, Permission.READ_RAW} & words),
            "today": timezone.localdate(),
        }


def recording_projects(user: Any) -> QuerySet[Project]:
    return Project.objects.visible_to(user, Permission.RECORD_INSTITUTIONS).running().order_by("code")


def found(request: HttpRequest, pk: int) -> Institution:
    """The institution of the address with what its page says at the top; 404 for whoever may not read it."""
    last = StaffCount.objects.filter(institution=OuterRef("pk")).order_by("-counted_on")
    women = StaffCell.objects.filter(count=OuterRef("staff_count"), disaggregation__key__contains="sex=female").order_by()
    rows = page.with_clearance(Institution.objects.visible_to(request.user)).annotate(
        staff_count=Subquery(last.values("pk")[:1]),
        staff_total=Subquery(last.values("total")[:1]),
        staff_on=Subquery(last.values("counted_on")[:1]),
        staff_source=Subquery(last.values("source")[:1]),
        staff_women=Subquery(women.values("count").annotate(n=Sum("number")).values("n")),
        has_units=Exists(Institution.objects.filter(parent=OuterRef("pk"))),
    )
    row: Institution = get_object_or_404(rows.select_related("organization", "place", "parent__organization", "recorded_by"), pk=pk)
    return row


@login_required
def institution(request: HttpRequest, pk: int) -> HttpResponse:
    """Screen 8: whether support is cleared stands first."""
    row, user = found(request, pk), request.user
    today = timezone.localdate()
    engagements = list(row.engagements.select_related("project__program", "partner"))
    words = access.words(user)
    may_record = page.covers(user, Permission.RECORD_INSTITUTIONS, row, engagements)
    shown = {
        "institution": row,
        "engagements": engagements,
        "today": today,
        "may_record": may_record,
        "may_assess": page.covers(user, Permission.ASSESS_CLEARANCE, row, engagements),
        "may_support": Permission.RECORD_ACTIVITIES in words and bool(engagements),
        **page.clearance(row, user, today),
        **page.support(row, user, today),
        "steps": page.reform(row, user),
        "shows_complaints": complaints.concerns(row),
        "crumbs": [(_("Institutions"), reverse("institutions")), (row.get_kind_display(), "")],
    }
    return render(request, "institutions/institution.html", shown)


class OfInstitution(FormPage):
    """A form about one institution; it ends on its page."""

    word = Permission.RECORD_INSTITUTIONS

    def prepare(self) -> None:
        rows = Institution.objects.visible_to(self.request.user).select_related("organization", "place", "parent")
        self.institution: Institution = get_object_or_404(rows, pk=self.kwargs["pk"])
        profiles.require(self.request.user, self.institution, self.word)  # type: ignore[arg-type]

    def go_to(self, result: Any) -> str:
        return reverse("institution", args=[self.institution.pk])

    def crumbs(self) -> Any:
        return [
            (_("Institutions"), reverse("institutions")),
            (self.institution, reverse("institution", args=[self.institution.pk])),
            (self.title, ""),
        ]


class RecordInstitution(FormPage):
    title = _("Record an institution")
    button = _("Record the institution")
    done = _("The institution is recorded.")

    def prepare(self) -> None:
        access.require_word(self.request.user, Permission.RECORD_INSTITUTIONS)
        projects = recording_projects(self.request.user)
        asked = self.request.GET.get("project", "")
        self.project: Project | None = (projects.filter(code=asked) if asked else projects).first()
        if self.project is None:
            raise Http404

    def form(self, *data: Any) -> forms.Form:
        return InstitutionForm(*data, project=self.project, others=Institution.objects.visible_to(self.request.user))

    def act(self, form: forms.Form) -> Institution:
        return profiles.record(project=self.project, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def go_to(self, result: Institution) -> str:
        return reverse("institution", args=[result.pk])

    def crumbs(self) -> Any:
        return [(_("Institutions"), reverse("institutions")), (self.title, "")]

    def context(self, form: forms.Form) -> dict[str, Any]:
        return {"lead": self.project}


class ChangeInstitution(OfInstitution):
    title = _("Change the profile")
    button = _("Save the profile")
    done = _("The profile is changed.")

    def form(self, *data: Any) -> forms.Form:
        row = self.institution
        others = Institution.objects.visible_to(self.request.user).exclude(pk=row.pk)
        first = {
            "kind": row.kind,
            "commands_forces": row.commands_forces,
            "parent": row.parent,
            "place": row.place,
            "posts": row.posts,
            "note": row.note,
        }
        return InstitutionForm(*data, project=None, others=others, initial=first)

    def act(self, form: forms.Form) -> Institution:
        return profiles.change(self.institution, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class EngageInstitution(OfInstitution):
    title = _("Add a project that works with it")
    button = _("Add the project")
    done = _("The project is added; its people see the institution from now on.")

    def form(self, *data: Any) -> forms.Form:
        return EngageForm(*data, projects=recording_projects(self.request.user))

    def act(self, form: forms.Form) -> Any:
        return profiles.engage(self.institution, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class CountStaff(OfInstitution):
    template_name = "institutions/with_cells.html"
    title = _("Count the staff")
    button = _("Keep the count")
    done = _("The count is kept; older ones stay.")

    def form(self, *data: Any) -> forms.Form:
        return StaffForm(*data, grid=RankGrid(), initial={"counted_on": timezone.localdate()})

    def act(self, form: StaffForm) -> Any:
        given = {name: form.cleaned_data[name] for name in ("counted_on", "total", "source")}
        return profiles.count_staff(self.institution, by=self.request.user, cells=form.cells, **given)  # type: ignore[arg-type]

    def context(self, form: forms.Form) -> dict[str, Any]:
        before = self.institution.staff_counts.prefetch_related("cells__disaggregation__categories")[:6]
        shows = page.shows_people(self.request.user)
        return {"lead": self.institution, "cells_caption": _("Staff by sex and rank band"), "before": before if shows else []}


def support_pairs(user: Any, row: Institution) -> list[Any]:
    """The projects and partners that this person records activities for and that work with the institution."""
    engaged = list(row.engagements.values_list("project_id", "partner_id"))
    whole = {project for project, partner in engaged if partner is None}
    exact = {(project, partner) for project, partner in engaged}
    return [(p, o) for p, o in recording_pairs(user) if p.pk in whole or (p.pk, o.pk) in exact]


def due_checks(user: Any) -> QuerySet[FollowUpCheck]:
    return FollowUpCheck.objects.visible_to(user, Permission.RECORD_ACTIVITIES).due(timezone.localdate())
