"""Who may open a case, and the mark that opening leaves: one event per reading, with its purpose."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, BooleanField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models import Case as Choice
from django.db.models.functions import Cast, Substr
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import AuditEvent, User
from accounts.roles import Permission
from programs import access
from programs.access import NotAllowed
from reintegration.models import Case, CaseAccess, CaseQuerySet, OpenPurpose

READ = "case.read"
WRITES = (Permission.WORK_CASES, Permission.SUPERVISE_CASES)


@dataclass(frozen=True)
class Opening:
    """Who opened the file, when and what for."""

    at: datetime
    person: str
    purpose: str


def require_work(case: Case, by: User) -> None:
    """Assigned to the case (or deputy for who is), or its supervisor. Whoever only reads it for a purpose writes nothing."""
    _require(case, by, WRITES)


def require_supervision(case: Case, by: User) -> None:
    _require(case, by, (Permission.SUPERVISE_CASES,))


def readable(by: User) -> CaseQuerySet:
    """The cases that this person may open, each with what he or she may do there and the purpose that was stated for it.

    For pages: the facts are read with the row, which lives as long as the request. An act asks anew.
    """
    rows = Case.objects.all()
    stated = CaseAccess.objects.filter(case=OuterRef("pk"), person=by.pk, ends_at__gt=timezone.now()).order_by("-starts_at")
    return Case.objects.visible_to(by).annotate(
        rights_of=Value(by.pk or 0, BigIntegerField()),
        works=_holds(rows.held_by(by, *WRITES)),
        supervises=_holds(rows.held_by(by, Permission.SUPERVISE_CASES)),
        stated_purpose=Subquery(stated.values("purpose")[:1]),
    )


def may_work(case: Case, by: User) -> bool:
    if _is_known(case, by):
        return bool(case.works)  # type: ignore[attr-defined]
    return any(Case.objects.visible_to(by, word).filter(pk=case.pk).exists() for word in WRITES)


def may_supervise(case: Case, by: User) -> bool:
    if _is_known(case, by):
        return bool(case.supervises)  # type: ignore[attr-defined]
    return Case.objects.visible_to(by, Permission.SUPERVISE_CASES).filter(pk=case.pk).exists()


def purpose_of(case: Case, by: User) -> str:
    """Why this person reads it: casework, supervision, or what was stated when it was opened."""
    if case.caseworker_id == by.pk or case.caseworker_id in access.acts_for(by):
        return OpenPurpose.CASEWORK
    if _is_known(case, by):
        return case.stated_purpose or OpenPurpose.SUPERVISION  # type: ignore[attr-defined]
    stated = (
        CaseAccess.objects.filter(case=case, person=by, ends_at__gt=timezone.now()).order_by("-starts_at").values_list("purpose", flat=True)
    )
    return stated.first() or OpenPurpose.SUPERVISION


def opened(case: Case, *, by: User, purpose: str = "") -> None:
    """Leave the mark of one reading; whoever shows a case calls it once."""
    audit.record(READ, [case], by=by, purpose=purpose or purpose_of(case, by))


def open_for(case: Case, *, purpose: str, by: User) -> CaseAccess:
    """Open somebody else's case for a stated purpose, for some minutes. Needs the permission to oversee cases there."""
    access.require(by, Permission.OVERSEE_CASES, project=case.project, partner=case.partner, place=case.place)
    if case.sealed_at is not None:
        raise NotAllowed(_("This case is sealed: nobody opens it."))
    now = timezone.now()
    row = CaseAccess(
        case=case, person=by, purpose=purpose, starts_at=now, ends_at=now + timedelta(minutes=practice.whole("oversee-case-minutes"))
    )
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("case.opened_for_purpose", [case, case.project, case.partner], by=by, purpose=purpose)
    return row


def openings(case: Case, *, limit: int = 50) -> list[Opening]:
    """The latest readings, newest first."""
    return [opening_of(event) for event in reading_events(case)[:limit]]


def reading_events(case: Case) -> QuerySet[AuditEvent]:
    """The events of reading this case, newest first, each with the name of who read it."""
    person = Choice(When(actor__startswith="user:", then=Cast(Substr("actor", 6), BigIntegerField())))
    rows = AuditEvent.objects.filter(event=READ, subjects__kind="case", subjects__key=str(case.pk)).annotate(person_id=person)
    return rows.annotate(person=Subquery(User.objects.filter(pk=OuterRef("person_id")).values("name")[:1])).order_by("-id")


def opening_of(event: AuditEvent) -> Opening:
    return Opening(event.at, event.person or event.actor, _purpose(event))  # type: ignore[attr-defined]


def _is_known(case: Case, by: User) -> bool:
    """Whether the row came with this person's rights."""
    return case.__dict__.get("rights_of") == by.pk and by.pk is not None


def _holds(condition: Q) -> Any:
    """The condition as a column; the empty one holds for every case."""
    return Choice(When(condition or Q(pk__isnull=False), then=Value(True)), default=Value(False), output_field=BooleanField())


def _purpose(event: AuditEvent) -> str:
    code = json.loads(event.detail or "{}").get("purpose", "")
    return str(OpenPurpose(code).label) if code in OpenPurpose.values else ""


def _require(case: Case, by: User, words: tuple[Permission, ...]) -> None:
    for word in words:
        if Case.objects.visible_to(by, word).filter(pk=case.pk).exists():
            access.require(by, word, project=case.project, partner=case.partner, place=case.place)
            return
    raise NotAllowed(_("You may not do this with this case."))
