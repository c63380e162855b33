"""The API's own description: complete, without a warning, true, and shown without another host."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from django.core.management import call_command
from django.db import close_old_connections
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from accounts.roles import Role
from tests import factories
from tests.callers import as_person, key_of
from tests.peacebuild.stock import MAKERS, address_of

METHODS = ("get", "post", "put", "patch", "delete")


@cache
def document() -> dict[str, Any]:
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, one) for path, item in document()["paths"].items() for method, one in item.items() if method in METHODS]


def test_the_document_is_made_without_a_warning(tmp_path):
    written = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(written))
    assert "/api/v1/submissions/" in written.read_text()


def test_it_is_openapi_3_1_and_lists_every_list():
    from peacebuild.api import router

    assert document()["openapi"].startswith("3.1")
    assert {f"/api/v1/{prefix}/" for prefix, _view, _name in router.registry} <= set(document()["paths"])


def test_every_operation_describes_its_errors_as_problems():
    for path, method, one in operations():
        assert {"401", "403", "429"} <= one["responses"].keys(), (path, method)
        assert "{" not in path or "404" in one["responses"], (path, method)
        for status, answer in one["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], (path, method, status)
                assert answer["content"]["application/problem+json"]["example"]["status"] == int(status)
        assert "Retry-After" in one["responses"]["429"]["headers"]
        assert one.get("summary") or method == "get", (path, method)


def test_every_post_takes_an_idempotency_key_and_every_draft_write_a_version():
    for path, method, one in operations():
        headers = {parameter["name"] for parameter in one.get("parameters", []) if parameter["in"] == "header"}
        assert ("Idempotency-Key" in headers) == (method == "post"), (path, method)  # the other methods repeat harmlessly by themselves
        if path.endswith(("/figures/", "/narrative/", "/nil/", "/submit/")) and method != "get":
            assert "If-Match" in headers, path


@pytest.mark.django_db
def test_the_viewer_is_served_from_here_and_loads_nothing_else():
    page = as_person(factories.member(Role.PROGRAM_MANAGER, organization=factories.agency())).client.get(reverse("api:docs"))
    text = page.content.decode()
    assert page.status_code == 200
    assert "vendor/swagger-ui-bundle" in text
    own = ("https://www.w3.org", "http://www.w3.org", ">http://testserver/report-abuse/<")  # names, and an address that print shows
    for known in own:
        text = text.replace(known, "")
    assert "//" not in text
    assert "<script>" not in text
    assert "<style" not in text
    assert Client().get(reverse("api:schema")).status_code == 200


@pytest.mark.api_fuzz
@pytest.mark.django_db
@pytest.mark.parametrize("real", [False, True], ids=["any record", "records that are there"])
def test_no_request_that_the_document_allows_is_a_server_error(real, settings):
    """Fixed seed, few examples for each operation; each answer must also be as described. With the records that are there, an operation
    whose address names none would only be asked the very same again."""
    import schemathesis
    from django.core import signals
    from hypothesis import HealthCheck, Phase, given
    from hypothesis import settings as few

    from peacebuild.wsgi import application

    settings.API_READS_A_MINUTE = settings.API_WRITES_A_MINUTE = 0
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    try:
        world = factories.world("PPS-01")
        world.indicator()
        world.open()
        found = {name: address_of_one(name, world) for name in MAKERS}
        secret = key_of(world.partner, by=factories.member(Role.PARTNER_MANAGER, organization=world.partner))
        described = schemathesis.openapi.from_dict(document())
        described.app = application
        count = 0
        for operation in (one.ok() for one in described.get_all_operations()):
            count += 1
            if real and "{" not in operation.path:
                continue

            @few(
                max_examples=15,
                derandomize=True,
                deadline=None,
                database=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def holds(case: Any) -> None:
                if real:
                    name = case.path.split("/")[3]
                    case.path_parameters = {key: found.get(name, value) for key, value in case.path_parameters.items()}
                answer = case.call(headers={"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"})
                checks = schemathesis.checks
                case.validate_response(
                    answer,
                    checks=[
                        checks.not_a_server_error,
                        checks.status_code_conformance,
                        checks.content_type_conformance,
                        checks.response_schema_conformance,
                    ],
                )

            holds()
        assert count == len(operations())
    finally:
        signals.request_started.connect(close_old_connections)
        signals.request_finished.connect(close_old_connections)


def address_of_one(name: str, world: Any) -> str:
    from peacebuild.api import router

    view = next(view for _prefix, view, one in router.registry if one == name)
    return address_of(view, MAKERS[name](world))
