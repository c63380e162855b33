"""Programs and projects: the list, and the pages that set them up."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.models import Organization
from accounts.roles import Permission
from plumbing.lists import Column, Listing, ListPage
from programs import access, framework, gates, projects
from programs.forms import NexusForm, PlaceField, ProgramForm, ProjectForm, SharesForm, StatusForm, fields_of
from programs.models import Marker, Program, Project, ProjectPartner, ProjectPlace
from programs.models.projects import ActivityStatus
from programs.views.acts import FormPage, press, project_of


class ProjectFilter(django_filters.FilterSet):
    program = django_filters.ModelChoiceFilter(label=_("Program"), queryset=lambda request: Program.objects.visible_to(request.user))
    status = django_filters.ChoiceFilter(label=_("Status"), choices=ActivityStatus.choices)
    words = django_filters.CharFilter(label=_("Words"), method="called")

    class Meta:
        model = Project
        fields: list[str] = []

    def called(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(Q(code__icontains=value) | Q(title__icontains=value))


class ProjectList(ListPage):
    model = Project
    filterset_class = ProjectFilter
    template_name = "programs/projects.html"
    ordering = "code"
    related = ("program", "manager")
    columns = (
        Column("code", _("Code"), order=["code"], export="code"),
        Column("title", _("Title"), order=["title"], export="title"),
        Column("program", _("Program"), order=["program__code"], export="program__code"),
        Column("from", _("From"), order=["starts_on"], export="starts_on"),
        Column("until", _("Until"), order=["ends_on"], export="ends_on"),
        Column("status", _("Status"), order=["status"], export="status", words=ActivityStatus.choices),
        Column("set_up", _("Set-up")),
    )

    def context(self, listing: Listing) -> dict[str, Any]:
        words = access.words(self.request.user)
        editing = Permission.EDIT_FRAMEWORK in words
        rows = Program.objects.visible_to(self.request.user) if editing else Program.objects.none()
        editable = [row for row in rows if projects.may_create_in(row, self.request.user)]  # type: ignore[arg-type]
        return {"programs": editable, "may_set_up": Permission.SET_UP in words}


class CreateProgram(FormPage):
    title = _("Set up a program")
    button = _("Set up the program")
    done = _("The program is set up.")

    def prepare(self) -> None:
        access.require_word(self.request.user, Permission.SET_UP)

    def form(self, *data: Any) -> forms.Form:
        return ProgramForm(*data)

    def act(self, form: forms.Form) -> Program:
        return projects.create_program(by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def go_to(self, result: Program) -> str:
        return reverse("projects") + f"?program={result.pk}"

    def crumbs(self) -> Any:
        return [(_("Programs and projects"), reverse("projects")), (self.title, "")]


class ChangeProgram(CreateProgram):
    title = _("Change a program")
    button = _("Save the program")
    done = _("The program is saved.")

    def prepare(self) -> None:
        self.program: Program = get_object_or_404(Program.objects.visible_to(self.request.user), code=self.kwargs["code"])
        if not projects.may_create_in(self.program, self.request.user):  # type: ignore[arg-type]
            raise access.NotAllowed

    def form(self, *data: Any) -> forms.Form:
        return ProgramForm(*data, initial=forms.model_to_dict(self.program))

    def act(self, form: forms.Form) -> Program:
        return projects.change_program(self.program, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class CreateProject(FormPage):
    title = _("Set up a project")
    button = _("Set up the project")
    done = _("The project is set up, in the pipeline.")
    template_name = "programs/create_project.html"

    def prepare(self) -> None:
        self.program: Program = get_object_or_404(Program.objects.visible_to(self.request.user), code=self.kwargs["code"])
        if not projects.may_create_in(self.program, self.request.user):  # type: ignore[arg-type]
            raise access.NotAllowed

    def form(self, *data: Any) -> forms.Form:
        self.shares = SharesForm(*data)
        return ProjectForm(*data, project=None, initial={"time_zone": "UTC"})

    def act(self, form: forms.Form) -> Project:
        if not self.shares.is_valid():
            raise forms.ValidationError(_("Look at the shares below."))
        return projects.create_project(
            program=self.program,
            by=self.request.user,  # type: ignore[arg-type]
            themes=self.shares.themes,
            levels=self.shares.levels,
            **form.cleaned_data,
        )

    def go_to(self, result: Project) -> str:
        return reverse("project_setup", args=[result.code])

    def crumbs(self) -> Any:
        return [(_("Programs and projects"), reverse("projects")), (self.program.code, ""), (self.title, "")]

    def context(self, form: forms.Form) -> dict[str, Any]:
        return {"shares": self.shares, "lead": self.program.name}


@login_required
def project_setup(request: HttpRequest, code: str) -> HttpResponse:
    """Everything that sets a project up, on one page with its way to change it."""
    project = project_of(request, code)
    may_edit = access.allows(request.user, Permission.EDIT_FRAMEWORK, project=project)
    shown = {
        "project": project, "may_edit": may_edit, "themes": project.themes.select_related("theme"), "levels": project.levels.all(),
        "markers": project.markers.all(), "partners": project.partners.select_related("organization").order_by("organization__name"),
        "places": project.places.select_related("place").order_by("place__name"),
        "review": gates.review_of(project, timezone.localdate()), "place_form": PlaceForm() if may_edit else None,
        "partner_form": partner_form() if may_edit else None,
        "crumbs": [(_("Programs and projects"), reverse("projects")), (project.code, ""), (_("Set-up"), "")],
    }  # fmt: skip
    return render(request, "programs/project_setup.html", shown)


class PlaceForm(forms.Form):
    place = PlaceField()


def partner_form(*data: Any) -> forms.Form:
    form = forms.Form(*data)
    known = Organization.objects.filter(is_active=True)
    form.fields.update(fields_of(ProjectPartner, "organization", "role", "starts_on", "ends_on", organization=known))
    return form


class _OnProject(FormPage):
    """A form about one project; it ends on the project's set-up."""

    def prepare(self) -> None:
        self.project = project_of(self.request, self.kwargs["code"], Permission.EDIT_FRAMEWORK)

    def go_to(self, result: Any) -> str:
        return reverse("project_setup", args=[self.project.code])

    def crumbs(self) -> Any:
        return [(self.project.code, reverse("project_setup", args=[self.project.code])), (self.title, "")]


class ChangeProject(_OnProject):
    title = _("Change a project")
    button = _("Save the project")
    done = _("The project is saved.")

    def form(self, *data: Any) -> forms.Form:
        return ProjectForm(*data, project=self.project, initial=forms.model_to_dict(self.project))

    def act(self, form: forms.Form) -> Project:
        return projects.change_project(self.project, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class ChangeStatus(_OnProject):
    title = _("Change the status")
    button = _("Change the status")
    done = _("The status is changed.")

    def form(self, *data: Any) -> forms.Form:
        return StatusForm(*data, initial={"status": self.project.status})

    def act(self, form: forms.Form) -> Project:
        given = form.cleaned_data
        return projects.change_status(self.project, to=given["status"], override_reason=given["override_reason"], by=self.request.user)  # type: ignore[arg-type]

    def context(self, form: forms.Form) -> dict[str, Any]:
        missing = gates.review_of(self.project, timezone.localdate()) is None
        return {"warning": _("No conflict-sensitivity review is in force: the project cannot move to implementation.") if missing else ""}


class SetShares(_OnProject):
    title = _("Shares of the money")
    button = _("Save the shares")
    done = _("The shares are saved.")

    def form(self, *data: Any) -> forms.Form:
        return SharesForm(*data, initial=SharesForm.kept(self.project))

    def act(self, form: SharesForm) -> None:
        projects.set_shares(self.project, themes=form.themes, levels=form.levels, by=self.request.user)  # type: ignore[arg-type]


class SetMarker(_OnProject):
    title = _("Give a marker")
    button = _("Save the marker")
    done = _("The marker is saved.")

    def form(self, *data: Any) -> forms.Form:
        form = forms.Form(*data)
        form.fields.update(fields_of(Marker, "scheme", "value", "justification", "screened_on"))
        form.fields["scheme"].choices = [choice for choice in form.fields["scheme"].choices if choice[0] != Marker.Scheme.NEXUS]  # type: ignore[attr-defined]
        return form

    def act(self, form: forms.Form) -> Marker:
        return projects.set_marker(self.project, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class SetNexus(_OnProject):
    title = _("Nexus pillars")
    button = _("Save the pillars")
    done = _("The pillars are saved.")

    def form(self, *data: Any) -> forms.Form:
        rows = list(self.project.markers.filter(scheme=Marker.Scheme.NEXUS))
        first = {row.value: row.share for row in rows} | {"justification": rows[0].justification if rows else ""}
        return NexusForm(*data, initial=first)  # type: ignore[misc]

    def act(self, form: forms.Form) -> None:
        given = form.cleaned_data
        shares = {pillar: given[pillar] or 0 for pillar in ("H", "D", "P")}
        projects.set_nexus(self.project, shares=shares, justification=given["justification"], by=self.request.user)  # type: ignore[arg-type]


class AddPartner(_OnProject):
    title = _("Add a partner")
    button = _("Add the partner")
    done = _("The partner is added.")

    def form(self, *data: Any) -> forms.Form:
        return partner_form(*data)

    def act(self, form: forms.Form) -> ProjectPartner:
        return projects.add_partner(self.project, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class AddPlace(_OnProject):
    title = _("Add a place")
    button = _("Add the place")
    done = _("The place is added.")

    def form(self, *data: Any) -> forms.Form:
        return PlaceForm(*data)

    def act(self, form: forms.Form) -> ProjectPlace:
        return projects.add_place(self.project, place=form.cleaned_data["place"], by=self.request.user)  # type: ignore[arg-type]


class AgreeFramework(_OnProject):
    title = _("The framework is agreed")
    button = _("Record the agreement")
    done = _("From now on every edit is kept and shown to the partners.")

    def form(self, *data: Any) -> forms.Form:
        form = forms.Form(*data, initial={"framework_agreed_on": timezone.localdate()})  # type: ignore[misc]
        form.fields.update(fields_of(Project, "framework_agreed_on"))
        form.fields["framework_agreed_on"].required = True
        return form

    def act(self, form: forms.Form) -> Project:
        return framework.agree(self.project, on=form.cleaned_data["framework_agreed_on"], by=self.request.user)  # type: ignore[arg-type]


@login_required
@require_POST
def remove_from_project(request: HttpRequest, code: str, what: str, pk: int) -> HttpResponse:
    """Take a marker, partner or place out of a project."""
    project = project_of(request, code, Permission.EDIT_FRAMEWORK)
    then = reverse("project_setup", args=[project.code])
    if what == "marker":
        marker = get_object_or_404(project.markers, pk=pk)
        return press(request, lambda: projects.remove_marker(marker, by=request.user), done=_("The marker is taken out."), then=then)  # type: ignore[arg-type]
    if what == "partner":
        partner = get_object_or_404(project.partners.select_related("project", "organization"), pk=pk)
        return press(request, lambda: projects.remove_partner(partner, by=request.user), done=_("The partner is taken out."), then=then)  # type: ignore[arg-type]
    place = get_object_or_404(project.places.select_related("project", "place"), pk=pk)
    return press(request, lambda: projects.remove_place(place, by=request.user), done=_("The place is taken out."), then=then)  # type: ignore[arg-type]
