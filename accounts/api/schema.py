"""What every operation of the OpenAPI document says alike: its errors, the headers it takes and gives, its tag."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from plumbing.problems import MEDIA_TYPE

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["about:blank"]},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "What is wrong, as a word that does not change with the language."},
        "detail": {"type": "string", "description": "What is wrong and what to do, for a person."},
        "instance": {"type": "string", "description": "The address asked for."},
        "errors": {
            "type": "array",
            "description": "With 422: everything that is wrong, all at once.",
            "items": {
                "type": "object",
                "required": ["path", "detail", "code"],
                "properties": {
                    "path": {"type": "string", "description": "The field, such as `figures/3/value`; empty for the whole."},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
        "submission": {"type": "string", "format": "uri", "description": "With `already_open`: the one to go on with."},
        "current_version": {"type": "integer", "description": "With `stale`: the draft version now in force."},
    },
}

MEANINGS = {
    "400": "The request cannot be read: broken JSON.",
    "401": "No key, or one that has ended.",
    "403": "The key or role does not allow this here.",
    "404": "There is no such thing, or it is not yours to see; the two are told apart by nothing.",
    "409": "The state does not allow it. A second open submission: `submission` holds the address of the first.",
    "412": "Somebody saved in between: `current_version` is the version now in force.",
    "413": "The body is too large.",
    "415": "The body must be `application/json`.",
    "422": "Values that cannot be taken, each with its path; nothing was saved.",
    "429": "Too many requests in this minute: wait for the seconds in `Retry-After`.",
}

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER,
    description="The `ETag` you last read, such as `\"7\"`: the write is refused with 412 when somebody saved in between.",
)  # fmt: skip
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[ -~]+$"}, OpenApiParameter.HEADER,
    description="Yours, such as a UUID. The same request again gets the stored answer with `Idempotency-Replayed: true`.",
)  # fmt: skip


class Described(AutoSchema):
    """Reads two marks of our views: ``once`` on a method, and ``guarded`` (names of actions that take If-Match) on the class."""

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0] or "root"]

    def get_override_parameters(self) -> list[Any]:
        extra = []
        if self._is_once():
            extra.append(IDEMPOTENCY_KEY)
        if self._action() in getattr(self.view, "guarded", ()):
            extra.append(IF_MATCH)
        return extra

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        for status in self._statuses():
            bodies.setdefault(status, self._problem(status))
        for status, body in bodies.items():
            body.setdefault("headers", {}).update(self._headers(status))
        return bodies

    def _statuses(self) -> list[str]:
        found = ["401", "403", "429"]
        if "{" in self.path:
            found.append("404")
        if self._is_list() or self.method != "GET" or self._has_query():
            found.append("422")
        if self.method in ("POST", "PUT"):
            found += ["400", "409", "413", "415"]
        if self._action() in getattr(self.view, "guarded", ()):
            found.append("412")
        return sorted(found)

    def _problem(self, status: str) -> dict[str, Any]:
        return {
            "description": MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": self._component().ref, "example": _example(status)}},
        }

    def _component(self) -> ResolvedComponent:
        component = ResolvedComponent(name="Problem", type=ResolvedComponent.SCHEMA, object="Problem", schema=PROBLEM)
        self.registry.register_on_missing(component)
        return component

    def _headers(self, status: str) -> dict[str, Any]:
        if status == "401":
            return {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "`Bearer`"}}
        if status == "429":
            return {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
        headers = {}
        if status.startswith("2") and self._action() in getattr(self.view, "tagged", ()):
            headers["ETag"] = {"schema": {"type": "string"}, "description": "The draft version: give it back as `If-Match`."}
        if status.startswith("2") and self._is_once():
            headers["Idempotency-Replayed"] = {
                "schema": {"type": "string", "enum": ["true"]},
                "description": "There when this is the stored answer of an earlier request.",
            }
        return headers

    def _action(self) -> str:
        return getattr(self.view, "action", None) or self.method.lower()

    def _is_list(self) -> bool:
        return self._action() == "list"

    def _has_query(self) -> bool:
        return self._action() in getattr(self.view, "queried", ())

    def _is_once(self) -> bool:
        return getattr(getattr(self.view, self._action(), None), "is_once", False)

    def _is_list_view(self, serializer: Any = None) -> bool:
        return self._is_list()


class BearerKeyScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.authentication.BearerKey"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key of your organization; its manager makes it in the portal."}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.authentication.Session"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "Signed in in the browser."}


def _example(status: str) -> dict[str, Any]:
    titles = {
        "400": ("Bad Request", "parse_error", "The body is not JSON: Expecting value: line 1 column 1 (char 0)"),
        "401": ("Unauthorized", "authentication_failed", "This key is not known here, was revoked, or has ended."),
        "403": ("Forbidden", "permission_denied", "You may not do this here: it needs the permission to enter a partner's figures."),
        "404": ("Not Found", "not_found", "Not found."),
        "409": ("Conflict", "already_open", "This report is already open: go on with revision 1."),
        "412": ("Precondition Failed", "stale", "Somebody else saved this report in the meantime."),
        "413": ("Request Entity Too Large", "too_large", "The request is larger than this portal takes."),
        "415": ("Unsupported Media Type", "unsupported_media_type", 'Unsupported media type "text/plain" in request.'),
        "422": ("Unprocessable Entity", "unknown", "There is no place with the P-code “SS99”."),
        "429": ("Too Many Requests", "throttled", "Request was throttled. Expected available in 12 seconds."),
    }
    title, code, detail = titles[status]
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": int(status), "code": code, "detail": detail}
    if status == "409":
        body["submission"] = "https://portal.example.org/api/v1/submissions/0b4f6a0e-5f0c-4b53-9d0a-3f4f1f6c2f10/"
    if status == "412":
        body["current_version"] = 8
    if status == "422":
        body["errors"] = [{"path": "figures/0/place", "detail": detail, "code": code}]
    return body
