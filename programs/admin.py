"""Set-up of what was promised in the admin: sensible lists, search, autocomplete, and the same acts as the pages.

Whoever sets the portal up reads here; each table is written by whoever holds its own word too. A refused act comes back as a
message on the same form, with everything that was typed.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.roles import Permission
from plumbing.refusals import Refused
from programs import access, actionpoints, activities, calendar, framework, gates, grants, invitations, library, people, projects, workplan
from programs.forms import computed_by
from programs.models import (
    ActionPoint,
    ActivityRecord,
    Category,
    ConflictSensitivityReview,
    DefinitionOption,
    Dimension,
    Expenditure,
    Finding,
    Grant,
    GrantProject,
    Indicator,
    IndicatorDefinition,
    Invitation,
    Marker,
    Membership,
    MonitoringVisit,
    Program,
    Project,
    ProjectLevel,
    ProjectPartner,
    ProjectPlace,
    ProjectTheme,
    ReportingAssignment,
    ReportingCalendar,
    ReportingPeriod,
    ReportRequirement,
    Result,
    SupportClearance,
    Target,
    Theme,
    WorkPlanLine,
)


class ActAdmin(admin.ModelAdmin):
    """Saves through acts. ``word`` is what it takes to write here; nothing is deleted unless ``may_delete`` says so."""

    word: ClassVar[Permission] = Permission.SET_UP
    may_delete: ClassVar[bool] = False
    actions_on_bottom = False
    list_per_page = 50

    def changeform_view(self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (Refused, ValidationError) as refused:  # everything was rolled back; the second run shows the form with the reason
            request.refused = refused  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refused = getattr(request, "refused", None)
        if refused is None:
            return form
        words = refused.messages if isinstance(refused, ValidationError) else [str(refused)]

        def clean(self: Any) -> Any:
            raise ValidationError(words)

        return type(form.__name__, (form,), {"clean": clean})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        visible_to = getattr(rows, "visible_to", None)
        return rows if visible_to is None else visible_to(request.user)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Tables without an act of their own (words and lists of the set-up): saved with their event."""
        with transaction.atomic():
            obj.save()
            audit.record(f"{obj._meta.model_name}.{'changed' if change else 'added'}", [obj], by=request.user, changed=form.changed_data)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and self._may_write(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_write(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_delete and super().has_delete_permission(request, obj) and self._may_write(request)

    def _may_write(self, request: HttpRequest) -> bool:
        return self.word in access.words(request.user)


def take_on(obj: Model, made: Model) -> None:
    """The admin holds an unsaved object; the act made the row. Let the admin go on with the row."""
    obj.__dict__.update({name: value for name, value in made.__dict__.items() if name != "_state"})
    obj._state.adding = False


def given(form: Any, known: Any) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in form.cleaned_data if name in known}


class Inline(admin.TabularInline):
    """Rows of a page whose saving the page hands to acts."""

    extra = 0
    show_change_link = False


class ReadOnlyInline(Inline):
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


# Words and lists


@admin.register(Theme)
class ThemeAdmin(ActAdmin):
    list_display = ("name", "code", "order")
    search_fields = ("name", "code")


class CategoryInline(Inline):
    model = Category
    fields = ("code", "name", "order", "is_retired")
    can_delete = False  # figures hold categories: a category is retired, never deleted


@admin.register(Dimension)
class DimensionAdmin(ActAdmin):
    list_display = ("name", "code", "order")
    search_fields = ("name", "code")
    inlines = (CategoryInline,)


# Programs and projects


@admin.register(Program)
class ProgramAdmin(ActAdmin):
    list_display = ("code", "name", "status", "starts_on", "ends_on")
    list_filter = ("status",)
    search_fields = ("code", "name")
    autocomplete_fields = ("organization",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            row = self.get_queryset(request).get(pk=obj.pk)
            projects.change_program(row, by=request.user, **given(form, projects.PROGRAM_FIELDS))  # type: ignore[arg-type]
        else:
            take_on(obj, projects.create_program(by=request.user, **given(form, projects.PROGRAM_FIELDS)))  # type: ignore[arg-type]


class ThemeShareInline(Inline):
    model = ProjectTheme
    autocomplete_fields = ("theme",)
    min_num = 1
    verbose_name_plural = _("theme shares: together 100")


class LevelShareInline(Inline):
    model = ProjectLevel
    min_num = 1
    verbose_name_plural = _("level shares: together 100")


class PartnerInline(Inline):
    model = ProjectPartner
    autocomplete_fields = ("organization",)


class PlaceInline(Inline):
    model = ProjectPlace
    autocomplete_fields = ("place",)


class MarkerInline(Inline):
    model = Marker
    fields = ("scheme", "value", "share", "justification", "screened_on")


class ResultInline(Inline):
    """Results by number; ``under`` is the number of the result above, which may be typed on the same page."""

    model = Result
    fields = ("kind", "code", "title", "level", "under")
    verbose_name_plural = _("results")

    class form(forms.ModelForm):
        under = forms.CharField(label=_("under (number)"), required=False, max_length=30)

        class Meta:
            model = Result
            fields = ("kind", "code", "title", "level")

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if self.instance.pk and self.instance.parent_id:
                self.fields["under"].initial = self.instance.parent.code

        def _post_clean(self) -> None:
            """The act checks the row once its parent is known."""


class IndicatorInline(Inline):
    """Indicators with baseline and target in one row; the result is named by its number."""

    model = Indicator
    fields = ("result_code", "definition", "code", "title", "baseline_value", "target")
    autocomplete_fields = ("definition",)
    verbose_name_plural = _("indicators with baseline and target")

    class form(forms.ModelForm):
        result_code = forms.CharField(label=_("result (number)"), max_length=30)
        code = forms.CharField(label=_("code"), required=False, max_length=30, help_text=_("empty: the definition's"))
        target = forms.DecimalField(label=_("target"), required=False, max_digits=17, decimal_places=6)

        class Meta:
            model = Indicator
            fields = ("definition", "code", "title", "baseline_value")

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if self.instance.pk:
                self.fields["result_code"].initial = self.instance.result.code
                self.fields["target"].initial = next(iter(self._targets()), None)
                self.fields["code"].disabled = self.fields["definition"].disabled = True

        def _targets(self) -> list[Any]:
            whole = self.instance.targets.filter(partner__isnull=True, place__isnull=True, period__isnull=True)
            return list(whole.values_list("value", flat=True))

        def _post_clean(self) -> None:
            """The act checks the row once its result is known."""


class CalendarInline(admin.StackedInline):
    model = ReportingCalendar
    extra = 0
    max_num = 1
    can_delete = False


@admin.register(Project)
class ProjectAdmin(ActAdmin):
    word = Permission.EDIT_FRAMEWORK
    list_display = ("code", "title", "program", "status", "starts_on", "ends_on", "manager")
    list_filter = ("status", "program")
    list_select_related = ("program", "manager")
    search_fields = ("code", "title")
    autocomplete_fields = ("program", "manager")
    readonly_fields = ("status", "framework_agreed_on")
    inlines = (
        ThemeShareInline, LevelShareInline, PartnerInline, PlaceInline, MarkerInline, CalendarInline, ResultInline, IndicatorInline,
    )  # fmt: skip
    actions = ("lay_out_periods",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj is None else (*self.readonly_fields, "program")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new project needs its shares, which are read with the inlines: both are saved in ``save_related``."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        by: Any = request.user
        rows = {formset.model: formset for formset in formsets}
        themes = {one["theme"]: one["share"] for one in _kept(rows.get(ProjectTheme))}
        levels = {one["level"]: one["share"] for one in _kept(rows.get(ProjectLevel))}
        fields = given(form, projects.PROJECT_FIELDS)
        if change:
            project = Project.objects.get(pk=form.instance.pk)
            if form.has_changed():
                projects.change_project(project, by=by, **fields)
            if rows[ProjectTheme].has_changed() or rows[ProjectLevel].has_changed():
                projects.set_shares(project, themes=themes, levels=levels, by=by)
        else:
            made = projects.create_project(program=form.cleaned_data["program"], by=by, themes=themes, levels=levels, **fields)
            take_on(form.instance, made)
            project = Project.objects.get(pk=made.pk)
        _save_around(project, rows, by)
        _save_results(project, rows[Result], by)
        _save_indicators(project, rows[Indicator], by)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        return super().construct_change_message(request, form, [], add)

    @admin.action(description=_("Lay out the reporting periods"))
    def lay_out_periods(self, request: HttpRequest, queryset: QuerySet[Project]) -> None:
        by: Any = request.user
        laid = [period for project in queryset for period in calendar.lay_out(project, by=by)]
        self.message_user(request, _("%(count)s periods stand now.") % {"count": len(laid)})


def _kept(formset: Any) -> list[dict[str, Any]]:
    """Rows that stay: filled and not ticked for deletion."""
    return [form.cleaned_data for form in formset.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]


def _touched(formset: Any) -> list[tuple[Any, dict[str, Any], bool]]:
    """Changed rows as form, values, and whether to take the row out."""
    return [
        (form, form.cleaned_data, bool(form.cleaned_data.get("DELETE")))
        for form in formset.forms
        if form.cleaned_data and (form.has_changed() or form.cleaned_data.get("DELETE"))
    ]


def _save_around(project: Project, rows: dict[Any, Any], by: Any) -> None:
    for form, values, gone in _touched(rows[ProjectPartner]):
        row = ProjectPartner.objects.filter(pk=form.instance.pk).first()
        fields = {name: values[name] for name in ("role", "starts_on", "ends_on")}
        if row is None:
            projects.add_partner(project, organization=values["organization"], by=by, **fields)
        elif gone:
            projects.remove_partner(row, by=by)
        else:
            projects.change_partner(row, by=by, **fields)
    for form, values, gone in _touched(rows[ProjectPlace]):
        if form.instance.pk:
            projects.remove_place(ProjectPlace.objects.get(pk=form.instance.pk), by=by)
        if not gone:
            projects.add_place(project, place=values["place"], by=by)
    for form, values, gone in _touched(rows[Marker]):
        if form.instance.pk:
            projects.remove_marker(Marker.objects.get(pk=form.instance.pk), by=by)
        if not gone:
            fields = {name: values[name] for name in ("scheme", "value", "share", "justification", "screened_on")}
            projects.set_marker(project, by=by, **fields)
    for form, _values, _gone in _touched(rows[ReportingCalendar]):
        form.instance.project = project
        form.instance.full_clean(exclude=["project"])
        form.instance.save()
        audit.record("calendar.changed", [project], by=by, frequency=form.instance.frequency)
        calendar.lay_out(project, by=by)


def _save_results(project: Project, formset: Any, by: Any) -> None:
    """Parents may be typed after their children: rows are taken again until none is left that can be placed."""
    waiting = _touched(formset)
    while waiting:
        known = {result.code: result for result in project.results.exclude(kind=Result.Kind.OUTPUT)}
        ready = [one for one in waiting if not one[1]["under"] or one[1]["under"] in known or one[2]]
        if not ready:
            raise Refused(_("There is no result %(code)s to hang a result under.") % {"code": waiting[0][1]["under"]})
        for form, values, gone in ready:
            fields = {name: values[name] for name in ("kind", "code", "title", "level")}
            parent = known.get(values["under"]) if values["under"] else None
            if gone and form.instance.pk:
                framework.remove_result(Result.objects.get(pk=form.instance.pk), by=by)
            elif form.instance.pk:
                framework.change_result(Result.objects.get(pk=form.instance.pk), by=by, parent=parent, **fields)
            else:
                framework.add_result(project, by=by, parent=parent, **fields)
        waiting = [one for one in waiting if one not in ready]


def _save_indicators(project: Project, formset: Any, by: Any) -> None:
    results: dict[str, Result] = {}
    for result in project.results.all():  # an output's number wins over an outcome's of the same number: indicators mostly hang there
        if result.code not in results or result.kind == Result.Kind.OUTPUT:
            results[result.code] = result
    for form, values, gone in _touched(formset):
        if gone:
            raise Refused(_("An indicator is never deleted: open it and report it no longer."))
        owner = results.get(values["result_code"])
        if owner is None:
            raise Refused(_("There is no result %(code)s for an indicator.") % {"code": values["result_code"]})
        fields = {"title": values["title"], "baseline_value": values["baseline_value"]}
        if form.instance.pk:
            row = framework.change_indicator(Indicator.objects.get(pk=form.instance.pk), by=by, result=owner, **fields)
        else:
            row = framework.add_indicator(owner, by=by, definition=values["definition"], code=values["code"], **fields)
        if values["target"] is not None and "target" in form.changed_data:
            framework.set_target(row, by=by, value=values["target"])


# Framework


class TargetInline(ReadOnlyInline):
    model = Target
    fields = ("partner", "place", "period", "value", "numerator", "denominator", "share")


class AssignmentInline(ReadOnlyInline):
    model = ReportingAssignment
    fields = ("partner", "collected", "starts_on", "ends_on")


@admin.register(Indicator)
class IndicatorAdmin(ActAdmin):
    word = Permission.EDIT_FRAMEWORK
    list_display = ("code", "wording", "project", "definition", "is_retired")
    list_filter = ("is_retired", "project")
    list_select_related = ("project", "definition")
    search_fields = ("code", "title", "definition__title")
    readonly_fields = ("project", "result", "definition", "code", "is_retired")
    inlines = (TargetInline, AssignmentInline)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # an indicator is added on its project, with its result

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        row = Indicator.objects.get(pk=obj.pk)
        framework.change_indicator(row, by=request.user, **given(form, framework.INDICATOR_FIELDS))  # type: ignore[arg-type]


class OptionInline(ReadOnlyInline):
    model = DefinitionOption


@admin.register(IndicatorDefinition)
class DefinitionAdmin(ActAdmin):
    word = Permission.PROPOSE_DEFINITION
    list_display = ("code", "title", "level", "measure", "over_time", "across", "status")
    list_filter = ("level", "measure", "status", "over_time")
    search_fields = ("code", "title", "definition")
    readonly_fields = ("code", "project", "status", "replaces")
    inlines = (OptionInline,)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "computed_by":
            return computed_by()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj is not None else ("project", "status", "replaces")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        fields = given(form, library.EDITABLE)
        if change:
            library.edit(IndicatorDefinition.objects.get(pk=obj.pk), by=request.user, **fields)  # type: ignore[arg-type]
        else:
            take_on(obj, library.propose(by=request.user, code=form.cleaned_data["code"], **fields))  # type: ignore[arg-type]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        rows, distinct = super().get_search_results(request, queryset, search_term)
        if "autocomplete" in request.path:
            rows = rows.filter(status=IndicatorDefinition.Status.APPROVED)
        return rows, distinct


@admin.register(ReportingPeriod)
class PeriodAdmin(ActAdmin):
    """Periods are laid out from the calendar of their project; here they are looked up."""

    list_display = ("project", "code", "starts_on", "ends_on", "due_on", "opened_at", "locked_at")
    list_filter = ("project",)
    list_select_related = ("project",)
    search_fields = ("code", "project__code")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


# Money


class ApprovedInline(Inline):
    model = GrantProject
    autocomplete_fields = ("project",)
    can_delete = False


class RequirementInline(Inline):
    model = ReportRequirement
    fields = ("kind", "title", "covers_from", "covers_through", "cut_off_on", "due_on")
    can_delete = False


@admin.register(Grant)
class GrantAdmin(ActAdmin):
    word = Permission.EDIT_MONEY
    list_display = ("reference", "title", "donor", "currency", "amount", "starts_on", "ends_on")
    list_filter = ("currency", "donor")
    list_select_related = ("donor",)
    search_fields = ("reference", "title", "donor__name")
    autocomplete_fields = ("donor",)
    inlines = (ApprovedInline, RequirementInline)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if formset.model is GrantProject:
            for _form, values, _gone in _touched(formset):
                grants.approve(
                    form.instance,
                    project=values["project"],
                    amount=values["approved"],
                    gender_share=values["gender_share"],
                    by=request.user,  # type: ignore[arg-type]
                )
            return
        formset.save()
        if formset.has_changed():
            audit.record(
                "requirements.changed", [form.instance], by=request.user, rows=len(formset.changed_objects) + len(formset.new_objects)
            )

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        return super().construct_change_message(request, form, [], add)


@admin.register(Expenditure)
class ExpenditureAdmin(ActAdmin):
    word = Permission.EDIT_MONEY
    list_display = ("grant", "project", "partner", "period", "amount", "entered_by")
    list_select_related = ("grant", "project", "partner", "period", "entered_by")
    list_filter = ("grant", "project")
    autocomplete_fields = ("grant", "project", "partner", "period")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        known = {"project", "partner", "period", "amount", "for_gender", "source"}
        take_on(obj, grants.spend(form.cleaned_data["grant"], by=request.user, **given(form, known)))  # type: ignore[arg-type]


# What is planned and what happened


@admin.register(WorkPlanLine)
class LineAdmin(ActAdmin):
    word = Permission.EDIT_FRAMEWORK
    list_display = ("code", "title", "project", "partner", "place", "starts_on", "ends_on", "status")
    list_filter = ("status", "project")
    list_select_related = ("project", "partner", "place")
    search_fields = ("code", "title", "project__code")
    autocomplete_fields = ("project", "partner", "place", "supports")
    fields = ("project", "code", "title", "partner", "place", "starts_on", "ends_on", "supports", "note", "status")
    readonly_fields = ("status",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj is None else (*self.readonly_fields, "project")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        known = {"code", "title", "partner", "place", "starts_on", "ends_on", "supports", "note"}
        if change:
            workplan.change_line(WorkPlanLine.objects.get(pk=obj.pk), by=request.user, **given(form, known))  # type: ignore[arg-type]
        else:
            take_on(obj, workplan.add_line(project=form.cleaned_data["project"], by=request.user, **given(form, known)))  # type: ignore[arg-type]


@admin.register(ActivityRecord)
class ActivityAdmin(ActAdmin):
    word = Permission.RECORD_ACTIVITIES
    list_display = ("happened_on", "kind", "project", "partner", "place", "flag")
    list_filter = ("kind", "flag", "project")
    list_select_related = ("project", "partner", "place")
    search_fields = ("sheet_number", "place__name", "project__code")
    date_hierarchy = "happened_on"
    autocomplete_fields = ("project", "partner", "line", "place", "supports")
    fields = (
        "project", "partner", "kind", "happened_on", "place", "line", "supports", "people_present", "children_present", "sheet_number",
        "sheet_repeats", "note", "flag",
    )  # fmt: skip
    readonly_fields = ("flag",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj is None else (*self.readonly_fields, "project", "partner")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        known = {
            "kind",
            "happened_on",
            "place",
            "line",
            "supports",
            "people_present",
            "children_present",
            "sheet_number",
            "sheet_repeats",
            "note",
        }
        if change:
            row = ActivityRecord.objects.get(pk=obj.pk)
            cells = {cell.disaggregation: cell.number for cell in row.attendance.select_related("disaggregation")}
            activities.correct(row, by=request.user, cells=cells, **given(form, known))  # type: ignore[arg-type]
        else:
            whose = {"project": form.cleaned_data["project"], "partner": form.cleaned_data["partner"]}
            take_on(obj, activities.record(by=request.user, **whose, **given(form, known)).activity)  # type: ignore[arg-type]


class FindingInline(ReadOnlyInline):
    model = Finding
    fields = ("text", "weight", "action_point")


@admin.register(MonitoringVisit)
class VisitAdmin(ActAdmin):
    """Visits are recorded on their page, where findings become action points; here they are looked up."""

    list_display = ("visited_on", "purpose", "project", "partner", "place")
    list_filter = ("project",)
    list_select_related = ("project", "partner", "place")
    search_fields = ("purpose", "project__code")
    inlines = (FindingInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ActionPoint)
class ActionPointAdmin(ActAdmin):
    word = Permission.EDIT_ACTION_POINTS
    list_display = ("text", "owner", "due_on", "project", "done_at", "verified_at")
    list_filter = ("project",)
    list_select_related = ("owner", "project")
    search_fields = ("text", "owner__name")
    autocomplete_fields = ("owner", "project", "partner")
    fields = ("text", "owner", "due_on", "project", "partner", "done_note")
    readonly_fields = ("done_note",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj is None else (*self.readonly_fields, "text", "project", "partner")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = form.cleaned_data
        if change:
            row = ActionPoint.objects.get(pk=obj.pk)
            actionpoints.reassign(row, owner=values["owner"], due_on=values["due_on"], by=request.user)  # type: ignore[arg-type]
        else:
            take_on(obj, actionpoints.raise_point(by=request.user, **values))  # type: ignore[arg-type]


@admin.register(SupportClearance)
class ClearanceAdmin(ActAdmin):
    word = Permission.DECIDE_CLEARANCE
    list_display = ("recipient", "decision", "valid_from", "valid_until", "owner", "suspended_at")
    list_filter = ("decision",)
    list_select_related = ("recipient", "owner")
    search_fields = ("recipient__name", "scope")
    autocomplete_fields = ("recipient", "owner")
    fields = ("recipient", "scope", "conditions", "valid_from", "valid_until", "owner")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a decision is not edited: a new one is taken

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """What the policy leaves out; its conditions say why."""
        given_ = dict(form.cleaned_data)
        take_on(obj, gates.rule_out(by=request.user, reason=given_.pop("conditions"), **given_))  # type: ignore[arg-type]


@admin.register(ConflictSensitivityReview)
class ReviewAdmin(ActAdmin):
    word = Permission.DECIDE_CLEARANCE
    list_display = ("project", "decision", "decided_on", "valid_until")
    list_filter = ("decision", "project")
    list_select_related = ("project",)
    search_fields = ("project__code",)
    autocomplete_fields = ("project",)
    fields = ("project", "decision", "decided_on", "valid_until", "dividers", "connectors", "conditions")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        take_on(obj, gates.record_review(by=request.user, **form.cleaned_data))  # type: ignore[arg-type]


# Who may do what


class RoleGivingAdmin(ActAdmin):
    """Roles are given and offered here by the acts of the pages; nothing is edited: one ends and another is given."""

    word = Permission.INVITE
    list_filter: ClassVar[Any] = ("role",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "role":
            kwargs["choices"] = [("", _("Choose")), *((role.value, role.label) for role in access.roles_to_give(request.user))]  # type: ignore[arg-type]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        try:
            take_on(obj, self.give(form.cleaned_data, by=request.user))
        except (PermissionDenied, access.RoleClash, invitations.InvitationNotSent) as refused:
            raise ValidationError(str(refused)) from refused

    def give(self, values: dict[str, Any], *, by: Any) -> Model:
        raise NotImplementedError

    def each(self, request: HttpRequest, rows: QuerySet[Any], act: Any, words: Any) -> None:
        """One act per chosen row; what is refused is said and the others go on."""
        done = 0
        for row in rows:
            try:
                act(row, by=request.user)
                done += 1
            except (PermissionDenied, access.LastAdministrator) as refused:
                self.message_user(request, f"{row}: {refused}", messages.ERROR)
        if done:
            self.message_user(request, words % {"number": done}, messages.SUCCESS)


@admin.register(Membership)
class MembershipAdmin(RoleGivingAdmin):
    list_display = ("user", "role", "organization", "program", "project", "place", "starts_on", "ends_on", "deputy_for")
    list_select_related = ("user", "organization", "program", "project", "place", "deputy_for")
    search_fields = ("user__name", "user__email", "organization__name", "program__code", "project__code")
    autocomplete_fields = ("user", "organization", "program", "project", "place")
    fields = ("user", "role", "organization", "program", "project", "place", "starts_on", "ends_on")
    actions = ("end_now",)
    date_hierarchy = "starts_on"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(user__in=people.visible_to(request.user))

    def give(self, values: dict[str, Any], *, by: Any) -> Model:
        return access.give(by=by, **values)

    def has_invite_permission(self, request: HttpRequest) -> bool:
        return self._may_write(request)

    @admin.action(description=_("End the chosen roles at once"), permissions=["invite"])
    def end_now(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.each(request, rows.current().select_related("user", "organization"), access.end, _("%(number)s roles have ended."))  # type: ignore[attr-defined]


@admin.register(Invitation)
class InvitationAdmin(RoleGivingAdmin):
    list_display = ("email", "name", "role", "employer", "invited_at", "invited_by", "expires_at", "accepted_at", "withdrawn_at")
    list_select_related = ("employer", "invited_by")
    search_fields = ("email", "name", "employer__name")
    autocomplete_fields = ("employer", "organization", "program", "project", "place")
    fields = ("email", "name", "role", "employer", "organization", "program", "project", "place", "language")
    actions = ("withdraw",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(employer__in=people.organizations_visible_to(request.user))

    def give(self, values: dict[str, Any], *, by: Any) -> Model:
        return invitations.invite(by=by, **values)

    def has_invite_permission(self, request: HttpRequest) -> bool:
        return self._may_write(request)

    @admin.action(description=_("Withdraw the chosen invitations"), permissions=["invite"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.each(request, rows.open(), invitations.withdraw, _("%(number)s invitations are withdrawn."))  # type: ignore[attr-defined]
