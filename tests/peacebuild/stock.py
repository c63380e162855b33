"""Data for the tests that walk the whole API: for every list, rows in a project of one's own and in a stranger's.

A new list endpoint joins those tests by itself; it fails there until it has its maker here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Organization
from communities.models import (
    Commitment,
    CommitmentEvidence,
    Dispute,
    EarlyWarning,
    Forum,
    LocalAgreement,
    LocalProject,
    NeedsRanking,
    ViolationCount,
)
from exchange.models import Import
from institutions.models import Engagement, Institution
from programs.models import (
    ActionPoint,
    ActivityAttendance,
    ActivityRecord,
    Disaggregation,
    ExpectedReport,
    ProjectLevel,
    ReportingPeriod,
    SupportClearance,
)
from reintegration.models import Opportunity
from reporting.models import Submission
from surveys.models import Instrument, InstrumentVersion, SurveyRound
from tests import factories
from tests.factories import World


def programs(world: World) -> Any:
    return world.project.program


def projects(world: World) -> Any:
    ProjectLevel.objects.get_or_create(project=world.project, level="community", defaults={"share": 100})
    return world.project


def assignments(world: World) -> Any:
    return world.indicator().assignments.get()


def periods(world: World) -> Any:
    period = world.period
    day = {"due_on": period.due_on, "review_due_on": period.review_due_on}
    ExpectedReport.objects.get_or_create(project=world.project, period=period, partner=world.partner, defaults=day)
    return period


def indicator_definitions(world: World) -> Any:
    definition = factories.definition(project=world.project, measure="ordinal", across="latest", over_time="snapshot")
    definition.options.create(code="good", label="Good")
    return definition


def places(world: World) -> Any:
    return world.place


def activities(world: World) -> Any:
    activity = ActivityRecord.objects.create(
        project=world.project,
        partner=world.partner,
        kind="dialogue",
        happened_on=date(2026, 2, 3),
        place=world.place,
        people_present=12,
        external_id=uuid.uuid4(),
        recorded_by=world.reporter,
    )
    cell, _made = Disaggregation.objects.get_or_create(key="sex=female")
    ActivityAttendance.objects.create(activity=activity, disaggregation=cell, number=5)
    return activity


def action_points(world: World) -> Any:
    return ActionPoint.objects.create(
        text="Send the sheet",
        owner=world.manager,
        project=world.project,
        partner=world.partner,
        due_on=date(2026, 5, 1),
        raised_by=world.manager,
    )


def communities(world: World) -> Any:
    row = factories.community(world, name=f"{world.project.code} town {uuid.uuid4().hex[:6]}")
    row.population.create(group="host", people=900, observed_on=date(2026, 1, 5), source="county", recorded_by=world.reporter)
    return row


def incidents(world: World) -> Any:
    return factories.incident(world, text=f"{world.project.code} told in words", community=communities(world))


def violation_counts(world: World) -> Any:
    return ViolationCount.objects.create(
        organization=world.partner, kind="child_killing", area=world.place, starts_on=date(2026, 1, 1), number=3,
        source=f"{world.project.code} cluster {uuid.uuid4().hex[:6]}", recorded_by=world.reporter,
    )  # fmt: skip


def early_warnings(world: World) -> Any:
    return EarlyWarning.objects.create(
        community=communities(world), rule="person", severity=2, signal=f"{world.project.code} armed men", raised_by=world.reporter,
        due_at=timezone.now() + timedelta(hours=48),
    )  # fmt: skip


def forums(world: World) -> Any:
    forum = Forum.objects.create(
        name=f"{world.project.code} forum {uuid.uuid4().hex[:6]}", kind="committee", started_on=date(2026, 1, 5), project=world.project,
        partner=world.partner, place=world.place, recorded_by=world.reporter,
    )  # fmt: skip
    sitting = forum.sittings.create(since=date(2026, 1, 5), seats=10, recorded_by=world.reporter)
    sitting.lines.create(group="women", held=3, agreed=30)
    return forum


def commitments(world: World) -> Any:
    row = Commitment.objects.create(
        text=f"{world.project.code} marks the routes", who="Land office", due_on=date(2026, 5, 1), forum=forums(world), project=world.project,
        partner=world.partner, place=world.place, recorded_by=world.reporter,
    )  # fmt: skip
    CommitmentEvidence.objects.create(
        commitment=row, says="breach", happened_on=date(2026, 4, 1), source="monitor", recorded_by=world.reporter
    )
    return row


def disputes(world: World) -> Any:
    row = Dispute.objects.create(
        title=f"{world.project.code} herd in the crops", kind="land", opened_on=date(2026, 2, 1), state_on=date(2026, 2, 1),
        project=world.project, partner=world.partner, place=world.place, recorded_by=world.reporter,
    )  # fmt: skip
    row.parties.create(role="farmers", women=3, men=4)
    row.steps.create(state="opened", on=date(2026, 2, 1), recorded_by=world.reporter)
    return row


def agreements(world: World) -> Any:
    row = LocalAgreement.objects.create(
        title=f"{world.project.code} corridor {uuid.uuid4().hex[:6]}", signed_on=date(2026, 2, 1), parties="farmers\nherders",
        mediator="committee", dispute_kind="land", stage="SubPar", document=f"{world.project.code} shelf 3", project=world.project,
        partner=world.partner, place=world.place, recorded_by=world.reporter,
    )  # fmt: skip
    row.also_in.add(world.place)
    return row


def needs_rankings(world: World) -> Any:
    row = NeedsRanking.objects.create(
        title=f"{world.project.code} cycle {uuid.uuid4().hex[:6]}", starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 5),
        project=world.project, partner=world.partner, place=world.place, recorded_by=world.reporter,
    )  # fmt: skip
    group = row.groups.create(group="women", people=9)
    for rank, need in enumerate(("Water", "Roads"), 1):
        row.needs.create(text=f"{world.project.code} {need}").ranks.create(group=group, rank=rank)
    return row


def local_projects(world: World) -> Any:
    row = LocalProject.objects.create(
        title=f"{world.project.code} borehole {uuid.uuid4().hex[:6]}", kind="infrastructure", proposed_on=date(2026, 1, 5), minutes="PSC-7",
        currency="USD", asked=20000, state_on=date(2026, 1, 5), project=world.project, partner=world.partner, place=world.place,
        recorded_by=world.reporter,
    )  # fmt: skip
    row.steps.create(state="proposed", on=date(2026, 1, 5), recorded_by=world.reporter)
    row.contributions.create(source="community", in_kind=f"{world.project.code} work", recorded_by=world.reporter)
    row.payments.create(paid_on=date(2026, 1, 6), amount=5, reference=f"{world.project.code}-1", recorded_by=world.reporter)
    row.satisfaction.create(asked_on=date(2026, 1, 7), whom="users", asked=9, satisfied=7, recorded_by=world.reporter)
    return row


def submissions(world: World) -> Any:
    """Each in a period of its own: one report is open at a time."""
    last = world.project.periods.order_by("-ends_on").first()
    start = (last.ends_on if last else date(2030, 1, 1)) + timedelta(days=1)
    period = ReportingPeriod.objects.create(
        project=world.project,
        code=f"N{start:%Y%m%d}",
        starts_on=start,
        ends_on=start,
        opens_on=start,
        due_on=start,
        review_due_on=start,
        opened_at=timezone.now(),
    )
    return Submission.objects.create(project=world.project, partner=world.partner, period=period, created_by=world.reporter)


def imports(world: World) -> Any:
    return Import.objects.create(
        kind="workbook",
        project=world.project,
        partner=world.partner,
        period=world.period,
        file_name="report.xlsx",
        path="nowhere",
        digest=uuid.uuid4().hex * 2,
        size=10,
        state="dropped",
        uploaded_by=world.reporter,
    )


def opportunities(world: World) -> Any:
    row = Opportunity.objects.create(
        program=world.project.program,
        kept_by=world.partner,
        place=world.place,
        title="Welding",
        provider="Centre",
        sector="metal",
        kind="training",
        recorded_by=world.reporter,
    )
    row.requirements.create(fact="primary")
    return row


def institutions(world: World) -> Any:
    number = Institution.objects.count()
    organization = Organization.objects.create(name=f"Post {number} of {world.project.code}", kind="authority", iati_type="10")
    row = Institution.objects.create(organization=organization, kind="police_station", place=world.place, recorded_by=world.manager)
    Engagement.objects.create(institution=row, project=world.project, partner=world.partner)
    row.staff_counts.create(counted_on=date(2026, 6, 1), total=40, source="List", recorded_by=world.manager)
    return row


def complaint_counts(world: World) -> Any:
    body = institutions(world)
    row = body.complaint_months.create(
        service="police", place=world.place, year=2026, month=1, received=9, closed=2, source="Sheet", recorded_by=world.manager
    )
    row.kinds.create(kind="force", received=3)
    return row


def support_clearances(world: World) -> Any:
    return SupportClearance.objects.create(
        recipient=institutions(world).organization, scope="Training", decision="proceed", valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 1), owner=world.manager, decided_by=world.manager,
    )  # fmt: skip


def instruments(world: World) -> Any:
    """A version in force with one question in two languages."""
    code = uuid.uuid4().hex[:8]
    instrument = Instrument.objects.create(code=f"scale-{code}", name=f"Scale {code}", owner="Us", subject="community")
    version = InstrumentVersion.objects.create(
        instrument=instrument, version="1", status="active", rule="index", activated_at=timezone.now(), activated_by=world.manager
    )
    options = version.option_sets.create(code="YES")
    for order, (name, score) in enumerate((("yes", 1), ("no", 0))):
        options.options.create(code=name, label=name.title(), score=score, is_favourable=bool(score), order=order)
    item = version.items.create(code="Q1", domain=version.domains.create(code="trust", label="Trust"), option_set=options)
    for language, text in (("en", "Do you agree?"), ("fr", "Êtes-vous d’accord ?")):
        item.texts.create(language=language, text=text)
    return version


def survey_rounds(world: World) -> Any:
    return SurveyRound.objects.create(
        version=instruments(world), project=world.project, partner=world.partner, place=world.place, stage="baseline", method="random",
        held_on=date(2026, 2, 3), status="open", opened_at=timezone.now(), opened_by=world.manager, planned_by=world.manager,
    )  # fmt: skip


MAKERS: dict[str, Callable[[World], Any]] = {
    "programs": programs,
    "projects": projects,
    "assignments": assignments,
    "periods": periods,
    "indicator-definitions": indicator_definitions,
    "places": places,
    "activities": activities,
    "action-points": action_points,
    "opportunities": opportunities,
    "communities": communities,
    "incidents": incidents,
    "violation-counts": violation_counts,
    "early-warnings": early_warnings,
    "forums": forums,
    "commitments": commitments,
    "disputes": disputes,
    "agreements": agreements,
    "needs-rankings": needs_rankings,
    "local-projects": local_projects,
    "submissions": submissions,
    "institutions": institutions,
    "complaint-counts": complaint_counts,
    "support-clearances": support_clearances,
    "instruments": instruments,
    "survey-rounds": survey_rounds,
    "imports": imports,
}

# Only keys made for people's cases read these: they have walks of their own (tests/reintegration/test_api_*.py).
OWN_TESTS = {"cases", "referrals", "received-referrals", "child-counts", "child-handovers"}

# Whatever belongs to no project is open to everyone who is signed in.
PUBLIC = {"places", "instruments"}
ONE_PER_WORLD = {"programs", "projects", "periods", "places"}


def make_many(name: str, number: int) -> list[Any]:
    """``number`` rows of one list, spread over projects where a project has only one."""
    if name in ONE_PER_WORLD:
        return [MAKERS[name](factories.world()) for _row in range(number)]
    world = factories.world()
    return [MAKERS[name](world) for _row in range(number)]


def address_of(view: Any, row: Any) -> str:
    return str(getattr(row, view.lookup_field))


def arguments_of(route: str, view: Any, row: Any) -> list[str]:
    """What the address of a route needs: the row's own, and for a part inside a row an id that nobody sent."""
    return [address_of(view, row), str(uuid.uuid4())] if route == "survey-rounds-response" else [address_of(view, row)]
