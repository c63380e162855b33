"""Human-rights due diligence on support to a security force: strict class, read by named roles only, each reading an event."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Permission
from institutions.models.institutions import Institution
from plumbing.constraints import both_or_neither, choices_held
from privacy.fields import EncryptedTextField
from programs.models import ActionPoint, Project, SupportClearance
from programs.scope import ScopedQuerySet, scope

if TYPE_CHECKING:
    from accounts.models import Actor


class HrddpQuerySet(ScopedQuerySet["HrddpAssessment"]):
    read_permission = Permission.ASSESS_CLEARANCE
    scope_paths = {"project": "project", "program": "project__program", "place": "institution__place"}

    def visible_to(self, user: Actor, permission: Permission | None = None) -> HrddpQuerySet:
        """Who prepares within a scope and who decides; nobody else, whatever else they may read."""
        words = [permission] if permission is not None else [Permission.ASSESS_CLEARANCE, Permission.DECIDE_CLEARANCE]
        terms = [scope(user, self.scope_paths, word) for word in words]
        if not all(terms):  # an empty condition is the whole portal; OR-ed with another one it would vanish
            return self.all()
        allowed = Q(pk__in=[])
        for term in terms:
            allowed |= term
        return self.filter(allowed)


@choices_held("state", "support_kind", "scope", "decision", "risk_level")
class HrddpAssessment(models.Model):
    """Whether an institution may be supported, and on which conditions. Others see the clearance, never this."""

    class State(models.TextChoices):
        PREPARING = "preparing", _("Being prepared")
        WAITING = "waiting", _("Waits for a decision")
        DECIDED = "decided", _("Decided")
        REVIEW_DUE = "review_due", _("Review due")

    class SupportKind(models.TextChoices):
        TRAINING = "training", _("Training, mentoring or advice that raises operational capability")
        INSTITUTION = "institution", _("Capacity and institution building")
        COMMAND = "command", _("Support to the authorities in command")
        FINANCIAL = "financial", _("Financial support, salaries included")
        LOGISTICS = "logistics", _("Equipment, works, logistics")
        OPERATIONS = "operations", _("Operational support or joint operations")
        LAW_TRAINING = "law_training", _("Training or awareness in humanitarian, human rights or refugee law")
        STANDARDS = "standards", _("Standard-setting")
        MANDATE = "mandate", _("Mandate work such as mediation")

    # The published list: what the policy leaves out; everything else is in.
    OUT = (SupportKind.LAW_TRAINING, SupportKind.STANDARDS, SupportKind.MANDATE)

    class Scope(models.TextChoices):
        IN = "in", _("Within the policy")
        OUT = "out", _("Outside the policy")

    class Decision(models.TextChoices):
        PROCEED = "proceed", _("Proceed")
        PROCEED_WITH_MITIGATION = "proceed_with_mitigation", _("Proceed with mitigation")
        DECLINE = "decline", _("Decline")
        SUSPEND = "suspend", _("Suspend")
        WITHDRAW = "withdraw", _("Withdraw")

    class RiskLevel(models.TextChoices):
        LOW = "low", _("Low")
        MEDIUM = "medium", _("Medium")
        HIGH = "high", _("High")

    INFORMATION = ("record", "command", "oversight", "conduct", "ability_to_mitigate", "political")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="assessments", verbose_name=_("recipient"))
    project = models.ForeignKey(Project, models.PROTECT, related_name="+", verbose_name=_("project"))
    unit = models.CharField(_("unit"), max_length=200, blank=True, help_text=_("Where only a part of it is supported."))
    support = models.CharField(_("support planned"), max_length=300, help_text=_("These words stand on the clearance and are read by all."))
    support_kind = models.CharField(_("kind of support"), max_length=12, choices=SupportKind)
    scope = models.CharField(_("scope"), max_length=3, choices=Scope, blank=True)
    scope_reason = models.CharField(_("why in or out"), max_length=500, blank=True)
    record = EncryptedTextField(_("record of violations"), blank=True, default="")
    command = EncryptedTextField(_("command and control"), blank=True, default="")
    oversight = EncryptedTextField(_("oversight and accountability"), blank=True, default="")
    conduct = EncryptedTextField(_("conduct of the unit now"), blank=True, default="")
    ability_to_mitigate = EncryptedTextField(_("ability to mitigate"), blank=True, default="")
    political = EncryptedTextField(_("political and conflict context"), blank=True, default="")
    likelihood = models.PositiveSmallIntegerField(_("likelihood"), null=True, blank=True, help_text=_("1 (remote) to 5 (expected)."))
    severity = models.PositiveSmallIntegerField(_("severity"), null=True, blank=True, help_text=_("1 (slight) to 5 (grave violations)."))
    risk_level = models.CharField(_("risk level"), max_length=6, choices=RiskLevel, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PREPARING)
    prepared_at = models.DateTimeField(default=timezone.now, editable=False)
    prepared_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    decision = models.CharField(_("decision"), max_length=24, choices=Decision, blank=True)
    decision_reason = EncryptedTextField(_("why"), blank=True, default="")
    conditions = models.TextField(_("conditions"), blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    clearance = models.OneToOneField(
        SupportClearance, models.PROTECT, null=True, blank=True, related_name="assessment", editable=False,
        help_text=_("What everybody else sees of the decision."),
    )  # fmt: skip
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = HrddpQuerySet.as_manager()

    class Meta:
        ordering = ["-prepared_at"]
        verbose_name = _("human-rights due diligence")
        verbose_name_plural = _("human-rights due diligence")
        constraints = [
            both_or_neither("sent_at", "sent_by", name="hrddp_sent_when_and_by"),
            both_or_neither("decided_at", "decided_by", name="hrddp_decided_when_and_by"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("prepared_by")),
                name="hrddp_decided_by_somebody_else",
                violation_error_message=_("Whoever prepared the assessment does not decide it."),
            ),
            models.CheckConstraint(
                condition=Q(sent_by__isnull=True) | Q(decided_by__isnull=True) | ~Q(decided_by=F("sent_by")),
                name="hrddp_decided_by_who_did_not_send_it",
                violation_error_message=_("Whoever sent the assessment to the decision does not decide it."),
            ),
            models.CheckConstraint(
                condition=Q(scope="") | ~Q(scope_reason=""),
                name="hrddp_scope_with_a_reason",
                violation_error_message=_("Say why the support is within or outside the policy."),
            ),
            models.CheckConstraint(
                condition=Q(likelihood__isnull=True, severity__isnull=True)
                | Q(likelihood__isnull=False, severity__isnull=False, likelihood__range=(1, 5), severity__range=(1, 5)),
                name="hrddp_risk_on_its_scale",
                violation_error_message=_("Rate likelihood and severity, each from 1 to 5."),
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True) | (~Q(decision="") & Q(decided_at__isnull=False)),
                name="hrddp_decision_has_its_day",
            ),
            models.CheckConstraint(
                condition=~Q(decision="proceed_with_mitigation") | ~Q(conditions=""),
                name="hrddp_mitigation_named",
                violation_error_message=_("Name what mitigates the risk."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["preparing", "waiting"]) | ~Q(decision=""),
                name="hrddp_decided_has_its_decision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution}: {self.support}"

    @property
    def risk(self) -> int | None:
        return None if self.likelihood is None or self.severity is None else self.likelihood * self.severity


class HrddpMeasure(models.Model):
    """What lowers the risk: owed by a person until a date, as an action point."""

    assessment = models.ForeignKey(HrddpAssessment, models.PROTECT, related_name="measures")
    action_point = models.OneToOneField(ActionPoint, models.PROTECT, related_name="hrddp_measure")

    class Meta:
        ordering = ["action_point__due_on", "id"]
        verbose_name = _("measure")
        verbose_name_plural = _("measures")

    def __str__(self) -> str:
        return str(self.action_point)


@choices_held("kind")
class HrddpEntry(models.Model):
    """One line of the log: what was alleged, what was done about it, what was decided. Lines are added, never changed."""

    class Kind(models.TextChoices):
        INFORMED = "informed", _("Policy explained to the authorities")
        MONITORING = "monitoring", _("Monitoring")
        ALLEGATION = "allegation", _("Allegation of a grave violation")
        INTERVENTION = "intervention", _("Intervention with the authorities")
        DECISION = "decision", _("Decision")

    WRITTEN = (Kind.INFORMED, Kind.MONITORING, Kind.ALLEGATION, Kind.INTERVENTION)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey(HrddpAssessment, models.PROTECT, related_name="entries")
    kind = models.CharField(_("what"), max_length=12, choices=Kind)
    happened_on = models.DateField(_("date"))
    text = EncryptedTextField(_("what happened"), help_text=_("No names of victims or sources."))
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        ordering = ["-happened_on", "-recorded_at"]
        verbose_name = _("entry of the log")
        verbose_name_plural = _("entries of the log")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.happened_on}"
