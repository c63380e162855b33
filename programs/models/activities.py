"""What is planned and what happened: work-plan lines, activity records with their evidence, monitoring visits."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing.constraints import choices_held, in_order
from programs.models.actionpoints import ActionPoint
from programs.models.disaggregations import Disaggregation
from programs.models.gates import SupportClearance
from programs.models.projects import Project, Result
from programs.scope import ScopedQuerySet


class WorkPlanQuerySet(ScopedQuerySet["WorkPlanLine"]):
    scope_paths = {"project": "project", "program": "project__program", "partner": "partner", "place": "place"}


@choices_held("status")
class WorkPlanLine(models.Model):
    """One line of a project's work plan: what, where, who, when. Support to a security force waits for its clearance."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PLANNED = "planned", _("Planned")
        UNDER_WAY = "under_way", _("Under way")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    project = models.ForeignKey(Project, models.CASCADE, related_name="plan_lines", verbose_name=_("project"))
    result = models.ForeignKey(Result, models.PROTECT, null=True, blank=True, related_name="plan_lines", verbose_name=_("result"))
    code = models.CharField(_("number"), max_length=30)
    title = models.CharField(_("what"), max_length=300)
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="plan_lines", verbose_name=_("who"))
    place = models.ForeignKey(Place, models.PROTECT, null=True, blank=True, related_name="plan_lines", verbose_name=_("where"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    supports = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="planned_support", verbose_name=_("supports"),
        help_text=_("The security force or authority that receives support, where there is one."),
    )  # fmt: skip
    note = models.TextField(_("note"), blank=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = WorkPlanQuerySet.as_manager()

    class Meta:
        ordering = ["project__code", "code"]
        verbose_name = _("work-plan line")
        verbose_name_plural = _("work-plan lines")
        constraints = [
            models.UniqueConstraint(fields=["project", "code"], name="plan_line_code_once"),
            in_order("starts_on", "ends_on", name="plan_line_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class ActivityQuerySet(ScopedQuerySet["ActivityRecord"]):
    read_permission = Permission.READ_ACTIVITIES
    scope_paths = {"project": "project", "program": "project__program", "partner": "partner", "place": "place"}

    def without_clearance(self) -> ActivityQuerySet:
        return self.filter(flag=ActivityRecord.Flag.WITHOUT_CLEARANCE, cured_at__isnull=True)


@choices_held("kind", "flag")
class ActivityRecord(models.Model):
    """What happened. A fact is always recordable: what should have been cleared first is flagged, never refused."""

    class Kind(models.TextChoices):
        DIALOGUE = "dialogue", _("Dialogue session")
        COMMITTEE = "committee", _("Committee meeting")
        TRAINING = "training", _("Training")
        AWARENESS = "awareness", _("Awareness session")
        DISTRIBUTION = "distribution", _("Distribution")
        WORKS = "works", _("Works on a local project")
        ADVICE = "advice", _("Advice or mentoring")
        EQUIPMENT = "equipment", _("Equipment handed over")
        OTHER = "other", _("Other kind")

    class Flag(models.TextChoices):
        NONE = "", _("No flag")
        WITHOUT_CLEARANCE = "without_clearance", _("Without clearance")

    project = models.ForeignKey(Project, models.PROTECT, related_name="activities", verbose_name=_("project"))
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="activities", verbose_name=_("partner"))
    line = models.ForeignKey(
        WorkPlanLine, models.PROTECT, null=True, blank=True, related_name="activities", verbose_name=_("work-plan line")
    )
    kind = models.CharField(_("what"), max_length=12, choices=Kind)
    happened_on = models.DateField(_("date"))
    place = models.ForeignKey(Place, models.PROTECT, related_name="activities", verbose_name=_("place"))
    supports = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="received_support", verbose_name=_("support to")
    )
    people_present = models.PositiveIntegerField(
        _("people present"), null=True, blank=True, help_text=_("Adults on the sheet; empty: not counted.")
    )
    children_present = models.PositiveIntegerField(
        _("children present"), null=True, blank=True, help_text=_("A count only: no age, no name.")
    )
    sheet_number = models.CharField(_("sheet number"), max_length=40, blank=True)
    sheet_repeats = models.BooleanField(
        _("another sheet with the same number"), default=False, help_text=_("Somebody was asked and said that it is not the same activity.")
    )
    note = models.TextField(_("note"), blank=True, help_text=_("No names of people at risk."))
    flag = models.CharField(max_length=20, choices=Flag, default=Flag.NONE, blank=True)
    cured_at = models.DateTimeField(null=True, blank=True, editable=False)
    cured_by_clearance = models.ForeignKey(SupportClearance, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    external_id = models.UUIDField(
        _("the recorder's own id"), default=uuid.uuid4, help_text=_("So that the same record sent twice stays one.")
    )
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="recorded_activities", editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        ordering = ["-happened_on", "-id"]
        verbose_name = _("activity record")
        verbose_name_plural = _("activity records")
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "sheet_number"],
                condition=~Q(sheet_number="") & Q(sheet_repeats=False),
                name="activity_sheet_once",
                violation_error_message=_("This sheet number is already recorded for the partner. Is it the same activity?"),
            ),
            models.UniqueConstraint(fields=["partner", "external_id"], name="activity_external_id_once"),
            models.CheckConstraint(
                condition=Q(sheet_repeats=False) | ~Q(sheet_number=""),
                name="activity_repeats_a_numbered_sheet",
                violation_error_message=_("Only a sheet with a number can repeat one."),
            ),
            models.CheckConstraint(
                condition=Q(cured_at__isnull=True, cured_by_clearance__isnull=True)
                | Q(cured_at__isnull=False, cured_by_clearance__isnull=False, flag="without_clearance"),
                name="activity_cured_by_a_clearance",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-happened_on", "-id"], name="activity_by_project"),
            models.Index(fields=["place", "-happened_on"], name="activity_by_place"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.happened_on}"


class ActivityAttendance(models.Model):
    """How many of the people present were in one category set; what the cells do not reach is "not broken down"."""

    activity = models.ForeignKey(ActivityRecord, models.CASCADE, related_name="attendance")
    disaggregation = models.ForeignKey(Disaggregation, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(_("number"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["activity", "disaggregation"], name="attendance_once")]

    def __str__(self) -> str:
        return str(self.number)


class EvidenceFile(models.Model):
    """A file behind an activity. One that holds names is kept encrypted, opened by named roles, and each opening is an event."""

    stored_for = "evidence"  # bound into the encryption of the file

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    activity = models.ForeignKey(ActivityRecord, models.CASCADE, related_name="evidence")
    title = models.CharField(_("title"), max_length=200)
    holds_names = models.BooleanField(_("holds names of people"), default=True)
    path = models.CharField(max_length=200, editable=False)
    key_id = models.CharField(max_length=40, blank=True, editable=False, help_text="the key it is encrypted with; empty: stored as it is")
    content_type = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField(editable=False, help_text="bytes as uploaded")
    digest = models.CharField(max_length=64, editable=False, help_text="sha-256 as uploaded")
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        ordering = ["uploaded_at"]
        verbose_name = _("evidence file")
        verbose_name_plural = _("evidence files")
        constraints = [
            models.CheckConstraint(
                condition=Q(holds_names=False) | ~Q(key_id=""),
                name="evidence_with_names_is_encrypted",
                violation_error_message=_("A file that holds names is stored encrypted only."),
            ),
            models.UniqueConstraint(fields=["activity", "digest"], name="evidence_once_per_activity"),
        ]

    def __str__(self) -> str:
        return self.title


class VisitQuerySet(ScopedQuerySet["MonitoringVisit"]):
    read_permission = Permission.READ_ACTIVITIES
    scope_paths = {"project": "project", "program": "project__program", "partner": "partner", "place": "place"}


class MonitoringVisit(models.Model):
    project = models.ForeignKey(Project, models.PROTECT, related_name="visits", verbose_name=_("project"))
    partner = models.ForeignKey(Organization, models.PROTECT, null=True, blank=True, related_name="visits", verbose_name=_("partner"))
    place = models.ForeignKey(Place, models.PROTECT, related_name="visits", verbose_name=_("place"))
    visited_on = models.DateField(_("date"))
    purpose = models.CharField(_("purpose"), max_length=200)
    summary = models.TextField(_("summary"), blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering = ["-visited_on", "-id"]
        verbose_name = _("monitoring visit")
        verbose_name_plural = _("monitoring visits")

    def __str__(self) -> str:
        return self.purpose


@choices_held("weight")
class Finding(models.Model):
    class Weight(models.TextChoices):
        GOOD = "good", _("Works well")
        MINOR = "minor", _("To improve")
        MAJOR = "major", _("Must change")

    visit = models.ForeignKey(MonitoringVisit, models.CASCADE, related_name="findings")
    text = models.CharField(_("finding"), max_length=500)
    weight = models.CharField(_("weight"), max_length=6, choices=Weight)
    action_point = models.ForeignKey(ActionPoint, models.PROTECT, null=True, blank=True, related_name="findings")

    class Meta:
        ordering = ["id"]
        verbose_name = _("finding")
        verbose_name_plural = _("findings")

    def __str__(self) -> str:
        return self.text[:80]
