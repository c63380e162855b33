"""Human-rights due diligence: prepared by one person, decided by another, watched afterwards.

The assessment stays here, strict class. What everybody else may know of it is the ``SupportClearance`` that a decision writes.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import audit, outbox, practice
from accounts.models import User
from accounts.roles import Permission
from institutions.models import HrddpAssessment, HrddpEntry, HrddpMeasure, Institution
from plumbing.refusals import Invalid, Problem, Refused
from programs import access, actionpoints, gates
from programs.models import Project, SupportClearance

State, Scope, Decision, Level = HrddpAssessment.State, HrddpAssessment.Scope, HrddpAssessment.Decision, HrddpAssessment.RiskLevel
PREPARED = frozenset({"unit", "support", "support_kind", "scope", "scope_reason", *HrddpAssessment.INFORMATION, "likelihood", "severity"})
POSITIVE = frozenset({Decision.PROCEED, Decision.PROCEED_WITH_MITIGATION})
FIRST = (Decision.PROCEED, Decision.PROCEED_WITH_MITIGATION, Decision.DECLINE)
# What can be decided in which state; what was decided can only be taken back, or decided again after a review.
CHOICES: dict[str, tuple[str, ...]] = {
    State.PREPARING: (),
    State.WAITING: FIRST,
    State.DECIDED: (Decision.SUSPEND, Decision.WITHDRAW),
    State.REVIEW_DUE: (*FIRST, Decision.SUSPEND, Decision.WITHDRAW),
}


class NotNow(Refused):
    def __init__(self, assessment: HrddpAssessment) -> None:
        super().__init__(_("This cannot be done while the assessment is “%(state)s”.") % {"state": assessment.get_state_display()})


class OwnAssessment(Refused):
    """Always by two people: who prepares does not decide."""

    def __init__(self) -> None:
        super().__init__(_("You prepared this assessment: somebody else decides."))


def level_of(risk: int) -> str:
    """Low, medium or high for likelihood × severity (1 to 25); where they begin is a setting."""
    if risk >= practice.whole("due-diligence-high-from"):
        return Level.HIGH
    return Level.MEDIUM if risk >= practice.whole("due-diligence-medium-from") else Level.LOW


def proposed_scope(support_kind: str) -> str:
    """What the published list says of a kind of support; a person decides and gives the reason."""
    return Scope.OUT if support_kind in HrddpAssessment.OUT else Scope.IN


def prepare(
    *, institution: Institution, project: Project, by: User, renews: HrddpAssessment | None = None, **fields: Any
) -> HrddpAssessment:
    """Begin an assessment. A renewal starts from what the last one found; its measures and decision are not taken over."""
    _require(by, Permission.ASSESS_CLEARANCE, institution, project)
    before = {} if renews is None else {name: getattr(renews, name) for name in PREPARED}
    row = HrddpAssessment(institution=institution, project=project, prepared_by=by, **{**before, **_known(fields)})
    if not institution.engagements.filter(project=project).exists():
        text = _("%(project)s does not work with this institution.") % {"project": project.code}
        raise Invalid([Problem("project", text, "not_engaged")])
    _rate(row)
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("due_diligence.begun", [row, institution, project], by=by, renews=str(renews.pk) if renews else "")
    return row


def write(assessment: HrddpAssessment, *, by: User, **fields: Any) -> HrddpAssessment:
    """Change what is being prepared; once it is sent to the decision it stands."""
    _require(by, Permission.ASSESS_CLEARANCE, assessment.institution, assessment.project)
    with transaction.atomic():
        held = HrddpAssessment.objects.select_for_update().get(pk=assessment.pk)
        if held.state != State.PREPARING:  # it may have been sent, or even decided, since the page was opened
            raise NotNow(held)
        for name, value in _known(fields).items():
            setattr(assessment, name, value)
        _rate(assessment)
        assessment.full_clean()
        assessment.save()
        audit.record("due_diligence.written", _subjects(assessment), by=by)
    return assessment


def add_measure(assessment: HrddpAssessment, *, text: str, owner: User, due_on: date, by: User) -> HrddpMeasure:
    """What lowers the risk, as an action point of the project. Its words are read by more people than the assessment."""
    _require(by, Permission.ASSESS_CLEARANCE, assessment.institution, assessment.project)
    with transaction.atomic():
        point = actionpoints.raise_point(
            text=text, owner=owner, due_on=due_on, by=by, project=assessment.project,
            origin=_("Due diligence: %(institution)s") % {"institution": assessment.institution},
            origin_path=f"/institutions/{assessment.institution_id}/",
        )  # fmt: skip
        row = HrddpMeasure.objects.create(assessment=assessment, action_point=point)
        audit.record("due_diligence.measure_added", [*_subjects(assessment), point], by=by)
    return row


def send(assessment: HrddpAssessment, *, by: User) -> HrddpAssessment:
    """Hand it to whoever decides. Raises ``Invalid`` with everything that is missing."""
    _require(by, Permission.ASSESS_CLEARANCE, assessment.institution, assessment.project)
    if assessment.state != State.PREPARING:
        raise NotNow(assessment)
    _complete(assessment)
    assessment.sent_at, assessment.sent_by, assessment.state = timezone.now(), by, State.WAITING
    with transaction.atomic():
        _move(assessment, State.PREPARING, ["sent_at", "sent_by", "state"])
        audit.record("due_diligence.sent", _subjects(assessment), by=by)
        _tell_deciders(assessment, step="waiting", by=by)
    return assessment


def take_back(assessment: HrddpAssessment, *, by: User) -> HrddpAssessment:
    """Take it back to work on it, as long as nobody has decided."""
    _require(by, Permission.ASSESS_CLEARANCE, assessment.institution, assessment.project)
    if assessment.state != State.WAITING or assessment.decision:
        raise NotNow(assessment)
    assessment.sent_at, assessment.sent_by, assessment.state = None, None, State.PREPARING
    with transaction.atomic():
        _move(assessment, State.WAITING, ["sent_at", "sent_by", "state"])
        audit.record("due_diligence.taken_back", _subjects(assessment), by=by)
    return assessment


def decide(
    assessment: HrddpAssessment, *, decision: str, reason: str, by: User, valid_until: date | None = None, conditions: str = ""
) -> HrddpAssessment:
    """Decide, by somebody who neither prepared it nor manages the project, and write the clearance that plans wait for.

    Support outside the policy is cleared as such. Suspending or withdrawing stops the clearance at once. After a review the old
    clearance is replaced by a new decision. Raises ``NotNow``, ``OwnAssessment``, ``gates.OwnProject``, ``gates.ValidTooLong``.
    """
    _may_decide(assessment, by)
    if decision not in CHOICES[assessment.state]:
        raise NotNow(assessment)
    if not reason.strip():
        raise Invalid([Problem("reason", _("Say why it is decided so."), "required")])
    if decision in FIRST and valid_until is None:
        raise Invalid([Problem("valid_until", _("Say until when the decision holds."), "required")])
    if decision == Decision.PROCEED_WITH_MITIGATION and not assessment.measures.exists():
        raise Invalid([Problem("decision", _("No measure is named yet. Measures need an owner and a date."), "no_measure")])
    before, old = assessment.state, assessment.clearance
    with transaction.atomic():
        if old is not None and old.suspended_at is None:
            gates.suspend(old, reason=_stopped(decision), by=by)
        if decision in FIRST:
            assert valid_until is not None
            assessment.clearance = _clear(assessment, decision, valid_until, conditions, by)
            assessment.valid_until, assessment.conditions = valid_until, conditions
        assessment.decision, assessment.decision_reason = decision, reason.strip()
        assessment.decided_at, assessment.decided_by, assessment.state = timezone.now(), by, State.DECIDED
        assessment.full_clean()
        _move(
            assessment,
            before,
            ["clearance", "valid_until", "conditions", "decision", "decision_reason", "decided_at", "decided_by", "state"],
        )
        _log(assessment, HrddpEntry.Kind.DECISION, f"{Decision(decision).label}: {reason.strip()}", timezone.localdate(), by)
        audit.record("due_diligence.decided", _subjects(assessment), by=by, decision=decision)
    return assessment


def note(assessment: HrddpAssessment, *, kind: str, text: str, happened_on: date, by: User) -> HrddpEntry:
    """Write a line of the log. A grave allegation makes the review due at once and tells whoever decides."""
    if not access.allows(by, Permission.DECIDE_CLEARANCE, project=assessment.project):
        _require(by, Permission.ASSESS_CLEARANCE, assessment.institution, assessment.project)
    if kind not in HrddpEntry.WRITTEN:
        raise Invalid([Problem("kind", _("A decision is taken, not noted."), "invalid")])
    if happened_on > timezone.localdate():
        raise Invalid([Problem("happened_on", _("The day lies in the future."), "in_the_future")])
    alleged = kind == HrddpEntry.Kind.ALLEGATION and assessment.state == State.DECIDED
    with transaction.atomic():
        entry = _log(assessment, kind, text, happened_on, by)
        if alleged:
            assessment.state = State.REVIEW_DUE
            _move(assessment, State.DECIDED, ["state"])
        if kind == HrddpEntry.Kind.ALLEGATION:
            _tell_deciders(assessment, step=f"grave-{entry.pk.hex}", by=by)
        audit.record("due_diligence.noted", _subjects(assessment), by=by, kind=kind)
    return entry


def read(assessment: HrddpAssessment, *, by: User) -> None:
    """Opening an assessment is an event."""
    audit.record("due_diligence.opened", _subjects(assessment), by=by)


def may_decide(assessment: HrddpAssessment, by: User) -> bool:
    """Whether this person could decide it now; the act itself asks again."""
    try:
        _may_decide(assessment, by)
    except (Refused, access.NotAllowed):
        return False
    return bool(CHOICES[assessment.state])


def _may_decide(assessment: HrddpAssessment, by: User) -> None:
    access.require(by, Permission.DECIDE_CLEARANCE, project=assessment.project)
    if by.pk in {assessment.prepared_by_id, assessment.sent_by_id}:
        raise OwnAssessment()
    if assessment.project.manager_id == by.pk or assessment.institution.engagements.filter(project__manager=by).exists():
        raise gates.OwnProject()


def _clear(assessment: HrddpAssessment, decision: str, valid_until: date, conditions: str, by: User) -> SupportClearance:
    written: str = decision
    if assessment.scope == Scope.OUT and decision in POSITIVE:
        written = SupportClearance.Decision.OUT_OF_SCOPE
    unit = f" ({assessment.unit})" if assessment.unit else ""
    return gates.decide(
        recipient=assessment.institution.organization, scope=f"{assessment.support}{unit}"[:300], decision=written,
        valid_from=timezone.localdate(), valid_until=valid_until, owner=assessment.prepared_by, conditions=conditions, by=by,
    )  # fmt: skip


def _stopped(decision: str) -> str:
    """What stands on the clearance, which more people read; why is kept with the assessment."""
    if decision == Decision.SUSPEND:
        return _("Suspended by the due diligence.")
    return _("Withdrawn by the due diligence.") if decision == Decision.WITHDRAW else _("Replaced by a later decision.")


def _complete(row: HrddpAssessment) -> None:
    problems = []
    if not row.scope:
        problems.append(Problem("scope", _("Decide whether the support is within the policy, and why."), "required"))
    if row.scope == Scope.IN:
        for name in HrddpAssessment.INFORMATION:
            if not getattr(row, name).strip():
                label = HrddpAssessment._meta.get_field(name).verbose_name  # type: ignore[union-attr]
                problems.append(Problem(name, _("Write what is known about: %(what)s.") % {"what": label}, "required"))
        if row.risk is None:
            problems.append(Problem("likelihood", _("Rate likelihood and severity, each from 1 to 5."), "required"))
    if problems:
        raise Invalid(problems)


def _rate(row: HrddpAssessment) -> None:
    row.risk_level = level_of(row.risk) if row.risk is not None else ""


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = fields.keys() - PREPARED
    if unknown:
        raise TypeError(f"an assessment has no {sorted(unknown)}")
    return fields


def _move(row: HrddpAssessment, before: str, names: list[str]) -> None:
    """Write only if nobody moved it meanwhile; what is encrypted follows, while the row is still locked."""
    sealed = [name for name in names if name == "decision_reason"]
    values = {name: getattr(row, name) for name in names if name not in sealed}
    if not HrddpAssessment.objects.filter(pk=row.pk, state=before).update(**values, updated_at=timezone.now()):
        raise NotNow(HrddpAssessment.objects.get(pk=row.pk))
    if sealed:
        row.save(update_fields=sealed)


def _log(row: HrddpAssessment, kind: str, text: str, day: date, by: User) -> HrddpEntry:
    entry = HrddpEntry(assessment=row, kind=kind, text=text.strip(), happened_on=day, recorded_by=by)
    entry.full_clean()
    entry.save()
    return entry


def _tell_deciders(row: HrddpAssessment, *, step: str, by: User) -> None:
    """A line in their digest that says that something waits, and nothing of what."""
    for person in access.people_who(Permission.DECIDE_CLEARANCE, project=row.project):
        if person.pk in {by.pk, row.prepared_by_id}:
            continue
        with translation.override(person.language):
            text = (
                _("The due diligence on support to %(who)s waits for a decision.")
                if step == "waiting"
                else _("The due diligence on support to %(who)s is due for review.")
            )
            line = text % {"who": row.institution}
        outbox.post(person, outbox.Line(f"due_diligence:{row.pk}", step, line, path=f"/due-diligence/{row.pk}/"))


def _require(by: User, word: Permission, institution: Institution, project: Project) -> None:
    access.require(by, word, project=project, place=institution.place)


def _subjects(row: HrddpAssessment) -> list[Any]:
    return [row, row.institution, row.project]
