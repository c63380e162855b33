"""Children: receipts of their handover, monthly counts, grave violations as a number. No page here knows a child or a case."""

from __future__ import annotations

from typing import Any

import django_filters
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from plumbing import narrowing
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.models import Project
from programs.views.acts import FormPage, chosen, recording_pairs
from reintegration import children, small_counts
from reintegration.forms import ChildMonthForm, CloseHandoverForm, HandoverForm, ViolationsForm, initial_cells
from reintegration.models import ChildBand, ChildHandover, ChildMonth, ChildSex, CountKind, GraveViolationCount

WORDS = {Permission.COUNT_CHILDREN, Permission.READ_CASE_COUNTS}
RAW_WORDS = {Permission.COUNT_CHILDREN, Permission.READ_RAW}


def _projects(request: Any) -> Any:
    counting = Project.objects.visible_to(request.user, Permission.COUNT_CHILDREN)
    return (counting | Project.objects.visible_to(request.user, Permission.READ_CASE_COUNTS)).distinct()


class CountedList(ListPage):
    """A list whose numbers are strict: whoever is outside the circle of raw figures sees what suppression leaves, and no file of them."""

    related = ("project", "partner", "place")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.user.is_authenticated and not RAW_WORDS & access.words(request.user):
            self.columns = [Column(c.name, c.label, order=c.order, number=c.number, hidden=c.hidden) for c in type(self).columns]  # type: ignore[misc]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        words = access.words(request.user)
        if not WORDS & words or ("export" in request.GET and not RAW_WORDS & words):
            raise Http404
        return super().get(request, **kwargs)

    def file(self, kind: str) -> HttpResponseBase:
        self.filtered = self.filtered.raw_for(self.request.user)  # type: ignore[misc, attr-defined]
        return super().file(kind)

    def context(self, listing: Listing) -> dict[str, Any]:
        raw = set(
            self.model.objects.filter(pk__in=[row.pk for row in listing.rows]).raw_for(self.request.user).values_list("pk", flat=True)
        )  # type: ignore[attr-defined]
        self.at = small_counts.threshold()
        for row in listing.rows:
            row.is_raw = row.pk in raw
            self.show(row)
        return {
            "may_count": Permission.COUNT_CHILDREN in access.words(self.request.user),
            "hides": any(not row.is_raw for row in listing.rows),
            "threshold": self.at,
        }

    def show(self, row: Any) -> None:
        """Put on the row what the reader may see of its numbers."""
        raise NotImplementedError


class HandoverFilter(django_filters.FilterSet):
    project = django_filters.ModelChoiceFilter(label=_("Project"), queryset=_projects)
    state = django_filters.ChoiceFilter(
        label=_("State"),
        method="in_state",
        choices=[("open", _("Not yet handed over")), ("late", _("Longer than allowed")), ("done", _("Handed over"))],
    )

    class Meta:
        model = ChildHandover
        fields: list[str] = []

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        if value == "late":
            return rows.late(children.hours_allowed())
        return rows.open() if value == "open" else rows.handed_over()


class Handovers(CountedList):
    model = ChildHandover
    filterset_class = HandoverFilter
    template_name = "reintegration/child_handovers.html"
    ordering = "-identified"
    columns = (
        Column("identified", _("Identified"), order=["identified_at"], export="identified_at"),
        Column("place", _("County"), order=["place__name"], export="place__name"),
        Column("partner", _("Partner"), order=["partner__name"], export="partner__name"),
        Column("girls", _("Girls"), export="girls", number=True),
        Column("boys", _("Boys"), export="boys", number=True),
        Column("unknown", _("Sex not known"), export="sex_unknown", number=True),
        Column("handed_over", _("Handed over"), order=["handed_over_at"], export="handed_over_at"),
        Column("receiver", _("Received by"), export="receiver", words=ChildHandover.Receiver.choices),
        Column("hours", _("Hours")),
        Column("act", ""),
    )

    def context(self, listing: Listing) -> dict[str, Any]:
        shown = super().context(listing)
        allowed = children.hours_allowed()
        for row in listing.rows:
            row.is_late = row.is_later_than(allowed)
        running = narrowing.narrow(ChildHandover.objects.visible_to(self.request.user).open(), self.request)
        for row in (waiting := list(running.order_by("identified_at").select_related("project", "place")[:20])):
            row.is_late, row.hours_left = row.is_later_than(allowed), allowed - row.hours
        return {**shown, "allowed": allowed, "waiting": waiting}

    def show(self, row: Any) -> None:
        row.shown = small_counts.line([row.girls, row.boys, row.sex_unknown], raw=row.is_raw, at=self.at)


class CountingPage(FormPage):
    """A form for one project and partner that this person counts children for; ``?for=`` chooses among several."""

    template_name = "reintegration/counting.html"

    def prepare(self) -> None:
        self.pairs = recording_pairs(self.request.user, Permission.COUNT_CHILDREN)
        self.project, self.partner = chosen(self.pairs, self.request.POST.get("for") or self.request.GET.get("for", ""))

    def context(self, form: Any) -> dict[str, Any]:
        return {"project": self.project, "partner": self.partner, "pairs": self.pairs}


class HandOver(CountingPage):
    title = _("Children identified")
    button = _("Save the receipt")
    done = _("The receipt is saved.")

    def form(self, *data: Any) -> HandoverForm:
        return HandoverForm(*data, project=self.project)

    def act(self, form: HandoverForm) -> ChildHandover:
        return children.hand_over(project=self.project, partner=self.partner, by=self.request.user, **_receipt(form))

    def go_to(self, result: ChildHandover) -> str:
        return reverse("child_handovers")

    def crumbs(self) -> Any:
        return [(_("Children"), reverse("child_handovers")), (_("Children identified"), "")]

    def context(self, form: Any) -> dict[str, Any]:
        return {
            **super().context(form),
            "lead": _("A receipt: so many children, a county, two moments. No name, no age, no group, no case."),
        }


class CloseHandover(FormPage):
    title = _("Children handed over")
    button = _("Record the handover")
    done = _("The handover is recorded.")

    def prepare(self) -> None:
        self.receipt = _receipt_of(self.request, self.kwargs["pk"])

    def form(self, *data: Any) -> CloseHandoverForm:
        return CloseHandoverForm(*data)

    def act(self, form: CloseHandoverForm) -> ChildHandover:
        return children.close(self.receipt, by=self.request.user, **form.cleaned_data)

    def go_to(self, result: ChildHandover) -> str:
        return reverse("child_handovers")

    def crumbs(self) -> Any:
        return [(_("Children"), reverse("child_handovers")), (self.title, "")]

    def context(self, form: Any) -> dict[str, Any]:
        text = _("%(count)s identified in %(place)s, %(hours)s hours ago. At most %(allowed)s hours may pass.")
        said = {
            "count": self.receipt.children,
            "place": self.receipt.place,
            "hours": self.receipt.hours,
            "allowed": children.hours_allowed(),
        }
        return {"lead": text % said}


class CorrectHandover(FormPage):
    title = _("Correct a receipt")
    button = _("Save the correction")
    done = _("The correction is saved.")

    def prepare(self) -> None:
        self.receipt = _receipt_of(self.request, self.kwargs["pk"])

    def form(self, *data: Any) -> HandoverForm:
        row = self.receipt
        names = ("place", "girls", "boys", "sex_unknown", "identified_at", "handed_over_at", "receiver")
        return HandoverForm(*data, project=row.project, initial={name: getattr(row, name) for name in names})

    def act(self, form: HandoverForm) -> ChildHandover:
        return children.correct(self.receipt, by=self.request.user, **_receipt(form))

    def go_to(self, result: ChildHandover) -> str:
        return reverse("child_handovers")

    def crumbs(self) -> Any:
        return [(_("Children"), reverse("child_handovers")), (self.title, "")]


class CountFilter(django_filters.FilterSet):
    project = django_filters.ModelChoiceFilter(label=_("Project"), queryset=_projects)
    kind = django_filters.ChoiceFilter(label=_("Which children"), choices=CountKind.choices)

    class Meta:
        model = ChildMonth
        fields: list[str] = []


class ChildCounts(CountedList):
    model = ChildMonth
    filterset_class = CountFilter
    template_name = "reintegration/child_counts.html"
    ordering = "-month"
    prefetch = ("cells",)
    columns = (
        Column("month", _("Month"), order=["year", "month"]),
        Column("kind", _("Which children"), order=["kind"]),
        Column("place", _("State"), order=["place__name"]),
        Column("partner", _("Partner"), order=["partner__name"]),
        Column("counts", _("Children by age and sex")),
        Column("act", ""),
    )

    def show(self, row: Any) -> None:
        cells = {(cell.band, cell.sex): cell.number for cell in row.cells.all()}
        bands = [band for band in ChildBand if any(key[0] == band for key in cells)]
        sexes = [sex for sex in ChildSex if any(key[1] == sex for key in cells)]
        safe = small_counts.table(small_counts.by_keys(cells, bands, sexes), raw=row.is_raw, at=self.at)
        row.table = list(zip([band.label for band in bands], safe.rows, safe.row_totals, strict=True))
        row.sexes, row.totals, row.total = [sex.label for sex in sexes], safe.column_totals, safe.total


class CountChildren(CountingPage):
    template_name = "reintegration/child_month.html"
    title = _("Count the children of a month")
    button = _("Save the count")
    done = _("The count is saved.")

    def form(self, *data: Any) -> ChildMonthForm:
        return ChildMonthForm(*data, project=self.project)

    def act(self, form: ChildMonthForm) -> ChildMonth:
        given = form.cleaned_data
        year, month = given["month"]
        return children.count_month(
            project=self.project, partner=self.partner, place=given["place"], year=year, month=month, kind=given["kind"],
            cells=form.cells, by=self.request.user,
        )  # fmt: skip

    def go_to(self, result: ChildMonth) -> str:
        return reverse("child_counts")

    def crumbs(self) -> Any:
        return [(_("Children"), reverse("child_handovers")), (_("Monthly counts"), reverse("child_counts")), (self.title, "")]


class RecountChildren(CountChildren):
    """The same month again, with what stands there."""

    title = _("Correct the count of a month")

    def prepare(self) -> None:
        rows = ChildMonth.objects.visible_to(self.request.user, Permission.COUNT_CHILDREN).select_related("project", "partner", "place")
        self.kept = get_object_or_404(rows, pk=self.kwargs["pk"])
        self.project, self.partner = self.kept.project, self.kept.partner
        self.pairs = [(self.project, self.partner)]

    def form(self, *data: Any) -> ChildMonthForm:
        kept = self.kept
        stood = {"month": f"{kept.year}-{kept.month:02}", "place": kept.place, "kind": kept.kind, **initial_cells(kept.cells.all())}
        return ChildMonthForm(*data, project=self.project, initial=stood)


class ViolationFilter(django_filters.FilterSet):
    project = django_filters.ModelChoiceFilter(label=_("Project"), queryset=_projects)
    year = django_filters.NumberFilter(label=_("Year"), min_value=1900, max_value=9999, decimal_places=0)

    class Meta:
        model = GraveViolationCount
        fields: list[str] = []


class Violations(CountedList):
    model = GraveViolationCount
    filterset_class = ViolationFilter
    template_name = "reintegration/child_violations.html"
    ordering = "-month"
    columns = (
        Column("month", _("Month"), order=["year", "month"], export="month"),
        Column("year", _("Year"), export="year", hidden=True),
        Column("place", _("State"), order=["place__name"], export="place__name"),
        Column("partner", _("Partner"), order=["partner__name"], export="partner__name"),
        Column("number", _("Grave violations"), export="number", number=True),
    )

    def show(self, row: Any) -> None:
        row.shown = small_counts.total(row.number, raw=row.is_raw, at=self.at)


class CountViolations(CountingPage):
    title = _("Count grave violations")
    button = _("Save the number")
    done = _("The number is saved.")

    def form(self, *data: Any) -> ViolationsForm:
        return ViolationsForm(*data, project=self.project)

    def act(self, form: ViolationsForm) -> GraveViolationCount:
        year, month = form.cleaned_data["month"]
        return children.count_violations(
            project=self.project, partner=self.partner, place=form.cleaned_data["place"], year=year, month=month,
            number=form.cleaned_data["number"], by=self.request.user,
        )  # fmt: skip

    def go_to(self, result: GraveViolationCount) -> str:
        return reverse("child_violations")

    def crumbs(self) -> Any:
        return [(_("Children"), reverse("child_handovers")), (_("Grave violations"), reverse("child_violations")), (self.title, "")]


def _receipt(form: HandoverForm) -> dict[str, Any]:
    return {name: value or 0 if name in ("girls", "boys", "sex_unknown") else value for name, value in form.cleaned_data.items()}


def _receipt_of(request: HttpRequest, pk: int) -> ChildHandover:
    rows = ChildHandover.objects.visible_to(request.user, Permission.COUNT_CHILDREN).select_related("project", "partner", "place")
    found: ChildHandover = get_object_or_404(rows, pk=pk)
    return found
