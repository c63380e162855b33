"""The acts on a donor report: start, write, freeze, sign off, send, and what the donor answers.

Numbers come from accepted figures only and freeze with a content hash; prose stays open until a second person signs off exactly
the content they saw. A sent report never changes: a correction is a new version that says what changed and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Message, User
from accounts.roles import Permission
from plumbing.refusals import Invalid, Problem, Refused, Stale
from programs import access
from programs.models import Grant, ReportRequirement
from reporting import publishing, report_assembly, report_checks, report_sections, report_text
from reporting.documents.content import Change, Number, Status
from reporting.models import (
    DonorReport,
    DonorReportChange,
    DonorReportFigure,
    DonorReportSection,
    DonorReportSource,
    Restatement,
)

State = DonorReport.State


class WrongState(Refused):
    """The report is not in the state that the act needs."""


class OwnReport(Refused):
    """A second person signs a report off, not the one who prepared or froze it."""


class NotReady(Refused):
    """Checks before sign-off are not solved; ``checks`` holds them."""

    def __init__(self, checks: Sequence[report_checks.Check]) -> None:
        self.checks = tuple(checks)
        super().__init__(_("Solve first: %(what)s") % {"what": "; ".join(check.words for check in checks)})


def start(requirement: ReportRequirement, *, by: User, through: date | None = None, language: str = "en", why: str = "") -> DonorReport:
    """Begin the answer to a requirement, or a new version of it, which says why. Its parts and text come from the last report.

    A version that was not sent is replaced by the new one at once, a sent one when the new one is sent.
    """
    _require(requirement.grant, Permission.PREPARE_REPORT, by)
    if language not in dict(settings.LANGUAGES):
        raise Invalid([Problem("language", _("The portal does not write this language."), "invalid")])
    with transaction.atomic():
        last = DonorReport.objects.select_for_update().filter(requirement=requirement).order_by("-version").first()
        if last is not None and not why.strip():
            raise Invalid([Problem("why", _("Say why there is a new version."), "required")])
        if last is not None and last.state in (*DonorReport.EDITABLE, State.SIGNED_OFF):
            DonorReport.objects.filter(pk=last.pk).update(state=State.SUPERSEDED)
        with translation.override(language):
            report = DonorReport.objects.create(
                requirement=requirement,
                version=1 if last is None else last.version + 1,
                through=through or requirement.covers_through,
                language=language,
                why=why.strip(),
                template=last.template if last is not None else None,
                prepared_by=by,
            )
            report_sections.lay_out(report)
        audit.record("donor_report.started", [report, requirement, requirement.grant], by=by, version=report.version)
    return report


def edit_section(section: DonorReportSection, *, by: User, text: str, rating: str = "", edit_version: int | None = None) -> DonorReport:
    """Write a part. ``edit_version`` is the one the writer saw: a text that somebody else changed meanwhile is not overwritten."""
    report = section.report
    _require(report.requirement.grant, Permission.PREPARE_REPORT, by)
    with transaction.atomic():
        _claim(report, edit_version)
        section.text = text.strip()
        section.rating = rating.strip() if section.kind == section.Kind.OUTCOME else ""
        if section.kind not in report_sections.COMPUTED:
            section.state = section.State.WRITTEN if section.text else section.State.MISSING
        section.edited_at, section.edited_by = timezone.now(), by
        section.full_clean(exclude=["report", "results"])
        section.save()
        _hash_again(report)
        audit.record("donor_report.section_written", [report], by=by, section=section.key, characters=len(section.text))
    return report


def add_section(report: DonorReport, *, by: User, heading: str, guidance: str = "") -> DonorReportSection:
    """Add a part of text before the annexes."""
    _require(report.requirement.grant, Permission.PREPARE_REPORT, by)
    if not heading.strip():
        raise Invalid([Problem("heading", _("Give the part a heading."), "required")])
    with transaction.atomic():
        _claim(report, None)
        keys = set(report.sections.values_list("key", flat=True))
        stem = slugify(heading)[:34] or "part"
        key = next(name for name in (stem, *(f"{stem}-{number}" for number in range(2, len(keys) + 3))) if name not in keys)
        first_annex = report.sections.filter(kind__in=report_sections.COMPUTED).order_by("order").first()
        order = first_annex.order if first_annex is not None else len(keys)
        report.sections.filter(order__gte=order).update(order=F("order") + 1)
        section = DonorReportSection.objects.create(report=report, key=key, heading=heading.strip(), guidance=guidance, order=order)
        _back_to_draft(report)
        audit.record("donor_report.section_added", [report], by=by, section=key)
    return section


def remove_section(section: DonorReportSection, *, by: User) -> None:
    """Take a part of text out of this report and, with it, of the next one."""
    report = section.report
    _require(report.requirement.grant, Permission.PREPARE_REPORT, by)
    if section.kind == DonorReportSection.Kind.OUTCOME:
        raise Refused(_("An outcome of the grant's projects stays in the report."))
    with transaction.atomic():
        _claim(report, None)
        key = section.key
        section.delete()
        _back_to_draft(report)
        audit.record("donor_report.section_removed", [report], by=by, section=key)


def explain(line: DonorReportFigure, *, by: User, reason: str) -> None:
    """Say why a number is not what was planned."""
    report = line.report
    _require(report.requirement.grant, Permission.PREPARE_REPORT, by)
    with transaction.atomic():
        _claim(report, None)
        line.variance_reason = reason.strip()
        line.save(update_fields=["variance_reason"])
        _hash_again(report)
        audit.record("donor_report.variance_explained", [report, line.definition], by=by, code=line.code)


def freeze(report: DonorReport, *, by: User) -> DonorReport:
    """Take the numbers as accepted now: raw for tracing, published for the files, with what changed since the last version.

    Freezing again before sign-off takes them anew; texts and reasons stay.
    """
    grant = report.requirement.grant
    _require(grant, Permission.PREPARE_REPORT, by)
    now = timezone.now()
    with transaction.atomic(), translation.override(report.language):
        list(grant.projects.select_related("project").select_for_update())
        _claim(report, None)
        assembled = report_assembly.assemble(report, at=now)
        reasons = dict(report.figures.values_list("code", "variance_reason"))
        report.figures.all().delete()
        lines = _keep_lines(report, assembled.lines, reasons)
        changes = _keep_changes(report, assembled.lines)
        report.published = replace(assembled.content, changes=changes).as_json()
        report.accepted_reports, report.expected_reports = assembled.coverage.accepted, assembled.coverage.expected
        report.state, report.frozen_at, report.frozen_by = State.FROZEN, now, by
        report.sign_off_asked_at = report.sign_off_asked_by = None
        report.content_hash = report_text.content_of(report).content_hash
        report.save()
        audit.record(
            "donor_report.frozen",
            [report, grant],
            by=by,
            lines=len(lines),
            changes=len(changes),
            hash=report.content_hash,
            version=report.version,
        )
    return report


def ask_for_sign_off(report: DonorReport, *, by: User) -> int:
    """Tell those who may sign it off that it waits for them; returns how many were told."""
    _require(report.requirement.grant, Permission.PREPARE_REPORT, by)
    _ready(report)
    with transaction.atomic():
        _move(report, State.FROZEN, sign_off_asked_at=timezone.now(), sign_off_asked_by=by)
        people = who_may_sign_off(report)
        for person in people:
            with translation.override(person.language):
                line = _("%(report)s, version %(version)s, waits for your sign-off.") % {
                    "report": report.requirement,
                    "version": report.version,
                }
            Message.objects.get_or_create(
                recipient=person, item=f"donor_report:{report.pk}", step=f"sign-off-{report.edit_version}",
                defaults={"line": line, "path": reverse("donor_report", args=[report.pk])},
            )  # fmt: skip
        audit.record("donor_report.sign_off_asked", [report], by=by, people=len(people))
    return len(people)


def sign_off(report: DonorReport, *, by: User, content_hash: str) -> DonorReport:
    """Sign off exactly the content whose hash the signer saw. From then on nothing of it changes."""
    _require(report.requirement.grant, Permission.SIGN_OFF_REPORT, by)
    mine = {by.pk, *access.acts_for(by)}
    if {report.prepared_by_id, report.frozen_by_id} & mine:
        raise OwnReport(_("You prepared this report, or somebody you act for did: a second person signs it off."))
    with transaction.atomic():
        locked = DonorReport.objects.select_for_update().get(pk=report.pk)
        if locked.content_hash != content_hash:
            raise Stale(_("The report changed since you opened it: read it again, then sign."), current=locked.edit_version)
        _ready(locked)
        _move(report, State.FROZEN, state=State.SIGNED_OFF, signed_off_at=timezone.now(), signed_off_by=by)
        audit.record("donor_report.signed_off", [report, report.requirement.grant], by=by, hash=content_hash, version=report.version)
    return report


def send(report: DonorReport, *, by: User) -> DonorReport:
    """Record that the final file went to the donor; an earlier sent version is replaced by this one."""
    _require(report.requirement.grant, Permission.SIGN_OFF_REPORT, by)
    with transaction.atomic():
        if not report.files.filter(kind="final").exists():
            raise Refused(_("Add the final file first: the very file that goes to the donor."))
        _move(report, State.SIGNED_OFF, state=State.SENT, sent_at=timezone.now(), sent_by=by)
        earlier = DonorReport.objects.filter(requirement=report.requirement, sent_at__isnull=False).exclude(pk=report.pk)
        earlier.update(state=State.SUPERSEDED)
        audit.record("donor_report.sent", [report, report.requirement.grant], by=by, version=report.version)
    return report


def note_comments(report: DonorReport, *, by: User, text: str) -> DonorReport:
    """Keep what the donor answered."""
    _require(report.requirement.grant, Permission.PREPARE_REPORT, by)
    if not text.strip():
        raise Invalid([Problem("text", _("Write what the donor said."), "required")])
    with transaction.atomic():
        _move(report, State.SENT, State.COMMENTED, state=State.COMMENTED, donor_comments=text.strip(), commented_at=timezone.now())
        audit.record("donor_report.commented", [report], by=by)
    return report


def accepted_by_donor(report: DonorReport, *, by: User) -> DonorReport:
    """Record that the donor accepted the report as sent."""
    _require(report.requirement.grant, Permission.SIGN_OFF_REPORT, by)
    with transaction.atomic():
        _move(report, State.SENT, State.COMMENTED, state=State.ACCEPTED, accepted_at=timezone.now())
        audit.record("donor_report.accepted", [report, report.requirement.grant], by=by, version=report.version)
    return report


def who_may_sign_off(report: DonorReport) -> list[User]:
    """Those who hold the word in every project of the grant and did not prepare this version."""
    per_project = [
        {person.pk: person for person in access.people_who(Permission.SIGN_OFF_REPORT, project=row.project)}
        for row in report.requirement.grant.projects.select_related("project")
    ]
    shared = set.intersection(*(set(people) for people in per_project)) if per_project else set()
    return [per_project[0][key] for key in sorted(shared - {report.prepared_by_id, report.frozen_by_id})]


def may(report_or_grant: DonorReport | Grant, permission: Permission, *, by: User) -> bool:
    """Whether the person holds the word in every project of the grant."""
    grant = report_or_grant if isinstance(report_or_grant, Grant) else report_or_grant.requirement.grant
    projects = [row.project for row in grant.projects.all()]
    return bool(projects) and all(access.allows(by, permission, project=project) for project in projects)


def _require(grant: Grant, permission: Permission, by: User) -> None:
    """A report speaks for every project of its grant, so the word is needed in each."""
    projects = [row.project for row in grant.projects.select_related("project")]
    if not projects:
        raise Refused(_("This grant has no project yet: enter what it approves for which project."))
    for project in projects:
        access.require(by, permission, project=project)


def _claim(report: DonorReport, edit_version: int | None) -> None:
    """Take the report for one edit: in an editable state, and unchanged since the writer saw it."""
    row = DonorReport.objects.select_for_update().get(pk=report.pk)
    if row.state not in DonorReport.EDITABLE:
        raise WrongState(
            _("This version is %(state)s and does not change any more. Start a new version.") % {"state": row.get_state_display().lower()}
        )
    if edit_version is not None and edit_version != row.edit_version:
        raise Stale(_("Somebody changed the report while you wrote. Your text is below; compare and save again."), current=row.edit_version)
    report.refresh_from_db()
    report.edit_version = row.edit_version + 1
    report.save(update_fields=["edit_version", "updated_at"])


def _hash_again(report: DonorReport) -> None:
    """Prose is part of the content: its hash follows until somebody signs."""
    if report.published:
        fresh = DonorReport.objects.get(pk=report.pk)
        report.content_hash = report_text.content_of(fresh).content_hash
        report.save(update_fields=["content_hash"])


def _back_to_draft(report: DonorReport) -> None:
    """Other parts need other numbers: freeze again."""
    DonorReport.objects.filter(pk=report.pk).update(state=State.DRAFT)
    report.refresh_from_db()


def _ready(report: DonorReport) -> None:
    blocking = [check for check in report_checks.check(report) if check.blocks]
    if blocking:
        raise NotReady(blocking)


def _move(report: DonorReport, *expected: str, **values: object) -> None:
    """Compare and swap: only who finds the report in the expected state changes it."""
    if not DonorReport.objects.filter(pk=report.pk, state__in=expected).update(**values, updated_at=timezone.now()):
        state = DonorReport.objects.values_list("state", flat=True).get(pk=report.pk)
        raise WrongState(_("This version is now: %(state)s. Load the page again.") % {"state": State(state).label.lower()})
    report.refresh_from_db()


def _keep_lines(report: DonorReport, lines: Sequence[report_assembly.ReportLine], reasons: dict[str, str]) -> list[DonorReportFigure]:
    kept = DonorReportFigure.objects.bulk_create(
        DonorReportFigure(
            report=report,
            section=line.section,
            definition=line.found.definition,
            code=line.code,
            label=line.label[:500],
            order=order,
            value=line.found.progress.value,
            numerator=line.found.progress.numerator,
            denominator=line.found.progress.denominator,
            why_none=line.found.progress.reason or "",
            baseline=line.found.standing.baseline.value,
            milestone=line.found.standing.milestone.value,
            milestone_is_linear=line.found.standing.milestone_is_linear,
            target=line.found.standing.target.value,
            is_below=line.is_below,
            published=report_assembly.as_text(line.number)[:60],
            published_status=line.number.status,
            variance_reason=reasons.get(line.code, ""),
        )
        for order, line in enumerate(lines)
    )
    for row, line in zip(kept, lines, strict=True):
        row.indicators.set(line.found.indicators)
    DonorReportSource.objects.bulk_create(
        DonorReportSource(line=row, figure_id=one.figure, carried=one.carried)
        for row, line in zip(kept, lines, strict=True)
        for one in line.behind
    )
    return kept


def _keep_changes(report: DonorReport, lines: Sequence[report_assembly.ReportLine]) -> tuple[Change, ...]:
    """Compare with the version before, number by number; restatements since then say why."""
    report.changes.all().delete()
    before = DonorReport.objects.filter(requirement=report.requirement, version=report.version - 1).exclude(published="").first()
    if before is None:
        return ()
    old = publishing.numbers_of(before)
    made = []
    for line in lines:
        if not report_assembly.differs(old.get(line.code), line.number):
            continue
        restated = list(
            Restatement.objects.filter(
                old__indicator__in=[one.pk for one in line.found.indicators], restated_at__gt=before.frozen_at, old__disaggregation__key=""
            ).select_related("old__project", "old__period")
        )
        why = "; ".join(dict.fromkeys(f"{one.reason} ({one.old.project.code}, {one.old.period.code})" for one in restated))
        why = why or _("figures accepted since version %(version)s") % {"version": before.version}
        was = old.get(line.code, Number(status=Status.NOT_SET))
        row = DonorReportChange.objects.create(
            report=report, code=line.code, old=report_assembly.as_text(was)[:60], new=report_assembly.as_text(line.number)[:60], reason=why
        )
        row.restatements.set(restated)
        made.append(Change(line.code, line.label, was, line.number, why))
    return tuple(made)
