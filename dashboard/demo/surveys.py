"""The demo's surveys: instruments in force, four cohesion rounds in Renk and four rounds on the police in Malakal."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from accounts.models import Organization, User
from dashboard.demo.clock import at
from locations.models import Place
from programs import disaggregations
from programs.models import Disaggregation, Project
from surveys import instruments, rounds
from surveys.models import InstrumentVersion, SurveyRound

STAGES = (("baseline", None), ("midline", None), ("followup", 1), ("followup", 2))
# months before today, answers, mean aimed at on the scale 0 to 100
COHESION = ((20, 144, "49.2"), (14, 151, "50.6"), (7, 156, "55.9"), (2, 152, "57.3"))
# months before today, answers, percent who trust the police
POLICE = ((20, 152, 30), (14, 158, 34), (7, 160, 39), (2, 155, 44))
NUDGES = 2000


def build(
    *, today: date, administrator: User, by: User, approver: User, cohesion: tuple[Project, Organization, Place],
    police: tuple[Project, Organization, Place],
) -> list[SurveyRound]:  # fmt: skip
    """Put the instruments in force, then hold the rounds; ``by`` enters, ``approver`` approves."""
    put_in_force(by=administrator)
    chance = random.Random(7)  # noqa: S311 - the same demo every time
    held = []
    for hold, rows, where in ((_cohesion, COHESION, cohesion), (_police, POLICE, police)):
        for number, (months, _n, _aim) in enumerate(rows):
            with at(datetime.combine(_held_on(today, months), time(16), UTC)):
                row = hold(chance, number, where, today, by)
                rounds.close(row, by=by)
                rounds.approve(row, by=approver)
            held.append(row)
    return held


def put_in_force(*, by: User) -> None:
    """Load and activate what needs no official text; what is in force already stays."""
    if InstrumentVersion.objects.active().exists():
        return
    instruments.load_shipped(by=by)
    for version in InstrumentVersion.objects.filter(status="draft", needs_official_text=False).select_related("instrument"):
        instruments.activate(version, by=by)


def _held_on(today: date, months: int) -> date:
    return today - timedelta(days=months * 30)


def _cohesion(chance: random.Random, number: int, where: tuple[Project, Organization, Place], today: date, by: User) -> SurveyRound:
    months, n, mean = COHESION[number]
    row = _open("social-cohesion", number, months, n, where, today, by)
    sheet = rounds.Sheet(row.version)
    people = [_answers(chance, sheet, float(mean) / 100) for _one in range(n)]
    _bring_to(chance, sheet, people, Decimal(mean))
    rounds.respond_many(row, responses=[rounds.Given(answers) for answers in people], by=by)
    return row


def _police(chance: random.Random, number: int, where: tuple[Project, Organization, Place], today: date, by: User) -> SurveyRound:
    months, n, percent = POLICE[number]
    row = _open("perception-of-police", number, months, n, where, today, by)
    sheet = rounds.Sheet(row.version)
    trusting = round(n * percent / 100)
    people = [_answers(chance, sheet, percent / 100 + 0.05) for _one in range(n)]
    for place, answers in enumerate(people):
        answers["P01"] = chance.choice(["agree", "strongly_agree"] if place < trusting else ["neither", "disagree", "strongly_disagree"])
    asked = [rounds.Given(answers, respondent=who) for answers, who in zip(people, _women_and_men(n), strict=True)]
    rounds.respond_many(row, responses=asked, by=by)
    return row


def _women_and_men(n: int) -> list[Disaggregation]:
    """Who answered, women and men in turn."""
    ids = disaggregations.ensure(["sex=female", "sex=male"])
    found = Disaggregation.objects.in_bulk(list(ids.values()))
    return [found[ids["sex=male" if number % 2 else "sex=female"]] for number in range(n)]


def _open(code: str, order: int, months: int, n: int, where: tuple[Project, Organization, Place], today: date, by: User) -> SurveyRound:
    project, partner, place = where
    stage, number = STAGES[order]
    version = InstrumentVersion.objects.active().get(instrument__code=code)
    row = rounds.plan(
        version=version, project=project, partner=partner, place=place, stage=stage, number=number, held_on=_held_on(today, months),
        method=SurveyRound.Method.CLUSTER, frame="Households of 15 clusters, one adult each", planned_n=150, design_effect=Decimal("1.30"),
        approached=n + 17, by=by,
    )  # fmt: skip
    return rounds.open(row, by=by)


def _answers(chance: random.Random, sheet: rounds.Sheet, mean: float) -> dict[str, str]:
    """One person's answers around a mean: some people are content with much, others with little."""
    own = min(max(chance.gauss(mean, 0.2), 0.0), 1.0)
    return {code: _nearest(_offered(sheet, code), chance.gauss(own, 0.22)) for code in sheet.items}


def _offered(sheet: rounds.Sheet, item: str) -> list[tuple[float, str]]:
    found = sheet.items[item].option_set_id
    rows = [(option.score, code) for (key, code), option in sheet.options.items() if key == found]
    return sorted((float(score), code) for score, code in rows if score is not None)


def _nearest(options: Sequence[tuple[float, str]], wish: float) -> str:
    return min(options, key=lambda option: abs(option[0] - wish))[1]


def _bring_to(chance: random.Random, sheet: rounds.Sheet, people: list[dict[str, str]], mean: Decimal) -> None:
    """Move single answers one step until the mean of the round is the story's, to a tenth."""
    weight = {code: _share(sheet, code) for code in sheet.items if sheet.items[code].is_scored}
    steps = {code: [option for _score, option in _offered(sheet, code)] for code in weight}
    have = sum(_value(sheet, weight, answers) for answers in people) / len(people)
    for _nudge in range(NUDGES):
        gap = float(mean) - have
        if abs(gap) < 0.02:
            return
        answers, code = chance.choice(people), chance.choice(list(weight))
        at = steps[code].index(answers[code]) + (1 if gap > 0 else -1)
        if 0 <= at < len(steps[code]):
            answers[code] = steps[code][at]
            have += (25 if gap > 0 else -25) * weight[code] / len(people)


def _share(sheet: rounds.Sheet, code: str) -> float:
    """What an item counts in the index: its domain's fifth, divided over the domain's items."""
    domain = sheet.items[code].domain_id
    return 1 / len(sheet.domains) / sum(item.domain_id == domain and item.is_scored for item in sheet.items.values())


def _value(sheet: rounds.Sheet, weight: dict[str, float], answers: dict[str, str]) -> float:
    scores = {code: {option: score for score, option in _offered(sheet, code)} for code in weight}
    return sum(100 * weight[code] * scores[code][answers[code]] for code in weight)
