"""The admin site: set-up of everything that is not about a person."""

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default_site = "django.contrib.admin.sites.AdminSite"
