"""Donor reports: frozen numbers, edited prose, signed off by a second person, sent, answered."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Permission
from plumbing.constraints import both_or_neither, choices_held
from plumbing.numbers import ExactDecimal
from programs.models import Grant, Indicator, IndicatorDefinition, ReportRequirement, Result
from programs.scope import held
from reporting.models.figures import Figure, Restatement

if TYPE_CHECKING:
    from accounts.models import Actor


class WordTemplate(models.Model):
    """A Word file with placeholders that a mission uploaded for its donor."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(_("title"), max_length=120, unique=True)
    path = models.CharField(max_length=200, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    is_retired = models.BooleanField(_("no longer offered"), default=False)

    class Meta:
        ordering = ["title"]
        verbose_name = _("Word template")
        verbose_name_plural = _("Word templates")

    def __str__(self) -> str:
        return self.title


def _works_on_reports(user: Actor) -> bool:
    return any(one.words & {Permission.PREPARE_REPORT, Permission.SIGN_OFF_REPORT} for one in held(user))


class DonorReportQuerySet(models.QuerySet["DonorReport"]):
    def visible_to(self, user: Actor) -> DonorReportQuerySet:
        """Those who prepare or sign off see every version of the grants they may read; the others only what was sent."""
        grants = Grant.objects.visible_to(user)
        if _works_on_reports(user):
            return self.filter(requirement__grant__in=grants)
        if any(Permission.READ_SENT_REPORT in one.words for one in held(user)):
            return self.filter(requirement__grant__in=grants, sent_at__isnull=False)
        return self.none()

    def narrowed_to(self, program: int) -> DonorReportQuerySet:
        return self.filter(requirement__in=ReportRequirement.objects.narrowed_to(program))


@choices_held("state")
class DonorReport(models.Model):
    """One version of the answer to one requirement. Numbers freeze, prose is finished in the DOCX."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        FROZEN = "frozen", _("Not signed off")
        SIGNED_OFF = "signed_off", _("Signed off")
        SENT = "sent", _("Sent")
        COMMENTED = "commented", _("Donor's comments in")
        ACCEPTED = "accepted", _("Accepted by the donor")
        SUPERSEDED = "superseded", _("Replaced by a newer version")

    requirement = models.ForeignKey(ReportRequirement, models.PROTECT, related_name="reports")
    version = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    through = models.DateField(help_text="figures accepted for periods that end by then")
    language = models.CharField(max_length=5, default="en")
    template = models.ForeignKey(WordTemplate, models.PROTECT, null=True, blank=True, related_name="+")
    edit_version = models.PositiveIntegerField(default=1)
    prepared_at = models.DateTimeField(default=timezone.now)
    prepared_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    frozen_at = models.DateTimeField(null=True)
    frozen_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    content_hash = models.CharField(max_length=64, blank=True, help_text="sha-256 of the published content, printed in the files")
    published = models.TextField(blank=True, help_text="canonical JSON of the frozen content, already suppressed; prose is in the sections")
    why = models.TextField(_("why a new version"), blank=True)
    accepted_reports = models.PositiveIntegerField(null=True, help_text="partners' reports accepted when it froze")
    expected_reports = models.PositiveIntegerField(null=True)
    sign_off_asked_at = models.DateTimeField(null=True)
    sign_off_asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    signed_off_at = models.DateTimeField(null=True)
    signed_off_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True)
    sent_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    donor_comments = models.TextField(blank=True)
    commented_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = DonorReportQuerySet.as_manager()

    EDITABLE = ("draft", "frozen")

    class Meta:
        ordering = ["-requirement__due_on", "-version"]
        verbose_name = _("donor report")
        verbose_name_plural = _("donor reports")
        constraints = [
            models.UniqueConstraint(fields=["requirement", "version"], name="donor_report_version_once"),
            models.UniqueConstraint(
                fields=["requirement"],
                condition=Q(state__in=["draft", "frozen", "signed_off"]),
                name="donor_report_one_version_in_work",
                violation_error_message=_("A version of this report is being worked on: go on with that one."),
            ),
            both_or_neither("sign_off_asked_at", "sign_off_asked_by", name="donor_report_sign_off_asked_when_and_by"),
            models.CheckConstraint(
                condition=Q(version=1) | ~Q(why=""),
                name="donor_report_new_version_says_why",
                violation_error_message=_("Say why there is a new version."),
            ),
            models.CheckConstraint(
                condition=Q(signed_off_by__isnull=True) | (~Q(signed_off_by=F("prepared_by")) & ~Q(signed_off_by=F("frozen_by"))),
                name="donor_report_signed_off_by_a_second_person",
                violation_error_message=_("A second person signs a report off, not the one who prepared it."),
            ),
            models.CheckConstraint(condition=Q(frozen_at__isnull=True) | ~Q(content_hash=""), name="donor_report_frozen_with_its_hash"),
            models.CheckConstraint(
                condition=Q(signed_off_at__isnull=True) | Q(frozen_at__isnull=False), name="donor_report_frozen_before_sign_off"
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(signed_off_at__isnull=False), name="donor_report_signed_off_before_sent"
            ),
            both_or_neither("frozen_at", "frozen_by", name="donor_report_frozen_when_and_by"),
            both_or_neither("signed_off_at", "signed_off_by", name="donor_report_signed_off_when_and_by"),
            both_or_neither("sent_at", "sent_by", name="donor_report_sent_when_and_by"),
        ]

    def __str__(self) -> str:
        return f"{self.requirement} v{self.version}"


@choices_held("state", "kind")
class DonorReportSection(models.Model):
    """A part of the report. An outcome's holds its table of results, others only text, others only what is computed."""

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        OUTCOME = "outcome", _("results of an outcome")
        MONEY = "money", _("spending")
        INDICATORS = "indicators", _("all indicators")
        BREAKDOWNS = "breakdowns", _("who took part")

    class State(models.TextChoices):
        MISSING = "missing", _("missing")
        CARRIED = "carried", _("carried over, to edit")
        WRITTEN = "written", _("written")
        COMPUTED = "computed", _("from the figures")

    report = models.ForeignKey(DonorReport, models.CASCADE, related_name="sections")
    key = models.SlugField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TEXT)
    heading = models.CharField(_("heading"), max_length=300)
    guidance = models.TextField(blank=True)
    limit = models.PositiveIntegerField(null=True, help_text="longest text in characters, where the donor sets one")
    is_required = models.BooleanField(default=True)
    results = models.ManyToManyField(Result, related_name="+", help_text="the projects' outcomes that this section is about")
    text = models.TextField(_("text"), blank=True)
    rating = models.CharField(_("rating"), max_length=40, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.MISSING)
    order = models.PositiveSmallIntegerField(default=0)
    edited_at = models.DateTimeField(null=True)
    edited_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "key"], name="donor_report_section_once"),
            both_or_neither("edited_at", "edited_by", name="donor_report_section_edited_when_and_by"),
        ]

    def __str__(self) -> str:
        return self.heading


class DonorReportFigure(models.Model):
    """One line of the report, frozen: raw numbers for tracing, the published text for reading, and why it differs from the plan.

    It pools the indicators of one definition over the grant's projects, as the roll-up does.
    """

    report = models.ForeignKey(DonorReport, models.CASCADE, related_name="figures")
    section = models.ForeignKey(DonorReportSection, models.CASCADE, related_name="figures")
    definition = models.ForeignKey(IndicatorDefinition, models.PROTECT, related_name="+")
    indicators = models.ManyToManyField(Indicator, related_name="+")
    code = models.CharField(max_length=60, help_text="unique in the report")
    label = models.CharField(max_length=500)
    order = models.PositiveSmallIntegerField(default=0)
    value = ExactDecimal(null=True)
    numerator = ExactDecimal(null=True)
    denominator = ExactDecimal(null=True)
    why_none = models.CharField(max_length=40, blank=True)
    baseline = ExactDecimal(null=True)
    milestone = ExactDecimal(null=True)
    milestone_is_linear = models.BooleanField(default=False)
    target = ExactDecimal(null=True)
    is_below = models.BooleanField(default=False, help_text="behind the milestone, in the direction that is better")
    published = models.CharField(max_length=60, help_text="as in the files")
    published_status = models.CharField(max_length=20)
    variance_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["order", "id"]
        constraints = [models.UniqueConstraint(fields=["report", "code"], name="donor_report_figure_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.published}"


class DonorReportSource(models.Model):
    """A figure behind a frozen number, with what it gave: the road back from the report to the submission."""

    line = models.ForeignKey(DonorReportFigure, models.CASCADE, related_name="sources")
    figure = models.ForeignKey(Figure, models.PROTECT, related_name="reported_in")
    carried = models.BooleanField(default=False, help_text="from an earlier period than the report's last")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "figure"], name="donor_report_source_once")]

    def __str__(self) -> str:
        return f"{self.line_id} {self.figure_id}"


class DonorReportChange(models.Model):
    """What changed since the version before, and the restatement that says why."""

    report = models.ForeignKey(DonorReport, models.CASCADE, related_name="changes")
    code = models.CharField(max_length=60)
    old = models.CharField(max_length=60, blank=True)
    new = models.CharField(max_length=60, blank=True)
    reason = models.TextField(blank=True)
    restatements = models.ManyToManyField(Restatement, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"


class DonorReportFileQuerySet(models.QuerySet["DonorReportFile"]):
    def visible_to(self, user: Actor) -> DonorReportFileQuerySet:
        """The files of the reports one sees. Who reads only what was sent gets no file of a text before its sign-off."""
        rows = self.filter(report__in=DonorReport.objects.visible_to(user))
        return rows if _works_on_reports(user) else rows.filter(signed_off=True, content_hash=F("report__content_hash"))


@choices_held("kind")
class DonorReportFile(models.Model):
    """A file of a report version: asked for as a row, built by a task under a lease, kept; one kind is the final file as sent."""

    class Kind(models.TextChoices):
        DOCX = "docx", "DOCX"
        XLSX = "xlsx", "XLSX"
        PDF = "pdf", "PDF"
        TEMPLATE = "template", _("DOCX from the donor's template")
        FINAL = "final", _("Final file as sent")

    report = models.ForeignKey(DonorReport, models.CASCADE, related_name="files")
    kind = models.CharField(max_length=8, choices=Kind)
    path = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=200, blank=True)
    content_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveIntegerField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    content_hash = models.CharField(max_length=64, blank=True, help_text="of the content it was built from")
    signed_off = models.BooleanField(default=False, help_text="whether it says so")
    unknown_names = models.TextField(blank=True, help_text="placeholders of the template that the report does not have, one a line")
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    lease_until = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    built_at = models.DateTimeField(null=True)

    objects = DonorReportFileQuerySet.as_manager()

    class Meta:
        ordering = ["requested_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "kind", "digest"], name="donor_report_file_once"),
            models.CheckConstraint(condition=Q(built_at__isnull=True) | ~Q(path=""), name="donor_report_file_built_is_there"),
        ]
        indexes = [models.Index(fields=["requested_at"], condition=Q(built_at__isnull=True), name="donor_report_file_to_build")]

    def __str__(self) -> str:
        return self.name or self.kind
