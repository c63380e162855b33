"""Keeping the gazetteer: names folded for search, parents kept as a closure."""

from __future__ import annotations

import unicodedata

from anyascii import anyascii
from django.db import connection

from locations.models import Place, PlaceTree


def fold(name: str) -> str:
    """A name without case, accents, punctuation or script: "Bór", "BOR" and "بور" meet close to "bor"."""
    plain = anyascii(unicodedata.normalize("NFKC", name)).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())[:200]


def code_of(text: str) -> str:
    """A P-code as kept: trimmed, upper case, still text (leading zeros stay)."""
    return text.strip().upper()


def add_place(*, code: str, name: str, level: int, parent: Place | None = None, country: str = "", **fields: object) -> Place:
    """Make one place with its place in the tree; bulk loading has its own road in ``loading.py``."""
    place = Place.objects.create(
        code=code_of(code),
        name=name,
        folded=fold(name),
        level=level,
        parent=parent,
        country=country or (parent.country if parent else ""),
        **fields,
    )
    hang(place)
    return place


def hang(place: Place) -> None:
    """Write the closure rows of a new place."""
    rows = [PlaceTree(ancestor=place, descendant=place, depth=0)]
    if place.parent_id is not None:
        above = PlaceTree.objects.filter(descendant_id=place.parent_id)
        rows += [PlaceTree(ancestor_id=row.ancestor_id, descendant=place, depth=row.depth + 1) for row in above]
    PlaceTree.objects.bulk_create(rows)


def rebuild_tree() -> int:
    """Write the closure anew from the parent keys; returns its rows. One recursive statement, the same text on both databases."""
    PlaceTree.objects.all().delete()
    place, tree = Place._meta.db_table, PlaceTree._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {tree} (ancestor_id, descendant_id, depth)
                WITH RECURSIVE up(ancestor, descendant, depth) AS (
                    SELECT id, id, 0 FROM {place}
                    UNION ALL
                    SELECT p.parent_id, up.descendant, up.depth + 1 FROM up JOIN {place} p ON p.id = up.ancestor WHERE p.parent_id IS NOT NULL
                ) SELECT ancestor, descendant, depth FROM up"""  # noqa: S608 - table names come from the models
        )
        return cursor.rowcount
