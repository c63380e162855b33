"""Early warnings: what was signalled, who answers, what was decided, and how long that took."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Permission
from communities.models.communities import Community
from communities.models.incidents import Incident
from communities.scope import reached
from plumbing.constraints import both_or_neither, choices_held
from programs.scope import ScopedQuerySet


class WarningThreshold(models.Model):
    """A community's own alarm line, where the portal's practice values do not fit it; empty means the practice value."""

    community = models.OneToOneField(Community, models.CASCADE, related_name="threshold", verbose_name=_("community"))
    window_days = models.PositiveSmallIntegerField(_("days of a window"), null=True, blank=True)
    minimum = models.PositiveSmallIntegerField(_("incidents at least"), null=True, blank=True)
    displaced = models.PositiveIntegerField(_("people displaced, more than"), null=True, blank=True)
    responder = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who answers"),
        help_text=_("Is told at once when a warning opens."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("alarm line of a community")
        verbose_name_plural = _("alarm lines of communities")
        constraints = [
            models.CheckConstraint(
                condition=Q(window_days__isnull=True) | Q(window_days__range=(7, 91)),
                name="threshold_window_7_to_91_days",
                violation_error_message=_("A window has 7 to 91 days."),
            ),
            models.CheckConstraint(
                condition=Q(minimum__isnull=True) | Q(minimum__gte=1),
                name="threshold_at_least_one",
                violation_error_message=_("At least one incident."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.community_id)


class EarlyWarningQuerySet(ScopedQuerySet["EarlyWarning"]):
    read_permission = Permission.READ_COMMUNITIES
    scope_paths = reached("community")

    def open(self) -> EarlyWarningQuerySet:
        return self.filter(decided_at__isnull=True)


@choices_held("rule", "severity", "decision")
class EarlyWarning(models.Model):
    class Rule(models.TextChoices):
        COUNT = "count", _("More incidents than usual")
        FIRST = "first", _("First violence in months")
        NEAR = "near", _("Mob violence near a site")
        RECRUITMENT = "recruitment", _("Armed recruitment")
        DISPLACEMENT = "displacement", _("Many people displaced")
        PERSON = "person", _("Raised by a person")

    class Severity(models.IntegerChoices):
        WATCH = 1, _("Watch")
        ALERT = 2, _("Alert")
        WARNING = 3, _("Warning")
        ACTION = 4, _("Action")

    class Decision(models.TextChoices):
        OPEN = "", _("Not decided")
        ACTED = "acted", _("Acted upon")
        WATCHED = "watched", _("Watched, no act needed")
        FALSE_ALARM = "false_alarm", _("Not an alert")

    community = models.ForeignKey(Community, models.CASCADE, related_name="warnings", verbose_name=_("community"))
    rule = models.CharField(_("rule"), max_length=12, choices=Rule)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity, default=Severity.ALERT)
    signal = models.TextField(_("what was signalled"), blank=True, help_text=_("No names."))
    starts_on = models.DateField(_("window from"), null=True, blank=True)
    ends_on = models.DateField(_("window to"), null=True, blank=True)
    now = models.PositiveIntegerField(_("now"), null=True, blank=True)
    usual = models.DecimalField(_("usual"), max_digits=9, decimal_places=2, null=True, blank=True)
    spread = models.DecimalField(_("spread"), max_digits=9, decimal_places=2, null=True, blank=True)
    line = models.DecimalField(_("alarm line"), max_digits=9, decimal_places=2, null=True, blank=True)
    incidents = models.ManyToManyField(Incident, related_name="warnings", blank=True)
    first_seen = models.DateTimeField(_("first seen"), default=timezone.now)
    raised_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    responder = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who answers"))
    due_at = models.DateTimeField(_("answer due"))
    escalated_at = models.DateTimeField(null=True, blank=True, editable=False)
    acknowledged_at = models.DateTimeField(null=True, blank=True, editable=False)
    acknowledged_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    response = models.TextField(_("response"), blank=True, help_text=_("Who did what, when. Roles, no names."))
    responded_at = models.DateTimeField(null=True, blank=True, editable=False)
    responded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    decision = models.CharField(_("decision"), max_length=12, choices=Decision, default=Decision.OPEN, blank=True)
    reason = models.TextField(_("why"), blank=True)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = EarlyWarningQuerySet.as_manager()

    class Meta:
        ordering = ["-first_seen", "-id"]
        verbose_name = _("early warning")
        verbose_name_plural = _("early warnings")
        constraints = [
            models.UniqueConstraint(
                fields=["community", "rule"],
                condition=Q(decided_at__isnull=True) & ~Q(rule="person"),
                name="warning_one_open_per_rule",
                violation_error_message=_("This community already has an open warning of this rule."),
            ),
            both_or_neither("acknowledged_at", "acknowledged_by", name="warning_acknowledged_when_and_by"),
            both_or_neither("responded_at", "responded_by", name="warning_responded_when_and_by"),
            both_or_neither("decided_at", "decided_by", name="warning_decided_when_and_by"),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decision="") | (Q(decided_at__isnull=False) & ~Q(decision="")),
                name="warning_decided_one_way",
            ),
            models.CheckConstraint(
                condition=~Q(decision="false_alarm") | ~Q(reason=""),
                name="warning_false_alarm_says_why",
                violation_error_message=_("Say why it is not an alert: a false alarm teaches, too."),
            ),
            models.CheckConstraint(
                condition=~Q(decision="acted") | Q(responded_at__isnull=False),
                name="warning_acted_upon_has_a_response",
                violation_error_message=_("Record the response first: who did what, when."),
            ),
            models.CheckConstraint(
                condition=(Q(rule="person", raised_by__isnull=False) & ~Q(signal="")) | (~Q(rule="person") & Q(raised_by__isnull=True)),
                name="warning_raised_by_a_person_or_a_rule",
                violation_error_message=_("Say what was signalled."),
            ),
        ]
        indexes = [models.Index(fields=["decided_at", "due_at"], name="warning_waiting")]

    def __str__(self) -> str:
        return f"{self.get_rule_display()} {self.first_seen:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.decided_at is None

    @property
    def is_answered(self) -> bool:
        return self.acknowledged_at is not None or self.responded_at is not None or self.decided_at is not None

    @property
    def answered_at(self) -> datetime | None:
        """The first word of anybody: seen, responded or decided."""
        return min((at for at in (self.acknowledged_at, self.responded_at, self.decided_at) if at is not None), default=None)

    @property
    def is_answered_late(self) -> bool:
        return self.answered_at is not None and self.answered_at > self.due_at

    @property
    def hours_to_answer(self) -> Decimal | None:
        return self._hours_to(self.answered_at)

    @property
    def hours_to_decision(self) -> Decimal | None:
        """The response time of domain/communities.md, section 4: first seen to decision."""
        return self._hours_to(self.decided_at)

    def _hours_to(self, at: datetime | None) -> Decimal | None:
        return None if at is None else Decimal((at - self.first_seen) // timedelta(seconds=1)) / 3600
