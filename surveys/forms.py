"""Forms of survey rounds and instruments. Acts decide; a form reads what was typed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from programs.forms import PlaceField, fields_of, places_of, supported
from programs.models import Category, Project
from surveys.models import InstrumentVersion, Item, SurveyRound

SAMPLING = ("method", "frame", "planned_n", "design_effect", "approached")
UNSAID = [("", "–")]


class PlanForm(forms.Form):
    def __init__(self, *args: Any, pairs: Sequence[tuple[Project, Organization]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pairs = {f"{project.pk}:{partner.pk}": (project, partner) for project, partner in pairs}
        usable = InstrumentVersion.objects.active().exclude(instrument__subject="person").select_related("instrument")
        self.fields["version"] = forms.ModelChoiceField(usable, label=_("Instrument"))
        self.fields["pair"] = forms.ChoiceField(
            label=_("For"), choices=[(key, f"{project.code} · {partner}") for key, (project, partner) in self.pairs.items()]
        )
        suggested = places_of(next(iter(self.pairs.values()))[0]) if self.pairs else []
        self.fields["place"] = PlaceField(suggested=suggested)
        self.fields.update(fields_of(SurveyRound, "subject", "organization", organization=supported()))
        self.fields.update(fields_of(SurveyRound, "assessor", "stage", "number", "held_on", "mode", *SAMPLING, "note"))

    @property
    def given(self) -> dict[str, Any]:
        """What ``rounds.plan`` takes."""
        values = dict(self.cleaned_data)
        project, partner = self.pairs[values.pop("pair")]
        return {**values, "project": project, "partner": partner}


class ChangeForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(SurveyRound, "stage", "number", "held_on", "mode", "assessor", *SAMPLING, "note"))


class ResponseForm(forms.Form):
    """One response: a choice per item, in the language of the interview; categories of the respondent, never a name."""

    external_id = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, version: InstrumentVersion, survey_round: SurveyRound, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items = list(version.items.all())
        self.has_evidence = version.rule == InstrumentVersion.Rule.CAPACITY
        self.fields["external_id"].initial = uuid.uuid4
        self.options = {options.pk: list(options.options.all()) for options in version.option_sets.all()}
        for item in self.items:
            choices = [(option.code, option.worded(language)) for option in self.options[item.option_set_id]]
            self.fields[item.code] = forms.ChoiceField(
                label=item.worded(language), choices=choices, required=False, widget=forms.RadioSelect
            )
            if self.has_evidence:
                self.fields[f"evidence_{item.code}"] = forms.CharField(
                    label=_("Evidence"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
                )
        self.dimensions: list[str] = []
        if survey_round.subject == SurveyRound.Subject.SAMPLE:
            self._ask_categories()
        self.lines = [self._line(item, language) for item in self.items]

    @property
    def answers(self) -> dict[str, str]:
        return {item.code: self.cleaned_data[item.code] for item in self.items if self.cleaned_data.get(item.code)}

    @property
    def evidence(self) -> dict[str, str]:
        if not self.has_evidence:
            return {}
        return {item.code: text for item in self.items if (text := self.cleaned_data.get(f"evidence_{item.code}"))}

    @property
    def respondent(self) -> dict[str, str]:
        """The categories that were chosen, by dimension; nobody has to say."""
        return {name: self.cleaned_data[f"who_{name}"] for name in self.dimensions if self.cleaned_data.get(f"who_{name}")}

    @property
    def who(self) -> list[forms.BoundField]:
        return [self[f"who_{name}"] for name in self.dimensions]

    def _ask_categories(self) -> None:
        rows = Category.objects.filter(dimension__code__in=["sex", "age"], is_retired=False).select_related("dimension")
        by: dict[str, list[Category]] = {}
        for category in rows:
            by.setdefault(category.dimension.code, []).append(category)
        for name in ("sex", "age"):
            if name in by:
                self.dimensions.append(name)
                choices = [*UNSAID, *((category.code, str(category)) for category in by[name])]
                self.fields[f"who_{name}"] = forms.ChoiceField(label=str(by[name][0].dimension), choices=choices, required=False)

    def _line(self, item: Item, language: str) -> dict[str, Any]:
        told = {text.option_id: text.text for text in item.descriptors.all() if text.language in {language, "en"}}
        options = self.options[item.option_set_id]
        return {
            "item": item,
            "field": self[item.code],
            "radios": list(zip(self[item.code], [told.get(option.pk, "") for option in options], strict=True)),
            "evidence": self[f"evidence_{item.code}"] if self.has_evidence else None,
            "asked_if": [(rule.other.code, rule.option.worded(language)) for rule in item.shown_if.all()],
        }


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=300, help_text=_("Such as: a test, or entered twice."))


class LoadForm(forms.Form):
    upload = forms.FileField(label=_("File"), help_text=_("TOML or JSON, in the shape of the instruments that come with the portal."))


class TextForm(forms.Form):
    """The official wording of every item, in one language."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    citation = forms.CharField(
        label=_("Source"), required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("The document the text is taken from.")
    )

    def __init__(self, *args: Any, items: Sequence[Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes = [item.code for item in items]
        for item in items:
            self.fields[item.code] = forms.CharField(
                label=f"{item.code} · {item.subject}" if item.subject else item.code, required=False, max_length=1000,
                widget=forms.Textarea(attrs={"rows": 2}),
            )  # fmt: skip

    @property
    def texts(self) -> dict[str, str]:
        return {code: self.cleaned_data[code] for code in self.codes}
