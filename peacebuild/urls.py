"""Every address of the portal; each app keeps its own list."""

from django.contrib import admin
from django.urls import include, path

from plumbing.views import favicon

urlpatterns = [
    path("favicon.ico", favicon, name="favicon"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
