"""One list for everything owed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.roles import Permission
from plumbing.constraints import both_or_neither
from programs.models.projects import Project
from programs.scope import PROJECT_PLACE, ScopedQuerySet

if TYPE_CHECKING:
    from datetime import date

    from accounts.models import Actor


class ActionPointQuerySet(ScopedQuerySet["ActionPoint"]):
    read_permission = Permission.READ_ACTION_POINTS
    scope_paths = {"project": "project", "program": "project__program", "partner": "partner", "place": PROJECT_PLACE}

    def visible_to(self, user: Actor, permission: Permission | None = None) -> ActionPointQuerySet:
        """What one owns or raised, and what the projects one reads owe."""
        scoped = super().visible_to(user, permission)
        if not user.is_authenticated:
            return scoped
        mine = Q(owner_id=user.pk) | Q(raised_by_id=user.pk)
        return self.filter(mine | Q(pk__in=scoped.values("pk")))

    def open(self) -> ActionPointQuerySet:
        return self.filter(done_at__isnull=True)

    def with_state(self, today: date) -> ActionPointQuerySet:
        """Annotate ``state``: verified, done, overdue, or open."""
        return self.annotate(
            state=Case(
                When(verified_at__isnull=False, then=Value("verified")),
                When(done_at__isnull=False, then=Value("done")),
                When(due_on__lt=today, then=Value("overdue")),
                default=Value("open"),
                output_field=models.CharField(),
            )
        )


class ActionPoint(models.Model):
    class State(models.TextChoices):
        OPEN = "open", _("Open")
        OVERDUE = "overdue", _("Overdue")
        DONE = "done", _("Done")
        VERIFIED = "verified", _("Verified")

    text = models.CharField(_("what"), max_length=500)
    owner = models.ForeignKey(User, models.PROTECT, related_name="action_points", verbose_name=_("owner"))
    project = models.ForeignKey(Project, models.CASCADE, null=True, blank=True, related_name="action_points", verbose_name=_("project"))
    partner = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="action_points", verbose_name=_("partner")
    )
    due_on = models.DateField(_("due on"))
    origin = models.CharField(_("where it comes from"), max_length=200, blank=True)
    origin_path = models.CharField(max_length=200, blank=True)
    raised_at = models.DateTimeField(default=timezone.now, editable=False)
    raised_by = models.ForeignKey(User, models.PROTECT, related_name="raised_action_points", editable=False)
    done_at = models.DateTimeField(null=True, blank=True, editable=False)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    done_note = models.TextField(_("what was done"), blank=True)
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = ActionPointQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        verbose_name = _("action point")
        verbose_name_plural = _("action points")
        constraints = [
            both_or_neither("done_at", "done_by", name="action_point_done_when_and_by"),
            both_or_neither("verified_at", "verified_by", name="action_point_verified_when_and_by"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | ~Q(done_note=""),
                name="action_point_says_what_was_done",
                violation_error_message=_("Say in a few words what was done."),
            ),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True) | Q(done_at__isnull=False),
                name="action_point_verified_after_done",
                violation_error_message=_("Only what is done can be verified."),
            ),
        ]
        indexes = [models.Index(fields=["owner", "due_on"], condition=Q(done_at__isnull=True), name="action_point_open_by_owner")]

    def __str__(self) -> str:
        return self.text
