"""What a report goes through in every journey."""

from __future__ import annotations

from typing import Any

from django.urls import reverse


def send_and_accept(reporter: Any, mande: Any, report: list[Any], *, sentence: str) -> None:
    """The reporter, on the entry page of ``report``, says what must be said and sends it; somebody else accepts every figure."""
    reporter.get_by_role("link", name="Check and submit").last.click()
    reporter.wait_for_load_state()
    for line in reporter.locator("input[name^='s:']").all():
        line.fill(sentence)
    if reporter.get_by_role("button", name="Keep the sentences").count():
        reporter.get_by_role("button", name="Keep the sentences").click()
    reporter.get_by_role("button", name="Send to review").click()
    reporter.get_by_text("Sent to review.").wait_for()
    mande.goto(reverse("review", args=report))
    mande.get_by_role("button", name="Accept all figures").click()
    mande.get_by_text("Accepted. The figures count from now on.").wait_for()
