"""A person as a random code with one partner: the case, its stages, why it may be kept, who may open it.

Nothing here names a person. What a person says, and every note, is encrypted; the columns in the clear are listed in a test.
"""

from __future__ import annotations

import uuid
from functools import reduce
from operator import or_

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor, Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing.constraints import both_or_neither, choices_held, in_order
from privacy.fields import EncryptedJSONField, EncryptedTextField
from programs.models import Program, Project
from programs.scope import ScopedQuerySet, held, scope

ADULT_AGE = 18
# Only the year is asked: who turned 18 in the year of opening may still be 17, so a year more is required.
ADULT_BY_YEAR = ADULT_AGE + 1


class Pathway(models.TextChoices):
    REINTEGRATION = "reintegration", _("Reintegration")
    PREVENTION = "prevention", _("Prevention")
    DDR_SITE = "ddr_site", _("DDR with a site")


class State(models.TextChoices):
    IDENTIFIED = "identified", _("Identified")
    SCREENED = "screened", _("Screened")
    VERIFIED = "verified", _("Verified")
    ACCEPTED = "accepted", _("Accepted")
    ELIGIBLE = "eligible", _("Eligible")
    INELIGIBLE = "ineligible", _("Not eligible")
    DEFERRED = "deferred", _("Deferred")
    REGISTERED = "registered", _("Registered")
    TERMS_SIGNED = "terms_signed", _("Terms signed")
    PROFILED = "profiled", _("Profiled")
    HEALTH_SCREENED = "health_screened", _("Health screened")
    DOCUMENTED = "documented", _("Documented")
    DISCHARGED = "discharged", _("Discharged")
    PLANNED = "planned", _("Planned")
    ACTIVE = "active", _("Active")
    COMPLETED = "completed", _("Completed")
    CLOSED = "closed", _("Closed")
    REVOKED = "revoked", _("Revoked")


class Category(models.TextChoices):
    """IDDRS participant categories that may be kept as a record: adults only."""

    XC = "XC", _("Adult ex-combatant")
    ASSOC = "ASSOC", _("Adult associated in a non-combat role")
    DEP_A = "DEP_A", _("Adult dependant")
    SELF_DEMOB = "SELF_DEMOB", _("Civilian returnee or self-demobilised")
    ABDUCTEE = "ABDUCTEE", _("Adult abductee or victim")
    ATRISK_A = "ATRISK_A", _("At-risk adult")
    ATRISK_Y = "ATRISK_Y", _("At-risk youth of 18 and more")


class Sex(models.TextChoices):
    FEMALE = "female", _("Female")
    MALE = "male", _("Male")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Not known")


class AgeBand(models.TextChoices):
    """Adults only: a band that begins below 18 does not exist here."""

    FROM_18 = "18-24", _("18–24")
    FROM_25 = "25-35", _("25–35")
    FROM_36 = "36-59", _("36–59")
    FROM_60 = "60+", _("60 and over")


class Source(models.TextChoices):
    LIST = "list", _("From a list of the authority")
    SELF_REPORT = "self_report", _("Came by herself or himself")
    COMMUNITY = "community", _("Named by the community")
    REFERRAL = "referral", _("Referred by an organization")


class ExitReason(models.TextChoices):
    COMPLETED = "completed", _("Completed the plan")
    WITHDREW = "withdrew", _("Withdrew")
    RELOCATED = "relocated", _("Moved away")
    DECEASED = "deceased", _("Died")
    LOST_CONTACT = "lost_contact", _("Contact was lost")


class Basis(models.TextChoices):
    """Why the record may be kept at all. Consent is one basis among several."""

    CONSENT = "consent", _("Consent")
    PUBLIC_INTEREST = "public_interest", _("Public interest: a mandate of the authority")
    VITAL_INTEREST = "vital_interest", _("Vital interest of the person")
    LEGITIMATE_INTEREST = "legitimate_interest", _("Legitimate interest of the organization")
    LEGAL_OBLIGATION = "legal_obligation", _("Legal obligation")


class Method(models.TextChoices):
    """How a notice or a consent was given."""

    WRITTEN = "written", _("In writing")
    ORAL_WITNESS = "oral_witness", _("Orally, before a witness")
    ORAL = "oral", _("Orally")
    RECORDED = "recorded", _("By a mark or thumbprint on paper")


class OpenPurpose(models.TextChoices):
    """Why a file is opened. Codes only: a purpose never holds words about a person."""

    CASEWORK = "casework", _("Casework")
    SUPERVISION = "supervision", _("Supervision")
    PROTECTION_CHECK = "protection_check", _("Check of protection")
    COMPLAINT = "complaint", _("A complaint or appeal")
    INCIDENT = "incident", _("A breach or incident")
    REQUEST = "request", _("A request of the person")


class ServiceKind(models.TextChoices):
    """What is given, referred to and mapped. Health is one word: nothing medical is kept."""

    LEGAL = "legal", _("Legal aid and documents")
    EDUCATION = "education", _("School and literacy")
    VOCATIONAL = "vocational", _("Vocational training")
    EMPLOYMENT = "employment", _("Employment")
    BUSINESS = "business", _("Small business and credit")
    AGRICULTURE = "agriculture", _("Farming and livestock")
    SAVINGS = "savings", _("Savings group")
    HOUSING = "housing", _("Housing and land")
    CASH = "cash", _("Cash or goods")
    HEALTH = "health", _("Health service")
    PSYCHOSOCIAL = "psychosocial", _("Psychosocial support")
    FAMILY = "family", _("Family and mediation")
    COMMUNITY = "community", _("Community group")
    MENTORING = "mentoring", _("Mentoring")
    PROTECTION = "protection", _("Protection")
    TRANSPORT = "transport", _("Transport")
    OTHER = "other", _("Other service")


class Notice(models.Model):
    """The text that is read to a person before anything is written down: one row per version and language."""

    version = models.CharField(_("version"), max_length=20)
    language = models.CharField(_("language"), max_length=40, help_text=_("As people call it, such as Nuer."))
    text = models.TextField(_("text"))
    in_use = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["-in_use", "language", "-version"]
        verbose_name = _("privacy notice")
        verbose_name_plural = _("privacy notices")
        constraints = [
            models.UniqueConstraint(
                fields=["version", "language"], name="notice_once", violation_error_message=_("This version has a text in this language.")
            )
        ]

    def __str__(self) -> str:
        return f"{self.version}, {self.language}"


class ProtectionContact(models.Model):
    """Whom to call where somebody may be a child: an office, never a private person. Empty place: everywhere."""

    name = models.CharField(_("office"), max_length=120)
    place = models.ForeignKey(Place, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("for this place and below"))
    phone = models.CharField(_("telephone"), max_length=60, blank=True)
    hours = models.CharField(_("reached at"), max_length=120, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "name"]
        verbose_name = _("child protection contact")
        verbose_name_plural = _("child protection contacts")

    def __str__(self) -> str:
        return self.name


@choices_held("pathway")
class ProgramPathway(models.Model):
    """A pathway that a program offers. Without any row a program offers ``reintegration``, with every step."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="+", verbose_name=_("program"))
    pathway = models.CharField(_("pathway"), max_length=14, choices=Pathway)

    class Meta:
        ordering = ["program", "pathway"]
        verbose_name = _("pathway of a program")
        verbose_name_plural = _("pathways of programs")
        constraints = [models.UniqueConstraint(fields=["program", "pathway"], name="program_pathway_once")]

    def __str__(self) -> str:
        return f"{self.program_id} {self.get_pathway_display()}"


@choices_held("state")
class SkippedState(models.Model):
    """A step that the program has switched off on a pathway."""

    offered = models.ForeignKey(ProgramPathway, models.CASCADE, related_name="skipped", verbose_name=_("pathway"))
    state = models.CharField(_("step"), max_length=16, choices=State)

    class Meta:
        verbose_name = _("step left out")
        verbose_name_plural = _("steps left out")
        constraints = [
            models.UniqueConstraint(fields=["offered", "state"], name="skipped_state_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["screened", "verified", "registered", "terms_signed", "health_screened", "documented", "discharged"]
                ),
                name="skipped_state_can_be_left_out",
                violation_error_message=_("This step cannot be left out."),
            ),
        ]

    def __str__(self) -> str:
        return self.get_state_display()


SCOPE = {"project": "project", "program": "project__program", "partner": "partner", "place": "place"}


# Until the decision nothing is kept but what identification asks for.
BEFORE_DECISION = (State.IDENTIFIED, State.SCREENED, State.VERIFIED, State.INELIGIBLE, State.DEFERRED)
ENDED = (State.CLOSED, State.REVOKED)


class CaseQuerySet(ScopedQuerySet["Case"]):
    read_permission = Permission.WORK_CASES
    scope_paths = SCOPE

    def visible_to(self, user: Actor, permission: Permission | None = None) -> CaseQuerySet:
        """Assigned to oneself or to whom one stands in for; of the partner one supervises; or opened for a stated purpose.

        With ``permission`` only what that word opens. A sealed case is visible to nobody.
        """
        readers = {
            Permission.WORK_CASES: self._worked_by if permission else self._read_by_worker,
            Permission.SUPERVISE_CASES: self._supervised_by,
            Permission.OVERSEE_CASES: self._opened_by,
        }
        found = [
            reads(user) for word, reads in readers.items() if permission in (None, word) and any(word in one.words for one in held(user))
        ]
        return self.filter(_any(found), sealed_at__isnull=True)

    def held_by(self, user: Actor, *words: Permission) -> Q:
        """The condition for cases on which the person may act by one of these words, as ``visible_to`` asks it."""
        reads = {Permission.WORK_CASES: self._worked_by, Permission.SUPERVISE_CASES: self._supervised_by}
        found = [reads[word](user) for word in words if any(word in one.words for one in held(user))]
        return _any(found)

    def sealed_in_scope(self, user: Actor) -> CaseQuerySet:
        """Sealed cases whose erasure this person can see to: nothing of them is shown but the clock."""
        wide = [scope(user, self.scope_paths, word) for word in (Permission.SUPERVISE_CASES, Permission.OVERSEE_CASES)]
        own = scope(user, self.scope_paths, Permission.WORK_CASES) & Q(caseworker__in=_stands_for(user))
        return self.filter(_any([*wide, own]), sealed_at__isnull=False)

    def in_progress(self) -> CaseQuerySet:
        return self.exclude(state__in=ENDED)

    def admitted(self) -> CaseQuerySet:
        """Found eligible or accepted, ended or not: of these alone more is kept, and they alone are spoken with and followed up."""
        return self.exclude(category="")

    def _worked_by(self, user: Actor) -> Q:
        if isinstance(user, User) and user.is_service:  # a partner's key made for cases: every case of the partner
            return scope(user, self.scope_paths, Permission.WORK_CASES)
        return Q(caseworker__in=_stands_for(user)) & scope(user, self.scope_paths, Permission.WORK_CASES)

    def _read_by_worker(self, user: Actor) -> Q:
        """Own cases, and for some days more those that were handed over, only to read.

        One list of keys: for "mine, or among those" PostgreSQL reads every case of the partner.
        """
        if isinstance(user, User) and user.is_service:
            return self._worked_by(user)
        own = Case.objects.filter(caseworker__in=_stands_for(user)).order_by().values("pk")
        still = CaseAccess.objects.filter(person=user.pk, purpose=OpenPurpose.CASEWORK, ends_at__gt=timezone.now()).values("case")
        return Q(pk__in=own.union(still, all=True)) & scope(user, self.scope_paths, Permission.WORK_CASES)

    def _supervised_by(self, user: Actor) -> Q:
        return scope(user, self.scope_paths, Permission.SUPERVISE_CASES)

    def _opened_by(self, user: Actor) -> Q:
        opened = CaseAccess.objects.filter(person=user.pk, ends_at__gt=timezone.now()).values("case")
        return Q(pk__in=opened) & scope(user, self.scope_paths, Permission.OVERSEE_CASES)


def _any(conditions: list[Q]) -> Q:
    """What one of these allows; none allows nothing. The empty condition means everything and would vanish in an OR."""
    return reduce(or_, conditions, Q(pk__in=[])) if all(conditions) else Q()


def _stands_for(user: Actor) -> list[int]:
    """The person and those whose deputy he or she is today."""
    own = [] if user.pk is None else [user.pk]
    return own + sorted(one.deputy_for for one in held(user) if one.deputy_for is not None)


@choices_held("pathway", "state", "source", "sex", "age_band", "category", "exit_reason", "basis", "notice_method")
class Case(models.Model):
    """A person as a random code, on one pathway with one partner. ``code`` is minted here and means nothing elsewhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(_("code"), max_length=9, unique=True, editable=False)
    external_id = models.UUIDField(_("the partner's own id"), null=True, blank=True)
    project = models.ForeignKey(Project, models.PROTECT, related_name="+", verbose_name=_("project"))
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("kept by"))
    caseworker = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("caseworker"))
    place = models.ForeignKey(Place, models.PROTECT, related_name="+", verbose_name=_("place"))
    pathway = models.CharField(_("pathway"), max_length=14, choices=Pathway)
    state = models.CharField(_("stage"), max_length=16, choices=State, default=State.IDENTIFIED)
    state_since = models.DateField(_("since"))
    source = models.CharField(_("source"), max_length=12, choices=Source)
    sex = models.CharField(_("sex"), max_length=8, choices=Sex)
    birth_year = models.PositiveSmallIntegerField(_("year of birth"), null=True, blank=True)
    age_band = models.CharField(_("age"), max_length=6, choices=AgeBand, null=True, blank=True)
    opened_on = models.DateField(_("opened on"))
    opened_year = models.PositiveSmallIntegerField(editable=False)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    # Known only once the person is eligible or accepted.
    category = models.CharField(_("category"), max_length=10, choices=Category, blank=True, default="")
    is_foreign = models.BooleanField(_("foreign, a case across borders"), null=True, blank=True)
    programme_modality = models.CharField(_("programme modality"), max_length=60, blank=True, default="")
    # Why it may be kept.
    notice = models.ForeignKey(Notice, models.PROTECT, related_name="+", verbose_name=_("notice"))
    notice_given_on = models.DateField(_("notice given on"))
    notice_method = models.CharField(_("how it was given"), max_length=14, choices=Method)
    basis = models.CharField(_("legal basis"), max_length=20, choices=Basis)
    safe_contact = EncryptedJSONField(_("how to reach the person safely"))
    note = EncryptedTextField(_("note"), blank=True, default="")
    # Milestones of the pathway; the steps themselves are transitions.
    appeal_until = models.DateField(_("appeal until"), null=True, blank=True)
    reinsertion_from = models.DateField(_("reinsertion from"), null=True, blank=True)
    reinsertion_until = models.DateField(_("reinsertion until"), null=True, blank=True)
    completed_on = models.DateField(_("completed on"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    exit_reason = models.CharField(_("why it was closed"), max_length=12, choices=ExitReason, blank=True, default="")
    # Possibly a child: unreadable from this moment, erased by a second person before ``erase_by``.
    sealed_at = models.DateTimeField(null=True, blank=True, editable=False)
    sealed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    erase_by = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "external_id"],
                condition=Q(external_id__isnull=False),
                name="case_external_id_once_per_partner",
                violation_error_message=_("The partner already has a case with this id."),
            ),
            models.CheckConstraint(
                condition=Q(birth_year__isnull=False) | Q(age_band__isnull=False),
                name="case_age_is_given",
                violation_error_message=_("Give the year of birth or the age band."),
            ),
            models.CheckConstraint(
                condition=Q(birth_year__isnull=True) | Q(birth_year__isnull=False, opened_year__gte=F("birth_year") + ADULT_BY_YEAR),
                name="case_year_of_birth_is_an_adults",
                violation_error_message=_("Nobody who may be under 18 is recorded here."),
            ),
            models.CheckConstraint(
                condition=Q(age_band__isnull=True) | Q(age_band__isnull=False, age_band__in=AgeBand.values),
                name="case_age_band_is_an_adults",
                violation_error_message=_("Nobody who may be under 18 is recorded here."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["closed", "revoked"], closed_on__isnull=False)
                | (~Q(state__in=["closed", "revoked"]) & Q(closed_on__isnull=True)),
                name="case_closed_when",
                violation_error_message=_("A closed case has the day on which it was closed, and only a closed one."),
            ),
            models.CheckConstraint(
                condition=Q(state="closed") & ~Q(exit_reason="") | ~Q(state="closed") & Q(exit_reason=""),
                name="case_closed_why",
                violation_error_message=_("A closed case says why, and only a closed one."),
            ),
            models.CheckConstraint(
                condition=~Q(exit_reason="completed") | Q(completed_on__isnull=False),
                name="case_closed_as_completed_was_completed",
                violation_error_message=_("Only a case that was completed is closed as completed."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=BEFORE_DECISION) | Q(category=""),
                name="case_category_after_the_decision",
                violation_error_message=_("The category is written down once the person is eligible or accepted."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=[*BEFORE_DECISION, *ENDED]) | ~Q(category=""),
                name="case_decided_with_a_category",
                violation_error_message=_("Whoever is eligible or accepted has a category."),
            ),
            models.CheckConstraint(
                condition=~Q(category="")
                | Q(
                    is_foreign__isnull=True,
                    programme_modality="",
                    reinsertion_from__isnull=True,
                    reinsertion_until__isnull=True,
                    completed_on__isnull=True,
                ),
                name="case_nothing_before_the_decision",
                violation_error_message=_("Nothing more is written down until the person is eligible or accepted."),
            ),
            both_or_neither("sealed_at", "sealed_by", name="case_sealed_when_and_by"),
            both_or_neither("sealed_at", "erase_by", name="case_sealed_until"),
            in_order("reinsertion_from", "reinsertion_until", name="case_reinsertion_in_order"),
        ]
        indexes = [
            models.Index(fields=["caseworker", "state"], name="case_by_caseworker"),
            models.Index(fields=["project", "partner", "state"], name="case_by_project"),
            models.Index(fields=["partner", "opened_on"], name="case_by_partner"),
        ]

    def __str__(self) -> str:
        return f"{self.code[:4]}-{self.code[4:8]}-{self.code[8:]}"

    @property
    def is_admitted(self) -> bool:
        """Found eligible or accepted, also once the case has ended: the category stands from that decision on."""
        return self.category != ""


class AppendOnlyQuerySet(models.QuerySet["Transition"]):
    def update(self, **changes: object) -> int:
        raise TypeError("Transitions are never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("Transitions are never taken out; they go with their case.")


@choices_held("from_state", "to_state", "exit_reason", "verified_by_method", "interviewer")
class Transition(models.Model):
    """One step, as it was decided. Rows are only added; an erased case takes its rows with it."""

    class Verification(models.TextChoices):
        """One of these; being on a commander's list is not enough."""

        QUESTIONS = "questions", _("Verification questions")
        WEAPON = "weapon", _("Weapon handed in")
        ROSTER = "roster", _("Roster of the force or group")
        WITNESS = "witness", _("Witness of the community")

    class Interviewer(models.TextChoices):
        SAME_SEX = "same_sex", _("Of the same sex, as offered")
        DECLINED = "declined", _("The person declined the offer")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="transitions", db_index=False)  # ``transition_walk`` begins with it
    number = models.PositiveSmallIntegerField()
    from_state = models.CharField(max_length=16, choices=State, blank=True, default="")
    to_state = models.CharField(max_length=16, choices=State)
    happened_on = models.DateField(_("date"))
    recorded_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    second = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("second person"))
    reason = EncryptedTextField(_("reason"), blank=True, default="")
    # What single gates ask for.
    interviewer = models.CharField(_("interviewer"), max_length=8, choices=Interviewer, blank=True, default="")
    verified_by_method = models.CharField(_("verified by"), max_length=9, choices=Verification, blank=True, default="")
    deciding_body = models.CharField(_("decided by"), max_length=80, blank=True, default="")
    decision_code = models.CharField(_("code of the decision"), max_length=30, blank=True, default="")
    appeal_until = models.DateField(_("appeal until"), null=True, blank=True)
    form_version = models.CharField(_("version of the form"), max_length=20, blank=True, default="")
    form_language = models.CharField(_("language of the form"), max_length=40, blank=True, default="")
    card_without_group = models.BooleanField(_("the card shows no armed group"), null=True, blank=True)
    destination = models.ForeignKey(Place, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("destination"))
    exit_reason = models.CharField(_("exit reason"), max_length=12, choices=ExitReason, blank=True, default="")

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["case", "number"]
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="transition_number_once"),
            models.CheckConstraint(
                condition=Q(second__isnull=True) | ~Q(second=F("by")),
                name="transition_by_two_people",
                violation_error_message=_("The second person is somebody else."),
            ),
            models.CheckConstraint(
                condition=~Q(to_state="verified") | ~Q(verified_by_method=""),
                name="transition_verified_says_how",
                violation_error_message=_("Say how it was verified."),
            ),
            models.CheckConstraint(
                condition=~Q(to_state="revoked") | ~Q(decision_code=""),
                name="transition_revoked_by_the_authority",
                violation_error_message=_("Only the national authority revokes: give the code of its decision."),
            ),
        ]
        # Counts read every step of every case: from here, without the rows themselves.
        indexes = [models.Index(fields=["case", "number", "happened_on", "to_state"], name="transition_walk")]

    def __str__(self) -> str:
        return f"{self.number} {self.to_state}"


@choices_held("to_state", "exit_reason", "interviewer")
class StepProposal(models.Model):
    """A step that one person has recorded, or asks for, and that waits for the second one. At most one per case."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.OneToOneField(Case, models.CASCADE, related_name="proposal")
    to_state = models.CharField(max_length=16, choices=State)
    happened_on = models.DateField(_("date"))
    interviewer = models.CharField(_("interviewer"), max_length=8, choices=Transition.Interviewer, blank=True, default="")
    exit_reason = models.CharField(_("exit reason"), max_length=12, choices=ExitReason, blank=True, default="")
    reason = EncryptedTextField(_("reason"), blank=True, default="")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    reopens = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(to_state__in=["screened", "closed"]) | Q(reopens=True), name="proposal_of_a_step_by_two_people"
            ),
        ]

    def __str__(self) -> str:
        return self.to_state


class ConsentQuerySet(models.QuerySet["Consent"]):
    def in_force(self) -> ConsentQuerySet:
        """Given, not withdrawn, not run out."""
        return self.filter(answer=Consent.Answer.YES, withdrawn_at__isnull=True, until__gte=timezone.localdate())


@choices_held("purpose", "answer", "method", "service")
class Consent(models.Model):
    """What a person agreed to, for one purpose. For sharing it names the organization or the kind of service."""

    class Purpose(models.TextChoices):
        SERVICES = "services", _("Services")
        FOLLOW_UP = "follow_up", _("Follow-up")
        SHARING = "sharing", _("Sharing with another organization")
        STATISTICS = "statistics", _("Counts without the person")
        PHOTOS = "photos", _("Photos")

    class Answer(models.TextChoices):
        YES = "yes", _("Yes")
        NO = "no", _("No")
        ASK = "ask", _("Ask each time")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="consents")
    purpose = models.CharField(_("for"), max_length=10, choices=Purpose)
    answer = models.CharField(_("answer"), max_length=3, choices=Answer)
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("with this organization")
    )
    service = models.CharField(_("for this kind of service"), max_length=14, choices=ServiceKind, blank=True, default="")
    notice = models.ForeignKey(Notice, models.PROTECT, related_name="+", verbose_name=_("notice"))
    method = models.CharField(_("how it was given"), max_length=14, choices=Method)
    given_on = models.DateField(_("given on"))
    until = models.DateField(_("until"))
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ["case", "purpose", "-given_on"]
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            both_or_neither("withdrawn_at", "withdrawn_by", name="consent_withdrawn_when_and_by"),
            in_order("given_on", "until", name="consent_dates_in_order"),
            models.CheckConstraint(
                condition=Q(purpose="sharing") | Q(organization__isnull=True, service=""),
                name="consent_names_a_receiver_for_sharing_only",
                violation_error_message=_("Only consent to sharing names an organization or a service."),
            ),
            models.CheckConstraint(
                condition=~Q(purpose="sharing", answer="yes") | Q(organization__isnull=False) | ~Q(service=""),
                name="consent_to_sharing_names_with_whom",
                violation_error_message=_("Consent to sharing names the organization or the kind of service."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.answer}"


@choices_held("reason")
class CaseAssignment(models.Model):
    """Who had the case and since when: a row for each change. Who has it now stands on the case."""

    class Reason(models.TextChoices):
        OPENED = "opened", _("Opened the case")
        WORKLOAD = "workload", _("Workload")
        ABSENCE = "absence", _("Absence")
        LEFT = "left", _("The colleague left")
        MOVED = "moved", _("The person moved")
        ASKED = "asked", _("The person asked for somebody else")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="assignments")
    caseworker = models.ForeignKey(User, models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField(default=timezone.now)
    assigned_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=8, choices=Reason)

    class Meta:
        ordering = ["-assigned_at"]
        indexes = [models.Index(fields=["case", "-assigned_at"], name="assignment_by_case")]

    def __str__(self) -> str:
        return self.reason


@choices_held("purpose")
class CaseAccess(models.Model):
    """A file opened for a stated purpose by somebody who does not work on it; it closes again by itself."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="accesses")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    purpose = models.CharField(_("purpose"), max_length=16, choices=OpenPurpose)
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["person", "ends_at"], name="case_access_live")]
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="case_access_ends")]

    def __str__(self) -> str:
        return self.purpose


class Profile(models.Model):
    """What the person told of his or her life and plans, by block (``profile.py``); encrypted whole, complete or not."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.OneToOneField(Case, models.CASCADE, related_name="profile")
    answers = EncryptedJSONField(_("answers"), default=dict)
    factors = EncryptedJSONField(_("push, pull and protective factors"), null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [both_or_neither("completed_at", "completed_by", name="profile_completed_when_and_by")]

    def __str__(self) -> str:
        return str(self.pk)


class Concern(models.Model):
    """A worry told to the supervisor. It runs out by itself and is never a label: it is not listed over cases nor exported."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="concerns")
    note = EncryptedTextField(_("what worries you"))
    raised_at = models.DateTimeField(default=timezone.now)
    raised_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    expires_on = models.DateField(_("is erased on"))

    class Meta:
        ordering = ["-raised_at"]

    def __str__(self) -> str:
        return str(self.pk)


class IntakeDraftQuerySet(ScopedQuerySet["IntakeDraft"]):
    read_permission = Permission.WORK_CASES
    scope_paths = {"project": "project", "program": "project__program", "partner": "partner"}

    def visible_to(self, user: Actor, permission: Permission | None = None) -> IntakeDraftQuerySet:
        return super().visible_to(user, permission).filter(started_by__in=_stands_for(user), expires_at__gt=timezone.now())


@choices_held("basis", "notice_method", "pathway")
class IntakeDraft(models.Model):
    """An intake that was left and can be resumed. It begins after the child check and the notice, and ends by itself."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    partner = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    pathway = models.CharField(_("pathway"), max_length=14, choices=Pathway)
    notice = models.ForeignKey(Notice, models.PROTECT, related_name="+", verbose_name=_("notice"))
    notice_given_on = models.DateField(_("notice given on"))
    notice_method = models.CharField(_("how it was given"), max_length=14, choices=Method)
    basis = models.CharField(_("legal basis"), max_length=20, choices=Basis)
    answers = EncryptedJSONField(default=dict)
    started_at = models.DateTimeField(default=timezone.now)
    started_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()

    objects = IntakeDraftQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return str(self.pk)


class ErasureReceipt(models.Model):
    """That a case was erased because the person may have been a child: when and by whom, and nothing of the case."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    sealed_at = models.DateTimeField()
    sealed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    erase_by = models.DateTimeField()
    erased_at = models.DateTimeField()
    erased_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-erased_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(sealed_by=F("erased_by")),
                name="erasure_by_two_people",
                violation_error_message=_("Whoever sealed the case does not erase it: a second person does."),
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
