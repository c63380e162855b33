"""The admin of surveys: the same acts and checks as the pages, and no single response."""

from __future__ import annotations

import json

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.roles import Role
from programs import access
from surveys.models import InstrumentVersion, SurveyRound
from tests import factories
from tests.surveys import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def keeper(world, client):
    """An administrator who works on the surveys of one program as well."""
    person = factories.member(Role.ADMINISTRATOR)
    access.give(user=person, role=Role.MANDE_OFFICER, by=None, program=world.project.program)
    access.forget(person)
    client.force_login(person)
    return person


def page(name, *args):
    return reverse(f"admin:surveys_{name}", args=args)


def press(client, model, action, *rows):
    return client.post(page(f"{model}_changelist"), {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True)


def test_a_file_becomes_a_draft_and_a_mistake_in_it_is_told_on_the_form(keeper, client):
    def send(data):
        upload = SimpleUploadedFile("small.json", json.dumps(data).encode())
        return client.post(page("instrumentversion_add"), {"upload": upload})

    refused = send(making.small(domain=[]))
    assert (refused.status_code, InstrumentVersion.objects.count()) == (200, 0)
    assert send(making.small()).status_code == 302
    assert InstrumentVersion.objects.get().status == "draft"
    assert AuditEvent.objects.filter(event="instrument.loaded").count() == 1


def test_a_draft_comes_into_force_only_when_its_checks_pass(keeper, client):
    good, bad = making.loaded(active=False), making.shipped("washington-group-short-set", active=False)
    text = press(client, "instrumentversion", "activate", good, bad).content.decode()
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.status, bad.status) == ("active", "draft")
    assert "1 versions are in force." in text
    shown = client.get(page("instrumentversion_change", good.pk)).content.decode()
    assert "Statement 1 about trust" in shown
    assert client.post(page("instrumentversion_change", good.pk), {"status": "draft"}).status_code == 403
    assert client.post(page("instrumentversion_delete", good.pk)).status_code == 403


def test_the_list_asks_the_same_few_times(keeper, client, django_assert_num_queries):
    making.loaded(making.small("one"))
    client.get(page("instrumentversion_changelist"))
    with django_assert_num_queries(9):
        client.get(page("instrumentversion_changelist"))
    for code in ("two", "three"):
        making.loaded(making.small(code))
    with django_assert_num_queries(9):
        client.get(page("instrumentversion_changelist"))


def test_a_round_is_planned_opened_and_refused_as_on_its_page(world, keeper, client):
    version = making.loaded()
    given = {
        "version": version.pk, "project": world.project.pk, "partner": world.partner.pk, "place": world.place.pk, "subject": "sample",
        "organization": "", "held_on": "2026-02-10", "stage": "baseline", "number": "", "mode": "phone", "assessor": "", "frame": "",
        "method": "random", "planned_n": "150", "design_effect": "", "approached": "", "note": "",
    }  # fmt: skip
    assert client.post(page("surveyround_add"), given | {"method": ""}).status_code == 200
    assert not SurveyRound.objects.exists()
    assert client.post(page("surveyround_add"), given).status_code == 302
    row = SurveyRound.objects.get()
    assert client.post(page("surveyround_change", row.pk), given | {"planned_n": "160"}).status_code == 302
    press(client, "surveyround", "open_entry", row)
    row.refresh_from_db()
    assert (row.planned_n, row.status, row.opened_by) == (160, "open", keeper)
    refused = press(client, "surveyround", "close_entry", row).content.decode()
    row.refresh_from_db()
    assert (row.status, "This round has no response yet." in refused) == ("open", True)
    strange = making.planned(factories.world(), version)
    assert client.get(page("surveyround_change", strange.pk)).status_code in {302, 404}


def test_no_response_stands_in_the_admin():
    shown = {model.__name__ for model in admin.site._registry if model._meta.app_label == "surveys"}
    assert shown == {"InstrumentVersion", "SurveyRound"}
