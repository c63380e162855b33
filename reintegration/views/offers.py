"""The map of opportunities and services: lists with their files, one entry, recording, changing and verifying."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from accounts.roles import Permission
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.forms import Day, PlaceField, fields_of
from programs.models import Program, Project
from programs.views.acts import FormPage
from reintegration import offers
from reintegration.models import MappedService, Opportunity, Requirement, Sector, ServiceKind, stale_before

RELATED = ("program", "kept_by", "organization", "place", "verified_by", "recorded_by")
CHECKED = [("stale", _("To be verified again")), ("fresh", _("Verified lately"))]


class MapFilter(django_filters.FilterSet):
    """What both lists can be asked for."""

    place = django_filters.CharFilter(label=_("Place"), method="in_place")
    words = django_filters.CharFilter(label=_("Words"), method="with_words")
    checked = django_filters.ChoiceFilter(label=_("Verified"), method="when_checked", choices=CHECKED)

    def in_place(self, rows: Any, name: str, value: str) -> Any:
        """A code takes everything below it; a word, places called like it."""
        return rows.filter(Q(place__above__ancestor__code=value.strip().upper()) | Q(place__name__icontains=value.strip())).distinct()

    def with_words(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(provider__icontains=value)

    def when_checked(self, rows: Any, name: str, value: str) -> Any:
        today = timezone.localdate()
        return rows.unchecked(today) if value == "stale" else rows.filter(verified_on__gte=stale_before(today))


class OpportunityFilter(MapFilter):
    sector = django_filters.ChoiceFilter(label=_("Sector"), choices=Sector.choices)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Opportunity.Kind.choices)
    status = django_filters.ChoiceFilter(label=_("Status"), choices=Opportunity.Status.choices)
    open_to = django_filters.ChoiceFilter(
        label=_("Open to"), method="is_open_to",
        choices=[("for_women", _("women")), ("for_youth", _("youth")), ("for_disabled", _("people with disabilities"))],
    )  # fmt: skip
    child_care = django_filters.ChoiceFilter(label=_("Child care"), choices=[("yes", _("Yes"))])

    class Meta:
        model = Opportunity
        fields: list[str] = []

    def with_words(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(Q(title__icontains=value) | Q(provider__icontains=value))

    def is_open_to(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(**{value: "yes"})


class OpportunityList(ListPage):
    model = Opportunity
    filterset_class = OpportunityFilter
    template_name = "reintegration/opportunities.html"
    ordering = "starts"
    related = ("place", "program")
    columns = (
        Column("title", _("Opportunity"), order=["title"], export="title"),
        Column("provider", _("Provider"), order=["provider"], export="provider", hidden=True),
        Column("kind", _("Kind"), order=["kind"], export="kind", words=Opportunity.Kind.choices),
        Column("sector", _("Sector"), order=["sector"], export="sector", words=Sector.choices),
        Column("place", _("Place"), order=["place__name"], export="place__name"),
        Column("place_code", _("P-code"), export="place__code", hidden=True),
        Column("starts", _("Starts"), order=["starts_on"], export="starts_on"),
        Column("ends", _("Ends"), export="ends_on", hidden=True),
        Column("free", _("Free places"), order=["free_places"], export="free_places", number=True),
        Column("women", _("Open to women"), export="for_women", hidden=True),
        Column("youth", _("Open to youth"), export="for_youth", hidden=True),
        Column("disabled", _("Open to people with disabilities"), export="for_disabled", hidden=True),
        Column("child_care", _("Child care"), export="child_care", words=[("yes", _("Yes")), ("no", _("No")), ("unknown", _("Ask first"))]),
        Column("cost", _("Cost"), export="cost", hidden=True),
        Column("currency", _("Currency"), export="currency", hidden=True),
        Column("status", _("Status"), order=["status"], export="status", words=Opportunity.Status.choices),
        Column("verified", _("Verified"), order=["verified_on"], export="verified_on"),
        Column("program", _("Program"), export="program__code", hidden=True),
    )

    def context(self, listing: Listing) -> dict[str, Any]:
        return {
            "may_record": Permission.RECORD_ACTIVITIES in access.words(self.request.user),
            "stale_before": stale_before(timezone.localdate()),
        }


class ServiceFilter(MapFilter):
    kind = django_filters.ChoiceFilter(label=_("Service"), choices=ServiceKind.choices)
    status = django_filters.ChoiceFilter(label=_("Status"), choices=MappedService.Status.choices)

    class Meta:
        model = MappedService
        fields: list[str] = []


class ServiceList(ListPage):
    model = MappedService
    filterset_class = ServiceFilter
    template_name = "reintegration/mapped_services.html"
    ordering = "kind"
    related = ("place", "program")
    columns = (
        Column("kind", _("Service"), order=["kind"], export="kind", words=ServiceKind.choices),
        Column("provider", _("Provider"), order=["provider"], export="provider"),
        Column("place", _("Place"), order=["place__name"], export="place__name"),
        Column("place_code", _("P-code"), export="place__code", hidden=True),
        Column("eligibility", _("For whom"), export="eligibility"),
        Column("capacity", _("People a month"), export="capacity", number=True),
        Column("focal", _("Focal point"), export="focal_role", hidden=True),
        Column("route", _("How a referral gets there"), export="route", hidden=True),
        Column("hours", _("Opening hours"), export="hours", hidden=True),
        Column("status", _("Status"), order=["status"], export="status", words=MappedService.Status.choices),
        Column("verified", _("Verified"), order=["verified_on"], export="verified_on"),
        Column("program", _("Program"), export="program__code", hidden=True),
    )

    def context(self, listing: Listing) -> dict[str, Any]:
        return {
            "may_record": Permission.RECORD_ACTIVITIES in access.words(self.request.user),
            "stale_before": stale_before(timezone.localdate()),
        }


@login_required
def opportunity(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Opportunity.objects.visible_to(request.user).select_related(*RELATED), pk=pk)
    shown = {
        "offer": row,
        "requirements": list(row.requirements.all()),
        "may_change": offers.may_change(row, request.user),
        "stale": row.is_stale(stale_before(timezone.localdate())),
        "may_verify": Permission.RECORD_ACTIVITIES in access.words(request.user),
        "crumbs": [(_("Opportunities"), reverse("opportunities")), (row.title, "")],
    }
    return render(request, "reintegration/opportunity.html", shown)


@login_required
def mapped_service(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(MappedService.objects.visible_to(request.user).select_related(*RELATED), pk=pk)
    shown = {
        "service": row,
        "may_change": offers.may_change(row, request.user),
        "stale": row.is_stale(stale_before(timezone.localdate())),
        "may_verify": Permission.RECORD_ACTIVITIES in access.words(request.user),
        "crumbs": [(_("Service map"), reverse("mapped_services")), (str(row), "")],
    }
    return render(request, "reintegration/mapped_service.html", shown)


class _Record(FormPage):
    """Put something on the map of a program that one records for."""

    names: tuple[str, ...] = ()
    model: Any = None
    lists: str = ""

    def prepare(self) -> None:
        access.require_word(self.request.user, Permission.RECORD_ACTIVITIES)
        self.projects = Project.objects.visible_to(self.request.user, Permission.RECORD_ACTIVITIES)

    def form(self, *data: Any) -> forms.Form:
        form = forms.Form(*data)
        programs = Program.objects.filter(pk__in=self.projects.values("program"))
        form.fields["program"] = forms.ModelChoiceField(programs, label=_("Program"), initial=programs.first())
        form.fields["kept_by"] = forms.ModelChoiceField(
            _keepers(self.request.user, self.projects), label=_("Kept by"), initial=self.request.user.organization_id,
            help_text=_("The organization that keeps this entry up to date."),
        )  # fmt: skip
        form.fields.update(_map_fields(self.model, self.names, form.fields["kept_by"].queryset))
        return form

    def crumbs(self) -> Any:
        return [(self.model._meta.verbose_name_plural, reverse(self.lists)), (self.title, "")]


class RecordOpportunity(_Record):
    title = _("Record an opportunity")
    button = _("Put it on the map")
    done = _("The opportunity is on the map.")
    names = offers.OPPORTUNITY_FIELDS
    model = Opportunity
    lists = "opportunities"

    def act(self, form: forms.Form) -> Opportunity:
        return offers.record(by=self.request.user, **form.cleaned_data)

    def go_to(self, result: Opportunity) -> str:
        return reverse("opportunity", args=[result.pk])


class RecordService(_Record):
    title = _("Record a service")
    button = _("Put it on the map")
    done = _("The service is on the map.")
    names = offers.SERVICE_FIELDS
    model = MappedService
    lists = "mapped_services"

    def act(self, form: forms.Form) -> MappedService:
        return offers.record_service(by=self.request.user, **form.cleaned_data)

    def go_to(self, result: MappedService) -> str:
        return reverse("mapped_service", args=[result.pk])


class _OnEntry(FormPage):
    model: Any = Opportunity
    lists, shown_on = "opportunities", "opportunity"

    def prepare(self) -> None:
        rows = self.model.objects.visible_to(self.request.user).select_related(*RELATED)
        self.entry = get_object_or_404(rows, pk=self.kwargs["pk"])

    def go_to(self, result: Any) -> str:
        return reverse(self.shown_on, args=[self.entry.pk])

    def crumbs(self) -> Any:
        return [
            (self.model._meta.verbose_name_plural, reverse(self.lists)),
            (str(self.entry), self.go_to(None)),
            (self.title, ""),
        ]


class ChangeOpportunity(_OnEntry):
    title = _("Change an opportunity")
    button = _("Save the change")
    done = _("The map is changed.")
    names: tuple[str, ...] = offers.OPPORTUNITY_FIELDS

    def prepare(self) -> None:
        super().prepare()
        if not offers.may_change(self.entry, self.request.user):
            raise PermissionDenied(_("Only the organization that keeps this entry changes it."))

    def form(self, *data: Any) -> forms.Form:
        values = {name: getattr(self.entry, name) for name in self.names}
        if self.model is Opportunity:
            values["requirements"] = list(self.entry.requirements.values_list("fact", flat=True))
        form = forms.Form(*data, initial=values)
        form.fields.update(_map_fields(self.model, self.names, Organization.objects.filter(is_active=True)))
        return form

    def act(self, form: forms.Form) -> Any:
        return offers.change(self.entry, by=self.request.user, **form.cleaned_data)


class ChangeService(ChangeOpportunity):
    model = MappedService
    lists, shown_on = "mapped_services", "mapped_service"
    title = _("Change a service")
    names = offers.SERVICE_FIELDS

    def act(self, form: forms.Form) -> Any:
        return offers.change_service(self.entry, by=self.request.user, **form.cleaned_data)


class VerifyOpportunity(_OnEntry):
    title = _("Verify an opportunity")
    button = _("It is verified today")
    done = _("Verified today.")

    def prepare(self) -> None:
        super().prepare()
        access.require_word(self.request.user, Permission.RECORD_ACTIVITIES)

    def form(self, *data: Any) -> forms.Form:
        form = forms.Form(*data, initial={"status": self.entry.status, "free_places": getattr(self.entry, "free_places", None)})
        asks_places = self.model is Opportunity and not self.entry.has_no_limit
        form.fields.update(fields_of(self.model, "status", *(["free_places"] if asks_places else [])))
        return form

    def act(self, form: forms.Form) -> Any:
        return offers.verify(self.entry, by=self.request.user, **form.cleaned_data)

    def context(self, form: Any) -> dict[str, Any]:
        return {"lead": _("Ask the provider today: is it still so?")}


class VerifyService(VerifyOpportunity):
    model = MappedService
    lists, shown_on = "mapped_services", "mapped_service"
    title = _("Verify a service")


def _keepers(user: Any, projects: QuerySet[Project]) -> QuerySet[Organization]:
    """Partners of the programs one records for; who records for one partner only keeps entries for it."""
    found = Organization.objects.filter(
        Q(project_roles__project__in=projects) | Q(kind=Organization.Kind.AGENCY, parent__isnull=True), is_active=True
    ).distinct()
    held = [one for one in access.held(user) if Permission.RECORD_ACTIVITIES in one.words]
    if all("partner" in one.scope for one in held):
        return found.filter(pk__in=[one.scope["partner"] for one in held])
    return found


def _map_fields(model: Any, names: tuple[str, ...], offices: QuerySet[Organization]) -> dict[str, forms.Field]:
    found = fields_of(model, *[name for name in names if name != "place"], organization=offices)
    made: dict[str, forms.Field] = {}
    for name in names:
        made[name] = (
            PlaceField(help_text=_("Where it takes place: the county or payam. Type a name or a code.")) if name == "place" else found[name]
        )
        if isinstance(made[name], forms.DateField):
            made[name].widget = Day()
    if model is Opportunity:
        made["requirements"] = forms.MultipleChoiceField(
            label=_("It asks for"), choices=Requirement.Fact.choices, required=False, widget=forms.CheckboxSelectMultiple
        )
    made["provider"].required = False
    return made
