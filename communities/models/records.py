"""What every record of a community's peace work says: for which project and partner, where, in which community, by whom."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from programs.models import Project
from programs.scope import ScopedQuerySet, Via

Row = TypeVar("Row", bound=models.Model)
SCOPE: dict[str, str | Via] = {"project": "project", "program": "project__program", "partner": "partner", "place": "place"}


class CommunityQuerySet(ScopedQuerySet[Row]):
    read_permission: ClassVar[Permission] = Permission.READ_COMMUNITIES
    scope_paths: ClassVar[dict[str, str | Via]] = SCOPE


class ForumScopedQuerySet(ScopedQuerySet[Row]):
    read_permission: ClassVar[Permission] = Permission.READ_FORUMS
    scope_paths: ClassVar[dict[str, str | Via]] = SCOPE


class LocalRecord(models.Model):
    project = models.ForeignKey(Project, models.PROTECT, related_name="%(class)ss", verbose_name=_("project"))
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="%(class)ss", verbose_name=_("partner"))
    place = models.ForeignKey(Place, models.PROTECT, related_name="%(class)ss", verbose_name=_("place"))
    community = models.ForeignKey(
        "communities.Community", models.PROTECT, null=True, blank=True, related_name="%(class)ss", verbose_name=_("community")
    )
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        abstract = True


class Group(models.TextChoices):
    """Groups that sit on committees, rank needs and raise concerns. A person can belong to several."""

    WOMEN = "women", _("Women")
    MEN = "men", _("Men")
    YOUTH = "youth", _("Young people, 18–29")
    DISPLACED = "displaced", _("Displaced people")
    RETURNED = "returned", _("People who came back")
    UPROOTED = "uprooted", _("Displaced or returned")
    HOST = "host", _("People who always lived here")
    HERDERS = "herders", _("Seasonal herders")
    FARMERS = "farmers", _("Farmers")
    MINORITY = "minority", _("A minority")
    DISABILITY = "disability", _("People with a disability")
    FORMER = "former", _("People who left armed groups")
    ELDERS = "elders", _("Elders")
    OTHER = "other", _("Another group")


class DisputeKind(models.TextChoices):
    LAND = "land", _("Land or pasture")
    CATTLE = "cattle", _("Cattle")
    WATER = "water", _("Water")
    BOUNDARY = "boundary", _("Boundary")
    REVENGE = "revenge", _("Revenge")
    FAMILY = "family", _("Family or marriage")
    POWER = "power", _("Power")
    RESOURCE = "resource", _("Another resource")
    OTHER = "other", _("Other kind")


class MediatorKind(models.TextChoices):
    CHIEFS = "chiefs", _("Chiefs or elders")
    COMMITTEE = "committee", _("Peace committee")
    WOMEN = "women", _("Women’s group")
    YOUTH = "youth", _("Youth group")
    FAITH = "faith", _("Faith leaders")
    AUTHORITY = "authority", _("Local authority")
    POLICE = "police", _("Police")
    COURT = "court", _("Customary court")
    PARTNER = "partner", _("A partner’s staff")
    MISSION = "mission", _("The United Nations or another mission")
    OTHER = "other", _("Somebody else")
