"""Load the demo into an empty installation and print how to sign in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import User
from dashboard.demo import build


class Command(BaseCommand):
    help = "Load a small invented program into an empty portal; prints the password, second-factor secrets and API keys."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--password", default="", help="the password of every demo user (default: a random one)")

    def handle(self, *args: Any, password: str = "", **options: Any) -> None:
        if User.objects.exists():
            raise CommandError("This portal already has users: the demo goes into an empty one only, so that nothing real mixes with it.")
        with transaction.atomic():
            built = build.build(password=password, say=lambda words: self.stderr.write(f"demo: {words}"))
        self.stdout.write(f"Password of every demo user: {built.password}")
        for person in User.objects.filter(is_service=False).order_by("pk"):
            secret = built.secrets.get(person.email)
            self.stdout.write(f"  {person.email}" + (f"   second factor: {secret}" if secret else ""))
        for partner, key in built.keys.items():
            self.stdout.write(f"API key of {partner}: {key}")
