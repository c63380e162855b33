"""The one settings file: what production refuses to start without, and the list of variables people copy."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(r'(?:env\.\w+|_required|variable|environ\.get)\(\s*[\'"]([A-Z_]+)[\'"]')
LISTED = re.compile(r"^#?([A-Z_]+)=", re.MULTILINE)
PRODUCTION = {
    "PORTAL_ENV": "production",
    "SECRET_KEY": "x9" * 30,
    "PORTAL_ADDRESS": "https://portal.example.org",
    "ALLOWED_HOSTS": "portal.example.org",
    "DATABASE_URL": "postgres://portal@db.example.org/portal",
    "BROKER_URL": "amqp://portal@broker.example.org//",
    "EMAIL_URL": "smtp+tls://portal:secret@mail.example.org:587",
}


def _start(tmp_path: Path, show: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Read the settings in a fresh process and print one expression of them."""
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "var"), **variables}
    code = f"import peacebuild.settings as s; print({show})"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_example_lists_every_variable_that_is_read():
    sources = [ROOT / "peacebuild/settings.py", ROOT / "deploy/gunicorn.conf.py", *(ROOT / "deploy/commands").glob("*.py")]
    read = {name for path in sources for name in READ.findall(path.read_text())}
    assert set(LISTED.findall((ROOT / ".env.example").read_text())) == read - {"PWD"}


@pytest.mark.parametrize("missing", sorted(set(PRODUCTION) - {"PORTAL_ENV"}))
def test_production_says_which_variable_is_missing(tmp_path, missing):
    found = _start(tmp_path, "s.DEBUG", {name: value for name, value in PRODUCTION.items() if name != missing})
    assert found.returncode != 0
    assert f"{missing} is missing" in found.stderr.splitlines()[-1]


def test_production_trusts_no_forwarded_header_until_proxies_are_counted(tmp_path):
    assert _start(tmp_path, "s.SECURE_PROXY_SSL_HEADER", PRODUCTION).stdout == "None\n"
    counted = _start(tmp_path, "s.SECURE_PROXY_SSL_HEADER, s.ALLAUTH_TRUSTED_PROXY_COUNT", PRODUCTION | {"PROXIES": "1"})
    assert counted.stdout == "('HTTP_X_FORWARDED_PROTO', 'https') 1\n"


def test_production_never_shows_errors_to_the_browser(tmp_path):
    assert _start(tmp_path, "s.DEBUG", PRODUCTION | {"DEBUG": "true"}).stdout == "False\n"


def test_the_embedded_default_keeps_its_secret_and_its_mail_in_its_folder(tmp_path):
    show = "s.SECRET_KEY, s.EMAIL_FILE_PATH, s.EMAIL_BACKEND.rsplit('.', 2)[1]"
    first, second = (_start(tmp_path, show, {}) for _ in range(2))
    assert first.stdout == second.stdout
    assert first.stdout.split()[1:] == [str(tmp_path / "var/mail"), "filebased"]
    assert (tmp_path / "var/keys/secret_key").stat().st_mode & 0o777 == 0o600


def test_the_broker_in_folders_uses_absolute_private_folders(tmp_path):
    found = _start(tmp_path, "s.CELERY_BROKER_TRANSPORT_OPTIONS['control_folder']", {"DATA_DIR": os.path.relpath(tmp_path / "var", ROOT)})
    folder = Path(found.stdout.strip())
    assert folder == tmp_path / "var/broker/control"
    assert folder.stat().st_mode & 0o077 == 0
