"""The case, its steps and what stands around it. A stranger's case answers like one that does not exist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from programs import access
from programs.models import Project, ProjectPartner
from programs.scope import scope
from programs.views.acts import FormPage, chosen, press
from reintegration import casefile, casework, consents, danger, intake, opening, pathways, profile, stages
from reintegration.models import Case, IntakeDraft, Profile, State
from reintegration.views import case_forms as f
from reintegration.views.casework import said_before_decision, tabs

S = State


def find(request: HttpRequest, code: str) -> Case:
    """The case that this reader may open: else 404, the same for a stranger's case as for none."""
    rows = opening.readable(request.user).select_related("project", "partner", "place", "caseworker", "notice")
    return get_object_or_404(rows, code=written(code))


def written(code: str) -> str:
    """A code as it stands in the table, however it was typed."""
    return code.replace("-", "").upper()


class CasePage(FormPage):
    """A form about one case; nothing of it is kept by a browser or a proxy."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = said_before_decision(super().dispatch, request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    def prepare(self) -> None:
        self.case = find(self.request, self.kwargs["code"])
        if not opening.may_work(self.case, self.request.user):
            raise access.NotAllowed(_("Whoever opened the case for a purpose only reads it."))

    def go_to(self, result: Any) -> str:
        return reverse("case", args=[self.case.code])

    def crumbs(self) -> Any:
        return [(_("People"), cases_url()), (str(self.case), reverse("case", args=[self.case.code])), (self.title, "")]


@login_required
def case(request: HttpRequest, code: str) -> HttpResponse:
    """The file itself. Each showing leaves one event; whoever oversees cases says first what for."""
    related = ("project", "partner", "place", "caseworker", "notice", "profile", "proposal__by")
    row = opening.readable(request.user).select_related(*related).filter(code=written(code)).first()
    if row is None:
        return _closed(request, code)
    file = casefile.CaseFile(row, today=timezone.localdate())
    works, supervises = opening.may_work(row, request.user), opening.may_supervise(row, request.user)
    proposal = getattr(row, "proposal", None)
    shown = {
        "case": row, "file": file, "today": file.today, "proposal": proposal, "works": works, "supervises": supervises,
        "is_own_proposal": proposal is not None and proposal.by_id == request.user.pk,
        "acts": [one for one in ACTS.values() if works and one.fits(row, supervises)], "is_open": casework.is_open(row),
        "writes": works and row.is_admitted, "help": danger.whom_to_turn_to(row),
        "takes_consent": works and row.is_admitted, "profile": profile.told(getattr(row, "profile", None)),
        "crumbs": [(_("People"), cases_url()), (str(row), "")], "tabs": tabs(row, "case"),
        "factors": profile.factors_of(getattr(row, "profile", None)) if row.pathway == "prevention" else [],
    }  # fmt: skip
    opening.opened(row, by=request.user)
    response = render(request, "reintegration/case.html", shown)
    add_never_cache_headers(response)
    return response


class ChildCheck(FormPage):
    """Before any row. Where there is doubt the answer is a refusal with whom to call, and nothing is kept."""

    template_name = "reintegration/child_check.html"
    title = _("Open a case")
    button = _("Begin the intake")
    done = _("The intake is begun. You can leave it and come back.")

    def prepare(self) -> None:
        self.pairs = working_pairs(self.request.user)
        asked = self.request.POST.get("for") or self.request.GET.get("for") or ""
        self.project, self.partner = chosen(self.pairs, asked)

    def form(self, *data: Any) -> f.ChildCheckForm:
        return f.ChildCheckForm(*data[:1], pathways_offered=pathways.offered(self.project.program))

    def act(self, form: f.ChildCheckForm) -> IntakeDraft:
        given = dict(form.cleaned_data)
        return intake.begin(
            project=self.project, partner=self.partner, adult_beyond_doubt=given.pop("adult") == "yes", by=self.request.user, **given
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Doubt is answered before anything else is asked, also where the rest of the form is not filled."""
        self.prepare()
        doubtful = request.POST.get("adult") == "no" or request.POST.get("age_band") == "under"
        try:
            if doubtful:
                raise intake.MayBeChild()
            form = self.form(request.POST)
            is_whole, given = form.is_valid(), form.cleaned_data
            birth_year, age_band = given.get("birth_year"), given.get("age_band") or None
            if is_whole or birth_year or age_band:
                intake.child_check(
                    adult_beyond_doubt=given.get("adult") == "yes" or not is_whole, birth_year=birth_year, age_band=age_band,
                    on=timezone.localdate(),
                )  # fmt: skip
        except intake.MayBeChild as refusal:
            shown = {
                "refusal": str(refusal), "contacts": intake.protection_contacts(self.project), "project": self.project, "partner": self.partner,
                "crumbs": self.crumbs(),
            }  # fmt: skip
            return render(request, "reintegration/may_be_child.html", shown, status=409)
        return super().post(request, **kwargs)

    def go_to(self, result: IntakeDraft) -> str:
        return reverse("case_intake", args=[result.pk])

    def crumbs(self) -> Any:
        return [(_("People"), cases_url()), (self.title, "")]

    def context(self, form: Any) -> dict[str, Any]:
        drafts = IntakeDraft.objects.visible_to(self.request.user).select_related("project", "partner")
        return {"project": self.project, "partner": self.partner, "pairs": self.pairs, "drafts": drafts}


class Intake(FormPage):
    """The guided intake: left and resumed on the server, encrypted."""

    template_name = "reintegration/intake.html"
    title = _("Intake")
    button = _("Open the case")
    done = _("The case is open. Give the person the code.")

    def prepare(self) -> None:
        drafts = IntakeDraft.objects.visible_to(self.request.user).select_related("project__program", "partner", "notice")
        self.draft = get_object_or_404(drafts, pk=self.kwargs["pk"])

    def form(self, *data: Any) -> f.IntakeForm:
        return f.IntakeForm(*data[:1], draft=self.draft, initial=self.draft.answers)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if "later" not in request.POST and "drop" not in request.POST:
            return super().post(request, **kwargs)
        self.prepare()
        if "drop" in request.POST:
            return press(
                request, lambda: intake.drop(self.draft, by=request.user), done=_("The intake is erased."), then=reverse("child_check")
            )
        names = self.form().fields
        answers = {name: request.POST[name][:200] for name in names if request.POST.get(name)}
        return press(
            request, lambda: intake.keep(self.draft, answers=answers, by=request.user), done=_("Kept. Go on when you like."),
            then=reverse("child_check"),
        )  # fmt: skip

    def act(self, form: f.IntakeForm) -> Case:
        given = form.cleaned_data
        return intake.finish(
            self.draft, place=given["place"], source=given["source"], sex=given["sex"], safe_contact=form.rule(), by=self.request.user
        )

    def go_to(self, result: Case) -> str:
        return reverse("case", args=[result.code])

    def crumbs(self) -> Any:
        return [(_("People"), cases_url()), (_("Open a case"), reverse("child_check")), (self.title, "")]

    def context(self, form: Any) -> dict[str, Any]:
        return {"draft": self.draft}


@dataclass(frozen=True)
class Act:
    """One thing that is done with a case: its page, and when it is offered."""

    key: str
    title: str | Promise
    button: str | Promise
    form: Callable[[Case, tuple[Any, ...]], forms.Form]
    do: Callable[[Case, Any, Any], Any]
    fits: Callable[[Case, bool], bool]
    lead: str | Promise = ""


def _step(case: Case, data: tuple[Any, ...]) -> forms.Form:
    to = pathways.next_step(case)
    if to is None:
        raise Http404
    return f.StepForm(*data, case=case, to=to)


def _in_progress(case: Case) -> bool:
    return case.state not in pathways.FINAL


def _before_decision(case: Case) -> bool:
    return pathways.next_step(case) in pathways.DECIDED and case.pathway != "prevention"


ACTS: dict[str, Act] = {
    one.key: one
    for one in (
        Act("step", _("Next step"), _("Record the step"), _step,
            lambda case, form, by: stages.advance(case, to=pathways.next_step(case) or "", on=form.cleaned_data["on"], by=by, facts=form.facts()),
            lambda case, supervises: pathways.next_step(case) is not None),
        Act("defer", _("Defer"), _("Record that it is deferred"), lambda case, data: f.StepForm(*data, case=case, to=S.DEFERRED),
            lambda case, form, by: stages.defer(case, on=form.cleaned_data["on"], by=by, facts=form.facts()),
            lambda case, supervises: _before_decision(case)),
        Act("refuse", _("Not eligible"), _("Record the decision"), lambda case, data: f.StepForm(*data, case=case, to=S.INELIGIBLE),
            lambda case, form, by: stages.refuse(case, on=form.cleaned_data["on"], by=by, facts=form.facts()),
            lambda case, supervises: _before_decision(case)),
        Act("resume", _("Go on"), _("Go on with the case"), lambda case, data: f.ReasonForm(*data),
            lambda case, form, by: stages.resume(case, by=by, **form.cleaned_data),
            lambda case, supervises: case.state == S.DEFERRED),
        Act("appeal", _("Appeal granted"), _("Record the appeal"), lambda case, data: f.AppealForm(*data),
            lambda case, form, by: stages.appeal(case, by=by, **form.cleaned_data),
            lambda case, supervises: case.state == S.INELIGIBLE),
        Act("back", _("Go back a step"), _("Go back"), lambda case, data: f.BackForm(*data, case=case),
            lambda case, form, by: stages.back(case, by=by, **form.cleaned_data),
            lambda case, supervises: case.state in pathways.steps_of(case)[1:],
            _("Behind the decision nothing more is written down, and open referrals end.")),
        Act("ask-to-close", _("Ask to close"), _("Ask the supervisor"), lambda case, data: f.CloseForm(*data),
            lambda case, form, by: stages.ask_to_close(case, by=by, **form.cleaned_data),
            lambda case, supervises: _in_progress(case) and not supervises, _("A supervisor who is not the caseworker approves it.")),
        Act("close", _("Close the case"), _("Close the case"), lambda case, data: f.CloseForm(*data),
            lambda case, form, by: stages.close(case, by=by, **form.cleaned_data),
            lambda case, supervises: _in_progress(case) and supervises),
        Act("reopen", _("Reopen"), _("Reopen the case"), lambda case, data: f.ReasonForm(*data),
            lambda case, form, by: stages.reopen(case, by=by, **form.cleaned_data),
            lambda case, supervises: case.state == S.CLOSED and supervises, _("By a supervisor who is not the one that closed it.")),
        Act("ask-to-reopen", _("Ask to reopen"), _("Ask the supervisor"), lambda case, data: f.ReasonForm(*data),
            lambda case, form, by: stages.ask_to_reopen(case, by=by, **form.cleaned_data),
            lambda case, supervises: case.state == S.CLOSED and not supervises, _("A supervisor who is not the caseworker approves it.")),
        Act("revoke", _("Revoked by the authority"), _("Record the revocation"), lambda case, data: f.RevokeForm(*data),
            lambda case, form, by: stages.revoke(case, by=by, **form.cleaned_data),
            lambda case, supervises: supervises and casework.is_open(case) and case.state != S.ELIGIBLE and case.pathway != "prevention",
            _("Only the national authority decides this. There is no way back.")),
        Act("consent", _("Record consent"), _("Record the answer"), lambda case, data: f.ConsentForm(*data, case=case),
            lambda case, form, by: consents.record(case, by=by, **form.cleaned_data),
            lambda case, supervises: case.is_admitted),
        Act("withdraw", _("Withdraw consent"), _("Withdraw"), lambda case, data: f.WithdrawForm(*data),
            lambda case, form, by: consents.withdraw(case, by=by, **form.cleaned_data),
            lambda case, supervises: case.consents.filter(withdrawn_at__isnull=True).exists(),
            _("Sharing stops at once: open referrals end, the receivers are asked to delete, and nobody is reminded any more.")),
        Act("safe-contact", _("How to reach the person safely"), _("Save the rule"),
            lambda case, data: f.SafeContactForm(*data, initial=_as_typed(case.safe_contact)),
            lambda case, form, by: intake.change_safe_contact(case, safe_contact=form.rule(), by=by), lambda case, supervises: True),
        Act("seal", _("May be a child"), _("Seal the case"), lambda case, data: f.SealForm(*data),
            lambda case, form, by: intake.seal_possible_child(case, by=by), lambda case, supervises: True,
            _("A second person erases the case within 24 hours; a receipt stays.")),
    )
}  # fmt: skip


class CaseAct(CasePage):
    """One act with its form; the table above says which."""

    done = _("Recorded.")

    def prepare(self) -> None:
        super().prepare()
        if self.kwargs["act"] not in ACTS:
            raise Http404
        self.one = ACTS[self.kwargs["act"]]
        if self.one.key == "consent":
            casework.require_admitted(self.case)
        step = pathways.next_step(self.case) if self.one.key == "step" else None
        self.title = f"{self.one.title}: {step.label}" if step else self.one.title  # type: ignore[misc]
        self.button = self.one.button  # type: ignore[misc]
        if self.request.method == "GET" and self.one.key == "safe-contact":
            opening.opened(self.case, by=self.request.user)

    def form(self, *data: Any) -> forms.Form:
        return self.one.form(self.case, data[:1])

    def act(self, form: Any) -> Any:
        return self.one.do(self.case, form, self.request.user)

    def go_to(self, result: Any) -> str:
        return reverse("sealed_cases") if self.one.key == "seal" else super().go_to(result)

    def context(self, form: Any) -> dict[str, Any]:
        return {"lead": self.one.lead}


class CaseProfile(CasePage):
    template_name = "reintegration/profile.html"
    title = _("Profile")
    button = _("Save the profile")

    def prepare(self) -> None:
        super().prepare()
        casework.require_open(self.case)
        self.kept = Profile.objects.filter(case=self.case).first()
        if self.request.method == "GET":
            opening.opened(self.case, by=self.request.user)

    def form(self, *data: Any) -> f.ProfileForm:
        known = {} if self.kept is None else {**self.kept.answers, **(self.kept.factors or {})}
        return f.ProfileForm(*data[:1], case=self.case, initial=known)

    def act(self, form: f.ProfileForm) -> Profile:
        row = profile.save(self.case, answers=form.answers(), factors=form.given_factors(), by=self.request.user)
        self.done = _said_of(row)  # type: ignore[misc]
        return row


class OpenForPurpose(FormPage):
    """Whoever oversees cases says what for; the case then stays open for some minutes."""

    title = _("Open this case")
    button = _("Open it")
    done = _("The case is open for a limited time. Its caseworker sees that you opened it.")

    def prepare(self) -> None:
        self.case = get_object_or_404(
            _overseen(self.request.user).select_related("project", "partner", "place"), code=written(self.kwargs["code"])
        )

    def form(self, *data: Any) -> f.PurposeForm:
        return f.PurposeForm(*data[:1])

    def act(self, form: f.PurposeForm) -> Any:
        return opening.open_for(self.case, purpose=form.cleaned_data["purpose"], by=self.request.user)

    def go_to(self, result: Any) -> str:
        return reverse("case", args=[self.case.code])

    def crumbs(self) -> Any:
        return [(_("People"), cases_url()), (self.title, "")]


@login_required
@require_POST
def confirm_step(request: HttpRequest, code: str) -> HttpResponse:
    row = find(request, code)
    return press(request, lambda: stages.confirm(row, by=request.user), done=_("Confirmed."), then=reverse("case", args=[row.code]))


@login_required
@require_POST
def take_back_step(request: HttpRequest, code: str) -> HttpResponse:
    row = find(request, code)
    return press(request, lambda: stages.take_back(row, by=request.user), done=_("Taken back."), then=reverse("case", args=[row.code]))


@login_required
def case_openings(request: HttpRequest, code: str) -> HttpResponse:
    row = find(request, code)
    shown = {
        "case": row, "openings": opening.openings(row, limit=200),
        "crumbs": [(_("People"), cases_url()), (str(row), reverse("case", args=[row.code])), (_("Who opened it"), "")],
    }  # fmt: skip
    response = render(request, "reintegration/openings.html", shown)
    add_never_cache_headers(response)
    return response


@login_required
def sealed_cases(request: HttpRequest) -> HttpResponse:
    """Sealed cases with their clock, and nothing else of them."""
    if not {Permission.WORK_CASES, Permission.SUPERVISE_CASES, Permission.OVERSEE_CASES} & access.words(request.user):
        raise Http404
    rows = Case.objects.sealed_in_scope(request.user).select_related("project", "partner", "sealed_by").order_by("erase_by")[:100]
    shown = {"rows": rows, "now": timezone.now(), "crumbs": [(_("People"), cases_url()), (_("Sealed cases"), "")]}
    response = render(request, "reintegration/sealed.html", shown)
    add_never_cache_headers(response)
    return response


@login_required
@require_POST
def erase_case(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = get_object_or_404(Case.objects.sealed_in_scope(request.user), pk=pk)
    done = _("The case is erased. A receipt and the events stay.")
    return press(request, lambda: intake.erase_sealed(row, by=request.user), done=done, then=reverse("sealed_cases"))


def cases_url() -> str:
    try:
        return reverse("cases")
    except NoReverseMatch:
        return ""


def working_pairs(user: Any) -> list[tuple[Project, Any]]:
    """Every project and partner that this person may open cases for; where the newest of their cases is comes first."""
    rows = (
        ProjectPartner.objects.filter(project__in=Project.objects.visible_to(user, Permission.WORK_CASES).running())
        .exclude(role=ProjectPartner.Role.FUNDING)
        .select_related("project__program", "organization")
        .order_by("project__code", "organization__name")
    )
    found = {(row.project_id, row.organization_id): (row.project, row.organization) for row in rows}
    if len(found) > 1:
        newest = Case.objects.filter(caseworker=user, sealed_at__isnull=True).order_by("-opened_on", "-pk")
        last = newest.values_list("project", "partner").first()
        found = {key: found[key] for key in sorted(found, key=lambda key: key != last)}
    return [pair for pair in found.values() if access.allows(user, Permission.WORK_CASES, project=pair[0], partner=pair[1])]


def _overseen(user: Any) -> Any:
    return Case.objects.filter(scope(user, Case.objects.all().scope_paths, Permission.OVERSEE_CASES), sealed_at__isnull=True)


def _closed(request: HttpRequest, code: str) -> HttpResponse:
    if Permission.OVERSEE_CASES in access.words(request.user) and _overseen(request.user).filter(code=written(code)).exists():
        return HttpResponseRedirect(reverse("open_for_purpose", args=[written(code)]))
    raise Http404


def _said_of(row: Profile) -> str:
    """What stands open in a profile that was saved: the step Profiled waits for it."""
    missing = profile.open_in(row)
    if not missing:
        return gettext("Saved. The profile is complete.")
    return gettext("Saved. Not answered yet, and needed before the profile is complete: %(questions)s.") % {"questions": ", ".join(missing)}


def _as_typed(kept: dict[str, Any]) -> dict[str, Any]:
    return {**kept, **{name: "yes" if kept.get(name) else "no" for name in ("may_call", "visit")}}
