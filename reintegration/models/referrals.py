"""A referral shares a little of a case with another organization, for as long as it is open."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization, User
from plumbing.constraints import both_or_neither, choices_held
from privacy.fields import EncryptedTextField
from reintegration.models.cases import Case, Consent, ServiceKind
from reintegration.models.plans import Goal

OPEN = ("sent", "accepted")
# After it was accepted: what came of it is known by then, or somebody asks.
COMPLETED_WITHIN = timedelta(days=30)


class ReferralQuerySet(models.QuerySet["Referral"]):
    def open(self) -> ReferralQuerySet:
        """The receiver can see it: sent or accepted."""
        return self.filter(state__in=OPEN)

    def stuck(self, today: date) -> ReferralQuerySet:
        """Loops that do not close: no answer in time, or accepted long ago and nobody said what came of it."""
        long_ago = timezone.make_aware(datetime.combine(today - COMPLETED_WITHIN, time.min))
        return self.filter(Q(state="sent", answer_due_on__lt=today) | Q(state="accepted", answered_at__lt=long_ago))

    def lost(self) -> ReferralQuerySet:
        """Ended without the service, and nothing was done about it since: declined, run out, or no agreement in force any more."""
        again = Referral.objects.filter(case=OuterRef("case"), service=OuterRef("service"), sent_at__gt=OuterRef("ended_at"))
        spoken = Case.objects.filter(pk=OuterRef("case"), contacts__result="done", contacts__recorded_at__gt=OuterRef("ended_at"))
        ended = Q(lost_agreement=True) | Q(state__in=["declined", "expired"])
        return self.filter(ended, ~Exists(again), ~Exists(spoken))


@choices_held("state", "service", "urgency", "decline_reason", "outcome")
class Referral(models.Model):
    """Sent, then accepted, declined, expired or withdrawn; accepted, then completed, expired or withdrawn.

    The receiver sees code, service, urgency and the way to reach the referring office, while the referral is open.
    """

    class State(models.TextChoices):
        SENT = "sent", _("Sent")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Expired")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        COMPLETED = "completed", _("Completed")

    class Urgency(models.TextChoices):
        NORMAL = "normal", _("Normal")
        SOON = "soon", _("Within a week")
        AT_ONCE = "at_once", _("At once")

    class Decline(models.TextChoices):
        NO_PLACE = "no_place", _("No free place")
        NOT_ELIGIBLE = "not_eligible", _("Does not meet the conditions")
        NO_DOCUMENT = "no_document", _("A document is missing")
        NOT_OFFERED = "not_offered", _("The service is not offered any more")
        OTHER = "other", _("Another reason")

    class Outcome(models.TextChoices):
        RECEIVED = "received", _("Service received")
        PARTLY = "partly", _("Service received in part")
        NOT_SEEN = "not_seen", _("The person did not come")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="referrals")
    to_organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=pgettext_lazy("an organization", "to"))
    service = models.CharField(_("service"), max_length=14, choices=ServiceKind)
    urgency = models.CharField(_("urgency"), max_length=8, choices=Urgency, default=Urgency.NORMAL)
    contact_route = models.CharField(_("how to reach us"), max_length=200, help_text=_("The referring office, never the person."))
    reason = EncryptedTextField(_("reason, as little as needed"), blank=True, default="")
    goal = models.ForeignKey(Goal, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("for the goal"))
    consent = models.ForeignKey(Consent, models.PROTECT, null=True, blank=True, related_name="referrals", verbose_name=_("consent"))
    override_reason = EncryptedTextField(_("vital interest"), null=True, blank=True)
    overridden_at = models.DateTimeField(null=True, blank=True)
    overridden_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.SENT)
    sent_at = models.DateTimeField(default=timezone.now)
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    answer_due_on = models.DateField(_("answer due"))
    expires_on = models.DateField(_("ends by itself on"))
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decline_reason = models.CharField(_("why declined"), max_length=12, choices=Decline, blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, blank=True, default="")
    outcome_note = EncryptedTextField(_("note"), blank=True, default="")
    deletion_asked_at = models.DateTimeField(_("receiver asked to delete"), null=True, blank=True)
    lost_agreement = models.BooleanField(_("ended with its agreement"), default=False, editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = ReferralQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at"]
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        constraints = [
            both_or_neither("answered_at", "answered_by", name="referral_answered_when_and_by"),
            both_or_neither("overridden_at", "overridden_by", name="referral_overridden_when_and_by"),
            models.CheckConstraint(
                condition=Q(consent__isnull=False) | Q(overridden_at__isnull=False, override_reason__isnull=False),
                name="referral_with_consent",
                violation_error_message=_("A referral needs the person's consent."),
            ),
            models.CheckConstraint(
                condition=Q(overridden_by__isnull=True) | ~Q(overridden_by=F("sent_by")),
                name="referral_overridden_by_a_second_person",
                violation_error_message=_("A second person decides that a vital interest stands above consent."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, ended_at__isnull=True) | ~Q(state__in=OPEN) & Q(ended_at__isnull=False),
                name="referral_ended_when",
                violation_error_message=_("An ended referral has the time at which it ended, and only such a one."),
            ),
            models.CheckConstraint(
                condition=Q(state="declined") & ~Q(decline_reason="") | ~Q(state="declined") & Q(decline_reason=""),
                name="referral_declined_why",
                violation_error_message=_("Say why it is declined."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "declined", "completed"]) | Q(answered_at__isnull=False),
                name="referral_decided_was_answered",
            ),
            models.CheckConstraint(
                condition=Q(lost_agreement=False) | Q(state="withdrawn"), name="referral_without_agreement_is_withdrawn"
            ),
        ]
        indexes = [
            models.Index(fields=["to_organization", "state"], name="referral_by_receiver"),
            models.Index(fields=["case", "-sent_at"], name="referral_by_case"),
        ]

    def __str__(self) -> str:
        return self.get_service_display()
