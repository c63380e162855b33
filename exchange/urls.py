"""Addresses of what comes in and goes out."""

from django.urls import path

from exchange import views

urlpatterns = [
    path("imports/", views.ImportList.as_view(), name="imports"),
    path("imports/<int:pk>/", views.show, name="import"),
    path("imports/<int:pk>/undo/", views.undo, name="import_undo"),
    path("imports/<int:pk>/drop/", views.drop, name="import_drop"),
    path("imports/<int:pk>/file/", views.source_file, name="import_file"),
    path("imports/<int:pk>/annotated/", views.annotated, name="import_annotated"),
    path("workbooks/", views.new_workbook, name="workbook_new"),
    path("workbooks/<str:code>/<str:period>/<int:partner>/", views.workbook, name="workbook"),
    path("projects/<str:code>/framework/import/", views.new_framework, name="framework_new"),
]
