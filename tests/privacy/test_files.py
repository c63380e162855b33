from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from privacy import files, keys

PDF = b"%PDF-1.7\n" + b"Achol Deng, Nyakim Gatluak\n" * 10
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50


def _zip(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def _keep(content: bytes = PDF, *, owner: str = "a", encrypt: bool = True, **more: object) -> files.StoredFile:
    return files.store(content, purpose="evidence", owner_id=owner, encrypt=encrypt, **more)


def _read(stored: files.StoredFile, *, owner: str = "a", purpose: str = "evidence", key_id: str | None = None) -> bytes:
    return b"".join(files.read(stored.path, key_id=stored.key_id if key_id is None else key_id, purpose=purpose, owner_id=owner))


def _on_disk(vault: Path, stored: files.StoredFile) -> Path:
    return vault / "files" / stored.path


def test_an_encrypted_file_comes_back_as_it_was_and_leaves_no_name_on_disk(vault):
    stored = _keep(name="attendance Achol.pdf")

    assert _read(stored) == PDF
    assert (stored.size, stored.digest, stored.content_type) == (len(PDF), hashlib.sha256(PDF).hexdigest(), "application/pdf")
    for path in (vault / "files").rglob("*"):
        assert "Achol" not in path.name
        assert path.is_dir() or b"Achol" not in path.read_bytes()


def test_a_file_without_names_may_be_stored_as_it_is(vault):
    stored = _keep(encrypt=False)

    assert stored.key_id == ""
    assert _on_disk(vault, stored).read_bytes() == PDF == _read(stored)


@hypothesis_settings(max_examples=15, deadline=None)
@given(size=st.sampled_from([1, 15, 16, 65535, 65536, 65537, 131072, 200_001]))
def test_any_length_survives(size, tmp_path_factory):
    from django.test import override_settings

    folder = tmp_path_factory.mktemp("vault")
    content = b"%PDF-" + os.urandom(size)
    with override_settings(MEDIA_ROOT=folder, FIELD_KEYS_FILE=folder / "keys.json", PRODUCTION=False):
        assert _read(_keep(content)) == content


def test_a_file_moved_to_another_record_does_not_open(vault):
    mine, theirs = _keep(owner="a"), _keep(owner="b")
    _on_disk(vault, mine).write_bytes(_on_disk(vault, theirs).read_bytes())

    with pytest.raises(files.FileUnreadable):
        _read(mine, owner="a")
    with pytest.raises(files.FileUnreadable):
        _read(theirs, owner="b", purpose="attachment")


def test_a_wrong_key_fails_before_the_first_byte(vault, settings):
    stored = _keep()
    kept = json.loads(settings.FIELD_KEYS_FILE.read_text())
    keys.add()
    other = json.loads(settings.FIELD_KEYS_FILE.read_text())
    kept["keys"][stored.key_id] = other["keys"][other["current"]]
    settings.FIELD_KEYS_FILE.write_text(json.dumps(kept))

    with pytest.raises(files.FileUnreadable):
        files.read(stored.path, key_id=stored.key_id, purpose="evidence", owner_id="a")


def test_a_key_that_is_gone_is_named(vault, settings):
    stored = _keep()
    settings.FIELD_KEYS_FILE.unlink()
    keys.current()

    with pytest.raises(keys.KeyUnknown, match=stored.key_id):
        _read(stored)


def test_what_was_encrypted_before_a_rotation_still_opens(vault):
    before = _keep()
    keys.add()
    after = _keep(owner="b")

    assert before.key_id != after.key_id
    assert _read(before) == PDF == _read(after, owner="b")


@pytest.mark.parametrize("harm", ["flip", "cut", "cut a whole segment", "swap", "append", "empty"])
def test_a_changed_file_does_not_open_to_its_end(vault, harm):
    content = b"%PDF-" + os.urandom(3 * files.SEGMENT - 5)
    stored = _keep(content)
    path, head, segment = _on_disk(vault, stored), len(files.MAGIC) + files.SALT, files.SEGMENT + files.TAG
    raw = bytearray(path.read_bytes())
    if harm == "flip":
        raw[-40] ^= 1
    elif harm == "cut":
        raw = raw[:-10]
    elif harm == "cut a whole segment":
        raw = raw[: head + 2 * segment]
    elif harm == "swap":
        raw = raw[:head] + raw[head + segment : head + 2 * segment] + raw[head : head + segment] + raw[head + 2 * segment :]
    elif harm == "append":
        raw += raw[head : head + segment]
    else:
        raw = bytearray()
    path.write_bytes(raw)

    with pytest.raises(files.FileUnreadable):
        _read(stored)


def test_an_encrypted_file_is_not_given_out_as_a_plain_one_that_reads(vault):
    stored = _keep()

    assert b"Achol" not in _read(stored, key_id="")


def test_a_plain_file_put_in_an_encrypted_ones_place_is_refused(vault):
    stored = _keep()
    _on_disk(vault, stored).write_bytes(PDF)

    with pytest.raises(files.FileUnreadable):
        _read(stored)


@pytest.mark.parametrize("path", ["../secret_key", "/etc/passwd", "aa/../../x", "aa/" + "0" * 31, ""])
def test_a_path_cannot_leave_the_folder(vault, path):
    with pytest.raises(files.FileUnreadable):
        files.read(path, key_id="", purpose="evidence", owner_id="a")
    with pytest.raises(files.FileUnreadable):
        files.discard(path)


def test_the_missing_file_is_said_to_be_missing(vault):
    stored = _keep()
    files.discard(stored.path)
    files.discard(stored.path)

    with pytest.raises(files.FileUnreadable, match="missing"):
        _read(stored)


DOCX = _zip(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>"))
ODS = _zip(("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", b"<x/>"))


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("sheet.pdf", PDF, "application/pdf"),
        ("photo.JPEG", b"\xff\xd8\xff\xe0" + b"1" * 20, "image/jpeg"),
        ("photo.png", PNG, "image/png"),
        ("photo.heic", b"\x00\x00\x00\x18ftypheic" + b"1" * 20, "image/heic"),
        ("minutes.docx", DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("list.ods", ODS, "application/vnd.oasis.opendocument.spreadsheet"),
        ("list.csv", "nom,présents\nBór,12\n".encode(), "text/plain"),
        ("", b"plain words", "text/plain"),
    ],
)
def test_what_people_attach_is_accepted_by_its_content(vault, name, content, kind):
    assert _keep(content, name=name).content_type == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<!doctype html><script>alert(1)</script>"),
        ("page.txt", b"\xef\xbb\xbf  <HTML><body>"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        ("tool.exe", b"MZ\x90\x00" + b"\x00" * 60),
        ("run.txt", b"#!/bin/sh\nrm -rf /\n"),
        ("list.xlsm", _zip(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b""), ("xl/vbaProject.bin", b"x"))),
        ("archive.zip", _zip(("a.txt", b"x"))),
        ("broken.docx", DOCX[:60]),
        ("picture.pdf", PNG),
        ("sheet.docx", PDF),
        ("empty.pdf", b""),
    ],
)
def test_what_could_run_or_pretends_is_refused_and_nothing_is_stored(vault, name, content):
    with pytest.raises(files.FileRefused):
        _keep(content, name=name)
    assert not [path for path in (vault / "files").rglob("*") if path.is_file()]


def test_a_file_over_the_limit_is_refused_with_the_limit_in_the_message(vault):
    with pytest.raises(files.FileRefused) as refusal:
        _keep(SimpleUploadedFile("big.pdf", PDF * 5000), limit=1024 * 1024)
    assert "1.0 MB" in str(refusal.value.message)


def test_a_form_can_narrow_the_kinds(vault):
    with pytest.raises(files.FileRefused, match="docx"):
        _keep(PDF, kinds=frozenset({"application/vnd.openxmlformats-officedocument.wordprocessingml.document"}))


def test_a_download_is_saved_never_shown(vault):
    stored = _keep()
    response = files.download(
        stored.path, key_id=stored.key_id, purpose="evidence", owner_id="a", content_type=stored.content_type, size=stored.size,
        title='Sheet "7"\r\nSet-Cookie: x.html',
    )  # fmt: skip

    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Disposition"].rstrip('"').endswith(".pdf")
    assert "\n" not in response["Content-Disposition"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


@pytest.mark.parametrize("title", ["??", "؟", "..", " / "])
def test_a_title_of_signs_alone_still_downloads(vault, title):
    stored = _keep()
    response = files.download(
        stored.path, key_id=stored.key_id, purpose="evidence", owner_id="a", content_type=stored.content_type, title=title
    )
    assert response["Content-Disposition"] == 'attachment; filename="file.pdf"'


def test_an_interrupted_upload_leaves_nothing_behind(vault):
    class Torn(io.BytesIO):
        size = 200_000
        reads = 0

        def read(self, size: int | None = -1) -> bytes:
            self.reads += 1
            if self.reads > 2:
                raise OSError("connection lost")
            return super().read(size)

    with pytest.raises(OSError, match="connection lost"):
        _keep(Torn(b"%PDF-" + b"1" * 200_000))
    assert not [path for path in (vault / "files").rglob("*") if path.is_file()]
