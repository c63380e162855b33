"""Bringing an installation up to the code: database, translations, static files, the demo. What has not changed is skipped by its stamp."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from deploy.commands import environment
from deploy.commands.environment import ROOT, Problem

IS_FRESH = (
    "from django.contrib.auth import get_user_model; from django.core.management import get_commands; "
    "print('fresh' if 'seed_demo' in get_commands() and not get_user_model().objects.exists() else 'kept')"
)


def set_up() -> None:
    """Everything ``./portal run`` needs before its processes start; about nothing on a second start."""
    environment.install()
    _unless_stamped("database", _database_state, _prepare_database)
    _unless_stamped("translations", _translation_state, _compile_translations)
    _unless_stamped("static files", _static_state, _collect_static)
    if environment.embedded() and environment.variable("DEMO", "true").lower() in {"true", "1", "yes", "on"}:
        _unless_stamped("demo", _database_identity, _load_demo_if_empty)


def upgrade() -> None:
    """After new code. A backup before the database changes: what fails half-way can be restored."""
    environment.install()
    if _database_exists() and environment.manage("migrate", "--check", "--verbosity", "0"):
        file = environment.writable_data_folder() / "backups" / time.strftime("before-upgrade-%Y%m%dT%H%M%S.tar")
        file.parent.mkdir(mode=0o700, exist_ok=True)
        _manage("backup", str(file))
    for name, state, act in (
        ("database", _database_state, _prepare_database),
        ("translations", _translation_state, _compile_translations),
        ("static files", _static_state, _collect_static),
    ):
        act()
        _stamp(name, state())
    print("Up to date. Start the portal again, on every machine.")


def after_restore() -> None:
    """A backup may be older than the code."""
    _prepare_database()
    _stamp("database", _database_state())


def demo_sign_ins() -> str:
    """What loading the demo printed, or nothing when it was not loaded."""
    file = environment.data_folder() / "demo-sign-ins.txt"
    return file.read_text() if file.exists() else ""


def _prepare_database() -> None:
    print("Preparing the database")
    _manage("migrate", "--noinput", "--verbosity", "0")
    _manage("createcachetable", "--verbosity", "0")


def _compile_translations() -> None:
    _manage("compile_translations")


def _collect_static() -> None:
    print("Collecting static files")
    _manage("collectstatic", "--noinput", "--verbosity", "0", "--ignore", "rest_framework")


def _load_demo_if_empty() -> None:
    if environment.ask(IS_FRESH) != "fresh":
        return
    print("Loading the demo program (once; DEMO=false leaves it out)")
    command = [str(environment.PYTHON), "manage.py", "seed_demo"]
    done = subprocess.run(command, cwd=ROOT, env=environment.for_children(), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Problem("the demo could not be loaded; what went wrong stands above. DEMO=false starts without it.")
    sign_ins = environment.data_folder() / "demo-sign-ins.txt"
    sign_ins.touch(mode=0o600)
    sign_ins.write_text(done.stdout)


def _manage(*arguments: str) -> None:
    if environment.manage(*arguments):
        raise Problem(f"'{arguments[0]}' failed; what went wrong stands above.")


def _unless_stamped(name: str, state: Callable[[], str | None], act: Callable[[], None]) -> None:
    before = state()
    if before is None or _stamps().get(name) != before:
        act()
        _stamp(name, state())


def _stamps() -> dict[str, str]:
    file = environment.data_folder() / "stamps.json"
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def _stamp(name: str, state: str | None) -> None:
    stamps = _stamps() | {name: state or ""}
    (environment.data_folder() / "stamps.json").write_text(json.dumps(stamps, indent=1))


def _sqlite_file() -> Path | None:
    address = environment.variable("DATABASE_URL")
    if not address:
        return environment.data_folder() / "portal.sqlite3"
    return Path("/" + address.removeprefix("sqlite:////")) if address.startswith("sqlite:////") else None


def _database_exists() -> bool:
    file = _sqlite_file()
    return file is None or file.exists()


def _database_identity() -> str | None:
    """Which file it is, so that a database put in its place is noticed; None for a server, which is asked each time."""
    file = _sqlite_file()
    if file is None:
        return None
    return str(file.stat().st_ino) if file.exists() else "no file yet"


def _database_state() -> str | None:
    """Which database, and the migrations that were applied to it."""
    identity = _database_identity()
    return None if identity is None else _digest(ROOT.glob("*/migrations/*.py"), identity)


def _translation_state() -> str:
    files = [*ROOT.glob("locale/*/LC_MESSAGES/*.po"), *ROOT.glob("*/locale/*/LC_MESSAGES/*.po")]
    return _digest(files, *(str(file.with_suffix(".mo").exists()) for file in sorted(files)))


def _static_state() -> str:
    root = Path(environment.variable("STATIC_ROOT", str(environment.data_folder() / "static")))
    files = [*ROOT.glob("static/**/*"), *ROOT.glob("*/static/**/*")]
    return _digest(files, str((root / "staticfiles.json").exists()))


def _digest(files: Iterable[Path], *more: str) -> str:
    """Names, sizes and times of files, the pinned packages and what else it depends on."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes() + repr(sys.version_info[:2]).encode())
    for file in sorted(files):
        state = file.stat()
        digest.update(f"{file.relative_to(ROOT)} {state.st_size} {state.st_mtime_ns}\n".encode())
    digest.update("\n".join(more).encode())
    return digest.hexdigest()
