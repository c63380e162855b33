"""The points of a chart stand at their date, and what is named under the axis can be read."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from django.utils import translation
from django.utils.formats import date_format
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from reporting.documents import charts
from reporting.documents.content import Chart, ChartPoint

YEAR_END = [date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30), date(2027, 12, 31)]
MONTHS = [date(2023 + month // 12, month % 12 + 1, 28) for month in range(36)]


def drawn(days):
    """The chart of these period ends; the last one is planned only."""
    points = [ChartPoint(date_format(day, "M Y"), day, Decimal(10 * n), Decimal(12 * n)) for n, day in enumerate(days[:-1])]
    points.append(ChartPoint(date_format(days[-1], "M Y"), days[-1], None, Decimal(15 * len(days))))
    chart = Chart("LIV-2", "Ahead", "Rose", "persons", tuple(points))
    figure = Figure(figsize=(charts.WIDTH, charts.HEIGHT), dpi=200, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    with charts_font():
        charts._lines(axes, chart)
        figure.savefig(io.BytesIO(), format="png")
    return axes


def charts_font():
    from matplotlib import rc_context

    return rc_context({"font.family": "DejaVu Sans", "font.size": 8})


def test_points_stand_at_their_date():
    axes = drawn(YEAR_END)
    plan = axes.get_lines()[0]
    assert [int(x) - YEAR_END[0].toordinal() for x in plan.get_xdata()] == [0, 91, 183, 640]


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
@pytest.mark.parametrize("days", [YEAR_END, MONTHS, MONTHS[:3], [date(2020, 1, 31), *YEAR_END]])
def test_names_under_the_axis_do_not_overlap(days, language):
    with translation.override(language):
        axes = drawn(days)
        ends = date_format(days[0], "M Y"), date_format(days[-1], "M Y")
    names = axes.get_xticklabels()
    assert (names[0].get_text(), names[-1].get_text()) == ends
    boxes = [name.get_window_extent() for name in names]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_few_periods_are_all_named_and_many_name_the_last_one_reached():
    assert [name.get_text() for name in drawn(YEAR_END).get_xticklabels()] == ["Mar 2026", "Jun 2026", "Sep 2026", "Dec 2027"]
    assert len(drawn(MONTHS).get_xticklabels()) < 10
    points = [ChartPoint(f"{day:%b %Y}", day, Decimal(1) if n < 30 else None) for n, day in enumerate(MONTHS)]
    assert "Jun 2025" in [label for _day, label in charts.ticks(points)]


def test_a_single_point_is_drawn():
    assert [name.get_text() for name in drawn([date(2026, 3, 31)]).get_xticklabels()] == ["Mar 2026"]
