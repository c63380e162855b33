"""The work plan of a project, and the gates that its lines wait for."""

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
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from plumbing.lists import Column, Listing, ListPage
from programs import access, gates, workplan
from programs.forms import LineForm, ReasonForm, fields_of, people_of, supported
from programs.models import ConflictSensitivityReview, SupportClearance, WorkPlanLine
from programs.views.acts import FormPage, press, project_of


class LineFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(label=_("Status"), choices=WorkPlanLine.Status.choices)
    words = django_filters.CharFilter(label=_("Words"), field_name="title", lookup_expr="icontains")

    class Meta:
        model = WorkPlanLine
        fields: list[str] = []


class WorkPlan(ListPage):
    model = WorkPlanLine
    filterset_class = LineFilter
    template_name = "programs/work_plan.html"
    follows_choice = False
    ordering = "number"
    related = ("partner", "place", "result", "supports")
    columns = (
        Column("number", _("Number"), order=["code"], export="code"),
        Column("what", _("What"), order=["title"], export="title"),
        Column("who", _("Who"), order=["partner__name"], export="partner__name"),
        Column("where", _("Where"), order=["place__name"], export="place__name"),
        Column("from", _("From"), order=["starts_on"], export="starts_on"),
        Column("until", _("Until"), order=["ends_on"], export="ends_on"),
        Column("supports", _("Support to"), export="supports__name", hidden=True),
        Column("status", _("Status"), export="status", words=WorkPlanLine.Status.choices),
    )

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.user.is_authenticated:
            self.project = project_of(request, kwargs["code"])

    def rows(self) -> Any:
        return super().rows().filter(project=self.project)

    def context(self, listing: Listing) -> dict[str, Any]:
        may_edit = access.allows(self.request.user, Permission.EDIT_FRAMEWORK, project=self.project)
        today = timezone.localdate()
        recipients = {line.supports_id for line in listing.rows if line.supports_id}
        cleared = (
            set(SupportClearance.objects.filter(recipient__in=recipients).current(today).values_list("recipient", flat=True))
            if recipients
            else set()
        )
        for line in listing.rows:
            line.waits = line.supports_id is not None and line.supports_id not in cleared
            line.moves = [(to, workplan.Status(to).label) for to in workplan.MOVES[line.status]] if may_edit else []
        return {"project": self.project, "may_edit": may_edit, "crumbs": [(self.project.code, ""), (_("Work plan"), "")]}


class AddLine(FormPage):
    title = _("Add a work-plan line")
    button = _("Add the line")
    done = _("The line is added as a draft.")

    def prepare(self) -> None:
        self.project = project_of(self.request, self.kwargs["code"], Permission.EDIT_FRAMEWORK)

    def form(self, *data: Any) -> LineForm:
        return LineForm(*data, project=self.project)

    def act(self, form: LineForm) -> WorkPlanLine:
        return workplan.add_line(project=self.project, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def go_to(self, result: Any) -> str:
        return reverse("work_plan", args=[self.project.code])

    def crumbs(self) -> Any:
        return [(_("Work plan"), reverse("work_plan", args=[self.project.code])), (self.title, "")]


class ChangeLine(AddLine):
    title = _("Change a work-plan line")
    button = _("Save the line")
    done = _("The line is changed.")

    def prepare(self) -> None:
        self.line = _line(self.request, self.kwargs["pk"])
        self.project = self.line.project
        access.require(self.request.user, Permission.EDIT_FRAMEWORK, project=self.project)

    def form(self, *data: Any) -> LineForm:
        names = ["code", "title", "result", "partner", "starts_on", "ends_on", "supports", "note"]
        return LineForm(*data, project=self.project, initial={**forms.model_to_dict(self.line, names), "place": self.line.place})

    def act(self, form: LineForm) -> WorkPlanLine:
        return workplan.change_line(self.line, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


@login_required
@require_POST
def move_line(request: HttpRequest, pk: int) -> HttpResponse:
    line = _line(request, pk)
    then = reverse("work_plan", args=[line.project.code])
    to = request.POST.get("to", "")
    return press(request, lambda: workplan.move(line, to=to, by=request.user), done=_("Moved."), then=then)  # type: ignore[arg-type]


class ClearanceFilter(django_filters.FilterSet):
    recipient = django_filters.ModelChoiceFilter(label=_("Recipient"), queryset=lambda request: supported())
    decision = django_filters.ChoiceFilter(label=_("Decision"), choices=SupportClearance.Decision.choices)

    class Meta:
        model = SupportClearance
        fields: list[str] = []


class ClearanceList(ListPage):
    model = SupportClearance
    filterset_class = ClearanceFilter
    template_name = "programs/clearances.html"
    ordering = "-until"
    related = ("recipient", "owner")
    columns = (
        Column("recipient", _("Recipient"), order=["recipient__name"], export="recipient__name"),
        Column("scope", _("Support covered"), export="scope"),
        Column("decision", _("Decision"), order=["decision"], export="decision", words=SupportClearance.Decision.choices),
        Column("from", _("Valid from"), order=["valid_from"], export="valid_from"),
        Column("until", _("Valid until"), order=["valid_until"], export="valid_until"),
        Column("owner", _("Owner"), export="owner__name"),
        Column("acts", ""),
    )

    def context(self, listing: Listing) -> dict[str, Any]:
        return {"may_decide": Permission.DECIDE_CLEARANCE in access.words(self.request.user), "today": timezone.localdate()}


class DecideClearance(FormPage):
    """Only what the policy leaves out is decided here; everything within it comes from a due diligence."""

    title = _("Clear support outside the policy")
    button = _("Record the decision")
    done = _("The decision is recorded.")

    def prepare(self) -> None:
        access.require_word(self.request.user, Permission.DECIDE_CLEARANCE)

    def form(self, *data: Any) -> forms.Form:
        form = forms.Form(*data, initial={"valid_from": timezone.localdate()})  # type: ignore[misc]
        names = ("recipient", "scope", "valid_from", "valid_until", "owner")
        form.fields.update(fields_of(SupportClearance, *names, recipient=supported(), owner=people_of(None)))
        form.fields["reason"] = forms.CharField(
            label=_("Why it is outside the policy"), widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("Such as training in human rights law, mediation, or setting standards."),
        )  # fmt: skip
        form.order_fields(["recipient", "scope", "reason"])
        return form

    def act(self, form: forms.Form) -> SupportClearance:
        return gates.rule_out(by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def go_to(self, result: Any) -> str:
        return reverse("clearances")

    def crumbs(self) -> Any:
        return [(_("Clearances"), reverse("clearances")), (self.title, "")]


class SuspendClearance(DecideClearance):
    title = _("Suspend a clearance")
    button = _("Suspend it")
    done = _("The clearance is suspended; nothing new can be planned under it.")

    def prepare(self) -> None:
        super().prepare()
        rows = SupportClearance.objects.visible_to(self.request.user).select_related("recipient")
        self.clearance: SupportClearance = get_object_or_404(rows, pk=self.kwargs["pk"])

    def form(self, *data: Any) -> forms.Form:
        return ReasonForm(*data)

    def act(self, form: forms.Form) -> Any:
        return gates.suspend(self.clearance, reason=form.cleaned_data["reason"], by=self.request.user)  # type: ignore[arg-type]

    def context(self, form: forms.Form) -> dict[str, Any]:
        return {"lead": self.clearance}


@login_required
def sensitivity_reviews(request: HttpRequest, code: str) -> HttpResponse:
    project = project_of(request, code)
    reviews = list(project.sensitivity_reviews.select_related("recorded_by")[:25])
    shown = {
        "project": project,
        "reviews": reviews,
        "due_since": reviews[0].due_since if reviews else None,
        "current": gates.review_of(project, timezone.localdate()),
        "may_decide": access.allows(request.user, Permission.DECIDE_CLEARANCE, project=project) and project.manager_id != request.user.pk,
        "crumbs": [(project.code, ""), (_("Conflict sensitivity"), "")],
    }
    return render(request, "programs/sensitivity_reviews.html", shown)


class RecordReview(FormPage):
    title = _("Record a conflict-sensitivity review")
    button = _("Record the review")
    done = _("The review is recorded.")

    def prepare(self) -> None:
        self.project = project_of(self.request, self.kwargs["code"], Permission.DECIDE_CLEARANCE)

    def form(self, *data: Any) -> forms.Form:
        form = forms.Form(*data, initial={"decided_on": timezone.localdate()})  # type: ignore[misc]
        names = ("decision", "decided_on", "valid_until", "dividers", "connectors", "conditions")
        form.fields.update(fields_of(ConflictSensitivityReview, *names))
        return form

    def act(self, form: forms.Form) -> ConflictSensitivityReview:
        return gates.record_review(project=self.project, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def go_to(self, result: Any) -> str:
        return reverse("sensitivity_reviews", args=[self.project.code])

    def crumbs(self) -> Any:
        return [(_("Conflict sensitivity"), reverse("sensitivity_reviews", args=[self.project.code])), (self.title, "")]


def _line(request: HttpRequest, pk: int) -> WorkPlanLine:
    rows = WorkPlanLine.objects.visible_to(request.user).select_related("project__program", "supports", "place", "result", "partner")
    line: WorkPlanLine = get_object_or_404(rows, pk=pk)
    return line
