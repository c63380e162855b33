"""Communities and what is recorded of them in the admin: the same acts as the pages, and nothing about a person.

Incidents and early warnings are lists to read: by area, without a place and without what was told in words.
"""

from __future__ import annotations

from typing import Any

from django import forms as forms_of_django
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from communities import commitments, early_warnings, forums, local_projects, masking, registry
from communities.models import (
    Commitment,
    Community,
    Dispute,
    EarlyWarning,
    Forum,
    Incident,
    LocalAgreement,
    LocalProject,
    NeedsRanking,
    WarningThreshold,
)
from programs.admin import ActAdmin, given, take_on
from programs.models import Project


class ReadAdmin(ActAdmin):
    """What is recorded in steps: read here, recorded on its page."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CommunityForm(forms_of_django.ModelForm):
    projects = forms_of_django.ModelMultipleChoiceField(Project.objects.none(), label=_("Projects that work there"))

    class Meta:
        model = Community
        fields = ("name", "place", "partner", "languages", "monitors", "sensitivity")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["projects"] = list(self.instance.projects.all())


@admin.register(Community)
class CommunityAdmin(ActAdmin):
    word = Permission.RECORD_COMMUNITIES
    form = CommunityForm
    list_display = ("name", "place", "partner", "monitors", "sensitivity")
    list_filter = ("sensitivity",)
    search_fields = ("name", "place__name", "place__code")
    list_select_related = ("place", "partner")
    autocomplete_fields = ("place", "partner")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "projects" in form.base_fields:
            reached = Q(pk__in=Project.objects.visible_to(request.user, self.word).values("pk"))
            linked = Q(pk__in=obj.projects.values("pk")) if obj else Q()
            form.base_fields["projects"].queryset = Project.objects.filter(reached | linked if obj else reached).order_by("code")
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("partner",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        told = {name: value for name, value in form.cleaned_data.items() if name != "partner"}
        if change:
            registry.change(Community.objects.get(pk=obj.pk), by=request.user, **told)  # type: ignore[arg-type]
        else:
            take_on(obj, registry.add(by=request.user, partner=form.cleaned_data["partner"], **told))  # type: ignore[arg-type]


@admin.register(WarningThreshold)
class ThresholdAdmin(ActAdmin):
    """A community's own alarm line and who answers its warnings."""

    word = Permission.VERIFY_INCIDENTS
    list_display = ("community", "window_days", "minimum", "displaced", "responder")
    list_select_related = ("community", "responder")
    search_fields = ("community__name",)
    autocomplete_fields = ("community",)
    raw_id_fields = ("responder",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(community__in=Community.objects.visible_to(request.user, self.word))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("community",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        limits = {name: getattr(obj, name) for name in ("window_days", "minimum", "displaced", "responder")}
        take_on(obj, early_warnings.set_threshold(obj.community, by=request.user, **limits))  # type: ignore[arg-type]


@admin.register(EarlyWarning)
class EarlyWarningAdmin(ReadAdmin):
    list_display = ("first_seen", "community", "rule", "severity", "responder", "due_at", "decision")
    list_filter = ("rule", "decision")
    list_select_related = ("community", "responder")
    fields = ("community", "rule", "severity", "responder", "first_seen", "due_at", "escalated_at", "acknowledged_at", "responded_at",
              "decision", "decided_at")  # fmt: skip


@admin.register(Incident)
class IncidentAdmin(ReadAdmin):
    list_display = ("event_date", "type", "shown_area", "source", "sensitivity", "verified_at")
    list_filter = ("type", "sensitivity")
    list_select_related = ("area__parent", "community")
    fields = ("event_date", "date_precision", "type", "sub_type", "shown_area", "actor_1", "actor_2", "source", "reliability", "credibility",
              "sensitivity", "verified_at")  # fmt: skip
    readonly_fields = ("shown_area",)

    @admin.display(description=_("area"))
    def shown_area(self, row: Incident) -> Any:
        return masking.shown_area(row)


@admin.register(Forum)
class ForumAdmin(ActAdmin):
    word = Permission.RECORD_FORUMS
    list_display = ("name", "kind", "place", "project", "partner", "started_on", "ended_on")
    list_filter = ("kind",)
    search_fields = ("name",)
    list_select_related = ("place", "project", "partner")
    autocomplete_fields = ("project", "partner", "place", "institution")
    raw_id_fields = ("community",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("project", "partner", "place") if obj else ("ended_on", "next_session_on", "next_session_note")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            names = (
                "name",
                "kind",
                "started_on",
                "ended_on",
                "next_session_on",
                "next_session_note",
                "community",
                "institution",
                "purpose",
            )
            forums.change_forum(obj, by=request.user, **{name: getattr(obj, name) for name in names})  # type: ignore[arg-type]
        else:
            take_on(obj, forums.start_forum(by=request.user, **form.cleaned_data))  # type: ignore[arg-type]


@admin.register(Commitment)
class CommitmentAdmin(ActAdmin):
    word = Permission.RECORD_FORUMS
    list_display = ("text", "who", "due_on", "state", "project", "place")
    list_filter = ("state",)
    search_fields = ("text", "who")
    list_select_related = ("project", "place")
    fields = ("forum", "agreement", "dispute", "text", "who", "due_on", "since", "topic")
    autocomplete_fields = ("forum", "agreement", "dispute")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        take_on(obj, commitments.promise(by=request.user, **form.cleaned_data))  # type: ignore[arg-type]


@admin.register(LocalProject)
class LocalProjectAdmin(ActAdmin):
    word = Permission.RECORD_COMMUNITIES
    list_display = ("title", "kind", "state", "place", "project", "approved", "currency")
    list_filter = ("state", "kind")
    search_fields = ("title",)
    list_select_related = ("project", "place")
    autocomplete_fields = ("project", "partner", "place", "committee")
    raw_id_fields = ("community",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("project", "partner", "place", "proposed_on", "minutes", "currency", "asked") if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            local_projects.change(obj, by=request.user, **given(form, local_projects.CHANGEABLE))  # type: ignore[arg-type]
        else:
            take_on(obj, local_projects.propose(by=request.user, **form.cleaned_data))  # type: ignore[arg-type]


@admin.register(Dispute)
class DisputeAdmin(ReadAdmin):
    list_display = ("title", "kind", "state", "state_on", "place", "project")
    list_filter = ("state", "kind")
    search_fields = ("title",)
    list_select_related = ("project", "place")


@admin.register(LocalAgreement)
class AgreementAdmin(ReadAdmin):
    list_display = ("title", "signed_on", "stage", "place", "project")
    list_filter = ("stage",)
    search_fields = ("title",)
    list_select_related = ("project", "place")


@admin.register(NeedsRanking)
class RankingAdmin(ReadAdmin):
    list_display = ("title", "starts_on", "ends_on", "place", "project")
    search_fields = ("title",)
    list_select_related = ("project", "place")
