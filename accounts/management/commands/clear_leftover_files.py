"""Remove stored files that no record names; with --dry-run only say which."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import stored_files


class Command(BaseCommand):
    help = "Remove stored files that no record names, once they are old enough. It also runs by itself every night."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say which, and remove nothing")
        parser.add_argument(
            "--even-so", action="store_true", help="remove them although they are many; look first whether the database is the right one"
        )

    def handle(self, *args: object, **options: Any) -> None:
        done = stored_files.clear(dry_run=options["dry_run"], even_so=options["even_so"], via="command")
        if options["dry_run"]:
            for path in done.found:
                self.stdout.write(path)
        if done.is_too_many:
            raise CommandError(
                f"{len(done.found)} files are named by no record: so many that the database may be an older one. Nothing was removed; --even-so removes them."
            )
        self.stdout.write(f"{len(done.found)} found, {done.removed} removed.")
