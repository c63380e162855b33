"""Periods as people write them in headings and titles."""

from __future__ import annotations

from datetime import date

import pytest

from exchange import written_periods


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("Achieved 2020", date(2020, 1, 1), date(2020, 12, 31)),
        ("Jan–Jun 2025", date(2025, 1, 1), date(2025, 6, 30)),
        ("Oct 2024 – Mar 2025", date(2024, 10, 1), date(2025, 3, 31)),
        ("juillet à décembre 2024", date(2024, 7, 1), date(2024, 12, 31)),
        ("Reporting period: 1 January 2020 - 31 December 2020", date(2020, 1, 1), date(2020, 12, 31)),
        ("du 01/07/2024 au 30/09/2024", date(2024, 7, 1), date(2024, 9, 30)),
        ("2025-Q3", date(2025, 7, 1), date(2025, 9, 30)),
        ("T1 2024", date(2024, 1, 1), date(2024, 3, 31)),
        ("1er semestre 2025", date(2025, 1, 1), date(2025, 6, 30)),
        ("Actual, 2nd half of 2025", date(2025, 7, 1), date(2025, 12, 31)),
        ("February 2024", date(2024, 2, 1), date(2024, 2, 29)),
    ],
)
def test_a_period_is_found_in_its_words(text: str, start: date, end: date) -> None:
    named = written_periods.find(text)
    assert named is not None
    assert (named[0].start, named[0].end) == (start, end)


@pytest.mark.parametrize("text", ["Q1", "Actual", "Semestre 2", "31/02/24 - 01/03/24"])
def test_half_a_period_is_none(text: str) -> None:
    assert written_periods.find(text) is None


def test_a_part_that_a_year_does_not_have_leaves_the_year() -> None:
    named = written_periods.find("H3 2025")
    assert named is not None
    assert named[0] == written_periods.year(2025)


def test_the_words_around_the_period_are_left() -> None:
    named = written_periods.find("Target 2020")
    assert named is not None
    assert named[1] == "target"
