"""Cases for tests: made row by row where a test is about what stands in the database, through the acts where it is about them."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from accounts.roles import Role
from reintegration.models import Case, Notice
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
    return Case.objects.create(**values)
