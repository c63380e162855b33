"""The first page, the list of what waits, delivery against targets, and which program is looked at."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Organization, User
from accounts.roles import Permission
from dashboard import board, delivery, waiting
from dashboard import where as places
from dashboard.board import State
from dashboard.navigation import address, open_to
from dashboard.views.board import LOOKS
from locations.models import Place
from plumbing import exports, formats, lists, narrowing, pages
from plumbing.addresses import number_in
from programs import access
from programs.models import (
    ActivityRecord,
    ExpectedReport,
    Expenditure,
    GrantProject,
    IndicatorDefinition,
    Invitation,
    Program,
    Project,
    ReportRequirement,
    SupportClearance,
)
from programs.scope import is_staff_reader
from reintegration import todo
from reporting import promises
from reporting.models import Restatement, Submission

WEEK = timedelta(days=7)
CHANGES = 8


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What holds up the next donor report, how the open period stands, money, and what changed this week."""
    user = user_of(request)
    if not is_staff_reader(user):
        return redirect("donor_reports" if Permission.READ_SENT_REPORT in access.words(user) else "my_work")
    if Permission.SET_UP in access.words(user) and (steps := _first_steps(user)):
        return render(request, "dashboard/first_steps.html", {"steps": steps})
    today = timezone.localdate()
    expected = narrowing.narrow(ExpectedReport.objects.visible_to(user), request)
    shown, _earlier, _later = board.columns(expected, today)
    reports = board.read(expected, shown, today)
    ended = [column for column in shown if column.ends_on < today]
    requirement = _next_owed(request, user)
    context = {
        "through": ended[-1] if ended else None,
        "open": next((column for column in shown if column.ends_on >= today and column.opened), None),
        "projects": len({one.project for one in reports}),
        "partners": len({one.partner for one in reports}),
        "standing": _standing(reports, ended[-1].code if ended else ""),
        "requirement": requirement,
        "holds": _holds(requirement, reports) if requirement is not None else [],
        "ending": _ending(user, today),
        "uncleared": narrowing.narrow(ActivityRecord.objects.visible_to(user), request).without_clearance().count(),
        "money": _money(request, user, today),
        "changes": _changes(request, user, timezone.now() - WEEK),
        "board_url": open_to(user, "board"),
        "today": today,
    }
    return render(request, "dashboard/overview.html", context)


@login_required
@require_GET
def numbers(request: HttpRequest) -> HttpResponseBase:
    """Delivery against target, by level: a page of its own, or the table that the overview brings in."""
    user = user_of(request)
    if not {Permission.READ_PUBLISHED, Permission.READ_RAW} & access.words(user):
        raise PermissionDenied
    asked_for = narrowing.narrow(promises.indicators(user).filter(is_retired=False), request)
    for name, path in (("definition", "definition"), ("project", "project__code")):
        if request.GET.get(name):
            value = request.GET[name]
            if name == "definition" and number_in(value) is None:
                raise Http404
            asked_for = asked_for.filter(**{path: value})
    asked = promises.promised(asked_for)
    through = delivery.last_ended(asked, timezone.localdate())
    chosen = lists.sorted_by(delivery.COLUMNS, request.GET.get("ordering", ""), "indicator")
    lines = delivery.sorted_lines(delivery.by_definition(asked, reader=user, through=through), *chosen)
    if request.GET.get("export") in {"csv", "xlsx"}:
        return _delivery_file(request, lines, through)
    part = bool(request.headers.get("HX-Request"))
    context = {
        "groups": delivery.by_level(lines, most=delivery.PER_LEVEL if part and not request.GET.get("definition") else None),
        # Within another page the lines are only read.
        "headings": [lists.Heading(c.label, "num" if c.number else "") for c in delivery.COLUMNS]
        if part
        else lists.headings(delivery.COLUMNS, request.GET, chosen),
        "all": len(lines),
        "incomplete": delivery.incomplete(lines),
        "through": through,
        "crumbs": [(_("Overview"), reverse("overview")), (_("Delivery against target"), "")],
    }
    return render(request, "dashboard/_delivery.html" if part else "dashboard/delivery.html", context)


def _delivery_file(request: HttpRequest, lines: list[delivery.Shown], through: date) -> HttpResponseBase:
    """Every line that the page shows."""
    rows = exports.AtHand(list(delivery.told(delivery.by_level(lines))))
    fields = [exports.Field(str(heading), f"column_{at}") for at, heading in enumerate(delivery.FILE)]
    name = f"delivery-{timezone.localdate():%Y-%m-%d}"
    if request.GET["export"] == "csv":
        return exports.as_csv(rows, fields, name=name)
    about = [(_("Written"), formats.moment(timezone.now())), (_("Through"), formats.day(through))]
    if narrowing.told(request):
        about.append((_("Only program"), narrowing.told(request)))
    return exports.as_xlsx(rows, fields, name=name, about=about)


@login_required
@require_GET
def where(request: HttpRequest) -> HttpResponse:
    """The places in which projects work: a page of its own, or the map that the overview and a place's page bring in."""
    found = places.spots(narrowing.narrow(Project.objects.visible_to(user_of(request)), request))
    if code := request.GET.get("place"):
        found = places.around(code, found)
    crumbs = [(_("Overview"), reverse("overview")), (_("Where"), "")]
    part = bool(request.headers.get("HX-Request"))
    context = {"spots": found, "map": places.drawing(found), "crumbs": crumbs}
    return render(request, "dashboard/_where.html" if part else "dashboard/where.html", context)


@never_cache
@login_required
@require_GET
def my_work(request: HttpRequest) -> HttpResponse:
    """Everything that waits for this person, most urgent first."""
    user, today = user_of(request), timezone.localdate()
    found = waiting.items(user, today)
    if request.headers.get("HX-Request"):
        return render(request, "dashboard/_todo.html", {"items": found[:6], "count": len(found), "today": today})
    late = [item for item in found if item.when is not None and item.when < today]
    soon = [item for item in found if item not in late and item.when is not None and item.when <= today + WEEK]
    rest = [item for item in found if item not in late and item not in soon]
    groups = [(_("Overdue"), late), (_("Within a week"), soon), (_("Later"), rest)]
    told = user.messages.order_by("-id")[: pages.ROWS]
    due = todo.due_for(user, today=today)
    shown = {
        "groups": [g for g in groups if g[1]], "count": len(found) + len(due), "told": told, "due": due,
        "open_later": waiting.open_later(user, today),
    }  # fmt: skip
    return render(request, "dashboard/my_work.html", shown)


@login_required
@require_GET
def waiting_counts(request: HttpRequest) -> HttpResponse:
    """The counts in the navigation, asked for after the page: one question for all sources."""
    found = waiting.counts(user_of(request), timezone.localdate())
    return render(request, "dashboard/_counts.html", {"all": sum(found.values()), "review": found.get("review", 0)})


@login_required
@require_http_methods(["GET", "POST"])
def choose_scope(request: HttpRequest) -> HttpResponse:
    """Look at one program, or at all of them; goes back to where one came from."""
    programs = Program.objects.visible_to(user_of(request))
    back = request.POST.get("next") or request.GET.get("next") or reverse("overview")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = reverse("overview")
    if request.method == "POST":
        picked = request.POST.get("program", "")
        program = get_object_or_404(programs, pk=number_in(picked)) if picked else None
        narrowing.choose(request, program and program.pk, program.name if program else "")
        return HttpResponseRedirect(back)
    context = {"programs": programs.order_by("name"), "chosen": narrowing.chosen(request), "back": back}
    return render(request, "dashboard/scope.html", context)


def user_of(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def _first_steps(user: User) -> list[dict[str, Any]]:
    """What a fresh portal needs, in order, each with whether it is done; nothing once there is a project. One query."""
    rows: dict[str, Any] = {
        "project": Project,
        "organization": Organization,
        "place": Place,
        "definition": IndicatorDefinition,
        "program": Program,
        "invitation": Invitation,
    }
    asked = {f"has_{name}": Exists(model.objects.all()) for name, model in rows.items()}
    has: Any = User.objects.filter(pk=user.pk).values(**asked).get()
    if has["has_project"]:
        return []
    return [
        {"done": has[f"has_{name}"], "words": words, "note": note, "url": reverse(page)}
        for name, words, note, page in (
            (
                "organization",
                _("Enter your organization, its partners and donors"),
                _("Everybody who signs in belongs to one."),
                "organizations",
            ),
            ("place", _("Load the places"), _("The command load_places reads them from a file; this page shows what is there."), "places"),
            (
                "definition",
                _("Load the indicator library"),
                _("The command load_library brings 90 definitions; your own are proposed here."),
                "library",
            ),
            ("program", _("Set up a program"), _("Then add its projects, with partners, places and dates."), "create_program"),
            (
                "invitation",
                _("Invite the people who run it"),
                _("A program manager first: managers and partners then invite their own."),
                "invite",
            ),
        )
    ]


def _standing(reports: list[board.Report], code: str) -> list[tuple[State, tuple[str, str], int]]:
    found = [one.state for one in reports if one.code == code]
    return [(state, LOOKS[state], found.count(state)) for state in State if state in found]


def _next_owed(request: HttpRequest, user: User) -> ReportRequirement | None:
    """The next report to a donor that was not sent, with its grant's projects."""
    rows = narrowing.narrow(ReportRequirement.objects.visible_to(user), request).exclude(reports__sent_at__isnull=False)
    return rows.select_related("grant__donor").prefetch_related("grant__projects").order_by("due_on", "pk").first()


def _holds(requirement: ReportRequirement, reports: list[board.Report]) -> list[dict[str, Any]]:
    """Partners' reports for the requirement's periods that are not accepted yet."""
    projects = {row.project_id for row in requirement.grant.projects.all()}
    return [
        {
            "report": one,
            "label": State(one.state).label,
            "look": LOOKS[State(one.state)],
            "url": reverse("board") + f"?partner={one.partner}",
        }
        for one in reports
        if one.project in projects
        and requirement.covers_from <= one.ends_on <= requirement.covers_through
        and one.state not in (State.ACCEPTED, State.EXEMPT)
    ]


def _ending(user: User, today: date) -> QuerySet[SupportClearance]:
    """Clearances that end within a month: what is planned with these recipients has to wait after that."""
    rows = SupportClearance.objects.visible_to(user).current(today).filter(valid_until__lte=today + timedelta(days=30))
    return rows.select_related("recipient").order_by("valid_until")[:3]


def _money(request: HttpRequest, user: User, today: date) -> list[dict[str, Any]]:
    """Approved and spent per currency, of the projects whose money one reads; currencies are never added."""
    if Permission.READ_MONEY not in access.words(user):
        return []
    spent = Expenditure.objects.filter(grant=OuterRef("grant"), project=OuterRef("project")).order_by().values("grant")
    rows = GrantProject.objects.filter(project__in=narrowing.narrow(Project.objects.visible_to(user, Permission.READ_MONEY), request))
    found: dict[str, dict[str, Any]] = {}
    for currency, approved, out, first, last in rows.annotate(out=Subquery(spent.annotate(n=Sum("amount")).values("n"))).values_list(
        "grant__currency", "approved", "out", "grant__starts_on", "grant__ends_on"
    ):
        line = found.setdefault(currency, {"currency": currency, "approved": Decimal(0), "spent": None, "first": first, "last": last})
        line["approved"] += approved
        if out is not None:
            line["spent"] = (line["spent"] or Decimal(0)) + out
        line["first"], line["last"] = min(first, line["first"]), max(last, line["last"])
    for line in found.values():
        line["share"] = share_of(line["spent"], line["approved"])
        days = (line["last"] - line["first"]).days
        line["time"] = min(max(Decimal((today - line["first"]).days * 100) / days, Decimal(0)), Decimal(100)) if days else None
    return [found[currency] for currency in sorted(found)]


def share_of(part: Decimal | None, whole: Decimal) -> Decimal | None:
    return None if part is None or not whole else part * 100 / whole


def _changes(request: HttpRequest, user: User, since: Any) -> list[dict[str, Any]]:
    """Reports accepted and figures restated since then, latest first; old and new numbers only for those who may see raw ones."""
    may_open = bool({Permission.READ_RAW, Permission.REVIEW_FIGURES, Permission.ENTER_FIGURES} & access.words(user))
    rows = narrowing.narrow(Submission.objects.visible_to(user, Permission.READ_PROGRAM), request)
    accepted = rows.accepted().filter(accepted_at__gte=since).select_related("project", "partner", "period").order_by("-accepted_at")
    changes: list[dict[str, Any]] = [
        {"at": row.accepted_at, "kind": "accepted", "of": row,
         "url": address("report", row.project.code, row.period.code, row.partner_id) if may_open else ""}
        for row in accepted[:CHANGES]
    ]  # fmt: skip
    projects = narrowing.narrow(Submission.objects.visible_to(user), request).values("pk")
    restated = Restatement.objects.filter(Q(old__submission__in=projects), restated_at__gte=since).select_related(
        "old__project", "old__partner", "old__period", "old__indicator__definition"
    )
    changes += [
        {"at": row.restated_at, "kind": "restated", "of": row,
         "url": address("report", row.old.project.code, row.old.period.code, row.old.partner_id)}
        for row in restated.order_by("-restated_at")[:CHANGES]
    ]  # fmt: skip
    return sorted(changes, key=lambda one: one["at"], reverse=True)[:CHANGES]
