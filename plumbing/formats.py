"""How numbers, money and dates are written for people, per language and without ever passing through a float.

A number that was not reported is a dash; zero is "0".
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from django.utils import formats, timezone
from django.utils.translation import get_language, gettext, ngettext, pgettext

NOT_REPORTED = "–"
NO_BREAK = "\u00a0"
NARROW = "\u202f"

# language -> thousands, decimal sign. Arabic pages of the region use Latin digits.
SIGNS = {"en": (",", "."), "fr": (NARROW, ","), "es": (NARROW, ","), "ar": (",", ".")}
OTHER_SIGNS = (NARROW, ".")
DAY_FORMATS = {"es": r"j \d\e F \d\e Y"}


def number(value: Decimal | int | str | None, decimals: int | None = None) -> str:
    """``1214`` as "1,214"; with ``decimals`` rounded half-even to that many, else as exact as it is."""
    if value is None or value == "":
        return NOT_REPORTED
    exact = _decimal(value)
    with localcontext() as context:
        context.prec = 60
        if decimals is not None:
            exact = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
        text = f"{exact:f}"
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    if sign and not text.strip("0."):
        sign = ""
    whole, _, fraction = text.partition(".")
    thousands, point = SIGNS.get((get_language() or "en")[:2], OTHER_SIGNS)
    if decimals is None:
        fraction = fraction.rstrip("0")
    return sign + f"{int(whole):,}".replace(",", thousands) + (point + fraction if fraction else "")


def percent(value: Decimal | int | str | None, decimals: int | None = 0) -> str:
    """A share on the scale 0 to 100 as "69 %"."""
    return NOT_REPORTED if value is None or value == "" else f"{number(value, decimals)}{NO_BREAK}%"


def money(amount: Decimal | int | None, currency: str) -> str:
    """ "USD 7,400,000", with cents only where there are some."""
    if amount is None:
        return NOT_REPORTED
    exact = _decimal(amount)
    return f"{currency}{NO_BREAK}{number(exact, 0 if exact == exact.to_integral_value() else 2)}"


def money_short(amount: Decimal | int | None, currency: str, decimals: int = 2) -> str:
    """ "USD 7.40 m" from a million up, whole units below; the exact amount belongs beside it or in the table it opens."""
    if amount is None:
        return NOT_REPORTED
    exact = _decimal(amount)
    if abs(exact) < 1_000_000:
        return f"{currency}{NO_BREAK}{number(exact, 0)}"
    millions = number(exact.scaleb(-6), decimals)
    return pgettext("money in millions", "%(currency)s %(amount)s m").replace(" ", NO_BREAK) % {"currency": currency, "amount": millions}


def day(value: date | datetime | None) -> str:
    """ "30 September 2026"; a moment is first put into the reader's time zone."""
    if value is None:
        return NOT_REPORTED
    return formats.date_format(_local_date(value), DAY_FORMATS.get((get_language() or "en")[:2], "j F Y"))


def day_short(value: date | datetime | None, today: date | None = None) -> str:
    """ "15 Oct", with the year where it is not this one."""
    if value is None:
        return NOT_REPORTED
    local = _local_date(value)
    return formats.date_format(local, "j M" if local.year == (today or timezone.localdate()).year else "j M Y")


def moment(value: datetime | None) -> str:
    """ "24 October 2026, 08:30" in the reader's time zone."""
    if value is None:
        return NOT_REPORTED
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{day(local)}, {local:%H:%M}"


def in_days(value: date | datetime | None, today: date | None = None) -> str:
    """ "in 12 days", "today", "9 days ago"."""
    if value is None:
        return NOT_REPORTED
    distance = (_local_date(value) - (today or timezone.localdate())).days
    if distance == 0:
        return gettext("today")
    if distance > 0:
        return ngettext("in %(days)s day", "in %(days)s days", distance) % {"days": number(distance)}
    return ngettext("%(days)s day ago", "%(days)s days ago", -distance) % {"days": number(-distance)}


def days_late(value: date | datetime | None, today: date | None = None) -> str:
    """ "9 days late" after a due date, nothing before."""
    distance = 0 if value is None else ((today or timezone.localdate()) - _local_date(value)).days
    if distance <= 0:
        return ""
    return ngettext("%(days)s day late", "%(days)s days late", distance) % {"days": number(distance)}


def file_size(size: int | None) -> str:
    """Bytes as "48 KB" or "2.4 MB" (1 KB = 1,000 bytes)."""
    if size is None:
        return NOT_REPORTED
    unit = gettext("KB") if size < 1_000_000 else gettext("MB")
    shown = number(max(1, round(size / 1000)) if size else 0) if size < 1_000_000 else number(Decimal(size).scaleb(-6), 1)
    return f"{shown}{NO_BREAK}{unit}"


def _decimal(value: Decimal | int | str) -> Decimal:
    if isinstance(value, (float, bool)):
        raise TypeError(f"{value!r} is not an exact number: pass a Decimal, an int or a string")
    return Decimal(value)


def _local_date(value: date | datetime) -> date:
    if not isinstance(value, datetime):
        return value
    return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
