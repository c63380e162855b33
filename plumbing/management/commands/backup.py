"""``./portal backup FILE``."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from plumbing import backup


class Command(BaseCommand):
    help = "Write database and uploaded files, not the keys, to a new file."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: object) -> None:
        try:
            report = backup.write(file)
        except backup.BackupRefused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"Wrote {report.file}: the database and {report.files} files as of {report.made_at}.")
        self.stdout.write(f"The keys are not in it. Keep a copy of {settings.KEYS_DIR} apart from the backup:")
        self.stdout.write("without them, encrypted files and second factors cannot be read after a restore.")
