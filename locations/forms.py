"""Choosing a place: typed by name, other name or code, offered while typing, understood without JavaScript too.

place = PlaceField(label=_("Place"), levels=[1, 2])
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from locations import search
from locations.gazetteer import code_of, fold
from locations.models import Place

_CODE_AT_END = re.compile(r"\(([^()]+)\)\s*$")


class PlaceInput(forms.TextInput):
    """A text field with a list of offers, filled by ``place_options`` while one types."""

    def __init__(self, *, country: str = "", levels: Iterable[int] = ()) -> None:
        super().__init__()
        self.narrowed = {key: value for key, value in (("country", country), ("levels", ",".join(map(str, levels)))) if value}

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        offers = f"{(attrs or {}).get('id', f'id_{name}')}_offers"
        address = f"{reverse('place_options')}?{urlencode({'field': name, **self.narrowed})}"
        asking = {
            "list": offers,
            "autocomplete": "off",
            "hx-get": address,
            "hx-trigger": "input changed delay:200ms",
            "hx-target": f"#{offers}",
        }
        return format_html('{}<datalist id="{}"></datalist>', super().render(name, value, {**(attrs or {}), **asking}, renderer), offers)


class PlaceField(forms.CharField):
    """Cleans to a Place. "Bor South (SS0301)", a code or a name that only one place has; else the places it could be are named."""

    widget = PlaceInput
    default_error_messages = {
        "unknown": _("No place is called “%(text)s”. Type part of its name or its P-code and choose from the list."),
        "several": _("Several places are called “%(text)s”: %(places)s. Write the P-code of the one you mean."),
    }

    def __init__(self, *, country: str = "", levels: Iterable[int] = (), **kwargs: Any) -> None:
        self.country, self.levels = country, tuple(levels)
        super().__init__(widget=PlaceInput(country=country, levels=self.levels), max_length=250, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            value = Place.objects.filter(pk=value).first()
        return label(value) if isinstance(value, Place) else value

    def clean(self, value: Any) -> Place | None:
        text = super().clean(value)
        if not text:
            return None
        written = _CODE_AT_END.search(text)
        places = Place.objects.all()
        if self.country:
            places = places.filter(country=self.country)
        if self.levels:
            places = places.filter(level__in=self.levels)
        for code in filter(None, (written and written[1], text)):
            if found := places.filter(code=code_of(code)).first():
                return found
        folded = fold(text)
        named = [
            place
            for place in search.search(text, country=self.country, levels=self.levels)
            if folded in {place.folded, *(name.folded for name in place.names.all())}
        ]
        if len(named) == 1:
            return named[0]
        if named:
            listed = ", ".join(label(place) for place in named[:5])
            raise ValidationError(self.error_messages["several"], "several", {"text": text, "places": listed})
        raise ValidationError(self.error_messages["unknown"], "unknown", {"text": text})


def label(place: Place) -> str:
    """A place as it is written into the field and read back: name and code."""
    return f"{place.label} ({place.code})"
