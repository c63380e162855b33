from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from plumbing import formats


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (None, None, "–"),
        (0, None, "0"),
        (Decimal("0"), 1, "0.0"),
        (Decimal("-0.04"), 1, "0.0"),
        (1214, None, "1,214"),
        (Decimal("1214.500000"), None, "1,214.5"),
        (Decimal("-1234567.891"), 2, "-1,234,567.89"),
        (Decimal("2.5"), 0, "2"),
        (Decimal("3.5"), 0, "4"),
        ("0.000001", None, "0.000001"),
    ],
)
def test_a_number_is_written_exactly_and_a_missing_one_is_a_dash(value, decimals, shown):
    assert formats.number(value, decimals) == shown


@pytest.mark.parametrize(("language", "shown"), [("en", "1,214.5"), ("fr", "1\u202f214,5"), ("es", "1\u202f214,5"), ("ar", "1,214.5")])
def test_each_language_has_its_own_signs(language, shown):
    with override(language):
        assert formats.number(Decimal("1214.5")) == shown


@pytest.mark.parametrize("value", [0.1, True])
def test_a_float_is_refused_rather_than_rounded(value):
    with pytest.raises(TypeError):
        formats.number(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=6))
def test_what_is_written_reads_back_as_the_same_number(value):
    assert Decimal(formats.number(value).replace(",", "")) == value


def test_percent_and_money_keep_their_sign_on_the_line():
    assert formats.percent(Decimal("68.5")) == "68\u00a0%"
    assert formats.money(Decimal("7400000"), "USD") == "USD\u00a07,400,000"
    assert formats.money(Decimal("7400000.5"), "USD") == "USD\u00a07,400,000.50"
    assert formats.money_short(Decimal("7400000"), "USD") == "USD\u00a07.40\u00a0m"
    assert formats.money_short(Decimal("740000"), "USD") == "USD\u00a0740,000"
    assert formats.money(None, "USD") == "–"


def test_dates_are_read_in_the_readers_time_zone():
    late_evening = datetime(2026, 9, 30, 22, 30, tzinfo=UTC)
    with timezone.override("Africa/Juba"):
        assert formats.day(late_evening) == "1 October 2026"
        assert formats.moment(late_evening) == "1 October 2026, 00:30"
    with override("es"):
        assert formats.day(date(2026, 9, 30)) == "30 de septiembre de 2026"


@pytest.mark.parametrize(
    ("distance", "shown"),
    [
        (date(2026, 10, 24), "today"),
        (date(2026, 10, 25), "in 1 day"),
        (date(2026, 11, 5), "in 12 days"),
        (date(2026, 10, 15), "9 days ago"),
    ],
)
def test_a_date_is_told_from_today(distance, shown):
    assert formats.in_days(distance, today=date(2026, 10, 24)) == shown


def test_lateness_is_said_only_after_the_due_date():
    assert formats.days_late(date(2026, 10, 15), today=date(2026, 10, 24)) == "9 days late"
    assert formats.days_late(date(2026, 10, 24), today=date(2026, 10, 24)) == ""


def test_the_year_is_left_out_only_this_year():
    assert formats.day_short(date(2026, 10, 15), today=date(2026, 11, 1)) == "15 Oct"
    assert formats.day_short(date(2025, 10, 15), today=date(2026, 11, 1)) == "15 Oct 2025"


def test_file_sizes_are_whole_kilobytes_or_tenths_of_megabytes():
    assert [formats.file_size(n) for n in (0, 1, 48_400, 2_440_000)] == ["0\u00a0KB", "1\u00a0KB", "48\u00a0KB", "2.4\u00a0MB"]
