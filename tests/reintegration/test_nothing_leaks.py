"""A planted case, and the lists of people and keys that may not see it: nothing of it shows, not even as none.

Every page, file and search is asked in test_everything_leaks_nothing.py.
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from peacebuild.api import router
from reintegration.models import Case
from tests import factories
from tests.callers import as_person, key_of, with_key
from tests.reintegration import making
from tests.test_walk import Everything, people

pytestmark = pytest.mark.django_db

SECRET = "never say the planted word"


@pytest.fixture
def own():
    return Everything("PPS-01")


@pytest.fixture
def planted(own):
    world = own.all.world
    worker = factories.member(Role.CASEWORKER, organization=world.partner)
    row = making.case(world, worker, external_id=uuid4(), safe_contact={"how": SECRET}, note=SECRET)
    making.next_step(row, in_days=-1)
    making.proposed_plan(row)
    making.wave(row, 3, in_days=1)
    return row


def traces(row: Case) -> list[str]:
    return [row.code, str(row), str(row.pk), str(row.external_id), SECRET]


def outsiders(own, row):
    """Every role that may not see the case: the supervisor and the caseworker here are another partner's."""
    found = people(own)
    elsewhere = factories.world("OTHER-1")
    for role in (Role.CASEWORKER, Role.CASE_SUPERVISOR):
        found[role] = factories.member(role, organization=elsewhere.partner)
    return [*found.items(), (Role.CASEWORKER, factories.member(Role.CASEWORKER, organization=row.partner))]


def test_the_case_is_not_found_by_its_code_nor_counted_for_an_outsider(own, planted, client):
    for _role, person in outsiders(own, planted):
        client.force_login(person)
        page = client.get(reverse("cases"), {"code": str(planted)})
        assert page.status_code == 404 or not page.context["list"].rows
        assert page.status_code == 404 or (page.context["open"], page.context["states"], page.context["groups"]) == (0, [], [])
        assert client.get(reverse("hand_over_cases"), {"case": [planted.pk]}).status_code == 404


def test_no_api_list_shows_anything_of_a_case_to_people_or_to_another_partners_key(own, planted):
    stranger = factories.world("OTHER-2")
    manager = factories.member(Role.PARTNER_MANAGER, organization=stranger.partner)
    callers = [as_person(person) for _role, person in outsiders(own, planted)]
    callers.append(with_key(key_of(stranger.partner, by=manager, may_work_cases=True)))
    own_manager = factories.member(Role.PARTNER_MANAGER, organization=planted.partner)
    callers.append(with_key(key_of(planted.partner, by=own_manager)))  # the same partner's key that was not made for cases
    for caller in callers:
        for _prefix, view, name in router.registry:
            if hasattr(view, "list"):
                text = caller.get(reverse(f"api:{name}-list"), {"page_size": 500}).content.decode()
                assert not [one for one in traces(planted) if one in text], name


def test_a_sealed_case_is_gone_for_everybody_its_own_caseworker_included(own, planted, client):
    Case.objects.filter(pk=planted.pk).update(sealed_at=timezone.now(), sealed_by=planted.caseworker, erase_by=timezone.now())
    supervisor = factories.member(Role.CASE_SUPERVISOR, organization=planted.partner)
    focal = factories.member(Role.FOCAL_POINT)
    assert Case.objects.sealed_in_scope(focal).get() == planted, "the focal point sees that something is to be erased"
    for person in (planted.caseworker, supervisor, focal):
        client.force_login(person)
        assert str(planted) not in client.get(reverse("cases")).content.decode()
