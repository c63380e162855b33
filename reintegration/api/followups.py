"""The follow-ups of one case as its partner's own system keeps them: what is due, and what a round found. No answer goes out again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.models import User
from plumbing.refusals import Invalid, Problem
from plumbing.serializer_fields import PlainTextField
from programs.api.filters import in_our_time
from reintegration import followup
from reintegration.models import Case, FollowUp, Livelihood
from reintegration.models.outcomes import Movement

COLUMNS = ("wave", "due_on", "state", "settled_on", "assessment__held_on", "assessment__is_complete")
FOUND = {
    "wave": 6,
    "outcome": {"on": "2026-10-02", "was_reached": True, "livelihood": "self_employed", "has_left": False, "movement": "stayed"},
    "survey": {"held_on": "2026-10-02", "answers": {"R01": "good"}, "safety": {"feels_safe": "yes", "accepted": "yes"}},
}


class FollowUpRow(serializers.Serializer):
    wave = serializers.IntegerField(help_text="Months after completion; 0 is the baseline.")
    due_on = serializers.DateField()
    state = serializers.ChoiceField(FollowUp.State.choices)
    settled_on = serializers.DateField(allow_null=True)
    survey_held_on = serializers.DateField(source="assessment__held_on", allow_null=True)
    survey_is_complete = serializers.BooleanField(source="assessment__is_complete", allow_null=True)


class OutcomeFoundIn(serializers.Serializer):
    on = serializers.DateField(validators=[in_our_time])
    was_reached = serializers.BooleanField(help_text="False: not found, which is an outcome too.")
    livelihood = serializers.ChoiceField(Livelihood.choices, required=False, help_text="Of who was reached, and of nobody else.")
    has_left = serializers.BooleanField(required=False, default=False, help_text="Dropped out of the support.")
    movement = serializers.ChoiceField(Movement.choices, required=False, default="unknown", help_text="Onward movement.")


class SurveyHeldIn(serializers.Serializer):
    held_on = serializers.DateField(validators=[in_our_time])
    answers = serializers.DictField(
        child=PlainTextField(max_length=40), help_text="Item code to answer code of the reintegration survey in force; see `/instruments/`."
    )
    safety = serializers.DictField(
        child=PlainTextField(max_length=10), required=False,
        help_text=f"Beside the survey and never scored: {', '.join(followup.SAFETY)}; each yes, no or no_answer.",
    )  # fmt: skip


class FollowUpIn(serializers.Serializer):
    wave = serializers.IntegerField(min_value=0, max_value=600, help_text="Months; 0 opens the baseline where there is none yet.")
    outcome = OutcomeFoundIn(required=False)
    survey = SurveyHeldIn(required=False, help_text="Sent again for the same wave it corrects the answers.")


def rows_of(case: Case) -> list[dict[str, Any]]:
    return list(FollowUp.objects.filter(case=case).order_by("wave").values(*COLUMNS))


def hold(case: Case, given: dict[str, Any], *, by: User) -> bool:
    """Keep the survey and settle the wave, or neither. Whether an answer says that psychosocial support should be offered now."""
    if "outcome" not in given and "survey" not in given and given["wave"]:
        raise Invalid([Problem("outcome", _("Say what the follow-up found, or what was answered."), "required")])
    with transaction.atomic():
        row = _wave(case, given["wave"], by)
        offers_support = followup.assess(row, by=by, **given["survey"]).offers_support if "survey" in given else False
        if "outcome" in given:
            _settle(row, dict(given["outcome"]), by)
    return offers_support


def _wave(case: Case, wave: int, by: User) -> FollowUp:
    row = FollowUp.objects.filter(case=case, wave=wave).select_related("case__project", "case__partner", "case__place").first()
    if row is None and wave == 0:
        return followup.baseline(case, by=by)
    if row is None:
        raise Invalid([Problem("wave", _("This case has no follow-up of that wave."), "unknown")])
    return row


def _settle(row: FollowUp, found: dict[str, Any], by: User) -> None:
    if found.pop("was_reached"):
        followup.settle(row, by=by, livelihood=found.pop("livelihood", ""), **found)
    elif found.pop("livelihood", ""):
        raise Invalid([Problem("outcome.livelihood", _("Of somebody who was not found it is not known."), "not_reached")])
    else:
        followup.not_found(row, by=by, **found)
