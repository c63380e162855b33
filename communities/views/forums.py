"""Forums: the list, a forum with its seats, sessions, decisions, agreements, commitments and concerns, and what is recorded of them."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms as django_forms
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from communities import commitments, forums
from communities.models import Commitment, Concern, Decision, Forum, LocalAgreement, SeatLine, Sitting
from communities.views import asked
from communities.views.recording import NewRecordPage, may, tabs
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.models import Project
from programs.views.acts import FormPage

P = Permission
LAST = 10


def shows_people(user: Any) -> bool:
    """Numbers of people at a session are raw figures, as on the activity's own page."""
    return bool({P.READ_RAW, P.RECORD_ACTIVITIES} & access.words(user))


class ForumFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Forum.Kind.choices)
    project = django_filters.ModelChoiceFilter(label=_("Project"), queryset=lambda request: Project.objects.visible_to(request.user))
    state = django_filters.ChoiceFilter(
        label=_("State"), method="in_state", choices=[("meeting", _("Meets")), ("ended", _("Ended"))]
    )  # fmt: skip
    place = django_filters.CharFilter(label=_("Place"), method="in_place")
    words = django_filters.CharFilter(label=_("Words"), field_name="name", lookup_expr="icontains")

    class Meta:
        model = Forum
        fields: list[str] = []

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(ended_on__isnull=value == "meeting")

    def in_place(self, rows: Any, name: str, value: str) -> Any:
        return in_place(rows, value)


def in_place(rows: Any, value: str) -> Any:
    """A code takes everything below it; a word, places called like it."""
    below = rows.filter(place__above__ancestor__code=value.strip().upper()).values("pk")
    called = rows.filter(place__name__icontains=value.strip()).values("pk")
    return rows.filter(pk__in=below) | rows.filter(pk__in=called)


class ForumList(ListPage):
    model = Forum
    filterset_class = ForumFilter
    template_name = "communities/forums.html"
    ordering = "name"
    related = ("project", "partner", "place", "institution")
    columns = (
        Column("name", _("Forum"), order=["name"], export="name"),
        Column("kind", _("Kind"), order=["kind"], export="kind", words=Forum.Kind.choices),
        Column("place", _("Place"), order=["place__name"], export="place__name"),
        Column("place_code", _("P-code"), export="place__code", hidden=True),
        Column("project", _("Project"), order=["project__code"], export="project__code"),
        Column("partner", _("Partner"), order=["partner__name"], export="partner__name"),
        Column("institution", _("Institution"), export="institution__name"),
        Column("since", _("Meets since"), order=["started_on"], export="started_on"),
        Column("ended", _("Ended on"), export="ended_on", hidden=True),
        Column("next", _("Next session"), order=["next_session_on"], export="next_session_on"),
        Column("sessions", _("Sessions"), order=["held"], export="held", number=True),
    )

    def rows(self) -> Any:
        return Forum.objects.visible_to(self.request.user).annotate(held=Count("sessions"))

    def context(self, listing: Listing) -> dict[str, Any]:
        return {"tabs": tabs(self.request), "may_record": P.RECORD_FORUMS in access.words(self.request.user)}


@login_required
def forum(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible(request, pk)
    today = timezone.localdate()
    present = Sitting.objects.filter(forum=row).order_by("-since", "-id").values("pk")[:1]
    lines = list(SeatLine.objects.filter(sitting__in=present).select_related("sitting"))
    sitting = lines[0].sitting if lines else None
    shown = {
        "forum": row,
        "may_record": may(request.user, P.RECORD_FORUMS, row),
        "shows_people": shows_people(request.user),
        "sitting": sitting,
        "quotas": forums.quotas(sitting, lines) if sitting else [],
        "attendance": forums.attendance(row),
        "commitments": Commitment.objects.filter(forum=row).with_standing(today).with_last_word().order_by("due_on", "since", "id"),
        "decisions": list(Decision.objects.filter(forum=row)[: LAST + 1]),
        "agreements": list(LocalAgreement.objects.filter(forum=row)),
        "concerns": list(Concern.objects.filter(forum=row)[: LAST + 1]),
        "today": today,
        "crumbs": [(_("Forums"), reverse("forums")), (row.name, "")],
    }
    return render(request, "communities/forum.html", shown)


@login_required
def agreement(request: HttpRequest, pk: int) -> HttpResponse:
    rows = LocalAgreement.objects.visible_to(request.user).select_related("project__program", "partner", "place", "forum", "community")
    row: LocalAgreement = get_object_or_404(rows, pk=pk)
    shown = {
        "agreement": row,
        "may_record": may(request.user, P.RECORD_FORUMS, row),
        "commitments": Commitment.objects.filter(agreement=row).with_standing(timezone.localdate()).with_last_word(),
        "also_in": list(row.also_in.all()),
        "today": timezone.localdate(),
        "crumbs": [
            (_("Forums"), reverse("forums")),
            *([(row.forum.name, reverse("forum", args=[row.forum_id]))] if row.forum else []),
            (row.title, ""),
        ],
    }
    return render(request, "communities/agreement.html", shown)


class StartForum(NewRecordPage):
    title = _("Record a forum")
    button = _("Record the forum")
    done = _("The forum is recorded. Record its seats and sessions next.")
    word = P.RECORD_FORUMS
    form_class = asked.ForumForm
    listed = (_("Forums"), "forums")

    def act(self, form: asked.ForumForm) -> Forum:
        return forums.start_forum(by=self.request.user, **form.given())  # type: ignore[arg-type]

    def go_to(self, result: Forum) -> str:
        return reverse("forum", args=[result.pk])


class OnForum(FormPage):
    """A form about one forum; it ends on the forum's page."""

    form_class: Any = None

    def prepare(self) -> None:
        self.forum = visible(self.request, self.kwargs["pk"])
        access.require(self.request.user, P.RECORD_FORUMS, project=self.forum.project, partner=self.forum.partner, place=self.forum.place)

    def form(self, *data: Any) -> Any:
        return self.form_class(*data)

    def go_to(self, result: Any) -> str:
        return reverse("forum", args=[self.forum.pk])

    def crumbs(self) -> Any:
        return [(_("Forums"), reverse("forums")), (self.forum.name, reverse("forum", args=[self.forum.pk])), (self.title, "")]


class ChangeForum(OnForum):
    title = _("Change a forum")
    button = _("Save the forum")

    def form(self, *data: Any) -> asked.ChangeForumForm:
        names = [*asked.ChangeForumForm.names, "institution", "community"]
        initial = django_forms.model_to_dict(self.forum, names)
        return asked.ChangeForumForm(*data, communities=asked.communities_of(self.request.user), initial=initial)

    def act(self, form: asked.ChangeForumForm) -> Forum:
        return forums.change_forum(self.forum, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class SeatForum(OnForum):
    template_name = "communities/seats.html"
    title = _("Record who sits")
    button = _("Record the seats")
    done = _("The seats are recorded; earlier ones are kept.")
    form_class = asked.SeatsForm

    def act(self, form: asked.SeatsForm) -> Sitting:
        got = form.cleaned_data
        return forums.seat(
            self.forum, since=got["since"], seats=got["seats"], note=got["note"], lines=form.lines(), by=self.request.user  # type: ignore[arg-type]
        )  # fmt: skip


class RecordSession(OnForum):
    title = _("Record a session")
    button = _("Record the session")
    done = _("The session is recorded; it stands under activities too.")
    form_class = asked.SessionForm

    def act(self, form: asked.SessionForm) -> Any:
        return forums.meet(self.forum, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class RecordDecision(OnForum):
    title = _("Record a decision")
    button = _("Record the decision")
    form_class = asked.DecisionForm

    def act(self, form: asked.DecisionForm) -> Decision:
        return forums.decide(self.forum, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class RaiseConcern(OnForum):
    title = _("Record a concern")
    button = _("Record the concern")
    form_class = asked.ConcernForm

    def act(self, form: asked.ConcernForm) -> Concern:
        return forums.raise_concern(self.forum, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class RecordAgreement(OnForum):
    title = _("Record an agreement")
    button = _("Record the agreement")
    done = _("The agreement is recorded. Record what was promised in it.")
    form_class = asked.AgreementForm

    def act(self, form: asked.AgreementForm) -> LocalAgreement:
        got = dict(form.cleaned_data)
        further = got.pop("also_in")
        row = self.forum
        return forums.agree(
            forum=row, project=row.project, partner=row.partner, place=row.place, community=row.community,
            also_in=[further] if further else [], by=self.request.user, **got,  # type: ignore[arg-type]
        )  # fmt: skip

    def go_to(self, result: LocalAgreement) -> str:
        return reverse("agreement", args=[result.pk])


class PromiseInForum(OnForum):
    title = _("Record a commitment")
    button = _("Record the commitment")
    form_class = asked.CommitmentForm

    def act(self, form: asked.CommitmentForm) -> Commitment:
        return commitments.promise(forum=self.forum, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class PromiseInAgreement(FormPage):
    title = _("Record a commitment")
    button = _("Record the commitment")

    def prepare(self) -> None:
        rows = LocalAgreement.objects.visible_to(self.request.user).select_related("project", "partner", "place", "forum", "community")
        self.agreement: LocalAgreement = get_object_or_404(rows, pk=self.kwargs["pk"])
        row = self.agreement
        access.require(self.request.user, P.RECORD_FORUMS, project=row.project, partner=row.partner, place=row.place)

    def form(self, *data: Any) -> asked.CommitmentForm:
        return asked.CommitmentForm(*data)

    def act(self, form: asked.CommitmentForm) -> Commitment:
        return commitments.promise(agreement=self.agreement, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def go_to(self, result: Commitment) -> str:
        return reverse("agreement", args=[self.agreement.pk])

    def crumbs(self) -> Any:
        return [(_("Forums"), reverse("forums")), (self.agreement.title, reverse("agreement", args=[self.agreement.pk])), (self.title, "")]


class _OnPart(OnForum):
    """A form about a decision or a concern of a forum."""

    model: Any = None

    def prepare(self) -> None:
        rows = self.model.objects.visible_to(self.request.user)
        self.row = get_object_or_404(rows.select_related("forum__project__program", "forum__partner", "forum__place"), pk=self.kwargs["pk"])
        self.forum = self.row.forum
        row = self.forum
        access.require(self.request.user, P.RECORD_FORUMS, project=row.project, partner=row.partner, place=row.place)

    def context(self, form: Any) -> dict[str, Any]:
        return {"lead": self.row.text}


class ActOnDecision(_OnPart):
    title = _("Say that a decision was acted on")
    button = _("Record it")
    model = Decision
    form_class = asked.ActedOnForm

    def act(self, form: asked.ActedOnForm) -> Decision:
        return forums.act_on(self.row, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class AssignConcern(_OnPart):
    title = _("Say who takes a concern on")
    button = _("Assign the concern")
    model = Concern
    form_class = asked.AssignForm

    def act(self, form: asked.AssignForm) -> Concern:
        return forums.assign(self.row, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


class ResolveConcern(_OnPart):
    title = _("Say how a concern was resolved")
    button = _("Record that it is resolved")
    model = Concern
    form_class = asked.ResolveForm

    def act(self, form: asked.ResolveForm) -> Concern:
        return forums.resolve(self.row, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]


def visible(request: HttpRequest, pk: int) -> Forum:
    rows = Forum.objects.visible_to(request.user).select_related("project__program", "partner", "place", "community", "institution")
    row: Forum = get_object_or_404(rows, pk=pk)
    return row
