"""Where: P-coded places, their names in many languages and who lies below whom."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from plumbing.constraints import choices_held, in_order


class PlaceQuerySet(models.QuerySet["Place"]):
    def visible_to(self, user: object) -> PlaceQuerySet:
        """A gazetteer is public: whoever is signed in sees every place."""
        return self

    def below(self, place: Place | int) -> PlaceQuerySet:
        """The place and everything under it."""
        return self.filter(above__ancestor=place)

    def valid_on(self, day: date) -> PlaceQuerySet:
        return self.filter(Q(valid_from__isnull=True) | Q(valid_from__lte=day), Q(valid_to__isnull=True) | Q(valid_to__gte=day))


@choices_held("level")
class Place(models.Model):
    """A unit of the gazetteer. Its key is the P-code: text, upper case, never sliced to guess a parent. Retired, never deleted."""

    class Level(models.IntegerChoices):
        COUNTRY = 0, _("Country")
        ADMIN_1 = 1, _("Admin 1")
        ADMIN_2 = 2, _("Admin 2")
        ADMIN_3 = 3, _("Admin 3")
        ADMIN_4 = 4, _("Admin 4")
        SITE = 5, _("Settlement or site")

    code = models.CharField(_("P-code"), max_length=32, unique=True)
    level = models.PositiveSmallIntegerField(_("level"), choices=Level)
    name = models.CharField(_("name"), max_length=200)
    folded = models.CharField(max_length=200, db_index=True, editable=False, help_text="the name without case, accents or script")
    sound = models.CharField(max_length=100, db_index=True, editable=False, help_text="its consonants, across spellings and scripts")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("lies in"))
    country = models.CharField(_("country"), max_length=3, help_text=_("ISO 3166-1 alpha-3."))
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True)
    is_unspecified = models.BooleanField(_("stands for “somewhere in” its parent"), default=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        ordering = ["name", "code"]
        verbose_name = _("place")
        verbose_name_plural = _("places")
        constraints = [
            models.CheckConstraint(
                condition=Q(level=0, parent__isnull=True) | Q(level__gt=0, parent__isnull=False),
                name="place_below_a_place",
                violation_error_message=_("A country stands alone; every other place lies in one."),
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False, latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="place_point_on_earth",
                violation_error_message=_("Latitude is between -90 and 90, longitude between -180 and 180; give both or neither."),
            ),
            models.UniqueConstraint(fields=["parent"], condition=Q(is_unspecified=True), name="place_one_unspecified_per_parent"),
            in_order("valid_from", "valid_to", name="place_valid_in_order"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The name in the reader's language where the gazetteer has one; needs ``names`` prefetched on lists."""
        language = (get_language() or "en")[:2]
        for name in self.names.all():
            if name.language == language and name.is_official:
                return name.name
        return self.name


class PlaceName(models.Model):
    """Another name of a place: in a language, or one that people use."""

    place = models.ForeignKey(Place, models.CASCADE, related_name="names")
    language = models.CharField(_("language"), max_length=5, blank=True)
    name = models.CharField(_("name"), max_length=200)
    folded = models.CharField(max_length=200, db_index=True, editable=False)
    sound = models.CharField(max_length=100, db_index=True, editable=False)
    is_official = models.BooleanField(_("the name in this language"), default=False)

    class Meta:
        verbose_name = _("other name")
        verbose_name_plural = _("other names")
        constraints = [
            models.UniqueConstraint(fields=["place", "language", "name"], name="place_name_once"),
            models.UniqueConstraint(
                fields=["place", "language"], condition=Q(is_official=True), name="place_one_official_name_per_language"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Country(models.Model):
    """The codes by which others call a country or area; empty where it has none. M49 is text: 004 is not 4."""

    place = models.OneToOneField(Place, models.PROTECT, primary_key=True, related_name="codes")
    alpha2 = models.CharField("ISO 3166-1 alpha-2", max_length=2, blank=True)
    alpha3 = models.CharField("ISO 3166-1 alpha-3", max_length=3, blank=True)
    m49 = models.CharField("UN M49", max_length=3, blank=True)

    class Meta:
        ordering = ["place__name"]
        verbose_name = _("country codes")
        verbose_name_plural = _("country codes")
        constraints = [
            *(models.UniqueConstraint(fields=[name], condition=~Q(**{name: ""}), name=f"country_{name}_once") for name in ("alpha2", "alpha3", "m49")),
            models.CheckConstraint(
                condition=Q(m49="") | Q(m49__regex=r"^[0-9]{3}$"),
                name="country_m49_is_three_digits",
                violation_error_message=_("M49 has three digits, leading zeros included: 004."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.alpha3 or self.m49


class PlaceTree(models.Model):
    """Closure of the parent keys: one row per place and each of its ancestors, itself included."""

    ancestor = models.ForeignKey(Place, models.CASCADE, related_name="below_me")
    descendant = models.ForeignKey(Place, models.CASCADE, related_name="above")
    depth = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ancestor", "descendant"], name="place_tree_once")]
        indexes = [models.Index(fields=["descendant", "ancestor"], name="place_tree_upwards")]

    def __str__(self) -> str:
        return f"{self.ancestor_id} > {self.descendant_id}"
