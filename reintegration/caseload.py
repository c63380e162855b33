"""What stands on a caseload: the next step, the last contact, what waits, and flags about our own work, never about the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Count, DateField, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import practice
from accounts.models import User
from reintegration import pathways
from reintegration.models import (
    Case,
    CaseContact,
    CaseQuerySet,
    Consent,
    FollowUp,
    OverrideRequest,
    Plan,
    Referral,
    ServiceKind,
    State,
    StepProposal,
)
from reintegration.models.cases import ENDED

if TYPE_CHECKING:
    from django.utils.functional import Promise

WEEK = 7
CONSENT_ENDS_WITHIN = 14
LONGEST_TODAY = 60

FLAGS: dict[str, Any] = {
    "late": _("Late"),
    "week": _("Due this week, with the late ones"),
    "silent": _("Silent"),
    "no_next": _("No next step"),
    "undecided": _("Waits for a decision"),
    "unanswered": _("Referral that does not close"),
    "approval": _("Plan waits for approval"),
}


def silent_days() -> int:
    return practice.whole("caseload-silent-days")


def silent_days_and_agreed() -> tuple[int, int]:
    """Both settings at once."""
    silent, number = practice.texts("caseload-silent-days", "caseload-agreed")
    return int(silent), int(number)


def with_work(cases: CaseQuerySet, today: date) -> CaseQuerySet:
    """Each case with what the table shows. Correlated, so that only the rows of one page pay for it."""
    contacts = CaseContact.objects.filter(case=OuterRef("pk"))
    steps = _steps().filter(case=OuterRef("pk")).order_by("next_on", "pk")
    waves = _waves().filter(case=OuterRef("pk")).order_by("due_on", "pk")
    sent = Referral.objects.filter(case=OuterRef("pk"))
    return cases.annotate(
        step=Subquery(steps.values("next_step")[:1]),
        step_on=Subquery(steps.values("next_on")[:1]),
        wave=Subquery(waves.values("wave")[:1]),
        wave_on=Subquery(waves.values("due_on")[:1]),
        last_contact_on=Subquery(contacts.filter(result="done").order_by("-happened_on").values("happened_on")[:1]),
        open_referrals=_number(sent.open()),
        unanswered=_number(sent.stuck(today)),
        plan_waits_since=Subquery(Plan.objects.filter(case=OuterRef("pk"), state=Plan.State.PROPOSED).values("proposed_at")[:1]),
    )


def flagged(cases: CaseQuerySet, flag: str, today: date) -> CaseQuerySet:
    """The cases with a flag about our work."""
    return cases.filter(condition(flag, today))


def condition(flag: str, today: date, silent: int | None = None) -> Q:
    """What makes a flag, as a condition on cases. Before the decision nobody is contacted: there only a long wait is one.

    ``silent``: after how many days, where the caller has read the setting.
    """
    if silent is None and flag in ("undecided", "silent"):
        silent = silent_days()
    since = today - timedelta(days=silent or 0)
    if flag == "undecided":
        return Q(category="", state_since__lt=since) & ~Q(state__in=ENDED)
    return ~Q(category="") & _condition(flag, today, since)


def _condition(flag: str, today: date, since: date) -> Q:
    steps, waves = _steps().filter(case=OuterRef("pk")), _waves().filter(case=OuterRef("pk"))
    if flag == "late":
        return Q(Exists(steps.filter(next_on__lt=today))) | Q(Exists(waves.filter(due_on__lt=today)))
    if flag == "week":
        until = today + timedelta(days=WEEK)
        return Q(Exists(steps.filter(next_on__lte=until))) | Q(Exists(waves.filter(due_on__lte=until)))
    if flag == "silent":
        spoken = CaseContact.objects.filter(case=OuterRef("pk"), result="done", happened_on__gte=since)
        # After completion the follow-ups set the rhythm; before the decision nobody was to be spoken with.
        just_decided = Q(state__in=pathways.DECIDED, state_since__gte=since)
        return Q(~Exists(spoken), opened_on__lt=since) & ~Q(state=State.COMPLETED) & ~just_decided
    if flag == "no_next":
        return Q(~Exists(steps), ~Exists(waves))
    if flag == "unanswered":
        return Q(Exists(Referral.objects.stuck(today).filter(case=OuterRef("pk"))))
    return Q(Exists(Plan.objects.filter(case=OuterRef("pk"), state=Plan.State.PROPOSED)))


def by_state(cases: CaseQuerySet) -> dict[str, int]:
    return dict(cases.order_by().values_list("state").annotate(Count("pk")))


@dataclass(frozen=True)
class Due:
    """One thing of today's list: what, on which case, since or until when."""

    kind: str
    case: Case
    day: date
    words: str | Promise
    is_late: bool

    @property
    def act(self) -> str | Promise:
        """What the link beside it says."""
        return PAGES[self.kind][1]

    @property
    def url(self) -> str:
        """The page of the case on which it is done."""
        return reverse(PAGES[self.kind][0], args=[self.case.code])

    @property
    def contacts_person(self) -> bool:
        """Doing it means speaking with the person: the safe-contact rule comes first."""
        return self.kind not in ("override", "confirm", "plan", "undecided")


GROUPS: dict[str, Any] = {
    "step": _("Next steps"),
    "wave": _("Follow-ups due"),
    "referral": _("Referrals without answer or result"),
    "agreement": _("Referrals that ended without the service"),
    "consent": _("Consents that end"),
    "override": _("Vital interest: a second person decides"),
    "confirm": _("Steps waiting for a second person"),
    "plan": _("Plans waiting for approval"),
    "undecided": _("Waiting long for a decision"),
}


# Each kind of thing to do: the page of the case on which it is done, and the words of the link.
PAGES: dict[str, tuple[str, Any]] = {
    "step": ("record_contact", _("Record a contact")),
    "wave": ("case_follow_ups", _("Open the follow-up")),
    "referral": ("case_referrals", _("See the referral")),
    "agreement": ("case_referrals", _("See the referral")),
    "consent": ("case", _("Open the consent")),
    "override": ("case_referrals", _("Decide")),
    "confirm": ("case", _("See the step")),
    "plan": ("case_plan", _("See the plan")),
    "undecided": ("case", _("See the step")),
}


def today_list(
    cases: CaseQuerySet, today: date, kinds: tuple[str, ...] = tuple(GROUPS), *, silent: int | None = None
) -> list[tuple[Any, list[Due]]]:
    """What there is to do now on these cases, grouped, the oldest first. Two queries, however many kinds."""
    own = cases.in_progress().admitted().order_by().values("pk")
    asked = _asked(cases, own, today, silent)
    parts = [asked[kind] for kind in GROUPS if kind in kinds]
    rows: Any = parts[0].union(*parts[1:], all=True).order_by("due_day", "due_kind")[:LONGEST_TODAY]
    found = list(rows)
    named = cases.select_related("place").in_bulk({row["case_id"] for row in found})
    groups: dict[str, list[Due]] = {kind: [] for kind in GROUPS}
    for row in found:
        case = named.get(row["case_id"])
        if case is not None:
            groups[row["due_kind"]].append(
                Due(row["due_kind"], case, row["due_day"], _said(row["due_kind"], row["due_what"]), _is_late(row, today))
            )
    return [(label, groups[kind]) for kind, label in GROUPS.items() if groups[kind]]


def _asked(cases: CaseQuerySet, own: Any, today: date, silent: int | None) -> dict[str, QuerySet[Any, Any]]:
    week, soon = today + timedelta(days=WEEK), today + timedelta(days=CONSENT_ENDS_WITHIN)
    everyone = cases.order_by().values("pk")  # a reopening waits after closure
    followed = cases.admitted().order_by().values("pk")  # a follow-up is due after closure too
    undecided = cases.filter(condition("undecided", today, silent)).annotate(case_id=F("pk"))
    ending = Consent.objects.in_force().filter(case__in=own, until__lte=soon)
    plans = Plan.objects.filter(case__in=own, state=Plan.State.PROPOSED, proposed_at__isnull=False)
    return {
        "step": _row("step", _steps().filter(case__in=own, next_on__lte=today), "next_on", "next_step"),
        "wave": _row("wave", _waves().filter(case__in=followed, due_on__lte=week), "due_on", "wave"),
        "referral": _row("referral", Referral.objects.stuck(today).filter(case__in=own), "answer_due_on", "service"),
        "agreement": _row("agreement", Referral.objects.filter(case__in=own).lost(), "ended_at__date", "service"),
        "consent": _row("consent", ending, "until", "purpose"),
        "override": _row("override", OverrideRequest.objects.filter(case__in=own, decision=""), "asked_at__date", "service"),
        "confirm": _row("confirm", StepProposal.objects.filter(case__in=everyone), "proposed_at__date", "to_state"),
        "plan": _row("plan", plans, "proposed_at__date", "version"),
        "undecided": _row("undecided", undecided, "state_since", "state"),
    }


def _row(kind: str, rows: QuerySet[Any], day: str, what: str) -> QuerySet[Any, Any]:
    return rows.order_by().values(
        "case_id", due_kind=Value(kind, CharField()), due_day=Cast(day, DateField()), due_what=Cast(what, CharField())
    )


def _said(kind: str, what: str) -> str | Promise:
    if kind == "step":
        return CaseContact.NextStep(what).label
    if kind == "wave":
        return _("Baseline") if what == "0" else _("Follow-up at %(months)s months") % {"months": what}
    if kind in ("referral", "agreement", "override"):
        return ServiceKind(what).label
    if kind == "confirm":
        return _("Step: %(step)s") % {"step": State(what).label}
    if kind == "undecided":
        return State(what).label
    if kind == "consent":
        return _("Ask again for consent")
    return _("Plan, version %(version)s") % {"version": what}


def _is_late(row: dict[str, Any], today: date) -> bool:
    return row["due_kind"] in ("step", "wave", "referral") and bool(row["due_day"] < today)


def _steps() -> QuerySet[CaseContact]:
    """Next steps that were set and not done."""
    return CaseContact.objects.filter(next_on__isnull=False, next_done_at__isnull=True)


def _waves() -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(state=FollowUp.State.DUE)


def _number(rows: QuerySet[Any]) -> Any:
    counted = rows.order_by().values("case").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


# Supervision: load, and the quality of our own work.


@dataclass(frozen=True)
class Load:
    person: Any
    open: int
    late: int
    unanswered: int
    without_next: int
    silent: int
    undecided: int
    agreed: int

    @property
    def over(self) -> int:
        return max(0, self.open - self.agreed)

    @property
    def share(self) -> int:
        """Percent of the agreed number, for a bar."""
        return round(100 * self.open / self.agreed) if self.agreed else 0


def loads(cases: CaseQuerySet, today: date | None = None) -> list[Load]:
    """Per caseworker what is open, late and left without a next step. Two queries, whatever the number of people."""
    today = today or timezone.localdate()
    open_cases = cases.in_progress().order_by()
    silent, number = silent_days_and_agreed()
    flags = {name: Count("pk", filter=condition(flag, today, silent)) for name, flag in _QUALITY.items()}
    counted: Any = open_cases.values("caseworker").annotate(open=Count("pk"), **flags)
    people = User.objects.in_bulk([row["caseworker"] for row in counted])
    rows = [
        Load(person=people[row["caseworker"]], open=row["open"], agreed=number, **{name: row[name] for name in _QUALITY}) for row in counted
    ]
    return sorted(rows, key=lambda load: (-load.open, str(load.person)))


_QUALITY = {"late": "late", "unanswered": "unanswered", "without_next": "no_next", "silent": "silent", "undecided": "undecided"}
