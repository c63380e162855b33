"""Who may read which part of the audit log, and who the people in it are."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from accounts.models import Actor, AuditEvent, AuditSubject, User
from accounts.roles import Permission
from programs import access
from programs.models import Project


def visible_to(user: Actor) -> QuerySet[AuditEvent]:
    """Without a scope the whole log; within one, the events that name its project, a project of its program, or its partner.

    An event that names none of them cannot be placed and is left out.
    """
    condition = Q(pk__in=[])
    for one in access.held(user):
        if Permission.READ_AUDIT not in one.words:
            continue
        if not one.scope:
            return AuditEvent.objects.all()
        about = Q(pk__in=[])
        if "place" in one.scope:
            continue
        if "project" in one.scope:
            about = _named("project", [one.scope["project"]])
        elif "program" in one.scope:
            projects = Project.objects.filter(program=one.scope["program"]).values_list("pk", flat=True)
            about = _named("project", projects) | _named("program", [one.scope["program"]])
        if "partner" in one.scope:
            partner = _named("organization", [one.scope["partner"]])
            about = about & partner if {"project", "program"} & set(one.scope) else partner
        condition |= about
    return AuditEvent.objects.filter(condition)


def people_in(events: Iterable[AuditEvent]) -> dict[str, str]:
    """ "user:7" -> name, for everybody that these events name, in one query."""
    words = {word for event in events for word in (event.actor, event.behind)}
    words |= {f"user:{subject.key}" for event in events for subject in event.subjects.all() if subject.kind == "user"}
    keys = {int(word[5:]) for word in words if word.startswith("user:") and word[5:].isdecimal()}
    return {f"user:{pk}": name or email for pk, name, email in User.objects.filter(pk__in=keys).values_list("pk", "name", "email")}


def _named(kind: str, keys: Iterable[int]) -> Q:
    return Q(pk__in=AuditSubject.objects.filter(kind=kind, key__in=[str(key) for key in keys]).values("event"))
