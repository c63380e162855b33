"""What the import page sends, as the choices it means; and the upload."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from exchange.framework_plan import Chosen, Plan
from exchange.framework_words import Field
from exchange.frameworks import Answer
from exchange.written_periods import Span


class UploadForm(forms.Form):
    """The file itself; its content is judged where it is read."""

    file = forms.FileField(
        label=_("Spreadsheet"),
        help_text=_("An .xlsx, .ods or .csv file of up to 10 MB. Nothing is written before you confirm."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.ods,.csv"}),
    )


def chosen_from(data: QueryDict, plan: Plan) -> Chosen:
    """The choices in a posted import page; what the page did not show stays as it was.

    Another sheet or row of headings takes the columns back to what is proposed for it.
    """
    before = plan.chosen
    sheet, row = data.get("sheet", plan.found.sheet), _whole(data.get("header_row"), plan.found.header_row)
    if (sheet, row) != (plan.found.sheet, plan.found.header_row):
        return replace(before, sheet=sheet, header_row=row if sheet == plan.found.sheet else 0, fields={}, periods={}, answers={})
    fields, periods = dict(before.fields), dict(before.periods)
    for column in plan.found.columns:
        name = data.get(f"field-{column.index}")
        if name in set(Field):
            fields[column.index] = Field(name)
        if f"from-{column.index}" in data:
            periods[column.index] = _span(data.get(f"from-{column.index}"), data.get(f"to-{column.index}"))
    answers = dict(before.answers)
    for number, problem in enumerate(plan.problems):
        choice = data.get(f"choice-{number}")
        if choice and data.get(f"problem-{number}") == problem.key:
            answers[problem.key] = Answer(choice, data.get(f"text-{number}-{choice}", "")[:500])
    rows = [one.row.row for one in plan.indicators]
    return Chosen(
        sheet=plan.found.sheet,
        header_row=plan.found.header_row,
        fields=fields,
        periods=periods,
        answers=answers,
        definitions=_by_row(data, "definition", rows, before.definitions),
        over_time=_by_row(data, "over_time", rows, before.over_time),
        across=_by_row(data, "across", rows, before.across),
        level=data.get("level", before.level),
        levels=_by_row(data, "level", [one.position for one in plan.results], before.levels),
        partner=_whole(data.get("partner"), 0) or before.partner,
        place=_whole(data.get("place"), 0) or before.place,
        later_include={"yes": True, "no": False}.get(data.get("later_include", ""), before.later_include),
        remember="remember" in data,
    )


def _by_row(data: QueryDict, name: str, rows: list[int], before: Any) -> dict[int, str]:
    kept = dict(before)
    for row in rows:
        value = data.get(f"{name}-{row}")
        if value is not None:
            kept[row] = value
            if not value:
                kept.pop(row)
    return kept


def _span(start: str | None, end: str | None) -> Span | None:
    try:
        span = Span(date.fromisoformat(start or ""), date.fromisoformat(end or ""))
    except ValueError:
        return None
    return span if span.start <= span.end else None


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdigit() and len(text) < 9 else otherwise
