"""Its part of the measuring: one survey round with many responses, written beside the acts and their checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Organization, User
from locations.models import Place
from programs.models import Project
from surveys import instruments, scoring
from surveys.models import Answer, InstrumentVersion, Option, Score, SurveyResponse, SurveyRound
from surveys.rounds import Given, Sheet

CODE = "social-cohesion"
BATCH = 1000


@dataclass(frozen=True)
class Held:
    """The round, its responses as item code to option code, and the least that its page and its scores cost."""

    survey_round: SurveyRound
    definition: scoring.Definition
    answers: list[Mapping[str, str]]
    counted_by_sql: Callable[[], Any]
    averaged_in_floats: Callable[[], Any]


def seed(responses: int, *, project: Project, partner: Organization, place: Place, by: User) -> Held:
    """A round of a random sample; each answer looks like chance and is the same in every run, one in eleven is left out."""
    version = _version(by)
    now = timezone.now()
    survey_round, _made = SurveyRound.objects.get_or_create(
        version=version, project=project, partner=partner, place=place, stage=SurveyRound.Stage.BASELINE, held_on="2025-06-30",
        defaults={"method": SurveyRound.Method.RANDOM, "status": SurveyRound.Status.OPEN, "opened_at": now, "opened_by": by, "planned_by": by},
    )  # fmt: skip
    sheet = Sheet(version)
    given = [Given(_answers(number, sheet.definition)) for number in range(responses)]
    have = survey_round.responses.count()
    for begun in range(have, responses, BATCH):
        some = range(begun, min(begun + BATCH, responses))
        rows = SurveyResponse.objects.bulk_create(SurveyResponse(survey_round=survey_round, number=n + 1, entered_by=by) for n in some)
        sheet.fill([(row, given[n]) for n, row in zip(some, rows, strict=True)])
    answers = [one.answers for one in given]
    return Held(survey_round, sheet.definition, answers, _counts(survey_round), _means(sheet.definition, answers))


def _version(by: User) -> InstrumentVersion:
    instruments.load_shipped()
    version = InstrumentVersion.objects.get(instrument__code=CODE)
    if version.status == InstrumentVersion.Status.DRAFT:
        version.status, version.activated_at, version.activated_by = InstrumentVersion.Status.ACTIVE, timezone.now(), by
        version.save()
    return version


def _answers(number: int, definition: scoring.Definition) -> dict[str, str]:
    """Skip rules hold, as they do for whoever asks."""
    found: dict[str, str] = {}
    for at, question in enumerate(definition.questions):
        chance = (number * 7919 + at * 104_729 + number // 7 * at) % 1009
        if chance % 11:
            codes = list(question.choices)
            found[question.code] = codes[chance % len(codes)]
    asked = {question.code for question in scoring.applicable(definition, found)}
    return {code: option for code, option in found.items() if code in asked}


def _counts(survey_round: SurveyRound) -> Callable[[], Any]:
    response, score, answer, option = (model._meta.db_table for model in (SurveyResponse, Score, Answer, Option))
    scores = (
        f"SELECT s.domain_id, s.value, s.reason, COUNT(*) FROM {score} s JOIN {response} r ON r.id = s.response_id "  # noqa: S608
        "WHERE r.survey_round_id = %s GROUP BY 1, 2, 3"
    )
    shares = (
        f"SELECT a.item_id, o.is_favourable, COUNT(*) FROM {answer} a JOIN {response} r ON r.id = a.response_id "  # noqa: S608
        f"JOIN {option} o ON o.id = a.option_id WHERE r.survey_round_id = %s AND o.kind = 'answer' GROUP BY 1, 2"
    )

    def read() -> list[Any]:
        with connection.cursor() as cursor:
            found = []
            for sql in (scores, shares):
                cursor.execute(sql, [survey_round.pk])
                found += cursor.fetchall()
            return found

    return read


def _means(definition: scoring.Definition, answers: list[Mapping[str, str]]) -> Callable[[], Any]:
    """The mean of each domain in floats, without skip rules, weights, bands or a rule for too few answers."""
    parts = {
        part.code: [
            (question.code, {code: float(choice.score) for code, choice in question.choices.items() if choice.score is not None})
            for question in definition.questions
            if question.domain == part.code and question.is_scored
        ]
        for part in definition.parts
    }

    def mean(given: Mapping[str, str], questions: list[tuple[str, dict[str, float]]]) -> float | None:
        scores = [values[given[code]] for code, values in questions if given.get(code) in values]
        return sum(scores) / len(scores) if scores else None

    return lambda: [{code: mean(given, questions) for code, questions in parts.items()} for given in answers]
