"""A filled workbook comes back through the API: looked at, confirmed, refused."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.roles import Role
from exchange.models import Import
from reporting.models import Figure
from tests import factories
from tests.callers import as_person, key_of, with_key
from tests.exchange.test_workbooks import filled, handed_out, setting, whole, world

__all__ = ["world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def partner(world):
    return with_key(key_of(world.partner, by=factories.member(Role.PARTNER_MANAGER, organization=world.partner)))


def send(caller, content, name="report.xlsx", **fields):
    return caller.client.post("/api/v1/imports/", {"file": SimpleUploadedFile(name, content), **fields}, format="multipart")


def test_a_workbook_is_shown_as_a_difference_and_written_when_confirmed(world, partner):
    sent = send(partner, whole(world))
    assert sent.status_code == 201, sent.json()
    shown = sent.json()
    assert (shown["state"], shown["problems"]) == ("uploaded", [])
    assert {change["new"] for change in shown["changes"]} >= {"12", "7", "5"}
    assert not Figure.objects.exists()
    done = partner.post(f"{sent['Location']}confirm/", {"version": shown["version"]})
    assert (done.status_code, done.json()["state"]) == (200, "confirmed")
    assert done.json()["summary"]["figures"] == len(shown["changes"])
    assert Figure.objects.filter(indicator__code="TR", disaggregation__key="").get().value == 12
    again = partner.post(f"{sent['Location']}confirm/", {})
    assert again.status_code == 409


def test_the_same_file_again_points_to_the_first_import(world, partner):
    content = whole(world)
    first = send(partner, content)
    partner.post(f"{first['Location']}confirm/", {})
    second = send(partner, content)
    assert (second.status_code, second.json()["import"]) == (409, first["Location"])


def test_every_wrong_cell_is_named_and_nothing_is_written(world, partner):
    content = filled(handed_out(world), setting(world, TR_value="many", SH_numerator=-3))
    sent = send(partner, content)
    assert {problem["path"] for problem in sent.json()["problems"]} != set()
    refused = partner.post(f"{sent['Location']}confirm/", {})
    assert refused.status_code == 422
    assert len(refused.json()["errors"]) == len(sent.json()["problems"])
    assert not Figure.objects.exists()


@pytest.mark.parametrize("content", [b"", b"no spreadsheet", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_workbook_is_422(content, world, partner):
    answer = send(partner, content)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "file")
    assert not Import.objects.exists()


def test_a_strangers_workbook_and_import_are_not_there(world, partner):
    other = factories.world("STRANGE")
    stranger = with_key(key_of(other.partner, by=factories.member(Role.PARTNER_MANAGER, organization=other.partner)))
    assert send(stranger, whole(world)).status_code == 422
    mine = send(partner, whole(world))
    assert stranger.get(mine["Location"]).status_code == 404
    assert stranger.post(f"{mine['Location']}confirm/", {}).status_code == 404
    assert stranger.get("/imports/").json()["results"] == []


def test_a_framework_needs_its_project_and_the_permission(world, partner):
    assert send(partner, b"x", kind="framework").json()["errors"][0]["path"] == "project"
    assert send(partner, b"x", kind="framework", project="PPS-03").status_code == 403
    staff = as_person(world.manager)
    answer = send(staff, b"a,b\n1,2\n", "framework.csv", kind="framework", project="PPS-03")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "file")


def test_a_repeated_upload_with_its_key_is_one_import(world, partner):
    content = whole(world)
    for _time in range(2):
        upload = {"file": SimpleUploadedFile("report.xlsx", content)}
        answer = partner.client.post("/api/v1/imports/", upload, format="multipart", headers={"Idempotency-Key": "upload-1"})
        assert answer.status_code == 201
    assert answer["Idempotency-Replayed"] == "true"
    assert Import.objects.count() == 1
