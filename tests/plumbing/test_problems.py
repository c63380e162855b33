"""Whatever goes wrong under /api/ is problem+json, also what no view saw."""

from __future__ import annotations

import json
from unittest import mock

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.roles import Role
from plumbing import problems
from plumbing.refusals import Invalid, Problem, Refused, Stale
from tests import factories
from tests.callers import anonymous, as_person, with_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller():
    return as_person(factories.member(Role.PROGRAM_MANAGER, organization=factories.agency()))


def is_problem(answer, status):
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), answer.content
    body = json.loads(answer.content)
    assert body["status"] == status
    assert {"type", "title", "code", "detail"} <= body.keys()
    return body


class Closed(Refused):
    """For these tests."""


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Closed("It is closed."), 409, "closed"),
        (Stale("Somebody saved.", current=7), 412, "stale"),
        (Invalid([Problem("figures/3/value", "Not a number.", "number")]), 422, "number"),
    ],
)
def test_the_errors_of_acts_become_statuses(error, status, code):
    body = problems.problem_of(error)
    assert body is not None
    assert (body["status"], body["code"]) == (status, code)


def test_an_error_tree_is_flattened_to_paths():
    tree = {"figures": [{}, {"value": ["Too fine."], "cell": {"sex": ["Unknown."]}}], "non_field_errors": ["Nothing."]}
    assert list(problems.leaves(tree)) == [("figures/1/value", "Too fine."), ("figures/1/cell/sex", "Unknown."), ("", "Nothing.")]


def test_an_unknown_address_is_404_and_says_when_only_the_slash_is_missing(caller):
    assert "slash" not in is_problem(caller.get("/nothing/"), 404)["detail"]
    body = is_problem(caller.raw("POST", "/submissions", b"{}"), 404)
    assert "slash" in body["detail"]
    strict = APIClient(enforce_csrf_checks=True)  # as in a browser's or a partner's request; a key sends no cookie
    assert "slash" in is_problem(strict.post("/api/v1/submissions", {}, format="json"), 404)["detail"]
    is_problem(Client().get("/api/v2/"), 404)


def test_pages_keep_their_own_pages_for_errors():
    answer = Client().get("/nothing/")
    assert answer.status_code == 404
    assert "html" in answer["Content-Type"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"project": NaN}', 400),
        (b'{"project": 1, "project": 2}', 400),
        (b"1" * 5000, 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b'{"project": 5, "period": "2026-Q1"}', 422),
        (b'{"project": "a\\u0000b", "period": "2026-Q1"}', 422),
        (b'{"project": "\\ud800", "period": "2026-Q1"}', 422),
        (b'{"project": "A", "period": "B", "partner": 1e400}', 422),
        (b'{"project": "A", "period": "B", "partner": ' + b"9" * 400 + b"}", 422),
    ],
)
def test_no_body_is_a_server_error(caller, body, status):
    assert is_problem(caller.raw("POST", "/submissions/", body), status)["detail"]


def test_a_body_that_is_too_large_is_413(caller, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert is_problem(caller.raw("POST", "/submissions/", b'{"project": "' + b"x" * 2000 + b'"}'), 413)["detail"]


def test_another_content_type_is_415(caller):
    assert is_problem(caller.raw("POST", "/submissions/", b"<a/>", "application/xml"), 415)["detail"]


def test_a_wrong_key_is_401_with_the_scheme():
    for secret in ("", "pb_abc", "pb_aaaaaaaa_" + "x" * 43, "ü" * 30):
        answer = with_key(secret).get("/me/")
        is_problem(answer, 401)
        assert answer["WWW-Authenticate"].startswith("Bearer")
    is_problem(anonymous().get("/me/"), 401)


def test_too_many_requests_are_429_with_the_seconds_to_wait(caller, settings):
    settings.API_READS_A_MINUTE, settings.API_WRITES_A_MINUTE = 3, 1
    answers = [caller.get("/me/") for _ in range(5)]
    assert answers[0].status_code == 200
    is_problem(answers[-1], 429)
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert caller.raw("POST", "/submissions/", b"{}").status_code == 422


def test_what_nobody_foresaw_is_a_500_that_tells_nothing(caller):
    caller.client.raise_request_exception = False
    with mock.patch("programs.api.views.words", side_effect=RuntimeError("secret path")):
        body = is_problem(caller.get("/me/"), 500)
    assert "secret" not in json.dumps(body)


def test_a_session_write_without_the_csrf_token_is_403():
    client = Client(enforce_csrf_checks=True)
    client.force_login(
        factories.member(Role.PROGRAM_MANAGER, organization=factories.agency()),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    answer = client.post(reverse("api:submissions-list"), "{}", content_type="application/json")
    assert is_problem(answer, 403)["code"] == "permission_denied"
