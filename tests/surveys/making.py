"""Survey instruments and rounds for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.models import User
from accounts.roles import Role
from surveys import instruments, rounds
from surveys.models import InstrumentVersion, SurveyRound
from tests import factories
from tests.factories import World

AGREE = ("strongly_disagree", "disagree", "neither", "agree", "strongly_agree")


def administrator() -> User:
    return factories.member(Role.ADMINISTRATOR)


def shipped(code: str, *, by: User | None = None, active: bool = True) -> InstrumentVersion:
    instruments.load_shipped()
    version = InstrumentVersion.objects.get(instrument__code=code)
    if active and version.status == "draft":
        instruments.activate(version, by=by or administrator())
    return version


def small(code: str = "small", **changes: Any) -> dict[str, Any]:
    """The data of a file: two domains with three agree items each, an index."""
    items = [
        {"code": f"{domain[0].upper()}{n}", "domain": domain, "set": "AGREE5", "en": f"Statement {n} about {domain}"}
        for domain in ("trust", "safety")
        for n in (1, 2, 3)
    ]
    version = {"version": "1", "rule": "index", "source_citation": "Ours.", **changes.pop("version", {})}
    return {
        "code": code, "name": f"Instrument {code}", "owner": "Us", "subject": "community", "version": version,
        "domain": [{"code": "trust", "en": "Trust"}, {"code": "safety", "en": "Safety"}], "item": items, **changes,
    }  # fmt: skip


def loaded(data: Mapping[str, Any] | None = None, *, active: bool = True) -> InstrumentVersion:
    by = administrator()
    version = instruments.load(data or small(), by=by)
    if active:
        instruments.activate(version, by=by)
    return version


def planned(world: World, version: InstrumentVersion, *, by: User | None = None, **fields: Any) -> SurveyRound:
    values: dict[str, Any] = {"stage": "baseline", "held_on": date(2026, 2, 10), "method": "random", **fields}
    return rounds.plan(version=version, project=world.project, partner=world.partner, place=world.place, by=by or world.mande, **values)


def opened(world: World, version: InstrumentVersion, **fields: Any) -> SurveyRound:
    row = planned(world, version, **fields)
    rounds.open(row, by=world.mande)
    return row


def answered(world: World, version: InstrumentVersion, options: Sequence[str], **fields: Any) -> SurveyRound:
    """An open round with one response per option, in which every item has that answer."""
    row = opened(world, version, **fields)
    codes = [item.code for item in version.items.all()]
    rounds.respond_many(row, responses=[rounds.Given(dict.fromkeys(codes, option)) for option in options], by=world.mande)
    return row


def capacity(world: World, version: InstrumentVersion, **fields: Any) -> SurveyRound:
    office = factories.partner()
    return opened(world, version, subject="institution", organization=office, method="", **{"assessor": "self", **fields})


D = Decimal
