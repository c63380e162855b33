"""Words for numbers of the field that several pages and files share."""

from __future__ import annotations

from django.utils.translation import gettext as _

from plumbing import formats
from programs.models import IndicatorDefinition


def unit_of(definition: IndicatorDefinition) -> str:
    """What stands beside a number of this definition: its unit, the percent sign, or "per 10,000"."""
    if not definition.is_ratio:
        return definition.unit
    return "%" if definition.per == 100 else _("per %(per)s") % {"per": formats.number(definition.per)}
