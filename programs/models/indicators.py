"""Indicators: definitions with their rules, what a project applies, what is aimed at, and who owes which figure."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization, User
from locations.models import Place
from plumbing.constraints import both_or_neither, choices_held, in_order, once
from plumbing.numbers import ExactDecimal
from plumbing.shipped_names import shipped_name
from programs.models.disaggregations import Dimension
from programs.models.periods import ReportingPeriod
from programs.models.projects import Level, Project, Result, Sensitivity
from programs.scope import PROJECT_PARTNER, PROJECT_PLACE, ScopedQuerySet, Via

if TYPE_CHECKING:
    from accounts.models import Actor

# Which of the five shapes a stated number has; the same wording guards baselines, targets and figures.
NO_NUMBER = Q(value__isnull=True, numerator__isnull=True, denominator__isnull=True, share__isnull=True)
ONE_NUMBER = (
    Q(value__isnull=False, numerator__isnull=True, denominator__isnull=True, share__isnull=True)
    | Q(value__isnull=True, numerator__isnull=False, denominator__isnull=False, share__isnull=True)
    | Q(value__isnull=True, numerator__isnull=True, denominator__isnull=True, share__isnull=False)
)


class DefinitionQuerySet(models.QuerySet["IndicatorDefinition"]):
    def visible_to(self, user: Actor) -> DefinitionQuerySet:
        """The library is open to everyone signed in; a project's own definitions follow the project."""
        return self.filter(Q(project__isnull=True) | Q(project__in=Project.objects.visible_to(user)))

    def library(self) -> DefinitionQuerySet:
        return self.filter(project__isnull=True)

    def in_force(self) -> DefinitionQuerySet:
        return self.filter(status=IndicatorDefinition.Status.APPROVED)


@choices_held("measure", "over_time", "across", "counting", "sensitivity", "level", "status")
class IndicatorDefinition(models.Model):
    """What is measured and how it adds up. The rules freeze with the first acceptance; a successor takes over, never an edit."""

    class Measure(models.TextChoices):
        """IATI IndicatorMeasure 1, 2, 4, 3 and 5."""

        UNIT = "unit", pgettext_lazy("what is measured", "Number")
        PERCENTAGE = "percentage", _("Percentage or rate")
        ORDINAL = "ordinal", _("Ranked answer")
        NOMINAL = "nominal", _("Named answer")
        TEXT = "text", _("Text")

    class OverTime(models.TextChoices):
        PER_PERIOD = "per_period", _("Per period")
        RUNNING_TOTAL = "running_total", _("Running total")
        SNAPSHOT = "snapshot", _("Snapshot")

    class Across(models.TextChoices):
        SUM = "sum", _("Added up")
        WEIGHTED_RATIO = "weighted_ratio", _("Share, pooled")
        MAX = "max", _("Largest")
        LATEST = "latest", _("Latest")
        NOT_COMPUTABLE = "not_computable", _("Cannot be added up")

    class Counting(models.TextChoices):
        THINGS = "things", _("Things")
        CONTACTS = "contacts", _("Contacts")
        PEOPLE_PER_PERIOD = "people_per_period", _("People per period")
        PEOPLE_EVER = "people_ever", _("People ever")

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        APPROVED = "approved", _("In force")
        RETIRED = "retired", _("Retired")

    code = models.CharField(_("code"), max_length=30)
    project = models.ForeignKey(
        Project, models.CASCADE, null=True, blank=True, related_name="own_definitions", verbose_name=_("only for project"),
        help_text=_("Empty: a definition of the library, for every project."),
    )  # fmt: skip
    title = models.CharField(_("title"), max_length=300)
    definition = models.TextField(
        _("definition"), blank=True, help_text=_("What counts and what does not, so that two people count alike.")
    )
    level = models.CharField(_("level"), max_length=12, choices=Level)
    theme = models.CharField(_("theme"), max_length=80, blank=True)
    unit = models.CharField(_("unit"), max_length=80, blank=True, help_text=_("What one is: people, committees, agreements."))
    measure = models.CharField(pgettext_lazy("what is measured", "measure"), max_length=10, choices=Measure, default=Measure.UNIT)
    ascending = models.BooleanField(_("more is better"), default=True)
    decimals = models.PositiveSmallIntegerField(_("decimals"), default=0)
    per = models.PositiveIntegerField(_("per"), default=1, help_text=_("100 for percentages, 10,000 for a rate per 10,000."))
    over_time = models.CharField(_("rule over time"), max_length=13, choices=OverTime, default=OverTime.PER_PERIOD)
    across = models.CharField(_("rule across places and partners"), max_length=14, choices=Across, default=Across.SUM)
    counting = models.CharField(_("what is counted"), max_length=17, choices=Counting, default=Counting.THINGS)
    sensitivity = models.PositiveSmallIntegerField(_("sensitivity class"), choices=Sensitivity, default=Sensitivity.PUBLIC)
    method = models.TextField(_("method"), blank=True, help_text=_("How it is collected and computed."))
    source = models.CharField(_("source"), max_length=300, blank=True)
    sdg_target = models.CharField(_("SDG target"), max_length=8, blank=True)
    computed_by = models.CharField(
        _("computed by"), max_length=80, blank=True, help_text=_("The name of a tally over the portal's own records.")
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.APPROVED)
    frozen_at = models.DateTimeField(_("rules frozen at"), null=True, blank=True, editable=False)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="successor", verbose_name=_("replaces"))
    proposed_at = models.DateTimeField(null=True, blank=True, editable=False)
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = DefinitionQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("indicator definition")
        verbose_name_plural = _("indicator definitions")
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=Q(project__isnull=True), name="definition_code_once_in_the_library"),
            models.UniqueConstraint(
                fields=["project", "code"], condition=Q(project__isnull=False), name="definition_code_once_per_project"
            ),
            models.CheckConstraint(
                condition=~Q(counting="people_ever") | Q(over_time="running_total"),
                name="people_ever_is_a_running_total",
                violation_error_message=_("“People ever” needs the rule “running total”: it is never the sum of people per period."),
            ),
            models.CheckConstraint(
                condition=~Q(measure="percentage") | Q(across__in=["weighted_ratio", "not_computable"]),
                name="percentage_is_pooled_or_not_computed",
                violation_error_message=_("A percentage is pooled from numerators and denominators, or it cannot be added up."),
            ),
            models.CheckConstraint(
                condition=~Q(across="weighted_ratio") | Q(measure="percentage"),
                name="pooled_is_a_percentage",
                violation_error_message=_("Only a percentage or rate is pooled."),
            ),
            models.CheckConstraint(
                condition=Q(measure__in=["unit", "percentage"]) | Q(across__in=["latest", "not_computable"]),
                name="answers_are_not_added",
                violation_error_message=_("Answers and texts are never added up."),
            ),
            models.CheckConstraint(
                condition=Q(decimals__lte=6), name="definition_decimals_up_to_6", violation_error_message=_("At most six decimals.")
            ),
            models.CheckConstraint(
                condition=Q(per__in=[1, 100, 1000, 10000]),
                name="definition_per_listed",
                violation_error_message=_("“Per” is 1, 100, 1,000 or 10,000."),
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | Q(proposed_by__isnull=True) | ~Q(approved_by=models.F("proposed_by")),
                name="definition_approved_by_a_second_person",
                violation_error_message=_("A second person approves a definition, not the one who proposed it."),
            ),
            models.CheckConstraint(
                condition=Q(replaces__isnull=True) | ~Q(status="approved") | Q(approved_at__isnull=False),
                name="successor_is_approved_by_somebody",
                violation_error_message=_("A successor takes over only when a second person approved it."),
            ),
            both_or_neither("proposed_at", "proposed_by", name="definition_proposed_when_and_by"),
            both_or_neither("approved_at", "approved_by", name="definition_approved_when_and_by"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def counts_people(self) -> bool:
        return self.counting != self.Counting.THINGS

    @property
    def is_ratio(self) -> bool:
        return self.measure == self.Measure.PERCENTAGE


class DefinitionOption(models.Model):
    """An answer of an ordinal or nominal definition, in its order."""

    definition = models.ForeignKey(IndicatorDefinition, models.CASCADE, related_name="options")
    code = models.CharField(_("code"), max_length=40)
    label = models.CharField(_("label"), max_length=200)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "id"]
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [models.UniqueConstraint(fields=["definition", "code"], name="definition_option_once")]

    def __str__(self) -> str:
        return shipped_name(self.label)


class DefinitionBreakdown(models.Model):
    """One breakdown a definition offers: a set of dimensions, such as sex × age."""

    definition = models.ForeignKey(IndicatorDefinition, models.CASCADE, related_name="breakdowns")
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    dimensions = models.ManyToManyField(Dimension, through="BreakdownDimension", related_name="breakdowns")

    class Meta:
        ordering = ["order", "id"]
        verbose_name = _("breakdown")
        verbose_name_plural = _("breakdowns")

    def __str__(self) -> str:
        return " × ".join(str(part.dimension) for part in self.parts.all())


class BreakdownDimension(models.Model):
    breakdown = models.ForeignKey(DefinitionBreakdown, models.CASCADE, related_name="parts")
    dimension = models.ForeignKey(Dimension, models.PROTECT, related_name="+")
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "id"]
        constraints = [models.UniqueConstraint(fields=["breakdown", "dimension"], name="breakdown_dimension_once")]

    def __str__(self) -> str:
        return str(self.dimension)


class IndicatorQuerySet(ScopedQuerySet["Indicator"]):
    scope_paths = {
        "project": "project",
        "program": "project__program",
        "partner": PROJECT_PARTNER,
        "place": PROJECT_PLACE,
    }


class Indicator(models.Model):
    """A definition applied to a result, in the donor's own wording. Its code is the project's and is never given twice."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="indicators", verbose_name=_("project"))
    result = models.ForeignKey(Result, models.PROTECT, related_name="indicators", verbose_name=_("result"))
    definition = models.ForeignKey(IndicatorDefinition, models.PROTECT, related_name="indicators", verbose_name=_("definition"))
    code = models.CharField(_("code"), max_length=30)
    title = models.CharField(_("donor's wording"), max_length=500, blank=True)
    population = models.CharField(_("population group"), max_length=120, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    baseline_value = ExactDecimal(_("baseline"), null=True, blank=True)
    baseline_numerator = ExactDecimal(_("baseline numerator"), null=True, blank=True)
    baseline_denominator = ExactDecimal(_("baseline denominator"), null=True, blank=True)
    baseline_share = ExactDecimal(_("baseline, bare share"), null=True, blank=True, help_text=_("0 to 100, where no numerator is known."))
    baseline_on = models.DateField(_("baseline of"), null=True, blank=True)
    baseline_note = models.CharField(_("baseline as written"), max_length=300, blank=True)
    source_of_data = models.CharField(_("means of verification"), max_length=500, blank=True)
    is_retired = models.BooleanField(_("no longer reported"), default=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = IndicatorQuerySet.as_manager()

    class Meta:
        ordering = ["result__order", "order", "id"]
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "code"],
                name="indicator_code_once",
                violation_error_message=_("This project already has, or had, an indicator with this code."),
            ),
            models.CheckConstraint(
                condition=(
                    Q(
                        baseline_value__isnull=True,
                        baseline_numerator__isnull=True,
                        baseline_denominator__isnull=True,
                        baseline_share__isnull=True,
                    )
                    | Q(
                        baseline_value__isnull=False,
                        baseline_numerator__isnull=True,
                        baseline_denominator__isnull=True,
                        baseline_share__isnull=True,
                    )
                    | Q(
                        baseline_value__isnull=True,
                        baseline_numerator__isnull=False,
                        baseline_denominator__isnull=False,
                        baseline_share__isnull=True,
                    )
                    | Q(
                        baseline_value__isnull=True,
                        baseline_numerator__isnull=True,
                        baseline_denominator__isnull=True,
                        baseline_share__isnull=False,
                    )
                ),
                name="indicator_one_baseline",
                violation_error_message=_("Give the baseline once: a number, a numerator with its denominator, or a bare share."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.wording}"

    @property
    def wording(self) -> str:
        return self.title or self.definition.title


class Target(models.Model):
    """What is aimed at: for the indicator, or a partner's own, at a place, by a period. Without a period it is *the* target."""

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="targets")
    partner = models.ForeignKey(Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("partner"))
    place = models.ForeignKey(Place, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("place"))
    period = models.ForeignKey(ReportingPeriod, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("period"))
    value = ExactDecimal(_("value"), null=True, blank=True)
    numerator = ExactDecimal(_("numerator"), null=True, blank=True)
    denominator = ExactDecimal(_("denominator"), null=True, blank=True)
    share = ExactDecimal(_("bare share"), null=True, blank=True)
    note = models.CharField(_("as written"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        constraints = [
            once(
                "indicator",
                "partner",
                "place",
                "period",
                empty={"partner": 0, "place": 0, "period": 0},
                name="target_once",
                message=_("There is already a target for this partner, place and period."),
            ),
            models.CheckConstraint(
                condition=ONE_NUMBER,
                name="target_one_number",
                violation_error_message=_("Give the target once: a number, a numerator with its denominator, or a bare share."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id}: {self.value if self.value is not None else self.share}"


class AssignmentQuerySet(ScopedQuerySet["ReportingAssignment"]):
    scope_paths = {
        "project": "indicator__project",
        "program": "indicator__project__program",
        "partner": "partner",
        "place": Via("pk", "programs.AssignmentPlace", "assignment", "place"),
    }

    def on(self, day: object) -> AssignmentQuerySet:
        return self.filter(Q(starts_on__isnull=True) | Q(starts_on__lte=day), Q(ends_on__isnull=True) | Q(ends_on__gte=day))


@choices_held("collected")
class ReportingAssignment(models.Model):
    """Who owes which indicator, where and when. Entry page, checklist, board, digest and coverage all read this."""

    class Collected(models.TextChoices):
        EVERY_PERIOD = "every_period", _("Every period")
        BASELINE_ENDLINE = "baseline_endline", _("First and last period")
        YEARLY = "yearly", _("Once a year")
        DATES = "dates", _("In named periods")

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="assignments", verbose_name=_("indicator"))
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="assignments", verbose_name=_("partner"))
    collected = models.CharField(_("collected"), max_length=16, choices=Collected, default=Collected.EVERY_PERIOD)
    periods = models.ManyToManyField(ReportingPeriod, blank=True, related_name="+", verbose_name=_("named periods"))
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    takes_over_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="handed_to", verbose_name=_("takes over from")
    )
    includes_predecessor = models.BooleanField(
        _("running total includes the predecessor's"), null=True, blank=True,
        help_text=_("Yes: the predecessor's stream ends where this one begins."),
    )  # fmt: skip
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("reporting assignment")
        verbose_name_plural = _("reporting assignments")
        constraints = [
            once(
                "indicator",
                "partner",
                "starts_on",
                empty={"starts_on": date.min},
                name="assignment_once",
                message=_("This partner already owes this indicator from that date."),
            ),
            in_order("starts_on", "ends_on", name="assignment_dates_in_order"),
            models.CheckConstraint(
                condition=Q(takes_over_from__isnull=True, includes_predecessor__isnull=True)
                | Q(takes_over_from__isnull=False, includes_predecessor__isnull=False),
                name="handover_says_what_is_included",
                violation_error_message=_("A hand-over says whether the running total includes the predecessor's."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} · {self.partner}"


class AssignmentPlace(models.Model):
    assignment = models.ForeignKey(ReportingAssignment, models.CASCADE, related_name="places")
    place = models.ForeignKey(Place, models.PROTECT, related_name="assignments", verbose_name=_("place"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assignment", "place"], name="assignment_place_once")]
        indexes = [models.Index(fields=["place", "assignment"], name="assignment_by_place")]

    def __str__(self) -> str:
        return str(self.place)
