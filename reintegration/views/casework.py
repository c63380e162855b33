"""What is done in a case, part by part: plan, what was received, referrals, contacts, follow-up, offers that fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.http import require_POST

from locations.models import PlaceTree
from programs.views.acts import SEE_OTHER, press
from reintegration import casework, concerns, contacts, danger, followup, offers, opening, planning, profile, referrals
from reintegration.models import Case, CaseContact, Goal, Opportunity, OverrideRequest, Plan, Profile, Referral, ServiceGiven

PARTS: dict[str, Any] = {
    "case_plan": _("Plan"), "case_received": _("Received"), "case_referrals": _("Referrals"), "case_contacts": _("Contacts"),
    "case_follow_ups": _("Follow-up"), "case_offers": _("Offers"),
}  # fmt: skip
MOST = 50


def case_of(request: HttpRequest, code: str) -> Case:
    """The case of the address, for who may open it; everybody else is told that there is none."""
    rows = opening.readable(request.user).select_related("project__program", "partner", "place", "caseworker")
    return get_object_or_404(rows, code=code.replace("-", "").upper())


def crumbs(case: Case, title: Any = "") -> list[tuple[Any, str]]:
    file = reverse("case", args=[case.code]) if title else ""
    return [(_("People"), reverse("cases")), (str(case), file), *([(title, "")] if title else [])]


def tabs(case: Case, current: str) -> list[dict[str, Any]]:
    """The whole file and its parts, on each of them."""
    pages = {"case": _("Whole file"), **PARTS}
    return [{"label": label, "url": reverse(name, args=[case.code]), "current": name == current} for name, label in pages.items()]


class CasePart(LoginRequiredMixin, View):
    """One part of a case; looking at it is an event. Every part shows how to reach the person safely."""

    name: ClassVar[str] = ""
    template: ClassVar[str] = ""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        self.case = case = case_of(request, code)
        opening.opened(case, by=request.user)
        self.may_work = opening.may_work(case, request.user)
        shown = {
            "case": case,
            "part": self.name,
            "title": PARTS[self.name],
            "tabs": tabs(case, self.name),
            "safe_rule": contacts.safe_rule(case),
            "may_work": self.may_work and case.is_admitted,  # every button of a part writes something down
            "works": self.may_work,
            "help": danger.whom_to_turn_to(case),
            "supervises": opening.may_supervise(case, request.user),
            "is_open": casework.is_open(case),
            "crumbs": crumbs(case),
            "today": timezone.localdate(),
            **self.context(),
        }
        return render(request, self.template, shown)

    def context(self) -> dict[str, Any]:
        raise NotImplementedError


class CasePlan(CasePart):
    name = "case_plan"
    template = "reintegration/case_plan.html"

    def context(self) -> dict[str, Any]:
        plans = list(Plan.objects.filter(case=self.case).select_related("written_by", "approved_by"))
        current = next((plan for plan in plans if plan.state == Plan.State.IN_FORCE), None)
        written = next((plan for plan in plans if plan.state in (Plan.State.DRAFT, Plan.State.PROPOSED)), None)
        shown = written if written is not None and self.request.GET.get("version") != "in-force" else current
        today = timezone.localdate()
        return {
            "current": current,
            "written": written,
            "shown": shown,
            "strands": planning.lines(shown, today=today, before=current if shown is written else None) if shown else [],
            "changes": planning.compare(current, written) if written and current and "compare" in self.request.GET else None,
            "versions": plans,
            "may_approve": written is not None
            and written.state == Plan.State.PROPOSED
            and written.written_by_id != self.request.user.pk
            and opening.may_supervise(self.case, self.request.user),
            "is_prevention": self.case.pathway == "prevention",
            "factors": _factors(self.case),
        }


class CaseReceived(CasePart):
    name = "case_received"
    template = "reintegration/case_received.html"

    def context(self) -> dict[str, Any]:
        return {
            "services": list(self.case.services.select_related("provider")[:MOST]),
            "items": list(self.case.items.all()[:MOST]),
            "participations": list(self.case.participations.select_related("activity__place")[:MOST]),
        }


class CaseReferrals(CasePart):
    name = "case_referrals"
    template = "reintegration/case_referrals.html"

    def context(self) -> dict[str, Any]:
        rows = list(Referral.objects.filter(case=self.case).select_related("to_organization", "consent"))
        asked = list(OverrideRequest.objects.filter(case=self.case, decision="").select_related("to_organization", "asked_by"))
        return {
            "referrals": rows,
            "unanswered": sum(row.state == "sent" and row.answer_due_on < timezone.localdate() for row in rows),
            "asked": asked,
            "may_decide": bool(asked) and opening.may_supervise(self.case, self.request.user),
        }


class CaseContacts(CasePart):
    name = "case_contacts"
    template = "reintegration/case_contacts.html"

    def context(self) -> dict[str, Any]:
        return {
            "contacts": list(self.case.contacts.select_related("recorded_by")[:MOST]),
            "concerns": concerns.read(self.case, by=self.request.user) if self.may_work else [],
        }


class CaseFollowUps(CasePart):
    name = "case_follow_ups"
    template = "reintegration/case_follow_ups.html"

    def context(self) -> dict[str, Any]:
        rows = list(self.case.follow_ups.select_related("outcome", "assessment").order_by("wave"))
        return {"follow_ups": rows, "rounds": followup.rounds(self.case), "has_baseline": any(row.wave == 0 for row in rows)}


class CaseOffers(CasePart):
    name = "case_offers"
    template = "reintegration/case_offers.html"

    def context(self) -> dict[str, Any]:
        if not self.case.is_admitted:
            return {"found": [], "has_profile": True}
        told = Profile.objects.filter(case=self.case).first()
        wishes = offers.wishes_of(self.case, told.answers if told is not None else {})
        today = timezone.localdate()
        rows = list(
            Opportunity.objects.filter(program=self.case.project.program_id)
            .exclude(status=Opportunity.Status.ENDED)
            .select_related("place")
            .prefetch_related("requirements")[:MOST]
        )
        near = set(PlaceTree.objects.filter(ancestor=self.case.place_id).values_list("descendant", flat=True))
        found = []
        for row in rows:
            asked = [one.fact for one in row.requirements.all()]
            reasons = offers.reasons(wishes, row, asked, is_near=row.place_id in near, today=today)
            found.append({"offer": row, "reasons": reasons, "suits": offers.suits(reasons)})
        return {"found": sorted(found, key=lambda one: offers.weight(one["reasons"])), "has_profile": told is not None}


def _factors(case: Case) -> list[tuple[Any, list[Any], str]]:
    return profile.factors_of(Profile.objects.filter(case=case).first()) if case.pathway == "prevention" else []


def said_before_decision(show: Callable[..., Any], request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
    """A page that writes into a case, or back to the case with the reason where nothing may be written into it."""
    try:
        return show(request, *args, **kwargs)
    except (casework.NotAdmitted, casework.CaseEnded) as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(reverse("case", args=[kwargs["code"]]), status=SEE_OTHER)


# Buttons


def _button(act: Callable[[Case, Any, str], Any], *, done: str | Promise, then: str) -> Callable[..., HttpResponse]:
    """A button in a case: does the act and goes back to the part it stands in."""

    @login_required
    @require_POST
    def pressed(request: HttpRequest, code: str, pk: str = "") -> HttpResponse:
        case = case_of(request, code)
        return press(request, lambda: act(case, request.user, pk), done=done, then=reverse(then, args=[case.code]))

    return pressed


def plan_in(case: Case, pk: Any) -> Plan:
    return get_object_or_404(Plan.objects.select_related("case__project", "case__partner", "case__place"), case=case, pk=pk)


def goal_in(case: Case, pk: Any) -> Goal:
    return get_object_or_404(
        Goal.objects.select_related("plan__case__project", "plan__case__partner", "plan__case__place"), plan__case=case, pk=pk
    )


def referral_in(case: Case, pk: Any) -> Referral:
    rows = Referral.objects.select_related("case__project", "case__partner", "case__place", "to_organization")
    return get_object_or_404(rows, case=case, pk=pk)


def _override_in(case: Case, pk: Any) -> OverrideRequest:
    rows = OverrideRequest.objects.select_related("case__project", "case__partner", "case__place", "to_organization", "asked_by")
    return get_object_or_404(rows, case=case, pk=pk)


def _contact_in(case: Case, pk: Any) -> CaseContact:
    return get_object_or_404(CaseContact.objects.select_related("case__project", "case__partner", "case__place"), case=case, pk=pk)


def service_in(case: Case, pk: Any) -> ServiceGiven:
    return get_object_or_404(ServiceGiven.objects.select_related("case__project", "case__partner", "case__place"), case=case, pk=pk)


start_plan = _button(lambda case, by, pk: planning.start(case, by=by), done=_("A new version is begun."), then="case_plan")
approve_plan = _button(
    lambda case, by, pk: planning.approve(plan_in(case, pk), by=by), done=_("The plan is approved and in force."), then="case_plan"
)
drop_plan = _button(lambda case, by, pk: planning.drop(plan_in(case, pk), by=by), done=_("The draft is dropped."), then="case_plan")
remove_goal = _button(
    lambda case, by, pk: planning.remove_goal(goal_in(case, pk), by=by), done=_("The goal is taken out."), then="case_plan"
)
remind_referral = _button(
    lambda case, by, pk: referrals.remind(referral_in(case, pk), by=by), done=_("The receiver is reminded."), then="case_referrals"
)
withdraw_referral = _button(
    lambda case, by, pk: referrals.withdraw(referral_in(case, pk), by=by),
    done=_("Withdrawn. The receiver sees it no longer and is asked to delete."), then="case_referrals",
)  # fmt: skip
grant_override = _button(
    lambda case, by, pk: referrals.decide_override(_override_in(case, pk), grant=True, by=by),
    done=_("The referral is sent for a vital interest."), then="case_referrals",
)  # fmt: skip
refuse_override = _button(
    lambda case, by, pk: referrals.decide_override(_override_in(case, pk), grant=False, by=by),
    done=_("Nothing is sent without consent."), then="case_referrals",
)  # fmt: skip
settle_contact = _button(
    lambda case, by, pk: contacts.settle(_contact_in(case, pk), by=by), done=_("The next step is done."), then="case_contacts"
)
start_baseline = _button(lambda case, by, pk: followup.baseline(case, by=by), done=_("The baseline is open."), then="case_follow_ups")


# What a referral's receiver sees


@login_required
def received(request: HttpRequest) -> HttpResponse:
    """Open referrals to one's own organization: code, service, urgency and whom to call; nothing else of the case."""
    rows = list(referrals.receiving(request.user).select_related("case").order_by("answer_due_on", "sent_at")[:MOST])
    return render(request, "reintegration/received_referrals.html", {"referrals": rows, "today": timezone.localdate()})


@login_required
def received_referral(request: HttpRequest, pk: Any) -> HttpResponse:
    row = received_one(request, pk)
    package = referrals.open_package(row, by=request.user)
    shown = {
        "referral": row, "package": package,
        "crumbs": [(_("Referrals received"), reverse("referrals_received")), (package.code, "")],
    }  # fmt: skip
    return render(request, "reintegration/received_referral.html", shown)


@login_required
@require_POST
def accept_referral(request: HttpRequest, pk: Any) -> HttpResponse:
    row = received_one(request, pk)
    return press(request, lambda: referrals.accept(row, by=request.user), done=_("Accepted."), then=reverse("received_referral", args=[pk]))


def received_one(request: HttpRequest, pk: Any) -> Referral:
    return get_object_or_404(referrals.receiving(request.user).select_related("case", "to_organization"), pk=pk)
