"""Encrypting everything anew under the current key, row by row and file by file, while the portal runs; and retiring older keys.

What is encrypted is found, not listed: every ``EncryptedField`` of every model, and every model that keeps files (``path``,
``key_id`` and the purpose they are bound to, ``stored_for``).

Each row is one statement that holds only if the stored value is still the one that was opened: whoever changed it meanwhile wins, and
nothing else of the row is touched, neither its version nor the time it was changed. Some rows are committed together; a row that
somebody else holds is passed over and done alone afterwards, so that a rotation never waits with rows in its hands. A run can be
killed anywhere; the next one does what is left. A file is written once more beside the old one, then its record points there, and the old one goes later, when
nobody can be reading it any more.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db import connection, models, transaction
from django.db.models import Count, ExpressionWrapper, F, Func, Q
from django.db.models.lookups import Exact
from django.utils import timezone

from privacy import fields, files, keys
from privacy.fields import EncryptedField, FieldUnreadable, Sealed

DAMAGED = ""  # what carries the name of no key
READING = 60  # seconds after which nobody is about to open a file that was replaced
MOST_TRIES = 5
_LOCK = 7303450125  # any number, the same in every process

Told = Callable[[str, int, int], None]


class RotationRefused(Exception):
    """Why nothing was done, as a sentence for the person at the terminal."""


@dataclass
class Use:
    """How many values, or files, of one table each key protects."""

    model: type[models.Model]
    keys: Counter[str]
    of_files: bool = False

    @property
    def name(self) -> str:
        return self.model._meta.label_lower

    def under(self, key_ids: Iterable[str]) -> int:
        return sum(self.keys[key_id] for key_id in key_ids)


@dataclass
class Done:
    """``busy`` were changed by somebody else at every try; ``unreadable`` are table and row of what does not open."""

    values: int = 0
    files: int = 0
    busy: int = 0
    unreadable: set[tuple[str, str]] = field(default_factory=set)


def usage() -> list[Use]:
    """Per table what each key protects; under ``DAMAGED`` what names no key at all."""
    found = [Use(model, _values_by_key(model, encrypted)) for model, encrypted in _sealed_models()]
    for model in _file_models():
        counted = model._base_manager.exclude(key_id="").values_list("key_id").annotate(Count("pk")).order_by()
        found.append(Use(model, Counter(dict(counted)), of_files=True))
    return found


def rotate(*, told: Told = lambda name, done, of: None, batch: int = 200) -> Done:
    """Encrypt anew what is not under the current key. Safe beside the running portal, and after a run that was killed."""
    done = Done()
    for model, encrypted in _sealed_models():
        _rotate_values(model, encrypted, done, told, batch)
    for model in _file_models():
        _rotate_files(model, done, told, batch)
    _remove_replaced(batch)
    return done


def finish(*, leave_unreadable: bool = False, batch: int = 200) -> tuple[tuple[str, ...], Path] | None:
    """Take the older keys out of the file, if nothing uses them; which, and the copy of the file that still holds them.

    ``leave_unreadable`` gives up what does not open even with its key. None where there is no older key. Raises
    ``RotationRefused`` with what still stands against it.
    """
    older = keys.older()
    if not older:
        return None
    settled = _settled_at()
    if timezone.now() < settled:
        raise RotationRefused(
            "A request or task that began before the new key was made may still write with the older one. "
            f"Come again after {timezone.localtime(settled):%Y-%m-%d %H:%M}."
        )
    if leave_unreadable and rotate(batch=batch).busy:
        raise RotationRefused("Rows were being changed. Come again in a minute.")
    still = [(use, use.under(older)) for use in usage()]
    if any(count for _use, count in still) and not leave_unreadable:
        listed = ", ".join(f"{use.name} {count}" for use, count in still if count)
        raise RotationRefused(f"Older keys are still in use: {listed}. Run “manage.py rotate_keys” first.")
    if _remove_replaced(batch):
        raise RotationRefused("Files that were replaced a moment ago may still be read. Come again in a minute.")
    return older, keys.retire(older)


@contextmanager
def alone() -> Iterator[None]:
    """One rotation at a time; the lock of a process that was killed is gone with it."""
    folder = Path(settings.FIELD_KEYS_FILE).parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(folder / ".rotation", os.O_RDWR | os.O_CREAT, 0o600), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RotationRefused("Another rotation of keys is running on this machine.") from None
        if not _database_lock("pg_try_advisory_lock"):
            raise RotationRefused("Another rotation of keys is running on another machine.")
        try:
            yield
        finally:
            _database_lock("pg_advisory_unlock")


def check_file_models(**_kwargs: Any) -> list[checks.CheckMessage]:
    """A model that keeps encrypted files says what they are bound to: otherwise no rotation could open them."""
    return [
        checks.Error(f"{model._meta.label} keeps encrypted files and needs “stored_for”, their purpose.", obj=model, id="privacy.E003")
        for model in apps.get_models()
        if _keeps_files(model) and not getattr(model, "stored_for", "")
    ]


def _database_lock(function: str) -> bool:
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _settled_at() -> datetime:
    return keys.current_since() + timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)


def _tables() -> set[str]:
    return set(connection.introspection.table_names())


def _sealed_models() -> list[tuple[type[models.Model], list[EncryptedField]]]:
    """Every table with encrypted columns; before the first migration there are none."""
    there, found = _tables(), []
    for model in apps.get_models(include_auto_created=True):
        encrypted = [column for column in model._meta.local_concrete_fields if isinstance(column, EncryptedField)]
        if encrypted and not model._meta.proxy and model._meta.db_table in there:
            found.append((model, encrypted))
    return found


def _keeps_files(model: type[models.Model]) -> bool:
    return {"path", "key_id"} <= {column.name for column in model._meta.local_concrete_fields}


def _file_models() -> list[type[models.Model]]:
    there = _tables()
    return [model for model in apps.get_models() if _keeps_files(model) and model._meta.db_table in there]


def _head_of(column: EncryptedField, length: int) -> Func:
    """The first bytes of a stored value, which name its key."""
    return Func(F(column.attname), 1, length, function="SUBSTR", output_field=models.BinaryField())


def _is_under(column: EncryptedField, key_id: str) -> Exact:
    head = fields.head(key_id)
    return Exact(_head_of(column, len(head)), head)


def _values_by_key(model: type[models.Model], encrypted: list[EncryptedField]) -> Counter[str]:
    found: Counter[str] = Counter()
    for column in encrypted:
        given = model._base_manager.filter(**{f"{column.name}__isnull": False})
        known = set(keys.held())
        asked = {f"k{n}": Count("pk", filter=Q(_is_under(column, key_id))) for n, key_id in enumerate(sorted(known))}
        counts = given.aggregate(whole=Count("pk"), **asked)
        found.update({key_id: counts[f"k{n}"] for n, key_id in enumerate(sorted(known))})
        rest = counts["whole"] - sum(counts[name] for name in asked)
        while rest > 0:  # what names a key that is not in the file, or none
            other = given.order_by()
            for key_id in known:
                other = other.exclude(_is_under(column, key_id))
            value = other.values_list(column.attname, flat=True).first()
            name = _named_key(value)
            if name == DAMAGED:
                found[DAMAGED] += rest
                break
            count = given.filter(_is_under(column, name)).count()
            found[name] += count
            known.add(name)
            rest -= count
    return +found


def _named_key(value: Sealed | None) -> str:
    try:
        name = DAMAGED if value is None else value.key_id
    except FieldUnreadable:
        return DAMAGED
    return name if name.isascii() else DAMAGED


def _rotate_values(model: type[models.Model], encrypted: list[EncryptedField], done: Done, told: Told, batch: int) -> None:
    head = keys.current().id
    stale = Q()
    for column in encrypted:
        stale |= ~Q(_is_under(column, head))
    rows = model._base_manager.filter(stale).order_by("pk")
    waiting, seen, last = rows.count(), 0, None
    columns = ["pk", *(column.attname for column in encrypted)]
    while waiting:
        part = list((rows if last is None else rows.filter(pk__gt=last)).values_list(*columns)[:batch])
        if not part:
            break
        with transaction.atomic():
            free = model._base_manager.select_for_update(skip_locked=True).filter(pk__in=[pk for pk, *_stored in part])
            ours = set(free.order_by("pk").values_list("pk", flat=True))
            for pk, *stored in part:
                if pk in ours:
                    _rotate_row(model, encrypted, pk, stored, done)
        for pk, *stored in part:
            if pk not in ours:
                _rotate_row(model, encrypted, pk, stored, done)
        last, seen = part[-1][0], seen + len(part)
        told(model._meta.label_lower, seen, max(waiting, seen))


def _rotate_row(model: type[models.Model], encrypted: list[EncryptedField], pk: uuid.UUID, stored: list[Sealed | None], done: Done) -> None:
    for _try in range(MOST_TRIES):
        anew: dict[str, Sealed] = {}
        still = []
        for column, value in zip(encrypted, stored, strict=True):
            try:
                if value is None or value.key_id == keys.current().id:
                    continue
                anew[column.attname] = column.resealed(value, pk)
            except (FieldUnreadable, keys.KeyUnknown):
                done.unreadable.add((f"{model._meta.label_lower}.{column.name}", str(pk)))
                continue
            as_stored = ExpressionWrapper(F(column.attname), output_field=models.BinaryField())
            still.append(Exact(as_stored, value.stored))
        if not anew:
            return
        if model._base_manager.filter(*still, pk=pk).update(**anew):
            done.values += len(anew)
            return
        row = model._base_manager.filter(pk=pk).values_list(*(column.attname for column in encrypted)).first()
        if row is None:
            return
        stored = list(row)
    done.busy += 1


def _rotate_files(model: type[models.Model], done: Done, told: Told, batch: int) -> None:
    rows = model._base_manager.exclude(key_id="").exclude(key_id=keys.current().id).order_by("pk")
    waiting, seen, last = rows.count(), 0, None
    while waiting:
        part = list((rows if last is None else rows.filter(pk__gt=last)).values_list("pk", "path", "key_id")[:batch])
        for pk, path, key_id in part:
            _rotate_file(model, pk, path, key_id, done)
        if not part:
            break
        last, seen = part[-1][0], seen + len(part)
        told(model._meta.label_lower, seen, max(waiting, seen))


def _rotate_file(model: Any, pk: uuid.UUID, path: str, key_id: str, done: Done) -> None:
    try:
        new_path, new_key = files.rekey(path, key_id=key_id, purpose=model.stored_for, owner_id=str(pk))
    except (files.FileUnreadable, keys.KeyUnknown):
        # A file whose record went meanwhile is no loss; what the record of still names is.
        if model._base_manager.filter(pk=pk, path=path).exists():
            done.unreadable.add((model._meta.label_lower, str(pk)))
        return
    if model._base_manager.filter(pk=pk, path=path, key_id=key_id).update(path=new_path, key_id=new_key):
        done.files += 1
    else:
        files.drop(new_path)


def _remove_replaced(batch: int) -> int:
    """Remove the files that records no longer point to; how many are too fresh to go."""
    young = 0
    for model in _file_models():
        named = list(model._base_manager.exclude(key_id="").order_by("pk").values_list("path", flat=True))
        for start in range(0, len(named), batch):
            paths = named[start : start + batch]
            taken = set(model._base_manager.filter(path__in=[files.beside(path) for path in paths]).values_list("path", flat=True))
            for path in paths:
                written = files.written_at(path)
                left = files.beside(path)
                if written is None or left in taken or files.written_at(left) is None:
                    continue
                if time.time() - written < READING:
                    young += 1
                else:
                    files.drop(left)
    return young
