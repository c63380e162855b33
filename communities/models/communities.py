"""A community: where it is, who lives there, how it is reached. Nothing here is about a person."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.roles import Permission
from communities.scope import reached
from locations.models import Place
from plumbing.constraints import choices_held
from programs.models import Project
from programs.models.projects import Sensitivity
from programs.scope import ScopedQuerySet


class CommunityQuerySet(ScopedQuerySet["Community"]):
    read_permission = Permission.READ_COMMUNITIES
    scope_paths = reached()


@choices_held("sensitivity")
class Community(models.Model):
    """A town, village or site where people live together and projects work; one partner keeps its record."""

    name = models.CharField(_("name"), max_length=120)
    place = models.ForeignKey(Place, models.PROTECT, related_name="communities", verbose_name=_("place"))
    partner = models.ForeignKey(
        Organization, models.PROTECT, related_name="communities", verbose_name=_("partner"), help_text=_("Who keeps this record.")
    )
    languages = models.CharField(_("languages"), max_length=200, blank=True, help_text=_("Parted by commas."))
    monitors = models.PositiveSmallIntegerField(
        _("monitors"), null=True, blank=True, help_text=_("How many people of the community report what happens. A number, no names.")
    )
    sensitivity = models.PositiveSmallIntegerField(_("sensitivity class"), choices=Sensitivity, default=Sensitivity.INTERNAL)
    projects = models.ManyToManyField(Project, through="CommunityProject", related_name="communities", verbose_name=_("projects"))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = CommunityQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("community")
        verbose_name_plural = _("communities")
        constraints = [
            models.UniqueConstraint(
                fields=["place", "partner", "name"],
                name="community_once_per_place",
                violation_error_message=_("This partner already keeps a community of this name at this place."),
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="community_has_a_name", violation_error_message=_("Give the community a name.")
            ),
        ]
        indexes = [models.Index(fields=["name", "id"], name="community_by_name")]

    def __str__(self) -> str:
        return self.name


class CommunityProject(models.Model):
    """A project that works in the community."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="project_links")
    project = models.ForeignKey(Project, models.PROTECT, related_name="community_links", verbose_name=_("project"))

    class Meta:
        verbose_name = _("project in a community")
        verbose_name_plural = _("projects in communities")
        constraints = [models.UniqueConstraint(fields=["community", "project"], name="community_project_once")]

    def __str__(self) -> str:
        return f"{self.community_id} {self.project_id}"


@choices_held("group")
class PopulationCount(models.Model):
    """How many people of a group lived there on a day, and who says so. A later count stands beside the earlier one."""

    class Group(models.TextChoices):
        """The portal's words for ``status`` (disaggregation-and-places, section 5)."""

        HOST = "host", _("People who always lived here")
        IDP = "idp", _("Displaced people")
        RETURNEE = "returnee", _("People who came back")
        REFUGEE = "refugee", _("Refugees")
        OTHER = "other", _("Others")
        UNKNOWN = "unknown", _("Not broken down")

    community = models.ForeignKey(Community, models.CASCADE, related_name="population", verbose_name=_("community"))
    group = models.CharField(_("group"), max_length=10, choices=Group)
    people = models.PositiveIntegerField(_("people"))
    observed_on = models.DateField(_("on"))
    source = models.CharField(_("source"), max_length=200, help_text=_("Who counted and how, such as “rapid count by the county”."))
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        ordering = ["-observed_on", "id"]
        verbose_name = _("population count")
        verbose_name_plural = _("population counts")
        constraints = [
            models.UniqueConstraint(
                fields=["community", "observed_on", "source", "group"],
                name="population_once_per_day_and_source",
                violation_error_message=_("This source already has a number for this group and day."),
            ),
            models.CheckConstraint(
                condition=~Q(source=""), name="population_has_a_source", violation_error_message=_("Say where the number comes from.")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.community_id} {self.group} {self.observed_on}"


@choices_held("means", "state")
class AccessCheck(models.Model):
    """Whether the community could be reached, by what, on the day somebody looked."""

    class Means(models.TextChoices):
        ROAD = "road", _("Road")
        RIVER = "river", _("River")
        AIR = "air", _("Air")
        PHONE = "phone", _("Phone")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        LIMITED = "limited", _("Limited")
        CLOSED = "closed", _("Closed")
        NONE = "none", _("There is none")

    community = models.ForeignKey(Community, models.CASCADE, related_name="access_checks", verbose_name=_("community"))
    means = models.CharField(_("by"), max_length=8, choices=Means)
    state = models.CharField(_("state"), max_length=8, choices=State)
    note = models.CharField(_("note"), max_length=200, blank=True, help_text=_("Such as “rain, until about 15 November”."))
    checked_on = models.DateField(_("checked on"))
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        ordering = ["-checked_on", "-id"]
        verbose_name = _("access check")
        verbose_name_plural = _("access checks")
        constraints = [
            models.UniqueConstraint(
                fields=["community", "means", "checked_on"],
                name="access_check_once_a_day",
                violation_error_message=_("This day already has a check of this."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.community_id} {self.means} {self.checked_on}"
