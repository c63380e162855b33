"""Prove that the kept rows of the portfolio page are what the figures come to."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from programs.models import Indicator, Project
from reporting import rollup


class Command(BaseCommand):
    help = "Compare every kept roll-up row with the roll-up itself; --repair writes the rows anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", help="code of one project; default: all")
        parser.add_argument("--repair", action="store_true", help="write what differs anew")

    def handle(self, *args: Any, **options: Any) -> None:
        projects = Project.objects.order_by("code")
        if options["project"]:
            projects = projects.filter(code=options["project"])
            if not projects:
                raise CommandError(f"There is no project {options['project']}.")
        wrong = 0
        for project in projects:
            indicators = Indicator.objects.filter(project=project)
            different = set()
            for indicator, end, kept, computed in rollup.differences(indicators):
                self.stdout.write(f"{project.code} {indicator.code} {end}: kept {kept}; computed {computed}")
                different.add(indicator.pk)
                wrong += 1
            if different and options["repair"]:
                rollup.keep_safely(project, different)
        if wrong and not options["repair"]:
            raise CommandError(f"{wrong} rows differ. Run again with --repair to write them anew.")
        self.stdout.write(self.style.SUCCESS(f"{wrong} rows written anew." if wrong else "Every kept row equals the roll-up."))
