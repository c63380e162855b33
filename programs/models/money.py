"""Grants, what they approve per project, what was spent and which reports they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.roles import Permission
from plumbing import formats
from plumbing.constraints import choices_held, in_order
from plumbing.numbers import Money
from programs.models.periods import ReportingPeriod
from programs.models.projects import Project
from programs.scope import PROJECT_PLACE, ScopedQuerySet, grant_scope

if TYPE_CHECKING:
    from accounts.models import Actor

currency_code = RegexValidator(r"^[A-Z]{3}$", _("A currency is three capital letters of ISO 4217, such as USD."))


class GrantQuerySet(models.QuerySet["Grant"]):
    def visible_to(self, user: Actor) -> GrantQuerySet:
        """Grants of projects whose money one may read; a donor viewer sees its own organization's grants."""
        return self.filter(grant_scope(user))

    def narrowed_to(self, program: int) -> GrantQuerySet:
        """Grants that approve money for a project of the program."""
        return self.filter(pk__in=GrantProject.objects.filter(project__program=program).values("grant"))


class Grant(models.Model):
    donor = models.ForeignKey(Organization, models.PROTECT, related_name="grants", verbose_name=_("donor"))
    reference = models.CharField(_("reference"), max_length=60)
    title = models.CharField(_("title"), max_length=200)
    currency = models.CharField(_("currency"), max_length=3, validators=[currency_code])
    amount = Money(_("amount"))
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    first_transfer_on = models.DateField(_("first transfer on"), null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ["reference"]
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            models.UniqueConstraint(fields=["donor", "reference"], name="grant_reference_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="grant_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"),
                name="grant_currency_iso_4217",
                violation_error_message=_("A currency is three capital letters of ISO 4217, such as USD."),
            ),
            in_order("starts_on", "ends_on", name="grant_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"


class GrantProject(models.Model):
    """What a grant approves for a project, in the grant's currency."""

    grant = models.ForeignKey(Grant, models.CASCADE, related_name="projects")
    project = models.ForeignKey(Project, models.PROTECT, related_name="grants", verbose_name=_("project"))
    approved = Money(_("approved"))
    gender_share = models.PositiveSmallIntegerField(
        _("for gender equality, %"), default=0, help_text=_("Share of this amount allocated to gender equality and women's empowerment.")
    )

    class Meta:
        verbose_name = _("approved amount")
        verbose_name_plural = _("approved amounts")
        constraints = [
            models.UniqueConstraint(fields=["grant", "project"], name="grant_project_once"),
            models.CheckConstraint(condition=Q(approved__gte=0), name="grant_project_approved_not_negative"),
            models.CheckConstraint(condition=Q(gender_share__lte=100), name="grant_project_gender_share_to_100"),
        ]

    def __str__(self) -> str:
        return f"{self.grant_id} {self.project_id}"


class ExpenditureQuerySet(ScopedQuerySet["Expenditure"]):
    read_permission = Permission.READ_MONEY
    scope_paths = {"project": "project", "program": "project__program", "partner": "partner", "place": PROJECT_PLACE}


class Expenditure(models.Model):
    """What was spent of a grant on a project by a partner in a period. One source counts: one row each."""

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="expenditures", verbose_name=_("grant"))
    project = models.ForeignKey(Project, models.PROTECT, related_name="expenditures", verbose_name=_("project"))
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="expenditures", verbose_name=_("partner"))
    period = models.ForeignKey(ReportingPeriod, models.PROTECT, related_name="expenditures", verbose_name=_("period"))
    amount = Money(_("spent"))
    for_gender = Money(_("of it for gender equality"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True)
    entered_at = models.DateTimeField(default=timezone.now, editable=False)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    objects = ExpenditureQuerySet.as_manager()

    class Meta:
        verbose_name = _("expenditure")
        verbose_name_plural = _("expenditures")
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "project", "partner", "period"],
                name="expenditure_one_source_counts",
                violation_error_message=_("Spending of this grant, project, partner and period is already entered: change that row."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.grant_id} {self.amount}"


class RequirementQuerySet(models.QuerySet["ReportRequirement"]):
    def visible_to(self, user: Actor) -> RequirementQuerySet:
        return self.filter(grant__in=Grant.objects.visible_to(user))

    def narrowed_to(self, program: int) -> RequirementQuerySet:
        return self.filter(grant__in=Grant.objects.narrowed_to(program))


@choices_held("kind")
class ReportRequirement(models.Model):
    """A report that a grant owes its donor."""

    class Kind(models.TextChoices):
        SEMIANNUAL = "semiannual", _("Semi-annual report")
        ANNUAL = "annual", _("Annual report")
        QUARTERLY = "quarterly", _("Quarterly report")
        FINAL = "final", _("Final report")
        OTHER = "other", _("Other report")

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="requirements", verbose_name=_("grant"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    title = models.CharField(_("title"), max_length=200)
    covers_from = models.DateField(_("covers from"))
    covers_through = models.DateField(_("covers through"))
    cut_off_on = models.DateField(_("internal cut-off"), help_text=_("Figures accepted by then are in."))
    due_on = models.DateField(_("due to the donor on"))

    objects = RequirementQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        verbose_name = _("report requirement")
        verbose_name_plural = _("report requirements")
        constraints = [
            models.UniqueConstraint(fields=["grant", "kind", "covers_through"], name="requirement_once"),
            in_order("covers_from", "covers_through", name="requirement_covers_in_order"),
            in_order("cut_off_on", "due_on", name="requirement_cut_off_before_due"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def covers(self) -> str:
        """ "1 January 2026 to 30 June 2026": what tells one report of a grant from the next where both have one title."""
        days = {"first": formats.day(self.covers_from), "last": formats.day(self.covers_through)}
        return str(_("%(first)s to %(last)s") % days)
