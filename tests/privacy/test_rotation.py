"""Rotating keys on the records that use them: what is changed, what never is, and what a killed run leaves."""

from __future__ import annotations

import fcntl
import json
import threading
import time
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from privacy import fields, files, keys, rotation
from programs import evidence
from programs.models import ActivityRecord, EvidenceFile
from reintegration.models import Case, Concern, Profile, Transition
from tests import cases, factories

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n" + b"Achol Deng, Nyakim Gatluak\n" * 10


class Killed(BaseException):
    """The process ends here: nothing catches it."""


@pytest.fixture
def full(vault) -> dict[str, Any]:
    """A case with text in several tables, and a sheet of names."""
    keys.current()
    world = factories.world()
    case = cases.case(world, state="active", note="one", safe_contact={"may_call": False})
    Transition.objects.create(case=case, number=1, to_state="identified", happened_on=date(2026, 2, 24), by=case.caseworker, reason="came")
    Profile.objects.create(case=case, answers={"skills": 0}, updated_by=case.caseworker)
    for n in range(3):
        Concern.objects.create(case=case, note=f"worry {n}", raised_by=case.caseworker, expires_on=date(2026, 12, 1))
    where = {"project": world.project, "partner": world.partner, "place": world.place}
    activity = ActivityRecord.objects.create(**where, kind="dialogue", happened_on=date(2026, 3, 1), recorded_by=world.reporter)
    sheet = evidence.attach(activity, upload=SimpleUploadedFile("sheet.pdf", PDF), by=world.reporter)
    return {"case": case, "sheet": sheet, "old": keys.current().id}


def everything(full: dict[str, Any]) -> list[Any]:
    """What stands in the fields and the file, read back."""
    case, sheet = Case.objects.get(pk=full["case"].pk), EvidenceFile.objects.get()
    content = b"".join(files.read(sheet.path, key_id=sheet.key_id, purpose=evidence.PURPOSE, owner_id=str(sheet.pk)))
    told = [case.note, case.safe_contact, Profile.objects.get().answers, Transition.objects.get().reason, content]
    return [*told, *sorted(row.note for row in Concern.objects.all())]


WHOLE = ["one", {"may_call": False}, {"skills": 0}, "came", PDF, "worry 0", "worry 1", "worry 2"]


def used(key_id: str) -> int:
    return sum(use.keys[key_id] for use in rotation.usage())


def settle(settings: Any, *, ago: timedelta = timedelta(days=1)) -> None:
    """As if the new key had been made then."""
    kept = json.loads(settings.FIELD_KEYS_FILE.read_text())
    kept["since"] = (timezone.now() - ago).isoformat()
    settings.FIELD_KEYS_FILE.write_text(json.dumps(kept))


def age(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nobody could be about to open a file that was replaced."""
    monkeypatch.setattr(rotation, "READING", -1)


def test_everything_is_found_by_what_it_is(vault):
    encrypted = {
        f"{model._meta.label_lower}.{column.name}"
        for model in apps.get_models()
        for column in model._meta.get_fields()
        if isinstance(column, fields.EncryptedField) and not model._meta.proxy
    }
    found = {f"{model._meta.label_lower}.{column.name}" for model, columns in rotation._sealed_models() for column in columns}

    assert found == encrypted
    assert {"reintegration.case.note", "institutions.hrddpentry.text"} < found
    assert {model.__name__ for model in rotation._file_models()} == {"EvidenceFile", "Attachment"}


def test_all_is_encrypted_anew_and_nothing_else_of_a_row_changes(full, capsys):
    before = Case.objects.values("version", "updated_at", "code").get()
    where = EvidenceFile.objects.get().path
    call_command("rotate_keys")
    said = capsys.readouterr().out

    assert keys.current().id != full["old"]
    assert used(full["old"]) == 0
    assert used(keys.current().id) == len(WHOLE)
    assert everything(full) == WHOLE
    assert Case.objects.values("version", "updated_at", "code").get() == before
    assert EvidenceFile.objects.get().path != where
    assert "reintegration.concern: 3 of 3" in said
    assert "Still under an older key: 0" in said
    (event,) = AuditEvent.objects.filter(event="keys.rotated")
    assert (event.actor, event.via) == ("system", "command")
    assert json.loads(event.detail)["files"] == 1


@pytest.mark.parametrize("stop", [0, 1, 4, 6, 7, 8])
def test_a_run_that_was_killed_anywhere_goes_on_with_the_same_key(full, monkeypatch, settings, stop):
    """Killed before its statement number ``stop``, in the middle of a file that is written, or before the old one is removed."""
    sent = 0
    update = models.QuerySet.update

    def falls(self: Any, **given: Any) -> int:
        nonlocal sent
        sent += 1
        if sent > stop:
            raise Killed
        return update(self, **given)

    with monkeypatch.context() as patch:
        patch.setattr(models.QuerySet, "update", falls)
        patch.setattr(rotation, "_remove_replaced", lambda batch: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            call_command("rotate_keys", batch=2)
    new = keys.current().id
    assert everything(full) == WHOLE

    age(monkeypatch)
    call_command("rotate_keys", batch=2)
    if keys.current().id != new:  # nothing had been left but an old file
        assert stop >= 7
    assert used(full["old"]) == 0
    assert everything(full) == WHOLE
    settle(settings)
    call_command("rotate_keys", finish=True)
    assert everything(full) == WHOLE
    assert len([path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]) == 1, "no copy of the file is left"


def test_a_file_whose_writing_was_cut_off_is_written_again(full, monkeypatch, settings):
    def cut(*_given: Any) -> Any:
        yield b"half"
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(files, "_sealed", cut)
        with pytest.raises(Killed):
            call_command("rotate_keys")
    draft = files._absolute(files.beside(EvidenceFile.objects.get().path))
    draft.with_name(f".{draft.name}").write_bytes(b"left by a process that was killed for good")
    call_command("rotate_keys")

    assert everything(full) == WHOLE
    assert not list(settings.MEDIA_ROOT.rglob(".*"))


def test_a_row_that_was_changed_meanwhile_keeps_its_new_text(full, monkeypatch):
    resealed = fields.EncryptedField.resealed

    def meanwhile(self: Any, sealed: fields.Sealed, row: Any) -> fields.Sealed:
        anew = resealed(self, sealed, row)
        if self.model is Case and self.name == "note" and Case.objects.get(pk=row).note == "one":
            case = Case.objects.get(pk=row)
            case.note = "two"
            case.save(update_fields=["note"])
        return anew

    monkeypatch.setattr(fields.EncryptedField, "resealed", meanwhile)
    call_command("rotate_keys")

    assert everything(full) == ["two", *WHOLE[1:]]
    assert used(full["old"]) == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_does_not_hold_up_the_others(full):
    """The others are committed while it is held; then it is done too, with the text that it got meanwhile."""
    held, others_done = Concern.objects.order_by("pk").first(), threading.Event()

    def rotate() -> None:
        try:
            call_command("rotate_keys")
        finally:
            connection.close()

    rotating = threading.Thread(target=rotate)
    with transaction.atomic():
        Concern.objects.select_for_update().get(pk=held.pk)
        rotating.start()
        for _wait in range(100):
            if sum(use.keys[full["old"]] for use in rotation.usage() if use.name == "reintegration.concern") == 1:
                others_done.set()
                break
            time.sleep(0.1)
        held.note = "worry 9"
        held.save(update_fields=["note"])
    rotating.join(30)

    assert others_done.is_set()
    assert not rotating.is_alive()
    assert used(full["old"]) == 0
    assert Concern.objects.get(pk=held.pk).note == "worry 9"


def test_a_file_whose_record_goes_meanwhile_leaves_nothing(full, monkeypatch, settings):
    rekey = files.rekey

    def meanwhile(path: str, **given: Any) -> Any:
        done = rekey(path, **given)
        EvidenceFile.objects.all().delete()
        files.discard(path)
        return done

    monkeypatch.setattr(files, "rekey", meanwhile)
    call_command("rotate_keys")

    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


def test_whoever_removes_a_file_by_its_old_path_removes_the_new_one_too(full, settings):
    read_before = EvidenceFile.objects.get()
    call_command("rotate_keys")
    files.discard(read_before.path)

    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


def test_a_download_that_began_before_the_rotation_still_reads_its_file(full):
    read_before = EvidenceFile.objects.get()
    call_command("rotate_keys")

    blocks = files.read(read_before.path, key_id=read_before.key_id, purpose=evidence.PURPOSE, owner_id=str(read_before.pk))
    assert b"".join(blocks) == PDF


def test_what_a_page_saves_back_unread_is_found_and_done_by_the_next_run(full, settings, capsys):
    open_page = Case.objects.get(pk=full["case"].pk)
    call_command("rotate_keys")
    open_page.save()
    settle(settings)

    with pytest.raises(CommandError, match=r"reintegration\.case 2"):
        call_command("rotate_keys", finish=True)
    new = keys.current().id
    call_command("rotate_keys")
    assert "no new key is made" in capsys.readouterr().out
    assert keys.current().id == new
    assert used(full["old"]) == 0


def test_the_older_key_goes_once_nothing_uses_it_and_the_copy_still_holds_it(full, settings, capsys, monkeypatch):
    call_command("rotate_keys")
    with pytest.raises(CommandError, match="may still write with the older one"):
        call_command("rotate_keys", finish=True)
    settle(settings)
    with pytest.raises(CommandError, match="may still be read"):
        call_command("rotate_keys", finish=True)
    assert keys.by_id(full["old"])
    age(monkeypatch)
    call_command("rotate_keys", finish=True)
    said = capsys.readouterr().out

    with pytest.raises(keys.KeyUnknown):
        keys.by_id(full["old"])
    assert keys.held() == (keys.current().id,)
    assert everything(full) == WHOLE
    assert full["old"] in said
    assert "Backups made before" in said
    (copy,) = settings.FIELD_KEYS_FILE.parent.glob("*.until-*")
    assert set(json.loads(copy.read_text())["keys"]) == {full["old"], keys.current().id}
    assert copy.stat().st_mode & 0o077 == 0
    assert AuditEvent.objects.get(event="keys.retired").subjects.get().key == full["old"]

    capsys.readouterr()
    call_command("rotate_keys", finish=True)
    assert "There is no older key" in capsys.readouterr().out


def test_a_file_under_an_older_key_holds_it_back(full, settings):
    keys.add()
    for model, encrypted in rotation._sealed_models():
        rotation._rotate_values(model, encrypted, rotation.Done(), lambda *_: None, 200)
    settle(settings)

    with pytest.raises(CommandError, match=r"in use: programs\.evidencefile 1\."):
        call_command("rotate_keys", finish=True)
    assert keys.by_id(full["old"])


def test_what_does_not_open_holds_an_older_key_back_until_it_is_given_up(full, settings, monkeypatch, capsys):
    """A key that somebody may have is taken out although one row is damaged; the rest is encrypted anew before."""
    Concern.objects.filter(pk=Concern.objects.first().pk).update(note=fields.Sealed(fields.head(full["old"]) + b"x" * 40))
    keys.add()
    settle(settings)
    age(monkeypatch)

    with pytest.raises(CommandError, match=r"in use: .*reintegration\.concern 3"):
        call_command("rotate_keys", finish=True)
    call_command("rotate_keys", finish=True, leave_unreadable=True)
    assert "Given up: 1" in capsys.readouterr().out
    assert keys.held() == (keys.current().id,)
    assert Case.objects.get().note == "one"
    assert used(full["old"]) == 1


def test_what_does_not_open_is_named_and_the_rest_is_done(full, capsys):
    case = full["case"]
    one, other, _third = Concern.objects.order_by("pk")
    foreign = fields.Sealed(fields.head("2020-01-01-dead") + b"x" * 40)
    changed = fields.Sealed(fields.head(full["old"]) + b"x" * 40)
    Concern.objects.filter(pk=one.pk).update(note=foreign)
    Concern.objects.filter(pk=other.pk).update(note=changed)
    Case.objects.filter(pk=case.pk).update(note=fields.Sealed(b"plain"))

    with pytest.raises(CommandError, match=r"reintegration\.case\.note 1 \(.*reintegration\.concern\.note 2") as refused:
        call_command("rotate_keys")
    assert str(one.pk) in str(refused.value)
    assert Profile.objects.get().answers == {"skills": 0}
    assert used(full["old"]) == 1
    call_command("rotate_keys", status=True)
    said = capsys.readouterr().out
    assert "2020-01-01-dead (not in the file of keys: what it protects cannot be opened): 1 values, 0 files" in said
    assert "no key (" in said
    assert f"{full['old']} (older): 1 values, 0 files\n  reintegration.concern 1" in said


def test_the_status_says_what_each_key_protects_and_changes_nothing(full, capsys):
    kept = keys._path().read_text()
    call_command("rotate_keys", status=True)
    said = capsys.readouterr().out

    assert f"{full['old']} (current since" in said
    assert "reintegration.concern 3" in said
    assert "programs.evidencefile 1" in said
    assert keys._path().read_text() == kept
    assert not AuditEvent.objects.filter(event__startswith="keys.").exists()


def test_a_prepared_key_is_on_every_machine_before_it_is_used(full, settings):
    call_command("rotate_keys", prepare=True)
    call_command("rotate_keys", prepare=True)
    prepared = keys.held()[-1]

    assert keys.current().id == full["old"]
    assert keys.older() == ()
    elsewhere = settings.FIELD_KEYS_FILE.with_name("elsewhere.json")
    elsewhere.write_bytes(settings.FIELD_KEYS_FILE.read_bytes())
    call_command("rotate_keys")
    assert keys.current().id == prepared
    settings.FIELD_KEYS_FILE = elsewhere  # the machine that has the copy, and still writes with the older key
    assert keys.current().id == full["old"]
    assert everything(full) == WHOLE


def test_two_rotations_at_once_are_one(full, settings):
    with (settings.FIELD_KEYS_FILE.parent / ".rotation").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CommandError, match="running"):
            call_command("rotate_keys")
    assert keys.current().id == full["old"]


def test_a_model_that_keeps_files_says_what_they_are_bound_to(monkeypatch):
    assert rotation.check_file_models() == []
    monkeypatch.delattr(EvidenceFile, "stored_for")
    assert [found.id for found in rotation.check_file_models()] == ["privacy.E003"]
