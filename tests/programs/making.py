"""A small field for tests: one agency, two partners, a police force, a project at two places, and people with their roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from accounts.models import Organization, User
from accounts.roles import Role
from locations.gazetteer import add_place
from locations.models import Place
from programs import access
from programs.models import Category, Dimension, Program, Project, ProjectLevel, ProjectPartner, ProjectPlace, ProjectTheme, Result, Theme


@dataclass
class Field:
    agency: Organization
    partner: Organization
    stranger: Organization
    police: Organization
    program: Program
    project: Project
    other_project: Project
    outcome: Result
    country: Place
    place: Place
    elsewhere: Place
    manager: User
    officer: User
    reporter: User
    other_reporter: User
    decider: User
    focal: User
    administrator: User
    auditor: User


def make_field() -> Field:
    agency = organization("Peace Agency", "agency", "40")
    partner = organization("Bridges for Dialogue", "partner", "22")
    stranger = organization("Nile Youth Initiative", "partner", "22")
    police = organization("Malakal Police", "authority", "10")
    country = add_place(code="SSD", name="South Sudan", level=0, country="SSD")
    place = add_place(code="SS0703", name="Renk", level=1, parent=country)
    elsewhere = add_place(code="SS0101", name="Juba", level=1, parent=country)
    today = timezone.localdate()
    program = Program.objects.create(
        code="PPS", name="Pathways to Peace", starts_on=date(2024, 1, 1), ends_on=today + timedelta(days=900), organization=agency
    )
    project = make_project(program, "DIA-01", [partner], [place])
    other = make_project(program, "PPS-02", [stranger], [elsewhere])
    outcome = Result.objects.create(project=project, kind="outcome", level="community", code="1", title="People settle disputes by talking")
    people = {
        "manager": (Role.PROGRAM_MANAGER, {"program": program}, agency),
        "officer": (Role.MANDE_OFFICER, {"program": program}, agency),
        "reporter": (Role.PARTNER_REPORTER, {"organization": partner, "project": project}, partner),
        "other_reporter": (Role.PARTNER_REPORTER, {"organization": stranger, "project": other}, stranger),
        "decider": (Role.CLEARANCE_DECIDER, {}, agency),
        "focal": (Role.FOCAL_POINT, {}, agency),
        "administrator": (Role.ADMINISTRATOR, {}, agency),
        "auditor": (Role.AUDITOR, {}, agency),
    }
    made = {name: person(name, role, employer, **scope) for name, (role, scope, employer) in people.items()}
    return Field(
        agency, partner, stranger, police, program, project, other, outcome, country, place, elsewhere, **made
    )  # fmt: skip


def organization(name: str, kind: str, iati_type: str) -> Organization:
    return Organization.objects.create(name=name, kind=kind, iati_type=iati_type)


def person(name: str, role: Role, employer: Organization, **scope: object) -> User:
    user = User.objects.create_user(
        f"{name}@portal.test", "correct horse battery", name=name.replace("_", " ").title(), organization=employer
    )
    access.give(user=user, role=role, by=None, **scope)  # type: ignore[arg-type]
    return user


def make_project(program: Program, code: str, partners: list[Organization], places: list[Place]) -> Project:
    project = Project.objects.create(
        program=program, code=code, title=f"Project {code}", starts_on=date(2025, 1, 1), ends_on=timezone.localdate() + timedelta(days=400)
    )
    theme, _made = Theme.objects.get_or_create(code="dialogue", defaults={"name": "Dialogue"})
    ProjectTheme.objects.create(project=project, theme=theme, share=100)
    ProjectLevel.objects.create(project=project, level="community", share=100)
    for partner in partners:
        ProjectPartner.objects.create(project=project, organization=partner)
    for place in places:
        ProjectPlace.objects.create(project=project, place=place)
    return project


def make_dimensions() -> None:
    """Sex and age, each with "unknown"."""
    for code, name, categories in (
        ("sex", "Sex", ["female", "male", "unknown"]),
        ("age", "Age", ["18-24", "25-35", "36-59", "60+", "unknown"]),
    ):
        dimension = Dimension.objects.create(code=code, name=name)
        Category.objects.bulk_create(Category(dimension=dimension, code=c, name=c, order=i) for i, c in enumerate(categories))
