"""The whole portfolio: money split by each project's shares, delivery counted and never averaged.

Money is split exactly (a project's theme share times its level share of what a grant approved) and rounded only where it is shown,
so that cells add up to what the grants say. Currencies stay apart. A project stands in several cells; sums count it once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from django.db import models
from django.db.models import F, IntegerField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from accounts import practice
from accounts.models import User
from accounts.roles import Permission
from plumbing.numbers import rounded, to_units
from programs.models import (
    Expenditure,
    GrantProject,
    Indicator,
    Marker,
    Project,
    ProjectLevel,
    ProjectPlace,
    ProjectTheme,
    ReportRequirement,
    Sensitivity,
    Target,
)
from reporting import published, rollup, targets
from reporting.models import DonorReport
from reporting.promises import rules_of
from reporting.targets import Aim, Start, Track


class Delivery(models.TextChoices):
    ON_TRACK = "on_track", _("on track")
    NOT = "not", _("not on track")
    NONE = "none", _("no figure")


class Money(NamedTuple):
    """What a grant approved for a project, and what was spent of it."""

    project: int
    donor: str
    currency: str
    approved: Decimal
    spent: Decimal | None


@dataclass
class Cell:
    """What stands in one place of a table: projects once, money per currency, indicators by how they stand."""

    projects: set[int] = field(default_factory=set)
    approved: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    spent: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    delivery: Counter[str] = field(default_factory=Counter)

    def add_money(self, row: Money, part: Fraction) -> None:
        self.projects.add(row.project)
        self.approved[row.currency] += Fraction(row.approved) * part
        if row.spent is not None:
            self.spent[row.currency] += Fraction(row.spent) * part

    @property
    def money(self) -> list[tuple[str, Decimal, Decimal]]:
        """Currency, approved, spent; rounded to cents here and nowhere before."""
        return [
            (currency, rounded(self.approved[currency], 2), rounded(self.spent.get(currency, Fraction()), 2))
            for currency in sorted(self.approved)
        ]

    @property
    def indicators(self) -> int:
        return sum(self.delivery.values())

    @property
    def on_track(self) -> int:
        return self.delivery[Delivery.ON_TRACK]

    @property
    def off_track(self) -> int:
        return self.delivery[Delivery.NOT]

    @property
    def without(self) -> int:
        return self.delivery[Delivery.NONE]

    @property
    def by_currency(self) -> list[tuple[str, Decimal, Decimal, Decimal | None]]:
        """Currency, approved, spent, and the share spent in percent; None where nothing is approved."""
        return [(*line, rounded(Fraction(100) * Fraction(line[2]) / Fraction(line[1]), 6) if line[1] else None) for line in self.money]


@dataclass(frozen=True)
class Shares:
    """A project's shares of one kind: word -> part of 1. Themes and levels add up to 1."""

    themes: Mapping[str, Fraction]
    levels: Mapping[str, Fraction]
    targets: Mapping[str, Fraction]
    pillars: Mapping[str, Fraction]
    gender: Mapping[str, Fraction]
    places: tuple[tuple[str, str], ...]  # name and code: two places may share a name


@dataclass(frozen=True)
class Portfolio:
    """What a reader may see of all projects, read in seven questions."""

    projects: dict[int, Project]
    shares: dict[int, Shares]
    money: list[Money]
    delivery: list[tuple[int, str, Delivery]]  # project, level, how it stands

    def narrowed(self, keep: Callable[[int], bool]) -> Portfolio:
        return Portfolio(
            {key: row for key, row in self.projects.items() if keep(key)},
            self.shares,
            [row for row in self.money if keep(row.project)],
            [row for row in self.delivery if keep(row[0])],
        )

    def matrix(self) -> dict[tuple[str, str], Cell]:
        """Theme × level; the empty word stands for all of them."""
        cells: dict[tuple[str, str], Cell] = defaultdict(Cell)
        for key in self.projects:
            for theme in ("", *self.shares[key].themes):
                for level in ("", *self.shares[key].levels):
                    cells[theme, level].projects.add(key)
        for row in self.money:
            shares = self.shares[row.project]
            for theme, one in {"": Fraction(1), **shares.themes}.items():
                for level, other in {"": Fraction(1), **shares.levels}.items():
                    cells[theme, level].add_money(row, one * other)
        for key, level, stands in self.delivery:
            for theme in ("", *self.shares[key].themes):
                cells[theme, level].delivery[stands] += 1
                cells[theme, ""].delivery[stands] += 1
        return cells

    def split(self, kind: str) -> dict[str, Cell]:
        """Money by SDG target, nexus pillar or gender marker; what has no marker stands under the empty word."""
        cells: dict[str, Cell] = defaultdict(Cell)
        for row in self.money:
            for word, part in (getattr(self.shares[row.project], kind) or {"": Fraction(1)}).items():
                cells[word].add_money(row, part)
        return cells

    def by_place(self) -> dict[tuple[str, str], Cell]:
        """By name and code. A project counts whole in every place it works in: these lines do not add up. Strict projects are in none."""
        cells: dict[tuple[str, str], Cell] = defaultdict(Cell)
        for key, project in self.projects.items():
            for place in self.shares[key].places if project.sensitivity < Sensitivity.STRICT else ():
                cells[place].projects.add(key)
        for row in self.money:
            for place in self.shares[row.project].places if self.projects[row.project].sensitivity < Sensitivity.STRICT else ():
                cells[place].add_money(row, Fraction(1))
        return cells


def owed(reader: User, *, projects: Iterable[int], today: date, days: int) -> list[ReportRequirement]:
    """What the grants of these projects owe their donors until then and have not sent, the most urgent first; one query.

    Each carries ``report``, ``state`` and ``by`` of its latest version, None where nobody began one.
    """
    latest = DonorReport.objects.filter(requirement=OuterRef("pk")).exclude(state=DonorReport.State.SUPERSEDED).order_by("-version")
    rows = ReportRequirement.objects.visible_to(reader).filter(due_on__lte=today + timedelta(days=days))
    rows = rows.exclude(reports__sent_at__isnull=False).filter(
        grant__in=GrantProject.objects.filter(project__in=list(projects)).values("grant")
    )
    named = {"report": "pk", "state": "state", "by": "prepared_by__name"}
    rows = rows.annotate(**{name: Subquery(latest.values(path)[:1]) for name, path in named.items()})
    return list(rows.select_related("grant__donor").order_by("due_on", "pk"))


def read(projects: QuerySet[Project], *, reader: User, through: date) -> Portfolio:
    """``projects`` are those whose portfolio the reader may see; money and raw figures only where those may be read too."""
    rows = {row.pk: row for row in projects.select_related("program")}
    return Portfolio(rows, _shares(projects, rows), _money(projects, reader), list(_delivery(projects, rows, reader, through)))


def _shares(projects: QuerySet[Project], rows: Iterable[int]) -> dict[int, Shares]:
    keys = projects.order_by().values("pk")

    def asked(model: Any, kind: str, word: Any, share: Any, **only: Any) -> Any:
        named = model.objects.filter(project__in=keys, **only).order_by()
        return named.annotate(kind_=Value(kind), word_=F(word) if isinstance(word, str) else word, share_=share).values_list(
            "project_id", "kind_", "word_", "share_"
        )

    none = Value(0, IntegerField())
    found: dict[int, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for key, kind, word, share in asked(ProjectTheme, "themes", "theme__name", F("share")).union(
        asked(ProjectLevel, "levels", "level", F("share")),
        asked(Marker, "targets", "value", none, scheme=Marker.Scheme.SDG_TARGET),
        asked(Marker, "pillars", "value", F("share"), scheme=Marker.Scheme.NEXUS),
        asked(Marker, "gender", "value", none, scheme=Marker.Scheme.PBF_GENDER),
        asked(ProjectPlace, "places", Concat("place__code", Value(" "), "place__name"), none),
        all=True,
    ):
        found[key][kind][word] = share or 0
    return {
        key: Shares(
            **{kind: _parts(found[key][kind]) for kind in ("themes", "levels", "targets", "pillars", "gender")},
            places=tuple(sorted((name, code) for code, _space, name in (word.partition(" ") for word in found[key]["places"]))),
        )
        for key in rows
    }  # fmt: skip


def _parts(shares: Mapping[str, int]) -> dict[str, Fraction]:
    """Parts of 1; equal ones where no share is stated, as for SDG targets."""
    total = sum(shares.values())
    return {word: Fraction(share, total) if total else Fraction(1, len(shares)) for word, share in sorted(shares.items())}


def _money(projects: QuerySet[Project], reader: User) -> list[Money]:
    spent = Expenditure.objects.filter(grant=OuterRef("grant"), project=OuterRef("project")).order_by().values("grant")
    rows = GrantProject.objects.filter(project__in=projects.visible_to(reader, Permission.READ_MONEY).order_by().values("pk"))  # type: ignore[attr-defined]
    out = Subquery(spent.annotate(n=Sum("amount")).values("n"))
    return [
        Money(*row) for row in rows.annotate(out=out).values_list("project_id", "grant__donor__name", "grant__currency", "approved", "out")
    ]


def _delivery(projects: QuerySet[Project], rows: Mapping[int, Project], reader: User, through: date) -> Iterable[tuple[int, str, Delivery]]:
    """How each indicator stands, from the kept totals. Protected numbers count as "no figure" for who may not see them raw."""
    scope = Indicator.objects.filter(project__in=projects.order_by().values("pk"), is_retired=False)
    raw = set(projects.visible_to(reader, Permission.READ_RAW).values_list("pk", flat=True))  # type: ignore[attr-defined]
    kept = rollup.kept(scope, through=through)
    aims: dict[int, list[Aim]] = defaultdict(list)
    columns = ["partner_id", "place_id", "period__ends_on", "period__starts_on"]
    numbers = ["value", "numerator", "denominator", "share"]
    for key, *row in Target.objects.filter(indicator__in=scope.values("pk")).values_list("indicator_id", *columns, *numbers):
        aims[key].append(Aim(key, *row[:4], *map(_units, row[4:])))
    within = practice.number("watch-within-points") / 100
    for one in scope.order_by().annotate(level=F("result__level")).select_related("definition"):
        one.project = rows[one.project_id]  # one for all its indicators
        hidden = one.project_id not in raw and published.is_protected(one.definition, [one.project])
        if one.pk not in kept or hidden:
            yield one.project_id, one.level, Delivery.NONE  # type: ignore[attr-defined]
            continue
        stands = targets.standing(
            kept[one.pk][0], rules=rules_of(one.definition), indicators=[one.pk], aims=aims[one.pk], starts={one.pk: _start(one)},
            spans={one.pk: (one.project.starts_on, one.project.ends_on)}, through=through, ascending=one.definition.ascending,
            watch_within=within,
        )  # fmt: skip
        track = stands.track
        yield (
            one.project_id,
            one.level,  # type: ignore[attr-defined]
            Delivery.NONE if track is None else Delivery.ON_TRACK if track == Track.ON_TRACK else Delivery.NOT,
        )


def _start(one: Indicator) -> Start:
    return Start(*map(_units, (one.baseline_value, one.baseline_numerator, one.baseline_denominator, one.baseline_share)))


def _units(number: Decimal | None) -> int | None:
    return None if number is None else to_units(number, 6)
