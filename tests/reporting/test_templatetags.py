import pytest
from django.template import Context, Template

from plumbing.templatetags.parts import icon
from reporting.models import DonorReport, Submission
from reporting.templatetags import reporting


@pytest.mark.parametrize(("states", "looks"), [(Submission.State, reporting.SUBMISSIONS), (DonorReport.State, reporting.DONOR_REPORTS)])
def test_every_state_has_a_colour_and_an_icon(states, looks):
    assert set(looks) == set(states)
    for tone, name in looks.values():
        assert tone in {"", "ok", "wait", "stop", "info"}
        assert icon(name)


def test_a_state_is_said_in_words():
    html = Template("{{ 'submitted'|submission_state }}{{ 'sent'|donor_report_state }}").render(Context())
    assert str(Submission.State.SUBMITTED.label) in html
    assert str(DonorReport.State.SENT.label) in html
