"""Stored files that no record names: an act failed after its file was written, or a process was killed between the two."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import models

from privacy import files


def tables() -> list[type[models.Model]]:
    """Every table with a column called ``path``: where records keep what ``files.store`` gave them."""
    return [model for model in apps.get_models() if any(field.name == "path" for field in model._meta.concrete_fields)]


def named() -> set[str]:
    """The paths that records hold; with what a rotation of keys may have left beside each."""
    found: set[str] = set()
    for model in tables():
        rows = model._base_manager.exclude(path="").values_list("path", flat=True)
        found.update(path for path in rows.iterator(chunk_size=1000) if files.is_stored(path))
    return found | {files.beside(path) for path in found}


def stored() -> Iterator[str]:
    """Every whole file under MEDIA_ROOT that has a path of this portal's making; others are none of its business."""
    root = Path(settings.MEDIA_ROOT)
    for target in root.glob("??/*"):
        path = f"{target.parent.name}/{target.name}"
        if files.is_stored(path) and target.is_file():
            yield path


def leftovers(*, older_than_days: int) -> tuple[list[str], int]:
    """Files that no record names and that were written longer ago, and how many files there are in all.

    The files are listed before the records are read: one whose record is being written now is young, and stays.
    """
    limit = time.time() - older_than_days * 24 * 3600
    every = list(stored())
    known = named()
    old = [path for path in every if path not in known and (files.written_at(path) or time.time()) < limit]
    return sorted(old), len(every)
