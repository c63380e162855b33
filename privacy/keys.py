"""The keys that protect files (and, later, fields): each has an identifier, and all live in one file outside database and backup.

The file (``settings.FIELD_KEYS_FILE``) is JSON, readable by the owner only::

    {"current": "2026-11-24-9f3a", "keys": {"2026-11-24-9f3a": "<32 bytes, base64>"}}

New content is encrypted with the current key; older ones stay in the file so that what they protect can still be read. Whoever
loses the file loses everything encrypted with it: a backup of the portal does not hold it, on purpose.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.utils import timezone

KEY_BYTES = 32


class KeysUnusable(Exception):
    """The file of keys is absent or damaged; the message names the file and what to do."""


class KeyUnknown(KeysUnusable):
    """Something was encrypted with a key that is not in the file."""


@dataclass(frozen=True)
class Key:
    id: str
    secret: bytes = field(repr=False)


def current() -> Key:
    """The key for new content. The embedded default makes the file on first use; production wants it made by a person."""
    path = _path()
    if not path.exists() and not settings.PRODUCTION:
        _create(path)
    newest, keys = _load(path)
    return keys[newest]


def by_id(key_id: str) -> Key:
    """The key that something was encrypted with."""
    path = _path()
    _newest, keys = _load(path)
    if key_id not in keys:
        raise KeyUnknown(
            f"This was encrypted with the key {key_id!r}, which is not in {path}. Put back the file of keys that belongs to this data."
        )
    return keys[key_id]


def add() -> Key:
    """Make a new current key beside the older ones (and the file, where there is none)."""
    path = _path()
    if not path.exists():
        _create(path)
        return current()
    _newest, keys = _load(path)
    new = _fresh()
    _replace(path, new.id, {**keys, new.id: new})
    return new


_loaded: dict[tuple[Path, int, int], tuple[str, Mapping[str, Key]]] = {}


def _load(path: Path) -> tuple[str, Mapping[str, Key]]:
    """The file as read; kept until it changes on disk, so that a rotation needs no restart."""
    try:
        stat = path.stat()
        stamp = (path, stat.st_mtime_ns, stat.st_size)
        if stamp not in _loaded:
            found = _parse(path, path.read_text(encoding="utf-8"))
            _loaded.clear()
            _loaded[stamp] = found
        return _loaded[stamp]
    except FileNotFoundError:
        raise KeysUnusable(
            f"The file of keys {path} is missing. On a new installation make it with “manage.py rotate_keys”; "
            "otherwise put it back from where it is kept: without it, encrypted files cannot be opened."
        ) from None
    except OSError as problem:
        raise KeysUnusable(f"The file of keys {path} cannot be read: {problem.strerror}.") from problem


def _parse(path: Path, text: str) -> tuple[str, Mapping[str, Key]]:
    try:
        kept = json.loads(text)
        newest = kept["current"]
        keys = {name: Key(name, base64.b64decode(secret, validate=True)) for name, secret in kept["keys"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error) as problem:
        raise KeysUnusable(f"The file of keys {path} is damaged. Put it back from where it is kept.") from problem
    if newest not in keys or any(len(key.secret) != KEY_BYTES or not name for name, key in keys.items()):
        raise KeysUnusable(f"The file of keys {path} names a current key it does not hold, or holds one of the wrong length.")
    return newest, keys


def _fresh() -> Key:
    return Key(f"{timezone.now():%Y-%m-%d}-{secrets.token_hex(4)}", secrets.token_bytes(KEY_BYTES))


def _create(path: Path) -> None:
    """Write the first file; where two processes start at once, the first one's file stands."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = _fresh()
    draft = _draft(path, new.id, {new.id: new})
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _replace(path: Path, newest: str, keys: Mapping[str, Key]) -> None:
    _draft(path, newest, keys).replace(path)


def _draft(path: Path, newest: str, keys: Mapping[str, Key]) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    listed = {key.id: base64.b64encode(key.secret).decode() for key in keys.values()}
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump({"current": newest, "keys": listed}, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    return draft


def _path() -> Path:
    return Path(settings.FIELD_KEYS_FILE)
