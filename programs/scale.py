"""Its part of ``seed_scale``: programs of a hundred projects, each with ten indicators over two years of quarters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Organization, User
from accounts.roles import Role
from locations.models import Place
from programs.models import (
    AssignmentPlace,
    Category,
    DefinitionBreakdown,
    Dimension,
    ExpectedReport,
    Indicator,
    IndicatorDefinition,
    Membership,
    Program,
    Project,
    ProjectPartner,
    ProjectPlace,
    ReportingAssignment,
    ReportingCalendar,
    ReportingPeriod,
    Result,
    Target,
)

QUARTERS = [(2024, 1), (2024, 4), (2024, 7), (2024, 10), (2025, 1), (2025, 4), (2025, 7), (2025, 10)]
FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)
PEOPLE: dict[str, Any] = {"measure": "unit", "across": "sum", "counting": "people_per_period"}
SHARE: dict[str, Any] = {"measure": "percentage", "across": "weighted_ratio", "per": 100, "over_time": "snapshot"}
THINGS: dict[str, Any] = {"measure": "unit", "across": "sum", "counting": "things"}
DEFINITIONS: list[dict[str, Any]] = [
    {**PEOPLE, "over_time": "per_period"},
    *({**PEOPLE, "over_time": "per_period"} for _ in range(3)),
    {**PEOPLE, "over_time": "running_total", "counting": "people_ever"},
    {**THINGS, "over_time": "running_total"},
    {**THINGS, "over_time": "snapshot"},
    SHARE,
    SHARE,
    {**THINGS, "over_time": "snapshot", "across": "max"},
]


@dataclass(frozen=True)
class Laid:
    """What ``reporting.scale`` fills: one project with its indicators, periods, and who reports where."""

    project: Project
    indicators: Sequence[Indicator]
    periods: Sequence[ReportingPeriod]
    partners: Sequence[Organization]
    places: Sequence[Place]


def definitions() -> list[IndicatorDefinition]:
    """Ten definitions; the first is broken down by sex."""
    sex, _made = Dimension.objects.get_or_create(code="sex", defaults={"name": "Sex"})
    for order, code in enumerate(("female", "male", "unknown")):
        Category.objects.get_or_create(dimension=sex, code=code, defaults={"name": code.title(), "order": order})
    found = []
    for number, fields in enumerate(DEFINITIONS):
        values: dict[str, Any] = {"title": f"Scale indicator {number}", "level": "individual", **fields}
        row, made = IndicatorDefinition.objects.get_or_create(code=f"SCALE-{number}", project=None, defaults=values)
        if made and number == 0:
            breakdown = DefinitionBreakdown.objects.create(definition=row)
            breakdown.parts.create(dimension=sex)
        found.append(row)
    return found


def program(code: str, *, agency: Organization, people: dict[str, User]) -> Program:
    row, made = Program.objects.get_or_create(
        code=code, defaults={"name": f"Scale program {code}", "starts_on": FIRST, "ends_on": LAST, "organization": agency}
    )
    if made:
        Membership.objects.get_or_create(user=people["reporter"], role=Role.PARTNER_REPORTER, organization=people["reporter"].organization)
        Membership.objects.bulk_create(
            Membership(user=people[name], role=role, program=row)
            for name, role in (("manager", Role.PROGRAM_MANAGER), ("mande", Role.MANDE_OFFICER))
        )
    return row


def projects(within: Program, count: int, *, streams: int, partners: Sequence[Organization], places: Sequence[Place]) -> Iterator[Laid]:
    """Lay ``count`` more projects into a program; ``streams`` per indicator, two places to a partner (one stream: one of each)."""
    library = definitions()
    begun = within.projects.count()
    for number in range(begun, begun + count):
        at = [places[(number + step) % len(places)] for step in range(min(streams, 2))]
        who = [partners[(number + step) % len(partners)] for step in range(max(streams // 2, 1))]
        yield _project(within, f"{within.code}-{number:04d}", library, who, at)


def wide(within: Program, *, reports: int, office: Organization, places: Sequence[Place]) -> Laid:
    """One open project with a month per report, in which one partner owes ten indicators at every one of many places."""
    found = _project(within, f"{within.code}-WIDE", definitions(), [office], places)
    Project.objects.filter(pk=found.project.pk).update(starts_on=date(2030, 1, 1), ends_on=date(2039, 12, 31))
    months = [(2030 + number // 12, number % 12 + 1) for number in range(reports)]
    periods = ReportingPeriod.objects.bulk_create(_period(found.project, year, month, months=1) for year, month in months)
    ReportingPeriod.objects.filter(pk__in=[period.pk for period in periods]).update(opened_at=timezone.now())
    return Laid(found.project, found.indicators, periods, [office], places)


def _project(within: Program, code: str, library: Sequence[IndicatorDefinition], who: Sequence[Organization], at: Sequence[Place]) -> Laid:
    project = Project.objects.create(program=within, code=code, title=f"Scale project {code}", starts_on=FIRST, ends_on=LAST)
    ReportingCalendar.objects.create(project=project)
    ProjectPartner.objects.bulk_create(ProjectPartner(project=project, organization=office) for office in who)
    ProjectPlace.objects.bulk_create(ProjectPlace(project=project, place=place) for place in at)
    result = Result.objects.create(project=project, kind="outcome", level="individual", code="1", title="Scale outcome")
    indicators = Indicator.objects.bulk_create(
        Indicator(
            project=project, result=result, definition=row, code=row.code, order=order, baseline_value=0 if row.measure == "unit" else None
        )
        for order, row in enumerate(library)
    )
    periods = ReportingPeriod.objects.bulk_create(_period(project, year, month) for year, month in QUARTERS)
    ExpectedReport.objects.bulk_create(
        ExpectedReport(project=project, partner=office, period=one, due_on=one.due_on, review_due_on=one.review_due_on)
        for one in periods
        for office in who
    )
    owed = ReportingAssignment.objects.bulk_create(
        ReportingAssignment(indicator=one, partner=office) for one in indicators for office in who
    )
    AssignmentPlace.objects.bulk_create(AssignmentPlace(assignment=one, place=place) for one in owed for place in at)
    Target.objects.bulk_create(Target(indicator=one, value=5000) for one in indicators if one.baseline_value is not None)
    return Laid(project, indicators, periods, who, at)


def _period(project: Project, year: int, month: int, *, months: int = 3) -> ReportingPeriod:
    start, after = date(year, month, 1), month - 1 + months
    end = date(year + after // 12, after % 12 + 1, 1) - timedelta(days=1)
    return ReportingPeriod(
        project=project,
        code=f"{year}-Q{(month + 2) // 3}" if months == 3 else f"{year}-{month:02d}",
        starts_on=start,
        ends_on=end,
        opens_on=start,
        due_on=end + timedelta(days=15),
        review_due_on=end + timedelta(days=27),
    )
