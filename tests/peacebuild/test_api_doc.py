"""What ``docs/api.md`` shows runs as it stands, against a live portal."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from accounts.roles import Role
from programs.models import ActivityRecord
from reporting.models import Figure, Submission
from tests import factories
from tests.callers import key_of

DOC = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
pytestmark = pytest.mark.django_db(transaction=True)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)


@pytest.fixture
def portal(live_server):
    """The portal that the document tells of, and the environment its commands run in."""
    world = factories.world("PPS-01")
    factories.dimension("sex", "female", "male", "unknown")
    factories.dimension("age", "18-24", "25-35", "unknown")
    world.place = factories.place("SS0703")
    world.project.places.create(place=world.place)
    world.indicator(factories.definition("DDR-6", breakdowns=(("sex", "age"),), counting="contacts"))
    world.indicator(factories.ratio("DDR-9"))
    world.indicator(factories.definition("CVR-2"))
    world.open(0)
    world.open(1)
    secret = key_of(world.partner, by=factories.member(Role.PARTNER_MANAGER, organization=world.partner))
    return {"PATH": os.environ["PATH"], "PORTAL": live_server.url, "KEY": secret}


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl: apt-get install curl")
def test_the_curl_session_reports_a_quarter(portal):
    strict = 'set -euo pipefail\ncurl() { command curl --fail-with-body "$@"; }\n'
    ran = subprocess.run(
        ["bash", "-c", strict + "\n".join(blocks("sh"))], env=portal, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    assert Submission.objects.get().state == "submitted"
    assert Figure.objects.count() == 4
    assert ActivityRecord.objects.get().people_present == 22
    assert '"kind":"key"' in ran.stdout


def test_the_python_client_reports_and_goes_on_with_what_is_open(portal, tmp_path):
    (client,) = blocks("python")
    assert len([line for line in client.splitlines() if line.strip()]) <= 60
    path = tmp_path / "client.py"
    path.write_text(client)
    ran = [
        subprocess.run([sys.executable, str(path)], env=portal, capture_output=True, text=True, timeout=120, check=False)
        for _run in range(2)
    ]
    assert ran[0].stdout.split() == ["submitted", "1"], ran[0].stderr
    assert Submission.objects.get().period.code == "2026-Q2"
    assert "This report is" in ran[1].stderr  # in review it is no longer ours to change, and the client says so
