"""Forms about people, organizations, roles and keys. They check shape; who may do it is the act's answer."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import preferences
from accounts.models import Organization, PracticeValue, User
from accounts.roles import Role
from locations.forms import PlaceField
from programs import access, partner_keys, people
from programs.models import Program, Project


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ScopeForm(forms.Form):
    """A role and where it is held. Offers only what the giver could give; the act decides."""

    role = forms.ChoiceField(label=_("Role"))
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("For the data of"), required=False, help_text=_("A partner role names the partner, a donor viewer the donor.")
    )  # fmt: skip
    program = forms.ModelChoiceField(Program.objects.none(), label=_("In program"), required=False)
    project = forms.ModelChoiceField(Project.objects.none(), label=_("In project"), required=False)
    place = PlaceField(label=_("At and below"), required=False)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [("", _("Choose"))] + [(role.value, role.label) for role in access.roles_to_give(by)]
        self.fields["organization"].queryset = people.organizations_visible_to(by).filter(is_active=True)
        self.fields["program"].queryset = Program.objects.visible_to(by)
        self.fields["project"].queryset = Project.objects.visible_to(by)

    def scope(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("role", "organization", "program", "project", "place")}


class RoleForm(ScopeForm):
    starts_on = forms.DateField(label=_("From"), widget=Day(), initial=timezone.localdate)
    ends_on = forms.DateField(label=_("Until"), widget=Day(), required=False, help_text=_("The last day. Empty: until somebody ends it."))


class InvitationForm(ScopeForm):
    email = forms.EmailField(label=_("E-mail"))
    name = forms.CharField(label=_("Name"), max_length=120)
    employer = forms.ModelChoiceField(Organization.objects.none(), label=_("Employer"))

    field_order = ["email", "name", "employer"]

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, by=by, **kwargs)
        self.fields["employer"].queryset = people.organizations_visible_to(by).filter(is_active=True)


class AcceptForm(forms.Form):
    """Opening an account from an invitation; the address is shown, never typed."""

    email = forms.EmailField(label=_("E-mail"), disabled=True)
    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("12 characters or more; a few words in a row are good."),
    )  # fmt: skip
    again = forms.CharField(label=_("Password again"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=preferences.zones, initial="UTC")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("password") and values.get("again") and values["password"] != values["again"]:
            self.add_error("again", _("The two passwords differ."))
        elif values.get("password"):
            try:
                validate_password(values["password"], User(email=self.initial["email"], name=values.get("name", "")))
            except ValidationError as weak:
                self.add_error("password", weak)
        return values


class DeputyForm(forms.Form):
    deputy = forms.ModelChoiceField(User.objects.none(), label=_("Who acts"))
    until = forms.DateField(label=_("Until"), widget=Day(), help_text=_("The last day."))

    def __init__(self, *args: Any, absent: User, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        colleagues = User.objects.filter(organization=absent.organization_id) if by == absent else people.visible_to(by)
        self.fields["deputy"].queryset = colleagues.filter(is_active=True, is_service=False).exclude(pk=absent.pk)

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if until < timezone.localdate():
            raise ValidationError(_("This day is past."))
        return until


class HandOverForm(forms.Form):
    to = forms.ModelChoiceField(User.objects.none(), label=_("Everything moves to"))
    sure = forms.BooleanField(label=_("The person leaves: the account is closed today."))

    def __init__(self, *args: Any, person: User, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = people.visible_to(by).filter(is_active=True).exclude(pk=person.pk)


class OrganizationForm(forms.ModelForm):
    class Meta:
        model = Organization
        fields = ["name", "short_name", "kind", "iati_type", "identifier", "parent", "language", "wants_own_sign_off", "is_active"]

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if access.Permission.SET_UP not in access.words(by):
            for name in ("kind", "iati_type", "identifier", "parent", "is_active"):
                self.fields[name].disabled = True


class PreferencesForm(forms.ModelForm):
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=preferences.zones)

    class Meta:
        model = User
        fields = ["name", "language", "time_zone"]


class KeyForm(forms.Form):
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Organization"))
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What will use it, such as “NYI sync”."))
    project = forms.ModelChoiceField(Project.objects.none(), label=_("Only this project"), required=False)
    may_write = forms.BooleanField(label=_("may write drafts, activities and files"), required=False)
    may_submit = forms.BooleanField(label=_("may submit and recall reports"), required=False)
    may_work_cases = forms.BooleanField(
        label=_("may read cases of people, and open them if it writes"), required=False,
        help_text=_("For a partner's case management system: codes and steps of all its cases, never notes or answers."),
    )  # fmt: skip
    last_day = forms.DateField(label=_("Ends on"), widget=Day(), help_text=_("The last day, at most 12 months away."))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = partner_keys.organizations_for(by)
        self.fields["project"].queryset = Project.objects.visible_to(by)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("may_submit") and not values.get("may_write"):
            self.add_error("may_submit", _("A key that submits must also be allowed to write."))
        return values

    def expires_at(self) -> datetime:
        """The end of the last day, in the time zone of who makes the key."""
        return timezone.make_aware(datetime.combine(self.cleaned_data["last_day"], time(23, 59, 59)))


class PracticeForm(forms.ModelForm):
    class Meta:
        model = PracticeValue
        fields = ["value", "verified", "verified_against", "verified_on"]
        widgets = {"verified_on": Day()}


ROLE_CHOICES = [(role.value, role.label) for role in Role]
