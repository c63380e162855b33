"""Exact decimal numbers that survive SQLite.

SQLite keeps a ``DecimalField`` as a float and its SUM drifts, so whatever is summed is stored as a big integer of
millionths (money: hundredths) and is a ``Decimal`` in Python. NULL is "not reported"; zero is a value.
"""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, ClassVar

from django import forms
from django.core import exceptions
from django.db import models
from django.db.models.expressions import Combinable, register_combinable_fields
from django.utils.translation import gettext_lazy as _

LARGEST_UNITS = 10**17  # exclusive: below this, eleven whole digits at six decimals, and 90 such rows still fit a 64-bit SUM
_EXACT = Context(prec=60)  # wide enough for every sum of units; the thread's own context may round at 28 digits


def divide(numerator: Decimal | int, denominator: Decimal | int, *, per: int = 1, places: int = 6) -> Decimal:
    """Return ``per * numerator / denominator`` rounded once, half-even, to ``places`` decimals (docs/rollup.md section 5)."""
    return rounded(Fraction(numerator) / Fraction(denominator) * per, places)


def rounded(exact: Fraction, places: int = 6) -> Decimal:
    """The one rounding of a quotient: half-even, at the end, to ``places`` decimals."""
    return _EXACT.scaleb(Decimal(round(exact * 10**places)), -places)


def to_units(value: Decimal | int | str, places: int) -> int:
    """Turn a number into whole units of ``10**-places``; refuse what is finer, too large, a float or no number."""
    if isinstance(value, float):
        raise TypeError("an exact number is a Decimal, an int or a string, never a float")
    number = _number(value)
    sign, digits, exponent = number.as_tuple()
    if not number:
        return 0
    if number.adjusted() > 30:
        raise exceptions.ValidationError(_("This number is too large."), code="too_large")
    # Counted in digits, not computed: a context would round away what stands beyond its precision and call it exact.
    finer = -(int(exponent) + places)
    if finer > 0:
        if finer >= len(digits) or any(digits[-finer:]):
            raise exceptions.ValidationError(
                _("Give at most %(places)s decimals; %(value)s has more."), code="too_fine", params={"places": places, "value": value}
            )
        digits = digits[:-finer]
    units = int("".join(map(str, digits))) * 10 ** max(-finer, 0)
    if units >= LARGEST_UNITS:
        raise exceptions.ValidationError(_("This number is too large."), code="too_large")
    return -units if sign else units


def from_units(units: int, places: int) -> Decimal:
    """Whole units of ``10**-places`` as a Decimal with the trailing zeros gone (``12``, ``0.5``)."""
    whole, rest = divmod(units, 10**places)
    if not rest:  # nearly every figure; four times faster
        return Decimal(whole)
    return normal(_EXACT.scaleb(Decimal(units), -places))


def normal(value: Decimal) -> Decimal:
    """The same number without trailing zeros and never in exponent form."""
    short = value.normalize(_EXACT)
    return short.quantize(Decimal(1), context=_EXACT) if short.as_tuple().exponent > 0 else short  # type: ignore[operator]


def _number(value: Any) -> Decimal:
    """Python reads ``1_000`` and ``True`` as numbers; people who type them mean something else."""
    try:
        if isinstance(value, bool) or (isinstance(value, str) and "_" in value):
            raise InvalidOperation
        number = Decimal(value)
        if not number.is_finite():
            raise InvalidOperation
    except (InvalidOperation, TypeError, ValueError) as wrong:
        raise exceptions.ValidationError(_("“%(value)s” is not a number."), code="invalid", params={"value": value}) from wrong
    return number


class ScaledInteger(models.Field):
    """A decimal kept as a big integer of ``10**-decimal_places``; use ``ExactDecimal`` or ``Money``.

    On plain ``Field`` (not ``DecimalField`` or ``BigIntegerField``), so that an expression whose unit is unclear raises
    instead of coming out a million times too large. The two kinds are siblings and their scale is not an argument: a sum
    of one kind is typed by its class alone, so a parameter or a common parent would give millionths for hundredths.
    """

    empty_strings_allowed = False
    decimal_places: ClassVar[int]
    max_digits = 17

    def db_type(self, connection: Any) -> str:
        return "bigint"

    def get_internal_type(self) -> str:
        return type(self).__name__

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or value == "":
            return None
        if isinstance(value, float):
            raise exceptions.ValidationError(_("“%(value)s” is not an exact number."), code="invalid", params={"value": value})
        return from_units(to_units(value, self.decimal_places), self.decimal_places)

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if value is None or isinstance(value, float) or hasattr(value, "resolve_expression"):
            return value
        return _number(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return to_units(value, self.decimal_places)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        if value is None:
            return None
        if isinstance(value, float) or (isinstance(value, Decimal) and value.as_tuple().exponent != 0):
            raise TypeError(f"{expression} gave {value!r}: exact numbers are never averaged or divided in the database")
        return from_units(int(value), self.decimal_places)

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else str(value)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(
            **{"form_class": forms.DecimalField, "max_digits": self.max_digits, "decimal_places": self.decimal_places, **kwargs}
        )


class ExactDecimal(ScaledInteger):
    """A number of the field (figures, numerators, baselines, targets) in millionths."""

    description = _("Exact decimal number")
    decimal_places = 6


class Money(ScaledInteger):
    """An amount in hundredths of one currency; the row names the currency."""

    description = _("Amount of money")
    decimal_places = 2


for _kind in (ExactDecimal, Money):
    for _sign in (Combinable.ADD, Combinable.SUB):
        register_combinable_fields(_kind, _sign, _kind, _kind)
