"""A forum in a small field, and who works with it: what the tests of forums, disputes, needs and local projects start from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from communities import commitments, disputes, forums, local_projects, needs
from communities.models import Commitment, Dispute, Forum, LocalProject, NeedsRanking
from tests import factories
from tests.factories import World


def ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


@dataclass
class Peace:
    world: World
    officer: User
    stranger: User

    def where(self) -> dict[str, Any]:
        return {"project": self.world.project, "partner": self.world.partner, "place": self.world.place}

    def forum(self, **changes: Any) -> Forum:
        given = {"name": f"Forum {Forum.objects.count() + 1}", "kind": "dialogue", "started_on": ago(400), **self.where(), **changes}
        return forums.start_forum(by=self.officer, **given)

    def promise(self, **changes: Any) -> Commitment:
        given = {"text": "Mark the cattle routes", "who": "County land office", "due_on": ago(-8), **changes}
        if not {"forum", "agreement", "dispute"} & set(given):
            given["forum"] = self.forum()
        return commitments.promise(by=self.officer, **given)

    def dispute(self, **changes: Any) -> Dispute:
        parties = [disputes.Party("farmers", women=12, men=20, young=9), disputes.Party("herders", men=15)]
        given = {"title": "Herd in the crops", "kind": "land", "opened_on": ago(300), "parties": parties, **self.where(), **changes}
        return disputes.open_dispute(by=self.officer, **given)

    def settled(self, days_ago: int = 120, **changes: Any) -> Dispute:
        row = self.dispute(**changes)
        disputes.mediate(row, on=ago(days_ago + 20), mediators=[disputes.Mediator("chiefs", women=1, men=4)], by=self.officer)
        return disputes.settle(row, on=ago(days_ago), terms="Herds stay off the farms until the harvest ends.", by=self.officer)

    def local_project(self, **changes: Any) -> LocalProject:
        given = {
            "title": f"Borehole {LocalProject.objects.count() + 1}", "kind": "infrastructure", "proposed_on": ago(500), "minutes": "PSC-7",
            "currency": "USD", "asked": Decimal("20000"), **self.where(), **changes,
        }  # fmt: skip
        return local_projects.propose(by=self.officer, **given)

    def handed_over(self, days_ago: int = 200, **changes: Any) -> LocalProject:
        row, by = self.local_project(**changes), self.officer
        local_projects.decide(row, decision="approved", on=ago(480), approved=Decimal("18000"), by=by)
        local_projects.start(row, on=ago(470), by=by)
        local_projects.complete(row, on=ago(days_ago + 20), people_served=2400, served_words="users a week", by=by)
        return local_projects.hand_over(row, on=ago(days_ago), to="water committee", by=by)

    def ranking(self, **changes: Any) -> NeedsRanking:
        table = {
            "Safe water": {"women": 1, "men": 3},
            "Cattle routes": {"women": 3, "men": 1},
            "Schools": {"women": 2, "men": 2},
        }
        given = {
            "title": f"Cycle {NeedsRanking.objects.count() + 1}", "starts_on": ago(40), "ends_on": ago(36), "table": table,
            "people": {"women": 34, "men": 31}, "groups_met": 6, **self.where(), **changes,
        }  # fmt: skip
        return needs.rank(by=self.officer, **given)


def make_peace(code: str = "") -> Peace:
    world = factories.world(code)
    factories.dimension("sex", "female", "male", "unknown")
    officer = factories.member(Role.COMMUNITY_OFFICER, program=world.project.program)
    stranger = factories.member(Role.COMMUNITY_OFFICER, program=factories.project().program)
    return Peace(world, officer, stranger)


def keys(world: World) -> dict[str, tuple[Any, ...]]:
    """One of everything in a world of somebody else's making, by what its page is about: for the walk over every page."""
    factories.dimension("sex", "female", "male", "unknown")
    officer = factories.member(Role.COMMUNITY_OFFICER, program=world.project.program)
    peace = Peace(world, officer, officer)
    community = factories.community(world)
    forum = peace.forum(kind="committee", community=community)
    forums.seat(forum, since=ago(60), seats=10, lines=[forums.Seats("women", 3, 30)], by=officer)
    forums.meet(forum, happened_on=ago(30), people_present=12, women=5, men=7, by=officer)
    decision = forums.decide(forum, text="Meet weekly", decided_on=ago(30), by=officer)
    concern = forums.raise_concern(forum, group="women", about="safety", text="The road is dark", raised_on=ago(30), by=officer)
    agreement = forums.agree(
        title="Corridor agreement", signed_on=ago(20), parties="farmers", mediator="committee", dispute_kind="land", stage="SubPar", forum=forum,
        by=officer, **peace.where(),
    )  # fmt: skip
    commitment = peace.promise(forum=forum)
    commitments.report_breach(commitment, on=ago(2), source="police post", by=officer)
    dispute = peace.settled(community=community)
    project = peace.local_project(community=community)
    return {
        "peace community": (community.pk,),
        "forum": (forum.pk,),
        "decision": (decision.pk,),
        "concern": (concern.pk,),
        "agreement": (agreement.pk,),
        "commitment": (commitment.pk,),
        "dispute": (dispute.pk,),
        "follow-up": (dispute.follow_ups.first().pk,),
        "ranking": (peace.ranking(community=community).pk,),
        "local project": (project.pk,),
    }
