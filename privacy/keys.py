"""The keys that protect files and fields: each has an identifier, and all live in one file outside database and backup.

The file (``settings.FIELD_KEYS_FILE``) is JSON, readable by the owner only::

    {"current": "2026-11-24-9f3a", "since": "2026-11-24T08:00:00+00:00", "next": "", "keys": {"2026-11-24-9f3a": "<32 bytes, base64>"}}

New content is encrypted with the current key; older ones stay in the file so that what they protect can still be read, until
``rotation.py`` has encrypted all of it anew. ``next`` is a key that every machine shall hold before the first one uses it. Whoever
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
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

KEY_BYTES = 32


class KeysUnusable(Exception):
    """The file of keys is absent or damaged; the message names the file and what to do."""


class KeyUnknown(KeysUnusable):
    """Something was encrypted with a key that is not in the file."""


class _Kept(NamedTuple):
    """What the file says."""

    current: str
    keys: Mapping[str, Key]
    since: datetime
    prepared: str


@dataclass(frozen=True)
class Key:
    id: str
    secret: bytes = field(repr=False)


def current() -> Key:
    """The key for new content. The embedded default makes the file on first use; production wants it made by a person."""
    path = _path()
    if not path.exists() and not settings.PRODUCTION:
        _create(path)
    kept = _load(path)
    return kept.keys[kept.current]


def by_id(key_id: str) -> Key:
    """The key that something was encrypted with."""
    path = _path()
    kept = _load(path)
    if key_id not in kept.keys:
        raise KeyUnknown(
            f"This was encrypted with the key {key_id!r}, which is not in {path}. Put back the file of keys that belongs to this data."
        )
    return kept.keys[key_id]


def held() -> tuple[str, ...]:
    """The identifiers of all keys in the file, the current one first, one that is only prepared last."""
    kept = _load(_path())
    others = sorted(set(kept.keys) - {kept.current, kept.prepared}, reverse=True)
    return (kept.current, *others, *([kept.prepared] if kept.prepared else []))


def older() -> tuple[str, ...]:
    """The keys that were current once: the file keeps them for what is still encrypted with them."""
    kept = _load(_path())
    return tuple(key_id for key_id in held() if key_id not in (kept.current, kept.prepared))


def current_since() -> datetime:
    """When the current key became the current one."""
    return _load(_path()).since


def add() -> Key:
    """Make a new key the current one, beside the older ones: the prepared one where there is one (and the file, where there is none)."""
    path = _path()
    if not path.exists():
        _create(path)
        return current()
    kept = _load(path)
    new = kept.keys[kept.prepared] if kept.prepared else _fresh()
    _replace(path, _Kept(new.id, {**kept.keys, new.id: new}, timezone.now(), ""))
    return new


def prepare() -> Key:
    """Make the next key without using it, so that the file can be copied to every machine first. A second call finds the same key."""
    path = _path()
    kept = _load(path)
    if kept.prepared:
        return kept.keys[kept.prepared]
    new = _fresh()
    _replace(path, kept._replace(keys={**kept.keys, new.id: new}, prepared=new.id))
    return new


def retire(key_ids: tuple[str, ...]) -> Path:
    """Take older keys out of the file. What it held stays beside it as a copy, whose path is returned: older backups need it.

    Whether anything still needs one of them is the caller's to know.
    """
    path = _path()
    kept = _load(path)
    if not set(key_ids) <= set(older()):
        raise KeysUnusable(f"Only a key that is not in use for new content can be taken out of {path}.")
    copy = _draft(path, kept)
    aside = path.with_name(f"{path.name}.until-{timezone.now():%Y-%m-%d}-{secrets.token_hex(4)}")
    copy.rename(aside)
    _replace(path, kept._replace(keys={name: key for name, key in kept.keys.items() if name not in key_ids}))
    return aside


_loaded: dict[tuple[Path, int, int], _Kept] = {}


def _load(path: Path) -> _Kept:
    """The file as read; kept until it changes on disk, so that a rotation needs no restart."""
    try:
        stat = path.stat()
        stamp = (path, stat.st_mtime_ns, stat.st_size)
        if stamp not in _loaded:
            found = _parse(path, path.read_text(encoding="utf-8"), datetime.fromtimestamp(stat.st_mtime, UTC))
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


def _parse(path: Path, text: str, written: datetime) -> _Kept:
    try:
        kept = json.loads(text)
        newest, prepared = kept["current"], kept.get("next", "")
        keys = {name: Key(name, base64.b64decode(secret, validate=True)) for name, secret in kept["keys"].items()}
        since = datetime.fromisoformat(kept["since"]) if "since" in kept else written
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error) as problem:
        raise KeysUnusable(f"The file of keys {path} is damaged. Put it back from where it is kept.") from problem
    if (
        newest not in keys
        or (prepared and prepared not in keys)
        or any(len(key.secret) != KEY_BYTES or not name for name, key in keys.items())
    ):
        raise KeysUnusable(f"The file of keys {path} names a current key it does not hold, or holds one of the wrong length.")
    return _Kept(newest, keys, since, prepared)


def _fresh() -> Key:
    return Key(f"{timezone.now():%Y-%m-%d}-{secrets.token_hex(4)}", secrets.token_bytes(KEY_BYTES))


def _create(path: Path) -> None:
    """Write the first file; where two processes start at once, the first one's file stands."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = _fresh()
    draft = _draft(path, _Kept(new.id, {new.id: new}, timezone.now(), ""))
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _replace(path: Path, kept: _Kept) -> None:
    _draft(path, kept).replace(path)


def _draft(path: Path, kept: _Kept) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    listed = {key.id: base64.b64encode(key.secret).decode() for key in kept.keys.values()}
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        text = {"current": kept.current, "since": kept.since.isoformat(timespec="seconds"), "next": kept.prepared, "keys": listed}
        json.dump(text, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    return draft


def _path() -> Path:
    return Path(settings.FIELD_KEYS_FILE)
