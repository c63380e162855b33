"""Everything that waits for one person, out of the records themselves: nothing is copied, so nothing is forgotten or told twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts import practice
from accounts.models import User
from accounts.roles import Permission
from communities.models import Commitment, EarlyWarning
from dashboard import board
from dashboard.board import State
from dashboard.navigation import address
from institutions.models import FollowUpCheck, HrddpAssessment
from programs.access import words
from programs.models import (
    ActionPoint,
    ConflictSensitivityReview,
    ExpectedReport,
    IndicatorDefinition,
    Invitation,
    Project,
    SupportClearance,
)
from reporting.models import DonorReport, Submission

SOON = timedelta(days=21)  # a report that is due later than that stands apart and is not counted
ENDING = timedelta(days=3)


@dataclass(frozen=True)
class Todo:
    """One thing to do. ``when`` sorts the list: what is overdue comes first."""

    kind: str | Promise
    tone: str
    words: str
    url: str
    when: date | None
    note: str = ""


def items(user: User, today: date) -> list[Todo]:
    """What waits for this person, most urgent first."""
    waiting = _sources(user, today)
    gates = {name: waiting.pop(name) for name in _GATES if name in waiting}
    found = [item for name, rows in waiting.items() for item in _WRITERS[name](rows, today)]
    found += _renewals(gates, today)
    return sorted(found, key=lambda item: (item.when is None, item.when, item.words))


def counts(user: User, today: date) -> dict[str, int]:
    """How many items each source has, in one query: ``review`` for the review list, all together for My work."""
    asked = [
        rows.order_by().annotate(waits_as=Value(name)).values("waits_as").annotate(n=Count("pk")).values_list("waits_as", "n")
        for name, rows in _sources(user, today).items()
    ]
    if not asked:
        return {}
    return dict(asked[0].union(*asked[1:], all=True) if len(asked) > 1 else asked[0])


def _sources(user: User, today: date) -> dict[str, QuerySet[Any]]:
    """What may wait, each as the rows themselves; a source whose permission is not held anywhere is not asked."""
    held = words(user)
    found: dict[str, QuerySet[Any]] = {
        "action": ActionPoint.objects.filter(
            Q(owner=user, done_at__isnull=True) | Q(raised_by=user, done_at__isnull=False, verified_at__isnull=True) & ~Q(done_by=user)
        ),
    }
    if Permission.ENTER_FIGURES in held:
        found["report"] = _reports_owed(user, today)
    if Permission.REVIEW_FIGURES in held:
        mine = Q(submitted_by=user) | Q(key_issuer=user)
        found["review"] = Submission.objects.visible_to(user, Permission.REVIEW_FIGURES).filter(state=State.SUBMITTED).exclude(mine)
    if Permission.SIGN_OFF_REPORT in held:
        asked = DonorReport.objects.visible_to(user).filter(state=DonorReport.State.FROZEN, sign_off_asked_at__isnull=False)
        found["sign_off"] = asked.exclude(Q(prepared_by=user) | Q(frozen_by=user))
    if Permission.APPROVE_DEFINITION in held:
        found["definition"] = IndicatorDefinition.objects.filter(status=IndicatorDefinition.Status.PROPOSED).exclude(proposed_by=user)
    if Permission.INVITE in held:
        found["invitation"] = Invitation.objects.filter(
            invited_by=user, accepted_at__isnull=True, withdrawn_at__isnull=True, expires_at__lte=timezone.now() + ENDING
        )
    if Permission.RECORD_ACTIVITIES in held and Permission.READ_INSTITUTIONS in held:
        found["check"] = FollowUpCheck.objects.visible_to(user, Permission.RECORD_ACTIVITIES).due(today + SOON)
    if Permission.READ_COMMUNITIES in held:
        found["warning"] = EarlyWarning.objects.visible_to(user).open().filter(responder=user)
    if Permission.RECORD_FORUMS in held:
        found["commitment"] = Commitment.objects.visible_to(user, Permission.RECORD_FORUMS).due_until(today)
    if Permission.DECIDE_CLEARANCE in held:
        rows = HrddpAssessment.objects.visible_to(user, Permission.DECIDE_CLEARANCE)
        found["due_diligence"] = rows.filter(state__in=["waiting", "review_due"]).exclude(prepared_by=user)
    if Permission.READ_PROGRAM in held:
        found |= _gates(user, today + timedelta(days=practice.whole("clearance-reminder-days")))
    return found


def open_later(user: User, today: date) -> list[Todo]:
    """Reports of open periods that are due later than soon: nobody waits for them yet, but whoever wants to begin finds them."""
    if Permission.ENTER_FIGURES not in words(user):
        return []
    rows = _reports_to_enter(user).filter(~_is_returned(), due_on__gt=today + SOON)
    return sorted(_reports(rows, today), key=lambda item: (item.when, item.words))


def _reports_owed(user: User, today: date) -> QuerySet[ExpectedReport]:
    return _reports_to_enter(user).filter(_is_returned() | Q(due_on__lte=today + SOON))


def _reports_to_enter(user: User) -> QuerySet[ExpectedReport]:
    rows = ExpectedReport.objects.visible_to(user, Permission.ENTER_FIGURES).filter(
        period__opened_at__isnull=False, period__locked_at__isnull=True
    )
    same = Submission.objects.filter(
        project=OuterRef("project"), partner=OuterRef("partner"), period=OuterRef("period"), state__in=[State.SUBMITTED, State.ACCEPTED]
    )
    return rows.expected().filter(~Exists(same) | _is_returned())


def _is_returned() -> Q:
    """Somebody waits for the answer, whenever the report is due."""
    same = {name: OuterRef(name) for name in ("project", "partner", "period")}
    return Q(Exists(Submission.objects.filter(**same, state=State.RETURNED)))


def _gates(user: User, horizon: date) -> dict[str, QuerySet[Any]]:
    """Decisions this person answers for that end soon and that no later one follows."""
    later = SupportClearance.objects.filter(
        recipient=OuterRef("recipient"), valid_until__gt=OuterRef("valid_until"), decision__in=SupportClearance.POSITIVE,
        suspended_at__isnull=True,
    )  # fmt: skip
    passed = ["passed", "passed_with_conditions"]
    reviewed = ConflictSensitivityReview.objects.filter(
        project=OuterRef("project"), valid_until__gt=OuterRef("valid_until"), decision__in=passed
    )
    return {
        "clearance": SupportClearance.objects.filter(
            ~Exists(later), owner=user, decision__in=SupportClearance.POSITIVE, suspended_at__isnull=True, valid_until__lte=horizon
        ),
        "sensitivity": ConflictSensitivityReview.objects.filter(
            ~Exists(reviewed), decision__in=passed, valid_until__lte=horizon, project__in=Project.objects.running().filter(manager=user)
        ),
    }


# How each source's rows read


def _reports(rows: QuerySet[ExpectedReport], today: date) -> Iterator[Todo]:
    kinds = {
        State.RETURNED: (_("Answer"), "wait"),
        State.LATE: (_("Late"), "stop"),
        State.DRAFT: (_("Report"), "info"),
        State.DUE: (_("Report"), "info"),
        State.ACCEPTED: (_("Answer"), "wait"),
    }
    for row in board.with_state(rows, today).select_related("project", "partner", "period"):
        state = State(row.state)  # type: ignore[attr-defined]
        kind, tone = kinds[state]
        url = address("report", row.project.code, row.period.code, row.partner_id)
        yield Todo(kind, tone, _named(row), url, row.due_on, row.project.title)


def _reviews(rows: QuerySet[Submission], today: date) -> Iterator[Todo]:
    for row in rows.select_related("project", "partner", "period"):
        url = address("review", row.project.code, row.period.code, row.partner_id)
        yield Todo(_("Review"), "info", _named(row), url, row.period.review_due_on, row.project.title)


def _actions(rows: QuerySet[ActionPoint], today: date) -> Iterator[Todo]:
    """What one has to do oneself, and what one raised that others did and nobody has verified."""
    for row in rows:
        done = row.done_at is not None
        tone = "stop" if row.due_on < today and not done else "info"
        yield Todo(
            _("Verify") if done else _("Do"), tone, row.text, address("action_point", row.pk), None if done else row.due_on, row.origin
        )


def _sign_offs(rows: QuerySet[DonorReport], today: date) -> Iterator[Todo]:
    for row in rows.select_related("requirement__grant"):
        requirement = row.requirement
        yield Todo(
            _("Sign off"), "info", str(requirement), reverse("donor_report", args=[row.pk]), requirement.due_on, str(requirement.grant)
        )


def _definitions(rows: QuerySet[IndicatorDefinition], today: date) -> Iterator[Todo]:
    for row in rows:
        yield Todo(_("Approve"), "info", str(row), address("definition", row.pk), None)


def _invitations(rows: QuerySet[Invitation], today: date) -> Iterator[Todo]:
    for row in rows:
        yield Todo(_("Invitation"), "wait", row.name, address("invitations"), row.expires_at.date(), _("not accepted yet"))


def _renewals(gates: dict[str, QuerySet[Any]], today: date) -> Iterator[Todo]:
    """Decisions that end soon, of both kinds in one query."""
    asked = [
        rows.order_by().annotate(waits_as=Value(name), about=_GATES[name]).values_list("waits_as", "about", "valid_until")
        for name, rows in gates.items()
    ]
    for name, about, until in asked[0].union(*asked[1:], all=True) if asked else ():
        if name == "clearance":
            words_, url = _("Clearance of support to %(recipient)s") % {"recipient": about}, address("clearances")
        else:
            words_, url = _("Conflict-sensitivity review of %(code)s") % {"code": about}, address("sensitivity_reviews", about)
        yield Todo(_("Renew"), "stop" if until < today else "wait", words_, url, until)


def _checks(rows: QuerySet[FollowUpCheck], today: date) -> Iterator[Todo]:
    for row in rows.select_related("support__institution__organization"):
        tone = "stop" if row.due_on < today else "info"
        yield Todo(pgettext("an act", "Check"), tone, str(row), address("record_check", row.pk), row.due_on, str(row.support.institution))


def _warnings(rows: QuerySet[EarlyWarning], today: date) -> Iterator[Todo]:
    """Early warnings that name this person: to be answered, then to be decided on."""
    for row in rows.select_related("community"):
        late = row.acknowledged_at is None and row.due_at <= timezone.now()
        kind = _("Answer") if row.acknowledged_at is None else _("Decide")
        due = timezone.localdate(row.due_at) if row.acknowledged_at is None else None
        yield Todo(
            kind, "stop" if late else "wait", row.get_rule_display(), address("community", row.community_id), due, row.community.name
        )


def _commitments(rows: QuerySet[Commitment], today: date) -> Iterator[Todo]:
    for row in rows:
        tone = "stop" if row.due_on is not None and row.due_on < today else "wait"
        yield Todo(_("Commitment"), tone, row.text, address("commitment", row.pk), row.due_on, row.who)


def _due_diligence(rows: QuerySet[HrddpAssessment], today: date) -> Iterator[Todo]:
    for row in rows.select_related("institution__organization"):
        tone = "stop" if row.state == HrddpAssessment.State.REVIEW_DUE else "wait"
        yield Todo(_("Decide"), tone, str(row), address("assessment", row.pk), None, row.get_state_display())


def _named(row: Any) -> str:
    return f"{row.project.code} · {row.partner} · {row.period.code}"


_WRITERS: dict[str, Callable[[Any, date], Iterator[Todo]]] = {
    "report": _reports,
    "review": _reviews,
    "action": _actions,
    "sign_off": _sign_offs,
    "definition": _definitions,
    "invitation": _invitations,
    "check": _checks,
    "warning": _warnings,
    "commitment": _commitments,
    "due_diligence": _due_diligence,
}
_GATES = {  # what each names
    "clearance": Coalesce(NullIf("recipient__short_name", Value("")), "recipient__name"),
    "sensitivity": F("project__code"),
}
