"""Two workers on a broker, one of them killed while it holds its lease and before it commits: nothing is lost, nothing is done twice.
And what comes in many times at once stands there once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

ROOT = Path(__file__).resolve().parents[2]
APP = "tests.peacebuild.crashing"


class Installation:
    """A portal with a database, a folder and a queue of its own, on the database server and broker that this leg uses."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, f"crash_{uuid.uuid4().hex[:12]}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.mark = folder / "held"
        self.variables = {**os.environ, "PORTAL_ENV": "embedded", "DATA_DIR": str(folder / "data"), "HOLD_FILE": str(self.mark)}
        self.server = urlsplit(os.environ.get("DATABASE_URL", ""))
        if self.server.scheme.startswith("postgres"):
            self._on_server(f"CREATE DATABASE {self.name}")
            self.variables["DATABASE_URL"] = self.server._replace(path=f"/{self.name}").geturl()
        self.python("-m", APP, "seed")

    def python(self, *arguments: str) -> str:
        done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=self.variables, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def start_worker(self, hold_at: str = "") -> subprocess.Popen[bytes]:
        log = (self.folder / f"worker{len(self.workers)}.log").open("wb")
        command = [sys.executable, "-m", "celery", "-A", APP, "worker", "-Q", self.name, "-P", "solo", "-l", "warning"]
        command += ["-n", f"{self.name}{len(self.workers)}@%h", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        worker = subprocess.Popen(
            command, cwd=ROOT, env={**self.variables, "HOLD_AT": hold_at}, stdout=log, stderr=log, start_new_session=True
        )
        self.workers.append(worker)
        return worker

    def send(self, *tasks: str) -> None:
        self.python("-m", APP, "send", self.name, *tasks)

    def state(self) -> dict:
        return json.loads(self.python("-m", APP, "state").splitlines()[-1])

    def sweep_until(self, task: str, is_done: Callable[[dict], bool]) -> dict:
        """What beat does: send the sweep again and again. Two at a time, so that both workers have one."""
        until = time.monotonic() + 90
        while True:
            self.send(task, task)
            found = self.state()
            if is_done(found):
                return found
            assert time.monotonic() < until, self.logs()

    def kill_the_holder(self) -> None:
        until = time.monotonic() + 60
        while not (self.mark.exists() and self.mark.read_text()):
            assert time.monotonic() < until, self.logs()
            time.sleep(0.1)
        held = int(self.mark.read_text())
        assert held in {worker.pid for worker in self.workers}
        os.kill(held, signal.SIGKILL)

    def logs(self) -> str:
        return "\n".join(file.read_text()[-2000:] for file in sorted(self.folder.glob("*.log")))

    def end(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait(timeout=20)
        if self.server.scheme.startswith("postgres"):
            self._on_server(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _on_server(self, statement: str) -> None:
        server = psycopg2.connect(self.server._replace(path="/postgres", query="").geturl())
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(statement)
        server.close()


@pytest.fixture(scope="module")
def portal(tmp_path_factory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("crash"))
    yield made
    made.end()


def killed_in(portal: Installation, moment: str, task: str) -> None:
    """One worker takes the sweep and stops in the middle; a second one starts; the first is killed."""
    portal.mark.unlink(missing_ok=True)
    first = portal.start_worker(hold_at=moment)
    portal.send(task)
    second = portal.start_worker()
    portal.kill_the_holder()
    assert first.wait(timeout=20) == -signal.SIGKILL
    assert second.poll() is None
    portal.start_worker()


def end_workers(portal: Installation) -> None:
    for worker in portal.workers:
        if worker.poll() is None:
            worker.kill()
            worker.wait(timeout=20)


def test_every_period_is_opened_once_though_a_worker_died_opening_one(portal):
    waiting = portal.state()["to_open"]
    assert waiting >= 4

    killed_in(portal, "period.opened", "programs.tasks.open_periods")
    found = portal.sweep_until("programs.tasks.open_periods", lambda state: state["to_open"] == 0)

    assert len(found["opened"]) == found["openings"] == waiting
    assert len(found["expected"]) == len({tuple(row) for row in found["expected"]}) == waiting
    assert {partner for _period, partner in found["expected"]} == set(found["partners"])
    end_workers(portal)


def test_identical_posts_at_the_same_moment_make_one_report_and_get_one_answer(portal):
    """After the periods were opened: the report is one that is owed."""
    done = json.loads(portal.python("-m", APP, "post").splitlines()[-1])

    assert done["submissions"] == done["events"] == 1
    assert len(done["answers"]) == 8
    ((status, body),) = {tuple(answer) for answer in done["answers"]}
    assert status == 201, body


def test_every_reminder_is_written_once_though_a_worker_died_writing_them(portal):
    killed_in(portal, "line", "reporting.tasks.remind")
    found = portal.sweep_until("reporting.tasks.remind", lambda state: bool(state["lines"]) and state["still_missing"] == 0)

    assert len({tuple(line) for line in found["lines"]}) == len(found["lines"])
    assert {row for row, *_rest in found["lines"]}
    end_workers(portal)


def test_every_person_gets_one_mail_though_a_worker_died_sending_one(portal):
    people = {row for row, *_rest in portal.state()["lines"]}

    killed_in(portal, "mail", "accounts.tasks.send_messages")
    found = portal.sweep_until("accounts.tasks.send_messages", lambda state: state["unsent"] == 0)

    assert len(found["mails"]) == len(people)
    assert len({address for address, _id in found["mails"]}) == len({mail_id for _address, mail_id in found["mails"]}) == len(people)
