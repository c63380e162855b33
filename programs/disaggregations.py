"""Category sets kept once: keys such as ``age=18-24|sex=female``; the total is the set without categories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from django.db import transaction

from programs.models import Category, DefinitionBreakdown, Disaggregation, DisaggregationCategory

TOTAL = ""


def key_of(cell: Mapping[str, str]) -> str:
    """The canonical key of ``{"sex": "female", "age": "18-24"}``: only the dimensions used, in alphabetical order."""
    return "|".join(f"{dimension}={category}" for dimension, category in sorted(cell.items()))


def cell_of(key: str) -> dict[str, str]:
    """The dimensions and categories of a key; the total gives an empty dict."""
    return dict(part.split("=", 1) for part in key.split("|")) if key else {}


def ensure(keys: Iterable[str]) -> dict[str, int]:
    """Make what is missing and return id by key.

    Missing ones are made in the order of their keys, row and categories in one transaction: in random order writers deadlocked.
    Raises KeyError with the code of a dimension or category that does not exist.
    """
    wanted = set(keys)
    found = dict(Disaggregation.objects.filter(key__in=wanted).values_list("key", "id"))
    missing = sorted(wanted - set(found))
    if not missing:
        return found
    categories = {(c.dimension.code, c.code): c for c in Category.objects.select_related("dimension")}
    for key in missing:
        parts = [categories[part] for part in cell_of(key).items()]
        with transaction.atomic():
            row, created = Disaggregation.objects.get_or_create(key=key)
            if created:
                DisaggregationCategory.objects.bulk_create(
                    DisaggregationCategory(disaggregation=row, dimension_id=c.dimension_id, category=c) for c in parts
                )
        found[key] = row.pk
    return found


def total() -> int:
    """The id of the set without categories."""
    return ensure([TOTAL])[TOTAL]


def cells_of(breakdown: DefinitionBreakdown) -> list[str]:
    """Every cell key a breakdown offers, in reading order; needs ``parts__dimension__categories`` prefetched on lists."""
    columns = [
        [(part.dimension.code, c.code) for c in part.dimension.categories.all() if not c.is_retired] for part in breakdown.parts.all()
    ]
    return [key_of(dict(combination)) for combination in product(*columns)] if columns else []
