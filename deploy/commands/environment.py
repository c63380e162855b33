"""The ground a command stands on: variables, the virtual environment with its pinned packages, and one instance at a time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
INSTALL_MEGABYTES = {False: 700, True: 1200}
DATA_MEGABYTES = 100


class Problem(Exception):
    """Why the command cannot go on, as one line that says what to do."""


def variable(name: str, default: str = "") -> str:
    """From the environment, else from ``.env``, else the default; an empty value is the default."""
    return os.environ.get(name) or _dotenv().get(name) or default


def _dotenv() -> dict[str, str]:
    """``NAME=value`` lines; quotes around a value are taken off, as the settings do."""
    file = ROOT / ".env"
    if not file.exists():
        return {}
    pairs = (line.split("=", 1) for line in file.read_text().splitlines() if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip().removeprefix("export "): value.strip().strip("\"'") for name, value in pairs}


def for_children() -> dict[str, str]:
    """What every process of the portal is started with."""
    return {**_dotenv(), **os.environ, "PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "peacebuild.settings"}


def embedded() -> bool:
    return variable("PORTAL_ENV", "embedded") == "embedded"


def data_folder() -> Path:
    return Path(variable("DATA_DIR", str(ROOT / "var"))).resolve()


def refuse_arguments(arguments: list[str]) -> None:
    if arguments:
        raise Problem(f"does not know {arguments[0]!r}: ./portal help lists the commands.")


def writable_data_folder() -> Path:
    """The data folder, made on first use; refused when it cannot be written or its disk is full."""
    folder = data_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    probe = folder / f".writable-{os.getpid()}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as problem:
        problem.filename = str(folder)  # a person knows the folder, not the file that tried it
        raise
    _need_space(folder, DATA_MEGABYTES)
    return folder


@contextlib.contextmanager
def only_one_instance() -> Iterator[None]:
    """Hold the lock file of the data folder; a lock left by a killed process is free again."""
    with (writable_data_folder() / "portal.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise Problem(f"the portal is already running from {data_folder()} (process {holder}): stop it first with Ctrl-C.") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def install(*, development: bool = False) -> None:
    """A virtual environment with exactly the pinned packages; nothing to do when they have not changed."""
    files = [ROOT / name for name in ("requirements.txt", *(["requirements-dev.txt"] if development else []))]
    stamp = VENV / ("portal-development" if development else "portal-runtime")
    wanted = _fingerprint(files)
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    _need_space(ROOT, INSTALL_MEGABYTES[development])
    if not PYTHON.exists() or not _same_python():
        print("Making the virtual environment in .venv")
        made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True, check=False)
        if made.returncode:
            _explain(made.stdout + made.stderr, "could not make a virtual environment")
    print(f"Installing the packages of {files[-1].name} (a minute or two, once)")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(files[-1])]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        _explain(done.stderr, "could not install the packages")
    stamp.write_text(wanted)
    if development:
        (VENV / "portal-runtime").write_text(_fingerprint(files[:1]))


def call(arguments: list[str], **variables: str) -> int:
    """Run the environment's Python in the foreground."""
    return subprocess.run([str(PYTHON), *arguments], cwd=ROOT, env=for_children() | variables, check=False).returncode


def manage(*arguments: str) -> int:
    return call(["manage.py", *arguments])


def ask(code: str) -> str:
    """What a line of Python in the portal's own shell prints."""
    command = [str(PYTHON), "manage.py", "shell", "--verbosity", "0", "--command", code]
    found = subprocess.run(command, cwd=ROOT, env=for_children(), capture_output=True, text=True, check=False)
    if found.returncode:
        raise Problem((found.stderr.strip() or found.stdout.strip()).splitlines()[-1])
    return found.stdout.strip()


def _fingerprint(files: list[Path]) -> str:
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _same_python() -> bool:
    """A .venv made by another Python version is made anew."""
    wanted = "print('%d.%d' % __import__('sys').version_info[:2])"
    found = subprocess.run([str(PYTHON), "-c", wanted], capture_output=True, text=True, check=False)
    return found.stdout.strip() == f"{sys.version_info[0]}.{sys.version_info[1]}"


def _need_space(folder: Path, megabytes: int) -> None:
    free = shutil.disk_usage(folder).free // 2**20
    if free < megabytes:
        raise Problem(f"not enough disk space: {folder} has {free} MB free and {megabytes} MB are needed.")


def _explain(output: str, what: str) -> None:
    if "No space left on device" in output:
        raise Problem(f"no disk space left in {ROOT}: free some and start again.")
    if "ensurepip" in output:
        raise Problem("Python's venv module is not installed: on Debian, apt install python3-venv.")
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith("WARNING")]
    raise Problem(f"{what}: {lines[-1].strip() if lines else 'no reason given'}")
