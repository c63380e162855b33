"""The demo's dialogue on the Renk corridor, its committee and promises, disputes, needs and local projects, as on an afternoon in Renk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Organization, User
from communities import commitments, disputes, forums, local_projects, needs
from communities.disputes import Mediator, Party
from communities.forums import Seats
from communities.models import Community, Forum, LocalProject
from dashboard.demo.clock import at
from locations.models import Place
from programs.models import Project

# days ago, people, women
SESSIONS = [
    (340, 44, 10), (319, 48, 12), (277, 48, 12), (249, 52, 14), (226, 47, 15), (186, 46, 16), (137, 48, 17), (74, 47, 18), (32, 48, 20),
]  # fmt: skip
SEATS = [Seats("women", 5, 30), Seats("youth", 4, 25), Seats("uprooted", 5, 33), Seats("herders", 1, 14)]
RANKED = {
    "Safe water": (1, 3, 4, 1),
    "Safety at night": (2, 5, 3, 4),
    "Work and training": (3, 4, 1, 3),
    "Schools": (4, 7, 2, 5),
    "Cattle routes and farm land": (5, 1, 5, 7),
    "Plots for those who return": (6, 6, 7, 2),
    "Road to Malakal": (7, 2, 6, 6),
}
RANKED_BEFORE = {  # half a year before: as the groups sat then
    "Safe water": (2, 4, 5, 1),
    "Safety at night": (3, 2, 4, 3),
    "Work and training": (1, 3, 1, 4),
    "Cattle routes and farm land": (5, 1, 3, 6),
    "Plots for those who return": (6, 6, 6, 2),
    "Food until the harvest": (4, 5, 2, 5),
}
RANKING = {"women": 34, "men": 31, "youth": 29, "displaced": 26}


@dataclass
class _Renk:
    project: Project
    partner: Organization
    place: Place
    community: Community | None
    by: User
    today: date

    @property
    def where(self) -> dict[str, Any]:
        return {"project": self.project, "partner": self.partner, "place": self.place, "community": self.community}

    def on(self, days_ago: int) -> date:
        return self.today - timedelta(days=days_ago)

    def did(self, days_ago: int, act: Callable[..., Any], *args: Any, **given: Any) -> Any:
        """Do an act in the late afternoon of that day."""
        moment = datetime.combine(self.on(days_ago), time(15), UTC)
        with at(min(moment, datetime.now(UTC) - timedelta(hours=1))):
            return act(*args, by=self.by, **given)


def build(*, project: Project, partner: Organization, place: Place, by: User) -> None:
    """``by`` records for the partner. A community at the place is used where there is one."""
    community = Community.objects.filter(place=place).order_by("id").first()
    renk = _Renk(project, partner, place, community, by, timezone.localdate())
    dialogue = _dialogue(renk)
    _promises(renk, dialogue)
    committee = _committee(renk)
    _disputes(renk, committee)
    _needs(renk)
    _local_projects(renk, committee)


def _dialogue(renk: _Renk) -> Forum:
    dialogue: Forum = renk.did(
        340, forums.start_forum, name="Dialogue “Renk corridor”", kind="dialogue", started_on=renk.on(340),
        purpose="Farmers and herders agree on routes, water and the market.", **renk.where,
    )  # fmt: skip
    for number, (days, people, women) in enumerate(SESSIONS, 1):
        renk.did(
            days, forums.meet, dialogue, happened_on=renk.on(days), people_present=people, women=women, men=people - women,
            sheet_number=f"RC-{number:02d}",
        )  # fmt: skip
    done = renk.did(137, forums.decide, dialogue, text="Walk the three routes together before they are marked", decided_on=renk.on(137))
    renk.did(100, forums.act_on, done, acted_on=renk.on(101), evidence="Walk of both sides, visit report")
    renk.did(32, forums.decide, dialogue, text="Meet weekly until the harvest ends", decided_on=renk.on(32))
    renk.did(
        4, forums.change_forum, dialogue, name=dialogue.name, kind=dialogue.kind, started_on=dialogue.started_on, community=renk.community,
        purpose=dialogue.purpose, next_session_on=renk.on(-3), next_session_note="earlier because of the alert",
    )  # fmt: skip
    return dialogue


def _promises(renk: _Renk, dialogue: Forum) -> None:
    agreement = renk.did(
        225, forums.agree, title="Agreement on the Renk corridor", signed_on=renk.on(226), forum=dialogue, mediator="committee",
        parties="farmers of Renk\nseasonal herders\ntraders of the market", dispute_kind="land", stage="SubPar", signatories_female=3,
        signatories_male=11, witnesses=9, read_aloud_in=3, monitoring="Committee of both sides, every month", verified_by="county peace office",
        **renk.where,
    )  # fmt: skip

    def promise(text: str, who: str, *, due: int | None = None, since: int | None = None, topic: str = "") -> Any:
        day = {"due_on": renk.on(due) if due is not None else None, "since": renk.on(since) if since is not None else None}
        return renk.did(225, commitments.promise, text=text, who=who, agreement=agreement, topic=topic, **day)

    herds = promise("Keep herds off the farms until the harvest ends", "Herders’ committee", due=-68, topic="LaRef")
    weapons = promise("No weapons at the market", "Youth leaders of both sides", since=226)
    promise("Open 2 water points to the herds", "Farmers’ union", due=-8, topic="LaRef")
    routes = promise("Mark the 3 cattle routes", "County land office", due=4, topic="LaRef")
    cattle = promise("Give back 46 cattle of the January raid", "Chiefs’ court", due=116, topic="TjRep")
    patrol = promise("Patrol on both market days", "Police post, Renk", since=206, topic="SsrPol")
    renk.did(103, commitments.keep, cattle, on=renk.on(104), source="Receipt signed by both sides")
    renk.did(24, commitments.keep, patrol, on=renk.on(24), source="Patrol book", outcome="47 of 52 days")
    renk.did(8, commitments.report_breach, herds, on=renk.on(9), source="Chiefs’ court", text="Herd in standing crops, then a fight")
    renk.did(8, commitments.report_breach, herds, on=renk.on(9), source="Community monitor", text="Herd in standing crops")
    renk.did(7, commitments.keep, routes, on=renk.on(8), source="Visit report", text="3 photos without faces")
    renk.did(5, commitments.report_breach, weapons, on=renk.on(5), source="One phone call", text="Weapons seen at the market")


def _committee(renk: _Renk) -> Forum:
    committee: Forum = renk.did(
        277, forums.start_forum, name="Peace committee, Renk", kind="committee", started_on=renk.on(277), **renk.where
    )  # fmt: skip
    renk.did(277, forums.seat, committee, since=renk.on(277), seats=14, lines=SEATS, note="elected")
    dark = renk.did(
        60, forums.raise_concern, committee, group="women", about="safety", text="The school road is dark", raised_on=renk.on(61)
    )
    renk.did(58, forums.assign, dark, to="Local project committee", on=renk.on(58))
    market = renk.did(
        40,
        forums.raise_concern,
        committee,
        group="youth",
        about="police",
        text="Searches at the market without a reason",
        raised_on=renk.on(40),
    )
    renk.did(38, forums.assign, market, to="Commander of the police post", on=renk.on(38))
    renk.did(22, forums.resolve, market, how="Searches are announced and done in pairs", on=renk.on(22))
    renk.did(6, forums.raise_concern, committee, group="herders", about="rumours", text="Rumours in phone groups", raised_on=renk.on(6))
    return committee


def _disputes(renk: _Renk, committee: Forum) -> None:
    def opened(days: int, title: str, kind: str, *parties: Party) -> Any:
        given = {"title": title, "kind": kind, "opened_on": renk.on(days), "parties": parties, "forum": committee, **renk.where}
        return renk.did(days, disputes.open_dispute, **given)

    pool = opened(
        260, "Who waters first at the north pool", "water", Party("herders of two counties", 2, 14, 5), Party("farmers", 11, 9, 6)
    )
    renk.did(240, disputes.mediate, pool, on=renk.on(240), mediators=[Mediator("women", 5, 0)])
    renk.did(231, disputes.settle, pool, on=renk.on(231), terms="Herds water in the morning, farms in the afternoon.")
    first, second = pool.follow_ups.order_by("months")
    renk.did(138, disputes.follow_up, first, on=renk.on(138), holds=True)
    renk.did(46, disputes.follow_up, second, on=renk.on(46), holds=True, note="Both sides say so")
    crops = opened(150, "Herd in the crops at route 2", "land", Party("farmers of route 2", 8, 12, 7), Party("seasonal herders", 0, 16, 9))
    renk.did(140, disputes.mediate, crops, on=renk.on(140), mediators=[Mediator("chiefs", 0, 4), Mediator("committee", 2, 3)])
    renk.did(130, disputes.settle, crops, on=renk.on(130), terms="Eight sacks of sorghum are paid; the herd takes route 3.")
    renk.did(9, disputes.relapse, crops, on=renk.on(9), note="Herd in standing crops again")
    raid = opened(
        295,
        "Cattle taken in the January raid",
        "cattle",
        Party("owners of 46 cattle", 3, 9),
        Party("young men of the cattle camp", 0, 12, 12),
    )
    renk.did(280, disputes.refer, raid, on=renk.on(280), to="Chiefs’ court")
    opened(12, "A returned family’s plot is built on", "land", Party("family who came back", 4, 3, 2), Party("family on the plot", 3, 2, 1))


def _needs(renk: _Renk) -> None:
    for days, ranked in ((250, RANKED_BEFORE), (70, RANKED)):
        table = {need: dict(zip(RANKING, ranks, strict=True)) for need, ranks in ranked.items()}
        renk.did(
            days, needs.rank, title=f"{renk.on(days + 2):%B %Y}", starts_on=renk.on(days + 6), ends_on=renk.on(days + 2), table=table,
            people=RANKING, groups_met=12, method="Each group met apart, with a facilitator of its own. Cards were put in order, then read out.",
            **renk.where,
        )  # fmt: skip


def _local_projects(renk: _Renk, committee: Forum) -> None:
    def proposed(days: int, title: str, kind: str, money: str, **more: Any) -> LocalProject:
        seats = {"committee_women": 5, "committee_men": 9, "committee_young": 4, "committee": committee}
        row: LocalProject = renk.did(
            days, local_projects.propose, title=title, kind=kind, proposed_on=renk.on(days), minutes=f"PSC-{days}", currency="USD",
            asked=Decimal(money), **seats, **more, **renk.where,
        )  # fmt: skip
        renk.did(days - 14, local_projects.decide, row, decision="approved", on=renk.on(days - 14), approved=Decimal(money))
        return row

    def paid(row: LocalProject, days: int, money: str) -> None:
        renk.did(days, local_projects.pay, row, on=renk.on(days), amount=Decimal(money), reference=f"PV-{row.pk}-{days}")

    wells = proposed(
        270, "Two boreholes, north quarter", "infrastructure", "38200", benefits_women=True, needs_land=True, land_paper="Land board 7/2026",
        sustainability="Water committee, with a fee per jerrycan",
    )  # fmt: skip
    renk.did(245, local_projects.contribute, wells, source="community", in_kind="400 days of work")
    renk.did(240, local_projects.start, wells, on=renk.on(240))
    paid(wells, 160, "38200")
    renk.did(155, local_projects.complete, wells, on=renk.on(155), people_served=2400, served_words="users a week")
    renk.did(150, local_projects.hand_over, wells, on=renk.on(150), to="Women’s water committee")
    renk.did(70, local_projects.ask_users, wells, on=renk.on(70), whom="users", asked=118, satisfied=96)
    cattle = proposed(275, "Joint cattle vaccination", "social", "12600")
    renk.did(258, local_projects.start, cattle, on=renk.on(258))
    paid(cattle, 250, "12600")
    renk.did(246, local_projects.complete, cattle, on=renk.on(246), people_served=310, served_words="owners")
    renk.did(245, local_projects.hand_over, cattle, on=renk.on(245), to="County animal health office")
    renk.did(190, local_projects.ask_users, cattle, on=renk.on(190), whom="owners", asked=96, satisfied=61)
    renk.did(50, local_projects.check, cattle, on=renk.on(50), works=True, used=True)
    shelter = proposed(120, "Market shelter with women’s stalls", "business", "46500", benefits_women=True, led_by_women=True)
    renk.did(90, local_projects.start, shelter, on=renk.on(90))
    paid(shelter, 30, "27900")
    lights = proposed(80, "Night lights, school road", "infrastructure", "18000", benefits_women=True, led_by_women=True)
    renk.did(2, local_projects.hold, lights, on=renk.on(2), note="Waits for the alert to end")
