"""A community's conflict analysis: a new version, its issues, what divides and what connects."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from communities import issues
from communities.forms import AnalysisForm, FactorForm, IssueForm
from communities.models import ConflictIssue, PeaceFactor
from communities.views.communities import RECORD, OfCommunity, visible
from programs.views.acts import press


@login_required
def analyses(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible(request, pk)
    found = list(row.analyses.prefetch_related("issues", "factors").select_related("recorded_by")[:12])
    crumbs = [(_("Communities"), reverse("communities")), (row.name, reverse("community", args=[pk])), (_("Conflict analysis"), "")]
    return render(request, "communities/analyses.html", {"community": row, "analyses": found, "crumbs": crumbs})


class BeginAnalysis(OfCommunity):
    title = _("Begin a conflict analysis")
    button = _("Begin the analysis")
    done = _("The analysis is begun with what the last one said.")

    def form(self, *data: Any) -> AnalysisForm:
        return AnalysisForm(*data)

    def act(self, form: Any) -> Any:
        return issues.begin(self.community, **form.cleaned_data, by=self.request.user)


class _OfAnalysis(OfCommunity):
    """A form about a part of the newest analysis: a new one, or the one of the address."""

    model: Any = None
    form_class: Any = None

    def prepare(self) -> None:
        super().prepare()
        found = issues.latest(self.community)
        if found is None:
            raise Http404
        self.analysis = found
        part = self.kwargs.get("part")
        self.part = get_object_or_404(self.model, pk=part, analysis=found) if part else None

    def form(self, *data: Any) -> Any:
        start = {name: getattr(self.part, name) for name in self.form_class.names} if self.part else {}
        return self.form_class(*data, initial=start)


class PutIssue(_OfAnalysis):
    title = _("A conflict issue")
    button = _("Save the issue")
    model, form_class = ConflictIssue, IssueForm

    def act(self, form: Any) -> Any:
        return issues.put_issue(self.analysis, issue=self.part, **form.cleaned_data, by=self.request.user)


class PutFactor(_OfAnalysis):
    title = _("What divides or connects")
    button = _("Save it")
    model, form_class = PeaceFactor, FactorForm

    def act(self, form: Any) -> Any:
        return issues.put_factor(self.analysis, factor=self.part, **form.cleaned_data, by=self.request.user)


@login_required
@require_POST
def remove_from_analysis(request: HttpRequest, pk: int, what: str, part: int) -> HttpResponse:
    community = visible(request, pk, RECORD)
    model: Any = {"issue": ConflictIssue, "factor": PeaceFactor}.get(what)
    if model is None:
        raise Http404
    row = get_object_or_404(model.objects.select_related("analysis__community"), pk=part, analysis__community=community)
    return press(
        request, lambda: issues.remove(row, by=request.user),  # type: ignore[arg-type]
        done=_("It is taken out of this version; earlier ones keep it."), then=reverse("community", args=[pk]),
    )  # fmt: skip
