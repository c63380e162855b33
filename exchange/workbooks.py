"""A partner's report as a workbook: handed out, filled without a connection, and taken back through the same act as the entry page.

Everything is checked when it comes back; with an error nothing is written and the partner gets a copy with the cell, what is wrong
and what to do. Without one the difference is shown, and written only when confirmed.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from exchange import imports, marked_copy, spreadsheets, workbook_sheets
from exchange.framework_plan import FILE_PURPOSE, content
from exchange.models import Import, Workbook
from exchange.workbook_sheets import Handout, Line, NotOurs, Reading, Returned
from plumbing.numbers import normal
from plumbing.refusals import Invalid, Problem, Refused, Stale
from plumbing.shipped_names import shipped_name
from privacy import files
from programs import access, disaggregations
from programs.models import Category, Indicator, IndicatorDefinition, Project, ReportingPeriod, Target
from reporting import drafts
from reporting.drafts import FigureInput, Owed
from reporting.models import Figure, Submission
from reporting.models.figures import EmptyReason

Measure = IndicatorDefinition.Measure
KINDS = {Measure.UNIT: "value", Measure.PERCENTAGE: "ratio", Measure.ORDINAL: "option", Measure.NOMINAL: "option", Measure.TEXT: "text"}


@dataclass(frozen=True)
class Difference:
    """One figure that the workbook changes: where it stands, and what it was and becomes."""

    cell: str
    code: str
    place: str
    which: str
    old: str
    new: str


@dataclass(frozen=True)
class Comparison:
    """What a returned workbook would do: the inputs for the draft, every problem with its cell, and the difference."""

    workbook: Workbook
    reading: Reading
    inputs: tuple[FigureInput, ...]
    problems: tuple[Problem, ...]
    changes: tuple[Difference, ...]
    unchanged: int
    version: int  # of the draft now; 0 where none is open
    moved_on: bool  # the draft was changed in the portal after the workbook was handed out

    @property
    def emptied(self) -> int:
        return sum(one.new == "–" for one in self.changes)


def hand_out(project: Project, partner: Organization, period: ReportingPeriod, *, by: User) -> tuple[Workbook, bytes]:
    """Make the workbook for a report, filled with what the draft holds, the previous values and the targets."""
    _may_enter(project, partner, by)
    owed = _owed(project, partner, period)
    draft = _draft(project, partner, period)
    with transaction.atomic():
        row = Workbook.objects.create(
            identifier=uuid.uuid4(), project=project, partner=partner, period=period,
            draft_version=draft.draft_version if draft else 0, issued_by=by,
        )  # fmt: skip
        audit.record("workbook.handed_out", [row, project, partner], by=by, figures=len(owed))
    handout = Handout(
        identifier=str(row.identifier), version=row.draft_version,
        title=_("%(project)s, report for %(period)s") % {"project": project.code, "period": period.code},
        about=(
            (_("Project"), f"{project.code} {project.title}"),
            (_("Partner"), str(partner)),
            (_("Period"), f"{period.starts_on} – {period.ends_on}"),
            (_("Handed out"), str(timezone.localdate())),
        ),
        lines=tuple(_lines(owed, partner, period, draft)),
        reasons=tuple((code, str(label)) for code, label in EmptyReason.choices),
    )  # fmt: skip
    return row, workbook_sheets.write(handout)


def receive(*, content: bytes, name: str, by: User) -> Import:
    """Keep a returned workbook for a look; nothing is written. The same file again points to the first time.

    Raises ``spreadsheets.SpreadsheetRefused``, ``NotOurs``, ``imports.ImportedBefore``, ``files.FileRefused`` or ``Refused``.
    """
    row = workbook_of(workbook_sheets.read(spreadsheets.read(content, name=name)), by=by)
    digest = hashlib.sha256(content).hexdigest()
    same = Import.objects.filter(kind=Import.Kind.WORKBOOK, project=row.project, partner=row.partner, period=row.period, digest=digest)
    first = same.filter(state=Import.State.CONFIRMED).order_by("confirmed_at").first()
    if first is not None:
        raise imports.ImportedBefore(first)
    waiting = same.filter(state=Import.State.UPLOADED, uploaded_by=by).first()
    if waiting is not None:
        return waiting
    stored = files.store(content, purpose=FILE_PURPOSE, owner_id="", encrypt=False, name=name, kinds=imports.KINDS)
    try:
        with transaction.atomic():
            source = Import.objects.create(
                kind=Import.Kind.WORKBOOK, project=row.project, partner=row.partner, period=row.period, file_name=name[-200:],
                path=stored.path, digest=digest, size=stored.size, uploaded_by=by,
            )  # fmt: skip
            audit.record("import.uploaded", [source, row.project, row.partner], by=by, kind=source.kind, size=source.size)
    except BaseException:
        files.discard(stored.path)
        raise
    return source


def compare(source: Import, *, by: User) -> Comparison:
    """Hold a returned workbook against the draft as it is now; every problem at once, nothing written."""
    reading = workbook_sheets.read(spreadsheets.read(content(source), name=source.file_name))
    row = workbook_of(reading, by=by)
    draft = _draft(row.project, row.partner, row.period)
    inputs, problems = _inputs(row, reading)
    now = _now(draft)
    problems += _problems_of_writing(row, inputs, by)
    changes, unchanged = _differences(reading, inputs, now)
    version = draft.draft_version if draft else 0
    return Comparison(row, reading, tuple(inputs), tuple(problems), changes, unchanged, version, moved_on=version != row.draft_version)


def confirm(source: Import, *, by: User, version: int | None = None) -> Import:
    """Write the workbook's figures into the draft through the act of the entry page, all or none.

    ``version`` is the draft's as the difference was shown for (0: none was open). Raises ``Invalid``, ``Stale`` or ``Refused``.
    """
    with transaction.atomic():
        locked = Import.objects.select_for_update(of=("self",)).select_related("project", "partner", "period").get(pk=source.pk)
        if locked.state != Import.State.UPLOADED:
            raise Refused(_("This import is %(state)s already.") % {"state": locked.get_state_display().lower()})
        found = compare(locked, by=by)
        if found.problems:
            raise Invalid(found.problems)
        if version is not None and version != found.version:
            raise Stale(_("Somebody else saved this report in the meantime. Look at the difference again."), current=found.version)
        if found.changes:
            row = found.workbook
            submission = _draft(row.project, row.partner, row.period) or _start(row, by)
            drafts.write_figures(submission, found.inputs, by=by, version=submission.draft_version, source=Figure.Source.WORKBOOK)
        counts: dict[str, Any] = {"figures": len(found.changes) - found.emptied, "emptied": found.emptied, "unchanged": found.unchanged}
        locked.state, locked.confirmed_at, locked.confirmed_by = Import.State.CONFIRMED, timezone.now(), by
        locked.summary = json.dumps(counts, sort_keys=True)
        locked.save()
        audit.record("import.confirmed", [locked, locked.project, found.workbook.partner], by=by, kind=locked.kind, **counts)
    source.refresh_from_db()
    return source


def annotated(source: Import, *, by: User) -> bytes:
    """A copy of the returned workbook with each problem as a note in its cell."""
    found = compare(source, by=by)
    book = spreadsheets.read(content(source), name=source.file_name)
    notes = [marked_copy.Note(problem.path, str(problem.message)) for problem in found.problems]
    return marked_copy.copy(book, {found.reading.sheet: notes})


def workbook_of(reading: Reading, *, by: User) -> Workbook:
    """The handed-out workbook that came back; a stranger's is as if it did not exist."""
    missing = NotOurs(_("This workbook belongs to no report that you may fill. Download one for your report."))
    try:
        identifier = uuid.UUID(reading.identifier)
    except ValueError as wrong:
        raise missing from wrong
    row = Workbook.objects.filter(identifier=identifier).select_related("project", "partner", "period").first()
    if row is None or not may_enter(row.project, row.partner, by):
        raise missing
    return row


def may_enter(project: Project, partner: Organization, by: User) -> bool:
    wanted = (Permission.ENTER_FIGURES, Permission.ENTER_ON_BEHALF)
    return any(access.allows(by, word, project=project, partner=partner) for word in wanted)


def _may_enter(project: Project, partner: Organization, by: User) -> None:
    if not may_enter(project, partner, by):
        access.require(by, Permission.ENTER_FIGURES, project=project, partner=partner)


def _draft(project: Project, partner: Organization, period: ReportingPeriod) -> Submission | None:
    return Submission.objects.open().filter(project=project, partner=partner, period=period).first()


def _start(row: Workbook, by: User) -> Submission:
    own = access.allows(by, Permission.ENTER_FIGURES, project=row.project, partner=row.partner)
    origin = Submission.Origin.PARTNER if own else Submission.Origin.ON_BEHALF
    return drafts.start(row.project, row.partner, row.period, by=by, origin=origin)


def _owed(project: Project, partner: Organization, period: ReportingPeriod) -> list[Owed]:
    draft = _draft(project, partner, period)
    owed = drafts.owed_by(draft) if draft is not None else drafts.owed(project, partner, period)
    if not owed:
        raise drafts.NotAssigned(
            _("%(partner)s owes no indicator of this project in %(period)s.") % {"partner": partner, "period": period.code}
        )
    return owed


# Writing the workbook ---------------------------------------------------------------------------------------------------


def _lines(owed: list[Owed], partner: Organization, period: ReportingPeriod, draft: Submission | None) -> Iterator[Line]:
    """A line per figure owed and per cell of the definition's first breakdown, and of any other that the draft already uses."""
    indicators = {
        row.pk: row
        for row in Indicator.objects.filter(pk__in={one.indicator.pk for one in owed})
        .select_related("definition")
        .prefetch_related("definition__options", "definition__breakdowns__parts__dimension__categories", "targets")
    }
    now = _now(draft)
    previous = _previous(owed, partner, period)
    names = {
        (code, dimension): shipped_name(name) for code, dimension, name in Category.objects.values_list("code", "dimension__code", "name")
    }
    for one in owed:
        indicator = indicators[one.indicator.pk]
        for cell in ("", *_cells(indicator, one.place.code, now)):
            label = ", ".join(names.get((code, dimension), code) for dimension, code in disaggregations.cell_of(cell).items())
            before = previous.get((indicator.pk, one.place.pk, cell))
            yield Line(
                code=indicator.code, indicator=indicator.wording, place_code=one.place.code, place=one.place.name, cell=cell,
                cell_label=label or _("Total"), kind=KINDS[Measure(indicator.definition.measure)],
                previous=f"{said(before)} ({before.period.code})" if before else "",
                target="" if cell else _target(indicator, partner, period), help=_help(indicator),
                options=tuple((option.code, str(option)) for option in indicator.definition.options.all()),
                given=_given(now.get(f"{indicator.code}|{one.place.code}|{cell}")),
            )  # fmt: skip


def _cells(indicator: Indicator, place: str, now: dict[str, Figure]) -> list[str]:
    breakdowns = list(indicator.definition.breakdowns.all())
    first = disaggregations.cells_of(breakdowns[0]) if breakdowns else []
    start = f"{indicator.code}|{place}|"
    used = [key.removeprefix(start) for key in now if key.startswith(start)]
    return [*first, *sorted(cell for cell in used if cell and cell not in first)]


def _now(draft: Submission | None) -> dict[str, Figure]:
    """The draft's figures by the key of their line."""
    if draft is None:
        return {}
    rows = draft.figures.select_related("indicator__definition", "place", "disaggregation", "option")
    return {f"{row.indicator.code}|{row.place.code}|{row.disaggregation.key}": row for row in rows}


def _previous(owed: list[Owed], partner: Organization, period: ReportingPeriod) -> dict[tuple[int, int, str], Figure]:
    rows = Figure.objects.counting().filter(
        indicator__in={one.indicator.pk for one in owed}, partner=partner, period_end__lt=period.ends_on
    )
    ordered = rows.select_related("period", "disaggregation", "option").order_by("period_end")
    return {(row.indicator_id, row.place_id, row.disaggregation.key): row for row in ordered}


def _target(indicator: Indicator, partner: Organization, period: ReportingPeriod) -> str:
    """The partner's own target, else the period's, else the indicator's."""
    rows = [row for row in indicator.targets.all() if row.partner_id in (None, partner.pk) and row.period_id in (None, period.pk)]
    rows.sort(key=lambda row: (row.partner_id is None, row.period_id is None, row.place_id is not None))
    return said(rows[0]) if rows else ""


def _help(indicator: Indicator) -> str:
    definition = indicator.definition
    lines = (
        definition.definition,
        f"{definition.get_over_time_display()}, {definition.get_across_display().lower()}",
        definition.unit and _("Counted in: %(unit)s") % {"unit": definition.unit},
        definition.method,
    )
    return "\n".join(str(line) for line in lines if line)


def _given(row: Figure | None) -> dict[str, object]:
    if row is None:
        return {}
    reason = EmptyReason(row.reason).label if row.reason else ""
    answer = str(row.option) if row.option else row.text
    return {
        "value": row.value if row.value is not None else row.share,
        "numerator": row.numerator, "denominator": row.denominator, "answer": answer, "reason": str(reason),
    }  # fmt: skip


def said(row: Figure | Target | FigureInput | None) -> str:
    """A figure, target or input as people write it; a dash where there is nothing."""
    if row is None:
        return "–"
    if row.numerator is not None and row.denominator is not None:
        return f"{_plain(row.numerator)} / {_plain(row.denominator)}"
    if row.share is not None:
        return f"{_plain(row.share)} %"
    if row.value is not None:
        return _plain(row.value)
    option, text, reason = getattr(row, "option", None), getattr(row, "text", ""), getattr(row, "reason", "")
    if option:
        return option if isinstance(option, str) else option.code
    return str(EmptyReason(reason).label) if reason in EmptyReason.values else text or "–"


def _plain(number: Decimal | str) -> str:
    return f"{normal(Decimal(number)):f}"


# Taking it back ---------------------------------------------------------------------------------------------------------


def _inputs(row: Workbook, reading: Reading) -> tuple[list[FigureInput], list[Problem]]:
    """Rows as inputs of the entry act; the problem of a figure names the cell that a person would correct."""
    indicators = {one.code: one for one in row.project.indicators.select_related("definition")}
    problems, inputs = list(reading.problems), []
    unread = {problem.path for problem in problems}
    for one in reading.rows:
        code, place, cell = one.key.split("|", 2)
        indicator = indicators.get(code)
        if indicator is None:
            message = _("This project has no indicator “%(code)s” any more.") % {"code": code}
            problems.append(Problem(reading.cell(one.row, "value"), message, "unknown"))
        elif not any(reading.cell(one.row, name) in unread for name in workbook_sheets.INPUTS):
            inputs.append(_input(one, indicator, place, cell, reading))
    return inputs, problems


def _input(one: Returned, indicator: Indicator, place: str, cell: str, reading: Reading) -> FigureInput:
    kind = KINDS[Measure(indicator.definition.measure)]
    column = {"value": "value", "ratio": "numerator" if one.value is None else "value"}.get(kind, "answer")
    return FigureInput(
        indicator=indicator.code, place=place, cell=disaggregations.cell_of(cell),
        value=one.value if kind != "ratio" else None, share=one.value if kind == "ratio" else None,
        numerator=one.numerator, denominator=one.denominator, option=one.answer if kind == "option" else "",
        text=one.answer if kind in ("text", "value", "ratio") else "", reason=one.reason,
        path=reading.cell(one.row, column), source_detail=reading.cell(one.row, column),
    )  # fmt: skip


def _problems_of_writing(row: Workbook, inputs: list[FigureInput], by: User) -> list[Problem]:
    """What the act would refuse, found by doing it and taking it back."""
    with transaction.atomic():
        try:
            submission = _draft(row.project, row.partner, row.period) or _start(row, by)
            drafts.write_figures(submission, inputs, by=by, source=Figure.Source.WORKBOOK)
        except Invalid as wrong:
            return [Problem(problem.path.partition("/")[0], problem.message, problem.code) for problem in wrong.problems]
        finally:
            transaction.set_rollback(True)
    return []


def _differences(reading: Reading, inputs: list[FigureInput], now: dict[str, Figure]) -> tuple[tuple[Difference, ...], int]:
    changes, unchanged = [], 0
    for one in inputs:
        key = disaggregations.key_of(one.cell)
        current = now.get(f"{one.indicator}|{one.place}|{key}")
        old, new = said(current), said(one)
        if old == new:
            unchanged += current is not None
        else:
            changes.append(Difference(one.path, one.indicator, one.place, key or _("Total"), old, new))
    return tuple(changes), unchanged
