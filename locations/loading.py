"""Bringing a gazetteer in from a file: everything is checked first, then all of it is written or nothing.

A place hangs where its row says: the parent is never guessed from the beginning of a code.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from locations import gazetteer
from locations.models import Country, Place, PlaceName, PlaceTree

HEADER = ("Location", "Admin Level", "P-Code", "Name", "Parent P-Code", "Valid from date")
OPTIONAL = ("Valid to date", "Latitude", "Longitude", "Name fr", "Name es", "Name ar", "Other names")
COUNTRIES = Path(__file__).parent / "data" / "countries.csv"
DEEPEST = 5
BATCH = 2000


class FileProblems(Exception):
    """Everything that is wrong with the file, one line each, with the row's number."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Row:
    line: int
    country: str
    level: int
    code: str
    name: str
    parent: str
    valid_from: date | None
    valid_to: date | None
    latitude: Decimal | None
    longitude: Decimal | None
    names: tuple[tuple[str, str], ...]  # (language, name); other names have no language


@dataclass
class Loaded:
    """What a load did; all zeros when the file was loaded before."""

    made: int = 0
    changed: int = 0
    moved: int = 0
    retired: int = 0
    named: int = 0
    countries: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.made or self.changed or self.moved or self.retired or self.named)


def load_places(text: str, *, source: str, today: date | None = None) -> Loaded:
    """Bring places in from CSV text in the layout of ``HEADER`` (and ``OPTIONAL`` columns); the same file again changes nothing.

    What an earlier file brought for the same countries and levels and this one no longer holds is retired, not deleted; what was
    added by hand stays. Raises FileProblems.
    """
    rows = _read(text)
    countries = {row.country for row in rows}
    with transaction.atomic():
        load_countries(only=countries)
        known = {place.code: place for place in Place.objects.filter(country__in=countries)}
        problems = _check_parents(rows, known)
        if problems:
            raise FileProblems(problems)
        done = Loaded(countries=sorted(countries))
        for level in range(1, DEEPEST + 1):
            _write_level([row for row in rows if row.level == level], known, source, done)
        _retire_missing(rows, known, today or timezone.localdate(), done)
        done.named = _write_names(rows, known)
        if done.made or done.moved:
            gazetteer.rebuild_tree()
            _count_rows()
    return done


def load_countries(*, only: Iterable[str] | None = None) -> int:
    """Make the countries and areas that ship with the portal (or those named); returns how many are new.

    The list is the countries and territories taxonomy of OCHA as published with hdx-python-country (licence beside the file).
    """
    with COUNTRIES.open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    wanted = {row["code"] for row in listed} if only is None else set(only)
    with transaction.atomic():
        wanted -= set(Place.objects.filter(level=0).values_list("code", flat=True))
        new = [row for row in listed if row["code"] in wanted]
        for row in new:
            place = gazetteer.add_place(
                code=row["code"], name=row["en"], level=0, country=row["code"], source="UN M49, ISO 3166-1",
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            )  # fmt: skip
            Country.objects.create(place=place, alpha2=row["alpha2"], alpha3=row["alpha3"], m49=row["m49"])
            for language in ("fr", "es", "ar"):
                if row[language]:
                    gazetteer.call(place, name=row[language], language=language, official=True)
    return len(new)


def _read(text: str) -> list[Row]:
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    header = tuple(cell.strip() for cell in next(lines, ()))
    if header[: len(HEADER)] != HEADER or set(header[len(HEADER) :]) - set(OPTIONAL):
        raise FileProblems(
            [
                "The first line is not the expected header.",
                f"Expected: {','.join(HEADER)}",
                f"Found:    {','.join(header) or '(nothing)'}",
                f"After these columns there may be: {', '.join(OPTIONAL)}.",
            ]
        )
    rows, problems = [], []
    seen: dict[str, int] = {}
    for number, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            problems.append(f"Line {number}: {len(cells)} columns instead of {len(header)}.")
            continue
        row = _row(number, dict(zip(header, (cell.strip() for cell in cells), strict=True)), problems)
        if row is None:
            continue
        if row.code in seen:
            problems.append(f"Line {number}: the P-code {row.code} is already in line {seen[row.code]}.")
        seen[row.code] = number
        rows.append(row)
    known = _listed_countries()
    problems += [f"Line {row.line}: {row.country!r} is not the ISO alpha-3 code of a country." for row in rows if row.country not in known]
    if not rows and not problems:
        problems.append("The file holds no places.")
    if problems:
        raise FileProblems(problems)
    return rows


def _row(line: int, cells: dict[str, str], problems: list[str]) -> Row | None:
    before = len(problems)
    level = int(cells["Admin Level"]) if cells["Admin Level"].isdecimal() else 0
    if not 1 <= level <= DEEPEST:
        problems.append(f"Line {line}: the admin level is {cells['Admin Level']!r}; it is a number from 1 to {DEEPEST}.")
    for column, longest in (("P-Code", 32), ("Name", 200), ("Parent P-Code", 32)):
        if not 0 < len(cells[column]) <= longest:
            problems.append(f"Line {line}: {column} is {'empty' if not cells[column] else f'longer than {longest} letters'}.")
    dates = {column: _date(line, column, cells.get(column, ""), problems) for column in ("Valid from date", "Valid to date")}
    latitude = _degrees(line, "Latitude", cells.get("Latitude", ""), 90, problems)
    longitude = _degrees(line, "Longitude", cells.get("Longitude", ""), 180, problems)
    if (latitude is None) != (longitude is None):
        problems.append(f"Line {line}: give latitude and longitude, or neither.")
    if len(problems) > before:
        return None
    official = [(language, cells.get(f"Name {language}", "")) for language in ("fr", "es", "ar")]
    other = [("", name.strip()) for name in cells.get("Other names", "").split("|")]
    return Row(
        line, gazetteer.code_of(cells["Location"]), level, gazetteer.code_of(cells["P-Code"]), cells["Name"],
        gazetteer.code_of(cells["Parent P-Code"]), dates["Valid from date"], dates["Valid to date"], latitude, longitude,
        tuple((language, name[:200]) for language, name in (*official, *other) if name),
    )  # fmt: skip


def _date(line: int, column: str, text: str, problems: list[str]) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        problems.append(f"Line {line}: {column} is {text!r}; write it as 2020-04-16.")
        return None


def _degrees(line: int, column: str, text: str, most: int, problems: list[str]) -> Decimal | None:
    if not text:
        return None
    try:
        value = Decimal(text).quantize(Decimal("0.00001"))
    except InvalidOperation:
        value = Decimal(most + 1)
    if not value.is_finite() or abs(value) > most:
        problems.append(f"Line {line}: {column} is {text!r}; it lies between -{most} and {most}.")
        return None
    return value


def _check_parents(rows: list[Row], known: dict[str, Place]) -> list[str]:
    """Every parent is in the file or in the gazetteer, in the same country and above its child; no code belongs to another country."""
    problems = []
    levels = {code: (place.level, place.country) for code, place in known.items()}
    levels |= {row.code: (row.level, row.country) for row in rows}
    elsewhere = dict(Place.objects.exclude(country__in={row.country for row in rows}).values_list("code", "country"))
    for row in rows:
        if row.code in elsewhere:
            problems.append(f"Line {row.line}: the P-code {row.code} already belongs to {elsewhere[row.code]}.")
        above = levels.get(row.parent)
        if above is None:
            problems.append(f"Line {row.line}: the parent {row.parent} of {row.code} is neither in the file nor in the portal.")
        elif above[1] != row.country:
            problems.append(f"Line {row.line}: the parent {row.parent} of {row.code} lies in {above[1]}.")
        elif above[0] >= row.level:
            problems.append(f"Line {row.line}: the parent {row.parent} has level {above[0]}, not one above level {row.level}.")
    return problems


def _write_level(rows: list[Row], known: dict[str, Place], source: str, done: Loaded) -> None:
    """One level at a time, so that every parent has its key before its children are written."""
    new, changed = [], []
    for row in rows:
        folded = gazetteer.fold(row.name)
        parent = known[row.parent]
        values = {
            "level": row.level, "name": row.name, "folded": folded, "sound": gazetteer.sound(folded), "parent_id": parent.pk,
            "country": row.country, "valid_from": row.valid_from, "valid_to": row.valid_to,
        }  # fmt: skip
        if row.latitude is not None:
            values |= {"latitude": row.latitude, "longitude": row.longitude}
        place = known.get(row.code)
        if place is None:
            known[row.code] = place = Place(code=row.code, source=source[:120], **values)
            new.append(place)
            continue
        different = {name for name, value in values.items() if getattr(place, name) != value}
        if different:
            done.moved += bool(different & {"parent_id", "level"})
            if place.name != row.name:
                gazetteer.call(place, name=place.name)
            for name, value in values.items():
                setattr(place, name, value)
            place.source = source[:120]
            changed.append(place)
    Place.objects.bulk_create(new, batch_size=BATCH)
    columns = ["level", "name", "folded", "sound", "parent", "country", "valid_from", "valid_to", "latitude", "longitude", "source"]
    Place.objects.bulk_update(changed, columns, batch_size=500)
    done.made += len(new)
    done.changed += len(changed)


def _retire_missing(rows: list[Row], known: dict[str, Place], today: date, done: Loaded) -> None:
    """A place from an earlier file that this one does not hold, at a level of a country that this one does."""
    covered = {(row.country, row.level) for row in rows}
    listed = {row.code for row in rows}
    gone = [
        place
        for place in known.values()
        if (place.country, place.level) in covered
        and place.code not in listed
        and place.source
        and not place.is_unspecified
        and (place.valid_to is None or place.valid_to >= today)
    ]
    for place in gone:
        place.valid_to = max(today - timedelta(days=1), place.valid_from or date.min)
    Place.objects.bulk_update(gone, ["valid_to"], batch_size=500)
    done.retired = len(gone)


def _write_names(rows: list[Row], known: dict[str, Place]) -> int:
    wanted = {(known[row.code].pk, language, name): bool(language) for row in rows for language, name in row.names}
    if not wanted:
        return 0
    have = {
        (place, language, name): official
        for place, language, name, official in PlaceName.objects.filter(place__country__in={row.country for row in rows}).values_list(
            "place_id", "language", "name", "is_official"
        )
    }
    fresh = {key: official for key, official in wanted.items() if have.get(key) is not official}
    replaced: dict[str, list[int]] = defaultdict(list)
    for (place, language, _name), official in fresh.items():
        if official:
            replaced[language].append(place)
    for language, places in replaced.items():
        for part in _parts(places):
            PlaceName.objects.filter(place__in=part, language=language, is_official=True).update(is_official=False)
    PlaceName.objects.bulk_create(
        (
            PlaceName(place_id=place, language=language, name=name, folded=(folded := gazetteer.fold(name)), sound=gazetteer.sound(folded), is_official=official)
            for (place, language, name), official in fresh.items()
        ),
        batch_size=BATCH, update_conflicts=True, unique_fields=["place", "language", "name"], update_fields=["is_official"],
    )  # fmt: skip
    return len(fresh)


def _parts(places: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(places), 500):
        yield places[start : start + 500]


def _count_rows() -> None:
    """PostgreSQL plans its own key checks at commit: told nothing of the new rows it scanned the table once per row, for minutes."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {Place._meta.db_table}, {PlaceTree._meta.db_table}, {PlaceName._meta.db_table}")


def _listed_countries() -> set[str]:
    with COUNTRIES.open(encoding="utf-8", newline="") as file:
        return {row["code"] for row in csv.DictReader(file)}
