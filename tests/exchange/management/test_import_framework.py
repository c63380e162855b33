"""The command shows the difference, writes on demand, and says in one line what is missing."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from exchange.models import Import
from programs.models import Indicator
from tests import factories
from tests.exchange import sheets
from tests.factories import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return factories.world("PPS-03")


@pytest.fixture
def logframe(tmp_path: Path) -> Path:
    path = tmp_path / "logframe.xlsx"
    path.write_bytes(sheets.SMALL)
    return path


def run(world: World, path: Path, *more: str) -> str:
    out = StringIO()
    call_command("import_framework", str(path), "--project", "PPS-03", "--by", world.mande.email, *more, stdout=out)
    return out.getvalue()


def test_the_difference_is_shown_and_nothing_written(world: World, logframe: Path) -> None:
    said = run(world, logframe)
    assert "1 results to add, 3 indicators to add, 0 to change, 3 past figures" in said
    assert "Whose past figures are these?" in said
    assert Indicator.objects.count() == 0


def test_it_is_written_when_confirmed_and_a_second_time_points_to_the_first(world: World, logframe: Path) -> None:
    whose = ("--confirm", "--partner", world.partner.name, "--place", world.place.code)
    said = run(world, logframe, *whose)
    assert "Imported as import" in said
    assert "{" not in said
    assert Indicator.objects.count() == 3
    again = run(world, logframe, *whose)
    assert f"(import {Import.objects.get().pk})" in again
    assert Indicator.objects.count() == 3


def test_past_figures_can_be_left_out(world: World, logframe: Path) -> None:
    run(world, logframe, "--confirm", "--without-figures")
    assert Indicator.objects.count() == 3


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--confirm",), "Whose past figures"),
        (("--partner", "Nobody"), "no organization"),
        (("--place", "XX99"), "no place"),
        (("--header-row", "1", "--sheet", "Nowhere"), "No sheet has the headings"),
    ],
)
def test_what_is_missing_is_one_clear_line(world: World, logframe: Path, more: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(world, logframe, *more)
    assert Indicator.objects.count() == 0


def test_a_missing_file_or_project_is_said(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run(world, tmp_path / "none.xlsx")
    with pytest.raises(CommandError, match="no project"):
        call_command("import_framework", str(tmp_path / "none.xlsx"), "--project", "NONE")
