from django.urls import path

from locations import views

urlpatterns = [
    path("places/", views.PlaceList.as_view(), name="places"),
    path("places/options/", views.place_options, name="place_options"),
]
