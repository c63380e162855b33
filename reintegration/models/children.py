"""Children are counted and handed over, never recorded: receipts and monthly counts that name nobody and link to no case."""

from __future__ import annotations

from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from accounts.roles import Permission
from locations.models import Place
from plumbing.constraints import choices_held
from programs.models import Project
from programs.scope import ScopedQuerySet, scope

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import Actor

LARGEST_COUNT = 100_000
_PATHS = {"project": "project", "program": "project__program", "partner": "partner", "place": "place"}


def _a_month(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(month__gte=1, month__lte=12, year__gte=2000, year__lte=2100),
        name=name,
        violation_error_message=_("Give a month from 1 to 12 and a year from 2000 to 2100."),
    )


def _either(user: Actor, *permissions: Permission) -> Q:
    """Rows within the memberships that hold one of these. The empty condition, everything, would vanish in an OR."""
    conditions = [scope(user, _PATHS, permission) for permission in permissions]
    return Q() if not all(conditions) else reduce(or_, conditions)


Row = TypeVar("Row", bound=models.Model)


class CountedQuerySet(ScopedQuerySet[Row]):
    """Read by who counts children, and by who sees counts made of cases."""

    scope_paths = _PATHS
    read_permission = Permission.COUNT_CHILDREN

    def visible_to(self, user: Actor, permission: Permission | None = None) -> Self:
        if permission is not None:
            return self.filter(scope(user, self.scope_paths, permission))
        return self.filter(_either(user, Permission.COUNT_CHILDREN, Permission.READ_CASE_COUNTS))

    def raw_for(self, user: Actor) -> Self:
        """Of these rows, those whose numbers this person sees as they are: entered by them, or within the circle of raw figures."""
        return self.filter(_either(user, Permission.COUNT_CHILDREN, Permission.READ_RAW))


class ChildHandoverQuerySet(CountedQuerySet["ChildHandover"]):
    def open(self) -> Self:
        return self.filter(handed_over_at__isnull=True)

    def handed_over(self) -> Self:
        return self.filter(handed_over_at__isnull=False)

    def late(self, hours: int, *, now: datetime | None = None) -> Self:
        """Handed over after more hours than that, or not handed over and longer ago."""
        allowed = timedelta(hours=hours)
        return self.filter(
            Q(handed_over_at__gt=F("identified_at") + allowed)
            | Q(handed_over_at__isnull=True, identified_at__lt=(now or timezone.now()) - allowed)
        )


@choices_held("receiver")
class ChildHandover(models.Model):
    """A receipt: so many children were identified, and handed over to child protection. It links to no person and no case."""

    class Receiver(models.TextChoices):
        CHILD_PROTECTION = "child_protection", _("Child protection agency")
        CIVIL_AUTHORITY = "civil_authority", _("Civilian authority")
        CARE_CENTRE = "care_centre", _("Interim care centre")
        FAMILY = "family", _("Family, with child protection present")

    project = models.ForeignKey(Project, models.PROTECT, related_name="child_handovers", verbose_name=_("project"))
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="child_handovers", verbose_name=_("partner"))
    place = models.ForeignKey(
        Place, models.PROTECT, related_name="+", verbose_name=_("county"), help_text=_("The county (admin 2), nothing more exact.")
    )
    girls = models.PositiveIntegerField(_("girls"), default=0)
    boys = models.PositiveIntegerField(_("boys"), default=0)
    sex_unknown = models.PositiveIntegerField(_("sex not known"), default=0)
    identified_at = models.DateTimeField(_("identified at"))
    handed_over_at = models.DateTimeField(_("handed over at"), null=True, blank=True, help_text=_("Empty: still with us, the clock runs."))
    receiver = models.CharField(_("received by"), max_length=20, choices=Receiver, blank=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = ChildHandoverQuerySet.as_manager()

    class Meta:
        ordering = ["-identified_at", "-id"]
        verbose_name = _("handover of children")
        verbose_name_plural = _("handovers of children")
        constraints = [
            models.CheckConstraint(
                condition=Q(girls__gt=0) | Q(boys__gt=0) | Q(sex_unknown__gt=0),
                name="child_handover_counts_somebody",
                violation_error_message=_("Say how many children: at least one."),
            ),
            models.CheckConstraint(
                condition=Q(girls__lte=LARGEST_COUNT, boys__lte=LARGEST_COUNT, sex_unknown__lte=LARGEST_COUNT),
                name="child_handover_counts_bounded",
                violation_error_message=_("This is more children than one receipt can hold."),
            ),
            models.CheckConstraint(
                condition=Q(handed_over_at__isnull=True) | Q(handed_over_at__gte=F("identified_at")),
                name="child_handover_in_order",
                violation_error_message=_("The handover must not be before the identification."),
            ),
            models.CheckConstraint(
                condition=Q(handed_over_at__isnull=True, receiver="") | (Q(handed_over_at__isnull=False) & ~Q(receiver="")),
                name="child_handover_names_its_receiver",
                violation_error_message=_("Say when the children were handed over and to whom: both or neither."),
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-identified_at"], name="child_handover_by_project"),
            models.Index(fields=["identified_at"], condition=Q(handed_over_at__isnull=True), name="child_handover_open"),
        ]

    def __str__(self) -> str:
        return f"{self.children} – {self.identified_at:%Y-%m-%d %H:%M}"

    @property
    def children(self) -> int:
        return self.girls + self.boys + self.sex_unknown

    @property
    def is_open(self) -> bool:
        return self.handed_over_at is None

    @property
    def hours(self) -> int:
        """Whole hours between identification and handover; while it is open, until now."""
        return int(self._elapsed / timedelta(hours=1))

    def is_later_than(self, hours: int) -> bool:
        return self._elapsed > timedelta(hours=hours)

    @property
    def _elapsed(self) -> timedelta:
        return (self.handed_over_at or timezone.now()) - self.identified_at


class CountKind(models.TextChoices):
    ASSOCIATED = "associated", _("Associated with an armed force or group")
    DEPENDENT = "dependent", _("Dependent child of a participant")
    AT_RISK = "at_risk", _("At risk, taking part in prevention")
    COMMUNITY = "community", _("From the community, taking part in activities")


class ChildSex(models.TextChoices):
    GIRL = "girl", _("Girls")
    BOY = "boy", _("Boys")
    UNKNOWN = "unknown", _("Sex not known")


class ChildBand(models.TextChoices):
    UNDER_12 = "0-11", _("0–11 years")
    FROM_12 = "12-14", _("12–14 years")
    FROM_15 = "15-17", _("15–17 years")
    UNKNOWN = "unknown", _("Age not known")


@choices_held("kind")
class ChildMonth(models.Model):
    """One month's count of children of one kind, at admin 1, entered apart from everything else."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="child_months", verbose_name=_("project"))
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="child_months", verbose_name=_("partner"))
    place = models.ForeignKey(
        Place,
        models.PROTECT,
        related_name="+",
        verbose_name=_("state"),
        help_text=_("The state or province (admin 1), nothing more exact."),
    )
    year = models.PositiveSmallIntegerField(_("year"))
    month = models.PositiveSmallIntegerField(_("month"))
    kind = models.CharField(_("which children"), max_length=12, choices=CountKind)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = CountedQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "-month", "-id"]
        verbose_name = _("monthly count of children")
        verbose_name_plural = _("monthly counts of children")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "partner", "place", "year", "month", "kind"],
                name="child_month_once",
                violation_error_message=_("This month is counted already: correct it instead."),
            ),
            _a_month("child_month_is_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.first_day:%Y-%m}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)


@choices_held("sex", "band")
class ChildCount(models.Model):
    """One cell of a month: so many girls of 12 to 14. A cell nobody filled has no row; a zero was counted."""

    of = models.ForeignKey(ChildMonth, models.CASCADE, related_name="cells")
    sex = models.CharField(_("sex"), max_length=8, choices=ChildSex)
    band = models.CharField(_("age"), max_length=8, choices=ChildBand)
    number = models.PositiveIntegerField(_("children"))

    class Meta:
        verbose_name = _("count of children")
        verbose_name_plural = _("counts of children")
        constraints = [
            models.UniqueConstraint(fields=["of", "sex", "band"], name="child_count_once"),
            models.CheckConstraint(
                condition=Q(number__lte=LARGEST_COUNT),
                name="child_count_bounded",
                violation_error_message=_("This is more children than one cell can hold."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)


class GraveViolationCount(models.Model):
    """How many grave violations against children a partner heard of: by month and admin 1, without text, actor or point.

    Everything else about them belongs to the monitoring and reporting mechanism and stays outside the portal.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="+", verbose_name=_("project"))
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("partner"))
    place = models.ForeignKey(
        Place,
        models.PROTECT,
        related_name="+",
        verbose_name=_("state"),
        help_text=_("The state or province (admin 1), nothing more exact."),
    )
    year = models.PositiveSmallIntegerField(_("year"))
    month = models.PositiveSmallIntegerField(_("month"))
    number = models.PositiveIntegerField(_("grave violations"))
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = CountedQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "-month", "-id"]
        verbose_name = _("count of grave violations")
        verbose_name_plural = _("counts of grave violations")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "partner", "place", "year", "month"],
                name="grave_violations_once",
                violation_error_message=_("This month is counted already: correct it instead."),
            ),
            _a_month("grave_violations_by_month"),
            models.CheckConstraint(
                condition=Q(number__lte=LARGEST_COUNT),
                name="grave_violations_bounded",
                violation_error_message=_("This is more than one month can hold."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_day:%Y-%m}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)
