"""What waits for a caseworker, out of the records themselves, each with the safe-contact rule; and the daily count by mail.

A mail says only how many: the rule, the code and everything else stay inside the portal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import DateField, Exists, OuterRef, Q
from django.db.models.functions import Cast, Coalesce
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import outbox
from accounts.models import User
from accounts.outbox import Line
from accounts.roles import Permission
from programs import access
from programs.models import Membership
from reintegration import contacts, referrals
from reintegration.models import Case, CaseContact, FollowUp, OverrideRequest, Plan, Referral, StepProposal

MORNING = 7
MOST = 60
SOON = timedelta(days=7)


@dataclass(frozen=True)
class DueAct:
    """One thing to do for one case. ``rule`` says how to reach the person safely; empty where nobody is contacted."""

    code: str
    act: str
    kind: str
    day: date
    is_late: bool
    rule: tuple[str, ...]
    url: str


@dataclass(frozen=True)
class _Source:
    kind: str
    label: str | Promise
    rows: Any
    day: str
    page: str
    contacts_person: bool = True


def due_for(user: User, *, today: date | None = None) -> list[DueAct]:
    """Everything that is due for this person's cases within a week, most urgent first. One query per kind, at most seven."""
    day = today or timezone.localdate()
    found = [one for source in _sources(user, day) for one in _written(source, day)]
    return sorted(found, key=lambda one: (one.day, one.code))[:MOST]


def remind(*, now: datetime | None = None) -> int:
    """Tell each caseworker in the morning how many things are due, once a day; returns the lines written."""
    moment = now or timezone.now()
    written = 0
    for person in _workers():
        local = moment.astimezone(ZoneInfo(person.time_zone or "UTC"))
        if local.hour < MORNING:
            continue
        number = len([one for one in due_for(person, today=local.date()) if one.day <= local.date()])
        if not number:
            continue
        with translation.override(person.language):
            text = ngettext("%(n)s thing is due in your cases.", "%(n)s things are due in your cases.", number) % {"n": number}
        written += outbox.post(person, Line("cases", f"due-{local.date()}", text, "/my-work/"))
    return written


def _sources(user: User, day: date) -> Iterator[_Source]:
    held = access.words(user)
    if Permission.WORK_CASES in held:
        yield from _of_worker(Case.objects.visible_to(user, Permission.WORK_CASES), day)
    if Permission.SUPERVISE_CASES in held:
        yield from _of_supervisor(Case.objects.visible_to(user, Permission.SUPERVISE_CASES), user)
    if Permission.RECORD_ACTIVITIES in held:
        received = referrals.receiving(user).filter(state=Referral.State.SENT)
        yield _Source("received", gettext_lazy("Answer a referral"), received, "answer_due_on", "referrals_received", False)


def _of_worker(cases: Any, day: date) -> Iterator[_Source]:
    admitted = cases.admitted()  # what asks for a contact, a survey or a word is not asked for before the decision
    own, open_ones = admitted.values("pk"), admitted.in_progress().values("pk")
    steps = CaseContact.objects.filter(case__in=open_ones, next_on__lte=day + SOON, next_done_at__isnull=True)
    yield _Source("step", gettext_lazy("Contact"), steps, "next_on", "case_contacts")
    waves = FollowUp.objects.filter(case__in=own, state=FollowUp.State.DUE, due_on__lte=day + SOON)
    yield _Source("wave", gettext_lazy("Follow-up"), waves, "due_on", "case_follow_ups")
    unanswered = Q(state=Referral.State.SENT, answer_due_on__lte=day) | Q(Exists(Referral.objects.stuck(day).filter(pk=OuterRef("pk"))))
    lost = Q(Exists(Referral.objects.lost().filter(pk=OuterRef("pk"))))
    loops = Referral.objects.filter(unanswered | lost, case__in=open_ones)
    loops = loops.annotate(since=Coalesce(Cast("ended_at", DateField()), "answer_due_on"))
    yield _Source("referral", gettext_lazy("Referral that does not close"), loops, "since", "case_referrals", False)
    sent_back = Plan.objects.filter(case__in=open_ones, state=Plan.State.DRAFT, written_at__lte=timezone.now() - SOON)
    yield _Source("draft", gettext_lazy("Plan not finished"), sent_back, "written_at", "case_plan", False)


def _of_supervisor(cases: Any, user: User) -> Iterator[_Source]:
    own, open_ones = cases.values("pk"), cases.in_progress().admitted().values("pk")
    plans = Plan.objects.filter(case__in=open_ones, state=Plan.State.PROPOSED).exclude(written_by=user)
    yield _Source("plan", gettext_lazy("Approve a plan"), plans, "proposed_at", "case_plan", False)
    steps = StepProposal.objects.filter(case__in=own).exclude(by=user)
    yield _Source("confirm", gettext_lazy("Confirm a step"), steps, "proposed_at", "case", False)
    asked = OverrideRequest.objects.filter(case__in=open_ones, decision="").exclude(asked_by=user)
    yield _Source("override", gettext_lazy("Decide on a referral without consent"), asked, "asked_at", "case_referrals", False)


def _written(source: _Source, today: date) -> Iterator[DueAct]:
    for row in source.rows.select_related("case").order_by(source.day)[:MOST]:
        day = getattr(row, source.day)
        day = timezone.localtime(day).date() if isinstance(day, datetime) else day
        case = row.case
        rule = tuple(str(line) for line in contacts.safe_rule(case)) if source.contacts_person else ()
        url = reverse(source.page, args=[] if source.kind == "received" else [case.code])
        yield DueAct(str(case), _act(source, row), source.kind, day, day < today, rule, url)


def _act(source: _Source, row: Any) -> str:
    if source.kind == "wave":
        return _("Baseline survey") if row.wave == 0 else _("Follow-up at %(months)s months") % {"months": row.wave}
    if source.kind == "step":
        return str(row.get_next_step_display())
    if source.kind == "referral" and row.lost_agreement:
        return _("Ended with its agreement: %(service)s") % {"service": row.get_service_display()}
    if source.kind == "referral" and row.state in (Referral.State.DECLINED, Referral.State.EXPIRED):
        return _("Ended without the service: %(service)s") % {"service": row.get_service_display()}
    if source.kind == "referral" and row.state == Referral.State.ACCEPTED:
        return _("Accepted, nothing heard since: %(service)s") % {"service": row.get_service_display()}
    if source.kind == "referral":
        return _("No answer: %(service)s") % {"service": row.get_service_display()}
    return str(source.label)


def _workers() -> list[User]:
    rows = Membership.objects.live().filter(user__is_active=True, user__is_service=False).select_related("user")
    people = defaultdict(set)
    for row in rows:
        people[row.user].add(row.role)
    return sorted((person for person, roles in people.items() if roles & {"caseworker", "case_supervisor"}), key=lambda one: one.pk)
