"""The portfolio: theme by level, SDG target, nexus pillar and place, with money and delivery, and the same as a file."""

from __future__ import annotations

from datetime import timedelta
from operator import itemgetter
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.roles import Permission
from dashboard import portfolio
from dashboard.navigation import address
from dashboard.portfolio import Cell, Portfolio
from dashboard.views.overview import user_of
from plumbing import exports, formats, narrowing
from plumbing.shipped_names import shipped_name
from programs import access
from programs.models import Level, Project

PILLARS = {"H": gettext_lazy("Humanitarian"), "D": gettext_lazy("Development"), "P": gettext_lazy("Peace")}

GENDER = {
    "3": gettext_lazy("3: gender equality is the aim"),
    "2": gettext_lazy("2: a significant part of the money"),
    "1": gettext_lazy("1: some of the money"),
    "0": gettext_lazy("0: not expected to contribute"),
}
# Short names of the targets of goal 16; the official wording is several lines long.
TARGETS = {
    "16.1": gettext_lazy("16.1 Less violence"),
    "16.2": gettext_lazy("16.2 Children are protected"),
    "16.3": gettext_lazy("16.3 Rule of law, access to justice"),
    "16.4": gettext_lazy("16.4 Fewer illicit arms and money"),
    "16.5": gettext_lazy("16.5 Less corruption"),
    "16.6": gettext_lazy("16.6 Effective, accountable institutions"),
    "16.7": gettext_lazy("16.7 Participation in decisions"),
    "16.8": gettext_lazy("16.8 A voice in global governance"),
    "16.9": gettext_lazy("16.9 Legal identity for all"),
    "16.10": gettext_lazy("16.10 Access to information, freedoms"),
    "16.a": gettext_lazy("16.a Institutions that prevent violence"),
    "16.b": gettext_lazy("16.b Laws without discrimination"),
}
OWED_DAYS = 60


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponseBase:
    user = user_of(request)
    if Permission.READ_PORTFOLIO not in access.words(user):
        raise PermissionDenied
    today = timezone.localdate()
    projects = narrowing.narrow(Project.objects.visible_to(user, Permission.READ_PORTFOLIO), request)
    whole = portfolio.read(projects, reader=user, through=today)
    found = _filtered(whole, request)
    if request.GET.get("export") in {"csv", "xlsx"}:
        return _file(request, found, request.GET["export"])
    cells = found.matrix()
    themes = sorted({theme for theme, _level in cells if theme}, key=shipped_name)
    levels = [level for level in Level.values if ("", level) in cells]
    owed = list(portfolio.owed(user, projects=found.projects, today=today, days=OWED_DAYS))
    context = {
        "levels": levels,
        "lines": [
            (theme, [(level, cells.get((theme, level))) for level in levels], cells["", ""] if not theme else cells[theme, ""])
            for theme in themes
        ],
        "sums": [(level, cells.get(("", level))) for level in levels],
        "all": cells.get(("", ""), Cell()),
        "targets": _lines(found.split("targets"), none=_("no SDG 16 target"), words=TARGETS),
        "pillars": _lines(found.split("pillars"), none=_("no pillar"), words=PILLARS),
        "gender": _lines(found.split("gender"), none=_("no marker"), words=GENDER),
        "owed": owed,
        "owed_late": sum(one.due_on < today for one in owed),
        "owed_until": today + timedelta(days=OWED_DAYS),
        "places": [(name, cell, address("place_page", code)) for (name, code), cell in sorted(found.by_place().items(), key=itemgetter(0))],
        "programs": len({row.program_id for row in found.projects.values()}),
        "choices": _choices(whole, request),
        "is_filtered": len(found.projects) != len(whole.projects),
        "today": today,
    }
    return render(request, "dashboard/portfolio.html", context)


def _filtered(whole: Portfolio, request: HttpRequest) -> Portfolio:
    donors = {row.project for row in whole.money if row.donor == request.GET.get("donor")}
    asked = {name: request.GET.get(name, "") for name in ("donor", "theme", "level", "target", "place")}

    def keep(key: int) -> bool:
        shares = whole.shares[key]
        return (
            (not asked["donor"] or key in donors)
            and (not asked["theme"] or asked["theme"] in shares.themes)
            and (not asked["level"] or asked["level"] in shares.levels)
            and (not asked["target"] or asked["target"] in shares.targets)
            and (not asked["place"] or asked["place"] in {code for _name, code in shares.places})
        )

    return whole.narrowed(keep)


def _choices(whole: Portfolio, request: HttpRequest) -> list[dict[str, Any]]:
    """The filters, each with what the portfolio holds; Level in words."""
    every = whole.shares.values()
    named: list[tuple[str, Any, list[tuple[str, Any]]]] = [
        ("donor", _("Donor"), [(one, one) for one in sorted({row.donor for row in whole.money})]),
        ("place", _("Place"), [(code, name) for name, code in sorted({place for shares in every for place in shares.places})]),
        ("level", _("Level"), list(Level.choices)),
        (
            "theme",
            _("Theme"),
            [(one, shipped_name(one)) for one in sorted({theme for shares in every for theme in shares.themes}, key=shipped_name)],
        ),
        (
            "target",
            _("SDG target"),
            [(one, TARGETS.get(one, one)) for one in sorted({target for shares in every for target in shares.targets})],
        ),
    ]
    return [{"name": name, "label": label, "options": options, "chosen": request.GET.get(name, "")} for name, label, options in named]


def _lines(cells: dict[str, Cell], *, none: str, words: dict[str, Any] | None = None) -> list[tuple[Any, Cell, str]]:
    """Word, cell and no address: only places have pages of their own."""
    return [((words or {}).get(word, word) or none, cells[word], "") for word in sorted(cells, key=lambda word: (word == "", word))]


def _file(request: HttpRequest, found: Portfolio, kind: str) -> HttpResponseBase:
    """One line per theme, level and currency: money as split, indicators as counted."""
    headings = [
        *(_("Theme"), _("Level"), _("Projects"), _("Currency"), _("Approved"), _("Spent")),
        *(_("Indicators"), _("On track"), _("Not on track"), _("No figure")),
    ]
    rows = []
    for (theme, level), cell in sorted(found.matrix().items()):
        if theme and level:
            told = (cell.indicators, cell.on_track, cell.indicators - cell.on_track - cell.without, cell.without)
            rows += [
                (shipped_name(theme), Level(level).label, len(cell.projects), *money, *told)
                for money in cell.money or [("", None, None)]
            ]  # fmt: skip
    fields = [exports.Field(heading, f"column_{at}") for at, heading in enumerate(headings)]
    name = f"portfolio-{timezone.localdate():%Y-%m-%d}"
    about = [(_("Written"), formats.moment(timezone.now())), (_("Money"), _("split by each project's shares; currencies are never added"))]
    if narrowing.told(request):
        about.append((_("Only program"), narrowing.told(request)))
    if kind == "csv":
        return exports.as_csv(exports.AtHand(rows), fields, name=name)
    return exports.as_xlsx(exports.AtHand(rows), fields, name=name, about=about)
