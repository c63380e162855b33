"""Figures as they come in JSON, and as they go out.

Read by hand and not by a serializer: ten thousand come in one request, and every one that is wrong is named in one answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from plumbing.refusals import Invalid, Problem
from programs import disaggregations
from reporting.drafts import FigureInput
from reporting.models import Figure

MOST = 20_000
NUMBERS = ("value", "numerator", "denominator", "share")
TEXTS = {"indicator": 30, "place": 32, "option": 40, "text": 20_000, "reason": 20}  # name, longest
_NUMBER = re.compile(r"\s*[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})\s*", re.ASCII)
_COLUMNS = ("indicator__code", "place__code", "disaggregation__key", *NUMBERS, "option__code", "text", "reason")


def incoming(data: Any) -> tuple[list[FigureInput], list[Problem]]:
    """``{"figures": […]}`` or the bare list, as inputs and as what is wrong with their shape; both keep the position in the path."""
    rows = data.get("figures") if isinstance(data, dict) else data
    if isinstance(data, dict) and set(data) - {"figures"}:
        raise Invalid([Problem(str(key), _("There is no such field."), "unknown") for key in sorted(set(data) - {"figures"}, key=str)])
    if not isinstance(rows, list):
        raise Invalid([Problem("figures", _("Give the list of figures."), "required")])
    if len(rows) > MOST:
        raise Invalid([Problem("figures", _("At most %(most)s figures in one request.") % {"most": MOST}, "too_many")])
    problems: list[Problem] = []
    good = []
    for position, row in enumerate(rows):
        path = f"figures/{position}"
        wrong = list(_wrong(row, path))
        problems += wrong
        if not wrong:
            numbers = {name: row.get(name) for name in NUMBERS}
            texts = {name: row.get(name) or "" for name in TEXTS}
            good.append(FigureInput(**texts, **numbers, cell=row.get("disaggregation") or {}, path=path))
    return good, problems


def outgoing(figures: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Figures in JSON: what a figure does not say is left out, numbers are strings, the total has an empty disaggregation."""
    return [_out(row) for row in figures]


def rows_of(submission: int) -> list[dict[str, Any]]:
    """The figures of a submission in the order of the framework. One query."""
    found = Figure.objects.filter(submission=submission).order_by(
        "indicator__result__order", "indicator__order", "indicator_id", "place__code", "disaggregation__key"
    )
    return list(found.values(*_COLUMNS))


def _out(row: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "indicator": row["indicator__code"],
        "place": row["place__code"],
        "disaggregation": disaggregations.cell_of(row["disaggregation__key"]),
    }
    said |= {name: f"{row[name]:f}" for name in NUMBERS if row[name] is not None}
    if row["option__code"] is not None:
        said["option"] = row["option__code"]
    return said | {name: row[name] for name in ("text", "reason") if row[name]}


def _wrong(row: Any, path: str) -> Iterator[Problem]:
    if not isinstance(row, dict):
        yield Problem(path, _("A figure is an object with indicator, place and what it says."), "invalid")
        return
    for name in row.keys() - TEXTS.keys() - {*NUMBERS, "disaggregation"}:
        yield Problem(f"{path}/{name}", _("A figure has no such field."), "unknown")
    for name in ("indicator", "place"):
        if not row.get(name):
            yield Problem(f"{path}/{name}", _("Give the code."), "required")
    for name, longest in TEXTS.items():
        text = row.get(name)
        if text is not None and not _is_text(text, longest):
            yield Problem(f"{path}/{name}", _("Give a text of at most %(longest)s characters.") % {"longest": longest}, "invalid")
    for name in NUMBERS:
        number = row.get(name)
        if number is not None and not _is_number(number):
            yield Problem(f"{path}/{name}", _("Give a number as text, such as “22” or “0.5”."), "not_a_number")
    cell = row.get("disaggregation")
    if cell is not None and not (isinstance(cell, dict) and all(_is_code(part) for pair in cell.items() for part in pair)):
        yield Problem(f"{path}/disaggregation", _('Give dimensions and categories, such as {"sex": "female"}.'), "invalid")


def _is_text(text: Any, longest: int) -> bool:
    """Nothing that a database refuses: no NUL, no half of a surrogate pair."""
    return isinstance(text, str) and len(text) <= longest and "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def _is_code(text: Any) -> bool:
    return _is_text(text, 40) and bool(text) and not set(text) & {"=", "|"}


def _is_number(number: Any) -> bool:
    if isinstance(number, str):
        return _NUMBER.fullmatch(number) is not None
    return isinstance(number, (int, Decimal)) and not isinstance(number, bool)
