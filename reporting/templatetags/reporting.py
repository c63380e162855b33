"""States of reports as word, icon and colour (a builtin library: no load needed)."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from plumbing.templatetags.parts import state_chip
from reporting.models import DonorReport, Submission

register = template.Library()

# state -> tone and icon; the word is the state's own label
SUBMISSIONS = {
    Submission.State.DRAFT: ("", "pencil"),
    Submission.State.SUBMITTED: ("info", "hourglass-split"),
    Submission.State.RETURNED: ("wait", "arrow-return-left"),
    Submission.State.ACCEPTED: ("ok", "check-lg"),
    Submission.State.WITHDRAWN: ("", "slash-circle"),
}
DONOR_REPORTS = {
    DonorReport.State.DRAFT: ("", "pencil"),
    DonorReport.State.FROZEN: ("wait", "pen"),
    DonorReport.State.SIGNED_OFF: ("ok", "person-check"),
    DonorReport.State.SENT: ("info", "send"),
    DonorReport.State.COMMENTED: ("wait", "chat-left-text"),
    DonorReport.State.ACCEPTED: ("ok", "check-lg"),
    DonorReport.State.SUPERSEDED: ("", "clock-history"),
}


@register.filter
def submission_state(state: str) -> SafeString:
    return state_chip(SUBMISSIONS, Submission.State(state))


@register.filter
def donor_report_state(state: str) -> SafeString:
    return state_chip(DONOR_REPORTS, DonorReport.State(state))
