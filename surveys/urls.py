"""Addresses of the surveys pages."""

from __future__ import annotations

from django.urls import path

from surveys.views import entry, library, rounds

urlpatterns = [
    path("surveys/", rounds.RoundList.as_view(), name="survey_rounds"),
    path("surveys/new/", rounds.PlanRound.as_view(), name="plan_round"),
    path("surveys/<int:pk>/", rounds.survey_round, name="survey_round"),
    path("surveys/<int:pk>/change/", rounds.ChangeRound.as_view(), name="change_round"),
    path("surveys/<int:pk>/compare/", rounds.compare_rounds, name="compare_rounds"),
    path("surveys/<int:pk>/act/<str:act>/", rounds.act_on_round, name="act_on_round"),
    path("surveys/<int:pk>/enter/", entry.EnterResponse.as_view(), name="enter_response"),
    path("surveys/<int:pk>/responses/<int:number>/", entry.CorrectResponse.as_view(), name="correct_response"),
    path("surveys/<int:pk>/responses/<int:number>/withdraw/", entry.WithdrawResponse.as_view(), name="withdraw_response"),
    path("instruments/", library.InstrumentList.as_view(), name="instruments"),
    path("instruments/load/", library.LoadInstrument.as_view(), name="load_instrument"),
    path("instruments/load-shipped/", library.load_shipped, name="load_shipped_instruments"),
    path("instruments/<int:pk>/", library.instrument, name="instrument"),
    path("instruments/<int:pk>/form/", library.printed_form, name="printed_form"),
    path("instruments/<int:pk>/text/", library.SupplyText.as_view(), name="supply_text"),
    path("instruments/<int:pk>/act/<str:act>/", library.act_on_instrument, name="act_on_instrument"),
]
