import pytest
from django.urls import reverse

from accounts.roles import Role
from tests import factories
from tests.reporting.reported import Reported

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def reported():
    found = Reported()
    found.quarter(0, 30, 5, 10)
    return found


def test_the_project_says_what_it_is_and_whether_its_gates_are_open(client, reported):
    client.force_login(reported.mande)
    page = client.get(reverse("project", args=["PPS-01"])).content.decode()
    assert "No conflict-sensitivity review" in page
    assert reported.world.partner.name in page
    assert reported.world.place.name in page
    assert "PBF-SSD-07" in page


def test_the_tree_shows_rule_baseline_target_and_latest(client, reported):
    client.force_login(reported.mande)
    for headers in ({}, HTMX):
        page = client.get(reverse("results", args=["PPS-01"]), **headers).content.decode()
        assert "People live in peace" in page
        assert "per period, summed" in page
        assert "share, pooled" in page
        assert "<b>5</b> / 10" in page
        assert ">400<" in page


def test_a_number_leads_to_the_figures_behind_it(client, reported):
    client.force_login(reported.mande)
    address = reverse("number", args=[reported.training.definition_id])
    page = client.get(address, {"project": "PPS-01"}).content.decode()
    assert reverse("report", args=["PPS-01", "2026-Q1", reported.world.partner.pk]) in page
    assert ">30</td>" in page
    assert client.get(address, {"export": "csv"}).status_code == 200


def test_readers_without_raw_figures_find_the_definition_but_no_figure(client, reported):
    client.force_login(factories.member(Role.COMMUNITY_OFFICER, program=reported.project.program))
    page = client.get(reverse("number", args=[reported.training.definition_id]))
    assert page.context["list"].rows == []
    assert ">30</td>" not in page.content.decode()


def test_a_partner_finds_its_own_figures_alone(client, reported):
    office = reported.second_partner()
    client.force_login(factories.member(Role.PARTNER_REPORTER, organization=office))
    page = client.get(reverse("number", args=[reported.training.definition_id]))
    assert page.context["list"].rows == []
    assert "Below stand only those that you may read." in page.content.decode()

    client.force_login(reported.mande)
    assert "Below stand only those" not in client.get(reverse("number", args=[reported.training.definition_id])).content.decode()


def test_a_stranger_finds_no_project(client, reported):
    own = factories.definition("OWN-1", project=reported.project)
    client.force_login(factories.world("ZZZ-9").mande)
    assert client.get(reverse("project", args=["PPS-01"])).status_code == 404
    assert client.get(reverse("results", args=["PPS-01"])).status_code == 404
    assert client.get(reverse("number", args=[own.pk])).status_code == 404


@pytest.mark.parametrize("quarters", [1, 3])
@pytest.mark.parametrize(("name", "queries"), [("project", 10), ("results", 11), ("number", 7)])
def test_a_project_asks_the_same_number_of_questions(client, quarters, name, queries, django_assert_num_queries):
    found = Reported()
    for quarter in range(quarters):
        found.quarter(quarter, 30 + 20 * quarter, 5, 10)
        factories.project(program=found.project.program)
    client.force_login(found.mande)
    address = reverse(name, args=[found.training.definition_id if name == "number" else "PPS-01"])
    client.get(address)
    with django_assert_num_queries(queries):
        client.get(address)
