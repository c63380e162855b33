"""Contacts with a person, the follow-ups that are due, and what the person answered in them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from plumbing.constraints import both_or_neither, choices_held
from plumbing.numbers import ExactDecimal
from privacy.fields import EncryptedJSONField, EncryptedTextField
from reintegration.models.cases import Case


@choices_held("kind", "result", "next_step")
class CaseContact(models.Model):
    """One contact, or one that was tried: date, kind, found or not, what comes next. What was said is encrypted."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("Telephone")
        OFFICE = "office", _("In the office")
        VISIT = "visit", _("Visit")
        COMMUNITY = "community", _("At a meeting of the community")
        MESSAGE = "message", _("Message")

    class Result(models.TextChoices):
        DONE = "done", _("Spoken with the person")
        NOT_FOUND = "not_found", _("Not found")

    class NextStep(models.TextChoices):
        NONE = "", _("Nothing")
        CONTACT = "contact", _("Contact again")
        REFERRAL = "referral", _("Refer")
        SERVICE = "service", _("Give a service")
        PLAN = "plan", _("Change the plan")
        FOLLOW_UP = "follow_up", _("Hold the follow-up")
        SUPERVISOR = "supervisor", _("Speak with the supervisor")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="contacts")
    happened_on = models.DateField(_("date"))
    kind = models.CharField(_("how"), max_length=9, choices=Kind)
    result = models.CharField(_("result"), max_length=9, choices=Result)
    next_step = models.CharField(_("next step"), max_length=10, choices=NextStep, blank=True, default="")
    next_on = models.DateField(_("next step on"), null=True, blank=True)
    next_done_at = models.DateTimeField(null=True, blank=True)
    note = EncryptedTextField(_("note"), blank=True, default="")
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-happened_on", "-recorded_at"]
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            models.CheckConstraint(
                condition=~Q(next_step="") | Q(next_on__isnull=True),
                name="contact_next_day_of_a_step",
                violation_error_message=_("A date for the next step needs the step."),
            )
        ]
        indexes = [models.Index(fields=["case", "-happened_on"], name="contact_by_case")]

    def __str__(self) -> str:
        return self.get_kind_display()


@choices_held("state")
class FollowUp(models.Model):
    """A wave that is due: baseline (0 months), then counted from ``completed_on``, also after closure."""

    class State(models.TextChoices):
        DUE = "due", _("Due")
        DONE = "done", _("Done")
        MISSED = "missed", _("Not reached")
        CANCELLED = "cancelled", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="follow_ups")
    wave = models.PositiveSmallIntegerField(_("wave, months"))
    due_on = models.DateField(_("due"))
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.DUE)
    settled_on = models.DateField(_("held or given up on"), null=True, blank=True)

    class Meta:
        ordering = ["case", "wave"]
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        constraints = [
            models.UniqueConstraint(fields=["case", "wave"], name="follow_up_once_per_wave"),
            models.CheckConstraint(
                condition=Q(state="due", settled_on__isnull=True) | ~Q(state="due") & Q(settled_on__isnull=False),
                name="follow_up_settled_when",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_on"], name="follow_up_due")]

    def __str__(self) -> str:
        return f"{self.wave}"


class Assessment(models.Model):
    """What the person answered with an instrument; answers and the unscored block on safety and acceptance are encrypted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="assessments")
    follow_up = models.OneToOneField(FollowUp, models.CASCADE, null=True, blank=True, related_name="assessment")
    instrument = models.CharField(_("instrument"), max_length=60, help_text="code and version")
    held_on = models.DateField(_("held on"))
    answers = EncryptedJSONField(_("answers"), default=dict)
    safety = EncryptedJSONField(_("safety and acceptance, not scored"), null=True, blank=True)
    is_complete = models.BooleanField(_("complete"), default=False)
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    corrected_at = models.DateTimeField(null=True, blank=True)
    corrected_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["case", "held_on"]
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        constraints = [both_or_neither("corrected_at", "corrected_by", name="assessment_corrected_when_and_by")]

    def __str__(self) -> str:
        return self.instrument


class AssessmentScore(models.Model):
    """A score from 0 to 1 of one dimension ("all" for all answers); empty where too few items were answered."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="scores")
    dimension = models.CharField(_("dimension"), max_length=30)
    value = ExactDecimal(_("score"), null=True, blank=True)
    answered = models.PositiveSmallIntegerField(_("answered"))
    items = models.PositiveSmallIntegerField(_("of"))

    class Meta:
        ordering = ["assessment", "dimension"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "dimension"], name="assessment_score_once"),
            models.CheckConstraint(condition=Q(value__isnull=True) | Q(value__range=(0, 1)), name="assessment_score_0_to_1"),
        ]

    def __str__(self) -> str:
        return f"{self.dimension} {self.value}"
