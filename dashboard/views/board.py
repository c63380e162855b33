"""The reporting board, the digest read before it is sent, and what is decided about one report's dates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Organization, User
from accounts.roles import Permission
from dashboard import board
from dashboard.board import State
from dashboard.navigation import address
from locations.models import Place
from plumbing import formats, narrowing, pages
from plumbing.lists import Column, ListPage
from plumbing.refusals import Refused
from programs import access, calendar
from programs.models import ExpectedReport, Level, ProjectLevel, ProjectPlace, ReportingPeriod
from reporting import reminders

LOOKS = {
    State.ACCEPTED: ("ok", "check-lg"),
    State.SUBMITTED: ("info", "hourglass-split"),
    State.RETURNED: ("wait", "arrow-return-left"),
    State.DRAFT: ("draft", "pencil"),
    State.LATE: ("stop", "alarm"),
    State.DUE: ("due", "circle"),
    State.EXEMPT: ("exempt", "slash-circle"),
    State.MISSING: ("none", "x-circle"),
}


class BoardFilter(django_filters.FilterSet):
    partner = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Partner"), queryset=lambda request: _partners(request), empty_label=gettext_lazy("all partners")
    )
    level = django_filters.ChoiceFilter(
        label=gettext_lazy("Level"), choices=Level.choices, method="on_level", empty_label=gettext_lazy("all levels")
    )
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"), choices=State.choices, method="standing", empty_label=gettext_lazy("any state")
    )
    place = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Place"), queryset=lambda request: _places(request), method="at", empty_label=gettext_lazy("all places")
    )
    waits = django_filters.BooleanFilter(
        label=gettext_lazy("Only rows that wait for somebody"), method="waiting", widget=forms.CheckboxInput
    )

    class Meta:
        model = ExpectedReport
        fields: list[str] = []

    def standing(self, rows: QuerySet[ExpectedReport], name: str, value: str) -> QuerySet[ExpectedReport]:
        return board.in_state(rows, [value], timezone.localdate())

    def on_level(self, rows: QuerySet[ExpectedReport], name: str, value: str) -> QuerySet[ExpectedReport]:
        return rows.filter(project__in=ProjectLevel.objects.filter(level=value).values("project"))

    def at(self, rows: QuerySet[ExpectedReport], name: str, value: Place) -> QuerySet[ExpectedReport]:
        return rows.filter(project__in=ProjectPlace.objects.filter(place__above__ancestor=value).values("project"))

    def waiting(self, rows: QuerySet[ExpectedReport], name: str, value: bool) -> QuerySet[ExpectedReport]:
        return board.in_state(rows, board.WAITS, timezone.localdate()) if value else rows


class ReminderForm(forms.Form):
    note = forms.CharField(label=gettext_lazy("A line from you"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why no report is expected"),
        max_length=500,
        help_text=gettext_lazy("The partner reads it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class LockForm(forms.Form):
    period = forms.ChoiceField(label=gettext_lazy("Period"))
    what = forms.ChoiceField(label=gettext_lazy("What"), choices=[("lock", gettext_lazy("Lock")), ("unlock", gettext_lazy("Unlock"))])
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        help_text=gettext_lazy("All partners read it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, codes: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["period"].choices = [(code, code) for code in codes]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Cell:
    tone: str
    icon: str = ""
    words: str = ""
    note: str = ""
    url: str = ""


class Board(ListPage):
    """One row per project and partner, one column per period. Its file has one line per report."""

    model = ExpectedReport
    filterset_class = BoardFilter
    template_name = "dashboard/board.html"
    columns = [
        Column("row", gettext_lazy("Project"), order=["level_order", "project__code", "partner__name"], export="project__code"),
        Column("title", gettext_lazy("Title"), export="project__title", hidden=True),
        Column("partner", gettext_lazy("Partner"), export="partner__name", hidden=True),
        Column("period", gettext_lazy("Period"), export="period__code", hidden=True),
        Column("state", gettext_lazy("State"), export="state", words=State.choices, hidden=True),
        Column("due", gettext_lazy("Due"), export="due_on", hidden=True),
        Column("first_sent", gettext_lazy("First sent"), export="first_sent_at", hidden=True),
        Column("accepted", gettext_lazy("Accepted"), export="accepted_at", hidden=True),
        Column("extension", gettext_lazy("Reason for the extension"), export="extension_reason", hidden=True),
        Column("exemption", gettext_lazy("Reason for the exemption"), export="exemption_reason", hidden=True),
    ]
    ordering = "row"
    related = ["project", "partner"]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        may_open(request)
        return super().get(request, **kwargs)

    def rows(self) -> QuerySet[ExpectedReport]:
        return _reports(self.request)

    @cached_property
    def reports(self) -> QuerySet[ExpectedReport]:
        """Every report of the rows shown."""
        return self.filter.qs if self.filter.is_valid() else self.filter.queryset.none()

    @cached_property
    def filtered(self) -> QuerySet[ExpectedReport]:
        return board.rows(self.reports)

    def file(self, kind: str) -> HttpResponseBase:
        self.filtered = board.with_state(self.reports, timezone.localdate())
        return super().file(kind)

    def order(self) -> tuple[pages.Key, ...]:
        in_file = self.request.GET.get("export") in {"csv", "xlsx"}
        return pages.keys(["project__code", "partner__name", "period__ends_on"]) if in_file else super().order()

    def file_name(self) -> str:
        return "reporting-board"

    def context(self, listing: Any) -> dict[str, Any]:
        today = timezone.localdate()
        shown, earlier, later = board.columns(self.reports, today, through=self.request.GET.get("through", ""))
        reports = board.read(self.reports, shown, today)
        reviews = Permission.REVIEW_FIGURES in access.words(self.request.user)
        now = max((column for column in shown if column.ends_on < today), key=lambda column: column.ends_on, default=None)
        tallies = board.counts(reports)
        heads = [_heading(column, now, tallies.get(column.code), at, len(shown)) for at, column in enumerate(shown)]
        return {
            "columns": heads,
            "groups": self._groups(listing.rows, heads, reports, reviews=reviews, now=now and now.code),
            "standing": _standing(reports, now and now.code),
            "now": now,
            "earlier": shown[-2].code if earlier and len(shown) > 1 else "",
            "later": later,
            "timeliness": board.timeliness(reports, shown, today),
            "may_remind": reviews,
            "may_lock": Permission.REOPEN_FIGURES in access.words(self.request.user),
            "lock_form": LockForm(
                codes=[column.code for column in shown if column.opened],
                initial={"period": next((column.code for column in shown if column.opened and not column.is_locked), None)},
            ),
            "locks": [column for column in shown if column.locked],
            "today": today,
            "totals": _sum(board.counts(one for one in reports if now and one.ends_on <= now.ends_on).values()),
        }

    def _groups(self, rows: list[Any], heads: list[dict[str, Any]], reports: list[board.Report], *, reviews: bool, now: str | None) -> Any:
        """Rows under their level, each with its cells in the order of the columns."""
        of: dict[tuple[int, int], dict[str, board.Report]] = defaultdict(dict)
        for one in reports:
            of[one.project, one.partner][one.code] = one
        periods = board.laid_out(row.project_id for row in rows)
        far = board.how_far([one for row in rows for one in of[row.project_id, row.partner_id].values()], periods)
        groups: list[dict[str, Any]] = []
        for row in rows:
            if not groups or groups[-1]["level"] != row.level:
                groups.append({"level": row.level, "rows": []})
            mine = of[row.project_id, row.partner_id]
            cells = [
                self._cell(row, column, mine.get(column.code), (row.project_id, column.code) in periods.named, far)
                for column in (head["column"] for head in heads)
            ]
            pick = reviews and any(
                one.ends_on < timezone.localdate() and one.state in (*board.WAITS, State.DRAFT, State.DUE) for one in mine.values()
            )
            groups[-1]["rows"].append({"row": row, "cells": list(zip(heads, cells, strict=True)), "pick": pick})
        return groups

    def _cell(
        self, row: Any, column: board.Column, report: board.Report | None, laid_out: bool, far: Mapping[int, board.Tally]
    ) -> Cell:  # fmt: skip
        if report is None:
            return Cell("none", "lock", _("Not open")) if laid_out and not column.opened else Cell("none", "", "–")
        tone, icon = LOOKS[State(report.state)]
        return Cell(
            tone, icon, str(State(report.state).label), _note(report, far.get(report.key)), _where(row, report, reviews=self._reviews)
        )

    @cached_property
    def _reviews(self) -> bool:
        return Permission.REVIEW_FIGURES in access.words(self.request.user)


@login_required
@require_http_methods(["GET", "POST"])
def remind(request: HttpRequest) -> HttpResponse:
    """Read what each person would get, add a line, then send."""
    by = _reviewer(request)
    picked = [tuple(map(int, row.split("-"))) for row in _picks(request.POST if request.method == "POST" else request.GET)]
    chosen = board.to_remind(_reports(request, Permission.REVIEW_FIGURES), picked, timezone.localdate())  # type: ignore[arg-type]
    if not chosen:
        messages.info(request, _("Nothing of these rows waits for anybody."))
        return redirect("board")
    form = ReminderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        lines = reminders.remind_now(chosen, by=by, note=form.cleaned_data["note"])
        messages.success(
            request, ngettext("%(n)s line is on its way.", "%(n)s lines are on their way.", lines) % {"n": formats.number(lines)}
            if lines
            else _("They already got these lines today: nothing was sent twice."),
        )  # fmt: skip
        return redirect("board")
    digests = reminders.preview(chosen)
    context = {
        "form": form,
        "digests": list(digests.items()),
        "picked": [f"{project}-{partner}" for project, partner in picked],
        "crumbs": [(_("Reporting board"), reverse("board")), (_("Remind"), "")],
    }
    return render(request, "dashboard/remind.html", context, status=422 if request.method == "POST" else 200)


@login_required
@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """Lock or unlock one period for every project of the board where one may."""
    reports = narrowing.narrow(_reports(request, Permission.REOPEN_FIGURES), request)
    periods = ReportingPeriod.objects.filter(project__in=reports.values("project"))
    form = LockForm(request.POST, codes=set(periods.values_list("code", flat=True)))
    if not form.is_valid():
        for problems in form.errors.values():
            messages.error(request, " ".join(problems))
        return redirect(reverse("board") + "#lock")
    code, unlock = form.cleaned_data["period"], form.cleaned_data["what"] == "unlock"
    try:
        done = board.lock(periods.filter(code=code), unlock=unlock, reason=form.cleaned_data["reason"], by=_user(request))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        words = _("%(code)s is open again in %(n)s projects.") if unlock else _("%(code)s is locked in %(n)s projects.")
        messages.success(request, words % {"code": code, "n": formats.number(done)})
    return redirect(reverse("board") + "#lock")


@login_required
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """One expected report: how it stands, its dates, and whether it is expected at all."""
    by = _user(request)
    found = get_object_or_404(
        board.with_state(_reports(request, Permission.REVIEW_FIGURES), timezone.localdate()).select_related(
            "project", "partner", "period", "extended_by", "exempted_by"
        ),
        pk=pk,
    )  # fmt: skip
    form = ReasonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        again = found.exempted_at is not None
        if again or form.is_valid():
            try:
                if again:
                    calendar.expect_again(found, by=by)
                else:
                    calendar.exempt(found, reason=form.cleaned_data["reason"], by=by)
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("The report is expected again.") if again else _("No report is expected here any more."))
                return redirect("board")
    where = (found.project.code, found.period.code, found.partner_id)
    context = {
        "report": found,
        "state": State(found.state),
        "look": LOOKS[State(found.state)],
        "form": form,
        "open_url": address("report", *where),
        "extend_url": address("report_extend", *where),
        "crumbs": [(_("Reporting board"), reverse("board")), (f"{found.project.code} · {found.period.code}", "")],
    }
    return render(request, "dashboard/board_report.html", context, status=status)


def may_open(request: HttpRequest) -> None:
    if not request.user.is_authenticated:
        return
    if not {Permission.READ_RAW, Permission.REVIEW_FIGURES, Permission.ENTER_FIGURES} & access.words(request.user):
        raise PermissionDenied


def _reports(request: HttpRequest, permission: Permission = Permission.READ_RAW) -> QuerySet[ExpectedReport]:
    return ExpectedReport.objects.visible_to(_user(request), permission)


def _partners(request: HttpRequest) -> QuerySet[Organization]:
    return Organization.objects.filter(pk__in=narrowing.narrow(_reports(request), request).order_by().values("partner"))


def _places(request: HttpRequest) -> QuerySet[Place]:
    return Place.objects.filter(projects__project__in=narrowing.narrow(_reports(request), request).order_by().values("project")).distinct()


def _picks(data: QueryDict) -> list[str]:
    return [row for row in data.getlist("row") if row.replace("-", "", 1).isdecimal() and row.count("-") == 1 and all(row.split("-"))]


def _heading(column: board.Column, now: board.Column | None, tally: board.Tally | None, at: int, of: int) -> dict[str, Any]:
    css = " ".join(
        filter(None, ["bd-old" if at < of - 3 else "", "bd-now" if now is column else "", "bd-locked" if column.is_locked else ""])
    )
    return {"column": column, "css": css, "tally": tally, "is_now": now is column}


def _note(report: board.Report, far: board.Tally | None) -> str:
    """The second line of a cell: how long it waits, until when, or how far it is."""
    today = timezone.localdate()
    match report.state:
        case State.SUBMITTED if report.sent_at is not None:
            days = (today - timezone.localdate(report.sent_at)).days
            return ngettext("%(days)s day", "%(days)s days", days) % {"days": formats.number(days)}
        case State.RETURNED if report.comments:
            return ngettext("%(n)s comment", "%(n)s comments", report.comments) % {"n": formats.number(report.comments)}
        case State.LATE:
            days = (today - report.due_on).days
            if far is None or not far.of:
                return ngettext("%(days)s day", "%(days)s days", days) % {"days": formats.number(days)}
            late = ngettext("%(days)s day late", "%(days)s days late", days) % {"days": formats.number(days)}
            return f"{_entered(far)} · {late}"
        case State.DRAFT if far is not None and far.of:
            return _entered(far)
        case State.DUE | State.DRAFT:
            return _("by %(day)s") % {"day": formats.day_short(report.due_on)}
        case State.EXEMPT:
            return report.reason[:40]
        case State.ACCEPTED if report.going:
            return _("being corrected")
    return ""


def _entered(far: board.Tally) -> str:
    return _("%(part)s of %(whole)s") % {"part": formats.number(far.done), "whole": formats.number(far.of)}


def _where(row: Any, report: board.Report, *, reviews: bool) -> str:
    where = (row.project.code, report.code, row.partner_id)
    if report.state == State.SUBMITTED and reviews:
        return address("review", *where)
    if reviews and report.state in (State.LATE, State.DUE, State.EXEMPT, State.MISSING):
        return reverse("board_report", args=[report.key])
    return "" if report.state == State.EXEMPT else address("report", *where)


def _standing(reports: list[board.Report], code: str | None) -> list[tuple[State, int]]:
    """How many reports of the latest ended period stand where."""
    found: dict[str, int] = defaultdict(int)
    for one in reports:
        if one.code == code:
            found[one.state] += 1
    return [(state, found[state]) for state in State if found[state] and state != State.EXEMPT]


def _sum(tallies: Any) -> board.Tally:
    every = list(tallies)
    return board.Tally(sum(one.done for one in every), sum(one.of for one in every))


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def _reviewer(request: HttpRequest) -> User:
    user = _user(request)
    access.require_word(user, Permission.REVIEW_FIGURES)
    return user
