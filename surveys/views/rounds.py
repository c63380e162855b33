"""Survey rounds: the list, planning one, its results, and two rounds compared."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.models import Organization
from accounts.roles import Permission
from plumbing.addresses import number_in
from plumbing.lists import Column, Listing, ListPage
from plumbing.refusals import Refused
from programs import access
from programs.forms import Day
from programs.models import Project, ProjectPartner
from programs.views.acts import FormPage, press
from surveys import results, rounds
from surveys.forms import ChangeForm, PlanForm
from surveys.models import Instrument, SurveyResponse, SurveyRound
from surveys.rounds import CHANGEABLE

RELATED = ("version__instrument", "project", "partner", "place", "organization")


SCORING = [(True, _("official")), (False, _("adaptation"))]


class RoundFilter(django_filters.FilterSet):
    instrument = django_filters.ModelChoiceFilter(
        label=_("Instrument"), field_name="version__instrument", queryset=Instrument.objects.exclude(subject="person")
    )
    project = django_filters.ModelChoiceFilter(label=_("Project"), queryset=lambda request: Project.objects.visible_to(request.user))
    subject = django_filters.ChoiceFilter(label=_("Asked about"), choices=SurveyRound.Subject.choices)
    status = django_filters.ChoiceFilter(label=_("Status"), choices=SurveyRound.Status.choices)
    place = django_filters.CharFilter(label=_("Place"), method="in_place")
    since = django_filters.DateFilter(label=_("From"), field_name="held_on", lookup_expr="gte", widget=Day())
    until = django_filters.DateFilter(label=_("Until"), field_name="held_on", lookup_expr="lte", widget=Day())

    class Meta:
        model = SurveyRound
        fields: list[str] = []

    def in_place(self, rows: Any, name: str, value: str) -> Any:
        """A code takes everything below it; a word, places called like it."""
        text = value.strip()
        below = rows.filter(place__above__ancestor__code=text.upper())
        return (below | rows.filter(place__name__icontains=text)).distinct()


class RoundList(ListPage):
    model = SurveyRound
    filterset_class = RoundFilter
    template_name = "surveys/rounds.html"
    ordering = "-date"
    related = RELATED
    columns = (
        Column("date", _("Date"), order=["held_on"], export="held_on"),
        Column("instrument", _("Instrument"), order=["version__instrument__name", "held_on"], export="version__instrument__name"),
        Column("version", _("Version"), export="version__version", hidden=True),
        Column("official", _("Scoring"), export="version__is_official_scoring", words=SCORING, hidden=True),
        Column("stage", _("Round"), order=["stage", "number"], export="stage", words=SurveyRound.Stage.choices),
        Column("number", _("Number of the follow-up"), export="number", hidden=True),
        Column("place", _("Place"), order=["place__name", "held_on"], export="place__name"),
        Column("place_code", _("P-code"), export="place__code", hidden=True),
        Column("institution", _("Institution"), order=["organization__name", "held_on"], export="organization__name"),
        Column("assessor", _("Whose score"), export="assessor", words=SurveyRound.Assessor.choices, hidden=True),
        Column("project", _("Project"), order=["project__code"], export="project__code"),
        Column("partner", _("Carried out by"), export="partner__name", hidden=True),
        Column("method", _("Sampling method"), export="method", words=SurveyRound.Method.choices, hidden=True),
        Column("frame", _("Sampling frame"), export="frame", hidden=True),
        Column("deff", _("Design effect"), export="design_effect", hidden=True),
        Column("planned_n", _("Planned responses"), export="planned_n", hidden=True),
        Column("status", _("Status"), order=["status", "held_on"], export="status", words=SurveyRound.Status.choices),
    )

    def context(self, listing: Listing) -> dict[str, Any]:
        return {"may_record": Permission.RECORD_SURVEYS in access.words(self.request.user)}


class PlanRound(FormPage):
    title = _("Plan a survey round")
    button = _("Plan the round")
    done = _("The round is planned. Open it when entry begins.")

    def prepare(self) -> None:
        self.pairs = survey_pairs(self.request.user)
        if not self.pairs:
            raise access.NotAllowed(_("You may plan a survey round in none of your projects."))

    def form(self, *data: Any) -> PlanForm:
        asked = {name: self.request.GET[name] for name in ("version", "place", "stage", "subject") if name in self.request.GET}
        return PlanForm(*data, pairs=self.pairs, initial=asked)

    def act(self, form: PlanForm) -> SurveyRound:
        return rounds.plan(**form.given, by=self.request.user)

    def go_to(self, result: SurveyRound) -> str:
        return reverse("survey_round", args=[result.pk])

    def crumbs(self) -> Any:
        return [(_("Survey rounds"), reverse("survey_rounds")), (self.title, "")]

    def context(self, form: PlanForm) -> dict[str, Any]:
        return {"lead": _("No names are kept. A round compares only with rounds of the same version.")}


class ChangeRound(FormPage):
    title = _("Change a survey round")
    button = _("Save the round")
    done = _("The round is saved.")

    def prepare(self) -> None:
        self.round = visible_round(self.request, self.kwargs["pk"])
        rounds.require(self.round, self.request.user)

    def form(self, *data: Any) -> ChangeForm:
        return ChangeForm(*data, initial={name: getattr(self.round, name) for name in CHANGEABLE})

    def act(self, form: ChangeForm) -> SurveyRound:
        return rounds.change(self.round, by=self.request.user, **form.cleaned_data)

    def go_to(self, result: SurveyRound) -> str:
        return reverse("survey_round", args=[result.pk])

    def crumbs(self) -> Any:
        address = reverse("survey_round", args=[self.round.pk])
        return [(_("Survey rounds"), reverse("survey_rounds")), (self.round, address), (self.title, "")]


@login_required
def survey_round(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_round(request, pk)
    found = results.of(row, reader=request.user)
    may_record = rounds.may_record(row, request.user)
    responses = SurveyResponse.objects.filter(survey_round=row).order_by("-number")[:50] if may_record and row.status == "open" else []
    shown = {
        "round": row,
        "results": found,
        "lines": found.lines,
        "has_bands": any(line.bands for line in found.lines),
        "is_capacity": row.version.rule == "capacity",
        "response_rate": row.response_rate(found.n) if found.n is not None else None,
        "may_record": may_record,
        "responses": responses,
        "others": others(request, row),
        "crumbs": [(_("Survey rounds"), reverse("survey_rounds")), (row.place, "")],
    }
    return render(request, "surveys/round.html", shown)


@login_required
def compare_rounds(request: HttpRequest, pk: int) -> HttpResponse:
    """This round and another one, the earlier first."""
    row = visible_round(request, pk)
    other = visible_round(request, number_in(request.GET.get("with")) or 0)
    earlier, later = sorted((row, other), key=lambda one: (one.held_on, one.pk))
    compared = results.change(earlier, later, reader=request.user)
    shown = {
        "earlier": earlier,
        "later": later,
        "comparison": compared,
        "version": later.version,
        "crumbs": [
            (_("Survey rounds"), reverse("survey_rounds")),
            (row.place, reverse("survey_round", args=[row.pk])),
            (_("Comparison"), ""),
        ],
    }
    return render(request, "surveys/compare.html", shown)


@login_required
@require_POST
def act_on_round(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    row, user = visible_round(request, pk), request.user
    acts: dict[str, tuple[Any, Any]] = {
        "open": (rounds.open, _("Open: responses may be entered.")),
        "close": (rounds.close, _("Closed. A second person approves it.")),
        "approve": (rounds.approve, _("Approved: the answers stand.")),
    }
    do, done = acts.get(act, (_no_such_act, ""))
    return press(request, lambda: do(row, by=user), done=done, then=reverse("survey_round", args=[pk]))


def survey_pairs(user: Any) -> list[tuple[Project, Organization]]:
    """Every project with whoever may carry out a survey for it: its partners, and the agency for whoever is not bound to a partner."""
    projects = Project.objects.visible_to(user, Permission.RECORD_SURVEYS).running().order_by("code")
    held = [one for one in access.held(user) if Permission.RECORD_SURVEYS in one.words]
    rows = (
        ProjectPartner.objects.filter(project__in=projects)
        .exclude(role=ProjectPartner.Role.FUNDING)
        .select_related("project", "organization")
        .order_by("project__code", "organization__name")
    )
    found = {(row.project_id, row.organization_id): (row.project, row.organization) for row in rows}
    if any("partner" not in one.scope for one in held):
        agency = Organization.objects.filter(kind=Organization.Kind.AGENCY, parent__isnull=True).first()
        if agency is not None:
            found |= {(project.pk, agency.pk): (project, agency) for project in projects}
    return [
        (project, partner) for project, partner in found.values() if any(one.scope.get("partner") in (None, partner.pk) for one in held)
    ]


def others(request: HttpRequest, row: SurveyRound) -> list[SurveyRound]:
    """Rounds of the same instrument about the same thing, to compare with."""
    rows = SurveyRound.objects.visible_to(request.user).filter(version__instrument=row.version.instrument_id, assessor=row.assessor)
    same = rows.filter(organization=row.organization_id) if row.organization_id else rows.filter(place=row.place_id, subject=row.subject)
    return list(same.exclude(pk=row.pk).exclude(status="planned").select_related("version__instrument", "place").order_by("-held_on")[:12])


def visible_round(request: HttpRequest, pk: int) -> SurveyRound:
    rows = SurveyRound.objects.visible_to(request.user).select_related(*RELATED, "project__program", "closed_by", "approved_by")
    row: SurveyRound = get_object_or_404(rows, pk=pk)
    return row


def _no_such_act(row: SurveyRound, *, by: Any) -> None:
    raise Refused(_("There is no such act."))
