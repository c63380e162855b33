"""Measure the portal against its limits."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from dashboard import bench


class Command(BaseCommand):
    help = "Make a database of its own, fill it with scale data, and print what lists, totals, exports and writes cost beside their floors."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sizes", default="10000,1000000", help="how many figures, growing, separated by commas")
        parser.add_argument("--seeded", default="", help="begin with a copy of this database (PostgreSQL) or file (SQLite) of seed_scale")
        parser.add_argument("--only", default=",".join(bench.PARTS), help=f"which parts, separated by commas: {', '.join(bench.PARTS)}")
        parser.add_argument("--smoke", action="store_true", help="few figures and few rounds: shows that everything still runs")

    def handle(self, *args: Any, **options: Any) -> None:
        sizes = [2000] if options["smoke"] else [int(size) for size in options["sizes"].split(",")]
        parts = options["only"].split(",")
        if unknown := set(parts) - set(bench.PARTS):
            raise CommandError(f"There is no part {', '.join(sorted(unknown))}.")
        name = connection.settings_dict["NAME"]
        with tempfile.TemporaryDirectory() as folder:
            if connection.vendor == "sqlite":
                connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "bench.sqlite3")
            else:
                connection.settings_dict["TEST"]["NAME"] = f"bench_{name}"
            if options["seeded"]:
                _copy(options["seeded"], connection.settings_dict["TEST"]["NAME"])
            connection.creation.create_test_db(verbosity=0, autoclobber=True, keepdb=bool(options["seeded"]))
            try:
                self.stdout.write(f"{connection.vendor} {connection.Database.__name__}, {', '.join(f'{size:,}' for size in sizes)} figures")
                found = bench.run(sizes, pace=bench.SMOKE if options["smoke"] else bench.FULL, say=self.stdout.write, parts=parts)
            finally:
                connection.creation.destroy_test_db(name, verbosity=0)
        held = [one for one in found if one.limit is not None]
        missed = [f"{one.what} ({one.figures:,})" for one in held if not one.is_met]
        self.stdout.write(f"{len(held) - len(missed)} of {len(held)} limits met" + (f"; not: {', '.join(missed)}" if missed else ""))


def _copy(seeded: str, name: str) -> None:
    if connection.vendor == "sqlite":
        shutil.copyfile(seeded, name)
        return
    quote = connection.ops.quote_name
    with connection.creation._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f"DROP DATABASE IF EXISTS {quote(name)}")
        cursor.execute(f"CREATE DATABASE {quote(name)} TEMPLATE {quote(seeded)}")
