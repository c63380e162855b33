"""Forms of the institutional level. Acts decide; a form reads what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from institutions import due_diligence
from institutions.models import (
    ComplaintKind,
    ComplaintMonth,
    FollowUpCheck,
    HrddpAssessment,
    HrddpEntry,
    Institution,
    ReformStage,
    ReformStep,
    SupportDetail,
)
from locations.models import Place
from programs.forms import Day, MonthField, PlaceField, fields_of, partners_of, people_of, places_of, supported
from programs.models import Category, Indicator, Project, WorkPlanLine


class RankGrid:
    """Women and men by rank band, from the portal's own dimensions: names of fields and the keys of their cells."""

    def __init__(self) -> None:
        found = Category.objects.filter(dimension__code__in=["sex", "rank"], is_retired=False).select_related("dimension")
        sexes = [one for one in found if one.dimension.code == "sex" and one.code in {"female", "male"}]
        ranks = [one for one in found if one.dimension.code == "rank"]
        self.heads = [str(sex) for sex in sexes]
        self.keys: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.rows: list[tuple[str, list[str]]] = []
        for rank in ranks:
            names = [f"cell_{rank.code}_{sex.code}" for sex in sexes]
            self.rows.append((str(rank), names))
            for name, sex in zip(names, sexes, strict=True):
                self.keys[name] = f"rank={rank.code}|sex={sex.code}"
                self.labels[name] = f"{sex}, {rank}"


class _WithGrid(forms.Form):
    """A form whose people may be broken down by sex and rank band."""

    def __init__(self, *args: Any, grid: RankGrid, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.grid = grid

    def add_cells(self) -> None:
        for name, label in self.grid.labels.items():
            self.fields[name] = forms.IntegerField(label=label, required=False, min_value=0, max_value=1_000_000)
            self.fields[name].widget.attrs["inputmode"] = "numeric"

    @property
    def plain(self) -> list[Any]:
        return [field for field in self if field.name not in self.grid.keys]

    @property
    def rows(self) -> list[tuple[str, list[Any]]]:
        return [(label, [self[name] for name in names]) for label, names in self.grid.rows]

    @property
    def cells(self) -> dict[str, int]:
        given = self.cleaned_data
        return {key: given[name] for name, key in self.grid.keys.items() if given.get(name) is not None}


class InstitutionForm(forms.Form):
    """A new one names its organization; an existing one keeps it."""

    def __init__(self, *args: Any, project: Project | None, others: QuerySet[Institution], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if project is not None:
            free = supported().filter(institution__isnull=True)
            self.fields["organization"] = forms.ModelChoiceField(
                free, label=_("Organization"), required=False, help_text=_("If it is on the list already.")
            )
            self.fields["name"] = forms.CharField(label=_("Name of a new one"), required=False, max_length=200)
            self.fields["partner"] = forms.ModelChoiceField(partners_of(project), label=_("Partner that works with it"), required=False)
        self.fields.update(fields_of(Institution, "kind", "commands_forces", "parent", "posts", "note", parent=others))
        self.fields["place"] = PlaceField(suggested=places_of(project) if project is not None else ())
        order = ["organization", "name", "kind", "commands_forces", "place", "parent", "partner", "posts", "note"]
        self.order_fields(order)


class EngageForm(forms.Form):
    project = forms.ModelChoiceField(Project.objects.none(), label=_("Project"))
    partner = forms.ModelChoiceField(Organization.objects.none(), label=_("Partner"), required=False)

    def __init__(self, *args: Any, projects: QuerySet[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]
        partners = Organization.objects.filter(pk__in=projects.values("partners__organization"))
        self.fields["partner"].queryset = partners  # type: ignore[attr-defined]


class StaffForm(_WithGrid):
    counted_on = forms.DateField(label=_("Counted on"), widget=Day())
    total = forms.IntegerField(label=_("People in service"), min_value=0, max_value=10_000_000)
    source = forms.CharField(label=_("Source"), max_length=200, help_text=_("Such as the staff list of June."))

    def __init__(self, *args: Any, grid: RankGrid, **kwargs: Any) -> None:
        super().__init__(*args, grid=grid, **kwargs)
        self.add_cells()


class AssessmentForm(forms.Form):
    def __init__(self, *args: Any, projects: QuerySet[Project] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if projects is not None:
            self.fields["project"] = forms.ModelChoiceField(projects, label=_("Project"))
        self.fields.update(fields_of(HrddpAssessment, "unit", "support", "support_kind", "scope", "scope_reason"))
        for name in HrddpAssessment.INFORMATION:
            label = capfirst(HrddpAssessment._meta.get_field(name).verbose_name)
            self.fields[name] = forms.CharField(label=label, required=False, widget=forms.Textarea(attrs={"rows": 3}))
        self.fields.update(fields_of(HrddpAssessment, "likelihood", "severity"))
        scale = [("", "–"), *((number, str(number)) for number in range(1, 6))]
        for name in ("likelihood", "severity"):
            old = self.fields[name]
            self.fields[name] = forms.TypedChoiceField(
                label=old.label, help_text=old.help_text, choices=scale, coerce=int, empty_value=None, required=False
            )
        listed = ", ".join(str(HrddpAssessment.SupportKind(kind).label) for kind in HrddpAssessment.OUT)
        self.fields["scope"].help_text = _("Outside by the published list: %(listed)s. Everything else is within.") % {"listed": listed}


class MeasureForm(forms.Form):
    text = forms.CharField(
        label=_("Measure"), max_length=500, help_text=_("It becomes an action point, read by everybody who reads those of the project.")
    )
    due_on = forms.DateField(label=_("Due on"), widget=Day())

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"] = forms.ModelChoiceField(people_of(project), label=_("Owner"))
        self.order_fields(["text", "owner", "due_on"])


class DecisionForm(forms.Form):
    def __init__(self, *args: Any, assessment: HrddpAssessment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        open_ones = due_diligence.CHOICES[assessment.state]
        choices = [(value, label) for value, label in HrddpAssessment.Decision.choices if value in open_ones]
        self.fields["decision"] = forms.ChoiceField(label=_("Decision"), choices=choices, widget=forms.RadioSelect)
        self.fields["reason"] = forms.CharField(
            label=_("Why"), widget=forms.Textarea(attrs={"rows": 3}), help_text=_("Stays with the assessment.")
        )
        if HrddpAssessment.Decision.PROCEED in open_ones:
            self.fields["conditions"] = forms.CharField(
                label=_("Conditions"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
                help_text=_("They stand on the clearance and are read by all who plan support."),
            )  # fmt: skip
            self.fields["valid_until"] = forms.DateField(label=_("Valid until"), required=False, widget=Day())


class EntryForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(HrddpEntry, "kind", "happened_on"))
        words = HrddpEntry._meta.get_field("text")
        self.fields["text"] = forms.CharField(
            label=capfirst(words.verbose_name), help_text=words.help_text, widget=forms.Textarea(attrs={"rows": 3})
        )
        labels = dict(HrddpEntry.Kind.choices)
        self.fields["kind"].choices = [(kind, labels[kind]) for kind in HrddpEntry.WRITTEN]  # type: ignore[attr-defined]


class SupportForm(_WithGrid):
    """Support that happened: what, when, to whom; the rest depends on its kind."""

    def __init__(self, *args: Any, project: Project, partner: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(SupportDetail, "kind", "title"))
        self.fields["happened_on"] = forms.DateField(label=_("Date"), widget=Day(), initial=timezone.localdate)
        self.fields["place"] = PlaceField(suggested=places_of(project))
        lines = WorkPlanLine.objects.filter(project=project, partner=partner, status__in=["planned", "under_way"]).order_by("code")
        self.fields["line"] = forms.ModelChoiceField(lines, label=_("Work-plan line"), required=False)
        self.fields["people"] = forms.IntegerField(label=_("People present"), required=False, min_value=0, max_value=100_000)
        details = ("test_before", "test_after", "tested", "quantity", "handed_over_on", "handed_over_to")
        self.fields.update(fields_of(SupportDetail, *details))
        self.fields["note"] = forms.CharField(
            label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("No names of people at risk.")
        )
        self.add_cells()


class DetailForm(forms.Form):
    """The details that come later; the activity itself is corrected on its own page."""

    def __init__(self, *args: Any, support: SupportDetail, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        training = support.kind == SupportDetail.Kind.TRAINING
        things = support.kind in (SupportDetail.Kind.EQUIPMENT, SupportDetail.Kind.INFRASTRUCTURE)
        names = ["title"]
        names += ["test_before", "test_after", "tested"] if training else []
        names += ["quantity", "handed_over_on", "handed_over_to"] if things else []
        self.fields.update(fields_of(SupportDetail, *names))


class CheckForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(FollowUpCheck, "checked_on", "looked_at", "in_use", "not_reached", "findings"))
        for name in ("checked_on", "looked_at", "in_use", "findings"):
            self.fields[name].required = True


class ReformForm(forms.Form):
    def __init__(
        self, *args: Any, indicators: QuerySet[Indicator], projects: QuerySet[Project] | None = None, **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        if projects is not None:
            self.fields["project"] = forms.ModelChoiceField(projects, label=_("Project"))
        self.fields.update(fields_of(ReformStep, "kind", "title", "summary", "indicator", indicator=indicators))


class StageForm(forms.Form):
    def __init__(self, *args: Any, step: ReformStep, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(fields_of(ReformStage, "stage", "reached_on", "evidence", "women_consulted", "men_consulted"))
        if step.is_transitional:
            self.fields["women_consulted"].label, self.fields["men_consulted"].label = (
                _("Women among the victims"),
                _("Men among the victims"),
            )
        for name in ("women_consulted", "men_consulted"):
            self.fields[name].help_text = _("At the consultation only.")


class ComplaintForm(forms.Form):
    """One month of a register: what came in and what was closed; how many of them about what, as far as it is told apart."""

    month = MonthField(ended=True)

    def __init__(self, *args: Any, states: Sequence[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"] = PlaceField(
            label=_("State or province"), suggested=states, help_text=_("Admin 1, nothing more exact. Type a name or a code.")
        )
        self.fields.update(fields_of(ComplaintMonth, "service", "received", "closed", "due", "in_time", "source"))
        self.fields["service"].widget = forms.RadioSelect(choices=ComplaintMonth.Service.choices)
        for kind in ComplaintKind.Kind:
            label = _("Of those received: %(kind)s") % {"kind": kind.label}
            self.fields[f"kind_{kind}"] = forms.IntegerField(label=label, required=False, min_value=0)
        for field in self.fields.values():
            if isinstance(field, forms.IntegerField):
                field.widget.attrs["inputmode"] = "numeric"
        self.order_fields(["month", "place", "service", "received", "closed", "due", "in_time"])

    @property
    def counted(self) -> dict[str, Any]:
        """What the act takes."""
        given = dict(self.cleaned_data)
        year, month = given.pop("month")
        kinds = {kind.value: given.pop(f"kind_{kind}", None) for kind in ComplaintKind.Kind}
        return {**given, "year": year, "month": month, "kinds": kinds}
