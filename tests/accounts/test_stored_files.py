"""Files that no record names are cleared out once they are old, and nothing else is."""

import io
import os
import time

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from accounts import stored_files
from accounts.models import AuditEvent
from accounts.tasks import clear_leftover_files
from privacy import files, leftovers
from reporting import attachments
from reporting.models import Attachment
from tests.reporting.reported import Reported

pytestmark = pytest.mark.django_db
DAY = 24 * 3600


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def left(folder, *, days=8):
    """A file whose act failed some days ago."""
    path = files.store(b"%PDF-1.7\n%%EOF\n", purpose="evidence", owner_id="x", encrypt=False).path
    age(folder / path, days)
    return path


def age(target, days):
    then = time.time() - days * DAY
    os.utime(target, (then, then))


def test_an_old_file_that_no_record_names_goes_with_one_event(folder):
    old, young = left(folder), left(folder, days=6)
    (folder / "notes.txt").write_text("not of this portal's making")
    (folder / "ab").mkdir(exist_ok=True)
    (folder / "ab" / "mine.pdf").write_text("x")
    for target in (folder / "notes.txt", folder / "ab" / "mine.pdf"):
        age(target, 99)
    assert clear_leftover_files() == 1
    assert not (folder / old).exists()
    for kept in (young, "notes.txt", "ab/mine.pdf"):
        assert (folder / kept).exists()
    event = AuditEvent.objects.get(event="files.cleared")
    assert (event.actor, event.via) == ("system", "task")
    assert clear_leftover_files() == 0
    assert AuditEvent.objects.filter(event="files.cleared").count() == 1


def test_a_file_that_a_record_names_stays_and_what_a_rotation_made_beside_it(folder):
    reported = Reported()
    submission = reported.draft(0, [])
    upload = SimpleUploadedFile("sheet.csv", b"place,present\nRenk,12\n", content_type="text/csv")
    attachments.attach(submission, upload=upload, title="Sheet", holds_names=True, by=reported.world.reporter)
    row = Attachment.objects.get()
    path, _key = files.rekey(row.path, key_id=row.key_id, purpose=attachments.PURPOSE, owner_id=str(row.pk))
    for each in (row.path, path):
        age(folder / each, 99)
    assert clear_leftover_files() == 0
    assert (folder / row.path).exists()
    assert (folder / path).exists()


def test_every_table_of_files_is_read():
    tables = {model._meta.label for model in leftovers.tables()}
    assert {
        "programs.EvidenceFile",
        "reporting.Attachment",
        "reporting.DonorReportFile",
        "reporting.WordTemplate",
        "exchange.Import",
    } <= tables
    assert {model._meta.label for model in apps.get_models() if hasattr(model, "stored_for")} <= tables


def test_a_dry_run_names_them_and_removes_nothing(folder):
    old = left(folder)
    out = io.StringIO()
    call_command("clear_leftover_files", "--dry-run", stdout=out)
    assert old in out.getvalue()
    assert (folder / old).exists()
    assert not AuditEvent.objects.exists()
    call_command("clear_leftover_files", stdout=out)
    assert not (folder / old).exists()
    assert AuditEvent.objects.get().via == "command"


def test_so_many_that_the_database_may_be_the_wrong_one_are_left(folder):
    paths = [left(folder) for _one in range(stored_files.FEW + 1)]
    assert clear_leftover_files() == 0
    with pytest.raises(CommandError, match="older one"):
        call_command("clear_leftover_files")
    assert all((folder / path).exists() for path in paths)
    call_command("clear_leftover_files", "--even-so", stdout=io.StringIO())
    assert not any((folder / path).exists() for path in paths)
