"""The register of numbers that readers without raw figures were given."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from plumbing.constraints import choices_held
from plumbing.numbers import ExactDecimal
from programs.models import Indicator


@choices_held("status")
class PublishedNumber(models.Model):
    """What is shown of an indicator of people as of one period end: of its total, or of one cell of a breakdown.

    A row is written with the acceptance that makes the number and stays; a later correction moves it only by a step that is
    large enough, so that two versions never give a small number away.
    """

    class Status(models.TextChoices):
        SHOWN = "shown", "shown"
        HELD = "held", "held"
        SUPPRESSED = "suppressed", "suppressed"
        NONE = "none", "none"

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="published_numbers")
    period_end = models.DateField()
    cell = models.CharField(max_length=80, blank=True, help_text="empty: the total; sex=female; sex= for what is not broken down")
    value = ExactDecimal(null=True)
    numerator = ExactDecimal(null=True)
    denominator = ExactDecimal(null=True)
    share = ExactDecimal(null=True)
    status = models.CharField(max_length=10, choices=Status)
    of_end = models.DateField(null=True, help_text="the period end whose number is shown; earlier than period_end when it is held")
    registered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["indicator", "period_end", "cell"], name="published_number_once"),
            models.CheckConstraint(
                condition=~Q(status__in=["suppressed", "none"])
                | Q(value__isnull=True, numerator__isnull=True, denominator__isnull=True, share__isnull=True),
                name="hidden_number_is_not_kept",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.period_end} {self.cell} {self.status}"
