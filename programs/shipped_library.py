"""The library that comes with the portal: house dimensions, themes and peacebuilding indicators, kept as text in ``shipped/``.

Loading is idempotent. What an installation already has stays as it is; ``refresh`` brings the wording of definitions whose rules
are not frozen up to what is shipped. A frozen definition is never touched.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts import audit
from programs import library
from programs.models import Category, Dimension, IndicatorDefinition, Sensitivity, Theme

FOLDER = Path(__file__).resolve().parent / "shipped"
LEVEL_FILES = ("individual", "community", "institution")
UNLESS_SAID: dict[str, Any] = {
    "measure": "unit", "unit": "", "decimals": 0, "per": 1, "ascending": True, "over_time": "per_period", "across": "sum",
    "counting": "things", "sdg_target": "", "computed_by": "", "breakdowns": [], "options": [],
}  # fmt: skip


@dataclass
class Loaded:
    """Codes of definitions: ``made``, ``refreshed``, and ``differing`` ones that were left as the installation has them."""

    made: list[str] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    dimensions: int = 0
    themes: int = 0


def load(*, refresh: bool = False) -> Loaded:
    loaded = Loaded()
    with transaction.atomic():
        loaded.dimensions = _load_dimensions()
        loaded.themes = _load_themes()
        have = {row.code: row for row in IndicatorDefinition.objects.library().prefetch_related("breakdowns__parts__dimension", "options")}
        for shipped in definitions():
            _load_definition(shipped, have.get(shipped["code"]), refresh, loaded)
        if loaded.made or loaded.refreshed or loaded.dimensions or loaded.themes:
            audit.record("library.loaded", by=None, made=len(loaded.made), refreshed=len(loaded.refreshed))
    return loaded


def definitions() -> list[dict[str, Any]]:
    """What is shipped, each as the fields of a definition with ``breakdowns`` and ``options``."""
    found = []
    for level in LEVEL_FILES:
        text = _read(level)
        for row in text["definition"]:
            sensitivity = Sensitivity[row.pop("sensitivity", "public").upper()]
            found.append({**UNLESS_SAID, **row, "level": text["level"], "sensitivity": sensitivity})
    return found


@cache
def typed() -> dict[str, str]:
    """Why people type the figures of a shipped definition that no tally computes, by its code."""
    return dict(_read("typed")["because"])


def _load_definition(shipped: dict[str, Any], old: IndicatorDefinition | None, refresh: bool, loaded: Loaded) -> None:
    fields = {name: value for name, value in shipped.items() if name not in {"breakdowns", "options"}}
    options = [(code, label) for code, label in shipped["options"]]
    if old is None:
        row = IndicatorDefinition(**fields)
        row.full_clean()
        row.save()
        library.set_breakdowns(row, shipped["breakdowns"])
        library.set_options(row, options)
        loaded.made.append(row.code)
        return
    same = all(getattr(old, name) == value for name, value in fields.items())
    if same and library.breakdowns_of(old) == shipped["breakdowns"]:
        return
    if not refresh or old.frozen_at is not None:
        loaded.differing.append(old.code)
        return
    for name, value in fields.items():
        setattr(old, name, value)
    old.full_clean()
    library.guard_rules(old)
    old.save(update_fields=[*fields, "updated_at"])
    library.set_breakdowns(old, shipped["breakdowns"])
    library.set_options(old, options)
    loaded.refreshed.append(old.code)


def _load_dimensions() -> int:
    made = 0
    for order, row in enumerate(_read("dimensions")["dimension"]):
        dimension, new = Dimension.objects.get_or_create(code=row["code"], defaults={"name": row["name"], "order": order})
        made += new
        for place, (code, name) in enumerate(row["categories"]):
            Category.objects.get_or_create(dimension=dimension, code=code, defaults={"name": name, "order": place})
    return made


def _load_themes() -> int:
    return sum(
        Theme.objects.get_or_create(code=code, defaults={"name": name, "order": order})[1]
        for order, (code, name) in enumerate(_read("themes")["themes"])
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
