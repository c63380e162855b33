"""What support was given, beyond that it happened: tests of a training, things handed over, and the checks that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Permission
from institutions.models.institutions import Institution
from plumbing.constraints import both_or_neither, choices_held
from plumbing.numbers import ExactDecimal
from programs.models import ActivityRecord
from programs.scope import ScopedQuerySet

if TYPE_CHECKING:
    from datetime import date

_SHARE = [MinValueValidator(0), MaxValueValidator(100)]


class SupportQuerySet(ScopedQuerySet["SupportDetail"]):
    read_permission = Permission.READ_INSTITUTIONS
    scope_paths = {
        "project": "activity__project", "program": "activity__project__program", "partner": "activity__partner", "place": "activity__place",
    }  # fmt: skip


@choices_held("kind")
class SupportDetail(models.Model):
    """The details of one activity record that supported an institution."""

    class Kind(models.TextChoices):
        TRAINING = "training", _("Training")
        EQUIPMENT = "equipment", _("Equipment")
        INFRASTRUCTURE = "infrastructure", _("Infrastructure")
        ADVICE = "advice", _("Advice or mentoring")

    activity = models.OneToOneField(ActivityRecord, models.PROTECT, related_name="support_detail", verbose_name=_("activity"))
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="support", verbose_name=_("institution"))
    kind = models.CharField(_("kind of support"), max_length=14, choices=Kind)
    title = models.CharField(_("what"), max_length=200, help_text=_("Such as Community policing I, or 4 motorbikes."))
    test_before = ExactDecimal(_("right answers before, %"), null=True, blank=True, validators=_SHARE)
    test_after = ExactDecimal(_("right answers after, %"), null=True, blank=True, validators=_SHARE)
    tested = models.PositiveIntegerField(_("people tested before and after"), null=True, blank=True)
    quantity = models.PositiveIntegerField(_("pieces"), null=True, blank=True)
    handed_over_on = models.DateField(_("handed over on"), null=True, blank=True)
    handed_over_to = models.CharField(_("received by"), max_length=200, blank=True, help_text=_("The office or function, not a name."))
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = SupportQuerySet.as_manager()

    class Meta:
        ordering = ["-activity__happened_on", "-id"]
        verbose_name = _("support given")
        verbose_name_plural = _("support given")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="training") | Q(test_before__isnull=True, test_after__isnull=True, tested__isnull=True),
                name="support_tests_of_trainings",
                violation_error_message=_("Only a training has tests before and after."),
            ),
            models.CheckConstraint(
                condition=Q(test_before__isnull=True, test_after__isnull=True, tested__isnull=True)
                | Q(test_before__isnull=False, test_after__isnull=False, tested__isnull=False, tested__gt=0),
                name="support_tests_before_and_after",
                violation_error_message=_("Give the test before, the test after and how many took both."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["equipment", "infrastructure"])
                | Q(quantity__isnull=True, handed_over_on__isnull=True, handed_over_to=""),
                name="support_hand_over_of_things",
                violation_error_message=_("Only equipment and infrastructure are handed over."),
            ),
            models.CheckConstraint(
                condition=Q(handed_over_on__isnull=True, handed_over_to="") | (Q(handed_over_on__isnull=False) & ~Q(handed_over_to="")),
                name="support_handed_over_to_somebody",
                violation_error_message=_("Say when it was handed over and to which office."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class CheckQuerySet(ScopedQuerySet["FollowUpCheck"]):
    read_permission = Permission.READ_INSTITUTIONS
    scope_paths = {
        "project": "support__activity__project", "program": "support__activity__project__program",
        "partner": "support__activity__partner", "place": "support__activity__place",
    }  # fmt: skip

    def open(self) -> CheckQuerySet:
        return self.filter(done_at__isnull=True)

    def due(self, day: date) -> CheckQuerySet:
        return self.open().filter(due_on__lte=day)


@choices_held("kind")
class FollowUpCheck(models.Model):
    """Is what was taught used at work; is what was handed over there, and used as agreed."""

    class Kind(models.TextChoices):
        AT_WORK = "at_work", _("Used at work")
        END_USE = "end_use", _("End-use check")

    support = models.ForeignKey(SupportDetail, models.CASCADE, related_name="checks", verbose_name=_("support"))
    kind = models.CharField(_("check"), max_length=8, choices=Kind)
    due_on = models.DateField(_("due on"))
    checked_on = models.DateField(_("checked on"), null=True, blank=True)
    looked_at = models.PositiveIntegerField(_("people asked or pieces seen"), null=True, blank=True)
    in_use = models.PositiveIntegerField(_("of these used as meant"), null=True, blank=True)
    not_reached = models.PositiveIntegerField(_("not reached or not found"), null=True, blank=True)
    findings = models.TextField(_("findings"), blank=True)
    done_at = models.DateTimeField(null=True, blank=True, editable=False)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)

    objects = CheckQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        verbose_name = _("follow-up check")
        verbose_name_plural = _("follow-up checks")
        constraints = [
            both_or_neither("done_at", "done_by", name="check_done_when_and_by"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True)
                | (Q(checked_on__isnull=False, looked_at__isnull=False, in_use__isnull=False) & ~Q(findings="")),
                name="check_done_says_what_was_found",
                violation_error_message=_("Say when it was checked, how many were asked or seen, how many are in use, and what was found."),
            ),
            models.CheckConstraint(
                condition=Q(in_use__isnull=True) | Q(looked_at__isnull=True) | Q(in_use__lte=F("looked_at")),
                name="check_not_more_in_use_than_seen",
                violation_error_message=_("Not more can be in use than were asked or seen."),
            ),
            models.UniqueConstraint(
                fields=["support"], condition=Q(done_at__isnull=True), name="check_one_open_each",
                violation_error_message=_("The next check is planned already."),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["due_on"], condition=Q(done_at__isnull=True), name="check_open_by_day")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.support}"
