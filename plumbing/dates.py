"""Counting in months, which days alone cannot."""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, date


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or earlier where they are negative; the last day of a shorter month, and of the calendar."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > MAXYEAR:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
