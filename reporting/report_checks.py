"""What must be solved before a donor report is signed off, and what only must be known (domain/results-and-funders.md 2.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import practice
from plumbing import formats
from programs.models import Marker
from reporting import report_sections, report_text
from reporting.models import DonorReport, DonorReportFigure, DonorReportSection, DonorReportSource


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    FINE = "fine"


@dataclass(frozen=True)
class Check:
    """One line of the list. ``section`` is the key of the part where it is solved, ``code`` the number it is about."""

    key: str
    severity: Severity
    words: str
    note: str = ""
    section: str = ""
    code: str = ""

    @property
    def blocks(self) -> bool:
        return self.severity == Severity.ERROR


def check(report: DonorReport) -> list[Check]:
    """Every check with how it stands: what blocks first, then what must be known, then what is fine."""
    sections = list(report.sections.all())
    lines = list(report.figures.all())
    found = [
        *_frozen(report),
        *_sections(sections),
        *_ratings(sections),
        *_reasons(lines),
        *_baselines(lines),
        *_names(sections, lines),
        *_dates(report),
        *_markers(report),
        *_missing(report),
        *_moved_on(report),
    ]
    order = list(Severity)
    return sorted(found, key=lambda one: order.index(one.severity))


def _frozen(report: DonorReport) -> Iterable[Check]:
    if report.state == DonorReport.State.DRAFT:
        yield Check("frozen", Severity.ERROR, _("The numbers are not frozen"), _("Freeze them when the figures are in."))


def _sections(sections: list[DonorReportSection]) -> Iterable[Check]:
    headings = {section.pk: heading for section, heading in report_sections.numbered(sections)}
    missing = [one for one in sections if one.state == one.State.MISSING and one.is_required]
    to_edit = [one for one in sections if one.state == one.State.CARRIED]
    if missing or to_edit:
        words = _("Parts missing: %(missing)s, carried over and to edit: %(edit)s") % {"missing": len(missing), "edit": len(to_edit)}
        first = (missing + to_edit)[0]
        yield Check("sections", Severity.ERROR, words, ", ".join(headings[one.pk] for one in missing + to_edit), section=first.key)
    else:
        yield Check("sections", Severity.FINE, _("Every part is written"))
    for one in sections:
        if one.limit is not None and len(one.text) > one.limit:
            words = _("Too long: %(heading)s") % {"heading": headings[one.pk]}
            note = _("%(length)s characters, at most %(limit)s") % {"length": len(one.text), "limit": one.limit}
            yield Check("limit", Severity.ERROR, words, note, section=one.key)


def _ratings(sections: list[DonorReportSection]) -> Iterable[Check]:
    outcomes = [one for one in sections if one.kind == one.Kind.OUTCOME]
    rated = [one for one in outcomes if one.rating]
    words = _("Outcomes rated: %(rated)s of %(all)s") % {"rated": len(rated), "all": len(outcomes)}
    if len(rated) < len(outcomes):
        first = next(one for one in outcomes if not one.rating)
        yield Check("ratings", Severity.ERROR, words, first.heading, section=first.key)
    elif outcomes:
        yield Check("ratings", Severity.FINE, words)


def _reasons(lines: list[DonorReportFigure]) -> Iterable[Check]:
    below = [line for line in lines if line.is_below]
    open_ones = [line for line in below if not line.variance_reason]
    words = _("Reasons for variance: %(given)s of %(all)s") % {"given": len(below) - len(open_ones), "all": len(below)}
    if not below:
        return
    if open_ones:
        first = open_ones[0]
        yield Check("variance", Severity.ERROR, words, ", ".join(line.code for line in open_ones), code=first.code)
    else:
        yield Check("variance", Severity.FINE, words)


def _baselines(lines: list[DonorReportFigure]) -> Iterable[Check]:
    without = [line.code for line in lines if line.baseline is None]
    silent = [line for line in lines if line.value is None and not line.variance_reason]
    if without:
        yield Check(
            "baselines", Severity.ERROR, _("Indicators without a baseline: %(number)s") % {"number": len(without)}, ", ".join(without)
        )
    elif lines:
        yield Check("baselines", Severity.FINE, _("Every indicator has a baseline"))
    if silent:
        words = _("Nothing reached and no reason: %(number)s") % {"number": len(silent)}
        yield Check("silent", Severity.ERROR, words, ", ".join(line.code for line in silent), code=silent[0].code)


def _names(sections: list[DonorReportSection], lines: list[DonorReportFigure]) -> Iterable[Check]:
    codes = {line.code for line in lines}
    for one in sections:
        unknown = report_text.unknown_names(one.text, codes)
        if unknown:
            words = _("No such number in this report: %(names)s") % {"names": ", ".join(f"{{{name}}}" for name in unknown)}
            yield Check("names", Severity.ERROR, words, one.heading, section=one.key)


def _dates(report: DonorReport) -> Iterable[Check]:
    grant = report.requirement.grant
    if grant.first_transfer_on is None:
        yield Check("first_transfer", Severity.ERROR, _("The date of the first transfer is not stated"), _("The grant starts with it."))
    for row in grant.projects.all():
        project = row.project
        if project.first_ends_on is not None and project.ends_on < project.first_ends_on:
            yield Check("end_date", Severity.ERROR, _("%(project)s ends before its first end date") % {"project": project.code})
    yield Check("end_date", Severity.FINE, _("End date %(day)s") % {"day": formats.day(grant.ends_on)})


def _markers(report: DonorReport) -> Iterable[Check]:
    """The gender marker promises a share of the budget; the thresholds are practice values."""
    shares = {row.project_id: row.gender_share for row in report.requirement.grant.projects.all() if row.approved}
    markers = list(
        Marker.objects.filter(project__in=shares, scheme=Marker.Scheme.PBF_GENDER).select_related("project").order_by("project__code")
    )
    if not markers:
        return
    high, middle = practice.number("gewe-marker-3"), practice.number("gewe-marker-2")
    for marker in markers:
        share = Decimal(shares[marker.project_id])
        fits = _fits(marker.value, share, high, middle)
        words = _("%(project)s: gender marker %(value)s, %(share)s of the money") % {
            "project": marker.project.code, "value": marker.value, "share": formats.percent(share, 0),
        }  # fmt: skip
        wants = {"3": _("marker 3 asks for %(most)s or more"), "2": _("marker 2 asks for %(middle)s or more")}.get(
            marker.value, _("below marker 2: less than %(middle)s")
        )
        note = wants % {"most": formats.percent(high), "middle": formats.percent(middle)}
        yield Check("gender_marker", Severity.FINE if fits else Severity.WARNING, words, note)


def _fits(marker: str, share: Decimal, high: Decimal, middle: Decimal) -> bool:
    if marker == "3":
        return share >= high
    if marker == "2":
        return share >= middle
    return marker != "1" or share < middle


def _missing(report: DonorReport) -> Iterable[Check]:
    if report.expected_reports is None or report.accepted_reports is None:
        return
    away = report.expected_reports - report.accepted_reports
    if away:
        words = ngettext("%(number)s report of a partner is not in", "%(number)s reports of partners are not in", away) % {"number": away}
        yield Check("missing", Severity.WARNING, words, _("The report names them. Sign-off is allowed."))
    else:
        yield Check("missing", Severity.FINE, _("Every expected report of a partner is accepted"))


def _moved_on(report: DonorReport) -> Iterable[Check]:
    """A figure that was restated after the numbers froze no longer counts."""
    moved = DonorReportSource.objects.filter(line__report=report, figure__counts=False).values("line").distinct().count()
    if moved and report.state in DonorReport.EDITABLE:
        words = ngettext("%(number)s number was corrected since", "%(number)s numbers were corrected since", moved) % {"number": moved}
        yield Check("moved_on", Severity.WARNING, words, _("Freeze again to take the corrections in."))
