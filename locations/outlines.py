"""Outlines of countries to draw under places, in degrees, as coarse as a small map needs.

Natural Earth 1:110 million, by way of martynafford/natural-earth-geojson (CC0 1.0). What they show is no statement on any boundary.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

OUTLINES = Path(__file__).parent / "data" / "outlines.json"
Ring = list[list[float]]  # longitude, latitude; for drawing only, nothing is counted with them


def rings(country: str) -> list[Ring]:
    """The outer rings of a country by its ISO 3166-1 alpha-3 code; none where the shipped file does not hold it."""
    return _all().get(country, [])


@cache
def _all() -> dict[str, list[Ring]]:
    found: dict[str, list[Ring]] = json.loads(OUTLINES.read_text())
    return found
