"""When a project reports: its calendar, the periods laid out from it and the reports expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from plumbing.constraints import both_or_neither, choices_held, in_order
from programs.models.projects import Project
from programs.scope import PROJECT_PARTNER, PROJECT_PLACE, ScopedQuerySet

if TYPE_CHECKING:
    from datetime import date


@choices_held("frequency")
class ReportingCalendar(models.Model):
    """How a project's periods are laid out: how often, when they open and when they are due, in the project's time zone."""

    class Frequency(models.TextChoices):
        MONTHLY = "monthly", _("Monthly")
        QUARTERLY = "quarterly", _("Quarterly")
        SEMIANNUAL = "semiannual", _("Half-yearly")
        ANNUAL = "annual", _("Yearly")
        FIXED = "fixed", _("On fixed dates")

    project = models.OneToOneField(Project, models.CASCADE, related_name="calendar")
    frequency = models.CharField(_("how often"), max_length=10, choices=Frequency, default=Frequency.QUARTERLY)
    fixed_dates = models.CharField(
        _("period ends on"), max_length=100, blank=True, help_text=_("Month and day of each end, such as 06-15, 11-15.")
    )
    opens_after_days = models.SmallIntegerField(
        _("opens … days after the period's start"), default=0, help_text=_("0: on its first day, so that figures can be kept as they come.")
    )
    due_after_days = models.PositiveSmallIntegerField(_("due … days after the period's end"), default=15)
    review_after_days = models.PositiveSmallIntegerField(_("review due … days after the due date"), default=12)

    class Meta:
        verbose_name = _("reporting calendar")
        verbose_name_plural = _("reporting calendars")
        constraints = [
            models.CheckConstraint(
                condition=Q(frequency="fixed") ^ Q(fixed_dates=""),
                name="calendar_fixed_dates_when_fixed",
                violation_error_message=_("Give the dates when the calendar is on fixed dates, and only then."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.frequency}"


class PeriodQuerySet(ScopedQuerySet["ReportingPeriod"]):
    scope_paths = {"project": "project", "program": "project__program", "partner": PROJECT_PARTNER, "place": PROJECT_PLACE}

    def with_state(self, today: date) -> PeriodQuerySet:
        """Annotate ``state``: planned, open, due (it has ended), overdue, or locked."""
        return self.annotate(
            state=Case(
                When(locked_at__isnull=False, then=Value("locked")),
                When(opened_at__isnull=True, then=Value("planned")),
                When(due_on__lt=today, then=Value("overdue")),
                When(ends_on__lt=today, then=Value("due")),
                default=Value("open"),
                output_field=models.CharField(),
            )
        )

    def to_open(self, today: date) -> PeriodQuerySet:
        return self.filter(opened_at__isnull=True, opens_on__lte=today)


class ReportingPeriod(models.Model):
    """One span a project reports on, such as ``2026-Q3``. Reported periods never move."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        OPEN = "open", _("Open")
        DUE = "due", _("Due")
        OVERDUE = "overdue", _("Overdue")
        LOCKED = "locked", _("Locked")

    project = models.ForeignKey(Project, models.CASCADE, related_name="periods", verbose_name=_("project"))
    code = models.CharField(_("code"), max_length=20)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("through"))
    opens_on = models.DateField(_("opens on"))
    due_on = models.DateField(_("due on"))
    review_due_on = models.DateField(_("review due on"))
    is_past = models.BooleanField(_("before the portal"), default=False)
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    reported_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="the first submission; from then on it never moves")
    locked_at = models.DateTimeField(null=True, blank=True, editable=False)
    locked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    lock_reason = models.TextField(blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        ordering = ["ends_on", "starts_on"]
        verbose_name = _("reporting period")
        verbose_name_plural = _("reporting periods")
        constraints = [
            models.UniqueConstraint(fields=["project", "code"], name="period_code_once"),
            models.UniqueConstraint(fields=["project", "starts_on"], name="period_start_once"),
            models.UniqueConstraint(fields=["project", "ends_on"], name="period_end_once"),
            in_order("starts_on", "ends_on", name="period_dates_in_order"),
            in_order("ends_on", "due_on", name="period_due_after_its_end"),
            in_order("due_on", "review_due_on", name="period_review_after_due"),
            both_or_neither("locked_at", "locked_by", name="period_locked_when_and_by"),
        ]
        indexes = [models.Index(fields=["opens_on"], condition=Q(opened_at__isnull=True), name="period_to_open")]

    def __str__(self) -> str:
        return self.code


class ExpectedReportQuerySet(ScopedQuerySet["ExpectedReport"]):
    scope_paths = {"project": "project", "program": "project__program", "partner": "partner", "place": PROJECT_PLACE}

    def expected(self) -> ExpectedReportQuerySet:
        """Those that count as owed: not exempt."""
        return self.filter(exempted_at__isnull=True)


class ExpectedReport(models.Model):
    """What one partner owes for one period of one project: due dates, extension or exemption, each with its reason."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="expected_reports")
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="expected_reports", verbose_name=_("partner"))
    period = models.ForeignKey(ReportingPeriod, models.CASCADE, related_name="expected_reports", verbose_name=_("period"))
    due_on = models.DateField(_("due on"))
    review_due_on = models.DateField(_("review due on"))
    extended_at = models.DateTimeField(null=True, blank=True, editable=False)
    extended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    extension_reason = models.TextField(blank=True)
    exempted_at = models.DateTimeField(null=True, blank=True, editable=False)
    exempted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    exemption_reason = models.TextField(blank=True)
    prepared_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="when its draft was made")
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = ExpectedReportQuerySet.as_manager()

    class Meta:
        ordering = ["period__ends_on", "project__code", "partner__name"]
        verbose_name = _("expected report")
        verbose_name_plural = _("expected reports")
        constraints = [
            models.UniqueConstraint(fields=["project", "partner", "period"], name="expected_report_once"),
            both_or_neither("extended_at", "extended_by", name="expected_report_extended_when_and_by"),
            both_or_neither("exempted_at", "exempted_by", name="expected_report_exempted_when_and_by"),
            models.CheckConstraint(
                condition=Q(extended_at__isnull=True) | ~Q(extension_reason=""),
                name="extension_has_a_reason",
                violation_error_message=_("Say why the due date moves."),
            ),
            models.CheckConstraint(
                condition=Q(exempted_at__isnull=True) | ~Q(exemption_reason=""),
                name="exemption_has_a_reason",
                violation_error_message=_("Say why no report is expected."),
            ),
            models.CheckConstraint(condition=Q(review_due_on__gte=F("due_on")), name="expected_report_review_after_due"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.partner_id} {self.period_id}"
