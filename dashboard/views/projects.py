"""Projects: the list, a project's page with its gates and results tree, and how a number is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import django_filters
from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.roles import Permission
from dashboard import board, delivery
from dashboard.board import State
from dashboard.delivery import Shown
from dashboard.navigation import address, open_to
from dashboard.views.overview import share_of, user_of
from plumbing import narrowing
from plumbing.lists import Column, ListPage
from programs import access
from programs.models import (
    ConflictSensitivityReview,
    ExpectedReport,
    Expenditure,
    GrantProject,
    Indicator,
    IndicatorDefinition,
    Project,
    Result,
)
from programs.models.projects import ActivityStatus
from reporting import promises
from reporting.models import Figure

DEPTH = {Result.Kind.IMPACT: 0, Result.Kind.OUTCOME: 1, Result.Kind.OUTPUT: 2}
STATUS_LOOKS = {
    ActivityStatus.PIPELINE: ("", "clock"),
    ActivityStatus.IMPLEMENTATION: ("info", "play-fill"),
    ActivityStatus.FINALISATION: ("info", "flag"),
    ActivityStatus.CLOSED: ("ok", "check-lg"),
    ActivityStatus.CANCELLED: ("stop", "x-circle"),
    ActivityStatus.SUSPENDED: ("wait", "pause-circle"),
}


@login_required
@require_GET
def project(request: HttpRequest, code: str) -> HttpResponse:
    """What the project is, whether its gates are open, how its reports stand; the results tree comes after it."""
    user, today = user_of(request), timezone.localdate()
    passed = ConflictSensitivityReview.objects.filter(
        project=OuterRef("pk"), decision__in=["passed", "passed_with_conditions"], decided_on__lte=today
    ).order_by("-valid_until")
    found = get_object_or_404(
        Project.objects.visible_to(user).select_related("program", "manager").annotate(reviewed_until=Subquery(passed.values("valid_until")[:1])),
        code=code,
    )  # fmt: skip
    reports = board.with_state(ExpectedReport.objects.visible_to(user).filter(project=found), today)
    by_state = dict(reports.order_by().values("state").annotate(n=Count("pk")).values_list("state", "n"))
    days = (found.ends_on - found.starts_on).days
    context = {
        "project": found,
        "look": STATUS_LOOKS[ActivityStatus(found.status)],
        "gone": min(max(Decimal((today - found.starts_on).days * 100) / days, Decimal(0)), Decimal(100)) if days else None,
        "levels": found.levels.order_by("-share"),
        "partners": found.partners.select_related("organization").order_by("role", "organization__name"),
        "places": found.places.select_related("place").order_by("place__name"),
        "grants": _grants(found, user),
        "reviewed_until": found.reviewed_until,  # type: ignore[attr-defined]
        "is_reviewed": found.reviewed_until is not None and found.reviewed_until >= today,  # type: ignore[attr-defined]
        "accepted": by_state.get(State.ACCEPTED, 0),
        "expected": sum(n for state, n in by_state.items() if state != State.EXEMPT),
        "late": by_state.get(State.LATE, 0),
        "changes": found.framework_changes.select_related("by")[:10],
        "board_url": open_to(user, "board"),
        "tabs": _tabs(found),
        "may_import": Permission.IMPORT_FRAMEWORK in access.words(user) and address("framework_new", found.code),
        "crumbs": [(_("Programs and projects"), reverse("projects")), (found.program.name, reverse("projects") + f"?program={found.program_id}"), (found.code, "")],
    }  # fmt: skip
    return render(request, "dashboard/project.html", context)


@login_required
@require_GET
def results(request: HttpRequest, code: str) -> HttpResponse:
    """The results tree with each indicator's baseline, target and number: a page, or the part that the project's page brings in."""
    user = user_of(request)
    tree = list(Result.objects.visible_to(user).filter(project__code=code).select_related("project").order_by("order", "pk"))
    found = tree[0].project if tree else get_object_or_404(Project.objects.visible_to(user), code=code)
    asked = promises.promised(Indicator.objects.filter(project=found, is_retired=False), project=found)
    through = delivery.last_ended(asked, timezone.localdate())
    numbers = delivery.by_indicator(asked, reader=user, through=through)
    part = bool(request.headers.get("HX-Request"))
    context = {
        "project": found,
        "rows": list(_tree(tree, numbers.values())),
        "hidden": sum(line.is_hidden for line in numbers.values()),
        "through": through,
        "crumbs": [
            (_("Programs and projects"), reverse("projects")),
            (found.code, reverse("project", args=[found.code])),
            (_("Results"), ""),
        ],
    }
    return render(request, "dashboard/_results.html" if part else "dashboard/results.html", context)


class FigureFilter(django_filters.FilterSet):
    project = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Project"), queryset=lambda request: _projects(request), empty_label=gettext_lazy("all projects"), to_field_name="code"
    )  # fmt: skip

    class Meta:
        model = Figure
        fields: list[str] = []


class Number(ListPage):
    """How a number is made: its definition, its rules, and every accepted figure behind it with the report it came in."""

    model = Figure
    filterset_class = FigureFilter
    template_name = "dashboard/number.html"
    columns = [
        Column("period", gettext_lazy("Period"), order=["period_end", "project__code"], export="period__code"),
        Column("project", gettext_lazy("Project"), order=["project__code", "period_end"], export="project__code"),
        Column("partner", gettext_lazy("Partner"), order=["partner__name", "period_end"], export="partner__name"),
        Column("place", gettext_lazy("Place"), order=["place__name", "period_end"], export="place__name"),
        Column("value", gettext_lazy("Value"), export="value", number=True),
        Column("numerator", gettext_lazy("Numerator"), export="numerator", hidden=True),
        Column("denominator", gettext_lazy("Denominator"), export="denominator", hidden=True),
        Column("share", gettext_lazy("Bare share"), export="share", hidden=True),
        Column("source", gettext_lazy("Came by"), export="source", words=Figure.Source.choices),
        Column("report", gettext_lazy("Report")),
    ]
    ordering = "-period"
    related = ["period", "project", "partner", "place", "option"]

    @cached_property
    def definition(self) -> IndicatorDefinition:
        user = user_of(self.request)
        may = {Permission.READ_PROGRAM, Permission.READ_RAW, Permission.READ_PUBLISHED} & access.words(user)
        rows = IndicatorDefinition.objects.visible_to(user) if may else IndicatorDefinition.objects.none()
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def rows(self) -> QuerySet[Figure]:
        return Figure.objects.visible_to(user_of(self.request)).counting().totals().filter(indicator__definition=self.definition)

    def _others_figures(self) -> QuerySet[Figure]:
        """Figures that are in the number above and that this reader may not open one by one."""
        user = user_of(self.request)
        counted = (
            Figure.objects.counting().totals().filter(indicator__definition=self.definition, project__in=Project.objects.visible_to(user))
        )
        return narrowing.narrow(counted.exclude(pk__in=self.rows().values("pk")), self.request)

    def context(self, listing: Any) -> dict[str, Any]:
        one = self.definition
        project_code = self.request.GET.get("project", "")
        total = reverse("delivery") + f"?definition={one.pk}" + (f"&project={project_code}" if project_code else "")
        return {
            "definition": one,
            "rule": delivery.RULES.get(one.over_time, ("", "clock")),
            "total_url": total,
            "sees_part": self._others_figures().exists(),
            "may_see_raw": Permission.READ_RAW in access.words(self.request.user),
            "library_url": address("definition", one.pk),
            "rows": [(row, address("report", row.project.code, row.period.code, row.partner_id)) for row in listing.rows],
            "crumbs": [(_("Delivery against target"), reverse("delivery")), (one.code, "")],
        }

    def file_name(self) -> str:
        return "figures"


@dataclass(frozen=True)
class Branch:
    """A row of the tree: a result, or an indicator under it."""

    depth: int
    result: Result | None = None
    line: Shown | None = None


def _tree(results_: list[Result], lines: Any) -> Iterator[Branch]:
    """Results in their order, each followed by its indicators and then by what hangs under it."""
    under: dict[int | None, list[Result]] = defaultdict(list)
    known = {one.pk for one in results_}
    for one in results_:
        under[one.parent_id if one.parent_id in known else None].append(one)
    of: dict[int, list[Shown]] = defaultdict(list)
    for line in lines:
        of[line.indicator.result_id].append(line)

    def branch(parent: int | None, depth: int) -> Iterator[Branch]:
        for one in under[parent]:
            yield Branch(min(depth, 3), result=one)
            for line in sorted(of[one.pk], key=lambda line: (line.indicator.order, line.indicator.pk)):
                yield Branch(min(depth + 1, 3), line=line)
            yield from branch(one.pk, depth + 1)

    return branch(None, 0)


def _grants(found: Project, user: User) -> list[dict[str, Any]]:
    """What each grant approved and what was spent of it, in the grant's own currency."""
    if not access.allows(user, Permission.READ_MONEY, project=found):
        return []
    spent = Expenditure.objects.filter(grant=OuterRef("grant"), project=OuterRef("project")).order_by().values("grant")
    rows = GrantProject.objects.filter(project=found).select_related("grant__donor")
    return [
        {"grant": row.grant, "approved": row.approved, "spent": row.spent, "share": share_of(row.spent, row.approved)}  # type: ignore[attr-defined]
        for row in rows.annotate(spent=Subquery(spent.annotate(n=Sum("amount")).values("n"))).order_by("grant__reference")
    ]


def _tabs(found: Project) -> list[dict[str, Any]]:
    """What else there is of the project."""
    others = [
        ("framework", _("Framework and assignments")),
        ("work_plan", _("Work plan")),
        ("sensitivity_reviews", _("Conflict sensitivity")),
        ("what_changed", _("What changed")),
        ("project_setup", _("Set-up")),
    ]
    tabs = [{"label": _("Results"), "url": reverse("project", args=[found.code]), "current": True}]
    tabs += [{"label": label, "url": reverse(name, args=[found.code])} for name, label in others]
    return [*tabs, {"label": _("Activities"), "url": reverse("activities") + f"?project={found.pk}"}]


def _projects(request: HttpRequest) -> QuerySet[Project]:
    return Project.objects.visible_to(user_of(request))
