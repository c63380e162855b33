"""Files that people attach: checked, stored under names that say nothing, encrypted where they hold names, never shown inline.

Use, from an act of the app that owns the record::

    stored = files.store(upload, purpose="evidence", owner_id=str(evidence.id), encrypt=True, name=upload.name, limit=10_000_000)
    EvidenceFile(id=..., path=stored.path, key_id=stored.key_id, size=stored.size, digest=stored.digest, content_type=stored.content_type)

    chunks = files.read(row.path, key_id=row.key_id, purpose="evidence", owner_id=str(row.id))       # an iterator of bytes
    response = files.download(row.path, key_id=..., purpose=..., owner_id=..., content_type=row.content_type, title=row.title)

``purpose`` and ``owner_id`` are bound into the encryption: the bytes of one record, put in another's place, do not open. The file
is written before the row; an act that fails afterwards calls ``discard``.

Form of an encrypted file: magic, 16 bytes of salt, then segments of 64 KiB, each AES-256-GCM under a key derived (HKDF-SHA-256)
from the key on file and the salt. A segment's nonce is its number and whether it is the last one, so that segments cannot be
swapped, repeated or cut off at the end unnoticed (the STREAM construction).
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.utils.translation import gettext_lazy as _

from privacy import keys, sniffing

MAGIC = b"PBPF1\n"
SALT = 16
SEGMENT = 64 * 1024
TAG = 16
_PATH = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}")


class FileRefused(Exception):
    """The upload is not accepted; the message tells the person what to do."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message


class FileUnreadable(Exception):
    """The stored file is missing, changed, moved to another record or under another key. Nothing of it is given out."""


class _Upload(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...
    def seek(self, offset: int, whence: int = ..., /) -> int: ...


@dataclass(frozen=True)
class StoredFile:
    """``path`` lies under MEDIA_ROOT; ``key_id`` is empty where the file is stored as it is; size and sha-256 are of the upload."""

    path: str
    key_id: str
    size: int
    digest: str
    content_type: str


def store(
    content: bytes | _Upload,
    *,
    purpose: str,
    owner_id: str,
    encrypt: bool,
    name: str = "",
    limit: int = 10 * 1024 * 1024,
    kinds: frozenset[str] | None = None,
) -> StoredFile:
    """Check and keep an upload. ``limit`` is in bytes; ``kinds`` narrows the content types of ``sniffing.KINDS``.

    Raises FileRefused for an empty or too large file, a kind that is not accepted, or an ending that does not fit the content.
    """
    source: BinaryIO = io.BytesIO(content) if isinstance(content, bytes) else content  # type: ignore[assignment]
    size = _checked_size(source, limit)
    kind = _checked_kind(source, name, kinds)
    key = keys.current() if encrypt else None
    path = f"{secrets.token_hex(1)}/{uuid.uuid4().hex}"
    digest = hashlib.sha256()
    plain = _counted(source, digest)
    _write(_absolute(path), _sealed(plain, key, _bound(purpose, owner_id)) if key else plain)
    return StoredFile(path, key.id if key else "", size, digest.hexdigest(), kind)


def read(path: str, *, key_id: str, purpose: str, owner_id: str) -> Iterator[bytes]:
    """The content as uploaded, block by block. The first block is opened before this returns, so a wrong key fails here.

    Raises FileUnreadable (also later, while iterating, where a later block was changed or the end cut off) or ``keys.KeyUnknown``.
    """
    key = keys.by_id(key_id) if key_id else None
    try:
        file = _absolute(path).open("rb")
    except OSError as problem:
        raise FileUnreadable("The stored file is missing.") from problem
    blocks = _opened(file, key, _bound(purpose, owner_id)) if key else _blocks(file)
    try:
        first = next(blocks, b"")
    except FileUnreadable:
        file.close()
        raise
    return _chained(first, blocks, file)


def download(
    path: str, *, key_id: str, purpose: str, owner_id: str, content_type: str, title: str, size: int | None = None
) -> StreamingHttpResponse:
    """A response that saves the file and never shows it in the portal's own pages. Permission and event are the caller's."""
    ending = sniffing.ending(content_type) if content_type in sniffing.KINDS else "bin"
    response = StreamingHttpResponse(
        read(path, key_id=key_id, purpose=purpose, owner_id=owner_id),
        content_type=content_type if content_type in sniffing.KINDS else "application/octet-stream",
    )
    stem = re.sub(rf"\.({'|'.join(e for ends in sniffing.KINDS.values() for e in ends)})$", "", title.strip(), flags=re.IGNORECASE)
    response["Content-Disposition"] = content_disposition_header(True, f"{_file_name(stem)[:120]}.{ending}")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    if size is not None:
        response["Content-Length"] = str(size)
    return response


def discard(path: str) -> None:
    """Remove a stored file: its act failed, or its record was destroyed. What a rotation of keys left or made beside it goes too."""
    for each in (path, beside(path)):
        _absolute(each).unlink(missing_ok=True)


def beside(path: str) -> str:
    """Where the same file stands once its key is rotated, and the way back: ``beside(beside(path)) == path``.

    Because the place follows from the file's own, a rotation that was killed leaves nothing that cannot be found again.
    """
    return f"{path[:-1]}{int(path[-1], 16) ^ 1:x}" if _PATH.fullmatch(path) else path


def rekey(path: str, *, key_id: str, purpose: str, owner_id: str) -> tuple[str, str]:
    """Write the file once more, under the current key, beside the one that stands; returns its path and the key's identifier.

    The record still names the old one: whoever calls changes it in one step. Raises as ``read`` does.
    """
    key = keys.current()
    plain = read(path, key_id=key_id, purpose=purpose, owner_id=owner_id)
    _write(_absolute(beside(path)), _sealed(plain, key, _bound(purpose, owner_id)))
    return beside(path), key.id


def is_stored(path: str) -> bool:
    """Whether this is the form of path that ``store`` gives."""
    return _PATH.fullmatch(path) is not None


def written_at(path: str) -> float | None:
    """When the stored file was written, in seconds; None where there is none."""
    try:
        return _absolute(path).stat().st_mtime
    except FileNotFoundError:
        return None


def drop(path: str) -> None:
    """Remove exactly this file, and not what stands beside it."""
    _absolute(path).unlink(missing_ok=True)


def _file_name(title: str) -> str:
    """A name that every system takes; a title of signs alone, such as "??", leaves none."""
    try:
        return get_valid_filename(title)
    except SuspiciousFileOperation:
        return "file"


def _checked_size(source: BinaryIO, limit: int) -> int:
    size = source.seek(0, io.SEEK_END) if not hasattr(source, "size") else int(source.size)
    source.seek(0)
    if size == 0:
        raise FileRefused(_("The file is empty."))
    if size > limit:
        raise FileRefused(
            _("The file is larger than %(limit)s MB. Make it smaller or split it.") % {"limit": round(limit / 1024 / 1024, 1)}
        )
    return size


def _checked_kind(source: BinaryIO, name: str, kinds: frozenset[str] | None) -> str:
    kind = sniffing.content_type(source)
    accepted = kinds or frozenset(sniffing.KINDS)
    if kind is None or kind not in accepted:
        endings = ", ".join(ending for known in sniffing.KINDS if known in accepted for ending in sniffing.KINDS[known])
        raise FileRefused(_("Files of this kind are not accepted. Accepted are: %(endings)s.") % {"endings": endings})
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending and ending not in sniffing.KINDS[kind]:
        raise FileRefused(
            _("The file is called .%(ending)s but its content is .%(found)s. Save it again under the right ending.")
            % {"ending": ending[:10], "found": sniffing.ending(kind)}
        )
    return kind


def _write(target: Path, blocks: Iterator[bytes]) -> None:
    """The whole file or none of it."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}")
    draft.unlink(missing_ok=True)  # of a process that was killed
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for block in blocks:
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _counted(source: BinaryIO, digest: hashlib._Hash) -> Iterator[bytes]:
    source.seek(0)
    while block := source.read(SEGMENT):
        digest.update(block)
        yield block


def _sealed(plain: Iterator[bytes], key: keys.Key, bound: bytes) -> Iterator[bytes]:
    salt = secrets.token_bytes(SALT)
    cipher = _cipher(key, salt)
    yield MAGIC + salt
    number, held = 0, next(plain)
    for block in plain:
        yield cipher.encrypt(_nonce(number, last=False), held, bound)
        number, held = number + 1, block
    yield cipher.encrypt(_nonce(number, last=True), held, bound)


def _opened(file: BinaryIO, key: keys.Key, bound: bytes) -> Iterator[bytes]:
    head = file.read(len(MAGIC) + SALT)
    if len(head) != len(MAGIC) + SALT or not head.startswith(MAGIC):
        raise FileUnreadable("The stored file is not an encrypted file of this portal.")
    cipher = _cipher(key, head[len(MAGIC) :])
    number, held = 0, file.read(SEGMENT + TAG)
    try:
        while following := file.read(SEGMENT + TAG):
            yield cipher.decrypt(_nonce(number, last=False), held, bound)
            number, held = number + 1, following
        yield cipher.decrypt(_nonce(number, last=True), held, bound)
    except (InvalidTag, ValueError) as problem:
        raise FileUnreadable("The stored file does not open: it was changed, belongs to another record or to another key.") from problem


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(SEGMENT):
        yield block


def _chained(first: bytes, rest: Iterator[bytes], file: BinaryIO) -> Iterator[bytes]:
    with file:
        yield first
        yield from rest


def _cipher(key: keys.Key, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"peacebuild file").derive(key.secret))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _bound(purpose: str, owner_id: str) -> bytes:
    return f"{len(purpose)}:{purpose}:{owner_id}".encode()


def _absolute(path: str) -> Path:
    if not _PATH.fullmatch(path):
        raise FileUnreadable("The path of the stored file is not one of this portal's.")
    return Path(settings.MEDIA_ROOT) / path
