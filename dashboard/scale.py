"""Data for measuring: one small program that stays the same, one of a hundred projects, and others until the number is reached."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection, transaction

import accounts.scale
import locations.scale
import programs.scale
import reporting.scale
from accounts.models import User
from accounts.roles import Role
from locations.models import Place
from programs.models import Membership, Program, Project
from reporting.models import Figure

FIXED, HUNDRED, WIDE = "SCALE-FIXED", "SCALE-A", "SCALE-WIDE"
FIXED_PROJECTS = 6
PER_STREAM = 96  # figures of a project with one stream per indicator: ten totals and two cells over eight quarters
SMALL = 100_000  # below it one stream per indicator, so that a program still has its hundred projects


def seed(figures: int, *, with_rows: bool = True, say: Callable[[str], object] = lambda words: None) -> int:
    """Add projects until there are about so many figures. Run again with a larger number, it goes on. Returns the count."""
    agency, offices, people = accounts.scale.seed(partners=12)
    at = places(60)
    programs.scale.definitions()
    streams = 1 if figures < SMALL else 10
    have = Figure.objects.count()
    for code, projects in _plan(figures, have, streams):
        within = programs.scale.program(code, agency=agency, people=people)
        wanted = projects - within.projects.count()
        for begun in range(0, max(wanted, 0), 10):
            with transaction.atomic():
                laid = programs.scale.projects(
                    within, min(10, wanted - begun), streams=1 if code == FIXED else streams, partners=offices, places=at
                )
                have += reporting.scale.seed(laid, people=people, with_rows=with_rows)
            say(f"{have:,} figures")
    gather_statistics()
    return Figure.objects.count()


def wide_program() -> Program:
    """Where reports are put in through the API; the other programs keep their size."""
    agency, _offices, people = accounts.scale.seed(partners=12)
    return programs.scale.program(WIDE, agency=agency, people=people)


def manager_of_fixed() -> User:
    """Who sees the small program and nothing else."""
    address = accounts.scale.ADDRESS.format(role="keeper")
    found = User.objects.filter(email=address).first() or User.objects.create_user(address, name="Scale keeper")
    Membership.objects.get_or_create(user=found, role=Role.PROGRAM_MANAGER, program=Program.objects.get(code=FIXED))
    return found


def places(count: int) -> list[Place]:
    return locations.scale.seed(places=count)


def gather_statistics() -> None:
    """Without statistics both planners read two to four times longer."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _plan(figures: int, have: int, streams: int) -> list[tuple[str, int]]:
    """Programs with how many projects each shall have."""
    fixed = Program.objects.filter(code=FIXED).exists()
    rest = figures - have - (0 if fixed else FIXED_PROJECTS * PER_STREAM)
    projects = max(rest // (PER_STREAM * streams), 0)
    plan = [(FIXED, FIXED_PROJECTS)]
    taken = set(Program.objects.filter(code__startswith="SCALE-").values_list("code", flat=True))
    names = (f"SCALE-{letter}{number or ''}" for number in range(100) for letter in "ABCDEFGHIJ")
    for name in names:
        if projects <= 0:
            break
        if name in taken:
            continue
        plan.append((name, min(100, projects)))
        projects -= 100
    return plan


def is_empty() -> bool:
    """Whether nothing but data for measuring is here."""
    return not Project.objects.exclude(code__startswith="SCALE-").exists()
