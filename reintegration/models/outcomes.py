"""What a follow-up found, in codes that counts can be made of. What the person said is in the assessment, encrypted."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from plumbing.constraints import choices_held
from reintegration.models.followup import FollowUp


class Livelihood(models.TextChoices):
    EMPLOYED = "employed", _("Employed")
    SELF_EMPLOYED = "self_employed", _("Works on own account")
    CASUAL = "casual", _("Casual or daily work")
    LEARNING = "learning", _("In training or school")
    HOME = "home", _("Care and work at home")
    NONE = "none", _("No work or income")
    UNKNOWN = "unknown", _("Did not say")

    @classmethod
    def working(cls) -> tuple[str, ...]:
        """What counts as employed or self-employed."""
        return (cls.EMPLOYED, cls.SELF_EMPLOYED)


class Movement(models.TextChoices):
    STAYED = "stayed", _("Lives where the case says")
    WITHIN = "within", _("Moved within the country")
    ABROAD = "abroad", _("Moved to another country")
    UNKNOWN = "unknown", _("Not known")


@choices_held("livelihood", "movement")
class FollowUpOutcome(models.Model):
    """One follow-up as it was settled: held, or the person was not found, which is an outcome too."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    follow_up = models.OneToOneField(FollowUp, models.CASCADE, related_name="outcome")
    was_reached = models.BooleanField(_("the person was reached"))
    livelihood = models.CharField(_("livelihood"), max_length=13, choices=Livelihood, blank=True, default="")
    has_left = models.BooleanField(_("has left the support (dropped out)"), default=False)
    movement = models.CharField(_("onward movement"), max_length=8, choices=Movement, default=Movement.UNKNOWN)
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(was_reached=True) & ~Q(livelihood="") | Q(was_reached=False, livelihood=""),
                name="outcome_livelihood_of_who_was_reached",
                violation_error_message=_("Say how the person makes a living; of somebody who was not found it is not known."),
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
