"""The record of what was done: append-only, sealed into a hash chain by a sweep.

An act inserts its event unsealed, so that writers do not queue for one lock. The sweep gives every event its number and
chained hash once; whoever follows the log (``verify_audit``, deliveries, checkpoints) follows the number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction

from accounts.models import AuditChain, AuditEvent, AuditSubject, User

# Only these kinds may ever be delivered to somebody else's system.
OUTWARD = frozenset({"submission.submitted", "submission.accepted", "submission.returned", "period.opened", "donor_report.sent"})

VERIFIED = "audit.verified"  # what a walk along the chain found

Subject = models.Model | tuple[str, str]


def record(event: str, subjects: Iterable[Subject] = (), *, by: User | AnonymousUser | None, via: str = "", **detail: Any) -> AuditEvent:
    """Write one event. ``subjects`` are model rows or (kind, key) pairs; ``detail`` holds codes and counts, never words about people.

    Call it inside the act's own transaction: the event is kept exactly if the act is. ``actor`` is who did it: a person, a key's
    service user, "system" for what runs by itself, "anonymous" for who is not signed in. ``behind`` is the person it was done for:
    the issuer of the key, or the absent colleague where the permission that ``programs.access.require`` last found for the actor
    came from deputizing alone. ``via`` is the way in: portal, api, task, or what the caller says (workbook, command).
    """
    actor, behind = _actor(by)
    way_in = via or ("task" if by is None else "api" if isinstance(by, User) and by.is_service else "portal")
    # One transaction even where the caller has none: the sweep must never seal an event before its subjects are there.
    with transaction.atomic():
        row = AuditEvent.objects.create(event=event, actor=actor, behind=behind, via=way_in, detail=_canonical(detail) if detail else "")
        named = sorted({_named(s) for s in subjects})
        AuditSubject.objects.bulk_create(AuditSubject(event=row, kind=kind, key=key) for kind, key in named)
    return row


def seal_all() -> int:
    """Seal whatever waits, batch by batch; what beat calls."""
    total = 0
    while sealed := seal():
        total += sealed
    return total


def seal(*, limit: int = 5000) -> int:
    """Give unsealed events their number and hash, in the order of their ids; return how many were sealed.

    An event that commits late gets a later number than its id suggests; none is skipped, because the question is "which have no
    number", not "which come after the last".
    """
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
    """``checked`` sealed events held; ``broken_at`` is the number of the first that does not, with the reason.

    ``head`` is the hash of the last one that held. Written down elsewhere, it proves later that nothing before it was changed: a
    chain alone cannot show that its whole end was cut off together with the count.
    """

    checked: int
    broken_at: int | None = None
    reason: str = ""
    head: str = ""
    unsealed: int = 0


def verify() -> Verdict:
    """Walk the chain from its start and name the first broken link."""
    previous, expected = "0" * 64, 0
    for event in _sealed():
        expected += 1
        if event.number != expected:
            return Verdict(expected - 1, expected, f"event {expected} is missing; the next one present is {event.number}", previous)
        if event.hash != _digest(previous, expected, event):
            return Verdict(expected - 1, expected, f"event {expected} was changed after it was sealed", previous)
        previous = event.hash or ""
    chain = AuditChain.objects.filter(pk=1).first()
    if chain is None and expected:
        return Verdict(expected, expected + 1, f"the log ends at {expected}, but the row that counts it is gone", previous)
    if chain is not None and (chain.number, chain.hash) != (expected, previous):
        return Verdict(expected, expected + 1, f"the log ends at {expected}, the chain at {chain.number}", previous)
    return Verdict(expected, head=previous, unsealed=AuditEvent.objects.filter(number__isnull=True).count())


def note_verification(*, by: User | None, via: str = "") -> Verdict:
    """Walk the chain and leave what was found in the log itself, where the audit page reads it."""
    verdict = verify()
    record(VERIFIED, by=by, via=via, checked=verdict.checked, broken_at=verdict.broken_at)
    return verdict


def _sealed() -> Iterator[AuditEvent]:
    return AuditEvent.objects.filter(number__isnull=False).order_by("number").prefetch_related("subjects").iterator(chunk_size=2000)


def _digest(previous: str, number: int, event: AuditEvent) -> str:
    subjects = sorted(f"{s.kind}:{s.key}" for s in event.subjects.all())
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    values = [previous, number, at, event.event, event.actor, event.behind, event.via, event.detail, subjects]
    return hashlib.sha256(_canonical(values).encode()).hexdigest()


def _actor(by: User | AnonymousUser | None) -> tuple[str, str]:
    if by is None:
        return "system", ""
    if not isinstance(by, User):
        return "anonymous", ""
    behind = by.api_key.created_by_id if by.is_service else by.acting_for_id
    return f"user:{by.pk}", f"user:{behind}" if behind is not None else ""


def _named(subject: Subject) -> tuple[str, str]:
    if isinstance(subject, tuple):
        return subject
    return subject._meta.model_name or "", str(subject.pk)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
