"""A planted case, and every page, file, search and API list as every role that may not see it: nothing of it shows, not even as none."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.roles import Role
from peacebuild.api import router
from reintegration.models import Case
from tests import factories
from tests.callers import as_person, key_of, with_key
from tests.reintegration import making
from tests.test_walk import LETTERS, PAGES, SENT, Everything, address, people

pytestmark = pytest.mark.django_db

SECRET = "never say the planted word"
# Who among the outsiders reads most of one object; lists, files and search are asked for by everybody.
WIDE = {Role.PROGRAM_MANAGER, Role.PARTNER_MANAGER, Role.CASE_SUPERVISOR, Role.FOCAL_POINT, Role.AUDITOR}


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


def test_no_page_no_file_and_no_search_shows_anything_of_a_case_to_who_may_not_see_it(own, planted):
    told = []
    for role, person in outsiders(own, planted):
        client = Client(raise_request_exception=False)
        client.force_login(person)
        for name, (about, opens) in PAGES.items():
            if opens == SENT or Role(role) not in {LETTERS[letter] for letter in opens}:
                continue  # refused before anything is read: the walk over every page holds that
            if about and role not in WIDE:
                continue
            try:
                where = address(name, about, own)
            except (NoReverseMatch, KeyError):
                continue
            asked: list[dict[str, str]] = [{}]
            if name == "search":
                asked = [{"q": planted.code}, {"q": str(planted)}, {"q": str(planted.external_id)}]
            for given in asked:
                answer = client.get(where, given)
                if not given and (name.startswith(("case", "child")) or b"export=csv" in getattr(answer, "content", b"")):
                    asked.append({"export": "csv"})
                text = b"".join(answer.streaming_content) if answer.streaming else answer.content
                shown = text.decode(errors="ignore")
                echoed = set(given.values())
                told += [f"{name} {given} as {role}: {one}" for one in traces(planted) if one in shown and one not in echoed]
    assert not told, "\n".join(told)


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
