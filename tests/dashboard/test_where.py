"""The map: where projects work, never closer than admin 2, strict projects nowhere, names beside each other."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.roles import Role
from dashboard import where
from locations import outlines
from locations.models import Place
from programs.models import Membership, Project, ProjectPlace, Sensitivity
from tests import factories

pytestmark = pytest.mark.django_db


def located(code, longitude, latitude, parent=None):
    place = factories.place(code, parent=parent)
    Place.objects.filter(pk=place.pk).update(longitude=Decimal(longitude), latitude=Decimal(latitude))
    place.refresh_from_db()
    return place


@pytest.fixture
def world():
    made = factories.world("PPS-01")
    ProjectPlace.objects.all().delete()
    state = located("SS07", "32.7", "9.9")
    county = located("SS0703", "31.66", "9.533", parent=state)
    made.payam = located("SS070301", "31.7", "9.6", parent=county)
    made.county = county
    ProjectPlace.objects.create(project=made.project, place=made.payam)
    made.project.levels.all().delete()
    made.project.levels.create(level="community", share=60)
    made.project.levels.create(level="institution", share=40)
    return made


def test_a_place_below_admin_2_is_shown_at_admin_2_with_the_levels_of_its_projects(world):
    (spot,) = where.spots(Project.objects.all())
    assert (spot.code, spot.shapes, spot.projects) == ("SS0703", ["community", "institution"], {"PPS-01"})


def test_a_strict_project_is_nowhere(world):
    Project.objects.update(sensitivity=Sensitivity.STRICT)
    assert where.spots(Project.objects.all()) == []


def test_points_lie_inside_the_drawing_and_names_do_not_cover_each_other(world):
    unity = factories.place("SS08")
    for number in range(6):
        place = located(f"SS080{number}", str(30 + number / 50), "9.2", parent=unity)
        ProjectPlace.objects.create(project=world.project, place=place)
    found = where.drawing(where.spots(Project.objects.all()))
    assert outlines.rings("SSD")
    assert found.outline.startswith("M")
    boxes = []
    for one in found.drawn:
        x, y, room = float(one.x), float(one.y), where.LETTER * len(one.spot.name)
        assert 0 <= x <= found.width
        assert 0 <= y <= found.height
        left = {"start": x, "end": x - room, "middle": x - room / 2}[one.anchor]
        boxes.append((left, y - where.LINE + 4, left + room, y + 4))
    met = [(a, b) for n, a in enumerate(boxes) for b in boxes[n + 1 :] if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]]
    assert len(met) < len(boxes) - 1, "names find room beside, above or below where there is some"


def test_without_points_there_is_no_map_but_the_table(world, client):
    Place.objects.update(longitude=None, latitude=None)
    client.force_login(world.manager)
    page = client.get(reverse("where")).content.decode()
    assert "<path" not in page.partition('class="map"')[2]
    assert 'class="map"' not in page
    assert world.county.name in page


def test_the_map_links_to_the_place_and_stays_within_scope(world, client):
    client.force_login(world.manager)
    page = client.get(reverse("where"), HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in page
    assert reverse("place_page", args=["SS0703"]) in page
    assert "SS070301" not in page
    client.force_login(factories.member(Role.PROGRAM_MANAGER, program=factories.project().program))
    assert "SS0703" not in client.get(reverse("where")).content.decode()


@pytest.mark.parametrize("projects", [1, 3])
def test_the_map_asks_the_same_number_of_questions(world, client, projects, django_assert_num_queries):
    for number in range(projects - 1):
        project = factories.project()
        ProjectPlace.objects.create(project=project, place=located(f"SS08{number}", "30", "9"))
        Membership.objects.create(user=world.manager, role=Role.PROGRAM_MANAGER, program=project.program)
    client.force_login(world.manager)
    with django_assert_num_queries(5):
        client.get(reverse("where"))


def test_a_places_map_holds_its_own_mark_and_what_lies_in_it(world, client):
    other = factories.world("OTH-01")
    elsewhere = located("SS0801", "30.0", "7.0", parent=located("SS08", "30.1", "7.1"))
    ProjectPlace.objects.create(project=other.project, place=elsewhere)
    found = where.spots(Project.objects.all())
    assert [(one.code, one.is_here) for one in where.around("SS07", found)] == [("SS07", True), ("SS0703", False)]
    assert [(one.code, one.is_here) for one in where.around("SS070301", found)] == [("SS0703", True)], "a payam is shown by its district"
    assert where.around("XX99", found) == []
    assert where.drawing(where.around("SS08", [])).drawn[0].marks == (), "nobody works there: only the ring"
    client.force_login(factories.member(Role.PROGRAM_MANAGER, organization=factories.agency()))
    page = client.get(reverse("where"), {"place": "SS07"}, headers={"HX-Request": "true"}).content.decode()
    assert 'class="here"' in page
    assert "SS0801" not in page
