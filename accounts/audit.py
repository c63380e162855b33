"""The record of what was done: append-only, sealed into a hash chain by a sweep.

An act inserts its event unsealed, so that writers do not queue for one lock. The sweep gives every event its number and
chained hash once; whoever follows the log (``verify_audit``, deliveries, checkpoints) follows the number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction

from accounts.models import AuditChain, AuditEvent, AuditSubject, User

# Only these kinds may ever be delivered to somebody else's system.
OUTWARD = frozenset({"submission.submitted", "submission.accepted", "submission.returned", "period.opened", "donor_report.sent"})

Subject = models.Model | tuple[str, str]


def record(event: str, subjects: Iterable[Subject] = (), *, by: User | AnonymousUser | None, via: str = "", **detail: Any) -> AuditEvent:
    """Write one event. ``subjects`` are model rows or (kind, key) pairs; ``detail`` holds codes and counts, never words about people.

    Call it inside the act's own transaction: the event is kept exactly if the act is.
    """
    actor, behind = _actor(by)
    row = AuditEvent.objects.create(
        event=event,
        actor=actor,
        behind=behind,
        via=via or ("api" if behind.startswith("key-issuer") else "task" if by is None else "portal"),
        detail=_canonical(detail) if detail else "",
    )
    AuditSubject.objects.bulk_create(AuditSubject(event=row, kind=kind, key=key) for kind, key in sorted({_named(s) for s in subjects}))
    return row


def seal(*, limit: int = 5000) -> int:
    """Give unsealed events their number and hash, in the order of their ids; return how many were sealed."""
    with transaction.atomic():
        AuditChain.objects.get_or_create(pk=1)
        chain = AuditChain.objects.select_for_update().get(pk=1)
        events = list(AuditEvent.objects.filter(number__isnull=True).order_by("id").prefetch_related("subjects")[:limit])
        for event in events:
            chain.number += 1
            chain.hash = _digest(chain.hash, chain.number, event)
            event.number, event.hash = chain.number, chain.hash
        AuditEvent.objects.bulk_update(events, ["number", "hash"], batch_size=300)
        chain.save(update_fields=["number", "hash"])
    return len(events)


@dataclass(frozen=True)
class Verdict:
    """``checked`` sealed events held; ``broken_at`` is the number of the first that does not, with the reason."""

    checked: int
    broken_at: int | None = None
    reason: str = ""


def verify() -> Verdict:
    """Walk the chain from its start and name the first broken link."""
    previous, expected = "0" * 64, 0
    for event in _sealed():
        expected += 1
        if event.number != expected:
            return Verdict(expected - 1, expected, f"event {expected} is missing; the next one present is {event.number}")
        if event.hash != _digest(previous, expected, event):
            return Verdict(expected - 1, expected, f"event {expected} was changed after it was sealed")
        previous = event.hash or ""
    chain = AuditChain.objects.filter(pk=1).first()
    if chain is not None and (chain.number, chain.hash) != (expected, previous):
        return Verdict(expected, expected + 1, f"the log ends at {expected}, the chain at {chain.number}")
    return Verdict(expected)


def _sealed() -> Iterator[AuditEvent]:
    return AuditEvent.objects.filter(number__isnull=False).order_by("number").prefetch_related("subjects").iterator(chunk_size=2000)


def _digest(previous: str, number: int, event: AuditEvent) -> str:
    subjects = sorted(f"{s.kind}:{s.key}" for s in event.subjects.all())
    values = [previous, number, event.at.isoformat(), event.event, event.actor, event.behind, event.via, event.detail, subjects]
    return hashlib.sha256(_canonical(values).encode()).hexdigest()


def _actor(by: User | AnonymousUser | None) -> tuple[str, str]:
    if by is None:
        return "system", ""
    if not isinstance(by, User):
        return "anonymous", ""
    key = getattr(by, "api_key", None) if by.is_service else None
    deputy_for = getattr(by, "acting_for_id", None)
    behind = f"key-issuer:{key.created_by_id}" if key is not None else f"user:{deputy_for}" if deputy_for else ""
    return f"user:{by.pk}", behind


def _named(subject: Subject) -> tuple[str, str]:
    if isinstance(subject, tuple):
        return subject
    return subject._meta.model_name or "", str(subject.pk)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
