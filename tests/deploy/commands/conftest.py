"""A copy of the portal in a folder of its own, with the packages that the tests themselves run on."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from deploy.commands import environment

ROOT = Path(__file__).resolve().parents[3]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", ".env", "__pycache__", ".*_cache", ".hypothesis", "node_modules", "tests")


class Copy:
    """One installation in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
        (folder / "static").mkdir(exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.variables = {**kept, "PORT": str(self.port), "DEMO": "false", "WEB_WORKERS": "1"}
        self._borrow_packages()

    def _borrow_packages(self) -> None:
        """A .venv that looks up the packages of this environment, stamped as installed."""
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(self.folder / ".venv")], check=True)
        site = next((self.folder / ".venv/lib").glob("python*/site-packages"))
        (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
        fingerprint = environment._fingerprint([ROOT / "requirements.txt"])
        (self.folder / ".venv/portal-runtime").write_text(fingerprint)

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "portal", *arguments],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self) -> subprocess.Popen[str]:
        output = (self.folder / "output.txt").open("w")
        return subprocess.Popen(
            [sys.executable, "portal", "run"],
            cwd=self.folder,
            env=self.variables,
            stdout=output,
            stderr=output,
            text=True,
            start_new_session=True,
        )

    def output(self) -> str:
        return (self.folder / "output.txt").read_text()

    def answers(self, path: str = "/healthz") -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=2) as response:
                return response.status == 200
        except (OSError, urllib.error.HTTPError):
            return False

    def wait_until(self, condition, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, self.output()
            time.sleep(0.1)

    def processes(self) -> dict[int, str]:
        """Process identifier -> command line of everything that runs with this copy's Python."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if str(self.folder / ".venv") in line and (entry / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                    found[int(entry.name)] = line
        return found

    def worker(self) -> int | None:
        """The worker's leading process: the one that started first."""
        return min((pid for pid, line in self.processes().items() if " worker " in line), default=None)

    def end(self, supervisor: subprocess.Popen[str]) -> None:
        if supervisor.poll() is None:
            supervisor.send_signal(signal.SIGTERM)
            supervisor.wait(timeout=30)
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Copy:
    """One for all tests of a file: setting up is the slow part."""
    return Copy(tmp_path_factory.mktemp("portal") / "copy")
