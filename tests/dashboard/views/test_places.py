"""The page of one place: the three levels side by side, who works there, and nothing that a reader may not see."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from dashboard import place as places
from programs.models import ActivityRecord, Expenditure
from tests import factories
from tests.reporting.reported import Reported

pytestmark = pytest.mark.django_db
TODAY = date(2026, 8, 25)


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda value=None, timezone_=None: value.date() if value is not None else TODAY)


@pytest.fixture
def reported():
    found = Reported()
    found.quarter(0, 30, 5, 10)
    found.quarter(1, 12, 50, 80)
    world = found.world
    for day in (date(2026, 2, 3), date(2026, 8, 20), date(2026, 8, 21)):
        ActivityRecord.objects.create(
            project=world.project, partner=world.partner, place=world.place, kind="dialogue", happened_on=day, recorded_by=world.mande
        )
    Expenditure.objects.create(
        grant=found.grant, project=found.project, partner=world.partner, period=world.period, amount=Decimal(630), entered_by=found.mande
    )
    return found


def address(reported, name="place_page", at=None):
    return reverse(name, args=[(at or reported.world.place).code])


def test_quarters_end_with_the_running_one_and_cross_years():
    assert [one.code for one in places.quarters(date(2026, 2, 1), 3)] == ["2025-Q3", "2025-Q4", "2026-Q1"]
    assert [one.ends_on for one in places.quarters(date(2026, 2, 1), 3)] == [date(2025, 9, 30), date(2025, 12, 31), date(2026, 3, 31)]


def test_the_levels_stand_on_one_time_axis(client, reported):
    client.force_login(reported.mande)
    page = client.get(address(reported, "place_levels"), HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in page
    assert "2026-Q1" in page
    assert "Completed training" in page
    assert ">30<" in page, "as of the first quarter"
    assert ">42<" in page, "as of the second"
    assert "62\u00a0%" in page, "50 of 80"
    country = client.get(address(reported, "place_levels", factories.country())).content.decode()
    assert ">42<" in country, "a country takes everything below it"
    elsewhere = client.get(address(reported, "place_levels", factories.place("SS9901"))).content.decode()
    assert "Completed training" not in elsewhere


def test_people_at_a_single_place_are_hidden_from_readers_without_raw_figures(client, reported):
    reader = factories.member(Role.COMMUNITY_OFFICER, program=reported.project.program)
    client.force_login(reader)
    page = client.get(address(reported, "place_levels")).content.decode()
    assert "Hidden to protect people in small groups" in page
    assert ">30<" not in page
    file = b"".join(client.get(address(reported, "place_levels") + "?export=csv")).decode()
    assert "hidden" in file or "LIV-2" in file
    assert ",42" not in file


def test_the_file_holds_the_table(client, reported):
    client.force_login(reported.mande)
    lines = b"".join(client.get(address(reported, "place_levels") + "?export=csv")).decode().splitlines()
    assert lines[0].lstrip("\ufeff").endswith("2026-Q2,2026-Q3")
    training = next(line for line in lines if "LIV-2" in line)
    assert training.endswith("30,42,")


def test_the_page_says_who_does_what_where_when_and_what_was_spent(client, reported):
    client.force_login(reported.mande)
    page = client.get(address(reported)).content.decode()
    assert "Moving together is not proof of cause." in page
    assert reported.world.partner.name in page
    assert reported.project.code in page
    assert "Accepted" in page
    assert "Dialogue session" in page
    assert "USD" in page
    assert reverse("place_levels", args=[reported.world.place.code]) in page


def test_a_stranger_sees_neither_projects_nor_figures_nor_money(client, reported):
    stranger = factories.member(Role.PARTNER_REPORTER, organization=factories.partner())
    client.force_login(stranger)
    page = client.get(address(reported)).content.decode()
    assert reported.project.code not in page
    assert "Dialogue session" not in page
    assert "USD" not in page
    assert "Completed training" not in client.get(address(reported, "place_levels")).content.decode()


@pytest.mark.parametrize("partners", [1, 3])
def test_the_place_page_costs_the_same_however_much_happens_there(client, reported, django_assert_max_num_queries, partners):
    for number in range(partners - 1):
        reported.world.indicator(factories.definition(f"X-{number}"))
    client.force_login(reported.mande)
    with django_assert_max_num_queries(12):
        client.get(address(reported))
    with django_assert_max_num_queries(13):
        client.get(address(reported, "place_levels"), HTTP_HX_REQUEST="true")
