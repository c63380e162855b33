"""Every address of the portal; each app keeps its own list."""

from django.contrib import admin
from django.urls import include, path

from peacebuild import api
from plumbing.views import favicon

handler400 = "peacebuild.api.bad_request"
handler403 = "peacebuild.api.forbidden"
handler404 = "peacebuild.api.not_found"
handler500 = "peacebuild.api.server_error"

urlpatterns = [
    path("favicon.ico", favicon, name="favicon"),
    path("api/v1/", include(api.urls)),
    path("accounts/", include("allauth.urls")),
    path("", include("locations.urls")),
    path("admin/", admin.site.urls),
    path("", include("reporting.urls")),
    path("", include("exchange.urls")),
    path("", include("programs.urls")),
    path("", include("surveys.urls")),
    path("", include("communities.urls")),
    path("", include("reintegration.urls")),
    path("", include("institutions.urls")),
    path("", include("dashboard.urls")),
]
