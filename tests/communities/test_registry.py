"""The record of a community."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from communities import registry
from communities.models import AccessCheck, Community, PopulationCount
from plumbing.refusals import Invalid
from programs.access import NotAllowed
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def officer(world):
    return factories.member(Role.COMMUNITY_OFFICER, program=world.project.program)


def test_a_community_is_added_with_its_projects_and_one_event(world, officer):
    row = registry.add(name=" Renk town ", place=world.place, partner=world.partner, projects=[world.project], by=officer, monitors=3)
    assert row.name == "Renk town"
    assert list(row.projects.all()) == [world.project]
    assert AuditEvent.objects.filter(event="community.added").count() == 1


def test_only_a_partner_of_its_projects_keeps_a_community(world, officer):
    with pytest.raises(Invalid) as refused:
        registry.add(name="Renk", place=world.place, partner=factories.partner(), projects=[world.project], by=officer)
    assert refused.value.problems[0].code == "not_a_partner"
    assert not Community.objects.exists()


def test_who_only_reads_adds_nothing(world):
    with pytest.raises(NotAllowed):
        registry.add(name="Renk", place=world.place, partner=world.partner, projects=[world.project], by=world.manager)


def test_communities_are_seen_through_program_project_partner_and_place(world, officer):
    own, foreign = factories.community(world), factories.community(factories.world())
    readers = [
        officer, world.reporter,
        factories.member(Role.COMMUNITY_OFFICER, project=world.project),
        factories.member(Role.COMMUNITY_OFFICER, place=world.place),
    ]  # fmt: skip
    for reader in readers:
        assert list(Community.objects.visible_to(reader)) == [own], reader
    assert not Community.objects.visible_to(factories.member(Role.AUDITOR)).exists()
    assert foreign.pk != own.pk


def test_a_later_count_stands_beside_the_earlier_one(world, officer):
    row = factories.community(world)
    for day, people in ((date(2025, 7, 1), 60_000), (date(2026, 7, 1), 61_000)):
        registry.count_population(row, people={"host": people, "idp": None}, observed_on=day, source="Rapid count", by=officer)
    assert list(PopulationCount.objects.order_by("observed_on").values_list("people", flat=True)) == [60_000, 61_000]


def test_a_count_without_any_number_or_in_the_future_is_refused(world, officer):
    row = factories.community(world)
    with pytest.raises(Invalid):
        registry.count_population(row, people={"host": None}, observed_on=date(2026, 1, 1), source="Count", by=officer)
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.raises(Invalid):
        registry.count_population(row, people={"host": 0}, observed_on=tomorrow, source="Count", by=officer)
    assert not PopulationCount.objects.exists()


def test_a_second_look_on_a_day_replaces_the_first(world, officer):
    row = factories.community(world)
    registry.check_access(row, means="road", state="open", checked_on=date(2026, 3, 1), by=officer)
    registry.check_access(row, means="road", state="closed", checked_on=date(2026, 3, 1), by=officer, note="rain")
    assert AccessCheck.objects.get().state == "closed"


def test_the_database_refuses_a_word_that_is_not_on_the_list(world, officer):
    row = factories.community(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessCheck.objects.create(community=row, means="camel", state="open", checked_on=date(2026, 3, 1), recorded_by=officer)


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_asks_the_same_whatever_its_length(world, officer, client, django_assert_num_queries, number):
    for _one in range(number):
        factories.community(world)
    client.force_login(officer)
    client.get("/communities/")
    with django_assert_num_queries(5):
        assert client.get("/communities/").status_code == 200
