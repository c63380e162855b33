"""Forums of every kind: their seats and quotas, sessions, decisions, agreements, commitments and the concerns raised in them."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization, User
from accounts.roles import Permission
from communities.models.records import DisputeKind, ForumScopedQuerySet, Group, LocalRecord, MediatorKind
from locations.models import Place
from plumbing.constraints import both_or_neither, choices_held, in_order
from programs.models import ActivityRecord
from programs.scope import ScopedQuerySet

OF_FORUM = {
    "project": "forum__project", "program": "forum__project__program", "partner": "forum__partner", "place": "forum__place"
}  # fmt: skip


class ForumQuerySet(ForumScopedQuerySet["Forum"]):
    def meeting(self) -> ForumQuerySet:
        return self.filter(ended_on__isnull=True)


@choices_held("kind")
class Forum(LocalRecord):
    """People who meet again and again to decide or to settle: a committee, a dialogue, a meeting with police or government."""

    class Kind(models.TextChoices):
        COMMITTEE = "committee", _("Peace committee")
        DIALOGUE = "dialogue", _("Dialogue process")
        POLICE = "police", _("Community–police forum")
        GOVERNMENT = "government", _("Government–citizen meeting")
        COUNCIL = "council", _("Local council")
        YOUTH = "youth", _("Youth committee")
        SAFETY = "safety", _("Safety committee")
        OTHER = "other", _("Another forum")

    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    institution = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="institution_forums", verbose_name=_("institution"),
        help_text=_("The authority that meets people here, where there is one."),
    )  # fmt: skip
    purpose = models.TextField(_("what it is for"), blank=True)
    started_on = models.DateField(_("meets since"))
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    next_session_on = models.DateField(_("next session on"), null=True, blank=True)
    next_session_note = models.CharField(_("about the next session"), max_length=200, blank=True)

    objects = ForumQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("forum")
        verbose_name_plural = _("forums")
        constraints = [
            in_order("started_on", "ended_on", name="forum_dates_in_order"),
            models.UniqueConstraint(
                fields=["project", "place", "name"],
                name="forum_name_once",
                violation_error_message=_("This project already has a forum of this name at this place."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_joint(self) -> bool:
        """Communities and an institution sit together."""
        return self.institution_id is not None or self.kind in JOINT


JOINT = (Forum.Kind.POLICE, Forum.Kind.GOVERNMENT)


class Sitting(models.Model):
    """Who sits since an election or appointment. Seats are public: small numbers are shown. The latest sitting is the present one."""

    forum = models.ForeignKey(Forum, models.CASCADE, related_name="sittings")
    since = models.DateField(_("elected or appointed on"))
    seats = models.PositiveSmallIntegerField(_("seats"))
    note = models.CharField(_("how they were chosen"), max_length=200, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        ordering = ["-since", "-id"]
        verbose_name = _("seats of a forum")
        verbose_name_plural = _("seats of forums")
        constraints = [
            models.UniqueConstraint(
                fields=["forum", "since"],
                name="sitting_once_a_day",
                violation_error_message=_("The seats of this day are already recorded."),
            ),
            models.CheckConstraint(
                condition=Q(seats__gt=0), name="sitting_has_seats", violation_error_message=_("A forum with seats has at least one.")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.forum_id} {self.since}"


@choices_held("group")
class SeatLine(models.Model):
    """Seats that one group holds, and the share agreed for it. A person can count in more than one line."""

    sitting = models.ForeignKey(Sitting, models.CASCADE, related_name="lines")
    group = models.CharField(_("group"), max_length=12, choices=Group)
    words = models.CharField(_("the group in its own words"), max_length=80, blank=True)
    held = models.PositiveSmallIntegerField(_("seats held"), null=True, blank=True, help_text=_("Empty: not known."))
    agreed = models.PositiveSmallIntegerField(_("agreed share, %"), null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("seats of a group")
        verbose_name_plural = _("seats of groups")
        constraints = [
            models.UniqueConstraint(fields=["sitting", "group", "words"], name="seat_line_once"),
            models.CheckConstraint(
                condition=Q(agreed__isnull=True) | Q(agreed__lte=100),
                name="seat_line_agreed_to_100",
                violation_error_message=_("An agreed share is between 0 and 100 %."),
            ),
        ]

    def __str__(self) -> str:
        return self.words or str(self.get_group_display())


class ForumSession(models.Model):
    """A meeting of a forum: an activity record, so that date, place and people present stand in one place."""

    forum = models.ForeignKey(Forum, models.CASCADE, related_name="sessions")
    activity = models.OneToOneField(ActivityRecord, models.PROTECT, related_name="forum_session")
    topic = models.CharField(_("what it was about"), max_length=300, blank=True)

    class Meta:
        ordering = ["activity__happened_on", "id"]
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return f"{self.forum_id} {self.activity_id}"


class DecisionQuerySet(ScopedQuerySet["Decision"]):
    read_permission = Permission.READ_FORUMS
    scope_paths = OF_FORUM


class Decision(models.Model):
    """What a forum decided, and whether somebody acted on it."""

    forum = models.ForeignKey(Forum, models.CASCADE, related_name="decisions")
    session = models.ForeignKey(ForumSession, models.SET_NULL, null=True, blank=True, related_name="decisions", verbose_name=_("session"))
    text = models.CharField(_("what was decided"), max_length=500)
    decided_on = models.DateField(_("decided on"))
    acted_on = models.DateField(_("acted on"), null=True, blank=True)
    evidence = models.CharField(_("how one can see it"), max_length=300, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-decided_on", "-id"]
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        constraints = [
            in_order("decided_on", "acted_on", name="decision_acted_on_after"),
            models.CheckConstraint(
                condition=Q(acted_on__isnull=True) | ~Q(evidence=""),
                name="decision_acted_on_is_seen",
                violation_error_message=_("Say how one can see that it was acted on."),
            ),
        ]

    def __str__(self) -> str:
        return self.text


class AgreementQuerySet(ForumScopedQuerySet["LocalAgreement"]):
    pass


@choices_held("dispute_kind", "stage", "status", "mediator")
class LocalAgreement(LocalRecord):
    """A local peace agreement. Parties are categories, never names. Stage and status carry the codes of PA-X."""

    class Stage(models.TextChoices):
        PRE = "Pre", _("Before negotiation")
        PARTIAL = "SubPar", _("Partial")
        COMPREHENSIVE = "SubComp", _("Comprehensive")
        CEASEFIRE = "Cea", _("Ceasefire")
        IMPLEMENTATION = "Imp", _("Implementation")
        RENEWAL = "Ren", _("Renewal")
        OTHER = "Oth", _("Other")

    class Status(models.TextChoices):
        SIGNED = "multiparty", _("Agreed by several parties")
        UNILATERAL = "unilateral", _("Declared by one party")
        UNCLEAR = "unclear", _("Not clear")

    forum = models.ForeignKey(Forum, models.PROTECT, null=True, blank=True, related_name="agreements", verbose_name=_("forum"))
    title = models.CharField(_("title"), max_length=200)
    signed_on = models.DateField(_("signed or agreed on"))
    parties = models.TextField(
        _("parties"), help_text=_("Categories such as “farmers of the north quarter”, one a line. No names of people.")
    )
    signatories_female = models.PositiveSmallIntegerField(_("women who signed"), null=True, blank=True)
    signatories_male = models.PositiveSmallIntegerField(_("men who signed"), null=True, blank=True)
    mediator = models.CharField(_("mediated by"), max_length=12, choices=MediatorKind)
    dispute_kind = models.CharField(_("about"), max_length=12, choices=DisputeKind)
    stage = models.CharField(_("stage"), max_length=8, choices=Stage)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.SIGNED)
    is_written = models.BooleanField(
        pgettext_lazy("an agreement", "written"), default=True, help_text=_("Otherwise it was agreed by word of mouth.")
    )
    witnesses = models.PositiveSmallIntegerField(_("witnesses"), null=True, blank=True)
    read_aloud_in = models.PositiveSmallIntegerField(_("languages in which it was read aloud"), null=True, blank=True)
    monitoring = models.CharField(_("who watches over it, and how"), max_length=300, blank=True)
    verified_by = models.CharField(_("verified by (role)"), max_length=120, blank=True)
    document = models.CharField(
        _("where the document is kept"), max_length=200, blank=True, help_text=_("Shown only to those who record forums.")
    )
    also_in = models.ManyToManyField(Place, blank=True, related_name="+", verbose_name=_("further places"))

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ["-signed_on", "-id"]
        verbose_name = _("local agreement")
        verbose_name_plural = _("local agreements")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "title", "signed_on"],
                name="agreement_once",
                violation_error_message=_("This agreement is already recorded."),
            ),
            models.CheckConstraint(
                condition=~Q(parties=""),
                name="agreement_has_parties",
                violation_error_message=_("Say who agreed, as categories of people."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class CommitmentQuerySet(ForumScopedQuerySet["Commitment"]):
    def with_standing(self, today: date) -> CommitmentQuerySet:
        """Annotate ``standing``: the state, where open is told apart into due later and overdue."""
        late = Q(state=Commitment.State.OPEN, due_on__lt=today)
        return self.annotate(standing=Case(When(late, then=Value("overdue")), default=F("state"), output_field=models.CharField()))

    def with_last_word(self) -> CommitmentQuerySet:
        """Annotate ``last_source`` and ``last_text``: what was heard of it last."""
        heard = CommitmentEvidence.objects.filter(commitment=OuterRef("pk")).order_by("-happened_on", "-id")
        return self.annotate(last_source=Subquery(heard.values("source")[:1]), last_text=Subquery(heard.values("text")[:1]))

    def due_until(self, day: date) -> CommitmentQuerySet:
        """Open ones whose day has come by ``day``."""
        return self.filter(state=Commitment.State.OPEN, due_on__lte=day)


@choices_held("state", "topic")
class Commitment(LocalRecord):
    """Who promised what by when: in a forum, an agreement or the settlement of a dispute. A breach counts only with two sources."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        KEPT = "kept", _("Kept")
        BREACH_REPORTED = "breach_reported", _("Breach reported")
        BREACHED = "breached", _("Breached")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Topic(models.TextChoices):
        """A selection of the topics of PA-X."""

        NONE = "", _("No topic")
        WOMEN = "GeWom", _("Women")
        POLICE = "SsrPol", _("Police")
        ARMED_FORCES = "SsrArm", _("Armed forces")
        DEMOBILIZATION = "SsrDdr", _("Disarmament, demobilization and reintegration")
        JUSTICE = "TjGen", _("Transitional justice")
        AMNESTY = "TjAm", _("Amnesty")
        REPARATION = "TjRep", _("Reparation")
        CIVIL_SOCIETY = "Civso", _("Civil society")
        LAND = "LaRef", _("Land")
        CEASEFIRE = "Ce", _("Ceasefire")

    forum = models.ForeignKey(Forum, models.PROTECT, null=True, blank=True, related_name="commitments", verbose_name=_("forum"))
    agreement = models.ForeignKey(
        LocalAgreement, models.PROTECT, null=True, blank=True, related_name="commitments", verbose_name=_("agreement")
    )
    dispute = models.ForeignKey(
        "communities.Dispute", models.PROTECT, null=True, blank=True, related_name="commitments", verbose_name=_("dispute")
    )
    text = models.CharField(_("what was promised"), max_length=300)
    who = models.CharField(_("who promised"), max_length=120, help_text=_("A role or group, such as “herders’ committee”. No names."))
    due_on = models.DateField(_("by when"), null=True, blank=True)
    since = models.DateField(_("holds since"), null=True, blank=True, help_text=_("For what must be kept from a day on, without an end."))
    topic = models.CharField(_("topic"), max_length=8, choices=Topic, default=Topic.NONE, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.OPEN, editable=False)
    settled_on = models.DateField(_("on"), null=True, blank=True, editable=False)
    outcome = models.CharField(_("in words"), max_length=120, blank=True, editable=False)
    breach_sources = models.PositiveSmallIntegerField(_("sources of the breach"), default=0, editable=False)

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        constraints = [
            models.CheckConstraint(
                condition=Q(forum__isnull=False) | Q(agreement__isnull=False) | Q(dispute__isnull=False),
                name="commitment_made_somewhere",
                violation_error_message=_("A commitment is made in a forum, an agreement or the settlement of a dispute."),
            ),
            models.CheckConstraint(
                condition=Q(due_on__isnull=False) | Q(since__isnull=False),
                name="commitment_has_a_day",
                violation_error_message=_("Say by when, or since when it holds."),
            ),
            models.CheckConstraint(
                condition=~Q(state="breached") | Q(breach_sources__gte=2),
                name="commitment_breach_needs_two_sources",
                violation_error_message=_("A breach counts only with two sources."),
            ),
            models.CheckConstraint(
                condition=Q(state="open", settled_on__isnull=True) | (~Q(state="open") & Q(settled_on__isnull=False)),
                name="commitment_settled_when",
            ),
        ]
        indexes = [models.Index(fields=["due_on"], condition=Q(state="open"), name="commitment_open_by_day")]

    def __str__(self) -> str:
        return self.text

    @property
    def was_late(self) -> bool:
        return self.state == self.State.KEPT and self.due_on is not None and self.settled_on is not None and self.settled_on > self.due_on


@choices_held("says")
class CommitmentEvidence(models.Model):
    """One source about a commitment. The same source is heard once about one breach or one keeping."""

    class Says(models.TextChoices):
        KEPT = "kept", _("Kept")
        BREACH = "breach", _("Breach")
        NO_BREACH = "no_breach", _("No breach")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    commitment = models.ForeignKey(Commitment, models.CASCADE, related_name="evidence")
    says = models.CharField(_("says"), max_length=10, choices=Says)
    happened_on = models.DateField(_("on"))
    source = models.CharField(_("source"), max_length=120, help_text=_("A role or a document: “police post”, “visit report”. No names."))
    text = models.CharField(_("what it says"), max_length=300, blank=True)
    is_set_aside = models.BooleanField(default=False, editable=False)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        ordering = ["happened_on", "id"]
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        constraints = [
            models.UniqueConstraint(
                F("commitment"),
                Lower("source"),
                condition=Q(says="breach", is_set_aside=False),
                name="breach_source_once",
                violation_error_message=_("This source already reported the breach. A second source makes it count."),
            ),
            models.CheckConstraint(
                condition=~Q(source=""), name="evidence_has_a_source", violation_error_message=_("Say where this comes from.")
            ),
        ]

    def __str__(self) -> str:
        return self.source


class ConcernQuerySet(ScopedQuerySet["Concern"]):
    read_permission = Permission.READ_FORUMS
    scope_paths = OF_FORUM

    def open(self) -> ConcernQuerySet:
        return self.filter(resolved_on__isnull=True)


@choices_held("group", "about")
class Concern(models.Model):
    """A worry that a group raised in a forum, who took it on, and how it ended."""

    class About(models.TextChoices):
        SAFETY = "safety", _("Safety")
        POLICE = "police", _("Conduct of police")
        JUSTICE = "justice", _("Justice")
        LAND = "land", _("Land and property")
        SERVICES = "services", _("Services")
        AID = "aid", _("Aid and selection")
        RUMOURS = "rumours", _("Rumours")
        OTHER = "other", _("Something else")

    forum = models.ForeignKey(Forum, models.CASCADE, related_name="concerns")
    session = models.ForeignKey(ForumSession, models.SET_NULL, null=True, blank=True, related_name="concerns", verbose_name=_("session"))
    group = models.CharField(_("raised by"), max_length=12, choices=Group)
    about = models.CharField(_("about"), max_length=10, choices=About)
    text = models.CharField(_("what worries them"), max_length=500, help_text=_("No names of people."))
    raised_on = models.DateField(_("raised on"))
    assigned_on = models.DateField(_("assigned on"), null=True, blank=True)
    assigned_to = models.CharField(_("assigned to (role)"), max_length=120, null=True, blank=True)
    resolved_on = models.DateField(_("resolved on"), null=True, blank=True)
    resolution = models.CharField(_("how it was resolved"), max_length=500, null=True, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = ConcernQuerySet.as_manager()

    class Meta:
        ordering = ["-raised_on", "-id"]
        verbose_name = _("concern")
        verbose_name_plural = _("concerns")
        constraints = [
            both_or_neither("assigned_on", "assigned_to", name="concern_assigned_when_and_to"),
            both_or_neither("resolved_on", "resolution", name="concern_resolved_when_and_how"),
            in_order("raised_on", "assigned_on", name="concern_assigned_after_raised"),
            in_order("raised_on", "resolved_on", name="concern_resolved_after_raised"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def days_open(self) -> int | None:
        """Days from raised to resolved; none while it is open."""
        return None if self.resolved_on is None else (self.resolved_on - self.raised_on).days
