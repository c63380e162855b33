"""What a person received: services, goods against a receipt, and taking part in group activities."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from plumbing.constraints import choices_held, in_order
from plumbing.numbers import ExactDecimal, Money
from privacy.fields import EncryptedTextField
from programs.models import ActivityRecord
from reintegration.models.cases import Case, ServiceKind
from reintegration.models.plans import Goal, Strand


@choices_held("kind", "strand")
class ServiceGiven(models.Model):
    """A service from a day until a day (empty: still running), with its dose."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="services")
    kind = models.CharField(_("service"), max_length=14, choices=ServiceKind)
    strand = models.CharField(_("strand"), max_length=12, choices=Strand)
    goal = models.ForeignKey(Goal, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("for the goal"))
    provider = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("given by"),
        help_text=_("Empty: by the partner that keeps the case."),
    )  # fmt: skip
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    dose = ExactDecimal(_("how much"), null=True, blank=True)
    dose_unit = models.CharField(_("unit"), max_length=30, blank=True, default="", help_text=_("Such as sessions, days, hours."))
    is_completed = models.BooleanField(_("completed"), default=False)
    note = EncryptedTextField(_("note"), blank=True, default="")
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-starts_on"]
        verbose_name = _("service given")
        verbose_name_plural = _("services given")
        constraints = [
            in_order("starts_on", "ends_on", name="service_dates_in_order"),
            models.CheckConstraint(condition=Q(dose__isnull=True) | Q(dose__gte=0), name="service_dose_not_below_zero"),
        ]
        indexes = [models.Index(fields=["case", "-starts_on"], name="service_by_case")]

    def __str__(self) -> str:
        return self.get_kind_display()


class ItemHandedOver(models.Model):
    """Goods or cash against a receipt of the partner's book. The receipt's number is on paper only once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="items")
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("handed over by"))
    what = models.CharField(_("what"), max_length=80, help_text=_("Such as start-up kit, welding."))
    quantity = ExactDecimal(_("quantity"))
    unit = models.CharField(_("unit"), max_length=30, blank=True, default="")
    amount = Money(_("value"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="")
    handed_on = models.DateField(_("date"))
    receipt_number = models.CharField(_("receipt number"), max_length=40)
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-handed_on"]
        verbose_name = _("item handed over")
        verbose_name_plural = _("items handed over")
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="item_quantity_above_zero", violation_error_message=_("The quantity is above zero.")
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True, currency="") | Q(amount__isnull=False) & ~Q(currency=""),
                name="item_value_with_currency",
                violation_error_message=_("Value and currency go together."),
            ),
            models.UniqueConstraint(
                fields=["partner", "receipt_number"],
                name="item_receipt_once",
                violation_error_message=_("This receipt number is already recorded."),
            ),
        ]

    def __str__(self) -> str:
        return self.what


class Participation(models.Model):
    """That the person took part in a group activity. The activity itself counts people and knows no case."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="participations")
    activity = models.ForeignKey(ActivityRecord, models.CASCADE, related_name="+", verbose_name=_("activity"))
    goal = models.ForeignKey(Goal, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("for the goal"))
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-recorded_at"]
        verbose_name = _("participation")
        verbose_name_plural = _("participations")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "activity"], name="participation_once", violation_error_message=_("This is already recorded.")
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
