"""What people type into a cell of the entry page, read as a figure: "1 234", "12,5", "61 / 92", "35 %", "٣٤", or nothing."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils import formats
from django.utils.translation import gettext as _

EMPTY = {"", "–", "-", "—", "…"}
SPACES = " \u00a0\u202f\u2009'’"


class NotANumber(ValueError):
    """What was typed is not a number; the text says what was expected."""


@dataclass(frozen=True)
class Typed:
    """The parts of a figure as typed; all None means empty."""

    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    share: Decimal | None = None

    @property
    def is_empty(self) -> bool:
        return self.value is None and self.numerator is None and self.share is None


def number(text: str) -> Decimal | None:
    """A typed number, exact; None when nothing was typed. Digits of any script, spaces between thousands, the language's decimal sign."""
    plain = "".join(str(unicodedata.decimal(c)) if unicodedata.category(c) == "Nd" else c for c in text.strip())
    plain = plain.replace("٫", ".").replace("٬", "").replace("−", "-")
    if plain in EMPTY:
        return None
    for space in SPACES:
        plain = plain.replace(space, "")
    plain = _with_a_point(plain)
    try:
        if not set(plain) <= set("0123456789.-+") or plain.lstrip("+-") in {"", "."}:
            raise InvalidOperation
        return Decimal(plain)
    except InvalidOperation:
        raise NotANumber(_("“%(text)s” is not a number. Write digits only, such as 118.") % {"text": text.strip()}) from None


def ratio(text: str) -> Typed:
    """A typed share: "61 / 92", or a bare "35 %" where no numerator is known."""
    plain = text.strip()
    if plain in EMPTY:
        return Typed()
    if "/" in plain:
        top, _slash, bottom = plain.partition("/")
        numerator, denominator = number(top), number(bottom)
        if numerator is None or denominator is None:
            raise NotANumber(_("Write the share as two numbers, such as 61 / 92."))
        return Typed(numerator=numerator, denominator=denominator)
    if plain.endswith(("%", "٪")):
        return Typed(share=number(plain[:-1]))
    raise NotANumber(_("Write the share as two numbers, such as 61 / 92; or as 35 % where you do not know them."))


def _with_a_point(text: str) -> str:
    """Decimal sign to a point. A comma before exactly three digits parts thousands where the language writes a decimal point."""
    if "," not in text:
        return text
    if "." in text:
        last = max(text.rfind(","), text.rfind("."))
        whole, rest = text[:last], text[last + 1 :]
        return whole.replace(",", "").replace(".", "") + "." + rest
    groups = text.split(",")
    if formats.get_format("DECIMAL_SEPARATOR") == "." and all(len(g) == 3 for g in groups[1:]):
        return "".join(groups)
    return ".".join(groups) if len(groups) == 2 else text
