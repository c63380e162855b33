"""Small, plain data for tests: one function per record, no surprises; ``world`` is the smallest project that can report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

from django.utils import timezone

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Role
from communities.models import Community, CommunityProject, Incident, IncidentWords
from locations import gazetteer
from locations.models import Place
from programs import access, calendar, framework
from programs.models import (
    Category,
    Dimension,
    Indicator,
    IndicatorDefinition,
    Membership,
    Program,
    Project,
    ProjectPartner,
    ReportingCalendar,
    ReportingPeriod,
    Result,
)

_number = count(1)


def agency() -> Organization:
    return Organization.objects.get_or_create(
        kind="agency", parent=None, defaults={"name": "Migration Agency", "iati_type": "40", "short_name": "Agency"}
    )[0]


def partner(name: str = "") -> Organization:
    return Organization.objects.create(name=name or f"Partner {next(_number)}", kind="partner", iati_type="22")


def donor(name: str = "") -> Organization:
    return Organization.objects.create(name=name or f"Donor {next(_number)}", kind="donor", iati_type="10")


def user(name: str = "", *, organization: Organization | None = None, **fields: Any) -> User:
    number = next(_number)
    return User.objects.create_user(f"person{number}@demo.example", name=name or f"Person {number}", organization=organization, **fields)


def member(role: Role | str, *, by: User | None = None, **scope: Any) -> User:
    """A new person who holds one role. Given by nobody in particular it is written down as ``access.give`` would, without its checks."""
    person = user(organization=scope.get("organization"))
    if by is None:
        row = Membership.objects.create(user=person, role=Role(role), **{"starts_on": timezone.localdate(), **scope})
        audit.record("membership.given", [row, person], by=None, role=row.role, deputy=False)
    else:
        access.give(user=person, role=role, by=by, **scope)
    return person


def place(code: str = "", *, parent: Place | None = None, name: str = "") -> Place:
    code = code or f"XX{next(_number):04d}"
    if parent is None and len(code) != 3:
        parent = country()
    level = 0 if parent is None else parent.level + 1
    return gazetteer.add_place(code=code, name=name or f"Place {code}", level=level, parent=parent, country="SSD")


def country() -> Place:
    return Place.objects.filter(code="SSD").first() or gazetteer.add_place(code="SSD", name="South Sudan", level=0, country="SSD")


def dimension(code: str, *categories: str) -> Dimension:
    row, _made = Dimension.objects.get_or_create(code=code, defaults={"name": code.title()})
    for order, name in enumerate(categories):
        Category.objects.get_or_create(dimension=row, code=name, defaults={"name": name.title(), "order": order})
    return row


def definition(code: str = "", *, breakdowns: tuple[tuple[str, ...], ...] = (), **fields: Any) -> IndicatorDefinition:
    values = {"title": f"Indicator {code}", "level": "individual", "unit": "people", **fields}
    row = IndicatorDefinition.objects.create(code=code or f"IND-{next(_number)}", **values)
    for dimensions in breakdowns:
        breakdown = row.breakdowns.create(order=row.breakdowns.count())
        for name in dimensions:
            breakdown.parts.create(dimension=Dimension.objects.get(code=name))
    return row


def ratio(code: str = "", **fields: Any) -> IndicatorDefinition:
    return definition(
        code, **{"measure": "percentage", "across": "weighted_ratio", "per": 100, "over_time": "snapshot", "unit": "", **fields}
    )


def project(code: str = "", *, program: Program | None = None, **fields: Any) -> Project:
    number = next(_number)
    program = program or Program.objects.create(
        code=f"PR-{number}", name=f"Program {number}", starts_on=date(2025, 1, 1), ends_on=date(2027, 12, 31), organization=agency()
    )
    values = {"title": f"Project {number}", "starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31), **fields}
    return Project.objects.create(program=program, code=code or f"PJ-{number}", **values)


@dataclass
class World:
    """A project with one partner at one place, reporting quarterly; the first quarter is open."""

    project: Project
    partner: Organization
    place: Place
    result: Result
    manager: User
    mande: User
    reporter: User
    periods: list[ReportingPeriod]

    @property
    def period(self) -> ReportingPeriod:
        return self.periods[0]

    def indicator(self, definition: IndicatorDefinition | None = None, *, assigned: bool = True, **fields: Any) -> Indicator:
        row = framework.add_indicator(self.result, by=self.manager, definition=definition or globals()["definition"](), **fields)
        if assigned:
            framework.assign(row, by=self.manager, partner=self.partner, places=[self.place])
        return row

    def open(self, number: int = 0) -> ReportingPeriod:
        period = self.periods[number]
        calendar.open_due(now=_noon(period.opens_on))
        period.refresh_from_db()
        calendar.expect(period)
        return period


def world(code: str = "", **fields: Any) -> World:
    row = project(code, **fields)
    office = partner()
    ProjectPartner.objects.create(project=row, organization=office)
    manager = member(Role.PROGRAM_MANAGER, program=row.program)
    at = place()
    row.places.create(place=at)
    result = framework.add_result(row, by=manager, kind="outcome", code="1", title="People live in peace", level="individual")
    ReportingCalendar.objects.create(project=row)
    return World(
        project=row,
        partner=office,
        place=at,
        result=result,
        manager=manager,
        mande=member(Role.MANDE_OFFICER, program=row.program),
        reporter=member(Role.PARTNER_REPORTER, organization=office),
        periods=calendar.lay_out(row, by=manager),
    )


def _noon(day: date):  # type: ignore[no-untyped-def]
    from datetime import UTC, datetime

    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def community(of: World, name: str = "", **fields: Any) -> Community:
    """A community at the world's place, kept by its partner, with its project."""
    row = Community.objects.create(**{"name": name or f"Community {next(_number)}", "place": of.place, "partner": of.partner, **fields})
    CommunityProject.objects.create(community=row, project=of.project)
    return row


def incident(of: World, text: str = "", **fields: Any) -> Incident:
    """An incident of today at the world's place, told by its partner; ``text`` is what it says in words."""
    values = {"type": "threat", "event_date": date.today(), "source": "monitor", "place": of.place, "area": of.place}
    row = Incident.objects.create(**{**values, "organization": of.partner, "recorded_by": of.reporter, **fields})
    if text:
        IncidentWords.objects.create(incident=row, text=text)
    return row
