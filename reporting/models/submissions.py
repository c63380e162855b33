"""A partner's report for one period: the submission, its snapshots, narrative and attachments."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.roles import Permission
from plumbing.constraints import both_or_neither, choices_held, once
from programs.models import Indicator, Program, Project, ReportingPeriod
from programs.scope import PROJECT_PLACE, ScopedQuerySet


class SubmissionQuerySet(ScopedQuerySet["Submission"]):
    read_permission = Permission.READ_RAW
    scope_paths = {"project": "project", "program": "project__program", "partner": "partner", "place": PROJECT_PLACE}

    def open(self) -> SubmissionQuerySet:
        return self.filter(state__in=Submission.OPEN)

    def accepted(self) -> SubmissionQuerySet:
        return self.filter(state=Submission.State.ACCEPTED)

    def with_last_sent(self) -> SubmissionQuerySet:
        """Annotate ``last_sent``: the content of the latest snapshot, in the same query."""
        latest = SubmissionSnapshot.objects.filter(submission=OuterRef("pk")).order_by("-number").values("content")[:1]
        return self.annotate(last_sent=Subquery(latest))


@choices_held("state", "origin")
class Submission(models.Model):
    """Project × partner × period × revision. At most one revision is open; whoever accepts it neither submitted nor entered it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("In review")
        RETURNED = "returned", _("Returned")
        ACCEPTED = "accepted", _("Accepted")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Origin(models.TextChoices):
        PARTNER = "partner", _("By the partner")
        ON_BEHALF = "on_behalf", _("Typed on the partner's behalf")
        PAST = "past", _("Past figures from a file")

    OPEN = ("draft", "submitted", "returned")
    EDITABLE = ("draft", "returned")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="submissions")
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="submissions")
    period = models.ForeignKey(ReportingPeriod, models.PROTECT, related_name="submissions")
    revision = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.PARTNER)
    draft_version = models.PositiveIntegerField(default=1, help_text="goes up with every save; guards against overwriting")
    is_nil = models.BooleanField(_("nil report"), default=False, help_text=_("Nothing happened in this period, and that is the report."))
    nil_reason = models.TextField(blank=True)
    challenges = models.TextField(_("challenges"), blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    edited_at = models.DateTimeField(null=True)
    edited_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    signed_off_at = models.DateTimeField(null=True)
    signed_off_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="submissions_made")
    key_issuer = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", help_text="who issued the key that submitted")
    returned_at = models.DateTimeField(null=True)
    returned_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    return_note = models.TextField(blank=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="submissions_accepted")
    reopening = models.ForeignKey("reporting.Reopening", models.PROTECT, null=True, related_name="submissions")
    source_import = models.CharField(max_length=60, blank=True, help_text="the import behind past figures, such as import:12")
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["-period__ends_on", "project__code", "partner__name", "-revision"]
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        constraints = [
            models.UniqueConstraint(fields=["project", "partner", "period", "revision"], name="submission_revision_once"),
            models.UniqueConstraint(
                fields=["project", "partner", "period"],
                condition=Q(state__in=("draft", "submitted", "returned")),
                name="submission_one_open_revision",
                violation_error_message=_("This report already has an open revision: go on with that one."),
            ),
            models.CheckConstraint(
                condition=Q(accepted_by__isnull=True) | Q(submitted_by__isnull=True) | ~Q(accepted_by=F("submitted_by")),
                name="submitter_is_not_the_accepter",
                violation_error_message=_("Whoever submitted a report cannot accept it."),
            ),
            models.CheckConstraint(
                condition=Q(accepted_by__isnull=True) | Q(key_issuer__isnull=True) | ~Q(accepted_by=F("key_issuer")),
                name="key_issuer_is_not_the_accepter",
                violation_error_message=_("Whoever issued the key that submitted a report cannot accept it."),
            ),
            models.CheckConstraint(condition=~Q(state="accepted") | Q(accepted_at__isnull=False), name="accepted_by_somebody"),
            models.CheckConstraint(
                condition=~Q(state__in=["submitted", "accepted"]) | Q(submitted_at__isnull=False), name="submitted_by_somebody"
            ),
            models.CheckConstraint(
                condition=Q(is_nil=False) | ~Q(nil_reason=""),
                name="nil_report_says_why",
                violation_error_message=_("Say in a sentence why there is nothing to report."),
            ),
            both_or_neither("signed_off_at", "signed_off_by", name="submission_signed_off_when_and_by"),
            both_or_neither("submitted_at", "submitted_by", name="submission_submitted_when_and_by"),
            both_or_neither("returned_at", "returned_by", name="submission_returned_when_and_by"),
            both_or_neither("accepted_at", "accepted_by", name="submission_accepted_when_and_by"),
            both_or_neither("edited_at", "edited_by", name="submission_edited_when_and_by"),
        ]
        indexes = [
            models.Index(fields=["state", "project"], name="submission_by_state"),
            models.Index(fields=["period", "partner"], name="submission_by_period"),
        ]

    def __str__(self) -> str:
        return f"{self.project.code} {self.period.code} {self.partner}"

    @property
    def is_editable(self) -> bool:
        return self.state in self.EDITABLE

    @property
    def is_the_portals(self) -> bool:
        """Whether the portal made this draft from the records and nobody has opened or saved it."""
        return (
            self.state == self.State.DRAFT and self.created_by_id is None and self.edited_at is None and self.origin == self.Origin.PARTNER
        )


class SubmissionSnapshot(models.Model):
    """What was submitted, word for word, each time: immutable, so that a reviewer can compare."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="snapshots")
    number = models.PositiveSmallIntegerField()
    content = models.TextField(help_text="canonical JSON of figures, reasons, narrative and challenges")
    digest = models.CharField(max_length=64)
    taken_at = models.DateTimeField(default=timezone.now)
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["submission", "number"], name="snapshot_number_once")]

    def __str__(self) -> str:
        return f"{self.submission_id} #{self.number}"


class NarrativeQuestion(models.Model):
    """One question of the narrative template: for the whole portal, a program or a project; the nearest wins by heading."""

    program = models.ForeignKey(
        Program, models.CASCADE, null=True, blank=True, related_name="narrative_questions", verbose_name=_("program")
    )
    project = models.ForeignKey(
        Project, models.CASCADE, null=True, blank=True, related_name="narrative_questions", verbose_name=_("project")
    )
    heading = models.CharField(_("question"), max_length=200)
    guidance = models.TextField(_("guidance"), blank=True)
    limit = models.PositiveIntegerField(_("longest answer, characters"), default=1500)
    is_required = models.BooleanField(_("must be answered"), default=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_retired = models.BooleanField(_("no longer asked"), default=False)

    class Meta:
        ordering = ["order", "id"]
        verbose_name = _("narrative question")
        verbose_name_plural = _("narrative questions")
        constraints = [
            once("program", "project", "heading", empty={"program": 0, "project": 0}, name="narrative_question_once"),
            models.CheckConstraint(condition=Q(program__isnull=True) | Q(project__isnull=True), name="narrative_question_one_scope"),
        ]

    def __str__(self) -> str:
        return self.heading


class NarrativeAnswer(models.Model):
    submission = models.ForeignKey(Submission, models.CASCADE, related_name="answers")
    question = models.ForeignKey(NarrativeQuestion, models.PROTECT, related_name="answers")
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["question__order", "question_id"]
        constraints = [models.UniqueConstraint(fields=["submission", "question"], name="narrative_answer_once")]

    def __str__(self) -> str:
        return self.text[:60]


class Attachment(models.Model):
    """A file that came with a report. Its content was checked, it is never executed and never shown inline."""

    stored_for = "attachment"  # bound into the encryption of the file

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.CASCADE, related_name="attachments")
    title = models.CharField(max_length=200)
    holds_names = models.BooleanField(default=False)
    is_partners_file = models.BooleanField(default=False, help_text="the partner's own file behind an entry on its behalf")
    path = models.CharField(max_length=200)
    key_id = models.CharField(max_length=40, blank=True)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField(default=timezone.now)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["uploaded_at"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "digest"], name="attachment_once"),
            models.CheckConstraint(condition=Q(holds_names=False) | ~Q(key_id=""), name="attachment_with_names_is_encrypted"),
        ]

    def __str__(self) -> str:
        return self.title


class ReopeningQuerySet(ScopedQuerySet["Reopening"]):
    read_permission = Permission.READ_RAW
    scope_paths = {"project": "project", "program": "project__program", "partner": "partner", "place": PROJECT_PLACE}

    def live(self) -> ReopeningQuerySet:
        return self.filter(closed_at__isnull=True, expires_at__gt=timezone.now())


class Reopening(models.Model):
    """Leave to correct accepted figures: of which project, partner, period and indicators, why, and until when."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="reopenings")
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="reopenings")
    period = models.ForeignKey(ReportingPeriod, models.PROTECT, related_name="reopenings")
    indicators = models.ManyToManyField(Indicator, related_name="reopenings")
    reason = models.TextField()
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(default=timezone.now)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = ReopeningQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "partner", "period"],
                condition=Q(closed_at__isnull=True),
                name="reopening_one_at_a_time",
                violation_error_message=_("This report is already reopened."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="reopening_has_a_reason", violation_error_message=_("Say why it is reopened.")
            ),
            both_or_neither("closed_at", "closed_by", name="reopening_closed_when_and_by"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.period_id}"
