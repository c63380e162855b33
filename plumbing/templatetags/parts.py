"""Components in templates (a builtin library: no load needed).

``{% part "panel" title=_("Money") %}…{% endpart %}`` renders ``templates/components/panel.html`` with what stands between as
``body`` and each ``{% fill "acts" %}…{% endfill %}`` inside under its own name. A component sees only what it was given, the
request and the CSRF token, so a page's variables cannot leak into it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.forms import ChoiceField, ModelChoiceField
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import pgettext

register = template.Library()

ALWAYS_PASSED = ("csrf_token", "request", "user", "LANGUAGE_CODE", "LANGUAGE_BIDI")
LEVELS = ("individual", "community", "institution", "")
# Direction matters for these alone: a chevron points onwards, a check mark never mirrors.
MIRRORED = {
    *("arrow-left", "arrow-right", "arrow-return-left", "arrow-return-right", "arrow-up-right", "arrow-down-right"),
    *("box-arrow-right", "chevron-left", "chevron-right", "list-check", "list", "send", "reply"),
}


@cache
def _shapes() -> dict[str, str]:
    return json.loads((Path(__file__).resolve().parent.parent / "icons.json").read_text())


@register.simple_tag
@cache
def icon(name: str, label: str = "") -> SafeString:
    """A Bootstrap icon, drawn inline. Without a label it is decoration and the word beside it speaks."""
    drawing = mark_safe(_shapes()[name])  # noqa: S308 (our own file)
    css = "icon mirror" if name in MIRRORED else "icon"
    if label:
        return format_html('<svg class="{}" viewBox="0 0 16 16" role="img" aria-label="{}">{}</svg>', css, label, drawing)
    return format_html('<svg class="{}" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', css, drawing)


@register.simple_tag
def chip(tone: str, text: Any, icon_name: str = "") -> SafeString:
    """A state as word, icon and colour; tone is ok, wait, stop, info or empty."""
    return format_html('<span class="chip {}">{}{}</span>', tone, icon(icon_name) if icon_name else "", text)


def state_chip(looks: Mapping[Any, tuple[str, str]], state: Any) -> SafeString:
    """The chip of a state from a table of tones and icons; the word is the state's own."""
    tone, icon_name = looks[state]
    return chip(tone, state.label, icon_name)


@register.simple_tag
def meter(
    value: Decimal | int | None, *, label: str, due: Decimal | int | None = None, level: str = "", ends: Decimal | int = 100
) -> SafeString:
    """A bar from 0 to ``ends`` with a mark at what is due by now. SVG, because the security policy forbids inline style."""
    if level not in LEVELS:
        raise ValueError(f"no level {level!r}")
    bar = "" if value is None else format_html('<rect class="bar" width="{}" height="8"/>', _along(value, ends))
    mark = "" if due is None else format_html('<rect class="due" x="{}" width="1.5" height="8"/>', _along(due, ends))
    return format_html(
        '<svg class="meter {}" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">{}{}</svg>',
        level,
        label,
        bar,
        mark,
    )


@register.simple_tag
def dots(values: Sequence[Decimal | None], *, label: str, level: str = "") -> SafeString:
    """Values from 0 to 1 as dots on one line, the first hollow and the last filled. The numbers themselves stand beside it."""
    if level not in LEVELS:
        raise ValueError(f"no level {level!r}")
    known = [value for value in values if value is not None]
    places = [f"{4 + 92 * value:.1f}" for value in known]
    line = format_html('<line x1="{}" x2="{}" y1="6" y2="6"/>', places[0], places[-1]) if len(places) > 1 else ""
    marks = format_html_join(
        "", '<circle class="{}" cx="{}" cy="6" r="3.5"/>', (("last" if at == len(places) - 1 else "", x) for at, x in enumerate(places))
    )
    return format_html(
        '<svg class="dots {}" viewBox="0 0 100 12" role="img" aria-label="{}"><line class="axis" x1="4" x2="96" y1="6" y2="6"/>{}{}</svg>',
        level, label, line, marks,
    )  # fmt: skip


@register.simple_tag
def sparkline(values: Sequence[Decimal | int | None], *, label: str, level: str = "", width: int = 96, height: int = 26) -> SafeString:
    """The course of a figure; a period without a figure is a gap, not a zero. The numbers themselves stand elsewhere on the page."""
    if level not in LEVELS:
        raise ValueError(f"no level {level!r}")
    points = _points(values, width, height)
    lines = format_html_join("", '<polyline points="{}"/>', ((" ".join(f"{x},{y}" for x, y in run),) for run in points if len(run) > 1))
    dots = format_html_join("", '<circle cx="{}" cy="{}" r="2.5"/>', (run[-1] for run in points if len(run) == 1 or run is points[-1]))
    return format_html(
        '<svg class="spark {0}" width="{1}" height="{2}" viewBox="0 0 {1} {2}" role="img" aria-label="{3}">{4}{5}</svg>',
        level,
        width,
        height,
        label,
        lines,
        dots,
    )


def _along(value: Decimal | int, ends: Decimal | int) -> str:
    """Where ``value`` stands between 0 and ``ends``, as a number from 0 to 100 with one decimal."""
    share = Fraction(value) / Fraction(ends) * 100 if ends else Fraction(0)
    return _tenths(min(max(share, Fraction(0)), Fraction(100)))


def _points(values: Sequence[Decimal | int | None], width: int, height: int) -> list[list[tuple[str, str]]]:
    """Runs of reported values as points inside the drawing, three pixels from its edges."""
    known = [Fraction(value) for value in values if value is not None]
    if not known:
        return []
    low, high = min(known), max(known)
    step = Fraction(width - 6, max(len(values) - 1, 1))
    runs: list[list[tuple[str, str]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        up = Fraction(1, 2) if high == low else (Fraction(value) - low) / (high - low)
        runs[-1].append((_tenths(3 + step * place), _tenths(height - 3 - up * (height - 6))))
    return [run for run in runs if run]


def _tenths(value: Fraction) -> str:
    whole, tenth = divmod(round(value * 10), 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


@register.simple_tag(takes_context=True)
def with_query(context: Context, **changes: Any) -> str:
    """The page's own address with parameters set, or taken out where the value is None; the pager always starts again."""
    query = context["request"].GET.copy()
    query.pop("cursor", None)
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        elif isinstance(value, (list, tuple)):
            query.setlist(name, [str(one) for one in value])
        else:
            query[name] = str(value)
    return "?" + query.urlencode()


@register.tag
def part(parser: Parser, token: Token) -> PartNode:
    name, *given = token.split_contents()[1:]
    kwargs = token_kwargs(given, parser)
    if given:
        raise template.TemplateSyntaxError(f"part {name}: {' '.join(given)} is not name=value")
    nodelist = parser.parse(("endpart",))
    parser.delete_first_token()
    return PartNode(name.strip("\"'"), kwargs, nodelist)


@register.tag
def fill(parser: Parser, token: Token) -> FillNode:
    _, name = token.split_contents()
    nodelist = parser.parse(("endfill",))
    parser.delete_first_token()
    return FillNode(name.strip("\"'"), nodelist)


class FillNode(template.Node):
    """A named piece of a part; it renders only inside one, and there under its name."""

    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name, self.nodelist = name, nodelist

    def render(self, context: Context) -> str:
        filled = context.get("_filled")
        if filled is None:
            raise template.TemplateSyntaxError(f"fill {self.name} stands outside a part")
        filled[self.name] = _rendered(self.nodelist, context)
        return ""


class PartNode(template.Node):
    def __init__(self, name: str, kwargs: dict[str, FilterExpression], nodelist: NodeList) -> None:
        self.name, self.kwargs, self.nodelist = name, kwargs, nodelist

    def render(self, context: Context) -> SafeString:
        given = {name: value.resolve(context) for name, value in self.kwargs.items()}
        filled: dict[str, SafeString] = {}
        with context.push(_filled=filled):
            body = _rendered(self.nodelist, context)
        component = context.template.engine.get_template(f"components/{self.name}.html")  # type: ignore[union-attr]
        passed = {name: context[name] for name in ALWAYS_PASSED if name in context}
        return component.render(context.new({**passed, "body": body, **filled, **given}))


def _rendered(nodelist: NodeList, context: Context) -> SafeString:
    return mark_safe(nodelist.render(context).strip())  # noqa: S308 (rendered by the engine, escaped there)


@register.filter
def attributes(field: Any, extra: str = "") -> SafeString:
    """A bound form field as HTML with the portal's classes, its help and its errors tied to it."""
    widget = field.field.widget
    _say_what_empty_means(field.field)
    kind = getattr(widget, "input_type", "")
    css = {"checkbox": "form-check-input", "radio": "form-check-input", "select": "form-select", "hidden": ""}.get(kind, "form-control")
    described = [f"{field.auto_id}_help"] * bool(field.help_text) + [f"{field.auto_id}_errors"] * bool(field.errors)
    attrs = {"class": f"{widget.attrs.get('class', '')} {css} {extra}{' is-invalid' if field.errors else ''}".strip()}
    if field.use_fieldset:
        attrs = {}
    elif described:
        attrs["aria-describedby"] = " ".join(described)
    return field.as_widget(attrs=attrs)


def _say_what_empty_means(field: Any) -> None:
    """Dashes as the empty choice say nothing, and are read out one by one: where no form gave a word of its own, one stands here."""
    word = (
        pgettext("an empty choice", "Choose…") if field.required or getattr(field, "owed", False) else pgettext("an empty choice", "None")
    )
    if isinstance(field, ModelChoiceField):
        if _is_dashes(field.empty_label):
            field.empty_label = word
    elif isinstance(field, ChoiceField):
        offered: Any = field.choices
        # Kept as a list, so that choices read from the database are not asked for a second time.
        field.choices = [(value, word if value in ("", None) and _is_dashes(label) else label) for value, label in offered]


def _is_dashes(label: Any) -> bool:
    return isinstance(label, str) and bool(label) and not label.strip("-–—")


@register.filter
def beside(heads: Sequence[Any], cells: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Each column's head with a row's cell: ``{% for quarter, cell in quarters|beside:line.cells %}``; both are of one length."""
    return list(zip(heads, cells, strict=True))


@register.filter
def is_kind(field: Any, kinds: str) -> bool:
    """Whether a bound field is drawn as one of these: ``{% if field|is_kind:"checkbox" %}``."""
    return getattr(field.field.widget, "input_type", "") in kinds.split(",")
