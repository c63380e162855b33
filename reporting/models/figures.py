"""The figures: one row per indicator, partner, place, period and disaggregation in a submission; at most one of them counts."""

from __future__ import annotations

from functools import reduce
from operator import and_, or_

from django.apps import apps
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing.constraints import choices_held
from plumbing.numbers import ExactDecimal
from programs.models import DefinitionOption, Disaggregation, Indicator, Project, ReportingPeriod
from programs.scope import ScopedQuerySet
from reporting.models.submissions import Submission


class EmptyReason(models.TextChoices):
    """Why a figure is empty: distinct from zero, and asked for on every road."""

    NOT_STARTED = "not_started", _("Activity has not started")
    NOT_DUE = "not_due", _("Not collected in this period")
    ACCESS_DENIED = "access_denied", _("No access to the place")
    DATA_LATE = "data_late", _("Data come later")
    STOPPED = "stopped", _("Activity has stopped")
    NOT_APPLICABLE = "not_applicable", _("Does not apply here")
    BEFORE_PORTAL = "before_portal", _("Not known for the time before the portal")


class FigureQuerySet(ScopedQuerySet["Figure"]):
    read_permission = Permission.READ_RAW
    scope_paths = {"project": "project", "program": "project__program", "partner": "partner", "place": "place"}

    def counting(self) -> FigureQuerySet:
        return self.filter(counts=True)

    def totals(self) -> FigureQuerySet:
        return self.filter(disaggregation__key="")

    def with_records(self) -> FigureQuerySet:
        """Annotate what the records say now: ``records_at`` (none: no tally counts it) and the number, in the same query."""
        cells = apps.get_model("reporting", "PrefillCell").objects.filter(
            prefill__submission=OuterRef("submission"), prefill__indicator=OuterRef("indicator"), prefill__place=OuterRef("place"),
            disaggregation=OuterRef("disaggregation"),
        )  # fmt: skip
        fields = {"at": "prefill__latest_at", "value": "latest_value", "numerator": "latest_numerator", "denominator": "latest_denominator"}
        return self.annotate(**{f"records_{name}": Subquery(cells.values(field)[:1]) for name, field in fields.items()})


def _only(filled: list[str]) -> Q:
    """These columns are filled and all others of a figure are empty."""
    empty = {f"{name}__isnull": name not in filled for name in ("value", "numerator", "denominator", "share", "option")}
    words = {name: name in filled for name in ("text", "reason")}
    only = Q(**empty, **{name: "" for name, is_filled in words.items() if not is_filled})
    return reduce(and_, (~Q(**{name: ""}) for name, is_filled in words.items() if is_filled), only)


@choices_held("reason", "source")
class Figure(models.Model):
    """Exactly one of value, numerator with denominator, bare share, option, text, or a coded reason why it is empty."""

    class Source(models.TextChoices):
        TYPED = "typed", _("typed")
        WORKBOOK = "workbook", _("workbook")
        API = "api", _("API key")
        RECORDS = "records", _("own records")
        PAST = "past", _("past figures")

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="figures")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="figures")
    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    period = models.ForeignKey(ReportingPeriod, models.PROTECT, related_name="+")
    period_end = models.DateField(help_text="the period's end, here so that one index covers the roll-up")
    disaggregation = models.ForeignKey(Disaggregation, models.PROTECT, related_name="+")
    value = ExactDecimal(null=True, blank=True)
    numerator = ExactDecimal(null=True, blank=True)
    denominator = ExactDecimal(null=True, blank=True)
    share = ExactDecimal(null=True, blank=True, help_text="0 to 100, where the source gave no numerator")
    option = models.ForeignKey(DefinitionOption, models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField(blank=True)
    reason = models.CharField(max_length=20, choices=EmptyReason, blank=True)
    counts = models.BooleanField(default=False)
    source = models.CharField(max_length=10, choices=Source, default=Source.TYPED)
    source_detail = models.CharField(max_length=120, blank=True, help_text="such as the workbook's row or the tally's digest")
    entered_at = models.DateTimeField(default=timezone.now)
    entered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    entered_behind = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", help_text="who issued the key, or whose deputy typed"
    )

    objects = FigureQuerySet.as_manager()

    class Meta:
        verbose_name = _("figure")
        verbose_name_plural = _("figures")
        constraints = [
            models.UniqueConstraint(fields=["submission", "indicator", "place", "disaggregation"], name="figure_once_per_submission"),
            models.UniqueConstraint(
                fields=["indicator", "partner", "place", "period", "disaggregation"],
                condition=Q(counts=True),
                name="figure_one_row_counts",
                violation_error_message=_("Another accepted figure already counts here."),
            ),
            models.CheckConstraint(
                condition=reduce(or_, map(_only, (["value"], ["numerator", "denominator"], ["share"], ["option"], ["text"], ["reason"]))),
                name="figure_says_one_thing",
                violation_error_message=_("A figure is one thing: a number, a share, an answer, a text, or a reason why it is empty."),
            ),
            models.CheckConstraint(
                condition=Q(counts=False) | Q(reason=""),
                name="figure_reason_never_counts",
                violation_error_message=_("A row that only says why a figure is empty never counts."),
            ),
            models.CheckConstraint(
                condition=Q(denominator__isnull=True) | Q(denominator__gte=0),
                name="figure_denominator_not_negative",
                violation_error_message=_("The denominator cannot be below zero."),
            ),
            models.CheckConstraint(
                condition=Q(share__isnull=True) | Q(share__gte=0),
                name="figure_share_not_negative",
                violation_error_message=_("A share is 0 or more."),
            ),
        ]
        indexes = [
            models.Index(
                fields=[
                    *("indicator", "disaggregation", "partner", "place", "period_end"),
                    *("value", "numerator", "denominator", "share", "option", "counts"),  # SQLite covers only with ``counts`` in it
                ],
                condition=Q(counts=True),
                name="figure_rollup",
            ),
            models.Index(fields=["place", "indicator", "period_end"], condition=Q(counts=True), name="figure_by_place"),
            models.Index(fields=["indicator", "partner", "place", "period"], name="figure_by_stream"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.value if self.value is not None else self.reason}"

    @property
    def is_empty(self) -> bool:
        """True when it only says why there is no figure."""
        return self.reason != ""


class FlagReason(models.Model):
    """The reporter's sentence for one flag on one figure."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="flag_reasons")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    flag = models.CharField(max_length=30)
    sentence = models.TextField()
    given_at = models.DateTimeField(default=timezone.now)
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submission", "indicator", "place", "flag"], name="flag_reason_once"),
            models.CheckConstraint(condition=~Q(sentence=""), name="flag_reason_is_a_sentence"),
        ]

    def __str__(self) -> str:
        return self.flag


@choices_held("decision")
class FigureDecision(models.Model):
    """The reviewer's decision on one indicator at one place of a submission."""

    class Decision(models.TextChoices):
        ACCEPT = "accept", _("accept")
        RETURN = "return", _("return")
        HOLD = "hold", _("hold")

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="decisions")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    decision = models.CharField(max_length=6, choices=Decision)
    decided_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "indicator", "place"], name="figure_decision_once")]

    def __str__(self) -> str:
        return self.decision


class FigureNote(models.Model):
    """A comment on a single figure. An internal one stays with the reviewers; the others go back with the report."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="notes")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    text = models.TextField()
    is_internal = models.BooleanField(default=False)
    written_at = models.DateTimeField(default=timezone.now)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    sent_at = models.DateTimeField(null=True, help_text="when it went to the partner with a return")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["written_at", "id"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="figure_note_says_something")]

    def __str__(self) -> str:
        return self.text[:60]


class Restatement(models.Model):
    """An accepted figure replaced by another: old, new, why, who and when; written by the act that moves ``counts``."""

    old = models.ForeignKey(Figure, models.PROTECT, related_name="restated_by")
    new = models.ForeignKey(Figure, models.PROTECT, null=True, related_name="restates", help_text="empty: the figure was taken back")
    old_text = models.CharField(max_length=60, help_text="as shown then")
    new_text = models.CharField(max_length=60)
    reason = models.TextField()
    restated_at = models.DateTimeField(default=timezone.now)
    restated_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-restated_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["old"], name="restated_once")]

    def __str__(self) -> str:
        return f"{self.old_text} → {self.new_text}"


class RestatedReport(models.Model):
    """A sent donor report that holds the old number of a restatement."""

    restatement = models.ForeignKey(Restatement, models.CASCADE, related_name="reports")
    report = models.ForeignKey("reporting.DonorReport", models.PROTECT, related_name="restatements")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["restatement", "report"], name="restated_report_once")]

    def __str__(self) -> str:
        return f"{self.report_id}"


class RollupRow(models.Model):
    """The rolled-up total of one indicator through one period, kept for the whole-portfolio page and proved by a command."""

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="rollups")
    period = models.ForeignKey(ReportingPeriod, models.CASCADE, related_name="+")
    period_end = models.DateField()
    value = ExactDecimal(null=True)
    numerator = ExactDecimal(null=True)
    denominator = ExactDecimal(null=True)
    share = ExactDecimal(null=True)
    why_none = models.CharField(max_length=40, blank=True)
    present = models.PositiveIntegerField()
    reported = models.PositiveIntegerField()
    expected = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["indicator", "period"], name="rollup_row_once")]
        indexes = [models.Index(fields=["indicator", "-period_end"], name="rollup_latest")]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.period_end}"
