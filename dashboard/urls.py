"""Addresses of the pages that gather from several apps."""

from django.urls import path

from dashboard.views import board, finding, overview, portfolio, projects

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("delivery/", overview.numbers, name="delivery"),
    path("my-work/", overview.my_work, name="my_work"),
    path("my-work/counts/", overview.waiting_counts, name="waiting_counts"),
    path("scope/", overview.choose_scope, name="scope"),
    path("board/", board.Board.as_view(), name="board"),
    path("board/<int:pk>/", board.report, name="board_report"),
    path("board/lock/", board.lock, name="board_lock"),
    path("board/remind/", board.remind, name="board_remind"),
    path("numbers/<int:pk>/", projects.Number.as_view(), name="number"),
    path("projects/<str:code>/", projects.project, name="project"),
    path("projects/<str:code>/results/", projects.results, name="results"),
    path("portfolio/", portfolio.show, name="portfolio"),
    path("search/", finding.search, name="search"),
    path("system/", finding.system, name="system"),
]
