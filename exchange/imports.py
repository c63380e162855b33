"""Bringing a framework in: the file is kept, nothing is written before confirming, all or nothing, and it can be undone.

A file that was imported before changes nothing and points to the first import. Past figures become reports marked as past, which
count only after a second person accepted them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.roles import Permission
from exchange import framework_columns, framework_plan, spreadsheets
from exchange.framework_plan import FILE_PURPOSE, PastPeriod, Plan, PlannedIndicator
from exchange.framework_words import Field
from exchange.frameworks import Quantity
from exchange.models import ColumnMemory, Import, ImportedRow
from exchange.written_periods import Span
from plumbing.refusals import Invalid, Problem, Refused, Stale
from privacy import files
from programs import access, calendar, framework
from programs.models import (
    Indicator,
    IndicatorDefinition,
    Project,
    ReportingAssignment,
    ReportingCalendar,
    ReportingPeriod,
    Result,
    Target,
)
from reporting import drafts, submissions
from reporting.models import Figure, Submission

KINDS = frozenset(
    {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.oasis.opendocument.spreadsheet",
        "text/csv",
        "text/plain",
    }
)


class ImportedBefore(Refused):
    """The same file was imported into this project; ``first`` is that import."""

    def __init__(self, first: Import) -> None:
        message = _("This file was imported on %(day)s and changes nothing. Look at that import.")
        super().__init__(message % {"day": timezone.localtime(first.confirmed_at or first.uploaded_at).date()})
        self.first = first


class BuiltUpon(Refused):
    """Something stands on what the import made: it cannot be undone any more."""


def receive(project: Project, *, content: bytes, name: str, by: User) -> Import:
    """Keep a file for a look; nothing is written. The same file waiting for confirmation is gone on with.

    Raises ``ImportedBefore``, ``spreadsheets.SpreadsheetRefused``, ``framework_columns.NoFramework`` or ``files.FileRefused``.
    """
    access.require(by, Permission.IMPORT_FRAMEWORK, project=project)
    digest = hashlib.sha256(content).hexdigest()
    same = Import.objects.filter(project=project, kind=Import.Kind.FRAMEWORK, digest=digest)
    first = same.filter(state=Import.State.CONFIRMED).order_by("confirmed_at").first()
    if first is not None:
        raise ImportedBefore(first)
    waiting = same.filter(state=Import.State.UPLOADED, uploaded_by=by).first()
    if waiting is not None:
        return waiting
    book = spreadsheets.read(content, name=name)
    framework_columns.find(book, remembered=framework_plan.remembered(project))
    stored = files.store(content, purpose=FILE_PURPOSE, owner_id="", encrypt=False, name=name, kinds=KINDS)
    try:
        with transaction.atomic():
            row = Import.objects.create(
                kind=Import.Kind.FRAMEWORK, project=project, file_name=name[-200:], path=stored.path, digest=digest, size=stored.size,
                uploaded_by=by,
            )  # fmt: skip
            audit.record("import.uploaded", [row, project], by=by, kind=row.kind, size=row.size)
    except BaseException:
        files.discard(stored.path)
        raise
    return row


def choose(source: Import, *, chosen: framework_plan.Chosen, by: User, version: int | None = None) -> Import:
    """Keep what a person chose; still nothing is written."""
    access.require(by, Permission.IMPORT_FRAMEWORK, project=source.project)
    rows = Import.objects.filter(pk=source.pk, state=Import.State.UPLOADED)
    if version is not None:
        rows = rows.filter(version=version)
    if not rows.update(choices=chosen.dump(), version=models.F("version") + 1, updated_at=timezone.now()):
        _refuse_stale(source)
    source.refresh_from_db()
    return source


def drop(source: Import, *, by: User) -> None:
    """Give up an import that was not confirmed; its file is removed."""
    if source.kind == Import.Kind.FRAMEWORK or source.uploaded_by_id != by.pk:
        access.require(by, Permission.IMPORT_FRAMEWORK, project=source.project)
    with transaction.atomic():
        if not Import.objects.filter(pk=source.pk, state=Import.State.UPLOADED).update(
            state=Import.State.DROPPED, updated_at=timezone.now()
        ):
            raise Refused(_("This import is no longer waiting."))
        audit.record("import.dropped", [source, source.project], by=by)
    files.discard(source.path)
    source.refresh_from_db()


def confirm(source: Import, *, by: User, version: int | None = None) -> Import:
    """Write exactly what the plan shows, all or nothing. Raises ``Invalid`` with every blocking problem, ``Stale`` or ``Refused``."""
    access.require(by, Permission.IMPORT_FRAMEWORK, project=source.project)
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=source.project_id)
        locked = Import.objects.select_for_update().select_related("project").get(pk=source.pk)
        if locked.state != Import.State.UPLOADED or (version is not None and locked.version != version):
            _refuse_stale(locked)
        plan = framework_plan.plan(locked)
        if plan.blocking:
            raise Invalid(Problem(one.cells[0] if one.cells else one.key, one.message, one.key.partition(":")[0]) for one in plan.blocking)
        written: dict[str, Any] = _Writer(plan, by).write()
        if plan.chosen.remember:
            _remember(plan, by)
        locked.state, locked.confirmed_at, locked.confirmed_by = Import.State.CONFIRMED, timezone.now(), by
        locked.partner, locked.summary = plan.partner, json.dumps(written, sort_keys=True)
        locked.save()
        audit.record("import.confirmed", [locked, locked.project], by=by, **written)
    source.refresh_from_db()
    return source


def undo(source: Import, *, by: User) -> Import:
    """Take back everything an import made and changed, as long as nothing was built on it."""
    access.require(by, Permission.IMPORT_FRAMEWORK, project=source.project)
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=source.project_id)
        locked = Import.objects.select_for_update().get(pk=source.pk)
        if locked.state != Import.State.CONFIRMED:
            raise Refused(_("Only an import that was confirmed can be undone."))
        rows = _Made.of(locked)
        built = rows.built_upon()
        if built:
            raise BuiltUpon(_("This import cannot be undone: %(what)s.") % {"what": "; ".join(built)})
        rows.take_back()
        locked.state, locked.undone_at, locked.undone_by = Import.State.UNDONE, timezone.now(), by
        locked.save()
        audit.record("import.undone", [locked, locked.project], by=by)
    calendar.lay_out(source.project, by=by)
    source.refresh_from_db()
    return source


def why_not_undone(source: Import) -> list[str]:
    """What was built on an import, in words; empty while it can be undone."""
    return _Made.of(source).built_upon() if source.state == Import.State.CONFIRMED else []


def _refuse_stale(source: Import) -> None:
    source.refresh_from_db()
    if source.state != Import.State.UPLOADED:
        raise Refused(_("This import is %(state)s already.") % {"state": source.get_state_display().lower()})
    raise Stale(_("Somebody else changed this import in the meantime. Load the page again."), current=source.version)


def _remember(plan: Plan, by: User) -> None:
    donor = framework_plan.donor_of(plan.source.project)
    for column in plan.found.columns:
        heading = framework_columns.remembered_heading(column.heading)[:200]
        if heading:
            ColumnMemory.objects.update_or_create(
                donor=donor, heading=heading, defaults={"field": column.field.value, "used_at": timezone.now(), "confirmed_by": by}
            )


# Writing ----------------------------------------------------------------------------------------------------------------


class _Writer:
    """Writes a plan through the acts that people use, and notes every row it made or changed."""

    def __init__(self, plan: Plan, by: User) -> None:
        self.plan, self.by, self.project = plan, by, plan.source.project
        self.results: dict[int, Result] = {}
        self.made: dict[str, IndicatorDefinition] = {}
        self.indicators: dict[int, Indicator] = {}
        self.rows: list[ImportedRow] = []

    def write(self) -> dict[str, int]:
        try:
            for position in range(len(self.plan.results)):
                self._result(position)
            for one in self.plan.indicators:
                self._indicator(one)
            figures = self._past_figures()
        except ValidationError as wrong:
            raise Invalid([Problem("", message, "invalid") for message in wrong.messages]) from wrong
        ImportedRow.objects.bulk_create(self.rows, batch_size=200)
        return {
            "results": len(self.plan.new_results),
            "indicators": len(self.plan.new_indicators),
            "changed": len(self.plan.changed),
            "figures": figures,
        }

    def _result(self, position: int) -> Result:
        if position in self.results:
            return self.results[position]
        planned = self.plan.results[position] if position >= 0 else None
        if planned is None:
            result = self._placeholder()
        elif planned.existing is not None:
            result = planned.existing
        else:
            parent = None if planned.parent is None else self._result(planned.parent)
            result = framework.add_result(
                self.project, by=self.by, kind=planned.row.kind, code=planned.code, title=planned.row.title[:500], level=planned.level,
                parent=parent,
            )  # fmt: skip
            self._note(result, planned.row.cell)
        self.results[position] = result
        return result

    def _placeholder(self) -> Result:
        """The outcome for outputs that the file puts under none; moved from there by a person."""
        title = _("Outputs that the file puts under no outcome")
        existing = self.project.results.filter(kind="outcome", title=title).first()
        if existing is not None:
            return existing
        codes = set(self.project.results.filter(kind="outcome").values_list("code", flat=True)) | {one.code for one in self.plan.results}
        code = next(f"x{number}" for number in range(1, 1000) if f"x{number}" not in codes)
        level = self.plan.results[0].level
        result = framework.add_result(self.project, by=self.by, kind="outcome", code=code, title=title, level=level)
        self._note(result, "")
        return result

    def _indicator(self, one: PlannedIndicator) -> None:
        if one.existing is not None:
            self.indicators[one.row.row] = one.existing
            if one.changes:
                self._change(one, one.existing)
            return
        result = self._result(one.row.result)
        definition = one.definition or self._definition(one, result)
        indicator = framework.add_indicator(
            result, by=self.by, definition=definition, code=one.code, title=one.row.name[:500], population=one.row.group[:120],
            source_of_data=one.row.source[:500], baseline_note="; ".join(one.row.notes)[:300], baseline_on=_baseline_day(one, self.plan),
            **_fields(one.row.baseline, "baseline_"),
        )  # fmt: skip
        self.indicators[one.row.row] = indicator
        self._note(indicator, one.row.cell)
        self._targets(one, indicator)

    def _targets(self, one: PlannedIndicator, indicator: Indicator) -> None:
        if one.row.target is not None:
            target = framework.set_target(indicator, by=self.by, **_fields(one.row.target))
            self._note(target, one.row.target.cell)
        periods = {period.ends_on: period for period in self.project.periods.all()} if one.row.milestones else {}
        for milestone in one.row.milestones:
            period = periods.get(milestone.period.end) if milestone.period else None
            if period is not None:
                target = framework.set_target(indicator, by=self.by, period=period, **_fields(milestone.quantity))
                self._note(target, milestone.quantity.cell)

    def _definition(self, one: PlannedIndicator, result: Result) -> IndicatorDefinition:
        """The project-only definition; rows with the same words share it. A rule left open adds nothing up."""
        if one.shared in self.made:
            return self.made[one.shared]
        percentage = one.row.measure == "percentage"
        taken = set(IndicatorDefinition.objects.filter(project=self.project).values_list("code", flat=True))
        code = next(each for each in (one.code, *(f"{one.code[:26]}-{n}" for n in range(2, 500))) if each not in taken)
        definition = IndicatorDefinition(
            code=code, project=self.project, title=one.row.name[:300], level=result.level, unit=one.row.unit[:80], measure=one.row.measure,
            per=100 if percentage else 1, decimals=0 if percentage else min(one.decimals, 6),
            over_time=one.over_time or IndicatorDefinition.OverTime.SNAPSHOT,
            across=one.across or IndicatorDefinition.Across.NOT_COMPUTABLE,
            sensitivity=self.project.sensitivity, source=one.row.source[:300],
        )  # fmt: skip
        definition.full_clean()
        definition.save()
        audit.record("definition.added", [definition, self.project], by=self.by, code=code)
        self.made[one.shared] = definition
        self._note(definition, one.row.cell)
        return definition

    def _change(self, one: PlannedIndicator, existing: Indicator) -> None:
        """Take over what the file states otherwise, keeping what was there for the undo."""
        names = {change.name for change in one.changes}
        new: dict[str, Any] = {}
        if "title" in names:
            new["title"] = one.row.name[:500]
        if "source_of_data" in names:
            new["source_of_data"] = one.row.source[:500]
        if "baseline" in names:
            new |= _fields(one.row.baseline, "baseline_")
        if new:
            before = {name: _plain(getattr(existing, name)) for name in new}
            for name, value in new.items():
                setattr(existing, name, value)
            existing.full_clean()
            existing.save()
            self._note(existing, one.row.cell, before=before, after={name: _plain(value) for name, value in new.items()})
            for change in one.changes:
                if change.name != "target":
                    what = f"{existing.code}: {change.label}"
                    framework.note_change(self.project, by=self.by, what=what, old=change.old, new=change.new)
            audit.record("indicator.changed", [existing, self.project], by=self.by, fields=sorted(new))
        if "target" in names and one.row.target is not None:
            old = Target.objects.filter(indicator=existing, partner=None, place=None, period=None).first()
            stood = {name: _plain(getattr(old, name)) for name in _NUMBER} if old else None
            target = framework.set_target(existing, by=self.by, **_fields(one.row.target))
            after = {name: _plain(getattr(target, name)) for name in _NUMBER}
            self._note(target, one.row.target.cell, before=stood, after=after if stood is not None else None)

    # Past figures ---------------------------------------------------------------------------------------------------------

    def _past_figures(self) -> int:
        to_write = [past for past in self.plan.past if past.new]
        if not to_write:
            return 0
        periods = {past.span: self._period(past) for past in to_write}
        self._assign(to_write, periods)
        for past in to_write:
            self._report(past, periods[past.span])
        calendar.lay_out(self.project, by=self.by)
        return sum(len(past.new) for past in to_write)

    def _period(self, past: PastPeriod) -> ReportingPeriod:
        """The period of past figures: the project's own where the dates agree, else one before the portal in the place of plans."""
        if past.period is not None:
            return past.period
        span = past.span
        overlapping = self.project.periods.filter(starts_on__lte=span.end, ends_on__gte=span.start)
        planned = overlapping.filter(reported_at__isnull=True, is_past=False, submissions__isnull=True)
        if Target.objects.filter(period__in=planned).exists():
            raise Refused(_("A target hangs on a period that the past figures would replace. Remove that target first."))
        planned.delete()
        kept, _made = ReportingCalendar.objects.get_or_create(project=self.project)
        due = span.end + timedelta(days=kept.due_after_days)
        period = ReportingPeriod(
            project=self.project, code=_free_code(self.project, span), starts_on=span.start, ends_on=span.end, opens_on=span.start,
            due_on=due, review_due_on=due + timedelta(days=kept.review_after_days), is_past=True,
        )  # fmt: skip
        period.full_clean()
        period.save()
        audit.record("period.past_added", [period, self.project], by=self.by)
        self._note(period, "")
        return period

    def _assign(self, to_write: Iterable[PastPeriod], periods: Mapping[Span, ReportingPeriod]) -> None:
        """Say who reported: for the past periods alone, so that nothing new is owed.

        Where later running totals start at 0 again, the partner's own later figures come after these like a successor's.
        """
        assert self.plan.partner is not None
        assert self.plan.place is not None
        named: dict[int, list[ReportingPeriod]] = {}
        for past in to_write:
            for one in past.new:
                named.setdefault(one.indicator.row.row, []).append(periods[past.span])
        running = {one.row.row for one in self.plan.running_totals}
        for row, owed in named.items():
            indicator, first, last = self.indicators[row], min(p.starts_on for p in owed), max(p.ends_on for p in owed)
            if self._is_assigned(indicator, owed):
                continue
            assignment = framework.assign(
                indicator, by=self.by, partner=self.plan.partner, places=[self.plan.place], collected="dates", periods=owed,
                starts_on=first,
            )  # fmt: skip
            self._note(assignment, "")
            if row in running and self.plan.chosen.later_include is False:
                later = framework.assign(
                    indicator, by=self.by, partner=self.plan.partner, places=[self.plan.place], starts_on=last + timedelta(days=1),
                    takes_over_from=assignment, includes_predecessor=False,
                )  # fmt: skip
                self._note(later, "")

    def _is_assigned(self, indicator: Indicator, owed: list[ReportingPeriod]) -> bool:
        return all(
            any(row.indicator_id == indicator.pk for row in calendar.assignments_in(period, partner=self.plan.partner)) for period in owed
        )

    def _report(self, past: PastPeriod, period: ReportingPeriod) -> None:
        assert self.plan.place is not None
        submission = drafts.start(
            self.project, self.plan.partner, period, by=self.by, origin=Submission.Origin.PAST, source=f"import:{self.plan.source.pk}"
        )
        figures = [
            drafts.FigureInput(
                indicator=self.indicators[one.indicator.row.row].code, place=self.plan.place.code, path=one.quantity.cell,
                source_detail=one.quantity.cell, **_fields(one.quantity),
            )
            for one in past.new
        ]  # fmt: skip
        drafts.write_figures(submission, figures, by=self.by, source=Figure.Source.PAST)
        submissions.submit(submission, by=self.by)
        self._note(submission, "")

    def _note(self, row: models.Model, cell: str, *, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None) -> None:
        kept = "" if before is None else json.dumps({"before": before, "after": after}, sort_keys=True)
        self.rows.append(
            ImportedRow(
                source=self.plan.source, kind=row._meta.model_name or "", key=row.pk, cell=cell, was_created=before is None, before=kept
            )
        )


_NUMBER = ("value", "numerator", "denominator", "share")


def _fields(quantity: Quantity | None, prefix: str = "") -> dict[str, Any]:
    return {f"{prefix}{name}": getattr(quantity, name) if quantity else None for name in _NUMBER}


def _plain(value: Any) -> Any:
    return value if value is None else str(value)


def _baseline_day(one: PlannedIndicator, plan: Plan) -> date | None:
    """The last day of the year that the baseline is of, where its column or its own cell says so."""
    text = one.row.baseline_year
    if text.isdigit() and 1900 < int(text) < 2100:
        return date(int(text), 12, 31)
    columns = plan.found.of(Field.BASELINE)
    return columns[0].period.end if columns and columns[0].period else None


def _free_code(project: Project, span: Span) -> str:
    wanted = framework_plan.code_of(span)
    taken = set(project.periods.values_list("code", flat=True))
    return next(code for code in (wanted, *(f"{wanted[:17]}-{letter}" for letter in "bcdefghij")) if code not in taken)


def past_reports_waiting(source: Import) -> list[Submission]:
    """Reports of past figures that this import sent and that no second person has decided on: until then they count nowhere."""
    sent = Submission.objects.filter(source_import=f"import:{source.pk}", state=Submission.State.SUBMITTED)
    return list(sent.select_related("project", "partner", "period").order_by("period__ends_on"))


# Undoing ----------------------------------------------------------------------------------------------------------------


@dataclass
class _Made:
    """What an import made and changed, by kind."""

    source: Import
    created: dict[str, list[int]] = field(default_factory=dict)
    changed: list[ImportedRow] = field(default_factory=list)

    @classmethod
    def of(cls, source: Import) -> _Made:
        made = cls(source)
        for row in source.rows.order_by("pk"):
            if row.was_created:
                made.created.setdefault(row.kind, []).append(row.key)
            else:
                made.changed.append(row)
        return made

    def keys(self, kind: type[models.Model]) -> list[int]:
        return self.created.get(kind._meta.model_name or "", [])

    def built_upon(self) -> list[str]:
        """In words, what stands on the import: other reports, targets, assignments, results and later edits."""
        indicators, ours = self.keys(Indicator), self.keys(Submission)
        found = [
            (
                _("past figures were decided on"),
                Submission.objects.filter(pk__in=ours).filter(
                    models.Q(state__in=[Submission.State.ACCEPTED, Submission.State.RETURNED]) | models.Q(decisions__isnull=False)
                ),
            ),
            (_("figures were reported"), Figure.objects.filter(indicator__in=indicators).exclude(submission__in=ours)),
            (
                _("reports were assigned"),
                ReportingAssignment.objects.filter(indicator__in=indicators).exclude(pk__in=self.keys(ReportingAssignment)),
            ),
            (_("targets were set"), Target.objects.filter(indicator__in=indicators).exclude(pk__in=self.keys(Target))),
            (_("indicators were added"), Indicator.objects.filter(result__in=self.keys(Result)).exclude(pk__in=indicators)),
            (_("results were added"), Result.objects.filter(parent__in=self.keys(Result)).exclude(pk__in=self.keys(Result))),
            (
                _("a definition is used elsewhere"),
                Indicator.objects.filter(definition__in=self.keys(IndicatorDefinition)).exclude(pk__in=indicators),
            ),
            (
                _("a past period has other reports"),
                Submission.objects.filter(period__in=self.keys(ReportingPeriod)).exclude(pk__in=ours),
            ),
        ]
        words = [what for what, rows in found if rows.exists()]  # type: ignore[attr-defined]
        if any(self._edited(row) for row in self.changed):
            words.append(_("a value was edited afterwards"))
        return words

    def take_back(self) -> None:
        for row in self.changed:
            target = _MODELS[row.kind].objects.get(pk=row.key)
            for name, value in json.loads(row.before)["before"].items():
                setattr(target, name, value if not name.endswith(_NUMBER) or value is None else Decimal(value))
            target.save()
        submissions.discard_past(self.keys(Submission))
        ReportingAssignment.objects.filter(pk__in=self.keys(ReportingAssignment), takes_over_from__isnull=False).delete()
        ReportingAssignment.objects.filter(pk__in=self.keys(ReportingAssignment)).delete()
        Target.objects.filter(pk__in=self.keys(Target)).delete()
        Indicator.objects.filter(pk__in=self.keys(Indicator)).delete()
        IndicatorDefinition.objects.filter(pk__in=self.keys(IndicatorDefinition)).delete()
        for kind_of in ("output", "outcome", "impact"):
            Result.objects.filter(pk__in=self.keys(Result), kind=kind_of).delete()
        ReportingPeriod.objects.filter(pk__in=self.keys(ReportingPeriod)).delete()

    def _edited(self, row: ImportedRow) -> bool:
        """Whether somebody changed the row again after the import did."""
        target = _MODELS[row.kind].objects.filter(pk=row.key).first()
        after = json.loads(row.before)["after"] or {}
        return target is None or any(_plain(getattr(target, name)) != value for name, value in after.items())


_MODELS: dict[str, Any] = {"indicator": Indicator, "target": Target}
