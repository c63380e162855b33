"""The indicator library: what is measured, by which rules, where it is used, and how a definition changes."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import django_filters
from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from plumbing.lists import Column, Listing, ListPage
from programs import access, library, shipped_library, tally
from programs.forms import DefinitionForm
from programs.models import Dimension, Indicator, IndicatorDefinition, Level, Project, Theme
from programs.views.acts import FormPage, press

# In the order of the programme's levels; a tally at whatever level comes first.
LEVEL_ORDER = {level: order for order, level in enumerate(["", *Level.values])}


class DefinitionFilter(django_filters.FilterSet):
    words = django_filters.CharFilter(label=_("Words"), method="called")
    level = django_filters.ChoiceFilter(label=_("Level"), choices=Level.choices)
    theme = django_filters.ChoiceFilter(label=_("Theme"), choices=lambda: [(theme.code, str(theme)) for theme in Theme.objects.all()])
    measure = django_filters.ChoiceFilter(label=pgettext_lazy("what is measured", "Measure"), choices=IndicatorDefinition.Measure.choices)
    status = django_filters.ChoiceFilter(label=_("Status"), choices=IndicatorDefinition.Status.choices)

    class Meta:
        model = IndicatorDefinition
        fields: list[str] = []

    def called(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(Q(code__icontains=value) | Q(title__icontains=value) | Q(definition__icontains=value))


class Library(ListPage):
    model = IndicatorDefinition
    filterset_class = DefinitionFilter
    template_name = "programs/library.html"
    ordering = "code"
    related = ("project",)
    columns = (
        Column("code", _("Code"), order=["code"], export="code"),
        Column("title", _("Title"), order=["title"], export="title"),
        Column("level", _("Level"), order=["level", "code"], export="level", words=Level.choices),
        Column(
            "measure",
            pgettext_lazy("what is measured", "Measure"),
            order=["measure", "code"],
            export="measure",
            words=IndicatorDefinition.Measure.choices,
        ),
        Column("over_time", _("Over time"), export="over_time", words=IndicatorDefinition.OverTime.choices),
        Column("across", _("Across places"), export="across", words=IndicatorDefinition.Across.choices),
        Column("counting", _("Counts"), export="counting", words=IndicatorDefinition.Counting.choices, hidden=True),
        Column("unit", _("Unit"), export="unit", hidden=True),
        Column("definition", _("Definition"), export="definition", hidden=True),
        Column("method", _("Method"), export="method", hidden=True),
        Column("source", _("Source"), export="source", hidden=True),
        Column("status", _("Status"), order=["status", "code"], export="status", words=IndicatorDefinition.Status.choices),
    )

    def context(self, listing: Listing) -> dict[str, Any]:
        words = access.words(self.request.user)
        return {"may_propose": Permission.PROPOSE_DEFINITION in words}


@login_required
def definition(request: HttpRequest, pk: int) -> HttpResponse:
    row = _definition(request, pk)
    words = access.words(request.user)
    proposing, approving = Permission.PROPOSE_DEFINITION in words, Permission.APPROVE_DEFINITION in words
    waits = row.status == IndicatorDefinition.Status.PROPOSED
    used = (
        Indicator.objects.visible_to(request.user)
        .filter(definition=row)
        .select_related("project", "result")
        .order_by("project__code", "code")
    )
    shown = {
        "definition": row,
        "used": used[:50],
        "used_elsewhere": Indicator.objects.filter(definition=row).exclude(project__in=Project.objects.visible_to(request.user)).exists(),
        "may_edit": library.may_edit(row, request.user),  # type: ignore[arg-type]
        "may_replace": proposing and row.status == IndicatorDefinition.Status.APPROVED and not hasattr(row, "successor"),
        "may_approve": approving and waits and row.proposed_by_id != request.user.pk,
        "theme": Theme.objects.filter(code=row.theme).first(),
        "tally": tally.known().get(row.computed_by),
        "typed_because": shipped_library.typed().get(row.code, ""),
        "crumbs": [(_("Indicator library"), reverse("library")), (row.code, "")],
    }
    return render(request, "programs/definition.html", shown)


@login_required
def tallies(request: HttpRequest) -> HttpResponse:
    """Every count over the portal's own records, by level, and the definitions each computes; then those that people type, and why."""
    bound: dict[str, list[IndicatorDefinition]] = {}
    for row in IndicatorDefinition.objects.visible_to(request.user).order_by("code"):
        bound.setdefault(row.computed_by, []).append(row)
    because = shipped_library.typed()
    typed = [(row, because[row.code]) for row in bound.pop("", []) if row.code in because]
    every = sorted(tally.known().values(), key=lambda one: (LEVEL_ORDER[one.level], str(one.title)))
    groups = [
        (Level(level).label if level else _("At whatever level"), [(one, bound.get(one.key, [])) for one in run])
        for level, run in groupby(every, key=lambda one: one.level)
    ]
    shown = {"groups": groups, "typed": typed, "crumbs": [(_("Indicator library"), reverse("library")), (_("Tallies"), "")]}
    return render(request, "programs/tallies.html", shown)


@login_required
def tally_page(request: HttpRequest, key: str) -> HttpResponse:
    """What one tally counts, in words that anyone may read."""
    found = tally.known().get(key)
    if found is None:
        raise Http404
    shown = {
        "tally": found,
        "bound": IndicatorDefinition.objects.visible_to(request.user).filter(computed_by=key).order_by("code"),
        "dimensions": Dimension.objects.filter(code__in=found.dimensions),
        "crumbs": [(_("Indicator library"), reverse("library")), (_("Tallies"), reverse("tallies")), (found.title, "")],
    }
    return render(request, "programs/tally.html", shown)


class ProposeDefinition(FormPage):
    title = _("Propose a definition")
    button = _("Propose it")
    done = _("Proposed. A second person approves it.")

    def prepare(self) -> None:
        access.require_word(self.request.user, Permission.PROPOSE_DEFINITION)

    def form(self, *data: Any) -> forms.Form:
        return DefinitionForm(*data)

    def act(self, form: forms.Form) -> IndicatorDefinition:
        return library.propose(by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def go_to(self, result: IndicatorDefinition) -> str:
        return reverse("definition", args=[result.pk])

    def crumbs(self) -> Any:
        return [(_("Indicator library"), reverse("library")), (self.title, "")]


class ProposeSuccessor(ProposeDefinition):
    title = _("Propose a successor")

    def prepare(self) -> None:
        super().prepare()
        self.old = _definition(self.request, self.kwargs["pk"])

    def form(self, *data: Any) -> forms.Form:
        return DefinitionForm(*data, initial={**DefinitionForm.kept(self.old), "code": ""})

    def act(self, form: forms.Form) -> IndicatorDefinition:
        return library.propose_successor(self.old, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def context(self, form: forms.Form) -> dict[str, Any]:
        return {"lead": _("It takes over from %(old)s once a second person approved it. Figures of the old one stay.") % {"old": self.old}}


class EditDefinition(ProposeDefinition):
    title = _("Edit a definition")
    button = _("Save the definition")
    done = _("The definition is saved.")

    def prepare(self) -> None:
        self.old = _definition(self.request, self.kwargs["pk"])
        if not library.may_edit(self.old, self.request.user):  # type: ignore[arg-type]
            raise access.NotAllowed

    def form(self, *data: Any) -> forms.Form:
        return DefinitionForm(*data, asks_code=False, initial=DefinitionForm.kept(self.old))

    def act(self, form: forms.Form) -> IndicatorDefinition:
        return library.edit(self.old, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def context(self, form: forms.Form) -> dict[str, Any]:
        frozen = _(
            "Figures were accepted under these rules: the rules stand still, the wording may change. Propose a successor for new rules."
        )
        return {"lead": self.old, "warning": frozen if self.old.frozen_at is not None else ""}


@login_required
@require_POST
def approve_definition(request: HttpRequest, pk: int) -> HttpResponse:
    row = _definition(request, pk)
    then = reverse("definition", args=[pk])
    return press(request, lambda: library.approve(row, by=request.user), done=_("Approved: it is in force."), then=then)  # type: ignore[arg-type]


@login_required
@require_POST
def retire_definition(request: HttpRequest, pk: int) -> HttpResponse:
    row = _definition(request, pk)
    then = reverse("definition", args=[pk])
    return press(request, lambda: library.retire(row, by=request.user), done=_("Retired: it is no longer offered."), then=then)  # type: ignore[arg-type]


def _definition(request: HttpRequest, pk: int) -> IndicatorDefinition:
    rows = IndicatorDefinition.objects.visible_to(request.user).select_related(
        "project__program", "replaces", "successor", "proposed_by", "approved_by"
    )
    row: IndicatorDefinition = get_object_or_404(rows.prefetch_related("breakdowns__parts__dimension", "options"), pk=pk)
    return row
