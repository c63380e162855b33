"""Early warnings: the list, raising one by hand, answering, deciding, and a community's own alarm line."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from communities import early_warnings, masking
from communities.forms import DecideForm, RaiseForm, RespondForm, ThresholdForm, answerers
from communities.models import Community, EarlyWarning, Incident
from communities.views.communities import OfCommunity
from plumbing.lists import Column, ListPage
from programs.access import NotAllowed
from programs.views.acts import FormPage, press


class WarningFilter(django_filters.FilterSet):
    community = django_filters.ModelChoiceFilter(label=_("Community"), queryset=lambda request: Community.objects.visible_to(request.user))
    rule = django_filters.ChoiceFilter(label=_("Rule"), choices=EarlyWarning.Rule.choices)
    state = django_filters.ChoiceFilter(
        label=_("State"), method="in_state", choices=[("open", _("Open")), *EarlyWarning.Decision.choices[1:]]
    )

    class Meta:
        model = EarlyWarning
        fields: list[str] = []

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.open() if value == "open" else rows.filter(decision=value)


class WarningList(ListPage):
    model = EarlyWarning
    filterset_class = WarningFilter
    template_name = "communities/early_warnings.html"
    ordering = "-seen"
    related = ("community", "responder")
    columns = (
        Column("seen", _("First seen"), order=["first_seen"], export="first_seen"),
        Column("community", _("Community"), order=["community__name"], export="community__name"),
        Column("rule", _("Rule"), order=["rule"], export="rule", words=EarlyWarning.Rule.choices),
        Column("severity", _("Severity"), order=["severity"], export="severity", words=EarlyWarning.Severity.choices),
        Column("now", _("Now"), export="now", number=True),
        Column("usual", _("Usual"), export="usual", hidden=True),
        Column("line", _("Alarm line"), export="line", number=True),
        Column("due", _("Answer due"), order=["due_at"], export="due_at"),
        Column("answered", _("Answered after"), number=True),
        Column("decided_after", _("Decided after"), number=True),
        Column("state", _("State"), order=["decision"], export="decision", words=EarlyWarning.Decision.choices),
        Column("acknowledged", _("Acknowledged at"), export="acknowledged_at", hidden=True),
        Column("responded", _("Responded at"), export="responded_at", hidden=True),
        Column("decided", _("Decided at"), export="decided_at", hidden=True),
    )


@login_required
def early_warning(request: HttpRequest, pk: int) -> HttpResponse:
    """One warning, open or closed: what was signalled, who said and did what when, and how long it took."""
    people = ("raised_by", "responder", "acknowledged_by", "responded_by", "decided_by")
    rows = EarlyWarning.objects.visible_to(request.user).select_related("community__place", "community__partner", *people)
    row = get_object_or_404(rows, pk=pk)
    is_of_circle = early_warnings.may_answer(row, request.user)  # type: ignore[arg-type]
    told = Incident.objects.all() if is_of_circle else masking.placed_for(Incident.objects.all())
    prefetch_related_objects([row], Prefetch("incidents", queryset=told))
    shown = {
        "warning": row, "may_answer": is_of_circle and row.is_open, "now": timezone.now(),
        "crumbs": [
            (_("Communities"), reverse("communities")), (row.community.name, reverse("community", args=[row.community_id])),
            (row.get_rule_display(), ""),
        ],
    }  # fmt: skip
    return render(request, "communities/early_warning.html", shown)


class RaiseWarning(OfCommunity):
    title = _("Raise an early warning")
    button = _("Raise the warning")
    done = _("The warning is open.")

    def form(self, *data: Any) -> RaiseForm:
        return RaiseForm(*data, people=answerers(self.community))

    def act(self, form: Any) -> EarlyWarning:
        return early_warnings.raise_warning(community=self.community, **form.cleaned_data, by=self.request.user)


class SetThreshold(OfCommunity):
    title = _("Set the alarm line")
    button = _("Save the alarm line")
    permission = Permission.VERIFY_INCIDENTS

    def form(self, *data: Any) -> ThresholdForm:
        row = getattr(self.community, "threshold", None)
        names = ("window_days", "minimum", "displaced", "responder")
        start = {name: getattr(row, name) for name in names} if row else {}
        return ThresholdForm(*data, people=answerers(self.community), initial=start)

    def act(self, form: Any) -> Any:
        return early_warnings.set_threshold(self.community, **form.cleaned_data, by=self.request.user)


class OfWarning(FormPage):
    def prepare(self) -> None:
        self.warning = _to_answer(self.request, self.kwargs["pk"])

    def go_to(self, result: Any) -> str:
        return reverse("early_warning", args=[self.warning.pk])

    def crumbs(self) -> Any:
        of = reverse("community", args=[self.warning.community_id])
        return [(_("Communities"), reverse("communities")), (self.warning.community.name, of), (self.title, "")]


class RespondToWarning(OfWarning):
    title = _("Record a response")
    button = _("Save the response")
    done = _("The response is saved.")

    def form(self, *data: Any) -> RespondForm:
        return RespondForm(*data, initial={"response": self.warning.response})

    def act(self, form: Any) -> EarlyWarning:
        return early_warnings.respond(self.warning, response=form.cleaned_data["response"], by=self.request.user)  # type: ignore[arg-type]


class DecideWarning(OfWarning):
    title = _("Decide on the warning")
    button = _("Close the warning")
    done = _("The warning is closed.")

    def form(self, *data: Any) -> DecideForm:
        return DecideForm(*data, initial={"decision": self.request.GET.get("decision", "")})

    def act(self, form: Any) -> EarlyWarning:
        return early_warnings.decide(self.warning, **form.cleaned_data, by=self.request.user)  # type: ignore[arg-type]


@login_required
@require_POST
def acknowledge_warning(request: HttpRequest, pk: int) -> HttpResponse:
    row = _to_answer(request, pk)
    return press(
        request, lambda: early_warnings.acknowledge(row, by=request.user),  # type: ignore[arg-type]
        done=_("You have acknowledged the warning."), then=reverse("early_warning", args=[row.pk]),
    )  # fmt: skip


def _to_answer(request: HttpRequest, pk: int) -> EarlyWarning:
    row: EarlyWarning = get_object_or_404(EarlyWarning.objects.visible_to(request.user).select_related("community"), pk=pk)
    if not early_warnings.may_answer(row, request.user):  # type: ignore[arg-type]
        raise NotAllowed(_("You may not answer this warning."))
    return row
