"""Web, worker and beat as children of one process: started, watched, restarted and stopped together, with no orphan left."""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.commands import environment, installation
from deploy.commands.environment import ROOT, Problem

STOP_SECONDS = 10
CRASHES_ALLOWED, CRASH_WINDOW_SECONDS = 5, 60
WEB_FIRST_SECONDS = 5  # worker and beat wait this long for the page that someone is already opening
TICK_SECONDS = 0.1
# Celery warns in six lines that it runs as root; who starts this script chose the user.
QUIET_AS_ROOT = "ignore:You're running the worker with superuser privileges:UserWarning"
PR_SET_PDEATHSIG = 1


def free_port() -> int:
    """The port to listen on, tested by binding it."""
    text = environment.variable("PORT", "8000")
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Problem(f"PORT is {text!r}: set it to a number between 1 and 65535.")
    host = environment.variable("HOST", "127.0.0.1")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(text)))
        except PermissionError:
            raise Problem(f"port {text} needs special rights: choose one above 1023, for example PORT=8000.") from None
        except OSError as error:
            raise Problem(f"port {text} is busy or {host} is not of this machine ({error.strerror}): try PORT=8001 ./portal run") from None
    return int(text)


def commands() -> dict[str, list[str]]:
    """Name -> command of each process. A single worker process keeps the embedded default small; TASK_WORKERS adds more."""
    python = str(environment.PYTHON)
    celery = [python, "-m", "celery", "--app", "peacebuild", "--quiet"]
    return {
        "web": [python, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "peacebuild.wsgi:application"],
        "worker": [
            *celery,
            "worker",
            f"--concurrency={environment.variable('TASK_WORKERS', '1')}",
            "--loglevel=WARNING",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ],
        "beat": [*celery, "beat", "--loglevel=WARNING", "--pidfile="],
    }


@dataclass
class Child:
    """One process with its group; every line it writes gets its name in front."""

    name: str
    command: list[str]
    process: subprocess.Popen[str] | None = None
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=environment.for_children() | {"PYTHONWARNINGS": QUIET_AS_ROOT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_end_with_parent(),
        )
        threading.Thread(target=self._forward, args=(self.process,), daemon=True).start()

    def _forward(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            _say(f"{self.name:>6} | {line.rstrip()}")

    def died(self) -> int | None:
        """Its exit status when it is no longer running; what it left behind in its group is ended too."""
        if self.process is None or self.process.poll() is None:
            return None
        self.signal_group(signal.SIGKILL)
        return self.process.returncode

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        """To the leader only: a worker's own children must be free to finish the task they hold."""
        if self.process is not None and self.running():
            self.process.terminate()

    def signal_group(self, number: int) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


class Stop:
    """Counts signals: the first asks everything to end, the second ends it at once."""

    def __init__(self) -> None:
        self.signals = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._count)

    def _count(self, number: int, frame: object) -> None:
        self.signals += 1


def run_until_stopped(port: int) -> int:
    """Serve until a signal; returns 0, or raises Problem when a process cannot be kept alive."""
    stop = Stop()
    children = [Child(name, command) for name, command in commands().items()]
    try:
        web, *others = children
        web.start()
        started, announced = time.monotonic(), False
        while not stop.signals:
            if not announced and _answers(port):
                announced = True
                _announce(port)
            if announced or time.monotonic() - started > WEB_FIRST_SECONDS:
                for child in others:
                    if child.process is None:
                        child.start()
            for child in children:
                _revive(child, stop)
            time.sleep(TICK_SECONDS)
    finally:
        _stop_all(children, stop)
    _say("Stopped.")
    return 0


def _revive(child: Child, stop: Stop) -> None:
    """Start a child that died again, later each time; give up when it dies too often."""
    status = child.died()
    if status is None:
        return
    now = time.monotonic()
    child.deaths = [moment for moment in child.deaths if now - moment < CRASH_WINDOW_SECONDS] + [now]
    if len(child.deaths) >= CRASHES_ALLOWED:
        raise Problem(f"{child.name} ended {CRASHES_ALLOWED} times within a minute; its last lines stand above.")
    wait = 2 ** (len(child.deaths) - 1) * 0.5
    _say(f"{child.name} ended (status {status}): starting it again")
    until = now + wait
    while time.monotonic() < until and not stop.signals:
        time.sleep(TICK_SECONDS)
    if not stop.signals:
        child.start()


def _stop_all(children: list[Child], stop: Stop) -> None:
    asked_at, signals = time.monotonic(), stop.signals
    for child in children:
        child.ask_to_stop()
    while any(child.running() for child in children):
        if time.monotonic() - asked_at > STOP_SECONDS or stop.signals > max(signals, 1):
            break
        time.sleep(TICK_SECONDS)
    for child in children:
        child.signal_group(signal.SIGKILL)
        if child.process is not None:
            child.process.wait()


def _answers(port: int) -> bool:
    host = environment.variable("HOST", "127.0.0.1")
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=1)  # noqa: S104
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _announce(port: int) -> None:
    address = environment.variable("PORTAL_ADDRESS", f"http://localhost:{port}")
    _say(f"The portal is at {address} (Ctrl-C stops it)")
    for line in installation.demo_sign_ins().splitlines():
        _say(line)


_saying = threading.Lock()


def _say(line: str) -> None:
    with _saying, contextlib.suppress(BrokenPipeError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _end_with_parent() -> Callable[[], None] | None:
    """On Linux the kernel ends a child when this process is killed; elsewhere only an orderly stop ends it."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask_kernel
