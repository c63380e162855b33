"""Counts made of cases: never a case. Suppressed for readers outside the circle of raw figures, on the page and in its file."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _
from django.views import View

from accounts import audit
from accounts.roles import Permission
from plumbing.exports import harmless
from programs import access
from reintegration import analytics, small_counts
from reintegration.models import Pathway, State


class Analytics(LoginRequiredMixin, View):
    def get(self, request: HttpRequest) -> HttpResponse:
        if Permission.READ_CASE_COUNTS not in access.words(request.user):
            raise Http404
        cases, raw = analytics.cases_for(request.user), analytics.sees_raw(request.user)
        at = small_counts.threshold()
        asked = request.GET.get("export")
        audit.record("cases.counted", by=request.user, raw=raw, as_file=asked == "csv")
        if asked == "csv":
            return self.file(analytics.outcomes(analytics.read(cases, steps=False), raw=raw, at=at))
        counts = analytics.counts(cases, raw=raw, at=at)
        shown = {
            "cuts": counts.cuts, "waves": counts.waves, "raw": raw, "threshold": at,
            "outcomes": [*analytics.OUTCOMES.values(), _("Total")], "today": timezone.localdate(), "pathways": _by_pathway(counts.steps),
            "crumbs": [(_("People"), ""), (_("Counts of cases"), "")], "csv": reverse("case_analytics") + "?export=csv",
        }  # fmt: skip
        return render(request, "reintegration/analytics.html", shown)

    def file(self, cuts: list[analytics.Cut]) -> HttpResponse:
        """What the page shows, and not more: a hidden number is empty and says so."""
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        buffer.write("\ufeff")
        writer.writerow(
            [
                gettext("Breakdown"),
                gettext("Group"),
                pgettext("what came of it", "Outcome"),
                gettext("People"),
                pgettext("of a cell", "Status"),
            ]
        )
        for *words, value, status in analytics.as_rows(cuts):
            writer.writerow([*(harmless(str(word)) for word in words), "" if value is None else value, status])
        answer = HttpResponse(buffer.getvalue(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="case-counts-{timezone.localdate():%Y-%m-%d}.csv"'
        return answer


def _by_pathway(steps: list[analytics.Step]) -> list[tuple[Any, list[dict[str, Any]]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for step in steps:
        found.setdefault(step.pathway, []).append({"label": State(step.state).label, "people": step.people, "days": step.median_days})
    return [(Pathway(key).label, rows) for key, rows in found.items()]
