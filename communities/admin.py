"""Forums, promises, disputes, needs and local projects in the admin: the same acts as the pages, and nothing about a person."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.roles import Permission
from communities import commitments, forums, local_projects
from communities.models import Commitment, Dispute, Forum, LocalAgreement, LocalProject, NeedsRanking
from programs.admin import ActAdmin, given, take_on


class ReadAdmin(ActAdmin):
    """What is recorded in steps: read here, recorded on its page."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
