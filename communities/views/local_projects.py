"""Local projects: the portfolio with its quota shares, one project, and what happens to it."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from communities import local_projects
from communities.models import LocalProject
from communities.views import asked
from communities.views.forums import in_place
from communities.views.recording import NewRecordPage, may, tabs
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.models import Project
from programs.views.acts import FormPage

P = Permission
State = LocalProject.State
YES_NO = {True: _("Yes"), False: _("No"), None: ""}


class LocalProjectFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label=_("State"), choices=State.choices)
    kind = django_filters.ChoiceFilter(label=_("Type"), choices=LocalProject.Kind.choices)
    project = django_filters.ModelChoiceFilter(label=_("Project"), queryset=lambda request: Project.objects.visible_to(request.user))
    women = django_filters.ChoiceFilter(
        label=_("Women"), method="for_women", choices=[("led", _("Led by women")), ("benefit", _("Benefits women directly"))]
    )
    check = django_filters.ChoiceFilter(label=_("After six months"), method="checked", choices=[("due", _("Check is due")), ("works", _("Still works")), ("broken", _("No longer works"))])  # fmt: skip
    place = django_filters.CharFilter(label=_("Place"), method="at")
    words = django_filters.CharFilter(label=_("Words"), field_name="title", lookup_expr="icontains")

    class Meta:
        model = LocalProject
        fields: list[str] = []

    def for_women(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(led_by_women=True) if value == "led" else rows.filter(benefits_women=True)

    def checked(self, rows: Any, name: str, value: str) -> Any:
        return rows.checks_due_until(timezone.localdate()) if value == "due" else rows.filter(still_works=value == "works")

    def at(self, rows: Any, name: str, value: str) -> Any:
        return in_place(rows, value)


class LocalProjectList(ListPage):
    model = LocalProject
    filterset_class = LocalProjectFilter
    template_name = "communities/local_projects.html"
    ordering = "title"
    related = ("project", "partner", "place")
    columns = (
        Column("title", _("Local project"), order=["title"], export="title"),
        Column("kind", _("Type"), order=["kind"], export="kind", words=LocalProject.Kind.choices),
        Column("place", _("Place"), order=["place__name"], export="place__name"),
        Column("place_code", _("P-code"), export="place__code", hidden=True),
        Column("project", _("Project"), order=["project__code"], export="project__code"),
        Column("partner", _("Partner"), export="partner__name", hidden=True),
        Column("state", _("State"), order=["state"], export="state", words=State.choices),
        Column("since", _("Since"), order=["state_on"], export="state_on"),
        Column("currency", _("Currency"), export="currency", hidden=True),
        Column("paid", _("Paid"), order=["paid"], export="paid", number=True),
        Column("approved", _("Approved"), order=["approved"], export="approved", number=True),
        Column("benefits", _("Benefits women"), export="benefits_women", words=YES_NO, hidden=True),
        Column("led", _("Led by women"), export="led_by_women", words=YES_NO, hidden=True),
        Column("weapons", _("Related to weapons"), export="is_about_weapons", words=YES_NO, hidden=True),
        Column("served", _("People served"), export="people_served", hidden=True),
        Column("to", _("Handed over to"), export="handed_over_to", hidden=True),
        Column("handed", _("Handed over on"), export="handed_over_on", hidden=True),
        Column("checked", _("Checked on"), export="checked_on", hidden=True),
        Column("works", _("Still works"), export="still_works", words=YES_NO, hidden=True),
        Column("used", _("Still used"), export="still_used", words=YES_NO, hidden=True),
    )

    def rows(self) -> Any:
        return LocalProject.objects.visible_to(self.request.user).with_paid()

    def context(self, listing: Listing) -> dict[str, Any]:
        return {
            "tabs": tabs(self.request),
            "may_record": P.RECORD_COMMUNITIES in access.words(self.request.user),
            "shares": local_projects.quota_shares(self.filtered),
            "money": local_projects.money(self.filtered),
            "today": timezone.localdate(),
        }


@login_required
def local_project(request: HttpRequest, pk: int) -> HttpResponse:
    row = _visible(request, pk)
    may_record = may(request.user, P.RECORD_COMMUNITIES, row)
    acts = [(name, ACTS[name]) for name in BY_STATE.get(State(row.state), ())] if may_record else []
    shown = {
        "row": row,
        "steps": list(row.steps.order_by("-on", "-id")),
        "contributions": list(row.contributions.all()),
        "payments": list(row.payments.all()),
        "satisfaction": [(one, local_projects.satisfied(one)) for one in row.satisfaction.all()],
        "acts": acts,
        "may_record": may_record,
        "today": timezone.localdate(),
        "crumbs": [(_("Local projects"), reverse("local_projects")), (row.title[:60], "")],
    }
    return render(request, "communities/local_project.html", shown)


class ProposeLocalProject(NewRecordPage):
    title = _("Record a local project")
    button = _("Record the local project")
    done = _("Recorded as proposed. The approval committee decides next.")
    word = P.RECORD_COMMUNITIES
    form_class = asked.LocalProjectForm
    listed = (_("Local projects"), "local_projects")

    def act(self, form: asked.LocalProjectForm) -> LocalProject:
        return local_projects.propose(by=self.request.user, **form.given())  # type: ignore[arg-type]

    def go_to(self, result: LocalProject) -> str:
        return reverse("local_project", args=[result.pk])


class _OnLocalProject(FormPage):
    def prepare(self) -> None:
        self.row = _visible(self.request, self.kwargs["pk"])
        row = self.row
        access.require(self.request.user, P.RECORD_COMMUNITIES, project=row.project, partner=row.partner, place=row.place)

    def go_to(self, result: Any) -> str:
        return reverse("local_project", args=[self.row.pk])

    def crumbs(self) -> Any:
        own = (self.row.title[:60], reverse("local_project", args=[self.row.pk]))
        return [(_("Local projects"), reverse("local_projects")), own, (self.title, "")]


class ChangeLocalProject(_OnLocalProject):
    title = _("Change a local project")
    button = _("Save the local project")

    def form(self, *data: Any) -> asked.ChangeLocalProjectForm:
        return asked.ChangeLocalProjectForm(*data, initial=forms.model_to_dict(self.row, asked.ChangeLocalProjectForm.names))

    def act(self, form: asked.ChangeLocalProjectForm) -> LocalProject:
        return local_projects.change(self.row, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class ActOnLocalProject(_OnLocalProject):
    """One address for each act in ``ACTS``."""

    def prepare(self) -> None:
        super().prepare()
        if self.kwargs["what"] not in ACTS:
            raise Http404
        self.title, self.button, self.form_class, self.deed = ACTS[self.kwargs["what"]]  # type: ignore[misc]

    def form(self, *data: Any) -> forms.Form:
        return self.form_class(*data)

    def act(self, form: forms.Form) -> Any:
        got = {("on" if name in ("paid_on", "asked_on") else name): value for name, value in form.cleaned_data.items()}
        return self.deed(self.row, by=self.request.user, **got)

    def context(self, form: Any) -> dict[str, Any]:
        return {"lead": self.row.title}


# word in the address -> title, what the button says, form, act
ACTS: dict[str, tuple[Any, Any, type[forms.Form], Any]] = {
    "decide": (_("Record the approval decision"), _("Record the decision"), asked.DecideForm, local_projects.decide),
    "start": (_("Work starts or goes on"), _("Record the start"), asked.StartForm, local_projects.start),
    "hold": (_("Put on hold"), _("Put it on hold"), asked.NoteForm, local_projects.hold),
    "stop": (_("Stop the local project"), _("Stop it for good"), asked.NoteForm, local_projects.stop),
    "complete": (_("Record the completion"), _("Record the completion"), asked.CompleteForm, local_projects.complete),
    "hand-over": (_("Record the hand-over"), _("Record the hand-over"), asked.HandOverForm, local_projects.hand_over),
    "check": (_("Record the check after six months"), _("Record the check"), asked.CheckForm, local_projects.check),
    "contribute": (_("Add a contribution"), _("Add the contribution"), asked.ContributeForm, local_projects.contribute),
    "pay": (_("Record a payment"), _("Record the payment"), asked.PayForm, local_projects.pay),
    "ask-users": (_("Record what users said"), _("Record the answers"), asked.AskUsersForm, local_projects.ask_users),
}
BY_STATE = {
    State.PROPOSED: ("decide",),
    State.APPROVED: ("start", "hold", "stop"),
    State.UNDER_WAY: ("complete", "hold", "stop"),
    State.ON_HOLD: ("start", "stop"),
    State.COMPLETED: ("hand-over",),
    State.HANDED_OVER: ("check",),
}


def _visible(request: HttpRequest, pk: int) -> LocalProject:
    related = ("project__program", "partner", "place", "community", "committee")
    row: LocalProject = get_object_or_404(LocalProject.objects.visible_to(request.user).with_paid().select_related(*related), pk=pk)
    return row
