"""Database constraints that several apps word alike."""

from __future__ import annotations

from django.db.models import CheckConstraint, F, Q
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _


def both_or_neither(first: str, second: str, *, name: str) -> CheckConstraint:
    """Two fields that travel together, such as when and by whom: both filled or both empty."""
    together = Q(**{f"{first}__isnull": True, f"{second}__isnull": True}) | Q(**{f"{first}__isnull": False, f"{second}__isnull": False})
    return CheckConstraint(
        condition=together,
        name=name,
        violation_error_message=format_lazy(_("{first} and {second} go together: give both or neither."), first=first, second=second),
    )


def one_of(field: str, choices: type, *, name: str) -> CheckConstraint:
    """The database holds the list of states too, not only the form."""
    return CheckConstraint(
        condition=Q(**{f"{field}__in": list(choices.values)}),  # type: ignore[attr-defined]
        name=name,
        violation_error_message=format_lazy(_("{field} has a value that is not on its list."), field=field),
    )


def in_order(earlier: str, later: str, *, name: str) -> CheckConstraint:
    """A span of dates ends on or after it begins; an open end passes."""
    return CheckConstraint(
        condition=Q(**{f"{later}__isnull": True}) | Q(**{f"{earlier}__isnull": True}) | Q(**{f"{later}__gte": F(earlier)}),
        name=name,
        violation_error_message=format_lazy(_("{later} must not be before {earlier}."), earlier=earlier, later=later),
    )
