"""Logs that help without naming anyone: one line per request with its route and identifier, never its path, person or values.

A path can hold a case code and a database error quotes the row, so neither is logged in production: a request is its route
pattern, an exception its type and the lines it passed through. Who did what is in the audit trail, not here.
"""

from __future__ import annotations

import logging
import re
import time
import traceback
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponseBase

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
log = structlog.get_logger("portal.request")


class RequestLogMiddleware:
    """Gives each request an identifier (kept from a proxy that sent ``X-Request-ID``), answers with it and logs one line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        sent = request.headers.get("X-Request-ID", "")
        request_id = sent if REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
        started = time.monotonic()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            milliseconds = round((time.monotonic() - started) * 1000)
            log.info("request", method=request.method, route=route_of(request), status=response.status_code, ms=milliseconds)
        response["X-Request-ID"] = request_id
        return response


def route_of(request: HttpRequest) -> str:
    """The pattern the request matched, such as ``projects/<str:code>/``; an address that matched nothing is ``(none)``."""
    match = request.resolver_match
    return match.route if match is not None else "(none)"


class RouteForPath(logging.Filter):
    """Django's own request messages carry the path as argument: put the route there instead."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            record.msg, record.args = f"{request.method} {route_of(request)} failed", ()
            record.request = None
        return True


def exception_without_values(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """structlog processor: an exception becomes its type and stack; its message, which may quote data, is left out."""
    info = event.pop("exc_info", None)
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if isinstance(info, tuple) and info[0] is not None:
        frames = traceback.extract_tb(info[2])
        event["exception"] = info[0].__qualname__
        event["stack"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def logging_config(*, production: bool, level: str) -> dict[str, Any]:
    """Django's ``LOGGING``: JSON lines without values in production, readable lines elsewhere."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if production:
        last = [exception_without_values, structlog.processors.JSONRenderer()]
    else:
        last = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"route for path": {"()": RouteForPath}},
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines", "filters": ["route for path"]}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # A 404 or 403 is in the request line already; only failures of ours are worth a second one.
            "django.request": {"level": "ERROR"},
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
        },
    }
