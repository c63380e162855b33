"""A list page: what one may see, filtered and ordered by the address, cut into keyset pages, and the same rows as a file.

    class ActivityList(ListPage):
        model = ActivityRecord
        filterset_class = ActivityFilter
        template_name = "programs/activities.html"
        columns = [
            Column("date", _("Date"), order=["happened_on"], export="happened_on"),
            Column("place", _("Place"), order=["place__name"], export="place__name"),
            Column("people", _("People"), export="people", number=True),
        ]
        ordering = "-date"
        related = ["place"]

``docs/pages.md`` shows the template.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import Model, QuerySet
from django.forms.utils import flatatt
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext
from django.views import View

from plumbing import exports, formats, narrowing, pages

SELECTED = mark_safe(" selected")
COUNTED_TO = 1000  # a longer list says "more than 1,000": counting all of a large one costs more than showing a page


@dataclass(frozen=True)
class Column:
    """``name`` is its word in the address; ``order`` the model's columns behind a sortable heading; ``export`` the path of its
    value in files, with ``words`` for coded values. A column without a heading is in files only (``label`` still heads it there)."""

    name: str
    label: str | Promise
    order: Sequence[str] = ()
    export: str = ""
    words: Mapping[Any, Any] | Iterable[tuple[Any, Any]] | None = None
    number: bool = False
    hidden: bool = False  # in files only
    css: str = ""


@dataclass(frozen=True)
class Heading:
    label: str | Promise
    css: str
    url: str = ""  # empty: not sortable
    sorted: str = ""  # "ascending", "descending" or empty


@dataclass
class Listing:
    """What the list component draws."""

    page: pages.Page
    headings: list[Heading]
    filter: Any
    query: Any
    count: int | None
    name: str
    choices: Sequence[Column] = field(default_factory=list)

    @property
    def rows(self) -> list[Any]:
        return self.page.rows

    @property
    def is_filtered(self) -> bool:
        return self.filter is not None and any(self.query.get(name) for name in self.filter.form.fields)

    @property
    def count_words(self) -> str:
        if self.count is None:
            return ""
        if self.count > COUNTED_TO:
            return gettext("more than %(count)s") % {"count": formats.number(COUNTED_TO)}
        return formats.number(self.count)

    @property
    def next_url(self) -> str:
        return self._with(cursor=self.page.next) if self.page.next else ""

    @property
    def previous_url(self) -> str:
        return self._with(cursor=self.page.previous) if self.page.previous else ""

    @property
    def csv_url(self) -> str:
        return self._with(export="csv") if any(column.export for column in self.choices) else ""

    @property
    def xlsx_url(self) -> str:
        return self._with(export="xlsx") if any(column.export for column in self.choices) else ""

    def _with(self, **changes: str | None) -> str:
        return address(self.query, **changes)


def address(query: Any, **changes: str | None) -> str:
    """The query of this page with changes; a page mark never outlives another change."""
    changed = query.copy()
    for name in ("cursor", "export"):
        changed.pop(name, None)
    for name, value in changes.items():
        changed.pop(name, None)
        if value is not None:
            changed[name] = value
    return "?" + changed.urlencode()


class LongSelect(forms.Select):
    """A choice among hundreds, written at once: Django renders two templates for each option."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = set(self.format_value(value))
        lines = format_html_join("\n", '<option value="{}"{}>{}</option>', self._options(self.choices, chosen))
        return format_html('<select name="{}"{}>\n{}\n</select>', name, flatatt(self.build_attrs(self.attrs, attrs)), lines)

    def _options(self, choices: Iterable[Any], chosen: set[str]) -> Iterator[tuple[Any, str, Any]]:
        for key, label in choices:
            if isinstance(label, (list, tuple)):  # a group
                yield from self._options(label, chosen)
            else:
                text = "" if key is None else str(key)
                yield text, SELECTED if text in chosen else "", label


class ListPage(LoginRequiredMixin, View):
    model: ClassVar[type[Model]]
    template_name: ClassVar[str]
    columns: ClassVar[Sequence[Column]]
    filterset_class: ClassVar[Any] = None
    ordering: ClassVar[str] = ""  # a column's name, with "-" for descending
    related: ClassVar[Sequence[str]] = ()
    prefetch: ClassVar[Sequence[Any]] = ()
    size: ClassVar[int] = pages.ROWS
    follows_choice: ClassVar[bool] = True  # False: the list of one thing that the address names, whatever was chosen in the top bar

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if request.GET.get("export") in {"csv", "xlsx"} and any(column.export for column in self.columns):
            return self.file(request.GET["export"])
        try:
            listing = self.listing()
        except pages.CursorError:
            return redirect(request.path + address(request.GET))
        return render(request, self.template_name, {"list": listing, **self.context(listing)})

    # what a page overrides

    def rows(self) -> QuerySet[Any]:
        """What this person may see, before filters."""
        return self.model.objects.visible_to(self.request.user)  # type: ignore[attr-defined]

    def context(self, listing: Listing) -> dict[str, Any]:
        """What else the template needs."""
        return {}

    def file_name(self) -> str:
        return slugify(str(self.model._meta.verbose_name_plural)) or self.model._meta.model_name or "list"

    # what every list does

    @cached_property
    def _narrowed(self) -> QuerySet[Any]:
        rows = self.rows()
        return narrowing.narrow(rows, self.request) if self.follows_choice else rows

    @cached_property
    def filter(self) -> Any:
        if self.filterset_class is None:
            return None
        made = self.filterset_class(self.request.GET, queryset=self._narrowed, request=self.request)
        if narrowing.told(self.request):
            narrowing.offer(made.form, self.request)
        return made

    @cached_property
    def filtered(self) -> QuerySet[Any]:
        """A filter that could not be read shows its message and no rows, rather than all of them."""
        if self.filter is None:
            return self._narrowed
        return self.filter.qs if self.filter.is_valid() else self.filter.queryset.none()

    @cached_property
    def sorted_by(self) -> tuple[Column | None, bool]:
        return sorted_by(self.columns, self.request.GET.get("ordering", ""), self.ordering)

    def order(self) -> tuple[pages.Key, ...]:
        column, backward = self.sorted_by
        names = [] if column is None else [_turned(name) if backward else name for name in column.order]
        return pages.keys(names)

    def listing(self) -> Listing:
        rows = self.filtered.select_related(*self.related) if self.related else self.filtered
        if self.prefetch:
            rows = rows.prefetch_related(*self.prefetch)
        page = pages.page(rows, self.order(), cursor=self.request.GET.get("cursor") or None, size=self.size)
        whole = page.next is None and page.previous is None
        count = len(page) if whole else self.filtered.order_by()[: COUNTED_TO + 1].count()
        return Listing(page, self._headings(), self.filter, self.request.GET, count, self.file_name(), self.columns)

    def file(self, kind: str) -> HttpResponseBase:
        fields = [exports.Field(str(c.label), c.export, _words(c.words)) for c in self.columns if c.export]
        rows = self.filtered.order_by(*pages.order_by(self.order()))
        name = f"{self.file_name()}-{timezone.localdate():%Y-%m-%d}"
        if kind == "csv":
            return exports.as_csv(rows, fields, name=name)
        return exports.as_xlsx(rows, fields, name=name, about=self._about())

    def _about(self) -> list[tuple[str, str]]:
        lines = [
            (gettext("Written"), formats.moment(timezone.now())),
            (gettext("Address"), self.request.build_absolute_uri(address(self.request.GET))),
        ]
        if narrowing.told(self.request):
            lines.append((gettext("Only program"), narrowing.told(self.request)))
        if self.filter is not None:
            chosen = ((bound.label, self.request.GET.getlist(bound.html_name)) for bound in self.filter.form)
            lines += [(str(label), ", ".join(values)) for label, values in chosen if any(values)]
        return lines

    def _headings(self) -> list[Heading]:
        return headings(self.columns, self.request.GET, self.sorted_by)


def sorted_by(columns: Iterable[Column], *asked: str) -> tuple[Column | None, bool]:
    """The column of the first word that names a sortable one, and whether it runs backward."""
    sortable = {column.name: column for column in columns if column.order}
    for word in asked:
        if word.removeprefix("-") in sortable:
            return sortable[word.removeprefix("-")], word.startswith("-")
    return None, False


def headings(columns: Iterable[Column], query: Any, chosen: tuple[Column | None, bool]) -> list[Heading]:
    return [_heading(column, query, *chosen) for column in columns if not column.hidden]


def _heading(column: Column, query: Any, chosen: Column | None, backward: bool) -> Heading:
    css = " ".join(filter(None, ["num" if column.number else "", column.css]))
    if not column.order:
        return Heading(column.label, css)
    if chosen is not column:
        return Heading(column.label, css, address(query, ordering=column.name))
    return Heading(
        column.label,
        css,
        address(query, ordering=column.name if backward else f"-{column.name}"),
        "descending" if backward else "ascending",
    )


def _turned(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"


def _words(words: Any) -> Mapping[Any, Any] | None:
    return None if words is None else dict(words)
