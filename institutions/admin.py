"""Institutions, reform steps and details of support in the admin: the same acts as the pages. Due diligence is not here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.roles import Permission
from institutions import complaints, profiles, reform, support
from institutions.models import (
    ComplaintKind,
    ComplaintMonth,
    Engagement,
    FollowUpCheck,
    Institution,
    ReformStage,
    ReformStep,
    StaffCount,
    SupportDetail,
)
from programs.admin import ActAdmin, ReadOnlyInline, given, take_on
from programs.models import Project

WORDS = {"kind", "title", "summary", "indicator"}


class EngagementInline(ReadOnlyInline):
    model = Engagement


class StaffInline(ReadOnlyInline):
    model = StaffCount
    fields = ("counted_on", "total", "source")


@admin.register(Institution)
class InstitutionAdmin(ActAdmin):
    """Added on its page, within a project; here it is looked up and corrected."""

    word = Permission.RECORD_INSTITUTIONS
    list_display = ("organization", "kind", "place", "parent")
    list_filter = ("kind",)
    list_select_related = ("organization", "place", "parent__organization")
    search_fields = ("organization__name", "place__name")
    autocomplete_fields = ("parent", "place")
    fields = ("organization", "kind", "commands_forces", "place", "parent", "posts", "note")
    readonly_fields = ("organization",)
    inlines = (EngagementInline, StaffInline)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        row = Institution.objects.get(pk=obj.pk)
        profiles.change(row, by=request.user, **given(form, profiles.FIELDS))  # type: ignore[arg-type]


class StageInline(ReadOnlyInline):
    model = ReformStage
    fields = ("stage", "reached_on", "evidence", "women_consulted", "men_consulted")


@admin.register(ReformStep)
class ReformAdmin(ActAdmin):
    word = Permission.RECORD_INSTITUTIONS
    list_display = ("title", "kind", "institution", "project")
    list_filter = ("kind", "project")
    list_select_related = ("institution__organization", "project")
    search_fields = ("title", "institution__organization__name")
    autocomplete_fields = ("institution", "project")
    fields = ("institution", "project", "kind", "title", "summary", "indicator")
    raw_id_fields = ("indicator",)
    inlines = (StageInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("institution", "project")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            row = ReformStep.objects.get(pk=obj.pk)
            reform.change(row, by=request.user, **{**_words(row), **given(form, WORDS)})  # type: ignore[arg-type]
        else:
            project: Project = form.cleaned_data["project"]
            whose = {"institution": form.cleaned_data["institution"], "project": project}
            take_on(obj, reform.begin(by=request.user, **whose, **given(form, WORDS)))  # type: ignore[arg-type]


class CheckInline(ReadOnlyInline):
    model = FollowUpCheck
    fields = ("kind", "due_on", "checked_on", "looked_at", "in_use", "findings")


@admin.register(SupportDetail)
class SupportAdmin(ActAdmin):
    """Recorded with its activity on the page of the institution; the details are completed here too."""

    word = Permission.RECORD_ACTIVITIES
    list_display = ("title", "kind", "institution", "activity")
    list_filter = ("kind",)
    list_select_related = ("institution__organization", "activity")
    search_fields = ("title", "institution__organization__name")
    fields = (
        "activity", "institution", "kind", "title", "test_before", "test_after", "tested", "quantity", "handed_over_on", "handed_over_to",
    )  # fmt: skip
    readonly_fields = ("activity", "institution", "kind")
    inlines = (CheckInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        row = SupportDetail.objects.get(pk=obj.pk)
        support.change(row, by=request.user, **given(form, support.DETAILS | {"title"}))  # type: ignore[arg-type]


class KindInline(ReadOnlyInline):
    model = ComplaintKind
    fields = ("kind", "received")


@admin.register(ComplaintMonth)
class ComplaintAdmin(ActAdmin):
    """Numbers of a register by month and state; the kinds are counted on the page and stay as they are here."""

    word = Permission.RECORD_INSTITUTIONS
    list_display = ("first_day", "service", "place", "register", "received", "closed")
    list_filter = ("service", "year")
    list_select_related = ("register__organization", "place")
    search_fields = ("register__organization__name", "place__name")
    autocomplete_fields = ("register", "place")
    fields = ("register", "service", "place", "year", "month", "received", "closed", "due", "in_time", "source")
    inlines = (KindInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("register", "service", "place", "year", "month")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        kinds = dict(obj.kinds.values_list("kind", "received")) if change else {}
        counted = {name: getattr(obj, name) for name in self.fields}
        take_on(obj, complaints.count_month(by=request.user, kinds=kinds, **counted))  # type: ignore[arg-type]


def _words(row: ReformStep) -> dict[str, Any]:
    return {name: getattr(row, name) for name in WORDS}
