"""Commitments: the list of promises, one promise with its evidence, and what is heard of it; and what is due in communities."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from communities import commitments, due
from communities.models import Commitment
from communities.views import asked
from communities.views.forums import in_place
from communities.views.recording import may, tabs
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.models import Project
from programs.views.acts import FormPage

P = Permission
STANDINGS = [("overdue", _("Overdue")), *Commitment.State.choices]
SHOWN = 50


class CommitmentFilter(django_filters.FilterSet):
    standing = django_filters.ChoiceFilter(label=_("State"), choices=STANDINGS)
    project = django_filters.ModelChoiceFilter(label=_("Project"), queryset=lambda request: Project.objects.visible_to(request.user))
    until = django_filters.DateFilter(label=_("Due until"), field_name="due_on", lookup_expr="lte", widget=asked.Day())
    place = django_filters.CharFilter(label=_("Place"), method="at")
    words = django_filters.CharFilter(label=_("Words"), method="with_words")

    class Meta:
        model = Commitment
        fields: list[str] = []

    def at(self, rows: Any, name: str, value: str) -> Any:
        return in_place(rows, value)

    def with_words(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(Q(text__icontains=value) | Q(who__icontains=value))


class CommitmentList(ListPage):
    model = Commitment
    filterset_class = CommitmentFilter
    template_name = "communities/commitments.html"
    ordering = "due"
    related = ("project", "place", "forum", "agreement", "dispute")
    columns = (
        Column("what", _("Commitment and who"), order=["text"], export="text"),
        Column("who", _("Who"), export="who", hidden=True),
        Column("due", _("By when"), order=["due_on"], export="due_on"),
        Column("since", _("Holds since"), export="since", hidden=True),
        Column("state", _("State"), export="standing", words=STANDINGS),
        Column("on", _("On"), order=["settled_on"], export="settled_on"),
        Column("sources", _("Sources of the breach"), export="breach_sources", hidden=True),
        Column("forum", _("Made in"), export="forum__name"),
        Column("agreement", _("Agreement"), export="agreement__title", hidden=True),
        Column("place", _("Place"), order=["place__name"], export="place__name"),
        Column("project", _("Project"), order=["project__code"], export="project__code"),
        Column("topic", _("Topic (PA-X)"), export="topic", hidden=True),
    )

    def rows(self) -> Any:
        return Commitment.objects.visible_to(self.request.user).with_standing(timezone.localdate())

    def context(self, listing: Listing) -> dict[str, Any]:
        return {"tabs": tabs(self.request), "today": timezone.localdate()}


@login_required
def commitment(request: HttpRequest, pk: int) -> HttpResponse:
    row = _visible(request, pk)
    may_record = may(request.user, P.RECORD_FORUMS, row)
    shown = {
        "commitment": row,
        "evidence": list(row.evidence.select_related("recorded_by").order_by("-recorded_at", "-id")),
        "may_record": may_record and row.state != Commitment.State.WITHDRAWN,
        "may_set_aside": may_record and row.state in (Commitment.State.BREACH_REPORTED, Commitment.State.BREACHED),
        "today": timezone.localdate(),
        "crumbs": [(_("Commitments"), reverse("commitments")), (row.text[:60], "")],
    }
    return render(request, "communities/commitment.html", shown)


class _OnCommitment(FormPage):
    form_class: Any = None
    deed: Any = None

    def prepare(self) -> None:
        self.commitment = _visible(self.request, self.kwargs["pk"])
        row = self.commitment
        access.require(self.request.user, P.RECORD_FORUMS, project=row.project, partner=row.partner, place=row.place)

    def form(self, *data: Any) -> Any:
        return self.form_class(*data)

    def act(self, form: Any) -> Commitment:
        return type(self).deed(self.commitment, by=self.request.user, **form.cleaned_data)

    def go_to(self, result: Any) -> str:
        return reverse("commitment", args=[self.commitment.pk])

    def crumbs(self) -> Any:
        own = (self.commitment.text[:60], reverse("commitment", args=[self.commitment.pk]))
        return [(_("Commitments"), reverse("commitments")), own, (self.title, "")]

    def context(self, form: Any) -> dict[str, Any]:
        return {"lead": f"{self.commitment.text} · {self.commitment.who}"}


class KeepCommitment(_OnCommitment):
    title = _("Say that it was kept")
    button = _("Record that it was kept")
    done = _("Recorded as kept.")
    form_class = asked.KeptForm
    deed = staticmethod(commitments.keep)


class ReportBreach(_OnCommitment):
    title = _("Report a breach")
    button = _("Report the breach")
    done = _("The report is recorded. A breach counts with two sources.")
    form_class = asked.EvidenceForm
    deed = staticmethod(commitments.report_breach)


class SetBreachAside(_OnCommitment):
    title = _("Say that there was no breach")
    button = _("Set the breach aside")
    done = _("The reports are kept and no longer count.")
    form_class = asked.WhyForm
    deed = staticmethod(commitments.set_breach_aside)


class WithdrawCommitment(_OnCommitment):
    title = _("Withdraw a commitment")
    button = _("Withdraw the commitment")
    done = _("The commitment is withdrawn.")
    form_class = asked.WhyForm
    deed = staticmethod(commitments.withdraw)


@login_required
def community_due(request: HttpRequest) -> HttpResponse:
    """What this person has to see to, soonest first; at most fifty lines of a kind."""
    access.require_word(request.user, P.READ_COMMUNITIES)  # type: ignore[arg-type]
    today = timezone.localdate()
    found = due.for_person(request.user, today)  # type: ignore[arg-type]
    shown = {
        "tabs": tabs(request),
        "commitments": list(found.commitments.select_related("place")[:SHOWN]),
        "follow_ups": list(found.follow_ups.select_related("dispute__place")[:SHOWN]),
        "checks": list(found.checks.select_related("place")[:SHOWN]),
        "concerns": list(found.concerns.select_related("forum")[:SHOWN]),
        "today": today,
    }
    return render(request, "communities/due.html", shown)


def _visible(request: HttpRequest, pk: int) -> Commitment:
    rows = Commitment.objects.visible_to(request.user).with_standing(timezone.localdate())
    related = ("project__program", "partner", "place", "forum", "agreement", "dispute")
    row: Commitment = get_object_or_404(rows.select_related(*related), pk=pk)
    return row
