"""Levels and states of what was promised, as word, icon or shape, and colour (a builtin library: no load needed)."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from plumbing.templatetags.parts import state_chip
from programs.models import ActionPoint, Level, ReportingPeriod

register = template.Library()

# state -> tone and icon; the word is the state's own label
PERIODS = {
    ReportingPeriod.State.PLANNED: ("", "calendar-event"),
    ReportingPeriod.State.OPEN: ("info", "pencil"),
    ReportingPeriod.State.DUE: ("wait", "hourglass-split"),
    ReportingPeriod.State.OVERDUE: ("stop", "alarm"),
    ReportingPeriod.State.LOCKED: ("", "lock-fill"),
}
ACTION_POINTS = {
    ActionPoint.State.OPEN: ("info", "circle"),
    ActionPoint.State.OVERDUE: ("stop", "alarm"),
    ActionPoint.State.DONE: ("ok", "check-lg"),
    ActionPoint.State.VERIFIED: ("ok", "check2-all"),
}


@register.simple_tag
def level(value: str) -> SafeString:
    """ "▲ Community": the level's own shape, colour and word."""
    return format_html('<span class="level {}">{}</span>', Level(value).value, Level(value).label)


@register.filter
def period_state(state: str) -> SafeString:
    return state_chip(PERIODS, ReportingPeriod.State(state))


@register.filter
def action_point_state(state: str) -> SafeString:
    return state_chip(ACTION_POINTS, ActionPoint.State(state))
