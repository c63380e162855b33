from __future__ import annotations

import csv
import importlib
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from django.db import connection
from django.utils import timezone

from locations import gazetteer, loading, search
from locations.models import Place

pytestmark = pytest.mark.django_db


@pytest.fixture
def south_sudan() -> dict[str, Place]:
    loading.load_places(
        ",".join(loading.HEADER)
        + ",Name ar,Other names\n"
        + """SSD,1,SS03,Jonglei,SSD,,,
SSD,1,SS07,Upper Nile,SSD,,,
SSD,2,SS0301,Bór South,SS03,,,Bor|Panthou
SSD,2,SS0302,Duk,SS03,,,
SSD,2,SS0707,Malakal,SS07,,ملكال,
SSD,2,SS0708,Bor North,SS07,,,
""",
        source="test.csv",
    )
    return {place.code: place for place in Place.objects.all()}


def _codes(text: str, **more: object) -> list[str]:
    return [place.code for place in search.search(text, **more)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("bor south", "SS0301"),
        ("BÓR  SOUTH", "SS0301"),
        ("Bor-South", "SS0301"),
        ("panthou", "SS0301"),
        ("ss0301", "SS0301"),
        ("ملكال", "SS0707"),
        ("Малакал", "SS0707"),
        ("nile", "SS07"),
        ("جونقلي", "SS03"),
    ],
)
def test_a_place_is_found_by_name_other_name_or_code_in_any_spelling(south_sudan, text, code):
    assert _codes(text)[0] == code


def test_the_whole_name_comes_before_beginnings_and_a_code_before_all(south_sudan):
    assert _codes("bor") == ["SS0301", "SS0708"]
    assert _codes("SS03") == ["SS03", "SS0301", "SS0302"]


def test_search_can_be_narrowed_to_country_level_and_subtree(south_sudan):
    assert _codes("bor", below=south_sudan["SS07"]) == ["SS0708"]
    assert _codes("ss", levels=[1]) == ["SS03", "SS07"]
    assert _codes("bor", country="COL") == []


def test_a_retired_place_is_found_only_for_a_day_on_which_it_was(south_sudan):
    gazetteer.retire(south_sudan["SS0302"], on=timezone.localdate() - timedelta(days=1))

    assert _codes("duk") == []
    assert _codes("duk", day=date(2020, 1, 1)) == ["SS0302"]


@pytest.mark.parametrize("text", ["", "   ", "!!!", "%", "_", "xyzzy", "\x00"])
def test_nothing_is_offered_for_nothing(south_sudan, text):
    assert _codes(text) == []


def test_a_search_stays_within_three_queries_however_many_are_found(south_sudan, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        for place in search.search("s"):
            assert place.label


def test_the_published_matching_cases_are_met(shared_data: Path):
    """The 433 places and other names of the yaml; its per-country switches are our ``guess``, its confirmations our ``exact``."""
    folder = shared_data / "locations"
    text = (folder / "adminlevel.yaml").read_text(encoding="utf-8")
    known = yaml.safe_load(text)
    loading.load_countries(only={row["Location"] for row in known["admin_info"]})
    countries = {place.code: place for place in Place.objects.filter(level=0)}
    for code in {row["Location"] for row in known["admin_info"]} - set(countries):
        countries[code] = gazetteer.add_place(code=code, name=code, level=0, country=code)
    places = {
        row["P-Code"]: gazetteer.add_place(code=row["P-Code"], name=row["Name"], level=1, parent=countries[row["Location"]])
        for row in known["admin_info"]
    }
    for name, code in known["admin_name_mappings"].items():
        if code in places:
            gazetteer.call(places[code], name=name)

    with (folder / "pcode-matching-cases-adm1.csv").open(encoding="utf-8", newline="") as file:
        cases = list(csv.DictReader(file))
    assert len(cases) == 26
    for case in cases:
        found = search.match(case["input"], country=case["iso3"], level=1, guess=case["fuzzy_match"] != "False")
        assert (found.place.code if found.place else "") == case["expected_pcode"], case
        if found.place is not None:
            assert found.exact is (case["expected_exact"] == "True"), case


def test_two_places_of_one_name_are_never_chosen_between(south_sudan):
    gazetteer.add_place(code="SS0799", name="Duk", level=2, parent=south_sudan["SS07"])
    found = search.match("duk", country="SSD")

    assert found.place is None
    assert [place.code for place in found.candidates] == ["SS0302", "SS0799"]


def test_likeness_asks_and_never_decides(south_sudan):
    found = search.match("Malakaal", country="SSD")

    assert (found.place.code, found.exact, found.method) == ("SS0707", False, "likeness")
    assert search.match("Malakaal", country="SSD", guess=False) == search.NOTHING


def test_leading_zeros_make_different_codes():
    parent = gazetteer.add_place(code="LBN", name="Lebanon", level=0, country="LBN")
    for code in ("62179", "062179"):
        gazetteer.add_place(code=code, name=f"Place {code}", level=3, parent=parent)

    assert search.match("62179", country="LBN").place.code == "62179"
    assert search.match("062179", country="LBN").place.code == "062179"
    assert search.match(" ht0811-07 ", country="LBN").place is None


def test_a_code_written_otherwise_is_taken_only_where_one_place_fits(south_sudan):
    assert search.match("SSD0301", country="SSD").place.code == "SS0301"
    gazetteer.add_place(code="SSD00301", name="Another", level=2, parent=south_sudan["SS07"])
    assert search.match("SS00301", country="SSD").place is None


def test_a_file_of_many_rows_costs_no_more_queries_than_one(south_sudan, django_assert_num_queries):
    with django_assert_num_queries(3):
        matcher = search.Matcher("SSD")
        for text in ("bor", "SS0302", "Malakaal", "nothing like it") * 50:
            matcher.match(text)


@pytest.mark.postgres
def test_names_that_hold_the_text_come_by_the_trigram_index(south_sudan):
    migration = importlib.import_module("locations.migrations.0002_find_names_inside")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.schema_editor() as editor:
        migration.make(None, editor)
    assert _codes("nile") == ["SS07"]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT * FROM locations_place WHERE folded::text LIKE %s", ["% nile%"])
        plan = " ".join(row[0] for row in cursor.fetchall())
    assert "place_folded_inside" in plan
