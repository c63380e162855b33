"""What stands before the first intake: the pathways that a program offers, the notice that is read, whom to call for a child."""

from __future__ import annotations

from typing import TypeVar

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.roles import Permission
from locations.models import Place
from programs import access
from programs.models import Program
from reintegration.models import Notice, ProgramPathway, ProtectionContact

Row = TypeVar("Row", ProgramPathway, Notice, ProtectionContact)


def offer(program: Program, *, pathway: str, by: User) -> ProgramPathway:
    """From now on the program offers this pathway; a program without any offers ``reintegration`` alone."""
    return _keep(ProgramPathway(program=program, pathway=pathway), "pathway.offered", by, pathway=pathway)


def put_notice(*, version: str, language: str, text: str, by: User) -> Notice:
    """The text of a version in one language, in use from now on."""
    return _keep(Notice(version=version, language=language.strip(), text=text), "notice.put", by, version=version)


def put_protection_contact(*, name: str, by: User, place: Place | None = None, phone: str = "", hours: str = "") -> ProtectionContact:
    """An office to call where somebody may be a child; without a place, everywhere."""
    return _keep(ProtectionContact(name=name, place=place, phone=phone, hours=hours), "protection_contact.put", by)


def _keep(row: Row, event: str, by: User, **detail: str) -> Row:
    access.require_word(by, Permission.SET_UP)
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record(event, [row], by=by, **detail)
    return row
