"""Fill an installation with data for measuring."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard import scale


class Command(BaseCommand):
    help = "Write programs, projects and accepted figures in bulk, for measuring only: refuses where real projects are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("figures", type=int, nargs="?", default=10_000, help="about how many figures there shall be")
        parser.add_argument("--without-rows", action="store_true", help="leave roll-up rows and published numbers out")

    def handle(self, *args: Any, **options: Any) -> None:
        if not scale.is_empty():
            raise CommandError("There are real projects here. Use an empty database: this writes beside the acts and their checks.")
        count = scale.seed(options["figures"], with_rows=not options["without_rows"], say=self.stdout.write)
        self.stdout.write(self.style.SUCCESS(f"{count:,} figures."))
