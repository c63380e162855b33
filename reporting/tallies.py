"""Every tally of every level, gathered: what a definition's ``computed_by`` may name."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.db import DatabaseError

import communities.forum_tallies
import communities.incident_tallies
import institutions.tallies
import programs.tallies
import reintegration.tallies
import surveys.tallies
from programs import tally
from programs.models import IndicatorDefinition

SOURCES = (
    programs.tallies.TALLIES,
    surveys.tallies.TALLIES,
    communities.forum_tallies.TALLIES,
    communities.incident_tallies.TALLIES,
    reintegration.tallies.TALLIES,
    institutions.tallies.TALLIES,
)

TALLIES = tuple(one for source in SOURCES for one in source)


def check_keys(**_options: Any) -> list[checks.CheckMessage]:
    """No two tallies share a key, and what is shipped is bound to tallies that exist and add up by the same rules."""
    from programs import shipped_library

    found: list[checks.CheckMessage] = []
    keys = [one.key for one in TALLIES]
    found += [
        checks.Error(f"Two tallies share the key {key}.", id="reporting.E001") for key in sorted({k for k in keys if keys.count(k) > 1})
    ]
    for row in shipped_library.definitions():
        fields = {name: value for name, value in row.items() if name not in {"breakdowns", "options"}}
        found += _misfits([IndicatorDefinition(**fields)])
    return found


def check_bindings(databases: Any = None, **_options: Any) -> list[checks.CheckMessage]:
    """The definitions kept here are bound to tallies that exist and add up by the same rules (``check --database default``)."""
    if not databases:
        return []
    try:
        return _misfits(list(IndicatorDefinition.objects.exclude(computed_by="")))
    except DatabaseError:  # not migrated yet
        return []


def _misfits(definitions: list[IndicatorDefinition]) -> list[checks.CheckMessage]:
    known = {one.key: one for one in TALLIES}
    found: list[checks.CheckMessage] = []
    for row in definitions:
        if not row.computed_by:
            continue
        one = known.get(row.computed_by)
        why = f"there is no tally {row.computed_by}" if one is None else one.misfit(row)
        if why:
            found.append(checks.Error(f"Definition {row.code}: {why}", hint="Bind it to another tally, or to none.", id="reporting.E002"))
    return found


def start() -> None:
    """Offer the tallies to the library and register the checks."""
    tally.offer(TALLIES)
    checks.register(check_keys)
    checks.register(check_bindings, checks.Tags.database)
