"""Whoever is or may be under 18 is turned away by page and API in the same words, and nothing of what was said is kept anywhere."""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.models import AuditEvent, StoredResponse
from accounts.roles import Role
from reintegration import intake
from reintegration.models import ProtectionContact
from tests import cases, factories
from tests.callers import key_of, with_key

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year
TOLD = "lanternword"

# What is said of the age; each leaves room for a child.
DOUBTS: dict[str, dict[str, Any]] = {
    "not sure": {"adult_beyond_doubt": False, "age_band": "25-35"},
    "under 18": {"adult_beyond_doubt": True, "age_band": "under"},
    "no age": {"adult_beyond_doubt": True},
    "seventeen or eighteen": {"adult_beyond_doubt": True, "birth_year": YEAR - 18},
    "twelve": {"adult_beyond_doubt": True, "birth_year": YEAR - 12},
    "two answers that differ": {"adult_beyond_doubt": True, "birth_year": YEAR - 15, "age_band": "18-24"},
}


def everything() -> dict[str, list[str]]:
    """Every row of every table but sessions, as text."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table != "django_session":
                cursor.execute(f'SELECT * FROM "{table}"')
                found[table] = sorted(map(str, cursor.fetchall()))
    return found


def unchanged(before: dict[str, list[str]]) -> bool:
    """But for when a key was last used."""
    after = everything()
    return {name: len(rows) for name, rows in after.items()} == {name: len(rows) for name, rows in before.items()} and all(
        after[name] == rows for name, rows in before.items() if name.startswith("reintegration_")
    )


@pytest.fixture
def world():
    ProtectionContact.objects.create(name="Child protection desk", phone="+211 000 000")
    cases.notice()
    return factories.world("DOOR")


@pytest.fixture
def page(world):
    client = Client()
    client.force_login(cases.caseworker(world))
    client.get(reverse("child_check"))
    return client


@pytest.fixture
def api(world):
    manager = factories.member(Role.PARTNER_MANAGER, organization=world.partner)
    caller = with_key(key_of(world.partner, by=manager, may_work_cases=True))
    caller.get("/me/")
    return caller


def typed(doubt: dict[str, Any], **rest: Any) -> dict[str, Any]:
    said = {
        "adult": "yes" if doubt["adult_beyond_doubt"] else "no",
        **{name: doubt[name] for name in ("age_band", "birth_year") if name in doubt},
    }
    return said | rest


def whole(world: factories.World) -> tuple[dict[str, Any], dict[str, Any]]:
    """What else a form and a body hold when they are filled."""
    notice, day = cases.notice(), timezone.localdate().isoformat()
    both = {"pathway": "reintegration", "notice_method": "oral", "notice_given_on": day, "basis": "public_interest"}
    more = {
        "external_reference": str(uuid4()), "project": "DOOR", "place": world.place.code, "source": "community", "sex": "female",
        "notice_version": notice.version, "notice_language": notice.language,
        "safe_contact": {"may_call": True, "visit": False, "never_mention": TOLD, "who_may_answer": TOLD},
    }  # fmt: skip
    return {**both, "notice": notice.pk}, {**both, **more}


@pytest.mark.parametrize("said", DOUBTS)
def test_page_and_api_refuse_in_the_same_words_and_keep_nothing(world, page, api, said, caplog):
    caplog.set_level(logging.INFO)
    doubt, (form, body) = DOUBTS[said], whole(world)
    words, before, events = str(intake.MayBeChild()), everything(), AuditEvent.objects.count()

    shown = page.post(reverse("child_check"), typed(doubt, **form))
    answer = api.post("/cases/", body | doubt, **{"Idempotency-Key": f"door-{said.replace(' ', '-')}"})

    assert (shown.status_code, answer.status_code) == (409, 422)
    assert escape(words) in shown.content.decode()
    assert [(one["code"], one["detail"]) for one in answer.json()["errors"]] == [("may_be_child", words)]
    assert "+211 000 000" in shown.content.decode()
    assert unchanged(before)
    assert AuditEvent.objects.count() == events
    assert not StoredResponse.objects.exists()
    kept = str(everything())
    for trace in (TOLD, body["external_reference"], body["external_reference"].replace("-", "")):
        assert trace not in kept
        assert trace not in caplog.text
        assert trace not in answer.content.decode()
    assert not mail.outbox


@pytest.mark.parametrize("said", [one for one in DOUBTS if one != "no age"])
def test_doubt_is_answered_before_anything_else_is_asked(world, page, api, said):
    """With the rest of the form left out, too: nobody goes on asking a child."""
    before = everything()
    shown = page.post(reverse("child_check"), typed(DOUBTS[said]))
    answer = api.post("/cases/", DOUBTS[said])

    assert (shown.status_code, answer.status_code) == (409, 422)
    assert [one["code"] for one in answer.json()["errors"]] == ["may_be_child"]
    assert unchanged(before)


def test_who_is_an_adult_beyond_doubt_goes_through_the_same_door(world, page, api):
    """The refusals above are not those of a door that is shut for everybody."""
    form, body = whole(world)
    said = {"adult_beyond_doubt": True, "birth_year": YEAR - 19}

    assert page.post(reverse("child_check"), typed(said, **form)).status_code == 303
    assert api.post("/cases/", body | said).status_code == 201
