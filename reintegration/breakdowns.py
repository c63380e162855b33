"""How a case is broken down in counts: sex, age when the case was opened, category. Nothing else, and no finer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reintegration.models import AgeBand, Category

COLUMNS = ("place", "sex", "age_band", "birth_year", "opened_year", "category")
# Categories that the portal's own breakdown offers; the rest is "unknown" there.
_OFFERED = {Category.XC, Category.ASSOC, Category.DEP_A, Category.SELF_DEMOB, Category.ATRISK_A}
_FROM = ((60, AgeBand.FROM_60), (36, AgeBand.FROM_36), (25, AgeBand.FROM_25))


def of(row: Sequence[Any]) -> tuple[int, dict[str, str]]:
    """The place of a row of ``COLUMNS``, and its categories."""
    place, sex, band, born, opened, category = row
    return place, {"sex": sex, "age": band or band_of(opened - born), "category": category if category in _OFFERED else "unknown"}


def band_of(years: int) -> str:
    """The band of an age in years. Only the year of birth is known, so the age may be one less."""
    return next((band.value for least, band in _FROM if years >= least), AgeBand.FROM_18.value)
