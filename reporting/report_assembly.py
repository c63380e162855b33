"""What a donor report says when it is frozen, computed from the accepted figures of its grant's projects.

Numbers are rolled up raw for tracing, and published (``published.table`` for a reader outside the portal) for the content: nothing
else reaches a file. Nothing here writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from plumbing import formats
from plumbing.numbers import divide
from programs import grants
from programs.models import Dimension, ExpectedReport, Indicator, IndicatorDefinition, Marker, Project
from reporting import published, publishing, report_sections, rollup
from reporting.documents.content import (
    Breakdown,
    BreakdownRow,
    Chart,
    ChartPoint,
    Fact,
    MoneyRow,
    MoneyTable,
    Number,
    ReportContent,
    ResultRow,
    ResultsTable,
    Section,
    Status,
    shown,
)
from reporting.models import DonorReport, DonorReportSection, Figure, Submission
from reporting.promises import Promised, promised, rules_of
from reporting.rules import Amount, Mark, Reason
from reporting.targets import standing
from reporting.wording import unit_of

CHARTS_PER_SECTION = 2
LEAST_POINTS = 3
# What each dot of a chart is, for someone who does not know our rules.
POINTS = {
    IndicatorDefinition.OverTime.PER_PERIOD: gettext_lazy("All periods until then"),
    IndicatorDefinition.OverTime.RUNNING_TOTAL: gettext_lazy("Running total"),
    IndicatorDefinition.OverTime.SNAPSHOT: gettext_lazy("As it was on each date"),
}


@dataclass(frozen=True)
class Behind:
    """A figure behind a line: its key, and whether it comes from an earlier period than the report's last."""

    figure: int
    carried: bool


@dataclass(frozen=True)
class ReportLine:
    """One definition within one part of the report: raw and published, with the figures behind it."""

    section: DonorReportSection
    code: str
    label: str
    found: rollup.Line
    published: published.PublishedLine
    number: Number
    row: ResultRow
    is_below: bool
    behind: tuple[Behind, ...]


@dataclass(frozen=True)
class Missing:
    """A partner's report that was expected within what the report covers and is not accepted."""

    project: str
    partner: str
    period: str
    state: str


@dataclass(frozen=True)
class Coverage:
    expected: int = 0
    accepted: int = 0
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True)
class Assembled:
    content: ReportContent
    lines: tuple[ReportLine, ...]
    coverage: Coverage


@dataclass
class _Scope:
    """What every part of one report asks about."""

    report: DonorReport
    projects: list[Project]
    jointly: frozenset[int]
    codes: set[str] = field(default_factory=set)

    @property
    def through(self) -> date:
        return self.report.through


def assemble(report: DonorReport, *, at: datetime) -> Assembled:
    """The frozen content of a report as of now, without its prose, with everything that stands behind it."""
    grant = report.requirement.grant
    projects = [row.project for row in grant.projects.select_related("project__program").order_by("project__code")]
    scope = _Scope(report, projects, grants.jointly_funded(one.pk for one in projects))
    sections = list(report.sections.prefetch_related("results"))
    lines = {section.key: _lines(section, scope) for section in sections if section.kind == DonorReportSection.Kind.OUTCOME}
    every = tuple(line for found in lines.values() for line in found)
    coverage = _coverage(scope)
    money = grants.spending(grant, through=report.through)
    content = ReportContent(
        title=report.requirement.title,
        reference=grant.reference,
        donor=str(grant.donor),
        program=", ".join(dict.fromkeys(str(project.program) for project in projects)),
        version=report.version,
        through=report.through,
        frozen_at=at,
        language=report.language,
        cover=tuple(_cover(scope, money)),
        coverage=tuple(_coverage_words(coverage)),
        sections=tuple(
            _section(section, heading, lines.get(section.key, ()), every, money, scope)
            for section, heading in report_sections.numbered(sections)
        ),
    )
    return Assembled(content, every, coverage)


def _section(
    section: DonorReportSection,
    heading: str,
    own: Sequence[ReportLine],
    every: Sequence[ReportLine],
    money: grants.GrantSpending,
    scope: _Scope,
) -> Section:
    made = Section(section.key, heading)
    kind = DonorReportSection.Kind(section.kind)
    if kind == kind.OUTCOME:
        made = replace(made, results=_table(_("Results"), own), charts=tuple(_charts(own, scope)))
    elif kind == kind.INDICATORS:
        made = replace(made, results=_table(_("All indicators"), every))
    elif kind == kind.MONEY:
        made = replace(made, money=(_money(money),))
    elif kind == kind.BREAKDOWNS:
        made = replace(made, breakdowns=tuple(_breakdowns(every, scope)))
    return made


def _lines(section: DonorReportSection, scope: _Scope) -> tuple[ReportLine, ...]:
    tops = [result.pk for result in section.results.all()]
    own = Indicator.objects.filter(result__in=tops) | Indicator.objects.filter(result__parent__in=tops, result__kind="output")
    asked = promised(own.filter(is_retired=False))
    raw = rollup.progress(asked, through=scope.through)
    shown_lines = {line.definition.pk: line for line in published.table(asked, reader=None, through=scope.through, with_series=True)}
    order = {key: at for at, key in enumerate(asked.queryset.order_by("result__order", "order", "id").values_list("pk", flat=True))}
    raw.sort(key=lambda line: min(order[one.pk] for one in line.indicators))
    behind = _behind([one for line in raw for one in line.indicators], asked, scope.through)
    return tuple(_line(section, line, shown_lines[line.definition.pk], behind, scope) for line in raw)


def _line(
    section: DonorReportSection, found: rollup.Line, public: published.PublishedLine, behind: dict[int, list[Behind]], scope: _Scope
) -> ReportLine:
    definition, stands = found.definition, public.standing
    code = _code(found, scope)
    label = next((one.title for one in found.indicators if one.title), definition.title)
    number = publishing.number_of(public)
    milestone = stands.milestone.value
    variance = None
    if number.status == Status.SHOWN and number.value is not None and milestone:
        variance = divide(100 * (number.value - milestone), abs(milestone), places=2)
    row = ResultRow(
        code=code,
        label=label,
        baseline=_plan(stands.baseline, definition),
        milestone=_plan(stands.milestone, definition),
        target=_plan(stands.target, definition),
        reached=number,
        variance=variance,
        notes=tuple(_notes(found, scope)),
    )
    below = variance is not None and stands.progress is not None and stands.due is not None and stands.progress < stands.due
    sources = tuple(one for key in found.indicators for one in behind[key.pk])
    return ReportLine(section, code, label, found, public, number, row, below, sources)


def _code(found: rollup.Line, scope: _Scope) -> str:
    """The indicator's own code; where the report already has it for something else, with the project before it."""
    first = found.indicators[0]
    code = first.code if first.code not in scope.codes else f"{first.project.code}:{first.code}"
    while code in scope.codes:
        code += "'"
    scope.codes.add(code)
    return code


def _notes(found: rollup.Line, scope: _Scope) -> Iterable[str]:
    if found.standing.milestone_is_linear and found.standing.milestone.value is not None:
        yield _("milestone: a straight line to the target")
    if any(one.project_id in scope.jointly for one in found.indicators):
        yield _("jointly funded")
    for mark in (Mark.SAME_PERSON_TWICE, Mark.SAME_COMMUNITY_TWICE):
        if mark in found.progress.marks:
            yield str(mark.label)
    coverage = found.progress.coverage
    if not coverage.is_complete:
        yield _("%(reported)s of %(expected)s reported") % {"reported": coverage.reported, "expected": coverage.expected}


def _behind(indicators: Sequence[Indicator], asked: Promised, through: date) -> dict[int, list[Behind]]:
    """The figures that gave each indicator its number: all of a stream that adds up per period, else its latest one."""
    keys = [one.pk for one in indicators]
    rows = Figure.objects.counting().totals().filter(indicator__in=keys, reason="", period_end__lte=through)
    streams: dict[tuple[int, int, int], list[tuple[date, int]]] = defaultdict(list)
    for key, of, partner, place, end in rows.values_list("pk", "indicator_id", "partner_id", "place_id", "period_end"):
        streams[of, partner, place].append((end, key))
    found: dict[int, list[Behind]] = {key: [] for key in keys}
    places = {place for _indicator, _partner, place in streams}
    around = asked.expectation(keys, through, places) if keys else None
    for stream, figures in sorted(streams.items()):
        figures.sort()
        indicator = stream[0]
        stop = around.stops.get(stream) if around is not None else None
        snapshot = asked.indicators[indicator].definition.over_time == "snapshot"
        last = figures[-1][0]
        if stop is not None and stop <= through and (not snapshot or last < stop):
            continue
        per_period = rules_of(asked.indicators[indicator].definition).over_time == "per_period"
        current = around.current.get(indicator) if around is not None else None
        for end, key in figures if per_period else figures[-1:]:
            found[indicator].append(Behind(key, carried=not per_period and current is not None and end < current))
    return found


def _plan(amount: Amount, definition: IndicatorDefinition) -> Number:
    if amount.value is None:
        return Number(status=Status.NOT_SET, unit=unit_of(definition))
    return Number(amount.value, definition.decimals, unit_of(definition))


def _table(caption: str, lines: Sequence[ReportLine]) -> ResultsTable | None:
    return ResultsTable(caption, tuple(line.row for line in lines)) if lines else None


def _charts(lines: Sequence[ReportLine], scope: _Scope) -> Iterable[Chart]:
    drawn = 0
    for line in lines:
        chart = _chart(line, scope)
        if chart is not None and drawn < CHARTS_PER_SECTION:
            drawn += 1
            yield chart


def _chart(line: ReportLine, scope: _Scope) -> Chart | None:
    """Reached against plan over time, where the plan and at least three published points are known."""
    definition, indicators = line.found.definition, line.found.indicators
    if line.number.status != Status.SHOWN or line.row.target.value is None:
        return None
    points = publishing.points_of(line.published)
    if sum(value is not None for _end, value in points) < LEAST_POINTS:
        return None
    asked = promised(Indicator.objects.filter(pk__in=[one.pk for one in indicators]))
    rules, keys, nothing = rules_of(definition), [one.pk for one in indicators], Amount(reason=Reason.NOT_REPORTED)
    plan = {
        end: standing(nothing, rules=rules, through=end, ascending=definition.ascending, **asked.standing_input(keys)).milestone.value
        for end, _value in points
    }
    drawn = [ChartPoint(_month(end), end, value, plan[end]) for end, value in points]
    drawn[-1] = replace(drawn[-1], partial=not line.found.progress.coverage.is_complete)
    ends = max(one.project.ends_on for one in indicators)
    if ends > points[-1][0]:
        drawn.append(ChartPoint(_month(ends), ends, None, line.row.target.value))
    unit = unit_of(definition)
    words = {"label": line.label, "reached": shown(line.number), "milestone": shown(line.row.milestone), "target": shown(line.row.target)}
    return Chart(
        code=line.code,
        caption=_standing_words(line) % words,
        alternative=_("%(label)s: reached %(reached)s; the plan for this date was %(milestone)s, the target is %(target)s.") % words,
        unit=unit,
        points=tuple(drawn),
        decimals=definition.decimals,
        note=_chart_note(line, unit),
    )


def _month(day: date) -> str:
    """ "Sep 2026": the year stands with it, because a line runs over several."""
    return date_format(day, "M Y")


def _standing_words(line: ReportLine) -> str:
    if line.row.milestone.value is None or line.number.value is None:
        return _("%(label)s over time")
    if line.is_below:
        return _("%(label)s: behind the plan")
    return _("%(label)s: as planned or ahead")


def _chart_note(line: ReportLine, unit: str) -> str:
    parts = [str(POINTS[IndicatorDefinition.OverTime(line.found.definition.over_time)]), *([unit] if unit != "%" else [])]
    coverage = line.found.progress.coverage
    if not coverage.is_complete:
        parts.append(_("open dot: %(reported)s of %(expected)s reported") % {"reported": coverage.reported, "expected": coverage.expected})
    return ", ".join(part for part in parts if part) + "."


def _breakdowns(lines: Sequence[ReportLine], scope: _Scope) -> Iterable[Breakdown]:
    """Every definition by each dimension it is broken down by, one table per dimension."""
    for line in lines:
        definition = line.found.definition
        if line.found.progress.value is None or definition.is_ratio:
            continue
        dimensions = Dimension.objects.filter(breakdowns__definition=definition).distinct().order_by("order", "code")
        keys = [one.pk for one in line.found.indicators]
        for dimension in dimensions:
            scope_of_line = Indicator.objects.filter(pk__in=keys)
            (found,) = published.table(scope_of_line, reader=None, through=scope.through, by=dimension)
            table = publishing.cells_of(found, dimension, line.number)
            if table:
                caption = _("%(label)s by %(dimension)s") % {"label": line.label, "dimension": str(dimension).lower()}
                rows = tuple(BreakdownRow(name, (number,)) for name, number in table)
                yield Breakdown(line.code, line.label, caption, str(dimension), (_("Reached"),), rows)


def _money(money: grants.GrantSpending) -> MoneyTable:
    rows = tuple(
        MoneyRow(
            str(row.project),
            row.money.approved,
            row.money.spent,
            row.money.share,
            notes=(_("jointly funded"),) if row.jointly_funded else (),
        )
        for row in money.rows
    )
    total = MoneyRow(_("Total"), money.total.approved, money.total.spent, money.total.share)
    return MoneyTable(_("Approved and spent by project"), money.currency, rows, total)


def _coverage(scope: _Scope) -> Coverage:
    covers = scope.report.requirement
    expected = (
        ExpectedReport.objects.expected()
        .filter(project__in=scope.projects, period__ends_on__range=(covers.covers_from, scope.through))
        .select_related("project", "partner", "period")
    )
    best: dict[tuple[int, int, int], str] = {}
    for project, partner, period, state in Submission.objects.filter(
        project__in=scope.projects, period__ends_on__range=(covers.covers_from, scope.through)
    ).values_list("project_id", "partner_id", "period_id", "state"):
        at = (project, partner, period)
        if best.get(at) != Submission.State.ACCEPTED:
            best[at] = state
    missing, accepted = [], 0
    for row in expected:
        state = best.get((row.project_id, row.partner_id, row.period_id), "")
        if state == Submission.State.ACCEPTED:
            accepted += 1
        else:
            words = str(Submission.State(state).label) if state else _("not begun")
            missing.append(Missing(row.project.code, str(row.partner), row.period.code, words))
    return Coverage(accepted + len(missing), accepted, tuple(missing))


def _coverage_words(coverage: Coverage) -> Iterable[str]:
    if not coverage.expected:
        return
    yield ngettext(
        "%(accepted)s of %(expected)s expected report of a partner is accepted.",
        "%(accepted)s of %(expected)s expected reports of partners are accepted.",
        coverage.expected,
    ) % {"accepted": coverage.accepted, "expected": coverage.expected}
    for one in coverage.missing:
        yield _("Not in: %(project)s, %(partner)s, %(period)s (%(state)s).") % {
            "project": one.project, "partner": one.partner, "period": one.period, "state": one.state.lower(),
        }  # fmt: skip


def _cover(scope: _Scope, money: grants.GrantSpending) -> Iterable[Fact]:
    requirement = scope.report.requirement
    grant, currency = requirement.grant, money.currency
    yield Fact("report_type", _("Kind of report"), str(requirement.get_kind_display()))
    yield Fact("covers", _("Covers"), requirement.covers)
    yield Fact("grant", _("Grant"), f"{grant.reference}, {grant.title}")
    yield Fact("donor", _("Donor"), grant.donor.name)
    yield Fact("projects", _("Projects"), "; ".join(str(project) for project in scope.projects))
    partners = sorted({str(row.organization) for project in scope.projects for row in project.partners.select_related("organization")})
    yield Fact("partners", _("Partners"), ", ".join(partners))
    yield Fact("first_transfer", _("First transfer"), formats.day(grant.first_transfer_on) if grant.first_transfer_on else _("not stated"))
    yield Fact("end_date", _("End date"), formats.day(grant.ends_on))
    ends_soon = 0 <= (grant.ends_on - requirement.due_on).days <= 183
    yield Fact("ends_within_6_months", _("Ends within six months"), _("yes") if ends_soon else _("no"))
    total = money.total
    yield Fact("approved", _("Approved"), formats.money(total.approved, currency))
    yield Fact("spent", _("Spent"), formats.money(total.spent, currency) if total.spent is not None else _("not reported"))
    if total.share is not None:
        yield Fact("implementation_rate", _("Spent of approved"), formats.percent(total.share, 2))
    if total.gender_approved_share is not None:
        yield Fact("gender_approved", _("Approved for gender equality"), formats.percent(total.gender_approved_share, 2))
    if total.gender_spent_share is not None:
        yield Fact("gender_spent", _("Spent on gender equality"), formats.percent(total.gender_spent_share, 2))
    for scheme, key in ((Marker.Scheme.PBF_GENDER, "gender_marker"), (Marker.Scheme.PBF_RISK, "risk_marker")):
        markers = Marker.objects.filter(project__in=scope.projects, scheme=scheme).select_related("project").order_by("project__code")
        values = [f"{marker.project.code}: {marker.value}" for marker in markers]
        if values:
            yield Fact(key, str(scheme.label), ", ".join(values))


def as_text(number: Number) -> str:
    """A published number with its second line, as a change or a line of the list says it."""
    return f"{shown(number)} ({number.detail})" if number.detail else shown(number)


def differs(old: Number | None, new: Number) -> bool:
    return old is None or (old.value, old.status, old.detail) != (new.value, new.status, new.detail)
