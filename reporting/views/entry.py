"""Pages on which a partner reports: figures, narrative, spending, attachments, check and submit, history."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import AuditEvent, User
from accounts.roles import Permission
from plumbing import formats
from plumbing.addresses import number_in
from plumbing.refusals import Invalid, Problem, Refused, Stale
from programs import access, grants
from programs.models import Expenditure, GrantProject
from reporting import attachments, checks, drafts, entry, submissions
from reporting.forms import AttachmentForm, NarrativeForm, NilForm, SpendingForm
from reporting.models import Attachment, Figure, Submission
from reporting.models.figures import EmptyReason
from reporting.views.report import Report, find, refused_words, seen_version

Address = dict[str, Any]


@login_required
@require_GET
def figures(request: HttpRequest, **address: Any) -> HttpResponse:
    """The sheet to type in; the reviewer, and whoever looks at a submitted report, lands on the review page."""
    report = find(request, **address)
    if not report.is_entry and report.submission is not None:
        return redirect(report.url("review"))
    return _figures(request, report)


@login_required
@require_POST
def save(request: HttpRequest, **address: Any) -> HttpResponse:
    """Keep what was typed. The script sends single fields and wants JSON; a form without it sends everything and gets the page."""
    report = find(request, **address)
    wants_json = "application/json" in request.headers.get("Accept", "")
    inputs, wrong = entry.read(report.project, request.POST)
    sentences = {name: request.POST[name] for name in request.POST if name.startswith("s:")}
    try:
        if wrong:
            raise Invalid(Problem(name, message, "not_a_number") for name, message in wrong.items())
        _write(report, inputs, sentences, version=seen_version(request))
    except Stale as stale:
        return _conflict(request, report, stale, wants_json)
    except Invalid as invalid:
        if wants_json:
            return JsonResponse({"problems": [{"name": p.path.split("/")[0], "message": p.message} for p in invalid.problems]}, status=422)
        return _figures(request, report, problems=[str(p.message) for p in invalid.problems], status=422)
    except (Refused, access.NotAllowed) as refused:
        if wants_json:
            return JsonResponse({"problems": [{"name": "", "message": str(refused)}]}, status=409)
        return _figures(request, report, problems=[str(refused)], status=409)
    if wants_json:
        return JsonResponse({"version": report.version, "saved": _saved_words(report)})
    messages.success(request, _("Saved."))
    return redirect(report.url(), permanent=False)


@login_required
@require_GET
def checklist(request: HttpRequest, **address: Any) -> HttpResponse:
    """What still blocks submission, as the panel beside the sheet."""
    report = find(request, **address)
    found = checks.check(report.submission) if report.submission is not None else None
    return render(request, "reporting/_checklist.html", {"report": report, "found": found, "blocks": report.places_to_solve(found)})


@login_required
def narrative(request: HttpRequest, **address: Any) -> HttpResponse:
    report = find(request, **address)
    questions = drafts.questions_for(report.project)
    given = dict(report.submission.answers.values_list("question_id", "text")) if report.submission is not None else {}
    challenges = report.submission.challenges if report.submission is not None else ""
    form = NarrativeForm(request.POST or None, questions=questions, given=given, challenges=challenges, version=report.version)
    if request.method == "POST" and form.is_valid():

        def act() -> None:
            drafts.write_narrative(
                report.started(),
                by=report.user,
                answers=form.answers(),
                challenges=form.cleaned_data["challenges"],
                version=seen_version(request),
            )

        if _done(request, form, act, _("Narrative saved.")):
            return redirect(report.url("report_narrative"))
    return _page(request, "reporting/narrative.html", report, "report_narrative", form=form)


@login_required
def spending(request: HttpRequest, **address: Any) -> HttpResponse:
    """What was spent of each grant in this period; one row per grant."""
    report = find(request, **address)
    approved = list(GrantProject.objects.filter(project=report.project).select_related("grant__donor").order_by("grant__reference"))
    spent = {row.grant_id: row for row in Expenditure.objects.filter(project=report.project, partner=report.partner, period=report.period)}
    form = SpendingForm(request.POST or None, approved=approved, spent=spent)
    if request.method == "POST" and form.is_valid():

        def act() -> None:
            if not report.is_entry:
                raise Refused(_("This report cannot be changed now."))
            for grant, amount in form.amounts():
                grants.spend(grant, project=report.project, partner=report.partner, period=report.period, amount=amount, by=report.user)

        if _done(request, form, act, _("Spending saved.")):
            return redirect(report.url("report_spending"))
    return _page(request, "reporting/report_spending.html", report, "report_spending", form=form, approved=approved)


@login_required
def files(request: HttpRequest, **address: Any) -> HttpResponse:
    report = find(request, **address)
    form = AttachmentForm(request.POST or None, request.FILES or None, on_behalf=_is_on_behalf(report))
    if request.method == "POST" and form.is_valid():

        def act() -> None:
            attachments.attach(
                report.started(), upload=form.cleaned_data["file"], by=report.user, title=form.cleaned_data["title"],
                holds_names=form.cleaned_data["holds_names"], is_partners_file=form.cleaned_data.get("is_partners_file", False),
            )  # fmt: skip

        if _done(request, form, act, _("File attached.")):
            return redirect(report.url("report_attachments"))
    rows = report.submission.attachments.select_related("uploaded_by") if report.submission is not None else []
    return _page(request, "reporting/attachments.html", report, "report_attachments", form=form, rows=rows)


@login_required
def attachment(request: HttpRequest, key: uuid.UUID) -> HttpResponseBase:
    """Download a file, or take it out of a draft."""
    assert isinstance(request.user, User)
    row = get_object_or_404(
        Attachment.objects.filter(submission__in=Submission.objects.visible_to(request.user)).select_related(
            "submission__project", "submission__partner", "submission__period", "submission__reopening"
        ),
        pk=key,
    )
    if request.method != "POST":
        return attachments.download(row, by=request.user)
    submission = row.submission
    try:
        attachments.remove(row, by=request.user)
        messages.success(request, _("File taken out."))
    except (Refused, access.NotAllowed) as refused:
        messages.error(request, str(refused))
    return redirect("report_attachments", submission.project.code, submission.period.code, submission.partner_id)


@login_required
def check(request: HttpRequest, **address: Any) -> HttpResponse:
    """Everything that blocks or asks for a sentence, and the acts: sign off, submit, nil report, recall."""
    report = find(request, **address)
    nil = NilForm(initial={"reason": report.submission.nil_reason if report.submission is not None else ""})
    found = checks.check(report.submission) if report.submission is not None else None
    return _page(request, "reporting/check.html", report, "report_check", found=found, blocks=report.places_to_solve(found), nil=nil)


@login_required
@require_POST
def act(request: HttpRequest, what: str, **address: Any) -> HttpResponse:
    """Sign off, submit, recall, make it a nil report, or keep the sentences for flags."""
    report = find(request, **address)
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "sign-off": (lambda: submissions.sign_off(report.started(), by=report.user), _("Signed off.")),
        "submit": (lambda: submissions.submit(report.started(), by=report.user, version=seen_version(request)), _("Sent to review.")),
        "recall": (lambda: submissions.recall(report.started(), by=report.user), _("Taken back. You can change it again.")),
        "nil": (lambda: drafts.set_nil(report.started(), by=report.user, reason=request.POST.get("reason", "")), _("Saved.")),
        "explain": (lambda: _explain(report, {n: request.POST[n] for n in request.POST if n.startswith("s:")}), _("Saved.")),
    }
    if what not in acts:
        raise Http404
    do, words = acts[what]
    try:
        do()
        messages.success(request, words)
    except (Refused, access.NotAllowed) as refused:
        for line in refused_words(refused) if isinstance(refused, Refused) else [str(refused)]:
            messages.error(request, line)
    return redirect(report.url("report_check"))


@login_required
@require_GET
def history(request: HttpRequest, **address: Any) -> HttpResponse:
    """Who did what to this report, and what was submitted each time."""
    report = find(request, **address)
    events, snapshots = [], []
    if report.submission is not None:
        keys = Submission.objects.filter(project=report.project, partner=report.partner, period=report.period).values_list("pk", flat=True)
        events = list(
            AuditEvent.objects.filter(subjects__kind="submission", subjects__key__in=[str(k) for k in keys])
            .order_by("-id")
            .distinct()[:100]
        )
        people = dict(
            User.objects.filter(pk__in={e.actor.removeprefix("user:") for e in events if e.actor.startswith("user:")}).values_list(
                "pk", "name"
            )
        )
        for event in events:
            event.who = people.get(int(event.actor[5:]), _("somebody")) if event.actor.startswith("user:") else _("the portal")  # type: ignore[attr-defined]
        snapshots = list(report.submission.snapshots.select_related("taken_by"))
    return _page(request, "reporting/history.html", report, "report_history", events=events, snapshots=snapshots)


def _figures(
    request: HttpRequest,
    report: Report,
    *,
    problems: list[str] | None = None,
    conflict: list[dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    made = entry.page(report.project, report.partner, report.period, report.submission)
    for cell in (cell for row in made.rows for cell in (row.total, *row.cells)):
        if status != 200 and cell.name in request.POST:
            cell.text = request.POST[cell.name]
    return _page(
        request, "reporting/entry.html", report, "report", status=status, sheets=made.sheets, problems=problems or [], conflict=conflict or [],
        reasons=EmptyReason.choices, flags=checks.FLAGS, saved=_saved_words(report),
    )  # fmt: skip


def _page(request: HttpRequest, template: str, report: Report, tab: str, *, status: int = 200, **context: Any) -> HttpResponse:
    context |= {"report": report, "submission": report.submission, "tabs": report.tabs(tab), "crumbs": report.crumbs()}
    return render(request, template, context, status=status)


def _done(request: HttpRequest, form: Any, act: Callable[[], None], words: str) -> bool:
    """Carry out an act for a form; what it refuses is shown on the form."""
    try:
        act()
    except Refused as refused:
        for line in refused_words(refused):
            form.add_error(None, line)
        return False
    except access.NotAllowed as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, words)
    return True


def _write(report: Report, inputs: list[drafts.FigureInput], sentences: dict[str, str], *, version: int | None) -> None:
    submission = report.started()
    if inputs:
        drafts.write_figures(submission, inputs, by=report.user, version=version, source=Figure.Source.TYPED)
    _explain(report, sentences)


def _explain(report: Report, sentences: dict[str, str]) -> None:
    if not sentences:
        return
    submission = report.started()
    known = {(r.indicator_id, r.place_id, r.flag): r.sentence for r in submission.flag_reasons.all()}
    figures = {(f.indicator_id, f.place_id): f for f in submission.figures.select_related("indicator", "place")}
    for name, sentence in sentences.items():
        _s, indicator, place, flag = [*name.split(":", 3), "", "", ""][:4]
        row = figures.get((number_in(indicator), number_in(place)))
        if row is None or flag not in checks.FLAGS or known.get((row.indicator_id, row.place_id, flag), "") == sentence.strip():
            continue
        submissions.explain(submission, indicator=row.indicator, place=row.place, flag=flag, sentence=sentence, by=report.user)


def _conflict(request: HttpRequest, report: Report, stale: Stale, wants_json: bool) -> HttpResponse:
    """Somebody saved in between: both versions of every field that differs, and nothing overwritten."""
    made = entry.page(report.project, report.partner, report.period, report.submission)
    cells = {cell.name: cell for row in made.rows for cell in (row.total, *row.cells)}
    differing = [
        {"name": name, "label": cells[name].label, "theirs": cells[name].text, "mine": request.POST[name].strip()}
        for name in request.POST
        if name in cells and cells[name].text != request.POST[name].strip()
    ]
    if report.submission is not None:
        report.submission.refresh_from_db(fields=["draft_version"])
    if wants_json:
        return JsonResponse({"version": stale.current, "message": str(stale), "differing": differing}, status=412)
    return _figures(request, report, problems=[str(stale)], conflict=differing, status=412)


def _is_on_behalf(report: Report) -> bool:
    if report.submission is not None:
        return report.submission.origin == Submission.Origin.ON_BEHALF
    return not access.allows(report.user, Permission.ENTER_FIGURES, project=report.project, partner=report.partner)


def _saved_words(report: Report) -> str:
    submission = report.submission
    if submission is None or submission.edited_at is None:
        return ""
    at = formats.moment(submission.edited_at or timezone.now())
    return _("Saved %(at)s, draft version %(version)s") % {"at": at, "version": submission.draft_version}
