"""Forms of the reporting pages; the rules are in the acts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import practice
from programs.models import GrantProject, Project
from reporting.models import DonorReportSection


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class SectionForm(forms.Form):
    """One part: its text, an outcome's rating, and the version of the report that the writer saw."""

    text = forms.CharField(
        label=_("Text"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("One paragraph a line. {DDR-6} becomes the number reached, {DDR-6 target} its target; both change with the figures."),
    )
    rating = forms.ChoiceField(label=_("Rating"), required=False)
    edit_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=10**6)

    def __init__(self, *args: Any, section: DonorReportSection, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if section.kind != DonorReportSection.Kind.OUTCOME:
            del self.fields["rating"]
        else:
            ratings = [word.strip() for word in practice.text("outcome-ratings").split(";")]
            self.fields["rating"].choices = [("", _("not rated")), *((word, word) for word in ratings if word)]  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it differs from the plan"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=1500
    )


class StartForm(forms.Form):
    through = forms.DateField(label=_("Figures through"), widget=DateInput())
    language = forms.ChoiceField(label=_("Language of the report"), choices=settings.LANGUAGES)


class NewVersionForm(forms.Form):
    why = forms.CharField(label=_("Why a new version"), widget=forms.Textarea(attrs={"rows": 3}), max_length=1500)
    through = forms.DateField(label=_("Figures through"), widget=DateInput())


class CommentsForm(forms.Form):
    text = forms.CharField(label=_("What the donor said"), widget=forms.Textarea(attrs={"rows": 8}), max_length=20000)


class FinalFileForm(forms.Form):
    file = forms.FileField(label=_("File"), help_text=_("The very PDF or Word file that goes to the donor, at most 50 MB."))


class TemplateForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=120)
    file = forms.FileField(label=_("Word file"), help_text=_("A .docx with names such as {{ title }} where the report's words belong."))


class ApprovedForm(forms.ModelForm):
    class Meta:
        model = GrantProject
        fields = ["project", "approved", "gender_share"]

    def __init__(self, *args: Any, projects: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"] = forms.ModelChoiceField(queryset=projects, label=Project._meta.verbose_name)

    def validate_unique(self) -> None:
        """An amount for a project that has one replaces it: the act does that."""


class PasteForm(forms.Form):
    text = forms.CharField(
        label=_("Rows"),
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
        help_text=_("From a spreadsheet: project, partner, period, spent, of it for gender equality, source. One row a line."),
    )
