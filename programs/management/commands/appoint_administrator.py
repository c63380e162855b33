"""The first person of a fresh portal: the agency, an account and the administrator's role."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import Organization, User
from programs import access


class Command(BaseCommand):
    help = "Appoint an administrator, and make the account and the agency where they are not there yet. Everybody else is invited by page."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="the person's name, for a new account")
        parser.add_argument("--agency", default="", help="the agency's name, while the portal has none")
        parser.add_argument("--agency-type", default="40", help="its IATI organisation type (default 40, multilateral)")

    def handle(self, *, email: str, name: str, agency: str, agency_type: str, **options: Any) -> None:
        root = Organization.objects.filter(kind=Organization.Kind.AGENCY, parent=None).first()
        if root is None and not agency:
            raise CommandError("The portal has no agency yet: say its name with --agency.")
        user = User.objects.filter(email__iexact=email).first()
        if user is None and not name:
            raise CommandError(f"{email} has no account yet: say the person's name with --name.")
        password = _password() if user is None else ""
        try:
            with transaction.atomic():
                if root is None:
                    root = Organization(name=agency, kind=Organization.Kind.AGENCY, iati_type=agency_type)
                    root.full_clean()
                    root.save()
                if user is None:
                    user = User.objects.create_user(email, password, name=name, organization=root)
                    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
                access.appoint_administrator(user)
        except (ValidationError, access.RoleClash) as refused:
            raise CommandError(_words(refused)) from refused
        self.stdout.write(f"{user.email} is administrator. A second factor is asked for at the first sign-in.")


def _password() -> str:
    """Asked for twice at a terminal; one line where input is piped."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password for the new account: ")
        if getpass.getpass("Once more: ") != password:
            raise CommandError("The two passwords differ.")
    try:
        validate_password(password)
    except ValidationError as weak:
        raise CommandError(_words(weak)) from weak
    return password


def _words(error: Exception) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
