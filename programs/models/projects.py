"""Programs, projects and the results they promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization, User
from locations.models import Place
from plumbing.constraints import both_or_neither, choices_held, in_order
from plumbing.shipped_names import shipped_name
from programs.scope import PROJECT_PARTNER, PROJECT_PLACE, ScopedQuerySet, Via, program_scope

if TYPE_CHECKING:
    from accounts.models import Actor


class Sensitivity(models.IntegerChoices):
    """One scale for everything; the strictest of project and definition decides (domain/data-protection.md section 2)."""

    PUBLIC = 1, _("Public")
    INTERNAL = 2, _("Internal")
    CONFIDENTIAL = 3, _("Confidential")
    STRICT = 4, _("Strict")


class Level(models.TextChoices):
    INDIVIDUAL = "individual", _("Individual")
    COMMUNITY = "community", _("Community")
    INSTITUTION = "institution", pgettext_lazy("a level", "Institution")


class ActivityStatus(models.TextChoices):
    """IATI ActivityStatus."""

    PIPELINE = "1", _("Pipeline")
    IMPLEMENTATION = "2", _("Implementation")
    FINALISATION = "3", _("Finalisation")
    CLOSED = "4", _("Closed")
    CANCELLED = "5", _("Cancelled")
    SUSPENDED = "6", _("Suspended")


class Theme(models.Model):
    """The portfolio's own words for what it works on; an administrator keeps the list."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "name"]
        verbose_name = _("theme")
        verbose_name_plural = _("themes")

    def __str__(self) -> str:
        return shipped_name(self.name)


class ProgramQuerySet(models.QuerySet["Program"]):
    def visible_to(self, user: Actor) -> ProgramQuerySet:
        """Programs with a project one may read; who holds a whole program sees it before it has any."""
        return self.filter(program_scope(user))

    def narrowed_to(self, program: int) -> ProgramQuerySet:
        return self.filter(pk=program)


@choices_held("status")
class Program(models.Model):
    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    status = models.CharField(_("status"), max_length=1, choices=ActivityStatus, default=ActivityStatus.IMPLEMENTATION)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="programs", verbose_name=_("run by"))
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = ProgramQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("program")
        verbose_name_plural = _("programs")
        constraints = [
            in_order("starts_on", "ends_on", name="program_dates_in_order"),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectQuerySet(ScopedQuerySet["Project"]):
    scope_paths = {
        "project": "pk",
        "program": "program",
        "partner": Via("pk", "programs.ProjectPartner", "project", "organization"),
        "place": Via("pk", "programs.ProjectPlace", "project", "place"),
    }

    def running(self) -> ProjectQuerySet:
        return self.filter(status__in=[ActivityStatus.IMPLEMENTATION, ActivityStatus.FINALISATION])


@choices_held("status", "sensitivity")
class Project(models.Model):
    program = models.ForeignKey(Program, models.PROTECT, related_name="projects", verbose_name=_("program"))
    code = models.CharField(_("code"), max_length=30, unique=True)
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    status = models.CharField(_("status"), max_length=1, choices=ActivityStatus, default=ActivityStatus.IMPLEMENTATION)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"), help_text=_("The last approved end date."))
    first_ends_on = models.DateField(_("end as first approved"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    sensitivity = models.PositiveSmallIntegerField(_("sensitivity class"), choices=Sensitivity, default=Sensitivity.INTERNAL)
    manager = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="managed_projects", verbose_name=_("project manager")
    )
    framework_agreed_on = models.DateField(
        _("framework agreed on"), null=True, blank=True, help_text=_("From then on every edit is recorded and shown to the partners.")
    )
    updated_at = models.DateTimeField(auto_now=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints = [
            in_order("starts_on", "ends_on", name="project_dates_in_order"),
            models.CheckConstraint(
                condition=Q(first_ends_on__isnull=True) | Q(ends_on__gte=models.F("first_ends_on")),
                name="project_extended_not_shortened",
                violation_error_message=_("The extended end date lies before the end as first approved."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class ProjectTheme(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="themes")
    theme = models.ForeignKey(Theme, models.PROTECT, related_name="projects", verbose_name=_("theme"))
    share = models.PositiveSmallIntegerField(_("share of the money, %"))

    class Meta:
        verbose_name = _("theme share")
        verbose_name_plural = _("theme shares")
        constraints = [
            models.UniqueConstraint(fields=["project", "theme"], name="project_theme_once"),
            models.CheckConstraint(condition=Q(share__range=(1, 100)), name="project_theme_share_1_to_100"),
        ]

    def __str__(self) -> str:
        return f"{self.theme} {self.share} %"


@choices_held("level")
class ProjectLevel(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="levels")
    level = models.CharField(_("level"), max_length=12, choices=Level)
    share = models.PositiveSmallIntegerField(_("share of the money, %"))

    class Meta:
        verbose_name = _("level share")
        verbose_name_plural = _("level shares")
        constraints = [
            models.UniqueConstraint(fields=["project", "level"], name="project_level_once"),
            models.CheckConstraint(condition=Q(share__range=(1, 100)), name="project_level_share_1_to_100"),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()} {self.share} %"


@choices_held("role")
class ProjectPartner(models.Model):
    class Role(models.TextChoices):
        """IATI OrganisationRole."""

        FUNDING = "1", _("Funding")
        ACCOUNTABLE = "2", _("Accountable")
        EXTENDING = "3", _("Extending")
        IMPLEMENTING = "4", _("Implementing")

    project = models.ForeignKey(Project, models.CASCADE, related_name="partners")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="project_roles", verbose_name=_("organization"))
    role = models.CharField(_("role"), max_length=1, choices=Role, default=Role.IMPLEMENTING)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("partner of a project")
        verbose_name_plural = _("partners of projects")
        constraints = [
            models.UniqueConstraint(fields=["project", "organization", "role"], name="project_partner_once_per_role"),
            in_order("starts_on", "ends_on", name="project_partner_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.organization} ({self.get_role_display()})"


class ProjectPlace(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="places")
    place = models.ForeignKey(Place, models.PROTECT, related_name="projects", verbose_name=_("place"))

    class Meta:
        verbose_name = _("place of a project")
        verbose_name_plural = _("places of projects")
        constraints = [models.UniqueConstraint(fields=["project", "place"], name="project_place_once")]

    def __str__(self) -> str:
        return str(self.place)


@choices_held("scheme")
class Marker(models.Model):
    """A project holds several independent markers; never one "gender marker" column."""

    class Scheme(models.TextChoices):
        PBF_GENDER = "pbf_gender", _("PBF gender marker (0–3)")
        PBF_RISK = "pbf_risk", _("PBF risk marker (0–2)")
        DAC_GENDER = "dac_1", _("DAC 1 gender equality (0–2)")
        DAC_GOVERNANCE = "dac_3", _("DAC 3 participatory development and good governance (0–2)")
        DAC_DISASTER = "dac_10", _("DAC 10 disaster risk reduction (0–2)")
        DAC_DISABILITY = "dac_11", _("DAC 11 disability (0–2)")
        SDG_TARGET = "sdg_target", _("SDG 16 target")
        NEXUS = "nexus", _("Nexus pillar (humanitarian, development, peace)")
        UN_SUSTAINING_PEACE = "un_peace", _("UN sustaining peace marker (0–3)")

    project = models.ForeignKey(Project, models.CASCADE, related_name="markers")
    scheme = models.CharField(_("scheme"), max_length=12, choices=Scheme)
    value = models.CharField(_("value"), max_length=12, help_text=_("A score, an SDG target such as 16.1, or a pillar H, D or P."))
    share = models.PositiveSmallIntegerField(_("share, %"), null=True, blank=True, help_text=_("For nexus pillars: together 100."))
    justification = models.TextField(_("justification"), help_text=_("Up to three sentences: what the project document shows."))
    screened_on = models.DateField(_("screened on"), null=True, blank=True)
    screened_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("screened by"))

    class Meta:
        ordering = ["scheme", "value"]
        verbose_name = _("marker")
        verbose_name_plural = _("markers")
        constraints = [
            models.UniqueConstraint(fields=["project", "scheme", "value"], name="marker_once"),
            models.UniqueConstraint(
                fields=["project", "scheme"],
                condition=~Q(scheme__in=["sdg_target", "nexus"]),
                name="marker_one_score_per_scheme",
                violation_error_message=_("This project already has a score on this scheme."),
            ),
            models.CheckConstraint(
                condition=(
                    Q(scheme__in=["pbf_gender", "un_peace"], value__in=["0", "1", "2", "3"])
                    | Q(scheme__in=["pbf_risk", "dac_1", "dac_3", "dac_10", "dac_11"], value__in=["0", "1", "2"])
                    | Q(scheme="sdg_target", value__in=[f"16.{n}" for n in (*range(1, 11), "a", "b")])
                    | Q(scheme="nexus", value__in=["H", "D", "P"])
                ),
                name="marker_value_of_its_scheme",
                violation_error_message=_("This value does not belong to the scheme."),
            ),
            both_or_neither("screened_on", "screened_by", name="marker_screened_when_and_by"),
            models.CheckConstraint(condition=Q(share__isnull=True) | Q(share__range=(0, 100)), name="marker_share_0_to_100"),
        ]

    def __str__(self) -> str:
        return f"{self.get_scheme_display()}: {self.value}"


class ResultQuerySet(ScopedQuerySet["Result"]):
    scope_paths = {"project": "project", "program": "project__program", "partner": PROJECT_PARTNER, "place": PROJECT_PLACE}


@choices_held("kind", "level")
class Result(models.Model):
    """One box of a project's results tree."""

    class Kind(models.TextChoices):
        IMPACT = "impact", _("Impact")
        OUTCOME = "outcome", _("Outcome")
        OUTPUT = "output", _("Output")

    project = models.ForeignKey(Project, models.CASCADE, related_name="results", verbose_name=_("project"))
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("under"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    level = models.CharField(_("level"), max_length=12, choices=Level)
    code = models.CharField(_("number"), max_length=30, help_text=_("As in the project document, such as 1.2."))
    title = models.CharField(_("title"), max_length=500)
    description = models.TextField(_("description"), blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = ResultQuerySet.as_manager()

    class Meta:
        ordering = ["order", "id"]
        verbose_name = _("result")
        verbose_name_plural = _("results")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "code"],
                name="result_code_once",
                violation_error_message=_("This project already has a result of that kind with this number."),
            ),
            models.CheckConstraint(
                condition=~Q(kind="output") | Q(parent__isnull=False),
                name="output_under_an_outcome",
                violation_error_message=_("An output hangs under an outcome: choose it."),
            ),
            models.CheckConstraint(
                condition=~Q(kind="impact") | Q(parent__isnull=True),
                name="impact_on_top",
                violation_error_message=_("An impact stands at the top of the tree."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.code} {self.title}"


class FrameworkChange(models.Model):
    """An edit to an agreed framework, shown to the partners: what was and what is."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="framework_changes")
    what = models.CharField(max_length=200)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.what
