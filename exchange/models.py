"""Files that came in or went out: each import a row with its file, so that nothing is lost and everything can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.roles import Permission
from plumbing.constraints import both_or_neither, choices_held, once
from programs.models import Project, ReportingPeriod
from programs.scope import PROJECT_PARTNER, PROJECT_PLACE, ScopedQuerySet, scope

if TYPE_CHECKING:
    from accounts.models import Actor


class ImportQuerySet(ScopedQuerySet["Import"]):
    """A framework's file follows its project; a workbook holds a partner's figures and follows those."""

    read_permission = Permission.READ_PROGRAM
    scope_paths = {"project": "project", "program": "project__program", "partner": PROJECT_PARTNER, "place": PROJECT_PLACE}

    def visible_to(self, user: Actor, permission: Permission | None = None) -> Self:
        frameworks = scope(user, self.scope_paths, permission or Permission.READ_PROGRAM)
        workbooks = scope(user, {**self.scope_paths, "partner": "partner"}, permission or Permission.READ_RAW)
        return self.filter((Q(kind="framework") & frameworks) | (Q(kind="workbook") & workbooks))


@choices_held("kind", "state")
class Import(models.Model):
    class Kind(models.TextChoices):
        FRAMEWORK = "framework", _("Framework")
        WORKBOOK = "workbook", _("Partner's workbook")

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded, nothing written")
        CONFIRMED = "confirmed", _("Imported")
        UNDONE = "undone", _("Undone")
        DROPPED = "dropped", _("Dropped")

    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    project = models.ForeignKey(Project, models.CASCADE, related_name="imports")
    partner = models.ForeignKey(Organization, models.PROTECT, null=True, blank=True, related_name="+")
    period = models.ForeignKey(ReportingPeriod, models.PROTECT, null=True, blank=True, related_name="+")
    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    choices = models.TextField(blank=True, default="", help_text="what a person chose: columns, matches, answers to problems (JSON)")
    version = models.PositiveIntegerField(default=1)
    uploaded_at = models.DateTimeField(default=timezone.now)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    summary = models.TextField(blank=True, default="", help_text="what was written, as counts (JSON)")
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            both_or_neither("confirmed_at", "confirmed_by", name="import_confirmed_when_and_by"),
            both_or_neither("undone_at", "undone_by", name="import_undone_when_and_by"),
        ]
        indexes = [models.Index(fields=["project", "digest"], name="import_same_file")]

    def __str__(self) -> str:
        return self.file_name


class ImportedRow(models.Model):
    """What an import made or changed, so that it can be undone and shown."""

    source = models.ForeignKey(Import, models.CASCADE, related_name="rows")
    kind = models.CharField(max_length=40, help_text="the model's name, such as indicator")
    key = models.BigIntegerField()
    cell = models.CharField(max_length=20, blank=True)
    was_created = models.BooleanField(default=True)
    before = models.TextField(blank=True, default="", help_text="the old values where it was changed (JSON)")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "kind", "key"], name="imported_row_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class ColumnMemory(models.Model):
    """How a donor's column heading was understood last time; only headings are remembered, never figures."""

    donor = models.ForeignKey(Organization, models.CASCADE, null=True, blank=True, related_name="+")
    heading = models.CharField(max_length=200)
    field = models.CharField(max_length=40)
    used_at = models.DateTimeField(default=timezone.now)
    confirmed_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [once("donor", "heading", empty={"donor": 0}, name="column_memory_once")]

    def __str__(self) -> str:
        return self.heading


class Workbook(models.Model):
    """A workbook handed out for one project, partner and period; its identifier and version come back with it."""

    identifier = models.UUIDField(unique=True)
    project = models.ForeignKey(Project, models.CASCADE, related_name="workbooks")
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="workbooks")
    period = models.ForeignKey(ReportingPeriod, models.CASCADE, related_name="workbooks")
    draft_version = models.PositiveIntegerField(default=0, help_text="the draft's version when it was handed out")
    issued_at = models.DateTimeField(default=timezone.now)
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-issued_at"]

    def __str__(self) -> str:
        return str(self.identifier)
