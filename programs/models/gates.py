"""Decisions that a plan waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from plumbing.constraints import both_or_neither, choices_held, in_order
from programs.models.projects import Project
from programs.scope import PROJECT_PARTNER, PROJECT_PLACE, ScopedQuerySet, is_staff_reader

if TYPE_CHECKING:
    from datetime import date

    from accounts.models import Actor


class ClearanceQuerySet(models.QuerySet["SupportClearance"]):
    def visible_to(self, user: Actor) -> ClearanceQuerySet:
        """The decision itself is open to staff (its assessment is not); a reader with no role sees none."""
        return self if is_staff_reader(user) else self.none()

    def current(self, day: date) -> ClearanceQuerySet:
        """Positive decisions in force on a day."""
        return self.filter(decision__in=SupportClearance.POSITIVE, valid_from__lte=day, valid_until__gte=day, suspended_at__isnull=True)


@choices_held("decision")
class SupportClearance(models.Model):
    """The decision whether a security force or authority may receive support; its reasons stay with the institutional level."""

    class Decision(models.TextChoices):
        PROCEED = "proceed", _("Proceed")
        PROCEED_WITH_MITIGATION = "proceed_with_mitigation", _("Proceed with mitigation")
        OUT_OF_SCOPE = "out_of_scope", _("Outside the policy's scope")
        DECLINE = "decline", _("Decline")

    POSITIVE = ("proceed", "proceed_with_mitigation", "out_of_scope")

    recipient = models.ForeignKey(Organization, models.PROTECT, related_name="clearances", verbose_name=_("recipient"))
    scope = models.CharField(_("support covered"), max_length=300)
    decision = models.CharField(_("decision"), max_length=24, choices=Decision)
    conditions = models.TextField(_("conditions"), blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"))
    owner = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("owner"), help_text=_("Who is reminded before it ends.")
    )
    decided_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="decided_clearances", editable=False)
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    suspended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    suspension_reason = models.CharField(max_length=300, blank=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = ClearanceQuerySet.as_manager()

    class Meta:
        ordering = ["-valid_until", "-id"]
        verbose_name = _("support clearance")
        verbose_name_plural = _("support clearances")
        constraints = [
            in_order("valid_from", "valid_until", name="clearance_dates_in_order"),
            both_or_neither("suspended_at", "suspended_by", name="clearance_suspended_when_and_by"),
            models.CheckConstraint(
                condition=Q(suspended_at__isnull=True) | ~Q(suspension_reason=""),
                name="clearance_suspended_with_a_reason",
                violation_error_message=_("Say why the clearance is suspended."),
            ),
            models.CheckConstraint(
                condition=~Q(decision="proceed_with_mitigation") | ~Q(conditions=""),
                name="clearance_mitigation_named",
                violation_error_message=_("Name what mitigates the risk."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.get_decision_display()}"


class ReviewQuerySet(ScopedQuerySet["ConflictSensitivityReview"]):
    scope_paths = {"project": "project", "program": "project__program", "partner": PROJECT_PARTNER, "place": PROJECT_PLACE}

    def current(self, day: date) -> ReviewQuerySet:
        return self.filter(decision__in=["passed", "passed_with_conditions"], decided_on__lte=day, valid_until__gte=day)


@choices_held("decision")
class ConflictSensitivityReview(models.Model):
    """Whether a project was looked at for the harm it may do; without a current one it cannot move to implementation."""

    class Decision(models.TextChoices):
        PASSED = "passed", _("Passed")
        PASSED_WITH_CONDITIONS = "passed_with_conditions", _("Passed with conditions")
        NOT_PASSED = "not_passed", _("Not passed")

    project = models.ForeignKey(Project, models.CASCADE, related_name="sensitivity_reviews", verbose_name=_("project"))
    decision = models.CharField(_("decision"), max_length=24, choices=Decision)
    dividers = models.TextField(_("what divides people here"), blank=True)
    connectors = models.TextField(_("what connects people here"), blank=True)
    conditions = models.TextField(_("conditions"), blank=True)
    decided_on = models.DateField(_("decided on"))
    valid_until = models.DateField(_("valid until"))
    due_since = models.DateField(
        _("to be looked at again since"), null=True, blank=True, editable=False, help_text=_("The day of violence in the area after it.")
    )
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-decided_on", "-id"]
        verbose_name = _("conflict-sensitivity review")
        verbose_name_plural = _("conflict-sensitivity reviews")
        constraints = [
            in_order("decided_on", "valid_until", name="sensitivity_review_dates_in_order"),
            models.CheckConstraint(
                condition=~Q(decision="passed_with_conditions") | ~Q(conditions=""),
                name="sensitivity_review_conditions_named",
                violation_error_message=_("Name the conditions."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.get_decision_display()}"
