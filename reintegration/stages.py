"""The steps of a case: one machine, with the pathways as its tables. Each step is an added row, never a changed one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import User
from locations.models import Place
from plumbing.dates import months_after
from plumbing.refusals import Invalid, Problem, Refused
from reintegration import opening, pathways, profile, referrals
from reintegration.intake import SecondPersonNeeded
from reintegration.models import (
    Case,
    Category,
    Consent,
    ExitReason,
    FollowUp,
    Goal,
    Pathway,
    Plan,
    Profile,
    State,
    StepProposal,
    Transition,
)
from reintegration.models.cases import BEFORE_DECISION

S = State
AT_RISK = frozenset({Category.ATRISK_A, Category.ATRISK_Y})


class StepNotPossible(Refused):
    """The case stands somewhere else."""


class StepWaiting(Refused):
    def __init__(self) -> None:
        super().__init__(_("A step waits for a second person. Confirm it or take it back first."))


@dataclass(frozen=True)
class Facts:
    """What single gates ask for; each gate reads its own and what no gate asked for is not kept."""

    reason: str = ""
    interviewer: str = ""
    verified_by_method: str = ""
    deciding_body: str = ""
    decision_code: str = ""
    category: str = ""
    is_foreign: bool | None = None
    form_version: str = ""
    form_language: str = ""
    health_referral: bool | None = None
    card_without_group: bool | None = None
    destination: Place | None = None
    reinsertion_from: date | None = None
    reinsertion_until: date | None = None


NONE = Facts()


@dataclass
class _Step:
    """A step on its way into the table."""

    to: State
    on: date
    by: User
    second: User | None = None
    facts: Facts = field(default_factory=Facts)
    event: str = "case.advanced"
    exit_reason: str = ""


def advance(case: Case, *, to: str, on: date, by: User, facts: Facts = NONE) -> Transition | StepProposal:
    """Take the next step. Screening waits for a second person: then the answer is the proposal.

    Raises ``StepNotPossible``, ``StepWaiting``, ``Invalid`` with everything that the gate misses.
    """
    opening.require_work(case, by)
    with transaction.atomic():
        row = _locked(case)
        _no_proposal(row)
        if pathways.next_step(row) != to:
            raise StepNotPossible(_("This is not the next step of the case. Steps are not jumped over."))
        _refuse([*_date_problems(row, on), *GATES.get(S(to), _nothing)(row, facts)])
        if S(to) in pathways.BY_TWO:
            proposal = StepProposal(case=row, to_state=to, happened_on=on, interviewer=facts.interviewer, reason=facts.reason, by=by)
            proposal.full_clean(exclude=["reason"])
            proposal.save()
            audit.record("case.step_proposed", [row, row.project, row.partner], by=by, to=to)
            return proposal
        return _write(row, _Step(S(to), on, by, facts=_only(S(to), facts)))


def confirm(case: Case, *, by: User) -> Transition:
    """The second person confirms what the first recorded: a screening, or a closure or reopening that the caseworker asked for."""
    opening.require_work(case, by)
    with transaction.atomic():
        row = _locked(case)
        proposal = StepProposal.objects.filter(case=row).first()
        if proposal is None:
            raise StepNotPossible(_("No step of this case waits for a second person."))
        if proposal.by_id == by.pk:
            raise SecondPersonNeeded(_("You recorded this step. A second person confirms it."))
        if proposal.to_state == S.CLOSED or proposal.reopens:
            _supervisor_not_caseworker(row, by)
        facts = replace(_returning(row, S(proposal.to_state), proposal.reason), interviewer=proposal.interviewer)
        step = _Step(
            S(proposal.to_state), proposal.happened_on, proposal.by, second=by, facts=facts,
            event="case.reopened" if proposal.reopens else "case.step_confirmed", exit_reason=proposal.exit_reason,
        )  # fmt: skip
        proposal.delete()
        return _write(row, step, actor=by)


def take_back(case: Case, *, by: User) -> None:
    """Take a waiting step back; nothing of it stays but the event."""
    opening.require_work(case, by)
    with transaction.atomic():
        row = _locked(case)
        gone, _each = StepProposal.objects.filter(case=row).delete()
        if not gone:
            raise StepNotPossible(_("No step of this case waits for a second person."))
        audit.record("case.step_taken_back", [row, row.project, row.partner], by=by)


def defer(case: Case, *, on: date, by: User, facts: Facts) -> Transition:
    """The deciding body wants to know more: the case goes on where it stood, once ``resume`` is called."""
    return _decide_against(case, S.DEFERRED, on=on, by=by, facts=facts, event="case.deferred")


def refuse(case: Case, *, on: date, by: User, facts: Facts) -> Transition:
    """The deciding body found the person not eligible; the code of its decision is kept, never evidence."""
    return _decide_against(case, S.INELIGIBLE, on=on, by=by, facts=facts, event="case.found_ineligible")


def resume(case: Case, *, on: date, by: User, reason: str) -> Transition:
    """A deferred case returns to the step before."""
    opening.require_work(case, by)
    with transaction.atomic():
        row = _locked(case)
        if row.state != S.DEFERRED:
            raise StepNotPossible(_("Only a deferred case is resumed."))
        _refuse([*_date_problems(row, on), *_needs("reason", reason)])
        return _write(row, _Step(_state_before(row), on, by, facts=_returning(row, _state_before(row), reason), event="case.resumed"))


def appeal(case: Case, *, on: date, by: User, reason: str, decision_code: str) -> Transition:
    """An appeal within its window was granted: the case returns to the step before the decision."""
    opening.require_work(case, by)
    with transaction.atomic():
        row = _locked(case)
        if row.state != S.INELIGIBLE:
            raise StepNotPossible(_("Only a decision that somebody is not eligible is appealed."))
        problems = [*_date_problems(row, on), *_needs("reason", reason), *_needs("decision_code", decision_code)]
        if row.appeal_until is not None and on > row.appeal_until:
            problems.append(Problem("on", _("The time for an appeal is over."), "too_late"))
        _refuse(problems)
        facts = replace(_returning(row, _state_before(row), reason), decision_code=decision_code)
        return _write(row, _Step(_state_before(row), on, by, facts=facts, event="case.appealed"))


def back(case: Case, *, to: str, on: date, by: User, reason: str) -> Transition:
    """Return to an earlier step of the pathway, with a reason; what was decided since stays in the rows.

    Behind the decision nothing is shared any more: open referrals end with their receivers' access.
    """
    opening.require_work(case, by)
    with transaction.atomic():
        row = _locked(case)
        _no_proposal(row)
        steps = pathways.steps_of(row)
        if row.state not in steps or to not in steps or steps.index(S(to)) >= steps.index(S(row.state)):
            raise StepNotPossible(_("A step back goes to an earlier step of the pathway."))
        _refuse([*_date_problems(row, on), *_needs("reason", reason)])
        if to in BEFORE_DECISION:
            referrals.end_open(row)
        return _write(row, _Step(S(to), on, by, facts=_returning(row, S(to), reason), event="case.stepped_back"))


def ask_to_close(case: Case, *, exit_reason: str, on: date, by: User, reason: str = "") -> StepProposal:
    """The caseworker asks; a supervisor who is not the caseworker approves with ``confirm``."""
    opening.require_work(case, by)
    with transaction.atomic():
        row = _locked(case)
        _no_proposal(row)
        _can_close(row, exit_reason, on)
        proposal = StepProposal(case=row, to_state=S.CLOSED, happened_on=on, exit_reason=exit_reason, reason=reason, by=by)
        proposal.full_clean(exclude=["reason"])
        proposal.save()
        audit.record("case.step_proposed", [row, row.project, row.partner], by=by, to=S.CLOSED.value, exit_reason=exit_reason)
    return proposal


def close(case: Case, *, exit_reason: str, on: date, by: User, reason: str = "") -> Transition:
    """A supervisor closes; never the caseworker of the case."""
    with transaction.atomic():
        row = _locked(case)
        _supervisor_not_caseworker(row, by)
        _no_proposal(row)
        _can_close(row, exit_reason, on)
        return _write(row, _Step(S.CLOSED, on, by, facts=Facts(reason=reason), exit_reason=exit_reason, event="case.closed"))


def reopen(case: Case, *, on: date, by: User, reason: str) -> Transition:
    """A closed case returns to the step before, by a supervisor who is not the one that closed it; ``ask_to_reopen`` needs any."""
    opening.require_supervision(case, by)
    with transaction.atomic():
        row = _locked(case)
        _no_proposal(row)
        _refuse(_cannot_reopen(row, on, reason))
        last = row.transitions.order_by("-number").first()
        if last is not None and by.pk == (last.second_id or last.by_id):
            raise SecondPersonNeeded(_("You closed this case. Another supervisor reopens it, or you approve when the caseworker asks."))
        return _write(row, _Step(_state_before(row), on, by, facts=_returning(row, _state_before(row), reason), event="case.reopened"))


def ask_to_reopen(case: Case, *, on: date, by: User, reason: str) -> StepProposal:
    """The caseworker asks, with a reason; a supervisor who is not the caseworker approves with ``confirm``."""
    opening.require_work(case, by)
    with transaction.atomic():
        row = _locked(case)
        _no_proposal(row)
        _refuse(_cannot_reopen(row, on, reason))
        to = _state_before(row)
        proposal = StepProposal(case=row, to_state=to, happened_on=on, reason=reason, by=by, reopens=True)
        proposal.full_clean(exclude=["reason"])
        proposal.save()
        audit.record("case.step_proposed", [row, row.project, row.partner], by=by, to=to.value, reopens=True)
    return proposal


def revoke(case: Case, *, on: date, by: User, decision_code: str, deciding_body: str) -> Transition:
    """The national authority has decided (IDDRS 4.20); staff only write the code of its decision down. There is no way back."""
    opening.require_supervision(case, by)
    with transaction.atomic():
        row = _locked(case)
        StepProposal.objects.filter(case=row).delete()
        order = pathways.STEPS[Pathway(row.pathway)]
        eligible = order.index(S.ELIGIBLE) if S.ELIGIBLE in order else len(order)
        if row.state not in order or order.index(S(row.state)) <= eligible:
            raise StepNotPossible(_("Only what was granted is revoked: the case stands before that, or has ended."))
        _refuse([*_date_problems(row, on), *_needs("decision_code", decision_code), *_needs("deciding_body", deciding_body)])
        facts = Facts(decision_code=decision_code, deciding_body=deciding_body)
        return _write(row, _Step(S.REVOKED, on, by, facts=facts, event="case.revoked"))


# Gates: what is missing before a step, everything at once


def _nothing(case: Case, facts: Facts) -> list[Problem]:
    return []


def _screened(case: Case, facts: Facts) -> list[Problem]:
    return _needs("interviewer", facts.interviewer, _("Say whether an interviewer of the same sex was offered, and the answer."))


def _verified(case: Case, facts: Facts) -> list[Problem]:
    return _needs("verified_by_method", facts.verified_by_method, _("Say how it was verified; being on a commander's list is not enough."))


def _eligible(case: Case, facts: Facts) -> list[Problem]:
    found = [*_needs("deciding_body", facts.deciding_body), *_needs("decision_code", facts.decision_code)]
    if facts.category not in set(Category.values) - AT_RISK:
        found.append(Problem("category", _("Choose the category that was decided."), "missing"))
    return found


def _accepted(case: Case, facts: Facts) -> list[Problem]:
    return [] if facts.category in AT_RISK else [Problem("category", _("Choose the category: adult or youth of 18 and more."), "missing")]


def _registered(case: Case, facts: Facts) -> list[Problem]:
    """Where consent is the basis, it stands for services and for follow-up."""
    if case.basis != "consent":
        return []
    given = set(case.consents.in_force().values_list("purpose", flat=True))
    missing = [p for p in (Consent.Purpose.SERVICES, Consent.Purpose.FOLLOW_UP) if p not in given]
    return [Problem("consent", _("Consent is missing for: %(purpose)s.") % {"purpose": p.label}, "consent_missing") for p in missing]


def _terms(case: Case, facts: Facts) -> list[Problem]:
    return [*_needs("form_version", facts.form_version), *_needs("form_language", facts.form_language)]


def _profiled(case: Case, facts: Facts) -> list[Problem]:
    if Profile.objects.filter(case=case, completed_at__isnull=False).exists():
        return []
    words = _("Complete the profile first. Not answered yet: %(questions)s.") % {"questions": ", ".join(profile.unanswered(case))}
    return [Problem("profile", words, "profile_incomplete")]


def _health_screened(case: Case, facts: Facts) -> list[Problem]:
    words = _("Say whether a referral to a health service is needed. Nothing medical is written down.")
    return [Problem("health_referral", words, "missing")] if facts.health_referral is None else []


def _documented(case: Case, facts: Facts) -> list[Problem]:
    if facts.card_without_group is True:
        return []
    return [Problem("card_without_group", _("The card must not show the armed group. Confirm that it does not."), "missing")]


def _discharged(case: Case, facts: Facts) -> list[Problem]:
    if facts.destination is None:
        return _needs("destination", "")
    if facts.destination.level > Place.Level.ADMIN_2:
        return [Problem("destination", _("Choose the county (admin 2): nothing more exact is kept."), "too_exact")]
    return []


def _planned(case: Case, facts: Facts) -> list[Problem]:
    if Goal.objects.filter(plan__case=case, plan__state=Plan.State.IN_FORCE).exists():
        return []
    return [Problem("plan", _("A plan with at least one goal, agreed with the person and approved, comes first."), "plan_missing")]


def _active(case: Case, facts: Facts) -> list[Problem]:
    if facts.reinsertion_from is None and facts.reinsertion_until is None:
        return []
    if case.pathway != Pathway.DDR_SITE or facts.reinsertion_from is None or facts.reinsertion_until is None:
        return [Problem("reinsertion_until", _("Reinsertion belongs to DDR with a site and has both days."), "invalid")]
    longest = months_after(facts.reinsertion_from, practice.whole("reinsertion-months"))
    if facts.reinsertion_from <= facts.reinsertion_until <= longest:
        return []
    return [Problem("reinsertion_until", _("Reinsertion ends after it begins and within a year."), "too_long")]


GATES: dict[State, Callable[[Case, Facts], list[Problem]]] = {
    S.SCREENED: _screened,
    S.VERIFIED: _verified,
    S.ELIGIBLE: _eligible,
    S.ACCEPTED: _accepted,
    S.REGISTERED: _registered,
    S.TERMS_SIGNED: _terms,
    S.PROFILED: _profiled,
    S.HEALTH_SCREENED: _health_screened,
    S.DOCUMENTED: _documented,
    S.DISCHARGED: _discharged,
    S.PLANNED: _planned,
    S.ACTIVE: _active,
}

# What a step keeps of the facts; category and reinsertion go to the case itself, the flag of health to the profile.
KEEPS: dict[State, tuple[str, ...]] = {
    S.SCREENED: ("interviewer",),
    S.VERIFIED: ("verified_by_method",),
    S.ELIGIBLE: ("deciding_body", "decision_code", "category", "is_foreign"),
    S.ACCEPTED: ("category",),
    S.INELIGIBLE: ("deciding_body", "decision_code"),
    S.DEFERRED: ("deciding_body", "decision_code"),
    S.TERMS_SIGNED: ("form_version", "form_language"),
    S.HEALTH_SCREENED: ("health_referral",),
    S.DOCUMENTED: ("card_without_group",),
    S.DISCHARGED: ("destination",),
    S.ACTIVE: ("reinsertion_from", "reinsertion_until"),
}


def _only(to: State, facts: Facts) -> Facts:
    return Facts(reason=facts.reason, **{name: getattr(facts, name) for name in KEEPS.get(to, ())})


def _decide_against(case: Case, to: State, *, on: date, by: User, facts: Facts, event: str) -> Transition:
    opening.require_work(case, by)
    with transaction.atomic():
        row = _locked(case)
        _no_proposal(row)
        if pathways.next_step(row) not in pathways.DECIDED:
            raise StepNotPossible(_("Eligibility is decided once the steps before it are done."))
        _refuse([*_date_problems(row, on), *_needs("deciding_body", facts.deciding_body), *_needs("decision_code", facts.decision_code)])
        return _write(row, _Step(to, on, by, facts=_only(to, facts), event=event))


def _write(case: Case, step: _Step, *, actor: User | None = None) -> Transition:
    facts = step.facts
    number = case.transitions.count() + 1
    appeal_until = None
    if step.to in (S.ELIGIBLE, S.INELIGIBLE, S.DEFERRED):
        appeal_until = step.on + timedelta(days=practice.whole("appeal-days"))
    row = Transition(
        case=case, number=number, from_state=case.state, to_state=step.to, happened_on=step.on, by=step.by, second=step.second,
        reason=facts.reason, interviewer=facts.interviewer, verified_by_method=facts.verified_by_method, deciding_body=facts.deciding_body,
        decision_code=facts.decision_code, appeal_until=appeal_until, form_version=facts.form_version, form_language=facts.form_language,
        card_without_group=facts.card_without_group, destination=facts.destination, exit_reason=step.exit_reason,
    )  # fmt: skip
    row.full_clean(exclude=["reason"])
    row.save(force_insert=True)
    _move(case, step, appeal_until)
    audit.record(step.event, [case, case.project, case.partner], by=actor or step.by, **{"from": row.from_state, "to": row.to_state})
    return row


def _move(case: Case, step: _Step, appeal_until: date | None) -> None:
    """The case itself after a step: what it says follows from the rows."""
    facts = step.facts
    case.state, case.state_since, case.appeal_until = step.to, step.on, appeal_until
    if step.to in pathways.DECIDED:
        case.category, case.is_foreign = facts.category, facts.is_foreign
    elif step.to in BEFORE_DECISION:
        case.category, case.is_foreign, case.programme_modality = "", None, ""
        case.reinsertion_from = case.reinsertion_until = None
    if step.to == S.ACTIVE and facts.reinsertion_from is not None:
        case.reinsertion_from, case.reinsertion_until = facts.reinsertion_from, facts.reinsertion_until
    if step.to == S.HEALTH_SCREENED and facts.health_referral is not None:
        profile.put_health_referral(case, needed=facts.health_referral, by=step.by)
    if step.to == S.COMPLETED and case.completed_on is None:
        case.completed_on = step.on
        _plan_follow_ups(case)
    elif step.to not in (S.COMPLETED, S.CLOSED) and case.completed_on is not None:
        case.completed_on = None
        FollowUp.objects.filter(case=case, state=FollowUp.State.DUE, wave__gt=0).delete()
    case.closed_on = step.on if step.to in pathways.FINAL else None
    case.exit_reason = step.exit_reason
    case.version += 1
    case.save()


def _plan_follow_ups(case: Case) -> None:
    """Waves count from completion. Without consent to follow-up nobody is asked and none is due."""
    if case.consents.filter(purpose=Consent.Purpose.FOLLOW_UP).exclude(withdrawn_at__isnull=True, answer=Consent.Answer.YES).exists():
        refused = not case.consents.in_force().filter(purpose=Consent.Purpose.FOLLOW_UP).exists()
        if refused:
            return
    assert case.completed_on is not None
    waves = [
        FollowUp(case=case, wave=months, due_on=months_after(case.completed_on, months)) for months in practice.numbers("follow-up-months")
    ]
    FollowUp.objects.bulk_create(waves, ignore_conflicts=True)


def _locked(case: Case) -> Case:
    return Case.objects.select_for_update(of=("self",)).select_related("project", "partner", "place").get(pk=case.pk)


def _state_before(case: Case) -> State:
    last = case.transitions.order_by("-number").first()
    assert last is not None
    return S(last.from_state)


def _returning(case: Case, to: State, reason: str) -> Facts:
    """A step to where the case stood before: how it was verified then still holds."""
    if to != S.VERIFIED:
        return Facts(reason=reason)
    last = case.transitions.filter(to_state=S.VERIFIED).order_by("-number").first()
    return Facts(reason=reason, verified_by_method=last.verified_by_method if last is not None else "")


def _no_proposal(case: Case) -> None:
    if StepProposal.objects.filter(case=case).exists():
        raise StepWaiting()


def _cannot_reopen(case: Case, on: date, reason: str) -> list[Problem]:
    if case.state != S.CLOSED:
        raise StepNotPossible(_("Only a closed case is reopened."))
    return [*_date_problems(case, on), *_needs("reason", reason)]


def _can_close(case: Case, exit_reason: str, on: date) -> None:
    if case.state in pathways.FINAL:
        raise StepNotPossible(_("This case has ended already."))
    problems = _date_problems(case, on)
    if exit_reason not in ExitReason.values:
        problems += _needs("exit_reason", "")
    if exit_reason == ExitReason.COMPLETED and case.state != S.COMPLETED:
        problems.append(Problem("exit_reason", _("Only a case that stands at Completed is closed as completed."), "not_completed"))
    _refuse(problems)


def _supervisor_not_caseworker(case: Case, by: User) -> None:
    opening.require_supervision(case, by)
    if case.caseworker_id == by.pk:
        raise SecondPersonNeeded(_("A supervisor who is not the caseworker closes the case."))


def _date_problems(case: Case, on: date) -> list[Problem]:
    if on > timezone.localdate():
        return [Problem("on", _("This day lies in the future. Record the step once it has happened."), "in_the_future")]
    if on < case.state_since:
        return [Problem("on", _("The step before happened later than this day."), "too_early")]
    return []


def _needs(name: str, value: str, message: str = "") -> list[Problem]:
    return [] if value.strip() else [Problem(name, message or _("This is needed for the step."), "missing")]


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise Invalid(problems)
