"""Charts of a report: one drawing for both files, as SVG for the PDF and PNG for the DOCX.

The words (title, caption, what someone who cannot see it is told) stand outside the drawing, which holds numbers only.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from reporting.documents.content import Chart, ChartPoint, measured

WIDTH, HEIGHT = 6.4, 2.6  # inches: the text width of an A4 page
AXIS, LETTER, APART = 340, 5.0, 6  # points: between the first and the last tick, per letter of a label, between two labels
EDGE = 0.07  # of the time shown, left free at both sides
INK, QUIET, LINE = "#14202a", "#4a5863", "#d5dde2"


def draw(chart: Chart, *, kind: str) -> bytes:
    """Draw ``chart`` as ``svg`` or ``png``; the same chart gives the same bytes.

    Reached numbers are a line with dots (open where not everyone reported), the plan is dashed. Numbers that are missing or
    hidden leave a gap. Floats are for the position on paper only; the words come from the exact numbers.
    """
    # Imported here: it takes half a second and 60 MB, which a web process that draws nothing need not carry.
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "report", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 8}):
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=200, layout="constrained")
        FigureCanvasAgg(figure)
        _lines(figure.add_subplot(), chart)
        out = io.BytesIO()
        metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
        figure.savefig(out, format=kind, metadata=metadata)
    return out.getvalue()


def _lines(axes: Any, chart: Chart) -> None:
    places = [point.day.toordinal() for point in chart.points]
    _line(axes, [(x, point.plan) for x, point in zip(places, chart.points, strict=True)], color=QUIET, linestyle=(0, (4, 3)), linewidth=1)
    _line(axes, [(x, point.reached) for x, point in zip(places, chart.points, strict=True)], color=INK, linewidth=1.6)
    for x, point in zip(places, chart.points, strict=True):
        if point.reached is not None:
            axes.plot([x], [float(point.reached)], "o", markersize=4.5, color=INK, markerfacecolor="white" if point.partial else INK)
    _name_the_ends(axes, chart)
    named = ticks(chart.points)
    axes.set_xticks([day for day, _label in named], [label for _day, label in named])
    edge = max((places[-1] - places[0]) * EDGE, 15)
    axes.set_xlim(places[0] - edge, places[-1] + edge)
    axes.margins(y=0.25)
    if all(value >= 0 for point in chart.points for value in (point.reached, point.plan) if value is not None):
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _position: measured(Decimal(f"{value:.6f}"), _decimals(value), chart.unit))
    axes.yaxis.set_major_locator(_few_ticks())
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=QUIET)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LINE)


def ticks(points: Sequence[ChartPoint]) -> list[tuple[int, str]]:
    """The points that are named under the axis: both ends, the last one reached, then whatever has room, from the left."""
    if not points:
        return []
    span = max(points[-1].day.toordinal() - points[0].day.toordinal(), 1)
    reached = [point for point in points if point.reached is not None]
    named: list[ChartPoint] = []
    for point in (points[0], points[-1], *reached[-1:], *points):
        apart = [abs((point.day - other.day).days) / span * AXIS - (_width(point) + _width(other)) / 2 for other in named]
        if all(room >= APART for room in apart):
            named.append(point)
    return sorted((point.day.toordinal(), point.label) for point in named)


def _width(point: ChartPoint) -> float:
    return len(point.label) * LETTER


def _line(axes: Any, points: list[tuple[int, Decimal | None]], **style: Any) -> None:
    """A missing number breaks the line rather than being guessed; not-a-number is what breaks it."""
    if any(value is not None for _x, value in points):
        axes.plot([x for x, _value in points], [float("nan") if value is None else float(value) for _x, value in points], **style)


def _name_the_ends(axes: Any, chart: Chart) -> None:
    """The last reached number stands above its dot, the last planned one after its line, so that no legend is needed."""
    for name, color, weight, away, side, height in (
        ("reached", INK, "bold", (0, 7), "center", "bottom"),
        ("plan", QUIET, "normal", (5, 0), "left", "center"),
    ):
        numbers = [(point.day.toordinal(), getattr(point, name)) for point in chart.points if getattr(point, name) is not None]
        if not numbers:
            continue
        x, value = numbers[-1]
        axes.annotate(
            measured(value, chart.decimals, chart.unit),
            (x, float(value)),
            xytext=away,
            textcoords="offset points",
            ha=side,
            va=height,
            color=color,
            fontweight=weight,
        )


def _decimals(value: float) -> int:
    return 0 if float(value).is_integer() else 1


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=4)
