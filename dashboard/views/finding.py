"""Search over everything with a name or a code, and the page that says whether the portal works."""

from __future__ import annotations

import platform
from datetime import timedelta
from typing import Any

import django
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import AuditEvent, Message, Organization, User
from accounts.outbox import MOST_ATTEMPTS
from accounts.roles import Permission
from dashboard.navigation import address, open_to
from dashboard.views.overview import user_of
from locations.search import search as find_places
from plumbing.tasks import BEAT_SEEN
from programs import access
from programs.models import Indicator, Project, ReportingPeriod
from reporting.models import DonorReportFile

MOST = 20  # of each kind; whoever finds more types another letter
SHORTEST = 2
LATE = timedelta(minutes=5)


@login_required
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Projects, indicators and partners within what one may see, and places, by name or code."""
    text = " ".join(request.GET.get("q", "").split())[:100]
    groups = _found(user_of(request), text) if len(text) >= SHORTEST else []
    return render(request, "dashboard/search.html", {"text": text, "groups": groups, "short": 0 < len(text) < SHORTEST})


@login_required
@require_GET
def system(request: HttpRequest) -> HttpResponse:
    """Whether tasks run, what waits too long, what failed, and which versions work here."""
    if Permission.SET_UP not in access.words(request.user):
        raise PermissionDenied
    now = timezone.now()
    unsent = Message.objects.filter(sent_at__isnull=True)
    waits = [
        (_("Mail not sent"), unsent.filter(attempts__lt=MOST_ATTEMPTS).order_by("created_at").values_list("created_at", flat=True).first()),
        (_("Audit events not sealed"), AuditEvent.objects.filter(number__isnull=True).order_by("at").values_list("at", flat=True).first()),
        (_("Files of donor reports not built"),
         DonorReportFile.objects.filter(built_at__isnull=True).order_by("requested_at").values_list("requested_at", flat=True).first()),
    ]  # fmt: skip
    to_open = ReportingPeriod.objects.to_open(timezone.localdate() - timedelta(days=1)).filter(is_past=False).count()
    seen = cache.get(BEAT_SEEN)
    beat = parse_datetime(seen) if seen else None
    context = {
        "beat": beat,
        "beat_is_late": beat is None or now - beat > LATE,
        "waits": [(words, since, since is not None and now - since > LATE) for words, since in waits],
        "to_open": to_open,
        "failed": unsent.filter(~Q(error="")).select_related("recipient").order_by("-id")[:MOST],
        "practice_url": address("practice"),
        "versions": [("Python", platform.python_version()), ("Django", django.get_version()), (connection.display_name, _database())],
    }
    return render(request, "dashboard/system.html", context)


def _found(user: User, text: str) -> list[dict[str, Any]]:
    """What matches, kind by kind; a kind in which nothing matches is left out."""
    projects = Project.objects.visible_to(user)
    named = Q(code__icontains=text) | Q(title__icontains=text)
    indicators = (
        Indicator.objects.visible_to(user).filter(named | Q(definition__title__icontains=text)).select_related("project", "definition")
    )
    partners = Organization.objects.filter(Q(name__icontains=text) | Q(short_name__icontains=text), project_roles__project__in=projects)
    board = open_to(user, "board")
    groups = [
        {"title": _("Projects"),
         "rows": [(str(row), reverse("project", args=[row.code]), "") for row in projects.filter(named).order_by("code")[:MOST]]},
        {"title": _("Indicators"),
         "rows": [(str(row), f"{reverse('number', args=[row.definition_id])}?project={row.project.code}", row.project.code)
                  for row in indicators.order_by("code", "pk")[:MOST]]},
        {"title": _("Partners"),
         "rows": [(row.name, f"{board}?partner={row.pk}" if board else "", row.short_name) for row in partners.distinct().order_by("name")[:MOST]]},
        {"title": _("Places"),
         "rows": [(row.label, reverse("place_page", args=[row.code]), row.code) for row in find_places(text, limit=MOST)] if access.words(user) else []},
    ]  # fmt: skip
    return [group for group in groups if group["rows"]]


def _database() -> str:
    return ".".join(map(str, connection.get_database_version()))
