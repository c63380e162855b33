"""Activity records: the phone form, the list, one record with its evidence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import django_filters
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.models import Organization
from accounts.roles import Permission
from plumbing import narrowing
from plumbing.lists import Column, Listing, ListPage
from plumbing.refusals import Refused
from programs import access, activities, disaggregations, evidence
from programs.forms import ActivityForm, Day, EvidenceForm, Grid
from programs.models import ActivityRecord, Disaggregation, EvidenceFile, Project, WorkPlanLine
from programs.views.acts import FormPage, chosen, recording_pairs

LAST = 5


def shows_people(user: Any) -> bool:
    """Numbers of people at an activity are raw figures: for those who record them and those who see raw figures."""
    return bool({Permission.READ_RAW, Permission.RECORD_ACTIVITIES} & access.words(user))


class ActivityFilter(django_filters.FilterSet):
    project = django_filters.ModelChoiceFilter(label=_("Project"), queryset=lambda request: Project.objects.visible_to(request.user))
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"),
        queryset=lambda request: Organization.objects.filter(
            pk__in=narrowing.narrow(Project.objects.visible_to(request.user), request).values("partners__organization")
        ),
    )
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=ActivityRecord.Kind.choices)
    since = django_filters.DateFilter(label=_("From"), field_name="happened_on", lookup_expr="gte", widget=Day())
    until = django_filters.DateFilter(label=_("Until"), field_name="happened_on", lookup_expr="lte", widget=Day())
    place = django_filters.CharFilter(label=_("Place"), method="in_place")
    flag = django_filters.ChoiceFilter(
        label=_("Clearance"), method="flagged", choices=[("open", _("Without clearance")), ("cured", _("Cleared later"))]
    )

    class Meta:
        model = ActivityRecord
        fields: list[str] = []

    def in_place(self, rows: Any, name: str, value: str) -> Any:
        """A code takes everything below it; a word, places called like it."""
        return rows.filter(Q(place__above__ancestor__code=value.strip().upper()) | Q(place__name__icontains=value.strip())).distinct()

    def flagged(self, rows: Any, name: str, value: str) -> Any:
        return rows.without_clearance() if value == "open" else rows.filter(cured_at__isnull=False)


class ActivityList(ListPage):
    model = ActivityRecord
    filterset_class = ActivityFilter
    template_name = "programs/activities.html"
    ordering = "-date"
    related = ("project", "partner", "place", "line")
    columns = (
        Column("date", _("Date"), order=["happened_on"], export="happened_on"),
        Column("kind", _("Kind"), order=["kind"], export="kind", words=ActivityRecord.Kind.choices),
        Column("project", _("Project"), order=["project__code"], export="project__code"),
        Column("partner", _("Partner"), order=["partner__name"], export="partner__name"),
        Column("place", _("Place"), order=["place__name"], export="place__name"),
        Column("place_code", _("P-code"), export="place__code", hidden=True),
        Column("line", _("Work-plan line"), order=["line__code"], export="line__code"),
        Column("people", _("People"), order=["people_present"], export="people_present", number=True),
        Column("children", _("Children"), export="children_present", hidden=True),
        Column("supports", _("Support to"), export="supports__name", hidden=True),
        Column("sheet", _("Sheet number"), export="sheet_number", hidden=True),
        Column("state", _("State"), export="flag", words=ActivityRecord.Flag.choices),
        Column("cured", _("Cleared later on"), export="cured_at", hidden=True),
    )

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if not shows_people(request.user):
            self.columns = [column for column in type(self).columns if column.name not in {"people", "children"}]  # type: ignore[assignment, misc]

    def context(self, listing: Listing) -> dict[str, Any]:
        return {
            "shows_people": shows_people(self.request.user),
            "may_record": Permission.RECORD_ACTIVITIES in access.words(self.request.user),
        }


class RecordActivity(FormPage):
    template_name = "programs/record_activity.html"
    title = _("Record an activity")
    button = _("Save the activity")
    done = _("The activity is saved.")

    def prepare(self) -> None:
        user = self.request.user
        self.last = ActivityRecord.objects.filter(recorded_by=user).select_related("line", "place").order_by("-id").first()  # type: ignore[misc]
        self.pairs = recording_pairs(user)
        asked = self.request.POST.get("for") or self.request.GET.get("for", "")
        if not asked and self.last is not None:
            asked = f"{self.last.project_id}:{self.last.partner_id}"
        self.project, self.partner = chosen(self.pairs, asked)

    def form(self, *data: Any) -> ActivityForm:
        return ActivityForm(*data, project=self.project, lines=self.lines, grid=Grid(), initial=self.remembered())

    @cached_property
    def lines(self) -> Any:
        return WorkPlanLine.objects.filter(
            project=self.project, partner=self.partner, status__in=[WorkPlanLine.Status.PLANNED, WorkPlanLine.Status.UNDER_WAY]
        ).order_by("code")

    def remembered(self) -> dict[str, Any]:
        """What was chosen last time: most inputs of the next record are there already."""
        last = self.last
        if last is None or (last.project_id, last.partner_id) != (self.project.pk, self.partner.pk):
            return {"day": "today"}
        return {"day": "today", "kind": last.kind, "line": last.line_id, "place": last.place}

    def act(self, form: ActivityForm) -> ActivityRecord:
        given = form.cleaned_data
        ids = disaggregations.ensure(form.cells)
        rows = Disaggregation.objects.in_bulk(list(ids.values()))
        recorded = activities.record(
            project=self.project, partner=self.partner, kind=given["kind"], happened_on=given["happened_on"], place=given["place"],
            by=self.request.user, line=given["line"], people_present=given["people_present"],  # type: ignore[arg-type]
            children_present=given["children_present"], cells={rows[ids[key]]: number for key, number in form.cells.items()},
            sheet_number=given["sheet_number"], sheet_repeats=given["sheet_repeats"], note=given["note"], external_id=given["external_id"],
        )  # fmt: skip
        if given["photo"] is not None:
            self._keep(recorded.activity, given["photo"])
        return recorded.activity

    def go_to(self, result: ActivityRecord) -> str:
        return reverse("activity", args=[result.pk])

    def crumbs(self) -> Any:
        return [(_("Activities"), reverse("activities")), (_("Record an activity"), "")]

    def context(self, form: ActivityForm) -> dict[str, Any]:
        today = timezone.localdate()
        mine = ActivityRecord.objects.filter(recorded_by=self.request.user).select_related("place", "line").order_by("-id")[:LAST]  # type: ignore[misc]
        return {
            "project": self.project, "partner": self.partner, "pairs": self.pairs, "mine": mine, "today": today,
            "yesterday": today - timedelta(days=1), "asks_about_sheet": "sheet_number" in form.errors or form.data.get("sheet_repeats"),
            "remembered": bool(self.last),
        }  # fmt: skip

    def _keep(self, activity: ActivityRecord, photo: Any) -> None:
        """The record stands even where its photo is refused: the page of the record takes another one."""
        try:
            evidence.attach(activity, upload=photo, by=self.request.user)  # type: ignore[arg-type]
        except (Refused, ValidationError) as refused:
            messages.warning(self.request, str(refused))


@login_required
def activity(request: HttpRequest, pk: int) -> HttpResponse:
    row = _visible(request, pk)
    cells = list(row.attendance.select_related("disaggregation").prefetch_related("disaggregation__categories"))
    files = list(row.evidence.select_related("uploaded_by"))
    may_change = access.allows(request.user, Permission.RECORD_ACTIVITIES, project=row.project, partner=row.partner, place=row.place)
    for file in files:
        file.activity = row
        file.may_open = evidence.may_open(file, request.user)  # type: ignore[attr-defined, arg-type]
    shown = {
        "activity": row, "cells": cells, "files": files, "may_change": may_change, "form": EvidenceForm(),
        "shows_people": shows_people(request.user),
        "not_broken_down": activities.not_broken_down(row, [cell.number for cell in cells]),
        "crumbs": [(_("Activities"), reverse("activities")), (row.get_kind_display(), "")],
    }  # fmt: skip
    return render(request, "programs/activity.html", shown)


class CorrectActivity(FormPage):
    template_name = "programs/record_activity.html"
    title = _("Correct an activity")
    button = _("Save the correction")
    done = _("The correction is saved.")

    def prepare(self) -> None:
        self.activity = row = _visible(self.request, self.kwargs["pk"])
        access.require(self.request.user, Permission.RECORD_ACTIVITIES, project=row.project, partner=row.partner, place=row.place)

    def form(self, *data: Any) -> ActivityForm:
        row, grid = self.activity, Grid()
        names = {key: name for name, key in grid.keys.items()}
        kept = {
            names[cell.disaggregation.key]: cell.number
            for cell in row.attendance.select_related("disaggregation")
            if cell.disaggregation.key in names
        }
        open_lines = Q(status__in=[WorkPlanLine.Status.PLANNED, WorkPlanLine.Status.UNDER_WAY]) | Q(pk=row.line_id)
        lines = WorkPlanLine.objects.filter(open_lines, project=row.project, partner=row.partner).order_by("code")
        first = {
            "kind": row.kind, "line": row.line_id, "day": "other", "happened_on": row.happened_on, "place": row.place,
            "people_present": row.people_present, "children_present": row.children_present, "sheet_number": row.sheet_number,
            "sheet_repeats": row.sheet_repeats, "note": row.note, "external_id": row.external_id, **kept,
        }  # fmt: skip
        return ActivityForm(*data, project=row.project, lines=lines, grid=grid, initial=first)

    def act(self, form: ActivityForm) -> ActivityRecord:
        given = form.cleaned_data
        ids = disaggregations.ensure(form.cells)
        rows = Disaggregation.objects.in_bulk(list(ids.values()))
        row = activities.correct(
            self.activity, kind=given["kind"], happened_on=given["happened_on"], place=given["place"], by=self.request.user,  # type: ignore[arg-type]
            line=given["line"], people_present=given["people_present"], children_present=given["children_present"],
            cells={rows[ids[key]]: number for key, number in form.cells.items()}, sheet_number=given["sheet_number"],
            sheet_repeats=given["sheet_repeats"], note=given["note"],
        )  # fmt: skip
        if given["photo"] is not None:
            evidence.attach(row, upload=given["photo"], by=self.request.user)  # type: ignore[arg-type]
        return row

    def go_to(self, result: ActivityRecord) -> str:
        return reverse("activity", args=[result.pk])

    def crumbs(self) -> Any:
        return [(_("Activities"), reverse("activities")), (self.activity, reverse("activity", args=[self.activity.pk])), (self.title, "")]

    def context(self, form: ActivityForm) -> dict[str, Any]:
        today = timezone.localdate()
        return {
            "project": self.activity.project, "partner": self.activity.partner, "today": today, "yesterday": today - timedelta(days=1),
            "asks_about_sheet": "sheet_number" in form.errors or self.activity.sheet_repeats,
        }  # fmt: skip


class AttachEvidence(FormPage):
    title = _("Add a file")
    button = _("Add the file")
    done = _("The file is kept.")

    def prepare(self) -> None:
        self.activity = _visible(self.request, self.kwargs["pk"])

    def form(self, *data: Any) -> EvidenceForm:
        return EvidenceForm(*data)

    def act(self, form: EvidenceForm) -> EvidenceFile:
        given = form.cleaned_data
        return evidence.attach(
            self.activity,
            upload=given["upload"],
            title=given["title"],
            holds_names=given["holds_names"],
            by=self.request.user,  # type: ignore[arg-type]
        )

    def go_to(self, result: EvidenceFile) -> str:
        return reverse("activity", args=[self.activity.pk])

    def crumbs(self) -> Any:
        return [(_("Activities"), reverse("activities")), (self.activity, reverse("activity", args=[self.activity.pk])), (self.title, "")]


@login_required
@require_POST
def open_evidence(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A POST, so that no link that somebody's browser fetches ahead writes an event."""
    row = get_object_or_404(
        EvidenceFile.objects.filter(activity__in=ActivityRecord.objects.visible_to(request.user)).select_related(
            "activity__project", "activity__partner", "activity__place"
        ),
        pk=pk,
    )
    return evidence.download(row, by=request.user)  # type: ignore[arg-type]


def _visible(request: HttpRequest, pk: int) -> ActivityRecord:
    related = ("project__program", "partner", "place", "line", "supports", "recorded_by", "cured_by_clearance")
    row: ActivityRecord = get_object_or_404(ActivityRecord.objects.visible_to(request.user).select_related(*related), pk=pk)
    return row
