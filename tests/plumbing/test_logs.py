"""Logs name routes and types, never people, paths or values."""

import io
import json
import logging
import logging.config

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import path

from plumbing import logs

SECRET = "amina.k@example.org"


def _fails(request, code):
    raise ValueError(f"Key (email)=({SECRET}) already exists")


urlpatterns = [path("cases/<str:code>/", _fails), path("fine/<str:code>/", lambda request, code: HttpResponse("x"))]


@pytest.fixture
def lines():
    """What production would have written, as parsed lines."""
    config = logs.logging_config(production=True, level="INFO")
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(logging.config.DictConfigurator(config).configure_formatter(config["formatters"]["lines"]))
    handler.addFilter(logs.RouteForPath())
    logging.root.addHandler(handler)
    yield lambda: [json.loads(line) for line in handler.stream.getvalue().splitlines()]
    logging.root.removeHandler(handler)


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_a_request_is_logged_by_its_route(client, lines):
    response = client.get("/fine/K7Q2M-SECRET/", headers={"X-Request-ID": "edge-20261124-17"})
    assert response["X-Request-ID"] == "edge-20261124-17"
    line = next(line for line in lines() if line["event"] == "request")
    assert line["route"] == "fine/<str:code>/"
    assert (line["request_id"], line["status"], line["method"]) == ("edge-20261124-17", 200, "GET")
    assert "SECRET" not in json.dumps(line)


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_an_error_is_logged_without_the_values_it_quotes(client, lines):
    client.raise_request_exception = False
    client.get("/cases/K7Q2M-SECRET/")
    found = lines()
    failed = next(line for line in found if line["level"] == "error")
    assert failed["exception"] == "ValueError"
    assert any("_fails" in frame for frame in failed["stack"])
    text = json.dumps(found)
    assert SECRET not in text
    assert "K7Q2M" not in text


@pytest.mark.parametrize("sent", ["", "short", "x" * 65, "new\nline-in-it", "<script>alert(1)</script>"])
def test_a_request_identifier_that_is_not_one_is_replaced(sent):
    answered = logs.RequestLogMiddleware(lambda request: HttpResponse())(RequestFactory().get("/", headers={"X-Request-ID": sent}))
    assert answered["X-Request-ID"] != sent
    assert logs.REQUEST_ID.fullmatch(answered["X-Request-ID"])
