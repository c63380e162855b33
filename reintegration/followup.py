"""Follow-up after completion, also after closure: when it is due, what it found, and what the person answered.

Scores describe a round and never a person's risk; signs of distress lead to a referral, not to a message about a score.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import User
from plumbing.refusals import Invalid, Problem, Refused
from reintegration import casework, opening
from reintegration.models import Assessment, AssessmentScore, Case, FollowUp, FollowUpOutcome
from surveys import instruments, scoring

INSTRUMENT = "reintegration-equal-weights"
ALL = "all"
# Answers after which the caseworker is asked to offer psychosocial support.
DISTRESS = {"R27": frozenset({"often", "very_often"}), "R28": frozenset({"yes"})}

# Asked beside the survey and never scored (IDDRS 2.40).
SAFETY: dict[str, Any] = {
    "feels_safe": gettext_lazy("Do you feel safe where you live?"),
    "accepted": gettext_lazy("Do people here accept you?"),
    "threatened": gettext_lazy("Has anybody threatened you in the last months?"),
    "pressed": gettext_lazy("Has anybody pressed you to take up arms again?"),
}
YES_NO = ("yes", "no", "no_answer")


class NoInstrument(Refused):
    def __init__(self) -> None:
        super().__init__(_("No version of the reintegration survey is in force. Whoever sets the portal up activates one."))


class FollowUpSettled(Refused):
    def __init__(self) -> None:
        super().__init__(_("This follow-up is settled already."))


def settle(
    follow_up: FollowUp, *, on: date, livelihood: str, by: User, has_left: bool = False, movement: str = "unknown"
) -> FollowUpOutcome:  # fmt: skip
    """The person was reached: how they make a living, whether they left the support, whether they moved on."""
    return _settle(follow_up, on, by, FollowUp.State.DONE, was_reached=True, livelihood=livelihood, has_left=has_left, movement=movement)


def not_found(follow_up: FollowUp, *, on: date, by: User, movement: str = "unknown", has_left: bool = False) -> FollowUpOutcome:
    """Not found is an outcome too: who cannot be found any more is counted, never left out."""
    return _settle(follow_up, on, by, FollowUp.State.MISSED, was_reached=False, livelihood="", has_left=has_left, movement=movement)


def baseline(case: Case, *, by: User) -> FollowUp:
    """The round before support, due today: what later rounds are compared with."""
    opening.require_work(case, by)
    casework.require_open(case)
    with transaction.atomic():
        row, is_new = FollowUp.objects.get_or_create(case=case, wave=0, defaults={"due_on": timezone.localdate()})
        if is_new:
            audit.record("follow_up.opened", [row, case], by=by, wave=row.wave)
    return row


def sheet() -> Sheet:
    """What the survey in force asks. Raises ``NoInstrument``."""
    version = instruments.active(INSTRUMENT)
    if version is None:
        raise NoInstrument()
    return Sheet(version)


class Sheet:
    def __init__(self, version: Any) -> None:
        self.version = version
        self.definition = instruments.definition_of(version)
        self.questions = {question.code: question for question in self.definition.questions}

    def check(self, answers: Mapping[str, str]) -> dict[str, str]:
        """The answers without what the skip rules hide. Raises ``Invalid`` for what the survey does not offer."""
        given = {code: option for code, option in answers.items() if option}
        problems = [
            Problem(code, _("The survey does not offer this answer."), "unknown")
            for code, option in given.items()
            if code not in self.questions or option not in self.questions[code].choices
        ]
        if problems:
            raise Invalid(problems)
        asked = {question.code for question in scoring.applicable(self.definition, given)}
        return {code: option for code, option in given.items() if code in asked}

    def is_complete(self, answers: Mapping[str, str]) -> bool:
        return all(question.code in answers for question in scoring.applicable(self.definition, answers))


@dataclass(frozen=True)
class Assessed:
    """``offers_support``: an answer says that a talk with a trained support worker should be offered now."""

    assessment: Assessment
    offers_support: bool


def assess(
    follow_up: FollowUp, *, answers: Mapping[str, str], held_on: date, by: User, safety: Mapping[str, str] | None = None
) -> Assessed:
    """Keep what a person answered, encrypted, with its scores; the same follow-up again corrects it and scores it anew.

    The baseline is done with that; a later follow-up also wants to know how the person lives, and stays due until it is settled.

    Raises ``NoInstrument``, ``Invalid``.
    """
    case = follow_up.case
    opening.require_work(case, by)
    casework.require_admitted(case)
    casework.not_in_future("held_on", held_on)
    if follow_up.state in (FollowUp.State.MISSED, FollowUp.State.CANCELLED):
        raise FollowUpSettled()
    asked = sheet()
    kept = asked.check(answers)
    row = Assessment.objects.filter(follow_up=follow_up).first()
    if row is not None and row.instrument != asked.definition.key:
        raise Refused(_("This round was held with another version of the survey and stays as it is."))
    if row is None:
        row = Assessment(case=case, follow_up=follow_up, instrument=asked.definition.key, recorded_by=by)
    else:
        row.corrected_at, row.corrected_by = timezone.now(), by
    row.held_on, row.answers, row.safety = held_on, kept, _safe(safety)
    row.is_complete = asked.is_complete(kept)
    scored = scoring.score(asked.definition, kept)
    with transaction.atomic():
        row.save()
        instruments.mark_used(asked.version)
        if follow_up.wave == 0:
            FollowUp.objects.filter(pk=follow_up.pk, state=FollowUp.State.DUE).update(state=FollowUp.State.DONE, settled_on=held_on)
        row.scores.all().delete()
        AssessmentScore.objects.bulk_create(_scores(row, scored))
        audit.record(
            "assessment.kept", [case], by=by, wave=follow_up.wave, complete=row.is_complete, corrected=row.corrected_at is not None
        )
    return Assessed(row, shows_distress(kept))


def shows_distress(answers: Mapping[str, str]) -> bool:
    return any(answers.get(code) in signs for code, signs in DISTRESS.items())


# Reading


@dataclass(frozen=True)
class ScoreLine:
    """One domain over the rounds of one version: None where too few questions were answered."""

    domain: str
    label: str
    values: tuple[Decimal | None, ...]


@dataclass(frozen=True)
class Rounds:
    instrument: str
    held: tuple[Assessment, ...]
    lines: tuple[ScoreLine, ...]


def rounds(case: Case) -> list[Rounds]:
    """The scores of a case, the rounds of each version of the survey side by side; versions are never compared. Two queries."""
    return arranged(held_in(case), scores_of(case))


def held_in(case: Case) -> QuerySet[Assessment]:
    """The surveys that were held, oldest first, without what the person answered."""
    rows = Assessment.objects.filter(case=case).select_related("follow_up").defer("answers", "safety")
    return rows.order_by("held_on", "recorded_at")


def scores_of(case: Case) -> QuerySet[AssessmentScore]:
    return AssessmentScore.objects.filter(assessment__case=case)


def arranged(held: Iterable[Assessment], scores: Iterable[AssessmentScore]) -> list[Rounds]:
    """The same of rows that were read already."""
    by_version: dict[str, list[Assessment]] = {}
    for row in held:
        by_version.setdefault(row.instrument, []).append(row)
    found: dict[Any, dict[str, Decimal | None]] = {}
    for score in scores:
        found.setdefault(score.assessment_id, {})[score.dimension] = score.value
    return [Rounds(key, tuple(rows), tuple(_lines([found.get(row.pk, {}) for row in rows]))) for key, rows in by_version.items()]


def _lines(found: Sequence[Mapping[str, Decimal | None]]) -> Iterator[ScoreLine]:
    names = {
        "economic": _("Economic"), "social": _("Social"), "psychosocial": _("Psychosocial"), ALL: _("All answers"),
    }  # fmt: skip
    domains = [name for name in names if any(name in one for one in found)]
    for domain in domains:
        yield ScoreLine(domain, names[domain], tuple(one.get(domain) for one in found))


def _scores(row: Assessment, scored: scoring.Scored) -> Iterator[AssessmentScore]:
    for value in scored.values:
        name = ALL if value.scheme == "composite" else value.domain
        yield AssessmentScore(assessment=row, dimension=name, value=value.value, answered=value.answered, items=value.applicable)


def _safe(given: Mapping[str, str] | None) -> dict[str, str] | None:
    if given is None:
        return None
    wrong = [name for name, answer in given.items() if name not in SAFETY or (answer and answer not in YES_NO)]
    if wrong:
        raise Invalid([Problem(name, _("There is no such question or answer."), "unknown") for name in wrong])
    return {name: answer for name, answer in given.items() if answer} or None


def _settle(follow_up: FollowUp, on: date, by: User, state: str, **found: Any) -> FollowUpOutcome:
    case = follow_up.case
    opening.require_work(case, by)
    casework.require_admitted(case)
    casework.not_in_future("on", on)
    if FollowUpOutcome.objects.filter(follow_up=follow_up).exists():
        raise FollowUpSettled()
    row = FollowUpOutcome(follow_up=follow_up, recorded_by=by, **found)
    row.full_clean()
    with transaction.atomic():
        if not FollowUp.objects.filter(pk=follow_up.pk, state=FollowUp.State.DUE).update(state=state, settled_on=on):
            raise FollowUpSettled()
        row.save()
        audit.record("follow_up.settled", [follow_up, case], by=by, wave=follow_up.wave, reached=row.was_reached)
    follow_up.refresh_from_db()
    return row
