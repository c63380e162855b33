"""Reform steps: laws, policies, bodies and measures of transitional justice on their way from a draft to practice."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Permission
from institutions.models.institutions import Institution
from plumbing.constraints import choices_held
from programs.models import Indicator, Project
from programs.scope import ScopedQuerySet


class ReformQuerySet(ScopedQuerySet["ReformStep"]):
    read_permission = Permission.READ_INSTITUTIONS
    scope_paths = {"project": "project", "program": "project__program", "place": "institution__place"}


@choices_held("kind")
class ReformStep(models.Model):
    class Kind(models.TextChoices):
        LAW = "law", _("Law")
        POLICY = "policy", _("Policy")
        STRATEGY = "strategy", _("Strategy")
        PROCEDURE = "procedure", _("Procedure")
        OVERSIGHT_BODY = "oversight_body", _("Oversight body")
        TRUTH = "truth", _("Transitional justice: truth")
        JUSTICE = "justice", _("Transitional justice: justice")
        REPARATION = "reparation", _("Transitional justice: reparation")
        NON_RECURRENCE = "non_recurrence", _("Transitional justice: non-recurrence")

    TRANSITIONAL = (Kind.TRUTH, Kind.JUSTICE, Kind.REPARATION, Kind.NON_RECURRENCE)

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="reform_steps", verbose_name=_("institution"))
    project = models.ForeignKey(Project, models.PROTECT, related_name="reform_steps", verbose_name=_("project"))
    kind = models.CharField(_("kind"), max_length=14, choices=Kind)
    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("what it changes"), blank=True)
    indicator = models.ForeignKey(
        Indicator, models.SET_NULL, null=True, blank=True, related_name="reform_steps", verbose_name=_("indicator"),
        help_text=_("The indicator that reports the stage of this very law or policy. Its figure is filled in from here."),
    )  # fmt: skip
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = ReformQuerySet.as_manager()

    class Meta:
        ordering = ["title"]
        verbose_name = _("reform step")
        verbose_name_plural = _("reform steps")
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "title"], name="reform_title_once",
                violation_error_message=_("This step is recorded for the institution already."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title

    @property
    def is_transitional(self) -> bool:
        return self.kind in self.TRANSITIONAL


@choices_held("stage")
class ReformStage(models.Model):
    """The day on which a stage was reached, with what proves it. Stages are added, never changed; the order is all they say."""

    class Stage(models.IntegerChoices):
        DRAFTED = 1, _("Drafted")
        CONSULTED = 2, _("Consulted")
        ADOPTED = 3, _("Adopted")
        BUDGETED = 4, _("Budgeted")
        IMPLEMENTED = 5, _("Implemented")

    step = models.ForeignKey(ReformStep, models.CASCADE, related_name="stages")
    stage = models.PositiveSmallIntegerField(_("stage"), choices=Stage)
    reached_on = models.DateField(_("reached on"))
    evidence = models.CharField(_("evidence"), max_length=500, help_text=_("What proves it and where it is kept."))
    women_consulted = models.PositiveIntegerField(_("women consulted"), null=True, blank=True)
    men_consulted = models.PositiveIntegerField(_("men consulted"), null=True, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        ordering = ["stage"]
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        constraints = [
            models.UniqueConstraint(
                fields=["step", "stage"], name="reform_stage_once",
                violation_error_message=_("This stage is recorded already."),
            ),
            models.CheckConstraint(
                condition=~Q(evidence=""), name="reform_stage_has_evidence",
                violation_error_message=_("A stage counts only with its evidence."),
            ),
            models.CheckConstraint(
                condition=Q(stage=2) | Q(women_consulted__isnull=True, men_consulted__isnull=True),
                name="reform_people_consulted_at_consultation",
                violation_error_message=_("People are counted where the stage is the consultation."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_stage_display()} {self.reached_on}"
