"""What the recording pages share: for whom one may record, a page that makes a record, and a page about one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from accounts.roles import Permission
from communities.models import Community
from communities.views.asked import NewRecord, communities_of
from plumbing.addresses import number_in
from programs import access
from programs.models import Project, ProjectPartner
from programs.views.acts import FormPage

P = Permission


def may(user: Any, word: Permission, row: Any) -> bool:
    """Whether the acts of this word are open on a record."""
    return access.allows(user, word, project=row.project, partner=row.partner, place=row.place)


def pairs(user: Any, word: Permission) -> list[tuple[Project, Organization]]:
    """Every running project and partner for which this person holds the word."""
    rows = (
        ProjectPartner.objects.filter(project__in=Project.objects.visible_to(user, word).running())
        .exclude(role=ProjectPartner.Role.FUNDING)
        .select_related("project", "organization")
        .order_by("project__code", "organization__name")
    )
    found = {(row.project_id, row.organization_id): (row.project, row.organization) for row in rows}
    held = [one for one in access.held(user) if word in one.words]
    return [pair for (_project, partner), pair in found.items() if any(one.scope.get("partner") in (None, partner) for one in held)]


class NewRecordPage(FormPage):
    """``?community=`` fills in where; the choice of project and partner is what this person may record for."""

    word: ClassVar[Permission]
    form_class: ClassVar[type[NewRecord]]
    listed: ClassVar[tuple[Any, str]]  # words and address name of the list it ends up in

    def prepare(self) -> None:
        access.require_word(self.request.user, self.word)

    @cached_property
    def community(self) -> Community | None:
        asked = number_in(self.request.GET.get("community"))
        return Community.objects.visible_to(self.request.user).filter(pk=asked).first() if asked is not None else None

    def form(self, *data: Any) -> NewRecord:
        found = self.community
        initial = {"community": found, "place": found.place} if found else {}
        return self.form_class(
            *data, pairs=pairs(self.request.user, self.word), communities=communities_of(self.request.user), initial=initial, **self.more()
        )

    def more(self) -> dict[str, Any]:
        return {}

    def crumbs(self) -> Any:
        return [(self.listed[0], reverse(self.listed[1])), (self.title, "")]


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The lists of the community level, as far as this person reads them."""
    shown = (
        ("communities", _("Communities"), P.READ_COMMUNITIES),
        ("incidents", _("Incidents"), P.READ_COMMUNITIES),
        ("early_warnings", _("Early warnings"), P.READ_COMMUNITIES),
        ("disputes", _("Disputes"), P.READ_COMMUNITIES),
        ("forums", _("Forums"), P.READ_FORUMS),
        ("commitments", _("Commitments"), P.READ_FORUMS),
        ("needs_rankings", _("Needs"), P.READ_COMMUNITIES),
        ("local_projects", _("Local projects"), P.READ_COMMUNITIES),
        ("community_due", _("What is due"), P.READ_COMMUNITIES),
    )
    held, found = access.words(request.user), []
    for name, label, word in shown:
        try:
            url = reverse(name)
        except NoReverseMatch:  # a list that is not installed
            continue
        if word in held:
            found.append({"label": label, "url": url, "current": request.path == url})
    return found
