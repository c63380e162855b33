"""Institutions: an organization, what support to it needs, with whom we work on it, and how it is staffed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing.constraints import choices_held, once
from programs.models import Disaggregation, Project
from programs.scope import ScopedQuerySet, Via

if TYPE_CHECKING:
    from accounts.models import Actor

_PROJECT = Via("pk", "institutions.Engagement", "institution", "project")
_PROGRAM = Via("pk", "institutions.Engagement", "institution", "project__program")
_PARTNER = Via("pk", "institutions.Engagement", "institution", "partner")


class InstitutionQuerySet(ScopedQuerySet["Institution"]):
    read_permission = Permission.READ_INSTITUTIONS
    scope_paths = {"project": _PROJECT, "program": _PROGRAM, "partner": _PARTNER, "place": "place"}

    def visible_to(self, user: Actor, permission: Permission | None = None) -> InstitutionQuerySet:
        """Institutions that one's projects and partners work with, and those at one's places."""
        return super().visible_to(user, permission)


@choices_held("kind")
class Institution(models.Model):
    """The profile of an organization that is worked with: one each. Its name stands with the organization."""

    class Kind(models.TextChoices):
        POLICE_STATION = "police_station", _("Police station")
        POLICE_COMMAND = "police_command", _("Police command")
        ARMY_UNIT = "army_unit", _("Army unit")
        JUSTICE = "justice", _("Court or justice body")
        CORRECTIONS = "corrections", _("Prison or corrections service")
        LOCAL_GOVERNMENT = "local_government", _("Local government")
        NATIONAL_GOVERNMENT = "national_government", _("National government")
        TRADITIONAL_AUTHORITY = "traditional_authority", _("Traditional authority")
        OVERSIGHT_BODY = "oversight_body", _("Oversight body")
        CIVIL_SOCIETY = "civil_society", _("Civil society organization")
        DDR_COMMISSION = "ddr_commission", _("DDR commission")

    # The recipients that the due diligence policy names: forces, and what commands them.
    FORCES = (Kind.POLICE_STATION, Kind.POLICE_COMMAND, Kind.ARMY_UNIT, Kind.CORRECTIONS)

    organization = models.OneToOneField(Organization, models.PROTECT, related_name="institution", verbose_name=_("organization"))
    kind = models.CharField(_("kind"), max_length=24, choices=Kind)
    commands_forces = models.BooleanField(
        _("in command of a security force"), default=False, help_text=_("A civilian or military authority that forces answer to.")
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="units", verbose_name=_("answers to"),
        help_text=_("The command or body above it, where it is recorded too."),
    )  # fmt: skip
    place = models.ForeignKey(Place, models.PROTECT, related_name="institutions", verbose_name=_("place"))
    posts = models.PositiveIntegerField(_("posts or offices"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True, help_text=_("No names of people at risk, no allegations."))
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        ordering = ["organization__name"]
        verbose_name = _("institution")
        verbose_name_plural = _("institutions")
        constraints = [
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=models.F("id")),
                name="institution_not_under_itself",
                violation_error_message=_("An institution cannot answer to itself."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.organization)

    @property
    def needs_due_diligence(self) -> bool:
        """Whether support to it falls under the human-rights due diligence policy."""
        return self.commands_forces or self.kind in self.FORCES


class Engagement(models.Model):
    """A project and its partner work with an institution: it says who sees it."""

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="engagements", verbose_name=_("institution"))
    project = models.ForeignKey(Project, models.CASCADE, related_name="institutions", verbose_name=_("project"))
    partner = models.ForeignKey(Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("partner"))

    class Meta:
        verbose_name = _("project that works with it")
        verbose_name_plural = _("projects that work with it")
        constraints = [
            once(
                "institution", "project", "partner", empty={"partner": 0}, name="engagement_once",
                message=_("This project and partner are there already."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.project} · {self.partner}" if self.partner_id is not None else str(self.project)


class StaffCount(models.Model):
    """How many people serve there, as somebody found on a day. A new count does not replace an older one."""

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="staff_counts", verbose_name=_("institution"))
    counted_on = models.DateField(_("counted on"))
    source = models.CharField(_("source"), max_length=200, help_text=_("Such as the staff list of June."))
    total = models.PositiveIntegerField(_("people in service"))
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        ordering = ["-counted_on", "-id"]
        verbose_name = _("staff count")
        verbose_name_plural = _("staff counts")
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "counted_on"],
                name="staff_counted_once_a_day",
                violation_error_message=_("There is a count of this day already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.counted_on}: {self.total}"


class StaffCell(models.Model):
    """How many of them are women or men of one rank band."""

    count = models.ForeignKey(StaffCount, models.CASCADE, related_name="cells")
    disaggregation = models.ForeignKey(Disaggregation, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(_("number"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["count", "disaggregation"], name="staff_cell_once")]

    def __str__(self) -> str:
        return str(self.number)
