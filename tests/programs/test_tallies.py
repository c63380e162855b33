"""Counts over activity records, and which definitions they may compute."""

from __future__ import annotations

from datetime import date

import pytest

from plumbing.refusals import Invalid
from programs import activities, disaggregations, library, tally
from programs.models import ActivityRecord, Disaggregation, IndicatorDefinition
from programs.tallies import TALLIES
from tests import factories
from tests.programs import making

pytestmark = pytest.mark.django_db
BY_KEY = {one.key: one for one in TALLIES}


@pytest.fixture
def field():
    making.make_dimensions()
    return making.make_field()


def cell(**categories: str) -> Disaggregation:
    key = disaggregations.key_of(categories)
    return Disaggregation.objects.get(pk=disaggregations.ensure([key])[key])


def hold(field: making.Field, day: date, people: int | None, *, kind: str = "dialogue", **more: object) -> ActivityRecord:
    return activities.record(
        project=field.project, partner=field.partner, kind=kind, happened_on=day, place=field.place, people_present=people,
        by=field.reporter, **more,
    ).activity  # type: ignore[arg-type]  # fmt: skip


def asked(field: making.Field, *breakdown: str) -> tally.Asked:
    return tally.Asked(field.project, field.partner, date(2026, 7, 1), date(2026, 9, 30), (field.place.pk,), breakdown)


def test_only_activities_of_the_kind_in_the_period_are_counted(field):
    for day in (date(2026, 6, 30), date(2026, 7, 1), date(2026, 9, 30), date(2026, 10, 1)):
        hold(field, day, 10)
    hold(field, date(2026, 8, 1), 10, kind="training")
    count = BY_KEY["activities.dialogue.held"].function(asked(field))
    assert [(part.place, part.value) for part in count.parts] == [(field.place.pk, 1)] * 2


def test_people_present_are_split_as_asked_and_the_rest_is_not_broken_down(field):
    day = date(2026, 8, 1)
    hold(field, day, 30, cells={cell(sex="female", age="18-24"): 12, cell(sex="male", age="18-24"): 8})
    hold(field, day, 5, cells={cell(sex="female"): 5})
    hold(field, day, None)
    by_sex = BY_KEY["activities.dialogue.people"].function(asked(field, "sex"))
    women = sum(part.value for part in by_sex.parts if part.cell == {"sex": "female"})
    assert (women, sum(part.value for part in by_sex.parts)) == (17, 35)
    finer = BY_KEY["activities.dialogue.people"].function(asked(field, "sex", "age"))
    assert sum(part.value for part in finer.parts if not part.cell) == 15, "a sheet without ages has no cell of sex × age"


def test_the_digest_changes_with_a_correction_and_not_with_the_order(field):
    record = hold(field, date(2026, 8, 1), 10)
    count = BY_KEY["activities.dialogue.held"].function
    before = count(asked(field)).digests
    assert count(asked(field)).digests == before
    activities.correct(record, kind="dialogue", happened_on=date(2026, 8, 2), place=field.place, by=field.reporter, people_present=11)
    assert count(asked(field)).digests != before
    assert tally.digest(["b", "a"]) == tally.digest(["a", "b"])


def test_records_of_another_partner_are_not_counted(field):
    hold(field, date(2026, 8, 1), 10)
    theirs = tally.Asked(field.project, field.stranger, date(2026, 7, 1), date(2026, 9, 30), (field.place.pk,))
    assert BY_KEY["activities.dialogue.held"].function(theirs).parts == ()


def test_a_definition_is_bound_only_to_a_tally_with_its_rules(field):
    row = factories.definition("CON-1", title="Sessions", level="community", counting="things")
    library.edit(row, by=field.officer, computed_by="activities.dialogue.held")
    for wrong in ({"computed_by": "no.such.tally"}, {"over_time": "snapshot"}, {"computed_by": "activities.dialogue.people"}):
        with pytest.raises(Invalid) as refused:
            library.edit(IndicatorDefinition.objects.get(pk=row.pk), by=field.officer, **wrong)
        assert refused.value.problems[0].path == "computed_by"
    row.refresh_from_db()
    assert (row.computed_by, row.over_time) == ("activities.dialogue.held", "per_period")


def test_whoever_is_signed_in_reads_what_a_tally_counts(field, client):
    row = factories.definition("CON-1", title="Sessions held", level="community", computed_by="activities.dialogue.held")
    client.force_login(field.officer)
    text = client.get("/library/tallies/").content.decode()
    assert "Activities held: Dialogue session" in text
    assert f"/library/{row.pk}/" in text
    assert "Plans do not count" in client.get("/library/tallies/activities.dialogue.held/").content.decode()
    assert "/library/tallies/activities.dialogue.held/" in client.get(f"/library/{row.pk}/").content.decode()
    assert client.get("/library/tallies/none/").status_code == 404
