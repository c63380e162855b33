"""The library of instruments: what is asked, how it is scored, and putting a version in force."""

from __future__ import annotations

from typing import Any

import django_filters
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from plumbing.lists import Column, Listing, ListPage
from plumbing.refusals import Refused
from programs import access
from programs.views.acts import FormPage, press
from surveys import instrument_files, instruments, scoring
from surveys.forms import LoadForm, TextForm
from surveys.models import Instrument, InstrumentVersion, Scheme, SurveyRound


class VersionFilter(django_filters.FilterSet):
    words = django_filters.CharFilter(label=_("Words"), field_name="instrument__name", lookup_expr="icontains")
    subject = django_filters.ChoiceFilter(label=_("Asked about"), field_name="instrument__subject", choices=Instrument.Subject.choices)
    status = django_filters.ChoiceFilter(label=_("Status"), choices=InstrumentVersion.Status.choices)

    class Meta:
        model = InstrumentVersion
        fields: list[str] = []


class InstrumentList(ListPage):
    model = InstrumentVersion
    filterset_class = VersionFilter
    template_name = "surveys/instruments.html"
    ordering = "name"
    related = ("instrument",)
    columns = (
        Column("name", _("Instrument"), order=["instrument__name", "version"], export="instrument__name"),
        Column("version", _("Version"), export="version"),
        Column("subject", _("Asked about"), order=["instrument__subject"], export="instrument__subject", words=Instrument.Subject.choices),
        Column("rule", _("Scoring"), export="rule", words=InstrumentVersion.Rule.choices),
        Column("official", _("Official scoring"), export="is_official_scoring"),
        Column("status", _("Status"), order=["status"], export="status", words=InstrumentVersion.Status.choices),
        Column("code", _("Code"), export="instrument__code", hidden=True),
        Column("source", _("Source"), export="source_citation", hidden=True),
    )

    def context(self, listing: Listing) -> dict[str, Any]:
        return {"may_set_up": _may_set_up(self.request)}


@login_required
def instrument(request: HttpRequest, pk: int) -> HttpResponse:
    row = _version(request, pk)
    version = instruments.whole(row)
    language = (get_language() or "en")[:2]
    is_draft, may_set_up = version.status == InstrumentVersion.Status.DRAFT, _may_set_up(request)
    shown = {
        "version": version,
        "domains": _by_domain(version, language),
        "sets": [(options, list(options.options.all())) for options in version.option_sets.all()],
        "bands": _bands(version),
        "range": scoring.score_range(version.rule, version.scale_min, version.scale_max),
        "languages": [(code, str(language_name(code))) for code in instruments.languages_of(version)],
        "problems": instruments.problems_of(version) if is_draft and may_set_up else [],
        "is_draft": is_draft,
        "may_set_up": may_set_up,
        "used": SurveyRound.objects.visible_to(request.user).filter(version=row).select_related("place", "version__instrument")[:20],
        "crumbs": [
            (_("Survey rounds"), reverse("survey_rounds")),
            (_("Instruments"), reverse("instruments")),
            (version.instrument.code, ""),
        ],
    }
    return render(request, "surveys/instrument.html", shown)


@login_required
def printed_form(request: HttpRequest, pk: int) -> HttpResponse:
    """A blank form on A4, in the language asked for."""
    version = instruments.whole(_version(request, pk))
    languages = instruments.languages_of(version) or ["en"]
    language = request.GET.get("language", "")
    language = language if language in languages else languages[0]
    options = {options.pk: [(option, option.worded(language)) for option in options.options.all()] for options in version.option_sets.all()}
    lines = [
        {
            "item": item,
            "text": item.worded(language),
            "options": options[item.option_set_id],
            "asked_if": [(rule.other.code, rule.option.worded(language)) for rule in item.shown_if.all()],
            "levels": {text.option_id: text.text for text in item.descriptors.all() if text.language in {language, "en"}},
        }
        for item in version.items.all()
    ]
    shown = {
        "version": version,
        "lines": [{**line, "options": [(*one, line["levels"].get(one[0].pk, "")) for one in line["options"]]} for line in lines],
        "language": language,
        "languages": [(code, str(language_name(code))) for code in languages],
        "direction": "rtl" if language == "ar" else "ltr",
        "crumbs": [
            (_("Instruments"), reverse("instruments")),
            (version.instrument.code, reverse("instrument", args=[pk])),
            (_("Printed form"), ""),
        ],
    }
    return render(request, "surveys/printed_form.html", shown)


class LoadInstrument(FormPage):
    title = _("Load an instrument")
    button = _("Load it as a draft")
    done = _("Loaded as a draft. Look at it, then put it in force.")

    def prepare(self) -> None:
        access.require_word(self.request.user, Permission.SET_UP)

    def form(self, *data: Any) -> LoadForm:
        return LoadForm(*data)

    def act(self, form: LoadForm) -> InstrumentVersion:
        data = instrument_files.read(form.cleaned_data["upload"].read())
        return instruments.load(data, by=self.request.user)

    def go_to(self, result: InstrumentVersion) -> str:
        return reverse("instrument", args=[result.pk])

    def crumbs(self) -> Any:
        return [(_("Instruments"), reverse("instruments")), (self.title, "")]

    def context(self, form: LoadForm) -> dict[str, Any]:
        return {"lead": _("A file with items, answers, weights and bands. Nothing is kept of a file that has a mistake.")}


class SupplyText(FormPage):
    title = _("Supply the wording")
    button = _("Keep the wording")
    done = _("The wording is kept.")

    def prepare(self) -> None:
        access.require_word(self.request.user, Permission.SET_UP)
        self.version = instruments.whole(_version(self.request, self.kwargs["pk"]))
        if self.version.status != InstrumentVersion.Status.DRAFT:
            raise access.NotAllowed(_("This version is in force or retired, so it stands as it is. Load a new version."))
        asked = self.request.GET.get("language", "en")
        self.language = asked if asked in {"en", "fr", "es", "ar"} else "en"

    def form(self, *data: Any) -> TextForm:
        items = list(self.version.items.all())
        known = {item.code: next((t.text for t in item.texts.all() if t.language == self.language), "") for item in items}
        return TextForm(*data, items=items, initial={"language": self.language, "citation": self.version.source_citation, **known})

    def act(self, form: TextForm) -> InstrumentVersion:
        given = form.cleaned_data
        return instruments.supply_text(
            self.version, language=given["language"], texts=form.texts, citation=given["citation"], by=self.request.user
        )

    def go_to(self, result: InstrumentVersion) -> str:
        return reverse("instrument", args=[result.pk])

    def crumbs(self) -> Any:
        address = reverse("instrument", args=[self.version.pk])
        return [(_("Instruments"), reverse("instruments")), (self.version.instrument.code, address), (self.title, "")]

    def context(self, form: TextForm) -> dict[str, Any]:
        return {"lead": self.version, "warning": self.version.instrument.licence_note if self.version.needs_official_text else ""}


@login_required
@require_POST
def load_shipped(request: HttpRequest) -> HttpResponse:
    done = _("The instruments that come with the portal are there.")
    return press(request, lambda: instruments.load_shipped(by=request.user), done=done, then=reverse("instruments"))


@login_required
@require_POST
def act_on_instrument(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    version, user = _version(request, pk), request.user
    acts: dict[str, tuple[Any, Any, str]] = {
        "activate": (lambda: instruments.activate(version, by=user), _("In force: rounds may use it."), reverse("instrument", args=[pk])),
        "retire": (
            lambda: instruments.retire(version, by=user),
            _("Retired: no new round may use it."),
            reverse("instrument", args=[pk]),
        ),
        "drop": (lambda: instruments.drop_draft(version, by=user), _("The draft is thrown away."), reverse("instruments")),
    }
    do, done, then = acts.get(act, (_no_such_act, "", reverse("instruments")))
    return press(request, do, done=done, then=then)


def _no_such_act() -> None:
    raise Refused(_("There is no such act."))


def _version(request: HttpRequest, pk: int) -> InstrumentVersion:
    rows = InstrumentVersion.objects.visible_to(request.user).select_related("instrument", "activated_by")
    row: InstrumentVersion = get_object_or_404(rows, pk=pk)
    return row


def _by_domain(version: InstrumentVersion, language: str) -> list[dict[str, Any]]:
    """Domains with their items: wording, answers, weights, skip rules, level descriptions."""
    items: dict[int, list[dict[str, Any]]] = {}
    sets = {options.pk: options for options in version.option_sets.all()}
    for item in version.items.all():
        weights = {weight.scheme: weight.weight for weight in item.weights.all()}
        items.setdefault(item.domain_id, []).append(
            {
                "item": item,
                "text": item.worded(language),
                "options": sets[item.option_set_id],
                "domain_weight": weights.get(Scheme.DOMAIN),
                "composite_weight": weights.get(Scheme.COMPOSITE),
                "asked_if": [(rule.other.code, rule.option.worded(language)) for rule in item.shown_if.all()],
                "levels": [(text.option.code, text.text) for text in item.descriptors.all() if text.language == "en"],
            }
        )
    return [{"domain": domain, "label": domain.worded(language), "items": items.get(domain.pk, [])} for domain in version.domains.all()]


def _bands(version: InstrumentVersion) -> list[tuple[str, str, list[Any]]]:
    found: dict[tuple[str, str], list[Any]] = {}
    for band in version.bands.all():
        found.setdefault((band.get_purpose_display(), band.get_scheme_display()), []).append(band)
    return [(purpose, scheme, bands) for (purpose, scheme), bands in found.items()]


def language_name(code: str) -> Any:
    return dict(settings.LANGUAGES).get(code, code)


def _may_set_up(request: HttpRequest) -> bool:
    return Permission.SET_UP in access.words(request.user)
