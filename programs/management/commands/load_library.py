"""Load the shipped dimensions, themes and indicator definitions."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from programs import shipped_library


class Command(BaseCommand):
    help = "Load the shipped dimensions, themes and indicator definitions. Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--refresh", action="store_true", help="bring definitions whose rules are not frozen up to the wording and rules shipped"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = shipped_library.load(refresh=options["refresh"])
        self.stdout.write(
            f"{len(loaded.made)} definitions made, {len(loaded.refreshed)} refreshed, "
            f"{loaded.dimensions} dimensions and {loaded.themes} themes made."
        )
        if loaded.differing:
            self.stdout.write(f"Left as this installation has them: {', '.join(loaded.differing)}")
