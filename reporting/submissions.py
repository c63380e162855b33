"""The acts on a partner's report: sign off, submit, recall, return, accept, hold, reopen, restate.

Each is one transaction with one audit event. Two people always stand behind an accepted figure: whoever accepts neither submitted
the report, nor entered one of its figures (also as somebody's deputy), nor issued the key that did.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place, PlaceTree
from plumbing.refusals import Invalid, Problem, Refused, Stale
from programs import access, calendar, library
from programs.models import AssignmentPlace, Indicator, IndicatorDefinition, Project, ReportingPeriod
from reporting import checks, drafts, published, rollup
from reporting.models import (
    Figure,
    FigureDecision,
    FigureNote,
    FlagReason,
    Reopening,
    RestatedReport,
    Restatement,
    Submission,
    SubmissionSnapshot,
)

State = Submission.State
Decision = FigureDecision.Decision


class WrongState(Refused):
    """The report is not in the state that the act needs, perhaps because somebody was faster."""


class OwnWork(Refused):
    """A second person is needed: this one submitted the report, entered a figure, or issued the key that did."""


class CountedTwice(Refused):
    """Figures at a place and at a place below it would both count; the reviewer names which one does. ``places``: their keys."""

    def __init__(self, message: str, places: Iterable[int]) -> None:
        super().__init__(message)
        self.places = set(places)


@dataclass(frozen=True)
class Comment:
    """A reviewer's words on one indicator at one place."""

    indicator: Indicator
    place: Place
    text: str


def sign_off(submission: Submission, *, by: User) -> Submission:
    """The partner's own manager signs the report off; an edit afterwards takes the sign-off back."""
    access.require(by, Permission.SIGN_OFF_FIGURES, project=submission.project, partner=submission.partner)
    now = timezone.now()
    with transaction.atomic():
        _move(submission, Q(state__in=Submission.EDITABLE, signed_off_at__isnull=True), signed_off_at=now, signed_off_by=by)
        audit.record("submission.signed_off", [submission], by=by)
    return submission


def explain(submission: Submission, *, indicator: Indicator, place: Place, flag: str, sentence: str, by: User) -> None:
    """Keep the reporter's sentence for a flag; an empty one takes it back."""
    drafts.may_write(submission, by=by)
    key: dict[str, Any] = {"submission": submission, "indicator": indicator, "place": place, "flag": flag}
    with transaction.atomic():
        if sentence.strip():
            FlagReason.objects.update_or_create(**key, defaults={"sentence": sentence.strip(), "given_by": by, "given_at": timezone.now()})
        else:
            FlagReason.objects.filter(**key).delete()
        audit.record("submission.flag_explained", [submission, indicator], by=by, flag=flag)


def submit(submission: Submission, *, by: User, version: int | None = None) -> Submission:
    """Send a report to review. Raises Invalid with everything that still blocks it, on every road."""
    _may_submit(submission, by)
    with transaction.atomic():
        _unchanged(submission, version)
        found = checks.check(submission)
        if found.blocks:
            raise Invalid(Problem(block.path, block.message, block.code) for block in found.blocks)
        now = timezone.now()
        key = getattr(by, "api_key", None) if by.is_service else None
        _move(
            submission, Q(state__in=Submission.EDITABLE),
            state=State.SUBMITTED, submitted_at=now, submitted_by=by, key_issuer=key.created_by if key is not None else None, returned_at=None, returned_by=None,
        )  # fmt: skip
        submission.decisions.all().delete()
        FigureNote.objects.filter(submission=submission, sent_at__isnull=False, answered_at__isnull=True).update(answered_at=now)
        _snapshot(submission, found.flags, by=by)
        calendar.mark_reported(submission.period)
        audit.record("submission.submitted", [submission, submission.project], by=by, flags=len(found.flags), revision=submission.revision)
    return submission


def recall(submission: Submission, *, by: User) -> Submission:
    """Take a report back while nobody has decided anything on it; a look is not a decision."""
    _may_submit(submission, by, editable=False)
    with transaction.atomic():
        locked = Submission.objects.select_for_update().get(pk=submission.pk)
        if locked.decisions.exists():
            raise WrongState(_("The review has begun: ask the reviewer to return it."))
        _move(submission, Q(state=State.SUBMITTED), state=State.DRAFT, submitted_at=None, submitted_by=None, key_issuer=None)
        audit.record("submission.recalled", [submission, submission.project], by=by)
    return submission


def decide(submission: Submission, *, indicator: Indicator, place: Place, decision: str, by: User) -> None:
    """Keep the reviewer's decision on one figure; the review has begun. An empty decision takes it back."""
    _may_review(submission, by)
    key: dict[str, Any] = {"submission": submission, "indicator": indicator, "place": place}
    with transaction.atomic():
        if Submission.objects.select_for_update().get(pk=submission.pk).state != State.SUBMITTED:
            raise WrongState(_("This report is no longer in review."))
        if decision:
            FigureDecision.objects.update_or_create(
                **key, defaults={"decision": Decision(decision), "decided_by": by, "decided_at": timezone.now()}
            )
        else:
            FigureDecision.objects.filter(**key).delete()
        audit.record("submission.figure_decided", [submission, indicator], by=by, decision=decision)


def comment(submission: Submission, *, indicator: Indicator, place: Place, text: str, by: User, internal: bool = False) -> FigureNote:
    """Write a comment on one figure. An internal one stays with the reviewers; the others go out with the return."""
    reviewer = access.allows(by, Permission.REVIEW_FIGURES, project=submission.project)
    if not reviewer:
        access.require(by, Permission.ENTER_FIGURES, project=submission.project, partner=submission.partner)
    if not text.strip():
        raise Invalid([Problem("text", _("Write the comment first."), "required")])
    with transaction.atomic():
        note = FigureNote.objects.create(
            submission=submission, indicator=indicator, place=place, text=text.strip(), is_internal=internal and reviewer,
            written_by=by, sent_at=None if reviewer else timezone.now(),
        )  # fmt: skip
        audit.record("submission.commented", [submission, indicator], by=by, internal=note.is_internal)
    return note


def _each_has_a_comment(submission: Submission) -> None:
    """Without a note, each figure that goes back says what to correct in it; the partner could not tell which one is meant."""
    said = set(submission.notes.filter(is_internal=False, sent_at__isnull=True).values_list("indicator_id", "place_id"))
    if not said:
        raise Invalid([Problem("comments", _("Say what to correct: a comment on a figure, or a note."), "required")])
    marked = submission.decisions.filter(decision=Decision.RETURN).select_related("indicator__definition", "place")
    silent = [one for one in marked if (one.indicator_id, one.place_id) not in said]
    if silent:
        names = ", ".join(f"{one.indicator.code} {one.place.name}" for one in silent)
        words = _("Say what to correct at %(figures)s: a comment there, or one note to the partner.") % {"figures": names}
        raise Invalid([Problem("comments", words, "required")])


def return_for_revision(submission: Submission, *, by: User, comments: Sequence[Comment] = (), note: str = "") -> Submission:
    """Return a report with comments on single figures; it keeps its revision and every figure."""
    _may_review(submission, by)
    now = timezone.now()
    with transaction.atomic():
        _move(submission, Q(state=State.SUBMITTED), state=State.RETURNED, returned_at=now, returned_by=by, return_note=note)
        for one in comments:
            FigureNote.objects.create(submission=submission, indicator=one.indicator, place=one.place, text=one.text, written_by=by)
            FigureDecision.objects.update_or_create(
                submission=submission, indicator=one.indicator, place=one.place, defaults={"decision": Decision.RETURN, "decided_by": by}
            )
        if not note.strip():
            _each_has_a_comment(submission)
        submission.notes.filter(is_internal=False, sent_at__isnull=True).update(sent_at=now)
        returned = submission.decisions.filter(decision=Decision.RETURN).count()
        audit.record("submission.returned", [submission, submission.project], by=by, figures=returned)
    return submission


def accept(
    submission: Submission, *, by: User, holds: Iterable[Indicator] = (), hold_reason: str = "", counts_at: Iterable[Place] = ()
) -> Submission:
    """Accept a report: its figures count from now on, in the place of those they replace.

    ``holds`` are accepted later: their figures do not count, and the report is reopened for them at once. ``counts_at`` names the
    places that count where a place and one below it are both reported. The rules of every definition used freeze.
    """
    _may_review(submission, by)
    _second_person(submission, by)
    held = {indicator.pk for indicator in holds}
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=submission.project_id)
        if submission.period.locked_at is not None:
            raise calendar.PeriodClosed(_("The period is locked. Unlock it before you accept."))
        _move(submission, Q(state=State.SUBMITTED) & ~Q(submitted_by=by), state=State.ACCEPTED, accepted_at=timezone.now(), accepted_by=by)
        new = _to_count(submission, held, {place.pk for place in counts_at})
        restated = _restate(submission, new, held, by=by)
        Figure.objects.filter(pk__in=[f.pk for f in new]).update(counts=True)
        touched = _touched(submission)
        rollup.keep(touched)
        published.register(touched)
        library.freeze({f.indicator.definition_id for f in new})
        if submission.reopening_id is not None:
            Reopening.objects.filter(pk=submission.reopening_id, closed_at__isnull=True).update(closed_at=timezone.now(), closed_by=by)
        if held:
            _reopen(submission.project, submission.partner, submission.period, held, hold_reason or _("Held at acceptance"), None, by)
        audit.record(
            "submission.accepted", [submission, submission.project], by=by,
            figures=len(new), held=len(held), restated=restated, revision=submission.revision,
        )  # fmt: skip
    return submission


def reopen(
    project: Project, partner: Organization, period: ReportingPeriod, *, indicators: Iterable[Indicator], reason: str, by: User,
    expires_at: datetime | None = None,
) -> Submission:  # fmt: skip
    """Reopen accepted figures for correction: scoped, with a reason and an end. The old figures count until the new are accepted.

    Returns the new revision, filled with the present figures of the indicators named.
    """
    access.require(by, Permission.REOPEN_FIGURES, project=project)
    chosen = {indicator.pk for indicator in indicators}
    if not reason.strip():
        raise Invalid([Problem("reason", _("Say why it is reopened."), "required")])
    if not chosen:
        raise Invalid([Problem("indicators", _("Choose the figures to correct."), "required")])
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        period.refresh_from_db()
        if period.locked_at is not None:
            raise calendar.PeriodClosed(_("The period is locked. Unlock it first; unlocking edits nothing."))
        return _reopen(project, partner, period, chosen, reason, expires_at, by)


def withdraw(submission: Submission, *, by: User, reason: str) -> Submission:
    """Give up an open revision, such as a reopening that turned out not to be needed; accepted figures stay as they are."""
    access.require(by, Permission.REVIEW_FIGURES, project=submission.project)
    with transaction.atomic():
        _move(submission, Q(state__in=Submission.OPEN), state=State.WITHDRAWN, return_note=reason)
        if submission.reopening_id is not None:
            Reopening.objects.filter(pk=submission.reopening_id, closed_at__isnull=True).update(closed_at=timezone.now(), closed_by=by)
        audit.record("submission.withdrawn", [submission, submission.project], by=by)
    return submission


def discard_past(keys: Iterable[int]) -> None:
    """Remove reports of past figures that nobody decided on: their import is being undone. Inside the caller's transaction."""
    rows = Submission.objects.filter(pk__in=list(keys), origin=Submission.Origin.PAST)
    if rows.exclude(state__in=(State.DRAFT, State.SUBMITTED, State.WITHDRAWN)).exists():
        raise WrongState(_("A report of past figures was decided on and stays."))
    SubmissionSnapshot.objects.filter(submission__in=rows).delete()
    rows.delete()


def may_accept(submission: Submission, *, by: User) -> str:
    """Why this person may not accept the report, in words; empty when they may."""
    if not access.allows(by, Permission.REVIEW_FIGURES, project=submission.project):
        return _("Only a reviewer of this project can accept it.")
    try:
        _second_person(submission, by)
    except OwnWork as why:
        return str(why)
    return ""


def _may_submit(submission: Submission, by: User, *, editable: bool = True) -> None:
    if submission.origin == Submission.Origin.PARTNER:
        access.require(by, Permission.SUBMIT_FIGURES, project=submission.project, partner=submission.partner)
    elif submission.origin == Submission.Origin.ON_BEHALF:
        access.require(by, Permission.ENTER_ON_BEHALF, project=submission.project, partner=submission.partner)
    else:
        access.require(by, Permission.IMPORT_FRAMEWORK, project=submission.project)
    if not editable:
        return
    if not submission.is_editable:
        raise WrongState(_("This report is %(state)s already.") % {"state": submission.get_state_display().lower()})
    wants = submission.partner.wants_own_sign_off and submission.origin == Submission.Origin.PARTNER
    if wants and Submission.objects.filter(pk=submission.pk, signed_off_at__isnull=True).exists():
        raise WrongState(_("The partner's manager signs this report off first."))


def _unchanged(submission: Submission, version: int | None) -> None:
    """Refuse to send what the sender has not seen; unlike an edit this leaves the partner's sign-off in place."""
    now = Submission.objects.select_for_update().values_list("draft_version", flat=True).get(pk=submission.pk)
    if version is not None and version != now:
        raise Stale(_("Somebody else saved this report in the meantime. Look at it again before you send it."), current=now)


def _may_review(submission: Submission, by: User) -> None:
    access.require(by, Permission.REVIEW_FIGURES, project=submission.project)


def _second_person(submission: Submission, by: User) -> None:
    """Refuse who stands behind a figure of this report, themselves or through a deputy or a key."""
    mine = {by.pk, *access.acts_for(by)}
    if submission.submitted_by_id in mine or submission.key_issuer_id in mine:
        raise OwnWork(_("You submitted this report, or somebody you act for did: a second person accepts it."))
    entered = Figure.objects.filter(submission=submission).filter(Q(entered_by__in=mine) | Q(entered_behind__in=mine))
    if entered.exists():
        raise OwnWork(_("You entered a figure of this report, or somebody you act for did: a second person accepts it."))


def _move(submission: Submission, expected: Q, **values: object) -> None:
    """Compare and swap: only who finds the report in the expected state changes it."""
    now = timezone.now()
    if not Submission.objects.filter(expected, pk=submission.pk).update(**values, updated_at=now):
        state = Submission.objects.filter(pk=submission.pk).values_list("state", flat=True).first() or ""
        raise WrongState(_("This report is %(state)s now. Load the page again.") % {"state": State(state).label.lower()})
    submission.refresh_from_db()


def _to_count(submission: Submission, held: set[int], named: set[int]) -> list[Figure]:
    """The figures of a submission that will count; a place and one within it never both, for one indicator and partner.

    In the same period the reviewer names the place that counts. Against a number that is carried from another period (running
    total, snapshot) only the carried one can be named: then the new one does not count. To let the new one count, the carried
    stream ends first, so that no earlier period changes unseen.
    """
    rows = list(
        submission.figures.filter(reason="")
        .exclude(indicator__in=held)
        .select_related("indicator__definition", "place", "disaggregation", "option")
    )
    mine: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        mine[row.indicator_id].add(row.place_id)
    others = Figure.objects.counting().filter(
        indicator__in=list(mine), partner=submission.partner_id, period=submission.period_id
    ).exclude(submission__in=_earlier(submission))  # fmt: skip
    now = {indicator: set(ids) for indicator, ids in mine.items()}
    for indicator, place in others.values_list("indicator_id", "place_id"):
        now[indicator].add(place)
    carried = _carried(submission, rows)
    several = set().union(*(ids | carried.get(key, set()) for key, ids in now.items() if len(ids | carried.get(key, set())) > 1))
    within = _within(several)
    dropped: set[tuple[int, int]] = set()
    for indicator, ids in now.items():
        for above in ids:
            for below in within.get(above, set()) & ids:
                if (above in named) == (below in named):
                    raise CountedTwice(_("A place and a place within it are both reported. Say which one counts."), (above, below))
                dropped.add((indicator, below if above in named else above))
        dropped |= {(indicator, place) for place in _covered(mine[indicator], carried.get(indicator, set()) - ids, within, named)}
    return [row for row in rows if (row.indicator_id, row.place_id) not in dropped]


def _carried(submission: Submission, rows: Iterable[Figure]) -> dict[int, set[int]]:
    """By indicator: the places whose number of another period is present in this one too, because its rule carries it."""
    rule = {row.indicator_id: row.indicator.definition.over_time for row in rows}
    over_time = IndicatorDefinition.OverTime
    kept = [key for key, name in rule.items() if name != over_time.PER_PERIOD]
    found: dict[int, set[int]] = defaultdict(set)
    counting = Figure.objects.counting().filter(indicator__in=kept, partner=submission.partner_id).exclude(period=submission.period_id)
    for indicator, place in counting.values_list("indicator_id", "place_id").distinct():
        found[indicator].add(place)
    snapshots = [key for key in found if rule[key] == over_time.SNAPSHOT]
    if snapshots:  # a snapshot ends with its assignment
        live = AssignmentPlace.objects.filter(
            Q(assignment__ends_on__isnull=True) | Q(assignment__ends_on__gte=submission.period.ends_on),
            assignment__indicator__in=snapshots, assignment__partner=submission.partner_id,
        )  # fmt: skip
        present: dict[int, set[int]] = defaultdict(set)
        every = set().union(*(found[key] for key in snapshots))
        covers = PlaceTree.objects.filter(descendant__in=every, ancestor__in=live.values("place"))
        above: dict[int, set[int]] = defaultdict(set)
        for place, covering in covers.values_list("descendant_id", "ancestor_id"):
            above[covering].add(place)
        for indicator, place in live.values_list("assignment__indicator_id", "place_id"):
            present[indicator] |= above[place]
        for key in snapshots:
            found[key] &= present[key]
    return found


def _within(places: set[int]) -> dict[int, set[int]]:
    """For each of these places those of them that lie within it."""
    found: dict[int, set[int]] = defaultdict(set)
    pairs = (
        PlaceTree.objects.filter(ancestor__in=places, descendant__in=places, depth__gt=0) if len(places) > 1 else PlaceTree.objects.none()
    )
    for above, below in pairs.values_list("ancestor_id", "descendant_id"):
        found[above].add(below)
    return found


def _covered(mine: set[int], carried: set[int], within: dict[int, set[int]], named: set[int]) -> set[int]:
    """The new places that do not count because the reviewer named one carried above or below them."""
    pairs = [(new, old) for new in mine for old in within.get(new, set()) & carried]
    pairs += [(new, old) for old in carried for new in within.get(old, set()) & mine]
    if any(old not in named or new in named for new, old in pairs):
        raise CountedTwice(
            _(
                "A number of an earlier or later period is carried at a place above or within one reported now, so both would be counted. "
                "Name the carried place as the one that counts, or end its assignment or take its figure back first."
            ),
            {old for _new, old in pairs},
        )
    return {new for new, _old in pairs}


def _touched(submission: Submission) -> set[int]:
    """The indicators whose totals this acceptance can move: what it holds, and what its reopening allowed to be taken back."""
    touched = set(submission.figures.values_list("indicator_id", flat=True))
    if submission.reopening_id is not None:
        touched |= set(submission.reopening.indicators.values_list("pk", flat=True))  # type: ignore[union-attr]
    return touched


def _earlier(submission: Submission) -> Iterable[int]:
    return list(
        Submission.objects.filter(project=submission.project_id, partner=submission.partner_id, period=submission.period_id)
        .exclude(pk=submission.pk)
        .values_list("pk", flat=True)
    )


def _restate(submission: Submission, new: Sequence[Figure], held: set[int], *, by: User) -> int:
    """Move ``counts`` off the rows that are replaced, and write down what changed, why, and which sent reports held the old."""
    scope = {row.indicator_id for row in new}
    if submission.reopening_id is not None:
        scope |= set(submission.reopening.indicators.values_list("pk", flat=True)) - held  # type: ignore[union-attr]
    old = list(
        Figure.objects.counting()
        .filter(indicator__in=scope, partner=submission.partner_id, period=submission.period_id)
        .exclude(submission=submission)
        .select_related("indicator__definition", "option", "disaggregation")
    )
    if not old:
        return 0
    replaced = {(f.indicator_id, f.place_id, f.disaggregation_id): f for f in new}
    reason = submission.reopening.reason if submission.reopening_id is not None else _("accepted again")  # type: ignore[union-attr]
    rows = []
    for row in old:
        successor = replaced.get((row.indicator_id, row.place_id, row.disaggregation_id))
        if successor is None or _as_text(successor) != _as_text(row):
            rows.append(
                Restatement(
                    old=row,
                    new=successor,
                    old_text=_as_text(row),
                    new_text=_as_text(successor) if successor else "",
                    reason=reason,
                    restated_by=by,
                )
            )
    Figure.objects.filter(pk__in=[row.pk for row in old]).update(counts=False)
    Restatement.objects.bulk_create(rows)
    held_by = Figure.objects.filter(pk__in=[r.old_id for r in rows], reported_in__line__report__sent_at__isnull=False)
    by_old = {row.old_id: row for row in rows}
    RestatedReport.objects.bulk_create(
        RestatedReport(restatement=by_old[figure], report_id=report)
        for figure, report in held_by.values_list("pk", "reported_in__line__report").distinct()
    )
    return len(rows)


def _reopen(
    project: Project,
    partner: Organization,
    period: ReportingPeriod,
    indicators: set[int],
    reason: str,
    expires_at: datetime | None,
    by: User,
) -> Submission:
    accepted = list(Submission.objects.filter(project=project, partner=partner, period=period).order_by("-revision"))
    if not any(s.state == State.ACCEPTED for s in accepted):
        raise WrongState(_("Nothing is accepted here yet, so there is nothing to reopen."))
    waiting = next((s for s in accepted if s.state in Submission.OPEN), None)
    if waiting is not None:
        raise drafts.AlreadyOpen(waiting)
    Reopening.objects.filter(project=project, partner=partner, period=period, closed_at__isnull=True).update(
        closed_at=timezone.now(), closed_by=by
    )
    reopening = Reopening.objects.create(
        project=project,
        partner=partner,
        period=period,
        reason=reason,
        opened_by=by,
        expires_at=expires_at or timezone.now() + timedelta(days=30),
    )
    reopening.indicators.set(indicators)
    submission = Submission.objects.create(
        project=project,
        partner=partner,
        period=period,
        revision=accepted[0].revision + 1,
        reopening=reopening,
        created_by=by,
        origin=accepted[0].origin,
    )
    source = Figure.objects.filter(submission__in=[s.pk for s in accepted if s.state == State.ACCEPTED], indicator__in=indicators)
    copies = {}
    for row in source.order_by("submission__revision"):
        row.pk, row.submission, row.counts = None, submission, False
        row._state.adding = True
        copies[row.indicator_id, row.place_id, row.disaggregation_id] = row
    Figure.objects.bulk_create(copies.values(), batch_size=200)
    audit.record("submission.reopened", [submission, project], by=by, figures=len(copies), indicators=len(indicators))
    return submission


def _snapshot(submission: Submission, flags: Iterable[checks.Flag], *, by: User) -> SubmissionSnapshot:
    content = json.dumps(_content(submission, flags), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    number = (submission.snapshots.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    digest = hashlib.sha256(content.encode()).hexdigest()
    return SubmissionSnapshot.objects.create(submission=submission, number=number, content=content, digest=digest, taken_by=by)


def _content(submission: Submission, flags: Iterable[checks.Flag]) -> dict[str, object]:
    figures = submission.figures.order_by("indicator__code", "place__code", "disaggregation__key").values(
        "value", "numerator", "denominator", "share", "text", "reason", "source", "source_detail",
        code=F("indicator__code"), at=F("place__code"), cell=F("disaggregation__key"), answer=F("option__code"),
    )  # fmt: skip
    return {
        "figures": [{key: str(value) for key, value in row.items() if value not in (None, "")} for row in figures],
        "narrative": {str(key): text for key, text in submission.answers.order_by("question_id").values_list("question_id", "text")},
        "challenges": submission.challenges,
        "nil": submission.nil_reason,
        "flags": [[f.indicator.code, f.place.code, f.kind, dict(f.words), f.sentence] for f in flags],
    }


def _as_text(row: Figure) -> str:
    if row.numerator is not None:
        return f"{row.numerator:f} / {row.denominator:f}"
    if row.share is not None:
        return f"{row.share:f} %"
    if row.value is not None:
        return f"{row.value:f}"
    return (row.option.label if row.option is not None else row.text)[:60]
