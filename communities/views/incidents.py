"""Incidents: the list with its counts by area, one incident, recording, verifying, and what may have been told twice."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts import audit
from accounts.roles import Permission
from communities import incidents, masking, taxonomy
from communities.forms import IncidentForm, VerifyForm, ViolationForm, harm_field
from communities.models import Community, Incident, Likeness
from communities.views.communities import keepers
from plumbing import exports
from plumbing.addresses import number_in
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.access import NotAllowed
from programs.forms import Day
from programs.views.acts import FormPage, press

RECORD, VERIFY = Permission.RECORD_COMMUNITIES, Permission.VERIFY_INCIDENTS
AREAS = 12


class IncidentFilter(django_filters.FilterSet):
    community = django_filters.CharFilter(label=_("Community"), method="of_community")
    type = django_filters.ChoiceFilter(label=_("Kind"), choices=Incident.Type.choices)
    since = django_filters.DateFilter(label=_("From"), field_name="event_date", lookup_expr="gte", widget=Day())
    until = django_filters.DateFilter(label=_("Until"), field_name="event_date", lookup_expr="lte", widget=Day())
    verified = django_filters.ChoiceFilter(
        label=_("State"), method="in_state", choices=[("yes", _("Verified")), ("no", _("Not verified")), ("same", _("Told twice"))]
    )
    area = django_filters.CharFilter(label=_("Admin 2"), method="in_area")

    class Meta:
        model = Incident
        fields: list[str] = []

    def of_community(self, rows: Any, name: str, value: str) -> Any:
        """A part of its name; the community's own page gives its number. A list to choose from would hold thousands."""
        rows = masking.placed_for(rows, None if self.request.GET.get("export") else self.request.user)
        if (number := number_in(value)) is not None:
            return rows.filter(community=number)
        return rows.filter(community__name__icontains=value.strip())

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        if value == "same":
            return rows.filter(same_as__isnull=False)
        return rows.filter(verified_at__isnull=value == "no")

    def in_area(self, rows: Any, name: str, value: str) -> Any:
        """By the area that is shown, its code or a part of its name."""
        return rows.filter(masking.shown_below(value.strip().upper(), named=value.strip()))


class IncidentList(ListPage):
    """On the screen the rows of the circle that records and verifies; a file holds masked counts, never a row."""

    model = Incident
    filterset_class = IncidentFilter
    template_name = "communities/incidents.html"
    ordering = "-date"
    related = ("area", "area__parent", "community")
    columns = (
        Column("date", _("Date"), order=["event_date"], export="event_date"),
        Column("kind", _("Kind"), order=["type"]),
        Column("area", _("Area")),  # no order by it: where a strict one stands among the others would say where it was
        Column("community", _("Community")),
        Column("source", _("Source")),
        Column("state", _("State"), order=["verified_at"]),
    )

    def context(self, listing: Listing) -> dict[str, Any]:
        for row in listing.rows:
            row.shown_area, row.shown_community = masking.shown_area(row), masking.shown_community(row)
        areas = masking.areas(self.filtered)
        words = access.words(self.request.user)
        return {
            "areas": areas[:AREAS], "more_areas": len(areas) - AREAS, "may_record": RECORD in words, "may_verify": VERIFY in words,
            "likely": Likeness.objects.visible_to(self.request.user, VERIFY).open().count() if VERIFY in words else 0,
        }  # fmt: skip

    def file(self, kind: str) -> HttpResponseBase:
        table: Any = masking.Table(self.filtered)
        name = f"{slugify(str(_('incidents by area')))}-{timezone.localdate():%Y-%m-%d}"
        fields = [exports.Field(str(label), key) for key, label in _COLUMNS.items()]
        if kind == "csv":
            return exports.as_csv(table, fields, name=name)
        return exports.as_xlsx(table, fields, name=name, about=self._about())


_COLUMNS = {
    "month": _("Month"), "area": _("P-code"), "area_name": _("Area"), "kind": _("Kind"), "verified": _("Verified"),
    "not_verified": _("Not verified"),
}  # fmt: skip


@login_required
def incident(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible(request, pk)
    audit.record("incident.read", [row], by=request.user)  # type: ignore[arg-type]
    may_verify, may_record = incidents.may_verify(row, request.user), _may_record(row, request.user)
    is_of_circle = may_record or may_verify
    shown = {
        "incident": row, "is_of_circle": is_of_circle, "community": row.community if is_of_circle else masking.shown_community(row), "told": row.told if is_of_circle else None, "shown_area": masking.shown_area(row), "harm": list(row.harm.all()), "code": taxonomy.BY_TYPE[row.type], "ucdp": taxonomy.ucdp_type(row),
        "interaction": taxonomy.interaction(row), "may_verify": may_verify and not row.is_verified and row.recorded_by_id != request.user.pk,
        "may_correct": not row.is_verified and may_record, "form": VerifyForm(initial={"reliability": row.reliability, "credibility": row.credibility}),
        "crumbs": [(_("Communities"), reverse("communities")), (_("Incidents"), reverse("incidents")), (row.get_type_display(), "")],
    }  # fmt: skip
    return render(request, "communities/incident.html", shown)


def visible(request: HttpRequest, pk: int) -> Incident:
    rows = Incident.objects.visible_to(request.user).select_related(
        "place",
        "area",
        "area__parent",
        "community",
        "organization",
        "recorded_by",
        "verified_by",
        "words",
        "displaced_from",
        "displaced_to",
        "same_as",
    )
    found: Incident = get_object_or_404(rows, pk=pk)
    return found


def _may_record(row: Incident, user: Any) -> bool:
    return Incident.objects.visible_to(user, RECORD).filter(pk=row.pk).exists()


class RecordIncident(FormPage):
    template_name = "communities/record_incident.html"
    title = _("Record an incident")
    button = _("Save the incident")
    done = _("The incident is saved. Somebody else verifies it.")

    def prepare(self) -> None:
        access.require_word(self.request.user, RECORD)

    def form(self, *data: Any) -> IncidentForm:
        asked = number_in(self.request.GET.get("community"))
        start: dict[str, Any] = {"event_date": timezone.localdate()}
        if asked is not None:
            found = Community.objects.visible_to(self.request.user, RECORD).select_related("place").filter(pk=asked).first()
            if found is not None:
                start |= {"place": found.place, "community": found.pk, "organization": found.partner_id}
        return IncidentForm(
            *data, partners=keepers(self.request.user), communities=Community.objects.visible_to(self.request.user, RECORD), initial=start
        )

    def act(self, form: Any) -> Incident:
        return incidents.record(**form.facts, by=self.request.user).incident

    def go_to(self, result: Incident) -> str:
        return reverse("incident", args=[result.pk])

    def crumbs(self) -> Any:
        return [(_("Communities"), reverse("communities")), (_("Incidents"), reverse("incidents")), (self.title, "")]


class CorrectIncident(RecordIncident):
    title = _("Correct an incident")
    button = _("Save the correction")
    done = _("The correction is saved.")

    def prepare(self) -> None:
        self.incident = visible(self.request, self.kwargs["pk"])
        if not _may_record(self.incident, self.request.user):
            raise NotAllowed(_("You may not do this here: it needs the permission to %(what)s.") % {"what": RECORD.label})

    def form(self, *data: Any) -> IncidentForm:
        row = self.incident
        start = {name: getattr(row, name) for name in incidents.FACTS if not name.startswith("displaced_")}
        start |= {
            "type": row.type, "event_date": row.event_date, "place": row.place, "source": row.source, "community": row.community_id,
            "displaced_from": row.displaced_from, "displaced_to": row.displaced_to, "organization": row.organization_id,
        }  # fmt: skip
        start |= {name: getattr(row.told, name) for name in incidents.WORDS}
        start |= {harm_field(one.what, one.sex, one.band): one.number for one in row.harm.all()}
        return IncidentForm(
            *data, partners=keepers(self.request.user), communities=Community.objects.visible_to(self.request.user, RECORD), initial=start
        )

    def act(self, form: Any) -> Incident:
        facts = dict(form.facts)
        facts.pop("organization")
        return incidents.correct(self.incident, **facts, by=self.request.user)  # type: ignore[arg-type]


class VerifyIncident(FormPage):
    title = _("Verify an incident")
    button = _("Verify")
    done = _("The incident is verified.")

    def prepare(self) -> None:
        self.incident = visible(self.request, self.kwargs["pk"])
        if not incidents.may_verify(self.incident, self.request.user):
            raise NotAllowed(_("You may not do this here: it needs the permission to %(what)s.") % {"what": VERIFY.label})

    def form(self, *data: Any) -> VerifyForm:
        return VerifyForm(*data, initial={"reliability": self.incident.reliability, "credibility": self.incident.credibility})

    def act(self, form: Any) -> Incident:
        return incidents.verify(self.incident, by=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]

    def go_to(self, result: Any) -> str:
        return reverse("incident", args=[self.incident.pk])


@login_required
def likely_duplicates(request: HttpRequest) -> HttpResponse:
    access.require_word(request.user, VERIFY)
    pairs = Likeness.objects.visible_to(request.user, VERIFY).open().select_related(
        "first__area__parent", "second__area__parent", "first__community", "second__community", "first__organization",
        "second__organization",
    )[:25]  # fmt: skip
    for pair in pairs:
        pair.first.shown_area, pair.second.shown_area = masking.shown_area(pair.first), masking.shown_area(pair.second)
    crumbs = [(_("Communities"), reverse("communities")), (_("Incidents"), reverse("incidents")), (_("Told twice?"), "")]
    return render(request, "communities/likely_duplicates.html", {"pairs": pairs, "crumbs": crumbs})


@login_required
@require_POST
def decide_likeness(request: HttpRequest, pk: int) -> HttpResponse:
    pair = get_object_or_404(Likeness.objects.visible_to(request.user, VERIFY), pk=pk)
    same = request.POST.get("same") == "1"
    return press(
        request, lambda: incidents.decide_likeness(pair, same=same, by=request.user),  # type: ignore[arg-type]
        done=_("One of them counts; both stay as they were told.") if same else _("Both count."), then=reverse("likely_duplicates"),
    )  # fmt: skip


class CountViolations(FormPage):
    title = _("Count violations by area")
    button = _("Save the number")
    done = _("The number is saved.")

    def prepare(self) -> None:
        access.require_word(self.request.user, RECORD)

    def form(self, *data: Any) -> ViolationForm:
        return ViolationForm(*data, partners=keepers(self.request.user))

    def act(self, form: Any) -> Any:
        return incidents.count_violations(**form.cleaned_data, by=self.request.user)  # type: ignore[arg-type]

    def go_to(self, result: Any) -> str:
        return reverse("incidents")

    def context(self, form: Any) -> dict[str, Any]:
        lead = _("Sexual violence and grave violations against children have no row per event: a number for an admin 1 is kept.")
        return {"lead": lead}

    def crumbs(self) -> Any:
        return [(_("Communities"), reverse("communities")), (_("Incidents"), reverse("incidents")), (self.title, "")]
