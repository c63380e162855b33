"""Writing a draft: whatever road the figures come by, this is where they are checked and kept, all or none.

What is still missing or odd does not stop a draft; that is for ``checks.py`` when it is submitted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place, PlaceTree
from plumbing.numbers import to_units
from plumbing.refusals import Invalid, Problem, Refused, Stale
from programs import access, calendar, disaggregations
from programs.models import ExpectedReport, Indicator, IndicatorDefinition, Project, ReportingPeriod
from reporting.models import Figure, NarrativeAnswer, NarrativeQuestion, Reopening, Submission
from reporting.models.figures import EmptyReason

Number = Decimal | str | None


class AlreadyOpen(Refused):
    """The report has an open revision; the error carries it so that the caller can go on there."""

    def __init__(self, submission: Submission) -> None:
        super().__init__(_("This report is already open: go on with revision %(number)s.") % {"number": submission.revision})
        self.submission = submission


class NotOpen(Refused):
    """The submission is in review or accepted: it cannot be written to."""


class NotAssigned(Refused):
    """The partner owes nothing here."""


@dataclass(frozen=True)
class FigureInput:
    """One figure as it comes in. Exactly one of the numbers, ``option``, ``text`` or ``reason``; all empty means "take it out".

    ``cell`` is the disaggregation, such as ``{"sex": "female"}``; empty is the total. ``path`` names it in problems.
    """

    indicator: str
    place: str
    cell: Mapping[str, str] = field(default_factory=dict)
    value: Number = None
    numerator: Number = None
    denominator: Number = None
    share: Number = None
    option: str = ""
    text: str = ""
    reason: str = ""
    path: str = ""
    source_detail: str = ""

    @property
    def says_nothing(self) -> bool:
        return all(n is None for n in (self.value, self.numerator, self.denominator, self.share)) and not (
            self.option or self.text or self.reason
        )


@dataclass(frozen=True)
class Owed:
    """One figure that the partner owes in the period: an indicator at a place."""

    indicator: Indicator
    place: Place


def owed(project: Project, partner: Organization, period: ReportingPeriod) -> list[Owed]:
    """What the partner owes in the period, in the order of the framework, each indicator at each assigned place once."""
    seen: dict[tuple[int, int], Owed] = {}
    for row in calendar.assignments_in(period, partner=partner):
        for at in row.places.all():
            seen.setdefault((row.indicator_id, at.place_id), Owed(row.indicator, at.place))
    return list(seen.values())


def owed_by(submission: Submission) -> list[Owed]:
    """What this submission answers for: everything owed, or what its reopening names."""
    everything = owed(submission.project, submission.partner, submission.period)
    if submission.reopening_id is None:
        return everything
    scope = set(submission.reopening.indicators.values_list("pk", flat=True))  # type: ignore[union-attr]
    return [one for one in everything if one.indicator.pk in scope]


def start(
    project: Project,
    partner: Organization,
    period: ReportingPeriod,
    *,
    by: User | None,
    origin: str = Submission.Origin.PARTNER,
    source: str = "",
) -> Submission:
    """Open the first revision of a report, or the next where the one before was withdrawn. A second one at the same time is refused
    with the address of the first.

    A draft that the portal filled in from the records and nobody has touched is no second one: whoever starts takes it up.
    """
    _may_start(project, partner, period, by, origin)
    waiting = Submission.objects.open().filter(project=project, partner=partner, period=period).first()
    if waiting is not None:
        if by is not None and _take_up(waiting, by=by, origin=origin):
            return waiting
        raise AlreadyOpen(waiting)
    before = dict(Submission.objects.filter(project=project, partner=partner, period=period).values_list("revision", "state"))
    if Submission.State.ACCEPTED in before.values():
        raise Refused(_("This report is accepted. Ask the reviewer to reopen it if a figure must change."))
    try:
        with transaction.atomic():
            submission = Submission.objects.create(
                project=project,
                partner=partner,
                period=period,
                created_by=by,
                origin=origin,
                source_import=source,
                revision=max(before, default=0) + 1,
            )
            ExpectedReport.objects.filter(project=project, partner=partner, period=period, prepared_at__isnull=True).update(
                prepared_at=timezone.now()
            )
            audit.record("submission.started", [submission, project], by=by, origin=origin)
    except IntegrityError:
        raise AlreadyOpen(Submission.objects.open().get(project=project, partner=partner, period=period)) from None
    return submission


def write_figures(
    submission: Submission, figures: Sequence[FigureInput], *, by: User, version: int | None = None,
    source: str = Figure.Source.TYPED, replace_all: bool = False,
) -> Submission:  # fmt: skip
    """Write figures into a draft, all or none.

    ``version`` guards against overwriting what somebody else saved (raises Stale). With ``replace_all`` what is left out becomes
    empty; without, only the figures named change. Raises Invalid with every problem at once.
    """
    may_write(submission, by=by)
    rows, problems = _Reader(submission).read(figures, by=by, source=source)
    if problems:
        raise Invalid(problems)
    kept, dropped = [row for row in rows if row is not None], [f for f, row in zip(figures, rows, strict=True) if row is None]
    with transaction.atomic():
        claim_version(submission, by=by, version=version)
        _store(submission, kept, dropped, replace_all=replace_all)
        audit.record("submission.figures_written", [submission], by=by, figures=len(kept), source=source)
    return submission


def fill(submission: Submission, figures: Sequence[FigureInput]) -> bool:
    """Write what the portal counted into its own draft; what it counted before and not now becomes empty.

    False where a person was faster: from then on the draft is theirs. Raises Invalid where a count does not fit its indicator.
    """
    rows, problems = _Reader(submission).read(figures, by=None, source=Figure.Source.RECORDS)
    if problems:
        raise Invalid(problems)
    with transaction.atomic():
        untouched = _untouched(submission)
        if not untouched.update(draft_version=F("draft_version") + 1, updated_at=timezone.now()):
            return False
        _store(submission, [row for row in rows if row is not None], [], replace_all=True)
        audit.record("submission.filled_from_records", [submission], by=None, figures=len(rows))
    submission.refresh_from_db(fields=["draft_version", "updated_at"])
    return True


def write_narrative(
    submission: Submission, *, by: User, answers: Mapping[int, str] | None = None, challenges: str | None = None, version: int | None = None
) -> Submission:
    """Keep answers to the narrative questions and the challenges; an answer longer than its limit is refused."""
    may_write(submission, by=by)
    questions = {q.pk: q for q in questions_for(submission.project)}
    problems = []
    for key, text in (answers or {}).items():
        if key not in questions:
            problems.append(Problem(f"narrative/{key}", _("This question is not asked here.")))
        elif len(text) > questions[key].limit:
            longest = questions[key].limit
            problems.append(
                Problem(f"narrative/{key}", _("At most %(limit)s characters; this has %(has)s.") % {"limit": longest, "has": len(text)})
            )
    if problems:
        raise Invalid(problems)
    with transaction.atomic():
        claim_version(submission, by=by, version=version)
        for key, text in (answers or {}).items():
            NarrativeAnswer.objects.update_or_create(submission=submission, question_id=key, defaults={"text": text})
        if challenges is not None:
            submission.challenges = challenges
            submission.save(update_fields=["challenges", "updated_at"])
        audit.record("submission.narrative_written", [submission], by=by, answers=len(answers or {}))
    return submission


def set_nil(submission: Submission, *, by: User, reason: str, version: int | None = None) -> Submission:
    """Make it a nil report: nothing happened, and that is the report. An empty reason makes it an ordinary one again."""
    may_write(submission, by=by)
    with transaction.atomic():
        claim_version(submission, by=by, version=version)
        submission.is_nil, submission.nil_reason = bool(reason.strip()), reason.strip()
        submission.save(update_fields=["is_nil", "nil_reason", "updated_at"])
        audit.record("submission.nil" if submission.is_nil else "submission.not_nil", [submission], by=by)
    return submission


def may_write(submission: Submission, *, by: User) -> None:
    """Refuse who may not write here, and what cannot be written to now."""
    permission = Permission.ENTER_FIGURES if submission.origin == Submission.Origin.PARTNER else Permission.ENTER_ON_BEHALF
    if submission.origin == Submission.Origin.PAST:
        permission = Permission.IMPORT_FRAMEWORK
    if not access.allows(by, permission, project=submission.project, partner=submission.partner):
        access.require(by, Permission.ENTER_ON_BEHALF, project=submission.project, partner=submission.partner)
    if not submission.is_editable:
        raise NotOpen(_("This report is %(state)s and cannot be changed now.") % {"state": submission.get_state_display().lower()})
    if submission.period.locked_at is not None:
        raise calendar.PeriodClosed(_("The period is locked. Ask for it to be unlocked first."))
    reopening: Reopening | None = submission.reopening
    if reopening is not None and reopening.expires_at <= timezone.now():
        raise NotOpen(_("The time to correct this report is over. Ask the reviewer to reopen it again."))


def claim_version(submission: Submission, *, by: User, version: int | None) -> None:
    """Move the draft version on, or raise Stale when somebody else saved in between. Inside the caller's transaction."""
    now = timezone.now()
    rows = Submission.objects.filter(pk=submission.pk, state__in=Submission.EDITABLE)
    if version is not None:
        rows = rows.filter(draft_version=version)
    if not rows.update(
        draft_version=F("draft_version") + 1, edited_at=now, edited_by=by, updated_at=now, signed_off_at=None, signed_off_by=None
    ):
        current = Submission.objects.values_list("draft_version", "state").get(pk=submission.pk)
        if current[1] not in Submission.EDITABLE:
            raise NotOpen(_("This report was submitted in the meantime and cannot be changed now."))
        raise Stale(_("Somebody else saved this report in the meantime. Look at both versions before you save."), current=current[0])
    submission.refresh_from_db(fields=["draft_version", "edited_at", "edited_by", "updated_at", "signed_off_at", "signed_off_by"])


def questions_for(project: Project) -> list[NarrativeQuestion]:
    """The narrative questions asked of a project: its own, its program's and the portal's; the nearest wins where headings agree."""
    asked = Q(project=project) | Q(project__isnull=True, program=project.program_id) | Q(project__isnull=True, program__isnull=True)
    rows = NarrativeQuestion.objects.filter(asked, is_retired=False)
    nearest: dict[str, NarrativeQuestion] = {}
    for row in sorted(rows, key=lambda q: (q.project_id is None, q.program_id is None)):
        nearest.setdefault(row.heading, row)
    return sorted(nearest.values(), key=lambda q: (q.order, q.pk))


def _untouched(submission: Submission) -> QuerySet[Submission]:
    """The submission, as long as it is a draft that the portal made and nobody has opened or saved."""
    return Submission.objects.filter(pk=submission.pk, state=Submission.State.DRAFT, created_by__isnull=True, edited_at__isnull=True)


def _take_up(submission: Submission, *, by: User, origin: str) -> bool:
    """Make the portal's own draft this person's. False where it is somebody's already."""
    if origin == Submission.Origin.PAST:
        return False
    with transaction.atomic():
        if not _untouched(submission).update(created_by=by, origin=origin, updated_at=timezone.now()):
            return False
        audit.record("submission.started", [submission, submission.project], by=by, origin=origin)
    submission.refresh_from_db()
    return True


def _may_start(project: Project, partner: Organization, period: ReportingPeriod, by: User | None, origin: str) -> None:
    if origin == Submission.Origin.PAST:
        if by is not None:
            access.require(by, Permission.IMPORT_FRAMEWORK, project=project)
        return
    if by is not None:
        if origin == Submission.Origin.ON_BEHALF:
            access.require(by, Permission.ENTER_ON_BEHALF, project=project, partner=partner)
        else:
            access.require(by, Permission.ENTER_FIGURES, project=project, partner=partner)
    if period.project_id != project.pk:
        raise Refused(_("This period belongs to another project."))
    if period.opened_at is None:
        raise calendar.PeriodClosed(_("%(period)s is not open yet; it opens on %(day)s.") % {"period": period.code, "day": period.opens_on})
    if period.locked_at is not None:
        raise calendar.PeriodClosed(_("%(period)s is locked. Ask for it to be unlocked first.") % {"period": period.code})
    if not owed(project, partner, period):
        raise NotAssigned(_("%(partner)s owes no indicator of this project in %(period)s.") % {"partner": partner, "period": period.code})


def _store(submission: Submission, kept: list[Figure], dropped: list[FigureInput], *, replace_all: bool) -> None:
    existing = {(f.indicator_id, f.place_id, f.disaggregation_id): f for f in submission.figures.select_for_update()}
    new, changed = [], []
    for row in kept:
        old = existing.pop((row.indicator_id, row.place_id, row.disaggregation_id), None)
        if old is None:
            new.append(row)
        elif _said(old) != _said(row):
            row.pk = old.pk
            changed.append(row)
    gone = list(existing.values()) if replace_all else _named(existing.values(), dropped)
    Figure.objects.filter(pk__in=[row.pk for row in gone]).delete()
    Figure.objects.bulk_create(new, batch_size=200)
    Figure.objects.bulk_update(changed, _WRITTEN, batch_size=100)


def _named(existing: Iterable[Figure], dropped: list[FigureInput]) -> list[Figure]:
    rows = list(existing)
    if not dropped:
        return []
    codes = dict(Indicator.objects.filter(pk__in={r.indicator_id for r in rows}).values_list("pk", "code"))
    places = dict(Place.objects.filter(pk__in={r.place_id for r in rows}).values_list("pk", "code"))
    keys = dict(Figure.objects.filter(pk__in=[r.pk for r in rows]).values_list("pk", "disaggregation__key"))
    named = {(d.indicator, d.place, disaggregations.key_of(d.cell)) for d in dropped}
    return [r for r in rows if (codes[r.indicator_id], places[r.place_id], keys[r.pk]) in named]


def _said(row: Figure) -> tuple[object, ...]:
    return (row.value, row.numerator, row.denominator, row.share, row.option_id, row.text, row.reason)


_WRITTEN = [
    "value", "numerator", "denominator", "share", "option", "text", "reason", "source", "source_detail", "entered_at", "entered_by", "entered_behind",
]  # fmt: skip


class _Reader:
    """Turns inputs into unsaved figures; codes are mapped to ids once, problems gathered, never raised one by one."""

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        rows = submission.project.indicators.select_related("definition").prefetch_related(
            "definition__options", "definition__breakdowns__parts__dimension__categories"
        )
        self.indicators = {row.code: row for row in rows}
        self.assigned = {one.indicator.pk for one in owed_by(submission)}
        self.any_assigned = {one.indicator.pk for one in owed(submission.project, submission.partner, submission.period)}
        self.cells: dict[int, set[str]] = {}
        self.problems: list[Problem] = []

    def read(self, figures: Sequence[FigureInput], *, by: User | None, source: str) -> tuple[list[Figure | None], list[Problem]]:
        places = {p.code: p for p in Place.objects.filter(code__in={f.place for f in figures})}
        seen: dict[tuple[str, str, str], int] = defaultdict(int)
        keys = {disaggregations.key_of(f.cell) for f in figures}
        known = self._known(keys)
        behind = _behind(by)
        rows: list[Figure | None] = []
        for position, one in enumerate(figures):
            path = one.path or f"figures/{position}"
            cell = disaggregations.key_of(one.cell)
            seen[one.indicator, one.place, cell] += 1
            if seen[one.indicator, one.place, cell] > 1:
                self._problem(path, _("This figure is given twice."), "twice")
            row = self._row(one, path, cell, places.get(one.place), known)
            if row is not None:
                row.source, row.source_detail = source, one.source_detail
                row.entered_by, row.entered_behind_id = by, behind
            rows.append(row)
        return rows, self.problems

    def _known(self, keys: set[str]) -> dict[str, int]:
        offered = {cell for indicator in self.indicators.values() for cell in self._offered(indicator)} | {disaggregations.TOTAL}
        return disaggregations.ensure(keys & offered)

    def _offered(self, indicator: Indicator) -> set[str]:
        cached = self.cells.get(indicator.definition_id)
        if cached is None:
            cached = {cell for breakdown in indicator.definition.breakdowns.all() for cell in disaggregations.cells_of(breakdown)}
            self.cells[indicator.definition_id] = cached
        return cached

    def _row(self, one: FigureInput, path: str, cell: str, place: Place | None, known: dict[str, int]) -> Figure | None:
        indicator = self.indicators.get(one.indicator)
        if indicator is None:
            self._problem(f"{path}/indicator", _("This project has no indicator “%(code)s”.") % {"code": one.indicator}, "unknown")
            return None
        self._check_assigned(indicator, path)
        if place is None:
            self._problem(f"{path}/place", _("There is no place with the P-code “%(code)s”.") % {"code": one.place}, "unknown")
        if cell and cell not in self._offered(indicator):
            self._problem(f"{path}/disaggregation", _("%(code)s is not broken down like that.") % {"code": indicator.code}, "unknown")
        if one.says_nothing or place is None or cell not in known:
            return None
        return self._figure(one, path, indicator, place, known[cell])

    def _check_assigned(self, indicator: Indicator, path: str) -> None:
        if indicator.pk in self.assigned:
            return
        if indicator.pk in self.any_assigned:
            message = _("%(code)s is accepted and not part of what was reopened.") % {"code": indicator.code}
            self._problem(f"{path}/indicator", message, "not_reopened")
            return
        message = _("%(partner)s does not report %(code)s in this period.") % {"partner": self.submission.partner, "code": indicator.code}
        self._problem(f"{path}/indicator", message, "not_assigned")

    def _figure(self, one: FigureInput, path: str, indicator: Indicator, place: Place, cell: int) -> Figure | None:
        definition, before = indicator.definition, len(self.problems)
        row = Figure(
            submission=self.submission, indicator=indicator, project_id=self.submission.project_id, partner_id=self.submission.partner_id,
            place=place, period_id=self.submission.period_id, period_end=self.submission.period.ends_on, disaggregation_id=cell,
        )  # fmt: skip
        if one.reason:
            self._set_reason(row, one, path)
        elif definition.measure == IndicatorDefinition.Measure.TEXT:
            row.text = one.text
            self._only(one, path, "text", _("Write a text for %(code)s.") % {"code": indicator.code})
        elif definition.measure in (IndicatorDefinition.Measure.ORDINAL, IndicatorDefinition.Measure.NOMINAL):
            self._set_option(row, one, path, definition)
        elif definition.is_ratio:
            self._set_ratio(row, one, path, indicator)
        else:
            row.value = self._number(one.value, f"{path}/value", definition, people=definition.counts_people)
            self._only(one, path, "value", _("%(code)s is one number.") % {"code": indicator.code})
        return row if len(self.problems) == before else None

    def _set_reason(self, row: Figure, one: FigureInput, path: str) -> None:
        if one.reason not in EmptyReason.values:
            self._problem(f"{path}/reason", _("“%(reason)s” is not one of the reasons.") % {"reason": one.reason}, "unknown")
        self._only(one, path, "reason", _("Give either a figure or the reason why it is empty."))
        row.reason = one.reason

    def _set_option(self, row: Figure, one: FigureInput, path: str, definition: IndicatorDefinition) -> None:
        row.option = next((o for o in definition.options.all() if o.code == one.option), None)
        if row.option is None:
            listed = ", ".join(o.code for o in definition.options.all())
            self._problem(f"{path}/option", _("Choose one of: %(options)s.") % {"options": listed}, "unknown")
        self._only(one, path, "option", _("Choose an answer."))

    def _set_ratio(self, row: Figure, one: FigureInput, path: str, indicator: Indicator) -> None:
        definition = indicator.definition
        if one.share is not None:
            row.share = self._number(one.share, f"{path}/share", definition, people=True)
            self._only(one, path, "share", _("Give a bare share or numerator and denominator, not both."))
            return
        if one.numerator is None or one.denominator is None:
            missing = "numerator" if one.numerator is None else "denominator"
            self._problem(
                f"{path}/{missing}", _("%(code)s is a share: give numerator and denominator.") % {"code": indicator.code}, "required"
            )
            return
        row.numerator = self._number(one.numerator, f"{path}/numerator", definition, people=True)
        row.denominator = self._number(one.denominator, f"{path}/denominator", definition, people=True)
        self._only(one, path, "numerator", _("%(code)s is a share: give numerator and denominator.") % {"code": indicator.code})

    def _number(self, given: Number, path: str, definition: IndicatorDefinition, *, people: bool) -> Decimal | None:
        """A number with the definition's decimals. Numerators and denominators of a share may carry up to six."""
        if given is None:
            self._problem(path, _("Give a number."), "required")
            return None
        try:
            number = given if isinstance(given, Decimal) else Decimal(str(given).strip())
        except InvalidOperation:
            self._problem(path, _("“%(given)s” is not a number.") % {"given": given}, "not_a_number")
            return None
        places = 6 if definition.is_ratio else definition.decimals
        try:
            to_units(number, places)
            to_units(number, 6)
        except ValidationError as wrong:
            self._problem(path, " ".join(wrong.messages), "number")
            return None
        if people and number < 0:
            self._problem(path, _("This cannot be below zero."), "negative")
        return number

    def _only(self, one: FigureInput, path: str, what: str, message: str) -> None:
        given = {
            "value": one.value is not None,
            "numerator": one.numerator is not None or one.denominator is not None,
            "share": one.share is not None,
            "option": bool(one.option),
            "text": bool(one.text),
            "reason": bool(one.reason),
        }
        if [name for name, there in given.items() if there] != [what]:
            self._problem(path, message, "one_thing")

    def _problem(self, path: str, message: str, code: str) -> None:
        self.problems.append(Problem(path, message, code))


def _behind(by: User | None) -> int | None:
    """Who issued the key that writes, or whose deputy writes."""
    if by is None:
        return None
    key = getattr(by, "api_key", None) if by.is_service else None
    return key.created_by_id if key is not None else next(iter(access.acts_for(by)), None)


def outside(place: Place, assigned: Iterable[int]) -> bool:
    """Whether a place is neither assigned nor below an assigned one (allowed, but flagged)."""
    return not PlaceTree.objects.filter(descendant=place, ancestor__in=list(assigned)).exists()
