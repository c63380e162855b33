"""Rankings of needs: the list of cycles and one cycle as a table."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from communities import needs
from communities.models import NeedsRanking
from communities.views import asked
from communities.views.forums import in_place
from communities.views.recording import NewRecordPage, tabs
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.models import Project

P = Permission


class RankingFilter(django_filters.FilterSet):
    project = django_filters.ModelChoiceFilter(label=_("Project"), queryset=lambda request: Project.objects.visible_to(request.user))
    place = django_filters.CharFilter(label=_("Place"), method="at")

    class Meta:
        model = NeedsRanking
        fields: list[str] = []

    def at(self, rows: Any, name: str, value: str) -> Any:
        return in_place(rows, value)


class RankingList(ListPage):
    model = NeedsRanking
    filterset_class = RankingFilter
    template_name = "communities/needs_rankings.html"
    ordering = "-until"
    related = ("project", "partner", "place")
    columns = (
        Column("cycle", _("Cycle"), order=["title"], export="title"),
        Column("place", _("Place"), order=["place__name"], export="place__name"),
        Column("project", _("Project"), order=["project__code"], export="project__code"),
        Column("partner", _("Partner"), order=["partner__name"], export="partner__name"),
        Column("from", _("From"), export="starts_on", hidden=True),
        Column("until", _("Until"), order=["ends_on"], export="ends_on"),
        Column("groups", _("Groups that met"), order=["groups_met"], export="groups_met", number=True),
    )

    def context(self, listing: Listing) -> dict[str, Any]:
        return {"tabs": tabs(self.request), "may_record": P.RECORD_COMMUNITIES in access.words(self.request.user)}


@login_required
def needs_ranking(request: HttpRequest, pk: int) -> HttpResponse:
    rows = NeedsRanking.objects.visible_to(request.user).select_related("project__program", "partner", "place", "community")
    row = get_object_or_404(rows.prefetch_related("groups", "needs__ranks"), pk=pk)
    ranked = needs.moved(needs.ranked(row), NeedsRanking.objects.visible_to(request.user))
    shown = {"ranking": row, "ranked": ranked, "crumbs": [(_("Needs"), reverse("needs_rankings")), (row.title, "")]}
    return render(request, "communities/needs_ranking.html", shown)


class RankNeeds(NewRecordPage):
    template_name = "communities/rank_needs.html"
    title = _("Record a ranking of needs")
    button = _("Record the ranking")
    done = _("The ranking is recorded.")
    word = P.RECORD_COMMUNITIES
    form_class = asked.RankingForm
    listed = (_("Needs"), "needs_rankings")

    def act(self, form: asked.RankingForm) -> NeedsRanking:
        return needs.rank(by=self.request.user, **form.given())  # type: ignore[arg-type]

    def go_to(self, result: NeedsRanking) -> str:
        return reverse("needs_ranking", args=[result.pk])
