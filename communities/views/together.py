"""What a community's page shows of its forums and promises, and of its needs and local projects: a page each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from communities import forums, local_projects, needs
from communities.models import Commitment, Community, Dispute, Forum, LocalProject, NeedsRanking, Satisfaction, SeatLine, Sitting
from communities.views.communities import community_tabs
from communities.views.forums import shows_people
from programs import access

P = Permission
SHOWN = 25


@login_required
def community_forums(request: HttpRequest, pk: int) -> HttpResponse:
    """Seats against quotas, the dialogue that met last, commitments and disputes."""
    row = _visible(request, pk)
    found = list(Forum.objects.visible_to(request.user).filter(community=row).meeting().order_by("name")[:SHOWN])
    shown = {
        "community": row,
        "forums": [(forum, *seats) for forum, seats in _seats(found)],
        "dialogue": next((forum for forum in found if forum.kind == Forum.Kind.DIALOGUE), None),
        "commitments": Commitment.objects.visible_to(request.user).filter(community=row).with_standing(timezone.localdate())
        .with_last_word().order_by("due_on", "since", "id")[:SHOWN],
        "disputes": list(Dispute.objects.visible_to(request.user).filter(community=row)[:SHOWN]),
        "shows_people": shows_people(request.user),
        "today": timezone.localdate(),
        **_around(request, row, _("Forums and promises")),
    }  # fmt: skip
    if shown["dialogue"] is not None:
        shown["attendance"] = forums.attendance(shown["dialogue"])
    return render(request, "communities/community_forums.html", shown)


@login_required
def community_projects(request: HttpRequest, pk: int) -> HttpResponse:
    """The last ranking of needs, and local projects with what users said last."""
    row = _visible(request, pk)
    rankings = NeedsRanking.objects.visible_to(request.user)
    ranking = rankings.filter(community=row).prefetch_related("groups", "needs__ranks").first()
    latest = Satisfaction.objects.filter(local_project=OuterRef("pk")).order_by("-asked_on", "-id")
    rows = LocalProject.objects.visible_to(request.user).filter(community=row).with_paid().select_related("partner")
    found = list(rows.annotate(said=Subquery(latest.values("pk")[:1])).order_by("state_on", "title")[:SHOWN])
    said = Satisfaction.objects.in_bulk([one.said for one in found if one.said])
    shown = {
        "community": row,
        "ranked": needs.moved(needs.ranked(ranking), rankings) if ranking else None,
        "projects": [(one, local_projects.satisfied(said[one.said]) if one.said else None) for one in found],
        "money": _money(found),
        **_around(request, row, _("Needs and local projects")),
    }
    return render(request, "communities/community_projects.html", shown)


def _around(request: HttpRequest, row: Community, words: Any) -> dict[str, Any]:
    return {
        "tabs": community_tabs(request, row),
        "may_record": access.allows(request.user, P.RECORD_COMMUNITIES, partner=row.partner, place=row.place),  # type: ignore[arg-type]
        "crumbs": [(_("Communities"), reverse("communities")), (row.name, reverse("community", args=[row.pk])), (words, "")],
    }


def _seats(found: list[Forum]) -> list[tuple[Forum, tuple[Sitting | None, list[forums.Quota]]]]:
    """Each forum with its present sitting and quotas; one query for all."""
    last = Sitting.objects.filter(forum=OuterRef("sitting__forum")).order_by("-since", "-id").values("pk")[:1]
    by_forum: dict[int, list[SeatLine]] = {}
    for line in SeatLine.objects.filter(sitting__forum__in=found, sitting=Subquery(last)).select_related("sitting").order_by("id"):
        by_forum.setdefault(line.sitting.forum_id, []).append(line)
    return [
        (forum, (lines[0].sitting, forums.quotas(lines[0].sitting, lines)) if (lines := by_forum.get(forum.pk)) else (None, []))
        for forum in found
    ]


def _money(found: list[Any]) -> list[dict[str, Any]]:
    """Paid of approved per currency over the projects shown."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for one in found:
        if one.approved is not None:
            paid, approved = sums.get(one.currency, (Decimal(0), Decimal(0)))
            sums[one.currency] = (paid + (one.paid or Decimal(0)), approved + one.approved)
    return [local_projects.paid_of(currency, paid, approved) for currency, (paid, approved) in sorted(sums.items())]


def _visible(request: HttpRequest, pk: int) -> Community:
    row: Community = get_object_or_404(Community.objects.visible_to(request.user).select_related("place", "partner"), pk=pk)
    return row
