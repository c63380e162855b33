"""What changed between two sent versions of a report."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from reporting import snapshots
from reporting.models import SubmissionSnapshot
from reporting.views.report import find


@login_required
@require_GET
def versions(request: HttpRequest, **address: Any) -> HttpResponse:
    """Two versions beside each other: those asked for, else the last one and the one before it."""
    report = find(request, **address)
    found = list(snapshots.of_report(report.submission)) if report.submission is not None else []
    later = _picked(request, "to", found) or (found[-1] if found else None)
    earlier = _picked(request, "from", found)
    if earlier is None and later is not None:
        at = found.index(later)
        earlier = found[at - 1] if at else None
    both = earlier is not None and later is not None and earlier != later
    context = {
        "report": report,
        "submission": report.submission,
        "tabs": report.tabs("report_history"),
        "crumbs": report.crumbs(_("What changed")),
        "snapshots": found,
        "pickers": [("from", _("From"), earlier), ("to", _("To"), later)],
        "comparison": snapshots.compare(earlier, later, project=report.project) if both and earlier and later else None,
    }
    return render(request, "reporting/versions.html", context)


def _picked(request: HttpRequest, name: str, found: list[SubmissionSnapshot]) -> SubmissionSnapshot | None:
    """The version named in the address; one of another report is not found, like one that does not exist."""
    value = request.GET.get(name)
    if not value:
        return None
    picked = next((row for row in found if str(row.pk) == value), None)
    if picked is None:
        raise Http404
    return picked
