"""Needs ranked apart by groups: recorded as one table, read with how far apart the groups are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import QuerySet, Subquery
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from communities import belonging
from communities.models import Need, NeedRank, NeedsRanking, RankingGroup
from communities.models.records import Group
from locations.models import Place
from plumbing.refusals import Invalid, Problem
from programs.models import Project

if TYPE_CHECKING:
    from communities.models import Community

RANKED_BY = (Group.WOMEN, Group.MEN, Group.YOUTH, Group.DISPLACED, Group.HOST)
Table = Mapping[str, Mapping[str, int | None]]  # need -> group -> rank; None where the group did not rank it


def rank(
    *, title: str, starts_on: date, ends_on: date, project: Project, partner: Organization, place: Place, by: User, table: Table,
    people: Mapping[str, int | None], groups_met: int | None = None, community: Community | None = None, method: str = "",
) -> NeedsRanking:  # fmt: skip
    """Record a cycle. ``people`` says for each group that ranked how many took part, None where nobody counted.

    Raises Invalid with every problem: a group that gives a rank twice or leaves ranks out, a need nobody ranked.
    """
    belonging.require(by, Permission.RECORD_COMMUNITIES, project=project, partner=partner, place=place)
    belonging.has_come(project, ends_on=ends_on)
    needs = {" ".join(name.split()): ranks for name, ranks in table.items() if name.strip()}
    _check(needs, people)
    row = NeedsRanking(
        title=title.strip(), starts_on=starts_on, ends_on=ends_on, project=project, partner=partner, place=place, community=community,
        groups_met=groups_met, method=method, recorded_by=by,
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        groups = {group: RankingGroup.objects.create(ranking=row, group=group, people=number) for group, number in people.items()}
        for name, ranks in needs.items():
            need = Need(ranking=row, text=name)
            need.full_clean()
            need.save()
            NeedRank.objects.bulk_create(
                NeedRank(need=need, group=groups[group], rank=place_given)
                for group, place_given in ranks.items()
                if place_given is not None
            )
        audit.record("needs.ranked", [row, project, partner], by=by, needs=len(needs), groups=sorted(groups))
    return row


def _check(needs: Table, people: Mapping[str, int | None]) -> None:
    problems = []
    if len(needs) < 2:
        problems.append(Problem("needs", _("Rank at least two needs."), "two_needs"))
    strangers = {group for ranks in needs.values() for group in ranks} - set(people)
    if strangers:
        problems.append(Problem("people", _("Say for every group that ranked that it took part."), "unknown_group"))
    for name, ranks in needs.items():
        if all(given is None for given in ranks.values()):
            problems.append(Problem("needs", _("Nobody ranked “%(need)s”.") % {"need": name}, "unranked"))
    for group in people:
        given = sorted(found for ranks in needs.values() if (found := ranks.get(group)) is not None)
        if given != list(range(1, len(given) + 1)):
            text = _("%(group)s: the ranks go from 1 up, each once, without a gap.") % {"group": Group(group).label}
            problems.append(Problem("needs", text, "ranks"))
    if problems:
        raise Invalid(problems)


def spelled(need: str) -> str:
    """What makes two needs the same: capitals and further spaces do not tell them apart."""
    return " ".join(need.split()).casefold()


# What a page shows


def last(rankings: QuerySet[NeedsRanking]) -> Ranked | None:
    """The table of the latest cycle of a list, in one query."""
    latest = rankings.order_by("-ends_on", "-pk").values("pk")[:1]
    rows = NeedRank.objects.filter(need__ranking=Subquery(latest)).select_related(
        "group", "need__ranking__place", "need__ranking__community"
    )
    groups: dict[int, RankingGroup] = {}
    given: dict[str, dict[int, int]] = {}
    ranking = None
    for row in rows.order_by("need_id", "group_id"):
        ranking = row.need.ranking
        groups[row.group_id] = row.group
        given.setdefault(row.need.text, {})[row.group_id] = row.rank
    return None if ranking is None else _table(ranking, groups.values(), given)


@dataclass(frozen=True)
class Cell:
    """A group's rank of a need; ``move``: how many ranks it rose (minus: fell) since the cycle before, none where it was not ranked."""

    rank: int | None
    move: int | None = None
    is_new: bool = False

    @property
    def fell(self) -> int:
        return -(self.move or 0)


@dataclass(frozen=True)
class Line:
    """A need with its rank per group, in the order of ``Ranked.groups``; ``apart`` is the highest rank minus the lowest."""

    need: str
    cells: tuple[Cell, ...]
    apart: int | None

    @property
    def ranks(self) -> tuple[int | None, ...]:
        return tuple(cell.rank for cell in self.cells)


@dataclass(frozen=True)
class Before:
    """The cycle before at the same place and in the same community; ``gone``: needs that nobody ranked any more."""

    pk: int
    title: str
    ends_on: date
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ranked:
    ranking: NeedsRanking
    groups: tuple[RankingGroup, ...]
    lines: tuple[Line, ...]
    before: Before | None = None


def moved(found: Ranked, rankings: QuerySet[NeedsRanking]) -> Ranked:
    """The table with how each group moved each need since the cycle before, of those in ``rankings``. One query."""
    here = rankings.filter(place=found.ranking.place_id, community=found.ranking.community_id, ends_on__lt=found.ranking.ends_on)
    latest = here.order_by("-ends_on", "-pk").values("pk")[:1]
    rows = NeedRank.objects.filter(need__ranking=Subquery(latest)).order_by("need_id")
    ranked_before: dict[tuple[str, str], int] = {}
    texts: dict[str, str] = {}
    before = None
    columns = ("need__ranking", "need__ranking__title", "need__ranking__ends_on", "need__text", "group__group", "rank")
    for pk, title, ends_on, need, group, rank in rows.values_list(*columns):
        before = Before(pk, title, ends_on)
        texts[need.casefold()] = need
        ranked_before[need.casefold(), group] = rank
    if before is None:
        return found
    groups = [one.group for one in found.groups]
    sat_before = {group for _need, group in ranked_before}
    lines = [
        replace(line, cells=tuple(_moved(cell, group in sat_before, ranked_before.get((line.need.casefold(), group))) for cell, group in zip(line.cells, groups, strict=True)))
        for line in found.lines
    ]  # fmt: skip
    now = {line.need.casefold() for line in found.lines}
    gone = tuple(text for key, text in texts.items() if key not in now)
    return replace(found, lines=tuple(lines), before=replace(before, gone=gone))


def _moved(cell: Cell, sat_before: bool, before: int | None) -> Cell:
    if cell.rank is None or not sat_before:
        return cell
    return Cell(cell.rank, is_new=True) if before is None else Cell(cell.rank, before - cell.rank)


def ranked(ranking: NeedsRanking) -> Ranked:
    """The table of a cycle, the most urgent of the first group first. Needs ``groups`` and ``needs__ranks`` prefetched to stay flat."""
    given = {need.text: {one.group_id: one.rank for one in need.ranks.all()} for need in ranking.needs.all()}
    return _table(ranking, ranking.groups.all(), given)


def _table(ranking: NeedsRanking, groups: Iterable[RankingGroup], given: Mapping[str, Mapping[int, int]]) -> Ranked:
    order = tuple(sorted(groups, key=lambda one: _order(one.group)))
    lines = []
    for text, by_group in given.items():
        ranks = tuple(by_group.get(group.pk) for group in order)
        lines.append(Line(text, tuple(Cell(rank) for rank in ranks), apart(ranks)))
    return Ranked(ranking, order, tuple(sorted(lines, key=_urgency)))


def apart(ranks: Sequence[int | None]) -> int | None:
    """The distance between the highest and the lowest rank; none where fewer than two groups ranked."""
    known = [one for one in ranks if one is not None]
    return max(known) - min(known) if len(known) > 1 else None


def _order(group: str) -> int:
    return RANKED_BY.index(Group(group)) if group in RANKED_BY else len(RANKED_BY)


def _urgency(line: Line) -> tuple[int, ...]:
    return tuple(10_000 if one is None else one for one in line.ranks)
