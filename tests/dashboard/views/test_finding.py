import pytest
from django.urls import reverse

from accounts.models import Message
from accounts.roles import Role
from plumbing import tasks
from tests import factories

pytestmark = pytest.mark.django_db


def test_search_finds_projects_indicators_partners_and_places(client):
    world = factories.world("PPS-01", title="Pathways for Malakal youth")
    world.indicator(factories.definition("DDR-6", title="Active plans"))
    client.force_login(world.mande)

    def found(text):
        page = client.get(reverse("search"), {"q": text})
        return {row[0] for group in page.context["groups"] for row in group["rows"]}

    assert found("malakal") == {"PPS-01 Pathways for Malakal youth"}
    assert found("DDR-6") == {"DDR-6 Active plans"}
    assert found(world.partner.name) >= {world.partner.name}
    assert world.place.name in found(world.place.code)
    assert found("x") == set()


def test_search_keeps_what_one_may_not_see(client):
    world = factories.world("PPS-01", title="Pathways")
    world.indicator(factories.definition("DDR-6", title="Active plans"))
    client.force_login(factories.world("ZZZ-9").mande)
    for text in ("PPS-01", "DDR-6", world.partner.name):
        page = client.get(reverse("search"), {"q": text})
        assert not [
            row for group in page.context["groups"] for row in group["rows"] if row[0] != world.place.name and world.partner.name == row[0]
        ]
        assert "Pathways" not in page.content.decode()
        assert "Active plans" not in page.content.decode()


def test_the_system_page_says_that_tasks_stopped_and_what_failed(client):
    client.force_login(factories.member(Role.ADMINISTRATOR))
    page = client.get(reverse("system")).content.decode()
    assert "Tasks have not run for five minutes" in page

    tasks.note_beat()
    Message.objects.create(
        recipient=factories.user(), item="expected_report:1", step="due-7", line="x", error="Connection refused", attempts=3
    )
    page = client.get(reverse("system")).content.decode()
    assert "Tasks have not run" not in page
    assert "Connection refused" in page


def test_the_system_page_is_the_administrators(client):
    client.force_login(factories.world().mande)
    assert client.get(reverse("system")).status_code == 403


def test_search_asks_few_questions(client, django_assert_num_queries):
    world = factories.world("PPS-01")
    world.indicator(factories.definition("DDR-6"))
    client.force_login(world.mande)
    client.get(reverse("search"), {"q": "PPS-01"})
    with django_assert_num_queries(8):
        client.get(reverse("search"), {"q": "PPS-01"})
