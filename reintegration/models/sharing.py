"""What sharing a case with another organization stands on: the agreement with it, and asking for an exception from consent."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Actor, Organization, User
from accounts.roles import Permission
from plumbing.constraints import both_or_neither, choices_held, in_order
from privacy.fields import EncryptedTextField
from programs.scope import held
from reintegration.models.cases import Case, ServiceKind
from reintegration.models.referrals import Referral


class SharingAgreementQuerySet(models.QuerySet["SharingAgreement"]):
    def visible_to(self, user: Actor) -> SharingAgreementQuerySet:
        """All of them to who sets the portal up or oversees cases; to who works on cases those of the own organization, either way."""
        mine = held(user)
        if any(one.words & {Permission.SET_UP, Permission.OVERSEE_CASES} for one in mine):
            return self.all()
        working = [one for one in mine if one.words & {Permission.WORK_CASES, Permission.SUPERVISE_CASES}]
        own = {one.scope["partner"] for one in working if "partner" in one.scope}
        return self.filter(Q(partner__in=own) | Q(receiver__in=own))

    def in_force(self, day: date) -> SharingAgreementQuerySet:
        return self.filter(starts_on__lte=day, ends_on__gte=day, ended_at__isnull=True)


class SharingAgreement(models.Model):
    """That two organizations agreed on how shared cases are kept. Without one in force nothing is sent. About no person."""

    partner = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("who sends"))
    receiver = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("who receives"))
    reference = models.CharField(_("reference of the agreement"), max_length=80)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)

    objects = SharingAgreementQuerySet.as_manager()

    class Meta:
        ordering = ["partner__name", "receiver__name", "-ends_on"]
        verbose_name = _("sharing agreement")
        verbose_name_plural = _("sharing agreements")
        constraints = [
            in_order("starts_on", "ends_on", name="sharing_agreement_dates_in_order"),
            both_or_neither("ended_at", "ended_by", name="sharing_agreement_ended_when_and_by"),
            models.CheckConstraint(
                condition=~Q(partner=F("receiver")),
                name="sharing_agreement_between_two",
                violation_error_message=_("An agreement is between two organizations."),
            ),
            models.UniqueConstraint(
                fields=["partner", "receiver", "reference"],
                name="sharing_agreement_once",
                violation_error_message=_("This agreement is recorded already."),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


@choices_held("service", "urgency", "decision")
class OverrideRequest(models.Model):
    """A caseworker asks a second person to let a referral go without consent, because a life is at stake."""

    class Decision(models.TextChoices):
        OPEN = "", _("Waits for the second person")
        GRANTED = "granted", _("Sent for a vital interest")
        REFUSED = "refused", _("Not sent")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="override_requests")
    to_organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=pgettext_lazy("an organization", "to"))
    service = models.CharField(_("service"), max_length=14, choices=ServiceKind)
    urgency = models.CharField(_("urgency"), max_length=8, choices=Referral.Urgency)
    contact_route = models.CharField(_("how to reach us"), max_length=200)
    reason = EncryptedTextField(_("vital interest"))
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decision = models.CharField(max_length=8, choices=Decision, blank=True, default=Decision.OPEN)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    referral = models.OneToOneField(Referral, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            both_or_neither("decided_at", "decided_by", name="override_decided_when_and_by"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="override_by_a_second_person",
                violation_error_message=_("A second person decides that a vital interest stands above consent."),
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True) | ~Q(decision="") & Q(decided_at__isnull=False), name="override_decided"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
