"""Numbers as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exchange import written_numbers
from exchange.written_numbers import NotANumber


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("-5", "-5"),
        ("−5", "-5"),
        ("1 490", "1490"),
        ("1\u202f490,5", "1490.5"),
        ("1.490,5", "1490.5"),
        ("1,490.5", "1490.5"),
        ("1,234,567", "1234567"),
        ("43,5", "43.5"),
        (",27 %", "0.27"),
        ("60,270596 %", "60.270596"),
        ("٤٥٪", "45"),
        ("$1,200.50", "1200.5"),
        ("USD 14", "14"),
    ],
)
def test_a_number_is_read_as_it_was_meant(text: str, value: str) -> None:
    assert written_numbers.read(text).value == Decimal(value)


@pytest.mark.parametrize("text", ["n/a", "N/A", "–", "-", "—", "…", "", "  ", "TBD", "n.d.", "à déterminer", "sans objet"])
def test_what_says_that_there_is_no_number_is_not_reported(text: str) -> None:
    written = written_numbers.read(text)
    assert written.value is None
    assert written.numerator is None


def test_zero_is_a_number_and_not_a_gap() -> None:
    assert written_numbers.read("0 %").value == 0


def test_numerator_and_denominator_are_kept_apart() -> None:
    written = written_numbers.read("6 of 21")
    assert (written.numerator, written.denominator, written.value) == (6, 21, None)
    assert written_numbers.read("9 sur 24").denominator == 24


@pytest.mark.parametrize(
    ("text", "reason", "readings"),
    [
        ("12-15", "range", (12, 15)),
        ("12 – 15 %", "range", (12, 15)),
        ("at least 60%", "bound", (60,)),
        ("≥ 60", "bound", (60,)),
        ("14 days", "words", (14,)),
        ("1.5 million", "text", ()),
        ("5k", "text", ()),
        ("Yes", "text", ()),
        ("nil", "text", ()),
        ("(5)", "text", ()),
        ("12 5", "text", ()),
        ("2 of 0", "text", ()),
        ("1e9", "text", ()),
        ("999999999999", "too_large", ()),
    ],
)
def test_what_is_no_single_number_is_never_guessed(text: str, reason: str, readings: tuple[int, ...]) -> None:
    with pytest.raises(NotANumber) as caught:
        written_numbers.read(text)
    assert (caught.value.reason, caught.value.readings) == (reason, readings)


def test_a_lone_comma_before_three_digits_stays_open_unless_the_sheet_says_more() -> None:
    assert written_numbers.read("1,490").unsure == Decimal("1.49")
    assert written_numbers.read("1,490", mark=".").unsure is None
    assert written_numbers.read("1,490", mark=",").value == Decimal("1.49")


def test_the_sheet_proves_its_decimal_mark_only_without_contradiction() -> None:
    assert written_numbers.decimal_mark(["1,490", "43,5"]) == ","
    assert written_numbers.decimal_mark(["1,490", "43.5 %"]) == "."
    assert written_numbers.decimal_mark(["1,490"]) is None
    assert written_numbers.decimal_mark(["43.5", "43,5"]) is None


def test_a_seventh_decimal_is_rounded_half_even_and_said() -> None:
    written = written_numbers.read("23.3333335")
    assert written.rounded
    assert written.value == Decimal("23.333334")
