"""Names of shipped rows are said in the reader's language, names that people wrote as they wrote them."""

import re
import tomllib
from pathlib import Path

import pytest
from django.utils.translation import override

import surveys
from accounts import practice
from communities import taxonomy
from plumbing.shipped_names import SHIPPED, shipped_name
from programs import shipped_library
from programs.models import Category, DefinitionOption, Dimension, Theme
from surveys.models import Instrument

SURVEYS = Path(surveys.__file__).parent / "shipped"


def names_that_are_shipped():
    shipped_library.load()
    for model, column in ((Dimension, "name"), (Category, "name"), (Theme, "name"), (DefinitionOption, "label")):
        yield from model.objects.values_list(column, flat=True)
    for path in SURVEYS.glob("*.toml"):
        yield from filter(None, [tomllib.loads(path.read_text()).get("name")])
    for names in taxonomy.SUB_TYPES.values():
        yield from names
    yield from re.split(r";\s*", practice.SHIPPED["outcome-ratings"].value)
    yield from (shipped.source for shipped in practice.SHIPPED.values())


@pytest.mark.django_db
def test_the_list_to_translate_is_what_is_shipped():
    with override("en"):
        listed = [str(name) for name in SHIPPED]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(names_that_are_shipped())


def test_a_shipped_name_is_translated_and_a_name_that_people_wrote_stays_as_they_wrote_it(french):
    french({"Women": "Femmes"}, {"Women of the co-operative": "Femmes de la coopérative"})
    with override("fr"):
        assert shipped_name("Women") == "Femmes"
        assert (
            str(Category(name="Women"))
            == str(Theme(name="Women"))
            == str(Dimension(name="Women"))
            == str(Instrument(name="Women"))
            == "Femmes"
        )
        assert shipped_name("Women of the co-operative") == "Women of the co-operative"
        assert shipped_name("") == ""
