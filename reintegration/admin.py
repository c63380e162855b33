"""What of this level is not about a person, in the admin: the map of opportunities and services. Cases are not here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from programs.admin import ActAdmin, given, take_on
from reintegration import offers, referrals
from reintegration.models import (
    MappedService,
    Notice,
    Opportunity,
    ProgramPathway,
    ProtectionContact,
    Requirement,
    SharingAgreement,
    SkippedState,
)


class OpportunityForm(forms.ModelForm):
    requirements = forms.MultipleChoiceField(
        label=_("It asks for"), choices=Requirement.Fact.choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Opportunity
        fields = ("program", "kept_by", *offers.OPPORTUNITY_FIELDS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["requirements"].initial = list(self.instance.requirements.values_list("fact", flat=True))

    def _post_clean(self) -> None:
        """The act checks the row."""


class ServiceForm(forms.ModelForm):
    class Meta:
        model = MappedService
        fields = ("program", "kept_by", *offers.SERVICE_FIELDS)

    def _post_clean(self) -> None:
        """The act checks the row."""


class MapAdmin(ActAdmin):
    word = Permission.RECORD_ACTIVITIES
    list_select_related = ("program", "place", "kept_by")
    autocomplete_fields = ("program", "kept_by", "organization", "place")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("program", "kept_by")


@admin.register(Opportunity)
class OpportunityAdmin(MapAdmin):
    form = OpportunityForm
    list_display = ("title", "provider", "kind", "sector", "place", "starts_on", "free_places", "status", "verified_on")
    list_filter = ("kind", "sector", "status", "program")
    search_fields = ("title", "provider", "place__name")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        known = (*offers.OPPORTUNITY_FIELDS, "requirements")
        if change:
            offers.change(Opportunity.objects.get(pk=obj.pk), by=request.user, **given(form, known))  # type: ignore[arg-type]
        else:
            whose = given(form, ("program", "kept_by"))
            take_on(obj, offers.record(by=request.user, **whose, **given(form, known)))  # type: ignore[arg-type]


@admin.register(MappedService)
class ServiceAdmin(MapAdmin):
    form = ServiceForm
    list_display = ("kind", "provider", "place", "capacity", "status", "verified_on")
    list_filter = ("kind", "status", "program")
    search_fields = ("provider", "place__name")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            offers.change_service(MappedService.objects.get(pk=obj.pk), by=request.user, **given(form, offers.SERVICE_FIELDS))  # type: ignore[arg-type]
        else:
            whose = given(form, ("program", "kept_by"))
            take_on(obj, offers.record_service(by=request.user, **whose, **given(form, offers.SERVICE_FIELDS)))  # type: ignore[arg-type]


@admin.register(Notice)
class NoticeAdmin(admin.ModelAdmin):
    """The text read to a person before anything is written down. Without one in use no intake begins."""

    list_display = ("version", "language", "in_use")


@admin.register(ProtectionContact)
class ProtectionContactAdmin(admin.ModelAdmin):
    """Whom to call where somebody may be a child."""

    list_display = ("name", "place", "phone", "hours")
    raw_id_fields = ("place",)


class SkippedStateInline(admin.TabularInline):
    model = SkippedState
    extra = 0


@admin.register(ProgramPathway)
class ProgramPathwayAdmin(admin.ModelAdmin):
    """Which pathways a program offers, and the steps it leaves out."""

    list_display = ("program", "pathway")
    inlines = (SkippedStateInline,)


class AgreementForm(forms.ModelForm):
    class Meta:
        model = SharingAgreement
        fields = ("partner", "receiver", "reference", "starts_on", "ends_on")

    def _post_clean(self) -> None:
        """The act checks the row."""


@admin.register(SharingAgreement)
class SharingAgreementAdmin(ActAdmin):
    """Between two organizations, on how shared cases are kept. Without one in force no referral goes out."""

    form = AgreementForm
    list_display = ("reference", "partner", "receiver", "starts_on", "ends_on")
    list_select_related = ("partner", "receiver")
    search_fields = ("reference", "partner__name", "receiver__name")
    autocomplete_fields = ("partner", "receiver")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        take_on(obj, referrals.record_agreement(by=request.user, **form.cleaned_data))  # type: ignore[arg-type]
