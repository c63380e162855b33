"""Its part of ``seed_scale``: one country with its first two levels."""

from __future__ import annotations

from locations import gazetteer
from locations.models import Place


def seed(*, places: int) -> list[Place]:
    """Return ``places`` second-level places, spread over tens of first-level ones."""
    country = _place("ZSC", "Scale country", 0, None)
    found = []
    for number in range(places):
        province = _place(f"ZSC{number // 10:02d}", f"Scale province {number // 10:02d}", 1, country)
        found.append(_place(f"ZSC{number // 10:02d}{number % 10:02d}", f"Scale county {number:03d}", 2, province))
    return found


def _place(code: str, name: str, level: int, parent: Place | None) -> Place:
    found = Place.objects.filter(code=code).first()
    return found or gazetteer.add_place(code=code, name=name, level=level, parent=parent, country="ZSC")
