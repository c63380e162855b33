"""A count as its reader may see it (a builtin library: no load needed)."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.translation import gettext

from plumbing import formats
from plumbing.templatetags.figures import hidden_cell
from privacy.suppression import Shown

register = template.Library()


@register.filter
def shown(cell: Shown) -> str:
    """The number, the one mark for whatever is hidden, or "not counted"."""
    if cell.status == "suppressed":
        return hidden_cell()
    if cell.status == "not_applicable":
        return format_html('<span class="quiet" title="{}">–</span>', gettext("not counted"))
    return formats.number(cell.value)
