"""Instruments and survey rounds in the admin: the same acts and checks as the pages. Single responses are not here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from plumbing.refusals import Refused
from programs import access
from programs.admin import ActAdmin, ReadOnlyInline, given, take_on
from surveys import instrument_files, instruments, rounds
from surveys.models import InstrumentVersion, Item, SurveyRound


class UploadForm(forms.ModelForm):
    upload = forms.FileField(label=_("File"), help_text=_("TOML or JSON, in the shape of the instruments that come with the portal."))

    class Meta:
        model = InstrumentVersion
        fields: tuple[str, ...] = ()


class ItemInline(ReadOnlyInline):
    model = Item
    fields = ("code", "domain", "wording", "is_required", "is_scored")
    readonly_fields = ("wording",)

    @admin.display(description=_("text"))
    def wording(self, row: Item) -> str:
        return row.worded()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("domain").prefetch_related("texts")


def each(page: ActAdmin, request: HttpRequest, rows: QuerySet[Any], act: Callable[..., Any], done: Any) -> None:
    """Do one act to every row that was ticked; a refusal names its row and the others go on."""
    good = 0
    for row in rows:
        try:
            act(row, by=request.user)
        except (Refused, ValidationError, access.NotAllowed) as refused:
            page.message_user(request, f"{row}: {refused}", messages.ERROR)
        else:
            good += 1
    if good:
        page.message_user(request, done % {"number": good})


@admin.register(InstrumentVersion)
class InstrumentVersionAdmin(ActAdmin):
    """Loaded from a file as a draft, put in force when every check passes; what is kept is read and never edited here."""

    list_display = ("instrument", "version", "status", "subject", "rule", "languages", "effective_from", "frozen_at")
    list_filter = ("status", "rule", "instrument__subject")
    list_select_related = ("instrument",)
    search_fields = ("instrument__name", "instrument__code")
    fields = ("instrument", "version", "status", "rule", "languages", "is_official_scoring", "source_citation", "text_note",
              "effective_from", "activated_at", "activated_by", "frozen_at")  # fmt: skip
    readonly_fields = ("languages",)
    inlines = (ItemInline,)
    actions = ("activate", "retire")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("items__texts")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change=change, **(kwargs if obj is not None else {**kwargs, "form": UploadForm}))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is not None else ("upload",)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj is not None else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_activate_permission(self, request: HttpRequest) -> bool:
        return self._may_write(request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        data = instrument_files.read(form.cleaned_data["upload"].read())
        take_on(obj, instruments.load(data, by=request.user))  # type: ignore[arg-type]

    @admin.display(description=_("asked about"), ordering="instrument__subject")
    def subject(self, row: InstrumentVersion) -> str:
        return str(row.instrument.get_subject_display())

    @admin.display(description=_("languages"))
    def languages(self, row: InstrumentVersion) -> str:
        return ", ".join(instruments.languages_of(row))

    @admin.action(description=_("Put the chosen drafts in force"), permissions=["activate"])
    def activate(self, request: HttpRequest, rows: QuerySet[InstrumentVersion]) -> None:
        each(self, request, rows, instruments.activate, _("%(number)s versions are in force."))

    @admin.action(description=_("Offer the chosen versions for no more rounds"), permissions=["activate"])
    def retire(self, request: HttpRequest, rows: QuerySet[InstrumentVersion]) -> None:
        each(self, request, rows, instruments.retire, _("%(number)s versions are retired."))


@admin.register(SurveyRound)
class SurveyRoundAdmin(ActAdmin):
    word = Permission.RECORD_SURVEYS
    list_display = ("version", "stage", "number", "place", "project", "held_on", "status")
    list_filter = ("status", "subject", "stage")
    list_select_related = ("version__instrument", "place", "project")
    search_fields = ("version__instrument__name", "place__name", "project__code")
    date_hierarchy = "held_on"
    autocomplete_fields = ("version", "project", "partner", "place", "organization")
    planned = ("version", "project", "partner", "place", "subject", "organization")
    fields = (*planned, *rounds.CHANGEABLE)
    actions = ("open_entry", "close_entry", "approve")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.planned if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            row = SurveyRound.objects.get(pk=obj.pk)
            rounds.change(row, by=request.user, **given(form, rounds.CHANGEABLE))  # type: ignore[arg-type]
        else:
            take_on(obj, rounds.plan(by=request.user, **form.cleaned_data))  # type: ignore[arg-type]

    @admin.action(description=_("Open the chosen rounds for entry"), permissions=["change"])
    def open_entry(self, request: HttpRequest, rows: QuerySet[SurveyRound]) -> None:
        each(self, request, rows, rounds.open, _("%(number)s rounds are open."))

    @admin.action(description=_("Close the chosen rounds"), permissions=["change"])
    def close_entry(self, request: HttpRequest, rows: QuerySet[SurveyRound]) -> None:
        each(self, request, rows, rounds.close, _("%(number)s rounds are closed."))

    @admin.action(description=_("Approve the chosen rounds"), permissions=["change"])
    def approve(self, request: HttpRequest, rows: QuerySet[SurveyRound]) -> None:
        each(self, request, rows, rounds.approve, _("%(number)s rounds are approved."))
