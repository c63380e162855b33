"""What follows from an assessment of capacity: a weak area becomes something owed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from institutions.models.institutions import Institution
from programs.models import ActionPoint
from surveys.models import Domain, SurveyRound


class CapacityAction(models.Model):
    """The action point that answers one area of one round."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="capacity_actions")
    survey_round = models.ForeignKey(SurveyRound, models.PROTECT, related_name="+")
    domain = models.ForeignKey(Domain, models.PROTECT, related_name="+", verbose_name=pgettext_lazy("of capacity", "area"))
    action_point = models.OneToOneField(ActionPoint, models.PROTECT, related_name="capacity_action")

    class Meta:
        ordering = ["action_point__due_on", "id"]
        verbose_name = _("action on a weak area")
        verbose_name_plural = _("actions on weak areas")

    def __str__(self) -> str:
        return f"{self.domain}: {self.action_point}"
