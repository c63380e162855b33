"""Set-up of reporting in the admin: the questions of the narrative, and which Word templates are offered."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from programs.admin import ActAdmin
from reporting.models import NarrativeQuestion, WordTemplate


@admin.register(NarrativeQuestion)
class NarrativeQuestionAdmin(ActAdmin):
    list_display = ("heading", "program", "project", "limit", "is_required", "order", "is_retired")
    list_filter = ("is_retired", "program")
    list_select_related = ("program", "project")
    search_fields = ("heading", "guidance")
    autocomplete_fields = ("program", "project")


@admin.register(WordTemplate)
class WordTemplateAdmin(ActAdmin):
    """A template is uploaded and checked on its page; here it is renamed or retired."""

    list_display = ("title", "uploaded_at", "uploaded_by", "is_retired")
    list_filter = ("is_retired",)
    list_select_related = ("uploaded_by",)
    search_fields = ("title",)
    fields = ("title", "is_retired", "uploaded_at", "uploaded_by")
    readonly_fields = ("uploaded_at", "uploaded_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
