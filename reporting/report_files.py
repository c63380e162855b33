"""The files of a donor report: asked for as rows, built under a lease, kept; and the final file as it went to the donor.

A row first and a task second: whatever is asked for and not built is found by the sweep, so a killed worker loses nothing, and
the lease's token lets only one builder finish.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.roles import Permission
from plumbing.refusals import Invalid, Problem, Refused
from privacy import files
from reporting import donor_report, report_text
from reporting.documents import annexes, pdf, word, word_template
from reporting.documents.content import ReportContent
from reporting.models import DonorReport, DonorReportFile, WordTemplate

Kind = DonorReportFile.Kind
LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 3
PURPOSE = "donor-report-file"
TEMPLATE_PURPOSE = "word-template"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENDINGS = {Kind.DOCX: ("docx", WORD), Kind.XLSX: ("xlsx", EXCEL), Kind.PDF: ("pdf", "application/pdf"), Kind.TEMPLATE: ("docx", WORD)}
LARGEST_FINAL = 50 * 1024 * 1024


def ask_for(report: DonorReport, *, kind: str, by: User) -> DonorReportFile:
    """The row of a file with the report's present content: the one that is there, being built or built, else a new one."""
    if not report.published:
        raise Refused(_("Freeze the numbers first: files are made from frozen numbers."))
    if kind not in ENDINGS:
        raise Invalid([Problem("kind", _("There is no such file."), "invalid")])
    if kind == Kind.TEMPLATE and report.template_id is None:
        raise Refused(_("Choose a Word template for this report first."))
    with transaction.atomic():
        DonorReport.objects.select_for_update().get(pk=report.pk)
        signed = report.signed_off_at is not None
        same = report.files.filter(kind=kind, content_hash=report.content_hash, signed_off=signed)
        there = same.filter(Q(built_at__isnull=False) | Q(attempts__lt=MOST_ATTEMPTS)).first()
        if there is not None:
            return there
        report.files.filter(kind=kind, built_at__isnull=True).delete()
        row = DonorReportFile.objects.create(
            report=report, kind=kind, content_hash=report.content_hash, signed_off=signed, requested_by=by, name=_name(report, kind)
        )
        audit.record("donor_report.file_asked", [report], by=by, kind=kind, version=report.version)
    return row


def build(file: DonorReportFile) -> bool:
    """Build one file under a lease; False where somebody else has it, it is built, or it failed too often."""
    token = secrets.token_hex(16)
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    mine = DonorReportFile.objects.filter(free, pk=file.pk, built_at__isnull=True, attempts__lt=MOST_ATTEMPTS)
    if not mine.update(lease_token=token, lease_until=now + LEASE, attempts=file.attempts + 1):
        return False
    report = DonorReport.objects.select_related("requirement__grant", "signed_off_by", "template").get(pk=file.report_id)
    try:
        content = report_text.content_of(report)
        data, unknown = _rendered(report, content, file.kind)
        stored = files.store(data, purpose=PURPOSE, owner_id=str(file.pk), encrypt=False, limit=LARGEST_FINAL)
    except (pdf.DocumentNotBuilt, word_template.NotATemplate, files.FileRefused, files.FileUnreadable) as problem:
        DonorReportFile.objects.filter(pk=file.pk, lease_token=token).update(error=str(problem)[:300], attempts=MOST_ATTEMPTS)
        return False
    done = DonorReportFile.objects.filter(pk=file.pk, lease_token=token, built_at__isnull=True).update(
        path=stored.path, content_type=stored.content_type, size=stored.size, digest=stored.digest, built_at=timezone.now(),
        unknown_names="\n".join(unknown), lease_until=None, error="", content_hash=content.content_hash,
        signed_off=bool(content.signed_off),
    )  # fmt: skip
    if not done:
        files.discard(stored.path)
    return bool(done)


def build_waiting(*, limit: int = 50) -> int:
    """The sweep: build whatever was asked for and is not there; returns how many were built."""
    now = timezone.now()
    waiting = DonorReportFile.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=now), built_at__isnull=True, attempts__lt=MOST_ATTEMPTS
    )
    return sum(build(file) for file in waiting.exclude(kind=Kind.FINAL)[:limit])


def keep_final(report: DonorReport, *, content: bytes, name: str, by: User) -> DonorReportFile:
    """Keep the very file that goes to the donor, edited or not; before it is sent it can be replaced."""
    if not donor_report.may(report, Permission.PREPARE_REPORT, by=by):
        raise Refused(_("Only those who prepare this report add its final file."))
    if report.state != DonorReport.State.SIGNED_OFF:
        raise donor_report.WrongState(_("The final file is added after the sign-off and before it is sent."))
    with transaction.atomic():
        for earlier in report.files.filter(kind=Kind.FINAL):
            transaction.on_commit(partial(files.discard, earlier.path))
            earlier.delete()
        row = DonorReportFile(report=report, kind=Kind.FINAL, requested_by=by, content_hash=report.content_hash, signed_off=True)
        row.save()
        stored = files.store(
            content, purpose=PURPOSE, owner_id=str(row.pk), encrypt=False, name=name, limit=LARGEST_FINAL,
            kinds=frozenset({WORD, "application/pdf"}),
        )  # fmt: skip
        row.path, row.content_type, row.size, row.digest = stored.path, stored.content_type, stored.size, stored.digest
        row.name, row.built_at = name[:200], timezone.now()
        row.save()
        audit.record("donor_report.final_kept", [report], by=by, digest=stored.digest, version=report.version)
    return row


def add_template(*, title: str, content: bytes, by: User) -> WordTemplate:
    """Keep a Word template that a mission uploaded, checked: a plain DOCX that loads and runs nothing."""
    word_template.check(content)
    with transaction.atomic():
        row = WordTemplate(title=title.strip(), uploaded_by=by)
        row.full_clean(exclude=["path", "digest"])
        stored = files.store(content, purpose=TEMPLATE_PURPOSE, owner_id=str(row.pk), encrypt=False, kinds=frozenset({WORD}))
        row.path, row.digest = stored.path, stored.digest
        row.save()
        audit.record("word_template.added", [row], by=by, digest=stored.digest)
    return row


def choose_template(report: DonorReport, *, template: WordTemplate | None, by: User) -> None:
    """Say which of the mission's templates this report is also written into."""
    if not donor_report.may(report, Permission.PREPARE_REPORT, by=by):
        raise Refused(_("Only those who prepare this report choose its template."))
    with transaction.atomic():
        DonorReport.objects.filter(pk=report.pk).update(template=template)
        report.files.filter(kind=Kind.TEMPLATE, built_at__isnull=True).delete()
        audit.record("donor_report.template_chosen", [report], by=by, template=str(template.pk) if template else "")
    report.refresh_from_db()


def _rendered(report: DonorReport, content: ReportContent, kind: str) -> tuple[bytes, tuple[str, ...]]:
    trace = settings.PORTAL_ADDRESS.rstrip("/") + reverse("donor_report", args=[report.pk]) + "figures/"
    if kind == Kind.TEMPLATE:
        template = report.template
        if template is None:
            raise word_template.NotATemplate(_("The template was taken away."))
        source = b"".join(files.read(template.path, key_id="", purpose=TEMPLATE_PURPOSE, owner_id=str(template.pk)))
        if hashlib.sha256(source).hexdigest() != template.digest:
            raise word_template.NotATemplate(_("The stored template was changed: upload it again."))
        filled = word_template.fill(source, content)
        return filled.docx, filled.unknown
    render = {Kind.DOCX: word.render, Kind.XLSX: annexes.render, Kind.PDF: pdf.render}[Kind(kind)]
    return render(content, trace=trace), ()


def _name(report: DonorReport, kind: str) -> str:
    stem = slugify(f"{report.requirement.grant.reference} {report.requirement.title} v{report.version}")
    return f"{stem}.{ENDINGS[Kind(kind)][0]}"
