"""Forms of the pages about what was promised and what happened. Acts decide; a form reads what was typed."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.forms.models import fields_for_model
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization, User
from locations import search
from locations.models import Place
from plumbing.refusals import Invalid, Refused
from programs import library, tally
from programs.models import (
    ActionPoint,
    ActivityRecord,
    Category,
    Finding,
    Indicator,
    IndicatorDefinition,
    Level,
    MonitoringVisit,
    Program,
    Project,
    ReportingAssignment,
    Result,
    Target,
    Theme,
    WorkPlanLine,
)

_CODE = re.compile(r"\(([^()]+)\)\s*$")
MONTHS_BACK = 24


class Day(forms.DateInput):
    """The browser's own date field: it shows the reader's format and sends the ISO one."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MonthField(forms.ChoiceField):
    """One of the last two years' months, this one among them unless only months that have ended; gives its (year, month)."""

    def __init__(self, *, ended: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"label": _("Month"), "choices": lambda: _months(int(ended)), **kwargs})

    def clean(self, value: Any) -> tuple[int, int]:
        year, month = str(super().clean(value)).split("-")
        return int(year), int(month)


def _months(first: int) -> list[tuple[str, str]]:
    """From so many months ago backwards."""
    today = timezone.localdate()
    count = today.year * 12 + today.month - 1
    months = [date((count - back) // 12, (count - back) % 12 + 1, 1) for back in range(first, first + MONTHS_BACK)]
    return [(f"{day:%Y-%m}", f"{MONTHS[day.month]} {day.year}") for day in months]


class PlaceInput(forms.TextInput):
    """A name or code, with the likely places to choose from; without a match in the list the gazetteer is searched."""

    def __init__(self) -> None:
        super().__init__(attrs={"autocomplete": "off"})
        self.suggested: Sequence[Place] = ()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        listed = f"{(attrs or {}).get('id', name)}_places"
        field = super().render(name, value, {**(attrs or {}), "list": listed}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((written(place),) for place in self.suggested))
        return format_html('{}<datalist id="{}">{}</datalist>', field, listed, options)


class PlaceField(forms.Field):
    widget = PlaceInput
    default_error_messages = {
        "unknown": _("There is no place called “%(text)s”."),
        "several": _("Several places are called like this: %(names)s. Write one of them with its code."),
    }

    def __init__(self, *, suggested: Iterable[Place] = (), **kwargs: Any) -> None:
        super().__init__(**{"label": _("Place"), "help_text": _("Type a name or a code."), **kwargs})
        self.widget.suggested = list(suggested)

    def prepare_value(self, value: Any) -> Any:
        return written(value) if isinstance(value, Place) else value

    def to_python(self, value: Any) -> Place | None:
        text = str(value or "").strip()
        if not text:
            return None
        code = _CODE.search(text)
        exact = Place.objects.filter(code=(code.group(1) if code else text).strip().upper()).first()
        if exact is not None:
            return exact
        found = search.search(text, limit=4)
        same = [place for place in found if place.name.casefold() == text.casefold()]
        if len(same or found) == 1:
            return (same or found)[0]
        if not found:
            raise ValidationError(self.error_messages["unknown"], code="unknown", params={"text": text})
        raise ValidationError(
            self.error_messages["several"], code="several", params={"names": ", ".join(written(place) for place in found)}
        )


def written(place: Place) -> str:
    return f"{place.name} ({place.code})"


def tell(form: forms.BaseForm, refused: Exception) -> None:
    """Put what an act refused beside the field that it is about."""
    if isinstance(refused, Invalid):
        for problem in refused.problems:
            form.add_error(problem.path if problem.path in form.fields else None, str(problem.message))
    elif isinstance(refused, ValidationError):
        by_field = refused.message_dict if hasattr(refused, "error_dict") else {"": refused.messages}
        for name, messages in by_field.items():
            for message in messages:
                form.add_error(name if name in form.fields else None, message)
    else:
        assert isinstance(refused, Refused)
        field = getattr(refused, "field", None)
        form.add_error(field if field in form.fields else None, str(refused))


def fields_of(model: type[Model], *names: str, **querysets: QuerySet[Any]) -> dict[str, forms.Field]:
    """The model's own labels, help texts and widgets as fields of a plain form: its rules are checked by the act, once."""
    found = fields_for_model(model, fields=names)
    for name, field in found.items():
        if isinstance(field, forms.DateField):
            field.widget = Day()
        if name in querysets:
            field.queryset = querysets[name]
        if isinstance(field.widget, forms.Textarea):
            field.widget.attrs["rows"] = 3
    return {name: field for name, field in found.items() if field is not None}


def people_of(project: Project | None) -> QuerySet[User]:
    """Who may be named for a project: people of the agency and of the project's partners."""
    people = User.objects.filter(is_active=True, is_service=False, memberships__isnull=False).distinct().order_by("name")
    if project is None:
        return people.filter(organization__kind=Organization.Kind.AGENCY)
    employers = Organization.objects.filter(kind=Organization.Kind.AGENCY) | Organization.objects.filter(
        pk__in=project.partners.values("organization")
    )
    return people.filter(organization__in=employers)


def partners_of(project: Project) -> QuerySet[Organization]:
    return Organization.objects.filter(pk__in=project.partners.values("organization"))


def places_of(project: Project, *, limit: int = 300) -> list[Place]:
    """The project's places and what lies below them."""
    return list(Place.objects.filter(above__ancestor__in=project.places.values("place")).distinct().order_by("name")[:limit])


def supported() -> QuerySet[Organization]:
    return Organization.objects.filter(kind=Organization.Kind.AUTHORITY, is_active=True)


class ActivityForm(forms.Form):
    """The phone form: at most eight things to give, the first four remembered from the last record."""

    kind = forms.ChoiceField(label=_("What"), choices=ActivityRecord.Kind.choices, widget=forms.RadioSelect)
    line = forms.ModelChoiceField(WorkPlanLine.objects.none(), label=_("Work-plan line"), required=False)
    day = forms.ChoiceField(
        label=_("Date"), choices=[("today", _("Today")), ("yesterday", _("Yesterday")), ("other", _("Other day"))], widget=forms.RadioSelect
    )
    happened_on = forms.DateField(label=_("Other day"), required=False, widget=Day())
    place = PlaceField(help_text=_("Type a name to search. The quarter is enough: no map point is kept."))
    people_present = forms.IntegerField(label=_("Total, from the sheet"), required=False, min_value=0, max_value=100_000)
    children_present = forms.IntegerField(
        label=_("Children present?"), required=False, min_value=0, max_value=100_000,
        help_text=_("Count only. No age, no name, no photo. Not in the total."),
    )  # fmt: skip
    photo = forms.FileField(label=_("Photo of the attendance sheet"), required=False)
    sheet_number = forms.CharField(
        label=_("Sheet number"), required=False, max_length=40,
        help_text=_("Written at the top of the paper. The same number twice is asked about."),
    )  # fmt: skip
    sheet_repeats = forms.BooleanField(label=_("It is another sheet with the same number"), required=False)
    note = forms.CharField(
        label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("No names of people at risk. Say “a farmer”, “two women from the market”."),
    )  # fmt: skip
    external_id = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, project: Project, lines: QuerySet[WorkPlanLine], grid: Grid, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.grid = grid
        self.fields["line"].queryset = lines  # type: ignore[attr-defined]
        self.fields["place"].widget.suggested = places_of(project)
        self.fields["photo"].widget.attrs.update({"accept": "image/*,.pdf", "capture": "environment"})
        for name in ("people_present", "children_present", *grid.names):
            if name in grid.names:
                self.fields[name] = forms.IntegerField(label=grid.names[name], required=False, min_value=0, max_value=100_000)
            self.fields[name].widget.attrs["inputmode"] = "numeric"
        self.fields["external_id"].initial = uuid.uuid4

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        today = timezone.localdate()
        chosen = cleaned.get("day")
        if chosen == "today":
            cleaned["happened_on"] = today
        elif chosen == "yesterday":
            cleaned["happened_on"] = today - timedelta(days=1)
        elif chosen == "other" and cleaned.get("happened_on") is None and "happened_on" not in self.errors:
            self.add_error("happened_on", _("Choose the day."))
        return cleaned

    @property
    def cells(self) -> dict[str, int]:
        """Numbers by the key of their category set; an empty cell is not in it, a zero is."""
        found = {self.grid.keys[name]: self.cleaned_data.get(name) for name in self.grid.names}
        return {key: number for key, number in found.items() if number is not None}

    @property
    def rows(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(label, [self[name] for name in names]) for label, names in self.grid.rows]


class Grid:
    """The cells of the attendance sheet: women and men by age, read from the portal's own dimensions."""

    def __init__(self) -> None:
        found = Category.objects.filter(dimension__code__in=["sex", "age"], is_retired=False).select_related("dimension")
        by: dict[str, list[Category]] = {"sex": [], "age": []}
        for category in found:
            by[category.dimension.code].append(category)
        sexes = [category for category in by["sex"] if category.code in {"female", "male"}]
        self.heads = [str(category) for category in sexes]
        self.names: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.rows: list[tuple[str, list[str]]] = []
        for age in by["age"]:
            names = []
            for sex in sexes:
                name = f"cell_{age.code}_{sex.code}"
                self.names[name] = f"{sex}, {age}"
                self.keys[name] = f"age={age.code}|sex={sex.code}"
                names.append(name)
            self.rows.append((str(age), names))


class EvidenceForm(forms.Form):
    upload = forms.FileField(label=_("File"))
    title = forms.CharField(label=_("Title"), required=False, max_length=200, help_text=_("What it shows, without names."))
    holds_names = forms.BooleanField(
        label=_("It holds names of people"), required=False, initial=True, help_text=_("Then it is kept encrypted and opened by few.")
    )


class ActionPointForm(forms.Form):
    def __init__(self, *args: Any, project: Project | None, projects: QuerySet[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(ActionPoint, "text", "project", "owner", "due_on", "partner", project=projects))
        self.fields["owner"].queryset = people_of(project)  # type: ignore[attr-defined]
        organizations = partners_of(project) if project is not None else Organization.objects.none()
        self.fields["partner"].queryset = organizations  # type: ignore[attr-defined]


class DoneForm(forms.Form):
    note = forms.CharField(label=_("What was done"), widget=forms.Textarea(attrs={"rows": 3}))


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why"), widget=forms.Textarea(attrs={"rows": 2}))


class ReassignForm(forms.Form):
    owner = forms.ModelChoiceField(User.objects.none(), label=_("New owner"))
    due_on = forms.DateField(label=_("Due on"), widget=Day())

    def __init__(self, *args: Any, project: Project | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people_of(project)  # type: ignore[attr-defined]


class VisitForm(forms.Form):
    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(MonitoringVisit, "visited_on", "partner", "purpose", "summary", partner=partners_of(project)))
        self.fields["place"] = PlaceField(suggested=places_of(project))
        self.order_fields(["visited_on", "place", "partner", "purpose", "summary"])


class FindingForm(forms.Form):
    """One finding; an empty row is left out."""

    text = forms.CharField(label=_("Finding"), max_length=500, required=False)
    weight = forms.ChoiceField(label=_("Weight"), choices=Finding.Weight.choices, required=False)
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Who acts on it"), required=False)
    due_on = forms.DateField(label=pgettext_lazy("a day", "By"), required=False, widget=Day())

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]


class LineForm(forms.Form):
    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = ("code", "title", "result", "partner", "starts_on", "ends_on", "supports", "note")
        self.fields.update(
            fields_of(WorkPlanLine, *names, result=project.results.all(), partner=partners_of(project), supports=supported())
        )
        self.fields["place"] = PlaceField(suggested=places_of(project), required=False)
        self.order_fields(["code", "title", "result", "partner", "place", "starts_on", "ends_on", "supports", "note"])


class ProgramForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agencies = Organization.objects.filter(kind=Organization.Kind.AGENCY)
        names = ("code", "name", "description", "status", "starts_on", "ends_on", "organization")
        self.fields.update(fields_of(Program, *names, organization=agencies))


class ProjectForm(forms.Form):
    """What a project is; on a new one also its shares."""

    def __init__(self, *args: Any, project: Project | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = ("code", "title", "description", "starts_on", "ends_on", "first_ends_on", "time_zone", "sensitivity", "manager")
        self.fields.update(fields_of(Project, *names, manager=people_of(project)))


class SharesForm(forms.Form):
    """One number per theme and per level; an empty one is not worked on. Each group adds up to 100."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_theme = {f"theme_{theme.code}": theme for theme in Theme.objects.all()}
        self.by_level = {f"level_{level.value}": level.value for level in Level}
        for name, theme in self.by_theme.items():
            self.fields[name] = _share(_("Theme: %(name)s") % {"name": theme})
        for name, level in self.by_level.items():
            self.fields[name] = _share(_("Level: %(name)s") % {"name": Level(level).label})

    @property
    def themes(self) -> dict[Theme, int]:
        return {theme: self.cleaned_data[name] for name, theme in self.by_theme.items() if self.cleaned_data.get(name)}

    @property
    def levels(self) -> dict[str, int]:
        return {level: self.cleaned_data[name] for name, level in self.by_level.items() if self.cleaned_data.get(name)}

    @staticmethod
    def kept(project: Project) -> dict[str, int]:
        themes = {f"theme_{row.theme.code}": row.share for row in project.themes.select_related("theme")}
        return {**themes, **{f"level_{row.level}": row.share for row in project.levels.all()}}


def _share(label: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=0, max_value=100, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
    )


class NexusForm(forms.Form):
    H = _share(_("Humanitarian, %"))
    D = _share(_("Development, %"))
    P = _share(_("Peace, %"))
    justification = forms.CharField(label=_("Justification"), widget=forms.Textarea(attrs={"rows": 3}))


class StatusForm(forms.Form):
    override_reason = forms.CharField(
        label=_("Reason to start without a review"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Only where the portal’s settings allow it, and never by the project’s own manager."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {**fields_of(Project, "status"), **self.fields}


class PlacesField(forms.CharField):
    """Several places, one a line, each by name or code."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else "\n".join(written(place) for place in value)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        one = PlaceField()
        return [one.clean(line) for line in text.splitlines() if line.strip()]


class ResultForm(forms.Form):
    def __init__(self, *args: Any, project: Project, result: Result | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parents = project.results.exclude(kind=Result.Kind.OUTPUT)
        if result is not None:
            parents = parents.exclude(pk=result.pk)
        self.fields.update(fields_of(Result, "kind", "code", "title", "level", "parent", "description", parent=parents))
        _reason(self, project, changing=result is not None)


class IndicatorForm(forms.Form):
    def __init__(self, *args: Any, project: Project, indicator: Indicator | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usable = IndicatorDefinition.objects.in_force().filter(Q(project__isnull=True) | Q(project=project))
        new = ("result", "definition", "code") if indicator is None else ("result",)
        names = (
            *new, "title", "population", "baseline_value", "baseline_numerator", "baseline_denominator", "baseline_share", "baseline_on",
            "baseline_note", "source_of_data",
        )  # fmt: skip
        self.fields.update(fields_of(Indicator, *names, result=project.results.all(), definition=usable))
        if indicator is None:
            self.fields["code"].required = False
            self.fields["code"].help_text = _("Empty: the code of the definition. It is never changed or given again.")
        _reason(self, project, changing=indicator is not None)


class TargetForm(forms.Form):
    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = ("value", "numerator", "denominator", "share", "period", "partner", "note")
        self.fields.update(fields_of(Target, *names, period=project.periods.all(), partner=partners_of(project)))
        self.fields["place"] = PlaceField(required=False, suggested=places_of(project))
        self.fields["period"].help_text = _("Empty: the target at the end.")
        self.fields["partner"].help_text = _("Empty: the indicator’s own target. A partner’s target is never added to it.")
        _reason(self, project, changing=True)


class AssignmentForm(forms.Form):
    def __init__(self, *args: Any, project: Project, assignment: ReportingAssignment | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = ("partner", "collected", "periods", "starts_on", "ends_on")
        made = fields_of(ReportingAssignment, *names, partner=partners_of(project), periods=project.periods.all())
        if assignment is not None:
            made.pop("partner")
        self.fields.update(made)
        self.fields["periods"].required = False
        self.fields["periods"].help_text = _("Only where figures are collected in named periods.")
        self.fields["places"] = PlacesField(label=_("Places"), help_text=_("One a line, by name or code."))
        _reason(self, project, changing=assignment is not None)


class HandOverForm(forms.Form):
    to = forms.ModelChoiceField(Organization.objects.none(), label=pgettext_lazy("an organization", "To"))
    on = forms.DateField(label=_("From"), widget=Day())
    includes_predecessor = forms.TypedChoiceField(
        label=_("Does the new partner’s running total include the old one’s?"), choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda answer: answer == "yes", widget=forms.RadioSelect,
    )  # fmt: skip

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = partners_of(project)  # type: ignore[attr-defined]
        _reason(self, project, changing=True)


def computed_by() -> forms.ChoiceField:
    """Which tally computes a definition; empty: people type its figures."""
    options = [(one.key, one.title) for one in tally.known().values()]
    return forms.ChoiceField(
        label=_("Computed by"), required=False, choices=[("", _("nobody: figures are typed")), *options],
        help_text=_("A count over the portal's own records that prefills the figure. Its measure and rule over time are the definition's."),
    )  # fmt: skip


class DefinitionForm(forms.Form):
    """A definition with its rules; breakdowns as codes of dimensions, answers as code and label."""

    breakdowns = forms.CharField(
        label=_("Breakdowns"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, dimensions joined by ×, such as “sex × age”."),
    )  # fmt: skip
    options = forms.CharField(
        label=_("Answers"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For ranked and named answers: one a line in their order, such as “adopted = Adopted”."),
    )  # fmt: skip

    def __init__(self, *args: Any, asks_code: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = (
            "title", "definition", "level", "theme", "unit", "measure", "ascending", "decimals", "per", "over_time", "across", "counting",
            "sensitivity", "method", "source", "sdg_target", "computed_by",
        )  # fmt: skip
        own = dict(self.fields)
        self.fields = {**fields_of(IndicatorDefinition, *(("code", *names) if asks_code else names)), **own}
        self.fields["computed_by"] = computed_by()

    def clean_breakdowns(self) -> list[list[str]]:
        lines = self.cleaned_data["breakdowns"].splitlines()
        return [[code.strip() for code in re.split(r"\s+x\s+|[×*,]", line) if code.strip()] for line in lines if line.strip()]

    def clean_options(self) -> list[tuple[str, str]]:
        found = []
        for line in self.cleaned_data["options"].splitlines():
            code, _equals, label = line.partition("=")
            if code.strip():
                found.append((code.strip(), (label or code).strip()))
        return found

    @staticmethod
    def kept(definition: IndicatorDefinition) -> dict[str, Any]:
        return {
            **forms.model_to_dict(definition),
            "breakdowns": "\n".join(" × ".join(codes) for codes in library.breakdowns_of(definition)),
            "options": "\n".join(f"{option.code} = {option.label}" for option in definition.options.all()),
        }


def _reason(form: forms.Form, project: Project, *, changing: bool) -> None:
    """Once a framework is agreed, a change says why: the partners read it."""
    if changing and project.framework_agreed_on is not None:
        form.fields["reason"] = forms.CharField(
            label=_("Why"), widget=forms.Textarea(attrs={"rows": 2}), help_text=_("The partners read it on “what changed”.")
        )
