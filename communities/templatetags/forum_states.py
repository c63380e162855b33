"""States of promises, disputes and local projects as word, icon and colour (a builtin library: no load needed)."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from communities.forums import Quota
from communities.models import Commitment, Concern, Dispute, LocalProject
from plumbing import formats
from plumbing.templatetags.parts import chip, state_chip

register = template.Library()

DISPUTES = {
    Dispute.State.OPENED: ("wait", "flag"),
    Dispute.State.MEDIATED: ("info", "people"),
    Dispute.State.AGREED: ("ok", "check-lg"),
    Dispute.State.RELAPSED: ("stop", "arrow-repeat"),
    Dispute.State.REFERRED: ("", "bank"),
}
LOCAL_PROJECTS = {
    LocalProject.State.PROPOSED: ("wait", "hourglass-split"),
    LocalProject.State.APPROVED: ("info", "check-lg"),
    LocalProject.State.REFUSED: ("", "slash-circle"),
    LocalProject.State.UNDER_WAY: ("info", "arrow-repeat"),
    LocalProject.State.ON_HOLD: ("wait", "pause-circle"),
    LocalProject.State.COMPLETED: ("ok", "check-lg"),
    LocalProject.State.HANDED_OVER: ("ok", "check2-all"),
    LocalProject.State.CHECKED: ("ok", "check2-all"),
    LocalProject.State.STOPPED: ("stop", "x-lg"),
}


@register.filter
def dispute_state(state: str) -> SafeString:
    return state_chip(DISPUTES, Dispute.State(state))


@register.filter
def local_project_state(row: LocalProject) -> SafeString:
    """ "No longer works" is said at once: a check that found it broken is no good news."""
    if row.still_works is False:
        return chip("stop", _("No longer works"), "x-lg")
    return state_chip(LOCAL_PROJECTS, LocalProject.State(row.state))


@register.filter
def commitment_state(row: Commitment) -> SafeString:
    """ "Kept 12 Jul, late", "Due in 8 days", "Breach reported"."""
    state = Commitment.State
    if row.state == state.OPEN:
        return _open(row.due_on)
    on = formats.day_short(row.settled_on) if row.settled_on else ""
    if row.state == state.KEPT:
        if row.outcome:
            return chip("ok", _("Kept, %(outcome)s") % {"outcome": row.outcome}, "check-lg")
        return chip("ok", (_("Kept %(day)s, late") if row.was_late else _("Kept %(day)s")) % {"day": on}, "check-lg")
    if row.state == state.BREACHED:
        return chip("stop", _("Breached %(day)s") % {"day": on}, "x-octagon")
    if row.state == state.BREACH_REPORTED:
        return chip("wait", _("Breach reported"), "question-lg")
    return chip("", _("Withdrawn"), "dash-lg")


@register.filter
def concern_state(row: Concern) -> SafeString:
    if row.resolved_on is not None:
        days = row.days_open or 0
        return chip("ok", ngettext("Resolved in %(days)s day", "Resolved in %(days)s days", days) % {"days": days}, "check-lg")
    return chip("info", _("Assigned"), "person-check") if row.assigned_on is not None else chip("wait", _("Nobody has it"), "flag")


@register.filter
def quota_state(quota: Quota) -> SafeString:
    if quota.short is None:
        return chip("", _("Not known") if quota.held is None else _("Nothing agreed"), "dash-lg")
    if not quota.short:
        return chip("ok", _("Met"), "check-lg")
    return chip("stop", ngettext("%(seats)s seat short", "%(seats)s seats short", quota.short) % {"seats": quota.short}, "x-lg")


def _open(due_on: date | None) -> SafeString:
    if due_on is None:
        return chip("info", _("Holds"), "circle")
    left = (due_on - timezone.localdate()).days
    if left < 0:
        return chip("stop", ngettext("%(days)s day late", "%(days)s days late", -left) % {"days": -left}, "alarm")
    if not left:
        return chip("wait", _("Due today"), "calendar-event")
    return chip("wait", ngettext("Due in %(days)s day", "Due in %(days)s days", left) % {"days": left}, "calendar-event")
