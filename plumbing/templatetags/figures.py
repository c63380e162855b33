"""Numbers, money, dates and codes in templates (a builtin library: no load needed). The rules are in ``plumbing/formats.py``."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from plumbing import formats
from plumbing.shipped_names import shipped_name

register = template.Library()

register.filter("day", formats.day)
register.filter("moment", formats.moment)
register.filter("file_size", formats.file_size)
register.filter("shipped_name", shipped_name)


@register.filter
def number(value: Decimal | int | str | None, decimals: int | None = None) -> str:
    return formats.number(value, decimals)


@register.filter
def percent(value: Decimal | int | str | None, decimals: int = 0) -> SafeString:
    """In isolation, or "69 %" turns into "% 69" on an Arabic page."""
    return bdi(formats.percent(value, decimals))


@register.filter
def money(value: Decimal | int | None, currency: str) -> SafeString:
    return bdi(formats.money(value, currency))


@register.filter
def money_short(value: Decimal | int | None, currency: str) -> SafeString:
    return bdi(formats.money_short(value, currency))


@register.filter
def day_short(value: date | datetime | None) -> str:
    return formats.day_short(value)


@register.filter
def in_days(value: date | datetime | None) -> str:
    return formats.in_days(value)


@register.filter
def days_late(value: date | datetime | None) -> str:
    return formats.days_late(value)


@register.filter
def bdi(value: Any) -> SafeString:
    """A code, Latin name or count that must not reorder in right-to-left text."""
    return SafeString("") if value is None or value == "" else format_html('<bdi dir="ltr">{}</bdi>', value)


@register.simple_tag
def part_of(part: Decimal | int | None, whole: Decimal | int | None) -> SafeString:
    """ "7 / 12" that stays so on an Arabic page."""
    return format_html('<bdi dir="ltr"><b>{}</b> / {}</bdi>', formats.number(part), formats.number(whole))


@register.simple_tag
def hidden_cell() -> SafeString:
    """The one mark for a figure that a reader may not see, whatever the reason."""
    return format_html(
        '<span class="hidden-cell" title="{0}"><span aria-hidden="true">•••</span><span class="visually-hidden">{0}</span></span>',
        gettext("Hidden to protect people in small groups"),
    )
