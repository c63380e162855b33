"""The demo's community Renk town: who lives there, how it is reached, what divides it, its incidents and the alert they raise."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from accounts.models import Organization, User
from communities import early_warnings, incidents, issues, registry
from communities.models import Community
from dashboard.demo.clock import at
from locations.models import Place
from programs.models import Project

PEOPLE = {"host": 28_500, "idp": 18_300, "returnee": 14_200}
ACCESS = [
    ("road", "closed", "To Malakal: rain, until about 15 November"), ("river", "limited", "Barge once a week"),
    ("air", "open", "Airstrip"), ("phone", "limited", "Two networks in town, none on route 3"),
]  # fmt: skip
ISSUES = [
    {
        "kind": "land", "title": "Land at the corridor", "direct": "farmers, seasonal herders", "decides": "county land office",
        "behind": "traders who rent out land", "can_calm": "elders' council", "trend": "rising",
    },
    {
        "kind": "water", "title": "Grazing and water", "direct": "herders of two counties", "decides": "chiefs' court",
        "can_calm": "women's water committee", "trend": "steady",
    },
    {
        "kind": "return", "title": "Return of displaced families", "direct": "families who return, families on the plots",
        "decides": "land office, mobile court", "can_calm": "faith leaders", "trend": "easing",
    },
]  # fmt: skip
FACTORS = [
    ("divider", "Weapons at the market", 4, "rising"), ("divider", "Farm borders without marks", 4, "easing"),
    ("divider", "Who receives aid", 2, "steady"), ("connector", "Women's water committee", 4, "rising"),
    ("connector", "Shared market days", 4, "steady"), ("connector", "Joint cattle vaccination", 3, "rising"),
]  # fmt: skip
# days ago, kind, source, verified
TOLD = [
    (352, "property", "Police post", True), (318, "land_dispute", "Chiefs' court", True), (291, "mob", "Community monitor", True),
    (263, "threat", "Community monitor", False), (230, "property", "Police post", True), (205, "land_dispute", "Chiefs' court", True),
    (171, "threat", "Farmers' union", False), (128, "land_dispute", "Community monitor", True), (84, "property", "Police post", True),
    (47, "threat", "Community monitor", True), (12, "property", "Police post", True), (9, "land_dispute", "Chiefs' court", True),
    (5, "threat", "One phone call", False), (2, "threat", "Farmers' union", False),
]  # fmt: skip


def build(*, project: Project, partner: Organization, place: Place, by: User, verifier: User) -> Community:
    """``by`` records for the partner; ``verifier`` is somebody else."""
    today = timezone.localdate()
    with at(_afternoon(today - timedelta(days=360))):
        town = registry.add(name="Renk town", place=place, partner=partner, projects=[project], by=by, languages="Arabic, Dinka, Shilluk, Nuer",
                            monitors=3)  # fmt: skip
    with at(_afternoon(today - timedelta(days=96))):
        counted = today - timedelta(days=96)
        registry.count_population(town, people=PEOPLE, observed_on=counted, source="Rapid count by the county and partners", by=by)
        found = issues.begin(town, analysed_on=counted, groups=9, women=61, men=57, young=40, review_on=today + timedelta(days=84), by=by)
        for said in ISSUES:
            issues.put_issue(found, by=by, **said)
        for kind, title, strength, trend in FACTORS:
            issues.put_factor(found, by=by, kind=kind, title=title, strength=strength, trend=trend)
    for means, state, note in ACCESS:
        registry.check_access(town, means=means, state=state, checked_on=today - timedelta(days=5), note=note, by=by)
    for ago, kind, source, is_verified in TOLD:
        with at(_afternoon(today - timedelta(days=ago))):
            told = incidents.record(
                organization=partner, type=kind, event_date=today - timedelta(days=ago), place=place, source=source, by=by, community=town
            ).incident
            if is_verified:
                incidents.verify(told, by=verifier, reliability="B", credibility=2)
    early_warnings.sweep()
    return town


def _afternoon(day: date) -> datetime:
    return min(datetime.combine(day, time(15), UTC), datetime.now(UTC) - timedelta(hours=1))
