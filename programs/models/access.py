"""Who may do what, where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.roles import NEEDS_SCOPE, Role
from locations.models import Place
from plumbing.constraints import both_or_neither, choices_held, in_order
from programs.models.projects import Program, Project

if TYPE_CHECKING:
    from datetime import date


class MembershipQuerySet(models.QuerySet["Membership"]):
    def live(self, day: date | None = None) -> MembershipQuerySet:
        today = day or timezone.localdate()
        return self.current(today).filter(starts_on__lte=today)

    def current(self, day: date | None = None) -> MembershipQuerySet:
        """Live ones and those that begin later."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day or timezone.localdate()))


@choices_held("role")
class Membership(models.Model):
    """A role for an organization's data within a program, project and place. Filled fields narrow; several memberships widen."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name=_("who"))
    role = models.CharField(_("role"), max_length=20, choices=Role)
    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="memberships", verbose_name=_("for the data of"),
        help_text=_("A partner role names the partner, a donor viewer the donor."),
    )  # fmt: skip
    program = models.ForeignKey(Program, models.CASCADE, null=True, blank=True, related_name="memberships", verbose_name=_("in program"))
    project = models.ForeignKey(Project, models.CASCADE, null=True, blank=True, related_name="memberships", verbose_name=_("in project"))
    place = models.ForeignKey(Place, models.PROTECT, null=True, blank=True, related_name="memberships", verbose_name=_("at and below"))
    starts_on = models.DateField(_("from"), default=timezone.localdate)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    deputy_for = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="deputies", verbose_name=_("acts for"),
        help_text=_("Somebody who is away; needs an end date."),
    )  # fmt: skip
    given_at = models.DateTimeField(default=timezone.now, editable=False)
    given_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["user__name", "role"]
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.CheckConstraint(
                condition=~Q(role__in=sorted(NEEDS_SCOPE))
                | Q(organization__isnull=False)
                | Q(program__isnull=False)
                | Q(project__isnull=False)
                | Q(place__isnull=False),
                name="membership_role_has_its_scope",
                violation_error_message=_("This role needs a scope: an organization, program, project or place."),
            ),
            models.CheckConstraint(
                condition=~Q(role__in=["partner_manager", "partner_reporter", "donor_viewer"]) | Q(organization__isnull=False),
                name="membership_names_the_partner_or_donor",
                violation_error_message=_("Name the partner or donor whose data this role sees."),
            ),
            models.CheckConstraint(
                condition=Q(deputy_for__isnull=True) | (Q(ends_on__isnull=False) & ~Q(deputy_for=models.F("user"))),
                name="deputy_until_a_date",
                violation_error_message=_("Acting for somebody else ends on a date."),
            ),
            in_order("starts_on", "ends_on", name="membership_dates_in_order"),
        ]
        indexes = [models.Index(fields=["user", "ends_on"], name="membership_by_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.get_role_display()}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> InvitationQuerySet:
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=timezone.now())


@choices_held("role")
class Invitation(models.Model):
    """An open door for one e-mail address: who follows the link signs up and holds the role."""

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=20, choices=Role)
    employer = models.ForeignKey(Organization, models.CASCADE, related_name="+", verbose_name=_("employer"))
    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("for the data of")
    )
    program = models.ForeignKey(Program, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("in program"))
    project = models.ForeignKey(Project, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("in project"))
    place = models.ForeignKey(Place, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("at and below"))
    language = models.CharField(_("language"), max_length=5, default="en")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_at = models.DateTimeField(default=timezone.now, editable=False)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    expires_at = models.DateTimeField(_("open until"))
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-invited_at"]
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            both_or_neither("accepted_at", "accepted_by", name="invitation_accepted_when_and_by"),
            models.UniqueConstraint(
                models.functions.Lower("email"),
                condition=Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="invitation_one_open_per_address",
                violation_error_message=_("This address has an open invitation. Withdraw it first."),
            ),
        ]

    def __str__(self) -> str:
        return self.email
