"""Disputes: who is in them (roles and counts, never names), who mediates, what was agreed, whether it holds."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Permission
from communities.models.forums import Forum, LocalAgreement
from communities.models.records import CommunityQuerySet, DisputeKind, LocalRecord, MediatorKind
from plumbing.constraints import both_or_neither, choices_held
from programs.scope import ScopedQuerySet, Via


class DisputeQuerySet(CommunityQuerySet["Dispute"]):
    def unsettled(self) -> DisputeQuerySet:
        return self.filter(state__in=Dispute.UNSETTLED)


@choices_held("kind", "state")
class Dispute(LocalRecord):
    class State(models.TextChoices):
        OPENED = "opened", _("Opened")
        MEDIATED = "mediated", _("In mediation")
        AGREED = "agreed", _("Agreed")
        RELAPSED = "relapsed", _("Relapsed")
        REFERRED = "referred", _("Referred to justice")

    UNSETTLED = (State.OPENED, State.MEDIATED, State.RELAPSED)

    title = models.CharField(_("what it is about"), max_length=200, help_text=_("No names of people."))
    kind = models.CharField(_("kind"), max_length=12, choices=DisputeKind)
    opened_on = models.DateField(_("opened on"))
    forum = models.ForeignKey(Forum, models.PROTECT, null=True, blank=True, related_name="disputes", verbose_name=_("forum"))
    agreement = models.ForeignKey(
        LocalAgreement, models.PROTECT, null=True, blank=True, related_name="disputes", verbose_name=_("agreement")
    )
    note = models.TextField(_("note"), blank=True, help_text=_("No names of people."))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPENED, editable=False)
    state_on = models.DateField(_("since"), editable=False)
    agreed_on = models.DateField(_("agreed on"), null=True, blank=True, editable=False)
    terms = models.TextField(_("what was agreed"), blank=True, editable=False)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_on", "-id"]
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        constraints = [
            models.CheckConstraint(
                condition=Q(state_on__gte=models.F("opened_on")),
                name="dispute_state_after_opened",
                violation_error_message=_("This day lies before the day the dispute was opened."),
            ),
            models.CheckConstraint(
                condition=~Q(state="agreed") | (Q(agreed_on__isnull=False) & ~Q(terms="")),
                name="dispute_agreed_with_terms",
                violation_error_message=_("Say what was agreed, and on which day."),
            ),
        ]
        indexes = [models.Index(fields=["place", "-opened_on"], name="dispute_by_place")]

    def __str__(self) -> str:
        return self.title


class DisputeParty(models.Model):
    """One side, as a role, with the people it speaks for where they were counted. Empty: not counted."""

    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="parties")
    role = models.CharField(_("who"), max_length=120, help_text=_("A role or group. No names."))
    women = models.PositiveIntegerField(_("women"), null=True, blank=True)
    men = models.PositiveIntegerField(_("men"), null=True, blank=True)
    young = models.PositiveIntegerField(_("of them young, 18–29"), null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        constraints = [
            models.UniqueConstraint(fields=["dispute", "role"], name="dispute_party_once"),
            models.CheckConstraint(
                condition=Q(young__isnull=True)
                | Q(women__isnull=True)
                | Q(men__isnull=True)
                | Q(young__lte=models.F("women") + models.F("men")),
                name="dispute_party_young_among_all",
                violation_error_message=_("More young people than people: correct one of the numbers."),
            ),
        ]

    def __str__(self) -> str:
        return self.role


@choices_held("kind")
class DisputeMediator(models.Model):
    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="mediators")
    kind = models.CharField(_("who mediates"), max_length=12, choices=MediatorKind)
    women = models.PositiveSmallIntegerField(_("women"), null=True, blank=True)
    men = models.PositiveSmallIntegerField(_("men"), null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("mediator")
        verbose_name_plural = _("mediators")
        constraints = [models.UniqueConstraint(fields=["dispute", "kind"], name="dispute_mediator_once")]

    def __str__(self) -> str:
        return str(self.get_kind_display())


@choices_held("state")
class DisputeStep(models.Model):
    """A change of state with its day: what happened, in order."""

    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="steps")
    state = models.CharField(_("state"), max_length=10, choices=Dispute.State)
    on = models.DateField(_("on"))
    note = models.TextField(_("note"), blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        ordering = ["on", "id"]
        verbose_name = _("step")
        verbose_name_plural = _("steps")

    def __str__(self) -> str:
        return f"{self.on} {self.state}"


class FollowUpQuerySet(ScopedQuerySet["DisputeFollowUp"]):
    read_permission: ClassVar[Permission] = Permission.READ_COMMUNITIES
    scope_paths: ClassVar[dict[str, str | Via]] = {
        "project": "dispute__project", "program": "dispute__project__program", "partner": "dispute__partner", "place": "dispute__place",
    }  # fmt: skip

    def due_until(self, day: date) -> FollowUpQuerySet:
        """Not asked yet, their day has come, and the settlement they ask about is still the last word."""
        return self.filter(
            checked_on__isnull=True, due_on__lte=day, dispute__state=Dispute.State.AGREED, agreed_on=models.F("dispute__agreed_on")
        )


class DisputeFollowUp(models.Model):
    """The question, some months after a settlement: does it hold?"""

    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="follow_ups")
    agreed_on = models.DateField(_("settlement of"))
    months = models.PositiveSmallIntegerField(_("months after"))
    due_on = models.DateField(_("due on"))
    checked_on = models.DateField(_("asked on"), null=True, blank=True)
    holds = models.BooleanField(_("the settlement holds"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        verbose_name = _("follow-up of a dispute")
        verbose_name_plural = _("follow-ups of disputes")
        constraints = [
            models.UniqueConstraint(fields=["dispute", "agreed_on", "months"], name="dispute_follow_up_once"),
            both_or_neither("checked_on", "holds", name="dispute_follow_up_asked_and_answered"),
        ]

    def __str__(self) -> str:
        return f"{self.dispute_id} +{self.months}"
