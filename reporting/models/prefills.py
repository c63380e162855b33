"""What a tally counted for a report: what was filled in, when and from what, and what the records say by now."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from locations.models import Place
from plumbing.constraints import choices_held
from plumbing.numbers import ExactDecimal
from programs.models import DefinitionOption, Disaggregation, ExpectedReport, Indicator
from programs.tally import Empty
from reporting.models.submissions import Submission


class RecordsCheck(models.Model):
    """When the records were last counted for one expected report, and when they are counted again."""

    expected = models.OneToOneField(ExpectedReport, models.CASCADE, primary_key=True, related_name="records_check")
    due_at = models.DateTimeField(db_index=True)
    lease_until = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True, help_text="the error of the last count; empty when it went well")

    def __str__(self) -> str:
        return f"{self.expected_id} {self.due_at}"


@choices_held("why_nothing")
class Prefill(models.Model):
    """One figure that a tally computes. Filled in once; afterwards only ``latest`` follows the records, until a person takes it."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="prefills")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    tally = models.CharField(max_length=80)
    definition = models.TextField(help_text="what the tally said it counts, when it was filled in or first offered")
    filled_at = models.DateTimeField(null=True, help_text="empty: a person was first, so the number is only offered")
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", help_text="who took it; empty: the portal filled it in")
    digest = models.CharField(max_length=64, blank=True, help_text="of what was counted when it was filled in")
    latest_at = models.DateTimeField()
    latest_digest = models.CharField(max_length=64, blank=True, help_text="empty: the records say nothing now")
    why_nothing = models.CharField(max_length=20, choices=Empty, blank=True, help_text="why the records say nothing now, as a code")
    has_drifted = models.BooleanField(default=False, help_text="the records say something else by now")

    class Meta:
        ordering = ["indicator__result__order", "indicator__order", "indicator_id", "place__name"]
        verbose_name = _("figure from records")
        verbose_name_plural = _("figures from records")
        constraints = [
            models.UniqueConstraint(fields=["submission", "indicator", "place"], name="prefill_once"),
            models.CheckConstraint(
                condition=Q(filled_at__isnull=False) | Q(person__isnull=True, has_drifted=False), name="prefill_drifts_once_filled"
            ),
            models.CheckConstraint(condition=Q(why_nothing="") | Q(latest_digest=""), name="prefill_says_why_where_it_says_nothing"),
        ]

    def __str__(self) -> str:
        return f"{self.tally} {self.indicator_id}"


class PrefillCell(models.Model):
    """The total (without categories) and the cells of one prefill: as filled in, and as the records say now."""

    prefill = models.ForeignKey(Prefill, models.CASCADE, related_name="cells")
    disaggregation = models.ForeignKey(Disaggregation, models.PROTECT, related_name="+")
    value = ExactDecimal(null=True)
    numerator = ExactDecimal(null=True)
    denominator = ExactDecimal(null=True)
    option = models.ForeignKey(DefinitionOption, models.PROTECT, null=True, related_name="+", help_text="of a ranked answer")
    latest_value = ExactDecimal(null=True)
    latest_numerator = ExactDecimal(null=True)
    latest_denominator = ExactDecimal(null=True)
    latest_option = models.ForeignKey(DefinitionOption, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prefill", "disaggregation"], name="prefill_cell_once"),
            models.CheckConstraint(
                condition=Q(numerator__isnull=True, denominator__isnull=True)
                | Q(numerator__isnull=False, denominator__isnull=False, value__isnull=True),
                name="prefill_cell_one_number",
            ),
            models.CheckConstraint(
                condition=Q(latest_numerator__isnull=True, latest_denominator__isnull=True)
                | Q(latest_numerator__isnull=False, latest_denominator__isnull=False, latest_value__isnull=True),
                name="prefill_cell_one_latest_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.disaggregation_id}"
