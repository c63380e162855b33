"""What a backup refuses, and that it loses nothing."""

import io
import json
import os
import tarfile

import pytest
from django.db import connection

from plumbing import backup

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    return settings.MEDIA_ROOT


@pytest.fixture
def empty(monkeypatch):
    """A database that holds no tables yet, as far as restoring can see."""
    monkeypatch.setattr(connection.introspection, "table_names", lambda *arguments, **options: [])


def _rewrite(source, target, **changed):
    """Copy a backup with some members replaced."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            content = changed.get(member.name.replace(".", "_"), old.extractfile(member).read())
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return target


def test_a_backup_holds_every_file_and_the_database_and_only_its_owner_reads_it(files, tmp_path):
    (files / "a").mkdir()
    (files / "a" / "één.txt").write_text("x")
    (files / "link").symlink_to("/etc/hostname")
    report = backup.write(tmp_path / "b.tar")
    assert report.files == 1
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600
    with tarfile.open(tmp_path / "b.tar") as archive:
        assert set(archive.getnames()) == {"manifest.json", "database", "files/a/één.txt"}


def test_a_backup_never_writes_over_another_file(files, tmp_path):
    (tmp_path / "b.tar").write_text("precious")
    with pytest.raises(backup.BackupRefused, match="exists already"):
        backup.write(tmp_path / "b.tar")
    assert (tmp_path / "b.tar").read_text() == "precious"


def test_a_backup_refuses_when_keys_would_travel_with_the_files(files, settings, tmp_path):
    settings.KEYS_DIR = files / "keys"
    with pytest.raises(backup.BackupRefused, match="must not hold them"):
        backup.write(tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()


def test_an_installation_with_data_is_never_restored_over(files, tmp_path):
    backup.write(tmp_path / "b.tar")
    with pytest.raises(backup.BackupRefused, match="is not empty"):
        backup.read(tmp_path / "b.tar")


def test_an_installation_with_files_is_never_restored_over(files, empty, tmp_path):
    backup.write(tmp_path / "b.tar")
    (files / "someone's.pdf").write_text("x")
    with pytest.raises(backup.BackupRefused, match="holds files"):
        backup.read(tmp_path / "b.tar")


def test_damage_is_found_before_anything_is_written(files, empty, tmp_path, monkeypatch):
    backup.write(tmp_path / "b.tar")
    monkeypatch.setattr(backup, "_load_database", lambda source: pytest.fail("wrote a damaged database"))
    damaged = _rewrite(tmp_path / "b.tar", tmp_path / "damaged.tar", database=b"SQLite format 3")
    with pytest.raises(backup.BackupRefused, match="checksum differs"):
        backup.read(damaged)
    (tmp_path / "cut.tar").write_bytes((tmp_path / "b.tar").read_bytes()[:5000])
    with pytest.raises(backup.BackupRefused, match="cut off"):
        backup.read(tmp_path / "cut.tar")
    with pytest.raises(backup.BackupRefused, match="does not exist"):
        backup.read(tmp_path / "none.tar")


def test_a_backup_of_a_newer_portal_or_another_database_is_refused(files, empty, tmp_path):
    backup.write(tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
    newer = manifest | {"migrations": [*manifest["migrations"], "reporting.0099_later"]}
    with pytest.raises(backup.BackupRefused, match="newer portal"):
        backup.read(_rewrite(tmp_path / "b.tar", tmp_path / "newer.tar", manifest_json=json.dumps(newer).encode()))
    other = manifest | {"database": "oracle"}
    with pytest.raises(backup.BackupRefused, match="backup is of oracle"):
        backup.read(_rewrite(tmp_path / "b.tar", tmp_path / "other.tar", manifest_json=json.dumps(other).encode()))


@pytest.mark.parametrize("name", ["files/../../outside.txt", "/etc/outside.txt", "elsewhere/x"])
def test_a_name_that_climbs_out_of_the_folder_is_refused(files, empty, tmp_path, name):
    backup.write(tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar", "a") as archive:
        member = tarfile.TarInfo(name)
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(backup.BackupRefused, match="is not a backup"):
        backup.read(tmp_path / "b.tar")


@pytest.mark.postgres
def test_a_postgresql_backup_comes_back_into_a_database_of_its_own(files, tmp_path, django_user_model, monkeypatch):
    django_user_model.objects.create_user(email="amina@example.org", password="x")
    backup.write(tmp_path / "b.tar")
    name = f"portal_restored_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        monkeypatch.setitem(connection.settings_dict, "NAME", name)
        connection.close()
        report = backup.read(tmp_path / "b.tar")
        assert report.files == 0
        assert django_user_model.objects.get().email == "amina@example.org"
    finally:
        monkeypatch.undo()
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
