"""What a file is, judged by its content: only kinds that people attach and that no program runs."""

from __future__ import annotations

import zipfile
from typing import BinaryIO

HEAD = 4096

# Content type -> the endings people give such a file; the first one is used for downloads.
KINDS: dict[str, tuple[str, ...]] = {
    "application/pdf": ("pdf",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/webp": ("webp",),
    "image/heic": ("heic", "heif"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx",),
    "application/vnd.oasis.opendocument.text": ("odt",),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods",),
    "text/plain": ("txt", "csv"),
}

_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<svg", b"<script", b"<?php", b"#!")


def content_type(file: BinaryIO) -> str | None:
    """The kind of a seekable file, or None for one that is not on the list (or carries macros)."""
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"mif1", b"msf1"}:
        return "image/heic"
    if head.startswith(b"PK\x03\x04"):
        return _packed(file)
    return "text/plain" if _is_text(file, head) else None


def ending(kind: str) -> str:
    return KINDS[kind][0]


def _packed(file: BinaryIO) -> str | None:
    """Office and OpenDocument files; only the list of members is read, nothing is unpacked but the short type mark."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if any(name.lower().endswith(("vbaproject.bin", ".exe", ".js", ".vbs")) for name in names):
                return None
            if "[Content_Types].xml" in names:
                return next((kind for folder, kind in _OFFICE.items() if any(name.startswith(folder) for name in names)), None)
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                found = archive.read("mimetype").decode("ascii", "replace").strip()
                return found if found in KINDS and found.startswith("application/vnd.oasis") else None
            return None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError):
        return None
    finally:
        file.seek(0)


def _is_text(file: BinaryIO, head: bytes) -> bool:
    """Text in UTF-8 that a browser or a shell would not take for a program."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        return False
    try:
        while block := file.readline(65536):
            block_text = block.decode("utf-8")
            if any(ord(c) < 32 and c not in "\t\r\n\f" for c in block_text):
                return False
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True
