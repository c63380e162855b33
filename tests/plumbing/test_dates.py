from datetime import date

import pytest

from plumbing.dates import months_after


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), -12, date(2023, 2, 28)),
        (date(2026, 1, 31), -1, date(2025, 12, 31)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(9999, 12, 31), 6, date.max),
    ],
)
def test_months_are_counted_by_the_calendar(day, months, then):
    assert months_after(day, months) == then
