"""Entry of a round, one response after another; correcting and taking out a response while the round is open."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from programs import disaggregations
from programs.models import Disaggregation
from programs.views.acts import FormPage
from surveys import instruments, rounds
from surveys.forms import ResponseForm, WithdrawForm
from surveys.models import InstrumentVersion, SurveyResponse
from surveys.views.library import language_name
from surveys.views.rounds import visible_round


class EnterResponse(FormPage):
    template_name = "surveys/entry.html"
    title = _("Enter a response")
    button = _("Save and enter the next")

    def prepare(self) -> None:
        self.round = visible_round(self.request, self.kwargs["pk"])
        rounds.require(self.round, self.request.user)
        self.version = instruments.whole(self.round.version)
        self.languages = instruments.languages_of(self.version)
        asked = self.request.GET.get("language") or (get_language() or "en")[:2]
        self.language = asked if asked in self.languages else (self.languages or ["en"])[0]

    @cached_property
    def is_capacity(self) -> bool:
        return self.version.rule == InstrumentVersion.Rule.CAPACITY

    def form(self, *data: Any) -> ResponseForm:
        return ResponseForm(*data[:1], version=self.version, survey_round=self.round, language=self.language, initial=self.known())

    def known(self) -> dict[str, Any]:
        return {}

    def act(self, form: ResponseForm) -> Any:
        made = rounds.respond(
            self.round, answers=form.answers, evidence=form.evidence, respondent=_respondent(form), by=self.request.user,
            external_id=form.cleaned_data["external_id"],
        )  # fmt: skip
        self.done = gettext("Response %(number)s is saved.") % {"number": made.response.number}
        return made.response

    def go_to(self, result: Any) -> str:
        if self.is_capacity:
            return reverse("survey_round", args=[self.round.pk])
        return f"{reverse('enter_response', args=[self.round.pk])}?language={self.language}"

    def crumbs(self) -> Any:
        address = reverse("survey_round", args=[self.round.pk])
        return [(_("Survey rounds"), reverse("survey_rounds")), (self.round.place, address), (self.title, "")]

    def context(self, form: ResponseForm) -> dict[str, Any]:
        n = SurveyResponse.objects.filter(survey_round=self.round).count()
        return {
            "round": self.round, "version": self.version, "n": n, "next": n + 1, "language": self.language,
            "languages": [(code, str(language_name(code))) for code in self.languages],
            "direction": "rtl" if self.language == "ar" else "ltr", "is_capacity": self.is_capacity,
            "is_open": self.round.status == "open", "is_correction": False,
        }  # fmt: skip


class CorrectResponse(EnterResponse):
    title = _("Correct a response")
    button = _("Save the correction")

    def prepare(self) -> None:
        super().prepare()
        rows = SurveyResponse.objects.select_related("survey_round__project", "survey_round__partner", "survey_round__place", "respondent")
        self.response = get_object_or_404(
            rows.select_related("survey_round__version__instrument"), survey_round=self.round, number=self.kwargs["number"]
        )

    def known(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for code, option, evidence in self.response.answers.values_list("item__code", "option__code", "evidence"):
            found |= {code: option, f"evidence_{code}": evidence}
        if self.response.respondent is not None:
            found |= {f"who_{name}": category for name, category in disaggregations.cell_of(self.response.respondent.key).items()}
        return found

    def act(self, form: ResponseForm) -> Any:
        rounds.correct(self.response, answers=form.answers, evidence=form.evidence, respondent=_respondent(form), by=self.request.user)
        self.done = gettext("Response %(number)s is corrected.") % {"number": self.response.number}
        return self.response

    def go_to(self, result: Any) -> str:
        return reverse("survey_round", args=[self.round.pk])

    def context(self, form: ResponseForm) -> dict[str, Any]:
        return {**super().context(form), "next": self.response.number, "is_correction": True}


class WithdrawResponse(FormPage):
    title = _("Take a response out")
    button = _("Take it out")
    done = _("The response is taken out.")

    def prepare(self) -> None:
        self.round = visible_round(self.request, self.kwargs["pk"])
        rounds.require(self.round, self.request.user)
        rows = SurveyResponse.objects.select_related("survey_round__project", "survey_round__partner", "survey_round__place")
        self.response = get_object_or_404(rows, survey_round=self.round, number=self.kwargs["number"])

    def form(self, *data: Any) -> WithdrawForm:
        return WithdrawForm(*data)

    def act(self, form: WithdrawForm) -> None:
        rounds.withdraw(self.response, reason=form.cleaned_data["reason"], by=self.request.user)

    def go_to(self, result: Any) -> str:
        return reverse("survey_round", args=[self.round.pk])

    def crumbs(self) -> Any:
        return [
            (_("Survey rounds"), reverse("survey_rounds")),
            (self.round, reverse("survey_round", args=[self.round.pk])),
            (self.title, ""),
        ]

    def context(self, form: WithdrawForm) -> dict[str, Any]:
        return {"warning": gettext("Response %(number)s and its answers are deleted.") % {"number": self.response.number}}


def _respondent(form: ResponseForm) -> Disaggregation | None:
    if not form.respondent:
        return None
    key = disaggregations.key_of(form.respondent)
    return Disaggregation.objects.get(pk=disaggregations.ensure([key])[key])
