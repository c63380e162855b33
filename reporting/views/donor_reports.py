"""Donor reports: the list, a report's page with its preview, checks and files, and the places where it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import django_filters
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.models import User
from accounts.roles import Permission
from plumbing import narrowing
from plumbing.addresses import number_in
from plumbing.lists import Column, ListPage
from plumbing.refusals import Invalid, Refused, Stale
from privacy import files
from programs.access import words
from programs.models import Grant, GrantProject, ReportRequirement
from reporting import donor_report, report_assembly, report_checks, report_files, report_sections, report_text, tasks
from reporting.documents.content import HIDDEN_MARK, ReportContent
from reporting.documents.outline import Block, Grid, Heading, outline
from reporting.forms import CommentsForm, FinalFileForm, NewVersionForm, ReasonForm, SectionForm, StartForm
from reporting.models import DonorReport, DonorReportFigure, DonorReportFile, DonorReportSection, WordTemplate


class ReportFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"), choices=DonorReport.State.choices, empty_label=gettext_lazy("all states")
    )
    grant = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Grant"),
        field_name="requirement__grant",
        queryset=lambda request: Grant.objects.visible_to(request.user),
        empty_label=gettext_lazy("all grants"),
    )

    class Meta:
        model = DonorReport
        fields: list[str] = []


class DonorReportList(ListPage):
    model = DonorReport
    filterset_class = ReportFilter
    template_name = "reporting/donor_reports.html"
    columns = [
        Column("report", gettext_lazy("Report"), order=["requirement__title", "version"], export="requirement__title"),
        Column("version", gettext_lazy("Version"), export="version", number=True),
        Column("grant", gettext_lazy("Grant"), order=["requirement__grant__reference"], export="requirement__grant__reference"),
        Column("donor", gettext_lazy("Donor"), order=["requirement__grant__donor__name"], export="requirement__grant__donor__name"),
        Column("due", gettext_lazy("Due"), order=["requirement__due_on"], export="requirement__due_on"),
        Column("state", gettext_lazy("State"), order=["state"], export="state", words=DonorReport.State.choices),
        Column("hash", gettext_lazy("Content hash"), export="content_hash", hidden=True),
    ]
    ordering = "-due"
    related = ["requirement__grant__donor"]

    def context(self, listing: Any) -> dict[str, Any]:
        """What is owed to donors and not begun stands above the list."""
        if Permission.PREPARE_REPORT not in words(self.request.user):
            return {"owed": [], "may_prepare": False}
        owed = narrowing.narrow(ReportRequirement.objects.visible_to(self.request.user), self.request).filter(reports__isnull=True)
        return {"owed": owed.select_related("grant__donor").order_by("due_on")[:10], "may_prepare": True}


@login_required
@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The report as its files will read, part by part, with what must be solved and what can be done now."""
    report = _report(request, pk)
    if not report.published:
        return render(request, "reporting/donor_report.html", _page(request, report, None))
    return render(request, "reporting/donor_report.html", _page(request, report, report_text.content_of(report)))


@login_required
@require_GET
def figure(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """What is behind one number: a box over the preview, or a page of its own.

    Readers of raw figures find the submissions, which is an event; everybody else finds how the number is made.
    """
    report = _report(request, pk)
    line = get_object_or_404(report.figures.select_related("definition", "section"), code=code)
    part = bool(request.headers.get("HX-Request"))
    crumbs = [*_crumbs(report, _user(request)), (str(report.requirement), reverse("donor_report", args=[report.pk])), (line.code, "")]
    if not donor_report.may(report, Permission.READ_RAW, by=_user(request)):
        made = {"report": report, "line": line, "crumbs": crumbs}
        return render(request, "reporting/_figure_made.html" if part else "reporting/donor_report_figure.html", made)
    audit.record("donor_report.figure_traced", [report, line.definition], by=_user(request), code=line.code)
    sources = line.sources.select_related(
        "figure__submission", "figure__project", "figure__partner", "figure__place", "figure__period", "figure__indicator__definition"
    ).order_by("figure__project__code", "figure__partner__name", "figure__place__name", "figure__period_end")
    context = {
        "report": report,
        "line": line,
        "sources": sources,
        "form": ReasonForm(initial={"reason": line.variance_reason}),
        "may_write": report.state in DonorReport.EDITABLE and donor_report.may(report, Permission.PREPARE_REPORT, by=_user(request)),
        "crumbs": crumbs,
    }
    return render(request, "reporting/_figure_sources.html" if part else "reporting/donor_report_figure.html", context)


@login_required
@require_POST
def reason(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    report = _report(request, pk)
    line = get_object_or_404(DonorReportFigure.objects.select_related("report__requirement__grant", "definition"), report=report, code=code)
    form = ReasonForm(request.POST)
    if form.is_valid():
        _try(request, lambda: donor_report.explain(line, by=_user(request), reason=form.cleaned_data["reason"]), _("The reason is kept."))
    return _see(report, section=line.section.key)


@login_required
@require_http_methods(["GET", "POST"])
def section(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Where a part is written; a text that somebody changed meanwhile is shown beside one's own."""
    report = _report(request, pk)
    part = get_object_or_404(DonorReportSection.objects.select_related("report__requirement__grant"), report=report, key=key)
    _may_prepare(request, report)
    form = SectionForm(
        request.POST or None, initial={"text": part.text, "rating": part.rating, "edit_version": report.edit_version}, section=part
    )
    status, theirs = 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                donor_report.edit_section(part, by=_user(request), **form.cleaned_data)
            except Stale as stale:
                theirs = DonorReportSection.objects.values_list("text", flat=True).get(pk=part.pk)
                form = SectionForm({**request.POST.dict(), "edit_version": stale.current}, section=part)
                form.add_error(None, str(stale))
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("%(heading)s is kept.") % {"heading": part.heading})
                return _see(report, section=part.key)
    context = {
        "report": report,
        "part": part,
        "form": form,
        "theirs": theirs,
        "lines": [line for line in report.figures.all() if line.section_id == part.pk] or list(report.figures.all()),
        "crumbs": [
            *_crumbs(report, _user(request)),
            (str(report.requirement), reverse("donor_report", args=[report.pk])),
            (part.heading, ""),
        ],
    }
    return render(request, "reporting/donor_report_section.html", context, status=status)


@login_required
@require_POST
def add_part(request: HttpRequest, pk: int) -> HttpResponse:
    report = _report(request, pk)
    heading = request.POST.get("heading", "")
    made = _try(request, lambda: donor_report.add_section(report, by=_user(request), heading=heading), _("The part is added."))
    return redirect(reverse("donor_report_section", args=[report.pk, made.key])) if made else _see(report)


@login_required
@require_POST
def remove_part(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    report = _report(request, pk)
    part = get_object_or_404(DonorReportSection.objects.select_related("report__requirement__grant"), report=report, key=key)
    _try(request, lambda: donor_report.remove_section(part, by=_user(request)), _("The part is taken out."))
    return _see(report)


@login_required
@require_POST
def act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """The acts that need nothing but the report: freeze, ask, sign off, send, accepted."""
    report, by = _report(request, pk), _user(request)
    acts: dict[str, tuple[Callable[[], Any], str]] = {
        "freeze": (lambda: donor_report.freeze(report, by=by), _("The numbers are frozen.")),
        "ask": (lambda: donor_report.ask_for_sign_off(report, by=by), _("Those who may sign off are told.")),
        "sign-off": (
            lambda: donor_report.sign_off(report, by=by, content_hash=request.POST.get("content_hash", "")),
            _("The report is signed off. Its content does not change any more."),
        ),
        "send": (lambda: donor_report.send(report, by=by), _("Recorded as sent.")),
        "accepted": (lambda: donor_report.accepted_by_donor(report, by=by), _("Recorded: the donor accepted it.")),
    }
    if name not in acts:
        raise Http404
    _try(request, *acts[name])
    return _see(report)


@login_required
@require_http_methods(["GET", "POST"])
def comments(request: HttpRequest, pk: int) -> HttpResponse:
    report = _report(request, pk)
    _may_prepare(request, report)
    form = CommentsForm(request.POST or None, initial={"text": report.donor_comments})
    if request.method == "POST" and form.is_valid():
        _try(request, lambda: donor_report.note_comments(report, by=_user(request), text=form.cleaned_data["text"]), _("Kept."))
        return _see(report)
    return _form_page(request, report, form, _("The donor's comments"), _("Keep the comments"))


@login_required
@require_http_methods(["GET", "POST"])
def new_version(request: HttpRequest, pk: int) -> HttpResponse:
    report, by = _report(request, pk), _user(request)
    _may_prepare(request, report)
    form = NewVersionForm(request.POST or None, initial={"through": report.through})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        made = _try(
            request,
            lambda: donor_report.start(
                report.requirement, by=by, through=values["through"], language=report.language, why=values["why"]
            ),
            _("The new version is begun. Freeze the numbers to see what changed."),
        )  # fmt: skip
        if made:
            return _see(made)
    return _form_page(request, report, form, _("New version"), _("Start version %(version)s") % {"version": report.version + 1})


@login_required
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the report that a requirement asks for."""
    requirement = get_object_or_404(ReportRequirement.objects.visible_to(_user(request)).select_related("grant__donor"), pk=pk)
    if not donor_report.may(requirement.grant, Permission.PREPARE_REPORT, by=_user(request)):
        raise Http404
    form = StartForm(request.POST or None, initial={"through": requirement.covers_through, "language": translation.get_language()})
    if request.method == "POST" and form.is_valid():
        made = _try(
            request,
            lambda: donor_report.start(requirement, by=_user(request), **form.cleaned_data),
            _("The report is begun. Write its parts and freeze the numbers when the figures are in."),
        )
        if made:
            return _see(made)
    crumbs = [(_("Donor reports"), reverse("donor_reports")), (str(requirement), "")]
    context = {"form": form, "title": requirement.title, "button": _("Start the report"), "crumbs": crumbs}
    return render(request, "reporting/form_page.html", context, status=422 if request.method == "POST" else 200)


@login_required
@require_POST
def ask_for_file(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Ask for a file: a row now, built by a task; the page says when it is there."""
    report = _report(request, pk)
    with transaction.atomic():
        row = _try(request, lambda: report_files.ask_for(report, kind=kind, by=_user(request)), "")
        if row and row.built_at is None:
            # With the broker away the sweep builds it later: the page does not fail.
            transaction.on_commit(lambda: tasks.build_report_file.delay(row.pk), robust=True)
    if row:
        messages.info(request, _("The file is there.") if row.built_at else _("The file is being made. It stands here in a moment."))
    return _see(report)


@login_required
@require_GET
def download(request: HttpRequest, pk: int, file: int) -> HttpResponseBase:
    report = _report(request, pk)
    row = get_object_or_404(DonorReportFile.objects.visible_to(_user(request)), report=report, pk=file, built_at__isnull=False)
    audit.record("donor_report.file_opened", [report], by=_user(request), kind=row.kind, version=report.version, digest=row.digest)
    return files.download(
        row.path,
        key_id="",
        purpose=report_files.PURPOSE,
        owner_id=str(row.pk),
        content_type=row.content_type,
        title=row.name,
        size=row.size,
    )


@login_required
@require_http_methods(["GET", "POST"])
def final(request: HttpRequest, pk: int) -> HttpResponse:
    report = _report(request, pk)
    _may_prepare(request, report)
    form = FinalFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            report_files.keep_final(report, content=upload.read(), name=upload.name, by=_user(request))
        except (Refused, files.FileRefused) as refused:
            form.add_error("file", str(refused))
        else:
            messages.success(request, _("The final file is kept."))
            return _see(report)
    return _form_page(request, report, form, _("Final file as it goes to the donor"), _("Keep the final file"), files=True)


@login_required
@require_POST
def choose_template(request: HttpRequest, pk: int) -> HttpResponse:
    report = _report(request, pk)
    template = WordTemplate.objects.filter(is_retired=False, pk=number_in(request.POST.get("template"))).first()
    _try(request, lambda: report_files.choose_template(report, template=template, by=_user(request)) or True, _("The template is chosen."))
    return _see(report)


def _page(request: HttpRequest, report: DonorReport, content: ReportContent | None) -> dict[str, Any]:
    by = _user(request)
    may_prepare = donor_report.may(report, Permission.PREPARE_REPORT, by=by)
    may_sign = donor_report.may(report, Permission.SIGN_OFF_REPORT, by=by)
    parts = _parts(report, content)
    asked = request.GET.get("section", "")
    at = next((number for number, part in enumerate(parts) if part["key"] == asked), 0)
    checks = report_checks.check(report) if report.state in DonorReport.EDITABLE and may_prepare | may_sign else []
    left = sum(check.blocks for check in checks)
    editable = report.state in DonorReport.EDITABLE
    return {
        "report": report,
        "content": content,
        "parts": parts,
        "part": parts[at] if parts else None,
        "before": parts[at - 1] if at else None,
        "after": parts[at + 1] if at + 1 < len(parts) else None,
        "checks": checks,
        "left": left,
        "ready": sum(part["tone"] == "ready" for part in parts),
        "may_prepare": may_prepare,
        "may_edit": may_prepare and editable,
        "may_sign": may_sign
        and report.state == DonorReport.State.FROZEN
        and not left
        and by.pk not in (report.prepared_by_id, report.frozen_by_id),
        "may_send": may_sign,
        "may_trace": donor_report.may(report, Permission.READ_RAW, by=by),
        "changes": _changes(content),
        "version_before": report.version - 1,
        "files": _files(report),
        "file_kinds": [
            (kind.value, kind.label) for kind in report_files.ENDINGS if kind != DonorReportFile.Kind.TEMPLATE or report.template_id
        ],
        "templates": WordTemplate.objects.filter(is_retired=False) if may_prepare and editable else [],
        "crumbs": [*_crumbs(report, by), (str(report.requirement), "")],
        "today": timezone.localdate(),
    }


_TONES = {"missing": "miss", "carried": "edit", "written": "ready", "computed": "ready"}


def _parts(report: DonorReport, content: ReportContent | None) -> list[dict[str, Any]]:
    """The parts as the outline on the left lists them, each with its blocks of the preview."""
    blocks: dict[str, list[Any]] = {}
    if content is not None:
        with translation.override(report.language):
            key = ""
            for block in outline(content):
                if isinstance(block, Heading) and block.level == 1:
                    key = block.key
                blocks.setdefault(key, []).append(_drawn(block))
    names = {section.key: (section, heading) for section, heading in report_sections.numbered(report.sections.all())}
    parts = [
        {"key": key, "heading": found[0].text, "state": _("from the figures"), "tone": "ready", "blocks": found, "section": None}
        for key, found in blocks.items()
        if key not in names and isinstance(found[0], Heading)
    ]
    for key, (section, heading) in names.items():
        tone = _TONES[section.state] if section.is_required or section.text else "ready"
        parts.append(
            {
                "key": key,
                "heading": heading,
                "state": section.get_state_display(),
                "tone": tone,
                "blocks": blocks.get(key, []),
                "section": section,
            }
        )
    return parts


def _drawn(block: Block) -> Any:
    """A table's rows as pairs of cell and column, which a template cannot bring together; other blocks as they are."""
    if not isinstance(block, Grid):
        return block
    rows = [
        [
            ({"lines": cell.lines, "figure": cell.figure, "strong": cell.strong, "hidden": cell.lines[0] == HIDDEN_MARK}, column)
            for cell, column in zip(row, block.columns, strict=True)
        ]
        for row in block.rows
    ]
    return {"caption": block.caption, "columns": block.columns, "rows": rows, "notes": block.notes}


def _changes(content: ReportContent | None) -> list[dict[str, str]]:
    if content is None:
        return []
    return [
        {"code": one.code, "why": one.why, "old": report_assembly.as_text(one.old), "new": report_assembly.as_text(one.new)}
        for one in content.changes
    ]


def _files(report: DonorReport) -> list[dict[str, Any]]:
    """The newest file of each kind, and whether it still says what the report says."""
    newest = {row.kind: row for row in report.files.all()}
    signed = report.signed_off_at is not None
    return [
        {
            "row": row,
            "stale": row.kind != DonorReportFile.Kind.FINAL and (row.content_hash != report.content_hash or row.signed_off != signed),
            "failed": row.built_at is None and row.attempts >= report_files.MOST_ATTEMPTS,
        }
        for row in newest.values()
    ]


def _report(request: HttpRequest, pk: int) -> DonorReport:
    """The report if this person may see it, with what its page needs; else it does not exist."""
    projects = Prefetch("requirement__grant__projects", GrantProject.objects.select_related("project__program").order_by("project__code"))
    rows: QuerySet[DonorReport] = DonorReport.objects.visible_to(_user(request)).select_related(
        "requirement__grant__donor", "prepared_by", "frozen_by", "signed_off_by", "sent_by", "template"
    )
    own = Prefetch("files", DonorReportFile.objects.visible_to(_user(request)))
    return get_object_or_404(rows.prefetch_related(projects, "sections", "figures", own), pk=pk)


def _may_prepare(request: HttpRequest, report: DonorReport) -> None:
    if not donor_report.may(report, Permission.PREPARE_REPORT, by=_user(request)):
        raise Http404


def _form_page(request: HttpRequest, report: DonorReport, form: forms.Form, title: str, button: str, **more: Any) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "button": button,
        "crumbs": [*_crumbs(report, _user(request)), (str(report.requirement), reverse("donor_report", args=[report.pk])), (title, "")],
        **more,
    }
    return render(request, "reporting/form_page.html", context, status=422 if request.method == "POST" else 200)


def _try(request: HttpRequest, do: Callable[[], Any], done: str) -> Any:
    """Do an act and say so; a refusal is said in its own words and gives None."""
    try:
        made = do()
    except Invalid as refused:
        messages.error(request, " ".join(str(problem.message) for problem in refused.problems))
        return None
    except Refused as refused:
        messages.error(request, str(refused))
        return None
    if done:
        messages.success(request, done)
    return made if made is not None else True


def _see(report: DonorReport, **query: str) -> HttpResponse:
    address = reverse("donor_report", args=[report.pk])
    return redirect(f"{address}?{urlencode(query)}" if query else address)


def _crumbs(report: DonorReport, by: User) -> list[tuple[str, str]]:
    """The grant's own page is not open to its donor: there the way leads by the list alone."""
    grant = report.requirement.grant
    crumbs = [(_("Donor reports"), reverse("donor_reports"))]
    if Permission.READ_MONEY in words(by):
        crumbs.append((f"{grant.reference}, {grant.donor}", reverse("grant", args=[grant.pk])))
    return crumbs


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
