"""States of reports as word, icon and colour (a builtin library: no load needed)."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from plumbing.templatetags.parts import chip, state_chip
from programs.models import ExpectedReport
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

EVENTS = {
    "submission.started": _l("started"),
    "submission.filled_from_records": _l("filled in from the records"),
    "submission.figures_written": _l("figures saved"),
    "submission.narrative_written": _l("narrative saved"),
    "submission.nil": _l("made a nil report"),
    "submission.not_nil": _l("no longer a nil report"),
    "submission.signed_off": _l("signed off for the partner"),
    "submission.flag_explained": _l("a flag explained"),
    "submission.submitted": _l("sent to review"),
    "submission.recalled": _l("taken back"),
    "submission.figure_decided": _l("a figure decided"),
    "submission.commented": _l("a figure commented"),
    "submission.returned": _l("returned"),
    "submission.accepted": _l("accepted"),
    "submission.reopened": _l("reopened"),
    "submission.withdrawn": _l("withdrawn"),
    "attachment.added": _l("a file attached"),
    "attachment.removed": _l("a file taken out"),
    "attachment.opened": _l("a file opened"),
}


@register.filter
def submission_state(state: str) -> SafeString:
    return state_chip(SUBMISSIONS, Submission.State(state))


@register.filter
def donor_report_state(state: str) -> SafeString:
    return state_chip(DONOR_REPORTS, DonorReport.State(state))


@register.simple_tag
def submission_chip(submission: Submission | None, expected: ExpectedReport | None = None) -> SafeString:
    """How a report stands: the state of its submission, or what is expected where there is none."""
    if submission is not None:
        return submission_state(submission.state)
    if expected is not None and expected.exempted_at is not None:
        return chip("", _("Exempt"), "slash-circle")
    if expected is not None and _is_late(expected):
        return chip("stop", _("Late"), "alarm")
    return chip("", _("Due"), "circle")


@register.simple_tag
def event_words(event: str) -> str:
    return str(EVENTS.get(event, event))


def _is_late(expected: ExpectedReport, today: date | None = None) -> bool:
    return expected.due_on < (today or timezone.localdate())
