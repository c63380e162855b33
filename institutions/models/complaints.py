"""Complaints against security personnel, as the register of an oversight body counts them: by month and state, and never one of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Permission
from institutions.models.institutions import Institution
from locations.models import Place
from plumbing.constraints import both_or_neither, choices_held
from programs.scope import ScopedQuerySet, Via, scope

if TYPE_CHECKING:
    from accounts.models import Actor

_PROJECT = Via("register", "institutions.Engagement", "institution", "project")
_PROGRAM = Via("register", "institutions.Engagement", "institution", "project__program")
_PARTNER = Via("register", "institutions.Engagement", "institution", "partner")
LARGEST_COUNT = 1_000_000


class ComplaintQuerySet(ScopedQuerySet["ComplaintMonth"]):
    read_permission = Permission.RECORD_INSTITUTIONS
    scope_paths = {"project": _PROJECT, "program": _PROGRAM, "partner": _PARTNER, "place": "register__place"}

    def visible_to(self, user: Actor, permission: Permission | None = None) -> ComplaintQuerySet:
        """Strict: months as they were counted are for who counts them and who sees raw figures; others see quarters, small ones hidden."""
        words = [permission] if permission is not None else [Permission.RECORD_INSTITUTIONS, Permission.READ_RAW]
        terms = [scope(user, self.scope_paths, word) for word in words]
        if not all(terms):  # an empty condition is the whole portal; OR-ed with another one it would vanish
            return self.all()
        allowed = Q(pk__in=[])
        for term in terms:
            allowed |= term
        return self.filter(allowed)


@choices_held("service")
class ComplaintMonth(models.Model):
    """One month of one register, for one service in one state (admin 1). What was complained about stays in the register."""

    class Service(models.TextChoices):
        POLICE = "police", _("Police")
        ARMY = "army", _("Army")
        CORRECTIONS = "corrections", _("Prison or corrections service")

    register = models.ForeignKey(
        Institution, models.PROTECT, related_name="complaint_months", verbose_name=_("register of"),
        limit_choices_to={"kind": Institution.Kind.OVERSIGHT_BODY}, help_text=_("The oversight body that keeps the register."),
    )  # fmt: skip
    service = models.CharField(_("complaints about"), max_length=11, choices=Service)
    place = models.ForeignKey(
        Place,
        models.PROTECT,
        related_name="+",
        verbose_name=_("state"),
        help_text=_("The state or province (admin 1), nothing more exact."),
    )
    year = models.PositiveSmallIntegerField(_("year"))
    month = models.PositiveSmallIntegerField(_("month"))
    received = models.PositiveIntegerField(_("received"), help_text=_("Complaints registered in the month; 0 where there was none."))
    closed = models.PositiveIntegerField(
        _("closed"), help_text=_("Closed in the month with an answer to the person, or as not traceable, whenever they came in.")
    )
    due = models.PositiveIntegerField(
        _("30 days ended"), null=True, blank=True, help_text=_("Complaints whose 30 days for an answer ended in the month.")
    )
    in_time = models.PositiveIntegerField(_("of these answered in time"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200, help_text=_("Such as the register’s monthly sheet, and who gave it."))
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "-month", "id"]
        verbose_name = _("monthly count of complaints")
        verbose_name_plural = _("monthly counts of complaints")
        constraints = [
            models.UniqueConstraint(
                fields=["register", "service", "place", "year", "month"], name="complaint_month_once",
                violation_error_message=_("This month is counted already: correct it instead."),
            ),
            models.CheckConstraint(
                condition=Q(month__range=(1, 12), year__range=(2000, 2100)), name="complaint_month_is_a_month",
                violation_error_message=_("Give a month of the calendar."),
            ),
            models.CheckConstraint(
                condition=~Q(source=""), name="complaint_month_has_a_source",
                violation_error_message=_("Say where the numbers come from."),
            ),
            both_or_neither("due", "in_time", name="complaints_due_and_in_time"),
            models.CheckConstraint(
                condition=Q(due__isnull=True) | Q(in_time__isnull=False, in_time__lte=F("due")), name="complaints_in_time_of_those_due",
                violation_error_message=_("Not more can be answered in time than were due."),
            ),
            models.CheckConstraint(
                condition=Q(received__lte=LARGEST_COUNT, closed__lte=LARGEST_COUNT) & (Q(due__isnull=True) | Q(due__lte=LARGEST_COUNT)),
                name="complaints_bounded",
                violation_error_message=_("This is more than one month can hold."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_service_display()} {self.first_day:%Y-%m}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)


@choices_held("kind")
class ComplaintKind(models.Model):
    """How many of the complaints received were about one kind of conduct, as far as the register tells them apart."""

    class Kind(models.TextChoices):
        FORCE = "force", _("Violence or too much force")
        DETENTION = "detention", _("Arrest or detention without a reason")
        EXTORTION = "extortion", _("Money or goods asked or taken")
        NEGLECT = "neglect", _("No help, no answer")
        TREATMENT = "treatment", _("Insult or unequal treatment")

    of = models.ForeignKey(ComplaintMonth, models.CASCADE, related_name="kinds")
    kind = models.CharField(_("about"), max_length=9, choices=Kind)
    received = models.PositiveIntegerField(_("received"))

    class Meta:
        verbose_name = _("complaints by kind")
        verbose_name_plural = _("complaints by kind")
        constraints = [models.UniqueConstraint(fields=["of", "kind"], name="complaint_kind_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.received}"
