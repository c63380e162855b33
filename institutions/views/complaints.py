"""Complaints against security personnel: the part of an institution's page, the months of the registers, and counting one."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import practice
from accounts.roles import Permission
from institutions import complaints, page, profiles
from institutions.forms import ComplaintForm
from institutions.models import ComplaintMonth, Institution
from institutions.views.institutions import OfInstitution
from locations.models import Place
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.models import Project
from programs.views.acts import FormPage

EXACT = {Permission.RECORD_INSTITUTIONS, Permission.READ_RAW}


@login_required
def institution_complaints(request: HttpRequest, pk: int) -> HttpResponse:
    """Four quarters of counts: a page of its own, or the part of the institution's page."""
    rows = Institution.objects.visible_to(request.user).select_related("organization", "place")
    row: Institution = get_object_or_404(rows, pk=pk)
    if not complaints.concerns(row):
        raise Http404
    engagements = list(row.engagements.select_related("project__program", "partner"))
    is_register = row.kind == Institution.Kind.OVERSIGHT_BODY
    shown = {
        "institution": row,
        "counted": complaints.about(row, request.user),
        "is_register": is_register,
        "may_count": is_register and page.covers(request.user, Permission.RECORD_INSTITUTIONS, row, engagements),
        "threshold": practice.whole("suppression-threshold-sensitive"),
        "crumbs": [(_("Institutions"), reverse("institutions")), (row, reverse("institution", args=[pk])), (_("Complaints"), "")],
    }
    part = bool(request.headers.get("HX-Request"))
    return render(request, "institutions/_complaints.html" if part else "institutions/complaints.html", shown)


class ComplaintFilter(django_filters.FilterSet):
    service = django_filters.ChoiceFilter(label=_("Complaints about"), choices=ComplaintMonth.Service.choices)
    register = django_filters.ModelChoiceFilter(
        label=_("Register of"),
        queryset=lambda request: (
            Institution.objects.visible_to(request.user).filter(kind=Institution.Kind.OVERSIGHT_BODY).select_related("organization")
        ),
    )
    project = django_filters.ModelChoiceFilter(
        label=_("Project"), field_name="register__engagements__project", queryset=lambda request: Project.objects.visible_to(request.user),
        distinct=True,
    )  # fmt: skip
    year = django_filters.NumberFilter(label=_("Year"), min_value=2000, max_value=2100, decimal_places=0)

    class Meta:
        model = ComplaintMonth
        fields: list[str] = []


class ComplaintList(ListPage):
    """Months as they were counted: strict, for who counts them and who sees raw figures."""

    model = ComplaintMonth
    filterset_class = ComplaintFilter
    template_name = "institutions/complaint_counts.html"
    ordering = "-month"
    related = ("register__organization", "place")
    columns = (
        Column("year", _("Year"), export="year", hidden=True),
        Column("month", _("Month"), order=["year", "month"], export="month"),
        Column("service", _("Complaints about"), order=["service"], export="service", words=ComplaintMonth.Service.choices),
        Column("place", _("State"), order=["place__name"], export="place__name"),
        Column("register", _("Register of"), order=["register__organization__name"], export="register__organization__name"),
        Column("received", _("Received"), order=["received"], export="received", number=True),
        Column("closed", _("Closed"), order=["closed"], export="closed", number=True),
        Column("in_time", _("Answered in time"), export="in_time", number=True),
        Column("due", _("30 days ended"), export="due", hidden=True),
        Column("source", _("Source"), export="source"),
    )

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.user.is_authenticated and not EXACT & access.words(request.user):
            access.require_word(request.user, Permission.RECORD_INSTITUTIONS)

    def context(self, listing: Listing) -> dict[str, Any]:
        return {"may_count": Permission.RECORD_INSTITUTIONS in access.words(self.request.user)}


class CountComplaints(OfInstitution):
    title = _("Count the complaints of a month")
    button = _("Keep the count")
    done = _("The month is counted.")

    def prepare(self) -> None:
        super().prepare()
        if self.institution.kind != Institution.Kind.OVERSIGHT_BODY:
            raise Http404

    def form(self, *data: Any) -> forms.Form:
        states = _states(self.institution)
        return ComplaintForm(*data, states=states, initial={"place": states[0] if states else None, "service": "police"})

    def act(self, form: ComplaintForm) -> ComplaintMonth:
        return complaints.count_month(register=self.institution, by=self.request.user, **form.counted)  # type: ignore[arg-type]

    def context(self, form: forms.Form) -> dict[str, Any]:
        return {"lead": _("Numbers from the register of %(body)s, without any text. The same month again replaces what stood there.") % {
            "body": self.institution,
        }}  # fmt: skip


class RecountComplaints(FormPage):
    """The same month again, with what stands there."""

    title = _("Correct the complaints of a month")
    button = _("Keep the count")
    done = _("The month is counted anew.")

    def prepare(self) -> None:
        rows = ComplaintMonth.objects.visible_to(self.request.user).select_related("register__organization", "register__place", "place")
        self.kept: ComplaintMonth = get_object_or_404(rows, pk=self.kwargs["pk"])
        profiles.require(self.request.user, self.kept.register)  # type: ignore[arg-type]

    def form(self, *data: Any) -> forms.Form:
        kept = self.kept
        stood = {name: getattr(kept, name) for name in ("place", "service", "received", "closed", "due", "in_time", "source")}
        kinds = {f"kind_{one.kind}": one.received for one in kept.kinds.all()}
        form = ComplaintForm(*data, states=[kept.place], initial={"month": f"{kept.year}-{kept.month:02}", **stood, **kinds})
        for name in ("month", "place", "service"):  # which month it is stays
            form.fields[name].disabled = True
        month = f"{kept.first_day:%Y-%m}"
        form.fields["month"].choices = [(month, month)]  # type: ignore[attr-defined]
        return form

    def act(self, form: ComplaintForm) -> ComplaintMonth:
        return complaints.count_month(register=self.kept.register, by=self.request.user, **form.counted)  # type: ignore[arg-type]

    def go_to(self, result: Any) -> str:
        return reverse("complaint_counts")

    def crumbs(self) -> Any:
        return [(_("Institutions"), reverse("institutions")), (_("Complaints"), reverse("complaint_counts")), (self.title, "")]

    def context(self, form: forms.Form) -> dict[str, Any]:
        return {"lead": self.kept.register}


def _states(institution: Institution) -> list[Place]:
    """The state that the body sits in, or those of its country."""
    rows = Place.objects.filter(level=Place.Level.ADMIN_1)
    around = rows.filter(below_me__descendant=institution.place) | rows.filter(above__ancestor=institution.place)
    return list(around.distinct().order_by("name"))
