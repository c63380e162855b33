"""``./portal restore FILE``."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from plumbing import backup


class Command(BaseCommand):
    help = "Read a backup into an empty installation."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: object) -> None:
        try:
            report = backup.read(file)
        except backup.BackupRefused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"Restored the portal as of {report.made_at}: the database and {report.files} files.")
        self.stdout.write(f"Put the keys of that installation into {settings.KEYS_DIR} before you start it.")
