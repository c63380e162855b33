"""A portal for tests that kill its workers: the real Celery app, with one moment at which the first worker to reach it stops.

    python -m tests.peacebuild.crashing seed          an installation with periods to open and reports due today
    python -m tests.peacebuild.crashing state         what stands in its database and mail folder, as JSON
    celery -A tests.peacebuild.crashing worker        a worker; HOLD_AT names the moment, HOLD_FILE is written when it is reached

The worker that holds sits inside its act, with its lease taken and nothing committed, until it is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import django

from peacebuild.celery import app

__all__ = ["app"]

django.setup()

from django.conf import settings  # noqa: E402
from django.core.mail import EmailMessage  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts import audit, outbox  # noqa: E402
from programs import calendar  # noqa: E402
from reporting import reminders  # noqa: E402

PROJECTS = 4
outbox.LEASE = calendar.LEASE = timedelta(seconds=3)  # a test does not wait for minutes
reminders.MORNING = 0


def hold(moment: str) -> None:
    """Stop here for good, if this is the moment and no other worker has stopped before."""
    if moment != os.environ.get("HOLD_AT"):
        return
    with contextlib.suppress(FileExistsError), Path(os.environ["HOLD_FILE"]).open("x") as mark:
        mark.write(str(os.getpid()))
        mark.flush()
        time.sleep(600)


def holding(moment: Callable[..., str], act: Callable[..., Any]) -> Callable[..., Any]:
    def held(*args: Any, **named: Any) -> Any:
        hold(moment(*args))
        return act(*args, **named)

    return held


audit.record = holding(lambda event, *rest: event, audit.record)  # type: ignore[assignment]
EmailMessage.send = holding(lambda *rest: "mail", EmailMessage.send)  # type: ignore[method-assign]
_post = outbox.post


def post(*args: Any) -> bool:
    made = _post(*args)
    hold("line")
    return made


outbox.post = post  # type: ignore[assignment]


def seed() -> None:
    from accounts.models import Organization
    from programs.models import ReportingPeriod
    from tests import factories

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    today = timezone.localdate()
    for _number in range(PROJECTS):
        world = factories.world(starts_on=today - timedelta(days=200), ends_on=today + timedelta(days=200))
        world.indicator()
    assert Organization.objects.filter(kind="partner").count() == PROJECTS
    ReportingPeriod.objects.filter(ends_on__lt=today).update(due_on=today, review_due_on=today + timedelta(days=9))


def state() -> dict[str, Any]:
    from accounts.models import AuditEvent, Message
    from programs.models import ExpectedReport, ReportingPeriod

    mails = [message_from_bytes(part) for part in _mails()]
    return {
        "to_open": ReportingPeriod.objects.to_open(timezone.localdate()).count(),
        "opened": sorted(ReportingPeriod.objects.filter(opened_at__isnull=False).values_list("pk", flat=True)),
        "openings": AuditEvent.objects.filter(event="period.opened").count(),
        "expected": [list(row) for row in ExpectedReport.objects.values_list("period", "partner").order_by("period", "partner")],
        "lines": [list(row) for row in Message.objects.values_list("recipient", "item", "step").order_by("recipient", "item", "step")],
        "unsent": Message.objects.filter(sent_at__isnull=True).count(),
        "mails": sorted([mail["To"], mail["Message-ID"]] for mail in mails),
        "still_missing": reminders.remind(),
    }


def _mails() -> list[bytes]:
    folder = Path(settings.EMAIL_FILE_PATH)
    found = []
    for file in folder.glob("*.log") if folder.is_dir() else ():
        found += [part for part in file.read_bytes().split(b"-" * 79) if b"Message-ID:" in part]
    return [part.strip() for part in found]


if __name__ == "__main__":
    if sys.argv[1] == "seed":
        seed()
    else:
        print(json.dumps(state()))
