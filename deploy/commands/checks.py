"""``./portal check``: everything that can be said about the code without running it. All are run; any that fails fails the command."""

from __future__ import annotations

import subprocess
import time

from deploy.commands import environment
from deploy.commands.environment import ROOT, VENV

# What `check --deploy` wants to see, with addresses that nothing connects to.
PRODUCTION = {
    "PORTAL_ENV": "production",
    "SECRET_KEY": "only-for-the-check-and-long-enough-for-it-4f8a1c9e7b2d",
    "PORTAL_ADDRESS": "https://portal.example.org",
    "ALLOWED_HOSTS": "portal.example.org",
    "DATABASE_URL": "postgres://portal@db.example.org/portal",
    "BROKER_URL": "amqp://portal@broker.example.org//",
    "EMAIL_URL": "smtp+tls://portal:secret@mail.example.org:587",
}


def steps() -> list[tuple[str, list[str], dict[str, str]]]:
    """Name, command, variables."""
    python = str(environment.PYTHON)
    templates = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("templates/**/*.html"))]
    checks: list[tuple[str, list[str], dict[str, str]]] = [
        ("ruff", [python, "-m", "ruff", "check", "."], {}),
        ("format", [python, "-m", "ruff", "format", "--check", "."], {}),
        ("types", [python, "-m", "mypy"], {}),
        ("import directions", [str(VENV / "bin" / "lint-imports")], {}),
        ("system check", [python, "manage.py", "check", "--fail-level", "WARNING"], {}),
        ("migrations", [python, "manage.py", "makemigrations", "--check", "--dry-run"], {}),
        ("deployment", [python, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    ]
    if templates:
        checks.append(("templates", [str(VENV / "bin" / "djade"), "--target-version", "5.2", "--check", *templates], {}))
    return checks


def run_all() -> int:
    failed = []
    for name, command, variables in steps():
        started = time.monotonic()
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment.for_children() | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name} ({time.monotonic() - started:.1f} s)", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stdout, flush=True)
    print(f"check: {len(failed)} failed: {', '.join(failed)}" if failed else "check: all passed")
    return 1 if failed else 0
