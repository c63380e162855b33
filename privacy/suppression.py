"""Small numbers of people in tables that leave the circle of those entitled to raw figures (docs/small-numbers.md).

Pure: thresholds are arguments, the exact numbers go in, and what may be shown comes out. Compute on raw data, suppress last.
A line is a row or column with its total; hidden cells of a line must not follow from the rest of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Status = Literal["shown", "suppressed", "not_applicable"]
Key = Hashable


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell as it leaves: a number, or the one mark for whatever is hidden, or "n/a" for a category that was not offered.

    An export writes ``value`` (null when hidden, never 0) and ``status`` beside it.
    """

    value: int | None
    status: Status = "shown"


HIDDEN = Shown(None, "suppressed")
NOT_APPLICABLE = Shown(None, "not_applicable")


@dataclass(frozen=True, slots=True)
class SafeLine:
    """A one-way table. ``only_primary``: every hidden cell is small itself, so "<5" may be written instead of the mark."""

    cells: tuple[Shown, ...]
    total: Shown
    dropped: bool = False
    only_primary: bool = False


@dataclass(frozen=True, slots=True)
class SafeTable:
    """A two-way table. ``dropped``: the breakdown cannot be shown safely; at most the grand total remains."""

    rows: tuple[tuple[Shown, ...], ...]
    row_totals: tuple[Shown, ...]
    column_totals: tuple[Shown, ...]
    total: Shown
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """A number in a series over time: ``held`` shows the last published one until the difference is large enough."""

    value: int | None
    held: bool


@dataclass(frozen=True, slots=True)
class _Line:
    members: tuple[Key, ...]
    total: Key


def protect_line(cells: Sequence[int | None], *, threshold: int, hide_zeros: bool = False) -> SafeLine:
    """A one-way table: cells (None: not offered) that add up to its total. ``hide_zeros``: confidential and strict data."""
    return protect_lines([cells], threshold=threshold, hide_zeros=hide_zeros)[0]


def protect_lines(lines: Sequence[Sequence[int | None]], *, threshold: int, hide_zeros: bool = False) -> list[SafeLine]:
    """Several one-way tables of one number, such as by sex and by age: one system, whose total is hidden in all or in none."""
    totals = {sum(cell or 0 for cell in cells) for cells in lines}
    if len(totals) != 1:
        raise ValueError("tables of one number add up to the same total: give what is not broken down as a cell of its own")
    values: dict[Key, int] = {"total": totals.pop()}
    members: list[_Line] = []
    for number, cells in enumerate(lines):
        keys = {(number, at): cell for at, cell in enumerate(cells) if cell is not None}
        values |= keys
        members.append(_Line(tuple(keys), "total"))
    hidden, primary = _suppress(values, members, threshold=threshold, hide_zeros=hide_zeros)
    if hidden is None:
        total = _only_total(values["total"], threshold)
        return [SafeLine(tuple(_gone(cell) for cell in cells), total, dropped=True) for cells in lines]
    total = HIDDEN if "total" in hidden else Shown(values["total"])
    return [
        SafeLine(
            cells=tuple(_show(cell, (number, at) in hidden) for at, cell in enumerate(cells)),
            total=total,
            only_primary=len(lines) == 1 and bool(hidden) and hidden == primary,
        )
        for number, cells in enumerate(lines)
    ]


def protect_table(rows: Sequence[Sequence[int | None]], *, threshold: int, hide_zeros: bool = False) -> SafeTable:
    """A two-way table of interior cells (None: not offered).

    Line checks alone leave some hidden cells bounded within less than the threshold. Until a linear programme audits them, a
    table is published only where nothing is hidden, or where exactly one block of two by two is, whose one degree of freedom
    is at least the threshold; otherwise the breakdown is dropped.
    """
    across, down = range(len(rows)), range(len(rows[0]))
    values: dict[Key, int] = {(i, j): cell for i in across for j in down if (cell := rows[i][j]) is not None}
    interior = tuple(values)
    values |= {(i, "total"): sum(cell or 0 for cell in rows[i]) for i in across}
    values |= {("total", j): sum(rows[i][j] or 0 for i in across) for j in down}
    values["total", "total"] = sum(values[key] for key in interior)
    lines = [
        *(_Line(tuple((i, j) for j in down if (i, j) in values), (i, "total")) for i in across),
        _Line(tuple(("total", j) for j in down), ("total", "total")),
        *(_Line(tuple((i, j) for i in across if (i, j) in values), ("total", j)) for j in down),
        _Line(tuple((i, "total") for i in across), ("total", "total")),
    ]
    hidden, _primary = _suppress(values, lines, threshold=threshold, hide_zeros=hide_zeros)
    if hidden is None or (hidden and not _is_safe_block(hidden, values, threshold)):
        total = _only_total(values["total", "total"], threshold)
        gone = tuple(tuple(_gone(cell) for cell in row) for row in rows)
        return SafeTable(gone, (HIDDEN,) * len(rows), (HIDDEN,) * len(rows[0]), total, dropped=True)
    return SafeTable(
        rows=tuple(tuple(_show(rows[i][j], (i, j) in hidden) for j in down) for i in across),
        row_totals=tuple(_show(values[i, "total"], (i, "total") in hidden) for i in across),
        column_totals=tuple(_show(values["total", j], ("total", j) in hidden) for j in down),
        total=_show(values["total", "total"], ("total", "total") in hidden),
    )


def show_together(
    people: Mapping[frozenset[Key], int], order: Iterable[Key], *, threshold: int, hide_zeros: bool = False, known: Collection[Key] = ()
) -> set[Key]:
    """Which of a page's numbers may stand beside one another when each counts some of the same people.

    ``people``: how many people are counted by exactly these numbers; how many they are together may stand there too. The numbers are
    taken in ``order``; one is left out where it would part the people, by the numbers that count them, into a block below the
    threshold. So everybody looks, in what is shown, like at least ``threshold`` people: whatever is added and subtracted, of however
    many numbers, a group that comes out is made of whole blocks. A number that parts nothing says that a difference is zero; with
    ``hide_zeros`` it is left out, unless it is ``known`` by its meaning (the last part of a whole).
    """
    blocks = [dict(people)]
    shown: set[Key] = set()
    for key in order:
        inside = [{signature: n for signature, n in block.items() if key in signature} for block in blocks]
        outside = [{signature: n for signature, n in block.items() if key not in signature} for block in blocks]
        number = sum(sum(block.values()) for block in inside)
        parts_something = any(one and other for one, other in zip(inside, outside, strict=True))
        parted = [block for block in (*inside, *outside) if block]
        if protect_total(number, threshold=threshold, hide_zeros=hide_zeros) is HIDDEN:
            continue
        if hide_zeros and not parts_something and key not in known:
            continue
        if all(sum(block.values()) >= threshold for block in parted):
            shown.add(key)
            blocks = parted
    return shown


def protect_total(total: int, *, threshold: int, hide_zeros: bool = False) -> Shown:
    """A number that stands alone."""
    return HIDDEN if 1 <= total < threshold or (hide_zeros and total == 0) else Shown(total)


def may_show_percentage(
    numerator: int | Decimal, denominator: int | Decimal, *, threshold: int, hide_zeros: bool = False, is_suppressed: bool = False
) -> bool:
    """Whether a percentage of people may be shown beside or instead of its numbers.

    Hidden: a base below twice the threshold, a numerator or its remainder that is small or suppressed, and 0 % or 100 % where
    that says something about everyone: always for confidential and strict data, else below four times the threshold.
    """
    if is_suppressed or denominator < 2 * threshold:
        return False
    for number in (numerator, denominator - numerator):
        if 0 < number < threshold or (number == 0 and (hide_zeros or denominator < 4 * threshold)):
            return False
    return True


def release(now: int, last_published: int | None, *, threshold: int, hide_zeros: bool = False) -> Release:
    """A total of people over time: published when it differs from the last published one by the threshold, else held at that.

    No difference shows nothing new, but for confidential and strict data even that is not said. A correction follows the same rule.
    """
    difference = now - (last_published or 0)
    if abs(difference) >= threshold or (difference == 0 and not hide_zeros):
        return Release(now, held=False)
    return Release(last_published, held=True)


def may_show_period(value: int, *, threshold: int, hide_zeros: bool = False) -> bool:
    """A period's own number is the difference of two cumulative ones: never shown where that difference would be held."""
    return abs(value) >= threshold or (value == 0 and not hide_zeros)


def _suppress(values: dict[Key, int], lines: Sequence[_Line], *, threshold: int, hide_zeros: bool) -> tuple[set[Key] | None, set[Key]]:
    """Steps 1 and 2: small cells, then as many others as keep each line from giving one away. None: the breakdown is dropped."""
    primary = {key for key, value in values.items() if 1 <= value < threshold or (hide_zeros and value == 0)}
    hidden = set(primary)
    lines_of: dict[Key, list[_Line]] = {}
    for line in lines:
        for key in (*line.members, line.total):
            lines_of.setdefault(key, []).append(line)

    def crosses_hidden(key: Key, line: _Line) -> bool:
        return any(hidden.intersection((*other.members, other.total)) for other in lines_of[key] if other is not line)

    changed = True
    while changed:
        changed = False
        for line in lines:
            while _is_unsafe(line, values, hidden, threshold):
                changed = True
                if not _hide_one_more(line, values, hidden, crosses_hidden):
                    return None, primary
    return hidden, primary


def _is_unsafe(line: _Line, values: dict[Key, int], hidden: set[Key], threshold: int) -> bool:
    inside = [values[key] for key in line.members if key in hidden]
    count = len(inside) + (line.total in hidden)
    return count == 1 or (line.total not in hidden and count >= 1 and sum(inside) < threshold)


def _hide_one_more(line: _Line, values: dict[Key, int], hidden: set[Key], crosses_hidden: Callable[[Key, _Line], bool]) -> bool:
    """Hide the smallest cell above zero that is still shown; where there is none, the total. False: nothing is left to hide."""
    candidates = [key for key in line.members if key not in hidden and values[key] > 0]
    if candidates:
        hidden.add(min(candidates, key=lambda key: (values[key], not crosses_hidden(key, line))))
        return True
    if line.total in hidden:
        return False
    hidden.add(line.total)
    return True


def _is_safe_block(hidden: set[Key], values: dict[Key, int], threshold: int) -> bool:
    """Exactly four hidden cells a, b / c, d and no total: a can move by min(a, d) down and min(b, c) up."""
    if len(hidden) != 4 or any("total" in key for key in hidden):  # type: ignore[operator]
        return False
    rows = sorted({key[0] for key in hidden})  # type: ignore[index]
    columns = sorted({key[1] for key in hidden})  # type: ignore[index]
    if len(rows) != 2 or len(columns) != 2:
        return False
    a, b, c, d = (values[i, j] for i in rows for j in columns)
    return min(a, d) + min(b, c) >= threshold


def _show(value: int | None, is_hidden: bool) -> Shown:
    return NOT_APPLICABLE if value is None else HIDDEN if is_hidden else Shown(value)


def _gone(value: int | None) -> Shown:
    return NOT_APPLICABLE if value is None else HIDDEN


def _only_total(total: int, threshold: int) -> Shown:
    return Shown(total) if total >= threshold else HIDDEN


def shown_values(cells: Iterable[Shown]) -> list[int | None]:
    """What an export writes into the number column."""
    return [cell.value for cell in cells]
