"""Keeping the gazetteer: names folded for search, parents kept as a closure."""

from __future__ import annotations

import unicodedata
from datetime import date
from itertools import groupby

from anyascii import anyascii
from django.db import connection

from locations.models import Place, PlaceName, PlaceTree


def fold(name: str) -> str:
    """A name without case, accents, punctuation or script: "Bór", "BOR" and "Бор" meet in "bor"."""
    plain = anyascii(unicodedata.normalize("NFKC", name)).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())[:200]


def sound(folded: str) -> str:
    """The consonants of a folded name, so that "Bor" and "بور", "Malakal" and "ملكال" meet; one letter or none says nothing: empty."""
    consonants = _letters(folded, {"e": "", "i": "", "y": "", "a": "", "o": "", "u": "", "w": ""})
    return consonants[:100] if len(consonants) > 1 else ""


def spoken(folded: str) -> str:
    """A folded name in one spelling: without article and word for the unit, look-alike letters as one. For comparing, not for search."""
    return _letters(folded, {"e": "i", "y": "i", "o": "u", "w": "u"})


_ARTICLES = frozenset(["al", "ad", "an", "ar", "as", "ash", "at", "az", "el", "ul"])
_UNIT_WORDS = frozenset(
    [
        "admin",
        "area",
        "arrondissement",
        "cercle",
        "city",
        "county",
        "departamento",
        "department",
        "departement",
        "district",
        "governorate",
        "gouvernorat",
        "muhafazah",
        "municipality",
        "municipio",
        "oblast",
        "payam",
        "prefecture",
        "province",
        "provincia",
        "region",
        "state",
        "territory",
        "wilaya",
        "zone",
    ]
)
_SAME_SOUND = (("dzh", "j"), ("zh", "j"), ("kh", "k"), ("gh", "g"), ("dh", "d"), ("th", "t"), ("sh", "s"), ("ph", "f"), ("ck", "k"),
               ("q", "k"), ("c", "k"), ("g", "k"), ("z", "s"), ("v", "f"), ("p", "b"), ("h", ""))  # fmt: skip


def _letters(folded: str, vowels: dict[str, str]) -> str:
    words = folded.split()
    core = [word for word in words if word not in _ARTICLES and word not in _UNIT_WORDS] or words
    text = "".join(core)
    for spelled, heard in (*_SAME_SOUND, *vowels.items()):
        text = text.replace(spelled, heard)
    return "".join(letter for letter, _group in groupby(text))


def code_of(text: str) -> str:
    """A P-code as kept: trimmed, upper case, still text (leading zeros stay)."""
    return text.strip().upper()


def add_place(*, code: str, name: str, level: int, parent: Place | None = None, country: str = "", **fields: object) -> Place:
    """Make one place with its place in the tree; bulk loading has its own road in ``loading.py``."""
    place = Place.objects.create(
        code=code_of(code),
        name=name,
        folded=fold(name),
        sound=sound(fold(name)),
        level=level,
        parent=parent,
        country=country or (parent.country if parent else ""),
        **fields,
    )
    hang(place)
    return place


def rename(place: Place, *, name: str) -> None:
    """Give a place another name; people keep finding it by the old one."""
    if name != place.name:
        call(place, name=place.name)
        place.name, place.folded, place.sound = name, fold(name), sound(fold(name))
        place.save(update_fields=["name", "folded", "sound"])


def call(place: Place, *, name: str, language: str = "", official: bool = False) -> PlaceName:
    """Add another name of a place; adding it again changes nothing but whether it is the official one."""
    folded = fold(name)
    row, _made = PlaceName.objects.update_or_create(
        place=place, language=language, name=name, defaults={"folded": folded, "sound": sound(folded), "is_official": official}
    )
    return row


def retire(place: Place, *, on: date) -> None:
    """A place that is no more: kept for what was reported there, no longer offered from the day after ``on``."""
    place.valid_to = on
    place.full_clean(exclude=["parent"])
    place.save(update_fields=["valid_to"])


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
