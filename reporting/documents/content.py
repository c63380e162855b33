"""What a donor report says, as one frozen value that every file is made from.

Everything here is already *published*: small numbers are hidden before they reach this module, so no file can show more than
another. A number is exact, carries its unit and decimals, and says why it is empty; words for people come last (``shown``).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, get_args, get_origin, get_type_hints

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from plumbing import formats

HIDDEN_MARK = "•••"  # as on the pages: one mark for every hidden number, whatever the reason


class Status(StrEnum):
    """Why a number is there or not; the words also stand in the status column of the XLSX, untranslated, for machines."""

    SHOWN = "shown"
    NOT_REPORTED = "not_reported"
    NOT_SET = "not_set"
    NOT_COMPUTABLE = "not_computable"
    SUPPRESSED = "suppressed"
    HELD = "held"
    NOT_OFFERED = "not_offered"


@dataclass(frozen=True)
class Number:
    """An exact number or the reason why there is none. ``detail`` is a second line such as “118 of 219”, itself published."""

    value: Decimal | None = None
    decimals: int = 0
    unit: str = ""
    status: Status = Status.SHOWN
    detail: str = ""

    def __post_init__(self) -> None:
        empty = self.status not in (Status.SHOWN, Status.HELD)
        if empty != (self.value is None):
            raise ValueError(f"a number that is {self.status} cannot have the value {self.value!r}")
        if empty and self.detail:
            raise ValueError("a number that is not shown has no detail either")


@dataclass(frozen=True)
class Span:
    """A piece of running text; with ``figure`` it is a reported number that opens the submissions behind it."""

    text: str
    figure: str = ""


Paragraph = tuple[Span, ...]


@dataclass(frozen=True)
class Fact:
    """One line of the cover; ``key`` is its name in a Word template (``cover.gender_marker``)."""

    key: str
    label: str
    value: str


@dataclass(frozen=True)
class ResultRow:
    """One indicator: promised, reached and why they differ. ``variance`` is the percentage above (+) or below (-) the milestone."""

    code: str
    label: str
    baseline: Number
    milestone: Number
    target: Number
    reached: Number
    variance: Decimal | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResultsTable:
    caption: str
    rows: tuple[ResultRow, ...]
    baseline_heading: str = ""
    milestone_heading: str = ""
    target_heading: str = ""


@dataclass(frozen=True)
class MoneyRow:
    label: str
    approved: Decimal | None
    spent: Decimal | None
    share: Decimal | None = None  # per cent of the approved amount, two decimals; None where nothing was approved
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class MoneyTable:
    """Amounts of one currency; there is never a sum over two."""

    caption: str
    currency: str
    rows: tuple[MoneyRow, ...]
    total: MoneyRow


@dataclass(frozen=True)
class ChartPoint:
    """One period, placed at its last ``day``: reached, and the plan for that day. ``partial`` (not everyone reported) is an open dot."""

    label: str
    day: date
    reached: Decimal | None = None
    plan: Decimal | None = None
    partial: bool = False


@dataclass(frozen=True)
class Chart:
    """A line of reached numbers over its plan. ``caption`` is the message, ``alternative`` says it to someone who cannot see it."""

    code: str
    caption: str
    alternative: str
    unit: str
    points: tuple[ChartPoint, ...]
    decimals: int = 0
    note: str = ""


@dataclass(frozen=True)
class BreakdownRow:
    label: str
    cells: tuple[Number, ...]


@dataclass(frozen=True)
class Breakdown:
    """One indicator split by one or two dimensions; two-way where ``columns`` holds more than one heading."""

    code: str
    label: str
    caption: str
    row_heading: str
    columns: tuple[str, ...]
    rows: tuple[BreakdownRow, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if any(len(row.cells) != len(self.columns) for row in self.rows):
            raise ValueError(f"the breakdown of {self.code} has rows that do not match its {len(self.columns)} columns")


@dataclass(frozen=True)
class Section:
    key: str
    heading: str
    paragraphs: tuple[Paragraph, ...] = ()
    rating: str = ""
    results: ResultsTable | None = None
    money: tuple[MoneyTable, ...] = ()
    charts: tuple[Chart, ...] = ()
    breakdowns: tuple[Breakdown, ...] = ()


@dataclass(frozen=True)
class Change:
    """A number that the last version held differently, and why."""

    code: str
    label: str
    old: Number
    new: Number
    why: str


@dataclass(frozen=True)
class ReportContent:
    """A whole report. ``signed_off`` is printed on every page but is no part of the hash: signing changes no content."""

    title: str
    reference: str
    donor: str
    program: str
    version: int
    through: date
    frozen_at: datetime
    language: str = "en"
    cover: tuple[Fact, ...] = ()
    coverage: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    sections: tuple[Section, ...] = ()
    signed_off: str = ""

    @property
    def right_to_left(self) -> bool:
        return self.language.split("-")[0] in {"ar", "fa", "he", "ur"}

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over what a reader of the files sees, in one canonical spelling, so that equal content has an equal hash."""
        return hashlib.sha256(replace(self, signed_off="").as_json().encode()).hexdigest()

    def as_json(self) -> str:
        """The one canonical spelling: sorted keys, numbers as plain strings."""
        return json.dumps(_plain(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> ReportContent:
        """The content that ``as_json`` wrote."""
        content: ReportContent = _restored(cls, json.loads(text))
        return content

    @property
    def standing(self) -> str:
        """What every page says about itself."""
        if self.signed_off:
            return _("Version %(version)s, %(signed)s") % {"version": self.version, "signed": self.signed_off}
        return _("Version %(version)s, not signed off") % {"version": self.version}

    @property
    def short_hash(self) -> str:
        return self.content_hash[:4] + "…" + self.content_hash[-4:]


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        return format(value.normalize() if value else Decimal(0), "f")
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    return value


def _restored(kind: Any, value: Any) -> Any:
    """``value`` of a JSON text as the annotated ``kind``: a dataclass, a tuple of one kind, an optional, or a plain value."""
    if get_origin(kind) is tuple:
        return tuple(_restored(get_args(kind)[0], part) for part in value)
    if type(None) in get_args(kind):
        return None if value is None else _restored(next(one for one in get_args(kind) if one is not type(None)), value)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _restored(hints[name], part) for name, part in value.items()})  # type: ignore[operator]
    if kind is date or kind is datetime:
        return kind.fromisoformat(value)
    return kind(value)


def shown(number: Number) -> str:
    """The number in the active language's spelling, or the mark or word for why there is none."""
    if number.value is not None:
        return measured(number.value, number.decimals, number.unit)
    if number.status == Status.SUPPRESSED:
        return HIDDEN_MARK
    return {
        Status.NOT_REPORTED: _("not reported"),
        Status.NOT_SET: pgettext("no baseline or target", "not set"),
        Status.NOT_COMPUTABLE: _("cannot be added up"),
        Status.NOT_OFFERED: _("n/a"),
    }[number.status]


def measured(value: Decimal, decimals: int, unit: str = "") -> str:
    """Only the percent sign stands with the number in one line; other units stand under it, where a table has the room."""
    return formats.percent(value, decimals) if unit == "%" else formats.number(value, decimals)
