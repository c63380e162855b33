"""The plan that a person and the caseworker agree on: versions, goals by strand, and how far each has come."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from plumbing.constraints import both_or_neither, choices_held
from plumbing.numbers import ExactDecimal
from privacy.fields import EncryptedJSONField, EncryptedTextField
from reintegration.models.cases import Case


class Strand(models.TextChoices):
    ECONOMIC = "economic", _("Economic")
    SOCIAL = "social", _("Social")
    PSYCHOSOCIAL = "psychosocial", _("Psychosocial")
    POLITICAL = "political", _("Political and civic")


@choices_held("state")
class Plan(models.Model):
    """One version of a case's plan. The one in force stays in force until its successor is approved."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PROPOSED = "proposed", _("Waits for approval")
        IN_FORCE = "in_force", _("In force")
        REPLACED = "replaced", _("Replaced")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="plans")
    version = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DRAFT)
    agreed_on = models.DateField(_("agreed with the person on"), null=True, blank=True)
    note = EncryptedTextField(_("note"), blank=True, default="")
    written_at = models.DateTimeField(default=timezone.now)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["case", "-version"]
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = [
            models.UniqueConstraint(fields=["case", "version"], name="plan_version_once"),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state="in_force"),
                name="plan_one_in_force",
                violation_error_message=_("Another version of the plan is in force."),
            ),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=["draft", "proposed"]),
                name="plan_one_being_written",
                violation_error_message=_("A new version is already being written."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["in_force", "replaced"]) | Q(agreed_on__isnull=False, approved_at__isnull=False),
                name="plan_in_force_was_agreed",
                violation_error_message=_("A plan is agreed with the person and approved before it is in force."),
            ),
            both_or_neither("approved_at", "approved_by", name="plan_approved_when_and_by"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("written_by")),
                name="plan_approved_by_a_second_person",
                violation_error_message=_("Whoever wrote the plan does not approve it."),
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


@choices_held("strand", "state")
class Goal(models.Model):
    """One thing to reach, in one strand. ``key`` stays the same from version to version."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        REACHED = "reached", _("Reached")
        DROPPED = "dropped", _("Dropped")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="goals")
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    strand = models.CharField(_("strand"), max_length=12, choices=Strand)
    title = EncryptedTextField(_("goal"))
    roles = EncryptedJSONField(_("who does what"), default=list, help_text="a list of [who, what]")
    target = ExactDecimal(_("how many"), null=True, blank=True)
    unit = models.CharField(_("of what"), max_length=40, blank=True, default="")
    due_on = models.DateField(_("by"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    closed_on = models.DateField(_("reached or dropped on"), null=True, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "due_on"]
        verbose_name = _("goal")
        verbose_name_plural = _("goals")
        constraints = [
            models.UniqueConstraint(fields=["plan", "key"], name="goal_once_per_version"),
            models.CheckConstraint(condition=Q(target__isnull=True) | Q(target__gt=0), name="goal_target_above_zero"),
            models.CheckConstraint(
                condition=Q(state="open", closed_on__isnull=True) | ~Q(state="open") & Q(closed_on__isnull=False),
                name="goal_closed_when",
                violation_error_message=_("A goal that is reached or dropped has a date, and only such a one."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Progress(models.Model):
    """How far a goal had come on a day; entered after a contact. Rows are added, the latest one counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    goal = models.ForeignKey(Goal, models.CASCADE, related_name="progress")
    noted_on = models.DateField(_("date"))
    value = ExactDecimal(_("reached so far"), null=True, blank=True)
    note = EncryptedTextField(_("note"), blank=True, default="")
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["goal", "-noted_on", "-recorded_at"]
        verbose_name = _("progress")
        verbose_name_plural = _("progress")

    def __str__(self) -> str:
        return str(self.pk)
