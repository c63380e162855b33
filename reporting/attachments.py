"""Files that come with a report: checked, kept, never executed and never shown inline."""

from __future__ import annotations

import uuid

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import User
from accounts.roles import Permission
from plumbing.refusals import Invalid, Problem
from privacy import files
from programs import access
from reporting import drafts
from reporting.models import Attachment, Submission

PURPOSE = Attachment.stored_for


def attach(
    submission: Submission, *, upload: UploadedFile, by: User, title: str = "", holds_names: bool = False, is_partners_file: bool = False
) -> Attachment:
    """Keep a file with a report; one that holds names is stored encrypted. The same file again is found, not stored twice."""
    drafts.may_write(submission, by=by)
    key, megabytes = uuid.uuid4(), practice.whole("attachment-megabytes")
    try:
        stored = files.store(
            upload, purpose=PURPOSE, owner_id=str(key), encrypt=holds_names, name=upload.name or "", limit=megabytes * 1024 * 1024
        )
    except files.FileRefused as refused:
        raise Invalid([Problem("file", str(refused), "file_refused")]) from refused
    same = submission.attachments.filter(digest=stored.digest).first()
    if same is not None:
        files.discard(stored.path)
        return same
    row = Attachment(
        id=key, submission=submission, title=(title or upload.name or _("File"))[:200], holds_names=holds_names, is_partners_file=is_partners_file,
        path=stored.path, key_id=stored.key_id, content_type=stored.content_type, size=stored.size, digest=stored.digest, uploaded_by=by,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
            audit.record("attachment.added", [row, submission], by=by, holds_names=holds_names, bytes=stored.size)
    except Exception:
        files.discard(stored.path)
        raise
    return row


def remove(row: Attachment, *, by: User) -> None:
    """Take a file out of a draft again."""
    drafts.may_write(row.submission, by=by)
    with transaction.atomic():
        audit.record("attachment.removed", [row, row.submission], by=by)
        row.delete()
    files.discard(row.path)


def download(row: Attachment, *, by: User) -> StreamingHttpResponse:
    """The file as a download. One that holds names is for the roles that may open evidence; each opening is an event."""
    submission = row.submission
    if row.holds_names and row.uploaded_by_id != by.pk:
        access.require(by, Permission.OPEN_EVIDENCE, project=submission.project, partner=submission.partner)
    response = files.download(
        row.path, key_id=row.key_id, purpose=PURPOSE, owner_id=str(row.pk), content_type=row.content_type, title=row.title, size=row.size
    )
    with transaction.atomic():
        audit.record("attachment.opened", [row, submission], by=by, holds_names=row.holds_names)
    return response
