"""Pages of what comes in and goes out: imports, a framework from a spreadsheet, a partner's workbook."""

from __future__ import annotations

import json
from typing import Any

import django_filters
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.roles import Permission
from exchange import forms, framework_columns, framework_plan, imports, marked_copy, spreadsheets, workbook_sheets, workbooks
from exchange.framework_plan import Plan
from exchange.framework_words import Field
from exchange.frameworks import BLOCKING
from exchange.models import Import
from plumbing.addresses import number_in
from plumbing.lists import Column, ListPage
from plumbing.refusals import Invalid, Refused
from privacy import files
from programs import access
from programs.models import IndicatorDefinition, Level, Project, Result


class Request(HttpRequest):
    """A request of somebody who is signed in."""

    user: User


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FIELD_LABELS = {
    Field.KIND: gettext_lazy("Kind of result"),
    Field.RESULT: gettext_lazy("Result"),
    Field.IMPACT: gettext_lazy("Impact"),
    Field.OUTCOME: gettext_lazy("Outcome"),
    Field.OUTPUT: gettext_lazy("Output"),
    Field.INDICATOR: gettext_lazy("Indicator"),
    Field.CODE: gettext_lazy("Code in the donor's file"),
    Field.MEASURE: gettext_lazy("Unit"),
    Field.GROUP: gettext_lazy("Population group"),
    Field.BASELINE: gettext_lazy("Baseline"),
    Field.BASELINE_YEAR: gettext_lazy("Year of the baseline"),
    Field.TARGET: gettext_lazy("Target, end of project"),
    Field.MILESTONE: gettext_lazy("Target of a period"),
    Field.FIGURE: gettext_lazy("Past figure"),
    Field.SOURCE: gettext_lazy("Source of data"),
    Field.UNUSED: gettext_lazy("Not used"),
}
CERTAINTY = {
    "sure": ("ok", gettext_lazy("Sure"), "check-lg"),
    "likely": ("wait", gettext_lazy("Likely"), "question-lg"),
    "check": ("wait", pgettext_lazy("an act", "Check"), "question-lg"),
    "unused": ("", gettext_lazy("Not used"), "slash-circle"),
}


class ImportFilter(django_filters.FilterSet):
    words = django_filters.CharFilter(label=gettext_lazy("File or project"), method="named")
    kind = django_filters.ChoiceFilter(label=gettext_lazy("What"), choices=Import.Kind.choices, empty_label=gettext_lazy("all files"))
    state = django_filters.ChoiceFilter(label=gettext_lazy("State"), choices=Import.State.choices, empty_label=gettext_lazy("any state"))

    class Meta:
        model = Import
        fields: list[str] = []

    def named(self, rows: QuerySet[Import], name: str, value: str) -> QuerySet[Import]:
        return rows.filter(Q(file_name__icontains=value) | Q(project__code__icontains=value))


class ImportList(ListPage):
    model = Import
    filterset_class = ImportFilter
    template_name = "exchange/imports.html"
    columns = [
        Column("file", gettext_lazy("File"), order=["file_name"], export="file_name"),
        Column("kind", gettext_lazy("What"), order=["kind"], export="kind", words=Import.Kind.choices),
        Column("project", gettext_lazy("Project"), order=["project__code"], export="project__code"),
        Column("state", gettext_lazy("State"), order=["state"], export="state", words=Import.State.choices),
        Column("uploaded", gettext_lazy("Uploaded"), order=["uploaded_at"], export="uploaded_at"),
        Column("by", gettext_lazy("By"), order=["uploaded_by__name"], export="uploaded_by__name"),
    ]
    ordering = "-uploaded"
    related = ["project", "uploaded_by"]


@login_required
@require_http_methods(["GET", "POST"])
def new_framework(request: Request, code: str) -> HttpResponse:
    """Choose a file; it is read and kept, and nothing is written."""
    project = get_object_or_404(Project.objects.visible_to(request.user), code=code)
    access.require(request.user, Permission.IMPORT_FRAMEWORK, project=project)
    form = forms.UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            source = imports.receive(project, content=upload.read(spreadsheets.LARGEST_FILE + 1), name=upload.name, by=request.user)
        except imports.ImportedBefore as before:
            messages.info(request, str(before))
            return _see_other("import", before.first.pk)
        except (spreadsheets.SpreadsheetRefused, framework_columns.NoFramework, files.FileRefused) as wrong:
            form.add_error("file", str(wrong))
        else:
            return _see_other("import", source.pk)
    context = {"form": form, "project": project, "crumbs": _crumbs(project)}
    return render(request, "exchange/framework_new.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def workbook(request: Request, code: str, period: str, partner: int) -> HttpResponse:
    """The workbook of a report, to be filled without a connection."""
    project = get_object_or_404(Project.objects.visible_to(request.user), code=code)
    role = get_object_or_404(project.partners.select_related("organization"), organization=partner, role="4")
    at = get_object_or_404(project.periods, code=period)
    if not workbooks.may_enter(project, role.organization, request.user):
        raise Http404
    try:
        _row, content = workbooks.hand_out(project, role.organization, at, by=request.user)
    except Refused as wrong:
        messages.error(request, str(wrong))
        return redirect("workbook_new")
    return spreadsheet(content, f"{project.code}-{at.code}-{role.organization}.xlsx")


@login_required
@require_http_methods(["GET", "POST"])
def new_workbook(request: Request) -> HttpResponse:
    """Send a filled workbook back; it says itself for which report it is."""
    form = forms.UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            source = workbooks.receive(content=upload.read(spreadsheets.LARGEST_FILE + 1), name=upload.name, by=request.user)
        except imports.ImportedBefore as before:
            messages.info(request, str(before))
            return _see_other("import", before.first.pk)
        except (Refused, spreadsheets.SpreadsheetRefused, workbook_sheets.NotOurs, files.FileRefused) as wrong:
            form.add_error("file", str(wrong))
        else:
            return _see_other("import", source.pk)
    return render(request, "exchange/workbook_new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def show(request: Request, pk: int) -> HttpResponse:
    """One import: what it holds and would change, or what it wrote."""
    source = _visible(request, pk)
    if source.state != Import.State.UPLOADED:
        return _done(request, source)
    if source.kind == Import.Kind.WORKBOOK:
        return _workbook(request, source)
    access.require(request.user, Permission.IMPORT_FRAMEWORK, project=source.project)
    plan = _readable_plan(request, source)
    return _page(request, plan) if request.method == "GET" else _take(request, source, plan)


@login_required
@require_POST
def undo(request: Request, pk: int) -> HttpResponse:
    source = _visible(request, pk)
    try:
        imports.undo(source, by=request.user)
    except Refused as wrong:
        messages.error(request, str(wrong))
    else:
        messages.success(request, _("The import was undone. The same file can be imported again."))
    return _see_other("import", pk)


@login_required
@require_POST
def drop(request: Request, pk: int) -> HttpResponse:
    source = _visible(request, pk)
    try:
        imports.drop(source, by=request.user)
    except Refused as wrong:
        messages.error(request, str(wrong))
        return _see_other("import", pk)
    if source.kind == Import.Kind.WORKBOOK:
        return _see_other("workbook_new")
    return _see_other("framework_new", source.project.code)


@login_required
@require_GET
def source_file(request: Request, pk: int) -> HttpResponseBase:
    """The file as it came, saved and never shown inline."""
    source = _visible(request, pk)
    if source.state == Import.State.DROPPED:
        return redirect("import", pk)
    if source.kind == Import.Kind.FRAMEWORK:
        access.require(request.user, Permission.IMPORT_FRAMEWORK, project=source.project)
    return files.download(
        source.path,
        key_id="",
        purpose=framework_plan.FILE_PURPOSE,
        owner_id="",
        content_type=XLSX,
        title=source.file_name,
        size=source.size,
    )


@login_required
@require_GET
def annotated(request: Request, pk: int) -> HttpResponse:
    """A copy of the file with each problem as a note in its cell."""
    source = _visible(request, pk)
    name = f"{source.file_name.rsplit('.', 1)[0]}-notes.xlsx"
    if source.state == Import.State.DROPPED:
        raise Http404
    if source.kind == Import.Kind.WORKBOOK:
        try:
            return spreadsheet(workbooks.annotated(source, by=request.user), name)
        except workbook_sheets.NotOurs as wrong:
            raise Http404 from wrong
    access.require(request.user, Permission.IMPORT_FRAMEWORK, project=source.project)
    plan = framework_plan.plan(source)
    book = spreadsheets.read(framework_plan.content(source), name=source.file_name)
    notes = [
        marked_copy.Note(cell, f"{problem.message}\n{problem.why}", problem.kind) for problem in plan.problems for cell in problem.cells
    ]
    return spreadsheet(marked_copy.copy(book, {plan.found.sheet: notes}), name)


def spreadsheet(content: bytes, name: str) -> HttpResponse:
    """A workbook to be saved, never opened inside the portal."""
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, get_valid_filename(name)) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _done(request: Request, source: Import) -> HttpResponse:
    undoable = source.state == Import.State.CONFIRMED and source.kind == Import.Kind.FRAMEWORK
    standing = imports.why_not_undone(source) if undoable else []
    context = {"source": source, "crumbs": _crumbs(source), "standing": standing, "undoable": undoable, "facts": _written(source)}
    context["waiting"] = imports.past_reports_waiting(source) if undoable else []
    return render(request, "exchange/import_done.html", context)


def _workbook(request: Request, source: Import) -> HttpResponse:
    """A returned workbook: its problems, or the difference to confirm."""
    try:
        if request.method == "POST":
            workbooks.confirm(source, by=request.user, version=number_in(request.POST.get("version")))
            messages.success(request, _("The figures are in the report. Submit it when it is complete."))
            return _see_other("import", source.pk)
    except Invalid:
        pass  # the page shows every problem with its cell
    except Refused as wrong:
        messages.error(request, str(wrong))
    try:
        found = workbooks.compare(source, by=request.user)
    except workbook_sheets.NotOurs as wrong:
        raise Http404 from wrong
    except Refused as wrong:
        context = {"source": source, "crumbs": _crumbs(source), "refused": str(wrong)}
        return render(request, "exchange/workbook.html", context, status=409)
    context = {"source": source, "crumbs": _crumbs(source), "found": found}
    return render(request, "exchange/workbook.html", context, status=422 if request.method == "POST" else 200)


def _take(request: Request, source: Import, plan: Plan) -> HttpResponse:
    """Keep what was chosen; with the main button, write it, unless other columns make it another framework than the one seen."""
    try:
        given = request.POST.get("version")
        version = source.version if given is None else number_in(given)
        imports.choose(source, chosen=forms.chosen_from(request.POST, plan), by=request.user, version=version or 0)
        now = _readable_plan(request, source)
        if "confirm" in request.POST and _columns(now) != _columns(plan):
            messages.info(request, _("The columns changed, so other things will be imported. Look at them and confirm again."))
        elif "confirm" in request.POST:
            imports.confirm(source, by=request.user, version=source.version)
            messages.success(request, _("The framework was imported."))
    except Invalid:
        return _page(request, framework_plan.plan(source), refused=True)
    except Refused as wrong:
        messages.error(request, str(wrong))
    return _see_other("import", source.pk)


def _readable_plan(request: Request, source: Import) -> Plan:
    """The plan; where the sheet or row chosen holds no headings, the one that was found first."""
    try:
        return framework_plan.plan(source)
    except framework_columns.NoFramework as wrong:
        messages.error(request, str(wrong))
        imports.choose(source, chosen=framework_plan.Chosen(), by=request.user)
        return framework_plan.plan(source)


def _columns(plan: Plan) -> list[tuple[Any, ...]]:
    return [(plan.found.sheet, one.index, one.field, one.period) for one in plan.found.columns]


def _see_other(name: str, *args: Any) -> HttpResponse:
    """After a good form: the page to look at next, fetched with GET."""
    response = redirect(name, *args)
    response.status_code = 303
    return response


def _visible(request: Request, pk: int) -> Import:
    rows = Import.objects.visible_to(request.user).select_related("project__program", "partner", "period", "uploaded_by", "confirmed_by")
    return get_object_or_404(rows, pk=pk)


def _crumbs(about: Project | Import) -> list[tuple[str, str]]:
    project, last = (about, _("Framework")) if isinstance(about, Project) else (about.project, about.get_kind_display())
    return [(str(project.program), ""), (project.code, ""), (str(last), "")]


def _written(source: Import) -> list[tuple[str, Any]]:
    words = {
        "results": _("Results added"),
        "indicators": _("Indicators added"),
        "changed": _("Indicators changed"),
        "figures": _("Figures"),
        "emptied": _("Figures taken out"),
        "unchanged": _("Figures unchanged"),
    }
    counts = json.loads(source.summary) if source.summary else {}
    return [(words[name], value) for name, value in counts.items() if name in words]


# The page ---------------------------------------------------------------------------------------------------------------


def _page(request: Request, plan: Plan, *, refused: bool = False) -> HttpResponse:
    project, unsure = plan.source.project, [one for one in plan.found.columns if one.certainty in ("likely", "check")]
    to_choose = sum(one.to_choose for one in plan.indicators)
    by_result = _tree(plan)
    context = {
        "source": plan.source,
        "plan": plan,
        "project": project,
        "donor": framework_plan.donor_of(project),
        "crumbs": _crumbs(project),
        "columns": [_column(one) for one in plan.found.columns],
        "fields": [(field.value, label) for field, label in FIELD_LABELS.items()],
        "tree": by_result,
        "unsure": len(unsure),
        "used": sum(one.field != Field.UNUSED for one in plan.found.columns),
        "to_choose": to_choose,
        "blocking": len(plan.blocking),
        "warnings": sum(one.kind != BLOCKING for one in plan.problems),
        "problems": [_problem(number, one) for number, one in enumerate(plan.problems)],
        "merged": [one for one in plan.framework.results if len(one.rows) > 1],
        "levels": Level.choices,
        "level": plan.chosen.level or (plan.results[0].level if plan.results else ""),
        "over_time": IndicatorDefinition.OverTime.choices,
        "partners": [row.organization for row in project.partners.select_related("organization")],
        "places": framework_plan.places_for(project),
        "past": [(framework_plan.code_of(one.span), len(one.figures)) for one in plan.past],
        "library": sum(one.definition is not None and one.is_new for one in plan.indicators),
        "own": sum(one.definition is None for one in plan.indicators),
        "button": _button(plan),
        "refused": refused,
    }
    return render(request, "exchange/framework_import.html", context, status=422 if refused else 200)


def _column(one: framework_columns.Column) -> dict[str, Any]:
    tone, word, icon = CERTAINTY[one.certainty]
    return {
        "at": one,
        "tone": tone,
        "word": word,
        "icon": icon,
        "calm": one.certainty == "sure",
        "with_period": one.field in ("figure", "milestone"),
    }


def _problem(number: int, one: Any) -> dict[str, Any]:
    answer = one.answer
    return {
        "number": number,
        "at": one,
        "anchor": one.key.replace(":", "-"),
        "tone": "stop" if one.kind == BLOCKING else "wait",
        "choices": [(choice, answer is not None and answer.choice == choice.key, answer.text if answer else "") for choice in one.choices],
    }


def _tree(plan: Plan) -> list[dict[str, Any]]:
    """Results in the file's order, each with its indicators as the table shows them."""
    rows: dict[int, list[dict[str, Any]]] = {}
    problems = {cell: one for one in reversed(plan.problems) for cell in one.cells}
    for one in plan.indicators:
        beside = [problem for cell in _cells(one) if (problem := problems.get(cell)) is not None]
        rows.setdefault(one.row.result, []).append(
            {
                "at": one,
                "baseline": framework_plan.written(one.row.baseline),
                "target": framework_plan.written(one.row.target),
                "figures": [
                    (framework_plan.code_of(each.period) if each.period else each.column, framework_plan.written(each.quantity))
                    for each in one.row.figures
                ],
                "problems": [
                    (problem.key.replace(":", "-"), problem.message, problem.kind == BLOCKING) for problem in dict.fromkeys(beside)
                ],
                "across": [choice for choice in IndicatorDefinition.Across.choices if _allowed(one.row.measure, choice[0])],
                "chosen": plan.chosen.definitions.get(one.row.row, ""),
            }
        )
    return [
        {
            "at": result,
            "kind": Result.Kind(result.row.kind).label if result.row.kind else "",
            "rows": rows.get(result.position, []),
            "parent": _parent(plan, result),
        }
        for result in plan.results
    ]


def _cells(one: Any) -> list[str]:
    numbers = [one.row.baseline, one.row.target, *(each.quantity for each in one.row.figures)]
    return [one.row.cell, *(each.cell for each in numbers if each is not None)]


def _parent(plan: Plan, result: Any) -> str:
    if result.parent is None:
        return ""
    return plan.results[result.parent].row.title if result.parent >= 0 else _("no outcome in the file")


def _allowed(measure: str, across: str) -> bool:
    if measure == "percentage":
        return across in ("weighted_ratio", "not_computable")
    return across != "weighted_ratio" if measure == "unit" else across in ("latest", "not_computable")


def _button(plan: Plan) -> str:
    if plan.changes_nothing:
        return _("Keep this import, nothing changes")
    indicators = len(plan.new_indicators) + len(plan.changed)
    words = ngettext("%(count)s indicator", "%(count)s indicators", indicators) % {"count": indicators}
    if not plan.new_figures:
        return _("Import %(indicators)s") % {"indicators": words}
    figures = ngettext("%(count)s past figure", "%(count)s past figures", plan.new_figures) % {"count": plan.new_figures}
    return _("Import %(indicators)s and %(figures)s") % {"indicators": words, "figures": figures}
