"""The map of what there is: opportunities (courses, jobs, loans, tools) and services. Nothing here is about a person."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import practice
from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing.constraints import both_or_neither, choices_held, in_order
from plumbing.numbers import Money
from programs.models import Program
from programs.scope import ScopedQuerySet, Via
from reintegration.models.cases import ServiceKind

if TYPE_CHECKING:
    from typing import Self


class Sector(models.TextChoices):
    """Trades that people learn and work in; a profile names its wish with the same words."""

    FARMING = "farming", _("Farming")
    LIVESTOCK = "livestock", _("Livestock")
    FISHING = "fishing", _("Fishing")
    FOOD = "food", _("Food and catering")
    TRADE = "trade", _("Market trade")
    METAL = "metal", _("Metal work and welding")
    WOOD = "wood", _("Carpentry")
    BUILDING = "building", _("Building")
    TAILORING = "tailoring", _("Tailoring")
    REPAIR = "repair", _("Vehicle and motor repair")
    ENERGY = "energy", _("Solar and electric fitting")
    TRANSPORT = "transport", _("Transport")
    DIGITAL = "digital", _("Computers and phones")
    CARE = "care", _("Health and care work")
    SCHOOLING = "schooling", _("School and literacy")
    OTHER = "other", _("Other sector")


class Answer(models.TextChoices):
    """Whether an offer has something; what nobody asked is not a no."""

    YES = "yes", _("Yes")
    NO = "no", _("No")
    UNKNOWN = "unknown", _("Ask first")


class MapQuerySet(ScopedQuerySet[models.Model]):
    """A program's partners share its map."""

    read_permission = Permission.READ_ACTIVITIES
    scope_paths = {
        "program": "program",
        "project": Via("program", "programs.Project", "program", "pk"),
        "partner": Via("program", "programs.ProjectPartner", "project__program", "organization"),
        "place": "place",
    }

    def unchecked(self, today: date) -> Self:
        """Nobody has verified these lately."""
        return self.filter(Q(verified_on__isnull=True) | Q(verified_on__lt=stale_before(today)))


def stale_before(today: date) -> date:
    return today - timedelta(days=practice.whole("offer-stale-days"))


class MapEntry(models.Model):
    """What an opportunity and a service have in common: whose map, who keeps the entry, who offers it where, when it was checked."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    kept_by = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", verbose_name=_("kept by"), help_text=_("The organization that keeps this entry up to date.")
    )  # fmt: skip
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("provider in the portal"),
        help_text=_("Where the provider works in the portal, so that a referral can reach it."),
    )  # fmt: skip
    provider = models.CharField(_("provider"), max_length=200, help_text=_("The name people know it by; no name of a person."))
    place = models.ForeignKey(Place, models.PROTECT, related_name="+", verbose_name=_("place"))
    verified_on = models.DateField(_("last verified on"), null=True, blank=True, editable=False)
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        abstract = True

    def is_stale(self, limit: date) -> bool:
        """``limit`` from ``stale_before``, asked once for a whole list."""
        return self.verified_on is None or self.verified_on < limit


class OpportunityQuerySet(MapQuerySet):
    def on_offer(self, today: date) -> Self:
        """Open, not over, and not known to be full."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today), status="open").exclude(free_places=0)


@choices_held("sector", "kind", "status", "for_women", "for_youth", "for_disabled", "child_care", "housing", "demand")
class Opportunity(MapEntry):
    class Kind(models.TextChoices):
        TRAINING = "training", _("Training")
        APPRENTICESHIP = "apprenticeship", _("Apprenticeship")
        JOB = "job", _("Job")
        PUBLIC_WORKS = "public_works", _("Public works")
        GRANT = "grant", _("Grant")
        LOAN = "loan", _("Loan or savings group")
        TOOL_KIT = "tool_kit", _("Tools or inputs")
        BUSINESS = "business", _("Business advice")
        LAND = "land", _("Land")

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        FULL = "full", _("Full")
        PAUSED = "paused", _("Paused")
        ENDED = "ended", _("Ended")

    class Demand(models.TextChoices):
        HIGH = "high", _("High")
        MEDIUM = "medium", _("Medium")
        LOW = "low", _("Low")
        UNKNOWN = "unknown", _("Not known")

    title = models.CharField(_("what"), max_length=200)
    sector = models.CharField(_("sector"), max_length=10, choices=Sector)
    kind = models.CharField(_("kind"), max_length=14, choices=Kind)
    free_places = models.PositiveIntegerField(_("free places"), null=True, blank=True, help_text=_("Empty: not known."))
    has_no_limit = models.BooleanField(_("no limit of places"), default=False)
    starts_on = models.DateField(_("starts on"), null=True, blank=True, help_text=_("Empty: at any time."))
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    cost = Money(_("cost to the participant"), null=True, blank=True, help_text=_("0: free of charge. Empty: not known."))
    currency = models.CharField(_("currency"), max_length=3, blank=True, help_text=_("Three letters, such as SSP."))
    for_women = models.CharField(_("open to women"), max_length=7, choices=Answer, default=Answer.UNKNOWN)
    for_youth = models.CharField(_("open to youth"), max_length=7, choices=Answer, default=Answer.UNKNOWN)
    for_disabled = models.CharField(_("open to people with disabilities"), max_length=7, choices=Answer, default=Answer.UNKNOWN)
    child_care = models.CharField(_("child care"), max_length=7, choices=Answer, default=Answer.UNKNOWN)
    housing = models.CharField(_("housing for who comes from elsewhere"), max_length=7, choices=Answer, default=Answer.UNKNOWN)
    demand = models.CharField(_("demand on the market"), max_length=7, choices=Demand, default=Demand.UNKNOWN)
    inputs = models.CharField(_("what one needs to bring"), max_length=300, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True, help_text=_("How to apply. No names of people."))
    status = models.CharField(_("status"), max_length=6, choices=Status, default=Status.OPEN)

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        ordering = ["starts_on", "title"]
        verbose_name = _("opportunity")
        verbose_name_plural = _("opportunities")
        constraints = [
            in_order("starts_on", "ends_on", name="opportunity_dates_in_order"),
            both_or_neither("verified_on", "verified_by", name="opportunity_verified_on_and_by"),
            models.CheckConstraint(
                condition=Q(has_no_limit=False) | Q(free_places__isnull=True),
                name="opportunity_without_limit_counts_no_places",
                violation_error_message=_("Without a limit there is no number of free places."),
            ),
            models.CheckConstraint(
                condition=Q(cost__isnull=True) | Q(cost=0) | ~Q(currency=""),
                name="opportunity_cost_has_a_currency",
                violation_error_message=_("Say in which currency the cost is."),
            ),
            models.CheckConstraint(
                condition=Q(cost__isnull=True) | Q(cost__gte=0),
                name="opportunity_cost_not_negative",
                violation_error_message=_("A cost is 0 or more."),
            ),
        ]
        indexes = [models.Index(fields=["program", "status", "starts_on"], name="opportunity_by_program")]

    def __str__(self) -> str:
        return self.title


@choices_held("fact")
class Requirement(models.Model):
    """One fact that an opportunity asks for."""

    class Fact(models.TextChoices):
        READS_AND_WRITES = "reads_and_writes", _("reads and writes")
        PRIMARY = "primary", _("finished primary school")
        SECONDARY = "secondary", _("finished secondary school")
        IDENTITY_DOCUMENT = "identity_document", _("has an identity document")
        SAVES = "saves", _("saves in a group")
        LAND = "land", _("has land to use")
        TOOLS = "tools", _("has own tools")
        SKILL = "skill", _("knows the trade already")
        LICENCE = "licence", _("has a driving licence")

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="requirements")
    fact = models.CharField(_("asks for"), max_length=20, choices=Fact)

    class Meta:
        ordering = ["fact"]
        verbose_name = _("requirement")
        verbose_name_plural = _("requirements")
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity", "fact"], name="opportunity_requirement_once", violation_error_message=_("This is asked for already.")
            )
        ]

    def __str__(self) -> str:
        return self.get_fact_display()


class MappedServiceQuerySet(MapQuerySet):
    pass


@choices_held("kind", "status")
class MappedService(MapEntry):
    """One line of the service map: who helps with what, where, for whom, and how a referral gets there."""

    class Status(models.TextChoices):
        OPEN = "open", _("Takes people")
        FULL = "full", _("Full")
        CLOSED = "closed", _("Closed")

    kind = models.CharField(_("service"), max_length=14, choices=ServiceKind)
    eligibility = models.CharField(_("for whom"), max_length=300, blank=True)
    capacity = models.PositiveIntegerField(_("people a month"), null=True, blank=True, help_text=_("Empty: not known."))
    focal_role = models.CharField(_("focal point"), max_length=120, blank=True, help_text=_("A function, such as “intake nurse”; no name."))
    route = models.CharField(_("how a referral gets there"), max_length=300, blank=True)
    hours = models.CharField(_("opening hours"), max_length=120, blank=True)
    status = models.CharField(_("status"), max_length=6, choices=Status, default=Status.OPEN)

    objects = MappedServiceQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "provider"]
        verbose_name = _("service on the map")
        verbose_name_plural = _("services on the map")
        constraints = [
            both_or_neither("verified_on", "verified_by", name="service_verified_on_and_by"),
            models.UniqueConstraint(
                fields=["program", "kind", "provider", "place"],
                name="service_once_on_the_map",
                violation_error_message=_("This service of this provider is on the map there already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.provider}"
