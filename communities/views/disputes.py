"""Disputes: the list, one dispute with its steps, and what happens to it."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from communities import commitments, disputes
from communities.models import Commitment, Dispute, DisputeFollowUp, Forum, LocalAgreement
from communities.models.records import DisputeKind
from communities.views import asked
from communities.views.forums import in_place
from communities.views.recording import NewRecordPage, may, tabs
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.models import Project
from programs.views.acts import FormPage

P = Permission
State = Dispute.State


class DisputeFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label=_("State"), choices=State.choices)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=DisputeKind.choices)
    project = django_filters.ModelChoiceFilter(label=_("Project"), queryset=lambda request: Project.objects.visible_to(request.user))
    since = django_filters.DateFilter(label=_("Opened from"), field_name="opened_on", lookup_expr="gte", widget=asked.Day())
    place = django_filters.CharFilter(label=_("Place"), method="at")
    words = django_filters.CharFilter(label=_("Words"), field_name="title", lookup_expr="icontains")

    class Meta:
        model = Dispute
        fields: list[str] = []

    def at(self, rows: Any, name: str, value: str) -> Any:
        return in_place(rows, value)


class DisputeList(ListPage):
    model = Dispute
    filterset_class = DisputeFilter
    template_name = "communities/disputes.html"
    ordering = "-opened"
    related = ("project", "partner", "place")
    columns = (
        Column("what", _("Dispute"), order=["title"], export="title"),
        Column("kind", _("Kind"), order=["kind"], export="kind", words=DisputeKind.choices),
        Column("place", _("Place"), order=["place__name"], export="place__name"),
        Column("place_code", _("P-code"), export="place__code", hidden=True),
        Column("project", _("Project"), order=["project__code"], export="project__code"),
        Column("partner", _("Partner"), order=["partner__name"], export="partner__name"),
        Column("opened", _("Opened on"), order=["opened_on"], export="opened_on"),
        Column("state", _("State"), order=["state"], export="state", words=State.choices),
        Column("since", _("Since"), order=["state_on"], export="state_on"),
        Column("agreed", _("Agreed on"), export="agreed_on", hidden=True),
    )

    def context(self, listing: Listing) -> dict[str, Any]:
        return {"tabs": tabs(self.request), "may_record": P.RECORD_COMMUNITIES in access.words(self.request.user)}


@login_required
def dispute(request: HttpRequest, pk: int) -> HttpResponse:
    row = _visible(request, pk)
    today = timezone.localdate()
    may_record = may(request.user, P.RECORD_COMMUNITIES, row)
    reads_forums = P.READ_FORUMS in access.words(request.user)
    follow_ups = list(row.follow_ups.all())
    for one in follow_ups:
        one.is_current = one.agreed_on == row.agreed_on and row.state == State.AGREED  # type: ignore[attr-defined]
    shown = {
        "dispute": row,
        "parties": list(row.parties.all()),
        "mediators": list(row.mediators.all()),
        "steps": list(row.steps.order_by("-on", "-id")),
        "follow_ups": follow_ups,
        "commitments": list(Commitment.objects.filter(dispute=row).with_standing(today).with_last_word()) if reads_forums else [],
        "moves": [move for move in MOVES if may_record and move[0] in disputes.MOVES[State(row.state)]],
        "may_record": may_record,
        "may_promise": may(request.user, P.RECORD_FORUMS, row),
        "today": today,
        "crumbs": [(_("Disputes"), reverse("disputes")), (row.title[:60], "")],
    }
    return render(request, "communities/dispute.html", shown)


class OpenDispute(NewRecordPage):
    template_name = "communities/open_dispute.html"
    title = _("Record a dispute")
    button = _("Record the dispute")
    done = _("The dispute is recorded.")
    word = P.RECORD_COMMUNITIES
    form_class = asked.DisputeForm
    listed = (_("Disputes"), "disputes")

    def more(self) -> dict[str, Any]:
        return {"forums": Forum.objects.visible_to(self.request.user).meeting()}

    def act(self, form: asked.DisputeForm) -> Dispute:
        return disputes.open_dispute(by=self.request.user, **form.given())  # type: ignore[arg-type]

    def go_to(self, result: Dispute) -> str:
        return reverse("dispute", args=[result.pk])


class _OnDispute(FormPage):
    word = P.RECORD_COMMUNITIES
    form_class: Any = None

    def prepare(self) -> None:
        self.dispute = _visible(self.request, self.kwargs["pk"])
        row = self.dispute
        access.require(self.request.user, self.word, project=row.project, partner=row.partner, place=row.place)

    def form(self, *data: Any) -> Any:
        return self.form_class(*data)

    def go_to(self, result: Any) -> str:
        return reverse("dispute", args=[self.dispute.pk])

    def crumbs(self) -> Any:
        own = (self.dispute.title[:60], reverse("dispute", args=[self.dispute.pk]))
        return [(_("Disputes"), reverse("disputes")), own, (self.title, "")]


class Mediate(_OnDispute):
    title = _("Mediation begins")
    button = _("Record the mediation")
    done = _("The mediation is recorded.")
    form_class = asked.MediateForm

    def act(self, form: asked.MediateForm) -> Dispute:
        got = form.cleaned_data
        return disputes.mediate(self.dispute, on=got["on"], mediators=form.mediators(), note=got["note"], by=self.request.user)  # type: ignore[arg-type]


class Settle(_OnDispute):
    title = _("The parties agreed")
    button = _("Record the settlement")
    done = _("The settlement is recorded. Somebody asks later whether it holds.")

    def form(self, *data: Any) -> asked.SettleForm:
        rows = LocalAgreement.objects.visible_to(self.request.user).filter(project=self.dispute.project)
        return asked.SettleForm(*data, agreements=rows)

    def act(self, form: asked.SettleForm) -> Dispute:
        return disputes.settle(self.dispute, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class Relapse(_OnDispute):
    title = _("The dispute is back")
    button = _("Record that it is back")
    done = _("Recorded: the settlement did not hold.")
    form_class = asked.NoteForm

    def act(self, form: asked.NoteForm) -> Dispute:
        return disputes.relapse(self.dispute, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class Refer(_OnDispute):
    title = _("Refer a dispute to justice")
    button = _("Record the referral")
    done = _("The referral is recorded.")
    form_class = asked.ReferForm

    def act(self, form: asked.ReferForm) -> Dispute:
        return disputes.refer(self.dispute, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class PromiseInDispute(_OnDispute):
    title = _("Record a commitment")
    button = _("Record the commitment")
    word = P.RECORD_FORUMS
    form_class = asked.CommitmentForm

    def act(self, form: asked.CommitmentForm) -> Commitment:
        return commitments.promise(dispute=self.dispute, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class FollowUp(_OnDispute):
    title = _("Does the settlement hold?")
    button = _("Record the answer")
    done = _("The answer is recorded.")
    form_class = asked.FollowUpForm

    def prepare(self) -> None:
        rows = DisputeFollowUp.objects.visible_to(self.request.user)
        related = ("dispute__project__program", "dispute__partner", "dispute__place")
        self.follow_up: DisputeFollowUp = get_object_or_404(rows.select_related(*related), pk=self.kwargs["pk"])
        self.dispute = row = self.follow_up.dispute
        access.require(self.request.user, self.word, project=row.project, partner=row.partner, place=row.place)

    def act(self, form: asked.FollowUpForm) -> DisputeFollowUp:
        return disputes.follow_up(self.follow_up, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def context(self, form: Any) -> dict[str, Any]:
        return {"lead": self.dispute.terms}


# state it leads to, address, what the button says
MOVES = (
    (State.MEDIATED, "mediate_dispute", Mediate.title),
    (State.AGREED, "settle_dispute", Settle.title),
    (State.RELAPSED, "relapse_dispute", Relapse.title),
    (State.REFERRED, "refer_dispute", Refer.title),
)


def _visible(request: HttpRequest, pk: int) -> Dispute:
    related = ("project__program", "partner", "place", "community", "forum", "agreement")
    row: Dispute = get_object_or_404(Dispute.objects.visible_to(request.user).select_related(*related), pk=pk)
    return row
