"""Pages on which a report is decided: the list of what waits, the review itself, reopening."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Organization
from accounts.roles import Permission
from locations.models import Place
from plumbing import narrowing
from plumbing.addresses import number_in
from plumbing.lists import Column, ListPage, LongSelect
from plumbing.refusals import Refused
from programs import access, calendar
from programs.models import Indicator, Project, ProjectPartner
from reporting import review, submissions
from reporting.forms import ExtendForm, ReopenForm, ReturnForm
from reporting.models import FigureDecision, Submission
from reporting.views.report import Report, find, refused_words

ACTS = ("decide", "comment", "return", "accept", "withdraw")


class SubmissionFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(
        choices=Submission.State.choices, label=gettext_lazy("State"), widget=forms.CheckboxSelectMultiple, distinct=False
    )
    project = django_filters.ModelChoiceFilter(queryset=Project.objects.none(), label=gettext_lazy("Project"), widget=LongSelect)
    partner = django_filters.ModelChoiceFilter(queryset=Organization.objects.none(), label=gettext_lazy("Partner"), widget=LongSelect)

    class Meta:
        model = Submission
        fields = ["state", "project", "partner"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        projects = narrowing.narrow(Project.objects.visible_to(self.request.user), self.request)
        self.filters["project"].queryset = projects
        named = ProjectPartner.objects.filter(project__in=projects).values("organization")
        self.filters["partner"].queryset = Organization.objects.filter(pk__in=named)


class ReviewList(ListPage):
    """Reports that were sent: those in review first, the longest waiting on top."""

    model = Submission
    filterset_class = SubmissionFilter
    template_name = "reporting/review_list.html"
    columns = [
        Column("project", gettext_lazy("Project"), order=["project__code", "period__ends_on"], export="project__code"),
        Column("partner", gettext_lazy("Partner"), order=["partner__name", "period__ends_on"], export="partner__name"),
        Column("period", gettext_lazy("Period"), order=["period__ends_on"], export="period__code"),
        Column("state", gettext_lazy("State"), order=["state", "submitted_at"], export="state", words=Submission.State.choices),
        Column("sent", gettext_lazy("Sent"), order=["submitted_at"], export="submitted_at"),
        Column("revision", gettext_lazy("Revision"), export="revision", number=True),
    ]
    ordering = "sent"
    related = ["project", "partner", "period", "submitted_by"]

    def rows(self) -> Any:
        rows = Submission.objects.visible_to(self.request.user).filter(submitted_at__isnull=False)
        return rows if self.request.GET.get("state") else rows.filter(state=Submission.State.SUBMITTED)


@login_required
@require_GET
def page(request: HttpRequest, **address: Any) -> HttpResponse:
    """The report with everything a reviewer needs; whoever may read its figures may look."""
    return _review(request, _sent(request, address))


@login_required
@require_POST
def act(request: HttpRequest, what: str, **address: Any) -> HttpResponse:
    """Decide one figure, comment, return or accept; htmx gets the row back, a plain form the page."""
    report = _sent(request, address)
    if what not in ACTS:
        raise Http404
    try:
        words = _ACT[what](request, report)
    except (Refused, access.NotAllowed) as refused:
        lines = refused_words(refused) if isinstance(refused, Refused) else [str(refused)]
        report = _sent(request, address)  # as it stands: what was tried is rolled back
        twice = Place.objects.filter(pk__in=getattr(refused, "places", ()))
        if request.headers.get("HX-Request"):
            return _review(request, report, problems=lines, twice=twice, status=200)
        return _review(request, report, problems=lines, twice=twice, status=409)
    if request.headers.get("HX-Request"):
        return _review(request, report)
    if words:
        messages.success(request, words)
    return redirect(report.url("review"))


@login_required
@require_GET
def aside(request: HttpRequest, **address: Any) -> HttpResponse:
    """What stands beside the figures: narrative, attachments, spending."""
    report = _sent(request, address)
    assert report.submission is not None
    context = {
        "report": report,
        "answers": report.submission.answers.select_related("question"),
        "attachments": report.submission.attachments.all(),
        "spending": report.project.expenditures.filter(partner=report.partner, period=report.period).select_related("grant"),
    }
    return render(request, "reporting/_review_aside.html", context)


@login_required
def reopen(request: HttpRequest, **address: Any) -> HttpResponse:
    """Reopen accepted figures: which, why, until when."""
    report = _sent(request, address)
    access.require(report.user, Permission.REOPEN_FIGURES, project=report.project)
    assert report.submission is not None
    indicators = Indicator.objects.filter(figures__submission=report.submission).distinct().select_related("definition").order_by("order")
    form = ReopenForm(request.POST or None, choices=[(str(i.pk), f"{i.code} {i.wording}") for i in indicators])
    if request.method == "POST" and form.is_valid():
        chosen = [i for i in indicators if str(i.pk) in form.cleaned_data["indicators"]]
        until = form.cleaned_data["expires_on"]
        end = datetime.combine(until, time(23, 59), ZoneInfo(report.project.time_zone)) if until else None
        try:
            submissions.reopen(
                report.project,
                report.partner,
                report.period,
                indicators=chosen,
                reason=form.cleaned_data["reason"],
                by=report.user,
                expires_at=end,
            )
        except Refused as refused:
            for line in refused_words(refused):
                form.add_error(None, line)
        else:
            messages.success(request, _("Reopened. The old figures count until the corrected ones are accepted."))
            return redirect(report.url("review"))
    context = {"report": report, "form": form, "crumbs": report.crumbs(_("Reopen"))}
    return render(request, "reporting/reopen.html", context, status=422 if form.errors else 200)


@login_required
def extend(request: HttpRequest, **address: Any) -> HttpResponse:
    """Give more time, with the reason."""
    report = find(request, **address)
    access.require(report.user, Permission.REVIEW_FIGURES, project=report.project)
    if report.expected.pk is None:  # past figures: nobody owes them
        raise Http404
    form = ExtendForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            calendar.extend(report.expected, to=form.cleaned_data["to"], reason=form.cleaned_data["reason"], by=report.user)
        except Refused as refused:
            form.add_error("to", str(refused))
        else:
            messages.success(request, _("The due date moved. Reminders count from the new one."))
            return redirect(report.url())
    context = {"report": report, "form": form, "crumbs": report.crumbs(_("More time"))}
    return render(request, "reporting/extend.html", context, status=422 if form.errors else 200)


def _sent(request: HttpRequest, address: dict[str, Any]) -> Report:
    """A report that exists; its reviewer sees it from the first submission on."""
    report = find(request, **address)
    if report.submission is None:
        raise Http404
    return report


def _review(
    request: HttpRequest, report: Report, *, problems: list[str] | None = None, twice: Iterable[Place] = (), status: int = 200
) -> HttpResponse:
    assert report.submission is not None
    found = review.review(report.submission)
    shown = request.GET.get("show", "all")
    context = {
        "report": report,
        "submission": report.submission,
        "review": found,
        "groups": found.groups(shown if shown in review.SHOWN else "all"),
        "shown": shown,
        "problems": problems or [],
        "twice": twice,
        "why_not": submissions.may_accept(report.submission, by=report.user),
        "in_review": report.submission.state == Submission.State.SUBMITTED and report.may_review,
        "return_form": ReturnForm(),
        "crumbs": report.crumbs(),
        "decisions": FigureDecision.Decision,
    }
    template = "reporting/_review.html" if request.headers.get("HX-Request") else "reporting/review.html"
    return render(request, template, context, status=status)


def _figure(request: HttpRequest, report: Report) -> tuple[Indicator, Place]:
    """The indicator and place a form names, of this report only."""
    assert report.submission is not None
    key, _colon, at = request.POST.get("figure", "").partition(":")
    indicator = get_object_or_404(Indicator.objects.select_related("definition"), pk=number_in(key), project=report.project)
    place = get_object_or_404(Place, pk=number_in(at))
    if not report.submission.figures.filter(indicator=indicator, place=place).exists():
        raise Http404
    return indicator, place


def _decide(request: HttpRequest, report: Report) -> str:
    indicator, place = _figure(request, report)
    decision = request.POST.get("decision", "")
    if decision and decision not in FigureDecision.Decision.values:
        raise Http404
    assert report.submission is not None
    submissions.decide(report.submission, indicator=indicator, place=place, decision=decision, by=report.user)
    return ""


def _comment(request: HttpRequest, report: Report) -> str:
    indicator, place = _figure(request, report)
    assert report.submission is not None
    submissions.comment(
        report.submission,
        indicator=indicator,
        place=place,
        text=request.POST.get("text", ""),
        by=report.user,
        internal="internal" in request.POST,
    )
    return _("Comment kept. It goes to the partner with the return.")


def _return(request: HttpRequest, report: Report) -> str:
    assert report.submission is not None
    submissions.return_for_revision(report.submission, by=report.user, note=request.POST.get("note", ""))
    return _("Returned with your comments.")


def _accept(request: HttpRequest, report: Report) -> str:
    assert report.submission is not None
    found = review.review(report.submission)
    if found.returns:
        raise submissions.WrongState(_("Some figures are marked to be returned. Return the report, or hold them."))
    places = Place.objects.filter(pk__in=[key for key in map(number_in, request.POST.getlist("counts_at")) if key is not None])
    submissions.accept(report.submission, by=report.user, holds=found.holds, hold_reason=request.POST.get("note", ""), counts_at=places)
    if not found.holds:
        return _("Accepted. The figures count from now on.")
    held = ", ".join(sorted(indicator.code for indicator in found.holds))
    return _("Accepted. The figures count from now on, without %(held)s: the partner can correct and send it again.") % {"held": held}


def _withdraw(request: HttpRequest, report: Report) -> str:
    assert report.submission is not None
    submissions.withdraw(report.submission, by=report.user, reason=request.POST.get("note", ""))
    return _("Withdrawn. Accepted figures stay as they are.")


_ACT = {"decide": _decide, "comment": _comment, "return": _return, "accept": _accept, "withdraw": _withdraw}
