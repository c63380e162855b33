"""The three pathways as tables for one machine: which steps in which order, and what each step asks for."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from programs.models import Program
from reintegration.models import Case, Pathway, ProgramPathway, State

S = State


STEPS: dict[Pathway, tuple[State, ...]] = {
    Pathway.REINTEGRATION: (S.IDENTIFIED, S.SCREENED, S.ELIGIBLE, S.PROFILED, S.PLANNED, S.ACTIVE, S.COMPLETED),
    Pathway.PREVENTION: (S.IDENTIFIED, S.ACCEPTED, S.PLANNED, S.ACTIVE, S.COMPLETED),
    Pathway.DDR_SITE: (
        S.IDENTIFIED, S.SCREENED, S.VERIFIED, S.ELIGIBLE, S.REGISTERED, S.TERMS_SIGNED, S.PROFILED, S.HEALTH_SCREENED, S.DOCUMENTED,
        S.DISCHARGED, S.PLANNED, S.ACTIVE, S.COMPLETED,
    ),
}  # fmt: skip

# A program may switch these off; the others hold the pathway together.
CAN_BE_LEFT_OUT = frozenset({S.SCREENED, S.VERIFIED, S.REGISTERED, S.TERMS_SIGNED, S.HEALTH_SCREENED, S.DOCUMENTED, S.DISCHARGED})
# Recorded by one person, confirmed by another.
BY_TWO = frozenset({S.SCREENED})
# Until one of these nothing but what identification asks for is written down.
DECIDED = frozenset({S.ELIGIBLE, S.ACCEPTED})
FINAL = frozenset({S.CLOSED, S.REVOKED})
# Beside the pathway: from here it goes back, or ends.
ASIDE = frozenset({S.INELIGIBLE, S.DEFERRED})


def offered(program: Program) -> list[Pathway]:
    """The pathways of a program; without any row it offers ``reintegration``."""
    rows = ProgramPathway.objects.filter(program=program).values_list("pathway", flat=True)
    return [Pathway(row) for row in rows] or [Pathway.REINTEGRATION]


def steps_of(case: Case) -> list[State]:
    """The steps that this case takes: its pathway without what the program has switched off, but with what it already took."""
    off = case.__dict__.get("left_out")  # where a page has read it with the case
    if off is None:
        off = set(left_out(case))
    return [state for state in STEPS[Pathway(case.pathway)] if state not in off or state == case.state]


def left_out(case: Case) -> QuerySet[ProgramPathway, str | None]:
    """The steps that the program has switched off on this case's pathway."""
    return ProgramPathway.objects.filter(program=case.project.program_id, pathway=case.pathway).values_list("skipped__state", flat=True)


def next_step(case: Case, steps: Sequence[State] | None = None) -> State | None:
    """The one step ahead; None where the case stands beside the pathway or at its end."""
    steps = steps if steps is not None else steps_of(case)
    if case.state not in steps:
        return None
    place = steps.index(State(case.state))
    return steps[place + 1] if place + 1 < len(steps) else None
