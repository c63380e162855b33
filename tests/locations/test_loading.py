from __future__ import annotations

import csv
import io
import json
import time
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError, IntegrityError, transaction
from django.utils.translation import override

from accounts.models import AuditEvent
from locations import gazetteer, loading
from locations.models import Country, Place, PlaceName, PlaceTree

pytestmark = pytest.mark.django_db
HEADER = ",".join(loading.HEADER)
SMALL = f"""{HEADER}
SSD,1,SS03,Jonglei,SSD,2011-07-09
SSD,2,SS0301,Bor South,SS03,
SSD,2,SS0302,Duk,SS03,
"""


def _load(text: str, **more: object) -> loading.Loaded:
    return loading.load_places(text, source="test.csv", **more)


def _problems(text: str) -> str:
    with pytest.raises(loading.FileProblems) as refusal:
        _load(text)
    assert not Place.objects.exists()
    return "\n".join(refusal.value.problems)


def test_the_four_countries_load_as_expected_and_a_second_load_changes_nothing(shared_data: Path, capsys):
    path = shared_data / "locations" / "global-pcodes-4-countries.csv"
    call_command("load_places", str(path))
    before = list(Place.objects.order_by("pk").values()), PlaceTree.objects.count()
    call_command("load_places", str(path))

    assert "nothing to change" in capsys.readouterr().out
    assert (list(Place.objects.order_by("pk").values()), PlaceTree.objects.count()) == before
    assert AuditEvent.objects.filter(event="places.loaded").count() == 1

    expected = json.loads((shared_data / "locations" / "EXPECTED-global-pcodes-4-countries.json").read_text())
    assert Place.objects.filter(level__gt=0).count() == expected.pop("rows")
    for country, counts in expected.items():
        second = Place.objects.filter(country=country, level=2)
        names = list(second.values_list("name", flat=True))
        assert Place.objects.filter(country=country, level=1).count() == counts["adm1"]
        assert len(names) == counts["adm2"]
        assert sum(names.count(name) > 1 for name in set(names)) == counts["adm2_names_used_more_than_once"]
        assert not second.exclude(parent__level=1, parent__country=country).exists()
    assert set(Place.objects.filter(level=1).values_list("parent__code", flat=True)) == set(expected)


def test_every_place_lies_below_its_ancestors_and_itself():
    _load(SMALL)

    bor = Place.objects.get(code="SS0301")
    assert {(row.ancestor.code, row.depth) for row in bor.above.select_related("ancestor")} == {("SS0301", 0), ("SS03", 1), ("SSD", 2)}
    assert Place.objects.below(Place.objects.get(code="SSD")).count() == 4


def test_a_parent_is_taken_from_its_column_and_never_from_the_code():
    _load(f"{HEADER}\nSSD,1,SS03,Jonglei,SSD,\nSSD,1,ZZ,Somewhere,SSD,\nSSD,2,SS0399,Odd one,ZZ,\n")

    assert Place.objects.get(code="SS0399").parent.code == "ZZ"


def test_rows_may_come_in_any_order_and_codes_stay_text_in_upper_case():
    lines = SMALL.splitlines()
    _load("\n".join([lines[0], lines[2].replace("SS0301", " ss0301 "), lines[1], "", "SSD,1,0062179,Zeros,SSD,"]) + "\n")

    assert set(Place.objects.values_list("code", flat=True)) == {"SSD", "SS03", "SS0301", "0062179"}


def test_a_wrong_header_is_answered_with_the_expected_one():
    found = _problems("code,name\nSS01,Bor\n")

    assert HEADER in found
    assert "code,name" in found


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("SSD,1,,Nameless,SSD,", "P-Code is empty"),
        ("SSD,1,SS09,,SSD,", "Name is empty"),
        ("SSD,x,SS09,A,SSD,", "'x'"),
        ("SSD,9,SS09,A,SSD,", "from 1 to 5"),
        ("SSD,1,SS09,A,SSD,16/04/2020", "2020-04-16"),
        ("SSD,2,SS0901,A,SS09,", "neither in the file nor in the portal"),
        ("SSD,1,SS09,A,SS0301,", "not one above level 1"),
        ("SSD,1,SS03,Again,SSD,", "already in line 2"),
        ("Somewhere,1,SS09,A,SSD,", "alpha-3"),
        ("SSD,1,SS09,A", "columns"),
        ("COL,1,CO09,A,SSD,", "lies in SSD"),
    ],
)
def test_one_bad_row_refuses_the_whole_file_and_names_its_line(row, says):
    found = _problems(SMALL + row + "\n")

    assert says in found
    assert "Line 5" in found


def test_all_problems_are_told_at_once():
    found = _problems(f"{HEADER}\nSSD,9,A1,A,SSD,\nSSD,1,,B,SSD,\nSSD,1,A3,C,SSD,never\n")

    assert all(f"Line {number}" in found for number in (2, 3, 4))


def test_the_command_says_that_nothing_was_loaded(tmp_path: Path):
    path = tmp_path / "bad.csv"
    path.write_bytes("SSD,1,é".encode("latin-1"))
    with pytest.raises(CommandError, match="UTF-8"):
        call_command("load_places", str(path))
    path.write_text(f"{HEADER}\nSSD,9,A1,A,SSD,\n")
    with pytest.raises(CommandError, match="Nothing was loaded"):
        call_command("load_places", str(path))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("load_places", str(tmp_path / "absent.csv"))


def test_what_the_next_file_no_longer_holds_is_retired_and_comes_back_when_it_does():
    _load(SMALL)
    done = _load("\n".join(SMALL.splitlines()[:3]) + "\n", today=date(2026, 11, 24))
    duk = Place.objects.get(code="SS0302")

    assert (done.retired, duk.valid_to) == (1, date(2026, 11, 23))
    assert not Place.objects.valid_on(date(2026, 11, 24)).filter(code="SS0302").exists()
    assert _load("\n".join(SMALL.splitlines()[:3]) + "\n", today=date(2026, 11, 25)).is_empty
    assert _load(SMALL).changed == 1
    duk.refresh_from_db()
    assert duk.valid_to is None


def test_a_place_added_by_hand_is_not_retired_by_a_file():
    _load(SMALL)
    gazetteer.add_place(code="SS03-X", name="A cattle camp", level=2, parent=Place.objects.get(code="SS03"))

    assert _load(SMALL).is_empty


def test_a_place_that_moves_is_found_under_its_new_parent_only():
    _load(SMALL + "SSD,1,SS10,Unity,SSD,\n")
    done = _load((SMALL + "SSD,1,SS10,Unity,SSD,\n").replace("Duk,SS03", "Duk,SS10"))

    assert done.moved == 1
    assert set(Place.objects.below(Place.objects.get(code="SS10")).values_list("code", flat=True)) == {"SS10", "SS0302"}
    assert not Place.objects.below(Place.objects.get(code="SS03")).filter(code="SS0302").exists()


def test_a_renamed_place_is_still_found_by_its_old_name():
    _load(SMALL)
    _load(SMALL.replace("Bor South", "Bor"))

    assert PlaceName.objects.get(place__code="SS0301").name == "Bor South"


def test_names_in_languages_and_points_come_in_optional_columns():
    text = f"{HEADER},Latitude,Longitude,Name ar,Other names\nSSD,1,SS03,Jonglei,SSD,,6.2,31.55,جونقلي,Jongley|Junqali\n"
    done = _load(text)
    place = Place.objects.prefetch_related("names").get(code="SS03")

    assert done.named == 3
    assert str(place.latitude) == "6.20000"
    with override("ar"):
        assert place.label == "جونقلي"
    assert _load(text).is_empty
    assert _load(text.replace("جونقلي", "جونقلى")).named == 1
    assert PlaceName.objects.filter(place=place, language="ar", is_official=True).count() == 1


@pytest.mark.parametrize("point", ["91,10", "10,", "x,10", "10,200", "NaN,1"])
def test_a_point_off_the_earth_is_refused(point):
    assert _problems(f"{HEADER},Latitude,Longitude\nSSD,1,SS03,Jonglei,SSD,,{point}\n").startswith("Line 2: ")


def test_a_code_of_another_country_is_refused():
    _load(SMALL)
    with pytest.raises(loading.FileProblems, match="already belongs to SSD"):
        _load(f"{HEADER}\nCOL,1,SS03,Antioquia,COL,\n")
    assert not Place.objects.filter(country="COL").exists()


def test_thirty_two_thousand_places_load_in_under_thirty_seconds():
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(loading.HEADER)
    writer.writerows(["NGA", 1, f"NG{state:03d}", f"State {state}", "NGA", "2020-01-01"] for state in range(40))
    writer.writerows(
        ["NGA", 2, f"NG{state:03d}{area:02d}", f"Área {area} of {state}", f"NG{state:03d}", ""] for state in range(40) for area in range(20)
    )
    writer.writerows(
        ["NGA", 3, f"NG{state:03d}{area:02d}{ward:02d}", f"Ward {ward}", f"NG{state:03d}{area:02d}", ""]
        for state in range(40)
        for area in range(20)
        for ward in range(39)
    )
    started = time.monotonic()
    done = _load(out.getvalue())
    taken = time.monotonic() - started

    assert done.made == 40 + 800 + 31_200
    assert PlaceTree.objects.filter(descendant__country="NGA").count() == 1 + 40 * 2 + 800 * 3 + 31_200 * 4
    assert taken < 30


def test_the_shipped_countries_are_those_of_the_taxonomy_with_their_names(shared_data: Path):
    with (shared_data / "locations" / "countries-and-territories-taxonomy.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))

    assert loading.load_countries() == len(rows) == 256
    assert loading.load_countries() == 0
    for row in rows:
        if row["ISO 3166-1 Alpha 3-Codes"]:
            country = Country.objects.get(alpha3=row["ISO 3166-1 Alpha 3-Codes"])
            assert (country.alpha2, country.m49) == (row["ISO 3166-1 Alpha 2-Codes"], row["m49 numerical code"].zfill(3))
    afghanistan = Place.objects.prefetch_related("names").get(code="AFG")
    assert afghanistan.codes.m49 == "004"
    for language, name in (("ar", "أفغانستان"), ("es", "Afganistán"), ("en", "Afghanistan")):
        with override(language):
            assert afghanistan.label == name


@pytest.mark.parametrize("m49", ["4", "04", "0004", "00x"])
def test_a_numeric_country_code_is_three_digits_of_text(m49):
    place = gazetteer.add_place(code="AFG", name="Afghanistan", level=0, country="AFG")

    with pytest.raises((IntegrityError, DataError)), transaction.atomic():  # PostgreSQL refuses the length before the check
        Country.objects.create(place=place, m49=m49)
    assert Country.objects.create(place=place, m49="004").m49 == "004"
