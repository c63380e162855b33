"""The demo's cases in Malakal: two caseworkers of one partner, both pathways, every state a case can wait in. No person stands behind any.

Each case is one line of ``TOLD``: where it stands today and the day on which it was opened. Everything is done by the acts that people
use, on the days that the line tells, so that counts and figures of earlier quarters come out of the cases themselves.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils import timezone

from accounts.models import Organization, User
from dashboard.demo.clock import at
from locations.models import Place
from programs.models import Program, Project
from reintegration import (
    children,
    concerns,
    consents,
    contacts,
    followup,
    giving,
    groundwork,
    intake,
    offers,
    planning,
    profile,
    referrals,
    stages,
)
from reintegration.stages import Facts

NOTICE = "We write down what you tell us under a code, never your name. You may stop at any time, and what you agreed to ends with it."
SAFE = {
    "may_call": True, "call_when": "after 18:00", "who_may_answer": "sister", "visit": True, "visit_where": "at the training centre",
    "unmarked_car": True, "never_mention": "the training, the agency",
}  # fmt: skip
NO_CALLS = {"may_call": False, "visit": True, "visit_where": "at the market", "unmarked_car": True, "never_mention": "why you come"}


@dataclass(frozen=True)
class Told:
    """One case: pathway, sex, age, category, days ago it was opened, where it stands, and how it lives 3, 6 and 12 months on."""

    pathway: str
    sex: str
    age: str
    category: str
    ago: int
    stands: str
    lives: tuple[str, ...] = ()
    worker: int = 0

    @property
    def place_in_order(self) -> int:
        return ORDER.index(self.stands)


ORDER = ("intake", "identified", "screening", "refused", "deferred", "screened", "eligible", "waiting", "active", "completed", "closed")  # fmt: skip
R, P = "reintegration", "prevention"
LOST = "lost"  # not found at the follow-up
TOLD = (
    # Completed: at three, six and twelve months, as far as these have come.
    Told(R, "female", "25-35", "ASSOC", 560, "closed", ("self_employed", "self_employed", "self_employed")),
    Told(R, "male", "18-24", "XC", 548, "closed", ("casual", "employed", LOST)),
    Told(R, "male", "25-35", "XC", 530, "closed", ("none", "self_employed"), 1),
    Told(R, "female", "36-59", "DEP_A", 511, "completed", ("home", "self_employed"), 1),
    Told(R, "male", "36-59", "XC", 480, "closed", ("self_employed", "employed")),
    Told(R, "female", "18-24", "ASSOC", 466, "completed", ("learning", "employed")),
    Told(R, "male", "25-35", "SELF_DEMOB", 451, "completed", ("casual", LOST), 1),
    Told(R, "male", "18-24", "XC", 437, "completed", ("none", "casual"), 1),
    Told(R, "female", "25-35", "ASSOC", 425, "completed", ("self_employed", "self_employed")),
    Told(R, "male", "25-35", "XC", 410, "completed", ("employed", "employed"), 1),
    Told(R, "female", "18-24", "ABDUCTEE", 398, "completed", ("home", "self_employed")),
    Told(R, "male", "36-59", "XC", 391, "completed", ("casual", "none")),
    Told(R, "female", "25-35", "ASSOC", 300, "completed", ("self_employed",)),
    Told(R, "male", "18-24", "XC", 290, "completed", (LOST,), 1),
    Told(P, "male", "18-24", "ATRISK_Y", 330, "completed", ("learning",)),
    Told(P, "female", "18-24", "ATRISK_Y", 318, "completed", ("self_employed",)),
    # Under way.
    Told(R, "male", "25-35", "XC", 240, "active"),
    Told(R, "female", "25-35", "ASSOC", 214, "active"),
    Told(R, "male", "18-24", "XC", 190, "active", (), 1),
    Told(R, "female", "36-59", "DEP_A", 176, "active"),
    Told(R, "male", "36-59", "SELF_DEMOB", 150, "active"),
    Told(R, "female", "18-24", "ASSOC", 132, "active", (), 1),
    Told(P, "male", "18-24", "ATRISK_Y", 160, "active"),
    Told(P, "male", "25-35", "ATRISK_A", 118, "active", (), 1),
    Told(P, "female", "18-24", "ATRISK_Y", 96, "active"),
    Told(R, "male", "18-24", "XC", 26, "active", (), 1),  # since the draft of the running quarter was opened: its figures drift
    # Waiting for somebody, or for an answer.
    Told(P, "female", "18-24", "ATRISK_Y", 12, "eligible", (), 1),
    Told(R, "male", "25-35", "XC", 44, "waiting"),
    Told(P, "female", "25-35", "ATRISK_A", 36, "waiting", (), 1),
    Told(R, "male", "18-24", "XC", 31, "eligible"),
    Told(R, "female", "25-35", "ASSOC", 29, "deferred"),
    Told(R, "male", "36-59", "XC", 60, "refused", (), 1),
    Told(R, "female", "18-24", "ASSOC", 9, "screening"),
    Told(P, "male", "18-24", "ATRISK_Y", 3, "identified"),
)  # fmt: skip

PROFILE = {
    "joined_because": "income", "aspiration": "Earn from own work", "return_to": "here", "livelihood": "craft", "reads": "yes",
    "education": "primary", "skill": "metal", "marital": "married", "children_under_5": "1", "children_5_17": "2", "adults": "1",
    "heads_household": "yes", "child_care": "no", "needs_health_referral": "no", "needs_psychosocial": "no", "disability": "no",
    "income": "none", "debt": "yes", "land": "no", "housing": "family", "fears_reprisal": "no", "needs_relocation": "no",
}  # fmt: skip
MOTHER = {"child_care": "yes", "livelihood": "trade", "skill": "tailoring", "reads": "no", "education": "some_primary"}

# title, sector, kind, free places, open to women, child care, requirements, days until it starts, cost in USD
OPPORTUNITIES = (
    ("Welding course, certified", "metal", "training", 4, "yes", "no", ("reads_and_writes",), 21, None),
    ("Tailoring course with own machine", "tailoring", "training", 6, "yes", "yes", (), 9, None),
    ("Solar fitter apprenticeship", "energy", "apprenticeship", 2, "yes", "unknown", ("primary",), 14, None),
    ("Road works, Malakal to the airstrip", "building", "public_works", 25, "yes", "no", (), 5, None),
    ("Savings group and first loan", "trade", "loan", None, "yes", "yes", ("saves",), None, None),
    ("Boat building yard", "wood", "job", 0, "unknown", "no", ("skill", "tools"), None, None),
    ("Driving licence, lorries", "transport", "training", 3, "yes", "no", ("reads_and_writes", "identity_document"), 30, "80"),
    ("Vegetable plots by the river", "farming", "land", 8, "yes", "unknown", (), None, None),
)  # fmt: skip
# kind, provider, for whom, people a month, function, route
SERVICES = (
    ("legal", "Legal aid desk, Malakal", "Documents, land, family law", 40, "intake clerk", "Walk in, Tuesdays and Thursdays"),
    ("psychosocial", "Women's centre, Malakal", "Women and girls of 18 and more", 25, "counsellor", "By appointment of the caseworker"),
    ("health", "County hospital", "Everybody", None, "triage nurse", "With a note that names no group"),
    ("savings", "Traders' cooperative", "Members of savings groups", 15, "treasurer", "Monthly meeting"),
)


@dataclass
class _Malakal:
    project: Project
    partner: Organization
    place: Place
    workers: tuple[User, User]
    supervisor: User
    notice: Any
    today: date

    def on(self, days_ago: int) -> date:
        return self.today - timedelta(days=max(days_ago, 0))

    def did(self, days_ago: int, act: Callable[..., Any], *args: Any, by: User, **given: Any) -> Any:
        """Do an act at noon of that day, or an hour ago where that day is today."""
        moment = datetime.combine(self.on(days_ago), time(11), UTC)
        with at(min(moment, datetime.now(UTC) - timedelta(hours=1))):
            return act(*args, by=by, **given)


def build(
    *, project: Project, partner: Organization, place: Place, state: Place, workers: tuple[User, User], supervisor: User,
    administrator: User, receivers: tuple[Organization, Organization], answerer: User,
) -> list[Any]:  # fmt: skip
    """``receivers``: who gives legal aid and who leads savings groups; ``answerer`` answers referrals for the first of them."""
    today = timezone.localdate()
    told = _Malakal(project, partner, place, workers, supervisor, None, today)
    began = TOLD[0].ago + 10
    told.notice = told.did(began, groundwork.put_notice, by=administrator, version="1", language="English", text=NOTICE)
    for language in ("Shilluk", "Nuer", "Arabic"):
        told.did(began, groundwork.put_notice, by=administrator, version="1", language=language, text=NOTICE)
    for pathway in (R, P):
        told.did(began, groundwork.offer, project.program, by=administrator, pathway=pathway)
    told.did(
        began, groundwork.put_protection_contact, by=administrator, name="Child protection desk, Malakal", place=place,
        phone="+211 900 000 000", hours="day and night",
    )  # fmt: skip
    for receiver in receivers:
        told.did(
            began, referrals.record_agreement, by=administrator, partner=partner, receiver=receiver, reference=f"SHA-{receiver.pk}",
            starts_on=told.on(began), ends_on=today + timedelta(days=200),
        )  # fmt: skip
    chance = random.Random(11)  # noqa: S311 - the same demo every time
    made = [_case(told, number, line, chance) for number, line in enumerate(TOLD)]
    by_state = {state: [case for case, line in zip(made, TOLD, strict=True) if line.stands == state] for state in ORDER}
    _left_and_came_back(told, by_state)
    _under_way(told, by_state["active"], receivers, answerer)
    _waiting(told, [*by_state["eligible"][:1], *by_state["waiting"]])
    _open_intake(told)
    _map(told, project.program)
    _children(told, state)
    return made


def _case(told: _Malakal, number: int, line: Told, chance: random.Random) -> Any:
    """Take a case from its opening to where its line says it stands."""
    worker, did = told.workers[line.worker], told.did
    case = did(
        line.ago, intake.open_case, by=worker, project=told.project, partner=told.partner, pathway=line.pathway, place=told.place,
        source=("self_report", "community", "referral", "list")[number % 4] if line.pathway == R else "community", sex=line.sex,
        birth_year=None, age_band=line.age, adult_beyond_doubt=True, notice=told.notice, notice_given_on=told.on(line.ago),
        notice_method="oral_witness", basis="consent", safe_contact=NO_CALLS if number % 5 == 0 else SAFE,
    )  # fmt: skip
    for ago, step in _road(told, case, line, worker, chance):
        if ago < 0:
            break
        step(ago)
        case.refresh_from_db(fields=["state", "state_since", "category", "completed_on", "version"])
    return case


def _road(told: _Malakal, case: Any, line: Told, worker: User, chance: random.Random) -> Iterator[tuple[int, Callable[[int], Any]]]:
    """The steps of a case with the days ago on which each is taken, until it stands where its line says."""
    did, reached = told.did, line.place_in_order

    def advance(ago: int, to: str, facts: Facts | None = None) -> Any:
        return did(ago, stages.advance, case, by=worker, to=to, on=told.on(ago), facts=facts or Facts())

    if line.pathway == R and reached >= ORDER.index("screening"):
        yield line.ago - 3, partial(advance, to="screened", facts=Facts(interviewer="same_sex"))
        if line.stands == "screening":
            return
        yield line.ago - 4, lambda ago: did(ago, stages.confirm, case, by=told.supervisor)
        decision = Facts(deciding_body="DDR commission, Upper Nile", decision_code="E-1", category=line.category)
        if line.stands in ("refused", "deferred"):
            against = {"refused": stages.refuse, "deferred": stages.defer}[line.stands]
            yield line.ago - 12, lambda ago: did(ago, against, case, by=worker, on=told.on(ago), facts=decision)
            return
        yield line.ago - 12, partial(advance, to="eligible", facts=decision)
    elif line.pathway == P and reached > ORDER.index("identified"):
        yield line.ago - 5, partial(advance, to="accepted", facts=Facts(category=line.category))
    if line.pathway == R or reached > ORDER.index("identified"):
        for purpose in ("services", "follow_up"):
            yield line.ago - (12 if line.pathway == R else 5), partial(_consent, told, case, worker, purpose)
    if reached <= ORDER.index("eligible"):
        return
    yield line.ago - 14, lambda ago: did(ago, profile.save, case, by=worker, answers=_answers_of(line), factors=_factors_of(line))
    if line.pathway == R:
        yield line.ago - 14, partial(advance, to="profiled")
    yield from _agreed(told, case, line, worker)
    if line.stands == "waiting":
        return
    yield line.ago - 20, partial(advance, to="planned")
    yield line.ago - 22, partial(advance, to="active")
    yield from _supported(told, case, line, worker, chance)
    if reached < ORDER.index("completed"):
        return
    yield line.ago - 170, partial(advance, to="completed")
    if line.stands == "closed":
        close = partial(stages.close, case, exit_reason="completed")
        yield line.ago - 178, lambda ago: did(ago, close, by=told.supervisor, on=told.on(ago))
    yield from _followed_up(told, case, line, worker, chance)


def _consent(told: _Malakal, case: Any, worker: User, purpose: str, ago: int, **more: Any) -> Any:
    given = {"purpose": purpose, "answer": "yes", "notice": told.notice, "method": "oral_witness", "given_on": told.on(ago)}
    until = told.on(ago) + timedelta(days=730)
    return told.did(ago, consents.record, case, by=worker, until=until, **given, **more)


def _answers_of(line: Told) -> dict[str, str]:
    if line.sex == "female":
        return {**PROFILE, **MOTHER}
    return {**PROFILE, "marital": "single" if line.age == "18-24" else "married"}


def _factors_of(line: Told) -> dict[str, list[str]] | None:
    return {"push": ["no_income"], "pull": ["money", "belonging"], "protects": ["family", "mentor"]} if line.pathway == P else None


def _agreed(told: _Malakal, case: Any, line: Told, worker: User) -> Iterator[tuple[int, Callable[[int], Any]]]:
    """The plan: written, agreed with the person, approved by the supervisor unless the case waits for that."""
    plans: list[Any] = []
    goals = (
        ("economic", "Work on own account" if line.sex == "female" else "Trade certificate", "attends the course", Decimal(140), "hours"),
        ("social", "Takes part in the savings group", "goes to the meetings", Decimal(12), "meetings"),
    )  # fmt: skip

    def write(ago: int) -> None:
        plan = told.did(ago, planning.start, case, by=worker)
        for strand, title, does, target, unit in goals[: 1 if line.pathway == P else 2]:
            told.did(
                ago, planning.set_goal, plan, by=worker, strand=strand, title=title, target=target, unit=unit,
                roles=[("participant", does), ("caseworker", "visits every second week")], due_on=told.on(ago) + timedelta(days=160),
            )  # fmt: skip
        told.did(ago, planning.propose, plan, by=worker, agreed_on=told.on(ago))
        plans.append(plan)

    yield line.ago - 17, write
    if line.stands != "waiting":
        yield line.ago - 19, lambda ago: told.did(ago, planning.approve, plans[0], by=told.supervisor)


def _supported(told: _Malakal, case: Any, line: Told, worker: User, chance: random.Random) -> Iterator[tuple[int, Callable[[int], Any]]]:
    done = line.stands in ("completed", "closed")
    kind = "vocational" if line.pathway == R else "mentoring"
    if line.pathway == R:
        yield line.ago - 24, lambda ago: _survey(told, told.did(ago, followup.baseline, case, by=worker), worker, ago, 0.38, chance)

    def serve(ago: int) -> None:
        ends = {"ends_on": told.on(ago - 90), "is_completed": True} if done else {}
        given = {"kind": kind, "strand": "economic", "starts_on": told.on(ago), "dose": Decimal(140), "dose_unit": "hours", **ends}
        told.did(ago - 90 if done else ago, giving.give_service, case, by=worker, **given)

    yield line.ago - 30, serve
    speak = partial(contacts.record, case, kind="visit", result="done")
    yield line.ago - 60, lambda ago: told.did(ago, speak, by=worker, happened_on=told.on(ago))


def _followed_up(told: _Malakal, case: Any, line: Told, worker: User, chance: random.Random) -> Iterator[tuple[int, Callable[[int], Any]]]:
    for months, lives in zip((3, 6, 12), line.lives, strict=False):

        def hold(ago: int, months: int = months, lives: str = lives) -> None:
            row = case.follow_ups.get(wave=months)
            if lives == LOST:
                told.did(ago, followup.not_found, row, by=worker, on=told.on(ago), movement="within")
                return
            if months == 6 and line.pathway == R:
                _survey(told, row, worker, ago, 0.62, chance)
            told.did(ago, followup.settle, row, by=worker, on=told.on(ago), livelihood=lives, movement="stayed")

        yield line.ago - 170 - {3: 94, 6: 187, 12: 370}[months], hold


def _survey(told: _Malakal, follow_up: Any, worker: User, ago: int, mean: float, chance: random.Random) -> None:
    """One round of the reintegration survey, each answer near a mean of 0 to 1."""
    answers = {}
    for question in followup.sheet().definition.questions:
        if question.shown_if:
            continue
        scored = [choice for choice in question.choices.values() if choice.score is not None]
        wish = chance.gauss(mean, 0.15)
        if scored:
            answers[question.code] = min(scored, key=lambda choice: abs(float(choice.score or 0) - wish)).code
    answers |= {"R27": "rarely", "R28": "no"}
    shown = {"R10": "more_income", "R30": "wants_to"}
    safety = {"feels_safe": "yes" if mean > 0.5 else "no", "accepted": "yes", "threatened": "no", "pressed": "no"}
    told.did(ago, followup.assess, follow_up, by=worker, answers={**answers, **shown}, held_on=told.on(ago), safety=safety)


def _under_way(told: _Malakal, active: list[Any], receivers: tuple[Organization, Organization], answerer: User) -> None:
    """What stands on the active cases this week: referrals in every state, contacts late and due, consent withdrawn, a new plan."""
    legal, savings = receivers
    first, second, third, fourth, fifth, sixth, mentored, watched, new = active[:9]

    def refer(case: Any, ago: int, to: Organization, service: str, reason: str) -> Any:
        _consent(told, case, case.caseworker, "sharing", ago, organization=to)
        return told.did(
            ago, referrals.send, case, by=case.caseworker, to=to, service=service, reason=reason, contact_route="Office, Malakal",
        )  # fmt: skip

    closed = refer(first, 80, legal, "legal", "Identity document")
    told.did(76, referrals.accept, closed, by=answerer)
    told.did(52, referrals.complete, closed, by=answerer, outcome="received")
    accepted = refer(second, 26, legal, "legal", "Land paper")
    told.did(22, referrals.accept, accepted, by=answerer)
    refer(first, 19, savings, "savings", "Savings group")  # never answered: a loop that does not close
    refer(third, 2, savings, "savings", "Savings group")
    declined = refer(fifth, 40, legal, "legal", "Identity document")
    told.did(37, referrals.decline, declined, by=answerer, reason="no_document")

    def speak(case: Any, ago: int, next_step: str = "", next_in: int | None = None, result: str = "done", kind: str = "visit") -> Any:
        following = {"next_step": next_step, "next_on": told.today + timedelta(days=next_in)} if next_in is not None else {}
        return told.did(ago, contacts.record, case, by=case.caseworker, happened_on=told.on(ago), kind=kind, result=result, **following)

    speak(first, 33, "contact", -4)  # overdue, and nobody may call
    speak(second, 12, "plan", 2)
    speak(third, 16, "contact", -1, result="not_found", kind="phone")
    speak(fifth, 6, "service", 4, kind="office")
    speak(mentored, 5, "contact", 7)
    speak(watched, 3, "supervisor", 0)
    speak(new, 20, "follow_up", 10, kind="phone")
    speak(fourth, 14, "plan", 6)
    speak(sixth, 25)
    speak(active[9], 4, "service", 5, kind="office")
    told.did(3, concerns.raise_concern, watched, by=watched.caseworker, note="Somebody offers money for rides at night.")

    fourth_goal = planning.in_force(fourth).goals.first()
    told.did(20, planning.note_progress, fourth_goal, by=fourth.caseworker, noted_on=told.on(20), value=Decimal(120))
    told.did(
        18, giving.hand_over, fourth, by=fourth.caseworker, what="Tailoring tool kit", quantity=Decimal(1), handed_on=told.on(18),
        receipt_number="T-0418", amount=Decimal(180), currency="USD",
    )  # fmt: skip
    plan = told.did(6, planning.start, fourth, by=fourth.caseworker)
    told.did(
        6, planning.set_goal, plan, by=fourth.caseworker, strand="social", title="Speaks for women in the market committee",
        roles=[("participant", "joins the committee")], due_on=told.today + timedelta(days=90),
    )  # fmt: skip
    told.did(5, planning.propose, plan, by=fourth.caseworker, agreed_on=told.on(5))

    refer(sixth, 9, legal, "legal", "Land paper")
    told.did(4, consents.withdraw, sixth, by=sixth.caseworker)


def _waiting(told: _Malakal, cases: list[Any]) -> None:
    """Who was decided on and waits for a plan is spoken with all the same; one of them has no next step."""
    for number, case in enumerate(cases):
        following = {"next_step": "contact", "next_on": told.today + timedelta(days=3 + number)} if number else {}
        given = {"happened_on": told.on(8 + number), "kind": "office", "result": "done", **following}
        told.did(8 + number, contacts.record, case, by=case.caseworker, **given)


def _left_and_came_back(told: _Malakal, by_state: dict[str, list[Any]]) -> None:
    """A case closed because contact was lost and opened again, and one whose caseworker asks to close it."""
    case = by_state["active"][4]
    told.did(90, stages.ask_to_close, case, by=case.caseworker, exit_reason="lost_contact", on=told.on(90))
    told.did(89, stages.confirm, case, by=told.supervisor)
    told.did(46, stages.ask_to_reopen, case, by=case.caseworker, on=told.on(46), reason="Came back to the office.")
    told.did(45, stages.confirm, case, by=told.supervisor)
    case.refresh_from_db()
    done = by_state["completed"][0]
    told.did(1, stages.ask_to_close, done, by=done.caseworker, exit_reason="completed", on=told.on(1))


def _open_intake(told: _Malakal) -> None:
    """An intake that was left yesterday and can be resumed."""
    worker = told.workers[0]
    draft = told.did(
        1, intake.begin, by=worker, project=told.project, partner=told.partner, pathway=R, notice=told.notice, notice_given_on=told.on(1),
        notice_method="oral_witness", basis="consent", adult_beyond_doubt=True, birth_year=None, age_band="25-35",
    )  # fmt: skip
    told.did(1, intake.keep, draft, by=worker, answers={"sex": "male", "may_call": "yes", "call_when": "in the morning"})


def _map(told: _Malakal, program: Program) -> None:
    where = {"program": program, "kept_by": told.partner, "place": told.place}
    worker = told.workers[0]
    for number, (title, sector, kind, free, women, care, asked, starts, cost) in enumerate(OPPORTUNITIES):
        price = {"cost": Decimal(cost), "currency": "USD"} if cost else {"cost": Decimal(0)}
        told.did(
            100 if number == 5 else 4 * number + 1, offers.record, by=worker, title=title, sector=sector, kind=kind, free_places=free,
            has_no_limit=free is None, for_women=women, for_youth="yes", child_care=care, requirements=asked, provider=title.split(",")[0],
            starts_on=told.today + timedelta(days=starts) if starts else None, demand="high" if number < 4 else "medium", **price, **where,
        )  # fmt: skip
    for kind, provider, whom, capacity, role, route in SERVICES:
        told.did(
            12, offers.record_service, by=worker, kind=kind, provider=provider, eligibility=whom, capacity=capacity, focal_role=role,
            route=route, hours="Monday to Friday, 9 to 15", **where,
        )  # fmt: skip


def _children(told: _Malakal, state: Place) -> None:
    """Receipts of children who were found at the door and never got a case, and the months' counts."""
    worker, now = told.workers[0], datetime.now(UTC)
    where = {"project": told.project, "partner": told.partner}
    for ago, hours, girls, boys in ((210, 20, 0, 2), (120, 63, 1, 1), (33, 9, 1, 0)):
        found = datetime.combine(told.on(ago), time(9), UTC)
        told.did(
            ago - 4, children.hand_over, by=worker, place=told.place, identified_at=found, girls=girls, boys=boys,
            handed_over_at=found + timedelta(hours=hours), receiver="child_protection", **where,
        )  # fmt: skip
    told.did(0, children.hand_over, by=worker, place=told.place, identified_at=now - timedelta(hours=12), boys=1, **where)
    month = told.today.replace(day=1)
    for back in range(3):
        month = (month - timedelta(days=1)).replace(day=1)
        dates = {"year": month.year, "month": month.month, "place": state}
        cells = {("girl", "12-14"): 11 + back, ("girl", "15-17"): 17 - back, ("boy", "12-14"): 13, ("boy", "15-17"): 24 + 2 * back}
        children.count_month(by=worker, kind="at_risk", cells=cells, **dates, **where)
        children.count_violations(by=worker, number=back, **dates, **where)
