"""My work and caseload, handing cases over, and the supervisor's view of the team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views import View

from accounts import audit
from accounts.models import User
from accounts.roles import Permission
from locations.models import Place
from plumbing import narrowing
from plumbing.addresses import number_in
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.views.acts import FormPage
from reintegration import assignment, caseload, contacts, pathways
from reintegration.forms import HandOverCasesForm
from reintegration.models import Case, CaseContact, CaseQuerySet, Pathway, State

SIZE = 25
MOST = 500


def _places(request: Any) -> Any:
    return Place.objects.filter(pk__in=Case.objects.visible_to(request.user).order_by().values("place")).order_by("name")


class CaseFilter(django_filters.FilterSet):
    code = django_filters.CharFilter(label=_("Code"), method="with_code")
    pathway = django_filters.ChoiceFilter(label=_("Pathway"), choices=Pathway.choices)
    state = django_filters.ChoiceFilter(label=_("State"), choices=State.choices)
    place = django_filters.ModelChoiceFilter(label=_("County"), queryset=_places)
    flag = django_filters.ChoiceFilter(label=_("Flag"), method="with_flag", choices=list(caseload.FLAGS.items()))

    class Meta:
        model = Case
        fields: list[str] = []

    def with_code(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(code=value.strip().upper().replace("-", ""))

    def with_flag(self, rows: Any, name: str, value: str) -> Any:
        return caseload.flagged(rows, value, timezone.localdate())


class Caseload(ListPage):
    """The cases one works on or supervises. No name, no group, no label on a person; nothing of it leaves as a file."""

    model = Case
    filterset_class = CaseFilter
    template_name = "reintegration/caseload.html"
    follows_choice = False  # ``visible`` does, for the counts too
    related = ("place", "caseworker")
    size = SIZE
    columns = (
        Column("case", _("Case"), order=["code"]),
        Column("pathway", _("Pathway and state"), order=["pathway", "state"]),
        Column("person", _("Sex and age")),
        Column("county", _("County"), order=["place__name"]),
        Column("next", _("Next step and when"), order=["step_on", "code"]),
        Column("last", _("Last contact"), order=["last_contact_on", "code"]),
        Column("referrals", _("Open referrals")),
        Column("flag", _("Flag")),
    )

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.supervises = request.user.is_authenticated and Permission.SUPERVISE_CASES in access.words(request.user)
        # The next step of every case of a partner would be looked up to sort them: a supervisor's list begins by code.
        self.ordering = "case" if self.supervises else "next"  # type: ignore[misc]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not {Permission.WORK_CASES, Permission.SUPERVISE_CASES, Permission.OVERSEE_CASES} & access.words(request.user):
            raise Http404
        if "export" in request.GET:
            raise Http404
        return super().get(request, **kwargs)

    @cached_property
    def day(self) -> Any:
        return timezone.localdate()

    @cached_property
    def visible(self) -> CaseQuerySet:
        return narrowing.narrow(Case.objects.visible_to(self.request.user).defer("note"), self.request)

    def rows(self) -> CaseQuerySet:
        chosen = self.visible if self.request.GET.get("state") else self.visible.in_progress()
        return caseload.with_work(chosen, self.day)

    def context(self, listing: Listing) -> dict[str, Any]:
        silent, agreed = caseload.silent_days_and_agreed()
        for row in listing.rows:
            row.url = case_url(row)
            row.flags = flags_of(row, self.day, silent)
            row.step_words = CaseContact.NextStep(row.step).label if row.step else _("Next step")
        states = caseload.by_state(self.visible)
        largest = max(states.values(), default=1)
        audit.record(
            "cases.listed", by=self.request.user, rows=len(listing.rows), filters=sorted(k for k, v in self.request.GET.items() if v)
        )
        return {
            "today": self.day, "supervises": self.supervises, "groups": self._today(silent), "agreed": agreed,
            "states": [(state, State(state).label, number, round(100 * number / largest)) for state, number in _in_order(states)],
            "open": sum(number for state, number in states.items() if state not in (State.CLOSED, State.REVOKED)),
            "silent_days": silent, "may_open": Permission.WORK_CASES in access.words(self.request.user),
        }  # fmt: skip

    def _today(self, silent: int) -> list[tuple[Any, list[caseload.Due]]]:
        """A caseworker's own things; a supervisor's are what waits for a second person: steps, plans, referrals without consent."""
        if self.supervises:
            groups = caseload.today_list(self.visible, self.day, ("override", "confirm", "plan", "undecided"), silent=silent)
        else:
            groups = caseload.today_list(self.visible.filter(caseworker=self.request.user.pk), self.day, silent=silent)
        for _label, things in groups:
            for due in things:
                due.case.url = case_url(due.case)  # type: ignore[attr-defined]
                due.case.safe = contacts.safe_rule(due.case)  # type: ignore[attr-defined]
        return groups


class HandOverCases(FormPage):
    """Chosen cases (``?case=`` each) or all open ones of a caseworker (``?from=``) go to somebody else."""

    template_name = "reintegration/hand_over_cases.html"
    title = _("Hand cases over")
    done = _("The cases are handed over.")

    def prepare(self) -> None:
        user = self.request.user
        if Permission.SUPERVISE_CASES not in access.words(user):
            raise Http404
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        rows = Case.objects.visible_to(user, Permission.SUPERVISE_CASES).in_progress()
        chosen, whose = given.getlist("case"), given.get("from", "")
        if whose:
            rows = rows.filter(caseworker=number_in(whose))
        else:
            rows = rows.filter(pk__in=_uuids(chosen[:MOST]))
        self.whose, self.rows = whose, rows
        self.cases = list(rows.select_related("project", "partner", "place", "caseworker").defer("note", "safe_contact")[: MOST * 10])
        if not self.cases:
            raise Http404

    def form(self, *data: Any) -> HandOverCasesForm:
        people = [person for person in assignment.people_for(self.cases) if str(person.pk) != self.whose]
        return HandOverCasesForm(*data, people=User.objects.filter(pk__in=[person.pk for person in people]).order_by("name"))

    def act(self, form: HandOverCasesForm) -> Any:
        return assignment.hand_over(self.rows, by=self.request.user, **form.cleaned_data)

    def go_to(self, result: Any) -> str:
        return reverse("case_team") if self.whose else reverse("cases")

    def crumbs(self) -> Any:
        return [(_("People"), reverse("cases")), (self.title, "")]

    def context(self, form: Any) -> dict[str, Any]:
        number = len(self.cases)
        words = ngettext_lazy("Hand over %(count)s case", "Hand over %(count)s cases", number) % {"count": number}
        shown = [] if self.whose else self.cases[:SIZE]
        return {"button": words, "cases": shown, "number": number, "whose": self.whose, "chosen": [case.pk for case in self.cases]}


class Team(LoginRequiredMixin, View):
    """Load and quality per caseworker, for who supervises them."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if Permission.SUPERVISE_CASES not in access.words(request.user):
            raise Http404
        cases = narrowing.narrow(Case.objects.visible_to(request.user, Permission.SUPERVISE_CASES), request)
        rows = caseload.loads(cases)
        audit.record("cases.team_viewed", by=request.user, caseworkers=len(rows))
        total = {
            name: sum(getattr(row, name) for row in rows)
            for name in ("open", "late", "unanswered", "without_next", "silent", "undecided", "agreed")
        }
        silent, agreed = caseload.silent_days_and_agreed()
        shown = {
            "loads": rows, "total": total, "silent_days": silent, "agreed": agreed, "today": timezone.localdate(),
            "crumbs": [(_("People"), reverse("cases")), (_("Team"), "")],
        }  # fmt: skip
        return render(request, "reintegration/team.html", shown)


def flags_of(row: Any, today: Any, silent_days: int) -> list[tuple[str, Any, str, str]]:
    """Tone, word, icon and a note for each flag on a row: about our work, never about the person."""
    if not row.is_admitted:
        waits = (today - row.state_since).days
        late = waits > silent_days and row.state not in (State.CLOSED, State.REVOKED)
        return [("wait", _("Waits for a decision"), "hourglass-split", _("%(days)s days") % {"days": waits})] if late else []
    found: list[tuple[str, Any, str, str]] = []
    due = min((day for day in (row.step_on, row.wave_on) if day is not None), default=None)
    if due is not None and due < today:
        found.append(("stop", _("Late"), "hourglass-split", _("%(days)s days") % {"days": (today - due).days}))
    if due is None:
        found.append(("wait", _("No next step"), "exclamation-triangle", ""))
    if row.plan_waits_since is not None:
        found.append(("info", _("Needs supervisor"), "person-check", _("plan waits for approval")))
    since = row.last_contact_on or (row.state_since if row.state in pathways.DECIDED else row.opened_on)
    if (today - since).days > silent_days and row.state != State.COMPLETED:
        found.append(("wait", _("Silent"), "clock", _("%(days)s days") % {"days": (today - since).days}))
    return found


def case_url(case: Case) -> str:
    try:
        return reverse("case", args=[case.code])
    except NoReverseMatch:
        return ""


def _in_order(states: dict[str, int]) -> list[tuple[str, int]]:
    return [(state, states[state]) for state in State.values if states.get(state)]


def _uuids(texts: list[str]) -> list[Any]:
    try:
        return [UUID(text) for text in texts]
    except ValueError as wrong:
        raise BadRequest from wrong
