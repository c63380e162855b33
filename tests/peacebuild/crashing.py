"""A portal for tests that kill its workers: the real Celery app, with one moment at which the first worker to reach it stops.

    python -m tests.peacebuild.crashing seed          an installation with periods to open and reports due today
    python -m tests.peacebuild.crashing state         what stands in its database and mail folder, as JSON
    python -m tests.peacebuild.crashing send QUEUE TASK...
                                                      what beat does: the tasks are put into the queue
    python -m tests.peacebuild.crashing post          the same new report from many at once; what each was answered, as JSON
    celery -A tests.peacebuild.crashing worker        a worker; HOLD_AT names the moment, HOLD_FILE is written when it is reached

The worker that holds sits inside its act, with its lease taken and nothing committed, until it is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
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

from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.mail import EmailMessage  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts import audit, outbox  # noqa: E402
from accounts.models import Message  # noqa: E402
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
_save = Message.save


def save(row: Message, *args: Any, **named: Any) -> None:
    _save(row, *args, **named)
    hold("line")


Message.save = save  # type: ignore[method-assign]


def seed() -> None:
    from accounts.models import Organization
    from programs.models import ReportingPeriod
    from tests import factories

    # The tables as the models say: what is tried here is workers, and migrations take longer than all of it.
    settings.MIGRATION_MODULES = {one.label: None for one in apps.get_app_configs()}
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable", verbosity=0)
    today = timezone.localdate()
    for _number in range(PROJECTS):
        world = factories.world(starts_on=today - timedelta(days=200), ends_on=today + timedelta(days=200))
        world.indicator()
    assert Organization.objects.filter(kind="partner").count() == PROJECTS
    ReportingPeriod.objects.filter(ends_on__lt=today).update(due_on=today, review_due_on=today + timedelta(days=9))


def state() -> dict[str, Any]:
    from accounts.models import AuditEvent, Organization
    from programs.models import ExpectedReport, ReportingPeriod

    mails = [message_from_bytes(part) for part in _mails()]
    return {
        "to_open": ReportingPeriod.objects.to_open(timezone.localdate()).count(),
        "opened": sorted(ReportingPeriod.objects.filter(opened_at__isnull=False).values_list("pk", flat=True)),
        "openings": AuditEvent.objects.filter(event="period.opened").count(),
        "expected": [list(row) for row in ExpectedReport.objects.values_list("period", "partner").order_by("period", "partner")],
        "partners": list(Organization.objects.filter(kind="partner").values_list("pk", flat=True)),
        "lines": [list(row) for row in Message.objects.values_list("recipient", "item", "step").order_by("recipient", "item", "step")],
        "unsent": Message.objects.filter(sent_at__isnull=True).count(),
        "mails": sorted([mail["To"], mail["Message-ID"]] for mail in mails),
        "still_missing": _missing_lines(),
    }


def _missing_lines() -> int:
    """How many lines a sweep would write now; nothing is kept of it."""
    with transaction.atomic():
        missing = reminders.remind()
        transaction.set_rollback(True)
    return missing


def post_at_once(callers: int = 8) -> dict[str, Any]:
    """A partner's key starts the same report from many threads at the same moment."""
    from accounts.models import AuditEvent
    from programs.models import ExpectedReport
    from reporting.models import Submission
    from tests import factories
    from tests.callers import key_of, with_key

    owed = ExpectedReport.objects.select_related("project", "period", "partner").first()
    secret = key_of(owed.partner, by=factories.member("partner_manager", organization=owed.partner))
    body, start = {"project": owed.project.code, "period": owed.period.code}, threading.Barrier(callers)
    answers: list[tuple[int, str]] = []

    def post() -> None:
        caller = with_key(secret)
        start.wait()
        answer = caller.post("/submissions/", body, **{"Idempotency-Key": "one-report"})
        answers.append((answer.status_code, answer.content.decode()))
        connection.close()

    threads = [threading.Thread(target=post) for _number in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "answers": answers,
        "submissions": Submission.objects.filter(project=owed.project, period=owed.period, partner=owed.partner).count(),
        "events": AuditEvent.objects.filter(event="submission.started").count(),
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
    elif sys.argv[1] == "send":
        for task in sys.argv[3:]:
            app.send_task(task, queue=sys.argv[2])
    else:
        print(json.dumps(post_at_once() if sys.argv[1] == "post" else state()))
