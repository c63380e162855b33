"""Forms of the communities' pages. Acts decide; a form reads what was typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from communities.models import AccessCheck, Community, PopulationCount
from programs.forms import Day, PlaceField, fields_of
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
