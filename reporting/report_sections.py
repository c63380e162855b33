"""Which parts a donor report has: the usual ones, one per outcome of the grant's projects, and what the last report had.

The usual list is practice (domain: PBF report model), so it is only where a grant's first report starts: parts are added, worded
and taken out on the report's page, and the next report of the grant begins with what this one had.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from programs.models import Grant, Result
from reporting.models import DonorReport, DonorReportSection

Kind = DonorReportSection.Kind
State = DonorReportSection.State
COMPUTED = (Kind.MONEY, Kind.INDICATORS, Kind.BREAKDOWNS)


@dataclass(frozen=True)
class Usual:
    key: str
    heading: object
    guidance: object = ""
    limit: int | None = None
    kind: Kind = Kind.TEXT
    only: frozenset[str] = frozenset()  # kinds of requirement; empty: all


USUAL_BEFORE = (
    Usual("progress", gettext_lazy("Overall progress"), gettext_lazy("What changed in people's lives and in institutions, and why."), 1500),
)
USUAL_AFTER = (
    Usual("inclusion", gettext_lazy("Gender and youth"), gettext_lazy("Who took part and decided, and what it changed for them."), 3000),
    Usual(
        "voices",
        gettext_lazy("Human story"),
        gettext_lazy("One person's words about the change, with their consent and without their name."),
        1500,
    ),
    Usual("risks", gettext_lazy("Risks and assumptions"), gettext_lazy("What got in the way, what changed, what was done."), 3000),
    Usual("monitoring", gettext_lazy("Monitoring and evaluation"), gettext_lazy("Visits, surveys, evaluations: done and coming."), 3000),
    Usual(
        "effects",
        gettext_lazy("Effects beyond the project"),
        gettext_lazy("Money and action by others that this made possible; ownership."),
        1500,
    ),
    Usual("lessons", gettext_lazy("Lessons"), gettext_lazy("What you would do again and what not."), 3000, only=frozenset({"final"})),
    Usual("spending", gettext_lazy("Spending"), kind=Kind.MONEY),
    Usual("indicators", gettext_lazy("All indicators"), kind=Kind.INDICATORS),
    Usual("breakdowns", gettext_lazy("Who took part"), kind=Kind.BREAKDOWNS),
)


USUAL = {usual.key: usual for usual in (*USUAL_BEFORE, *USUAL_AFTER)}


@dataclass(frozen=True)
class Outcome:
    """Results that several projects of the grant word alike are one part of its report."""

    heading: str
    results: tuple[Result, ...]


def lay_out(report: DonorReport) -> list[DonorReportSection]:
    """Make the parts of a new report. Text of the version before, or of the grant's last report, is carried over to be edited."""
    before = _last_of_the_grant(report)
    carried = {section.key: section for section in before.sections.all()} if before is not None else {}
    wanted = _merged(report, carried, before.language) if before is not None and carried else _usual(report)
    for order, (section, _results) in enumerate(wanted):
        section.order = order
        _carry(section, carried.get(section.key), same_period=before is not None and before.requirement_id == report.requirement_id)
    made = DonorReportSection.objects.bulk_create(section for section, _results in wanted)
    for section, results in wanted:
        if results:
            section.results.set(results)
    return made


def outcomes(grant: Grant) -> list[Outcome]:
    """Impacts first, then outcomes, in the order of their numbers; the same number and wording in two projects is one."""
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results_of(grant):
        groups.setdefault((result.kind, result.code, result.title.casefold()), []).append(result)
    ordered = sorted(groups.items(), key=lambda item: (item[0][0] != Result.Kind.IMPACT, item[0][1], item[1][0].project.code))
    projects = {result.project_id for found in groups.values() for result in found}
    return [Outcome(_heading(found, of_all=len(found) >= len(projects)), tuple(found)) for _key, found in ordered]


def results_of(grant: Grant) -> QuerySet[Result]:
    tops = Result.objects.filter(kind__in=[Result.Kind.IMPACT, Result.Kind.OUTCOME], project__grants__grant=grant)
    return tops.select_related("project").order_by("project__code", "order", "id")


def numbered(sections: Iterable[DonorReportSection]) -> list[tuple[DonorReportSection, str]]:
    """Each part with the heading that is printed: parts are numbered, annexes lettered."""
    number, letter, named = 0, ord("A"), []
    for section in sections:
        if section.kind in (Kind.INDICATORS, Kind.BREAKDOWNS):
            named.append((section, _("Annex %(letter)s %(heading)s") % {"letter": chr(letter), "heading": section.heading}))
            letter += 1
        else:
            number += 1
            named.append((section, f"{number} {section.heading}"))
    return named


def _last_of_the_grant(report: DonorReport) -> DonorReport | None:
    others = DonorReport.objects.filter(requirement__grant=report.requirement.grant).exclude(pk=report.pk)
    same = others.filter(requirement=report.requirement).order_by("-version").first()
    return same or others.order_by("-requirement__covers_through", "-version").first()


Planned = tuple[DonorReportSection, tuple[Result, ...]]


def _usual(report: DonorReport) -> list[Planned]:
    kind = report.requirement.kind
    after = [_of_usual(report, usual) for usual in USUAL_AFTER if not usual.only or kind in usual.only]
    return [*(_of_usual(report, usual) for usual in USUAL_BEFORE), *_of_outcomes(report), *after]


def _merged(report: DonorReport, carried: dict[str, DonorReportSection], language: str) -> list[Planned]:
    """The parts of the report before in their order; outcomes as they are now, new ones at the end."""
    now = {section.key: (section, results) for section, results in _of_outcomes(report)}
    wanted = []
    for key, old in carried.items():
        if old.kind == Kind.OUTCOME:
            wanted += [now.pop(key)] if key in now else []
        else:
            same = {name: getattr(old, name) for name in ("key", "kind", "limit", "is_required")}
            words = {name: _worded(old, name, language) for name in ("heading", "guidance")}
            wanted.append((DonorReportSection(report=report, **same, **words), ()))
    return wanted + list(now.values())


def _worded(old: DonorReportSection, name: str, language: str) -> str:
    """The usual heading or guidance of ``old``'s language in the language now; what people worded themselves stays as it is."""
    said = getattr(old, name)
    usual = getattr(USUAL.get(old.key), name, "")
    with override(language):
        is_usual = str(usual) == said
    return str(usual) if is_usual else said


def _of_outcomes(report: DonorReport) -> list[Planned]:
    return [
        (DonorReportSection(report=report, key=f"outcome-{number}", kind=Kind.OUTCOME, heading=one.heading[:300], limit=3000), one.results)
        for number, one in enumerate(outcomes(report.requirement.grant), start=1)
    ]


def _of_usual(report: DonorReport, usual: Usual) -> Planned:
    section = DonorReportSection(
        report=report, key=usual.key, kind=usual.kind, heading=str(usual.heading), guidance=str(usual.guidance), limit=usual.limit
    )
    return section, ()


def _carry(section: DonorReportSection, old: DonorReportSection | None, *, same_period: bool) -> None:
    """A new version of the same report keeps its text as written; the next period's starts from it and has it edited."""
    if section.kind in COMPUTED:
        section.state = State.COMPUTED
    elif old is not None and old.text:
        section.text = old.text
        section.state = old.state if same_period else State.CARRIED
    if old is not None and same_period:
        section.rating = old.rating


def _heading(results: list[Result], *, of_all: bool) -> str:
    """ "Outcome 1: …"; where every project has an outcome 1 of its own, the heading says whose it is."""
    heading = f"{results[0].get_kind_display()} {results[0].code}: {results[0].title}"
    return heading if of_all else f"{heading} ({', '.join(result.project.code for result in results)})"
