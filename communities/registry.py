"""The record of a community: who keeps it, who lives there, how it is reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from communities.models import AccessCheck, Community, CommunityProject, PopulationCount
from locations.models import Place
from plumbing.refusals import Invalid, Problem
from programs import access
from programs.models import Project, ProjectPartner


def require(by: User, permission: Permission, community: Community) -> None:
    """Refuse with NotAllowed where no project of the community, nor its place and partner, lets the person do this."""
    projects = list(community.projects.all())
    for project in projects[:-1]:
        if access.allows(by, permission, project=project, partner=community.partner, place=community.place):
            access.require(by, permission, project=project, partner=community.partner, place=community.place)
            return
    last = projects[-1] if projects else None
    access.require(by, permission, project=last, partner=community.partner, place=community.place)


def allows(by: Any, permission: Permission, community: Community) -> bool:
    return Community.objects.visible_to(by, permission).filter(pk=community.pk).exists()


def keepers(user: Any, permission: Permission) -> QuerySet[Organization]:
    """Organizations for which this person may keep records: partners of the projects, or the agency's own offices."""
    projects = Project.objects.visible_to(user, permission)
    own = {one.scope.get("partner") for one in access.held(user) if permission in one.words}
    named = ProjectPartner.objects.filter(project__in=projects).exclude(role=ProjectPartner.Role.FUNDING).values("organization")
    found = Organization.objects.filter(Q(pk__in=named) | Q(kind=Organization.Kind.AGENCY))
    return (found if None in own else found.filter(pk__in=[pk for pk in own if pk is not None])).order_by("name")


def add(
    *, name: str, place: Place, partner: Organization, projects: Iterable[Project], by: User, languages: str = "",
    monitors: int | None = None, sensitivity: int | None = None,
) -> Community:  # fmt: skip
    """Enter a community that one or more projects work in."""
    chosen = list(projects)
    if not chosen:
        raise Invalid([Problem("projects", _("Name a project that works there."), "no_project")])
    for project in chosen:
        access.require(by, Permission.RECORD_COMMUNITIES, project=project, partner=partner, place=place)
    row = Community(name=name.strip(), place=place, partner=partner, languages=languages.strip(), monitors=monitors)
    if sensitivity is not None:
        row.sensitivity = sensitivity
    _works_there(partner, chosen)
    row.full_clean()
    with transaction.atomic():
        row.save()
        CommunityProject.objects.bulk_create(CommunityProject(community=row, project=project) for project in chosen)
        audit.record("community.added", [row, partner, *chosen], by=by)
    return row


def change(
    community: Community, *, name: str, place: Place, projects: Iterable[Project], by: User, languages: str = "",
    monitors: int | None = None, sensitivity: int | None = None,
) -> Community:  # fmt: skip
    """Correct the record; the whole content is given anew. The partner that keeps it stays."""
    chosen = list(projects)
    if not chosen:
        raise Invalid([Problem("projects", _("Name a project that works there."), "no_project")])
    require(by, Permission.RECORD_COMMUNITIES, community)
    linked = set(community.projects.values_list("pk", flat=True))
    for project in chosen:
        if project.pk not in linked:
            access.require(by, Permission.RECORD_COMMUNITIES, project=project, partner=community.partner, place=place)
    _works_there(community.partner, chosen)
    community.name, community.place, community.languages, community.monitors = name.strip(), place, languages.strip(), monitors
    if sensitivity is not None:
        community.sensitivity = sensitivity
    community.full_clean()
    with transaction.atomic():
        community.save()
        community.project_links.exclude(project__in=chosen).delete()
        CommunityProject.objects.bulk_create(
            CommunityProject(community=community, project=project) for project in chosen if project.pk not in linked
        )
        audit.record("community.changed", [community, *chosen], by=by)
    return community


def count_population(
    community: Community, *, people: Mapping[str, int | None], observed_on: date, source: str, by: User
) -> list[PopulationCount]:
    """Keep who lived there on a day, by group; a group without a number is not known, a zero is a count."""
    require(by, Permission.RECORD_COMMUNITIES, community)
    rows = [
        PopulationCount(
            community=community, group=group, people=number, observed_on=observed_on, source=source.strip(), recorded_by=by
        )
        for group, number in people.items()
        if number is not None
    ]  # fmt: skip
    if not rows:
        raise Invalid([Problem(next(iter(PopulationCount.Group.values)), _("Give the number of at least one group."), "no_number")])
    _not_in_the_future("observed_on", observed_on)
    for row in rows:
        row.full_clean()
    with transaction.atomic():
        for row in rows:
            row.save()
        _touch(community)
        audit.record("community.counted", [community], by=by, groups=sorted(row.group for row in rows))
    return rows


def check_access(community: Community, *, means: str, state: str, checked_on: date, by: User, note: str = "") -> AccessCheck:
    """Keep whether the community could be reached. What another look on the same day says replaces the first."""
    require(by, Permission.RECORD_COMMUNITIES, community)
    _not_in_the_future("checked_on", checked_on)
    row = AccessCheck.objects.filter(community=community, means=means, checked_on=checked_on).first()
    row = row or AccessCheck(community=community, means=means, checked_on=checked_on)
    row.state, row.note, row.recorded_by, row.recorded_at = state, note.strip(), by, timezone.now()
    row.full_clean()
    with transaction.atomic():
        row.save()
        _touch(community)
        audit.record("community.access_checked", [community], by=by, means=means, state=state)
    return row


def _works_there(partner: Organization, projects: list[Project]) -> None:
    """The keeper is the agency or a partner of every project named."""
    if partner.kind == Organization.Kind.AGENCY:
        return
    strange = [project.code for project in projects if not project.partners.filter(organization=partner).exists()]
    if strange:
        text = _("%(partner)s is not a partner of %(projects)s.") % {"partner": partner, "projects": ", ".join(strange)}
        raise Invalid([Problem("partner", text, "not_a_partner")])


def _not_in_the_future(field: str, day: date) -> None:
    if day > timezone.localdate():
        raise Invalid([Problem(field, _("The date lies in the future. Record it once it has happened."), "in_the_future")])


def _touch(community: Community) -> None:
    community.save(update_fields=["updated_at"])
