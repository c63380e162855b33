"""Editing a framework: what was agreed changes in the open, codes stay, assignments hand over cleanly."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from plumbing.refusals import Invalid, Refused
from programs import access, framework
from programs.models import ExpectedReport, FrameworkChange, Indicator, ReportingAssignment, Result
from tests import factories


@pytest.fixture
def world(db):
    return factories.world()


@pytest.fixture
def indicator(world):
    return world.indicator(factories.definition("CON-1"))


def agreed(world):
    framework.agree(world.project, on=date(2026, 1, 5), by=world.manager)
    FrameworkChange.objects.all().delete()


def changes():
    return list(FrameworkChange.objects.order_by("id").values_list("what", "old", "new", "reason"))


def test_before_the_agreement_nothing_is_shown_to_partners(world, indicator):
    framework.change_indicator(indicator, by=world.manager, title="Talks held")
    assert changes() == []


def test_after_it_old_and_new_and_why_are_kept(world, indicator):
    agreed(world)
    framework.change_indicator(indicator, by=world.manager, title="Talks held", baseline_value=Decimal(4), reason="The donor asked")
    ((what, old, new, reason),) = changes()
    assert indicator.code in what
    assert old == "donor's wording: –; baseline: –"
    assert new == "donor's wording: Talks held; baseline: 4"
    assert reason == "The donor asked"


def test_a_save_that_changes_nothing_shows_nothing(world, indicator):
    agreed(world)
    framework.change_indicator(indicator, by=world.manager, title=indicator.title)
    assert changes() == []


def test_the_agreement_is_recorded_once(world):
    agreed(world)
    with pytest.raises(Refused):
        framework.agree(world.project, on=date(2026, 2, 1), by=world.manager)


def test_a_result_never_hangs_under_itself(world):
    outcome = world.result
    output = framework.add_result(
        world.project, by=world.manager, kind="output", code="1.1", title="Talks", level="community", parent=outcome
    )
    with pytest.raises(Invalid):
        framework.change_result(outcome, by=world.manager, parent=output)
    with pytest.raises(Invalid):
        framework.change_result(output, by=world.manager, parent=output)


def test_a_result_with_something_under_it_stays(world, indicator):
    with pytest.raises(Refused):
        framework.remove_result(world.result, by=world.manager)
    lone = framework.add_result(world.project, by=world.manager, kind="outcome", code="2", title="Lone", level="community")
    agreed(world)
    framework.remove_result(lone, by=world.manager, reason="Dropped with the donor")
    assert not Result.objects.filter(code="2").exists()
    assert changes()[0][3] == "Dropped with the donor"


def test_the_code_of_an_indicator_is_not_changed(world, indicator):
    with pytest.raises(TypeError):
        framework.change_indicator(indicator, by=world.manager, code="CON-2")


def test_a_definition_that_is_not_in_force_is_not_applied(world):
    proposed = factories.definition("NEW-1", status="proposed")
    with pytest.raises(Invalid, match="NEW-1"):
        framework.add_indicator(world.result, by=world.manager, definition=proposed)
    foreign = factories.definition("OWN-1", project=factories.project())
    with pytest.raises(Invalid):
        framework.add_indicator(world.result, by=world.manager, definition=foreign)


def test_retired_and_taken_up_again(world, indicator):
    framework.retire_indicator(indicator, by=world.manager, reason="No longer measured")
    assert Indicator.objects.get(pk=indicator.pk).is_retired
    framework.retire_indicator(indicator, by=world.manager, reason="Measured again", retired=False)
    assert not Indicator.objects.get(pk=indicator.pk).is_retired


def test_a_replaced_target_shows_old_and_new(world, indicator):
    framework.set_target(indicator, by=world.manager, value=Decimal(10))
    agreed(world)
    framework.set_target(indicator, by=world.manager, value=Decimal(12), reason="Second year funded")
    assert changes() == [(f"target of {indicator.code}", "10", "12", "Second year funded")]
    framework.remove_target(indicator.targets.get(), by=world.manager)
    assert not indicator.targets.exists()


def test_a_hand_over_ends_the_old_and_begins_the_new(world, indicator):
    old = ReportingAssignment.objects.get()
    successor = factories.partner("Successor")
    world.project.partners.create(organization=successor)
    new = framework.hand_over(old, to=successor, on=date(2026, 7, 1), includes_predecessor=True, by=world.manager)
    old.refresh_from_db()
    assert old.ends_on == date(2026, 6, 30)
    assert (new.partner, new.starts_on, new.takes_over_from, new.includes_predecessor) == (successor, date(2026, 7, 1), old, True)
    assert [row.place for row in new.places.all()] == [row.place for row in old.places.all()]


def test_a_hand_over_to_the_same_partner_or_to_a_stranger_is_refused(world, indicator):
    old = ReportingAssignment.objects.get()
    with pytest.raises(Invalid):
        framework.hand_over(old, to=old.partner, on=date(2026, 7, 1), includes_predecessor=False, by=world.manager)
    with pytest.raises(Refused):
        framework.hand_over(old, to=factories.partner(), on=date(2026, 7, 1), includes_predecessor=False, by=world.manager)
    old.refresh_from_db()
    assert old.ends_on is None


def test_changing_places_shows_both_to_the_partner(world, indicator):
    row = ReportingAssignment.objects.get()
    other = factories.place(name="Other")
    agreed(world)
    framework.change_assignment(row, by=world.manager, places=[other], collected="yearly", starts_on=None, ends_on=None, reason="Moved")
    assert [one.place for one in row.places.all()] == [other]
    ((_what, old, new, _reason),) = changes()
    assert world.place.name in old
    assert "Other" in new
    with pytest.raises(Invalid):
        framework.change_assignment(row, by=world.manager, places=[], collected="yearly", starts_on=None, ends_on=None)


def test_a_partner_assigned_while_a_period_is_open_owes_its_report(world, indicator):
    period = world.periods[0]
    period.opened_at = timezone.now()
    period.save()
    late = factories.partner("Late")
    world.project.partners.create(organization=late)
    assert not ExpectedReport.objects.filter(partner=late).exists()
    framework.assign(indicator, by=world.manager, partner=late, places=[world.place])
    assert ExpectedReport.objects.filter(partner=late, period=period).exists()


def test_a_partner_edits_nothing(world, indicator):
    with pytest.raises(access.NotAllowed):
        framework.change_indicator(indicator, by=world.reporter, title="Ours")
    with pytest.raises(access.NotAllowed):
        framework.agree(world.project, on=date(2026, 1, 1), by=world.reporter)


def test_the_hand_over_comes_after_the_first_day(world, indicator):
    row = ReportingAssignment.objects.get()
    row.starts_on = date(2026, 7, 1)
    row.save()
    successor = factories.partner()
    world.project.partners.create(organization=successor)
    with pytest.raises(Invalid):
        framework.hand_over(row, to=successor, on=row.starts_on, includes_predecessor=False, by=world.manager)
    with pytest.raises(Invalid):
        framework.hand_over(row, to=successor, on=date.min, includes_predecessor=False, by=world.manager)
    assert framework.hand_over(row, to=successor, on=row.starts_on + timedelta(days=1), includes_predecessor=False, by=world.manager)
