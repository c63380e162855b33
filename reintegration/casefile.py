"""Everything that the page of one case shows: the case with its reader's rights, then every part in one further question.

Who calls it decides that the reader may see the case (``opening.readable``) and leaves the mark of the reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Window
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from locations.models import PlaceTree
from plumbing import together
from reintegration import contacts, followup, offers, opening, pathways, planning
from reintegration.models import Case, Consent, FollowUp, Goal, Opportunity, Plan, Referral, Requirement, State, Transition

SHOWN = 5
OFFERS_READ, OFFERS_SHOWN = 50, 4
REFERRALS_READ, REFERRALS_SHOWN = 50, 6
CONSENT_ENDS_WITHIN = timedelta(days=14)


@dataclass(frozen=True)
class Due:
    """One thing to do next: a chip with its tone and icon, what, since or until when, and where it is done."""

    tone: str
    icon: str
    chip: str | Promise
    what: str
    note: str
    day: date | None
    page: str
    contacts_person: bool = False


@dataclass(frozen=True)
class Offered:
    offer: Opportunity
    reasons: Sequence[offers.Reason]
    suits: bool


@dataclass(frozen=True)
class Step:
    """One step of the pathway: ``standing`` is done, now or empty."""

    label: str | Promise
    on: date | None
    standing: str


class CaseFile:
    """The parts of a case as the page shows them; the lists are evaluated."""

    def __init__(self, case: Case, *, today: date) -> None:
        self.case, self.today = case, today
        self._ask()
        case.left_out = frozenset(self._left_out)  # type: ignore[attr-defined]  # for ``pathways.steps_of``
        self.steps = pathways.steps_of(case)
        self.next = pathways.next_step(case, self.steps)
        self.rule = contacts.safe_rule(case)

    def _ask(self) -> None:
        case = self.case
        self.transitions = case.transitions.select_related("by", "second", "destination").order_by("number")
        self._left_out = pathways.left_out(case)
        self._consents = case.consents.select_related("notice", "organization").order_by("recorded_at")
        self._plans = case.plans.select_related("written_by").order_by("-version")
        self._goals = Goal.objects.filter(plan__case=case, plan__state__in=["in_force", "draft", "proposed"])
        self._progress = planning.progress_of(case)
        self.services = _latest(case.services.select_related("provider"))
        self.items = _latest(case.items.all())
        self.participations = _latest(case.participations.select_related("activity__place").order_by("-activity__happened_on"))
        lost = Exists(Referral.objects.lost().filter(pk=OuterRef("pk")))
        stuck = Exists(Referral.objects.stuck(self.today).filter(pk=OuterRef("pk")))
        self.referrals = _latest(
            case.referrals.select_related("to_organization", "consent").annotate(is_lost=lost, is_stuck=stuck), REFERRALS_READ
        )
        self._overrides = case.override_requests.filter(decision="").select_related("to_organization")
        self.contacts = _latest(case.contacts.select_related("recorded_by"))
        self._open_steps = case.contacts.filter(next_done_at__isnull=True).exclude(next_step="").order_by("next_on")
        self.follow_ups = case.follow_ups.select_related("outcome").order_by("wave")
        self._held, self._scores = followup.held_in(case), followup.scores_of(case)
        self._events = opening.reading_events(case)[:SHOWN]
        self._offers = _offers_near(case)
        self._asked = Requirement.objects.filter(opportunity__program=case.project.program_id).exclude(opportunity__status="ended")
        together.fetch(
            self.transitions, self._left_out, self._consents, self._plans, self._goals, self._progress, self.services, self.items,
            self.participations, self.referrals, self._overrides, self.contacts, self._open_steps, self.follow_ups, self._held,
            self._scores, self._events, self._offers, self._asked,
        )  # fmt: skip

    @cached_property
    def track(self) -> list[Step]:
        """The steps of the pathway with the day on which each was last reached."""
        reached = {row.to_state: row.happened_on for row in self.transitions}
        taken: Iterable[Transition] = reversed(list(self.transitions))
        last = next((row.from_state for row in taken if row.to_state == self.case.state), "")
        stands = self.case.state if self.case.state in self.steps else last
        place = self.steps.index(State(stands)) if stands in self.steps else -1
        return [
            Step(step.label, reached.get(step), "now" if step == self.case.state else "done" if at <= place else "")
            for at, step in enumerate(self.steps)
        ]

    @property
    def place_on_track(self) -> int:
        """Which step of the pathway it is; 0 beside the pathway."""
        return self.steps.index(State(self.case.state)) + 1 if self.case.state in self.steps else 0

    @cached_property
    def consents(self) -> list[Consent]:
        """The last answer for each purpose and receiver."""
        latest: dict[Any, Consent] = {}
        for row in self._consents:
            row.is_in_force = row.answer == "yes" and row.withdrawn_at is None and row.until >= self.today  # type: ignore[attr-defined]
            latest[(row.purpose, row.organization_id, row.service)] = row
        return list(latest.values())

    @cached_property
    def consent_until(self) -> date | None:
        """The day on which the first consent in force ends."""
        return min((row.until for row in self.consents if row.is_in_force), default=None)  # type: ignore[attr-defined]

    @cached_property
    def plan(self) -> Plan | None:
        """The version in force; until there is one, the one being written."""
        rows = list(self._plans)
        return next((row for row in rows if row.state == Plan.State.IN_FORCE), None) or self.plan_written

    @cached_property
    def plan_written(self) -> Plan | None:
        return next((row for row in self._plans if row.state in (Plan.State.DRAFT, Plan.State.PROPOSED)), None)

    @cached_property
    def strands(self) -> list[planning.StrandLines]:
        if self.plan is None:
            return []
        goals = sorted((goal for goal in self._goals if goal.plan_id == self.plan.pk), key=lambda goal: goal.order)
        return planning.arranged(self.plan, goals, self._progress, today=self.today)

    @cached_property
    def standings(self) -> dict[str, int]:
        """How many goals are reached, on track, behind or late, and how many there are."""
        found: dict[str, int] = {"total": 0}
        for strand in self.strands:
            for line in strand.lines:
                found[line.standing] = found.get(line.standing, 0) + 1
                found["total"] += 1
        return found

    @cached_property
    def latest_referrals(self) -> list[Referral]:
        """Open ones first, then the latest."""
        return sorted(self.referrals, key=lambda row: row.ended_at is not None)[:REFERRALS_SHOWN]

    @cached_property
    def rounds(self) -> list[followup.Rounds]:
        return followup.arranged(self._held, self._scores)

    @cached_property
    def openings(self) -> list[opening.Opening]:
        return [opening.opening_of(event) for event in self._events]

    @cached_property
    def offers(self) -> list[Offered]:
        """What fits best of the program's map, with the reasons."""
        profile = getattr(self.case, "profile", None)
        wishes = offers.wishes_of(self.case, profile.answers if profile is not None else {})
        asked: dict[int, list[str]] = {}
        for row in self._asked:
            asked.setdefault(row.opportunity_id, []).append(row.fact)
        found = []
        for offer in self._offers:
            near = bool(offer.is_near)  # type: ignore[attr-defined]
            why = offers.reasons(wishes, offer, asked.get(offer.pk, []), is_near=near, today=self.today)
            found.append(Offered(offer, why, offers.suits(why)))
        return sorted(found, key=lambda one: offers.weight(one.reasons))[:OFFERS_SHOWN]

    @cached_property
    def due(self) -> list[Due]:
        """What is to be done, late first. Nothing of it is there to be done while nothing may be written down."""
        if not self.case.is_admitted:
            return []
        found = [*self._due_contacts(), *self._due_follow_ups(), *self._due_referrals(), *self._due_plan(), *self._due_consents()]
        return sorted(found, key=lambda one: one.day or self.today)

    def _due_contacts(self) -> Iterable[Due]:
        for row in self._open_steps:
            yield self._of_day(row.next_on, str(row.get_next_step_display()), _("agreed at the last contact"), "case_contacts", True)

    def _due_follow_ups(self) -> Iterable[Due]:
        for row in self.follow_ups:
            if row.state == FollowUp.State.DUE:
                what = _("Baseline survey") if row.wave == 0 else _("Follow-up at %(months)s months") % {"months": row.wave}
                yield self._of_day(row.due_on, what, _("livelihood, survey, safety and acceptance"), "case_follow_ups", True)

    def _due_referrals(self) -> Iterable[Due]:
        for row in self.referrals:
            if row.state == Referral.State.SENT and row.answer_due_on < self.today:
                words = _("No answer from %(office)s") % {"office": row.to_organization}
                yield Due(
                    "stop", "hourglass-split", _("No answer"), words, str(row.get_service_display()), row.answer_due_on, "case_referrals"
                )
            elif row.is_stuck:
                words = _("%(office)s accepted, and nothing was heard since") % {"office": row.to_organization}
                note = _("%(service)s: ask what came of it") % {"service": row.get_service_display()}
                yield Due("stop", "hourglass-split", _("No result"), words, note, timezone.localdate(row.answered_at), "case_referrals")
            elif row.is_lost:
                words, chip = _how_lost(row)
                note = _("%(service)s: tell the person, or send it elsewhere") % {"service": row.get_service_display()}
                yield Due("stop", "x-lg", chip, words, note, timezone.localdate(row.ended_at), "case_referrals", True)
        for asked in self._overrides:
            words = _("Referral without consent to %(office)s") % {"office": asked.to_organization}
            yield Due("wait", "person-check", _("With supervisor"), words, _("for a vital interest"), None, "case_referrals")

    def _due_plan(self) -> Iterable[Due]:
        plan = self.plan_written
        if plan is not None and plan.state == Plan.State.PROPOSED:
            words = _("Plan, version %(n)s: approval") % {"n": plan.version}
            day = timezone.localdate(plan.proposed_at) if plan.proposed_at else None
            note = _("written by %(who)s, who cannot approve it") % {"who": plan.written_by}
            yield Due("info", "person-check", _("With supervisor"), words, note, day, "case_plan")
        elif plan is not None:
            words = _("Plan, version %(n)s: finish the draft") % {"n": plan.version}
            yield Due("wait", "pencil", _("Draft"), words, plan.note, None, "case_plan")

    def _due_consents(self) -> Iterable[Due]:
        until = self.consent_until
        if until is not None and until <= self.today + CONSENT_ENDS_WITHIN:
            yield Due("wait", "shield-check", _("Ends"), _("Ask again for consent"), "", until, "", True)

    def _of_day(self, day: date | None, what: str, note: str, page: str, contacts_person: bool) -> Due:
        if day is not None and day < self.today:
            return Due("stop", "clock-history", _("Late"), what, note, day, page, contacts_person)
        return Due("info", "calendar-event", _("Due"), what, note, day, page, contacts_person)


def _how_lost(row: Referral) -> tuple[str, str]:
    """A sentence and a chip on a referral that ended without the service."""
    office = {"office": row.to_organization}
    if row.lost_agreement:
        return _("Referral to %(office)s ended with its agreement") % office, _("No agreement")
    if row.state == Referral.State.DECLINED:
        return _("%(office)s declined the referral") % office, str(row.get_state_display())
    return _("Referral to %(office)s ran out") % office, str(row.get_state_display())


def _latest(rows: QuerySet[Any], number: int = SHOWN) -> QuerySet[Any]:
    """The first of these rows, each with how many there are."""
    return rows.annotate(of=Window(Count("pk")))[:number]


def _offers_near(case: Case) -> QuerySet[Opportunity]:
    near = PlaceTree.objects.filter(ancestor=case.place_id, descendant=OuterRef("place"))
    rows = Opportunity.objects.filter(program=case.project.program_id).exclude(status=Opportunity.Status.ENDED)
    return rows.select_related("place").annotate(is_near=Exists(near)).order_by("-is_near", "-verified_on", "pk")[:OFFERS_READ]
