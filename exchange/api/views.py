"""Files by program: a returned workbook, or a framework from a spreadsheet. Looked at first, written when confirmed, all or nothing."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.api.idempotency import once
from accounts.api.lists import Listed
from accounts.roles import Permission
from exchange import framework_columns, framework_plan, imports, spreadsheets, workbook_sheets, workbooks
from exchange.api import serializers as shapes
from exchange.api.filters import ImportFilters
from exchange.models import Import
from plumbing.json_body import JSONBody
from plumbing.problems import TooLarge
from plumbing.refusals import Invalid, Problem, Refused
from privacy import files
from programs import access
from programs.api.partners import visible_project
from programs.api.views import taken

UNREADABLE = (spreadsheets.SpreadsheetRefused, framework_columns.NoFramework, workbook_sheets.NotOurs, files.FileRefused)


class Imports(Listed):
    model = Import
    serializer_class = shapes.ImportRow
    filterset_class = ImportFilters
    parser_classes = (JSONBody, MultiPartParser)
    orderings = {"uploaded_at": "uploaded_at", "id": "id", "updated_at": "updated_at"}
    ordering = ("-uploaded_at", "-id")
    related = ("project__program", "partner", "period")
    refusals = {imports.ImportedBefore: lambda error, request: {"import": address_of(error.first, request)}}

    @extend_schema(
        summary="Send a file",
        request={"multipart/form-data": shapes.ImportIn},
        responses={201: shapes.ImportOut},
    )
    @once
    def create(self, request: Any) -> Response:
        """Nothing is written yet: the answer shows every problem, or the difference. The same file again is 409 with the first import."""
        given = taken(shapes.ImportIn, request.data)
        upload = given["file"]
        if upload.size > spreadsheets.LARGEST_FILE:
            raise TooLarge(_("The file is larger than %(limit)s bytes.") % {"limit": spreadsheets.LARGEST_FILE})
        content = upload.read()
        try:
            if given["kind"] == Import.Kind.WORKBOOK:
                source = workbooks.receive(content=content, name=upload.name, by=request.user)
            elif "project" not in given:
                raise Invalid([Problem("project", _("Say into which project the framework goes."), "required")])
            else:
                project = visible_project(given["project"], request.user)
                source = imports.receive(project, content=content, name=upload.name, by=request.user)
        except UNREADABLE as wrong:
            raise Invalid([Problem("file", str(wrong), "unreadable")]) from wrong
        return self._answer(source, status=201)

    @extend_schema(summary="One import with its difference", responses=shapes.ImportOut)
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return self._answer(self.found())

    @extend_schema(summary="Write what the difference shows", request=shapes.ConfirmIn, responses=shapes.ImportOut)
    @action(detail=True, methods=["post"])
    @once
    def confirm(self, request: Any, id: str) -> Response:
        source = self.found()
        version = taken(shapes.ConfirmIn, request.data).get("version")
        write = workbooks.confirm if source.kind == Import.Kind.WORKBOOK else imports.confirm
        try:
            return self._answer(write(source, by=request.user, version=version))
        except workbook_sheets.NotOurs as wrong:
            raise Refused(str(wrong)) from wrong

    @extend_schema(summary="Take back what an import wrote", request=None, responses=shapes.ImportOut)
    @action(detail=True, methods=["post"])
    @once
    def undo(self, request: Any, id: str) -> Response:
        """As long as nothing was built on it."""
        return self._answer(imports.undo(self.found(), by=request.user))

    def _answer(self, source: Import, status: int = 200) -> Response:
        row = self.one(id=source.pk) | self._difference(source)
        return Response(row, status=status, headers={"Location": address_of(source, self.request)})

    def _difference(self, source: Import) -> dict[str, Any]:
        """What would be written; nothing once it is, or where the caller may not write it."""
        none: dict[str, Any] = {"version": None, "problems": [], "changes": [], "unchanged": None}
        if source.state != Import.State.UPLOADED:
            return none
        if source.kind == Import.Kind.FRAMEWORK and not access.allows(
            self.request.user, Permission.IMPORT_FRAMEWORK, project=source.project
        ):
            return none
        try:
            return none | (_of_workbook(source, self.request.user) if source.kind == Import.Kind.WORKBOOK else _of_framework(source))
        except (*UNREADABLE, Refused):
            return none


def address_of(source: Import, request: Any) -> str:
    return reverse("api:imports-detail", [source.pk], request=request)


def _of_workbook(source: Import, user: Any) -> dict[str, Any]:
    found = workbooks.compare(source, by=user)
    columns = ("cell", "code", "place", "which", "old", "new")
    return {
        "version": found.version,
        "problems": [{"path": one.path, "detail": str(one.message), "code": one.code} for one in found.problems],
        "changes": [{name: getattr(one, name) for name in columns} for one in found.changes],
        "unchanged": found.unchanged,
    }


def _of_framework(source: Import) -> dict[str, Any]:
    plan = framework_plan.plan(source)
    return {
        "version": source.version,
        "problems": [
            {"path": ", ".join(one.cells) or one.key, "detail": str(one.message), "code": one.key.partition(":")[0]}
            for one in plan.blocking
        ],
    }
