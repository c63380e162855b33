"""One kind of list for the whole API: scope, filters, order, keyset pages and a checkpoint, over plain rows.

What a caller mistypes is refused and never skipped: a filter that silently did nothing would give all rows as if they were few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.utils.urls import replace_query_param
from rest_framework.viewsets import GenericViewSet

from accounts.api import checkpoints
from plumbing import pages
from plumbing.refusals import Invalid, Problem

Rows = list[dict[str, Any]]
PAGE, LARGEST_PAGE = 50, 500
OWN_PARAMETERS = ("cursor", "page_size", "ordering", "updated_since")


class StrictFilters(DjangoFilterBackend):
    """django-filter, but an unknown, empty or doubled parameter is 422."""

    def filter_queryset(self, request: Any, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        known = set(view.filterset_class.base_filters) | set(OWN_PARAMETERS)
        problems = []
        for name, given in request.query_params.lists():
            if name not in known:
                problems.append(
                    Problem(name, _("There is no such parameter here: %(known)s.") % {"known": ", ".join(sorted(known))}, "unknown")
                )
            elif len(given) > 1:
                problems.append(Problem(name, _("Give this parameter once."), "twice"))
            elif not given[0] or "\x00" in given[0]:
                problems.append(Problem(name, _("This parameter is empty: give a value or leave it out."), "empty"))
        if problems:
            raise Invalid(problems)
        queryset = super().filter_queryset(request, queryset, view)
        since = request.query_params.get("updated_since")
        return checkpoints.changed_since(queryset, since) if since else queryset


class KeysetPages(BasePagination):
    """``results``, ``next``, ``previous`` and ``checkpoint``. The cursor carries the checkpoint of its first page."""

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any]:
        given = request.query_params
        self.request = request
        mark, _dot, kept = given.get("cursor", "").partition("~")
        self.checkpoint = checkpoints.read(kept) if kept else None
        if "cursor" in given and self.checkpoint is None:
            raise Invalid([Problem("cursor", _("This cursor is damaged: take it from “next” or “previous” as it is."), "invalid")])
        if self.checkpoint is None:
            self.checkpoint = checkpoints.now()
        self.page = self._page(queryset, pages.keys(ordering_of(request, view)), mark, page_size_of(request))
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "next": self._address(self.page.next),
                "previous": self._address(self.page.previous),
                "checkpoint": str(self.checkpoint),
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "checkpoint", "results"],
            "properties": {
                "next": {**address, "description": "The address of the next page; null on the last."},
                "previous": {**address, "description": "The address of the page before; null on the first."},
                "checkpoint": {
                    "type": "string",
                    "examples": ["48213.20261001T081500Z"],
                    "description": "Keep the one of a full read and give it as `updated_since` next time: nothing is left out.",
                },
                "results": {"type": "array", "items": schema.get("items", schema)},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        names = sorted(view.orderings)
        order = f"(-?({'|'.join(names)}))"
        text = {"in": "query", "required": False}
        return [
            {**text, "name": "cursor", "schema": {"type": "string"}, "description": "From `next` or `previous`, as it is."},
            {
                **text,
                "name": "page_size",
                "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE},
                "description": "Rows on a page.",
            },
            {
                **text,
                "name": "ordering",
                "schema": {"type": "string", "pattern": f"^{order}(,{order})*$"},
                "description": f"One or more of {', '.join(f'`{name}`' for name in names)}, separated by commas; a minus turns one round.",
            },
            {
                **text,
                "name": "updated_since",
                "schema": {"type": "string"},
                "examples": {
                    "checkpoint": {"value": "48213.20261001T081500Z", "summary": "The checkpoint of the last full read: no gaps"},
                    "time": {"value": "2026-10-01T00:00:00Z", "summary": "A time with its offset"},
                },
                "description": "Only what changed since.",
            },
        ]

    def _page(self, queryset: QuerySet[Any], order: Sequence[pages.Key], mark: str, size: int) -> pages.Page:
        try:
            return pages.page(queryset, order, cursor=mark or None, size=size)
        except pages.CursorError as wrong:
            raise Invalid([Problem("cursor", str(wrong), "invalid")]) from wrong

    def _address(self, mark: str | None) -> str | None:
        if mark is None:
            return None
        return str(replace_query_param(self.request.build_absolute_uri(), "cursor", f"{mark}~{self.checkpoint}"))


class Listed(GenericViewSet):
    """A list endpoint: a model's rows visible to the caller, as ``.values()`` rows through ``serializer_class``.

    ``orderings`` maps the names callers use to columns; ``filled`` names the fields that ``fill`` adds to a page of rows, each
    with one query of its own, so that the number of queries never follows the number of rows. ``related`` comes along when an act
    needs the record itself.
    """

    model: ClassVar[Any]
    serializer_class: type[Serializer[Any]]
    filterset_class: ClassVar[type[FilterSet]]
    orderings: ClassVar[Mapping[str, str]]
    ordering: ClassVar[Sequence[str]]
    filled: ClassVar[Sequence[str]] = ()
    related: ClassVar[Sequence[str]] = ()
    filter_backends = (StrictFilters,)
    pagination_class = KeysetPages
    lookup_field = "id"
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.model.objects.none()
        return self.model.objects.visible_to(self.request.user)

    def fill(self, rows: Rows) -> None:
        """Add what ``filled`` names to each row."""

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return self.get_paginated_response(self.shown(self.paginated()))

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(self.one(**self.lookup()))

    def created(self, pk: int, *, is_new: bool = True) -> Response:
        """What a request made, as a row with its address; 200 where it was there before."""
        address = self.reverse_action("detail", [pk])
        return Response(self.one(id=pk), status=201 if is_new else 200, headers={"Location": address})

    def lookup(self) -> dict[str, Any]:
        """Which record the address names."""
        return {self.lookup_field: self.kwargs[self.lookup_url_kwarg or self.lookup_field]}

    def paginated(self) -> Rows:
        order = [key.name for key in pages.keys(ordering_of(self.request, self)) if key.name != "pk"]
        rows = self.filter_queryset(self.get_queryset()).values(*{*self.columns(), *order, "id"})
        return self.paginate_queryset(rows) or []

    def one(self, **lookup: Any) -> dict[str, Any]:
        """One row as shown, or 404: the same for a stranger's as for none."""
        return self.shown([self.row(**lookup)])[0]

    def row(self, **lookup: Any) -> dict[str, Any]:
        row = self.get_queryset().filter(**lookup).values(*{*self.columns(), "id"}).first()
        if row is None:
            raise Http404
        return dict(row)

    def found(self) -> Any:
        """The record that the address names, for an act; 404 like ``one``."""
        record = self.get_queryset().select_related(*self.related).filter(**self.lookup()).first()
        if record is None:
            raise Http404
        return record

    def shown(self, rows: Rows) -> Any:
        self.fill(rows)
        return self.serializer_class(rows, many=True, context=self.get_serializer_context()).data

    def columns(self) -> Sequence[str]:
        """The columns to read: what the serializer's fields name as their source, but for the filled ones."""
        return [str(field.source) for name, field in self.serializer_class().fields.items() if name not in self.filled]


def ordering_of(request: Any, view: Any) -> list[str]:
    """``?ordering=-due,code`` as columns; the view's own order without it."""
    given = request.query_params.get("ordering")
    if given is None:
        return list(view.ordering)
    names = given.split(",")
    plain = [name.removeprefix("-") for name in names]
    if not set(plain) <= set(view.orderings) or len(set(plain)) != len(plain):
        known = ", ".join(sorted(view.orderings))
        raise Invalid([Problem("ordering", _("Order by one or more of: %(known)s, each once.") % {"known": known}, "invalid")])
    return [("-" if name.startswith("-") else "") + view.orderings[name.removeprefix("-")] for name in names]


def page_size_of(request: Any) -> int:
    given = request.query_params.get("page_size")
    if given is None:
        return PAGE
    if not (given.isascii() and given.isdigit() and len(given) < 6 and 1 <= int(given) <= LARGEST_PAGE):
        raise Invalid([Problem("page_size", _("A page holds 1 to %(most)s rows.") % {"most": LARGEST_PAGE}, "invalid")])
    return int(given)


def by_key(rows: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    """(key, value) pairs gathered: what ``fill`` hangs on each row."""
    gathered: dict[Any, list[Any]] = {}
    for key, value in rows:
        gathered.setdefault(key, []).append(value)
    return gathered
