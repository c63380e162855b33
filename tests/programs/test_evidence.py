"""Sheets with names: encrypted on disk, opened by few, each opening an event."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEvent
from plumbing.refusals import Invalid
from programs import access, evidence
from programs.models import EvidenceFile
from tests.programs.test_activities import record

PHOTO = b"\xff\xd8\xff\xe0" + b"Nyandeng Deng, Renk, signed\n" * 40


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.FIELD_KEYS_FILE = tmp_path / "keys.json"


@pytest.fixture
def activity(field):
    return record(field, sheet_number="R-0417").activity


def sheet(content=PHOTO, name="sheet.jpg"):
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


def stored(row):
    return (Path(settings.MEDIA_ROOT) / row.path).read_bytes()


def test_a_sheet_with_names_is_not_readable_on_disk(field, activity):
    row = evidence.attach(activity, upload=sheet(), by=field.reporter)
    assert row.key_id
    assert b"Nyandeng" not in stored(row)
    assert "sheet" not in row.path


def test_opening_gives_the_file_back_as_a_download_and_is_an_event(field, activity):
    row = evidence.attach(activity, upload=sheet(), by=field.reporter)
    response = evidence.download(row, by=field.officer)
    assert b"".join(response.streaming_content) == PHOTO
    assert response["Content-Disposition"].startswith("attachment")
    event = AuditEvent.objects.get(event="evidence.opened")
    assert event.actor == f"user:{field.officer.pk}"
    assert {(s.kind, s.key) for s in event.subjects.all()} == {("evidencefile", str(row.pk)), ("activityrecord", str(activity.pk))}


@pytest.mark.parametrize("who", ["reporter", "other_reporter", "administrator", "auditor", "decider"])
def test_names_are_for_the_roles_that_hold_the_word(field, activity, who):
    row = evidence.attach(activity, upload=sheet(), by=field.reporter)
    assert not evidence.may_open(row, getattr(field, who))
    with pytest.raises(access.NotAllowed):
        evidence.download(row, by=getattr(field, who))
    assert not AuditEvent.objects.filter(event="evidence.opened").exists()


@pytest.mark.parametrize("who", ["manager", "officer", "focal"])
def test_officer_manager_and_focal_point_may_open(field, activity, who):
    row = evidence.attach(activity, upload=sheet(), by=field.reporter)
    assert evidence.may_open(row, getattr(field, who))


def test_a_file_without_names_is_for_whoever_reads_the_activity(field, activity):
    row = evidence.attach(activity, upload=sheet(), by=field.reporter, title="The new well", holds_names=False)
    assert row.key_id == ""
    assert evidence.may_open(row, field.reporter)
    assert not evidence.may_open(row, field.other_reporter)


def test_the_same_file_again_is_found(field, activity):
    first = evidence.attach(activity, upload=sheet(), by=field.reporter)
    assert evidence.attach(activity, upload=sheet(), by=field.reporter) == first
    assert EvidenceFile.objects.count() == 1
    assert len([p for p in Path(settings.MEDIA_ROOT).rglob("*") if p.is_file()]) == 1


def test_what_is_no_picture_or_document_is_refused(field, activity):
    with pytest.raises(Invalid) as refused:
        evidence.attach(activity, upload=sheet(b"MZ\x90\x00 program", "sheet.exe"), by=field.reporter)
    assert refused.value.problems[0].path == "evidence"
    assert not EvidenceFile.objects.exists()


def test_a_stranger_cannot_attach(field, activity):
    with pytest.raises(access.NotAllowed):
        evidence.attach(activity, upload=sheet(), by=field.other_reporter)
