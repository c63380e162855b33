"""How an institution is doing: capacity over its rounds, and what people bring to its forums."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from institutions import capacity, relations
from institutions.models import Institution
from institutions.views.institutions import OfInstitution
from programs.forms import Day, people_of
from programs.models import ActionPoint
from surveys.models import Domain


@login_required
def measured(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Institution.objects.visible_to(request.user).select_related("organization", "place")
    row: Institution = get_object_or_404(rows, pk=pk)
    assessed, asked = relations.rounds_about(row, request.user)
    found = capacity.among(assessed)
    points = ActionPoint.objects.visible_to(request.user).with_state(timezone.localdate()).filter(capacity_action__institution=row)
    perceived = relations.perceived(asked, request.user)
    shown = {
        "institution": row,
        "today": timezone.localdate(),
        "capacity": found,
        "points": points.select_related("owner", "capacity_action__domain").order_by("due_on") if found.last is not None else [],
        "perceived": perceived,
        "is_split": any(one.by_sex for one in perceived),
        "decisions": relations.decisions(row, request.user),
        "promises": relations.promises(row, request.user),
        "brought": relations.concerns(row, request.user),
        "crumbs": [(_("Institutions"), reverse("institutions")), (row, reverse("institution", args=[pk])), (_("Capacity and forums"), "")],
    }
    return render(request, "institutions/measured.html", shown)


@login_required
def evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """What the moderated scores of the last round rest on, statement by statement."""
    rows = Institution.objects.visible_to(request.user).select_related("organization", "place")
    row: Institution = get_object_or_404(rows, pk=pk)
    last = capacity.of(row, request.user).last
    shown = {
        "institution": row,
        "last": last,
        "notes": capacity.notes(last) if last is not None else [],
        "crumbs": [
            (_("Institutions"), reverse("institutions")), (row, reverse("institution", args=[pk])),
            (_("Capacity and forums"), reverse("institution_measured", args=[pk])), (_("Statements and evidence"), ""),
        ],
    }  # fmt: skip
    return render(request, "institutions/evidence.html", shown)


class ActOnArea(OfInstitution):
    title = _("Act on a weak area")
    button = _("Raise the action point")
    done = _("The action point is raised; its owner is told.")

    def prepare(self) -> None:
        super().prepare()
        self.capacity = capacity.of(self.institution, self.request.user)

    def form(self, *data: Any) -> forms.Form:
        last = self.capacity.last
        form = forms.Form(*data, initial={"domain": self.request.GET.get("area", "")})  # type: ignore[misc]
        domains = Domain.objects.filter(version=last.version) if last is not None else Domain.objects.none()
        form.fields["domain"] = forms.ModelChoiceField(domains, label=pgettext_lazy("of capacity", "Area"))
        form.fields["text"] = forms.CharField(label=_("What is to be done"), max_length=500)
        people = people_of(last.project if last is not None else None)
        form.fields["owner"] = forms.ModelChoiceField(people, label=_("Owner"))
        form.fields["due_on"] = forms.DateField(label=_("Due on"), widget=Day())
        return form

    def act(self, form: forms.Form) -> Any:
        last = self.capacity.last
        assert last is not None  # without a round there is no area to choose, so the form was refused
        return capacity.act_on(self.institution, survey_round=last, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def go_to(self, result: Any) -> str:
        return reverse("institution_measured", args=[self.institution.pk])
