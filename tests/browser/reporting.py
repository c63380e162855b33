"""What a report goes through in every journey."""

from __future__ import annotations

import re
from typing import Any

from django.urls import reverse


def send_and_accept(reporter: Any, mande: Any, report: list[Any], *, sentence: str) -> None:
    """The reporter, on the entry page of ``report``, says what must be said and sends it; somebody else accepts every figure."""
    send(reporter, sentence=sentence)
    accept(mande, report)


def send(reporter: Any, *, sentence: str) -> None:
    """From the entry page, which the reporter has open."""
    reporter.get_by_role("link", name="Check and submit").last.click()
    reporter.wait_for_load_state()
    for line in reporter.locator("input[name^='s:']").all():
        line.fill(sentence)
    if reporter.get_by_role("button", name="Keep the sentences").count():
        reporter.get_by_role("button", name="Keep the sentences").click()
    reporter.get_by_role("button", name="Send to review").click()
    reporter.get_by_text("Sent to review.").wait_for()


def accept(mande: Any, report: list[Any]) -> None:
    mande.goto(reverse("review", args=report))
    mande.get_by_role("button", name="Accept all figures").click()
    mande.get_by_text("Accepted. The figures count from now on.").wait_for()


def return_one(mande: Any, report: list[Any], *, figure: str, comment: str) -> None:
    """Send the report back for one figure, named by its indicator's title."""
    mande.goto(reverse("review", args=report))
    row = mande.locator("tr", has=mande.get_by_text(figure))
    row.get_by_text(re.compile("Cells and comments")).click()
    row.get_by_label("Comment").fill(comment)
    row.get_by_role("button", name="Keep the comment").click()
    row = mande.locator("tr", has=mande.get_by_text(figure))
    row.get_by_role("button", name=re.compile("^return")).click()
    mande.get_by_role("button", name="with comments").click()
    mande.get_by_text("Returned with your comments.").wait_for()
