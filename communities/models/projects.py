"""Local projects: proposed by a committee, approved, built, handed over, and looked at again half a year later."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import OuterRef, Q, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from communities.models.forums import Forum
from communities.models.records import CommunityQuerySet, LocalRecord
from plumbing.constraints import both_or_neither, choices_held, in_order
from plumbing.numbers import Money
from programs.models.money import currency_code


class LocalProjectQuerySet(CommunityQuerySet["LocalProject"]):
    def with_paid(self) -> LocalProjectQuerySet:
        """Annotate ``paid``: the sum of payments, none where nothing was paid."""
        sums = Payment.objects.filter(local_project=OuterRef("pk")).order_by().values("local_project").annotate(total=Sum("amount"))
        return self.annotate(paid=Subquery(sums.values("total"), output_field=Money()))

    def checks_due_until(self, day: date) -> LocalProjectQuerySet:
        """Handed over, not looked at again, and the day to look has come."""
        return self.filter(state=LocalProject.State.HANDED_OVER, check_due_on__lte=day, checked_on__isnull=True)


@choices_held("kind", "state", "decision")
class LocalProject(LocalRecord):
    class Kind(models.TextChoices):
        """The types of community violence reduction (IDDRS 2.30)."""

        BUSINESS = "business", _("Commercial or entrepreneurial")
        SOCIAL = "social", _("Social")
        INFRASTRUCTURE = "infrastructure", _("Infrastructure")
        SECURITY = "security", _("Security and corrections")
        WEAPONS = "weapons", _("Weapons and ammunition management")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed by the committee")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Not approved")
        UNDER_WAY = "under_way", _("Under way")
        ON_HOLD = "on_hold", _("On hold")
        COMPLETED = "completed", _("Completed")
        HANDED_OVER = "handed_over", _("Handed over")
        CHECKED = "checked", _("Checked after six months")
        STOPPED = "stopped", _("Stopped")

    class Decision(models.TextChoices):
        NONE = "", _("No decision yet")
        APPROVED = "approved", _("Approved")
        CONDITIONS = "conditions", _("Approved with conditions")
        REFUSED = "refused", _("Refused")

    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("type"), max_length=14, choices=Kind)
    committee = models.ForeignKey(
        Forum, models.PROTECT, null=True, blank=True, related_name="local_projects", verbose_name=_("selection committee")
    )
    proposed_on = models.DateField(_("proposed on"))
    minutes = models.CharField(_("reference of the selection minutes"), max_length=120)
    committee_women = models.PositiveSmallIntegerField(_("women on the committee"), null=True, blank=True)
    committee_men = models.PositiveSmallIntegerField(_("men on the committee"), null=True, blank=True)
    committee_young = models.PositiveSmallIntegerField(_("young people on the committee"), null=True, blank=True)
    benefits_women = models.BooleanField(_("benefits women directly"), default=False)
    led_by_women = models.BooleanField(_("led by women"), default=False)
    is_about_weapons = models.BooleanField(_("related to weapons"), default=False)
    participants_women = models.PositiveIntegerField(_("women who take part"), null=True, blank=True)
    participants_men = models.PositiveIntegerField(_("men who take part"), null=True, blank=True)
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, validators=[currency_code])
    asked = Money(_("cost"))
    needs_land = models.BooleanField(_("needs land"), default=False)
    land_paper = models.CharField(_("land paper"), max_length=120, blank=True, help_text=_("Its reference, where the project needs land."))
    sustainability = models.CharField(_("who keeps it running, and how"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.PROPOSED, editable=False)
    state_on = models.DateField(_("since"), editable=False)
    state_note = models.CharField(_("about the state"), max_length=300, blank=True, editable=False)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, default=Decision.NONE, blank=True, editable=False)
    decided_on = models.DateField(_("decided on"), null=True, blank=True, editable=False)
    conditions = models.TextField(_("conditions"), blank=True, editable=False)
    approved = Money(_("approved"), null=True, blank=True, editable=False)
    completed_on = models.DateField(_("completed on"), null=True, blank=True, editable=False)
    people_served = models.PositiveIntegerField(_("people served"), null=True, blank=True)
    served_words = models.CharField(_("who is counted"), max_length=60, blank=True, help_text=_("Such as “users a week”."))
    handed_over_on = models.DateField(_("handed over on"), null=True, blank=True, editable=False)
    handed_over_to = models.CharField(_("handed over to"), max_length=120, null=True, blank=True, editable=False)
    check_due_on = models.DateField(_("check due on"), null=True, blank=True, editable=False)
    checked_on = models.DateField(_("checked on"), null=True, blank=True, editable=False)
    still_works = models.BooleanField(_("still working"), null=True, blank=True, editable=False)
    still_used = models.BooleanField(_("still used"), null=True, blank=True, editable=False)
    incidents = models.PositiveSmallIntegerField(
        _("incidents during the project"), null=True, blank=True, help_text=_("Empty: nobody counted.")
    )
    complaints = models.PositiveSmallIntegerField(_("complaints"), null=True, blank=True, help_text=_("Empty: nobody counted."))

    objects = LocalProjectQuerySet.as_manager()

    class Meta:
        ordering = ["title", "id"]
        verbose_name = _("local project")
        verbose_name_plural = _("local projects")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "place", "title"],
                name="local_project_once",
                violation_error_message=_("A local project of this title is already recorded at this place."),
            ),
            in_order("starts_on", "ends_on", name="local_project_dates_in_order"),
            in_order("completed_on", "handed_over_on", name="local_project_handed_over_after"),
            both_or_neither("handed_over_on", "handed_over_to", name="local_project_handed_over_when_and_to"),
            both_or_neither("checked_on", "still_works", name="local_project_checked_when_and_what"),
            models.CheckConstraint(
                condition=Q(still_used__isnull=True) | Q(still_works__isnull=False), name="local_project_used_is_checked"
            ),
            models.CheckConstraint(
                condition=~Q(minutes=""),
                name="local_project_has_minutes",
                violation_error_message=_("A committee selects: give the reference of its minutes."),
            ),
            models.CheckConstraint(
                condition=Q(asked__gte=0) & (Q(approved__isnull=True) | Q(approved__gte=0)), name="local_project_money_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"),
                name="local_project_currency_iso_4217",
                violation_error_message=_("A currency is three capital letters of ISO 4217, such as USD."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "refused", "stopped"]) | Q(decision__in=["approved", "conditions"]),
                name="local_project_starts_approved",
                violation_error_message=_("Only an approved local project can start."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["handed_over", "checked"]) | Q(handed_over_on__isnull=False), name="local_project_handed_over_dated"
            ),
        ]

    def __str__(self) -> str:
        return self.title


@choices_held("state")
class LocalProjectStep(models.Model):
    local_project = models.ForeignKey(LocalProject, models.CASCADE, related_name="steps")
    state = models.CharField(_("state"), max_length=12, choices=LocalProject.State)
    on = models.DateField(_("on"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        ordering = ["on", "id"]
        verbose_name = _("step")
        verbose_name_plural = _("steps")

    def __str__(self) -> str:
        return f"{self.on} {self.state}"


@choices_held("source")
class Contribution(models.Model):
    """What somebody gives: money in the project's currency, or work and goods in words."""

    class Source(models.TextChoices):
        COMMUNITY = "community", _("Community")
        PROGRAM = "program", _("Program")
        GOVERNMENT = "government", _("Government")
        OTHER = "other", _("Somebody else")

    local_project = models.ForeignKey(LocalProject, models.CASCADE, related_name="contributions")
    source = models.CharField(pgettext_lazy("who gave it", "from"), max_length=10, choices=Source)
    amount = Money(_("amount"), null=True, blank=True)
    in_kind = models.CharField(_("work or goods"), max_length=200, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        ordering = ["id"]
        verbose_name = _("contribution")
        verbose_name_plural = _("contributions")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__isnull=False) | ~Q(in_kind=""),
                name="contribution_gives_something",
                violation_error_message=_("Give an amount, or say what is given in work or goods."),
            ),
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gt=0), name="contribution_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.amount}"


class Payment(models.Model):
    """Money paid out of what was approved, in the project's currency."""

    local_project = models.ForeignKey(LocalProject, models.CASCADE, related_name="payments")
    paid_on = models.DateField(_("paid on"))
    amount = Money(_("amount"))
    reference = models.CharField(_("reference"), max_length=60)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        ordering = ["paid_on", "id"]
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(
                fields=["local_project", "reference"],
                name="local_payment_once",
                violation_error_message=_("A payment with this reference is already recorded."),
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="local_payment_above_zero"),
        ]

    def __str__(self) -> str:
        return self.reference


class Satisfaction(models.Model):
    """How many of the users asked were very or rather satisfied."""

    local_project = models.ForeignKey(LocalProject, models.CASCADE, related_name="satisfaction")
    asked_on = models.DateField(_("asked on"))
    whom = models.CharField(_("who was asked"), max_length=60)
    asked = models.PositiveIntegerField(_("people asked"))
    satisfied = models.PositiveIntegerField(_("very or rather satisfied"))
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        ordering = ["-asked_on", "-id"]
        verbose_name = _("satisfaction of users")
        verbose_name_plural = _("satisfaction of users")
        constraints = [
            models.UniqueConstraint(fields=["local_project", "asked_on"], name="satisfaction_once_a_day"),
            models.CheckConstraint(
                condition=Q(asked__gt=0) & Q(satisfied__lte=models.F("asked")),
                name="satisfaction_of_those_asked",
                violation_error_message=_("The satisfied are among those asked: correct one of the numbers."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.satisfied} / {self.asked}"
