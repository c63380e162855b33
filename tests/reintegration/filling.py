"""A case with so many rows of everything that its pages list."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from programs.models import ActivityRecord
from reintegration import giving, planning
from reintegration.models import Assessment, AssessmentScore, CaseContact, FollowUp, Opportunity, Transition
from tests import cases, factories

TODAY = timezone.localdate()


def in_force(case, supervisor, goals=1):
    plan = planning.start(case, by=case.caseworker)
    for number in range(goals):
        planning.set_goal(
            plan,
            strand="economic",
            title=f"Goal {number}",
            roles=[("She", "attends")],
            target=Decimal(12),
            by=case.caseworker,
            due_on=TODAY + timedelta(days=90 + number),
        )
    planning.propose(plan, agreed_on=TODAY, by=case.caseworker)
    return planning.approve(plan, by=supervisor)


def fill(case, world, rows):
    """``rows`` of everything that a part lists."""
    supervisor = cases.supervisor(world)
    plan = in_force(case, supervisor, rows)
    for number in range(rows):
        planning.note_progress(plan.goals.order_by("order")[number], noted_on=TODAY, value=Decimal(number), by=case.caseworker)
        giving.give_service(case, kind="legal", strand="social", starts_on=TODAY, by=case.caseworker)
        giving.hand_over(case, what="Kit", quantity=Decimal(1), receipt_number=f"R-{number}", handed_on=TODAY, by=case.caseworker)
        activity = ActivityRecord.objects.create(
            project=world.project, partner=world.partner, place=world.place, kind="training", happened_on=TODAY, recorded_by=world.reporter
        )
        giving.take_part(case, activity=activity, by=case.caseworker)
        cases.referral(case, factories.partner())
        CaseContact.objects.create(case=case, happened_on=TODAY, kind="phone", result="done", recorded_by=case.caseworker)
        follow_up = FollowUp.objects.create(case=case, wave=number * 3, due_on=TODAY)
        held = Assessment.objects.create(case=case, follow_up=follow_up, instrument="survey 1", held_on=TODAY, recorded_by=case.caseworker)
        AssessmentScore.objects.create(assessment=held, dimension="economic", value=Decimal("0.42"), answered=9, items=9)
        Transition.objects.create(case=case, number=number + 1, to_state="screened", happened_on=TODAY, by=case.caseworker)
        offer = Opportunity.objects.create(
            program=world.project.program, kept_by=world.partner, place=world.place, title=f"Course {number}", provider="Centre",
            sector="metal", kind="training", recorded_by=case.caseworker,
        )  # fmt: skip
        offer.requirements.create(fact="primary")
