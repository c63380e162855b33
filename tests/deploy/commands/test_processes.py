"""The portal started for real: it answers, survives the death of a part, and leaves nothing behind."""

import os
import signal
import sqlite3
import time

import pytest

pytestmark = pytest.mark.installation


def test_it_starts_twice_restarts_what_dies_and_leaves_no_orphan(copy):
    supervisor = copy.start()
    try:
        copy.wait_until(copy.answers, seconds=120)
        copy.wait_until(lambda: copy.answers("/readyz"))
        copy.wait_until(lambda: f"The portal is at http://localhost:{copy.port}" in copy.output())

        copy.wait_until(copy.worker)
        killed = copy.worker()
        os.kill(killed, signal.SIGKILL)
        copy.wait_until(lambda: copy.worker() not in {None, killed})
        assert "worker ended (status -9): starting it again" in copy.output()

        second = copy.call("run")
        assert second.returncode == 2
        assert "already running from" in second.stderr
        assert second.stderr.count("\n") == 1

        supervisor.send_signal(signal.SIGINT)
        assert supervisor.wait(timeout=20) == 0
        assert copy.processes() == {}
        assert not copy.answers()

        started = time.monotonic()
        supervisor = copy.start()
        copy.wait_until(copy.answers)
        assert time.monotonic() - started < 5
    finally:
        copy.end(supervisor)


def test_children_end_when_the_supervisor_is_killed(copy):
    supervisor = copy.start()
    try:
        copy.wait_until(copy.answers, seconds=120)
        copy.wait_until(copy.worker)
        supervisor.kill()
        supervisor.wait()
        copy.wait_until(lambda: not copy.processes(), seconds=30)
        assert not copy.answers()
    finally:
        copy.end(supervisor)


def test_a_backup_restores_the_same_portal_into_an_empty_one(copy, tmp_path):
    assert copy.call("manage", "migrate", "--verbosity", "0").returncode == 0
    create = "from django.contrib.auth import get_user_model as m; m().objects.create_user(email='amina@example.org', password='x')"
    assert copy.call("manage", "shell", "--command", create).returncode == 0
    evidence = copy.folder / "var/files/evidence/sheet 1.bin"
    evidence.parent.mkdir(parents=True)
    evidence.write_bytes(b"\x00\xffsealed")
    secret = (copy.folder / "var/keys/secret_key").read_text()

    written = copy.call("backup", str(tmp_path / "portal.tar"))
    assert written.returncode == 0, written.stderr
    assert str(copy.folder / "var/keys") in written.stdout
    assert secret.encode() not in (tmp_path / "portal.tar").read_bytes()

    other = type(copy)(tmp_path / "other")
    restored = other.call("restore", str(tmp_path / "portal.tar"))
    assert restored.returncode == 0, restored.stderr
    assert (other.folder / "var/files/evidence/sheet 1.bin").read_bytes() == b"\x00\xffsealed"
    dumps = []
    for one in (copy, other):
        with sqlite3.connect(one.folder / "var/portal.sqlite3") as database:
            dumps.append([line for line in database.iterdump() if "portal_cache" not in line])
    assert dumps[0] == dumps[1]
    assert any("amina@example.org" in line for line in dumps[1])

    again = other.call("restore", str(tmp_path / "portal.tar"))
    assert again.returncode != 0
    assert "is not empty" in again.stderr
