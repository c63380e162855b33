"""What a command needs before it starts, and the one line it gives when that is missing."""

import shutil
import subprocess
import sys
from collections import namedtuple

import pytest

from deploy.commands import command_line, environment, processes

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """An empty checkout with its data folder inside, and none of this machine's variables."""
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(environment, "PYTHON", tmp_path / ".venv/bin/python")
    for name in ("DATA_DIR", "PORT", "HOST", "PORTAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_environment_wins_over_the_file_and_empty_is_not_set(root, monkeypatch):
    (root / ".env").write_text("# a comment\nPORT=8005\nexport HOST='0.0.0.0'\nDATA_DIR=\n")
    monkeypatch.setenv("PORT", "8006")
    assert environment.variable("PORT", "8000") == "8006"
    assert environment.variable("HOST") == "0.0.0.0"
    assert environment.data_folder() == root / "var"


def test_a_full_disk_is_said_before_anything_is_installed(root, monkeypatch):
    (root / "requirements.txt").write_text("django==5.2.19\n")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**9, 10**9 - 5 * 2**20, 5 * 2**20))
    with pytest.raises(environment.Problem, match=r"not enough disk space: .* has 5 MB free and 700 MB are needed"):
        environment.install()
    assert not (root / ".venv").exists()


@pytest.mark.parametrize(
    ("number", "line"), [(28, "no disk space left in /data: free some"), (30, "/data cannot be written"), (13, "/data cannot be written")]
)
def test_a_failure_of_the_system_is_one_line(monkeypatch, capsys, number, line):
    def fail(arguments):
        raise OSError(number, "words of the system", "/data")

    monkeypatch.setitem(command_line.COMMANDS, "run", fail)
    assert command_line.main(["run"]) == 2
    written = capsys.readouterr().err
    assert line in written
    assert written.count("\n") == 1


def test_a_data_folder_that_cannot_be_made_is_one_line(root, monkeypatch, capsys):
    (root / "var").write_text("a file where the folder should be")
    assert command_line.main(["run"]) == 2
    written = capsys.readouterr().err
    assert str(root / "var") in written
    assert written.count("\n") == 1


def test_a_second_instance_is_refused_and_the_first_is_named(root):
    holder = f"import fcntl, time; f = open({str(root / 'var/portal.lock')!r}, 'w'); fcntl.flock(f, fcntl.LOCK_EX)"
    environment.writable_data_folder()
    first = subprocess.Popen(
        [sys.executable, "-c", f"{holder}; f.write('4711'); f.flush(); print('held', flush=True); time.sleep(60)"], stdout=subprocess.PIPE
    )
    try:
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(environment.Problem, match=r"already running from .* \(process 4711\)"), environment.only_one_instance():
            pass
    finally:
        first.kill()
        first.wait()
    with environment.only_one_instance():
        assert "4711" not in (root / "var/portal.lock").read_text()


@pytest.mark.parametrize("port", ["eighty", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(monkeypatch, port):
    monkeypatch.setenv("PORT", port)
    with pytest.raises(environment.Problem, match="PORT is"):
        processes.free_port()


def test_a_busy_port_is_said_with_what_to_try(monkeypatch):
    with processes.socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))
        with pytest.raises(environment.Problem, match=r"port \d+ is busy .*PORT=8001"):
            processes.free_port()


def test_packages_are_installed_again_only_when_their_list_changes(root, monkeypatch):
    ran = []

    def pretend(command, **options):
        ran.append(command)
        if command[1:3] == ["-m", "venv"]:
            environment.PYTHON.parent.mkdir(parents=True)
            environment.PYTHON.symlink_to(sys.executable)
        version = f"{sys.version_info[0]}.{sys.version_info[1]}\n"
        return subprocess.CompletedProcess(command, 0, version, "")

    monkeypatch.setattr(subprocess, "run", pretend)
    (root / "requirements.txt").write_text("django==5.2.19\n")
    environment.install()
    first = len(ran)
    environment.install()
    assert (first, len(ran)) == (2, 2)
    (root / "requirements.txt").write_text("django==5.2.20\n")
    environment.install()
    assert [command[1:3] for command in ran[first:]] == [["-c", ran[2][2]], ["-m", "pip"]]


def test_an_unknown_command_lists_the_known_ones(capsys):
    assert command_line.main(["strat"]) == 2
    written = capsys.readouterr().err
    assert "there is no command 'strat'" in written
    assert "./portal run" in written
