"""Reading only what changed, without gaps.

A reader who remembers a time loses rows: a transaction that began before the read and ended after it carries an earlier time
than the read. A checkpoint therefore is two marks, both taken before the first row of a full read:

- the last *number* in the audit log. Every act writes its event in its own transaction, and the sealing sweep numbers only
  events that are there to be seen; whatever was not committed at the read gets a later number, however long it took;
- a *time*, for rows that change without an event of their own (a gazetteer loaded, an administrator's edit), lying back by
  ``OVERLAP`` because such a change has no number.

``?updated_since=<checkpoint>`` gives rows touched by an event after the number (or not numbered yet) or saved after the time.
A row may come twice, none is left out. The checkpoint travels in the cursor, so every page of one read gives the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditChain, AuditSubject
from plumbing.refusals import Invalid, Problem

OVERLAP = timedelta(minutes=10)
EARLIEST, LATEST = 1900, 9000  # years that both databases and every offset can hold
_FORM = re.compile(r"([0-9]{1,18})\.([0-9]{8}T[0-9]{6})Z", re.ASCII)
_STAMP = "%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class Checkpoint:
    number: int
    moment: datetime

    def __str__(self) -> str:
        return f"{self.number}.{self.moment.astimezone(UTC):{_STAMP}}Z"


def now() -> Checkpoint:
    """Take it before reading the rows. One query."""
    moment = timezone.now() - OVERLAP
    return Checkpoint(AuditChain.objects.values_list("number", flat=True).first() or 0, moment)


def read(text: str) -> Checkpoint | None:
    """A checkpoint from an address; None where it is not one."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    try:
        moment = datetime.strptime(form[2], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Checkpoint(int(form[1]), moment) if EARLIEST <= moment.year <= LATEST else None


def changed_since(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """The rows that changed since a checkpoint, or since a time (ISO 8601 with offset), where gaps are the reader's own risk."""
    checkpoint = read(text)
    if checkpoint is None:
        return rows.filter(updated_at__gte=_moment(text))
    later = Q(event__number__gt=checkpoint.number) | Q(event__number__isnull=True)
    touched = AuditSubject.objects.filter(later, kind=rows.model._meta.model_name)
    return rows.alias(_key=Cast("pk", CharField())).filter(Q(_key__in=touched.values("key")) | Q(updated_at__gte=checkpoint.moment))


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or not EARLIEST <= moment.year <= LATEST:
        raise Invalid([_problem(_("Give a time such as 2026-10-01T00:00:00Z, or the checkpoint of your last full read."))])
    if timezone.is_naive(moment):
        raise Invalid([_problem(_("Give the time with its offset, such as 2026-10-01T00:00:00Z."))])
    return moment


def _problem(message: Any) -> Problem:
    return Problem("updated_since", message, "invalid")
