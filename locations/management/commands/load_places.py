"""Bring a gazetteer in from a CSV file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import audit
from locations import loading

SHOWN = 50


class Command(BaseCommand):
    help = (
        "Load places from a CSV file with the columns " + ",".join(loading.HEADER) + ". All or nothing; the same file again changes "
        "nothing; places that the file no longer holds are retired."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the CSV file, in UTF-8")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        path = Path(file)
        try:
            with transaction.atomic():
                done = loading.load_places(path.read_text(encoding="utf-8-sig"), source=path.name)
                if not done.is_empty:
                    audit.record(
                        "places.loaded", [("country", code) for code in done.countries], by=None, via="command", made=done.made,
                        changed=done.changed, retired=done.retired,
                    )  # fmt: skip
        except OSError as problem:
            raise CommandError(f"{path} cannot be read: {problem.strerror}.") from problem
        except UnicodeDecodeError as problem:
            raise CommandError(f"{path} is not UTF-8 text. Save it as “CSV UTF-8” and try again.") from problem
        except loading.FileProblems as found:
            lines = found.problems[:SHOWN]
            if len(found.problems) > SHOWN:
                lines.append(f"… and {len(found.problems) - SHOWN} more problems.")
            raise CommandError("\n".join([f"Nothing was loaded from {path}:", *lines])) from found
        if done.is_empty:
            self.stdout.write(f"{path.name} was loaded before: nothing to change.")
        else:
            self.stdout.write(
                f"{', '.join(done.countries)}: {done.made} places made, {done.changed} changed, {done.retired} retired, {done.named} other names."
            )
