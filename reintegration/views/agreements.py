"""Sharing agreements: with whom an organization may share a little of a case, until when. Nothing here is about a person."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.models import Organization
from accounts.roles import Permission
from plumbing.lists import Column, Listing, ListPage
from programs import access
from programs.forms import fields_of
from programs.views.acts import FormPage, press
from reintegration import referrals
from reintegration.models import SharingAgreement

READERS = {Permission.SET_UP, Permission.OVERSEE_CASES, Permission.SUPERVISE_CASES, Permission.WORK_CASES}


class AgreementFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("State"), method="in_state", choices=[("in_force", _("In force")), ("other", _("Not in force"))]
    )

    class Meta:
        model = SharingAgreement
        fields: list[str] = []

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        in_force = rows.in_force(timezone.localdate())
        return in_force if value == "in_force" else rows.exclude(pk__in=in_force.values("pk"))


class Agreements(ListPage):
    model = SharingAgreement
    filterset_class = AgreementFilter
    template_name = "reintegration/sharing_agreements.html"
    columns = (
        Column("reference", _("Reference"), order=["reference"], export="reference"),
        Column("partner", _("Who sends"), order=["partner__name"], export="partner__name"),
        Column("receiver", _("Who receives"), order=["receiver__name"], export="receiver__name"),
        Column("from", _("From"), order=["starts_on"], export="starts_on"),
        Column("until", _("Until"), order=["ends_on"], export="ends_on"),
        Column("state", _("State")),
    )
    ordering = "until"
    related = ("partner", "receiver")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not READERS & access.words(request.user):
            raise Http404
        return super().get(request, **kwargs)

    def context(self, listing: Listing) -> dict[str, Any]:
        return {"may_record": Permission.SET_UP in access.words(self.request.user), "today": timezone.localdate()}


class RecordSharingAgreement(FormPage):
    """By who sets the portal up, once both organizations signed."""

    title = _("Record a sharing agreement")
    button = _("Record the agreement")
    done = _("The agreement is recorded. Referrals can be sent under it.")

    def prepare(self) -> None:
        access.require_word(self.request.user, Permission.SET_UP)

    def form(self, *data: Any) -> forms.Form:
        form = forms.Form(*data[:1])
        offices = Organization.objects.filter(is_active=True).order_by("name")
        names = ("partner", "receiver", "reference", "starts_on", "ends_on")
        form.fields.update(fields_of(SharingAgreement, *names, partner=offices, receiver=offices))
        return form

    def act(self, form: forms.Form) -> SharingAgreement:
        return referrals.record_agreement(by=self.request.user, **form.cleaned_data)

    def go_to(self, result: Any) -> str:
        return reverse("sharing_agreements")

    def crumbs(self) -> Any:
        return [(_("Sharing agreements"), reverse("sharing_agreements")), (self.title, "")]


@login_required
@require_POST
def end_agreement(request: HttpRequest, pk: int) -> HttpResponse:
    access.require_word(request.user, Permission.SET_UP)
    row = get_object_or_404(SharingAgreement.objects.visible_to(request.user), pk=pk)
    done = _("The agreement has ended: nothing new is sent under it, and what was open has ended.")
    return press(request, lambda: referrals.end_agreement(row, by=request.user), done=done, then=reverse("sharing_agreements"))
