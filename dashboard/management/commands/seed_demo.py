"""Load the demo into an empty installation and print how to sign in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import User
from dashboard.demo import build
from programs.models import Membership


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
            factor = f"   second factor: {secret}" if secret else ""
            self.stdout.write(f"  {person.email}{factor}   ({_roles(person)})")
        for partner, key in built.keys.items():
            self.stdout.write(f"API key of {partner}: {key}")


def _roles(person: User) -> str:
    """ "Partner reporter, NYI": a newcomer sees whom to sign in as."""
    held = Membership.objects.live().filter(user=person, deputy_for__isnull=True).select_related("organization").order_by("pk")
    roles = dict.fromkeys(str(row.get_role_display()) for row in held)
    return ", ".join([*roles, person.organization.short_name or person.organization.name] if person.organization else roles)
