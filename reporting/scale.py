"""Its part of ``seed_scale``: accepted submissions full of figures, written in bulk and beside the acts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from accounts.models import User
from programs.disaggregations import ensure
from programs.scale import Laid
from reporting import published, rollup
from reporting.models import Submission

# Numbers between 0 and 200 that look like chance and are the same in every run; a running total grows with the quarter. In
# one statement: a million model instances take an hour where the database takes a minute.
_FIGURES = """
    INSERT INTO reporting_figure (
        submission_id, indicator_id, project_id, partner_id, place_id, period_id, period_end, disaggregation_id,
        value, numerator, denominator, text, reason, counts, source, source_detail, entered_at
    )
    SELECT submission, indicator, project, partner, place, period, ends_on, cell,
        CASE WHEN is_ratio THEN NULL
             WHEN cell_key = 'sex=female' THEN total / 2 * 1000000
             WHEN cell_key = 'sex=male' THEN (total - total / 2) * 1000000
             ELSE total * 1000000 END,
        CASE WHEN is_ratio THEN number * 1000000 END,
        CASE WHEN is_ratio THEN 200000000 END,
        '', '', %s, 'typed', '', %s
    FROM (
        SELECT n.*, CASE WHEN grows THEN number * quarter ELSE number END AS total
        FROM (
            SELECT s.id AS submission, a.indicator_id AS indicator, i.project_id AS project, a.partner_id AS partner,
                ap.place_id AS place, t.id AS period, t.ends_on AS ends_on, c.id AS cell, c.key AS cell_key,
                (a.id * 31 + ap.place_id * 17 + CASE WHEN d.over_time = 'running_total' THEN 0 ELSE t.id * 13 END) %% 201 AS number,
                CAST(substr(t.code, 1, 4) AS INTEGER) * 4 + CAST(substr(t.code, 7, 1) AS INTEGER) - 8096 AS quarter,
                d.over_time = 'running_total' AS grows,
                d.measure = 'percentage' AS is_ratio
            FROM programs_reportingassignment a
            JOIN programs_assignmentplace ap ON ap.assignment_id = a.id
            JOIN programs_indicator i ON i.id = a.indicator_id
            JOIN programs_indicatordefinition d ON d.id = i.definition_id
            JOIN programs_reportingperiod t ON t.project_id = i.project_id
            JOIN reporting_submission s ON s.project_id = i.project_id AND s.partner_id = a.partner_id AND s.period_id = t.id
            JOIN programs_disaggregation c ON c.key = '' OR (i."order" = 0 AND c.key IN ('sex=female', 'sex=male'))
            WHERE i.project_id BETWEEN %s AND %s AND s.state = 'accepted'
        ) n
    ) m
"""


def seed(laid: Iterable[Laid], *, people: dict[str, User], with_rows: bool = True) -> int:
    """Fill new projects with figures of every period; the first indicator by sex too. Returns how many figures were written.

    ``with_rows``: keep roll-up rows and published numbers as acceptances would.
    """
    ensure(["", "sex=female", "sex=male"])
    found = list(laid)
    if not found:
        return 0
    _submissions(found, people)
    keys = [one.project.pk for one in found]
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, [True, timezone.now(), min(keys), max(keys)])
        written = cursor.rowcount
    if with_rows:
        indicators = [indicator.pk for one in found for indicator in one.indicators]
        rollup.keep(indicators)
        published.register(indicators)
    return written


def _submissions(laid: Sequence[Laid], people: dict[str, User]) -> None:
    now = timezone.now()
    Submission.objects.bulk_create(
        [
            Submission(
                project=one.project,
                partner=office,
                period=period,
                state=Submission.State.ACCEPTED,
                submitted_at=now - timedelta(days=2),
                submitted_by=people["reporter"],
                accepted_at=now - timedelta(days=1),
                accepted_by=people["mande"],
            )
            for one in laid
            for office in one.partners
            for period in one.periods
        ],
        batch_size=2000,
    )
