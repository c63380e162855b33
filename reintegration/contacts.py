"""Contacts with a person: done or not found, and what comes next. Read the safe-contact rule before each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from plumbing.refusals import Invalid, Problem
from reintegration import casework, opening
from reintegration.models import Case, CaseContact


def record(
    case: Case, *, happened_on: date, kind: str, result: str, by: User, next_step: str = "", next_on: date | None = None, note: str = ""
) -> CaseContact:
    """Record a contact, or one that was tried. It settles the next steps that earlier contacts left open.

    Contacts go on after a case is closed (follow-up). Raises ``NotAdmitted`` while the case waits to be decided: then not even that
    somebody was spoken with is kept.
    """
    opening.require_work(case, by)
    casework.require_admitted(case)
    casework.not_in_future("happened_on", happened_on)
    if next_on is not None and next_on < happened_on:
        raise Invalid([Problem("next_on", _("The next step comes after this contact."), "before")])
    row = CaseContact(
        case=case,
        happened_on=happened_on,
        kind=kind,
        result=result,
        next_step=next_step,
        next_on=next_on,
        note=note.strip(),
        recorded_by=by,
    )
    row.full_clean()
    with transaction.atomic():
        CaseContact.objects.filter(case=case, next_done_at__isnull=True).exclude(next_step="").update(next_done_at=timezone.now())
        row.save()
        audit.record("contact.recorded", [row, case], by=by, kind=kind, result=result, next=next_step)
    return row


def settle(contact: CaseContact, *, by: User) -> CaseContact:
    """The next step that a contact left was done by other means."""
    opening.require_work(contact.case, by)
    casework.require_admitted(contact.case)
    contact.next_done_at = timezone.now()
    with transaction.atomic():
        contact.save(update_fields=["next_done_at"])
        audit.record("contact.settled", [contact, contact.case], by=by, next=contact.next_step)
    return contact


@dataclass(frozen=True)
class SafeLine:
    """One sentence of the safe-contact rule, and whether it allows or forbids."""

    allows: bool
    text: str

    def __str__(self) -> str:
        return self.text


def safe_rule(case: Case) -> list[SafeLine]:
    """How to reach the person safely, as sentences. Shown inside the portal only, before any contact."""
    given = case.safe_contact or {}
    if isinstance(given, str):
        return [SafeLine(False, given)]
    found = [
        SafeLine(bool(given[name]), yes if given[name] else no)
        for name, yes, no in (("may_call", _("You may call."), _("Do not call.")), ("visit", _("You may visit."), _("No visit.")))
        if given.get(name) is not None
    ]
    words = {
        "call_when": (True, _("When: %(text)s")), "who_may_answer": (True, _("May answer: %(text)s")),
        "visit_where": (True, _("Meet: %(text)s")), "never_mention": (False, _("Never mention: %(text)s")),
    }  # fmt: skip
    for name, (allows, sentence) in words.items():
        if given.get(name) not in (None, "", True, False):
            found.append(SafeLine(allows, sentence % {"text": given[name]}))
    if given.get("never_mention") is True:
        found.append(SafeLine(False, _("Never say why you call.")))
    if given.get("unmarked_car"):
        found.append(SafeLine(False, _("No marked car.")))
    return found
