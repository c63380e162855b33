"""``manage.py import_framework FILE --project CODE``: a framework from a spreadsheet, without the page."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organization, User
from exchange import framework_columns, framework_plan, imports, spreadsheets
from exchange.framework_plan import Chosen
from exchange.framework_words import Field
from exchange.models import Import
from exchange.written_periods import Span
from locations.models import Place
from plumbing.refusals import Refused
from privacy import files
from programs.models import Level, Project


class Command(BaseCommand):
    help = (
        "Reads a results framework from an .xlsx, .ods or .csv file and shows what it would change in the project. With --confirm it is "
        "written, all or nothing. The same file again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--project", required=True, help="code of the project")
        parser.add_argument("--by", default="", help="e-mail of the person who answers for the import (default: the project's manager)")
        parser.add_argument("--confirm", action="store_true", help="write it; without, only the difference is shown")
        parser.add_argument("--sheet", default="", help="name of the sheet, where the one found is not meant")
        parser.add_argument("--header-row", type=int, default=0, help="row of the headings, where the one found is not meant")
        parser.add_argument("--level", default="", choices=["", *Level.values], help="level of the new results")
        parser.add_argument("--partner", default="", help="whose the past figures are: name or short name")
        parser.add_argument("--place", default="", help="where the past figures belong: P-code")
        parser.add_argument("--period", default="", help="of past figures whose heading names none, such as 2024-01-01:2024-12-31")
        parser.add_argument("--without-figures", action="store_true", help="leave past figures out")
        parser.add_argument("--restart", action="store_true", help="later running totals start at 0 again and do not include the past ones")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(code=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        by = self._person(project, options["by"])
        try:
            source = imports.receive(project, content=self._content(options["file"]), name=options["file"].name, by=by)
            self._choose(source, by, options)
            plan = framework_plan.plan(source)
            self._show(plan)
            if not options["confirm"]:
                self.stdout.write("Nothing was written. Add --confirm to import it, or open it in the portal under Imports.")
                return
            imports.confirm(source, by=by)
        except imports.ImportedBefore as before:
            self.stdout.write(f"{before} (import {before.first.pk})")
        except (Refused, spreadsheets.SpreadsheetRefused, framework_columns.NoFramework, files.FileRefused) as wrong:
            raise CommandError(str(wrong)) from wrong
        else:
            done = ", ".join(f"{count} {what}" for what, count in json.loads(source.summary or "{}").items() if count)
            self.stdout.write(self.style.SUCCESS(f"Imported as import {source.pk}: {done or 'nothing to change'}."))

    def _content(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as wrong:
            raise CommandError(f"{path} cannot be read: {wrong.strerror}.") from wrong

    def _person(self, project: Project, address: str) -> User:
        person = User.objects.filter(email__iexact=address, is_active=True).first() if address else project.manager
        if person is None:
            raise CommandError("Name the person who answers for the import: --by name@example.org.")
        return person

    def _choose(self, source: Import, by: User, options: dict[str, Any]) -> None:
        chosen = replace(Chosen.load(source.choices), sheet=options["sheet"], header_row=options["header_row"], level=options["level"])
        imports.choose(source, chosen=chosen, by=by)
        figures = framework_plan.plan(source).found.of(Field.FIGURE)
        fields, periods = {}, {}
        if options["without_figures"]:
            fields = {column.index: Field.UNUSED for column in figures}
        elif options["period"]:
            periods = {column.index: self._span(options["period"]) for column in figures if column.period is None}
        imports.choose(
            source,
            chosen=replace(
                chosen, fields=fields, periods=periods, partner=self._partner(options["partner"]), place=self._place(options["place"]),
                later_include=not options["restart"],
            ),
            by=by,
        )  # fmt: skip

    def _span(self, text: str) -> Span:
        try:
            first, last = (date.fromisoformat(part) for part in text.split(":"))
        except ValueError as wrong:
            raise CommandError("Write --period as first and last day: 2024-01-01:2024-12-31.") from wrong
        return Span(first, last)

    def _partner(self, name: str) -> int | None:
        if not name:
            return None
        found = Organization.objects.filter(name=name).first() or Organization.objects.filter(short_name=name).first()
        if found is None:
            raise CommandError(f"There is no organization “{name}”.")
        return found.pk

    def _place(self, code: str) -> int | None:
        if not code:
            return None
        found = Place.objects.filter(code=code).first()
        if found is None:
            raise CommandError(f"There is no place with the P-code {code}.")
        return found.pk

    def _show(self, plan: framework_plan.Plan) -> None:
        found = plan.found
        self.stdout.write(f"Sheet “{found.sheet}”, headings in row {found.header_row}")
        for column in found.columns:
            period = f" {column.period.start}–{column.period.end}" if column.period else ""
            self.stdout.write(f"  {column.letter}  {column.heading}  ->  {column.field}{period} ({column.certainty}; {column.why})")
        self.stdout.write(
            f"{len(plan.new_results)} results to add, {len(plan.new_indicators)} indicators to add, {len(plan.changed)} to change, "
            f"{plan.new_figures} past figures; {len(plan.gone)} indicators of the project are not in the file and stay"
        )
        for problem in plan.problems:
            cells = ", ".join(problem.cells) or "–"
            self.stdout.write(f"  {problem.kind.upper()} {cells}: {problem.message.rstrip('.')}. {problem.why}".rstrip())
