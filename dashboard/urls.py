"""Addresses of the pages that gather from several apps."""

from django.urls import path

from dashboard.views import board

urlpatterns = [
    path("board/", board.Board.as_view(), name="board"),
    path("board/<int:pk>/", board.report, name="board_report"),
    path("board/lock/", board.lock, name="board_lock"),
    path("board/remind/", board.remind, name="board_remind"),
]
