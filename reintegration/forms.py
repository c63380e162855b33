"""Forms of the reintegration pages. Acts decide; a form reads what was typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from locations.models import Place
from programs.forms import MonthField, PlaceField, fields_of
from programs.models import Project
from reintegration.models import CaseAssignment, ChildBand, ChildHandover, ChildSex, CountKind


class Moment(forms.DateTimeInput):
    """The browser's own field for a day and a time."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class HandoverForm(forms.Form):
    """A whole receipt; without the moment of the handover it stays open."""

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(_receipt_fields("girls", "boys", "sex_unknown", "identified_at", "handed_over_at", "receiver"))
        self.fields["place"] = PlaceField(
            label=_("County"), suggested=counties_of(project), help_text=_("Admin 2, nothing more exact. Type a name or a code.")
        )
        self.order_fields(["place", "girls", "boys", "sex_unknown", "identified_at", "handed_over_at", "receiver"])


class CloseHandoverForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(_receipt_fields("handed_over_at", "receiver"))
        for field in self.fields.values():
            field.required = True


class ChildMonthForm(forms.Form):
    month = MonthField()
    kind = forms.ChoiceField(label=_("Which children"), choices=CountKind.choices, widget=forms.RadioSelect)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"] = PlaceField(
            label=_("State or province"), suggested=states_of(project), help_text=_("Admin 1, nothing more exact. Type a name or a code.")
        )
        for band in ChildBand:
            for sex in ChildSex:
                self.fields[_cell(sex, band)] = forms.IntegerField(label=f"{sex.label}, {band.label}", required=False, min_value=0)
        self.order_fields(["month", "place", "kind"])

    @property
    def heads(self) -> list[Any]:
        return [sex.label for sex in ChildSex]

    @property
    def rows(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [(band.label, [self[_cell(sex, band)] for sex in ChildSex]) for band in ChildBand]

    @property
    def cells(self) -> dict[tuple[str, str], int | None]:
        return {(sex.value, band.value): self.cleaned_data.get(_cell(sex, band)) for sex in ChildSex for band in ChildBand}


class ViolationsForm(forms.Form):
    month = MonthField()
    number = forms.IntegerField(
        label=_("Grave violations against children"),
        min_value=0,
        help_text=_("A number only: what happened is reported outside the portal."),
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"] = PlaceField(
            label=_("State or province"), suggested=states_of(project), help_text=_("Admin 1, nothing more exact. Type a name or a code.")
        )
        self.order_fields(["month", "place", "number"])


class HandOverCasesForm(forms.Form):
    to = forms.ModelChoiceField(User.objects.none(), label=_("Hand over to"))
    reason = forms.ChoiceField(label=_("Why"), choices=[c for c in CaseAssignment.Reason.choices if c[0] != CaseAssignment.Reason.OPENED])

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]


def initial_cells(cells: Any) -> dict[str, int]:
    return {_cell(cell.sex, cell.band): cell.number for cell in cells}


def counties_of(project: Project) -> list[Place]:
    return _places(project, Place.Level.ADMIN_2)


def states_of(project: Project) -> list[Place]:
    return _places(project, Place.Level.ADMIN_1)


def _places(project: Project, level: int) -> list[Place]:
    """The places of that level that the project's own places lie in, are, or hold."""
    own = project.places.values("place")
    around = Place.objects.filter(level=level)
    found = around.filter(above__ancestor__in=own) | around.filter(below_me__descendant__in=own)
    return list(found.distinct().order_by("name")[:300])


def _receipt_fields(*names: str) -> dict[str, forms.Field]:
    fields = fields_of(ChildHandover, *names)
    for field in fields.values():
        if isinstance(field, forms.DateTimeField):
            field.widget = Moment()
        if isinstance(field, forms.IntegerField):
            field.required = False
    return fields


def _cell(sex: str, band: str) -> str:
    return f"cell_{sex}_{band}"
