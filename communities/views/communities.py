"""The list of communities, one community, and the forms that keep its record."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from communities import issues, masking, population, registry, trend
from communities.forms import AccessForm, CommunityForm, PopulationForm
from communities.models import AccessCheck, Community, Incident, PopulationCount
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.access import NotAllowed
from programs.forms import places_of
from programs.models import Project
from programs.models.projects import Sensitivity
from programs.views.acts import FormPage

RECORD = Permission.RECORD_COMMUNITIES


class CommunityFilter(django_filters.FilterSet):
    project = django_filters.ModelChoiceFilter(
        label=_("Project"), field_name="project_links__project", queryset=lambda request: Project.objects.visible_to(request.user)
    )
    name = django_filters.CharFilter(label=_("Name"), field_name="name", lookup_expr="icontains")
    place = django_filters.CharFilter(label=_("Place"), method="in_place")

    class Meta:
        model = Community
        fields: list[str] = []

    def in_place(self, rows: Any, name: str, value: str) -> Any:
        """A code takes everything below it; a word, places called like it."""
        return rows.filter(Q(place__above__ancestor__code=value.strip().upper()) | Q(place__name__icontains=value.strip())).distinct()


class CommunityList(ListPage):
    model = Community
    filterset_class = CommunityFilter
    template_name = "communities/communities.html"
    ordering = "name"
    related = ("place", "place__parent", "partner")
    columns = (
        Column("name", _("Community"), order=["name"], export="name"),
        Column("place", _("Place"), order=["place__name"], export="place__name"),
        Column("place_code", _("P-code"), export="place__code", hidden=True),
        Column("area", _("Lies in"), order=["place__parent__name"], export="place__parent__name"),
        Column("partner", _("Partner"), order=["partner__name"], export="partner__name"),
        Column("monitors", _("Monitors"), export="monitors", number=True),
        Column("sensitivity", _("Class"), export="sensitivity", words=Sensitivity.choices, hidden=True),
    )

    def context(self, listing: Listing) -> dict[str, Any]:
        return {"may_record": RECORD in access.words(self.request.user)}


@login_required
def community(request: HttpRequest, pk: int) -> HttpResponse:
    row = _with_circle(request, pk)
    analysis = issues.latest(row)
    told = Incident.objects.all() if row.is_of_circle else masking.placed_for(Incident.objects.all())
    alerts = list(row.warnings.open().select_related("responder").prefetch_related(Prefetch("incidents", queryset=told)))
    shown = {
        "alerts": alerts, "analysis": analysis, "review_due": issues.review_due(analysis),
        "issues": list(analysis.issues.all()) if analysis else [], "factors": list(analysis.factors.all()) if analysis else [],
        "may_answer": row.is_of_circle, "may_record": row.may_record,
        "community": row, "projects": list(row.projects.all()), "population": _population(row), "access": _access(row),
        "crumbs": [(_("Communities"), reverse("communities")), (row.name, "")], "tabs": community_tabs(request, row),
    }  # fmt: skip
    return render(request, "communities/community.html", shown)


@login_required
def community_over_time(request: HttpRequest, pk: int) -> HttpResponse:
    """Incidents by month beside cohesion, acceptance and agreements: a page of its own, or the part of the community's page."""
    row, today = _with_circle(request, pk), timezone.localdate()
    people, lines = population.on([row.pk], today).get(row.pk), trend.of(row, today, with_strict=row.is_of_circle)
    told = row.incidents.counting() if row.is_of_circle else masking.placed_for(row.incidents.counting())
    rounds = trend.cohesion(row, today, reader=request.user)
    held = {one.month: one for one in rounds}
    shown = {
        "community": row, "trend": lines, "axis": [(month.first, held.get(month.first)) for month in lines.months], "rate": population.rate(lines.violent, people),
        "cohesion": rounds, "asks_acceptance": any(one.accept for one in rounds), "milestones": trend.milestones(row, today, reader=request.user),
        "incidents": list(told.order_by("-event_date", "-id")[:10]), "tabs": community_tabs(request, row),
        "crumbs": [(_("Communities"), reverse("communities")), (row.name, reverse("community", args=[row.pk])), (_("Over time"), "")],
    }  # fmt: skip
    part = bool(request.headers.get("HX-Request"))
    return render(request, "communities/_over_time.html" if part else "communities/over_time.html", shown)


def _with_circle(request: HttpRequest, pk: int) -> Any:
    """The community with ``may_record``, ``may_verify`` and ``is_of_circle``: whether strict incidents may be placed here."""
    may = {
        name: Exists(Community.objects.visible_to(request.user, word).filter(pk=OuterRef("pk")))
        for name, word in (("may_record", RECORD), ("may_verify", Permission.VERIFY_INCIDENTS))
    }
    rows = Community.objects.visible_to(request.user).annotate(**may).select_related("place", "place__parent", "partner")
    row: Any = get_object_or_404(rows, pk=pk)
    row.is_of_circle = row.may_record or row.may_verify
    return row


def community_tabs(request: HttpRequest, row: Community) -> list[dict[str, Any]]:
    """The pages of one community."""
    names = (
        ("community", _("The community")),
        ("community_over_time", _("Over time")),
        ("community_forums", _("Forums and promises")),
        ("community_projects", _("Needs and local projects")),
    )
    return [{"label": label, "url": (url := reverse(name, args=[row.pk])), "current": request.path == url} for name, label in names]


def visible(request: HttpRequest, pk: int, permission: Permission | None = None) -> Community:
    """The community of the address: 404 for whoever may not read it, 403 for who reads it but may not do this."""
    rows = Community.objects.visible_to(request.user).select_related("place", "place__parent", "partner")
    row: Community = get_object_or_404(rows, pk=pk)
    if permission is not None and not registry.allows(request.user, permission, row):
        raise NotAllowed(_("You may not do this here: it needs the permission to %(what)s.") % {"what": permission.label})
    return row


class AddCommunity(FormPage):
    title = _("Add a community")
    button = _("Add the community")
    done = _("The community is added.")

    def prepare(self) -> None:
        access.require_word(self.request.user, RECORD)

    def form(self, *data: Any) -> CommunityForm:
        projects = Project.objects.visible_to(self.request.user, RECORD).order_by("code")
        return CommunityForm(*data, projects=projects, partners=keepers(self.request.user))

    def act(self, form: Any) -> Community:
        return registry.add(**form.cleaned_data, by=self.request.user)

    def go_to(self, result: Community) -> str:
        return reverse("community", args=[result.pk])

    def crumbs(self) -> Any:
        return [(_("Communities"), reverse("communities")), (self.title, "")]


class OfCommunity(FormPage):
    """A form about one community."""

    permission = RECORD

    def prepare(self) -> None:
        self.community = visible(self.request, self.kwargs["pk"], self.permission)

    def go_to(self, result: Any) -> str:
        return reverse("community", args=[self.community.pk])

    def crumbs(self) -> Any:
        return [(_("Communities"), reverse("communities")), (self.community.name, self.go_to(None)), (self.title, "")]


class ChangeCommunity(OfCommunity):
    title = _("Change the community")

    def form(self, *data: Any) -> CommunityForm:
        row = self.community
        projects = Project.objects.filter(
            Q(pk__in=Project.objects.visible_to(self.request.user, RECORD).values("pk")) | Q(pk__in=row.projects.values("pk"))
        )
        start = {
            "name": row.name, "place": row.place, "projects": list(row.projects.all()), "languages": row.languages,
            "monitors": row.monitors, "sensitivity": row.sensitivity,
        }  # fmt: skip
        first = row.projects.first()
        return CommunityForm(*data, projects=projects.order_by("code"), places=places_of(first) if first else (), initial=start)

    def act(self, form: Any) -> Community:
        return registry.change(self.community, **form.cleaned_data, by=self.request.user)


class CountPopulation(OfCommunity):
    title = _("Record the population")
    button = _("Save the count")

    def form(self, *data: Any) -> PopulationForm:
        return PopulationForm(*data)

    def act(self, form: Any) -> Any:
        given = form.cleaned_data
        people = {group: given[group] for group in PopulationCount.Group.values}
        return registry.count_population(
            self.community, people=people, observed_on=given["observed_on"], source=given["source"], by=self.request.user
        )


class CheckAccess(OfCommunity):
    title = _("Record how it is reached")
    button = _("Save the check")

    def form(self, *data: Any) -> AccessForm:
        return AccessForm(*data)

    def act(self, form: Any) -> AccessCheck:
        return registry.check_access(self.community, **form.cleaned_data, by=self.request.user)


def keepers(user: Any) -> Any:
    return registry.keepers(user, RECORD)


def _population(community: Community) -> dict[str, Any] | None:
    """The newest count of a day and source, group by group."""
    every = list(community.population.order_by("-observed_on", "-id"))
    if not every:
        return None
    newest, order = every[0], list(PopulationCount.Group.values)
    rows = [row for row in every if (row.observed_on, row.source) == (newest.observed_on, newest.source)]
    rows.sort(key=lambda row: order.index(row.group))
    return {"rows": rows, "total": sum(row.people for row in rows), "newest": newest}


def _access(community: Community) -> list[AccessCheck]:
    """The last look at each way in."""
    last: dict[str, AccessCheck] = {}
    for check in community.access_checks.all():
        last.setdefault(check.means, check)
    return [last[means] for means in AccessCheck.Means.values if means in last]
