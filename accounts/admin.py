"""Looking people and organizations up in the admin; who may do what is decided on the organization's own pages."""

from __future__ import annotations

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import audit, practice
from accounts.models import Organization, PracticeValue, User

# The stock pages show second-factor secrets and other people's sessions in clear, change addresses past the acts, or give rights that
# nothing reads: what a role may do stands in accounts/roles.py.
for _model in (Authenticator, UserSession, EmailAddress, EmailConfirmation, Group):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    list_display = ("name", "short_name", "kind", "parent", "is_active")
    list_filter = ("kind", "is_active")
    list_select_related = ("parent",)
    search_fields = ("name", "short_name", "identifier")
    autocomplete_fields = ("parent",)

    def save_model(self, request: HttpRequest, obj: Organization, form: object, change: bool) -> None:
        obj.save()
        audit.record("organization.changed" if change else "organization.added", [obj], by=request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """People are invited, given roles and taken leave of on their own pages; here they are found."""

    list_display = ("name", "organization", "is_active", "left_on")
    list_filter = ("is_active",)
    list_select_related = ("organization",)
    search_fields = ("name", "email")
    fields = ("name", "email", "organization", "language", "time_zone", "is_active", "left_on")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


@admin.register(PracticeValue)
class PracticeValueAdmin(admin.ModelAdmin):
    """Looked up here; changed on the settings page, where a value that cannot be read is refused with what to write."""

    list_display = ("key", "decides", "value", "seeded", "verified")
    list_filter = ("verified",)
    search_fields = ("key", "label")

    @admin.display(description=_("what it decides"), ordering="label")
    def decides(self, row: PracticeValue) -> str:
        return str(practice.label_of(row))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: PracticeValue | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PracticeValue | None = None) -> bool:
        return False
