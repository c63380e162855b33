"""Periods as people write them in headings and titles: ``Jan–Jun 2025``, ``H1 2025``, ``T3 2024``, ``2025-Q3``, ``2020``."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

from anyascii import anyascii

from exchange.framework_words import MONTHS

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_YEAR = r"(20\d\d|19\d\d)"
_DATE = rf"(?:(\d{{1,2}})(?:st|nd|rd|th|er)? ({_MONTH})\.? {_YEAR}|(\d{{1,2}})[./](\d{{1,2}})[./]{_YEAR}|{_YEAR}-(\d\d)-(\d\d))"
_TO = r"\s*(?:-|to|until|au|a|and|et)\s*"
_DATES = re.compile(rf"\b{_DATE}{_TO}{_DATE}\b")
_MONTHS = re.compile(rf"\b({_MONTH})\.?(?: {_YEAR})?{_TO}({_MONTH})\.? {_YEAR}\b")
_ONE_MONTH = re.compile(rf"\b({_MONTH})\.? {_YEAR}\b")
_ORDINAL = r"(?:1st|2nd|3rd|4th|first|second|third|fourth|1er|2e|2eme|3e|3eme|4e|4eme|premier|deuxieme|troisieme|quatrieme)"
_PART = (
    rf"(?:(q|t|h|s|quarter|trimestre|half-year|half year|half|semester|semestre)\.? ?([1-4])"
    rf"|({_ORDINAL}) (quarter|trimestre|half-year|half year|half|semester|semestre)(?: of)?)"
)
_PART_YEAR = re.compile(rf"\b{_PART}[ ,/-]*(?:of |de )?{_YEAR}\b")
_YEAR_PART = re.compile(rf"\b{_YEAR}[ ,/-]*{_PART}\b")
_YEARS = re.compile(rf"\b{_YEAR}{_TO}{_YEAR}\b")
_ONE_YEAR = re.compile(rf"\b{_YEAR}\b")
_RANK = {**dict.fromkeys(["1st", "first", "1er", "premier"], 1), **dict.fromkeys(["2nd", "second", "2e", "2eme", "deuxieme"], 2)}
_RANK |= {**dict.fromkeys(["3rd", "third", "3e", "3eme", "troisieme"], 3), **dict.fromkeys(["4th", "fourth", "4e", "4eme", "quatrieme"], 4)}


@dataclass(frozen=True, order=True)
class Span:
    """First and last day, both included."""

    start: date
    end: date


def find(text: str) -> tuple[Span, str] | None:
    """The first period named in a text, and the text without it; None when it names none (a quarter without a year is none)."""
    written = " ".join(anyascii(text).lower().split())
    for pattern, understand in _FORMS:
        for match in pattern.finditer(written):
            span = understand(match)
            if span is not None and span.start <= span.end:
                return span, f"{written[: match.start()]} {written[match.end() :]}".strip()
    return None


def year(number: int) -> Span:
    return Span(date(number, 1, 1), date(number, 12, 31))


def _from_dates(match: re.Match[str]) -> Span | None:
    groups = match.groups()
    first, last = _date(groups[:9]), _date(groups[9:])
    return Span(first, last) if first and last else None


def _date(groups: tuple[str | None, ...]) -> date | None:
    """Day before month, as the field writes it outside ISO dates."""
    day, month, year_of, day_2, month_2, year_2, iso_year, iso_month, iso_day = groups
    try:
        if month:
            return date(int(year_of or 0), MONTHS[month], int(day or 0))
        if month_2:
            return date(int(year_2 or 0), int(month_2), int(day_2 or 0))
        return date(int(iso_year or 0), int(iso_month or 0), int(iso_day or 0))
    except ValueError:
        return None


def _from_months(match: re.Match[str]) -> Span | None:
    first, first_year, last, last_year = match.groups()
    return _months(int(first_year or last_year), MONTHS[first], int(last_year), MONTHS[last])


def _from_month(match: re.Match[str]) -> Span | None:
    return _months(int(match[2]), MONTHS[match[1]], int(match[2]), MONTHS[match[1]])


def _from_part_year(match: re.Match[str]) -> Span | None:
    unit, number, ordinal, unit_2, year_of = match.groups()
    return _part(unit or unit_2, int(number) if number else _RANK[ordinal], int(year_of))


def _from_year_part(match: re.Match[str]) -> Span | None:
    year_of, unit, number, ordinal, unit_2 = match.groups()
    return _part(unit or unit_2, int(number) if number else _RANK[ordinal], int(year_of))


def _part(unit: str, number: int, year_of: int) -> Span | None:
    months = 3 if unit[0] in "qt" else 6
    if number * months > 12:
        return None
    return _months(year_of, (number - 1) * months + 1, year_of, number * months)


def _months(first_year: int, first: int, last_year: int, last: int) -> Span:
    return Span(date(first_year, first, 1), date(last_year, last, calendar.monthrange(last_year, last)[1]))


def _from_years(match: re.Match[str]) -> Span | None:
    return Span(date(int(match[1]), 1, 1), date(int(match[2]), 12, 31))


def _from_year(match: re.Match[str]) -> Span | None:
    return year(int(match[1]))


_FORMS = (
    (_DATES, _from_dates),
    (_MONTHS, _from_months),
    (_PART_YEAR, _from_part_year),
    (_YEAR_PART, _from_year_part),
    (_ONE_MONTH, _from_month),
    (_YEARS, _from_years),
    (_ONE_YEAR, _from_year),
)
