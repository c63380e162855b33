"""Forms of the case pages. Acts decide; a form reads what was typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from locations.models import Place
from programs.forms import Day, PlaceField, fields_of
from programs.models import Project
from reintegration import intake, pathways, profile, stages
from reintegration.models import (
    AgeBand,
    Basis,
    Case,
    Category,
    Consent,
    ExitReason,
    IntakeDraft,
    Method,
    Notice,
    OpenPurpose,
    Pathway,
    State,
    Transition,
)

YES_NO = (("yes", _("Yes")), ("no", _("No")))
S = State


def day(label: Any, **kwargs: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=Day(), **kwargs)


def words(label: Any, *, required: bool = True, rows: int = 3, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=2000, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)


def short(label: Any, most: int, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, **kwargs)


def listed(label: Any, choices: Any, *, required: bool = True, radio: bool = True, **kwargs: Any) -> forms.ChoiceField:
    widget = forms.RadioSelect if radio else forms.Select
    offered = list(choices) if radio else [("", "—"), *choices]
    return forms.ChoiceField(label=label, choices=offered, required=required, widget=widget, **kwargs)


def counties(project: Project) -> list[Place]:
    return list(Place.objects.filter(projects__project=project, level__lte=Place.Level.ADMIN_2).order_by("name"))


class ChildCheckForm(forms.Form):
    """What is asked before any row; the act decides whether the answers leave room for doubt."""

    adult = listed(
        _("Is the person 18 or older, beyond any doubt?"), (("yes", _("Yes, beyond doubt")), ("no", _("No, or not sure"))),
        help_text=_("In doubt, treat the person as a child."),
    )  # fmt: skip
    age_band = listed(_("Age"), [*AgeBand.choices, ("under", _("Under 18, or it may be"))], required=False)
    birth_year = forms.IntegerField(label=_("Or the year of birth"), required=False, min_value=1900, max_value=2100)

    def __init__(self, *args: Any, pathways_offered: list[Pathway], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(p.value, p.label) for p in pathways_offered]
        self.fields["pathway"] = listed(_("Pathway"), offered, initial=offered[0][0])
        self.fields["notice"] = forms.ModelChoiceField(
            label=_("Notice read to the person"), queryset=Notice.objects.filter(in_use=True),
            help_text=_("Nothing is written down before the person has heard it."),
        )  # fmt: skip
        self.fields["notice_method"] = listed(_("How it was given"), Method.choices, radio=False)
        self.fields["notice_given_on"] = day(_("Given on"), initial=timezone.localdate)
        self.fields["basis"] = listed(_("Legal basis"), Basis.choices, radio=False)


class SafeContactForm(forms.Form):
    may_call = listed(_("May we call?"), YES_NO)
    call_when = short(_("When"), 80, required=False)
    who_may_answer = short(_("Who may answer"), 80, required=False, help_text=_("A role such as sister, never a name."))
    visit = listed(_("May we visit?"), YES_NO)
    visit_where = short(_("Where to meet"), 80, required=False)
    unmarked_car = forms.BooleanField(label=_("Only with an unmarked car"), required=False)
    never_mention = short(_("Never mention"), 120, required=False)

    def rule(self) -> dict[str, Any]:
        given = {name: self.cleaned_data.get(name) for name in intake.SAFE_CONTACT}
        return given | {name: given[name] == "yes" for name in ("may_call", "visit")}


class IntakeForm(SafeContactForm):
    def __init__(self, *args: Any, draft: IntakeDraft, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(Case, "source", "sex"))
        self.fields["place"] = PlaceField(
            label=_("County"), suggested=counties(draft.project), help_text=_("Admin 2, nothing more exact. Type a name or a code.")
        )
        self.order_fields(["source", "place", "sex"])


class StepForm(forms.Form):
    """The fields that the gate of a step asks for, and the day."""

    on = day(_("Date"), initial=timezone.localdate)

    def __init__(self, *args: Any, case: Case, to: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in stages.KEEPS.get(S(to), ()):
            self.fields[name] = _fact(name, case)
        self.fields["reason"] = words(_("Note on this step"), required=False, help_text=_("Encrypted. No names, no evidence."))

    def facts(self) -> stages.Facts:
        given = {name: value for name, value in self.cleaned_data.items() if name != "on" and value not in (None, "")}
        for name in {"is_foreign", "health_referral"} & given.keys():
            given[name] = given[name] == "yes"
        return stages.Facts(**given)


def _fact(name: str, case: Case) -> forms.Field:
    """The gate says what is needed; the field only offers it."""
    at_risk = case.pathway == Pathway.PREVENTION
    categories = [(c.value, c.label) for c in Category if (c in stages.AT_RISK) == at_risk]
    made: dict[str, forms.Field] = {
        "interviewer": listed(_("Interviewer of the same sex"), Transition.Interviewer.choices, required=False),
        "verified_by_method": listed(_("Verified by"), Transition.Verification.choices, required=False),
        "deciding_body": short(_("Decided by"), 80, required=False),
        "decision_code": short(_("Code of the decision"), 30, required=False, help_text=_("The code only, never evidence.")),
        "category": listed(_("Category"), categories, required=False, radio=False),
        "is_foreign": listed(_("Case across borders"), YES_NO, required=False),
        "form_version": short(_("Version of the form"), 20, required=False),
        "form_language": short(_("Language of the form"), 40, required=False),
        "health_referral": listed(_("Needs a referral to a health service"), YES_NO, required=False),
        "card_without_group": forms.BooleanField(label=_("The card does not show the armed group"), required=False),
        "destination": PlaceField(label=_("Destination"), required=False, suggested=counties(case.project)),
        "reinsertion_from": day(_("Reinsertion from"), required=False),
        "reinsertion_until": day(_("Reinsertion until"), required=False),
    }
    return made[name]


class ReasonForm(forms.Form):
    on = day(_("Date"), initial=timezone.localdate)
    reason = words(_("Reason"), help_text=_("Encrypted. No names."))


class AppealForm(ReasonForm):
    decision_code = short(_("Code of the decision on the appeal"), 30)


class BackForm(ReasonForm):
    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = pathways.steps_of(case)
        earlier = steps[: steps.index(S(case.state))] if case.state in steps else []
        self.fields["to"] = listed(_("Back to"), [(s.value, s.label) for s in earlier], radio=False)
        self.order_fields(["to"])


class CloseForm(forms.Form):
    exit_reason = listed(_("Why"), ExitReason.choices)
    on = day(_("Date"), initial=timezone.localdate)
    reason = words(_("Note"), required=False, help_text=_("Encrypted. No names."))


class RevokeForm(forms.Form):
    deciding_body = short(_("National authority"), 80)
    decision_code = short(_("Code of its decision"), 30, help_text=_("The code only, never evidence."))
    on = day(_("Date"), initial=timezone.localdate)


class ConsentForm(forms.Form):
    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        receivers = Organization.objects.filter(project_roles__project=case.project).exclude(pk=case.partner_id).distinct()
        self.fields.update(
            fields_of(
                Consent, "purpose", "answer", "organization", "service", "notice", "method", "given_on", "until",
                organization=receivers, notice=Notice.objects.filter(in_use=True),
            )
        )  # fmt: skip
        self.fields["given_on"].initial = timezone.localdate
        self.fields["until"].required = False
        self.fields["until"].help_text = _("Empty: the usual months.")
        self.fields["organization"].help_text = self.fields["service"].help_text = _("For sharing only.")


class WithdrawForm(forms.Form):
    purpose = listed(_("What is withdrawn"), [("", _("Everything")), *Consent.Purpose.choices], required=False)


class PurposeForm(forms.Form):
    purpose = listed(_("What for"), [c for c in OpenPurpose.choices if c[0] not in (OpenPurpose.CASEWORK, OpenPurpose.SUPERVISION)])


class SealForm(forms.Form):
    sure = forms.BooleanField(label=_("This person may be under 18. Seal the case now: nobody reads it from then on."))


class ProfileForm(forms.Form):
    """Every question of every block, and for prevention what pushes, pulls and protects."""

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in profile.questions():
            if question.choices:
                self.fields[question.key] = listed(question.label, question.choices, required=False, radio=False)
            else:
                self.fields[question.key] = words(question.label, required=False, rows=2)
            self.fields[question.key].owed = True  # an incomplete profile is kept, and says what is open
        self.factors = [kind for kind, _label, _choices in profile.FACTORS] if case.pathway == Pathway.PREVENTION else []
        for kind, label, choices in profile.FACTORS:
            if kind in self.factors:
                self.fields[kind] = forms.MultipleChoiceField(
                    label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple
                )

    @property
    def blocks(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [(title, [self[question.key] for question in block]) for title, block in profile.BLOCKS]

    @property
    def factor_fields(self) -> list[forms.BoundField]:
        return [self[kind] for kind in self.factors]

    def answers(self) -> dict[str, str]:
        return {question.key: self.cleaned_data[question.key] for question in profile.questions()}

    def given_factors(self) -> dict[str, list[str]] | None:
        return {kind: self.cleaned_data[kind] for kind in self.factors} if self.factors else None
