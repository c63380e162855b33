"""The shipped library: complete in its rules, loaded once, never over a frozen definition."""

from __future__ import annotations

from collections import Counter

import pytest
from django.core.management import call_command
from django.utils import timezone

from programs import shipped_library
from programs.models import Category, Dimension, IndicatorDefinition, Theme

NAMED = {"DDR-6", "DDR-7", "CVR-1", "COH-1", "INS-2", "LIV-2", "LIV-3", "CON-1", "CON-2", "OUT-1", "LEG-1", "CVR-3", "INS-8", "IMP-1"}


def test_at_least_forty_definitions_over_three_levels_with_everything_a_reader_asks():
    shipped = shipped_library.definitions()
    codes = [row["code"] for row in shipped]
    assert len(codes) == len(set(codes)) >= 40
    assert set(codes) >= NAMED
    assert min(Counter(row["level"] for row in shipped).values()) >= 10
    for row in shipped:
        assert row["definition"], row["code"]
        assert row["method"], row["code"]
        assert row["source"], row["code"]
        assert row.get("unit") or row["measure"] in {"ordinal", "nominal", "text"}, row["code"]


def test_what_no_tally_computes_says_why():
    shipped = {row["code"]: row["computed_by"] for row in shipped_library.definitions()}
    assert {code for code, key in shipped.items() if not key} - shipped_library.typed().keys() == set()
    assert shipped_library.typed().keys() - shipped.keys() == set()


@pytest.mark.django_db
def test_loading_twice_makes_everything_once(capsys):
    first = shipped_library.load()
    assert len(first.made) == len(shipped_library.definitions())
    before = (IndicatorDefinition.objects.count(), Category.objects.count(), Theme.objects.count())
    call_command("load_library")
    assert "0 definitions made, 0 refreshed, 0 dimensions and 0 themes made." in capsys.readouterr().out
    assert (IndicatorDefinition.objects.count(), Category.objects.count(), Theme.objects.count()) == before


@pytest.mark.django_db
def test_every_theme_of_a_definition_is_one_of_the_list():
    shipped_library.load()
    assert set(IndicatorDefinition.objects.values_list("theme", flat=True)) <= set(Theme.objects.values_list("code", flat=True))


@pytest.mark.django_db
def test_every_dimension_offers_unknown_and_none_offers_all():
    shipped_library.load()
    for dimension in Dimension.objects.prefetch_related("categories"):
        codes = {category.code for category in dimension.categories.all()}
        assert "unknown" in codes
        assert "all" not in codes


@pytest.mark.django_db
def test_an_installations_own_wording_stays_unless_asked():
    shipped_library.load()
    IndicatorDefinition.objects.filter(code="LIV-2").update(title="Finished the workshop course")
    assert shipped_library.load().differing == ["LIV-2"]
    assert IndicatorDefinition.objects.get(code="LIV-2").title == "Finished the workshop course"
    assert shipped_library.load(refresh=True).refreshed == ["LIV-2"]
    assert IndicatorDefinition.objects.get(code="LIV-2").title == "Completed vocational training"


@pytest.mark.django_db
def test_a_frozen_definition_is_never_touched():
    shipped_library.load()
    IndicatorDefinition.objects.filter(code="LIV-2").update(over_time="snapshot", frozen_at=timezone.now())
    assert shipped_library.load(refresh=True).differing == ["LIV-2"]
    assert IndicatorDefinition.objects.get(code="LIV-2").over_time == "snapshot"


@pytest.mark.django_db
def test_breakdowns_come_with_their_dimensions_in_order():
    shipped_library.load()
    definition = IndicatorDefinition.objects.get(code="DDR-6")
    assert [str(breakdown) for breakdown in definition.breakdowns.all()] == ["Sex × Age", "Stream"]


@pytest.mark.django_db
def test_answers_come_in_their_order():
    shipped_library.load()
    stages = IndicatorDefinition.objects.get(code="INS-8").options.values_list("code", flat=True)
    assert list(stages) == ["drafted", "consulted", "adopted", "budgeted", "implemented"]
