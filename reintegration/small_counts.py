"""Counts of people as a reader may see them: raw for who enters or manages them, suppressed for everybody else.

Strict data: the sensitive threshold, and a zero is hidden like any small number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from accounts import practice
from accounts.roles import Permission
from privacy import suppression
from privacy.suppression import SafeLine, SafeTable, Shown
from programs import access

if TYPE_CHECKING:
    from accounts.models import Actor, Organization
    from programs.models import Project


def threshold() -> int:
    return practice.whole("suppression-threshold-sensitive")


def sees_raw(user: Actor, *words: Permission, project: Project, partner: Organization | int) -> bool:
    """Whether this reader is in the circle of raw figures there: by that permission, or by one of ``words``."""
    return any(access.allows(user, word, project=project, partner=partner) for word in (Permission.READ_RAW, *words))


def line(cells: Sequence[int | None], *, raw: bool, at: int | None = None) -> SafeLine:
    if raw:
        return SafeLine(tuple(_plain(cell) for cell in cells), Shown(sum(cell or 0 for cell in cells)))
    return suppression.protect_line(cells, threshold=_from(at), hide_zeros=True)


def table(rows: Sequence[Sequence[int | None]], *, raw: bool, at: int | None = None) -> SafeTable:
    if raw or not rows:
        sums = [[cell or 0 for cell in row] for row in rows]
        return SafeTable(
            rows=tuple(tuple(_plain(cell) for cell in row) for row in rows),
            row_totals=tuple(Shown(sum(row)) for row in sums),
            column_totals=tuple(Shown(sum(column)) for column in zip(*sums, strict=True)),
            total=Shown(sum(map(sum, sums))),
        )
    return suppression.protect_table(rows, threshold=_from(at), hide_zeros=True)


def total(number: int, *, raw: bool, at: int | None = None) -> Shown:
    return Shown(number) if raw else suppression.protect_total(number, threshold=_from(at), hide_zeros=True)


def by_keys(cells: Mapping[tuple[str, str], int], across: Sequence[str], down: Sequence[str]) -> list[list[int | None]]:
    """Cells as rows: one per ``across``, one column per ``down``; what was not counted is None."""
    return [[cells.get((one, other)) for other in down] for one in across]


def _from(at: int | None) -> int:
    """Whoever shows many numbers reads the setting once and gives it as ``at``."""
    return threshold() if at is None else at


def _plain(cell: int | None) -> Shown:
    return suppression.NOT_APPLICABLE if cell is None else Shown(cell)
