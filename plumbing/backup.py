"""A backup is one tar file: a manifest, a consistent copy of the database, and the uploaded files. Never the keys.

The database is copied first and the files after it: a file is written before the row that names it, so every row of the copy
finds its file. SQLite is copied through its own backup interface while others write; PostgreSQL by ``pg_dump``.
Restoring wants an empty installation and checks everything before it writes anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

MANIFEST, DATABASE, FILES = "manifest.json", "database", "files"
FORMAT = 1


class BackupRefused(Exception):
    """Why nothing was written, as a sentence for the person at the terminal."""


@dataclass(frozen=True)
class Report:
    """What went into or came out of a backup."""

    file: Path
    files: int
    made_at: str


def write(file: Path) -> Report:
    """Write a backup to ``file``, which must not exist; it appears whole or not at all, readable by its owner only."""
    if file.exists():
        raise BackupRefused(f"{file} exists already: choose another name.")
    if not file.parent.is_dir():
        raise BackupRefused(f"{file.parent} is not a folder.")
    for keys in (settings.KEYS_DIR, settings.FIELD_KEYS_FILE):
        if Path(keys).resolve().is_relative_to(Path(settings.MEDIA_ROOT).resolve()):
            raise BackupRefused(f"the keys in {keys} lie inside the uploaded files: move them, a backup must not hold them.")
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
        database = Path(folder) / DATABASE
        _dump_database(database)
        uploads = _uploads()
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "made_at": timezone.now().isoformat(timespec="seconds"),
            "database": connection.vendor,
            "database_sha256": _sha256(database),
            "files": len(uploads),
            "migrations": sorted(f"{app}.{name}" for app, name in MigrationLoader(connection).applied_migrations),
        }
        whole = Path(folder) / "whole.tar"
        whole.touch(mode=0o600)
        with tarfile.open(whole, "w") as archive:
            description = Path(folder) / MANIFEST
            description.write_text(json.dumps(manifest, indent=1))
            archive.add(description, MANIFEST)
            archive.add(database, DATABASE)
            for path in uploads:
                archive.add(path, f"{FILES}/{path.relative_to(settings.MEDIA_ROOT).as_posix()}", recursive=False)
        os.link(whole, file)
    return Report(file, len(uploads), manifest["made_at"])


def read(file: Path) -> Report:
    """Restore ``file`` into this installation, whose database and files must be empty."""
    _refuse_unless_empty()
    media = Path(settings.MEDIA_ROOT)
    media.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=media.parent, prefix=".restore-") as folder:
        try:
            with tarfile.open(file, "r") as archive:
                manifest = _manifest(archive)
                _unpack(archive, Path(folder))
        except FileNotFoundError:
            raise BackupRefused(f"{file} does not exist.") from None
        except (tarfile.TarError, json.JSONDecodeError, KeyError):
            raise BackupRefused(f"{file} is not a backup of the portal, or was cut off.") from None
        _refuse_unless_fitting(manifest, Path(folder))
        _load_database(Path(folder) / DATABASE)
        _move_uploads(Path(folder) / FILES, media)
    return Report(file, manifest["files"], manifest["made_at"])


def _uploads() -> list[Path]:
    root = Path(settings.MEDIA_ROOT)
    return sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink()) if root.is_dir() else []


def _refuse_unless_empty() -> None:
    if connection.introspection.table_names():
        name = connection.settings_dict["NAME"]
        raise BackupRefused(f"the database {name} is not empty: a backup is restored into an empty installation only.")
    if _uploads():
        raise BackupRefused(f"{settings.MEDIA_ROOT} holds files: a backup is restored into an empty installation only.")


def _manifest(archive: tarfile.TarFile) -> dict[str, Any]:
    member = archive.extractfile(MANIFEST)
    if member is None:
        raise KeyError(MANIFEST)
    return json.loads(member.read())


def _unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """The database and the plain files below ``files/``; links, devices and names that climb out are not of our making."""
    for member in archive:
        path = PurePosixPath(member.name)
        if member.name == MANIFEST:
            continue
        if not member.isreg() or path.is_absolute() or ".." in path.parts or path.parts[0] not in {DATABASE, FILES}:
            raise tarfile.ReadError(member.name)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        content = archive.extractfile(member)
        with target.open("wb") as out:
            shutil.copyfileobj(content, out)  # type: ignore[arg-type]
        target.chmod(0o600)


def _refuse_unless_fitting(manifest: dict[str, Any], folder: Path) -> None:
    if manifest["format"] != FORMAT:
        raise BackupRefused(f"the backup has format {manifest['format']}; this portal reads {FORMAT}.")
    if manifest["database"] != connection.vendor:
        raise BackupRefused(f"the backup is of {manifest['database']}, but DATABASE_URL names {connection.vendor}.")
    if _sha256(folder / DATABASE) != manifest["database_sha256"]:
        raise BackupRefused("the database in the backup is damaged: its checksum differs.")
    found = sum(1 for path in (folder / FILES).rglob("*") if path.is_file())
    if found != manifest["files"]:
        raise BackupRefused(f"the backup says {manifest['files']} files and holds {found}: it was cut off.")
    known = {f"{app}.{name}" for app, name in MigrationLoader(connection).disk_migrations}
    newer = [name for name in manifest["migrations"] if name not in known]
    if newer:
        raise BackupRefused(f"the backup was made by a newer portal ({newer[0]} is not known here): install that version first.")


def _move_uploads(source: Path, media: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, media, dirs_exist_ok=True, copy_function=shutil.move)


def _dump_database(target: Path) -> None:
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with sqlite3.connect(target) as copy:
            connection.connection.backup(copy)
        copy.close()
    else:
        _postgresql("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def _load_database(source: Path) -> None:
    if connection.vendor == "sqlite":
        with sqlite3.connect(source) as copy:
            connection.ensure_connection()
            copy.backup(connection.connection)
        copy.close()
    else:
        _postgresql("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(source))
    connection.close()


def _postgresql(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own tools against the database of the settings; the password goes through the environment."""
    wanted = connection.settings_dict
    if shutil.which(program) is None:
        raise BackupRefused(f"{program} is not installed: on Debian, apt install postgresql-client.")
    variables = {"PGHOST": wanted["HOST"], "PGPORT": str(wanted["PORT"]), "PGUSER": wanted["USER"], "PGPASSWORD": wanted["PASSWORD"]}
    named = {name: value for name, value in variables.items() if value}
    done = subprocess.run(  # noqa: S603
        [program, f"--dbname={wanted['NAME']}", *arguments], env=os.environ | named, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise BackupRefused(f"{program} failed: {lines[0]}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
