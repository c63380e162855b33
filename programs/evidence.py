"""Files behind an activity. One that holds names is kept encrypted, opened by few, and each opening is an event."""

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
from programs.models import ActivityRecord, EvidenceFile

PURPOSE = EvidenceFile.stored_for


def attach(activity: ActivityRecord, *, upload: UploadedFile, by: User, title: str = "", holds_names: bool = True) -> EvidenceFile:
    """Keep a file behind an activity; the same file again is found, not stored twice.

    Raises ``Invalid`` for a file that is empty, too large or of a kind that is not accepted.
    """
    access.require(by, Permission.RECORD_ACTIVITIES, project=activity.project, partner=activity.partner, place=activity.place)
    key = uuid.uuid4()
    try:
        stored = files.store(
            upload, purpose=PURPOSE, owner_id=str(key), encrypt=holds_names, name=upload.name or "",
            limit=practice.whole("attachment-megabytes") * 1024 * 1024,
        )  # fmt: skip
    except files.FileRefused as refused:
        raise Invalid([Problem("evidence", str(refused), "file_refused")]) from refused
    same = activity.evidence.filter(digest=stored.digest).first()
    if same is not None:
        files.discard(stored.path)
        return same
    row = EvidenceFile(
        id=key, activity=activity, title=(title or _("Attendance sheet") if holds_names else title or _("File"))[:200],
        holds_names=holds_names, path=stored.path, key_id=stored.key_id, content_type=stored.content_type, size=stored.size,
        digest=stored.digest, uploaded_by=by,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
            audit.record("evidence.attached", [row, activity], by=by, holds_names=holds_names, bytes=stored.size)
    except Exception:
        files.discard(stored.path)
        raise
    return row


def may_open(row: EvidenceFile, user: User) -> bool:
    """Names are for the roles that hold the word; other files are for whoever reads the activity."""
    activity = row.activity
    word = Permission.OPEN_EVIDENCE if row.holds_names else Permission.READ_ACTIVITIES
    return access.allows(user, word, project=activity.project, partner=activity.partner, place=activity.place)


def download(row: EvidenceFile, *, by: User) -> StreamingHttpResponse:
    """The file as a download, never shown inline. The event is written before the first byte leaves."""
    activity = row.activity
    word = Permission.OPEN_EVIDENCE if row.holds_names else Permission.READ_ACTIVITIES
    access.require(by, word, project=activity.project, partner=activity.partner, place=activity.place)
    response = files.download(
        row.path, key_id=row.key_id, purpose=PURPOSE, owner_id=str(row.pk), content_type=row.content_type, title=row.title, size=row.size
    )
    with transaction.atomic():
        audit.record("evidence.opened", [row, activity], by=by, holds_names=row.holds_names)
    return response
