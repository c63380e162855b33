"""Who you are and what you did."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from plumbing.constraints import both_or_neither, choices_held


@choices_held("kind", "iati_type")
class Organization(models.Model):
    """An agency, partner, donor or authority. A sub-office is an organization with a parent and can submit like a partner."""

    class Kind(models.TextChoices):
        AGENCY = "agency", _("Agency")
        PARTNER = "partner", _("Partner")
        DONOR = "donor", _("Donor")
        AUTHORITY = "authority", _("Authority")

    class IatiType(models.TextChoices):
        """IATI OrganisationType, the codes in use here."""

        GOVERNMENT = "10", _("Government")
        LOCAL_GOVERNMENT = "11", _("Local government")
        OTHER_PUBLIC = "15", _("Other public sector")
        INTERNATIONAL_NGO = "21", _("International NGO")
        NATIONAL_NGO = "22", _("National NGO")
        REGIONAL_NGO = "23", _("Regional NGO")
        PARTNER_COUNTRY_NGO = "24", _("Partner-country based NGO")
        PUBLIC_PRIVATE = "30", _("Public private partnership")
        MULTILATERAL = "40", _("Multilateral")
        FOUNDATION = "60", _("Foundation")
        PRIVATE = "70", _("Private sector")
        ACADEMIC = "80", _("Academic, training and research")
        OTHER = "90", _("Other")

    name = models.CharField(_("name"), max_length=200, unique=True)
    short_name = models.CharField(_("short name"), max_length=40, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    iati_type = models.CharField(_("IATI organisation type"), max_length=2, choices=IatiType)
    identifier = models.CharField(_("IATI identifier"), max_length=100, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="offices", verbose_name=_("head office"))
    language = models.CharField(_("language"), max_length=5, default="en")
    wants_own_sign_off = models.BooleanField(
        _("signs off itself first"), default=False, help_text=_("The partner's own manager signs a report off before it can be submitted.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        constraints = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind="agency", parent__isnull=True),
                name="one_agency_root",
                violation_error_message=_("This portal already has its agency. Give the new one a head office."),
            ),
            models.UniqueConstraint(fields=["identifier"], condition=~Q(identifier=""), name="organization_identifier_once"),
            models.CheckConstraint(
                condition=~Q(parent=models.F("id")),
                name="organization_not_its_own_parent",
                violation_error_message=_("An organization cannot be its own head office."),
            ),
        ]

    def __str__(self) -> str:
        return self.short_name or self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Nobody is superuser: this makes somebody who may sign in; ``programs.access.appoint_administrator`` gives the role."""
        return self.create_user(email, password, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person, or the service user behind an API key. ``organization`` is the employer; what one may do is in memberships."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("employer"))
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_service = models.BooleanField(_("is a service user"), default=False, editable=False)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name"]
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(is_active=False),
                name="user_who_left_cannot_sign_in",
                violation_error_message=_("Someone who has left cannot sign in any more."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    # For whom the last permission found by ``programs.access.require`` was held, where it came from deputizing alone; not a column.
    acting_for_id: int | None = None

    # The admin asks with these words; the answer comes from the backend that knows memberships.
    is_superuser = False

    @property
    def is_staff(self) -> bool:
        return self.has_module_perms("admin")

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        return self.is_active and self._answered("has_perm", perm, obj)

    def has_perms(self, perms: Any, obj: models.Model | None = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self._answered("has_module_perms", app_label)

    def _answered(self, question: str, *about: Any) -> bool:
        """The first backend that knows says yes, or ends the question: Django's own tables of permissions are not used here."""
        for backend in auth.get_backends():
            try:
                if hasattr(backend, question) and getattr(backend, question)(self, *about):
                    return True
            except PermissionDenied:
                return False
        return False

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email


Actor = User | AnonymousUser


class ApiKey(models.Model):
    """A key that an organization's own manager made. Shown once, stored hashed; acts through a service user of its own."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="api_keys")
    name = models.CharField(_("name"), max_length=80, help_text=_("What will use it, such as “NYI sync”."))
    service_user = models.OneToOneField(User, models.PROTECT, related_name="api_key")
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    may_write = models.BooleanField(_("may write drafts, activities and files"), default=False)
    may_submit = models.BooleanField(_("may submit and recall reports"), default=False)
    may_work_cases = models.BooleanField(_("may read and, if it writes, open cases of people"), default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="issued_keys", editable=False)
    expires_at = models.DateTimeField(_("ends on"))
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="revoked_keys", editable=False)
    last_used_on = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            both_or_neither("revoked_at", "revoked_by", name="api_key_revoked_when_and_by"),
            models.CheckConstraint(
                condition=Q(may_submit=False) | Q(may_write=True),
                name="api_key_submitting_writes",
                violation_error_message=_("A key that submits must also be allowed to write."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()


class StoredResponse(models.Model):
    """The answer once given to a write with an Idempotency-Key; the same key gets the same answer again."""

    caller = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.TextField(blank=True, default="")
    body = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="stored_response_once")]

    def __str__(self) -> str:
        return self.key


class AuditEvent(models.Model):
    """One act or one sensitive read. Append-only; no personal data, and no foreign keys, so that it outlives what it names."""

    at = models.DateTimeField(default=timezone.now)
    event = models.CharField(max_length=60, db_index=True)
    actor = models.CharField(max_length=40, help_text="user:<id>, or system")
    behind = models.CharField(max_length=40, blank=True, help_text="user:<id> who issued the key, or for whom a deputy acts")
    via = models.CharField(max_length=12)
    detail = models.TextField(blank=True, help_text="codes and counts as canonical JSON, never text about a person")
    number = models.BigIntegerField(null=True, unique=True)
    hash = models.CharField(max_length=64, null=True)

    class Meta:
        constraints = [both_or_neither("number", "hash", name="audit_event_sealed_whole")]
        indexes = [
            models.Index(fields=["id"], condition=Q(number__isnull=True), name="audit_event_unsealed"),
            models.Index(fields=["actor", "-at"], name="audit_event_by_actor"),
            models.Index(fields=["-at"], name="audit_event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.at:%Y-%m-%d %H:%M}"


class AuditSubject(models.Model):
    """What an event was about, so that "who opened this file" is one look-up."""

    event = models.ForeignKey(AuditEvent, models.PROTECT, related_name="subjects")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "kind", "key"], name="audit_subject_once")]
        indexes = [models.Index(fields=["kind", "key", "-event"], name="audit_subject_lookup")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


class AuditChain(models.Model):
    """The one row that the sealing sweep locks: the last number given and its hash."""

    number = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="audit_chain_is_one")]

    def __str__(self) -> str:
        return str(self.number)


class Message(models.Model):
    """One line for one person about one item at one step. A sweep gathers a person's lines into one mail."""

    recipient = models.ForeignKey(User, models.CASCADE, related_name="messages")
    item = models.CharField(max_length=80, help_text="what it is about, such as expected_report:12")
    step = models.CharField(max_length=40, help_text="which reminder, such as due-7")
    line = models.TextField(help_text="in the recipient's language")
    path = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True, help_text="a line that a colleague added")
    created_at = models.DateTimeField(default=timezone.now)
    envelope = models.UUIDField(null=True, blank=True, db_index=True, help_text="lines sent together share it; it is the Message-ID")
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["recipient", "item", "step"], name="message_once_per_person_item_and_step")]
        indexes = [models.Index(fields=["recipient", "id"], condition=Q(sent_at__isnull=True), name="message_unsent")]

    def __str__(self) -> str:
        return f"{self.item} {self.step}"


class PracticeValue(models.Model):
    """A value that is practice, not published: an administrator can change it and say against what it was verified."""

    key = models.SlugField(_("name"), max_length=60, unique=True)
    label = models.CharField(_("what it decides"), max_length=200)
    value = models.CharField(_("value"), max_length=200)
    seeded = models.CharField(_("value as shipped"), max_length=200, editable=False)
    source = models.CharField(_("where it came from"), max_length=300)
    verified = models.BooleanField(_("verified"), default=False)
    verified_against = models.CharField(_("verified against"), max_length=300, blank=True)
    verified_on = models.DateField(_("verified on"), null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")

    class Meta:
        ordering = ["key"]
        verbose_name = _("practice value")
        verbose_name_plural = _("practice values")
        constraints = [
            both_or_neither("changed_at", "changed_by", name="practice_value_changed_when_and_by"),
            models.CheckConstraint(
                condition=Q(verified=False) | (Q(verified_on__isnull=False) & ~Q(verified_against="")),
                name="practice_value_verified_against",
                violation_error_message=_("Say against what and when it was verified."),
            ),
        ]

    def __str__(self) -> str:
        return self.key
