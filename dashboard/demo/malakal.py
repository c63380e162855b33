"""The demo's institutions around Malakal: who answers to whom, clearances, capacity, support, reform and what people bring to their forum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Organization, User
from communities import commitments, forums
from dashboard.demo.clock import at
from institutions import capacity, complaints, due_diligence, profiles, reform, support
from institutions.models import Institution
from locations.models import Place
from programs import actionpoints, workplan
from programs.models import Project
from surveys import rounds
from surveys.models import InstrumentVersion, SurveyRound

# Two statements an area, in the order of the scale: complaints, custody, women, records, response, command, staff, community.
MODERATED = {405: "1 1 1 1 1 2 2 1 2 2 2 2 2 2 2 2", 45: "1 2 2 1 2 2 2 2 2 2 2 3 3 2 3 3"}
OWN = {410: "2 2 2 3 2 2 2 2 2 3 3 2 3 2 2 3", 50: "3 2 3 3 2 2 3 2 3 2 3 3 3 3 3 3"}
NOTES = (
    "Complaint book of one post in four", "No case closed in the file of 12 months", "Register of the main post, complete for five of nine months",
    "No outside visit since last year", "Staff list: one woman above sergeant", "Women's desk at the main station, open four days of seven",
    "One case form in three of four posts", "Monthly numbers are sent, not used", "Call log of the main station", "One vehicle in order, no radio plan",
    "Annual plan without a budget", "Written orders, signed and filed", "Vetting list of the personnel office", "Files of 42 trained officers",
    "Minutes of the forum", "Patrol book: displaced people's site twice a week",
)  # fmt: skip
# days ago, people, women, what was decided, days until somebody acted on it and what shows it
SESSIONS = [
    (230, 31, 9, "Open the women's desk on market days", 35, "Roster of the desk"),
    (165, 36, 13, "Patrol the displaced people's site after dark", 20, "Patrol book"),
    (95, 38, 15, "Put up the complaint box outside the station", 30, "Photo without faces"),
    (25, 41, 18, "Publish what became of complaints, every quarter", None, ""),
]  # fmt: skip
# group, about, days ago, days until assigned, days until resolved, what
CONCERNS = [
    ("women", "safety", 228, 3, 27, "The road to the water point is unsafe before sunrise"),
    ("women", "police", 160, 2, 20, "Officers laugh at those who report violence at home"),
    ("women", "justice", 92, 5, None, "Nobody says what became of a case"),
    ("women", "safety", 24, 4, None, "No light at the bus stop"),
    ("men", "police", 226, 4, 15, "Money is asked at the bridge"),
    ("men", "land", 90, 6, 24, "Plots are sold twice"),
    ("youth", "police", 163, 3, 33, "Searches without a reason"),
    ("youth", "police", 23, None, None, "Phones are taken and not given back"),
    ("displaced", "safety", 162, 2, 29, "No patrol at the site at night"),
    ("displaced", "services", 91, 9, None, "A statement needs a paper that burned"),
]  # fmt: skip
# Complaints about the police of the state in the last 15 whole months, oldest first: received, closed, 30 days ended, of these in time.
COMPLAINTS = [
    (3, 1, 2, 1), (4, 2, 3, 1), (5, 3, 4, 2), (4, 2, 5, 3), (4, 4, 4, 2), (5, 2, 4, 3), (6, 3, 5, 3), (5, 4, 6, 4),
    (5, 3, 5, 3), (2, 2, 5, 3), (3, 1, 2, 1), (2, 3, 3, 2), (6, 3, 2, 2), (5, 5, 6, 5), (7, 4, 5, 4),
]  # fmt: skip
INFORMATION = {
    "record": "Two complaints of ill-treatment in two years, both investigated.", "command": "One line of command, orders in writing.",
    "oversight": "Inspector from the state each quarter; no public report.", "conduct": "Fees at checkpoints were reported by traders.",
    "ability_to_mitigate": "The commissioner can move officers and did so once.", "political": "Tension before the local elections.",
}  # fmt: skip


@dataclass
class _Malakal:
    project: Project
    partner: Organization
    place: Place
    manager: User
    officer: User
    decider: User
    reporter: User
    today: date

    @property
    def where(self) -> dict[str, Any]:
        return {"project": self.project, "partner": self.partner, "place": self.place}

    def on(self, days_ago: int) -> date:
        return self.today - timedelta(days=days_ago)

    def did(self, days_ago: int, act: Callable[..., Any], *args: Any, by: User | None = None, **given: Any) -> Any:
        """Do an act at noon of that day; by the institution officer where nobody else is named."""
        moment = datetime.combine(self.on(days_ago), time(12), UTC)
        with at(min(moment, datetime.now(UTC) - timedelta(hours=1))):
            return act(*args, by=by or self.officer, **given)


def build(
    *, project: Project, partner: Organization, place: Place, command: Organization, manager: User, officer: User, decider: User,
    reporter: User, today: date,
) -> Institution:  # fmt: skip
    """The command with everything around it; ``reporter`` works for the partner. The instruments are in force already."""
    malakal = _Malakal(project, partner, place, manager, officer, decider, reporter, today)
    police = _institutions(malakal, command)
    _clearance(malakal, police)
    _support(malakal, police)
    _capacity(malakal, police)
    _reform(malakal, police)
    _forum(malakal, police)
    _complaints(malakal)
    return police


def uncleared(
    *, project: Project, partner: Organization, place: Place, post: Organization, command: Institution, officer: User, by: User, today: date
) -> None:
    """The post at the corridor: somebody handed over radios before anybody had asked."""
    with at(datetime.combine(today - timedelta(days=240), time(12), UTC)):
        row = profiles.record(
            project=project, partner=partner, place=place, kind="police_station", organization=post, parent=command, posts=1, by=officer
        )
    with at(datetime.combine(today - timedelta(days=8), time(12), UTC)):
        support.record(
            institution=row, project=project, partner=partner, kind="equipment", title="2 radios", happened_on=today - timedelta(days=9),
            place=place, quantity=2, handed_over_on=today - timedelta(days=9), handed_over_to="Commander of the post",
            note="Two radios for the corridor.", by=by,
        )  # fmt: skip


def _institutions(malakal: _Malakal, command: Organization) -> Institution:
    def record(days: int, kind: str, **given: Any) -> Institution:
        row: Institution = malakal.did(days, profiles.record, kind=kind, **given, **malakal.where)
        return row

    government = record(430, "local_government", name="Malakal County Administration", posts=3)
    police = record(
        430, "police_command", organization=command, posts=4, note="Four posts in the county, one at the displaced people's site."
    )
    record(429, "justice", name="Upper Nile High Court", posts=1)
    commission = record(428, "oversight_body", name="Upper Nile Security Reform Commission", posts=1, parent=government)
    station = record(300, "police_station", name="Malakal Central Police Station", parent=police, posts=1)
    cells = {"rank=senior|sex=female": 2, "rank=middle|sex=female": 7, "rank=junior|sex=female": 21,
             "rank=senior|sex=male": 14, "rank=middle|sex=male": 46, "rank=junior|sex=male": 96}  # fmt: skip
    malakal.did(
        140, profiles.count_staff, police, counted_on=malakal.on(141), total=186, source="Staff list, counted by the police", cells=cells
    )
    # The station waits: its due diligence lies with the decider, so its training stays a draft.
    row = malakal.did(
        20, due_diligence.prepare, institution=station, project=malakal.project, support="Case records training and one case form",
        support_kind="training", scope="in", scope_reason="It raises the station's operational capability.", likelihood=2, severity=3,
        **INFORMATION,
    )  # fmt: skip
    malakal.did(18, due_diligence.add_measure, row, text="Check the record of each trainee", owner=malakal.officer, due_on=malakal.on(-30))
    malakal.did(6, due_diligence.send, row)
    malakal.did(
        19, workplan.add_line, by=malakal.manager, code="1.1b", title="Case records training, Central Station", supports=station.organization,
        starts_on=malakal.on(-20), ends_on=malakal.on(-24), **malakal.where,
    )  # fmt: skip
    scheme = malakal.did(
        120, reform.begin, institution=commission, project=malakal.project, kind="reparation", title="Reparation for burned houses",
        summary="A list of households, and who pays.",
    )  # fmt: skip
    malakal.did(118, reform.reach, scheme, stage=1, reached_on=malakal.on(119), evidence="Draft scheme, version 2")
    malakal.did(
        40,
        reform.reach,
        scheme,
        stage=2,
        reached_on=malakal.on(42),
        evidence="Minutes of five hearings",
        women_consulted=61,
        men_consulted=58,
    )
    return police


def _clearance(malakal: _Malakal, police: Institution) -> None:
    assessment = malakal.did(
        226, due_diligence.prepare, institution=police, project=malakal.project, support="Community policing training and forum meetings",
        support_kind="training", scope="in", scope_reason="It raises operational capability.", likelihood=3, severity=3, **INFORMATION,
    )  # fmt: skip
    record = malakal.did(
        224, due_diligence.add_measure, assessment, text="Check the record of each trainee", owner=malakal.officer, due_on=malakal.on(195)
    )
    malakal.did(
        224,
        due_diligence.add_measure,
        assessment,
        text="Outside visit to custody each month",
        owner=malakal.reporter,
        due_on=malakal.on(12),
    )
    malakal.did(220, due_diligence.send, assessment)
    malakal.did(
        214, due_diligence.decide, assessment, by=malakal.decider, decision="proceed_with_mitigation", valid_until=malakal.on(-12),
        reason="The commissioner acts on complaints; outside visits keep watch.",
        conditions="Officers are screened; a human-rights session opens every training.",
    )  # fmt: skip
    malakal.did(196, actionpoints.finish, record.action_point, note="28 of 28 names checked, none found.")
    for code, title, starts, ends in (
        ("1.1", "Community policing training, Malakal", 200, -60), ("1.1a", "Hand-over of 14 radios", -18, -18),
    ):  # fmt: skip
        line = malakal.did(
            205, workplan.add_line, by=malakal.manager, code=code, title=title, supports=police.organization, starts_on=malakal.on(starts),
            ends_on=malakal.on(ends), **malakal.where,
        )  # fmt: skip
        malakal.did(205, workplan.move, line, to="planned", by=malakal.manager)


def _support(malakal: _Malakal, police: Institution) -> None:
    def gave(days: int, kind: str, title: str, **given: Any) -> Any:
        return malakal.did(
            days, support.record, institution=police, kind=kind, title=title, happened_on=malakal.on(days), by=malakal.reporter,
            **malakal.where, **given,
        )  # fmt: skip

    def cells(*numbers: int) -> dict[str, int]:
        keys = [
            "rank=senior|sex=female",
            "rank=senior|sex=male",
            "rank=middle|sex=female",
            "rank=middle|sex=male",
            "rank=junior|sex=female",
        ]
        return dict(zip([*keys, "rank=junior|sex=male"], numbers, strict=True))

    gave(192, "training", "Community policing I", people=42, cells=cells(2, 8, 3, 8, 7, 14), test_before=Decimal(48), test_after=Decimal(71),
         tested=41)  # fmt: skip
    gave(
        60,
        "training",
        "Case records",
        people=28,
        cells=cells(1, 3, 2, 7, 4, 11),
        test_before=Decimal(39),
        test_after=Decimal(66),
        tested=28,
    )
    bikes = gave(170, "equipment", "4 motorbikes", quantity=4, handed_over_on=malakal.on(170), handed_over_to="Operations officer")
    malakal.did(
        75, support.check, bikes.checks.get(), by=malakal.reporter, checked_on=malakal.on(76), looked_at=4, in_use=4,
        findings="All four at the posts; log books agree with the patrols.",
    )  # fmt: skip
    lamps = gave(110, "equipment", "6 lamp sets for the women's desk", quantity=6, handed_over_on=malakal.on(110),
                 handed_over_to="Women's desk")  # fmt: skip
    malakal.did(
        14, support.check, lamps.checks.get(), by=malakal.reporter, checked_on=malakal.on(15), looked_at=6, in_use=5,
        findings="One set is in repair.",
    )  # fmt: skip


def _capacity(malakal: _Malakal, police: Institution) -> None:
    """Two rounds, each scored by the police themselves and moderated with them; the weakest areas become action points."""
    version = InstrumentVersion.objects.active().get(instrument__code="police-capacity")
    last: SurveyRound | None = None
    for assessor, told in (("self", OWN), ("moderated", MODERATED)):
        for days, scores in told.items():
            first = days > 365
            row = malakal.did(
                days, rounds.plan, version=version, stage="baseline" if first else "followup", number=None if first else 1, subject="institution",
                organization=police.organization, mode="meeting", assessor=assessor, held_on=malakal.on(days), **malakal.where,
            )  # fmt: skip
            malakal.did(days, rounds.open, row)
            answers = {f"K{number:02d}": score for number, score in enumerate(scores.split(), 1)}
            notes = {f"K{number:02d}": note for number, note in enumerate(NOTES, 1)} if assessor == "moderated" else {}
            malakal.did(days, rounds.respond, row, answers=answers, evidence=notes)
            malakal.did(days - 1, rounds.close, row)
            last = malakal.did(days - 4, rounds.approve, row, by=malakal.manager)
    assert last is not None
    domains = {domain.code: domain for domain in version.domains.all()}
    for area, text, owner, due in (
        ("complaints", "A complaint book in all four posts; the count goes to the commission every quarter", malakal.officer, -25),
        ("custody", "Visit by outside monitors every month", malakal.reporter, 5),
        ("women", "Women's desk open every day at the main station", malakal.officer, -70),
    ):
        malakal.did(
            40, capacity.act_on, police, survey_round=last, domain=domains[area], text=text, owner=owner, due_on=malakal.on(due)
        )  # fmt: skip


def _reform(malakal: _Malakal, police: Institution) -> None:
    policy = malakal.did(
        380, reform.begin, institution=police, project=malakal.project, kind="policy", title="Policy on community policing",
        summary="Posts, patrols and forums with one plan.",
    )  # fmt: skip
    for stage, days, evidence in (
        (1, 379, "Draft text, version 1"),
        (2, 250, "Minutes of 6 meetings"),
        (3, 175, "Signed order, copy on file"),
    ):
        who = {"women_consulted": 131, "men_consulted": 180} if stage == 2 else {}
        malakal.did(days - 1, reform.reach, policy, stage=stage, reached_on=malakal.on(days), evidence=evidence, **who)
    custody = malakal.did(
        70, reform.begin, institution=police, project=malakal.project, kind="procedure", title="Procedure for people in custody"
    )
    malakal.did(69, reform.reach, custody, stage=1, reached_on=malakal.on(70), evidence="Draft of the legal office")


def _forum(malakal: _Malakal, police: Institution) -> None:
    forum = malakal.did(
        232, forums.start_forum, name="Community–police forum, Malakal", kind="police", institution=police.organization,
        started_on=malakal.on(232), purpose="Concerns are raised by group, assigned and answered in the next meeting.", **malakal.where,
    )  # fmt: skip
    malakal.did(
        231, forums.seat, forum, since=malakal.on(232), seats=16,
        lines=[forums.Seats("women", 6, 40), forums.Seats("youth", 4, 25), forums.Seats("displaced", 4, 25)],
    )  # fmt: skip
    for number, (days, people, women, decided, acted, evidence) in enumerate(SESSIONS, 1):
        session = malakal.did(
            days, forums.meet, forum, happened_on=malakal.on(days), people_present=people, women=women, men=people - women,
            sheet_number=f"CP-{number:02d}",
        )  # fmt: skip
        decision = malakal.did(days, forums.decide, forum, text=decided, decided_on=malakal.on(days), session=session)
        if acted is not None:
            malakal.did(days - acted, forums.act_on, decision, acted_on=malakal.on(days - acted), evidence=evidence)
    patrol = malakal.did(
        165, commitments.promise, forum=forum, text="Two patrols a night at the displaced people's site", who="Police command",
        due_on=malakal.on(130), topic="SsrPol",
    )  # fmt: skip
    malakal.did(129, commitments.keep, patrol, on=malakal.on(131), source="Patrol book", outcome="31 of 34 nights")
    malakal.did(
        25, commitments.promise, forum=forum, text="Give back phones that were taken without a paper", who="Police command",
        due_on=malakal.on(3), topic="SsrPol",
    )  # fmt: skip
    for group, about, days, assigned, resolved, text in CONCERNS:
        row = malakal.did(days, forums.raise_concern, forum, group=group, about=about, text=text, raised_on=malakal.on(days))
        if assigned is not None:
            on = malakal.on(days - assigned)
            malakal.did(days - assigned, forums.assign, row, to="Duty officer for the forum", on=on)
        if resolved is not None:
            malakal.did(days - resolved, forums.resolve, row, how="Answered in the next meeting", on=malakal.on(days - resolved))


def _complaints(malakal: _Malakal) -> None:
    """The commission's register, month by month: numbers for the state, and of what they were about as much as it tells apart."""
    commission = Institution.objects.get(organization__name="Upper Nile Security Reform Commission")
    this_month = malakal.today.year * 12 + malakal.today.month - 1
    for back, (received, closed, due, in_time) in zip(range(len(COMPLAINTS), 0, -1), COMPLAINTS, strict=True):
        year, month = divmod(this_month - back, 12)
        ended = date((this_month - back + 1) // 12, (this_month - back + 1) % 12 + 1, 1)
        malakal.did(
            max((malakal.today - ended).days - 5, 0), complaints.count_month, register=commission, service="police", place=malakal.place.parent,
            year=year, month=month + 1, received=received, closed=closed, due=due, in_time=in_time, source="Monthly sheet of the register",
            kinds={"extortion": received // 2, "force": received // 4, "neglect": received // 5},
        )  # fmt: skip
