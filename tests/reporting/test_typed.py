"""What people type, read as a figure."""

from decimal import Decimal

import pytest
from django.utils import translation

from reporting import typed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("118", 118), ("1 118", 1118), ("1\u202f118", 1118), ("0", 0), ("-5", -5), ("12.50", "12.5"), ("٣٤", 34), ("1,234", 1234),
        ("1,234.5", "1234.5"), ("1.234,5", "1234.5"), ("", None), ("–", None), ("12,5", "12.5"),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text, value):
    assert typed.number(text) == (None if value is None else Decimal(str(value)))


def test_a_comma_before_three_digits_is_a_decimal_sign_where_the_language_says_so():
    with translation.override("fr"):
        assert typed.number("1,234") == Decimal("1.234")


@pytest.mark.parametrize("text", ["a lot", "12-15", "1e5", "NaN", "=2+2", "1,2,3"])
def test_what_is_not_a_number_is_refused(text):
    with pytest.raises(typed.NotANumber):
        typed.number(text)


def test_a_share_is_two_numbers_or_a_bare_percentage():
    assert typed.ratio("61 / 92") == typed.Typed(numerator=Decimal(61), denominator=Decimal(92))
    assert typed.ratio("35 %") == typed.Typed(share=Decimal(35))
    assert typed.ratio("").is_empty
    with pytest.raises(typed.NotANumber):
        typed.ratio("66")
