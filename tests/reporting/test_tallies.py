"""The tallies of all levels together, and the checks that keep definitions bound to real ones."""

from __future__ import annotations

import pytest

from programs import shipped_library, tally
from reporting import tallies
from tests import factories


def test_gathered_tallies_have_keys_of_their_own_and_say_what_they_count():
    assert tallies.check_keys() == []
    assert set(tally.known()) == {one.key for one in tallies.TALLIES}
    for one in tallies.TALLIES:
        assert len(str(one.definition)) > 60, one.key
        assert len(one.key) <= 80


def test_shipped_definitions_are_bound_to_tallies():
    bound = {row["code"]: row["computed_by"] for row in shipped_library.definitions() if row["computed_by"]}
    assert bound["CON-1"] == "activities.dialogue.held"


@pytest.mark.django_db
def test_the_check_finds_definitions_bound_to_what_is_not_there_or_adds_up_otherwise():
    factories.definition("A", computed_by="gone.tally")
    factories.definition("B", computed_by="activities.dialogue.held", over_time="snapshot")
    factories.definition("C", computed_by="activities.dialogue.held")
    found = tallies.check_bindings(databases=["default"])
    assert [one.id for one in found] == ["reporting.E002", "reporting.E002"]
    assert "A: there is no tally gone.tally" in found[0].msg
    assert "rule over time" in found[1].msg
    assert tallies.check_bindings(databases=None) == []
