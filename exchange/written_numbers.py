"""Numbers as people write them: ``1,490``, ``43,5 %``, ``6 of 21``, ``n/a``, and what is not one: ``12-15``, ``about 40``.

Nothing is guessed silently. What is clear from the text alone is taken; ``1,490`` alone is not clear, so the reader says which
mark the rest of the sheet uses, and a number that stays open is marked so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from anyascii import anyascii

from plumbing.numbers import normal

PLACES = 6
LARGEST = Decimal(10) ** 11  # exclusive, as the database keeps it (plumbing/numbers.py)

# "none" and "nil" are missing on purpose: they may mean zero, so a person decides.
NOT_REPORTED = frozenset(
    [
        "-",
        "--",
        "---",
        ".",
        "..",
        "...",
        "/",
        "x",
        "n/a",
        "na",
        "n.a",
        "n.a.",
        "n/d",
        "nd",
        "n.d",
        "n.d.",
        "n/r",
        "nr",
        "tbd",
        "tbc",
        "t.b.d",
        "t.b.d.",
        "t.b.c",
        "t.b.c.",
        "pending",
        "s/o",
        "so",
        "s.o",
        "s.o.",
        "ad",
        "a/d",
        "#n/a",
    ]
) | {
    "not available",
    "not applicable",
    "not reported",
    "no data",
    "to be determined",
    "to be defined",
    "to be confirmed",
    "non disponible",
    "non applicable",
    "sans objet",
    "a determiner",
    "a definir",
    "a confirmer",
    "pas de donnees",
    "non rapporte",
    "non renseigne",
}

_DIGITS = r"\d[\d.,'\s]*"
_SIGNED = rf"[+-]?\s*(?:{_DIGITS}|[.,]\d+)"
_PERCENT = r"(?:%|percent|per cent|pct|pour cent|p\.? ?c\.?)"
_CURRENCY = r"(?:[A-Z]{3}|[$€£¥])"
_WHOLE = re.compile(rf"^({_CURRENCY})?\s*({_SIGNED}?)\s*({_CURRENCY})?\s*({_PERCENT})?$")
_SHARE_OF = re.compile(rf"^({_DIGITS})\s*(?:out of|of|/|sur)\s*({_DIGITS})$", re.I)
_RANGE = re.compile(rf"^({_SIGNED}?)\s*({_PERCENT})?\s*(?:-|to|a|et|and)\s*({_DIGITS})\s*({_PERCENT})?$", re.I)
_BOUND = re.compile(
    rf"^(?:>=|<=|>|<|=|~|≥|≤|≈|at least|at most|up to|more than|less than|over|about|around|approx\.?|approximately|min\.?|max\.?|"
    rf"minimum|maximum|au moins|au plus|plus de|moins de|environ|env\.?)\s*({_SIGNED}?)\s*({_PERCENT})?$",
    re.I,
)
_WITH_WORDS = re.compile(rf"^({_SIGNED}?)\s*({_PERCENT})?\s+(?!(?:k|m|bn|mio|million|thousand|mille|millier))[^\W\d].*$", re.I)


@dataclass(frozen=True)
class Written:
    """A number that was read. ``value`` is None for "not reported"; a share is 0–100; ``unsure`` holds the other possible reading."""

    value: Decimal | None
    percent: bool = False
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    currency: str = ""
    unsure: Decimal | None = None
    rounded: bool = False


class NotANumber(Exception):
    """The text is no single number; ``reason`` is a word for the message, ``readings`` what it might mean."""

    def __init__(self, text: str, reason: str, readings: tuple[Decimal, ...] = ()) -> None:
        super().__init__(text)
        self.text, self.reason, self.readings = text, reason, readings


def read(text: str, *, mark: str | None = None) -> Written:
    """The number in a text; ``mark`` is the decimal mark of the rest of the sheet (``.``, ``,`` or unknown).

    Raises ``NotANumber`` with reason ``range``, ``bound``, ``words``, ``too_large`` or ``text``.
    """
    plain = _plain(text)
    if not plain or anyascii(plain).lower() in NOT_REPORTED:
        return Written(None)
    if match := _WHOLE.match(plain):
        return _whole(text, match, mark)
    if match := _SHARE_OF.match(plain):
        return _share(text, match, mark)
    if match := _RANGE.match(anyascii(plain)):
        raise NotANumber(text, "range", _readings((match[1], match[3]), mark))
    if match := _BOUND.match(plain):
        raise NotANumber(text, "bound", _readings((match[1],), mark))
    if match := _WITH_WORDS.match(plain):
        raise NotANumber(text, "words", _readings((match[1],), mark))
    raise NotANumber(text, "text")


def limited(value: Decimal) -> tuple[Decimal, bool]:
    """The value to six decimals, half-even, and whether that changed it."""
    if value.is_finite() and abs(value) < LARGEST:
        short = value.quantize(Decimal(1).scaleb(-PLACES), ROUND_HALF_EVEN)
        return normal(short), short != value
    raise NotANumber(str(value), "too_large")


def decimal_mark(texts: Iterable[str]) -> str | None:
    """The decimal mark that the texts prove (``.`` or ``,``); None where nothing proves one or they contradict each other."""
    proven = set()
    for text in texts:
        for number in re.findall(r"\d[\d.,]*\d", _plain(text)):
            if mark := _proven_mark(number):
                proven.add(mark)
    return proven.pop() if len(proven) == 1 else None


def _plain(text: str) -> str:
    """Spaces, dashes, apostrophes, digits and percent signs of any script in their plainest form."""
    out = []
    for character in unicodedata.normalize("NFKC", text):
        if unicodedata.category(character) == "Nd":
            out.append(str(unicodedata.digit(character)))
        elif unicodedata.category(character) == "Zs":
            out.append(" ")
        else:
            out.append(_ALIKE.get(character, character))
    return " ".join("".join(out).split())


_ALIKE = {
    "−": "-",
    "–": "-",
    "—": "-",
    "‐": "-",
    "‑": "-",
    "’": "'",
    "‘": "'",
    "٪": "%",
    "٫": ".",
    "٬": "'",
    "،": ",",
    "\u200e": "",
    "\u200f": "",
}


def _whole(text: str, match: re.Match[str], mark: str | None) -> Written:
    before, number, after, percent = match.groups()
    first, other = _number(text, number, mark)
    value, rounded = _limited(text, first)
    return Written(value, percent=bool(percent), currency=before or after or "", unsure=other, rounded=rounded)


def _share(text: str, match: re.Match[str], mark: str | None) -> Written:
    (numerator, _), (denominator, _) = (_number(text, part, mark) for part in match.groups())
    _limited(text, numerator), _limited(text, denominator)
    if denominator == 0 or numerator > denominator:
        raise NotANumber(text, "text")
    return Written(None, percent=True, numerator=numerator, denominator=denominator)


def _limited(text: str, value: Decimal) -> tuple[Decimal, bool]:
    try:
        return limited(value)
    except NotANumber as wrong:
        raise NotANumber(text, wrong.reason) from wrong


def _readings(parts: Iterable[str], mark: str | None) -> tuple[Decimal, ...]:
    """What the parts of an unclear text mean as numbers; one that means nothing gives no reading at all."""
    try:
        return tuple(limited(_number(part, part, mark)[0])[0] for part in parts)
    except NotANumber:
        return ()


def _number(text: str, written: str, mark: str | None) -> tuple[Decimal, Decimal | None]:
    """The number, and the other one it could be where neither the text nor the sheet proves the decimal mark."""
    compact = re.sub(r"[\s']", "", written)
    sign, digits = (compact[0], compact[1:]) if compact[:1] in ("+", "-") else ("", compact)
    if re.search(r"[\s']", written.strip().lstrip("+-").strip()) and not re.fullmatch(
        r"\d{1,3}([\s']\d{3})+([.,]\d+)?", written.strip().lstrip("+-").strip()
    ):
        raise NotANumber(text, "text")
    proven = _proven_mark(digits)
    chosen = proven or mark or "."
    value = _with_mark(text, digits, chosen)
    other = None
    if proven is None and mark is None and re.search(r"[.,]", digits):
        other = _with_mark(text, digits, "," if chosen == "." else ".")
    factor = -1 if sign == "-" else 1
    return value * factor, None if other is None else other * factor


def _with_mark(text: str, digits: str, mark: str) -> Decimal:
    group = "," if mark == "." else "."
    grouped = rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+"
    if not re.fullmatch(rf"(?:\d+|{grouped})?(?:{re.escape(mark)}\d+)?", digits) or not re.search(r"\d", digits):
        raise NotANumber(text, "text")
    return Decimal(digits.replace(group, "").replace(mark, "."))


def _proven_mark(digits: str) -> str | None:
    """Which decimal mark one number proves by itself: two different marks, a repeated one, or a tail that is no group of three."""
    marks = re.findall(r"[.,]", digits)
    if not marks:
        return None
    if len(set(marks)) == 2:
        return marks[-1]
    if len(marks) > 1:
        return "," if marks[0] == "." else "."
    whole, _, tail = digits.partition(marks[0])
    if len(tail) != 3 or not 1 <= len(whole) <= 3 or whole.startswith("0"):
        return marks[0]
    return None
