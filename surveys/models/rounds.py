"""Survey rounds of places and institutions, their anonymous responses, answers and scores. No person is in here."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing.constraints import both_or_neither, choices_held
from plumbing.numbers import divide
from programs.models import Disaggregation, Project
from programs.scope import ScopedQuerySet
from surveys.models.instruments import Domain, InstrumentVersion, Item, Option, Scheme

if TYPE_CHECKING:
    from accounts.models import Actor


class RoundQuerySet(ScopedQuerySet["SurveyRound"]):
    read_permission = Permission.READ_SURVEYS
    scope_paths = {"project": "project", "program": "project__program", "partner": "partner", "place": "place"}

    def settled(self) -> RoundQuerySet:
        """Rounds whose entry has ended: their results no longer grow."""
        return self.filter(status__in=[SurveyRound.Status.CLOSED, SurveyRound.Status.APPROVED])

    def approved(self) -> RoundQuerySet:
        return self.filter(status=SurveyRound.Status.APPROVED)

    def below(self, place: Place) -> RoundQuerySet:
        """Rounds held at a place or anywhere under it."""
        return self.filter(place__above__ancestor=place)

    def of_kind(self, instrument: str) -> RoundQuerySet:
        """Rounds of one instrument, by its code, whatever the version."""
        return self.filter(version__instrument__code=instrument)

    def saying_raw(self, reader: Actor) -> Any:
        """Rounds, each with ``is_raw``: whether the reader holds raw figures there."""
        return self.annotate(is_raw=Exists(SurveyRound.objects.visible_to(reader, Permission.READ_RAW).filter(pk=OuterRef("pk"))))


@choices_held("subject", "stage", "mode", "method", "assessor", "status")
class SurveyRound(models.Model):
    """One measurement with one version at one place: a sample of people, a whole community, or an institution.

    An institution is an ``Organization``; a community is matched by its place, or holds a key to the round itself. Self, facilitator
    and moderated scores of an institution are rounds of their own, never mixed.
    """

    class Subject(models.TextChoices):
        SAMPLE = "sample", _("A sample of people, anonymous")
        COMMUNITY = "community", _("A community, by key informants or its forum")
        INSTITUTION = "institution", _("An institution")

    class Stage(models.TextChoices):
        BASELINE = "baseline", _("Baseline")
        MIDLINE = "midline", _("Midline")
        ENDLINE = "endline", _("Endline")
        FOLLOW_UP = "followup", _("Follow-up")

    class Mode(models.TextChoices):
        FACE_TO_FACE = "face_to_face", _("Face to face")
        PHONE = "phone", _("By phone")
        SELF = "self", _("Filled in by the respondents")
        MEETING = "meeting", _("In a facilitated meeting")

    class Method(models.TextChoices):
        NONE = "", _("Not a sample")
        RANDOM = "random", _("Random sample")
        CLUSTER = "cluster", _("Random sample in clusters")
        QUOTA = "quota", _("Quota sample")
        CONVENIENCE = "convenience", _("Whoever was there")
        KEY_INFORMANTS = "key_informants", _("Key informants")
        CENSUS = "census", _("Everybody was asked")

    class Assessor(models.TextChoices):
        NONE = "", _("Not an assessment")
        SELF = "self", _("Self-score")
        FACILITATOR = "facilitator", _("Facilitator’s score")
        MODERATED = "moderated", _("Moderated score")

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        OPEN = "open", _("Open for entry")
        CLOSED = "closed", _("Closed")
        APPROVED = "approved", _("Approved")

    version = models.ForeignKey(InstrumentVersion, models.PROTECT, related_name="rounds", verbose_name=_("instrument"))
    project = models.ForeignKey(Project, models.PROTECT, related_name="survey_rounds", verbose_name=_("project"))
    partner = models.ForeignKey(
        Organization, models.PROTECT, related_name="survey_rounds", verbose_name=_("carried out by"),
    )  # fmt: skip
    place = models.ForeignKey(Place, models.PROTECT, related_name="survey_rounds", verbose_name=_("place"))
    subject = models.CharField(_("asked about"), max_length=12, choices=Subject, default=Subject.SAMPLE)
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="assessed_in", verbose_name=_("institution"),
    )  # fmt: skip
    stage = models.CharField(_("round"), max_length=8, choices=Stage)
    number = models.PositiveSmallIntegerField(_("number of the follow-up"), null=True, blank=True)
    held_on = models.DateField(_("date"))
    mode = models.CharField(_("how it is asked"), max_length=12, choices=Mode, default=Mode.FACE_TO_FACE)
    assessor = models.CharField(_("whose score"), max_length=11, choices=Assessor, blank=True, default=Assessor.NONE)
    frame = models.CharField(_("sampling frame"), max_length=300, blank=True, help_text=_("The list or area that people were drawn from."))
    method = models.CharField(_("sampling method"), max_length=14, choices=Method, blank=True, default=Method.NONE)
    planned_n = models.PositiveIntegerField(_("planned number of responses"), null=True, blank=True)
    design_effect = models.DecimalField(
        _("design effect"), max_digits=5, decimal_places=2, null=True, blank=True,
        help_text=_("By how much clusters widen the interval; empty: 1."),
    )  # fmt: skip
    approached = models.PositiveIntegerField(
        _("people approached"), null=True, blank=True, help_text=_("With those who did not take part: gives the response rate.")
    )
    note = models.TextField(_("note"), blank=True, help_text=_("How it went, without names."))
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.PLANNED)
    planned_at = models.DateTimeField(default=timezone.now, editable=False)
    planned_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(_("opened on"), null=True, blank=True)
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(_("closed on"), null=True, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("closed by"))
    approved_at = models.DateTimeField(_("approved on"), null=True, blank=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved by"))
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["-held_on", "-id"]
        verbose_name = _("survey round")
        verbose_name_plural = _("survey rounds")
        constraints = [
            both_or_neither("opened_at", "opened_by", name="survey_round_opened_when_and_by"),
            both_or_neither("closed_at", "closed_by", name="survey_round_closed_when_and_by"),
            both_or_neither("approved_at", "approved_by", name="survey_round_approved_when_and_by"),
            models.CheckConstraint(
                condition=Q(subject="institution", organization__isnull=False) | (~Q(subject="institution") & Q(organization__isnull=True)),
                name="survey_round_institution_named",
                violation_error_message=_("Name the institution where one is assessed, and only there."),
            ),
            models.CheckConstraint(
                condition=Q(assessor="") | Q(subject="institution"),
                name="survey_round_assessor_of_an_institution",
                violation_error_message=_("Whose score it is, is said of an institution only."),
            ),
            models.CheckConstraint(
                condition=Q(stage="followup", number__isnull=False, number__gte=1) | (~Q(stage="followup") & Q(number__isnull=True)),
                name="survey_round_follow_up_numbered",
                violation_error_message=_("A follow-up has a number from 1 on; other rounds have none."),
            ),
            models.CheckConstraint(
                condition=Q(design_effect__isnull=True) | Q(design_effect__gte=Decimal("0.10")),
                name="survey_round_design_effect_positive",
                violation_error_message=_("A design effect is a positive number, mostly between 1 and 4."),
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="planned", opened_at__isnull=True, closed_at__isnull=True, approved_at__isnull=True)
                    | Q(status="open", opened_at__isnull=False, closed_at__isnull=True, approved_at__isnull=True)
                    | Q(status="closed", opened_at__isnull=False, closed_at__isnull=False, approved_at__isnull=True)
                    | Q(status="approved", opened_at__isnull=False, closed_at__isnull=False, approved_at__isnull=False)
                ),
                name="survey_round_status_as_dated",
                violation_error_message=_("A round is opened, then closed, then approved."),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["place", "held_on"], name="survey_round_place_day")]

    def __str__(self) -> str:
        return f"{self.version.instrument}, {self.stage_words}, {self.place} {self.held_on:%Y-%m}"

    @property
    def stage_words(self) -> str:
        return f"{self.get_stage_display()} {self.number}" if self.number is not None else self.get_stage_display()

    @property
    def stage_code(self) -> str:
        """``baseline``, ``midline``, ``endline`` or ``followup_2``."""
        return f"followup_{self.number}" if self.number is not None else self.stage

    @property
    def is_probability_sample(self) -> bool:
        """Only such a round estimates a population: key informants, meetings and assessments have no interval."""
        return self.subject == self.Subject.SAMPLE and self.method in {self.Method.RANDOM, self.Method.CLUSTER}

    def response_rate(self, n: int) -> Decimal | None:
        """Responses of the people approached, in percent."""
        return divide(n, self.approached, per=100, places=1) if self.approached else None


class ResponseQuerySet(ScopedQuerySet["SurveyResponse"]):
    read_permission = Permission.READ_SURVEYS
    scope_paths = {
        "project": "survey_round__project",
        "program": "survey_round__project__program",
        "partner": "survey_round__partner",
        "place": "survey_round__place",
    }


class SurveyResponse(models.Model):
    """One respondent without a name, or one assessed unit. ``respondent`` is at most a category set such as sex and age band."""

    survey_round = models.ForeignKey(SurveyRound, models.PROTECT, related_name="responses", verbose_name=_("survey round"))
    number = models.PositiveIntegerField(_("number"))
    external_id = models.UUIDField(_("own id of the sender"), default=uuid.uuid4)
    respondent = models.ForeignKey(
        Disaggregation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("respondent"),
    )  # fmt: skip
    entered_at = models.DateTimeField(default=timezone.now, editable=False)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = ResponseQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        verbose_name = _("response")
        verbose_name_plural = _("responses")
        constraints = [
            models.UniqueConstraint(fields=["survey_round", "number"], name="survey_response_number_once"),
            models.UniqueConstraint(fields=["survey_round", "external_id"], name="survey_response_sent_once"),
        ]

    def __str__(self) -> str:
        return str(self.number)


class Answer(models.Model):
    """The option chosen for an item; no row: not answered. ``evidence`` is the note a capacity score rests on."""

    response = models.ForeignKey(SurveyResponse, models.CASCADE, related_name="answers")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+")
    option = models.ForeignKey(Option, models.PROTECT, related_name="+")
    evidence = models.TextField(_("evidence"), blank=True)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [models.UniqueConstraint(fields=["response", "item"], name="survey_answer_once")]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.option_id}"


@choices_held("scheme", "reason")
class Score(models.Model):
    """A score as computed when the response was saved, by the version of its round; a new version never rewrites it."""

    class Reason(models.TextChoices):
        NONE = "", _("Scored")
        TOO_FEW = "too_few_answers", _("Too few answers")
        DOMAIN_NOT_SCORED = "domain_not_scored", _("One domain has too few answers")
        NOTHING_APPLICABLE = "nothing_applicable", _("Nothing applies")
        UNKNOWN = "unknown", _("Unknown: an answer is missing")

    response = models.ForeignKey(SurveyResponse, models.CASCADE, related_name="scores")
    scheme = models.CharField(_("scheme"), max_length=9, choices=Scheme)
    domain = models.ForeignKey(Domain, models.PROTECT, null=True, blank=True, related_name="+")
    value = models.DecimalField(_("score"), max_digits=7, decimal_places=4, null=True, blank=True)
    answered = models.PositiveSmallIntegerField(_("answered"))
    applicable = models.PositiveSmallIntegerField(_("applicable"))
    reason = models.CharField(_("why there is no score"), max_length=20, choices=Reason, blank=True, default=Reason.NONE)
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        constraints = [
            models.UniqueConstraint(fields=["response", "domain"], condition=Q(domain__isnull=False), name="score_once_per_domain"),
            models.UniqueConstraint(fields=["response"], condition=Q(domain__isnull=True), name="score_one_composite"),
            models.CheckConstraint(
                condition=Q(scheme="domain", domain__isnull=False) | Q(scheme="composite", domain__isnull=True),
                name="score_domain_of_its_scheme",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False, reason="") | (Q(value__isnull=True) & ~Q(reason="")),
                name="score_or_its_reason",
                violation_error_message=_("Without a score there is a reason, with one there is none."),
            ),
        ]

    def __str__(self) -> str:
        return "–" if self.value is None else str(self.value)
