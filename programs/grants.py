"""Money: what a grant approves per project and what was spent of it, always within the grant's one currency."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from plumbing.numbers import Money, rounded
from plumbing.refusals import Invalid, Problem
from programs import access
from programs.models import Expenditure, Grant, GrantProject, Project, ReportingPeriod

LARGEST_PASTE = 2000  # lines
# Hundredths at most, so a sign before one or two last digits is the decimal one and before three digits parts thousands.
_AMOUNT = re.compile(r"(?P<whole>\d{1,3}(?:[., \u00a0\u202f'’]\d{3})+|\d+)(?:[.,](?P<cents>\d{1,2}))?")


@dataclass(frozen=True)
class Spending:
    """Money of one grant on one project (or in total). ``share`` is spent per 100 of approved, None where nothing is approved."""

    approved: Decimal
    spent: Decimal | None  # None: nobody entered any spending yet
    for_gender: Decimal | None
    gender_approved: Decimal

    @property
    def share(self) -> Decimal | None:
        return None if self.spent is None else _per_hundred(self.spent, self.approved)

    @property
    def gender_approved_share(self) -> Decimal | None:
        return _per_hundred(self.gender_approved, self.approved)

    @property
    def gender_spent_share(self) -> Decimal | None:
        return None if self.for_gender is None or self.spent is None else _per_hundred(self.for_gender, self.spent)


@dataclass(frozen=True)
class ProjectSpending:
    project: Project
    money: Spending
    jointly_funded: bool  # another grant approves money for it too: its results are shown whole to each donor


@dataclass(frozen=True)
class GrantSpending:
    """All money of one grant through a date; ``total`` is a sum within its one currency."""

    currency: str
    rows: tuple[ProjectSpending, ...]
    total: Spending


def approve(grant: Grant, *, project: Project, amount: Decimal, gender_share: int = 0, by: User) -> GrantProject:
    """State what a grant approves for a project; a present amount is replaced, and the event holds both."""
    access.require(by, Permission.EDIT_MONEY, project=project)
    with transaction.atomic():
        row = GrantProject.objects.filter(grant=grant, project=project).first() or GrantProject(grant=grant, project=project)
        old = row.approved
        row.approved, row.gender_share = amount, gender_share
        row.full_clean()
        row.save()
        audit.record("grant.approved", [grant, project], by=by, old=old, new=amount, gender_share=gender_share)
    return row


def spend(
    grant: Grant, *, project: Project, partner: Organization, period: ReportingPeriod, amount: Decimal, by: User,
    for_gender: Decimal | None = None, source: str = "",
) -> Expenditure:  # fmt: skip
    """Enter what a partner spent of a grant on a project in a period. One row counts: a present one is replaced."""
    access.require(by, Permission.EDIT_MONEY, project=project, partner=partner)
    with transaction.atomic():
        return _keep(_Line(grant, project, partner, period, amount, for_gender, source), by=by)


def paste(grant: Grant, *, text: str, by: User) -> int:
    """Enter the lines of a pasted table: project, partner, period, spent, of it for gender equality (may be empty), source.

    Columns are separated by tabs as a spreadsheet copies them. Raises ``Invalid`` with every problem and its line; then nothing
    is written. Returns how many rows it wrote; a line that says what is already there is none.
    """
    lines = [(number, line.split("\t")) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise Invalid([Problem("text", _("Paste at least one line."), "required")])
    if len(lines) > LARGEST_PASTE:
        raise Invalid([Problem("text", _("Paste at most %(most)s lines at a time.") % {"most": LARGEST_PASTE}, "too_long")])
    reader = _Reader(grant, by)
    read = [reader.line(number, [cell.strip() for cell in cells]) for number, cells in lines]
    if reader.problems:
        raise Invalid(reader.problems)
    with transaction.atomic():
        written = 0
        for line in read:
            if line is not None and not _says_the_same(line):
                _keep(line, by=by)
                written += 1
        return written


def spending(grant: Grant, *, through: date | None = None) -> GrantSpending:
    """Approved and spent per project, with the total. ``through`` counts periods that end by then."""
    approved = list(GrantProject.objects.filter(grant=grant).select_related("project").order_by("project__code"))
    spent: dict[int, list[Expenditure]] = defaultdict(list)
    rows = Expenditure.objects.filter(grant=grant)
    for row in rows.filter(period__ends_on__lte=through) if through is not None else rows:
        spent[row.project_id].append(row)
    shared = jointly_funded(row.project_id for row in approved)
    found = tuple(ProjectSpending(row.project, _spending([row], spent[row.project_id]), row.project_id in shared) for row in approved)
    every = [one for row in approved for one in spent[row.project_id]]
    return GrantSpending(grant.currency, found, _spending(approved, every))


def jointly_funded(projects: Iterable[int]) -> frozenset[int]:
    """Which of these projects more than one grant approves money for."""
    grants: dict[int, set[int]] = defaultdict(set)
    for project, grant in GrantProject.objects.filter(project__in=list(projects)).values_list("project_id", "grant_id"):
        grants[project].add(grant)
    return frozenset(project for project, held in grants.items() if len(held) > 1)


@dataclass(frozen=True)
class _Line:
    grant: Grant
    project: Project
    partner: Organization
    period: ReportingPeriod
    amount: Decimal
    for_gender: Decimal | None
    source: str


def _present(line: _Line) -> Expenditure | None:
    return Expenditure.objects.filter(grant=line.grant, project=line.project, partner=line.partner, period=line.period).first()


def _says_the_same(line: _Line) -> bool:
    row = _present(line)
    return row is not None and (row.amount, row.for_gender, row.source) == (line.amount, line.for_gender, line.source)


def _keep(line: _Line, *, by: User) -> Expenditure:
    row = _present(line)
    old = row.amount if row is not None else None
    row = row or Expenditure(grant=line.grant, project=line.project, partner=line.partner, period=line.period)
    row.amount, row.for_gender, row.source = line.amount, line.for_gender, line.source
    row.entered_at, row.entered_by = timezone.now(), by
    row.full_clean()
    row.save()
    audit.record("expenditure.entered", [line.grant, line.project, line.partner], by=by, period=line.period.code, old=old, new=line.amount)
    return row


class _Reader:
    """Reads pasted lines against the grant's projects, their partners and periods, and collects every problem."""

    def __init__(self, grant: Grant, by: User) -> None:
        self.grant, self.by, self.problems = grant, by, []  # type: ignore[var-annotated]
        self._projects = {row.project.code.casefold(): row.project for row in grant.projects.select_related("project")}
        ids = [project.pk for project in self._projects.values()]
        self._periods = {(row.project_id, row.code.casefold()): row for row in ReportingPeriod.objects.filter(project__in=ids)}
        self._partners: dict[tuple[int, str], Organization] = {}
        roles = Organization.objects.filter(project_roles__project__in=ids).values_list("project_roles__project_id", "pk")
        known = Organization.objects.in_bulk({key for _project, key in roles})
        for project, key in roles:
            for name in (known[key].name, known[key].short_name):
                self._partners[project, name.casefold()] = known[key]
        self._seen: dict[tuple[int, int, int], int] = {}

    def line(self, number: int, cells: list[str]) -> _Line | None:
        before = len(self.problems)
        cells += [""] * (6 - len(cells))
        project = self._projects.get(cells[0].casefold())
        if project is None:
            self._wrong(number, _("“%(text)s” is no project of this grant.") % {"text": cells[0]})
            return None
        partner = self._partners.get((project.pk, cells[1].casefold()))
        if partner is None:
            self._wrong(number, _("“%(text)s” is no partner of this project.") % {"text": cells[1]})
        elif not access.allows(self.by, Permission.EDIT_MONEY, project=project, partner=partner):
            self._wrong(number, _("You may not enter the spending of this partner."))
        period = self._periods.get((project.pk, cells[2].casefold()))
        if period is None:
            self._wrong(number, _("“%(text)s” is no period of this project, such as 2026-Q3.") % {"text": cells[2]})
        amount = self._amount(number, cells[3], required=True)
        for_gender = self._amount(number, cells[4], required=False)
        if len(self.problems) > before or partner is None or period is None or amount is None:
            return None
        first = self._seen.setdefault((project.pk, partner.pk, period.pk), number)
        if first != number:
            self._wrong(number, _("Line %(first)s already says this project, partner and period.") % {"first": first})
        return _Line(self.grant, project, partner, period, amount, for_gender, cells[5][:120])

    def _amount(self, number: int, text: str, *, required: bool) -> Decimal | None:
        if not text:
            if required:
                self._wrong(number, _("The amount is missing; write 0 where nothing was spent."))
            return None
        written = _AMOUNT.fullmatch(text)
        plain = text if written is None else re.sub(r"\D", "", written["whole"]) + "." + (written["cents"] or "0")
        try:
            amount = Money().to_python(plain)
        except ValidationError as wrong:
            self._wrong(number, " ".join(wrong.messages))
            return None
        return amount

    def _wrong(self, number: int, message: str) -> None:
        self.problems.append(Problem(_("line %(number)s") % {"number": number}, message))


def _spending(approved: Iterable[GrantProject], spent: Iterable[Expenditure]) -> Spending:
    approved, spent = list(approved), list(spent)
    gender = [row.for_gender for row in spent if row.for_gender is not None]
    return Spending(
        approved=sum((row.approved for row in approved), Decimal(0)),
        spent=sum((row.amount for row in spent), Decimal(0)) if spent else None,
        for_gender=sum(gender, Decimal(0)) if gender else None,
        gender_approved=rounded(sum((Fraction(row.approved) * row.gender_share / 100 for row in approved), Fraction(0)), 2),
    )


def _per_hundred(part: Decimal, whole: Decimal) -> Decimal | None:
    return None if whole == 0 else rounded(Fraction(part) * 100 / Fraction(whole), 2)
