"""Load the shipped survey instruments as drafts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from surveys import instruments


class Command(BaseCommand):
    help = "Load the shipped survey instruments as drafts; an administrator puts them in force. Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = instruments.load_shipped()
        self.stdout.write(f"{len(loaded.made)} instruments loaded as drafts, {len(loaded.kept)} were there already.")
        for code in loaded.made:
            self.stdout.write(f"  {code}")
