"""Cases for tests: made row by row where a test is about what stands in the database, through the acts where it is about them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.roles import Role
from reintegration.models import Case, Consent, Notice, Referral
from reintegration.models.cases import BEFORE_DECISION
from tests import factories

_number = count(1)
# Any eight letters will do here: codes are minted in ``reintegration/codes.py``.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def notice(**fields: Any) -> Notice:
    values = {"version": "1", "language": "English", "text": "We write down what you tell us under a code.", **fields}
    return Notice.objects.get_or_create(version=values.pop("version"), language=values.pop("language"), defaults=values)[0]


def caseworker(world: factories.World, **scope: Any) -> Any:
    return factories.member(Role.CASEWORKER, **{"organization": world.partner, **scope})


def supervisor(world: factories.World, **scope: Any) -> Any:
    return factories.member(Role.CASE_SUPERVISOR, **{"organization": world.partner, **scope})


def case(world: factories.World | None = None, **fields: Any) -> Case:
    """A row as it stands after intake, without the acts."""
    world = world or factories.world()
    person = fields.pop("caseworker", None) or caseworker(world)
    opened = fields.pop("opened_on", date(2026, 2, 24))
    number = next(_number)
    values = {
        "code": "".join(_ALPHABET[(number >> 5 * place) & 31] for place in range(8)) + "0", "project": world.project,
        "partner": world.partner, "caseworker": person, "opened_by": person, "place": world.place, "pathway": "reintegration",
        "state_since": opened, "source": "self_report", "sex": "female", "age_band": "25-35", "opened_on": opened,
        "opened_year": opened.year, "notice": notice(), "notice_given_on": opened, "notice_method": "oral_witness",
        "basis": "public_interest", "safe_contact": {"may_call": True}, **fields,
    }  # fmt: skip
    return Case.objects.create(**{"category": category_at(values["pathway"], values.get("state", "identified")), **values})


def category_at(pathway: str, state: str) -> str:
    """What was decided by the time a case stands there; a case that has ended had been admitted."""
    return "" if state in BEFORE_DECISION else "ATRISK_A" if pathway == "prevention" else "XC"


def admitted(case: Case, state: str = "active") -> Case:
    """The same case further on, without the acts."""
    Case.objects.filter(pk=case.pk).update(state=state, category=category_at(case.pathway, state))
    case.refresh_from_db()
    return case


def consent(case: Case, purpose: str, **fields: Any) -> Consent:
    today = timezone.localdate()
    values = {
        "answer": "yes", "notice": case.notice, "method": "oral", "given_on": today, "until": today + timedelta(days=365),
        "recorded_by": case.caseworker, **fields,
    }  # fmt: skip
    return Consent.objects.create(case=case, purpose=purpose, **values)


def referral(case: Case, to: Any, **fields: Any) -> Referral:
    """A referral as it stands once it was sent, without the acts."""
    today = timezone.localdate()
    values = {
        "service": "legal", "contact_route": "our office", "sent_by": case.caseworker, "answer_due_on": today + timedelta(days=7),
        "expires_on": today + timedelta(days=90), "consent": consent(case, "sharing", organization=to), **fields,
    }  # fmt: skip
    return Referral.objects.create(case=case, to_organization=to, **values)
