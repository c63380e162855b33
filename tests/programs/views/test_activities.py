"""The activity pages: few inputs, remembered choices, a list that shows and exports what one may see, sheets opened by few."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import AuditEvent
from programs.models import ActivityRecord, EvidenceFile
from tests.programs.making import make_dimensions
from tests.programs.test_activities import record
from tests.programs.test_evidence import PHOTO


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.FIELD_KEYS_FILE = tmp_path / "keys.json"


@pytest.fixture
def as_reporter(client, field):
    make_dimensions()
    client.force_login(field.reporter)
    return client


def typed(field, **changes):
    return {"kind": "dialogue", "day": "today", "place": "Renk", "people_present": "34", "sheet_number": "R-0417", **changes}


def inputs(html):
    """What a person can fill in without opening anything: radios of one name are one input."""
    form = html[html.index("data-activity") : html.index('class="ac-save"')]
    form = re.sub(r"<details.*?</details>", "", form, flags=re.S)
    names = re.findall(r'<(?:input|select|textarea)[^>]*?name="([^"]+)"', form)
    hidden = set(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"', form))
    return set(names) - hidden


def test_a_phone_saves_with_at_most_eight_inputs(as_reporter, field):
    page = as_reporter.get("/activities/new/")
    assert page.status_code == 200
    asked = inputs(page.content.decode()) - {"happened_on", "children_present"}  # opened by "Other day"; optional beside the total
    assert len(asked) <= 8, asked
    done = as_reporter.post("/activities/new/", typed(field, **{"cell_18-24_female": "6", "cell_18-24_male": "0"}))
    row = ActivityRecord.objects.get()
    assert done.status_code == 303
    assert done["Location"] == f"/activities/{row.pk}/"
    assert (row.project, row.partner, row.place, row.happened_on) == (field.project, field.partner, field.place, timezone.localdate())
    kept = dict(row.attendance.values_list("disaggregation__key", "number"))
    assert kept == {"age=18-24|sex=female": 6, "age=18-24|sex=male": 0}


def test_the_last_choices_are_there_already(as_reporter, field):
    record(field, kind="training")
    page = as_reporter.get("/activities/new/").content.decode()
    assert re.search(r'value="training"[^>]*checked', page)
    assert 'value="Renk (SS0703)"' in page


def test_sent_twice_is_kept_once(as_reporter, field):
    page = as_reporter.get("/activities/new/").content.decode()
    key = re.search(r'name="external_id" value="([^"]+)"', page).group(1)
    for _attempt in range(2):
        assert as_reporter.post("/activities/new/", typed(field, external_id=key)).status_code == 303
    assert ActivityRecord.objects.count() == 1


def test_a_repeated_sheet_is_asked_about_and_the_answer_counts(as_reporter, field):
    record(field, sheet_number="R-0417")
    asked = as_reporter.post("/activities/new/", typed(field))
    assert asked.status_code == 422
    assert 'name="sheet_repeats"' in asked.content.decode()
    assert as_reporter.post("/activities/new/", typed(field, sheet_repeats="on")).status_code == 303
    assert ActivityRecord.objects.count() == 2


def test_too_many_in_the_cells_is_said_at_the_total(as_reporter, field):
    answer = as_reporter.post("/activities/new/", typed(field, people_present="3", **{"cell_18-24_female": "6"}))
    assert answer.status_code == 422
    assert "The cells hold 6, the total says 3." in answer.content.decode()


def test_a_place_that_nobody_knows_is_named(as_reporter, field):
    answer = as_reporter.post("/activities/new/", typed(field, place="Atlantis"))
    assert answer.status_code == 422
    assert "Atlantis" in answer.content.decode()


def test_a_photo_is_kept_encrypted_and_a_wrong_file_loses_no_record(as_reporter, field):
    as_reporter.post("/activities/new/", typed(field, photo=SimpleUploadedFile("sheet.jpg", PHOTO)))
    assert EvidenceFile.objects.get().key_id
    as_reporter.post("/activities/new/", typed(field, sheet_number="R-2", photo=SimpleUploadedFile("sheet.exe", b"MZ\x00\x01")))
    assert ActivityRecord.objects.count() == 2
    assert EvidenceFile.objects.count() == 1


def test_who_records_nothing_has_no_form(client, field):
    client.force_login(field.auditor)
    assert client.get("/activities/new/").status_code == 404


def test_a_stranger_finds_no_record(client, field):
    row = record(field).activity
    client.force_login(field.other_reporter)
    assert client.get(f"/activities/{row.pk}/").status_code == 404
    assert client.get(f"/activities/{row.pk}/correct/").status_code == 404
    assert "Renk" not in client.get("/activities/").content.decode()


def test_the_list_filters_in_the_address(as_reporter, field):
    record(field, supports=field.police, kind="training")
    record(field, happened_on=timezone.localdate() - timedelta(days=40))
    assert listed(as_reporter, "") == 2
    assert listed(as_reporter, "?flag=open") == 1
    assert listed(as_reporter, "?kind=training") == 1
    assert listed(as_reporter, "?place=SSD") == 2
    assert listed(as_reporter, "?place=SS0101") == 0
    assert listed(as_reporter, f"?since={timezone.localdate():%Y-%m-%d}") == 1


def listed(client, query):
    return client.get(f"/activities/{query}").content.decode().count('<td class="wide">')


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_asks_the_database_the_same_few_times(as_reporter, field, rows, django_assert_num_queries):
    for number in range(rows):
        record(field, sheet_number=f"R-{number}")
    with django_assert_num_queries(6):
        as_reporter.get("/activities/")


def test_an_export_holds_no_names(as_reporter, field):
    row = record(field, note="Nyandeng Deng asked for a well", people_present=12).activity
    EvidenceFile.objects.create(
        activity=row, title="Sheet signed by Nyandeng Deng", key_id="k1", path="aa/" + "b" * 32, content_type="image/jpeg", size=1,
        digest="d" * 64, uploaded_by=field.reporter,
    )  # fmt: skip
    text = b"".join(as_reporter.get("/activities/?export=csv").streaming_content).decode()
    assert "R" in text
    assert "12" in text
    assert "Nyandeng" not in text
    assert field.reporter.name not in text


def test_numbers_of_people_are_not_for_every_reader(client, field):
    row = record(field, people_present=7777).activity
    client.force_login(field.auditor)
    assert "7,777" not in client.get(f"/activities/{row.pk}/").content.decode()
    assert "7,777" not in client.get("/activities/").content.decode()
    assert "7777" not in b"".join(client.get("/activities/?export=csv").streaming_content).decode()
    client.force_login(field.officer)
    assert "7,777" in client.get(f"/activities/{row.pk}/").content.decode()


def test_a_sheet_is_downloaded_by_the_officer_and_refused_to_the_reporter(as_reporter, client, field):
    as_reporter.post("/activities/new/", typed(field, photo=SimpleUploadedFile("sheet.jpg", PHOTO)))
    address = f"/evidence/{EvidenceFile.objects.get().pk}/"
    assert as_reporter.post(address).status_code == 403
    client.force_login(field.other_reporter)
    assert client.post(address).status_code == 404
    client.force_login(field.officer)
    assert client.get(address).status_code == 405
    answer = client.post(address)
    assert b"".join(answer.streaming_content) == PHOTO
    assert answer["Content-Disposition"].startswith("attachment")
    assert AuditEvent.objects.filter(event="evidence.opened").count() == 1


def test_a_correction_comes_with_what_was_there(as_reporter, field):
    row = record(field, people_present=34, sheet_number="R-1").activity
    page = as_reporter.get(f"/activities/{row.pk}/correct/").content.decode()
    assert 'value="34"' in page
    done = as_reporter.post(f"/activities/{row.pk}/correct/", typed(field, people_present="30", sheet_number="R-1"))
    assert done.status_code == 303
    row.refresh_from_db()
    assert row.people_present == 30
