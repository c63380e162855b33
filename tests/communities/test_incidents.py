"""Incidents: recorded once, verified by a second person, likely duplicates decided by people, never shown closer than allowed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from communities import incidents, masking, taxonomy
from communities.models import Harm, Incident, Likeness, ViolationCount
from plumbing.refusals import Invalid
from programs.access import NotAllowed
from programs.models import ConflictSensitivityReview
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def world():
    world = factories.world()
    state = factories.place("XA01", parent=factories.country())
    county = factories.place("XA0101", parent=state)
    town = factories.place("XA010101", parent=county, name="Renk town")
    world.place = town
    world.project.places.create(place=town)
    return world


@pytest.fixture
def officer(world):
    return factories.member(Role.COMMUNITY_OFFICER, program=world.project.program)


def told(world, by, **more):
    facts = {"type": "battle", "event_date": TODAY(), "place": world.place, "source": "police post", "organization": world.partner, **more}
    return incidents.record(by=by, **facts)


def test_the_same_number_of_a_source_is_found_not_doubled(world, officer):
    first = told(world, officer, source_ref="77")
    again = told(world, officer, source_ref="77", text="other words")
    assert first.is_new
    assert not again.is_new
    assert again.incident == first.incident
    assert Incident.objects.count() == 1


def test_an_incident_lies_in_its_admin_2_and_is_confidential(world, officer):
    row = told(world, officer).incident
    assert row.area.code == "XA0101"
    assert row.get_sensitivity_display() == "Confidential"


def test_an_incident_finds_the_community_around_it(world, officer):
    community = factories.community(world)
    assert told(world, officer).incident.community == community


def test_sexual_violence_has_no_row(world, officer):
    row = told(world, officer).incident
    for change in ({"type": "sexual_violence"}, {"sub_type": "Sexual violence"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Incident.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(Invalid):
        told(world, officer, type="civilian_attack", sub_type="Sexual violence")


def test_sexual_violence_is_counted_by_quarter_and_admin_1(world, officer):
    state = world.place.parent.parent
    start = TODAY().replace(month=1, day=1)
    given = {"organization": world.partner, "kind": "sexual_violence", "source": "protection cluster", "by": officer, "number": 2}
    incidents.count_violations(area=state, starts_on=start, **given)
    incidents.count_violations(area=state, starts_on=start, **given | {"number": 3})
    assert ViolationCount.objects.get().number == 3
    with pytest.raises(Invalid):
        incidents.count_violations(area=world.place, starts_on=start, **given)
    with pytest.raises(IntegrityError), transaction.atomic():
        ViolationCount.objects.update(starts_on=start.replace(month=2))


def test_harm_is_counted_in_bands_of_adults_only(world, officer):
    row = told(world, officer, harm={("injured", "female", "18-29"): 2}).incident
    assert row.harm.get().number == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Harm.objects.update(band="12-17")


def test_the_dead_are_in_order(world, officer):
    row = told(world, officer, fatalities_low=0, fatalities_best=2, fatalities_high=4).incident
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.filter(pk=row.pk).update(fatalities_low=3)


def test_tomorrow_is_not_told(world, officer):
    with pytest.raises(Invalid):
        told(world, officer, event_date=TODAY() + timedelta(days=1))


def test_who_recorded_does_not_verify_and_a_verified_incident_stays(world, officer):
    row = told(world, officer).incident
    with pytest.raises(incidents.NotASecondPerson):
        incidents.verify(row, by=officer, reliability="B", credibility=2)
    with pytest.raises(NotAllowed):
        incidents.verify(row, by=world.reporter, reliability="B", credibility=2)
    row = incidents.verify(row, by=world.manager, reliability="B", credibility=2)
    assert row.is_verified
    with pytest.raises(incidents.VerifiedAlready):
        incidents.correct(row, type="mob", event_date=TODAY(), place=world.place, source="police", by=officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.update(verified_by=officer)


def test_likely_duplicates_are_proposed_and_only_a_person_merges(world, officer):
    first = told(world, officer, event_date=TODAY() - timedelta(days=1)).incident
    second = told(world, officer, source="chief").incident
    told(world, officer, type="mob")
    told(world, officer, event_date=TODAY() - timedelta(days=3))
    assert [(one.first, one.second) for one in Likeness.objects.all()] == [(first, second)]
    assert Incident.objects.counting().count() == 4
    incidents.decide_likeness(Likeness.objects.get(), same=True, by=world.manager)
    assert Incident.objects.counting().count() == 3
    assert Incident.objects.count() == 4
    with pytest.raises(incidents.DecidedAlready):
        incidents.decide_likeness(Likeness.objects.get(), same=False, by=world.manager)


def test_different_events_both_count(world, officer):
    told(world, officer)
    told(world, officer, source="chief")
    incidents.decide_likeness(Likeness.objects.get(), same=False, by=world.manager)
    assert Incident.objects.counting().count() == 2


def test_many_come_all_or_none(world, officer):
    good = {"type": "mob", "event_date": TODAY(), "place": world.place, "source": "police", "organization": world.partner}
    with pytest.raises(Invalid) as refused:
        incidents.record_many([good, good | {"event_date": TODAY() + timedelta(days=2)}], by=officer)
    assert refused.value.problems[0].path == "incidents/1/event_date"
    assert not Incident.objects.exists()
    assert len(incidents.record_many([good, good], by=officer)) == 2


def test_violence_asks_for_the_areas_reviews_anew(world, officer):
    review = ConflictSensitivityReview.objects.create(
        project=world.project, decision="passed", decided_on=TODAY() - timedelta(days=30), valid_until=TODAY() + timedelta(days=90),
        recorded_by=world.manager,
    )  # fmt: skip
    told(world, officer, type="land_dispute")
    review.refresh_from_db()
    assert review.due_since is None
    told(world, officer)
    review.refresh_from_db()
    assert review.due_since == TODAY()


def test_a_stranger_sees_and_records_nothing_there(world, officer):
    told(world, officer)
    stranger = factories.world()
    assert not Incident.objects.visible_to(stranger.manager).exists()
    assert Incident.objects.visible_to(world.manager).count() == 1
    assert Incident.objects.visible_to(world.reporter).count() == 1
    with pytest.raises(NotAllowed):
        told(world, stranger.reporter)


def test_masked_by_class_never_below_admin_2_and_strict_at_admin_1(world, officer):
    told(world, officer)
    told(world, officer, type="mob", sensitivity=4)
    told(world, officer, type="threat", sensitivity=2)
    shown = {cell.type: cell.area for cell in masking.cells(Incident.objects.all())}
    assert shown == {"battle": "XA0101", "mob": "XA01", "threat": "XA0101"}
    assert {area.code: area.number for area in masking.areas(Incident.objects.all())} == {"XA0101": 2, "XA01": 1}


def test_a_strict_community_makes_its_incidents_strict(world, officer):
    factories.community(world, sensitivity=4)
    row = told(world, officer).incident
    assert masking.shown_area(row).code == "XA01"


def test_every_kind_has_its_codes():
    assert {one.type for one in taxonomy.MAPPING} == set(Incident.Type.values)
    lethal = Incident(type="battle", fatalities_best=2, actor_1=2, actor_2=1)
    assert (taxonomy.ucdp_type(lethal), taxonomy.interaction(lethal)) == (1, "12")
    assert taxonomy.ucdp_type(Incident(type="battle", fatalities_best=0)) is None


def test_one_event_per_incident(world, officer):
    told(world, officer)
    assert AuditEvent.objects.filter(event__startswith="incident.").count() == 1
