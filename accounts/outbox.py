"""Mail as rows: a line for one person about one item at one step, gathered by a sweep into one mail.

A repeat after a crash carries the same Message-ID: the envelope is written before anything is sent, and kept.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import ngettext

from accounts.models import Message, User

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 8


@dataclass(frozen=True)
class Line:
    """One thing to tell: ``item`` and ``step`` make it unique per person, so that nobody reads the same line twice."""

    item: str
    step: str
    text: str
    path: str = ""
    note: str = ""


def post(recipient: User, line: Line) -> bool:
    """Put a line into the outbox; False when this person already got it."""
    _row, created = Message.objects.get_or_create(
        recipient=recipient, item=line.item, step=line.step, defaults={"line": line.text, "path": line.path, "note": line.note}
    )
    return created


def send_due(*, now: datetime | None = None) -> int:
    """Send every waiting line, one mail per person; returns the mails sent. Runs in as many workers as there are."""
    moment = now or timezone.now()
    sent = 0
    for recipient in _waiting(moment):
        envelope = _claim(recipient, moment)
        if envelope is not None:
            sent += _send(envelope, moment)
    return sent


def waiting_since() -> datetime | None:
    """When the oldest unsent line was written: shown on the system page."""
    return Message.objects.filter(sent_at__isnull=True).order_by("created_at").values_list("created_at", flat=True).first()


def _waiting(moment: datetime) -> Iterable[int]:
    rows = Message.objects.filter(
        _free(moment), sent_at__isnull=True, attempts__lt=MOST_ATTEMPTS, recipient__is_active=True, recipient__is_service=False
    )
    return list(rows.order_by("recipient").values_list("recipient", flat=True).distinct())


def _claim(recipient: int, moment: datetime) -> uuid.UUID | None:
    """Take a person's waiting lines under one envelope. Lines of an earlier, unfinished envelope go first and alone."""
    mine = Message.objects.filter(_free(moment), recipient=recipient, sent_at__isnull=True, attempts__lt=MOST_ATTEMPTS)
    unfinished = mine.filter(envelope__isnull=False).order_by("id").values_list("envelope", flat=True).first()
    envelope = unfinished or uuid.uuid4()
    rows = mine.filter(envelope=envelope) if unfinished else mine.filter(envelope__isnull=True)
    taken = rows.update(envelope=envelope, lease_until=moment + LEASE, attempts=F("attempts") + 1)
    return envelope if taken else None


def _send(envelope: uuid.UUID, moment: datetime) -> int:
    lines = list(Message.objects.filter(envelope=envelope, sent_at__isnull=True).select_related("recipient").order_by("created_at", "id"))
    if not lines:
        return 0
    try:
        compose(lines, envelope).send()
    except OSError as failed:
        Message.objects.filter(envelope=envelope, sent_at__isnull=True).update(error=str(failed)[:300])
        return 0
    Message.objects.filter(envelope=envelope, sent_at__isnull=True).update(sent_at=timezone.now(), lease_until=None, error="")
    return 1


def compose(lines: list[Message], envelope: uuid.UUID) -> EmailMessage:
    """The digest of one person, in their language."""
    person = lines[0].recipient
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or "localhost"
    with translation.override(person.language):
        many = len(lines)
        subject = ngettext("One thing waits for you", "%(many)s things wait for you", many) % {"many": many} if many > 1 else lines[0].line
        body = render_to_string("accounts/digest.txt", {"person": person, "lines": lines, "address": settings.PORTAL_ADDRESS})
        return EmailMessage(
            " ".join(subject.split())[:150],
            body,
            settings.DEFAULT_FROM_EMAIL,
            [person.email],
            headers={"Message-ID": f"<{envelope}@{host}>"},
        )


def _free(moment: datetime) -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lte=moment)
