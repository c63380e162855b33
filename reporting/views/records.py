"""What the records say beside what stands in a report, and taking the number."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from plumbing.refusals import Invalid, Problem, Refused
from programs import access
from reporting import drafts, entry, prefill
from reporting.models import Figure, RecordsCheck
from reporting.views.report import Report, find, refused_words, seen_version


@login_required
@require_GET
def records(request: HttpRequest, **address: Any) -> HttpResponse:
    """Every figure that a tally counts: as filled in, as it stands, and as the records say now. The panel beside the sheet is short."""
    report = find(request, **address)
    rows = prefill.compare(report.submission) if report.submission is not None else []
    context = {
        "report": report,
        "rows": rows,
        "differing": [row for row in rows if row.may_be_taken],
        "silent": [row for row in rows if row.prefill.why_nothing],
        "check": RecordsCheck.objects.filter(expected=report.expected.pk).first(),
        "may_take": report.is_entry,
        "crumbs": report.crumbs(_("From the records")),
    }
    name = "reporting/_records.html" if request.headers.get("HX-Request") else "reporting/records.html"
    return render(request, name, context)


@login_required
@require_POST
def take(request: HttpRequest, pk: int, **address: Any) -> HttpResponse:
    """Put the number of the records into the draft; what was typed beside it is kept first."""
    report = find(request, **address)
    if report.submission is None:
        raise Http404
    row = get_object_or_404(report.submission.prefills.select_related("indicator"), pk=pk)
    try:
        version = _keep_typing(request, report)
        row.submission = report.started()
        prefill.take(row, by=report.user, version=version)
    except (Refused, access.NotAllowed) as refused:
        for line in refused_words(refused) if isinstance(refused, Refused) else [str(refused)]:
            messages.error(request, line)
    else:
        messages.success(request, _("%(code)s now holds what the records say.") % {"code": row.indicator.code})
    return redirect(report.url())


def _keep_typing(request: HttpRequest, report: Report) -> int | None:
    """Save the sheet that the button stands beside; returns the version to guard with when there was nothing to save."""
    inputs, wrong = entry.read(report.project, request.POST)
    if wrong:
        raise Invalid(Problem(name, message, "not_a_number") for name, message in wrong.items())
    seen = seen_version(request)
    if not inputs:
        return seen
    drafts.write_figures(report.started(), inputs, by=report.user, version=seen, source=Figure.Source.TYPED)
    return None
