"""Monitoring visits: what must change is owed by somebody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from plumbing.refusals import Invalid
from programs import visits
from programs.models import ActionPoint, MonitoringVisit


def visit(field, *findings, **changes):
    given = {
        "project": field.project, "place": field.place, "visited_on": timezone.localdate(), "purpose": "See the routes", "by": field.officer,
        "partner": field.partner, "findings": findings, **changes,
    }  # fmt: skip
    return visits.record_visit(**given)


def test_a_finding_with_an_owner_becomes_an_action_point(field):
    due = timezone.localdate() + timedelta(days=14)
    row = visit(field, visits.Found("Route 3 is not marked", "major", field.reporter, due), visits.Found("Committee meets", "good"))
    point = ActionPoint.objects.get()
    assert (point.owner, point.due_on, point.origin_path) == (field.reporter, due, f"/visits/{row.pk}/")
    assert [f.action_point for f in row.findings.all()] == [point, None]


def test_what_must_change_is_owed_by_somebody(field):
    with pytest.raises(visits.OwnerMissing):
        visit(field, visits.Found("Route 3 is not marked", "major"))
    assert not MonitoringVisit.objects.exists()


def test_a_visit_of_tomorrow_is_refused(field):
    with pytest.raises(Invalid):
        visit(field, visited_on=timezone.localdate() + timedelta(days=2))


def test_the_partner_reads_visits_to_it(field):
    row = visit(field)
    assert list(MonitoringVisit.objects.visible_to(field.reporter)) == [row]
    assert not MonitoringVisit.objects.visible_to(field.other_reporter).exists()
