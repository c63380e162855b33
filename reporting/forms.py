"""Forms of the reporting pages; the rules are in the acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import practice
from plumbing.shipped_names import shipped_name
from programs.models import Expenditure, Grant, GrantProject, Project
from reporting.models import DonorReportSection, NarrativeQuestion


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
            self.fields["rating"].choices = [("", _("not rated")), *((word, shipped_name(word)) for word in ratings if word)]  # type: ignore[attr-defined]


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


class NarrativeForm(forms.Form):
    """One text per question, and the challenges."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    challenges = forms.CharField(label=_("Challenges"), widget=forms.Textarea(attrs={"rows": 3}), required=False)

    def __init__(
        self, data: Any, *, questions: Sequence[NarrativeQuestion], given: Mapping[int, str], challenges: str, version: int
    ) -> None:
        super().__init__(data, initial={"challenges": challenges, "version": version})
        self.questions = questions
        for question in questions:
            self.fields[f"q{question.pk}"] = forms.CharField(
                label=question.heading, help_text=question.guidance, max_length=question.limit, required=False,
                initial=given.get(question.pk, ""), widget=forms.Textarea(attrs={"rows": 5}),
            )  # fmt: skip
            self.fields[f"q{question.pk}"].owed = question.is_required
        self.order_fields([*(f"q{question.pk}" for question in questions), "challenges"])

    def answers(self) -> dict[int, str]:
        return {question.pk: self.cleaned_data[f"q{question.pk}"] for question in self.questions}


class SpendingForm(forms.Form):
    """What was spent of each grant in the period, in the grant's own currency."""

    def __init__(self, data: Any, *, approved: Sequence[GrantProject], spent: Mapping[int, Expenditure]) -> None:
        super().__init__(data)
        self.approved = approved
        for row in approved:
            have = spent.get(row.grant_id)
            self.fields[f"g{row.grant_id}"] = forms.DecimalField(
                label=f"{row.grant.reference} ({row.grant.currency})", max_digits=14, decimal_places=2, required=False,
                initial=have.amount if have is not None else None, help_text=row.grant.title,
            )  # fmt: skip

    def amounts(self) -> list[tuple[Grant, Decimal]]:
        return [
            (row.grant, self.cleaned_data[f"g{row.grant_id}"]) for row in self.approved if self.cleaned_data[f"g{row.grant_id}"] is not None
        ]


class AttachmentForm(forms.Form):
    file = forms.FileField(label=_("File"))
    title = forms.CharField(label=_("What it is"), max_length=200, required=False)
    holds_names = forms.BooleanField(
        label=_("It holds names of people"), required=False, help_text=_("Then it is kept encrypted and only named roles open it.")
    )
    is_partners_file = forms.BooleanField(label=_("It is the partner's own file behind these figures"), required=False)

    def __init__(self, *args: Any, on_behalf: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not on_behalf:
            del self.fields["is_partners_file"]


class NilForm(forms.Form):
    reason = forms.CharField(label=_("Why there is nothing to report"), widget=forms.Textarea(attrs={"rows": 2}), required=False)


class ReturnForm(forms.Form):
    note = forms.CharField(label=_("A note to the partner"), widget=forms.Textarea(attrs={"rows": 2}), required=False)


class ReopenForm(forms.Form):
    """Which accepted figures to reopen, why, and until when."""

    indicators = forms.MultipleChoiceField(label=_("Figures to correct"), widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(label=_("Why"), widget=forms.Textarea(attrs={"rows": 2}))
    expires_on = forms.DateField(label=_("Open until"), required=False, widget=DateInput())

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["indicators"].choices = choices  # type: ignore[attr-defined]


class ExtendForm(forms.Form):
    to = forms.DateField(label=_("New due date"), widget=DateInput())
    reason = forms.CharField(label=_("Why"), widget=forms.Textarea(attrs={"rows": 2}))
