"""Reform steps move from stage to stage; each with the day it was reached and what proves it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.roles import Permission
from institutions.models import Institution, ReformStage, ReformStep
from plumbing.refusals import Invalid, Problem
from programs import access
from programs.models import Indicator, Project

STAGE_TALLY = "institutions.reform.stage"


def begin(
    *, institution: Institution, project: Project, kind: str, title: str, by: User, summary: str = "", indicator: Indicator | None = None
) -> ReformStep:
    """Record a law, policy, body or measure that the project works towards; its first stage comes with ``reach``."""
    access.require(by, Permission.RECORD_INSTITUTIONS, project=project, place=institution.place)
    if not institution.engagements.filter(project=project).exists():
        text = _("%(project)s does not work with this institution.") % {"project": project.code}
        raise Invalid([Problem("project", text, "not_engaged")])
    row = ReformStep(institution=institution, project=project, kind=kind, title=title, summary=summary, indicator=indicator, recorded_by=by)
    _check(row)
    with transaction.atomic():
        row.save()
        audit.record("reform.begun", [row, institution, project], by=by, kind=kind)
    return row


def change(step: ReformStep, *, kind: str, title: str, summary: str, by: User, indicator: Indicator | None = None) -> ReformStep:
    """Correct the words of a step and say which indicator reports it; its stages stand."""
    access.require(by, Permission.RECORD_INSTITUTIONS, project=step.project, place=step.institution.place)
    step.kind, step.title, step.summary, step.indicator = kind, title, summary, indicator
    _check(step)
    with transaction.atomic():
        step.save()
        audit.record("reform.changed", [step, step.institution], by=by, kind=kind)
    return step


def reach(
    step: ReformStep, *, stage: int, reached_on: date, evidence: str, by: User, women_consulted: int | None = None,
    men_consulted: int | None = None,
) -> ReformStage:  # fmt: skip
    """A stage is reached. Stages may be passed over, but days follow the order of the stages.

    A measure of transitional justice counts the victims consulted, women and men, when it comes to its consultation.
    """
    access.require(by, Permission.RECORD_INSTITUTIONS, project=step.project, place=step.institution.place)
    problems = []
    if reached_on > timezone.localdate():
        problems.append(Problem("reached_on", _("The day lies in the future."), "in_the_future"))
    if step.stages.filter(stage__lt=stage, reached_on__gt=reached_on).exists():
        problems.append(Problem("reached_on", _("An earlier stage was reached after this day."), "out_of_order"))
    if step.stages.filter(stage__gt=stage).exists():
        problems.append(Problem("stage", _("A later stage is recorded already."), "passed"))
    if step.is_transitional and stage == ReformStage.Stage.CONSULTED and None in (women_consulted, men_consulted):
        text = _("Say how many victims were consulted, women and men; 0 where none was.")
        problems.append(Problem("women_consulted", text, "required"))
    if problems:
        raise Invalid(problems)
    row = ReformStage(
        step=step, stage=stage, reached_on=reached_on, evidence=evidence.strip(), women_consulted=women_consulted,
        men_consulted=men_consulted, recorded_by=by,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        ReformStep.objects.filter(pk=step.pk).update(updated_at=timezone.now())
        audit.record("reform.reached", [step, step.institution], by=by, stage=stage)
    return row


def indicators_of(projects: Iterable[Project]) -> QuerySet[Indicator]:
    """The indicators of these projects that report the stage of one law or policy."""
    rows = Indicator.objects.filter(project__in=projects, definition__computed_by=STAGE_TALLY)
    return rows.select_related("project").order_by("project__code", "code")


def _check(row: ReformStep) -> None:
    if row.indicator is not None and not indicators_of([row.project]).filter(pk=row.indicator.pk).exists():
        text = _("Choose an indicator of %(project)s that reports the stage of a law.") % {"project": row.project.code}
        raise Invalid([Problem("indicator", text, "another_indicator")])
    row.full_clean()
