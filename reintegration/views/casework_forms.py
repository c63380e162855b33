"""Forms inside a case, each one act. The safe-contact rule stands beside every form that leads to a contact."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import models
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization
from programs.forms import Day, fields_of
from programs.models import ActivityRecord
from programs.views.acts import FormPage
from reintegration import casework, concerns, contacts, followup, giving, opening, planning, referrals
from reintegration.models import (
    CaseContact,
    FollowUp,
    FollowUpOutcome,
    Goal,
    ItemHandedOver,
    Livelihood,
    Profile,
    Referral,
    ServiceGiven,
    SharingAgreement,
)
from reintegration.views.casework import case_of, crumbs, goal_in, plan_in, received_one, referral_in, said_before_decision, service_in
from surveys import scoring

RECENT = 50


def words(label: Any, *, required: bool = False, help_text: Any = "", rows: int = 3) -> forms.CharField:
    return forms.CharField(
        label=label, required=required, help_text=help_text, max_length=4000, widget=forms.Textarea(attrs={"rows": rows})
    )


class OnCase(FormPage):
    """A form in a case. Opening it is a look into the file. None of them is there before the decision."""

    template_name = "reintegration/case_form.html"
    part: ClassVar[str] = "case_plan"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return said_before_decision(super().dispatch, request, *args, **kwargs)  # type: ignore[no-any-return]

    def prepare(self) -> None:
        self.case = case_of(self.request, self.kwargs["code"])
        self.find()
        if opening.may_work(self.case, self.request.user):
            casework.require_admitted(self.case)
        if self.request.method == "GET":
            opening.opened(self.case, by=self.request.user)

    def find(self) -> None:
        """Fetch what else the address names."""

    def form(self, *data: Any) -> forms.Form:
        form = forms.Form(*data, initial=self.initial())
        form.fields.update(self.fields())
        return form

    def fields(self) -> dict[str, forms.Field]:
        raise NotImplementedError

    def initial(self) -> dict[str, Any]:
        return {}

    def go_to(self, result: Any) -> str:
        return reverse(self.part, args=[self.case.code])

    def crumbs(self) -> Any:
        return crumbs(self.case, self.title)

    def context(self, form: Any) -> dict[str, Any]:
        return {"case": self.case, "safe_rule": contacts.safe_rule(self.case)}


# Plan


class WriteGoal(OnCase):
    title = _("Write a goal")
    button = _("Keep the goal")
    done = _("The goal stands in the draft.")
    goal: Goal | None = None

    def find(self) -> None:
        self.plan = plan_in(self.case, self.kwargs["pk"])

    def fields(self) -> dict[str, forms.Field]:
        found = fields_of(Goal, "strand", "target", "unit", "due_on")
        return {
            "strand": found["strand"],
            "title": forms.CharField(label=_("Goal"), max_length=200),
            "roles": words(_("Who does what"), required=True, help_text=_("One line each: who, a colon, what. The person first.")),
            "target": found["target"],
            "unit": found["unit"],
            "due_on": found["due_on"],
        }

    def initial(self) -> dict[str, Any]:
        goal = self.goal
        if goal is None:
            return {}
        lines = "\n".join(f"{who}: {what}" for who, what in goal.roles)
        return {
            "strand": goal.strand, "title": goal.title, "roles": lines, "target": goal.target, "unit": goal.unit, "due_on": goal.due_on,
        }  # fmt: skip

    def act(self, form: forms.Form) -> Goal:
        given = form.cleaned_data
        pairs = [line.partition(":") for line in given.pop("roles").splitlines() if line.strip()]
        roles = [(who if mark else "", what if mark else who) for who, mark, what in pairs]
        return planning.set_goal(self.plan, by=self.request.user, roles=roles, goal=self.goal, **given)


class ChangeGoal(WriteGoal):
    title = _("Change a goal")

    def find(self) -> None:
        self.goal = goal_in(self.case, self.kwargs["pk"])
        self.plan = self.goal.plan


class ProposePlan(OnCase):
    title = _("Ask for approval")
    button = _("Ask the supervisor")
    done = _("The supervisor is asked. The version in force stays until then.")

    def find(self) -> None:
        self.plan = plan_in(self.case, self.kwargs["pk"])

    def fields(self) -> dict[str, forms.Field]:
        return {"agreed_on": forms.DateField(label=_("Agreed with the person on"), widget=Day())}

    def initial(self) -> dict[str, Any]:
        return {"agreed_on": timezone.localdate()}

    def act(self, form: forms.Form) -> Any:
        return planning.propose(self.plan, by=self.request.user, **form.cleaned_data)


class SendPlanBack(ProposePlan):
    title = _("Send the plan back")
    button = _("Send it back")
    done = _("The plan is with its writer again.")

    def fields(self) -> dict[str, forms.Field]:
        return {"note": words(_("What is to be changed"), required=True)}

    def act(self, form: forms.Form) -> Any:
        return planning.send_back(self.plan, by=self.request.user, **form.cleaned_data)


class NoteProgress(OnCase):
    title = _("Note progress")
    button = _("Note it")
    done = _("The progress is noted.")

    def find(self) -> None:
        self.goal = goal_in(self.case, self.kwargs["pk"])

    def fields(self) -> dict[str, forms.Field]:
        label = _("Reached so far (%(unit)s)") % {"unit": self.goal.unit} if self.goal.unit else _("Reached so far")
        return {
            "noted_on": forms.DateField(label=_("Date"), widget=Day()),
            "value": forms.DecimalField(label=label, required=False, max_digits=17, decimal_places=6),
            "note": words(_("Note"), help_text=_("No name, no exact place.")),
            "state": forms.ChoiceField(label=_("State"), choices=Goal.State.choices),
        }

    def initial(self) -> dict[str, Any]:
        return {"noted_on": timezone.localdate(), "state": self.goal.state}

    def act(self, form: forms.Form) -> Any:
        return planning.note_progress(self.goal, by=self.request.user, **form.cleaned_data)

    def context(self, form: Any) -> dict[str, Any]:
        return {**super().context(form), "lead": self.goal.title}


class SetFactors(OnCase):
    title = _("Push, pull and protective factors")
    button = _("Keep them")
    done = _("The factors are kept.")

    def fields(self) -> dict[str, forms.Field]:
        return {
            "push": words(_("What pushes towards a group")),
            "pull": words(_("What draws towards a group")),
            "protective": words(_("What protects"), help_text=_("Words for the plan. They are never added up to a score.")),
        }

    def initial(self) -> dict[str, Any]:
        kept = Profile.objects.filter(case=self.case).first()
        return ((kept.factors or {}).get("words") or {}) if kept is not None else {}

    def act(self, form: forms.Form) -> Any:
        return concerns.set_factors(self.case, by=self.request.user, **form.cleaned_data)


# What was received


class _WithGoal(OnCase):
    part = "case_received"

    def goals(self) -> forms.Field:
        self.listed = {str(goal.pk): goal for goal in giving.goals_of(self.case)}
        options = [("", "–"), *((key, goal.title) for key, goal in self.listed.items())]
        return forms.ChoiceField(label=_("For the goal"), choices=options, required=False)

    def given(self, form: forms.Form) -> dict[str, Any]:
        found = dict(form.cleaned_data)
        return found | {"goal": self.listed.get(found["goal"])}


class GiveService(_WithGoal):
    title = _("Record a service")
    button = _("Record the service")
    done = _("The service is recorded.")

    def fields(self) -> dict[str, forms.Field]:
        offices = Organization.objects.filter(is_active=True, project_roles__project=self.case.project).distinct()
        names = ("kind", "strand", "starts_on", "ends_on", "dose", "dose_unit", "provider", "is_completed")
        return {**fields_of(ServiceGiven, *names, provider=offices), "goal": self.goals(), "note": words(_("Note"))}

    def act(self, form: forms.Form) -> Any:
        return giving.give_service(self.case, by=self.request.user, **self.given(form))


class EndService(OnCase):
    title = _("End a service")
    button = _("It ended")
    done = _("The service ended.")
    part = "case_received"

    def find(self) -> None:
        self.service = service_in(self.case, self.kwargs["pk"])

    def fields(self) -> dict[str, forms.Field]:
        found = fields_of(ServiceGiven, "ends_on", "is_completed", "dose")
        found["ends_on"].required = True
        return found

    def act(self, form: forms.Form) -> Any:
        return giving.end_service(self.service, by=self.request.user, **form.cleaned_data)


class HandOverItem(OnCase):
    title = _("Hand something over")
    button = _("Record the receipt")
    done = _("The receipt is recorded.")
    part = "case_received"

    def fields(self) -> dict[str, forms.Field]:
        return fields_of(ItemHandedOver, "what", "quantity", "unit", "amount", "currency", "handed_on", "receipt_number")

    def act(self, form: forms.Form) -> Any:
        return giving.hand_over(self.case, by=self.request.user, **form.cleaned_data)


class TakePart(_WithGoal):
    title = _("Took part in a group activity")
    button = _("Record it")
    done = _("Recorded. The activity itself counts people and knows no case.")

    def fields(self) -> dict[str, forms.Field]:
        rows = ActivityRecord.objects.filter(project=self.case.project, partner=self.case.partner).order_by("-happened_on", "-pk")
        recent = ActivityRecord.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[:RECENT])).order_by("-happened_on")
        return {"activity": forms.ModelChoiceField(recent, label=_("Activity")), "goal": self.goals()}

    def act(self, form: forms.Form) -> Any:
        return giving.take_part(self.case, by=self.request.user, **self.given(form))


# Referrals


class SendReferral(OnCase):
    title = _("New referral")
    button = _("Send the referral")
    done = _("The referral is sent.")
    part = "case_referrals"

    def offices(self) -> models.QuerySet[Organization]:
        agreed = SharingAgreement.objects.in_force(timezone.localdate()).filter(partner=self.case.partner)
        return Organization.objects.filter(pk__in=agreed.values("receiver"), is_active=True)

    def fields(self) -> dict[str, forms.Field]:
        found = fields_of(Referral, "to_organization", "service", "urgency", "contact_route", to_organization=self.offices())
        return {**found, "reason": words(_("Reason, as little as needed"), help_text=_("Stays with us; the receiver does not get it."))}

    def initial(self) -> dict[str, Any]:
        return {"contact_route": str(self.case.partner), "service": self.request.GET.get("service", "")}

    def act(self, form: forms.Form) -> Any:
        given = dict(form.cleaned_data)
        return referrals.send(self.case, to=given.pop("to_organization"), by=self.request.user, **given)

    def context(self, form: Any) -> dict[str, Any]:
        lead = _("Code, service, urgency and how to reach your office are shared, nothing else, and only with the person’s consent.")
        return {**super().context(form), "lead": lead}


class AskOverride(SendReferral):
    title = _("Refer without consent, for a vital interest")
    button = _("Ask the second person")
    done = _("The supervisor is asked. Nothing is sent before.")

    def fields(self) -> dict[str, forms.Field]:
        return {**super().fields(), "reason": words(_("Which vital interest is at stake"), required=True)}

    def act(self, form: forms.Form) -> Any:
        given = dict(form.cleaned_data)
        return referrals.ask_override(self.case, to=given.pop("to_organization"), by=self.request.user, **given)


class _OnReferral(OnCase):
    part = "case_referrals"

    def find(self) -> None:
        self.referral = referral_in(self.case, self.kwargs["pk"])


class NoteAnswer(_OnReferral):
    title = _("Note the answer")
    button = _("Note it")
    done = _("The answer is noted.")

    def fields(self) -> dict[str, forms.Field]:
        return {
            "answer": forms.ChoiceField(
                label=_("Answer"), choices=[("yes", _("Accepted")), ("no", _("Declined"))], widget=forms.RadioSelect
            ),
            "reason": forms.ChoiceField(label=_("Why declined"), choices=[("", "–"), *Referral.Decline.choices], required=False),
        }

    def act(self, form: forms.Form) -> Any:
        given = form.cleaned_data
        return referrals.note_answer(self.referral, accepted=given["answer"] == "yes", reason=given["reason"], by=self.request.user)


class CompleteReferral(_OnReferral):
    title = _("Complete the referral")
    button = _("It is completed")
    done = _("The referral is completed; the receiver’s access ends.")

    def fields(self) -> dict[str, forms.Field]:
        return {
            "outcome": forms.ChoiceField(label=pgettext_lazy("what came of it", "Outcome"), choices=Referral.Outcome.choices),
            "note": words(_("Note")),
        }

    def act(self, form: forms.Form) -> Any:
        return referrals.complete(self.referral, by=self.request.user, **form.cleaned_data)


class DeclineReceived(FormPage):
    """For the receiver: its own page, which knows nothing of the case."""

    title = _("Decline a referral")
    button = _("Decline it")
    done = _("Declined. You see it no longer.")

    def prepare(self) -> None:
        self.referral = received_one(self.request, self.kwargs["pk"])

    def form(self, *data: Any) -> forms.Form:
        form = forms.Form(*data)
        form.fields["reason"] = forms.ChoiceField(label=_("Why declined"), choices=Referral.Decline.choices)
        return form

    def act(self, form: forms.Form) -> Any:
        return referrals.decline(self.referral, by=self.request.user, **form.cleaned_data)

    def go_to(self, result: Any) -> str:
        return reverse("referrals_received")

    def crumbs(self) -> Any:
        return [(_("Referrals received"), reverse("referrals_received")), (self.title, "")]


class CompleteReceived(DeclineReceived):
    title = _("Complete a referral")
    button = _("It is completed")
    done = _("Completed. You see it no longer.")

    def form(self, *data: Any) -> forms.Form:
        form = forms.Form(*data)
        form.fields["outcome"] = forms.ChoiceField(label=pgettext_lazy("what came of it", "Outcome"), choices=Referral.Outcome.choices)
        return form

    def act(self, form: forms.Form) -> Any:
        return referrals.complete(self.referral, by=self.request.user, **form.cleaned_data)


# Contacts and concerns


class RecordContact(OnCase):
    title = _("Record a contact")
    button = _("Record the contact")
    done = _("The contact is recorded.")
    part = "case_contacts"

    def fields(self) -> dict[str, forms.Field]:
        found = fields_of(CaseContact, "happened_on", "kind", "result", "next_step", "next_on")
        return {**found, "note": words(_("Note"), help_text=_("No name, no exact place, no medical detail. Kept encrypted."))}

    def initial(self) -> dict[str, Any]:
        return {"happened_on": timezone.localdate()}

    def act(self, form: forms.Form) -> Any:
        return contacts.record(self.case, by=self.request.user, **form.cleaned_data)


class RaiseConcern(OnCase):
    title = _("Tell the supervisor of a concern")
    button = _("Tell the supervisor")
    done = _("The supervisor can read it. It is erased by itself.")
    part = "case_contacts"

    def fields(self) -> dict[str, forms.Field]:
        return {"note": words(_("What worries you"), required=True, help_text=_("It is no label and is not listed or exported."))}

    def act(self, form: forms.Form) -> Any:
        return concerns.raise_concern(self.case, by=self.request.user, **form.cleaned_data)


# Follow-up


class _OnFollowUp(OnCase):
    part = "case_follow_ups"

    def find(self) -> None:
        rows = FollowUp.objects.select_related("case__project", "case__partner", "case__place")
        self.follow_up = get_object_or_404(rows, case=self.case, pk=self.kwargs["pk"])

    def initial(self) -> dict[str, Any]:
        return {"on": timezone.localdate(), "held_on": timezone.localdate()}


class SettleFollowUp(_OnFollowUp):
    title = _("Hold a follow-up")
    button = _("The person was reached")
    done = _("The follow-up is settled.")

    def fields(self) -> dict[str, forms.Field]:
        living = forms.ChoiceField(label=_("Livelihood"), choices=Livelihood.choices)
        found = fields_of(FollowUpOutcome, "has_left", "movement")
        return {"on": forms.DateField(label=_("Date"), widget=Day()), "livelihood": living, **found}

    def act(self, form: forms.Form) -> Any:
        return followup.settle(self.follow_up, by=self.request.user, **form.cleaned_data)


class NotFound(_OnFollowUp):
    title = _("Not found")
    button = _("The person was not found")
    done = _("Noted: not found. It is counted as an outcome.")

    def fields(self) -> dict[str, forms.Field]:
        return {"on": forms.DateField(label=_("Given up on"), widget=Day()), **fields_of(FollowUpOutcome, "has_left", "movement")}

    def act(self, form: forms.Form) -> Any:
        return followup.not_found(self.follow_up, by=self.request.user, **form.cleaned_data)


class Assess(_OnFollowUp):
    """The survey, phone first: one question under the other. What the skip rules hide is not kept."""

    template_name = "reintegration/assess.html"
    title = _("Survey")
    button = _("Keep the answers")
    done = _("The answers are kept, encrypted.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except followup.NoInstrument as refused:
            messages.error(request, str(refused))
            return redirect("case_follow_ups", kwargs["code"])

    def find(self) -> None:
        super().find()
        self.sheet = followup.sheet()

    def fields(self) -> dict[str, forms.Field]:
        version = self.sheet.version
        options = {one.pk: [(option.code, option.worded()) for option in one.options.all()] for one in version.option_sets.all()}
        found: dict[str, forms.Field] = {"held_on": forms.DateField(label=_("Held on"), widget=Day())}
        for item in version.items.all():
            found[item.code] = forms.ChoiceField(
                label=f"{item.code}. {item.worded()}", choices=options[item.option_set_id], required=False, widget=forms.RadioSelect,
                help_text=self._only_if(item.code),
            )  # fmt: skip
        answers = [("yes", _("Yes")), ("no", _("No")), ("no_answer", _("No answer"))]
        for name, question in followup.SAFETY.items():
            found[f"safety_{name}"] = forms.ChoiceField(label=question, choices=answers, required=False, widget=forms.RadioSelect)
        return found

    def initial(self) -> dict[str, Any]:
        return {"held_on": timezone.localdate()}

    def act(self, form: forms.Form) -> Any:
        given = dict(form.cleaned_data)
        held_on = given.pop("held_on")
        safety = {name.removeprefix("safety_"): value for name, value in given.items() if name.startswith("safety_")}
        answers = {name: value for name, value in given.items() if name in self.sheet.questions and value}
        self.assessed = followup.assess(self.follow_up, answers=answers, held_on=held_on, safety=safety, by=self.request.user)
        return self.assessed

    def go_to(self, result: followup.Assessed) -> str:
        if result.offers_support:  # a sign of distress: offer a talk, say nothing of scores
            return reverse("send_referral", args=[self.case.code]) + "?service=psychosocial"
        return super().go_to(result)

    def context(self, form: Any) -> dict[str, Any]:
        fields = {name: form[name] for name in form.fields}
        domains = [
            (domain.worded(), [fields[item.code] for item in self.sheet.version.items.all() if item.domain_id == domain.pk])
            for domain in self.sheet.version.domains.all()
        ]
        return {
            **super().context(form),
            "held_on": fields["held_on"],
            "domains": domains,
            "safety": [field for name, field in fields.items() if name.startswith("safety_")],
            "is_adaptation": not self.sheet.version.is_official_scoring,
        }

    def _only_if(self, code: str) -> str:
        question: scoring.Question = self.sheet.questions[code]
        if not question.shown_if:
            return ""
        return str(
            _("Only if %(questions)s was answered that way.") % {"questions": ", ".join(item for item, _option in question.shown_if)}
        )
