"""Instruments as data: versions with their domains, items, options, weights, skip rules and bands, worded in several languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from plumbing.constraints import both_or_neither, choices_held
from plumbing.shipped_names import shipped_name
from programs.models import Sensitivity

if TYPE_CHECKING:
    from accounts.models import Actor


class InstrumentQuerySet(models.QuerySet["Instrument"]):
    def visible_to(self, user: Actor) -> InstrumentQuerySet:
        """Instruments hold no answers: whoever is signed in reads them."""
        return self


@choices_held("orientation", "subject")
class Instrument(models.Model):
    """What is measured, over all its versions."""

    class Orientation(models.TextChoices):
        HIGHER_IS_BETTER = "higher_is_better", _("Higher is better")
        HIGHER_IS_WORSE = "higher_is_worse", _("Higher is worse")

    class Subject(models.TextChoices):
        PERSON = "person", _("A person of a case")
        COMMUNITY = "community", _("People of a place")
        INSTITUTION = "institution", _("An institution")

    code = models.SlugField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200)
    owner = models.CharField(_("owner"), max_length=200, help_text=_("Whose instrument it is."))
    licence_note = models.TextField(_("licence"), blank=True)
    orientation = models.CharField(_("orientation"), max_length=16, choices=Orientation, default=Orientation.HIGHER_IS_BETTER)
    subject = models.CharField(_("asked about"), max_length=12, choices=Subject)

    objects = InstrumentQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("instrument")
        verbose_name_plural = _("instruments")

    def __str__(self) -> str:
        return shipped_name(self.name)


class VersionQuerySet(models.QuerySet["InstrumentVersion"]):
    def visible_to(self, user: Actor) -> VersionQuerySet:
        """Instruments hold no answers: whoever is signed in reads them."""
        return self

    def active(self) -> VersionQuerySet:
        return self.filter(status=InstrumentVersion.Status.ACTIVE)

    def whole(self) -> VersionQuerySet:
        """With everything that ``instruments.definition_of`` and the pages read, in a fixed number of queries."""
        return self.select_related("instrument").prefetch_related(
            "domains__texts", "option_sets__options__texts", "items__texts", "items__weights", "items__shown_if__other",
            "items__shown_if__option", "items__descriptors__option", "bands",
        )  # fmt: skip


@choices_held("status", "rule", "weights_mode")
class InstrumentVersion(models.Model):
    """One wording with its scoring. Once active it stands; after its first response nothing of it ever changes.

    ``min_answered`` of ``min_applicable`` are two integers (2 and 3, not .6667): a domain is scored where
    answered x min_applicable >= applicable x min_answered.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        RETIRED = "retired", _("Retired")

    class Rule(models.TextChoices):
        MEAN = "mean", _("Weighted mean by domain, and a composite")
        INDEX = "index", _("Index from 0 to 100 by domain")
        BAD_INDEX = "bad_index", _("Index from 0 to 100, 0 where all conditions are met")
        CAPACITY = "capacity", _("Share of the possible range, in percent")
        ANY = "any", _("Yes where one answer says yes")

    class WeightsMode(models.TextChoices):
        EQUAL = "equal", _("Equal weights")
        TABLED = "tabled", _("Weights from a table")

    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="versions", verbose_name=_("instrument"))
    version = models.CharField(_("version"), max_length=20)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.DRAFT)
    effective_from = models.DateField(_("in force from"), null=True, blank=True)
    source_citation = models.TextField(_("source"), blank=True, help_text=_("Where items and scoring come from."))
    is_official_scoring = models.BooleanField(
        _("official scoring"), default=False, help_text=_("Otherwise every screen and file says “adaptation”.")
    )
    needs_official_text = models.BooleanField(
        _("text must be supplied"), default=False, help_text=_("It stays a draft until the official wording of every item is given.")
    )
    text_note = models.TextField(_("note on the wording"), blank=True)
    rule = models.CharField(_("scoring rule"), max_length=10, choices=Rule)
    weights_mode = models.CharField(_("weights"), max_length=6, choices=WeightsMode, default=WeightsMode.EQUAL)
    scale_min = models.DecimalField(_("lowest score of an answer"), max_digits=7, decimal_places=4, default=0)
    scale_max = models.DecimalField(_("highest score of an answer"), max_digits=7, decimal_places=4, default=1)
    min_answered = models.PositiveSmallIntegerField(_("at least so many answered"), default=2)
    min_applicable = models.PositiveSmallIntegerField(_("of so many"), default=3)
    activated_at = models.DateTimeField(_("activated on"), null=True, blank=True)
    activated_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("activated by"))
    frozen_at = models.DateTimeField(
        _("first used on"), null=True, blank=True, help_text=_("From the first response on nothing of it changes.")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["instrument__name", "-created_at", "-id"]
        verbose_name = _("version of an instrument")
        verbose_name_plural = _("versions of instruments")
        constraints = [
            models.UniqueConstraint(fields=["instrument", "version"], name="instrument_version_once"),
            models.UniqueConstraint(
                fields=["instrument"],
                condition=Q(status="active"),
                name="instrument_one_active_version",
                violation_error_message=_("This instrument already has an active version."),
            ),
            both_or_neither("activated_at", "activated_by", name="instrument_version_activated_when_and_by"),
            models.CheckConstraint(
                condition=Q(status="draft", activated_at__isnull=True, frozen_at__isnull=True)
                | Q(status__in=["active", "retired"], activated_at__isnull=False),
                name="instrument_version_active_when_activated",
                violation_error_message=_("A version is in force once it was activated; a draft never was, and was never answered."),
            ),
            models.CheckConstraint(
                condition=Q(min_answered__gte=1, min_applicable__gte=F("min_answered")),
                name="instrument_version_share_of_answers",
                violation_error_message=_("At least one answer is needed, and not more than all of them."),
            ),
            models.CheckConstraint(
                condition=Q(scale_max__gt=F("scale_min")),
                name="instrument_version_scale_in_order",
                violation_error_message=_("The highest score of an answer must be above the lowest."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument} ({self.version})"

    @property
    def is_adaptation(self) -> bool:
        return not self.is_official_scoring

    @property
    def sensitivity(self) -> int:
        return Sensitivity.CONFIDENTIAL if self.instrument.subject == Instrument.Subject.PERSON else Sensitivity.INTERNAL


class Worded(models.Model):
    """Something with a label and its wording in other languages; needs ``texts`` prefetched on lists."""

    class Meta:
        abstract = True

    def worded(self, language: str = "") -> str:
        """The wording in a language (default: the reader's), else in English, else whatever there is."""
        wanted = (language or get_language() or "en")[:2]
        texts = {text.language: text.text for text in self.texts.all()}  # type: ignore[attr-defined]
        return texts.get(wanted) or texts.get("en") or next(iter(texts.values()), "") or self.fallback()

    def fallback(self) -> str:
        return str(getattr(self, "label", ""))


class Domain(Worded):
    """A part of an instrument with its own score. "Dimension" is kept for disaggregation."""

    version = models.ForeignKey(InstrumentVersion, models.CASCADE, related_name="domains")
    code = models.SlugField(_("code"), max_length=40)
    label = models.CharField(_("label"), max_length=200)
    weight = models.DecimalField(
        _("share of the index"), max_digits=12, decimal_places=10, default=1, help_text=_("For an index that weighs its parts; together 1.")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "id"]
        verbose_name = _("domain")
        verbose_name_plural = _("domains")
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="survey_domain_once"),
            models.CheckConstraint(condition=Q(weight__gte=0), name="survey_domain_weight_not_negative"),
        ]

    def __str__(self) -> str:
        return self.label


class DomainText(models.Model):
    domain = models.ForeignKey(Domain, models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=5)
    text = models.CharField(_("label"), max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain", "language"], name="domain_text_once")]

    def __str__(self) -> str:
        return self.text


class OptionSet(models.Model):
    """The answers an item offers. It belongs to one version: a shared one could change under answers that were given."""

    version = models.ForeignKey(InstrumentVersion, models.CASCADE, related_name="option_sets")
    code = models.CharField(_("code"), max_length=40)

    class Meta:
        ordering = ["code"]
        verbose_name = _("set of answers")
        verbose_name_plural = _("sets of answers")
        constraints = [models.UniqueConstraint(fields=["version", "code"], name="option_set_once")]

    def __str__(self) -> str:
        return self.code


@choices_held("kind")
class Option(Worded):
    """One answer. Reverse items are turned here (scores stored already turned); there is no reverse flag when scoring."""

    class Kind(models.TextChoices):
        ANSWER = "answer", _("Answer")
        MISSING = "missing", _("Missing: does not know, prefers not to answer")
        NOT_APPLICABLE = "not_applicable", _("Does not apply")

    set = models.ForeignKey(OptionSet, models.CASCADE, related_name="options", verbose_name=_("set of answers"))
    code = models.CharField(_("code"), max_length=40)
    label = models.CharField(_("label"), max_length=200)
    kind = models.CharField(_("kind"), max_length=14, choices=Kind, default=Kind.ANSWER)
    score = models.DecimalField(_("score"), max_digits=7, decimal_places=4, null=True, blank=True)
    is_favourable = models.BooleanField(_("counts as favourable"), default=False, help_text=_("In the share that is shown for an item."))
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "id"]
        verbose_name = _("answer offered")
        verbose_name_plural = _("answers offered")
        constraints = [
            models.UniqueConstraint(fields=["set", "code"], name="survey_option_once"),
            models.CheckConstraint(
                condition=Q(kind="answer") | Q(score__isnull=True, is_favourable=False),
                name="survey_option_missing_has_no_score",
                violation_error_message=_("What is missing or does not apply has no score."),
            ),
        ]

    def __str__(self) -> str:
        return self.label


class OptionText(models.Model):
    option = models.ForeignKey(Option, models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=5)
    text = models.CharField(_("label"), max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["option", "language"], name="option_text_once")]

    def __str__(self) -> str:
        return self.text


class Item(Worded):
    """A question or statement. ``subject`` says what it is about where the official wording has to be supplied."""

    version = models.ForeignKey(InstrumentVersion, models.CASCADE, related_name="items")
    domain = models.ForeignKey(Domain, models.PROTECT, related_name="items", verbose_name=_("domain"))
    code = models.CharField(_("code"), max_length=20)
    subject = models.CharField(_("about"), max_length=200, blank=True)
    option_set = models.ForeignKey(OptionSet, models.PROTECT, related_name="items", verbose_name=_("answers"))
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_required = models.BooleanField(_("must be answered"), default=False)
    is_scored = models.BooleanField(_("scored"), default=True)

    class Meta:
        ordering = ["order", "id"]
        verbose_name = _("item")
        verbose_name_plural = _("items")
        constraints = [models.UniqueConstraint(fields=["version", "code"], name="survey_item_once")]

    def __str__(self) -> str:
        return self.code

    def fallback(self) -> str:
        return self.subject


class ItemText(models.Model):
    item = models.ForeignKey(Item, models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=5)
    text = models.TextField(_("text"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "language"], name="item_text_once")]

    def __str__(self) -> str:
        return self.text


class LevelDescriptor(models.Model):
    """What a level of a capacity scale means for one item."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="descriptors")
    option = models.ForeignKey(Option, models.CASCADE, related_name="+")
    language = models.CharField(_("language"), max_length=5)
    text = models.TextField(_("what this level looks like"))

    class Meta:
        ordering = ["option__order", "id"]
        constraints = [models.UniqueConstraint(fields=["item", "option", "language"], name="level_descriptor_once")]

    def __str__(self) -> str:
        return self.text


class ShownIf(models.Model):
    """A skip rule: the item is asked where ``other`` was answered with ``option``; with several rows, where one of them holds."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="shown_if")
    other = models.ForeignKey(Item, models.CASCADE, related_name="+")
    option = models.ForeignKey(Option, models.CASCADE, related_name="+")

    class Meta:
        ordering = ["id"]
        verbose_name = _("skip rule")
        verbose_name_plural = _("skip rules")
        constraints = [
            models.UniqueConstraint(fields=["item", "other", "option"], name="shown_if_once"),
            models.CheckConstraint(condition=~Q(item=F("other")), name="shown_if_another_item"),
        ]

    def __str__(self) -> str:
        return f"{self.other.code} = {self.option.code}"


class Scheme(models.TextChoices):
    DOMAIN = "domain", _("By domain")
    COMPOSITE = "composite", _("Composite")


@choices_held("scheme")
class ItemWeight(models.Model):
    """The weight of an item in its domain, and in the composite. Equal mode stores 1; tabled weights sum to 1 (1e-6)."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="weights")
    scheme = models.CharField(_("scheme"), max_length=9, choices=Scheme)
    weight = models.DecimalField(_("weight"), max_digits=12, decimal_places=10, validators=[MaxValueValidator(99)])

    class Meta:
        ordering = ["item__order", "scheme"]
        verbose_name = _("weight of an item")
        verbose_name_plural = _("weights of items")
        constraints = [
            models.UniqueConstraint(fields=["item", "scheme"], name="item_weight_once"),
            models.CheckConstraint(condition=Q(weight__gte=0), name="item_weight_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.weight}"


@choices_held("scheme", "purpose")
class Band(models.Model):
    """A stretch of the scale from its lower bound (inclusive) up to the next one. Two purposes are never merged."""

    class Purpose(models.TextChoices):
        OUTCOME = "outcome", _("Outcome")
        TRIAGE = "triage", _("Triage")

    version = models.ForeignKey(InstrumentVersion, models.CASCADE, related_name="bands")
    scheme = models.CharField(_("scheme"), max_length=9, choices=Scheme)
    purpose = models.CharField(_("purpose"), max_length=7, choices=Purpose)
    code = models.SlugField(_("code"), max_length=40)
    lower = models.DecimalField(_("from"), max_digits=7, decimal_places=4)
    label = models.CharField(_("label"), max_length=120)

    class Meta:
        ordering = ["purpose", "scheme", "lower"]
        verbose_name = _("band")
        verbose_name_plural = _("bands")
        constraints = [
            models.UniqueConstraint(fields=["version", "scheme", "purpose", "code"], name="band_code_once"),
            models.UniqueConstraint(
                fields=["version", "scheme", "purpose", "lower"],
                name="band_no_overlap",
                violation_error_message=_("Two bands begin at the same value."),
            ),
        ]

    def __str__(self) -> str:
        return self.label
