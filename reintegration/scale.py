"""Its part of the measuring: many cases with steps, contacts, referrals and follow-ups, written beside the acts and their checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from accounts.models import Organization, User
from accounts.roles import Role
from accounts.scale import ADDRESS
from locations.models import Place
from programs.models import Membership, Project
from reintegration.models import Case, CaseContact, FollowUp, FollowUpOutcome, Notice, Transition

EACH = 40  # cases of one caseworker, as agreed
BATCH = 2000
STATES = ("identified", "screened", "eligible", "profiled", "planned", "active", "completed")
UNDECIDED = ("identified", "screened")
LIVES = ("employed", "self_employed", "casual", "none", "unknown")


def seed(cases: int, *, project: Project, partner: Organization, places: Sequence[Place]) -> dict[str, User]:
    """Add cases until the project has so many. Gives the people that are measured: a caseworker of 40 cases, who supervises, who counts."""
    supervisor, counter = _person("supervisor", Role.CASE_SUPERVISOR, partner), _person("counter", Role.PROGRAM_MANAGER, project=project)
    have = Case.objects.filter(project=project).count()
    notice, _made = Notice.objects.get_or_create(version="scale", language="English", defaults={"text": "Scale"})
    today = timezone.localdate()
    worker = _person("worker0", Role.CASEWORKER, partner)
    while have < cases:
        some = min(BATCH, cases - have)
        workers = {
            number: _person(f"worker{number}", Role.CASEWORKER, partner) for number in range(have // EACH, (have + some) // EACH + 1)
        }
        _write([_case(n, project, partner, workers[n // EACH], places[n % len(places)], notice, today) for n in range(have, have + some)])
        have += some
    return {"worker": worker, "supervisor": supervisor, "counter": counter}


def floors(supervisor: User, worker: User, project: Project) -> dict[str, Callable[[], Any]]:
    """The least that each page has to read, by hand-written SQL."""

    def rows(sql: str, *params: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall()

    table, walked, spoken = (model._meta.db_table for model in (Case, Transition, CaseContact))
    is_open = "sealed_at IS NULL AND state NOT IN ('closed', 'revoked')"
    states, page = (
        f"SELECT state, COUNT(*) FROM {table} WHERE {{}} = %s AND sealed_at IS NULL GROUP BY state",  # noqa: S608
        f"SELECT * FROM {table} WHERE {{}} = %s AND {is_open} ORDER BY code LIMIT 26",  # noqa: S608
    )
    groups = (
        f"SELECT place_id, sex, age_band, birth_year, opened_year, category, pathway, state, exit_reason, COUNT(*), COUNT(completed_on) FROM {table} "  # noqa: S608
        "WHERE project_id = %s AND sealed_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9"
    )
    between = (
        f"SELECT c.pathway, t.to_state, t.happened_on, p.happened_on, COUNT(*) FROM {table} c JOIN {walked} t ON t.case_id = c.id "  # noqa: S608
        f"JOIN {walked} p ON p.case_id = t.case_id AND p.number = t.number - 1 WHERE c.project_id = %s GROUP BY 1, 2, 3, 4"
    )
    loads = (
        f"SELECT c.caseworker_id, COUNT(*), COUNT(s.next_on), COUNT(d.last_on) FROM {table} c "  # noqa: S608
        f"LEFT JOIN (SELECT case_id, MIN(next_on) next_on FROM {spoken} WHERE next_done_at IS NULL GROUP BY 1) s ON s.case_id = c.id "
        f"LEFT JOIN (SELECT case_id, MAX(happened_on) last_on FROM {spoken} WHERE result = 'done' GROUP BY 1) d ON d.case_id = c.id "
        f"WHERE c.partner_id = %s AND c.{is_open} GROUP BY 1"
    )
    office = supervisor.organization_id
    return {
        "own": lambda: (rows(page.format("caseworker_id"), worker.pk), rows(states.format("caseworker_id"), worker.pk)),
        "caseload": lambda: (rows(page.format("partner_id"), office), rows(states.format("partner_id"), office)),
        "team": lambda: rows(loads, office),
        "analytics": lambda: (rows(groups, project.pk), rows(between, project.pk)),
    }


def _case(number: int, project: Project, partner: Organization, worker: User, place: Place, notice: Notice, today: date) -> Case:
    opened = today - timedelta(days=30 + number % 900)
    state = STATES[number % len(STATES)]
    return Case(
        id=uuid4(), code=f"Z{number:08d}", project=project, partner=partner, caseworker=worker, place=place, pathway="reintegration",
        state=state, state_since=opened, source="community", sex=("female", "male")[number % 2],
        age_band=("18-24", "25-35", "36-59", "60+")[number % 4], opened_on=opened, opened_year=opened.year, opened_by=worker, notice=notice,
        notice_given_on=opened, notice_method="oral", basis="public_interest", safe_contact={"call_when": "After 18:00"},
        category="" if state in UNDECIDED else "XC",
        completed_on=opened + timedelta(days=20) if state == "completed" else None,
    )  # fmt: skip


def _write(rows: list[Case]) -> None:
    today = timezone.localdate()
    Case.objects.bulk_create(rows, batch_size=500)
    steps, contacts, waves, outcomes = [], [], [], []
    for number, row in enumerate(rows):
        before, on = "", row.opened_on
        for place, state in enumerate(STATES[: STATES.index(row.state) + 1], 1):
            on += timedelta(days=(number * 7919 + place * 31) % 9)  # as chance would: few cases went the same way on the same days
            steps.append(Transition(case=row, number=place, from_state=before, to_state=state, happened_on=on, by=row.caseworker))
            before = state
        if row.state in UNDECIDED:
            continue
        day = today - timedelta(days=number % 45)
        ahead = {"next_step": "contact", "next_on": day + timedelta(days=30)}
        contacts.append(CaseContact(case=row, happened_on=day, kind="visit", result="done", recorded_by=row.caseworker, **ahead))
        if row.state == "completed":
            wave = FollowUp(case=row, wave=6, due_on=row.opened_on + timedelta(days=200), state="done", settled_on=today)
            waves.append(wave)
            life = LIVES[number % len(LIVES)]
            outcomes.append(FollowUpOutcome(follow_up=wave, was_reached=True, livelihood=life, recorded_by=row.caseworker))
    for model, made in ((Transition, steps), (CaseContact, contacts), (FollowUp, waves), (FollowUpOutcome, outcomes)):
        model._base_manager.bulk_create(made, batch_size=500)  # type: ignore[arg-type]


def _person(name: str, role: Role, organization: Organization | None = None, project: Project | None = None) -> User:
    address = ADDRESS.format(role=name)
    found = User.objects.filter(email=address).first()
    if found is None:
        found = User.objects.create_user(address, name=f"Scale {name}", organization=organization)
        Membership.objects.create(user=found, role=role, organization=organization, project=project)
    return found
