"""Cases for tests of lists and counts, written straight into the tables: what acts refuse is tested with the acts."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.models import User
from reintegration.models import Case, CaseContact, Consent, FollowUp, Notice, Plan, Referral, Transition
from tests import cases
from tests.factories import World

_number = count(1)


def notice() -> Notice:
    return Notice.objects.get_or_create(version="1", language="English", defaults={"text": "We keep a code."})[0]


def case(world: World, worker: User, **given: Any) -> Case:
    opened = given.pop("opened_on", timezone.localdate() - timedelta(days=60))
    values: dict[str, Any] = {
        "code": f"TST{next(_number):05d}A", "project": world.project, "partner": world.partner, "caseworker": worker, "place": world.place,
        "pathway": "reintegration", "state": "active", "state_since": opened, "source": "community", "sex": "female", "age_band": "25-35",
        "opened_on": opened, "opened_year": opened.year, "opened_by": worker, "notice": notice(), "notice_given_on": opened,
        "notice_method": "oral", "basis": "public_interest", "safe_contact": {"may_call": True, "call_when": "after 18:00", "visit": False},
    }  # fmt: skip
    values |= given
    return Case.objects.create(**{"category": cases.category_at(values["pathway"], values["state"]), **values})


def contact(row: Case, *, days_ago: int = 3, **given: Any) -> CaseContact:
    values = {"happened_on": timezone.localdate() - timedelta(days=days_ago), "kind": "visit", "result": "done"}
    return CaseContact.objects.create(case=row, recorded_by=row.caseworker, **{**values, **given})


def next_step(row: Case, *, in_days: int, what: str = "contact") -> CaseContact:
    return contact(row, next_step=what, next_on=timezone.localdate() + timedelta(days=in_days))


def wave(row: Case, months: int, *, in_days: int, **given: Any) -> FollowUp:
    return FollowUp.objects.create(case=row, wave=months, due_on=timezone.localdate() + timedelta(days=in_days), **given)


def consent(row: Case, *, until: date | None = None, **given: Any) -> Consent:
    today = timezone.localdate()
    values: dict[str, Any] = {"purpose": "sharing", "answer": "yes", "service": "legal", "notice": notice(), "method": "oral"}
    values |= {"given_on": today - timedelta(days=30), "until": until or today + timedelta(days=300)}
    return Consent.objects.create(case=row, recorded_by=row.caseworker, **{**values, **given})


def referral(row: Case, to: Any, *, answer_in_days: int = 7, **given: Any) -> Referral:
    today = timezone.localdate()
    values: dict[str, Any] = {"service": "legal", "contact_route": "The office", "sent_by": row.caseworker, "to_organization": to}
    values |= {"answer_due_on": today + timedelta(days=answer_in_days), "expires_on": today + timedelta(days=60)}
    if "consent" not in given:
        values["consent"] = consent(row)
    return Referral.objects.create(case=row, **{**values, **given})


def proposed_plan(row: Case, **given: Any) -> Plan:
    values = {"version": 1, "state": "proposed", "written_by": row.caseworker, "proposed_at": timezone.now() - timedelta(days=3)}
    return Plan.objects.create(case=row, **{**values, **given})


def steps(row: Case, *states: tuple[str, int]) -> None:
    """Transitions: each a state and the days ago on which it was reached."""
    before = ""
    for number, (state, days_ago) in enumerate(states, 1):
        Transition.objects.create(
            id=uuid4(), case=row, number=number, from_state=before, to_state=state, by=row.caseworker,
            happened_on=timezone.localdate() - timedelta(days=days_ago),
        )  # fmt: skip
        before = state
