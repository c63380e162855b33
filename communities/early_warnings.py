"""Early warnings: raised by a person or by incidents above a community's own alarm line, answered by a named person in time.

The rules (domain/communities.md, section 4). *Count*: incidents in the last window above mean + 2 standard deviations of the
windows of the 12 months before it, and at least a minimum. *First*: violence after six quiet months. *Near*: mob violence in the
same admin 2. *Recruitment*: armed recruitment reported. *Displacement*: more people than a number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Max
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import audit, outbox, practice
from accounts.models import User
from accounts.roles import Permission, Role
from communities import registry, taxonomy
from communities.models import Community, EarlyWarning, Incident, WarningThreshold
from locations.models import PlaceTree
from plumbing.cursor_rows import raw_rows
from plumbing.refusals import Refused
from programs import access, leaving

YEAR = timedelta(days=365)
Rule = EarlyWarning.Rule
Severity = EarlyWarning.Severity
HUNDREDTH = Decimal("0.01")


class DecidedAlready(Refused):
    """The warning is closed; a new signal is a new warning."""


class AnsweredAlready(Refused):
    """Somebody acknowledged it before."""


@dataclass(frozen=True)
class Line:
    """A community's alarm line for a window: what is usual, how far it spreads, and what is there now."""

    starts_on: date
    ends_on: date
    now: int
    usual: Decimal
    spread: Decimal
    line: Decimal
    minimum: int

    @property
    def is_crossed(self) -> bool:
        return self.now >= self.minimum and self.now > self.line


@dataclass(frozen=True)
class Limits:
    window: timedelta
    minimum: int
    displaced: int
    responder: User | None = None


@dataclass(frozen=True)
class Signal:
    """A rule that holds for a community now, with the incidents that made it hold."""

    community: int
    rule: str
    severity: int
    incidents: tuple[int, ...]
    line: Line | None = None
    now: int | None = None


# What a person does


def raise_warning(*, community: Community, signal: str, severity: int, by: User, responder: User | None = None) -> EarlyWarning:
    """Raise a warning by hand: what was seen, how grave, and who answers."""
    registry.require(by, Permission.RECORD_COMMUNITIES, community)
    limits = limits_of([community])[community.pk]
    now = timezone.now()
    row = EarlyWarning(
        community=community, rule=Rule.PERSON, severity=severity, signal=signal.strip(), raised_by=by, first_seen=now,
        responder=responder or limits.responder, due_at=now + _hours(),
    )  # fmt: skip
    row.full_clean(exclude=["raised_by"])
    with transaction.atomic():
        row.save()
        _tell_responder(row)
        audit.record("early_warning.raised", [row, community], by=by, severity=severity)
    return row


def acknowledge(warning: EarlyWarning, *, by: User) -> EarlyWarning:
    """Say that you have seen it and answer for it."""
    with transaction.atomic():
        row = _open(warning, by)
        if row.acknowledged_at is not None:
            raise AnsweredAlready(_("Somebody acknowledged it already."))
        row.acknowledged_at, row.acknowledged_by = timezone.now(), by
        row.responder = row.responder or by
        row.save()
        audit.record("early_warning.acknowledged", [row, row.community], by=by)
    return row


def respond(warning: EarlyWarning, *, response: str, by: User) -> EarlyWarning:
    """Record what was done; said again, it is said anew. Who responds has seen it."""
    with transaction.atomic():
        row = _open(warning, by)
        row.response, row.responded_at, row.responded_by = response.strip(), timezone.now(), by
        if row.acknowledged_at is None:
            row.acknowledged_at, row.acknowledged_by = row.responded_at, by
        row.clean_fields(exclude=["incidents"])
        row.save()
        audit.record("early_warning.responded", [row, row.community], by=by)
    return row


def decide(warning: EarlyWarning, *, decision: str, by: User, reason: str = "") -> EarlyWarning:
    """Close it: acted upon, watched, or not an alert (with why). The time from first seen to here is what is measured."""
    with transaction.atomic():
        row = _open(warning, by)
        row.decision, row.reason, row.decided_at, row.decided_by = decision, reason.strip(), timezone.now(), by
        row.full_clean()
        row.save()
        audit.record("early_warning.decided", [row, row.community], by=by, decision=decision)
    return row


@leaving.moves("early_warnings")
def follow_the_person(person: User, to: User, by: User) -> int:
    """Whoever takes over from somebody who leaves answers the open warnings, and the next ones where the person was named for them."""
    WarningThreshold.objects.filter(responder=person).update(responder=to)
    return EarlyWarning.objects.filter(responder=person, decided_at__isnull=True).update(responder=to, updated_at=timezone.now())


def set_threshold(
    community: Community, *, by: User, window_days: int | None = None, minimum: int | None = None, displaced: int | None = None,
    responder: User | None = None,
) -> WarningThreshold:  # fmt: skip
    """Set a community's own alarm line and who answers; what is left empty follows the practice values."""
    registry.require(by, Permission.VERIFY_INCIDENTS, community)
    row = WarningThreshold.objects.filter(community=community).first() or WarningThreshold(community=community)
    row.window_days, row.minimum, row.displaced, row.responder = window_days, minimum, displaced, responder
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("early_warning.threshold_set", [community], by=by, window_days=window_days, minimum=minimum, displaced=displaced)
    return row


# What runs by itself


def sweep(*, now: datetime | None = None) -> int:
    """Raise what the rules ask for; returns how many are new. Running it again raises nothing that is open or was decided on."""
    moment = now or timezone.now()
    found = signals(moment.astimezone(timezone.get_current_timezone()).date())
    return sum(_raise(signal, moment) for signal in _not_known(found))


def escalate(*, now: datetime | None = None) -> int:
    """Tell the managers of a warning that nobody answered in time, once. The mail says that one waits, nothing else."""
    moment = now or timezone.now()
    late = EarlyWarning.objects.open().filter(
        due_at__lte=moment, escalated_at__isnull=True, acknowledged_at__isnull=True, responded_at__isnull=True
    )
    done = 0
    for warning in late.select_related("community").order_by("pk")[:500]:
        with transaction.atomic():
            taken = EarlyWarning.objects.filter(pk=warning.pk, escalated_at__isnull=True).update(escalated_at=moment, updated_at=moment)
            if not taken:
                continue
            for person in _managers(warning.community):
                _post(person, warning, "escalated")
            audit.record("early_warning.escalated", [warning, warning.community], by=None)
            done += 1
    return done


def signals(today: date) -> list[Signal]:
    """Which rules hold for which communities on a day. A fixed number of queries, whatever the number of communities."""
    limits = limits_of(Community.objects.all())
    longest = max((one.window for one in limits.values()), default=timedelta(0))
    recent = list(
        Incident.objects.counting()
        .filter(event_date__gt=today - longest, event_date__lte=today)
        .values_list("pk", "community_id", "area_id", "type", "event_date", "displaced")
        .order_by("pk")
    )
    named = {row[1] for row in recent if row[1] is not None}
    mobs = [row for row in recent if row[3] == Incident.Type.MOB]
    near = _communities_in({row[2] for row in mobs})
    lines = alarm_lines(today, limits, named)
    quiet = _last_violence(named, today, limits)
    by_community: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in recent:
        if row[1] in limits and row[4] > today - limits[row[1]].window:
            by_community[row[1]].append(row)
    months = timedelta(days=30 * practice.whole("warning-quiet-months"))
    found: list[Signal] = []
    for pk, rows in by_community.items():
        found += _of_community(pk, rows, limits[pk], lines[pk], quiet.get(pk), months)
    for pk, incident_rows in _mobs_near(mobs, near, limits, today).items():
        found.append(Signal(pk, Rule.NEAR, Severity.ALERT, tuple(incident_rows), now=len(incident_rows)))
    return found


def alarm_lines(today: date, limits: Mapping[int, Limits], communities: Iterable[int]) -> dict[int, Line]:
    """Each community's line: windows of its own length, end to end, over the 12 months before the window that ends today."""
    wanted = set(communities)
    counts: dict[int, list[tuple[date, int]]] = defaultdict(list)
    longest = max((limits[pk].window for pk in wanted), default=timedelta(0))
    rows = Incident.objects.counting().filter(event_date__gt=today - YEAR - longest, event_date__lte=today, community__isnull=False)
    if len(wanted) <= 50:
        rows = rows.filter(community__in=wanted)
    for pk, day, number in raw_rows(rows.order_by().values_list("community", "event_date").annotate(number=Count("pk"))):
        if pk in wanted:
            counts[pk].append((day, number))
    factor = practice.number("warning-spread")
    return {pk: line_of(counts[pk], today=today, window=limits[pk].window, minimum=limits[pk].minimum, factor=factor) for pk in wanted}


def line_of(counts: Sequence[tuple[date, int]], *, today: date, window: timedelta, minimum: int, factor: Decimal = Decimal(2)) -> Line:
    """Mean and spread (standard deviation of the population of windows) in exact arithmetic; line = mean + factor × spread."""
    days = window.days
    past = [0] * (YEAR.days // days)
    now = 0
    for day, number in counts:
        back = (today - day).days // days
        if back == 0:
            now += number
        elif 1 <= back <= len(past):
            past[back - 1] += number
    mean = Decimal(sum(past)) / len(past)
    spread = (Decimal(sum(one * one for one in past)) / len(past) - mean * mean).max(Decimal(0)).sqrt()
    line = mean + factor * spread
    usual, around, alarm = (value.quantize(HUNDREDTH) for value in (mean, spread, line))
    return Line(today - window + timedelta(days=1), today, now, usual, around, alarm, minimum)


def limits_of(communities: Iterable[Community]) -> dict[int, Limits]:
    """Each community's own limits, the practice values where it has none."""
    own = {row.community_id: row for row in WarningThreshold.objects.select_related("responder")}
    window, minimum = practice.whole("warning-window-days"), practice.whole("warning-minimum")
    displaced = practice.whole("warning-displaced")
    keys = communities.values_list("pk", flat=True) if hasattr(communities, "values_list") else [one.pk for one in communities]
    found = dict.fromkeys(keys, Limits(timedelta(days=window), minimum, displaced))
    for pk in own.keys() & found.keys():
        row = own[pk]
        found[pk] = Limits(
            timedelta(days=window if row.window_days is None else row.window_days),
            minimum if row.minimum is None else row.minimum,
            displaced if row.displaced is None else row.displaced,
            row.responder,
        )
    return found


def _of_community(community: int, rows: Sequence[Any], limits: Limits, line: Line, before: date | None, months: timedelta) -> list[Signal]:
    found = []
    if line.is_crossed:
        found.append(Signal(community, Rule.COUNT, Severity.ALERT, tuple(row[0] for row in rows), line=line, now=line.now))
    violent = [row for row in rows if row[3] in taxonomy.VIOLENT]
    if violent and (before is None or min(row[4] for row in violent) - before > months):
        found.append(Signal(community, Rule.FIRST, Severity.ALERT, tuple(row[0] for row in violent), now=len(violent)))
    recruited = [row[0] for row in rows if row[3] == Incident.Type.RECRUITMENT]
    if recruited:
        found.append(Signal(community, Rule.RECRUITMENT, Severity.WARNING, tuple(recruited), now=len(recruited)))
    moved = [row for row in rows if row[5] is not None]
    people = sum(row[5] for row in moved)
    if people > limits.displaced:
        found.append(Signal(community, Rule.DISPLACEMENT, Severity.WARNING, tuple(row[0] for row in moved), now=people))
    return found


def _last_violence(communities: set[int], today: date, limits: Mapping[int, Limits]) -> dict[int, date]:
    """The last violent day of each community before its window."""
    rows = Incident.objects.counting().filter(type__in=taxonomy.VIOLENT, community__isnull=False, event_date__gt=today - YEAR - YEAR)
    by_window: dict[timedelta, set[int]] = defaultdict(set)
    for pk in communities:
        by_window[limits[pk].window].add(pk)
    found: dict[int, date] = {}
    for window, keys in by_window.items():
        last = rows.filter(event_date__lte=today - window).order_by().values_list("community").annotate(last=Max("event_date"))
        found.update({pk: day for pk, day in last if pk in keys})
    return found


def _communities_in(areas: set[int]) -> dict[int, list[int]]:
    """The communities in each area."""
    found: dict[int, list[int]] = defaultdict(list)
    if areas:
        rows = PlaceTree.objects.filter(ancestor__in=areas, descendant__communities__isnull=False)
        for area, community in rows.values_list("ancestor", "descendant__communities"):
            found[area].append(community)
    return found


def _mobs_near(mobs: Sequence[Any], near: Mapping[int, list[int]], limits: Mapping[int, Limits], today: date) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for row in mobs:
        for pk in near.get(row[2], []):
            if pk in limits and row[4] > today - limits[pk].window:
                found[pk].append(row[0])
    return found


def _drawn(line: Line | None) -> dict[str, Any]:
    """The alarm line as the warning keeps it."""
    return {} if line is None else {name: getattr(line, name) for name in ("starts_on", "ends_on", "usual", "spread", "line")}


def _not_known(found: Sequence[Signal]) -> list[Signal]:
    """The signals without an open warning that tell of an incident no warning of their rule told of: nearly none, in two queries."""
    rules = {signal.rule for signal in found}
    held = set(EarlyWarning.objects.open().filter(rule__in=rules).values_list("community", "rule"))
    left = [signal for signal in found if (signal.community, signal.rule) not in held]
    if not left:
        return []
    oldest = min(min(signal.incidents) for signal in left)
    told = EarlyWarning.incidents.through.objects.filter(incident_id__gte=oldest, earlywarning__rule__in=rules)
    known: dict[tuple[int, str], set[int]] = defaultdict(set)
    for community, rule, incident in told.values_list("earlywarning__community", "earlywarning__rule", "incident"):
        known[community, rule].add(incident)
    return [signal for signal in left if not set(signal.incidents) <= known[signal.community, signal.rule]]


def _raise(signal: Signal, moment: datetime) -> bool:
    """One open warning per community and rule; what a decided warning was about raises no second one."""
    community = Community.objects.get(pk=signal.community)
    limits = limits_of([community])[community.pk]
    line = signal.line
    row = EarlyWarning(
        community=community, rule=signal.rule, severity=signal.severity, now=signal.now, first_seen=moment, responder=limits.responder,
        due_at=moment + _hours(), **_drawn(line),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
            row.incidents.set(signal.incidents)
            _tell_responder(row)
            audit.record("early_warning.raised", [row, row.community], by=None, rule=signal.rule, severity=signal.severity)
    except IntegrityError:  # another worker raised it at the same moment
        return False
    return True


def _open(warning: EarlyWarning, by: User) -> EarlyWarning:
    row = EarlyWarning.objects.select_for_update(of=("self",)).select_related("community").get(pk=warning.pk)
    if not may_answer(row, by):
        registry.require(by, Permission.RECORD_COMMUNITIES, row.community)
    if row.decided_at is not None:
        raise DecidedAlready(_("It was decided on already. A new signal is a new warning."))
    return row


def may_answer(warning: EarlyWarning, user: User) -> bool:
    """Who records there, who verifies there, and whoever was named to answer."""
    if warning.responder_id == user.pk:
        return True
    words = (Permission.VERIFY_INCIDENTS, Permission.RECORD_COMMUNITIES)
    return any(registry.allows(user, word, warning.community) for word in words)


def _hours() -> timedelta:
    return timedelta(hours=practice.whole("warning-answer-hours"))


def _tell_responder(warning: EarlyWarning) -> None:
    if warning.responder is not None:
        _post(warning.responder, warning, "raised")


def _managers(community: Community) -> list[User]:
    people: dict[int, User] = {}
    for project in community.projects.all():
        for one in access.people_who(Permission.VERIFY_INCIDENTS, project=project, among=[Role.PROGRAM_MANAGER, Role.COMMUNITY_OFFICER]):
            people[one.pk] = one
    return [people[key] for key in sorted(people)]


def _post(person: User, warning: EarlyWarning, step: str) -> None:
    with translation.override(person.language):
        text = _("An early warning waits for an answer.")
    outbox.post(person, outbox.Line(f"early_warning:{warning.pk}", step, text, f"/communities/{warning.community_id}/"))
