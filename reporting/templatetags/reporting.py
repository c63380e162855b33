"""States of reports as word, icon and colour (a builtin library: no load needed)."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
    "submission.started": gettext_lazy("started"),
    "submission.filled_from_records": gettext_lazy("filled in from the records"),
    "submission.figures_written": gettext_lazy("figures saved"),
    "submission.narrative_written": gettext_lazy("narrative saved"),
    "submission.nil": gettext_lazy("made a nil report"),
    "submission.not_nil": gettext_lazy("no longer a nil report"),
    "submission.signed_off": gettext_lazy("signed off for the partner"),
    "submission.flag_explained": gettext_lazy("a flag explained"),
    "submission.submitted": gettext_lazy("sent to review"),
    "submission.recalled": gettext_lazy("taken back"),
    "submission.figure_decided": gettext_lazy("a figure decided"),
    "submission.commented": gettext_lazy("a figure commented"),
    "submission.returned": gettext_lazy("returned"),
    "submission.accepted": gettext_lazy("accepted"),
    "submission.reopened": gettext_lazy("reopened"),
    "submission.withdrawn": gettext_lazy("withdrawn"),
    "attachment.added": gettext_lazy("a file attached"),
    "attachment.removed": gettext_lazy("a file taken out"),
    "attachment.opened": gettext_lazy("a file opened"),
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
