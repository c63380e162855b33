"""The files that machines run from name commands and variables that exist."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.commands import processes

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "deploy/systemd").glob("portal-*.service"))


@pytest.mark.parametrize("name", ["web", "worker@", "beat"])
def test_a_unit_runs_what_the_script_runs(name):
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(ROOT / f"deploy/systemd/portal-{name}.service")
    started = unit["Service"]["ExecStart"].split()[1:]
    ours = processes.commands()[name.rstrip("@")][1:]
    assert set(ours) - {"--concurrency=1"} <= set(started)


def test_every_variable_that_deploy_md_sets_is_one_the_portal_reads():
    listed = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    shown = set(re.findall(r"^([A-Z_]+)=", (ROOT / "docs/deploy.md").read_text(), re.MULTILINE))
    assert shown
    assert shown <= listed


def test_systemd_accepts_the_units(tmp_path):
    if shutil.which("systemd-analyze") is None:
        assert UNITS  # a machine without systemd cannot judge them; the other tests still read them
        return
    for unit in UNITS:
        text = unit.read_text().replace("/opt/portal/.venv/bin/python", "/usr/bin/env").replace("./portal", "true")
        name = unit.name.replace("@.", "@1.")
        (tmp_path / name).write_text(re.sub(r"^(User|Group|EnvironmentFile)=.*\n", "", text, flags=re.MULTILINE))
    (tmp_path / "portal.target").write_text((ROOT / "deploy/systemd/portal.target").read_text())
    judged = subprocess.run(
        ["systemd-analyze", "verify", *sorted(str(path) for path in tmp_path.glob("*.service"))],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in judged.stderr.splitlines() if "portal-" in line and "/opt/portal" not in line]
    assert ours == []
