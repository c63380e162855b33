"""Exact decimal numbers that survive SQLite.

SQLite keeps a ``DecimalField`` as a float and its SUM drifts, so whatever is summed is stored as a big integer of
millionths (money: hundredths) and is a ``Decimal`` in Python. NULL is "not reported"; zero is a value.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from fractions import Fraction
from typing import Any

from django import forms
from django.core import exceptions
from django.db import models
from django.db.models.expressions import Combinable, register_combinable_fields
from django.utils.translation import gettext_lazy as _

LARGEST_UNITS = 10**17  # exclusive: below this, eleven whole digits at six decimals, and 90 such rows still fit a 64-bit SUM


def divide(numerator: Decimal | int, denominator: Decimal | int, *, per: int = 1, places: int = 6) -> Decimal:
    """Return ``per * numerator / denominator`` rounded once, half-even, to ``places`` decimals (domain/rollup.md section 5)."""
    exact = Fraction(numerator) / Fraction(denominator) * per
    with localcontext() as context:
        context.prec = 60
        return Decimal(round(exact * 10**places)).scaleb(-places)


def to_units(value: Decimal | int | str, places: int) -> int:
    """Turn a number into whole units of ``10**-places``; refuse what is finer, too large or a float."""
    if isinstance(value, float):
        raise TypeError("an exact number is a Decimal, an int or a string, never a float")
    try:
        number = Decimal(value)
    except InvalidOperation as wrong:
        raise exceptions.ValidationError(_("“%(value)s” is not a number."), code="invalid", params={"value": value}) from wrong
    if not number.is_finite():
        raise exceptions.ValidationError(_("“%(value)s” is not a number."), code="invalid", params={"value": value})
    if number.adjusted() > 30:
        raise exceptions.ValidationError(_("This number is too large."), code="too_large")
    with localcontext() as context:
        context.prec = 60
        scaled = number.scaleb(places)
        units = int(scaled.to_integral_value(ROUND_HALF_EVEN))
        if units != scaled:
            raise exceptions.ValidationError(
                _("Give at most %(places)s decimals; %(value)s has more."), code="too_fine", params={"places": places, "value": value}
            )
    if abs(units) >= LARGEST_UNITS:
        raise exceptions.ValidationError(_("This number is too large."), code="too_large")
    return units


def from_units(units: int, places: int) -> Decimal:
    """Whole units of ``10**-places`` as a Decimal with the trailing zeros gone (``12``, ``0.5``)."""
    return normal(Decimal(units).scaleb(-places))


def normal(value: Decimal) -> Decimal:
    """The same number without trailing zeros and never in exponent form."""
    with localcontext() as context:
        context.prec = 60
        short = value.normalize()
        return short.quantize(Decimal(1)) if short.as_tuple().exponent > 0 else short  # type: ignore[operator]


class ExactDecimal(models.Field):
    """A decimal kept as a big integer of ``10**-decimal_places``.

    On plain ``Field`` (not ``DecimalField`` or ``BigIntegerField``), so that an expression whose unit is unclear raises
    instead of coming out a million times too large.
    """

    empty_strings_allowed = False
    description = _("Exact decimal number")

    def __init__(self, *args: Any, decimal_places: int = 6, **kwargs: Any) -> None:
        self.decimal_places = decimal_places
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        if self.decimal_places != 6:
            kwargs["decimal_places"] = self.decimal_places
        return name, path, args, kwargs

    @property
    def max_digits(self) -> int:
        return 17

    def db_type(self, connection: Any) -> str:
        return "bigint"

    def get_internal_type(self) -> str:
        return "ExactDecimal"

    def to_python(self, value: Any) -> Decimal | None:
        if value is None:
            return None
        if isinstance(value, float):
            raise exceptions.ValidationError(_("“%(value)s” is not an exact number."), code="invalid", params={"value": value})
        return from_units(to_units(value, self.decimal_places), self.decimal_places)

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if value is None or hasattr(value, "resolve_expression") else Decimal(value) if not isinstance(value, float) else value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return to_units(value, self.decimal_places)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError(f"{expression} gave a float: exact numbers are never averaged or divided in the database")
        return from_units(int(value), self.decimal_places)

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else str(value)

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        return super().formfield(
            **{"form_class": forms.DecimalField, "max_digits": self.max_digits, "decimal_places": self.decimal_places, **kwargs}
        )


class Money(ExactDecimal):
    """An amount in hundredths of one currency; the row names the currency."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["decimal_places"] = 2
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("decimal_places", None)
        return name, path, args, kwargs


for _kind in (ExactDecimal, Money):
    for _sign in (Combinable.ADD, Combinable.SUB):
        register_combinable_fields(_kind, _sign, _kind, _kind)
