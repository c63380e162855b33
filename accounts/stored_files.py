"""Clearing out stored files that no record names."""

from __future__ import annotations

from dataclasses import dataclass

from accounts import audit, practice
from privacy import files, leftovers

FEW = 20
SHARE = 10  # in a hundred


@dataclass(frozen=True)
class Cleared:
    """``found`` were nobody's; ``is_too_many``: so many that they were left, because the database may be the one that is wrong."""

    found: list[str]
    removed: int
    is_too_many: bool = False


def clear(*, dry_run: bool = False, even_so: bool = False, via: str = "") -> Cleared:
    """Remove files that no record names and that are older than the days of the practice value; one event where any were found.

    More than twenty that are more than a tenth of all files are left unless ``even_so``: a database restored from an older backup
    names none of the files written since.
    """
    found, every = leftovers.leftovers(older_than_days=practice.whole("leftover-file-days"))
    too_many = not even_so and len(found) > FEW and len(found) * 100 > every * SHARE
    if not found or dry_run:
        return Cleared(found, 0, too_many)
    if not too_many:
        for path in found:
            files.drop(path)
    removed = 0 if too_many else len(found)
    audit.record("files.cleared", [], by=None, via=via, found=len(found), removed=removed, of=every)
    return Cleared(found, removed, too_many)
