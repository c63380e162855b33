"""What happens: incidents as a partner or a public source tells them, without a name and never as a point on a map."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization, User
from accounts.roles import Permission
from communities.models.communities import Community
from locations.models import Place
from plumbing.constraints import both_or_neither, choices_held
from privacy.fields import EncryptedTextField
from programs.models.projects import Sensitivity
from programs.scope import ScopedQuerySet, Via

if TYPE_CHECKING:
    from accounts.models import Actor

# Incidents are reached through the places that projects work in: who works in an area sees what happened there.
_PROJECTS = {"project": "ancestor__projects__project", "program": "ancestor__projects__project__program"}
SCOPE: dict[str, str | Via] = {
    **{name: Via("place", "locations.PlaceTree", "descendant", target) for name, target in _PROJECTS.items()},
    "partner": "organization",
    "place": "place",
}


class IncidentQuerySet(ScopedQuerySet["Incident"]):
    read_permission = Permission.READ_COMMUNITIES
    scope_paths = SCOPE

    def counting(self) -> IncidentQuerySet:
        """Each event once: what a person found to be the same as another does not count."""
        return self.filter(same_as__isnull=True)


@choices_held("type", "actor_1", "actor_2", "date_precision", "geo_precision", "reliability", "credibility", "sensitivity")
class Incident(models.Model):
    class Type(models.TextChoices):
        """Sexual violence is not among them: place and date of one event would find the survivor. See ``ViolationCount``."""

        BATTLE = "battle", _("Battle")
        REMOTE = "remote", _("Explosion or remote violence")
        CIVILIAN_ATTACK = "civilian_attack", _("Attack on civilians")
        ABDUCTION = "abduction", _("Abduction")
        MOB = "mob", _("Mob violence")
        VIOLENT_DEMO = "violent_demo", _("Violent demonstration")
        PROTEST = "protest", _("Protest")
        FORCE_ON_PROTEST = "force_on_protest", _("Excessive force against protesters")
        PROPERTY = "property", _("Looting or destruction")
        TERRITORY_AGREEMENT_OTHER = "territory_agreement_other", _("Territory, agreement, other development")
        INTERCOMMUNAL = "intercommunal", _("Violence between communities")
        RECRUITMENT = "recruitment", _("Armed recruitment")
        DISPLACEMENT = "displacement", _("Displacement")
        LAND_DISPUTE = "land_dispute", _("Land dispute")
        THREAT = "threat", _("Threat")

    class Actor(models.IntegerChoices):
        """ACLED inter codes."""

        STATE = 1, _("State forces")
        REBEL = 2, _("Rebel group")
        POLITICAL_MILITIA = 3, _("Political militia")
        IDENTITY_MILITIA = 4, _("Identity militia")
        RIOTERS = 5, _("Rioters")
        PROTESTERS = 6, _("Protesters")
        CIVILIANS = 7, _("Civilians")
        EXTERNAL = 8, _("External or other")

    class DatePrecision(models.IntegerChoices):
        DAY = 1, _("That day")
        WEEK = 2, _("That week")
        MONTH = 3, _("That month")

    class GeoPrecision(models.IntegerChoices):
        EXACT = 1, _("At this place")
        NEAR = 2, _("Near it")
        REGION = 3, _("Somewhere in the region")

    class Reliability(models.TextChoices):
        A = "A", _("A: reliable")
        B = "B", _("B: usually reliable")
        C = "C", _("C: fairly reliable")
        D = "D", _("D: not usually reliable")
        E = "E", _("E: unreliable")
        F = "F", _("F: cannot be judged")

    class Credibility(models.IntegerChoices):
        ONE = 1, _("1: confirmed by other sources")
        TWO = 2, _("2: probably true")
        THREE = 3, _("3: possibly true")
        FOUR = 4, _("4: doubtful")
        FIVE = 5, _("5: improbable")
        SIX = 6, _("6: cannot be judged")

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="incidents", verbose_name=_("recorded for"))
    community = models.ForeignKey(Community, models.SET_NULL, null=True, blank=True, related_name="incidents", verbose_name=_("community"))
    event_date = models.DateField(_("date"))
    date_precision = models.PositiveSmallIntegerField(_("how exact the date is"), choices=DatePrecision, default=DatePrecision.DAY)
    place = models.ForeignKey(Place, models.PROTECT, related_name="incidents", verbose_name=_("place"))
    area = models.ForeignKey(Place, models.PROTECT, related_name="+", editable=False, verbose_name=_("admin 2"))
    geo_precision = models.PositiveSmallIntegerField(_("how exact the place is"), choices=GeoPrecision, default=GeoPrecision.EXACT)
    type = models.CharField(_("kind"), max_length=30, choices=Type)
    sub_type = models.CharField(_("sub-type"), max_length=60, blank=True)
    actor_1 = models.PositiveSmallIntegerField(_("first side"), choices=Actor, null=True, blank=True)
    actor_2 = models.PositiveSmallIntegerField(_("other side"), choices=Actor, null=True, blank=True)
    fatalities_low = models.PositiveIntegerField(_("killed, at least"), null=True, blank=True)
    fatalities_best = models.PositiveIntegerField(_("killed, best estimate"), null=True, blank=True)
    fatalities_high = models.PositiveIntegerField(_("killed, at most"), null=True, blank=True)
    civilians_targeted = models.BooleanField(_("aimed at civilians"), default=False)
    displaced = models.PositiveIntegerField(_("people displaced"), null=True, blank=True)
    displaced_from = models.ForeignKey(
        Place, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=pgettext_lazy("a place", "from")
    )
    displaced_to = models.ForeignKey(
        Place, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=pgettext_lazy("a place", "to")
    )
    source = models.CharField(_("source"), max_length=120, help_text=_("Its kind, never its name: “police post”, “community monitor”."))
    source_ref = models.CharField(_("the source's own number"), max_length=80, blank=True)
    reliability = models.CharField(_("reliability of the source"), max_length=1, choices=Reliability, default=Reliability.F)
    credibility = models.PositiveSmallIntegerField(_("credibility of what it says"), choices=Credibility, default=Credibility.SIX)
    sensitivity = models.PositiveSmallIntegerField(_("sensitivity class"), choices=Sensitivity, default=Sensitivity.CONFIDENTIAL)
    same_as = models.ForeignKey("self", models.PROTECT, null=True, blank=True, editable=False, related_name="repeated_by")
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-event_date", "-id"]
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "source", "source_ref"],
                condition=~Q(source_ref=""),
                name="incident_source_ref_once",
                violation_error_message=_("This source already told of this event under the same number."),
            ),
            models.CheckConstraint(
                condition=~Q(source=""), name="incident_has_a_source", violation_error_message=_("Say what kind of source told of it.")
            ),
            models.CheckConstraint(
                condition=~Q(sub_type__icontains="sexual"),
                name="incident_never_sexual_violence",
                violation_error_message=_("Sexual violence is never recorded as one event: count it by quarter."),
            ),
            models.CheckConstraint(
                condition=(
                    Q(fatalities_low__isnull=True) | Q(fatalities_best__isnull=True) | Q(fatalities_low__lte=models.F("fatalities_best"))
                )
                & (Q(fatalities_best__isnull=True) | Q(fatalities_high__isnull=True) | Q(fatalities_best__lte=models.F("fatalities_high")))
                & (Q(fatalities_low__isnull=True) | Q(fatalities_high__isnull=True) | Q(fatalities_low__lte=models.F("fatalities_high"))),
                name="incident_fatalities_in_order",
                violation_error_message=_("At least, best estimate, at most: each is not below the one before."),
            ),
            both_or_neither("verified_at", "verified_by", name="incident_verified_when_and_by"),
            models.CheckConstraint(
                condition=Q(verified_by__isnull=True) | ~Q(verified_by=models.F("recorded_by")),
                name="incident_verified_by_a_second_person",
                violation_error_message=_("Who recorded an incident does not verify it."),
            ),
            models.CheckConstraint(condition=Q(same_as__isnull=True) | ~Q(same_as=models.F("pk")), name="incident_not_the_same_as_itself"),
        ]
        indexes = [
            models.Index(fields=["community", "event_date"], name="incident_of_community"),
            models.Index(fields=["area", "event_date"], name="incident_of_area"),
            models.Index(fields=["-event_date", "-id"], name="incident_newest"),
            models.Index(fields=["organization", "event_date"], name="incident_of_partner"),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.event_date}"

    @property
    def is_verified(self) -> bool:
        return self.verified_at is not None

    @property
    def told(self) -> IncidentWords:
        """The words that came with it; an unsaved, empty row where there are none."""
        return getattr(self, "words", None) or IncidentWords(incident=self)


class IncidentWords(models.Model):
    """What was told in free words: it may name people, so it is encrypted and read on the incident's own page only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.OneToOneField(Incident, models.CASCADE, related_name="words")
    text = EncryptedTextField(
        _("what happened"), blank=True, default="", help_text=_("No names. Stays inside and encrypted: it is in no export, map or report.")
    )
    source_detail = EncryptedTextField(
        _("about the source"), blank=True, default="",
        help_text=_("How far it saw it itself, how to ask again. No names. Encrypted, for those who record and verify."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("words of an incident")
        verbose_name_plural = _("words of incidents")

    def __str__(self) -> str:
        return str(self.pk)


@choices_held("what", "sex", "band")
class Harm(models.Model):
    """Adults harmed in an incident, by sex and age band. Children are only in monthly counts."""

    class What(models.TextChoices):
        KILLED = "killed", _("Killed")
        INJURED = "injured", _("Injured")
        ABDUCTED = "abducted", _("Abducted")
        OTHER = "other", _("Otherwise harmed")

    class Sex(models.TextChoices):
        FEMALE = "female", _("Women")
        MALE = "male", _("Men")
        UNKNOWN = "unknown", _("Not known")

    class Band(models.TextChoices):
        YOUNG = "18-29", _("18–29")
        ADULT = "30-59", _("30–59")
        OLD = "60+", _("60 and over")
        UNKNOWN = "adult", _("18 and over, not known closer")

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="harm")
    what = models.CharField(max_length=10, choices=What)
    sex = models.CharField(max_length=8, choices=Sex)
    band = models.CharField(max_length=8, choices=Band)
    number = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("harm")
        verbose_name_plural = _("harm")
        constraints = [models.UniqueConstraint(fields=["incident", "what", "sex", "band"], name="harm_once_per_cell")]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.what} {self.number}"


class LikenessQuerySet(models.QuerySet["Likeness"]):
    def visible_to(self, user: Any, permission: Permission | None = None) -> LikenessQuerySet:
        seen = Incident.objects.visible_to(user, permission)  # asked pair by pair: there are far fewer of them than incidents
        return self.filter(*(Exists(seen.order_by().filter(pk=OuterRef(side))) for side in ("first", "second")))

    def open(self) -> LikenessQuerySet:
        return self.filter(decided_at__isnull=True)


@choices_held("decision")
class Likeness(models.Model):
    """Two incidents that may be one. The portal proposes, a person decides; nothing is merged and nothing is lost."""

    class Decision(models.TextChoices):
        OPEN = "", _("Not decided")
        SAME = "same", _("The same event")
        DIFFERENT = "different", _("Different events")

    first = models.ForeignKey(Incident, models.CASCADE, related_name="likely_later")
    second = models.ForeignKey(Incident, models.CASCADE, related_name="likely_earlier")
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.OPEN, blank=True)
    proposed_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")

    objects = LikenessQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("likely duplicate")
        verbose_name_plural = _("likely duplicates")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="likeness_once"),
            models.CheckConstraint(condition=Q(first__lt=models.F("second")), name="likeness_earlier_first"),
            both_or_neither("decided_at", "decided_by", name="likeness_decided_when_and_by"),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decision="") | (Q(decided_at__isnull=False) & ~Q(decision="")),
                name="likeness_decided_one_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} {self.second_id}"


class ViolationCountQuerySet(ScopedQuerySet["ViolationCount"]):
    read_permission = Permission.VERIFY_INCIDENTS
    scope_paths = {
        **{name: Via("area", "locations.PlaceTree", "ancestor", target.replace("ancestor", "descendant", 1)) for name, target in _PROJECTS.items()},
        "partner": "organization",
        "place": "area",
    }  # fmt: skip

    def readable_by(self, user: Actor) -> ViolationCountQuerySet:
        """Counts of whoever verifies incidents in the area, and of the organization that recorded them: nobody else reads these."""
        return self.visible_to(user) | self.visible_to(user, Permission.RECORD_COMMUNITIES)


@choices_held("kind")
class ViolationCount(models.Model):
    """Sexual violence by quarter and grave violations against children by month, as a number for an area: no row per event."""

    class Kind(models.TextChoices):
        SEXUAL_VIOLENCE = "sexual_violence", _("Sexual violence")
        CHILD_KILLING = "child_killing", _("Killing and maiming of children")
        CHILD_RECRUITMENT = "child_recruitment", _("Recruitment and use of children")
        CHILD_SEXUAL_VIOLENCE = "child_sexual_violence", _("Sexual violence against children")
        CHILD_ABDUCTION = "child_abduction", _("Abduction of children")
        SCHOOL_HOSPITAL = "school_hospital", _("Attacks on schools and hospitals")
        AID_DENIED = "aid_denied", _("Denial of humanitarian access to children")

    QUARTERLY = ("sexual_violence", "child_sexual_violence")

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("recorded for"))
    kind = models.CharField(_("kind"), max_length=24, choices=Kind)
    area = models.ForeignKey(Place, models.PROTECT, related_name="+", verbose_name=_("admin 1"))
    starts_on = models.DateField(_("first day of the month or quarter"))
    number = models.PositiveIntegerField(_("number"))
    source = models.CharField(_("source"), max_length=120)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = ViolationCountQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "id"]
        verbose_name = _("count of violations")
        verbose_name_plural = _("counts of violations")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "area", "starts_on", "source"],
                name="violation_count_once",
                violation_error_message=_("This source already has a number for this area and time."),
            ),
            models.CheckConstraint(
                condition=Q(starts_on__day=1), name="violation_count_from_the_first",
                violation_error_message=_("Give the first day of the month or quarter."),
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["sexual_violence", "child_sexual_violence"]) | Q(starts_on__month__in=[1, 4, 7, 10]),
                name="violation_count_sexual_by_quarter",
                violation_error_message=_("Sexual violence is counted by quarter: give the first day of one."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.starts_on}"
