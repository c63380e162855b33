from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

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


@pytest.mark.parametrize("half", [{"latitude": 5}, {"longitude": 5}, {"latitude": 91, "longitude": 5}, {"latitude": 5, "longitude": -181}])
def test_a_place_has_a_whole_point_on_earth_or_none(db, half):
    place = Place.objects.create(code="XX", level=0, name="X", country="XXX")
    with pytest.raises(IntegrityError), transaction.atomic():
        Place.objects.filter(pk=place.pk).update(**half)
    with pytest.raises(ValidationError, match="give both or neither"):
        Place(code="XY", level=0, name="Y", country="XXY", folded="y", sound="y", **half).full_clean()
    Place.objects.filter(pk=place.pk).update(latitude=5, longitude=-180)
