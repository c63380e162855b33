"""Data for measuring are true data: they roll up, their kept rows are proved, and they never mix with real projects."""

from __future__ import annotations

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from dashboard import bench, scale
from programs.models import Indicator, Program
from reporting import promises, rollup
from reporting.models import Figure, PublishedNumber
from tests import factories


def test_a_seeded_program_rolls_up_and_its_kept_rows_are_proved(db):
    assert scale.seed(800) == Figure.objects.count() == scale.FIXED_PROJECTS * scale.PER_STREAM + 2 * scale.PER_STREAM
    call_command("verify_rollups", stdout=StringIO())
    fixed = Program.objects.get(code=scale.FIXED)
    through = date(2025, 12, 31)
    lines = rollup.progress(promises.promised(Indicator.objects.filter(project__program=fixed)), through=through, each="indicator")
    assert len(lines) == 60
    assert all(line.progress.coverage.is_complete for line in lines)
    kept = rollup.kept(Indicator.objects.filter(project__program=fixed), through=through)
    assert {line.indicators[0].pk: (line.progress.value, line.progress.coverage) for line in lines} == {
        key: (amount.value, coverage) for key, (amount, coverage) in kept.items()
    }
    assert PublishedNumber.objects.exists()


def test_the_kept_number_is_the_latest_within_the_date(db):
    scale.seed(600)
    kept = rollup.kept(Indicator.objects.all(), through=date(2024, 7, 1))
    lines = rollup.progress(Indicator.objects.all(), through=date(2024, 7, 1), each="indicator")
    assert {line.indicators[0].pk: line.progress.value for line in lines} == {key: amount.value for key, (amount, _cover) in kept.items()}


def test_seeding_again_goes_on_where_it_stopped(db):
    scale.seed(600)
    first = Figure.objects.count()
    assert scale.seed(600) == first
    assert scale.seed(1200) > first


def test_real_projects_are_never_mixed_with_data_for_measuring(db):
    factories.project()
    with pytest.raises(CommandError, match="real projects"):
        call_command("seed_scale", "600", stdout=StringIO())


def test_every_line_of_the_bench_still_runs(db):
    found = bench.run([800], pace=bench.SMOKE, say=lambda words: None, parts=set(bench.PARTS) - {"worker"})
    assert all(one.result > 0 or one.unit == "MB" for one in found)
    assert "OTHER BYTES" not in " ".join(one.detail for one in found)
    assert {
        "early-warning sweep, again / SQL", "place page / empty page and SQL", "counts of cases / empty page and SQL", "whole portfolio, its page", "fixed program, overview",
        "results of a survey round / SQL", "exact scores / plain means",
    } <= {one.what for one in found}  # fmt: skip
