"""What every test may ask for."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import override_settings

# marker -> is it possible here, how to run it. `.ci/run` runs them all and refuses skips that are not on its list.
LEGS = {
    "postgres": (
        lambda: settings.DATABASES["default"]["ENGINE"].endswith("postgresql"),
        "needs PostgreSQL: DATABASE_URL=postgres://user@host/name ./portal test -m postgres",
    ),
    "broker": (
        lambda: not settings.CELERY_BROKER_URL.startswith("filesystem:"),
        "needs RabbitMQ or Redis: BROKER_URL=amqp://guest:guest@127.0.0.1:5672// (or redis://127.0.0.1:6379/14) ./portal test -m broker",
    ),
    "browser": (
        lambda: os.environ.get("PORTAL_BROWSER_TESTS") == "1",
        "needs chromium in /usr/bin: PORTAL_BROWSER_TESTS=1 ./portal test -m browser",
    ),
    "api_fuzz": (
        lambda: os.environ.get("PORTAL_API_FUZZ") == "1",
        "takes minutes: PORTAL_API_FUZZ=1 ./portal test -m api_fuzz -p schemathesis",
    ),
    "installation": (
        lambda: os.environ.get("PORTAL_INSTALLATION_TESTS") == "1",
        "starts the portal for real: PORTAL_INSTALLATION_TESTS=1 ./portal test -m installation",
    ),
}


def pytest_configure(config: pytest.Config) -> None:
    """What tests do differently: files in a folder of their own, a quick password hash, static files without a manifest."""
    folder = Path(tempfile.mkdtemp(prefix="portal-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    settings.MEDIA_ROOT, settings.STATIC_ROOT = folder / "files", folder / "static"
    settings.STATIC_ROOT.mkdir()
    settings.FIELD_KEYS_FILE = folder / "field-keys.json"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    database = settings.DATABASES["default"]
    if LEGS["browser"][0]() and database["ENGINE"].endswith("sqlite3"):
        # In memory all threads share one cache, in which a reader does not wait for a writer but fails; a file is what is installed.
        database["TEST"] = {**database.get("TEST", {}), "NAME": str(folder / "browser.sqlite3")}
    for option, value in settings.CELERY_BROKER_TRANSPORT_OPTIONS.items():
        if "folder" in option:
            inside = folder / "broker" / Path(value).name
            inside.mkdir(parents=True, exist_ok=True)
            settings.CELERY_BROKER_TRANSPORT_OPTIONS[option] = str(inside)


def _delete_instead_of_truncate(self, style, tables, *, reset_sequences=False, allow_cascade=False):
    """Between transactional tests PostgreSQL took seconds to TRUNCATE every table; deleting their few rows takes milliseconds.

    Switching off foreign keys and triggers for it needs a superuser; anyone else keeps the slow way.
    """
    with self.connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser')")
        if cursor.fetchone() != ("on",) or reset_sequences:
            return _truncate(self, style, tables, reset_sequences=reset_sequences, allow_cascade=allow_cascade)
    return ["SET LOCAL session_replication_role = replica", *(f"DELETE FROM {self.quote_name(table)}" for table in tables)]


_truncate = DatabaseOperations.sql_flush
DatabaseOperations.sql_flush = _delete_instead_of_truncate


def pytest_sessionstart() -> None:
    """``client.force_login`` signs in as the portal does, a second factor shown; with ``second_factor=False`` by password alone."""
    from django.test import Client

    from programs.second_factor import show

    plain = Client.force_login

    def force_login(self: Client, user: Any, backend: str | None = None, *, second_factor: bool = True) -> None:
        plain(self, user, backend)
        if second_factor:
            show(self.session, user)

    Client.force_login = force_login  # type: ignore[method-assign]


def pytest_collection_finish() -> None:
    """What is imported stays to the end: looking through it again and again for rubbish took a tenth of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker, (possible, how) in LEGS.items():
            if item.get_closest_marker(marker) and not possible():
                item.add_marker(pytest.mark.skip(reason=how))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real test inputs beside the checkout; absent elsewhere, where its tests skip."""
    folder = Path(os.environ.get("SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not folder.is_dir():
        message = f"test inputs are not here ({folder}): set SHARED_DATA to the folder that holds them"
        if os.environ.get("REQUIRE_SHARED_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """The cache lives in the database; what one transactional test leaves there must not reach the next. Nor do counted API calls."""
    yield
    caches["limits"].clear()
    marker = request.node.get_closest_marker("django_db")
    if marker is not None and marker.kwargs.get("transaction"):
        cache.clear()


@pytest.fixture
def french(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Makes a French catalog of a few words, the shipped names among them: what the portal's own says may be worded better any day."""

    def say(names: dict[str, str], texts: dict[str, str] | None = None) -> None:
        catalog = polib.POFile()
        catalog.metadata = {"Content-Type": "text/plain; charset=utf-8", "Plural-Forms": "nplurals=2; plural=(n > 1);"}
        catalog += [polib.POEntry(msgctxt="shipped name", msgid=name, msgstr=word) for name, word in names.items()]
        catalog += [polib.POEntry(msgid=text, msgstr=word) for text, word in (texts or {}).items()]
        folder = tmp_path / "locale" / "fr" / "LC_MESSAGES"
        folder.mkdir(parents=True)
        catalog.save_as_mofile(str(folder / "django.mo"))
        changed.enable()

    changed = override_settings(LOCALE_PATHS=[tmp_path / "locale"])
    yield say
    if (tmp_path / "locale").exists():
        changed.disable()
