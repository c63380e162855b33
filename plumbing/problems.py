"""Errors as RFC 9457 ``application/problem+json``: for the API's own views, and for what Django answers by itself under /api/.

409 for state, 412 for a stale version, 422 for values (each with the path of its field), 429 with Retry-After.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as ModelError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from plumbing.refusals import Invalid, Refused, Stale

MEDIA_TYPE = "application/problem+json"
PREFIX = "/api/"


class Unprocessable(exceptions.ValidationError):
    """The request is well formed and its values are not. ``detail`` is a tree of messages like a serializer's errors."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY


class TooLarge(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"

    def __init__(self, detail: Any = None) -> None:
        super().__init__(detail or _("The request is larger than this portal takes."), self.default_code)


def handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. A view's ``refusals`` says more about a named error of its acts: a function of error and request
    that returns further members of the problem, such as the address of what is in the way.
    """
    body = problem_of(error)
    if body is None:
        return None
    request = context.get("request")
    for named, say in getattr(context.get("view"), "refusals", {}).items():
        if isinstance(error, named):
            body |= say(error, request)
    if request is not None:
        body["instance"] = request.path
    return Response(body, status=body["status"], headers=_headers(error), content_type=MEDIA_TYPE)


def problem_of(error: Exception) -> dict[str, Any] | None:
    """The problem that an error is; None for what nobody foresaw."""
    if isinstance(error, Invalid):
        return _values([{"path": one.path, "detail": str(one.message), "code": one.code} for one in error.problems])
    if isinstance(error, Stale):
        return _problem(HTTPStatus.PRECONDITION_FAILED, "stale", str(error)) | {"current_version": error.current}
    if isinstance(error, Refused):
        return _problem(HTTPStatus.CONFLICT, _code_of(type(error)), str(error))
    if isinstance(error, ModelError):
        return _values(list(_of_model(error)))
    if isinstance(error, exceptions.ValidationError):
        return _values([{"path": path, "detail": str(one), "code": getattr(one, "code", "invalid")} for path, one in leaves(error.detail)])
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(str(error) or None)
    if isinstance(error, RequestDataTooBig):
        error = TooLarge()
    if isinstance(error, exceptions.APIException):
        code = error.get_codes()
        return _problem(HTTPStatus(error.status_code), code if isinstance(code, str) else "error", str(error.detail))
    return None


def plain(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    """The problem for what never reached a view: Django's own 400, 403, 404 and 500."""
    body = _problem(HTTPStatus(status), HTTPStatus(status).name.lower(), detail or HTTPStatus(status).description)
    return HttpResponse(json.dumps(body | {"instance": request.path}), status=status, content_type=MEDIA_TYPE)


def is_for_programs(request: HttpRequest) -> bool:
    """Under /api/ a program reads the answer, not a person."""
    return request.path.startswith(PREFIX)


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The messages of a serializer's error tree, each with the path of its field such as ``figures/3/value``."""
    if isinstance(tree, Mapping):
        for key, below in tree.items():
            yield from leaves(below, path if key == "non_field_errors" else _joined(path, key))
    elif isinstance(tree, (list, tuple)) and any(isinstance(one, (Mapping, list, tuple)) for one in tree):
        for position, below in enumerate(tree):
            yield from leaves(below, _joined(path, position))
    elif isinstance(tree, (list, tuple)):
        for one in tree:
            yield path, one
    else:
        yield path, tree


def _joined(path: str, key: object) -> str:
    return f"{path}/{key}" if path else str(key)


def _of_model(error: ModelError) -> Iterator[dict[str, str]]:
    by_field = error.error_dict if hasattr(error, "error_dict") else {getattr(error, "field", ""): error.error_list}
    for field, found in by_field.items():
        for one in found:
            yield {"path": "" if field == "__all__" else field, "detail": " ".join(one.messages), "code": one.code or "invalid"}


def _values(errors: list[dict[str, str]]) -> dict[str, Any]:
    one = len(errors) == 1
    detail = errors[0]["detail"] if one else _("%(count)s things are wrong; nothing was saved.") % {"count": len(errors)}
    return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, errors[0]["code"] if one else "invalid", detail) | {"errors": errors}


def _problem(status: HTTPStatus, code: str, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": status.phrase, "status": int(status), "code": code, "detail": detail}


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None) is not None:
        headers["Retry-After"] = str(max(1, int(error.wait)))  # type: ignore[attr-defined]
    return headers


def _code_of(named: type[Exception]) -> str:
    """``PeriodClosed`` becomes ``period_closed``."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in named.__name__).lstrip("_")
