"""What an incident tells in free words: encrypted where it is kept, and rows from before are sealed by the migration."""

from __future__ import annotations

from importlib import import_module
from unittest.mock import Mock

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from accounts.roles import Role
from communities import incidents
from communities.models import Incident, IncidentWords
from plumbing.refusals import Invalid
from tests import factories

CANARIES = ("the canary of what happened", "the canary about the source")


def dump() -> str:
    """Every column of every table as it is stored."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")
            found += [bytes(one) if isinstance(one, memoryview | bytes) else str(one).encode() for row in cursor.fetchall() for one in row]
    return b"\n".join(found).decode(errors="ignore")


@pytest.mark.django_db
def test_a_dump_holds_no_word_that_was_told():
    world = factories.world()
    officer = factories.member(Role.COMMUNITY_OFFICER, program=world.project.program)
    given = {"type": "threat", "event_date": timezone.localdate(), "place": world.place, "source": "monitor", "organization": world.partner}
    incidents.record(**given, text=CANARIES[0], source_detail=CANARIES[1], by=officer)
    stored = dump()
    assert "monitor" in stored
    assert [one for one in CANARIES if one in stored] == []
    kept = IncidentWords.objects.get()
    assert (kept.text, kept.source_detail) == CANARIES
    with pytest.raises(Invalid):
        incidents.record(**given, text="x" * 10_001, by=officer)


@pytest.mark.django_db
def test_an_incident_without_words_has_no_row_and_what_is_left_out_stays():
    world = factories.world()
    officer = factories.member(Role.COMMUNITY_OFFICER, program=world.project.program)
    given = {"type": "threat", "event_date": timezone.localdate(), "place": world.place, "source": "monitor"}
    row = incidents.record(**given, organization=world.partner, by=officer).incident
    assert not IncidentWords.objects.exists()
    incidents.correct(row, **given, text="Shots at night", by=officer)
    incidents.correct(row, **given, source_detail="By phone", by=officer)
    told = Incident.objects.get().told
    assert (told.text, told.source_detail) == ("Shots at night", "By phone")


@pytest.mark.django_db
def test_words_from_before_are_sealed_and_open_as_they_were():
    """The step of the migration that converts rows, with the rows as they stood before it."""
    row = factories.incident(factories.world())
    before = Mock()
    before.objects.exclude.return_value.values_list.return_value.iterator.return_value = [(row.pk, CANARIES[0])]
    kept = {"Incident": before, "IncidentWords": IncidentWords}
    import_module("communities.migrations.0002_seal_incident_words").seal(Mock(get_model=lambda app, name: kept[name]), None)
    assert CANARIES[0] not in dump()
    assert Incident.objects.get().told.text == CANARIES[0]
