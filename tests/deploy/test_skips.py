"""A leg of .ci/run does not pass by skipping."""

import subprocess
import sys
from pathlib import Path

import pytest

SKIPS = Path(__file__).resolve().parents[2] / ".ci/skips.py"
RAN = '<testcase classname="tests.a" name="test_one" time="0.5"/>'
SKIPPED = '<testcase classname="tests.a" name="test_two" time="0"><skipped type="pytest.skip" message="{}"/></testcase>'


def _judge(tmp_path, leg, *cases):
    file = tmp_path / "results.xml"
    file.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    return subprocess.run([sys.executable, SKIPS, leg, file], capture_output=True, text=True, check=False)


def test_what_another_leg_runs_may_be_skipped(tmp_path):
    assert _judge(tmp_path, "sqlite", RAN, SKIPPED.format("needs PostgreSQL: DATABASE_URL=...")).returncode == 0


@pytest.mark.parametrize(
    ("leg", "reason"), [("postgresql", "needs PostgreSQL"), ("sqlite", "test inputs are not here"), ("browser", "needs chromium")]
)
def test_any_other_skip_fails_the_leg_and_is_named(tmp_path, leg, reason):
    judged = _judge(tmp_path, leg, RAN, SKIPPED.format(reason))
    assert judged.returncode == 1
    assert f"tests.a::test_two: {reason}" in judged.stdout


def test_a_leg_in_which_nothing_ran_fails(tmp_path):
    assert _judge(tmp_path, "sqlite", SKIPPED.format("needs PostgreSQL")).returncode == 1


def test_the_closing_line_sums_all_legs(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.xml").write_text(f"<testsuites><testsuite>{RAN}{SKIPPED.format('x')}</testsuite></testsuites>")
    summed = subprocess.run(
        [sys.executable, SKIPS, "--sum", tmp_path / "a.xml", tmp_path / "b.xml"], capture_output=True, text=True, check=True
    )
    assert summed.stdout == "=== 2 passed, 2 skipped in 1.00s ===\n"
