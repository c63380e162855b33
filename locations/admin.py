"""The gazetteer in the admin: looked up here, loaded from files."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from locations.models import Place, PlaceName


class PlaceNameInline(admin.TabularInline):
    model = PlaceName
    extra = 0
    can_delete = False
    fields = ("language", "name", "is_official")

    def has_add_permission(self, request: HttpRequest, obj: Place | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Place | None = None) -> bool:
        return False


@admin.register(Place)
class PlaceAdmin(admin.ModelAdmin):
    list_display = ("name", "code", "level", "parent", "country", "valid_to")
    list_filter = ("level", "country")
    list_select_related = ("parent",)
    search_fields = ("name", "code", "names__name")
    inlines = (PlaceNameInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Place | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Place | None = None) -> bool:
        return False
