"""Local projects from the committee's selection to the check after six months. Every change of state is dated and kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import Organization, User
from accounts.roles import Permission
from communities import belonging
from communities.models import Contribution, LocalProject, LocalProjectStep, Payment, Satisfaction
from locations.models import Place
from plumbing import formats
from plumbing.dates import months_after
from plumbing.numbers import divide
from plumbing.refusals import Invalid, Problem, Refused
from programs.models import Project

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from communities.models import Community, Forum

State, Decision = LocalProject.State, LocalProject.Decision
MOVES = {
    State.PROPOSED: {State.APPROVED, State.REFUSED},
    State.APPROVED: {State.UNDER_WAY, State.STOPPED, State.ON_HOLD},
    State.UNDER_WAY: {State.ON_HOLD, State.COMPLETED, State.STOPPED},
    State.ON_HOLD: {State.UNDER_WAY, State.STOPPED},
    State.COMPLETED: {State.HANDED_OVER},
    State.HANDED_OVER: {State.CHECKED},
}


class WrongState(Refused):
    def __init__(self, row: LocalProject, to: LocalProject.State) -> None:
        words = {"state": row.get_state_display(), "to": to.label}
        super().__init__(_("This local project is “%(state)s”: it cannot become “%(to)s”.") % words)


class LandPaperMissing(Refused):
    def __init__(self) -> None:
        super().__init__(_("This project needs land: record the land paper before work starts."))


class AboveApproved(Refused):
    field = "amount"

    def __init__(self, approved: Decimal, currency: str) -> None:
        words = {"currency": currency, "approved": approved}
        super().__init__(_("More would be paid than was approved (%(currency)s %(approved)s).") % words)


def propose(
    *, title: str, kind: str, proposed_on: date, minutes: str, currency: str, asked: Decimal, project: Project, partner: Organization,
    place: Place, by: User, community: Community | None = None, **more: Any,
) -> LocalProject:  # fmt: skip
    """A selection committee proposes; ``more`` are further fields that ``change`` takes too."""
    belonging.require(by, Permission.RECORD_COMMUNITIES, project=project, partner=partner, place=place)
    belonging.has_come(project, proposed_on=proposed_on)
    _own_committee(more.get("committee"), project)
    row = LocalProject(
        title=title.strip(), kind=kind, proposed_on=proposed_on, minutes=minutes.strip(), currency=currency.strip().upper(), asked=asked,
        project=project, partner=partner, place=place, community=community, state_on=proposed_on, recorded_by=by, **more,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        _step(row, State.PROPOSED, proposed_on, row.minutes, by)
        audit.record("local_project.proposed", [row, project, partner], by=by, kind=kind)
    return row


CHANGEABLE = frozenset(
    {
        "title", "kind", "committee", "committee_women", "committee_men", "committee_young", "benefits_women", "led_by_women", "is_about_weapons",
        "participants_women", "participants_men", "starts_on", "ends_on", "needs_land", "land_paper", "sustainability", "incidents", "complaints",
        "people_served", "served_words", "community",
    }
)  # fmt: skip


def change(row: LocalProject, *, by: User, **fields: Any) -> LocalProject:
    """What is known of the project beyond its state. Money, decision and state have acts of their own."""
    belonging.require_on(row, by, Permission.RECORD_COMMUNITIES)
    unknown = set(fields) - CHANGEABLE
    if unknown:
        raise TypeError(f"not changed here: {sorted(unknown)}")
    _own_committee(fields.get("committee"), row.project)
    changed = sorted(name for name, value in fields.items() if getattr(row, name) != value)
    for name, value in fields.items():
        setattr(row, name, value)
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("local_project.changed", [row, row.project, row.partner], by=by, changed=changed)
    return row


def decide(
    row: LocalProject, *, decision: str, on: date, by: User, approved: Decimal | None = None, conditions: str = ""
) -> LocalProject:  # fmt: skip
    """The approval committee decides: approved with an amount, with conditions, or refused."""
    if decision not in (Decision.APPROVED, Decision.CONDITIONS, Decision.REFUSED):
        raise Invalid([Problem("decision", _("Say what was decided."), "required")])
    positive = decision != Decision.REFUSED
    if positive and approved is None:
        raise Invalid([Problem("approved", _("Say how much is approved."), "required")])
    if decision == Decision.CONDITIONS and not conditions.strip():
        raise Invalid([Problem("conditions", _("Say what the conditions are."), "required")])
    fields = {"decision": decision, "decided_on": on, "approved": approved if positive else None, "conditions": conditions.strip()}
    return _move(row, State.APPROVED if positive else State.REFUSED, on, conditions, by, fields)


def start(row: LocalProject, *, on: date, by: User, note: str = "") -> LocalProject:
    """Work starts, or goes on after a hold. Where land is needed, its paper comes first."""
    if row.needs_land and not row.land_paper:
        raise LandPaperMissing()
    return _move(row, State.UNDER_WAY, on, note, by, {"starts_on": row.starts_on or on})


def hold(row: LocalProject, *, on: date, note: str, by: User) -> LocalProject:
    return _move(row, State.ON_HOLD, on, _said(note), by)


def stop(row: LocalProject, *, on: date, note: str, by: User) -> LocalProject:
    return _move(row, State.STOPPED, on, _said(note), by)


def complete(row: LocalProject, *, on: date, by: User, people_served: int | None = None, served_words: str = "") -> LocalProject:
    fields = {"completed_on": on, "people_served": people_served, "served_words": served_words.strip()}
    return _move(row, State.COMPLETED, on, "", by, fields)


def hand_over(row: LocalProject, *, on: date, to: str, by: User) -> LocalProject:
    """From this day somebody else (a role) keeps it running; the check is due in the months of the practice setting."""
    if not to.strip():
        raise Invalid([Problem("to", _("Say to whom it was handed over."), "required")])
    due = months_after(on, practice.whole("local-project-check-months"))
    return _move(row, State.HANDED_OVER, on, to, by, {"handed_over_on": on, "handed_over_to": to.strip(), "check_due_on": due})


def check(row: LocalProject, *, on: date, works: bool, used: bool, by: User, note: str = "") -> LocalProject:
    """Somebody looked after six months: does it still work, is it still used?

    That it no longer does may be said at once; that it still does, not before its time has come (Invalid).
    """
    if works and used and row.check_due_on is not None and on < row.check_due_on - belonging.EARLY:
        words = _("It is too early to say that it still works: look from %(day)s on. If it no longer works or is not used, say so at once.")
        raise Invalid([Problem("on", words % {"day": formats.day(row.check_due_on - belonging.EARLY)}, "too_early")])
    return _move(row, State.CHECKED, on, note, by, {"checked_on": on, "still_works": works, "still_used": used})


def contribute(row: LocalProject, *, source: str, by: User, amount: Decimal | None = None, in_kind: str = "") -> Contribution:
    """Money is in the project's own currency; work and goods stand in words and are in no sum."""
    belonging.require_on(row, by, Permission.RECORD_COMMUNITIES)
    given = Contribution(local_project=row, source=source, amount=amount, in_kind=in_kind.strip(), recorded_by=by)
    given.full_clean()
    with transaction.atomic():
        given.save()
        row.save(update_fields=["updated_at"])
        audit.record("local_project.contributed", [row, row.project], by=by, source=source)
    return given


def pay(row: LocalProject, *, on: date, amount: Decimal, reference: str, by: User) -> Payment:
    """Raises AboveApproved where the payments together would pass what was approved."""
    belonging.require_on(row, by, Permission.RECORD_COMMUNITIES)
    belonging.has_come(row.project, paid_on=on)
    paid = Payment(local_project=row, paid_on=on, amount=amount, reference=reference.strip(), recorded_by=by)
    paid.full_clean()
    with transaction.atomic():
        held = LocalProject.objects.select_for_update().get(pk=row.pk)
        before = held.payments.aggregate(total=Sum("amount"))["total"] or Decimal(0)
        if held.approved is None or before + amount > held.approved:
            raise AboveApproved(held.approved or Decimal(0), held.currency)
        paid.save()
        held.save(update_fields=["updated_at"])
        audit.record("local_project.paid", [row, row.project], by=by)
    return paid


def ask_users(row: LocalProject, *, on: date, whom: str, asked: int, satisfied: int, by: User) -> Satisfaction:
    belonging.require_on(row, by, Permission.RECORD_COMMUNITIES)
    belonging.has_come(row.project, asked_on=on)
    said = Satisfaction(local_project=row, asked_on=on, whom=whom.strip(), asked=asked, satisfied=satisfied, recorded_by=by)
    said.full_clean()
    with transaction.atomic():
        said.save()
        row.save(update_fields=["updated_at"])
        audit.record("local_project.users_asked", [row, row.project], by=by, asked=asked)
    return said


# What pages show


@dataclass(frozen=True)
class Satisfied:
    """Percent very or rather satisfied of those asked, with half of the 95 % interval, both in whole points."""

    percent: Decimal
    margin: Decimal
    asked: int


def satisfied(row: Satisfaction) -> Satisfied:
    """``p ± 1.96 * sqrt(p * (1 - p) / n)``: a simple random sample is assumed (communities, section 7, without a design effect)."""
    share = divide(row.satisfied, row.asked)
    margin = Decimal("1.96") * (share * (1 - share) / row.asked).sqrt()
    return Satisfied(_points(share), _points(margin), row.asked)


@dataclass(frozen=True)
class Share:
    """A quota of the portfolio: ``part`` of ``whole`` approved projects, beside the share agreed."""

    label: str
    part: int
    whole: int
    agreed: int

    @property
    def percent(self) -> Decimal | None:
        return _points(divide(self.part, self.whole)) if self.whole else None

    @property
    def is_met(self) -> bool:
        return self.whole > 0 and 100 * self.part >= self.agreed * self.whole


def quota_shares(rows: QuerySet[LocalProject]) -> list[Share]:
    """Women who benefit, women who lead, women on committees, over the projects that were approved. One query."""
    approved = rows.filter(decision__in=[Decision.APPROVED, Decision.CONDITIONS]).order_by()
    known = Q(committee_women__isnull=False, committee_men__isnull=False)
    found = approved.aggregate(
        whole=Count("pk"),
        benefits=Count("pk", filter=Q(benefits_women=True)),
        led=Count("pk", filter=Q(led_by_women=True)),
        women=Sum("committee_women", filter=known),
        men=Sum("committee_men", filter=known),
    )
    women, men = found["women"] or 0, found["men"] or 0
    agreed = practice.whole("local-project-women-quota")
    return [
        Share(_("Projects that benefit women directly"), found["benefits"], found["whole"], agreed),
        Share(_("Projects led by women"), found["led"], found["whole"], agreed),
        Share(_("Committee seats held by women"), women, women + men, agreed),
    ]


def money(rows: QuerySet[LocalProject]) -> list[dict[str, Any]]:
    """Approved and paid per currency: amounts of two currencies are never added. Two queries."""
    rows = rows.order_by()
    paid = dict(
        Payment.objects.filter(local_project__in=rows.values("pk"))
        .order_by()
        .values_list("local_project__currency")
        .annotate(Sum("amount"))
    )
    approved = rows.filter(approved__isnull=False).values_list("currency").annotate(Sum("approved"))
    return [paid_of(currency, paid.get(currency, Decimal(0)), total) for currency, total in sorted(approved)]


def paid_of(currency: str, paid: Decimal, approved: Decimal) -> dict[str, Any]:
    """One currency's line; no percent of nothing."""
    percent = _points(divide(paid, approved)) if approved else None
    return {"currency": currency, "approved": approved, "paid": paid, "percent": percent}


def _points(share: Decimal) -> Decimal:
    return (100 * share).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)


def _own_committee(committee: Forum | None, project: Project) -> None:
    if committee is not None and committee.project_id != project.pk:
        raise Invalid([Problem("committee", _("This forum belongs to another project."), "another_project")])


def _said(note: str) -> str:
    if not note.strip():
        raise Invalid([Problem("note", _("Say why in a few words."), "required")])
    return note


def _move(row: LocalProject, to: LocalProject.State, on: date, note: str, by: User, fields: dict[str, Any] | None = None) -> LocalProject:
    belonging.require_on(row, by, Permission.RECORD_COMMUNITIES)
    belonging.has_come(row.project, on=on)
    with transaction.atomic():
        held = LocalProject.objects.select_for_update().get(pk=row.pk)
        if to not in MOVES.get(State(held.state), set()):
            raise WrongState(held, to)
        if on < held.state_on:
            raise Invalid([Problem("on", _("This day lies before what is recorded last."), "before_last")])
        for name, value in (fields or {}).items():
            setattr(held, name, value)
        held.state, held.state_on, held.state_note = to, on, note.strip()[:300]
        held.full_clean()
        held.save()
        _step(held, to, on, held.state_note, by)
        audit.record(f"local_project.{to}", [held, held.project, held.partner], by=by)
    row.refresh_from_db()
    return row


def _step(row: LocalProject, state: LocalProject.State, on: date, note: str, by: User) -> None:
    LocalProjectStep.objects.create(local_project=row, state=state, on=on, note=note.strip()[:300], recorded_by=by)
