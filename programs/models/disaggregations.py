"""Sets of categories by which figures of people are split."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from plumbing.shipped_names import shipped_name


class Dimension(models.Model):
    """Sex, age, disability, status … An administrator adds more; a place is never a dimension."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "code"]
        verbose_name = _("dimension")
        verbose_name_plural = _("dimensions")
        constraints = [
            models.CheckConstraint(
                condition=~Q(code="location"),
                name="dimension_is_not_a_place",
                violation_error_message=_("A figure already has a place: location is not a dimension."),
            )
        ]

    def __str__(self) -> str:
        return shipped_name(self.name)


class Category(models.Model):
    """One answer of a dimension. "Unknown" is one; "all" is not: the total is the row without categories."""

    dimension = models.ForeignKey(Dimension, models.PROTECT, related_name="categories")
    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=80)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_retired = models.BooleanField(_("no longer offered"), default=False)

    class Meta:
        ordering = ["dimension", "order", "code"]
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [
            models.UniqueConstraint(fields=["dimension", "code"], name="category_once"),
            models.CheckConstraint(
                condition=~Q(code="all"),
                name="category_is_not_all",
                violation_error_message=_("“All” is the total, not a category."),
            ),
            models.CheckConstraint(
                condition=~Q(code__contains="=") & ~Q(code__contains="|") & ~Q(code=""),
                name="category_code_plain",
                violation_error_message=_("A category's code holds neither = nor |."),
            ),
        ]

    def __str__(self) -> str:
        return shipped_name(self.name)


class Disaggregation(models.Model):
    """A set of categories of different dimensions, kept once. Key such as ``age=18-24|sex=female``; the total's key is empty."""

    key = models.CharField(max_length=200, unique=True)
    categories = models.ManyToManyField(Category, through="DisaggregationCategory", related_name="disaggregations")

    def __str__(self) -> str:
        return self.key or "total"


class DisaggregationCategory(models.Model):
    disaggregation = models.ForeignKey(Disaggregation, models.CASCADE, related_name="parts")
    dimension = models.ForeignKey(Dimension, models.PROTECT, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, related_name="parts")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["disaggregation", "dimension"], name="disaggregation_one_category_per_dimension")]
        indexes = [models.Index(fields=["dimension", "disaggregation", "category"], name="disaggregation_by_dimension")]

    def __str__(self) -> str:
        return f"{self.dimension_id}={self.category_id}"
