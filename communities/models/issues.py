"""A community's own analysis of its conflicts, one version after another. Parties are roles, never names."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Permission
from communities.models.communities import Community
from communities.scope import reached
from plumbing.constraints import choices_held, in_order
from programs.scope import ScopedQuerySet


class Trend(models.TextChoices):
    RISING = "rising", _("Rising")
    STEADY = "steady", _("Steady")
    EASING = "easing", _("Easing")


class AnalysisQuerySet(ScopedQuerySet["ConflictAnalysis"]):
    read_permission = Permission.READ_COMMUNITIES
    scope_paths = reached("community")


class ConflictAnalysis(models.Model):
    """One version: the day, who took part (as numbers), and when it is looked at again."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="analyses", verbose_name=_("community"))
    analysed_on = models.DateField(_("analysed on"))
    groups = models.PositiveSmallIntegerField(_("groups"), help_text=_("How many groups met, such as women and young people apart."))
    women = models.PositiveIntegerField(_("women who took part"), null=True, blank=True)
    men = models.PositiveIntegerField(_("men who took part"), null=True, blank=True)
    young = models.PositiveIntegerField(_("of them 18 to 29 years old"), null=True, blank=True)
    review_on = models.DateField(_("look again on"))
    note = models.TextField(_("how it was done"), blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    objects = AnalysisQuerySet.as_manager()

    class Meta:
        ordering = ["-analysed_on", "-id"]
        verbose_name = _("conflict analysis")
        verbose_name_plural = _("conflict analyses")
        constraints = [
            models.UniqueConstraint(
                fields=["community", "analysed_on"],
                name="analysis_one_version_a_day",
                violation_error_message=_("This community already has an analysis of this day."),
            ),
            in_order("analysed_on", "review_on", name="analysis_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.community_id} {self.analysed_on}"

    @property
    def people(self) -> int | None:
        return None if self.women is None and self.men is None else (self.women or 0) + (self.men or 0)


class IssueQuerySet(ScopedQuerySet["ConflictIssue"]):
    read_permission = Permission.READ_COMMUNITIES
    scope_paths = {**reached("analysis__community")}


@choices_held("kind", "trend")
class ConflictIssue(models.Model):
    class Kind(models.TextChoices):
        LAND = "land", _("Land")
        WATER = "water", _("Water")
        GRAZING = "grazing", _("Grazing")
        CHIEFTAINCY = "chieftaincy", _("Chieftaincy")
        ELECTIONS = "elections", _("Elections")
        RETURN = "return", _("Return of displaced people")
        OTHER = "other", _("Other")

    analysis = models.ForeignKey(ConflictAnalysis, models.CASCADE, related_name="issues", verbose_name=_("analysis"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    title = models.CharField(_("issue"), max_length=160)
    direct = models.CharField(
        _("directly involved"), max_length=300, help_text=_("Roles such as “farmers, seasonal herders”, never names.")
    )
    decides = models.CharField(_("decides"), max_length=300, blank=True)
    behind = models.CharField(_("behind it"), max_length=300, blank=True)
    can_calm = models.CharField(_("can calm"), max_length=300, blank=True)
    drivers = models.TextField(_("what drives it"), blank=True)
    trend = models.CharField(_("trend"), max_length=8, choices=Trend, default=Trend.STEADY)

    objects = IssueQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("conflict issue")
        verbose_name_plural = _("conflict issues")
        constraints = [
            models.UniqueConstraint(
                fields=["analysis", "title"],
                name="issue_once_per_analysis",
                violation_error_message=_("This analysis already has an issue of this title."),
            )
        ]

    def __str__(self) -> str:
        return self.title


@choices_held("kind", "trend")
class PeaceFactor(models.Model):
    """What divides people and what connects them, with its strength and where it goes."""

    class Kind(models.TextChoices):
        DIVIDER = "divider", _("Divider")
        CONNECTOR = "connector", _("Connector")

    analysis = models.ForeignKey(ConflictAnalysis, models.CASCADE, related_name="factors", verbose_name=_("analysis"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    title = models.CharField(_("what"), max_length=160)
    strength = models.PositiveSmallIntegerField(_("strength, 1 to 5"))
    trend = models.CharField(_("trend"), max_length=8, choices=Trend, default=Trend.STEADY)

    class Meta:
        ordering = ["kind", "-strength", "id"]
        verbose_name = _("divider or connector")
        verbose_name_plural = _("dividers and connectors")
        constraints = [
            models.CheckConstraint(
                condition=Q(strength__range=(1, 5)),
                name="factor_strength_1_to_5",
                violation_error_message=_("The strength is between 1 and 5."),
            ),
            models.UniqueConstraint(
                fields=["analysis", "kind", "title"],
                name="factor_once_per_analysis",
                violation_error_message=_("This analysis already has it."),
            ),
        ]

    def __str__(self) -> str:
        return self.title
