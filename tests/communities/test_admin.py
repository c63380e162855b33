"""The admin of communities: the same acts behind it, incidents to read by area, and nothing that was told in words."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.roles import Role
from communities import early_warnings
from communities.models import Community, WarningThreshold
from programs import access
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    made = factories.world()
    county = factories.place("XA0101", parent=factories.place("XA01", parent=factories.country(), name="Upper state"))
    made.place = factories.place("XA010101", parent=county, name="Renk town")
    made.project.places.create(place=made.place)
    return made


@pytest.fixture
def keeper(world, client):
    """An administrator who keeps communities of one program as well."""
    person = factories.member(Role.ADMINISTRATOR)
    access.give(user=person, role=Role.COMMUNITY_OFFICER, by=None, program=world.project.program)
    access.forget(person)
    client.force_login(person)
    return person


def page(name: str, *args) -> str:
    return reverse(f"admin:communities_{name}", args=args)


def test_a_community_is_added_and_changed_by_the_acts(world, keeper, client):
    given = {"name": "Renk", "place": world.place.pk, "partner": world.partner.pk, "languages": "", "monitors": 3, "sensitivity": 2}
    refused = client.post(page("community_add"), given | {"projects": [factories.project().pk]})
    assert (refused.status_code, Community.objects.count()) == (200, 0)
    client.post(page("community_add"), given | {"projects": [world.project.pk]})
    row = Community.objects.get()
    client.post(page("community_change", row.pk), given | {"projects": [world.project.pk], "monitors": 5})
    row.refresh_from_db()
    assert (row.monitors, list(row.projects.all())) == (5, [world.project])
    events = AuditEvent.objects.filter(event__startswith="community.").order_by("id").values_list("event", flat=True)
    assert list(events) == ["community.added", "community.changed"]


def test_an_alarm_line_is_set_where_one_verifies_and_seen_nowhere_else(world, keeper, client):
    row, strange = factories.community(world), factories.community(factories.world(), name="Elsewhere town")
    early_warnings.set_threshold(strange, by=factories.member(Role.COMMUNITY_OFFICER, project=strange.projects.get()), minimum=9)
    client.post(
        page("warningthreshold_add"), {"community": row.pk, "window_days": 14, "minimum": 2, "displaced": "", "responder": keeper.pk}
    )
    kept = WarningThreshold.objects.get(community=row)
    assert (kept.window_days, kept.minimum, kept.responder) == (14, 2, keeper)
    shown = client.get(page("warningthreshold_changelist")).content.decode()
    assert (str(kept.community) in shown, "Elsewhere town" in shown) == (True, False)


def test_incidents_and_warnings_are_read_by_area_and_without_words(world, keeper, client):
    community = factories.community(world, sensitivity=4)
    told = factories.incident(world, area=world.place.parent, community=community, text="A word that may name people")
    warning = early_warnings.raise_warning(community=community, signal="Weapons at a named house", severity=2, by=keeper)
    pages = [page("incident_changelist"), page("incident_change", told.pk)]
    pages += [page("earlywarning_changelist"), page("earlywarning_change", warning.pk)]
    shown = [client.get(where) for where in pages]
    assert {answer.status_code for answer in shown} == {200}
    text = "".join(answer.content.decode() for answer in shown)
    assert "Upper state" in text
    assert [one for one in ("A word that", "named house", "Renk town", "XA0101") if one in text] == []
    assert client.get(page("incident_changelist").replace("incident/", "incident/add/")).status_code == 403
    assert client.post(page("incident_change", told.pk), {"type": "mob"}).status_code == 403
