"""Forms of the communities' pages. Acts decide; a form reads what was typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.roles import Permission, holding
from communities import incidents, taxonomy
from communities.models import (
    AccessCheck,
    Community,
    ConflictAnalysis,
    ConflictIssue,
    EarlyWarning,
    Harm,
    Incident,
    IncidentWords,
    PeaceFactor,
    PopulationCount,
    ViolationCount,
    WarningThreshold,
)
from plumbing.shipped_names import shipped_name
from programs.forms import Day, PlaceField, fields_of, people_of
from programs.models import Project


class CommunityForm(forms.Form):
    def __init__(
        self, *args: Any, projects: QuerySet[Project], partners: QuerySet[Organization] | None = None, places: Any = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = fields_of(Community, "name")["name"]
        self.fields["place"] = PlaceField(suggested=places)
        if partners is not None:
            self.fields["partner"] = forms.ModelChoiceField(partners, label=_("Partner"), help_text=_("Who keeps this record."))
        self.fields["projects"] = forms.ModelMultipleChoiceField(
            projects, label=_("Projects that work there"), widget=forms.CheckboxSelectMultiple
        )
        self.fields.update(fields_of(Community, "languages", "monitors", "sensitivity"))


class PopulationForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group, label in PopulationCount.Group.choices:
            self.fields[group] = forms.IntegerField(label=label, required=False, min_value=0, max_value=100_000_000)
            self.fields[group].widget.attrs["inputmode"] = "numeric"
        self.fields["observed_on"] = forms.DateField(label=_("Counted on"), widget=Day(), initial=timezone.localdate)
        self.fields["source"] = fields_of(PopulationCount, "source")["source"]


class AccessForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(AccessCheck, "means", "state", "note", "checked_on"))
        self.fields["checked_on"].initial = timezone.localdate


HARM = {
    (what, sex, band): format_lazy("{what}: {sex}, {band}", what=label, sex=word, band=years)
    for what, label in Harm.What.choices
    for sex, word in Harm.Sex.choices
    for band, years in Harm.Band.choices
}


def harm_field(what: str, sex: str, band: str) -> str:
    return f"harm_{what}_{sex}_{band.replace('+', '-plus')}"


class IncidentForm(forms.Form):
    """What a recorder knows. Harm is a table for each kind: sex by adult age band."""

    def __init__(self, *args: Any, partners: QuerySet[Organization], communities: QuerySet[Community], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(Incident, "event_date", "date_precision", "type", "sub_type"))
        self.fields["sub_type"] = forms.ChoiceField(label=_("Sub-type"), required=False, choices=_sub_types())
        self.fields["place"] = PlaceField(help_text=_("The town or quarter is enough. No map point is kept."))
        self.fields.update(fields_of(Incident, "geo_precision", "community", "organization", community=communities, organization=partners))
        self.fields.update(fields_of(Incident, "actor_1", "actor_2", "civilians_targeted"))
        self.fields.update(fields_of(Incident, "fatalities_low", "fatalities_best", "fatalities_high", "displaced"))
        for name, label in (("displaced_from", _("Displaced from")), ("displaced_to", _("Displaced to"))):
            self.fields[name] = PlaceField(label=label, required=False)
        for (what, sex, band), label in HARM.items():
            self.fields[harm_field(what, sex, band)] = forms.IntegerField(label=label, required=False, min_value=0, max_value=100_000)
        self.fields.update(fields_of(Incident, "source", "source_ref", "reliability", "credibility", "sensitivity"))
        for name in incidents.WORDS:  # encrypted fields make no form fields of their own
            field: Any = IncidentWords._meta.get_field(name)
            self.fields[name] = forms.CharField(
                label=capfirst(field.verbose_name), help_text=field.help_text, required=False, max_length=incidents.LONGEST,
                widget=forms.Textarea(attrs={"rows": 3}),
            )  # fmt: skip

    @property
    def main(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith("harm_")]

    @property
    def harm(self) -> list[tuple[Any, list[tuple[Any, list[forms.BoundField]]]]]:
        """For each kind of harm its rows: a sex with its cells, one per age band."""
        return [
            (label, [(word, [self[harm_field(what, sex, band)] for band in Harm.Band.values]) for sex, word in Harm.Sex.choices])
            for what, label in Harm.What.choices
        ]

    @property
    def bands(self) -> list[Any]:
        return list(Harm.Band.labels)

    @property
    def harm_is_open(self) -> bool:
        """Whether the tables are shown at once: something stands in them, or is wrong in them."""
        return any(self[harm_field(*cell)].value() not in (None, "") for cell in HARM)

    @property
    def facts(self) -> dict[str, Any]:
        given = {name: value for name, value in self.cleaned_data.items() if not name.startswith("harm_")}
        cells = {cell: self.cleaned_data.get(harm_field(*cell)) for cell in HARM}
        return given | {"harm": {cell: number for cell, number in cells.items() if number is not None}}


def _sub_types() -> list[tuple[str, Any]]:
    kinds = dict(Incident.Type.choices)
    return [("", "–"), *((str(kinds[kind]), [(one, shipped_name(one)) for one in names]) for kind, names in taxonomy.SUB_TYPES.items())]


class VerifyForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(Incident, "reliability", "credibility"))


class ViolationForm(forms.Form):
    def __init__(self, *args: Any, partners: QuerySet[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(ViolationCount, "organization", "kind", organization=partners))
        self.fields["area"] = PlaceField(label=_("Admin 1"))
        self.fields.update(fields_of(ViolationCount, "starts_on", "number", "source"))


def answerers(community: Community) -> QuerySet[User]:
    """Who may be named to answer a warning: people of the community's projects who can open its page."""
    return people_of(community.projects.first()).filter(memberships__role__in=holding(Permission.READ_COMMUNITIES))


class RaiseForm(forms.Form):
    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(EarlyWarning, "signal", "severity", "responder", responder=people))
        self.fields["signal"].required = True


class RespondForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(EarlyWarning, "response"))
        self.fields["response"].required = True


class DecideForm(forms.Form):
    decision = forms.ChoiceField(label=_("Decision"), choices=EarlyWarning.Decision.choices[1:], widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Why"), required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("Needed where it was not an alert.")
    )


class ThresholdForm(forms.Form):
    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(WarningThreshold, "window_days", "minimum", "displaced", "responder", responder=people))


class AnalysisForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = ("analysed_on", "groups", "women", "men", "young", "review_on", "note")
        self.fields.update(fields_of(ConflictAnalysis, *names))
        self.fields["analysed_on"].initial = timezone.localdate


class IssueForm(forms.Form):
    names = ("kind", "title", "direct", "decides", "behind", "can_calm", "drivers", "trend")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(ConflictIssue, *self.names))


class FactorForm(forms.Form):
    names = ("kind", "title", "strength", "trend")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(PeaceFactor, *self.names))
