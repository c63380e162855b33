"""The library is proposed by one, approved by another, and its rules stand still once figures were accepted."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from plumbing.refusals import Refused
from programs import access, library
from programs.models import IndicatorDefinition
from tests import factories
from tests.programs.making import make_dimensions


@pytest.fixture
def definition(field):
    make_dimensions()
    return factories.definition("CON-1", title="Dialogue sessions held", breakdowns=(("sex", "age"),))


def test_a_proposal_waits_for_a_second_person(field):
    row = library.propose(by=field.officer, code=" CON-9 ", title="Quarrels settled", level="community")
    assert (row.code, row.status) == ("CON-9", "proposed")
    with pytest.raises(Refused):
        library.approve(row, by=field.officer)
    library.approve(row, by=field.manager)
    assert (row.status, row.approved_by) == ("approved", field.manager)
    with pytest.raises(Refused):
        library.approve(row, by=field.manager)


def test_a_partner_neither_proposes_nor_approves(field):
    with pytest.raises(access.NotAllowed):
        library.propose(by=field.reporter, code="X", title="X", level="community")
    row = library.propose(by=field.officer, code="X", title="X", level="community")
    with pytest.raises(access.NotAllowed):
        library.approve(row, by=field.reporter)


def test_a_successor_takes_over_and_the_old_one_retires(field, definition):
    new = library.propose_successor(definition, by=field.officer, code="CON-1v2", over_time="snapshot")
    assert library.breakdowns_of(new) == [["sex", "age"]]
    definition.refresh_from_db()
    assert definition.status == "approved"
    library.approve(new, by=field.manager)
    definition.refresh_from_db()
    assert definition.status == "retired"
    with pytest.raises(Refused):
        library.propose_successor(definition, by=field.officer, code="CON-1v3")


def test_frozen_rules_do_not_change_but_the_wording_may(field, definition):
    library.freeze([definition.pk])
    library.edit(definition, by=field.officer, title="Dialogue sessions held in town")
    assert IndicatorDefinition.objects.get(pk=definition.pk).title == "Dialogue sessions held in town"
    with pytest.raises(library.DefinitionFrozen):
        library.edit(definition, by=field.officer, over_time="snapshot")
    assert IndicatorDefinition.objects.get(pk=definition.pk).over_time == "per_period"


def test_rules_change_freely_until_the_first_acceptance(field, definition):
    library.edit(definition, by=field.officer, over_time="running_total", counting="people_ever", breakdowns=[["sex"], ["age"]])
    definition.refresh_from_db()
    assert definition.over_time == "running_total"
    assert library.breakdowns_of(definition) == [["sex"], ["age"]]


def test_people_ever_is_only_a_running_total(field, definition):
    with pytest.raises(ValidationError):
        library.edit(definition, by=field.officer, counting="people_ever")


def test_a_retired_definition_is_not_offered(field, definition):
    library.retire(definition, by=field.officer)
    assert not IndicatorDefinition.objects.in_force().exists()
    with pytest.raises(Refused):
        library.retire(definition, by=field.officer)


def test_a_projects_own_definition_is_kept_by_its_framework_editors(field):
    own = factories.definition("OWN-1", project=field.project)
    library.edit(own, by=field.manager, title="Ours")
    with pytest.raises(access.NotAllowed):
        library.edit(own, by=field.reporter, title="Theirs")
    assert not IndicatorDefinition.objects.visible_to(field.other_reporter).filter(pk=own.pk).exists()


def test_an_unknown_dimension_is_named(field, definition):
    with pytest.raises(Refused, match="tribe"):
        library.edit(definition, by=field.officer, breakdowns=[["tribe"]])


def test_approved_by_the_proposer_is_refused_by_the_database(field, definition):
    row = IndicatorDefinition(
        code="X", title="X", level="community", proposed_at=timezone.now(), proposed_by=field.officer, approved_at=timezone.now(),
        approved_by=field.officer,
    )  # fmt: skip
    with pytest.raises(ValidationError, match="second person"):
        row.full_clean()
