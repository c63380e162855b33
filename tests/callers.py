"""Calling the API as an organization's key or as a person, with JSON both ways."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from accounts import keys
from accounts.models import Organization, User
from accounts.roles import Role
from programs import access

BASE = "/api/v1"


class Caller:
    """``caller.get("/me/")``: the answer's status, headers and JSON, under the API's own address."""

    def __init__(self, client: APIClient) -> None:
        self.client = client

    def get(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.client.get(_address(path), data, headers=headers)

    def post(self, path: str, data: Any = None, **headers: str) -> Any:
        return self.client.post(_address(path), {} if data is None else data, format="json", headers=headers)

    def put(self, path: str, data: Any = None, **headers: str) -> Any:
        return self.client.put(_address(path), data, format="json", headers=headers)

    def patch(self, path: str, data: Any = None, **headers: str) -> Any:
        return self.client.patch(_address(path), data, format="json", headers=headers)

    def raw(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> Any:
        return self.client.generic(method, _address(path), body, content_type=content_type)


def key_of(
    organization: Organization, *, by: User, may_write: bool = True, may_submit: bool = True, may_work_cases: bool = False, **scope: Any
) -> str:
    """A key's secret, with the membership that says what it reaches."""
    issued = keys.create(
        organization=organization,
        name="sync",
        expires_at=timezone.now() + timedelta(days=30),
        by=by,
        may_write=may_write,
        may_submit=may_submit,
        may_work_cases=may_work_cases,
    )
    access.give(user=issued.key.service_user, role=Role.PARTNER_REPORTER, by=None, organization=organization, **scope)
    return issued.secret


def with_key(secret: str) -> Caller:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return Caller(client)


def as_person(user: User) -> Caller:
    client = APIClient()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return Caller(client)


def anonymous() -> Caller:
    return Caller(APIClient())


def _address(path: str) -> str:
    return path if path.startswith(("http", BASE)) else f"{BASE}{path}"
