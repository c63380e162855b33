"""States of survey rounds and instruments as chips, and the reason of a missing score in words (a builtin library: no load needed)."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from plumbing.templatetags.parts import chip, state_chip
from surveys.models import InstrumentVersion, SurveyRound

register = template.Library()

ROUNDS = {
    SurveyRound.Status.PLANNED: ("", "calendar-event"),
    SurveyRound.Status.OPEN: ("info", "pencil"),
    SurveyRound.Status.CLOSED: ("wait", "lock-fill"),
    SurveyRound.Status.APPROVED: ("ok", "check2-all"),
}
VERSIONS = {
    InstrumentVersion.Status.DRAFT: ("wait", "pencil"),
    InstrumentVersion.Status.ACTIVE: ("ok", "check-lg"),
    InstrumentVersion.Status.RETIRED: ("", "slash-circle"),
}
REASONS = {
    "too_few_answers": _("too few answers"),
    "domain_not_scored": _("one domain has too few answers"),
    "nothing_applicable": _("nothing applies"),
    "unknown": _("unknown: an answer is missing"),
    "no_responses": _("no responses yet"),
    "not_scored": _("a round has no score"),
    "not_comparable": _("not comparable"),
    "hidden": _("hidden: few people"),
}


@register.filter
def round_state(state: str) -> SafeString:
    return state_chip(ROUNDS, SurveyRound.Status(state))


@register.filter
def version_state(state: str) -> SafeString:
    return state_chip(VERSIONS, InstrumentVersion.Status(state))


@register.filter
def no_score(reason: str) -> str:
    return str(REASONS.get(reason, reason))


@register.simple_tag
def adaptation(version: InstrumentVersion) -> SafeString | str:
    """The word that stands wherever a score is not an official one."""
    return chip("wait", _("Adaptation"), "exclamation-triangle") if version.is_adaptation else ""


@register.filter
def in_hundred(share: Decimal | None) -> Decimal | None:
    """A share between 0 and 1 as percent."""
    return None if share is None else share * 100
