from __future__ import annotations

import pytest

from locations import gazetteer
from locations.models import Place, PlaceTree


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Bór", "bor"),
        ("  BOR ", "bor"),
        ("Al-Dhale'e", "al dhale e"),
        ("Saint‑Louis", "saint louis"),
        ("Бор", "bor"),
        ("", ""),
        ("...", ""),
    ],
)
def test_a_name_is_folded_to_letters_and_digits(written, folded):
    assert gazetteer.fold(written) == folded


@pytest.mark.parametrize(
    ("one", "other"), [("Bor", "بور"), ("Malakal", "ملكال"), ("Juba", "Джуба"), ("Qasim", "Kassim"), ("Al Hasakah", "حسكة")]
)
def test_one_name_sounds_alike_across_scripts_and_spellings(one, other):
    assert gazetteer.sound(gazetteer.fold(one)) == gazetteer.sound(gazetteer.fold(other)) != ""


def test_a_name_of_one_consonant_has_no_sound_to_search_by():
    assert gazetteer.sound("yei") == ""


@pytest.mark.django_db
def test_the_tree_written_anew_equals_the_tree_kept_place_by_place():
    country = gazetteer.add_place(code="SSD", name="South Sudan", level=0, country="SSD")
    state = gazetteer.add_place(code="SS03", name="Jonglei", level=1, parent=country)
    gazetteer.add_place(code="SS0301", name="Bor South", level=2, parent=state)
    kept = set(PlaceTree.objects.values_list("ancestor__code", "descendant__code", "depth"))

    assert gazetteer.rebuild_tree() == len(kept) == 6
    assert set(PlaceTree.objects.values_list("ancestor__code", "descendant__code", "depth")) == kept


@pytest.mark.django_db
def test_the_old_name_of_a_renamed_place_stays_as_another_name():
    place = gazetteer.add_place(code="SSD", name="Southern Sudan", level=0, country="SSD")
    gazetteer.rename(place, name="South Sudan")
    gazetteer.rename(place, name="South Sudan")

    assert list(Place.objects.get().names.values_list("name", flat=True)) == ["Southern Sudan"]
    assert Place.objects.get().folded == "south sudan"
